"""Pages in a browser: where Chromium is, what hostile names are, and reports with such names."""

from __future__ import annotations

import filecmp
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from positioning.analysis.attribution import Attribution
from positioning.analysis.report import BacktestReport
from positioning.events.event import Event, Events
from positioning.market.benchmark import Benchmark
from positioning.market.market import Market
from positioning.reporting.tearsheet.quantstats_report import QuantstatsPage
from positioning.runs.backtest import judged
from positioning.simulation.fees import FeeTable
from positioning.simulation.simulate import simulate
from positioning.strategy.strategy import Strategy
from positioning.strategy.targets import Targets
from tests.builders import THESIS

HOSTILE = "<img src=x onerror=alert(1)>"


CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


ARTEFACTS = Path(__file__).parents[2] / "test_artefacts"  # where this folder was made, pages are photographed


STUB = QuantstatsPage("<p>quantstats</p>", "", {}, ())


@dataclass(frozen=True)
class Fixed(Strategy):
    """Holds A at a fixed weight."""

    name: ClassVar[str] = "fixed"
    benchmark: ClassVar[str] = "B"
    caveat: ClassVar[str] = "None."
    weight: float = 0.5

    themes = ("fertilizer",)
    names = ("A",)
    hedges = ()
    history = 1

    def screened(self, market: Market, events: Events) -> np.ndarray:
        return np.zeros((market.rows.size, len(market.symbols)), dtype=bool)

    def target_weights(self, market: Market, events: Events) -> Targets:
        return Targets(
            market.rows, market.symbols, np.array([0]), np.array([[self.weight]]), gross_limit=10.0
        )


def account(strategy: Fixed, prices: list[float], benchmark: bool = False) -> BacktestReport:
    """The strategy on a hand-made market of these closes, without fees."""
    dates = pd.bdate_range("2025-05-01", periods=len(prices))
    market = Market.from_frames(pd.DataFrame({"A": prices}, index=dates))
    result = simulate(strategy.target_weights(market, Events(())), market, FeeTable((), "none"))
    measure = Benchmark("B", "Itself", result.nav.copy(), ()) if benchmark else None
    figures = judged(result, measure)
    return BacktestReport(
        strategy=strategy,
        result=result,
        metrics=figures,
        without_events=result,
        without_events_metrics=figures,
        without_events_same_exposure=result,
        without_events_same_exposure_metrics=figures,
        thesis=THESIS,
        benchmark=measure,
        attribution=Attribution({}, {}, 0.0, 0.0),
        placebo=None,
        command="test",
        versions={"numpy": "2"},
    )


def named(name: str, base: type[Strategy] = Fixed) -> Strategy:
    return type("Named", (base,), {"name": name, "__doc__": f"{name}: a thesis."})()  # type: ignore[no-any-return]


def hostile(report: BacktestReport) -> BacktestReport:
    """The report with code in every name that reaches the page."""
    market = report.result.market
    instruments = tuple(replace(i, name=HOSTILE) for i in market.instruments)
    universe = {s: replace(c, reason=HOSTILE) for s, c in THESIS.universe.items()}
    event = Event(
        "E", datetime(2022, 2, 1, tzinfo=UTC), f'{HOSTILE} "quoted" </script> \N{SNOWMAN}', "x", "x", "tighten", 5,
        ("fertilizer",), {"fertilizer": 1, "corridor": 0, "equipment": 0}, HOSTILE, "high",
    )  # fmt: skip
    assert report.benchmark is not None
    return replace(
        report,
        strategy=named(HOSTILE, type(report.strategy)),
        result=replace(report.result, market=replace(market, instruments=instruments)),
        thesis=replace(THESIS, title=HOSTILE, universe=universe, events=Events((event,))),
        benchmark=replace(report.benchmark, name=HOSTILE, symbol=HOSTILE),
        command=HOSTILE,
    )


def text_of(path: Path) -> str:
    """The words of a page, without its scripts, styles and drawings."""
    page = re.sub(r"<(script|style|svg|template)\b.*?</\1>", " ", path.read_text(), flags=re.DOTALL)
    page = re.sub(r'<span class="nowrap">(.*?)</span>', r"\1", page)  # no word of its own
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


