"""The real yfinance client against a loopback stand-in: what arrives, what each fault becomes, how it waits."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from positioning.data.series import Series
from positioning.data.yahoo import Pace, YahooClient
from positioning.data.yahoo_answer import Answer, last_session
from tests.data import yahoo_stand_in as stand_in
from tests.data.yahoo_stand_in import Fault, LoopbackSession, World, served

START = date(2024, 1, 2)
ROOT = Path(__file__).parents[2]


@pytest.fixture
def world() -> Iterator[World]:
    with served() as running:
        yield running


@pytest.fixture
def waits() -> list[float]:
    return []


@pytest.fixture
def client(world: World, waits: list[float], tmp_path: Path) -> YahooClient:
    return YahooClient(
        tmp_path / "yf", Pace(between=0), LoopbackSession(world.url), waits.append, lambda: 0.5
    )


def prices(answer: Answer) -> Series:
    assert answer.outcome == "prices", answer.reason
    assert answer.series is not None
    return answer.series


# ------------------------------------------------------------------------------------------- what arrives


@pytest.mark.parametrize(
    ("symbol", "unit", "zone", "last"),
    [
        ("MOS", "USD", "America/New_York", "2024-06-13"),  # noon UTC: today's session is to come
        ("1157.HK", "HKD", "Asia/Hong_Kong", "2024-06-14"),  # over
        ("YAR.OL", "NOK", "Europe/Oslo", "2024-06-13"),  # under way: its row is dropped
        ("BGEO.L", "GBp", "Europe/London", "2024-06-13"),
    ],
)
def test_local_dates_units_and_no_partial_bar(
    world: World, client: YahooClient, symbol: str, unit: str, zone: str, last: str
) -> None:
    answer = client.ask(symbol, START, world.now)
    series, line = prices(answer), world.lines[symbol]
    wanted = [d for d in world.days(line, START) if d <= np.datetime64(last)]
    assert series.dates.tolist() == np.array(wanted).tolist()
    np.testing.assert_array_equal(series["close"], [line.close(d) for d in wanted])
    assert (answer.unit, answer.zone) == (unit, zone)
    for name, factor in (("open", 0.995), ("high", 1.01), ("low", 0.99)):
        np.testing.assert_allclose(series[name], series["close"] * factor, rtol=1e-12)
    assert (series["volume"] == 1e6).all()


def test_a_session_is_final_half_an_hour_after_its_close() -> None:
    day = datetime(2024, 6, 14, tzinfo=UTC)
    cases = [
        ("2024-06-13", day + timedelta(hours=20, minutes=29)),
        ("2024-06-14", day + timedelta(hours=20, minutes=30)),
    ]
    for wanted, instant in cases:  # New York closes at 20:00 UTC in summer
        assert last_session("America/New_York", 960, instant) == np.datetime64(wanted)
    assert last_session("Europe/London", 24 * 60, day + timedelta(hours=23)) == np.datetime64("2024-06-13")
    assert last_session("Pacific/Auckland", 1005, day + timedelta(hours=13)) == np.datetime64("2024-06-14")


def test_dividends_splits_and_the_currency_of_a_dividend(world: World, client: YahooClient) -> None:
    world.lines["MOS"].splits = {"2024-04-10": 4.0}
    series = prices(client.ask("MOS", START, world.now))
    paid = series["dividends"]
    assert dict(zip(series.dates[paid > 0].astype(str).tolist(), paid[paid > 0].tolist(), strict=True)) == {
        "2024-03-06": 0.21,
        "2024-06-05": 0.21,
    }
    assert series.dates[series["splits"] == 4.0].astype(str).tolist() == ["2024-04-10"]
    assert (series.paid_in == "").all()
    foreign = prices(client.ask("0144.HK", START, world.now))
    assert foreign.dates[foreign.paid_in == "CNY"].astype(str).tolist() == ["2024-05-30"]


def test_one_request_for_a_zone_and_one_for_prices_then_only_prices(
    world: World, client: YahooClient
) -> None:
    client.ask("MOS", START, world.now)
    assert len(world.asked) == 2
    client.ask("MOS", START, world.now)
    assert len(world.asked) == 3


def test_its_files_stay_in_its_folder(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    YahooClient(tmp_path / "own", Pace(between=0), LoopbackSession(world.url)).ask("MOS", START, world.now)
    assert list((tmp_path / "own").glob("*.db"))
    assert not (tmp_path / "home").exists()


def test_the_package_imports_without_yfinance() -> None:
    code = "import sys, positioning.cli.fetch, positioning.data.yahoo, positioning.data.download as d; " \
           "sys.exit('yfinance' in sys.modules or 'pandas' in sys.modules)"  # fmt: skip
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False, timeout=300).returncode == 0


# ------------------------------------------------------------------------------------------------- faults

FAULTS: dict[str, tuple[Fault, str, str, list[float]]] = {
    "429": (stand_in.status(429), "rate_limited", "too many requests", [60, 120, 240]),
    "429 with Retry-After": (stand_in.status(429, Retry_After="7"), "rate_limited", "too many", [7, 7, 7]),
    "429 for two hours": (
        stand_in.status(429, Retry_After="7200"),
        "rate_limited",
        "come back in 7200 s",
        [],
    ),
    "500": (stand_in.status(500), "failed", "answered 500", [2, 4]),
    "401": (stand_in.status(401), "failed", "answered 401", [2, 4]),
    "hang": (stand_in.hang, "failed", "no answer (Timeout", [2, 4]),
    "truncated": (stand_in.truncated, "failed", "cut off", [2, 4]),
    "short body": (stand_in.cut_off, "failed", "no answer", [2, 4]),
    "empty result": (stand_in.empty, "nothing", "without any prices", [2, 4]),
    "no rows": (stand_in.rowless, "nothing", "without any prices", [2, 4]),
    "not found": (stand_in.gone, "nothing", "No data found", []),
}


@pytest.mark.parametrize("name", FAULTS)
@pytest.mark.parametrize("warm", [False, True], ids=["first", "zone known"])
def test_what_each_fault_becomes(
    world: World, tmp_path: Path, waits: list[float], name: str, warm: bool
) -> None:
    pace, session = Pace(between=0, timeout=0.3), LoopbackSession(world.url, world)
    client = YahooClient(tmp_path / "yf", pace, session, waits.append, lambda: 0.5)
    if warm:
        client.ask("NTR", START, world.now)
    fault, outcome, reason, waited = FAULTS[name]
    world.faults["NTR"] = fault
    answer = client.ask("NTR", START, world.now)
    assert (answer.outcome, answer.series) == (outcome, None)
    assert reason in answer.reason
    assert waits == waited
    world.faults.clear()
    prices(client.ask("NTR", START, world.now))  # no fault sticks


@pytest.mark.parametrize(
    "fault", [stand_in.status(500), stand_in.truncated, stand_in.cut_off, stand_in.empty]
)
def test_a_passing_fault_is_waited_out(
    world: World, client: YahooClient, waits: list[float], fault: Fault
) -> None:
    world.faults["NTR"] = stand_in.times(2, fault)
    prices(client.ask("NTR", START, world.now))
    assert waits in ([2], [2, 4])


def test_a_passing_rate_limit_with_a_date(world: World, client: YahooClient, waits: list[float]) -> None:
    until = (world.now + timedelta(seconds=90)).strftime("%a, %d %b %Y %H:%M:%S GMT")
    world.faults["NTR"] = stand_in.times(3, stand_in.status(429, Retry_After=until))
    prices(client.ask("NTR", START, world.now))
    assert waits == [90]


def test_waits_vary_by_a_quarter_and_never_undercut_retry_after(world: World, tmp_path: Path) -> None:
    for noise, wanted in ((0.0, [0.75 * 8, 7.0]), (1.0, [1.25 * 8, 8.75])):
        waits: list[float] = []
        pace = Pace(between=8, rounds=1)
        session = LoopbackSession(world.url)
        low = YahooClient(tmp_path / str(noise), pace, session, waits.append, lambda n=noise: n)  # type: ignore[misc]
        world.faults["NTR"] = stand_in.status(429, Retry_After="7")
        low.ask("NTR", START, world.now)
        assert waits == wanted


def test_doubtful_rows_are_mended_and_said(world: World, client: YahooClient) -> None:
    whole = prices(client.ask("NTR", START, world.now))
    world.faults["NTR"] = stand_in.doubled
    answer = client.ask("NTR", START, world.now)
    assert "1 repeated dates" in answer.notices[0]
    np.testing.assert_array_equal(prices(answer).dates, whole.dates)
    world.faults["NTR"] = stand_in.unordered
    answer = client.ask("NTR", START, world.now)
    assert "2 rows out of order" in answer.notices[0]
    np.testing.assert_array_equal(prices(answer)["close"], whole["close"])
    world.faults["NTR"] = stand_in.null_rows
    answer = client.ask("NTR", START, world.now)
    assert prices(answer).dates.size == whole.dates.size - 2  # a null row is a gap, which the gate sees
    world.faults["NTR"] = stand_in.no_adjusted
    assert np.isnan(prices(client.ask("NTR", START, world.now))["adj_close"]).all()


def test_no_network_is_a_failure_with_a_reason(tmp_path: Path, waits: list[float]) -> None:
    closed = LoopbackSession("http://127.0.0.1:9")
    answer = YahooClient(tmp_path, Pace(between=0), closed, waits.append, lambda: 0.5).ask(
        "NTR", START, stand_in.NOON
    )
    assert answer.outcome == "failed"
    assert "no answer (ConnectionError" in answer.reason


def test_its_own_session_without_a_network(
    tmp_path: Path, waits: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")  # nothing leaves this machine
    monkeypatch.delenv("NO_PROXY", raising=False)
    stand_in.forget()
    answer = YahooClient(tmp_path, Pace(between=0, timeout=2), None, waits.append).ask(
        "NTR", START, stand_in.NOON
    )
    assert (answer.outcome, answer.series) == ("failed", None)
    assert "no answer" in answer.reason
    assert len(waits) == 2


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (stand_in.endless, "more than 32 million bytes"),
        (stand_in.bomb, "more than 32 million bytes"),
        (stand_in.centuries, "100,000 rows, more than 80,000"),
        (stand_in.nested, ""),
    ],
)
@pytest.mark.parametrize("warm", [False, True], ids=["first", "zone known"])
def test_no_answer_is_read_without_end(
    world: World, tmp_path: Path, fault: Fault, reason: str, warm: bool
) -> None:
    pace = Pace(between=0, timeout=60, tries=1)
    client = YahooClient(tmp_path / "yf", pace, LoopbackSession(world.url))
    if warm:
        client.ask("NTR", START, world.now)
    world.faults["NTR"] = fault
    answer = client.ask("NTR", START, world.now)
    assert answer.outcome == "failed"
    assert reason in answer.reason
    world.faults.clear()
    prices(client.ask("NTR", START, world.now))


PLACES: tuple[tuple[str | int, ...], ...] = (
    ("chart",),
    ("chart", "error"),
    ("chart", "result"),
    *(("chart", "result", 0, name) for name in ("meta", "timestamp", "events", "indicators")),
    *(
        ("chart", "result", 0, "meta", name)
        for name in (
            "currency",
            "exchangeTimezoneName",
            "currentTradingPeriod",
            "firstTradeDate",
            "priceHint",
        )
    ),
    ("chart", "result", 0, "meta", "currentTradingPeriod", "regular"),
    ("chart", "result", 0, "meta", "currentTradingPeriod", "regular", "end"),
    ("chart", "result", 0, "timestamp", 1),
    ("chart", "result", 0, "events", "dividends"),
    ("chart", "result", 0, "indicators", "quote"),
    ("chart", "result", 0, "indicators", "quote", 0, "close"),
    ("chart", "result", 0, "indicators", "quote", 0, "close", 1),
    ("chart", "result", 0, "indicators", "adjclose"),
    ("chart", "result", 0, "indicators", "adjclose", 0, "adjclose"),
)
ODD = (
    None, True, -1, 10**30, 1e308, "", "x" * 5000, "\x1b[31m[/red]", "../../etc/passwd", "Europe", [], [[]], [None], {},
    {"description": ["x"]}, {"x": None}, ["1", "2"],
)  # fmt: skip


def is_an_outcome(world: World, client: YahooClient, place: tuple[str | int, ...], value: object) -> None:
    world.faults["MOS"] = stand_in.edited(place, value)
    answer = client.ask("MOS", START, world.now)
    assert answer.outcome in ("prices", "nothing", "failed")
    assert len(answer.reason) < 400
    assert answer.reason.isprintable()
    assert len(answer.unit) <= 8


@pytest.mark.parametrize("number", range(len(PLACES)), ids=lambda n: ".".join(map(str, PLACES[n])))
def test_an_odd_value_in_an_answer_is_an_outcome(world: World, tmp_path: Path, number: int) -> None:
    """At each place every third value, another third at the next."""
    client = YahooClient(tmp_path / "yf", Pace(between=0, tries=1), LoopbackSession(world.url))
    client.ask("MOS", START, world.now)
    for value in ODD[number % 3 :: 3]:
        is_an_outcome(world, client, PLACES[number], value)


@pytest.mark.slow
def test_every_odd_value_at_every_place_of_an_answer_is_an_outcome(world: World, tmp_path: Path) -> None:
    client = YahooClient(tmp_path / "yf", Pace(between=0, tries=1), LoopbackSession(world.url))
    client.ask("MOS", START, world.now)
    for place in PLACES:
        for value in ODD:
            is_an_outcome(world, client, place, value)
