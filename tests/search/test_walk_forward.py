"""Walk-forward: spans and accounts by hand, blind to what comes after each choice, and nothing found in noise."""

from __future__ import annotations

import pickle
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, ClassVar, final

import numpy as np
import pandas as pd
import pytest

from positioning.analysis.cross_validation import MIN_ROWS, rank_correlation
from positioning.analysis.metrics import summarise, to_json
from positioning.arrays import BoolArray
from positioning.errors import BadInputError
from positioning.events.event import Events
from positioning.market.load import load
from positioning.market.market import Market
from positioning.reporting.search.words import hindsight
from positioning.search.assessment import on_plateau
from positioning.search.chunk_store import MemoryChunks
from positioning.search.measures import Accounts, Figures, Spans
from positioning.search.run import METRICS, Search, search, threads
from positioning.search.space import SearchSpace
from positioning.search.trials import Plan
from positioning.search.walk_forward import WalkForward, sentences, spans, stitched, walk_forward
from positioning.simulation.account import AccountTerms
from positioning.simulation.cash import CashRate
from positioning.simulation.fees import read_fees
from positioning.simulation.ledger_arrays import LANES
from positioning.simulation.simulate import simulate
from positioning.strategy.basket import Basket
from positioning.strategy.strategy import Strategy
from strategies import Enablers, FertilizerProducers, HongKongEquipment, MiddleCorridor
from tests.builders import EVENTS, SAMPLE, THESIS
from tests.search.held_strategy import NO_EVENTS, Held
from tests.simulation.accounts import FREE, TEN, build, exactly
from tests.strategy.futures import other_news, tampered

SAMPLE_TERMS = AccountTerms(read_fees(), cash=CashRate.constant(0.02))


def asked_of(
    strategy: Strategy,
    market: Market,
    axes: dict[str, tuple[Any, ...]],
    events: Events = NO_EVENTS,
    terms: AccountTerms | None = None,
    metric: str = "sharpe",
) -> Search:
    return Search(
        SearchSpace(strategy, market, events, axes, terms or AccountTerms(FREE)), metric, True, threads(2)
    )


def walked(asked: Search, folds: np.ndarray) -> WalkForward:
    space = asked.space
    codes = space.grouped(space.codes(np.arange(space.combinations)))
    trials = search(space, Plan(codes, (measure_of(asked, folds),)), MemoryChunks(), asked.work)
    return walk_forward(asked, trials, folds)


def measure_of(asked: Search, folds: np.ndarray) -> Spans:
    return Spans(tuple(tuple(f) for f in folds.tolist()), asked.metric)


# Spans


def test_spans_by_hand() -> None:
    # 100 rows have 99 returns: 20 to train on leave 79, which are three times 25 and 4 that are left out.
    assert spans(100, 20, 25).tolist() == [[5, 24, 49], [30, 49, 74], [55, 74, 99]]
    assert spans(61, 40, 20).tolist() == [[1, 40, 60]]
    folds = spans(2000, 504, 126)
    assert (folds[:, 1] - folds[:, 0] == 503).all()
    assert (folds[:, 2] - folds[:, 1] == 126).all()
    assert (folds[1:, 1] == folds[:-1, 2]).all()
    assert folds[-1, 2] == 1999
    assert 1 <= folds[0, 0] < 127


@pytest.mark.parametrize(
    ("numbers", "wanted"),
    [
        ((500, 504, 126), "500 rows; wanted 631 rows or more; give walk_forward=248:62"),
        ((60, 40, 20), "wanted 61 rows or more; begin the account earlier"),
        ((2000, 504, 19), f"wanted {MIN_ROWS} rows or more of each; give walk_forward=504:126"),
        ((2000, 0, 126), "walk_forward=0:126; wanted"),
        ((2000, 504, -5), "walk_forward=504:-5; wanted"),
    ],
)
def test_spans_that_do_not_fit_are_one_line(numbers: tuple[int, int, int], wanted: str) -> None:
    with pytest.raises(BadInputError, match=wanted) as caught:
        spans(*numbers)
    assert "\n" not in str(caught.value)


def test_what_is_proposed_fits() -> None:
    for rows in range(161, 2000, 7):
        with pytest.raises(BadInputError) as caught:
            spans(rows, rows, 20)
        train, test = caught.value.remedy.split("=")[-1].split(":")
        assert len(spans(rows, int(train), int(test))) >= 1


