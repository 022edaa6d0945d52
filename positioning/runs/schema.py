"""What the files of a kept run must hold, so that a run that was edited or torn is known at the door."""

from __future__ import annotations

from typing import Annotated, Literal, NotRequired, TypedDict

from msgspec import Meta

Text = Annotated[str, Meta(max_length=100_000)]
Day = Annotated[str, Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]
Instant = Annotated[str, Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{8,15}\+00:00$")]
Sha256 = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$")]
Level = Annotated[float, Meta(ge=0, le=1e12)]  # of nav, which begins at 1
Figure = float | None
Word = str | bool | int | float | None
Count = Annotated[int, Meta(ge=0, le=10_000_000)]


class BenchmarkSummary(TypedDict):
    """A benchmark by symbol and name, and what must stand beside every comparison with it."""

    symbol: Text
    name: Text
    remark: NotRequired[Text]


class InstrumentSummary(TypedDict):
    """An instrument as a summary lists it."""

    name: Text
    currency: Text
    venue: Text


class RatesSummary(TypedDict):
    """Fees, or cash: in words, and the digest of the rates on the rows of the account."""

    label: Text
    digest: Sha256


class Record(TypedDict):
    """The events and restrictions: the digest of all, and 16 digits of each one's."""

    digest: Sha256
    records: dict[Text, Text]


class VerdictSummary(TypedDict):
    """A verdict as a summary has it."""

    grade: Text
    tone: Text
    sentence: Text


class Share(TypedDict):
    """What the account held of what the strategy wants."""

    names: Count
    of: Count
    weight: float


class DrawdownFigures(TypedDict):
    """The fields of `analysis.metrics.Drawdown`, dates as text."""

    depth: Figure
    peak: Day | None
    trough: Day | None
    recovery: Day | None


class MetricFigures(TypedDict):
    """`analysis.metrics.Metrics` by field; None is undefined."""

    first: Day
    last: Day
    sessions: Count
    rows_per_year: Figure
    total_return: Figure
    cagr: Figure
    volatility: Figure
    sharpe: Figure
    sortino: Figure
    max_drawdown: Figure
    drawdown: DrawdownFigures
    calmar: Figure
    var_95: Figure
    es_95: Figure
    hit_rate: Figure
    beta: Figure
    alpha: Figure
    benchmark_sessions: Count
    turnover: Figure
    cost_bps_per_year: Figure
    ruined: bool
    beta_measure: NotRequired[Literal["same_day", "dimson"]]


class RequestSummary(TypedDict):
    """Of the options, those that pages show; `cli.request.Request` reads all of them."""

    settings: list[Text]
    accepted: list[Text]


class Summary(TypedDict):
    """summary.json; see `saved_run.SCHEMA` for what its keys say."""

    schema: int
    id: Text
    made: Instant
    tables: dict[str, Sha256]
    strategy: Text
    title: Text
    themes: list[Text]
    benchmark: BenchmarkSummary | None
    simulated: bool
    command: Text
    request: RequestSummary
    parameters: dict[str, Word | list[Word]]
    source: Text
    snapshot: Text
    digests: dict[Text, Sha256]
    events: Record
    fees: RatesSummary
    cash: RatesSummary
    fill: Text
    mark: Text
    base: Text
    seed: Annotated[int, Meta(ge=0)]
    versions: dict[Text, Text]
    python: Text
    code: dict[Text, Text]
    instruments: dict[Text, InstrumentSummary]
    verdict: VerdictSummary
    held: Share
    metrics: MetricFigures
    without_events: MetricFigures
    deficit: float
    spark: Annotated[list[Level], Meta(min_length=1, max_length=1000)]


class Fact(TypedDict):
    """An event or restriction, for the marks of a chart."""

    id: Text
    day: Day
    title: Text
    themes: list[Text]
    kind: Text
    story: Text
    sleeves: list[Text]
