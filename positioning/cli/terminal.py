"""What commands say to people: lines of at most 80 columns, tables that fit, notices folded, a log on request."""

from __future__ import annotations

import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from textwrap import shorten, wrap
from typing import TYPE_CHECKING, NamedTuple, final

from positioning.errors import printable
from positioning.plurals import counted

if TYPE_CHECKING:
    from positioning.market.bars import Notice
    from positioning.market.findings import Finding

WIDTH = 80  # columns; a narrower terminal gets its own
NARROWEST = 40
NAMED = 3  # symbols that a folded notice names
KINDS = 5  # of warnings that are counted apart
SYMBOL = re.compile(r"\b[A-Z0-9]{2,}(?:[.=-][A-Z]+)?\b")
DATES = re.compile(
    r"(?:\b(?:from|on|span) )?\b\d{4}-\d{2}-\d{2}(?: to \d{4}-\d{2}-\d{2})?|\bto \d{4}-\d{2}-\d{2}"
)
STYLES = {"bad": "bold red", "good": "bold green", "neutral": "bold", "quiet": "dim", "": ""}
CHECKS = {
    "unit_switch": "unit switch", "jump": "jump", "spike": "spike", "dates": "odd date", "price": "odd price",
    "currency": "odd rate", "hash": "changed file", "adjusted": "odd adjustment", "large_move": "large move",
    "gap": "gap", "venue_gap": "gap of a venue", "stale": "stale run", "zero_volume": "run without volume",
    "ohlc": "odd bar", "peg": "rate off its peg",
}  # fmt: skip


@final
@dataclass(frozen=True)
class Terminal:
    """verbose: every notice; quiet: nothing but errors; log: a file to which every line and notice is added, with the
    time in UTC."""

    verbose: bool = False
    quiet: bool = False
    log: Path | None = None

    @contextmanager
    def open(self) -> Iterator[Terminal]:
        """Begins the log, so that a place that cannot be written is missed first, and ends it with what went wrong."""
        self._logged("begun")
        try:
            yield self
        except BaseException as error:
            self._logged(f"ended by {type(error).__name__}: {error}")
            raise
        self._logged("ended")

    def say(self, text: str, tone: str = "", indent: str = "") -> None:
        """A paragraph, wrapped between words; a word longer than a line stands whole on its own."""
        self.lines(wrapped(text, indent), tone)

    def lines(self, lines: Iterable[str], tone: str = "") -> None:
        """Lines as they are; in colour where the terminal has it and NO_COLOR is not set."""
        plain_lines = [printable(line) for line in lines]
        for line in plain_lines:
            self._logged(line)
        if self.quiet or not plain_lines:
            return
        from rich.console import Console

        console = Console(highlight=False, markup=False, soft_wrap=True)
        for line in plain_lines:
            console.print(line, style=STYLES[tone])

    def table(self, content: Table, tones: Sequence[str] = ()) -> None:
        """The table after an empty line; tones: of its rows."""
        self.lines(["", *content.head], "quiet")
        for n, row in enumerate(content.rows):
            self.lines(row, tones[n] if tones else "")

    def wrote(self, files: Sequence[Path]) -> None:
        """The files, a line each."""
        self.lines(f"wrote {f}" for f in files)

    def notices(
        self, notices: Sequence[Notice], findings: Sequence[Finding], more: Sequence[str] = ()
    ) -> None:
        """What must be known about the prices: each with `verbose`, else folded into a line a kind with a count."""
        every = [*(f"{n.symbol} {n.text}".strip() for n in notices), *more, *(str(f) for f in findings)]
        for line in every:
            self._logged(line)
        if self.quiet:
            return
        plain = Terminal(self.verbose)
        if self.verbose:
            for line in every:
                plain.say(line, "quiet", "  ")
            return
        short = [*folded(notices), *more, *counted_findings(findings)]
        for line in short:
            plain.say(line, "quiet", "  ")
        if len(every) > len(short):
            plain.say(
                f"--verbose shows all {len(every)} notices and warnings; the pages list them too.", "quiet"
            )

    def _logged(self, line: str) -> None:
        if self.log is not None:
            with self.log.open("a", encoding="utf-8") as file:
                file.write(f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} {line}\n")


def width() -> int:
    """Columns to write in."""
    return max(min(WIDTH, shutil.get_terminal_size((WIDTH, 24)).columns), NARROWEST)


def wrapped(text: str, indent: str = "") -> list[str]:
    """The paragraph in lines; further ones are indented by two more. No word is broken, nor a number off
    its %, nor a p off its value."""
    bound = re.sub(r"\b([pqtn] =) ", "\\1\u00a0", text.replace("\u2212", "-").replace(" %", "\u00a0%"))
    lines = wrap(
        bound, width(), initial_indent=indent, subsequent_indent=f"{indent}  ", break_long_words=False,
        break_on_hyphens=False,
    )  # fmt: skip
    return [line.replace("\u00a0", " ") for line in lines]


