"""``python -m bench.forecast`` tests the forecast on simulated accounts whose future is known, and prints a table.

The seeds of the table are ones that nothing was tuned on; ``--tuning`` shows those that were. Beside the forecast
stands the naive one, a straight line through the last 24 hours.

* **coverage**: how often the true moment, credits left alone, fell into the range of 80 %.
* **error**: the median distance of the foretold from the true moment, as a share of the time that was left.
* **false**: alerts (``RUNS_OUT_WITHIN=2d``) where the credits, left alone, would have lasted past the refill or the
  plan's end, or for more than twice the two days.
* **missed**: run-outs an hour before which no alert stood.
"""

import argparse
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from itertools import pairwise, repeat
from statistics import median

from bench.spending_patterns import LOOK, LOOKS_A_DAY, PATTERNS, WATCHED_DAYS, Simulated, moment, simulated
from bot.domain.accounts import Account, Reading
from bot.domain.alerts import Alert, AlertRule, NotifyReason, Severity
from bot.domain.credit_changes import Point, changes_between
from bot.domain.rules import Threshold
from bot.evaluation.alert_state import transition
from bot.evaluation.forecast.run_out import Forecast, next_boundary, outlook
from bot.evaluation.forecast.runway import runway_standing
from bot.evaluation.forecast.spending import orderly
from bot.evaluation.measurements import Measurement

TUNED_ON, HELD_OUT = range(1, 13), range(201, 209)
"""Disjoint on purpose. What is changed after a look at the held-out seeds needs fresh ones here (101 to 108 are
used up)."""

RUNS_OUT_WITHIN = timedelta(days=2)
LADDER = (Threshold(RUNS_OUT_WITHIN.total_seconds()),)
FIRST = LOOKS_A_DAY // 2

EVERY = 12
"""Looks between two forecasts: six hours. The bot asks more often; for a comparison this is enough."""

WARNED_BEFORE = 2
"""Looks before a run-out at which an alert must stand for it not to count as missed: an hour."""

UNTRIED = 2 * LOOKS_A_DAY
"""Run-outs of the first two days are nobody's fault."""


@dataclass
class Score:
    """What one way to foretell did."""

    fired: int = 0
    false: int = 0
    missed: int = 0
    run_outs: int = 0
    asked: int = 0
    seconds: float = 0.0
    covered: list[bool] = field(default_factory=list)
    lasting: list[bool] = field(default_factory=list)
    errors: list[float] = field(default_factory=list)

    def __add__(self, other: "Score") -> "Score":
        """Both together."""
        return Score(*(getattr(self, of.name) + getattr(other, of.name) for of in fields(self)))


@dataclass
class Watch:
    """One way to foretell, as an alert that lives through an account's life."""

    score: Score = field(default_factory=Score)
    alert: Alert = field(default_factory=lambda: Alert("simulated", AlertRule.PLAN))
    standing_at: dict[int, bool] = field(default_factory=dict)

    def take(self, look: int, standing: Measurement | None, *, true: bool) -> None:
        """Lets a standing act on the alert; ``true`` is whether firing now is right."""
        decision = transition(self.alert, standing, None, moment(look))
        self.alert = decision.alert
        if decision.reason is NotifyReason.FIRED:
            self.score.fired += 1
            self.score.false += not true
        self.standing_at[look] = self.alert.level > 0

    def ran_out(self, look: int) -> None:
        """The credits are gone: counts whether that was said."""
        asked = FIRST + (look - WARNED_BEFORE - FIRST) // EVERY * EVERY
        self.score.run_outs += 1
        self.score.missed += not self.standing_at.get(asked, False)


def straight_line(points: Sequence[Point], reading: Reading) -> float | None:
    """The seconds until nothing is left at the mean pace of the last 24 hours; jumps are cut out here, too."""
    since = reading.taken_at - timedelta(days=1)
    if not points or points[0].taken_at > since:
        return None
    known = orderly([point for point in points[-LOOKS_A_DAY - 2 :] if point.taken_at >= since], reading.taken_at)
    spent = sum(changes_between(before, after).spent for before, after in pairwise(known))
    return reading.credits.total / spent * 86_400 if spent else float("inf")


def naive_standing(left: float | None, reading: Reading) -> Measurement | None:
    """The naive forecast's standing, with the ladder's usual recovery margin of a tenth."""
    if left is None:
        return None
    boundary, _ = next_boundary(reading)
    before = boundary is None or left < (boundary - reading.taken_at).total_seconds()
    within = RUNS_OUT_WITHIN.total_seconds()
    fire_level, clear_level = (int(before and left <= within * margin) for margin in (1, 1.1))
    return Measurement(left, fire_level if left else 0, clear_level, (Severity.WARNING,), period=boundary, renews=True)


