"""What a search found: a few numbers of each trial, read from its chunks as they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, final

import numpy as np
import numpy.typing as npt

from positioning.arrays import BoolArray, FloatArray
from positioning.display import Displayable, Picture
from positioning.search.chunk_store import ChunkStore
from positioning.search.measures import BLOCKS, FIGURES, HALVED, Measure
from positioning.search.space import GridIndex
from positioning.simulation.ledger_arrays import LANES

if TYPE_CHECKING:
    import pandas as pd

MAX_CHUNK_TRIALS = 8192  # trials of a chunk
RUINED = -1.0  # total return, or less, of an account that died
TARGET_CHUNKS = 64  # of a search that needs no more
FEW_CHUNKS = 8  # enough for the cores of one machine
# Times LANES trials in a chunk: below LOW, making it ready costs more than a tenth of its time; below HIGH, handing it
# out does.
LOW, HIGH = 4, 8


@final
@dataclass(frozen=True, eq=False)
class Plan:
    """K trials in chunks. codes: (K, A) which value of each axis each trial has; measures: what is read off them."""

    codes: GridIndex
    measures: tuple[Measure, ...]

    @property
    def trials(self) -> int:
        """Number of trials, K."""
        return int(self.codes.shape[0])

    @property
    def size(self) -> int:
        """Trials of a chunk; it depends on their number alone, so that a search can be resumed anywhere."""
        fair, wide = (-(-self.trials // (chunks * LANES)) for chunks in (TARGET_CHUNKS, FEW_CHUNKS))
        return min(max(fair, min(wide, HIGH), LOW) * LANES, MAX_CHUNK_TRIALS)

    @property
    def chunks(self) -> int:
        """Number of chunks of the plan."""
        return -(-self.trials // self.size)

    @property
    def names(self) -> tuple[str, ...]:
        """Rows of a chunk's table."""
        return tuple(name for measure in self.measures for name in measure.names)

    def part(self, number: int) -> GridIndex:
        """GridIndex of the trials of a chunk."""
        return self.codes[number * self.size : (number + 1) * self.size]

    def shape(self, number: int) -> tuple[int, int]:
        """Of a chunk's table: names, trials."""
        return len(self.names), self.part(number).shape[0]


@final
class Columns(Mapping[str, npt.NDArray[Any]]):
    """(K,) arrays by name, made when asked for."""

    def __init__(self, names: Sequence[str], make: Callable[[str], npt.NDArray[Any]]) -> None:
        self._names, self._make = tuple(names), make

    def __getitem__(self, name: str) -> npt.NDArray[Any]:
        if name not in self._names:
            raise KeyError(name)
        return self._make(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


@final
@dataclass(frozen=True, eq=False, repr=False)
class Trials(Displayable):
    """The trials of a plan. NaN is undefined, as in metrics.summarise."""

    choices: Mapping[str, tuple[Any, ...]]
    plan: Plan
    chunks: ChunkStore

    def picture(self) -> Picture:
        """How many trials of which axes; in a notebook also those of the highest Sharpe, and all Sharpes in order."""
        sharpe = self.figures["sharpe"]
        order = np.argsort(-np.nan_to_num(sharpe, nan=-np.inf), kind="stable")
        facts = {
            "trials": f"{self.count:,}",
            "axes": ", ".join(f"{name} ({len(values)})" for name, values in self.choices.items()) or "none",
            "Sharpe": f"{np.nanmin(sharpe):.2f} to {np.nanmax(sharpe):.2f}"
            if np.isfinite(sharpe).any()
            else "undefined",
            "mind": "the best of many trials owes much to luck: grid_search says how much",
        }
        axes = {name: values[order[:8]] for name, values in self.axes.items()}
        rows = [
            (*(str(values[k]) for values in axes.values()), f"{sharpe[place]:.3f}")
            for k, place in enumerate(order[:8])
        ]
        return Picture(facts, (*self.choices, "Sharpe"), rows, np.sort(sharpe))

    def to_frame(self) -> pd.DataFrame:
        """One row a trial: its axes, then FIGURES."""
        import pandas as pd

        return pd.DataFrame({**self.axes, **self.figures})

    @property
    def count(self) -> int:
        """Number of trials, K."""
        return self.plan.trials

    @property
    def axes(self) -> Mapping[str, npt.NDArray[Any]]:
        """(K,) parameter values by name."""
        places = {name: a for a, name in enumerate(self.choices)}
        return Columns(
            tuple(self.choices), lambda name: _array(self.choices[name])[self.plan.codes[:, places[name]]]
        )

    @property
    def figures(self) -> Mapping[str, FloatArray]:
        """(K,) by name of FIGURES."""
        return Columns(FIGURES, self.column)

    def column(self, name: str) -> FloatArray:
        """(K,) one of the plan's names."""
        row, values, first = self.plan.names.index(name), np.empty(self.count), 0
        for table in self.tables():
            values[first : first + table.shape[1]] = table[row]
            first += table.shape[1]
        return values

    def figures_of(self, trial: int) -> dict[str, float]:
        """FIGURES of one trial."""
        number, place = divmod(trial, self.plan.size)
        table = self.chunks.get(number)
        return {name: float(table[self.plan.names.index(name), place]) for name in FIGURES}

    def tables(self) -> Iterator[FloatArray]:
        """(names, trials) of each chunk, one after the other."""
        return (self.chunks.get(number) for number in range(self.plan.chunks))

    def sums(self) -> Iterator[FloatArray]:
        """(trials, BLOCKS) of each chunk: sums of excess returns over consecutive blocks of rows."""
        first = self.plan.names.index("sum_0")
        return (table[first : first + BLOCKS].T.copy() for table in self.tables())

    @property
    def squared(self) -> bool:
        """Whether `squares` were measured."""
        return "square_0" in self.plan.names

    def squares(self) -> FloatArray:
        """(K, HALVED) sums of squared excess returns."""
        first = self.plan.names.index("square_0")
        return np.concatenate([table[first : first + HALVED].T.copy() for table in self.tables()])

    def ruined(self) -> BoolArray:
        """(K,) whether the account died."""
        row = self.plan.names.index("total_return")
        return np.concatenate([table[row] <= RUINED for table in self.tables()])


def _array(values: Sequence[Any]) -> npt.NDArray[Any]:
    if not isinstance(values[0], tuple):
        return np.asarray(list(values))
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array
