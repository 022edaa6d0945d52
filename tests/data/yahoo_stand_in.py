"""A loopback server that answers as Yahoo's chart endpoint does, and a session that leads yfinance to it.

Three venues (New York, Hong Kong, Oslo) and currencies, with dividends, splits and, on request, faults. The
prices of a symbol are a fixed function of its dates, so each test knows what must arrive.
"""

from __future__ import annotations

import json
import math
import sys
import threading
import warnings
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from zoneinfo import ZoneInfo

import numpy as np
from curl_cffi.requests import Session

from positioning.market.venues import sessions

NOON = datetime(
    2024, 6, 14, 12, tzinfo=UTC
)  # a Friday: Hong Kong is closed, Oslo trades, New York is to open


@dataclass
class Line:
    """One symbol: venue, zone, currency, session (minutes after local midnight), dividends and splits; of a fund the
    capital gains it paid, and whether the dividends say the same money once more."""

    venue: str
    zone: str
    currency: str
    session: tuple[int, int]
    dividends: dict[str, float] = field(default_factory=dict)
    paid_in: str = ""
    splits: dict[str, float] = field(default_factory=dict)
    gains: dict[str, float] = field(default_factory=dict)
    twice: bool = False
    level: float = 50.0
    scale: float = 1.0

    def close(self, day: np.datetime64) -> float:
        """As traded that day, before any split: level times a slow wave."""
        n = int(day.astype(int))
        return round(self.level * (1 + 0.2 * math.sin(n / 40) + 0.01 * math.sin(n * 1.7)), 2)


def lines() -> dict[str, Line]:
    """The symbols it knows; each test may change its own copy."""
    york, hongkong = ("XNYS", "America/New_York"), ("XHKG", "Asia/Hong_Kong")
    us, hk = (570, 960), (570, 960)
    return {
        "MOS": Line(*york, "USD", us, {"2024-03-06": 0.21, "2024-06-05": 0.21}),
        "NTR": Line(*york, "USD", us, level=60),
        "SPY": Line(*york, "USD", us, {"2024-03-15": 1.59}, level=500),
        "1157.HK": Line(*hongkong, "HKD", hk, level=5),
        "0144.HK": Line(*hongkong, "HKD", hk, {"2024-05-30": 0.48}, paid_in="CNY", level=10),
        "YAR.OL": Line("XOSL", "Europe/Oslo", "NOK", (540, 980), {"2024-05-29": 5.0}, level=300),
        "BGEO.L": Line("XLON", "Europe/London", "GBp", (480, 990), {"2024-05-02": 25.0}, level=4000),
        "HKD=X": Line("", "Europe/London", "HKD", (0, 1439), level=7.8),
        "CNY=X": Line("", "Europe/London", "CNY", (0, 1439), level=7.2),
        "GBPUSD=X": Line("", "Europe/London", "USD", (0, 1439), level=1.27),
        "NOK=X": Line("", "Europe/London", "NOK", (0, 1439), level=10.6),
    }


PATIENCE = 60.0  # seconds that bound a wait for what must come
Fault = Callable[["Handler", dict[str, Any]], dict[str, Any] | None]


