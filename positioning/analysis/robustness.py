"""What an account rests on: how soon it trades, its best days, its costs, each of its names, and where it began."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import final

import numpy as np

from positioning.analysis.metrics import summarise
from positioning.errors import PositioningError
from positioning.events.event import Events
from positioning.market.market import Market, carry_forward
from positioning.simulation.account import AccountTerms
from positioning.simulation.result import Result
from positioning.strategy.strategy import Strategy
from positioning.strategy.targets import Targets

DELAYS = (0, 1, 2, 5)  # rows that a decision is held back
BEST_DAYS = 5
LATER = 0.35  # share of the rows that a later start leaves out
COMPARED = 0.25  # share of the rows, the last, on which decisions of both starts are compared


@final
@dataclass(frozen=True, slots=True)
class Robustness:
    """Figures of one account; NaN where undefined.

    sharpe: by DELAYS. best_days: share of the account's log return made on its BEST_DAYS best rows (above 1: without
    them it lost). break_even_bps: cost of a trade, in bps of its value, at which the mean excess return is zero, fees
    already paid left out. left_out: total return by name that is left out, its weight in cash. start_change: largest
    change of a weight on the last COMPARED of the rows when the market begins LATER; on `start_symbol`. gap_trading:
    share of the targets' changes that are gone when missing closes are filled with the last ones.
    """

    sharpe: Mapping[int, float]
    best_days: float
    break_even_bps: float
    left_out: Mapping[str, float]
    total_return: float
    start_change: float
    start_symbol: str
    gap_trading: float


def robustness(strategy: Strategy, market: Market, events: Events, terms: AccountTerms) -> Robustness:
    """All of them, by running the account again. Raises BadInputError as the account does."""
    targets = strategy.target_weights(market, events)
    inputs = terms.inputs(market, events, strategy.screened(market, events))

    def account(decisions: Targets) -> Result:
        return terms.run(decisions, market, events, inputs)

    result = account(targets)
    change, symbol = start_dependence(strategy, market, events, targets)
    return Robustness(
        sharpe={d: _sharpe(account(delayed_decisions(targets, d))) for d in DELAYS},
        best_days=best_days_share(result),
        break_even_bps=break_even_bps(result),
        left_out={
            s: float(account(without_name(targets, s)).nav[-1] - 1.0)
            for s in (*strategy.names, *strategy.hedges)
            if s in market.symbols
        },
        total_return=float(result.nav[-1] - 1.0),
        start_change=change,
        start_symbol=symbol,
        gap_trading=gap_trading(strategy, market, events, targets),
    )


def _sharpe(result: Result) -> float:
    return summarise(result.rows, result.nav, cash_rate=result.inputs.growth, ruined=result.worthless).sharpe


def delayed_decisions(targets: Targets, rows: int) -> Targets:
    """Each decision taken as many rows later; those that then fall behind the last row are lost."""
    decided = targets.decided + rows
    inside = decided < targets.rows.size
    return replace(targets, decided=decided[inside], weights=targets.weights[inside])


def without_name(targets: Targets, symbol: str) -> Targets:
    """Nothing of that name; its weight stays in cash."""
    weights = targets.weights.copy()
    weights[:, targets.symbols.index(symbol)] = 0.0
    return replace(targets, weights=weights)


def best_days_share(result: Result) -> float:
    """sum of the BEST_DAYS largest log returns / log(nav_T / nav_0); NaN without gain, and where nav was at or below
    zero."""
    if result.worthless or result.nav[-1] <= result.nav[0]:
        return math.nan
    logs = np.diff(np.log(result.nav))
    return float(np.sort(logs)[-BEST_DAYS:].sum() / logs.sum())


def break_even_bps(result: Result) -> float:
    """mean(r + c - cash) / mean(traded / nav) x 1e4, with r net returns, c fees / nav; NaN without a trade."""
    before = np.concatenate([[1.0], result.nav[:-1]])
    alive = np.minimum.accumulate(before) > 0  # as it is judged: to the first row without value
    traded = result.trade_value.sum(axis=1)[alive] / before[alive]
    if not traded.any():
        return math.nan
    gross = result.returns[alive] + result.cost[alive] / before[alive] - result.inputs.growth[alive]
    return float(1e4 * gross.mean() / traded.mean())


def start_dependence(
    strategy: Strategy, market: Market, events: Events, targets: Targets
) -> tuple[float, str]:
    """The largest change of a weight, and whose, when the market begins LATER; NaN where that leaves no history.

    Rolling windows forget where they began; sums from the beginning (expanding means, recursive filters) do not.
    """
    first = int(LATER * market.rows.size)
    last = int((1.0 - COMPARED) * market.rows.size)
    if last - first < 2 * strategy.history:
        return math.nan, ""
    try:
        again = strategy.target_weights(later(market, first), events)
    except PositioningError:
        return math.nan, ""
    by_row = {int(row) + first: weights for row, weights in zip(again.decided, again.weights, strict=True)}
    change, symbol = 0.0, ""
    for row, weights in zip(targets.decided.tolist(), targets.weights, strict=True):
        if row >= last and row in by_row:
            apart = np.abs(weights - by_row[row])
            if apart.max(initial=0.0) > change:
                change, symbol = float(apart.max()), targets.symbols[int(apart.argmax())]
    return change, symbol


def later(market: Market, first: int) -> Market:
    """The market from row `first` on."""
    return replace(
        market, rows=market.rows[first:], open=market.open[first:], close=market.close[first:],
        dividends=market.dividends[first:], tradable=market.tradable[first:], venue_open=market.venue_open[first:],
        early=market.early[first:], rates=market.rates[first:], start=max(market.start - first, 0),
        volume=None if market.volume is None else market.volume[first:],
    )  # fmt: skip


def gap_trading(strategy: Strategy, market: Market, events: Events, targets: Targets) -> float:
    """1 - changes of the targets on a market whose missing closes are filled with the last ones / changes as decided,
    at least 0; 0 where nothing is decided."""
    own = _changes(targets)
    if own == 0:
        return 0.0
    close = np.where(np.isfinite(market.close), market.close, carry_forward(market.close))
    filled = replace(market, close=close, tradable=market.tradable | (market.venue_open & np.isfinite(close)))
    try:
        again = _changes(strategy.target_weights(filled, events))
    except PositioningError:
        return 0.0
    return max(0.0, 1.0 - again / own)


def _changes(targets: Targets) -> float:
    weights = np.vstack([np.zeros((1, len(targets.symbols))), targets.weights])
    return float(np.abs(np.diff(weights, axis=0)).sum())
