"""What `fetch` says: a line a symbol, why some are not there, and how to ask for them."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from positioning.cli.command_words import command_words, option_words
from positioning.cli.terminal import Terminal, table

if TYPE_CHECKING:
    from positioning.data.download import FetchOutcome
    from positioning.data.manifest import Entries
    from positioning.market.findings import Finding


MOST_NAMED = 5  # symbols with the same reason


def to_json(
    snapshot: str,
    results: Mapping[str, FetchOutcome],
    findings: Sequence[Finding],
    pinned: Entries | None = None,
) -> dict[str, Any]:
    """What --json prints. Dates are ISO; what is not stored has first and last None. snapshot: fingerprint of what is
    stored; pinned: the symbols under the name of --snapshot, where one was made."""
    symbols = {
        s: {
            "status": r.status,
            "first": r.first or None,
            "last": r.last or None,
            "rows": r.rows,
            "reason": in_words(r.reason),
        }
        for s, r in results.items()
    }
    details = [
        {
            "symbol": f.symbol,
            "check": f.check,
            "severity": f.severity,
            "first": str(f.first),
            "last": str(f.last),
            "seen": f.seen,
            "remedy": in_words(f.remedy),
        }
        for f in findings
    ]
    pin = {} if pinned is None else {"pinned": sorted(pinned)}
    return {"snapshot": snapshot, **pin, "symbols": symbols, "findings": details}


def pinned_words(name: str, pinned: Entries, cache: str) -> str:
    """What a snapshot holds: all that was stored then, asked for now or before."""
    spans = [(e.first, e.last) for e in pinned.values()]
    origins = " and ".join(sorted({e.source for e in pinned.values()}))
    return (
        f"snapshot {name} holds all {len(pinned)} symbols that {cache} has, {min(f for f, _ in spans)} to "
        f"{max(e for _, e in spans)}, of {origins}: {', '.join(sorted(pinned)[:MOST_NAMED])}"
        f"{f' and {len(pinned) - MOST_NAMED} more' if len(pinned) > MOST_NAMED else ''}"
    )


def in_words(text: str) -> str:
    """What a reason or remedy says of the prices' options, as one types it."""
    return option_words(text, ("accepted", "basis"))


def print_report(
    results: Mapping[str, FetchOutcome], findings: Sequence[Finding], terminal: Terminal
) -> None:
    """A line a symbol; why one is not there, and what was found in the prices, below."""
    rows = [[symbol, str(r.status), r.first, r.last, f"{r.rows:,}"] for symbol, r in results.items()]
    if rows:
        terminal.table(table(("symbol", "status", "first", "last", "rows"), rows, 4))
    for symbols, reason in _alike(results).items():
        terminal.say(f"{symbols}: {in_words(reason)}", "", "  ")
    for f in findings:
        line = f"{f.symbol} {f.severity}: {f.check}, {f.first} to {f.last}: {f.seen}; {in_words(f.remedy)}"
        terminal.say(line, "bad" if f.severity == "error" else "quiet", "  ")


def _alike(results: Mapping[str, FetchOutcome]) -> dict[str, str]:
    """Reasons by the symbols that they are of; those that differ by the symbol alone are one, with a count."""
    by_reason: dict[str, list[str]] = {}
    for symbol, r in results.items():
        if r.reason:
            by_reason.setdefault(
                re.sub(rf"(?<![\w.]){re.escape(symbol)}(?![\w.])", "it", r.reason), []
            ).append(symbol)
    reasons = {}
    for reason, symbols in by_reason.items():
        if len(symbols) == 1:
            reasons[symbols[0]] = results[symbols[0]].reason
        else:
            more = f" and {len(symbols) - MOST_NAMED} more" if len(symbols) > MOST_NAMED else ""
            reasons[f"{len(symbols)} symbols, {', '.join(symbols[:MOST_NAMED])}{more}"] = reason
    return reasons


def say_resume(again: Sequence[str], count: int, options: Mapping[str, object]) -> None:
    """How to ask for the rest, on standard error. again: symbols that another try may bring, of `asked`."""
    if not again:
        return
    option_words = [
        word
        for name, value in options.items()
        if value is not None
        for one in (value if isinstance(value, list) else [value])
        for word in (f"--{name}", str(one))
    ]
    command = command_words("fetch", *again, *option_words)
    print(f"{len(again)} of {count} symbols are not there; to resume: {command}", file=sys.stderr)
