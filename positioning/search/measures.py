"""What is read off many accounts side by side while their nav is at hand; nothing of it is kept but the numbers."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import final

import numpy as np

from positioning.analysis.metrics import NOISE
from positioning.arrays import DAYS_PER_YEAR, BoolArray, DateArray, FloatArray, IntArray
from positioning.compiled import compiled
from positioning.simulation.ledger_arrays import LANES
from positioning.vectors import WIDTH, any_of, fill, item, load, negated, quotient, store, where

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
        figures, sums, squares = measured(accounts, block_edges(accounts.rows.size))
        parts = [figures, sums]
        if self.squares:
            parts.append(halved(squares.T).T)
        return np.concatenate(parts)


def block_edges(rows: int) -> IntArray:
    """(BLOCKS + 1,) first rows of the blocks of an account of that many rows; row 0 has no return."""
    return 1 + np.arange(BLOCKS + 1, dtype=np.int64) * (rows - 1) // BLOCKS


def halved(blocks: FloatArray) -> FloatArray:
    """(..., HALVED) of (..., BLOCKS)."""
    return np.asarray(blocks.reshape(*blocks.shape[:-1], HALVED, BLOCKS // HALVED).sum(axis=-1))


def measured(accounts: Accounts, edges: IntArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """FIGURES (9, LANES), sums and sums of squares (B, LANES) of excess returns between the edges (B + 1,)."""
    years = float((accounts.rows[-1] - accounts.rows[0]).astype(np.int64)) / DAYS_PER_YEAR
    figures = np.empty((len(FIGURES), LANES))
    sums, squares = np.zeros((edges.size - 1, LANES)), np.zeros((edges.size - 1, LANES))
    # metrics.rows_per_year, whose check of the dates would be made anew for every LANES accounts
    per_year = (accounts.rows.size - 1) / years if years > 0 else math.nan
    measure(
        accounts.nav, accounts.growth, accounts.ruin, accounts.traded, accounts.cost, years, per_year,
        edges, figures, sums, squares,
    )  # fmt: skip
    return figures, sums, squares


# The slots of what is summed over all rows: excess returns and their squares, squared falls, nav, returns and their
# squares; and the highest nav so far and the deepest fall from it.
TOTAL, SQUARE, DOWN, LEVEL, NET, NET_SQUARE, TOP, LOW = range(8)
STEP = 4  # rows whose returns share one division, which would be what a row costs
MOST = 1e200  # of their product, and one by it the least, else each is divided by itself
NEARLY = 1.0 + 1e-10  # by which a fall must be less deep than the deepest for no division to be needed


@compiled(error_model="numpy")
def measure(  # noqa: PLR0912, PLR0915 - one pass over nav
    nav: FloatArray,
    growth: FloatArray,
    ruin: IntArray,
    traded: FloatArray,
    cost: FloatArray,
    years: float,
    per_year: float,
    edges: IntArray,
    figures: FloatArray,
    sums: FloatArray,
    squares: FloatArray,
) -> None:
    """The FIGURES of LANES accounts from their nav (T, LANES), streamed row by row; see metrics.summarise.

    edges: (B + 1,) first rows of the blocks, from 1 to T. figures: out (9, LANES); sums, squares: out (B, LANES).
    """
    n_rows = nav.shape[0]
    count = n_rows - 1
    earning = False
    for r in range(1, n_rows):
        earning = earning or growth[r] != 0.0
    s, gains = np.zeros((LOW + 1, LANES)), np.zeros((STEP, WIDTH))
    s[LEVEL], s[TOP] = nav[0], nav[0]
    for b in range(edges.size - 1):
        for k in range(0, LANES, WIDTH):
            part, part_square = fill(0.0, WIDTH), fill(0.0, WIDTH)
            total, square = load(s, (TOTAL, k), WIDTH), load(s, (SQUARE, k), WIDTH)
            down, level = load(s, (DOWN, k), WIDTH), load(s, (LEVEL, k), WIDTH)
            net, net_square = load(s, (NET, k), WIDTH), load(s, (NET_SQUARE, k), WIDTH)
            top, low = load(s, (TOP, k), WIDTH), load(s, (LOW, k), WIDTH)
            bound = (low + 1.0) * NEARLY
            r, end = edges[b], edges[b + 1]
            while r < end:
                # STEP rows; of the last ones of a block some are counted already, and of the first rows only one is
                # taken
                at = min(r, end - STEP)
                if at < 1:
                    at, last = r, r + 1
                    store(gains, (0, 0), load(nav, (r, k), WIDTH) / load(nav, (r - 1, k), WIDTH) - 1.0)
                else:
                    last = at + STEP
                    before, now = load(nav, (at - 1, k), WIDTH), load(nav, (at, k), WIDTH)
                    second, third, fourth = (
                        load(nav, (at + 1, k), WIDTH), load(nav, (at + 2, k), WIDTH), load(nav, (at + 3, k), WIDTH),
                    )  # fmt: skip
                    early, late = before * now, second * third
                    share = 1.0 / (early * late)
                    if any_of(negated((share < MOST) & (share > 1.0 / MOST))):
                        store(gains, (0, 0), now / before - 1.0)
                        store(gains, (1, 0), second / now - 1.0)
                        store(gains, (2, 0), third / second - 1.0)
                        store(gains, (3, 0), fourth / third - 1.0)
                    else:
                        over_early, over_late = share * late, share * early
                        store(gains, (0, 0), quotient(now, before, now * over_early) - 1.0)
                        store(gains, (1, 0), quotient(second, now, before * over_early) - 1.0)
                        store(gains, (2, 0), quotient(third, second, third * over_late) - 1.0)
                        store(gains, (3, 0), quotient(fourth, third, second * over_late) - 1.0)
                first, lowest = top, load(nav, (r, k), WIDTH)
                for q in range(r, last):
                    now, excess = load(nav, (q, k), WIDTH), load(gains, (q - at, 0), WIDTH)
                    if earning:
                        net, net_square = net + excess, net_square + excess * excess
                        excess = excess - item(growth, (q,))
                    fall, own = where(excess < 0.0, excess, 0.0), excess * excess
                    part, part_square = part + excess, part_square + own
                    total, square = total + excess, square + own
                    down, level = down + fall * fall, level + now
                    top = where(now > top, now, top)
                    lowest = where(now < lowest, now, lowest)
                if any_of(lowest < bound * top):  # one of them may have fallen deeper
                    for q in range(r, last):
                        now = load(nav, (q, k), WIDTH)
                        first = where(now > first, now, first)
                        fallen = now / first - 1.0
                        low = where(fallen < low, fallen, low)
                    bound = (low + 1.0) * NEARLY
                r = last
            store(sums, (b, k), part)
            store(squares, (b, k), part_square)
            store(s, (TOTAL, k), total)
            store(s, (SQUARE, k), square)
            store(s, (DOWN, k), down)
            store(s, (LEVEL, k), level)
            store(s, (NET, k), net)
            store(s, (NET_SQUARE, k), net_square)
            store(s, (TOP, k), top)
            store(s, (LOW, k), low)
    if not earning:  # excess returns are the returns
        s[NET], s[NET_SQUARE] = s[TOTAL], s[SQUARE]
    total, square, down, low, level, net, net_square = (
        s[TOTAL], s[SQUARE], s[DOWN], s[LOW], s[LEVEL], s[NET], s[NET_SQUARE],
    )  # fmt: skip
    scale = math.sqrt(per_year)
    for k in range(LANES):
        mean = total[k] / count
        spread = math.sqrt(max(square[k] - count * mean * mean, 0.0) / (count - 1)) if count > 1 else np.nan
        own = (
            math.sqrt(max(net_square[k] - net[k] * net[k] / count, 0.0) / (count - 1))
            if count > 1
            else np.nan
        )
        fallen = math.sqrt(down[k] / count) if count > 1 else np.nan
        grown = nav[n_rows - 1, k] / nav[0, k]
        cagr = math.expm1(math.log(grown) / years) if years > 0 and grown > 0 else np.nan
        mean_nav = level[k] / n_rows
        figures[0, k] = grown - 1.0
        figures[1, k] = cagr
        figures[2, k] = (own if own > NOISE else 0.0) * scale if count > 1 else np.nan
        figures[3, k] = mean / spread * scale if spread > NOISE else np.nan
        figures[4, k] = mean / fallen * scale if fallen > NOISE else np.nan
        figures[5, k] = low[k] if low[k] < -NOISE else 0.0
        figures[6, k] = cagr / -low[k] if low[k] < -NOISE else np.nan
        figures[7, k] = 0.5 * traded[k] / mean_nav / years if years > 0 else np.nan
        figures[8, k] = 1e4 * cost[k] / mean_nav / years if years > 0 else np.nan
        if ruin[k] >= 0:
            figures[0, k], figures[1, k], figures[5, k] = -1.0, -1.0, -1.0
            figures[2, k], figures[3, k], figures[4, k], figures[6, k] = np.nan, np.nan, np.nan, np.nan
            mean_nav = (
                nav[: ruin[k], k].sum() / n_rows
            )  # worth nothing from there on, whatever a mark makes of it later
            figures[7, k] = 0.5 * traded[k] / mean_nav / years if years > 0 else np.nan
            figures[8, k] = 1e4 * cost[k] / mean_nav / years if years > 0 else np.nan
            sums[:, k] = np.nan
            squares[:, k] = np.nan


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
            figures, _, _ = measured(part, np.array([1, part.rows.size]))
            out[n] = np.where(ruin <= last, -np.inf, figures[row])
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
