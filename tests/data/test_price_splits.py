"""Whether a split is still in the closes of a file, on closes that go up and down by one step: the usual move of a row is
then 1.4826 of that step, and each limit is known to the digit. One below a limit and one above it."""

from __future__ import annotations

import numpy as np
import pytest

from positioning.arrays import FloatArray
from positioning.data.price_basis import PriceBasis, price_basis
from tests.data.made_prices import DAYS, ROWS, adjusted

ROW = 300
NUMBER = np.arange(ROWS)
AFTER = NUMBER >= ROW


def up_and_down(step: float, move: float) -> FloatArray:
    """Closes whose logarithms go up and down by `step`, but on ROW by `move`."""
    moves = np.where(NUMBER % 2, step, -step)
    moves[0], moves[ROW] = 0.0, move
    return 30.0 * np.exp(np.cumsum(moves))


def opened(close: FloatArray, step: float, night: float) -> FloatArray:
    """Opens that lie above and below the close before by `step`, but on ROW by `night`."""
    nights = np.where(NUMBER // 2 % 2, step, -step)
    nights[ROW] = night
    return np.append(close[0], close[:-1]) * np.exp(nights)


def judged(ratio: float, close: FloatArray, **more: FloatArray) -> str:
    """in: the split was taken out; out: it is out; doubt: taken to be out, which is said; neither: an error."""
    columns = {name.replace("_", " "): values for name, values in more.items()}
    return judgement(
        price_basis(
            "MOS", DAYS, {"Close": close, "Stock Splits": np.where(NUMBER == ROW, ratio, 0.0), **columns}
        ),
        ratio,
    )


def judgement(made: PriceBasis, ratio: float) -> str:
    if any("neither before nor after that split" in f.seen for f in made.findings):
        (finding,) = [f for f in made.findings if f.check == "split"]
        assert (finding.first, finding.last) == (DAYS[ROW], DAYS[ROW])
        return "neither"
    doubt = any(
        f"may have its split of {ratio:g} on {DAYS[ROW]} still in its prices" in note for note in made.notes
    )
    if made.scale[0] == 1.0:
        assert (made.scale == 1.0).all()
        return "doubt" if doubt else "out"
    np.testing.assert_allclose(made.scale, np.where(AFTER, 1.0, 1 / ratio), rtol=1e-14)
    assert f"had its split of {ratio:g} on {DAYS[ROW]} still in its prices: taken out" in made.notes
    return "in"


@pytest.mark.parametrize(
    ("step", "ratio", "move", "answer"),
    [
        # Moves of 0.1 % are taken for half a percent: a split that is larger than four of those is seen.
        (0.001, 1.03, -np.log(1.03), "in"), (0.001, 1.03, 0.0, "out"), (0.001, 1.015, -np.log(1.015), "doubt"),
        (0.001, 1.019, -np.log(1.019), "doubt"), (0.001, 1.021, -np.log(1.021), "in"), (0.001, 1.015, 0.0, "out"),
        # Moves of 1.2 %: four of 1.78 % are 7.1 %.
        (0.012, 1.08, -np.log(1.08), "in"), (0.012, 1.08, 0.0, "out"), (0.012, 1.07, -np.log(1.07), "doubt"),
        # Of two for one, 69 %, the closes tell which reading is nearer, unless both are off by half of it.
        (0.001, 2.0, -0.36, "in"), (0.001, 2.0, -0.34, "out"), (0.001, 2.0, 0.33, "out"), (0.001, 2.0, 0.36, "neither"),
        (0.001, 2.0, -0.693 - 0.33, "in"), (0.001, 2.0, -0.693 - 0.36, "neither"), (0.001, 2.0, 0.30, "out"),
        (0.001, 0.5, 0.36, "in"), (0.001, 0.5, 0.34, "out"), (0.001, 0.5, -0.36, "neither"),
        # Of 15 %, half of which is less than six usual moves, 10.7 %: unless both are off by those.
        (0.012, 1.15, 0.100, "out"), (0.012, 1.15, 0.115, "neither"), (0.012, 1.15, -0.1398 - 0.100, "in"),
        (0.012, 1.15, -0.1398 - 0.115, "neither"),
    ],
)  # fmt: skip
def test_closes_tell_of_a_split_that_is_larger_than_their_moves(
    step: float, ratio: float, move: float, answer: str
) -> None:
    assert judged(ratio, up_and_down(step, move)) == answer


@pytest.mark.parametrize(
    ("night", "move", "answer"),
    [
        # Nights of 0.4 %: four of 0.59 % are 2.4 %, and the split is 4.9 %.
        (-0.0488, -0.0488, "in"), (-0.0488, 0.0, "in"), (0.0, -0.0488, "out"), (-0.030, -0.0488, "in"),
        (-0.020, -0.0488, "out"), (-0.0488 - 0.020, 0.0, "in"), (0.020, -0.0488, "out"),
        # Further than that from both readings a night says nothing, and the closes only raise a doubt,
        (-0.0243, -0.0488, "doubt"), (0.030, -0.0488, "doubt"), (-0.0488 - 0.030, -0.0488, "doubt"),
        # where they fell by more than half of it.
        (0.030, -0.0246, "doubt"), (0.030, -0.0242, "out"), (0.030, -0.0730, "doubt"), (0.030, -0.0734, "out"),
    ],
)  # fmt: skip
def test_nights_tell_of_a_split_that_is_smaller_than_the_moves_of_days(
    night: float, move: float, answer: str
) -> None:
    close = up_and_down(0.012, move)
    assert judged(1.05, close, Open=opened(close, 0.004, night)) == answer


def test_nights_that_move_by_more_than_a_quarter_of_a_split_say_nothing_of_it() -> None:
    """Nights of 0.8 %: four of 1.19 % are 4.7 %, a little less than 4.9 %; of 0.85 % they are 5.04 %."""
    close = up_and_down(0.012, -0.0488)
    assert judged(1.05, close, Open=opened(close, 0.008, -0.0488)) == "in"
    assert judged(1.05, close, Open=opened(close, 0.0085, -0.0488)) == "doubt"
    missing = opened(close, 0.004, -0.0488)
    missing[ROW] = np.nan
    assert judged(1.05, close, Open=missing) == "doubt"


def test_opens_overrule_no_closes_that_tell() -> None:
    """The closes stand still where a split of a tenth is announced; a morning that was a tenth lower is another thing."""
    close = up_and_down(0.004, 0.0)
    assert judged(1.1, close, Open=opened(close, 0.002, -np.log(1.1))) == "out"
    fallen = up_and_down(0.004, -np.log(1.1))
    assert judged(1.1, fallen, Open=opened(fallen, 0.002, 0.0)) == "in"


@pytest.mark.parametrize(
    ("paid", "answer"),
    [
        (0.0, "in"),
        (0.22, "in"),
        (0.24, "in"),
        (0.26, "doubt"),
        (-0.24, "in"),
        (-0.26, "doubt"),
        (-1.0, "doubt"),
    ],
)
def test_adjusted_closes_tell_of_a_split_within_a_quarter_of_it(paid: float, answer: str) -> None:
    """A split of 4.9 % among moves of 1.2 % is not seen by the closes. The adjusted closes have it taken out, and on its
    day what was paid, a part of its size, as well; at minus one they have the split in them, as the closes do."""
    size = np.log(1.05)
    close = up_and_down(0.012, -size)
    whole = close * np.exp(np.where(AFTER, 0.0, -size * (1.0 + paid)))
    assert judged(1.05, close, Adj_Close=whole) == answer


def test_adjusted_closes_that_hold_no_split_leave_closes_without_one_as_they_are() -> None:
    close = up_and_down(0.012, 0.002)
    assert judged(1.05, close, Adj_Close=close.copy()) == "out"
    assert judged(2.0, close, Adj_Close=close * 0.5) == "out"


@pytest.mark.parametrize("ratio", [2.0, 0.1])
@pytest.mark.parametrize("both", [True, False])
def test_adjusted_closes_are_divided_where_they_have_the_split_too(ratio: float, both: bool) -> None:
    """A dividend a year before tells: it is read off the adjusted closes as the same part of the price either way."""
    close = up_and_down(0.012, 0.002)
    paid = np.where(NUMBER == 100, 1.0, 0.0)
    whole = close * adjusted({"Close": close, "Dividends": paid})
    before = np.where(AFTER, 1.0, ratio)
    made = price_basis("MOS", DAYS, {
        "Close": close * before, "Adj Close": whole * before if both else whole,
        "Stock Splits": np.where(NUMBER == ROW, ratio, 0.0),
    })  # fmt: skip
    np.testing.assert_allclose(made.scale, 1 / before, rtol=1e-14)
    np.testing.assert_allclose(made.dividends, paid, atol=1e-3)  # what closes in full digits leave open
    assert not made.findings


def test_the_first_and_the_last_close_of_a_file_have_no_split_beside_them() -> None:
    close = up_and_down(0.001, 0.001)
    for row in (0, ROWS - 1):
        splits = np.where(row == NUMBER, 2.0, 0.0)
        made = price_basis("MOS", DAYS, {"Close": close, "Stock Splits": splits})
        assert (made.scale == 1.0).all()
    lacking = np.where(NUMBER > ROW - 1, np.nan, close)  # announced after the last close
    made = price_basis("MOS", DAYS, {"Close": lacking, "Stock Splits": np.where(NUMBER == ROW, 2.0, 0.0)})
    assert (made.scale == 1.0).all()
    assert not made.findings
    late = np.where((NUMBER >= ROW) & (NUMBER < ROW + 3), np.nan, np.where(AFTER, 1.0, 2.0) * close)
    made = price_basis("MOS", DAYS, {"Close": late, "Stock Splits": np.where(NUMBER == ROW, 2.0, 0.0)})
    np.testing.assert_array_equal(made.scale, np.where(NUMBER < ROW + 3, 0.5, 1.0))  # with the next close


@pytest.mark.parametrize("none", [0.0, 1.0, -2.0, np.nan, np.inf])
def test_a_ratio_that_is_no_split_changes_nothing(none: float) -> None:
    made = price_basis(
        "MOS", DAYS, {"Close": up_and_down(0.001, 0.5), "Stock Splits": np.where(NUMBER == ROW, none, 0.0)}
    )
    assert (made.scale == 1.0).all()
    assert not any("split" in f.check for f in made.findings)
    assert not any("its split" in note for note in made.notes)


def test_a_ratio_below_one_is_a_split_of_the_other_kind() -> None:
    assert judged(0.5, up_and_down(0.001, np.log(2.0))) == "in"
    assert judged(0.5, up_and_down(0.001, 0.0)) == "out"


@pytest.mark.parametrize(
    ("ratio", "moved", "check"),
    [
        # The adjusted close halves against the close: where the close doubled, a split was left in it; within a third.
        (0.5, 1.0, "split"), (0.5, 0.68, "split"), (0.5, 1.32, "split"), (0.5, 0.65, "adjusted"), (0.5, 1.35, "adjusted"),
        (0.5, 0.0, "adjusted"), (0.5, -1.0, "adjusted"),
        (2.0, 1.0, "split"), (2.0, 0.68, "split"), (2.0, 0.65, "adjusted"), (2.0, 0.0, "adjusted"),
        # A rise of 1.6 beside a close that fell is a special dividend, for that is no common split.
        (1.6, 1.0, ""), (0.6, 1.0, "split"), (1.6, 0.0, "adjusted"),
        (0.81, 0.0, ""), (0.79, 0.0, "adjusted"), (1.24, 0.0, ""), (1.26, 0.0, "adjusted"),  # below a quarter: a payment
    ],
)  # fmt: skip
def test_a_step_of_the_adjusted_close_is_a_split_where_the_close_moved_against_it(
    ratio: float, moved: float, check: str
) -> None:
    close = up_and_down(0.001, -moved * np.log(ratio))
    made = price_basis("MOS", DAYS, {"Close": close, "Adj Close": close * np.where(AFTER, 1.0, 1 / ratio)})
    found = [f for f in made.findings if f.check == "split" or f.seen.startswith("Adj Close goes from")]
    assert [(f.check, f.first, f.last) for f in found] == ([(check, DAYS[ROW], DAYS[ROW])] if check else [])


@pytest.mark.parametrize(
    ("told", "paid"),
    [(1.0, True), (0.97, True), (1.029, True), (0.90, False), (1.10, False), (0.0, False), (3.0, False)],
)
@pytest.mark.parametrize("split", [1.0, 2.0])
def test_a_step_is_a_payment_where_dividends_say_so_within_three_per_cent(
    told: float, paid: bool, split: float
) -> None:
    """A special dividend of half the price, which the close fell by, that alone would be a split left in; a year later
    a split that is still in the closes, so that the payment is in shares of its day."""
    close = up_and_down(0.001, -np.log(2.0))
    amount = np.where(NUMBER == ROW, told * 0.5 * np.append(0.0, close[:-1]), 0.0)
    before = np.where(NUMBER < 400, split, 1.0)
    made = price_basis("MOS", DAYS, {
        "Close": close * before, "Adj Close": close * np.where(AFTER, 1.0, 0.5), "Dividends": amount * before,
        "Stock Splits": np.where(NUMBER == 400, split, 0.0),
    })  # fmt: skip
    found = [f for f in made.findings if f.check == "split"]
    assert [(f.first, f.last) for f in found] == ([] if paid else [(DAYS[ROW], DAYS[ROW])])
    if told == 1.0:
        np.testing.assert_allclose(made.dividends, amount, rtol=1e-12)


@pytest.mark.parametrize(("ratio", "used"), [(2.0, 2.0), (2.008, 2.0), (0.1, 0.1), (0.36, 0.36)])
def test_a_split_that_only_the_adjusted_close_tells_is_taken_out_where_closes_are_said_to_be_traded(
    ratio: float, used: float
) -> None:
    """Of a common ratio, where one is near."""
    close = up_and_down(0.001, 0.0)
    raw = close * np.where(AFTER, 1.0, ratio)
    made = price_basis("MOS", DAYS, {"Close": raw, "Adj Close": close}, "traded")
    np.testing.assert_allclose(
        made.scale, np.where(AFTER, 1.0, 1 / used), rtol=1e-12 if ratio == used else 1e-3
    )
    assert f"had a split of {used:.4g} on {DAYS[ROW]} in its prices, by Adj Close: taken out" in made.notes
