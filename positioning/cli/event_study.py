"""Do prices move with the events a strategy answers? positioning event-study [STRATEGY|SYMBOL ...]"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from positioning.cli.command import new_app
from positioning.cli.command_words import typed
from positioning.cli.config import answer_text
from positioning.cli.declare import command
from positioning.cli.options import Theme
from positioning.cli.output import Output
from positioning.cli.progress import progress
from positioning.cli.request import Request
from positioning.cli.strategies import means_strategy, standard, strategy_class
from positioning.cli.values import span_of

if TYPE_CHECKING:
    from positioning.event_studies.design import Design
    from positioning.event_studies.sleeve_returns import Sleeve
    from positioning.events.thesis import Thesis
    from positioning.strategy.strategy import Strategy

app = new_app()


@command(  # it keeps no account
    app, without=("fees", "fill", "cash", "screen", "target_volatility", "mark", "capital", "participation", "impact")
)  # fmt: skip
def event_study(
    request: Request,
    output: Output,
    ctx: typer.Context,
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[STRATEGY|SYMBOL]...", help="Sleeves, or single names; none means every sleeve."
        ),
    ] = None,
    window: Annotated[str, typer.Option(help="FIRST:LAST sessions around day zero.")] = "-5:10",
    estimation: Annotated[int, typer.Option(help="Sessions without events the model is fitted on.")] = 120,
    model: Annotated[str, typer.Option(help="market, mean or factors.")] = "market",
    theme: Theme = None,
    direction: Annotated[str | None, typer.Option(help="Only events of this direction.")] = None,
    proxies: Annotated[
        str | None,
        typer.Option(
            help="Funds that stand for factors with --model factors, such as SPY,EEM; default the thesis' own."
        ),
    ] = None,
) -> None:
    """Prices around dated events, against what a model expected; tests; a page and its CSVs."""
    from positioning.analysis.placebo import check_draws
    from positioning.cli.event_study_output import answer
    from positioning.event_studies.day_zero import EventFilter
    from positioning.event_studies.inquiry import Inquiry, inquire
    from positioning.reporting.event_study.page import write_event_study
    from positioning.reporting.page_file import check_place

    pages = ("event_study.html", "event_study_events.csv", "event_study_tests.csv", "index.html")
    check_place(output.place, pages, "assets", "answers")
    check_draws(request.placebos, least=0)
    design = design_of(request, window, estimation, model, proxies)
    choice = EventFilter(theme, direction, span_of(request.start, request.end))
    words, thesis = names or studied(), request.advice()
    choice.check(thesis.events)
    sleeves = sleeves_of(words, request, thesis, theme or "")
    inquiry = Inquiry(
        design, choice, request.base.upper(), request.accepted, request.placebos, request.seed, request.benchmark or "",
    )  # fmt: skip
    with progress(output.hides_progress) as bar:
        task = bar.add_task("event studies", total=len(sleeves))
        strategies = strategies_under(words, request, sleeves)
        result = inquire(sleeves, request.source(), thesis, inquiry, strategies, lambda: bar.advance(task))
    again = answer_text(ctx, names=[lasting(word) for word in words])
    files = write_event_study(
        result.studies,
        result.placebos,
        result.evidence,
        design,
        thesis,
        typed("event_study"),
        output.place,
        again,
    )
    answer(request.data, result, thesis, files, output)


def lasting(word: str) -> str:
    """The word by which the same is found wherever one stands."""
    from positioning.strategy.from_file import reference

    return reference(strategy_class(word)) if means_strategy(word) else word


def studied() -> list[str]:
    """Every listed strategy that answers a sleeve, but for blends."""
    from positioning.strategy.blend import Blend

    return [name for name, p in standard().items() if not issubclass(p, Blend) and p().themes]


def design_of(request: Request, window: str, estimation: int, model: str, proxies: str | None) -> Design:
    """How abnormal returns are measured; factors that were given take the place of the market model. Raises
    BadInputError."""
    from positioning.event_studies.day_zero import parse_window
    from positioning.event_studies.design import Design

    published = request.published()
    kind: Any = "factors" if published is not None and model == "market" else model  # checked by the design
    funds = request.facts.proxies
    if proxies is not None:
        funds = tuple(s.strip() for s in proxies.split(",") if s.strip())
    return Design(parse_window(window), estimation, kind, funds, published, request.region_word)


def sleeves_of(words: Sequence[str], request: Request, thesis: Thesis, theme: str) -> list[Sleeve]:
    """What is studied: each strategy (a blend gives its parts) and each symbol, in the order of the words.

    Raises BadInputError for a word that is neither, a setting that no strategy among them has, and as
    `strategy_sleeves` and `symbol_sleeve` do.
    """
    from positioning.event_studies.sleeves import distinct, strategy_sleeves, symbol_sleeve

    benchmark, named = (
        request.benchmark or "",
        [word for word in dict.fromkeys(words) if means_strategy(word)],
    )
    strategies = {p.name: p for p in (request.strategies(named) if named else ())}
    sleeves = []
    for word in words:
        if word in named:
            sleeves += strategy_sleeves(strategies[strategy_class(word).name], thesis, benchmark)
        else:
            sleeves.append(symbol_sleeve(word, thesis, benchmark, theme))
    return distinct(sleeves)


def strategies_under(
    words: Sequence[str], request: Request, sleeves: Sequence[Sleeve]
) -> dict[str, Strategy]:
    """The strategies among what is studied, by the label of their sleeve; parts of a blend as the blend sets them."""
    from positioning.strategy.blend import Blend

    named = [word for word in dict.fromkeys(words) if means_strategy(word)]
    by_label: dict[str, Strategy] = {}
    for one in request.strategies(named) if named else ():
        by_label |= {p.name: p for p in (one.parts() if isinstance(one, Blend) else (one,))}
    labels = {s.label for s in sleeves}
    return {label: p for label, p in by_label.items() if label in labels}
