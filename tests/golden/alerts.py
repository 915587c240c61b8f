"""The alerts of one account, of several, and of a source."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.domain.accounts import Credits, FailureKind, ForecastSummary, JobCost, Plan
from bot.domain.alerts import Alert, AlertRule, NotifyReason, Severity, Silence, SilenceKind
from bot.domain.events import Event, EventType, WaitingEvent
from bot.domain.jobs import JobsFacts
from bot.domain.lapses import LOTS, PLAN, Lapse, Left
from bot.domain.notifications import Facts, Notification, NotificationKind
from bot.domain.rules import CANCELLED
from bot.domain.told_messages import EndedMessage, ToldAlert
from bot.evaluation.evaluate import NOT_ACTIVE, closed_event, event_of
from bot.evaluation.measurements import CALLED_LAPSED, LAPSED
from bot.features.endings.text import ended_message
from bot.features.fallback.text import write_letter
from bot.features.webhook.payload import body_of, doctor_body
from bot.outbox.batching import Batch, PendingAlert
from tests.golden import shown
from tests.support import given
from tests.support.given import NOW, UTC_ZONE, ago, low, note, notification, plan, sent, source, unreadable

CRITICAL, WARNING, INFO = Severity.CRITICAL, Severity.WARNING, Severity.INFO
WEEKEND: dict[str, Any] = {"since": ago(days=2, hours=3)}
DAILY: dict[str, Any] = {"daily_allowance": 60, "daily_refresh_at": datetime(2026, 7, 21, tzinfo=UTC)}
REFILL = given.REFILL
OUT = ForecastSummary(
    made_at=ago(hours=1),
    total=2_900,
    useful=True,
    lasts=False,
    before=True,
    earliest=datetime(2026, 7, 22, 14, 20, tzinfo=UTC),
    median=datetime(2026, 7, 22, 16, 0, tzinfo=UTC),
    latest=datetime(2026, 7, 22, 18, 40, tzinfo=UTC),
    boundary=REFILL,
    per_day=1_240,
)
LASTS = replace(OUT, lasts=True, before=False, earliest=None, median=None, latest=None, unused=1_310.0)
PERHAPS = replace(OUT, before=None, latest=datetime(2026, 7, 24, 18, 40, tzinfo=UTC))


def foreseen(
    reason: NotifyReason, foretold: ForecastSummary, measure: AlertRule = AlertRule.RUNWAY, **more: Any
) -> str:
    """An alert of the forecast."""
    facts = given.facts(credits=given.LOW, foretold=foretold, **more)
    severity = INFO if reason is NotifyReason.RESOLVED else WARNING
    return shown.notifications(notification(measure, reason, severity, facts))


def many(*names: str, **more: Any) -> list[Notification]:
    """Accounts of these names."""
    return [low(name=name, email=f"{name.lower()}@example.com", **more) for name in names]


def credits() -> Mapping[str, str]:
    """Low credits."""
    none: dict[str, Any] = {"credits": given.NONE_LEFT, "rung": "0", "severity": CRITICAL}
    very: dict[str, Any] = {"credits": given.VERY_LOW, "rung": "5 %", "severity": CRITICAL}
    ended: dict[str, Any] = {"plan": given.CANCELLED}
    late = ago(minutes=43)
    return {
        "low": shown.notifications(low()),
        "low, perhaps sent before a backup was restored": perhaps_sent(low()),
        "low, a refill of the day to come": shown.notifications(
            low(credits=replace(given.LOW, **DAILY), plan=given.PREMIUM)
        ),
        "low, and the plan ends": shown.notifications(low(**ended)),
        "low, at this pace before the refill": shown.notifications(low(foretold=OUT)),
        "low, and lasts": shown.notifications(low(foretold=LASTS)),
        "low, against its forecast": shown.notifications(
            low(credits=replace(given.VERY_LOW, monthly=600), foretold=replace(LASTS, total=14_490, unused=14_000))
        ),
        "low, at the line": shown.notifications(low(credits=replace(given.LOW, monthly=3_000))),
        "low, a little above the line": shown.notifications(low(credits=replace(given.LOW, monthly=3_001))),
        "low, by a number": shown.notifications(low(credits=replace(given.LOW, monthly_allowance=None), rung="3,000")),
        "low, a bucket unknown": shown.notifications(low(credits=replace(given.LOW, package=None))),
        "low, no refill known": shown.notifications(low(credits=replace(given.LOW, refresh_at=None))),
        "worse": shown.notifications(low(NotifyReason.WORSENED, **very)),
        "a fraction of a credit": shown.notifications(low(**{**very, "credits": replace(given.VERY_LOW, monthly=0.4)})),
        "out of credits": shown.notifications(low(**none)),
        "low, a job has a cost": shown.notifications(low(credits=priced(given.LOW))),
        "low, below a threshold in jobs": shown.notifications(low(credits=priced(given.LOW), rung="100 jobs")),
        "less than one job": shown.notifications(
            low(severity=CRITICAL, rung="0", credits=priced(replace(given.LOW, monthly=12)), value=12)
        ),
        "out of credits, a free account": shown.notifications(
            low(
                severity=CRITICAL,
                rung="0",
                plan=given.FREE,
                credits=replace(given.NONE_LEFT, monthly_allowance=None, refresh_at=None, **DAILY),
            )
        ),
        "out of credits, nothing comes": shown.notifications(
            low(severity=CRITICAL, rung="0", credits=replace(given.NONE_LEFT, refresh_at=None))
        ),
        "below zero": shown.notifications(
            low(
                severity=CRITICAL,
                rung="0",
                credits=replace(given.NONE_LEFT, monthly=-50, monthly_allowance=None, refresh_at=None),
            )
        ),
        "reminded": shown.notifications(low(NotifyReason.REMINDED, **very, **WEEKEND)),
        "refilled": shown.notifications(
            low(NotifyReason.RESOLVED, INFO, credits=given.FULL, growth="refill", worst=180, **WEEKEND)
        ),
        "jobs run again": shown.notifications(
            low(NotifyReason.EASED, credits=replace(given.LOW, monthly=2_000), growth="top-up", worst=0, **WEEKEND)
        ),
        "jobs run again, not told in time": shown.batch(
            Batch(
                (
                    PendingAlert(
                        (sent(low(**none), late, late), sent(low(NotifyReason.EASED, growth="top-up", since=late)))
                    ),
                )
            )
        ),
        "topped up": shown.notifications(
            low(NotifyReason.RESOLVED, INFO, credits=given.FULL, growth="top-up", worst=180, **WEEKEND)
        ),
        "another plan's credits": shown.notifications(
            low(NotifyReason.RESOLVED, INFO, credits=given.FULL, growth="plan change")
        ),
        "a refund": shown.notifications(low(NotifyReason.RESOLVED, INFO, credits=given.FULL, growth="refund")),
        "far more than the allowance": shown.notifications(
            low(NotifyReason.RESOLVED, INFO, credits=replace(given.FULL, package=999_999_999_999), growth="top-up")
        ),
        "late, Telegram was away": shown.batch(
            Batch((PendingAlert((sent(low(credits_at=late, **very), late, late),)),))
        ),
        "late, the bot was off": shown.batch(Batch((PendingAlert((sent(low(**very), late),)),))),
        "over before it could be told": shown.batch(
            Batch(
                (
                    PendingAlert(
                        (
                            sent(low(**very), late, late),
                            sent(
                                low(
                                    NotifyReason.RESOLVED,
                                    INFO,
                                    credits=given.FULL,
                                    growth="top-up",
                                    since=late,
                                    worst=180,
                                )
                            ),
                        )
                    ),
                )
            )
        ),
    }


def refused_jobs() -> Mapping[str, str]:
    """Jobs that are refused for want of credits."""
    one = JobsFacts(1, ago(minutes=20), ago(minutes=10))
    three = replace(one, count=3)
    none: dict[str, Any] = {"credits": given.NONE_LEFT, "rung": "0", "severity": CRITICAL}
    found = (refusal(NotifyReason.FIRED, name=name, email=name, jobs=three) for name in ("Ads", "Loop"))
    ends = (refusal(NotifyReason.RESOLVED, INFO, name=name, email=name, jobs=three) for name in ("Ads", "Loop"))
    return {
        "one": shown.notifications(refusal(jobs=one)),
        "three": shown.notifications(refusal(jobs=three)),
        "a second time within a day": shown.notifications(refusal(jobs=one, hushed=True)),
        "reminded": shown.notifications(refusal(NotifyReason.REMINDED, jobs=three, since=ago(days=1))),
        "never read": shown.notifications(refusal(jobs=one, credits=None)),
        "run again": shown.notifications(refusal(NotifyReason.RESOLVED, INFO, jobs=one)),
        "of several": shown.notifications(*found),
        "several run again": shown.notifications(*ends),
        "behind critical credits": shown.notifications(low(**none, jobs=three)),
        "came first": shown.notifications(low(**none, jobs=one, hushed=True)),
    }


def refusal(reason: NotifyReason = NotifyReason.FIRED, severity: Severity = CRITICAL, **more: Any) -> Notification:
    """Refused jobs of an account that has some credits."""
    defaults = {"credits": given.LOW, "credits_at": ago(minutes=2), "since": ago(minutes=20)}
    return notification(AlertRule.JOBS, reason, severity, given.facts(**{**defaults, **more}))


def over(change: str | None, now: Plan) -> str:
    """A plan's alert that is over."""
    return shown.notifications(plan(NotifyReason.RESOLVED, INFO, plan=now, plan_change=change))


