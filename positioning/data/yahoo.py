"""Daily bars from Yahoo: the one door to yfinance, which it opens late and trusts with nothing but the asking.

Source of what is worked around here: yfinance 1.7.0, measured against a loopback server (a result that is
empty without an error, answers that stick in a cache, no pause between tries, Retry-After unread).
"""

from __future__ import annotations

import json
import logging
import random
import re
import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal, final
from zoneinfo import ZoneInfo

import numpy as np

from positioning.arrays import DateArray, FloatArray
from positioning.data.manifest import MIDNIGHT
from positioning.data.series import COLUMNS, Series
from positioning.errors import BadInputError, one_line, shortened

Outcome = Literal["prices", "nothing", "rate_limited", "failed"]
SETTLED = timedelta(minutes=30)  # after the close, until when Yahoo's last row may still change
MOST_BYTES = 32_000_000  # of an answer; a century of days takes five million
MOST_ROWS = 80_000
LONGEST_TOLD = 200  # characters of what it says that are repeated
_CHART = "/v8/finance/chart/"
_FRAME = ("Open", "High", "Low", "Close", "Adj Close", "Volume", "Dividends", "Stock Splits", "Capital Gains")


@final
@dataclass(frozen=True, slots=True)
class Pace:
    """How politely to ask; times in seconds.

    between: mean wait before each symbol. timeout: of one request. tries: of one symbol that fails; the k-th
    wait is backoff 2^k. rounds: of waits for a rate limit to pass, limited 2^k each, or what Retry-After
    says; one longer than patience ends the fetch. Each wait varies by a quarter.
    """

    between: float = 0.5
    timeout: float = 20.0
    tries: int = 3
    backoff: float = 2.0
    rounds: int = 3
    limited: float = 60.0
    patience: float = 600.0


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


@final
class YahooClient:
    """Asks Yahoo for one symbol after another, from one thread.

    folder: where yfinance keeps its cookies and zones, never the user's own. session: a curl_cffi session to use in
    place of yfinance's (its cookies stay in it). sleep, noise (0..1): for tests.
    """

    label = "yahoo"

    def __init__(
        self,
        folder: Path,
        pace: Pace | None = None,
        session: Any = None,
        sleep: Callable[[float], None] = time.sleep,
        noise: Callable[[], float] = random.random,
    ) -> None:
        self._folder, self._pace = folder, pace or Pace()
        self._session, self._sleep, self._noise = session, sleep, noise
        self._last: Any = None  # the response to the last request for a chart; None where there was none
        self._ready = False

    @property
    def library(self) -> str:
        """`yfinance` and its version."""
        return f"yfinance {version('yfinance')}"

    def ask(self, symbol: str, start: date, now: datetime) -> Answer:
        """Daily rows from `start` to the last session that was over `now` (an instant with a zone).

        A rate limit is waited out, a fault is tried again; both so many times as the pace says.
        """
        self._wait(self._pace.between)
        answer, tries, rounds = self._once(symbol, start, now), 1, 0
        while True:
            if answer.outcome == "rate_limited" and rounds < self._pace.rounds:
                delay = self._retry_after(now)
                if delay is not None and delay > self._pace.patience:
                    return Answer("rate_limited", f"{answer.reason}, and to come back in {delay:.0f} s")
                self._wait(self._pace.limited * 2**rounds if delay is None else delay, least=delay or 0.0)
                rounds += 1
            elif self._again(answer) and tries < self._pace.tries:
                self._wait(self._pace.backoff * 2 ** (tries - 1))
                tries += 1
            else:
                return answer
            answer = self._once(symbol, start, now)

    def _again(self, answer: Answer) -> bool:
        # An empty answer with status 200 may be a bad moment of the service; "not found" is an answer.
        lapse = answer.outcome == "nothing" and self._last is not None and self._last.status_code == 200
        return answer.outcome == "failed" or lapse

    def _wait(self, seconds: float, least: float = 0.0) -> None:
        if seconds > 0:
            self._sleep(max(least, seconds * (0.75 + 0.5 * self._noise())))

    def _retry_after(self, now: datetime) -> float | None:
        """Seconds that the last answer asked to wait, where it says so in seconds or as a date."""
        text = "" if self._last is None else str(self._last.headers.get("Retry-After") or "")
        if text.isascii() and text.isdigit():
            return float(text)
        try:
            at = datetime.strptime(text, "%a, %d %b %Y %H:%M:%S GMT").replace(tzinfo=UTC)
        except ValueError:
            return None
        return max((at - now).total_seconds(), 0.0)

    def _once(self, symbol: str, start: date, now: datetime) -> Answer:
        self._last = None
        with warnings.catch_warnings():
            # yfinance calls pandas in ways that newer pandas deprecates: nothing a user can act on.
            warnings.simplefilter("ignore")
            yf = self._opened()
            warnings.simplefilter("ignore")  # once more: importing yfinance puts filters of its own before it
            try:
                ticker = yf.Ticker(symbol, session=self._session)
                frame = ticker.history(
                    start=start.isoformat(),
                    end=None,  # an end in the past would be answered from a cache that keeps faults
                    interval="1d",
                    auto_adjust=False,
                    actions=True,
                    repair=False,
                    keepna=False,
                    timeout=self._pace.timeout,
                )
            except ImportError as error:
                raise BadInputError(
                    f"yfinance lacks {error.name}", "wanted it complete", "type pip install yfinance"
                ) from None
            except _AnswerTooLongError as error:
                return Answer("failed", str(error))
            except Exception as error:  # noqa: BLE001 (it raises KeyError, TypeError and JSON errors for bad answers)
                return _verdict(error, self._last)
            try:
                return _delivered(frame, _result(_chart(self._last)), now)
            except (ValueError, LookupError, TypeError, AttributeError, OverflowError, OSError) as error:
                return Answer("failed", f"the answer cannot be read ({_error_text(error)})")

    def _opened(self) -> Any:
        """yfinance, set up once: errors are raised, its files are ours, and each response is seen."""
        import yfinance as yf
        from yfinance.data import YfData

        if not self._ready:
            self._ready = True
            yf.config.debug.hide_exceptions = False
            logging.getLogger("yfinance").setLevel(logging.CRITICAL)  # what it says, each outcome says better
            self._folder.mkdir(parents=True, exist_ok=True)
            yf.set_tz_cache_location(str(self._folder))
            if self._session is None:
                from curl_cffi.requests import Session

                self._session = Session(impersonate="chrome")
            for verb in ("get", "post"):
                setattr(self._session, verb, self._watched(getattr(self._session, verb)))
        YfData(session=self._session).cache_get.cache_clear()  # it repeats bad answers without asking again
        return yf

    def _watched(self, send: Callable[..., Any]) -> Callable[..., Any]:
        """A session's method that keeps the last chart response, reads no more than MOST_BYTES of any, and makes no
        request longer than the pace allows (yfinance gives its cookies 30 s, whatever the caller wants)."""
        from curl_cffi.curl import CURL_WRITEFUNC_ERROR

        def request(url: str, **options: Any) -> Any:
            content = bytearray()

            def received(piece: bytes) -> int:
                content.extend(piece)
                return len(piece) if len(content) <= MOST_BYTES else CURL_WRITEFUNC_ERROR

            chart = _CHART in url
            if chart:
                self._last = None
            options["timeout"] = min(options.get("timeout") or self._pace.timeout, self._pace.timeout)
            try:
                response = send(url, **options, content_callback=received)
            finally:
                if len(content) > MOST_BYTES:
                    raise _AnswerTooLongError(
                        f"Yahoo's answer has more than {MOST_BYTES / 1e6:.0f} million bytes"
                    )
            response.content = bytes(content)
            if chart:
                self._last = response
                stamps = _result(_chart(response)).get("timestamp")
                if isinstance(stamps, list) and len(stamps) > MOST_ROWS:
                    raise _AnswerTooLongError(
                        f"Yahoo's answer has {len(stamps):,} rows, more than {MOST_ROWS:,}"
                    )
            return response

        return request


