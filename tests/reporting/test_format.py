"""How figures and what follows from them are written."""

from __future__ import annotations

import math

from positioning.reporting.format import NARROW, outcome_words


def test_what_cannot_be_told_from_nothing_has_the_smallest_figure_that_would_have_been_seen() -> None:
    assert outcome_words(0.05, 0.002) == "."
    least = f"0.215{NARROW}% a session or more in 80 % of cases."
    assert outcome_words(0.051, 0.00215, " a session", 3) == (
        f": this cannot be told from nothing; a test like this sees {least}"
    )
    assert outcome_words(0.9, math.nan) == ": this cannot be told from nothing."
