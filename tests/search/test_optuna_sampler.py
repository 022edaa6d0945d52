"""Proposals: seeded, distinct, better than chance, and never without an end."""

from __future__ import annotations

import logging
import math
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from positioning.errors import BadInputError
from positioning.market.load import load
from positioning.search import optuna_sampler as proposals
from positioning.search.assessment import values_of
from positioning.search.chunk_store import MemoryChunks
from positioning.search.measures import Figures
from positioning.search.optuna_sampler import propose
from positioning.search.run import search, threads
from positioning.search.space import SearchSpace
from positioning.search.trials import Plan, Trials
from positioning.simulation.account import AccountTerms
from positioning.simulation.fees import read_fees
from strategies import FertilizerProducers
from tests.builders import EVENTS, SAMPLE

GRID = {
    "half_life": tuple(np.linspace(2.0, 80.0, 20).tolist()),
    "exposure": tuple(np.linspace(0.05, 1.0, 20).tolist()),
    "hedge_ratio": tuple(np.linspace(0.0, 1.8, 10).tolist()),
}


def space_of(**axes: tuple[Any, ...]) -> SearchSpace:
    own = FertilizerProducers()
    market = load(SAMPLE, own.names, own.hedges, history=own.history)
    return SearchSpace(own, market, EVENTS, axes, AccountTerms(read_fees()))


def proposed(
    space: SearchSpace, trials: int, seed: int = 1, workers: int = 1, metric: str = "sharpe"
) -> Trials:
    plan = Plan(propose(space, metric, trials, seed), (Figures(),))
    return search(space, plan, MemoryChunks(), threads(workers))


def tried(space: SearchSpace, codes: np.ndarray) -> Trials:
    return search(space, Plan(codes, (Figures(),)), MemoryChunks(), threads(2))


@pytest.fixture(scope="module")
def grid() -> SearchSpace:
    return space_of(**GRID)


@pytest.fixture(scope="module")
def whole(grid: SearchSpace) -> Trials:
    """All 4,000."""
    return tried(grid, grid.grouped(grid.codes(np.arange(grid.combinations))))


@pytest.fixture(scope="module")
def told() -> list[int]:
    """How many were told of at a time, while `by_sharpe` were proposed."""
    return []


@pytest.fixture(scope="module")
def by_sharpe(grid: SearchSpace, told: list[int]) -> Trials:
    return tried(grid, propose(grid, "sharpe", 300, 1, told.append))


def test_a_seed_gives_the_same_trials_whoever_works() -> None:
    space = space_of(**GRID)
    once, again = proposed(space, 150), proposed(space, 150, workers=3)
    np.testing.assert_array_equal(once.plan.codes, again.plan.codes)
    np.testing.assert_array_equal(np.hstack(list(once.tables())), np.hstack(list(again.tables())))
    assert not np.array_equal(once.plan.codes, proposed(space, 150, seed=2).plan.codes)


def test_trials_are_different_combinations_of_the_grid_in_its_order(
    grid: SearchSpace, by_sharpe: Trials
) -> None:
    codes = by_sharpe.plan.codes
    assert codes.shape == (300, 3)
    assert np.unique(codes, axis=0).shape == (300, 3)
    assert (codes >= 0).all()
    assert (codes.max(axis=0) < [20, 20, 10]).all()
    np.testing.assert_array_equal(codes, grid.grouped(codes))


@pytest.mark.parametrize("metric", ["sharpe", "calmar"])
def test_it_finds_what_the_whole_grid_has(
    metric: str, grid: SearchSpace, whole: Trials, by_sharpe: Trials
) -> None:
    every = values_of(whole, metric)
    own = values_of(by_sharpe if metric == "sharpe" else proposed(grid, 300, metric=metric), metric)
    # 300 drawn at random have one of the best 1 % in 95 cases of 100 (1 - 0.99**300); a sampler that learns has to
    # do better than that: among the best 0.2 %, 8 of 4,000.
    assert np.nanmax(own) >= np.sort(every[~np.isnan(every)])[-8]


