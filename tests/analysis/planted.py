"""Strategies that know tomorrow, each in its own way, and honest ones that look alike."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from positioning.arrays import BoolArray
from positioning.events.event import Events
from positioning.events.restriction import Restriction
from positioning.market.market import Market
from positioning.strategy.strategy import Strategy
from positioning.strategy.targets import Targets

Weights = Callable[[Market, Events], Any]


@dataclass(frozen=True)
class Planted(Strategy):
    """Decides each week what `rule` says: (T, N) scores, made weights of at most 1 gross."""

    name: ClassVar[str] = "planted"
    benchmark: ClassVar[str] = "SPY"
    caveat: ClassVar[str] = "Only a test."
    rule: Weights = lambda market, events: np.ones(market.close.shape)

    @property
    def themes(self) -> tuple[str, ...]:
        return ()

    @property
    def names(self) -> tuple[str, ...]:
        return ()

    @property
    def hedges(self) -> tuple[str, ...]:
        return ()

    @property
    def history(self) -> int:
        return 1

    def screened(self, market: Market, events: Events) -> BoolArray:
        return np.zeros(market.close.shape, dtype=np.bool_)

    def target_weights(self, market: Market, events: Events) -> Targets:
        scores = np.nan_to_num(np.asarray(self.rule(market, events), dtype=np.float64))
        decided = np.arange(60, market.rows.size, 5)
        rows = scores[decided]
        gross = np.abs(rows).sum(axis=1, keepdims=True)
        weights = np.divide(rows, gross, out=np.zeros_like(rows), where=gross > 0)
        return Targets(market.rows, market.symbols, decided, weights, self.band)


def closes(market: Market) -> pd.DataFrame:
    return pd.DataFrame(market.close)


def last_listed(events: Events, symbol: str) -> bool:
    return any(r.symbol == symbol for r in events.restrictions)


def screened_by_today(market: Market, events: Events) -> Any:
    return np.array([[0.0 if last_listed(events, s) else 1.0 for s in market.symbols]]).repeat(
        market.rows.size, axis=0
    )


def future_news(market: Market, events: Events) -> Any:
    """Buys ten days before an event is known."""
    news = np.zeros(market.rows.size)
    for row in np.searchsorted(market.rows, events.known):
        news[max(row - 10, 0) : row] = 1.0
    return 1.0 + news[:, None] * np.arange(len(market.symbols))


def revised_index(market: Market, events: Events) -> Any:
    """Reads a series at the date it stands for, not at the date it was published."""
    series = next(iter(market.drivers.values()))
    place = np.searchsorted(series.dates, market.rows, side="right") - 1
    level = np.where(place >= 0, series.values[np.maximum(place, 0)], 0.0)
    return 1.0 + (level[:, None] > np.median(level)) * np.arange(len(market.symbols))


def lifting_foreseen(market: Market, events: Events) -> Any:
    """Buys what will be freed within thirty rows."""
    scores = np.ones(market.close.shape)
    for r in events.restrictions:
        if r.kind == "lifted":
            row = int(np.searchsorted(market.rows, r.known_on()))
            scores[max(row - 30, 0) : row, market.column(r.symbol)] = 5.0
    return scores


def put_into_force_later(market: Market, events: Events) -> Any:
    """Prefers news that a later act will put into force."""
    followed = {e.follows for e in events if e.follows}
    news = np.zeros(market.rows.size)
    for e in events:
        if e.id in followed:
            row = int(np.searchsorted(market.rows, e.known_on()))
            news[row : row + 30] = 1.0
    return 1.0 + news[:, None] * np.arange(len(market.symbols))


def last_year(market: Market, events: Events) -> Any:
    """Knows when the data end."""
    left = (market.rows[-1] - market.rows).astype(int)
    return 1.0 + (left < 200)[:, None] * np.arange(len(market.symbols))


CHEATS: dict[str, tuple[Weights, str]] = {
    "centred rolling mean": (
        lambda m, e: closes(m) / closes(m).rolling(21, center=True, min_periods=1).mean(), "closes",
    ),
    "shift(-1)": (lambda m, e: closes(m).pct_change(fill_method=None).shift(-1), "closes"),
    "full-sample z-score": (lambda m, e: (closes(m) - closes(m).mean()) / closes(m).std(), "closes"),
    "future event": (future_news, "events"),
    "back-filled price": (lambda m, e: closes(m).bfill().ffill().pct_change(fill_method=None), "closes"),
    "today's screen for the past": (screened_by_today, "restrictions"),
    "normalised by the last price": (lambda m, e: closes(m) / closes(m).ffill().iloc[-1], "closes"),
    "the next open": (lambda m, e: pd.DataFrame(m.open).shift(-1) / closes(m), "opens"),
    "a dividend before its ex-date": (
        lambda m, e: 1.0 + pd.DataFrame(m.dividends)[::-1].rolling(10, min_periods=1).sum()[::-1], "dividends",
    ),
    "revised index values": (revised_index, "published series"),
    "volume ranked over the sample": (
        lambda m, e: pd.DataFrame(m.volume).rank(axis=0, pct=True).fillna(0.5), "volumes",
    ),
    "covariances of the sample": (
        lambda m, e: np.tile(closes(m).pct_change(fill_method=None).cov().to_numpy().sum(axis=0), (m.rows.size, 1)),
        "closes",
    ),
    "the day of the lowest price": (
        lambda m, e: 1.0 + (np.arange(m.rows.size)[:, None] > np.nanargmin(m.close, axis=0)), "closes",
    ),
    "who will have prices": (lambda m, e: np.tile(np.isfinite(m.close).sum(axis=0), (m.rows.size, 1)), "trading days"),
    "a lifting before it is announced": (lifting_foreseen, "restrictions"),
    "news that will be put into force": (put_into_force_later, "events"),
    "how many events there will be": (
        lambda m, e: 1.0 + len(e) * np.arange(len(m.symbols)) + np.zeros(m.close.shape), "the end of the data",
    ),
    "when the data end": (last_year, "the end of the data"),
    "the share of the rows that is over": (
        lambda m, e: 1.0 + np.outer(np.linspace(0, 1, m.rows.size), np.arange(len(m.symbols))), "the end of the data",
    ),
    "who is delisted one day": (
        lambda m, e: np.tile([1.0 - bool(i.delisted) for i in m.instruments], (m.rows.size, 1)), "the end of the data",
    ),
    "tomorrow's rate": (lambda m, e: pd.DataFrame(m.rates).shift(-1), "currencies"),
}  # fmt: skip


def published(market: Market, events: Events) -> Any:
    """Reads the same series when it was published."""
    series = next(iter(market.drivers.values()))
    place = np.searchsorted(series.known, market.rows, side="right") - 1
    level = np.where(place >= 0, series.values[np.maximum(place, 0)], 0.0)
    past = pd.Series(level).expanding().median().to_numpy()
    return 1.0 + (level > past)[:, None] * np.arange(len(market.symbols))


def news_felt(market: Market, events: Events) -> Any:
    pressure = events.pressure(market.rows, next(iter(events.items[0].signs)), 20.0)
    return 1.0 + np.maximum(np.tanh(pressure), -0.9)[:, None] * np.arange(len(market.symbols))


def dodged(market: Market, events: Events) -> Any:
    def barred(r: Restriction) -> Any:
        return (market.rows >= r.known_on())[:, None] & np.array([[r.symbol == s for s in market.symbols]])

    bars = [barred(r) for r in events.restrictions]
    return 1.0 - np.any(bars, axis=0) if bars else np.ones(market.close.shape)


HONEST: dict[str, Weights] = {
    "equal weights": lambda m, e: np.ones(m.close.shape),
    "rolling mean": lambda m, e: closes(m) / closes(m).rolling(21, min_periods=1).mean(),
    "momentum": lambda m, e: closes(m).ffill().pct_change(60, fill_method=None),
    "reversal": lambda m, e: -closes(m).ffill().pct_change(5, fill_method=None),
    "expanding z-score": lambda m, e: (closes(m) - closes(m).expanding(20).mean()) / closes(m).expanding(20).std(),
    "exponential mean": lambda m, e: closes(m) / closes(m).ewm(span=30).mean(),
    "inverse volatility": lambda m, e: 1 / closes(m).pct_change(fill_method=None).rolling(60, min_periods=20).std(),
    "news": news_felt,
    "screened by date": dodged,
    "carried prices": lambda m, e: closes(m).ffill().rank(axis=1),
    "dividends so far": lambda m, e: 1.0 + pd.DataFrame(m.dividends).cumsum(),
    "the open of the day": lambda m, e: pd.DataFrame(m.open) / closes(m),
    "published index values": published,
    "currency momentum": lambda m, e: pd.DataFrame(m.rates).pct_change(20, fill_method=None),
    "a long warm-up": lambda m, e: closes(m).ffill().pct_change(250, fill_method=None).rank(axis=1),
    "ranks across names": lambda m, e: closes(m).ffill().pct_change(20, fill_method=None).rank(axis=1) - 2.5,
    "hedge ratio": lambda m, e: 1.0 / (1.0 + closes(m).pct_change(fill_method=None).rolling(120, min_periods=30).corr(
        closes(m)[0].pct_change(fill_method=None)).abs()),
    "volume so far": lambda m, e: pd.DataFrame(m.volume).rolling(60, min_periods=5).median().rank(axis=1),
    "the month of the year": lambda m, e: 1.0 + np.outer(
        m.rows.astype("datetime64[M]").astype(int) % 12, np.arange(len(m.symbols))),
    "those delisted by then": lambda m, e: np.column_stack([
        1.0 - (m.rows > np.datetime64(i.delisted or "2999-01-01", "D")) for i in m.instruments]),
}  # fmt: skip
