"""Returns and falls of an account by the state of the world: thirds of a published series, told from its past alone.

The return of a row belongs to the third in which the series lay on the row before: what was in force when it began.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from positioning.analysis.metrics import MIN_RETURNS, rows_per_year
from positioning.analysis.regression import newey_west
from positioning.arrays import FloatArray
from positioning.json_text import plain
from positioning.market.in_force import FEWEST_ROWS, LOOKBACK, in_force, terciles
from positioning.market.market import Market

STATES = ("low", "middle", "high")


@final
@dataclass(frozen=True, slots=True)
class StateFigures:
    """One third. returns: their number; mean, volatility: a year's, fractions; total: compounded over its returns alone;
    drawdown: the deepest fall of that. NaN where there are too few."""

    state: str
    returns: int
    mean: float
    volatility: float
    total: float
    drawdown: float


@final
@dataclass(frozen=True, slots=True)
class WorldFigures:
    """A series' thirds. rows: rows with a third; difference: of the mean return a year, high less low, with Newey and
    West's p; NaN where either has fewer than MIN_RETURNS returns."""

    name: str
    rows: int
    states: tuple[StateFigures, ...]
    difference: float
    p: float

    @property
    def sentence(self) -> str:
        """What came out, in words made from the numbers alone."""
        if not np.isfinite(self.p):
            return (
                f"{self.name}: too few returns in a third to tell them apart; a third is told from {FEWEST_ROWS} rows "
                "of the series on."
            )
        outcome = "can be told from nothing" if self.p <= 0.05 else "cannot be told from nothing"
        return (
            f"{self.name}: returns with it in its upper third were {100 * self.difference:+.1f} % a year apart from "
            f"those in its lower third, which {outcome} (p = {self.p:.3f})."
        )

    def to_json(self) -> dict[str, Any]:
        """Fractions; undefined is None."""
        return {
            "lookback": LOOKBACK, "known": self.rows, "difference": plain(self.difference), "p": plain(self.p),
            "states": {
                s.state: {"returns": s.returns, "mean": plain(s.mean), "volatility": plain(s.volatility),
                          "total": plain(s.total), "drawdown": plain(s.drawdown)}
                for s in self.states
            },
        }  # fmt: skip


def states(market: Market, names: tuple[str, ...]) -> Mapping[str, FloatArray]:
    """(T,) third of each series on every row of the market."""
    return {name: terciles(in_force(market.drivers[name], market.rows)) for name in names}


def by_state(name: str, market: Market, nav: FloatArray) -> WorldFigures:
    """nav: (T - start,) of an account on the market's rows from `start` on, above zero."""
    state = states(market, (name,))[name][market.start :][:-1]
    r, per_year = nav[1:] / nav[:-1] - 1.0, rows_per_year(market.rows[market.start :])
    each = tuple(_figures(word, r[state == k], per_year) for k, word in enumerate(STATES))
    low, high = (state == 0).astype(np.float64), (state == 2).astype(np.float64)
    difference = p = float("nan")
    if min(each[0].returns, each[2].returns) >= MIN_RETURNS:
        has_state = np.isfinite(state)
        x = np.column_stack([np.ones(has_state.sum()), high[has_state], (1.0 - low - high)[has_state]])
        x = x if each[1].returns else x[:, :2]
        fit = newey_west(r[has_state], x)  # against the lower third
        difference, p = float(fit.coefficients[1]) * per_year, float(fit.p[1])
    return WorldFigures(name, int(np.isfinite(state).sum()), each, difference, p)


def _figures(state: str, r: FloatArray, per_year: float) -> StateFigures:
    nan = float("nan")
    if r.size < 2:
        return StateFigures(state, r.size, nan, nan, nan, nan)
    path = np.concatenate([[1.0], np.cumprod(1.0 + r)])
    fall = float((path / np.maximum.accumulate(path)).min() - 1.0)
    spread = float(np.std(r, ddof=1) * np.sqrt(per_year))
    return StateFigures(state, r.size, float(r.mean()) * per_year, spread, float(path[-1] - 1.0), fall)
