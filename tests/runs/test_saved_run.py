"""Runs kept on disk, and what verify says when a price, a default, an event or a package has changed."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from positioning.cli.run import app as run_app
from positioning.cli.verify import app as verify_app
from positioning.errors import BadInputError
from positioning.market.venues import sessions
from positioning.runs import backtest as pipeline
from positioning.runs import keeping
from positioning.runs.saved_run import SCHEMA, SavedRun, find_run, read_run, runs_in
from strategies.middle_corridor import MiddleCorridor

WORDS = ["middle_corridor", "--set", "legs=WAB,FRHC", "--start", "2020-01-02", "--end", "2021-06-30"]
HEADER = (
    "id,announced,title,issuer,instrument,direction,severity,themes,"
    "sign_fertilizer,sign_corridor,sign_equipment,follows,source,confidence"
)
EVENT = "X1,2020-09-01,A title,EU,quota,corridor_positive,{},corridor,0,1,0,,a source,high"


def run(*words: str) -> Any:
    outcome = CliRunner().invoke(run_app, [*words, "--no-quantstats"])
    assert outcome.exit_code == 0, outcome.output
    return outcome


def verify(*words: str) -> tuple[int, dict[str, Any]]:
    outcome = CliRunner().invoke(verify_app, [*words, "--json"])
    assert outcome.exit_code in (0, 1), outcome.output
    return outcome.exit_code, json.loads(outcome.stdout)


@pytest.fixture
def walk(tmp_path: Path) -> Path:
    """A folder with random walks of two names and their benchmark, fixed."""
    folder = tmp_path / "prices"
    folder.mkdir()
    days = sessions("XNYS", np.datetime64("2019-06-03"), np.datetime64("2021-06-30"))
    for n, symbol in enumerate(("WAB", "FRHC", "EEM")):
        close = 50 * np.exp(np.cumsum(np.random.default_rng(n).normal(0, 0.01, days.size))).round(4)
        frame = pd.DataFrame({"Date": days, "Open": close, "High": close, "Low": close, "Close": close})
        frame.assign(**{"Adj Close": close, "Volume": 1000 + np.arange(days.size)}).to_csv(
            folder / f"{symbol}.csv", index=False
        )
    return folder


@pytest.fixture
def made(walk: Path, tmp_path: Path) -> Path:
    """Reports of one run on that folder, with an event record of its own, in a folder whose name is not UTF-8: pyarrow
    takes no other, and no run was kept there."""
    (tmp_path / "events.csv").write_text(f"{HEADER}\n{EVENT.format(3)}\n")
    out = tmp_path / os.fsdecode(b"out-\xff")
    words = ["--data", f"folder:{walk}", "--events", str(tmp_path / "events.csv"), "--out", str(out)]
    run(*WORDS, *words, "--json")
    return out


def test_a_run_keeps_what_it_stood_on(made: Path) -> None:
    (kept,) = runs_in(made)
    s = kept.summary
    assert kept.id.endswith(f"-middle_corridor-{kept.id[-6:]}")
    assert s["schema"] == SCHEMA
    assert s["parameters"] | {"legs": ["WAB", "FRHC"], "half_life": 20.0} == s["parameters"]
    assert set(s["digests"]) == {"WAB", "FRHC", "EEM"}
    assert s["command"].startswith("python -m backtests.run")
    assert {"numpy", "pandas", "positioning"} <= set(s["versions"])
    assert s["seed"] == 0
    assert len(s["events"]["digest"]) == len(s["snapshot"]) == len(s["fees"]["digest"]) == 64
    nav = kept.returns["nav"].to_numpy()
    assert nav[-1] - 1 == pytest.approx(s["metrics"]["total_return"], abs=1e-15)
    parts = kept.ledger[["price", "currency", "dividends", "costs", "financing"]].to_numpy().sum()
    assert parts + kept.returns["interest"].sum() == pytest.approx(nav[-1] - 1, abs=1e-12)
    fees = [c for c in kept.returns.columns if c.startswith("cost_")]
    assert kept.returns[fees].to_numpy().sum() == pytest.approx(kept.returns["cost"].sum(), abs=1e-15)
    assert [e["title"] for e in kept.events if e["kind"] == "event"] == ["A title"]
    assert 'src="../../assets/plotly' in (kept.place / "tearsheet.html").read_text()


def test_nothing_half_written_is_left(made: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device", "x")

    monkeypatch.setattr(keeping, "_tables", full)
    out = tmp_path / "full"
    outcome = CliRunner().invoke(run_app, [*WORDS, "--no-quantstats", "--out", str(out)])
    assert outcome.exit_code == 2
    assert "No space left" in outcome.stderr
    assert not (out / "runs").exists()


def test_verify_says_identical(made: Path) -> None:
    code, said = verify("middle_corridor", "--out", str(made))
    assert (code, said["identical"], said["changed"]) == (0, True, [])


def test_verify_reads_the_files_from_anywhere(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(made / "assets")
    assert verify(str(runs_in(made)[0].place))[0] == 0


def test_verify_names_the_symbol_of_a_changed_price(made: Path, walk: Path) -> None:
    lines = (walk / "WAB.csv").read_text().splitlines()
    at = next(n for n, line in enumerate(lines) if line.startswith("2020-10-05"))
    cells = lines[at].split(",")
    lines[at] = ",".join([cells[0], *[f"{float(c) * 1.001:.4f}" for c in cells[1:6]], cells[6]])
    (walk / "WAB.csv").write_text("\n".join(lines) + "\n")
    code, said = verify("middle_corridor", "--out", str(made))
    assert code == 1
    (line,) = said["changed"]
    assert "WAB" in line
    assert "2020-10-05" in line
    assert "FRHC" not in line


def test_verify_names_a_price_that_moved_nothing(made: Path, walk: Path) -> None:
    text = (walk / "EEM.csv").read_text().splitlines()
    (walk / "EEM.csv").write_text("\n".join([*text[:-1], text[-1] + "7"]) + "\n")  # a volume
    _, said = verify("middle_corridor", "--out", str(made))
    assert said["identical"]
    assert said["changed"] == ["prices of EEM changed"]


def test_verify_names_a_changed_default(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    @dataclass(frozen=True)
    class Edited(MiddleCorridor):  # type: ignore[misc]  # stands for an edit of the file
        half_life: float = 5.0

    monkeypatch.setattr("strategies.STRATEGIES", (Edited,))
    code, said = verify("middle_corridor", "--out", str(made))
    assert code == 1
    assert "parameter half_life was 20.0, is 5.0" in said["changed"]


def test_verify_names_the_event(made: Path, tmp_path: Path) -> None:
    (tmp_path / "events.csv").write_text(f"{HEADER}\n{EVENT.format(5)}\n")
    code, said = verify("middle_corridor", "--out", str(made))
    assert code == 1
    assert said["changed"] == ["event or restriction X1 changed"]


def test_verify_names_the_package(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = pipeline.package_versions()
    monkeypatch.setattr(pipeline, "package_versions", lambda: {**now, "numpy": "0.1"})
    code, said = verify("middle_corridor", "--out", str(made))
    assert code == 0
    assert said["changed"] == [f"package numpy was {now['numpy']}, is 0.1"]


def test_verify_names_the_code(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = keeping.code_digests(MiddleCorridor)
    monkeypatch.setattr(keeping, "code_digests", lambda _: now | {"simulation/kernel.py": "other"})
    _, said = verify("middle_corridor", "--out", str(made))
    assert said["changed"] == ["code file simulation/kernel.py changed"]


def test_runs_are_found_by_position_beginning_and_folder(made: Path) -> None:
    (kept,) = runs_in(made)
    for word in ("middle_corridor", kept.id, kept.id[:-2], str(kept.place)):
        assert find_run(made, word).id == kept.id
    copied(kept, "29990101-000000-middle_corridor-000000", "2999-01-01T00:00:00+00:00")
    assert find_run(made, "middle_corridor").id.startswith("2999")
    with pytest.raises(BadInputError, match="Did you mean middle_corridor"):
        find_run(made, "middle_corridr")
    with pytest.raises(BadInputError, match="2 runs begin with 2"):
        find_run(made, "2")


def copied(kept: SavedRun, name: str, when: str) -> Path:
    place = shutil.copytree(kept.place, kept.place.with_name(name))
    (place / "summary.json").write_text(json.dumps({**kept.summary, "id": name, "made": when}))
    return Path(place)


def test_the_gallery_is_newest_first_and_skips_what_it_cannot_read(made: Path) -> None:
    from positioning.reporting.index import write_index

    (kept,) = runs_in(made)
    copied(kept, "old", "2001-01-01T00:00:00+00:00")
    os.mkdir(made / "runs" / "broken")
    (made / "comparison.html").write_text("")
    page = write_index(made).read_text()
    assert page.index(f'href="runs/{kept.place.name}/tearsheet.html"') < page.index(
        'href="runs/old/tearsheet.html"'
    )
    assert page.count("<polyline") == 2
    assert 'href="comparison.html"' in page
    assert (
        'href="runs/broken' not in page
    )  # what cannot be read is named among those left out, and not linked
    assert "broken" in page


def test_a_run_that_is_kept_while_the_index_is_being_written_is_in_it(
    made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of six runs at once into one folder one was missing in the index: who read last did not write last."""
    from positioning.reporting import index

    (kept,) = runs_in(made)
    write, late = index.write_page, iter(["late", "later"])

    def written_while_others_keep(path: Path, text: str) -> Path:
        for name in late:
            copied(kept, name, "2001-01-01T00:00:00+00:00")
            break
        return write(path, text)

    monkeypatch.setattr(index, "write_page", written_while_others_keep)
    page = index.write_index(made).read_text()
    assert page.count("<polyline") == 3
    for name in ("late", "later"):
        assert f'href="runs/{name}/tearsheet.html"' in page


def test_another_schema_is_refused(made: Path) -> None:
    (kept,) = runs_in(made)
    (kept.place / "summary.json").write_text(json.dumps({**kept.summary, "schema": 99}))
    with pytest.raises(BadInputError, match="schema 99"):
        read_run(kept.place)


def test_an_unknown_word_is_told_the_newest_runs_alone(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = runs_in(made)
    many = [SavedRun(kept[0].place.with_name(f"2999{n:04}-{kept[0].id}"), kept[0].summary) for n in range(40)]
    monkeypatch.setattr("positioning.runs.saved_run.runs_in", lambda _: many)
    with pytest.raises(BadInputError, match=r"wanted one of 40 runs") as refused:
        find_run(made, "nothing")
    assert [run.id in str(refused.value) for run in many] == [True] * 3 + [False] * 37
