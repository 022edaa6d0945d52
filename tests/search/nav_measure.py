"""A measure of the search that keeps each trial's nav."""

from dataclasses import dataclass
from typing import final

import numpy as np

from positioning.search.measures import Accounts, Measure


@final
@dataclass(frozen=True)
class Nav(Measure):
    """The whole path, to compare bits."""

    rows: int

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(f"nav_{r}" for r in range(self.rows))

    def read(self, accounts: Accounts) -> np.ndarray:
        return accounts.nav
