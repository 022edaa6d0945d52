"""The folder of a thesis, read: its facts, universe, events and restrictions."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np

from positioning.errors import BadInputError, did_you_mean
from positioning.events.event_file import read_events
from positioning.events.restriction import read_restrictions
from positioning.events.thesis import PROXIES, Candidate, SleeveFacts, Thesis
from positioning.files import read_toml
from positioning.market.instruments import RECORDED, read_instruments
from positioning.market.records import Cells, check_choice, check_filled, parsed, read_records, whole
from positioning.market.sample_facts import NO_FACTS, read_sample_facts

KEYS = (
    "name",
    "title",
    "published",
    "complete_until",
    "replay",
    "proxies",
    "sleeves",
    "themes",
    "directions",
)
SLEEVE_KEYS = ("words", "benchmark")
WORD = re.compile(
    r"[a-z][a-z0-9_]*"
)  # names of sleeves, themes and directions become columns, options and labels
_UNIVERSE = ("symbol", "theme", "role", "fit", "reason")


def read_thesis(folder: Path | str, events: Path | None = None, restrictions: Path | None = None) -> Thesis:
    """The thesis of a folder. events, restrictions: files in place of the folder's own.

    thesis.toml        title, published (a date); name (default the folder's); complete_until (a date, or one by
                       theme); replay (two dates); proxies (symbols of funds, default PROXIES); [sleeves.NAME] with
                       words and benchmark; [themes] further tags of events, with words;
                       [directions] kinds of news, with words: where none are given, those that the events have
    events.csv         see `read_events`; a column `sign_NAME` for each sleeve
    restrictions.csv   see `read_restrictions`; may be absent, as may be all that follow
    universe.csv       symbol, theme, role, fit, reason
    instruments.csv    see `read_instruments`: symbols that the engine has not on record
    sample.toml        see `SampleFacts`: how names behave in the sample market, and what befalls them there
    scenarios/*.toml   sets of scenarios, by the file's name
    claims.toml        what the thesis claims, see `claims.claim`

    Raises BadInputError naming the file, and the line and column or the key.
    """
    place = Path(folder)
    file = place / "thesis.toml"
    tables, raw = _toml(file)
    try:
        facts = _checked(tables, place.resolve().name)
    except BadInputError as error:
        raise BadInputError(f"{file}: {error.seen}", error.wanted, error.remedy) from None
    sleeves: Mapping[str, SleeveFacts] = facts.pop("sleeves")
    themes, directions = facts.pop("themes"), facts.pop("directions")
    tags = tuple(dict.fromkeys((*sleeves, *themes))) if themes else ()
    record = read_events(events or place / "events.csv", tuple(sleeves), tags, tuple(directions))
    bars = restrictions or place / "restrictions.csv"
    own = restrictions is not None  # a file of the user's own binds whatever the screen
    instruments, instruments_raw = RECORDED, b""
    if (place / "instruments.csv").exists():
        instruments = read_instruments(place / "instruments.csv")
        instruments_raw = b"\0" + (place / "instruments.csv").read_bytes()
    sample, sample_raw = NO_FACTS, b""
    if (place / "sample.toml").exists():
        sample = read_sample_facts(place / "sample.toml")
        sample_raw = b"\0" + sample.text.encode()
    listed = read_restrictions(bars, own, instruments) if own or bars.exists() else ()
    allowed_themes, universe_raw = {*sleeves, *record.themes, ""}, b""
    universe: Mapping[str, Candidate] = {}
    if (place / "universe.csv").exists():
        universe = read_universe(place / "universe.csv", tuple(allowed_themes))
        universe_raw = (place / "universe.csv").read_bytes()
    try:
        for theme in filter(None, facts["complete_until"]):
            check_choice("complete_until", theme, tuple(dict.fromkeys((*sleeves, *record.themes))))
        return Thesis(
            **facts,
            events=replace(record, restrictions=listed, thesis=facts["title"]),
            sleeves=sleeves,
            universe=universe,
            scenarios={f.stem: f for f in sorted((place / "scenarios").glob("*.toml"))},
            claims=place / "claims.toml" if (place / "claims.toml").exists() else None,
            digest=hashlib.sha256(raw + b"\0" + universe_raw + instruments_raw + sample_raw).hexdigest(),
            instruments=instruments,
            sample=sample,
        )
    except BadInputError as error:
        raise BadInputError(f"{file}: {error.seen}", error.wanted, error.remedy) from None


def read_universe(path: Path, themes: Sequence[str]) -> Mapping[str, Candidate]:
    """A CSV with symbol, theme, role, fit and reason, by symbol. themes: those there may be.

    Raises BadInputError naming file, line and column.
    """
    candidates: dict[str, Candidate] = {}

    def add(cells: Cells) -> None:
        check_choice("theme", cells["theme"], themes)
        if cells["symbol"] in candidates:
            raise BadInputError(
                f"symbol {cells['symbol']!r} again", "wanted each symbol once", "drop one row"
            )
        fit = parsed(cells, "fit", lambda text: whole(text) if text else None, "a whole number, or nothing")
        candidates[cells["symbol"]] = Candidate(
            cells["symbol"], cells["theme"], cells["role"], fit, cells["reason"]
        )

    read_records(path, _UNIVERSE, add)
    return candidates


def _toml(file: Path) -> tuple[Mapping[str, Any], bytes]:
    try:
        return read_toml(file), file.read_bytes()
    except BadInputError as error:
        raise BadInputError(
            error.seen, "wanted the thesis.toml of a folder of facts", "check the folder"
        ) from None


def _checked(tables: Mapping[str, Any], folder: str) -> dict[str, Any]:
    """The keys of thesis.toml as values."""
    for key in tables:
        if key not in KEYS:
            raise BadInputError(f"key {key!r}", "wanted one of its keys", did_you_mean(key, KEYS))
    return {
        "name": _text("name", tables.get("name", folder)),
        "title": _text("title", tables.get("title", "")),
        "published": _day("published", tables.get("published")),
        "complete_until": _complete(tables.get("complete_until", {})),
        "replay": _replay(tables.get("replay")),
        "proxies": _proxies(tables.get("proxies", list(PROXIES))),
        "sleeves": {name: _sleeve(name, t) for name, t in _table("sleeves", tables).items()},
        "themes": _words("themes", tables),
        "directions": _words("directions", tables),
    }


def _table(key: str, tables: Mapping[str, Any]) -> Mapping[str, Any]:
    table = tables.get(key, {})
    if not isinstance(table, dict):
        raise BadInputError(f"{key} is no table", f"wanted [{key}]", f"write [{key}] on a line of its own")
    for name in table:
        if not WORD.fullmatch(name):
            raise BadInputError(
                f"{key}.{str(name)[:80]!r}",
                "wanted small letters, digits and _",
                "rename it, such as red_sea",
            )
    return table


def _sleeve(name: str, table: Any) -> SleeveFacts:
    if not isinstance(table, dict):
        raise BadInputError(f"sleeves.{name} is no table", f"wanted [sleeves.{name}]", "give it words = ...")
    for key in table:
        if key not in SLEEVE_KEYS:
            raise BadInputError(
                f"sleeves.{name}.{key}", "wanted one of its keys", did_you_mean(key, SLEEVE_KEYS)
            )
    texts = {key: _text(f"sleeves.{name}.{key}", value) for key, value in table.items()}
    check_filled(f"sleeves.{name}.words", texts.get("words", ""), "say what it is, in a sentence")
    return SleeveFacts(**texts)


def _words(key: str, tables: Mapping[str, Any]) -> Mapping[str, str]:
    return {name: _text(f"{key}.{name}", value) for name, value in _table(key, tables).items()}


def _text(key: str, value: Any) -> str:
    if not isinstance(value, str):
        raise BadInputError(f"{key} = {str(value)[:80]}", "wanted a text", "put it between quotes")
    return value.strip()


def _day(key: str, value: Any) -> np.datetime64:
    if not isinstance(value, date) or isinstance(value, datetime):
        raise BadInputError(
            f"{key} = {str(value)[:80]}", "wanted a date without quotes", f"write {key} = 2025-06-30"
        )
    return np.datetime64(value, "D")


def _replay(value: Any) -> tuple[np.datetime64, np.datetime64] | None:
    if value is None:
        return None
    if not isinstance(value, list) or len(value) != 2:
        raise BadInputError(
            f"replay = {str(value)[:80]}",
            "wanted the first and the last day",
            "write replay = [2022-02-17, 2022-04-18]",
        )
    return _day("replay", value[0]), _day("replay", value[1])


def _proxies(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(s, str) and s.strip() for s in value):
        raise BadInputError(
            f"proxies = {str(value)[:80]}", "wanted symbols of funds", 'write proxies = ["SPY", "EEM"]'
        )
    return tuple(value)


def _complete(value: Any) -> Mapping[str, np.datetime64]:
    if isinstance(value, dict):
        return {theme: _day(f"complete_until.{theme}", day) for theme, day in value.items()}
    return {"": _day("complete_until", value)}