@pytest.mark.parametrize("metric", METRICS)
def test_a_span_is_measured_as_summarise_measures_it(metric: str) -> None:
    rng = np.random.default_rng(1)
    rows = np.busday_offset("2024-01-01", np.arange(130)).astype("datetime64[D]")
    growth = np.append(0.0, rng.uniform(0, 2e-4, 129))
    nav = np.cumprod(np.vstack([np.ones(LANES), 1 + rng.normal(0, 0.01, (129, LANES))]), axis=0)
    nav[:, 1] = 1.0  # never moves
    nav[:, 2] = np.cumprod(1 - rng.uniform(0.001, 0.01, 130))  # ever falling
    died = {3: 24, 4: 25, 5: 100, 6: 129}
    for lane, row in died.items():
        nav[row:, lane] = 0.0
    ruin = np.array([died.get(lane, -1) for lane in range(LANES)])
    accounts = Accounts(rows, nav, growth, ruin, np.ones(LANES), np.ones(LANES))
    folds = spans(130, 24, 35)
    measure = Spans(tuple(tuple(f) for f in folds.tolist()), metric)
    assert pickle.loads(pickle.dumps(measure)) == measure  # noqa: S301 - our own bytes
    table = dict(zip(measure.names, measure.read(accounts), strict=True))
    assert list(table) == ["train_0", "test_0", "train_1", "test_1", "train_2", "test_2"]
    for f, (a, b, c) in enumerate(folds.tolist()):
        for name, first, last in ((f"train_{f}", a, b), (f"test_{f}", b + 1, c)):
            here = slice(first - 1, last + 1)
            for lane in range(LANES):
                if lane in died and died[lane] <= last:
                    assert table[name][lane] == -np.inf
                    continue
                one = summarise(rows[here], nav[here, lane].copy(), cash_rate=growth[here])
                # 1e-12: the same values summed in another order
                np.testing.assert_allclose(table[name][lane], getattr(one, metric), rtol=1e-12, atol=1e-12)


# The stitched account


def test_two_weights_that_alternate_by_hand() -> None:
    """A rises by a fifth on row 2, halves on row 4, rises by half on row 6. So 0.8 is chosen on row 2: at 120 on row 3
    1/150 share and 0.2 in cash, worth 0.6 on row 4. There 0.2 is chosen: at 60 on row 5 0.002 shares and 0.48 in
    cash, worth 0.66 on row 6. The twin holds 0.2, of those tried the nearest to its own half: 1/600 share and
    0.8 in cash, 0.9 and 0.95."""
    market = build({"A": [100, 100, 120, 120, 60, 60, 90]})
    asked = asked_of(Held(band=0.0), market, {"weight": (0.2, 0.8)}, metric="total_return")
    found = walked(asked, np.array([[1, 2, 4], [3, 4, 6]]))
    assert list(found.ways) == ["plateau", "peak"]
    peak = found.ways["peak"]
    assert peak.chosen.tolist() == [1, 0]
    np.testing.assert_allclose(peak.nav, [1, 1, 0.6, 0.6, 0.66], **exactly)
    np.testing.assert_allclose(found.without_events_nav, [1, 1, 0.9, 0.9, 0.95], **exactly)
    # the trials' own accounts, both bought on row 1: 0.8 went 1, 1.16, 0.68 and 0.2 went 1, 1.04, 0.92, 0.98
    np.testing.assert_allclose(peak.train, [0.16, 0.92 / 1.04 - 1], **exactly)
    np.testing.assert_allclose(peak.test, [0.68 / 1.16 - 1, 0.98 / 0.92 - 1], **exactly)
    assert found.rows.tolist() == market.rows[2:].tolist()
    assert peak.metrics.total_return == pytest.approx(-0.34, rel=1e-13)
    # Bought 0.8; sold 0.4 - 0.12 of 0.6: half of 1.08 over the mean nav and 6 calendar days
    mean, years = (1 + 1 + 0.6 + 0.6 + 0.66) / 5, 6 / 365.25
    assert peak.metrics.turnover == pytest.approx(0.54 / mean / years, rel=1e-12)
    # Plateau: of two neighbours each has the lower value as score, and the higher own value wins.
    assert found.ways["plateau"].chosen.tolist() == [1, 0]


