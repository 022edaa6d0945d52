"""A folder of CSV files as a source: one file a symbol, a currency or a published series."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import final

import numpy as np

from positioning.errors import BadInputError, DataMissingError
from positioning.market.bars import Bars, Basis, DateArray, FloatArray, Notice, Rates
from positioning.market.instruments import PENCE, Instrument, instrument
from positioning.market.source import Delivery, Driver, Source

_PRICES = ("Open", "High", "Low", "Adj Close")
_AMOUNTS = ("Volume", "Dividends")  # these may be zero
_EMPTY = ("", "nan", "NaN", "null")
_ECB = "FX_ECB"
_UNIT_SWITCH = 50.0  # no share has moved so far in a day; a switch between pence and pounds has
_FALSE_RATE = 1.5  # no currency of the record has moved so far in a day
_LARGE_DIVIDEND = 0.25  # of the price before it
_PUBLISHED = np.timedelta64(4, "D")


@final
@dataclass(frozen=True)
class FolderSource(Source):
    """The CSV files at the top level of `directory`; only those of the symbols asked for are read.

    File name: the symbol with `=` written `_` (or the symbol itself), and `.csv`. Columns are yfinance's: Date
    and Close, and where there are any Open, High, Low, Adj Close, Volume, Dividends; prices are split-adjusted
    already, so Stock Splits is not read. ISO dates, ascending. Empty cells are NaN.

    Raises BadInputError, here and in every method, for a folder, name or file that cannot be used.
    """

    directory: Path

    def __post_init__(self) -> None:
        if not self.directory.is_dir():
            raise BadInputError(
                f"{self.label} is not a folder",
                "wanted a folder of CSV files",
                "check the path after folder:",
            )

    @property
    def label(self) -> str:
        """`folder:DIR`."""
        return f"folder:{self.directory}"

    def deliver(self, symbols: Sequence[str], currencies: Sequence[str]) -> Delivery:
        """Bars of the symbols and rates of the currencies the folder has.

        Rates come from `<CCY>=X` (units per US dollar), `<CCY>USD=X` (US dollars per unit) or FX_ECB (columns
        EUR<CCY>, units per euro): the one that ends last, of equals the first named; `Rates.origin` says which.
        """
        files = {s: self._file(s) for s in dict.fromkeys(symbols)}
        bars = {s: _bars(instrument(s), file) for s, file in files.items() if file is not None}
        found = {c: self._rates(c) for c in dict.fromkeys(currencies)}
        rates = {c: r for c, r in found.items() if r is not None}
        notices = [
            Notice(f"{c}=X", f"{move}, in {r.origin}: a false rate?")
            for c, r in rates.items()
            for move in _moves("is at USD", r.dates, r.usd, _FALSE_RATE)
        ]
        return Delivery(bars, rates, tuple(notices))

    def driver(self, name: str) -> Driver:
        """A monthly series: file NAME with columns Date, Price, or `FILE.Column` of a file with named columns.

        The value stamped on the first day of a month is that month's average and counts as known four days into
        the next month (the World Bank publishes on its second business day). Empty cells are skipped.
        Raises DataMissingError where there is no such file, BadInputError where the dates are not monthly.
        """
        file, column = self._file(name), "Price"
        if file is None and "." in name:
            stem, _, column = name.rpartition(".")
            file = self._file(stem)
        if file is None:
            raise DataMissingError(
                f"no series {name} in {self.label}",
                "wanted a CSV of that name",
                "add the file, or write FILE.Column",
            )
        sheet = _read(file, (column,), (), "a series: Date and Price, or a column asked for as FILE.Column")
        months = sheet.dates.astype("datetime64[M]")
        off = months.astype("datetime64[D]") != sheet.dates
        if off.any():
            raise BadInputError(
                f"{sheet.at(off)}: date {sheet.dates[off][0]}",
                "wanted monthly values on the first day of the month, since the publication day follows from it",
                "stamp each value with the first day of its month",
            )
        seen = np.isfinite(sheet.columns[column])
        known = (months + 1).astype("datetime64[D]") + _PUBLISHED
        return Driver(name, sheet.dates[seen], known[seen], sheet.columns[column][seen])

    def _file(self, symbol: str) -> Path | None:
        """The symbol's file, None where there is none."""
        if not re.fullmatch(r"[A-Za-z0-9^_][A-Za-z0-9^_=&.-]*", symbol):
            raise BadInputError(
                f"symbol {symbol!r}",
                "wanted a Yahoo symbol, such as 0144.HK, since it names a file",
                "correct it",
            )
        names = dict.fromkeys((symbol.replace("=", "_"), symbol))
        return next((p for n in names if (p := self.directory / f"{n}.csv").is_file()), None)

    def _rates(self, currency: str) -> Rates | None:
        options = []
        for symbol, power in ((f"{currency}=X", -1.0), (f"{currency}USD=X", 1.0)):
            if (file := self._file(symbol)) is not None:
                sheet = _read(file, ("Close",), (), "rates: Date and Close at least")
                options.append((sheet.dates, sheet.columns["Close"] ** power, file.name))
        if (file := self._file(_ECB)) is not None:
            sheet = _read(file, ("EURUSD",), (f"EUR{currency}",), "rates per euro: Date, EURUSD, EURHKD, ...")
            per_euro = {"EUREUR": np.ones(sheet.dates.size), **sheet.columns}.get(f"EUR{currency}")
            if per_euro is not None:
                options.append((sheet.dates, sheet.columns["EURUSD"] / per_euro, file.name))
        known = [(np.isfinite(usd), dates, usd, name) for dates, usd, name in options]
        rates = [Rates(currency, dates[k], usd[k], name) for k, dates, usd, name in known if k.any()]
        return max(rates, key=lambda r: r.dates[-1], default=None)  # the first of equals


