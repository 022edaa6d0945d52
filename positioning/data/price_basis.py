"""What a file's prices are: its columns weighed against each other, on ex-dates and between them.

Closes are traded prices brought to today's shares, or traded prices with splits still in them, or they hold their
dividends. `Adj Close`, `Dividends`, `Stock Splits` and `Capital Gains` each say something of this; where two of
them contradict, by more than MATERIAL of the account in sum, an error names the dates.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, final, get_args

import numpy as np

from positioning.arrays import DateArray, FloatArray, IntArray
from positioning.data.adjustment import Steps, half_unit, steps
from positioning.data.price_grid import basis_beside_dividends, off_grid, split_of_grid
from positioning.errors import BadInputError, did_you_mean
from positioning.market.bars import Basis
from positioning.market.findings import Check, Finding

Stated = Literal["", "traded", "split", "total_return"]

MATERIAL = 0.005  # of what a holding earns over the file: contradictions beyond it stop a run
DOUBT = 5e-4  # of the price: below it two columns are rounded, not contrary
LARGE_DIVIDEND = 0.25  # of the price before it
SMALL_DIVIDEND = (
    2e-4  # of the price, the usual payment of a file: a quarter of a percent in another unit is below it
)
SMALLEST_SPLIT = 1.25  # moves of an adjusted close against its close beyond this are splits, or errors
SIMPLE = 0.03  # of a ratio: how near n:m a step must be for a split (a dividend may fall on its day)
NEAR = 5  # rows between the dates that two columns give one payment
HOLE = 20  # rows in a row without an adjusted close, beyond which half the column is missing
STRAY = float(np.log(1.05))  # a close that is so far off its adjusted close for a day is misprinted


@final
@dataclass(frozen=True, slots=True, eq=False)
class PriceBasis:
    """basis: of the prices once multiplied by `scale` (R,), which brings them to today's shares (volumes are divided
    by it). paid: (R,) cash a share on the ex-date, in the unit of the scaled close. told: what a reader must know.
    """

    basis: Basis
    scale: FloatArray
    paid: FloatArray
    told: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()


def checked_basis(word: str) -> tuple[str, Stated]:
    """(symbol, basis) of `SYMBOL=traded`. Raises BadInputError for anything else."""
    symbol, equals, name = word.partition("=")
    if symbol.endswith("=X") or not equals or not symbol:
        raise BadInputError(
            f"basis={word}", "wanted SYMBOL=traded, =split or =total_return", "give basis=MOS=split", "basis"
        )
    for known in get_args(Stated):
        if name == known and known:
            return symbol, known
    options = [known for known in get_args(Stated) if known]
    raise BadInputError(
        f"basis={word}", f"wanted one of {', '.join(options)}", did_you_mean(name, options), "basis"
    )


def price_basis(
    symbol: str, dates: DateArray, columns: Mapping[str, FloatArray], stated: Stated = "", index: bool = False
) -> PriceBasis:
    """The basis of a file. columns: (R,) under yfinance's names, Close among them, NaN where empty.

    stated: what the user says of Close, which stands above the columns: `traded` (splits still in it), `split`
    (brought to today's shares), `total_return` (with its dividends inside). index: a price index pays nothing.
    """
    return _Weighing(symbol, dates, columns, stated).result(index)


@final
class _Weighing:
    """One file."""

    def __init__(
        self, symbol: str, dates: DateArray, columns: Mapping[str, FloatArray], stated: Stated
    ) -> None:
        self.symbol, self.dates, self.stated = symbol, dates, stated
        self.close = np.where(columns["Close"] > 0, columns["Close"], np.nan)
        self.known = np.flatnonzero(np.isfinite(self.close))
        adjusted = columns.get("Adj Close")
        self.adjusted = None if adjusted is None or not (adjusted > 0).any() else adjusted
        self.columns = columns
        self.scale = np.ones(dates.size)
        self.told: list[str] = []
        self.findings: list[Finding] = []

    def result(self, index: bool) -> PriceBasis:
        none = np.zeros(self.dates.size)
        if index:
            return PriceBasis("traded", self.scale, none, ("is a price index: dividends are not included",))
        if self.known.size == 0:
            return PriceBasis("traded", self.scale, none)
        if self.stated == "total_return":
            told = ("holds its dividends inside its price, as stated",)
            return PriceBasis("total_return", self.scale, none, told)
        said = self._amounts("Dividends")
        self._announced_splits()
        self._shown_splits()
        basis, paid = self._dividends(said)
        return PriceBasis(basis, self.scale, paid, tuple(self.told), tuple(self.findings))

    # -------------------------------------------------------------------------------------------- splits

    def _announced_splits(self) -> None:
        """Splits of `Stock Splits` that the closes still have in them are taken out."""
        ratios = self.columns.get("Stock Splits")
        if ratios is None or self.stated == "split":
            return
        moves = np.abs(np.diff(np.log(self.close[self.known])))
        usual = max(1.4826 * float(np.median(moves)) if moves.size else 0.0, 0.005)
        for row in np.flatnonzero((ratios > 0) & (ratios != 1.0)):
            at = int(np.searchsorted(self.known, row))
            if at in (0, self.known.size):
                continue
            last, now = self.known[at - 1], self.known[at]
            move, size = float(np.log(self.close[now] / self.close[last])), float(np.log(ratios[row]))
            raw = self._raw(last, now, move, size, usual)
            day = self.dates[row]
            if raw is None:
                self._error(
                    "split",
                    np.array([day]),
                    f"Stock Splits says {ratios[row]:g}, and the close goes from {self.close[last]:.6g} to "
                    f"{self.close[now]:.6g}: neither before nor after that split",
                    f"correct the file, or give basis={self.symbol}=split where its closes are adjusted",
                )
            elif raw:
                self._divide(now, float(ratios[row]), both=self._both(last, now, size))
                self.told.append(f"had its split of {ratios[row]:g} on {day} still in its prices: taken out")

    def _raw(self, last: int, now: int, move: float, size: float, usual: float) -> bool | None:
        """Whether a split is still in the closes; None where neither reading fits."""
        if self.stated == "traded":
            return True
        if self.adjusted is not None and np.isfinite(self.adjusted[[last, now]]).all():
            shown = float(np.log(self.adjusted[now] / self.adjusted[last])) - move
            if abs(shown - size) < abs(size) / 4:
                return True
        in_it, out = abs(move + size), abs(move)
        if min(in_it, out) > max(6.0 * usual, abs(size) / 2.0):
            return None
        # A split that is no larger than a few days' moves cannot be seen: providers adjust for it.
        return in_it < out and abs(size) > 4.0 * usual

    def _both(self, last: int, now: int, size: float) -> bool:
        """Whether the adjusted closes have the split in them as well."""
        if self.adjusted is None or not np.isfinite(self.adjusted[[last, now]]).all():
            return False
        move = float(np.log(self.adjusted[now] / self.adjusted[last]))
        return abs(move + size) < abs(move)

    def _divide(self, row: int, ratio: float, both: bool = False) -> None:
        """Bring all before a row to the shares after a split."""
        self.scale[:row] /= ratio
        self.close = self.close.copy()
        self.close[:row] /= ratio
        if both and self.adjusted is not None:
            self.adjusted = self.adjusted.copy()
            self.adjusted[:row] /= ratio

    def _shown_splits(self) -> None:
        """Steps of adjusted / close that are no dividends: splits left in the close, and breaks of either."""
        if self.adjusted is None:
            return
        found = steps(self.close, self.adjusted)
        for row, last, ratio in zip(found.at, found.before, found.ratio, strict=True):
            step, move = float(np.log(ratio)), float(np.log(self.close[row] / self.close[last]))
            if abs(step) < np.log(SMALLEST_SPLIT):
                continue
            smooth = abs(move + step) < abs(step) / 3  # the adjusted close hardly moved
            if smooth and (step < 0 or _is_simple(ratio)):
                self._left_in(int(row), int(last), float(ratio))
            elif not smooth:
                self._error(
                    "adjusted",
                    self.dates[row : row + 1],
                    f"Adj Close goes from {self.adjusted[last]:.6g} to {self.adjusted[row]:.6g}, where Close goes "
                    f"from {self.close[last]:.6g} to {self.close[row]:.6g}",
                    "bring the column to one basis, or delete it",
                )

    def _left_in(self, row: int, last: int, ratio: float) -> None:
        day = self.dates[row]
        if self.stated == "traded":
            near = _simple(ratio)
            self._divide(row, near or ratio)
            self.told.append(
                f"had a split of {near or ratio:.4g} on {day} in its prices, by Adj Close: taken out"
            )
            return
        self._error(
            "split",
            self.dates[row : row + 1],
            f"Close goes from {self.close[last]:.6g} to {self.close[row]:.6g}, which Adj Close denies: "
            f"a split of {_words(ratio)} left in it",
            f"adjust the closes before it, or give basis={self.symbol}=traded",
        )

    # ----------------------------------------------------------------------------------------- dividends

    def _dividends(self, said: FloatArray | None) -> tuple[Basis, FloatArray]:
        found = None if self.adjusted is None else steps(self.close, self.adjusted)
        if found is not None:
            self._strays(found)
            self._holes(found, said)
        idle = found is None or (not found.at.size and self._equal())
        gains = self._amounts("Capital Gains")
        if said is None and gains is None:
            return self._without_amounts(found, idle)
        paid = self._with_gains(said, gains, None if idle else found)
        if found is not None and not idle:
            self._contradictions(paid, found)
        elif (paid > 0).any() and self.stated == "" and off_grid(self.close):
            return self._beside(paid)
        elif not (paid > 0).any():
            self.told.append("pays no dividend by its own columns")
        if idle and found is not None and (paid > 0).any():
            self.told.append("has an Adj Close equal to its Close, although it pays: not used")
        self._large(paid)
        self._small(paid)
        return "traded", paid

    def _without_amounts(self, found: Steps | None, idle: bool) -> tuple[Basis, FloatArray]:
        """A file that has no column of payments."""
        none = np.zeros(self.dates.size)
        if idle and not self.stated and off_grid(self.close) and not split_of_grid(self.close):
            text = "has adjusted closes only (off any price grid): dividends are inside its price"
            self.told.append(text)
            return "total_return", none
        if found is None:
            text = "has neither Dividends nor Adj Close: its return lacks its dividends"
            if not self.stated:
                text += ", unless its closes were adjusted and then rounded"
            self.told.append(text)
            return "traded", none
        if idle:
            self.told.append("has an Adj Close equal to its Close: no dividend was found")
            return "traded", none
        paid = self._paid(found)
        self._rounding(found)
        if (negative := paid < 0).any():
            self._falling(found)
            paid = np.where(negative, 0.0, paid)
        self._large(paid)
        return "traded", paid

    def _beside(self, paid: FloatArray) -> tuple[Basis, FloatArray]:
        """Closes off the grid beside dividends: with those inside, or brought to today's shares."""
        verdict = basis_beside_dividends(self.close, paid)
        if verdict == "traded":
            self._large(paid)
            return "traded", paid
        none = np.zeros(paid.size)
        if verdict == "unclear" and self._share(paid).sum() > MATERIAL:
            at = np.flatnonzero(paid > 0)
            self._error(
                "basis",
                self.dates[at],
                f"its closes are off any price grid beside {at.size} dividends: they may hold them already",
                f"give basis={self.symbol}=split where they do not, basis={self.symbol}=total_return where they do",
            )
        if np.median(self._share(paid)[paid > 0]) > LARGE_DIVIDEND:
            self._large(paid)  # in another unit no close could have fallen by them
        self.told.append("has adjusted closes beside its Dividends: dividends are inside its price")
        return "total_return", none

    def _amounts(self, name: str) -> FloatArray | None:
        """(R,) a column of payments in the unit of the scaled close, zeros where empty; None where there is none."""
        values = self.columns.get(name)
        if values is None:
            return None
        self._negative(name, values)
        self._halves(name, values)
        return np.where(np.isfinite(values) & (values > 0), values, 0.0)

    def _negative(self, name: str, values: FloatArray) -> None:
        bad = np.flatnonzero((values < 0) | np.isinf(values))
        if bad.size:
            seen = f"{name} {values[bad[0]]:g} (of {bad.size} below zero or infinite)"
            self._error("price", self.dates[bad], seen, "correct or empty those cells")

    def _halves(self, name: str, values: FloatArray) -> None:
        """A column that writes its zeros and then has a long stretch without any is cut off, not idle."""
        blank = ~np.isfinite(values) & np.isfinite(self.close)
        if self.adjusted is not None or (values == 0).sum() < 3 * HOLE or blank.sum() < 3 * HOLE:
            return
        at = np.flatnonzero(blank)
        seen = f"{name} is empty on {at.size} of {self.known.size} rows and written as 0 on others"
        self._error("adjusted", self.dates[at], seen, "fill the column in, or delete it")

    def _with_gains(
        self, said: FloatArray | None, gains: FloatArray | None, found: Steps | None
    ) -> FloatArray:
        """Dividends and what a fund paid of its gains, which some sources put into both columns: the adjusted
        closes decide."""
        paid = np.zeros(self.dates.size) if said is None else said * self.scale
        if gains is None or not (gains > 0).any():
            return paid
        gains = gains * self.scale
        implied = None if found is None else self._paid(found)
        for row in np.flatnonzero(gains > 0):
            if paid[row] == 0:
                paid[row] = gains[row]
                continue
            options = (paid[row], paid[row] + gains[row])
            if implied is not None:
                whole = float(implied[max(row - NEAR, 0) : row + NEAR + 1].sum())
                paid[row] = min(options, key=lambda amount: abs(amount - whole))
            elif abs(paid[row] - gains[row]) > 1e-6 * gains[row]:
                self._error(
                    "adjusted",
                    self.dates[row : row + 1],
                    f"pays {paid[row]:g} by Dividends and {gains[row]:g} by Capital Gains: one payment or two?",
                    "add an Adj Close, or put the sum into Dividends and empty the other",
                )
        self.told.append(f"pays {(gains > 0).sum()} distributions of capital gains: counted as dividends")
        return paid

    def _contradictions(self, paid: FloatArray, found: Steps) -> None:
        """Where `Dividends` and `Adj Close` do not tell the same payments."""
        said = self._log_factor(paid)
        shown = np.zeros(self.dates.size)
        shown[found.at] = np.log(found.ratio)
        rows = np.flatnonzero((said > 0) | (shown != 0))
        groups = np.split(rows, np.flatnonzero(np.diff(rows) > NEAR) + 1) if rows.size else []
        net = np.array([shown[g].sum() - said[g].sum() for g in groups])
        room = np.array([self._room(g) for g in groups])
        apart = np.flatnonzero(np.abs(net) > room)
        if not apart.size:
            return
        lines = [self._said_and_shown(groups[n], said, shown) for n in apart[:3]]
        more = f" (and {apart.size - 3} more)" if apart.size > 3 else ""
        at = np.concatenate([groups[n] for n in apart])
        total = float(np.abs(net[apart]).sum())
        seen = (
            f"Dividends and Adj Close contradict, {total:.2%} of the price in sum: {', '.join(lines)}{more}"
        )
        remedy = "correct one of the two columns, or delete the one that is wrong"
        self._doubt("adjusted", self.dates[at], seen, remedy, total)

    def _said_and_shown(self, rows: IntArray, said: FloatArray, shown: FloatArray) -> str:
        a, b = (1.0 - np.exp(-x[rows].sum()) for x in (said, shown))
        return f"{a:.2%} and {b:.2%} on {self.dates[rows[0]]}"

    def _room(self, rows: IntArray) -> float:
        """What rounding of two closes and two adjusted closes may do to a step."""
        assert self.adjusted is not None  # noqa: S101 (only asked where there is one)
        pair = slice(max(int(rows[0]) - 1, 0), int(rows[-1]) + 1)
        c, a = self.close[pair], self.adjusted[pair]
        halves = half_unit(self.close)[pair] / c + half_unit(self.adjusted)[pair] / a
        return DOUBT + 2.0 * float(np.nanmax(halves)) if np.isfinite(halves).any() else DOUBT

    def _falling(self, found: Steps) -> None:
        falls = np.flatnonzero(found.ratio < 1)
        small = falls[found.ratio[falls] > 1 / SMALLEST_SPLIT]  # larger ones are named as splits
        if not small.size:
            return
        days = self.dates[found.at[small]]
        total = float(-np.log(found.ratio[small]).sum())
        seen = (
            f"has an Adj Close implying {small.size} negative dividends (first {days[0]}), {total:.2%} in sum"
        )
        self._doubt("adjusted", days, seen, "correct Adj Close, or delete the column", total)

    def _rounding(self, found: Steps) -> None:
        if found.unsure > MATERIAL:
            seen = f"Close and Adj Close are rounded so that its dividends are known within {found.unsure:.2%} only"
            self._error(
                "adjusted", self.dates[found.known], seen, "write both with more decimals, or add Dividends"
            )

    def _strays(self, found: Steps) -> None:
        """Closes that leave their adjusted close for a day or three."""
        assert self.adjusted is not None  # noqa: S101
        rest = found.known[~np.isin(found.known, found.strays)]
        for row in found.strays:
            beside = rest[max(int(np.searchsorted(rest, row)) - 1, 0)]
            off = np.log(self.close[row] / self.adjusted[row] * self.adjusted[beside] / self.close[beside])
            if abs(off) > STRAY:
                seen = f"closes at {self.close[row]:.6g} beside an Adj Close of {self.adjusted[row]:.6g}, "
                seen += f"which on {self.dates[beside]} was {self.adjusted[beside] / self.close[beside]:.4g} of it"
                self._error("print", self.dates[row : row + 1], seen, "correct or empty that close")

    def _holes(self, found: Steps, said: FloatArray | None) -> None:
        """Half an adjusted column says nothing of the other half."""
        lacks = np.isfinite(self.close) & ~np.isin(np.arange(self.close.size), found.known)
        runs = np.diff(np.concatenate([[-1], found.known, [self.close.size]])) - 1
        if runs.max() <= HOLE or lacks.sum() <= HOLE:
            return
        at = np.flatnonzero(lacks)
        seen = f"Adj Close is empty on {at.size} of {self.known.size} rows"
        if said is None:
            self._error("adjusted", self.dates[at], seen, "fill the column in, or delete it")
        else:
            self.told.append(f"{seen}: there its Dividends stand alone")

    def _equal(self) -> bool:
        assert self.adjusted is not None  # noqa: S101
        both = np.isfinite(self.close) & np.isfinite(self.adjusted)
        return bool(np.allclose(self.close[both], self.adjusted[both], rtol=1e-5, atol=0.0))

    def _paid(self, found: Steps) -> FloatArray:
        """(R,) what steps of adjusted / close are as cash, splits left out."""
        paid = np.zeros(self.dates.size)
        small = (
            np.abs(np.log(found.ratio)) < np.log(SMALLEST_SPLIT) if found.ratio.size else np.zeros(0, bool)
        )
        moves = np.log(self.close[found.at] / self.close[found.before])
        special = (found.ratio > 1) & (
            np.abs(moves + np.log(found.ratio)) < np.log(np.maximum(found.ratio, 1.0)) / 3
        )
        special &= np.array([not _is_simple(r) for r in found.ratio], dtype=bool)
        use = small | special
        paid[found.at[use]] = self.close[found.before[use]] * (1.0 - 1.0 / found.ratio[use])
        return paid

    def _large(self, paid: FloatArray) -> None:
        """Payments of a quarter of the price: special, if the close fell by them, else in another unit."""
        share = self._share(paid)
        for row in np.flatnonzero(share > LARGE_DIVIDEND):
            at = int(np.searchsorted(self.known, row))
            now, last = self.known[min(at, self.known.size - 1)], self.known[at - 1]
            left = self.close[now] / self.close[last]
            if share[row] < 1 and left < 1 - share[row] / 2:
                self.told.append(
                    f"pays {share[row]:.0%} of its price on {self.dates[row]}: a split, or another unit?"
                )
            else:
                seen = f"pays {share[row]:.0%} of its price, and closes {left - 1:+.0%}"
                remedy = "bring Dividends to the unit of the prices, or correct that payment"
                self._error("adjusted", self.dates[row : row + 1], seen, remedy)

    def _small(self, paid: FloatArray) -> None:
        """Payments that are usually a hundredth of what pays: said, since a fund of bills may pay so little."""
        share = self._share(paid)[paid > 0]
        if share.size and np.median(share) < SMALL_DIVIDEND:
            self.told.append(
                f"pays {np.median(share):.4%} of its price at a time: Dividends in pounds beside pence, or another unit?"
            )

    def _share(self, paid: FloatArray) -> FloatArray:
        """(R,) payments as shares of the last close before them, 0 where there is none."""
        before = previous(self.close)
        return np.where((paid > 0) & np.isfinite(before), paid / np.where(before > 0, before, 1.0), 0.0)

    def _log_factor(self, paid: FloatArray) -> FloatArray:
        """(R,) the step of adjusted / close that a payment makes, on its row or the next with a close."""
        share = np.minimum(self._share(paid), 0.99)
        out = np.zeros(self.dates.size)
        for row in np.flatnonzero(share > 0):
            at = int(np.searchsorted(self.known, row))
            if at < self.known.size:
                out[self.known[at]] += -np.log(1.0 - share[row])
        return out

    def _doubt(self, check: Check, dates: DateArray, seen: str, remedy: str, size: float) -> None:
        """An error beyond MATERIAL, else a notice."""
        if size > MATERIAL:
            self._error(check, dates, seen, remedy)
        else:
            self.told.append(f"{seen}: not used")

    def _error(self, check: Check, dates: DateArray, seen: str, remedy: str) -> None:
        self.findings.append(Finding(self.symbol, check, "error", dates[0], dates[-1], seen, remedy))


def _simple(ratio: float) -> float:
    """The split n:m nearest to a ratio, where one lies within SIMPLE of it; else 0."""
    options = [n / m for m in (1, 2, 3, 4, 5) for n in range(1, 101)] + [1 / n for n in range(2, 101)]
    near = min(options, key=lambda option: abs(np.log(ratio / option)))
    return near if abs(np.log(ratio / near)) < SIMPLE and abs(np.log(near)) > 0 else 0.0


def _is_simple(ratio: float) -> bool:
    """Whether a step is so near a common split that no dividend is likelier: n or 1/n, 3:2, 5:2, 5:4, 4:3."""
    options = [*map(float, range(2, 51)), *(1.0 / n for n in range(2, 51)), 1.5, 2.5, 1.25, 4 / 3]
    return any(abs(np.log(ratio / option)) < 0.005 for option in options)


def _words(ratio: float) -> str:
    near = _simple(ratio)
    if not near:
        return f"{ratio:.4g}"
    return f"{near:.4g} for 1" if near > 1 else f"1 for {1 / near:.4g}"


def previous(values: FloatArray) -> FloatArray:
    """(R,) the last known value above each row, NaN where there is none."""
    seen = np.maximum.accumulate(np.where(np.isfinite(values), np.arange(values.size), -1))
    last = np.concatenate([[-1], seen[:-1]]).astype(np.int64)
    return np.where(last >= 0, values[np.maximum(last, 0)], np.nan)
