"""What commands say to people: 80 columns, whole words, notices folded, quiet, colour and log as asked."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from backtests.grid_search import app as grid_app
from backtests.run import app as run_app
from positioning.cli import terminal
from positioning.cli.main import app
from positioning.cli.progress import ProgressLines, counting, in_time, progress_line
from positioning.cli.run_output import noticed
from positioning.cli.terminal import Terminal, counted_findings, fitting, folded, in_a_line, table, wrapped
from positioning.market.bars import Notice
from positioning.market.findings import Finding
from positioning.plurals import counted
from tests.cli.work import but_progress

COMMANDS = {
    "run": ["run", "fertilizer_producers", "middle_corridor", "--no-quantstats"],
    "grid": ["grid-search", "fertilizer_producers", "--grid", "half_life=5,20,40"],
    "stress": ["stress", "middle_corridor", "--paths", "20", "--replay", "none"],
    "study": ["event-study", "fertilizer_producers", "--placebo", "20"],
    "today": ["today", "middle_corridor", "--as-of", "2024-06-14"],
}


def here(*words: str) -> str:
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    return done.stdout


def apart(*words: str) -> str:
    command = [sys.executable, "-m", f"backtests.{words[0].replace('-', '_')}", *words[1:]]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize(("name", "typed"), [*((name, here) for name in COMMANDS), ("today", apart)])
def test_no_line_is_longer_than_a_terminal(
    name: str, typed: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr("positioning.reporting.pages.cores", lambda: 1)  # vectorbt is asked in this process
    shown = typed(*COMMANDS[name], "--out", str(tmp_path / "out")).splitlines()
    assert len(shown) > 3
    assert not [line for line in shown if len(line) > 80 and not line.startswith("wrote ")]
    assert not [line for line in shown if "…" in line], "a cell was cut"
    assert not [line for line in shown if line.startswith("%") or line.lstrip().startswith("% ")]
    assert "\x1b" not in "".join(shown)


def test_words_stay_whole_and_numbers_keep_their_per_cent() -> None:
    text = f"{'word ' * 14}and 97 % of {'x' * 100} then"
    lines = wrapped(text)
    assert "x" * 100 in lines[2].strip()
    assert not [line for line in lines if line.strip().startswith("%")]
    assert " ".join(line.strip() for line in lines) == " ".join(text.split())


def test_a_table_that_fits_is_flat_and_one_that_does_not_has_names_apart() -> None:
    made = table(("name", "one\nfigure"), [["short", "1.0"]])
    assert made.head == ["         one", "name  figure"]
    assert made.rows == [["short    1.0"]]
    long = "a_strategy_with_a_name_as_long_as_this_one_is_and_then_some_more_of_it"
    made = table(("name", "figure", "another"), [[long, "1.0", "2.0"]])
    assert made.rows == [[long, "     1.0     2.0"]]


def test_plurals() -> None:
    assert [counted(n, "gap") for n in (0, 1, 32)] == ["0 gaps", "1 gap", "32 gaps"]
    assert counted(2, "gap of a venue") == "2 gaps of a venue"
    assert counted(2, "run without volume") == "2 runs without volume"


def test_notices_alike_but_for_names_and_dates_are_one_line() -> None:
    notices = [
        *(
            Notice(s, "has adjusted closes only (off any grid): dividends are inside")
            for s in ("A1", "B2", "C3", "D4")
        ),
        Notice("KSPI", "is left out for too short a span of prices to 2024-03-08: over 20% of it"),
        Notice("FRHC", "is left out for too short a span of prices to 2024-03-11: over 20% of it"),
        Notice("EEM", "is compared over a part of the span from 2020-01-02 to 2025-07-07"),
        Notice("^HSI", "is compared over a part of the span from 2020-01-02 to 2025-10-30"),
        Notice("", "the account opens on 2021-02-12 as the first row with 120 rows of prices"),
        Notice("EEM", "is a price index: dividends are not included"),
    ]
    assert folded(notices) == [
        "4 names have adjusted closes only (off any grid): A1, B2, C3 and 1 more",
        "2 names are left out for too short a span of prices: KSPI (to 2024-03-08) and FRHC (to 2024-03-11)",
        "2 names are compared over a part of the span: EEM (from 2020-01-02 to 2025-07-07)"
        " and ^HSI (from 2020-01-02 to 2025-10-30)",
        "the account opens on 2021-02-12 as the first row with 120 rows of prices",
        "EEM is a price index",
    ]


def finding(symbol: str, check: str, day: int) -> Finding:
    when = np.datetime64("2024-01-01") + day
    return Finding(symbol, check, "warning", when, when, "seen", "remedy")  # type: ignore[arg-type]


def test_32_gaps_of_one_fund_are_one_count() -> None:
    found = [finding("MOO", "gap", n) for n in range(32)] + [finding("KSPI", "large_move", 1)]
    assert counted_findings(found) == ["Warnings about the prices: 32 gaps in MOO, 1 large move in KSPI."]
    many = [finding(f"S{n}", "gap", n) for n in range(9)]
    assert counted_findings(many)[0].endswith("1 gap in S4 and 4 more.")
    assert counted_findings([]) == []


def test_verbose_shows_each_notice_and_the_log_has_them_anyway(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    notices = [Notice(f"S{n}", "is odd: very") for n in range(8)]
    log = tmp_path / "log.txt"
    Terminal(log=log).notices(notices, [])
    short = capsys.readouterr().out
    assert "8 names are odd: S0, S1, S2 and 5 more" in short
    assert "--verbose shows all 8" in short
    assert log.read_text().count("is odd: very") == 8
    Terminal(verbose=True).notices(notices, [])
    assert capsys.readouterr().out.count("is odd: very") == 8


def test_quiet_says_nothing_and_the_log_says_how_it_ended(tmp_path: Path) -> None:
    log = tmp_path / "log.txt"
    words = [
        "fertilizer_producers",
        "--placebo",
        "0",
        "--no-quantstats",
        "--out",
        str(tmp_path),
        "--log",
        str(log),
    ]
    outcome = CliRunner().invoke(run_app, [*words, "--quiet"])
    assert outcome.exit_code == 0
    assert outcome.output == ""
    lines = log.read_text(encoding="utf-8").splitlines()
    assert all(re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d ", line) for line in lines)
    assert lines[0].endswith("begun")
    assert "Untested" in lines[1]
    assert lines[-1].endswith("ended")
    bad = CliRunner().invoke(run_app, ["nobody", "--log", str(log)])
    assert bad.exit_code == 2
    assert "no strategy nobody" in log.read_text(encoding="utf-8").splitlines()[-1]


def test_a_log_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    outcome = CliRunner().invoke(run_app, ["--log", str(tmp_path / "no" / "log.txt"), "--out", str(tmp_path)])
    assert outcome.exit_code == 2
    assert outcome.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("words", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_colour_only_where_it_is_wanted(
    words: dict[str, str], coloured: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("FORCE_COLOR", "1")
    for name, value in words.items():
        monkeypatch.setenv(name, value)
    Terminal().say("lost", "bad")
    assert ("\x1b[1;31m" in capsys.readouterr().out) == coloured


@pytest.mark.parametrize(
    "asked",
    [
        ["--grid", "half_life=5,20,40"],
        ["--grid", "half_life=5,20,40", "--walk-forward", "504:504", "--cpcv", "6:2"],
        ["--grid", "half_life=5,20", "--grid", "exposure=0.7,0.8", "--grid", "respond=0.5,1", "--grid",
         "legs=NTR+MOS+CF+ICL+SDF.DE+YAR.OL,NTR"],
    ],
)  # fmt: skip
def test_the_grid_answers_in_five_lines(
    asked: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    words = ["fertilizer_producers", *asked]
    lines = CliRunner().invoke(grid_app, words).stdout.splitlines()
    assert len(lines) == 5
    assert max(map(len, lines)) <= 80
    assert [line.split(":")[0].split(",")[0].split(" ")[0] for line in lines if line[0] != " "] == [
        "SIMULATED", "Plateau", "Best", "wrote",
    ]  # fmt: skip
    assert lines[-1].endswith("NOT checked for look-ahead")
    told = " ".join(CliRunner().invoke(grid_app, [*words, "--verbose"]).stdout.split())
    assert "set with hindsight" in told
    assert "Not checked: `python -m backtests.check fertilizer_producers`" in told


def test_as_much_of_a_sentence_as_fits() -> None:
    parts = ["Luck: " + "a" * 60, "b" * 70, "c" * 70]
    assert fitting(parts, 1) == [f"{parts[0]}."]
    assert fitting(parts, 2) == [f"{parts[0]};", f"  {parts[1]}."]
    assert len(fitting(parts, 3)) == 3
    assert len(fitting([" ".join(["long"] * 60), "rest"], 2)) > 2, "what decided it is never cut"
    assert in_a_line("short") == "short"
    assert in_a_line("word " * 30) == "word " * 15 + "..."


def test_a_folder_given_as_data_is_told_how(tmp_path: Path) -> None:
    outcome = CliRunner().invoke(run_app, ["--data", str(tmp_path)])
    assert outcome.exit_code == 2
    assert f"type --data folder:{tmp_path}" in outcome.stderr


def test_what_is_left_is_told_where_no_bar_can_be_drawn(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = iter([0.0, 5.0, 11.0, 12.0, 23.0])
    monkeypatch.setattr("positioning.cli.progress.PATIENCE", 10.0)
    monkeypatch.setattr("positioning.cli.progress.time.monotonic", lambda: next(clock))
    bar = ProgressLines(quiet=False, last=next(clock))
    task = bar.add_task("paths", total=40)
    for _ in range(4):
        bar.advance(task, 10)
    assert capsys.readouterr().err == "paths: 20 of 40, about 12 s left\n"  # not before 10 s, nor at the end
    assert in_time(125.0) == "2 min 5 s"
    assert progress_line("pages", None, 3, 1, 1.0) == "pages: 3 done"


def test_a_narrow_terminal_gets_its_own_width(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "50")
    assert terminal.width() == 50
    monkeypatch.setenv("COLUMNS", "300")
    assert terminal.width() == 80


def test_what_is_of_some_strategies_says_of_which() -> None:
    opens = Notice("", "the account opens on 2021-02-12 as the first row with 120 rows of prices")
    every = Notice("", "SIMULATED market: no price in it was ever paid")

    def report(name: str, *notices: Notice) -> Any:
        market = SimpleNamespace(findings=())
        result = SimpleNamespace(market=market, unpriced={})
        return SimpleNamespace(notices=notices, strategy=SimpleNamespace(name=name), result=result)

    reports = [report("a", every, opens), report("b", every), report("c", every, opens)]
    assert folded(noticed(reports)[0]) == ["SIMULATED market", f"for a and c {opens.text}"]
    assert folded(noticed(reports[:1])[0]) == ["SIMULATED market", opens.text]


def test_a_bar_says_what_it_counts() -> None:
    assert (
        progress_line(counting("accounts", "enablers"), 402, 1, 1, 0.0) == "accounts, now enablers: 1 of 402"
    )
    for file in Path(terminal.__file__).parent.glob("*.py"):
        for words in re.findall(r"bar\.update\(\s*task,\s*(.*)", file.read_text(encoding="utf-8")):
            assert re.match(r"(description=)?counting\(|completed=", words), f"{file.name}: {words}"


def test_lines_that_a_busy_machine_adds_are_known() -> None:
    moving = [
        progress_line("accounts, now enablers", 402, 10, 1, 3.0),
        progress_line("paths", 40_000, 12_000, 0, 90.0),
        progress_line("pages", None, 3, 1, 1.0),
        progress_line("accounts", 402, 1, 1, 0.0),
        "compiling to machine code, some seconds and only once, beginning with x: kept in /y",
    ]
    assert (
        but_progress("\n".join([*moving, "error: chunk 3 of 4 is torn", ""]))
        == "error: chunk 3 of 4 is torn\n"
    )
    assert but_progress("Traceback (most recent call last):\n  File: 1\n") != ""
