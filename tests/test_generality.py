"""The engine knows no thesis: a second one is a folder of facts and a strategy, and what is asked of one name or
strategy does not move because another is listed."""

from __future__ import annotations

import ast
import json
import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import pytest
from typer.testing import CliRunner

import positioning
from positioning.cli import event_study, events, grid_search, run, stress
from positioning.data.sample import SampleSource
from positioning.errors import BadInputError
from positioning.event_studies.sleeves import distinct, strategy_sleeves, symbol_sleeve
from positioning.events.thesis_file import read_thesis
from positioning.market.sample_facts import NO_FACTS
from positioning.strategy.basket import Basket
from strategies import FertilizerProducers
from tests.builders import EVENTS, THESIS

ENGINE = Path(positioning.__file__).parent
RED_SEA = Path(__file__).parents[1] / "docs" / "theses" / "red_sea"
APART = {"cli/templates", "workshop"}  # what `init` lays is an example
NAMES = ("market/instruments.csv", "market/names.csv")  # companies are called what they are called


def engine_files() -> list[Path]:
    """All text of the engine but the examples that `init` lays and the names of companies."""
    kinds = (".py", ".toml", ".csv", ".json", ".html", ".js", ".css", ".md")
    files = [f for f in sorted(ENGINE.rglob("*")) if f.suffix in kinds]
    inside = {f: f.relative_to(ENGINE).as_posix() for f in files}
    return [
        f for f, name in inside.items() if name not in NAMES and not any(name.startswith(a) for a in APART)
    ]


def test_no_sleeve_theme_day_or_sentence_of_the_shipped_thesis_is_in_the_engine() -> None:
    day = THESIS.published.astype(object)
    general = {"payments"}  # a word of any thesis
    words = {*EVENTS.sleeves, *EVENTS.themes, *EVENTS.directions} - general - {"tighten", "ease"}
    words |= {
        str(THESIS.published),
        f"{day.day} {day:%B %Y}",
        f"{day:%B %Y}",
        "Lukashenko",
        "Belarus",
        "article of",
        "the article",
    }
    wanted = re.compile("|".join(rf"\b{re.escape(w)}\b" for w in words), re.IGNORECASE)
    examples = {
        ("events/thesis.py", f"{day.day} {day:%B %Y}"),  # the form of a sentence, in a docstring
        ("screening/names.py", "belarus"),  # one of many countries
        ("screening/names.py", "equipment"),  # one of many words that names of companies share
    }
    found = {
        (f.relative_to(ENGINE).as_posix(), m.group())
        for f in engine_files()
        for m in wanted.finditer(f.read_text(encoding="utf-8"))
    }
    assert found - examples == set()


def test_no_title_name_or_reason_of_its_record_is_in_the_engine() -> None:
    said = {*(e.title for e in EVENTS), *(f.words for f in THESIS.sleeves.values()), THESIS.title}
    said |= {c.reason for c in THESIS.universe.values() if len(c.reason) > 20}
    text = {f.relative_to(ENGINE).as_posix(): f.read_text(encoding="utf-8") for f in engine_files()}
    assert len(said) > 200
    assert [(name, s) for name, whole in text.items() for s in said if s in whole] == []


# Facts of securities and exchanges that any thesis may need: what a symbol is, its numbers and lots, a company's taxes,
# when a venue was shut, and how a name of the sample market moves.
MASTER = {
    "data/sample.toml",
    "market/closures.csv",
    "market/identifiers.csv",
    "market/listings.csv",
    "simulation/board_lots.csv",
    "simulation/dividend_tax.csv",
}


