"""What Yahoo answered, read: prices in the exchange's own dates, or why there are none."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, Literal, final
from zoneinfo import ZoneInfo

import numpy as np

from positioning.arrays import DateArray, FloatArray
from positioning.data.manifest import MIDNIGHT
from positioning.data.series import COLUMNS, Series
from positioning.errors import one_line, shortened

Outcome = Literal["prices", "nothing", "rate_limited", "failed"]
SETTLED = timedelta(minutes=30)  # after the close, until when Yahoo's last row may still change
LONGEST_TOLD = 200  # characters of what it says that are repeated
_FRAME = ("Open", "High", "Low", "Close", "Adj Close", "Volume", "Dividends", "Stock Splits", "Capital Gains")


@final
@dataclass(frozen=True, slots=True)
class Answer:
    """What a provider said of one symbol: prices with what is known of them, or why there are none."""

    outcome: Outcome
    reason: str = ""
    series: Series | None = None
    unit: str = ""
    basis: Literal["traded", "total_return"] = "traded"
    zone: str = "UTC"
    closes_at: int = MIDNIGHT
    notices: tuple[str, ...] = ()


def chart_of(response: Any) -> Any:
    """What a response says of a chart; None where it says nothing of one."""
    try:
        body = json.loads(response.text)
    except (ValueError, TypeError, AttributeError, LookupError, RecursionError):
        return None
    return _mapping(body).get("chart")


def result_of(chart: Any) -> Mapping[str, Any]:
    """The first of its results; empty where it has none."""
    results = _mapping(chart).get("result")
    return _mapping(results[0]) if isinstance(results, list) and results else {}


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def error_text(error: Exception) -> str:
    return f"{type(error).__name__}: {shortened(one_line(str(error)), LONGEST_TOLD)}"


def refusal_of(error: Exception, response: Any) -> Answer:
    """Why there are no prices: from the response rather than the exception, which depends on how often it failed."""
    if type(error).__name__ == "YFRateLimitError" or (response is not None and response.status_code == 429):
        return Answer("rate_limited", "Yahoo says too many requests")
    if response is None:
        return Answer("failed", f"no answer ({error_text(error)})")
    chart = chart_of(response)
    message = shortened(
        one_line(str(_mapping(_mapping(chart).get("error")).get("description") or "")), LONGEST_TOLD
    )
    if response.status_code == 404 or (response.status_code == 400 and "doesn't exist" in message):
        return Answer("nothing", f"Yahoo says: {message or 'not found'}")
    if response.status_code >= 400:
        return Answer("failed", f"Yahoo answered {response.status_code}")
    return _without_prices(chart, error_text(error))


def _without_prices(chart: Any, reason: str) -> Answer:
    """Why an answer of status 200 holds no prices."""
    if not isinstance(chart, Mapping):
        return Answer("failed", "Yahoo's answer is cut off or no data")
    if not result_of(chart).get("timestamp"):
        return Answer("nothing", "Yahoo answered without any prices")
    return Answer("failed", reason)


def prices_of(frame: Any, chart: Mapping[str, Any], now: datetime) -> Answer:
    """The frame as a series of local dates, without the rows of a session that is not over."""
    meta = chart["meta"]
    zone, closes_at, unit = str(meta["exchangeTimezoneName"]), _closing(meta), _currency(meta)
    dates = frame.index.tz_localize(None).to_numpy().astype("datetime64[D]")
    columns = {
        ours: frame[theirs].to_numpy(dtype=np.float64, copy=True)
        if theirs in frame
        else np.zeros(dates.size)  # only funds have the column of gains
        for ours, theirs in zip(COLUMNS, _FRAME, strict=True)
    }
    if not chart["indicators"].get("adjclose"):
        columns["adj_close"] = np.full(dates.size, np.nan)  # yfinance puts the closes there
    series = Series(dates, columns, _paid_in(dates, columns["dividends"], chart, zone))
    series = series.cut(dates <= last_session(zone, closes_at, now))
    if not np.isfinite(series["close"]).any():
        return Answer("nothing", "Yahoo answered without any finished session")
    return Answer(
        "prices",
        series=series,
        unit=unit,
        zone=zone,
        closes_at=closes_at,
        notices=_stamps(chart.get("timestamp") or [], zone),
    )


def _currency(event: Mapping[str, Any]) -> str:
    """The code it states, "" for none. Raises ValueError for what is no code."""
    code = str(event.get("currency") or "")
    if not re.fullmatch("[A-Za-z]{0,8}", code):
        raise ValueError(f"currency {code[:20]!r}")
    return code


def _closing(meta: Mapping[str, Any]) -> int:
    """Minutes after local midnight at which the regular session ends."""
    try:
        end = meta["currentTradingPeriod"]["regular"]["end"]
        at = datetime.fromtimestamp(end, ZoneInfo(meta["exchangeTimezoneName"]))
    except (LookupError, TypeError, ValueError, OverflowError, OSError):
        return MIDNIGHT
    return at.hour * 60 + at.minute or MIDNIGHT


def last_session(zone: str, closes_at: int, now: datetime) -> np.datetime64:
    """The last local date whose session, if it had one, was over and settled at `now`.

    zone: IANA name of the exchange's; closes_at: minutes after local midnight; now: an instant with a zone.
    """
    local = (now - SETTLED).astimezone(ZoneInfo(zone))
    over = local.hour * 60 + local.minute >= closes_at
    return np.datetime64(local.date() if over else local.date() - timedelta(days=1), "D")


def _paid_in(dates: DateArray, dividends: FloatArray, chart: Mapping[str, Any], zone: str) -> Any:
    """(R,) the currency a dividend states, "" where it states none or that of the price."""
    events = (chart.get("events") or {}).get("dividends") or {}
    currencies = {
        np.datetime64(datetime.fromtimestamp(e["date"], ZoneInfo(zone)).date(), "D"): _currency(e)
        for e in events.values()
    }
    price = _currency(chart["meta"])
    stated = [currencies.get(day, "") if d > 0 else "" for day, d in zip(dates, dividends, strict=True)]
    return np.array(["" if s == price else s for s in stated] or [""], dtype=np.str_)[: dates.size]


def _stamps(stamps: list[int], zone: str) -> tuple[str, ...]:
    """What yfinance mends in silence: repeated dates, of which it keeps the first, and rows out of order."""
    days = [datetime.fromtimestamp(s, ZoneInfo(zone)).date() for s in stamps]
    if days[-2:] == days[-1:] * 2:
        del days[-1]  # its live row beside the day's own is how Yahoo always answers
    again, back = len(days) - len(set(days)), sum(b < a for a, b in pairwise(days))
    faults = [f"{again} repeated dates"] * (again > 0) + [f"{back} rows out of order"] * (back > 0)
    return (f"was delivered with {' and '.join(faults)}: sorted, one row a date kept",) if faults else ()
