"""What a decision looks at. Each feature names the parameters it depends on, so that a search computes it once
per distinct value; all use rows up to the decision's own."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, final
from weakref import WeakKeyDictionary

import numpy as np

from positioning.arrays import BoolArray, FloatArray, IntArray
from positioning.events.event import Events
from positioning.events.restriction import Restriction, dropped
from positioning.market.market import Market
from positioning.market.venues import same_close
from positioning.strategy.weights import covariances, dimson_betas, positive_definite, rolling_betas

BETAS = (
    "same_day",
    "dimson",
    "overlapping",
)  # how a beta is measured where two names close at different hours
# Out of sample, rebalanced monthly, over all pairs of a leg and a hedge that close apart (39 of the sample, 29 of real
# prices 2018 to 2026), deviation of hedged over unhedged 21-row returns at a look-back of 120 rows: same_day 0.977 and
# 0.949, dimson 0.979 and 0.957, overlapping 0.974 and 0.944. Dimson's slope is the least biased and the most uncertain.
DEFAULT_BETA = "overlapping"
STALE_SESSIONS = 10  # sessions without trading after which a name is no longer chosen
MAX_BYTES = 2**28  # of the features of a book
MAX_ROW_BYTES = 2**26  # of the rows of a market that are kept beside its books


class Feature(ABC):
    """A frozen, hashable recipe for one array over the decision rows."""

    @abstractmethod
    def compute(self, market: Market, events: Events, decided: IntArray) -> Any:
        """The array; its first axis is the D decisions."""


class RowFeature(Feature):
    """One that the market and the restrictions alone decide, row by row: on other decision rows, or with other news, a
    row has what it had, so each row of a market is worked out once."""

    @abstractmethod
    def of_rows(self, market: Market, restrictions: tuple[Restriction, ...], rows: IntArray) -> Any:
        """The array on these rows; what a row has does not depend on the others."""

    @final
    def compute(self, market: Market, events: Events, decided: IntArray) -> Any:
        return _row_store(market).of_rows(self, market, events.restrictions, decided)


@final
@dataclass(frozen=True, slots=True)
class Response(Feature):
    """(D,) tanh(pressure / scale): signed, severity-weighted news of one theme, decaying; see Events.pressure."""

    theme: str
    half_life: float
    scale: float

    def compute(self, market: Market, events: Events, decided: IntArray) -> FloatArray:
        if not self.theme:
            return np.zeros(decided.size)
        return self.answer(events.pressure(market.rows, self.theme, self.half_life), decided)

    def answer(self, pressure: FloatArray, decided: IntArray) -> FloatArray:
        """(D,) what (T,) pressure comes to on the decision rows."""
        return np.asarray(np.tanh(pressure[decided] / self.scale))


@final
@dataclass(frozen=True, slots=True)
class Betas(RowFeature):
    """(D, L) rolling beta of each leg to the hedge, in base-currency total returns.

    Where the two close together: OLS on the rows on which both trade (same_day). Where they do not, part of what moves
    one today moves the other tomorrow, and same-day slopes are too low; then, over the sessions that they have in common,
    dimson is the sum of the slopes on the hedge's return of the session before, the same and the next one, and
    overlapping the slope of two-session returns, which finds half of what leaks. What is measured on a row uses no
    later one: the last session's next is not known and stands aside.

    Dimson (1979), doi:10.1016/0304-405X(79)90013-8; Scholes and Williams (1977), doi:10.1016/0304-405X(77)90041-1.
    """

    legs: tuple[str, ...]
    hedge: str
    lookback: int
    beta: str

    def of_rows(self, market: Market, restrictions: tuple[Restriction, ...], rows: IntArray) -> FloatArray:  # noqa: ARG002
        hedge, columns, measures = self.pairs(market)
        traded = np.ascontiguousarray(market.tradable)  # numba would compile anew for another layout
        of = market.returns, traded, hedge
        betas: FloatArray = rolling_betas(*of, columns, rows, self.lookback, measures)
        leaking = measures == BETAS.index("dimson")
        if leaking.any():
            betas[:, leaking] = dimson_betas(*of, columns[leaking], rows, self.lookback)
        return betas

    def pairs(self, market: Market) -> tuple[int, IntArray, IntArray]:
        """Column of the hedge, (L,) those of the legs, and (L,) how each leg's beta is measured: place in BETAS."""
        columns = np.array([market.column(s) for s in self.legs], dtype=np.int64)
        hedge = market.column(self.hedge)
        apart = ~closes_together(market)[columns, hedge]
        return hedge, columns, np.where(apart, BETAS.index(self.beta), 0).astype(np.int64)


@final
@dataclass(frozen=True, slots=True)
class Eligibility(RowFeature):
    """(D, L) the leg has `history` rows of prices, has traded within STALE_SESSIONS sessions, and no restriction that
    the screen looks at is known."""

    legs: tuple[str, ...]
    history: int
    screen: str

    def of_rows(self, market: Market, restrictions: tuple[Restriction, ...], rows: IntArray) -> BoolArray:
        columns = [market.column(s) for s in self.legs]
        enough = market.history[rows][:, columns] >= self.history
        fresh = market.silence[rows][:, columns] <= STALE_SESSIONS
        return enough & fresh & ~dropped(restrictions, self.legs, market.rows, self.screen)[rows]


