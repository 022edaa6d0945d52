"""A record of many events, for timing a study."""

from __future__ import annotations

from positioning.events.event import Events
from tests.event_studies.returns import NYSE, an_event

# In pairs three sessions apart, so that windows overlap and estimation has to look for quiet sessions.
EVENTS = Events(tuple(an_event(f"E{n}", str(NYSE[320 + 40 * (n // 2) + 3 * (n % 2)])) for n in range(80)))
