"""A folder of CSV files as a source: one file a symbol, a currency or a published series."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import final

import numpy as np

from positioning.arrays import DateArray, FloatArray
from positioning.data.csv_prices import CsvTable, read_sheet
from positioning.errors import BadInputError, DataMissingError
from positioning.market.bars import Bars, Basis, Notice, Rates
from positioning.market.instruments import PENCE, Instrument, instrument
from positioning.market.source import Delivery, Driver, Source

_OPTIONAL = ("Open", "High", "Low", "Adj Close", "Volume", "Dividends")
_ECB = "FX_ECB"
_UNIT_SWITCH = 50.0  # no share has moved so far in a day; a switch between pence and pounds has
_FALSE_RATE = 1.5  # no currency of the record has moved so far in a day
_LARGE_DIVIDEND = 0.25  # of the price before it
_PUBLISHED = np.timedelta64(4, "D")


@final
@dataclass(frozen=True)
class FolderSource(Source):
    """The CSV files at the top level of `directory`; only those of the symbols asked for are read.

    File name: the symbol with `=` written `_` (or the symbol itself), and `.csv`. Columns are yfinance's:
    Date and Close, and where there are any Open, High, Low, Adj Close, Volume, Dividends. Prices must be
    split-adjusted already: Stock Splits is not read. ISO dates, ascending. Empty cells are NaN.

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
        EUR<CCY>, units per euro): the one that ends last, of equals the first named. `Rates.origin` names it.
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
        """A monthly series: the file NAME (Date, Price), or `FILE.Column` of a file with named columns.

        A value stamped on the first day of a month is that month's average. It counts as known on the fifth
        of the next month: the World Bank publishes on its second business day. Empty cells are skipped.
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
        seen = np.isfinite(sheet.columns[column])
        following = (months + np.timedelta64(1, "M")).astype("datetime64[D]")
        known = np.add(following, _PUBLISHED)  # numpy's stubs take the + of these two for a timedelta
        return Driver(name, sheet.dates[seen], known[seen], sheet.columns[column][seen])

    def _file(self, symbol: str) -> Path | None:
        """The symbol's file, None where there is none; never one outside the folder."""
        if not re.fullmatch(r"[A-Za-z0-9^_][A-Za-z0-9^_=&.-]*", symbol):
            raise BadInputError(
                f"symbol {symbol!r}",
                "wanted a Yahoo symbol, such as 0144.HK, since it names a file",
                "correct it",
            )
        names = dict.fromkeys((symbol.replace("=", "_"), symbol))
        return next((p for n in names if (p := self.directory / f"{n}.csv").is_file()), None)

    def _rates(self, currency: str) -> Rates | None:
        options: list[tuple[str, DateArray, FloatArray]] = []
        for symbol, power in ((f"{currency}=X", -1.0), (f"{currency}USD=X", 1.0)):
            if (file := self._file(symbol)) is not None:
                sheet = read_sheet(file, ("Close",), (), "rates: Date and Close at least")
                options.append((file.name, sheet.dates, sheet.columns["Close"] ** power))
        if (file := self._file(_ECB)) is not None:
            sheet = read_sheet(file, ("EURUSD",), (f"EUR{currency}",), "rates per euro: Date, EURUSD, ...")
            columns = {"EUREUR": np.ones(sheet.dates.size), **sheet.columns}
            if f"EUR{currency}" in columns:
                options.append((file.name, sheet.dates, columns["EURUSD"] / columns[f"EUR{currency}"]))
        rates = [
            Rates(currency, dates[known], usd[known], name)
            for name, dates, usd in options
            if (known := np.isfinite(usd)).any()
        ]
        return max(rates, key=lambda r: r.dates[-1], default=None)  # of equals the first


def _bars(i: Instrument, file: Path) -> Bars:
    what = "an instrument's prices: Date and Close at least (a series without Close is no instrument)"
    sheet = read_sheet(file, ("Close",), _OPTIONAL, what)
    blank, close = np.full(sheet.dates.size, np.nan), sheet.columns["Close"]
    if not np.isfinite(close).any():
        raise BadInputError(
            f"{file.name}: no close at all", "wanted at least one row with a Close", "fill it in"
        )
    paid, basis, texts = _dividends(i, sheet)
    texts += [f"{m}: a unit switch?" for m in _moves("closes at", sheet.dates, close, _UNIT_SWITCH)]
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


