"""How much of a search to believe: what luck alone gives the best of many, and which trial to hold instead."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, final

import numpy as np

from positioning.errors import BadInputError
from positioning.market.bars import FloatArray
from positioning.research.cross_validation import Pbo, pbo, pbo_sample
from positioning.research.ground import Codes, Ground
from positioning.research.measures import BLOCKS, Figures, block_edges, halved
from positioning.research.metrics import NOISE, rows_per_year
from positioning.research.overfitting import (
    Plateau,
    Spa,
    deflated_sharpe,
    effective_trials,
    expected_maximum_sharpe,
    minimum_track_record_length,
    plateau,
    probabilistic_sharpe,
    spa,
)
from positioning.research.sweep import Search
from positioning.research.trials import Trials
from positioning.simulation.simulate import Holdings, run

CANDIDATES = 100  # trials of a random search whose neighbours are tried
CONFIDENCE = 0.95


@final
@dataclass(frozen=True, eq=False)
class Contestant:
    """One trial, judged. figures: as in Trials; skew, kurtosis: of its excess returns (3 for a normal), from its
    own account; psr: probability that its true Sharpe is above 0 had it been the only trial; dsr: the same, knowing
    how many were tried; enough: rows after which its Sharpe would be above 0 at CONFIDENCE, infinite for none."""

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
class Belief:
    """What a search is worth. trials: raw count; measured: those with a Sharpe ratio; ruined: accounts that died;
    effective: independent trials they are worth (overfitting.effective_trials); deviation: of the trials' Sharpes,
    luck: the best Sharpe that many skilless trials would have, both a year; kept: the recommended trial, whose own
    and neighbours' lowest metric is `score`; neighbours: how many; edges: axes that can be widened and on
    whose end it lies; tried: further trials run to find neighbours. untested: why there is no spa. twin: figures of
    `Ground.twin`, named: its parameters that are not the position's own."""

    metric: str
    full: bool
    proposed: bool
    trials: int
    measured: int
    ruined: int
    effective: float
    deviation: float
    luck: float
    best: Contestant
    kept: Contestant
    score: float
    neighbours: int
    edges: tuple[str, ...]
    tried: int
    pbo: Pbo | None
    spa: Spa | None
    untested: str
    twin: Mapping[str, float]
    named: Mapping[str, Any]
    rows: int
    per_year: float


def believe(asked: Search, trials: Trials) -> Belief:
    """Everything `Belief` says of these trials. Raises BadInputError where no trial has the metric."""
    ground, values = asked.ground, values_of(trials, asked.metric)
    if not np.isfinite(values).any():
        raise BadInputError(
            f"none of {values.size:,} trials has a {asked.metric}",
            "wanted one account that lives and moves",
            "choose other axes or another --metric",
        )
    rows = ground.market.rows[ground.market.start :]
    per_year, sharpes = rows_per_year(rows), trials.figures["sharpe"]
    known = sharpes[np.isfinite(sharpes)] / math.sqrt(per_year)
    variance = float(np.var(known, ddof=1)) if known.size > 1 else 0.0
    effective = effective_trials(trials.sums())
    effective = effective if math.isfinite(effective) else 1.0
    luck = expected_maximum_sharpe(variance, effective)
    place, score, neighbours, edges, tried = _recommended(asked, trials.plan.codes, values)
    blind = replace(ground, position=ground.twin(), axes={"respond": (0.0,)})
    twin = Search(blind, asked.metric, True, asked.work).try_out(np.zeros((1, 1), np.int32), Figures())
    tested, untested = _spa(asked, trials, rows.size)

    def judge(trial: int) -> Contestant:
        return _contestant(ground, trial, trials, variance, effective)

    return Belief(
        metric=asked.metric,
        full=asked.full,
        proposed=asked.proposed,
        trials=values.size,
        measured=known.size,
        ruined=int(trials.ruined().sum()),
        effective=effective,
        deviation=math.sqrt(variance * per_year),
        luck=luck * math.sqrt(per_year),
        best=judge(int(np.nanargmax(values))),
        kept=judge(place),
        score=score,
        neighbours=neighbours,
        edges=edges,
        tried=tried,
        pbo=_pbo(asked, trials, rows.size),
        spa=tested,
        untested=untested,
        twin=twin.figures_of(0),
        named={
            name: value
            for name, value in blind.position.parameters().items()
            if name not in ground.position.NEWS and value != ground.position.parameters()[name]
        },
        rows=rows.size - 1,
        per_year=per_year,
    )


