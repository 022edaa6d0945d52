"""The fetch command against the stand-in: outcomes and exit codes, request counts, kills, two at once."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import Result
from typer.testing import CliRunner

from positioning.cli import fetch
from positioning.cli.run import app as backtest
from positioning.data.cache_source import StoreSource
from positioning.data.manifest import read_entries
from positioning.data.store import Store
from positioning.market.instruments import RECORDED
from tests.builders import LATEST, Figure
from tests.cli.clients import client
from tests.data import yahoo_stand_in as stand_in
from tests.data.yahoo_stand_in import Fault, World, served
from tests.forks import Forks

ROOT = Path(__file__).parents[2]


@dataclass
class Desk:
    """The command, its cache and the world it asks."""

    world: World
    cache: Path

    def run(self, *args: str, json: bool = True) -> Result:
        options = ["--cache", str(self.cache), "--start", "2024-01-02", *(["--json"] if json else [])]
        return CliRunner().invoke(fetch.app, [*options, *args])

    def fetch(self, *args: str, code: int = 0) -> dict[str, Any]:
        """The symbols of the JSON answer, the exit code checked."""
        done = self.run(*args)
        assert done.exit_code == code, (done.output, done.stderr, done.exception)
        return json.loads(done.stdout)["symbols"]  # type: ignore[no-any-return]

    def close(self, symbol: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        store = Store.reading(self.cache)
        series = store.read(store.entries[symbol])
        assert series is not None
        return series["close"]


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    with served() as world:
        monkeypatch.setattr(fetch, "now", lambda: world.now)
        monkeypatch.setattr(fetch, "WAIT", 0.1)
        monkeypatch.setattr(fetch, "yahoo", lambda cache: client(cache, world.url, world))
        yield Desk(world, tmp_path / "cache")


# ----------------------------------------------------------------------------------------- plain sailing


def test_all_there(desk: Desk) -> None:
    done = desk.run("MOS", "1157.HK", "yar.ol", "HKD=X")
    assert done.exit_code == 0
    answer = json.loads(done.stdout)
    assert set(answer) == {"snapshot", "symbols", "findings"}
    assert re.fullmatch("[0-9a-f]{64}", answer["snapshot"])
    assert answer["symbols"]["MOS"] == {
        "status": "fetched",
        "first": "2024-01-02",
        "last": "2024-06-13",
        "rows": 114,
        "reason": "",
    }
    assert list(answer["symbols"]) == ["MOS", "1157.HK", "YAR.OL", "HKD=X"]
    assert answer["symbols"]["1157.HK"]["last"] == "2024-06-14"
    assert answer["findings"] == []
    entry = read_entries(desk.cache / "manifest.json")["MOS"]
    assert (entry.source, entry.unit, entry.through) == ("yahoo", "USD", "2024-06-13")
    assert entry.library.startswith("yfinance 1.")


def test_the_same_day_asks_nothing_and_a_later_day_only_the_tail(desk: Desk) -> None:
    names = ("MOS", "1157.HK", "YAR.OL", "HKD=X")
    first = desk.fetch(*names)
    assert desk.world.charts() == dict.fromkeys(names, 1)
    desk.world.asked.clear()
    again = desk.fetch(*names)
    assert not desk.world.asked
    assert {s: r["status"] for s, r in again.items()} == dict.fromkeys(names, "unchanged")
    assert {s: r["last"] for s, r in again.items()} == {s: r["last"] for s, r in first.items()}
    desk.world.now = datetime(2024, 6, 16, 12, tzinfo=UTC)  # Sunday: Friday is over everywhere
    desk.fetch("1157.HK")
    assert not desk.world.asked
    later = desk.fetch(*names)
    assert {s: (r["status"], r["last"]) for s, r in later.items()} == {
        "MOS": ("fetched", "2024-06-14"),
        "1157.HK": ("unchanged", "2024-06-14"),
        "YAR.OL": ("fetched", "2024-06-14"),
        "HKD=X": ("fetched", "2024-06-14"),
    }
    asked = {s: q for s, q in desk.world.asked if "period1" in q}
    assert len(asked) == len(desk.world.asked) == 3  # the zones are known
    since = datetime.fromtimestamp(int(asked["MOS"]["period1"]), UTC).date()
    assert since == date(2024, 5, 31)  # ten sessions before, the last stored one included
    line = desk.world.lines["MOS"]
    wanted = [line.close(d) for d in desk.world.days(line, date(2024, 1, 2))]
    np.testing.assert_array_equal(desk.close("MOS"), wanted)
    assert not read_entries(desk.cache / "manifest.json")["MOS"].restated


def test_an_earlier_start_asks_for_all_and_a_later_one_drops_nothing(desk: Desk) -> None:
    desk.fetch("MOS")
    rows = desk.close("MOS").size
    done = CliRunner().invoke(fetch.app, ["MOS", "--cache", str(desk.cache), "--start", "2024-03-01"])
    assert done.exit_code == 0
    assert desk.close("MOS").size == rows
    CliRunner().invoke(fetch.app, ["MOS", "--cache", str(desk.cache), "--start", "2023-06-01"])
    assert desk.close("MOS").size > rows + 100


def test_an_end_leaves_the_rest_for_later(desk: Desk) -> None:
    assert desk.fetch("MOS", "--end", "2024-03-28")["MOS"]["last"] == "2024-03-28"
    desk.world.asked.clear()
    assert (
        desk.fetch("MOS", "--end", "2024-03-31")["MOS"]["status"] == "unchanged"
    )  # Good Friday and a weekend
    assert not desk.world.asked
    assert desk.fetch("MOS")["MOS"]["last"] == "2024-06-13"


@pytest.mark.parametrize("kind", ["dividend", "split"])
def test_a_restated_past_is_fetched_whole_and_said(desk: Desk, kind: str) -> None:
    desk.fetch("NTR")
    before = desk.close("NTR")
    line = desk.world.lines["NTR"]
    if kind == "dividend":
        line.dividends = {"2024-06-17": 1.2}
    else:
        line.splits = {"2024-06-17": 4.0}
    desk.world.now = datetime(2024, 6, 18, 22, tzinfo=UTC)
    desk.world.asked.clear()
    result = desk.fetch("NTR")["NTR"]
    assert result["status"] == "fetched"
    assert result["reason"].startswith("restated: ")
    assert desk.world.charts()["NTR"] == 2
    entry = read_entries(desk.cache / "manifest.json")["NTR"]
    assert len(entry.restated) == 1
    assert entry.restated[0].startswith("2024-06-18: restated: ")
    after = desk.close("NTR")[: before.size]
    np.testing.assert_allclose(after, before / (4 if kind == "split" else 1), rtol=1e-12)


def test_pence_and_a_foreign_dividend_reach_a_run_in_pounds_and_local_money(desk: Desk) -> None:
    symbols = desk.fetch("BGEO.L", "0144.HK", "GBPUSD=X", "HKD=X")
    assert symbols["CNY=X"]["status"] == "fetched"  # asked for because a dividend is declared in it
    source = StoreSource(desk.cache)
    delivery = source.deliver(["BGEO.L", "0144.HK"], ["GBP", "HKD"])
    pounds = delivery.bars["BGEO.L"]
    assert pounds.close[0] == pytest.approx(desk.close("BGEO.L")[0] / 100)
    assert pounds.dividends.sum() == pytest.approx(0.25)
    assert source.quoted(["BGEO.L"]) == {"BGEO.L": "GBp"}
    bars = delivery.bars["0144.HK"]
    day = np.datetime64("2024-05-30")
    hkd, cny = (desk.world.lines[s].close(day) for s in ("HKD=X", "CNY=X"))
    assert bars.dividends[bars.dates == day][0] == pytest.approx(0.48 * hkd / cny)
    assert "declared in CNY" in bars.notices[0].text


@pytest.mark.parametrize("twice", [False, True])
@pytest.mark.parametrize("ordinary", [{}, {"2024-04-15": 0.4}])
def test_the_gains_of_a_fund_reach_a_run_once(desk: Desk, ordinary: dict[str, float], twice: bool) -> None:
    gains = {"2024-03-20": 3.0, "2024-05-20": 2.5}
    line = stand_in.Line("XNYS", "America/New_York", "USD", (570, 960), ordinary, gains=gains, twice=twice)
    desk.world.lines["MOO"] = line
    desk.fetch("MOO")
    bars = StoreSource(desk.cache).deliver(["MOO"], []).bars["MOO"]
    paid = {str(d): v for d, v in zip(bars.dates, bars.dividends, strict=True) if v}
    assert paid == pytest.approx(gains | ordinary, abs=1e-9)
    words = [
        "fertilizer_producers",
        "--fees",
        "none",
        "--data",
        "yahoo",
        "--start",
        "2024-03-04",
        "--placebo",
        "0",
        "--no-quantstats",
    ]
    for setting in ("legs=MOO", "hedge=none", "respond=0", "exposure=1", "band=0", "lookback=20"):
        words += ["--set", setting]
    places = ("--cache", str(desk.cache), "--out", str(desk.cache.parent / "reports"))
    done = CliRunner().invoke(backtest, [*words, "--json", *places])
    assert done.exit_code == 0, done.stderr
    (own,) = json.loads(done.stdout)["strategies"].values()
    bought = bars.dates >= np.datetime64("2024-03-05")  # decided on the first row, filled at the next open
    close, income = bars.close[bought], bars.dividends[bought]
    paid_for = bars.open[bought][0]
    at_once = np.prod((close[1:] + income[1:]) / close[:-1]) * close[0] / paid_for - 1
    never = (close[-1] + income.sum()) / paid_for - 1
    # A payment waits in cash for the next decision, so it is reinvested later than at once and earlier than never.
    # Unpaid gains would miss 5.5 of some 50 a share, gains paid twice would be as much too high.
    low, high = sorted((at_once, never))
    assert low < own["total_return"] < high
    assert high - low < 0.5 * sum(gains.values()) / paid_for


# ------------------------------------------------------------------------------------------------- faults

FAULTS: dict[str, tuple[Fault, str, int, str]] = {
    "429": (stand_in.status(429), "rate_limited", 1, "too many requests"),
    "429 with Retry-After": (stand_in.status(429, Retry_After="0"), "rate_limited", 1, "too many requests"),
    "500": (stand_in.status(500), "failed", 1, "answered 500"),
    "hang": (stand_in.hang, "failed", 1, "no answer"),
    "truncated": (stand_in.truncated, "failed", 1, "cut off"),
    "short body": (stand_in.cut_off, "failed", 1, "no answer"),
    "empty result": (stand_in.empty, "delisted", 1, "without any prices"),
    "no rows": (stand_in.rowless, "delisted", 1, "without any prices"),
    "not found": (stand_in.gone, "delisted", 1, "may be delisted"),
    "null rows": (stand_in.null_rows, "fetched", 0, ""),
    "repeated": (stand_in.doubled, "fetched", 0, ""),
    "unordered": (stand_in.unordered, "fetched", 0, ""),
    "no adjusted": (stand_in.no_adjusted, "fetched", 0, ""),
    "times 100": (stand_in.hundredfold(), "fetched", 0, ""),
}


@pytest.mark.parametrize("name", FAULTS)
def test_outcome_and_exit_code_of_each_fault_on_a_new_name(desk: Desk, name: str) -> None:
    fault, status, code, reason = FAULTS[name]
    desk.world.faults["NTR"] = fault
    done = desk.run("MOS", "NTR")
    assert done.exit_code == code, done.output
    symbols = json.loads(done.stdout)["symbols"]
    assert symbols["MOS"]["status"] == "fetched"  # a partial fetch keeps what arrived
    assert symbols["NTR"]["status"] == status
    assert reason in symbols["NTR"]["reason"]
    assert ("NTR" in StoreSource(desk.cache).entries) == (status == "fetched")
    resumable = status in ("rate_limited", "failed")
    wanted = f"to resume: python -m backtests.fetch NTR --start 2024-01-02 --cache {desk.cache}"
    assert (wanted in done.stderr) == resumable
    assert "Traceback" not in done.output + done.stderr
    desk.world.faults.clear()
    assert desk.fetch("MOS", "NTR")["MOS"]["status"] == "unchanged"


@pytest.mark.parametrize("name", [n for n in FAULTS if n not in ("repeated", "unordered")])
def test_outcome_and_exit_code_of_each_fault_on_a_stored_name(desk: Desk, name: str) -> None:
    desk.fetch("MOS", "NTR")
    before = desk.close("NTR")
    fault, status, _, _ = FAULTS[name]
    desk.world.faults["NTR"] = fault
    desk.world.now += timedelta(days=3)
    if name == "times 100":
        status = "quarantined"
    symbols = desk.fetch("MOS", "NTR", code=0 if status == "fetched" else 1)
    assert (symbols["MOS"]["status"], symbols["NTR"]["status"]) == ("fetched", status), symbols["NTR"]
    assert symbols["NTR"]["rows"] >= before.size
    assert read_entries(desk.cache / "manifest.json")["NTR"].status == status
    if status != "fetched":
        np.testing.assert_array_equal(desk.close("NTR"), before)
    desk.world.faults.clear()
    assert desk.fetch("NTR")["NTR"]["last"] == "2024-06-14"


def test_a_unit_switch_in_the_tail_alone_is_kept_out(desk: Desk) -> None:
    desk.fetch("NTR")
    desk.world.faults["NTR"] = stand_in.hundredfold("2024-06-14")
    desk.world.now += timedelta(days=5)
    result = desk.fetch("NTR", code=1)["NTR"]
    assert result["status"] == "quarantined"
    assert "times off the one before" in result["reason"]
    assert desk.close("NTR").max() < 100


def test_missing_adjusted_closes_of_a_payer_are_a_finding(desk: Desk) -> None:
    desk.world.faults["MOS"] = stand_in.no_adjusted
    done = desk.run("MOS")
    (finding,) = json.loads(done.stdout)["findings"]
    assert (finding["symbol"], finding["check"], finding["severity"]) == ("MOS", "adjusted", "warning")
    assert set(finding) == {"symbol", "check", "severity", "first", "last", "seen", "remedy"}


def test_a_rate_limit_stops_all(desk: Desk) -> None:
    desk.fetch("MOS")
    desk.world.now += timedelta(days=3)
    desk.world.faults["NTR"] = stand_in.status(429)
    desk.world.asked.clear()
    symbols = desk.fetch("NTR", "MOS", "SPY", code=1)
    assert {r["status"] for r in symbols.values()} == {"rate_limited"}
    assert set(desk.world.charts()) | {s for s, _ in desk.world.asked} == {"NTR"}
    assert symbols["MOS"]["rows"] == 114


def test_an_outage_is_not_a_wave_of_delistings(desk: Desk) -> None:
    names = ("MOS", "NTR", "SPY", "1157.HK")
    desk.fetch(*names)
    desk.world.now += timedelta(days=3)
    desk.world.faults[""] = stand_in.empty
    symbols = desk.fetch(*names, code=1)
    assert {r["status"] for r in symbols.values()} == {"failed"}
    assert "4 of 4 live names came back empty: an outage?" in symbols["MOS"]["reason"]


def test_a_delisting_on_record_is_not_missed_but_an_unknown_name_is(desk: Desk) -> None:
    assert desk.fetch("POLY.L")["POLY.L"]["status"] == "delisted"
    assert (
        desk.fetch("FMC", code=1)["FMC"]["status"] == "delisted"
    )  # the record has it, and no end of its listing
    symbols = desk.fetch("MOS", "POLY.L", "NOSUCH", code=1)
    assert {s: r["status"] for s, r in symbols.items()} == {
        "MOS": "fetched",
        "POLY.L": "delisted",
        "NOSUCH": "unknown",
    }


def test_no_network_uses_what_is_stored_and_never_simulates(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.fetch("MOS")
    monkeypatch.setattr(fetch, "yahoo", lambda cache: client(cache, "http://127.0.0.1:9"))
    assert desk.fetch("MOS")["MOS"]["status"] == "unchanged"
    desk.world.now += timedelta(days=3)
    symbols = desk.fetch("MOS", "NTR", "SPY", "CF", "FMC", code=1)
    assert {r["status"] for r in symbols.values()} == {"failed"}
    assert "not asked for: 3 symbols before it failed" in symbols["FMC"]["reason"]
    source = StoreSource(desk.cache)
    assert source.deliver(["MOS", "NTR"], []).bars.keys() == {"MOS"}
    assert not source.simulated


# ---------------------------------------------------------------------------------------- damage and pins


@pytest.mark.parametrize("damage", [b"", b"PAR1"])
def test_a_damaged_file_is_found_set_aside_and_repaired(desk: Desk, damage: bytes) -> None:
    desk.fetch("MOS", "NTR")
    whole = desk.close("MOS")
    path = desk.cache / "prices" / read_entries(desk.cache / "manifest.json")["MOS"].file
    path.write_bytes(damage)
    symbols = desk.fetch("--check", "MOS", "NTR", code=1)
    assert (symbols["MOS"]["status"], symbols["NTR"]["status"]) == ("quarantined", "unchanged")
    assert (desk.cache / "quarantine" / path.name).read_bytes() == damage
    repaired = desk.fetch("MOS", "NTR")
    assert repaired["MOS"]["status"] == "fetched"
    assert (
        "its file was gone, or damaged" in repaired["MOS"]["reason"]
        or "set aside" in repaired["MOS"]["reason"]
    )
    np.testing.assert_array_equal(desk.close("MOS"), whole)


def test_a_snapshot_is_pinned_and_never_moved(desk: Desk) -> None:
    first = json.loads(desk.run("MOS", "--snapshot", "june").stdout)
    desk.world.now += timedelta(days=3)
    done = desk.run("MOS", "--snapshot", "june")
    assert done.exit_code == 2
    assert "snapshot june exists and pins other prices" in done.stderr
    assert StoreSource(desk.cache, "june").entries["MOS"].last == "2024-06-13"
    assert StoreSource(desk.cache).entries["MOS"].last == "2024-06-14"
    second = json.loads(desk.run("MOS", "--snapshot", "later").stdout)
    assert second["snapshot"] != first["snapshot"]


def test_a_snapshot_says_what_it_holds_and_where_its_prices_are_from(desk: Desk, tmp_path: Path) -> None:
    """It holds all that is stored, what was fetched before included; own files are not called Yahoo's."""
    desk.fetch("MOS")
    assert StoreSource(desk.cache).label == "yahoo"
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "NTR.csv").write_text("Date,Close\n2024-01-02,50.0\n2024-01-03,51.0\n")
    mine = f"folder:{tmp_path / 'mine'}"
    done = desk.run("NTR", "--from", mine, "--snapshot", "june", json=False)
    told = " ".join(done.stdout.split())
    assert f"snapshot june holds all 2 symbols that {desk.cache} has, 2024-01-02 to 2024-06-13" in told
    assert f"of {mine} and yahoo: MOS, NTR" in told
    assert json.loads(desk.run("NTR", "--from", mine, "--snapshot", "june").stdout)["pinned"] == [
        "MOS",
        "NTR",
    ]
    assert StoreSource(desk.cache, "june").label == f"snapshot:june of {mine}, yahoo"
    assert StoreSource(desk.cache).label == f"cache of {mine}, yahoo"


