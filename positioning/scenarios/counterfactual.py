"""A market as it would have been under shocks: prices, rates, trading and fees changed from a date on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import final

import numpy as np

from positioning.arrays import BoolArray, DateArray, FloatArray
from positioning.errors import BadInputError
from positioning.events.restriction import Restriction
from positioning.market.instruments import Instrument
from positioning.market.market import Market
from positioning.scenarios.shock import Effect, Shock, effect
from positioning.simulation.fees import FeeRates
from positioning.simulation.inputs import Fees


@final
@dataclass(frozen=True, eq=False)
class Counterfactual:
    """What any strategy can be decided and accounted on, in place of the real three."""

    market: Market
    restrictions: tuple[Restriction, ...]
    fees: Fees


@final
@dataclass(frozen=True, eq=False)
class WiderFees:
    """Fees whose half-spread is multiplied. spread: (T, N) for `rows`, by column of `instruments`."""

    table: Fees
    rows: DateArray
    symbols: tuple[str, ...]
    spread: FloatArray

    @property
    def label(self) -> str:
        """The table's own name, and that it is stressed."""
        return f"{self.table.label}, spreads widened by the shock"

    def on(self, dates: DateArray, instruments: Sequence[Instrument]) -> FeeRates:
        """As the table, on dates and instruments of the market it was made for."""
        at = np.searchsorted(self.rows, dates)
        columns = np.array([self.symbols.index(i.symbol) for i in instruments], np.int64)
        wide = self.spread[np.ix_(at, columns)]
        return widened_fees(self.table.on(dates, instruments), wide)


def widened_fees(fees: FeeRates, spread: FloatArray) -> FeeRates:
    """Fees with the half-spread multiplied by `spread` (T, N)."""
    if "half_spread" not in fees.kinds:
        return fees
    k = fees.kinds.index("half_spread")
    buy, sell = fees.buy.copy(), fees.sell.copy()
    buy[k] *= spread
    sell[k] *= spread
    return FeeRates(fees.kinds, buy, sell, fees.borrow)


@final
@dataclass(frozen=True, slots=True, eq=False)
class Moves:
    """Logarithmic moves of T rows and N names (or of many such paths), 0 where a name does not trade.

    overnight: last close to open (to the close where there is no open); intraday: open to close;
    currency: of the rate since the row before, known on every row. drop: the part of overnight that is no news, what an
    ex-date takes off: log(1 - dividend / last close), 0 on other days.
    """

    overnight: FloatArray
    intraday: FloatArray
    currency: FloatArray
    drop: FloatArray

    @property
    def news(self) -> FloatArray:
        """Last close to close, without the drop of ex-dates."""
        return self.overnight + self.intraday - self.drop


def moves(market: Market) -> Moves:
    """The moves of a market, since its first prices."""
    last = np.full_like(market.close, np.nan)
    last[1:] = market.carried_close[:-1]
    rate = market.carried_rates
    with np.errstate(invalid="ignore"):
        total = np.where(market.tradable, np.log(market.close / last), 0.0)
        intraday = np.where(market.tradable, np.log(market.close / market.open), 0.0)
        currency = np.zeros_like(rate)
        currency[1:] = np.log(rate[1:] / rate[:-1])
    total, intraday, currency = (np.nan_to_num(v) for v in (total, intraday, currency))
    intraday[np.isnan(last)] = 0.0
    has_open = np.isfinite(market.open)
    intraday[~has_open] = 0.0
    with np.errstate(invalid="ignore", divide="ignore"):
        drop = np.where(market.tradable, np.log1p(-market.dividends / last), 0.0)
    # A dividend of the whole price or more (a liquidation) leaves nothing to call a drop.
    return Moves(total - intraday, intraday, currency, np.where(np.isfinite(drop), drop, 0.0))


@final
@dataclass(frozen=True, slots=True, eq=False)
class CommonMove:
    """The common move of a market's names: sigma (N,) the deviation of each; scale: that of the mean of the
    standardised moves; loading (N,): correlation of each with that mean. variance, currency_variance (N,): mean square
    of a move on a session, and of a rate's move on a row."""

    sigma: FloatArray
    scale: float
    loading: FloatArray
    variance: FloatArray
    currency_variance: FloatArray

    @classmethod
    def of(cls, past: Moves) -> CommonMove:
        """The reweighting made from past rows."""
        total = past.news
        sigma = np.sqrt(np.mean(total**2, axis=0))
        z = np.divide(total, sigma, out=np.zeros_like(total), where=sigma > 0)
        mean = z.mean(axis=1)
        scale = float(np.sqrt(np.mean(mean**2)))
        loading = (z * mean[:, None]).mean(axis=0) / scale if scale > 0 else np.zeros_like(sigma)
        variance = (total**2).sum(axis=0) / np.maximum((total != 0).sum(axis=0), 1)
        return cls(sigma, scale, loading, variance, np.mean(past.currency**2, axis=0))


