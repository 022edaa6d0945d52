"""A folder of CSV files as a source: one file a symbol, a currency or a published series."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import final

import numpy as np

from positioning.data.csv_prices import CsvTable, read_sheet
from positioning.data.folder_rates import found_rates
from positioning.data.price_bars import OPTIONAL, price_bars
from positioning.data.price_columns import Stated
from positioning.errors import BadInputError, DataMissingError
from positioning.market.bars import Bars
from positioning.market.findings import Finding, error
from positioning.market.instruments import PENCE, RECORDED, Instrument, Instruments
from positioning.market.source import Delivery, Driver, Source

_DOLLARS = frozenset(("USD", "CAD", "AUD", "NZD", "HKD", "SGD", "TWD", "MXN", "BRL", "CLP", "COP", "ARS"))
_SIGNS: Mapping[str, frozenset[str]] = MappingProxyType(
    {"$": _DOLLARS, "€": frozenset(("EUR",)), "£": frozenset(("GBP", "EGP")), "¥": frozenset(("JPY", "CNY"))}
)
_OTHER_TABLES = (
    *(".xlsx", ".xls", ".xlsm", ".ods", ".parquet", ".feather", ".json", ".txt", ".tsv"),
    *(".csv.gz", ".csv.bz2", ".csv.xz", ".csv.zip", ".zip"),
)
_PUBLISHED = np.timedelta64(4, "D")
_NOT_STATED: Mapping[str, Stated] = MappingProxyType({})


@final
@dataclass(frozen=True)
class FolderSource(Source):
    """The CSV files at the top level of `directory`; only those of the symbols asked for are read.

    File name: the symbol with `=` written `_` (or the symbol itself), and `.csv`, in any case. Columns: Date and
    Close, and where there are any Open, High, Low, Adj Close, Volume, Dividends, Stock Splits, Capital Gains,
    under these names or those of `csv_text.ALIASES`; what the prices are follows from them (`price_basis`).
    basis: what the user says of a symbol's closes, by symbol. instruments: what its symbols are.

    Raises BadInputError, here and in every method, for a folder, name or file that cannot be used.
    """

    directory: Path
    basis: Mapping[str, Stated] = field(default_factory=lambda: _NOT_STATED)
    instruments: Instruments = RECORDED
    _read: dict[tuple[Path, Instrument], tuple[Bars, tuple[Finding, ...]]] = field(
        init=False, repr=False, compare=False, default_factory=dict
    )

    def __post_init__(self) -> None:
        if not self.directory.is_dir():
            raise BadInputError(
                f"{self.label} is not a folder",
                "wanted a folder of CSV files",
                "check the path after folder:",
            )

    @property
    def label(self) -> str:
        """What a request calls it: `folder:DIR`."""
        return f"folder:{self.directory}"

    def deliver(self, symbols: Sequence[str], currencies: Sequence[str]) -> Delivery:
        """Bars of the symbols and rates of the currencies the folder has.

        Where rates come from is said in `folder_rates.found_rates`; `Rates.origin` names the file.
        """
        files = {s: self._file(s) for s in dict.fromkeys(symbols)}
        bars = {s: self._bars(s, file)[0] for s, file in files.items() if file is not None}
        by_currency = {c: found_rates(c, self.directory, self._file) for c in dict.fromkeys(currencies)}
        rates = {c: f.rates for c, f in by_currency.items() if f.rates is not None}
        without = [s for s in files if s not in bars] + [f"{c}=X" for c in by_currency if c not in rates]
        for symbol in without:
            self._require_no_other_table(symbol)
        return Delivery(bars, rates, tuple(notice for f in by_currency.values() for notice in f.notices))

    def findings(self, symbols: Sequence[str]) -> tuple[Finding, ...]:
        """What only the files show: columns that contradict, prices at or below zero, rates of a currency
        (`CCY=X`) that two files tell otherwise."""
        findings: list[Finding] = []
        for symbol in dict.fromkeys(symbols):
            if re.fullmatch(r"[A-Z]{3}=X", symbol):
                findings += found_rates(symbol[:3], self.directory, self._file).findings
            elif (file := self._file(symbol)) is not None:
                findings += self._bars(symbol, file)[1]
        return tuple(findings)

    def driver(self, name: str) -> Driver:
        """A monthly series: the file NAME (Date, Price), or `FILE.Column` of a file with named columns.

        A value stamped on the first day of a month is that month's average. It counts as known on the fifth
        of the next month: the World Bank publishes on its second business day. Empty cells are skipped.
        Raises DataMissingError where there is no such file, BadInputError where the dates are not monthly or a
        value is not above zero.
        """
        file, column = self._file(name), "Price"
        if file is None and "." in name:
            stem, _, column = name.rpartition(".")
            file = self._file(stem)
        if file is None:
            raise DataMissingError(
                f"no series {name} in {self.label}",
                "wanted a CSV of that name",
                "add it, or write FILE.Column",
            )
        sheet = read_sheet(file, (column,), (), "a series: Date and Price, or one column as FILE.Column")
        months = sheet.dates.astype("datetime64[M]")
        off = months.astype("datetime64[D]") != sheet.dates
        if off.any():
            raise BadInputError(
                f"{sheet.at(off)}: date {sheet.dates[off][0]}",
                "wanted monthly values on the first of the month (when they became known follows from it)",
                "stamp each value with the first day of its month",
            )
        values = sheet.columns[column]
        if (bad := (values <= 0) | np.isinf(values)).any():
            raise BadInputError(
                f"{sheet.at(bad)}: {column} {values[bad][0]:g}",
                "wanted finite numbers above zero",
                "correct that cell or empty it",
            )
        has_value = np.isfinite(values)
        following = (months + np.timedelta64(1, "M")).astype("datetime64[D]")
        public_on = np.add(following, _PUBLISHED)  # numpy's stubs take the + of these two for a timedelta
        return Driver(name, sheet.dates[has_value], public_on[has_value], values[has_value])

    def _file(self, symbol: str) -> Path | None:
        """The symbol's file, None where there is none; never one outside the folder.

        Raises BadInputError where names that differ in case only leave open which is meant."""
        if not re.fullmatch(r"[A-Za-z0-9^_][A-Za-z0-9^_=&.-]*", symbol):
            raise BadInputError(
                f"symbol {symbol!r}",
                "wanted a Yahoo symbol, such as 0144.HK, since it names a file",
                "correct it",
            )
        names = dict.fromkeys((symbol.replace("=", "_"), symbol))
        for name in names:
            if (exact := self.directory / f"{name}.csv").is_file():
                return exact
        for name in names:
            near = sorted(
                p
                for p in self.directory.iterdir()
                if p.name.casefold() == f"{name}.csv".casefold() and p.is_file()
            )
            if len(near) > 1:
                raise BadInputError(
                    f"{', '.join(p.name for p in near)} may each be {symbol}",
                    "wanted one file a symbol",
                    f"name one {name}.csv",
                )
            if near:
                return near[0]
        return None

    def _require_no_other_table(self, symbol: str) -> None:
        """BadInputError where a symbol without a file has a table that is not CSV: it is not to be left out unsaid."""
        names = (symbol.replace("=", "_"), symbol)
        tables = {f"{name}{ending}".casefold() for name in names for ending in _OTHER_TABLES}
        other = sorted(
            p.name for p in self.directory.iterdir() if p.name.casefold() in tables and p.is_file()
        )
        if other:
            raise BadInputError(
                f"{other[0]} is there, and prices are read from CSV files alone",
                f"wanted {names[0]}.csv",
                "save it as CSV by that name",
            )

    def _bars(self, symbol: str, file: Path) -> tuple[Bars, tuple[Finding, ...]]:
        key = file, self.instruments.of(symbol)
        if key not in self._read:
            self._read[key] = _bars(key[1], file, self.basis.get(symbol, ""))
        return self._read[key]


def _bars(i: Instrument, file: Path, stated: Stated) -> tuple[Bars, tuple[Finding, ...]]:
    what = "an instrument's prices: Date and Close at least (a series without Close is no instrument)"
    sheet = read_sheet(file, ("Close",), OPTIONAL, what)
    _require_a_close(sheet)
    _require_own(i, sheet)
    reading = []
    if sheet.notes:
        layout = " and ".join(sheet.notes)  # one clause, which a summary keeps whole
        reading.append(f"was read with {re.sub(r'[,;:] ', ' and ', layout)}")
    if file.stem not in (i.symbol, i.symbol.replace("=", "_")):
        reading.append(f"was read from {file.name}")
    bars, findings = price_bars(i, sheet.dates, sheet.columns, stated, reading)
    return bars, (*findings, *_other_unit(i, sheet))


def _require_own(i: Instrument, sheet: CsvTable) -> None:
    """BadInputError for a file that says it is of another symbol. A vendor's own form (MOS.US, NYSE:MOS, 144 HK Equity)
    is the same; a name in words or an ISIN says nothing."""
    stated = sheet.symbol
    if not re.fullmatch(r"[A-Z0-9.^=:/_-]{1,20}", stated) or re.fullmatch(
        r"[A-Z]{2}[A-Z0-9]{9}[0-9]", stated
    ):
        return
    parts = {part.lstrip("0") for part in re.split(r"[^A-Z0-9]+", stated)}
    own = re.sub(r"[^A-Z0-9]", "", i.symbol), re.sub(r"[^A-Z0-9]", "", i.symbol.partition(".")[0]).lstrip("0")
    if re.sub(r"[^A-Z0-9]", "", stated) != own[0] and own[1] not in parts:
        raise BadInputError(
            f"{sheet.file.name} says that its prices are of {stated}",
            f"wanted those of {i.symbol}",
            "give the file its own name, or correct what it says",
        )


def _other_unit(i: Instrument, sheet: CsvTable) -> list[Finding]:
    """An error where a file says that it is in another currency, or in pounds where pence are on record."""
    unit = sheet.unit
    if unit in _SIGNS:
        other = i.currency not in _SIGNS[unit] or (unit == "£" and i.quoted_in in PENCE)
    else:
        code = unit if unit in PENCE else unit.upper()
        is_code = re.fullmatch(r"[A-Z]{3}", code) or unit in PENCE
        other = bool(is_code) and PENCE.get(code, (code, 1.0)) != PENCE.get(i.quoted_in, (i.quoted_in, 1.0))
    if not other:
        return []
    text = f"{sheet.file.name} says that it is in {unit}, where {i.quoted_in} is on record"
    return [
        error(
            i.symbol,
            "currency",
            sheet.dates,
            text,
            f"bring its prices to {i.quoted_in}, or correct what it says",
        )
    ]


def _require_a_close(sheet: CsvTable) -> None:
    close = sheet.columns["Close"]
    if ((close > 0) & np.isfinite(close)).any():
        return
    if (has_number := ~np.isnan(close)).any():
        raise BadInputError(
            f"{sheet.at(has_number)}: Close {close[has_number][0]:g}",
            "wanted closes above zero",
            "correct those cells",
        )
    raise BadInputError(
        f"{sheet.file.name}: no close at all", "wanted at least one row with a Close", "fill it in"
    )
