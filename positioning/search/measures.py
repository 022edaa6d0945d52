"""What is read off many accounts side by side while their nav is at hand; nothing of it is kept but the numbers."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, NamedTuple, final

import numpy as np

from positioning.analysis.metrics import NOISE
from positioning.arrays import DAYS_PER_YEAR, BoolArray, DateArray, FloatArray, IntArray
from positioning.compiled import compiled, compiled_part
from positioning.simulation.ledger_arrays import LANES
from positioning.vectors import (
    WIDTH,
    aligned_zeros,
    any_of,
    fill,
    fused,
    is_number,
    item,
    load,
    negated,
    root,
    store,
    where,
    whole_lines,
)

FIGURES = (
    "total_return", "cagr", "volatility", "sharpe", "sortino", "max_drawdown", "calmar", "turnover", "cost_bps_per_year",
)  # fmt: skip
BLOCKS = 64  # of rows whose sums of excess returns are kept of each trial
HALVED = 16  # of rows that cross-validation halves; each is as many of BLOCKS as fit


@final
@dataclass(frozen=True, eq=False)
class Accounts:
    """LANES accounts over T rows. nav: (T, LANES); growth: (T,) return of cash; ruin: (LANES,) row of ruin, -1 for
    none; traded, cost: (LANES,) totals."""

    rows: DateArray
    nav: FloatArray
    growth: FloatArray
    ruin: IntArray
    traded: FloatArray
    cost: FloatArray


class Measure(ABC):
    """A frozen recipe for some numbers of each account; it can be sent to another process."""

    @property
    @abstractmethod
    def names(self) -> tuple[str, ...]:
        """What the numbers are called."""

    @abstractmethod
    def read(self, accounts: Accounts) -> FloatArray:
        """The table of these accounts, (names, LANES)."""


@final
@dataclass(frozen=True)
class Figures(Measure):
    """FIGURES as metrics.summarise defines them, NaN where undefined, and sum_0, sum_1, ... of the excess returns
    over BLOCKS runs of rows; with `squares` square_0, ... of their squares over HALVED runs. NaN after ruin."""

    squares: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """Rows of its table; see `Measure.names`."""
        squares = tuple(f"square_{b}" for b in range(HALVED)) if self.squares else ()
        return (*FIGURES, *(f"sum_{b}" for b in range(BLOCKS)), *squares)

    def read(self, accounts: Accounts) -> FloatArray:
        """The table of these accounts; see `Measure.read`."""
        return measured(accounts, block_edges(accounts.rows.size), HALVED if self.squares else 0)


def block_edges(rows: int) -> IntArray:
    """(BLOCKS + 1,) first rows of the blocks of an account of that many rows; row 0 has no return."""
    return 1 + np.arange(BLOCKS + 1, dtype=np.int64) * (rows - 1) // BLOCKS


def halved(blocks: FloatArray) -> FloatArray:
    """(..., HALVED) of (..., BLOCKS)."""
    return np.asarray(blocks.reshape(*blocks.shape[:-1], HALVED, BLOCKS // HALVED).sum(axis=-1))


class Period(NamedTuple):
    """The T rows that figures are measured over."""

    growth: FloatArray  # (T,) return of cash; row 0 has none
    growth_sum: float  # of the rows after the first
    growth_square: float  # the sum of their squares
    years: float  # from the first row to the last
    per_year: float  # rows a year, NaN where there is one
    edges: IntArray  # (B + 1,) first rows of the blocks, from 1 to T

    @classmethod
    def of(cls, rows: DateArray, growth: FloatArray, edges: IntArray) -> Period:
        """Years and rows a year as metrics.rows_per_year has them, without its check of the dates."""
        years = float((rows[-1] - rows[0]).astype(np.int64)) / DAYS_PER_YEAR
        per_year = (rows.size - 1) / years if years > 0 else math.nan
        later = growth[1:]
        return cls(growth, float(later.sum()), float(later @ later), years, per_year, edges)


def measured(accounts: Accounts, edges: IntArray, squares: int = 0) -> FloatArray:
    """(9 + B + S, LANES): FIGURES, sums of excess returns between the edges (B + 1,), and S = `squares` sums of their
    squares, each over as many of those blocks."""
    blocks = edges.size - 1
    table = np.zeros((len(FIGURES) + blocks + squares, LANES))
    figures, sums, own = table[: len(FIGURES)], table[len(FIGURES) :][:blocks], table[len(FIGURES) + blocks :]
    measure_lanes(
        accounts.nav, Period.of(accounts.rows, accounts.growth, edges), accounts.ruin, accounts.traded, accounts.cost,
        figures, sums, own,
    )  # fmt: skip
    return table


STEP = 4  # rows whose returns share one division, which would be what a row costs
MOST = 1e200  # of their product, and one by it the least, else they are taken one by one
NEARLY = 1.0 + 1e-10  # by which a fall must be less deep than the deepest for no division to be needed
# After a fall that deep, or with nav at first not above SMALL or ever not below LARGE, products and quotients of nav may
# run out of numbers.
DEEP, SMALL, LARGE = -0.999999, 1e-20, 1e50


@compiled_part(error_model="numpy", forceinline=True)
def fall(gain: Any) -> Any:
    """The gain where it is a loss, else 0."""
    return where(gain < 0.0, gain, 0.0)


@compiled_part(error_model="numpy", forceinline=True)
def higher(x: Any, y: Any) -> Any:
    """The greater of two, place by place."""
    return where(x > y, x, y)


@compiled_part(error_model="numpy", forceinline=True)
def lower(x: Any, y: Any) -> Any:
    """The lesser of two, place by place."""
    return where(x < y, x, y)


@compiled_part(error_model="numpy", forceinline=True)
def pair_products(nav: FloatArray, r: int, column: int, before: Any) -> Any:
    """Of STEP rows from r on, nav `before` them: nav before and on the first; on the second and the third; and one by
    the product of both. The returns of all STEP rows follow from that one division; one for several registers, too, would
    round an account by those beside it."""
    early = before * load(nav, (r, column), WIDTH)
    late = load(nav, (r + 1, column), WIDTH) * load(nav, (r + 2, column), WIDTH)
    return early, late, 1.0 / (early * late)


@compiled_part(error_model="numpy", forceinline=True)
def close_block(
    block: int, blocks: int, place: int, part: Any, part_square: Any, sums: FloatArray, squares: FloatArray
) -> None:
    """The sums of a block into `sums` and `squares`."""
    store(sums, (block, place), part)
    if squares.shape[0] > 0:
        own = block * squares.shape[0] // blocks
        store(squares, (own, place), load(squares, (own, place), WIDTH) + part_square)


@compiled(error_model="numpy", _nrt=False)
def measure(  # noqa: PLR0912, PLR0915 - one pass over nav
    nav: FloatArray,
    period: Period,
    ruin: IntArray,
    traded: FloatArray,
    cost: FloatArray,
    place: int,
    column: int,
    figures: FloatArray,
    sums: FloatArray,
    squares: FloatArray,
    room: FloatArray,
) -> None:
    """The FIGURES of the WIDTH accounts from `place` on, their nav in nav from `column` on, streamed row by row; see
    metrics.summarise.

    ruin, traded, cost: (LANES,). figures: out (9, LANES); sums: out (B, LANES), of the period's blocks; squares: out
    (S, LANES). room: of `measuring_room`.
    """
    whole_lines()
    growth, edges = period.growth, period.edges
    n_rows = nav.shape[0]
    count, earning = n_rows - 1, period.growth_square > 0.0
    blocks, zero = edges.size - 1, fill(0.0, WIDTH)
    first = load(nav, (0, column), WIDTH)
    ruined = False
    for k in range(place, place + WIDTH):
        ruined = ruined or ruin[k] >= 0
    # careful: where numbers may run out; a pass without care that finds they may have is repeated with it, and gives the
    # other accounts the same bits
    careful, done = ruined, False
    total, square, down, cross, low, level = zero, zero, zero, zero, zero, zero
    while not done:
        total, square, down, cross, low, part, part_square = zero, zero, zero, zero, zero, zero, zero
        top, before, level, bound = first, first, first, (low + 1.0) * NEARLY
        early, late, share = zero, zero, zero
        for q in range(squares.shape[0]):
            store(squares, (q, place), zero)
        r, block, end = np.int64(1), np.int64(0), item(edges, (1,))
        if r + STEP <= n_rows:
            early, late, share = pair_products(nav, r, column, before)
        while r < n_rows:
            first_top, now = top, load(nav, (r, column), WIDTH)
            together = r + STEP <= n_rows
            if together:
                last = r + STEP
                second, third = load(nav, (r + 1, column), WIDTH), load(nav, (r + 2, column), WIDTH)
                fourth = load(nav, (r + 3, column), WIDTH)
                over_early, over_late = share * late, share * early
                a, b = fused(now, now * over_early, -1.0), fused(second, before * over_early, -1.0)
                c, d = fused(third, third * over_late, -1.0), fused(fourth, second * over_late, -1.0)
                if careful:  # those alone, so that no account has other bits beside a ruined one
                    known = (share < MOST) & (share > 1.0 / MOST)
                    a, b = where(known, a, now / before - 1.0), where(known, b, second / now - 1.0)
                    c, d = where(known, c, third / second - 1.0), where(known, d, fourth / third - 1.0)
                if last + STEP <= n_rows:  # begun here, the next division is over when it is needed
                    early, late, share = pair_products(nav, last, column, fourth)
                if earning:
                    g, h = item(growth, (r,)), item(growth, (r + 1,))
                    i, j = item(growth, (r + 2,)), item(growth, (r + 3,))
                    a, b, c, d = a - g, b - h, c - i, d - j
                    cross = fused(d, j, fused(c, i, fused(b, h, fused(a, g, cross))))
                if last <= end:
                    part = part + a + b + c + d
                    part_square = fused(d, d, fused(c, c, fused(b, b, fused(a, a, part_square))))
                else:
                    store(room, (0, 0), a)
                    store(room, (1, 0), b)
                    store(room, (2, 0), c)
                    store(room, (3, 0), d)
                a, b, c, d = fall(a), fall(b), fall(c), fall(d)
                down = fused(d, d, fused(c, c, fused(b, b, fused(a, a, down))))
                level = level + now + second + third + fourth
                top = higher(higher(higher(higher(top, now), second), third), fourth)
                lowest = lower(lower(now, second), lower(third, fourth))
                before = fourth
            else:
                last, lowest, g = r + 1, now, item(growth, (r,))
                a = now / before - 1.0 - g
                cross = fused(a, g, cross)
                store(room, (0, 0), a)
                a = fall(a)
                down, level, top, before = fused(a, a, down), level + now, higher(top, now), now
                if last + STEP <= n_rows:
                    early, late, share = pair_products(nav, last, column, before)
            if not together or last > end:  # a block may end among them
                for q in range(r, last):
                    while q == end:
                        close_block(block, blocks, place, part, part_square, sums, squares)
                        total, square = total + part, square + part_square
                        part, part_square, block = zero, zero, block + 1
                        end = item(edges, (block + 1,))
                    a = load(room, (q - r, 0), WIDTH)
                    part, part_square = part + a, fused(a, a, part_square)
            deeper = lowest < bound * top
            if any_of(deeper):  # one of them may have fallen deeper
                if careful or any_of(deeper & (top > first_top)):
                    for q in range(r, last):
                        now = load(nav, (q, column), WIDTH)
                        first_top = higher(first_top, now)
                        low = lower(now / first_top - 1.0, low)
                else:  # all of them from the top before, so that the deepest fall is that of the lowest
                    low = where(deeper, lower(lowest / top - 1.0, low), low)
                bound = (low + 1.0) * NEARLY
            r = last
        while block < blocks:
            close_block(block, blocks, place, part, part_square, sums, squares)
            total, square = total + part, square + part_square
            part, part_square, block = zero, zero, block + 1
        sound = (first > SMALL) & (top < LARGE) & (low > DEEP) & is_number(square)
        done = careful or not any_of(negated(sound))
        careful = True

    # returns are excess returns and the growth of cash: their sums follow from those
    net, net_square = total + period.growth_sum, square + 2.0 * cross + period.growth_square
    years, scale, nothing = period.years, math.sqrt(period.per_year), fill(np.nan, WIDTH)
    grown = load(nav, (n_rows - 1, column), WIDTH) / first
    store(room, (0, 0), grown)
    for k in range(WIDTH):
        own = room[0, k]
        room[1, k] = math.expm1(math.log(own) / years) if years > 0 and own > 0 else np.nan
    cagr, mean = load(room, (1, 0), WIDTH), total / float(count)
    spread, volatility, fallen = nothing, nothing, nothing
    if count > 1:
        spread = root(not_below_zero(square - float(count) * mean * mean) / float(count - 1))
        volatility = root(not_below_zero(net_square - net * net / float(count)) / float(count - 1))
        fallen = root(down / float(count))
    store(figures, (0, place), grown - 1.0)
    store(figures, (1, place), cagr)
    store(figures, (2, place), where(volatility <= NOISE, 0.0, volatility) * scale)
    store(figures, (3, place), where(spread > NOISE, mean / spread * scale, np.nan))
    store(figures, (4, place), where(fallen > NOISE, mean / fallen * scale, np.nan))
    store(figures, (5, place), where(low < -NOISE, low, 0.0))
    store(figures, (6, place), where(low < -NOISE, cagr / -low, np.nan))
    by_nav_and_year(level / float(n_rows), years, traded, cost, place, figures)
    if ruined:
        store(room, (0, 0), level / float(n_rows))
        for k in range(WIDTH):
            dead = ruin[place + k]
            if dead >= 0:
                sums[:, place + k] = np.nan
                squares[:, place + k] = np.nan
                figures[:7, place + k] = (-1.0, -1.0, np.nan, np.nan, np.nan, -1.0, np.nan)
                # worth nothing from there on, whatever a mark makes of it later
                room[0, k] = nav[:dead, column + k].sum() / n_rows
        by_nav_and_year(load(room, (0, 0), WIDTH), years, traded, cost, place, figures)


@compiled_part(error_model="numpy", forceinline=True)
def not_below_zero(x: Any) -> Any:
    """What rounding leaves below zero is zero."""
    return where(x > 0.0, x, 0.0)


@compiled_part(error_model="numpy", forceinline=True)
def by_nav_and_year(
    nav: Any, years: float, traded: FloatArray, cost: FloatArray, place: int, figures: FloatArray
) -> None:
    """Turnover and cost a year of mean nav into `figures`."""
    turnover, charged = load(traded, (place,), WIDTH), load(cost, (place,), WIDTH)
    over = years if years > 0 else np.nan
    store(figures, (7, place), 0.5 * turnover / nav / over)
    store(figures, (8, place), 1e4 * charged / nav / over)


@compiled(error_model="numpy")
def measure_lanes(
    nav: FloatArray,
    period: Period,
    ruin: IntArray,
    traded: FloatArray,
    cost: FloatArray,
    figures: FloatArray,
    sums: FloatArray,
    squares: FloatArray,
) -> None:
    """`measure` for LANES accounts; nav: (T, LANES)."""
    room = measuring_room()
    for place in range(0, LANES, WIDTH):
        measure(nav, period, ruin, traded, cost, place, place, figures, sums, squares, room)


@compiled()
def measuring_room() -> FloatArray:
    """What `measure` works in."""
    room: FloatArray = aligned_zeros(STEP, WIDTH)
    return room


@final
@dataclass(frozen=True)
class Spans(Measure):
    """One of FIGURES over the train and over the test span of each fold of a walk-forward, named train_0, test_0,
    train_1, ...; as metrics.summarise of the account's nav cut to that span defines it, NaN where undefined.

    folds: (first train row, last train row b, last test row) of each, account rows; returns on rows up to b train,
    those after it test. Ruined by a span's last row, an account has -inf there, whatever the figure.
    """

    folds: tuple[tuple[int, int, int], ...]
    figure: str

    @property
    def names(self) -> tuple[str, ...]:
        """Rows of its table; see `Measure.names`."""
        return tuple(f"{part}_{f}" for f in range(len(self.folds)) for part in ("train", "test"))

    def read(self, accounts: Accounts) -> FloatArray:
        """The table of these accounts; see `Measure.read`."""
        dead = accounts.nav <= 0
        ruin = np.where(dead.any(axis=0), dead.argmax(axis=0), accounts.rows.size)
        row, out = FIGURES.index(self.figure), np.empty((2 * len(self.folds), LANES))
        spans = [span for first, middle, last in self.folds for span in ((first, middle), (middle + 1, last))]
        for n, (first, last) in enumerate(spans):
            here = slice(first - 1, last + 1)
            part = Accounts(
                accounts.rows[here], accounts.nav[here], accounts.growth[here], np.full(LANES, -1),
                accounts.traded, accounts.cost,
            )  # fmt: skip
            out[n] = np.where(ruin <= last, -np.inf, measured(part, np.array([1, part.rows.size]))[row])
        return out


@final
@dataclass(frozen=True, eq=False)
class PurgedSums(Measure):
    """Sums of excess returns and of their squares over the train rows of S splits and over N groups of rows, named
    train_sum_0, ..., train_square_0, ..., group_sum_0, ..., group_square_0, ...; NaN where the account died on one
    of their rows or before.

    Held by runs of rows that are alike. edges: (R + 1,) their first account rows; group: (R,) the group of each;
    train: (S, R) whether it is trained on.
    """

    edges: IntArray
    group: IntArray
    train: BoolArray

    @classmethod
    def of(cls, group: IntArray, train: BoolArray) -> PurgedSums:
        """group: (T - 1,) of each row with a return, 0 .. N - 1 ascending; train: (S, T - 1) masks."""
        turns = (group[1:] != group[:-1]) | (train[:, 1:] != train[:, :-1]).any(axis=0)
        firsts = np.append(0, np.flatnonzero(turns) + 1)
        edges = np.append(firsts, group.size) + 1  # row 0 has no return
        return cls(edges, group[firsts], np.ascontiguousarray(train[:, firsts]))

    @property
    def names(self) -> tuple[str, ...]:
        """Rows of its table; see `Measure.names`."""
        parts = (("train", self.train.shape[0]), ("group", int(self.group[-1]) + 1))
        return tuple(
            f"{part}_{of}_{n}" for part, many in parts for of in ("sum", "square") for n in range(many)
        )

    def read(self, accounts: Accounts) -> FloatArray:
        """The table of these accounts; see `Measure.read`."""
        runs = np.empty((2, self.group.size, LANES))
        sum_runs(accounts.nav, accounts.growth, self.edges, runs)
        masks = np.concatenate([self.train, self.group == np.arange(self.group[-1] + 1)[:, None]])
        sums = np.zeros((2, masks.shape[0], LANES))
        add_runs(runs, masks, sums)
        splits = self.train.shape[0]
        return np.concatenate([*sums[:, :splits], *sums[:, splits:]])


@compiled(error_model="numpy")
def sum_runs(nav: FloatArray, growth: FloatArray, edges: IntArray, out: FloatArray) -> None:
    """Sums and sums of squares of excess returns, out (2, R, LANES), between the edges (R + 1,); NaN from the first
    row on which nav (T, LANES) is not above zero."""
    s = np.zeros(3 * LANES)  # sum, square, and 0 for the living or NaN
    for run in range(edges.size - 1):
        s[: 2 * LANES] = 0.0
        for r in range(edges[run], edges[run + 1]):
            rate = growth[r]
            for k in range(LANES):
                now = nav[r, k]
                alive = s[2 * LANES + k] if now > 0.0 else np.nan
                excess = now / nav[r - 1, k] - 1.0 - rate + alive
                s[k] += excess
                s[LANES + k] += excess * excess
                s[2 * LANES + k] = alive
        for k in range(LANES):
            out[0, run, k] = s[k]
            out[1, run, k] = s[LANES + k]


@compiled(error_model="numpy")
def add_runs(runs: FloatArray, masks: BoolArray, out: FloatArray) -> None:
    """Added to out (2, M, LANES): the runs (2, R, LANES) of each mask (M, R), in their order."""
    for m in range(masks.shape[0]):
        for run in range(masks.shape[1]):
            if masks[m, run]:
                for k in range(LANES):
                    out[0, m, k] += runs[0, run, k]
                    out[1, m, k] += runs[1, run, k]
