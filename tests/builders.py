"""What tests of several rooms share."""

from __future__ import annotations

from pathlib import Path

import strategies
from positioning.events.thesis import read_thesis

RECORD = Path(strategies.__file__).with_name("record")
THESIS = read_thesis(RECORD)
EVENTS = THESIS.events
