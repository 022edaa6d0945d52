"""How much money a strategy can hold: python -m backtests.capacity [STRATEGY ...]"""

from positioning.cli.capacity import app

if __name__ == "__main__":
    app()
