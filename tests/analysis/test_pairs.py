"""Intervals, pairwise tests and splits of the comparison, against closed forms, other programs and the null."""

from __future__ import annotations

import math

import numpy as np
import pytest

from positioning.analysis import block_bootstrap
from positioning.analysis.account_history import (
    WINDOW,
    AccountHistory,
    between,
    by_theme,
    by_year,
    in_window,
    metrics_of,
    rolling,
)
from positioning.analysis.block_bootstrap import BLOCK, blocks, intervals
from positioning.analysis.metrics import MIN_RETURNS, YEARLY, summarise
from positioning.analysis.pairs import aligned, correlation, holm, pairs, superior
from positioning.arrays import FloatArray


def course(net: FloatArray, benchmark: FloatArray | None = None, cash: float = 0.0) -> AccountHistory:
    """An account of these returns on business days from 2020."""
    dates = np.busday_offset("2020-01-01", np.arange(net.size + 1), roll="forward").astype("datetime64[D]")
    nav = np.cumprod(np.concatenate([[1.0], 1.0 + net]))
    rate, zero = np.full(nav.size, cash), np.zeros(nav.size)
    rate[0] = 0.0
    levels = np.full(nav.size, np.nan) if benchmark is None else benchmark
    return AccountHistory(dates, nav, rate, zero + 0.01, zero + 1e-4, levels)


def noise(rows: int, seed: int, mean: float = 0.0, scale: float = 0.01) -> FloatArray:
    return np.random.default_rng(seed).normal(mean, scale, rows)


def test_every_row_is_drawn_equally_often_and_blocks_are_whole() -> None:
    drawn = np.concatenate(list(blocks(210, 3000, 1)))
    assert drawn.shape == (3000, 210)
    counts = np.bincount(drawn.ravel(), minlength=210) / 3000
    assert counts == pytest.approx(np.ones(210), abs=0.15)  # sd of a row's mean count is about 0.018 x 21^0.5
    inside = drawn[:, : 210 // BLOCK * BLOCK].reshape(3000, -1, BLOCK)
    assert (np.diff(inside, axis=2) % 210 == 1).all()


def test_the_values_resampled_are_the_metrics_themselves() -> None:
    """On rows drawn in their own order each metric is that of `summarise`."""
    own = course(noise(500, 3), 100 * np.cumprod(1 + np.append(0.0, noise(500, 4))), cash=1e-4)
    known = metrics_of(own)
    redrawn = block_bootstrap._redrawn(own, np.arange(500)[None])
    assert known is not None
    for name, values in redrawn.items():
        want = getattr(known, name)
        # mean nav leaves the opening row out: half a per cent of 500 rows of a walk
        rel = 5e-3 if name in ("turnover", "cost_bps_per_year") else 1e-9
        assert values[0] == pytest.approx(want, rel=rel, abs=1e-12), name


def test_intervals_of_independent_returns_have_the_textbook_width() -> None:
    """Mean of T returns: sd / sqrt(T); Sharpe near zero: sqrt(1 / T) a row. Ten per cent for 21-row blocks of 2,000
    rows and 2,000 draws."""
    own = course(noise(2000, 5))
    found = intervals(own, 2000)
    known = metrics_of(own)
    assert known is not None
    low, high = found["sharpe"]
    assert high - low == pytest.approx(2 * 1.96 * math.sqrt(known.rows_per_year / 2000) * 10**0.0, rel=0.12)
    low, high = found["volatility"]
    assert high - low == pytest.approx(2 * 1.96 * known.volatility / math.sqrt(2 * 2000), rel=0.15)
    assert low < known.volatility < high


def test_sharpe_intervals_agree_with_arch() -> None:
    """arch's circular block bootstrap, percentile method; both are random, so to a tenth of the width."""
    from arch.bootstrap import CircularBlockBootstrap

    net = noise(1000, 6, 0.0004)
    own = course(net)
    known = metrics_of(own)
    assert known is not None
    scale = math.sqrt(known.rows_per_year)
    theirs = CircularBlockBootstrap(BLOCK, net, seed=1).conf_int(
        lambda r: r.mean() / r.std(ddof=1) * scale, reps=2000, method="percentile", size=0.95
    )
    low, high = intervals(own, 2000)["sharpe"]
    assert [low, high] == pytest.approx(theirs.ravel(), abs=0.1 * (high - low))


@pytest.mark.parametrize("walks", [40, pytest.param(120, marks=pytest.mark.slow)])
def test_intervals_cover_as_often_as_they_say(walks: int) -> None:
    """Sharpe of skilless walks of 500 rows: 0 lies inside in 95 % less the shortfall of a percentile interval;
    binomial bounds of 120 at three deviations, one side eased for that shortfall."""
    inside = 0
    for seed in range(walks):
        low, high = intervals(course(noise(500, 100 + seed)), 200)["sharpe"]
        inside += low <= 0 <= high
    assert 0.85 <= inside / walks <= 1.0


def test_an_account_under_a_year_has_no_figure_of_a_year_and_no_interval_of_one() -> None:
    own = course(noise(200, 5))
    known = metrics_of(own)
    assert known is not None
    assert known.under_a_year
    assert all(math.isnan(getattr(known, field)) for field in YEARLY)
    assert math.isfinite(known.total_return)
    found = intervals(own, 200)
    assert "total_return" in found
    assert not found.keys() & {*YEARLY}


def test_short_ruined_and_flat_accounts_have_no_false_intervals() -> None:
    assert intervals(course(noise(MIN_RETURNS - 1, 1))) == {}
    assert intervals(course(np.append(noise(100, 1), -1.0))) == {}
    flat = intervals(course(np.zeros(200)))
    assert flat["total_return"] == (0.0, 0.0)
    assert "sharpe" not in flat
    assert "hit_rate" not in flat


def test_a_pair_finds_what_is_there_and_nothing_else() -> None:
    base = noise(1500, 7)
    rows = np.stack([base, base + noise(1500, 8, 0.0008, 0.002), base.copy()])
    found = {(p.winner, p.loser): p for p in pairs(rows, 252.0, 999)}
    assert set(found) == {(0, 1), (1, 0), (1, 2), (2, 1)}  # 0 and 2 are the same
    assert found[1, 0].p == 0.001  # none of 999 draws comes near
    assert found[0, 1].p == 1.0
    assert found[1, 0].difference == pytest.approx(252 * (rows[1] - rows[0]).mean())
    assert found[1, 0].low < found[1, 0].difference < found[1, 0].high
    assert found[1, 0].sharpe > 0


@pytest.mark.parametrize("sets", [60, pytest.param(200, marks=pytest.mark.slow)])
def test_pairs_of_equal_strategies_are_rejected_at_the_nominal_rate(sets: int) -> None:
    """Sets of two independent walks, one-sided at 5 %: binomial of 200, three deviations, eased for 21-row blocks."""
    hits = sum(
        pairs(np.stack([noise(600, s), noise(600, 9000 + s)]), 252.0, 199)[0].p <= 0.05 for s in range(sets)
    )
    assert 0.005 <= hits / sets <= 0.115


def test_holm_by_hand() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.9, 0.8]) == [1.0, 1.0]


