"""What a newcomer types by mistake, or drops into a folder: one line each, and status 2."""

import errno
from pathlib import Path

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from positioning.cli import fetch, run
from positioning.cli.command import one_line_errors
from positioning.data.csv_prices import read_sheet
from positioning.errors import BadInputError
from positioning.runs.saved_run import runs_in

HEADER = "Date,Open,Close"
ROWS = "2020-01-02,1.0,1.5\n2020-01-03,1.1,1.6\n"


@pytest.mark.parametrize("module", [run, fetch])
@pytest.mark.parametrize("words", [["--no-such-option"], ["--start"]])
def test_a_usage_error_is_one_line(module: object, words: list[str]) -> None:
    told = CliRunner().invoke(module.app, words)  # type: ignore[attr-defined]
    assert (told.exit_code, told.stdout) == (2, "")
    assert len(told.stderr.splitlines()) == 1
    assert told.stderr.startswith("error: ")
    assert "--help" in told.stderr


@pytest.mark.parametrize("words", [["--placebo", "many"], ["--seed", "-1"], ["--seed", "x"]])
def test_a_word_where_a_number_belongs_is_one_line(words: list[str]) -> None:
    told = CliRunner().invoke(run.app, words)
    assert (told.exit_code, told.stdout) == (2, "")
    assert len(told.stderr.splitlines()) == 1
    assert words[0] in told.stderr


def test_a_strategy_of_another_thesis_is_told_whose_sleeves_there_are(tmp_path: Path) -> None:
    text = (
        "from dataclasses import dataclass\nfrom typing import ClassVar, final\n\nfrom positioning import Basket\n\n\n"
        '@final\n@dataclass(frozen=True)\nclass Chips(Basket):\n    """Chips."""\n\n'
        '    name: ClassVar[str] = "chips"\n    theme: ClassVar[str] = "chip_seller"\n'
        '    benchmark: ClassVar[str] = "SPY"\n    caveat: ClassVar[str] = "Two."\n\n'
        '    legs: tuple[str, ...] = ("NTR", "MOS")\n'
    )
    (tmp_path / "chips.py").write_text(text, encoding="utf-8")
    told = CliRunner().invoke(
        run.app,
        [str(tmp_path / "chips.py"), "--out", str(tmp_path / "out"), "--placebo", "0", "--no-quantstats"],
    )
    assert (told.exit_code, told.stdout) == (2, "")
    assert told.stderr == (
        "error: sleeve 'chip_seller' is none of the thesis 'Xi receives Lukashenko'; wanted one of its sleeves: "
        "fertilizer, corridor, equipment; type --thesis DIR, the folder of the thesis that has it\n"
    )


@pytest.mark.parametrize("option", ["--cash", "--fees", "--events", "--restrictions"])
def test_a_file_that_is_not_text_is_one_line(tmp_path: Path, option: str) -> None:
    file = tmp_path / "rates.csv"
    file.write_bytes(bytes(range(128, 256)))
    told = CliRunner().invoke(run.app, [option, str(file), "--out", str(tmp_path / "out")])
    assert (told.exit_code, told.stdout) == (2, "")
    assert len(told.stderr.splitlines()) == 1
    assert "UTF-8" in told.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (f"{HEADER}\n{ROWS}".replace(",", ";").encode(), ("semicolons between columns",)),
        (f"{HEADER}\n{ROWS}".lower().encode(), ()),
        (f"{HEADER}\n{ROWS}".encode("utf-16"), ("UTF-16 text",)),
    ],
    ids=["semicolons", "lower case", "UTF-16"],
)
def test_a_file_as_spreadsheets_save_it_is_read_and_told(
    tmp_path: Path, content: bytes, told: tuple[str, ...]
) -> None:
    """To the same numbers as the plain file; what was read otherwise than written is told."""
    file = tmp_path / "NTR.csv"
    file.write_bytes(content)
    sheet = read_sheet(file, ("Close",), ("Open",), "prices")
    assert [str(day) for day in sheet.dates] == ["2020-01-02", "2020-01-03"]
    assert {name: list(column) for name, column in sheet.columns.items()} == {
        "Open": [1.0, 1.1],
        "Close": [1.5, 1.6],
    }
    assert sheet.notes == told


