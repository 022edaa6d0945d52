"""The straight line from prices to a judged account, for one strategy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import final

import numpy as np

from positioning.analysis.attribution import attribute
from positioning.analysis.equal_exposure import at_equal_exposure
from positioning.analysis.factor_exposure import FactorExposure, exposure
from positioning.analysis.factor_regions import factor_measure, require_dollars, require_fit
from positioning.analysis.factors import Factors
from positioning.analysis.market_line import beta_measure, held_venues
from positioning.analysis.metrics import Metrics, summarise, without_yearly
from positioning.analysis.metrics_crosscheck import require_agreement
from positioning.analysis.placebo import Placebo, placebo
from positioning.analysis.report import BacktestReport, answered_sleeves
from positioning.analysis.world import by_state
from positioning.errors import BadInputError, DataMissingError
from positioning.events.event import Events
from positioning.events.thesis import Thesis
from positioning.market.benchmark import Benchmark, benchmark
from positioning.market.coverage import Span
from positioning.market.load import load
from positioning.market.market import Market
from positioning.market.source import Source
from positioning.provenance import package_versions
from positioning.simulation.account import AccountTerms
from positioning.simulation.cash import CashRate, read_cash
from positioning.simulation.fees import FeeTable, read_fees
from positioning.simulation.inputs import Fill, LedgerInputs
from positioning.simulation.liquidity import Capital, volume_findings
from positioning.simulation.result import Result
from positioning.simulation.taxes import DividendTax
from positioning.strategy.strategy import Strategy


@final
@dataclass(frozen=True, eq=False)
class RunSettings:
    """What all strategies of a run share. The source knows what the thesis says of symbols, whether it did or not.

    factors: published ones that accounts are set against; region: what was said of theirs, see
    `factor_regions.require_fit`.
    """

    source: Source
    thesis: Thesis
    span: Span = field(default_factory=Span)
    base: str = "USD"
    fees: FeeTable = field(default_factory=read_fees)
    fill: Fill = "open"
    cash: CashRate = field(default_factory=lambda: read_cash("0"))
    benchmark: str | None = None
    command: str = ""
    accepted: tuple[str, ...] = ()
    mark: str = "last"
    placebos: int = 0
    seed: int = 0
    tax: DividendTax | None = None
    factors: Factors | None = None
    region: str = ""
    capital: Capital | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.source, Source):
            raise BadInputError(
                f"source is a {type(self.source).__name__}",
                "wanted a place that prices come from, since the benchmark is read there, too",
                "give FramesSource(closes), FolderSource(Path('prices')) or SampleSource()",
                "source",
            )
        facts = (self.source.instruments, self.source.sample)
        if facts != (self.thesis.instruments, self.thesis.sample):
            object.__setattr__(self, "source", self.source.knowing(self.thesis))

    @property
    def events(self) -> Events:
        """Those of the thesis."""
        return self.thesis.events

    @property
    def account(self) -> AccountTerms:
        """What the ledger is told."""
        return AccountTerms(self.fees, self.fill, self.cash, self.mark, self.tax, self.capital)


def backtest(
    strategy: Strategy, terms: RunSettings, advance: Callable[[], None] = lambda: None
) -> BacktestReport:
    """The strategy, and itself without events, accounted and judged; `advance` is called after each placebo."""
    market = market_of(strategy, terms)
    inputs = terms.account.inputs(market, terms.events, strategy.screened(market, terms.events))
    result = terms.account.run(strategy, market, terms.events, inputs)
    without_events = terms.account.run(strategy.without_events(), market, terms.events, inputs)
    same_exposure = at_equal_exposure(strategy, result, market, terms.account, terms.events, inputs)
    measure = benchmark_of(strategy, terms, result)
    sleeves = answered_sleeves(strategy, terms.events, result, without_events)
    return BacktestReport(
        strategy=strategy,
        result=result,
        metrics=judged(result, measure),
        without_events=without_events,
        without_events_metrics=judged(without_events, measure),
        without_events_same_exposure=same_exposure,
        without_events_same_exposure_metrics=judged(same_exposure, measure),
        thesis=terms.thesis,
        benchmark=measure,
        attribution=attribute(result, terms.events, sleeves, terms.thesis.complete(sleeves)),
        placebo=_placebo(strategy, market, terms, inputs, advance),
        command=terms.command,
        versions=package_versions(),
        factors=exposed(result, terms),
        world=()
        if result.worthless
        else tuple(by_state(name, market, result.nav) for name in terms.source.published),
    )


def market_of(strategy: Strategy, settings: RunSettings) -> Market:
    """The prices a strategy is decided and accounted on; with a capital, unknown volumes are findings. Raises as `load`
    does."""
    market = load(
        settings.source,
        strategy.names,
        strategy.hedges,
        settings.span,
        settings.base,
        strategy.history,
        settings.events.crash_dates,
        settings.accepted,
    )
    if settings.capital is None or settings.capital.amount == 0:
        return market
    return replace(market, findings=(*market.findings, *volume_findings(market)))


def judged(result: Result, measure: Benchmark | None) -> Metrics:
    """The metrics of an account, against a benchmark where there is one; none of a year where it is shorter.

    Each is worked out twice: raises DisagreementError where the two differ (see `metrics_crosscheck`)."""
    metrics = summarise(
        result.rows,
        result.nav,
        trade_value=result.trade_value.sum(axis=1),
        cost=result.cost,
        cash_rate=result.inputs.growth,
        benchmark=None if measure is None else measure.levels,
        ruined=result.worthless,
        beta_measure=beta_measure(result, measure),
    )
    metrics = without_yearly(metrics)
    require_agreement(result, metrics, measure)
    return metrics


def exposed(result: Result, terms: RunSettings) -> FactorExposure | None:
    """The account against the factors, None where there are none or it is dead.

    Raises BadInputError for an account that is not in dollars, for factors of another region than most of what it held
    long, and as `exposure` does.
    """
    if terms.factors is None or result.worthless:
        return None
    require_dollars(result.market.base)
    weights = np.maximum(result.weights, 0.0).mean(axis=0)
    mean_weights = {i: float(w) for i, w in zip(result.market.instruments, weights, strict=True) if w > 0}
    require_fit(mean_weights, terms.factors.regions, terms.region)
    measure = factor_measure(held_venues(result), terms.factors.regions)
    return exposure(result.rows, result.nav, terms.factors, measure)


def _placebo(
    strategy: Strategy,
    market: Market,
    terms: RunSettings,
    inputs: LedgerInputs,
    advance: Callable[[], None],
) -> Placebo | None:
    if terms.placebos == 0:
        return None
    return placebo(strategy, market, terms.account, terms.events, terms.placebos, terms.seed, advance, inputs)


def benchmark_of(strategy: Strategy, terms: RunSettings, result: Result) -> Benchmark | None:
    """What the account is set against; None where the strategy's own has no prices of the span. Raises DataMissingError
    where one that was asked for has none."""
    symbol = terms.benchmark or strategy.benchmark
    measure = benchmark(
        terms.source, symbol, result.rows, terms.base, terms.events.crash_dates, terms.accepted, terms.tax
    )
    if measure is not None and np.isfinite(measure.levels).sum() < 3:
        measure = None
    if measure is None and terms.benchmark is not None:
        raise DataMissingError(
            f"the benchmark {symbol} has no prices of this span in {terms.source.label}",
            "wanted prices and its currency's rates",
            "leave it out, or choose another",
        )
    return measure
