"""One decision under many capitals, side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from positioning.arrays import FloatArray, IntArray
from positioning.simulation.inputs import LedgerInputs
from positioning.simulation.kernel import run_lanes
from positioning.simulation.ledger_arrays import LANES
from positioning.strategy.targets import Targets


@final
@dataclass(frozen=True, eq=False)
class CapitalSweep:
    """Accounts of K capitals over T rows. amounts: (K,) base currency; nav: (T, K), 1 at the opening; traded, cost,
    impact: (K,) totals in units of the account, impact a part of cost; ruin_row: (K,) -1 for none."""

    amounts: FloatArray
    nav: FloatArray
    traded: FloatArray
    cost: FloatArray
    impact: FloatArray
    ruin_row: IntArray


def sweep_capitals(targets: Targets, inputs: LedgerInputs, start: int, amounts: FloatArray) -> CapitalSweep:
    """The accounts of these decisions, each with the bits of a run with its capital alone; 0 is one without a size.

    inputs: made with some capital, whose amount is not used; start: market row on which they open; amounts: (K,).
    Raises ValueError where the inputs were made without a capital.
    """
    if inputs.depth is None:
        raise ValueError("the inputs were made without a capital")
    inside = targets.decided >= start
    decided = targets.decided[inside] - start
    weights = np.repeat(targets.weights[inside][:, :, None], LANES, axis=2)
    parts, nav = [], np.empty((inputs.rows.size, amounts.size))
    for first in range(0, amounts.size, LANES):
        lanes = np.minimum(np.arange(first, first + LANES), amounts.size - 1)
        own, count = np.empty((inputs.rows.size, LANES)), min(LANES, amounts.size - first)
        record = run_lanes(
            decided, weights, np.full(LANES, targets.band), inputs.arrays, own, amounts[lanes], inputs.depth
        )
        nav[:, first : first + count] = own[:, :count]
        parts.append([v[:count] for v in (record.traded, record.cost, record.impact, record.ruin_row)])
    traded, cost, impact, ruin = (np.concatenate([p[n] for p in parts]) for n in range(4))
    return CapitalSweep(amounts, nav, traded, cost, impact, ruin.astype(np.int64))
