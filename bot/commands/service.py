"""The front desk: what a chat or a page may ask of the bot, answered by the part that knows."""

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot import __version__
from bot.checks.discovery import AccountDiscovery
from bot.checks.runner import CheckRunner
from bot.commands.fleet import Fleet
from bot.domain.accounts import Account
from bot.domain.alerts import Alert
from bot.domain.boards import BoardStatus
from bot.domain.chats import Chat
from bot.domain.clock_step import ClockStep
from bot.domain.health import NONE_READ, RefusedChat, Vitals, delivery_problems, overdue, problems, unreached_for
from bot.domain.notifications import Delivery, Watched
from bot.evaluation.blackout import blackout
from bot.features.board.publisher import BoardPublisher
from bot.features.history.chart import Chart, Recorded
from bot.features.history.drawing import ChartRenderer
from bot.features.pairing.door import Door
from bot.features.pairing.text import left_line, paired_line
from bot.outbox.dispatcher import Dispatcher
from bot.support.errors import DatabaseBusyError
from bot.telegram.polling import Polling
from bot.telegram.text.account_list import SourceAlert
from bot.telegram.text.formatting import service_name
from bot.telegram.text.replies import Reloaded, Status

log = logging.getLogger(__name__)


class Desk:
    """What a ``View`` shows a part of, and what ``bot.web.pages.Pages`` asks for."""

    def __init__(
        self,
        fleet: Fleet,
        checks: CheckRunner,
        discovery: AccountDiscovery,
        drawing: ChartRenderer,
        door: Door,
        clock: Callable[[], datetime],
        outbox: Dispatcher,
    ) -> None:
        """``polling`` and ``boards`` are set once there are some, ``reloads`` what reads the accounts file again."""
        self._fleet = fleet
        self._checks = checks
        self._discovery = discovery
        self._drawing = drawing
        self._door = door
        self._clock = clock
        self._outbox = outbox
        self._started_at = clock()
        self._clock_step: ClockStep | None = None
        self.polling: Polling | None = None
        self.boards: BoardPublisher | None = None
        self.reloads: Callable[[], Awaitable[Reloaded]] | None = None

    def clock_stepped(self, step: ClockStep) -> None:
        """The clock was set: the bot has run for as long as before, and ``/status`` says so."""
        if not step.while_off:
            self._started_at += step.by
        if step.is_long:
            self._clock_step = step

    def now(self) -> datetime:
        """The present moment, UTC."""
        return self._clock()

    @property
    def busy(self) -> bool:
        """Whether a look is under way, or not saved yet."""
        return self._checks.busy

    async def watched(self) -> list[Watched]:
        """Every watched account, by name."""
        return await self._fleet.watched()

    async def everything(self) -> tuple[list[Account], list[Alert]]:
        """Every watched account and every alert that fires."""
        return await self._fleet.everything()

    async def firing_sources(self) -> Sequence[SourceAlert]:
        """Every source's alert that fires."""
        firing = await self._fleet.firing_sources()
        return [SourceAlert(one.alert, one.silences, one.outage, one.origin) for one in firing]

    def names_of_sources(self) -> Mapping[str, str]:
        """What people call each source, by its key."""
        return {key: service_name(origin) for key, origin in self._fleet.origins().items()}

    async def past(self, keys: Sequence[str], since: datetime, slots: int) -> Mapping[str, Recorded]:
        """What is kept of these accounts since a moment, followed so finely; those watched no more are left out."""
        return await self._fleet.past(keys, since, slots)

    async def draw(self, picture: Chart) -> bytes:
        """The picture as PNG. Raises DrawingTrouble, in words."""
        return await self._drawing.draw(picture)

    async def look_now(self, keys: Sequence[str]) -> None:
        """Looks at these accounts and returns once what was seen is saved."""
        await self._checks.look_now(keys)

    async def ask_sources(self) -> None:
        """Asks every source anew which accounts it has."""
        await self._discovery.ask_all()

    async def told_by(self, lead_id: int, chat_id: int) -> list[Delivery]:
        """What a message told, if it is one of this very chat."""
        return await self._fleet.told_by(lead_id, chat_id)

    async def reload(self) -> Reloaded:
        """Reads the accounts file again."""
        return await self.reloads() if self.reloads else Reloaded(file=False)

    async def chat_moved(self, old: int, new: int) -> None:
        """Follows a group that has become another chat."""
        await self._fleet.chat_moved(old, new)

    async def enter(self, code: str, chat: Chat, by: str) -> bool:
        """Lets a chat in that shows an open code, and greets it; False if the code is none."""
        entered = await self._door.enter(code, chat, by)
        if entered:
            log.info("%s", paired_line(chat, by))
            await self._discovery.welcome(chat, by)
        return entered

    async def invite(self, by: str) -> str | None:
        """A code that lets another chat in."""
        return await self._door.invite(by)

    async def leave(self, chat: Chat, by: str) -> bool | None:
        """Ends what a link began here: whether any other chat is still told; None if no link let this one in."""
        if not await self._door.leave(chat):
            return None
        log.info("%s", left_line(chat, by))
        return self._door.anybody

    async def board(self, chat: Chat) -> BoardStatus:
        """Posts the whole fleet as one message that is kept current; says what became of that."""
        return await self.boards.show(chat) if self.boards else BoardStatus(refused="there are no boards")

    async def remove_board(self, chat: Chat) -> bool:
        """Takes the board of a chat down; False if there is none."""
        return await self.boards.remove(chat) if self.boards else False

    async def vitals(self) -> Vitals:
        """What the bot last managed to do; of a database that cannot be read, only that."""
        try:
            found = await self._recorded()
        except DatabaseBusyError as error:
            polling = self.polling
            silent, trouble = (polling.silent_for, polling.trouble) if polling else (0.0, None)
            found = Vitals(None, None, None, None, None, None, silent, trouble, database=str(error), readable=False)
        problem = self._fleet.database_problem
        return replace(found, database=problem) if problem else found

    async def _recorded(self) -> Vitals:
        """The same, where the database can be read."""
        deliveries = await self._fleet.deliveries(self._outbox.backlogs)
        more_often_since, read_by = await self._fleet.more_often()
        return Vitals(
            last_round_at=await self._fleet.last_round_at(),
            readable_until=await self._fleet.readable_until(),
            last_delivery_at=deliveries.depth.delivered_at,
            waiting=deliveries.depth.waiting,
            waiting_since=deliveries.depth.tried_since,
            failed=deliveries.depth.failed,
            polling_silent=self.polling.silent_for if self.polling else 0.0,
            polling_trouble=self.polling.trouble if self.polling else None,
            refused=tuple(
                RefusedChat(chat, refusal.why, refusal.since, self._outbox.next_try(chat.chat_id))
                for chat, refusal in deliveries.refused.items()
            ),
            unreached_since=deliveries.unreached_since,
            backlog_since=deliveries.depth.refused_since,
            polling_notes=self.polling.notes if self.polling else (),
            round_every=self._checks.rounds.every,
            more_often_since=more_often_since,
            read_by=read_by,
            all_paused=self._checks.rounds.all_paused,
        )

    async def status(self) -> Status:
        """How the bot is, for people."""
        vitals, now = await self.vitals(), self._clock()
        watched = await self._fleet.watched() if vitals.readable else None
        every, uptime = self._checks.every, max(now - self._started_at, timedelta(0))
        starting = vitals.last_round_at is None and vitals.database is None and uptime < every + timedelta(minutes=1)
        found = delivery_problems(vitals, now) if starting else problems(vitals, every, now)
        dark = blackout(one.account for one in watched or ())
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
            lists=tuple(await self._fleet.unread_lists()) if vitals.readable else (),
            notes=vitals.polling_notes,
            clock_step=self._clock_step if self._clock_step and self._clock_step.is_news(now) else None,
            boards=await self.boards.troubled() if self.boards and vitals.readable else {},
        )
