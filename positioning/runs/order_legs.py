"""The orders that lead from holdings to target weights: in whole lots, within cash, with what bars or delays each."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import final

import numpy as np

from positioning.events.restriction import Restriction
from positioning.market.instruments import Instrument
from positioning.market.market import Market
from positioning.market.venues import next_opening
from positioning.simulation.account import AccountTerms
from positioning.simulation.inputs import LedgerInputs
from positioning.simulation.liquidity import daily_volatility, value_traded
from positioning.strategy.features import STALE_SESSIONS


@final
@dataclass(frozen=True, slots=True)
class OrderFees:
    """What an order of one name pays. buy, sell: share of its value, duties and half spread included; commission_buy,
    commission_sell: the commission's part of that; least: least commission of an order, base currency."""

    buy: float
    sell: float
    commission_buy: float = 0.0
    commission_sell: float = 0.0
    least: float = 0.0

    def on(self, value: float) -> float:
        """Of an order of this value (base currency, signed), in base currency."""
        if not value:
            return 0.0
        rate, commission = (self.buy, self.commission_buy) if value > 0 else (self.sell, self.commission_sell)
        return abs(value) * rate + max(self.least - abs(value) * commission, 0.0)


@final
@dataclass(frozen=True, slots=True)
class OrderLeg:
    """One name. target, previous: weights of the last decision and of the one before; weight: of what is held.

    price: the last close, in `instrument.currency`; rate: base currency per unit of it; shares, order: whole, signed;
    value, fees: of the order, in base currency; session, opens: where and when it can trade first (UTC), NaT without
    an order; reason: why the target and the one before differ; barrier: why nothing can be ordered, "" where it can;
    note: what a trader should know besides.
    """

    instrument: Instrument
    target: float
    previous: float
    weight: float
    price: float
    rate: float
    shares: int
    order: int
    lot: int
    value: float
    fees: float
    session: np.datetime64
    opens: np.datetime64
    reason: str
    barrier: str
    note: str

    @property
    def side(self) -> str:
        """buy, sell, or nothing."""
        return "buy" if self.order > 0 else "sell" if self.order < 0 else ""


def order_leg(
    market: Market,
    n: int,
    target: float,
    previous: float,
    shares: float,
    capital: float | None,
    lot: int,
    band: float,
    fees: OrderFees,
    restrictions: Sequence[Restriction],
    no_buy: bool,
    stopped: bool,
    reason: str,
) -> OrderLeg:
    i, last = market.instruments[n], market.rows[-1]
    price, mark = float(market.carried_close[-1, n]), float(market.marks[-1, n])
    rate = float(market.carried_rates[-1, n])
    has_mark = np.isfinite(mark) and mark > 0
    weight = shares * mark / capital if capital is not None and has_mark else 0.0
    target_shares = round(target * capital / mark / lot) * lot if capital is not None and has_mark else 0
    order, barrier, note = (int(target_shares - shares) if capital is not None else 0), "", ""
    if capital is not None and target and shares and abs(weight - target) <= band * abs(target):
        order, note = 0, f"not traded: within {band:.0%} of its target"
    if not has_mark and (target or shares):
        order, barrier = 0, "no price and no rate of it is known"
    elif market.silence[-1, n] > STALE_SESSIONS:
        order, barrier = 0, f"has not traded for {int(market.silence[-1, n])} sessions"
    standing = "; ".join(
        f"{r.kind.replace('_', ' ')} since {r.known_on()}: {r.reason} ({r.source})" for r in restrictions
    )
    if stopped or (no_buy and order > 0 and shares >= 0) or (no_buy and not order and not shares):
        order, barrier = 0, barrier or standing or "the listing has ended"
    elif standing:
        note = "; ".join(x for x in (note, f"on record: {standing}") if x)
    session, opens = next_opening(i.venue, last) if order else (np.datetime64("NaT"), np.datetime64("NaT"))
    if order and session > last + np.timedelta64(1, "D"):
        note = "; ".join(x for x in (f"{i.venue} is closed until {session}", note) if x)
    value = order * mark if has_mark else 0.0
    return OrderLeg(
        i, target, previous, weight, price, rate, int(shares) + order, order, lot, value,
        fees.on(value), session, opens, reason, barrier, note,
    )  # fmt: skip


def order_fees(inputs: LedgerInputs, symbols: Sequence[str]) -> dict[str, OrderFees]:
    """By symbol on the last row; least commissions where the account has a size."""
    buy, sell = inputs.fees.buy_total[-1], inputs.fees.sell_total[-1]
    size = inputs.liquidity
    none = np.zeros_like(buy)
    parts = (none, none, none) if size is None else (size.buy[-1], size.sell[-1], size.least[-1])
    rows = np.column_stack([buy, sell, *parts]).tolist()
    return {s: OrderFees(*row) for s, row in zip(symbols, rows, strict=True)}


def within_cash(
    legs: tuple[OrderLeg, ...], fees_of: Mapping[str, OrderFees], cash: float
) -> tuple[tuple[OrderLeg, ...], float]:
    """The orders, purchases shrunk by one factor where cash does not suffice (short proceeds buy nothing; least
    commissions do not shrink), and the cash when all are filled."""
    short = sum(leg.shares * leg.price * leg.rate for leg in legs if leg.shares < 0)
    sold = -sum(leg.value for leg in legs if leg.order < 0)
    fees = sum(leg.fees for leg in legs if leg.order < 0)
    cost = sum(leg.value + leg.fees for leg in legs if leg.order > 0)
    free = cash + sold - fees + min(short, 0.0)
    if cost > free and cost > 0:
        buys = [(leg.value, fees_of[leg.instrument.symbol]) for leg in legs if leg.order > 0]
        due = sum(of.least for _, of in buys)
        factor, shrunk = max(free - due, 0.0) / sum(value * (1.0 + of.buy) for value, of in buys), []
        for leg in legs:
            if leg.order > 0:
                order = int(leg.order * factor) // leg.lot * leg.lot
                value = leg.value * order / leg.order
                leg = replace(  # noqa: PLW2901
                    leg, order=order, shares=leg.shares - leg.order + order, value=value,
                    fees=fees_of[leg.instrument.symbol].on(value),
                    note=f"{leg.note + '; ' if leg.note else ''}cut: cash does not suffice",
                )  # fmt: skip
            shrunk.append(leg)
        legs = tuple(shrunk)
        cost = sum(leg.value + leg.fees for leg in legs if leg.order > 0)
    return legs, cash + sold - fees - cost


def with_impact(legs: tuple[OrderLeg, ...], market: Market, terms: AccountTerms) -> tuple[OrderLeg, ...]:
    """The orders with what their size meets in past volume, where it is known: sessions, and impact in base currency."""
    capital = terms.capital
    if capital is None or market.volume is None:
        return legs
    traded, moved = value_traded(market)[-1], daily_volatility(market)[-1]
    constant, sized = capital.impact.on(market.instruments), []
    for leg in legs:
        n, value = market.column(leg.instrument.symbol), abs(leg.value)
        if not leg.order:
            sized.append(leg)
            continue
        words = "no past volume of it is known"
        if traded[n] > 0 and np.isfinite(moved[n]):
            sessions = math.ceil(value / (capital.participation * traded[n]))
            impact = value * constant[n] * moved[n] * np.sqrt(min(value / traded[n], capital.participation))
            words = (
                f"{sessions} session{'s' * (sessions != 1)} at {100 * capital.participation:.3g} % of volume, "
                f"impact about {impact:,.0f} {market.base}"
            )
        sized.append(replace(leg, note="; ".join(x for x in (leg.note, words) if x)))
    return tuple(sized)
