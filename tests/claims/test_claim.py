"""Claims are data: what the shipped ones say, and what a wrong file is told."""

from __future__ import annotations

import re
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

import positioning
from positioning.claims.claim import NEEDS, Evidence, read_claims, strategies_named
from positioning.errors import BadInputError
from positioning.events.thesis_file import read_thesis
from strategies import CONTROLS, STRATEGIES
from tests.builders import THESIS

RED_SEA = Path(__file__).parents[2] / "docs" / "theses" / "red_sea"
GOOD = """[[claim]]
id = "C"
kind = "position"
claim = "It pays."
source = "a letter"
stands_for = "What is named."
fit = "exact"
"""
EVIDENCE = '[[claim.evidence]]\nkind = "basket"\nnames = ["NTR"]\nagainst = "SPY"\n'


def test_the_shipped_claims_are_read_and_name_listed_strategies() -> None:
    found = {c.id: c for c in read_claims(THESIS)}
    assert {"P1", "P2", "P3", "P4", "P5", "N1", "N5", "N16", "N23"} <= set(found)
    assert set(strategies_named(tuple(found.values()))) <= {s.name for s in (*STRATEGIES, *CONTROLS)}
    # The two that have instruments of their own: a second way to market, and bonds that nobody can have a price of.
    assert [e.scenarios for e in found["N23"].evidence] == ["rerouting"]
    bonds = found["N16"]
    assert (bonds.fit, [e.kind for e in bonds.evidence]) == ("none", ["markers"])
    assert bonds.untestable
    assert all(c.evidence or c.untestable for c in found.values())
    assert all(e.kind in NEEDS for c in found.values() for e in c.evidence)


@pytest.mark.parametrize("folder", [THESIS.scenarios["article"].parents[1], RED_SEA])
def test_the_engine_has_no_sentence_of_a_claim(folder: Path) -> None:
    tables = tomllib.loads((folder / "claims.toml").read_text(encoding="utf-8"))
    said = [c[key] for c in tables["claim"] for key in ("claim", "stands_for", "untestable") if key in c]
    phrases = {
        " ".join(words[k : k + 7])
        for s in said
        for words in [s.lower().split()]
        for k in range(len(words) - 6)
    }
    engine = Path(positioning.__file__ or "").parent
    # Seven words in a row are a sentence's, not a language's.
    for file in sorted(engine.rglob("*.py")):
        text = re.sub(r"\s+", " ", file.read_text(encoding="utf-8").lower())
        assert not {p for p in phrases if p in text}, file


def test_a_thesis_without_claims_is_told_so() -> None:
    with pytest.raises(BadInputError, match=r"states no claims; wanted a file claims.toml"):
        read_claims(replace(THESIS, claims=None))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "wanted 1 to 200 tables"),
        ('[claim]\nid = "C"\n', "wanted 1 to 200 tables"),
        (GOOD, "claim C has no evidence"),
        (GOOD + EVIDENCE + GOOD + EVIDENCE, "claim C twice"),
        (GOOD.replace('"position"', '"postion"') + EVIDENCE, "Did you mean position?"),
        (GOOD.replace('"exact"', '"exakt"') + EVIDENCE, "Did you mean exact?"),
        (GOOD.replace("stands_for", "stand_for") + EVIDENCE, "Did you mean stands_for?"),
        (GOOD.replace('"It pays."', '" "') + EVIDENCE, "claim"),
        (GOOD.replace('"It pays."', "7") + EVIDENCE, "wanted a text"),
        (GOOD.replace('id = "C"\n', "") + EVIDENCE, "claim 1: without id"),
        (GOOD + EVIDENCE.replace("basket", "baskets"), "Did you mean basket?"),
        (GOOD + EVIDENCE.replace('kind = "basket"\n', ""), "evidence without kind"),
        (GOOD + EVIDENCE.replace('names = ["NTR"]\n', ""), "evidence basket without names"),
        (GOOD + EVIDENCE.replace('["NTR"]', '"NTR"'), "wanted a list of texts"),
        (GOOD + EVIDENCE.replace('["NTR"]', "[]"), "wanted a list of texts"),
        (GOOD + EVIDENCE + "sign = 2\n", "wanted 1 or -1"),
        (GOOD + EVIDENCE + 'event = "E01"\n', "evidence basket with event"),
        (GOOD + EVIDENCE + "within = inf\n", "a finite number"),
        (
            GOOD
            + '[[claim.evidence]]\nkind = "event"\nevent = "E999"\nfirst = 2022-01-01\nlast = 2022-02-01\n',
            "E999",
        ),
        (
            GOOD + '[[claim.evidence]]\nkind = "event"\nevent = "E01"\nfirst = "x"\nlast = 2022-02-01\n',
            "a date without",
        ),
        (GOOD + '[[claim.evidence]]\nkind = "markers"\ntheme = "fertiliser"\n', "Did you mean fertilizer?"),
        (
            GOOD + '[[claim.evidence]]\nkind = "stress"\nstrategy = "x"\nscenarios = "artcle"\n',
            "Did you mean article?",
        ),
        (
            GOOD + '[[claim.evidence]]\nkind = "series"\nseries = ["A"]\nsource = "s"\n',
            "wanted first and last",
        ),
        (GOOD + 'evidence = ["x"]\n', "no list of tables"),
    ],
)
def test_a_wrong_file_is_told_what_is_wrong(text: str, told: str, tmp_path: Path) -> None:
    (tmp_path / "claims.toml").write_text(text, encoding="utf-8")
    with pytest.raises(BadInputError, match=re.escape(told)) as error:
        read_claims(replace(THESIS, claims=tmp_path / "claims.toml"))
    assert "claims.toml" in str(error.value)
    assert "\n" not in str(error.value)


def test_another_thesis_has_its_own() -> None:
    found = read_claims(read_thesis(RED_SEA))
    assert [c.id for c in found] == ["C1", "C2", "C3", "C4"]
    assert found[1].evidence[0].sign == -1
    assert Evidence("basket", names=("A",), against="B").within == 0
