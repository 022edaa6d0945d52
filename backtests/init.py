"""Lay a folder to work in: python -m backtests.init DIR"""

from positioning.cli.init import app

if __name__ == "__main__":
    app()
