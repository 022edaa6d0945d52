"""Hold names against sanctions lists of your own: python -m backtests.screen FILE... [STRATEGY ...]"""

from positioning.cli.screen import app

if __name__ == "__main__":
    app()
