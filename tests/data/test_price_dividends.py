"""The dividends of a file: what each column says alone, and where two of them may be held against each other."""

from __future__ import annotations

import numpy as np
import pytest

from positioning.arrays import FloatArray
from positioning.data.price_basis import PriceBasis, price_basis
from positioning.data.price_columns import PriceColumns
from positioning.data.price_dividends import payments
from tests.data.made_prices import DAYS, EX, ROWS, adjusted, checks, traded, with_adjusted

NUMBER = np.arange(ROWS)
STILL = np.where(NUMBER % 2, 30.0, 31.0)  # closes that go nowhere, on a grid


def weighed(**columns: FloatArray) -> PriceBasis:
    """What a file of these columns holds."""
    named = {name.replace("_", " "): values for name, values in columns.items()}
    return price_basis("MOS", DAYS[: columns["Close"].size], named)


def on_row(row: int, amount: float) -> FloatArray:
    return np.where(row == NUMBER, amount, 0.0)


def test_a_payment_is_above_nought_and_finite_and_others_are_named() -> None:
    cells = {"Close": STILL[:6], "Dividends": np.array([np.nan, -1.0, np.inf, 0.0, 0.25, -np.inf])}
    said = payments(PriceColumns.of("MOS", DAYS[:6], cells, ""), "Dividends")
    assert said is not None
    assert said.amounts.tolist() == [0.0, 0.0, 0.0, 0.0, 0.25, 0.0]
    assert [f.seen for f in said.findings] == ["Dividends -1 (of 3 below zero or infinite)"]
    assert payments(PriceColumns.of("MOS", DAYS[:6], cells, ""), "Capital Gains") is None


@pytest.mark.parametrize("bad", [-0.5, np.inf])
def test_one_such_cell_is_enough_to_be_named(bad: float) -> None:
    made = weighed(Close=STILL, Dividends=on_row(100, bad))
    assert [(f.check, f.seen, f.first) for f in made.findings] == [
        ("price", f"Dividends {bad:g} (of 1 below zero or infinite)", DAYS[100])
    ]
    assert not made.dividends.any()


def test_a_payer_is_told_of_by_nothing_and_one_that_pays_nothing_is() -> None:
    payer = traded()
    assert 0 < payer["Dividends"].max() < 0.5
    assert weighed(**payer).notes == ()
    idle = traded() | {"Dividends": np.zeros(ROWS)}
    assert weighed(**idle).notes == ("pays no dividend by its own columns",)
    off_grid = {name: idle[name] * 1.0000123 for name in ("Open", "Close")} | {"Dividends": idle["Dividends"]}
    assert weighed(**off_grid).basis == "traded"  # it says that nothing was paid, so nothing is inside
    assert weighed(**off_grid).notes == ("pays no dividend by its own columns",)


@pytest.mark.parametrize("stated", ["", "traded"])
def test_a_file_of_closes_alone_lacks_its_dividends(stated: str) -> None:
    made = price_basis("MOS", DAYS, {"Close": traded()["Close"]}, stated)  # type: ignore[arg-type]
    told = "has neither Dividends nor Adj Close: its return lacks its dividends"
    unless = "" if stated else ", unless its closes were adjusted and then rounded"
    assert (made.basis, made.notes) == ("traded", (told + unless,))


def test_adjusted_closes_in_another_unit_are_not_the_closes() -> None:
    """Half of the close on every row: no payment is in that, and none is denied."""
    made = weighed(Close=STILL, Adj_Close=STILL / 2)
    assert (made.notes, made.findings, made.dividends.any()) == ((), (), False)
    paid = traded()
    assert checks(weighed(**paid, Adj_Close=paid["Close"] / 2)) == {"adjusted"}
    whole = weighed(Close=STILL, Adj_Close=STILL)
    assert whole.notes == ("has an Adj Close equal to its Close: no dividend was found",)
    same = weighed(**paid, Adj_Close=paid["Close"])
    assert not same.findings


def test_closes_that_hide_a_grid_are_asked_whose_shares_their_payments_are_of() -> None:
    """Brought to today's shares by a split of seven, they are sevenths of cents."""
    columns = traded()
    sevenths = {name: (columns[name] / 7).round(6) for name in ("Open", "Close")}
    sevenths["Stock_Splits"] = on_row(300, 7.0)
    todays = weighed(**sevenths, Dividends=columns["Dividends"] / 7)
    assert (todays.basis, todays.findings, todays.notes) == ("traded", (), ())
    mixed = weighed(**sevenths, Dividends=columns["Dividends"] / np.where(NUMBER < 300, 1.0, 7.0))
    assert [f.seen.partition(" of its")[0] for f in mixed.findings] == ["pays 4.20%"]
    assert "are of different shares?" in mixed.findings[0].seen


