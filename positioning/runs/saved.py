"""Runs kept on disk: what was asked, what it stood on, and every row of the account.

`reports/runs/ID/` is written whole or not at all and never changed. It holds

    summary.json     see `SCHEMA`
    returns.parquet  one row a date: nav, returns, cash_return, benchmark (level), without_events_nav,
                     gross, net, trapped, trade_value, cost, interest, and `cost_KIND` for each kind of fee
    ledger.parquet   one row a date and symbol: shares, trades, paid, mark, weight, and the profit of the row in
                     units of opening nav by part: price, currency, dividends, taxes, costs, impact, financing
    orders.parquet   one row an order
    events.json      the events and restrictions known in the span, for the marks of a chart
    study.toml       the options that repeat it: positioning run --config study.toml
    tearsheet.html   the page as it was; its script is in `assets/` two folders up

Its ID is the UTC time, the strategy and six digits of a hash of what it stands on.
"""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, final

import numpy as np

from positioning.analysis.metrics import to_json
from positioning.analysis.report import BacktestReport
from positioning.arrays import FloatArray
from positioning.errors import BadInputError, did_you_mean
from positioning.events.event import Event
from positioning.events.restriction import Restriction
from positioning.files import atomic_folder, read_bounded, safe_name, sweep, write_whole
from positioning.json_text import decoded, json_text
from positioning.provenance import code_digests, digest, digest_of
from positioning.runs.schema import Fact, Summary
from positioning.simulation.profit import PARTS
from positioning.simulation.result import Result

if TYPE_CHECKING:
    import pandas as pd

SCHEMA = 2
"""Version of summary.json. Its keys:

schema, id, made (UTC), tables {file: SHA-256}, strategy, title, themes, benchmark {symbol, name, remark} or null,
simulated
command        what was typed; request: the options of backtests.run by name, files by absolute path
parameters     all fields of the strategy, defaults included
source, snapshot, digests {symbol or CUR=X: SHA-256 of the series delivered, benchmark included}
thesis         {name, digest of its thesis.toml and universe.csv}
events         {digest, records {id, or "SYMBOL kind date": 16 digits of its hash}}
fees {label, digest}, cash {label, digest}: the digests are of the rates on the rows of the account
fill, mark, base, seed, versions {package: version}, python, code {file: 16 digits of its hash}
instruments    {symbol: {name, currency, venue}}
verdict {grade, tone, sentence}, held {names, of, weight}: see analysis.verdict and analysis.held
searched       the search that had tried its parameters when it was made, or null: see analysis.searched
metrics, without_events, without_events_same_exposure
               metrics as `backtests.run --json` has them and more; deficit; spark: nav in 120 points
world          returns by the state of series that were given, by name: see analysis.world
risk           shares of the variance {leg, theme, country, currency}, or null; factors: see
               analysis.factor_exposure, or null
placebo        {p, draws, seed, median, flipped} of total returns on shuffled event dates, or null
"""

POINTS = 120
MOST_BYTES = 2_000_000_000  # of a table
MOST_OF_SUMMARY = 16_000_000


