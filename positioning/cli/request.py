"""What was asked of a run, in the words of the command line."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, final

import typer

from positioning.cli.options import (
    ACCEPT,
    BASIS,
    FACTORS,
    INDEX,
    Cache,
    Decisions,
    EventsFile,
    Region,
    RestrictionsFile,
    Seed,
    ThesisFolder,
    first_day,
    last_day,
)
from positioning.cli.strategies import strategies_of, thesis_of
from positioning.cli.values import source_of, span_of
from positioning.errors import BadInputError

if TYPE_CHECKING:
    from positioning.analysis.factors import Factors as PublishedFactors
    from positioning.events.thesis import Thesis
    from positioning.market.source import Source
    from positioning.runs.backtest import RunSettings
    from positioning.screening.screen import Screening
    from positioning.simulation.liquidity import Capital
    from positioning.strategy.strategy import Strategy


MOST_NAMED = 5  # symbols in a line
ALIKE = 0.75  # of letters in common, from which one symbol may be another misspelt


@final
@dataclass(frozen=True)
class Request:
    """The options that numbers depend on, for all commands; each as typed, None where it was not."""

    data: Annotated[
        str, typer.Option(help="sample (simulated), folder:DIR, yahoo (as fetched), snapshot:NAME.")
    ] = "sample"
    start: Annotated[str | None, first_day("2020-01-01 or when history suffices")] = None
    end: Annotated[str | None, last_day("the earliest end among names, hedge, currencies")] = None
    base: Annotated[str, typer.Option(help="Base currency.")] = "USD"
    fees: Annotated[str, typer.Option(help="default, none, or a CSV file.")] = "default"
    fill: Annotated[str, typer.Option(help="open or close of the first session after the decision.")] = "open"
    cash: Annotated[str, typer.Option(help="Annual rate on cash (0.03), or a CSV with date,rate.")] = "0"
    settings: Annotated[
        tuple[str, ...],
        typer.Option(
            "--set", metavar="NAME=VALUE", help="A parameter, for all that have it, or STRATEGY.NAME=VALUE."
        ),
    ] = ()
    benchmark: Annotated[
        str | None,
        typer.Option(help="Symbol or blend, 0.6*ACWI+0.4*2800.HK; default each strategy's own."),
    ] = None
    thesis: ThesisFolder = None
    events: EventsFile = None
    screen: Annotated[
        str | None, typer.Option(help="none, listed or strict, for all; default each strategy's own.")
    ] = None
    target_volatility: Annotated[
        float | None,
        typer.Option(help="A year's (0.1), to which decisions are scaled by the past; default not scaled."),
    ] = None
    mark: Annotated[
        str, typer.Option(help="Of frozen holdings: last, zero or haircut:X (X of the price is lost).")
    ] = "last"
    investor: Annotated[
        str,
        typer.Option(
            help="US, IE, UK, HK, none or a CSV: whose purchase bans bind and what dividends lose (none: gross)."
        ),
    ] = "none"
    capital: Annotated[
        float,
        typer.Option(
            metavar="AMOUNT", help="What the account is, base currency; 0 for one unit: no lots, no impact."
        ),
    ] = 0.0
    participation: Annotated[
        float, typer.Option(help="Most traded of a name in a session, share of past average volume.")
    ] = 0.1
    impact: Annotated[
        str, typer.Option(help="sqrt (square-root law), none, or a CSV of its constants; with --capital.")
    ] = "sqrt"
    restrictions: RestrictionsFile = None
    screen_files: Annotated[
        tuple[str, ...],
        typer.Option(
            "--screen-file",
            metavar="FILE",
            help="A sanctions list: what it bars is added to the restrictions.",
        ),
    ] = ()
    decisions: Decisions = None
    factors: Annotated[tuple[str, ...], FACTORS] = ()
    region: Region = None
    index: Annotated[tuple[str, ...], INDEX] = ()
    placebos: Annotated[
        int,
        typer.Option(
            "--placebo", metavar="N", help="Compare with N sets of shuffled event dates; 0 for none."
        ),
    ] = 200
    seed: Seed = 0
    cache: Cache = "data_cache"
    accepted: Annotated[tuple[str, ...], ACCEPT] = ()
    basis: Annotated[tuple[str, ...], BASIS] = ()

    def strategies(self, names: Sequence[str]) -> list[Strategy]:
        """The named strategies under these settings; all where none is named. Raises BadInputError."""
        from positioning.market.findings import check_words

        check_words(self.accepted)
        for_all = {"screen": self.screen, "target_volatility": self.target_volatility}
        shared = [f"{name}={value}" for name, value in for_all.items() if value is not None]
        return strategies_of(names, [*self.settings, *shared])

    def advice(self) -> Thesis:
        """The thesis, with the events and restrictions that were asked for, and what the lists of `--screen-file` bar.

        Raises BadInputError.
        """
        from positioning.market.findings import check_words

        check_words(self.accepted)
        from positioning.events.restriction import binding_on

        thesis = self.facts
        stated = self.investor.casefold() != "none"
        own = () if self.screening is None else self.screening.restrictions
        bars, shipped = thesis.restrictions, self.restrictions is None
        if shipped or stated:  # rows of the user's own bind an investor of whom nothing is said
            bars = binding_on(bars, self.investor)
        bars = (*bars, *(binding_on(own, self.investor) if stated else own))
        return replace(thesis, events=replace(thesis.events, restrictions=bars))

    def terms(self, command: str) -> RunSettings:
        """The options as values. Raises BadInputError, DataMissingError."""
        from positioning.analysis.placebo import check_draws
        from positioning.runs.backtest import RunSettings
        from positioning.simulation.cash import read_cash
        from positioning.simulation.fees import read_fees
        from positioning.simulation.taxes import read_tax

        check_draws(self.placebos, least=0)
        return RunSettings(
            source=self.source(),
            span=span_of(self.start, self.end),
            base=self.base.upper(),
            thesis=self.advice(),
            fees=read_fees(self.fees),
            fill=self.fill,  # type: ignore[arg-type]  # checked where the ledger inputs are made
            cash=read_cash(self.cash),
            benchmark=self.benchmark,
            accepted=self.accepted,
            mark=self.mark,
            tax=read_tax(self.investor),
            capital=self.sized(),
            factors=self.published(),
            region=self.region_word,
            placebos=self.placebos,
            seed=self.seed,
            command=command,
        )

    @property
    def region_word(self) -> str:
        """What was said of the region of the factors, "" for nothing. Raises BadInputError."""
        from positioning.analysis.factor_regions import checked_region

        if self.region is not None and not self.factors:
            raise BadInputError("--region without --factors", "wanted factors of a region", "leave it out")
        return "" if self.region is None else checked_region(self.region)

    def published(self) -> PublishedFactors | None:
        """The factors of `--factors`, None where none were given. Raises BadInputError."""
        from positioning.analysis.factor_files import read_factors
        from positioning.analysis.factor_regions import ANY
        from positioning.analysis.factors import joined

        word = self.region_word
        if not self.factors:
            return None
        factors = joined([read_factors(Path(f)) for f in self.factors])
        return factors if word in ("", ANY) else replace(factors, regions=(word,))

    def idle(self, symbols: Iterable[str]) -> list[str]:
        """That the file of restrictions names symbols that none of those held is, in one line or none."""
        if self.restrictions is None:
            return []
        symbols = list(dict.fromkeys(symbols))
        names = sorted({r.symbol for r in self.facts.restrictions} - set(symbols))
        more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
        named = ", ".join(_meant(name, symbols) for name in names[:MOST_NAMED])
        return (
            [f"no strategy here holds {named}{more}: what the restrictions say of it has no effect"]
            if names
            else []
        )

    def sized(self) -> Capital:
        """The capital and what it meets. Raises BadInputError."""
        from positioning.simulation.impact import read_impact
        from positioning.simulation.liquidity import Capital

        return Capital(self.capital, self.participation, read_impact(self.impact))

    def source(self) -> Source:
        """Where prices come from; it knows what the thesis says of symbols. Raises BadInputError, DataMissingError."""
        from positioning.data.index_file import read_indices

        source = source_of(self.data, Path(self.cache), self.basis).knowing(self.facts)
        return source.carrying(read_indices(self.index)) if self.index else source

    @cached_property
    def facts(self) -> Thesis:
        """The thesis, with the events and restrictions that were asked for. Raises BadInputError."""
        return thesis_of(self.thesis, self.events, self.restrictions)

    @cached_property
    def screening(self) -> Screening | None:
        """What the lists of `--screen-file` say of the recorded instruments. Raises BadInputError."""
        if not self.screen_files:
            return None
        from positioning.screening.decisions import read_decisions
        from positioning.screening.screen import screen
        from positioning.screening.universe import with_identifiers

        decided = read_decisions(None if self.decisions is None else Path(self.decisions))
        files = [Path(f) for f in self.screen_files]
        return screen(files, with_identifiers(self.facts.instruments), decisions=decided)


def _meant(name: str, symbols: Sequence[str]) -> str:
    """The symbol, with the one that is nearly it."""
    near = get_close_matches(name, symbols, n=1, cutoff=ALIKE)
    return f"{name} (Did you mean {near[0]}?)" if near else name
