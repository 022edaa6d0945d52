"""The dated record of what may not be bought, and the mask made of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pytest

from positioning.errors import BadInputError
from positioning.events.restriction import (
    GROUNDS,
    Restriction,
    RestrictionKind,
    binding_on,
    dropped,
    held_back,
    lifted_on,
    read_restrictions,
    standing,
)
from positioning.market.instruments import table
from tests.builders import EVENTS

WEEK = np.array(["2024-03-05", "2024-03-06", "2024-03-07", "2024-03-08", "2024-03-11"], "datetime64[D]")


def restriction(
    symbol: str, day: int, kind: RestrictionKind = "no_buy", ground: str = "designated"
) -> Restriction:
    return Restriction(symbol, datetime(2024, 3, day, 12, tzinfo=UTC), kind, ground, "why", "a document")


def test_every_restriction_has_a_source_a_reason_and_a_recorded_instrument() -> None:
    record = EVENTS.restrictions
    assert len(record) == 32
    for r in record:
        assert r.source, r.symbol
        assert r.reason, r.symbol
        assert r.symbol in table()
    assert Counter(r.ground for r in record) == {
        "suspended": 10, "military_list": 8, "delisting": 6, "investment_ban": 2, "partner": 2, "designated": 2,
        "short_report": 2,
    }  # fmt: skip


def test_a_recorded_delisting_has_the_date_of_the_instrument() -> None:
    gone = {r.symbol: r.holds_from() for r in EVENTS.restrictions if r.kind == "delisted"}
    assert gone == {s: np.datetime64(i.delisted) for s, i in table().items() if i.delisted}


@pytest.mark.parametrize(
    ("symbol", "known"),
    [("FRHC", "2023-08-15"), ("KSPI", "2024-09-19"), ("EVR.L", "2022-03-10"), ("GLTR.IL", "2022-03-04")],
)
def test_a_name_may_be_bought_until_the_day_it_is_known(symbol: str, known: str) -> None:
    day = np.datetime64(known)
    mask = dropped(EVENTS.restrictions, [symbol], np.arange(day - 2, day + 3), "strict")
    assert mask[:, 0].tolist() == [False, False, True, True, True]


def barred(symbol: str, investor: str, screen: str, *days: str) -> list[bool]:
    """Whether the shipped record bars purchases on those days."""
    rows = np.array(days, "datetime64[D]")
    return dropped(binding_on(EVENTS.restrictions, investor), [symbol], rows, screen)[:, 0].tolist()


def test_an_american_may_not_buy_crrc_from_12_november_2020_to_3_june_2021() -> None:
    # Executive order 13959 is known at the end of 12 November 2020, so the first row it bars is the 12th's own decision;
    # order 14032 frees the name on 3 June 2021.
    days = ("2020-11-11", "2020-11-12", "2021-01-11", "2021-06-02", "2021-06-03", "2021-06-04")
    assert barred("1766.HK", "US", "listed", *days) == [False, True, True, True, False, False]
    for other in ("none", "IE", "HK"):
        assert barred("1766.HK", other, "listed", *days) == [False] * 6
    assert barred("1766.HK", "US", "none", *days) == [False] * 6


def test_being_named_forbids_no_purchase_and_only_a_strict_screen_minds() -> None:
    days = ("2020-06-23", "2020-06-24", "2021-06-03", "2022-10-04", "2022-10-05")
    assert barred("1766.HK", "none", "strict", *days) == [False, True, False, False, True]
    assert barred("1766.HK", "US", "listed", "2020-06-24", "2022-10-05") == [False, False]


def test_a_name_under_offer_may_be_bought_until_it_ends() -> None:
    days = ("2025-08-22", "2026-03-17", "2026-03-18")
    assert barred("0489.HK", "none", "listed", *days) == [False, False, True]


def test_columns_follow_the_symbols_asked_for() -> None:
    record = [restriction("B", 6), restriction("A", 8), restriction("Z", 5)]
    mask = dropped(record, ["A", "B", "C"], WEEK, "listed")
    assert mask.T.tolist() == [
        [False, False, False, True, True],
        [False, True, True, True, True],
        [False] * 5,
    ]


def test_news_of_a_weekend_counts_on_the_next_row_and_late_news_never() -> None:
    mask = dropped([restriction("A", 9), restriction("B", 12)], ["A", "B"], WEEK, "listed")
    assert mask.T.tolist() == [[False, False, False, False, True], [False] * 5]


def test_lifting_ends_only_its_own_ground() -> None:
    record = [restriction("A", 8, "lifted"), restriction("A", 6)]
    assert dropped(record, ["A"], WEEK, "strict")[:, 0].tolist() == [False, True, True, False, False]
    record.append(restriction("A", 7, ground="short_report"))
    assert dropped(record, ["A"], WEEK, "strict")[:, 0].tolist() == [False, True, True, True, True]


@pytest.mark.parametrize(("lifted", "stands"), [(6, []), (7, []), (8, [7])])
def test_what_is_lifted_on_the_day_it_would_hold_from_never_stands(lifted: int, stands: list[int]) -> None:
    later = replace(restriction("A", 4, "frozen"), effective=np.datetime64("2024-03-07"))
    record = [later, restriction("A", lifted, "lifted")]
    assert [r.holds_from() for r in standing(record, "A")] == [np.datetime64(f"2024-03-0{d}") for d in stands]


def test_partners_and_the_military_list_count_only_when_asked_for() -> None:
    symbols = ["1157.HK", "0598.HK", "1199.HK", "1919.HK", "2039.HK"]
    late = np.array(["2025-12-31"], "datetime64[D]")
    assert not dropped(EVENTS.restrictions, symbols, late, "listed").any()
    assert dropped(EVENTS.restrictions, symbols, late, "strict").all()
    assert not dropped(EVENTS.restrictions, ["EVR.L"], late, "none").any()


def test_an_unknown_screen_is_refused() -> None:
    with pytest.raises(BadInputError, match=r"screen 'stric'; .*Did you mean strict\?"):
        dropped((), ["A"], WEEK, "stric")


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        (
            "A,2024-03-05T10:00,,no_buy,partner,,why,doc",
            "announced '2024-03-05T10:00'; wanted a date, or a time",
        ),
        (
            "A,2024-03-05,,nobuy,partner,,why,doc",
            "kind 'nobuy'; wanted one of the known values; Did you mean no_buy?",
        ),
        (
            "A,2024-03-05,,no_buy,partnr,,why,doc",
            "ground 'partnr'; wanted one of the known values; Did you mean partner?",
        ),
        ("A,2024-03-05,,no_buy,partner,,why,", "source is empty"),
        ("A,2024-03-05,soon,frozen,suspended,,why,doc", "effective 'soon'"),
        ("A,2024-03-05,2024-03-01,frozen,suspended,,why,doc", "effective 2024-03-01; wanted 2024-03-05"),
        ("A,2024-03-05,,delisted,delisting,much,why,doc", "recovery 'much'"),
        ("A,2024-03-05,,frozen,suspended,3,why,doc", "recovery 3 of a frozen"),
        (",2024-03-05,,no_buy,partner,,why,doc", "symbol is empty"),
    ],
)
def test_a_bad_row_is_named_by_line_and_column(tmp_path: Path, row: str, complaint: str) -> None:
    path = tmp_path / "mine.csv"
    path.write_text(
        f"symbol,announced,effective,kind,ground,recovery,reason,source\n{row}\n", encoding="utf-8"
    )
    with pytest.raises(BadInputError) as error:
        read_restrictions(path)
    assert f"mine.csv line 2: {complaint}" in str(error.value)


HEAD = "symbol,announced,effective,kind,ground,recovery,reason,source\n"


def written(folder: Path, *rows: str) -> Path:
    path = folder / "mine.csv"
    path.write_text(HEAD + "\n".join(rows) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("mos", "MOS"),
        ("01157.HK", "1157.HK"),
        ("700.hk", "0700.HK"),
        ("hsbk.il", "HSBK.IL"),
        ("005930.ks", "005930.KS"),
    ],
)
def test_symbols_are_read_as_fetch_reads_them(tmp_path: Path, typed: str, meant: str) -> None:
    path = written(tmp_path, f"{typed},2024-03-05,,frozen,suspended,,why,doc")
    assert [r.symbol for r in read_restrictions(path)] == [meant]


def test_a_symbol_without_a_venue_is_refused_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match=r"mine\.csv line 2: symbol '1157'"):
        read_restrictions(written(tmp_path, "1157,2024-03-05,,frozen,suspended,,why,doc"))


@pytest.mark.parametrize(
    ("rows", "line"),
    [
        (["A,2024-03-05,,frozen,suspended,,why,doc", "A,2024-03-07,,lifted,designated,,why,doc"], 3),
        (["A,2024-03-05,,lifted,suspended,,why,doc", "A,2024-03-07,,frozen,suspended,,why,doc"], 2),
        (["B,2024-03-05,,frozen,suspended,,why,doc", "A,2024-03-07,,lifted,suspended,,why,doc"], 3),
    ],
)
def test_a_lifting_of_nothing_is_refused_with_its_line(tmp_path: Path, rows: list[str], line: int) -> None:
    with pytest.raises(BadInputError, match=rf"line {line}: lifted .*which was not imposed before"):
        read_restrictions(written(tmp_path, *rows))


def test_a_lifting_holds_from_its_effective_date() -> None:
    lifted = Restriction(
        "A", datetime(2024, 3, 6, 12, tzinfo=UTC), "lifted", "designated", "why", "doc",
        effective=np.datetime64("2024-03-08"),
    )  # fmt: skip
    mask = dropped([restriction("A", 5), lifted], ["A"], WEEK, "listed")
    assert mask[:, 0].tolist() == [True, True, True, False, False]
    again = restriction("A", 7)  # imposed after the lifting was announced: not ended by it
    mask = dropped([restriction("A", 5), lifted, again], ["A"], WEEK, "listed")
    assert mask[:, 0].all()


def test_own_rules_and_own_grounds_count_under_every_screen(tmp_path: Path) -> None:
    path = written(
        tmp_path, "A,2024-03-05,,no_buy,partner,,why,doc", "B,2024-03-06,,no_buy,board decision,,why,doc"
    )
    for screen in ("none", "listed", "strict"):
        mask = dropped(read_restrictions(path, binding=True), ["A", "B"], WEEK, screen)
        assert mask[-1].tolist() == [True, True]
    assert dropped(read_restrictions(path), ["A", "B"], WEEK, "listed")[-1].tolist() == [False, True]


def test_an_instant_without_a_zone_is_refused() -> None:
    with pytest.raises(BadInputError, match="wanted an instant with a zone"):
        Restriction("A", datetime(2024, 3, 6), "no_buy", "partner", "why", "doc")


def test_of_two_liftings_the_first_to_hold_ends_it() -> None:
    late = Restriction(
        "A", datetime(2024, 3, 6, 12, tzinfo=UTC), "lifted", "designated", "why", "doc",
        effective=np.datetime64("2024-03-11"),
    )  # fmt: skip
    imposed, early = restriction("A", 5), restriction("A", 7, "lifted")
    assert lifted_on([imposed, late, early], imposed) == np.datetime64("2024-03-07")
    assert lifted_on([imposed, early, late], imposed) == np.datetime64("2024-03-07")
    assert lifted_on([imposed], imposed) is None
    announced_with_it = replace(imposed, kind="lifted", effective=np.datetime64("2024-03-08"))
    assert lifted_on([imposed, announced_with_it], imposed) == np.datetime64("2024-03-08")


def test_a_lifting_of_the_day_on_which_it_was_imposed_is_one(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    head = "symbol,announced,effective,kind,ground,recovery,reason,source\n"
    imposed, lifted = (f"WAB,2024-03-05,,{kind},suspended,,why,doc\n" for kind in ("frozen", "lifted"))
    path.write_text(head + imposed + lifted)
    assert [r.kind for r in read_restrictions(path)] == ["frozen", "lifted"]
    other = "WAB,2024-03-05,,lifted,designated,,why,doc\n"
    path.write_text(head + imposed + other)
    with pytest.raises(BadInputError, match=r"in force is suspended"):  # of that very day, too
        read_restrictions(path)
    path.write_text(head + "WAB,2024-03-06,,frozen,suspended,,why,doc\n" + other)
    with pytest.raises(BadInputError, match=r"nothing is in force by then"):
        read_restrictions(path)


def test_what_is_lifted_on_the_day_from_which_it_would_hold_never_stands() -> None:
    imposed = Restriction(
        "A", datetime(2024, 3, 5, 12, tzinfo=UTC), "frozen", "designated", "why", "doc",
        effective=np.datetime64("2024-03-07"),
    )  # fmt: skip
    same_day, next_day = (
        Restriction("A", datetime(2024, 3, day, 12, tzinfo=UTC), "lifted", "designated", "why", "doc")
        for day in (7, 8)
    )
    assert standing([imposed, same_day], "A") == []
    assert standing([imposed, next_day], "A") == [imposed]


@pytest.mark.parametrize("recovery", [float("inf"), float("nan"), -1.0])
def test_a_recovery_is_finite(recovery: float) -> None:
    with pytest.raises(BadInputError, match="wanted a finite amount"):
        Restriction(
            "A", datetime(2024, 3, 6, tzinfo=UTC), "delisted", "delisting", "w", "d", recovery=recovery
        )


def test_a_rule_of_a_users_own_is_not_yet_to_come(tmp_path: Path) -> None:
    path = written(tmp_path, "MOS,2999-01-05,,no_buy,own view,,why,doc")
    assert read_restrictions(path)  # of a record: a clock that is behind does not bar it
    with pytest.raises(BadInputError, match="line 2: announced 2999-01-05, which is yet to come"):
        read_restrictions(path, binding=True)


def test_a_rule_of_a_users_own_may_be_of_the_day_that_has_begun_in_the_east_and_of_none_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("positioning.clock.latest_day", lambda: np.datetime64("2024-06-15"))
    for day in ("2024-06-14", "2024-06-15"):
        (rule,) = read_restrictions(written(tmp_path, f"MOS,{day},,no_buy,own view,,why,doc"), binding=True)
        assert rule.known_on() == np.datetime64(day)
    with pytest.raises(BadInputError, match="line 2: announced 2024-06-16, which is yet to come"):
        read_restrictions(written(tmp_path, "MOS,2024-06-16,,no_buy,own view,,why,doc"), binding=True)


def test_an_isin_is_no_symbol_and_the_symbol_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match=r"'US61945C1036' is an ISIN; .*; type MOS"):
        read_restrictions(written(tmp_path, "US61945C1036,2024-03-05,,frozen,suspended,,why,doc"))


def test_a_date_is_known_when_it_ends() -> None:
    given = Restriction("NTR", date(2022, 2, 24), "no_buy", "own words", "why", "doc")
    assert given.known_on() == np.datetime64("2022-02-24")
    assert given.date_only
    assert not restriction("NTR", 5).date_only  # an instant is known at once


def test_a_restriction_says_no_more_than_it_is_given() -> None:
    r = restriction("A", 6)
    assert (r.date_only, r.of_list_day, r.binding, r.recovery, r.effective) == (
        False,
        False,
        False,
        None,
        None,
    )
    assert r.announced == datetime(2024, 3, 6, 12, tzinfo=UTC)
    assert r.holds_from() == r.known_on() == np.datetime64("2024-03-06")
    later = replace(r, effective=np.datetime64("2024-03-08"))
    assert (later.holds_from(), later.known_on()) == (
        np.datetime64("2024-03-08"),
        np.datetime64("2024-03-06"),
    )
    assert replace(r, effective=np.datetime64("2024-03-06")).holds_from() == np.datetime64("2024-03-06")
    with pytest.raises(BadInputError, match="effective 2024-03-05; wanted 2024-03-06"):
        replace(r, effective=np.datetime64("2024-03-05"))


@pytest.mark.parametrize("recovery", [0.0, 0.25, 1.0, 30.0])
def test_a_delisting_recovers_nothing_or_more_and_nothing_else_recovers(recovery: float) -> None:
    assert replace(restriction("A", 6, "delisted", "delisting"), recovery=recovery).recovery == recovery
    with pytest.raises(BadInputError, match=f"recovery {recovery:g} of a frozen"):
        replace(restriction("A", 6, "frozen"), recovery=recovery)


@pytest.mark.parametrize(
    ("ground", "binding", "binds"),
    [
        ("designated", False, False),
        ("designated", True, True),
        ("own words", False, True),
        ("own words", True, True),
    ],
)
def test_own_words_and_own_rules_bind(ground: str, binding: bool, binds: bool) -> None:
    r = replace(restriction("A", 6, ground=ground), binding=binding)
    assert r.binds is binds
    assert dropped([r], ["A"], WEEK, "none").any() == binds


def test_what_stands_is_of_its_symbol_alone_and_in_the_order_in_which_it_comes_to_hold() -> None:
    first, second = restriction("A", 6, "frozen", "suspended"), restriction("A", 5, "frozen")
    second = replace(second, effective=np.datetime64("2024-03-07"))
    record = [
        restriction("B", 4),
        second,
        first,
        restriction("B", 7, "lifted"),
        restriction("A", 8, "lifted", "partner"),
    ]
    assert standing(record, "A") == [first, second]
    assert standing(record, "B") == [record[0]]
    assert standing(record, "C") == []


@pytest.mark.parametrize(
    ("kinds", "grounds", "binding", "held"),
    [
        (("frozen",), ("designated",), False, "AD"), (("frozen",), (), False, "D"), (("frozen",), GROUNDS, False, "ABD"),
        (("frozen",), GROUNDS, True, "D"), (("no_buy",), GROUNDS, False, "C"), ((), GROUNDS, False, ""),
        (("frozen", "no_buy"), GROUNDS, False, "ABCD"),
    ],
)  # fmt: skip
def test_a_mask_is_of_the_kinds_and_grounds_asked_for_and_of_what_binds(
    kinds: tuple[str, ...], grounds: tuple[str, ...], binding: bool, held: str
) -> None:
    record = [
        restriction("A", 6, "frozen"), restriction("B", 6, "frozen", "suspended"), restriction("C", 6),
        restriction("D", 6, "frozen", "own words"), restriction("E", 6, "frozen"),
    ]  # fmt: skip
    symbols = ["D", "C", "B", "A"]  # E is not asked for
    mask = held_back(record, symbols, WEEK, kinds, Restriction.known_on, grounds, binding)
    assert mask.T.tolist() == [[False, *[symbol in held] * 4] for symbol in symbols]
    if not binding:
        np.testing.assert_array_equal(
            held_back(record, symbols, WEEK, kinds, Restriction.known_on, grounds), mask
        )


def test_a_mask_begins_and_ends_on_the_first_row_of_its_days_or_later() -> None:
    weekend = [
        replace(restriction("A", 5), effective=np.datetime64("2024-03-09")),
        restriction("A", 10, "lifted"),
    ]
    by_effect = held_back(weekend, ["A"], WEEK, ("no_buy",), Restriction.holds_from)
    assert by_effect[:, 0].tolist() == [False] * 5  # from Saturday until Sunday: on no row
    by_news = held_back(weekend, ["A"], WEEK, ("no_buy",), Restriction.known_on)
    assert by_news[:, 0].tolist() == [True, True, True, True, False]


def test_a_delisting_counts_from_its_own_day_and_a_freeze_from_its_announcement() -> None:
    day = np.datetime64("2024-03-08")
    ends = replace(restriction("A", 6, "delisted", "delisting"), effective=day)
    freezes = replace(restriction("B", 6, "frozen"), effective=day)
    bars = replace(restriction("C", 6), effective=day)
    mask = dropped([ends, freezes, bars], ["A", "B", "C"], WEEK, "listed")
    assert mask.sum(axis=0).tolist() == [2, 4, 4]


def test_an_american_alone_is_bound_by_a_ban_on_investment() -> None:
    ban, other = restriction("A", 6, ground="investment_ban"), restriction("A", 6)
    for investor in ("US", "us"):
        assert binding_on([ban, other], investor) == (ban, other)
    for investor in ("none", "IE", ""):
        assert binding_on([ban, other], investor) == (other,)


def test_a_record_is_read_by_instant_and_then_symbol_with_what_each_row_says(tmp_path: Path) -> None:
    path = written(
        tmp_path, "MOS,2024-03-07,2024-03-11,delisted,delisting,1.5,why,doc",
        "NTR,2024-03-05,,no_buy,partner,,because,act",
        "CF,2024-03-05,,frozen,suspended,,why,doc", "CF,2024-03-05T13:25Z,,frozen,designated,,why,doc",
    )  # fmt: skip
    first, second, third, last = read_restrictions(path)
    assert [r.symbol for r in (first, second, third, last)] == ["CF", "CF", "NTR", "MOS"]
    assert (first.date_only, second.date_only) == (False, True)
    assert (third.reason, third.source, third.recovery, third.effective, third.binding) == (
        "because",
        "act",
        None,
        None,
        False,
    )
    assert (last.recovery, last.effective) == (1.5, np.datetime64("2024-03-11"))
    assert all(r.binding for r in read_restrictions(path, binding=True))


@pytest.mark.parametrize(
    ("typed", "meant"), [("1.hk", "0001.HK"), ("12345.HK", "12345.HK"), ("01.L", "01.L"), ("MOS", "MOS")]
)
def test_codes_of_hong_kong_have_four_digits_or_more(tmp_path: Path, typed: str, meant: str) -> None:
    (r,) = read_restrictions(written(tmp_path, f"{typed},2024-03-05,,frozen,suspended,,why,doc"))
    assert r.symbol == meant


def test_a_lifting_names_what_is_in_force_by_its_own_instant(tmp_path: Path) -> None:
    rows = [f"WAB,2024-03-0{day},,frozen,{ground},,why,doc" for day, ground in
            ((5, "suspended"), (6, "own words"), (8, "designated"))]  # fmt: skip
    with pytest.raises(BadInputError) as error:
        read_restrictions(written(tmp_path, *rows, "WAB,2024-03-07,,lifted,designated,,why,doc"))
    assert "line 5: lifted designated of WAB on 2024-03-07, which was not imposed before" in str(error.value)
    assert "wanted a ground on which WAB is restricted (in force is own words, suspended)" in str(error.value)
