"""Metrics: by hand, by closed form, by invariants, and against empyrical-reloaded and quantstats."""

import json
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from positioning.analysis.metrics import (
    YEARLY,
    Drawdown,
    Metrics,
    returns,
    rows_per_year,
    summarise,
    to_json,
    without_yearly,
)

# Two programs adding the same few hundred float64 numbers in another order: some 1e-13 of the result.
SAME = 1e-12

# 1461 calendar days are exactly 4 years of 365.25 days, so 3 returns make 0.75 rows a year.
DATES = np.array(["2020-01-01", "2021-01-01", "2022-06-01", "2024-01-01"], dtype="datetime64[D]")
NAV = np.array([1.0, 1.1, 0.99, 1.089])  # returns 0.1, -0.1, 0.1
RETURN_STATISTICS = (
    "volatility",
    "sharpe",
    "sortino",
    "calmar",
    "var_95",
    "es_95",
    "hit_rate",
    "beta",
    "alpha",
)


def days(size: int) -> np.ndarray:
    return np.datetime64("2021-03-01", "D") + np.arange(size)


def near(value: float) -> object:
    return pytest.approx(
        value, rel=SAME, abs=1e-14
    )  # abs: results that are zero by hand keep the rounding of 1.0


# By hand


def test_every_number_of_three_returns_by_hand() -> None:
    m = summarise(
        DATES, NAV, trade_value=np.array([0.0, 1.0, 0.5, 0.5]), cost=np.array([0.001, 0.004, 0.003, 0.002])
    )
    assert (m.first, m.last, m.sessions) == (DATES[0], DATES[3], 4)
    assert m.rows_per_year == near(0.75)
    assert m.total_return == near(0.089)
    assert m.cagr == near(1.089**0.25 - 1)
    # mean 1/30; squared deviations (2/30)^2 + (4/30)^2 + (2/30)^2 = 24/900; / 2 = 1/75; * 0.75 = 0.01
    assert m.volatility == near(0.1)
    assert m.sharpe == near(0.25)  # (1/30) * 0.75 / 0.1
    assert m.sortino == near(0.5)  # (1/30) * 0.75 / sqrt(0.1^2 / 3 * 0.75)
    assert m.max_drawdown == near(-0.1)  # 0.99 under 1.1; 1.089 is not back at 1.1
    assert m.drawdown == Drawdown(m.max_drawdown, DATES[1], DATES[2], None)
    assert m.calmar == near((1.089**0.25 - 1) / 0.1)
    assert m.var_95 == near(-0.08)  # a tenth of the way from -0.1 to 0.1: strategy 0.05 * (3 - 1)
    assert m.es_95 == near(-0.1)
    assert m.hit_rate == near(2 / 3)
    assert m.turnover == near(0.5 * 2.0 / 1.04475 / 4)  # mean nav 4.179 / 4
    assert m.cost_bps_per_year == near(1e4 * 0.01 / 1.04475 / 4)
    assert not m.ruined


def test_two_returns_have_a_downside() -> None:
    """0.2 and -0.1: mean 0.05, downside sqrt(0.01 / 2)."""
    m = summarise(DATES[:3], np.array([1.0, 1.2, 1.08]))
    assert m.sortino == near(0.05 / math.sqrt(0.005) * math.sqrt(m.rows_per_year))


def test_cash_comes_off_the_ratios_but_not_off_the_tail() -> None:
    # Excess 0.05, -0.15, 0.05: mean -1/60, the same spread; downside sqrt(0.15^2 / 3 * 0.75) = 0.075.
    m = summarise(DATES, NAV, cash_rate=np.array([math.nan, 0.05, 0.05, 0.05]))
    assert m.sharpe == near(-1 / 60 * 0.75 / 0.1)
    assert m.sortino == near(-1 / 60 * 0.75 / 0.075)
    assert (m.volatility, m.var_95, m.hit_rate) == (near(0.1), near(-0.08), near(2 / 3))