class World:
    """What the server knows: its clock, its symbols, its faults (by symbol, or "" for all), what it was asked."""

    def __init__(self) -> None:
        self.now = NOON
        self.lines = lines()
        self.faults: dict[str, Fault] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.url = ""

    def charts(self) -> Counter[str]:
        """Requests for prices by symbol, the look-ups of a zone left out."""
        return Counter(s for s, q in self.asked if "period1" in q)

    def days(self, line: Line, first: date) -> list[np.datetime64]:
        """Dates with a row: sessions up to now, the one under way included."""
        local = self.now.astimezone(ZoneInfo(line.zone))
        a, b = np.datetime64(first, "D"), np.datetime64(local.date(), "D")
        if line.venue:
            held = sessions(line.venue, a, b)
        else:
            held = np.arange(a, b + 1)
            held = held[np.is_busday(held)]
        begun = local.hour * 60 + local.minute >= line.session[0]
        return list(held if begun else held[held < b])

    def chart(self, symbol: str, query: dict[str, str]) -> dict[str, Any] | None:
        """The answer to one request, None for a symbol it does not know."""
        line = self.lines.get(symbol)
        if line is None:
            return None
        zone = ZoneInfo(line.zone)
        since = int(query.get("period1", self.now.timestamp() - 86_400))
        begin = max(datetime.fromtimestamp(since, zone).date(), date(1990, 1, 1))
        days = self.days(line, begin)

        def stamp(day: np.datetime64, minutes: int) -> int:
            midnight = datetime.combine(day.astype(object), datetime.min.time(), zone)
            return int((midnight + timedelta(minutes=minutes)).timestamp())

        today = np.datetime64(self.now.astimezone(zone).date(), "D")
        passed = {np.datetime64(d): r for d, r in line.splits.items() if np.datetime64(d) <= today}
        paid = {np.datetime64(d): v for d, v in line.dividends.items() if np.datetime64(d) <= today}
        every = self.days(line, begin - timedelta(days=10))
        raw = {
            d: line.close(d) * line.scale / math.prod(r for s, r in passed.items() if s > d) for d in every
        }

        gained = {np.datetime64(d): v for d, v in line.gains.items() if np.datetime64(d) <= today}
        payments = {d: paid.get(d, 0.0) + gained.get(d, 0.0) for d in {*paid, *gained}}
        cuts = [
            (ex, 1 - v / raw[max(d for d in every if d < ex)]) for ex, v in payments.items() if ex > every[0]
        ]
        adjusted = [raw[d] * math.prod(cut for ex, cut in cuts if ex > d) for d in days]
        close = [raw[d] for d in days]
        meta = {
            "currency": line.currency,
            "symbol": symbol,
            "instrumentType": "CURRENCY" if not line.venue else "EQUITY",
            "exchangeTimezoneName": line.zone,
            "timezone": "X",
            "gmtoffset": 0,
            "priceHint": 2,
            "firstTradeDate": 345479400,
            "regularMarketTime": int(self.now.timestamp()),
            "validRanges": ["1d", "5d", "1mo", "max"],
            "currentTradingPeriod": {
                part: {
                    "start": stamp(today, line.session[0]),
                    "end": stamp(today, line.session[1]),
                    "timezone": "X",
                    "gmtoffset": 0,
                }
                for part in ("pre", "regular", "post")
            },
        }
        events: dict[str, Any] = {}
        inside = set(days)
        if dividends := {d: v for d, v in paid.items() if d in inside}:
            events["dividends"] = {
                str(stamp(d, line.session[0])): {
                    "amount": v,
                    "date": stamp(d, line.session[0]),
                    **({"currency": line.paid_in} if line.paid_in else {}),
                }
                for d, v in dividends.items()
            }
        if gains := {d: v for d, v in gained.items() if d in inside}:
            meta["instrumentType"] = "ETF"
            events["capitalGains"] = {
                str(stamp(d, line.session[0])): {"amount": v, "date": stamp(d, line.session[0])}
                for d, v in gains.items()
            }
            if line.twice:
                events["dividends"] = events.get("dividends", {}) | events["capitalGains"]
        if splits := {d: r for d, r in passed.items() if d in inside}:
            events["splits"] = {
                str(stamp(d, line.session[0])): {
                    "date": stamp(d, line.session[0]),
                    "numerator": r,
                    "denominator": 1.0,
                    "splitRatio": f"{r}:1",
                }
                for d, r in splits.items()
            }
        quote = {
            "open": [c * 0.995 for c in close],
            "high": [c * 1.01 for c in close],
            "low": [c * 0.99 for c in close],
            "close": close,
            "volume": [1_000_000] * len(close),
        }
        result = {
            "meta": meta,
            "timestamp": [stamp(d, line.session[0]) for d in days],
            "events": events,
            "indicators": {
                "quote": [quote],
                "adjclose": [{"adjclose": adjusted}],
            },
        }
        if not days:
            result = {"meta": meta, "indicators": {"quote": [{}], "adjclose": [{}]}}
        return {"chart": {"result": [result], "error": None}}


