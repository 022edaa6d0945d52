"""What the list says of strategies, the record and kept work."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from positioning.cli.listing import app
from positioning.cli.strategies import controls, standard


def listed(*words: str) -> dict[str, dict[str, object]]:
    told = CliRunner().invoke(app, [*words, "--json"])
    assert told.exit_code == 0, told.output
    return json.loads(told.stdout)  # type: ignore[no-any-return]


@pytest.mark.parametrize("word", ["fertilizer_producers", "strategies/fertilizer_producers.py"])
def test_parameters_with_types_bounds_and_defaults(word: str, tmp_path: Path) -> None:
    answer = listed(word, "--out", str(tmp_path), "--cache", str(tmp_path))
    (name,) = answer["strategies"]
    assert name == "fertilizer_producers"
    parameters = answer["strategies"][name]["parameters"]  # type: ignore[index]
    assert parameters["half_life"] == {"type": "number", "default": 20.0, "bounds": "sessions above 0"}
    assert parameters["lookback"] == {"type": "whole number", "default": 120, "bounds": "20 to 500 rows"}
    assert parameters["legs"]["type"] == "symbols"
    assert (answer["snapshots"], answer["runs"]) == ([], [])


def test_the_record_counted(tmp_path: Path) -> None:
    events = tmp_path / "events.csv"
    events.write_text(
        "id,announced,title,issuer,instrument,direction,severity,themes,sign_fertilizer,sign_corridor,"
        "sign_equipment,follows,source,confidence\nX,2024-01-02,T,I,N,tighten,3,fertilizer,1,0,0,,S,high\n",
        encoding="utf-8",
    )
    record = listed("--events", str(events), "--out", str(tmp_path))["record"]
    assert (record["events"], record["first"], record["last"]) == (1, "2024-01-02", "2024-01-02")


def test_which_are_run_without_a_name_is_said_with_the_reason(tmp_path: Path) -> None:
    assert {
        name for name, s in listed("--out", str(tmp_path))["strategies"].items() if s["control"]
    } == controls()  # type: ignore[index]
    told = " ".join(CliRunner().invoke(app, ["--out", str(tmp_path)]).stdout.split())
    assert f"takes {', '.join(standard())}; not {', '.join(controls())}, held against them" in told
    assert f"{min(controls())}: a control, run only where it is named." in told


def test_for_people_every_listed_strategy_is_named(tmp_path: Path) -> None:
    told = CliRunner().invoke(app, ["--out", str(tmp_path)])
    for name in listed("--out", str(tmp_path))["strategies"]:
        assert f"\n{name}: " in f"\n{told.stdout}"
