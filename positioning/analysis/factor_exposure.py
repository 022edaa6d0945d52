"""An account against published factors: alpha, betas, how these moved, and how much of its variance they explain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, final

import numpy as np

from positioning.analysis.factors import FactorFit, Factors, common_returns, factor_design, factor_fit
from positioning.analysis.market_line import BetaMeasure
from positioning.analysis.metrics import rows_per_year
from positioning.arrays import DateArray, FloatArray
from positioning.json_text import plain

WINDOW = 250  # returns of a rolling regression
STEP = 21  # returns from one to the next


@final
@dataclass(frozen=True, slots=True, eq=False)
class FactorExposure:
    """fit: over the whole span, alpha a year; first, last: days of it; days: (P,) and rolling: (P, K) betas over the last
    WINDOW returns, none where the span is shorter."""

    factors: Factors
    fit: FactorFit
    per_year: float
    first: np.datetime64
    last: np.datetime64
    days: DateArray
    rolling: FloatArray

    @property
    def sentence(self) -> str:
        """What came out, in words made from the numbers alone."""
        p = float(self.fit.fit.p[0])
        outcome = "can be told from nothing" if p <= 0.05 else "cannot be told from nothing"
        return (
            f"Factors explain {self.fit.share:.0%} of its variance over {self.fit.returns:,} returns, {self.first} to "
            f"{self.last}; the alpha of {100 * self.fit.alpha:+.1f} % a year {outcome} (p = {p:.3f})."
        )

    def to_json(self) -> dict[str, Any]:
        """Returns and alphas as fractions a year; undefined is None."""
        fit = self.fit.fit
        rows = zip(
            self.factors.names, fit.coefficients[1:], fit.errors[1:], fit.t[1:], fit.p[1:], strict=True
        )
        return {
            "regions": list(self.factors.regions), "vintage": self.factors.vintage, "told": list(self.factors.notes),
            "first": str(self.first), "last": str(self.last), "returns": self.fit.returns,
            "alpha": plain(self.fit.alpha), "alpha_error": plain(float(fit.errors[0]) * self.per_year),
            "alpha_t": plain(float(fit.t[0])), "alpha_p": plain(float(fit.p[0])),
            "explained": plain(self.fit.share), "beta_measure": self.fit.measure,
            "betas": {n: {"beta": plain(float(b)), "error": plain(float(e)), "t": plain(float(t)), "p": plain(float(p))}
                      for n, b, e, t, p in rows},
            "rolling": {"window": WINDOW, "days": [str(d) for d in self.days],
                        "betas": {n: [plain(float(v)) for v in self.rolling[:, k]]
                                  for k, n in enumerate(self.factors.names)}},
        }  # fmt: skip


def exposure(
    dates: DateArray, nav: FloatArray, factors: Factors, measure: BetaMeasure = "same_day"
) -> FactorExposure:
    """dates: (T,), nav: (T,) above zero; measure: what betas are made of. Raises BadInputError as `factor_fit` does."""
    days, own, published = common_returns(dates, nav, factors)
    per_year = rows_per_year(days) if days.size > 1 else 1.0
    fit = factor_fit(dates, nav, factors, per_year, measure)
    x, usable, sums = factor_design(published, measure)
    x, own, until = x[usable], own[usable], days[1:][usable]
    ends = np.arange(own.size, WINDOW - 1, -STEP)[::-1]
    rolling = np.full((ends.size, len(factors.names)), np.nan)
    for row, end in enumerate(ends):
        window = slice(end - WINDOW, end)
        rolling[row] = (sums @ np.linalg.lstsq(x[window], own[window], rcond=None)[0])[1:]
    return FactorExposure(factors, fit, per_year, days[0], days[-1], until[ends - 1], rolling)
