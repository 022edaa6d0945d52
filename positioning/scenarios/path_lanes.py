"""Paths side by side: the market of `paths.continued` and its ledger inputs, for many draws at once.

Every cell has the bits that it has on the path's own market. What a path shares with the others (dates, fees,
restrictions, the real past) is read off the calm path, the one without a draw.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, final

import numpy as np

from positioning.arrays import BoolArray, CodeArray, FloatArray, IntArray
from positioning.compiled import compiled, compiled_part
from positioning.market.market import Market
from positioning.scenarios.counterfactual import Moves, drift_corrected, halted, stressed_moves
from positioning.scenarios.paths import ResamplingPool, changes_moves
from positioning.scenarios.shock import Effect
from positioning.simulation.inputs import LedgerInputs, exit_terms
from positioning.simulation.ledger_arrays import CLOSED, FROZEN, HALTED, NO_RATE, OPEN, LedgerArrays
from positioning.strategy.path_book import PathMarkets


class _Draws(NamedTuple):
    """What P paths drew, H rows ahead."""

    rows: IntArray  # (P, H) of the pool
    close: FloatArray  # (P, H, N) also where nothing trades
    open: FloatArray  # (P, H, N)
    rates: FloatArray  # (P, H, N)
    shut: BoolArray  # (P, H, N) the scenario lets it not trade; (P, 0, 0) where it lets all


class _Pool(NamedTuple):
    """What a past row brings with it, (R, N)."""

    paid: FloatArray
    tradable: BoolArray
    venue_open: BoolArray
    early: BoolArray
    opens: BoolArray


class _Opening(NamedTuple):
    """What is known on the row on which the accounts open, (N,). `own`: of an account, which sees no price of what is
    frozen."""

    close: FloatArray
    rate: FloatArray
    mark: FloatArray
    own_close: FloatArray
    own_mark: FloatArray
    history: IntArray
    missed: IntArray  # sessions so far without a trade, and so many up to the last trade
    missed_at_trade: IntArray


class _SharedInputs(NamedTuple):
    """What does not depend on the draw. A = H + 1 rows of the accounts, the opening the first."""

    at_open: bool  # trades are filled at the open
    frozen: BoolArray  # (A, N)
    next_day: BoolArray  # (A,) the row before is the day before
    withheld: FloatArray  # (A, N) share of dividends
    decided: IntArray  # (U,) ascending rows on which something is decided
    ending_row: IntArray  # (N,) the close after which a simulated delisting pays, -1 for none


class _Futures(NamedTuple):
    """What follows from the draws."""

    returns: FloatArray  # (P, T, N) with the past
    traded: BoolArray  # (P, T, N)
    history: IntArray  # (P, U, N)
    silence: IntArray  # (P, U, N)
    why: CodeArray  # (P, A, N), as all below
    early: BoolArray
    fill: FloatArray
    value: FloatArray
    last: FloatArray
    mark: FloatArray
    dividend: FloatArray
    tax: FloatArray
    ending_close: FloatArray  # (P, N) last known close on `ending_row`


@final
@dataclass(frozen=True, eq=False)
class PathLanes:
    """What the paths of one scenario share. calm: the path without a draw; inputs: of its ledger; withheld: (A, N) share
    of dividends; decided: ascending market rows on which any strategy decides;
    exit_price: (N,) of `TradingConstraints`; endings: (column, market row of the last
    close that counts, recovery) of simulated delistings."""

    pool: ResamplingPool
    hit: Effect
    calm: Market
    inputs: LedgerInputs
    withheld: FloatArray
    decided: IntArray
    exit_price: FloatArray
    endings: tuple[tuple[int, int, float], ...]

    def laid(self, drawn: IntArray) -> tuple[PathMarkets, LedgerArrays]:
        """(what decisions read, what the ledger reads) of paths that drew these (P, H) rows of the pool; those of the
        ledger's arrays that differ by path have P for their first axis, see `run_markets`."""
        prices = self._prices(drawn)
        ahead = _laid(prices, *self._fixed)
        exits = self._exits(ahead, prices.rates)
        markets = PathMarkets(
            self.calm, ahead.returns, ahead.traded, self.decided, ahead.history, ahead.silence, self._known
        )
        return markets, self.inputs.arrays._replace(
            why=ahead.why, early=ahead.early, fill=ahead.fill, value=ahead.value, last=ahead.last,
            mark=ahead.mark, dividend=ahead.dividend, tax=ahead.tax, exit_price=exits[0], exit_cover=exits[1],
        )  # fmt: skip

    def _prices(self, drawn: IntArray) -> _Draws:
        hit, past, new, rows = self.hit, self.pool.past, self.pool.moves, drawn
        if changes_moves(hit):
            m = new
            new = Moves(m.overnight[drawn], m.intraday[drawn], m.currency[drawn], m.drop[drawn])
            new = drift_corrected(stressed_moves(new, hit, self.pool.common), hit, self.pool.common)
            rows = np.arange(drawn.size).reshape(drawn.shape)
        close, opened, rates = _summed(
            rows, _flat(new.overnight), _flat(new.intraday), _flat(new.currency),
            np.log(past.carried_close[-1]), hit.level, hit.currency,
        )  # fmt: skip
        for logarithms in (close, opened, rates):
            np.exp(logarithms, out=logarithms)  # numpy's own: another program's differs in the last bit
        rates *= past.carried_rates[-1]
        shut = np.zeros((drawn.shape[0], 0, 0), np.bool_)
        if hit.halts or hit.endings:
            shut = halted(self.pool.venue_open[drawn], hit)
        return _Draws(drawn, close, opened, rates, shut)

    @cached_property
    def _known(self) -> dict[Any, Any]:
        """What decisions remember from one draw to the next."""
        return {}

    @cached_property
    def _fixed(self) -> tuple[_Pool, _Opening, _SharedInputs, LedgerArrays, FloatArray, BoolArray]:
        """What `_laid` reads besides the draws."""
        pool, calm, first, inputs = self.pool, self.calm, self.calm.start, self.inputs
        whole = np.ascontiguousarray
        missed = np.cumsum(calm.venue_open[: first + 1] & ~calm.tradable[: first + 1], axis=0, dtype=np.int64)
        ending = np.full(len(calm.instruments), -1, np.int64)
        for n, row, _ in self.endings:
            ending[n] = row - first
        days = np.diff(inputs.rows, prepend=inputs.rows[:1]).astype(np.float64)
        return (
            _Pool(
                whole(pool.dividend_yields), whole(pool.tradable), whole(pool.venue_open), whole(pool.early),
                whole(pool.opens),
            ),
            _Opening(
                calm.carried_close[first].copy(), calm.carried_rates[first].copy(), calm.marks[first].copy(),
                inputs.local[0].copy(), inputs.mark[0].copy(), calm.history[first].copy(),
                missed[-1].copy(), missed[-1] - calm.silence[first],
            ),
            _SharedInputs(
                inputs.fill_at == "open", whole(inputs.frozen), days == 1, whole(self.withheld),
                self.decided - first, ending,
            ),
            _opening_row(inputs.arrays),
            whole(calm.returns[: first + 1]),
            whole(calm.tradable[: first + 1]),
        )  # fmt: skip

    def _exits(self, ahead: _Futures, rates: FloatArray) -> tuple[FloatArray, FloatArray]:
        """(P, N) what forced exits pay a long and cost a short a share."""
        paths, own = rates.shape[0], self.inputs
        price = np.tile(self.exit_price, (paths, 1))
        for n, _, recovery in self.endings:
            price[:, n] = recovery * ahead.ending_close[:, n]
        if (own.exit_row < 0).all():
            return np.zeros_like(price), np.zeros_like(price)
        opening = np.tile(self.calm.carried_rates[self.calm.start], (paths, 1, 1))
        return exit_terms(own.exit_row, price, np.concatenate([opening, rates], axis=1), ahead.mark)


