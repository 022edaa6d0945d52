"""The sentences of a stress test."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import combinations

from positioning.analysis.stress_verdict import StressEvidence, stress_verdict
from positioning.analysis.verdict import Verdict
from positioning.scenarios.scenario import WEIGHTED, Scenario
from positioning.scenarios.stress_test import StressTest


def titles(stress: StressTest) -> dict[str, str]:
    """By name of a strategy its title, which is its name where two have the same."""
    own = [s.title for s in stress.strategies]
    return {s.name: s.title if own.count(s.title) == 1 else s.name for s in stress.strategies}


def strategy_verdict(stress: StressTest, strategy: str) -> Verdict:
    """The verdict on one of its strategies, by name."""
    by, scenarios = stress.figures[strategy], stress.scenarios.scenarios
    names = next(s.names for s in stress.strategies if s.name == strategy)
    return stress_verdict(
        StressEvidence(
            simulated=stress.market.simulated,
            priced=sum(n in stress.symbols for n in names),
            of=len(names),
            mean=by[WEIGHTED].mean,
            error=by[WEIGHTED].error,
            shortfall=by[WEIGHTED].es_95,
            scenarios=tuple((s.name, by[s.name].mean) for s in scenarios),
            ruin=max(by[s.name].ruin for s in scenarios),
            rows=scenarios[0].horizon,
            drift=stress.source.drift != "zero",
        )
    )


def identical_scenarios(stress: StressTest) -> list[str]:
    """Why two scenarios are the same for a strategy, where they are."""
    lines, named = [], titles(stress)
    for a, b in combinations(stress.scenarios.scenarios, 2):
        same = [
            name
            for name, by in stress.figures.items()
            if (by[a.name].mean, by[a.name].es_95) == (by[b.name].mean, by[b.name].es_95)
        ]
        if same:
            lines.append(
                f"{_listed([named[name] for name in same])}: {a.name} and {b.name} come out the same to the last digit. "
                f"All scenarios share their draws, and {_apart(a, b, 'they hold' if len(same) > 1 else 'it holds')}"
            )
    return lines


def _apart(a: Scenario, b: Scenario, holds: str) -> str:
    """In what two scenarios differ, none of which reached a strategy."""
    drivers, shocks = _only(_courses(a), _courses(b)), _only(_shocks_by_effect(a), _shocks_by_effect(b))
    parts = [
        *(f"the course of {name.replace('_', ' ')}" for name in dict.fromkeys(drivers)),
        *dict.fromkeys(shocks),
    ]
    if not parts:
        return "these two move the same drivers by the same and bring the same shocks."
    return f"these two differ in {_listed(parts)} alone, which reaches no name that {holds}."


def _only(one: Mapping[Hashable, str], other: Mapping[Hashable, str]) -> list[str]:
    """Names of what one of the two has and the other has not."""
    return [
        name
        for names, others in ((one, other), (other, one))
        for what, name in names.items()
        if what not in others
    ]


def _courses(s: Scenario) -> dict[Hashable, str]:
    """What moves, each driver's name by its course; one that stays where it is moves nothing."""
    return {(d.name, d.move, d.course, d.session, d.half_life): d.name for d in s.drivers if d.move}


def _shocks_by_effect(s: Scenario) -> dict[Hashable, str]:
    """The shocks by what they do, whatever they are called, and where they land."""
    return {
        replace(
            b, label="", origin=""
        ): f"the shock {b.label or 'without a name'} on {b.target.replace(':', ' ')}"
        for b in s.shocks
    }


def _listed(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def method(stress: StressTest) -> list[str]:
    """How it was made."""
    c, u = stress.choice, stress.source
    drift_words = (
        "taken out, so that no strategy inherits the luck of the past" if u.drift == "zero" else "kept"
    )
    return [
        f"{c.paths:,} paths a scenario, the same draws under each, seed {c.seed}. Blocks of rows are drawn by the "
        f"stationary bootstrap from {u.rows.size} rows, {u.rows[0]} to {u.rows[-1]}: overnight and intraday moves, "
        "currencies and closed venues of one row stay together.",
        f"Each name's mean return is {drift_words}. The driver's own noise is in the drawn rows; its mean path is the "
        "scenario's.",
        "Each path follows the real past, which look-backs and news before the opening read. After it no news arrives, "
        "so event tilts fade. Future rows are weekdays; holidays come with the drawn rows.",
        "Fees are those of the last table, spreads widened where a shock says so. A shock lands on the row named, "
        "after the strategy has been bought.",
        f"Dividends on the paths: {stress.dividends}.",
        f"Size of each account: {stress.size}; volume on the paths is the median of the past.",
        f"Names on the paths: {', '.join(stress.symbols)}.",
    ]


def notices(stress: StressTest) -> Iterable[str]:
    """What must be known of the prices, each once."""
    return [f"{n.symbol} {n.text}".strip() for n in dict.fromkeys(stress.notices)]
