"""Whatever stands in a file of scenarios, it is read or refused in a line."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from positioning.errors import BadInputError
from positioning.scenarios.scenario import MOST_SCENARIOS
from positioning.scenarios.scenario_file import read_scenarios
from tests.builders import THESIS

WHOLE: dict[str, Any] = {
    "name": "one", "probability": 1.0, "origin": "mine", "horizon": 252, "text": "words",
}  # fmt: skip
DRIVER: dict[str, Any] = {
    "name": "potash", "start": 300.0, "end": 450.0, "stated": "s", "checked": "c", "source": "s", "course": "step",
    "session": 3, "volatility": 1.5,
}  # fmt: skip
SHOCK: dict[str, Any] = {
    "target": "market", "jump": -0.1, "half_life": 20.0, "volatility": 2.0, "spread": 2.0, "calm": 20.0,
    "correlation": 0.3, "halt": 2, "session": 1, "label": "l", "origin": "o",
}  # fmt: skip
TRANSMISSION: dict[str, Any] = {
    "driver": "potash", "target": "market", "beta": 0.5, "origin": "mine", "standard_error": 0.1, "series": ["A"],
}  # fmt: skip


def toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        escaped = "".join(c if c.isprintable() and c not in '"\\' else f"\\U{ord(c):08x}" for c in value)
        return f'"{escaped}"'
    if isinstance(value, list):
        return f"[{', '.join(map(toml, value))}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f'"{k}" = {toml(v)}' for k, v in value.items()) + "}"
    return repr(value)


def written(
    path: Path, whole: Any = WHOLE, driver: Any = DRIVER, shock: Any = SHOCK, carried: Any = TRANSMISSION
) -> Path:
    tables = (
        ("scenario", whole),
        ("scenario.driver", driver),
        ("scenario.shock", shock),
        ("transmission", carried),
    )
    path.write_text("\n".join(
        f"[[{name}]]\n" + "\n".join(f"{k} = {toml(v)}" for k, v in table.items()) for name, table in tables
    ))  # fmt: skip
    return path


def plain(error: BadInputError) -> str:
    assert len(str(error).splitlines()) == 1
    assert str(error).isprintable()
    return str(error)


def read(path: Path) -> str:
    """ "" where it is read, else the refusal."""
    try:
        made = read_scenarios(THESIS, str(path))
    except BadInputError as error:
        return plain(error)
    for multiple in (0.0, 0.5, 8.0, 64.0):  # as the reverse stress test scales them
        for s in made.scenarios:
            s.scaled(multiple)
    return ""


VALUES = st.sampled_from([
    True, 0, -1, 10**9, 10**400, 1e308, -1e308, float("inf"), float("nan"), "", "weighted", "x" * 10_000, "[/red]",
    "\x1b[31m", "\n", "\u202e", [], [[]], [["a"]], [1], {}, {"a": {"b": [1]}}, 1000.0, 1e-300,
])  # fmt: skip


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_value_anywhere(tmp_path: Path, data: st.DataObject) -> None:
    tables = {"whole": WHOLE, "driver": DRIVER, "shock": SHOCK, "carried": TRANSMISSION}
    name = data.draw(st.sampled_from(list(tables)))
    key = data.draw(st.sampled_from([*tables[name], "unknown"]))
    read(written(tmp_path / "s.toml", **{name: {**tables[name], key: data.draw(VALUES)}}))


def test_the_file_itself_is_read(tmp_path: Path) -> None:
    assert read(written(tmp_path / "s.toml")) == ""


@pytest.mark.parametrize("name", ["weighted", "Weighted", " weighted "])
def test_our_own_names_are_refused(tmp_path: Path, name: str) -> None:
    assert "the mixture of all is called so" in read(written(tmp_path / "s.toml", {**WHOLE, "name": name}))


@pytest.mark.parametrize(
    ("table", "change", "text"),
    [
        ("carried", {"beta": 1000.0}, "beta 1000"),
        ("carried", {"beta": 99.0}, "moves market by a factor"),
        ("driver", {"end": 1e308}, "a thousandfold at most"),
        ("shock", {"jump": 1e308}, "jump 1e+308"),
        ("shock", {"halt": 10**9}, "halt 1000000000"),
        ("whole", {"probability": 10**400}, "probability = a whole number out of range; wanted a number"),
        ("carried", {"series": [["A"]]}, "series = a list"),
        ("whole", {"horizon": 10**6}, "twenty years"),
    ],
)
def test_absurd_values_are_refused(tmp_path: Path, table: str, change: dict[str, Any], text: str) -> None:
    whole = {"whole": WHOLE, "driver": DRIVER, "shock": SHOCK, "carried": TRANSMISSION}[table]
    assert text in read(written(tmp_path / "s.toml", **{table: {**whole, **change}}))


def test_different_horizons_and_too_many_scenarios(tmp_path: Path) -> None:
    path = tmp_path / "s.toml"
    one = '[[scenario]]\nname = "s{n}"\nprobability = {p}\norigin = "o"\nhorizon = {h}\n'
    path.write_text(one.format(n=0, p=0.5, h=10) + one.format(n=1, p=0.5, h=20))
    assert "wanted one horizon" in read(path)
    count = 4 * MOST_SCENARIOS
    path.write_text("".join(one.format(n=n, p=1 / count, h=10) for n in range(count)))
    assert f"{count} scenarios" in read(path)


@pytest.mark.parametrize(
    "text", ["a = " + "[" * 100_000, "a = " + "9" * 10_000, "a = " + "{a=" * 50_000, "\0", "= 1", "a"]
)
def test_deep_long_and_torn_files(tmp_path: Path, text: str) -> None:
    path = tmp_path / "s.toml"
    path.write_text(text)
    assert "cannot be read" in read(path)


def test_what_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "s.toml").write_bytes(b"\xff\xfe")
    assert "not UTF-8" in read(tmp_path / "s.toml")
    os.mkfifo(tmp_path / "pipe.toml")
    assert read(tmp_path / "pipe.toml")
    assert read(tmp_path)


@pytest.mark.parametrize("name", [" ", "\\n", "a\\nb", "\uff37eighted", "\\u202ex"])
def test_a_name_is_one_line_that_can_be_read(tmp_path: Path, name: str) -> None:
    path = tmp_path / "s.toml"
    path.write_text(f'[[scenario]]\nname = "{name}"\nprobability = 1.0\norigin = "o"\n', encoding="utf-8")
    said = read(path)
    assert said.startswith("s.toml: ")
    assert len(said.splitlines()) == 1


def test_names_that_differ_in_case_or_blanks_alone_are_one(tmp_path: Path) -> None:
    path = tmp_path / "s.toml"
    one = '[[scenario]]\nname = "{}"\nprobability = 0.5\norigin = "o"\n'
    path.write_text(one.format("Easing") + one.format("easing "))
    assert "scenario 'Easing' twice" in read(path)
