"""Cross-validation of a search: would its choice on one part of the rows have held on the other?"""

from __future__ import annotations

import math
from contextlib import closing
from dataclasses import dataclass
from itertools import combinations
from typing import final

import numpy as np

from positioning.analysis.metrics import NOISE
from positioning.analysis.winners_of_halves import ROUNDING, subset_sums, winners_of_halves
from positioning.arrays import BoolArray, FloatArray, IntArray
from positioning.worker_processes import cores
from positioning.worker_threads import in_order

MIN_ROWS = 20  # rows of a part that is chosen on or judged; a ratio of fewer is noise
ALIKE = (
    9  # decimals to which trials that differ in nothing but rounding agree; they must not be told apart by it
)
PBO_TRIALS = 10_000
PBO_BLOCKS = 20  # 184,756 splits; two blocks more are four times as many
LAST_BLOCKS = (
    3  # by which splits are told apart, so that sums over few of the other blocks are in memory at once
)
PARTS = 8  # into which the splits that agree in those are cut for the cores
WORTH_THREADS = (
    300_000  # splits times trials, a millisecond or two: fewer are done sooner than threads are begun
)


@final
@dataclass(frozen=True, eq=False)
class Pbo:
    """What `pbo` found. The arrays have one value a split; Sharpe ratios are per row.

    probability: of backtest overfitting. logits: ln(w / (1 - w)), w the winner's relative rank outside its
    sample. in_sample, out_of_sample: the winner's Sharpe ratios; -inf after ruin. slope: of the second on the
    first, by least squares. probability_of_loss: share of splits whose winner lost outside its sample.
    trials: how many were ranked; sampled: whether they are a random part of more.
    """

    probability: float
    logits: FloatArray
    in_sample: FloatArray
    out_of_sample: FloatArray
    slope: float
    probability_of_loss: float
    trials: int
    sampled: bool


def pbo_sample(trials: int, seed: int = 0) -> IntArray:
    """Ascending indices of the trials that `pbo` ranks: all, or a seeded random PBO_TRIALS of more."""
    if trials <= PBO_TRIALS:
        return np.arange(trials)
    return np.sort(np.random.default_rng(seed).choice(trials, PBO_TRIALS, replace=False, shuffle=False))


def pbo(counts: FloatArray, sums: FloatArray, squares: FloatArray, *, seed: int = 0) -> Pbo:
    """Probability of backtest overfitting, by combinatorially symmetric cross-validation.

    For each way to choose half of the blocks, the trial with the highest Sharpe ratio on them is ranked by its
    Sharpe ratio on the other half: rank 1 the lowest of N, w = rank / (N + 1). The probability is the share of
    splits in which the winner ends below the median, w < 1/2; one at the median counts half, so that trials
    without any skill give one half on average whatever N. Equal trials share their middle rank.

    counts: (blocks,) rows of each block. sums, squares: (trials, blocks) of the excess returns and of their
    squares. A half without risk has Sharpe 0; one with a NaN block, an account that died, -inf.
    More than PBO_TRIALS trials are drawn from by `pbo_sample`. Raises ValueError for arrays that do not fit,
    blocks odd in number or more than PBO_BLOCKS, or fewer than two trials.

    Bailey, Borwein, Lopez de Prado and Zhu (2017), doi:10.21314/JCF.2016.322.
    """
    _check_blocks(counts, sums, squares)
    chosen = pbo_sample(sums.shape[0], seed)
    width, halves = counts.size // 2, _halves(counts.size)
    low = [np.ascontiguousarray(x[chosen, :width].T) for x in (sums, squares)]
    high = [np.ascontiguousarray(x[chosen, width:]) for x in (sums, squares)]
    by_half, last = np.empty((2, 3, halves.size)), max(width, counts.size - LAST_BLOCKS)
    for members in range(2 ** (counts.size - last)):
        here = np.flatnonzero(halves >> last == members)
        by_half[:, :, here] = _winners(halves[here], counts, low, high, members, last - width)
    rank, inside, outside = by_half.transpose(1, 0, 2).reshape(3, -1)  # the halves, then their complements
    logits = np.log(rank / (chosen.size + 1 - rank))
    return Pbo(
        probability=float(np.mean(logits < 0) + 0.5 * np.mean(logits == 0)),
        logits=logits,
        in_sample=inside,
        out_of_sample=outside,
        slope=_slope(inside, outside),
        probability_of_loss=float(np.mean(outside < 0)),
        trials=chosen.size,
        sampled=chosen.size < sums.shape[0],
    )


@final
@dataclass(frozen=True, eq=False)
class Split:
    """One way to train and test: (rows,) masks, never both true."""

    train: BoolArray
    test: BoolArray


def purged_splits(
    rows: int, groups: int, test_groups: int, *, embargo: int, event_windows: IntArray
) -> tuple[Split, ...]:
    """Combinatorial purged cross-validation: each choice of `test_groups` out of `groups` runs of rows is once
    tested on, and trained on the rest less what knows the test.

    Purged: each row of an event window that has a row in the test, for the same event moves them all. Embargo:
    the next `embargo` rows after a run of test rows, or after the window that reaches out of it; earlier rows
    need none, since a decision only looks back.

    groups: consecutive, their lengths differing by one row at most, the longer first. event_windows: (E, 2)
    first and last row of each, both included; they may overlap and reach beyond the rows. Raises ValueError
    for numbers that leave nothing to test or to train on.

    Lopez de Prado (2018), Advances in financial machine learning, chapters 7 and 12.
    """
    if not 0 < test_groups < groups <= rows or embargo < 0:
        raise ValueError(f"{test_groups} of {groups} groups of {rows} rows, embargo {embargo}")
    group = grouped(rows, groups)
    splits = []
    for chosen in combinations(range(groups), test_groups):
        test = np.isin(group, chosen)
        train = ~_outside_training(test, embargo, event_windows)
        if not train.any():
            raise ValueError(f"groups {chosen} in test leave no row to train on; purge or embargo fewer")
        splits.append(Split(train, test))
    return tuple(splits)


