"""A decision: signed fractions of nav, by row and instrument."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, final

import numpy as np

from positioning.arrays import DateArray, FloatArray, IntArray
from positioning.display import Displayable, Picture
from positioning.errors import BadInputError

if TYPE_CHECKING:
    import pandas as pd

    from positioning.market.market import Market


@final
@dataclass(frozen=True, eq=False, repr=False)
class Targets(Displayable):
    """D decisions over N instruments.

    rows: (T,) the market's dates. decided: (D,) ascending row numbers; what is decided on row t uses
    rows up to t and is traded later. weights: (D, N) target fraction of nav, signed; cash is the rest.
    band: a held leg whose weight is within this fraction of its target weight is not traded; entries to and
    exits from nothing always are.
    gross_limit: the largest sum of absolute weights this strategy may ask for.
    limited: whether the limits of the strategy have been applied; see `limits`.

    Raises BadInputError for weights that are not finite or beyond the limit.
    """

    rows: DateArray
    symbols: tuple[str, ...]
    decided: IntArray
    weights: FloatArray
    band: float = 0.0
    gross_limit: float = 2.0
    limited: bool = False

    def __post_init__(self) -> None:
        if self.weights.shape != (self.decided.size, len(self.symbols)):
            raise ValueError(f"weights of shape {self.weights.shape} for {self.decided.size} decisions")
        if self.decided.size and (
            (np.diff(self.decided) <= 0).any() or self.decided[0] < 0 or self.decided[-1] >= self.rows.size
        ):
            raise ValueError("decisions must be on ascending rows of the market")
        if not (np.isfinite(self.band) and self.band >= 0):
            raise BadInputError(
                f"band={self.band}", "wanted a no-trade band of 0 or more", "give band=0.1", "strategy.band"
            )
        bad = ~np.isfinite(self.weights)
        if bad.any():
            d, n = (int(i[0]) for i in np.nonzero(bad))
            raise BadInputError(
                f"the weight of {self.symbols[n]} on {self.date(d)} is {self.weights[d, n]}",
                "wanted finite weights",
                "check the parameters of the strategy",
            )
        gross = np.abs(self.weights).sum(axis=1)
        if gross.size and gross.max() > self.gross_limit * (1 + 1e-12):
            raise BadInputError(
                f"gross exposure {gross.max():.2f} on {self.date(int(gross.argmax()))}",
                f"wanted at most {self.gross_limit:g}",
                "lower the exposure or the hedge ratio",
            )

    def picture(self) -> Picture:
        """How often it decides, and the last weights; in a notebook also gross exposure by decision."""
        gross = np.abs(self.weights).sum(axis=1)
        facts = {
            "decisions": str(self.decided.size)
            + (f", {self.date(0)} to {self.date(-1)}" if self.decided.size else ""),
            "symbols": f"{len(self.symbols)}: {', '.join(self.symbols[:6])}{' ...' if len(self.symbols) > 6 else ''}",
            "gross exposure": f"{gross.min():.2f} to {gross.max():.2f}" if gross.size else "none",
            "band": f"{self.band:g}",
        }
        last = (
            [(s, f"{w:+.4f}") for s, w in zip(self.symbols, self.weights[-1], strict=True)]
            if gross.size
            else []
        )
        return Picture(facts, ("symbol", "last weight"), last, gross)

    def date(self, decision: int) -> np.datetime64:
        """The date decision number `decision` was taken."""
        return self.rows[self.decided[decision]]  # type: ignore[no-any-return]

    def to_frame(self) -> pd.DataFrame:
        """One row a decision, one column a symbol."""
        import pandas as pd

        index = pd.DatetimeIndex(self.rows[self.decided].astype("datetime64[ns]"), name="decided")
        return pd.DataFrame(self.weights, index=index, columns=list(self.symbols))

    @classmethod
    def from_frame(
        cls,
        weights: pd.DataFrame,
        rows: DateArray,
        symbols: Sequence[str],
        band: float = 0.0,
        gross_limit: float = 2.0,
    ) -> Targets:
        """Decisions from a frame indexed by date; rows that are wholly empty decide nothing.

        Raises BadInputError for a date that is not a row, a column the market lacks, or a weight not finite.
        """
        stated = weights.dropna(how="all")
        dates = stated.index.to_numpy().astype("datetime64[D]")
        at = np.searchsorted(rows, dates)
        off = (at >= rows.size) | (rows[np.minimum(at, rows.size - 1)] != dates)
        if off.any():
            raise BadInputError(
                f"weights on {dates[off][0]}",
                "wanted dates that are rows of the market",
                "move them to a row",
            )
        unknown = [str(c) for c in weights.columns if c not in symbols]
        if unknown:
            raise BadInputError(
                f"weights for {', '.join(unknown)}",
                "wanted symbols of the market",
                "load them, or drop the column",
            )
        values = stated.reindex(columns=list(symbols), fill_value=0.0).to_numpy(dtype=np.float64)
        return cls(rows, tuple(symbols), at.astype(np.int64), values, band, gross_limit)


def require_targets(targets: object, market: Market, strategy: str) -> None:
    """BadInputError where what a strategy decided is no `Targets`, or one of another market's rows or symbols."""
    if not isinstance(targets, Targets):
        raise BadInputError(
            f"{strategy}.target_weights gave a {type(targets).__name__}",
            "wanted Targets",
            "return Targets(market.rows, market.symbols, decided, weights), or Targets.from_frame",
        )
    if targets.symbols != market.symbols or not np.array_equal(targets.rows, market.rows):
        raise BadInputError(
            f"{strategy}.target_weights decided on {len(targets.symbols)} symbols and {targets.rows.size} rows",
            f"wanted the market's {len(market.symbols)} and {market.rows.size}, in its order",
            "pass market.rows and market.symbols",
        )
