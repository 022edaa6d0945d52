"""What templates do to words: everything is escaped, and a command between backquotes is set as code."""

import re
from html import unescape

import pytest
from jinja2 import UndefinedError

from positioning.reporting.html import Html, join
from positioning.reporting.templates import environment
from positioning.reporting.verdict import VerdictSentence
from positioning.reporting.view import Cell, Table


def test_a_command_between_backquotes_is_code_and_nothing_else_is_let_through() -> None:
    shown = environment().from_string("{{ v|with_code }}").render(v="ask `check <b>` & see")
    assert shown == "ask <code>check &lt;b&gt;</code> &amp; see"


def test_no_line_end_tears_an_option_or_a_date_of_a_command_apart() -> None:
    shown = (
        environment()
        .from_string("{{ v|as_typed }}")
        .render(v="run a-b --set x=<1> --start 2021-02-12 -q /a/2021-02")
    )
    whole = '<span class="nowrap">{}</span>'.format
    typed = f"run a-b {whole('--set')} x=&lt;1&gt; {whole('--start')} {whole('2021-02-12')} {whole('-q')} /a/2021-02"
    assert shown == typed


@pytest.mark.parametrize(
    "said", ["Luck: one; two (p = 0.1); three.", "Luck: one.", "SIMULATED prices: <b>; two."]
)
def test_what_decided_a_verdict_comes_first_and_its_words_are_the_sentence(said: str) -> None:
    source = '{% import "macros.html" as m %}{{ m.verdict(v) }}'
    shown = environment().from_string(source).render(v=VerdictSentence(said, "bad"))
    assert " ".join(unescape(re.sub("<[^>]*>", "", shown)).replace("\N{NO-BREAK SPACE}", " ").split()) == said
    assert ('<span class="rest">' in shown) == (";" in said)
    assert "<b>" not in shown


def test_escaping_is_the_default() -> None:
    assert join("<i>", Html("<u>x</u>")) == "&lt;i&gt;<u>x</u>"
    assert join(Html("<b>") + "<i>") == "&lt;b&gt;&lt;i&gt;"
    shown = environment().from_string("{{ v }}<b title='{{ w }}'></b>").render(v="<i>", w='"')
    assert shown == "&lt;i&gt;<b title='&#34;'></b>"


def test_every_word_of_a_table_is_escaped() -> None:
    odd = '<img src=x onerror="alert(1)">'
    cells = (odd, Cell(odd, "strong", before=odd, after=odd), Cell(odd, href=odd), Cell(odd, "div", "wide"))
    made = Table(odd, [odd, Cell(odd), odd, odd], [cells], keys=[[odd] * 4])
    source = '{% import "macros.html" as m %}{{ m.table(t) }}'
    assert "<img" not in environment().from_string(source).render(t=made)


def test_a_view_that_lacks_something_has_no_page() -> None:
    with pytest.raises(UndefinedError, match="has no attribute 'rowz'"):
        environment().from_string("{{ t.rowz }}").render(t=Table("", (), ()))


def test_what_a_terminal_would_obey_is_shown_in_escapes() -> None:
    odd = "a\x1b[31mb\u202ec\td\ne"
    wanted = "a\\x1b[31mb\\u202ec\td\ne"
    assert environment().from_string("{{ v }}").render(v=odd) == wanted
    assert join(odd) == wanted
