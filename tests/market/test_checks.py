"""Errors below a factor of fifty, calendars, currencies, benchmarks and frames: each made from a seed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from positioning.arrays import DateArray, FloatArray
from positioning.data.folder import FolderSource
from positioning.errors import BadInputError
from positioning.market.bars import Bars, Rates
from positioning.market.benchmark import benchmark
from positioning.market.calendar_checks import frequency_findings, off_days
from positioning.market.coverage import Span
from positioning.market.findings import errors
from positioning.market.load import load, suspended
from positioning.market.market import Market
from positioning.market.quality import check
from positioning.market.venues import sessions

NYSE = sessions("XNYS", np.datetime64("2020-01-02"), np.datetime64("2021-12-31"))
NO_DATES: dict[str, DateArray] = {}


def walk(rows: int = 300, daily: float = 0.015, seed: int = 4) -> FloatArray:
    return 40.0 * np.exp(np.cumsum(np.random.default_rng(seed).normal(0, daily, rows)))


def made(close: FloatArray, dates: DateArray = NYSE, symbol: str = "MOS", **given: FloatArray) -> Bars:
    rows = close.size
    columns = {n: given.get(n, np.full(rows, np.nan)) for n in ("open", "high", "low", "volume")}
    return Bars(symbol, dates[:rows], close=close, dividends=np.zeros(rows), **columns)


def wrong(b: Bars, near: dict[str, DateArray] = NO_DATES) -> list[tuple[str, str]]:
    return [(f.check, str(f.first)) for f in errors(check({b.symbol: b}, {}, crash_dates=near))]


def whole(close: FloatArray) -> dict[str, FloatArray]:
    """Open, high and low around a close, half a per cent either way."""
    return {
        "open": close * 0.998,
        "high": close * 1.005,
        "low": close * 0.995,
        "volume": np.full(close.size, 1e6),
    }


@pytest.mark.parametrize("factor", [10.0, 0.1, 2.0, 0.5])
@pytest.mark.parametrize("rows", [1, 3])
def test_a_close_that_leaves_and_comes_back_is_an_error(factor: float, rows: int) -> None:
    close = walk()
    false = close.copy()
    false[150 : 150 + rows] *= factor
    assert wrong(made(false)) == [("print", str(NYSE[150]))]  # closes alone
    found = wrong(made(false, **whole(close)))  # outside its own range; later opens lie off the false closes
    assert found[0] == ("print", str(NYSE[150]))
    assert {name for name, _ in found} == {"print"}
    assert wrong(made(close, **whole(close))) == []
    assert wrong(made(false), {"MOS": NYSE[150:151]}) == []  # a restriction may explain it: a warning


def test_a_day_that_its_own_range_bears_out_is_no_error() -> None:
    close = walk()
    close[150] *= 1.8
    ranges = whole(close)
    ranges["low"][150], ranges["high"][151] = close[149], close[150]
    assert wrong(made(close, **ranges)) == []


@pytest.mark.parametrize("factor", [0.1, 10.0, 2.0])
def test_an_open_off_both_closes_is_an_error(factor: float) -> None:
    close = walk()
    ranges = whole(close)
    ranges["open"][40] *= factor
    ranges["low"][40], ranges["high"][40] = (
        min(ranges["low"][40], ranges["open"][40]),
        max(ranges["high"][40], ranges["open"][40]),
    )
    assert wrong(made(close, **ranges)) == [("print", str(NYSE[40]))]
    assert wrong(made(close, **ranges), {"": NYSE[40:41]}) == []


@pytest.mark.parametrize("ratio", [4, 10, 2, 1 / 10, 1 / 5])
def test_a_split_left_in_is_an_error_and_a_crash_is_none(ratio: float) -> None:
    close = walk(daily=0.01)
    left = close.copy()
    left[:150] *= ratio
    assert [c for c, _ in wrong(made(left, **whole(left)))] in (["split"], ["jump"])
    # A crash goes on moving: 40 % days before and after, at no split's ratio.
    crash = close.copy()
    crash[150:] *= 0.43
    crash[151:] *= 1.15
    assert wrong(made(crash, **whole(crash))) == []


def test_closes_and_ranges_on_two_bases_are_an_error() -> None:
    close = walk()
    adjusted = close * np.where(np.arange(300) < 200, 0.9, 1.0)
    assert ("basis", str(NYSE[0])) in wrong(made(adjusted, **whole(close)))
    opens = {"open": close * 0.999}
    assert [c for c, _ in wrong(made(adjusted, **opens))] == ["basis"]


HELD = sessions("XHKG", np.datetime64("2020-01-02"), np.datetime64("2021-12-31"))


@pytest.mark.parametrize(("shift", "said"), [(-1, "a day early"), (1, "a day late")])
def test_dates_a_day_off_are_an_error(shift: int, said: str) -> None:
    for begin in (0, 250):  # the whole series, or its second half
        dates = HELD.copy()
        dates[begin:] += np.timedelta64(shift, "D")
        dates = np.unique(dates)
        b = made(walk(dates.size), dates, "1157.HK")
        (f,) = [f for f in errors(check({"1157.HK": b}, {})) if f.check == "calendar"]
        assert said in f.seen


@pytest.mark.parametrize(("step", "said"), [(5, "weekly"), (21, "monthly")])
def test_bars_that_are_not_daily_are_an_error(step: int, said: str) -> None:
    b = made(walk(300)[::step], HELD[:300:step], "1157.HK")
    (f,) = errors(check({"1157.HK": b}, {}))
    assert f.check == "calendar"
    assert said in f.seen
    usd = Rates("HKD", HELD[:300:step], np.full(HELD[:300:step].size, 1 / 7.8), "HKD_X.csv")
    assert [f.check for f in errors(check({}, {"HKD": usd}))] == ["calendar"]


def test_rows_of_sundays_are_an_error() -> None:
    days = np.arange("2020-01-02", "2021-01-02", dtype="datetime64[D]")
    weekday = (days.astype(int) + 3) % 7
    held = days[np.isin(days, HELD) | (weekday == 6)]
    (f,) = errors(check({"1157.HK": made(walk(held.size), held, "1157.HK")}, {}))
    assert f.check == "calendar"
    assert "Sunday" in f.seen


@pytest.mark.parametrize(
    ("currency", "per_usd"),
    [("TRY", 18.0), ("HKD", 7.8), ("EUR", 0.95), ("GBP", 0.81), ("KZT", 460.0), ("CNY", 6.7)],
)
def test_a_currency_the_wrong_way_round_is_an_error(currency: str, per_usd: float) -> None:
    days = np.arange("2022-01-03", "2022-12-30", dtype="datetime64[D]")
    days = days[np.is_busday(days)]
    noise = np.exp(np.random.default_rng(2).normal(0, 0.003, days.size))
    right, inverted = (Rates(currency, days, x * noise, "X.csv") for x in (1 / per_usd, per_usd))
    assert errors(check({}, {currency: right})) == ()
    assert [f.check for f in errors(check({}, {currency: inverted}))] == ["level"]
    assert [
        f.check for f in errors(check({}, {currency: Rates(currency, days, right.usd / 100, "X.csv")}))
    ] == ["level"]


def test_a_halt_without_a_volume_column() -> None:
    close = walk(60)
    close[20:30] = close[19]
    blank = np.full(60, np.nan)
    flat = {
        n: np.where((np.arange(60) >= 20) & (np.arange(60) < 30), close, v) for n, v in whole(close).items()
    }
    four = made(close, **{**flat, "volume": blank})
    assert np.flatnonzero(suspended(four)).tolist() == list(range(20, 30))
    # With closes alone one repeat may be a trade at the same price; what comes later moves nothing.
    alone = suspended(made(close))
    assert np.flatnonzero(alone).tolist() == list(range(21, 30))
    np.testing.assert_array_equal(suspended(made(close[:25]))[:25], alone[:25])


def folder(path: Path, **files: str) -> FolderSource:
    for name, text in files.items():
        (path / f"{name}.csv").write_text(text)
    return FolderSource(path)


def csv_of(close: FloatArray, dates: DateArray = NYSE) -> str:
    return "Date,Close\n" + "".join(f"{d},{c:.2f}\n" for d, c in zip(dates, close, strict=False))


def test_an_end_that_no_price_reaches_is_refused(tmp_path: Path) -> None:
    source = folder(tmp_path, MOS=csv_of(walk()))
    with pytest.raises(BadInputError, match="end 2199-12-31 is yet to come"):
        load(source, ["MOS"], span=Span(end=np.datetime64("2199-12-31")))
    with pytest.raises(BadInputError, match=f"after the last price of every name, {NYSE[299]}"):
        load(source, ["MOS"], span=Span(end=NYSE[299] + np.timedelta64(400, "D")))
    for days, told in ((20, False), (60, True)):
        market = load(source, ["MOS"], span=Span(end=NYSE[299] + np.timedelta64(days, "D")))
        assert any("stands still" in n.text for n in market.notices) is told


def test_a_benchmark_passes_the_gate_and_keeps_its_dividends(tmp_path: Path) -> None:
    close = np.round(walk(300), 2)
    switched = close.copy()
    switched[150:] /= 100
    source = folder(tmp_path, SPY=csv_of(switched))
    with pytest.raises(BadInputError, match="SPY: unit_switch"):
        benchmark(source, "SPY", NYSE[:300])
    assert benchmark(source, "SPY", NYSE[:300], accepted=["SPY:unit_switch"]) is not None
    lines = [f"{d},{c:.2f},0" for d, c in zip(NYSE[:300], close, strict=True)]
    lines[150] = f"{NYSE[150]},,4.0"  # the ex-date has no close
    found = benchmark(
        folder(tmp_path, DBA="Date,Close,Dividends\n" + "\n".join(lines) + "\n"), "DBA", NYSE[:300]
    )
    assert found is not None
    expected = close[-1] / close[0] * (close[151] + 4.0) / close[151]
    assert found.levels[-1] / found.levels[0] == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("columns", [("open",), ("open", "low"), ("high", "low")])
def test_a_halt_of_a_file_without_all_columns_is_one(columns: tuple[str, ...]) -> None:
    close = walk(40)
    close[20:30] = close[19]
    halted = np.flatnonzero(suspended(made(close, **dict.fromkeys(columns, close)))).tolist()
    assert halted == list(range(21, 30))  # the second repeat on
    assert not suspended(made(close, volume=np.full(40, 9.0), open=close)).any()


@pytest.mark.parametrize("every", [5, 21])
def test_a_stretch_of_weekly_bars_beside_daily_ones(every: int) -> None:
    early, late = HELD[: HELD.size // 2 : every], HELD[HELD.size // 2 :]
    (found,) = frequency_findings("1157.HK", np.concatenate([early, late]))
    assert (found.check, found.first) == ("calendar", early[0])
    assert "beside daily ones" in found.seen
    assert not list(frequency_findings("1157.HK", HELD))  # closed for a week at New Year
    thin = np.random.default_rng(1).choice(HELD.size, HELD.size // 3, replace=False)
    assert not list(frequency_findings("TBCG.L", HELD[np.sort(thin)]))  # traded on every third day


@pytest.mark.parametrize("rows", [12, 30, 200])
def test_the_last_rows_alone_may_be_a_day_early(rows: int) -> None:
    days = HELD.copy()
    days[-rows:] -= np.timedelta64(1, "D")
    days = np.unique(days)
    off = list(off_days("1157.HK", "XHKG", days))
    assert [f.check for f in off] == (["calendar"] if rows > 12 else [])  # two Sundays are odd, four a shift


def test_a_rate_near_par_that_is_turned_round_one_day() -> None:
    """No jump is large there, and the level of the whole is between both: it is its own inverse that tells."""
    euro = 1.12 * np.exp(np.random.default_rng(3).normal(0.0, 0.004, 300).cumsum())
    turned = np.where(np.arange(300) < 150, euro, 1 / euro)
    assert not errors(check({}, {"EUR": Rates("EUR", NYSE[:300], euro, "EUR_X.csv")}))
    found = errors(check({}, {"EUR": Rates("EUR", NYSE[:300], turned, "EUR_X.csv")}))
    assert ("level", NYSE[150], "turned the other way round") in [
        (f.check, f.first, f.seen.rpartition(": ")[2]) for f in found
    ]
    franc = (
        np.where(np.arange(300) < 150, 1.06, 1.24) * euro / euro[150]
    )  # as on 15 January 2015: to no inverse
    assert not [
        f for f in errors(check({}, {"CHF": Rates("CHF", NYSE[:300], franc, "X")})) if f.check == "level"
    ]


def test_prices_beyond_the_rates_of_their_currency_are_no_account(tmp_path: Path) -> None:
    def table(days: DateArray, values: FloatArray) -> str:
        return "Date,Close\n" + "".join(f"{d},{v:.4f}\n" for d, v in zip(days, values, strict=True))

    prices, rates = table(HELD[:300], walk(300)), np.full(HELD.size, 7.8)
    late = Span(HELD[10], HELD[299])
    source = folder(tmp_path, **{"1157.HK": prices, "HKD_X": table(HELD[:285], rates[:285])})
    load(source, ["1157.HK"], span=late)  # within a month
    source = folder(tmp_path, **{"1157.HK": prices, "HKD_X": table(HELD[:200], rates[:200])})
    with pytest.raises(
        BadInputError, match=rf"rates of HKD in HKD_X.csv end on {HELD[199]}, the prices of 1157.HK"
    ):
        load(source, ["1157.HK"], span=late)
    assert (
        load(source, ["1157.HK"], span=Span(HELD[10])).rows[-1] == HELD[199]
    )  # without an end it stops there
    load(source, ["1157.HK"], span=late, crash_dates={"1157.HK": HELD[200:201]})  # a restriction stopped it
    with pytest.raises(BadInputError, match="rates of HKD"):  # a rule of a later year did not
        load(source, ["1157.HK"], span=late, crash_dates={"1157.HK": HELD[200:201] + 60})


@pytest.mark.parametrize("power", [1.0, -1.0])
def test_a_currency_by_way_of_an_inverted_euro(tmp_path: Path, power: float) -> None:
    euro = 1.18 * np.exp(np.random.default_rng(3).normal(0.0, 0.004, 60).cumsum())
    lines = [f"{d},{e**power:.4f},130,0.88,{7.8 * e:.4f}" for d, e in zip(HELD[:60], euro, strict=True)]
    source = folder(tmp_path, **{"eurofxref-hist": "\n".join(["Date,USD,JPY,GBP,HKD", *lines]) + "\n"})
    found = [f.seen.split(",")[0] for f in source.findings(["HKD=X"]) if f.check == "level"]
    assert found == ([] if power > 0 else ["goes through the euro"])


@pytest.mark.parametrize("back", [1, 2, 3])
@pytest.mark.parametrize("factor", [0.2, 2.0, 10.0, 45.0])
def test_a_close_that_leaves_in_the_last_rows_is_an_error(factor: float, back: int) -> None:
    """No later row takes it back, and an account ends there: outside its own range from a fifth on, with its range or
    without one from a factor of three on."""
    close = walk()
    false = close.copy()
    false[-back:] *= factor
    told = [("print", str(NYSE[300 - back]))]
    outside = made(false, **whole(close))
    assert told[0] in wrong(outside)
    large = abs(np.log(factor)) > np.log(3.0)
    found = [w for w in wrong(made(false)) if w[0] == "print"]
    assert found == (told if large else [])
    near = {"MOS": NYSE[300 - back : 301 - back]}
    assert not [w for w in wrong(made(false), near) if w[0] == "print"]  # a restriction explains it
    assert wrong(made(close, **whole(close))) == []


@pytest.mark.parametrize("day", range(5))
def test_a_day_of_the_week_without_prices_is_a_part_lost(day: int) -> None:
    weekday = (NYSE[:300].astype(np.int64) + 3) % 7
    kept = NYSE[:300][weekday != day]
    assert [c for c, _ in wrong(made(walk(kept.size), kept))] == ["gap"]
    every_second = NYSE[:300][(weekday != day) | (np.arange(300) % 2 == 0)]
    assert wrong(made(walk(every_second.size), every_second)) == []


INDEX = pd.DatetimeIndex(HELD[:60])
CLOSE = pd.DataFrame({"A": walk(60), "B": walk(60, seed=9)}, index=INDEX)


def test_the_whole_frame_of_a_download_is_taken_apart() -> None:
    paid = CLOSE * 0.0
    whole_frame = pd.concat(
        {"Close": CLOSE, "Open": CLOSE * 1.01, "Volume": CLOSE * 1e3, "Dividends": paid}, axis=1
    )
    for frame in (whole_frame, whole_frame.swaplevel(axis=1)):
        market = Market.from_frames(frame, venue="XHKG")
        assert market.symbols == ("A", "B")
        np.testing.assert_array_equal(market.close, CLOSE.to_numpy())
        np.testing.assert_array_equal(market.open, (CLOSE * 1.01).to_numpy())


UTC = CLOSE.tz_localize("Asia/Hong_Kong").tz_convert("UTC")
BAD: dict[str, tuple[Callable[[], pd.DataFrame], str]] = {
    "a zone": (lambda: UTC, "stamps in the zone UTC"),
    "times": (lambda: UTC.tz_localize(None), "a time of day, 2020-01-01 16:00"),
    "cut": (lambda: UTC.tz_localize(None).set_axis(UTC.tz_localize(None).index.normalize()), "every date is a day early"),
    "NaT": (lambda: CLOSE.set_axis([pd.NaT, *INDEX[1:]]), "a row without a date"),
    "order": (lambda: CLOSE.iloc[::-1], "out of order"),
    "twice": (lambda: CLOSE.set_axis([INDEX[1], *INDEX[1:]]), "repeated"),
    "adjusted": (lambda: pd.concat({"Close": CLOSE, "Adj Close": CLOSE}, axis=1), "without Dividends"),
}  # fmt: skip


@pytest.mark.parametrize(("frame", "said"), BAD.values(), ids=BAD.keys())
def test_frames_that_cannot_be_meant(frame: Callable[[], pd.DataFrame], said: str) -> None:
    with pytest.raises(BadInputError, match=said):
        Market.from_frames(frame(), venue="XHKG")


@pytest.mark.parametrize("amount", [-1.0, np.inf])
def test_dividends_of_frames_are_amounts(amount: float) -> None:
    paid = CLOSE * 0.0
    paid.iloc[3, 1] = amount
    with pytest.raises(BadInputError, match=f"B: dividends {amount:g} on {INDEX[3]:%Y-%m-%d}"):
        Market.from_frames(CLOSE, dividends=paid, venue="XHKG")


def test_a_file_of_which_a_part_was_lost_is_an_error() -> None:
    """Days 1 to 12 of each month are what is left where dates are read day-first and the rest is dropped; nothing was
    said of it but a count of gaps."""
    close = walk(NYSE.size)
    first_days = (NYSE - NYSE.astype("datetime64[M]")).astype(int) < 12
    third = np.random.default_rng(5).random(NYSE.size) < 1 / 3
    for kept, word in ((first_days, "days 1 to 12 of a month"), (~third, "have no price, in")):
        (found,) = errors(check({"MOS": made(close[kept], NYSE[kept])}, {}))
        first, last = NYSE[kept][[0, -1]]
        inside = NYSE[(first <= NYSE) & (last >= NYSE)]
        assert (found.check, found.symbol) == ("gap", "MOS")
        assert (
            str(found).count(f"{inside.size - kept.sum()} of {inside.size} sessions of XNYS have no price")
            == 1
        )
        assert word in str(found)


@pytest.mark.parametrize("lost", ["a tenth", "a year"])
def test_single_sessions_and_halts_are_no_lost_part(lost: str) -> None:
    kept = np.random.default_rng(6).random(NYSE.size) > 0.1
    if lost == "a year":
        kept = np.r_[np.full(100, True), np.full(250, False), np.full(NYSE.size - 350, True)]
    found = check({"MOS": made(walk(NYSE.size)[kept], NYSE[kept])}, {})
    assert not errors(found)
    assert any(f.check == "gap" for f in found)


def nightly(ratio: float, busy: float = 1.0) -> Bars:
    """Prices of which those before a day are multiplied by a ratio, and `busy` usual volumes change hands on it."""
    close = walk()
    columns = {**whole(close), "open": np.append(close[0], close[:-1]) * 1.001}
    columns["high"], columns["low"] = (f(columns["open"], close) for f in (np.maximum, np.minimum))
    before = np.where(np.arange(close.size) < 150, ratio, 1.0)
    columns["volume"] = 1e6 / before * np.random.default_rng(1).uniform(0.6, 1.4, close.size)
    columns["volume"][150] *= busy
    return made(close * before, **{n: v if n == "volume" else v * before for n, v in columns.items()})


@pytest.mark.parametrize(("new", "old"), [(3, 2), (4, 3), (5, 4), (2, 3), (3, 4), (4, 5)])
def test_a_small_split_left_in_is_told_from_bad_news_by_its_volume(new: int, old: int) -> None:
    """A fall by a third over a night is a split or bad news: FMC, 2025-02-05, at 7 usual volumes. Without its volume it
    is said, and is no error."""
    left = nightly(new / old)
    assert wrong(left) == [("split", str(NYSE[150]))]
    told = [f for f in check({"MOS": left}, {}) if f.check == "split"]
    assert f"a split of {new} for {old} left in?" in told[0].seen
    assert not [f for f in check({"MOS": nightly(new / old, 8.0)}, {}) if f.check == "split"]
    bare = made(left.close, open=left.open)
    assert [(f.check, f.severity) for f in check({"MOS": bare}, {}) if f.check == "split"] == [
        ("split", "warning")
    ]
    assert wrong(left, {"MOS": NYSE[150:151]}) == []  # a restriction explains it


def test_no_real_fall_is_taken_for_a_small_split(prices: Path) -> None:
    source = FolderSource(prices)
    for symbol in ("FMC", "CGEO.L", "MOS", "IPI", "1919.HK", "0631.HK"):
        bars = source.deliver([symbol], []).bars[symbol]
        assert not [f for f in check({symbol: bars}, {}) if f.check == "split"]
