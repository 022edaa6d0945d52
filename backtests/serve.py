"""Show the pages in a browser, on this machine alone: python -m backtests.serve"""

from positioning.cli.serve import app

if __name__ == "__main__":
    app()
