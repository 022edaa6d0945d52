"""PDF, CSV, the page that stands alone, and the server that shows them."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from positioning.cli import serve
from positioning.cli.run import app
from positioning.cli.serve import HOST, server
from positioning.errors import BadInputError
from positioning.reporting import pdf as paper
from tests.builders import LATEST
from tests.reporting.browser import CHROMIUM


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A run with every export there is."""
    out = tmp_path_factory.mktemp("reports")
    words = ["middle_corridor", "--out", str(out), "--csv", "--standalone", *(["--pdf"] if CHROMIUM else [])]
    outcome = CliRunner().invoke(app, [*words, "--no-quantstats"])
    assert outcome.exit_code == 0, outcome.output
    return out, outcome.stdout


def test_the_csv_is_the_account(made: tuple[Path, str]) -> None:
    frame = pd.read_csv(made[0] / "middle_corridor.csv", parse_dates=["date"])
    kept = pd.read_parquet(next((made[0] / "runs").iterdir()) / "returns.parquet")
    assert (frame["nav"] - kept["nav"]).abs().max() < 1e-15
    assert "wrote" in made[1]
    assert "middle_corridor.csv" in made[1]


def test_a_page_that_stands_alone_asks_for_nothing(made: tuple[Path, str]) -> None:
    page = (made[0] / "middle_corridor.html").read_text()
    assert '<script src="' not in page
    assert len(page) > 4_000_000
    assert page.count("</script>") == 3
    kept = next((made[0] / "runs").iterdir()) / "tearsheet.html"
    assert kept.stat().st_size < 2_000_000


@pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine")
def test_the_pdf_is_one_and_nothing_half_written_is_left(made: tuple[Path, str]) -> None:
    pdf = (made[0] / "middle_corridor.pdf").read_bytes()
    assert pdf.startswith(b"%PDF-")
    assert pdf.rstrip().endswith(b"%%EOF")
    assert len(pdf) > 50_000  # charts and all
    assert not [p for p in made[0].iterdir() if p.name.startswith(".")]


def test_without_chromium_the_refusal_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paper, "BROWSERS", ("no-such-browser",))
    outcome = CliRunner().invoke(app, ["middle_corridor", "--pdf", "--out", str(tmp_path / "out")])
    assert outcome.exit_code == 2
    assert "no-such-browser" in outcome.stderr
    assert not (tmp_path / "out").exists()


def test_the_sandbox_is_off_for_root_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[list[str]] = []

    def said(words: list[str]) -> str:
        asked.append(words)
        return "a word"

    monkeypatch.setattr(paper, "browser", lambda: "chromium")
    monkeypatch.setattr(paper, "_run", said)
    for uid in (0, 1000):
        monkeypatch.setattr(paper.os, "geteuid", lambda uid=uid: uid)
        with pytest.raises(BadInputError, match="a word"):
            paper.print_pdf(tmp_path / "x.html")
    assert "--no-sandbox" in asked[0]
    assert "--no-sandbox" not in asked[1]


# -- the server ------------------------------------------------------------------------------------------------


@pytest.fixture
def port(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    monkeypatch.setattr(serve.Pages, "timeout", LATEST)  # on a busy machine a reader may ask late
    out = tmp_path / "reports"
    (out / "runs").mkdir(parents=True)
    (out / "index.html").write_text("the index")
    (out / ".secret").write_text("secret")
    (tmp_path / "outside.txt").write_text("secret")
    (out / "link.txt").symlink_to(tmp_path / "outside.txt")
    running = server(out, 0)
    thread = threading.Thread(target=running.serve_forever)
    thread.start()
    yield running.server_address[1]
    running.shutdown()
    thread.join()
    running.server_close()


def ask(port: int, path: str, host: str = "", method: str = "GET") -> tuple[int, str]:
    line = http.client.HTTPConnection(HOST, port, timeout=LATEST)
    line.request(method, path, headers={"Host": host or f"{HOST}:{port}"})
    answer = line.getresponse()
    text = answer.read().decode()
    line.close()
    return answer.status, text


def test_it_shows_the_index(port: int) -> None:
    assert ask(port, "/") == (200, "the index")
    assert ask(port, "/index.html", f"localhost:{port}")[0] == 200


@pytest.mark.parametrize(
    "path", ["/../outside.txt", "/%2e%2e/outside.txt", "/link.txt", "/.secret", "/runs/", "//etc/passwd"]
)
def test_nothing_outside_the_folder_is_shown(port: int, path: str) -> None:
    status, text = ask(port, path)
    assert status == 404
    assert "secret" not in text


def test_other_names_and_methods_are_refused(port: int) -> None:
    assert ask(port, "/", "evil.example")[0] == 404
    assert ask(port, "/", method="POST")[0] == 501


def test_it_listens_on_loopback_and_wants_pages(tmp_path: Path, port: int) -> None:
    with pytest.raises(BadInputError, match="has no index"):
        server(tmp_path / "none", 0)
    with pytest.raises(BadInputError, match="port"):
        server(tmp_path / "reports", port)
    assert HOST == "127.0.0.1"
