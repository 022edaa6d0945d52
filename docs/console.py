"""Run what the documents tell a reader to type, and renew the output they show: python docs/console.py [PAGE ...]

A block fenced as `console` holds commands behind `$ ` and, below each, the beginning of what it prints; `...` stands
for lines left out, and what follows it is the end. A Python block whose first line is `# NAME.py` is saved under that
name before the commands after it. All of it happens in an empty folder that holds the listed strategies, as `init`
lays them.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import chdir
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, final

import typer
from typer.testing import CliRunner

import strategies  # before any folder of that name is stood in: answers are those of this checkout
from positioning.cli.commands import COMMANDS

ROOT = Path(strategies.__file__).parents[1]
PAGES = (ROOT / "README.md", *sorted(p for p in (ROOT / "docs").rglob("*.md") if "reference" not in p.parts))
FENCE = re.compile(r"^( *)```(\w+)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
TYPED = re.compile(r"(?:python -m (backtests)\.|(positioning) )([a-z][a-z_-]*)((?:[^`\n#\\]|\\\n|#\S)*)")
KEPT = re.compile(r"\b\d{8}-\d{6}-(\w+)-[0-9a-f]{6}\b")  # the ID of a run: its instant and its digest
LEFT_OUT = "..."
BY_MODULE = {module: module for module in COMMANDS.values()}


@final
@dataclass(frozen=True)
class Line:
    """A command as a document has it: its module in positioning/cli, and its words."""

    module: str
    words: tuple[str, ...]
    begun: str = "positioning"  # or "backtests"

    def app(self) -> Any:
        """What runs it."""
        return import_module(f"positioning.cli.{self.module}").app

    def command(self) -> Any:
        """What parses it."""
        return typer.main.get_command(self.app())

    def output(self) -> str:
        """What it prints where one stands, without blanks at the ends of lines. Raises AssertionError on a failure."""
        before = sys.argv
        sys.argv = [self.begun, self.module, *self.words]  # which words of advice are worded by
        try:
            told = CliRunner().invoke(self.app(), list(self.words))
        finally:
            sys.argv = before
        if told.exit_code != 0:
            raise AssertionError(f"{self}: {told.output[-2000:]}") from told.exception
        return "".join(f"{line.rstrip()}\n" for line in told.stdout.splitlines())


def typed(text: str) -> Iterator[Line]:
    """Every command in a text that stands behind `$ `, in an indented block or in backquotes."""
    for start in re.finditer(
        r"(?:^ *\$ |^ {4,}|`)(?=python -m backtests\.|positioning [a-z])", text, re.MULTILINE
    ):
        if found := TYPED.match(text, start.end()):
            module = {**COMMANDS, **BY_MODULE}.get(found[3], found[3])
            yield Line(module, tuple(shlex.split(found[4].replace("\\\n", " "))), found[1] or found[2])


def shortened(output: str, shown: Sequence[str]) -> list[str]:
    """As many lines of an output, from its start and after LEFT_OUT from its end, as a document shows."""
    lines = output.splitlines()
    if LEFT_OUT not in shown:
        return lines
    first = shown.index(LEFT_OUT)
    last = len(shown) - first - 1
    return [*lines[:first], LEFT_OUT, *lines[len(lines) - last :]]


def steady(text: str) -> str:
    """A text in which the IDs of runs are all alike."""
    return KEPT.sub(r"RUN-\1", text)


def played(body: str, short: bool = False) -> str:
    """The body of a console block with what its commands print now. short: those of LONG are left as they are."""
    made = []
    for part in re.split(r"^(?=\$ )", body, flags=re.MULTILINE):
        if not part.startswith("$ "):
            made.append(part)
            continue
        head, *shown = part.rstrip("\n").split("\n")
        while head.endswith("\\"):
            head += "\n" + shown.pop(0)
        blank = shown[-1:] == [""]
        if head.startswith("$ cd "):
            os.chdir(head.removeprefix("$ cd "))
        line = next(typed(head), None)
        if line is None or (short and line.module in LONG):
            made.append(part)
            continue
        now = shortened(line.output(), shown[: len(shown) - blank])
        same = steady("\n".join(now)) == steady("\n".join(shown[: len(shown) - blank]))
        made.append("\n".join([head, *(shown if same else [*now, *([""] * blank)])]) + "\n")
    return "".join(made)


def laid(language: str, body: str) -> None:
    """The file of a block that begins with its name, where one stands."""
    named = re.match(r"# ([\w/]+\.(?:py|csv|toml))\n", body)
    if named and language in ("python", "csv", "toml"):
        Path(named[1]).parent.mkdir(parents=True, exist_ok=True)
        text = body if language == "python" else body[named.end() :]  # a caption, where it is no comment
        Path(named[1]).write_text(text, encoding="utf-8")


LONG = ("event_study", "stress")  # whose answers take longer than a quick test may


def renewed(page: Path, short: bool = False) -> str:
    """A page with its outputs of now; its commands are run where one stands."""

    def block(found: re.Match[str]) -> str:
        indent, language, body = found.groups()
        laid(language, body)
        if language != "console":
            return found[0]
        return f"{indent}```{language}\n{played(body, short)}{indent}```"

    return FENCE.sub(block, page.read_text(encoding="utf-8"))


def main(pages: Sequence[Path]) -> None:
    """Renew the pages that show an output."""
    for page in pages:
        if "```console\n" not in page.read_text(encoding="utf-8"):
            continue
        with tempfile.TemporaryDirectory() as place:
            shutil.copytree(ROOT / "strategies", Path(place) / "strategies")
            with chdir(place):
                text = renewed(page)
        page.write_text(text, encoding="utf-8")
        print(f"renewed {page.relative_to(ROOT)}")


if __name__ == "__main__":
    main([Path(p).resolve() for p in sys.argv[1:]] or PAGES)
