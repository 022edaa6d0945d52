"""Download prices into the cache: positioning fetch [SYMBOL ...]"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from positioning.cli.command import new_app
from positioning.cli.declare import command
from positioning.cli.options import (
    ACCEPT,
    BASIS,
    Cache,
    ThesisFolder,
    first_day,
    last_day,
)
from positioning.cli.output import Output
from positioning.cli.progress import counting, progress
from positioning.cli.strategies import known_instruments, standard
from positioning.cli.values import span_of
from positioning.errors import BadInputError, did_you_mean
from positioning.json_text import json_text

if TYPE_CHECKING:
    from positioning.data.download import FetchOutcome, FetchSpan, Provider
    from positioning.data.manifest import Entries
    from positioning.market.findings import Finding
    from positioning.market.instruments import Instruments
from positioning.cli.fetch_output import pinned_words, print_report, say_resume, to_json

app = new_app()

WAIT = 30.0  # seconds for another fetch to end
YAHOO = "yahoo"
RESUMABLE = ("rate_limited", "failed", "quarantined")


@command(app, without=("out", "verbose"))
def fetch(
    output: Output,
    symbols: Annotated[
        list[str] | None,
        typer.Argument(metavar="[SYMBOL]...", help="Yahoo symbols; none means all the strategies need."),
    ] = None,
    start: Annotated[str | None, first_day("2018-01-01")] = None,
    end: Annotated[str | None, last_day("the last that is over")] = None,
    cache: Cache = "data_cache",
    origin: Annotated[str | None, typer.Option("--from", help="yahoo (default) or folder:DIR.")] = None,
    snapshot: Annotated[str | None, typer.Option(help="Pin what is stored under this name.")] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Check what is stored; asks for prices only with --from.")
    ] = False,
    basis: Annotated[list[str] | None, BASIS] = None,
    accept: Annotated[list[str] | None, ACCEPT] = None,
    thesis: ThesisFolder = None,
) -> int:
    """Bring the cache up to date. Exit 0: all there, 1: some are not, 2: bad input.

    A symbol that no venue is known for is named before anything is asked, and the whole batch is refused; one that
    the provider does not answer for is named in the table, and the others are stored.
    """
    from positioning.data.inventory import missing, stored
    from positioning.data.manifest import fingerprint
    from positioning.data.store import Store
    from positioning.data.symbols import checked_symbols

    place, instruments = Path(cache), known_instruments(thesis)
    chosen = checked_symbols(symbols or needed(instruments), instruments)
    _check_accepted(accept or [], chosen, check or (origin or "").startswith("folder:"), instruments)
    origin_word = origin if origin is not None else None if check else YAHOO
    if snapshot is not None:
        Store(place, {}).snapshot_path(snapshot)
    if origin_word is None:
        results = stored(place, chosen, instruments)
    else:
        results = _download(
            place,
            origin_word,
            chosen,
            _fetch_span(start, end, origin_word),
            output.hides_progress,
            basis or [],
            accept or [],
            instruments,
        )
    store = Store.reading(place)
    findings = _findings(place, results, check, thesis, accept or [], instruments)
    pinned: Entries | None = None
    if snapshot is not None and any(r.status in ("fetched", "unchanged") for r in results.values()):
        pinned = _pin(place, snapshot)
    elif snapshot is not None:
        print(f"snapshot {snapshot} was not made: nothing of what was asked for came", file=sys.stderr)
    if output.as_json:
        print(json_text(to_json(fingerprint(store.entries), results, findings, pinned)))
    else:
        print_report(results, findings, output.terminal)
        if pinned is not None:
            output.terminal.say(pinned_words(str(snapshot), pinned, cache))
    lacking = missing(results, instruments, now().date())
    say_resume(
        [s for s in lacking if results[s].status in RESUMABLE], len(results),
        {
            "start": start, "end": end, "cache": cache, "from": origin, "snapshot": snapshot, "thesis": thesis,
            "basis": basis, "accept": accept,
        },
    )  # fmt: skip
    wrong = check and any(f.severity == "error" for f in findings)
    return int(wrong or bool(lacking))


def needed(instruments: Instruments) -> list[str]:
    """Every symbol of the strategies, their hedges and benchmarks, and the currencies of all these."""
    from positioning.data.symbols import rate_symbol

    strategies = [strategy() for strategy in standard().values()]
    symbols = [s for p in strategies for s in (*p.names, *p.hedges, p.benchmark)]
    currencies = sorted({instruments.of(s).currency for s in symbols} - {"USD"})
    return [*dict.fromkeys(symbols), *(rate_symbol(c) for c in currencies)]


def now() -> datetime:
    """The instant at which prices are asked for."""
    return datetime.now(UTC)


def yahoo(cache: Path) -> Provider:
    """The client, with its cookies and zones inside the cache."""
    from positioning.data.yahoo import YahooClient

    return YahooClient(cache / "yfinance")


def _check_accepted(
    words: Sequence[str], chosen: Sequence[str], used: bool, instruments: Instruments
) -> None:
    """BadInputError for words that name nothing, or that nothing of this command reads."""
    from positioning.market.findings import accept

    if words and not used:
        raise BadInputError(
            f"--accept {words[0]}", "wanted it with --from folder:DIR or --check", "type it for run instead"
        )
    accept((), words, chosen, instruments)


def _provider(
    origin: str, cache: Path, basis: Sequence[str], accepted: Sequence[str], instruments: Instruments
) -> Provider:
    kind, _, place = origin.partition(":")
    if origin == YAHOO:
        return yahoo(cache)
    if kind == "folder" and place:
        from positioning.data.folder import FolderSource
        from positioning.data.folder_provider import FolderProvider
        from positioning.data.price_basis import checked_basis

        return FolderProvider(
            FolderSource(Path(place), dict(checked_basis(word) for word in basis), instruments), accepted
        )
    raise BadInputError(
        f"--from {origin}", "wanted yahoo or folder:DIR", did_you_mean(kind, [YAHOO, "folder:DIR"])
    )


def _fetch_span(start: str | None, end: str | None, origin: str) -> FetchSpan:
    from positioning.data.download import DEFAULT_START, FetchSpan

    span = span_of(start, end)
    # A file costs nothing to read whole, so only what is asked for is left out.
    default = DEFAULT_START if origin == YAHOO else date(1900, 1, 1)
    first = default if span.start is None else span.start.astype(date)
    last = None if span.end is None else span.end.astype(date)
    if first > (last or now().date()):
        raise BadInputError(
            f"start {first} after {last or 'today'}", "wanted it before", "give another --start"
        )
    return FetchSpan(first, last, now())


def _download(
    cache: Path,
    origin: str,
    chosen: list[str],
    span: FetchSpan,
    quiet: bool,
    basis: Sequence[str],
    accepted: Sequence[str],
    instruments: Instruments,
) -> dict[str, FetchOutcome]:
    from positioning.data.download import refresh_with_rates
    from positioning.data.store import Store, refuse_foreign

    refuse_foreign(cache)
    provider = _provider(origin, cache, basis, accepted, instruments)
    with Store.writing(cache, WAIT) as store, progress(quiet) as bar:
        task = bar.add_task("fetch", total=len(chosen))

        def tell_start(symbol: str) -> None:
            bar.update(task, counting("symbols", symbol))
            bar.advance(task)

        return refresh_with_rates(store, provider, chosen, span, tell_start, instruments)


def _findings(
    cache: Path,
    results: Mapping[str, FetchOutcome],
    check: bool,
    thesis: str | None,
    accepted: Sequence[str],
    instruments: Instruments,
) -> tuple[Finding, ...]:
    """What the stored rows of these symbols show; with `check` all that the quality gate asks."""
    from positioning.cli.strategies import thesis_of
    from positioning.data.inventory import checked, doubts
    from positioning.market.findings import accept

    symbols = [s for s, r in results.items() if r.rows]
    if not check:
        return doubts(cache, symbols, instruments)
    crash_dates = thesis_of(thesis).events.crash_dates if symbols else {}
    return accept(checked(cache, symbols, instruments, crash_dates), accepted, results, instruments)


def _pin(cache: Path, name: str) -> Entries:
    """What is stored is named for good, and given back."""
    from positioning.data.store import Store

    with Store.writing(cache, WAIT) as store:
        store.pin(name)
        return dict(store.entries)
