"""Download prices into the cache: python -m backtests.fetch [SYMBOL ...]"""

from positioning.cli.fetch import app

if __name__ == "__main__":
    app()
