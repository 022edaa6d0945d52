"""Whatever is done to the files of a kept run, it is read, or named in one line, and the other runs are served."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from positioning.cli.compare import app as compare_app
from positioning.cli.kept_request import read_request
from positioning.cli.run import app as run_app
from positioning.cli.verify import app as verify_app
from positioning.errors import BadInputError
from positioning.reporting.index import write_index
from positioning.runs.saved_run import read_run, read_runs

SPAN = ("--start", "2023-01-03", "--end", "2023-12-29")


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Reports of two short runs."""
    out = tmp_path_factory.mktemp("original")
    for name in ("middle_corridor", "fertilizer_producers"):  # one by one: two at once would start processes
        done = CliRunner().invoke(run_app, [name, *SPAN, "--no-quantstats", "--out", str(out)])
        assert done.exit_code == 0, done.output
    return out


@pytest.fixture
def made(original: Path, tmp_path: Path) -> Path:
    return shutil.copytree(original, tmp_path / "out")


def odd(out: Path) -> Path:
    """The folder of one run, the one that is edited."""
    return next((out / "runs").glob("*middle_corridor*"))


def paths(value: Any, so_far: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    yield so_far
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value[:2]):
            yield from paths(inner, (*so_far, key))


def edited(value: Any, path: tuple[str | int, ...], new: Any, remove: bool) -> Any:
    if not path:
        return new
    key, *rest = path
    made = list(value) if isinstance(value, list) else dict(value)
    if remove and not rest:
        del made[key]  # type: ignore[arg-type]  # a key of its own kind
    else:
        made[key] = edited(value[key], tuple(rest), new, remove)  # type: ignore[index, call-overload]
    return made


DEEP: Any = []
for _ in range(500):
    DEEP = [DEEP]
VALUES = st.sampled_from([
    None, True, 0, -1, 1, 10**30, 1e308, -1e308, "", "x", "[/red]", "\x1b[31m", "../../..", "x" * 10_000, [], {}, [[]],
    {"a": {}}, ["x"], [None], "\0", "\ud800", "9999-99-99", "2023-01-03", DEEP,
])  # fmt: skip


def ended_well(done: Result) -> bool:
    lines = done.stderr.strip().splitlines()
    plain = done.exception is None or isinstance(done.exception, SystemExit)
    return plain and (done.exit_code in (0, 1) or (done.exit_code == 2 and lines[-1].startswith("error: ")))


def read_or_named(original: Path, place: Path, data: st.DataObject) -> None:
    """One edit of one summary: its run is read, or left out in one line, on the page too."""
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(original / "runs", place / "runs")
    summary = json.loads((odd(place) / "summary.json").read_text())
    path = data.draw(st.sampled_from(list(paths(summary))))
    new = edited(summary, path, data.draw(VALUES), bool(path) and data.draw(st.booleans()))
    (odd(place) / "summary.json").write_text(json.dumps(new))
    runs, left_out = read_runs(place)
    assert len(runs) + len(left_out) == 2
    assert all(len(line.splitlines()) == 1 for line in left_out)
    page = write_index(place).read_text()
    assert ('id="left-out"' in page) == bool(left_out)
    for run in runs:
        try:
            read_request(run.summary["request"])
        except BadInputError:
            continue


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_edit_of_a_summary_is_read_or_named(original: Path, tmp_path: Path, data: st.DataObject) -> None:
    read_or_named(original, tmp_path / "out", data)


@pytest.mark.slow
@settings(max_examples=1000, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_thousand_edits_of_a_summary(original: Path, tmp_path: Path, data: st.DataObject) -> None:
    read_or_named(original, tmp_path / "out", data)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200), st.integers(0, 2_000))
def test_any_torn_summary_is_named(original: Path, tmp_path: Path, content: bytes, at: int) -> None:
    place = tmp_path / "out"
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(original / "runs", place / "runs")
    whole = (odd(place) / "summary.json").read_bytes()
    (odd(place) / "summary.json").write_bytes(whole[:at] + content)
    runs, left_out = read_runs(place)
    assert (len(runs), len(left_out)) == (1, 1)
    assert "middle_corridor" in left_out[0]
    assert odd(place).name in write_index(place).read_text().partition('id="left-out"')[2]


CRUEL = {
    "request": {"request": {}},
    "words": {"request": {"data": 7}},
    "parameters": {"parameters": {"legs": [1, None]}},
    "metrics": {"metrics": None},
    "events": {"events": {"digest": "x", "records": []}},
    "spark": {"spark": []},
    "strategy": {"strategy": "no_such"},
    "folder": {"request": {"data": "folder:/nowhere"}},
    "instruments": {"instruments": {}},
    "benchmark": {"benchmark": None},
    "themes": {"themes": []},
    "digests": {"digests": {}},
    "tables": {"tables": {}},
}


def test_compare_and_verify_serve_the_others(made: Path) -> None:
    """Of all these at once; each is verified by itself."""
    original = odd(made)
    for n, changes in enumerate(CRUEL.values()):
        place = shutil.copytree(original, original.with_name(f"{original.name[:-6]}{n:06x}"))
        summary = json.loads((place / "summary.json").read_text())
        for key, value in changes.items():
            summary[key] = {**summary[key], **value} if isinstance(value, dict) and value else value
        (place / "summary.json").write_text(json.dumps(summary))
        verified = CliRunner().invoke(verify_app, [str(place), "--out", str(made)])
        assert ended_well(verified), (changes, verified.exception)
    shutil.rmtree(original)
    compared = CliRunner().invoke(compare_app, ["--out", str(made), "--draws", "100", "--json"])
    assert ended_well(compared), compared.exception
    assert compared.exit_code == 0
    assert "Fertilizer Producers" in {f["strategy"] for f in json.loads(compared.stdout)["figures"]}
    good = CliRunner().invoke(verify_app, ["fertilizer_producers", "--out", str(made), "--json"])
    assert json.loads(good.stdout)["identical"]
    runs, left_out = read_runs(made)
    assert len(runs) + len(left_out) == len(CRUEL) + 1
    assert left_out
    assert all(line in told for told in (compared.stderr, good.stderr) for line in left_out)


@pytest.mark.parametrize("name", ["returns.parquet", "ledger.parquet", "events.json"])
@pytest.mark.parametrize("damage", ["flip", "cut", "gone", "pipe", "folder"])
def test_an_edited_table_is_never_believed(made: Path, name: str, damage: str) -> None:
    path = odd(made) / name
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.unlink()
    if damage in ("flip", "cut"):
        path.write_bytes(data if damage == "flip" else data[:-9])
    elif damage == "pipe":
        os.mkfifo(path)
    elif damage == "folder":
        path.mkdir()
    with pytest.raises(BadInputError, match=r"is not as it was written|a device or a pipe"):
        read_run(odd(made)).check()
    done = CliRunner().invoke(compare_app, ["--out", str(made), "--draws", "100", "--json"])
    assert done.exit_code == 0, done.stderr
    assert "left out: " in done.stderr
    assert {f["strategy"] for f in json.loads(done.stdout)["figures"]} == {"Fertilizer Producers"}
    named = CliRunner().invoke(compare_app, [odd(made).name, "--out", str(made), "--draws", "100"])
    assert (named.exit_code, len(named.stderr.splitlines())) == (2, 1)
