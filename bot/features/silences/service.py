"""Silences: people add and end them, each in one transaction with the messages that follow.

A silence gets a span, whose end follows from the transaction's own ``now``: a clock that is set while the request waits
for the database changes no span.
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot.checks.catch_up import CatchUp
from bot.checks.context import Context
from bot.checks.processor import AlertWriter
from bot.domain.alerts import Alert, Severity, Silence, SilenceKind
from bot.domain.chats import Chat
from bot.domain.notifications import Delivery, Facts, Notification, NotificationKind
from bot.evaluation.alert_state import ack_until, is_about, is_muted, is_past, is_silenced
from bot.storage import accounts, alerts, outbox, past_alerts
from bot.storage.connection import Connection


class Silences:
    """Mutes, snoozes and acks. The other chats get one silent line about those that concern them."""

    def __init__(self, context: Context, writer: AlertWriter, catch_up: CatchUp) -> None:
        self._store = context.store
        self._clock = context.clock
        self._writer = writer
        self._catch_up = catch_up
        self._active_targets = context.active_targets
        self._recipients = context.recipients
        self._on_notifications = context.on_notifications

    async def of(self, chat: Chat) -> list[Silence]:
        async with self._store.read() as connection:
            now = self._clock()
            found = [one for one in await alerts.active_silences(connection, now) if one.chat in (None, chat)]
            known = await alerts.load(connection, {one.subject for one in found if one.measure})
        return [one for one in found if one.measure is None or holds(one, known[one.subject].get(one.measure), now)]

    async def acks_known_in(self, chat: Chat) -> list[Silence]:
        """The acks in force of alerts whose present episode a chat got."""
        async with self._store.read() as connection:
            now = self._clock()
            found = [one for one in await alerts.active_silences(connection, now) if one.kind is SilenceKind.ACK]
            subjects = {one.subject for one in found}
            known, told = await alerts.load(connection, subjects), await alerts.load_notified(connection, subjects)
        acks = []
        for one in found:
            alert = known[one.subject].get(one.measure) if one.measure and one.subject in known else None
            got = told[one.subject][alert.measure].get(chat) if alert and one.subject in told else None
            if alert and got and got.episode == alert.episode and holds(one, alert, now):
                acks.append(one)
        return acks

    async def mute(
        self, keys: Sequence[str | None], span: timedelta, by: str, chat: Chat, *, everywhere: bool = False
    ) -> Silence:
        """Mutes these accounts, or (None) everything, for ``span``: in a chat, or in every chat.

        The alerts' state goes on. Returns the first of the new silences.
        """
        added = list[Silence]()
        async with self._store.write() as connection:
            now = self._clock()
            for key in keys:
                kind = SilenceKind.ALL if key is None else SilenceKind.ACCOUNT
                where = None if everywhere else chat
                wish = Silence(kind, key or "", until=now + span, by=by, chat=where, made_at=now)
                added.append(await alerts.add_silence(connection, wish))
                await asyncio.sleep(0)
            if everywhere:
                await self._tell_of_mutes(connection, added, chat, now)
        self._on_notifications()
        return added[0]

    async def _tell_of_mutes(self, connection: Connection, added: Iterable[Silence], chat: Chat, now: datetime) -> None:
        """Notifies the other chats of mutes that cover them too, with a button that ends them."""
        silences = await alerts.active_silences(connection, now)
        known = await accounts.load(connection, [one.subject for one in added if one.subject])
        for one in added:
            facts = Facts(until=one.until, by=one.by, acted_at=now, silence=one.id)
            told = self._recipients.present
            if one.subject in known:
                account = self._active_targets.named(known[one.subject])
                facts = replace(facts, name=account.name, email=account.email, source=account.source)
                told = self._recipients.told_of(account.source, account.email)
            own = [other for other in silences if other.chat]
            others = [each for each in told if each != chat and not is_muted(one.subject, each, own, now)]
            key = f"mute|{one.subject}|{now.isoformat()}"
            notification = Notification(key, NotificationKind.MUTE, Severity.INFO, facts=facts)
            await self._writer.announce(connection, [replace(notification, subject=one.subject)], now)
            await outbox.put(connection, [notification], others, now)
            await asyncio.sleep(0)

    async def silence(self, told: Iterable[Delivery], by: str, span: timedelta | None, chat: Chat) -> list[Silence]:
        """Silences a message's firing alerts: in a chat for ``span``, or else everywhere as an ack."""
        added = list[Silence]()
        wanted = {(one.notification.subject, one.notification.measure): one.notification.episode for one in told}
        async with self._store.write() as connection:
            now = self._clock()
            known = await alerts.load(connection, {subject for subject, _ in wanted})
            silences = await alerts.active_silences(connection, now)
            for (subject, measure), episode in wanted.items():
                alert = known[subject].get(measure) if measure else None
                if alert is None or not alert.level or alert.episode != episode:
                    continue
                if span is None:
                    added.append(await self._acknowledge(connection, alert, by, chat, silences, now))
                else:
                    about = (alert.subject, alert.measure, now + span, alert.episode, alert.level)
                    wish = Silence(SilenceKind.SNOOZE, *about, by=by, chat=chat, made_at=now)
                    added.append(await alerts.add_silence(connection, wish))
        self._on_notifications()
        return added

    async def _acknowledge(
        self, connection: Connection, alert: Alert, by: str, chat: Chat, silences: Sequence[Silence], now: datetime
    ) -> Silence:
        """Acknowledges an alert, and notifies the other chats that know of it, unless it is acknowledged already."""
        account = (await accounts.load(connection, [alert.subject])).get(alert.subject)
        facts, told = await self._writer.facts_of(connection, alert, account, now)
        rules = (
            self._active_targets.rules_of(account) if account else self._active_targets.targets.rules_for(alert.subject)
        )
        about = (alert.subject, alert.measure, ack_until(rules.remind_every, now), alert.episode, alert.level)
        ack = await alerts.add_silence(connection, Silence(SilenceKind.ACK, *about, by=by, made_at=now))
        await past_alerts.acknowledged(connection, ack)
        if any(one.kind is SilenceKind.ACK and is_about(one, alert) for one in silences):
            return ack
        knowing = (await alerts.load_notified(connection, [alert.subject]))[alert.subject][alert.measure]
        others = [
            one
            for one in (*told, *self._recipients.outside(told))
            if one != chat and one in knowing and knowing[one].episode == alert.episode
            if not is_silenced(alert, one, silences, now)
        ]
        notification = Notification(
            key=f"ack|{alert.subject}|{alert.measure}|{now.isoformat()}",
            topic=NotificationKind.ACK,
            severity=alert.severity or Severity.INFO,
            subject=alert.subject,
            measure=alert.measure,
            episode=alert.episode,
            facts=replace(facts, by=by, acted_at=now),
        )
        await self._writer.announce(connection, [notification], now)
        await outbox.put(connection, [notification], others, now)
        return ack

    async def end(self, silences: Iterable[Silence]) -> None:
        """Ends silences, and sends what they withheld."""
        async with self._store.write() as connection:
            now = self._clock()
            await alerts.end_silences(connection, [one.id for one in silences], now)
            await self._catch_up.run_in(connection, now)
        self._on_notifications()


def holds(silence: Silence, alert: Alert | None, now: datetime) -> bool:
    """True if a snooze or an ack covers its alert as it stands."""
    if alert is None or not is_about(silence, alert):
        return False
    return silence.kind is SilenceKind.ACK or not is_past(silence, now)