def test_the_set_is_held_against_cash_and_each_member() -> None:
    base = noise(1500, 7)
    rows = np.stack([base, base + 0.001, base.copy()])
    tests = superior(rows, 500)
    assert tests[1] is not None
    assert tests[1].best == 0  # of the others of 0: 1, then 2
    assert tests[1].trials in (1, 2)
    assert tests[2] is not None
    assert tests[2].consistent == 1.0
    assert superior(rows[:, :40], 500) == [None] * 4


def test_correlation_is_numpys_and_undefined_where_nothing_moves() -> None:
    rows = np.stack([noise(300, 1), noise(300, 2), np.zeros(300)])
    assert correlation(rows)[:2, :2] == pytest.approx(np.corrcoef(rows[:2]))
    assert np.isnan(correlation(rows)[2]).all()


def test_rolling_is_the_metric_of_the_last_rows() -> None:
    own = course(noise(300, 3), 100 * np.cumprod(1 + np.append(0.0, noise(300, 4))))
    sharpe, beta = rolling(own, 60)
    assert np.isnan(sharpe[:60]).all()
    part = between(own, own.dates[140], own.dates[200])
    known = summarise(part.dates, part.nav, cash_rate=part.cash_rate, benchmark=part.benchmark)
    whole = metrics_of(own)
    assert whole is not None
    assert beta[200] == pytest.approx(known.beta)
    assert sharpe[200] == pytest.approx(known.sharpe * math.sqrt(whole.rows_per_year / known.rows_per_year))


def test_a_span_opens_on_its_first_row() -> None:
    own = course(noise(100, 3))
    part = between(own, own.dates[10], own.dates[20])
    assert (part.trade_value[0], part.cost[0], part.trade_value[1]) == (0.0, 0.0, 0.01)
    assert own.trade_value[10] == 0.01
    known = metrics_of(part)
    assert known is not None
    assert known.total_return == pytest.approx(own.nav[20] / own.nav[10] - 1)


def test_years_multiply_to_the_total_return() -> None:
    own = course(noise(900, 3))
    years = by_year(own)
    assert set(years) == {2020, 2021, 2022, 2023}
    assert np.prod([1 + r for r in years.values()]) == pytest.approx(own.nav[-1])


def test_windows_and_themes_add_up() -> None:
    own = course(noise(300, 3))
    day, later = own.dates[50], own.dates[55]
    assert in_window(own, day) == pytest.approx(own.nav[50 + WINDOW - 1] / own.nav[49] - 1)
    assert math.isnan(in_window(own, np.datetime64("1999-01-01")))
    split = by_theme(own, {day: [["a"], ["a", "b"]], later: [["b"]]})
    assert set(split) == {"a", "b", "elsewhere"}
    assert sum(split.values()) == pytest.approx(own.nav[-1] - 1, abs=1e-12)


def test_dates_are_those_that_all_have() -> None:
    one = course(noise(100, 1), cash=1e-4)
    kept = np.delete(np.arange(101), [30, 31])
    other = AccountHistory(
        one.dates[kept], one.nav[kept], one.cash_rate[kept], one.trade_value[kept], one.cost[kept],
        one.benchmark[kept],
    )  # fmt: skip
    dates, rows = aligned([one, other])
    assert dates.size == 99
    assert rows.shape == (2, 98)
    across = one.nav[32] / one.nav[29] - 1
    assert rows[0, 29] == pytest.approx(across - (1.0001**3 - 1))
