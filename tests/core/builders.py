"""Short ways to make the frozen values that the tests of the core speak of."""

from datetime import UTC, datetime, timedelta

from bot.core.measures import Standing, ladder_severities
from bot.core.model import (
    Account,
    Alert,
    Chat,
    Credits,
    Facts,
    Ladder,
    Measure,
    Notice,
    Notification,
    Number,
    Outage,
    OutageKind,
    Plan,
    Reading,
    Reason,
    Rules,
    Severity,
    Threshold,
    Topic,
)

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SECOND, MINUTE, HOUR, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
KEY, EMAIL, SOURCE = "pixverse:alice@example.com", "alice@example.com", "pixverse"
PRO = "Pro - Monthly"


def rungs(*texts: str) -> Ladder:
    """A ladder as people write it: ``rungs("20%", "5%", "0")``."""
    return tuple(Threshold(float(text.rstrip("%")), percent=text.endswith("%")) for text in texts)


def days(*numbers: float) -> Ladder:
    """A ladder of a plan's days."""
    return tuple(Threshold(number * DAY.total_seconds()) for number in numbers)


RULES = Rules(low_credits=rungs("20%", "5%", "0"), plan_ends_within=days(7, 3, 1), unreadable_after=3, remind_every=DAY)


def credit_of(monthly: Number, allowance: Number | None = 10_000, **more: Number | datetime | None) -> Credits:
    """Credits with an allowance of ten thousand unless told otherwise."""
    return Credits(monthly, monthly_allowance=allowance, **more)  # type: ignore[arg-type]


def read(credits_: Credits | Number = 9_000, at: datetime = NOW, plan: Plan | None = None) -> Reading:
    """A reading with plenty of credits and no plan worth a word."""
    known = credits_ if isinstance(credits_, Credits) else credit_of(credits_)
    return Reading(at, known, plan or Plan())


def failed(kind: OutageKind = OutageKind.UNAVAILABLE, at: datetime = NOW, said: str = "no answer") -> Outage:
    """A look that failed."""
    return Outage(at, kind, said)


def account_with(
    reading: Reading | None = None,
    outage: Outage | None = None,
    failures: int = 0,
    *,
    label: str | None = None,
    listed_error: str | None = None,
) -> Account:
    """Alice's account after such a reading and such an outage."""
    known = reading.credits if reading else None
    last = outage or reading
    return Account(
        KEY,
        SOURCE,
        EMAIL,
        label=label,
        reading=reading,
        outage=outage,
        failures=failures or (1 if outage else 0),
        failing_since=outage.taken_at if outage else None,
        looked_at=last.taken_at if last else None,
        listed_error=listed_error,
        allowance=known.monthly_allowance if known else None,
        daily_allowance=known.daily_allowance if known else None,
    )


def quiet(measure: Measure = Measure.CREDITS) -> Alert:
    """An alert that never fired."""
    return Alert(KEY, measure)


def firing(level: int, told: int | None = None, *, measure: Measure = Measure.CREDITS, ladder: int = 3) -> Alert:
    """An alert in its first episode since NOW, told to the level it stands at unless said otherwise."""
    known = level if told is None else told
    return Alert(
        KEY,
        measure,
        level=level,
        episode=1,
        sequence=1 if known else 0,
        since=NOW,
        told_level=known,
        reminded_at=NOW,
        worst=float(-level),
        severity=ladder_severities(ladder)[level - 1],
    )


def stand(reach: int, hold: int | None = None, ladder: int = 3) -> Standing:
    """A measure that reaches one level and still holds another; its value falls with its level."""
    return Standing(float(-reach), reach, reach if hold is None else hold, ladder_severities(ladder))


def notification(
    number: int,
    reason: Reason = Reason.FIRED,
    who: str = "alice",
    *,
    measure: Measure | None = Measure.CREDITS,
    severity: Severity = Severity.WARNING,
    topic: Topic = Topic.ALERT,
    source: bool = False,
    at: datetime = NOW,
    attempts: int = 0,
) -> Notification:
    """One notice to one chat, about one account, or about a source."""
    notice = Notice(
        key=f"{who}|{measure}|{number}",
        topic=topic,
        severity=Severity.INFO if reason is Reason.RESOLVED else severity,
        reason=reason,
        subject=who,
        measure=measure,
        facts=Facts(name=who, email=None if source else f"{who}@example.com"),
    )
    return Notification(number, Chat(-100), notice, at, attempts)
