"""Options of factors, states of the world, benchmarks and limits: bad words are one line and status 2."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from positioning.cli.compare import app as compare
from positioning.cli.event_study import app as event_study
from positioning.cli.grid_search import app as grid_search
from positioning.cli.run import app as run

HEAD = "Made up.\n\n,Mkt-RF,SMB,RF\n"


def refused(app: object, *words: str) -> str:
    outcome = CliRunner().invoke(app, list(words))  # type: ignore[arg-type]
    if outcome.exception is not None and not isinstance(outcome.exception, SystemExit):
        raise outcome.exception
    assert outcome.exit_code == 2, outcome.output
    lines = outcome.stderr.strip().splitlines()
    assert len(lines) == 1, lines
    assert lines[0].startswith("error: ")
    return lines[0]


@pytest.fixture
def factors(tmp_path: Path) -> str:
    days = np.busday_offset("2019-01-02", np.arange(1900), roll="forward").astype("datetime64[D]")
    rows = np.random.default_rng(0).normal(0, 0.9, (days.size, 3))
    lines = [
        f"{str(d).replace('-', '')},{a:.2f},{b:.2f},{abs(c):.2f}"
        for d, (a, b, c) in zip(days, rows, strict=True)
    ]
    path = tmp_path / "Japan_3_Factors_Daily.csv"
    path.write_text(HEAD + "\n".join(lines) + "\n", encoding="utf-8")
    return str(path)


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("--benchmark", "0.5*SPY+0.6*ACWI"), "--benchmark 0.5*SPY+0.6*ACWI has shares that add up to 1.1"),
        (("--benchmark", "x*SPY+0.6*ACWI"), "the part 'x*SPY'"),
        (("--benchmark", "0.5*SPY+0.5*"), "the part '0.5*'"),
        (("--target-volatility", "much"), "Invalid value for '--target-volatility'"),
        (("--target-volatility", "-1"), "target_volatility=-1.0"),
        (("--target-volatility", "nan"), "wanted a finite number"),
        (("--set", "name_cap=-1"), "name_cap=-1"),
        (("--set", "country_cap=x"), "wanted a number"),
        (("--factors", "none.csv"), "none.csv: No such file"),
        (("--factors", ""), "'--factors': it is empty"),
        (("--region", "US"), "--region without --factors"),
        (("--index", "gpr"), "has no name"),
        (("--index", "gpr=none.csv:GPRD"), "has no publication lag"),
        (("--index", "gpr=none.csv:GPRD:7"), "No such file"),
        (("--index", "="), "has no name"),
    ],
)
def test_a_run_refuses_bad_words_in_one_line(tmp_path: Path, words: tuple[str, ...], complaint: str) -> None:
    out = tmp_path / "out"
    assert complaint in refused(run, "fertilizer_producers", *words, "--out", str(out))
    assert not out.exists() or not list(out.rglob("*"))


def test_factors_of_another_region_are_refused_by_every_command(tmp_path: Path, factors: str) -> None:
    words = ["CF", "--placebo", "0", "--factors", factors, "--out", str(tmp_path / "out")]
    assert "the factors are of Japan, to which 0% of what is held belongs (not CF)" in refused(
        event_study, *words
    )
    assert "type --region any" in refused(event_study, *words)
    assert "--region Mars" in refused(event_study, *words, "--region", "Mars")
    assert "--model mean beside published factors" in refused(event_study, *words, "--model", "mean")
    assert "--base EUR beside factors" in refused(event_study, *words, "--base", "EUR")
    assert "No such file" in refused(compare, "--factors", "none.csv", "--out", str(tmp_path))


def test_a_search_takes_a_volatility_as_an_axis_or_as_an_option() -> None:
    words = ["fertilizer_producers", "--grid", "target_volatility=0.05,0.1", "--target-volatility", "0.1"]
    assert "--target-volatility beside --grid target_volatility" in refused(grid_search, *words)
    assert "target_volatility: 9.0; wanted 0 for none, or at most 2" in refused(
        grid_search, "fertilizer_producers", "--grid", "target_volatility=0.1,9"
    )
