"""The grid search as a user types it, and how much it asks to be believed."""

import json
import math
import shlex
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from positioning.analysis.metrics import rows_per_year
from positioning.analysis.overfitting import expected_maximum_sharpe, plateau, probabilistic_sharpe
from positioning.cli.grid_axes import axes_of
from positioning.cli.grid_request import space_of, strategy_and_axes
from positioning.cli.grid_search import app
from positioning.cli.request import Request
from positioning.runs.backtest import backtest
from positioning.search.assessment import Advantages, assess, ends, opens, return_moments
from positioning.search.measures import FIGURES, Figures, block_edges
from positioning.search.run import Search, threads
from positioning.search.sampling import draw
from positioning.simulation.holdings import Holdings
from positioning.simulation.simulate import run as account
from strategies import FertilizerProducers

MINE = """from dataclasses import dataclass
from typing import ClassVar

from positioning import Basket


@dataclass(frozen=True)
class Mine(Basket):
    name: ClassVar[str] = "rail_suppliers"
    benchmark: ClassVar[str] = "SPY"
    legs: tuple[str, ...] = ("NTR", "MOS")
"""

GRID = ("--grid", "half_life=5,20,40", "--grid", "hedge_ratio=0:1:0.25", "--grid", "lookback=60,250")


def run(*words: str) -> tuple[int, str, str]:
    outcome = CliRunner().invoke(app, list(words))
    if outcome.exception is not None and not isinstance(outcome.exception, SystemExit):
        raise outcome.exception
    return outcome.exit_code, outcome.stdout, outcome.stderr


@pytest.fixture(scope="module")
def answer(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict, Path]:
    out = tmp_path_factory.mktemp("grid")
    code, stdout, stderr = run("fertilizer_producers", *GRID, "--out", str(out), "--json")
    assert code == 0, stderr
    return json.loads(stdout), out


def test_ranges_are_exact_and_meet_their_end() -> None:
    axes = axes_of(FertilizerProducers(), ["hedge_ratio=0:1:0.1", "lookback=60:20:-20", "half_life=7,3,7.0"])
    assert axes["hedge_ratio"] == (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
    assert axes["lookback"] == (20, 40, 60)
    assert axes["half_life"] == (3.0, 7.0)


def test_symbols_and_words_are_axes_too() -> None:
    axes = axes_of(FertilizerProducers(), ["legs=NTR+MOS,ICL", "hedge=none,DBA", "screen=strict,none"])
    assert axes == {
        "legs": (("NTR", "MOS"), ("ICL",)),
        "hedge": ("none", "DBA"),
        "screen": ("strict", "none"),
    }


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (["--grid", "halflife=1,2"], "Did you mean half_life?"),
        (["--grid", "half_life="], "axis half_life is empty"),
        (["--grid", "half_life=,"], "axis half_life is empty"),
        (["--grid", "half_life=10:5:1"], "type --grid half_life=10:5:-1"),
        (["--grid", "half_life=1:5:0"], "a step that is zero"),
        (["--grid", "half_life=1:x:2"], "wanted FIRST:LAST:STEP"),
        (["--grid", "half_life=1:inf:2"], "wanted FIRST:LAST:STEP"),
        (["--grid", "half_life=0:1e5000:1"], "wanted FIRST:LAST:STEP"),
        (["--grid", "half_life=1:2:1e-999999"], "wanted FIRST:LAST:STEP"),
        (["--grid", "half_life=5,nan,10"], "wanted a finite number"),
        (["--grid", "hedge_ratio=0.5,3"], "wanted between 0 and 2"),
        (["--grid", "half_life=5,10", "--set", "half_life=7"], "leave out --set half_life"),
        (["--grid", "half_life=1:1000:0.001", "--grid", "exposure=0.000001:1:0.000001"], "--random 100000"),
        (["--grid", "half_life=ten"], "wanted a number"),
        (["--grid", "lookback=30:40:2.5"], "wanted a whole number"),
        (["--grid", "half_life=-5"], "wanted sessions above 0"),
        (["--grid", "half_life"], "wanted NAME=VALUES"),
        (["--grid", "half_life=1", "--grid", "half_life=2"], "wanted each axis once"),
        (["--grid", "half_life=1:1000000000:0.1"], "widen its step"),
        ([], "no axis"),
        (["--grid", "half_life=5", "--metric", "sharp"], "Did you mean sharpe?"),
        (["--grid", "half_life=5", "--random", "0"], "type --random 10000"),
        (["--grid", "hedge=NTR"], "a symbol that is not one of the legs"),
        (["--grid", "gross_limit=0.3,2"], "above gross_limit=0.3"),
        (["--grid", "half_life=5", "--start", "soon"], "wanted a date"),
        (["--grid", "half_life=5", "--walk-forward", "504"], "type --walk-forward 504:126"),
        (["--grid", "half_life=5", "--walk-forward", "a:b"], "type --walk-forward 504:126"),
        (["--grid", "half_life=5", "--walk-forward", "9999:126"], "wanted 10,126 rows or more"),
        (["--grid", "half_life=5", "--walk-forward", "-5:126"], "wanted 20 rows or more of each"),
        (["--grid", "half_life=5", "--dask", "nowhere"], "wanted one such as tcp://"),
        (["--grid", "half_life=5,9", "--optuna", "0"], "type --optuna 1000"),
        (["--grid", "half_life=5,9", "--optuna", "2", "--random", "2"], "leave one of them out"),
        (["--grid", "half_life=5,9", "--optuna", "2", "--cpcv", "10:2"], "leave one of them out"),
        (["--grid", "half_life=5", "--cpcv", "10"], "type --cpcv 10:2"),
        (["--grid", "half_life=5", "--cpcv", "2:2"], "wanted groups"),
        (["--grid", "half_life=5", "--cpcv", "10:2:900"], "test on fewer groups"),
        (["--grid", "half_life=5", "--cpcv", "10:2:-1"], "wanted 0 rows or more"),
    ],
)
def test_a_bad_request_is_one_line_and_leaves_nothing(words: list[str], wanted: str, tmp_path: Path) -> None:
    code, stdout, stderr = run("fertilizer_producers", *words, "--out", str(tmp_path / "out"))
    assert code == 2
    assert stdout == ""
    assert len(stderr.strip().splitlines()) == 1, stderr
    assert wanted in stderr
    assert not (tmp_path / "out").exists()


