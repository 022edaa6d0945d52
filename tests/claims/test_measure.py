"""Evidence as it is measured: each kind against the part of the engine that makes it, or by hand."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from positioning.claims.claim import Evidence
from positioning.claims.measure import AXES, Measurements, searched
from positioning.claims.verdict import Finding
from positioning.data.folder import FolderSource
from positioning.data.frames import FramesSource
from positioning.event_studies.design import Design
from positioning.event_studies.donors import donor_pool
from positioning.event_studies.outcome import outcome
from positioning.event_studies.study import event_study
from positioning.event_studies.synthetic_control import synthetic_control
from positioning.market.coverage import Span
from positioning.runs.backtest import RunSettings
from positioning.scenarios.stress_test import StressSettings, stress_test
from strategies import FertilizerProducers, HongKongEquipment
from tests.builders import EVENTS, SAMPLE, THESIS

NAME = "fertilizer_producers"
PATHS = 40


@pytest.fixture(scope="module")
def measured() -> Measurements:
    strategies = {s.name: s for s in (FertilizerProducers(), HongKongEquipment())}
    return Measurements(strategies, RunSettings(SAMPLE, THESIS, placebos=19), PATHS)


def both(measured: Measurements, evidence: Evidence) -> tuple[Finding, Finding]:
    before, after = measured.findings([evidence])
    assert (before.part, after.part) == ("before", "after")
    assert (before.missing, after.missing) == ("", "")
    return before, after


def by_hand(measured: Measurements, own: np.ndarray, other: np.ndarray) -> list[float]:
    """Mean difference of returns a year before and after publication."""
    rows = measured.report(NAME).result.rows
    difference = own[1:] / own[:-1] - other[1:] / other[:-1]
    years = (rows[-1] - rows[0]).astype(int) / 365.25
    after = rows[1:] > THESIS.published
    return [float(np.nanmean(difference[m])) * (rows.size - 1) / years for m in (~after, after)]


def test_an_account_over_its_benchmark_cash_and_itself_without_events(measured: Measurements) -> None:
    report = measured.report(NAME)
    nav = report.result.nav
    assert report.benchmark is not None
    others = {
        "benchmark": (report.benchmark.levels, "SPY"),
        "without_events": (report.without_events.nav, "itself without events"),
        "cash": (np.ones(nav.size), "cash"),
    }
    for against, (levels, words) in others.items():
        found = both(measured, Evidence("account", strategy=NAME, against=against))
        assert [f.estimate for f in found] == pytest.approx(by_hand(measured, nav, levels), rel=1e-9)
        assert {f.what for f in found} == {f"{NAME} over {words}, a year"}
        assert all(f.low < f.estimate < f.high for f in found)
    assert found[0].count + found[1].count == nav.size - 1


def test_an_account_over_another_strategy_and_over_a_symbol(measured: Measurements) -> None:
    rows, nav = (getattr(measured.report(NAME).result, part) for part in ("rows", "nav"))
    beside = measured.report("hong_kong_equipment").result
    at = np.searchsorted(beside.rows, rows, side="right") - 1
    levels = np.where((at >= 0) & (rows <= beside.rows[-1]), beside.nav[np.maximum(at, 0)], np.nan)
    found = both(measured, Evidence("account", strategy=NAME, against="hong_kong_equipment"))
    assert [f.estimate for f in found] == pytest.approx(by_hand(measured, nav, levels), rel=1e-9)
    assert both(measured, Evidence("account", strategy=NAME, against="SPY"))[1].estimate == pytest.approx(
        both(measured, Evidence("account", strategy=NAME))[1].estimate, rel=1e-9
    )


def test_a_claim_that_says_less_than_nothing_is_turned(measured: Measurements) -> None:
    plain, turned = (both(measured, Evidence("account", strategy=NAME, sign=s)) for s in (1, -1))
    for one, other in zip(plain, turned, strict=True):
        assert (other.estimate, other.low, other.high) == pytest.approx((-one.estimate, -one.high, -one.low))
        assert other.p == one.p


def test_a_price_index_is_named_as_one_wherever_something_is_held_against_it(measured: Measurements) -> None:
    """Whatever dividends its names pay, it has none of them, which flatters what is held against it."""
    index = "^HSI (a price index, without dividends), a year"
    own = Evidence("account", strategy="hong_kong_equipment")
    assert {f.what for f in both(measured, own)} == {f"hong_kong_equipment over {index}"}
    asked = Evidence("account", strategy=NAME, against="^HSI")
    assert {f.what for f in both(measured, asked)} == {f"{NAME} over {index}"}
    basket = Evidence("basket", names=("1157.HK",), against="^HSI")
    assert {f.what for f in both(measured, basket)} == {f"1157.HK over {index}"}
    assert "price index" not in both(measured, Evidence("basket", names=("1157.HK",), against="EEM"))[0].what


def test_a_basket_is_the_mean_of_the_names_that_have_a_return(measured: Measurements) -> None:
    found = both(measured, Evidence("basket", names=("NTR", "MOS"), against="SPY"))
    alone = [both(measured, Evidence("basket", names=(n,), against="SPY")) for n in ("NTR", "MOS")]
    for part, one in enumerate(found):
        assert one.count == alone[0][part].count
        assert one.estimate == pytest.approx(
            (alone[0][part].estimate + alone[1][part].estimate) / 2, rel=1e-9
        )


def test_names_without_prices_are_left_out_of_a_basket_and_named_where_all_are(
    measured: Measurements,
) -> None:
    bars = SAMPLE.deliver(("NTR", "SPY", "MOO"), ()).bars
    closes = pd.DataFrame({s: pd.Series(b.close, pd.DatetimeIndex(b.dates)) for s, b in bars.items()})
    two = replace(measured, settings=RunSettings(FramesSource(closes), THESIS), reports={})
    lost = both(two, Evidence("basket", names=("NTR", "MOS"), against="SPY"))
    alone = both(two, Evidence("basket", names=("NTR",), against="SPY"))
    assert lost[1].what == "NTR over SPY, a year"
    assert [f.note for f in lost] == ["without MOS, of which there are no prices then"] * 2
    assert [f.note for f in alone] == ["", ""]
    assert [f.estimate for f in lost] == [f.estimate for f in alone]
    for names, against, lacking in ((("MOS", "CF"), "SPY", "MOS, CF"), (("NTR",), "ACWI", "ACWI")):
        none = two.findings([Evidence("basket", names=names, against=against)])
        assert [f.missing for f in none] == [f"no prices of {lacking}"]
    account = two.findings([Evidence("account", strategy=NAME, against="ACWI")])
    assert [f.missing for f in account] == ["no prices of ACWI"]


def test_an_account_that_ended_before_publication_says_when(measured: Measurements) -> None:
    span = Span(end=np.datetime64("2025-03-07"))
    short = replace(measured, settings=replace(measured.settings, span=span, placebos=0), reports={})
    before, after = short.findings([Evidence("account", strategy=NAME)])
    assert before.missing == ""
    assert after.missing == "0 returns, and 60 are wanted: what both have ends on 2025-03-07"


def test_a_study_is_that_of_the_engine_cut_at_publication(measured: Measurements) -> None:
    found = both(measured, Evidence("study", strategy=NAME))
    made = event_study(FertilizerProducers(), SAMPLE, THESIS, Design())
    assert made.panel is not None
    after = np.array([o.day > THESIS.published for o in made.panel.observations])
    assert 0 < after.sum() < after.size
    for one, mask in zip(found, (~after, after), strict=True):
        o = outcome(made.panel, np.flatnonzero(mask), (0, 10), True)
        assert (one.estimate, one.p, one.count) == (o.caar, o.tests["clustered"].p, mask.sum())
        assert one.high - one.estimate == pytest.approx(o.half_width, rel=1e-6)
        assert one.smallest == o.detectable


def test_a_study_without_news_after_publication_says_so(measured: Measurements) -> None:
    early = replace(EVENTS, items=tuple(e for e in EVENTS if e.known_on() <= THESIS.published))
    thesis = replace(THESIS, events=early)
    before, after = replace(measured, settings=RunSettings(SAMPLE, thesis), reports={}, _studies={}).findings(
        [Evidence("study", strategy=NAME)]
    )
    assert (before.missing, after.missing) == ("", "no news that could be measured")


def test_a_control_and_a_placebo_are_those_of_the_engine(measured: Measurements) -> None:
    control, placebo = measured.findings(
        [Evidence("control", strategy=NAME), Evidence("placebo", strategy=NAME)]
    )
    made, settings = event_study(FertilizerProducers(), SAMPLE, THESIS, Design()), measured.settings
    pool = donor_pool(made.returns[0], SAMPLE, THESIS, "USD")
    o = synthetic_control(made, pool, EVENTS, Design(), 19, settings.seed).outcome((0, 10))
    assert o is not None
    assert (control.estimate, control.p, control.count, control.part) == (
        o.effect,
        o.p_time,
        o.count,
        "whole",
    )
    shuffled = measured.report(NAME).placebo
    assert shuffled is not None
    assert (placebo.p, placebo.count) == (shuffled.p_value, 19)
    assert placebo.estimate == shuffled.total_return - np.median(shuffled.shuffled)
    none = replace(measured, settings=replace(settings, placebos=0), reports={})
    assert none.findings([Evidence("placebo", strategy=NAME)])[0].missing == "no shuffles were asked for"


def test_skewness_before_and_after_is_of_those_returns(measured: Measurements) -> None:
    found = both(measured, Evidence("skew", strategy=NAME))
    r = measured.report(NAME).result
    returns, after = r.nav[1:] / r.nav[:-1] - 1, r.rows[1:] > THESIS.published
    for one, mask in zip(found, (~after, after), strict=True):
        away = returns[mask] - np.median(returns[mask])
        assert one.estimate == pytest.approx(np.mean(away**3) / np.mean(away**2) ** 1.5)
        assert one.count == mask.sum()


def test_a_stress_test_is_shown_for_one_scenario_or_for_all(measured: Measurements) -> None:
    every = measured.findings([Evidence("stress", strategy=NAME, scenarios="article")])
    made = stress_test(
        [FertilizerProducers()], measured.settings.source, THESIS, "article",
        StressSettings(paths=PATHS, seed=measured.settings.seed, window=None),
    )  # fmt: skip
    figures = made.figures[NAME]
    for one, scenario in zip(every, made.scenarios.scenarios, strict=True):
        assert one.estimate == figures[scenario.name].mean
        assert one.high - one.estimate == pytest.approx(1.959964 * figures[scenario.name].error)
        assert f"under {scenario.name}," in one.what
    alone = measured.findings([Evidence("stress", strategy=NAME, scenarios="article", scenario="sanctions")])
    assert [f.estimate for f in alone] == [figures["sanctions"].mean]
    wrong = measured.findings([Evidence("stress", strategy=NAME, scenarios="article", scenario="peace")])
    assert wrong[0].missing == "no scenario peace"


def test_a_search_is_the_best_of_a_grid_deflated(measured: Measurements) -> None:
    found = measured.findings([Evidence("search", strategy=NAME)])[0]
    axes = {k: v for k, v in AXES.items() if k in FertilizerProducers().parameters()}
    made = searched(FertilizerProducers(), axes, measured.settings)
    assert (found.estimate, found.count) == (made.best.dsr, math.prod(map(len, axes.values())))
    assert f"best of {found.count} trials" in found.what


def test_the_first_series_that_the_source_has_answers(measured: Measurements, tmp_path: Path) -> None:
    (tmp_path / "POTASH_MADE.csv").write_text("Date,Price\n2025-04-01,352\n2025-05-01,363\n")
    folder = replace(measured, settings=RunSettings(FolderSource(tmp_path), THESIS), reports={})
    first, last = np.datetime64("2025-04-01"), np.datetime64("2025-04-30")
    asked = Evidence(
        "series",
        series=("POTASH_NONE", "POTASH_MADE"),
        stated=352,
        within=1,
        first=first,
        last=last,
        source="hand",
    )
    made = folder.findings([asked])[0]
    assert (made.holds, made.what) == (True, "POTASH_MADE 352 of 2025-04-01, stated 352 within 1")
    none = measured.findings([asked])[0]
    assert (none.holds, none.missing) == (None, "no published series POTASH_NONE, POTASH_MADE")


def test_facts_need_no_price_and_what_is_missing_says_why(measured: Measurements) -> None:
    facts = [
        Evidence("figure", stated=1, checked=1, source="hand"),
        Evidence("event", event="E23", first=np.datetime64("2022-01-01"), last=np.datetime64("2022-12-31")),
        Evidence("markers", theme="sovereign_debt"),
        Evidence("account", strategy="nobody"),
    ]
    figure, event, markers, unlisted = measured.findings(facts)
    assert [f.place for f in (figure, event, markers, unlisted)] == [0, 1, 2, 3]
    assert (figure.holds, event.holds, markers.form) == (True, True, "words")
    assert unlisted.missing == "no strategy nobody"
