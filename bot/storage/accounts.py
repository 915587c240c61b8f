"""Accounts and sources: who is watched, the next checks, and the last results."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from bot.domain.accounts import (
    Account,
    CheckFailure,
    FailureKind,
    Health,
    KnownAccount,
    NotModified,
    Reading,
    SourceState,
)
from bot.domain.alerts import Severity
from bot.domain.pauses import PausedAccounts
from bot.storage import pauses
from bot.storage.connection import AT_ONCE, Connection, in_parts
from bot.storage.schema import accounts, alerts, notified, sources, to_microseconds
from bot.storage.subscriptions import subscription_of
from bot.storage.values import Parsed, dump_foretold, dump_reading, load_foretold, load_jobs, load_reading, number

SEEN = (
    accounts.c.key,
    accounts.c.source,
    accounts.c.email,
    accounts.c.label,
    accounts.c.looked_at,
    accounts.c.read_at,
    accounts.c.reading,
    accounts.c.fingerprint,
    accounts.c.failures,
    accounts.c.failing_since,
    accounts.c.outage_kind,
    accounts.c.outage_said,
    accounts.c.listed_error,
    accounts.c.allowance,
    accounts.c.daily_allowance,
    accounts.c.foretold,
    accounts.c.unlisted_at,
    accounts.c.jobs,
    accounts.c.jobs_settled_at,
)
"""The columns of an account."""

CERTAIN_KINDS = [kind.value for kind in FailureKind if kind.certain]
WHO = (accounts.c.key, accounts.c.source, accounts.c.email, accounts.c.label, accounts.c.watched)
KNOWN_PAGE = sa.case((accounts.c.steady_until.is_not(None), accounts.c.fingerprint))
TO_CHECK = (*WHO, KNOWN_PAGE)
REFUSED_KINDS = [kind.value for kind in FailureKind if kind.refused]

# Made once: these are used the most.
DUE = (
    sa.select(*TO_CHECK)
    .where(accounts.c.watched, accounts.c.next_check_at <= sa.bindparam("now"), ~pauses.IS_PAUSED)
    .order_by(accounts.c.next_check_at)
    .limit(sa.bindparam("most"))
)
ONE = sa.update(accounts).where(accounts.c.key == sa.bindparam("k"))
CLAIM = ONE.values(next_check_at=sa.bindparam("at"))
READABLE = sa.and_(
    accounts.c.watched, accounts.c.reading.is_not(None), accounts.c.read_at.is_not(None), ~pauses.IS_PAUSED
)
DUE_BY = ONE.where(accounts.c.next_check_at > sa.bindparam("latest")).values(next_check_at=sa.bindparam("at"))
LOOK_COLUMNS = (
    accounts.c.looked_at,
    accounts.c.read_at,
    accounts.c.fingerprint,
    accounts.c.failures,
    accounts.c.failing_since,
    accounts.c.outage_kind,
    accounts.c.outage_said,
    accounts.c.allowance,
    accounts.c.daily_allowance,
)
"""The changes that a check makes to an account beside its reading."""

LOOK_VALUES: list[tuple[sa.Column[Any], Any]] = [(column, sa.bindparam(column.name)) for column in LOOK_COLUMNS]
SAVE = ONE.ordered_values(*LOOK_VALUES)
SAVE_READING = ONE.ordered_values((accounts.c.reading, sa.bindparam("reading")), *LOOK_VALUES)
NOTE = ONE.values(looked_at=sa.bindparam("looked"), read_at=sa.bindparam("read"))
STEADY = ONE.values(steady_until=sa.bindparam("until"))
OPEN = sa.or_(
    alerts.c.level > sa.literal_column("0"),  # a constant, because all parameters are positional
    sa.exists().where(notified.c.subject == alerts.c.subject, notified.c.measure == alerts.c.measure),
)
"""An alert fires, or its recovery was not sent yet."""

SEEN_AGAIN = NOTE.where(
    accounts.c.fingerprint == sa.bindparam("page"),
    accounts.c.watched,
    accounts.c.read_at <= sa.bindparam("now"),  # a clock that was set back can be before it
    accounts.c.steady_until > sa.bindparam("now"),
    ~sa.exists().where(alerts.c.subject == accounts.c.source, OPEN),
)
WHOM = sa.select(*TO_CHECK).where(
    accounts.c.watched, accounts.c.key.in_(sa.bindparam("keys", expanding=True)), ~pauses.IS_PAUSED
)
SOURCE = sa.select(sources).where(sources.c.key == sa.bindparam("k"))
DOUBTED = sa.select(accounts.c.source).where(accounts.c.watched, accounts.c.unlisted_at.is_not(None)).distinct()
LOAD = sa.select(*SEEN).where(accounts.c.watched, accounts.c.key.in_(sa.bindparam("keys", expanding=True)))


_parsed = Parsed(2_000)

PART = 200
"""Accounts read in one go; other tasks run in between."""


def account_of(
    row: Sequence[Any], parse: Callable[[str, str], Reading | None] = lambda _, text: load_reading(text)
) -> Account:
    """An account from its row of `SEEN` columns, by position, because large queries read many."""
    key, source, email, label, looked_at, read_at, reading, fingerprint, *rest = row
    failures, failing_since, kind, said, listed_error, allowance, daily_allowance, *rest = rest
    foretold, unlisted_at, jobs, jobs_settled_at = rest
    return Account(
        key,
        source,
        email,
        label,
        as_of(read_at, parse(key, reading), fingerprint) if reading else None,
        CheckFailure(looked_at, FailureKind(kind), said or "") if kind else None,
        failures,
        failing_since,
        looked_at,
        listed_error,
        number(allowance),
        number(daily_allowance),
        load_foretold(foretold) if foretold else None,
        unlisted_at,
        jobs=load_jobs(jobs) if jobs else None,
        jobs_settled_at=jobs_settled_at,
    )


def as_of(moment: datetime, reading: Reading | None, fingerprint: str | None) -> Reading | None:
    """The reading as of another moment; `replace` would take longer than the database."""
    if reading is None:
        return None
    return Reading(moment, reading.credits, reading.plan, reading.details, reading.left_out, reading.parts, fingerprint)


async def due(connection: Connection, now: datetime, limit: int) -> list[KnownAccount]:
    """The watched accounts that are due and not paused, the longest waiting first."""
    return [KnownAccount._make(row) for row in await connection.execute(DUE, {"now": now, "most": limit})]


async def whom(connection: Connection, keys: Iterable[str]) -> list[KnownAccount]:
    """The watched accounts of these keys that are not paused."""
    found = list[KnownAccount]()
    async for part in in_parts(list(keys)):
        found += [KnownAccount._make(row) for row in await connection.execute(WHOM, {"keys": part})]
    return found


async def plan_looks(connection: Connection, next_checks: dict[str, datetime]) -> None:
    """Sets the next check of each given account, which also claims it."""
    await connection.execute_many(CLAIM, [(to_microseconds(at), key) for key, at in next_checks.items()])


async def load(connection: Connection, keys: Iterable[str]) -> dict[str, Account]:
    found = list[Account]()
    async for part in in_parts(list(keys)):
        found += [account_of(row) for row in await connection.execute(LOAD, {"keys": part})]
    return {account.key: account for account in with_pauses(found, await pauses.current(connection))}


async def watched(connection: Connection) -> list[Account]:
    """Every watched account, by name."""
    paused, found = await pauses.current(connection), list[Account]()
    async for rows in connection.parts(sa.select(*SEEN).where(accounts.c.watched), PART):
        found += with_pauses([account_of(row, _parsed.load) for row in rows], paused)
    return sorted(found, key=lambda account: account.name.lower())


def with_pauses(found: list[Account], paused: PausedAccounts) -> list[Account]:
    if not paused:
        return found
    return [replace(account, pause=pause) if (pause := paused.of(account.key)) else account for account in found]


async def known(connection: Connection) -> list[KnownAccount]:
    """Every account that was ever watched."""
    found = list[KnownAccount]()
    async for rows in connection.parts(sa.select(*WHO), AT_ONCE):
        found += [KnownAccount(*row) for row in rows]
    return found


async def save(connection: Connection, changed: Sequence[Account], unchanged: Sequence[Account]) -> None:
    """Stores a batch of results; readings are written only if they changed."""
    read = [(dump_reading(one.reading), *look_row(one)) for one in changed if one.reading]
    await connection.execute_many(SAVE_READING, read)
    await connection.execute_many(SAVE, [look_row(one) for one in unchanged])


async def save_steady(connection: Connection, until: Mapping[str, datetime | None]) -> None:
    """Stores until when the page of each account's reading decides nothing new, by key."""
    await connection.execute_many(STEADY, [(to_microseconds(moment), key) for key, moment in until.items()])


