"""Do prices move with the events a strategy answers? python -m backtests.event_study [STRATEGY|SYMBOL ...]"""

from positioning.cli.event_study import app

if __name__ == "__main__":
    app()
