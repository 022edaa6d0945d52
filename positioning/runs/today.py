"""What a strategy holds now, what it takes to get there, and what stands in the way. A calculation, not advice.

The target weights are those of the last decision of the strategy on the market it is given: a run that ends on the same
row holds the same weights, to the bit. Orders bring holdings to them at the last prices, in whole lots.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import final

import numpy as np

from positioning.arrays import FloatArray
from positioning.errors import BadInputError
from positioning.events.event import Event, Events
from positioning.events.restriction import Restriction
from positioning.market.market import Market
from positioning.runs.order_legs import OrderLeg, order_fees, order_leg, with_impact, within_cash
from positioning.simulation.account import AccountTerms
from positioning.simulation.order_sizes import lots_on
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
    fees = order_fees(obeyed, market.symbols)
    stopped = obeyed.frozen[-1] | (obeyed.exit_row >= 0)
    legs = tuple(
        order_leg(
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
        legs, cash = within_cash(legs, fees, capital - worth)
        legs = with_impact(legs, market, terms)
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