@pytest.mark.parametrize(
    ("content", "seen"),
    [
        (f"Date;Open;Close\n{ROWS}".encode(), "line 2: 1 cell; wanted 3, as in the header"),
        (f"{HEADER}\n{ROWS}".replace("Close", "clsoe").encode(), "no column Close in Date, Open, clsoe"),
        (f"{HEADER}\n{ROWS}".encode("utf-16-le"), "not text"),  # without the mark that tells it
        (b"\x89PNG\r\n\x1a\n\x00\x00", "not text"),
    ],
    ids=["semicolons in the header alone", "misspelt", "UTF-16 without its mark", "a picture"],
)
def test_a_header_that_cannot_be_read_says_what_to_do(tmp_path: Path, content: bytes, seen: str) -> None:
    file = tmp_path / "NTR.csv"
    file.write_bytes(content)
    with pytest.raises(BadInputError, match=seen) as told:
        read_sheet(file, ("Close",), ("Open",), "prices")
    assert str(told.value).isprintable()


def test_a_date_yet_to_come_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One such row used to stretch the default span, and names that end today were left out as ending early."""
    file = tmp_path / "NTR.csv"
    file.write_text(f"{HEADER}\n{ROWS}2999-01-04,1.0,1.0\n")
    with pytest.raises(BadInputError, match="line 4: date 2999-01-04 is yet to come"):
        read_sheet(file, ("Close",), (), "prices")
    monkeypatch.setattr("positioning.clock.latest_day", lambda: np.datetime64("2024-06-15"))
    file.write_text(f"{HEADER}\n{ROWS}2024-06-15,1.0,1.0\n")
    assert read_sheet(file, ("Close",), (), "prices").dates[-1] == np.datetime64("2024-06-15")
    file.write_text(f"{HEADER}\n{ROWS}2024-06-16,1.0,1.0\n")
    with pytest.raises(BadInputError, match="line 4: date 2024-06-16 is yet to come"):
        read_sheet(file, ("Close",), (), "prices")


def test_a_full_disk_is_one_line_that_names_no_file_it_does_not_know(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(typer.Exit) as told, one_line_errors():
        raise OSError(errno.ENOSPC, "No space left on device")
    line = capsys.readouterr().err
    assert told.value.exit_code == 2
    assert len(line.splitlines()) == 1
    assert "None" not in line


def test_what_is_held_past_its_last_price_is_told_in_the_terminal(tmp_path: Path) -> None:
    """The table alone would show a return over sessions in which nothing had a price."""
    days = np.arange(np.datetime64("2020-01-01"), np.datetime64("2021-01-01"))
    closes = np.exp(0.01 * np.random.default_rng(0).standard_normal(len(days)).cumsum()) * 20
    opens = np.exp(0.004 * np.random.default_rng(1).standard_normal(len(days))) * np.append(20, closes[:-1])
    sessions = days[np.is_busday(days)]
    prices = [f"{d},{opens[k]:.4f},{closes[k]:.4f}" for k, d in enumerate(sessions)]
    data = tmp_path / "data"
    data.mkdir()
    (data / "NTR.csv").write_text("\n".join([HEADER, *prices]) + "\n")
    words = ["fertilizer_producers", "--data", f"folder:{data}", "--set", "hedge=none", "--end", "2021-02-26"]
    told = CliRunner().invoke(run.app, [*words, "--no-quantstats", "--out", str(tmp_path / "out")])
    assert told.exit_code == 0, told.stderr
    # 38 sessions of New York from 2021-01-04 to 2021-02-26: 40 weekdays without 18 January and 15 February
    said = " ".join(told.stdout.split())
    ledger = runs_in(tmp_path / "out")[0].ledger
    unpriced = ledger[(ledger["symbol"] == "NTR") & (ledger["date"] > "2020-12-31")]
    share = f"up to {100 * unpriced['weight'].max():.0f} % of nav"
    assert f"fertilizer_producers held without a price, at the last mark: NTR 38 sessions ({share})." in said
