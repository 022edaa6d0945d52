"""What the comparison page computes with: the accounts in full precision, and which event has which themes."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np

from positioning.analysis.market_line import MIN_ROWS
from positioning.analysis.metrics import FEWEST_DAYS, YEARLY
from positioning.arrays import FloatArray
from positioning.reporting.format import SHORT
from positioning.reporting.html import Html
from positioning.reporting.tearsheet.figures import ROWS
from positioning.runs.comparison import ComparedRun, Comparison, facts

BETTER = {
    "volatility": -1, "beta": 0, "turnover": -1, "cost_bps_per_year": -1,
}  # 1 unless told: the larger the better  # fmt: skip


def payload(c: Comparison) -> Html:
    """The JSON, such that it cannot end the element it stands in."""
    runs = [_account(x) if x.inside else None for x in c.contenders]
    metrics = [
        {"field": r.field, "fraction": r.fraction, "digits": 1 if r.field == "cost_bps_per_year" else 2,
         "better": BETTER.get(r.field, 1),
         "yearly": r.field in YEARLY} for r in ROWS
    ]  # fmt: skip
    data = {"runs": runs, "metrics": metrics, "events": [e["themes"] for e in facts(c)],
            "fewestDays": FEWEST_DAYS, "fewestRows": MIN_ROWS, "short": SHORT,
            "span": [str(d) for d in c.span] if c.span else None}  # fmt: skip
    text = json.dumps(data, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c")
    return Html(f'<script type="application/json" id="comparison-data">{text}</script>')


def _account(x: ComparedRun) -> dict[str, Any]:
    course = x.course
    return {
        "days": course.dates.astype(np.int64).tolist(),
        "nav": course.nav.tolist(),
        "cash": _sparse(course.cash_rate),
        "dimson": course.beta_measure == "dimson",
        "trade": _sparse(course.trade_value),
        "cost": _sparse(course.cost),
        "unpaid": not np.isfinite(course.cost).all(),
        "levels": [v if math.isfinite(v) else None for v in course.benchmark.tolist()]
        if np.isfinite(course.benchmark).any()
        else None,
    }


def _sparse(values: FloatArray) -> list[float] | None:
    """None where all are zero, or not known."""
    return [v or 0 for v in values.tolist()] if values.any() and np.isfinite(values).all() else None
