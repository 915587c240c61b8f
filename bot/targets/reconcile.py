"""Brings the watched accounts in the database in line with the targets: at a start, and after each reload.

The user wrote the targets, so no chat gets a message about it.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.config.targets import Targets
from bot.domain.accounts import Account, KnownAccount
from bot.domain.alerts import AlertRule, SilenceKind
from bot.evaluation.alert_state import ack_until
from bot.storage import accounts, alerts
from bot.storage.connection import Connection
from bot.targets.account_keys import AccountKeys


@dataclass(frozen=True, slots=True)
class Reconciled:
    """How many accounts are watched now, how many of them are new, and how many were removed."""

    watched: int
    new: int
    left: int


async def reconcile(connection: Connection, targets: Targets, now: datetime) -> Reconciled:
    """Watches the configured accounts; of a source that lists its accounts itself, those of its last list."""
    known = await accounts.known(connection)
    wanted = named_accounts(targets, known)
    watched = {one.key: one for one in known if one.watched}
    fresh = [one for key, one in wanted.items() if key not in watched or watched[key].source != one.source]
    await accounts.watch(connection, [(account, now) for account in fresh])
    kept = await keep_listed(connection, targets, known, [one for one in watched.values() if one.key not in wanted])
    staying = [*kept, *(known_of(account) for account in wanted.values())]
    await relabel(connection, targets, staying, watched)
    left = watched.keys() - {one.key for one in staying}
    await accounts.unwatch(connection, left)
    await alerts.close(connection, left, now)
    await accounts.forget_doubts(connection, [key for key, source in targets.sources.items() if not source.everyone])
    await end_alerts(connection, targets, staying, now)
    await date_acks(connection, targets, staying, now)
    return Reconciled(len(staying), sum(account.key not in watched for account in fresh), len(left))


def named_accounts(targets: Targets, known: Iterable[KnownAccount]) -> dict[str, Account]:
    """The accounts by key of every source whose accounts are all configured."""
    register = AccountKeys(one._replace(watched=one.watched and is_wanted(targets, one)) for one in known)
    found = {}
    for source in targets.sources.values():
        for one in () if source.everyone else source.accounts.values():
            key = register.key_of(source, one.email)
            found[key] = Account(key, source.key, one.email, one.label)
    return found


def is_wanted(targets: Targets, one: KnownAccount) -> bool:
    """True if an account is still watched through its source."""
    source = targets.sources.get(one.source)
    return source is not None and (source.everyone or source.account(one.email) is not None)


def known_of(account: Account) -> KnownAccount:
    return KnownAccount(account.key, account.source, account.email, account.label)


async def keep_listed(
    connection: Connection, targets: Targets, known: Sequence[KnownAccount], others: Sequence[KnownAccount]
) -> list[KnownAccount]:
    """The unconfigured accounts that a source has listed, and can list again.

    Accounts of a removed source go to the one new source that lists its accounts itself, because that is the same one
    with another name; with several such sources nobody can tell.
    """
    listing = {key for key, source in targets.sources.items() if source.everyone}
    kept = [one for one in others if one.source in listing]
    orphans = [one for one in others if one.source not in targets.sources]
    heirs = listing - {one.source for one in known}
    if len(heirs) != 1 or not orphans:
        return kept
    (heir,) = heirs
    await accounts.hand_over(connection, [one.key for one in orphans], heir)
    return [*kept, *(one._replace(source=heir) for one in orphans)]


async def relabel(
    connection: Connection, targets: Targets, staying: Iterable[KnownAccount], before: dict[str, KnownAccount]
) -> None:
    """Sets changed labels."""
    labels = {one.key: targets.label_for(one.source, one.email) for one in staying}
    changed = {key: label for key, label in labels.items() if key in before and before[key].label != label}
    await accounts.relabel(connection, changed)


async def end_alerts(connection: Connection, targets: Targets, staying: Iterable[KnownAccount], now: datetime) -> None:
    """Ends the alerts of rules that were switched off, and of removed sources."""
    known = {one.key: one for one in staying}
    off: dict[AlertRule, list[str]] = defaultdict(list)
    strangers = set[str]()
    for subject, measure in await alerts.unfinished(connection):
        one = known.get(subject)
        if one and targets.rules_for(one.source, one.email).ladder(measure) == ():
            off[measure].append(subject)
        elif one is None and subject not in targets.sources:
            strangers.add(subject)
    for measure, subjects in off.items():
        await alerts.quiet_rule(connection, measure, subjects, now)
    await alerts.close(connection, strangers, now)


async def date_acks(connection: Connection, targets: Targets, staying: Iterable[KnownAccount], now: datetime) -> None:
    """Gives an end to acks without one, if there are reminders; each counts from now.

    An older version made all of its acks without an end, and so does ``REMIND_EVERY=0`` while it is set.
    """
    known = {one.key: one for one in staying}
    for ack in await alerts.every_silence(connection):
        if ack.kind is not SilenceKind.ACK or ack.until is not None:
            continue
        one = known.get(ack.subject)
        rules = targets.rules_for(one.source, one.email) if one else targets.rules_for(ack.subject)
        await alerts.date_ack(connection, ack.id, ack_until(rules.remind_every, now))
