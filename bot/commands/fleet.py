"""What people ask: who is watched and how they stand, what fires, and what waits to be delivered."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.checks.context import Context
from bot.domain.accounts import Account, FailureKind, SourceState
from bot.domain.alerts import Alert, Silence
from bot.domain.chats import Chat
from bot.domain.health import unreached_since, window_of
from bot.domain.notifications import Delivery, NotificationKind, Watched
from bot.domain.pending import Backlog
from bot.features.history.chart import Recorded
from bot.features.history.service import traced
from bot.storage import accounts, alerts, chats, history, outbox
from bot.storage.chats import Refusal
from bot.storage.outbox import Depth


@dataclass(frozen=True, slots=True)
class FiringSource:
    """A source's alert that fires, why, and the silences that concern it."""

    alert: Alert
    silences: tuple[Silence, ...]
    outage: FailureKind | None
    origin: str | None = None


@dataclass(frozen=True, slots=True)
class Deliveries:
    """What waits in the outbox, which chats take no messages, and since when an alert that fires reached nobody."""

    depth: Depth
    refused: Mapping[Chat, Refusal]
    unreached_since: datetime | None


class Fleet:
    """The watched accounts as people see them."""

    def __init__(self, context: Context) -> None:
        """Holds nothing but what it is handed."""
        self._store = context.store
        self._clock = context.clock
        self._every = context.every
        self._every_of = context.every_of
        self._active_targets = context.active_targets
        self._recipients = context.recipients

    async def watched(self) -> list[Watched]:
        """Every watched account with its firing alerts and the silences that concern it, by name."""
        async with self._store.read() as connection:
            known = await accounts.watched(connection)
            firing = await alerts.firing(connection)
            silences = by_subject(await alerts.active_silences(connection, self._clock()))
        fires: dict[str, list[Alert]] = defaultdict(list)
        for alert in firing:
            fires[alert.subject].append(alert)
        every_of = self._active_targets.targets.own_check_every
        return [
            Watched(
                self._active_targets.named(one),
                tuple(fires.get(one.key, ())),
                concerning(silences, one.key),
                every_of(one.source, one.email),
            )
            for one in known
        ]

    async def firing_sources(self) -> list[FiringSource]:
        """Every source's alert that fires."""
        async with self._store.read() as connection:
            firing = [
                alert for alert in await alerts.firing(connection) if alert.subject in self._active_targets.sources
            ]
            silences = by_subject(await alerts.active_silences(connection, self._clock()))
            found = []
            for alert in firing:
                health = await accounts.health(connection, alert.subject)
                outage = health.outage or (await accounts.source(connection, alert.subject)).outage
                kind = outage.kind if outage else None
                origin = self._active_targets.targets.origin_of(alert.subject)
                found.append(FiringSource(alert, concerning(silences, alert.subject), kind, origin))
        return found

    def origins(self) -> dict[str, str | None]:
        """The name of each source, by its key, where several are watched."""
        targets = self._active_targets.targets
        return {key: targets.origin_of(key) for key in targets.sources}

    async def unread_lists(self) -> list[SourceState]:
        """The sources that list their accounts themselves and whose list cannot be read."""
        sources = self._active_targets.targets.sources
        async with self._store.read() as connection:
            states = [await accounts.source(connection, key) for key, source in sources.items() if source.everyone]
        return [self._active_targets.named_source(state) for state in states if state.outage]

    async def everything(self) -> tuple[list[Account], list[Alert]]:
        """Every watched account and every alert that fires."""
        async with self._store.read() as connection:
            known = await accounts.watched(connection)
            return [self._active_targets.named(account) for account in known], await alerts.firing(connection)

    async def past(self, keys: Sequence[str], since: datetime, slots: int) -> dict[str, Recorded]:
        """What is kept of these accounts since a moment, followed so finely; those watched no more are left out."""
        now, found = self._clock(), {}
        async with self._store.read() as connection:
            known = await accounts.load(connection, keys)
            gaps = await history.gaps(connection, known, since)
            for key, account in known.items():
                trace = await traced(connection, key, since, now, slots)
                found[key] = Recorded(trace, tuple(gaps[key]), self._active_targets.rules_of(account).low_credits)
        return found

    async def told_by(self, lead_id: int, chat_id: int) -> list[Delivery]:
        """The alerts' notifications that a message told, if it is one of this very chat."""
        async with self._store.read() as connection:
            told = await outbox.told_by(connection, lead_id, chat_id)
        return [delivery for delivery in told if delivery.notification.topic is NotificationKind.ALERT]

    async def chat_moved(self, old: int, new: int) -> None:
        """Follows a group that has become another chat."""
        await self._store.write_patiently(lambda connection: self._recipients.move(connection, old, new))

    async def deliveries(self, backlogs: Mapping[int, Backlog]) -> Deliveries:
        """What waits to be delivered, and which chats do not take it."""
        async with self._store.read() as connection:
            depth = await outbox.depth(connection, self._clock(), backlogs)
            refused = await chats.refused(connection)
            unreached = unreached_since(await outbox.untold(connection, backlogs))
        present = set(self._recipients.present)
        return Deliveries(depth, {chat: why for chat, why in refused.items() if chat in present}, unreached)

    @property
    def database_problem(self) -> str | None:
        """What is wrong with the database, once anybody has to know."""
        return self._store.standing.problem

    async def readable_until(self) -> datetime | None:
        """How long the readings of those that are not paused count, each by its account's interval."""
        async with self._store.read() as connection:
            if not self._active_targets.targets.own_intervals:
                newest = await accounts.last_read(connection)
                return newest + window_of(self._every) if newest else None
            reads = await accounts.last_reads(connection)
        return max((at + window_of(self._every_of(source, email)) for source, email, at in reads), default=None)

    async def more_often(self) -> tuple[datetime | None, datetime | None]:
        """When anybody was resumed, or got a shorter interval; and by when to expect a reading of them."""
        async with self._store.read() as connection:
            return await chats.more_often(connection)

    async def last_round_at(self) -> datetime | None:
        """When a round ended last."""
        async with self._store.read() as connection:
            return await chats.marked(connection, chats.ROUND)


def by_subject(silences: Iterable[Silence]) -> dict[str, list[Silence]]:
    """Silences by what they are about; those of everything are under ""."""
    found: dict[str, list[Silence]] = defaultdict(list)
    for one in silences:
        found[one.subject].append(one)
    return found


def concerning(silences: Mapping[str, Sequence[Silence]], subject: str) -> tuple[Silence, ...]:
    """The silences of everything, and those of one subject."""
    if not silences:
        return ()
    return (*silences.get("", ()), *silences.get(subject, ()))