def test_ten_billion_are_refused_with_a_way_out(tmp_path: Path) -> None:
    words = [
        "--grid",
        "half_life=0.1:1000:0.1",
        "--grid",
        "exposure=0.001:1:0.001",
        "--grid",
        "band=0:0.999:0.001",
    ]
    code, _, stderr = run("fertilizer_producers", *words, "--out", str(tmp_path))
    assert code == 2
    assert "10,000,000,000 combinations would take about 2 days" in stderr
    assert "--random 100000" in stderr
    code, stdout, stderr = run(
        "fertilizer_producers", *words, "--random", "500", "--out", str(tmp_path), "--json"
    )
    assert code == 0, stderr
    found = json.loads(stdout)
    assert found["trials"] == 500
    assert not found["every_combination"]
    assert found["plateau"]["neighbours"] > 0


def test_json_has_every_statistic(answer: tuple[dict, Path]) -> None:
    found, _ = answer
    assert found["trials"] == found["with_sharpe"] == 30
    assert found["simulated"]
    assert 1 <= found["effective_trials"] <= 30
    assert found["best"]["figures"]["sharpe"] >= found["plateau"]["figures"]["sharpe"]
    assert found["plateau"]["score"] <= found["plateau"]["figures"]["sharpe"]
    assert 0 <= found["pbo"]["probability"] <= 1
    assert found["spa"]["lower"] <= found["spa"]["consistent"] <= found["spa"]["upper"]
    best = found["best"]["figures"]["sharpe"]
    lead = f"The best of 30 trials has Sharpe {best:.2f}; luck alone would give {found['luck']:.2f} by the choice"
    assert found["words"][0].startswith(lead)
    assert "beside the 0.41 by which the Sharpe of even one skilless trial scatters" in found["words"][0]
    assert any("hindsight" in w for w in found["words"])
    assert [Path(f).name for f in found["files"]] == ["grid.html", "trials.parquet"]


