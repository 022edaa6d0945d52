"""Make a kept run again and say whether its numbers are the same: python -m backtests.verify RUN"""

from positioning.cli.verify import app

if __name__ == "__main__":
    app()
