"""Short ways to make the frozen values that the tests of the core speak of."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from bot.domain.accounts import Account, CheckFailure, Credits, FailureKind, Number, Plan, Reading
from bot.domain.alerts import Alert, AlertRule, Notified, NotifyReason, Severity, Silence
from bot.domain.chats import Chat
from bot.domain.notifications import Delivery, Facts, Notification, NotificationKind
from bot.domain.rules import Rules, Threshold, Thresholds
from bot.evaluation.evaluate import AlertUpdate, Audience
from bot.evaluation.measurements import Measurement, ladder_severities

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SECOND, MINUTE, HOUR, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
KEY, EMAIL, SOURCE = "pixverse:alice@example.com", "alice@example.com", "pixverse"
PRO = "Pro - Monthly"


def rungs(*texts: str) -> Thresholds:
    """A ladder as people write it: ``rungs("20%", "5%", "0")``."""
    return tuple(Threshold(float(text.rstrip("%")), percent=text.endswith("%")) for text in texts)


def days(*numbers: float) -> Thresholds:
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


def failed(kind: FailureKind = FailureKind.UNAVAILABLE, at: datetime = NOW, said: str = "no answer") -> CheckFailure:
    """A look that failed."""
    return CheckFailure(at, kind, said)


def account_with(
    reading: Reading | None = None,
    outage: CheckFailure | None = None,
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


def quiet(measure: AlertRule = AlertRule.CREDITS) -> Alert:
    """An alert that never fired."""
    return Alert(KEY, measure)


HERE, THERE = Chat(111), Chat(-222)
"""Two chats that are told of Alice's account."""


def firing(level: int, *, measure: AlertRule = AlertRule.CREDITS, ladder: int = 3) -> Alert:
    """An alert in its first episode since NOW."""
    return Alert(
        KEY,
        measure,
        level=level,
        episode=1,
        sequence=1,
        since=NOW,
        reminded_at=NOW,
        worst=float(-level),
        severity=ladder_severities(ladder)[level - 1],
    )


def told(level: int, episode: int = 1) -> Notified:
    """What a chat remembers that was told of an episode down to a level."""
    return Notified(episode, level)


@dataclass
class Listeners:
    """What each chat was told of the alerts of one subject, kept as the store does."""

    chats: tuple[Chat, ...] = (HERE,)
    silences: list[Silence] = field(default_factory=list)
    notified: dict[AlertRule, Mapping[Chat, Notified]] = field(default_factory=dict)

    @property
    def audience(self) -> Audience:
        """As a decision wants to know them."""
        return Audience(self.chats, self.notified, tuple(self.silences))

    def keep(self, updates: Iterable[AlertUpdate]) -> None:
        """Remembers what was told; silences that an alert has ended are over."""
        for one in updates:
            self.notified[one.alert.measure] = one.notified
            self.silences = [each for each in self.silences if each.id not in one.ended or not each.id]


def notices_to(updates: Iterable[AlertUpdate], chat: Chat = HERE) -> list[Notification]:
    """What a chat is told of a decision."""
    return [notification for one in updates for notification, chats in one.notifications if chat in chats]


def stand(fire_level: int, clear_level: int | None = None, ladder: int = 3) -> Measurement:
    """A measure that reaches one level and still holds another; its value falls with its level."""
    return Measurement(
        float(-fire_level), fire_level, fire_level if clear_level is None else clear_level, ladder_severities(ladder)
    )


def delivery(
    number: int,
    reason: NotifyReason = NotifyReason.FIRED,
    who: str = "alice",
    *,
    measure: AlertRule | None = AlertRule.CREDITS,
    severity: Severity = Severity.WARNING,
    topic: NotificationKind = NotificationKind.ALERT,
    source: bool = False,
    at: datetime = NOW,
    attempts: int = 0,
) -> Delivery:
    """One notice to one chat, about one account, or about a source."""
    notification = Notification(
        key=f"{who}|{measure}|{number}",
        topic=topic,
        severity=Severity.INFO if reason is NotifyReason.RESOLVED else severity,
        reason=reason,
        subject=who,
        measure=measure,
        facts=Facts(name=who, email=None if source else f"{who}@example.com"),
    )
    return Delivery(number, Chat(-100), notification, at, attempts)