def _bars(i: Instrument, file: Path) -> Bars:
    sheet = _read(
        file,
        ("Close",),
        (*_PRICES, *_AMOUNTS),
        "an instrument's prices: Date and Close at least (a series without Close is no instrument)",
    )
    blank = np.full(sheet.dates.size, np.nan)
    close = sheet.columns["Close"]
    if not np.isfinite(close).any():
        raise BadInputError(
            f"{file.name}: no close at all", "wanted at least one row with a Close", "fill it in"
        )
    paid, basis, texts = _dividends(i, sheet)
    texts += [f"{m}: a switch of units?" for m in _moves("closes at", sheet.dates, close, _UNIT_SWITCH)]
    factor = PENCE.get(i.quoted_in, (i.currency, 1.0))[1]
    opened, high, low = (sheet.columns.get(name, blank) * factor for name in ("Open", "High", "Low"))
    return Bars(
        symbol=i.symbol,
        dates=sheet.dates,
        open=opened,
        high=high,
        low=low,
        close=close * factor,
        volume=sheet.columns.get("Volume", blank),
        dividends=paid * factor,
        basis=basis,
        notices=tuple(Notice(i.symbol, text) for text in texts),
    )


def _dividends(i: Instrument, sheet: _Sheet) -> tuple[FloatArray, Basis, list[str]]:
    """(R,) dividends in the file's own unit, what the closes are, and what a reader must know of both."""
    close = sheet.columns["Close"]
    none = np.zeros(close.size)
    if i.kind == "index":
        return none, "traded", ["is a price index: dividends are not included"]
    if "Dividends" in sheet.columns:
        paid = np.nan_to_num(sheet.columns["Dividends"])
    elif "Adj Close" in sheet.columns:
        paid = recovered_dividends(close, sheet.columns["Adj Close"])
    elif _off_grid(close):
        return (
            none,
            "total_return",
            ["has adjusted closes only (off any price grid): dividends are inside its price"],
        )
    else:
        return (
            none,
            "traded",
            [
                "has neither Dividends nor Adj Close: its return lacks its dividends, "
                "unless its closes were adjusted and then rounded"
            ],
        )
    texts = []
    if (negative := paid < 0).any():
        first = sheet.dates[negative][0]
        texts.append(
            f"has an Adj Close that implies {negative.sum()} negative dividends (first {first}): not used"
        )
        paid = np.where(negative, 0.0, paid)
    before = _previous(close)
    if (large := paid > _LARGE_DIVIDEND * before).any():
        share = (paid[large] / before[large])[0]
        texts.append(f"pays {share:.0%} of its price on {sheet.dates[large][0]}: a split, or another unit?")
    return paid, "traded", texts


