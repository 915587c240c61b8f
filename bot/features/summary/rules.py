"""The daily summary: what was spent, what changed, what comes within a week. Bounded. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from heapq import nsmallest
from itertools import groupby
from typing import NamedTuple

from bot.domain.accounts import Account, Plan, Reading, Unit, jobs_of_all
from bot.domain.alerts import AlertRule, NotifyReason, Severity
from bot.domain.credit_changes import Point, changes_between
from bot.domain.history import bounded
from bot.domain.notifications import Notification, NotificationKind, Watched
from bot.domain.quiet_hours import wall_clock
from bot.domain.summary import MOST_SHOWN, Amounts, ComingDay, ComingKind, Listed, Summary, SummaryEvent

AHEAD = timedelta(days=7)
TOGETHER = timedelta(hours=1)
"""A refill this near to the plan's renewal comes with it."""


@dataclass(frozen=True, slots=True)
class Past:
    """Changes of one account's credits and plan since the last summary. ``plan`` is from which to which.

    ``begun`` is its first reading in that time; None without any.
    """

    spent: float = 0.0
    refilled: float = 0.0
    topped_up: float = 0.0
    lapsed: float = 0.0
    plan: tuple[str, str] | None = None
    begun: datetime | None = None


class ComingDate(NamedTuple):
    """Something that an account has before it."""

    at: datetime
    kind: ComingKind
    name: str


class Tally:
    """Sums up the readings of one account, in order of time, in constant memory."""

    def __init__(self) -> None:
        """The first point only sets the values at the beginning."""
        self._last: Point | None = None
        self._spent = self._refilled = self._topped_up = self._lapsed = 0.0
        self._begun: datetime | None = None
        self._plan: str | None = None
        self._first_plan: str | None = None

    def add(self, point: Point) -> None:
        point = bounded(point, self._last)
        self._begun = self._begun or point.taken_at
        if self._last is not None:
            changes = changes_between(self._last, point)
            self._spent += changes.spent - changes.refunded
            self._refilled += changes.refilled + changes.by_plan
            self._topped_up += changes.topped_up
            self._lapsed += changes.lapsed
        self._last = point
        self._plan = point.plan or self._plan
        self._first_plan = self._first_plan or point.plan

    @property
    def past(self) -> Past:
        """The result so far."""
        old, new = self._first_plan, self._plan
        return Past(
            spent=max(self._spent, 0.0),
            refilled=self._refilled,
            topped_up=self._topped_up,
            lapsed=self._lapsed,
            plan=(old, new) if old and new and old != new else None,
            begun=self._begun,
        )


def summary_of(
    watched: Sequence[Watched],
    pasts: Mapping[str, Past],
    told: Iterable[Notification],
    runs_out: Mapping[str, datetime],
    since: datetime,
    now: datetime,
    zone: tzinfo,
) -> Summary:
    """The summary of some accounts; ``pasts`` and ``runs_out`` (a forecast's earliest moment) are by account key.

    ``told`` are the notifications about them since, oldest first. Days are those of the ``zone``.
    """
    checked = [one.account for one in watched if one.account.pause is None]
    readable = [account for account in checked if account.reading and account.outage is None]
    read = [account.reading for account in readable if account.reading]
    by_name = [(one.account.name, pasts.get(one.account.key, Past())) for one in watched]
    events = events_of(told)
    begun = min((past.begun for _, past in by_name if past.begun), default=None)
    return Summary(
        since=since,
        begun=begun if begun and begun > since else None,
        known=begun is not None or not watched,
        accounts=len(watched),
        need=sum((one.severity or Severity.INFO) >= Severity.WARNING for one in watched),
        unknown=len(checked) - len(read),
        paused=len(watched) - len(checked),
        credits=sum(reading.credits.total for reading in read),
        spent_total=sum(past.spent for _, past in by_name),
        spent=largest_first((name, past.spent) for name, past in by_name),
        refilled=largest_first((name, past.refilled) for name, past in by_name),
        topped_up=largest_first((name, past.topped_up) for name, past in by_name),
        lapsed=largest_first((name, past.lapsed) for name, past in by_name),
        plans=Listed.of([(name, *past.plan) for name, past in by_name if past.plan]),
        begun_alerts=Listed.of([event for event in events if not event.over]),
        over_alerts=Listed.of([event for event in events if event.over]),
        coming=by_days(coming_of(watched, runs_out, now), zone),
        mixed=is_mixed([one.account for one in watched]),
        jobs=jobs_of_all(readable),
    )


