"""Commands and options in words: how this process was begun, and the engine's errors as one who types is told."""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Iterable
from pathlib import Path

from positioning.cli.commands import COMMANDS
from positioning.errors import PositioningError

OPTIONS = {  # parameters of the engine whose options have other names
    "draws": "placebo", "trials": "optuna", "accepted": "accept", "name_or_path": "scenarios",
}  # fmt: skip
SCRIPT = "positioning"  # the console script


def words_for(command: str) -> list[str]:
    """How a command is begun the way this process was: by the console script, or by the scripts in backtests/."""
    if Path(sys.argv[0]).stem == SCRIPT:
        return [SCRIPT, command.replace("_", "-")]
    return ["python", "-m", f"backtests.{command.replace('-', '_')}"]


def command_words(command: str, *words: str) -> str:
    """What to type for a command, as this process was begun: every hint is worded by it."""
    return shlex.join([*words_for(command), *words])


def typed(command: str) -> str:
    """The command line of this process, to be typed again."""
    words = words_for(command)
    return shlex.join([*words, *sys.argv[2 if words[0] == SCRIPT else 1 :]])


def in_option_words(error: PositioningError) -> str:
    """The error as one who types it is told: `mark=zero` is `--mark zero`, of a strategy `--set band=0.1`."""
    return option_words(str(error), error.parameter.split())


def option_words(text: str, parameters: Iterable[str]) -> str:
    """A text of the engine in the words of the command line: parameters as options, commands as they are begun."""
    for parameter in parameters:
        owner, _, name = parameter.rpartition(".")
        option = f"--{OPTIONS.get(name, name).replace('_', '-')}"
        begins = rf"(?<![\w.-]){re.escape(name)}="
        if owner:
            text = re.sub(rf"{begins}(?=\S)", f"--set {name}=".replace("\\", r"\\"), text)
        else:
            text = re.sub(rf"{begins}True\b", option.replace("\\", r"\\"), text)
            text = re.sub(rf"{begins}(?=\S)", f"{option} ".replace("\\", r"\\"), text)
    text = re.sub(
        r"`([a-z-]+)(?=[ `])", lambda m: f"`{command_words(m[1])}" if m[1] in COMMANDS else m[0], text
    )
    return text.replace("give --", "type --")
