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
        ("date,a\n2021-01-04,0.01\n2021-01-05,inf\n2021-01-06,0.01\n", "line 3: a 'inf'"),
        (
            "date,a\n2021-01-04,0.01\n2021-01-06,0.01\n2021-01-05,0.01\n",
            "2021-01-05 is repeated or out of order",
        ),
        ("date,a\n2021-01-04,0.01\n2021-01-04,0.01\n", "repeated"),
        ("date,a\n2021-01-04,x\n2021-01-05,0.01\n", "line 2: a 'x'"),
        ("date,a\nmonday,0.01\n", "line 2: its first column is no dates: 'monday'"),
        ("a,b\n0.01,0.02\n0.01,0.02\n", "its first column is no dates"),
        ("date,a\n04/01/2021,0.01\n05/01/2021,0.01\n", "may be 2021-04-01 or 2021-01-04"),
        ("date,a\n,0.01\n2021-01-04,0.01\n", "no date"),
        ("date,a\n", "no rows below a header"),
        ("date\n2021-01-04\n", "no column beside date"),
        ("date,a,a\n2021-01-04,0.01,0.01\n", "a second column a"),
        ("date,a\n2021-01-04,0.01\n", "1 returns in column a"),
        ("date,a\n2021-01-04,1%\n2021-01-05,0.02\n", "a '0.02' without a per cent sign"),
        ("date,a\n2021-01-04,1%\n2021-01-05,-100%\n", "over -100 %"),
        ("", "no column beside nothing"),
        ("\0\x01", "wanted"),
    ],
)
def test_what_is_no_table_of_returns_is_refused(text: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.csv"
    path.write_text(text)
    with pytest.raises(BadInputError, match=words):
        read_returns(path)


PLAIN = "Date,My Fund,Zwei\n2020-03-30,0.012,-0.0056\n2020-03-31,-0.0134,0.1\n2020-04-01,0.001,0\n2020-04-02,0,0.02\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (PLAIN, ()),
        (  # Excel in Germany; thousandths have three digits behind the comma
            "Datum;My Fund;Zwei\r\n30.03.2020;0,012;-0,0056\r\n31.03.2020;-0,0134;0,1\r\n01.04.2020;0,001;0\r\n"
            "02.04.2020;0;0,02\r\n",
            ("semicolons between columns", "dates as day/month/year", "decimal commas"),
        ),
        (
            "Datum;My Fund;Zwei\n02.04.2020;0%;2%\n01.04.2020;0,1%;0\n31.03.2020;-1,34%;10%\n30.03.2020;1,2%;-0,56%\n",
            ("My Fund in per cent", "Zwei in per cent", "decimal commas", "newest row first"),
        ),
        (
            "day\tMy Fund (%)\tZwei %\n03/30/2020\t1.2\t-0.56\n03/31/2020\t-1.34\t10\n04/01/2020\t0.1\t0\n"
            "04/02/2020\t0\t2\n",
            ("tabs between columns", "My Fund (%) in per cent", "dates as month/day/year"),
        ),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_returns_are_read_as_prices_are(
    text: str, said: tuple[str, ...], encoding: str, tmp_path: Path
) -> None:
    path = tmp_path / "theirs.csv"
    path.write_bytes(text.encode(encoding))
    one, two = read_returns(path)
    assert [str(day) for day in one.days] == ["2020-03-30", "2020-03-31", "2020-04-01", "2020-04-02"]
    np.testing.assert_allclose(
        one.values, [0.012, -0.0134, 0.001, 0.0], rtol=1e-15
    )  # one division's rounding
    np.testing.assert_allclose(two.values, [-0.0056, 0.1, 0.0, 0.02], rtol=1e-15)
    assert set(said) <= set(one.notes)
    assert ("read with" in one.summary["verdict"]["sentence"]) == bool(one.notes)


@pytest.mark.parametrize(
    ("daily", "drift", "refused"),
    [  # standard deviation and mean of a day, in the file's own numbers
        (0.01, 0.0004, False),  # shares
        (0.04, 0.001, False),  # a crypto-currency
        (0.0, 0.0001, False),  # cash
        (1.0, 0.04, True),  # shares in per cent
        (0.3, 0.02, True),  # a cautious fund in per cent
        (0.1, 0.01, True),  # bonds in per cent
        (0.02, 0.02, True),  # a money market at 5 % a year in per cent
        (20.0, 100.0, True),  # prices
    ],
)
def test_units_are_recognised_whatever_their_size(
    daily: float, drift: float, refused: bool, tmp_path: Path
) -> None:
    shocks = np.random.default_rng(3).normal(size=300)
    values = drift + daily * (shocks - shocks.mean()) / shocks.std()
    values[::3] = 0.0  # many quiet days do not hide the others
    path = tmp_path / "theirs.csv"
    pd.DataFrame({"my_fund": values}, DAYS).to_csv(path)
    if not refused:
        assert read_returns(path)[0].notes == ()
        return
    with pytest.raises(BadInputError, match=r"my_fund .*as fractions: .*; as per cent: .*") as caught:
        read_returns(path)
    assert "end the column's name in %" in str(caught.value)
    said = pd.DataFrame({"my_fund %": values}, DAYS)
    said.to_csv(path)
    said.to_parquet(path.with_suffix(".parquet"))
    if (values > -100.0).all():
        for file in (path, path.with_suffix(".parquet")):
            np.testing.assert_allclose(read_returns(file)[0].values, values / 100.0, rtol=1e-12)


def test_an_account_that_falls_to_nothing_is_taken_for_per_cent(tmp_path: Path) -> None:
    path = tmp_path / "theirs.csv"
    pd.DataFrame({"f": np.full(300, -0.02)}, DAYS).to_csv(path)
    with pytest.raises(
        BadInputError, match=r"f falls to nothing \(as fractions: -99\.8 %"
    ):  # 0.98 ** 300 = 0.0023
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
    alone = CliRunner().invoke(compare_app, words)
    assert alone.exit_code == 2
    assert "whether theirs.csv stands on real prices is not known" in alone.stderr
    assert "type --mixed" in alone.stderr
    words.append("--mixed")
    ran = CliRunner().invoke(compare_app, words)
    assert ran.exit_code == 0, ran.output
    said = json.loads(ran.stdout)
    assert said["span"] == ["2021-01-08", "2022-02-25"]
    assert [Path(f).name for f in said["files"]][2:] == ["fertilizer_producers_factsheet.html"]
    assert said["verdicts"]["one"]["grade"] == "Not judged"
    assert any("not taken for zero" in line for line in said["remarks"])
    assert said["remarks"][0].startswith("SIMULATED prices beside returns of which it is not known")
    page = (tmp_path / "out" / "comparison.html").read_text()
    assert "<b>two</b>" not in page.split("<script")[0]
    assert "Not on the same terms: they differ in Base currency, Fees" in page
    lone = CliRunner().invoke(
        compare_app, ["--returns", str(csv), "--out", str(tmp_path / "new"), "--draws", "100"]
    )
    assert lone.exit_code == 0, lone.output
