"""The shapes in which a caller's frames come, taken apart: one price or several, by symbol in either order."""

from __future__ import annotations

import numpy as np
import pandas as pd

from positioning.arrays import FloatArray
from positioning.errors import BadInputError
from positioning.market.frame_values import numbers_of, require_frame

_PRICES = ("open", "high", "low", "close", "adjclose", "volume", "dividends", "stocksplits", "capitalgains")


def frames_by_price(
    close: pd.DataFrame,
    open_: pd.DataFrame | None,
    dividends: pd.DataFrame | None,
    volume: pd.DataFrame | None,
) -> tuple[pd.DataFrame, pd.DataFrame | None, pd.DataFrame | None, pd.DataFrame | None]:
    """One frame a price, one column a symbol, of a frame that holds several prices of several symbols."""
    if close.columns.nlevels == 1:
        _refuse_prices_of_one(close)
        return close, open_, dividends, volume
    close, folded = _prices_first(close)
    names = set(folded)
    if "adjclose" in names and "dividends" not in names and dividends is None:
        raise BadInputError(
            "a frame with Adj Close and without Dividends",
            "wanted closes and dividends",
            "download it with actions=True, or give close= and dividends= by themselves",
        )

    def part(name: str) -> pd.DataFrame | None:
        return None if name not in names else pd.DataFrame(close.xs(name, axis=1, level=0))

    closes, ratios = part("close"), part("stocksplits")
    assert closes is not None  # noqa: S101 (its level was found by it)
    if ratios is not None:
        _require_split(numbers_of(closes, "close"), numbers_of(ratios, "Stock Splits"), closes)
    return (
        closes,
        part("open") if open_ is None else open_,
        part("dividends") if dividends is None else dividends,
        part("volume") if volume is None else volume,
    )


def one_a_symbol(prices: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """A frame a symbol, its columns the prices. prices: closes, or columns of (price, symbol) in either order.

    Raises BadInputError for another frame."""
    require_frame(prices, "prices", needed=True)
    if prices.columns.nlevels == 1:
        _refuse_prices_of_one(prices)
        return {s: prices.iloc[:, [n]].set_axis(["Close"], axis=1) for n, s in enumerate(symbols_of(prices))}
    prices, _ = _prices_first(prices)
    symbols = dict.fromkeys(prices.columns.get_level_values(1))
    return {str(s): pd.DataFrame(prices.xs(s, axis=1, level=1)) for s in symbols}


def _prices_first(frame: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """A frame of several prices of several symbols with columns (price, symbol), and the folded name of each price."""
    levels = range(frame.columns.nlevels)
    folded = [[_folded(name) for name in frame.columns.get_level_values(n)] for n in levels]
    level = [n for n in levels if "close" in folded[n]]
    if len(folded) != 2 or len(level) != 1:
        raise BadInputError(
            f"columns of {len(folded)} levels without a Close",
            "wanted one column a symbol, or the frame of yfinance.download",
            'give close=frame["Close"]',
        )
    prices, symbols = folded[level[0]], frame.columns.get_level_values(1 - level[0])
    return frame.set_axis(pd.MultiIndex.from_arrays([prices, symbols]), axis=1), prices


def _require_split(prices: FloatArray, ratios: FloatArray, close: pd.DataFrame) -> None:
    """BadInputError where a split that the frame itself names is still in its closes: they are taken as they stand."""
    with np.errstate(divide="ignore", invalid="ignore"):
        moves, size = np.diff(np.log(prices), axis=0), np.log(ratios[1:])
    left = np.isfinite(size) & (np.abs(size) > 0.1) & (np.abs(moves + size) < np.abs(moves))
    for row, n in zip(*np.nonzero(left), strict=True):
        raise BadInputError(
            f"{close.columns[n]}: a split of {ratios[row + 1, n]:g} is left in its closes on "
            f"{close.index[row + 1]:%Y-%m-%d}",
            "wanted closes in today's shares",
            "divide the prices before it",
        )


def _folded(name: object) -> str:
    """The name of a price without case and blanks."""
    return "".join(c for c in str(name).casefold() if c.isalnum())


def _refuse_prices_of_one(close: pd.DataFrame) -> None:
    """BadInputError for columns that are prices of one symbol; LOW and OPEN, in capitals and without CLOSE, are not."""
    names = [str(c) for c in close.columns]
    capitals = all(n.isupper() for n in names) and "CLOSE" not in names
    price_columns = [n for n in names if _folded(n) in _PRICES]
    if price_columns and not capitals:
        raise BadInputError(
            f"columns {', '.join(names)}: prices of one symbol",
            "wanted one column a symbol",
            'give close=frame[["Close"]].set_axis(["SYMBOL"], axis=1), and open=, dividends= and volume= likewise',
        )


def symbols_of(close: pd.DataFrame) -> tuple[str, ...]:
    symbols = tuple("" if pd.isna(c) else str(c) for c in close.columns)
    if len(set(symbols)) != len(symbols) or not symbols:
        raise BadInputError("repeated or no symbols", "wanted one column a symbol", "rename the columns")
    for s in symbols:
        if not s.strip() or not s.isprintable():
            raise BadInputError(f"a column named {s!r}", "wanted a symbol", "rename the column")
    return symbols
