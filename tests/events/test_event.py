"""The record of events, when each is known, and the pressure they put on a sleeve."""

from __future__ import annotations

import pickle
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from positioning.errors import BadInputError
from positioning.events.event import Event, Events
from positioning.events.event_file import read_events as read_any
from positioning.events.restriction import Restriction
from tests.builders import EVENTS

VOCABULARY = (EVENTS.sleeves, EVENTS.themes, EVENTS.directions)

HEADER = (
    "id,announced,title,issuer,instrument,direction,severity,themes,sign_fertilizer,sign_corridor,sign_equipment,"
    "follows,source,confidence"
)
GOOD = "X1,2024-03-05,A title,EU,asset freeze,tighten,3,fertilizer;payments,1,0,-1,,a document,high"
# Tuesday to Monday, without the weekend of 9 and 10 March 2024.
WEEK = np.array(["2024-03-05", "2024-03-06", "2024-03-07", "2024-03-08", "2024-03-11"], "datetime64[D]")


def event(id: str, announced: datetime, *, sign: int = 1, severity: int = 3, **other: object) -> Event:
    values: dict[str, object] = {
        "title": "t", "issuer": "EU", "instrument": "ban", "direction": "tighten", "themes": ("fertilizer",),
        "signs": {"fertilizer": sign, "corridor": 0, "equipment": -sign}, "source": "s", "confidence": "high",
    }  # fmt: skip
    return Event(id=id, announced=announced, severity=severity, **(values | other))  # type: ignore[arg-type]


@pytest.fixture
def csv_of(tmp_path: Path) -> Callable[..., Path]:
    def write(*rows: str, header: str = HEADER) -> Path:
        path = tmp_path / "mine.csv"
        path.write_text("\n".join((header, *rows)) + "\n", encoding="utf-8")
        return path

    return write


def read_events(path: Path | str) -> Events:
    """With the words of the shipped thesis."""
    return read_any(path, *VOCABULARY)


# The shipped record


def test_the_record_holds_these_counts() -> None:
    events = EVENTS
    assert sorted(int(e.id[1:]) for e in events) == list(range(1, 160))
    assert Counter(e.direction for e in events) == {
        "tighten": 49, "ease": 34, "supply_shock": 21, "price_benchmark": 19, "corridor_positive": 15, "payments": 14,
        "corridor_negative": 7,
    }  # fmt: skip
    assert Counter(e.severity for e in events) == {1: 17, 2: 60, 3: 54, 4: 25, 5: 3}
    assert Counter(e.confidence for e in events) == {"high": 112, "medium": 45, "low": 2}
    assert Counter(t for e in events for t in e.themes) == {
        "fertilizer": 86, "corridor": 64, "equipment": 52, "payments": 31, "sovereign_debt": 10,
    }  # fmt: skip
    signs = {s: Counter(e.signs[s] for e in events) for s in EVENTS.sleeves}
    assert signs["fertilizer"] == {0: 76, 1: 50, -1: 33}
    assert signs["corridor"] == {0: 92, 1: 26, -1: 41}
    assert signs["equipment"] == {0: 106, 1: 13, -1: 40}
    assert sum(not e.date_only for e in events) == 22


def test_what_was_only_relayed_is_medium_at_best_after_june_2026() -> None:
    late = [e for e in EVENTS if e.known_on() > np.datetime64("2026-07-03")]
    assert late
    assert all(e.confidence in ("medium", "low") for e in late)


def test_every_event_has_a_source_and_a_short_title() -> None:
    for e in EVENTS:
        assert e.source, e.id
        assert 10 < len(e.title) <= 90, e.id
        assert "memory" not in e.source, e.id


def test_acts_that_only_put_earlier_news_into_force_point_at_it() -> None:
    events = EVENTS
    assert {e.id: e.follows for e in events if e.follows} == {
        "E07": "E06", "E21": "E87", "E46": "E92", "E93": "E48", "E54": "E96", "E100": "E98", "E115": "E57", "E64": "E115",
        "E67": "E102", "E111": "E108", "E79": "E78", "E125": "E124", "E136": "E119", "E139": "E138",
    }  # fmt: skip
    at = {e.id: e.announced for e in events}
    assert all(at[e.follows] < e.announced for e in events if e.follows)


