"""List the record of events and restrictions and draw its timeline: python -m backtests.events"""

from positioning.cli.events import app

if __name__ == "__main__":
    app()