def recovered_dividends(close: FloatArray, adjusted: FloatArray) -> FloatArray:
    """(R,) cash per share on the ex-date, in the unit of close: d_t = close_{t-1} (1 - f_{t-1} / f_t), f = adjusted / close.

    Changes of f within 1e-5, or within what six decimals hide in a price below one, are rounding: over 13 real
    files (20,000 rows) the largest of those was 1.0e-6 and the smallest dividend 3.1e-4, known ones being met to
    1e-4. Above it a falling f gives a negative number, which is no dividend: the caller decides.
    """
    ratio, before, lowest = adjusted / close, _previous(close), np.fmin(adjusted, _previous(adjusted))
    fall = 1.0 - _previous(ratio) / ratio
    rounding = 1e-5 + 2e-6 / lowest  # half a unit in the sixth decimal, four times
    return np.where(np.abs(fall) > rounding, before * fall, 0.0)


def _off_grid(close: FloatArray) -> bool:
    """Whether over 1 % of the closes are no multiple of 0.001 (of their sixth digit, above 1,000).

    Traded prices are, within the rounding of float32 and six decimals: at most 0.2 % were not in 21 real files of
    traded closes, at least 4 % in 14 of adjusted ones. Adjusted prices rounded to cents cannot be told apart.
    """
    prices = close[np.isfinite(close)]
    tick = np.maximum(1e-3, 10.0 ** (np.floor(np.log10(prices)) - 5))
    miss = np.abs(prices - np.round(prices / tick) * tick)
    return bool((miss > 1e-6 + prices * 2.0**-23).mean() > 0.01)


def _moves(verb: str, dates: DateArray, values: FloatArray, factor: float) -> Iterator[str]:
    """One text for the first move beyond a factor from one known value to the next, with the number of others."""
    known = np.isfinite(values)
    days, level = dates[known], values[known]
    size = np.exp(np.abs(np.diff(np.log(level))))
    at = np.nonzero(size > factor)[0]
    if at.size:
        k = at[0]
        more = f" (and {at.size - 1} more such moves)" if at.size > 1 else ""
        yield (
            f"{verb} {level[k]:.4g} on {days[k]} and {level[k + 1]:.4g} on {days[k + 1]}, "
            f"a factor of {size[k]:.3g}{more}"
        )


def _previous(values: FloatArray) -> FloatArray:
    """(R,) the last known value above each row, NaN where there is none."""
    seen = np.maximum.accumulate(np.where(np.isfinite(values), np.arange(values.size), -1))
    last = np.concatenate([[-1], seen[:-1]])
    return np.where(last >= 0, values[last], np.nan)


