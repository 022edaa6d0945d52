"""A market of the caller's own frames; the only place the market room touches pandas objects."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from positioning.arrays import DateArray, FloatArray
from positioning.errors import BadInputError
from positioning.market.instruments import Instrument
from positioning.market.market import Market, require_positive
from positioning.market.venues import opens_early


def market_from_frames(
    close: pd.DataFrame,
    open_: pd.DataFrame | None,
    dividends: pd.DataFrame | None,
    venue: str | Mapping[str, str],
    currency: str | Mapping[str, str],
    rates: pd.DataFrame | None,
    base: str,
) -> Market:
    """See Market.from_frames."""
    rows = _dates(close)
    symbols = tuple(str(c) for c in close.columns)
    if len(set(symbols)) != len(symbols) or not symbols:
        raise BadInputError("repeated or no symbols", "wanted one column a symbol", "rename the columns")
    instruments = tuple(
        Instrument(
            symbol=s,
            name=s,
            venue=_of(venue, s, "venue"),
            currency=ccy,
            quoted_in=ccy,
            kind="share",
            recorded=False,
        )
        for s in symbols
        for ccy in [_of(currency, s, "currency")]
    )
    prices = _values(close, close, "close")
    opens = np.full_like(prices, np.nan) if open_ is None else _values(open_, close, "open")
    require_positive(prices, symbols, rows, "close")
    require_positive(opens, symbols, rows, "open")
    traded = np.isfinite(prices)
    return Market(
        rows=rows,
        instruments=instruments,
        open=np.where(traded, opens, np.nan),
        close=prices,
        dividends=np.zeros_like(prices)
        if dividends is None
        else np.nan_to_num(_values(dividends, close, "dividends")),
        tradable=traded,
        venue_open=traded,
        early=np.column_stack([opens_early(i.venue, rows) for i in instruments]) & traded,
        rates=np.column_stack([_rate(rates, close, i.currency, base) for i in instruments]),
        basis=tuple("traded" for _ in symbols),
        base=base,
    )


def _dates(frame: pd.DataFrame) -> DateArray:
    index = frame.index
    if not isinstance(index, pd.DatetimeIndex) or index.tz is not None:
        raise BadInputError(
            "an index that is not zone-free dates",
            "wanted a DatetimeIndex of local session dates",
            "use tz_localize(None)",
        )
    rows = index.to_numpy().astype("datetime64[D]")
    if rows.size == 0 or (np.diff(rows.astype(np.int64)) <= 0).any():
        raise BadInputError(
            "dates that are empty, repeated or out of order", "wanted ascending dates", "use sort_index()"
        )
    return rows


def _values(frame: pd.DataFrame, like: pd.DataFrame, what: str) -> FloatArray:
    if list(frame.columns) != list(like.columns) or not frame.index.equals(like.index):
        raise BadInputError(
            f"{what} has other dates or columns than close",
            "wanted the same",
            f"use {what}.reindex_like(close)",
        )
    return frame.to_numpy(dtype=np.float64, copy=True)


def _of(choice: str | Mapping[str, str], symbol: str, what: str) -> str:
    if isinstance(choice, str):
        return choice
    if symbol not in choice:
        raise BadInputError(
            f"{symbol} has no {what}", f"wanted a {what} for every column", f"add it to {what}="
        )
    return choice[symbol]


def _rate(rates: pd.DataFrame | None, like: pd.DataFrame, currency: str, base: str) -> FloatArray:
    if currency == base:
        return np.ones(len(like))
    if rates is None or currency not in rates.columns or not rates.index.equals(like.index):
        raise BadInputError(
            f"no rates of {currency}", f"wanted {base} per {currency} on the dates of close", "give rates="
        )
    values = rates[currency].to_numpy(dtype=np.float64, copy=True)
    if not (values > 0).all():
        raise BadInputError(
            f"a rate of {currency} is missing, zero or negative", "wanted positive numbers", "correct rates="
        )
    return values