def fitting(parts: Sequence[str], lines: int) -> list[str]:
    """The sentence of these parts in that many lines: all of its first part, and of the others as many as there is
    room for."""
    for count in range(len(parts), 0, -1):
        paragraph = wrapped(f"{'; '.join(parts[:count])}.")
        if len(paragraph) <= lines or count == 1:
            return paragraph
    return []


def in_a_line(text: str) -> str:
    """The text in one line, its last words left out where they are too many."""
    whole = wrapped(text)
    return whole[0] if len(whole) == 1 else shorten(text.replace("\u2212", "-"), width(), placeholder=" ...")


class Table(NamedTuple):
    """head: the lines of the headings; rows: the lines of each row."""

    head: list[str]
    rows: list[list[str]]


def table(heads: Sequence[str], rows: Sequence[Sequence[str]], words: int = 1) -> Table:
    """Columns side by side, the first `words` to the left and the others to the right; a heading's lines are parted by
    a line feed. Where they need more than a line, the first column stands on a line of its own."""
    parts = [h.split("\n") for h in heads]
    tall = max(len(p) for p in parts)
    top = [[([""] * (tall - len(p)) + p)[n] for p in parts] for n in range(tall)]
    wide = [max(len(line[k]) for line in [*top, *rows]) for k in range(len(heads))]
    apart = sum(wide) + len(wide) - 1 > width()

    def line(cells: Sequence[str]) -> str:
        own = ["", *cells[1:]] if apart else cells
        widths = [1, *wide[1:]] if apart else wide
        pairs = enumerate(zip(own, widths, strict=True))
        return " ".join(f"{c:<{w}}" if k < words else f"{c:>{w}}" for k, (c, w) in pairs).rstrip()

    return Table([line(t) for t in top], [[r[0], line(r)] if apart else [line(r)] for r in rows])


def folded(notices: Sequence[Notice]) -> list[str]:
    """A line for all notices that differ in symbol, date and number alone, with a count of symbols."""
    kinds: dict[str, dict[str, str]] = {}
    for n in notices:
        clause = first_clause(n.text)
        kinds.setdefault(SYMBOL.sub("A", re.sub(r"\d[\d.,-]*", "0", clause)), {})[n.symbol] = clause
    lines = []
    for clauses in kinds.values():
        symbols, clause = [s for s in clauses if s], next(iter(clauses.values()))
        if len(symbols) < 2:
            lines.append(f"{''.join(symbols)} {clause}".strip())
            continue
        if len(set(clauses.values())) > 1:
            symbols = [f"{s} ({when})" if (when := dates(clauses[s])) else s for s in symbols]
            clause = " ".join(SYMBOL.sub("others", DATES.sub("", clause)).split())
        names, many = listed(symbols, NAMED), plural(clause)
        lines.append(f"{len(symbols)} names {many}: {names}" if many != clause else f"{clause}: {names}")
    return lines


def dates(clause: str) -> str:
    """The days that a clause names, with their preposition where it is one day: `to 2024-03-08`."""
    match = DATES.search(clause)
    return match[0].removeprefix("span ") if match else ""


def first_clause(text: str) -> str:
    """Up to the first colon or semicolon, or a comma that is none of a number."""
    return re.split(r"[:;,]\s", text, maxsplit=1)[0]


def plural(clause: str) -> str:
    """The verb and pronouns of one thing made those of several."""
    verbs = {"has ": "have ", "is ": "are ", "was ": "were "}
    for one, many in verbs.items():
        if clause.startswith(one):
            clause = many + clause.removeprefix(one)
    return re.sub(r"\bits\b", "their", clause)


def listed(names: Sequence[str], most: int) -> str:
    """`A, B and C`, or `A, B, C and 4 more`."""
    if len(names) > most:
        return f"{', '.join(names[:most])} and {len(names) - most} more"
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def counted_findings(findings: Iterable[Finding]) -> list[str]:
    """`Warnings about the prices: 32 gaps in MOO, 3 large moves in KSPI and 14 more`."""
    each = Counter(
        (f.symbol, str(f.check)) for f in {(f.symbol, f.check, f.first): f for f in findings}.values()
    )
    if not each:
        return []
    top = [
        f"{counted(n, CHECKS.get(check, check.replace('_', ' ')))} in {symbol}"
        for (symbol, check), n in each.most_common(KINDS)
    ]
    rest = sum(each.values()) - sum(n for _, n in each.most_common(KINDS))
    return [f"Warnings about the prices: {', '.join(top)}{f' and {rest} more' if rest else ''}."]


def figure(value: float, write: Callable[[float], str]) -> str:
    """A number in words, a dash where it is undefined."""
    return write(value) if abs(value) < float("inf") else "-"
