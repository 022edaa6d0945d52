"""The long validation: runs it part by part, keeps what it measured, and writes docs/validation.md from that.

    python docs/validate.py            every part, one after the other
    python docs/validate.py spa load   those parts, each under half an hour on a quiet core
    python docs/validate.py --page     the page alone, from what was measured before
    python docs/validate.py --coverage build/coverage.json     the page, with what `make coverage` measured

A part is some tests. Each figure of a part is measured by one of its tests (the fixture `figure`), and is kept in
docs/validation.json with the day, the machine and the versions, so that parts may be run on different days.
"""

from __future__ import annotations

import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

ROOT = Path(__file__).parents[1]
KEPT, PAGE = ROOT / "docs" / "validation.json", ROOT / "docs" / "validation.md"
PACKAGES = ("positioning", "numpy", "pandas", "numba", "vectorbt", "hypothesis", "scipy")
LOW = 85  # % of a file's lines and branches below which it is named
LONGEST = 45 * 60  # seconds after which a part counts as hanging


@dataclass(frozen=True)
class Part:
    """title; asks: the question in a sentence; tests: what is given to pytest."""

    title: str
    asks: str
    tests: tuple[str, ...]


A, C, E, S = "tests/analysis", "tests/cli", "tests/event_studies", "tests/simulation"
PARTS: Mapping[str, Part] = {
    "null": Part(
        "Markets without an edge",
        "On random walks without drift nothing may be found: the Sharpe ratios of the shipped kind of strategy must be "
        "those of no skill.",
        ("tests/analysis/test_null_markets.py",),
    ),
    "events": Part(
        "Event study: size",
        "How often each test rejects at 5 % where events move nothing, on independent and on clustered residuals, and on "
        "the dates of the record.",
        (f"{E}/test_study.py", f"{E}/test_calendar_time.py", f"{E}/test_severity.py", f"{A}/test_regression.py",
         f"{A}/test_active_returns.py::test_its_size_on_the_dates_of_the_record_and_its_power"),
    ),
    "synthetic": Part(
        "Synthetic control: size and power",
        "How often its placebos in space and in time reject at 5 % where events move nothing, and where they do.",
        (f"{E}/test_synthetic_control.py",),
    ),
    "power": Part(
        "Power",
        "In what share of markets each test finds a move of a given size on each day zero of the record, a slope on "
        "severity, and an alpha of a strategy's active returns.",
        (f"{E}/test_power.py::test_how_often_an_effect_is_found",
         f"{E}/test_power.py::test_how_often_a_slope_on_severity_is_found",
         f"{A}/test_active_returns.py::test_how_often_an_alpha_is_found"),
    ),
    "discoveries": Part(
        "The smallest effect seen, and false discoveries",
        "Whether the smallest cumulative abnormal return (CAR) that a study tells is found in 80 %, and how often a rate "
        "of false discovery of 5 % calls anything where there is nothing.",
        tuple(
            f"{E}/test_power.py::test_{name}"
            for name in (
                "the_smallest_effect_that_power_would_have_seen_is_found_four_times_in_five",
                "rates_of_false_discovery_call_nothing_where_there_is_nothing",
                "rates_of_independent_tests_call_falsely_at_their_level",
            )
        ),
    ),
    "claims": Part(
        "Claims: nothing is supported where there is nothing",
        "How often any of six claims is called supported on driftless random sleeves, and where there is a drift.",
        ("tests/claims/test_verdict.py",),
    ),
    "placebo": Part(
        "Shuffled dates: uniformity",
        "Without an effect of events the p-values of shuffled dates must be uniform.",
        (f"{A}/test_shuffled_dates.py",),
    ),
    "spa": Part(
        "Luck of a search: SPA and PBO",
        "Hansen's test must reject a search without skill at its level, skewed trials or not; the probability of "
        "backtest overfitting of noise must be one half.",
        (f"{A}/test_superior_predictive_ability.py", f"{A}/test_overfitting.py", f"{A}/test_pairs.py"),
    ),
    "ledger": Part(
        "Random markets against the reference",
        "Every row, share, order and part of profit of the compiled ledger against the plain one, with venues, halts, "
        "freezes, delistings, debts, currencies, taxes and fees mixed.",
        (f"{S}/test_ledger_laws.py", f"{S}/test_taxed_accounts.py"),
    ),
    "vectorbt": Part(
        "Random markets against vectorbt",
        "Nav of every row on markets of one venue, where both keep the same law.",
        (f"{S}/test_vectorbt_bridge.py",),
    ),
    "parsers": Part(
        "Fuzzed files",
        "Whatever stands in a file or an answer, it is read or refused in one line: no traceback, no hang, no file "
        "elsewhere.",
        ("tests/test_parsers.py", "tests/runs/test_edited_runs.py", "tests/data/test_yahoo.py"),
    ),
    "kills": Part(
        "Kills at random moments",
        "A process killed in the middle leaves nothing that the next one reads wrongly.",
        (f"{C}/test_fetch.py", f"{C}/test_grid_resume.py"),
    ),
    "commands": Part(
        "Every command killed",
        "A command that is killed at any moment of its work leaves whole files, and the next one ends well.",
        (f"{C}/test_kills.py::test_a_command_killed_at_any_moment_leaves_whole_files",),
    ),
    "disk": Part(
        "Every command on a full disk",
        "A command that cannot write says so in a line, and leaves what was there as it was.",
        (f"{C}/test_kills.py::test_a_full_disk_is_a_line_and_leaves_what_was_there",),
    ),
    "words": Part(
        "Odd words after every option",
        "Whatever is typed, a command answers or refuses in a line: no traceback, no hang, no file elsewhere.",
        (f"{C}/test_any_words.py",),
    ),
    "screening": Part(
        "Screening: recall",
        "Names as lists spell them, found among 20,000 others.",
        ("tests/screening",),
    ),
    "limits": Part(
        "Limits",
        "Few open files, many processes in one folder.",
        (f"{C}/test_limits.py::test_ten_million_trials_under_256_open_files",
         f"{C}/test_limits.py::test_six_at_once_in_one_folder_lose_nothing"),
    ),
    "small": Part(
        "Every command on a small machine",
        "With one core, 64 open files and no shared memory a command ends, or Ctrl-C at any moment stops it in a line.",
        (f"{C}/test_limits.py::test_every_command_works_on_a_small_machine_or_is_stopped_in_a_line",),
    ),
    "load": Part(
        "Load",
        "Time and memory at sizes beyond the usual, and that twice the size takes about twice the time.",
        ("tests/runs/test_load.py", "tests/reporting/test_index.py", "tests/cli/test_check.py"),
    ),
    "documents": Part(
        "What the documents show",
        "Their commands, outputs, notebook and site made anew are those that stand there; the wheel alone runs them.",
        ("tests/test_documents.py", "tests/test_tour.py", "tests/test_worked_theses.py", f"{C}/test_claims.py",
         f"{C}/test_init.py"),
    ),
}  # fmt: skip


