"""Begins and ends pauses, each in one transaction with the messages about it."""

import asyncio
import logging
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot.checks.context import Context
from bot.checks.processor import AlertWriter, CheckProcessor
from bot.checks.runner import CheckRunner
from bot.domain.accounts import Account, KnownAccount, Pause
from bot.domain.alerts import Severity, Silence
from bot.domain.chats import Chat
from bot.domain.health import window_of
from bot.domain.notifications import Facts, Notification, NotificationKind
from bot.domain.pauses import EVERYONE, PausedAccounts
from bot.evaluation.alert_state import is_muted
from bot.storage import accounts, alerts, chats, history, outbox, pauses
from bot.storage.connection import Connection
from bot.support.aside import aside
from bot.targets.recipients import covers

log = logging.getLogger(__name__)

LAST_LOOK = 8.0
"""Seconds that a pause waits for a running check, which can still end a session."""


PLANS_AT_ONCE = 100
"""Plans evaluated in one transaction; other tasks run in between."""


class PausedPlans:
    """The plans of accounts that nobody checks: each is evaluated when time alone can have changed something."""

    def __init__(self, context: Context, processor: CheckProcessor, checks: CheckRunner) -> None:
        self._clock = context.clock
        self._active_targets = context.active_targets
        self._processor = processor
        self._checks = checks
        self._turns: dict[str, datetime] = {}
        self._decided_at: datetime | None = None
        self._under: tuple[object, ...] = ()

    @property
    def next_turn(self) -> datetime | None:
        """When time alone can change the next plan; None if nothing is paused."""
        return min(self._turns.values(), default=None)

    async def tick(self) -> None:
        """Evaluates due plans; all of them after a change of the rules or the pauses, or a clock set back."""
        now, paused, watched = self._clock(), self._checks.paused, self._checks.rounds.watched
        under = (paused, watched, self._active_targets.targets)
        is_same = bool(self._under) and all(new is old for new, old in zip(under, self._under, strict=True))
        if not is_same or (self._decided_at and now < self._decided_at):
            self._turns, self._under = {}, ()
        elif self.next_turn is None or now < self.next_turn:
            return
        due = [key for key in watched if paused.of(key) and self._turns.get(key, now) <= now]
        for start in range(0, len(due), PLANS_AT_ONCE):
            self._turns |= await self._processor.decide_plans(due[start : start + PLANS_AT_ONCE])
            await asyncio.sleep(0)
        self._under, self._decided_at = under, now


