"""Splits left in closes, or applied the wrong way round: moves by a split's ratio and nothing else out of the way."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from positioning.arrays import BoolArray
from positioning.market.bars import Bars
from positioning.market.findings import Finding, error, warning
from positioning.market.move_sizes import DAYS_OF_A_MOVE, JUMP, RISE, SPIKE_WINDOW, UNIT, UNIT_TOLERANCE

SPLITS = (2, 2.5, *range(3, 11), 12, 15, 16, 20, 25, 30, 40, 50)  # new shares for old ones, or old for new
SPLIT_TOLERANCE = 0.015  # of the ratio, or two standard errors of a day
SMALL_SPLITS = ((3, 2), (4, 3), (5, 4))  # new shares for old ones; bad news may look like them
SMALL_TOLERANCE = 0.03  # of a logarithm
SMALL_SIGMAS = 6.0  # usual moves that such a one is large beside
QUIET, NEWS = 2.0, 3.0  # usual volumes of a day: up to these nothing, and beyond these something was heard
CALM = 4.0  # standard deviations that no day around a split left in moves beyond
REMEDY = "adjust the prices before it, or add a column Stock Splits"


def split_findings(b: Bars, has_close: BoolArray, printed: BoolArray, near: BoolArray) -> Iterator[Finding]:
    """The splits left in one symbol's closes.

    has_close: (T,) over its bars; printed: over those with a close, those named as misprints, which are left out; near:
    over the steps between the rest, those that a restriction or a grave event may explain.
    """
    yield from _large(b, has_close, printed, near)
    yield from _small(b, has_close, printed, near)


def _large(b: Bars, has_close: BoolArray, printed: BoolArray, near: BoolArray) -> Iterator[Finding]:
    """Moves by a split's ratio, and nothing else out of the way: a split that was left in, or applied the wrong
    way round. A crash moves on, before and after it and within its day; what a special dividend explains is none."""
    rows = np.flatnonzero(~printed)
    dividends = b.dividends[has_close][rows][1:]
    dates, close = b.dates[has_close][rows], b.close[has_close][rows]
    step = np.diff(np.log(close))
    ratios = np.log(np.array(SPLITS, dtype=np.float64))
    for n in np.flatnonzero((np.abs(step) > np.log(SPLITS[0]) - SPLIT_TOLERANCE - 0.05) & ~near):
        around = np.abs(
            np.concatenate([step[max(n - SPIKE_WINDOW, 0) : n], step[n + 1 : n + 1 + SPIKE_WINDOW]])
        )
        if around.size < 5 or (dates[n + 1] - dates[n]).astype(int) > DAYS_OF_A_MOVE:
            continue
        usual = max(1.4826 * float(np.median(around)), 1e-4)
        if dividends[n] > 0 and abs(np.log((close[n + 1] + dividends[n]) / close[n])) < abs(step[n]) / 3:
            continue
        rest = float(np.abs(np.abs(step[n]) - ratios).min())
        close_by = np.abs(np.concatenate([step[max(n - 3, 0) : n], step[n + 1 : n + 6]]))
        day = np.flatnonzero(has_close)[rows[n + 1]]
        within = np.log(b.high[day] / b.low[day]) if np.isfinite(b.high[day] + b.low[day]) else 0.0
        calm = (close_by < CALM * usual + 1e-9).all() and within < 2 * CALM * usual + 1e-9
        if rest > max(SPLIT_TOLERANCE, min(2.0 * usual, 0.05)) or not calm:
            continue
        if abs(abs(step[n]) - UNIT) <= UNIT_TOLERANCE or abs(step[n]) > JUMP or step[n] > RISE:
            continue  # named by `moves`
        ratio = SPLITS[int(np.argmin(np.abs(np.abs(step[n]) - ratios)))]
        new, old = (ratio, 1) if ratio == int(ratio) else (int(2 * ratio), 2)
        words = f"{new:g} for {old}" if step[n] < 0 else f"{old} for {new:g}"
        text = (
            f"closes at {close[n]:.6g} on {dates[n]} and {close[n + 1]:.6g} on {dates[n + 1]}, a factor of {ratio} "
            f"on calm days: a split of {words} left in?"
        )
        yield error(b.symbol, "split", dates[n + 1 : n + 2], text, REMEDY)


def _small(b: Bars, has_close: BoolArray, printed: BoolArray, near: BoolArray) -> Iterator[Finding]:
    """Moves by 3:2, 4:3 or 5:4 over a night on calm days. Bad news makes such moves, too (FMC fell by a third on
    2025-02-05), and then more shares than usual change hands: where volume tells that they did not, it is an error, and
    where no volume is known, a warning."""
    rows = np.flatnonzero(has_close)[~printed]
    if rows.size < SPIKE_WINDOW:
        return
    close, opened, volume, dividends = b.close[rows], b.open[rows], b.volume[rows], b.dividends[rows]
    step = np.diff(np.log(close))
    ratios = np.log([new / old for new, old in SMALL_SPLITS])
    large = (np.abs(step) > ratios.min() - 0.08) & (np.abs(step) < ratios.max() + 0.08)
    for n in np.flatnonzero(large & ~near):
        day = n + 1
        around = np.r_[max(n - SPIKE_WINDOW, 0) : n, day : min(day + SPIKE_WINDOW, step.size)]
        usual = 1.4826 * float(np.median(np.abs(step[around])))
        night = float(np.log(opened[day] / close[n]))
        # The open has the whole of a split and its close a day's move on top; where there is none, the close tells alone.
        both = (
            [(night, 1.5, SMALL_TOLERANCE), (step[n], 2.5, 0.08)]
            if np.isfinite(night)
            else [(step[n], 2.0, 0.05)]
        )
        off = any(
            np.abs(abs(move) - ratios).min() > np.clip(sigmas * usual, SPLIT_TOLERANCE, most)
            for move, sigmas, most in both
        )
        beside = np.abs(np.r_[step[max(n - 3, 0) : n], step[day : day + 5]])
        if (
            not usual
            or abs(step[n]) < SMALL_SIGMAS * usual
            or off
            or (beside > CALM * usual + 1e-9).any()
            or (b.dates[rows[day]] - b.dates[rows[n]]).astype(int) > DAYS_OF_A_MOVE
            or dividends[day] > 0
        ):
            continue
        shares = volume[
            np.r_[max(n - SPIKE_WINDOW, 0) : day, day + 1 : min(day + 1 + SPIKE_WINDOW, rows.size)]
        ]
        shares = shares[shares > 0]
        known_volume = shares.size >= SPIKE_WINDOW // 2 and volume[day] > 0
        busy = volume[day] / np.median(shares) if known_volume else np.nan
        if busy > NEWS:
            continue
        new, old = SMALL_SPLITS[int(np.argmin(np.abs(abs(both[0][0]) - ratios)))]
        words = f"{new} for {old}" if step[n] < 0 else f"{old} for {new}"
        text = (
            f"closes at {close[n]:.6g} on {b.dates[rows[n]]} and {close[day]:.6g} on {b.dates[rows[day]]}, a factor of "
            f"{new / old:.4g} over a night between calm days"
        )
        at = b.dates[rows[day] : rows[day] + 1]
        if busy <= QUIET:
            text += f", without more volume: a split of {words} left in?"
            yield error(b.symbol, "split", at, text, REMEDY)
        else:
            yield warning(b.symbol, "split", at, f"{text}: news, or a split of {words} left in?", REMEDY)
