"""Returns of other programs beside kept runs: read as they are, and nothing pretended to be known."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from positioning.cli.compare import app as compare_app
from positioning.cli.run import app as run_app
from positioning.errors import BadInputError
from positioning.runs.comparison import compare
from positioning.runs.foreign_returns import read_returns

DAYS = pd.bdate_range("2021-01-04", periods=300)
VALUES = np.random.default_rng(1).normal(0.0004, 0.01, (300, 2))


@pytest.fixture
def csv(tmp_path: Path) -> Path:
    path = tmp_path / "theirs.csv"
    frame = pd.DataFrame(VALUES, DAYS, ["one", "<b>two</b>"])
    frame.iloc[:5, 1] = np.nan  # begins later
    frame.to_csv(path)
    return path


def test_both_formats_hold_the_same_returns(csv: Path) -> None:
    frame = pd.read_csv(csv, index_col=0, parse_dates=True)
    frame.to_parquet(csv.with_suffix(".parquet"))
    for path in (csv, csv.with_suffix(".parquet")):
        one, two = read_returns(path)
        np.testing.assert_allclose(
            one.values, VALUES[:, 0], rtol=1e-12
        )  # pandas before 3.1 drops a 17th digit
        assert (str(one.days[0]), str(two.days[0])) == ("2021-01-04", "2021-01-11")
        assert one.nav[-1] == pytest.approx(
            np.prod(1 + VALUES[:, 0]), rel=1e-13
        )  # 300 products, rounded each
        assert str(one.returns["date"].iloc[0])[:10] == "2021-01-01"  # opened on the weekday before


def test_nothing_is_known_of_their_costs(csv: Path) -> None:
    found = compare(read_returns(csv), draws=100)
    for x in found.contenders:
        assert x.metrics is not None
        assert math.isnan(x.metrics.turnover)
        assert math.isnan(x.metrics.cost_bps_per_year)
        assert math.isfinite(x.metrics.sharpe)
        assert "cost_bps_per_year" not in x.intervals


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("date,a\n2021-01-04,100\n2021-01-05,101\n", "daily simple returns as fractions"),
        ("date,a\n2021-01-04,1.2\n2021-01-05,-0.7\n", "daily simple returns as fractions"),
        ("date,a\n2021-01-04,-1\n2021-01-05,0.01\n", "a has -1"),
        ("date,a\n2021-01-04,0.01\n2021-01-05,\n2021-01-06,0.01\n", "no return of a on 2021-01-05"),
        ("date,a\n2021-01-04,0.01\n2021-01-05,inf\n2021-01-06,0.01\n", "no return of a on 2021-01-05"),
        ("date,a\n2021-01-05,0.01\n2021-01-04,0.01\n", "2021-01-04 after 2021-01-05"),
        ("date,a\n2021-01-04,0.01\n2021-01-04,0.01\n", "each day once"),
        ("date,a\n2021-01-04,x\n2021-01-05,0.01\n", "words in column a"),
        ("date,a\nmonday,0.01\n", "is no dates"),
        ("date,a\n", "without a date"),
        ("date\n2021-01-04\n", "no column of returns"),
        ("date,a\n2021-01-04,0.01\n", "1 returns in column a"),
        ("", "while it was read"),
        ("\0\x01", "wanted"),
    ],
)
def test_what_is_no_table_of_returns_is_refused(text: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.csv"
    path.write_text(text)
    with pytest.raises(BadInputError, match=words):
        read_returns(path)


def test_other_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.xlsx").write_bytes(b"PK")
    (tmp_path / "a.parquet").write_bytes(b"PAR1")
    for name, words in (
        ("a.xlsx", ".csv or .parquet"),
        ("a.parquet", "a table"),
        ("none.csv", "check its path"),
    ):
        with pytest.raises(BadInputError, match=words):
            read_returns(tmp_path / name)


def test_beside_a_run_with_its_factsheet(csv: Path, tmp_path: Path) -> None:
    out = str(tmp_path / "out")
    words = ["fertilizer_producers", "--out", out, "--quiet", "--placebo", "0", "--no-quantstats"]
    assert CliRunner().invoke(run_app, words).exit_code == 0
    words = ["--returns", str(csv), "--out", out, "--draws", "100", "--factsheet", "--json"]
    ran = CliRunner().invoke(compare_app, words)
    assert ran.exit_code == 0, ran.output
    said = json.loads(ran.stdout)
    assert said["span"] == ["2021-01-08", "2022-02-25"]
    assert [Path(f).name for f in said["files"]][2:] == ["fertilizer_producers_factsheet.html"]
    assert said["verdicts"]["one"]["grade"] == "Not judged"
    assert any("not taken for zero" in line for line in said["remarks"])
    page = (tmp_path / "out" / "comparison.html").read_text()
    assert "<b>two</b>" not in page.split("<script")[0]
    assert "Not on the same terms: they differ in Base currency, Fees" in page
    lone = CliRunner().invoke(
        compare_app, ["--returns", str(csv), "--out", str(tmp_path / "new"), "--draws", "100"]
    )
    assert lone.exit_code == 0, lone.output
