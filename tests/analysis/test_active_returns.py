"""The calendar-time portfolio of a strategy's decisions: rows by hand, figures by statsmodels, size under the null."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from statsmodels.regression.linear_model import OLS
from statsmodels.tools import add_constant

from positioning.analysis.active_returns import ActiveAlpha, active_alpha, active_returns, rows_in_force
from positioning.analysis.factors import Factors
from positioning.data.sample import SampleSource
from positioning.event_studies.calendar_time import strategy_active
from positioning.runs.backtest import RunSettings, backtest
from strategies import FertilizerProducers
from tests.builders import EVENTS, SAMPLE, THESIS, Figure

DAYS = np.arange("2021-01-01", "2025-12-31", dtype="datetime64[D]")
DAYS = DAYS[np.is_busday(DAYS)]


def test_rows_in_force_are_those_after_the_row_on_which_news_is_known() -> None:
    one = next(e for e in EVENTS if e.signs["fertilizer"] and e.counts and e.known_on() > DAYS[5])
    row = int(np.searchsorted(DAYS, one.known_on()))
    found = rows_in_force(DAYS, replace(EVENTS, items=(one,)), ("fertilizer",))
    assert np.flatnonzero(found).tolist() == list(range(row + 1, row + 12))
    assert not rows_in_force(DAYS, replace(EVENTS, items=(one,)), ()).any()
    quiet = replace(one, confidence="low")
    assert not rows_in_force(DAYS, replace(EVENTS, items=(quiet,)), ("fertilizer",)).any()


def accounts(
    rng: np.random.Generator, alpha: float = 0.0
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Two accounts whose difference is news' alone, and their benchmark; wild days come together."""
    force = rows_in_force(DAYS, EVENTS, ("fertilizer",))
    level = np.zeros(DAYS.size)
    for t, shock in enumerate(rng.normal(0, 0.2, DAYS.size)):
        level[t] = 0.9 * level[t - 1] + shock
    factor = 0.01 * rng.normal(size=DAYS.size)
    plain = factor + 0.01 * np.exp(level) * rng.normal(size=DAYS.size)
    tilt = force * (0.3 * plain + 0.004 * np.exp(level) * rng.normal(size=DAYS.size) + alpha)
    return np.cumprod(1 + plain + tilt), np.cumprod(1 + plain), factor[:, None], force


def test_figures_are_those_of_statsmodels() -> None:
    nav, other, factors, force = accounts(np.random.default_rng(1), 0.001)
    found = active_alpha(nav, other, factors, force, "in_force")
    kept = force[1:]
    y = (nav[1:] / nav[:-1] - other[1:] / other[:-1])[kept]
    theirs = OLS(y, add_constant(factors[1:][kept])).fit(
        cov_type="HAC", cov_kwds={"maxlags": int(4 * (kept.sum() / 100) ** (2 / 9)), "use_correction": True},
        use_t=True,
    )  # fmt: skip
    assert found.rows == kept.sum()
    # The smallest alpha that is seen: the normal's 2.8 errors, a little more by Student's t.
    assert 2.80 * found.error < found.detectable < 2.85 * found.error
    assert (found.alpha, found.error, found.p) == pytest.approx(
        (theirs.params[0], theirs.bse[0], theirs.pvalues[0]), rel=1e-9
    )
    assert found.to_json()["betas"] == pytest.approx([theirs.params[1]], rel=1e-9)


def test_what_says_nothing_says_so() -> None:
    nav, other, factors, force = accounts(np.random.default_rng(2))
    assert math.isnan(active_alpha(nav, nav, factors, force, "all").p)  # the same account twice
    assert math.isnan(active_alpha(nav, other, factors * np.nan, force, "all").p)
    assert math.isnan(active_alpha(np.where(nav > 1, nav, 0.0), other, factors, force, "all").p)  # a dead one
    few = np.zeros_like(force)
    few[:50] = True
    assert active_alpha(nav, other, factors, few, "all") == ActiveAlpha(
        "all", *(pytest.approx(math.nan, nan_ok=True),) * 4, 0, ()
    )


