"""Would the search's choice have held on rows that share no event with those it was made on?"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import final

import numpy as np

from positioning.analysis.cross_validation import (
    ALIKE,
    MIN_ROWS,
    Split,
    grouped,
    pbo_sample,
    purged_splits,
    rank_correlation,
    ranks,
    sharpes,
)
from positioning.analysis.metrics import rows_per_year
from positioning.arrays import FloatArray, IntArray
from positioning.errors import BadInputError
from positioning.search.measures import PurgedSums
from positioning.search.run import Search
from positioning.search.space import SearchSpace
from positioning.search.trials import Trials

HOLD = 10  # sessions after an event that still answer it: the longest window of the event study
MOST_SPLITS = (
    300  # 50 MB of sums over the train rows of 10,000 trials, and some five times that to work on them
)
USUAL = (10, 2)  # groups, and how many of them are tested on: 45 splits, 9 paths


@final
@dataclass(frozen=True, eq=False)
class PurgedValidation:
    """What `cross_validate` found of S splits of the rows with a return; Sharpe ratios are a year's, -inf after ruin.

    groups, test_groups, embargo, hold, rows: what was split, and how; purged, embargoed: rows of a split that are
    neither trained nor tested on, mean. trials: how many were ranked; sampled: whether they are a random part of
    more. tested: (S, test_groups) groups; winner: (S,) trial with the highest Sharpe on the train rows; train,
    test: (S,) its Sharpe there and on the test rows; rank: (S,) its rank among the trials on the test rows,
    1 the lowest of N, over N + 1; correlation: (S,) of all trials' ranks by train and by test Sharpe, NaN where
    undefined. paths: (P,) Sharpe of the winners' returns on each path, see `paths`.
    """

    groups: int
    test_groups: int
    embargo: int
    hold: int
    rows: int
    purged: float
    embargoed: float
    trials: int
    sampled: bool
    tested: IntArray
    winner: IntArray
    train: FloatArray
    test: FloatArray
    rank: FloatArray
    correlation: FloatArray
    paths: FloatArray

    @property
    def below_median(self) -> float:
        """Share of splits whose winner ended below the median of the test; at the median counts half."""
        return float(np.mean(self.rank < 0.5) + 0.5 * np.mean(self.rank == 0.5))

    @property
    def loss(self) -> float:
        """Share of paths that lost money over cash. Without any skill it is a little above one half, in simulations
        by two or three points: a path gains much where one lucky trial wins throughout, and else loses a little."""
        return float(np.mean(self.paths < 0))


def event_windows(space: SearchSpace, hold: int = HOLD) -> IntArray:
    """(E, 2) first and last account row that an event moves: the row on which it becomes known, and `hold` rows on.

    Of events with a sign for one of the strategy's themes that a decision may answer (`Event.counts`); those known
    on one row share a window. Left out are windows that end before the account opens, and events known before
    the market's first row or after its last. Row 0 opens the account; windows may reach beyond its rows.
    """
    market, events = space.market, space.events
    relevant = [e.counts and any(e.signs[t] for t in space.strategy.themes) for e in events]
    row = events.rows(market.rows)
    inside = (events.known >= market.rows[0]) & (row < market.rows.size)
    first = row[np.array(relevant, dtype=bool) & inside] - market.start
    first = np.unique(first[first + hold >= 0])
    return np.column_stack([first, first + hold])


def paths(tested: IntArray, groups: int) -> IntArray:
    """(P, N) the split from which each path takes each group: path p the p-th of the splits that test on it, so that
    each path has every group once. tested: (S, k) groups of all choices of k of N; P = S k / N.

    Lopez de Prado (2018), Advances in financial machine learning, chapter 12.
    """
    return np.stack([np.flatnonzero((tested == g).any(axis=1)) for g in range(groups)], axis=1)


def cross_validate(
    search: Search, trials: Trials, groups: int, test_groups: int, embargo: int, hold: int = HOLD
) -> PurgedValidation:
    """Combinatorial purged cross-validation of the trials, or of `pbo_sample` of them: see
    `cross_validation.purged_splits`, with the windows of `event_windows`.

    Raises BadInputError for numbers that leave fewer than MIN_ROWS rows to a group or to train on, or make more than
    MOST_SPLITS splits.
    """
    space = search.space
    dates = space.market.rows[space.market.start :]
    rows = dates.size - 1
    splits, unembargoed = (splits_of(space, groups, test_groups, e, hold) for e in (embargo, 0))
    group, chosen = grouped(rows, groups), pbo_sample(trials.count)
    train_rows = np.array([s.train for s in splits])
    tested = np.array([np.unique(group[s.test]) for s in splits])
    measured = search.try_out(trials.plan.codes[chosen], PurgedSums.of(group, train_rows))
    table = np.concatenate([table.copy() for table in measured.tables()], axis=1)
    *of_train, sums, squares = np.split(table, np.cumsum([len(splits), len(splits), groups]))
    train = sharpes(train_rows.sum(axis=1, dtype=np.float64)[:, None], *of_train)
    of_test = [np.stack([values[members].sum(axis=0) for members in tested]) for values in (sums, squares)]
    test = sharpes(np.array([[float(s.test.sum())] for s in splits]), *of_test)
    winner, each = np.round(train, ALIKE).argmax(axis=1), np.arange(len(splits))
    parts = (np.arange(groups), winner[paths(tested, groups)])  # group and trial of each path's parts
    year = math.sqrt(rows_per_year(dates))
    return PurgedValidation(
        groups=groups,
        test_groups=test_groups,
        embargo=embargo,
        hold=hold,
        rows=rows,
        purged=float(np.mean([(~s.test & ~s.train).sum() for s in unembargoed])),
        embargoed=float(np.mean([s.train.sum() for s in unembargoed]) - train_rows.sum() / len(splits)),
        trials=chosen.size,
        sampled=chosen.size < trials.count,
        tested=tested,
        winner=chosen[winner],
        train=train[each, winner] * year,
        test=test[each, winner] * year,
        rank=ranks(np.round(test, ALIKE), winner) / (chosen.size + 1),
        correlation=np.array([rank_correlation(*pair) for pair in zip(train, test, strict=True)]),
        paths=year * sharpes(np.array(float(rows)), sums[parts].sum(axis=1), squares[parts].sum(axis=1)),
    )


def _require(rows: int, groups: int, test_groups: int, embargo: int, hold: int) -> None:
    option, most = f"cpcv={groups}:{test_groups}", min(USUAL[0], rows // MIN_ROWS)
    remedy = f"give cpcv={most}:{USUAL[1]}" if most > USUAL[1] else "begin the account earlier"
    if not 0 < test_groups < groups:
        raise BadInputError(
            option, "wanted groups, and how many of them to test on: one or more, not all", remedy, "cpcv"
        )
    if rows < MIN_ROWS * groups:
        raise BadInputError(
            f"{option} on {rows:,} rows with a return",
            f"wanted {MIN_ROWS} rows or more a group",
            remedy,
            "cpcv",
        )
    if math.comb(groups, test_groups) > MOST_SPLITS:
        splits = math.comb(groups, test_groups)
        raise BadInputError(f"{option} is {splits:,} splits", f"wanted {MOST_SPLITS} at most", remedy, "cpcv")
    if min(embargo, hold) < 0:
        raise BadInputError(
            f"an embargo of {embargo} rows after events held {hold}", "wanted 0 rows or more", "correct it"
        )


def splits_of(
    space: SearchSpace, groups: int, test_groups: int, embargo: int, hold: int = HOLD
) -> tuple[Split, ...]:
    """The splits of the account's rows with a return. Raises BadInputError as `cross_validate` does."""
    rows = space.market.rows.size - space.market.start - 1
    _require(rows, groups, test_groups, embargo, hold)
    windows = event_windows(space, hold) - 1  # row 0 of a split is the first with a return
    try:
        splits = purged_splits(rows, groups, test_groups, embargo=embargo, event_windows=windows)
        fewest = min(int(s.train.sum()) for s in splits)
    except ValueError:  # it leaves none
        fewest = 0
    if fewest < MIN_ROWS:
        raise BadInputError(
            f"cpcv={groups}:{test_groups} with an embargo of {embargo} rows leaves {fewest} rows to train on",
            f"wanted {MIN_ROWS} or more in every split",
            f"test on fewer groups, such as cpcv={groups}:1, or shorten the embargo"
            if test_groups > 1
            else "shorten the embargo",
            "cpcv",
        )
    return splits


