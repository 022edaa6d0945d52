"""What is run here: scripts of a few lines that call the engine's commands."""

from positioning.cli.starting import guard, is_command

if is_command(__name__):
    guard()
