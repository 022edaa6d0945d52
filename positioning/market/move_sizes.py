"""How far a price may move of itself, in logarithms: beyond that it is a switch of unit, a misprint or a split."""

from __future__ import annotations

import numpy as np

UNIT = np.log(100.0)  # pence to pounds, and every other hundredth of a currency
UNIT_TOLERANCE = np.log(1.25)  # the day's own move, on top of the switch
NEAR_TOLERANCE = np.log(1.05)  # for a fall near a moment, which may be a crash: a switch is almost exact
JUMP = np.log(50.0)  # beyond any fall of the record but a sanctions crash
RISE = np.log(10.0)  # no listed share of the record has risen so far in a day
LARGE = np.log(1.5)  # a move that is worth a look
DAYS_OF_A_MOVE = 7  # closes further apart have a gap between them, which is a finding of its own
SPIKE_WINDOW = 20  # steps before and after a move, which say how much the series moves of itself
SPIKE_SIGMAS = 10.0  # of the steps around it: a false value stands out by more
