"""A market of the caller's own frames; the only place the market room touches pandas objects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from positioning.arrays import BoolArray, DateArray, FloatArray
from positioning.errors import BadInputError
from positioning.market.calendar_checks import FEWEST, shifted
from positioning.market.instruments import Instrument
from positioning.market.venues import has_calendar, opens_early, sessions


def fields_from_frames(
    close: pd.DataFrame,
    open_: pd.DataFrame | None,
    dividends: pd.DataFrame | None,
    venue: str | Mapping[str, str],
    currency: str | Mapping[str, str],
    rates: pd.DataFrame | None,
    base: str,
    volume: pd.DataFrame | None = None,
) -> dict[str, Any]:
    """The fields of a market of your own prices; see Market.from_frames.

    close: (T, N), or the whole frame of `yfinance.download`, whose columns are (price, symbol) in either order:
    its Close, Open, Dividends and Volume are taken, the latter three unless they are given.
    """
    close, open_, dividends, volume = _taken_apart(close, open_, dividends, volume)
    rows = _dates(close, "close")
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
    _require_positive(prices, symbols, rows, "close")
    _require_positive(opens, symbols, rows, "open")
    paid = np.zeros_like(prices) if dividends is None else np.nan_to_num(_amounts(dividends, close), nan=0.0)
    traded = np.isfinite(prices)
    _require_sessions(rows, traded, instruments)
    return {
        "rows": rows,
        "instruments": instruments,
        "open": np.where(traded, opens, np.nan),
        "close": prices,
        "dividends": paid,
        "tradable": traded,
        "venue_open": traded,
        "early": np.column_stack([opens_early(i.venue, rows) for i in instruments]) & traded,
        "rates": np.column_stack([_rate(rates, close, i.currency, base) for i in instruments]),
        "basis": tuple("traded" for _ in symbols),
        "base": base,
        "volume": None if volume is None else _volumes(volume, close, traded),
    }


def _volumes(frame: pd.DataFrame, like: pd.DataFrame, traded: BoolArray) -> FloatArray:
    values = _values(frame, like, "volume")
    if (values < 0).any() or np.isinf(values).any():
        raise BadInputError("a volume below zero or infinite", "wanted shares traded", "correct the volumes")
    return np.where(traded, values, np.nan)


def _taken_apart(
    close: pd.DataFrame,
    open_: pd.DataFrame | None,
    dividends: pd.DataFrame | None,
    volume: pd.DataFrame | None,
) -> tuple[pd.DataFrame, pd.DataFrame | None, pd.DataFrame | None, pd.DataFrame | None]:
    """One frame a price, one column a symbol, of a frame that holds several prices of several symbols."""
    if close.columns.nlevels == 1:
        return close, open_, dividends, volume
    level = [n for n in range(close.columns.nlevels) if "Close" in close.columns.get_level_values(n)]
    if close.columns.nlevels != 2 or len(level) != 1:
        raise BadInputError(
            f"columns of {close.columns.nlevels} levels without a Close",
            "wanted one column a symbol, or the frame of yfinance.download",
            'give close=frame["Close"]',
        )
    names = set(close.columns.get_level_values(level[0]))
    if "Adj Close" in names and "Dividends" not in names and dividends is None:
        raise BadInputError(
            "a frame with Adj Close and without Dividends",
            "wanted closes and dividends",
            "download it with actions=True, or give close= and dividends= by themselves",
        )

    def part(name: str) -> pd.DataFrame | None:
        return None if name not in names else pd.DataFrame(close.xs(name, axis=1, level=level[0]))

    closes = part("Close")
    assert closes is not None  # noqa: S101 (its level was found by it)
    return (
        closes,
        part("Open") if open_ is None else open_,
        part("Dividends") if dividends is None else dividends,
        part("Volume") if volume is None else volume,
    )


def _dates(frame: pd.DataFrame, what: str) -> DateArray:
    index = frame.index
    if not isinstance(index, pd.DatetimeIndex):
        raise BadInputError(
            f"{what}: an index that is not dates",
            "wanted a DatetimeIndex of local session dates",
            "use frame.index = pandas.to_datetime(frame.index)",
        )
    if index.tz is not None:
        raise BadInputError(
            f"{what}: stamps in the zone {index.tz}",
            "wanted local session dates without a zone",
            "use tz_convert to the exchange's zone, then tz_localize(None).normalize()",
        )
    if index.hasnans:
        raise BadInputError(f"{what}: a row without a date", "wanted a date on every row", "drop that row")
    if (odd := index[index != index.normalize()]).size:
        raise BadInputError(
            f"{what}: a time of day, {odd[0]} (of {odd.size})",
            "wanted local session dates: stamps in UTC are a day early in Asia",
            "localize them (tz_localize('UTC')), tz_convert to the exchange's zone, then tz_localize(None).normalize()",
        )
    rows = index.to_numpy().astype("datetime64[D]")
    if rows.size == 0 or (np.diff(rows.astype(np.int64)) <= 0).any():
        raise BadInputError(
            f"{what}: dates that are empty, repeated or out of order",
            "wanted ascending dates",
            "use sort_index()",
        )
    return rows


def _require_sessions(rows: DateArray, traded: BoolArray, instruments: Sequence[Instrument]) -> None:
    """BadInputError where all dates are a day off the sessions of their venue."""
    for n, i in enumerate(instruments):
        days = rows[traded[:, n]]
        if not has_calendar(i.venue) or days.size < FEWEST:
            continue
        day = np.timedelta64(1, "D")
        if words := shifted(days, sessions(i.venue, days[0] - day, days[-1] + day)):
            raise BadInputError(
                f"{i.symbol}: every date is a day {words} for {i.venue}",
                "wanted the dates of its sessions",
                "tz_convert the stamps to the exchange's zone, then tz_localize(None).normalize()",
            )


def _amounts(dividends: pd.DataFrame, close: pd.DataFrame) -> FloatArray:
    paid = _values(dividends, close, "dividends")
    if (bad := (paid < 0) | np.isinf(paid)).any():
        row, column = (int(n[0]) for n in np.nonzero(bad))
        raise BadInputError(
            f"{close.columns[column]}: dividends {paid[row, column]:g} on {close.index[row]:%Y-%m-%d}",
            "wanted finite amounts of at least zero",
            "correct or empty that cell",
        )
    return paid


def _values(frame: pd.DataFrame, like: pd.DataFrame, what: str) -> FloatArray:
    _dates(frame, what)
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
    if not ((values > 0) & np.isfinite(values)).all():
        raise BadInputError(
            f"a rate of {currency} is missing, zero, negative or infinite",
            "wanted positive numbers",
            "correct rates=",
        )
    return values


def _require_positive(values: FloatArray, symbols: Sequence[str], rows: DateArray, what: str) -> None:
    """BadInputError naming the first price at or below zero, or infinite."""
    bad = (values <= 0) | np.isinf(values)
    if bad.any():
        row, column = (int(i[0]) for i in np.nonzero(bad))
        raise BadInputError(
            f"{symbols[column]}: {what} {values[row, column]:g} on {rows[row]}",
            "wanted finite prices above zero",
            "correct or remove that value",
        )
