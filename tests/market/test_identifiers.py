"""Identifiers: check digits against published examples, and every instrument found under the names of its day."""

from __future__ import annotations

import pytest

from positioning.errors import BadInputError
from positioning.market.identifiers import (
    Identifiers,
    found_under,
    identifier_table,
    identifiers,
    is_isin,
    is_lei,
)
from positioning.market.instruments import table


@pytest.mark.parametrize(
    "isin", ["US0378331005", "GB0002634946", "AU0000XVGZA3", "CNE100000BG0", "DE000KSAG888"]
)
def test_known_isins_have_check_digits_that_fit(isin: str) -> None:
    assert is_isin(isin)
    wrong = isin[:-1] + str((int(isin[-1]) + 1) % 10)
    assert not is_isin(wrong)


def test_no_other_last_digit_fits_and_forms_are_exact() -> None:
    assert [d for d in "0123456789" if is_isin("US037833100" + d)] == ["5"]
    assert not is_isin("us0378331005")
    assert not is_isin("US03783310055")
    assert not is_isin("")


@pytest.mark.parametrize("lei", ["529900T8BM49AURSDO55", "HWUPKR0MPOU8FGXBT394"])
def test_known_legal_entity_identifiers_fit(lei: str) -> None:
    assert is_lei(lei)
    assert not is_lei(lei[:-1] + str((int(lei[-1]) + 1) % 10))


def test_every_instrument_has_a_row_and_agrees_on_its_country() -> None:
    assert set(identifier_table()) == set(table())
    for symbol, row in identifier_table().items():
        own = table()[symbol]
        assert row.isin or row.source == "not found", symbol
        if own.kind in ("share", "receipt") and own.incorporated:
            assert row.incorporated == own.incorporated, symbol
        assert bool(row.form) == (row.form != ""), symbol
    without = sorted(s for s, row in identifier_table().items() if not row.isin)
    assert without == ["301039.SZ", "6031.HK", "603871.SS", "ADPORTS.AD", "PASEU.IS"]


def test_a_wrong_check_digit_in_the_record_is_refused() -> None:
    with pytest.raises(BadInputError, match="wanted check digits that fit"):
        Identifiers("A", "US0378331006")
    with pytest.raises(BadInputError, match="wanted check digits that fit"):
        Identifiers("A", lei="HWUPKR0MPOU8FGXBT395")


@pytest.mark.parametrize(
    ("word", "symbols"),
    [
        ("KSPI.IL", ("KSPI", "KSPI.IL")),  # the London line became the Nasdaq one
        ("US48581R2058", ("KSPI", "KSPI.IL")),  # with the same ISIN
        ("CORE", ("POLY.L",)),  # Solidcore in Astana
        ("JE00B6T5S470", ("POLY.L",)),
        ("US46121Y1029", ("IPI",)),  # before the reverse split of 2020
        ("KYG2953A1031", ("0936.HK",)),  # Eagle Legend Asia until 2022
        ("nothing", ()),
    ],
)
def test_a_line_is_found_under_the_name_of_its_day(word: str, symbols: tuple[str, ...]) -> None:
    assert found_under(word) == symbols


def test_lines_that_ended_say_what_their_holders_got() -> None:
    london, new_york = identifiers("KSPI").listings
    assert (london.venue, new_york.venue, new_york.began) == ("XLON", "XNAS", "2024-01-19")
    for symbol in ("0489.HK", "1839.HK", "1829.HK"):
        (line,) = identifiers(symbol).listings
        assert line.until == str(table()[symbol].delisted)
        assert line.terms
