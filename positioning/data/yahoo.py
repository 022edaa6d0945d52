"""Daily bars from Yahoo: the one door to yfinance, which it opens late and trusts with nothing but the asking.

Source of what is worked around here: yfinance 1.7.0, measured against a loopback server (a result that is
empty without an error, answers that stick in a cache, no pause between tries, Retry-After unread).
"""

from __future__ import annotations

import logging
import random
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, final

from positioning.data.yahoo_answer import Answer, chart_of, error_text, prices_of, refusal_of, result_of
from positioning.errors import BadInputError

MOST_BYTES = 32_000_000  # of an answer; a century of days takes five million
MOST_ROWS = 80_000
_CHART = "/v8/finance/chart/"


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
                return refusal_of(error, self._last)
            try:
                return prices_of(frame, result_of(chart_of(self._last)), now)
            except (ValueError, LookupError, TypeError, AttributeError, OverflowError, OSError) as error:
                return Answer("failed", f"the answer cannot be read ({error_text(error)})")

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
                stamps = result_of(chart_of(response)).get("timestamp")
                if isinstance(stamps, list) and len(stamps) > MOST_ROWS:
                    raise _AnswerTooLongError(
                        f"Yahoo's answer has {len(stamps):,} rows, more than {MOST_ROWS:,}"
                    )
            return response

        return request


@final
class _AnswerTooLongError(Exception):
    """An answer that is not read to its end."""
