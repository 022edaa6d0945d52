"""Where there is no edge, none is found: Sharpe ratios, plain and deflated, and alphas on prices that are martingales."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import kstest, norm

from positioning.analysis.overfitting import deflated_sharpe, probabilistic_sharpe
from positioning.arrays import FloatArray
from positioning.market.benchmark import Benchmark
from positioning.market.market import Market
from positioning.runs.backtest import judged
from positioning.simulation.account import AccountTerms
from positioning.simulation.fees import FeeTable
from positioning.simulation.result import Result
from positioning.strategy.targets import Targets
from tests.builders import Figure

FREE = AccountTerms(FeeTable((), "none"))
ROWS, NAMES = 504, 8


def martingale(rng: np.random.Generator) -> Market:
    """Names that share a factor; the expected simple return of each is nothing on every row."""
    noise = 0.01 * rng.standard_normal((ROWS, NAMES)) + 0.008 * rng.standard_normal((ROWS, 1))
    close = 100 * np.cumprod(1 + noise, axis=0)
    columns = [f"N{n}" for n in range(NAMES)]
    return Market.from_frames(pd.DataFrame(close, pd.bdate_range("2022-01-03", periods=ROWS), columns))


def momentum(market: Market, lookback: int, long_only: bool) -> Result:
    """The better half of the names bought each month, and where not long only the other half sold."""
    decided = np.arange(lookback, ROWS, 21)
    past = market.close[decided] / market.close[decided - lookback]
    rank = past.argsort(axis=1).argsort(axis=1)
    better = (rank >= NAMES // 2) / (NAMES // 2)
    weights = 0.9 * better if long_only else 0.45 * (better - (rank < NAMES // 2) / (NAMES // 2))
    return FREE.run(Targets(market.rows, market.symbols, decided, weights), market)


def t_of(result: Result, first: int) -> float:
    r = result.returns[first + 2 :]
    return float(r.mean() / r.std(ddof=1) * np.sqrt(r.size))


def told(t: FloatArray) -> str:
    return (
        f"mean t {t.mean():+.3f}, deviation {t.std():.3f}, |t| above 1.96 in {np.mean(np.abs(t) > 1.96):.1%}"
    )


@pytest.mark.slow
@pytest.mark.parametrize("long_only", [True, False])
def test_sharpe_ratios_on_martingales_are_those_of_no_skill(long_only: bool, figure: Figure) -> None:
    rng, runs = np.random.default_rng(21), 2000
    t, ahead = [], []
    for _ in range(runs):
        r = momentum(martingale(rng), 63, long_only)
        t.append(t_of(r, 63))
        m = judged(r, None)
        ahead.append(probabilistic_sharpe(m.sharpe / np.sqrt(m.rows_per_year), 0.0, ROWS - 1, 0.0, 3.0))
    drawn = np.array(t)
    kind = "long only" if long_only else "long and short"
    figure(
        f"Sharpe of momentum on {runs:,} martingales, {kind}", told(drawn), "standard normal: KS p above 0.01"
    )
    sure = np.mean(np.array(ahead) > 0.95)
    figure(f"of those, probabilistic Sharpe ratio above 95 %, {kind}", f"{sure:.1%}", "5 % within 1.5 %")
    # 440 returns whose volatility is nearly constant: t is normal to the third digit.
    assert kstest(drawn, norm.cdf).pvalue > 0.01
    assert sure == pytest.approx(0.05, abs=0.015)  # three standard errors of 2,000 runs


@pytest.mark.slow
def test_the_best_of_many_is_not_believed_without_skill(figure: Figure) -> None:
    """Of twenty trials that share nothing the best has a Sharpe that looks like skill; the deflated one knows."""
    rng, runs, trials = np.random.default_rng(22), 1000, 20
    naive, deflated = [], []
    for _ in range(runs):
        r = 0.01 * rng.standard_normal((trials, ROWS))
        sharpe = r.mean(axis=1) / r.std(axis=1, ddof=1)
        best = float(sharpe.max())
        naive.append(probabilistic_sharpe(best, 0.0, ROWS, 0.0, 3.0) > 0.95)
        deflated.append(deflated_sharpe(best, float(sharpe.var(ddof=1)), trials, ROWS, 0.0, 3.0) > 0.95)
    plain, honest = float(np.mean(naive)), float(np.mean(deflated))
    figure(
        f"the best of {trials} trials without skill passes at 95 %, {runs:,} searches",
        f"{plain:.0%} by its own Sharpe ratio, {honest:.1%} by the deflated one",
        "deflated: at most 10 %",
    )
    assert plain > 0.5
    assert honest <= 0.1


@pytest.mark.slow
def test_alphas_on_martingales_are_nothing(figure: Figure) -> None:
    rng, runs, alphas = np.random.default_rng(23), 1000, []
    for _ in range(runs):
        market = martingale(rng)
        levels = market.close.mean(axis=1)
        alphas.append(judged(momentum(market, 63, True), Benchmark("M", "all names", levels, ())).alpha)
    made = np.array(alphas)
    error = made.std(ddof=1) / np.sqrt(runs)
    figure(
        f"alpha a year on {runs:,} martingales",
        f"{made.mean():+.2%} with error {error:.2%}",
        "0 within 3 errors",
    )
    assert abs(made.mean()) < 3 * error