class Pauses:
    """Begins and ends pauses. During a pause only the plan's end is watched."""

    def __init__(self, context: Context, writer: AlertWriter, processor: CheckProcessor, checks: CheckRunner) -> None:
        self._store = context.store
        self._clock = context.clock
        self._every_of = context.every_of
        self._active_targets = context.active_targets
        self._recipients = context.recipients
        self._on_notifications = context.on_notifications
        self._writer = writer
        self._checks = checks
        self._plans = PausedPlans(context, processor, checks)

    @property
    def next_turn(self) -> datetime | None:
        """When time alone can next change the plan of a paused account."""
        return self._plans.next_turn

    async def current(self) -> PausedAccounts:
        async with self._store.read() as connection:
            return await pauses.current(connection)

    async def pause(self, keys: Sequence[str | None], span: timedelta, by: str, chat: Chat) -> PausedAccounts:
        """Stops checks of these accounts, or (None) of all, for ``span``; the other chats get a message.

        Returns the pauses in force, once no check of those accounts runs.
        """
        async with self._store.write() as connection:
            now = self._clock()
            until = now + span
            for key in keys:
                await pauses.begin(connection, Pause(EVERYONE if key is None else key, now, until, by, now))
                await asyncio.sleep(0)
            paused = await pauses.current(connection)
            watched = [one for one in await accounts.known(connection) if one.watched]
            facts = Facts(until=until, by=by, acted_at=now)
            wanted = set(keys)
            about = None if None in wanted else [one for one in watched if one.key in wanted]
            await self._tell(connection, NotificationKind.PAUSED, about, facts, now, beside=chat)
        self._checks.pause(paused)
        self._on_notifications()
        log.info("Checks of %s are paused until %s", names_of(about), until.isoformat())
        await self._checks.looks_to_end((one.key for one in watched if paused.of(one.key)), LAST_LOOK)
        return paused

    async def resume(self, subjects: Sequence[str], by: str, chat: Chat) -> bool:
        """Resumes these accounts at once, or (EVERYONE) all that the pause of everyone covers.

        The other chats get a message. False if none of them was paused.
        """
        async with self._store.write() as connection:
            now = self._clock()
            before = await pauses.current(connection)
            await pauses.end(connection, [EVERYONE] if EVERYONE in subjects else [])
            await pauses.resume(connection, [key for key in subjects if key != EVERYONE and before.of(key)])
            paused, freed = await self._set_free(connection, before, now)
            ended = bool(freed) or paused != before
            if ended:
                about = None if EVERYONE in subjects else freed
                await self._tell(
                    connection, NotificationKind.RESUMED, about, Facts(by=by, acted_at=now), now, beside=chat
                )
        await self._go_on(paused, freed)
        return ended

    async def resume_all(self, by: str, chat: Chat) -> bool:
        """Ends every pause; False if there was none."""
        return await self.resume([*(await self.current()).own, EVERYONE], by, chat)

    async def tick(self) -> None:
        """Ends pauses that are over, sends that, and watches the plans of the others."""
        await self._end_over()
        await self._plans.tick()

    async def _end_over(self) -> None:
        async with self._store.read() as connection:
            over = (await pauses.current(connection)).over(self._clock())
        if not over:
            return
        async with self._store.write() as connection:
            now = self._clock()
            before = await pauses.current(connection)
            over = before.over(now)
            await pauses.end(connection, [pause.subject for pause in over])
            paused, freed = await self._set_free(connection, before, now)
            everyone = before.everyone if before.everyone in over else None
            if freed or everyone:
                await self._tell(connection, NotificationKind.RESUMED, None if everyone else freed, Facts(), now)
        await self._go_on(paused, freed)

    async def _set_free(
        self, connection: Connection, before: PausedAccounts, now: datetime
    ) -> tuple[PausedAccounts, list[KnownAccount]]:
        """Makes resumed accounts due, and stores the gaps of their pauses."""
        after = await pauses.current(connection)
        watched = [one for one in await accounts.known(connection) if one.watched]
        held, freed, over = await aside(len(watched), resumed, watched, before, after)
        await history.note_paused(connection, [(key, pause.since, min(pause.until, now)) for key, pause in over])
        if freed:
            until = min(now, *(max(pause.until for pause in held[one.key]) for one in freed))
            await accounts.plan_looks(connection, {one.key: now for one in freed})
            longest = max(self._every_of(one.source, one.email) for one in freed)
            await chats.mark_more_often(connection, until, until + window_of(longest))
            if len(held) == len(watched):
                self._checks.nobody_checked_until(until)
        return after, freed

    async def _go_on(self, paused: PausedAccounts, freed: Sequence[KnownAccount]) -> None:
        """Checks resumed accounts at once."""
        self._checks.pause(paused)
        self._on_notifications()
        if freed:
            log.info("Checks of %s go on", names_of(freed))
            await self._checks.start_due()

    async def _tell(
        self,
        connection: Connection,
        topic: NotificationKind,
        about: Sequence[KnownAccount] | None,
        facts: Facts,
        now: datetime,
        beside: Chat | None = None,
    ) -> None:
        """One silent line for each chat that sees any of the accounts (None: every chat), except ``beside``.

        The webhook gets a notice for each account.
        """
        await self._recipients.refresh(connection)
        key = f"{topic}|{now.isoformat()}"
        notices = [Notification(key, topic, Severity.INFO, facts=facts)]
        if about is not None:
            notices = await aside(len(about), self._notices, key, topic, about, facts)
        await self._writer.announce(connection, notices, now)
        told: dict[Chat, Sequence[KnownAccount]] = dict.fromkeys(self._recipients.present, ())
        if about is not None:
            told = await aside(len(about), self._by_chat, about)
        silences = await alerts.active_silences(connection, now)
        for chat, seen in told.items():
            if (beside and covers(chat, beside)) or is_withheld(chat, seen, silences, now):
                continue
            own = self._about(seen[0], facts) if len(seen) == 1 else facts
            notification = Notification(key, topic, Severity.INFO, facts=replace(own, count=len(seen)))
            await outbox.put(connection, [notification], [chat], now)

    def _notices(
        self, key: str, topic: NotificationKind, about: Iterable[KnownAccount], facts: Facts
    ) -> list[Notification]:
        """One for each account."""
        own_facts = ((one.key, self._about(one, facts)) for one in about)
        return [Notification(key, topic, Severity.INFO, subject=of, facts=own) for of, own in own_facts]

    def _by_chat(self, about: Iterable[KnownAccount]) -> dict[Chat, Sequence[KnownAccount]]:
        """The accounts that each chat sees."""
        told: dict[Chat, list[KnownAccount]] = {}
        for one in about:
            for chat in self._recipients.told_of(one.source, one.email):
                told.setdefault(chat, []).append(one)
        return dict(told)

    def _about(self, one: KnownAccount, facts: Facts) -> Facts:
        """The facts of a pause of one account."""
        named = self._active_targets.named(Account(one.key, one.source, one.email, one.label))
        return replace(facts, name=named.name, email=named.email, source=named.source)


def resumed(
    watched: Iterable[KnownAccount], before: PausedAccounts, after: PausedAccounts
) -> tuple[dict[str, list[Pause]], list[KnownAccount], list[tuple[str, Pause]]]:
    """The pauses that held each account, the accounts that none holds now, and the pauses that ended."""
    held, freed, over = dict[str, list[Pause]](), list[KnownAccount](), list[tuple[str, Pause]]()
    for one in watched:
        own, left = before.all_of(one.key), after.all_of(one.key)
        over += [(one.key, pause) for pause in own if pause not in left]
        if own:
            held[one.key] = own
        if own and not left:
            freed.append(one)
    return held, freed, over


def is_withheld(chat: Chat, seen: Sequence[KnownAccount], silences: Sequence[Silence], now: datetime) -> bool:
    """True if mutes withhold a message about all of these accounts (without any: about anything) from a chat."""
    return all(is_muted(key, chat, silences, now) for key in ([one.key for one in seen] or [""]))


def names_of(about: Sequence[KnownAccount] | None) -> str:
    """The accounts of a log line."""
    if about is None:
        return "all accounts"
    return about[0].key if len(about) == 1 else f"{len(about)} accounts"