def test_beta_and_alpha_by_hand() -> None:
    # Benchmark 0.1, -0.1, 0: sum xy = 0.02, sum xx = 0.02, mean x = 0, so beta 1, alpha mean(y) = 1/30 a row.
    m = summarise(DATES, NAV, benchmark=np.array([50.0, 55.0, 49.5, 49.5]))
    assert (m.beta, m.alpha, m.benchmark_sessions) == (near(1.0), near(0.75 / 30), 4)


def test_the_benchmark_too_is_taken_over_cash() -> None:
    # Returns twice the benchmark's. Over cash of 0.04, e = 2 b + 0.04, so alpha is 0.04 a row.
    market, cash = np.array([0.05, -0.05, 0.05]), np.array([0.0, 0.04, 0.04, 0.04])
    m = summarise(DATES, NAV, cash_rate=cash, benchmark=np.cumprod(np.append(1.0, 1 + market)))
    assert (m.beta, m.alpha) == (near(2.0), near(0.04 * 0.75))


def test_a_shorter_benchmark_is_compared_on_the_common_rows() -> None:
    # Only the returns of rows 2 and 3 have both levels: x -0.2, 0.2 against y -0.1, 0.1.
    m = summarise(DATES, NAV, benchmark=np.array([math.nan, 10.0, 8.0, 9.6]))
    assert (m.beta, m.alpha, m.benchmark_sessions) == (near(0.5), near(0.0), 3)


def test_drawdown_counts_a_fall_from_the_opening_value_and_dates_the_deepest() -> None:
    # 20 % under the opening value, back on day 3; the later fall of 10 % is not the deepest.
    nav = np.array([1.0, 0.9, 0.8, 1.0, 1.2, 1.08])
    assert summarise(days(6), nav).drawdown == Drawdown(0.8 - 1.0, days(6)[0], days(6)[2], days(6)[3])


def test_drawdown_starts_on_the_last_row_at_the_high() -> None:
    fall = summarise(days(4), np.array([1.0, 2.0, 2.0, 1.0])).drawdown
    assert fall == Drawdown(-0.5, days(4)[2], days(4)[3], None)


# Closed form


def test_constant_growth_has_its_own_rate_as_cagr() -> None:
    dates = days(1000)
    nav = 1.07 ** ((dates - dates[0]).astype(float) / 365.25)
    m = summarise(dates, nav)
    assert m.cagr == near(0.07)
    assert (m.max_drawdown, m.hit_rate) == (0.0, 1.0)


def test_rows_per_year_of_daily_rows_is_the_length_of_a_year() -> None:
    assert rows_per_year(days(500)) == near(365.25)
    assert math.isnan(rows_per_year(days(1)))


def test_two_points_have_a_growth_and_a_fall_but_no_risk() -> None:
    m = summarise(DATES[[0, 3]], np.array([1.0, 0.0625]))
    assert (m.total_return, m.cagr, m.max_drawdown) == (-0.9375, near(-0.5), -0.9375)  # 0.0625^(1/4) = 0.5
    assert m.drawdown == Drawdown(-0.9375, DATES[0], DATES[3], None)
    assert m.calmar == near(-0.5 / 0.9375)
    undefined = [name for name in RETURN_STATISTICS if name != "calmar"]
    assert all(math.isnan(getattr(m, name)) for name in undefined)


def test_two_returns_have_a_spread_and_a_tail() -> None:
    """+10 % and -10 %: about their mean of nothing each is 0.1 away, so the sample's deviation is 0.1 root 2."""
    m = summarise(days(3), np.array([1.0, 1.1, 0.99]))
    year = math.sqrt(m.rows_per_year)
    assert m.volatility == near(0.1 * math.sqrt(2) * year)
    assert m.sharpe == pytest.approx(0.0, abs=1e-12)
    assert m.var_95 == near(-0.1 + 0.05 * 0.2)  # a twentieth of the way from the lower to the upper
    assert (m.es_95, m.hit_rate) == (near(-0.1), 0.5)


