"""Words as a reader has them, of a command and of a page, and prices on which a verdict is known beforehand."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from html import unescape
from pathlib import Path

import numpy as np
import pandas as pd
from typer.testing import CliRunner

from positioning.arrays import FloatArray
from tests.builders import EVENTS, SAMPLE


def said(app: object, *words: str) -> str:
    outcome = CliRunner().invoke(app, list(words))
    assert outcome.exit_code == 0, outcome.output
    return outcome.stdout


def plain(text: str) -> str:
    """Text without markup and line ends. A span inside a line parts no words: it keeps a figure and its unit on one."""
    joined = re.sub(r"</?span[^>]*>", "", text)
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", joined)).replace("\N{MINUS SIGN}", "-").split())


DATES = SAMPLE.deliver(["NTR"], []).bars["NTR"].dates
LEGS = ("NTR", "MOS", "ICL")


def wander(rng: np.random.Generator) -> FloatArray:
    return np.asarray(0.006 * rng.standard_normal(DATES.size))


def planted(rng: np.random.Generator) -> dict[str, FloatArray]:
    """For ten sessions after each event of theirs three names go its way, by 0.4 % a session."""
    together = wander(rng)
    moves = {s: together + 0.5 * wander(rng) for s in LEGS}
    for event in EVENTS.items:
        row = int(np.searchsorted(DATES, np.datetime64(event.announced.date()), side="right"))
        for move in moves.values():
            move[row + 1 : row + 11] += 0.004 * event.signs.get("fertilizer", 0)
    return moves | {"SPY": wander(rng)}


def ruinous(rng: np.random.Generator) -> dict[str, FloatArray]:
    """What is sold short nearly doubles four sessions in a row."""
    together = wander(rng)
    moves = {s: together + 0.3 * wander(rng) for s in (*LEGS, "MOO")}
    moves["MOO"][700:704] = math.log(1.9)
    return moves | {"SPY": wander(rng)}


def still(_: np.random.Generator) -> dict[str, FloatArray]:
    return {s: np.zeros(DATES.size) for s in (*LEGS, "SPY")}


def three_of_twelve(rng: np.random.Generator) -> dict[str, FloatArray]:
    return {s: wander(rng) for s in ("FRHC", "KSPI", "WAB", "EEM")}


def folder_of(moves: Mapping[str, FloatArray], place: Path) -> Path:
    """Prices that make these moves, on the sessions of New York."""
    place.mkdir()
    for symbol, move in moves.items():
        close = 50.0 * np.exp(np.cumsum(move))
        bars = {"Open": close, "High": close, "Low": close, "Close": close, "Volume": 1e6}
        table = pd.DataFrame({"Date": DATES.astype(str), **bars})
        table.to_csv(place / f"{symbol}.csv", index=False, float_format="%.6f")
    return place
