"""What the account held at its end, on the tearsheet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import final

from positioning.analysis.last_day import LastDay, LastDayLeg, last_day
from positioning.analysis.report import BacktestReport
from positioning.reporting.format import percent

Rows = tuple[tuple[str, str, str], ...]


@final
@dataclass(frozen=True, slots=True)
class LastDayPart:
    """The view of `last_day.html`: rows of name, held and wanted."""

    as_of: str
    decided: str
    legs: Rows
    themes: Rows
    countries: Rows
    currencies: Rows


def last_day_part(report: BacktestReport) -> LastDayPart:
    """The section on the weights of the last day."""
    day = last_day(report.result, report.thesis)
    legs = [(f"{leg.symbol}, {leg.name}", percent(leg.weight), percent(leg.target)) for leg in day.legs]
    cash_target, cash_weight = day.cash
    return LastDayPart(
        as_of=str(day.as_of),
        decided=str(day.decided),
        legs=(*legs, ("Cash", percent(cash_weight), percent(cash_target))) if legs else (),
        themes=_shares(day, lambda leg: leg.theme.replace("_", " ") or "the market as a whole"),
        countries=_shares(day, lambda leg: leg.country),
        currencies=_shares(day, lambda leg: leg.currency),
    )


def _shares(day: LastDay, of: Callable[[LastDayLeg], str]) -> Rows:
    return tuple((key, percent(weight), percent(target)) for key, (target, weight) in day.shares(of).items())