def test_json_of_walk_forward_and_cross_validation(tmp_path: Path) -> None:
    code, stdout, stderr = run(
        "enablers", "--grid", "half_life=5,40", "--grid", "exposure=0.2,0.6", "--walk-forward", "504:252",
        "--cpcv", "6:2", "--out", str(tmp_path), "--json",
    )  # fmt: skip
    assert code == 0, stderr
    found = json.loads(stdout)
    walk, purged = found["walk_forward"], found["purged"]
    assert len(walk["folds"]) == len(walk["rank_correlation"]) == len(walk["ways"]["plateau"]["trials"])
    assert all(a < b for a, b in walk["folds"])
    assert [b for _, b in walk["folds"][:-1]] == [a for a, _ in walk["folds"][1:]]
    assert walk["ways"]["peak"]["metrics"]["first"] == walk["folds"][0][0]
    assert len(purged["winners"]) == 15
    assert len(purged["paths"]) == 5
    assert 0 <= purged["below_median"] <= 1
    assert sum("out of sample" in w for w in found["words"]) == 1  # to say that nothing is


def test_the_twin_holds_what_is_in_the_market(tmp_path: Path) -> None:
    """The strategy's own hedge, MOO, is not among those tried, so nothing knows its prices."""
    code, stdout, stderr = run(
        "fertilizer_producers", "--grid", "hedge=none,DBA", "--grid", "half_life=5,20", "--walk-forward", "504:504",
        "--out", str(tmp_path), "--json",
    )  # fmt: skip
    assert code == 0, stderr
    assert any("without events has Sharpe" in w and "hedge " in w for w in json.loads(stdout)["words"])


def test_what_was_proposed_is_said_to_be_too_kind(tmp_path: Path) -> None:
    words = (
        "--grid",
        "half_life=1:100:1",
        "--grid",
        "exposure=0.01:1:0.01",
        "--optuna",
        "70",
        "--out",
        str(tmp_path),
    )
    code, stdout, stderr = run("fertilizer_producers", *words, "--json")
    assert code == 0, stderr
    found = json.loads(stdout)
    assert found["way"] == "proposed by Optuna"
    assert found["trials"] == 70
    assert any("is too kind" in w for w in found["words"])
    assert "too kind" in (tmp_path / "grid.html").read_text(encoding="utf-8")


def test_parquet_has_every_trial(answer: tuple[dict, Path]) -> None:
    found, out = answer
    table = pd.read_parquet(out / "trials.parquet")
    assert list(table) == ["half_life", "hedge_ratio", "lookback", *FIGURES]
    assert len(table) == 30
    row = table.iloc[found["best"]["trial"]]
    assert {k: row[k] for k in found["best"]["settings"]} == found["best"]["settings"]
    assert row["sharpe"] == table["sharpe"].max() == found["best"]["figures"]["sharpe"]


def rerun(command: str, out: Path) -> dict[str, float]:
    """Metrics of the run that a search's command makes."""
    words = shlex.split(command)
    assert words[:3] == ["python", "-m", "backtests.run"]
    request = Request(
        start=words[words.index("--start") + 1], end=words[words.index("--end") + 1],
        settings=tuple(words[n + 1] for n, w in enumerate(words) if w == "--set"),
    )  # fmt: skip
    report = backtest(request.strategies(words[3:4])[0], request.terms(""))
    return {name: getattr(report.metrics, name) for name in FIGURES}


@pytest.mark.parametrize("which", ["best", "plateau"])
def test_the_command_reruns_the_trial(answer: tuple[dict, Path], which: str, tmp_path: Path) -> None:
    one = answer[0][which]
    metrics = rerun(one["command"], tmp_path)
    for name in FIGURES:  # the same account, summed in another order
        assert metrics[name] == pytest.approx(one["figures"][name], rel=1e-12, abs=1e-12)


