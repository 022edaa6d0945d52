"""Simulated rates of currencies and published monthly series: bridges between stated points."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from positioning.arrays import FloatArray
from positioning.data.sample_factors import WEEKDAYS_A_YEAR, stream
from positioning.data.sample_tables import own_parameters, parameters, weekdays
from positioning.market.bars import Rates
from positioning.market.sample_facts import SampleFacts
from positioning.market.source import Driver


@lru_cache(maxsize=64)
def simulated_rates(seed: int, currency: str) -> Rates:
    """A bridge between the first and the last rate with Student steps, kept in its band where it has one."""
    rate, days = own_parameters()["currencies"][currency], weekdays()
    steps = stream(seed, f"currency {currency}").standard_t(5.0, days.size) * np.sqrt(3 / 5)
    level = _bridge(rate["vol"] / np.sqrt(WEEKDAYS_A_YEAR) * steps)
    level += np.linspace(np.log(rate["start"]), np.log(rate["end"]), days.size)
    per_dollar = np.clip(np.exp(level), *rate.get("band", (0.0, np.inf)))
    return Rates(currency, days, 1 / per_dollar, f"sample, seed {seed}")


@lru_cache(maxsize=8)
def simulated_driver(seed: int, name: str, facts: SampleFacts) -> Driver:
    """A monthly series through the points of its shape, known `lag_days` after the month's end."""
    p = parameters(facts)["drivers"][name]
    points = np.array([m for m, _ in p["shape"]], "datetime64[M]")
    months = np.arange(points[0], points[-1] + 1)
    shape = np.interp(months.astype(float), points.astype(float), np.log([v for _, v in p["shape"]]))
    noise = _bridge(p["noise"] * stream(seed, f"driver {name}").standard_normal(months.size))
    public_on = (months + 1).astype("datetime64[D]") + p["lag_days"]
    return Driver(name, months.astype("datetime64[D]"), public_on, np.round(np.exp(shape + noise), 2))


def _bridge(steps: FloatArray) -> FloatArray:
    """(K,) the sum of the steps, tied to zero at both ends."""
    walk = np.cumsum(steps) - steps[0]
    return np.asarray(walk - np.linspace(0.0, walk[-1], steps.size))