def _dividends(i: Instrument, sheet: CsvTable) -> tuple[FloatArray, Basis, list[str]]:
    """(R,) dividends in the file's own unit, what the closes are, and what a reader must know of both."""
    close, adjusted = sheet.columns["Close"], sheet.columns.get("Adj Close")
    none = np.zeros(close.size)
    if i.kind == "index":
        return none, "traded", ["is a price index: dividends are not included"]
    if adjusted is None and _off_grid(close):
        # yfinance's own default too: adjusted closes beside a Dividends column, which would count twice
        text = "has adjusted closes only (off any price grid): dividends are inside its price"
        return none, "total_return", [text]
    if "Dividends" in sheet.columns:
        return _plausible(np.nan_to_num(sheet.columns["Dividends"]), sheet)
    if adjusted is not None:
        return _plausible(recovered_dividends(close, adjusted), sheet)
    text = "has neither Dividends nor Adj Close: its return lacks its dividends"
    return none, "traded", [f"{text}, unless its closes were adjusted and then rounded"]


def _plausible(paid: FloatArray, sheet: CsvTable) -> tuple[FloatArray, Basis, list[str]]:
    texts = []
    if (negative := paid < 0).any():
        first = sheet.dates[negative][0]
        texts.append(
            f"has an Adj Close implying {negative.sum()} negative dividends (first {first}): not used"
        )
    before = _previous(sheet.columns["Close"])
    if (large := paid > _LARGE_DIVIDEND * before).any():
        share = (paid[large] / before[large])[0]
        texts.append(f"pays {share:.0%} of its price on {sheet.dates[large][0]}: a split, or another unit?")
    return np.maximum(paid, 0.0), "traded", texts


def recovered_dividends(close: FloatArray, adjusted: FloatArray) -> FloatArray:
    """(R,) cash per share on the ex-date, in the unit of close, from a split- and dividend-adjusted close.

    d_t = close_{t-1} (1 - f_{t-1} / f_t) with f = adjusted / close. Relative changes of f below 1e-5 (more in
    prices far below one, of which six decimals say little) are rounding: in 13 real files, 21,500 rows, that
    noise reached 1.0e-6, the smallest dividend was 3.1e-4, and declared ones were met within 5e-4 dollars.
    A falling f gives a negative number, which is no dividend: the caller decides.
    """
    ratio, lowest = adjusted / close, np.fmin(adjusted, _previous(adjusted))
    fall = 1.0 - _previous(ratio) / ratio
    rounding = 1e-5 + 2e-6 / lowest  # half a unit of the sixth decimal in each of four prices
    return np.where(np.abs(fall) > rounding, _previous(close) * fall, 0.0)


def _off_grid(close: FloatArray) -> bool:
    """Whether over 1 % of the closes are no multiple of 0.001 (of a unit in their sixth digit, above 1,000).

    Traded closes are, within the rounding of float32 and of six decimals: in 17 real files at most 0.2 % were
    not, in 14 adjusted ones at least 4 %. Closes restated for a spin-off look adjusted; closes adjusted and
    then rounded to cents (DBA, FXI, MOO of one vendor) look traded.
    """
    prices = close[np.isfinite(close)]
    tick = np.maximum(1e-3, 10.0 ** (np.floor(np.log10(prices)) - 5))
    miss = np.abs(prices - np.round(prices / tick) * tick)
    return bool((miss > 1e-6 + prices * 2.0**-23).mean() > 0.01)


def _moves(verb: str, dates: DateArray, values: FloatArray, factor: float) -> list[str]:
    """The first move beyond a factor from one known value to the next, and how many more; [] where none."""
    known = np.isfinite(values)
    days, level = dates[known], values[known]
    size = np.exp(np.abs(np.diff(np.log(level))))
    at = np.nonzero(size > factor)[0]
    if not at.size:
        return []
    old, new = at[0], at[0] + 1
    more = f" (and {at.size - 1} more such moves)" if at.size > 1 else ""
    levels = f"{level[old]:.4g} on {days[old]} and {level[new]:.4g} on {days[new]}"
    return [f"{verb} {levels}, a factor of {size[old]:.3g}{more}"]


def _previous(values: FloatArray) -> FloatArray:
    """(R,) the last known value above each row, NaN where there is none."""
    seen = np.maximum.accumulate(np.where(np.isfinite(values), np.arange(values.size), -1))
    last = np.concatenate([[-1], seen[:-1]])
    return np.where(last >= 0, values[last], np.nan)
