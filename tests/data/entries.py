"""An entry of the manifest of stored prices."""

from __future__ import annotations

from positioning.data.manifest import Entry

ENTRY = Entry(
    symbol="MOS", file="", sha256="", first="", last="", rows=0, unit="USD", basis="traded", source="yahoo",
    library="yfinance 1.7.0", fetched_at="2024-06-14T12:00:00Z", asked_from="2018-01-01", through="2024-06-13",
    zone="America/New_York", closes_at=960, status="fetched",
)  # fmt: skip
