"""Prices of a share that pays each quarter, in cents, as files of vendors have them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from positioning.arrays import FloatArray
from positioning.data.price_basis import PriceBasis

ROWS = 504
DAYS = np.datetime64("2020-01-02") + np.arange(ROWS)
EX = np.arange(60, ROWS, 63)


def traded(share: float = 0.006, seed: int = 1, level: float = 30.0) -> dict[str, FloatArray]:
    """Opens, closes and dividends in cents: 1.8 % a day, 0.4 % of it over night, `share` of the price each quarter."""
    rng = np.random.default_rng(seed)
    close, paid = level * np.exp(rng.normal(0, 0.018, ROWS).cumsum()), np.zeros(ROWS)
    for row in EX:
        paid[row] = share * close[row - 1]
        close[row:] *= 1 - share
    close = close.round(2)
    opens = np.append(close[0], close[:-1] - paid[1:]) * np.exp(rng.normal(0, 0.004, ROWS))
    return {"Open": opens.round(2), "Close": close, "Dividends": paid}


def adjusted(columns: Mapping[str, FloatArray]) -> FloatArray:
    """(R,) what divides closes so that they hold their dividends."""
    share = columns["Dividends"][1:] / columns["Close"][:-1]
    return np.append(np.cumprod((1 - share)[::-1])[::-1], 1.0)


def checks(made: PriceBasis) -> set[str]:
    return {str(f.check) for f in made.findings}


def with_adjusted(columns: dict[str, FloatArray], **more: FloatArray) -> dict[str, FloatArray]:
    """With adjusted closes that hold the dividends."""
    return columns | {"Adj Close": columns["Close"] * adjusted(columns)} | more