@final
@dataclass(frozen=True, slots=True)
class Covariance(RowFeature):
    """(D, N, N) covariance of base-currency total returns over the last `lookback` rows.

    beta: what pairs that close at different hours add to their same-day covariance: nothing (same_day), the covariances
    with the row before and after (dimson), or half of them, which is the covariance of two-row returns (overlapping).
    The nearest matrix without negative variances is taken. lag: rows between the last one that is looked at and the
    decision.
    """

    lookback: int
    beta: str
    lag: int = 0

    def of_rows(self, market: Market, restrictions: tuple[Restriction, ...], rows: IntArray) -> FloatArray:  # noqa: ARG002
        last, leading = np.maximum(rows - self.lag, 0), self.leading(market)
        whole = np.asarray(covariances(market.returns, last, self.lookback, leading))
        return without_negative(whole) if leading.any() else whole

    def leading(self, market: Market) -> FloatArray:
        """(N, N) how often each pair's covariances with the row before and after are added."""
        share = {"same_day": 0.0, "dimson": 1.0, "overlapping": 0.5}[self.beta]
        return np.where(closes_together(market), 0.0, share)


def without_negative(whole: FloatArray) -> FloatArray:
    """(D, N, N) the nearest symmetric matrices without negative variances; one that has none stays what it is."""
    bad = ~np.asarray(positive_definite(whole))
    if not bad.any():
        return whole
    nearest = whole.copy()
    values, vectors = np.linalg.eigh(whole[bad])
    nearest[bad] = (vectors * np.maximum(values, 0.0)[:, None, :]) @ vectors.transpose(0, 2, 1)
    return nearest


def closes_together(market: Market) -> BoolArray:
    """(N, N) True where two names close at one hour, so that their returns of a row cover the same time; read-only."""
    return _closing_together(tuple(i.venue for i in market.instruments))


@lru_cache(maxsize=64)
def _closing_together(venues: tuple[str, ...]) -> BoolArray:
    pairs = {(a, b): same_close(a, b) for a in set(venues) for b in set(venues)}
    matrix = np.array([[pairs[a, b] for b in venues] for a in venues], dtype=bool).reshape(len(venues), -1)
    matrix.flags.writeable = False  # shared by every market of these venues
    return matrix


@final
class _Rows:
    """Rows of one feature of a market that were worked out before."""

    def __init__(self, rows: int) -> None:
        self.place = np.full(rows, -1)  # of each row of the market in the table
        self.table: Any = np.empty(0)
        self.filled = 0

    def add(self, rows: IntArray, values: Any) -> None:
        """More rows, none of them there yet."""
        last = self.filled + rows.size
        if last > len(self.table):
            table = np.empty((min(max(2 * last, 64), self.place.size), *values.shape[1:]), values.dtype)
            if self.filled:
                table[: self.filled] = self.table[: self.filled]
            self.table = table
        self.table[self.filled : last] = values
        self.place[rows] = np.arange(self.filled, last)
        self.filled = last


@final
class _RowStore:
    """Rows of a market that were asked for before, by feature and restrictions; beyond MAX_ROW_BYTES none is added."""

    def __init__(self) -> None:
        self._rows: dict[tuple[RowFeature, int], _Rows] = {}
        self._records: list[tuple[Restriction, ...]] = []
        self._bytes = 0
        self._lock = threading.Lock()

    def of_rows(
        self, feature: RowFeature, market: Market, restrictions: tuple[Restriction, ...], rows: IntArray
    ) -> Any:
        """The feature on these rows."""
        if not rows.size:
            return feature.of_rows(market, restrictions, rows)
        with self._lock:
            key = feature, self._record(restrictions)
            if key not in self._rows:
                self._rows[key] = _Rows(market.rows.size)
            store = self._rows[key]
            fresh = np.unique(rows[store.place[rows] < 0])
            if fresh.size:
                values = feature.of_rows(market, restrictions, fresh)
                if self._bytes + 2 * values.nbytes > MAX_ROW_BYTES:
                    return values if fresh.size == rows.size else feature.of_rows(market, restrictions, rows)
                self._bytes += 2 * values.nbytes  # tables grow by doubling
                store.add(fresh, values)
            return store.table[store.place[rows]]

    def _record(self, restrictions: tuple[Restriction, ...]) -> int:
        """The number of these restrictions; the same ones come again and again, and take long to compare."""
        for number, record in enumerate(self._records):
            if record is restrictions:
                return number
        if restrictions in self._records:
            return self._records.index(restrictions)
        self._records.append(restrictions)
        return len(self._records) - 1


_STORES: WeakKeyDictionary[Market, _RowStore] = WeakKeyDictionary()
_STORES_LOCK = threading.Lock()


def _row_store(market: Market) -> _RowStore:
    with _STORES_LOCK:
        return _STORES.setdefault(market, _RowStore())


@final
class FeatureBook:
    """Features of one market, one record of events and one set of decision rows, each computed once, whichever
    thread asks first. Beyond MAX_BYTES those asked for longest ago are forgotten.

    compute: works a feature out, its own `compute` on this market by default.
    """

    def __init__(
        self,
        market: Market,
        events: Events,
        decided: IntArray,
        features: Mapping[Feature, Any] | None = None,
        compute: Callable[[Feature], Any] | None = None,
    ) -> None:
        self.market, self.events, self.decided = market, events, decided
        self.features: dict[Feature, Any] = dict(features or {})
        self._compute = compute
        self._bytes = sum(array.nbytes for array in self.features.values())
        self._lock = threading.RLock()

    def __getitem__(self, feature: Feature) -> Any:
        with self._lock:
            values = self.features.pop(feature, None)
            if values is None:
                values = self._worked_out(feature)
                self._bytes += values.nbytes
                while self.features and self._bytes > MAX_BYTES:
                    self._bytes -= self.features.pop(next(iter(self.features))).nbytes
            self.features[feature] = values  # the last of the dict is the one asked for last
            return values

    def _worked_out(self, feature: Feature) -> Any:
        if self._compute is None:
            return feature.compute(self.market, self.events, self.decided)
        return self._compute(feature)
