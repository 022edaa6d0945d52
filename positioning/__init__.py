"""A backtester for geopolitical portfolio positions: sanctions as dated events, accounted across venues and currencies.

    from positioning import AccountTerms, SampleSource, load, read_fees, read_thesis

    thesis = read_thesis("strategies/record")
    source = SampleSource().knowing(thesis)
    market = load(source, strategy.names, strategy.hedges, history=strategy.history)
    result = AccountTerms(read_fees("default")).run(strategy, market, thesis.events)

All public names are in `__all__`; each is imported when it is first asked for.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from positioning.analysis.metrics import Metrics as Metrics
    from positioning.analysis.metrics import summarise as summarise
    from positioning.analysis.report import BacktestReport as BacktestReport
    from positioning.analysis.strategy_check import check_strategy as check_strategy
    from positioning.claims.answer import ClaimAnswers as ClaimAnswers
    from positioning.claims.answer import answer_claims as answer_claims
    from positioning.data.cache_source import StoreSource as StoreSource
    from positioning.data.folder import FolderSource as FolderSource
    from positioning.data.frames import FramesSource as FramesSource
    from positioning.data.sample import SampleSource as SampleSource
    from positioning.errors import BadInputError as BadInputError
    from positioning.errors import DataMissingError as DataMissingError
    from positioning.event_studies.study import EventStudy as EventStudy
    from positioning.event_studies.study import event_study as event_study
    from positioning.events.event import Event as Event
    from positioning.events.event import Events as Events
    from positioning.events.restriction import Restriction as Restriction
    from positioning.events.thesis import Thesis as Thesis
    from positioning.events.thesis_file import read_thesis as read_thesis
    from positioning.market.load import load as load
    from positioning.market.market import Market as Market
    from positioning.runs.backtest import RunSettings as RunSettings
    from positioning.runs.backtest import backtest as backtest
    from positioning.runs.capacity import capacity as capacity
    from positioning.runs.today import today as today
    from positioning.scenarios.stress_test import StressTest as StressTest
    from positioning.scenarios.stress_test import stress_test as stress_test
    from positioning.search.run import sweep as sweep
    from positioning.search.trials import Trials as Trials
    from positioning.simulation.account import AccountTerms as AccountTerms
    from positioning.simulation.fees import read_fees as read_fees
    from positioning.simulation.liquidity import Capital as Capital
    from positioning.simulation.result import Result as Result
    from positioning.strategy.basket import Basket as Basket
    from positioning.strategy.blend import Blend as Blend
    from positioning.strategy.strategy import Strategy as Strategy
    from positioning.strategy.targets import Targets as Targets
    from positioning.strategy.world import WorldIndex as WorldIndex
    from positioning.strategy.world import WorldState as WorldState

__version__ = "0.2.0"

_HOMES = {
    "AccountTerms": "simulation.account",
    "BacktestReport": "analysis.report",
    "BadInputError": "errors",
    "Basket": "strategy.basket",
    "Blend": "strategy.blend",
    "Capital": "simulation.liquidity",
    "ClaimAnswers": "claims.answer",
    "DataMissingError": "errors",
    "Event": "events.event",
    "EventStudy": "event_studies.study",
    "Events": "events.event",
    "FolderSource": "data.folder",
    "FramesSource": "data.frames",
    "Market": "market.market",
    "Metrics": "analysis.metrics",
    "Restriction": "events.restriction",
    "Result": "simulation.result",
    "RunSettings": "runs.backtest",
    "SampleSource": "data.sample",
    "StoreSource": "data.cache_source",
    "Strategy": "strategy.strategy",
    "StressTest": "scenarios.stress_test",
    "Targets": "strategy.targets",
    "Thesis": "events.thesis",
    "Trials": "search.trials",
    "WorldIndex": "strategy.world",
    "WorldState": "strategy.world",
    "answer_claims": "claims.answer",
    "backtest": "runs.backtest",
    "capacity": "runs.capacity",
    "check_strategy": "analysis.strategy_check",
    "event_study": "event_studies.study",
    "load": "market.load",
    "read_fees": "simulation.fees",
    "read_thesis": "events.thesis_file",
    "stress_test": "scenarios.stress_test",
    "summarise": "analysis.metrics",
    "sweep": "search.run",
    "today": "runs.today",
}
__all__ = [*_HOMES, "__version__"]  # noqa: PLE0604 - names of the table above, sorted; a test holds it


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'positioning' has no attribute {name!r}")
    value = getattr(import_module(f"positioning.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