def test_events_come_by_instant_and_the_article_is_among_them() -> None:
    events = EVENTS
    assert [e.announced for e in events] == sorted(e.announced for e in events)
    seed = next(e for e in events if e.id == "E63")
    assert seed.announced == datetime(2025, 6, 4, 3, 30, tzinfo=UTC)
    assert seed.known_on() == np.datetime64("2025-06-04")


def test_reading_is_repeatable_and_events_travel_to_other_processes() -> None:
    events = EVENTS
    assert events.digest() == EVENTS.digest()
    assert pickle.loads(pickle.dumps(events)).digest() == events.digest()  # noqa: S301
    assert events.restrictions


# When an event is known


@pytest.mark.parametrize(
    ("announced", "known"),
    [
        (datetime(2024, 3, 5, 0, 0, 1, tzinfo=UTC), "2024-03-05"),
        (datetime(2024, 3, 5, 23, 59, 59, tzinfo=UTC), "2024-03-05"),
        (datetime(2024, 3, 6, 0, 0, tzinfo=UTC), "2024-03-05"),  # 24:00 of the 5th
        (datetime(2024, 3, 5, 22, 0, tzinfo=timezone(timedelta(hours=-4))), "2024-03-06"),
    ],
)
def test_an_event_is_known_on_the_utc_date_that_ends_after_it(announced: datetime, known: str) -> None:
    assert event("A", announced).known_on() == np.datetime64(known)


def test_a_bare_date_is_known_when_it_ends(csv_of: Callable[..., Path]) -> None:
    (only,) = read_events(csv_of(GOOD))
    assert only.date_only
    assert only.announced == datetime(2024, 3, 6, tzinfo=UTC)
    assert only.known_on() == np.datetime64("2024-03-05")


@pytest.mark.parametrize("text", ["2024-03-05T13:25Z", "2024-03-05T09:25-04:00", "2024-03-05 18:55+05:30"])
def test_a_time_with_any_zone_is_kept_in_utc(csv_of: Callable[..., Path], text: str) -> None:
    (only,) = read_events(csv_of(GOOD.replace("2024-03-05", text)))
    assert not only.date_only
    assert only.announced == datetime(2024, 3, 5, 13, 25, tzinfo=UTC)


def test_rows_are_the_first_session_at_or_after_the_date_of_knowledge() -> None:
    at = [datetime(2024, 3, day, 12, tzinfo=UTC) for day in (1, 5, 9, 11, 12)]  # 9 March is a Saturday
    events = Events(tuple(event(f"{n}", t) for n, t in enumerate(at)))
    assert events.rows(WEEK).tolist() == [0, 0, 4, 4, 5]
    assert events.rows(pd.DatetimeIndex(WEEK)).tolist() == [0, 0, 4, 4, 5]


def test_until_keeps_what_was_known_by_the_end_of_the_day() -> None:
    events = EVENTS
    assert [e.id for e in events.until(np.datetime64("2021-02-10"))] == ["E01", "E02", "E81", "E03", "E04"]
    assert {r.symbol for r in events.until(np.datetime64("2021-08-05")).restrictions} == {
        "1157.HK",
        "1766.HK",
        "1829.HK",
    }
    assert len(events.until(np.datetime64("2020-10-01"))) == 0


def test_the_day_itself_is_until_it() -> None:
    day = np.datetime64("2024-03-06")
    known = datetime(2024, 3, 6, 12, tzinfo=UTC)
    ban = Restriction("NTR", known, "no_buy", "designated", "listed", "s")
    record = Events((event("A", known),), (ban,))
    for last, count in ((day - 1, 0), (day, 1), (day + 1, 1)):
        found = record.until(last)
        assert (len(found), len(found.restrictions)) == (count, count)


def test_large_moves_are_looked_for_near_grave_events_and_restrictions() -> None:
    grave = [event(f"S{n}", datetime(2024, 3, n, 12, tzinfo=UTC), severity=n) for n in range(1, 6)]
    at = datetime(2024, 3, 6, 12, tzinfo=UTC)
    bans = [Restriction("NTR", at + timedelta(days=n), "no_buy", "designated", "listed", "s") for n in (0, 3)]
    found = {
        symbol: days.astype(str).tolist()
        for symbol, days in Events(tuple(grave), tuple(bans)).crash_dates.items()
    }
    assert found == {"": ["2024-03-04", "2024-03-05"], "NTR": ["2024-03-06", "2024-03-09"]}


