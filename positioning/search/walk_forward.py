"""Walk-forward: did choosing parameters by the past pay afterwards?

Each fold chooses a trial on its train rows. What is judged is one account that the ledger keeps: it opens in cash on
the last train row of the first fold and from there follows whichever trial was chosen last, every change of mind
traded and paid for.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import final

import numpy as np

from positioning.analysis.cross_validation import ALIKE, MIN_ROWS, rank_correlation
from positioning.analysis.metrics import Metrics, summarise
from positioning.arrays import DateArray, FloatArray, IntArray
from positioning.errors import BadInputError
from positioning.events.thesis import Thesis
from positioning.market.market import Market
from positioning.search.assessment import on_plateau
from positioning.search.measures import Spans
from positioning.search.run import Search, in_words
from positioning.search.space import SearchSpace
from positioning.search.trials import Trials
from positioning.simulation.holdings import Holdings
from positioning.strategy.strategy import Strategy
from positioning.strategy.targets import Targets

USUAL = (504, 126)  # two years to choose on, half a year to hold
RATES = ("sharpe", "sortino", "cagr")  # metrics that do not grow with the length of a span


@final
@dataclass(frozen=True, eq=False)
class SelectionRule:
    """One way to choose. chosen: (F,) trial of each fold; train, test: (F,) the metric of its own account over the
    fold's spans; nav: (R,), metrics: of the account that follows the choices."""

    chosen: IntArray
    train: FloatArray
    test: FloatArray
    nav: FloatArray
    metrics: Metrics


@final
@dataclass(frozen=True, eq=False)
class WalkForward:
    """What `walk_forward` found. metric: chosen by; trials: how many were chosen from; spans: (F, 3), see `spans`;
    rows: (R,) dates of the stitched accounts; ways: "plateau", where every combination was tried, and "peak"; twin:
    the strategy without events over the same rows; correlation: (F,) of the trials' ranks by train and by test
    metric, NaN where undefined."""

    metric: str
    trials: int
    spans: IntArray
    rows: DateArray
    ways: Mapping[str, SelectionRule]
    without_events_nav: FloatArray
    without_events_metrics: Metrics
    correlation: FloatArray
    answers_events: bool

    @property
    def beside(self) -> str:
        """What the accounts are set against: for a strategy that answers no events, itself as it is written."""
        return "without events" if self.answers_events else "with its own parameters"