@pytest.mark.parametrize(
    ("words", "alone"),
    [
        (("fertilizer_producers", "--grid", "hedge_ratio=0", "--grid", "half_life=5,10"), False),
        (("fertilizer_producers", "--grid", "legs=MOO+NTR", "--grid", "hedge=none"), False),
        (("fertilizer_producers", "--grid", "legs=NTR+MOS,SDF.DE", "--set", "hedge=none"), True),
        (("fertilizer_producers", "--grid", "hedge=none,MOO", "--set", "legs=SDF.DE"), True),
        (
            ("hong_kong_equipment", "--grid", "vehicle=distributors,manufacturers", "--grid", "exposure=0.5"),
            True,
        ),
    ],
)
def test_where_a_trial_alone_would_differ_it_is_said(
    words: tuple[str, ...], alone: bool, tmp_path: Path
) -> None:
    code, stdout, stderr = run(*words, "--out", str(tmp_path), "--json")
    assert code == 0, stderr
    one = json.loads(stdout)["best"]
    assert one["differs_alone"] == alone
    same = rerun(one["command"], tmp_path)["sharpe"] == pytest.approx(one["figures"]["sharpe"], rel=1e-12)
    assert same or alone
    assert ("Run alone, a trial" in run(*words, "--out", str(tmp_path), "--verbose")[1]) == alone


def test_belief_is_made_of_the_published_statistics(answer: tuple[dict, Path]) -> None:
    found, out = answer
    sharpes = pd.read_parquet(out / "trials.parquet")["sharpe"].to_numpy()
    strategy, axes = strategy_and_axes(Request(), "fertilizer_producers", list(GRID[1::2]), "sharpe")
    space = space_of(strategy, axes, Request().terms(""))
    _, _, rows, per_year = return_moments(space, found["best"]["settings"])
    assert per_year == rows_per_year(space.market.rows[space.market.start :])
    variance = np.var(sharpes, ddof=1) / per_year
    luck = expected_maximum_sharpe(variance, found["effective_trials"])
    assert found["luck"] == pytest.approx(luck * math.sqrt(per_year))
    best = found["best"]
    dsr = probabilistic_sharpe(
        best["figures"]["sharpe"] / math.sqrt(per_year), luck, rows, best["skew"], best["kurtosis"]
    )
    assert best["deflated_sharpe"] == pytest.approx(dsr)
    codes = draw(space, None, 0)
    grid = np.empty((3, 5, 2))
    grid[tuple(codes.T)] = sharpes
    assert codes[found["plateau"]["trial"]].tolist() == list(plateau(grid, (True, True, True)).best)


def test_skew_and_kurtosis_are_of_the_trials_own_account() -> None:
    from scipy.stats import kurtosis, skew

    strategy, axes = strategy_and_axes(
        Request(cash="0.03"), "fertilizer_producers", ["half_life=5"], "sharpe"
    )
    space = space_of(strategy, axes, Request(cash="0.03").terms(""))
    found = return_moments(space, {"half_life": 5.0})
    own, market = replace(strategy, half_life=5.0), space.market
    inputs = space.inputs(own)
    nav = account(
        own.target_weights(market, space.events), market, inputs, Holdings.opening(len(market.symbols))
    ).nav
    excess = nav[1:] / nav[:-1] - 1 - inputs.growth[1:]
    assert found[:3] == pytest.approx((skew(excess), kurtosis(excess, fisher=False), excess.size))


def test_each_trial_is_tested_against_itself_without_events(monkeypatch: pytest.MonkeyPatch) -> None:
    """The advantage is the difference of two accounts, and an axis that only moves the basket shows none."""
    words = ["half_life=5,40", "exposure=0.2,0.6", "respond=0,1", "lookback=60,120"]
    strategy, axes = strategy_and_axes(Request(), "fertilizer_producers", words, "sharpe")
    space = space_of(strategy, axes, Request().terms(""))
    question = Search(space, "sharpe", True, threads(1))
    trials = question.try_out(draw(space, None, 0), Figures())
    gained = np.concatenate(list(Advantages(question, trials)))
    for k, code in enumerate(trials.plan.codes):
        both = []
        for one in (space.at(code), space.at(code).without_events()):
            targets = one.target_weights(space.market, space.events)
            names = len(space.market.symbols)
            nav = account(targets, space.market, space.inputs(one), Holdings.opening(names)).nav
            both.append(np.add.reduceat(nav[1:] / nav[:-1] - 1, block_edges(nav.size)[:-1] - 1))
        np.testing.assert_allclose(gained[k], both[0] - both[1], rtol=0, atol=1e-13)  # of sums near 0.1
    assert (gained[trials.axes["respond"] == 0] == 0).all()
    monkeypatch.setattr("positioning.search.assessment.MOST_WITHOUT_EVENTS", 2)  # then once a chunk
    np.testing.assert_array_equal(np.concatenate(list(Advantages(question, trials))), gained)