def plans() -> Mapping[str, str]:
    """A plan's end."""
    ended = replace(given.CANCELLED, ends_at=ago(hours=2))
    later = datetime(2026, 8, 23, 0, 48, tzinfo=UTC)
    return {
        "renews": shown.notifications(plan(severity=INFO, plan=given.PREMIUM)),
        "cancelled": shown.notifications(
            plan(severity=INFO, plan=replace(given.CANCELLED, ends_at=later), level=CANCELLED)
        ),
        "no longer cancelled, soon to renew": shown.notifications(
            plan(NotifyReason.EASED, INFO, plan=given.PREMIUM, plan_change="kept")
        ),
        "not known to renew": shown.notifications(plan(plan=given.GIFT)),
        "cancelled, ends": shown.notifications(plan()),
        "cancelled, ends today": shown.notifications(
            plan(plan=replace(given.CANCELLED, ends_at=NOW + timedelta(hours=5)))
        ),
        "cancelled, nothing left to lapse": shown.notifications(plan(credits=given.NONE_LEFT)),
        "changes": shown.notifications(plan(plan=given.CHANGING)),
        "has ended": shown.notifications(plan(severity=CRITICAL, plan=ended)),
        "was not renewed": shown.notifications(
            plan(severity=CRITICAL, plan=replace(given.PREMIUM, ends_at=ago(hours=2)))
        ),
        "reminded of its end": shown.notifications(
            plan(NotifyReason.REMINDED, CRITICAL, plan=replace(given.CANCELLED, ends_at=ago(days=2)))
        ),
        "gone, now a free account": shown.notifications(
            plan(severity=CRITICAL, plan=replace(given.PREMIUM, free=True, ends_at=NOW + timedelta(days=20)))
        ),
        "gone at its end": shown.notifications(
            plan(severity=CRITICAL, plan=replace(given.CANCELLED, free=True, ends_at=NOW))
        ),
        "renewed": over("renewed", replace(given.PREMIUM, ends_at=later)),
        "became another": over("changed", Plan("Basic", "Basic", ends_at=later)),
        "no longer cancelled": over("kept", replace(given.PREMIUM, ends_at=later)),
        "another rule": over(None, replace(given.CANCELLED, ends_at=later)),
    }


