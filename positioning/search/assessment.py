"""How much of a search to believe: what luck alone gives the best of many, and which trial to hold instead."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, final

import numpy as np

from positioning.analysis.cross_validation import Pbo, pbo, pbo_sample
from positioning.analysis.metrics import MIN_RETURNS, NOISE, rows_per_year
from positioning.analysis.overfitting import (
    Plateau,
    deflated_sharpe,
    effective_trials,
    expected_maximum_sharpe,
    minimum_track_record_length,
    plateau,
    probabilistic_sharpe,
)
from positioning.analysis.superior_predictive_ability import Spa, spa
from positioning.analysis.verdict import CONFIDENCE
from positioning.arrays import FloatArray, IntArray
from positioning.errors import BadInputError
from positioning.search.measures import BLOCKS, Figures, block_edges, halved
from positioning.search.run import Search
from positioning.search.space import GridIndex, SearchSpace
from positioning.search.trials import RUINED, Trials
from positioning.strategy.strategy import Strategy

CANDIDATES = 100  # trials of a random search whose neighbours are tried
MOST_HALVINGS = 10  # of the step beyond the end of an axis
MOST_WITHOUT_EVENTS = 100_000  # whose block sums are held at once: 51 MB


@final
@dataclass(frozen=True, eq=False)
class TrialAssessment:
    """One trial, judged. figures: as in Trials; skew, kurtosis: of its excess returns (3 for a normal), from its
    own account; psr: were its true Sharpe 0, the share of records as long that would show a lower one than its own;
    dsr: the same, were it the luck of the search; enough: rows after which its Sharpe
    would be above 0 at CONFIDENCE, infinite for none."""

    trial: int
    settings: Mapping[str, Any]
    figures: Mapping[str, float]
    skew: float
    kurtosis: float
    psr: float
    dsr: float
    enough: float


@final
@dataclass(frozen=True, eq=False)
class Assessment:
    """What a search is worth. trials: raw count; measured: those with a Sharpe ratio; ruined: accounts that died;
    effective: independent trials they are worth (overfitting.effective_trials); deviation: of the trials' Sharpes,
    luck: the best Sharpe that many skilless trials would have, both a year; plateau: the trial whose own and neighbours'
    lowest metric, `score`, is the highest; neighbours: how many; edges: axes on whose end it lies; closed: those of them
    beyond whose end the strategy takes no value; tried: further trials run to find neighbours. untested: why there is no
    spa. without_events: figures of the trial on the plateau without events, None where the strategy answers none; named:
    its parameters that are not the strategy's own."""

    metric: str
    full: bool
    proposed: bool
    trials: int
    measured: int
    ruined: int
    effective: float
    deviation: float
    luck: float
    best: TrialAssessment
    plateau: TrialAssessment
    score: float
    neighbours: int
    edges: tuple[str, ...]
    closed: tuple[str, ...]
    tried: int
    pbo: Pbo | None
    spa: Spa | None
    untested: str
    without_events: Mapping[str, float] | None
    named: Mapping[str, Any]
    rows: int
    per_year: float


