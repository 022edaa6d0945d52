"""Which days can be over, by a clock that the test sets."""

from datetime import UTC, datetime, tzinfo

import numpy as np
import pytest

from positioning import clock


def test_a_day_may_be_over_in_the_east_that_is_tomorrow_in_utc(monkeypatch: pytest.MonkeyPatch) -> None:
    class Stopped(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:
            assert tz is UTC
            return datetime(2024, 2, 28, 23, 59, tzinfo=UTC)

    monkeypatch.setattr(clock, "datetime", Stopped)
    assert clock.latest_day() == np.datetime64("2024-02-29")
    assert clock.latest_day().dtype == np.dtype("datetime64[D]")