def test_no_day_of_an_event_is_in_the_engines_data() -> None:
    days = {str(d)[:10] for e in EVENTS for d in (e.announced,)}
    days |= {str(d)[:10] for r in THESIS.restrictions for d in (r.announced, r.effective) if d is not None}
    assert len(days) > 100
    met = {
        (f.relative_to(ENGINE).as_posix(), day)
        for f in engine_files()
        if f.suffix != ".py"
        for day in re.findall(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", f.read_text(encoding="utf-8"))
        if day in days
    }
    # Days on which an exchange was shut or a line of a company ended, whoever listens.
    assert {name for name, _ in met} <= {"market/closures.csv", "market/listings.csv"}


def test_what_befalls_a_symbol_of_the_sample_market_by_news_is_told_by_the_thesis() -> None:
    own = SampleSource()
    told = own.knowing(THESIS)
    assert (own.sample, told.sample) == (NO_FACTS, THESIS.sample)
    assert own.deliver(["NTR"], []).bars["NTR"].digest() != told.deliver(["NTR"], []).bars["NTR"].digest()
    assert own.deliver(["SPY"], []).bars["SPY"].digest() == told.deliver(["SPY"], []).bars["SPY"].digest()
    assert (set(own.deliver([], []).drivers), set(told.deliver([], []).drivers)) == (set(), {"POTASH"})


def literals(code: str) -> set[str]:
    """The strings of a module, docstrings and parts of messages included."""
    return {
        n.value for n in ast.walk(ast.parse(code)) if isinstance(n, ast.Constant) and isinstance(n.value, str)
    }


def test_no_symbol_of_its_universe_is_a_value_in_the_engine() -> None:
    """In a message or a docstring a symbol may stand for the form of any: as a value it may not, nor in a table that is
    no master of securities."""
    symbols = {s for s, c in THESIS.universe.items() if c.theme}
    assert len(symbols) > 60
    anywhere = re.compile("|".join(map(re.escape, symbols)))
    found = set()
    for file in engine_files():
        name, text = file.relative_to(ENGINE).as_posix(), file.read_text(encoding="utf-8")
        if not anywhere.search(text):
            continue
        if file.suffix == ".py":
            words = {w for s in literals(text) for w in s.split(",") if s.count(",") > 1 or w == s}
        else:
            words = set() if name in MASTER else set(re.split(r"[\s,;'\"=()\[\]{}]+", text))
        found |= {(name, s) for s in symbols & words if len(s) > 2}
    assert found == set()


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the Red Sea thesis, copied out of the repository."""
    place = tmp_path_factory.mktemp("mine") / "red_sea"
    shutil.copytree(RED_SEA, place)
    return place


@pytest.mark.parametrize(
    ("app", "words"),
    [
        (events.app, ()),
        (run.app, ("red_sea.py", "--no-quantstats")),
        (event_study.app, ("red_sea.py",)),
        (grid_search.app, ("red_sea.py", "--grid", "half_life=5,20")),
        (stress.app, ("red_sea.py", "--paths", "10", "--horizon", "30", "--workers", "1")),
    ],
    ids=["events", "run", "event_study", "grid_search", "stress"],
)
def test_the_second_thesis_takes_one_command_a_question(
    app: object, words: tuple[str, ...], elsewhere: Path, tmp_path: Path
) -> None:
    typed = [str(elsewhere / w) if w.endswith(".py") else w for w in words]
    ran = CliRunner().invoke(  # type: ignore[arg-type]
        app, [*typed, "--thesis", str(elsewhere), "--out", str(tmp_path), "--json"]
    )
    assert ran.exit_code == 0, ran.output
    json.loads(ran.stdout)
    pages = "".join(p.read_text(encoding="utf-8") for p in tmp_path.glob("*.html"))
    assert "Lukashenko" not in pages
    if app is run.app:
        assert "Carriers leave the Red Sea" in pages
        assert "of 15 December 2023" in pages


def test_its_steps_are_five_at_most() -> None:
    steps = re.findall(r"^\d+\. ", (RED_SEA / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert 1 <= len(steps) <= 5


class Second(FertilizerProducers):
    """Another strategy of the same sleeve."""

    name: ClassVar[str] = "second"
    benchmark: ClassVar[str] = "EEM"


class Silent(Basket):
    """Answers no news."""

    name: ClassVar[str] = "silent"
    benchmark: ClassVar[str] = "SPY"
    caveat: ClassVar[str] = "None."


def test_a_single_name_is_measured_as_the_thesis_says_whatever_strategies_there_are() -> None:
    one = symbol_sleeve("NTR", THESIS)
    assert (one.label, one.theme, one.names, one.benchmark) == ("NTR", "fertilizer", ("NTR",), "SPY")
    assert symbol_sleeve("1157.HK", THESIS).benchmark == "^HSI"
    assert symbol_sleeve("CF", THESIS, benchmark="EEM").benchmark == "EEM"
    with pytest.raises(BadInputError, match="KO belongs to no sleeve"):
        symbol_sleeve("KO", THESIS)
    assert symbol_sleeve("KO", THESIS, theme="equipment").theme == "equipment"


def test_a_second_strategy_of_a_sleeve_stands_beside_the_first() -> None:
    first, second = strategy_sleeves(FertilizerProducers(), THESIS), strategy_sleeves(Second(), THESIS)
    assert distinct([*first, *second]) == [*first, *second]
    assert [s.benchmark for s in (*first, *second)] == ["SPY", "EEM"]
    clash = replace(second[0], label=first[0].label)
    assert [s.label for s in distinct([*first, clash, *first])] == [
        "fertilizer_producers",
        "fertilizer_producers (2)",
    ]


def test_a_strategy_without_a_sleeve_or_of_another_thesis_is_refused_in_a_line() -> None:
    silent = Silent(legs=("NTR", "MOS"))
    assert silent.themes == ()
    with pytest.raises(BadInputError, match="silent answers no sleeve"):
        strategy_sleeves(silent, THESIS)
    with pytest.raises(BadInputError, match="which the thesis red_sea does not have"):
        strategy_sleeves(FertilizerProducers(), read_thesis(RED_SEA))
