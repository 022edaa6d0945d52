"""Past the record's end every answer says so first, and profit is split there."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from positioning.analysis.attribution import attribute
from positioning.cli.event_study import app as study_app
from positioning.cli.grid_search import app as grid_app
from positioning.cli.run import app as run_app
from positioning.cli.stress import app as stress_app
from positioning.events.event import Events
from positioning.events.silence import silence
from positioning.market.market import Market
from positioning.simulation.fees import FeeTable
from positioning.simulation.simulate import simulate
from positioning.strategy.targets import Targets
from tests.builders import EVENTS, RECORD, THESIS


def day(text: str) -> np.datetime64:
    return np.datetime64(text, "D")


def test_thirty_days_past_the_end_need_no_word_and_thirty_one_do() -> None:
    thesis = replace(THESIS, complete_until={"fertilizer": day("2026-06-30"), "equipment": day("2026-06-10")})
    assert silence(thesis, ("fertilizer",), day("2026-07-30")) is None
    past = silence(thesis, ("fertilizer",), day("2026-07-31"))
    assert past is not None
    assert past.days == 31
    assert past.words.startswith(
        "The record of fertilizer is complete until 30 June 2026 and this goes on to 31 July 2026, 31 days past it"
    )
    assert "fades by itself" in past.words
    both = silence(thesis, ("fertilizer", "equipment"), day("2026-07-11"))
    assert both is not None
    assert (str(both.complete_until), both.themes, both.days) == ("2026-06-10", ("equipment",), 31)
    assert silence(thesis, ("corridor",), day("2030-01-01")) is None  # that theme states no end


def test_the_shipped_record_states_an_end_for_each_theme() -> None:
    assert {t: str(d) for t, d in THESIS.complete_until.items()} == {
        "fertilizer": "2026-06-30", "corridor": "2026-06-30", "equipment": "2026-06-10", "payments": "2026-06-30",
        "sovereign_debt": "2026-03-26",
    }  # fmt: skip


def test_profit_is_split_at_the_end_by_hand() -> None:
    # Weekdays from 8 January 2024, everything in one name from row 1 on: profits of 0.01 on rows 2 to 19. One event on
    # row 3 covers rows 3 to 13. The record ends on row 9: event rows 10 to 13 and other rows 14 to 19 lie past it.
    prices = [100.0, 100.0] + [100.0 + n for n in range(1, 19)]
    index = pd.bdate_range("2024-01-08", periods=len(prices))
    market = Market.from_frames(pd.DataFrame({"A": prices}, index))
    targets = Targets(market.rows, ("A",), np.array([0]), np.array([[1.0]]))
    result = simulate(targets, market, FeeTable((), "none"))
    known = pd.Timestamp(index[3]).tz_localize("UTC").to_pydatetime()
    event = replace(EVENTS.items[0], announced=known.replace(hour=12), signs={"fertilizer": 1}, follows="")
    a = attribute(result, Events((event,)), ("fertilizer",), market.rows[9])
    assert a.events == pytest.approx(0.11, abs=1e-14)
    assert a.events_late == pytest.approx(0.04, abs=1e-14)
    assert a.rest_late == pytest.approx(0.06, abs=1e-14)
    whole = attribute(result, Events((event,)), ("fertilizer",))
    assert (whole.events_late, whole.rest_late) == (0.0, 0.0)


@pytest.fixture
def ended(tmp_path: Path) -> Path:
    """The shipped thesis with a record that ended in 2022."""
    place = tmp_path / "thesis"
    (place / "scenarios").mkdir(parents=True)
    for file in RECORD.rglob("*.*"):
        if file.is_file() and "__pycache__" not in file.parts:
            text = file.read_text(encoding="utf-8")
            if file.name == "thesis.toml":
                lines = [line for line in text.splitlines() if not line.startswith("complete_until")]
                text = "complete_until = 2022-06-30\n" + "\n".join(lines)
            (place / file.relative_to(RECORD)).write_text(text, encoding="utf-8")
    return place


def test_a_run_says_so_first_in_words_json_and_page(ended: Path, tmp_path: Path) -> None:
    words = [
        "fertilizer_producers",
        "--thesis",
        str(ended),
        "--end",
        "2023-06-30",
        "--no-quantstats",
        "--out",
        str(tmp_path / "r"),
    ]
    told = CliRunner().invoke(run_app, words)
    assert told.exit_code == 0, told.output
    said = " ".join(told.stdout.split())
    assert "is complete until 30 June 2022" in said[:200]
    answer = json.loads(CliRunner().invoke(run_app, [*words, "--json"]).stdout)
    record = answer["strategies"]["fertilizer_producers"]["record"]
    assert (record["complete_until"], record["days_past"]) == ("2022-06-30", 365)
    parts = [record[f"{kind}_profit_{side}"] for kind in ("event", "other") for side in ("before", "after")]
    assert sum(parts) == pytest.approx(
        answer["strategies"]["fertilizer_producers"]["total_return"], abs=1e-12
    )
    page = (tmp_path / "r" / "fertilizer_producers.html").read_text(encoding="utf-8")
    assert page.index("is complete until 30 June 2022") < page.index('class="verdict')
    assert "where the record ends" in page


def test_a_run_within_the_record_says_nothing_of_it(tmp_path: Path) -> None:
    words = [
        "fertilizer_producers",
        "--end",
        "2022-06-30",
        "--no-quantstats",
        "--json",
        "--out",
        str(tmp_path),
    ]
    answer = json.loads(CliRunner().invoke(run_app, words).stdout)
    assert answer["strategies"]["fertilizer_producers"]["record"] is None


def test_study_search_and_stress_say_so_too(ended: Path, tmp_path: Path) -> None:
    own = ["--thesis", str(ended), "--json", "--out", str(tmp_path)]
    for app, more, page in (
        (study_app, ["fertilizer_producers"], "event_study.html"),
        (grid_app, ["fertilizer_producers", "--grid", "half_life=10,20", "--end", "2023-06-30"], ""),
        (stress_app, ["fertilizer_producers", "--paths", "64", "--workers", "1"], "stress.html"),
    ):
        done = CliRunner().invoke(app, [*more, *own])
        assert done.exit_code == 0, done.output
        record = json.loads(done.stdout)["record"]
        assert record["complete_until"] == "2022-06-30"
        assert record["days_past"] > 30
        if page:
            assert "is complete until 30 June 2022" in (tmp_path / page).read_text(encoding="utf-8")