def by_loop(
    prices: np.ndarray, weights: list[float], every: int, switches: list[int], fee: float
) -> np.ndarray:
    """One name, decisions every so many rows and on switches, filled a row later at its price."""
    cash, shares, wanted, nav = 1.0, 0.0, None, []
    for row in range(switches[0], prices.size):
        price = prices[row]
        if wanted is not None:
            delta = wanted * (cash + shares * price) / price - shares
            cash -= delta * price + abs(delta) * price * fee
            shares += delta
        number = int(np.searchsorted(switches, row, side="right")) - 1
        held = weights[number]
        changed = row in switches and (number == 0 or weights[number - 1] != held)
        wanted = held if row % every == 0 or changed else None
        nav.append(cash + shares * price)
    return np.array(nav)


@pytest.mark.parametrize("every", [7, 1000])
def test_the_stitched_account_is_that_of_a_plain_loop(every: int) -> None:
    prices = 50 * np.cumprod(1 + np.random.default_rng(3).normal(0, 0.02, 200))
    market = build({"A": prices})
    axes = {"weight": (-0.4, 0.2, 0.5)}
    asked = asked_of(Held(band=0.0, every=every), market, axes, terms=AccountTerms(TEN))
    folds = spans(200, 40, 20)
    found = walked(asked, folds)
    # each weight's own account, and its Sharpe on the train rows
    own = np.array([by_loop(prices, [w], every, [0], 1e-3) for w in axes["weight"]])
    returns = own[:, 1:] / own[:, :-1] - 1  # column r - 1 is row r
    ratios = np.array(
        [(p := returns[:, a - 1 : b]).mean(axis=1) / p.std(axis=1, ddof=1) for a, b, _ in folds]
    )
    chosen = ratios.argmax(axis=1)
    assert found.ways["peak"].chosen.tolist() == chosen.tolist()
    assert len(set(chosen)) > 1
    plain = by_loop(prices, [axes["weight"][k] for k in chosen], every, folds[:, 1].tolist(), 1e-3)
    # 1e-12: some hundred trades of doubles near one
    np.testing.assert_allclose(found.ways["peak"].nav, plain, rtol=1e-12)
    np.testing.assert_allclose(
        found.without_events_nav, by_loop(prices, [0.5], every, [folds[0, 1]], 1e-3), rtol=1e-12
    )


def sample(strategy: Strategy) -> tuple[Market, Events]:
    return load(SAMPLE, strategy.names, strategy.hedges, history=strategy.history), EVENTS


@pytest.mark.parametrize(
    "strategy", [FertilizerProducers(), MiddleCorridor(screen="strict"), HongKongEquipment(), Enablers()]
)
def test_one_trial_is_the_account_of_simulate(strategy: Strategy) -> None:
    market, events = sample(strategy)
    asked = asked_of(strategy, market, {"exposure": (0.5,)}, events, SAMPLE_TERMS)
    dates = market.rows[market.start :].astype("datetime64[M]")
    months = (
        np.flatnonzero(dates[1:] != dates[:-1]) + 1
    )  # rows on which it decides wherever the account opens
    b = int(months[20])
    found = walked(
        asked, np.array([[b - 299, b, b + 150], [b - 149, b + 150, b + 301], [b, b + 301, dates.size - 1]])
    )
    later = replace(market, start=market.start + b)
    barred = strategy.screened(market, events)
    inputs = SAMPLE_TERMS.inputs(later, events, barred)
    whole = simulate(
        strategy.target_weights(later, events), later, SAMPLE_TERMS.fees, cash=SAMPLE_TERMS.cash,
        constraints=constraints_of(later, events, barred),
    )  # fmt: skip
    for way in found.ways.values():
        assert way.nav.tolist() == whole.nav.tolist()
    one = summarise(
        whole.rows,
        whole.nav,
        trade_value=whole.trade_value.sum(axis=1),
        cost=whole.cost,
        cash_rate=inputs.growth,
    )
    assert to_json(found.ways["peak"].metrics) == to_json(one)
    blind = strategy.without_events().target_weights(later, events)
    twin = simulate(
        blind,
        later,
        SAMPLE_TERMS.fees,
        cash=SAMPLE_TERMS.cash,
        constraints=constraints_of(later, events, barred),
    )
    # the twin decides on the same rows but those of news; its opening decision is the one that stood
    assert found.without_events_nav.tolist() == twin.nav.tolist()


