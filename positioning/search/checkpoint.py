"""A search that was stopped goes on where it was, if nothing that its numbers depend on has changed."""

from __future__ import annotations

import hashlib
import json
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, final

import numpy as np

from positioning.errors import BadInputError, PositioningError
from positioning.files import is_marked, sweep
from positioning.search.chunk_store import TRIES

if TYPE_CHECKING:
    from filelock import FileLock

    from positioning.search.chunk_store import FolderChunks
    from positioning.search.space import SearchSpace
    from positioning.search.trials import Plan

LEFT = "unfinished"  # folder of stopped searches, under the place of the pages
MOST_LEFT = 5  # of them, the newest; and all of the last day, which may be running
DAY = 86_400.0  # seconds
LOCK = ".lock"  # how the names of locks end
MACHINE = "numbers of this machine"
NAMED = 4  # things that changed, before "and so on"


def inputs_of(space: SearchSpace, plan: Plan, prices: Mapping[str, str]) -> dict[str, str]:
    """All that the numbers of a search depend on, by what a reader would call it; prices: digests by symbol."""
    from positioning.provenance import code_digests, digest_of, package_versions
    from positioning.search.run import tabulate

    inputs, rows = space.inputs(space.strategy), space.market.rows
    return {
        "strategy": space.strategy.name,
        **{f"parameter {k}": str(v) for k, v in space.strategy.parameters().items() if k not in space.axes},
        **{f"axis {k}": _short(json.dumps(v)) for k, v in space.axes.items()},
        "choice of trials": _short(np.ascontiguousarray(plan.codes).data),
        "measures": str(plan.measures),
        MACHINE: _short(tabulate(space, plan.codes[:1], plan.measures).tobytes()),
        **{f"prices {symbol}": digest for symbol, digest in sorted(prices.items())},
        "names held": " ".join(space.market.symbols),
        "span": f"{rows[space.market.start]} to {rows[-1]}, {rows.size} rows",
        "events": space.events.digest(),
        "fees": digest_of(inputs.fees),
        "cash": _short(inputs.growth.tobytes()),
        "fill": inputs.fill_at,
        "mark": inputs.mark_label,
        "tax on dividends": _short(inputs.tax.tobytes()),
        "base": space.market.base,
        "python": sys.version.split()[0],
        **{f"package {k}": v for k, v in package_versions().items()},
        **{f"code {k}": v for k, v in code_digests(type(space.strategy)).items()},
    }


def _short(content: str | bytes | memoryview) -> str:
    return hashlib.sha256(content.encode() if isinstance(content, str) else content).hexdigest()[:16]


@final
class SearchInterrupt(KeyboardInterrupt):
    """Ctrl-C during a search; its text says what is kept, and where."""


@contextmanager
def open_chunks(
    out: Path, inputs: Mapping[str, str], plan: Plan, resume: bool
) -> Iterator[tuple[FolderChunks, str]]:
    """Where the chunks of this search go, and what to tell whoever waits for it: a folder named by the strategy and
    the hash of all inputs. It goes when the search ends well and stays when it does not.

    With `resume` what is there is used; the words say so, or why not. Raises BadInputError where another process is
    at it, and SearchInterrupt for Ctrl-C.
    """
    from filelock import Timeout

    from positioning.search.chunk_store import FolderChunks

    key, is_new = _short(json.dumps(dict(inputs), sort_keys=True)), not out.exists()
    places = out / LEFT
    chunks = FolderChunks(places / f"{inputs['strategy']}-{key}")
    lock = _lock(chunks.place)
    try:
        _acquire(lock)
    except Timeout:
        raise BadInputError(
            f"another process is at this search in {chunks.place}",
            "wanted one at a time",
            "wait for it, or choose another folder",
        ) from None
    try:
        yield chunks, _opened(chunks, places, inputs, plan, resume)
        chunks.remove()
    except PositioningError:
        if trials_kept(chunks, plan) in (0, plan.trials):  # nothing to go on with, or it would end so again
            chunks.remove()
        raise
    except KeyboardInterrupt:
        raise SearchInterrupt(
            f"stopped; {trials_kept(chunks, plan):,} of {plan.trials:,} trials are kept in {chunks.place}"
        ) from None
    finally:
        _release(lock)
        _tidy(places)
        if is_new:
            with suppress(OSError):
                out.rmdir()


