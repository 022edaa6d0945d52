"""What became of every order, leg by leg: the codes that the kernel writes, and their words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from positioning.arrays import CodeArray, FloatArray, IntArray
from positioning.display import Displayed, Picture
from positioning.simulation import kernel

STATUS = {
    kernel.FILLED: "filled",
    kernel.CUT: "cut: cash did not suffice",
    kernel.PENDING: "pending",
    kernel.REPLACED: "replaced by the next decision",
    kernel.CANCELLED: "cancelled",
    kernel.IN_BAND: "not traded: inside the band",
    kernel.BELOW_LOT: "not traded: less than a lot",
}
REASON = {
    kernel.OPEN: "",
    kernel.CLOSED: "venue closed",
    kernel.HALTED: "no trading in the name",
    kernel.NO_RATE: "no currency rate",
    kernel.TOO_EARLY: "session opened before the decision",
    kernel.FROZEN: "frozen",
    kernel.NO_EQUITY: "no free equity: all is trapped",
    kernel.ENDS: "the run ends before the next session",
    kernel.VOLUME: "more than the share of past volume",
    kernel.NO_VOLUME: "no past volume known",
}
FORCED = "forced out: delisted"
CALLED = "forced out: margin call"


@final
@dataclass(frozen=True, eq=False, repr=False)
class Orders(Displayed):
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
