"""Accounts and their figures in one go, WIDTH at a time, so that their nav never leaves the near memory."""

from __future__ import annotations

from typing import Any, final

import numpy as np

from positioning.arrays import FloatArray, IntArray
from positioning.compiled import compiled, direct
from positioning.search.measures import BLOCKS, FIGURES, HALVED, Period, block_edges, measure, measuring_room
from positioning.simulation.inputs import LedgerInputs
from positioning.simulation.kernel import lane_memory, wide_accounts, wide_accounts_sized
from positioning.simulation.ledger_arrays import LANES, Depth, LedgerArrays, Outcome
from positioning.vectors import WIDTH, aligned_empty


def _build(ledger: Any) -> Any:
    """Held in a closure, so that what is compiled of it is compiled anew when the ledger is another."""

    @compiled(error_model="numpy", _nrt=False)
    def lane_figures(
        decided: IntArray, weights: FloatArray, band: FloatArray, arrays: LedgerArrays, outcome: Outcome,
        capital: FloatArray, depth: Depth | None, room: Any, period: Period, figures: FloatArray, sums: FloatArray,
        squares: FloatArray, measuring: FloatArray,
    ) -> None:  # fmt: skip
        """`figures`, `sums` and `squares` of `measure` for LANES accounts; the nav of `outcome` is (T, WIDTH)."""
        column = np.int64(0)  # of the constant 0 numba would compile the ledger anew
        for place in range(0, LANES, WIDTH):
            ledger(decided, weights, band, arrays, None, outcome, None, capital, depth, room, place, column)
            measure(
                outcome.nav, period, outcome.ruin_row, outcome.traded, outcome.cost, place, column, figures, sums,
                squares, measuring,
            )  # fmt: skip

    return lane_figures


_plain, _sized = _build(wide_accounts), _build(wide_accounts_sized)


@final
class LaneFigures:
    """What `run_lanes` and `Figures` give together, to the bit, on a market whose trapped holdings count at their last
    marks; the memory of one call serves the next."""

    def __init__(self, inputs: LedgerInputs, squares: bool = False) -> None:
        """squares: as of `Figures`. Raises ValueError for a mark below the last."""
        if inputs.mark_factor != 1.0:
            raise ValueError("ruin by a mark is read off the nav of all rows")
        rows = inputs.rows
        self._inputs, self._squares = inputs, HALVED if squares else 0
        memory = lane_memory(inputs.fill.shape[1])
        self._room, self._outcome = memory.room, memory.outcome._replace(nav=aligned_empty(rows.size, WIDTH))
        self._measuring = measuring_room()
        self._run = _plain if inputs.depth is None else _sized
        self._capital = np.full(LANES, inputs.capital)
        self._period = Period.of(rows, inputs.growth, block_edges(rows.size))

    def table(self, decided: IntArray, weights: FloatArray, band: FloatArray) -> FloatArray:
        """(9 + BLOCKS + squares, LANES), as `Figures.read`. decided: (D,); weights: (D, N, LANES); band: (LANES,)."""
        inputs, blocks = self._inputs, len(FIGURES) + BLOCKS
        table = np.empty((blocks + self._squares, LANES))
        arguments = (
            np.ascontiguousarray(decided, np.int64), np.ascontiguousarray(weights, np.float64),
            np.ascontiguousarray(band, np.float64), inputs.arrays, self._outcome, self._capital, inputs.depth, self._room,
            self._period, table[: len(FIGURES)], table[len(FIGURES) : blocks], table[blocks:], self._measuring,
        )  # fmt: skip
        self._run(*arguments)
        self._run = direct(self._run)
        return table
