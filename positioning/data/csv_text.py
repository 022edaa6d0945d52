"""The rows of a delimited text file as somebody's program wrote it: its encoding, its delimiter, its header."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import final

from positioning.errors import BadInputError
from positioning.files import read_bounded

LARGEST = 64_000_000  # bytes; fifty years of daily bars are 2 MB
_DELIMITERS = ",;\t|"
_PREAMBLE = 10  # rows above the header that are looked through for it

# Each column under the names that programs and vendors give it, letters and digits only, in lower case.
ALIASES = {
    "Date": "date time timestamp datetime day tradedate tradingdate exchangedate pricedate quotedate observationdate "
    "datum data fecha seance",
    "Open": "open openprice openingprice tradeopen otwarcie eroffnung ouverture ouv erster apertura abertura "
    "eroffn pxopen",
    "High": "high highprice dayhigh tradehigh najwyzszy hoch hochst tageshoch hoog plushaut haut maximo maxima "
    "massimo pxhigh",
    "Low": "low lowprice daylow tradelow najnizszy tief niedrigst tagestief laag plusbas bas minimo minima pxlow",
    "Close": "close closelast closeprice closingprice tradeclose last lastprice zamkniecie schluss schlusskurs slot "
    "slotkoers cloture clot cierre chiusura fechamento ultimo zuletzt pxlast",
    "Adj Close": "adjclose adjustedclose adjcloseprice adjustedclosingprice closeadj closeadjusted adjusted adj",
    "Volume": "volume vol sharevolume totalvolume wolumen volumen stuck pxvolume",
    "Dividends": "dividends dividend div dividendamount divcash cashdividend cashdividends exdividend dividende "
    "dividenden dividendes dividendo dividendos dividendi dywidenda",
    "Stock Splits": "stocksplits stocksplit splits split splitcoefficient splitfactor splitratio",
    "Capital Gains": "capitalgains capitalgain gains capitalgainsdistribution",
}
_KNOWN = {alias: name for name, aliases in ALIASES.items() for alias in aliases.split()}
# Columns of known files that hold nothing an account needs.
# fmt: off
_UNUSED = frozenset((
    "ticker", "symbol", "per", "openint", "openinterest", "currency", "ccy", "name", "isin", "exchange", "change",
    "changepct", "changepercent", "chg", "zmiana", "repaired", "vwap", "turnover", "value", "amount", "marketcap",
    "adjopen", "adjhigh", "adjlow", "adjvolume", "trades", "shares", "unadjustedvolume",
))
# fmt: on


@final
@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """Header and rows of cells, each row as wide as the header; lines: the line each row ends on; symbol: whose prices
    the header says they are, "" where it does not."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    lines: tuple[int, ...]
    delimiter: str
    notes: tuple[str, ...]
    symbol: str = ""


def folded(name: str) -> str:
    """A column's name without case, blanks, signs and accents."""
    plain = unicodedata.normalize("NFKD", name.casefold().replace("ł", "l"))
    return re.sub(r"[^a-z0-9]", "", plain)


def known_as(name: str) -> str:
    """The column of ALIASES that a name stands for; "" where it is none."""
    return _KNOWN.get(folded(name), "")


def is_unused(name: str) -> bool:
    """Whether a name is of a column that is left aside without a word."""
    return folded(name) in _UNUSED or not folded(name)


def read_table(file: Path) -> Table:
    """The table of a text file. Raises BadInputError, with the line, for what is not one.

    Read: UTF-8 and UTF-16 with a mark, else Windows-1252; commas, semicolons, tabs or bars; lines above the
    header; the three header lines of `yfinance.download`; rows without any value are left out.
    """
    text, notes = _decoded(file)
    first = next((line for line in text.splitlines() if line.strip()), "")
    skip = 0
    if re.fullmatch(r"sep=.", first.strip(), re.IGNORECASE):
        delimiter, skip = first.strip()[4], 1
    else:
        delimiter = max(_DELIMITERS, key=first.count) if any(d in first for d in _DELIMITERS) else ","
    records = [(line, list(map(str.strip, cells))) for line, cells in _records(file, text, delimiter)]
    records = records[skip:]
    top, header, above, symbol = _header(file, records)
    rows, blank = [], 0
    for line, cells in records[top:]:
        if not any(cells):
            blank += 1
        elif len(cells) != len(header):
            raise BadInputError(
                f"{file.name} line {line}: {len(cells)} cell{'s' * (len(cells) > 1)}",
                f"wanted {len(header)}, as in the header",
                "correct that line",
            )
        else:
            rows.append((line, tuple(cells)))
    notes += above
    if delimiter != ",":
        notes.append({";": "semicolons", "\t": "tabs", "|": "bars"}[delimiter] + " between columns")
    if blank:
        notes.append(f"{blank} blank row{'s' * (blank > 1)} left out")
    lines = tuple(n for n, _ in rows)
    return Table(tuple(header), tuple(r for _, r in rows), lines, delimiter, tuple(notes), symbol)


