"""A screened name falls out of a run on its day and not before, whichever way its row came in."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from positioning.cli.request import Request
from positioning.cli.run import app
from positioning.reporting.screening import write_restrictions
from positioning.runs.backtest import backtest
from positioning.simulation.result import Result

MOSAIC = "US61945C1036"
NAMED = np.datetime64("2022-05-03", "D")


def asked(tmp_path: Path) -> list[str]:
    span = ["--start", "2021-01-04", "--end", "2023-06-30"]
    return ["fertilizer_producers", *span, "--no-quantstats", "--out", str(tmp_path / "r")]


def listed(place: Path, since: str, isin: str = MOSAIC) -> Path:
    path = place / "list.csv"
    path.write_text(f"name,isin,since\nSomebody,{isin},{since}\n", encoding="utf-8")
    os.utime(path, (0, 1_651_536_000))  # 3 May 2022
    return path


def account(request: Request) -> Result:
    (strategy,) = request.strategies(["fertilizer_producers"])
    return backtest(strategy, request.terms("")).result


def bought(result: Result, symbol: str) -> np.ndarray:
    """The days on which more of the name was bought."""
    held = result.shares[:, list(result.market.symbols).index(symbol)]
    return result.rows[1:][np.diff(held) > 0]


@pytest.mark.parametrize("way", ["screen-file", "restrictions"])
def test_the_name_is_dropped_on_its_day_and_nothing_before_moves(tmp_path: Path, way: str) -> None:
    span = {"start": "2021-01-04", "end": "2023-06-30"}
    free = account(Request(**span))
    path = listed(tmp_path, str(NAMED))
    request = Request(**span, screen_files=(str(path),))
    if way == "restrictions":
        assert request.screening is not None
        rows = write_restrictions(request.screening.restrictions, tmp_path / "rows.csv")
        request = Request(**span, restrictions=str(rows))
    barred = account(request)
    before = free.rows <= NAMED
    assert before.any()
    np.testing.assert_array_equal(barred.nav[before], free.nav[before])
    np.testing.assert_array_equal(barred.shares[before], free.shares[before])
    assert (bought(free, "MOS") > NAMED).any()
    assert not (bought(barred, "MOS") > NAMED).any()
    assert (bought(barred, "MOS") <= NAMED).any()


def test_an_undated_list_restricts_from_its_day_and_the_run_names_what_it_held_before(tmp_path: Path) -> None:
    words = asked(tmp_path)
    done = CliRunner().invoke(app, [*words, "--screen-file", str(listed(tmp_path, "")), "--verbose"])
    assert done.exit_code == 0, done.output
    said = " ".join(done.stdout.split())
    assert "was held before 2022-05-03, the day of a list that gives no date" in said
    page = (tmp_path / "r" / "fertilizer_producers.html").read_text(encoding="utf-8")
    assert "was held before 2022-05-03" in re.sub(r"<[^>]*>", "", page)


def test_a_candidate_nobody_decided_on_is_told_and_restricts_nothing(tmp_path: Path) -> None:
    path = tmp_path / "names.csv"
    path.write_text("name,since\nMosaic Co,2022-05-03\n", encoding="utf-8")
    words = asked(tmp_path)
    done = CliRunner().invoke(app, [*words, "--screen-file", str(path)])
    assert done.exit_code == 0, done.output
    assert "nobody decided" in " ".join(done.stdout.split())
    answer = json.loads(CliRunner().invoke(app, [*words, "--screen-file", str(path), "--json"]).stdout)
    plain = json.loads(CliRunner().invoke(app, [*words, "--json"]).stdout)
    own = "fertilizer_producers"
    assert answer["strategies"][own]["total_return"] == plain["strategies"][own]["total_return"]


def test_a_purchase_ban_binds_americans(tmp_path: Path) -> None:
    path = tmp_path / "cons.csv"
    none = "-0- ," * 7
    path.write_text(
        f'1,"SOMEBODY",-0- ,"CMIC-EO13959",{none}"ISIN {MOSAIC}; Listing Date (CMIC) 03 May 2022; Effective Date (CMIC) '
        '02 Jul 2022."\n',
        encoding="utf-8",
    )
    for investor, counted in (("US", 1), ("none", 1), ("IE", 0)):
        request = Request(screen_files=(str(path),), investor=investor)
        rows = [r for r in request.advice().restrictions if r.symbol == "MOS"]
        assert len(rows) == counted
