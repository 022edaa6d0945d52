"""The sample market keeps its calibration, its calendars and its promises, and is the same everywhere."""

from __future__ import annotations

import subprocess
import sys
from functools import cache

import numpy as np
import pytest

from positioning.arrays import FloatArray
from positioning.data.sample import SampleSource
from positioning.market.bars import Bars
from positioning.market.instruments import instrument, table
from positioning.market.load import Span, load, suspended
from positioning.market.source import Delivery
from positioning.market.venues import sessions
from tests.builders import SAMPLE, THESIS

FIRST, LAST = np.datetime64("2018-01-02"), np.datetime64("2025-12-31")
DAYS = np.arange(FIRST, LAST + 1)
SOURCE = SAMPLE
UNIVERSE = SOURCE.universe()
CURRENCIES = ("CNY", "EUR", "GBP", "HKD", "NOK", "TRY")

NAMED = """
NTR MOS ICL SDF.DE CF IPI SQM YAR.OL WAB PASEU.IS KAP.IL HSBK.IL KSPI AIRA.IL TAVHL.IS BGEO.L TBCG.L FRHC
0598.HK 1199.HK 1919.HK 601008.SS 1157.HK 3808.HK 0631.HK 3339.HK 2338.HK 0038.HK 1766.HK 0489.HK 2039.HK
1839.HK 6031.HK 9930.HK 3360.HK 2153.HK 0936.HK 1496.HK MOO VEGI XLB DBA SPY EEM ACWI URTH 2800.HK 2828.HK
TUR ^HSI CAT DE EVR.L POLY.L
"""

# Vol, b_spy, b_hsi of the calibration's table, 2018-2025.
MEASURED = {
    "NTR": (0.34, 0.86, 0.14),
    "MOS": (0.47, 1.14, 0.18),
    "CF": (0.39, 0.98, 0.02),
    "ICL": (0.36, 0.79, 0.09),
    "IPI": (0.73, 1.44, 0.10),
    "SQM": (0.48, 1.16, 0.27),
    "1157.HK": (0.43, 0.03, 0.96),
    "3339.HK": (0.41, 0.06, 0.74),
    "0631.HK": (0.45, 0.04, 0.80),
    "3808.HK": (0.50, 0.02, 1.01),
    "1766.HK": (0.32, -0.01, 0.66),
    "0598.HK": (0.39, 0.08, 0.80),
    "1919.HK": (0.49, 0.07, 0.92),
    "BGEO.L": (0.39, 0.41, 0.29),
    "TBCG.L": (0.35, 0.36, 0.21),
    "FRHC": (0.38, 0.80, 0.08),
    "TAVHL.IS": (0.45, 0.40, 0.13),
    "EEM": (0.18, 0.66, 0.31),
    "MOO": (0.18, 0.70, 0.08),
    "DBA": (0.15, 0.09, 0.06),
}


@cache
def everything() -> Delivery:
    return SOURCE.deliver(UNIVERSE, CURRENCIES)


def bars(symbol: str) -> Bars:
    return everything().bars[symbol]


def daily(symbol: str) -> FloatArray:
    """(D,) total logarithmic returns by calendar day, NaN where there is no session."""
    b, out = bars(symbol), np.full(DAYS.size, np.nan)
    move = np.log((b.close[1:] + b.dividends[1:]) / b.close[:-1])
    out[np.searchsorted(DAYS, b.dates[1:])] = move
    return out


def betas(y: FloatArray, *factors: FloatArray) -> FloatArray:
    x = np.column_stack([np.ones(y.size), *factors])
    ok = np.isfinite(x).all(axis=1) & np.isfinite(y)
    return np.linalg.lstsq(x[ok], y[ok], rcond=None)[0][1:]


def excess_kurtosis(symbol: str) -> float:
    z = daily(symbol)[np.isfinite(daily(symbol))]
    return float(np.mean((z - z.mean()) ** 4) / z.var() ** 2 - 3)


