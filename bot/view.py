"""The front desk as one chat may see it: the accounts that it is told of, and no others."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from bot.chat.answers import SourceAlert
from bot.chat.replies import Reloaded, Status
from bot.core.history import Picture, Recorded
from bot.core.model import Chat, Facts, Notification, Watched
from bot.desk import Desk
from bot.recipients import Recipients, covers

KEPT = "the bot's log says why"


class View:
    """Implements ``bot.chat.buttons.AlertDesk`` for one chat."""

    def __init__(self, desk: Desk, recipients: Recipients, chat: Chat) -> None:
        """``recipients`` says which accounts the chat is told of."""
        self._desk = desk
        self._recipients = recipients
        self._chat = chat

    def now(self) -> datetime:
        """The present moment, UTC."""
        return self._desk.now()

    async def watched(self) -> list[Watched]:
        """Every watched account that this chat is told of, by name."""
        sees = self._recipients.seen_by(self._chat)
        return [one for one in await self._desk.watched() if sees(one.account.source, one.account.email)]

    async def firing_sources(self) -> Sequence[SourceAlert]:
        """Every alert that fires of a source that this chat is told of."""
        firing = await self._desk.firing_sources()
        return [one for one in firing if self._recipients.sees(self._chat, one.alert.subject)]

    async def past(self, keys: Sequence[str], since: datetime, slots: int) -> Mapping[str, Recorded]:
        """What is kept of those of the accounts that this chat sees."""
        seen = {one.account.key for one in await self.watched()}
        return await self._desk.past([key for key in keys if key in seen], since, slots)

    async def draw(self, picture: Picture) -> bytes:
        """The picture as PNG. Raises DrawingTrouble, in words."""
        return await self._desk.draw(picture)

    async def look_now(self, keys: Sequence[str]) -> None:
        """Looks at these accounts and returns once what was seen is saved."""
        await self._desk.look_now(keys)

    async def ask_sources(self) -> None:
        """Asks every source anew which accounts it has."""
        await self._desk.ask_sources()

    async def mute(self, key: str | None, until: datetime, by: str) -> None:
        """No messages about an account, or about anything that this chat sees, until then."""
        for one in [key] if key else await self._all():
            await self._desk.mute(one, until, by)

    async def unmute(self, key: str | None) -> bool:
        """Ends mutes; False if there were none."""
        return any([await self._desk.unmute(one) for one in ([key] if key else await self._all())])

    async def _all(self) -> Sequence[str | None]:
        """What "all" means here: everything there is (None), or each account that this chat sees."""
        seen, every = await self.watched(), await self._desk.watched()
        return [None] if len(seen) == len(every) else [one.account.key for one in seen]

    async def told_by(self, lead_id: int, chat_id: int) -> list[Notification]:
        """What a message told, if it is one of this very chat; of it only what this chat is still told of.

        The number comes with a tap, so it may be forged: that of another topic's message, or an old one's.
        """
        told = await self._desk.told_by(lead_id, chat_id)
        return [one for one in told if self._may_act_on(one.notice.facts)]

    def _may_act_on(self, facts: Facts) -> bool:
        """Whether this chat is told of what a notification is about."""
        return facts.source is not None and self._recipients.sees(self._chat, facts.source, facts.email)

    async def silence(self, told: Sequence[Notification], by: str, until: datetime | None) -> int:
        """Silences the alerts that were told and still fire; says how many."""
        return await self._desk.silence(told, by, until)

    async def chat_moved(self, old: int, new: int) -> None:
        """Follows a group that has become another chat."""
        await self._desk.chat_moved(old, new)

    @property
    def _trusted(self) -> bool:
        """Whether this chat is one of those that are told of everything."""
        return any(covers(chat, self._chat) for chat in self._recipients.home)

    async def enter(self, code: str, chat: Chat, by: str) -> bool:
        """Lets a chat in that shows an open code; False if the code is none."""
        return await self._desk.enter(code, chat, by)

    async def invite(self, by: str) -> str | None:
        """A code that lets another chat in; None for a chat that is told of some accounts only."""
        return await self._desk.invite(by) if self._trusted else None

    async def leave(self, chat: Chat, by: str) -> bool | None:
        """Ends what a link began here: whether any other chat is still told; None if no link let this one in."""
        return await self._desk.leave(chat, by)

    async def board(self, chat: Chat) -> bool:
        """Posts what this chat sees as one message that is kept current; False if it could not be pinned."""
        return await self._desk.board(chat)

    async def reload(self) -> Reloaded:
        """Reads the accounts file again. What is wrong with it is told to the chats of TELEGRAM_CHAT_IDS only."""
        done = await self._desk.reload()
        if self._trusted or not done.file:
            return done
        return replace(done, faults=(KEPT,)) if done.faults else Reloaded(watched=len(await self.watched()))

    async def status(self) -> Status:
        """How the bot is, with the accounts that this chat sees; which others there are is for those of all to know."""
        seen, status = await self.watched(), await self._desk.status()
        failing = tuple(one.account.name for one in seen if one.account.outage)
        refused = status.refused if self._trusted else ()
        return replace(status, watched=len(seen), failing=failing, refused=refused)
