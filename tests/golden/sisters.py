"""Accounts of the sister services: what their alerts say, each in its unit, and what is answered about them."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.domain.accounts import Account, Balance, Credits, Plan, PlanChange, Reading, Unit
from bot.domain.alerts import Alert, AlertRule, NotifyReason, Severity
from bot.domain.notifications import Notification, Watched
from tests.golden import shown
from tests.golden.alerts import OUT
from tests.golden.asked import answer
from tests.support import given
from tests.support.given import ago

END = datetime(2026, 7, 23, 0, 48, tzinfo=UTC)
LATER = datetime(2026, 8, 1, 7, tzinfo=UTC)
KLING = Credits.of(20, 660)
RUNWAY = Credits.of(935, 2250)
GOLD = Credits.of(40)
SECONDS = Credits.of(310, 10_000, LATER, Unit.SECONDS)
QUOTA = Credits.of(3, None, END, Unit.PERCENT)
MUREKA = Plan("Monthly Pro", free=False, ends_at=END, renewal_unknown=True)
NO_PLAN = Plan()


def film(credits: Credits, service: str, **more: Any) -> dict[str, Any]:
    """Facts of an account of a service, without a plan."""
    return {"name": "Film", "email": "carol@example.com", "source": service, "credits": credits, "plan": NO_PLAN} | more


def of_service(told: Notification) -> Notification:
    """The notice with its account's own key."""
    return replace(told, subject=f"{told.facts.source}:{told.facts.email}")


def low(reason: NotifyReason = NotifyReason.FIRED, severity: Severity = Severity.WARNING, **more: Any) -> Notification:
    """A low balance."""
    return of_service(given.low(reason, severity, **more))


def plan(reason: NotifyReason = NotifyReason.FIRED, severity: Severity = Severity.WARNING, **more: Any) -> Notification:
    """A plan's alert."""
    return of_service(given.plan(reason, severity, **more))


def runs_out(credits: Credits, service: str, reason: NotifyReason = NotifyReason.FIRED) -> Notification:
    """The forecast of a balance that runs out before its refill."""
    told = film(credits, service, foretold=replace(OUT, total=credits.total, boundary=credits.refresh_at, per_day=90.0))
    return of_service(given.notification(AlertRule.RUNWAY, reason, Severity.WARNING, given.facts(**told)))


def alerts_() -> Mapping[str, str]:
    """Low balances, plans of which nobody knows whether they renew."""
    critical, info = Severity.CRITICAL, Severity.INFO
    none = {"rung": "0", "severity": critical}
    mureka = film(GOLD, "mureka", plan=MUREKA, severity=info, level=1)
    overdue = {**mureka, "plan": replace(MUREKA, ends_at=ago(hours=2))}
    renewed = {**mureka, "plan": replace(MUREKA, ends_at=END + timedelta(days=31)), "plan_change": PlanChange.RENEWED}
    return {
        "Kling, low": shown.notifications(low(**film(KLING, "kling", rung="5 %"))),
        "Kling, out of credits": shown.notifications(low(**film(Credits.of(0, 660), "kling", **none))),
        "Kling, enough again": shown.notifications(
            low(NotifyReason.RESOLVED, **film(Credits.of(640, 660), "kling", growth="top-up", worst=20))
        ),
        "Mureka, below a number": shown.notifications(low(**film(GOLD, "mureka", rung="50"))),
        "Google Vids, low": shown.notifications(low(**film(SECONDS, "google-vids", rung="5 %"))),
        "Google Vids, out of seconds": shown.notifications(
            low(**film(replace(SECONDS, monthly=0), "google-vids", **none))
        ),
        "Google Vids, refilled": shown.notifications(
            low(
                NotifyReason.RESOLVED,
                **film(replace(SECONDS, monthly=10_000), "google-vids", growth="refill", worst=310, since=ago(hours=5)),
            )
        ),
        "Muse, low": shown.notifications(low(**film(QUOTA, "muse", rung="5 %"))),
        "Muse, used up": shown.notifications(low(**film(replace(QUOTA, monthly=0), "muse", **none))),
        "Muse, whole again": shown.notifications(
            low(NotifyReason.RESOLVED, **film(replace(QUOTA, monthly=100), "muse", growth="refill", worst=3))
        ),
        "Google Vids, runs out": shown.notifications(runs_out(SECONDS, "google-vids")),
        "Google Vids, lasts again": shown.notifications(runs_out(SECONDS, "google-vids", NotifyReason.RESOLVED)),
        "Muse, runs out": shown.notifications(runs_out(QUOTA, "muse")),
        "Mureka's plan ends or renews": shown.notifications(plan(**mureka)),
        "Mureka's plan was due": shown.notifications(plan(**overdue)),
        "Mureka's plan goes on": shown.notifications(plan(NotifyReason.RESOLVED, **renewed)),
        "several plans end or renew": shown.notifications(plan(**mureka), plan(**{**mureka, "name": "Ads"})),
    }


def watched(service: str, name: str, credits: Credits, *parts: Balance, rung: str = "", **more: Any) -> Watched:
    """An account of a service, read two minutes ago; with a ``rung`` its credits are low."""
    at = ago(minutes=2)
    key = f"{service}:{name}"
    reading = Reading(at, credits, more.pop("plan", NO_PLAN), parts=parts, details=more.pop("details", {}))
    known = Account(key, service, name, reading=reading, looked_at=at, allowance=credits.monthly_allowance, **more)
    firing = Alert(key, AlertRule.CREDITS, level=2, severity=Severity.WARNING, since=ago(hours=3), episode=1)
    return Watched(known, (firing,) if rung else ())


FLEET = (
    watched(
        "kling",
        "carol@example.com",
        Credits.of(960.5, 660),
        Balance("plan", 560, "credits", 660, None, END),
        Balance("topup", 400.5, "credits", 500),
        origin="Kling",
    ),
    watched("runway", "carol@example.com", RUNWAY, origin="Runway"),
    watched("mureka", "123456789", GOLD, Balance("silver", 4), plan=MUREKA),
    watched("minimax", "123456", Credits.of(2278), Balance("lot", 2, lapses_at=END), plan=Plan("Free", free=True)),
    watched("dreamina", "US:carol@example.com", Credits.of(24_065), details={"claimed": True}),
    watched("google-flow", "dora@example.com", Credits.of(1250), details={"costs": {"Veo 3.1 - Quality": 100}}),
    watched(
        "flow-music", "erin@example.com", Credits.of(5000), Balance("tokens", 60_000, ""), plan=Plan("plus-monthly")
    ),
    watched("google-vids", "fay@example.com", SECONDS, rung="5 %"),
    watched("muse", "gus@example.com", QUOTA, rung="5 %", plan=Plan("HATCH_FREE", free=None)),
)


def asked_() -> Mapping[str, str]:
    """All of them in a list, and each alone."""
    cards = {f"/credits of {one.account.source}": answer(f"/credits {one.account.key}", one) for one in FLEET}
    return {
        "/credits": answer("/credits", *FLEET),
        "/alerts": answer("/alerts", *FLEET),
        "a name that fits two services": answer("/credits carol@example.com", *FLEET),
        "the service before it": answer("/credits kling:carol@example.com", *FLEET),
        **cards,
    }