async def forget_steady(connection: Connection) -> None:
    """Makes the next check of each account evaluate: other rules can apply."""
    query = sa.update(accounts).where(accounts.c.steady_until.is_not(None))
    await connection.execute(query.values(steady_until=None))


async def check_again(connection: Connection, keys: Collection[str], now: datetime) -> None:
    """Makes accounts due whose page was taken for that of a reading that is no longer stored."""
    if keys:
        query = sa.update(accounts).where(accounts.c.key.in_(list(keys)))
        await connection.execute(query.values(next_check_at=now, fingerprint=None))


async def note_unchanged(connection: Connection, checks: Mapping[str, NotModified], now: datetime) -> set[str]:
    """Stores checks, by key, whose page is that of the stored reading and decides nothing new; returns their keys.

    While the source has an open alert, every check of its accounts is evaluated.
    """
    at = to_microseconds(now)
    rows = []
    for key, one in checks.items():
        moment = to_microseconds(one.taken_at)
        rows.append((moment, moment, key, one.fingerprint, at, at))
    if await connection.execute_many(SEEN_AGAIN, rows) == len(rows):
        return set(checks)
    # Which they were: those that are noted once more, because the same statement changes the same rows.
    return {row[2] for row in rows if await connection.execute_many(SEEN_AGAIN, [row])}