def is_right(reading: Reading, out: datetime | None) -> bool:
    """Left alone, the credits run out before the refill or lapse, and no later than twice the ladder's time."""
    boundary, _ = next_boundary(reading)
    if out is None or (boundary is not None and out >= boundary):
        return False
    return out - reading.taken_at <= 2 * RUNS_OUT_WITHIN


def judge(ours: Score, naive: Score, told: Forecast, left: float | None, out: datetime | None) -> None:
    """Compares what was told with what came."""
    if told.lasts_past is not None:
        ours.lasting.append(out is None or out >= told.lasts_past)
    if told.earliest is None or told.latest is None or told.median is None:
        return
    ours.covered.append(out is not None and told.earliest <= out <= told.latest + LOOK)
    if out is None or left is None:
        return
    remaining = (out - told.taken_at).total_seconds()
    ours.errors.append(abs((told.median - out).total_seconds()) / remaining)
    naive.errors.append(abs(left - remaining) / remaining)


def lived(pattern: str, seed: int) -> tuple[Score, Score]:
    """Both forecasts through one account's life."""
    life, ours, naive = simulated(pattern, seed), Watch(), Watch()
    for look in range(FIRST, WATCHED_DAYS * LOOKS_A_DAY, EVERY):
        if life.readings[look] is not None:
            ask(life, look, life.account(f"{pattern} {seed}", look), ours, naive)
        else:
            ours.take(look, None, true=False)
            naive.take(look, None, true=False)
    for out in life.run_outs:
        if out > UNTRIED:
            ours.ran_out(out)
            naive.ran_out(out)
    return ours.score, naive.score


def ask(life: Simulated, look: int, account: Account, ours: Watch, naive: Watch) -> None:
    """Asks both at one look."""
    points, reading = life.points(look), life.readings[look]
    if reading is None:
        return
    started = time.process_time()
    told = outlook(account, points, moment(look))
    ours.score.seconds += time.process_time() - started
    ours.score.asked += 1
    end, left = life.runs_out_at(look, reading), straight_line(points, reading)
    out = None if end is None else moment(end)
    right = is_right(reading, out)
    ours.take(look, runway_standing(told, LADDER, moment(look)), true=right)
    naive.take(look, naive_standing(left, reading), true=right)
    if told is not None and told.is_useful:
        judge(ours.score, naive.score, told, left, out)


def share(hits: Sequence[bool]) -> str:
    """How often, in percent."""
    return f"{100 * sum(hits) / len(hits):.0f} %" if hits else "–"


def middle(errors: Sequence[float]) -> str:
    """The median error in percent."""
    return f"{100 * median(errors):.0f} %" if errors else "–"


HEAD = ("", "ranges", "coverage", "lasts: right", "error", "naive", "alerts", "false", "naive", "missed", "naive", "of")


def row(name: str, ours: Score, naive: Score) -> tuple[str, ...]:
    """One line of the table."""
    told = (str(len(ours.covered)), share(ours.covered), share(ours.lasting))
    errors = (middle(ours.errors), middle(naive.errors))
    false = (f"{ours.fired}", f"{ours.false}", f"{naive.false}")
    return (name, *told, *errors, *false, f"{ours.missed}", f"{naive.missed}", f"{ours.run_outs}")


def table(rows: Iterable[Sequence[str]]) -> str:
    """The rows, the first column to the left and the numbers to the right."""
    lines = list(rows)
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEAD))]
    return "\n".join(
        "  ".join(
            [line[0].ljust(widths[0]), *(cell.rjust(wide) for cell, wide in zip(line[1:], widths[1:], strict=True))]
        )
        for line in lines
    )


def backtest(seeds: Iterable[int]) -> str:
    """The table of some seeds, over all patterns."""
    wanted, both = list(seeds), (Score(), Score())
    rows: list[tuple[str, ...]] = [HEAD]
    with ProcessPoolExecutor() as pool:
        scores = {pattern: pool.map(lived, repeat(pattern, len(wanted)), wanted) for pattern in PATTERNS}
        for pattern, found in scores.items():
            ours, naive = (sum(of, Score()) for of in zip(*found, strict=True))
            rows.append(row(pattern, ours, naive))
            both = both[0] + ours, both[1] + naive
    spent = 1000 * both[0].seconds / max(both[0].asked, 1)
    return f"{table([*rows, row('all', *both)])}\n{both[0].asked:,} forecasts, {spent:.0f} ms each"


def main() -> None:
    """Tests, and prints."""
    parser = argparse.ArgumentParser(prog="python -m bench.forecast", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--tuning", action="store_true", help="the seeds that the forecast was tuned on")
    print(backtest(TUNED_ON if parser.parse_args().tuning else HELD_OUT))


if __name__ == "__main__":
    main()
