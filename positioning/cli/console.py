"""The console script `positioning`."""

from __future__ import annotations

from positioning.cli.starting import guard


def main() -> None:
    """All commands under one name; an interruption is a line from the first import on."""
    guard()
    from positioning.cli.main import app

    app()
