"""What there is to run: strategies with their parameters, the thesis, kept runs and answers: python -m backtests.list"""

from positioning.cli.listing import app

if __name__ == "__main__":
    app()
