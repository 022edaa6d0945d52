"""A caller's own frames: what cannot be meant is refused in one line, whatever its form."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from positioning.errors import BadInputError
from positioning.market.market import Market
from positioning.market.venues import sessions

DAYS = pd.DatetimeIndex(sessions("XNYS", np.datetime64("2020-01-02"), np.datetime64("2020-06-30")))
WALK = np.random.default_rng(0).normal(0.0, 0.02, (len(DAYS), 2)).cumsum(axis=0)
CLOSE = pd.DataFrame(np.array([20.0, 50.0]) * np.exp(WALK), DAYS, ["MOS", "NTR"])
RATES = pd.DataFrame({"HKD": np.full(len(DAYS), 1 / 7.8)}, DAYS)


def cell(frame: pd.DataFrame, value: object) -> pd.DataFrame:
    made = frame.astype(object)
    made.iloc[9, 0] = value
    return made


def one() -> pd.DataFrame:
    return pd.DataFrame(dict.fromkeys(("Open", "High", "Low", "Close"), CLOSE["MOS"]))


CLOSES: dict[str, tuple[Callable[[], Any], str]] = {
    "a series": (lambda: CLOSE["MOS"], "close is a Series"),
    "an array": (CLOSE.to_numpy, "close is a ndarray"),
    "nothing": (lambda: None, "close is a NoneType"),
    "prices of one": (one, "prices of one symbol"),
    "in small letters": (lambda: one().rename(columns=str.lower), "prices of one symbol"),
    "in capitals": (lambda: one().rename(columns=str.upper), "prices of one symbol"),
    "volume as a symbol": (lambda: CLOSE.set_axis(["MOS", "Volume"], axis=1), "prices of one symbol"),
    "text": (lambda: cell(CLOSE, "abc"), "MOS: close 'abc' on 2020-01-15"),
    "true or false": (lambda: CLOSE > 0, "MOS: close 'True'"),
    "complex": (lambda: CLOSE.astype(complex), "wanted a number"),
    "without any": (lambda: CLOSE.assign(MOS=np.nan), "MOS has no close at all"),
    "no name": (lambda: CLOSE.set_axis([None, "NTR"], axis=1), "wanted a symbol"),
    "two lines": (lambda: CLOSE.set_axis(["a\nb", "NTR"], axis=1), r"a column named 'a\\nb'"),
    "to come": (lambda: CLOSE.set_axis(pd.bdate_range("2098-01-01", periods=len(DAYS))), "yet to come"),
    "weekly": (lambda: CLOSE.resample("W-FRI").last(), "7 days apart: weekly"),
    "monthly": (lambda: CLOSE.resample("ME").last(), "monthly"),
    "every day": (lambda: CLOSE.resample("D").ffill(), "XNYS is never open, first 2020-01-04"),
}


@pytest.mark.parametrize(("made", "said"), CLOSES.values(), ids=CLOSES.keys())
def test_closes_that_cannot_be_meant(made: Callable[[], Any], said: str) -> None:
    with pytest.raises(BadInputError, match=said):
        Market.from_frames(made())


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"dividends": cell(CLOSE * 0, "x")}, "MOS: dividends 'x'"),
        ({"dividends": cell(CLOSE * 0, 500.0)}, "above the close of"),
        ({"dividends": (CLOSE * 0)["MOS"]}, "dividends is a Series"),
        ({"volume": cell(CLOSE, -1.0)}, "a volume below zero"),
        ({"open": cell(CLOSE, -1.0)}, "MOS: open -1 on 2020-01-15"),
        ({"currency": "GBX"}, "give currency='GBP'"),
        ({"base": "usd"}, "wanted three capitals"),
        ({"currency": "HKD", "rates": 1 / RATES}, "the wrong way round"),
        ({"currency": "HKD", "rates": RATES.assign(HKD=np.where(np.arange(len(DAYS)) == 50, 13.0, 1 / 7.8))}, "spike"),
        ({"currency": "HKD", "rates": RATES / 100}, "another currency, or another unit"),
    ],
)  # fmt: skip
def test_what_stands_beside_them_is_checked_too(given: dict[str, Any], said: str) -> None:
    with pytest.raises(BadInputError, match=said):
        Market.from_frames(CLOSE, **given)


def test_numbers_of_any_type_are_read() -> None:
    for made in (CLOSE.astype(object), CLOSE.convert_dtypes(), CLOSE.astype("string"), cell(CLOSE, None)):
        market = Market.from_frames(made)
        known = np.isfinite(market.close)
        np.testing.assert_array_equal(market.close[known], CLOSE.to_numpy()[known])
    # A Monday-to-Friday index with the holidays of no exchange is the caller's to choose.
    Market.from_frames(CLOSE.set_axis(pd.bdate_range("2020-01-02", periods=len(DAYS))))
    assert Market.from_frames(CLOSE.set_axis(["LOW", "OPEN"], axis=1)).symbols == (
        "LOW",
        "OPEN",
    )  # Lowe's, Opendoor


def test_a_download_in_small_letters_and_a_split_left_in_its_closes() -> None:
    ratios = CLOSE * 0.0
    frame = pd.concat({"close": CLOSE, "open": CLOSE, "dividends": CLOSE * 0, "stock splits": ratios}, axis=1)
    assert Market.from_frames(frame.swaplevel(axis=1)).symbols == ("MOS", "NTR")
    ratios.iloc[60, 1] = 4.0
    raw = CLOSE.copy()
    raw.iloc[:60, 1] *= 4.0
    told = {"Close": CLOSE, "Dividends": CLOSE * 0, "Stock Splits": ratios}
    Market.from_frames(pd.concat(told, axis=1))
    with pytest.raises(
        BadInputError, match=f"NTR: a split of 4 is left in its closes on {DAYS[60]:%Y-%m-%d}"
    ):
        Market.from_frames(pd.concat(told | {"Close": raw}, axis=1))


def broken(rows: slice, factor: float) -> pd.DataFrame:
    made = CLOSE.copy()
    made.iloc[rows, 0] *= factor
    return made


COURSES: dict[str, tuple[slice, float, str]] = {
    "pence before, pounds after": (slice(0, 60), 100.0, "MOS: unit_switch on 2020-03-30"),
    "pounds before, pence after": (slice(60, None), 100.0, "MOS: unit_switch on 2020-03-30"),
    "a row in pence": (slice(60, 61), 100.0, "MOS: unit_switch on 2020-03-30"),
    "a row tenfold": (slice(60, 61), 10.0, "MOS: print on 2020-03-30"),
    "a split left in": (slice(0, 60), 4.0, "MOS: split on 2020-03-30"),
    "a reverse split left in": (slice(0, 60), 1 / 8, "MOS: split on 2020-03-30"),
    "another share from there": (slice(60, None), 70.0, "MOS: jump on 2020-03-30"),
}


@pytest.mark.parametrize(("rows", "factor", "said"), COURSES.values(), ids=COURSES.keys())
def test_closes_of_two_units_or_bases_are_refused_as_those_of_a_file_are(
    rows: slice, factor: float, said: str
) -> None:
    made = broken(rows, factor)
    with pytest.raises(BadInputError, match=rf"{said}.*: .*give accepted=MOS:"):
        Market.from_frames(made)
    word = said.partition(" on ")[0].replace(": ", ":")
    market = Market.from_frames(made, accepted=(word,))
    assert [f.remedy for f in market.findings if f.check == word.partition(":")[2]] == [
        f"accepted, as {word}"
    ]


def test_an_open_nobody_paid_in_a_frame_is_refused_and_a_true_crash_is_told() -> None:
    opens = CLOSE.copy()
    opens.iloc[60, 1] /= 10
    with pytest.raises(BadInputError, match="NTR: print on 2020-03-30: 1 row opening far from"):
        Market.from_frames(CLOSE, open=opens)
    crash = CLOSE.copy()
    crash.iloc[60:, 0] *= 0.4
    crash.iloc[61:64, 0] *= [0.8, 1.3, 0.9]
    assert [(f.check, f.severity) for f in Market.from_frames(crash).findings] == [("large_move", "warning")]


def test_a_few_rows_by_hand_say_nothing_of_how_they_usually_move() -> None:
    made = Market.from_frames(pd.DataFrame({"A": [100.0, 1.0, 100.0, 100.0]}, DAYS[:4]))
    assert made.close[:, 0].tolist() == [100.0, 1.0, 100.0, 100.0]