def look_row(account: Account) -> tuple[Any, ...]:
    """The values of LOOK_COLUMNS, and the key."""
    reading, outage = account.reading, account.outage
    return (
        to_microseconds(account.looked_at),
        to_microseconds(reading.taken_at) if reading else None,
        reading.fingerprint if reading else None,
        account.failures,
        to_microseconds(account.failing_since),
        outage.kind.value if outage else None,
        outage.said if outage else None,
        account.allowance,
        account.daily_allowance,
        account.key,
    )


async def watch(connection: Connection, found: Iterable[tuple[Account, datetime]]) -> None:
    """Watches accounts, new or known, each due from its given moment; what is stored about one stays."""
    rows = [
        {
            "key": account.key,
            "source": account.source,
            "email": account.email,
            "label": account.label,
            "watched": True,
            "next_check_at": at,
            "failures": 0,
            "listed_error": account.listed_error,
            "unlisted_at": None,
            "steady_until": None,
        }
        for account, at in found
    ]
    if rows:
        statement = insert(accounts)
        fresh = {name: statement.excluded[name] for name in rows[0].keys() - {"key", "failures"}}
        await connection.execute(statement.on_conflict_do_update(index_elements=["key"], set_=fresh), rows)


async def relabel(connection: Connection, labels: Mapping[str, str | None]) -> None:
    """Sets the label of each account, by key."""
    if labels:
        statement = sa.update(accounts).where(accounts.c.key == sa.bindparam("k")).values(label=sa.bindparam("l"))
        await connection.execute(statement, [{"k": key, "l": label} for key, label in labels.items()])


async def hand_over(connection: Connection, keys: Iterable[str], source: str) -> None:
    """Reads these accounts through another source from now on."""
    query = sa.update(accounts).where(accounts.c.key.in_(list(keys)))
    await connection.execute(query.values(source=source, steady_until=None))


async def unforeseen(connection: Connection, now: datetime, every: timedelta, limit: int) -> list[str]:
    """The accounts whose forecast is due, the longest waiting first.

    That is at first, after each interval with fresh readings, and when it was dropped; a clock set back does not delay
    it.
    """
    made = accounts.c.foreseen_at
    stale = sa.and_(made <= now - every, accounts.c.read_at > made)
    fresh = sa.and_(accounts.c.reading.is_not(None), accounts.c.outage_kind.is_(None), ~pauses.IS_PAUSED)
    readable = sa.and_(accounts.c.watched, fresh)
    query = sa.select(accounts.c.key).where(readable, sa.or_(made.is_(None), made > now, stale))
    return [row.key for row in await connection.execute(query.order_by(made.nulls_first()).limit(limit))]


async def forget_forecasts(connection: Connection, keys: Collection[str]) -> None:
    """Makes the forecasts of these accounts due soon, because their start is outdated."""
    if keys:
        await connection.execute(sa.update(accounts).where(accounts.c.key.in_(list(keys))).values(foreseen_at=None))