def test_published_factors_take_the_benchmark_s_place_in_a_portfolio_of_their_own() -> None:
    strategy = FertilizerProducers()
    report = backtest(strategy, RunSettings(SampleSource(), THESIS))
    r = report.result
    rng = np.random.default_rng(5)
    published = Factors(
        ("Mkt-RF", "SMB"),
        r.rows,
        rng.normal(0, 0.01, (r.rows.size, 2)),
        np.zeros(r.rows.size),
        "made",
        ("US",),
    )
    own = active_returns(r, report.without_events, report.benchmark, EVENTS, strategy.themes, published)
    assert own[:2] == report.active
    kept = rows_in_force(r.rows, EVENTS, strategy.themes)[1:]
    y = (r.nav[1:] / r.nav[:-1] - report.without_events.nav[1:] / report.without_events.nav[:-1])[kept]
    # Kali's Frankfurt closes hours before New York: each factor with the row before and after it.
    own_rows = published.values
    lag, lead = np.full_like(own_rows, np.nan), np.full_like(own_rows, np.nan)
    lag[2:], lead[1:-1] = own_rows[1:-1], own_rows[2:]
    columns = np.column_stack([x[:, k] for k in range(2) for x in (lag, own_rows, lead)])[1:][kept]
    known = np.isfinite(columns).all(axis=1)
    theirs = OLS(y[known], add_constant(columns[known])).fit()
    assert own[2].coverage == "in_force_factors"
    assert (own[2].alpha, *own[2].betas) == pytest.approx(tuple(theirs.params), rel=1e-9)


def test_run_and_event_study_say_the_same_of_a_strategy() -> None:
    strategy = FertilizerProducers()
    report = backtest(strategy, RunSettings(SampleSource(), THESIS))
    beside = strategy_active(strategy, SAMPLE, THESIS)
    assert [a.coverage for a in report.active] == ["in_force", "all"]
    assert report.active == beside
    assert strategy_active(strategy.without_events(), SAMPLE, THESIS) == ()


@pytest.mark.slow
def test_its_size_on_the_dates_of_the_record_and_its_power(figure: Figure) -> None:
    rng, shares, runs = np.random.default_rng(3), {}, 4000
    for alpha in (0.0, 0.0005, 0.001):
        made = [active_alpha(*accounts(rng, alpha), "in_force").p for _ in range(runs if alpha == 0 else 500)]
        shares[alpha] = float(np.mean(np.array(made) <= 0.05))
    told = ", ".join(f"alpha {alpha:.2%} a row: {share:.1%}" for alpha, share in shares.items())
    figure(f"active returns while news is in force reject at 5 %, {runs:,} runs", told, "without: 4 to 6 %")
    error = math.sqrt(0.05 * 0.95 / runs)
    assert 0.04 - 2 * error <= shares[0.0] <= 0.06 + 2 * error
    assert shares[0.001] > shares[0.0005] > shares[0.0]


@pytest.mark.slow
def test_how_often_an_alpha_is_found(figure: Figure) -> None:
    """The same seed for every alpha; the curve is read, not held to a figure."""
    runs, curve = 400, {}
    for alpha in (0.0002, 0.0005, 0.001, 0.0015, 0.002):
        rng = np.random.default_rng(4)
        p = np.array([active_alpha(*accounts(rng, alpha), "in_force").p for _ in range(runs)])
        curve[alpha] = float(np.mean(p <= 0.05))
    figure(
        f"an alpha a row while news is in force found at 5 % by active returns, {runs} runs, within 5 points",
        ", ".join(f"{alpha:.2%}: {share:.0%}" for alpha, share in curve.items()), "rises",
    )  # fmt: skip
    assert all(
        b >= a for a, b in pairwise(curve.values())
    )  # the noise is the same, and nothing is drawn anew
    assert curve[0.002] > curve[0.0002]
