"""Ask of a strategy whether its numbers can be believed: python -m backtests.check STRATEGY ..."""

from positioning.cli.check import app

if __name__ == "__main__":
    app()