@final
@dataclass(frozen=True, eq=False)
class SavedRun:
    """A run read back."""

    place: Path
    summary: Mapping[str, Any]

    @property
    def id(self) -> str:
        """Name of its folder."""
        return self.place.name

    @property
    def address(self) -> str:
        """Of its page, relative to the folder of all runs."""
        return f"runs/{self.id}/tearsheet.html"

    @cached_property
    def returns(self) -> pd.DataFrame:
        """One row a date."""
        return self._table("returns.parquet")

    @cached_property
    def ledger(self) -> pd.DataFrame:
        """One row a date and symbol."""
        rows = self._table("ledger.parquet")
        if not set(rows["symbol"]) <= set(self.summary["instruments"]):
            raise self._not_as_written("ledger.parquet", "it has symbols that the summary has not")
        return rows

    @cached_property
    def events(self) -> list[dict[str, Any]]:
        """Events and restrictions of its span, each with id, day, title, themes, kind and story."""
        try:
            return [dict(fact) for fact in decoded(self._bytes("events.json"), list[Fact])]
        except ValueError as error:
            raise self._not_as_written("events.json", str(error)) from None

    def check(self) -> None:
        """Raise BadInputError where a file is not the one that was written with the run."""
        for name in self.summary["tables"]:
            self._bytes(name)
        _ = self.returns, self.ledger, self.events  # decoded, too

    def _table(self, name: str) -> pd.DataFrame:
        import pandas as pd

        try:
            return pd.read_parquet(io.BytesIO(self._bytes(name)))
        except (ValueError, KeyError, TypeError) as error:  # pyarrow's are ValueErrors
            raise self._not_as_written(name, type(error).__name__) from None

    def _bytes(self, name: str) -> bytes:
        """Of one of its files. Raises BadInputError where its digest is not the one in the summary."""
        try:
            data = read_bounded(self.place / name, MOST_BYTES)
        except OSError as error:
            raise self._not_as_written(name, str(error.strerror)) from None
        if digest(data) != self.summary["tables"].get(name):
            raise self._not_as_written(name, "its digest is another")
        return data

    def _not_as_written(self, name: str, why: str) -> BadInputError:
        return BadInputError(
            f"{self.place / name} is not as it was written ({why})",
            "wanted the run as it was kept",
            "make the run again",
        )


def keep(
    report: BacktestReport,
    request: Mapping[str, Any],
    digests: Mapping[str, str],
    directory: Path,
    page: str,
    study: str = "",
) -> SavedRun:
    """Write the run under `directory/runs`. request: the options it was asked with; digests: of each series
    delivered; page: its tearsheet, whose links are relative to `directory`; study: the file that repeats it."""
    made = datetime.now(UTC)
    summary = summarised(report, request, digests)
    mark = digest(json.dumps([summary["metrics"], summary["digests"], summary["events"], request]))[:6]
    stem = f"{made:%Y%m%d-%H%M%S}-{safe_name(report.strategy.name)}-{mark}"
    runs = directory / "runs"
    sweep(runs)
    while True:
        place = _free(runs, stem)
        try:
            with atomic_folder(place) as draft:
                _tables(report, draft)
                _write(draft / "events.json", _facts(report))
                write_whole(draft / "tearsheet.html", page)
                tables = {
                    f.name: digest(f.read_bytes()) for f in sorted(draft.iterdir()) if f.suffix != ".html"
                }
                whole = {
                    "schema": SCHEMA,
                    "id": place.name,
                    "made": made.isoformat(),
                    "tables": tables,
                    **summary,
                }
                if study:
                    write_whole(draft / "study.toml", study)
                _write(draft / "summary.json", whole)
            return SavedRun(place, whole)
        except OSError:
            if not place.exists():
                raise  # else another process has taken that name since


def _free(runs: Path, stem: str) -> Path:
    """The same run twice in a second gets a number."""
    number, place = 1, runs / stem
    while place.exists():
        number += 1
        place = runs / f"{stem}-{number}"
    return place


def _write(path: Path, value: object) -> None:
    write_whole(path, json_text(value, indent=1) + "\n")