def values_of(trials: Trials, metric: str) -> FloatArray:
    """(K,) the metric, -inf for a dead account."""
    return np.where(trials.ruined(), -np.inf, trials.figures[metric])


def _pbo(asked: Search, trials: Trials, rows: int) -> Pbo | None:
    counts = halved(np.diff(block_edges(rows)).astype(np.float64))
    chosen = pbo_sample(trials.count)
    if chosen.size < 2 or counts.min() < 2:
        return None
    ranked = trials
    if chosen.size < trials.count or not trials.squared:
        ranked = asked.try_out(trials.plan.codes[chosen], Figures(squares=True))
    sums = np.concatenate([halved(part) for part in ranked.sums()])
    return replace(pbo(counts, sums, ranked.squares()), sampled=chosen.size < trials.count)


def _spa(asked: Search, trials: Trials, rows: int) -> tuple[Spa | None, str]:
    """The test of what events add, or why there is none."""
    if np.diff(block_edges(rows)).min() < 1:
        return None, f"fewer than {BLOCKS} returns"
    found = spa(advantages(asked, trials), np.zeros(BLOCKS))
    return (found, "") if found.trials else (None, "no trial differs from itself without events")


def advantages(asked: Search, trials: Trials) -> Iterator[FloatArray]:
    """(n, BLOCKS) by chunk: sums of excess returns less those of the same trial without events."""
    ground = asked.ground
    blind = replace(asked, ground=ground.blind())
    for number, own in enumerate(trials.sums()):
        codes = ground.blinded(trials.plan.part(number))
        padded = np.pad(codes, ((0, 0), (1, 0)))  # there may be no axis
        padded, back = np.unique(padded, axis=0, return_inverse=True)
        order = blind.ground.order(padded[:, 1:])
        found, twins = blind.try_out(padded[order, 1:], Figures()), np.empty((order.size, BLOCKS))
        twins[order] = np.concatenate(list(found.sums()))
        yield own - twins[back.ravel()]


def _contestant(ground: Ground, trial: int, trials: Trials, variance: float, effective: float) -> Contestant:
    settings, figures = ground.settings(trials.plan.codes[trial]), trials.figures_of(trial)
    skew, kurtosis, rows, per_year = moments(ground, settings)
    sharpe = figures["sharpe"] / math.sqrt(per_year)
    known = math.isfinite(sharpe) and math.isfinite(skew) and rows > 1
    return Contestant(
        trial=trial,
        settings=settings,
        figures=figures,
        skew=skew,
        kurtosis=kurtosis,
        psr=probabilistic_sharpe(sharpe, 0.0, rows, skew, kurtosis) if known else math.nan,
        dsr=deflated_sharpe(sharpe, variance, effective, rows, skew, kurtosis) if known else math.nan,
        enough=minimum_track_record_length(sharpe, 0.0, CONFIDENCE, skew, kurtosis) if known else math.nan,
    )


