"""One way of writing JSON."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from positioning.json_text import json_text, plain


@dataclass(frozen=True)
class Inner:
    day: np.datetime64
    worth: float


@dataclass(frozen=True)
class Outer:
    inner: tuple[Inner, ...]
    levels: Any
    names: tuple[str, ...] = ("a",)


def test_dataclasses_arrays_dates_and_what_is_undefined() -> None:
    days = np.array(["2024-01-02", "NaT"], "M8[D]")
    value = Outer((Inner(days[0], math.nan), Inner(days[1], -math.inf)), np.array([[1.0, np.nan]]))
    assert plain(value) == {
        "inner": [{"day": "2024-01-02", "worth": None}, {"day": None, "worth": None}],
        "levels": [[1.0, None]],
        "names": ["a"],
    }
    assert plain([np.float64(2), np.int8(3), np.bool_(True), np.str_("x")]) == [2.0, 3, True, "x"]
    assert plain({"d": date(2024, 1, 2), 1: Path("a"), "n": days}) == {
        "d": "2024-01-02", "1": "a", "n": ["2024-01-02", None],
    }  # fmt: skip
    assert plain({"b", "a"}) == ["a", "b"]
    with pytest.raises(TypeError, match="a complex has no form"):
        plain(1j)


LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.floats().map(np.float64)
VALUES = st.recursive(LEAVES, lambda v: st.lists(v, max_size=4) | st.dictionaries(st.text(), v, max_size=4))


@given(VALUES)
def test_any_value_is_ascii_and_reads_back_as_its_plain_form(value: Any) -> None:
    text = json_text(value)
    assert text.isascii()
    assert json.loads(text) == plain(value)
