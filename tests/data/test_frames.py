"""Frames of a notebook as a source: the same account as from files of the same prices."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest

from positioning import (
    BadInputError,
    Basket,
    DataMissingError,
    FolderSource,
    FramesSource,
    Market,
    RunSettings,
    backtest,
    load,
)
from positioning.events.thesis_file import read_thesis
from positioning.market.instruments import instrument
from positioning.market.venues import sessions

DAYS = pd.bdate_range("2022-01-03", periods=400)
RECORD = Path(__file__).parents[2] / "strategies" / "record"


@dataclass(frozen=True)
class Pair(Basket):
    """Two names."""

    name: ClassVar[str] = "pair"
    theme: ClassVar[str] = "fertilizer"
    benchmark: ClassVar[str] = "SPY"

    legs: tuple[str, ...] = ("NTR", "1157.HK")


def closes(seed: int = 7) -> pd.DataFrame:
    """Three walks, with cents, each on the sessions of its venue."""
    walk = np.exp(np.random.default_rng(seed).normal(0.0003, 0.012, (len(DAYS), 3)).cumsum(axis=0))
    frame = pd.DataFrame((50 * walk).round(2), DAYS, ["NTR", "1157.HK", "SPY"])
    for symbol in frame:
        held = sessions(instrument(symbol).venue, np.datetime64(DAYS[0], "D"), np.datetime64(DAYS[-1], "D"))
        frame.loc[~DAYS.isin(held), symbol] = np.nan
    return frame


def rates() -> pd.DataFrame:
    return pd.DataFrame({"HKD": 0.128 + 0.0001 * np.sin(np.arange(len(DAYS)))}, DAYS)


def folder(place: Path, frame: pd.DataFrame) -> FolderSource:
    """The same prices as files."""
    for symbol in frame:
        held = frame[symbol].dropna()
        pd.DataFrame({"Close": held}).to_csv(place / f"{symbol}.csv", index_label="Date")
    pd.DataFrame({"Close": rates()["HKD"]}).to_csv(place / "HKDUSD_X.csv", index_label="Date")
    return FolderSource(place)


@pytest.mark.usefixtures("other_programs_unasked")
def test_a_report_with_its_benchmark_is_that_of_files_of_the_same_prices(tmp_path: Path) -> None:
    thesis = read_thesis(RECORD)
    asked = {"placebos": 0}
    ours = backtest(Pair(), RunSettings(FramesSource(closes(), rates()), thesis, **asked))
    theirs = backtest(Pair(), RunSettings(folder(tmp_path, closes()), thesis, **asked))
    np.testing.assert_array_equal(ours.result.nav, theirs.result.nav)
    assert ours.result.trades.any()
    assert ours.benchmark is not None
    assert theirs.benchmark is not None
    np.testing.assert_array_equal(ours.benchmark.levels, theirs.benchmark.levels)
    page = ours.tearsheet(tmp_path / "pair.html")
    assert "Pair" in page.read_text(encoding="utf-8")


def test_the_frame_of_a_download_and_a_frame_a_symbol_give_the_same_bars() -> None:
    price = closes()
    paid = price * 0
    paid.iloc[100, 0] = 0.5
    both = {"Close": price, "Open": price + 0.01, "Dividends": paid}
    whole = pd.concat(both, axis=1, names=["Price", "Ticker"])
    apart = {s: pd.DataFrame({name: frame[s] for name, frame in both.items()}) for s in price}
    lower = {s: frame.rename(columns=str.lower) for s, frame in apart.items()}
    found = [
        FramesSource(given, rates()).deliver(["NTR", "1157.HK"], ["HKD"])
        for given in (whole, whole.swaplevel(axis=1), apart, lower)
    ]
    for delivery in found[1:]:
        assert {s: b.digest() for s, b in delivery.bars.items()} == {
            s: b.digest() for s, b in found[0].bars.items()
        }
    assert found[0].bars["NTR"].dividends.sum() == 0.5
    assert found[0].bars["1157.HK"].dates.size == price["1157.HK"].notna().sum()


def test_pence_are_pounds_as_in_a_file() -> None:
    frame = closes()[["NTR"]].set_axis(["SHEL.L"], axis=1)
    bars = FramesSource(frame).deliver(["SHEL.L"], []).bars["SHEL.L"]
    np.testing.assert_allclose(bars.close, frame["SHEL.L"].dropna() / 100, rtol=1e-15)  # one rounding


def test_what_the_frames_lack_is_named() -> None:
    with pytest.raises(
        DataMissingError, match=r"1157\.HK can be held: no rates of HKD in frames; wanted prices and currency"
    ):
        load(FramesSource(closes()), ["1157.HK"])
    with pytest.raises(DataMissingError, match="MOS"):
        load(FramesSource(closes()), ["MOS"])


def test_the_gate_reads_frames_too() -> None:
    frame = closes()
    frame.iloc[200:, 0] /= 100  # from dollars to cents
    with pytest.raises(BadInputError, match="NTR"):
        load(FramesSource(frame), ["NTR"])


@pytest.mark.parametrize(
    ("prices", "seen"),
    [
        ({"NTR": closes()["NTR"]}, "NTR is a Series"),
        ({"NTR": closes()[["NTR"]]}, "NTR: columns NTR"),
        (closes()[["NTR"]].set_axis(["Close"], axis=1), "prices of one symbol"),
        (pd.concat({"High": closes()}, axis=1), "2 levels without a Close"),
        (closes()["NTR"], "prices is a Series"),
    ],
)
def test_what_is_no_frame_of_prices_is_refused(prices: object, seen: str) -> None:
    with pytest.raises(BadInputError, match=seen):
        FramesSource(prices)  # type: ignore[arg-type]


def test_a_market_is_no_source() -> None:
    market = Market.from_frames(closes()[["NTR", "SPY"]])
    with pytest.raises(BadInputError, match=r"source is a Market.*FramesSource"):
        RunSettings(market, read_thesis(RECORD))  # type: ignore[arg-type]


def test_a_made_rate_off_its_peg_is_taken_and_one_of_another_size_is_not() -> None:
    """Frames may be of a made world; a file of Hong Kong dollars at 10 per USD is of another currency."""
    index = pd.bdate_range("2024-01-01", periods=9)
    for rate, taken in ((0.1, True), (0.5, True), (7.8, False)):
        rates, close = pd.DataFrame({"HKD": [rate] * 9}, index), pd.DataFrame({"A": [10.0] * 9}, index)
        if taken:
            Market.from_frames(close, currency="HKD", rates=rates)
        else:
            with pytest.raises(BadInputError, match="the wrong way round"):
                Market.from_frames(close, currency="HKD", rates=rates)
