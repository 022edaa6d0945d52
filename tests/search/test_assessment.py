"""What is read off many trials table by table is what all of them at once would give."""

from __future__ import annotations

import numpy as np
import pytest

from positioning.search.assessment import best_trials
from positioning.search.trials import RUINED
from tests.search.trial_tables import trials_of


@pytest.mark.parametrize("count", [1, 7, 100, 5_000])
def test_the_best_trials_are_the_first_of_all_in_order(count: int) -> None:
    rng = np.random.default_rng(count)
    sharpe, total = rng.integers(-30, 30, 3_000) / 8.0, rng.normal(0.0, 0.6, 3_000)
    sharpe[rng.integers(0, 3_000, 200)] = np.nan
    trials = trials_of(sharpe=sharpe, total_return=total)
    assert trials.plan.chunks > 2
    alive = np.flatnonzero(np.isfinite(sharpe) & (total > RUINED))
    wanted = sorted(alive.tolist(), key=lambda k: (-sharpe[k], k))[:count]
    assert best_trials(trials, "sharpe", count).tolist() == wanted


def test_no_trial_is_best_where_none_is_alive() -> None:
    trials = trials_of(sharpe=np.full(300, 1.0), total_return=np.full(300, RUINED))
    assert best_trials(trials, "sharpe", 5).size == 0