def _opened(chunks: FolderChunks, places: Path, inputs: Mapping[str, str], plan: Plan, resume: bool) -> str:
    """Ready for the search; what to tell the user, a line or nothing."""
    same, newest = chunks.begun_with() == inputs, _newest(places, inputs["strategy"])
    if resume and same:
        return f"resumed: {trials_kept(chunks, plan):,} of {plan.trials:,} trials were kept"
    chunks.begin(inputs)
    if not resume:
        return "what was kept of this search is discarded: resume=True would have used it" if same else ""
    if newest is None:
        return f"nothing to resume in {places}: starts from the beginning"
    changed = [k for k in {**newest, **inputs} if newest.get(k) != inputs.get(k)]
    changed = [k for k in changed if k != MACHINE] or changed  # it follows from all the others
    more = f" and {len(changed) - NAMED} more" if len(changed) > NAMED else ""
    return f"starts anew: since the search that was stopped, changed: {', '.join(changed[:NAMED])}{more}"


def _newest(places: Path, strategy: str) -> Mapping[str, str] | None:
    """Inputs of the last search of this strategy that was stopped here."""
    from positioning.search.chunk_store import FolderChunks

    inputs = [FolderChunks(p).begun_with() for p in _by_age(places) if p.name.startswith(f"{strategy}-")]
    return next((f for f in inputs if f), None)


def trials_kept(chunks: FolderChunks, plan: Plan) -> int:
    shapes = (plan.shape(n) for n in range(plan.chunks) if chunks.has(n, plan.shape(n)))
    return sum(trials for _, trials in shapes)


def _by_age(places: Path) -> list[Path]:
    """Folders of stopped searches, the newest first; other processes may be making and removing them."""
    from positioning.search.chunk_store import USE

    ages: dict[Path, float] = {}
    with suppress(OSError):
        for place in places.iterdir():
            with suppress(OSError):
                if is_marked(place, USE):
                    ages[place] = place.stat().st_mtime
    return sorted(ages, key=ages.__getitem__, reverse=True)


def _tidy(places: Path) -> None:
    """Only the newest stay, and what is not ours; no empty folder stays. Others may be at work here, so whatever
    fails is theirs to mend."""
    from filelock import Timeout

    from positioning.search.chunk_store import FolderChunks

    with suppress(OSError):
        sweep(places)
        old = [p for p in _by_age(places)[MOST_LEFT:] if p.stat().st_mtime < time.time() - DAY]
        for place in dict.fromkeys([*old, *(p for p in _by_age(places) if not FolderChunks(p).begun_with())]):
            with suppress(Timeout), _locked(place):
                FolderChunks(place).remove()
        for left in places.glob(f".*{LOCK}"):  # of processes that were killed
            with suppress(Timeout), _locked(left.with_name(left.name[1:].removesuffix(LOCK))):
                pass
        places.rmdir()


def _lock(place: Path) -> FileLock:
    """Of a folder, beside it."""
    from filelock import FileLock

    return FileLock(place.with_name(f".{place.name}{LOCK}"), timeout=0)


@contextmanager
def _locked(place: Path) -> Iterator[None]:
    """While another process may not be at it. Raises filelock.Timeout where one is."""
    lock = _lock(place)
    _acquire(lock)
    try:
        yield
    finally:
        _release(lock)


def _acquire(lock: FileLock) -> None:
    for attempt in range(TRIES):
        Path(lock.lock_file).parent.mkdir(parents=True, exist_ok=True)
        try:
            lock.acquire()
            return
        except FileNotFoundError:  # the folder went, empty, with a search that ended
            if attempt == TRIES - 1:
                raise


def _release(lock: FileLock) -> None:
    """Its file goes while it is held: who waits for it sees that, and makes a new one."""
    with suppress(OSError):
        Path(lock.lock_file).unlink()
    lock.release()
