"""A strategy that is one function of frames. Run it: positioning run templates/frames.py"""

import pandas as pd

from positioning.strategy.frames import from_frames


@from_frames(names=("NTR", "MOS", "CF"), benchmark="SPY", history=120)
def risers(close: pd.DataFrame, events: pd.DataFrame, lookback: int = 60, share: float = 0.9) -> pd.DataFrame:
    """Hold what rose over the last `lookback` rows, in equal parts, decided on the first row of each month."""
    up = (close > close.shift(lookback)).astype(float)
    monthly = close.index.to_series().dt.month.diff().fillna(0) != 0
    weights: pd.DataFrame = (share * up / up.shape[1])[monthly]
    return weights
