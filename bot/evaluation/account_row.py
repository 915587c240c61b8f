"""One account for machines: a row of ``check --json`` and of ``GET /accounts``. Pure.

Values that are unknown, or that a service does not have, are None.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from bot.domain.accounts import Account, CheckFailure, FailureKind
from bot.domain.alerts import Alert
from bot.evaluation.evaluate import with_allowances
from bot.evaluation.forecast.foresee import told_now

MENDS = {
    FailureKind.UNAUTHORIZED: "put a valid token into USEAPI_TOKEN",
    FailureKind.LAPSED: "renew the useapi.net subscription",
    FailureKind.MISSING: "check the email, or add the account at useapi.net",
    FailureKind.BROKEN: "remove the account at useapi.net and add it again",
    FailureKind.UNREFRESHED: "it may pass; if it lasts, remove the account at useapi.net and add it again",
}


def account_row(account: Account, alerts: Iterable[Alert], now: datetime) -> dict[str, Any]:
    """The account with its last numbers, and what its firing ``alerts`` make of them."""
    reading, outage = account.reading, account.outage
    credits = with_allowances(account)
    buckets = credits if credits and not credits.single else None
    plan = reading.plan if reading else None
    unreadable = [one.unreadable for one in reading.left_out if one.unreadable] if reading else []
    return {
        "account": account.key,
        "label": account.label,
        "service": service_of(account),
        "credits": credits.total if credits else None,
        "unit": credits.unit if credits else None,
        "percent_left": credits.percent if credits else None,
        "jobs": credits.jobs if credits else None,
        "jobs_refused": account.jobs_refused(now),
        "credits_daily": buckets.daily if buckets else None,
        "credits_monthly": buckets.monthly if buckets else None,
        "credits_package": buckets.package if buckets else None,
        "credits_monthly_allowance": credits.monthly_allowance if credits else None,
        "plan": plan.name if plan else None,
        "plan_ends_at": iso(plan.ends_at) if plan else None,
        "renews": plan.renews if plan else None,
        "runs_out_at": iso(runs_out_at(account, now)),
        "taken_at": iso(reading.taken_at) if reading else None,
        "severity": severity_of(account, alerts),
        "error": outage_text(outage) if outage else None,
        **({"unreadable": unreadable} if unreadable else {}),
    }


def service_of(account: Account) -> str:
    """The service of an account's key, without the source's name."""
    return account.key.partition(":")[0].partition("/")[0]


def severity_of(account: Account, alerts: Iterable[Alert]) -> str:
    """ok, info, warning, critical, or unknown where the last check failed."""
    if account.outage or not account.reading:
        return "unknown"
    worst = max((alert.severity for alert in alerts if alert.severity), default=None)
    return worst.word if worst else "ok"


def runs_out_at(account: Account, now: datetime) -> datetime | None:
    """When the credits run out most likely; None if they last, or nobody knows."""
    foretold = told_now(account, now)
    return None if foretold is None or foretold.lasts else foretold.median


def outage_text(outage: CheckFailure) -> str:
    """Why a check failed, and what to do, if there is anything."""
    mend = MENDS.get(outage.kind)
    words = f"{outage.kind.value}: {outage.said}" if outage.said else outage.kind.value
    return f"{words} ({mend})" if mend else words


def iso(moment: datetime | None) -> str | None:
    """A moment as ISO 8601 in UTC."""
    return moment.isoformat().replace("+00:00", "Z") if moment else None
