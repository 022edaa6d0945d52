"""That the parameters of a run were searched for, which no p-value of the run counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, final

from positioning.plurals import counted


@final
@dataclass(frozen=True, slots=True)
class KeptSearch:
    """The newest search of a strategy that tried the parameters of a run, else the newest at all.

    search: its ID; trials: that it made; tried: whether the run's parameters are on its grid; every: whether each
    combination of the grid was a trial; chosen: whether the parameters are tried, or other than the strategy as it is
    written; others: further searches of it that are kept, and their trials."""

    search: str
    trials: int
    tried: bool
    every: bool
    chosen: bool
    others: int = 0
    other_trials: int = 0

    @property
    def words(self) -> str:
        """For the verdict's sentence."""
        if not self.tried:
            clause = (
                f"{counted(self.trials, 'trial')} of the search {self.search} of this strategy are kept here"
            )
        elif self.every:
            clause = f"its parameters are one of {counted(self.trials, 'trial')} of the search {self.search} kept here"
        else:
            clause = (
                f"its parameters lie on the grid of the search {self.search} kept here, of which "
                f"{counted(self.trials, 'trial')} were made"
            )
        if not self.others:
            return clause
        return (
            f"{clause}, beside {counted(self.other_trials, 'trial')} of {counted(self.others, 'other')} of it"
        )

    def to_json(self) -> dict[str, Any]:
        """The fields by name."""
        return {
            "search": self.search, "trials": self.trials, "tried": self.tried, "every_combination": self.every,
            "chosen": self.chosen, "other_searches": self.others, "other_trials": self.other_trials,
        }  # fmt: skip
