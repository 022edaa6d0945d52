"""How much money an account is, and what that meets: past volume, impact, board lots, least fees."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import final

import numpy as np

from positioning.arrays import BoolArray, FloatArray
from positioning.errors import BadInputError
from positioning.market.findings import Finding, warning
from positioning.market.market import Market
from positioning.simulation.fees import FeeRates
from positioning.simulation.impact import NO_IMPACT, ImpactTable, read_impact
from positioning.simulation.ledger_arrays import Depth
from positioning.simulation.order_sizes import (
    BoardLot,
    LeastFee,
    least_on,
    lots_on,
    read_least_fees,
    read_lots,
)

SESSIONS = 20  # of the venue, before the row, that volume and volatility are taken over
MOST_CAPITAL = 1e18  # of any currency: more than the world owns
LEAST_SESSIONS = 5  # of them that must be known


@final
@dataclass(frozen=True)
class Capital:
    """What one unit of an account stands for.

    amount: base currency; 0 is an account without a size, whatever else is given. participation: most that is traded of
    a name on one session, share of the average value traded over past sessions. impact, lots, least_fees: see
    `ImpactTable`, `BoardLot`, `LeastFee`; without lots and least fees an account tends to that without a size as the
    amount goes to zero.

    Raises BadInputError for an amount that is negative or above MOST_CAPITAL and a participation that is not in (0, 1].
    """

    amount: float
    participation: float = 0.1
    impact: ImpactTable = field(default_factory=read_impact)
    lots: tuple[BoardLot, ...] = field(default_factory=read_lots)
    least_fees: tuple[LeastFee, ...] = field(default_factory=read_least_fees)

    def __post_init__(self) -> None:
        if not 0 <= self.amount <= MOST_CAPITAL:
            raise BadInputError(
                f"capital={self.amount:g}", f"wanted an amount in base currency, 0 to {MOST_CAPITAL:g}",
                "give for example capital=1e6", "capital",
            )  # fmt: skip
        if not 0 < self.participation <= 1:
            raise BadInputError(
                f"participation={self.participation:g}", "wanted a share of volume above 0 and at most 1",
                "give for example participation=0.1", "participation",
            )  # fmt: skip


@final
@dataclass(frozen=True, eq=False)
class Liquidity:
    """What a capital meets over the T rows of an account and N instruments.

    traded: (T, N) average value traded a session over the SESSIONS before the row, base currency, NaN where fewer than
    LEAST_SESSIONS of them, or of their returns, are known; volatility: (T, N) of a session's return over the same;
    constant: (N,) of the square-root law; lot: (T, N) shares, 0 for none on record; least: (T, N) least commission, base
    currency; buy, sell: (T, N) commission that it is the least of. unlotted, unfloored: symbols without a lot or a
    least commission on record; without_volume: those of which no volume is known.
    """

    capital: Capital
    traded: FloatArray
    volatility: FloatArray
    constant: FloatArray
    lot: FloatArray
    least: FloatArray
    buy: FloatArray
    sell: FloatArray
    unlotted: tuple[str, ...]
    unfloored: tuple[str, ...]
    without_volume: tuple[str, ...]

    @cached_property
    def impact_rate(self) -> FloatArray:
        """(T, N) paid on a trade, fraction of its value by the root of its value in base currency."""
        root = np.sqrt(np.where(self.traded > 0, self.traded, np.inf))
        return np.asarray(self.constant * np.nan_to_num(self.volatility) / root)

    def depth(self, fill: FloatArray) -> Depth:
        """What the kernel reads; fill: (T, N) fill prices."""
        limit = self.capital.participation * np.where(self.traded > 0, self.traded, 0.0)
        # nobody trades where there is no price
        with np.errstate(divide="ignore", invalid="ignore"):
            most, per_price = limit / fill, 1.0 / fill
            per_lot = np.where(self.lot > 0, 1.0 / self.lot, 0.0)
        return Depth(
            limit, self.impact_rate, self.lot, self.least, self.buy, self.sell, most, per_price, per_lot
        )

    def impact(self, value: FloatArray) -> FloatArray:
        """(T, N) what trades of these values (T, N) pay, all in units of the account."""
        return np.asarray(value * self.impact_rate * np.sqrt(value * self.capital.amount))

    def topped_up(self, value: FloatArray, buys: BoolArray) -> FloatArray:
        """(T, N) what least commissions add to trades of these values, in units of the account; buys: (T, N) bool."""
        rate = np.where(buys, self.buy, self.sell)
        added = np.maximum(self.least / self.capital.amount - rate * value, 0.0)
        return np.where(value > 0, added, 0.0)

    def label(self, base: str) -> str:
        """What was modelled of the size, in words."""
        count = self.lot.shape[1]
        return (
            f"{size_words(self.capital, base)}; board lots of {count - len(self.unlotted)} and least commissions of "
            f"{count - len(self.unfloored)} of {count} names"
        )


def size_words(capital: Capital | None, base: str) -> str:
    """What is modelled of an account's size, in words."""
    if capital is None or capital.amount == 0:
        return "one unit of money: no lots, no least commissions, no impact, no limit by volume"
    impact = "no impact" if capital.impact == NO_IMPACT else f"impact by the {capital.impact.label}"
    return (
        f"a capital of {capital.amount:,.0f} {base}: at most {100 * capital.participation:.3g} % of the average value "
        f"traded over {SESSIONS} past sessions in a session; {impact}"
    )


