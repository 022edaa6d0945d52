"""The rates of a currency in a folder of CSV files: per dollar, per euro, or in the ECB's own table."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import final

import numpy as np

from positioning.arrays import DateArray, FloatArray
from positioning.data.csv_prices import is_per_euro, read_sheet
from positioning.data.csv_text import read_table
from positioning.errors import BadInputError
from positioning.market.bars import Notice, Rates
from positioning.market.findings import Finding, error
from positioning.market.rate_checks import rate_findings

_ECB = ("FX_ECB", "eurofxref-hist")
_SAME_RATE = np.log(1.05)  # two sources of one currency fix it at other hours of a day
_SERIES = re.compile(r"EXR\.D\.([A-Z]{3})\.EUR\.", re.IGNORECASE)  # of the ECB's data portal


@final
@dataclass(frozen=True, slots=True, eq=False)
class FoundRates:
    """rates: None where the folder has none. findings: what the files make doubtful; notices: how they were read."""

    rates: Rates | None
    findings: tuple[Finding, ...] = ()
    notices: tuple[Notice, ...] = ()


def found_rates(currency: str, folder: Path, file_of: Callable[[str], Path | None]) -> FoundRates:
    """US dollars per unit of a currency. file_of: the file of a symbol in the folder.

    Looked for: `<CCY>=X` and `USD<CCY>=X` (units per US dollar), `<CCY>USD=X` (US dollars per unit), FX_ECB (columns
    EUR<CCY>, units per euro) and the ECB's own history file, under its name or any of the former, and `EUR<CCY>=X`
    beside the euro's own rates: the one that ends last, of equals the first named. Raises BadInputError for a file
    that cannot be read so.
    """
    options, per_euro = [], []
    for symbol, power in ((f"{currency}=X", -1.0), (f"{currency}USD=X", 1.0), (f"USD{currency}=X", -1.0)):
        if (file := file_of(symbol)) is None:
            continue
        header = read_table(file).header
        if is_per_euro(header):
            per_euro.append(file)
            continue
        _refuse_series(file, header, currency)
        sheet = read_sheet(file, ("Close",), (), "rates: Date and Close at least")
        options.append(_rates(currency, sheet.dates, _above_zero(sheet.columns["Close"]) ** power, file))
    misnamed = [file.name for file in per_euro]
    per_euro += [file for name in _ECB if (file := file_of(name)) is not None]
    if not per_euro:
        per_euro += sorted(p for p in folder.glob("eurofxref*.csv") if p.is_file())
    euros: dict[str, Rates] = {}
    for file in per_euro:
        dollars, pair = _by_way_of_the_euro(currency, file)
        options.append(pair)
        if dollars is not None:
            euros[file.name] = dollars
    options.append(_cross(currency, folder, file_of))
    rates = [option for option in options if option is not None]
    best = max(rates, key=lambda r: r.dates[-1], default=None)  # of equals the first
    if best is None:
        return FoundRates(None)
    findings = _apart(best, [r for r in rates if r is not best])
    if best.origin in euros:
        findings += [
            replace(f, symbol=f"{currency}=X", seen=f"goes through the euro, which {f.seen}")
            for f in rate_findings(euros[best.origin], {})
            if f.severity == "error" and f.check == "level"
        ]
    notices = []
    if best.origin in misnamed:
        notices.append(
            Notice(
                f"{currency}=X", f"{best.origin} is the ECB's own file, of units per euro: brought to dollars"
            )
        )
    return FoundRates(best, tuple(findings), tuple(notices))


def _rates(currency: str, dates: DateArray, usd: FloatArray, file: Path) -> Rates | None:
    """Rates of the rows that have one; None where none has."""
    has_rate = np.isfinite(usd)
    return Rates(currency, dates[has_rate], usd[has_rate], file.name) if has_rate.any() else None


def _refuse_series(file: Path, header: Sequence[str], currency: str) -> None:
    """BadInputError for a series of the ECB's data portal, which is per euro, in a file that is per dollar."""
    if any(_SERIES.search(name) for name in header):
        raise BadInputError(
            f"{file.name} line 1: the ECB's series of {currency}, of units per euro",
            f"wanted {currency} per US dollar",
            f"name it EUR{currency}_X.csv with columns Date and Close, beside EURUSD_X.csv",
        )


def _by_way_of_the_euro(currency: str, file: Path) -> tuple[Rates | None, Rates | None]:
    """US dollars per euro, and per unit of the currency, of a table of units per euro."""
    column = f"EUR{currency}"
    sheet = read_sheet(file, ("EURUSD",), (column,), "rates per euro: Date, EURUSD, ...")
    columns = {"EUREUR": np.ones(sheet.dates.size), **sheet.columns}
    if column not in columns:
        return None, None
    euro = _above_zero(columns["EURUSD"])
    pair = euro / _above_zero(columns[column])
    return _rates("EUR", sheet.dates, euro, file), _rates(currency, sheet.dates, pair, file)


def _cross(currency: str, folder: Path, file_of: Callable[[str], Path | None]) -> Rates | None:
    """US dollars per unit from units per euro (`EUR<CCY>=X`) and the euro's own rates, on the days that both have."""
    file = None if currency in ("EUR", "USD") else file_of(f"EUR{currency}=X")
    if file is None:
        return None
    euro = found_rates("EUR", folder, file_of).rates
    if euro is None:
        return None
    sheet = read_sheet(file, ("Close",), (), "rates: Date and Close at least")
    days, here, there = np.intersect1d(sheet.dates, euro.dates, assume_unique=True, return_indices=True)
    return _rates(currency, days, euro.usd[there] / _above_zero(sheet.columns["Close"])[here], file)


def _above_zero(values: FloatArray) -> FloatArray:
    """NaN where a rate is zero, negative or infinite: such a row is a hole."""
    return np.where((values > 0) & np.isfinite(values), values, np.nan)


def _apart(used: Rates, others: Sequence[Rates]) -> list[Finding]:
    """Rates of one currency that its files tell otherwise."""
    findings = []
    for other in others:
        days, here, there = np.intersect1d(used.dates, other.dates, assume_unique=True, return_indices=True)
        if not days.size:
            continue
        ratio = float(np.median(np.log(other.usd[there] / used.usd[here])))
        if abs(ratio) > _SAME_RATE:
            a, b = used.usd[here][-1], other.usd[there][-1]
            text = f"is at USD {a:.6g} in {used.origin} and at {b:.6g} in {other.origin} on {days[-1]}"
            remedy = "delete the file that is wrong, or the wrong way round"
            findings.append(error(f"{used.currency}=X", "level", days, text, remedy))
    return findings
