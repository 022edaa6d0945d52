"""Can a strategy's numbers be believed? Every question that the engine can put to it, in one table.

What is wrong makes the numbers worthless: it knew tomorrow, answers twice differently, writes into its market, reads
files or the clock, or decides weights that are not to be had. What is a warning, a reader must know: where it began,
when it trades, five days, a cost or a name carry it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import final

from positioning.analysis.look_ahead import CUTS, INPUTS, LookAhead, known_until, look_ahead, moved_decision
from positioning.analysis.purity import NewProcess, in_new_process, mutated, reads_outside, repeatable
from positioning.analysis.robustness import BEST_DAYS, Robustness, robustness
from positioning.analysis.source_code import reads_clock, reads_silently
from positioning.errors import PositioningError
from positioning.events.event import Events
from positioning.market.market import Market
from positioning.simulation.account import AccountTerms
from positioning.strategy.strategy import Strategy

START_CHANGE = 0.02  # of nav: a weight that moves by more depends on where the prices begin
GAP_TRADING = 0.5  # share of trading that gaps may cause
KEPT_SHARPE = 0.5  # share of the Sharpe that one more session may cost


class Status(StrEnum):
    """What a row of the table says."""

    RIGHT = "right"
    WARNING = "warning"
    WRONG = "wrong"
    UNKNOWN = "not measured"


@final
@dataclass(frozen=True, slots=True)
class CheckRow:
    """One question: its name, the answer, and what was seen."""

    name: str
    status: Status
    detail: str


@final
@dataclass(frozen=True, slots=True)
class StrategyCheck:
    """The table of one strategy, in the order of the questions. robustness: None where it could not be accounted."""

    strategy: str
    rows: tuple[CheckRow, ...]
    look_ahead: tuple[LookAhead, ...]
    robustness: Robustness | None

    @property
    def wrong(self) -> tuple[CheckRow, ...]:
        """What makes its numbers worthless."""
        return tuple(row for row in self.rows if row.status is Status.WRONG)

    @property
    def warnings(self) -> tuple[CheckRow, ...]:
        """What a reader must know."""
        return tuple(row for row in self.rows if row.status is Status.WARNING)

    @property
    def sentence(self) -> str:
        """The table in one sentence."""
        if self.wrong:
            return f"WRONG: {self.wrong[0].detail}" + (
                f", and {len(self.wrong) - 1} more" if len(self.wrong) > 1 else ""
            )
        if self.warnings:
            return (
                f"No fault found, with {len(self.warnings)} warning{'s' * (len(self.warnings) > 1)}: "
                + "; ".join(row.detail for row in self.warnings)
            )
        return "No fault found, and no warning."


def check_strategy(
    strategy: Strategy,
    market: Market,
    events: Events,
    terms: AccountTerms,
    cuts: int = CUTS,
    seed: int = 0,
    advance: Callable[[], None] = lambda: None,
) -> StrategyCheck:
    """All questions. `advance` is called `cuts` times at most. A strategy that cannot decide at all is one wrong row."""
    try:
        strategy.target_weights(market, events)
    except PositioningError as error:
        return StrategyCheck(strategy.name, (CheckRow("weights", Status.WRONG, str(error)),), (), None)
    findings = look_ahead(strategy, market, events, cuts, seed, advance)
    rows = [CheckRow("weights", Status.RIGHT, "finite and within the stated gross exposure")]
    rows += _future_rows(findings)
    rows += _purity_rows(strategy, market, events)
    figures = robustness(strategy, market, events, terms)
    rows += _account_rows(figures)
    return StrategyCheck(strategy.name, tuple(rows), findings, figures)


def _future_rows(findings: tuple[LookAhead, ...]) -> Iterator[CheckRow]:
    by_input = {f.input: f for f in findings}
    for name in INPUTS:
        if name in by_input:
            yield CheckRow(f"future {name}", Status.WRONG, by_input[name].sentence)
    if not findings:
        yield CheckRow(
            "future", Status.RIGHT, f"no decision moved when {', '.join(INPUTS)} after it were others"
        )


def _purity_rows(strategy: Strategy, market: Market, events: Events) -> Iterator[CheckRow]:
    half = market.rows.size // 2
    worlds = ((known_until(market, half), events.until(market.rows[half])), (market, events))
    anew = in_new_process(strategy, worlds)
    yield _repeatable_row(strategy, worlds, anew)
    mutations = mutated(strategy, market, events)
    yield CheckRow(
        "inputs", Status.WRONG if mutations else Status.RIGHT,
        f"a decision wrote into the market's {', '.join(mutations)}" if mutations else "left as they were",
    )  # fmt: skip
    read = dict.fromkeys(
        (*reads_outside(strategy, market, events), *(anew.accesses if anew is not None else ()))
    )
    silently = reads_silently(strategy)
    words = f"it read {', '.join([*read][:3])}" if read else f"its code names {'; '.join(silently[:3])}"
    yield CheckRow(
        "files",
        Status.WRONG if read or silently else Status.RIGHT,
        words if read or silently else "none read",
    )
    clock = reads_clock(strategy)
    yield CheckRow(
        "clock", Status.WRONG if clock else Status.RIGHT,
        f"its file asks what time it is ({'; '.join(clock[:3])})" if clock else "not asked",
    )  # fmt: skip


def _repeatable_row(
    strategy: Strategy, worlds: Sequence[tuple[Market, Events]], anew: NewProcess | None
) -> CheckRow:
    """Whether the same question has the same answer: twice, and in a process that was asked nothing before."""
    if not repeatable(strategy, *worlds[-1]):
        return CheckRow("repeatable", Status.WRONG, "two decisions on the same inputs differ")
    if anew is None:
        return CheckRow("repeatable", Status.RIGHT, "the same bits twice; a new process was not asked")
    for (market, events), decision in zip(worlds, anew.decisions, strict=True):
        until = f"asked of the market up to {market.rows[-1]}"
        if decision is None:
            return CheckRow("repeatable", Status.WRONG, f"in a new process, {until}, it fails")
        moved = moved_decision(market, strategy.target_weights(market, events), decision)
        if moved is not None:
            words = f"in a new process, {until}, the weight of {moved.symbol} decided on {moved.decided} is "
            words += f"{moved.after:.4f} and here {moved.before:.4f}: it keeps what it saw, or draws anew"
            return CheckRow("repeatable", Status.WRONG, words)
    return CheckRow("repeatable", Status.RIGHT, "the same bits twice, and the same weights in a new process")


def _account_rows(r: Robustness) -> Iterator[CheckRow]:
    yield _start_row(r)
    gaps = f"{r.gap_trading:.0%} of its trading is gone when gaps in the prices are filled"
    yield CheckRow("gaps", Status.WARNING if r.gap_trading > GAP_TRADING else Status.RIGHT, gaps)
    own, late = r.sharpe[0], r.sharpe[1]
    series = ", ".join(
        f"{d}: {s:.2f}" if math.isfinite(s) else f"{d}: undefined" for d, s in r.sharpe.items()
    )
    has_sharpes = math.isfinite(own) and math.isfinite(late)
    dies = has_sharpes and own > 0 and late < KEPT_SHARPE * own
    status = Status.WARNING if dies else Status.RIGHT if has_sharpes else Status.UNKNOWN
    yield CheckRow("delay", status, f"Sharpe by sessions of more delay {series}")
    if math.isfinite(r.best_days):
        share = f"its {BEST_DAYS} best days made {r.best_days:.0%} of its log return"
        yield CheckRow("best days", Status.WARNING if r.best_days > 1 else Status.RIGHT, share)
    else:
        yield CheckRow("best days", Status.UNKNOWN, "it gained nothing")
    if math.isfinite(r.break_even_bps):
        poor = r.break_even_bps <= 0
        words = f"it earns nothing from a cost of {r.break_even_bps:,.0f} bps of each trade on"
        yield CheckRow(
            "costs",
            Status.WARNING if poor else Status.RIGHT,
            "it earns nothing before costs" if poor else words,
        )
    else:
        yield CheckRow("costs", Status.UNKNOWN, "it never traded")
    yield _names_row(r)


def _start_row(r: Robustness) -> CheckRow:
    if math.isnan(r.start_change):
        return CheckRow("start", Status.UNKNOWN, "too few rows to begin later")
    if r.start_change > START_CHANGE:
        words = (
            f"with a later first row the weight of {r.start_symbol} is another by {r.start_change:.3f} of nav"
        )
        return CheckRow("start", Status.WARNING, words)
    return CheckRow(
        "start", Status.RIGHT, f"with a later first row no weight moves by more than {START_CHANGE:.0%}"
    )


def _names_row(r: Robustness) -> CheckRow:
    if len(r.left_out) < 2:
        return CheckRow("names", Status.UNKNOWN, "it holds a single name")
    most = max(r.left_out, key=lambda s: abs(r.total_return - r.left_out[s]))
    sentence = f"without {most} it made {r.left_out[most]:+.1%} instead of {r.total_return:+.1%}"
    lives_off_one = r.total_return > 0 >= r.left_out[most]
    return CheckRow("names", Status.WARNING if lives_off_one else Status.RIGHT, sentence)
