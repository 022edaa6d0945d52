"""What became of every order, leg by leg: the codes that the kernel writes, and their words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from positioning.arrays import CodeArray, FloatArray, IntArray
from positioning.display import Displayable, Picture
from positioning.simulation import ledger_arrays

STATUS = {
    ledger_arrays.FILLED: "filled",
    ledger_arrays.CUT: "cut: cash did not suffice",
    ledger_arrays.PENDING: "pending",
    ledger_arrays.REPLACED: "replaced by the next decision",
    ledger_arrays.CANCELLED: "cancelled",
    ledger_arrays.IN_BAND: "not traded: inside the band",
    ledger_arrays.BELOW_LOT: "not traded: less than a lot",
}
REASON = {
    ledger_arrays.OPEN: "",
    ledger_arrays.CLOSED: "venue closed",
    ledger_arrays.HALTED: "no trading in the name",
    ledger_arrays.NO_RATE: "no currency rate",
    ledger_arrays.TOO_EARLY: "session opened before the decision",
    ledger_arrays.FROZEN: "frozen",
    ledger_arrays.NO_EQUITY: "no free equity: all is trapped",
    ledger_arrays.ENDS: "the run ends before the next session",
    ledger_arrays.VOLUME: "more than the share of past volume",
    ledger_arrays.NO_VOLUME: "no past volume known",
}
FORCED = "forced out: delisted"
CALLED = "forced out: margin call"


@final
@dataclass(frozen=True, eq=False, repr=False)
class Orders(Displayable):
    """One order a decision and leg. decided: (D,), weights: (D, N); the rest (D + 1, N), row 0 for orders
    inherited with the opening holdings, whose weights are `inherited` (N,); see `kernel.run_ledger`."""

    decided: IntArray
    weights: FloatArray
    inherited: FloatArray
    status: CodeArray
    waits: IntArray
    reason: CodeArray
    filled_row: IntArray
    wanted: FloatArray
    got: FloatArray

    def picture(self) -> Picture:
        """How many orders ended in which way."""
        counts = {words: int((self.status == code).sum()) for code, words in STATUS.items()}
        facts = {"decisions": f"{self.decided.size:,}"} | {w: f"{n:,}" for w, n in counts.items() if n}
        return Picture(facts)
