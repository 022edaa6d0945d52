"""Returns of other programs, to be set beside kept runs: a file with a column a strategy, daily.

Nothing is known of them but what they say: not what they hold, nor what they pay, so no cost, turnover, exposure or
contribution is stated, and none is taken for zero.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

import numpy as np

from positioning.analysis.verdict import signed_percent
from positioning.arrays import DateArray, FloatArray
from positioning.errors import BadInputError
from positioning.files import read_bounded
from positioning.provenance import digest

if TYPE_CHECKING:
    import pandas as pd

MOST_BYTES = 200_000_000
USUAL = 0.2  # median size of a daily return from which a column is taken for prices or per cent
UNKNOWN = "not known"


@final
@dataclass(frozen=True, eq=False)
class ForeignReturns:
    """One column. days, values: (T,) simple returns, fractions; source, file_digest: of the file."""

    name: str
    source: Path
    file_digest: str
    days: DateArray
    values: FloatArray

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
        known = {"date": dates, "nav": self.nav, "cash_return": np.zeros(dates.size)}
        names = ("benchmark", "trade_value", "cost", "gross", "net")
        return pd.DataFrame(known | dict.fromkeys(names, unknown))

    @property
    def events(self) -> list[dict[str, Any]]:
        """None: which news it answers is not known."""
        return []

    @cached_property
    def summary(self) -> Mapping[str, Any]:
        """What a comparison reads of a run, as far as it is known."""
        made = signed_percent(float(self.nav[-1] - 1.0))
        said = (
            f"Not judged: returns from {self.source.name}, {made} as they stand there; what it held, what it paid and "
            "whether it was run on real prices are not known."
        )
        return {
            "title": self.name, "simulated": False, "parameters": {}, "themes": [], "instruments": {}, "digests": {},
            "verdict": {"grade": "Not judged", "tone": "neutral", "sentence": said}, "held": None,
            "metrics": {"first": str(self.days[0]), "last": str(self.days[-1])}, "source": f"returns of {self.source}",
            "base": UNKNOWN, "fees": {"label": UNKNOWN}, "fill": UNKNOWN, "cash": {"label": UNKNOWN}, "mark": UNKNOWN,
            "tax": {"label": UNKNOWN}, "benchmark": None, "events": {"digest": "none"}, "versions": {},
            "snapshot": self.file_digest, "command": f"--returns {self.source}",
        }  # fmt: skip


def read_returns(path: Path) -> list[ForeignReturns]:
    """Each column of a .csv or .parquet whose first column, or index, is dates. A column may begin late or end early.

    Raises BadInputError for a file of another kind, dates that are none, repeat or go back, a gap or a word inside a
    column, a return of -100 % or less, and columns that look like prices or per cent.
    """
    frame, mark = _frame(path)
    days = _days(frame, path)
    found = [_column(str(name), frame[name], days, path, mark) for name in frame.columns]
    if not found:
        raise _bad(path, "no column of returns", "a column a strategy beside the dates", "add one")
    return found


def _frame(path: Path) -> tuple[pd.DataFrame, str]:
    """The table by its dates, and the file's digest."""
    import pandas as pd

    try:
        data = read_bounded(path, MOST_BYTES)
    except OSError as error:
        raise _bad(
            path, error.strerror or "it cannot be read", "a file of returns", "check its path"
        ) from None
    if path.suffix not in (".csv", ".parquet"):
        raise _bad(path, f"its name ends in {path.suffix or 'nothing'}", ".csv or .parquet", "save it as one")
    try:
        read = pd.read_csv if path.suffix == ".csv" else pd.read_parquet
        frame = read(io.BytesIO(data))
    except (
        ValueError,
        KeyError,
        TypeError,
        UnicodeError,
        OverflowError,
    ) as error:  # parsers' own are ValueErrors
        raise _bad(path, f"{type(error).__name__} while it was read", "a table", "save it again") from None
    if not isinstance(frame.index, pd.DatetimeIndex):
        if not len(frame.columns):
            raise _bad(path, "no columns", "dates first, then a column a strategy", "write them")
        frame = frame.set_index(frame.columns[0])
    return frame, digest(data)


def _days(frame: pd.DataFrame, path: Path) -> DateArray:
    import pandas as pd

    try:
        index = pd.DatetimeIndex(pd.to_datetime(frame.index, format="ISO8601"))
    except (ValueError, TypeError, OverflowError):
        raise _bad(
            path, "its first column is no dates", "days as 2024-03-28", "put the dates first"
        ) from None
    days = index.tz_localize(None).to_numpy().astype("datetime64[D]")
    if not days.size or np.isnat(days).any():
        raise _bad(path, "rows without a date", "a date in each", "fill or remove them")
    if (np.diff(days) <= np.timedelta64(0, "D")).any():
        at = int(np.argmax(np.diff(days) <= np.timedelta64(0, "D")))
        raise _bad(path, f"{days[at + 1]} after {days[at]}", "each day once, ascending", "sort them")
    return np.asarray(days)


def _column(name: str, column: pd.Series, days: DateArray, path: Path, mark: str) -> ForeignReturns:
    import pandas as pd

    try:
        values = pd.to_numeric(column).to_numpy(dtype=np.float64, na_value=np.nan)
    except (ValueError, TypeError):
        raise _bad(path, f"words in column {name}", "returns as fractions", "correct that column") from None
    known = np.flatnonzero(~np.isnan(values))
    if known.size < 2:
        raise _bad(path, f"{known.size} returns in column {name}", "two or more", "leave that column out")
    inside = slice(known[0], known[-1] + 1)
    values, own = values[inside], days[inside]
    if not np.isfinite(values).all():
        day = own[int(np.argmax(~np.isfinite(values)))]
        raise _bad(
            path,
            f"no return of {name} on {day}",
            "one for each day in between",
            "fill it: 0 if none was made",
        )
    if np.median(np.abs(values)) > USUAL or (values <= -1.0).any():
        odd = float(values[int(np.argmax(np.abs(values)))])
        raise _bad(
            path, f"{name} has {odd:g}", "daily simple returns as fractions, 0.01 for 1 %",
            "turn prices or per cent into them",
        )  # fmt: skip
    return ForeignReturns(name, path, mark, own, values)


def _bad(path: Path, seen: str, wanted: str, remedy: str) -> BadInputError:
    return BadInputError(f"{path}: {seen}", f"wanted {wanted}", remedy, "returns")
