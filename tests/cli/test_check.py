"""The check command."""

import json
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from positioning.analysis.strategy_check import CheckRow, Status, StrategyCheck
from positioning.cli.check import app, print_checks
from positioning.cli.grid_search import app as grid_search
from positioning.cli.run import app as run
from positioning.cli.terminal import Terminal
from positioning.runs.checks import keep_check
from strategies import MiddleCorridor
from tests.builders import Figure


def test_a_listed_strategy_has_nothing_wrong(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["middle_corridor", "--cuts", "4", "--json", "--out", str(tmp_path)])
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)["strategies"]["middle_corridor"]
    assert not found["wrong"]
    assert {"weights", "future", "repeatable", "inputs", "files", "clock", "start", "gaps", "delay", "best days", "costs",
            "names"} == {row["question"] for row in found["rows"]}  # fmt: skip


def test_what_is_wrong_ends_with_status_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from positioning.analysis import strategy_check

    wrong = StrategyCheck("it", (CheckRow("future closes", Status.WRONG, "[red]it knew[/red]"),), (), None)
    monkeypatch.setattr(strategy_check, "check_strategy", lambda *_: wrong)
    done = CliRunner().invoke(app, ["middle_corridor", "--out", str(tmp_path)])
    assert done.exit_code == 1
    assert "WRONG: [red]it knew[/red]" in done.stdout  # text of data is no markup


def test_an_unknown_strategy_is_one_line() -> None:
    done = CliRunner().invoke(app, ["middle_coridor"])
    assert done.exit_code == 2
    assert "Did you mean middle_corridor" in done.stderr


def test_the_table_says_the_sentence_first(capsys: pytest.CaptureFixture[str]) -> None:
    one = StrategyCheck("it", (CheckRow("costs", Status.WARNING, "it earns nothing"),), (), None)
    print_checks([one], Terminal())
    assert capsys.readouterr().out.startswith("it: No fault found, with 1 warning: it earns nothing")


def found(wrong: bool) -> StrategyCheck:
    status = Status.WRONG if wrong else Status.RIGHT
    return StrategyCheck("middle_corridor", (CheckRow("future closes", status, "it knew <b>"),), (), None)


def test_a_run_says_on_its_page_what_a_check_found(tmp_path: Path) -> None:
    ask = [
        "middle_corridor",
        "--start",
        "2024-01-02",
        "--end",
        "2024-02-02",
        "--placebo",
        "0",
        "--no-quantstats",
        "--out",
        str(tmp_path),
    ]
    keep_check(found(True), MiddleCorridor(), 24, tmp_path)
    done = CliRunner().invoke(run, [*ask, "--json"])
    assert done.exit_code == 0, done.output
    page = (tmp_path / "middle_corridor.html").read_text()
    assert "Checked, with 24 replaced futures: WRONG: it knew &lt;b&gt;" in page
    answer = json.loads(done.stdout)["strategies"]["middle_corridor"]["check"]
    assert answer == {"wrong": True, "sentence": "WRONG: it knew <b>", "cuts": 24}


def test_a_search_warns_of_code_that_was_never_checked_or_is_wrong(tmp_path: Path) -> None:
    ask = [
        "middle_corridor", "--grid", "exposure=0.4,0.5", "--start", "2023-01-03", "--end", "2024-02-02",
        "--out", str(tmp_path),
    ]  # fmt: skip
    done = CliRunner().invoke(grid_search, ask)
    assert done.exit_code == 0, done.output
    assert "NOT checked for look-ahead" in done.stdout.splitlines()[-1]
    done = CliRunner().invoke(grid_search, [*ask, "--verbose"])
    assert "Not checked: `python -m backtests.check middle_corridor`" in " ".join(done.stdout.split())
    keep_check(found(True), MiddleCorridor(), 24, tmp_path)
    answer = json.loads(CliRunner().invoke(grid_search, [*ask, "--json"]).stdout)
    assert answer["check"] == {"wrong": True, "sentence": "WRONG: it knew <b>", "cuts": 24}


TWENTY = """
from dataclasses import dataclass
from typing import ClassVar, final

from positioning.strategy.basket import Basket


@final
@dataclass(frozen=True)
class Twenty(Basket):
    name: ClassVar[str] = "twenty"
    theme: ClassVar[str] = "fertilizer"
    benchmark: ClassVar[str] = "SPY"
    legs: tuple[str, ...] = (
        "NTR", "MOS", "ICL", "SDF.DE", "CF", "YAR.OL", "BGEO.L", "TBCG.L", "1157.HK", "3808.HK", "0669.HK", "CAT", "DE",
        "FMC", "KSPI", "0144.HK", "0316.HK", "1199.HK", "UAN", "IPI",
    )
    hedge: str = "MOO"
"""


@pytest.mark.slow
def test_twenty_names_are_checked_within_a_minute(tmp_path: Path, figure: Figure) -> None:
    file = tmp_path / "twenty.py"
    file.write_text(TWENTY)
    began = time.monotonic()
    done = CliRunner().invoke(app, [f"{file}:Twenty", "--json", "--out", str(tmp_path / "out")])
    took = time.monotonic() - began
    assert done.exit_code == 0, done.output
    figure(
        "check of a strategy of 20 names, all eight years of the sample market", f"{took:.0f} s", "under 60 s"
    )
    assert took < 60