def assess(search: Search, trials: Trials) -> Assessment:
    """Everything `Assessment` says of these trials. Raises BadInputError where no trial has the metric."""
    space = search.space
    rows = space.market.rows[space.market.start :]
    per_year = rows_per_year(rows)
    measured, variance = _dispersion(trials, per_year)
    best = best_trials(trials, search.metric, 1)
    if not best.size:
        raise BadInputError(
            f"none of {trials.count:,} trials has a {search.metric}",
            "wanted one account that lives and moves",
            "choose other axes or another metric",
        )
    place, score, neighbours, tried = _on_plateau(search, trials)
    effective = effective_trials(trials.sums())
    effective = effective if math.isfinite(effective) else 1.0
    luck = expected_maximum_sharpe(variance, effective)
    edges = ends(space, trials.plan.codes[place])
    without_events = space.at(trials.plan.codes[place]).without_events()
    tested, untested = _spa(search, trials, rows.size)

    def judge(trial: int) -> TrialAssessment:
        return _contestant(space, trial, trials, variance, effective)

    return Assessment(
        metric=search.metric,
        full=search.full,
        proposed=search.proposed,
        trials=trials.count,
        measured=measured,
        ruined=int(trials.ruined().sum()),
        effective=effective,
        deviation=math.sqrt(variance * per_year),
        luck=luck * math.sqrt(per_year),
        best=judge(int(best[0])),
        plateau=judge(place),
        score=score,
        neighbours=neighbours,
        edges=edges,
        closed=tuple(axis for axis in edges if not opens(space, axis, trials.plan.codes[place])),
        tried=tried,
        pbo=_pbo(search, trials, rows.size),
        spa=tested,
        untested=untested,
        without_events=_figures_of(search, without_events) if space.answers_events else None,
        named={
            name: value
            for name, value in without_events.parameters().items()
            if name not in space.strategy.EVENT_PARAMETERS and value != space.strategy.parameters()[name]
        },
        rows=rows.size - 1,
        per_year=per_year,
    )


def _dispersion(trials: Trials, per_year: float) -> tuple[int, float]:
    """How many trials have a Sharpe ratio, and its variance among them, per row: that of np.var, in one array, since of
    ten million trials each takes 80 MB."""
    row, values, count = trials.plan.names.index("sharpe"), np.empty(trials.count), 0
    for table in trials.tables():
        finite = table[row][np.isfinite(table[row])]
        values[count : count + finite.size] = finite
        count += finite.size
    sharpes = values[:count]
    if count < 2:
        return count, 0.0
    sharpes /= math.sqrt(per_year)
    sharpes -= sharpes.mean()
    sharpes *= sharpes
    return count, float(sharpes.sum() / (count - 1))


def _figures_of(search: Search, strategy: Strategy) -> Mapping[str, float]:
    """Of one strategy, accounted on the rows of the search."""
    alone = replace(search.space, strategy=strategy, axes={"respond": (strategy.respond,)})
    one = Search(alone, search.metric, True, search.work).try_out(np.zeros((1, 1), np.int32), Figures())
    return one.figures_of(0)


def values_of(trials: Trials, metric: str) -> FloatArray:
    """(K,) the metric, -inf for a dead account."""
    values, first = np.empty(trials.count), 0
    for table in trials.tables():
        values[first : first + table.shape[1]] = _values_in(trials, metric, table)
        first += table.shape[1]
    return values


def best_trials(trials: Trials, metric: str, count: int) -> IntArray:
    """(count or fewer,) places of the trials with the highest finite metric, the highest first, equals in their order."""
    best, values, first = np.empty(0, np.int64), np.empty(0), 0
    for table in trials.tables():
        own = _values_in(trials, metric, table)
        places = np.flatnonzero(np.isfinite(own))
        places = places[np.argsort(-own[places], kind="stable")[:count]]
        best, values = np.append(best, first + places), np.append(values, own[places])
        order = np.argsort(-values, kind="stable")[:count]
        best, values = best[order], values[order]
        first += own.size
    return best


def _values_in(trials: Trials, metric: str, table: FloatArray) -> FloatArray:
    """`values_of` the trials in one of their tables."""
    total, row = (table[trials.plan.names.index(name)] for name in ("total_return", metric))
    return np.where(total <= RUINED, -np.inf, row)


def _pbo(search: Search, trials: Trials, rows: int) -> Pbo | None:
    counts = halved(np.diff(block_edges(rows)).astype(np.float64))
    chosen = pbo_sample(trials.count)
    if chosen.size < 2 or counts.min() < 2 or rows - 1 < MIN_RETURNS:
        return None
    ranked = trials
    if chosen.size < trials.count or not trials.squared:
        ranked = search.try_out(trials.plan.codes[chosen], Figures(squares=True))
    sums = np.concatenate([halved(part) for part in ranked.sums()])
    return replace(pbo(counts, sums, ranked.squares()), sampled=chosen.size < trials.count)


