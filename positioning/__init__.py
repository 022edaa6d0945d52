"""Backtests for geopolitical portfolio positions."""
