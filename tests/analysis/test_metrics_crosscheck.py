"""The second working of the headline figures: it agrees on every kind of account, and a wrong figure is named."""

from __future__ import annotations

import math
import pickle
from dataclasses import fields, replace

import numpy as np
import pandas as pd
import pytest

from positioning.analysis.metrics_crosscheck import agree, recomputed_metrics, require_agreement
from positioning.data.sample import SampleSource
from positioning.errors import DisagreementError
from positioning.market.benchmark import Benchmark
from positioning.market.coverage import Span
from positioning.market.market import Market
from positioning.runs import backtest as line
from positioning.runs.backtest import RunSettings, backtest, judged
from positioning.simulation.account import AccountTerms
from positioning.simulation.cash import CashRate
from positioning.simulation.fees import read_fees
from positioning.simulation.result import Result
from positioning.strategy.targets import Targets
from strategies import FertilizerProducers
from tests.builders import THESIS

NUMBERS = {
    "total_return", "cagr", "volatility", "sharpe", "sortino", "max_drawdown", "calmar", "var_95", "es_95", "hit_rate",
    "beta", "alpha", "turnover", "cost_bps_per_year", "rows_per_year",
}  # fmt: skip


def account(rows: int = 400, size: float = 1.0, seed: int = 1, mark: str = "last") -> Result:
    rng = np.random.default_rng(seed)
    index = pd.bdate_range("2022-01-03", periods=rows)
    close = 100 * np.exp(np.cumsum(rng.normal(0, 0.02, (rows, 3)), axis=0))
    market = Market.from_frames(pd.DataFrame(close, index, columns=["A", "B", "C"]))
    decided = np.arange(0, rows, 7)
    weights = size * rng.uniform(-0.4, 0.5, (decided.size, 3))
    targets = Targets(market.rows, market.symbols, decided, weights)
    return AccountTerms(read_fees(), cash=CashRate.constant(0.03), mark=mark).run(targets, market)


def measure(result: Result) -> Benchmark:
    levels = np.exp(np.cumsum(np.random.default_rng(9).normal(0, 0.01, result.rows.size)))
    levels[:40] = np.nan
    return Benchmark("SPY", "SPY", levels, ())


def test_a_second_working_covers_every_number_of_the_metrics() -> None:
    r = account()
    assert set(recomputed_metrics(r, measure(r))) == NUMBERS
    own = {f.name for f in fields(judged(r, None))}
    told = {"first", "last", "sessions", "drawdown", "benchmark_sessions", "ruined", "beta_measure"}
    assert own == NUMBERS | told  # a new figure needs a second working


# From wholly invested to a hundred-millionth of nav, where a deviation is near what rounding leaves.
@pytest.mark.parametrize("size", [1.0, 1e-4, 1e-8, 1e-13, 0.0])
@pytest.mark.parametrize("rows", [1, 2, 3, 59, 400])
def test_it_agrees_on_accounts_of_every_size_and_length(size: float, rows: int) -> None:
    r = account(rows, size)
    judged(r, measure(r) if rows > 50 else None)


def test_it_agrees_on_a_ruined_account() -> None:
    index = pd.bdate_range("2022-01-03", periods=400)
    price = np.linspace(10, 40, 400)
    market = Market.from_frames(pd.DataFrame({"A": price}, index))
    targets = Targets(market.rows, market.symbols, np.array([0]), np.array([[-1.0]]))
    r = AccountTerms(read_fees()).run(targets, market)
    assert r.ruined
    assert math.isnan(judged(r, measure(r)).sharpe)


@pytest.mark.parametrize("name", sorted(NUMBERS))
def test_a_figure_that_is_off_by_a_hundred_millionth_is_named(name: str) -> None:
    r = account()
    metrics = judged(r, measure(r))
    own = getattr(metrics, name)
    wrong = replace(metrics, **{name: own + 1e-8 * max(1.0, abs(own))})
    with pytest.raises(DisagreementError, match=rf"{name} is .*, and .* when it is worked out a second time"):
        require_agreement(r, wrong, measure(r))
    with pytest.raises(DisagreementError):
        require_agreement(r, replace(metrics, **{name: math.nan}), measure(r))


def test_a_nav_that_is_not_cash_and_holdings_is_named_with_its_day() -> None:
    r = account()
    off = replace(r, nav=r.nav + np.where(np.arange(r.nav.size) == 30, 1e-6, 0.0))
    with pytest.raises(DisagreementError, match=rf"nav on {r.rows[30]} is"):
        require_agreement(off, judged(r, None), None)


def test_profit_that_does_not_add_up_is_named() -> None:
    r = account()
    off = replace(r, paid=r.paid * (1 + 1e-5))
    with pytest.raises(DisagreementError, match="profit on"):
        require_agreement(off, judged(r, None), None)


def test_every_account_of_a_run_is_held_against_it(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Result] = []
    monkeypatch.setattr(line, "require_agreement", lambda result, *_: seen.append(result))
    span = Span(np.datetime64("2024-01-02"), np.datetime64("2024-03-28"))
    report = backtest(FertilizerProducers(), RunSettings(SampleSource(), THESIS, span))
    assert seen == [report.result, report.without_events, report.without_events_same_exposure]


def test_undefined_and_infinite_figures_agree_with_themselves_alone() -> None:
    assert agree(math.nan, math.nan)
    assert agree(math.inf, math.inf)
    assert not agree(math.nan, 0.0)
    assert not agree(math.inf, -math.inf)
    assert not agree(math.inf, 1e300)
    assert agree(1e12, 1e12 + 500)
    assert not agree(0.0, 2e-9)


def test_the_error_crosses_processes() -> None:
    error = DisagreementError("a", "b", "c")
    assert str(pickle.loads(pickle.dumps(error))) == "a; b; c"  # noqa: S301
