"""The answers and actions of the bot: from storage, or by the part that does it."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from bot import __version__
from bot.checks.context import Context
from bot.checks.discovery import AccountDiscovery
from bot.checks.runner import CheckRunner
from bot.domain.accounts import Account, CheckFailure, SourceState
from bot.domain.alerts import Alert, Silence
from bot.domain.chats import Chat
from bot.domain.clock_step import ClockStep
from bot.domain.events import ReceiverState
from bot.domain.health import (
    NONE_READ,
    RefusedChat,
    Vitals,
    delivery_problems,
    overdue,
    problems,
    unreached_for,
    unreached_since,
    window_of,
)
from bot.domain.jobs import Slots
from bot.domain.notifications import Delivery, NotificationKind, Watched
from bot.domain.past_alerts import PastAlert
from bot.domain.rules import priced
from bot.evaluation.blackout import blackout
from bot.evaluation.evaluate import source_outage
from bot.features.board.publisher import BoardPublisher
from bot.features.history.chart import Recorded
from bot.features.history.drawing import ChartRenderer
from bot.features.history.service import traced
from bot.features.pairing.service import Pairing
from bot.features.pairing.text import left_line, paired_line
from bot.features.pauses.service import Pauses
from bot.features.silences.service import Silences
from bot.outbox.dispatcher import Dispatcher
from bot.storage import accounts, alerts, chats, history, jobs, outbox, past_alerts
from bot.storage.connection import Connection
from bot.support.aside import aside
from bot.support.errors import DatabaseBusyError
from bot.targets.services import titles_of
from bot.telegram.polling import Polling
from bot.telegram.text.account_list import SourceAlert
from bot.telegram.text.formatting import service_name
from bot.telegram.text.replies import Reloaded, Status
from bot.telegram.text.services import watched_note

log = logging.getLogger(__name__)

SLOTS_WITHIN_S = 5.0
"""Seconds that the answer about an account waits at most for its running jobs."""


@dataclass(slots=True)
class BotService:
    """The parts of the bot that answer and act, and operations of more than one of them.

    A ``ChatScope`` shows one chat its share of this; ``bot.web.pages.Pages`` shows machines the whole.
    """

    context: Context
    checks: CheckRunner
    discovery: AccountDiscovery
    outbox: Dispatcher
    pairing: Pairing
    silences: Silences
    pauses: Pauses
    boards: BoardPublisher
    charts: ChartRenderer
    polling: Polling
    reload: Callable[[], Awaitable[Reloaded]]
    receiver: Callable[[], Awaitable[ReceiverState]] | None = None
    watches_all: bool = False
    _started_at: datetime = field(init=False)
    _clock_step: ClockStep | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        """The uptime counts from here."""
        self._started_at = self.context.clock()

    def clock_stepped(self, step: ClockStep) -> None:
        """Keeps the uptime when the clock was set; ``/status`` reports a long step."""
        if not step.while_off:
            self._started_at += step.by
        if step.is_long:
            self._clock_step = step

    async def check_due(self) -> None:
        """Ends pauses that are over, and starts due checks."""
        await self.pauses.tick()
        await self.checks.tick()

    async def list_due(self) -> None:
        """Reads due lists of the sources, and checks new accounts at once."""
        if await self.discovery.tick():
            await self.checks.start_due()

    async def first_round(self) -> None:
        """Checks every known account at once, then the others that the sources list."""
        await self.check_due()
        await self.discovery.ask_all()
        await self.checks.start_due()

    async def watched(self) -> list[Watched]:
        """Every watched account with its firing alerts and the silences that cover it, by name."""
        active, firing = self.context.active_targets, defaultdict[str, list[Alert]](list)
        async with self.context.store.read() as connection:
            known = await accounts.watched(connection)
            for alert in await alerts.firing(connection):
                firing[alert.subject].append(alert)
            silences = by_subject(await alerts.active_silences(connection, self.context.clock()))
        every_of = active.targets.own_check_every

        def joined() -> list[Watched]:
            return [
                Watched(
                    active.named(one),
                    tuple(firing.get(one.key, ())),
                    concerning(silences, one.key),
                    every_of(one.source, one.email),
                )
                for one in known
            ]

        return await aside(len(known), joined)

    async def slots(self, account: Account) -> Slots | None:
        """The jobs of an account that run through the API now; None where the service does not say in time."""
        source, found = self.context.active_targets.sources.get(account.source), None
        with suppress(TimeoutError):
            async with asyncio.timeout(SLOTS_WITHIN_S):
                found = await source.slots() if source else None
        return None if found is None or isinstance(found, CheckFailure) else found.get(account.email.lower())

    async def everything(self) -> tuple[list[Account], list[Alert]]:
        """Every watched account and every firing alert."""
        async with self.context.store.read() as connection:
            known, at = await accounts.watched(connection), await jobs.statistics_at(connection)
            firing, named = await alerts.firing(connection), self.context.active_targets.named

        def joined() -> list[Account]:
            return [replace(named(one), statistics_at=at.get(one.source)) for one in known]

        return await aside(len(known), joined), firing

    async def firing_sources(self) -> list[SourceAlert]:
        """Every firing alert of a source."""
        targets, found = self.context.active_targets.targets, []
        async with self.context.store.read() as connection:
            firing = [alert for alert in await alerts.firing(connection) if alert.subject in targets.sources]
            silences = by_subject(await alerts.active_silences(connection, self.context.clock()))
            for alert in firing:
                health = await accounts.health(connection, alert.subject)
                outage = source_outage(await accounts.source(connection, alert.subject), health, alert)
                kind = outage.kind if outage else None
                called = targets.called_by_token if kind is not None and kind.refused else targets.called
                found.append(SourceAlert(alert, concerning(silences, alert.subject), kind, called(alert.subject)))
        return found

    def source_names(self) -> dict[str, str]:
        """The name of each source, by its key."""
        targets = self.context.active_targets.targets
        return {key: service_name(targets.origin_of(key)) for key in targets.sources}

    async def past(self, keys: Sequence[str], since: datetime, slots: int) -> dict[str, Recorded]:
        """The past of these accounts since a moment, thinned to ``slots``; skips those no longer watched."""
        now, found = self.context.clock(), {}
        async with self.context.store.read() as connection:
            known = await accounts.load(connection, keys)
            gaps = await history.gaps(connection, known, since)
            for key, account in known.items():
                trace = await traced(connection, key, since, now, slots)
                rules = self.context.active_targets.rules_of(account)
                found[key] = Recorded(trace, tuple(gaps[key]), priced(rules.low_credits, rules.job_cost))
        return found

    async def past_alerts(self, since: datetime, key: str | None) -> list[tuple[PastAlert, Account | None]]:
        """The episodes since a moment, of one account or of everything, the newest first; a source has no account."""
        async with self.context.store.read() as connection:
            found = await past_alerts.since(connection, since, None if key is None else [key])
            known = await accounts.load(connection, {one.subject for one in found})
        named = self.context.active_targets.named
        return [(one, named(known[one.subject]) if one.subject in known else None) for one in found]

    async def told_by(self, lead_id: int, chat_id: int) -> list[Delivery]:
        """The alerts of a message of this chat."""
        async with self.context.store.read() as connection:
            told = await outbox.told_by(connection, lead_id, chat_id)
        return [delivery for delivery in told if delivery.notification.topic is NotificationKind.ALERT]

    async def chat_moved(self, old: int, new: int) -> None:
        """Follows a group that has become another chat."""
        recipients = self.context.recipients
        await self.context.store.write_patiently(lambda connection: recipients.move(connection, old, new))

    async def enter(self, code: str, chat: Chat, by: str) -> bool:
        """Allows a chat that has an open code, and greets it; False if the code is invalid."""
        if await self.pairing.open(code, chat, by) is None:
            return False
        await self._refresh_recipients()
        log.info("%s", paired_line(chat, by))
        await self.discovery.welcome(chat, by)
        return True

    async def leave(self, chat: Chat, by: str) -> bool | None:
        """Ends a pairing: whether any other chat still gets messages; None if no link let this one in."""
        left = await self.pairing.leave(chat)
        await self._refresh_recipients()
        if not left:
            return None
        log.info("%s", left_line(chat, by))
        return bool(self.context.recipients.present)

    async def _refresh_recipients(self) -> None:
        """Applies a changed pairing at once."""
        async with self.context.store.read() as connection:
            await self.context.recipients.refresh(connection)

    async def vitals(self) -> Vitals:
        """The bot's last successes; for an unreadable database, only that."""
        polling = self.polling.silent_for, self.polling.trouble
        try:
            async with self.context.store.read() as connection:
                found = await self._recorded(connection, self.context.clock())
        except DatabaseBusyError as error:
            found = Vitals(None, None, None, None, None, None, *polling, database=str(error), readable=False)
        problem = self.context.store.standing.problem
        return replace(found, database=problem) if problem else found

    async def _recorded(self, connection: Connection, now: datetime) -> Vitals:
        """The same from a readable database."""
        backlogs, rounds = self.outbox.backlogs, self.checks.rounds
        depth, refused = await outbox.depth(connection, now, backlogs), await chats.refused(connection)
        more_often_since, read_by = await chats.more_often(connection)
        present = set(self.context.recipients.reached)
        return Vitals(
            last_round_at=await chats.marked(connection, chats.ROUND),
            readable_until=await self._readable_until(connection),
            last_delivery_at=depth.delivered_at,
            waiting=depth.waiting,
            waiting_since=depth.tried_since,
            failed=depth.failed,
            polling_silent=self.polling.silent_for,
            polling_trouble=self.polling.trouble,
            refused=tuple(
                RefusedChat(chat, refusal.why, refusal.since, self.outbox.next_try(chat.chat_id))
                for chat, refusal in refused.items()
                if chat in present
            ),
            unreached_since=unreached_since(await outbox.untold(connection, backlogs)),
            backlog_since=depth.refused_since,
            polling_notes=self.polling.notes,
            round_every=rounds.every,
            more_often_since=more_often_since,
            read_by=read_by,
            all_paused=rounds.all_paused,
        )

    async def _readable_until(self, connection: Connection) -> datetime | None:
        """Until when the readings of accounts that are not paused count, each by its interval."""
        if not self.context.active_targets.targets.own_intervals:
            newest = await accounts.last_read(connection)
            return newest + window_of(self.context.every) if newest else None
        reads, every_of = await accounts.last_reads(connection), self.context.every_of
        return max((at + window_of(every_of(source, email)) for source, email, at in reads), default=None)

    async def status(self, everyone: Sequence[Watched] | None = None) -> Status:
        """The bot's status, for people; of ``everyone``, where they were read already."""
        vitals, now = await self.vitals(), self.context.clock()
        watched = (everyone if everyone is not None else await self.watched()) if vitals.readable else None
        every, uptime = self.context.every, max(now - self._started_at, timedelta(0))
        starting = vitals.last_round_at is None and vitals.database is None and uptime < every + timedelta(minutes=1)
        found = delivery_problems(vitals, now) if starting else problems(vitals, every, now)
        dark = await aside(len(watched or ()), blackout, [one.account for one in watched or ()])
        subscriptions = tuple(await self._subscriptions()) if vitals.readable else ()
        return Status(
            version=__version__,
            uptime=uptime,
            check_every=every,
            watched=None if watched is None else len(watched),
            last_round_at=vitals.last_round_at,
            failing=tuple(one.account.name for one in watched or () if one.account.outage),
            waiting=vitals.waiting,
            oldest_waiting=now - vitals.waiting_since if vitals.waiting_since else None,
            refused=vitals.refused,
            nobody_told=unreached_for(vitals, now) is not None,
            backlog=overdue(vitals.backlog_since, now),
            polling=vitals.polling_trouble or "working",
            last_delivery_at=vitals.last_delivery_at,
            problems=tuple(one for one in found if not (dark and one.startswith(NONE_READ))),
            blackout=dark,
            lists=tuple(await self._unread_lists()) if vitals.readable else (),
            subscriptions=subscriptions,
            notes=(*vitals.polling_notes, *self._services_note(subscriptions)),
            clock_step=self._clock_step if self._clock_step and self._clock_step.is_news(now) else None,
            boards=await self.boards.troubled() if vitals.readable else {},
            webhook=await self.receiver() if self.receiver and vitals.readable else None,
        )

    def _services_note(self, subscriptions: Sequence[SourceState]) -> list[str]:
        """The services that are watched while useapi.net does not say which all are."""
        known = subscriptions[0].subscription if self.watches_all and subscriptions else None
        if known is None or known.tells_services:
            return []
        titles = titles_of(self.context.active_targets.targets.services)
        return [watched_note(titles, remembered=known.page.services is not None)]

    async def _unread_lists(self) -> list[SourceState]:
        """The sources with an unreadable list of accounts."""
        active = self.context.active_targets
        async with self.context.store.read() as connection:
            listing = [key for key, source in active.targets.sources.items() if source.everyone]
            states = [await accounts.source(connection, key) for key in listing]
        return [active.named_source(state) for state in states if state.outage]

    async def _subscriptions(self) -> list[SourceState]:
        """The first source of each token, with what useapi.net says of the subscription."""
        active = self.context.active_targets
        async with self.context.store.read() as connection:
            firsts = dict.fromkeys(active.targets.token_of(key) for key in active.targets.sources)
            states = [active.named_source(await accounts.source(connection, key)) for key in firsts]
        return [replace(state, origin=active.targets.called_by_token(state.key)) for state in states]


def by_subject(silences: Iterable[Silence]) -> dict[str, list[Silence]]:
    """Silences by subject; those of everything are under ""."""
    found: dict[str, list[Silence]] = defaultdict(list)
    for one in silences:
        found[one.subject].append(one)
    return found


def concerning(silences: Mapping[str, Sequence[Silence]], subject: str) -> tuple[Silence, ...]:
    if not silences:
        return ()
    return (*silences.get("", ()), *silences.get(subject, ()))
