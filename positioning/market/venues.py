"""Venues and their sessions. The one door to exchange_calendars, opened late because it is slow to import."""

from __future__ import annotations

import csv
import hashlib
import warnings
import zoneinfo
from contextlib import suppress
from datetime import datetime, tzinfo
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from positioning.array_cache import cached_arrays
from positioning.arrays import BoolArray, DateArray, days_among
from positioning.errors import BadInputError

if TYPE_CHECKING:
    from exchange_calendars import ExchangeCalendar

# Venues that keep another venue's calendar.
_KEEPS = {
    "ARCX": "XNYS", "XNAS": "XNYS", "XASE": "XNYS", "XSHE": "XSHG", "MISX": "XMOS", "XNSE": "XBOM",
    "XKOS": "XKRX", "ROCO": "XTAI", "XTSX": "XTSE",
}  # fmt: skip
# fmt: off
_OWN = frozenset({
    "AIXK", "XASX", "XCSE", "XETR", "XHKG", "XIST", "XJSE", "XLON", "XNYS",
    "XOSL", "XPAR", "XSHG", "XSTO", "XSWX", "XTKS", "XTSE", "XWAR",
    "BVMF", "XAMS", "XBKK", "XBOG", "XBOM", "XBRU", "XBUD", "XBUE", "XDUB", "XDUS", "XFRA", "XHAM", "XHEL", "XICE",
    "XIDX", "XKAR", "XKLS", "XKRX", "XLIM", "XLIS", "XLIT", "XMAD", "XMEX", "XMIL", "XNZE", "XPHS", "XPRA", "XRIS",
    "XSES", "XSGO", "XSTU", "XTAI", "XTAL", "XWBO",
    "XBDA", "XBRA", "XLJU", "XLUX", "XZAG",
})
# fmt: on
CLOSE_MINUTES = 30  # venues that close within it are taken to close together
CLOSE_YEARS = (2023, 2024)  # in which their closing hours are compared
# Minutes from the end of continuous trading, as exchange_calendars has it, to the last price of the closing auction.
# Source: the exchanges' trading hours pages.
_AUCTION = {
    "XASX": 10,
    "XETR": 5,
    "XHKG": 10,
    "XIST": 10,
    "XLON": 5,
    "XMOS": 5,
    "XOSL": 10,
    "XPAR": 5,
    "XWAR": 5,
}  # fmt: skip
_BOUNDED = ("XHKG", "XSHG")  # whose holidays are announced year by year
_OWN_WEEKS = ("XMOS",)  # see _with_weeks
_UNPUBLISHED = "no trading calendar of it is published, so its closed days cannot be told"
_NOT_BUILT = "exchange_calendars 4.13 cannot build its calendar, so its closed days cannot be told"
_NONE = {
    "XADS": ("Abu Dhabi", _UNPUBLISHED),
    "XKAZ": ("Kazakhstan (KASE)", _UNPUBLISHED),
    "XAMM": ("Amman", _UNPUBLISHED),
    "XATH": ("Athens", _NOT_BUILT),
    "XBEL": ("Belgrade", _NOT_BUILT),
    "XBSE": ("Bucharest", _NOT_BUILT),
    "XCYS": ("Nicosia", _NOT_BUILT),
    "XSAU": (
        "Riyadh",
        "exchange_calendars 4.13 knows it from 2021 on only, so earlier closed days cannot be told",
    ),
    # Under pandas 3.1 it puts all holidays of 2024 between 30 March and 6 April.
    "XTAE": (
        "Tel Aviv",
        "exchange_calendars 4.13 places its holidays wrongly, so its closed days cannot be told",
    ),
}


def has_calendar(mic: str) -> bool:
    """Whether the venue's sessions are known."""
    return mic in _OWN or mic in _KEEPS


def calendar_name(mic: str) -> str:
    """The exchange_calendars name that keeps this venue's sessions.

    Raises BadInputError for a venue without a calendar (Abu Dhabi, KASE, Amman, Tel Aviv) and for an unknown one.
    """
    if has_calendar(mic):
        return _KEEPS.get(mic, mic)
    if mic in _NONE:
        raise BadInputError(
            f"venue {mic} ({_NONE[mic][0]})",
            _NONE[mic][1],
            "leave its instruments out, or take a line on another venue",
        )
    raise BadInputError(
        f"venue {mic!r}",
        "wanted a known ISO 10383 code",
        f"choose from {', '.join(sorted(_OWN | {*_KEEPS}))}",
    )


