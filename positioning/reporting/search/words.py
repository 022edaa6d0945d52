"""How much of a search to believe, in words made from the numbers alone."""

from __future__ import annotations

import math

from positioning.analysis.verdict import CONFIDENCE
from positioning.events.thesis import Thesis
from positioning.reporting.search.charts import label
from positioning.reporting.search.outcome import ALONE, SearchReport
from positioning.search.assessment import CANDIDATES, Assessment
from positioning.search.measures import BLOCKS, HALVED
from positioning.search.run import in_words


def sentences(b: Assessment, withheld: tuple[str, ...]) -> list[str]:
    """What to believe, in words made from the numbers alone; the first is the one to read. withheld: why the trial on the
    plateau is not recommended."""
    return [
        *_luck(b),
        *_proposed(b),
        *_deflated(b),
        *_plateau(b, withheld),
        *_split(b),
        *_against_without_events(b),
        *_track(b),
    ]


def _luck(b: Assessment) -> list[str]:
    best = b.best.figures["sharpe"]
    lead = f"The best of {b.trials:,} trials has Sharpe {best:.2f}"
    if b.metric != "sharpe":
        lead = f"The best of {b.trials:,} trials by {in_words(b.metric)} has Sharpe {best:.2f}"
    if not math.isfinite(best):
        lead = f"The best of {b.trials:,} trials has no Sharpe ratio"
    dead = f" {b.ruined:,} trials were ruined." if b.ruined else ""
    return [
        f"{lead}; luck alone would give {b.luck:.2f} by the choice among them, beside the {scatter(b):.2f} by which the "
        f"Sharpe of even one skilless trial scatters in {b.rows / b.per_year:.1f} years.{dead}",
        f"Luck: the Sharpe to expect of the best of {b.effective:,.1f} skilless independent trials, which is what the "
        f"{b.measured:,} trials with a Sharpe are worth by the average correlation of their returns over {BLOCKS} "
        f"blocks, when Sharpes scatter by {b.deviation:.2f}. Luck that lifts all trials alike is not in it; the "
        f"probabilities below allow for it.",
    ]


def scatter(b: Assessment) -> float:
    """Deviation of the Sharpe a year of one skilless trial over these rows."""
    return math.sqrt(b.per_year / b.rows)


def _proposed(b: Assessment) -> list[str]:
    if not b.proposed:
        return []
    return [
        "The trials were proposed by what earlier ones gave over the same rows, so they crowd around what did well: "
        "their Sharpes scatter less than those of the grid, and all that is said here about luck, overfitting and the "
        "test against the strategy without events is too kind. A grid, or combinations drawn at random, counts honestly."
    ]


def _deflated(b: Assessment) -> list[str]:
    lines = []
    for words, c in (("The best trial", b.best), ("The trial on the plateau", b.plateau)):
        if math.isfinite(c.dsr):
            verdict = (
                "more than the search explains" if c.dsr >= CONFIDENCE else "not enough to call it skill"
            )
            lines.append(
                f"{words}: were its true Sharpe no more than the luck of this search, {100 * c.dsr:.0f} % of records as "
                f"long would show a lower one than its own (deflated Sharpe; {100 * c.psr:.0f} % were it zero and the "
                f"only trial): {verdict}."
            )
    return lines


def _plateau(b: Assessment, withheld: tuple[str, ...]) -> list[str]:
    if b.neighbours == 0:
        return [
            "The best trial has no neighbour in the grid: it is taken for the plateau, and nothing is known around it. "
            f"It is NOT recommended: {'; '.join(withheld)}."
        ]
    same = " It is the best trial itself." if b.plateau.trial == b.best.trial else ""
    edges = f" It is NOT recommended: {'; '.join(withheld)}." if withheld else ""
    extra = (
        f" Found among the {CANDIDATES} best trials, whose {b.tried:,} neighbours were run."
        if b.tried
        else ""
    )
    effect = (
        f"keeps at least {in_words(b.metric)} {b.score:.2f}"
        if math.isfinite(b.score)
        else "may ruin it, whichever it is"
    )
    return [
        f"What could be held is the plateau, not the peak: one step on any axis of numbers {effect} "
        f"({b.neighbours} neighbour{'s' if b.neighbours > 1 else ''}).{same}{edges}{extra}"
    ]


