"""The pictures of the README, taken of pages made from the sample market: python docs/screenshots.py

Needs Chromium (Debian's, or one that CHROMIUM names). A picture that would be larger than LARGEST is refused.
"""

from __future__ import annotations

import io
import os
import shutil
import tempfile
from contextlib import chdir
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright
from typer.testing import CliRunner

from positioning.cli import compare, run

PLACE = Path(__file__).with_name("images")
STRATEGIES = Path(__file__).parents[1] / "strategies"
PICTURES = {"tearsheet": "fertilizer_producers.html", "comparison": "comparison.html"}
COMPARED = ["fertilizer_producers", "middle_corridor"]
WIDTH, HEIGHT = 1280, 1250
COLOURS = 128  # of a picture: text and lines need few
LARGEST = 200_000  # bytes


def pages(folder: Path) -> None:
    """The pages of two strategies and of their comparison, in a folder."""
    for app, words in ((run.app, COMPARED), (compare.app, COMPARED)):
        answer = CliRunner().invoke(app, [*words, "--out", str(folder), "--quiet"])
        if answer.exit_code != 0:
            raise SystemExit(answer.output)


def take(folder: Path) -> None:
    """A picture of the top of each page."""
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        tab = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="light")
        for name, page in PICTURES.items():
            tab.goto((folder / page).as_uri())
            tab.wait_for_timeout(2000)  # charts are drawn after the page is there
            picture = few_colours(tab.screenshot())
            if len(picture) > LARGEST:
                raise SystemExit(f"{name}: {len(picture):,} bytes; wanted at most {LARGEST:,}")
            (PLACE / f"{name}.png").write_bytes(picture)
            print(f"wrote images/{name}.png, {len(picture):,} bytes")
        browser.close()


def few_colours(picture: bytes) -> bytes:
    """A PNG again, with at most COLOURS."""
    buffer = io.BytesIO()
    Image.open(io.BytesIO(picture)).convert("RGB").quantize(COLOURS).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def main() -> None:
    """Make the pages and take the pictures."""
    PLACE.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as place:
        shutil.copytree(STRATEGIES, Path(place) / "strategies")
        with chdir(place):
            pages(Path(place) / "reports")
        take(Path(place) / "reports")


if __name__ == "__main__":
    main()