@lru_cache(maxsize=256)
def sessions(mic: str, start: np.datetime64, end: np.datetime64) -> DateArray:
    """(S,) datetime64[D]: the venue's local session dates from start to end, both included; read-only.

    Days on which it stayed shut although its calendar says otherwise (closures.csv, a source a row) are left out.
    After the last year of recorded holidays (`recorded_to`) every weekday counts.
    Raises BadInputError for a venue without a calendar, and for years before its calendar begins.
    Source: exchange_calendars 4.13.
    """
    first, last = start.astype("datetime64[D]"), end.astype("datetime64[D]")
    if last < first:
        return _frozen(np.empty(0, "datetime64[D]"))
    dates, _, _ = _hours(calendar_name(mic), _year(first), _year(last))
    return _frozen(dates[(dates >= first) & (dates <= last)])


def opens_early(mic: str, sessions: DateArray) -> BoolArray:
    """(S,) True where the venue opens before 00:00 UTC of the session's own date.

    Such an opening precedes the instant at which a decision of the day before is taken (24:00 UTC). Sydney
    does so in the southern summer. A date on which the venue is closed has no opening: False.
    """
    if not sessions.size:
        return np.zeros(0, np.bool_)
    days = sessions.astype("datetime64[D]")
    dates, opens, _ = _hours(calendar_name(mic), _year(days.min()), _year(days.max()))
    early: BoolArray = days_among(days, dates[opens < dates])
    return early


def closings(mic: str, days: DateArray) -> DateArray:
    """(S,) datetime64[s], UTC: the last price of each session, closing auction included, by the hours of its date,
    shortened days and changes of the rules too (Tokyo ends at 15:30 since 2024-11-05). days: (S,) sessions of it.

    Source: exchange_calendars, and _AUCTION. KeyError for a day that is no session.
    """
    name = calendar_name(mic)
    dates, _, closes = _hours(name, _year(days.min()), _year(days.max()))
    at = np.searchsorted(dates, days)
    if (at == dates.size).any() or (dates[at] != days).any():
        raise KeyError(f"a day that is no session of {mic}")
    return np.asarray(closes[at] + np.timedelta64(_AUCTION.get(name, 0), "m"))


def local_date(mic: str, instant: datetime) -> np.datetime64:
    """The date, datetime64[D], of an instant (with a zone) where the venue is."""
    return np.datetime64(instant.astimezone(_zone(calendar_name(mic))).date(), "D")


def recorded_to(mic: str) -> np.datetime64 | None:
    """The last day whose holidays are on record, where the venue's are announced year by year; None elsewhere."""
    return _recorded_to(calendar_name(mic))


@lru_cache(maxsize=4)
def _recorded_to(name: str) -> np.datetime64 | None:
    if name not in _BOUNDED:
        return None
    record = cached_arrays(f"bound-{name}-{_basis()}", lambda: {"day": _bound(name)})
    return np.datetime64(record["day"][0], "D")


def _bound(name: str) -> DateArray:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from exchange_calendars.exchange_calendar_xhkg import XHKGExchangeCalendar
        from exchange_calendars.exchange_calendar_xshg import XSHGExchangeCalendar

    calendar = {"XHKG": XHKGExchangeCalendar, "XSHG": XSHGExchangeCalendar}[name]
    return np.array([calendar.bound_max().date()], "datetime64[D]")


@lru_cache(maxsize=1024)
def same_close(a: str, b: str) -> bool:
    """Whether two venues close within CLOSE_MINUTES of each other on most sessions that they have in common.

    Judged over two years, so that summer time that begins on other dates does not count. A venue closes with itself;
    one whose hours are not known, with no other.
    """
    if a == b:
        return True
    if not (has_calendar(a) and has_calendar(b)):
        return False
    first, second = (_hours(calendar_name(mic), *CLOSE_YEARS)[0] for mic in (a, b))
    both = np.intersect1d(first, second)
    apart = np.abs((closings(a, both) - closings(b, both)).astype("timedelta64[m]").astype(np.int64))
    return float(np.median(apart)) <= CLOSE_MINUTES


def next_opening(mic: str, day: np.datetime64) -> tuple[np.datetime64, np.datetime64]:
    """The first session that opens at or after 24:00 UTC of `day`, and its opening in UTC [s].

    Raises BadInputError as `sessions` does.
    """
    instant = (day.astype("datetime64[D]") + np.timedelta64(1, "D")).astype("datetime64[s]")
    dates, opens, _ = _hours(calendar_name(mic), _year(day), _year(day) + 1)
    place = int(np.searchsorted(opens, instant))
    return dates[place], opens[place]


