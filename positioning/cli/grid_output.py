"""What a grid search prints: a table and sentences for people, one JSON object for programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from positioning.cli.command_words import option_words
from positioning.cli.terminal import Terminal, fitting, in_a_line
from positioning.json_text import json_text, plain

if TYPE_CHECKING:
    from positioning.reporting.search.outcome import SearchReport
    from positioning.search.purged_cv import PurgedValidation
    from positioning.search.walk_forward import WalkForward

VERDICT_LINES = 2  # of the five


def answer(
    report: SearchReport,
    files: Sequence[Path],
    data: str,
    as_json: bool,
    terminal: Terminal,
    directory: Path,
) -> None:
    """One JSON object; or five lines: two of the verdict, the plateau, the best beside no events, and the page with
    whether the code was checked; everything with `verbose`. Before them, what makes the numbers worthless: see
    `runs.checks`, kept in that directory."""
    from positioning.analysis.code_check import words_of
    from positioning.runs.checks import kept_check
    from positioning.strategy.from_file import command_word

    check = kept_check(report.space.strategy, directory)
    if as_json:
        print(json_text({**to_json(report, files, data), "check": check}))
        return
    checked = option_words(words_of(check, command_word(type(report.space.strategy))), ())
    if report.silence is not None:
        terminal.say(report.silence.words, "bad")
    if check is not None and check.wrong:
        terminal.say(checked, "bad")
    if terminal.verbose:
        _all(report, files, terminal)
        if check is None:
            terminal.say(checked, "bad")
        return
    b, verdict = report.assessment, report.verdict
    terminal.lines(fitting(verdict.parts, VERDICT_LINES), verdict.tone)
    terminal.lines([in_a_line(_plateau(report))])
    blind = "" if b.without_events is None else f"; without events {_short(b.without_events)}"
    terminal.lines([in_a_line(f"Best: {_short(b.best.figures)}{blind}")])
    unchecked = "; NOT checked for look-ahead" if check is None else ""
    terminal.lines([f"wrote {files[0]}; --verbose tells more{unchecked}"])


def _all(report: SearchReport, files: Sequence[Path], terminal: Terminal) -> None:
    from positioning.reporting.search.outcome import ALONE, differs_alone, heading, rerun

    b = report.assessment
    terminal.say(report.verdict.sentence, report.verdict.tone)
    terminal.say(_plateau(report))
    terminal.say(f"Best: {_short(b.best.figures)}: {_settings(b.best.settings)}")
    if b.without_events is not None:
        terminal.say(f"Plateau without events: {_short(b.without_events)}")
    for line in [heading(report), *answer_lines(report), report.pace_in_words]:
        terminal.say(line)
    for label, one in (("plateau", b.plateau), ("best", b.best)):
        terminal.lines([f"{label}: {rerun(report, one.settings)}"])
    if any(differs_alone(report, one.settings) for one in (b.plateau, b.best)):
        terminal.say(ALONE)
    terminal.notices(report.space.market.notices, ())
    terminal.wrote(files)


def _plateau(report: SearchReport) -> str:
    why, one = "NOT recommended" if report.withheld else "recommended", report.assessment.plateau
    return f"Plateau, {why}: {_short(one.figures)}: {_settings(one.settings)}"


def _short(figures: Mapping[str, float]) -> str:
    """`Sharpe 0.54, +12.0 %`."""
    from positioning.reporting.search.outcome import percent_of

    return f"Sharpe {percent_of('sharpe', figures['sharpe'])}, {percent_of('total_return', figures['total_return'])}"


def _settings(settings: Mapping[str, Any]) -> str:
    """`half_life 20, exposure 0.5`."""
    from positioning.reporting.search.charts import label

    return ", ".join(f"{k} {label(v)}" for k, v in settings.items())


def answer_lines(report: SearchReport) -> list[str]:
    """Everything the answer says in words."""
    from positioning.reporting.search.words import hindsight, sentences
    from positioning.search.purged_cv import sentences as purged_sentences
    from positioning.search.walk_forward import sentences as walk_sentences

    purged = [] if report.purged is None else purged_sentences(report.purged)
    *walked, limits = (
        [hindsight(report.thesis)] if report.walk is None else walk_sentences(report.walk, report.thesis)
    )
    return [*sentences(report.assessment, report.withheld), *walked, *purged, limits]


def to_json(report: SearchReport, files: Sequence[Path], data: str) -> dict[str, Any]:
    """Figures by name, undefined as None; p-values and probabilities as fractions."""
    b, g = report.assessment, report.space
    plateau = _contestant(report, b.plateau) | {
        "score": plain(b.score), "neighbours": b.neighbours, "edges": list(b.edges),
    }  # fmt: skip
    return {
        "data": data,
        "verdict": report.verdict.to_json(),
        "record": None if report.silence is None else report.silence.to_json(),
        "simulated": g.market.simulated,
        "snapshot": g.market.snapshot,
        "strategy": g.strategy.name,
        "axes": {name: plain(values) for name, values in g.axes.items()},
        "metric": b.metric,
        "every_combination": b.full,
        "way": report.way,
        "trials": b.trials,
        "with_sharpe": b.measured,
        "ruined": b.ruined,
        "seconds": report.seconds,
        "trials_a_second": plain(report.pace),
        "resumed_trials": report.resumed,
        "effective_trials": b.effective,
        "sharpe_deviation": b.deviation,
        "luck": b.luck,
        "best": _contestant(report, b.best),
        "plateau": plateau,
        "recommended": None if report.withheld else plateau,
        "withheld": list(report.withheld),
        "pbo": None
        if b.pbo is None
        else {"probability": b.pbo.probability, "trials": b.pbo.trials, "sampled": b.pbo.sampled,
              "slope": plain(b.pbo.slope), "probability_of_loss": b.pbo.probability_of_loss},
        "spa": None
        if b.spa is None
        else {"lower": b.spa.lower, "consistent": b.spa.consistent, "upper": b.spa.upper, "trials": b.spa.trials},
        "without_events": plain(b.without_events),
        "walk_forward": None if report.walk is None else _walk(report.walk),
        "purged": None if report.purged is None else _purged(report.purged),
        "words": answer_lines(report),
        "files": [str(f) for f in files],
    }  # fmt: skip


def _walk(w: WalkForward) -> dict[str, Any]:
    from positioning.analysis.metrics import to_json as metrics_json

    return {
        "folds": [[str(w.rows[c - w.spans[0, 1]]) for c in (b, end)] for _, b, end in w.spans.tolist()],
        "ways": {
            way: {"trials": one.chosen.tolist(), "before": plain(one.train),
                  "after": plain(one.test), "metrics": metrics_json(one.metrics)}
            for way, one in w.ways.items()
        },
        "without_events": metrics_json(w.without_events_metrics),
        "rank_correlation": plain(w.correlation),
    }  # fmt: skip


def _purged(p: PurgedValidation) -> dict[str, Any]:
    return {
        "groups": p.groups, "test_groups": p.test_groups, "embargo": p.embargo, "hold": p.hold, "trials": p.trials,
        "sampled": p.sampled, "rows_purged": p.purged, "rows_embargoed": p.embargoed,
        "winners": p.winner.tolist(), "before": plain(p.train),
        "after": plain(p.test), "below_median": p.below_median,
        "rank_correlation": plain(p.correlation),
        "paths": plain(p.paths), "probability_of_loss": p.loss,
    }  # fmt: skip


def _contestant(report: SearchReport, one: Any) -> dict[str, Any]:
    from positioning.reporting.search.outcome import differs_alone, rerun

    return {
        "trial": one.trial,
        "settings": plain(one.settings),
        "figures": plain(one.figures),
        "skew": plain(one.skew),
        "kurtosis": plain(one.kurtosis),
        "probabilistic_sharpe": plain(one.psr),
        "deflated_sharpe": plain(one.dsr),
        "minimum_track_record_rows": plain(one.enough),
        "command": rerun(report, one.settings),
        "differs_alone": differs_alone(report, one.settings),
    }
