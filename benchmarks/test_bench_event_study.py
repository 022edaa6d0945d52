"""How long an event study of 80 events takes, as one sleeve of 20 names and as 20 names one by one.

Printed by `make bench`, asserted nowhere. Data, sessions and imports are warm.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from positioning.event_studies.day_zero import EventFilter
from positioning.event_studies.design import Design
from positioning.event_studies.sleeve_returns import Returns, Sleeve
from positioning.event_studies.study import single_name_study, study
from tests.event_studies.many_events import EVENTS
from tests.event_studies.returns import NYSE

NAMES = tuple(f"N{n}" for n in range(20))


@pytest.fixture(scope="module")
def prices() -> tuple[np.ndarray, np.ndarray]:
    """Returns of 20 names and of their benchmark."""
    rng = np.random.default_rng(0)
    factor = rng.normal(0, 0.01, (NYSE.size, 1))
    return factor + rng.normal(0, 0.02, (NYSE.size, 20)), factor


def returns_of(
    prices: tuple[np.ndarray, np.ndarray], label: str, names: tuple[str, ...], columns: slice
) -> Returns:
    """Some of the names as a sleeve."""
    return Returns(
        Sleeve(label, "fertilizer", names, "SPY"), "XNYS", names, NYSE, prices[0][:, columns], prices[1]
    )


def test_one_sleeve(benchmark: Any, prices: tuple[np.ndarray, np.ndarray]) -> None:
    returns = returns_of(prices, "sleeve", NAMES, slice(None))
    outcome = benchmark(study, returns, EVENTS, EventFilter(), Design())
    assert len(outcome.observations) == 80


def test_names_one_by_one(benchmark: Any, prices: tuple[np.ndarray, np.ndarray]) -> None:
    design = Design()
    each = [returns_of(prices, name, (name,), slice(n, n + 1)) for n, name in enumerate(NAMES)]

    def job() -> Any:
        return single_name_study([study(r, EVENTS, EventFilter(), design) for r in each], design)

    assert len(benchmark.pedantic(job, rounds=3, warmup_rounds=1).observations) == 1600