@lru_cache(maxsize=64)
def _hours(name: str, first_year: int, last_year: int) -> tuple[DateArray, DateArray, DateArray]:
    """Session dates [D], opening and closing instants in UTC [s] of whole years: near spans share one build."""
    record = cached_arrays(
        f"hours-{name}-{first_year}-{last_year}-{_basis()}", lambda: _built(name, first_year, last_year)
    )
    dates, opens, closes = record["dates"], record["opens"], record["closes"]
    days = np.arange(dates[-1] + 1, np.datetime64(f"{last_year + 1}-01-01"))
    if (more := days[np.is_busday(days)]).size > 1:  # holidays that nobody has announced yet
        dates, last = np.concatenate([dates, more]), dates[-1]
        opens = np.concatenate([opens, opens[-1] + (more - last)])
        closes = np.concatenate([closes, closes[-1] + (more - last)])
    is_open = ~days_among(dates, _closures(name))
    return _frozen(dates[is_open]), _frozen(opens[is_open]), _frozen(closes[is_open])


def _built(name: str, first_year: int, last_year: int) -> dict[str, DateArray]:
    """The same as the calendar has them: building one takes a tenth of a second, so they are kept."""
    calendar = _calendar(name, first_year, last_year)
    opens, closes = (
        times.dt.tz_convert(None).to_numpy().astype("datetime64[s]")
        for times in (calendar.opens, calendar.closes)
    )
    return {
        "dates": calendar.sessions.to_numpy().astype("datetime64[D]"),
        "opens": opens,
        "closes": closes,
    }


@lru_cache(maxsize=64)
def _zone(name: str) -> tzinfo:
    """Where a venue is; a calendar is built to be asked, so each is asked once."""
    zone: tzinfo = _calendar(name, *CLOSE_YEARS).tz
    return zone


@lru_cache(maxsize=1)
def _basis() -> str:
    """What calendars are built by: this file, exchange_calendars and pandas, and the rules of time zones."""
    made_by = [Path(__file__).read_bytes(), *(version(p).encode() for p in ("exchange_calendars", "pandas"))]
    for folder in zoneinfo.TZPATH:
        with suppress(OSError):
            made_by.append(f"{folder} {Path(folder).stat().st_mtime_ns}".encode())
    with suppress(PackageNotFoundError):
        made_by.append(version("tzdata").encode())
    return hashlib.sha256(b"\0".join(made_by)).hexdigest()[:24]


@lru_cache(maxsize=32)
def _closures(name: str) -> DateArray:
    """Days on which a venue stayed shut that exchange_calendars has as sessions. Source: closures.csv."""
    with Path(__file__).with_name("closures.csv").open(encoding="utf-8", newline="") as file:
        days = [row["date"] for row in csv.DictReader(file) if row["venue"] == name]
    return np.array(days, dtype="datetime64[D]")


def _calendar(name: str, first_year: int, last_year: int) -> ExchangeCalendar:
    with warnings.catch_warnings():
        # It uses pandas calls that newer pandas deprecates: nothing a user of this package can act on.
        warnings.simplefilter("ignore")
        import exchange_calendars

        bound = _recorded_to(name)
        end = f"{last_year}-12-31" if bound is None else min(f"{last_year}-12-31", str(bound))
        try:
            if name in _OWN_WEEKS:
                return _with_weeks(f"{first_year}-01-01", end)
            return exchange_calendars.get_calendar(name, f"{first_year}-01-01", end)
        except ValueError as error:
            raise BadInputError(
                f"venue {name}, {first_year} to {last_year}",
                f"its calendar does not reach so far ({str(error)[:120]})",
                "begin the span later, or take a line on another venue",
            ) from error


def _with_weeks(start: str, end: str) -> ExchangeCalendar:
    """Moscow's calendar, whose week has exceptions (working Saturdays). exchange_calendars 4.13 loses them under
    pandas 3.1: its sessions follow from its own holidays and weeks here, and its hours from them."""
    import pandas as pd
    from exchange_calendars.exchange_calendar_xmos import XMOSExchangeCalendar

    class CorrectedCalendar(XMOSExchangeCalendar):  # type: ignore[misc]  # exchange_calendars has no types
        @property
        def day(self) -> object:
            days = pd.date_range(start, end)
            open_ = np.array([self.weekmask[d.weekday()] == "1" for d in days])
            for first, last, mask in self.special_weekmasks:
                inside = (days >= (first or days[0])) & (days <= (last or days[-1]))
                open_ = np.where(inside, [mask[d.weekday()] == "1" for d in days], open_)
            shut = days.isin(self.regular_holidays.holidays(days[0], days[-1])) | days.isin(
                self.adhoc_holidays
            )
            closed = days[shut | ~open_].to_numpy().astype("datetime64[D]")
            return pd.offsets.CustomBusinessDay(holidays=closed, weekmask="1111111")

    return CorrectedCalendar(start=start, end=end)


def _year(day: np.datetime64) -> int:
    return int(day.astype("datetime64[Y]").astype(np.int64)) + 1970


def _frozen(values: DateArray) -> DateArray:
    values.flags.writeable = False  # shared by every caller through the cache
    return values