def test_it_looks_where_the_good_ones_are(grid: SearchSpace, by_sharpe: Trials) -> None:
    drawn = np.random.default_rng(0).choice(grid.combinations, 300, replace=False)
    blind = values_of(tried(grid, grid.codes(np.sort(drawn))), "sharpe")
    assert np.nanmedian(values_of(by_sharpe, "sharpe")) > np.nanquantile(blind, 0.75)


def test_a_small_grid_is_tried_whole_and_ends() -> None:
    space = space_of(half_life=(5.0, 20.0, 40.0), lookback=(60, 120), respond=(0.5, 1.0), exposure=(0.3,))
    found = proposed(space, 1000)
    assert found.count == space.combinations == 12
    assert np.unique(found.plan.codes, axis=0).shape == (12, 4)


def test_a_sampler_that_repeats_itself_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    space, batches = space_of(half_life=(5.0, 20.0), respond=(0.5, 1.0)), []

    def again(self: Any, known: dict[Any, float], wanted: int) -> list[tuple[int, ...]]:
        batches.append(len(known))
        return [] if known else [(0, 0)]

    monkeypatch.setattr(proposals._Sampler, "ask", again)
    assert proposed(space, 4).count == 1
    assert len(batches) == 1 + proposals.FRUITLESS


def test_words_and_symbols_are_axes_too() -> None:
    legs = (("NTR", "MOS"), ("ICL", "SDF.DE"), ("NTR", "MOS", "ICL", "SDF.DE"))
    space = space_of(
        legs=legs, screen=("none", "strict"), hedge_ratio=GRID["hedge_ratio"], respond=(0.0, 1.0)
    )
    found = proposed(space, 60)
    assert found.count == 60
    assert set(found.axes["legs"]) == set(legs)
    assert set(found.axes["screen"]) == {"none", "strict"}


def test_what_has_no_metric_is_the_worst() -> None:
    space = space_of(
        half_life=GRID["half_life"], exposure=(0.0001, *GRID["exposure"]), hedge_ratio=(0.0, 1.0)
    )
    values = proposals._values(space, "sharpe", [(0, 0, 0), (0, 5, 0)])
    assert all(math.isfinite(v) for v in values.values())

    def undefined(trials: Trials, _: str) -> np.ndarray:
        return np.full(trials.count, np.nan)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(proposals, "values_of", undefined)
        assert set(proposals._values(space, "sharpe", [(0, 0, 0)]).values()) == {-math.inf}
        assert proposed(space, 200).count == 200  # nothing but the worst: still proposed, still an end


def test_told_of_each_trial_once(by_sharpe: Trials, told: list[int]) -> None:
    assert by_sharpe.count == sum(told) == 300


@pytest.mark.parametrize(
    ("trials", "seed", "metric", "wanted"),
    [
        (0, 0, "sharpe", "trials=0; wanted at least one trial; give trials=1000"),
        (-5, 0, "sharpe", "trials=-5"),
        (5, -1, "sharpe", "seed=-1; wanted one from 0 to 4294967295; give seed=0"),
        (5, 2**32, "sharpe", "seed=4294967296"),
        (5, 0, "sharp", "Did you mean sharpe"),
    ],
)
def test_a_bad_request_is_one_line(trials: int, seed: int, metric: str, wanted: str) -> None:
    with pytest.raises(BadInputError, match=wanted):
        proposed(space_of(half_life=(5.0, 10.0)), trials, seed, metric=metric)


def test_optuna_says_nothing_and_is_left_as_it_was(capfd: pytest.CaptureFixture[str]) -> None:
    level = logging.getLogger("optuna").level
    proposed(space_of(half_life=(5.0, 10.0)), 2)
    assert capfd.readouterr().err == ""
    assert logging.getLogger("optuna").level == level


def test_without_the_package_it_says_what_to_install() -> None:
    code = (
        "import sys\nsys.modules['optuna'] = None\nfrom positioning.errors import BadInputError\n"
        "try:\n    import positioning.search.optuna_sampler\nexcept BadInputError as error:\n    print(error)"
    )
    said = subprocess.check_output([sys.executable, "-c", code], text=True)
    assert said.strip().endswith("type pip install 'positioning[optuna]'")
