"""Venues and their sessions. The one door to exchange_calendars, opened late because it is slow to import."""

from __future__ import annotations

import warnings
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from positioning.arrays import BoolArray, DateArray
from positioning.errors import BadInputError

if TYPE_CHECKING:
    from exchange_calendars import ExchangeCalendar

# Venues that keep another venue's calendar.
_KEEPS = {"ARCX": "XNYS", "XNAS": "XNYS", "XASE": "XNYS", "XSHE": "XSHG", "MISX": "XMOS"}
# fmt: off
_OWN = frozenset({
    "AIXK", "XASX", "XCSE", "XETR", "XHKG", "XIST", "XJSE", "XLON", "XNYS",
    "XOSL", "XPAR", "XSHG", "XSTO", "XSWX", "XTAE", "XTKS", "XTSE", "XWAR",
})
# fmt: on
_NONE = {"XADS": "Abu Dhabi", "XKAZ": "Kazakhstan (KASE)", "XAMM": "Amman"}


def calendar_name(mic: str) -> str:
    """The exchange_calendars name that keeps this venue's sessions.

    Raises BadInputError for a venue without a calendar (Abu Dhabi, KASE, Amman) and for an unknown one.
    """
    if mic in _OWN or mic in _KEEPS:
        return _KEEPS.get(mic, mic)
    if mic in _NONE:
        raise BadInputError(
            f"venue {mic} ({_NONE[mic]})",
            "no trading calendar of it is published, so its closed days cannot be told",
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

    Raises BadInputError for a venue without a calendar, and for years its calendar does not reach.
    Source: exchange_calendars 4.13, whose Moscow lacks its few working Saturdays under pandas 3.1.
    """
    first, last = start.astype("datetime64[D]"), end.astype("datetime64[D]")
    if last < first:
        return _frozen(np.empty(0, "datetime64[D]"))
    dates, _ = _openings(calendar_name(mic), _year(first), _year(last))
    return _frozen(dates[(dates >= first) & (dates <= last)])


def opens_early(mic: str, sessions: DateArray) -> BoolArray:
    """(S,) True where the venue opens before 00:00 UTC of the session's own date.

    Such an opening precedes the instant at which a decision of the day before is taken (24:00 UTC). Sydney
    does so in the southern summer. A date on which the venue is closed has no opening: False.
    """
    if not sessions.size:
        return np.zeros(0, np.bool_)
    days = sessions.astype("datetime64[D]")
    dates, opens = _openings(calendar_name(mic), _year(days.min()), _year(days.max()))
    early: BoolArray = np.isin(days, dates[opens < dates])
    return early


def next_opening(mic: str, day: np.datetime64) -> tuple[np.datetime64, np.datetime64]:
    """The first session that opens at or after 24:00 UTC of `day`, and its opening in UTC [s].

    Raises BadInputError as `sessions` does.
    """
    instant = (day.astype("datetime64[D]") + np.timedelta64(1, "D")).astype("datetime64[s]")
    dates, opens = _openings(calendar_name(mic), _year(day), _year(day) + 1)
    place = int(np.searchsorted(opens, instant))
    return dates[place], opens[place]


@lru_cache(maxsize=64)
def _openings(name: str, first_year: int, last_year: int) -> tuple[DateArray, DateArray]:
    """Session dates [D] and opening instants in UTC [s] of whole years: near spans share one build."""
    calendar = _calendar(name, first_year, last_year)
    dates = calendar.sessions.to_numpy().astype("datetime64[D]")
    return _frozen(dates), _frozen(calendar.opens.dt.tz_convert(None).to_numpy().astype("datetime64[s]"))


def _calendar(name: str, first_year: int, last_year: int) -> ExchangeCalendar:
    with warnings.catch_warnings():
        # It uses pandas calls that newer pandas deprecates: nothing a user of this package can act on.
        warnings.simplefilter("ignore")
        import exchange_calendars

        try:
            return exchange_calendars.get_calendar(name, f"{first_year}-01-01", f"{last_year}-12-31")
        except ValueError as error:
            # Years before or after the recorded holidays; Tel Aviv's changing week under pandas 3.1.
            raise BadInputError(
                f"venue {name}, {first_year} to {last_year}",
                f"exchange_calendars cannot build it ({str(error)[:120]})",
                "shorten the span, or take a line on another venue",
            ) from error


def _year(day: np.datetime64) -> int:
    return int(day.astype("datetime64[Y]").astype(np.int64)) + 1970


def _frozen(values: DateArray) -> DateArray:
    values.flags.writeable = False  # shared by every caller through the cache
    return values