def test_check_asks_nothing_and_names_what_is_wrong(desk: Desk) -> None:
    desk.world.faults["NTR"] = stand_in.hundredfold("2024-03-01")
    desk.fetch("NTR", "MOS")
    desk.world.asked.clear()
    done = desk.run("--check", "NTR", "MOS")
    assert done.exit_code == 1
    assert not desk.world.asked
    found = json.loads(done.stdout)["findings"]
    assert [(f["symbol"], f["check"], f["severity"]) for f in found] == [("NTR", "unit_switch", "error")]
    assert desk.run("--check", "MOS").exit_code == 0
    assert "unit_switch" in desk.run("--check", "NTR", json=False).stdout


# ----------------------------------------------------------------------------------------------- a folder


def test_a_folder_becomes_the_same_store(desk: Desk, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    rows = "".join(f"2024-01-{d:02d},10,11,9,{10 + d / 100},100\n" for d in (2, 3, 4, 5))
    (folder / "BGEO.L.csv").write_text("Date,Open,High,Low,Close,Volume\n" + rows)
    (folder / "HKD_X.csv").write_text("Date,Close\n2024-01-02,7.8\n2024-01-03,7.81\n")
    (folder / "NTR.csv").write_text("Date,Close\n2024-01-02,oops\n")
    args = ("BGEO.L", "HKD=X", "MOS", "NTR", "--from", f"folder:{folder}")
    symbols = desk.fetch(*args, code=1)
    statuses = {s: r["status"] for s, r in symbols.items()}
    assert statuses == {"BGEO.L": "fetched", "HKD=X": "fetched", "MOS": "unknown", "NTR": "failed"}
    assert "NTR.csv line 2" in symbols["NTR"]["reason"]
    assert not desk.world.asked
    from positioning.data.folder import FolderSource

    theirs, ours = (
        FolderSource(folder).deliver(["BGEO.L"], ["HKD"]),
        StoreSource(desk.cache).deliver(["BGEO.L"], ["HKD"]),
    )
    assert ours.bars["BGEO.L"].digest() == theirs.bars["BGEO.L"].digest()
    assert ours.rates["HKD"].digest() == theirs.rates["HKD"].digest()
    assert ours.bars["BGEO.L"].notices == theirs.bars["BGEO.L"].notices
    assert desk.fetch(*args, code=1)["BGEO.L"]["status"] == "unchanged"


def test_a_file_is_stored_in_spite_of_an_error_that_is_accepted(desk: Desk, tmp_path: Path) -> None:
    days = np.busday_offset("2024-01-02", np.arange(90), roll="forward")
    folder, adjusted = tmp_path / "mine", np.where(np.arange(90) < 60, 97.0, 100.0)
    folder.mkdir()
    rows = "".join(
        f"{d},100,{a},0.0\n" for d, a in zip(days, adjusted, strict=True)
    )  # 3 % paid, and nothing said
    (folder / "NTR.csv").write_text("Date,Close,Adj Close,Dividends\n" + rows)
    args = ("NTR", "--from", f"folder:{folder}")
    reason = desk.fetch(*args, code=1)["NTR"]["reason"]
    assert "--accept NTR:adjusted" in reason
    assert desk.fetch(*args, "--accept", "NTR:adjusted")["NTR"]["rows"] > 80
    for words, said in (
        ((*args, "--accept", "NTR:ajusted"), "Did you mean adjusted?"),
        ((*args, "--accept", "MOS:adjusted"), "no symbol 'MOS' here"),
        (("NTR", "--accept", "NTR:adjusted"), "wanted it with --from folder:DIR or --check"),
    ):
        done = desk.run(*words)
        assert done.exit_code == 2
        assert said in done.stderr
    assert not desk.world.asked


def test_what_is_accepted_does_not_fail_a_check(desk: Desk) -> None:
    desk.world.faults["NTR"] = stand_in.hundredfold("2024-03-01")
    desk.fetch("NTR")
    assert desk.run("NTR", "--check").exit_code == 1
    done = desk.run("NTR", "--check", "--accept", "NTR:unit_switch")
    assert done.exit_code == 0, done.stdout
    (found,) = [f for f in json.loads(done.stdout)["findings"] if f["check"] == "unit_switch"]
    assert found["severity"] == "warning"


def test_a_batch_with_names_that_cannot_be_held_is_refused_with_all_of_them(desk: Desk) -> None:
    done = desk.run("MOS", "HAL.XQ", "NTR", "SAN.XQ", "BRK.B")
    assert done.exit_code == 2
    assert "'HAL.XQ'" in done.stderr
    assert "(and 'SAN.XQ', 'BRK.B'); nothing was asked for" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not desk.world.asked
    assert not list(desk.cache.glob("*.json"))


def test_a_name_the_provider_does_not_know_leaves_the_others_stored(desk: Desk) -> None:
    symbols = desk.fetch("MOS", "ZZZQ", "NTR", code=1)
    assert [symbols[s]["status"] for s in ("MOS", "NTR")] == ["fetched", "fetched"]
    assert symbols["ZZZQ"]["rows"] == 0


# ---------------------------------------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    ("args", "line"),
    [
        (["../../etc/passwd"], "symbol '../../etc/passwd'"),
        (["a/b"], "wanted a Yahoo symbol"),
        (["X" * 300], "wanted a Yahoo symbol"),
        (["US61945C1036"], "is an ISIN"),
        (["MOS", "--start", "2024-13-01"], "--start 2024-13-01"),
        (["MOS", "--end", "2023-01-01"], "start 2024-01-02 after"),
        (["MOS", "--from", "yaho"], "Did you mean yahoo?"),
        (["MOS", "--from", "folder:/no/such"], "is not a folder"),
        (["MOS", "--snapshot", "a/b"], "wanted up to 64 letters"),
    ],
)
def test_bad_input_is_one_line_and_exit_2(desk: Desk, args: list[str], line: str) -> None:
    done = desk.run(*args)
    assert done.exit_code == 2
    assert line in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not done.stdout
    assert not desk.world.asked


