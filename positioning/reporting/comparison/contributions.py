"""Where the profit of an account came from, over the span of a comparison."""

from __future__ import annotations

import numpy as np

from positioning.analysis.account_history import by_theme
from positioning.reporting.tearsheet.figures import KINDS
from positioning.runs.comparison import ComparedRun
from positioning.runs.saved_run import SavedRun
from positioning.simulation.profit import PARTS

NOT_SPLIT = "not known: returns alone"


def contributions(x: ComparedRun) -> dict[str, dict[str, float]]:
    """Profit inside the span as a fraction of its opening value, split in several ways."""
    if not isinstance(x.run, SavedRun):
        total = {NOT_SPLIT: float(x.course.nav[-1] / x.course.nav[0] - 1.0)}
        return dict.fromkeys(("leg", "theme", "currency", "part"), total) | {"cost": {}}
    first, last, opened = x.course.dates[0], x.course.dates[-1], x.course.nav[0]
    ledger, days = (
        f[(f["date"] > np.datetime64(first, "ms")) & (f["date"] <= np.datetime64(last, "ms"))]
        for f in (x.run.ledger, x.run.returns)
    )
    book = ledger.groupby("symbol", sort=False)[[p for p in PARTS if p in ledger]].sum() / opened
    interest = float(days["interest"].sum()) / opened
    legs = {str(s): float(v) for s, v in book.sum(axis=1).items()}
    currencies: dict[str, float] = {}
    for symbol, profit in legs.items():
        money = x.run.summary["instruments"][symbol]["currency"]
        currencies[money] = currencies.get(money, 0.0) + profit
    kinds = {part.capitalize(): float(v) for part, v in book.sum().items()}
    fees = {
        KINDS.get(k, k.replace("_", " ").capitalize()): -float(days[f"cost_{k}"].sum()) / opened
        for k in (name[5:] for name in days.columns if name.startswith("cost_"))
    }
    return {
        "leg": {**legs, "cash": interest},
        "theme": by_theme(x.course, _themes(x)),
        "currency": {**currencies, "interest on cash": interest},
        "part": {**kinds, "Interest on cash": interest},
        "cost": {**fees, "Borrow on shorts": kinds["Financing"]},
    }


def _themes(x: ComparedRun) -> dict[np.datetime64, list[list[str]]]:
    """Themes of the events it answers, by day known."""
    own = set(x.run.summary["themes"])
    by_day: dict[np.datetime64, list[list[str]]] = {}
    for e in x.run.events:
        if signed_for := [t for t in e["sleeves"] if t in own]:
            by_day.setdefault(np.datetime64(e["day"], "D"), []).append(signed_for)
    return by_day
