"""A regression on published factors in rows and words, for every page that shows one."""

from __future__ import annotations

from positioning.analysis.factor_exposure import FactorExposure
from positioning.reporting.format import number, percent, signed

HEADS = ("", "Estimate", "Error", "t", "p")


def coefficient_rows(exposure: FactorExposure) -> list[list[object]]:
    """Alpha a year and the beta of each factor, with Newey and West's errors, under HEADS."""
    fit = exposure.fit.fit
    tested = [[number(float(t)), f"{float(p):.3f}"] for t, p in zip(fit.t, fit.p, strict=True)]
    error = percent(float(fit.errors[0]) * exposure.per_year)
    betas = zip(exposure.factors.names, fit.coefficients[1:], fit.errors[1:], tested[1:], strict=True)
    rows: list[list[object]] = [["Alpha a year", signed(exposure.fit.alpha), error, *tested[0]]]
    rows += [[name, number(float(b)), number(float(e)), *test] for name, b, e, test in betas]
    return rows


def provenance_words(exposure: FactorExposure) -> str:
    """Which factors, and by which errors."""
    f = exposure.factors
    notes = "".join(f"{text}. " for text in f.notes)
    return (
        f"Factors: {', '.join(f.regions) or 'region not told'}; {f.vintage or 'no vintage in the file'} {notes}"
        "Returns are over the file's risk-free rate, on the days that both have; errors by Newey and West."
    )


def measure_words(exposure: FactorExposure) -> str:
    """What its betas are made of, and why."""
    if exposure.fit.measure == "dimson":
        return (
            "Betas add up those of the day before, the day and the day after (Dimson): something that was held closes at "
            "another hour than the factors' markets."
        )
    return "Betas are of the same day: all that was held closes with the factors' markets."