def test_no_symbols_means_all_that_the_positions_need(desk: Desk) -> None:
    wanted = fetch.needed(RECORDED)
    assert {"NTR", "MOO", "SPY", "^HSI", "ACWI", "EEM", "HKD=X", "EURUSD=X", "GBPUSD=X", "TRY=X"} <= set(
        wanted
    )
    assert not {"USD=X", "USDUSD=X"} & set(wanted)
    assert len(set(wanted)) == len(wanted)
    desk.world.faults[""] = stand_in.status(429)
    symbols = desk.fetch(code=1)
    assert list(symbols) == wanted


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys\nfrom typer.testing import CliRunner\nfrom positioning.cli.fetch import app\n"
        "assert CliRunner().invoke(app, ['--help']).exit_code == 0\n"
        "heavy = ('numba', 'numpy', 'pandas', 'pyarrow', 'yfinance', 'curl_cffi', 'exchange_calendars')\n"
        "print([m for m in heavy if m in sys.modules])"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "[]"


# --------------------------------------------------------------------------- kills, two at once, full disk

# Imported once by the process that fetches are forked of, and that alone: a fetch costs no start, nor does a kill.
IMPORTS = """
import filelock, pyarrow.parquet, rich.progress
from typer.testing import CliRunner
from positioning.cli import fetch
from positioning.data import cache_source, download, store
from tests.cli import clients
from tests.data.yahoo_stand_in import forget
forget()
CliRunner().invoke(fetch.app, ["--help"])
"""
CHILD = """
import sys
from pathlib import Path
from positioning.cli import fetch
from tests.cli.clients import client
from tests.data.yahoo_stand_in import NOON
cache, url = Path(sys.argv[1]), sys.argv[2]
fetch.now = lambda: NOON
fetch.WAIT = float(sys.argv[3])
fetch.yahoo = lambda cache: client(cache, url)
"""
RUN = "fetch.app(['MOS', 'NTR', 'SPY', '1157.HK', 'YAR.OL', '--cache', str(cache), '--start', '2018-01-02', '--json'])\n"
NAMES = ("MOS", "NTR", "SPY", "1157.HK", "YAR.OL")


