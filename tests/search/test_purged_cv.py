"""Purged cross-validation of trials: which rows go, by hand; every number from whole series; noise, and one that is
not."""

from __future__ import annotations

import math
import pickle
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from scipy.stats import kstest, rankdata, spearmanr

from positioning.analysis.cross_validation import PBO_TRIALS, grouped, pbo_sample, purged_splits
from positioning.analysis.metrics import rows_per_year
from positioning.errors import BadInputError
from positioning.events.event import Events
from positioning.market.load import load
from positioning.search.chunk_store import MemoryChunks
from positioning.search.measures import Accounts, Figures, PurgedSums
from positioning.search.purged_cv import (
    HOLD,
    MOST_SPLITS,
    PurgedValidation,
    cross_validate,
    event_windows,
    paths,
    sentences,
)
from positioning.search.run import Search, Work, tabulate, threads
from positioning.search.space import SearchSpace
from positioning.search.trials import Plan, Trials
from positioning.simulation.account import AccountTerms
from positioning.simulation.cash import CashRate
from positioning.simulation.fees import read_fees
from positioning.simulation.ledger_arrays import LANES
from positioning.strategy.strategy import Strategy
from strategies import Enablers, FertilizerProducers, MiddleCorridor
from tests.builders import EVENTS, SAMPLE
from tests.event_studies.returns import an_event
from tests.search.held_strategy import NO_EVENTS, Held
from tests.search.nav_measure import Nav
from tests.simulation.accounts import FREE, build

# The same numbers summed in another order; a Sharpe ratio divides a difference of sums of squares.
SUMS, RATIOS = 1e-12, 1e-9


def all_of(space: SearchSpace, work: Work) -> tuple[Search, Trials]:
    """Every combination, none of them measured yet."""
    codes = space.grouped(space.codes(np.arange(space.combinations)))
    return Search(space, "sharpe", True, work), Trials(space.axes, Plan(codes, (Figures(),)), MemoryChunks())


# Which rows go


EVENT_PARAMETERS = Events(
    (
        an_event("before any row", "2024-01-05"),
        an_event("over before the account opens", "2024-01-08"),
        an_event("reaches into it", "2024-01-10"),
        an_event("known on a Saturday", "2024-01-13", sign=-1),
        an_event("known on the same Monday", "2024-01-15"),
        an_event("of low confidence", "2024-01-17", confidence="low"),
        an_event("no news", "2024-01-18", follows="known on the same Monday"),
        an_event("without a sign here", "2024-01-19", sign=0),
        an_event("alone", "2024-01-22"),
        an_event("on the last row", "2024-01-29"),
        an_event("after it", "2024-01-30"),
    )
)


def test_windows_and_the_rows_they_purge_by_hand() -> None:
    """Sixteen weekdays from Monday the 8th, the account opens on Thursday the 11th: twelve rows with a return."""
    market = build({"A": np.full(16, 100.0)}, start=3)
    space = SearchSpace(Held(), market, EVENT_PARAMETERS, {}, AccountTerms(FREE))
    windows = event_windows(space, 2)
    assert windows.tolist() == [[-1, 1], [2, 4], [7, 9], [12, 14]]
    splits = purged_splits(12, 4, 1, embargo=1, event_windows=windows - 1)
    drawn = ["".join(np.where(s.test, "T", np.where(s.train, "x", "."))) for s in splits]
    assert drawn == [
        "TTT..xxxxxxx",  # account row 4 shares the weekend's news with 2 and 3; row 5 embargoed after it
        "x..TTT.xxxxx",  # rows 2 and 3 share it with 4; row 7 embargoed after the test
        "xxxxxxTTT.xx",  # the event of row 7 lies in the test with all its rows
        "xxxxxxxxxTTT",
    ]
    assert event_windows(space, 0).tolist() == [[2, 2], [7, 7], [12, 12]]
    assert event_windows(replace(space, events=NO_EVENTS)).shape == (0, 2)
    assert (np.diff(event_windows(space)) == HOLD).all()
    # nobody answers what was known before the first row, so it has no window even where that would reach
    assert event_windows(replace(space, events=Events(EVENT_PARAMETERS.items[:1])), 10).shape == (0, 2)


def test_a_blend_answers_the_events_of_all_its_parts() -> None:
    def rows(strategy: Strategy) -> set[int]:
        market = load(SAMPLE, Enablers().names, Enablers().hedges, history=120)
        space = SearchSpace(strategy, market, EVENTS, {}, AccountTerms(FREE))
        return {int(r) for r in event_windows(space)[:, 0]}

    parts = [rows(part) for part in Enablers().parts()]
    assert rows(Enablers()) == set.union(*parts)
    assert all(len(part) > 10 for part in parts)