# Undefined


def test_one_row_has_no_rate_at_all() -> None:
    m = summarise(days(1), np.ones(1), trade_value=np.ones(1), cost=np.ones(1), benchmark=np.ones(1))
    assert (m.total_return, m.max_drawdown, m.benchmark_sessions) == (0.0, 0.0, 1)
    rates = (*RETURN_STATISTICS, "cagr", "rows_per_year", "turnover", "cost_bps_per_year")
    assert all(math.isnan(getattr(m, name)) for name in rates)


@pytest.mark.parametrize("step", [0.0, 1e-4, 0.03, -0.002])
def test_constant_returns_have_no_ratio_though_rounding_gives_them_a_spread(step: float) -> None:
    nav = np.cumprod(np.append(1.0, np.full(300, 1 + step)))
    m = summarise(days(301), nav, cash_rate=np.full(301, step), benchmark=nav)
    assert m.volatility == 0.0
    assert all(math.isnan(x) for x in (m.sharpe, m.sortino, m.beta, m.alpha))
    assert math.isnan(m.hit_rate) == (step == 0.0)
    assert math.isnan(m.calmar) == (step >= 0.0)


def test_a_dip_in_the_last_digit_is_not_a_drawdown() -> None:
    m = summarise(days(4), np.array([1.0, 1.0 - 1e-16, 1.0, 1.1]))
    assert m.drawdown == Drawdown(0.0, None, None, None)
    assert math.isnan(m.calmar)


def test_an_account_that_follows_a_moving_cash_rate_has_no_sharpe() -> None:
    cash = np.random.default_rng(1).uniform(0.0, 2e-4, 300)
    m = summarise(days(300), np.cumprod(1 + np.append(0.0, cash[1:])), cash_rate=cash)
    assert math.isnan(m.sharpe)
    assert math.isnan(m.sortino)
    assert m.volatility > 0


@pytest.mark.parametrize("end", [[0.0, 0.0], [-0.3, -0.3], [-0.3, 0.4]])
def test_a_ruined_account_is_a_whole_loss_and_has_no_ratio(end: list[float]) -> None:
    nav = np.array([1.0, 1.2, 0.7, *end])
    m = summarise(days(5), nav, benchmark=np.arange(1.0, 6.0), trade_value=np.ones(5), ruined=True)
    assert (m.total_return, m.cagr, m.max_drawdown, m.ruined) == (-1.0, -1.0, -1.0, True)
    assert m.drawdown == Drawdown(-1.0, days(5)[1], days(5)[3], None)
    assert all(math.isnan(getattr(m, name)) for name in RETURN_STATISTICS)
    assert m.turnover == near(0.5 * 5 / (2.9 / 5) / (4 / 365.25))  # worth zero from its ruin on


def test_what_was_not_given_is_undefined() -> None:
    m = summarise(DATES, NAV)
    assert all(math.isnan(x) for x in (m.turnover, m.cost_bps_per_year, m.beta, m.alpha))
    assert m.benchmark_sessions == 0