def unreadable_accounts() -> Mapping[str, str]:
    """An account that cannot be read."""
    said: dict[str, Any] = {"broken": "The linked account is broken until it is added to useapi.net again"}
    return {
        "a broken session, reminded": shown.notifications(
            unreadable(NotifyReason.REMINDED, outage=FailureKind.BROKEN, said=said["broken"], since=ago(days=1))
        ),
        **{
            f"{kind.value}": shown.notifications(unreadable(outage=kind, said=said.get(kind.value)))
            for kind in FailureKind
        },
        "never read": shown.notifications(unreadable(credits=None, credits_at=None)),
        "something in between": shown.notifications(
            unreadable(
                outage=FailureKind.UNAVAILABLE,
                said="Something between the bot and useapi.net answers: 403, a page of Cloudflare",
            )
        ),
        "can be read again": shown.notifications(unreadable(NotifyReason.RESOLVED, INFO, outage=None, credits_at=NOW)),
    }


def sources() -> Mapping[str, str]:
    """A source whose accounts are all shut."""
    away: dict[str, Any] = {"outage": FailureKind.UNAVAILABLE, "said": "Bad Gateway"}
    return {
        **{
            kind.value: shown.notifications(source(outage=kind, said="Unauthorized"))
            for kind in FailureKind
            if kind.refused
        },
        "unavailable": shown.notifications(source(**away)),
        "unavailable, some": shown.notifications(source(**away, count=3)),
        "unavailable, its one account": shown.notifications(source(**away, count=1, total=1)),
        "reminded": shown.notifications(source(NotifyReason.REMINDED, **{**away, "since": ago(days=1)})),
        "can be read again": shown.notifications(source(NotifyReason.RESOLVED, count=0)),
        "lapsed, while checks are answered": shown.notifications(
            source(outage=FailureKind.LAPSED, said=NOT_ACTIVE, count=0, subscription=True)
        ),
        "subscription works again": shown.notifications(
            source(NotifyReason.RESOLVED, count=0, subscription=True, worst=CALLED_LAPSED)
        ),
        "can be read again, it had lapsed": shown.notifications(
            source(NotifyReason.RESOLVED, count=0, subscription=True, worst=LAPSED)
        ),
        "counts more broken accounts": shown.notifications(source(measure=AlertRule.BROKEN, count=2, total=1)),
        "counts a broken account, none known": shown.notifications(source(measure=AlertRule.BROKEN, count=1, total=0)),
        "counts no more broken accounts": shown.notifications(
            source(NotifyReason.RESOLVED, AlertRule.BROKEN, count=1, total=1)
        ),
        "lists nobody": shown.notifications(source(measure=AlertRule.LISTING, total=0)),
        "lists somebody again": shown.notifications(source(NotifyReason.RESOLVED, AlertRule.LISTING, total=3)),
    }