def grouped(rows: int, groups: int) -> IntArray:
    """(rows,) the group of each row: consecutive, their lengths differing by one at most, the longer first."""
    return np.sort(np.arange(rows) % groups)


def _outside_training(test: BoolArray, embargo: int, event_windows: IntArray) -> BoolArray:
    """Test rows, purged rows and embargoed rows."""
    mask = test.copy()
    ends = [int(row) for row in np.flatnonzero(test & ~np.append(test[1:], False))]
    for first, last in event_windows.tolist():
        inside = slice(max(first, 0), max(last + 1, 0))
        if test[inside].any():
            mask[inside] = True
            ends.append(last)
    for end in ends:
        mask[end + 1 : end + 1 + embargo] = True
    return mask


def _check_blocks(counts: FloatArray, sums: FloatArray, squares: FloatArray) -> None:
    if sums.shape != squares.shape or sums.shape[1:] != counts.shape:
        raise ValueError(f"counts {counts.shape}, sums {sums.shape} and squares {squares.shape} do not fit")
    if counts.size % 2 or not 2 <= counts.size <= PBO_BLOCKS or sums.shape[0] < 2:
        raise ValueError(
            f"{sums.shape[0]} trials in {counts.size} blocks; "
            f"wanted two trials or more in an even number of blocks, {PBO_BLOCKS} at most"
        )


def _winners(
    halves: IntArray,
    counts: FloatArray,
    low: list[FloatArray],
    high: list[FloatArray],
    members: int,
    first: int,
) -> FloatArray:
    """`winners_of_halves` of those that agree in the high blocks after the first; members: which of these they hold."""
    inside = np.array([bool(members >> b & 1) for b in range(high[0].shape[1] - first)], dtype=bool)
    upper = [
        np.stack([subset_sums(x[:, :first], x[:, first:][:, own]) for own in (inside, ~inside)]) for x in high
    ]
    # In the order of their lower blocks, which are then added once for many, and put back in their own.
    order = np.argsort(halves % 2 ** low[0].shape[0], kind="stable")
    parts = np.array_split(order, PARTS if halves.size * low[0].shape[1] > WORTH_THREADS else 1)

    def ranked(places: IntArray) -> FloatArray:
        return winners_of_halves(halves[places], counts.astype(np.float64), *low, *upper)  # type: ignore[no-any-return]

    by_half = np.empty((2, 3, halves.size))
    if len(parts) == 1:
        by_half[:, :, order] = ranked(order)
        return by_half
    with closing(in_order(ranked, parts, cores())) as each:
        for places, own in zip(parts, each, strict=True):
            by_half[:, :, places] = own
    return by_half


def _halves(blocks: int) -> IntArray:
    """Half of the blocks as a bit mask, each way that has block 0; the other ways are their complements."""
    rest = combinations(range(1, blocks), blocks // 2 - 1)
    return np.array([1 + sum(1 << b for b in chosen) for chosen in rest])


def sharpes(n: FloatArray, total: FloatArray, squares: FloatArray) -> FloatArray:
    """mean / std, ddof 1, of n rows with this total and sum of squares; 0 without risk, -inf where they are NaN."""
    deviations = squares - total * total / n
    flat = deviations <= ROUNDING * squares
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios = np.asarray(total / np.sqrt(deviations) * (np.sqrt(n - 1.0) / n))
    ratios[flat] = 0.0
    ratios[np.isnan(ratios)] = -math.inf
    return ratios


def ranks(values: FloatArray, chosen: IntArray) -> FloatArray:
    """(S,) rank of one trial of each row of (S, N) values, 1 the lowest; equals share their middle rank."""
    own = np.take_along_axis(values, chosen[:, None], axis=1)
    above, level = np.count_nonzero(values > own, axis=1), np.count_nonzero(values == own, axis=1)
    return np.asarray(values.shape[1] - above - (level - 1) / 2)


def rank_correlation(first: FloatArray, second: FloatArray) -> float:
    """Spearman's: the correlation of the ranks of two (K,) arrays, those equal to ALIKE decimals sharing their middle
    rank.

    Pairs with a NaN are left out; -inf is a value, the lowest. NaN for fewer than three pairs, or where either
    is constant.
    """
    from scipy.stats import rankdata

    has_both = ~(np.isnan(first) | np.isnan(second))
    if has_both.sum() < 3:
        return math.nan
    x, y = (
        rankdata(np.round(values[has_both], ALIKE)) - (has_both.sum() + 1) / 2 for values in (first, second)
    )
    spread = math.sqrt(float(np.sum(x * x)) * float(np.sum(y * y)))
    return float(np.sum(x * y)) / spread if spread > 0 else math.nan


def _slope(inside: FloatArray, outside: FloatArray) -> float:
    finite = np.isfinite(inside) & np.isfinite(outside)
    if not finite.any() or np.ptp(inside[finite]) <= NOISE:
        return math.nan
    x = inside[finite] - inside[finite].mean()
    return float(x @ outside[finite] / (x @ x))
