"""A thesis brings instruments of its own: symbols that nobody could guess a venue from are loaded, checked, studied,
searched, stressed, fetched and restricted by what its instruments.csv says."""

from __future__ import annotations

import json
import pickle
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import positioning
from positioning.cli import check, event_study, fetch, grid_search, listing, run, screen, stress, today
from positioning.cli.strategies import known_instruments
from positioning.data.folder import FolderSource
from positioning.data.recording import RecordingSource
from positioning.data.sample import SampleSource
from positioning.errors import BadInputError
from positioning.events.thesis_file import read_thesis
from positioning.market.instruments import RECORDED, Instruments, read_instruments
from positioning.market.load import load
from positioning.market.venues import has_calendar, sessions
from tests.builders import THESIS

HEAD = (
    "symbol,name,venue,currency,quoted_in,kind,incorporated,listed,delisted,exit_price,exit_currency,source\n"
)
# None of these could be inferred: bare digits, and suffixes that Yahoo gives to venues which are not covered.
ROWS = (
    "7203,Toyota,XTKS,JPY,JPY,share,JP,2019-04-01,,,,annual report\n"
    "LUX.QA,A Luxembourg line,XLUX,EUR,,receipt,LU,,2024-06-28,11.5,EUR,prospectus\n"
    "PNC.VN,A line in pence,XLON,GBP,GBX,fund,IE,,,,,fact sheet\n"
)
STRATEGY = """
from dataclasses import dataclass
from typing import ClassVar
from positioning import Basket

@dataclass(frozen=True)
class Own(Basket):
    '''Own names.'''
    name: ClassVar[str] = "own"
    theme: ClassVar[str] = "cars"
    benchmark: ClassVar[str] = "LUX.QA"
    caveat: ClassVar[str] = "None."
    legs: tuple[str, ...] = ("7203", "LUX.QA")
    hedge: str = "PNC.VN"
"""
EVENTS = (
    "id,announced,title,issuer,instrument,direction,severity,themes,sign_cars,follows,source,confidence\n"
    + "".join(
        f"E{n},{2020 + n % 5}-0{1 + n % 9}-1{n % 9},News {n},I,N,tighten,{3 + n % 3},cars,1,,S,high\n"
        for n in range(12)
    )
)
SCENARIOS = """
[[scenario]]
name = "all"
probability = 1.0
origin = "assumption: an example"
[[scenario.shock]]
target = "instrument:7203"
jump = -0.1
[[scenario.shock]]
target = "theme:cars"
jump = -0.05
"""


