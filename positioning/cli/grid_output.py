"""What a grid search prints: a table and sentences for people, one JSON object for programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from positioning.cli.command import option_words
from positioning.cli.terminal import Terminal, listed
from positioning.json_text import json_text, plain

if TYPE_CHECKING:
    from positioning.reporting.search.outcome import SearchReport
    from positioning.search.purged_cv import Purged
    from positioning.search.walk_forward import WalkForward


def answer(
    searched: SearchReport,
    files: Sequence[Path],
    data: str,
    as_json: bool,
    terminal: Terminal,
    directory: Path,
) -> None:
    """One JSON object; or five answers: the verdict, the plateau, the best, no events, and where the page is. Before
    them, that the code is wrong; after them, that it was never checked: see `runs.checks`, kept in that directory."""
    from positioning.analysis.code_check import words_of
    from positioning.runs.checks import kept_check
    from positioning.strategy.from_file import command_word

    check = kept_check(searched.space.strategy, directory)
    if as_json:
        print(json_text({**to_json(searched, files, data), "check": check}))
        return
    from positioning.reporting.search.outcome import ALONE, differs_alone, heading, rerun

    b = searched.assessment
    if searched.silence is not None:
        terminal.say(searched.silence.words, "bad")
    if check is not None and check.wrong:
        terminal.say(option_words(words_of(check, command_word(type(searched.space.strategy))), ()), "bad")
    terminal.say(searched.verdict.sentence, searched.verdict.tone)
    why = "NOT recommended" if searched.withheld else "recommended"
    terminal.say(f"Plateau, {why}: {_short(b.plateau.settings, b.plateau.figures)}")
    terminal.say(f"Best: {_short(b.best.settings, b.best.figures)}")
    if b.without_events is not None:
        terminal.say(f"No events: {_short(b.named, b.without_events)}")
    if check is None:
        terminal.say(option_words(words_of(check, command_word(type(searched.space.strategy))), ()), "bad")
    if terminal.verbose:
        for line in [heading(searched), *said(searched), searched.pace_in_words]:
            terminal.say(line)
        for label, one in (("plateau", b.plateau), ("best", b.best)):
            terminal.lines([f"{label}: {rerun(searched, one.settings)}"])
        if any(differs_alone(searched, one.settings) for one in (b.plateau, b.best)):
            terminal.say(ALONE)
        terminal.notices(searched.space.market.notices, ())
        terminal.wrote(files)
        return
    if searched.one_by_one:
        terminal.say(searched.pace_in_words)
    terminal.lines(
        [f"wrote {files[0]} and {listed([f.name for f in files[1:]], len(files))}; --verbose tells more"]
    )


def _short(settings: Mapping[str, Any], figures: Mapping[str, float]) -> str:
    """`half_life 20: Sharpe 0.54, return +12.0 %, worst fall -20.1 %`."""
    from positioning.reporting.search.charts import label
    from positioning.reporting.search.outcome import percent_of

    named = {"sharpe": "Sharpe", "total_return": "return", "max_drawdown": "worst fall"}
    told = ", ".join(f"{word} {percent_of(name, figures[name])}" for name, word in named.items())
    own = ", ".join(f"{k} {label(v)}" for k, v in settings.items())
    return f"{own}: {told}" if own else told


def said(searched: SearchReport) -> list[str]:
    """Everything the answer says in words."""
    from positioning.reporting.search.words import hindsight, sentences
    from positioning.search.purged_cv import sentences as purged_sentences
    from positioning.search.walk_forward import sentences as walk_sentences

    purged = [] if searched.purged is None else purged_sentences(searched.purged)
    *walked, limits = (
        [hindsight(searched.thesis)]
        if searched.walk is None
        else walk_sentences(searched.walk, searched.thesis)
    )
    return [*sentences(searched.assessment, searched.withheld), *walked, *purged, limits]


def to_json(searched: SearchReport, files: Sequence[Path], data: str) -> dict[str, Any]:
    """Figures by name, undefined as None; p-values and probabilities as fractions."""
    b, g = searched.assessment, searched.space
    plateau = _contestant(searched, b.plateau) | {
        "score": plain(b.score), "neighbours": b.neighbours, "edges": list(b.edges),
    }  # fmt: skip
    return {
        "data": data,
        "verdict": searched.verdict.to_json(),
        "record": None if searched.silence is None else searched.silence.to_json(),
        "simulated": g.market.simulated,
        "snapshot": g.market.snapshot,
        "strategy": g.strategy.name,
        "axes": {name: plain(values) for name, values in g.axes.items()},
        "metric": b.metric,
        "every_combination": b.full,
        "way": searched.way,
        "trials": b.trials,
        "with_sharpe": b.measured,
        "ruined": b.ruined,
        "seconds": searched.seconds,
        "trials_a_second": plain(searched.pace),
        "resumed_trials": searched.resumed,
        "effective_trials": b.effective,
        "sharpe_deviation": b.deviation,
        "luck": b.luck,
        "best": _contestant(searched, b.best),
        "plateau": plateau,
        "recommended": None if searched.withheld else plateau,
        "withheld": list(searched.withheld),
        "pbo": None
        if b.pbo is None
        else {"probability": b.pbo.probability, "trials": b.pbo.trials, "sampled": b.pbo.sampled,
              "slope": plain(b.pbo.slope), "probability_of_loss": b.pbo.probability_of_loss},
        "spa": None
        if b.spa is None
        else {"lower": b.spa.lower, "consistent": b.spa.consistent, "upper": b.spa.upper, "trials": b.spa.trials},
        "without_events": plain(b.without_events),
        "walk_forward": None if searched.walk is None else _walk(searched.walk),
        "purged": None if searched.purged is None else _purged(searched.purged),
        "words": said(searched),
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


def _purged(p: Purged) -> dict[str, Any]:
    return {
        "groups": p.groups, "test_groups": p.test_groups, "embargo": p.embargo, "hold": p.hold, "trials": p.trials,
        "sampled": p.sampled, "rows_purged": p.purged, "rows_embargoed": p.embargoed,
        "winners": p.winner.tolist(), "before": plain(p.train),
        "after": plain(p.test), "below_median": p.below_median,
        "rank_correlation": plain(p.correlation),
        "paths": plain(p.paths), "probability_of_loss": p.loss,
    }  # fmt: skip


def _contestant(searched: SearchReport, one: Any) -> dict[str, Any]:
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
        "command": rerun(searched, one.settings),
        "differs_alone": differs_alone(searched, one.settings),
    }
