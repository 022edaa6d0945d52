"""Where the risk of an account came from: how much of the variance of its returns each part carried.

    c_it = profit of leg i on row t / nav_{t-1},   r_t = sum_i c_it,   share_i = cov(c_i, r) / var(r)

Shares add up to one; one below zero took risk away. Costs, dividends and financing are a leg's own, interest is cash's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

import numpy as np

from positioning.arrays import FloatArray
from positioning.events.thesis import Thesis
from positioning.simulation.result import Result

CASH = "cash"
HEDGE = "hedge"
UNKNOWN = "not on record"


@final
@dataclass(frozen=True, slots=True)
class RiskShares:
    """Share of the variance by leg, by theme of the leg, by its country of incorporation and by its currency."""

    leg: Mapping[str, float]
    theme: Mapping[str, float]
    country: Mapping[str, float]
    currency: Mapping[str, float]

    def to_json(self) -> dict[str, dict[str, float]]:
        """By kind and name."""
        return {name: dict(getattr(self, name)) for name in ("leg", "theme", "country", "currency")}


def risk_shares(result: Result, thesis: Thesis, hedges: tuple[str, ...] = ()) -> RiskShares | None:
    """None for an account that is dead, has fewer than three rows or never moved. hedges: legs that are of no theme."""
    if result.worthless or result.rows.size < 3:
        return None
    opened = result.nav[:-1, None]
    contributions: FloatArray = sum(result.profit.values(), np.zeros_like(result.shares))[1:] / opened
    interest = result.interest[1:, None] / opened
    parts = np.column_stack([contributions, interest])
    centred = parts - parts.mean(axis=0)
    whole = centred.sum(axis=1)
    variance = float(whole @ whole)
    if variance <= 1e-24 * whole.size:
        return None
    share = centred.T @ whole / variance
    legs = {i.symbol: float(s) for i, s in zip(result.market.instruments, share, strict=False) if s}
    cash = {CASH: float(share[-1])} if share[-1] else {}
    by_symbol = {i.symbol: i for i in result.market.instruments}

    def summed(kinds: Mapping[str, str]) -> dict[str, float]:
        sums: dict[str, float] = {}
        for symbol, value in legs.items():
            sums[kinds[symbol]] = sums.get(kinds[symbol], 0.0) + value
        return sums | cash

    themes = {s: HEDGE if s in hedges else _theme(s, thesis) for s in legs}
    return RiskShares(
        legs | cash,
        summed(themes),
        summed({s: by_symbol[s].incorporated or UNKNOWN for s in legs}),
        summed({s: by_symbol[s].currency for s in legs}),
    )


def _theme(symbol: str, thesis: Thesis) -> str:
    candidate = thesis.universe.get(symbol)
    return candidate.theme if candidate is not None and candidate.theme else UNKNOWN
