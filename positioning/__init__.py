"""Backtests for geopolitical portfolio strategies."""
