"""A refusal is one line that any terminal shows as it is, and quotes little of what was given."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from positioning.analysis.placebo import check_draws
from positioning.errors import LONGEST_QUOTE, BadInputError, one_line, printable, shortened, would_take


@given(st.text(max_size=300), st.text(max_size=50))
def test_any_text_is_one_line_without_controls(seen: str, wanted: str) -> None:
    text = str(BadInputError(seen, wanted, "correct it"))
    assert len(text.splitlines()) == 1
    assert not any(ord(c) < 32 or 127 <= ord(c) < 160 or c in "\u202e\u2066\u200b" for c in text)


@pytest.mark.parametrize(
    "text", ["--start " + "x" * 100_000, f"symbol {'y' * 5000!r}", f"name {('z ' * 3000)!r} here"]
)
def test_little_of_what_was_given_is_quoted(text: str) -> None:
    assert len(one_line(text)) <= LONGEST_QUOTE + 20


def test_what_a_question_would_take_is_said_in_words() -> None:
    assert would_take(3) == "would take about 3 seconds"
    assert would_take(7_300, 2e9) == "would take about 2 hours and 2 GB of memory"
    assert would_take(4e9) == "would take about 127 years"
    with pytest.raises(
        BadInputError, match=r"draws=40000000 would take about 28 hours; wanted 100,000 at most"
    ):
        check_draws(40_000_000)
    with pytest.raises(BadInputError, match=r"would take about .* years"):
        check_draws(10**400)


def test_short_texts_and_paths_are_whole() -> None:
    path = "/a/" + "folder/" * 30 + "file.csv"
    assert path in one_line(f"{path} cannot be read ('why'); it isn't \"there\"")
    assert shortened("x" * 80) == "x" * 80
    assert len(shortened("x" * 81)) == 80
    assert printable("1\u00a0% \u2212 é [/red]") == "1\u00a0% \u2212 é [/red]"
    assert printable("\x1b[31m\u202e") == "\\x1b[31m\\u202e"
