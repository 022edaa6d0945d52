"""Whether one account is better than another: over the dates all share, pair by pair, and the best against all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import final

import numpy as np

from positioning.analysis.account_history import AccountHistory, sharpes
from positioning.analysis.block_bootstrap import BLOCK, blocks, ends_of
from positioning.analysis.metrics import (
    MIN_RETURNS,
    NOISE,
    returns,
)
from positioning.analysis.superior_predictive_ability import Spa, spa
from positioning.arrays import DateArray, FloatArray


def aligned(histories: Sequence[AccountHistory]) -> tuple[DateArray, FloatArray]:
    """(T,) dates that all histories have, and (K, T - 1) returns over cash between them. No history is ruined."""
    dates = histories[0].dates
    for history in histories[1:]:
        dates = np.intersect1d(dates, history.dates)
    out = np.zeros((len(histories), max(dates.size - 1, 0)))
    for n, history in enumerate(histories):
        at = np.searchsorted(history.dates, dates)
        cash = np.cumprod(1.0 + history.cash_rate)[at]
        out[n] = returns(history.nav[at]) - (cash[1:] / cash[:-1] - 1.0)
    return dates, out


def correlation(rows: FloatArray) -> FloatArray:
    """(K, K) correlations of (K, T) returns; NaN for one that does not vary."""
    centred = rows - rows.mean(axis=1, keepdims=True)
    length = np.sqrt(np.square(centred).sum(axis=1))
    unit = np.where((length > NOISE)[:, None], centred / np.maximum(length, NOISE)[:, None], np.nan)
    return np.asarray(np.clip(unit @ unit.T, -1.0, 1.0))


@final
@dataclass(frozen=True, slots=True)
class Pair:
    """Does one account earn more than another? difference: of mean returns, a year; low, high: its interval; sharpe:
    difference of Sharpe ratios, with sharpe_low, sharpe_high; p: of a difference at least as large where there is
    none; holm: p after Holm's correction for all pairs asked."""

    winner: int
    loser: int
    difference: float
    low: float
    high: float
    sharpe: float
    sharpe_low: float
    sharpe_high: float
    p: float
    holm: float


def pairs(rows: FloatArray, per_year: float, draws: int = 1000, seed: int = 0) -> list[Pair]:
    """Every ordered pair of the (K, T) excess returns that differs: that the first earns more than the second.

        p = (1 + #{mean(d*) - mean(d) >= mean(d)}) / (1 + draws),   d = r_first - r_second, * on drawn blocks

    One-sided; d* centred on d is its law were there no difference. Pairs equal to rounding are left out.
    Holm (1979), A simple sequentially rejective multiple test procedure.
    """
    if rows.shape[1] < MIN_RETURNS:
        return []
    means, ratios = _redrawn_means(rows, per_year, draws, seed)
    mean, ratio = rows.mean(axis=1), sharpes(rows[None], per_year)[0]
    results = []
    for a, b in np.argwhere(~np.eye(len(rows), dtype=bool)):
        if np.abs(rows[a] - rows[b]).max() <= NOISE:
            continue
        gap, gaps = float(mean[a] - mean[b]), means[:, a] - means[:, b]
        low, high = ends_of(gaps)
        sharpe_low, sharpe_high = ends_of(ratios[:, a] - ratios[:, b])
        p = float((1.0 + (gaps - gap >= gap).sum()) / (1.0 + draws))
        results.append(
            Pair(
                winner=int(a), loser=int(b), difference=gap * per_year, low=low * per_year, high=high * per_year,
                sharpe=float(ratio[a] - ratio[b]), sharpe_low=sharpe_low, sharpe_high=sharpe_high, p=p, holm=p,
            )
        )  # fmt: skip
    return [replace(f, holm=h) for f, h in zip(results, holm([f.p for f in results]), strict=True)]


def _redrawn_means(rows: FloatArray, per_year: float, draws: int, seed: int) -> tuple[FloatArray, FloatArray]:
    means, ratios = [], []
    for at in blocks(rows.shape[1], draws, seed):
        resamples = rows[:, at].swapaxes(0, 1)
        means.append(resamples.mean(axis=2))
        ratios.append(sharpes(resamples, per_year))
    return np.concatenate(means), np.concatenate(ratios)


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjusted p-values, in the order given."""
    order = np.argsort(p_values, kind="stable")
    out, top = [0.0] * len(p_values), 0.0
    for rank, at in enumerate(order):
        top = max(top, min(1.0, p_values[at] * (len(p_values) - rank)))
        out[at] = top
    return out


def superior(rows: FloatArray, draws: int = 1000, seed: int = 0) -> list[Spa | None]:
    """Hansen's test on block sums of the (K, T) excess returns: first that any beats cash, then for each that any
    other beats it; None where too few rows, or no other that differs."""
    count = rows.shape[1] // BLOCK
    if rows.shape[1] < MIN_RETURNS or count < 3:
        return [None] * (len(rows) + 1)
    begins = np.linspace(0, rows.shape[1], count, endpoint=False).astype(np.int64)
    sums = np.add.reduceat(rows, begins, axis=1)
    tests = [spa([sums], np.zeros(count), draws=draws, seed=seed)]
    tests += [spa([np.delete(sums, n, axis=0)], own, draws=draws, seed=seed) for n, own in enumerate(sums)]
    return [t if t.trials else None for t in tests]