@pytest.fixture(scope="module")
def thesis(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("own")
    (place / "thesis.toml").write_text(
        'title = "Cars"\npublished = 2024-01-15\ncomplete_until = 2025-12-31\n'
        '[sleeves.cars]\nwords = "Cars."\nbenchmark = "LUX.QA"\n'
    )
    (place / "events.csv").write_text(EVENTS)
    (place / "instruments.csv").write_text(HEAD + ROWS)
    (place / "universe.csv").write_text(
        "symbol,theme,role,fit,reason\n7203,cars,long,5,Makes cars\nLUX.QA,cars,long,3,Owns makers\n"
    )
    (place / "restrictions.csv").write_text(
        "symbol,announced,effective,kind,ground,recovery,reason,source\n7203,2023-03-01,,no_buy,designated,,Listed,S\n"
    )
    (place / "scenarios").mkdir()
    (place / "scenarios" / "one.toml").write_text(SCENARIOS)
    (place / "own.py").write_text(STRATEGY)
    return place


@pytest.mark.parametrize(
    ("app", "words"),
    [
        (run.app, ("--placebo", "0", "--no-quantstats", "--accept", "LUX.QA:jump")),
        (grid_search.app, ("--grid", "half_life=5,20", "--accept", "7203:jump")),
        (event_study.app, ("7203", "--placebo", "0")),
        (stress.app, ("--paths", "10", "--horizon", "30", "--workers", "1", "--history", "200")),
        (check.app, ("--cuts", "2")),
        (today.app, ()),
        (listing.app, ()),
    ],
    ids=["run", "grid_search", "event_study", "stress", "check", "today", "list"],
)
def test_every_command_takes_the_instruments_of_the_thesis(
    app: object, words: tuple[str, ...], thesis: Path, tmp_path: Path
) -> None:
    out = [] if app is check.app else ["--out", str(tmp_path)]
    typed = [str(thesis / "own.py"), *words, "--thesis", str(thesis), *out, "--json"]
    ran = CliRunner().invoke(app, typed)  # type: ignore[arg-type]
    assert ran.exit_code == 0, ran.output
    assert json.loads(ran.stdout)
    pages = "".join(p.read_text(encoding="utf-8") for p in tmp_path.glob("*.html"))
    assert "is not in the instrument table" not in pages


def test_a_market_is_what_the_rows_say(thesis: Path) -> None:
    facts = read_thesis(thesis)
    market = load(SampleSource().knowing(facts), ["7203", "LUX.QA", "PNC.VN"])
    venues = [(i.venue, i.currency, i.quoted_in, i.kind, i.recorded) for i in market.instruments]
    assert venues == [
        ("XTKS", "JPY", "JPY", "share", True),
        ("XLUX", "EUR", "EUR", "receipt", True),
        ("XLON", "GBP", "GBX", "fund", True),
    ]
    tokyo = market.rows[market.venue_open[:, 0]]
    np.testing.assert_array_equal(tokyo, sessions("XTKS", market.rows[0], market.rows[-1]))
    ends = market.rows[market.tradable[:, 1]][-1]
    assert ends == np.datetime64("2024-06-28")
    with pytest.raises(BadInputError, match="symbol '7203'"):
        load(SampleSource(), ["7203"])


def test_a_folder_reads_pence_as_the_row_says_and_two_theses_do_not_share_what_was_read(
    thesis: Path, tmp_path: Path
) -> None:
    days = sessions("XLON", np.datetime64("2024-01-02"), np.datetime64("2024-03-28"))
    (tmp_path / "PNC.VN.csv").write_text(
        "Date,Close\n" + "".join(f"{d},{250 + n}\n" for n, d in enumerate(days))
    )
    source = FolderSource(tmp_path).knowing(read_thesis(thesis))
    assert source.deliver(["PNC.VN"], ()).bars["PNC.VN"].close[0] == pytest.approx(
        2.50, rel=1e-12
    )  # of pence
    other = tmp_path / "instruments.csv"
    other.write_text(HEAD + ROWS.replace("GBP,GBX", "GBP,GBP"))
    assert (
        source.knowing(replace(THESIS, instruments=read_instruments(other)))
        .deliver(["PNC.VN"], ())
        .bars["PNC.VN"]
        .close[0]
        == 250.0
    )


def test_prices_of_own_symbols_are_stored_and_checked(thesis: Path, tmp_path: Path) -> None:
    folder, cache = tmp_path / "files", tmp_path / "cache"
    folder.mkdir()
    days = sessions("XTKS", np.datetime64("2024-01-04"), np.datetime64("2024-12-30"))
    walk = 2000 + np.cumsum(np.random.default_rng(1).normal(0, 5, days.size))
    (folder / "7203.csv").write_text(
        "Date,Close\n" + "".join(f"{d},{c:.1f}\n" for d, c in zip(days, walk, strict=True))
    )
    typed = ["7203", "--from", f"folder:{folder}", "--cache", str(cache), "--thesis", str(thesis), "--json"]
    ran = CliRunner().invoke(fetch.app, typed)
    assert ran.exit_code == 0, ran.output
    assert json.loads(ran.stdout)["symbols"]["7203"]["rows"] == days.size
    seen = CliRunner().invoke(
        fetch.app, ["7203", "--check", "--cache", str(cache), "--thesis", str(thesis), "--json"]
    )
    told = json.loads(seen.stdout)["findings"]
    assert not [f for f in told if f["check"] in ("gap", "calendar")]  # Tokyo's sessions, not New York's


def test_a_fetch_reads_no_more_of_a_thesis_than_its_instruments(
    thesis: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "broken"
    broken.mkdir()
    for name in ("thesis.toml", "instruments.csv"):
        (broken / name).write_bytes((thesis / name).read_bytes())
    (broken / "events.csv").write_text("not a record")
    assert known_instruments(str(broken)).of("7203").venue == "XTKS"
    with pytest.raises(BadInputError, match=r"holds no thesis\.toml"):
        known_instruments(str(tmp_path))
    (tmp_path / "instruments.csv").write_text("a file of another's, beside which one stands")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("positioning.cli.strategies.workshop", lambda: None)
    assert known_instruments(None) == RECORDED


def test_own_names_are_screened(thesis: Path, tmp_path: Path) -> None:
    listing_file = tmp_path / "list.csv"
    listing_file.write_text("name,program\nTOYOTA MOTOR CORPORATION,X\nA Luxembourg line,X\n")
    typed = [str(listing_file), "--thesis", str(thesis), "--out", str(tmp_path / "out"), "--json"]
    ran = CliRunner().invoke(screen.app, typed)
    assert ran.exit_code == 0, ran.output
    assert "LUX.QA" in ran.stdout


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("7203,Toyota,XTKX,JPY,,share,,,,,,S", "line 2: venue 'XTKX'"),
        ("7203,Toyota,XTAE,ILS,ILA,share,,,,,,S", "line 2: venue XTAE (Tel Aviv)"),
        ("7203,Toyota,XTKS,Yen,,share,,,,,,S", "line 2: currency 'Yen'"),
        ("7203,Toyota,XTKS,JPY,GBX,share,,,,,,S", "line 2: quoted_in 'GBX'"),
        ("7203,Toyota,XTKS,JPY,,stock,,,,,,S", "line 2: kind 'stock'"),
        ("7203,Toyota,XTKS,JPY,,share,,2019,,,,S", "line 2: listed '2019'"),
        ("7203,Toyota,XTKS,JPY,,share,,,,5,,S", "line 2: exit_price 5"),
        ("7203,Toyota,XTKS,JPY,,share,,,,,,", "line 2: source is empty"),
        ("7203,,XTKS,JPY,,share,,,,,,S", "line 2: name is empty"),
        ("../x,Toyota,XTKS,JPY,,share,,,,,,S", "line 2: symbol '../x'"),
        ("HKD=X,Dollars,XTKS,JPY,,share,,,,,,S", "line 2: symbol 'HKD=X'"),
        (
            "MOS,Mosaic,XTKS,JPY,,share,,,,,,S",
            "line 2: MOS is on record with the engine as a share of XNYS in USD",
        ),
        ("7203,T,XTKS,JPY,,share,,,,,,S\n7203,T,XTKS,JPY,,share,,,,,,S", "line 3: symbol '7203' again"),
        ("7203,Toyota,XTKS", "line 2: fewer cells"),
    ],
)
def test_a_bad_row_is_refused_in_one_line_with_file_and_line(row: str, told: str, tmp_path: Path) -> None:
    file = tmp_path / "instruments.csv"
    file.write_text(f"{HEAD}{row}\n")
    with pytest.raises(BadInputError) as caught:
        read_instruments(file)
    assert f"{file} {told}" in str(caught.value).replace("…", "")
    assert "\n" not in str(caught.value)


