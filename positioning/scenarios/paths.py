"""Simulated markets: real history, then rows drawn whole from the past in blocks, with an effect laid on top."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal, TypeVar, final

import numpy as np

from positioning.arrays import BoolArray, DateArray, FloatArray, IntArray
from positioning.errors import BadInputError, DataMissingError
from positioning.market.bars import Notice
from positioning.market.market import Market
from positioning.scenarios.counterfactual import (
    CommonMove,
    Moves,
    drift_corrected,
    halted,
    moves,
    stressed_moves,
)
from positioning.scenarios.shock import Effect
from positioning.strategy.features import STALE_SESSIONS

MIN_COMMON_ROWS = 500  # rows the names must have in common
BLOCK = 21.0  # rows, on average, that are drawn together
Drift = Literal["zero", "history"]
T = TypeVar("T")
_CELLS = ("open", "close", "dividends", "tradable", "venue_open", "early", "rates")


def _cells(market: Market) -> tuple[str, ...]:
    """Fields of (T, N); volume where it is known of any name."""
    return _CELLS if market.volume is None else (*_CELLS, "volume")


@final
@dataclass(frozen=True, eq=False)
class ResamplingPool:
    """R past rows of N names to draw from, and the real market that each path continues.

    past: the market's last rows, enough for every look-back; before: rows of the market before those (for events only).
    moves, dividend_yields (dividend over the close before), tradable, venue_open, early, opens (has an open): (R, N),
    by row. volume: (N,) median of a session, NaN where none is known.
    rows: (R,) their dates. drift: zero where each name's mean total return in base currency was taken out.
    """

    past: Market
    before: DateArray
    rows: DateArray
    moves: Moves
    dividend_yields: FloatArray
    tradable: BoolArray
    venue_open: BoolArray
    early: BoolArray
    opens: BoolArray
    common: CommonMove
    drift: Drift
    notices: tuple[Notice, ...]
    volume: FloatArray


def resampling_pool(
    market: Market,
    lookback: int,
    least: int = MIN_COMMON_ROWS,
    drift: Drift = "zero",
    window: tuple[np.datetime64, np.datetime64] | None = None,
) -> ResamplingPool:
    """The rows of the names' common span; with a window, those of its dates.

    Names that no longer trade are left out with a notice, and so are those that began last while the names have
    fewer than `least` rows in common (with a window: those that begin after it).
    Raises DataMissingError where nothing is left, BadInputError for a window outside the rows.
    """
    first, last = _edges(market)
    used = (0, market.rows.size - 1) if window is None else _window(market, window)
    latest = used[0] - 1 if window is not None else market.rows.size - 1 - least
    keep = (first >= 0) & (last >= market.rows.size - 1 - STALE_SESSIONS) & (first <= latest)
    if not keep.any():
        raise DataMissingError(
            f"no name of {len(market.symbols)} has {least if window is None else 'the window'} rows of prices",
            "wanted one at least", "begin earlier, or choose a later window",
        )  # fmt: skip
    notices = tuple(
        Notice(s, _why(market, int(f), int(z), least, window is not None))
        for s, k, f, z in zip(market.symbols, keep, first, last, strict=True)
        if not k
    )
    market = select(market, keep)
    begin = int(first[keep].max()) + 1 if window is None else used[0]
    return _filled(market, slice(begin, used[1] + 1), lookback, drift, notices)


def _why(market: Market, first: int, last: int, least: int, replayed: bool) -> str:
    if last < market.rows.size - 1 - STALE_SESSIONS:
        return (
            f"has not traded since {market.rows[last]}: left out of the paths"
            if last >= 0
            else "never traded: left out"
        )
    if replayed:
        return f"has prices only from {market.rows[first]}: left out of the replay"
    return (
        f"has {market.rows.size - 1 - first} rows of prices, wanted {least} in common: left out of the paths"
    )


def select(market: Market, keep: BoolArray) -> Market:
    """Some of the columns."""

    def chosen(values: tuple[T, ...]) -> tuple[T, ...]:
        return tuple(v for v, k in zip(values, keep, strict=True) if k)

    cut: dict[str, Any] = {name: getattr(market, name)[:, keep] for name in _cells(market)}
    return replace(market, instruments=chosen(market.instruments), basis=chosen(market.basis), **cut)


def _edges(market: Market) -> tuple[IntArray, IntArray]:
    """(N,) first and last row on which each name trades, -1 for none."""
    size, some = market.rows.size, market.tradable.any(axis=0)
    first = np.where(some, market.tradable.argmax(axis=0), -1)
    return first.astype(np.int64), np.where(some, size - 1 - market.tradable[::-1].argmax(axis=0), -1)


def _window(market: Market, window: tuple[np.datetime64, np.datetime64]) -> tuple[int, int]:
    rows = market.rows
    begin, end = (
        int(np.searchsorted(rows, window[0])),
        int(np.searchsorted(rows, window[1], side="right")) - 1,
    )
    if window[0] > window[1] or begin < 1 or end < begin or window[1] > rows[-1]:
        raise BadInputError(
            f"replay={window[0]}:{window[1]}",
            f"wanted first and last day, from {rows[min(1, rows.size - 1)]} to {rows[-1]}",
            "give replay=none, or days inside them",
            "replay",
        )  # fmt: skip
    return begin, end


def _filled(
    market: Market, span: slice, lookback: int, drift: Drift, notices: tuple[Notice, ...]
) -> ResamplingPool:
    own = moves(market)
    last = np.vstack([np.full_like(market.close[:1], np.nan), market.carried_close[:-1]])
    dividend_yields = np.nan_to_num(market.dividends / last)[span]
    tradable = market.tradable[span]
    pool_moves = Moves(
        own.overnight[span].copy(), own.intraday[span], own.currency[span].copy(), own.drop[span]
    )
    if drift == "zero":
        _take_out_drift(pool_moves, dividend_yields, tradable)
    history = market.rows.size - min(lookback, market.rows.size)
    past_cells: dict[str, Any] = {name: getattr(market, name)[history:] for name in _cells(market)}
    past = replace(market, rows=market.rows[history:], start=market.rows.size - 1 - history, **past_cells)
    return ResamplingPool(
        past=past, before=market.rows[:history], rows=market.rows[span], moves=pool_moves,
        dividend_yields=dividend_yields, tradable=tradable,
        venue_open=market.venue_open[span], early=market.early[span], opens=np.isfinite(market.open[span]),
        common=CommonMove.of(pool_moves), drift=drift, notices=notices, volume=_usual(market),
    )  # fmt: skip


def _usual(market: Market) -> FloatArray:
    """(N,) median volume of a session that is known."""
    usual = np.full(len(market.symbols), np.nan)
    for n in range(usual.size if market.volume is not None else 0):
        volumes = market.volume[np.isfinite(market.volume[:, n]), n]  # type: ignore[index]
        usual[n] = np.median(volumes) if volumes.size else np.nan
    return usual


def _take_out_drift(pool_moves: Moves, dividend_yields: FloatArray, tradable: BoolArray) -> None:
    """Take the mean simple return of each currency out of its rates, then lower each name's overnight moves so that its
    mean simple total return a row, in base currency, is zero."""
    pool_moves.currency[:] -= np.log(np.exp(pool_moves.currency).mean(axis=0))
    sessions = np.maximum(tradable.sum(axis=0), 1)
    for _ in range(4):  # Newton: the first step leaves the square of a daily mean, the second nothing
        total = np.exp(
            pool_moves.overnight + pool_moves.intraday + pool_moves.currency
        ) + dividend_yields * np.exp(pool_moves.currency)
        excess = (total - 1.0).sum(axis=0) / sessions
        pool_moves.overnight[:] -= np.where(tradable, excess, 0.0)


def draw(seed: int, path: int, rows: int, horizon: int, block: float = BLOCK) -> IntArray:
    """(horizon,) row numbers of one path of the stationary bootstrap: blocks of geometric length, `block` on average,
    from random rows, round the end to the start. Each path has its own stream.

    Politis and Romano (1994), https://doi.org/10.1080/01621459.1994.10476870.
    """
    rng = np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, path])))
    starts, again = rng.integers(rows, size=horizon), rng.random(horizon) < 1.0 / block
    step = np.arange(horizon)
    since = np.maximum.accumulate(np.where(again, step, 0))
    return np.asarray((starts[since] + step - since) % rows, np.int64)


def continued(source: ResamplingPool, draw_rows: IntArray | None, hit: Effect) -> Market:
    """The real past, then one row for each row number drawn, on the weekdays that follow it, under an effect over them;
    None draws calm rows: every venue open, no move of its own."""
    past, horizon = source.past, hit.correlation.size
    names = len(past.instruments)
    if draw_rows is None:
        still = np.zeros((horizon, names))
        new, dividend_yields = Moves(still, still, still, still), still
        tradable = venue_open = opens = np.ones((horizon, names), bool)
        early = np.zeros((horizon, names), bool)
    else:
        m = source.moves
        new = Moves(m.overnight[draw_rows], m.intraday[draw_rows], m.currency[draw_rows], m.drop[draw_rows])
        tradable, venue_open, early, opens = (
            v[draw_rows] for v in (source.tradable, source.venue_open, source.early, source.opens)
        )
        dividend_yields = source.dividend_yields[draw_rows]
    if changes_moves(hit):
        new = stressed_moves(new, hit, source.common)
        if draw_rows is not None:
            new = drift_corrected(new, hit, source.common)
    if hit.halts or hit.endings:
        tradable = tradable & ~halted(venue_open, hit)
    moved = np.cumsum(new.overnight + new.intraday, axis=0)
    log_close = np.log(past.carried_close[-1]) + moved + hit.level
    close = np.exp(log_close)
    opened = np.exp(log_close - new.intraday)
    before = np.vstack([past.carried_close[-1:], close[:-1]])
    rates = past.carried_rates[-1] * np.exp(np.cumsum(new.currency, axis=0) + hit.currency)
    ahead = {
        "open": np.where(tradable & opens, opened, np.nan), "close": np.where(tradable, close, np.nan),
        "dividends": dividend_yields * before, "tradable": tradable, "venue_open": venue_open, "early": early,
        "rates": rates,
    }  # fmt: skip
    if past.volume is not None:  # the median of the past, in shares: what trades in a crisis is not foretold
        ahead["volume"] = np.where(tradable, source.volume, np.nan)
    cells: dict[str, Any] = {
        name: np.concatenate([getattr(past, name), ahead[name]]) for name in _cells(past)
    }
    return replace(past, rows=np.concatenate([past.rows, following(past.rows[-1], horizon)]), **cells)


def changes_moves(hit: Effect) -> bool:
    """Whether moves are drawn together or multiplied, rather than only added to."""
    calm = (hit.volatility == 1).all() and (hit.currency_volatility == 1).all()
    return bool(hit.correlation.any()) or not calm


def following(day: np.datetime64, count: int) -> DateArray:
    """(count,) the weekdays after a date."""
    return np.busday_offset(day, np.arange(1, count + 1), roll="backward").astype("datetime64[D]")
