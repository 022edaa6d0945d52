"""Do prices move with the events a strategy answers? python -m backtests.event_study [STRATEGY|SYMBOL ...]"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from positioning.cli.command import new_app, typed
from positioning.cli.config import answer_text
from positioning.cli.declare import command
from positioning.cli.options import Theme
from positioning.cli.output import Output
from positioning.cli.progress import progress
from positioning.cli.request import Request
from positioning.cli.strategies import means_strategy, standard, strategy_class
from positioning.cli.terminal import Table, Terminal, table
from positioning.cli.values import span_of
from positioning.errors import BadInputError, PositioningError
from positioning.json_text import json_text, plain

if TYPE_CHECKING:
    from positioning.event_studies.abnormal import Design, Sleeve
    from positioning.event_studies.evidence import Evidence
    from positioning.event_studies.placebo import StudyPlacebo
    from positioning.event_studies.study import EventStudy, Group, Outcome
    from positioning.events.silence import Silence
    from positioning.events.thesis import Thesis
    from positioning.strategy.strategy import Strategy

app = new_app()

COLUMNS = {
    "clustered": "lead", "kolari_pynnonen": "KP", "cross_section": "t", "patell": "Pat.",
    "bmp": "BMP", "sign": "sign", "rank": "rank",
}  # fmt: skip


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
    from positioning.event_studies.abnormal import sleeve_returns
    from positioning.event_studies.calendar_time import strategy_active
    from positioning.event_studies.day_zero import EventFilter
    from positioning.event_studies.donors import donor_pool
    from positioning.event_studies.evidence import evidence
    from positioning.event_studies.placebo import study_placebo
    from positioning.event_studies.states import by_study
    from positioning.event_studies.study import singly, study
    from positioning.event_studies.synthetic_control import synthetic_controls
    from positioning.reporting.event_study.page import past, write_event_study
    from positioning.reporting.page_file import refuse_foreign_pages

    pages = ("event_study.html", "event_study_events.csv", "event_study_tests.csv", "index.html")
    refuse_foreign_pages(output.place, pages)
    if request.placebos:
        check_draws(request.placebos)
    design = design_of(request, window, estimation, model, proxies)
    choice = EventFilter(theme, direction, span_of(request.start, request.end))
    words, thesis = names or studied(), request.advice()
    choice.check(thesis.events)
    sleeves = sleeves_of(words, request, thesis, theme or "")
    source, record = request.source(), thesis.events
    near, studies = record.crash_dates, []
    with progress(output.silent) as bar:
        task = bar.add_task("event studies", total=len(sleeves))
        for sleeve in sleeves:
            returns = sleeve_returns(
                source, sleeve, design, request.base.upper(), near, request.accepted, choice.span.end
            )
            studies.append(study(returns, record, choice, design))
            bar.advance(task)
    require_some(studies)
    if sum(len(s.names) == 1 for s in sleeves) == len(sleeves) > 1:
        studies.append(singly(studies, design))
    draws, base, seed = request.placebos, request.base.upper(), request.seed
    shuffled = {s.label: study_placebo(s, record, design, draws, seed) for s in studies if draws}
    alone = [s for s in studies if len(s.returns) == 1]
    pools = {
        s.label: donor_pool(s.returns[0], source, thesis, base, request.accepted, design.published)
        for s in alone
    }
    controls = synthetic_controls(alone, pools, record, design, draws, seed)
    active, unmade = {}, []
    for label, strategy in strategies_under(words, request, sleeves).items():
        try:
            active[label] = strategy_active(
                strategy,
                source,
                thesis,
                base,
                request.accepted,
                request.benchmark or "",
                choice.span,
                design.published,
            )
        except PositioningError as error:  # the days of a study may be too few for an account
            unmade.append(f"{label}: no account beside the study, {error.seen}")
    asked = replace(
        evidence(studies, record, choice, design, seed, controls, active),
        states=by_study(studies, source.published),
    )
    again = answer_text(ctx, names=[lasting(word) for word in words])
    files = write_event_study(
        studies, shuffled, asked, design, thesis, typed("event_study"), output.place, again
    )
    for line in unmade:
        output.terminal.say(line, "quiet")
    print_answer(
        request.data, studies, shuffled, asked, past(studies, thesis), files, output.as_json, output.terminal
    )


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
    from positioning.event_studies.abnormal import Design
    from positioning.event_studies.day_zero import parse_window

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
    found = []
    for word in words:
        if word in named:
            found += strategy_sleeves(strategies[strategy_class(word).name], thesis, benchmark)
        else:
            found.append(symbol_sleeve(word, thesis, benchmark, theme))
    return distinct(found)


def strategies_under(
    words: Sequence[str], request: Request, sleeves: Sequence[Sleeve]
) -> dict[str, Strategy]:
    """The strategies among what is studied, by the label of their sleeve; parts of a blend as the blend sets them."""
    from positioning.strategy.blend import Blend

    named = [word for word in dict.fromkeys(words) if means_strategy(word)]
    found: dict[str, Strategy] = {}
    for one in request.strategies(named) if named else ():
        found |= {p.name: p for p in (one.parts() if isinstance(one, Blend) else (one,))}
    labels = {s.label for s in sleeves}
    return {label: p for label, p in found.items() if label in labels}


def require_some(studies: Sequence[EventStudy]) -> None:
    """BadInputError with the commonest reason where no study has an observation."""
    if any(s.observations for s in studies):
        return
    reasons = [o.reason for s in studies for o in s.left_out] or ["there are none"]
    raise BadInputError(
        "no event can be used",
        f"of most: {max(reasons, key=reasons.count)}",
        "widen --theme, --direction or the prices",
    )


def print_answer(
    data: str,
    studies: Sequence[EventStudy],
    shuffled: Mapping[str, StudyPlacebo],
    asked: Evidence,
    beyond: Silence | None,
    files: Sequence[Path],
    as_json: bool,
    terminal: Terminal,
) -> None:
    """One JSON object, or a table a study."""
    from positioning.reporting.event_study.page import judged
    from positioning.reporting.event_study.words import evidence_words, findings, placebo_words

    if as_json:
        print(json_text(to_json(data, studies, shuffled, asked, beyond, files)))
        return
    if beyond is not None:
        terminal.say(beyond.words, "bad")
    for s in studies:
        verdict = judged(s, asked)
        terminal.say(f"{s.label}: {verdict.sentence}", verdict.tone)
        for line in findings(s) if terminal.verbose else ():
            terminal.say(line, "quiet")
        found = shuffled.get(s.label)
        terminal.table(_table(s, found))
        terminal.say("p-values of seven tests; CARs times the expected sign.", "quiet")
        for line in evidence_words(s.label, asked):
            terminal.say(line, "quiet")
        if found is not None or terminal.verbose:
            for line in placebo_words(found):
                terminal.say(line, "quiet")
        terminal.notices(list(dict.fromkeys(n for r in s.returns for n in r.notices)), ())
        terminal.lines([""])
    terminal.wrote(files)


def _table(s: EventStudy, shuffled: StudyPlacebo | None) -> Table:
    from positioning.event_studies.study import ALL, ALONE
    from positioning.reporting.event_study.page import FEW

    more = () if shuffled is None else ("shuf.",)
    rows = []
    for group in s.groups:
        whole = group.name in (ALL, ALONE)
        shown = group.signed if whole else group.signed[:1] if group.members.size >= FEW else ()
        for n, o in enumerate(shown):
            p = [o.tests[t].p for t in COLUMNS]
            p += [] if shuffled is None else [shuffled.p_value(group.name, n, o.caar)]
            words = ("-" if x != x else f"{x:.3f}".removeprefix("0") for x in p)  # noqa: PLR0124 (NaN is not itself)
            span = f"{o.span[0]}:{o.span[1]}"
            rows.append([group.name.replace("_", " "), str(o.count), span, f"{o.caar:+.1%}", *words])
    return table(("events", "n", "days", "CAAR", *COLUMNS.values(), *more), rows)


def to_json(
    data: str,
    studies: Sequence[EventStudy],
    shuffled: Mapping[str, StudyPlacebo],
    asked: Evidence,
    beyond: Silence | None,
    files: Sequence[Path],
) -> dict[str, Any]:
    """CAARs and shares as fractions; undefined is None. placebo: empty where no shuffles were asked for. q: the leading
    test's false-discovery rate; smallest_seen: the CAAR that a test would have seen with 80 % power."""
    return {
        "data": data,
        "record": None if beyond is None else beyond.to_json(),
        "snapshot": {s.label: [r.snapshot for r in s.returns] for s in studies},
        "studies": {s.label: _study_json(s, asked) for s in studies},
        "evidence": asked.to_json(),
        "placebo": {s.label: _placebo_json(s, shuffled[s.label]) for s in studies if s.label in shuffled},
        "files": [str(f) for f in files],
    }


