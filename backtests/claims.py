"""Was the thesis right, claim by claim? python -m backtests.claims [--data ...]"""

from positioning.cli.claims import app

if __name__ == "__main__":
    app()
