"""A client of prices that asks the stand-in instead of Yahoo."""

from __future__ import annotations

from pathlib import Path

from positioning.data.yahoo import Pace, YahooClient
from tests.data.yahoo_stand_in import LoopbackSession

FAST = Pace(between=0, timeout=10, backoff=0, limited=0)


def client(cache: Path, url: str, pace: Pace = FAST) -> YahooClient:
    return YahooClient(cache / "yfinance", pace, LoopbackSession(url))
