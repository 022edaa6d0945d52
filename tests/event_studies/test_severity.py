"""Does a graver event move prices more: planted and not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from statsmodels.regression.linear_model import OLS
from statsmodels.tools import add_constant

from positioning.event_studies.abnormal_returns import Observation
from positioning.event_studies.day_zero import News
from positioning.event_studies.panel import Panel
from positioning.event_studies.severity import overlapping_clusters, severity_regression
from tests.builders import Figure
from tests.event_studies.returns import an_event, simulated


def drawn(rng: np.random.Generator, slope: float, gap: int = 9, events: int = 40) -> list[Observation]:
    """One name met every 3 to `gap` sessions, so that windows overlap in clusters, CAR rising by `slope` a point."""
    starts = np.cumsum(rng.integers(3, gap, events) + 30 * (rng.random(events) < 0.3))
    end = int(starts[-1]) + 136
    factor, noise = rng.normal(0, 0.01, end), rng.normal(0, 0.02, end)
    made = []
    for n, start in enumerate(starts):
        severity = int(rng.integers(1, 6))
        own = factor[start : start + 136] + noise[start : start + 136]
        own = own.copy()
        own[125] += slope * severity
        one = simulated(own, factor[start : start + 136], int(start), "N")
        event = an_event(f"E{n}", "2020-01-02", 1, severity)
        made.append(replace(one, news=News(one.news.day, (event,), 1, "tighten", ())))
    return made


def test_clusters_are_chains_of_windows() -> None:
    first, last = np.array([30, 1, 5, 12]), np.array([40, 6, 11, 20])
    assert overlapping_clusters(first, last).tolist() == [2, 0, 0, 1]


def test_slope_and_error_are_those_of_statsmodels() -> None:
    panel = Panel(drawn(np.random.default_rng(1), 0.02), -5)
    found = severity_regression(panel)
    severity = np.array([float(o.news.events[0].severity) for o in panel.observations])
    days = np.array([o.days[5:16] for o in panel.observations]).astype(np.int64)
    groups = overlapping_clusters(days[:, 0], days[:, -1])
    theirs = OLS(panel.car((0, 10))[0], add_constant(severity)).fit(
        cov_type="cluster", cov_kwds={"groups": groups}, use_t=True
    )
    effect = found.effects[0]
    assert (effect.name, found.clusters) == ("severity", int(groups.max()) + 1)
    assert (effect.coefficient, effect.error) == pytest.approx((theirs.params[1], theirs.bse[1]), rel=1e-9)
    assert "A point of severity goes with" in found.sentence


def test_severity_that_does_nothing_is_called_decoration() -> None:
    found = severity_regression(Panel(drawn(np.random.default_rng(5), 0.0), -5))
    assert "decoration" in found.sentence


def test_too_few_events_say_so() -> None:
    found = severity_regression(Panel(drawn(np.random.default_rng(5), 0.0, events=6), -5))
    assert found.effects == ()
    assert found.sentence.startswith("Too few")


def test_surprise_and_theme_are_regressors_where_they_vary() -> None:
    made = drawn(np.random.default_rng(8), 0.0, gap=40)
    varied = []
    for n, o in enumerate(made):
        themes = ("fertilizer", "tag") if n % 3 == 0 else ("fertilizer", "rare") if n < 4 else ("fertilizer",)
        event = replace(o.news.events[0], follows="E0" if n % 4 == 1 else "", themes=themes)
        varied.append(replace(o, news=replace(o.news, events=(event,))))
    panel = Panel(varied, -5)
    found = severity_regression(panel)
    assert [e.name for e in found.effects] == ["severity", "first", "theme tag"]
    news = [o.news.events[0] for o in panel.observations]
    x = np.column_stack([
        [float(e.severity) for e in news], [float(not e.follows) for e in news], [float("tag" in e.themes) for e in news]
    ])  # fmt: skip
    theirs = OLS(panel.car((0, 10))[0], add_constant(x)).fit()
    assert [e.coefficient for e in found.effects] == pytest.approx(theirs.params[1:].tolist(), rel=1e-9)


@pytest.mark.slow
def test_its_size_with_overlapping_windows_and_its_power(figure: Figure) -> None:
    rng, shares = np.random.default_rng(11), {}
    for slope, runs in ((0.0, 1500), (0.01, 300), (0.02, 300)):
        found = [severity_regression(Panel(drawn(rng, slope), -5), draws=399) for _ in range(runs)]
        p = np.array(
            [f.effects[0].wild_p for f in found if f.effects]
        )  # now and then all windows form one chain
        assert p.size > 0.9 * runs
        shares[slope] = float(np.mean(p <= 0.05))
    told = ", ".join(f"slope {slope:.0%} a point: {share:.1%}" for slope, share in shares.items())
    figure(
        "severity regression rejects at 5 %, 40 events in clusters, 1,500 runs", told, "without: 3.3 to 6.7 %"
    )
    assert 0.033 <= shares[0.0] <= 0.067  # three standard errors of 1,500 runs
    assert shares[0.02] > 0.5


def test_its_regressors_stand_in_the_order_in_which_themes_come() -> None:
    """A set of names has another order in every process: six in one order by chance are one in 720, and a sum of doubles
    in another order has other bits."""
    themes = ("zinc", "apples", "ships", "copper", "milk", "rails")
    varied = []
    for n, o in enumerate(drawn(np.random.default_rng(8), 0.0, gap=40, events=60)):
        own = tuple(t for k, t in enumerate(themes) if (n >> k) & 1 or n == 0)
        event = replace(o.news.events[0], themes=own or ("none",))
        varied.append(replace(o, news=replace(o.news, events=(event,))))
    names = [e.name for e in severity_regression(Panel(varied, -5)).effects]
    assert [n for n in names if n.startswith("theme ")][:6] == [f"theme {t}" for t in themes]
