"""What strategies stand to lose in simulated futures: python -m backtests.stress [STRATEGY ...]"""

from positioning.cli.stress import app

if __name__ == "__main__":
    app()
