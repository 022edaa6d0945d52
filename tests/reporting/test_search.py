"""The page of a grid search: what it says, and how it looks and works in a real browser."""

from __future__ import annotations

import math
from pathlib import Path
from statistics import NormalDist
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from positioning.cli.grid_search import app
from positioning.reporting.search import charts
from positioning.reporting.search import page as search_page
from positioning.reporting.search.charts import (
    QUANTILES,
    heat_map,
    profile,
    rounded,
    told_from_luck,
    trial_scatter,
)
from tests.builders import until
from tests.reporting.browser import Window, opened, photograph, text_of
from tests.search.trial_tables import trials_of

GRIDS = {
    "full": ["--grid", "half_life=5,10,20,40", "--grid", "hedge_ratio=0:1:0.1", "--grid", "lookback=60,120,250"],
    "random": ["--grid", "half_life=1:100:1", "--grid", "exposure=0.1:1:0.01", "--grid", "hedge=MOO,DBA,none",
               "--random", "1200", "--metric", "calmar"],
    "one": ["--grid", "half_life=20"],
    "walk": ["--grid", "half_life=5,20,40", "--grid", "exposure=0.2,0.4,0.6",
             "--walk-forward", "504:126", "--cpcv", "8:2"],
}  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("grids")
    for name, words in GRIDS.items():
        with pytest.MonkeyPatch.context() as patch:
            if name == "random":
                for module in (charts, search_page):
                    patch.setattr(module, "MOST_POINTS", 1_000)
            outcome = CliRunner().invoke(app, ["fertilizer_producers", *words, "--out", str(out / name)])
            assert outcome.exit_code == 0, outcome.output
    return out


@pytest.mark.parametrize("name", GRIDS)
def test_says_simulated_luck_and_hindsight(folder: Path, name: str) -> None:
    text = (folder / name / "grid.html").read_text(encoding="utf-8")
    assert "<title>SIMULATED: Grid search" in text
    assert text.count('"text":"SIMULATED"') == text.count('"layout":')  # a stamp on each chart
    assert "luck alone would give" in text
    assert "set with hindsight" in text
    assert "backtests.run fertilizer_producers --start 2020-01-02" in text_of(folder / name / "grid.html")


def test_a_map_for_each_pair_and_a_profile_for_each_axis(folder: Path) -> None:
    text = (folder / "full" / "grid.html").read_text(encoding="utf-8")
    assert [text.count(f'data-chart="{kind}') for kind in ("map", "profile", "cloud", "halves")] == [
        3,
        3,
        1,
        1,
    ]
    assert "averaged over the trials of all other axes" in text
    one = (folder / "one" / "grid.html").read_text(encoding="utf-8")
    assert [one.count(f'data-chart="{kind}') for kind in ("map", "profile", "cloud", "halves")] == [
        0,
        0,
        1,
        0,
    ]


def test_walk_forward_and_cross_validation_are_shown_and_limited_in_words(folder: Path) -> None:
    text = (folder / "walk" / "grid.html").read_text(encoding="utf-8")
    assert [text.count(f'data-chart="{c}"') for c in ("walk", "folds", "splits", "paths")] == [1, 1, 1, 1]
    assert text.count("<summary>Choices by the ") == 2
    assert "no row before that day is out of sample" in text
    assert "lie after it" in text
    assert "which nobody could have done at the time" in text
    assert 'data-chart="walk"' not in (folder / "full" / "grid.html").read_text(encoding="utf-8")


def test_what_is_not_drawn_is_said(folder: Path) -> None:
    text = (folder / "random" / "grid.html").read_text(encoding="utf-8")
    assert "A random 1,000 of 1,200 are drawn." in text
    assert "neighbours were run" in text


def fits(page: Any, width: int) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth") <= width)


def all_drawn(browser: Window, folder: Path, name: str, width: int, scheme: str) -> tuple[Any, list[str]]:
    """The page as it opens, then with all that is folded opened, which draws its charts."""
    page, wrong = opened(browser, folder / name / "grid.html", width, scheme)
    page.wait_for_selector("[data-chart=cloud] .main-svg")
    assert fits(page, width)
    page.evaluate("document.querySelectorAll('details').forEach((part) => { part.open = true; })")
    until(page, "[...document.querySelectorAll('[data-chart]')].every((c) => c.querySelector('.main-svg'))")
    assert fits(page, width)
    photograph(page, f"grid-{name}-{width}", full_page=name == "full")
    return page, wrong


def resized(page: Any, width: int, scheme: str) -> None:
    """As a window becomes whose charts are drawn."""
    ink = "document.querySelector('[data-chart=cloud]').layout.font.color"
    before = page.evaluate(ink)
    page.emulate_media(color_scheme=scheme)
    until(page, f"{ink} !== '{before}'")
    page.set_viewport_size({"width": width, "height": 1600})
    wide = f"(svg) => svg.getBoundingClientRect().width {'<= 390' if width == 390 else '> 390'}"
    until(page, f"[...document.querySelectorAll('[data-chart=cloud] .main-svg')].every({wide})")
    until(
        page,
        f"[...document.querySelectorAll('.main-svg')].every((svg) => svg.getBoundingClientRect().width <= {width})",
    )
    assert fits(page, width)


