"""Benchmarks: blends rebalanced monthly, dividends net of tax, price indices told as such."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from positioning.arrays import DateArray, FloatArray
from positioning.errors import BadInputError
from positioning.market.bars import Bars, Rates
from positioning.market.benchmark import Benchmark, benchmark, blended, parts
from positioning.market.instruments import instrument
from positioning.market.source import Delivery, Source
from positioning.market.venues import sessions
from positioning.simulation.taxes import read_tax

ROWS = np.arange("2024-01-02", "2024-04-30", dtype="datetime64[D]")
ROWS = ROWS[np.is_busday(ROWS)]


class Shelf(Source):
    """Series given by hand."""

    def __init__(self, **bars: Bars) -> None:
        self.bars = {b.symbol: b for b in bars.values()}

    @property
    def label(self) -> str:
        return "shelf"

    def deliver(self, symbols: Sequence[str], currencies: Sequence[str]) -> Delivery:
        rates = {c: Rates(c, ROWS, np.full(ROWS.size, 0.128), "hand") for c in currencies}
        return Delivery({s: self.bars[s] for s in symbols if s in self.bars}, rates)


def bars(symbol: str, close: FloatArray, paid: FloatArray | None = None, basis: str = "traded") -> Bars:
    """On the sessions of its venue among ROWS."""
    dates = sessions(instrument(symbol).venue, ROWS[0], ROWS[-1])
    at = np.searchsorted(ROWS, dates)
    held = close[at]
    dividends = np.zeros(held.size) if paid is None else paid[at]
    same = np.full(held.size, 1e6)
    return Bars(symbol, dates, held, held, held, held, same, dividends, basis)  # type: ignore[arg-type]


def flat(level: float = 100.0) -> FloatArray:
    return np.full(ROWS.size, level)


def path(seed: int) -> FloatArray:
    return 100 * np.exp(np.cumsum(np.random.default_rng(seed).normal(0, 0.01, ROWS.size)))


def found(source: Source, symbol: str, investor: str = "none") -> Benchmark:
    made = benchmark(source, symbol, ROWS, tax=read_tax(investor))
    assert made is not None
    return made


def test_a_blend_by_hand() -> None:
    rows: DateArray = np.array(
        ["2024-01-30", "2024-01-31", "2024-02-01", "2024-02-02"], dtype="datetime64[D]"
    )
    a, b = np.array([1.0, 1.1, 1.21, 1.21]), np.array([1.0, 1.0, 1.0, 2.0])
    # January: 0.6 x 1.1 + 0.4 = 1.06, then brought back to 60 and 40 at the close of the 31st.
    # February: 1.06 (0.6 x 1.1 + 0.4 x 1) = 1.1236; on the 2nd 1.06 (0.6 x 1.1 + 0.4 x 2) = 1.5476.
    np.testing.assert_allclose(blended([0.6, 0.4], [a, b], rows), [1.0, 1.06, 1.1236, 1.5476], rtol=1e-14)


def test_a_blend_begins_where_all_its_parts_have_begun() -> None:
    late = np.where(np.datetime64("2024-02-15") > ROWS, np.nan, 1.0)
    made = blended([0.5, 0.5], [np.ones(ROWS.size), late], ROWS)
    assert (np.isnan(made) == np.isnan(late)).all()


def test_a_blend_of_one_thing_in_two_wrappers_is_the_thing() -> None:
    own = path(0)
    np.testing.assert_allclose(blended([0.3, 0.7], [own, 5 * own], ROWS), own / own[0], rtol=1e-12)


def test_a_blend_is_read_from_words_and_states_itself() -> None:
    source = Shelf(a=bars("ACWI", path(1)), b=bars("2800.HK", path(2)))
    made = found(source, "0.6*ACWI+0.4*2800.HK")
    each = [found(source, s).levels for s in ("ACWI", "2800.HK")]
    np.testing.assert_allclose(made.levels, blended([0.6, 0.4], each, ROWS), rtol=1e-15)
    assert made.venues == (parts("ACWI")[0].instrument.venue, "XHKG")
    assert made.name == "60 % ACWI and 40 % 2800.HK, rebalanced monthly"
    assert any("rebalanced at each month's end without cost" in n.text for n in made.notices)
    assert benchmark(source, "0.6*ACWI+0.4*EEM", ROWS) is None


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("0.6*ACWI+0.3*2800.HK", "shares that add up to 0.9"),
        ("0.6*ACWI+0.6*2800.HK", "shares that add up to 1.2"),
        ("0.5*ACWI+0.5*ACWI", "names ACWI twice"),
        ("-0.5*ACWI+1.5*EEM", "the part '-0.5*ACWI'"),
        ("nan*ACWI+1*EEM", "the part 'nan*ACWI'"),
        ("half*ACWI+0.5*EEM", "the part 'half*ACWI'"),
        ("0.5*ACWI+EEM", "the part 'EEM'"),
        ("0.5*ACWI*2+0.5*EEM", "the part '0.5*ACWI*2'"),
        ("0.5*ACWI+", "the part ''"),
        ("*", "the part '*'"),
        ("0.5*acwi+0.5*EEM", "symbol 'acwi'"),
        ("+".join(["0.05*ACWI"] * 20), "has 20 parts"),
        ("ACWI+EEM", "symbol 'ACWI+EEM'"),
        ("", "symbol ''"),
    ],
)
def test_odd_blends_are_refused(text: str, complaint: str) -> None:
    with pytest.raises(BadInputError) as error:
        parts(text)
    assert complaint in str(error.value)


def test_dividends_are_net_by_the_account_s_own_table() -> None:
    paid = np.zeros(ROWS.size)
    paid[10] = 5.0
    source = Shelf(a=bars("SPY", flat(), paid))
    for investor, kept in (("none", 5.0), ("US", 5.0), ("IE", 4.25), ("HK", 3.5)):
        made = found(source, "SPY", investor)
        assert made.levels[-1] == pytest.approx(1 + kept / 100, rel=1e-15)
        assert made.remark == ("" if investor == "none" else "after dividend tax")


def test_what_cannot_be_taxed_is_said() -> None:
    inside = found(Shelf(a=bars("SPY", path(3), basis="total_return")), "SPY", "IE")
    assert inside.dividends == "gross"
    assert any("inside its price" in n.text for n in inside.notices)
    paid = np.zeros(ROWS.size)
    paid[10] = 1.0
    unknown = found(Shelf(a=bars("ZZZ", flat(), paid)), "ZZZ", "IE")
    assert unknown.levels[-1] == pytest.approx(1.01)
    assert any("without a withholding rate on record" in n.text for n in unknown.notices)


def test_an_index_without_dividends_says_so_beside_its_name() -> None:
    made = found(Shelf(a=bars("^HSI", path(4))), "^HSI")
    assert made.dividends == "none"
    assert made.title.endswith("(^HSI), a price index, without dividends")
    assert made.label == "^HSI, price index"
    blend = found(Shelf(a=bars("^HSI", path(4)), b=bars("SPY", path(5))), "0.5*^HSI+0.5*SPY")
    assert blend.remark == "a price index, without dividends"
