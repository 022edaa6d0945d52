"""The command: a second thesis answered, pages, Markdown and where it goes."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from positioning.claims.claim import Claim, Evidence
from positioning.cli.claims import app, markdown_place, named
from positioning.reporting.claims import MARK

RED_SEA = Path(__file__).parents[2] / "docs" / "theses" / "red_sea"


def asked(*words: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, ["--thesis", str(RED_SEA), *words])
    return done.exit_code, done.stdout, done.stderr


@pytest.fixture(scope="module")
def answered(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, object]]:
    place = tmp_path_factory.mktemp("claims")
    code, out, err = asked("--out", str(place), "--markdown", str(place / "claims.md"), "--json")
    assert code == 0, err
    return place, json.loads(out)


def test_json_has_every_claim_before_and_after_apart(answered: tuple[Path, dict[str, object]]) -> None:
    place, told = answered
    claims = told["claims"]
    assert isinstance(claims, dict)
    assert list(claims) == ["C1", "C2", "C3", "C4"]
    assert [f["part"] for f in claims["C1"]["findings"]] == ["before", "after"]
    assert all(0 <= f["p"] <= 1 for f in claims["C1"]["findings"])
    assert claims["C3"]["verdict"] == "supported"
    assert (claims["C4"]["verdict"], claims["C4"]["findings"]) == ("untestable", [])
    assert told["simulated"] is True
    verdicts = told["verdicts"]
    assert isinstance(verdicts, dict)
    assert sum(verdicts.values()) == 4
    saved = json.loads((place / "claims.json").read_text())
    assert saved == {k: v for k, v in told.items() if k != "files"}


def test_the_page_and_the_markdown_say_simulated_first(answered: tuple[Path, dict[str, object]]) -> None:
    place, _ = answered
    page, text = (place / "claims.html").read_text(), (place / "claims.md").read_text()
    assert "<title>SIMULATED: Claims of" in page
    assert page.index("SIMULATED.") < page.index("What could be told")
    assert text.startswith(MARK)
    assert text.index("**SIMULATED.**") < text.index("| C1 |")
    assert "claims.html" in (place / "index.html").read_text()
    assert list((place / "answers").glob("*claims*/page.html"))
    for told in (page, text):
        assert "Retailers who wait for the goods" in told
        assert "no series of it is at hand" in told


def test_the_terminal_tells_each_claim_and_names_what_cannot_be_tested(tmp_path: Path) -> None:
    code, out, err = asked("--out", str(tmp_path), "--markdown", "none")
    assert (code, err) == (0, "")
    text = " ".join(out.split())
    assert text.startswith(
        "SIMULATED prices: a demonstration, not evidence 4 claims: 1 supported, 2 not told from nothing"
    )
    assert re.search(
        r"C1 not told from nothing \(q = 0\.\d{3}\): Container lines gain more .* After publication", text
    )
    assert "C3 supported: The largest lines stop" in text
    assert "untestable: C4; --verbose says why" in text
    assert "C4 untestable:" not in text
    assert "q over all 2 deciding tests" in text
    _, longer, _ = asked("--out", str(tmp_path), "--markdown", "none", "--verbose")
    more = " ".join(longer.split())
    assert "C4 untestable: The strait's traffic halves. No series of it is at hand." in more
    assert "--verbose says why" not in more


def test_the_strategies_that_claims_name_are_asked_for_those_held_against_others_too() -> None:
    """A word that is no strategy, such as a symbol or cash, is none."""

    def claim(key: str, **more: str) -> Claim:
        return Claim(
            key, "position", "It pays.", "a letter", "Itself.", "exact", (Evidence("account", **more),)
        )  # type: ignore[arg-type]

    asked_of = (
        claim("a", strategy="enablers", against="sanctioned"), claim("b", strategy="enablers", against="EEM"),
        claim("c", strategy="middle_corridor", against="cash"), claim("d", strategy="enablers"),
    )  # fmt: skip
    assert named(asked_of) == ["enablers", "middle_corridor", "sanctioned"]


def test_the_same_question_has_the_same_answer(
    answered: tuple[Path, dict[str, object]], tmp_path: Path
) -> None:
    _, told = answered
    _, out, _ = asked("--out", str(tmp_path), "--markdown", "none", "--json")
    assert {k: v for k, v in json.loads(out).items() if k != "files"} == {
        k: v for k, v in told.items() if k != "files"
    }
    assert not list(tmp_path.glob("*.md"))


def test_markdown_goes_beside_the_page_and_never_into_a_folder_of_documents_unasked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "docs").mkdir()
    shipped = tmp_path / "docs" / "claims.md"
    shipped.write_text(f"{MARK}\n\nof other prices\n")
    code, _, err = asked("--quiet")
    assert code == 0, err
    assert shipped.read_text().endswith("of other prices\n")
    assert (tmp_path / "reports" / "claims.md").read_text().startswith(MARK)
    assert markdown_place("none", tmp_path) is None
    assert markdown_place("x.md", tmp_path) == Path("x.md")


def test_a_file_that_somebody_wrote_is_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "mine.md").write_text("# My own\n")
    code, out, err = asked("--out", str(tmp_path / "out"), "--markdown", str(tmp_path / "mine.md"))
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert "is not a page of this program" in err
    assert (tmp_path / "mine.md").read_text() == "# My own\n"
    assert not (tmp_path / "out").exists()


def test_a_thesis_without_claims_gets_one_line(tmp_path: Path) -> None:
    for name in ("thesis.toml", "events.csv"):
        (tmp_path / name).write_bytes((RED_SEA / name).read_bytes())
    done = CliRunner().invoke(
        app, ["--thesis", str(tmp_path), "--out", str(tmp_path / "out"), "--markdown", "none"]
    )
    assert done.exit_code == 2
    assert done.stderr.count("\n") == 1
    assert "states no claims" in done.stderr


@pytest.mark.slow
def test_the_page_of_the_site_is_what_the_command_says_today(tmp_path: Path) -> None:
    shipped = Path(__file__).parents[2] / "docs" / "claims.md"
    done = CliRunner().invoke(
        app, ["--out", str(tmp_path), "--markdown", str(tmp_path / "claims.md"), "--quiet"]
    )
    assert done.exit_code == 0, done.stderr
    assert (tmp_path / "claims.md").read_text().splitlines()[:-1] == shipped.read_text().splitlines()[:-1]
