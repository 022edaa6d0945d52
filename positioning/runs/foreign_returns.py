"""Returns of other programs, to be set beside kept runs: a file with a column a strategy, daily.

Nothing is known of them but what they say: not what they hold, nor what they pay, so no cost, turnover, exposure or
contribution is stated, and none is taken for zero.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

import numpy as np

from positioning.analysis.verdict import signed_percent
from positioning.arrays import DateArray, FloatArray
from positioning.data.csv_numbers import is_per_cent, per_cent_words
from positioning.data.csv_prices import read_every_column
from positioning.errors import BadInputError
from positioning.files import read_bounded
from positioning.provenance import digest

if TYPE_CHECKING:
    import pandas as pd

MOST_BYTES = 200_000_000
# What a column may be as fractions; beyond them it is taken for prices or per cent, unless it says that it is per cent.
USUAL = 0.05  # median size of the daily returns that are not nought: over 1.1 a year
NOTHING = 0.01  # of the account is left
FABULOUS = (
    20.0  # times a year, over LONG rows or more: 1.2 % each day, as 3 % a year are where they are per cent
)
LONG = 120
SESSIONS = 252  # a year, roughly: only to tell units apart
WANTED = "dates first, then a column of daily returns a strategy"
UNKNOWN = "not known"

Columns = tuple[DateArray, Mapping[str, FloatArray], tuple[str, ...]]


@final
@dataclass(frozen=True, eq=False)
class ForeignReturns:
    """One column. days, values: (T,) simple returns, fractions; source, file_digest: of the file; notes: how it
    had to be read, where that was not plain."""

    name: str
    source: Path
    file_digest: str
    days: DateArray
    values: FloatArray
    notes: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """The file and the column."""
        return f"{self.source.name}: {self.name}"

    @property
    def address(self) -> str:
        """No page of ours shows it alone."""
        return ""

    @cached_property
    def nav(self) -> FloatArray:
        """(T + 1,) value from 1, the opening row first."""
        return np.concatenate([[1.0], np.cumprod(1.0 + self.values)])

    @cached_property
    def returns(self) -> pd.DataFrame:
        """As of a kept run, with NaN for all that is not known; opened on the weekday before the first return."""
        import pandas as pd

        opened = np.busday_offset(self.days[0], -1, roll="forward")
        dates = np.concatenate([[opened], self.days]).astype("datetime64[ms]")
        unknown = np.full(dates.size, np.nan)
        columns = {"date": dates, "nav": self.nav, "cash_return": np.zeros(dates.size)}
        names = ("benchmark", "trade_value", "cost", "gross", "net")
        return pd.DataFrame(columns | dict.fromkeys(names, unknown))

    @property
    def events(self) -> list[dict[str, Any]]:
        """None: which news it answers is not known."""
        return []

    @property
    def _read(self) -> str:
        return f" (read with {', '.join(self.notes)})" if self.notes else ""

    @cached_property
    def summary(self) -> Mapping[str, Any]:
        """What a comparison reads of a run, as far as it is known."""
        total = signed_percent(float(self.nav[-1] - 1.0))
        sentence = (
            f"Not judged: returns from {self.source.name}, {total} as they stand there{self._read}; what it held, what "
            "it paid and whether it was run on real prices are not known."
        )
        return {
            "title": self.name, "simulated": None, "parameters": {}, "themes": [], "instruments": {}, "digests": {},
            "verdict": {"grade": "Not judged", "tone": "neutral", "sentence": sentence}, "held": None,
            "metrics": {"first": str(self.days[0]), "last": str(self.days[-1])}, "source": f"returns of {self.source}",
            "base": UNKNOWN, "fees": {"label": UNKNOWN}, "fill": UNKNOWN, "cash": {"label": UNKNOWN}, "mark": UNKNOWN,
            "tax": {"label": UNKNOWN}, "benchmark": None, "events": {"digest": "none"}, "versions": {},
            "snapshot": self.file_digest, "command": f"--returns {self.source}",
        }  # fmt: skip


def read_returns(path: Path) -> list[ForeignReturns]:
    """Each column of a .csv or .parquet whose first column, or index, is dates. A column may begin late or end early.

    A .csv is read as prices are: semicolons, decimal commas, newest row first, dates such as 31.12.2020, per cent where
    a sign in the cells, or at the end of a column's name, says so.
    Raises BadInputError for a file of another kind, dates that are none, repeat or go back, a gap or a word inside a
    column, a return of -100 % or less, and columns that look like prices or, without saying so, like per cent.
    """
    mark = _digest(path)
    days, columns, notes = _csv(path) if path.suffix == ".csv" else _parquet(path)
    series = [
        _column(name, days, values, path, mark, notes, _stated(name, notes))
        for name, values in columns.items()
    ]
    if not series:
        raise _bad(path, "no column of returns", "a column a strategy beside the dates", "add one")
    return series


def _digest(path: Path) -> str:
    """Of the file. Raises BadInputError where it is of another kind, or cannot be read."""
    try:
        data = read_bounded(path, MOST_BYTES)
    except OSError as error:
        raise _bad(
            path, error.strerror or "it cannot be read", "a file of returns", "check its path"
        ) from None
    if path.suffix not in (".csv", ".parquet"):
        raise _bad(path, f"its name ends in {path.suffix or 'nothing'}", ".csv or .parquet", "save it as one")
    return digest(data)


def _csv(path: Path) -> Columns:
    """days, returns by column, how it was read."""
    try:
        table = read_every_column(path, WANTED)
    except BadInputError as error:
        raise BadInputError(error.seen, error.wanted, error.remedy, "returns") from None
    return table.dates, table.columns, table.notes


def _parquet(path: Path) -> Columns:
    """As of a .csv; a name that ends in % says per cent."""
    import pandas as pd

    try:
        with path.open("rb") as file:  # pyarrow takes UTF-8 names alone
            frame = pd.read_parquet(file)
    except (ValueError, KeyError, TypeError, OverflowError):  # parsers' own are ValueErrors
        raise _bad(path, "it cannot be read as a table", "a .parquet file", "save it again") from None
    if not isinstance(frame.index, pd.DatetimeIndex):
        if not len(frame.columns):
            raise _bad(path, "no columns", WANTED, "write them")
        frame = frame.set_index(frame.columns[0])
    days = _days(frame.index, path)
    columns, notes = {}, []
    for at, name in enumerate(map(str, frame.columns)):
        try:
            values = pd.to_numeric(frame.iloc[:, at]).to_numpy(dtype=np.float64, na_value=np.nan)
        except (ValueError, TypeError):
            raise _bad(
                path, f"words in column {name}", "returns as fractions", "correct that column"
            ) from None
        if is_per_cent(name, ()):
            notes.append(per_cent_words(name))
        columns[name] = values / 100.0 if is_per_cent(name, ()) else values
    return days, columns, tuple(notes)


def _days(index: pd.Index, path: Path) -> DateArray:
    import pandas as pd

    try:
        instants = pd.DatetimeIndex(pd.to_datetime(index, format="ISO8601"))
    except (ValueError, TypeError, OverflowError):
        raise _bad(
            path, "its first column is no dates", "days as 2024-03-28", "put the dates first"
        ) from None
    days = instants.tz_localize(None).to_numpy().astype("datetime64[D]")
    if not days.size or np.isnat(days).any():
        raise _bad(path, "rows without a date", "a date in each", "fill or remove them")
    if (np.diff(days) <= np.timedelta64(0, "D")).any():
        at = int(np.argmax(np.diff(days) <= np.timedelta64(0, "D")))
        raise _bad(path, f"{days[at + 1]} after {days[at]}", "each day once, ascending", "sort them")
    return np.asarray(days)


def _stated(name: str, notes: tuple[str, ...]) -> bool:
    """Whether the file itself says that a column is in per cent."""
    return per_cent_words(name) in notes


def _column(
    name: str,
    days: DateArray,
    values: FloatArray,
    path: Path,
    mark: str,
    notes: tuple[str, ...],
    stated: bool,
) -> ForeignReturns:
    rows = np.flatnonzero(~np.isnan(values))
    if rows.size < 2:
        raise _bad(path, f"{rows.size} returns in column {name}", "two or more", "leave that column out")
    inside = slice(rows[0], rows[-1] + 1)
    values, own = values[inside], days[inside]
    if not np.isfinite(values).all():
        day = own[int(np.argmax(~np.isfinite(values)))]
        raise _bad(
            path,
            f"no return of {name} on {day}",
            "one for each day in between",
            "fill it: 0 if none was made",
        )
    if stated and (values <= -1.0).any():
        raise _bad(path, f"{name} has {values.min():.4g}", "daily simple returns over -100 %", "correct them")
    if not stated and (why := _impossible(values)):
        raise _bad(
            path, f"{name}{_both_readings(values, why)}", "daily simple returns as fractions, 0.01 for 1 %",
            "divide them by 100, or end the column's name in % where they are per cent; turn prices into returns",
        )  # fmt: skip
    return ForeignReturns(name, path, mark, own, values, notes)


def _impossible(values: FloatArray) -> str:
    """Why returns are taken for prices or per cent; "" where fractions they may be."""
    if (values <= -1.0).any():
        return f"has {values.min():g}"
    moved = np.abs(values[values != 0.0])
    usual = float(np.median(moved)) if moved.size else 0.0
    if usual > USUAL:
        return f"moves by {usual:.4g} on a usual day"
    log_wealth = np.cumsum(np.log1p(values))
    if log_wealth.min() < math.log(NOTHING):
        return "falls to nothing"
    if values.size >= LONG and log_wealth[-1] / values.size > math.log(FABULOUS) / SESSIONS:
        return f"grows {math.exp(min(log_wealth[-1] * SESSIONS / values.size, 300.0)):.3g} times a year"
    return ""


def _both_readings(values: FloatArray, why: str) -> str:
    """What a column would be as fractions and as per cent."""

    def read(returns: FloatArray) -> str:
        if (returns <= -1.0).any():
            return "an account lost whole"
        end = min(float(np.log1p(returns).sum()), 300.0)
        return f"{signed_percent(math.expm1(end))} at a volatility of {returns.std() * math.sqrt(SESSIONS):.1%} a year"

    return f" {why} (as fractions: {read(values)}; as per cent: {read(values / 100.0)})"


def _bad(path: Path, seen: str, wanted: str, remedy: str) -> BadInputError:
    return BadInputError(f"{path}: {seen}", f"wanted {wanted}", remedy, "returns")
