"""What an order of one leg comes to: the rules that `trade` and `rebalance` share, so that both round alike."""

from __future__ import annotations

from typing import Any

from positioning.compiled import compiled
from positioning.simulation.ledger_arrays import DUST
from positioning.vectors import magnitude, quotient, where


@compiled(error_model="numpy", forceinline=True, _nrt=False)
def shares_to_trade(weight: Any, shares: Any, price: float, per_price: float, total: Any) -> Any:
    """Shares from a holding to its target weight of the equity `total`; per_price: 1 / price."""
    return quotient(weight * total, price, per_price) - shares


@compiled(error_model="numpy", forceinline=True, _nrt=False)
def within_band(weight: Any, shares: Any, price: float, total: Any, inverse: Any, band: Any) -> Any:
    """Whether a holding is nearer to its target than the no-trade band, a fraction of the target; inverse: 1 / total."""
    apart = magnitude(weight - quotient(shares * price, total, inverse)) < band * magnitude(weight)
    return (weight != 0.0) & (shares != 0.0) & apart


@compiled(error_model="numpy", forceinline=True, _nrt=False)
def shares_short(shares: Any) -> Any:
    """How many a holding is short of, 0 for a long one."""
    return where(shares < 0.0, -shares, 0.0)


@compiled(error_model="numpy", forceinline=True, _nrt=False)
def shares_covered(shares: Any, rise: Any) -> Any:
    """The part of a purchase of `rise` shares that covers a short."""
    short = shares_short(shares)
    return where(short < rise, short, rise)


@compiled(error_model="numpy", forceinline=True, _nrt=False)
def too_dear(need: Any, free: Any, total: Any) -> Any:
    """Whether free cash does not pay for the purchases' cost `need`, but for rounding of `total`."""
    return (need > 0.0) & (need > free + DUST * total)


@compiled(error_model="numpy", forceinline=True, _nrt=False)
def affordable(need: Any, free: Any, total: Any) -> Any:
    """The part of the purchases' cost `need` that free cash pays for, 1 where they are not `too_dear`."""
    share = where(free > DUST * total, free / need, 0.0)
    return where(too_dear(need, free, total), share, 1.0)