@final
@dataclass(frozen=True, slots=True, eq=False)
class _Sheet:
    """One file as read: R dates, ascending, and (R,) float64 columns."""

    file: Path
    dates: DateArray
    columns: Mapping[str, FloatArray]

    def at(self, bad: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> str:
        """`NAME line N` of the first bad row."""
        row = int(np.argmax(bad))
        line = next(line for k, (line, _) in enumerate(_records(self.file)) if k == row + 1)
        return f"{self.file.name} line {line}"


def _read(file: Path, need: Sequence[str], may: Sequence[str], what: str) -> _Sheet:
    """Date, the needed columns and those of `may` that are there; `what` describes such a file in complaints."""
    import pyarrow as pa  # noqa: PLC0415 (slow to import; other sources do not need it)
    from pyarrow import csv as arrow  # noqa: PLC0415

    try:
        header = next(iter(_records(file)), (1, []))[1]
        _check_header(file, header, ("Date", *need), what)
        names = [name for name in ("Date", *need, *may) if name in header]
        types = {name: pa.date32() if name == "Date" else pa.float64() for name in names}
        table = arrow.read_csv(
            str(file),
            read_options=arrow.ReadOptions(use_threads=False),
            convert_options=arrow.ConvertOptions(
                column_types=types, include_columns=names, null_values=_EMPTY
            ),
        )
    except (OSError, csv.Error, pa.ArrowException) as error:
        raise _blame(file, names if isinstance(error, pa.ArrowException) else [], error) from None
    sheet = _Sheet(file, table["Date"].to_numpy(), {name: table[name].to_numpy() for name in names[1:]})
    _check_values(sheet)
    return sheet


def _records(file: Path) -> Iterator[tuple[int, list[str]]]:
    """(line number, cells) of each line that is not empty, the header first."""
    with file.open(encoding="utf-8-sig", errors="replace", newline="") as text:
        reader = csv.reader(text)
        yield from ((reader.line_num, cells) for cells in reader if cells)


def _check_header(file: Path, header: list[str], need: Iterable[str], what: str) -> None:
    for name in need:
        if header.count(name) != 1:
            raise BadInputError(
                f"{file.name} line 1: {header.count(name) or 'no'} column {name} in {', '.join(header) or 'nothing'}",
                f"wanted {what}",
                "name each column once",
            )


def _check_values(sheet: _Sheet) -> None:
    steps = np.diff(sheet.dates.astype(np.int64), prepend=np.iinfo(np.int64).min // 2)
    bad = np.isnat(sheet.dates)
    if bad.any():
        raise BadInputError(
            f"{sheet.at(bad)}: no date", "wanted a date on every row", "fill it in or drop the row"
        )
    if (bad := steps <= 0).any():
        raise BadInputError(
            f"{sheet.at(bad)}: date {sheet.dates[bad][0]} is repeated or out of order",
            "wanted ascending dates",
            "sort the file and drop the repeated row",
        )
    for name, values in sheet.columns.items():
        zero = name in _AMOUNTS
        bad = np.isinf(values) | (values < 0) | ((values == 0) & (not zero))
        if bad.any():
            raise BadInputError(
                f"{sheet.at(bad)}: {name} {values[bad][0]:g}",
                f"wanted a finite number {'of at least' if zero else 'above'} zero",
                "correct that cell or empty it",
            )


def _blame(file: Path, names: Sequence[str], error: Exception) -> BadInputError:
    """The complaint about the first cell that cannot be read, or what the reader said where none is found."""
    header: list[str] = []
    for line, cells in _records(file) if names else ():
        header = header or cells
        if len(cells) != len(header):
            return BadInputError(
                f"{file.name} line {line}: {len(cells)} cells",
                f"wanted {len(header)}, as in the header",
                "correct that line",
            )
        for name in names if cells is not header else ():
            if not _readable(name, cell := cells[header.index(name)].strip()):
                wanted = "a date such as 2020-01-31" if name == "Date" else "a number such as 1234.5"
                return BadInputError(
                    f"{file.name} line {line}: {name} {cell[:40]!r}", f"wanted {wanted}", "correct that cell"
                )
    why = getattr(error, "strerror", None) or str(error)
    return BadInputError(
        f"{file.name} cannot be read ({why})", "wanted a UTF-8 CSV file", "save it again as CSV"
    )


def _readable(name: str, cell: str) -> bool:
    if cell in _EMPTY:
        return True
    try:
        _ = date.fromisoformat(cell) if name == "Date" else float(cell)
    except ValueError:
        return False
    return name != "Date" or len(cell) == 10  # 20200131 is ISO too, but not what the reader takes