def test_a_row_may_repeat_what_the_engine_has_and_adds_what_it_says(tmp_path: Path) -> None:
    file = tmp_path / "instruments.csv"
    file.write_text(
        "Symbol;Name;Venue;Currency;Kind;Listed;Source\nMOS;Mosaic;XNYS;USD;share;2004-10-25;annual report\n"
    )
    known = read_instruments(file)
    assert str(known.of("MOS").listed) == "2004-10-25"
    assert RECORDED.of("MOS").listed is None  # nothing else moved
    assert known.of("NTR") == RECORDED.of("NTR")
    assert len(list(known)) == len(list(RECORDED))


def test_the_record_is_a_value(thesis: Path) -> None:
    facts = read_thesis(thesis)
    known = facts.instruments
    assert pickle.loads(pickle.dumps(known)) == known  # noqa: S301
    assert known != RECORDED == Instruments()
    assert hash(known) != hash(RECORDED)
    witness = RecordingSource(SampleSource())
    told = witness.knowing(facts)
    told.deliver(["7203"], ["JPY"])
    assert set(witness.digests) == {"7203", "JPY=X"}  # who asks another of it, asks it
    assert (witness.instruments, told.instruments) == (RECORDED, known)


def test_the_digest_of_a_thesis_holds_its_instruments(thesis: Path, tmp_path: Path) -> None:
    for name in ("thesis.toml", "events.csv", "universe.csv", "instruments.csv"):
        (tmp_path / name).write_bytes((thesis / name).read_bytes())
    same = read_thesis(tmp_path).digest
    (tmp_path / "instruments.csv").write_text(HEAD + ROWS.replace("Toyota", "Toyota Motor"))
    assert read_thesis(tmp_path).digest != same
    assert same == read_thesis(thesis).digest


@pytest.mark.parametrize("mic", ["XBDA", "XBRA", "XLJU", "XLUX", "XZAG"])
def test_smaller_venues_have_calendars(mic: str) -> None:
    assert has_calendar(mic)
    assert 240 <= sessions(mic, np.datetime64("2024-01-01"), np.datetime64("2024-12-31")).size <= 262


def test_the_engine_asks_the_record_at_hand_and_never_its_own_alone() -> None:
    engine = Path(positioning.__file__ or "").parent
    own = engine / "market" / "instruments.py"
    files = {
        f.relative_to(engine).as_posix(): f.read_text(encoding="utf-8")
        for f in engine.rglob("*.py")
        if f != own
    }
    asking = [
        name
        for name, text in files.items()
        if re.search(r"instruments import .*\b(instrument|table)\b", text)
    ]
    assert asking == []
