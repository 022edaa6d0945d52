"""What values show of themselves: short at a prompt, escaped in a notebook."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from positioning.analysis.metrics import summarise
from positioning.data.sample import SampleSource
from positioning.display import Displayable, sparkline
from positioning.market.load import load
from positioning.market.market import Market
from positioning.runs.backtest import RunSettings, backtest
from positioning.search.run import sweep
from positioning.simulation.account import AccountTerms
from positioning.simulation.fees import read_fees
from positioning.strategy.targets import Targets
from strategies import FertilizerProducers
from tests.builders import EVENTS, SAMPLE, THESIS

HOSTILE = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def values() -> dict[str, Displayable]:
    events, strategy = EVENTS, FertilizerProducers()
    market = load(SAMPLE, strategy.names, strategy.hedges)
    rows = market.rows[market.start :]
    return {
        "market": market,
        "events": events,
        "targets": strategy.target_weights(market, events),
        "metrics": summarise(rows, np.linspace(1.0, 1.2, rows.size)),
        "trials": sweep(
            strategy, market, events, {"half_life": [5.0, 20.0]}, AccountTerms(read_fees("none"))
        ),
    }


@pytest.mark.parametrize("name", ["market", "events", "targets", "metrics", "trials"])
def test_a_value_is_short_at_a_prompt_and_a_table_in_a_notebook(
    values: dict[str, Displayable], name: str
) -> None:
    value = values[name]
    lines = repr(value).splitlines()
    assert lines[0] == type(value).__name__
    assert 2 <= len(lines) <= 12
    assert max(len(line) for line in lines) <= 160
    shown = value._repr_html_()
    assert shown.startswith("<div>")
    assert shown.count("<table>") == shown.count("</table>") >= 1
    assert len(shown) < 20_000


def test_trials_and_events_are_frames(values: dict[str, Displayable]) -> None:
    frame = values["trials"].to_frame()  # type: ignore[attr-defined]
    assert list(frame["half_life"]) == [5.0, 20.0]
    assert np.isfinite(frame["sharpe"]).all()
    events = values["events"].to_frame()  # type: ignore[attr-defined]
    assert events.index.is_unique
    assert events["known_on"].is_monotonic_increasing


def test_text_of_data_is_no_markup() -> None:
    days = pd.bdate_range("2024-01-01", periods=5)
    market = Market.from_frames(pd.DataFrame({HOSTILE: np.arange(1.0, 6.0)}, index=days))
    targets = Targets.from_frame(pd.DataFrame({HOSTILE: [1.0]}, index=days[:1]), market.rows, market.symbols)
    for value in (market, targets, replace(market, source=HOSTILE)):
        assert "<script" not in value._repr_html_()


def test_a_picture_of_nothing_is_nothing() -> None:
    assert sparkline(None) == sparkline(np.array([1.0])) == sparkline(np.full(9, np.nan)) == ""
    assert sparkline(np.ones(3)).count(",") == 3  # a flat curve has points, too


def test_a_report_is_a_verdict_a_figure_and_a_page(tmp_path: Path) -> None:
    report = backtest(FertilizerProducers(), RunSettings(SampleSource(), THESIS))
    assert repr(report).splitlines()[2].startswith("  verdict")
    assert "<table>" in report._repr_html_()
    page = report.tearsheet(tmp_path / "one.html").read_text(encoding="utf-8")
    assert "SIMULATED" in page
    assert "assets/" not in page
    figure = report.plot()
    assert any(len(trace.x) == report.result.rows.size for trace in figure.data)
    assert not re.search(r'"\$[a-z]+"', figure.to_json())
    assert report.summary() is report.metrics
    assert "nav" in repr(report.result) or "total return" in repr(report.result)
    frame = report.result.to_frame()
    assert frame.index[0] == pd.Timestamp(report.result.rows[0])
    assert list(frame["nav"]) == list(report.result.nav)
    assert "decisions" in repr(report.result.order_arrays)