def test_closes_that_may_hold_their_dividends_are_refused_with_how_many_there_are() -> None:
    """Two payments of 0.6 % are told from moves of 1.8 % by nobody, and the closes lie on no grid."""
    columns = traded(0.0)
    close = columns["Close"] * np.exp(0.0005 * NUMBER)
    made = weighed(Close=close, Dividends=on_row(100, 0.006 * close[99]) + on_row(200, 0.006 * close[199]))
    (finding,) = made.findings
    assert (finding.check, finding.first, finding.last) == ("basis", DAYS[100], DAYS[200])
    assert finding.seen.endswith("no exchange quotes beside 2 dividends: they may hold them")
    small = weighed(Close=close, Dividends=on_row(100, 0.004 * close[99]))  # less than half a percent in sum
    assert not small.findings


@pytest.mark.parametrize("level", [30.0, 0.3])
def test_payments_inside_the_price_in_another_unit_are_named(level: float) -> None:
    columns = traded(level=level)
    inside = {name: columns[name] * adjusted(columns) for name in ("Open", "Close")}
    right = weighed(**inside, Dividends=columns["Dividends"])
    assert (right.basis, right.findings) == ("total_return", ())
    hundredfold = weighed(**inside, Dividends=100 * columns["Dividends"])
    assert hundredfold.basis == "total_return"
    assert len(hundredfold.findings) == EX.size
    assert all(" of its price, and closes " in f.seen for f in hundredfold.findings)
    one = np.where(EX[3] == NUMBER, 100.0, 1.0) * columns["Dividends"]  # a slip, not a unit
    assert not any(" of its price, and closes " in f.seen for f in weighed(**inside, Dividends=one).findings)


def test_a_column_of_gains_without_any_says_nothing() -> None:
    columns = traded()
    assert weighed(**columns, Capital_Gains=np.zeros(ROWS)).notes == ()
    alone = weighed(Close=columns["Close"], Capital_Gains=np.zeros(ROWS))
    assert alone.notes == ("pays no dividend by its own columns",)


def test_gains_are_brought_to_todays_shares_as_dividends_are() -> None:
    """A split of two on row 300 that is still in the closes: 0.4 a share before it is 0.2 of today's."""
    close = np.where(NUMBER < 300, 2.0, 1.0) * STILL
    made = weighed(
        Close=close, Stock_Splits=on_row(300, 2.0), Capital_Gains=on_row(200, 0.4) + on_row(400, 0.4)
    )
    assert made.dividends[[200, 400]].tolist() == [0.2, 0.4]
    both = weighed(
        Close=close, Stock_Splits=on_row(300, 2.0), Capital_Gains=on_row(200, 0.4), Dividends=on_row(200, 0.4)
    )
    assert both.dividends[200] == 0.2
    assert not both.findings


@pytest.mark.parametrize("late", [-6, -5, 0, 5, 6])
@pytest.mark.parametrize("row", [3, 250])
def test_whether_two_columns_tell_one_payment_or_two_is_read_off_the_steps_near_by(
    late: int, row: int
) -> None:
    """Dividends says 1 and gains say 0.5: the adjusted closes hold 1.5, five rows off at the most, or something else.
    A large payment a year before changes nothing."""
    step = row + late
    if step < 1:
        return
    gains = on_row(row, 0.5)
    held = on_row(step, 1.5) + on_row(120, 3.0)
    factor = adjusted({"Close": STILL, "Dividends": held})
    said = on_row(row, 1.0) + on_row(120, 3.0)
    made = weighed(Close=STILL, Adj_Close=STILL * factor, Dividends=said, Capital_Gains=gains)
    assert made.dividends[row] == (1.5 if abs(late) <= 5 else 1.0)
    assert made.dividends[120] == 3.0
    assert "pays 1 distributions of capital gains: counted as dividends" in made.notes


def test_two_columns_that_tell_two_amounts_are_one_question_on_its_day() -> None:
    made = weighed(Close=STILL, Dividends=on_row(200, 1.0), Capital_Gains=on_row(200, 0.5))
    (finding,) = made.findings
    assert (finding.check, finding.first, finding.last) == ("adjusted", DAYS[200], DAYS[200])
    assert finding.seen == "pays 1 by Dividends and 0.5 by Capital Gains: one payment or two?"
    near = weighed(Close=STILL, Dividends=on_row(200, 1.0), Capital_Gains=on_row(200, 1.0 + 5e-7))
    assert not near.findings  # the same amount, but for its digits
    apart = weighed(Close=STILL, Dividends=on_row(200, 1.0), Capital_Gains=on_row(200, 1.0 + 3e-6))
    assert len(apart.findings) == 1


@pytest.mark.parametrize("late", [-6, -5, -1, 0, 1, 5, 6])
def test_a_payment_is_one_where_its_days_lie_five_rows_apart_and_two_where_six_do(late: int) -> None:
    factor = adjusted({"Close": STILL, "Dividends": on_row(250 + late, 1.0)})
    made = weighed(Close=STILL, Adj_Close=STILL * factor, Dividends=on_row(250, 1.0))
    if abs(late) <= 5:
        assert not made.findings
        return
    (finding,) = made.findings
    first, last = sorted((250, 250 + late))
    assert (finding.check, finding.first, finding.last) == ("adjusted", DAYS[first], DAYS[last])