def test_a_table_of_events_has_numbers_dates_and_texts() -> None:
    kinds = EVENTS.to_frame().dtypes.astype(str).to_dict()
    assert kinds["known_on"] == "datetime64[s]"
    assert kinds["announced"] == "datetime64[us, UTC]"
    numbers = {"severity", *(f"sign_{s}" for s in EVENTS.sleeves)}
    assert {name for name, kind in kinds.items() if kind == "int64"} == numbers
    assert {kinds[name] for name in kinds.keys() - numbers - {"known_on", "announced"}} == {"str"}


def test_of_selects_by_theme() -> None:
    assert len(EVENTS.of("sovereign_debt")) == 10
    assert all("payments" in e.themes for e in EVENTS.of("payments"))
    with pytest.raises(BadInputError, match=r"theme 'fertiliser'; .*Did you mean fertilizer\?"):
        EVENTS.of("fertiliser")


# Pressure


def test_the_pressure_of_two_events_by_hand() -> None:
    # Half-life of two rows: decay sqrt(1/2) a row. +3 from row 1; -2 from row 3, where the first has halved.
    events = Events(
        (
            event("A", datetime(2024, 3, 6, 12, tzinfo=UTC), severity=3),
            event("B", datetime(2024, 3, 8, 12, tzinfo=UTC), severity=2, sign=-1),
        )
    )
    root = 0.5**0.5
    assert events.pressure(WEEK, "fertilizer", 2.0) == pytest.approx([0, 3, 3 * root, 1.5 - 2, -0.5 * root])
    assert events.pressure(WEEK, "equipment", 2.0) == pytest.approx([0, -3, -3 * root, 0.5, 0.5 * root])
    assert events.pressure(WEEK, "corridor", 2.0).tolist() == [0.0] * 5


def test_recursion_equals_the_sum_over_events() -> None:
    days = np.arange("2020-01-01", "2026-01-01", dtype="datetime64[D]")
    events, half_life = EVENTS, 33.0
    t = np.arange(days.size)
    want = np.zeros(days.size)
    for e, row in zip(events, events.rows(days), strict=True):
        if not e.follows:
            want[row:] += e.signs["corridor"] * e.severity * 0.5 ** ((t[row:] - row) / half_life)
    # Thousands of multiplications by one decay, each rounded once: far below 1e-9.
    assert events.pressure(days, "corridor", half_life) == pytest.approx(want, abs=1e-9)


def test_low_confidence_follow_ups_and_news_outside_the_sessions_press_nothing() -> None:
    noon = datetime(2024, 3, 6, 12, tzinfo=UTC)
    quiet = (
        event("A", noon, confidence="low"),
        event("B", noon, follows="A"),
        event("C", datetime(2024, 3, 4, 12, tzinfo=UTC)),
        event("D", datetime(2024, 3, 12, 12, tzinfo=UTC)),
    )
    assert Events(quiet).pressure(WEEK, "fertilizer", 5.0).tolist() == [0.0] * 5
    assert Events(()).pressure(WEEK, "fertilizer", 5.0).tolist() == [0.0] * 5
    assert Events(quiet).pressure(WEEK[:0], "fertilizer", 5.0).size == 0


def test_later_news_does_not_change_earlier_pressure() -> None:
    days = np.arange("2020-01-01", "2026-01-01", dtype="datetime64[D]")
    cut = np.datetime64("2022-03-01")
    whole = EVENTS.pressure(days, "fertilizer", 20.0)
    known = EVENTS.until(cut).pressure(days, "fertilizer", 20.0)
    assert np.array_equal(whole[days <= cut], known[days <= cut])


