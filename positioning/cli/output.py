"""How an answer is told, in options that no number depends on."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import final

from positioning.cli.options import AsJson, LogFile, Out, Quiet, Verbose
from positioning.cli.terminal import Terminal


@final
@dataclass(frozen=True)
class Output:
    """The last options of a command, for all commands; each as typed."""

    out: Out = "reports"
    as_json: AsJson = False
    verbose: Verbose = False
    quiet: Quiet = False
    log: LogFile = None

    @property
    def place(self) -> Path:
        """The folder of pages, tables and kept runs."""
        return Path(self.out)

    @property
    def hides_progress(self) -> bool:
        """Whether nothing is told on the way: neither lines nor bars."""
        return self.as_json or self.quiet

    @cached_property
    def terminal(self) -> Terminal:
        """Where lines are told."""
        return Terminal(self.verbose, self.hides_progress, self.log)
