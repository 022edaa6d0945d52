"""Documents run: every Python block of the site, page by page, in a workshop's folder; every command is one that its
parser takes; the outputs shown are the outputs."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from positioning.cli.commands import COMMANDS
from positioning.cli.grid_axes import axes_of
from positioning.cli.strategies import strategies_of
from tests.documents import PAGES, ROOT, script

BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
console = script("console")
SHOWN = [p for p in PAGES if "```console\n" in p.read_text(encoding="utf-8")]


def blocks(page: Path) -> list[str]:
    return BLOCK.findall(page.read_text(encoding="utf-8"))


@pytest.fixture
def workshop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the listed strategies, in which one stands."""
    shutil.copytree(ROOT / "strategies", tmp_path / "strategies")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("page", [p for p in PAGES if blocks(p)], ids=lambda p: p.stem)
@pytest.mark.usefixtures("workshop")
def test_the_python_blocks_of_a_page_run_one_after_the_other(
    page: Path, request: pytest.FixtureRequest
) -> None:
    """The tearsheet of the README is written whole; those of other pages without asking other programs again."""
    if page.stem != "README":
        request.getfixturevalue("other_programs_unasked")
    names: dict[str, object] = {"__name__": page.stem}
    for number, block in enumerate(blocks(page), 1):
        exec(compile(block, f"{page.name}, block {number}", "exec"), names)  # noqa: S102 - our own documents
    assert set(names) > {"__name__", "__builtins__"}  # they ran: something has a name


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.stem)
def test_links_within_the_documents_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        if not re.match(r"[a-z]+:", target):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def parsed(line: Any) -> dict[str, Any]:
    """The values that a command's own parser makes of a line. Raises as it does."""
    context = line.command().make_context(line.module, list(line.words))
    values: dict[str, Any] = context.params
    return values


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.stem)
def test_every_command_of_a_page_is_taken_by_its_parser(page: Path, workshop: Path) -> None:
    """Options exist and their values are of their kinds; listed strategies, parameters and grids are what there is.
    Files that a reader would bring (his strategy, his lists) are not opened here."""
    (workshop / "study.toml").write_text("", encoding="utf-8")  # what --config names is read while parsing
    for line in console.typed(page.read_text(encoding="utf-8")):
        assert line.module in COMMANDS.values(), line
        if not line.words:
            continue  # a command that is only mentioned
        values = parsed(line)
        if line.module not in ("run", "check", "stress", "today", "grid_search"):
            continue
        names = values.get("names") or [n for n in [values.get("name")] if n]
        listed = [n for n in names if ".py" not in n]
        if names == [] or listed:
            made = strategies_of(listed, values.get("settings") or ())
            for strategy in made if line.module == "grid_search" else ():
                axes_of(strategy, values["grid"])


def test_commands_are_found_wherever_a_page_has_them() -> None:
    text = """
        python -m backtests.run a --set b=1     # words
    $ positioning grid-search a --grid b=1 \\
        --json
    `python -m backtests.serve` and positioning run, no command
positioning is no command at the start of a line, but `positioning unheard of` would be
    """
    assert [(line.module, line.words, line.begun) for line in console.typed(text)] == [
        ("run", ("a", "--set", "b=1"), "backtests"),
        ("grid_search", ("a", "--grid", "b=1", "--json"), "positioning"),
        ("serve", (), "backtests"),
        ("unheard", ("of",), "positioning"),
    ]


def test_a_shown_output_is_compared_whole_or_at_both_ends() -> None:
    output = "1\n2\n3\n4\n5\n"
    assert console.shortened(output, ["x"]) == ["1", "2", "3", "4", "5"]
    assert console.shortened(output, ["x", "..."]) == ["1", "..."]
    assert console.shortened(output, ["x", "...", "y", "z"]) == ["1", "...", "4", "5"]
    assert console.steady("20261127-200626-potash-8cdba5: identical") == "RUN-potash: identical"


@pytest.mark.usefixtures("workshop", "checks_in_one_process", "other_programs_unasked")
def test_the_outputs_of_the_readme_are_the_outputs() -> None:
    """All but those of `console.LONG`, in its order; renew them with `make tour`."""
    page = ROOT / "README.md"
    assert console.renewed(page, short=True) == page.read_text(encoding="utf-8")


def test_the_thesis_of_the_page_is_one_that_can_be_stressed(workshop: Path) -> None:
    """Every step of it is run where outputs are; the last one, which wants most of a folder, here, on few paths."""
    text = (ROOT / "docs" / "howto" / "own_thesis.md").read_text(encoding="utf-8")
    for _, language, body in console.FENCE.findall(text):
        console.write_named(language, body)
    (line,) = (line for line in console.typed(text) if line.module == "stress")
    words = [*line.words, "--paths", "20", "--horizon", "30", "--replay", "none", "--json"]
    told = CliRunner().invoke(line.app(), words)
    assert told.exit_code == 0, told.output
    assert {row["scenario"] for row in json.loads(told.stdout)["table"]} == {
        "round_the_cape",
        "reopening",
        "weighted",
    }
    shutil.rmtree(workshop / "my_thesis" / "scenarios")
    told = CliRunner().invoke(line.app(), words)
    assert told.exit_code == 2
    assert "[[scenario.shock]] with target" in told.stderr
    assert "type --scenarios FILE.toml" in told.stderr
    assert told.stderr.count("\n") == 1


@pytest.mark.slow
@pytest.mark.parametrize("page", SHOWN, ids=lambda p: p.stem)
@pytest.mark.usefixtures("workshop")
def test_the_outputs_of_every_page_are_the_outputs(page: Path) -> None:
    """Tearsheets, an event study and a stress test take some seconds each, so that this one is slow."""
    assert console.renewed(page) == page.read_text(encoding="utf-8")


@pytest.mark.slow
def test_the_site_is_built_strictly_and_asks_nothing_of_other_machines(tmp_path: Path) -> None:
    """mkdocs takes some seconds. Links may lead out; scripts, styles, fonts and pictures may not come from there."""
    built = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(tmp_path)],
        cwd=ROOT, env={**os.environ, "NO_MKDOCS_2_WARNING": "1"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert built.returncode == 0, built.stderr
    for page in tmp_path.rglob("*.html"):
        loaded = re.findall(r"<(?:script|img|link|iframe|source)\b[^>]*>", page.read_text(encoding="utf-8"))
        assert not [tag for tag in loaded if re.search(r"(?:src|href)=[\"']?(?:https?:)?//", tag)], page.name
    for sheet in tmp_path.rglob("*.css"):
        assert not re.search(
            r"(?:url\(|@import)\s*[\"']?(?:https?:)?//", sheet.read_text(encoding="utf-8")
        ), sheet.name
