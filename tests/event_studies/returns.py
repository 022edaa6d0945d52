"""Returns and events that event studies are tested on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from positioning.event_studies.abnormal_returns import Observation, fit, observe
from positioning.event_studies.day_zero import EventFilter, News
from positioning.event_studies.design import Design
from positioning.event_studies.donors import DonorPool
from positioning.event_studies.sleeve_returns import Returns, Sleeve
from positioning.event_studies.study import EventStudy, study
from positioning.events.event import Event
from positioning.market.venues import sessions
from tests.builders import EVENTS

NYSE = sessions("XNYS", np.datetime64("2018-01-02"), np.datetime64("2025-12-31"))


FERTILIZER = Sleeve("fertilizer", "fertilizer", ("A",), "SPY")


def an_event(key: str, when: str, sign: int = 1, severity: int = 3, **more: Any) -> Event:
    """A fertilizer event; `when` a bare date or an instant with its zone."""
    bare = "T" not in when
    at = (
        datetime.fromisoformat(when).replace(tzinfo=UTC) + timedelta(days=1)
        if bare
        else datetime.fromisoformat(when)
    )
    signs = {"fertilizer": sign, "corridor": 0, "equipment": 0}
    given: dict[str, Any] = {
        "direction": "tighten",
        "confidence": "high",
        "follows": "",
        "themes": ("fertilizer",),
    } | more
    return Event(
        id=key, announced=at, title=key, issuer="EU", instrument="ban", severity=severity, signs=signs, source="hand",
        date_only=bare, **given,
    )  # fmt: skip


def returns_of(
    own: np.ndarray, factor: np.ndarray, days: np.ndarray = NYSE, sleeve: Sleeve = FERTILIZER
) -> Returns:
    """Returns of names made up for a test, on New York's sessions."""
    names = own if own.ndim == 2 else own[:, None]
    symbols = tuple("ABCDEFGHIJKLMNOPQRSTUVWXYZ"[: names.shape[1]])
    return Returns(sleeve, "XNYS", symbols, days, names, factor[:, None])


EVENT_PARAMETERS = an_event("E", "2020-01-02")


CALENDAR = np.arange(np.datetime64("1990-01-01", "D"), np.datetime64("1990-01-01", "D") + 10_000)


def simulated(own: np.ndarray, factor: np.ndarray, start: int, name: str) -> Observation:
    """120 sessions of estimation and a window of 16 of a made-up name."""
    x = np.column_stack([np.ones(136), factor])
    m = fit(own[:120], x[:120], own[120:], x[120:])
    days = CALENDAR[start : start + 136]
    news = News(start + 125, (EVENT_PARAMETERS,), 1, "tighten", ())
    return Observation(
        name, news, days[125], (name,), days[120:], m.abnormal, m.covariance, days[:120], m.residuals, m.loading,
        m.freedom, False, True,
    )  # fmt: skip


def simulated_market(
    rng: np.random.Generator, donors: int, volatility: str = "constant"
) -> tuple[Returns, np.ndarray]:
    """A sleeve and donors with a common factor on New York's sessions. With clustered volatility the sleeve and its
    donors are calm and wild together, as a market is."""
    size = NYSE.size
    level = np.zeros(size)
    if volatility == "clustered":
        for t, shock in enumerate(rng.normal(0, 0.2, size)):
            level[t] = 0.97 * level[t - 1] + shock
    factor = rng.normal(0, 0.01, size)
    noise = np.exp(level)[:, None] * rng.normal(0, 0.02, (size, donors + 1))
    every = factor[:, None] + noise
    return returns_of(every[:, 0].copy(), factor), every[:, 1:]


def drawn(
    rng: np.random.Generator, donors: int = 19, effect: float = 0.0, volatility: str = "constant"
) -> tuple[EventStudy, DonorPool]:
    """The study of a simulated market with `effect` on each day zero of the record, and its donors."""
    design = Design()
    plain, others = simulated_market(rng, donors, volatility)
    if effect:
        for o in observe(plain, EVENTS, EventFilter(), design)[0]:
            plain.names[o.news.day, 0] += effect * o.news.sign
    made = study(plain, EVENTS, EventFilter(), design)
    return made, DonorPool(tuple(f"D{n}" for n in range(donors)), others, (), {})
