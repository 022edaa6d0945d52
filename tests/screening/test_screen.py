"""Who restricts from when, what a person decides, and what the command leaves behind."""

from __future__ import annotations

import csv
import json
import os
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from positioning.cli.screen import app
from positioning.errors import BadInputError
from positioning.events.restriction import dropped, read_restrictions
from positioning.market.instruments import table
from positioning.screening.decisions import Decision, read_decisions, write_decisions
from positioning.screening.screen import screen
from positioning.screening.universe import from_file, invalid_isins, with_identifiers

CRRC, EVRAZ = "CNE100000BG0", "GB00B71N6K86"


def listed(tmp_path: Path, *rows: str, head: str = "name,isin,since") -> Path:
    path = tmp_path / "mine.csv"
    path.write_text("\n".join((head, *rows)) + "\n", encoding="utf-8")
    os.utime(path, (0, 1_700_000_000))  # 14 November 2023
    return path


def test_a_dated_row_restricts_from_its_day_and_not_before(tmp_path: Path) -> None:
    path = listed(tmp_path, f"Somebody,{CRRC},2024-05-02")
    (row,) = screen([path], with_identifiers(table().values())).restrictions
    assert (row.symbol, row.ground, str(row.known_on()), row.of_list_day) == (
        "1766.HK",
        "own_list",
        "2024-05-02",
        False,
    )
    days = np.arange("2024-04-30", "2024-05-05", dtype="datetime64[D]")
    assert dropped([row], ["1766.HK"], days, "listed")[:, 0].tolist() == [False, False, True, True, True]


def test_a_row_without_a_date_restricts_from_the_list_s_day(tmp_path: Path) -> None:
    path = listed(tmp_path, f"Somebody,{CRRC},")
    (row,) = screen([path], with_identifiers(table().values())).restrictions
    assert (str(row.known_on()), row.of_list_day) == ("2023-11-14", True)
    (row,) = screen([path], with_identifiers(table().values()), as_of=date(2023, 1, 2)).restrictions
    assert str(row.known_on()) == "2023-01-02"


def test_what_was_listed_later_is_not_known_yet(tmp_path: Path) -> None:
    path = listed(tmp_path, f"Somebody,{CRRC},2024-05-02", f"Other,{EVRAZ},2022-05-05")
    made = screen([path], with_identifiers(table().values()), as_of=date(2023, 1, 1))
    assert [r.symbol for r in made.restrictions] == ["EVR.L"]


def test_a_name_restricts_only_after_a_decision_which_is_not_asked_again(tmp_path: Path) -> None:
    path, kept = listed(tmp_path, "CRRC Corporation Limited,,2024-05-02"), tmp_path / "decisions.csv"
    made = screen([path], with_identifiers(table().values()))
    assert not made.restrictions
    (asked,) = made.undecided
    assert (asked.hit.symbol, asked.hit.confidence, asked.hit.score) == ("1766.HK", "likely", 100.0)
    write_decisions(kept, made.decisions({}))
    text = kept.read_text(encoding="utf-8")
    assert screen(
        [path], with_identifiers(table().values()), decisions=read_decisions(kept)
    ).undecided  # blank is no decision
    kept.write_text(text.replace("Limited,,", "Limited,same,looked at the annex"), encoding="utf-8")
    decided = read_decisions(kept)
    again = screen([path], with_identifiers(table().values()), decisions=decided)
    assert [r.symbol for r in again.restrictions] == ["1766.HK"]
    assert not again.undecided
    assert again.decisions(decided) == list(decided.values())
    kept.write_text(text.replace("Limited,,", "Limited,different,"), encoding="utf-8")
    other = screen([path], with_identifiers(table().values()), decisions=read_decisions(kept))
    assert not other.restrictions
    assert not other.undecided


def test_a_user_may_overrule_an_identifier(tmp_path: Path) -> None:
    path = listed(tmp_path, f"Somebody,{CRRC},2024-05-02")
    (found,) = screen([path], with_identifiers(table().values())).findings
    verdict = {found.about: Decision(*found.about, "Somebody", "different", "their slip")}
    assert not screen([path], with_identifiers(table().values()), decisions=verdict).restrictions


def test_a_decision_must_be_a_known_word(tmp_path: Path) -> None:
    path = tmp_path / "d.csv"
    path.write_text("symbol,listing,key,name,decision,note\nA,L,1,N,perhaps,\n", encoding="utf-8")
    with pytest.raises(BadInputError, match="decision 'perhaps'"):
        read_decisions(path)


def test_former_names_and_isins_are_found(tmp_path: Path) -> None:
    path = listed(tmp_path, "x,US46121Y1029,2020-01-02", "Solidcore Resources plc,,2024-01-02")
    hits = {f.hit.symbol: f.hit.rule for f in screen([path], with_identifiers(table().values())).findings}
    assert hits == {"IPI": "isin", "POLY.L": "name"}


def test_an_own_universe(tmp_path: Path) -> None:
    own = tmp_path / "own.csv"
    own.write_text(
        "Symbol,Name,ISIN,LEI,Aliases\nA,Alpha Mining,XX0000000001,,Alfa\nB,,US0378331005,,\n",
        encoding="utf-8",
    )
    universe = from_file(own)
    assert [u.symbol for u in universe] == ["A", "B"]
    assert invalid_isins(universe) == ["A XX0000000001"]
    path = listed(tmp_path, "Альфа Майнинг,,2024-01-02", "y,US0378331005,2024-01-02")
    assert {f.hit.symbol for f in screen([path], universe).findings} == {"A", "B"}


def test_the_command_writes_page_rows_and_decisions(tmp_path: Path) -> None:
    path = listed(tmp_path, f"Some & Co,{CRRC},2024-05-02", "Халык Банк,,", "Nobody Ltd,,")
    out = tmp_path / "out"
    done = CliRunner().invoke(app, [str(path), "--json", "--out", str(out)])
    assert done.exit_code == 0, done.output
    answer = json.loads(done.stdout)
    assert [r["symbol"] for r in answer["restrictions"]] == ["1766.HK"]
    assert answer["undecided"] == 1
    assert "50 %" in answer["not_seen"]
    page = (out / "screening.html").read_text(encoding="utf-8")
    assert "Some &amp; Co" in page or CRRC in page
    assert "50 % or more" in page
    (row,) = read_restrictions(out / "screened_restrictions.csv")
    assert (row.symbol, str(row.known_on())) == ("1766.HK", "2024-05-02")
    with (out / "decisions.csv").open(encoding="utf-8") as file:
        assert [d["symbol"] for d in csv.DictReader(file)] == ["HSBK.IL"]


def test_the_command_takes_strategies_and_names_what_is_neither(tmp_path: Path) -> None:
    path = listed(tmp_path, f"Somebody,{CRRC},2024-05-02")
    done = CliRunner().invoke(app, [str(path), "fertilizer_producers", "--json", "--out", str(tmp_path)])
    assert json.loads(done.stdout)["restrictions"] == []
    done = CliRunner().invoke(app, ["no.csv", "--out", str(tmp_path)])
    assert done.exit_code == 2
    assert len(done.stderr.strip().splitlines()) == 1
