"""Pages of a run: one that fails is named and leaves the others; quantstats is asked only where it is wanted."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from positioning.analysis.report import BacktestReport
from positioning.cli.run import app
from positioning.compiled import get_ready
from positioning.reporting.charts import shared_script
from positioning.reporting.document import document
from positioning.reporting.html import Html
from positioning.reporting.page_file import write_page
from positioning.reporting.pages import CompletedRun, Pages
from positioning.reporting.tearsheet import outside, page
from positioning.reporting.tearsheet.outside import VECTORBT
from positioning.simulation import vectorbt_bridge
from positioning.simulation.vectorbt_bridge import UNUSED, RoundTrips
from positioning.worker_processes import Question, WorkerProcesses


def written(
    reports: list[BacktestReport], place: Path, quantstats: bool = False
) -> tuple[list[str], list[str]]:
    with Pages(place, 1, quantstats=quantstats) as pages:
        for report in reports:
            pages.add(CompletedRun(report, {"seed": 0}, {}))
        files, failed = pages.write(lambda: None)
    return [f.name for f in files], [f"{f.strategy}: {f.why}" for f in failed]


def test_a_page_that_fails_is_named_and_leaves_the_others(
    reports: list[BacktestReport], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, first = page.first_screen, reports[0].strategy.name

    def failing(report: BacktestReport) -> object:
        if report.strategy.name == first:
            raise RuntimeError("no room for the chart")
        return whole(report)

    monkeypatch.setattr(page, "first_screen", failing)
    files, failed = written(reports[:2], tmp_path)
    assert files == [f"{reports[1].strategy.name}.html", "index.html"]
    assert failed == [f"{first}: RuntimeError: no room for the chart"]
    kept = [place.name for place in (tmp_path / "runs").iterdir()]
    assert len(kept) == 1
    assert reports[1].strategy.name in kept[0]


@pytest.mark.parametrize(
    ("cores", "runs", "quantstats", "processes"),
    [(64, 64, True, 9), (64, 2, True, 3), (2, 64, True, 3), (64, 1, True, 0), (1, 4, True, 0), (64, 64, False, 1)],
)  # fmt: skip
def test_a_large_machine_does_not_begin_a_process_for_each_of_its_cores(
    cores: int, runs: int, quantstats: bool, processes: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`run` without names begins them before it knows how many accounts there will be."""
    monkeypatch.setattr("positioning.reporting.pages.cores", lambda: cores)
    kinds = Pages(tmp_path, runs, quantstats=quantstats).workers.kinds
    assert len(kinds) == processes
    assert [kind for kind in kinds if VECTORBT in kind] == [(VECTORBT,)] * (processes > 0)


@pytest.mark.parametrize("moment", ["script", "page", "kept run"])
def test_pages_that_are_interrupted_leave_nothing_half_made(
    reports: list[BacktestReport], moment: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While plotly's script is written, while the first page is made, or its run kept."""
    place = tmp_path / "out"

    def interrupted(*_: object, **__: object) -> object:
        raise KeyboardInterrupt

    module, name = {
        "script": ("plotly.offline", "get_plotlyjs"),
        "page": ("positioning.reporting.tearsheet.page", "first_screen"),
        "kept run": ("positioning.runs.keeping", "_tables"),
    }[moment]
    with monkeypatch.context() as patched:
        patched.setattr(f"{module}.{name}", interrupted)
        with pytest.raises(KeyboardInterrupt):
            written(reports[:1], place)
    left = sorted(p.relative_to(place).as_posix() for p in place.rglob("*") if p.is_file())
    if moment == "kept run":  # the page is whole, and so is its script
        assert [p.partition("-")[0] for p in left] == ["assets/plotly", f"{reports[0].strategy.name}.html"]
        assert not (place / "runs").exists()
    else:
        assert not place.exists()
    written(reports[:1], place)
    assert len(list((place / "assets").iterdir())) == 1


def test_a_script_that_another_process_took_away_is_written_again(tmp_path: Path) -> None:
    """One that was stopped before its first page, while this one made its own."""
    with shared_script(tmp_path) as first:
        (tmp_path / first).unlink()
        write_page(tmp_path / "first.html", document("first", Html(""), False))
    script = tmp_path / first
    assert script.stat().st_size > 1_000_000
    with pytest.raises(KeyboardInterrupt), shared_script(tmp_path):
        raise KeyboardInterrupt
    assert script.is_file()  # of the page that is there


def test_without_quantstats_its_part_says_so(reports: list[BacktestReport], tmp_path: Path) -> None:
    written(reports[:1], tmp_path)
    text = (tmp_path / f"{reports[0].strategy.name}.html").read_text()
    assert outside.LEFT_OUT in text
    assert "shadowrootmode" not in text


def test_what_others_say_is_the_same_wherever_they_are_asked(reports: list[BacktestReport]) -> None:
    asked = outside.questions(reports[0])
    assert set(asked) == {"quantstats", "vectorbt"}
    ask, about = asked["vectorbt"]
    told = outside.outside(reports[0], {"vectorbt": ask(*about)})
    assert told.trips == outside.outside(replace(reports[0]), {"vectorbt": ask(*about)}).trips
    assert told.trips is not None
    assert told.quantstats.remarks == (outside.LEFT_OUT,)


def import_numba() -> None:
    """In a worker, and all that this file imports."""
    get_ready()


def asked_there(unused: tuple[str, ...], about: tuple[Any, ...]) -> tuple[RoundTrips, list[str]]:
    """In a worker: what vectorbt says, and which modules of those that are unused were imported all the same."""
    vectorbt_bridge.UNUSED = unused  # type: ignore[assignment]
    return outside.on_orders(*about), [name for name in UNUSED if name in sys.modules]


def test_vectorbt_says_the_same_without_what_no_trade_needs(reports: list[BacktestReport]) -> None:
    """As it is, and a vectorbt that does more with what is left out: copies of a process that has imported the rest."""
    ask, about = outside.questions(reports[0])["vectorbt"]
    asked = {"as it is": (), "more": ("sklearn", "sklearn.exceptions", "sklearn.preprocessing")}
    with WorkerProcesses([[name] for name in asked], main=False, prepare=import_numba) as beside:
        for name, more in asked.items():
            beside.ask(Question(name, name, asked_there, (UNUSED + more, about)))
        answers = dict(beside.answers())
    wanted = ask(*about)
    assert wanted.closed > 0
    for name, are_imported in (("as it is", False), ("more", True)):
        told, imported = answers[name]
        assert told == wanted
        assert bool(imported) == are_imported


def test_a_run_with_a_failed_page_ends_with_a_line_and_status_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(report: BacktestReport) -> object:
        raise RuntimeError("no room for the chart")

    monkeypatch.setattr(page, "first_screen", failing)
    words = ["fertilizer_producers", "--placebo", "0", "--no-quantstats", "--out", str(tmp_path)]
    outcome = CliRunner().invoke(app, words)
    assert outcome.exit_code == 1
    assert (
        "error: the page of fertilizer_producers failed (RuntimeError: no room for the chart)"
        in outcome.stderr
    )
    assert "Traceback" not in outcome.stderr
    assert "fertilizer_producers 4/4" in " ".join(outcome.stdout.split())  # the answer is there
    assert not (tmp_path / "fertilizer_producers.html").exists()