def forecasts() -> Mapping[str, str]:
    """What is foreseen."""
    vague = replace(OUT, useful=False)
    return {
        "runs out": foreseen(NotifyReason.FIRED, OUT, value=1.7e5),
        "may run out": foreseen(NotifyReason.FIRED, PERHAPS, value=1.7e5),
        "may run out, too wide to plan by": foreseen(NotifyReason.FIRED, vague, value=1.7e5),
        "lasts again": foreseen(NotifyReason.RESOLVED, LASTS, value=9e5),
        "an unusual pace": foreseen(NotifyReason.FIRED, OUT, AlertRule.SPIKE, value=6.2),
        "the usual pace again": foreseen(NotifyReason.RESOLVED, OUT, AlertRule.SPIKE, value=1.0, since=ago(hours=3)),
    }


def perhaps_sent(*told: Notification, new: Sequence[Notification] = ()) -> str:
    """A message about what waited in a backup, and what is new since it was restored."""
    waited = [PendingAlert((replace(sent(one), perhaps_sent=True),)) for one in told]
    return shown.batch(Batch((*waited, *(PendingAlert((sent(one),)) for one in new))))


def several() -> Mapping[str, str]:
    """Accounts that fall together."""
    full: dict[str, Any] = {"credits": given.FULL, "credits_at": NOW}
    out: dict[str, Any] = {"credits": given.NONE_LEFT, "rung": "0", "severity": CRITICAL}
    ended, late = replace(given.CANCELLED, ends_at=ago(hours=2)), ago(minutes=43)

    def again(name: str) -> Notification:
        return low(NotifyReason.RESOLVED, INFO, growth="top-up", name=name, email=name, **full)

    kinds = zip(("Ads", "Demo", "Loop"), (FailureKind.UNAVAILABLE, FailureKind.BROKEN, FailureKind.BROKEN), strict=True)
    return {
        "low": shown.notifications(*many("Ads", "Demo", **out), *many("Loop")),
        "low, of which some waited in a backup": perhaps_sent(*many("Ads", "Demo", **out), new=many("Loop")),
        "plans end": shown.notifications(*(plan(name=name, email=name) for name in ("Ads", "Demo"))),
        "jobs run again": shown.notifications(
            low(NotifyReason.EASED, growth="top-up", name="Ads", email="ads"),
            low(NotifyReason.EASED, growth="refund", name="Demo", email="demo"),
        ),
        "plans gone": shown.notifications(
            *(
                plan(severity=CRITICAL, plan=replace(given.PREMIUM, free=True), name=name, email=name)
                for name in ("Ads", "Demo")
            )
        ),
        "plans cancelled": shown.notifications(
            *(plan(severity=INFO, level=CANCELLED, name=name, email=name) for name in ("Ads", "Demo"))
        ),
        "plans renew": shown.notifications(
            *(plan(severity=INFO, plan=given.PREMIUM, name=name, email=name) for name in ("Ads", "Demo"))
        ),
        "unreadable": shown.notifications(*(unreadable(outage=kind, name=name, email=name) for name, kind in kinds)),
        "enough again": shown.notifications(
            low(NotifyReason.RESOLVED, INFO, growth="refill", name="Ads", email="ads", **full),
            low(NotifyReason.RESOLVED, INFO, growth="top-up", name="Demo", email="demo", **full),
            low(NotifyReason.RESOLVED, INFO, name="Loop", email="loop", **full),
        ),
        "readable again": shown.notifications(
            *(unreadable(NotifyReason.RESOLVED, INFO, name=name, email=name) for name in ("Ads", "Demo"))
        ),
        "plans renew, one was not renewed": shown.notifications(
            plan(severity=CRITICAL, plan=replace(given.PREMIUM, ends_at=given.ago(hours=2)), name="Ads", email="ads"),
            plan(severity=INFO, plan=given.PREMIUM, name="Demo", email="demo"),
        ),
        "plans have ended": shown.notifications(
            *(plan(severity=CRITICAL, plan=ended, name=name, email=name) for name in ("Ads", "Demo"))
        ),
        "run out": shown.notifications(
            *(
                notification(
                    AlertRule.RUNWAY,
                    NotifyReason.FIRED,
                    WARNING,
                    given.facts(name, name, credits=given.LOW, foretold=OUT),
                )
                for name in ("Ads", "Demo")
            )
        ),
        "spend fast": shown.notifications(
            *(
                notification(AlertRule.SPIKE, NotifyReason.FIRED, WARNING, given.facts(name, name, value=6.2))
                for name in ("Ads", "Demo")
            )
        ),
        "over before they could be told": shown.batch(
            Batch(
                tuple(
                    PendingAlert((sent(low(name=name, email=name), late, late), sent(again(name))))
                    for name in ("Ads", "Demo")
                )
            )
        ),
        "more than one message holds": shown.notifications(*many(*(f"A rather long name {n:03}" for n in range(200))))[
            :160
        ],
        "no longer listed": shown.notifications(
            *(note(NotificationKind.GONE, given.facts(name, name)) for name in ("Ads", "Demo", "Loop"))
        ),
    }