def _split(b: Assessment) -> list[str]:
    if b.pbo is None:
        return ["Too few trials or rows for the probability of backtest overfitting."]
    part = f"a random {b.pbo.trials:,} of the trials" if b.pbo.sampled else "the trials"
    return [
        f"Over {b.pbo.logits.size:,} ways to halve the history into {HALVED} blocks, the Sharpe winner among {part} on "
        f"one half ended below the median on the other in {100 * b.pbo.probability:.0f} % (probability of backtest "
        f"overfitting; one half is pure luck), and lost money over cash in {100 * b.pbo.probability_of_loss:.0f} %."
    ]


def _against_without_events(b: Assessment) -> list[str]:
    if b.without_events is None:
        return []
    own = "".join(f", {k} {'+'.join(v) if isinstance(v, tuple) else v}" for k, v in b.named.items())
    alone = f"The trial on the plateau without events has Sharpe {b.without_events['sharpe']:.2f}{own}."
    if b.spa is None:
        return [f"What events add cannot be tested: {b.untested}. {alone}"]
    verdict = (
        "better than luck explains" if b.spa.consistent < 1 - CONFIDENCE else "this cannot be told from luck"
    )
    return [
        f"Each trial against itself without events: the best gain in mean return of {b.spa.trials:,} different trials "
        f"has p {b.spa.consistent:.3f} (Hansen's SPA): {verdict}. Holding more on average counts as a gain here: "
        f"the shuffled dates of a run tell the two apart. {alone}"
    ]


def _track(b: Assessment) -> list[str]:
    c, years = b.plateau, b.rows / b.per_year
    if not math.isfinite(c.enough):
        return ["The plateau's Sharpe is not above zero: no length of record would prove it."]
    need = c.enough / b.per_year
    return [
        f"Had the trial on the plateau been the only one, {need:.1f} years of record would show a Sharpe above zero at "
        f"95 %; there are {years:.1f}."
    ]


def hindsight(thesis: Thesis) -> str:
    """What no statistic of a search corrects for."""
    return (
        f"Names, signs and severities of events were set with hindsight, by {thesis.reference} and after: nothing here "
        f"before that day is out of sample, and no statistic above corrects for it."
    )


def method(report: SearchReport) -> list[str]:
    """How the search was measured."""
    g, b = report.space, report.assessment
    m = g.market
    inputs = g.inputs(g.strategy)
    return [
        f"Account from {m.rows[m.start]} to {m.rows[-1]}, {b.rows:,} returns, {b.per_year:.1f} rows a year; "
        f"{m.base}; fees {inputs.fee_label}; fills at the {inputs.fill_at}; cash {inputs.cash_label}; "
        f"frozen holdings marked at {inputs.mark_label}.",
        f"Size of each account: {inputs.size_label(m.base)}.",
        "Each trial has the account that the ledger of a run keeps on these rows and symbols, to the last bit; "
        "only the figures are kept. " + ALONE,
        "Deflated Sharpe, minimum track record: Bailey and Lopez de Prado (2012, 2014). Overfitting: Bailey, Borwein, "
        f"Lopez de Prado and Zhu (2017). SPA: Hansen (2005), on sums over {BLOCKS} blocks of each trial's excess returns "
        "less those of the same trial without events. All know the trials of this search alone: earlier searches, and "
        "ideas dropped before, are not counted.",
        "Every trial shares the rows of one market: its opening is the first row that suffices for the longest look-back "
        "and all names and hedges of the search.",
        f"Not varied: {', '.join(f'{k}={label(v)}' for k, v in g.strategy.parameters().items() if k not in g.axes)}.",
        report.pace_in_words + (f"; {report.resumed:,} were kept from before." if report.resumed else "."),
        *(f"{n.symbol} {n.text}".strip() for n in m.notices),
    ]
