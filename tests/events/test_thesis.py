"""A thesis read from its folder, and what is wrong with a folder in one line."""

from __future__ import annotations

import pickle
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from positioning.errors import BadInputError
from positioning.events.thesis_file import read_thesis
from tests.builders import RECORD, THESIS

TOML = """
title = "Somebody said so"
published = 2024-03-04
complete_until = 2024-12-31
[sleeves.up]
words = "What gains."
benchmark = "SPY"
"""
HEADER = "id,announced,title,issuer,instrument,direction,severity,themes,sign_up,follows,source,confidence"
ROW = "A,2024-03-05,News,EU,ban,tighten,3,up,1,,Journal,high"


def folder(place: Path, toml: str = TOML, **files: str) -> Path:
    place.mkdir(exist_ok=True)
    (place / "thesis.toml").write_text(toml, encoding="utf-8")
    for name, text in {"events": f"{HEADER}\n{ROW}\n", **files}.items():
        (place / f"{name}.csv").write_text(text, encoding="utf-8")
    return place


def test_the_shipped_thesis_is_whole() -> None:
    assert THESIS.published == np.datetime64("2025-06-05")
    assert THESIS.reference == '"Xi receives Lukashenko" of 5 June 2025'
    assert list(THESIS.sleeves) == ["fertilizer", "corridor", "equipment"]
    assert all(s.words and s.benchmark for s in THESIS.sleeves.values())
    assert list(THESIS.scenarios) == ["article", "article_plus_easing", "rerouting"]
    assert all(c.reason for c in THESIS.universe.values())
    roles = Counter(c.role for c in THESIS.universe.values())
    assert set(roles) == {"long", "control", "hedge", "benchmark", "excluded"}
    # funds apart, every name to hold says how honest a stand-in it is
    assert {c.symbol for c in THESIS.universe.values() if c.fit == 5 and c.role == "long"} == {
        "NTR",
        "MOS",
        "PASEU.IS",
    }


def test_it_travels_to_other_processes_and_its_digest_is_of_its_files(tmp_path: Path) -> None:
    there = pickle.loads(pickle.dumps(THESIS))  # noqa: S301 (made on the line itself)
    assert (there.digest, there.events.digest()) == (THESIS.digest, THESIS.events.digest())
    one = read_thesis(folder(tmp_path / "x"))
    same = read_thesis(folder(tmp_path / "y", universe="symbol,theme,role,fit,reason\n"))
    assert one.digest != same.digest
    assert read_thesis(tmp_path / "x").digest == one.digest


def test_a_small_folder_is_enough(tmp_path: Path) -> None:
    made = read_thesis(folder(tmp_path / "mine"))
    assert (made.name, made.events.sleeves, made.restrictions, dict(made.universe)) == (
        "mine",
        ("up",),
        (),
        {},
    )
    assert made.complete(("up",)) == np.datetime64("2024-12-31")


def test_completeness_by_theme_is_the_first_to_end(tmp_path: Path) -> None:
    by_theme = TOML.replace("complete_until = 2024-12-31\n", "") + "[complete_until]\nup = 2024-06-30\n"
    made = read_thesis(folder(tmp_path / "mine", by_theme))
    assert made.complete(("up",)) == np.datetime64("2024-06-30")
    assert made.complete(("other",)) is None


def test_events_and_restrictions_may_be_other_files(tmp_path: Path) -> None:
    other = tmp_path / "other.csv"
    other.write_text(f"{HEADER}\n{ROW.replace('A,', 'B,', 1)}\n", encoding="utf-8")
    made = read_thesis(folder(tmp_path / "mine"), events=other, restrictions=RECORD / "restrictions.csv")
    assert [e.id for e in made.events] == ["B"]
    assert [r.symbol for r in made.restrictions] == [r.symbol for r in THESIS.restrictions]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('title = "Somebody said so"', "", "title is empty"),
        ("published = 2024-03-04", "", "published = None; wanted a date"),
        ("published = 2024-03-04", 'published = "2024-03-04"', "wanted a date without quotes"),
        ("published = 2024-03-04", "published = 2024-03-04T10:00:00Z", "wanted a date without quotes"),
        ("published", "publishd", "Did you mean published?"),
        ("complete_until = 2024-12-31", "complete_until = 3", "complete_until = 3; wanted a date"),
        ("complete_until = 2024-12-31", "complete_until = {upp = 2024-12-31}", "Did you mean up?"),
        ("complete_until = 2024-12-31", "replay = [2024-12-31]", "wanted the first and the last day"),
        ('words = "What gains."', "", "sleeves.up.words is empty"),
        ('words = "What gains."', "words = 3", "sleeves.up.words = 3; wanted a text"),
        ("benchmark =", "benchmrk =", "Did you mean benchmark?"),
        ("[sleeves.up]", "[sleeves.'Up down']", "wanted small letters"),
        ("[sleeves.up]", "[sleeves]\nup = 3\n[themes]", "sleeves.up is no table"),
        ("[sleeves.up]", "[sleeves.up", "cannot be read"),
    ],
)
def test_a_wrong_thesis_is_one_line_with_its_file(old: str, new: str, told: str, tmp_path: Path) -> None:
    with pytest.raises(BadInputError) as caught:
        read_thesis(folder(tmp_path / "mine", TOML.replace(old, new)))
    assert told in str(caught.value)
    assert "thesis.toml" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("NTR,upp,long,5,Why", "theme 'upp'"),
        ("NTR,up,lng,5,Why", "Did you mean long?"),
        ("NTR,up,long,6,Why", "fit 6; wanted 1 to 5"),
        ("NTR,up,long,five,Why", "fit 'five'; wanted a whole number"),
        (",up,long,5,Why", "symbol is empty"),
        ("NTR,up,long,5,Why\nNTR,up,long,5,Why", "symbol 'NTR' again"),
    ],
)
def test_a_wrong_row_of_the_universe_is_named(row: str, told: str, tmp_path: Path) -> None:
    place = folder(tmp_path / "mine", universe=f"symbol,theme,role,fit,reason\n{row}\n")
    with pytest.raises(BadInputError) as caught:
        read_thesis(place)
    assert told in str(caught.value)
    assert "universe.csv line" in str(caught.value)


def test_a_folder_without_a_thesis_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match=r"thesis\.toml cannot be read \(No such file"):
        read_thesis(tmp_path)
