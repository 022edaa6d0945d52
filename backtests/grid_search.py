"""Search a grid of parameters and say how much of the winner is luck: python -m backtests.grid_search STRATEGY"""

from positioning.cli.grid_search import app

if __name__ == "__main__":
    app()