def constraints_of(market: Market, events: Events, barred: BoolArray) -> Any:
    from positioning.simulation.constraints import trading_constraints

    return trading_constraints(market, events.restrictions, barred)


def test_a_position_opens_with_the_decision_that_stands() -> None:
    """Decided on row 0, opened on row 3: 0.5 at 50 on row 4, doubled on row 5."""
    market = build({"A": [100, 100, 100, 100, 50, 100]})
    space = SearchSpace(Held(), market, NO_EVENTS, {}, AccountTerms(FREE))
    nav, metrics = stitched(space, [Held()], np.array([3]))
    assert nav.tolist() == [1.0, 1.0, 1.5]
    assert metrics.sessions == 3


def test_the_screen_is_that_of_the_position_followed() -> None:
    """At 100 a half is bought; it may not be raised, then it may: 0.75 of a nav of 1.25 at 150."""
    market = build({"A": [100, 100, 100, 100, 150, 150, 300]})
    space = SearchSpace(Held(), market, NO_EVENTS, {}, AccountTerms(FREE))
    strategies = [Held(), Held(weight=0.75, barred=0), Held(weight=0.75)]
    nav, _ = stitched(space, strategies, np.array([0, 2, 4]))
    np.testing.assert_allclose(nav, [1, 1, 1, 1, 1.25, 1.25, 1.25 * 1.75], **exactly)
    assert stitched(space, [Held(barred=0)], np.array([0]))[0].tolist() == [1.0] * 7


def test_a_ruined_account_stays_ruined() -> None:
    market = build({"A": [100, 100, 100, 350, 350, 350, 300, 200, 100]})
    space = SearchSpace(Held(), market, NO_EVENTS, {}, AccountTerms(FREE))
    nav, metrics = stitched(space, [Held(weight=-0.5), Held(weight=0.9)], np.array([0, 4]))
    assert nav.tolist() == [1, 1, 1, 0, 0, 0, 0, 0, 0]
    assert metrics.ruined
    assert np.isnan(metrics.sharpe)


# What comes later


GRIDS = {
    "half-life and hedge": (
        FertilizerProducers(),
        {"half_life": (3.0, 30.0), "hedge_ratio": (0.0, 0.7, 1.4)},
    ),
    "screen and look-back": (MiddleCorridor(), {"screen": ("none", "strict"), "lookback": (60, 120)}),
    "a blend": (Enablers(), {"lookback": (60, 120), "screen": ("own", "strict"), "respond": (0.0, 1.0)}),
}


@pytest.mark.parametrize("name", GRIDS)
def test_what_comes_after_a_choice_never_moves_it(name: str) -> None:
    strategy, axes = GRIDS[name]
    market, events = sample(strategy)
    asked = asked_of(strategy, market, axes, events, SAMPLE_TERMS)
    folds = spans(market.rows.size - market.start, 400, 250)
    assert len(folds) == 4
    whole = walked(asked, folds)
    codes = asked.space.grouped(asked.space.codes(np.arange(asked.space.combinations)))
    measured = asked.try_out(codes, measure_of(asked, folds))
    moved = 0
    for f in range(len(folds)):
        last = int(folds[f, 1]) + market.start
        changed = tampered(market, slice(last + 1, None), seed=f)
        news = other_news(events, market.rows[last])
        other = asked_of(strategy, changed, axes, news, SAMPLE_TERMS)
        again = other.try_out(codes, measure_of(asked, folds))
        for g in range(f + 1):
            assert again.column(f"train_{g}").tolist() == measured.column(f"train_{g}").tolist()
        # later folds may find nobody alive after such prices, so the last one is the one that chooses on row `last`
        found = walked(other, folds[: f + 1])
        rows = slice(0, int(folds[f, 1] - folds[0, 1]) + 1)
        for way, one in whole.ways.items():
            assert found.ways[way].chosen.tolist() == one.chosen[: f + 1].tolist()
            assert found.ways[way].train.tolist() == one.train[: f + 1].tolist()
            assert found.ways[way].test[:f].tolist() == one.test[:f].tolist()
            assert found.ways[way].nav[rows].tolist() == one.nav[rows].tolist()
            moved += found.ways[way].test[f] != one.test[f]
        assert found.without_events_nav[rows].tolist() == whole.without_events_nav[rows].tolist()
        np.testing.assert_array_equal(found.correlation[:f], whole.correlation[:f])
    assert moved == 2 * len(folds)  # and the tampering was not idle