def measure(name: str) -> dict[str, Any]:
    """Run a part and return what it measured."""
    part = PARTS[name]
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        command = [
            sys.executable, "-m", "pytest", "-m", "slow", "-p", "no:xdist", "-q", f"--junitxml={report}", *part.tests,
        ]  # fmt: skip
        began, work = time.monotonic(), processor_seconds()
        try:
            subprocess.run(  # noqa: S603 (pytest, on our own tests)
                command, cwd=ROOT, env={**os.environ, "POSITIONING_FIGURES": folder}, check=False, timeout=LONGEST,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            print(f"{name}: stopped after {LONGEST / 60:.0f} minutes", file=sys.stderr)
        seconds, work = time.monotonic() - began, processor_seconds() - work
        figures = [
            json.loads(line) for file in sorted(Path(folder).glob("*.jsonl")) for line in file.read_text().splitlines()
        ]  # fmt: skip
        tests, failed = outcomes(report)
    return {
        "day": datetime.now(UTC).date().isoformat(), "seconds": round(seconds), "processor": round(work),
        "tests": tests, "failed": failed,
        "machine": machine(), "versions": {p: version(p) for p in PACKAGES}, "figures": figures,
    }  # fmt: skip


def processor_seconds() -> float:
    """That of all processes this one began and that have ended, and of theirs."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def outcomes(report: Path) -> tuple[int, list[str]]:
    """How many tests ran, and the names of those that failed; none ran where there is no report."""
    if not report.exists():
        return 0, ["it did not end"]
    cases = list(ElementTree.parse(report).getroot().iter("testcase"))  # noqa: S314 (pytest wrote it)
    ran = [c for c in cases if c.find("skipped") is None]
    return len(ran), [
        str(c.get("name")) for c in ran if c.find("failure") is not None or c.find("error") is not None
    ]


def machine() -> str:
    """Processor, cores, load and Python."""
    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        named = [
            line.partition(":")[2].strip() for line in info.read_text().splitlines() if "model name" in line
        ]
        model = named[0] if named else model
    load = f", load {os.getloadavg()[0]:.0f}" if hasattr(os, "getloadavg") else ""
    return f"{model}, {os.cpu_count()} cores{load}, Python {platform.python_version()}"


def page(measurements: Mapping[str, Any]) -> str:
    """The page of what was measured; a part that never was says so."""
    lines = [
        "# Validation", "",
        "Written by `make validate` (`docs/validate.py`) from what its tests measured; no figure here was typed. "
        "Parts may be run one by one (`make validate PARTS=\"spa load\"`), so each carries its day. A figure stands "
        "beside what the test demands of it.", "",
    ]  # fmt: skip
    for name, part in PARTS.items():
        lines += [f"## {part.title}", "", part.asks, ""]
        if name not in measurements:
            lines += [f"Not run yet: `make validate PARTS={name}`.", ""]
            continue
        one = measurements[name]
        how = f"{one['tests']} test{'s' if one['tests'] != 1 else ''}, all passed" if not one["failed"] else (
            f"{one['tests']} tests, FAILED: " + ", ".join(f"`{cell(f)}`" for f in one["failed"])
        )  # fmt: skip
        versions = ", ".join(f"{p} {v}" for p, v in one["versions"].items())
        work = f" ({one['processor']:,} s of processor)" if "processor" in one else ""
        lines += [f"{how}. {one['day']}, {one['seconds']:,} s{work}; {one['machine']}; {versions}.", ""]
        if one["figures"]:
            lines += ["| measured | | demanded |", "| --- | --- | --- |"]
            lines += [
                f"| {cell(f['name'])} | {cell(f['value'])} | {cell(f['wanted'])} |" for f in one["figures"]
            ]
            lines.append("")
    return "\n".join(
        [*lines, *coverage(measurements.get("coverage")), *mutation(measurements.get("mutation", {}))]
    )


def covered(report: Path) -> dict[str, Any]:
    """What to keep of the JSON report of coverage.py."""
    report_json = json.loads(report.read_text())
    total = report_json["totals"]
    low = {
        name.removeprefix("positioning/"): file["summary"]["percent_covered"]
        for name, file in report_json["files"].items()
        if file["summary"]["percent_covered"] < LOW
    }
    return {
        "day": datetime.now(UTC).date().isoformat(), "percent": total["percent_covered"],
        "lines": [total["covered_lines"], total["num_statements"]],
        "branches": [total["covered_branches"], total["num_branches"]], "low": low,
    }  # fmt: skip


def coverage(totals: Mapping[str, Any] | None) -> list[str]:
    """What share of the engine's lines and branches the tests run, and the files of which it is least."""
    lines = [
        "## Coverage", "",
        "`make coverage` runs the tests of `make test` and counts the lines and branches of `positioning` that they run, "
        "in the commands that they start, too. What is compiled to machine code cannot be traced, so some tests run "
        "again with it as plain Python, and their lines count; nothing is left out for being compiled.", "",
    ]  # fmt: skip
    if totals is None:
        return [*lines, "Not run yet: `make coverage`.", ""]
    (run, all_lines), (run_branches, branches) = totals["lines"], totals["branches"]
    lines += [
        f"{totals['percent']:.1f} % (wanted 95 %): {run:,} of {all_lines:,} lines and {run_branches:,} of {branches:,} "
        f"branches, {totals['day']}.", "",
    ]  # fmt: skip
    low = sorted(totals["low"].items(), key=lambda item: item[1])
    named = ", ".join(f"`{name}` {percent:.0f} %" for name, percent in low)
    return [*lines, *([f"Files below {LOW} %: {named}.", ""] if low else [])]


def mutation(scores: Mapping[str, Any]) -> list[str]:
    """What `docs/mutate.py` found, a row a module, and the changes that no test noticed."""
    lines = [
        "## Mutation testing", "",
        "`make mutate` (`docs/mutate.py`) changes the code that makes numbers one place at a time (comparisons, "
        "operators, constants, conditions, min and max), a sample drawn with a seed from all changes of a module, and "
        "runs the tests that come by that line until one fails, with what is compiled as plain Python. "
        "At first contact means: by the tests that were there before the sample was drawn, of all that was not known to "
        "be no change at all (`docs/equal_mutants.csv`; with those it is drawn). Now means: "
        "the same sample, after a test was written for what was not noticed, "
        "or a reason why the change is none; a module that was changed since, or a new seed, has a first contact anew. "
        "So the first is what the tests notice of faults nobody thought of, and the second is not.", "",
    ]  # fmt: skip
    if not scores:
        return [*lines, "Not run yet: `make mutate`.", ""]
    lines += [
        "| module | drawn, of all there are | seed | noticed at first contact | now | day |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    at_first, now = [0, 0], [0, 0]
    for one in scores.values():
        cells = list[str]()
        scored = (
            (one["first"]["noticed"], one["first"]["tried"]),
            (one["tried"] - len(one["lived"]), one["tried"]),
        )
        for total, (noticed, tried) in zip((at_first, now), scored, strict=True):
            total[0], total[1] = total[0] + noticed, total[1] + tried
            cells.append(f"{noticed} of {tried}")
        drawn = f"{one['tried'] + len(one['equal'])} of {one['mutants']:,}"
        lines.append(f"| {one['file']} | {drawn} | {one['seed']} | {' | '.join(cells)} | {one['day']} |")
    noticed, tried = at_first
    together = f"Together {noticed} of {tried}, {noticed / max(tried, 1):.0%}, at first contact"
    if tried > now[1]:
        together += f", {noticed / max(now[1], 1):.0%} of those that change anything"
    lines += ["", f"{together}; {now[0]} of {now[1]}, {now[0] / max(now[1], 1):.0%}, now (wanted 90 %).", ""]
    lived = [
        f"- {one['file']}, `{cell(text)}`: {change}"
        for one in scores.values()
        for change, text in one["lived"]
    ]
    what = "Not noticed by any test (the column in its line, and what it was and became):"
    lines += [what, "", *lived, ""] if lived else []
    equal = [
        f"- {one['file']}, `{cell(text)}`: {change}: {why}"
        for one in scores.values()
        for change, text, why in one["equal"]
    ]
    return [
        *lines,
        *(["Not counted, for they change nothing that can be asked for:", "", *equal, ""] if equal else []),
    ]


def cell(text: str) -> str:
    """As a cell of a table."""
    return text.replace("|", "\\|").replace("\n", " ")


def main(words: list[str]) -> int:
    """0 where every part that was run passed."""
    report = Path(words[1]) if words[:1] == ["--coverage"] and len(words) == 2 else None
    chosen = [] if words == ["--page"] or report else words or list(PARTS)
    unknown = [w for w in chosen if w not in PARTS]
    if unknown:
        print(f"no part {unknown[0]}; choose from {', '.join(PARTS)}", file=sys.stderr)
        return 2
    if report:
        keep("coverage", covered(report))
    failed = False
    for name in chosen:
        part = measure(name)
        keep(name, part)  # at once: a later part may be stopped
        failed |= bool(part["failed"])
    PAGE.write_text(page(read()))
    return int(failed)


def read() -> dict[str, Any]:
    """What was measured before."""
    return json.loads(KEPT.read_text()) if KEPT.exists() else {}


def keep(name: str, part: Mapping[str, Any]) -> None:
    """Beside what is there by now: other parts, and the mutants, may be measured at the same time."""
    KEPT.write_text(json.dumps({**read(), name: part}, indent=1, sort_keys=True) + "\n")
    PAGE.write_text(page(read()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
