"""What an account holds between two rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self, final

import numpy as np

from positioning.arrays import BoolArray, CodeArray, FloatArray
from positioning.simulation.ledger_arrays import AccountState


@final
@dataclass(frozen=True, eq=False)
class Holdings:
    """An account between two rows: cash, shares (N,), pending weights (N,) with NaN for none, which of
    them are the rest of a buy (1) or of a sale (-1) (N,), and which a margin call made (N,)."""

    cash: float
    shares: FloatArray
    pending: FloatArray
    partial: CodeArray
    called: BoolArray

    @classmethod
    def opening(cls, names: int) -> Self:
        """One unit of base currency, nothing else."""
        return cls(
            1.0, np.zeros(names), np.full(names, np.nan), np.zeros(names, np.int8), np.zeros(names, np.bool_)
        )

    @classmethod
    def of(cls, state: AccountState) -> Self:
        """The first account of the kernel's."""
        return cls(
            float(state.cash[0]), state.shares[:, 0], state.pending[:, 0],
            state.partial[:, 0].astype(np.int8), state.called[:, 0] > 0,
        )  # fmt: skip

    @property
    def state(self) -> AccountState:
        """As the kernel reads it, one account."""
        return AccountState(
            np.full(1, self.cash), self.shares[:, None], self.pending[:, None],
            self.partial[:, None].astype(np.float64), self.called[:, None].astype(np.float64),
        )  # fmt: skip