def is_mixed(accounts: Iterable[Account]) -> bool:
    """True if a sum of all means nothing: of several services, or of other things than credits, which can be shared."""
    services, units = set[str](), set[Unit]()
    for account in accounts:
        services.add(account.source.partition("/")[0])
        if account.reading:
            units.add(account.reading.credits.unit)
    return len(services) > 1 or bool(units - {Unit.CREDITS})


def largest_first(amounts: Iterable[tuple[str, float]]) -> Amounts:
    """The names with an amount above 0, the largest first."""
    some = [one for one in amounts if one[1] > 0]
    return Listed(tuple(nsmallest(MOST_SHOWN, some, key=by_amount)), len(some))


def by_amount(one: tuple[str, float]) -> tuple[float, str]:
    """Sorts by amount, the largest first, and by name."""
    return -one[1], one[0]


def events_of(told: Iterable[Notification]) -> tuple[SummaryEvent, ...]:
    """The last state of each alert with a notification: the worst first, without infos."""
    last: dict[tuple[str, AlertRule | None], SummaryEvent] = {}
    for notification in told:
        over = notification.reason is NotifyReason.RESOLVED
        new = (
            notification.reason in (NotifyReason.FIRED, NotifyReason.WORSENED)
            and notification.severity >= Severity.WARNING
        )
        if notification.topic is NotificationKind.ALERT and (over or new):
            name = notification.facts.name if notification.facts.email else None
            last[notification.subject, notification.measure] = SummaryEvent(
                name, notification.measure, notification.severity, over
            )
    return tuple(sorted(last.values(), key=lambda event: -event.severity))


def coming_of(watched: Sequence[Watched], runs_out: Mapping[str, datetime], now: datetime) -> list[ComingDate]:
    """The accounts' dates within a week, in order of time."""
    found: list[ComingDate] = []
    for one in watched:
        reading, at = one.account.reading, runs_out.get(one.account.key)
        found += [ComingDate(at, ComingKind.RUNS_OUT, one.account.name)] if at else []
        found += [ComingDate(moment, kind, one.account.name) for moment, kind in (dates_of(reading) if reading else ())]
    return sorted(coming for coming in found if now < coming.at <= now + AHEAD)


def by_days(coming: Iterable[ComingDate], zone: tzinfo) -> tuple[ComingDay, ...]:
    """The dates in order of time, by the days of a zone and their kinds."""
    found: list[ComingDay] = []
    for _, due in groupby(coming, key=lambda one: wall_clock(one.at, zone).date()):
        day = list(due)
        for kind in ComingKind:
            names = [one.name for one in day if one.kind is kind]
            found += [ComingDay(day[0].at, kind, Listed.of(names))] if names else []
    return tuple(found)


def dates_of(reading: Reading) -> list[tuple[datetime, ComingKind]]:
    """When the plan ends, changes or renews, and when a refill comes by itself."""
    plan, refill = reading.plan, reading.credits.refresh_at
    if plan.free:
        return []
    ends = [(plan.ends_at, kind_of(plan))] if plan.ends_at else []
    return [*ends, *([(refill, ComingKind.REFILL)] if refill and is_apart(refill, plan) else [])]


def kind_of(plan: Plan) -> ComingKind:
    """The kind of a plan's end."""
    if plan.renewal_unknown:
        return ComingKind.ENDS_OR_RENEWS
    return ComingKind.RENEWS if plan.renews else ComingKind.CHANGES if plan.becomes else ComingKind.ENDS


def is_apart(refill: datetime, plan: Plan) -> bool:
    """True if a refill comes by itself: neither with the plan's end, nor after it."""
    if plan.ends_at is None:
        return True
    return abs(refill - plan.ends_at) > TOGETHER and (plan.renews is not False or refill < plan.ends_at)
