"""One symbol's daily history as the provider delivered it: what the store keeps, compares and joins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

import numpy as np
import numpy.typing as npt

from positioning.arrays import BoolArray, DateArray, FloatArray, days_among

COLUMNS = ("open", "high", "low", "close", "adj_close", "volume", "dividends", "splits", "gains")
PRICES = COLUMNS[:4]
UNIT_JUMP = 50.0  # no share has moved so far in a day; a switch between pence and pounds has
# The provider's closes are float32 (6e-8 apart) and its adjusted ones differ in late digits from call to call
# (under 2e-6 seen); the smallest dividend of 13 real files was 3.1e-4 of the price.
SAME = 5e-5
LACKED = 2  # stored rows that an overlap may lack
# A quarterly dividend of over 0.2 % of the price that is missed or doubled shows; rounding to cents does not.
ADJUSTED_TOLERANCE = 2e-3


@final
@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """dates: (R,) datetime64[D], local session dates. columns: (R,) float64 under each name of COLUMNS, in
    the unit of quotation (pence stay pence), split-adjusted by the provider as of the fetch; NaN where it had
    none, adj_close all NaN where it delivered none. dividends: cash a share on the ex-date; splits: new
    shares per old; gains: what a fund paid of its gains; zeros where none.
    paid_in: (R,) unit of a dividend that is not the price's, else "".
    """

    dates: DateArray
    columns: Mapping[str, FloatArray]
    paid_in: npt.NDArray[np.str_]

    def __post_init__(self) -> None:
        if tuple(self.columns) != COLUMNS:
            raise ValueError(f"columns {tuple(self.columns)}, wanted {COLUMNS}")
        if any(v.shape != self.dates.shape for v in (*self.columns.values(), self.paid_in)):
            raise ValueError("columns of unequal length")

    def __getitem__(self, column: str) -> FloatArray:
        return self.columns[column]

    def cut(self, keep: BoolArray) -> Series:
        """The series with the marked rows alone."""
        return Series(self.dates[keep], {k: v[keep] for k, v in self.columns.items()}, self.paid_in[keep])


def encode(series: Series) -> bytes:
    """As a Parquet file. Equal series give equal bytes under one version of pyarrow."""
    import pyarrow as pa
    from pyarrow import parquet

    columns = {n: v for n, v in series.columns.items() if n != "gains" or v.any()}  # few funds pay of gains
    table: dict[str, object] = {"date": pa.array(series.dates), **columns}
    if (series.paid_in != "").any():
        table["paid_in"] = pa.array(series.paid_in.tolist(), pa.string())
    sink = pa.BufferOutputStream()
    parquet.write_table(pa.table(table), sink, compression="lz4")
    return bytes(sink.getvalue())


def decode(data: bytes) -> Series:
    """The series of a file that `encode` made."""
    import pyarrow as pa
    from pyarrow import parquet

    table = parquet.ParquetFile(pa.BufferReader(data)).read(use_threads=False)
    dates = table["date"].to_numpy().astype("datetime64[D]")
    if "paid_in" in table.column_names:
        paid_in = np.array(table["paid_in"].to_pylist(), dtype=np.str_)
    else:
        paid_in = np.zeros(dates.size, dtype="U1")
    names = set(table.column_names)
    columns = {n: table[n].to_numpy() if n in names else np.zeros(dates.size) for n in COLUMNS}
    return Series(dates, columns, paid_in)


def joined(old: Series, tail: Series) -> Series:
    """The rows of both, the tail's where both have one: a row that an answer lacks is not forgotten."""
    before = old.cut(~days_among(old.dates, tail.dates))
    dates = np.concatenate([before.dates, tail.dates])
    order = np.argsort(dates)
    columns = {k: np.concatenate([v, tail[k]])[order] for k, v in before.columns.items()}
    return Series(dates[order], columns, np.concatenate([before.paid_in, tail.paid_in])[order])


