"""The store: names, writing, verification, snapshots, what is kept of a new answer, and the source made of it."""

from __future__ import annotations

import hashlib
import resource
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_benchmark.fixture import BenchmarkFixture

from positioning.data import store as store_module
from positioning.data.cache_source import StoreSource
from positioning.data.manifest import file_name, fingerprint, read_entries, write_durably
from positioning.data.series import (
    COLUMNS,
    Series,
    adjusted,
    against_provider,
    decode,
    encode,
    joined,
    restated,
    suspect,
)
from positioning.data.store import Store
from positioning.errors import BadInputError, DataMissingError
from positioning.market.load import load
from positioning.market.venues import sessions
from tests.data.entries import ENTRY

ROOT = Path(__file__).parents[2]


def series(
    days: int = 30, close: float = 20.0, first: str = "2024-01-02", **given: Mapping[int, float]
) -> Series:
    """Weekday rows of a slow climb; `given` sets single cells of a column by row."""
    dates = np.busday_offset(first, np.arange(days), roll="forward").astype("M8[D]")
    level = close * (1 + 0.001 * np.arange(days))
    columns = dict.fromkeys(("open", "high", "low", "close", "adj_close"), level)
    columns |= {"volume": np.full(days, 1e6)} | {n: np.zeros(days) for n in ("dividends", "splits", "gains")}
    out = Series(dates, {k: columns[k].copy() for k in COLUMNS}, np.zeros(days, dtype="U1"))
    for column, cells in given.items():
        for row, value in cells.items():
            out[column][row] = value
    return out


def copied(s: Series) -> Series:
    return s.cut(np.ones(s.dates.size, dtype=np.bool_))


def stored(cache: Path, **by_symbol: Series) -> None:
    with Store.writing(cache, 0) as store:
        for symbol, s in by_symbol.items():
            store.put(s, replace(ENTRY, symbol=symbol))


# ------------------------------------------------------------------------------------------------ names

NASTY = (
    "^HSI",
    "EURUSD=X",
    "../../etc/passwd",
    "a/b",
    "X" * 300,
    "..",
    ".",
    "",
    "a\\b",
    "a\0b",
    "CON",
    "~",
    "É" * 90,
    "%2F",
)


def test_names_stay_in_the_store_and_tell_symbols_apart(tmp_path: Path) -> None:
    names = [file_name(s, "0" * 64) for s in NASTY]
    assert len(set(names)) == len(NASTY)
    assert names[:2] == ["^HSI-0000000000000000.parquet", "EURUSD=X-0000000000000000.parquet"]
    with Store.writing(tmp_path / "cache", 0) as store:
        for symbol in NASTY:
            entry = store.put(series(), replace(ENTRY, symbol=symbol))
            assert store.path(entry).resolve().parent == (tmp_path / "cache" / "prices").resolve()
            assert store.read(entry) is not None
    assert set(Store.reading(tmp_path / "cache").entries) == set(NASTY)
    assert [p.name for p in tmp_path.iterdir()] == ["cache"]


@given(st.text(max_size=300))
def test_any_text_makes_a_plain_name(symbol: str) -> None:
    name = file_name(symbol, "a" * 64)
    assert Path(name).name == name
    assert not name.startswith(".")
    assert len(name.encode()) <= 255


def test_an_edited_manifest_leads_nowhere(tmp_path: Path) -> None:
    stored(tmp_path, MOS=series())
    manifest = tmp_path / "manifest.json"
    text = manifest.read_text()
    manifest.write_text(text.replace('"file": "MOS', '"file": "../../MOS'))
    with pytest.raises(BadInputError, match=r"manifest.json cannot be read"):
        Store.reading(tmp_path)
    manifest.write_text(text[:100])
    with pytest.raises(BadInputError, match="sets it aside"):
        StoreSource(tmp_path)
    with Store.writing(tmp_path, 0) as store:
        assert not store.entries
    assert len(list((tmp_path / "quarantine").glob("manifest-*"))) == 1


# ---------------------------------------------------------------------------------------------- round trip


def test_a_round_trip_keeps_every_bit_and_equal_rows_give_one_hash(tmp_path: Path) -> None:
    s = series(close=1 / 3)
    s["open"][3] = np.nan
    back = decode(encode(s))
    np.testing.assert_array_equal(back.dates, s.dates)
    for name in COLUMNS:
        np.testing.assert_array_equal(back[name], s[name])
    assert encode(back) == encode(s)
    foreign = Series(s.dates, s.columns, np.array(["CNY"] + [""] * 29))
    assert decode(encode(foreign)).paid_in.tolist() == foreign.paid_in.tolist()
    stored(tmp_path, MOS=s)
    entry = Store.reading(tmp_path).entries["MOS"]
    data = (tmp_path / "prices" / entry.file).read_bytes()
    assert hashlib.sha256(data).hexdigest() == entry.sha256
    assert (entry.first, entry.rows, entry.unit, entry.library) == ("2024-01-02", 30, "USD", "yfinance 1.7.0")
    assert read_entries(tmp_path / "manifest.json") == {"MOS": entry}


