"""Texts of options: what is refused names what was probably meant."""

from __future__ import annotations

import pytest

from positioning.cli.values import day_of
from positioning.errors import BadInputError


@pytest.mark.parametrize(
    ("option", "text", "remedy"),
    [
        ("--start", "01.02.2020", "type --start 2020-02-01"),
        ("--start", "31/12/2020", "type --start 2020-12-31"),
        ("--start", "12/31/2020", "type --start 2020-12-31"),
        ("--start", "02/01/2020", "type --start 2020-01-02 or --start 2020-02-01"),
        ("--start", "2020/1/5", "type --start 2020-01-05"),
        ("--start", "2020-02-30", "type --start 2020-02-29"),
        ("--start", "2020", "type --start 2020-01-01"),
        ("--end", "2020", "type --end 2020-12-31"),
        ("--end", "2020-02", "type --end 2020-02-29"),
        ("--start", "soon", "type --start 2021-06-30"),
        ("--start", "", "type --start 2021-06-30"),
        ("--start", "99.99.9999", "type --start 2021-06-30"),
    ],
)
def test_a_date_in_another_order_is_told_in_the_right_one(option: str, text: str, remedy: str) -> None:
    with pytest.raises(BadInputError) as refused:
        day_of(option, text)
    assert refused.value.remedy == remedy
    for word in remedy.split()[2::3]:
        assert str(day_of(option, word)) == word
