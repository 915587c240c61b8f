"""What the samples say: the time before they count, the trend of each gauge, a verdict per line, and the table."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from bench.soak.gauges import AFTER_HISTORY, GAUGES, Gauge, Sample
from bench.soak.run import CHECK_EVERY, Plan, Result
from bench.soak.slope import Trend, trend
from bot.domain.retention import USUAL

HISTORY = timedelta(days=1)
LEVEL_AFTER = HISTORY + USUAL.every
"""Simulated time until as much is dropped as comes: the history kept is full, and has been pruned once."""

WARM_UP, LEAST_JUDGED = 1 / 3, 1 / 4
TABLES = 6
KEPT = "kept: a day of history and of what was delivered (usually 400 and 30), so that much is dropped here, too"
FLAT, GROWS, TOO_SHORT = "flat", "grows", "run too short to say"


@dataclass(frozen=True, slots=True)
class Judged:
    """A gauge with what became of it."""

    gauge: Gauge
    trend: Trend
    highest: float
    verdict: str


def warm_up(seconds: float, speed: float) -> tuple[float, bool]:
    """The seconds that do not count, and whether the history is full by then."""
    full, least = LEVEL_AFTER.total_seconds() / speed, seconds * WARM_UP
    return (max(full, least), True) if full <= seconds * (1 - LEAST_JUDGED) else (least, False)


def judge(samples: Sequence[Sample], seconds: float, speed: float) -> list[Judged]:
    """Every gauge, by what came after the warm-up."""
    begin, full = warm_up(seconds, speed)
    warm = [sample for sample in samples if sample.at >= begin]
    return [judged(gauge, warm, full=full) for gauge in GAUGES]


def judged(gauge: Gauge, warm: Sequence[Sample], *, full: bool) -> Judged:
    """One gauge."""
    values = [sample.values[gauge.key] for sample in warm]
    found = trend([sample.at for sample in warm], values, gauge.typical)
    verdict = GROWS if found.grows(gauge.grain) else FLAT
    if gauge.key in AFTER_HISTORY and not full:
        verdict = TOO_SHORT
    return Judged(gauge, found, max(values), verdict)


def told(result: Result, plan: Plan, lines: Sequence[Judged]) -> str:
    """What happened, what was counted, and what of it is level."""
    begin, full = warm_up(plan.seconds, plan.speed)
    last = result.samples[-1].values
    worst = max(sample.values["delay_worst"] for sample in result.samples if sample.at >= begin)
    days = plan.seconds * plan.speed / 86_400
    parts = (
        f"{plan.accounts:,} accounts for {plan.seconds / 3600:g} h, {days:.1f} simulated days; seed {plan.seed}",
        *events(result, plan),
        KEPT,
        f"warm-up {begin / 60:.1f} minutes, then judged for {(plan.seconds - begin) / 60:.1f} minutes",
        f"\n{table(lines, plan.speed)}\n",
        f"memory's peak {last['peak']:.1f} MiB, the event loop's longest delay {worst:,.0f} ms",
        f"told to stop, the bot ended with exit code {result.exit_code}",
        *(() if full else (too_short(plan),)),
    )
    return "\n".join(parts)


def events(result: Result, plan: Plan) -> Iterator[str]:
    """What the bot went through, and how it took it."""
    counted = Counter(result.counted)
    looks, read = counted["credit_bot_checks_total"], counted['credit_bot_checks_total{result="ok"}']
    yield (
        f"{looks:,.0f} looks of {due(plan):,.0f} due, {looks - read:,.0f} of them outages; "
        f"{result.messages:,} messages; {result.questions:,} questions and taps, {result.silences:,} silences changed"
    )
    troubles = (f"{name.replace('_', ' ')} {count}" for name, count in sorted(result.troubles.items()))
    yield f"went wrong: {', '.join(troubles) or 'nothing'}"
    levels = (f"{result.log.count(f' {level} '):,} {level}" for level in ("WARNING", "ERROR", "CRITICAL"))
    late = (
        f"{counted['credit_bot_overruns_total']:,.0f} overruns, {counted['credit_bot_misfires_total']:,.0f} late jobs"
    )
    yield f"{late}; in the log {', '.join(levels)}"
    rows = sorted(result.rows.items(), key=lambda one: -one[1])[:TABLES]
    yield f"rows in the end: {', '.join(f'{name} {count:,}' for name, count in rows)}"


def due(plan: Plan) -> float:
    """How many looks the time asked for."""
    return plan.accounts * plan.seconds * plan.speed / CHECK_EVERY.total_seconds()


def too_short(plan: Plan) -> str:
    """Why some gauges are not judged."""
    needed = LEVEL_AFTER.total_seconds() / plan.speed / (1 - LEAST_JUDGED) / 3600
    titles = ", ".join(gauge.title for gauge in GAUGES if gauge.key in AFTER_HISTORY)
    return (
        f"Not judged: {titles}. A day's history is kept here, and they are level only once as much of it is dropped "
        f"as comes; {needed:.2f} hours are enough."
    )


HEAD = ("after warm-up", "median", "highest", "slope in an hour", "in a simulated day", "by chance", "verdict")


def table(lines: Sequence[Judged], speed: float) -> str:
    """A line per gauge; slopes in an hour of real time and in a simulated day."""
    cells = [HEAD, *(row(line, speed) for line in lines)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(HEAD))]
    texts = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells]
    return "\n".join([texts[0], "─" * (sum(widths) + 2 * len(widths) - 2), *texts[1:]])


def row(line: Judged, speed: float) -> tuple[str, ...]:
    """The cells of one gauge."""
    gauge, found = line.gauge, line.trend
    day = 86_400 / speed
    unit = f" {gauge.unit}" if gauge.unit else ""
    return (
        gauge.title,
        f"{found.level:,.1f}{unit}",
        f"{line.highest:,.1f}",
        f"{found.slope * 3600:+,.2f}",
        f"{found.slope * day:+,.3f}",
        f"± {found.noise * 3600:,.2f} in an hour",
        line.verdict,
    )