def test_news_of_the_first_and_of_the_last_session_counts() -> None:
    ends = tuple(
        event(f"E{day}", datetime(2024, 3, day, 12, tzinfo=UTC), severity=day, confidence="medium")
        for day in (5, 1)
    )
    on_ends = Events((ends[0], event("L", datetime(2024, 3, 11, 12, tzinfo=UTC), severity=2), ends[1]))
    assert on_ends.news(WEEK, "fertilizer").tolist() == [5, 0, 0, 0, 2]
    assert on_ends.news(WEEK[:1], "fertilizer").tolist() == [5]
    # Half a row: what is left after a row is a quarter.
    assert on_ends.pressure(WEEK, "fertilizer", 0.5).tolist() == [5, 1.25, 0.3125, 0.078125, 2.01953125]


@pytest.mark.parametrize("severity", [0, 1, 5, 6])
def test_severities_are_one_to_five(severity: int) -> None:
    if severity in (1, 5):
        assert event("A", datetime(2024, 3, 6, tzinfo=UTC), severity=severity).severity == severity
    else:
        with pytest.raises(BadInputError, match=f"severity {severity}; wanted 1 to 5"):
            event("A", datetime(2024, 3, 6, tzinfo=UTC), severity=severity)


@pytest.mark.parametrize("half_life", [0.0, -1.0, float("nan"), float("inf")])
def test_a_half_life_must_be_positive_and_finite(half_life: float) -> None:
    with pytest.raises(BadInputError, match=r"half_life .* wanted a number of rows above zero"):
        EVENTS.pressure(WEEK, "fertilizer", half_life)


def test_pressure_is_of_a_sleeve() -> None:
    with pytest.raises(BadInputError, match=r"sleeve 'equipement'.*; .*Did you mean equipment\?"):
        EVENTS.pressure(WEEK, "equipement", 5.0)
    with pytest.raises(
        BadInputError, match="wanted one of its sleeves: fertilizer, corridor, equipment; give thesis=DIR"
    ):
        EVENTS.pressure(WEEK, "payments", 5.0)


# What a user may get wrong


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        (
            "2024-03-05",
            "2024-03-05T10:00",
            "announced '2024-03-05T10:00'; wanted a date, or a time with its zone",
        ),
        ("2024-03-05", "5 March", "announced '5 March'; wanted a date"),
        ("2024-03-05", "9999-12-31", "announced '9999-12-31'; wanted a date"),
        ("a document", "", "source is empty"),
        ("tighten", "tigthen", "direction 'tigthen'; wanted one of the known values; Did you mean tighten?"),
        ("payments", "payment", "themes 'payment'; wanted one of the known values; Did you mean payments?"),
        ("fertilizer;payments", "", "themes is empty; every record needs a themes"),
        (",high", ",hihg", "confidence 'hihg'; wanted one of the known values; Did you mean high?"),
        (",3,", ",6,", "severity 6; wanted 1 to 5"),
        (",3,", ",high,", "severity 'high'; wanted a whole number from 1 to 5"),
        (",1,0,", ",2,0,", "sign_fertilizer 2; wanted a sign: -1, 0 or 1"),
        (",0,-1,", ",+,-1,", "sign_corridor '+'; wanted a sign: -1, 0 or 1"),
        ("X1", "", "id is empty"),
        ("X1", "X0", "id 'X0' again; wanted each id once"),
        (",,a document", ",X9,a document", "follows 'X9'; wanted one of the known values"),
        ("A title", "A title, with a comma", "more cells than the header"),
    ],
)
def test_a_bad_row_is_named_by_line_and_column(
    csv_of: Callable[..., Path], old: str, new: str, complaint: str
) -> None:
    with pytest.raises(BadInputError) as error:
        read_events(csv_of(GOOD.replace("X1", "X0"), GOOD.replace(old, new)))
    assert "mine.csv line 3: " in str(error.value)
    assert complaint in str(error.value)
    assert "\n" not in str(error.value)


def test_a_missing_column_is_named(csv_of: Callable[..., Path]) -> None:
    with pytest.raises(
        BadInputError, match=r"mine\.csv line 1: no column 'severity'; .*add the column severity"
    ):
        read_events(csv_of(GOOD, header=HEADER.replace("severity", "sev")))


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match=r"none\.csv cannot be read \(No such file"):
        read_events(tmp_path / "none.csv")
    (tmp_path / "latin.csv").write_bytes(HEADER.encode() + b"\nX1,2024-03-05,caf\xe9\n")
    with pytest.raises(BadInputError, match=r"latin\.csv cannot be read"):
        read_events(str(tmp_path / "latin.csv"))


