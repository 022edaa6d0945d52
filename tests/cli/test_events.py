"""The record as a command: its tables, its JSON, its page in a browser, and one line for each bad input."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from positioning.cli.events import app
from positioning.events.check import faults
from positioning.events.event import Events
from positioning.events.thesis import Candidate
from positioning.reporting.event_marks import MOODS
from positioning.reporting.timeline import figure, page
from tests.builders import EVENTS, THESIS, until
from tests.reporting.browser import HOSTILE, Window, opened, photograph

EVENT_HEADS = (
    "id,announced,title,issuer,instrument,direction,severity,themes,sign_fertilizer,sign_corridor,sign_equipment,"
    "follows,source,confidence"
)
GOOD_EVENT = "A,2022-03-01,News,EU,ban,tighten,3,fertilizer,1,0,0,,Journal,high"
RESTRICTION_HEADS = "symbol,announced,effective,kind,ground,recovery,reason,source"
GOOD_RESTRICTION = "NTR,2022-03-01,,no_buy,partner,,Why,Journal"


def run(*words: object) -> tuple[int, str, str]:
    answer = CliRunner().invoke(app, [str(w) for w in words])
    if answer.exception is not None and not isinstance(answer.exception, SystemExit):
        raise answer.exception
    return answer.exit_code, answer.stdout, answer.stderr


def a_file(place: Path, *lines: str) -> Path:
    place.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return place


def test_json_holds_the_whole_record(tmp_path: Path) -> None:
    code, stdout, _ = run("--json", "--out", tmp_path)
    told, record = json.loads(stdout), EVENTS
    assert code == 0
    assert [e["id"] for e in told["events"]] == [e.id for e in record]
    assert all(e["source"] for e in (*told["events"], *told["restrictions"]))
    assert told["record"] == record.digest()
    assert [r["symbol"] for r in told["restrictions"]] == [r.symbol for r in record.restrictions]
    assert told["files"] == [str(tmp_path / "events.html")]


def test_theme_and_since_narrow_the_record(tmp_path: Path) -> None:
    _, stdout, _ = run("--theme", "corridor", "--since", "2024-06-29", "--json", "--out", tmp_path)
    told = json.loads(stdout)
    assert told["events"]
    assert told["restrictions"]
    assert all("corridor" in e["themes"] for e in told["events"])
    # A bare date is known at its end: that of the 29th is known on the 29th.
    assert min(e["known"] for e in told["events"]) == "2024-06-29"
    assert min(r["announced"] for r in told["restrictions"]) >= "2024-06-29"


def test_tables_say_what_a_reader_needs(tmp_path: Path) -> None:
    events = a_file(
        tmp_path / "e.csv",
        EVENT_HEADS,
        GOOD_EVENT,
        "B,2022-03-02,Act [x],EU,ban,tighten,2,fertilizer,0,0,0,A,J,high",
    )
    restrictions = a_file(tmp_path / "r.csv", RESTRICTION_HEADS, GOOD_RESTRICTION)
    code, stdout, _ = run("--events", events, "--restrictions", restrictions, "--out", tmp_path)
    assert code == 0
    lines = [" ".join(line.split()) for line in stdout.splitlines()]
    assert "A 2022-03-01 3 tighten +1 · · News" in lines
    assert "B 2022-03-02 2 tighten · · · Act [x] (puts A into force)" in lines
    assert "NTR no_buy partner 2022-03-01 2022-03-01 Why" in lines


def row(text: str, **cells: str) -> str:
    """The good row with some cells changed."""
    heads = (EVENT_HEADS if text == GOOD_EVENT else RESTRICTION_HEADS).split(",")
    return ",".join(cells.get(h, v) for h, v in zip(heads, text.split(","), strict=True))


BAD_EVENTS = {
    "direction": (row(GOOD_EVENT, direction="tigthen"), "direction 'tigthen'"),
    "source": (row(GOOD_EVENT, source=""), "source is empty"),
    "time without a zone": (row(GOOD_EVENT, announced="2022-03-01T10:00"), "announced '2022-03-01T10:00'"),
    "severity": (row(GOOD_EVENT, severity="nine"), "severity 'nine'"),
    "severity beyond": (row(GOOD_EVENT, severity="6"), "severity 6"),
    "sign": (row(GOOD_EVENT, sign_corridor="2"), "sign_corridor 2"),
    "theme": (row(GOOD_EVENT, themes="fertiliser"), "themes 'fertiliser'"),
    "confidence": (row(GOOD_EVENT, confidence="sure"), "confidence 'sure'"),
    "follows": (row(GOOD_EVENT, follows="Z"), "follows 'Z'"),
    "id again": (GOOD_EVENT, "id 'A' again"),
    "cells": (GOOD_EVENT + ",more", "more cells"),
}
BAD_RESTRICTIONS = {
    "kind": (row(GOOD_RESTRICTION, kind="froze"), "kind 'froze'"),
    "ground": (row(GOOD_RESTRICTION, ground=""), "ground is empty"),
    "ground misspelt": (row(GOOD_RESTRICTION, ground="desginated"), "ground 'desginated'"),
    "source": (row(GOOD_RESTRICTION, source=""), "source is empty"),
    "symbol": (row(GOOD_RESTRICTION, symbol=""), "symbol is empty"),
    "date": (row(GOOD_RESTRICTION, announced="soon"), "announced 'soon'"),
    "effective before": (row(GOOD_RESTRICTION, effective="2021-01-01"), "effective 2021-01-01"),
    "recovery": (row(GOOD_RESTRICTION, recovery="1.5"), "recovery 1.5"),
}


def refused(words: list[object], expected: str, out: Path) -> None:
    code, stdout, stderr = run(*words, "--out", out)
    assert (code, stdout) == (2, "")
    assert stderr.startswith("error: ")
    assert stderr.count("\n") == 1
    assert expected in stderr
    assert not out.exists()


@pytest.mark.parametrize("case", BAD_EVENTS)
def test_a_bad_event_is_named_by_line_and_field(case: str, tmp_path: Path) -> None:
    line, expected = BAD_EVENTS[case]
    file = a_file(
        tmp_path / "e.csv",
        EVENT_HEADS,
        GOOD_EVENT,
        line if case == "id again" else line.replace("A,", "B,", 1),
    )
    refused(["--events", file], f"e.csv line 3: {expected}", tmp_path / "out")


@pytest.mark.parametrize("case", BAD_RESTRICTIONS)
def test_a_bad_restriction_is_named_by_line_and_field(case: str, tmp_path: Path) -> None:
    line, expected = BAD_RESTRICTIONS[case]
    file = a_file(tmp_path / "r.csv", RESTRICTION_HEADS, GOOD_RESTRICTION, line)
    refused(["--restrictions", file], f"r.csv line 3: {expected}", tmp_path / "out")


def test_a_ground_in_the_users_own_words_is_shown_as_written(tmp_path: Path) -> None:
    file = a_file(tmp_path / "r.csv", RESTRICTION_HEADS, row(GOOD_RESTRICTION, ground="rumour"))
    code, stdout, stderr = run("--restrictions", file, "--out", tmp_path / "out")
    assert (code, stderr) == (0, "")
    assert "rumour" in stdout


def test_other_bad_input_gets_one_line(tmp_path: Path) -> None:
    out = tmp_path / "out"
    refused(["--theme", "fertiliser"], "Did you mean fertilizer?", out)
    refused(["--since", "last week"], "--since last week; wanted a date", out)
    refused(["--since", "2024-13-01"], "--since 2024-13-01", out)
    refused(["--since", "2090-01-01"], "no event and no restriction is left", out)
    refused(["--events", tmp_path / "none.csv"], "none.csv cannot be read", out)
    refused(["--restrictions", tmp_path], "is a folder, a device or a pipe; wanted a file", out)
    refused(["--events", a_file(tmp_path / "short.csv", "id,announced")], "no column 'severity'", out)
    binary = tmp_path / "binary.csv"
    binary.write_bytes(b"\xff\xfe\x00")
    refused(["--events", binary], "wanted a UTF-8 CSV file", out)
    a_file(out, "a file where a folder is wanted")
    code, _, stderr = run("--out", out)
    assert (code, stderr.count("\n")) == (2, 1)


def test_every_event_and_restriction_is_on_the_chart_once() -> None:
    record = EVENTS
    traces = figure(record)["data"]
    moods = {"Not answered", *(name for name, _, _ in MOODS.values())}
    assert sum(len(t["x"]) for t in traces if t["name"] in moods) == len(record)
    barred = "".join("".join(t["text"]) for t in traces if t["name"] not in moods)
    assert all(f"{r.symbol} (" in barred for r in record.restrictions)
    assert {m for t in traces for m in t["meta"]} <= set(EVENTS.themes)


def test_a_record_of_restrictions_alone_or_of_events_alone_has_a_page() -> None:
    record = EVENTS
    assert "Restrictions by the day" in page(Events((), record.restrictions), "x", "x.js")
    assert "Events by the day" in page(Events(record.items), "x", "x.js")


WIDTH = "document.documentElement.scrollWidth"
INK = "document.querySelector('[data-chart=timeline]').layout.font.color"


def test_in_chromium(browser: Window, tmp_path: Path) -> None:
    assert run("--out", tmp_path)[0] == 0
    shown, wrong = opened(browser, tmp_path / "events.html", 1440)
    shown.wait_for_selector("[data-chart=timeline] .main-svg")
    assert shown.evaluate(WIDTH) <= 1440
    photograph(shown, "events-1440")
    record = EVENTS
    shown.select_option("#theme-filter", "corridor")
    wanted = sum("corridor" in e.themes for e in record)
    marks = "document.querySelectorAll('[data-chart=timeline] .point').length"
    barred = len({(r.known_on(), r.kind) for r in record.restrictions})
    until(shown, f"{marks} === {wanted + barred}")
    assert shown.locator("#events tbody tr:visible").count() == wanted
    shown.locator("button.theme").click()  # drawn anew in other colours, the choice stays
    until(shown, f"{marks} === {wanted + barred}")
    shown.select_option("#theme-filter", "")
    until(shown, f"{marks} === {len(record) + barred}")
    shown.set_viewport_size({"width": 390, "height": 1600})
    svg = "[...document.querySelectorAll('.main-svg')]"
    until(shown, f"{svg}.every((e) => e.getBoundingClientRect().width <= 390)")
    assert shown.evaluate(WIDTH) <= 390
    photograph(shown, "events-390")
    assert wrong == []


def test_hovering_over_hostile_words_shows_text_on_a_phone_in_the_dark(
    browser: Window, tmp_path: Path
) -> None:
    quoted = HOSTILE.replace('"', '""')
    events = a_file(tmp_path / "e.csv", EVENT_HEADS, GOOD_EVENT.replace("News", f'"{quoted} </script>"'))
    restrictions = a_file(
        tmp_path / "r.csv", RESTRICTION_HEADS, GOOD_RESTRICTION.replace("Why", f'"{quoted}"')
    )
    assert run("--events", events, "--restrictions", restrictions, "--out", tmp_path)[0] == 0
    shown, wrong = opened(browser, tmp_path / "events.html", 390, "dark")
    shown.wait_for_selector("[data-chart=timeline] .main-svg")
    assert shown.evaluate(WIDTH) <= 390
    for curve in (0, 1):
        shown.evaluate(
            """curve => Plotly.Fx.hover(document.querySelector('[data-chart=timeline]'),
            [{curveNumber: curve, pointNumber: 0}])""",
            curve,
        )
        told = shown.locator("[data-chart=timeline] .hoverlayer").text_content()
        assert HOSTILE.replace(" ", "") in told.replace(" ", "")  # lines are wrapped
    assert shown.locator("img").count() == 0
    dark = shown.evaluate(INK)
    shown.locator("button.theme").click()
    until(shown, f"{INK} !== '{dark}'")
    assert wrong == []


def test_check_finds_nothing_in_the_shipped_record() -> None:
    code, stdout, _ = run("--check")
    assert code == 0
    assert stdout.startswith("0 faults in 159 events")


@pytest.mark.parametrize(
    ("rows", "complaint"),
    [
        (
            ["A,2022-03-01,News of it,EU,ban,corridor_positive,3,corridor,0,-1,0,,Journal 2022,high"],
            "A: direction corridor_positive with corridor sign -1",
        ),
        (
            ["A,2022-03-01,News of it,EU,ban,tighten,3,corridor,0,-1,0,,Journal 2022,high",
             "B,2022-06-30,The act itself,EU,ban,tighten,3,corridor,0,-1,0,A,Journal 2022,high"],
            "B: follows A after 121 days",
        ),
        (["A,2022-03-01,News of it,EU,ban,tighten,3,corridor,0,-1,0,,Journal,high"], "A: source without a date: Journal"),
    ],
)  # fmt: skip
def test_check_names_each_fault_and_ends_with_status_1(
    tmp_path: Path, rows: list[str], complaint: str
) -> None:
    code, stdout, _ = run("--check", "--events", a_file(tmp_path / "e.csv", EVENT_HEADS, *rows))
    assert code == 1
    assert complaint in stdout


def test_a_universe_without_identifiers_is_a_fault() -> None:
    odd = replace(THESIS, universe={"ZZZZ": Candidate("ZZZZ", "corridor", "long", 3, "made up")})
    assert faults(odd) == ["ZZZZ: no identifier, and no word that none was found"]