async def save_foretold(connection: Connection, account: Account, now: datetime) -> None:
    """Stores an account's forecast, or that there is none."""
    foretold = dump_foretold(account.foretold) if account.foretold else None
    statement = sa.update(accounts).where(accounts.c.key == account.key)
    await connection.execute(statement.values(foretold=foretold, foreseen_at=now))


async def unwatch(connection: Connection, keys: Iterable[str]) -> None:
    """Stops watching these accounts; what is known of them stays."""
    await connection.execute(sa.update(accounts).where(accounts.c.key.in_(list(keys))).values(watched=False))


async def note_listed(connection: Connection, errors: dict[str, str | None]) -> None:
    """Stores the error that the source's listing reports for each account, by key; None for none."""
    if errors:
        statement = (
            sa.update(accounts).where(accounts.c.key == sa.bindparam("k")).values(listed_error=sa.bindparam("e"))
        )
        await connection.execute(statement, [{"k": key, "e": error} for key, error in errors.items()])


async def note_unlisted(connection: Connection, keys: Iterable[str], since: datetime | None) -> None:
    """Stores since when the source's list lacks these accounts; None: it has them."""
    await connection.execute(sa.update(accounts).where(accounts.c.key.in_(list(keys))).values(unlisted_at=since))


async def forget_doubts(connection: Connection, sources: Iterable[str]) -> None:
    """Clears the doubts about accounts of sources whose accounts are configured one by one."""
    doubted = sa.and_(accounts.c.source.in_(list(sources)), accounts.c.unlisted_at.is_not(None))
    await connection.execute(sa.update(accounts).where(doubted).values(unlisted_at=None))


async def doubted(connection: Connection) -> set[str]:
    """The sources with an account that the last list lacked."""
    return {row.source for row in await connection.execute(DOUBTED)}


async def failing(connection: Connection, source: str, limit: int) -> list[KnownAccount]:
    """Accounts of a source whose last check failed; not paused ones, nor those whose server asks for a pause."""
    kind = accounts.c.outage_kind
    wanted = sa.and_(accounts.c.watched, accounts.c.source == source, kind.is_not(None), ~pauses.IS_PAUSED)
    query = sa.select(*WHO).where(wanted, kind != FailureKind.THROTTLED.value).limit(limit)
    return [KnownAccount(*row) for row in await connection.execute(query)]


async def unchecked_since(
    connection: Connection, source: str, moment: datetime, limit: int, *, only_critical: bool = False
) -> list[tuple[KnownAccount, datetime | None, datetime]]:
    """Accounts of a source not checked after a moment, with their last check and their next one.

    Paused ones are left out. The longest unchecked come first. ``only_critical`` keeps those with a critical alert.
    """
    at = accounts.c.looked_at
    stale = sa.and_(accounts.c.watched, accounts.c.source == source, sa.or_(at.is_(None), at <= moment))
    query = (
        sa.select(*TO_CHECK, at, accounts.c.next_check_at)
        .where(stale, ~pauses.IS_PAUSED)
        .order_by(at.nulls_first())
        .limit(limit)
    )
    if only_critical:
        worst = alerts.c.severity == int(Severity.CRITICAL)
        query = query.where(sa.exists().where(alerts.c.subject == accounts.c.key, alerts.c.level > 0, worst))
    return [(KnownAccount(*who), looked_at, due_at) for *who, looked_at, due_at in await connection.execute(query)]


async def any_throttled(connection: Connection, source: str) -> bool:
    """True if the last check of any account of a source that is not paused was rate limited."""
    throttled = sa.and_(accounts.c.source == source, accounts.c.outage_kind == FailureKind.THROTTLED.value)
    query = sa.select(sa.exists().where(accounts.c.watched, throttled, ~pauses.IS_PAUSED))
    return bool(await connection.scalar(query))


async def all_due(connection: Connection, now: datetime) -> None:
    """Makes every watched account due at once, to be read and evaluated whatever its page."""
    query = sa.update(accounts).where(accounts.c.watched)
    await connection.execute(query.values(next_check_at=now, steady_until=None))


async def due_by(connection: Connection, latest: Mapping[str, datetime]) -> None:
    """Moves the next check of each account to its given moment, if that is earlier."""
    rows = [(to_microseconds(at), key, to_microseconds(at)) for key, at in latest.items()]
    await connection.execute_many(DUE_BY, rows)