def test_what_cannot_be_tested_says_why(tmp_path: Path) -> None:
    words = ("--grid", "half_life=5,10", "--start", "2025-11-28", "--out", str(tmp_path), "--json")
    code, stdout, stderr = run("fertilizer_producers", *words)
    assert code == 0, stderr
    why = "What events add cannot be tested: fewer than 64 returns."
    assert any(why in w for w in json.loads(stdout)["words"])


def test_who_is_blind_to_events_hears_nothing_of_what_they_add(tmp_path: Path) -> None:
    words = ("--set", "respond=0", "--grid", "exposure=0.1:1:0.1", "--out", str(tmp_path), "--json")
    code, stdout, stderr = run("fertilizer_producers", *words)
    assert code == 0, stderr
    found = json.loads(stdout)
    assert found["without_events"] is None
    assert not any("What events add" in w for w in found["words"])


def test_fewer_than_sixty_returns_have_no_probability(tmp_path: Path) -> None:
    words = ("--grid", "half_life=5,10,20", "--start", "2025-11-03", "--out", str(tmp_path), "--json")
    code, stdout, stderr = run("fertilizer_producers", *words)
    assert code == 0, stderr
    answer = json.loads(stdout)
    assert answer["pbo"] is None
    assert answer["spa"] is None
    for one in ("best", "plateau"):
        assert answer[one]["deflated_sharpe"] is None
        assert answer[one]["probabilistic_sharpe"] is None
    assert "deflated Sharpe" not in " ".join(answer["words"])


def test_the_twin_trades_by_values_that_were_tried(tmp_path: Path) -> None:
    """The strategy's own exposure would break the gross limit of these trials."""
    words = ("--set", "gross_limit=0.3", "--grid", "exposure=0.05,0.1", "--out", str(tmp_path), "--json")
    code, stdout, stderr = run("fertilizer_producers", *words)
    assert code == 0, stderr
    assert any("exposure 0.1" in w for w in json.loads(stdout)["words"])


def test_an_end_is_one_even_where_it_cannot_be_widened() -> None:
    axes = {"hedge_ratio": (0.0, 0.1), "exposure": (0.9, 1.0), "respond": (0.5, 1.0), "lookback": (20, 40)}
    space = space_of(FertilizerProducers(), axes, Request().terms(""))
    for code, wide in (([0, 1, 1, 1], {"lookback"}), ([1, 0, 0, 0], {"hedge_ratio", "exposure", "respond"})):
        place = np.array(code, dtype=np.int32)
        assert ends(space, place) == tuple(axes)
        assert {axis for axis in axes if opens(space, axis, place)} == wide


def test_an_end_that_a_whole_step_would_leave_can_be_widened() -> None:
    """From 10 and 5 a step leads to 0, which no half-life is; 2.5 is one. Of whole numbers 21 and 30 a step leads to 12,
    below the smallest look-back, 20; at 20 itself nothing is left."""
    axes = {"half_life": (5.0, 10.0), "lookback": (21, 30)}
    space = space_of(FertilizerProducers(), axes, Request().terms(""))
    place = np.zeros(2, dtype=np.int32)
    assert opens(space, "half_life", place)
    assert opens(space, "lookback", place)
    assert not opens(replace(space, axes={"lookback": (20, 30)}), "lookback", place[:1])


def test_respond_zero_alone_is_its_own_twin() -> None:
    strategy, axes = strategy_and_axes(
        Request(settings=("respond=0",)), "fertilizer_producers", ["half_life=5,10"], "sharpe"
    )
    space = space_of(strategy, axes, Request().terms(""))
    question = Search(space, "sharpe", True, threads(1))
    assessment = assess(question, question.try_out(draw(space, None, 0), Figures()))
    assert assessment.spa is None
    assert assessment.luck == 0.0  # all trials are one
    assert assessment.without_events is None


