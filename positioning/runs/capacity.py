"""How much money a strategy can hold: its account under capitals from 100,000 to where nothing is left."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, final

import numpy as np

from positioning.analysis.holding_coverage import HoldingCoverage, holding_coverage
from positioning.analysis.metrics import summarise
from positioning.arrays import DAYS_PER_YEAR, DateArray, FloatArray
from positioning.runs.backtest import RunSettings, benchmark_of, market_of
from positioning.simulation.account import AccountTerms
from positioning.simulation.capitals import CapitalSweep
from positioning.simulation.inputs import LedgerInputs
from positioning.simulation.ledger_arrays import VOLUME
from positioning.simulation.liquidity import Capital, Liquidity, value_traded
from positioning.simulation.result import Result
from positioning.strategy.strategy import Strategy

AMOUNTS = np.geomspace(1e5, 1e12, 64)  # nine a decade
AT = 1e7  # capital at which legs are looked at where none is stated
SHARES = (0.05, 0.1, 0.2)  # of volume, at which days to exit are told
ANOTHER = 0.25  # of what is decided that is not held, from which an account is another portfolio's
EASY = 20  # sessions in which a usual holding can be sold: four weeks
GONE = 0.05  # of its profit over cash that a strategy keeps where nothing is left


@final
@dataclass(frozen=True)
class LegCapacity:
    """weight: on the last row; traded: average value traded a session by then, base currency, NaN where not known;
    days: sessions to exit at each of SHARES of volume, at the capital looked at; longest: the most sessions at the
    stated participation on any row; ceiling: capital whose usual holding (the median row on which it is held) is one
    session's share; waited: sessions that its orders waited for volume at the capital looked at."""

    symbol: str
    weight: float
    traded: float
    days: tuple[float, ...]
    longest: float
    ceiling: float
    waited: int