def sentences(p: PurgedValidation) -> list[str]:
    """What it says, in words made from the numbers alone."""
    return [_performance(p), _left_out(p), _ranks(p), _paths(p)]


def _performance(p: PurgedValidation) -> str:
    part = f"a random {p.trials:,} of the trials" if p.sampled else f"{p.trials:,} trials"
    ruined = int(np.isneginf(p.test).sum())
    dead = f", and was ruined in {ruined:,} of them" if ruined else ""
    return (
        f"Over {p.winner.size:,} ways to test on {p.test_groups} of {p.groups} groups of rows, the Sharpe winner among "
        f"{part} had on average Sharpe {_mean(p.train)} on the rows it was chosen on and {_mean(p.test)} on those it "
        f"was tested on, where it ended below the median in {100 * p.below_median:.0f} %{dead}; one half is pure luck."
    )


def _left_out(p: PurgedValidation) -> str:
    return (
        f"Of {p.rows:,} rows a split leaves out {p.purged:.0f} on average because they lie within {p.hold} rows of an "
        f"event that also moves rows of the test, and {p.embargoed:.0f} more for an embargo of {p.embargo} rows after "
        f"it. It trains on what came after a test as well as before, which nobody could have done at the time."
    )


def _ranks(p: PurgedValidation) -> str:
    correlations = p.correlation[~np.isnan(p.correlation)]
    if not correlations.size:
        return "In no split could the ranks of the trials in training and in the test be compared."
    return (
        f"Over all trials the rank in training and the rank in the test had correlation {correlations.mean():.2f} on "
        f"average, above zero in {(correlations > 0).sum():,} of {correlations.size:,} splits."
    )


def _paths(p: PurgedValidation) -> str:
    low, high = (
        f"{p.paths[n]:.2f}" if np.isfinite(p.paths[n]) else "ruin"
        for n in (p.paths.argmin(), p.paths.argmax())
    )
    return (
        f"Pieced together, without what switching would cost, the winners make {p.paths.size:,} paths through all rows "
        f"with Sharpe from {low} to {high}, median {np.median(p.paths):.2f}; {100 * p.loss:.0f} % of them lost money "
        f"over cash."
    )


def _mean(ratios: FloatArray) -> str:
    finite = ratios[np.isfinite(ratios)]
    return f"{finite.mean():.2f}" if finite.size else "undefined"
