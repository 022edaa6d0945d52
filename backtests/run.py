"""Backtest strategies and write their tearsheets: python -m backtests.run [STRATEGY ...]"""

from positioning.cli.run import app

if __name__ == "__main__":
    app()