def test_screens_have_their_own_tapes() -> None:
    """A trial with another screen has the account of a run with that screen, purchases barred included."""
    strategy, axes = strategy_and_axes(Request(), "sanctioned", ["screen=none,listed,strict"], "sharpe")
    space = space_of(strategy, axes, Request().terms(""))
    inputs = [space.inputs(space.strategy.configured({"screen": s})) for s in axes["screen"]]
    assert not np.array_equal(inputs[0].no_buy, inputs[2].no_buy)


def test_random_trials_are_distinct_seeded_and_of_the_grid() -> None:
    strategy, axes = strategy_and_axes(
        Request(),
        "fertilizer_producers",
        ["half_life=1:300:1", "hedge_ratio=0:1:0.01", "exposure=0.01:1:0.01"],
        "sharpe",
    )
    space = space_of(strategy, axes, Request().terms(""))
    once, again, other = (draw(space, 1000, seed) for seed in (1, 1, 2))
    assert np.array_equal(once, again)
    assert not np.array_equal(once, other)
    assert np.unique(once, axis=0).shape == (1000, 3)
    assert (once.max(axis=0) < [300, 101, 100]).all()
    few = replace(space, axes={"half_life": (1.0, 2.0), "exposure": (0.1, 0.2, 0.3)})
    assert sorted(map(tuple, draw(few, 100, 0).tolist())) == sorted(
        map(tuple, few.codes(np.arange(6)).tolist())
    )


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys\nfrom typer.testing import CliRunner\nfrom positioning.cli.grid_search import app\n"
        "assert CliRunner().invoke(app, ['--help']).exit_code == 0\n"
        "heavy = ('numba', 'numpy', 'vectorbt', 'matplotlib', 'pandas', 'plotly', 'exchange_calendars')\n"
        "print([m for m in heavy if m in sys.modules])"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "[]"


def test_the_terminal_says_simulated_and_warns(tmp_path: Path) -> None:
    code, stdout, _ = run("middle_corridor", "--grid", "half_life=5,10", "--out", str(tmp_path))
    assert code == 0
    assert stdout.startswith("SIMULATED")
    assert "luck alone gives" in " ".join(stdout.split())
    _, stdout, _ = run("middle_corridor", "--grid", "half_life=5,10", "--out", str(tmp_path), "--verbose")
    assert "luck alone would give" in " ".join(stdout.split())
    assert "hindsight" in stdout


@pytest.mark.parametrize(
    ("axis", "told"),
    [
        ("half_life=5:40", "--grid half_life=5:40; wanted FIRST:LAST:STEP; type --grid half_life=5:40:5"),
        ("half_life=5-40", "a list (5,10,20) or a range (FIRST:LAST:STEP); type --grid half_life=5:40:5"),
        ("half_life=-5,10", "--grid half_life: -5.0; wanted sessions above 0, as a list"),
        ("half_life=abc", "type --grid half_life=10,20,40"),
        ("half_life=", "type --grid half_life=10,20,40"),
        ("exposure=0.1-0.9", "type --grid exposure=0.1:0.9:0.1"),
        ("exposure=0.5,2", "--grid exposure: 2.0; wanted above 0, at most 1, as a list"),
        ("lookback=20.5,30", "wanted a whole number, as a list"),
        ("lookback=5:40", "type --grid lookback=60,120,240"),  # 5 is too short
        ("screen=odd", "--grid screen: odd; wanted one of none, listed, strict; type --grid screen=listed"),
    ],
)
def test_a_refused_axis_is_told_in_its_own_words_with_one_that_is_taken(
    axis: str, told: str, tmp_path: Path
) -> None:
    code, stdout, stderr = run("fertilizer_producers", "--grid", axis, "--out", str(tmp_path))
    assert (code, stdout, stderr.count("\n")) == (2, "", 1)
    assert told in stderr
    assert "--set" not in stderr
    proposed = stderr.rpartition("type --grid ")[2].strip()
    assert axes_of(FertilizerProducers(), [proposed])


def test_the_hint_after_a_search_of_a_file_is_a_word_that_check_takes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine.py").write_text(MINE, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    code, stdout, stderr = run("mine.py", "--grid", "exposure=0.2,0.4", "--start", "2024-01-02", "--verbose")
    assert code == 0, stderr
    assert "check mine.py`" in " ".join(stdout.split())
