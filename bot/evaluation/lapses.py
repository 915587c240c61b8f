"""Credits that a certain end will take: when that is sent, once for each end, and when it no longer holds. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.domain.accounts import Account, Reading, Unit
from bot.domain.alerts import Severity
from bot.domain.lapses import LOTS, PLAN, Lapse, Left, ToldLapse
from bot.domain.notifications import Facts, Notification, NotificationKind
from bot.evaluation.evaluate import with_allowances
from bot.evaluation.forecast.foresee import told_now
from bot.evaluation.forecast.lots import left_of_lots
from bot.evaluation.left_out import trusted_end

BEFORE = timedelta(days=3)
"""How long before the end it is sent."""

WORTH, SPENT = 0.1, 0.05
"""Shares of the allowance: from the first on a lapse is sent, below the second it no longer holds."""

SAME_END = timedelta(days=1)
"""Ends nearer to each other are one: services compute them, and are off by seconds."""


@dataclass(frozen=True, slots=True)
class LapseUpdate:
    """The notifications that are due, also those that some chats have already; and what is ``over`` or ``past``."""

    due: tuple[Notification, ...] = ()
    over: tuple[ToldLapse, ...] = ()
    past: tuple[ToldLapse, ...] = ()


def lapses_of(account: Account, now: datetime) -> list[Lapse]:
    """The credits of an account that surely lapse."""
    if account.reading is None or account.outage or account.pause:
        return []
    return [*of_plan(account, account.reading, now), *of_lots(account, account.reading, now)]


def of_plan(account: Account, reading: Reading, now: datetime) -> list[Lapse]:
    """The monthly credits, with a plan that surely ends.

    For a plan of which an answer left that out, nothing is known to be left: it is not sent, and not over either.
    """
    end, plan = trusted_end(reading, now), reading.plan
    if not account.allowance:
        return []
    if end is None or plan.surely_ends is False or plan.free:
        return []
    left = left_of(account, end, now) if plan.surely_ends else None
    return [Lapse(PLAN, end, reading.credits.monthly, account.allowance, plan.name, left)]


def of_lots(account: Account, reading: Reading, now: datetime) -> list[Lapse]:
    """The lots of credits with their own ends; those that end within a day of each other are one.

    Without an allowance, all that the account has stands for it.
    """
    lots = sorted(
        (lot.lapses_at, lot.amount)
        for lot in reading.parts
        if lot.unit == Unit.CREDITS and lot.amount and lot.lapses_at and lot.lapses_at > now
    )
    of, found = account.allowance or reading.credits.total, list[Lapse]()
    for end, amount in lots:
        if found and end - found[-1].at < SAME_END:
            found[-1] = replace(found[-1], amount=found[-1].amount + amount)
        else:
            found.append(Lapse(LOTS, end, amount, of))
    left = left_of_lots(account, [(one.at, float(one.amount)) for one in found], now)
    return [replace(one, left=rest) for one, rest in zip(found, left, strict=True)]


def left_of(account: Account, end: datetime, now: datetime) -> Left | None:
    """The part of the monthly credits that is left at the plan's end; None while the pace is not known."""
    foretold = told_now(account, now)
    if foretold is None or not foretold.lapses or foretold.boundary is None or abs(foretold.boundary - end) > SAME_END:
        return None
    if foretold.unused is None or foretold.unused_least is None or foretold.unused_most is None:
        return None
    return Left(foretold.unused, foretold.unused_least, foretold.unused_most)


def decide_lapses(account: Account, lapses: Sequence[Lapse], told: Sequence[ToldLapse], now: datetime) -> LapseUpdate:
    """The lapses of an account that have to be sent, and those that were sent (``told``) and no longer hold.

    Nothing is over for an account whose credits are not known now.
    """
    past = tuple(one for one in told if one.waits and one.lapse.at <= now)
    if account.reading is None or account.outage or account.pause:
        return LapseUpdate(past=past)
    over = tuple(one for one in told if not one.over and one.lapse.at > now and not still_holds(one, lapses))
    known_pace = has_pace(account)
    due = [one for one in lapses if is_due(one, now, known_pace=known_pace)]
    known = [(lapse, next((one for one in told if is_same(one.lapse, lapse)), None)) for lapse in due]
    return LapseUpdate(
        due=tuple(notification_of(account, lapse, one, now) for lapse, one in known if one is None or not one.over),
        over=over,
        past=past,
    )


def has_pace(account: Account) -> bool:
    """True if readings of a week or more tell how fast credits are spent, also while the forecast itself is too old."""
    return account.foretold is not None and account.foretold.per_day_lately is not None


def is_due(lapse: Lapse, now: datetime, *, known_pace: bool = True) -> bool:
    """True if an end is near, and what is left by then is worth a word.

    Without a pace the credits of today say little of what will be left. The end of a plan has its own alerts, but
    nothing else tells of a lot: that is sent with all that it has.
    """
    if not timedelta(0) < lapse.at - now <= BEFORE:
        return False
    if lapse.left is None:
        return lapse.lot == LOTS and not known_pace and lapse.amount >= WORTH * lapse.of
    return lapse.left.likely >= WORTH * lapse.of


def still_holds(told: ToldLapse, lapses: Iterable[Lapse]) -> bool:
    """True if the same end will still take a good part: of what is left then or, with an unknown pace, of today's."""
    lapse = next((one for one in lapses if is_same(one, told.lapse)), None)
    if lapse is None:
        return False
    return (lapse.left.likely if lapse.left else lapse.amount) >= SPENT * lapse.of


def is_same(one: Lapse, other: Lapse) -> bool:
    return one.lot == other.lot and abs(one.at - other.at) < SAME_END


def notification_of(account: Account, lapse: Lapse, told: ToldLapse | None, now: datetime) -> Notification:
    """The notification of a lapse. Its key is that of the end, so that each chat gets it once."""
    reading = account.reading
    return Notification(
        key=told.key if told else f"{account.key}|lapse|{lapse.lot}|{lapse.at.isoformat()}",
        topic=NotificationKind.LAPSE,
        severity=Severity.INFO,
        subject=account.key,
        facts=Facts(
            name=account.name,
            email=account.email,
            taken_at=now,
            credits=with_allowances(account),
            credits_at=reading.taken_at if reading else None,
            plan=reading.plan if reading else None,
            source=account.source,
            lapse=lapse,
        ),
    )
