"""What a referee asks of all studies of a run together: false discoveries, calendar time, severity."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from positioning.analysis.multiplicity import q_values
from positioning.event_studies.calendar_time import HELD, CalendarTime, calendar_time
from positioning.event_studies.panel import Panel
from positioning.event_studies.severity import SeverityRegression, severity_regression
from positioning.event_studies.study import LEAD, EventStudy
from positioning.json_text import plain

TOGETHER = "all sleeves"


@final
@dataclass(frozen=True, eq=False)
class Evidence:
    """q: false-discovery rate of the leading test by study, group and window, over the family of `tests` of them.
    calendar: by study of one sleeve, weights by sign and by sign and severity. severity: by study, and over all sleeves
    under TOGETHER where there are several."""

    q: Mapping[tuple[str, str, tuple[int, int]], float]
    tests: int
    calendar: Mapping[str, tuple[CalendarTime, ...]]
    severity: Mapping[str, SeverityRegression]

    @property
    def family(self) -> str:
        """What the rates are over, in words."""
        return f"all {self.tests} tests of this page: every sleeve, group of events and window, by the leading test"

    def to_json(self) -> dict[str, Any]:
        """By study; undefined is None."""
        return {
            "family": self.family,
            "calendar_time": {
                label: {
                    c.weighting: {
                        "alpha": plain(c.alpha), "error": plain(c.error), "t": plain(c.t), "p": plain(c.p),
                        "sessions": c.sessions, "betas": list(c.betas),
                    }
                    for c in found
                }
                for label, found in self.calendar.items()
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


def evidence(studies: Sequence[EventStudy], seed: int = 0) -> Evidence:
    """Of the studies of one run. Observations of names met singly repeat those of their sleeves, so that study enters
    the q-values and nothing else."""
    tests = [
        ((s.label, g.name, o.span), o.tests[LEAD].p) for s in studies for g in s.groups for o in g.signed
    ]
    p = np.array([value for _, value in tests])
    rates = q_values(p)
    sleeves = [s for s in studies if len(s.returns) == 1 and s.panel is not None]
    panels = {s.label: s.panel for s in sleeves if s.panel is not None}
    if len(panels) > 1:
        every = [o for panel in panels.values() for o in panel.observations]
        panels = {TOGETHER: Panel(every, next(iter(panels.values())).first), **panels}
    return Evidence(
        {key: float(rate) for (key, _), rate in zip(tests, rates, strict=True)},
        int(np.isfinite(p).sum()),
        {s.label: _calendar(s) for s in sleeves},
        {
            label: severity_regression(
                panel, (max(HELD[0], panel.first), min(HELD[1], panel.last)), seed=seed
            )
            for label, panel in panels.items()
            if panel.last >= HELD[0]
        },
    )


def _calendar(study: EventStudy) -> tuple[CalendarTime, ...]:
    news = [o.news for o in study.observations]
    last = HELD[1] if study.panel is None else min(HELD[1], study.panel.last)
    held = (HELD[0], max(last, HELD[0]))
    return tuple(calendar_time(study.returns[0], news, w, held) for w in ("sign", "severity"))