def _opening_row(arrays: LedgerArrays) -> LedgerArrays:
    """The first row of what differs by path, which is the same on all."""
    return arrays._replace(
        why=arrays.why[0].copy(), early=arrays.early[0].copy(), fill=arrays.fill[0].copy(), value=arrays.value[0].copy(),
        last=arrays.last[0].copy(), mark=arrays.mark[0].copy(), dividend=arrays.dividend[0].copy(),
        tax=arrays.tax[0].copy(),
    )  # fmt: skip


def _flat(values: FloatArray) -> FloatArray:
    """(..., N) as rows."""
    return np.ascontiguousarray(values).reshape(-1, values.shape[-1])


@compiled()
def _summed(
    rows: IntArray,
    overnight: FloatArray,
    intraday: FloatArray,
    currency: FloatArray,
    begin: FloatArray,
    level: FloatArray,
    money: FloatArray,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """(P, H, N) logarithms of closes, of opens, and of rates as multiples of the last real ones, of moves (R, N) on these
    (P, H) rows of theirs."""
    paths, ahead = rows.shape
    names = begin.size
    shape = (paths, ahead, names)
    close, opened, rates = np.empty(shape), np.empty(shape), np.empty(shape)
    moved, earned = np.empty(names), np.empty(names)
    for p in range(paths):
        moved[:], earned[:] = 0.0, 0.0
        for h in range(ahead):
            t = rows[p, h]
            for n in range(names):
                moved[n] += overnight[t, n] + intraday[t, n]
            for n in range(names):
                close[p, h, n] = begin[n] + moved[n] + level[h, n]
            for n in range(names):
                opened[p, h, n] = close[p, h, n] - intraday[t, n]
            for n in range(names):
                earned[n] += currency[t, n]
            for n in range(names):
                rates[p, h, n] = earned[n] + money[h, n]
    return close, opened, rates


@compiled()
def _laid(  # noqa: PLR0912, PLR0915 - one pass over the rows
    drawn: _Draws,
    pool: _Pool,
    opening: _Opening,
    shared: _SharedInputs,
    first: LedgerArrays,
    past_returns: FloatArray,
    past_traded: BoolArray,
) -> _Futures:
    """The rows ahead, as `continued`, `Market` and `ledger_inputs` have them. first: the opening row of the ledger."""
    paths, ahead, names = drawn.close.shape
    before, rows, decisions = past_returns.shape[0], ahead + 1, shared.decided.size
    returns = np.empty((paths, before + ahead, names))
    traded = np.empty((paths, before + ahead, names), np.bool_)
    history = np.empty((paths, decisions, names), np.int64)
    silence = np.empty((paths, decisions, names), np.int64)
    why, early = np.empty((paths, rows, names), np.int8), np.empty((paths, rows, names), np.bool_)
    fill, value = np.empty((paths, rows, names)), np.empty((paths, rows, names))
    last, mark = np.empty((paths, rows, names)), np.empty((paths, rows, names))
    dividend, tax = np.empty((paths, rows, names)), np.empty((paths, rows, names))
    ending_close = np.full((paths, names), np.nan)
    halting = drawn.shut.shape[1] > 0
    for p in range(paths):
        for n in range(names):  # cell by cell: what assigns an array takes long to compile
            for r in range(before):
                returns[p, r, n], traded[p, r, n] = past_returns[r, n], past_traded[r, n]
            why[p, 0, n], early[p, 0, n] = first.why[n], first.early[n]
            fill[p, 0, n], value[p, 0, n] = first.fill[n], first.value[n]
            last[p, 0, n], mark[p, 0, n] = first.last[n], first.mark[n]
            dividend[p, 0, n], tax[p, 0, n] = first.dividend[n], first.tax[n]
        close, rate, worth = opening.close.copy(), opening.rate.copy(), opening.mark.copy()
        own_close, own_worth, drawn_close = (
            opening.own_close.copy(), opening.own_mark.copy(), opening.close.copy(),
        )  # fmt: skip
        seen, missed, at_trade = (
            opening.history.copy(), opening.missed.copy(), opening.missed_at_trade.copy(),
        )  # fmt: skip
        d = 0
        for r in range(rows):
            if r > 0:
                t = drawn.rows[p, r - 1]
                for n in range(names):
                    venue, frozen = pool.venue_open[t, n], shared.frozen[r, n]
                    trades = pool.tradable[t, n] and not (halting and drawn.shut[p, r - 1, n])
                    price = drawn.close[p, r - 1, n] if trades else np.nan
                    start = drawn.open[p, r - 1, n] if trades and pool.opens[t, n] else np.nan
                    now = drawn.rates[p, r - 1, n]
                    paid = pool.paid[t, n] * drawn_close[n]
                    drawn_close[n] = drawn.close[p, r - 1, n]
                    # the market, as decisions see it
                    was = worth[n]
                    if np.isfinite(price):
                        close[n] = price
                        seen[n] += 1
                    if np.isfinite(now):
                        rate[n] = now
                    if np.isfinite(close[n] * now):
                        worth[n] = close[n] * now
                    returns[p, before + r - 1, n] = (worth[n] + paid * rate[n]) / was - 1.0
                    traded[p, before + r - 1, n] = trades
                    if venue and not trades:
                        missed[n] += 1
                    if trades:
                        at_trade[n] = missed[n]
                    # an account that may not trade what is frozen, and is paid nothing by it
                    if frozen:
                        begins = not shared.frozen[r - 1, n]
                        price = price if begins and trades else np.nan
                        start, paid, trades = np.nan, 0.0, False
                    code = OPEN
                    if not np.isfinite(now):
                        code = NO_RATE
                    if not trades:
                        code = HALTED
                    if not venue:
                        code = CLOSED
                    if frozen:
                        code = FROZEN
                    local = start if shared.at_open and np.isfinite(start) else price
                    kept = own_close[n] * now
                    kept = kept if np.isfinite(kept) else own_worth[n]
                    if np.isfinite(price):
                        own_close[n] = price
                    if np.isfinite(own_close[n] * now):
                        own_worth[n] = own_close[n] * now
                    known = np.nan if code != OPEN else local * now
                    why[p, r, n] = code
                    early[p, r, n] = pool.early[t, n] and shared.next_day[r]
                    fill[p, r, n] = known
                    value[p, r, n] = _known(known if code == OPEN else kept)
                    last[p, r, n], mark[p, r, n] = _known(kept), _known(own_worth[n])
                    dividend[p, r, n] = _known(paid * rate[n])
                    tax[p, r, n] = dividend[p, r, n] * shared.withheld[r, n]
            for n in range(names):
                if shared.ending_row[n] == r:
                    ending_close[p, n] = close[n]
            if d < decisions and shared.decided[d] == r:
                for n in range(names):
                    history[p, d, n], silence[p, d, n] = seen[n], missed[n] - at_trade[n]
                d += 1
    return _Futures(
        returns, traded, history, silence, why, early, fill, value, last, mark, dividend, tax, ending_close,
    )  # fmt: skip


@compiled_part()
def _known(value: float) -> float:
    """0 for what is not known, as the ledger reads it."""
    return 0.0 if np.isnan(value) else value
