"""Whatever stands in a file that is given, it is read, or refused in one line; no other error comes out."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import typer
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import positioning
from positioning.cli.config import _options
from positioning.data.folder import FolderSource
from positioning.errors import BadInputError, DataMissingError
from positioning.events.restriction import read_restrictions
from positioning.events.thesis_file import read_thesis
from positioning.market.instruments import read_instruments
from positioning.screening.decisions import read_decisions
from positioning.screening.screen import screen
from positioning.screening.universe import from_file
from positioning.simulation.cash import read_cash
from positioning.simulation.fees import read_fees
from tests.builders import Figure

RECORD = Path(__file__).parents[1] / "strategies" / "record"
PRICES = "Date,Open,High,Low,Close,Adj Close,Volume,Dividends,Stock Splits\n" + "".join(
    f"2024-01-{day:02},10,11,9,10.{day},10.{day},1000,0,0\n" for day in (2, 3, 4, 5, 8, 9, 10)
)
LIST = "name,aliases,programme,date\nZarek Mining JSC,Zarek,Regulation 1,2024-02-01\n"
UNIVERSE = "symbol,name,aliases\nEVR.L,EVRAZ plc,Evraz\n"
INSTRUMENTS = (Path(__file__).parents[1] / "docs" / "theses" / "red_sea" / "instruments.csv").read_text()
DECISIONS = "symbol,listing,key,name,decision,note\nEVR.L,a list,1,EVRAZ,same,seen\n"


def prices(path: Path) -> object:
    source = FolderSource(path.parent)
    return source.deliver([path.stem], []).bars


def thesis_part(name: str) -> Callable[[Path], object]:
    """The shipped record with one file in place of its own."""

    def read(path: Path) -> object:
        for other in RECORD.glob("*.*"):
            if other.name != name and not (path.parent / other.name).exists():
                (path.parent / other.name).write_bytes(other.read_bytes())
        return read_thesis(path.parent)

    return read


def screened(path: Path) -> object:
    (path.parent / "mine.csv").write_text(UNIVERSE)
    return screen([path], from_file(path.parent / "mine.csv"), date(2024, 6, 14), {}, lambda _: None)


def shipped(name: str) -> str:
    return (RECORD / name).read_text()


def packed(name: str) -> str:
    """The beginning of a table of the package."""
    text = (Path(positioning.__file__).parent / name).read_text()
    return "".join(text.splitlines(keepends=True)[:12])


def options(path: Path) -> object:
    try:
        return _options(path, "run")
    except typer.BadParameter as error:
        raise BadInputError(error.message, "", "") from None


DOORS: dict[str, tuple[str, str, Callable[[Path], Any]]] = {
    "prices": ("SPY.csv", PRICES, prices),
    "events": ("events.csv", shipped("events.csv"), thesis_part("events.csv")),
    "restrictions": ("mine.csv", shipped("restrictions.csv"), read_restrictions),
    "universe": ("universe.csv", shipped("universe.csv"), thesis_part("universe.csv")),
    "thesis": ("thesis.toml", shipped("thesis.toml"), thesis_part("thesis.toml")),
    "fees": ("fees.csv", packed("simulation/fees.csv"), lambda p: read_fees(str(p))),
    "cash": ("cash.csv", "date,rate\n2024-01-02,0.05\n2024-01-03,0.05\n", lambda p: read_cash(str(p))),
    "config": ("study.toml", 'data = "sample"\n[run]\nseed = 1\n', options),
    "instruments": ("table.csv", INSTRUMENTS, read_instruments),
    "screening list": ("list.csv", LIST, screened),
    "screened universe": ("own.csv", UNIVERSE, from_file),
    "decisions": ("decisions.csv", DECISIONS, read_decisions),
}
ODD = (
    "", "\0", "\ufeff", '"', "\r", "\n\n", ",", ";", "=1+1", "[/red]", "\x1b[31m", "nan", "inf", "-inf", "1e999", "-1",
    "9" * 400, "9" * 5000, "9999-99-99", "0000-00-00", "10000-01-01", "1,5", "١٢", "x" * 9000, "[" * 3000, "\ud800",
)  # fmt: skip


def one_answer(read: Callable[[Path], Any], path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            read(path)
        except (BadInputError, DataMissingError) as error:
            told = str(error)
            assert told.isprintable()
            assert len(told) < 3100


@pytest.mark.parametrize("name", DOORS)
def test_the_unedited_file_is_read(name: str, tmp_path: Path) -> None:
    file, text, read = DOORS[name]
    (tmp_path / file).write_text(text)
    read(tmp_path / file)


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@pytest.mark.parametrize("name", DOORS)
@given(data=st.data())
def test_an_edited_file_is_read_or_refused_in_a_line(name: str, tmp_path: Path, data: st.DataObject) -> None:
    edited(name, tmp_path, data)


@pytest.mark.slow
@pytest.mark.parametrize("name", DOORS)
def test_two_thousand_edits_and_bytes_are_read_or_refused(name: str, tmp_path: Path, figure: Figure) -> None:
    before, tried = set(tmp_path.parent.iterdir()), [0, 0]

    @settings(max_examples=1000, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(data=st.data())
    def edit(data: st.DataObject) -> None:
        edited(name, tmp_path, data)
        tried[0] += 1

    @settings(max_examples=1000, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(content=st.binary(max_size=2000))
    def write(content: bytes) -> None:
        file, _, read = DOORS[name]
        (tmp_path / file).write_bytes(content)
        one_answer(read, tmp_path / file)
        tried[1] += 1

    edit()
    write()
    figure(
        f"{name}: read, or refused in a line",
        f"{tried[0]:,} edited files, {tried[1]:,} of random bytes",
        "all",
    )
    assert set(tmp_path.parent.iterdir()) == before  # nothing was written elsewhere


def edited(name: str, tmp_path: Path, data: st.DataObject) -> None:
    """One edit of the file of that door, and its answer."""
    file, text, read = DOORS[name]
    begin = data.draw(st.integers(0, min(len(text), 3000)))
    end = data.draw(st.integers(begin, min(begin + 60, len(text))))
    odd = data.draw(st.sampled_from(ODD) | st.text(max_size=20))
    (tmp_path / file).write_bytes((text[:begin] + odd + text[end:]).encode(errors="surrogatepass"))
    one_answer(read, tmp_path / file)


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@pytest.mark.parametrize("name", DOORS)
@given(content=st.binary(max_size=300))
def test_any_bytes_are_refused_in_a_line(name: str, tmp_path: Path, content: bytes) -> None:
    file, _, read = DOORS[name]
    (tmp_path / file).write_bytes(content)
    one_answer(read, tmp_path / file)
