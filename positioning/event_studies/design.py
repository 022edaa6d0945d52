"""How abnormal returns are measured: the window, the sessions a model is fitted on, and the model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, final, get_args

from positioning.analysis.factors import Factors
from positioning.errors import BadInputError
from positioning.events.thesis import PROXIES
from positioning.market.records import check_choice

Model = Literal["market", "mean", "factors"]

REACH = 300  # sessions an estimation may reach back from the window
MIN_ESTIMATION_SESSIONS = 60  # estimation sessions below which an event is dropped


@final
@dataclass(frozen=True, slots=True)
class Design:
    """How abnormal returns are measured. factors: funds beside a sleeve's own benchmark. published: factors of a
    library in place of benchmark and funds, with returns over its risk-free rate; region: what was said of theirs, see
    `factor_regions.require_fit`. Raises BadInputError for an unknown model, for published factors beside model=mean and
    for too long an estimation.
    """

    window: tuple[int, int] = (-5, 10)
    estimation: int = 120
    model: Model = "market"
    factors: tuple[str, ...] = PROXIES
    published: Factors | None = None
    region: str = ""

    def __post_init__(self) -> None:
        check_choice("model", self.model, get_args(Model))
        if self.published is not None and self.model == "mean":
            raise BadInputError(
                "model=mean beside published factors", "wanted one of them", "give model=factors", "model"
            )
        if not MIN_ESTIMATION_SESSIONS <= self.estimation <= REACH:
            raise BadInputError(
                f"estimation={self.estimation}",
                f"wanted {MIN_ESTIMATION_SESSIONS} to {REACH} sessions, as an estimation reaches back {REACH} at most",
                "give estimation=120",
                "estimation",
            )
