"""What templates do to words: everything is escaped, and a command between backquotes is set as code."""

from positioning.reporting.templates import environment


def test_a_command_between_backquotes_is_code_and_nothing_else_is_let_through() -> None:
    shown = environment().from_string("{{ v|with_code }}").render(v="ask `check <b>` & see")
    assert shown == "ask <code>check &lt;b&gt;</code> &amp; see"
