"""What a file's prices are: its columns weighed against each other, on ex-dates and between them.

Closes are traded prices brought to today's shares, or traded prices with splits still in them, or they hold their
dividends. `Adj Close`, `Dividends`, `Stock Splits` and `Capital Gains` each say something of this; where two of
them contradict, by more than MATERIAL of the account in sum, an error names the dates.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import final, get_args

import numpy as np

from positioning.arrays import DateArray, FloatArray
from positioning.data.price_columns import PriceColumns, Stated
from positioning.data.price_dividends import payments, weigh_dividends
from positioning.data.price_splits import without_splits
from positioning.errors import BadInputError, did_you_mean
from positioning.market.bars import Basis
from positioning.market.findings import Finding


@final
@dataclass(frozen=True, slots=True, eq=False)
class PriceBasis:
    """basis: of the prices once multiplied by `scale` (R,), which brings them to today's shares (volumes are divided
    by it). dividends: (R,) cash a share on the ex-date, in the unit of the scaled close. notes: what a reader must know.
    """

    basis: Basis
    scale: FloatArray
    dividends: FloatArray
    notes: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()


def checked_basis(word: str) -> tuple[str, Stated]:
    """(symbol, basis) of `SYMBOL=traded`. Raises BadInputError for anything else."""
    symbol, equals, name = word.partition("=")
    if not equals or not symbol:
        raise BadInputError(
            f"basis={word}", "wanted SYMBOL=traded, =split or =total_return", "give basis=MOS=split", "basis"
        )
    for option in get_args(Stated):
        if name == option and option:
            return symbol, option
    options = [option for option in get_args(Stated) if option]
    raise BadInputError(
        f"basis={word}", f"wanted one of {', '.join(options)}", did_you_mean(name, options), "basis"
    )


def price_basis(
    symbol: str,
    dates: DateArray,
    columns: Mapping[str, FloatArray],
    stated: Stated = "",
    index: bool = False,
    hundredths: bool = False,
) -> PriceBasis:
    """The basis of a file. columns: (R,) under yfinance's names, Close among them, NaN where empty.

    stated: what the user says of Close, which stands above the columns: `traded` (splits still in it), `split`
    (brought to today's shares), `total_return` (with its dividends inside). index: a price index pays nothing.
    hundredths: prices are in pence or the like, in which dividends may be missing the factor.
    """
    none, ones = np.zeros(dates.size), np.ones(dates.size)
    if index:
        return PriceBasis("traded", ones, none, ("is a price index: dividends are not included",))
    read = PriceColumns.of(symbol, dates, columns, stated)
    if read.priced_rows.size == 0:
        return PriceBasis("traded", ones, none)
    if stated == "total_return":
        return PriceBasis("total_return", ones, none, ("holds its dividends inside its price, as stated",))
    column = payments(read, "Dividends")
    split = without_splits(read)
    weighed = weigh_dividends(split.columns, split.scale, column, hundredths)
    findings = (*(column.findings if column else ()), *split.findings, *weighed.findings)
    return PriceBasis(weighed.basis, split.scale, weighed.amounts, (*split.notes, *weighed.notes), findings)
