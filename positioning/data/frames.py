"""The caller's own frames as a source, so that whatever takes prices from files takes them from a notebook."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, final

import numpy as np

from positioning.arrays import DateArray, FloatArray
from positioning.data.price_bars import OPTIONAL, price_bars
from positioning.data.price_columns import Stated
from positioning.errors import BadInputError
from positioning.market.bars import Bars, Rates
from positioning.market.findings import Finding
from positioning.market.instruments import RECORDED, Instruments
from positioning.market.source import Delivery, Source

if TYPE_CHECKING:
    import pandas as pd

_NAMES = {"".join(c for c in name.casefold() if c.isalpha()): name for name in ("Close", *OPTIONAL)}


@final
@dataclass(frozen=True, eq=False)
class FramesSource(Source):
    """Daily prices in memory, checked and weighed as files are.

    prices: a frame of closes, one column a symbol; or the frame of `yfinance.download`, whose columns are (price,
    symbol) in either order; or a frame a symbol, with Close and any of Open, High, Low, Adj Close, Volume, Dividends,
    Stock Splits and Capital Gains. Rows are local session dates. What a symbol is (venue, currency, pence) follows from
    the record, a thesis' instruments or its suffix, as it does for a file.
    rates: US dollars per unit, one column a currency (EUR), one row a date; needed for all that is not in dollars.
    basis: what the closes of a symbol are, where its columns cannot tell: traded, split or total_return.

    Raises BadInputError, here and in every method, for what is no frame of prices.

        source = FramesSource(closes, rates=closes_of_eurusd.to_frame("EUR"))
        report = backtest(strategy, RunSettings(source, thesis))
    """

    prices: pd.DataFrame | Mapping[str, pd.DataFrame]
    rates: pd.DataFrame | None = None
    basis: Mapping[str, Stated] = field(default_factory=lambda: MappingProxyType({}))
    instruments: Instruments = RECORDED
    _frames: Mapping[str, pd.DataFrame] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_frames", _by_symbol(self.prices))

    @property
    def label(self) -> str:
        """What a page calls it."""
        return "frames"

    def deliver(self, symbols: Sequence[str], currencies: Sequence[str]) -> Delivery:
        """Bars of the symbols and rates of the currencies that the frames have."""
        here = [s for s in dict.fromkeys(symbols) if s in self._frames]
        rates = {c: _rates(self.rates, c) for c in dict.fromkeys(currencies)}
        return Delivery(
            {s: self._bars(s)[0] for s in here}, {c: r for c, r in rates.items() if r is not None}
        )

    def findings(self, symbols: Sequence[str]) -> tuple[Finding, ...]:
        """Columns that contradict each other, prices at or below zero."""
        here = [s for s in dict.fromkeys(symbols) if s in self._frames]
        return tuple(finding for s in here for finding in self._bars(s)[1])

    def _bars(self, symbol: str) -> tuple[Bars, tuple[Finding, ...]]:
        dates, columns = _columns(symbol, self._frames[symbol])
        return price_bars(self.instruments.of(symbol), dates, columns, self.basis.get(symbol, ""))


def _by_symbol(prices: pd.DataFrame | Mapping[str, pd.DataFrame]) -> Mapping[str, pd.DataFrame]:
    """A frame a symbol, with columns under the names of _NAMES."""
    import pandas as pd

    from positioning.market.frame_shapes import one_a_symbol

    by_symbol = prices if isinstance(prices, Mapping) else one_a_symbol(prices)
    frames: dict[str, pd.DataFrame] = {}
    for symbol, frame in by_symbol.items():
        if not isinstance(frame, pd.DataFrame):
            raise BadInputError(
                f"{symbol} is a {type(frame).__name__}",
                "wanted a DataFrame with a column Close",
                "use to_frame('Close')",
            )
        names = {c: _NAMES.get("".join(x for x in str(c).casefold() if x.isalpha())) for c in frame.columns}
        price_columns = {c: name for c, name in names.items() if name}
        if "Close" not in price_columns.values() or len(set(price_columns.values())) < len(price_columns):
            raise BadInputError(
                f"{symbol}: columns {', '.join(map(str, frame.columns))[:80]}",
                "wanted Close once, and each other price once at most",
                "rename or drop columns",
            )
        frames[str(symbol)] = frame[list(price_columns)].rename(columns=price_columns)
    return MappingProxyType(frames)


def _columns(symbol: str, frame: pd.DataFrame) -> tuple[DateArray, dict[str, FloatArray]]:
    """(R,) dates and columns of the rows that hold a price or a payment."""
    from positioning.market.frame_values import dates_of, numbers_of

    dates, values = dates_of(frame, symbol), numbers_of(frame, symbol)
    payments = [
        n for n, name in enumerate(frame.columns) if name in ("Dividends", "Stock Splits", "Capital Gains")
    ]
    has_value = np.isfinite(values)
    has_value[:, payments] &= values[:, payments] != 0
    used = has_value.any(axis=1)
    if not used.any():
        raise BadInputError(f"{symbol} has no close at all", "wanted one at least", "drop it")
    return dates[used], {str(name): values[used, n] for n, name in enumerate(frame.columns)}


def _rates(frame: pd.DataFrame | None, currency: str) -> Rates | None:
    """US dollars per unit on the dates that have one; None where there are none."""
    from positioning.market.frame_values import dates_of, numbers_of

    if frame is None or currency not in frame.columns:
        return None
    dates, usd = dates_of(frame, "rates"), numbers_of(frame[[currency]], "rates")[:, 0]
    has_rate = np.isfinite(usd)
    return Rates(currency, dates[has_rate], usd[has_rate], f"rates of {currency}") if has_rate.any() else None