@final
class _AnswerTooLongError(Exception):
    """An answer that is not read to its end."""


def _chart(response: Any) -> Any:
    """What a response says of a chart; None where it says nothing of one."""
    try:
        body = json.loads(response.text)
    except (ValueError, TypeError, AttributeError, LookupError, RecursionError):
        return None
    return _mapping(body).get("chart")


def _result(chart: Any) -> Mapping[str, Any]:
    """The first of its results; empty where it has none."""
    results = _mapping(chart).get("result")
    return _mapping(results[0]) if isinstance(results, list) and results else {}


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _error_text(error: Exception) -> str:
    return f"{type(error).__name__}: {shortened(one_line(str(error)), LONGEST_TOLD)}"


def _verdict(error: Exception, response: Any) -> Answer:
    """Why there are no prices: from the response rather than the exception, which depends on how often it failed."""
    if type(error).__name__ == "YFRateLimitError" or (response is not None and response.status_code == 429):
        return Answer("rate_limited", "Yahoo says too many requests")
    if response is None:
        return Answer("failed", f"no answer ({_error_text(error)})")
    chart = _chart(response)
    message = shortened(
        one_line(str(_mapping(_mapping(chart).get("error")).get("description") or "")), LONGEST_TOLD
    )
    if response.status_code == 404 or (response.status_code == 400 and "doesn't exist" in message):
        return Answer("nothing", f"Yahoo says: {message or 'not found'}")
    if response.status_code >= 400:
        return Answer("failed", f"Yahoo answered {response.status_code}")
    return _without_prices(chart, _error_text(error))


def _without_prices(chart: Any, reason: str) -> Answer:
    """Why an answer of status 200 holds no prices."""
    if not isinstance(chart, Mapping):
        return Answer("failed", "Yahoo's answer is cut off or no data")
    if not _result(chart).get("timestamp"):
        return Answer("nothing", "Yahoo answered without any prices")
    return Answer("failed", reason)


def _delivered(frame: Any, chart: Mapping[str, Any], now: datetime) -> Answer:
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