def moments(ground: Ground, settings: Mapping[str, Any]) -> tuple[float, float, int, float]:
    """Skew and kurtosis of the excess returns of one trial, accounted by `simulate`'s own ledger; their number and
    rows a year. NaN for a dead account or one that does not move."""
    position = replace(ground.position, **settings)
    tape, names = ground.tape(position), len(ground.market.instruments)
    targets = position.target_weights(ground.market, ground.events)
    result, _ = run(targets, ground.market, tape, Holdings.opening(names))
    count, per_year = result.rows.size - 1, rows_per_year(result.rows)
    if result.ruined or count < 2:
        return math.nan, math.nan, count, per_year
    excess = result.nav[1:] / result.nav[:-1] - 1.0 - tape.growth[1:]
    deviations = excess - excess.mean()
    spread = math.sqrt(float(np.mean(deviations**2)))
    if not spread > NOISE:
        return math.nan, math.nan, count, per_year
    z = deviations / spread
    return float(np.mean(z**3)), float(np.mean(z**4)), count, per_year


def _recommended(
    asked: Search, codes: Codes, values: FloatArray
) -> tuple[int, float, int, tuple[str, ...], int]:
    """The plateau's trial, its score, how many neighbours it has, axes on whose end it lies, trials run for it."""
    if not asked.full:
        return _refined(asked, codes, values)
    trial, found = on_plateau(asked.ground, codes, values)
    edges = ends(asked.ground, codes[trial])
    return trial, float(found.scores[found.best]), found.neighbours, edges, 0


def on_plateau(ground: Ground, codes: Codes, values: FloatArray) -> tuple[int, Plateau]:
    """The trial that `overfitting.plateau` recommends, when every combination has been tried."""
    shape = [len(v) for v in ground.axes.values()]
    grid, place = np.full(shape, np.nan), tuple(codes.T)
    grid[place] = values
    found = plateau(grid, ground.ordered())
    return int(np.flatnonzero((codes == found.best).all(axis=1))[0]), found


def _refined(asked: Search, codes: Codes, values: FloatArray) -> tuple[int, float, int, tuple[str, ...], int]:
    """As `plateau`, over the CANDIDATES best trials of a random search, whose neighbours are run for it."""
    ground = asked.ground
    top = np.argsort(np.where(np.isnan(values), -np.inf, -values), kind="stable")
    top = top[np.isfinite(values[top])][:CANDIDATES]
    top = top[np.argsort(-values[top], kind="stable")]
    around = [(n, near) for n, k in enumerate(top) for near in neighbours_of(ground, codes[k])]
    scores, counts = values[top].copy(), np.zeros(top.size, dtype=np.int64)
    tried = 0
    if around:
        near = ground.walk(np.unique(np.array([code for _, code in around]), axis=0).astype(np.int32))
        found = values_of(asked.try_out(near, Figures()), asked.metric)
        known, tried = {code.tobytes(): float(v) for code, v in zip(near, found, strict=True)}, near.shape[0]
        for n, code in around:
            value = known[code.tobytes()]
            scores[n] = np.fmin(scores[n], value)
            counts[n] += not math.isnan(value)
    n = int(np.argmax(scores))
    edges = ends(ground, codes[top[n]])
    return int(top[n]), float(scores[n]), int(counts[n]), edges, tried


def ends(ground: Ground, code: Codes) -> tuple[str, ...]:
    """The axes on whose end a trial lies, where the position takes a further step."""
    found = []
    for a, (name, values) in enumerate(ground.axes.items()):
        if not ground.ordered()[a] or len(values) < 2 or code[a] not in (0, len(values) - 1):
            continue
        here, inside = (values[0], values[1]) if code[a] == 0 else (values[-1], values[-2])
        try:
            replace(ground.position, **{name: type(here)(2 * here - inside)})
        except BadInputError:
            continue
        found.append(name)
    return tuple(found)


def neighbours_of(ground: Ground, code: Codes) -> list[Codes]:
    """The trials one step up or down on each ordered axis."""
    made = []
    for a, (values, ordered) in enumerate(zip(ground.axes.values(), ground.ordered(), strict=True)):
        for there in (code[a] - 1, code[a] + 1) if ordered else ():
            if 0 <= there < len(values):
                near = code.copy()
                near[a] = there
                made.append(near)
    return made