@pytest.mark.parametrize(("wrong", "more"), [(1, ""), (3, ""), (4, " (and 1 more)"), (5, " (and 2 more)")])
def test_three_contradictions_are_told_and_the_others_counted(wrong: int, more: str) -> None:
    columns = traded(0.012)
    whole = with_adjusted(columns)
    whole["Dividends"] = columns["Dividends"].copy()
    whole["Dividends"][EX[:wrong]] = 0.0
    (finding,) = price_basis("MOS", DAYS, whole).findings
    told = ", ".join(f"0.00% and 1.20% on {DAYS[row]}" for row in EX[: min(wrong, 3)])
    sum_of_all = -wrong * np.log(0.988)
    assert (
        finding.seen
        == f"Dividends and Adj Close contradict, {sum_of_all:.2%} of the price in sum: {told}{more}"
    )
    assert (finding.first, finding.last) == (DAYS[EX[0]], DAYS[EX[wrong - 1]])


@pytest.mark.parametrize(("fall", "refused"), [(0.004, False), (0.006, True)])
def test_negative_dividends_are_told_apart_from_those_that_are_paid(fall: float, refused: bool) -> None:
    """Adjusted over close rises by a payment of one on row 100, and falls on row 300."""
    factor = adjusted({"Close": STILL, "Dividends": on_row(100, 1.0)})
    factor[:300] *= 1 + fall
    made = weighed(Close=STILL, Adj_Close=STILL * factor)
    text = f"has an Adj Close implying 1 negative dividends (first {DAYS[300]}), {np.log1p(fall):.2%} in sum"
    assert [(f.seen, f.first, f.last) for f in made.findings] == (
        [(text, DAYS[300], DAYS[300])] if refused else []
    )
    assert made.notes == (() if refused else (f"{text}: not used",))
    np.testing.assert_allclose(
        made.dividends, on_row(100, 1.0), atol=1e-4
    )  # four decimals of the adjusted closes


def holed(*holes: tuple[int, int], also_close: bool = False, pays: bool = False) -> PriceBasis:
    """A file whose adjusted closes are empty from row to row."""
    close, whole = STILL.copy(), STILL * adjusted({"Close": STILL, "Dividends": on_row(250, 1.0)})
    for begin, end in holes:
        whole[begin:end] = np.nan
        if also_close:
            close[begin:end] = np.nan
    columns = {"Close": close, "Adj_Close": whole}
    return weighed(**columns, Dividends=on_row(250, 1.0)) if pays else weighed(**columns)


@pytest.mark.parametrize(
    ("holes", "empty"),
    [
        ([(100, 120)], 0), ([(100, 121)], 21), ([(0, 20)], 0), ([(0, 21)], 21), ([(ROWS - 20, ROWS)], 0),
        ([(ROWS - 21, ROWS)], 21), ([(100, 115), (200, 215)], 0), ([(100, 121), (200, 215)], 36),
    ],
)  # fmt: skip
def test_twenty_one_rows_without_an_adjusted_close_are_half_a_column(
    holes: list[tuple[int, int]], empty: int
) -> None:
    text = f"Adj Close is empty on {empty} of {ROWS} rows"
    found = [f for f in holed(*holes).findings if "is empty" in f.seen]
    assert [(f.seen, f.check) for f in found] == ([(text, "adjusted")] if empty else [])
    if empty:
        assert (found[0].first, found[0].last) == (DAYS[holes[0][0]], DAYS[holes[-1][1] - 1])
    beside = holed(*holes, pays=True)
    assert not any("is empty" in f.seen for f in beside.findings)
    assert (f"{text}: there its Dividends stand alone" in beside.notes) is bool(empty)


def test_rows_that_have_no_close_lack_no_adjusted_close() -> None:
    assert not holed((100, 160), also_close=True).findings
    made = price_basis("MOS", DAYS, {
        "Close": np.where((NUMBER >= 100) & (NUMBER < 115), np.nan, STILL),
        "Adj Close": np.where((NUMBER >= 100) & (NUMBER < 130), np.nan, STILL),
    })  # fmt: skip
    assert not made.findings  # thirty rows in a row, fifteen of which have a close


def test_the_dividend_of_an_adjusted_close_beside_a_stated_basis_is_the_same() -> None:
    columns = with_adjusted(traded())
    del columns["Dividends"]
    plain, stated = price_basis("MOS", DAYS, columns), price_basis("MOS", DAYS, columns, "split")
    np.testing.assert_array_equal(plain.dividends, stated.dividends)
    assert plain.notes == stated.notes == ()