def restated(old: Series, new: Series) -> str:
    """What the new answer says otherwise of the old rows from its first date on; "" where it agrees.

    Closes, adjusted closes, dividends and splits are compared, at SAME. Up to LACKED old rows may be missing
    from it (a null of the moment); beyond that the answer is of another past.
    """
    before = old.cut(old.dates >= new.dates[0])
    missing = ~days_among(before.dates, new.dates)
    if missing.sum() > LACKED:
        return f"{missing.sum()} stored rows are gone (first {before.dates[missing][0]})"
    before = before.cut(~missing)
    again = new.cut(days_among(new.dates, before.dates))
    texts = (
        ("splits", "splits"),
        ("close", "closes"),
        ("dividends", "dividends"),
        ("gains", "distributions of gains"),
        ("adj_close", "adjusted closes"),
    )
    for name, text in texts:
        a, b = before[name], again[name]
        differs = ~(np.isclose(a, b, rtol=SAME, atol=1e-9, equal_nan=True))
        if differs.any():
            at = int(np.argmax(differs))
            return f"{text} differ from {before.dates[at]} on ({a[at]:.6g} stored, {b[at]:.6g} now)"
    return ""


def suspect(old: Series, new: Series) -> str:
    """Why the new series must not replace the old one; "" where it may.

    A hundredfold level of the old rows, a hundredfold step after them, far fewer of them, or a split
    announced after them to which the closes before it have not been brought.
    """
    common, here, there = np.intersect1d(old.dates, new.dates, assume_unique=True, return_indices=True)
    if common.size < 0.98 * old.dates.size or new.dates[-1] < old.dates[-1]:
        return f"the answer has {common.size} of {old.dates.size} stored rows and ends {new.dates[-1]}"
    with np.errstate(invalid="ignore", divide="ignore"):
        scale = np.abs(np.log(new["close"][there] / old["close"][here]))
    if (scale > np.log(UNIT_JUMP)).any() and not (new["splits"] != 0).any():
        ratio = float(np.exp(np.nanmax(scale)))
        return f"closes are {ratio:.3g} times off the stored ones (first {common[int(np.nanargmax(scale))]})"
    return _broken(new, old.dates[-1])


def _broken(new: Series, after: np.datetime64) -> str:
    """A step from one close to the next, after a date, that is a change of unit or an unadjusted split."""
    has_close = np.isfinite(new["close"]) & (new["close"] > 0)
    dates, step = new.dates[has_close][1:], np.diff(np.log(new["close"][has_close]))
    big = (np.abs(step) > np.log(UNIT_JUMP)) & (dates > after)
    if big.any():
        at = int(np.argmax(big))
        return f"the close of {dates[at]} is {np.exp(abs(step[at])):.3g} times off the one before"
    for day, ratio in zip(new.dates, new["splits"], strict=True):
        if day > after and ratio > 0 and abs(np.log(ratio)) > np.log(1.5):
            move = step[dates == day]
            if move.size and abs(move[0] + np.log(ratio)) < abs(move[0]):
                return f"a split of {ratio:g} on {day} is announced, but the closes before it are not on its basis"
    return ""


def adjusted(series: Series) -> FloatArray:
    """(R,) closes adjusted backward for dividends: close times the product of 1 - d / last close before, over
    the later ex-dates. Only for comparison with the provider's column: accounts go forward, in `Market`."""
    close, dividends = series["close"], series["dividends"]
    last_row = np.maximum.accumulate(np.where(np.isfinite(close), np.arange(close.size), -1))
    before = np.concatenate([[-1], last_row[:-1]])
    has_payment = (before >= 0) & (dividends > 0)
    factors = np.where(has_payment, 1.0 - dividends / close[np.maximum(before, 0)], 1.0)
    later = np.append(np.cumprod(factors[::-1])[::-1][1:], 1.0)
    return np.asarray(close * later)


def against_provider(series: Series) -> tuple[np.datetime64, np.datetime64, str, float] | None:
    """Where our adjusted closes and the provider's part by more than ADJUSTED_TOLERANCE: first and last date, what
    was seen, and by how much they part (NaN where none were delivered); None where they agree."""
    theirs = series["adj_close"]
    if not np.isfinite(theirs).any():
        if not (series["dividends"] > 0).any():
            return None
        text = "pays dividends, but no adjusted closes were delivered"
        return series.dates[0], series.dates[-1], text, np.nan
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = adjusted(series) / theirs
    has_ratio = np.isfinite(ratio)
    if not has_ratio.any():
        return None
    off = np.abs(ratio / ratio[has_ratio][-1] - 1.0)
    apart = np.nonzero(has_ratio & (off > ADJUSTED_TOLERANCE))[0]
    if not apart.size:
        return None
    text = (
        f"closes adjusted for its dividends and the provider's own differ by up to {np.nanmax(off[has_ratio]):.2%} "
        f"(tolerance {ADJUSTED_TOLERANCE:.1%})"
    )
    return series.dates[apart[0]], series.dates[apart[-1]], text, float(np.nanmax(off[has_ratio]))