def _spa(search: Search, trials: Trials, rows: int) -> tuple[Spa | None, str]:
    """The test of what events add, or why there is none."""
    if rows - 1 < max(MIN_RETURNS, BLOCKS):
        return None, f"fewer than {max(MIN_RETURNS, BLOCKS)} returns"
    test = spa(Advantages(search, trials), np.zeros(BLOCKS))
    return (test, "") if test.trials else (None, "no trial differs from itself without events")


@final
@dataclass(frozen=True, eq=False)
class Advantages:
    """By chunk (n, BLOCKS): sums of excess returns less those of the same trial without events. What many trials are
    without events is accounted once for all, or where that would take more than MOST_WITHOUT_EVENTS, once a chunk."""

    search: Search
    trials: Trials

    def __iter__(self) -> Iterator[FloatArray]:
        at_once = self._sums_at_once
        for number, own in enumerate(self.trials.sums()):
            here = self._numbers(number)
            distinct, sums = at_once or (np.unique(here), _sums_of(self._without_events, np.unique(here)))
            yield own - sums[np.searchsorted(distinct, here)]

    @cached_property
    def _without_events(self) -> Search:
        return replace(self.search, space=self.search.space.grid_without_events())

    @cached_property
    def _sums_at_once(self) -> tuple[IntArray, FloatArray] | None:
        parts: list[IntArray] = []
        for number in range(self.trials.plan.chunks):
            parts.append(np.unique(self._numbers(number)))
            if sum(part.size for part in parts) > 4 * MOST_WITHOUT_EVENTS:
                parts = [np.unique(np.concatenate(parts))]
                if parts[0].size > MOST_WITHOUT_EVENTS:
                    return None
        every = np.unique(np.concatenate(parts))
        return (every, _sums_of(self._without_events, every)) if every.size <= MOST_WITHOUT_EVENTS else None

    def _numbers(self, chunk: int) -> IntArray:
        """(n,) the combinations that its trials are without events."""
        codes = self.search.space.index_without_events(self.trials.plan.part(chunk))
        return self._without_events.space.numbers(codes)


def _sums_of(search: Search, numbers: IntArray) -> FloatArray:
    """(n, BLOCKS) of the combinations with these numbers."""
    codes, sums = search.space.codes(numbers), np.empty((numbers.size, BLOCKS))
    order = search.space.group_order(codes)
    first = 0
    for part in search.try_out(codes[order], Figures()).sums():
        sums[order[first : first + len(part)]] = part
        first += len(part)
    return sums


def _contestant(
    space: SearchSpace, trial: int, trials: Trials, variance: float, effective: float
) -> TrialAssessment:
    settings, figures = space.settings(trials.plan.codes[trial]), trials.figures_of(trial)
    skew, kurtosis, rows, per_year = return_moments(space, settings)
    sharpe = figures["sharpe"] / math.sqrt(per_year)
    usable = math.isfinite(sharpe) and math.isfinite(skew) and rows >= MIN_RETURNS
    return TrialAssessment(
        trial=trial,
        settings=settings,
        figures=figures,
        skew=skew,
        kurtosis=kurtosis,
        psr=probabilistic_sharpe(sharpe, 0.0, rows, skew, kurtosis) if usable else math.nan,
        dsr=deflated_sharpe(sharpe, variance, effective, rows, skew, kurtosis) if usable else math.nan,
        enough=minimum_track_record_length(sharpe, 0.0, CONFIDENCE, skew, kurtosis) if usable else math.nan,
    )


def return_moments(space: SearchSpace, settings: Mapping[str, Any]) -> tuple[float, float, int, float]:
    """Skew and kurtosis of the excess returns of one trial, accounted by `simulate`'s own ledger; their number and
    rows a year. NaN for a dead account or one that does not move."""
    strategy = replace(space.strategy, **settings)
    inputs = space.inputs(strategy)
    result = space.terms.run(strategy, space.market, space.events, inputs)
    count, per_year = result.rows.size - 1, rows_per_year(result.rows)
    if result.worthless or count < 2:
        return math.nan, math.nan, count, per_year
    excess = result.nav[1:] / result.nav[:-1] - 1.0 - inputs.growth[1:]
    deviations = excess - excess.mean()
    spread = math.sqrt(float(np.mean(deviations**2)))
    if not spread > NOISE:
        return math.nan, math.nan, count, per_year
    z = deviations / spread
    return float(np.mean(z**3)), float(np.mean(z**4)), count, per_year