def escalated(told: Notification, *, outside: bool = True, **since: float) -> Notification:
    """An alert that nobody acknowledged."""
    waits = ago(**(since or {"minutes": 30}))
    facts = replace(told.facts, unattended_since=waits, outside=outside)
    return replace(told, reason=NotifyReason.ESCALATED, severity=CRITICAL, facts=facts)


def escalations() -> Mapping[str, str]:
    """What goes further because nobody acted."""
    out = low(severity=CRITICAL, rung="0", credits=given.NONE_LEFT)
    three = many("Ads", "Loop", "Main", severity=CRITICAL, credits=given.NONE_LEFT)
    shut = source(outage=FailureKind.UNAUTHORIZED)
    late = ago(minutes=43)
    again = low(NotifyReason.RESOLVED, INFO, credits=given.FULL, growth="refill", worst=180)
    over = Batch((PendingAlert((sent(escalated(out), late, late), sent(again))),))
    _, words = write_letter(Batch((PendingAlert((sent(escalated(out)),)),)), NOW, given.UTC_ZONE)
    jobs = JobsFacts(3, ago(minutes=12), ago(minutes=10))
    return {
        "out of credits": shown.notifications(escalated(out)),
        "in a chat that is told anyway": shown.notifications(escalated(out, outside=False)),
        "several": shown.notifications(*map(escalated, three)),
        "after an ack that ran out": shown.notifications(escalated(out, days=1, hours=2)),
        "a refused token": shown.notifications(escalated(shut)),
        "a plan": shown.notifications(escalated(plan())),
        "refused jobs": shown.notifications(escalated(refusal(jobs=jobs))),
        "late": shown.batch(Batch((PendingAlert((sent(escalated(out), late, late),)),))),
        "over before it could be told": shown.batch(over),
        "by the second channel": f"{words.title}\n\n{words.body}",
    }