# The door


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"nav": NAV[:3]}, "nav has shape"),
        ({"cost": NAV[:3]}, "cost has shape"),
        ({"dates": DATES[[0, 2, 1, 3]]}, "strictly ascending"),
        ({"dates": DATES[[0, 1, 1, 3]]}, "strictly ascending"),
        ({"dates": DATES.astype("datetime64[ns]")}, "datetime64"),
        ({"dates": DATES[:0], "nav": NAV[:0]}, "one or more"),
        ({"nav": np.array([1.0, math.nan, 1.0, 1.0])}, "nav has a value that is not finite"),
        ({"nav": np.array([0.0, 1.0, 1.0, 1.0])}, "open above zero"),
        ({"nav": np.array([1.0, 1.0, 0.0, 0.0])}, "ruined is False"),
        ({"ruined": True}, "ruined is True"),
        ({"trade_value": np.array([0.0, -1.0, 0.0, 0.0])}, "absolute"),
        ({"cash_rate": np.array([0.0, math.nan, 0.0, 0.0])}, "cash_rate has a value"),
        ({"benchmark": np.array([1.0, math.nan, 1.0, 1.0])}, "no level after 2020-01-01"),
        ({"benchmark": np.array([1.0, 0.0, 1.0, 1.0])}, "benchmark levels"),
    ],
)
def test_bad_input_is_refused(change: dict[str, object], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        summarise(**({"dates": DATES, "nav": NAV} | change))


def test_returns_of_a_dead_account_are_refused() -> None:
    with pytest.raises(ValueError, match="above zero"):
        returns(np.array([1.0, 0.0, 1.0]))


# JSON and imports


def test_json_holds_iso_dates_and_no_nan() -> None:
    out = json.loads(json.dumps(to_json(summarise(DATES, NAV)), allow_nan=False))
    assert list(out) == list(Metrics.__dataclass_fields__)
    assert (out["first"], out["sessions"], out["beta"], out["ruined"]) == ("2020-01-01", 4, None, False)
    assert out["drawdown"] == {
        "depth": out["max_drawdown"],
        "peak": "2021-01-01",
        "trough": "2022-06-01",
        "recovery": None,
    }


def test_growth_too_fast_for_a_float_is_null_in_json() -> None:
    m = summarise(days(3), np.array([1.0, 10.0, 100.0]))  # 100^(365.25 / 2) = 1e365
    assert math.isinf(m.cagr)
    assert to_json(m)["cagr"] is None


def test_importing_metrics_stays_light() -> None:
    code = "import sys, positioning.analysis.metrics; print(*{'numba', 'scipy', 'pandas'} & set(sys.modules))"
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


# Invariants

steps = st.lists(st.integers(-3000, 3000).map(lambda x: x / 10_000), min_size=2, max_size=60)
unstored = settings(database=None, deadline=None)


def grow(changes: list[float]) -> np.ndarray:
    return np.cumprod(1 + np.append(0.0, changes))


@unstored
@given(changes=steps, scale=st.floats(0.001, 1000.0))
def test_the_scale_of_money_changes_nothing(changes: list[float], scale: float) -> None:
    nav = grow(changes)
    trade, level = np.linspace(0.0, 0.5, nav.size), 100 + 10 * np.sin(np.arange(nav.size))

    def numbers(k: float) -> dict[str, float]:
        m = summarise(
            days(nav.size),
            nav * k,
            trade_value=trade * k,
            cost=trade * k,
            benchmark=level * k,
            cash_rate=trade,
        )
        # Not the dates: lows that tie to the last digit may swap places when rounded anew.
        return {f: v for f in Metrics.__dataclass_fields__ if isinstance(v := getattr(m, f), float)}

    # Scaling rounds each value once more (1e-16); the least spread drawn here, 1e-5, enlarges that to 1e-11.
    assert numbers(1.0) == pytest.approx(numbers(scale), rel=1e-9, abs=1e-9, nan_ok=True)


@unstored
@given(changes=steps)
def test_nav_is_the_product_of_its_returns(changes: list[float]) -> None:
    nav = grow(changes)
    assert returns(nav) == pytest.approx(changes, abs=SAME)
    assert np.prod(1 + returns(nav)) - 1 == pytest.approx(
        summarise(days(nav.size), nav).total_return, abs=SAME
    )


@unstored
@given(changes=steps, data=st.data())
def test_a_run_cut_in_two_compounds_to_the_whole(changes: list[float], data: st.DataObject) -> None:
    nav, dates = grow(changes), days(len(changes) + 1)
    cut = data.draw(st.integers(0, len(changes)))
    whole, head, tail = (
        summarise(dates[k], nav[k]) for k in (slice(None), slice(0, cut + 1), slice(cut, None))
    )
    product = (1 + head.total_return) * (1 + tail.total_return) - 1
    assert product == pytest.approx(whole.total_return, rel=SAME, abs=SAME)
    assert whole.max_drawdown <= min(head.max_drawdown, tail.max_drawdown) + SAME


@unstored
@given(changes=steps)
def test_bounds_hold_for_any_run(changes: list[float]) -> None:
    m = summarise(days(len(changes) + 1), grow(changes))
    fall = m.drawdown
    assert -1 <= m.max_drawdown <= 0
    assert (m.max_drawdown == 0) == (fall.peak is None) == (fall.trough is None)
    if fall.peak is not None:
        assert fall.peak < fall.trough
        assert fall.recovery is None or fall.recovery > fall.trough
    assert m.es_95 <= m.var_95 + SAME
    assert math.isnan(m.hit_rate) or 0 <= m.hit_rate <= 1
    assert math.isnan(m.sharpe) or math.isnan(m.sortino) or m.sharpe * m.sortino >= 0


@unstored
@given(changes=steps, beta=st.integers(-30, 30).map(lambda x: x / 10))
def test_a_leveraged_benchmark_has_its_leverage_as_beta(changes: list[float], beta: float) -> None:
    small = np.array(changes) / 10  # so that three times the worst of them still leaves an account
    m = summarise(days(small.size + 1), grow(list(beta * small)), benchmark=grow(list(small)))
    if np.ptp(small) == 0:
        assert math.isnan(m.beta)
    else:
        # Returns come back from nav with errors of 2e-16; the least spread drawn here is 1e-5, so beta is out by some
        # 2e-11, and alpha by as much times a mean of 0.03 and 365 rows a year: 2.4e-10.
        assert (m.beta, m.alpha) == (pytest.approx(beta, abs=1e-10), pytest.approx(0.0, abs=1e-9))


# Other programs


@pytest.fixture(scope="module")
def market() -> dict[str, np.ndarray]:
    """Three years of weekdays, fat tails, a moving cash rate and a benchmark; the first return is a loss."""
    rng = np.random.default_rng(20250605)
    dates = np.arange("2022-01-03", "2025-01-03", dtype="datetime64[D]")
    dates = dates[np.is_busday(dates)]
    size = dates.size
    index = np.append(0.0, 0.01 * rng.standard_t(4, size - 1))
    own = 0.6 * index + np.append([0.0, -0.03], 0.0003 + 0.008 * rng.standard_t(4, size - 2))
    cash = rng.uniform(0.0, 2e-4, size)
    return {"dates": dates, "nav": np.cumprod(1 + own), "benchmark": np.cumprod(1 + index), "cash_rate": cash}


@pytest.fixture(scope="module")
def ours(market: dict[str, np.ndarray]) -> Metrics:
    return summarise(**market)


def series(market: dict[str, np.ndarray], name: str, over_cash: bool) -> pd.Series:
    values = returns(market[name]) - (market["cash_rate"][1:] if over_cash else 0.0)
    return pd.Series(values, index=pd.DatetimeIndex(market["dates"][1:]))


def test_empyrical_agrees(market: dict[str, np.ndarray], ours: Metrics) -> None:
    import empyrical

    net, year = series(market, "nav", False), {"annualization": ours.rows_per_year}
    cash = pd.Series(market["cash_rate"][1:], index=net.index)
    assert empyrical.cum_returns_final(net) == near(ours.total_return)
    assert empyrical.annual_volatility(net, **year) == near(ours.volatility)
    assert empyrical.sharpe_ratio(net, risk_free=cash, **year) == near(ours.sharpe)
    assert empyrical.sortino_ratio(net, required_return=cash, **year) == near(ours.sortino)
    assert empyrical.max_drawdown(net) == near(
        ours.max_drawdown
    )  # 0.7 starts from the opening value, as we do
    assert empyrical.value_at_risk(net) == near(ours.var_95)
    # It averages the int(0.05 (n - 1)) + 1 lowest: the same rows as ours unless returns tie at the quantile.
    assert empyrical.conditional_value_at_risk(net) == near(ours.es_95)


def test_empyrical_grows_by_rows_and_so_agrees_only_on_our_rows_per_year(
    market: dict[str, np.ndarray], ours: Metrics
) -> None:
    import empyrical

    net, n = series(market, "nav", False), ours.rows_per_year
    # Its years are rows / annualization, and (T - 1) / n are our calendar years exactly.
    assert empyrical.annual_return(net, annualization=n) == near(ours.cagr)
    assert empyrical.calmar_ratio(net, annualization=n) == near(ours.calmar)
    # On its own 252 it misstates this union of weekdays (some 260.6 rows a year) by the ratio of the two.
    assert 1 + empyrical.annual_return(net) == near((1 + ours.cagr) ** (252 / n))


def test_empyrical_regression_agrees_on_excess_returns(market: dict[str, np.ndarray], ours: Metrics) -> None:
    import empyrical

    # Excess returns go in, not risk_free: its beta takes that argument and ignores it.
    own, index = series(market, "nav", True), series(market, "benchmark", True)
    assert empyrical.beta(own, index) == near(ours.beta)
    # It compounds the alpha of a row over the year, ours is a sum. Undone here: the root of a power of 260
    # leaves some 260 times the rounding, hence 1e-10.
    compounded = empyrical.alpha(own, index, annualization=ours.rows_per_year)
    summed = ((1 + compounded) ** (1 / ours.rows_per_year) - 1) * ours.rows_per_year
    assert summed == pytest.approx(ours.alpha, rel=1e-10)


def test_es_takes_every_return_tied_at_the_quantile_where_empyrical_takes_one() -> None:
    import empyrical

    # 21 returns, so the quantile is the second lowest: we average -0.2 and three of -0.1, it the two lowest.
    # In this order nav rounds the three to different last digits; they are a tie all the same.
    changes = [-0.1, -0.2, 0.1, -0.1, -0.1, 0.03] + [0.1] * 15
    m = summarise(days(22), grow(changes))
    assert (m.var_95, m.es_95) == (near(-0.1), near(-0.125))
    assert empyrical.conditional_value_at_risk(np.array(changes)) == near(-0.15)


def test_quantstats_agrees_given_excess_returns(market: dict[str, np.ndarray], ours: Metrics) -> None:
    import quantstats.stats as qs

    # Returns only, as it guesses prices from values; excess instead of rf, as it takes rf for a yearly rate.
    net, n = series(market, "nav", False), ours.rows_per_year
    own, index = series(market, "nav", True), series(market, "benchmark", True)
    assert qs.comp(net) == near(ours.total_return)
    assert qs.cagr(net, periods=n) == near(ours.cagr)  # years = rows / periods, our calendar years
    assert qs.volatility(net, periods=n) == near(ours.volatility)
    assert qs.sharpe(own, periods=n) == near(ours.sharpe)
    assert qs.sortino(own, periods=n) == near(ours.sortino)
    assert qs.max_drawdown(net) == near(ours.max_drawdown)  # it puts a day of 1.0 before the first return
    assert qs.calmar(net, periods=n) == near(ours.calmar)
    assert qs.win_rate(net) == near(ours.hit_rate)
    # Its default, and its value_at_risk, fit a normal: another estimator, not compared.
    assert qs.conditional_value_at_risk(net, method="historical") == near(ours.es_95)
    # One index on both sides, or it fills the benchmark backwards from its next price.
    greeks = qs.greeks(own, index, periods=n)
    assert greeks["beta"] == near(ours.beta)
    assert greeks["alpha"] == pytest.approx(ours.alpha, rel=1e-11)  # a small difference of two larger means


def test_quantstats_calls_beta_zero_where_it_is_undefined() -> None:
    import quantstats.stats as qs

    index = pd.DatetimeIndex(days(30)[1:])
    own = pd.Series(np.tile([0.01, -0.01], 15)[1:], index=index)
    assert qs.greeks(own, own * 0.0)["beta"] == 0
    assert math.isnan(summarise(days(30), grow(list(own)), benchmark=np.ones(30)).beta)


def test_what_is_said_of_a_year_is_lacking_in_a_shorter_account_and_nothing_else_is() -> None:
    dates = np.datetime64("2024-01-01") + np.arange(30)
    short = without_yearly(summarise(dates, np.linspace(1.0, 1.1, 30) + 0.01 * (np.arange(30) % 2)))
    assert short.under_a_year
    assert all(short.lacks(name) for name in YEARLY)
    assert not short.lacks("beta")  # undefined for want of a benchmark
    assert not short.lacks("total_return")
    long = summarise(np.datetime64("2024-01-01") + np.arange(400), np.linspace(1.0, 1.1, 400))
    assert not long.lacks("alpha")  # undefined, of a whole year
    assert not long.lacks("sharpe")


# At the edges


@pytest.mark.parametrize(("passed", "short"), [(359, True), (360, False), (361, False)])
def test_a_year_is_said_from_360_days_on(passed: int, short: bool) -> None:
    m = summarise(np.array([days(1)[0], days(1)[0] + 5, days(1)[0] + passed]), np.array([1.0, 1.1, 0.99]))
    assert m.under_a_year is short
    assert without_yearly(m) is m or short
    assert math.isnan(without_yearly(m).cagr) is short
    assert without_yearly(m).max_drawdown == m.max_drawdown
    assert without_yearly(m).lacks("sharpe") is short
    assert not m.lacks("sharpe")  # it is there
    assert m.lacks("turnover") is short  # nobody gave it
    assert not without_yearly(m).lacks("beta")  # which is of no year
    assert all(math.isnan(getattr(without_yearly(m), field)) for field in YEARLY) is short


def test_the_picture_has_the_figures_in_words() -> None:
    market = np.array([50.0, 55.0, 49.5, 49.5])
    m = summarise(
        DATES, NAV, trade_value=np.array([0.0, 1.0, 0.5, 0.5]), cost=np.full(4, 0.0025), benchmark=market
    )
    assert m.picture().facts == {
        "span": "2020-01-01 to 2024-01-01, 4 rows", "total return": "+8.90%", "a year (CAGR)": "+2.15%",
        "volatility": "10.00%", "Sharpe": "0.25", "max drawdown": "-10.00%", "beta, alpha": "1.00, +2.50% over 4 rows",
        "turnover": "0.24 a year, costs 24 bps a year",
    }  # fmt: skip
    ruined = summarise(DATES, np.array([1.0, 1.1, 0.0, 0.0]), ruined=True)
    assert ruined.picture().facts["span"] == "2020-01-01 to 2024-01-01, 4 rows, RUINED"


def test_a_value_of_nothing_may_end_returns_and_divide_none() -> None:
    assert returns(np.array([1.0, 0.5, 0.0])).tolist() == [-0.5, -1.0]
    assert returns(np.array([0.25])).size == 0
    with pytest.raises(ValueError, match="above zero"):
        returns(np.array([0.0, 1.0]))


def test_values_below_one_are_values_too() -> None:
    """A nav that opens at a quarter, and a benchmark below one, on which nothing else depends."""
    market = np.array([0.5, 0.55, 0.495, 0.495])
    small = summarise(DATES, NAV / 4, benchmark=market, trade_value=np.full(4, 0.01), cost=np.full(4, 0.001))
    large = summarise(
        DATES, NAV, benchmark=100 * market, trade_value=np.full(4, 0.04), cost=np.full(4, 0.004)
    )
    for field in (
        "total_return",
        "cagr",
        "sharpe",
        "max_drawdown",
        "beta",
        "alpha",
        "turnover",
        "cost_bps_per_year",
    ):
        assert getattr(small, field) == near(getattr(large, field))
    assert rows_per_year(DATES[:2]) == near(365.25 / 366)  # 2020 has a day more


@pytest.mark.parametrize("move", [1e-11, 1e-13])
def test_a_move_counts_where_it_is_more_than_rounding(move: float) -> None:
    """One fall and two rises of a hundred billionth are moves; a tenth of a trillionth is what rounding leaves."""
    m = summarise(days(4), np.array([1.0, 1.0 - move, 1.0, 1.0 + move]))
    told = move > 1e-12
    assert (m.max_drawdown < 0) is told
    assert m.drawdown.recovery == (days(4)[2] if told else None)
    assert math.isnan(m.hit_rate) is not told
    assert math.isnan(m.sharpe) is not told
    assert (m.volatility > 0) is told
    if told:
        assert m.hit_rate == near(2 / 3)
        assert m.es_95 == pytest.approx(-move, rel=1e-4)  # of numbers near one, known within 1e-16


def test_the_tail_is_the_mean_of_all_at_the_quantile_or_below() -> None:
    """Forty returns: the 5 % quantile lies at place 1.95 of them in order, 0.95 of the way from the second to the third;
    of 21 it is the second itself, and counts."""
    forty = np.arange(40) / 1000 - 0.02
    m = summarise(days(41), grow(list(np.random.default_rng(2).permutation(forty))))
    assert (m.var_95, m.es_95) == (near(-0.019 + 0.95 * 0.001), near(-0.0195))
    few = np.arange(21) / 1000 - 0.01
    m = summarise(days(22), grow(list(np.random.default_rng(2).permutation(few))))
    assert (m.var_95, m.es_95) == (near(-0.009), near(-0.0095))


@pytest.mark.parametrize("place", [0, 3])
def test_a_benchmark_may_begin_late_and_end_early(place: int) -> None:
    levels = np.array([1.0, 1.1, 0.9, 1.2])
    levels[place] = math.nan
    assert summarise(DATES, NAV, benchmark=levels).benchmark_sessions == 3


@pytest.mark.parametrize("gap", [1, 2, 3])
def test_a_gap_in_a_benchmark_is_named_by_the_last_day_before_it(gap: int) -> None:
    levels = np.ones(6)
    levels[2 : 2 + gap] = math.nan
    with pytest.raises(ValueError, match="no level after 2021-03-02"):
        summarise(days(6), grow([0.1] * 5), benchmark=levels)


@pytest.mark.parametrize("bad", [math.inf, -1.0, 0.0])
def test_levels_of_a_benchmark_are_finite_and_above_nought(bad: float) -> None:
    with pytest.raises(ValueError, match="finite and above zero"):
        summarise(DATES, NAV, benchmark=np.array([1.0, 1.0, 1.0, bad]))


def test_dates_are_one_line_of_days() -> None:
    for dates in (
        DATES.reshape(2, 2),
        np.array(["2020-01-01", "NaT", "2022-06-01", "2024-01-01"], "datetime64[D]"),
    ):
        with pytest.raises(ValueError, match="dates must be"):
            rows_per_year(dates)


def test_the_deepest_fall_is_back_at_its_high_within_rounding() -> None:
    nav = np.array([1.0, 2.0, 1.0, 2.0 * (1 - 1e-13), 3.0])
    assert summarise(days(5), nav).drawdown == Drawdown(-0.5, days(5)[1], days(5)[2], days(5)[3])
    first = np.array(
        [1.0, 0.5, 0.5, 0.75, 1.0]
    )  # the first of two lows, and the only row at the high before it
    assert summarise(days(5), first).drawdown == Drawdown(-0.5, days(5)[0], days(5)[1], days(5)[4])