def spans(rows: int, train: int, test: int) -> IntArray:
    """(F, 3) first train row, last train row b and last test row c of each fold, as rows of an account of `rows`.

    Returns exist from row 1 on; `train` of them up to b are chosen on and `test` of them, b + 1 .. c, are held
    through. Test spans follow one another up to the last row; what does not fit is left out at the beginning.
    Raises BadInputError where no fold fits, or a span is shorter than MIN_ROWS.
    """
    option = f"walk_forward={train}:{test}"
    most = min(USUAL[1], (rows - 1) // 8)  # four folds, each trained on four times what it is tested on
    ratio = USUAL[0] // USUAL[1]
    remedy = f"give walk_forward={ratio * most}:{most}" if most >= MIN_ROWS else "begin the account earlier"
    if min(train, test) < MIN_ROWS:
        raise BadInputError(option, f"wanted {MIN_ROWS} rows or more of each", remedy, "walk_forward")
    folds = (rows - 1 - train) // test
    if folds < 1:
        raise BadInputError(
            f"{option} on an account of {rows:,} rows",
            f"wanted {train + test + 1:,} rows or more",
            remedy,
            "walk_forward",
        )
    last = rows - 1 - test * np.arange(folds)[::-1]
    return np.stack([last - test - train + 1, last - test, last], axis=1).astype(np.int64)


def spans_measure(spans: IntArray, metric: str) -> Spans:
    """What a plan must measure so that `walk_forward` need not run its trials again."""
    return Spans(tuple((a, b, c) for a, b, c in spans.tolist()), metric)


def walk_forward(search: Search, trials: Trials, spans: IntArray) -> WalkForward:
    """Every fold chosen, followed and compared. spans: (F, 3) of `spans`.

    The metric over the spans is read from `trials` where their plan measured it, else they are run again. Raises
    BadInputError where no trial has the metric on a fold's train rows.
    """
    space, codes = search.space, trials.plan.codes
    measure = spans_measure(spans, search.metric)
    read = trials if measure in trials.plan.measures else search.try_out(codes, measure)
    rows = space.market.rows[space.market.start :]
    picks: dict[str, list[int]] = {"plateau": [], "peak": []} if search.full else {"peak": []}
    before: dict[str, list[float]] = {way: [] for way in picks}
    after: dict[str, list[float]] = {way: [] for way in picks}
    correlation = []
    for f, (first, last, end) in enumerate(spans.tolist()):  # one fold in memory at a time
        train, test = read.column(f"train_{f}"), read.column(f"test_{f}")
        if not np.isfinite(train).any():
            raise BadInputError(
                f"none of {train.size:,} trials has a {search.metric} from {rows[first]} to {rows[last]}",
                "wanted one account that lives and moves on every train span",
                f"lengthen it: give walk_forward={2 * (last - first + 1)}:{end - last}",
                "walk_forward",
            )
        values = np.round(train, ALIKE)  # a choice among equals must not turn on rounding: it would trade
        for way, chosen in picks.items():
            trial = on_plateau(space, codes, [values])[0] if way == "plateau" else int(np.nanargmax(values))
            chosen.append(trial)
            before[way].append(float(train[trial]))
            after[way].append(float(test[trial]))
        correlation.append(rank_correlation(train, test))
    ways = {}
    for way, chosen in picks.items():
        nav, metrics = stitched(space, [space.at(codes[trial]) for trial in chosen], spans[:, 1])
        ways[way] = SelectionRule(np.array(chosen), np.array(before[way]), np.array(after[way]), nav, metrics)
    without_events_nav, without_events_metrics = stitched(space, [space.without_events()], spans[:1, 1])
    return WalkForward(
        metric=search.metric,
        trials=trials.count,
        spans=spans,
        rows=rows[spans[0, 1] :],
        ways=ways,
        without_events_nav=without_events_nav,
        without_events_metrics=without_events_metrics,
        correlation=np.array(correlation),
        answers_events=space.answers_events,
    )


def stitched(
    space: SearchSpace, strategies: Sequence[Strategy], switches: IntArray
) -> tuple[FloatArray, Metrics]:
    """(R,) nav and metrics of an account that opens with 1 in cash on the first of the switches, (F,) account rows,
    and from each on follows the strategy of that number, to the last row.

    On a switch row it adopts what the strategy last decided, as a decision of that row, and then follows the
    decisions the strategy goes on to make; where the strategy stays the same nothing is decided anew. Band, gross
    limit and screen are those of the strategy followed.
    """
    market, followed = space.market, None
    firsts = [int(row) + market.start for row in switches]
    lasts = [*firsts[1:], market.rows.size - 1]
    holdings: Holdings | None = None
    nav, traded, cost, growth = [np.ones(1)], [np.zeros(1)], [np.zeros(1)], [np.zeros(1)]
    for strategy, first, last in zip(strategies, firsts, lasts, strict=True):
        here = replace(market.until(last), start=first)
        targets = _decisions(strategy.target_weights(market, space.events), here, strategy != followed)
        inputs = space.terms.inputs(here, space.events, strategy.screened(here, space.events))
        result = space.terms.run(targets, here, space.events, inputs, holdings)
        holdings = result.closing
        for parts, values in (
            (nav, result.nav), (traded, result.trade_value.sum(axis=1)), (cost, result.cost), (growth, inputs.growth),
        ):  # fmt: skip
            parts.append(values[1:])  # the first row is the last of the part before
        followed = strategy
    whole = np.concatenate(nav)
    metrics = summarise(
        market.rows[firsts[0] :],
        whole,
        trade_value=np.concatenate(traded),
        cost=np.concatenate(cost),
        cash_rate=np.concatenate(growth),
        ruined=bool(whole.min() <= 0),
    )
    return whole, metrics


def _decisions(targets: Targets, here: Market, adopted: bool) -> Targets:
    """Of the targets, decided on a longer market, those of the account of `here`; with `adopted` the last one up to
    its first row is moved to that row. A strategy that has not decided yet is in cash."""
    inside = (targets.decided > here.start - (not adopted)) & (targets.decided < here.rows.size)
    decided, weights = targets.decided[inside], targets.weights[inside]
    if adopted:
        standing = int(np.searchsorted(targets.decided, here.start, side="right")) - 1
        adopt = targets.weights[standing] if standing >= 0 else np.zeros(weights.shape[1])
        decided, weights = np.append(here.start, decided), np.vstack([adopt, weights])
    return replace(targets, rows=here.rows, decided=decided, weights=weights)


def sentences(w: WalkForward, thesis: Thesis) -> list[str]:
    """What it says, in words made from the numbers alone; the last one limits all the others."""
    return [_accounts(w), *_performance(w), _ranks(w), _hindsight(w, thesis)]


def _accounts(w: WalkForward) -> str:
    train, test = w.spans[0, 1] - w.spans[0, 0] + 1, w.spans[0, 2] - w.spans[0, 1]
    earned = ", ".join(
        f"the account that followed the {way} had Sharpe {_ratio(one.metrics.sharpe)}"
        for way, one in w.ways.items()
    )
    return (
        f"Walk-forward in {_count(len(w.spans), 'fold')}, each choosing by {in_words(w.metric)} among {w.trials:,} "
        f"trials on {train:,} rows and holding the choice through the next {test:,}: {earned}, its switches paid for; "
        f"the strategy {w.beside} had {_ratio(w.without_events_metrics.sharpe)} over the same rows."
    )


def _performance(w: WalkForward) -> list[str]:
    lines = []
    for way, one in w.ways.items():
        ruined = int(np.isneginf(one.test).sum())
        if ruined:
            lines.append(
                f"The trial chosen by the {way} was ruined before the end of the rows the choice had not seen in "
                f"{ruined} of {_count(one.test.size, 'fold')}."
            )
        finite = np.isfinite(one.train) & np.isfinite(one.test)
        if w.metric not in RATES or not finite.any():
            continue
        before, after = float(one.train[finite].mean()), float(one.test[finite].mean())
        share = (
            ""
            if before <= 0
            else f": {100 * after / before:.0f} % was kept"
            if after > 0
            else ": none was kept"
        )
        lines.append(
            f"The trials chosen by the {way} had on average {in_words(w.metric)} {before:.2f} on the rows they were "
            f"chosen on and {after:.2f} on the rows the choice had not seen{share}."
        )
    if w.metric not in RATES:
        lines.append(
            f"{in_words(w.metric).capitalize()} grows with the length of a span, so nothing is said of how much of it "
            f"was kept."
        )
    return lines


def _ranks(w: WalkForward) -> str:
    correlations = w.correlation[~np.isnan(w.correlation)]
    if not correlations.size:
        return "In no fold could the ranks of the trials before and after the choice be compared."
    return (
        f"Over all trials the rank by {in_words(w.metric)} before the choice and the rank after it had correlation "
        f"{correlations.mean():.2f} on average, above zero in {(correlations > 0).sum()} of "
        f"{_count(correlations.size, 'fold')}: at zero the past says nothing about which trial to hold."
    )


def _hindsight(w: WalkForward, thesis: Thesis) -> str:
    return (
        f"Names, signs and severities of events were set with hindsight, by {thesis.reference} and after: "
        f"walk-forward takes out the luck of choosing parameters and nothing else, and no row before that day is out of "
        f"sample. Of the {w.rows.size - 1:,} rows held through, {(w.rows[1:] > thesis.published).sum():,} lie after it."
    )


def _ratio(sharpe: float) -> str:
    return f"{sharpe:.2f}" if math.isfinite(sharpe) else "undefined"


def _count(n: int, what: str) -> str:
    return f"{n:,} {what}{'' if n == 1 else 's'}"
