"""The bot as one chat sees it: its own accounts, and no others."""

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot.commands.service import BotService
from bot.domain.accounts import Pause, Unit
from bot.domain.alerts import NotifyReason, Silence, SilenceKind
from bot.domain.chats import Chat
from bot.domain.jobs import Slots
from bot.domain.notifications import Delivery, Facts, Watched
from bot.domain.pauses import EVERYONE
from bot.evaluation.blackout import blackout
from bot.features.history.chart import Recorded
from bot.support.aside import aside
from bot.targets.recipients import covers
from bot.telegram.text.account_list import SourceAlert
from bot.telegram.text.alert_list import Acted, acts
from bot.telegram.text.alert_log import NamedAlert
from bot.telegram.text.pauses import PausedAct, act_of
from bot.telegram.text.replies import Reloaded, Status

KEPT = "the bot's log says why"


class ChatScope:
    """Requests of one chat. ``service`` itself answers what is the same for every chat."""

    def __init__(self, service: BotService, chat: Chat) -> None:
        """``now`` is the bot's clock, UTC."""
        self.service = service
        self.now = service.context.clock
        self._chat = chat
        self._recipients = service.context.recipients

    @property
    def _here(self) -> Chat:
        """This chat as it is configured: a topic without its own configuration belongs to the whole chat."""
        return self._recipients.at(self._chat)

    async def watched(self) -> list[Watched]:
        """Every watched account of this chat, by name, with the silences that hold here."""
        return await self._seen_of(await self.service.watched())

    async def _seen_of(self, everyone: Sequence[Watched]) -> list[Watched]:
        """Those of all watched accounts that this chat sees."""
        sees, here = self._recipients.seen_by(self._chat), self._here

        def seen() -> list[Watched]:
            mine = (one for one in everyone if sees(one.account.source, one.account.email))
            return [replace(one, silences=held_in(here, one.silences)) if one.silences else one for one in mine]

        return await aside(len(everyone), seen)

    async def firing_sources(self) -> Sequence[SourceAlert]:
        """Every firing alert of a source of this chat, with the silences that hold here."""
        firing = await self.service.firing_sources()
        return [
            replace(one, silences=held_in(self._here, one.silences))
            for one in firing
            if self._recipients.sees(self._chat, one.alert.subject)
        ]

    async def slots(self, key: str) -> Slots | None:
        """The jobs of an account that run through the API now; None if this chat does not see it, or nobody knows."""
        account = next((one.account for one in await self.watched() if one.account.key == key), None)
        return await self.service.slots(account) if account and account.pause is None else None

    async def past(self, keys: Sequence[str], since: datetime, slots: int) -> Mapping[str, Recorded]:
        """The stored past of those accounts that this chat sees."""
        seen = {one.account.key for one in await self.watched()}
        return await self.service.past([key for key in keys if key in seen], since, slots)

    async def log(self, key: str | None, span: timedelta) -> list[NamedAlert]:
        """The past alerts of what this chat sees, of one account or of everything, the newest first."""
        found, names = list[NamedAlert](), self.service.source_names()
        for alert, account in await self.service.past_alerts(self.now() - span, key):
            if account is None:
                if alert.subject in names and self._recipients.sees(self._chat, alert.subject):
                    found.append(NamedAlert(alert, names[alert.subject]))
            elif self._recipients.sees(self._chat, account.source, account.email):
                unit = account.reading.credits.unit if account.reading else Unit.CREDITS
                found.append(NamedAlert(alert, account.name, unit))
        return found

    async def mute(self, key: str | None, span: timedelta, by: str, *, everywhere: bool = False) -> Silence:
        """Mutes an account, or everything that this chat sees, for ``span``: here, or in every chat."""
        keys = await self._all() if everywhere and key is None else [key]
        return await self.service.silences.mute(keys, span, by, self._here, everywhere=everywhere)

    async def unmute(self, key: str | None) -> list[Acted]:
        """Ends the mutes and snoozes that hold here, of one account or of all; returns them."""
        found = [one for one in await self.silences() if one.silence.kind is not SilenceKind.ACK]
        ended = [one for one in found if key is None or key in one.subjects]
        await self.service.silences.end(part for one in ended for part in one.parts if key in (None, part.subject))
        return ended

    async def silences(self, seen: Sequence[Watched] | None = None) -> list[Acted]:
        """The silences that hold here of what this chat sees, by the acts that made them, the oldest first."""
        seen = await self.watched() if seen is None else seen
        names = {one.account.key: one.account.name for one in seen}
        found = [one for one in await self.service.silences.of(self._here) if self._is_seen(one.subject, names)]
        return acts(found, {**names, **self.service.source_names()})

    def _is_seen(self, subject: str, names: Container[str]) -> bool:
        """True if this chat sees an account, a source, or (""), as each chat does, everything."""
        return not subject or subject in names or self._recipients.sees(self._chat, subject)

    async def undo(self, number: int) -> Acted | None:
        """Ends the silences of one act, if it holds here; None for a number without meaning here.

        The number comes with a tap, so it can be forged.
        """
        for one in [*await self.silences(), *await self._escalated_acks()]:
            if any(part.id == number for part in one.parts):
                await self.service.silences.end(one.parts)
                return one
        return None

    async def _escalated_acks(self) -> list[Acted]:
        """The acks of alerts that this chat got because they were escalated, and of which it sees nothing else."""
        here = self._recipients.escalated_to(self._chat)
        if here is None:
            return []
        acks = await self.service.silences.acks_known_in(here)
        names = {one.account.key: one.account.name for one in await self.service.watched()} if acks else {}
        return acts(acks, {**names, **self.service.source_names()})

    async def pause(self, key: str | None, span: timedelta, by: str) -> Pause:
        """Pauses an account, or all that this chat sees, for ``span``; returns the pause in force."""
        keys = [key] if key else await self._all()
        paused = await self.service.pauses.pause(keys, span, by, self._here)
        held = [paused.everyone if one is None else paused.of(one) for one in keys]
        now = self.now()
        wished = Pause(key or EVERYONE, now, now + span, by)
        return max(filter(None, held), key=lambda pause: pause.until, default=wished)

    async def resume(self, key: str | None, by: str) -> bool:
        """Resumes an account, or all that this chat sees; False if nothing was paused."""
        keys = [key] if key else await self._all()
        if None in keys:
            return await self.service.pauses.resume_all(by, self._here)
        return await self.service.pauses.resume([one for one in keys if one], by, self._here)

    async def pauses(self, seen: Sequence[Watched] | None = None) -> list[PausedAct]:
        """The pauses of what this chat sees, by the acts that made them, the oldest first."""
        paused, seen = await self.service.pauses.current(), await self.watched() if seen is None else seen
        acts: dict[datetime | None, list[tuple[Pause, str]]] = {}
        for account in (one.account for one in seen):
            if own := paused.own.get(account.key):
                acts.setdefault(own.made_at, []).append((own, account.name))
        found = [PausedAct(some[0][0], tuple(name for _, name in some)) for some in acts.values()]
        if paused.everyone:
            free = {one.account.key for one in seen} & paused.resumed
            names = tuple(one.account.name for one in seen if one.account.key not in free) if free else ()
            found += [PausedAct(paused.everyone, names)] if names or not free else []
        return sorted(found, key=lambda act: act.pause.made_at or act.pause.since)

    async def resume_act(self, act: int, by: str) -> bool:
        """Ends the pauses of one act, as far as this chat sees their accounts.

        The number comes with a tap, so it can be forged.
        """
        paused, keys = await self.service.pauses.current(), await self._all()
        if None in keys:
            held = [pause.subject for pause in paused.every if act_of(pause) == act]
        else:
            held = [key for key in keys if key and any(act_of(pause) == act for pause in paused.all_of(key))]
        return bool(held) and await self.service.pauses.resume(held, by, self._here)

    async def _all(self) -> Sequence[str | None]:
        """The meaning of "all" in other chats: everything (None), or each account that this chat sees."""
        every = await self.service.watched()
        seen = await self._seen_of(every)
        return [None] if len(seen) == len(every) else [one.account.key for one in seen]

    async def told_by(self, lead_id: int, chat_id: int) -> list[Delivery]:
        """The deliveries of a message of this chat, as far as the chat still sees them.

        The number comes with a tap, so it can be forged: that of another topic's message, or an old one's.
        """
        told = await self.service.told_by(lead_id, chat_id)
        here = self._recipients.escalated_to(self._chat)
        return [
            one for one in told if self._may_act_on(one.notification.facts) or (here == one.chat and is_escalated(one))
        ]

    def _may_act_on(self, facts: Facts) -> bool:
        """True if this chat sees the subject of a notification."""
        return facts.source is not None and self._recipients.sees(self._chat, facts.source, facts.email)

    async def silence(self, told: Sequence[Delivery], by: str, span: timedelta | None) -> list[Silence]:
        """Silences a message's firing alerts: here for ``span``, or else everywhere as an ack."""
        return await self.service.silences.silence(told, by, span, self._here)

    @property
    def _trusted(self) -> bool:
        """True if this chat sees everything."""
        return any(covers(chat, self._chat) for chat in self._recipients.home)

    async def invite(self, by: str) -> str | None:
        """A code that lets another chat in; None for a chat that sees some accounts only."""
        return await self.service.pairing.invite(by) if self._trusted else None

    async def reload(self) -> Reloaded:
        """Reads the accounts file again. Only the chats of TELEGRAM_CHAT_IDS get its errors."""
        done = await self.service.reload()
        if self._trusted or not done.file:
            return done
        return replace(done, faults=(KEPT,)) if done.faults else Reloaded(watched=len(await self.watched()))

    async def status(self) -> Status:
        """The bot's status, with the accounts of this chat; only chats of everything see the others."""
        everyone = await self.service.watched()
        seen, status = await self._seen_of(everyone), await self.service.status(everyone)
        failing = tuple(one.account.name for one in seen if one.account.outage)
        refused = status.refused if self._trusted else ()
        paused = sum(one.account.pause is not None for one in seen)
        subscriptions = status.subscriptions if self._trusted else ()
        status = replace(
            status, watched=len(seen), failing=failing, refused=refused, paused=paused, subscriptions=subscriptions
        )
        boards = {chat: trouble for chat, trouble in status.boards.items() if self._trusted or chat == self._chat}
        silences, pauses = tuple(await self.silences(seen)), tuple(await self.pauses(seen))
        status = replace(status, boards=boards, silences=silences, pauses=pauses)
        dark = await aside(len(seen), blackout, [one.account for one in seen])
        lists = tuple(one for one in status.lists if self._recipients.sees(self._chat, one.key))
        return replace(status, blackout=dark, lists=lists)


def is_escalated(one: Delivery) -> bool:
    return one.notification.reason is NotifyReason.ESCALATED


def held_in(chat: Chat, silences: Iterable[Silence]) -> tuple[Silence, ...]:
    return tuple(one for one in silences if one.chat in (None, chat))
