"""What the engine takes from the clock: which days can be over."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np


def latest_day() -> np.datetime64:
    """The last day, datetime64[D], that may be over somewhere: tomorrow in UTC, for east of Greenwich it has begun."""
    return np.datetime64(datetime.now(UTC).date(), "D") + 1
