"""What the columns of a file say of each other where none of them says it outright."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from positioning.arrays import FloatArray
from positioning.data.adjustment import Steps
from positioning.data.price_adjusted_closes import DOUBT, equal_columns, implied_payments, rounding_room
from positioning.data.price_basis import checked_basis, price_basis
from positioning.data.price_columns import PriceColumns, is_split, nearest_split
from positioning.data.price_grid import split_of_grid
from positioning.data.price_moves import fall_by_payments, overnight
from positioning.errors import BadInputError
from tests.data.made_prices import DAYS, EX, ROWS, adjusted, checks, traded, with_adjusted


def test_the_fall_by_payments_is_that_of_the_nights() -> None:
    """Nights of 0.4 % and seven payments of 0.6 %: the slope is known within 0.004 / (0.006 sqrt 7) = 0.25, and within
    four of these of -1; the closes know it four times worse."""
    columns = traded()
    nights = overnight(columns["Open"], columns["Close"])
    slope, error = fall_by_payments(columns["Close"], columns["Dividends"], nights)
    assert error == pytest.approx(0.25, rel=0.15)
    assert abs(slope + 1) < 4 * error
    assert fall_by_payments(columns["Close"], columns["Dividends"])[1] == pytest.approx(1.13, rel=0.2)
    assert (
        overnight(np.append(columns["Close"][0], columns["Close"][:-1]), columns["Close"]) is None
    )  # made up


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda c: c, set()),
        (
            lambda c: c | {"Dividends": c["Dividends"] * 5},
            {"basis"},
        ),  # in another unit: 3 % a quarter, and no fall
        (lambda c: c | {n: (c[n] * adjusted(c)).round(2) for n in ("Open", "Close")}, {"basis"}),
        (lambda c: c | {"Dividends": np.full(ROWS, 0.02)}, {"adjusted"}),  # a yearly rate on every row
        (lambda c: c | {"Dividends": np.maximum.accumulate(c["Dividends"])}, {"adjusted"}),  # carried down
        (lambda c: c | {"Dividends": c["Dividends"].cumsum()}, {"adjusted"}),
    ],
)
def test_payments_by_which_prices_did_not_fall_are_an_error(
    change: Callable[[dict[str, FloatArray]], dict[str, FloatArray]], found: set[str]
) -> None:
    """Without an Adj Close, on a grid of cents. Payments of 1.5 %: the two readings lie ten standard errors apart."""
    made = price_basis("MOS", DAYS, change(traded(0.015)))
    assert checks(made) == found
    if found == {"basis"}:
        assert "give basis=MOS=total_return" in made.findings[0].remedy
    stated = price_basis("MOS", DAYS, change(traded(0.015)), "split")
    assert "basis" not in checks(stated)


def test_small_payments_are_an_error_beside_pence_and_of_a_share_and_a_notice_of_a_fund_of_bills() -> None:
    columns = traded()
    columns["Dividends"] /= 100
    pence = price_basis("BGEO.L", DAYS, columns, hundredths=True)
    assert checks(pence) == {"adjusted"}
    assert "pounds beside pence" in pence.findings[0].seen
    share = price_basis("MOS", DAYS, columns)
    assert "divided by a hundred?" in share.findings[0].seen
    calm = np.random.default_rng(3).normal(0, 0.0005, ROWS)
    bills = {
        "Close": (100 * np.exp(calm)).round(2),
        "Dividends": np.where(np.arange(ROWS) % 21 == 20, 0.01, 0.0),
    }
    told = price_basis("BIL", DAYS, bills)
    assert not told.findings
    assert "another unit?" in told.notes[-1]
    few = columns | {"Dividends": np.where(np.arange(ROWS) == 40, 0.001, 0.0)}  # 0.3 % if multiplied
    assert checks(price_basis("MOS", DAYS, few)) == set()


@pytest.mark.parametrize("ratio", [4.0, 0.1])
@pytest.mark.parametrize("closes_in", ["todays", "their day's"])
def test_payments_of_other_shares_than_the_closes_are_an_error(ratio: float, closes_in: str) -> None:
    columns = traded()
    columns["Stock Splits"] = np.where(np.arange(ROWS) == 300, ratio, 0.0)
    before = np.arange(ROWS) < 300
    assert checks(price_basis("MOS", DAYS, columns)) == set()
    raw = columns | {n: np.where(before, columns[n] * ratio, columns[n]) for n in ("Open", "Close")}
    own_shares = {"Dividends": np.where(before, columns["Dividends"] * ratio, columns["Dividends"])}
    assert checks(price_basis("MOS", DAYS, raw | own_shares)) == set()
    mixed = columns | own_shares if closes_in == "todays" else raw
    found = price_basis("MOS", DAYS, mixed).findings
    assert any("are of different shares?" in f.seen for f in found) or (ratio, closes_in) == (
        0.1,
        "their day's",
    )
    assert found


def test_payments_that_prices_hardly_fell_by_are_said_at_odds_of_twenty_and_refused_at_a_thousand() -> None:
    """Payments of 0.8 % over nights of 0.4 %: the slope is known within 0.004 / (0.008 sqrt 7) = 0.19. Closes that hold
    them (rounded to cents) show 0 of them, with odds of exp(0.56 / 2 / 0.19^2) = 2,000 in the middle; those that fall by
    them show -1, six errors from where anything is said."""
    held, fallen = [], []
    for seed in range(40):
        columns = traded(0.008, seed)
        inside = columns | {n: (columns[n] * adjusted(columns)).round(2) for n in ("Open", "Close")}
        for told, given in ((fallen, columns), (held, inside)):
            made = price_basis("MOS", DAYS, given)
            said = "did not fall" in " ".join((*made.notes, *(f.seen for f in made.findings)))
            told.append("refused" if made.findings else "said" if said else "nothing")
    assert set(fallen) == {"nothing"}
    assert held.count("refused") >= 15  # 20 expected, with a deviation of 3
    assert held.count("nothing") <= 8


@pytest.mark.parametrize("ratio", [1.05, 1.1, 0.95])
@pytest.mark.parametrize("left_in", [True, False])
def test_a_split_smaller_than_a_few_days_moves_is_seen_over_the_night(ratio: float, left_in: bool) -> None:
    columns = traded()
    columns["Stock Splits"] = np.where(np.arange(ROWS) == 300, ratio, 0.0)
    if left_in:
        for name in ("Open", "Close", "Dividends"):
            columns[name][:300] = (columns[name][:300] * ratio).round(4)
    made = price_basis("MOS", DAYS, columns)
    np.testing.assert_allclose(
        made.scale, np.where(np.arange(ROWS) < 300, 1 / ratio if left_in else 1.0, 1.0)
    )
    blind = price_basis("MOS", DAYS, {n: v for n, v in columns.items() if n != "Open"})
    if (
        blind.scale[0] != made.scale[0]
    ):  # the closes alone do not tell: it is taken to be out, and that is said
        assert any("may have its split" in told for told in blind.notes)


@pytest.mark.parametrize("row", [1, 300, ROWS - 1])
def test_a_split_is_held_against_the_row_before_it_and_no_other(row: int) -> None:
    """Closes of 30 and 31 in turn, and twice that until the day before the split."""
    close = np.where(np.arange(ROWS) % 2, 30.0, 31.0)
    split = np.where(np.arange(ROWS) == row, 2.0, 0.0)
    left_in = price_basis(
        "MOS", DAYS, {"Close": np.where(np.arange(ROWS) < row, 2.0, 1.0) * close, "Stock Splits": split}
    )
    np.testing.assert_array_equal(left_in.scale, np.where(np.arange(ROWS) < row, 0.5, 1.0))
    taken_out = price_basis("MOS", DAYS, {"Close": close, "Stock Splits": split})
    assert (taken_out.scale == 1.0).all()
    assert not (*left_in.findings, *taken_out.findings)


@pytest.mark.parametrize("hole", [299, 300])
def test_an_adjusted_close_that_is_empty_beside_a_split_is_taken_to_be_adjusted(hole: int) -> None:
    """The closes have the split in them; the adjusted closes are those after it, and empty where it would be seen."""
    close, before = np.where(np.arange(ROWS) % 2, 30.0, 31.0), np.arange(ROWS) < 300
    columns = {
        "Close": np.where(before, 2.0, 1.0) * close, "Stock Splits": np.where(np.arange(ROWS) == 300, 2.0, 0.0),
        "Adj Close": np.where(np.arange(ROWS) == hole, np.nan, close),
    }  # fmt: skip
    made = price_basis("MOS", DAYS, columns)
    np.testing.assert_array_equal(made.scale, np.where(before, 0.5, 1.0))
    assert not made.findings
    assert not made.dividends.any()


@pytest.mark.parametrize(("zeros", "blanks", "cut_off"), [(60, 60, True), (59, 60, False), (60, 59, False)])
def test_a_column_that_writes_its_zeros_and_is_then_empty_is_cut_off(
    zeros: int, blanks: int, cut_off: bool
) -> None:
    paid = np.array([0.0] * zeros + [np.nan] * blanks)
    close = np.where(np.arange(paid.size) % 2, 30.0, 31.0)
    made = price_basis("MOS", DAYS[: paid.size], {"Close": close, "Dividends": paid})
    assert [f.seen for f in made.findings if "is empty" in f.seen] == (
        [f"Dividends is empty on {blanks} of {paid.size} rows and written as 0 on others"] if cut_off else []
    )


@pytest.mark.parametrize("pays", [True, False])
def test_adjusted_closes_that_are_the_closes_of_a_payer_are_not_used_and_that_is_said(pays: bool) -> None:
    columns = traded() if pays else traded() | {"Dividends": np.zeros(ROWS)}
    made = price_basis("MOS", DAYS, columns | {"Adj Close": columns["Close"]})
    np.testing.assert_array_equal(made.dividends, columns["Dividends"])
    told = [note for note in made.notes if "equal to its Close" in note]
    assert told == (["has an Adj Close equal to its Close, although it pays: not used"] if pays else [])


def test_the_rounding_of_closes_that_a_split_multiplied_is_that_of_the_file() -> None:
    """Cents of 3 are known within 0.17 %, and so they are once ten old shares are one new: no dividend is in that."""
    columns = traded(level=3.0)
    paid = columns["Dividends"].copy()
    columns["Adj Close"] = columns["Close"] * adjusted(columns)
    ratio = 0.1
    for name in ("Open", "Close"):
        columns[name][:300] = (columns[name][:300] * ratio).round(2)
    columns["Dividends"][:300] *= ratio
    columns["Stock Splits"] = np.where(np.arange(ROWS) == 300, ratio, 0.0)
    made = price_basis("MOS", DAYS, columns)
    assert not made.findings
    np.testing.assert_allclose(made.dividends, paid, rtol=1e-12)
    del columns["Dividends"]
    assert checks(price_basis("MOS", DAYS, columns)) <= {"adjusted"}  # too coarse to recover them, and said


@pytest.mark.parametrize("share", [0.3, 0.5, 0.8])
def test_a_special_dividend_that_its_column_names_is_no_split(share: float) -> None:
    columns = traded(0.0)
    paid = columns["Dividends"]
    paid[200] = share * columns["Close"][199]
    for name in ("Open", "Close"):
        columns[name][200:] *= 1 - share
    made = price_basis("MOS", DAYS, columns | {"Adj Close": columns["Close"] * adjusted(columns)})
    assert not made.findings
    np.testing.assert_allclose(made.dividends, paid)


@pytest.mark.parametrize("ratio", [2, 3, 4, 7, 8, 20, 25, 37, 50])
def test_closes_brought_to_todays_shares_hide_the_grid_of_their_price(ratio: int) -> None:
    close = traded()["Close"]
    assert split_of_grid((close / ratio).round(6)) > 0
    walk = 30.0 * np.exp(np.random.default_rng(5).normal(0, 0.018, ROWS).cumsum())
    assert split_of_grid(walk.round(4)) == split_of_grid(walk.round(6)) == 0


@pytest.mark.parametrize(
    ("ratio", "near"),
    [
        (80.0, 80.0), (101.0, 100.0), (1 / 80, 1 / 80), (1 / 101, 1 / 100), (2.05, 2.0), (2.07, 0.0), (2 / 3, 2 / 3),
        (1.6, 1.6),  # 8 for 5
        (1.25, 1.25), (1.75, 1.75), (4 / 3, 4 / 3), (1.4, 1.4), (25.5, 25.5), (33.4, 100 / 3),
        (0.8, 0.8), (0.5, 0.5), (3.0, 3.0),
        (7 / 6, 6 / 5),  # sixths are none
        (1.0, 0.0), (1.02, 0.0), (1.1, 0.0), (110.0, 0.0),
    ],
)  # fmt: skip
def test_the_nearest_split_lies_within_three_per_cent(ratio: float, near: float) -> None:
    assert nearest_split(ratio) == pytest.approx(near, rel=1e-12)


def test_common_splits_are_told_within_half_a_per_cent() -> None:
    common = [2.0, 3.0, 50.0, 1 / 2, 1 / 3, 1 / 50, 1.5, 2.5, 1.25, 4 / 3]
    assert all(is_split(r * f) for r in common for f in (np.exp(-0.0049), 1.0, np.exp(0.0049)))
    assert not any(is_split(r * f) for r in common for f in (np.exp(-0.0051), np.exp(0.0051)))
    assert not any(is_split(r) for r in (1.0, 51.0, 1 / 51, 3.5, 5 / 3, 2 / 3))


def test_what_rounding_leaves_open_is_half_a_unit_of_the_file_s_own_cells() -> None:
    """Closes of cents and adjusted closes of four decimals, and what a float32 cannot hold; nothing has none."""
    close, adjusted = np.array([0.25, 30.51, np.nan, 0.0]), np.array([0.1251, 20.2513, 7.5, np.inf])
    days = DAYS[:4]
    columns = PriceColumns.of("MOS", days, {"Close": close, "Adj Close": adjusted}, "")
    assert columns.priced_rows.tolist() == [0, 1]
    own, theirs = columns.halves()
    np.testing.assert_allclose(own, [0.005 + 0.25 / 2**23, 0.005 + 30.51 / 2**23, np.nan, np.nan], rtol=1e-12)
    np.testing.assert_allclose(theirs[:3], 0.00005 + adjusted[:3] / 2**23, rtol=1e-12)
    assert np.isnan(theirs[3])
    signs = np.array([-0.25, 20.2513, 7.5, 0.125])
    below = PriceColumns.of("MOS", days, {"Close": close, "Adj Close": signs}, "")
    assert np.isnan(below.halves()[1]).tolist() == [True, False, False, False]
    tenfold = replace(columns, close=columns.close * 10).halves()[0]  # of a reverse split
    np.testing.assert_allclose(tenfold, own * 10, rtol=1e-12)
    alone = PriceColumns.of("MOS", days, {"Close": close, "Adj Close": np.full(4, np.inf)}, "")
    assert alone.adjusted is None
    assert np.isnan(alone.halves()[1]).tolist() == [True] * 4


def test_a_break_of_the_adjusted_closes_is_named_on_its_day_and_is_no_split() -> None:
    columns = with_adjusted(traded())
    columns["Adj Close"][:310] /= 1.5  # as 3 for 2 would, and the closes did not move
    found = [
        f for f in price_basis("MOS", DAYS, columns).findings if f.seen.startswith("Adj Close goes from")
    ]
    assert [(f.check, f.first, f.last) for f in found] == [("adjusted", DAYS[310], DAYS[310])]


@pytest.mark.parametrize(
    ("left_in", "words"), [(2.0, "2 for 1"), (0.1, "1 for 10"), (1.5, "1.5 for 1"), (0.36, "0.36")]
)
def test_a_split_that_the_adjusted_close_denies_is_named_as_people_name_it(
    left_in: float, words: str
) -> None:
    columns = traded()
    whole = with_adjusted(columns)["Adj Close"]
    columns["Close"][:310] *= left_in
    found = [
        f for f in price_basis("MOS", DAYS, columns | {"Adj Close": whole}).findings if f.check == "split"
    ]
    assert [(f.first, f.last) for f in found] == [(DAYS[310], DAYS[310])]
    assert f": a split of {words} left in it" in found[0].seen


def test_a_small_split_is_seen_over_the_night_after_a_large_one() -> None:
    columns = traded()
    columns["Stock Splits"] = np.zeros(ROWS)
    for row, ratio in ((300, 1.05), (290, 4.0)):
        columns["Stock Splits"][row] = ratio
        for name in ("Open", "Close", "Dividends"):
            columns[name][:row] = columns[name][:row] * ratio
    rows = np.arange(ROWS)
    wanted = np.where(rows < 290, 1 / 4.2, np.where(rows < 300, 1 / 1.05, 1.0))
    np.testing.assert_allclose(price_basis("MOS", DAYS, columns).scale, wanted, rtol=1e-12)


@pytest.mark.parametrize(("late", "found"), [(3, set()), (30, {"adjusted"})])
def test_a_payment_that_two_columns_tell_is_one_where_their_days_are_near(late: int, found: set[str]) -> None:
    columns = with_adjusted(traded(0.003))
    columns["Dividends"] = np.roll(columns["Dividends"], late)
    assert checks(price_basis("MOS", DAYS, columns)) == found


def test_gains_of_less_than_one_are_paid() -> None:
    columns = traded(0.0)
    gains = np.where(np.arange(ROWS) == 200, 0.4, 0.0)
    made = price_basis("MOO", DAYS, columns | {"Capital Gains": gains, "Dividends": gains * 0})
    np.testing.assert_array_equal(made.dividends, gains)
    assert "pays 1 distributions of capital gains: counted as dividends" in made.notes
    told_twice = price_basis("MOO", DAYS, columns | {"Capital Gains": gains, "Dividends": gains})
    assert checks(told_twice) == set()  # without an Adj Close the same amount in both is one payment
    np.testing.assert_array_equal(told_twice.dividends, gains)


@pytest.mark.parametrize("basis", ["traded", "split", "total_return"])
def test_a_basis_is_stated_of_a_symbol(basis: str) -> None:
    assert checked_basis(f"MOS={basis}") == ("MOS", basis)


@pytest.mark.parametrize(
    ("word", "wanted"),
    [
        ("MOS", "wanted SYMBOL=traded"), ("=split", "wanted SYMBOL=traded"), ("", "wanted SYMBOL=traded"),
        ("MOS=", "wanted one of traded, split, total_return"), ("MOS=splt", "Did you mean split?"),
        ("HKD=X=split", "wanted one of traded, split, total_return"),
    ],
)  # fmt: skip
def test_another_basis_is_refused(word: str, wanted: str) -> None:
    with pytest.raises(BadInputError) as error:
        checked_basis(word)
    assert wanted in str(error.value)


@pytest.mark.parametrize(("off", "found"), [(1.08, 1), (0.92, 1), (1.04, 0), (0.96, 0)])
def test_a_close_that_leaves_its_adjusted_close_for_a_day_is_a_misprint_beyond_five_per_cent(
    off: float, found: int
) -> None:
    columns = with_adjusted(traded())
    columns["Adj Close"] *= 0.4
    columns["Close"][310] *= off
    prints = [f for f in price_basis("MOS", DAYS, columns).findings if f.check == "print"]
    assert [(f.first, f.last) for f in prints] == [(DAYS[310], DAYS[310])] * found
    assert all(f"which on {DAYS[309]} was 0.39" in f.seen for f in prints)


@pytest.mark.parametrize(("row", "beside"), [(1, 0), (2, 1), (ROWS - 2, ROWS - 3)])
def test_a_misprint_is_held_against_the_row_before_it(row: int, beside: int) -> None:
    columns = {"Close": traded(0.0)["Close"], "Adj Close": traded(0.0)["Close"] * 0.4}
    columns["Close"][row] *= 2
    (found,) = [f for f in price_basis("MOS", DAYS, columns).findings if f.check == "print"]
    assert (found.first, found.last) == (DAYS[row], DAYS[row])
    assert f"which on {DAYS[beside]} was 0.4 of it" in found.seen


@pytest.mark.parametrize(("share", "checked"), [(0.3, set()), (0.5, {"split"})])
def test_a_special_dividend_is_read_from_the_adjusted_closes_where_it_is_no_common_split(
    share: float, checked: set[str]
) -> None:
    columns = traded(0.0)
    paid = np.where(np.arange(ROWS) == 200, share * columns["Close"][199], 0.0)
    columns["Close"][200:] *= 1 - share
    del columns["Open"]
    whole = columns["Close"] * adjusted(columns | {"Dividends": paid})
    made = price_basis("MOS", DAYS, {"Close": columns["Close"], "Adj Close": whole})
    assert checks(made) == checked
    np.testing.assert_allclose(made.dividends, 0.0 if checked else paid, atol=0.01)


def test_what_rounding_may_do_to_a_step_is_looked_for_on_its_rows_and_the_one_before() -> None:
    close = np.array([0.02, 10.0, 0.05, 10.0, 0.03])
    columns = PriceColumns.of("MOS", DAYS[:5], {"Close": close, "Adj Close": close}, "")
    half = (0.005 + close / 2**23) / close
    for rows, worst in (([2], half[2]), ([3], half[2]), ([1, 2, 3], half[0]), ([4], half[4]), ([0], half[0])):
        assert rounding_room(columns, np.array(rows)) == pytest.approx(DOUBT + 4 * worst, rel=1e-9)
    close[1] = np.nan
    holed = PriceColumns.of("MOS", DAYS[:5], {"Close": close, "Adj Close": close}, "")
    assert rounding_room(holed, np.array([2])) == pytest.approx(DOUBT + 4 * half[2], rel=1e-9)
    close[2] = np.nan
    nothing = PriceColumns.of("MOS", DAYS[:5], {"Close": close, "Adj Close": close}, "")
    assert rounding_room(nothing, np.array([2])) == DOUBT


def test_a_large_payment_by_which_the_price_did_not_fall_is_an_error() -> None:
    columns = traded(0.0)
    columns["Dividends"][200] = 0.3 * columns["Close"][199]
    made = price_basis("MOS", DAYS, columns)
    assert any(f.check == "adjusted" and "pays 30% of its price, and closes" in f.seen for f in made.findings)
    assert not any("a split, or another unit?" in told for told in made.notes)


def weighed(**cells: FloatArray) -> PriceColumns:
    """Columns of one file, `Adj_Close` among them."""
    by_name = {name.replace("_", " "): values for name, values in cells.items()}
    return PriceColumns.of("MOS", DAYS[: cells["Close"].size], by_name, "")


def test_adjusted_closes_without_one_above_zero_are_none() -> None:
    close = np.array([30.0, 31.0])
    assert weighed(Close=close, Adj_Close=np.zeros(2)).adjusted is None
    for least in (31.0, 0.5):
        assert weighed(Close=close, Adj_Close=np.array([0.0, least])).adjusted is not None


@pytest.mark.parametrize(("apart", "equal"), [(0.0, True), (9e-6, True), (2e-5, False), (-0.6, False)])
def test_columns_are_equal_within_a_hundred_thousandth(apart: float, equal: bool) -> None:
    """More than late digits of a vendor (2e-6) and less than the smallest dividend (3e-4)."""
    close = np.array([30.0, np.nan, 31.0])
    assert equal_columns(weighed(Close=close, Adj_Close=close * (1 + apart))) is equal
    one_alone = np.array([30.0, 30.5, np.nan]) * (1 + apart)  # of a row with one of both nothing is said
    assert equal_columns(weighed(Close=close, Adj_Close=one_alone)) is equal


@pytest.mark.parametrize(
    ("ratio", "paid"), [(1.2, 5.0), (1.249, 30 * (1 - 1 / 1.249)), (1.25, 0.0), (0.9, -30 / 9)]
)
def test_a_step_of_five_for_four_is_a_split_and_a_smaller_one_a_payment(ratio: float, paid: float) -> None:
    """d = close before x (1 - 1 / ratio); the closes stand still, so no step is a special dividend."""
    close = np.array([30.0, 30.0, 30.0])
    one = Steps(np.arange(3), np.array([2]), np.array([1]), np.array([ratio]), 0.0, np.array([], int))
    got = implied_payments(weighed(Close=close, Adj_Close=close), one)
    np.testing.assert_allclose(got, [0.0, 0.0, paid], rtol=1e-12)


def test_without_steps_nothing_is_paid() -> None:
    close, none = np.array([30.0, 31.0]), np.array([], int)
    no_steps = Steps(np.arange(2), none, none, np.array([]), 0.0, none)
    assert implied_payments(weighed(Close=close, Adj_Close=close), no_steps).tolist() == [0.0, 0.0]


@pytest.mark.parametrize("ratio", [1.05, 2.0])
def test_a_file_said_to_be_traded_has_its_splits_in_it_whatever_its_closes_show(ratio: float) -> None:
    columns = traded() | {"Stock Splits": np.where(np.arange(ROWS) == 300, ratio, 0.0)}
    made = price_basis("MOS", DAYS, columns, "traded")
    np.testing.assert_allclose(made.scale, np.where(np.arange(ROWS) < 300, 1 / ratio, 1.0))
    assert any(f"its split of {ratio:g} on {DAYS[300]} still in its prices" in told for told in made.notes)


def test_payments_that_contradict_are_told_as_both_columns_have_them() -> None:
    columns = traded(0.01)
    whole = columns["Close"] * adjusted(columns)
    columns["Dividends"][EX[0]] = 0.0
    found = price_basis("MOS", DAYS, columns | {"Adj Close": whole}).findings
    assert [(f.check, f.first, f.last) for f in found] == [("adjusted", DAYS[EX[0]], DAYS[EX[0]])]
    assert f"contradict, 1.00% of the price in sum: 0.00% and 1.00% on {DAYS[EX[0]]}" in found[0].seen


@pytest.mark.parametrize(
    ("fell", "paid"), [(1.0, True), (0.7, True), (0.6, False), (0.0, False), (1.3, True), (1.4, False)]
)
def test_a_special_dividend_is_one_where_the_close_fell_by_most_of_it(fell: float, paid: bool) -> None:
    """A step of 1.6, which is no common split, and a close that falls by that share of its logarithm: within a third."""
    close = np.array([30.0, 30.0, 30.0 * 1.6**-fell])
    one = Steps(np.arange(3), np.array([2]), np.array([1]), np.array([1.6]), 0.0, np.array([], int))
    got = implied_payments(weighed(Close=close, Adj_Close=close), one)
    np.testing.assert_allclose(got, [0.0, 0.0, 30 * (1 - 1 / 1.6) if paid else 0.0], rtol=1e-12)


def test_a_file_of_one_close_is_weighed_and_one_of_none_is_not() -> None:
    one = price_basis("MOS", DAYS[:2], {"Close": np.array([30.0, np.nan])})
    assert (one.basis, len(one.notes)) == ("traded", 1)
    assert one.notes[0].startswith("has neither Dividends nor Adj Close")
    none = price_basis("MOS", DAYS[:2], {"Close": np.full(2, np.nan), "Dividends": np.array([-1.0, 0.5])})
    assert (none.basis, none.notes, none.findings) == ("traded", (), ())
    assert none.scale.tolist() == [1.0, 1.0]
    assert none.dividends.tolist() == [0.0, 0.0]