# What there is to find


@final
@dataclass(frozen=True)
class Few(Basket):
    """Some of many names."""

    name: ClassVar[str] = "few"
    theme: ClassVar[str] = "fertilizer"
    benchmark: ClassVar[str] = "S0"
    caveat: ClassVar[str] = "of a test"

    legs: tuple[str, ...] = ("S0",)
    lookback: int = 20


def random_walks(rng: np.random.Generator, names: int, rows: int) -> Market:
    """Driftless, with independent returns of 1 % a row."""
    prices = 100 * np.cumprod(1 + rng.normal(0, 0.01, (rows, names)), axis=0)
    index = pd.bdate_range("2018-01-01", periods=rows)
    market = Market.from_frames(pd.DataFrame(prices, index, [f"S{n}" for n in range(names)]))
    return replace(market, start=20)


def test_in_noise_the_past_says_nothing() -> None:
    """Random baskets of random walks. Whatever was chosen on, a fold's rank correlation has mean zero, so those of
    one market are uncorrelated and the mean of all has the error of independent ones."""
    found, better = [], []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        legs = tuple({tuple(sorted(rng.choice(12, 3, replace=False).tolist())) for _ in range(30)})
        market = random_walks(rng, 12, 521)
        baskets = tuple(tuple(f"S{n}" for n in chosen) for chosen in legs)
        one = walked(asked_of(Few(), market, {"legs": baskets}), spans(501, 150, 50))
        found += one.correlation.tolist()
        better.append(one.ways["peak"].metrics.sharpe)
    assert len(found) == 12 * 7
    assert abs(np.mean(found)) < 3 * np.std(found) / np.sqrt(len(found))
    # 350 of 261 rows a year: the Sharpe of an account without skill scatters by 0.86 around zero
    assert abs(np.mean(better)) < 3 * np.std(better) / np.sqrt(len(better))


def test_a_basket_that_is_truly_better_is_held_in_every_fold() -> None:
    rng = np.random.default_rng(5)
    market = random_walks(rng, 8, 721)
    drift = np.cumprod(np.full(721, 1.003))  # 0.3 a row of deviation: five standard errors in 300 rows
    prices = market.close.copy()
    prices[:, 3] *= drift
    market = replace(market, open=prices, close=prices)
    axes = {"legs": tuple((f"S{n}",) for n in range(8)), "exposure": (0.4, 0.5, 0.6)}
    asked = asked_of(Few(), market, axes)
    found = walked(asked, spans(701, 300, 100))
    codes = asked.space.grouped(asked.space.codes(np.arange(24)))
    for way in found.ways.values():
        assert [asked.space.at(codes[k]).parameters()["legs"] for k in way.chosen] == [("S3",)] * 4
    assert found.ways["plateau"].metrics.sharpe > 3
    assert found.correlation.mean() > 0


# How it is asked and told


def test_what_the_plan_measured_is_not_run_again() -> None:
    strategy, axes = GRIDS["half-life and hedge"]
    market, events = sample(strategy)
    plain = asked_of(strategy, market, axes, events, SAMPLE_TERMS)
    runs = []

    def work(space: SearchSpace, plan: Plan, numbers: Iterable[int]) -> Iterator[tuple[int, np.ndarray]]:
        runs.append(plan.measures)
        return plain.work(space, plan, numbers)

    asked = replace(plain, work=work)
    folds = spans(market.rows.size - market.start, 504, 126)
    one = walked(asked, folds)
    assert len(runs) == 1
    codes = asked.space.grouped(asked.space.codes(np.arange(6)))
    other = walk_forward(asked, asked.try_out(codes, Figures()), folds)
    assert len(runs) == 3
    assert one.ways["peak"].nav.tolist() == other.ways["peak"].nav.tolist()
    assert one.correlation.tolist() == other.correlation.tolist()
    for f in range(len(folds)):
        values = asked.try_out(codes, measure_of(asked, folds)).column(f"train_{f}")
        assert one.ways["plateau"].chosen[f] == on_plateau(asked.space, codes, [values])[0]
        assert one.ways["peak"].chosen[f] == values.argmax()
        assert one.ways["peak"].train[f] == values.max()


