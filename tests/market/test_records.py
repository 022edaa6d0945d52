"""CSV files of records as spreadsheets save them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from positioning.errors import BadInputError
from positioning.events.event_file import read_events
from positioning.events.restriction import Restriction, read_restrictions
from positioning.market.records import decimal, read_records, whole

PLAIN = """symbol,announced,effective,kind,ground,recovery,reason,source
MOS,2021-01-11,,no_buy,own_list,,mine,a note
XSD,2021-03-01,2021-03-31,delisted,delisting,12.5,"left, at last",a note
"""
SEMICOLONS = """symbol;announced;effective;kind;ground;recovery;reason;source
MOS;11.01.2021;;no_buy;own_list;;mine;a note
XSD;01.03.2021;31.03.2021;delisted;delisting;12,5;left, at last;a note
"""
PADDED = PLAIN.replace("symbol,announced,effective,kind", " Symbol , Announced,EFFECTIVE, kind ")


def restrictions(folder: Path, text: str) -> tuple[Restriction, ...]:
    file = folder / "mine.csv"
    file.write_bytes(text.encode("utf-8-sig"))
    return read_restrictions(file)


@pytest.mark.parametrize(
    "text",
    [
        PLAIN + ",,,,,,,\n,,,,,,,\n",
        PLAIN.replace("MOS,", ",,,,,,,\nMOS,"),
        PLAIN.replace("\n", ",,\n"),  # columns that were once filled
        PLAIN.replace("\n", "\r\n") + "\r\n \r\n",
        PADDED,
        SEMICOLONS,
        "sep=;\n" + SEMICOLONS,
        SEMICOLONS.replace(";", "\t") + "\t\t\t\t\t\t\t\n",
        "# from my desk\n" + SEMICOLONS,
    ],
)
def test_each_layout_is_read_as_the_same_restrictions(tmp_path: Path, text: str) -> None:
    found = restrictions(tmp_path, text)
    assert found == restrictions(tmp_path, PLAIN)
    assert found[1].recovery == 12.5
    assert found[1].effective == np.datetime64("2021-03-31")
    assert found[1].reason == "left, at last"


def test_events_with_semicolons_keep_their_themes_and_blank_rows_are_left_out(tmp_path: Path) -> None:
    names = "id;announced;title;issuer;instrument;direction;severity;themes;follows;source;confidence;Sign_Fertilizer"
    row = 'X1;05.03.2024;A title, short;EU;act;tighten;3;"fertilizer;payments";;a document;high;-1'
    file = tmp_path / "events.csv"
    file.write_text(f"{names}\n{row}\n{';' * 11}\n", encoding="utf-8")
    (event,) = read_events(file, ("fertilizer",)).items
    assert event.themes == ("fertilizer", "payments")
    assert event.known_on() == np.datetime64("2024-03-05")
    assert dict(event.signs) == {"fertilizer": -1}


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        (";12,5;", ";1,250;", "'1,250' may be 1.250 or 1250"),
        (";12,5;", ";12,5,0;", "recovery '12,5,0'; wanted cash per share, or nothing"),
        ("01.03.2021", "03/01/2021", "announced '03/01/2021'; wanted a date"),
        ("01.03.2021", "31.02.2021", "announced '31.02.2021'; wanted a date"),
        (";a note\n", ";a note;more\n", "more cells than the header"),
    ],
)
def test_what_can_be_read_in_two_ways_is_refused_with_its_line(
    tmp_path: Path, old: str, new: str, complaint: str
) -> None:
    head, last = SEMICOLONS.rsplit("XSD", 1)
    with pytest.raises(BadInputError) as error:
        restrictions(tmp_path, head + ("XSD" + last).replace(old, new))
    assert "mine.csv line 3: " in str(error.value)
    assert complaint in str(error.value)


def test_a_name_in_two_spellings_is_one_column_twice(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="column 'reason' twice"):
        restrictions(
            tmp_path, PLAIN.replace("reason,source", "reason,source,Reason").replace("note\n", "note,x\n")
        )


def test_lines_are_counted_past_blank_rows_and_remarks(tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    file.write_text("# one\nname\n\nfirst\n \nsecond\n", encoding="utf-8")

    def build(cells: Mapping[str, str]) -> str:
        if cells["name"] == "second":
            raise BadInputError("seen", "wanted", "remedy")
        return cells["name"]

    with pytest.raises(BadInputError, match=r"rows\.csv line 6: seen"):
        read_records(file, ("name",), build)


@pytest.mark.parametrize(
    ("text", "value"),
    [("1234.5", 1234.5), ("1234,5", 1234.5), ("1.234,5", 1234.5), ("1,234.5", 1234.5), ("0,125", 0.125),
     ("-0,5", -0.5), ("1,234,567", 1234567.0), ("1.250", 1.25)],
)  # fmt: skip
def test_decimals(text: str, value: float) -> None:
    assert decimal(text) == value


@pytest.mark.parametrize("text", ["\uff15", "\u0665", "1_0", "1\u20095", ""])
def test_digits_of_other_scripts_are_told_as_such(tmp_path: Path, text: str) -> None:
    file = tmp_path / "mine.csv"
    file.write_text(PLAIN.replace("12.5", text or "x"), encoding="utf-8")
    with pytest.raises(BadInputError) as error:
        read_restrictions(file)
    assert "line 3: recovery" in str(error.value)
    assert ("in the digits 0 to 9" in str(error.value)) == (text in ("\uff15", "\u0665"))


def test_a_minus_of_word_processors_is_one() -> None:
    assert decimal("\u22121,5") == -1.5
    assert whole("\u22121") == -1
    for odd in ("\uff11", "1_0"):
        with pytest.raises(ValueError, match=odd):
            whole(odd)


def test_unicode_text_of_excel_is_read_and_old_code_pages_are_named(tmp_path: Path) -> None:
    file = tmp_path / "mine.csv"
    file.write_bytes(PLAIN.replace("mine", "\u00dcbung").encode("utf-16"))
    assert read_restrictions(file)[0].reason == "\u00dcbung"
    file.write_bytes(PLAIN.replace("mine", "\u00dcbung").encode("cp1252"))
    with pytest.raises(BadInputError, match=r'not UTF-8.*save it as "CSV UTF-8"'):
        read_restrictions(file)