def _on_plateau(search: Search, trials: Trials) -> tuple[int, float, int, int]:
    """The plateau's trial, its score, how many neighbours it has, trials run for it."""
    if not search.full:
        return _refined(search, trials)
    parts = (_values_in(trials, search.metric, table) for table in trials.tables())
    trial, surface = on_plateau(search.space, trials.plan.codes, parts)
    return trial, surface.score, surface.neighbours, 0


def on_plateau(space: SearchSpace, codes: GridIndex, parts: Iterable[FloatArray]) -> tuple[int, Plateau]:
    """The trial that `overfitting.plateau` finds, when every combination has been tried. parts: the values of the trials,
    some after the other."""
    grid, first = np.full([len(v) for v in space.axes.values()], np.nan), 0
    for values in parts:
        grid.reshape(-1)[space.numbers(codes[first : first + values.size])] = values
        first += values.size
    surface = plateau(grid, space.ordered())
    best = np.ones(codes.shape[0], dtype=bool)
    for a, code in enumerate(surface.best):
        best &= codes[:, a] == code
    return int(best.argmax()), surface


def _refined(search: Search, trials: Trials) -> tuple[int, float, int, int]:
    """As `plateau`, over the CANDIDATES best trials of a random search, whose neighbours are run for it."""
    space, codes = search.space, trials.plan.codes
    top = best_trials(trials, search.metric, CANDIDATES)
    around = [(n, near) for n, k in enumerate(top) for near in neighbours_of(space, codes[k])]
    scores = np.array([trials.figures_of(int(k))[search.metric] for k in top])
    counts = np.zeros(top.size, dtype=np.int64)
    tried = 0
    if around:
        near = space.grouped(np.unique(np.array([code for _, code in around]), axis=0).astype(codes.dtype))
        near_values = values_of(search.try_out(near, Figures()), search.metric)
        value_of = {code.tobytes(): float(v) for code, v in zip(near, near_values, strict=True)}
        tried = near.shape[0]
        for n, code in around:
            value = value_of[code.tobytes()]
            scores[n] = np.fmin(scores[n], value)
            counts[n] += not math.isnan(value)
    n = int(np.argmax(scores))
    return int(top[n]), float(scores[n]), int(counts[n]), tried


def ends(space: SearchSpace, code: GridIndex) -> tuple[str, ...]:
    """The axes on whose end a trial lies."""
    each = zip(space.axes.items(), space.ordered(), strict=True)
    return tuple(
        name
        for a, ((name, values), ordered) in enumerate(each)
        if ordered and len(values) > 1 and code[a] in (0, len(values) - 1)
    )


def opens(space: SearchSpace, axis: str, code: GridIndex) -> bool:
    """Whether the strategy takes a value beyond the end of an axis on which the trial lies: a step further, or a part
    of one."""
    values, place = space.axes[axis], code[list(space.axes).index(axis)]
    here, inside = (values[0], values[1]) if place == 0 else (values[-1], values[-2])
    for halvings in range(MOST_HALVINGS):
        beyond = here + type(here)((here - inside) / 2**halvings)
        if beyond == here:
            break
        try:
            replace(space.strategy, **{axis: beyond})
        except BadInputError:
            continue
        return True
    return False


def neighbours_of(space: SearchSpace, code: GridIndex) -> list[GridIndex]:
    """The trials one step up or down on each ordered axis."""
    neighbours = []
    for a, (values, ordered) in enumerate(zip(space.axes.values(), space.ordered(), strict=True)):
        for there in (code[a] - 1, code[a] + 1) if ordered else ():
            if 0 <= there < len(values):
                near = code.copy()
                near[a] = there
                neighbours.append(near)
    return neighbours
