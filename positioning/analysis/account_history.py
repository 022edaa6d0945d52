"""One account of several over the span they share: its rows, its metrics, and what it earned by year and by event."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from positioning.analysis.market_line import BetaMeasure, lines, regressors
from positioning.analysis.metrics import (
    NOISE,
    Metrics,
    market_returns,
    returns,
    rows_per_year,
    summarise,
    without_yearly,
)
from positioning.arrays import DateArray, FloatArray

WINDOW = 11  # rows of an event window, from the row on which the event is known
ELSEWHERE = "elsewhere"  # rows in no window


@final
@dataclass(frozen=True, eq=False)
class AccountHistory:
    """One account over T rows. dates, nav, cash_rate, trade_value, cost: (T,), see `metrics.summarise`, trade_value and
    cost NaN where they are not known; benchmark: (T,) levels, NaN where there are none. beta_measure: see
    `market_line`."""

    dates: DateArray
    nav: FloatArray
    cash_rate: FloatArray
    trade_value: FloatArray
    cost: FloatArray
    benchmark: FloatArray
    beta_measure: BetaMeasure = "same_day"

    @property
    def ruined(self) -> bool:
        """Whether equity reached zero."""
        return bool((self.nav <= 0).any())

    @property
    def excess(self) -> FloatArray:
        """(T - 1,) returns over cash; none where the account is ruined."""
        return np.zeros(0) if self.ruined else returns(self.nav) - self.cash_rate[1:]


def between(history: AccountHistory, first: np.datetime64, last: np.datetime64) -> AccountHistory:
    """The rows from first to last. Its first row opens the span: what was traded on that row lies before it."""
    inside = (history.dates >= first) & (history.dates <= last)
    names = ("dates", "nav", "cash_rate", "trade_value", "cost", "benchmark")
    cut = {name: getattr(history, name)[inside].copy() for name in names}
    for name in ("cash_rate", "trade_value", "cost"):
        cut[name][:1] *= 0.0  # NaN stays: it is not known
    return AccountHistory(**cut, beta_measure=history.beta_measure)


def metrics_of(history: AccountHistory) -> Metrics | None:
    """Every metric over the rows of the history, those of a year NaN where it is shorter; None without a row, or where
    it was ruined before the first."""
    if history.dates.size == 0 or history.nav[0] <= 0:
        return None
    metrics = summarise(
        history.dates,
        history.nav,
        trade_value=history.trade_value if np.isfinite(history.trade_value).all() else None,
        cost=history.cost if np.isfinite(history.cost).all() else None,
        cash_rate=history.cash_rate,
        benchmark=history.benchmark,
        ruined=history.ruined,
        beta_measure=history.beta_measure,
    )
    return without_yearly(metrics)


def sharpes(rows: FloatArray, per_year: float) -> FloatArray:
    """Sharpe ratio of (..., T) excess returns, NaN for those that do not vary."""
    return ratios(rows.mean(axis=-1), rows.std(axis=-1, ddof=1)) * math.sqrt(per_year)


def ratios(above: FloatArray, below: FloatArray) -> FloatArray:
    return np.asarray(np.divide(above, below, out=np.full(below.shape, np.nan), where=below > NOISE))


def rolling(history: AccountHistory, window: int) -> tuple[FloatArray, FloatArray]:
    """(T,) Sharpe ratio and beta over the last `window` returns, NaN before there are as many and where undefined."""
    sharpe, beta = np.full(history.dates.size, np.nan), np.full(history.dates.size, np.nan)
    e = history.excess
    if e.size < window:
        return sharpe, beta
    per_year = rows_per_year(history.dates)
    excess_windows = np.lib.stride_tricks.sliding_window_view(e, window)
    sharpe[window:] = sharpes(excess_windows, per_year)
    market = market_returns(history.benchmark, history.cash_rate)
    design, usable = regressors(market, history.beta_measure)
    view = np.lib.stride_tricks.sliding_window_view
    inside = view(usable, window).copy()
    if design.shape[1] > 1:
        inside[:, -1] = False  # what the benchmark did next is not known on a window's last row
    other = view(market, window)
    own, _ = lines(excess_windows, other, view(design, window, axis=0).swapaxes(1, 2), inside)
    beta[window:] = np.where(np.isfinite(other).all(axis=1), own, np.nan)
    return sharpe, beta


def by_year(history: AccountHistory) -> dict[int, float]:
    """Return of each calendar year, from the last row of the year before; NaN once ruined."""
    years = history.dates.astype("datetime64[Y]").astype(np.int64) + 1970
    out = {}
    for year in np.unique(years):
        at = np.flatnonzero(years == year)
        opened, closed = history.nav[max(at[0] - 1, 0)], history.nav[at[-1]]
        out[int(year)] = float(closed / opened - 1.0) if opened > 0 else math.nan
    return out


def in_window(history: AccountHistory, day: np.datetime64) -> float:
    """Return over the WINDOW rows from the one on which an event is known; NaN outside the history."""
    row = int(np.searchsorted(history.dates, day))
    if row >= history.dates.size or day < history.dates[0] or row == 0:
        return math.nan
    opened, closed = history.nav[row - 1], history.nav[min(row + WINDOW, history.dates.size) - 1]
    return float(closed / opened - 1.0) if opened > 0 else math.nan


def by_theme(
    history: AccountHistory, themes_by_day: Mapping[np.datetime64, Sequence[Sequence[str]]]
) -> dict[str, float]:
    """Profit, in units of the opening nav, in the windows of events of each theme, and "elsewhere": they add up.

    themes_by_day: for each date the themes of the events known on it. As `attribution.attribute`: a row under several
    windows is shared equally among them, an event's part among its themes.
    """
    profit = np.diff(history.nav, prepend=history.nav[:1]) / history.nav[0]
    windows = []
    for day, events in themes_by_day.items():
        row = int(np.searchsorted(history.dates, day))
        if row < history.dates.size and day >= history.dates[0]:
            windows += [(row, themes) for themes in events]
    cover = np.zeros(history.dates.size)
    for row, _ in windows:
        cover[row : row + WINDOW] += 1
    shared = profit / np.maximum(cover, 1)
    out: dict[str, float] = {}
    for row, themes in windows:
        for theme in themes:
            part = float(shared[row : row + WINDOW].sum()) / len(themes)
            out[theme] = out.get(theme, 0.0) + part
    return {**out, ELSEWHERE: float(profit[cover == 0].sum())}
