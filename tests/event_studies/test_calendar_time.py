"""The calendar-time portfolio by hand, against statsmodels, and its size on the record's clustered dates."""

from __future__ import annotations

import math

import numpy as np
import pytest
from statsmodels.regression.linear_model import OLS
from statsmodels.tools import add_constant

from positioning.event_studies.calendar_time import Weighting, calendar_time, in_force
from positioning.event_studies.day_zero import EventFilter, News, select
from tests.builders import EVENTS, Figure
from tests.event_studies.returns import NYSE, an_event, returns_of


def news(day: int, sign: int, severity: int = 5) -> News:
    return News(day, (an_event(f"E{day}", "2022-01-03", sign, severity),), sign, "tighten", ())


def test_weights_in_force_by_hand() -> None:
    found = in_force([news(2, 1, 5), news(4, -1, 2)], 9, "severity", (0, 3))
    np.testing.assert_allclose(found, [np.nan, np.nan, 1, 1, 0.3, 0.3, -0.4, -0.4, np.nan])
    plain = in_force([news(2, 1, 5), news(4, -1, 2)], 9, "sign", (0, 3))
    np.testing.assert_allclose(plain, [np.nan, np.nan, 1, 1, 0, 0, -1, -1, np.nan])
    assert np.isnan(in_force([news(100, 1)], 9, "sign")).all()


@pytest.mark.parametrize("weighting", ["sign", "severity"])
def test_alpha_is_that_of_statsmodels(weighting: Weighting) -> None:
    rng = np.random.default_rng(1)
    factor = rng.normal(0, 0.01, NYSE.size)
    own = 0.8 * factor + rng.normal(0, 0.02, NYSE.size)
    returns = returns_of(own, factor)
    known, _ = select(EVENTS, "fertilizer", EventFilter(), NYSE, "XNYS")
    found = calendar_time(returns, known, weighting)
    weight = in_force(known, NYSE.size, weighting)
    used = np.isfinite(weight) & np.isfinite(returns.names[:, 0]) & np.isfinite(returns.factors[:, 0])
    y, x = (weight * returns.names[:, 0])[used], add_constant((weight * returns.factors[:, 0])[used])
    lags = int(4 * (used.sum() / 100) ** (2 / 9))
    theirs = OLS(y, x).fit(cov_type="HAC", cov_kwds={"maxlags": lags, "use_correction": True}, use_t=True)
    assert found.sessions == used.sum()
    assert (found.alpha, found.error, found.p) == pytest.approx(
        (theirs.params[0], theirs.bse[0], theirs.pvalues[0]), rel=1e-9
    )


def test_too_few_sessions_say_nothing() -> None:
    rng = np.random.default_rng(2)
    returns = returns_of(rng.normal(0, 0.02, NYSE.size), rng.normal(0, 0.01, NYSE.size))
    assert math.isnan(calendar_time(returns, [news(200, 1)], "sign").p)


@pytest.mark.slow
@pytest.mark.parametrize("volatility", ["constant", "clustered"])
def test_its_size_on_the_dates_of_the_record_and_its_power(volatility: str, figure: Figure) -> None:
    known, _ = select(EVENTS, "fertilizer", EventFilter(), NYSE, "XNYS")
    weight, rng, runs = in_force(known, NYSE.size, "sign"), np.random.default_rng(3), 2000
    shares = {}
    for alpha in (0.0, 0.001, 0.002):
        found = []
        for _ in range(runs if alpha == 0 else 300):
            level = np.zeros(NYSE.size)
            if volatility == "clustered":
                for t, shock in enumerate(rng.normal(0, 0.2, NYSE.size)):
                    level[t] = 0.97 * level[t - 1] + shock
            factor = rng.normal(0, 0.01, NYSE.size)
            own = factor + 0.02 * np.exp(level) * rng.normal(0, 1, NYSE.size) + alpha * np.nan_to_num(weight)
            found.append(calendar_time(returns_of(own, factor), known, "sign").p)
        shares[alpha] = float(np.mean(np.array(found) <= 0.05))
    told = ", ".join(f"alpha {alpha:.1%} a session: {share:.1%}" for alpha, share in shares.items())
    figure(
        f"calendar-time portfolio rejects at 5 %, volatility {volatility}, 2,000 runs",
        told,
        "without: 4 to 6 %",
    )
    error = math.sqrt(0.05 * 0.95 / runs)  # of a share of 5 %, twice over: Monte Carlo
    assert 0.04 - 2 * error <= shares[0.0] <= 0.06 + 2 * error