@pytest.fixture(scope="module")
def forks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forks]:
    with Forks(tmp_path_factory.mktemp("forks"), IMPORTS, str(ROOT)) as running:
        yield running


# It forks a fetch and kills it.
KILLS = """
import os, random, shutil, signal, time
import numpy as np
from positioning.market.venues import sessions
for venue in ("XNYS", "XHKG", "XOSL"):
    sessions(venue, np.datetime64("2024-06-01"), np.datetime64("2024-06-14"))
rng = random.Random(int(sys.argv[4]))
def forked():
    pid = os.fork()
    if pid:
        return pid
    sys.stdout = sys.stderr = open(os.devnull, "w")
    try:
        RUN
    finally:
        os._exit(0)
began = time.perf_counter(); os.waitpid(forked(), 0); whole = time.perf_counter() - began
lived = []
for kill in range(int(sys.argv[5])):
    if kill % 5 == 0 and os.path.exists(cache):  # five early kills in a row leave none
        shutil.rmtree(cache)
    pid = forked()
    time.sleep(rng.random() * whole)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    from positioning.data.cache_source import StoreSource
    from positioning.errors import DataMissingError
    try:
        source = StoreSource(cache)
    except DataMissingError:
        lived.append(0)
        continue
    bars = source.deliver(list(source.entries), []).bars
    assert {s: b.close[0] for s, b in bars.items()} == {s: FIRST[s] for s in bars}, bars
    assert all(b.dates.size == source.entries[s].rows for s, b in bars.items())
    lived.append(len(bars))
print(lived)
"""


