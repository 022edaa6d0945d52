"""One sentence on a search for parameters, by the rules of `verdict.SEARCH_RULES`."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import final

from positioning.analysis.multiplicity import LEVEL
from positioning.analysis.verdict import (
    CONFIDENCE,
    OVERFITTED,
    RECOMMENDING,
    SearchGrade,
    Verdict,
    listed,
    sentence,
    signed_percent,
)


@final
@dataclass(frozen=True, slots=True)
class SearchEvidence:
    """What the rules of a search read. effective: independent trials they are worth; total_return: of the trial on the
    plateau, -1 where ruined; blind_return: its own without events; edges: axes on whose end it lies; closed: those of
    them that end where the strategy's values do; neighbours: of it that were tried; best, luck: Sharpe ratios;
    deflated: the best trial's; walk_forward, without_events: Sharpe ratios of the account that followed the choices and
    of the strategy without events, with its own parameters where it answers none; splits, below_median: of a
    cross-validation, and in what share of them the winner fell below the median; paths: the median Sharpe of its paths;
    None where a statistic was not had."""

    simulated: bool
    answers_events: bool
    trials: int
    effective: float
    total_return: float
    blind_return: float | None
    edges: tuple[str, ...]
    closed: tuple[str, ...]
    neighbours: int
    best: float
    luck: float
    deflated: float | None
    overfitting: float | None
    spa_p: float | None
    walk_forward: float | None
    without_events: float | None
    splits: int
    below_median: float | None
    paths: float | None


def withheld(e: SearchEvidence) -> tuple[str, ...]:
    """Why the trial on the plateau is not recommended; empty under the grades of RECOMMENDING, and only there."""
    grade = _search_grade(e)
    reasons = []
    if not e.total_return > 0:
        loss = "it lost money" if e.total_return < 0 else "it made nothing"
        reasons.append("it was ruined" if e.total_return <= -1 else loss)
    if grade is SearchGrade.OVERFITTED:
        reasons.append("the search is overfitted")
    if grade is SearchGrade.LUCK:
        reasons.append("the best of the search is no more than luck gives")
    if _behind_without_events(e):
        reasons.append("it made no more than itself without events")
    if not e.neighbours:
        reasons.append("none of its neighbours was tried")
    return (*reasons, *(f"it lies at the end of {axis}: {_beyond(axis, e)}" for axis in e.edges))


def search_verdict(e: SearchEvidence) -> Verdict:
    """The first rule of `SEARCH_RULES` that holds, and all that was read."""
    grade, parts = _search_grade(e), _search_parts(e)
    first = {
        SearchGrade.NOTHING: ("money",), SearchGrade.OVERFITTED: _overfitted(e), SearchGrade.LUCK: _lucky(e),
        SearchGrade.WEAK: ("money",), SearchGrade.EDGE: ("edge",), SearchGrade.UNTESTED: ("walk",),
        SearchGrade.HOLDS: ("walk", "purged", "fit") if e.walk_forward is not None else ("purged", "fit"),
    }[grade]  # fmt: skip
    order = [*first, *(key for key in parts if key not in first)]
    clauses = [parts[key] for key in order if parts[key]]
    if grade not in RECOMMENDING:
        clauses[0] += ", so none is recommended"
    return sentence(grade, e.simulated, clauses)


def _search_parts(e: SearchEvidence) -> dict[str, str]:
    """What was read, by what it is about, in the order in which it is told."""
    chosen = f"the trial on the plateau made {signed_percent(e.total_return)}"
    if e.total_return <= -1:
        chosen = "the trial on the plateau was ruined"
    elif _behind_without_events(e) and e.blind_return is not None:
        chosen += f" and {signed_percent(e.blind_return)} without events"
    alike = "so alike that they are worth" if _ratio(e.luck) == _ratio(0.0) else "worth"
    worth = f"the trials are {alike} {e.effective:,.1f} independent ones" if e.trials > 1 else ""
    ends = [f"{axis} ({_beyond(axis, e)})" for axis in e.edges]
    edge = f"lies at the end of {listed(ends)}" if ends else ""
    alone = "" if e.neighbours else "has no neighbour that was tried"
    placed = " and ".join(part for part in (edge, alone) if part)
    return {
        "walk": _walked(e),
        "purged": "" if e.below_median is None else
        f"cross-validated, winners fell below the median on rows held out in {100 * e.below_median:.0f} % of "
        f"{e.splits:,} splits",
        "paths": "" if e.below_median is None else
        f"the paths of a cross-validation had Sharpe {_ratio(e.paths)} at the median",
        "fit": "" if e.overfitting is None else
        f"winners of one half fell below the median on the other in {100 * e.overfitting:.0f} %",
        "spa": "" if e.spa_p is None else
        f"the gain by events has p = {e.spa_p:.3f} (SPA)",
        "luck": f"the best of {e.trials:,} trials has Sharpe {_ratio(e.best)} where luck alone gives {_ratio(e.luck)}"
        + ("" if e.deflated is None else f" (deflated Sharpe {100 * e.deflated:.0f} %)"),
        "worth": worth,
        "edge": f"the trial on the plateau {placed}" if placed else "",
        "money": chosen,
    }  # fmt: skip


def _beyond(axis: str, e: SearchEvidence) -> str:
    return "the strategy takes no value beyond" if axis in e.closed else "widen there"


def _behind_without_events(e: SearchEvidence) -> bool:
    return e.answers_events and e.blind_return is not None and not e.total_return > e.blind_return


def _search_grade(e: SearchEvidence) -> SearchGrade:
    if not e.total_return > 0:
        return SearchGrade.NOTHING
    if _overfitted(e):
        return SearchGrade.OVERFITTED
    if _lucky(e):
        return SearchGrade.LUCK
    if _behind_without_events(e):
        return SearchGrade.WEAK
    if e.edges or not e.neighbours:
        return SearchGrade.EDGE
    return SearchGrade.UNTESTED if e.walk_forward is None and e.below_median is None else SearchGrade.HOLDS


def _overfitted(e: SearchEvidence) -> tuple[str, ...]:
    """Which of the parts say so."""
    behind = e.walk_forward is not None and (
        not e.walk_forward > 0 or (e.without_events is not None and e.walk_forward < e.without_events)
    )
    shares = {"fit": e.overfitting, "purged": e.below_median}
    split = (key for key, share in shares.items() if share is not None and share >= OVERFITTED)
    return (*(("walk",) if behind else ()), *split)


def _lucky(e: SearchEvidence) -> tuple[str, ...]:
    """Which of the parts say so."""
    best = not e.best > e.luck or (e.deflated is not None and e.deflated < CONFIDENCE)
    events = e.spa_p is not None and e.spa_p > LEVEL
    return (*(("luck",) if best else ()), *(("spa",) if events else ()))


def _walked(e: SearchEvidence) -> str:
    if e.walk_forward is None:
        return "it was not walked forward"
    own = f"walked forward it had Sharpe {_ratio(e.walk_forward)}"
    beside = "without events" if e.answers_events else "with its own parameters"
    return own if e.without_events is None else f"{own}, {beside} {_ratio(e.without_events)}"


def _ratio(value: float | None) -> str:
    if value is None or not math.isfinite(value):
        return "undefined"
    return f"{round(value, 2) + 0.0:.2f}"