def _decoded(file: Path) -> tuple[str, list[str]]:
    try:
        data = read_bounded(file, LARGEST)
    except OSError as error:
        raise unreadable(file, error.strerror or str(error)) from None
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        text, notes = data.decode("utf-16", errors="replace"), ["UTF-16 text"]
    else:
        try:
            text, notes = data.decode("utf-8-sig"), []
        except UnicodeDecodeError:
            text, notes = data.decode("cp1252", errors="replace"), ["Windows-1252 text"]
    odd = "\0" in text or "\ufffd" in text  # asked of all at once: files are long, and most are text
    for number, line in enumerate(text.splitlines() if odd else (), start=1):
        if "\0" in line or "\ufffd" in line:
            raise BadInputError(
                f"{file.name} line {number}: not text", "wanted a UTF-8 CSV file", "save it again as CSV"
            )
    return text, notes


def _records(file: Path, text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """(line number, cells) of each line that is not empty."""
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True, strict=True
    )
    try:
        yield from ((reader.line_num, cells) for cells in reader if cells)
    except csv.Error as error:
        raise unreadable(file, str(error)) from None


def unreadable(file: Path, why: str) -> BadInputError:
    """What is said of a file that cannot be read at all."""
    return BadInputError(
        f"{file.name} cannot be read ({why})", "wanted a UTF-8 CSV file", "save it again as CSV"
    )


def _header(file: Path, records: Sequence[tuple[int, list[str]]]) -> tuple[int, list[str], list[str], str]:
    """(row after it, names, what is told of it, whose prices it says they are)."""
    if not records:
        return 0, [], [], ""
    starts = [folded(cells[0]) for _, cells in records[:2]]
    if sorted(starts) == ["price", "ticker"] and len(records) > 2:
        return _two_levels(file, records, starts.index("ticker"))
    for at, (_, cells) in enumerate(records[:_PREAMBLE]):
        if len(cells) > 1 and _names_a_table(cells):
            above = [f"{at} line{'s' * (at > 1)} above the header"] if at else []
            names = ["Date" if not n and not any(known_as(c) == "Date" for c in cells) and m == 0 else n
                     for m, n in enumerate(cells)]  # fmt: skip
            return at + 1, names, above + _vendor(cells), ""
    return 1, list(records[0][1]), [], ""


def _names_a_table(cells: Sequence[str]) -> bool:
    """Whether a row is a header: it names a date (or its first name is empty, as pandas writes an index)."""
    dated = any(known_as(c) == "Date" for c in cells) or cells[0] == ""
    return dated and not any(re.fullmatch(r"[\d.,:/ -]+", c) for c in cells)


def _two_levels(
    file: Path, records: Sequence[tuple[int, list[str]]], tickers: int
) -> tuple[int, list[str], list[str], str]:
    """The header of a frame with one column a price and symbol, as `yfinance.download` writes it."""
    symbols, names = records[tickers][1], records[1 - tickers][1]
    tickers_here = list(dict.fromkeys(s for s in symbols[1:] if s))
    if len(tickers_here) != 1:
        raise BadInputError(
            f"{file.name} holds {len(tickers_here)} symbols ({', '.join(tickers_here)[:80]})",
            "wanted the prices of one",
            "download each symbol by itself, with multi_level_index=False",
        )
    top = 3 if known_as(records[2][1][0]) == "Date" and not any(records[2][1][1:]) else 2
    notes = [f"the header lines of yfinance.download ({tickers_here[0]})"]
    return top, ["Date", *names[1:]], notes, tickers_here[0]


def _vendor(cells: Sequence[str]) -> list[str]:
    """Whose file this is, where its header says so."""
    names = {folded(c) for c in cells}
    if cells[0].startswith("<"):
        return ["Stooq's layout"]
    if {"price", "vol", "change"} <= names:
        return ["Investing.com's layout"]
    if "closelast" in names:
        return ["Nasdaq's layout"]
    return []
