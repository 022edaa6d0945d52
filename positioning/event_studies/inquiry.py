"""All that is asked of some sleeves: their studies, the same on shuffled dates, controls, and what it amounts to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import final

from positioning.analysis.active_returns import ActiveAlpha
from positioning.errors import BadInputError, PositioningError
from positioning.event_studies.calendar_time import strategy_active
from positioning.event_studies.day_zero import EventFilter
from positioning.event_studies.design import Design
from positioning.event_studies.donors import donor_pool
from positioning.event_studies.evidence import Evidence, evidence
from positioning.event_studies.placebo import StudyPlacebo, study_placebo
from positioning.event_studies.sleeve_returns import Sleeve, sleeve_returns
from positioning.event_studies.states import by_study
from positioning.event_studies.study import EventStudy, single_name_study, study
from positioning.event_studies.synthetic_control import SyntheticControl, synthetic_controls
from positioning.events.thesis import Thesis
from positioning.market.source import Source
from positioning.strategy.strategy import Strategy


@final
@dataclass(frozen=True)
class Inquiry:
    """How it is asked. accepted: errors in prices to go on in spite of. draws: sets of shuffled dates, 0 for none. seed:
    of all that is drawn. benchmark: in place of each strategy's own for its account."""

    design: Design = field(default_factory=Design)
    choice: EventFilter = field(default_factory=EventFilter)
    base: str = "USD"
    accepted: Sequence[str] = ()
    draws: int = 0
    seed: int = 0
    benchmark: str = ""


@final
@dataclass(frozen=True, eq=False)
class InquiryAnswer:
    """studies: one a sleeve, and a portfolio of single names where all are. placebos: by the label of a study, empty
    where no shuffles were asked for. omissions: why a strategy has no account beside its study."""

    studies: tuple[EventStudy, ...]
    placebos: Mapping[str, StudyPlacebo]
    evidence: Evidence
    omissions: tuple[str, ...]


def inquire(
    sleeves: Sequence[Sleeve],
    source: Source,
    thesis: Thesis,
    inquiry: Inquiry,
    strategies: Mapping[str, Strategy],
    advance: Callable[[], object] = lambda: None,
) -> InquiryAnswer:
    """The answer. strategies: by the label of their sleeve, those whose accounts stand beside it; `advance` is called
    after each sleeve. Raises BadInputError where no study has an event, and as `sleeve_returns` and `study` do."""
    thesis_source, events, design = source.knowing(thesis), thesis.events, inquiry.design
    studies = []
    for sleeve in sleeves:
        returns = sleeve_returns(
            thesis_source,
            sleeve,
            design,
            inquiry.base,
            events.crash_dates,
            inquiry.accepted,
            inquiry.choice.span.end,
        )
        studies.append(study(returns, events, inquiry.choice, design))
        advance()
    _require_some(studies)
    if sum(len(s.names) == 1 for s in sleeves) == len(sleeves) > 1:
        studies.append(single_name_study(studies, design))
    placebos = {
        s.label: study_placebo(s, events, design, inquiry.draws, inquiry.seed)
        for s in studies
        if inquiry.draws
    }
    controls = _controls(studies, thesis_source, thesis, inquiry)
    active, omissions = _accounts(strategies, thesis_source, thesis, inquiry)
    results = replace(
        evidence(studies, events, inquiry.choice, design, inquiry.seed, controls, active),
        states=by_study(studies, thesis_source.published, inquiry.seed),
    )
    return InquiryAnswer(tuple(studies), placebos, results, omissions)


def _controls(
    studies: Sequence[EventStudy], source: Source, thesis: Thesis, inquiry: Inquiry
) -> Mapping[str, SyntheticControl]:
    """Synthetic controls of the studies of one sleeve each."""
    alone = [s for s in studies if len(s.returns) == 1]
    pools = {
        s.label: donor_pool(
            s.returns[0], source, thesis, inquiry.base, inquiry.accepted, inquiry.design.published
        )
        for s in alone
    }
    return synthetic_controls(alone, pools, thesis.events, inquiry.design, inquiry.draws, inquiry.seed)


def _accounts(
    strategies: Mapping[str, Strategy], source: Source, thesis: Thesis, inquiry: Inquiry
) -> tuple[dict[str, tuple[ActiveAlpha, ...]], tuple[str, ...]]:
    """What strategies earn over themselves without events, by label, and why some have no account."""
    active, omissions = {}, []
    for label, strategy in strategies.items():
        try:
            active[label] = strategy_active(
                strategy, source, thesis, inquiry.base, inquiry.accepted, inquiry.benchmark, inquiry.choice.span,
                inquiry.design.published,
            )  # fmt: skip
        except PositioningError as error:  # the days of a study may be too few for an account
            omissions.append(f"{label}: no account beside the study, {error.seen}")
    return active, tuple(omissions)


def _require_some(studies: Sequence[EventStudy]) -> None:
    """BadInputError with the commonest reason where no study has an observation."""
    if any(s.observations for s in studies):
        return
    reasons = [o.reason for s in studies for o in s.left_out] or ["there are none"]
    raise BadInputError(
        "no event can be used",
        f"of most: {max(reasons, key=reasons.count)}",
        "take more themes or directions, or prices of a longer span",
    )
