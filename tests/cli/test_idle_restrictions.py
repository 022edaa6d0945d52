"""Restrictions of a user's own that bear on nothing held are told, in one line; nothing else is changed by them."""

from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner

from positioning.cli.request import Request
from positioning.cli.run import app

HEAD = "symbol,announced,effective,kind,ground,recovery,reason,source\n"


def test_a_symbol_that_nothing_holds_is_named_once(tmp_path: Path) -> None:
    file = tmp_path / "mine.csv"
    file.write_text(
        f"{HEAD}KO,2024-01-03,,no_buy,own,,Mine,me\nKO,2024-02-03,,frozen,own,,Mine,me\nMOS,2024-01-03,,no_buy,own,,Mine,me\n"
    )
    words = [
        "fertilizer_producers",
        "--placebo",
        "0",
        "--no-quantstats",
        "--out",
        str(tmp_path / "out"),
        "--json",
    ]
    told = CliRunner().invoke(app, [*words, "--restrictions", str(file)])
    assert told.exit_code == 0, told.output
    assert told.stderr == "no strategy here holds KO: what the restrictions say of it has no effect\n"
    json.loads(told.stdout)


def test_nothing_is_said_of_the_thesis_or_of_what_is_held(tmp_path: Path) -> None:
    assert Request().idle(["MOS"]) == []
    file = tmp_path / "mine.csv"
    every = ["A", "B", "C", "D", "E", "F", "MOS"]
    file.write_text(HEAD + "".join(f"{s},2024-01-03,,no_buy,own,,Mine,me\n" for s in every))
    request = Request(restrictions=str(file))
    assert request.idle(["MOS", "A"]) == [
        "no strategy here holds B, C, D, E, F: what the restrictions say of it has no effect"
    ]
    assert "and 2 more: what" in request.idle([])[0]
    assert request.idle(every) == []


def test_a_symbol_nearly_one_that_is_held_is_asked_about(tmp_path: Path) -> None:
    file = tmp_path / "mine.csv"
    file.write_text(f"{HEAD}MOSS,2024-01-03,,no_buy,own,,Mine,me\nKO,2024-01-03,,no_buy,own,,Mine,me\n")
    (line,) = Request(restrictions=str(file)).idle(["MOS", "NTR"])
    assert line.startswith("no strategy here holds KO, MOSS (Did you mean MOS?): what")