def _study_json(s: EventStudy, asked: Evidence) -> dict[str, Any]:
    from positioning.reporting.event_study.page import judged

    return {
        "verdict": judged(s, asked).to_json(),
        "used": [o.news.ids for o in s.observations],
        "left_out": {o.ids: o.reason for o in s.left_out},
        "groups": {g.name: _group_json(s.label, g, asked) for g in s.groups},
    }


def _placebo_json(s: EventStudy, placebo: StudyPlacebo) -> dict[str, Any]:
    groups = {
        g.name: {
            f"{o.span[0]}:{o.span[1]}": {
                "p": placebo.p_value(g.name, n, o.caar),
                "median": plain(placebo.median(g.name, n)),
            }
            for n, o in enumerate(g.signed)
        }
        for g in s.groups
    }
    return {"draws": placebo.draws, "seed": placebo.seed, "groups": groups}


def _group_json(label: str, group: Group, asked: Evidence) -> dict[str, Any]:
    found = {
        kind: {f"{o.span[0]}:{o.span[1]}": _outcome_json(o) for o in outcomes}
        for kind, outcomes in (("signed", group.signed), ("raw", group.raw))
    }
    for o in group.signed:
        found["signed"][f"{o.span[0]}:{o.span[1]}"]["q"] = plain(asked.q[label, group.name, o.span])
    return found


def _outcome_json(o: Outcome) -> dict[str, Any]:
    tests = {name: {"statistic": plain(t.statistic), "p": plain(t.p)} for name, t in o.tests.items()}
    return {
        "events": o.count,
        "caar": o.caar,
        "above_zero": o.hits,
        "correlation": o.correlation,
        "error": plain(o.error),
        "smallest_seen": plain(o.detectable),
        "tests": tests,
    }
