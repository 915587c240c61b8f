"""What people ask and wish: who is watched and how they stand, what fires, and silences put and ended."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.context import Context
from bot.core.health import unreached_since, window_of
from bot.core.history import Recorded
from bot.core.model import Account, Alert, Chat, Notification, OutageKind, Silence, SilenceKind, Topic, Watched
from bot.store import accounts, alerts, chats, history, outbox
from bot.store.chats import Refusal
from bot.store.outbox import Depth
from bot.verdicts import Verdicts


@dataclass(frozen=True, slots=True)
class FiringSource:
    """A source's alert that fires, why, and the silences that concern it."""

    alert: Alert
    silences: tuple[Silence, ...]
    outage: OutageKind | None
    origin: str | None = None


@dataclass(frozen=True, slots=True)
class Deliveries:
    """What waits in the outbox, which chats take no messages, and since when an alert that fires reached nobody."""

    depth: Depth
    refused: Mapping[Chat, Refusal]
    unreached_since: datetime | None


class Fleet:
    """The watched accounts as people see them."""

    def __init__(self, context: Context, verdicts: Verdicts) -> None:
        """Holds nothing but what it is handed."""
        self._store = context.store
        self._clock = context.clock
        self._every = context.every
        self._every_of = context.every_of
        self._verdicts = verdicts
        self._roster = context.roster
        self._recipients = context.recipients

    async def watched(self) -> list[Watched]:
        """Every watched account with its firing alerts and the silences that concern it, by name."""
        async with self._store.read() as connection:
            known = await accounts.watched(connection)
            firing = await alerts.firing(connection)
            silences = await alerts.active_silences(connection, self._clock())
        by_subject: dict[str, list[Alert]] = defaultdict(list)
        for alert in firing:
            by_subject[alert.subject].append(alert)
        every_of = self._roster.watchlist.own_check_every
        return [
            Watched(
                self._roster.named(one),
                tuple(by_subject.get(one.key, ())),
                concerning(silences, one.key),
                every_of(one.source, one.email),
            )
            for one in known
        ]

    async def firing_sources(self) -> list[FiringSource]:
        """Every source's alert that fires."""
        async with self._store.read() as connection:
            firing = [alert for alert in await alerts.firing(connection) if alert.subject in self._roster.sources]
            silences = await alerts.active_silences(connection, self._clock())
            found = []
            for alert in firing:
                health = await accounts.health(connection, alert.subject)
                outage = health.outage or (await accounts.source(connection, alert.subject)).outage
                kind = outage.kind if outage else None
                origin = self._roster.watchlist.origin_of(alert.subject)
                found.append(FiringSource(alert, concerning(silences, alert.subject), kind, origin))
        return found

    async def everything(self) -> tuple[list[Account], list[Alert]]:
        """Every watched account and every alert that fires."""
        async with self._store.read() as connection:
            known = await accounts.watched(connection)
            return [self._roster.named(account) for account in known], await alerts.firing(connection)

    async def past(self, keys: Sequence[str], since: datetime, slots: int) -> dict[str, Recorded]:
        """What is kept of these accounts since a moment, followed so finely; those watched no more are left out."""
        now, found = self._clock(), {}
        async with self._store.read() as connection:
            known = await accounts.load(connection, keys)
            gaps = await history.gaps(connection, known, since)
            for key, account in known.items():
                trace = await history.trace(connection, key, since, now, slots)
                found[key] = Recorded(trace, tuple(gaps[key]), self._roster.rules_of(account).low_credits)
        return found

    async def mute(self, key: str | None, until: datetime, by: str) -> None:
        """No messages about an account, or about anything, until then. State goes on."""
        kind = SilenceKind.ALL if key is None else SilenceKind.ACCOUNT
        async with self._store.write() as connection:
            await alerts.add_silence(connection, Silence(kind, key or "", until=until, by=by))

    async def unmute(self, key: str | None) -> bool:
        """Ends the mute of an account, or without a key every mute, and says what was withheld; False if none was."""
        async with self._store.write() as connection:
            if key is None:
                ended = await alerts.remove_silences(connection, SilenceKind.ALL)
                ended += await alerts.remove_silences(connection, SilenceKind.ACCOUNT)
                ended += await alerts.remove_silences(connection, SilenceKind.SNOOZE)
            else:
                ended = await alerts.remove_silences(connection, SilenceKind.ACCOUNT, key)
                ended += await alerts.remove_silences(connection, SilenceKind.SNOOZE, key)
        await self._verdicts.catch_up()
        return ended > 0

    async def told_by(self, lead_id: int, chat_id: int) -> list[Notification]:
        """The alerts' notifications that a message told, if it is one of this very chat."""
        async with self._store.read() as connection:
            told = await outbox.told_by(connection, lead_id, chat_id)
        return [notification for notification in told if notification.notice.topic is Topic.ALERT]

    async def silence(self, told: Iterable[Notification], by: str, until: datetime | None) -> int:
        """Silences the alerts that were told and still fire: until a moment, or else as an ack. Says how many."""
        count = 0
        async with self._store.write() as connection:
            firing = {(alert.subject, alert.measure): alert for alert in await alerts.firing(connection)}
            wanted = {(one.notice.subject, one.notice.measure): one.notice.episode for one in told}
            for which, episode in wanted.items():
                alert = firing.get(which)  # type: ignore[arg-type]
                if alert is None or alert.episode != episode:
                    continue
                await alerts.add_silence(connection, silence_of(alert, by, until))
                count += 1
        return count

    async def chat_moved(self, old: int, new: int) -> None:
        """Follows a group that has become another chat."""
        await self._store.write_patiently(lambda connection: self._recipients.move(connection, old, new))

    async def deliveries(self) -> Deliveries:
        """What waits to be delivered, and which chats do not take it."""
        async with self._store.read() as connection:
            depth = await outbox.depth(connection)
            refused = await chats.refused(connection)
            unreached = unreached_since(await outbox.untold(connection))
        present = set(self._recipients.present)
        return Deliveries(depth, {chat: why for chat, why in refused.items() if chat in present}, unreached)

    async def readable_until(self) -> datetime | None:
        """How long the readings of those that are not paused count, each by its account's interval."""
        async with self._store.read() as connection:
            if not self._roster.watchlist.own_intervals:
                newest = await accounts.last_read(connection)
                return newest + window_of(self._every) if newest else None
            reads = await accounts.last_reads(connection)
        return max((at + window_of(self._every_of(source, email)) for source, email, at in reads), default=None)

    async def more_often_since(self) -> datetime | None:
        """When anybody was resumed after a pause, or got a shorter interval."""
        async with self._store.read() as connection:
            return await chats.marked(connection, chats.MORE_OFTEN)

    async def last_round_at(self) -> datetime | None:
        """When a round ended last."""
        async with self._store.read() as connection:
            return await chats.marked(connection, chats.ROUND)


def silence_of(alert: Alert, by: str, until: datetime | None) -> Silence:
    """A snooze until a moment, or an ack until recovery or the next worse rung."""
    kind = SilenceKind.SNOOZE if until else SilenceKind.ACK
    return Silence(kind, alert.subject, alert.measure, until, alert.episode, alert.level, by)


def concerning(silences: Sequence[Silence], subject: str) -> tuple[Silence, ...]:
    """The silences of everything, and those of one subject."""
    if not silences:
        return ()
    return tuple(silence for silence in silences if silence.kind is SilenceKind.ALL or silence.subject == subject)
