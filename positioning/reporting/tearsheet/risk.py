"""Where the risk of an account came from, and what published factors explain of it."""

from __future__ import annotations

from collections.abc import Mapping

from positioning.analysis.factor_exposure import WINDOW, FactorExposure
from positioning.analysis.report import BacktestReport
from positioning.market.in_force import LOOKBACK
from positioning.reporting.factors import HEADS, coefficient_rows, provenance_words
from positioning.reporting.format import percent, signed
from positioning.reporting.html import Html, section, table, tag


def risk(report: BacktestReport) -> Html:
    """Shares of variance by leg, theme, country and currency; alpha and betas where factors were given."""
    shares = report.risk
    if shares is None and report.factors is None and not report.world:
        return Html("")
    parts = []
    if shares is not None:
        note = (
            "Share of the variance of the account's returns that each part carried: covariance of its profit with the "
            "account's return, over the variance. The shares of a table add up to 100 %; one below zero took risk away."
        )
        kinds = (
            ("leg", "Leg"),
            ("theme", "Theme"),
            ("country", "Country of incorporation"),
            ("currency", "Currency"),
        )
        made = [
            _shares(f"Risk by {head[0].lower()}{head[1:]}", head, getattr(shares, kind))
            for kind, head in kinds
        ]
        parts += [tag("p", note, class_="quiet"), tag("div", *made, class_="two")]
    return section("risk", "Risk and factors", *parts, *exposed(report.factors), *states(report))


def _shares(caption: str, head: str, shares: Mapping[str, float]) -> Html:
    rows = [[name.replace("_", " "), percent(v)] for name, v in sorted(shares.items(), key=lambda x: -x[1])]
    return table(caption, [head, "Share"], rows)


def states(report: BacktestReport) -> list[Html]:
    """Returns and falls by the third in which each series lay."""
    made = []
    for w in report.world:
        rows = [
            [
                s.state,
                f"{s.returns:,}",
                signed(s.mean),
                percent(s.volatility),
                signed(s.total),
                percent(s.drawdown),
            ]
            for s in w.states
        ]
        heads = ["Third", "Returns", "Mean a year", "Volatility a year", "Compounded", "Worst drawdown"]
        note = (
            f"A return belongs to the third in which {w.name} lay on the row before among its last {LOOKBACK} rows, by "
            "what was published by then; compounded and drawdown are over those returns alone."
        )
        made += [
            tag("p", w.sentence),
            table(f"By the state of {w.name}", heads, rows),
            tag("p", note, class_="quiet"),
        ]
    return made


def exposed(found: FactorExposure | None) -> list[Html]:
    """The regression on factors in a sentence, a table, and a chart of how the betas moved."""
    if found is None:
        return [
            tag(
                "p",
                "No published factors were given, so nothing is said of alpha and betas on them.",
                class_="quiet",
            )
        ]
    drawn = []
    if found.days.size > 1:
        words = f"Betas over the last {WINDOW} returns."
        drawn = [
            tag(
                "figure",
                tag("figcaption", tag("b", "Rolling betas. "), words),
                tag(
                    "div",
                    class_="chart low",
                    data_chart="betas",
                    role="img",
                    aria_label=f"Rolling betas. {words}",
                ),
            )
        ]
    return [
        tag("p", found.sentence),
        table("Alpha and betas", HEADS, coefficient_rows(found)),
        *drawn,
        tag("p", provenance_words(found), class_="quiet"),
    ]
