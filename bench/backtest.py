"""How good the forecast was, on accounts whose future is known: one rule for real balances and for simulated lives.

Once a day the forecast is asked, knowing the readings so far. The truth is the moment at which the balance would have
been gone had nothing been added. Beside it stand straight lines: what was spent in the last 1, 7 or 28 days goes on.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from itertools import accumulate, pairwise
from statistics import median

from bot.domain.accounts import Account
from bot.domain.alerts import Alert, AlertRule
from bot.domain.credit_changes import Point, changes_between
from bot.domain.history import Span
from bot.domain.rules import Threshold
from bot.evaluation.alert_state import transition
from bot.evaluation.forecast.foresee import HISTORY
from bot.evaluation.forecast.run_out import Forecast, outlook
from bot.evaluation.forecast.runway import runway_standing
from bot.evaluation.forecast.spending import DAY

LINES = (1, 7, 28)
"""Days that the straight lines look back."""

WITHIN = timedelta(days=2)
RUNS_OUT_WITHIN = (Threshold(WITHIN.total_seconds()),)
LINE_MARGIN = 1.1
"""The line's alert ends once the line is so many times as far away as the threshold: the usual margin of a tenth."""

NEVER = 1e4
"""Days that stand for never, where nothing was spent."""


@dataclass(frozen=True, slots=True)
class Ask:
    """A moment at which the forecast is asked. ``out`` is the truth, None where it lies after the end of the data.

    ``points`` are the readings so far that a forecast looks at. ``fresh``: credits were added since the last ask.
    ``right``: an alert is right now, None where the data do not say.
    """

    now: datetime
    account: Account
    points: Sequence[Point]
    unseen: Sequence[Span]
    out: datetime | None
    fresh: bool
    right: bool | None


@dataclass(frozen=True, slots=True)
class Case:
    """One account's life: when it is asked about, until when its future is known, and when it ran out."""

    name: str
    asks: Sequence[Ask]
    end: datetime
    run_outs: Sequence[datetime]


@dataclass
class Score:
    """What came of the forecasts; lists hold one number for each that could be judged."""

    held: int = 0
    early: int = 0
    late: int = 0
    widths: list[float] = field(default_factory=list)
    errors: list[float] = field(default_factory=list)
    line1: list[float] = field(default_factory=list)
    line7: list[float] = field(default_factory=list)
    line28: list[float] = field(default_factory=list)
    alerts: int = 0
    false: int = 0
    line7_alerts: int = 0
    line7_false: int = 0
    run_outs: int = 0
    missed: int = 0
    line7_missed: int = 0

    def __add__(self, other: "Score") -> "Score":
        """Both together."""
        return Score(*(getattr(self, of.name) + getattr(other, of.name) for of in fields(self)))

    @property
    def ranges(self) -> int:
        """The ranges that could be judged."""
        return self.held + self.early + self.late

    def judge(self, told: Forecast, ask: Ask, end: datetime) -> bool:
        """Compares a range with what came; False where it was none, or the data end before both."""
        early, middle, late = told.earliest, told.median, told.latest
        if early is None or middle is None or late is None or (ask.out is None and end < late):
            return False
        self.held += ask.out is not None and early <= ask.out <= late
        self.early += ask.out is not None and ask.out < early
        self.late += ask.out is None or ask.out > late
        if middle > ask.now:
            self.widths.append((late - early) / (middle - ask.now))
        if ask.out is not None and ask.out > ask.now:
            self.errors.append(abs(middle - ask.out) / (ask.out - ask.now))
        return True

    def as_json(self) -> dict[str, int | float | None]:
        """The keys that acceptance reads."""
        return {
            "ranges": self.ranges,
            "held": self.held,
            "error": middle_of(self.errors),
            "line7_error": middle_of(self.line7),
            "alerts": self.alerts,
            "line7_alerts": self.line7_alerts,
            "false": self.false,
            "line7_false": self.line7_false,
            "run_outs": self.run_outs,
            "missed": self.missed,
            "line7_missed": self.line7_missed,
        }


def backtest(case: Case) -> Score:
    """Lives through one account's life with the forecast and with the lines."""
    score, alert, line_fires = Score(), Alert(case.name, AlertRule.RUNWAY), False
    firing: list[tuple[datetime, bool, bool]] = []
    for ask in case.asks:
        if ask.fresh:
            alert, line_fires = Alert(case.name, AlertRule.RUNWAY), False
        full = outlook(ask.account, ask.points, ask.now, ask.unseen)
        lines = {days: line(ask, days) for days in LINES}
        if full is not None and full.is_range and score.judge(full, ask, case.end):
            note_lines(score, lines, ask)
        alert, fired = taken(alert, full, ask.now)
        score.alerts += fired
        score.false += fired and ask.right is False
        left = lines[7]
        began = left is not None and left * DAY <= WITHIN
        score.line7_alerts += began and not line_fires
        score.line7_false += began and not line_fires and ask.right is False
        line_fires = left is not None and left * DAY <= WITHIN * (LINE_MARGIN if line_fires else 1)
        firing.append((ask.now, alert.level > 0, line_fires))
    for out in case.run_outs:
        before = bisect_left(firing, (out,)) - 1
        score.run_outs += 1
        score.missed += before < 0 or not firing[before][1]
        score.line7_missed += before < 0 or not firing[before][2]
    return score


def taken(alert: Alert, full: Forecast | None, now: datetime) -> tuple[Alert, bool]:
    """The alert after a forecast, and whether it began to fire."""
    after = transition(alert, runway_standing(full, RUNS_OUT_WITHIN, now), None, now).alert
    return after, after.level > 0 and alert.level == 0


def note_lines(score: Score, lines: dict[int, float | None], ask: Ask) -> None:
    """The errors of the lines where the forecast's counts too."""
    if ask.out is None or ask.out <= ask.now:
        return
    for days, left in lines.items():
        true = (ask.out - ask.now) / DAY
        getattr(score, f"line{days}").append(abs((NEVER if left is None else left) - true) / true)


def line(ask: Ask, days: int) -> float | None:
    """The days until nothing is left at the mean pace of so many days; None with less than a day of readings."""
    points, since = ask.points, ask.now - days * DAY
    if not points or ask.now - points[0].taken_at < DAY:
        return None
    first = max(bisect_right(points, since, key=moment_of) - 1, 0)
    spent = sum(changes_between(before, after).spent for before, after in pairwise(points[first:]))
    pace = spent / ((ask.now - points[first].taken_at) / DAY)
    total = float(points[-1].total)
    return min(total / pace, NEVER) if pace > 0 else NEVER


def moment_of(point: Point) -> datetime:
    """When a point was read."""
    return point.taken_at


def middle_of(errors: Sequence[float]) -> float | None:
    """The median, or None of none."""
    return round(median(errors), 4) if errors else None


def spent_until(points: Sequence[Point]) -> list[float]:
    """What was spent from the first point to each, rises cut out."""
    falls = (max(float(before.total - after.total), 0.0) for before, after in pairwise(points))
    return list(accumulate(falls, initial=0.0))


def last_of_each_day(points: Sequence[Point]) -> Iterator[int]:
    """The places of the last readings of each day, UTC."""
    for place, point in enumerate(points):
        if place + 1 == len(points) or points[place + 1].taken_at.date() != point.taken_at.date():
            yield place


def looked_at(points: Sequence[Point], place: int) -> Sequence[Point]:
    """The readings up to a place that a forecast looks at, begun by what held before."""
    first = bisect_left(points, points[place].taken_at - HISTORY, key=moment_of)
    return points[max(first - 1, 0) : place + 1]
