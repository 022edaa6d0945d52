"""What other programs say of an account: quantstats of its returns, vectorbt of its orders. Each can be asked in another
process, and is imported only where it answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, final

if TYPE_CHECKING:
    from positioning.analysis.report import BacktestReport
    from positioning.arrays import DateArray, FloatArray
    from positioning.reporting.tearsheet.quantstats_report import QuantstatsPage
    from positioning.simulation.inputs import LedgerInputs
    from positioning.simulation.vectorbt_bridge import RoundTrips

QUANTSTATS, VECTORBT = "quantstats", "vectorbt"  # who is asked
LEFT_OUT = "quantstats was left out, as asked."

Question = tuple[Callable[..., Any], tuple[Any, ...]]  # a function and its arguments


@final
@dataclass(frozen=True)
class OutsideAnswers:
    """trips: None where nothing was traded, or the account was ruined."""

    quantstats: QuantstatsPage
    trips: RoundTrips | None


def questions(report: BacktestReport) -> dict[str, Question]:
    """What is asked of whom; nobody is asked about a ruined account, nor vectorbt where nothing was traded."""
    r = report.result
    if r.ruined:
        return {}
    levels = None if report.benchmark is None else report.benchmark.levels
    named = f"{report.strategy.title}, as quantstats sees it"
    calls: dict[str, Question] = {
        QUANTSTATS: (on_returns, (r.rows, r.nav, levels, named, report.metrics.rows_per_year))
    }
    if r.trades.any():
        calls[VECTORBT] = on_orders, (r.inputs, r.market.symbols, r.trades, r.paid)
    return calls


def outside(report: BacktestReport, answers: Mapping[str, Any] | None = None) -> OutsideAnswers:
    """What they said. answers: of those of the `questions` that were asked; None has all of them asked here."""
    from positioning.reporting.format import ruin
    from positioning.reporting.tearsheet.quantstats_report import QuantstatsPage

    if answers is None:
        answers = {who: ask(*about) for who, (ask, about) in questions(report).items()}
    why = f"{ruin(report)} quantstats is not asked." if report.result.ruined else LEFT_OUT
    return OutsideAnswers(answers.get(QUANTSTATS, QuantstatsPage("", "", {}, (why,))), answers.get(VECTORBT))


def load(who: str) -> None:
    """Import a program, so that the first question to it need not wait for that."""
    if who == QUANTSTATS:
        from positioning.reporting.tearsheet import quantstats_report

        quantstats_report.load()
    else:
        from positioning.simulation import vectorbt_bridge

        vectorbt_bridge.load()


def on_returns(
    rows: DateArray, nav: FloatArray, levels: FloatArray | None, named: str, rows_per_year: float
) -> QuantstatsPage:
    """quantstats of an account's nav on its rows, beside the levels of a benchmark."""
    import pandas as pd

    from positioning.analysis.metrics import returns
    from positioning.reporting.tearsheet.quantstats_report import quantstats_html

    index = pd.DatetimeIndex(rows[1:].astype("datetime64[ns]"))
    measure = None if levels is None else pd.Series(levels[1:] / levels[:-1] - 1.0, index)
    return quantstats_html(pd.Series(returns(nav), index), measure, named, rows_per_year)


def on_orders(
    inputs: LedgerInputs, symbols: Sequence[str], trades: FloatArray, fill_prices: FloatArray
) -> RoundTrips:
    """vectorbt of an account's trades."""
    from positioning.simulation.vectorbt_bridge import round_trips

    return round_trips(inputs, symbols, trades, fill_prices)