def words(desk: Desk, wait: float) -> tuple[str, ...]:
    """What CHILD is told."""
    return str(desk.cache), desk.world.url, str(wait)


def killed(desk: Desk, forks: Forks, kills: int, seed: int) -> list[int]:
    first = {}
    for symbol in NAMES:
        line = desk.world.lines[symbol]
        first[symbol] = line.close(desk.world.days(line, date(2018, 1, 2))[0])
    code = KILLS.replace("RUN", RUN.strip()).replace("FIRST", repr(first))
    done = forks.run(CHILD + code, ROOT, {**os.environ}, *words(desk, 5), str(seed), str(kills))
    assert done.status == 0, done.err
    lived: list[int] = json.loads(done.out.rpartition("]")[0] + "]")
    last = CliRunner().invoke(
        fetch.app, [*NAMES, "--cache", str(desk.cache), "--start", "2018-01-02", "--json"]
    )
    assert last.exit_code == 0, last.output
    assert {r["last"][:7] for r in json.loads(last.stdout)["symbols"].values()} == {"2024-06"}
    assert not list(desk.cache.rglob("*.part"))
    return lived


def test_four_kills_leave_nothing_that_reads_wrongly(desk: Desk, forks: Forks) -> None:
    assert len(killed(desk, forks, 4, 1)) == 4