async def last_read(connection: Connection) -> datetime | None:
    """The last successful check of any watched account that is not paused."""
    at: datetime | None = await connection.scalar(sa.select(sa.func.max(accounts.c.read_at)).where(READABLE))
    return at


async def last_reads(connection: Connection) -> list[tuple[str, str, datetime]]:
    """Source, email and last successful check of each watched account that is not paused."""
    query = sa.select(accounts.c.source, accounts.c.email, accounts.c.read_at).where(READABLE)
    return [(source, email, at) for source, email, at in await connection.execute(query)]


async def last_look(connection: Connection) -> datetime | None:
    at: datetime | None = await connection.scalar(sa.select(sa.func.max(accounts.c.looked_at)))
    return at


async def health(connection: Connection, *named: str) -> Health:
    """How the watched accounts of a source, or of several, stand together."""
    kind = accounts.c.outage_kind
    query = (
        sa.select(
            kind,
            pauses.IS_PAUSED.label("paused"),
            sa.func.count().label("accounts"),
            sa.func.min(accounts.c.failures).label("fewest"),
            sa.func.min(accounts.c.failing_since).label("since"),
            sa.func.max(accounts.c.looked_at).label("looked_at"),
            sa.func.min(accounts.c.looked_at).label("oldest"),
            sa.func.max(accounts.c.read_at).label("read_at"),
            sa.func.max(accounts.c.outage_said).label("said"),
        )
        .where(accounts.c.watched, accounts.c.source.in_(named))
        .group_by(kind, "paused")
    )
    return health_of((await connection.execute(query)).all())


def health_of(found: Sequence[sa.Row[Any]]) -> Health:
    """The health of a source's accounts, from their failures by kind.

    The state of a paused account is old: it counts only if all others share the failure that it had before.
    """
    checked = [row for row in found if not row.paused]
    kinds = {row.outage_kind for row in checked}
    rows = [row for row in found if not row.paused or (kinds == {row.outage_kind} and row.outage_kind)]
    total = sum(row.accounts for row in rows)
    failing = [row for row in rows if row.outage_kind]
    refused = [row for row in failing if row.outage_kind in REFUSED_KINDS]
    shared = len(kinds) == 1 and total > 1 and bool(failing) and failing[0].outage_kind not in CERTAIN_KINDS
    tells = max(refused or (failing if shared else []), key=lambda row: row.looked_at, default=None)
    return Health(
        total=total,
        failing=sum(row.accounts for row in failing),
        refused=sum(row.accounts for row in refused),
        shared=shared and not refused,
        fewest_failures=min(row.fewest for row in failing) if shared else 0,
        outage=CheckFailure(tells.looked_at, FailureKind(tells.outage_kind), tells.said or "") if tells else None,
        since=min((row.since for row in rows if row.outage_kind == tells.outage_kind), default=None) if tells else None,
        read_at=max((row.read_at for row in rows if row.read_at), default=None),
        oldest_failure=min((row.oldest for row in failing if not row.paused), default=None),
        all_paused=bool(found) and not checked,
    )


async def source(connection: Connection, key: str) -> SourceState:
    """The stored state of a source's listing."""
    row = (await connection.execute(SOURCE, {"k": key})).one_or_none()
    if row is None:
        return SourceState(key)
    outage = (
        CheckFailure(row.outage_at, FailureKind(row.outage_kind), row.outage_said or "") if row.outage_kind else None
    )
    return SourceState(
        key,
        row.listed_at,
        row.listed,
        outage,
        row.failures,
        row.failing_since,
        row.absent_since,
        subscription=subscription_of(row),
    )


async def save_source(connection: Connection, state: SourceState) -> None:
    """Stores a check of a source's listing."""
    values = {
        "key": state.key,
        "listed_at": state.listed_at,
        "listed": state.listed,
        "failures": state.failures,
        "failing_since": state.failing_since,
        "outage_kind": state.outage.kind.value if state.outage else None,
        "outage_said": state.outage.said if state.outage else None,
        "outage_at": state.outage.taken_at if state.outage else None,
        "absent_since": state.absent_since,
    }
    await connection.execute(insert(sources).values(values).on_conflict_do_update(index_elements=["key"], set_=values))