class Handler(BaseHTTPRequestHandler):
    """GET /HOST/path as the host would answer it."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 65_536  # one packet an answer
    world: World

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: tests read `World.asked`."""

    def reply(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in {
            "Content-Type": "application/json",
            "Content-Length": str(len(body)),
            **headers,
        }.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        path, query = unquote(parts.path), {k: v[0] for k, v in parse_qs(parts.query).items()}
        if path.endswith("/v1/test/getcrumb"):
            return self.reply(200, b"crumb", Content_Type="text/plain")
        if "/v8/finance/chart/" not in path:
            return self.reply(404, b"{}")
        symbol = path.rpartition("/")[2]
        self.world.asked.append((symbol, query))
        answer = self.world.chart(symbol, query)
        fault = self.world.faults.get(symbol, self.world.faults.get(""))
        if fault is not None and answer is not None:
            answer = fault(self, answer)
            if answer is None:
                return None
        if answer is None:
            return gone(self, {})
        return self.reply(200, json.dumps(answer).encode())

    def do_POST(self) -> None:
        self.do_GET()


# ------------------------------------------------------------------------------------------------- faults


def gone(handler: Handler, answer: dict[str, Any]) -> None:
    """404, as for a name that is unknown or delisted."""
    error = {"code": "Not Found", "description": "No data found, symbol may be delisted"}
    handler.reply(404, json.dumps({"chart": {"result": None, "error": error}}).encode())


def status(code: int, **headers: str) -> Fault:
    """That HTTP status, always."""

    def fault(handler: Handler, answer: dict[str, Any]) -> None:
        handler.reply(code, b'{"finance": {"error": "no"}}', **headers)

    return fault


def hang(handler: Handler, answer: dict[str, Any]) -> None:
    """No answer, until whoever asked has gone away."""
    handler.connection.recv(1)
    handler.close_connection = True


def held(free: threading.Event) -> Fault:
    """The answer, once it is let go."""

    def fault(handler: Handler, answer: dict[str, Any]) -> dict[str, Any]:
        free.wait(PATIENCE)
        return answer

    return fault


def truncated(handler: Handler, answer: dict[str, Any]) -> None:
    """Half of the JSON, with the length of the half."""
    body = json.dumps(answer).encode()
    handler.reply(200, body[: len(body) // 2])


def cut_off(handler: Handler, answer: dict[str, Any]) -> None:
    """Half of the bytes that were announced, and the connection closed."""
    body = json.dumps(answer).encode()
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body[: len(body) // 2])
    handler.close_connection = True


def endless(handler: Handler, answer: dict[str, Any]) -> None:
    """An answer that begins well and never ends."""
    handler.send_response(200)
    handler.send_header("Connection", "close")
    handler.end_headers()
    handler.close_connection = True
    with suppress(OSError):  # until nobody listens
        handler.wfile.write(json.dumps(answer).encode()[:-1])
        while True:
            handler.wfile.write(b" " * 1_000_000)


def bomb(handler: Handler, answer: dict[str, Any]) -> None:
    """Two hundred million blanks in a megabyte of gzip."""
    packer = zlib.compressobj(1, wbits=31)
    body = b"".join(packer.compress(b" " * 1_000_000) for _ in range(200)) + packer.flush()
    handler.reply(200, body, Content_Encoding="gzip")


def centuries(handler: Handler, answer: dict[str, Any]) -> dict[str, Any]:
    """More rows than there were days on which anything was traded."""
    result = answer["chart"]["result"][0]
    result["timestamp"] = list(range(100_000))
    for block in (*result["indicators"]["quote"], *result["indicators"]["adjclose"]):
        block.update(dict.fromkeys(block, [1.0] * 100_000))
    return answer


def nested(handler: Handler, answer: dict[str, Any]) -> None:
    """JSON deeper than a parser follows."""
    handler.reply(200, b'{"chart":' + b"[" * 200_000 + b"]" * 200_000 + b"}")


def edited(path: tuple[str | int, ...], value: Any) -> Fault:
    """Another value at a place of the answer."""

    def fault(handler: Handler, answer: dict[str, Any]) -> dict[str, Any]:
        place: Any = answer
        with suppress(LookupError, TypeError):
            for step in path[:-1]:
                place = place[step]
            place[path[-1]] = value
        return answer

    return fault


def empty(handler: Handler, answer: dict[str, Any]) -> dict[str, Any]:
    """Status 200 and no result."""
    return {"chart": {"result": None, "error": None}}


def rowless(handler: Handler, answer: dict[str, Any]) -> dict[str, Any]:
    """Status 200, what is known of the symbol, and no rows."""
    meta = answer["chart"]["result"][0]["meta"]
    return {
        "chart": {"result": [{"meta": meta, "indicators": {"quote": [{}], "adjclose": [{}]}}], "error": None}
    }


def _columns(answer: dict[str, Any]) -> Iterator[list[Any]]:
    result = answer["chart"]["result"][0]
    yield from result["indicators"]["quote"][0].values()
    for block in result["indicators"].get("adjclose", []):
        yield from block.values()


def null_rows(handler: Handler, answer: dict[str, Any]) -> dict[str, Any]:
    """The third row and the one before the last are null."""
    for column in _columns(answer):
        for at in {2, len(column) - 2} if len(column) > 4 else ():
            column[at] = None
    return answer


def doubled(handler: Handler, answer: dict[str, Any]) -> dict[str, Any]:
    """The fourth row comes twice."""
    for column in (answer["chart"]["result"][0].get("timestamp", []), *_columns(answer)):
        if len(column) > 5:
            column.insert(4, column[3])
    return answer


def unordered(handler: Handler, answer: dict[str, Any]) -> dict[str, Any]:
    """The second and the fifth row have changed places."""
    for column in (answer["chart"]["result"][0].get("timestamp", []), *_columns(answer)):
        if len(column) > 5:
            column[1], column[4] = column[4], column[1]
    return answer


def no_adjusted(handler: Handler, answer: dict[str, Any]) -> dict[str, Any]:
    """No adjusted closes."""
    answer["chart"]["result"][0]["indicators"].pop("adjclose", None)
    return answer


def hundredfold(after: str = "") -> Fault:
    """Prices times 100, of rows after a date or of all."""

    def fault(handler: Handler, answer: dict[str, Any]) -> dict[str, Any]:
        result = answer["chart"]["result"][0]
        stamps = result.get("timestamp", [])
        limit = datetime.fromisoformat(after or "1990-01-01").replace(tzinfo=UTC).timestamp() + 86_400
        for column in _columns(answer):
            if column is not result["indicators"]["quote"][0].get("volume"):
                column[:] = [v * 100 if s > limit else v for v, s in zip(column, stamps, strict=True)]
        return answer

    return fault


def times(count: int, fault: Fault) -> Fault:
    """That fault for the first so many requests, then none."""
    left = [count]

    def limited(handler: Handler, answer: dict[str, Any]) -> dict[str, Any] | None:
        left[0] -= 1
        return fault(handler, answer) if left[0] >= 0 else answer

    return limited


# ------------------------------------------------------------------------------------------------ plumbing


class LoopbackSession(Session):  # type: ignore[misc, type-arg]
    """A curl session that sends every request to the stand-in, the host as the first part of the path. What hangs is
    waited for as long as the client says; every other answer until it comes, however busy the machine."""

    def __init__(self, base: str, world: World | None = None) -> None:
        super().__init__()
        self._base, self._world = base, world

    def get(self, url: str, **options: Any) -> Any:
        return super().get(self._led(url), **self._patient(url, options))

    def post(self, url: str, **options: Any) -> Any:
        return super().post(self._led(url), **self._patient(url, options))

    def _patient(self, url: str, options: dict[str, Any]) -> dict[str, Any]:
        symbol = unquote(urlsplit(url).path).rpartition("/")[2]
        hangs = self._world is not None and self._world.faults.get(symbol) is hang
        return options if hangs else {**options, "timeout": PATIENCE}

    def _led(self, url: str) -> str:
        assert url.startswith("https://"), url
        return f"{self._base}/{url.removeprefix('https://')}"


def forget() -> None:
    """Leave yfinance as a new process finds it: no zone, cookie or session kept in memory."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its use of pandas
        from yfinance import base, cache, data
    cache._TzCacheManager._tz_cache = None
    cache._CookieCacheManager._Cookie_cache = None
    data.SingletonMeta._instances.clear()
    base._tz_info_fetch_ctr = 0


@cache
def build_calendars() -> None:
    """It takes a second, which is not to pass inside a request."""
    world = World()
    for line in world.lines.values():
        world.days(line, date(2018, 1, 1))


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that was killed is no error here."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


@contextmanager
def served() -> Iterator[World]:
    """The stand-in on a free port of 127.0.0.1."""
    forget()
    build_calendars()
    world = World()
    handler = type("Bound", (Handler,), {"world": world})
    server = _Server(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    world.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield world
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=5)