def second_channel() -> Mapping[str, str]:
    """The same words for a channel that knows plain text only, and what a late message says of it."""

    def letter(*told: Notification) -> str:
        _, words = write_letter(Batch(tuple(PendingAlert((sent(one),)) for one in told)), NOW, given.UTC_ZONE)
        return f"{words.title}\n\n{words.body}"

    late, ways = ago(minutes=43), (ago(minutes=28), "mailto and ntfy")
    return {
        "one": letter(low(severity=CRITICAL, credits=given.NONE_LEFT)),
        "several": letter(*many("Ads", "Loop")),
        "told by Telegram later": shown.batch(
            Batch((PendingAlert((replace(sent(low(), late, late), sent_ways=ways),)),))
        ),
    }


def joined(told: Notification, by: str | None = None) -> Notification:
    """An alert that fires when a chat joins."""
    return replace(told, reason=NotifyReason.JOINED, facts=replace(told.facts, by=by))


def greetings() -> Mapping[str, str]:
    """The first message to a chat, with what fires."""
    out = low(severity=CRITICAL, credits=given.NONE_LEFT)
    shut = source(outage=FailureKind.UNAUTHORIZED)
    paired = note(NotificationKind.GREETING, Facts(total=1, by="Kim", check_every=timedelta(hours=1)))
    hello = note(NotificationKind.GREETING, Facts(total=12, check_every=timedelta(minutes=15)))
    fleet = [joined(one) for one in many(*(f"Account {number}" for number in range(11)))]
    nobody = note(NotificationKind.GREETING, Facts(total=0, check_every=timedelta(minutes=15)))
    return {
        "nothing fires": shown.notifications(hello),
        "no account yet": shown.notifications(nobody),
        "a warning": shown.notifications(hello, joined(low())),
        "critical": shown.notifications(hello, *map(joined, (out, shut, plan(name="Ads", email="ads")))),
        "somebody is at it": shown.notifications(hello, joined(out, by="Kim")),
        "many": shown.notifications(hello, joined(unreadable(name="Loop", email="loop")), joined(out), *fleet),
        "paired, nothing fires": shown.notifications(paired),
        "paired": shown.notifications(paired, joined(out)),
    }


def silenced() -> Mapping[str, str]:
    """What a chat is told of what others silenced, and after that."""
    acked: dict[str, Any] = {"by": "Kim", "acted_at": NOW}
    muted: dict[str, Any] = {**acked, "until": NOW + timedelta(hours=2), "silence": 5}
    before: dict[str, Any] = {"by": "Kim", "acted_at": ago(days=1)}
    gone = replace(given.CANCELLED, ends_at=ago(days=2))

    def ack(*names: str) -> list[Notification]:
        told = [note(NotificationKind.ACK, given.facts(name, name, **acked)) for name in names]
        return [replace(one, measure=AlertRule.CREDITS, severity=WARNING) for one in told]

    return {
        "acknowledged": shown.notifications(*ack("Studio")),
        "acknowledged, several": shown.notifications(*ack("Ads", "Loop", "Main")),
        "acknowledged, a source": shown.notifications(
            replace(note(NotificationKind.ACK, Facts(source="pixverse", **acked)), measure=AlertRule.FAILURES)
        ),
        "muted everywhere": shown.notifications(note(NotificationKind.MUTE, given.facts(**muted))),
        "muted everywhere, several": shown.notifications(
            *(note(NotificationKind.MUTE, given.facts(name, name, **muted)) for name in ("Ads", "Loop"))
        ),
        "muted everywhere, all": shown.notifications(note(NotificationKind.MUTE, Facts(**muted))),
        "reminded after an ack": shown.notifications(
            low(NotifyReason.REMINDED, CRITICAL, credits=given.NONE_LEFT, **before)
        ),
        "reminded after an ack, a plan": shown.notifications(
            plan(NotifyReason.REMINDED, CRITICAL, plan=gone, **before)
        ),
        "reminded after an ack, a source": shown.notifications(source(NotifyReason.REMINDED, **before)),
        "reminded after an ack, several": shown.notifications(
            *many("Ads", "Loop", reason=NotifyReason.REMINDED, severity=CRITICAL, credits=given.NONE_LEFT, **before)
        ),
    }