@final
@dataclass(frozen=True, eq=False)
class Capacity:
    """The account of one strategy under K amounts (AMOUNTS), and without a size.

    total_return, sharpe, cost_bps (a year, impact in it), impact_bps: (K,); without_events_return: (K,) of itself without
    events; missed: (K,) mean over rows of the weights apart from those without a size, as a share of these. unit_return,
    without_events_unit_return: without a size; benchmark_return: NaN without a benchmark; cash_return: of cash alone.
    coverage: what the account without a size held of the strategy's names. at: capital looked at; legs: by leg, the one
    that binds first at the head.
    """

    strategy: Strategy
    capital: Capital
    base: str
    simulated: bool
    source: str
    rows: DateArray
    amounts: FloatArray
    total_return: FloatArray
    sharpe: FloatArray
    cost_bps: FloatArray
    impact_bps: FloatArray
    without_events_return: FloatArray
    missed: FloatArray
    unit: Result
    unit_return: float
    unit_sharpe: float
    without_events_unit_return: float
    benchmark_name: str
    benchmark_return: float
    cash_return: float
    coverage: HoldingCoverage
    at: float
    legs: tuple[LegCapacity, ...]
    label: str
    command: str

    @property
    def half(self) -> float:
        """Capital at which half of the profit over cash is left; infinite where that is at none of the strategy's."""
        return self._own(crossing(self.amounts, (self.total_return - self.cash_return) - 0.5 * self._profit))

    @property
    def nothing(self) -> float:
        """Capital at which GONE of the profit over cash is left; infinite where that is at none of the strategy's."""
        return self._own(crossing(self.amounts, (self.total_return - self.cash_return) - GONE * self._profit))

    @property
    def lowest(self) -> tuple[float, float]:
        """The capital, of those under which the account is the strategy's, with the lowest return, and that return; NaN
        where there is none."""
        own = self.amounts < self.another
        if not own.any():
            return math.nan, math.nan
        k = int(np.argmin(self.total_return[own]))
        return float(self.amounts[k]), float(self.total_return[k])

    def _own(self, capital: float) -> float:
        """That capital, infinite from `another` on: what is lost or kept there is another portfolio's."""
        return capital if capital < self.another else math.inf

    @property
    def easy(self) -> float:
        """Capital up to which every leg's usual holding takes at most EASY sessions to sell at the participation."""
        return math.inf if self.binding is None else EASY * self.binding.ceiling

    @property
    def another(self) -> float:
        """Capital from which more than ANOTHER of what is decided is not held: returns beyond are another portfolio's."""
        return crossing(self.amounts, ANOTHER - self.missed)

    @property
    def against_benchmark(self) -> float:
        """Capital at which the edge over the benchmark is gone; NaN without a benchmark."""
        if not np.isfinite(self.benchmark_return):
            return float("nan")
        return self._own(crossing(self.amounts, self.total_return - self.benchmark_return))

    @property
    def against_without_events(self) -> float:
        """Capital at which the edge over the same strategy without events, of the same capital, is gone."""
        return self._own(crossing(self.amounts, self.total_return - self.without_events_return))

    @property
    def _profit(self) -> float:
        return self.unit_return - self.cash_return

    @property
    def binding(self) -> LegCapacity | None:
        """The leg whose volume binds first."""
        return next((leg for leg in self.legs if np.isfinite(leg.ceiling)), None)

    def to_json(self) -> dict[str, Any]:
        """Returns as fractions, capitals in base currency; None where an edge never goes, goes only where the account is
        no longer the strategy's, or is not defined."""
        lowest_at, lowest = self.lowest
        return {
            "strategy": self.strategy.name, "base": self.base, "simulated": self.simulated, "source": self.source,
            "first": str(self.rows[0]), "last": str(self.rows[-1]), "assumptions": self.label,
            "sold_in_20_sessions_up_to": self.easy, "quarter_not_held_from": self.another,
            "lowest_return": {"capital": lowest_at, "total_return": lowest},
            "half_of_profit_left_at": self.half, "nothing_left_at": self.nothing,
            "edge_over_benchmark_gone_at": self.against_benchmark, "benchmark": self.benchmark_name,
            "edge_over_without_events_gone_at": self.against_without_events,
            "binds": None if self.binding is None else self.binding.symbol,
            "without_capital": {"total_return": self.unit_return, "sharpe": self.unit_sharpe,
                                "without_events": self.without_events_unit_return, "benchmark": self.benchmark_return},
            "capitals": [
                {"capital": a, "total_return": r, "sharpe": s, "cost_bps_per_year": c, "impact_bps_per_year": i,
                 "without_events": t, "not_held": m, "another_portfolio": a >= self.another}
                for a, r, s, c, i, t, m in zip(
                    self.amounts.tolist(), self.total_return.tolist(), self.sharpe.tolist(), self.cost_bps.tolist(),
                    self.impact_bps.tolist(), self.without_events_return.tolist(), self.missed.tolist(), strict=True,
                )
            ],
            "legs_at": self.at,
            "legs": [
                {"symbol": leg.symbol, "weight": leg.weight, "value_traded": leg.traded,
                 "days_to_exit": {f"{s:g}": d for s, d in zip(SHARES, leg.days, strict=True)},
                 "longest_days_to_exit": leg.longest, "one_session_at": leg.ceiling, "waited": leg.waited}
                for leg in self.legs
            ],
        }  # fmt: skip


def capacity(strategy: Strategy, settings: RunSettings) -> Capacity:
    """The account under AMOUNTS, and what binds it. Raises as `backtest` does, BadInputError without any volume."""
    stated = settings.capital or Capital(0.0)
    at = stated.amount or AT
    settings = replace(settings, capital=replace(stated, amount=at))
    market, terms, events = market_of(strategy, settings), settings.account, settings.events
    inputs = terms.inputs(market, events, strategy.screened(market, events))
    without_events = strategy.without_events()
    swept, other = (terms.run_at(AMOUNTS, s, market, events, inputs) for s in (strategy, without_events))
    sized = terms.run(strategy, market, events, inputs)
    plain = replace(inputs, liquidity=None)
    unit, unit_without_events = (terms.run(s, market, events, plain) for s in (strategy, without_events))
    measure = benchmark_of(strategy, settings, unit)
    liquidity = inputs.liquidity
    assert liquidity is not None  # noqa: S101 - the amount is above zero
    figures = [_figures(unit, swept, k) for k in range(AMOUNTS.size)]
    own = summarise(unit.rows, unit.nav, cash_rate=unit.inputs.growth, ruined=unit.worthless)
    levels = np.empty(0) if measure is None else measure.levels[np.isfinite(measure.levels)]
    return Capacity(
        strategy=strategy,
        capital=stated,
        base=market.base,
        simulated=market.simulated,
        source=market.source,
        rows=unit.rows,
        amounts=AMOUNTS,
        total_return=swept.nav[-1] - 1.0,
        sharpe=np.array([f[0] for f in figures]),
        cost_bps=np.array([f[1] for f in figures]),
        impact_bps=np.array([f[2] for f in figures]),
        without_events_return=other.nav[-1] - 1.0,
        missed=np.array([_missed(unit, terms, a, inputs) for a in AMOUNTS.tolist()]),
        unit=unit,
        unit_return=float(unit.nav[-1] - 1.0),
        unit_sharpe=own.sharpe,
        without_events_unit_return=float(unit_without_events.nav[-1] - 1.0),
        benchmark_name="" if measure is None else measure.symbol,
        benchmark_return=float(levels[-1] / levels[0] - 1.0) if levels.size else float("nan"),
        cash_return=float(np.prod(1.0 + unit.inputs.growth) - 1.0),
        coverage=holding_coverage(strategy, unit, events),
        at=at,
        legs=_legs(unit, sized, liquidity, at, value_traded(market)[-1]),
        label=liquidity.label(market.base),
        command=settings.command,
    )


