"""Sessions of venues, held against days everyone can look up."""

from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from positioning.errors import BadInputError
from positioning.market import venues
from positioning.market.instruments import SUFFIXES, table
from positioning.market.venues import (
    calendar_name,
    closings,
    next_opening,
    opens_early,
    recorded_to,
    sessions,
)

D = np.datetime64


def days(*texts: str) -> np.ndarray:
    return np.array(texts, "datetime64[D]")


def test_new_york_keeps_independence_day_2024() -> None:
    got = sessions("XNYS", D("2024-07-03"), D("2024-07-08"))
    assert got.tolist() == days("2024-07-03", "2024-07-05", "2024-07-08").tolist()
    assert got.dtype == np.dtype("datetime64[D]")


def test_hong_kong_rests_at_lunar_new_year_2024() -> None:
    got = sessions("XHKG", D("2024-02-08"), D("2024-02-15"))
    assert got.tolist() == days("2024-02-08", "2024-02-09", "2024-02-14", "2024-02-15").tolist()


def test_istanbul_was_shut_after_the_earthquake_of_2023() -> None:
    got = sessions("XIST", D("2023-02-07"), D("2023-02-15"))
    assert got.tolist() == days("2023-02-07", "2023-02-15").tolist()


@pytest.mark.parametrize("mic", ["ARCX", "XNAS", "XASE"])
def test_american_venues_keep_new_yorks_calendar(mic: str) -> None:
    assert calendar_name(mic) == "XNYS"
    span = (D("2023-01-01"), D("2023-12-31"))
    assert np.array_equal(sessions(mic, *span), sessions("XNYS", *span))


@pytest.mark.parametrize(("mic", "name"), [("XSHE", "XSHG"), ("MISX", "XMOS"), ("AIXK", "AIXK")])
def test_other_names_of_calendars(mic: str, name: str) -> None:
    assert calendar_name(mic) == name


def test_both_ends_are_included_and_closed_or_reversed_spans_are_empty() -> None:
    assert sessions("XLON", D("2024-05-07"), D("2024-05-07")).tolist() == days("2024-05-07").tolist()
    assert sessions("XLON", D("2024-05-04"), D("2024-05-06")).size == 0  # weekend and bank holiday
    assert sessions("XLON", D("2024-05-08"), D("2024-05-07")).size == 0


def test_sessions_cannot_be_changed_through_the_cache() -> None:
    got = sessions("XLON", D("2024-01-01"), D("2024-12-31"))
    with pytest.raises(ValueError, match="read-only"):
        got[0] = D("1999-01-01")


def test_sydney_opens_before_midnight_utc_only_in_summer_time() -> None:
    # 10:00 in Sydney is 23:00 UTC of the day before under UTC+11, and 00:00 UTC under UTC+10.
    # Summer time ended on Sunday 7 April 2024 and began on Sunday 6 October 2024.
    asked = days("2024-01-15", "2024-04-05", "2024-04-08", "2024-07-01", "2024-10-04", "2024-10-07")
    assert opens_early("XASX", asked).tolist() == [True, True, False, False, False, True]


def test_a_closed_day_has_no_early_opening() -> None:
    assert opens_early("XASX", days("2024-01-13", "2024-01-26")).tolist() == [False, False]
    assert opens_early("XASX", days()).tolist() == []


@pytest.mark.parametrize("mic", ["XNYS", "XHKG", "XLON", "XIST", "XOSL", "XTKS", "XSHG", "AIXK"])
def test_no_other_venue_opens_before_its_date(mic: str) -> None:
    assert not opens_early(mic, sessions(mic, D("2023-01-01"), D("2024-12-31"))).any()


@pytest.mark.parametrize(
    "mic", sorted({s[0] for s in SUFFIXES.values()} | {i.venue for i in table().values()})
)
def test_every_venue_has_sessions_or_says_why_not(mic: str) -> None:
    span = (D("2020-01-01"), D("2025-12-31"))
    try:
        found = sessions(mic, *span)
    except BadInputError:
        with pytest.raises(
            BadInputError, match=r"XADS .*no trading calendar|(XTAE|XATH|XSAU) .*exchange_calendars 4.13"
        ):
            sessions(mic, *span)
    else:
        assert 1440 <= found.size <= 1545  # 240 to 257 sessions a year over six years


@pytest.mark.parametrize(("mic", "place"), [("XADS", "Abu Dhabi"), ("XKAZ", "KASE"), ("XAMM", "Amman")])
def test_a_venue_without_a_calendar_is_refused(mic: str, place: str) -> None:
    with pytest.raises(BadInputError, match=f"{mic} .*{place}.*no trading calendar"):
        calendar_name(mic)


def test_an_unknown_venue_lists_the_known_ones() -> None:
    with pytest.raises(BadInputError, match=r"venue 'XXXX'; .* choose from AIXK, ARCX"):
        sessions("XXXX", D("2024-01-01"), D("2024-12-31"))


def test_years_a_calendar_does_not_reach_are_refused() -> None:
    with pytest.raises(BadInputError, match=r"venue AIXK, 2015 to 2016; .*2017-01-01.*begin the span later"):
        sessions("AIXK", D("2015-06-01"), D("2016-06-01"))


def test_the_calendars_are_imported_only_when_asked_for() -> None:
    code = "import sys, positioning.market.venues; print('exchange_calendars' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "False"


@pytest.mark.parametrize(
    ("mic", "day"), [("XHKG", "2023-09-01"), ("XHKG", "2023-09-08"), ("MISX", "2022-03-09")]
)
def test_closures_that_the_calendar_lacks_are_ours(mic: str, day: str) -> None:
    assert sessions(mic, D(day), D(day)).size == 0
    assert sessions(mic, D("2022-03-24"), D("2022-03-24")).size == 1


def test_every_closure_of_ours_is_a_weekday_with_a_source() -> None:
    file = Path(venues.__file__).with_name("closures.csv")
    rows = list(csv.DictReader(file.read_text(encoding="utf-8").splitlines()))
    assert rows
    for row in rows:
        assert row["source"]
        assert row["reason"]
        assert np.is_busday(np.datetime64(row["date"]))
        assert sessions(row["venue"].replace("XMOS", "MISX"), D(row["date"]), D(row["date"])).size == 0


def test_shanghai_past_its_recorded_holidays_counts_weekdays() -> None:
    end = recorded_to("XSHE")
    assert end is not None
    after = sessions("XSHG", end - np.timedelta64(5, "D"), end + np.timedelta64(40, "D"))
    assert after[-1] > end
    assert np.is_busday(after).all()
    assert recorded_to("XNYS") is None
    assert next_opening("XSHG", end)[0] > end


def test_moscow_works_on_its_few_saturdays() -> None:
    assert sessions("MISX", D("2024-04-27"), D("2024-04-27")).size == 1  # a working Saturday by decree
    assert sessions("MISX", D("2024-05-01"), D("2024-05-01")).size == 0


def test_closings_by_the_hours_of_the_date() -> None:
    def at(mic: str, day: str) -> str:
        return str(closings(mic, days(day))[0])

    assert at("XTKS", "2024-11-01") == "2024-11-01T06:00:00"
    assert at("XTKS", "2024-11-05") == "2024-11-05T06:30:00"
    assert at("XNYS", "2024-11-29") == "2024-11-29T18:00:00"
    assert at("XLON", "2024-12-24") == "2024-12-24T12:35:00"  # 12:30 and the auction
    assert at("XHKG", "2024-06-04") == "2024-06-04T08:10:00"
    with pytest.raises(KeyError, match="no session of XNYS"):
        closings("XNYS", days("2024-07-04"))
