"""What a referee asks of all studies of a run together: false discoveries, calendar time, severity, the sector."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, final

import numpy as np

from positioning.analysis.active_returns import ActiveAlpha
from positioning.analysis.multiplicity import q_values
from positioning.event_studies.abnormal_returns import observe
from positioning.event_studies.calendar_time import IN_FORCE, CalendarTime, calendar_time
from positioning.event_studies.day_zero import EventFilter
from positioning.event_studies.design import Design
from positioning.event_studies.outcome import LEAD
from positioning.event_studies.panel import Panel
from positioning.event_studies.severity import SeverityRegression, severity_regression
from positioning.event_studies.states import StateCars
from positioning.event_studies.study import EventStudy
from positioning.event_studies.synthetic_control import Span, SyntheticControl
from positioning.events.event import Events
from positioning.json_text import plain

TOGETHER = "all sleeves"


@final
@dataclass(frozen=True, slots=True)
class EventTest:
    """One piece of news on one span: its raw CAR, the two-sided p of CAR over its error (Student, the estimation's
    freedom), and the false-discovery rate over every event, sleeve and window of the page."""

    car: float
    p: float
    q: float


@final
@dataclass(frozen=True, eq=False)
class Evidence:
    """q: false-discovery rate of the leading test by study, group and window, over the family of `tests` of them. events:
    by study, ids and window, over their own family. calendar: by study of one sleeve, weights by sign and by sign and
    severity; active: of the strategies that are sleeves. severity: by study, and over all sleeves under TOGETHER where
    there are several. controls: by study. states: by study, CARs by the state of series that were given."""

    q: Mapping[tuple[str, str, Span], float]
    tests: int
    events: Mapping[tuple[str, str, Span], EventTest]
    calendar: Mapping[str, tuple[CalendarTime, ...]]
    severity: Mapping[str, SeverityRegression]
    controls: Mapping[str, SyntheticControl] = field(default_factory=dict)
    active: Mapping[str, tuple[ActiveAlpha, ...]] = field(default_factory=dict)
    states: Mapping[str, tuple[StateCars, ...]] = field(default_factory=dict)

    @property
    def family(self) -> str:
        """What the rates are over, in words."""
        return f"all {self.tests} tests of this page: every sleeve, group of events and window, by the leading test"

    @property
    def event_family(self) -> str:
        """What the rates of single events are over, in words."""
        return f"all {len(self.events)} single tests of this page: every event, sleeve and window"

    def to_json(self) -> dict[str, Any]:
        """By study; undefined is None."""
        single: dict[str, dict[str, dict[str, Any]]] = {}
        for (label, ids, span), e in self.events.items():
            cells = single.setdefault(label, {}).setdefault(ids, {})
            cells[f"{span[0]}:{span[1]}"] = {"car": plain(e.car), "p": plain(e.p), "q": plain(e.q)}
        return {
            "family": self.family,
            "event_family": self.event_family,
            "events": single,
            "synthetic_control": {label: c.to_json() for label, c in self.controls.items()},
            "active_returns": {
                label: {a.coverage: a.to_json() for a in results} for label, results in self.active.items()
            },
            "calendar_time": {
                label: {
                    c.weighting: {
                        "alpha": plain(c.alpha), "error": plain(c.error), "t": plain(c.t), "p": plain(c.p),
                        "sessions": c.sessions, "betas": list(c.betas),
                    }
                    for c in results
                }
                for label, results in self.calendar.items()
            },
            "states": {
                label: {f"{t.name} {t.state}": t.to_json() for t in results} for label, results in self.states.items()
            },
            "severity": {
                label: {
                    "sentence": s.sentence, "observations": s.observations, "clusters": s.clusters,
                    "effects": {
                        e.name: {"coefficient": plain(e.coefficient), "error": plain(e.error), "p": plain(e.p),
                                 "wild_p": plain(e.wild_p)}
                        for e in s.effects
                    },
                }
                for label, s in self.severity.items()
            },
        }  # fmt: skip


def evidence(
    studies: Sequence[EventStudy],
    record: Events,
    choice: EventFilter,
    design: Design,
    seed: int = 0,
    controls: Mapping[str, SyntheticControl] | None = None,
    active: Mapping[str, tuple[ActiveAlpha, ...]] | None = None,
) -> Evidence:
    """Of the studies of one run. Observations of names met singly repeat those of their sleeves, so that study enters
    the q-values and nothing else. record, choice, design: what the studies were made with."""
    tests = [
        ((s.label, g.name, o.span), o.tests[LEAD].p) for s in studies for g in s.groups for o in g.signed
    ]
    p = np.array([value for _, value in tests])
    rates = q_values(p)
    sleeves = [s for s in studies if len(s.returns) == 1 and s.panel is not None]
    panels = {s.label: _with_followers(s, record, choice, design) for s in sleeves}
    if len(panels) > 1:
        every = [o for panel in panels.values() for o in panel.observations]
        panels = {TOGETHER: Panel(every, next(iter(panels.values())).first), **panels}
    return Evidence(
        {key: float(rate) for (key, _), rate in zip(tests, rates, strict=True)},
        int(np.isfinite(p).sum()),
        _single(sleeves),
        {s.label: _calendar(s) for s in sleeves},
        {
            label: severity_regression(
                panel, (max(IN_FORCE[0], panel.first), min(IN_FORCE[1], panel.last)), seed=seed
            )
            for label, panel in panels.items()
            if panel.last >= IN_FORCE[0]
        },
        controls or {},
        active or {},
    )


def _with_followers(study: EventStudy, record: Events, choice: EventFilter, design: Design) -> Panel:
    """The panel of a study with the acts that put earlier news into force, which vary its surprise."""
    wider = replace(choice, follows=True)
    return Panel(observe(study.returns[0], record, wider, design)[0], design.window[0])


def _single(studies: Sequence[EventStudy]) -> dict[tuple[str, str, Span], EventTest]:
    from scipy.special import stdtr

    tests: list[tuple[tuple[str, str, Span], float, float]] = []
    for s in studies:
        panel = s.panel
        for span in () if panel is None else panel.spans():
            assert panel is not None  # noqa: S101 - there are no spans without it
            cars, errors = panel.car(span)
            p = 2.0 * stdtr(panel.freedom, -np.abs(cars / errors))
            tests += [
                ((s.label, o.news.ids, span), float(c), float(v))
                for o, c, v in zip(panel.observations, cars, p, strict=True)
            ]
    rates = q_values(np.array([p for _, _, p in tests]))
    return {key: EventTest(car, p, float(q)) for (key, car, p), q in zip(tests, rates, strict=True)}


def _calendar(study: EventStudy) -> tuple[CalendarTime, ...]:
    news = [o.news for o in study.observations]
    last = IN_FORCE[1] if study.panel is None else min(IN_FORCE[1], study.panel.last)
    window = (IN_FORCE[0], max(last, IN_FORCE[0]))
    return tuple(calendar_time(study.returns[0], news, w, window) for w in ("sign", "severity"))