@pytest.mark.parametrize("name", ["random", "one", "walk"])
def test_in_chromium(browser: Window, folder: Path, name: str) -> None:
    """Wide and light; then narrow and dark."""
    page, wrong = all_drawn(browser, folder, name, 1440, "light")
    resized(page, 390, "dark")
    photograph(page, f"grid-{name}-390")
    assert wrong == []


def test_the_line_of_luck_is_where_the_deflated_sharpe_is_the_confidence() -> None:
    """In closed form for a normal record: (s - l) sqrt(T - 1) = z sqrt(1 + s^2 / 2), ratios per row."""
    luck, rows, per_year = 0.12, 1020, 250.0
    b: Any = SimpleNamespace(
        per_year=per_year, luck=luck, rows=rows, best=SimpleNamespace(skew=0.0, kurtosis=3.0)
    )
    s, z = told_from_luck(b) / math.sqrt(per_year), NormalDist().inv_cdf(0.95)
    assert (s - luck / math.sqrt(per_year)) * math.sqrt(rows - 1) == pytest.approx(
        z * math.sqrt(1 + s * s / 2),
        abs=2e-4,  # bisected to 1e-4 a year
    )


def test_on_a_phone_and_then_wide_where_the_table_sorts_by_number_both_ways(
    browser: Window, folder: Path
) -> None:
    page, wrong = all_drawn(browser, folder, "full", 390, "dark")
    resized(page, 1440, "light")
    heads = page.eval_on_selector_all("table.sortable th", "hs => hs.map(h => h.textContent)")
    column = heads.index("turnover") + 1

    def values() -> list[float]:
        cells = f"table.sortable tbody td:nth-child({column})"
        return [float(v) for v in page.eval_on_selector_all(cells, "cs => cs.map(c => c.dataset.value)")]

    button = page.locator(f"table.sortable th:nth-child({column}) button")
    button.click()
    assert values() == sorted(values(), reverse=True)
    button.click()
    assert values() == sorted(values())
    assert len(values()) >= 50
    assert wrong == []


def test_the_cloud_is_of_a_random_part_of_all_that_have_both_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    sharpe, fall = rng.standard_normal((2, 3_000)).round(5)
    sharpe[rng.integers(0, 3_000, 500)] = np.nan
    fall[rng.integers(0, 3_000, 500)] = np.nan
    contestant = SimpleNamespace(figures={"sharpe": 1.0, "max_drawdown": -0.5}, skew=0.0, kurtosis=3.0)
    judged = SimpleNamespace(best=contestant, plateau=contestant, luck=0.4, per_year=250.0, rows=1_000)
    trials = trials_of(sharpe=sharpe, max_drawdown=fall)
    places = np.flatnonzero(np.isfinite(sharpe) & np.isfinite(fall))
    for most in (100, 10_000):
        monkeypatch.setattr("positioning.reporting.search.charts.MOST_POINTS", most)
        dots = trial_scatter(trials, judged)["data"][0]  # type: ignore[arg-type]
        drawn = places
        if places.size > most:
            drawn = np.sort(np.random.default_rng(0).choice(places, most, replace=False))
        assert (dots["x"], dots["y"]) == (fall[drawn].tolist(), sharpe[drawn].tolist())
    for width, form in ((0.05, ".1%"), (0.5, ".0%")):  # whole per cents would name several ticks alike
        near = trials_of(sharpe=sharpe, max_drawdown=-width * rng.random(3_000))
        assert trial_scatter(near, judged)["layout"]["xaxis"]["tickformat"] == form  # type: ignore[arg-type]


def test_maps_and_profiles_are_of_all_trials_in_pieces_of_any_size(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    axes = {"one": tuple(range(3)), "other": tuple(range(80)), "third": (1.0, 2.0)}
    numbers = rng.permutation(3 * 80 * 2)
    codes = np.stack(np.unravel_index(numbers, (3, 80, 2)), axis=1).astype(np.int16)
    values = rng.standard_normal(numbers.size)
    values[rng.integers(0, values.size, 40)] = -np.inf
    values[codes[:, 0] == 2] = np.nan
    own = profile(values, codes, 0, axes["one"], "one", "sharpe")["data"]
    for place in range(2):
        group = values[np.isfinite(values) & (codes[:, 0] == place)]
        drawn = [own[line]["y"][place] for line in (0, 2, 1, 3)]
        assert drawn == rounded([*np.quantile(group, QUANTILES), group.max()])
    assert own[2]["y"][2] is None
    found = []
    for many in (7, 1000):
        monkeypatch.setattr("positioning.reporting.search.charts.AT_ONCE", many)
        assert profile(values, codes, 0, axes["one"], "one", "sharpe")["data"] == own
        found.append(heat_map(axes, (0, 1), codes, values, "sharpe", codes[5])["data"])
    assert found[0] == found[1]
    cells = (
        np.array(found[0][0]["z"], dtype=np.float64),
        np.array(found[0][0]["customdata"], dtype=np.float64),
    )
    for x in range(3):
        for y in range(60):
            group = values[np.isfinite(values) & (codes[:, 0] == x) & (codes[:, 1] * 60 // 80 == y)]
            wanted = (group.mean(), group.max()) if group.size else (np.nan, np.nan)
            np.testing.assert_allclose((cells[0][y, x], cells[1][y, x]), wanted, atol=1e-5)  # as rounded