def priced(credits: Credits) -> Credits:
    """The credits of an account whose jobs have a cost."""
    return replace(credits, job_cost=JobCost(35, "5 s at 720p"))


def notes() -> Mapping[str, str]:
    """The rare notes beside alerts."""
    paused: dict[str, Any] = {"by": "Kim", "acted_at": NOW, "until": NOW + timedelta(hours=3)}
    night = Facts(since=NOW.replace(hour=2, minute=10), until=NOW.replace(hour=7, minute=45))
    return {
        "no longer listed": shown.notifications(
            note(NotificationKind.GONE, given.facts(credits=given.LOW, credits_at=ago(hours=1)))
        ),
        "credits lapse": shown.notifications(lapse()),
        "credits lapse, all that is left today": shown.notifications(lapse(left=Left(4_120, 4_120, 4_120))),
        "credits lapse, of a lot": shown.notifications(lapse(lot=LOTS)),
        "credits lapse, of a lot without a known pace": shown.notifications(lapse(lot=LOTS, left=None)),
        "a credit lapses": shown.notifications(lapse(lot=LOTS, left=None, amount=1)),
        "credits lapse, several without a known pace": shown.notifications(
            lapse("Ads", lot=LOTS, left=None), lapse("Main", left=Left(9_412, 7_000, 10_300))
        ),
        "credits lapse, several": shown.notifications(
            lapse("Ads"), lapse("Main", left=Left(9_412, 7_000, 10_300)), lapse("Loop", at=NOW + timedelta(days=1))
        ),
        "paused": shown.notifications(note(NotificationKind.PAUSED, given.facts(count=1, **paused))),
        "paused, several": shown.notifications(note(NotificationKind.PAUSED, Facts(count=12, **paused))),
        "paused, all": shown.notifications(note(NotificationKind.PAUSED, Facts(**paused))),
        "a pause is over": shown.notifications(note(NotificationKind.RESUMED, given.facts(count=1))),
        "a pause is over, all": shown.notifications(note(NotificationKind.RESUMED, Facts())),
        "resumed": shown.notifications(note(NotificationKind.RESUMED, given.facts(count=1, by="Kim"))),
        "nobody was watching": shown.notifications(note(NotificationKind.DOWNTIME, night)),
        "nobody was watching, and the clock was set back since": shown.notifications(
            note(NotificationKind.DOWNTIME, Facts(since=NOW + timedelta(hours=2), until=NOW + timedelta(hours=3)))
        ),
        "nobody was watching, since yesterday": shown.notifications(
            note(NotificationKind.DOWNTIME, Facts(since=ago(days=1), until=NOW))
        ),
    }