def test_same_in_another_process_and_whatever_else_is_asked_for() -> None:
    code = (
        "from positioning.data.sample import SampleSource\n"
        "d = SampleSource().deliver(['1157.HK'], ['TRY'])\n"
        "print(d.bars['1157.HK'].digest(), d.rates['TRY'].digest())"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == [bars("1157.HK").digest(), everything().rates["TRY"].digest()]


def test_another_seed_is_another_market() -> None:
    other = SampleSource(SOURCE.seed + 1).deliver(["NTR"], ["TRY"])
    assert other.bars["NTR"].digest() != bars("NTR").digest()
    assert other.rates["TRY"].digest() != everything().rates["TRY"].digest()
    assert np.array_equal(other.bars["NTR"].dates, bars("NTR").dates)


def test_covers_every_long_hedge_and_benchmark_the_positions_name() -> None:
    named = NAMED.split()
    assert set(named) <= set(UNIVERSE) <= set(table())
    lacked = SOURCE.deliver(["KMGZ.AD", "BTC-USD", "^FTSE", "NTR"], ["XXX", "HKD"])
    assert set(lacked.bars) == {"NTR"}
    assert set(lacked.rates) == {"HKD"}


@pytest.mark.parametrize(
    ("symbol", "venue"), [("ZIM", "XNYS"), ("HLAG.DE", "XETR"), ("RELIANCE.NS", "XBOM"), ("7203.T", "XTKS")]
)
def test_a_name_it_does_not_know_is_made_up_with_stated_defaults(symbol: str, venue: str) -> None:
    given = SOURCE.deliver([symbol], [])
    b = given.bars[symbol]
    assert np.array_equal(b.dates, sessions(venue, FIRST, LAST))
    assert any(
        n.symbol == symbol and "made up with volatility and betas of its region" in n.text
        for n in given.notices
    )
    moves = np.diff(np.log(b.close))
    # 0.8 of New York's 0.19 and own noise of 0.32 a year, with dividends; sessions of eight years scatter by 2 %
    assert 0.3 < moves.std() * np.sqrt(252) < 0.43
    assert SOURCE.deliver([symbol, "NTR"], []).bars["NTR"].digest() == bars("NTR").digest()


@pytest.mark.parametrize("symbol", UNIVERSE)
def test_bars_are_sound_and_on_sessions_within_the_listing(symbol: str) -> None:
    b, i = bars(symbol), instrument(symbol)
    held = sessions(i.venue, FIRST, LAST)
    assert np.isin(b.dates, held).all()
    assert i.listed is None or b.dates[0] >= np.datetime64(i.listed)
    assert i.delisted is None or b.dates[-1] <= np.datetime64(i.delisted)
    assert (b.low <= np.minimum(b.open, b.close)).all()
    assert (b.high >= np.maximum(b.open, b.close)).all()
    assert ((b.volume > 0) | suspended(b)).all()
    if symbol not in ("3339.HK", "EVR.L"):  # the two that are halted
        inside = held[(held >= b.dates[0]) & (held <= b.dates[-1])]
        assert np.array_equal(b.dates, inside)
        assert not suspended(b).any()


def test_spans() -> None:
    assert bars("NTR").dates[0] == FIRST
    assert bars("NTR").dates[-1] == LAST
    assert bars("KSPI").dates[0] == np.datetime64("2024-01-19")
    assert bars("6031.HK").dates[0] == np.datetime64("2025-10-28")


@pytest.mark.parametrize("symbol", MEASURED)
def test_keeps_the_measured_moments(symbol: str) -> None:
    """Volatility within 15%: its mean square is set, what is left is closed days and the dividends' rounding.

    Betas within 0.2, three standard errors of the noisiest name (0.7 / 0.19 / sqrt(1900) = 0.085) being 0.25
    and of a median one 0.13.
    """
    vol, spy, hsi = MEASURED[symbol]
    y = daily(symbol)
    assert np.nanstd(y) * np.sqrt(252) == pytest.approx(vol, rel=0.15)
    assert betas(y, daily("SPY"), daily("^HSI")) == pytest.approx([spy, hsi], abs=0.2)


def test_tails_are_fat_and_volatility_clusters() -> None:
    """A sample kurtosis scatters by half its value, so each is only held above what a normal ever shows (its
    standard error is 0.11) and their median to the measured one, 4.1, within a factor of two."""
    found = [excess_kurtosis(s) for s in MEASURED]
    assert min(found) > 1.5
    assert 2 < np.median(found) < 8
    assert 5 < excess_kurtosis("SPY") < 40
    size = np.abs(daily("SPY")[np.isfinite(daily("SPY"))])
    lag_5 = np.corrcoef(size[5:], size[:-5])[0, 1]
    assert lag_5 > 0.1  # 4.5 standard errors of independent days


def test_hong_kong_answers_new_york_in_the_next_session() -> None:
    """Standard errors: 0.23 / 0.19 / sqrt(1900) = 0.028 for the index, so 0.1 is three and more."""
    spy = daily("SPY")
    known = np.cumsum(np.nan_to_num(spy))
    hong_kong = np.nonzero(np.isfinite(daily("^HSI")))[0]
    before = np.diff(known[hong_kong - 1])  # New York from the session before up to the evening before
    for symbol in ("^HSI", "2800.HK", "1157.HK"):
        y = daily(symbol)
        assert abs(betas(y, spy)[0]) < 0.1, symbol
        assert betas(y[hong_kong[1:]], before)[0] > 0.15, symbol
    b = bars("^HSI")
    after_open = np.log(b.close / b.open)[2:]
    assert abs(betas(after_open, before)[0]) < 0.1  # all of it is in the opening: nothing left to trade on


def test_fertilizer_reacts_after_its_events_and_not_before() -> None:
    """Over 20 draws the mean of 37 event dates (two carry two events, which count twice) has a standard error
    of about 0.2%: 6% of noise an event and 2.5% from the names' two days, over sqrt(740)."""
    reaction = THESIS.sample.tables["reactions"]["agriculture"]
    signed = [(d, 1) for d in set(reaction["up"])] + [(d, -1) for d in set(reaction["down"])]
    before, after = [], []
    for seed in range(20):
        found = SampleSource(seed).knowing(THESIS).deliver(["NTR", "MOS", "SPY"], []).bars
        days = found["SPY"].dates
        level = {s: np.log(b.close) + np.cumsum(b.dividends / b.close) for s, b in found.items()}
        own = (level["NTR"] + level["MOS"]) / 2 - level["SPY"]
        for day, sign in signed:
            at = int(np.searchsorted(days, np.datetime64(day), side="right"))
            before.append(sign * (own[at - 1] - own[at - 3]))
            after.append(sign * (own[at + 1] - own[at - 1]))
    assert np.mean(after) == pytest.approx(0.020, abs=0.006)
    # Neighbours, such as 2 and 4 March 2022, reach into one another's days before.
    assert abs(np.mean(before)) < 0.006


def test_sleeves_move_together() -> None:
    def own(symbol: str) -> FloatArray:
        y, spy, hsi = daily(symbol), daily("SPY"), daily("^HSI")
        return np.asarray(y - np.column_stack([spy, hsi]) @ betas(y, spy, hsi))

    def together(a: str, b: str) -> float:
        x, y = own(a), own(b)
        ok = np.isfinite(x) & np.isfinite(y)
        return float(np.corrcoef(x[ok], y[ok])[0, 1])

    assert together("NTR", "MOS") == pytest.approx(0.5, abs=0.15)
    assert together("1157.HK", "3808.HK") == pytest.approx(0.25, abs=0.15)
    assert abs(together("NTR", "1157.HK")) < 0.1


def test_dividends_come_off_the_price() -> None:
    months = bars("NTR").dates[bars("NTR").dividends > 0].astype("datetime64[M]").astype(int) % 12 + 1
    assert set(months) == {3, 6, 9, 12}
    assert months.size == 32
    assert np.count_nonzero(bars("1157.HK").dividends) == 16
    b = bars("1919.HK")
    due = np.nonzero(b.dividends)[0]
    # 4% each time: the mean over 16 ex-dates of a 3% day has a standard error of 0.8%.
    assert np.mean(b.dividends[due] / b.close[due - 1]) == pytest.approx(0.04, abs=0.001)
    assert np.mean(np.log(b.open[due] / b.close[due - 1])) == pytest.approx(np.log(0.96), abs=0.03)


def test_a_split_is_adjusted_and_told() -> None:
    b, day = bars("CF"), np.datetime64("2022-06-15")
    assert any("2-for-1 split on 2022-06-15" in n.text for n in b.notices)
    before = b.dates < day
    cents = b.close * 100
    assert np.allclose(cents[~before], np.round(cents[~before]), atol=1e-6)
    assert np.allclose(2 * cents[before], np.round(2 * cents[before]), atol=1e-6)
    assert not np.allclose(cents[before], np.round(cents[before]), atol=1e-6)  # half cents: old shares
    at = int(np.argmax(~before))
    assert abs(np.log(b.close[at] / b.close[at - 1])) < 0.2


def test_a_halt_has_flat_rows_and_then_none() -> None:
    b, held = bars("3339.HK"), sessions("XHKG", FIRST, LAST)
    assert suspended(b).sum() == 13
    missing = np.setdiff1d(held, b.dates)
    assert missing.size == 12
    assert b.dates[suspended(b)][0] == np.datetime64("2022-06-06")
    stretch = held[(held >= b.dates[suspended(b)][0]) & (held <= missing[-1])]
    assert stretch.size == 25


def test_a_delisted_name_ends_just_under_its_exit_price() -> None:
    b = bars("1839.HK")
    assert b.dates[-1] == np.datetime64("2024-06-03")
    assert 7.45 <= b.close[-1] < 7.50
    offered = b.dates >= np.datetime64("2024-01-02")
    assert (b.close[offered] < 7.50).all()
    assert np.log(b.close[offered][0] / b.close[~offered][-1]) == pytest.approx(np.log(1.25), abs=0.06)


def test_a_suspended_name_stays_at_its_last_price() -> None:
    b = bars("EVR.L")
    after = b.dates > np.datetime64("2022-03-10")
    assert suspended(b)[after].all()
    assert not suspended(b)[~after].any()
    assert b.dates[-1] < LAST


def test_currencies_reach_their_last_rate_and_hong_kong_keeps_its_band() -> None:
    rates = everything().rates
    assert 1 / rates["TRY"].usd[[0, -1]] == pytest.approx([3.758, 42.97])
    per_dollar = 1 / rates["HKD"].usd
    assert (per_dollar >= 7.75 - 1e-12).all()
    assert (per_dollar <= 7.85 + 1e-12).all()


def test_a_driver_is_known_only_after_its_month() -> None:
    potash = everything().drivers["POTASH"]
    assert (potash.known > potash.dates + 30).all()
    assert potash.dates[int(np.argmax(potash.values))].astype("datetime64[Y]") == np.datetime64("2022")


def test_loads_as_a_simulated_market() -> None:
    names = [s for s in UNIVERSE if s not in ("MOO", "^HSI")]
    market = load(SOURCE, names, ["MOO"], Span(np.datetime64("2018-01-02"), LAST))
    assert market.simulated
    assert market.source == "sample"
    assert any("SIMULATED" in n.text for n in market.notices)
    halted = market.column("3339.HK")
    day = int(np.searchsorted(market.rows, np.datetime64("2022-06-08")))
    assert market.venue_open[day, halted]
    assert not market.tradable[day, halted]
    assert np.isfinite(market.close[day, halted])
