"""What commands refuse, or say, at the edges: symbols of no venue, bases, cash files, runs under a year."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from positioning.analysis.metrics import YEARLY, summarise, to_json, without_yearly
from positioning.cli.values import source_of
from positioning.data.symbols import checked_symbol
from positioning.errors import BadInputError
from positioning.simulation.cash import read_cash


@pytest.mark.parametrize(
    ("symbol", "said"),
    [
        ("QNBK.QA", "Qatar"),
        ("BTC-USD", "no venue"),
        ("CL=F", "wanted a recorded symbol"),
        ("^FTSE", "symbol"),
        ("MOS.US", "type MOS"),
    ],
)
def test_a_symbol_that_cannot_be_held_is_not_asked_for(symbol: str, said: str) -> None:
    with pytest.raises(BadInputError, match=said):
        checked_symbol(symbol)
    assert checked_symbol("hkd=x") == "HKD=X"


def test_a_basis_is_stated_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "MOS.csv").write_text("Date,Close,Dividends\n2024-01-02,20,0\n2024-01-03,19.7,0.3\n")
    source = source_of(f"folder:{tmp_path}", basis=["MOS=total_return"])
    assert source.deliver(["MOS"], []).bars["MOS"].basis == "total_return"
    for word, said in (
        ("MOS", "wanted SYMBOL=traded"),
        ("MOS=raw", "wanted one of traded"),
        ("=split", "wanted SYMBOL"),
    ):
        with pytest.raises(BadInputError, match=said):
            source_of(f"folder:{tmp_path}", basis=[word])
    with pytest.raises(BadInputError, match="--basis MOS=split with --data sample"):
        source_of("sample", basis=["MOS=split"])


def test_a_cash_file_says_what_a_year_earns(tmp_path: Path) -> None:
    file = tmp_path / "cash.csv"
    file.write_text("date,rate\n2020-04-01,0.14\n2020-06-01,0.16\n2021-09-01,0.12\n")
    label = read_cash(str(file)).label
    assert (
        label
        == "cash.csv: 14.00% a year from 2020-04-01, 12.00% from 2021-09-01, 14.00% on average over its 3 rows"
    )


def test_less_than_a_year_has_no_yearly_figure() -> None:
    def figures(days: int) -> dict[str, object]:
        dates = np.datetime64("2022-01-03") + np.arange(days)
        nav = 1.0 + 0.001 * np.arange(days) + 0.01 * (np.arange(days) % 2)
        flat = np.full(days, 0.01)
        return to_json(without_yearly(summarise(dates, nav, trade_value=flat, cost=flat, benchmark=nav)))

    short, year = figures(200), figures(361)
    assert all(short[name] is None for name in YEARLY)
    assert short["total_return"] is not None
    assert all(year[name] is not None for name in YEARLY)


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("run", ["--out", ""]),
        ("run", ["--out="]),
        ("run", ["--base", ""]),
        ("run", ["--index", ""]),
        ("stress", ["--thesis", ""]),
        ("fetch", ["MOS", "--cache", ""]),
        ("verify", ["a", "--out", ""]),
        ("event_study", ["--end", ""]),
    ],
)
def test_an_option_left_empty_is_named(command: str, words: list[str]) -> None:
    """A script whose variable is not set would otherwise write into the folder it stands in."""
    outcome = CliRunner().invoke(import_module(f"positioning.cli.{command}").app, words)
    assert outcome.exit_code == 2
    option = next(w for w in words if w.startswith("--")).removesuffix("=")
    assert outcome.stderr == f"error: Invalid value for '{option}': it is empty; --help lists the options\n"


@pytest.mark.parametrize(
    ("command", "words", "said"),
    [
        ("run", ["--capital", "1e308"], "--capital 1e+308; wanted an amount in base currency, 0 to 1e+18"),
        ("claims", ["--placebo", "-1"], "--placebo -1; wanted 0, for none, or more"),
        ("event_study", ["--capital", "1e6"], "No such option: --capital"),
    ],
)
def test_absurd_and_idle_options_are_refused(
    command: str, words: list[str], said: str, tmp_path: Path
) -> None:
    app = import_module(f"positioning.cli.{command}").app
    outcome = CliRunner().invoke(app, [*words, "--out", str(tmp_path)])
    assert outcome.exit_code == 2
    assert said in outcome.stderr
    assert len(outcome.stderr.splitlines()) == 1
    assert not list(tmp_path.iterdir())
