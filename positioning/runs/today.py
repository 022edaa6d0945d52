"""What a strategy holds now, what it takes to get there, and what stands in the way. A calculation, not advice.

The target weights are those of the last decision of the strategy on the market it is given: a run that ends on the same
row holds the same weights, to the bit. Orders bring holdings to them at the last prices, in whole lots.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import final

import numpy as np

from positioning.arrays import FloatArray
from positioning.errors import BadInputError
from positioning.events.event import Event, Events
from positioning.events.restriction import Restriction
from positioning.market.instruments import Instrument
from positioning.market.market import Market
from positioning.market.venues import next_opening
from positioning.simulation.account import AccountTerms
from positioning.simulation.inputs import LedgerInputs
from positioning.simulation.liquidity import daily_volatility, value_traded
from positioning.simulation.order_sizes import lots_on
from positioning.strategy.features import STALE_SESSIONS
from positioning.strategy.strategy import Strategy

FAINT = 0.05  # of a news item's weight below which it is no longer listed
ROUNDING = 1e-12  # below which two weights are one


@final
@dataclass(frozen=True, slots=True)
class Portfolio:
    """What is held: shares by symbol (short is negative) and, where it is known, the value of all, cash included, in
    base currency. Raises BadInputError for numbers that are not finite or a capital that is not above zero."""

    shares: Mapping[str, float] = field(default_factory=dict)
    capital: float | None = None

    def __post_init__(self) -> None:
        for symbol, count in self.shares.items():
            if not np.isfinite(count):
                raise BadInputError(
                    f"{count} shares of {symbol}", "wanted a finite number", "correct the holding"
                )
        if self.capital is not None and not (np.isfinite(self.capital) and self.capital > 0):
            raise BadInputError(
                f"a capital of {self.capital:g}", "wanted an amount above zero", "leave it out, or correct it"
            )


@final
@dataclass(frozen=True, slots=True)
class NewsInForce:
    """An event that still weighs. weight: sign x severity x 0.5 ** (age / half_life), as Events.pressure counts it;
    age: rows since it became known; halves_in: rows until its weight is half of what it is now."""

    sleeve: str
    event: Event
    weight: float
    age: int
    halves_in: float


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


@final
@dataclass(frozen=True, eq=False)
class Today:
    """The state of a strategy at the end of the market's last row.

    as_of: that row's date; decided, before: dates of the last decision and the one before it (NaT: there is none).
    capital: value that the orders are sized to, None without holdings and capital; cash: what is left when all orders
    are filled at the last prices. restrictions: those in force on names of the market. notes: what limits the answer.
    """

    strategy: Strategy
    as_of: np.datetime64
    decided: np.datetime64
    before: np.datetime64
    base: str
    simulated: bool
    capital: float | None
    cash: float | None
    legs: tuple[OrderLeg, ...]
    news: tuple[NewsInForce, ...]
    restrictions: tuple[Restriction, ...]
    notes: tuple[str, ...]

    @property
    def weights(self) -> dict[str, float]:
        """Target weight by symbol."""
        return {leg.instrument.symbol: leg.target for leg in self.legs}


def today(
    strategy: Strategy,
    market: Market,
    events: Events,
    terms: AccountTerms,
    portfolio: Portfolio = Portfolio(),
    lots: Mapping[str, int] | None = None,
) -> Today:
    """The last decision and the orders that lead to it.

    terms: its fees, and the restrictions that the ledger would obey. lots: shares of a board lot by symbol; those of the
    capital's record where none are given, 1 where none is known. Raises BadInputError for holdings that the market
    has no price for.
    """
    targets = strategy.target_weights(market, events)
    count, last = targets.decided.size, market.rows[-1]
    none = np.zeros(len(market.symbols))
    target = targets.weights[-1] if count else none
    previous = targets.weights[-2] if count > 1 else none
    decided = targets.date(-1) if count else np.datetime64("NaT", "D")
    before = targets.date(-2) if count > 1 else np.datetime64("NaT", "D")
    shares = _shares(market, portfolio)
    marks = np.nan_to_num(market.marks[-1])
    worth = float(shares @ marks)
    sized = bool(portfolio.shares) or portfolio.capital is not None
    capital = (portfolio.capital if portfolio.capital is not None else worth) if sized else None
    if capital is not None and capital <= 0:
        raise BadInputError(
            f"holdings worth {capital:,.0f} {market.base}", "wanted a value above zero", "state the capital"
        )
    fresh = _news(strategy, market, events)
    restrictions = tuple(_in_force(events, market.symbols, last))
    obeyed = terms.inputs(market, events, strategy.screened(market, events))
    if lots is None and terms.capital is not None:
        board_lots, unlotted = lots_on(terms.capital.lots, market.rows[-1:], market.instruments)
        lots = {s: int(board_lots[0, n]) for n, s in enumerate(market.symbols) if s not in unlotted}
    fees = _order_fees(obeyed, market.symbols)
    stopped = obeyed.frozen[-1] | (obeyed.exit_row >= 0)
    legs = tuple(
        _leg(
            market, n, float(target[n]), float(previous[n]), shares[n], capital, (lots or {}).get(i.symbol, 1),
            targets.band, fees[i.symbol],
            [r for r in restrictions if r.symbol == i.symbol], bool(obeyed.no_buy[-1, n]), bool(stopped[n]),
            _reason(i.symbol, float(target[n]), float(previous[n]), decided, before, fresh, events),
        )
        for n, i in enumerate(market.instruments)
        if target[n] or previous[n] or shares[n]
    )  # fmt: skip
    cash = None
    if capital is not None:
        legs, cash = _within_cash(legs, fees, capital - worth)
        legs = _sized(legs, market, terms)
    return Today(
        strategy, last, decided, before, market.base, market.simulated, capital, cash, legs, fresh, restrictions,
        _notes(legs, lots or {}, portfolio),
    )  # fmt: skip


def _shares(market: Market, portfolio: Portfolio) -> FloatArray:
    unknown = [s for s in portfolio.shares if s not in market.symbols]
    if unknown:
        raise BadInputError(
            f"a holding of {', '.join(unknown)}", "wanted names that the strategy may hold and the source has",
            "leave it out, or fetch its prices",
        )  # fmt: skip
    return np.array([float(portfolio.shares.get(s, 0.0)) for s in market.symbols])


def _news(strategy: Strategy, market: Market, events: Events) -> tuple[NewsInForce, ...]:
    half_life = strategy.parameters().get("half_life")
    if not isinstance(half_life, float) or strategy.respond == 0 or not market.rows.size:
        return ()
    rows, last, news = events.rows(market.rows), market.rows.size - 1, []
    inside = (events.known >= market.rows[0]) & (events.known <= market.rows[-1])
    for event, row, is_inside in zip(events, rows.tolist(), inside.tolist(), strict=True):
        for sleeve in strategy.themes:
            weight = event.signs.get(sleeve, 0) * event.severity * 0.5 ** ((last - row) / half_life)
            if is_inside and event.counts and abs(weight) >= FAINT:
                news.append(NewsInForce(sleeve, event, weight, last - row, half_life))
    return tuple(sorted(news, key=lambda n: -abs(n.weight)))


def _in_force(events: Events, symbols: Sequence[str], day: np.datetime64) -> list[Restriction]:
    """The restrictions known on `day` and not lifted, by symbol and ground the newest."""
    standing: dict[tuple[str, str], Restriction] = {}
    for r in sorted(events.restrictions, key=lambda r: r.announced):
        if r.symbol in symbols and r.known_on() <= day:
            if r.kind != "lifted":
                standing[r.symbol, r.ground] = r
            elif r.holds_from() <= day:
                standing.pop((r.symbol, r.ground), None)
    return list(standing.values())


def _reason(
    symbol: str,
    target: float,
    previous: float,
    decided: np.datetime64,
    before: np.datetime64,
    news: Sequence[NewsInForce],
    events: Events,
) -> str:
    """Why the last decision differs from the one before."""
    if abs(target - previous) <= ROUNDING:
        return ""
    reasons = [
        f"{r.kind.replace('_', ' ')} ({r.ground.replace('_', ' ')})"
        for r in events.restrictions
        if r.symbol == symbol and not r.known_on() > decided and not r.known_on() <= before
    ]
    reasons += [
        n.event.title for n in news if not n.event.known_on() > decided and not n.event.known_on() <= before
    ]
    return "; ".join(dict.fromkeys(reasons)) or "prices and older news that fades"


def _leg(
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


def _order_fees(inputs: LedgerInputs, symbols: Sequence[str]) -> dict[str, OrderFees]:
    """By symbol on the last row; least commissions where the account has a size."""
    buy, sell = inputs.fees.buy_total[-1], inputs.fees.sell_total[-1]
    size = inputs.liquidity
    none = np.zeros_like(buy)
    parts = (none, none, none) if size is None else (size.buy[-1], size.sell[-1], size.least[-1])
    rows = np.column_stack([buy, sell, *parts]).tolist()
    return {s: OrderFees(*row) for s, row in zip(symbols, rows, strict=True)}


def _within_cash(
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


def _sized(legs: tuple[OrderLeg, ...], market: Market, terms: AccountTerms) -> tuple[OrderLeg, ...]:
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


def _notes(legs: Sequence[OrderLeg], lots: Mapping[str, int], portfolio: Portfolio) -> tuple[str, ...]:
    notes = []
    unknown = [leg.instrument.symbol for leg in legs if leg.instrument.venue == "XHKG"]
    unknown = [s for s in unknown if s not in lots]
    if portfolio.capital is None and not portfolio.shares:
        notes.append("No holdings and no capital were given: weights only, no orders.")
    elif unknown:
        notes.append(f"Board lots of {', '.join(unknown)} are not known: single shares are counted.")
    if portfolio.capital is None and portfolio.shares:
        notes.append("Without a capital the holdings are all there is: no cash is counted.")
    return tuple(notes)