def events() -> Mapping[str, str]:
    """What the webhook's receiver gets."""
    critical, studio = CRITICAL, f"pixverse:{given.facts().email}"
    low_facts = given.facts(credits=given.LOW, credits_at=NOW, value=2900, threshold="20%", rung="20 %", since=NOW)
    alert = Alert(studio, AlertRule.CREDITS, 1, 1, 1, ago(hours=1), severity=Severity.WARNING, peak=critical)
    waits = replace(low_facts, unattended_since=ago(minutes=30))
    source_facts = Facts(name="pixverse", source="pixverse", outage=FailureKind.UNAUTHORIZED, count=12, total=12)
    token = Alert("pixverse", AlertRule.FAILURES, 2, 1, 1, NOW, severity=critical, peak=critical)
    many_lost, one_lost = (
        Facts(count=12, since=ago(days=9), until=ago(days=7)),
        Facts(count=1, since=ago(days=7), until=ago(days=7)),
    )
    gone = Notification("", NotificationKind.GONE, Severity.INFO, subject=studio, facts=given.facts())
    found = {
        "firing": event_of(alert, NotifyReason.FIRED, low_facts),
        "worsened": event_of(replace(alert, severity=critical), NotifyReason.WORSENED, low_facts),
        "a reminder": event_of(replace(alert, severity=critical), NotifyReason.REMINDED, low_facts),
        "resolved": event_of(replace(alert, level=0, severity=None), NotifyReason.RESOLVED, low_facts),
        "jobs run again": event_of(alert, NotifyReason.EASED, low_facts),
        "escalated": event_of(replace(alert, severity=critical), NotifyReason.ESCALATED, waits),
        "the token is refused": event_of(token, NotifyReason.FIRED, source_facts),
        "no longer listed": Event(EventType.NOTICE, gone),
        "closed": closed_event(alert, given.facts()),
        "dropped": Event(EventType.NOTICE, note(NotificationKind.DROPPED, many_lost)),
        "one that was dropped": Event(EventType.NOTICE, note(NotificationKind.DROPPED, one_lost)),
    }
    bodies = {name: body_of(WaitingEvent(1, "msg_1", event, NOW), UTC_ZONE) for name, event in found.items() if event}
    bodies["doctor's test"] = doctor_body(NOW)
    return {name: json.dumps(json.loads(body), indent=1, ensure_ascii=False) for name, body in bodies.items()}


LEFT = Left(3_960, 2_870, 4_450)
END = datetime(2026, 7, 23, 0, 48, tzinfo=UTC)


def lapse(
    name: str = "Studio", at: datetime = END, left: Left | None = LEFT, lot: str = PLAN, amount: int = 4_120
) -> Notification:
    """Credits that a plan's end takes, or a lot's."""
    told = Lapse(lot, at, amount, 15_000, "Premium - Monthly", left)
    credits = replace(given.LOW, monthly=4_120)
    facts = given.facts(name, f"{name.lower()}@example.com", credits=credits, plan=given.CANCELLED, lapse=told)
    return note(NotificationKind.LAPSE, facts)


def ended_messages() -> Mapping[str, str]:
    """What a message says once alerts that it told of are over."""
    ack = Silence(SilenceKind.ACK, "", AlertRule.CREDITS, by="Kim", made_at=NOW + timedelta(hours=1), id=3)
    three = many("Ads", "Demo", "Loop")
    joined = [replace(one, reason=NotifyReason.JOINED) for one in (source(), *three, plan())]
    return {
        "one": ended(low(), over=1),
        "one of a source": ended(source(), over=1),
        "one of three": ended(*three, over=1),
        "two of three, acknowledged": ended(*three, over=2, held=ack),
        "all of three": ended(*three, over=3),
        "an escalated one": ended(escalated(low()), over=1),
        "one of three escalated": ended(*map(escalated, three), over=1),
        "one of a greeting": ended(*joined, over=1),
        "two of a greeting": ended(*reversed(joined), over=2),
        "credits that lapse": ended(lapse(), over=1),
        "credits that lapse, of a lot without a known pace": ended(lapse(lot=LOTS, left=None), over=1),
        "credits that lapse, of one of two": ended(lapse("Ads"), lapse("Main"), over=1),
    }


def ended(*told: Notification, over: int, held: Silence | None = None) -> str:
    """A message of which so many alerts are over, since two hours after it was sent."""
    deliveries, over_at = tuple(sent(one) for one in told), NOW + timedelta(hours=2)
    alerts = tuple(ToldAlert(at, one, over_at if at < over else None, None) for at, one in enumerate(told))
    told_then = EndedMessage(given.CHAT, 1, 1, NOW, deliveries, alerts)
    return shown.message(ended_message(told_then, held, over_at, given.UTC_ZONE))
