"""What a strategy holds now and the orders that lead there: python -m backtests.today [STRATEGY ...]"""

from positioning.cli.today import app

if __name__ == "__main__":
    app()
