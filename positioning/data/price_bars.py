"""Bars of one instrument from the columns that somebody has of it, whatever they came in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from positioning.arrays import DateArray, FloatArray
from positioning.data.price_basis import price_basis
from positioning.data.price_columns import Stated
from positioning.market.bars import Bars, Notice
from positioning.market.findings import Finding
from positioning.market.instruments import PENCE, Instrument
from positioning.market.quality import repair

OPTIONAL = ("Open", "High", "Low", "Adj Close", "Volume", "Dividends", "Stock Splits", "Capital Gains")


def price_bars(
    i: Instrument,
    dates: DateArray,
    columns: Mapping[str, FloatArray],
    stated: Stated,
    reading: Sequence[str] = (),
) -> tuple[Bars, tuple[Finding, ...]]:
    """The bars of Close and those of OPTIONAL that there are, each (R,) in the unit the instrument is quoted in, and what
    is doubtful about them.

    What the closes are follows from the columns (see `price_basis`), or is stated. reading: how the file had to be read,
    in words. Raises BadInputError where the columns cannot be what they say.
    """
    basis = price_basis(
        i.symbol, dates, columns, stated, index=i.kind == "index", hundredths=i.quoted_in in PENCE
    )
    blank = np.full(dates.size, np.nan)
    factor = PENCE.get(i.quoted_in, (i.currency, 1.0))[1]
    raw = {
        name.casefold(): columns.get(name, blank) * basis.scale * factor
        for name in ("Open", "High", "Low", "Close")
    }
    notes = [*basis.notes]
    for name in ("open", "high", "low"):
        if (none := raw[name] == 0).any():  # how several vendors write that they have none
            notes.append(f"writes {none.sum()} {name} prices as 0 (to {dates[none][-1]}): read as missing")
            raw[name] = np.where(none, np.nan, raw[name])
    volume = columns.get("Volume", blank) / basis.scale
    raw |= {"volume": np.where(volume >= 0, volume, np.nan), "dividends": basis.dividends * factor}
    days, values, mended = repair(i.symbol, dates, raw)
    notices = tuple(Notice(i.symbol, text) for text in (*notes, *reading))
    bars = Bars(symbol=i.symbol, dates=days, basis=basis.basis, notices=notices, **values)
    return bars, (*basis.findings, *mended)
