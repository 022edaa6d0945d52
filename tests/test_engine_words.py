"""The engine names parameters; only a command speaks of options, and of how it is begun."""

from __future__ import annotations

import ast
import re
import shlex
import sys
from pathlib import Path

import pytest

import positioning
from positioning.cli.command_words import command_words, in_option_words, option_words
from positioning.cli.commands import COMMANDS
from positioning.errors import BadInputError
from positioning.market.findings import accept, check_words
from positioning.search.purged_cv import USUAL
from positioning.search.walk_forward import spans
from tests.documents import PAGES, script

typed = script("console").typed
ENGINE = Path(positioning.__file__ or "").parent
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]*|\bbacktests\.[a-z_]+|python -m")
# What may stand in the engine, and why.
APART = {
    ("reporting/pdf.py", "options of the browser that prints"),
    ("reporting/search/outcome.py", "the command line that a page shows for repeating one trial"),
    ("runs/saved_run.py", "what the kept file study.toml is for"),
    ("runs/foreign_returns.py", "how the returns of another program came to stand beside a run"),
    ("json_text.py", "a comment on how fast a command's help is"),
    ("reporting/page_file.py", "the colours of pages of earlier versions"),
    ("reporting/index.py", "a colour"),
    ("reporting/comparison/page.py", "a shade"),
}


def test_no_line_of_the_engine_tells_a_caller_to_type_an_option() -> None:
    apart = {name for name, _ in APART}
    files = {f.relative_to(ENGINE).as_posix(): f for f in sorted(ENGINE.rglob("*.py"))}
    found = [
        f"{name}: {line.strip()}"
        for name, file in files.items()
        if not name.startswith(("cli/", "workshop/")) and name not in apart
        for line in file.read_text(encoding="utf-8").splitlines()
        if OPTION.search(line)
    ]
    assert found == []


FIXED = re.compile(r"backtests\.[a-z_]+|python -m|(?<![\w./])positioning (?:" + "|".join(COMMANDS) + r")\b")
# What is no hint of a process, but a text that is kept or laid and read elsewhere.
LASTING = {
    ("cli/command.py", "words_for"),  # where both forms are made
    ("cli/config.py", "the first line of a kept study.toml"),
    ("cli/init.py", "the README that it lays"),
    ("reporting/claims.py", "the mark by which its own page is known"),
}


def spoken(file: Path) -> list[str]:
    """Every text of a module that is no docstring, of a name neither."""
    nodes = list(ast.walk(ast.parse(file.read_text(encoding="utf-8"))))
    silent = {id(n.value) for n in nodes if isinstance(n, ast.Expr)}
    texts = (n for n in nodes if isinstance(n, ast.Constant) and id(n) not in silent)
    return [n.value for n in texts if isinstance(n.value, str)]


def test_no_message_spells_how_a_command_is_begun() -> None:
    """It is worded by `command_words`, or stands between backquotes in an error, by how this process was begun."""
    apart = {name for name, _ in LASTING}
    files = {f.relative_to(ENGINE).as_posix(): f for f in sorted(ENGINE.rglob("*.py"))}
    found = [
        f"{name}: {text}"
        for name, file in files.items()
        if name not in apart and not name.startswith("cli/templates/")
        for text in spoken(file)
        if FIXED.search(text)
    ]
    assert found == []
    assert any(FIXED.search(text) for name in apart for text in spoken(files[name]))  # the pattern finds them


@pytest.mark.parametrize(
    ("begun", "hint"),
    [
        ("/x/positioning", "`positioning grid-search a` or `positioning list`"),
        ("/x/run.py", "`python -m backtests.grid_search a` or `python -m backtests.list`"),
    ],
)
def test_hints_are_worded_by_how_this_process_was_begun(
    begun: str, hint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", [begun])
    assert option_words("`grid-search a` or `list`", ()) == hint
    assert f"`{command_words('grid-search', 'a')}` or `{command_words('list')}`" == hint


def test_every_command_can_be_begun_in_both_ways() -> None:
    package = ENGINE.parent / "backtests"
    for name in COMMANDS:
        assert (package / f"{name.replace('-', '_')}.py").is_file(), name


def test_documents_type_what_an_installation_has() -> None:
    """In a checkout `positioning X` works, too; where only the wheel is, nothing else does."""
    for page in PAGES:
        lines = [line for line in typed(page.read_text(encoding="utf-8")) if line.begun == "backtests"]
        assert [line for line in lines if page.name != "README.md" or line.words] == [], page.name


def told(error: BadInputError) -> str:
    return in_option_words(error)


def test_a_command_tells_each_parameter_as_its_option(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["run.py"])
    error = BadInputError("mark=zero", "wanted last", "give mark=last or resume=True", "mark resume")
    assert told(error) == "--mark zero; wanted last; type --mark last or --resume"
    assert told(BadInputError("band=0.1 of x", "w", "give band=0", "strategy.band")).startswith(
        "--set band=0.1"
    )
    assert option_words("marker=1 and x.mark=1, mark=", ("mark",)) == "marker=1 and x.mark=1, mark="
    missing = BadInputError(
        "nothing is stored", "wanted what `fetch MOS` downloads", "make one: `run`; not `this`"
    )
    assert "`python -m backtests.fetch MOS`" in told(missing)
    assert "`python -m backtests.run`; not `this`" in told(missing)
    monkeypatch.setattr(sys, "argv", ["/usr/bin/positioning"])
    assert "`positioning fetch MOS`" in told(missing)


@pytest.mark.parametrize("word", ["MOS", "MOS:jmp", ":jump", "NTR:spik"])
def test_the_engine_and_the_command_say_the_same_of_one_slip(word: str) -> None:
    with pytest.raises(BadInputError) as caught:
        check_words([word])
    assert f"accepted={word}" in str(caught.value)
    assert shlex.quote(word) in told(caught.value)
    assert "accepted=" not in told(caught.value)
    with pytest.raises(BadInputError, match="accepted=MOSS:jump"):
        accept((), ["MOSS:jump"], ["MOS"])


def test_folds_that_cannot_be_are_told_in_both_languages() -> None:
    with pytest.raises(BadInputError, match="walk_forward=3:3"):
        spans(1000, 3, 3)
    with pytest.raises(BadInputError) as caught:
        spans(1000, 3, 3)
    assert "--walk-forward 3:3" in told(caught.value)
    assert "type --walk-forward" in told(caught.value)
    assert USUAL
