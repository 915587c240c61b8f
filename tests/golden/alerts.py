"""The alerts of one account, of several, and of a source."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.domain.accounts import Foretold, OutageKind, Plan
from bot.domain.alerts import Measure, Reason, Severity, Silence, SilenceKind
from bot.domain.notifications import Facts, Notice, Topic
from bot.domain.rules import CANCELLED
from bot.domain.told_messages import EndedMessage, ToldAlert
from bot.features.endings.text import ended_message
from bot.features.fallback.text import write_letter
from bot.outbox.batching import Parcel, Story
from tests.chat import given
from tests.chat.given import NOW, ago, low, note, notice, plan, sent, source, unreadable
from tests.golden import shown

CRITICAL, WARNING, INFO = Severity.CRITICAL, Severity.WARNING, Severity.INFO
WEEKEND: dict[str, Any] = {"since": ago(days=2, hours=3)}
DAILY: dict[str, Any] = {"daily_allowance": 60, "daily_refresh_at": datetime(2026, 7, 21, tzinfo=UTC)}
REFILL = given.REFILL
OUT = Foretold(
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


def foreseen(reason: Reason, foretold: Foretold, measure: Measure = Measure.RUNWAY, **more: Any) -> str:
    """An alert of the forecast."""
    facts = given.facts(credits=given.LOW, foretold=foretold, **more)
    severity = INFO if reason is Reason.RESOLVED else WARNING
    return shown.notices(notice(measure, reason, severity, facts))


def many(*names: str, **more: Any) -> list[Notice]:
    """Accounts of these names."""
    return [low(name=name, email=f"{name.lower()}@example.com", **more) for name in names]


def credits() -> Mapping[str, str]:
    """Low credits."""
    none: dict[str, Any] = {"credits": given.NONE_LEFT, "rung": "0", "severity": CRITICAL}
    very: dict[str, Any] = {"credits": given.VERY_LOW, "rung": "5 %", "severity": CRITICAL}
    ended: dict[str, Any] = {"plan": given.CANCELLED}
    late = ago(minutes=43)
    return {
        "low": shown.notices(low()),
        "low, a refill of the day to come": shown.notices(low(credits=replace(given.LOW, **DAILY), plan=given.PREMIUM)),
        "low, and the plan ends": shown.notices(low(**ended)),
        "low, at this pace before the refill": shown.notices(low(foretold=OUT)),
        "low, and lasts": shown.notices(low(foretold=LASTS)),
        "low, against its forecast": shown.notices(
            low(credits=replace(given.VERY_LOW, monthly=600), foretold=replace(LASTS, total=14_490, unused=14_000))
        ),
        "low, at the line": shown.notices(low(credits=replace(given.LOW, monthly=3_000))),
        "low, a little above the line": shown.notices(low(credits=replace(given.LOW, monthly=3_001))),
        "low, by a number": shown.notices(low(credits=replace(given.LOW, monthly_allowance=None), rung="3,000")),
        "low, a bucket unknown": shown.notices(low(credits=replace(given.LOW, package=None))),
        "low, no refill known": shown.notices(low(credits=replace(given.LOW, refresh_at=None))),
        "worse": shown.notices(low(Reason.WORSENED, **very)),
        "a fraction of a credit": shown.notices(low(**{**very, "credits": replace(given.VERY_LOW, monthly=0.4)})),
        "out of credits": shown.notices(low(**none)),
        "out of credits, a free account": shown.notices(
            low(
                severity=CRITICAL,
                rung="0",
                plan=given.FREE,
                credits=replace(given.NONE_LEFT, monthly_allowance=None, refresh_at=None, **DAILY),
            )
        ),
        "out of credits, nothing comes": shown.notices(
            low(severity=CRITICAL, rung="0", credits=replace(given.NONE_LEFT, refresh_at=None))
        ),
        "below zero": shown.notices(
            low(
                severity=CRITICAL,
                rung="0",
                credits=replace(given.NONE_LEFT, monthly=-50, monthly_allowance=None, refresh_at=None),
            )
        ),
        "reminded": shown.notices(low(Reason.REMINDED, **very, **WEEKEND)),
        "refilled": shown.notices(
            low(Reason.RESOLVED, INFO, credits=given.FULL, growth="refill", worst=180, **WEEKEND)
        ),
        "jobs run again": shown.notices(
            low(Reason.EASED, credits=replace(given.LOW, monthly=2_000), growth="top-up", worst=0, **WEEKEND)
        ),
        "jobs run again, not told in time": shown.parcel(
            Parcel((Story((sent(low(**none), late, late), sent(low(Reason.EASED, growth="top-up", since=late)))),))
        ),
        "topped up": shown.notices(
            low(Reason.RESOLVED, INFO, credits=given.FULL, growth="top-up", worst=180, **WEEKEND)
        ),
        "another plan's credits": shown.notices(low(Reason.RESOLVED, INFO, credits=given.FULL, growth="plan change")),
        "a refund": shown.notices(low(Reason.RESOLVED, INFO, credits=given.FULL, growth="refund")),
        "far more than the allowance": shown.notices(
            low(Reason.RESOLVED, INFO, credits=replace(given.FULL, package=999_999_999_999), growth="top-up")
        ),
        "late, Telegram was away": shown.parcel(Parcel((Story((sent(low(credits_at=late, **very), late, late),)),))),
        "late, the bot was off": shown.parcel(Parcel((Story((sent(low(**very), late),)),))),
        "over before it could be told": shown.parcel(
            Parcel(
                (
                    Story(
                        (
                            sent(low(**very), late, late),
                            sent(
                                low(Reason.RESOLVED, INFO, credits=given.FULL, growth="top-up", since=late, worst=180)
                            ),
                        )
                    ),
                )
            )
        ),
    }


def over(change: str | None, now: Plan) -> str:
    """A plan's alert that is over."""
    return shown.notices(plan(Reason.RESOLVED, INFO, plan=now, plan_change=change))


