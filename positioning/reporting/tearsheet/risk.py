"""Where the risk of an account came from, and what published factors explain of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

from positioning.analysis.factor_exposure import WINDOW, FactorExposure
from positioning.analysis.report import BacktestReport
from positioning.analysis.world import WorldFigures
from positioning.market.in_force import LOOKBACK
from positioning.reporting.factors import HEADS, coefficient_rows, measure_words, provenance_words
from positioning.reporting.format import percent, signed
from positioning.reporting.view import Table, TableRow


@final
@dataclass(frozen=True, slots=True)
class FactorWords:
    """The regression on factors in a sentence and a table; has_chart: whether the betas over the last `window` returns
    are drawn."""

    sentence: str
    heads: tuple[str, ...]
    rows: tuple[TableRow, ...]
    has_chart: bool
    window: int
    provenance: str


@final
@dataclass(frozen=True, slots=True)
class StateWords:
    """Returns and falls by the third in which a series lay."""

    name: str
    sentence: str
    rows: tuple[TableRow, ...]


@final
@dataclass(frozen=True, slots=True)
class RiskPart:
    """The view of `risk.html`. shares: of variance by leg, theme, country and currency; lookback: rows among which
    a third is one."""

    shares: tuple[Table, ...]
    factors: FactorWords | None
    states: tuple[StateWords, ...]
    lookback: int


def risk(report: BacktestReport) -> RiskPart | None:
    """Shares of variance, alpha and betas where factors were given, and states of the world; None without any."""
    if report.risk is None and report.factors is None and not report.world:
        return None
    risk_shares = report.risk
    shares = (
        ()
        if risk_shares is None
        else (
            _shares("leg", "Leg", risk_shares.leg),
            _shares("theme", "Theme", risk_shares.theme),
            _shares("country of incorporation", "Country of incorporation", risk_shares.country),
            _shares("currency", "Currency", risk_shares.currency),
        )
    )
    return RiskPart(shares, _factors(report.factors), tuple(map(_state, report.world)), LOOKBACK)


def _shares(kind: str, head: str, shares: Mapping[str, float]) -> Table:
    by_size = sorted(shares.items(), key=lambda x: -x[1])
    return Table(
        f"Risk by {kind}", (head, "Share"), [(name.replace("_", " "), percent(v)) for name, v in by_size]
    )


def _factors(exposures: FactorExposure | None) -> FactorWords | None:
    if exposures is None:
        return None
    rows = tuple(map(tuple, coefficient_rows(exposures)))
    return FactorWords(
        exposures.sentence,
        HEADS,
        rows,
        exposures.days.size > 1,
        WINDOW,
        f"{provenance_words(exposures)} {measure_words(exposures)}",
    )


def _state(w: WorldFigures) -> StateWords:
    rows = (
        (
            s.state,
            f"{s.returns:,}",
            signed(s.mean),
            percent(s.volatility),
            signed(s.total),
            percent(s.drawdown),
        )
        for s in w.states
    )
    return StateWords(w.name, w.sentence, tuple(rows))
