"""Make a kept run or answer again and say whether its numbers are the same: positioning verify RUN"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from positioning.cli.command import new_app, say_left_out
from positioning.cli.declare import command
from positioning.cli.output import Output
from positioning.cli.strategies import known_as
from positioning.json_text import json_text, plain

if TYPE_CHECKING:
    from positioning.analysis.report import BacktestReport
    from positioning.runs.saved_run import SavedRun

app = new_app()

TABLES = {
    "parameters": "parameter {} was {}, is {}", "digests": "prices of {} changed",
    "versions": "package {} was {}, is {}", "code": "code file {} changed",
}  # fmt: skip
PLAIN = ("python", "fill", "mark", "base", "simulated", "benchmark")


@command(app, without=("verbose", "quiet", "log"))
def verify(
    output: Output,
    run: Annotated[
        str, typer.Argument(help="ID of a run or answer, or its beginning; a folder; a strategy.")
    ],
) -> int:
    """Rerun it on the prices, events and code of now. Exit status 0: the same numbers; 1: others."""
    from positioning.cli.verify_answer import again as again_answer
    from positioning.runs.answers import find_answer
    from positioning.runs.saved_run import find_run, read_runs

    say_left_out(read_runs(output.place).left_out)
    answer = find_answer(output.place, run)
    if answer is not None:
        differences = again_answer(answer)
        return _say_answer(answer.name, differences, output.as_json)
    original = find_run(output.place, known_as(run))
    report, digests = again(original)
    changed, moved = changes(original, report, digests), difference(original, report)
    if output.as_json:
        print(json_text({"run": original.id, "identical": moved == "", "numbers": moved, "changed": changed}))
    else:
        print(f"{original.id}: {'identical' if not moved else 'NOT the same: ' + moved}")
        for line in changed:
            print(f"  {line}")
        if moved and not changed:
            print("  nothing on record changed: look at the machine and at packages not listed")
    return int(moved != "")


def _say_answer(name: str, differences: Sequence[str], as_json: bool) -> int:
    """Whether an answer is the same, in words; the exit status, 1 where it is not."""
    if as_json:
        print(json_text({"answer": name, "identical": not differences, "changed": differences}))
    else:
        print(f"{name}: {'NOT the same' if differences else 'identical'}")
        for line in differences:
            print(f"  {line}")
    return int(bool(differences))


def again(original: SavedRun, shuffled: bool = False) -> tuple[BacktestReport, Mapping[str, str]]:
    """The run as its request makes it today, and the digests of what was delivered. shuffled: with its placebos, else
    they are left out."""
    from positioning.cli.kept_request import read_request
    from positioning.data.recording import RecordingSource
    from positioning.runs.backtest import backtest

    request = read_request(original.summary["request"])
    request = request if shuffled else replace(request, placebos=0)
    terms = request.terms(original.summary["command"])
    witness = RecordingSource(terms.source)
    strategy = request.strategies(
        [original.summary["request"].get("strategy", original.summary["strategy"])]
    )[0]
    return backtest(strategy, replace(terms, source=witness)), witness.digests


def changes(original: SavedRun, report: BacktestReport, digests: Mapping[str, str]) -> list[str]:
    """What the run stood on then and stands on now, where it differs, each in a sentence."""
    from positioning.runs.keeping import summary_of

    old, new = original.summary, summary_of(report, original.summary["request"], digests)
    lines = [line for key in TABLES for line in _table(TABLES[key], old[key], new[key])]
    lines = [_since(line, original, report) for line in lines]
    lines += _table("event or restriction {} changed", old["events"]["records"], new["events"]["records"])
    lines += [f"{key} was {_text(old[key])}, is {_text(new[key])}" for key in PLAIN if old[key] != new[key]]
    lines += [
        f"{what} changed: {old[what]['label']} then, {new[what]['label']} now"
        for what in ("fees", "cash")
        if old[what] != new[what] and not digests_moved(old, new)
    ]
    return lines


def digests_moved(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    """Whether the account has other rows than then: its rates are then others without a change of table."""
    return bool(old["metrics"]["sessions"] != new["metrics"]["sessions"])


def _table(words: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    kind, lines = words.partition(" {}")[0], []
    for key in [*old, *(k for k in new if k not in old)]:
        if key not in new:
            lines.append(f"{kind} {key}: no longer among them")
        elif key not in old:
            lines.append(f"{kind} {key}: not among them before")
        elif old[key] != plain(new[key]):
            lines.append(words.format(key, _text(old[key]), _text(new[key])))
    return lines


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return str(value.get("symbol"))
    return ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _since(line: str, original: SavedRun, report: BacktestReport) -> str:
    """With the first day on which the marks of the symbol differ, where the account has one."""
    import numpy as np

    market = report.result.market
    symbol = line.removeprefix("prices of ").removesuffix(" changed")
    if not line.startswith("prices of ") or symbol not in market.symbols:
        return line
    old = original.ledger[original.ledger["symbol"] == symbol].set_index("date")["mark"]
    now = report.result.inputs.mark[:, market.column(symbol)]
    for day, mark in zip(report.result.rows, now, strict=True):
        then = old.get(np.datetime64(day, "ms"), np.nan)
        if then != mark and np.isfinite([then, mark]).any():
            return f"{line}: on {day} its mark was {then:.10g}, is {mark:.10g}"
    return (
        f"{line}, but not its marks in the account (an open, a dividend, a volume, or a day before or after)"
    )


def difference(original: SavedRun, report: BacktestReport) -> str:
    """Where the account differs from the one kept; "" where every nav, share and trade is the same to the bit."""
    import numpy as np

    from positioning.runs.keeping import daily, legs

    days = daily(report)
    if not np.array_equal(original.returns["date"].to_numpy().astype("datetime64[D]"), report.result.rows):
        return (
            f"rows from {report.metrics.first} to {report.metrics.last}, "
            f"then {original.summary['metrics']['first']} to {original.summary['metrics']['last']}"
        )
    nav = original.returns["nav"].to_numpy()
    if not np.array_equal(nav, report.result.nav):
        row = int(np.argmax(nav != report.result.nav))
        ends = f"it ended at {nav[-1]:.12g}, ends at {report.result.nav[-1]:.12g}"
        return f"nav differs from {report.result.rows[row]} on; {ends}"
    book = legs(report.result)
    for frame, columns in ((original.ledger, book), (original.returns, days)):
        for name, values in columns.items():
            if name in ("date", "symbol"):
                same = bool((frame[name].to_numpy() == values).all()) if len(frame) == len(values) else False
            else:
                same = np.array_equal(frame[name].to_numpy(), values, equal_nan=True)
            if not same:
                return f"nav is the same, but {name} differs"
    return ""
