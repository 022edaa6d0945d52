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
from positioning.research.measures import BLOCKS, HALVED, Figures, block_edges, halved
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
from positioning.research.sweep import Search, in_words
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
        padded, back = np.unique(
            np.pad(codes, ((0, 0), (1, 0))), axis=0, return_inverse=True
        )  # there may be no axis
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


def sentences(b: Belief) -> list[str]:
    """What to believe, in words made from the numbers alone; the first is the one to read."""
    return [*_luck(b), *_proposed(b), *_deflated(b), *_plateau(b), *_split(b), *_against_twin(b), *_track(b)]


def _luck(b: Belief) -> list[str]:
    best = b.best.figures["sharpe"]
    lead = f"The best of {b.trials:,} trials has Sharpe {best:.2f}"
    if b.metric != "sharpe":
        lead = f"The best of {b.trials:,} trials by {in_words(b.metric)} has Sharpe {best:.2f}"
    if not math.isfinite(best):
        lead = f"The best of {b.trials:,} trials has no Sharpe ratio"
    dead = f" {b.ruined:,} trials were ruined." if b.ruined else ""
    return [
        f"{lead}; luck alone would give {b.luck:.2f} by the choice among them, beside the {_scatter(b):.2f} by which the "
        f"Sharpe of even one skilless trial scatters in {b.rows / b.per_year:.1f} years.{dead}",
        f"Luck: the Sharpe to expect of the best of {b.effective:,.1f} skilless independent trials, which is what the "
        f"{b.measured:,} trials with a Sharpe are worth by the average correlation of their returns over {BLOCKS} "
        f"blocks, when Sharpes scatter by {b.deviation:.2f}. Luck that lifts all trials alike is not in it; the "
        f"probabilities below allow for it.",
    ]


def _scatter(b: Belief) -> float:
    return math.sqrt(b.per_year / b.rows)


def _proposed(b: Belief) -> list[str]:
    if not b.proposed:
        return []
    return [
        "The trials were proposed by what earlier ones gave over the same rows, so they crowd around what did well: "
        "their Sharpes scatter less than those of the grid, and all that is said here about luck, overfitting and the "
        "test against the twin is too kind. A grid or --random counts honestly."
    ]


def _deflated(b: Belief) -> list[str]:
    lines = []
    for words, c in (("The best trial", b.best), ("The recommended trial", b.kept)):
        if math.isfinite(c.dsr):
            verdict = (
                "more than the search explains" if c.dsr >= CONFIDENCE else "not enough to call it skill"
            )
            lines.append(
                f"{words}: {100 * c.dsr:.0f} % probability that its true Sharpe is above zero once the search is "
                f"allowed for (deflated Sharpe; {100 * c.psr:.0f} % had it been the only trial): {verdict}."
            )
    return lines


def _plateau(b: Belief) -> list[str]:
    if b.neighbours == 0:
        return [
            "The recommended trial has no neighbour in the grid, so it is the best trial and nothing is known around it."
        ]
    same = " It is the best trial itself." if b.kept.trial == b.best.trial else ""
    edges = f" It lies at the end of {', '.join(b.edges)}: widen there." if b.edges else ""
    extra = (
        f" Found among the {CANDIDATES} best trials, whose {b.tried:,} neighbours were run."
        if b.tried
        else ""
    )
    kept = (
        f"keeps at least {in_words(b.metric)} {b.score:.2f}"
        if math.isfinite(b.score)
        else "may ruin it, whichever it is"
    )
    return [
        f"Recommended is the plateau, not the peak: one step on any axis of numbers {kept} "
        f"({b.neighbours} neighbour{'s' if b.neighbours > 1 else ''}).{same}{edges}{extra}"
    ]


def _split(b: Belief) -> list[str]:
    if b.pbo is None:
        return ["Too few trials or rows for the probability of backtest overfitting."]
    part = f"a random {b.pbo.trials:,} of the trials" if b.pbo.sampled else "the trials"
    return [
        f"Over {b.pbo.logits.size:,} ways to halve the history into {HALVED} blocks, the Sharpe winner among {part} on "
        f"one half ended below the median on the other in {100 * b.pbo.probability:.0f} % (probability of backtest "
        f"overfitting; one half is pure luck), and lost money over cash in {100 * b.pbo.probability_of_loss:.0f} %."
    ]


def _against_twin(b: Belief) -> list[str]:
    own = "".join(f", {k} {'+'.join(v) if isinstance(v, tuple) else v}" for k, v in b.named.items())
    twin = f"The position itself without events has Sharpe {b.twin['sharpe']:.2f}{own}."
    if b.spa is None:
        return [f"What events add cannot be tested: {b.untested}. {twin}"]
    verdict = (
        "better than luck explains" if b.spa.consistent < 1 - CONFIDENCE else "this cannot be told from luck"
    )
    return [
        f"Each trial against itself without events: the best gain in mean return of {b.spa.trials:,} different trials "
        f"has p {b.spa.consistent:.3f} (Hansen's SPA): {verdict}. Holding more on average counts as a gain here: "
        f"shuffled dates (backtests.run --placebo) tell the two apart. {twin}"
    ]


def _track(b: Belief) -> list[str]:
    c, years = b.kept, b.rows / b.per_year
    if not math.isfinite(c.enough):
        return ["The recommended trial's Sharpe is not above zero: no length of record would prove it."]
    need = c.enough / b.per_year
    return [
        f"Had the recommended trial been the only one, {need:.1f} years of record would show a Sharpe above zero at "
        f"95 %; there are {years:.1f}."
    ]


HINDSIGHT = (
    "Names, signs and severities of events were set with hindsight, by an article of 5 June 2025 and after: nothing here "
    "before that day is out of sample, and no statistic above corrects for it."
)
