"""A sleeve's events measured and tested, in groups: all of them, those without overlap, and each direction.

The tests, and why `clustered` leads, are in `outcome`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from positioning.arrays import IntArray
from positioning.display import Displayable, Picture
from positioning.errors import BadInputError
from positioning.event_studies.abnormal_returns import Observation, observe
from positioning.event_studies.day_zero import EventFilter, ExcludedEvent
from positioning.event_studies.design import Design
from positioning.event_studies.outcome import LEAD, Band, Outcome, band, outcome
from positioning.event_studies.panel import Panel
from positioning.event_studies.sleeve_returns import Returns, sleeve_returns
from positioning.event_studies.sleeves import strategy_sleeves, symbol_sleeve
from positioning.events.event import Events
from positioning.events.thesis import Thesis
from positioning.market.source import Source
from positioning.strategy.strategy import Strategy

ALL, ALONE = "all", "without overlap"


@final
@dataclass(frozen=True, eq=False)
class Group:
    """Some of a study's observations: outcomes with the expected sign and raw, in the order of Panel.spans."""

    name: str
    members: IntArray
    signed: tuple[Outcome, ...]
    raw: tuple[Outcome, ...]
    band: Band


@final
@dataclass(frozen=True, eq=False, repr=False)
class EventStudy(Displayable):
    """A sleeve, or several names met singly, and its events.

    panel: None where no event could be used. groups: all, those without overlap, and each direction, in
    the order of `directions`, the record's.
    """

    label: str
    returns: tuple[Returns, ...]
    panel: Panel | None
    left_out: tuple[ExcludedEvent, ...]
    groups: tuple[Group, ...]
    directions: tuple[str, ...] = ()

    def picture(self) -> Picture:
        """Events used and left out, and the leading test of each window; in a notebook also the mean path of all."""
        whole = self.group(ALL)
        facts = {
            "studied": self.label + (" (SIMULATED prices)" if self.simulated else ""),
            "observations": f"{len(self.observations)}, left out {len(self.left_out)}",
        }
        rows = [
            (f"[{o.span[0]}, {o.span[1]}]", str(o.count), f"{o.caar:+.2%}", f"{o.tests[LEAD].p:.3f}")
            for o in (whole.signed if whole else ())
        ]
        facts |= {f"CAAR {span}": f"{caar} in the expected direction, p {p}" for span, _, caar, p in rows}
        curve = None if whole is None else whole.band.caar
        return Picture(facts, ("window", "observations", "CAAR", "p"), rows, curve)

    @property
    def observations(self) -> tuple[Observation, ...]:
        """Those used, by date."""
        return () if self.panel is None else self.panel.observations

    @property
    def simulated(self) -> bool:
        """Whether any price was generated."""
        return any(r.simulated for r in self.returns)

    def group(self, name: str) -> Group | None:
        """A group by its name; None where it has no member."""
        return next((g for g in self.groups if g.name == name), None)


def event_study(
    subject: Strategy | str,
    source: Source,
    thesis: Thesis,
    design: Design | None = None,
    choice: EventFilter | None = None,
    base: str = "USD",
) -> EventStudy:
    """Did the prices of a strategy's names, or of one symbol, move with the events of their sleeve?

    design: how abnormal returns are measured; choice: which events; all of both's defaults where None. Raises
    BadInputError for a blend, whose parts are studied one by one, and as `sleeve_returns` and `study` do.
    """
    sleeves = (
        [symbol_sleeve(subject, thesis)] if isinstance(subject, str) else strategy_sleeves(subject, thesis)
    )
    if len(sleeves) != 1:
        raise BadInputError(
            f"{len(sleeves)} sleeves: {', '.join(s.label for s in sleeves)}", "wanted a strategy of one sleeve",
            "study its parts one by one",
        )  # fmt: skip
    design, events = design or Design(factors=thesis.proxies), thesis.events
    thesis_source = source.knowing(thesis)
    returns = sleeve_returns(thesis_source, sleeves[0], design, base, events.crash_dates)
    return study(returns, events, choice or EventFilter(), design)


def study(returns: Returns, events: Events, choice: EventFilter, design: Design) -> EventStudy:
    """One sleeve's events measured and tested. Raises BadInputError as `observe` does."""
    observations, left_out = observe(returns, events, choice, design)
    return _study(returns.sleeve.label, (returns,), observations, left_out, design, events.directions)


def single_name_study(studies: Sequence[EventStudy], design: Design) -> EventStudy:
    """The names of several studies met one by one: an observation is one event on one name."""
    observations = [o for s in studies for o in s.observations]
    returns = tuple(r for s in studies for r in s.returns)
    directions = tuple(dict.fromkeys(d for s in studies for d in s.directions))
    return _study("names one by one", returns, observations, (), design, directions)


def _study(
    label: str,
    returns: tuple[Returns, ...],
    observations: Sequence[Observation],
    left_out: tuple[ExcludedEvent, ...],
    design: Design,
    directions: tuple[str, ...],
) -> EventStudy:
    if not observations:
        return EventStudy(label, returns, None, left_out, (), directions)
    panel = Panel(observations, design.window[0])
    where = {ALL: [True] * len(observations), ALONE: [o.alone for o in panel.observations]}
    where |= {d: [o.news.direction == d for o in panel.observations] for d in directions}
    groups = tuple(_group(name, panel, np.flatnonzero(mask)) for name, mask in where.items() if any(mask))
    return EventStudy(label, returns, panel, left_out, groups, directions)


def _group(name: str, panel: Panel, members: IntArray) -> Group:
    signed, raw = (
        tuple(outcome(panel, members, s, signed) for s in panel.spans()) for signed in (True, False)
    )
    return Group(name, members, signed, raw, band(panel, members, True))