def _missed(unit: Result, terms: AccountTerms, amount: float, inputs: LedgerInputs) -> float:
    """Mean over rows of the sum of weights apart from the account's without a size, over the sum of that one's."""
    liquidity = inputs.liquidity
    assert liquidity is not None  # noqa: S101 - as in `capacity`
    own = replace(inputs, liquidity=replace(liquidity, capital=replace(liquidity.capital, amount=amount)))
    weights = terms.run(unit.targets, unit.market, inputs=own).weights
    return float(np.abs(weights - unit.weights).sum() / max(np.abs(unit.weights).sum(), 1e-12))


def _figures(unit: Result, swept: CapitalSweep, k: int) -> tuple[float, float, float]:
    """Sharpe, and cost and impact in bps of mean nav a year."""
    nav = swept.nav[:, k]
    ruined = bool(swept.ruin_row[k] >= 0)
    years = float((unit.rows[-1] - unit.rows[0]).astype(np.int64)) / DAYS_PER_YEAR
    mean = float(nav.mean()) * years
    sharpe = summarise(unit.rows, nav, cash_rate=unit.inputs.growth, ruined=ruined).sharpe
    per = 1e4 / mean if mean > 0 else float("nan")
    return sharpe, float(swept.cost[k]) * per, float(swept.impact[k]) * per


def _legs(
    unit: Result, sized: Result, liquidity: Liquidity, at: float, now: FloatArray
) -> tuple[LegCapacity, ...]:
    weights, legs = np.abs(unit.weights), []
    traded, share = np.nan_to_num(liquidity.traded), liquidity.capital.participation
    reason, waits = sized.order_arrays.reason, sized.order_arrays.waits
    for n, symbol in enumerate(unit.market.symbols):
        has_position = weights[:, n] > 0
        if not has_position.any():
            continue
        with np.errstate(divide="ignore"):
            days = weights[has_position, n] * at / (share * traded[has_position, n])
            ceiling = np.median(share * traded[has_position, n] / weights[has_position, n])
            last = tuple(
                float(weights[-1, n] * at / (p * now[n])) if now[n] > 0 else _never(weights[-1, n])
                for p in SHARES
            )
        waited = int(waits[reason[:, n] == VOLUME, n].sum())
        legs.append(
            LegCapacity(
                symbol,
                float(unit.weights[-1, n]),
                float(now[n]),
                last,
                float(days.max()),
                float(ceiling),
                waited,
            )
        )
    return tuple(sorted(legs, key=lambda leg: leg.ceiling))


def _never(weight: float) -> float:
    return float("inf") if weight > 0 else 0.0


def crossing(amounts: FloatArray, edge: FloatArray) -> float:
    """The first capital at which an edge over amounts (K,) is zero or less, between two of them on the logarithm; 0 where
    there is none at the smallest, infinite where it is left at the largest."""
    gone = np.flatnonzero(~(edge > 0))
    if gone.size == 0:
        return float("inf")
    k = int(gone[0])
    if k == 0:
        return 0.0
    part = edge[k - 1] / (edge[k - 1] - edge[k])
    return float(np.exp(np.log(amounts[k - 1]) + part * (np.log(amounts[k]) - np.log(amounts[k - 1]))))
