"""The messages that were withheld and are due now: a silence ended, a chat joined, nobody acknowledged."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot.checks.context import Context
from bot.checks.processor import AlertWriter, Remembered, parted
from bot.domain.accounts import Account
from bot.domain.alerts import Alert, AlertRule, Notified, NotifyReason, Severity, Silence, SilenceKind
from bot.domain.chats import Chat
from bot.domain.notifications import Facts, Notification, NotificationKind
from bot.evaluation.alert_state import has_lapsed, is_about, is_muted, is_over, reminded
from bot.evaluation.escalation import escalate, is_due
from bot.evaluation.evaluate import AlertUpdate, notification_of, update
from bot.storage import accounts, alerts, chats, outbox
from bot.storage.connection import Connection

log = logging.getLogger(__name__)


class CatchUp:
    """Sends what silences withheld and what nobody acknowledged, and greets chats with what fires."""

    def __init__(self, context: Context, writer: AlertWriter) -> None:
        self._store = context.store
        self._active_targets = context.active_targets
        self._recipients = context.recipients
        self._clock = context.clock
        self._on_notifications = context.on_notifications
        self._escalate_after = context.escalate_after
        self._writer = writer

    async def run(self) -> None:
        """Ends silences that are over, and sends what they withheld."""
        async with self._store.write() as connection:
            notifications = await self.run_in(connection, self._clock())
        if notifications:
            self._on_notifications()

    async def run_in(self, connection: Connection, now: datetime) -> list[Notification]:
        """The same inside the transaction that made it due: a silence was ended, or a chat gets more accounts."""
        present = await self._recipients.refresh(connection)
        lapsed = await self._end_silences(connection, now)
        owing = await alerts.perhaps_untold(connection, present)
        notifications = []
        for part in parted(list(dict.fromkeys((*owing, *lapsed)))):
            subjects = {subject for subject, _ in part}
            remembered = await self._writer.remembered(connection, subjects, now)
            known = await accounts.load(connection, subjects)
            updates = []
            for subject, measure in part:
                alert, ack = remembered.alerts[subject][measure], lapsed.get((subject, measure))
                facts, told = await self._writer.facts_of(connection, alert, known.get(subject), now)
                reminds = ack is not None or self._reminds_soon(alert, known.get(subject), now)
                if reminds:
                    alert = replace(alert, reminded_at=now)
                if ack:
                    facts = replace(facts, by=ack.by, acted_at=ack.made_at)
                reason = NotifyReason.REMINDED if reminds else NotifyReason.NONE
                updates.append(update(alert, reason, facts, remembered.audience(subject, told), now))
            notifications += await self._writer.say(connection, updates, remembered, now)
            await asyncio.sleep(0)
        return notifications

    async def look(self) -> None:
        """Calls ``run`` if a silence has run out."""
        async with self._store.read() as connection:
            over = await alerts.silences_are_over(connection, self._clock())
        if over:
            await self.run()

    def _reminds_soon(self, alert: Alert, account: Account | None, now: datetime) -> bool:
        """True if the next check reminds of an alert: what a silence withheld then comes with it, not just before it.

        Without an ``account`` it is a source's.
        """
        rules = (
            self._active_targets.rules_of(account) if account else self._active_targets.targets.rules_for(alert.subject)
        )
        if account and (account.pause or (account.outage and alert.measure is not AlertRule.FAILURES)):
            return False  # nobody checks it, or the check cannot see it
        if account and account.reading and account.reading.plan.free and alert.measure is AlertRule.PLAN:
            return False  # a plan that is gone is sent once: the next check ends its alert
        return reminded(alert, rules.remind_every, now).reason is NotifyReason.REMINDED

    async def _end_silences(self, connection: Connection, now: datetime) -> dict[tuple[str, AlertRule], Silence]:
        """Ends silences that are over; returns, by alert, the acks that ended while their alert is still critical."""
        known = await alerts.every_silence(connection)
        of_alerts = await alerts.load(connection, {one.subject for one in known if one.measure}) if known else {}
        over, lapsed = list[int](), dict[tuple[str, AlertRule], Silence]()
        for one in known:
            alert = of_alerts[one.subject].get(one.measure) if one.measure and one.subject in of_alerts else None
            if is_over(one, alert, now):
                over.append(one.id)
            if alert and one.measure and has_lapsed(one, alert, now) and is_about(one, alert):
                lapsed[one.subject, one.measure] = one
        if over:
            await alerts.end_silences(connection, over, now)
        return lapsed

    async def escalate_if_due(self, is_uncertain: Callable[[str, AlertRule], bool]) -> None:
        """Escalates each critical alert that has waited long enough for somebody.

        ``is_uncertain``: a check of an alert's subject is about to say whether it still holds, or a person works there.
        """
        after = self._escalate_after
        if after is None:
            return
        async with self._store.read() as connection:
            found = await alerts.unattended(connection, self._clock() - after)
        due = [one for one in found if not is_uncertain(*one)]
        if not due:
            return
        notifications = []
        async with self._store.write() as connection:
            now = self._clock()
            await self._recipients.refresh(connection)
            for part in parted(due):
                notifications += await self._escalate(connection, part, after, now)
                await asyncio.sleep(0)
        if notifications:
            self._on_notifications()

    async def _escalate(
        self, connection: Connection, part: Sequence[tuple[str, AlertRule]], after: timedelta, now: datetime
    ) -> list[Notification]:
        subjects = {subject for subject, _ in part}
        remembered = await self._writer.remembered(connection, subjects, now)
        known = await accounts.load(connection, subjects)
        updates = []
        for subject, measure in part:
            of_it = remembered.alerts.get(subject) or {}
            alert = of_it.get(measure)
            silences = remembered.audience(subject, ()).silences
            if alert is None or not is_due(alert, of_it, silences, after, now):
                continue
            facts, told = await self._writer.facts_of(connection, alert, known.get(subject), now)
            log.warning("%s: nobody acknowledged a critical alert (%s); it is escalated", subject, measure)
            updates.append(escalate(alert, facts, remembered.audience(subject, told)))
        return await self._writer.say(connection, updates, remembered, now)

    async def greet(self, connection: Connection, chat: Chat, facts: Facts, now: datetime) -> None:
        """Greets a chat, with all its firing alerts in the same message.

        A muted alert follows when the mute ends, as in any chat. An acknowledged one is included, with who works on it.
        """
        note = Notification(f"greeting|{chat}|{now.isoformat()}", NotificationKind.GREETING, Severity.INFO, facts=facts)
        await outbox.put(connection, [note], [chat], now)
        await chats.greet(connection, [chat], now)
        for part in parted(await alerts.firing(connection)):
            subjects = {alert.subject for alert in part}
            remembered = await self._writer.remembered(connection, subjects, now)
            known = await accounts.load(connection, subjects)
            joined = []
            for alert in part:
                tells, told = await self._writer.facts_of(connection, alert, known.get(alert.subject), now)
                if chat in told:
                    joined += welcomed(alert, chat, tells, remembered, now)
            await self._writer.say(connection, joined, remembered, now)
            await asyncio.sleep(0)


def welcomed(alert: Alert, chat: Chat, facts: Facts, remembered: Remembered, now: datetime) -> list[AlertUpdate]:
    """A firing alert for a chat that joins; nothing if it is muted there."""
    silences = remembered.audience(alert.subject, ()).silences
    if is_muted(alert.subject, chat, silences, now):
        return []
    acks = [one for one in silences if one.kind is SilenceKind.ACK and is_about(one, alert)]
    told = replace(alert, sequence=alert.sequence + 1)
    facts = replace(facts, by=acks[0].by, acted_at=acks[0].made_at) if acks else facts
    notification = notification_of(told, NotifyReason.JOINED, facts)
    after = {**remembered.told(alert), chat: Notified(alert.episode, alert.level, alert.out)}
    return [AlertUpdate(told, after, ((notification, (chat,)),))]
