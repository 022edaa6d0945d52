"""Every kind of page under axe-core, wide and narrow, light and dark: python docs/accessibility.py AXE [FOLDER]

AXE is its axe.min.js (`make axe` fetches it by npm). FOLDER holds pages that are there already; without one, the pages
of the sample market are made first. Needs Chromium (Debian's, or one that CHROMIUM names). Whatever axe calls serious or
critical is printed, by page, width and colours, and makes the status 1; so does a page that is wider than its window.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import chdir
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, final

from playwright.sync_api import Page, sync_playwright
from typer.testing import CliRunner

from positioning.cli import (
    capacity,
    claims,
    compare,
    event_study,
    events,
    grid_search,
    run,
    screen,
    stress,
    today,
)

STRATEGIES = Path(__file__).parents[1] / "strategies"
OWN, OTHER = "fertilizer_producers", "middle_corridor"
LISTED = (
    "name,isin,since\nMosaic,US61945C1036,2022-05-03\nICL Group,,2022-05-03\n"  # a hit, and one to be decided
)
ASKED: Sequence[tuple[Any, Sequence[str]]] = (
    (run.app, (OWN, OTHER, "--factsheet")),
    (compare.app, (OWN, OTHER)),
    (grid_search.app, (OWN, "--grid", "half_life=10,20,40", "--grid", "hedge_ratio=0.5,1")),
    (stress.app, (OWN, OTHER, "--paths", "500")),
    (event_study.app, (OWN, OTHER, "--placebo", "20")),
    (capacity.app, (OWN,)),
    (claims.app, ("--markdown", "none")),
    (today.app, (OWN, "--capital", "1e6")),
    (screen.app, ("listed.csv",)),
    (events.app, ()),
)
WIDTHS = 1440, 390
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
GRAVE = ("serious", "critical")
OPENED = "document.querySelectorAll('details').forEach((part) => { part.open = true; })"
DRAWN = "[...document.querySelectorAll('[data-chart]')].every((c) => c.querySelector('.main-svg') || !c.clientWidth)"


@final
@dataclass(frozen=True)
class Finding:
    """What is wrong with a page as it was seen: the rule, and the elements that break it."""

    page: str
    view: str
    rule: str
    where: tuple[str, ...]

    def __str__(self) -> str:
        places = "; ".join(self.where[:3])
        more = f" and {len(self.where) - 3} more" if len(self.where) > 3 else ""
        return f"{self.page} ({self.view}): {self.rule}: {places}{more}"


def make(folder: Path) -> None:
    """A page of each kind, in a folder. Raises SystemExit where a command fails."""
    Path("listed.csv").write_text(LISTED, encoding="utf-8")
    for app, words in ASKED:
        answer = CliRunner().invoke(app, [*words, "--out", str(folder)])
        if answer.exit_code != 0:
            raise SystemExit(answer.output)


def scan(axe: str, pages: Sequence[Path]) -> Iterator[Finding]:
    """What axe finds serious or critical, and what is wider than its window."""
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        for path in pages:
            for width in WIDTHS:
                for scheme in SCHEMES:
                    tab = browser.new_page(viewport={"width": width, "height": 1000}, color_scheme=scheme)
                    tab.goto(path.as_uri())
                    yield from _violations(tab, axe, path.name, f"{width} px, {scheme}", width)
                    tab.close()
        browser.close()


def _violations(page: Page, axe: str, name: str, view: str, width: int) -> Iterator[Finding]:
    page.evaluate(OPENED)
    page.wait_for_function(
        DRAWN, timeout=120_000
    ) if name != "comparison.html" else None  # drawn as they come near
    wide = page.evaluate("document.documentElement.scrollWidth")
    if wide > width:
        yield Finding(name, view, f"wider than its window, {wide} px", ("html",))
    page.evaluate(axe)
    report = page.evaluate("axe.run({resultTypes: ['violations']})")
    for v in report["violations"]:
        if v["impact"] in GRAVE:
            where = tuple(str(n["target"][-1]) for n in v["nodes"])
            yield Finding(name, view, f"{v['impact']}, {v['id']}, {v['help']}", where)


def main() -> int:
    """Scan the pages of a folder, or make them first; the status."""
    axe = Path(sys.argv[1]).read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as place:
        folder = Path(sys.argv[2]).resolve() if len(sys.argv) > 2 else Path(place) / "reports"
        if len(sys.argv) < 3:
            shutil.copytree(STRATEGIES, Path(place) / "strategies")
            with chdir(place):
                make(folder)
        pages = sorted(folder.glob("*.html"))
        count = 0
        for finding in scan(axe, pages):
            count += 1
            print(finding)
    many = len(pages) * len(WIDTHS) * len(SCHEMES)
    print(f"{count} serious or critical findings on {len(pages)} pages, each seen {many // len(pages)} times")
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main())