def plans() -> Mapping[str, str]:
    """A plan's end."""
    ended = replace(given.CANCELLED, ends_at=ago(hours=2))
    later = datetime(2026, 8, 23, 0, 48, tzinfo=UTC)
    return {
        "renews": shown.notices(plan(severity=INFO, plan=given.PREMIUM)),
        "cancelled": shown.notices(plan(severity=INFO, plan=replace(given.CANCELLED, ends_at=later), level=CANCELLED)),
        "no longer cancelled, soon to renew": shown.notices(
            plan(Reason.EASED, INFO, plan=given.PREMIUM, plan_change="kept")
        ),
        "not known to renew": shown.notices(plan(plan=given.GIFT)),
        "cancelled, ends": shown.notices(plan()),
        "cancelled, ends today": shown.notices(plan(plan=replace(given.CANCELLED, ends_at=NOW + timedelta(hours=5)))),
        "cancelled, nothing left to lapse": shown.notices(plan(credits=given.NONE_LEFT)),
        "changes": shown.notices(plan(plan=given.CHANGING)),
        "has ended": shown.notices(plan(severity=CRITICAL, plan=ended)),
        "was not renewed": shown.notices(plan(severity=CRITICAL, plan=replace(given.PREMIUM, ends_at=ago(hours=2)))),
        "reminded of its end": shown.notices(
            plan(Reason.REMINDED, CRITICAL, plan=replace(given.CANCELLED, ends_at=ago(days=2)))
        ),
        "gone, now a free account": shown.notices(
            plan(severity=CRITICAL, plan=replace(given.PREMIUM, free=True, ends_at=NOW + timedelta(days=20)))
        ),
        "gone at its end": shown.notices(
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
        "a broken session, reminded": shown.notices(
            unreadable(Reason.REMINDED, outage=OutageKind.BROKEN, said=said["broken"], since=ago(days=1))
        ),
        **{f"{kind.value}": shown.notices(unreadable(outage=kind, said=said.get(kind.value))) for kind in OutageKind},
        "never read": shown.notices(unreadable(credits=None, credits_at=None)),
        "something in between": shown.notices(
            unreadable(
                outage=OutageKind.UNAVAILABLE,
                said="Something between the bot and useapi.net answers: 403, a page of Cloudflare",
            )
        ),
        "can be read again": shown.notices(unreadable(Reason.RESOLVED, INFO, outage=None, credits_at=NOW)),
    }


def sources() -> Mapping[str, str]:
    """A source whose accounts are all shut."""
    away: dict[str, Any] = {"outage": OutageKind.UNAVAILABLE, "said": "Bad Gateway"}
    return {
        **{kind.value: shown.notices(source(outage=kind, said="Unauthorized")) for kind in OutageKind if kind.refused},
        "unavailable": shown.notices(source(**away)),
        "unavailable, some": shown.notices(source(**away, count=3)),
        "unavailable, its one account": shown.notices(source(**away, count=1, total=1)),
        "reminded": shown.notices(source(Reason.REMINDED, **{**away, "since": ago(days=1)})),
        "can be read again": shown.notices(source(Reason.RESOLVED, count=0)),
        "lists nobody": shown.notices(source(measure=Measure.LISTING, total=0)),
        "lists somebody again": shown.notices(source(Reason.RESOLVED, Measure.LISTING, total=3)),
    }


def forecasts() -> Mapping[str, str]:
    """What is foreseen."""
    vague = replace(OUT, useful=False)
    return {
        "runs out": foreseen(Reason.FIRED, OUT, value=1.7e5),
        "may run out": foreseen(Reason.FIRED, PERHAPS, value=1.7e5),
        "may run out, too wide to plan by": foreseen(Reason.FIRED, vague, value=1.7e5),
        "lasts again": foreseen(Reason.RESOLVED, LASTS, value=9e5),
        "an unusual pace": foreseen(Reason.FIRED, OUT, Measure.SPIKE, value=6.2),
        "the usual pace again": foreseen(Reason.RESOLVED, OUT, Measure.SPIKE, value=1.0, since=ago(hours=3)),
    }


def several() -> Mapping[str, str]:
    """Accounts that fall together."""
    full: dict[str, Any] = {"credits": given.FULL, "credits_at": NOW}
    out: dict[str, Any] = {"credits": given.NONE_LEFT, "rung": "0", "severity": CRITICAL}
    ended, late = replace(given.CANCELLED, ends_at=ago(hours=2)), ago(minutes=43)

    def again(name: str) -> Notice:
        return low(Reason.RESOLVED, INFO, growth="top-up", name=name, email=name, **full)

    kinds = zip(("Ads", "Demo", "Loop"), (OutageKind.UNAVAILABLE, OutageKind.BROKEN, OutageKind.BROKEN), strict=True)
    return {
        "low": shown.notices(*many("Ads", "Demo", **out), *many("Loop")),
        "plans end": shown.notices(*(plan(name=name, email=name) for name in ("Ads", "Demo"))),
        "jobs run again": shown.notices(
            low(Reason.EASED, growth="top-up", name="Ads", email="ads"),
            low(Reason.EASED, growth="refund", name="Demo", email="demo"),
        ),
        "plans gone": shown.notices(
            *(
                plan(severity=CRITICAL, plan=replace(given.PREMIUM, free=True), name=name, email=name)
                for name in ("Ads", "Demo")
            )
        ),
        "plans cancelled": shown.notices(
            *(plan(severity=INFO, level=CANCELLED, name=name, email=name) for name in ("Ads", "Demo"))
        ),
        "plans renew": shown.notices(
            *(plan(severity=INFO, plan=given.PREMIUM, name=name, email=name) for name in ("Ads", "Demo"))
        ),
        "unreadable": shown.notices(*(unreadable(outage=kind, name=name, email=name) for name, kind in kinds)),
        "enough again": shown.notices(
            low(Reason.RESOLVED, INFO, growth="refill", name="Ads", email="ads", **full),
            low(Reason.RESOLVED, INFO, growth="top-up", name="Demo", email="demo", **full),
            low(Reason.RESOLVED, INFO, name="Loop", email="loop", **full),
        ),
        "readable again": shown.notices(
            *(unreadable(Reason.RESOLVED, INFO, name=name, email=name) for name in ("Ads", "Demo"))
        ),
        "plans renew, one was not renewed": shown.notices(
            plan(severity=CRITICAL, plan=replace(given.PREMIUM, ends_at=given.ago(hours=2)), name="Ads", email="ads"),
            plan(severity=INFO, plan=given.PREMIUM, name="Demo", email="demo"),
        ),
        "plans have ended": shown.notices(
            *(plan(severity=CRITICAL, plan=ended, name=name, email=name) for name in ("Ads", "Demo"))
        ),
        "run out": shown.notices(
            *(
                notice(Measure.RUNWAY, Reason.FIRED, WARNING, given.facts(name, name, credits=given.LOW, foretold=OUT))
                for name in ("Ads", "Demo")
            )
        ),
        "spend fast": shown.notices(
            *(
                notice(Measure.SPIKE, Reason.FIRED, WARNING, given.facts(name, name, value=6.2))
                for name in ("Ads", "Demo")
            )
        ),
        "over before they could be told": shown.parcel(
            Parcel(
                tuple(
                    Story((sent(low(name=name, email=name), late, late), sent(again(name)))) for name in ("Ads", "Demo")
                )
            )
        ),
        "more than one message holds": shown.notices(*many(*(f"A rather long name {n:03}" for n in range(200))))[:160],
        "no longer listed": shown.notices(
            *(note(Topic.GONE, given.facts(name, name)) for name in ("Ads", "Demo", "Loop"))
        ),
    }


def second_channel() -> Mapping[str, str]:
    """The same words for a channel that knows plain text only, and what a late message says of it."""

    def letter(*told: Notice) -> str:
        _, words = write_letter(Parcel(tuple(Story((sent(one),)) for one in told)), NOW, given.UTC_ZONE)
        return f"{words.title}\n\n{words.body}"

    late, ways = ago(minutes=43), (ago(minutes=28), "mailto and ntfy")
    return {
        "one": letter(low(severity=CRITICAL, credits=given.NONE_LEFT)),
        "several": letter(*many("Ads", "Loop")),
        "told by Telegram later": shown.parcel(Parcel((Story((replace(sent(low(), late, late), sent_ways=ways),)),))),
    }


def joined(told: Notice, by: str | None = None) -> Notice:
    """An alert that fires when a chat joins."""
    return replace(told, reason=Reason.JOINED, facts=replace(told.facts, by=by))


def greetings() -> Mapping[str, str]:
    """The first message to a chat, with what fires."""
    out = low(severity=CRITICAL, credits=given.NONE_LEFT)
    shut = source(outage=OutageKind.UNAUTHORIZED)
    paired = note(Topic.GREETING, Facts(total=1, by="Kim", check_every=timedelta(hours=1)))
    hello = note(Topic.GREETING, Facts(total=12, check_every=timedelta(minutes=15)))
    fleet = [joined(one) for one in many(*(f"Account {number}" for number in range(11)))]
    nobody = note(Topic.GREETING, Facts(total=0, check_every=timedelta(minutes=15)))
    return {
        "nothing fires": shown.notices(hello),
        "no account yet": shown.notices(nobody),
        "a warning": shown.notices(hello, joined(low())),
        "critical": shown.notices(hello, *map(joined, (out, shut, plan(name="Ads", email="ads")))),
        "somebody is at it": shown.notices(hello, joined(out, by="Kim")),
        "many": shown.notices(hello, joined(unreadable(name="Loop", email="loop")), joined(out), *fleet),
        "paired, nothing fires": shown.notices(paired),
        "paired": shown.notices(paired, joined(out)),
    }


def silenced() -> Mapping[str, str]:
    """What a chat is told of what others silenced, and after that."""
    acked: dict[str, Any] = {"by": "Kim", "acted_at": NOW}
    muted: dict[str, Any] = {**acked, "until": NOW + timedelta(hours=2), "silence": 5}
    before: dict[str, Any] = {"by": "Kim", "acted_at": ago(days=1)}
    gone = replace(given.CANCELLED, ends_at=ago(days=2))

    def ack(*names: str) -> list[Notice]:
        told = [note(Topic.ACK, given.facts(name, name, **acked)) for name in names]
        return [replace(one, measure=Measure.CREDITS, severity=WARNING) for one in told]

    return {
        "acknowledged": shown.notices(*ack("Studio")),
        "acknowledged, several": shown.notices(*ack("Ads", "Loop", "Main")),
        "acknowledged, a source": shown.notices(
            replace(note(Topic.ACK, Facts(source="pixverse", **acked)), measure=Measure.FAILURES)
        ),
        "muted everywhere": shown.notices(note(Topic.MUTE, given.facts(**muted))),
        "muted everywhere, several": shown.notices(
            *(note(Topic.MUTE, given.facts(name, name, **muted)) for name in ("Ads", "Loop"))
        ),
        "muted everywhere, all": shown.notices(note(Topic.MUTE, Facts(**muted))),
        "reminded after an ack": shown.notices(low(Reason.REMINDED, CRITICAL, credits=given.NONE_LEFT, **before)),
        "reminded after an ack, a plan": shown.notices(plan(Reason.REMINDED, CRITICAL, plan=gone, **before)),
        "reminded after an ack, a source": shown.notices(source(Reason.REMINDED, **before)),
        "reminded after an ack, several": shown.notices(
            *many("Ads", "Loop", reason=Reason.REMINDED, severity=CRITICAL, credits=given.NONE_LEFT, **before)
        ),
    }


def notes() -> Mapping[str, str]:
    """The rare notes beside alerts."""
    paused: dict[str, Any] = {"by": "Kim", "acted_at": NOW, "until": NOW + timedelta(hours=3)}
    night = Facts(since=NOW.replace(hour=2, minute=10), until=NOW.replace(hour=7, minute=45))
    return {
        "no longer listed": shown.notices(note(Topic.GONE, given.facts(credits=given.LOW, credits_at=ago(hours=1)))),
        "paused": shown.notices(note(Topic.PAUSED, given.facts(count=1, **paused))),
        "paused, several": shown.notices(note(Topic.PAUSED, Facts(count=12, **paused))),
        "paused, all": shown.notices(note(Topic.PAUSED, Facts(**paused))),
        "a pause is over": shown.notices(note(Topic.RESUMED, given.facts(count=1))),
        "a pause is over, all": shown.notices(note(Topic.RESUMED, Facts())),
        "resumed": shown.notices(note(Topic.RESUMED, given.facts(count=1, by="Kim"))),
        "nobody was watching": shown.notices(note(Topic.DOWNTIME, night)),
        "nobody was watching, since yesterday": shown.notices(
            note(Topic.DOWNTIME, Facts(since=ago(days=1), until=NOW))
        ),
    }


def ended_messages() -> Mapping[str, str]:
    """What a message says once alerts that it told of are over."""
    ack = Silence(SilenceKind.ACK, "", Measure.CREDITS, by="Kim", made_at=NOW + timedelta(hours=1), id=3)
    three = many("Ads", "Demo", "Loop")
    joined = [replace(one, reason=Reason.JOINED) for one in (source(), *three, plan())]
    return {
        "one": ended(low(), over=1),
        "one of a source": ended(source(), over=1),
        "one of three": ended(*three, over=1),
        "two of three, acknowledged": ended(*three, over=2, held=ack),
        "all of three": ended(*three, over=3),
        "one of a greeting": ended(*joined, over=1),
        "two of a greeting": ended(*reversed(joined), over=2),
    }


def ended(*told: Notice, over: int, held: Silence | None = None) -> str:
    """A message of which so many alerts are over, since two hours after it was sent."""
    notifications, over_at = tuple(sent(one) for one in told), NOW + timedelta(hours=2)
    alerts = tuple(ToldAlert(at, one, over_at if at < over else None, None) for at, one in enumerate(told))
    told_then = EndedMessage(given.CHAT, 1, 1, NOW, notifications, alerts)
    return shown.message(ended_message(told_then, held, over_at, given.UTC_ZONE))
