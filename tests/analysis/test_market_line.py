"""Beta and alpha of accounts whose names close at another hour than the benchmark."""

from __future__ import annotations

import math

import numpy as np
import pytest
from statsmodels.regression.linear_model import OLS
from statsmodels.tools import add_constant

from positioning.analysis.account_history import AccountHistory, rolling
from positioning.analysis.block_bootstrap import intervals
from positioning.analysis.market_line import line, measure_for
from positioning.analysis.metrics import summarise
from positioning.analysis.metrics_crosscheck import _leads_and_lags
from positioning.arrays import FloatArray


def leaking(rows: int = 2000, seed: int = 3) -> tuple[FloatArray, FloatArray]:
    """Returns of a benchmark, and of a name with beta 0.9 of which two thirds show one row late."""
    rng = np.random.default_rng(seed)
    market = rng.normal(0.0003, 0.01, rows)
    late = np.concatenate([[0.0], market[:-1]])
    return 0.0001 + 0.3 * market + 0.6 * late + rng.normal(0, 0.002, rows), market


def history(rows: int = 2000, measure: str = "dimson") -> AccountHistory:
    own, market = leaking(rows)
    nav, levels = (np.concatenate([[1.0], np.cumprod(1 + r)]) for r in (own, market))
    dates, none = np.arange(rows + 1).astype("datetime64[D]"), np.zeros(rows + 1)
    return AccountHistory(dates, nav, none, none, none, levels, measure)  # type: ignore[arg-type]


def test_dimson_is_the_sum_of_the_slopes_of_another_program() -> None:
    own, market = leaking()
    design = add_constant(np.column_stack([market[:-2], market[1:-1], market[2:]]))
    slopes = OLS(own[1:-1], design).fit().params[1:]
    beta, alpha = line(own, market, "dimson")
    assert beta == pytest.approx(slopes.sum(), abs=1e-12)  # both by the normal equations of 2,000 rows
    assert alpha == pytest.approx(own.mean() - slopes.sum() * market.mean(), abs=1e-15)
    assert beta == pytest.approx(0.9, abs=0.02)  # three standard errors of 0.002 / 0.01 / sqrt(2000) a slope
    assert line(own, market)[0] == pytest.approx(0.3, abs=0.05)


def test_same_day_is_the_slope_of_another_program() -> None:
    own, market = leaking()
    fit = OLS(own, add_constant(market)).fit()
    np.testing.assert_allclose(line(own, market), fit.params[::-1], rtol=0, atol=1e-12)


def test_an_account_that_is_its_benchmark_has_beta_one_and_no_alpha() -> None:
    _, market = leaking(300)
    for measure in ("same_day", "dimson"):
        np.testing.assert_allclose(line(market, market, measure), [1.0, 0.0], atol=1e-12)  # type: ignore[arg-type]


@pytest.mark.parametrize("measure", ["same_day", "dimson"])
def test_a_benchmark_that_stands_still_has_no_beta(measure: str) -> None:
    own, market = leaking(50)
    assert math.isnan(line(own, np.full(50, 1e-4), measure)[0])  # type: ignore[arg-type]
    assert math.isnan(line(own[:1], market[:1], measure)[0])  # type: ignore[arg-type]
    assert math.isnan(line(own[:0], market[:0], measure)[0])  # type: ignore[arg-type]


def test_rows_without_a_benchmark_are_left_out_of_both() -> None:
    own, market = leaking(400)
    part = market.copy()
    part[:100] = np.nan
    np.testing.assert_allclose(line(own, part, "dimson"), line(own[100:], market[100:], "dimson"), rtol=1e-12)


def test_figures_draws_and_windows_are_made_of_the_same_measure() -> None:
    course = history()
    figures = summarise(course.dates, course.nav, benchmark=course.benchmark, beta_measure="dimson")
    assert figures.beta == pytest.approx(0.9, abs=0.02)
    low, high = intervals(course, 200)["beta"]
    assert low < figures.beta < high
    assert high - low < 0.1
    beta = rolling(course, 250)[1]
    assert np.nanmean(beta) == pytest.approx(0.9, abs=0.03)
    assert np.isfinite(beta[250:]).all()
    assert np.isnan(beta[:250]).all()
    assert intervals(history(measure="same_day"), 200)["beta"][1] < 0.5


def test_a_rolling_beta_reads_no_row_after_its_own() -> None:
    course = history(600)
    changed = AccountHistory(
        course.dates, course.nav, course.cash_rate, course.trade_value, course.cost,
        np.concatenate([course.benchmark[:400], course.benchmark[400:] * 1.5]), "dimson",
    )  # fmt: skip
    before, after = rolling(course, 120)[1], rolling(changed, 120)[1]
    np.testing.assert_array_equal(before[:400], after[:400])
    assert abs(before[400] - after[400]) > 1e-3


def test_the_measure_follows_the_venues() -> None:
    assert measure_for(("XNYS", "XNAS"), ("XNYS",)) == "same_day"
    assert measure_for(("XHKG",), ("XNYS",)) == "dimson"
    assert measure_for(("XNYS", "XHKG"), ("XNYS",)) == "dimson"
    assert measure_for(("XHKG",), ("XHKG",)) == "same_day"
    assert measure_for(("XNYS",), ("XNYS", "XHKG")) == "dimson"
    assert measure_for((), ("XNYS",)) == "same_day"
    assert measure_for(("XHKG",), ()) == "same_day"


def test_the_second_working_of_a_figure_agrees_on_leads_and_lags() -> None:
    for seed in range(20):
        own, market = leaking(300, seed)
        again = _leads_and_lags(own.tolist(), market.tolist())
        np.testing.assert_allclose(again, line(own, market, "dimson"), rtol=1e-9, atol=1e-12)