def test_a_byte_order_mark_and_further_columns_do_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "excel.csv"
    path.write_text(f"{HEADER},note\n{GOOD},mine\n", encoding="utf-8-sig")
    assert [e.id for e in read_events(path)] == ["X1"]


def test_an_id_twice_is_refused_without_a_file() -> None:
    twice = event("A", datetime(2024, 3, 6, tzinfo=UTC))
    with pytest.raises(BadInputError, match="id 'A' twice"):
        Events((twice, twice))


def test_an_instant_without_a_zone_is_refused() -> None:
    with pytest.raises(BadInputError, match="wanted an instant with a zone"):
        event("A", datetime(2024, 3, 6))


def test_events_are_told_apart_in_sets_and_known_at_their_instant() -> None:
    one, other = (
        event("A", datetime(2024, 3, 5, 9, tzinfo=UTC)),
        event("B", datetime(2024, 3, 5, 9, tzinfo=UTC)),
    )
    assert len({one, other, replace(one)}) == 2
    assert not one.date_only


def test_signs_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        event("A", datetime(2024, 3, 6, tzinfo=UTC)).signs["fertilizer"] = 0  # type: ignore[index]


def test_the_digest_sees_every_field() -> None:
    one = event("A", datetime(2024, 3, 6, tzinfo=UTC))
    other = event("A", datetime(2024, 3, 6, tzinfo=UTC), sign=-1)
    assert Events((one,)).digest() != Events((other,)).digest()
    assert Events((one,)).digest() != Events((one,), EVENTS.restrictions).digest()


def test_the_words_are_those_of_the_thesis_in_its_order() -> None:
    assert EVENTS.sleeves == ("fertilizer", "corridor", "equipment")
    assert EVENTS.themes == ("fertilizer", "corridor", "equipment", "payments", "sovereign_debt")
    assert len(EVENTS.directions) == 7


def test_without_a_thesis_the_words_are_those_of_the_file(csv_of: Callable[..., Path]) -> None:
    header = HEADER.replace("sign_fertilizer,sign_corridor,sign_equipment", "sign_tanker,sign_liner")
    found = read_any(csv_of(GOOD.replace("1,0,-1", "1,-1"), header=header))
    assert found.sleeves == ("tanker", "liner")
    assert (found.themes, found.directions) == (("fertilizer", "payments"), ("tighten",))
    assert found.pressure(WEEK, "liner", 5.0)[0] == -3.0


def test_a_column_of_signs_that_is_no_sleeve_is_named(csv_of: Callable[..., Path]) -> None:
    with pytest.raises(BadInputError, match=r"line 2: sign_\.\.\. 'road'; wanted one of the known values"):
        read_events(csv_of(f"{GOOD},1", header=f"{HEADER},sign_road"))
    with pytest.raises(BadInputError, match=r"line 1: no column 'sign_corridor'"):
        read_events(csv_of(GOOD, header=HEADER.replace("sign_corridor", "corridor")))


def test_every_event_has_a_sign_for_every_sleeve() -> None:
    whole, half = (
        event("A", datetime(2024, 3, 6, tzinfo=UTC)),
        event("B", datetime(2024, 3, 6, tzinfo=UTC), signs={}),
    )
    with pytest.raises(
        BadInputError, match="event 'B' without sign_fertilizer; wanted a sign for each sleeve"
    ):
        Events((whole, half))


def test_a_record_keeps_its_words_when_events_are_left_out() -> None:
    early = EVENTS.until(np.datetime64("2020-12-31"))
    assert len(early) < len(EVENTS)
    assert (early.sleeves, early.themes, early.directions) == VOCABULARY
    assert not early.pressure(WEEK, "equipment", 5.0).any()


def test_a_date_is_known_when_it_ends() -> None:
    given = replace(EVENTS.items[0], announced=date(2022, 2, 24), date_only=False)
    assert given.known_on() == np.datetime64("2022-02-24")
    assert (given.announced, given.date_only) == (datetime(2022, 2, 25, tzinfo=UTC), True)
    for wrong in ("2022-02-24", 20220224, None):
        with pytest.raises(BadInputError, match="wanted a date, or an instant with a zone"):
            replace(given, announced=wrong)  # type: ignore[arg-type]