def stressed_moves(base_moves: Moves, hit: Effect, common: CommonMove) -> Moves:
    """Moves under multipliers and correlation stress.

    With z a name's standardised move and f that of the common move, a share c of variance is replaced:
    z' = (sqrt(1 - c) z + sqrt(c) f) / sqrt(1 + 2 sqrt(c (1 - c)) corr(z, f)), on rows on which it trades. The
    change is made overnight. An ex-date's drop is paid out and stays what it is: multiplied, it would take off what
    no dividend brings.
    """
    overnight = (base_moves.overnight - base_moves.drop) * hit.volatility + base_moves.drop
    intraday = base_moves.intraday * hit.volatility
    if hit.correlation.any() and common.scale > 0:
        c = hit.correlation[:, None]
        total = base_moves.news
        z = np.divide(total, common.sigma, out=np.zeros_like(total), where=common.sigma > 0)
        f = z.mean(axis=-1, keepdims=True) / common.scale
        norm = np.sqrt(1 + 2 * np.sqrt(c * (1 - c)) * common.loading)
        new = (np.sqrt(1 - c) * z + np.sqrt(c) * f) / norm * common.sigma
        overnight = overnight + np.where(total != 0, (new - total) * hit.volatility, 0.0)
    return Moves(overnight, intraday, base_moves.currency * hit.currency_volatility, base_moves.drop)


def drift_corrected(new: Moves, hit: Effect, common: CommonMove) -> Moves:
    """Stressed moves with the gain taken out that multiplying logarithmic moves by v brings on average, to second order
    v (v - 1) variance / 2: a wilder market is no better one."""
    v, w = hit.volatility, hit.currency_volatility
    trades = (new.overnight != 0) | (new.intraday != 0)
    gain = np.where(trades, v * (v - 1) * common.variance / 2, 0.0)
    return Moves(
        new.overnight - gain,
        new.intraday,
        new.currency - w * (w - 1) * common.currency_variance / 2,
        new.drop,
    )


def halted(venue_open: BoolArray, hit: Effect) -> BoolArray:
    """(..., T, N) True on the first sessions of the venue from each halt's landing on, and where an ending holds."""
    out = np.zeros_like(venue_open)
    for row, n, sessions in hit.halts:
        is_open = venue_open[..., row:, n]
        out[..., row:, n] |= is_open & (np.cumsum(is_open, axis=-1) <= sessions)
    for row, n, _, _ in hit.endings:
        out[..., row:, n] = True
    return out


def apply(
    market: Market,
    restrictions: Sequence[Restriction],
    fees: Fees,
    shocks: Sequence[Shock],
    at: np.datetime64,
) -> Counterfactual:
    """The counterfactual of shocks that land `session` rows after the first row at or after `at`.

    Before it nothing changes. A dividend keeps its proportion to the price. Raises BadInputError for a date
    after the last row and for a target the market lacks.
    """
    row = int(np.searchsorted(market.rows, at))
    if row >= market.rows.size:
        raise BadInputError(
            f"a shock at {at}", f"wanted a date up to {market.rows[-1]}", "choose an earlier one"
        )
    hit = effect(shocks, market.rows.size, row, market.instruments, market.base)
    own = moves(market)
    new = stressed_moves(own, hit, CommonMove.of(own))
    change = np.cumsum(new.overnight + new.intraday - own.overnight - own.intraday, axis=0)
    before = np.vstack([np.zeros_like(change[:1]), change[:-1]])
    at_open = np.exp(hit.level + before + new.overnight - own.overnight)
    at_close = np.exp(hit.level + change)
    dividend_scale = np.vstack([np.ones_like(at_close[:1]), at_close[:-1]])
    shut = halted(market.venue_open, hit)
    changed = replace(
        market,
        open=np.where(shut, np.nan, market.open * at_open),
        close=np.where(shut, np.nan, market.close * at_close),
        dividends=market.dividends * dividend_scale,
        tradable=market.tradable & ~shut,
        rates=market.rates * np.exp(hit.currency + np.cumsum(new.currency - own.currency, axis=0)),
        source=f"{market.source}, shocked at {at}",
    )
    wide = WiderFees(fees, market.rows, market.symbols, hit.spread) if (hit.spread != 1).any() else fees
    return Counterfactual(changed, (*restrictions, *ending_restrictions(changed, hit)), wide)


def ending_restrictions(market: Market, hit: Effect) -> tuple[Restriction, ...]:
    """The freezes and delistings of an effect as restrictions known, and in force, on the day they land."""
    restrictions = []
    for row, n, ending, recovery in hit.endings:
        if ending == "":
            continue
        day = market.rows[row]
        last = market.carried_close[max(row - 1, 0), n]
        restrictions.append(Restriction(
            symbol=market.symbols[n],
            announced=datetime.fromisoformat(str(day)).replace(tzinfo=UTC) + timedelta(days=1),
            kind=ending,
            ground="suspended" if ending == "frozen" else "delisting",
            reason="simulated shock",
            source="simulated",
            date_only=True,
            recovery=recovery * float(np.nan_to_num(last)) if ending == "delisted" else None,
        ))  # fmt: skip
    return tuple(restrictions)
