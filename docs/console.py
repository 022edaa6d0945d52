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
from dataclasses import dataclass, replace
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

    def quick(self) -> Line:
        """Itself without what it adds to a page and does not print."""
        more = ("--no-quantstats",) if self.module == "run" and "--no-quantstats" not in self.words else ()
        return replace(self, words=(*self.words, *more))

    def output(self) -> str:
        """What it prints where one stands, without blanks at the ends of lines. Raises AssertionError on a failure."""
        before = sys.argv
        sys.argv = [self.begun, self.module, *self.words]  # which words of advice are worded by
        try:
            answer = CliRunner().invoke(self.app(), list(self.words))
        finally:
            sys.argv = before
        if answer.exit_code != 0:
            raise AssertionError(f"{self}: {answer.output[-2000:]}") from answer.exception
        return "".join(f"{line.rstrip()}\n" for line in answer.stdout.splitlines())


def typed(text: str) -> Iterator[Line]:
    """Every command in a text that stands behind `$ `, in an indented block or in backquotes."""
    for start in re.finditer(
        r"(?:^ *\$ |^ {4,}|`)(?=python -m backtests\.|positioning [a-z])", text, re.MULTILINE
    ):
        if match := TYPED.match(text, start.end()):
            module = {**COMMANDS, **BY_MODULE}.get(match[3], match[3])
            yield Line(module, tuple(shlex.split(match[4].replace("\\\n", " "))), match[1] or match[2])


def shortened(output: str, document: Sequence[str]) -> list[str]:
    """As many lines of an output, from its start and after LEFT_OUT from its end, as a document shows."""
    lines = output.splitlines()
    if LEFT_OUT not in document:
        return lines
    first = document.index(LEFT_OUT)
    last = len(document) - first - 1
    return [*lines[:first], LEFT_OUT, *lines[len(lines) - last :]]


def steady(text: str) -> str:
    """A text in which the IDs of runs are all alike."""
    return KEPT.sub(r"RUN-\1", text)


def played(body: str, short: bool = False) -> str:
    """The body of a console block with what its commands print now. short: those of LONG are left as they are."""
    parts = []
    for part in re.split(r"^(?=\$ )", body, flags=re.MULTILINE):
        if not part.startswith("$ "):
            parts.append(part)
            continue
        head, *document = part.rstrip("\n").split("\n")
        while head.endswith("\\"):
            head += "\n" + document.pop(0)
        blank = document[-1:] == [""]
        if head.startswith("$ cd "):
            os.chdir(head.removeprefix("$ cd "))
        line = next(typed(head), None)
        if line is None or (short and line.module in LONG):
            parts.append(part)
            continue
        now = shortened((line.quick() if short else line).output(), document[: len(document) - blank])
        same = steady("\n".join(now)) == steady("\n".join(document[: len(document) - blank]))
        parts.append("\n".join([head, *(document if same else [*now, *([""] * blank)])]) + "\n")
    return "".join(parts)


def write_named(language: str, body: str) -> None:
    """The file of a block that begins with its name, where one stands."""
    named = re.match(r"# ([\w/]+\.(?:py|csv|toml))\n", body)
    if named and language in ("python", "csv", "toml"):
        Path(named[1]).parent.mkdir(parents=True, exist_ok=True)
        text = body if language == "python" else body[named.end() :]  # a caption, where it is no comment
        Path(named[1]).write_text(text, encoding="utf-8")


LONG = ("event_study", "stress")  # whose answers take longer than a quick test may


def renewed(page: Path, short: bool = False) -> str:
    """A page with its outputs of now; its commands are run where one stands."""

    def block(match: re.Match[str]) -> str:
        indent, language, body = match.groups()
        write_named(language, body)
        if language != "console":
            return match[0]
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