# ------------------------------------------------------------------------------------------------- writing


def test_an_interrupted_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "f"
    write_durably(target, b"old")

    def broken(fd: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", broken)
    with pytest.raises(BadInputError, match=r"No space left on device.*stored before is intact"):
        write_durably(target, b"new")
    assert [p.name for p in tmp_path.iterdir()] == ["f"]
    assert target.read_bytes() == b"old"


def test_a_full_disk_ends_in_one_line_and_the_old_data_stay(tmp_path: Path) -> None:
    stored(tmp_path, MOS=series())
    before = {p.name: p.read_bytes() for p in (tmp_path / "prices").iterdir()}
    code = (
        "import resource, sys; from pathlib import Path; from tests.data.test_store import *\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192))\n"
        "try: stored(Path(sys.argv[1]), MOS=series(3000), NTR=series(3000))\n"
        "except BadInputError as error: print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    assert "File too large" in done.stdout
    assert len(done.stdout.splitlines()) == 1
    assert {p.name: p.read_bytes() for p in (tmp_path / "prices").iterdir()} == before
    assert StoreSource(tmp_path).deliver(["MOS"], []).bars["MOS"].dates.size == 30
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY


def test_two_writers_one_declines(tmp_path: Path) -> None:
    with (
        Store.writing(tmp_path, 0),
        pytest.raises(BadInputError, match="another fetch is writing"),
        Store.writing(tmp_path, 0.05),
    ):
        pass
    with Store.writing(tmp_path, 0):
        pass


def test_a_reader_keeps_its_state_while_a_writer_replaces_it(tmp_path: Path) -> None:
    stored(tmp_path, MOS=series())
    with Store.writing(tmp_path, 0) as store:
        source = StoreSource(tmp_path)  # readers are not blocked
        store.put(series(close=40), replace(ENTRY, symbol="MOS"))
        store.prune()
        assert source.deliver(["MOS"], []).bars["MOS"].close[0] == 20
        assert StoreSource(tmp_path).deliver(["MOS"], []).bars["MOS"].close[0] == 40


def test_old_versions_go_unless_pinned(tmp_path: Path) -> None:
    stored(tmp_path, MOS=series(), NTR=series())
    with Store.writing(tmp_path, 0) as store:
        store.pin("kept")
        store.put(series(close=30), replace(ENTRY, symbol="MOS"))
        store.put(series(close=40), replace(ENTRY, symbol="MOS"))
        assert len(list((tmp_path / "prices").iterdir())) == 4
        store.prune(age=-1)
        files = {p.name for p in (tmp_path / "prices").iterdir()}
        pinned = read_entries(tmp_path / "snapshots" / "kept.json")
        assert files == {e.file for e in (*store.entries.values(), *pinned.values())}
        assert len(files) == 3


# ---------------------------------------------------------------------------------------- verified reading


@pytest.mark.parametrize("damage", ["flip", "truncate", "remove"])
def test_a_damaged_file_is_never_read_and_named_with_its_repair(tmp_path: Path, damage: str) -> None:
    stored(tmp_path, MOS=series(), NTR=series())
    path = Store.reading(tmp_path).path(Store.reading(tmp_path).entries["MOS"])
    data = bytearray(path.read_bytes())
    data[200] ^= 1
    {
        "flip": lambda: path.write_bytes(data),
        "truncate": lambda: path.write_bytes(data[:99]),
        "remove": path.unlink,
    }[damage]()
    source = StoreSource(tmp_path)
    for _ in range(2):
        with pytest.raises(DataMissingError, match=r"MOS: its file is .* fetch it again: `fetch MOS`$"):
            source.deliver(["NTR", "MOS"], [])
    assert (tmp_path / "quarantine" / path.name).exists() == (damage != "remove")
    assert list(source.deliver(["NTR"], []).bars) == ["NTR"]


def test_a_snapshot_pins_and_refuses_what_changed(tmp_path: Path) -> None:
    stored(tmp_path, MOS=series())
    with Store.writing(tmp_path, 0) as store:
        store.pin("june")
        store.pin("june")
        was = fingerprint(store.entries)
        store.put(series(close=30), replace(ENTRY, symbol="MOS"))
        with pytest.raises(BadInputError, match="june exists and pins other prices"):
            store.pin("june")
    source = StoreSource(tmp_path, "june")
    assert source.label == "snapshot:june"
    assert fingerprint(source.entries) == was
    assert source.deliver(["MOS"], []).bars["MOS"].close[0] == 20
    path = tmp_path / "prices" / source.entries["MOS"].file
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(DataMissingError, match="MOS is not what snapshot june pinned"):
        StoreSource(tmp_path, "june").deliver(["MOS"], [])
    assert StoreSource(tmp_path).deliver(["MOS"], []).bars["MOS"].close[0] == 30
    with pytest.raises(BadInputError, match=r"no snapshot jun in .*Did you mean june"):
        StoreSource(tmp_path, "jun")
    with pytest.raises(BadInputError, match="wanted up to 64 letters"):
        StoreSource(tmp_path, "../june")


def test_nothing_stored_says_what_to_type_and_never_simulates(tmp_path: Path) -> None:
    with pytest.raises(DataMissingError, match=r"what `fetch` downloads.*the sample market needs none"):
        StoreSource(tmp_path / "none")
    stored(tmp_path, MOS=series())
    source = StoreSource(tmp_path)
    assert not source.simulated
    assert not source.deliver(["NTR"], ["HKD"]).bars
    source.require(["MOS"], [], np.datetime64("2024-06-13"))
    for symbols, currencies, end in (
        (["NTR"], [], None),
        (["MOS"], ["HKD"], None),
        (["MOS"], [], "2024-06-14"),
    ):
        day = None if end is None else np.datetime64(end)
        with pytest.raises(
            DataMissingError, match=r"is not stored.*`fetch (NTR|HKD=X|MOS)`.*the sample market"
        ):
            source.require(symbols, currencies, day)


# -------------------------------------------------------------------------------------- bars out of the rows


def test_pence_become_pounds_and_rates_either_way_round(tmp_path: Path) -> None:
    with Store.writing(tmp_path, 0) as store:
        store.put(series(close=4000, dividends={5: 25.0}), replace(ENTRY, symbol="BGEO.L", unit="GBp"))
        store.put(series(close=7.8), replace(ENTRY, symbol="HKD=X", unit="HKD"))
        store.put(series(close=1.25), replace(ENTRY, symbol="GBPUSD=X", unit="USD"))
        store.put(
            series(close=0.1, days=10), replace(ENTRY, symbol="NOK=X", unit="USD per NOK", source="folder:x")
        )
    source = StoreSource(tmp_path)
    delivery = source.deliver(["BGEO.L"], ["HKD", "GBP", "NOK", "TRY"])
    bars = delivery.bars["BGEO.L"]
    assert bars.close[0] == 40.0
    assert bars.dividends[5] == 0.25
    assert {c: round(float(r.usd[0]), 9) for c, r in delivery.rates.items()} == {
        "HKD": round(1 / 7.8, 9),
        "GBP": 1.25,
        "NOK": 0.1,
    }
    assert source.quoted(["BGEO.L", "NOK=X", "MOS"]) == {"BGEO.L": "GBp"}


def test_a_dividend_in_another_currency_is_converted_and_flagged(tmp_path: Path) -> None:
    paying = series(close=10, dividends={5: 0.48, 9: 0.1})
    paying = Series(paying.dates, paying.columns, np.array(["CNY" if n == 5 else "" for n in range(30)]))
    with Store.writing(tmp_path, 0) as store:
        store.put(paying, replace(ENTRY, symbol="0144.HK", unit="HKD"))
        store.put(series(close=7.8), replace(ENTRY, symbol="HKD=X", unit="HKD"))
    bars = StoreSource(tmp_path).deliver(["0144.HK"], ["HKD"]).bars["0144.HK"]
    assert bars.dividends[5] == 0
    assert "1 left out, since no rate of it is stored" in bars.notices[0].text
    with Store.writing(tmp_path, 0) as store:
        store.put(series(close=7.2), replace(ENTRY, symbol="CNY=X", unit="CNY"))
    bars = StoreSource(tmp_path).deliver(["0144.HK"], ["HKD"]).bars["0144.HK"]
    assert bars.dividends[5] == pytest.approx(0.48 * 7.8 / 7.2, rel=1e-12)  # both rates climb alike
    assert bars.dividends[9] == 0.1
    assert "1 dividends (first 2024-01-09) were declared in CNY, not HKD: converted" in bars.notices[0].text


def test_prices_at_or_below_zero_become_gaps_and_errors(tmp_path: Path) -> None:
    stored(tmp_path, MOS=series(low={3: -1.0}, open={4: 0.0}))
    source = StoreSource(tmp_path)
    bars = source.deliver(["MOS"], []).bars["MOS"]
    assert np.isnan(bars.low[3])
    assert np.isnan(bars.open[4])
    (found,) = source.findings(["MOS"])
    assert (found.check, found.severity, str(found.first)) == ("price", "error", "2024-01-05")


def test_adjusted_closes_by_hand_and_against_the_provider(tmp_path: Path) -> None:
    s = series(days=4, close=100, dividends={1: 1.0, 3: 2.0})
    s["close"][:] = [100, 99, 98, 96]
    wanted = [100 * 0.99 * (1 - 2 / 98), 99 * (1 - 2 / 98), 98 * (1 - 2 / 98), 96]
    np.testing.assert_allclose(adjusted(s), wanted, rtol=1e-12)
    s["adj_close"][:] = np.array(wanted) * 1.5  # only the ratio of rows counts
    assert against_provider(s) is None
    s["adj_close"][0] *= 1.003
    apart = against_provider(s)
    assert apart is not None
    assert (str(apart[0]), str(apart[1])) == ("2024-01-02", "2024-01-02")
    assert "differ by up to 0.30%" in apart[2]
    s["adj_close"][:] = np.nan
    stored(tmp_path, MOS=s)
    (found,) = StoreSource(tmp_path).findings(["MOS"])
    assert (found.check, found.severity) == ("adjusted", "warning")
    assert "no adjusted closes were delivered" in found.seen


# ------------------------------------------------------------------------------------- what an answer may do


def test_joining_and_what_counts_as_restated() -> None:
    old = series(30)
    tail = series(40).cut(np.arange(40) >= 20)
    assert restated(old, tail) == ""
    whole = joined(old, tail)
    np.testing.assert_array_equal(whole["close"], series(40)["close"])
    np.testing.assert_array_equal(whole.dates, series(40).dates)
    noisy = copied(tail)
    noisy["adj_close"][:] *= 1 + 2e-6  # the provider's late digits
    assert restated(old, noisy) == ""
    for column, factor, text in (
        ("close", 0.25, "closes differ"),
        ("adj_close", 0.9997, "adjusted closes differ"),
    ):
        changed = copied(tail)
        changed[column][:] *= factor
        assert restated(old, changed).startswith(text)
    late = copied(tail)
    late["dividends"][2] = 0.2
    assert restated(old, late).startswith("dividends differ from 2024-02-01")
    lacking = tail.cut(np.arange(20) != 3)
    assert restated(old, lacking) == ""
    np.testing.assert_array_equal(joined(old, lacking)["close"], series(40)["close"])  # the stored row stays
    assert restated(old, tail.cut(np.arange(20) > 3)) == ""  # it begins later
    gone = restated(old, tail.cut(~np.isin(np.arange(20), [3, 4, 5])))
    assert gone.startswith("3 stored rows are gone (first 2024-02-02)")


def test_what_must_not_replace_stored_rows() -> None:
    old = series(100)
    assert suspect(old, series(105)) == ""
    assert "has 50 of 100 stored rows" in suspect(old, series(50))
    assert "100 times off the stored ones" in suspect(old, series(105, close=2000))
    jump = series(105)
    jump["close"][102:] *= 100
    assert "is 100 times off the one before" in suspect(old, jump)
    reverse = series(105, close=2000, splits={101: 0.01})  # all on the new basis
    assert suspect(old, reverse) == ""
    half = series(105, splits={102: 4.0})
    half["close"][102:] /= 4
    assert "closes before it are not on its basis" in suspect(old, half)
    done = series(105, close=5, splits={102: 4.0})
    assert suspect(old, done) == ""


# ------------------------------------------------------------------------------------------------- figures


def filled(cache: Path, count: int = 40) -> list[str]:
    """Eight years of `count` names on two venues, and a currency."""
    symbols = [s for n in range(count // 2) for s in (f"NAME{n}", f"{n + 100:04d}.HK")]
    rng = np.random.default_rng(1)
    first, last = np.datetime64("2018-01-02"), np.datetime64("2025-12-31")
    with Store.writing(cache, 0) as store:
        for symbol in [*symbols, "HKD=X"]:
            dates = np.asarray(sessions("XHKG" if "HK" in symbol else "XNYS", first, last))
            walk = np.exp(np.cumsum(rng.normal(0, 0.01, dates.size)))
            close = np.full(dates.size, 7.8) if symbol == "HKD=X" else 20 * walk
            columns = {k: close * (1 if k != "volume" else 1e4) for k in COLUMNS}
            columns |= {
                "dividends": np.where(np.arange(dates.size) % 63 == 9, 0.1, 0),
                "splits": np.zeros(dates.size),
                "gains": np.zeros(dates.size),
            }
            unit = "HKD" if "HK" in symbol else "USD"
            s = Series(dates, {k: columns[k] for k in COLUMNS}, np.zeros(dates.size, dtype="U1"))
            store.put(s, replace(ENTRY, symbol=symbol, unit=unit, through="2025-12-31"))
    return symbols


def test_forty_symbols_of_eight_years_become_a_market(tmp_path: Path, benchmark: BenchmarkFixture) -> None:
    symbols = filled(tmp_path)
    market = benchmark(lambda: load(StoreSource(tmp_path), symbols))
    assert market.rows.size > 2000
    assert len(market.symbols) == 40


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="measured by Linux's /proc")
def test_reading_them_takes_under_300_megabytes(tmp_path: Path) -> None:
    symbols = filled(tmp_path)
    code = (
        "import sys; from pathlib import Path\n"
        "from positioning.market.load import load; from positioning.data.cache_source import StoreSource\n"
        "for _ in range(3): load(StoreSource(Path(sys.argv[1])), sys.argv[2:])\n"
        "status = Path('/proc/self/status').read_text().split()\n"  # ru_maxrss would count the parent's too
        "print(int(status[status.index('VmHWM:') + 1]) / 1024)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path), *symbols],
        cwd=ROOT, capture_output=True, text=True, check=True, timeout=300,
    )  # fmt: skip
    assert float(done.stdout) < 300


# ----------------------------------------------------------------------------------------------- journal


def test_a_fetch_of_many_writes_the_manifest_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[int] = []
    whole = store_module.write_durably

    def counted(path: Path, data: bytes) -> None:
        if path.name == "manifest.json":
            written.append(len(data))
        whole(path, data)

    monkeypatch.setattr(store_module, "write_durably", counted)
    names = [f"S{k}" for k in range(40)]
    stored(tmp_path, **dict.fromkeys(names, series()))
    assert len(written) == 1
    assert not (tmp_path / "journal.jsonl").exists()
    assert set(Store.reading(tmp_path).entries) == set(names)


def killed(tmp_path: Path) -> tuple[Path, bytes]:
    """A cache with MOS in the manifest and NTR and SPY in the journal of a writer that was killed; the journal."""
    stored(tmp_path, MOS=series())
    with Store.writing(tmp_path, 0) as store:
        for symbol in ("NTR", "SPY"):
            store.put(series(), replace(ENTRY, symbol=symbol))
        whole = (tmp_path / "journal.jsonl").read_bytes()
        before = (tmp_path / "manifest.json").read_bytes()
    (tmp_path / "manifest.json").write_bytes(before)
    (tmp_path / "journal.jsonl").write_bytes(whole)
    return tmp_path / "journal.jsonl", whole


def test_what_a_killed_fetch_stored_is_read_and_goes_into_the_manifest(tmp_path: Path) -> None:
    journal, _ = killed(tmp_path)
    assert set(Store.reading(tmp_path).entries) == {"MOS", "NTR", "SPY"}
    with Store.writing(tmp_path, 0) as store:
        assert set(store.entries) == {"MOS", "NTR", "SPY"}
    assert not journal.exists()
    assert set(read_entries(tmp_path / "manifest.json")) == {"MOS", "NTR", "SPY"}


def test_a_journal_torn_anywhere_gives_whole_lines_alone(tmp_path: Path) -> None:
    journal, whole = killed(tmp_path)
    ends = [k + 1 for k, byte in enumerate(whole) if byte == ord("\n")]
    for size in {0, 1, *(e + d for e in ends for d in (-40, -1, 0)), len(whole)}:
        journal.write_bytes(whole[:size])
        lines = sum(e <= size for e in ends)
        assert len(Store.reading(tmp_path).entries) == 1 + max(lines - 1, 0)


@pytest.mark.parametrize("edit", ["entry", "other manifest"])
def test_an_edited_journal_is_never_believed(tmp_path: Path, edit: str) -> None:
    journal, whole = killed(tmp_path)
    if edit == "entry":
        journal.write_bytes(whole.replace(b'"unit": "USD"', b'"unit": "GBp"'))
    else:
        (tmp_path / "manifest.json").unlink()
    assert set(Store.reading(tmp_path).entries) == ({"MOS"} if edit == "entry" else set())
