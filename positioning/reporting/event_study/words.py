"""The sentences of an event study."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from positioning.analysis.multiplicity import LEVEL
from positioning.analysis.study_verdict import moved_words
from positioning.event_studies.abnormal_returns import Observation
from positioning.event_studies.calendar_time import IN_FORCE
from positioning.event_studies.day_zero import PUBLIC_BY
from positioning.event_studies.design import MIN_ESTIMATION_SESSIONS, REACH, Design
from positioning.event_studies.evidence import Evidence
from positioning.event_studies.outcome import LEAD, Outcome
from positioning.event_studies.placebo import StudyPlacebo
from positioning.event_studies.states import APART, StateCars
from positioning.event_studies.study import ALL, ALONE, EventStudy
from positioning.event_studies.synthetic_control import SyntheticControl
from positioning.events.thesis import Thesis
from positioning.reporting.format import number, outcome_words, percent, signed
from positioning.reporting.tearsheet.evidence import active_words

Shuffled = Mapping[str, StudyPlacebo]  # by a study's label, empty where none was asked for


def findings(study: EventStudy) -> list[str]:
    """What the tests say, in sentences made from the numbers alone."""
    used = len({e.id for o in study.observations for e in o.news.events})
    left = sum(len(o.ids.split("+")) for o in study.left_out)
    if not study.observations:
        return [f"None of the {left} events could be used."]
    overlaps = sum(o.overlaps for o in study.observations)
    lines = [
        f"{used} events in {len(study.observations)} observations, {overlaps} of which overlap another; {left} left out."
    ]
    everything, apart = study.group(ALL), study.group(ALONE)
    for n, outcome in enumerate(everything.signed if everything else ()):
        lines.append(_sentence(outcome, apart.signed[n] if apart else None))
    return lines


def _sentence(o: Outcome, apart: Outcome | None) -> str:
    p, span = o.tests[LEAD].p, days_words(o.span)
    moved = f"{span}: prices moved on average {moved_words(o.caar)} (p {p_words(p)}"
    if apart is None or apart.count == o.count:
        return f"{moved}). {_verdict(o, o)}"
    return (
        f"{moved}; on the {apart.count} that do not overlap {signed(apart.caar)}, p {p_words(apart.tests[LEAD].p)}). "
        f"{_verdict(o, apart)}"
    )


def _verdict(o: Outcome, apart: Outcome) -> str:
    clear = [x.tests[LEAD].p < LEVEL for x in (o, apart)]
    if any(math.isnan(x.tests[LEAD].p) for x in (o, apart)):
        return "Too few for a test."
    if o.span[1] < 0 and all(clear):
        return "Prices moved before day zero: the news was expected, or the dates are late."
    if not any(clear):
        least = (
            f" A test like this sees {percent(o.detectable)} or more in 80 % of cases." if o.error > 0 else ""
        )
        return f"This cannot be told from nothing.{least}"
    if all(clear):
        return "This is more than chance explains." if o.caar > 0 else "They moved against expectation."
    return (
        "Events that do not overlap do not show it: not enough to speak of an effect."
        if clear[0]
        else ("All events together do not show it: not enough to speak of an effect.")
    )


def evidence_words(label: str, evidence: Evidence) -> list[str]:
    """The calendar-time portfolio and the regression on severity, a sentence each."""
    lines = [
        f"Held {'with its sign' if c.weighting == 'sign' else 'by sign and severity'} while events are in force "
        f"({c.sessions} sessions), the sleeve made {percent(c.alpha, 3)} a session beyond its factors "
        f"(Newey-West t {number(c.t)}, p {p_words(c.p)}){outcome_words(c.p, c.detectable, ' a session', 3)}"
        for c in evidence.calendar.get(label, ())
        if c.sessions
    ]
    lines += active_words(evidence.active.get(label, ()))
    lines += state_words(evidence.states.get(label, ()))
    if label in evidence.severity:
        lines.append(evidence.severity[label].sentence)
    if label in evidence.controls:
        lines.append(control_sentence(evidence.controls[label]))
    return lines


def state_words(state_cars: Sequence[StateCars]) -> list[str]:
    """CARs by the third in which each series lay on the day before, and whether the outer thirds lie apart."""
    lines = []
    for name in dict.fromkeys(t.name for t in state_cars):
        own = [t for t in state_cars if t.name == name]
        each = [
            f"{t.state} {signed(t.mean)} ({t.events} events"
            + (f", error {percent(t.error)})" if math.isfinite(t.error) else ")")
            for t in own
            if t.state != APART
        ]
        lines.append(
            f"Mean CAR over days 0 and 1, with its expected sign, by the third of its past in which {name} lay on the "
            f"day before: {'; '.join(each)}. {_apart(next(t for t in own if t.state == APART))}"
        )
    return lines


def _apart(t: StateCars) -> str:
    if not math.isfinite(t.p):
        return "Too few days in the outer thirds to tell them apart."
    return (
        f"High less low is {signed(t.mean)} (errors clustered by date, {t.clusters} clusters, wild bootstrap p "
        f"{p_words(t.p)}){outcome_words(t.p, t.detectable)}"
    )


def control_sentence(control: SyntheticControl) -> str:
    """What the synthetic control says of the leading span, or why there is none."""
    if control.refused:
        return f"No synthetic control: {control.refused}."
    o = next(
        (o for o in control.outcomes if o.span[0] == 0 and o.span[1] >= IN_FORCE[1]), control.outcomes[0]
    )
    clear = [p for p in (o.p_time, o.p_space) if math.isfinite(p)]
    caveat = "" if clear and max(clear) <= LEVEL else ": this cannot be told from nothing"
    time = f"shuffled dates p {p_words(o.p_time)}, " if math.isfinite(o.p_time) else ""
    return (
        f"Less a portfolio of {len(control.donors)} donors that moved like it before, the sleeve made {signed(o.effect)} "
        f"on {days_words(o.span)} in the expected direction ({time}donors treated in turn p {p_words(o.p_space)}, "
        f"{1 / (len(control.donors) + 1):.2f} at the least){caveat}."
    )


def placebo_words(placebo: StudyPlacebo | None) -> list[str]:
    """What the shuffles are, for the reader of their p-values."""
    if placebo is None:
        return ["Not compared with shuffled event dates: this run was asked for none."]
    return [
        f"Shuffled dates: all day zeros moved together to other days, {placebo.draws:,} times (seed {placebo.seed}); "
        "one-sided p-value of a CAAR at least as far in the expected direction. With every expected sign reversed "
        "a CAAR is merely its own negative, so that control adds nothing here."
    ]


def notices(study: EventStudy) -> list[str]:
    """What a reader must know of the prices, each once."""
    return list(dict.fromkeys(f"{n.symbol} {n.text}".strip() for r in study.returns for n in r.notices))


def remarks(o: Observation) -> list[str]:
    """What must be known of one observation."""
    return [
        *o.news.notes,
        *(["overlaps another window"] if o.overlaps else []),
        *([] if o.alone else ["not in the subset without overlap"]),
    ]


def method(studies: Sequence[EventStudy], design: Design, thesis: Thesis) -> list[str]:
    """How it was measured."""
    lagged = any(r.lagged for s in studies for r in s.returns)
    return [
        f"Model: {design.model}, fitted on the last {design.estimation} sessions before the window that lie outside "
        f"the window of every event of the sleeve, at most {REACH} sessions back; "
        f"with fewer than {MIN_ESTIMATION_SESSIONS} an event is dropped.",
        f"Day zero is the first session of the venue that had not closed when the news was public; a bare date "
        f"counts as public at {PUBLIC_BY:%H:%M} UTC of it. A strategy decides at 24:00 UTC and trades the session "
        "after, so it cannot earn the move of day zero.",
        "A sleeve is the equal-weighted mean of its names that have prices on all sessions used, on the clock of the "
        "venue most of them trade on; a name of a venue that closes before the news follows on day 1.",
        *(["Where a benchmark closes at another hour, its returns of the session before and after enter too."] * lagged),
        "Signs and dates of the events were set with hindsight; events of low confidence, and acts that only put "
        f"earlier news into force, are left out. Names were chosen by {thesis.reference}.",
        "CAR is the sum of simple abnormal returns in the base currency, dividends included where the source has them.",
    ]  # fmt: skip


def days_words(span: tuple[int, int]) -> str:
    """Sessions around day zero, first and last in brackets."""
    return f"[{span[0]},{span[1]}]".replace("-", "\u2212")


def p_words(value: float) -> str:
    """A p-value in three digits."""
    return "below 0.001" if value < 0.001 else number(value, 3)
