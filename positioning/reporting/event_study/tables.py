"""The CSV files beside the page of an event study."""

from __future__ import annotations

import math
from collections.abc import Sequence

from positioning.csv_output import csv_text
from positioning.event_studies.outcome import TESTS, Outcome
from positioning.event_studies.study import EventStudy, Group
from positioning.reporting.event_study.words import Shuffled


def events_csv(studies: Sequence[EventStudy]) -> str:
    """A line per observation and per event left out; CARs raw, fractions."""
    spans = next((s.panel.spans() for s in studies if s.panel is not None), ())
    heads = ["study", "simulated", "name", "events", "used", "reason", "day_zero", "direction", "sign", "overlaps",
             "alone", "names", "estimation",
             *(f"{kind}_{a}_{b}" for a, b in spans for kind in ("car", "error"))]  # fmt: skip
    rows: list[Sequence[object]] = [heads]
    for s in studies:
        cars = [] if s.panel is None else [s.panel.car(span) for span in spans]
        for n, o in enumerate(s.observations):
            rows.append([
                s.label, int(s.simulated), o.sleeve, o.news.ids, 1, "; ".join(o.news.notes), o.day, o.news.direction,
                o.news.sign, int(o.overlaps), int(o.alone), " ".join(o.symbols), o.residuals.size,
                *(f"{float(v[n]):.10g}" for pair in cars for v in pair),
            ])  # fmt: skip
        rows += [
            [s.label, int(s.simulated), "", o.ids, 0, o.reason, *[""] * (len(heads) - 6)] for o in s.left_out
        ]
    return csv_text(rows)


def tests_csv(studies: Sequence[EventStudy], shuffled: Shuffled) -> str:
    """A line per study, group, span, treatment of the sign and test; CAARs as fractions.

    placebo_p: of the CAAR against shuffled dates, empty where not asked for, and of raw CAARs.
    """
    heads = ("study", "simulated", "group", "first", "last", "signed", "events", "caar", "above_zero", "correlation",
             "placebo_p", "test", "statistic", "p")  # fmt: skip
    rows: list[Sequence[object]] = [heads]
    for s in studies:
        placebo = shuffled.get(s.label)
        for g in s.groups:
            for n, o in enumerate(g.signed):
                p = math.nan if placebo is None else placebo.p_value(g.name, n, o.caar)
                rows += _test_rows(s, g, o, True, p)
            for o in g.raw:
                rows += _test_rows(s, g, o, False, math.nan)
    return csv_text(rows)


def _test_rows(
    s: EventStudy, g: Group, o: Outcome, with_sign: bool, placebo_p: float
) -> list[Sequence[object]]:
    head: list[object] = [
        s.label, int(s.simulated), g.name, *o.span, int(with_sign), o.count,
        *(f"{v:.10g}" for v in (o.caar, o.hits, o.correlation)), _cell(placebo_p),
    ]  # fmt: skip
    return [[*head, t, _cell(o.tests[t].statistic), _cell(o.tests[t].p)] for t in TESTS]


def _cell(value: float) -> str:
    return f"{value:.10g}" if math.isfinite(value) else ""