def summarised(
    report: BacktestReport, request: Mapping[str, Any], digests: Mapping[str, str]
) -> dict[str, Any]:
    """All of summary.json but schema, id and made."""
    r, b, p = report.result, report.benchmark, report.strategy
    some = np.unique(np.linspace(0, r.nav.size - 1, min(POINTS, r.nav.size)).astype(int))
    return {
        "strategy": p.name,
        "title": report.strategy.title,
        "themes": list(p.themes),
        "benchmark": None if b is None else {"symbol": b.symbol, "name": b.name, "remark": b.remark},
        "simulated": r.market.simulated,
        "command": report.command,
        "request": dict(request),
        "parameters": {k: list(v) if isinstance(v, tuple) else v for k, v in p.parameters().items()},
        "source": r.market.source,
        "snapshot": r.market.snapshot,
        "digests": dict(sorted(digests.items())),
        "thesis": {"name": report.thesis.name, "digest": report.thesis.digest},
        "events": {"digest": report.events.digest(), "records": records(report)},
        "fees": {"label": r.inputs.fee_label, "digest": digest_of(r.inputs.fees)},
        "cash": {"label": r.inputs.cash_label, "digest": digest(r.inputs.growth.tobytes())},
        "fill": r.inputs.fill_at,
        "mark": r.inputs.mark_label,
        "tax": {"label": r.inputs.tax_label, "digest": digest(r.inputs.tax.tobytes())},
        "base": r.market.base,
        "seed": request.get("seed", 0),
        "versions": dict(report.versions),
        "python": sys.version.split()[0],
        "code": code_digests(type(p)),
        "instruments": {
            i.symbol: {"name": i.name, "currency": i.currency, "venue": i.venue} for i in r.market.instruments
        },
        "verdict": report.verdict.to_json(),
        "held": report.held.to_json(),
        "searched": None if report.searched is None else report.searched.to_json(),
        "metrics": to_json(report.metrics),
        "without_events": to_json(report.without_events_metrics),
        "without_events_same_exposure": to_json(report.without_events_same_exposure_metrics),
        "world": {w.name: w.to_json() for w in report.world},
        "risk": None if report.risk is None else report.risk.to_json(),
        "factors": None if report.factors is None else report.factors.to_json(),
        "placebo": None if report.placebo is None else report.placebo.to_json(),
        "deficit": r.deficit,
        "spark": [round(float(v), 5) for v in r.nav[some]],
    }


def records(report: BacktestReport) -> dict[str, str]:
    """Digest of each event by id, and of each restriction by symbol, kind and date."""
    named: dict[str, Event | Restriction] = {e.id: e for e in report.events}
    named |= {f"{r.symbol} {r.kind} {r.known_on()}": r for r in report.events.restrictions}
    return {key: digest_of(record)[:16] for key, record in named.items()}


def _tables(report: BacktestReport, place: Path) -> None:
    import pandas as pd

    pd.DataFrame(daily(report)).to_parquet(place / "returns.parquet", index=False)
    pd.DataFrame(legs(report.result)).to_parquet(place / "ledger.parquet", index=False)
    report.result.orders.to_parquet(place / "orders.parquet", index=False)


def daily(report: BacktestReport) -> dict[str, np.ndarray[Any, Any]]:
    """The columns of returns.parquet."""
    r = report.result
    levels = np.full(r.nav.size, np.nan) if report.benchmark is None else report.benchmark.levels
    return {
        "date": r.rows.astype("datetime64[ms]"), "nav": r.nav, "returns": r.returns, "cash_return": r.inputs.growth,
        "benchmark": levels, "without_events_nav": report.without_events.nav,
        "gross": r.gross_exposure, "net": r.net_exposure,
        "trapped": r.trapped, "trade_value": np.asarray(r.trade_value.sum(axis=1)), "cost": r.cost,
        "interest": r.interest,
        **{f"cost_{kind}": np.asarray(values.sum(axis=1)) for kind, values in r.costs.items()},
    }  # fmt: skip


def legs(result: Result) -> dict[str, np.ndarray[Any, Any]]:
    """The columns of ledger.parquet, date by date."""
    shape = result.shares.shape
    tables: dict[str, FloatArray] = {
        "shares": result.shares, "trades": result.trades, "paid": result.paid,
        "mark": result.inputs.mark, "weight": result.weights, **{part: result.profit[part] for part in PARTS},
    }  # fmt: skip
    return {
        "date": np.repeat(result.rows.astype("datetime64[ms]"), shape[1]),
        "symbol": np.tile(np.array(result.market.symbols, dtype=object), shape[0]),
        **{name: np.broadcast_to(values, shape).ravel() for name, values in tables.items()},
    }