class Window:
    """The page in which all tests look at theirs, one after the other: a page of its own for each would have plotly
    compiled anew, which is most of what one costs. page: of playwright; folder: where a page stands while it is looked
    at, for the same script at another address would be compiled anew too."""

    def __init__(self, page: Any, folder: Path) -> None:
        self.page = page
        self.folder = folder
        self.heard: dict[str, Callable[[Any], Any]] = {}

    def leave(self) -> None:
        """Nothing chosen, kept, printed or listened for is left."""
        for event, hear in self.heard.items():
            self.page.remove_listener(event, hear)
        self.heard = {}
        self.page.evaluate(
            "() => { try { localStorage.clear(); sessionStorage.clear(); } catch { /* no page yet */ } }"
        )
        self.page.goto("about:blank")

    def placed(self, path: Path) -> Path:
        """The page and the scripts beside it, where all stand that are looked at."""
        for address in re.findall('<script src="([^"]*)"', path.read_text(encoding="utf-8")):
            own, here = path.parent / address, self.folder / address
            if not here.is_file():
                here.parent.mkdir(exist_ok=True)
                shutil.copyfile(own, here)
            assert filecmp.cmp(own, here, shallow=False), own
        return Path(shutil.copyfile(path, self.folder / path.name))

    def show(self, path: Path, width: int, height: int, scheme: str) -> tuple[Any, list[str]]:
        """As a reader opens it who was never here."""
        page, wrong = self.page, list[str]()
        self.leave()
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(media="null", color_scheme=scheme)

        def dismiss(dialog: Any) -> None:
            wrong.append("dialog")
            dialog.dismiss()

        def look_at(request: Any) -> None:
            if not request.url.startswith(("file:", "data:")):
                wrong.append(f"request {request.url}")

        self.heard = {
            "pageerror": lambda e: wrong.append(f"error {e}"),
            "console": lambda m: wrong.append(f"console {m.text}"),
            "dialog": dismiss,
            "request": look_at,
            "requestfailed": lambda r: wrong.append(f"missing {r.url}"),
        }
        for event, hear in self.heard.items():
            page.on(event, hear)
        page.goto(self.placed(path).as_uri())
        return page, wrong


def opened(
    window: Window, path: Path, width: int, scheme: str = "light", height: int = 1600
) -> tuple[Any, list[str]]:
    """The page at that width, and what went wrong on it."""
    return window.show(path, width, height, scheme)


def photograph(page: Any, name: str, full_page: bool = False) -> None:
    """A picture of the page for whoever made the folder to look at it: no test does, and each costs a painting."""
    if ARTEFACTS.is_dir():
        page.screenshot(path=ARTEFACTS / f"{name}.png", full_page=full_page)


REACHABLE = """[...document.querySelectorAll('a[href], button, input, select, summary, [tabindex="0"]')]
    .filter((e) => e.checkVisibility() && e.clientWidth + e.getClientRects().length > 0)"""
FOCUSED = """() => { const e = document.activeElement, s = getComputedStyle(e);
    return [document.reachable.indexOf(e), s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) > 0]; }"""


def unreached(page: Any) -> tuple[list[str], list[str]]:
    """Controls of the page that Tab does not reach, and those it reaches without a visible focus."""
    count = page.evaluate(f"() => {{ document.reachable = {REACHABLE}; return document.reachable.length; }}")
    seen: dict[int, bool] = {}
    for _ in range(3 * count + 10):  # a date has three parts
        page.keyboard.press("Tab")
        place, visible = page.evaluate(FOCUSED)
        seen[place] = visible or seen.get(place, False)
        if sum(shown for n, shown in seen.items() if n >= 0) == count:
            break
    words = page.evaluate("document.reachable.map((e) => e.outerHTML.slice(0, 90))")
    missed = [words[n] for n in range(count) if n not in seen]
    return missed, [words[n] for n, visible in seen.items() if n >= 0 and not visible]