def test_paths_by_hand() -> None:
    """Two of four: groups 0 1, 0 2, 0 3, 1 2, 1 3, 2 3 are tested on by splits 0 .. 5."""
    tested = np.array(list(combinations(range(4), 2)))
    assert paths(tested, 4).tolist() == [[0, 0, 1, 2], [1, 3, 3, 4], [2, 4, 5, 5]]
    many = paths(np.array(list(combinations(range(10), 3))), 10)
    assert many.shape == (math.comb(9, 2), 10)
    assert sorted(many.ravel().tolist()) == sorted(
        list(range(120)) * 3
    )  # each part of each split is used once


# Every number, from the series themselves


CASES: dict[str, tuple[Strategy, dict[str, tuple[Any, ...]], tuple[int, int, int, int]]] = {
    "leaning": (
        FertilizerProducers(),
        {"half_life": (3.0, 10.0, 30.0), "hedge_ratio": (0.0, 0.7, 1.4), "respond": (0.0, 0.5, 1.0)},
        (6, 2, 5, 10),
    ),
    "screen and look-back": (
        MiddleCorridor(),
        {"screen": ("none", "listed", "strict"), "lookback": (60, 120), "band": (0.0, 0.1, 0.4)},
        (5, 1, 0, 40),
    ),
    "a blend": (
        Enablers(),
        {
            "lookback": (60, 120),
            "screen": ("own", "strict"),
            "exposure": (0.2, 0.6),
            "half_life": (5.0, 40.0),
        },
        (7, 3, 12, 10),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_every_number_is_that_of_the_whole_series(name: str) -> None:
    strategy, axes, (groups, test_groups, embargo, hold) = CASES[name]
    market = load(SAMPLE, strategy.names, strategy.hedges, history=strategy.history)
    terms = AccountTerms(read_fees(), cash=CashRate.constant(0.02))
    asked, trials = all_of(SearchSpace(strategy, market, EVENTS, axes, terms), threads(2))
    found = cross_validate(asked, trials, groups, test_groups, embargo, hold)
    dates = market.rows[market.start :]
    nav = tabulate(asked.space, trials.plan.codes, (Nav(dates.size),))
    growth = asked.space.inputs(strategy).growth
    excess = nav[1:] / nav[:-1] - 1 - growth[1:, None]  # (T - 1, K)
    rows, count = excess.shape
    assert (found.rows, found.trials, found.sampled) == (rows, trials.count, False)
    windows = event_windows(asked.space, hold) - 1
    splits = purged_splits(rows, groups, test_groups, embargo=embargo, event_windows=windows)
    # the measure itself
    measure = PurgedSums.of(grouped(rows, groups), np.array([s.train for s in splits]))
    table = dict(zip(measure.names, tabulate(asked.space, trials.plan.codes, (measure,)), strict=True))
    assert len(table) == 2 * (len(splits) + groups)
    parts = [(f"train_{{}}_{s}", split.train) for s, split in enumerate(splits)]
    parts += [(f"group_{{}}_{g}", grouped(rows, groups) == g) for g in range(groups)]
    for words, here in parts:
        for of, values in (("sum", excess[here]), ("square", excess[here] ** 2)):
            np.testing.assert_allclose(
                table[words.format(of)],
                values.sum(axis=0),
                rtol=SUMS,
                atol=SUMS * np.abs(values).sum(axis=0).max(),
            )

    def sharpes(returns: np.ndarray) -> np.ndarray:
        return returns.mean(axis=0) / returns.std(axis=0, ddof=1) * math.sqrt(rows_per_year(dates))

    served = dict.fromkeys(range(groups), 0)
    series: dict[int, list[np.ndarray]] = {}
    for s, (split, tested) in enumerate(zip(splits, combinations(range(groups), test_groups), strict=True)):
        inside, outside = sharpes(excess[split.train]), sharpes(excess[split.test])
        winner = int(found.winner[s])
        assert inside[winner] >= inside.max() - 1e-7  # the first of those equal to nine decimals a row
        np.testing.assert_allclose(found.train[s], inside[winner], rtol=RATIOS)
        np.testing.assert_allclose(found.test[s], outside[winner], rtol=RATIOS)
        # a screen that drops nobody makes accounts equal but for rounding
        first, second = (np.round(v / math.sqrt(rows_per_year(dates)), 9) for v in (inside, outside))
        assert found.rank[s] == pytest.approx(rankdata(second)[winner] / (count + 1))
        expected = spearmanr(first, second).statistic
        assert found.correlation[s] == pytest.approx(expected, abs=1e-9)
        assert found.tested[s].tolist() == list(tested)
        for g in tested:
            series.setdefault(served[g], []).append(excess[grouped(rows, groups) == g, winner])
            served[g] += 1
    assert len(series) == found.paths.size == math.comb(groups - 1, test_groups - 1)
    for path, pieces in series.items():
        whole = np.concatenate(pieces)
        assert whole.size == rows
        np.testing.assert_allclose(found.paths[path], sharpes(whole), rtol=RATIOS)
    left = np.mean([(~s.train & ~s.test).sum() for s in splits])
    assert found.purged + found.embargoed == pytest.approx(left)
    bare = purged_splits(rows, groups, test_groups, embargo=0, event_windows=windows)
    assert found.purged == pytest.approx(np.mean([(~s.train & ~s.test).sum() for s in bare]))
    assert found.purged > 0
    again = cross_validate(replace(asked, work=threads(1)), trials, groups, test_groups, embargo, hold)
    assert all(
        np.array_equal(getattr(found, n), getattr(again, n)) for n in ("winner", "train", "test", "paths")
    )


def accounts_of(returns: np.ndarray) -> Accounts:
    """LANES accounts of (T - 1, LANES) returns, from a Monday on."""
    nav = np.cumprod(np.vstack([np.ones(LANES), 1 + returns]), axis=0)
    rows = np.busday_offset("2020-01-06", np.arange(nav.shape[0])).astype("datetime64[D]")
    none = np.full(LANES, -1)
    return Accounts(rows, nav, np.zeros(nav.shape[0]), none, np.zeros(LANES), np.zeros(LANES))


def test_an_account_has_no_sums_from_its_ruin_on() -> None:
    returns = np.random.default_rng(1).normal(0, 0.01, (12, LANES))
    returns[5, 7] = -1.0  # the last row of a group
    group = grouped(12, 4)
    train = np.array([[True] * 3 + [False] * 9, [False] * 6 + [True] * 6, [True, False] * 6])
    measure = PurgedSums.of(group, train)
    again = pickle.loads(pickle.dumps(measure))  # noqa: S301 - our own bytes
    table = dict(zip(measure.names, again.read(accounts_of(returns)), strict=True))
    for of in ("sum", "square"):
        known = [np.isfinite(table[f"group_{of}_{g}"][7]) for g in range(4)]
        assert known == [True, False, False, False]
        assert [np.isfinite(table[f"train_{of}_{s}"][7]) for s in range(3)] == [True, False, False]
        assert all(np.isfinite(np.delete(values, 7)).all() for name, values in table.items() if of in name)
    np.testing.assert_allclose(table["group_sum_0"], returns[:3].sum(axis=0), atol=1e-14)


# What there is to find


def made_up(seed: int, better: int | None = None, edge: float = 0.0025, dying: int | None = None) -> Work:
    """Trials of noise of 1 % a row; one may earn an edge, another die on the last row but one."""

    def work(space: SearchSpace, plan: Plan, numbers: Iterable[int]) -> Iterator[tuple[int, np.ndarray]]:
        rows = space.market.rows.size - space.market.start - 1
        for number in numbers:
            rng, table = np.random.default_rng([seed, number]), np.empty(plan.shape(number))
            for first in range(0, table.shape[1], LANES):
                returns = rng.normal(0, 0.01, (rows, LANES))
                for trial, change in ((better, edge), (dying, 0.005)):
                    if trial is not None and 0 <= trial - number * plan.size - first < LANES:
                        returns[:, trial - number * plan.size - first] += change
                        if trial == dying:
                            returns[-2, trial - number * plan.size - first] = -1.0
                lanes = measure_all(plan, accounts_of(returns))
                table[:, first : first + LANES] = lanes[:, : table.shape[1] - first]
            yield number, table

    return work


def measure_all(plan: Plan, accounts: Accounts) -> np.ndarray:
    return np.concatenate([m.read(accounts) for m in plan.measures])


def noisy(seed: int, trials: int, rows: int, numbers: tuple[int, int, int], **one: Any) -> PurgedValidation:
    market = build({"A": np.full(rows + 1, 100.0)}, first="2024-01-08")
    axes = {"weight": tuple(np.linspace(0.1, 0.9, trials).tolist())}
    space = SearchSpace(Held(), market, EVENT_PARAMETERS, axes, AccountTerms(FREE))
    return cross_validate(*all_of(space, made_up(seed, **one)), *numbers, 10)


def test_in_noise_the_winner_is_anyone() -> None:
    found = [noisy(seed, 63, 150, (5, 2, 3)) for seed in range(150)]
    # Splits of one search share their rows, so one of each is taken, here of a different one each time.
    ranks = [p.rank[n % 10] for n, p in enumerate(found)]
    # 1 .. 63 of 64 is uniform but for steps of 1/64; of right code one seed in a thousand would fail
    assert kstest(ranks, "uniform").pvalue > 1e-3
    for values in (
        [p.below_median - 0.5 for p in found],
        [p.correlation.mean() for p in found],
        [p.paths.mean() for p in found],
    ):
        assert abs(np.mean(values)) < 3 * np.std(values) / math.sqrt(len(values))


def test_one_that_is_truly_better_wins_and_holds() -> None:
    found = noisy(
        3, 100, 1500, (10, 2, 5), better=77
    )  # a quarter of a deviation: ten standard errors of 1,500 rows
    assert (found.winner == 77).all()
    # on 300 test rows its Sharpe is 4.3 standard errors above the mean of the others, whose best reaches some 2.5
    assert found.below_median == 0.0
    assert found.rank.mean() > 0.97
    assert found.loss == 0.0
    # every path is that trial's own account
    assert np.ptp(found.paths) == 0.0
    np.testing.assert_allclose(
        found.paths[0], 0.25 * math.sqrt(261), rtol=0.15
    )  # its error is 1 / (0.25 sqrt(1500))


def test_a_trial_that_dies_in_the_test_wins_the_training_before_it() -> None:
    found = noisy(4, 64, 300, (5, 1, 0), dying=9)
    assert found.winner[4] == 9
    assert found.test[4] == -np.inf
    assert found.rank[4] == 1 / 65
    assert (found.winner[:4] != 9).all()
    assert found.paths.tolist() == [-np.inf]
    text = " ".join(sentences(found))
    assert "and was ruined in 1 of them" in text
    assert "Sharpe from ruin to ruin" in text


def test_of_many_trials_a_random_part_is_ranked() -> None:
    last = PBO_TRIALS - 1  # of the part
    found = noisy(5, PBO_TRIALS + 3, 60, (3, 1, 0), better=last, edge=0.02)
    assert (found.trials, found.sampled) == (PBO_TRIALS, True)
    assert (found.winner == pbo_sample(PBO_TRIALS + 3)[last]).all()
    assert found.winner[0] > last
    assert "a random 10,000 of the trials" in sentences(found)[0]


# How it is asked and told


@pytest.mark.parametrize(
    ("numbers", "wanted"),
    [
        ((10, 10, 0), "cpcv=10:10; wanted groups, and how many of them to test on"),
        ((10, 0, 0), "give cpcv=10:2"),
        ((1, 1, 0), "give cpcv=10:2"),
        (
            (20, 2, 0),
            "cpcv=20:2 on 300 rows with a return; wanted 20 rows or more a group; give cpcv=10:2",
        ),
        ((14, 5, 0), f"cpcv=14:5 is 2,002 splits; wanted {MOST_SPLITS} at most"),
        ((10, 2, -1), "an embargo of -1 rows"),
        (
            (10, 2, 400),
            "with an embargo of 400 rows leaves 0 rows to train on; wanted 20 or more in every split; test on",
        ),
        ((10, 9, 20), "leaves 10 rows to train on"),
    ],
)
def test_numbers_that_do_not_fit_are_one_line(numbers: tuple[int, int, int], wanted: str) -> None:
    with pytest.raises(BadInputError, match=wanted) as caught:
        noisy(1, 5, 300, numbers)
    assert "\n" not in str(caught.value)


def test_words() -> None:
    found = noisy(6, 64, 300, (6, 2, 5))
    text = sentences(found)
    assert text[0].startswith(
        "Over 15 ways to test on 2 of 6 groups of rows, the Sharpe winner among 64 trials had"
    )
    assert f"below the median in {100 * found.below_median:.0f} %" in text[0]
    assert f"leaves out {found.purged:.0f} on average because they lie within 10 rows of an event" in text[1]
    assert f"{(found.correlation > 0).sum()} of 15 splits" in text[2]
    assert (
        f"5 paths through all rows with Sharpe from {found.paths.min():.2f} to {found.paths.max():.2f}"
        in text[3]
    )
    assert not any("out of sample" in line or "hindsight" in line for line in text)
    assert all("\n" not in line and "nan" not in line and "inf" not in line for line in text)
    one = noisy(6, 1, 300, (6, 2, 5))
    assert one.below_median == 0.5
    assert "In no split could the ranks" in sentences(one)[2]
