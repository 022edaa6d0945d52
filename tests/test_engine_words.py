"""The engine names parameters; only a command speaks of options, and of how it is begun."""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path

import pytest

import positioning
from positioning.cli.command import in_option_words, option_words
from positioning.errors import BadInputError
from positioning.market.findings import accept, check_words
from positioning.search.purged_cv import USUAL
from positioning.search.walk_forward import spans

ENGINE = Path(positioning.__file__ or "").parent
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]*|\bbacktests\.[a-z_]+|python -m")
# What may stand in the engine, and why.
APART = {
    ("reporting/pdf.py", "options of the browser that prints"),
    ("reporting/search/outcome.py", "the command line that a page shows for repeating one trial"),
    ("runs/saved.py", "what the kept file study.toml is for"),
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