def liquidity(market: Market, capital: Capital, fees: FeeRates) -> Liquidity:
    """What a capital meets on the account's rows of a market. fees: of those rows.

    Raises BadInputError where no volume is known of any name.
    """
    first, rows = market.start, market.rows[market.start :]
    traded, volatility = value_traded(market)[first:-1], daily_volatility(market)[first:-1]
    traded = np.where(np.isfinite(volatility), traded, np.nan)
    without_volume = _without_volume(market)
    if len(without_volume) == len(market.symbols):
        raise BadInputError(
            f"no volume is known of {'any of ' if len(without_volume) > 1 else ''}{', '.join(without_volume[:3])}"
            + (" and others" if len(without_volume) > 3 else ""),
            "wanted the shares traded, without which nothing can be filled", "leave the capital out, or use prices "
            "with volumes", "capital",
        )  # fmt: skip
    own = [k for k, kind in enumerate(fees.kinds) if kind == "commission"]
    buy, sell = fees.buy[own].sum(axis=0), fees.sell[own].sum(axis=0)
    lot, unlotted = lots_on(capital.lots, rows, market.instruments)
    least, unfloored = least_on(capital.least_fees, rows, market.instruments)
    charged = (buy > 0) | (sell > 0)  # who pays no commission pays no least one
    return Liquidity(
        capital=capital,
        traded=traded,
        volatility=volatility,
        constant=capital.impact.on(market.instruments),
        lot=lot,
        least=np.where(charged, least * np.nan_to_num(market.carried_rates[first:]), 0.0),
        buy=buy,
        sell=sell,
        unlotted=unlotted,
        unfloored=unfloored,
        without_volume=without_volume,
    )


def value_traded(market: Market) -> FloatArray:
    """(T + 1, N) average value traded a session, base currency, over the SESSIONS of its venue before the row; the last
    row is for the day after the market. NaN where fewer than LEAST_SESSIONS are known.

    Close x volume at the row's rate. A session without a bar traded nothing; a bar without a volume is not known.
    """
    if market.volume is None:
        return np.full((market.rows.size + 1, len(market.symbols)), np.nan)
    value = market.close * market.carried_rates * market.volume
    value = np.where(np.isfinite(market.close), value, 0.0)
    return _over_sessions(market, value, lambda windows, count: np.nansum(windows, axis=1) / count)


def daily_volatility(market: Market) -> FloatArray:
    """(T + 1, N) standard deviation of a session's return, dividends included, in the instrument's currency, over the
    same sessions as `value_traded`."""
    close = market.carried_close
    gain = np.full_like(close, np.nan)
    gain[1:] = (market.close[1:] + market.dividends[1:]) / close[:-1] - 1.0

    def deviation(windows: FloatArray, count: FloatArray) -> FloatArray:
        mean = np.nansum(windows, axis=1) / count
        squares = np.nansum((windows - mean[:, None]) ** 2, axis=1)
        return np.asarray(np.sqrt(squares / np.maximum(count - 1, 1)))

    return _over_sessions(market, gain, deviation)


def volume_findings(market: Market) -> tuple[Finding, ...]:
    """A warning for each name with sessions of which the volume is not known, which then count for nothing."""
    has_close = np.isfinite(market.close)
    unknown = has_close if market.volume is None else has_close & ~np.isfinite(market.volume)
    findings = []
    for n, symbol in enumerate(market.symbols):
        if not unknown[:, n].any():
            continue
        every = (unknown[:, n] == has_close[:, n]).all()
        text = "no volume is known" if every else f"no volume is known of {int(unknown[:, n].sum())} sessions"
        then = "with a capital it cannot be traded" if every else "they are left out of its average"
        findings.append(
            warning(
                symbol, "volume", market.rows[unknown[:, n]], f"{text}: {then}", "use prices with volumes"
            )
        )
    return tuple(findings)


def _without_volume(market: Market) -> tuple[str, ...]:
    if market.volume is None:
        return market.symbols
    has_volume = np.isfinite(market.volume)
    return tuple(s for n, s in enumerate(market.symbols) if not has_volume[:, n].any())


def _over_sessions(
    market: Market, values: FloatArray, of: Callable[[FloatArray, FloatArray], FloatArray]
) -> FloatArray:
    """(T + 1, N) of the known values among the SESSIONS of each name before the row."""
    out = np.full((market.rows.size + 1, len(market.symbols)), np.nan)
    listed = np.maximum.accumulate(np.isfinite(market.close), axis=0)
    for n in range(values.shape[1]):
        is_session = market.venue_open[:, n] & listed[:, n]
        padded = np.concatenate([np.full(SESSIONS, np.nan), values[is_session, n]])
        windows = np.lib.stride_tricks.sliding_window_view(padded, SESSIONS)
        count = np.isfinite(windows).sum(axis=1)
        enough = count >= LEAST_SESSIONS
        statistic = np.full(count.size, np.nan)
        statistic[enough] = of(windows[enough], count[enough])
        out[:, n] = statistic[np.concatenate([[0], np.cumsum(is_session)])]
    return out
