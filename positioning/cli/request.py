"""What was asked of a run, in the words of the command line, so that it can be asked again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, final

from backtests.cli import source_of, span_of, strategies_of
from positioning.errors import BadInputError

if TYPE_CHECKING:
    from positioning.runs.backtest import RunSettings
    from positioning.strategy.strategy import Strategy


@final
@dataclass(frozen=True)
class Request:
    """The options of `backtests.run` that numbers depend on; each as typed there, None where it was not."""

    data: str = "sample"
    start: str | None = None
    end: str | None = None
    base: str = "USD"
    fees: str = "default"
    fill: str = "open"
    cash: str = "0"
    settings: tuple[str, ...] = ()
    benchmark: str | None = None
    events: str | None = None
    screen: str | None = None
    mark: str = "last"
    restrictions: str | None = None
    placebos: int = 0
    seed: int = 0
    cache: str = "data_cache"
    accepted: tuple[str, ...] = ()

    def strategies(self, names: Sequence[str]) -> list[Strategy]:
        """The named strategies under these settings; all where none is named. Raises BadInputError."""
        screens = [] if self.screen is None else [f"screen={self.screen}"]
        return strategies_of(names, [*self.settings, *screens])

    def terms(self, command: str) -> RunSettings:
        """The options as values. Raises BadInputError, DataMissingError."""
        from positioning.events.event import read_events
        from positioning.events.restriction import read_restrictions
        from positioning.runs.backtest import RunSettings
        from positioning.simulation.cash import read_cash
        from positioning.simulation.fees import read_fees

        record = read_restrictions(None if self.restrictions is None else Path(self.restrictions))
        return RunSettings(
            source=source_of(self.data, Path(self.cache)),
            span=span_of(self.start, self.end),
            base=self.base.upper(),
            events=replace(read_events(self.events), restrictions=record),
            fees=read_fees(self.fees),
            fill=self.fill,  # type: ignore[arg-type]  # checked where the tape is recorded
            cash=read_cash(self.cash),
            benchmark=self.benchmark,
            accepted=self.accepted,
            mark=self.mark,
            placebos=self.placebos,
            seed=self.seed,
            command=command,
        )

    def kept(self, strategy: str) -> dict[str, Any]:
        """As JSON, for one strategy: files by their absolute paths, settings of other strategies left out."""
        words = asdict(self)
        kind, _, place = self.data.partition(":")
        if kind == "folder":
            words["data"] = f"folder:{Path(place).resolve()}"
        for name in ("events", "restrictions", "cache", "fees", "cash"):
            if words[name] is not None and Path(words[name]).exists():
                words[name] = str(Path(words[name]).resolve())
        words["settings"] = [s.removeprefix(f"{strategy}.") for s in self.settings if _for(s, strategy)]
        return words | {"accepted": list(self.accepted)}

    @classmethod
    def read(cls, words: Mapping[str, Any]) -> Self:
        """What `kept` wrote. Raises BadInputError where a word is unknown."""
        known = {f.name for f in fields(cls)}
        if set(words) != known:
            odd = ", ".join(sorted(set(words) ^ known))
            raise BadInputError(f"the run's request differs in {odd}", "wanted this version's", "run it anew")
        listed = {name: tuple(words[name]) for name in ("settings", "accepted")}
        return cls(**{**words, **listed})


def _for(setting: str, strategy: str) -> bool:
    owner, dot, _ = setting.partition("=")[0].partition(".")
    return not dot or owner == strategy
