"""What an event study measures: the sleeve of a strategy, or a single name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from positioning.errors import BadInputError, did_you_mean
from positioning.event_studies.sleeve_returns import Sleeve
from positioning.events.thesis import Thesis
from positioning.strategy.blend import Blend
from positioning.strategy.strategy import Strategy


def strategy_sleeves(strategy: Strategy, thesis: Thesis, benchmark: str = "") -> list[Sleeve]:
    """The strategy's names under each sleeve it answers; a blend gives those of its parts. benchmark: in place of the
    strategy's own.

    Raises BadInputError for a strategy that answers none, or one that the thesis does not have.
    """
    if isinstance(strategy, Blend):
        return [
            s for part in strategy.parts() if part.themes for s in strategy_sleeves(part, thesis, benchmark)
        ]
    if not strategy.themes:
        raise BadInputError(
            f"{strategy.name} answers no sleeve, so its events have no expected signs",
            f"wanted a strategy whose theme is one of {', '.join(thesis.events.sleeves) or 'the sleeves'}",
            "set its theme, or study its symbols under a sleeve",
        )
    for theme in strategy.themes:
        _require_sleeve(f"{strategy.name} answers {theme!r}", theme, thesis)
    several = len(strategy.themes) > 1
    return [
        Sleeve(
            f"{strategy.name}, {t}" if several else strategy.name,
            t,
            strategy.names,
            benchmark or strategy.benchmark,
        )
        for t in strategy.themes
    ]


def symbol_sleeve(symbol: str, thesis: Thesis, benchmark: str = "", theme: str = "") -> Sleeve:
    """A single name under the sleeve that the universe of the thesis puts it in, else under `theme`; measured against
    `benchmark`, else against that of the sleeve. No strategy has a say in it.

    Raises BadInputError where none of these tells the sleeve or the benchmark, and for what is no symbol.
    """
    name = thesis.instruments.of(symbol).symbol
    candidate, sleeves = thesis.universe.get(name), thesis.events.sleeves
    belongs = next((t for t in (candidate.theme if candidate else "", theme) if t in sleeves), "")
    if not belongs:
        raise BadInputError(
            f"{symbol} belongs to no sleeve, so no expected signs are known",
            f"wanted a symbol of {', '.join(sleeves)}",
            "choose another, or give its theme: one of these",
        )
    facts = thesis.sleeves.get(belongs)
    measured = benchmark or (facts.benchmark if facts else "")
    if not measured:
        raise BadInputError(
            f"{symbol} has no benchmark", f"wanted one of the sleeve {belongs} in {thesis.name}",
            "give a benchmark, or write it into thesis.toml",
        )  # fmt: skip
    return Sleeve(name, belongs, (name,), measured)


def distinct(sleeves: Sequence[Sleeve]) -> list[Sleeve]:
    """Each once; those that share a label and differ get numbers, so that none takes another's place."""
    by_label: dict[str, Sleeve] = {}
    for sleeve in dict.fromkeys(sleeves):
        label, number = sleeve.label, 1
        while label in by_label:
            number += 1
            label = f"{sleeve.label} ({number})"
        by_label[label] = replace(sleeve, label=label)
    return list(by_label.values())


def _require_sleeve(request: str, sleeve: str, thesis: Thesis) -> None:
    sleeves = thesis.events.sleeves
    if sleeve not in sleeves:
        raise BadInputError(
            f"{request}, which the thesis {thesis.name} does not have", f"wanted one of {', '.join(sleeves)}",
            did_you_mean(sleeve, sleeves),
        )  # fmt: skip