def test_words() -> None:
    strategy, axes = GRIDS["a blend"]
    market, events = sample(strategy)
    asked = asked_of(strategy, market, axes, events, SAMPLE_TERMS)
    found = walked(asked, spans(market.rows.size - market.start, 504, 126))
    text = sentences(found, THESIS)
    assert text[0].startswith("Walk-forward in 8 folds, each choosing by Sharpe among 8 trials on 504 rows")
    assert f"{found.ways['plateau'].metrics.sharpe:.2f}" in text[0]
    assert f"{found.without_events_metrics.sharpe:.2f} over the same rows" in text[0]
    after = int((market.rows[-1008:] > THESIS.published).sum())
    assert 100 < after < 200
    assert text[-1].endswith(f"Of the 1,008 rows held through, {after} lie after it.")
    assert "takes out the luck of choosing parameters and nothing else" in text[-1]
    assert hindsight(THESIS).split(":", maxsplit=1)[0] in text[-1]  # said as the rest of the page says it
    assert not any("out of sample" in line for line in text[:-1])
    assert all("\n" not in line and "nan" not in line and "inf" not in line for line in text)


def test_words_without_a_plateau_or_a_number() -> None:
    market = build({"A": [100.0, 100.0, *np.linspace(100, 200, 60)]})
    asked = asked_of(Held(), market, {"weight": (0.2, 0.8)}, metric="max_drawdown")
    found = walked(replace(asked, full=False), spans(62, 20, 20))
    assert list(found.ways) == ["peak"]
    assert np.isnan(found.correlation).all()
    text = " ".join(sentences(found, THESIS))
    assert "plateau" not in text
    assert "Max drawdown grows with the length of a span" in text
    assert "In no fold could the ranks" in text


def test_ruin_after_the_choice_is_told() -> None:
    prices = [100, 100, 90, 80, 70, 60, 60, 300, 300]
    asked = asked_of(Held(), build({"A": prices}), {"weight": (-0.9, 0.1, 0.2)}, metric="total_return")
    found = walked(asked, np.array([[1, 5, 8]]))
    assert found.ways["peak"].test.tolist() == [-np.inf]
    assert found.ways["peak"].metrics.ruined
    text = " ".join(sentences(found, THESIS))
    assert "had Sharpe undefined" in text
    assert (
        "chosen by the peak was ruined before the end of the rows the choice had not seen in 1 of 1 fold."
        in text
    )
    assert found.correlation[0] == -1.0  # the best before is the dead one, and the longs change places too


def test_trials_that_never_move_cannot_be_chosen_from() -> None:
    asked = asked_of(Held(), build({"A": np.full(60, 100.0)}), {"weight": (0.2, 0.8)})
    with pytest.raises(
        BadInputError, match=r"none of 2 trials has a sharpe from 2024-01-\d+ .*type|lengthen"
    ):
        walked(asked, spans(60, 20, 20))


def test_rank_correlation_leaves_out_the_unknown_and_puts_the_dead_last() -> None:
    nan, inf = np.nan, np.inf
    assert rank_correlation(np.array([1.0, 2.0, 3.0]), np.array([5.0, 6.0, 70.0])) == pytest.approx(1.0)
    assert rank_correlation(np.array([1.0, 2.0, 3.0, nan]), np.array([9.0, 8.0, -inf, 1.0])) == pytest.approx(
        -1.0
    )
    # ranks 1 2 3 4 and 1.5 1.5 3 4: 4.5 / sqrt(5 x 4.5)
    tied = rank_correlation(np.arange(4.0), np.array([-inf, -inf, 0.0, 1.0]))
    assert tied == pytest.approx(4.5 / np.sqrt(22.5))
    assert np.isnan(rank_correlation(np.array([1.0, 2.0, nan]), np.array([1.0, 2.0, 3.0])))
    assert np.isnan(rank_correlation(np.ones(5), np.arange(5.0)))
