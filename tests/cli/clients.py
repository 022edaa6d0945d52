"""A client of prices that asks the stand-in instead of Yahoo."""

from __future__ import annotations

from pathlib import Path

from positioning.data.yahoo import Pace, YahooClient
from tests.data.yahoo_stand_in import LoopbackSession, World

FAST = Pace(between=0, timeout=0.3, backoff=0, limited=0)


def client(cache: Path, url: str, world: World | None = None) -> YahooClient:
    """world: in which something may hang."""
    return YahooClient(cache / "yfinance", FAST, LoopbackSession(url, world))
