"""Set kept runs side by side on one page: python -m backtests.compare [RUN|STRATEGY ...]"""

from positioning.cli.compare import app

if __name__ == "__main__":
    app()