@pytest.mark.slow
def test_fifty_kills_leave_nothing_that_reads_wrongly(desk: Desk, forks: Forks, figure: Figure) -> None:
    lived = killed(desk, forks, 50, 2)
    figure(
        "fetch killed at random moments, and the store read each time",
        f"{len(lived)} kills, none read wrongly",
        "50",
    )
    assert len(lived) == 50
    assert len(set(lived)) > 2  # they struck at different stages


def test_two_at_once_lose_nothing(
    desk: Desk, forks: Forks, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = threading.Event()
    desk.world.faults["NTR"] = stand_in.held(free)
    out, err = tmp_path / "out", tmp_path / "err"
    first = forks.begin(CHILD + RUN, ROOT, {**os.environ}, out, err, *words(desk, 0.1))
    until = time.monotonic() + LATEST
    while not any(s == "NTR" for s, _ in desk.world.asked):
        time.sleep(0.02)
        assert time.monotonic() < until, err.read_text()
    declined = desk.run("CF")
    assert declined.exit_code == 2
    assert "another fetch is writing" in declined.stderr
    assert StoreSource(desk.cache).entries.keys() == {"MOS"}  # a reader is not held up
    monkeypatch.setattr(fetch, "WAIT", 60)
    threading.Timer(0.2, free.set).start()  # while it waits
    done = CliRunner().invoke(
        fetch.app, [*NAMES, "--cache", str(desk.cache), "--start", "2018-01-02", "--json"]
    )
    assert done.exit_code == 0, done.stderr
    assert {r["status"] for r in json.loads(done.stdout)["symbols"].values()} == {"unchanged"}
    assert first.wait() == 0, err.read_text()


def test_a_full_disk_is_one_line_and_the_old_data_stay(desk: Desk, forks: Forks) -> None:
    desk.fetch("MOS", "NTR")
    before = read_entries(desk.cache / "manifest.json")
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (40960, 40960))\n"
    full = forks.run(CHILD + limit + RUN, ROOT, {**os.environ}, *words(desk, 0.1))
    assert full.status == 2
    assert "cannot be written (File too large)" in full.err
    assert len(full.err.strip().splitlines()) == 1
    assert read_entries(desk.cache / "manifest.json") == before
    assert StoreSource(desk.cache).deliver(["MOS", "NTR"], []).bars.keys() == {"MOS", "NTR"}


def test_like_failures_are_one_line_and_a_snapshot_of_nothing_is_not_made(desk: Desk) -> None:
    names = ("MOS", "NTR", "SPY", "1157.HK")
    desk.fetch(*names)
    desk.world.now += timedelta(days=3)
    desk.world.faults[""] = stand_in.empty
    done = desk.run(*names, "--snapshot", "june", json=False)
    assert done.exit_code == 1
    assert done.stdout.count("an outage?") == 1
    assert "4 symbols, MOS, NTR, SPY, 1157.HK: " in " ".join(done.stdout.split())
    assert "snapshot june was not made" in done.stderr
    assert not list(desk.cache.rglob("june*"))


def test_a_folder_that_lacks_names_is_no_outage(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.csv").write_text("Date,Close\n2024-01-02,1.0\n", encoding="utf-8")
    names = ("MOS", "NTR", "SPY", "1157.HK")
    done = desk.run(*names, "--from", f"folder:{tmp_path / 'mine'}", json=False)
    assert done.exit_code == 1, done.output
    assert "outage" not in done.output
    assert done.stdout.count("is not in") == 1