def test_a_record_is_told_with_its_newest_event_first() -> None:
    noon = datetime(2024, 3, 6, 12, tzinfo=UTC)
    ban = Restriction("NTR", noon, "no_buy", "designated", "listed", "s")
    two = event("B", noon + timedelta(days=2), severity=2, themes=("payments", "fertilizer"), title="later")
    told = Events((two, event("A", noon)), (ban,)).picture()
    assert told.facts == {
        "events": "2, 2024-03-06 to 2024-03-08", "themes": "fertilizer 2, payments 1", "restrictions": "1",
    }  # fmt: skip
    assert told.rows == [
        ("B", "2024-03-08", "tighten", "2", "later"), ("A", "2024-03-06", "tighten", "3", "t"),
    ]  # fmt: skip
    assert Events(()).picture().facts == {"events": "0", "themes": "none", "restrictions": "0"}


def test_a_table_has_a_row_for_each_event_with_all_that_it_says() -> None:
    noon = datetime(2024, 3, 6, 12, tzinfo=UTC)
    frame = Events((event("A", noon, themes=("fertilizer", "payments"), follows="Z"),)).to_frame()
    assert frame.index.tolist() == ["A"]
    assert frame.iloc[0].to_dict() == {
        "known_on": pd.Timestamp("2024-03-06"), "announced": pd.Timestamp(noon), "title": "t", "issuer": "EU",
        "instrument": "ban", "direction": "tighten", "severity": 3, "themes": "fertilizer; payments",
        "sign_fertilizer": 1, "sign_corridor": 0, "sign_equipment": -1, "confidence": "high", "follows": "Z",
        "source": "s",
    }  # fmt: skip


def test_an_event_is_news_known_at_its_instant_unless_it_says_otherwise() -> None:
    noon = datetime(2024, 3, 6, 12, tzinfo=UTC)
    plain = event("A", noon)
    assert (plain.date_only, plain.follows, plain.counts) == (False, "", True)
    assert [event("A", noon, confidence=c).counts for c in ("high", "medium", "low")] == [True, True, False]
    assert not event("A", noon, follows="B").counts
    assert not event("A", noon, follows="B", confidence="low").counts


@pytest.mark.parametrize("sign", [-2, -1, 0, 1, 2])
def test_signs_are_minus_one_nought_or_one(sign: int) -> None:
    noon = datetime(2024, 3, 6, 12, tzinfo=UTC)
    if abs(sign) <= 1:
        assert event("A", noon, sign=sign).signs["fertilizer"] == sign
        return
    with pytest.raises(BadInputError, match=f"sign_fertilizer {sign}; wanted a sign: -1, 0 or 1"):
        event("A", noon, sign=sign)


def test_shocks_are_signs_times_severities_of_what_counts() -> None:
    noon = datetime(2024, 3, 6, 12, tzinfo=UTC)
    events = Events(
        (
            event("A", noon, severity=4),
            event("B", noon, severity=5, sign=-1),
            event("C", noon, confidence="low"),
            event("D", noon, follows="A"),
            event("E", noon, sign=0),
        )
    )
    assert events.shocks("fertilizer").tolist() == [4.0, -5.0, 0.0, 0.0, 0.0]
    assert events.shocks("equipment").tolist() == [-4.0, 5.0, 0.0, 0.0, 0.0]
    assert events.news(WEEK, "fertilizer").tolist() == [0.0, -1.0, 0.0, 0.0, 0.0]
    assert events.known.tolist() == [date(2024, 3, 6)] * 5


def test_a_sleeve_of_another_thesis_is_told_with_the_title_of_this_one() -> None:
    record = replace(Events((event("A", datetime(2024, 3, 6, tzinfo=UTC)),)), thesis="Potash")
    with pytest.raises(
        BadInputError, match=r"sleeve 'fertilzer' is none of the thesis 'Potash'; .*mean fertilizer\?; or"
    ):
        record.require_sleeve("fertilzer")
    with pytest.raises(
        BadInputError, match="sleeve 'x'; wanted one of its sleeves: there are none; give thesis=DIR"
    ):
        Events(()).require_sleeve("x")
    assert Events(()).shocks("x").size == 0  # a record of no events is silent on all