def _facts(report: BacktestReport) -> list[dict[str, Any]]:
    first, last = report.result.rows[[0, -1]]
    held = set(report.result.market.symbols)
    facts = [
        {"id": e.id, "day": str(e.known_on()), "title": e.title, "themes": list(e.themes), "kind": "event",
         "story": f"{e.issuer}, {e.direction.replace('_', ' ')}, severity {e.severity} of 5. Source: {e.source}",
         "sleeves": [s for s, sign in e.signs.items() if sign] if e.counts else []}
        for e in report.events if first <= e.known_on() <= last
    ]  # fmt: skip
    facts += [
        {"id": f"{r.symbol} {r.kind} {r.known_on()}", "day": str(r.known_on()), "kind": "restriction", "sleeves": [],
         "title": f"{r.symbol}: {r.kind.replace('_', ' ')}", "themes": ["restrictions"],
         "story": f"{r.reason}. Source: {r.source}"}
        for r in report.events.restrictions if r.symbol in held and first <= r.known_on() <= last
    ]  # fmt: skip
    return facts


def read_run(place: Path) -> SavedRun:
    """The run in that folder. Raises BadInputError where there is none, one of another schema, or one whose summary
    is not as runs write it."""
    try:
        data = read_bounded(place / "summary.json", MOST_OF_SUMMARY)
    except OSError:
        raise BadInputError(
            f"{place} holds no run", "wanted a folder with a summary.json", "look in reports/runs"
        ) from None
    try:
        if b"\\u0000" in data:
            raise ValueError("a NUL character")  # which no path may hold
        schema = decoded(data, _Versioned).schema
        if schema != SCHEMA:
            raise BadInputError(f"{place} has schema {schema}", f"wanted {SCHEMA}", "make the run again")
        decoded(data, Summary)
        return SavedRun(place, json.loads(data))
    except ValueError as error:
        raise BadInputError(
            f"{place / 'summary.json'} is not as it was written ({error})",
            "wanted the run as it was kept",
            "make the run again, or remove that folder",
        ) from None


@dataclass(frozen=True)
class _Versioned:
    schema: int


class KeptRuns(NamedTuple):
    """Runs, the newest first, and why other folders beside them hold none."""

    runs: list[SavedRun]
    left_out: list[str]


def read_runs(directory: Path) -> KeptRuns:
    """All runs under `directory/runs`; a folder that holds none, or one of another version, is named."""
    runs, left_out = [], []
    with suppress(OSError):
        for place in sorted((directory / "runs").glob("[!.]*/")):
            try:
                runs.append(read_run(place))
            except BadInputError as error:
                if place.exists():  # else it is being removed
                    left_out.append(f"left out: {error}")
    return KeptRuns(sorted(runs, key=lambda k: (k.summary["made"], k.id), reverse=True), left_out)


def runs_in(directory: Path) -> list[SavedRun]:
    """All readable runs under `directory/runs`, newest first."""
    return read_runs(directory).runs


def find_run(directory: Path, word: str) -> SavedRun:
    """The run of that ID, of its beginning, of that folder, or the newest of that strategy.

    Raises BadInputError for none, or for a beginning that several share."""
    if (Path(word) / "summary.json").is_file():
        return read_run(Path(word))
    known = runs_in(directory)
    of_strategy = [k for k in known if k.summary["strategy"] == word]
    if of_strategy:
        return of_strategy[0]
    begun = [k for k in known if k.id == word] or [k for k in known if word and k.id.startswith(word)]
    if len(begun) == 1:
        return begun[0]
    if begun:
        raise BadInputError(
            f"{len(begun)} runs begin with {word}", "wanted one", f"type {begun[0].id} or another in full"
        )
    if not known:
        raise BadInputError(f"no run in {directory}", f"wanted {word}", "make one: `run`")
    names = dict.fromkeys([*(k.summary["strategy"] for k in known), *(k.id for k in known)])
    raise BadInputError(f"no run {word}", "wanted a strategy or a run", did_you_mean(word, names))
