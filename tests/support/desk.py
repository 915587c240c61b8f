"""What a chat may ask, answered by a fake that knows three accounts and remembers what it was asked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import cast
from zoneinfo import ZoneInfo

from bot.commands.scope import ChatScope
from bot.commands.service import BotService
from bot.domain.accounts import Account, Pause
from bot.domain.alerts import Alert, AlertRule, Severity, Silence, SilenceKind
from bot.domain.boards import BoardStatus
from bot.domain.chats import Chat
from bot.domain.jobs import Slots
from bot.domain.notifications import Delivery, Watched
from bot.domain.past_alerts import PastAlert
from bot.features.history.chart import Chart, Recorded, Series
from bot.features.history.drawing import PNG
from bot.telegram.text.account_list import SourceAlert
from bot.telegram.text.alert_list import Acted
from bot.telegram.text.alert_log import NamedAlert
from bot.telegram.text.pauses import PausedAct, act_of
from bot.telegram.text.replies import Reloaded, Status
from tests.support.fakes import ALICE, BOB, CAROL, CHAT, NOW, SOURCE, key_of, notification, reading

TOKEN = "123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw-x"
ZONE = ZoneInfo("Etc/UTC")


def watched(email: str, label: str | None = None) -> Watched:
    """An account that was just read."""
    account = Account(key_of(email), SOURCE, email, label, reading=reading(), looked_at=NOW, allowance=10_000)
    firing = Alert(account.key, AlertRule.CREDITS, level=1, episode=1, since=NOW, severity=Severity.WARNING)
    return Watched(account, (firing,) if email == ALICE else ())


ACTED = Acted((Silence(SilenceKind.ACCOUNT, key_of(BOB), until=NOW + timedelta(hours=1), by="Kim", id=7),), (BOB,))


@dataclass
class FakeScope(ChatScope):
    """Answers from memory; what people wish is written down."""

    accounts: list[Watched] = field(
        default_factory=lambda: [watched(ALICE, "Studio"), watched(BOB), watched(CAROL, "Zoo")]
    )
    mutes: list[tuple[str | None, datetime, str, bool]] = field(default_factory=list)
    unmutes: list[str | None] = field(default_factory=list)
    pausing: list[tuple[str | None, datetime, str]] = field(default_factory=list)
    resumed: list[tuple[str | None, str]] = field(default_factory=list)
    paused: list[PausedAct] = field(default_factory=list)
    looks: list[list[str]] = field(default_factory=list)
    silenced: list[tuple[list[str], str, datetime | None]] = field(default_factory=list)
    acts: list[Acted] = field(default_factory=lambda: [ACTED])
    moves: list[tuple[int, int]] = field(default_factory=list)
    boards: list[Chat] = field(default_factory=list)
    asked: int = 0
    moment: datetime = NOW
    over: bool = False
    defect: Exception | None = None

    def __post_init__(self) -> None:
        """The parts of the bot are this one, too; its time stands still."""
        self.now = lambda: self.moment
        parts = {
            "checks": SimpleNamespace(look_now=self.look_now),
            "discovery": SimpleNamespace(ask_all=self.ask_sources),
            "boards": SimpleNamespace(show=self.board, remove=self.remove_board),
            "charts": SimpleNamespace(draw=self.draw),
            "chat_moved": self.chat_moved,
            "enter": self.enter,
            "leave": self.leave,
        }
        self.service = cast(BotService, SimpleNamespace(**parts))

    async def watched(self) -> list[Watched]:
        """Three accounts, unless there is a defect."""
        if self.defect:
            raise self.defect
        return self.accounts

    async def firing_sources(self) -> Sequence[SourceAlert]:
        """None."""
        return []

    async def look_now(self, keys: Sequence[str]) -> None:
        """Notes who is to be looked at."""
        self.looks.append(list(keys))

    async def slots(self, key: str) -> Slots | None:
        """Nobody says what runs."""

    async def past(self, keys: Sequence[str], since: datetime, slots: int) -> Mapping[str, Recorded]:
        """Everybody spent half of it."""
        trace = Series(places=((since.timestamp(), 8000.0), (NOW.timestamp() - 60, 4000.0)), spent=4000)
        return {key: Recorded(trace) for key in keys}

    async def draw(self, picture: Chart) -> bytes:
        """What counts as a picture."""
        return PNG + picture.title.encode()

    async def log(self, key: str | None, span: timedelta) -> list[NamedAlert]:
        """One that is over."""
        past = PastAlert(key_of(ALICE), AlertRule.CREDITS, 1, NOW - timedelta(hours=2), NOW, Severity.WARNING, 180.0)
        return [NamedAlert(past, "Studio")] if key in (None, key_of(ALICE)) else []

    async def reload(self) -> Reloaded:
        """There is no accounts file."""
        return Reloaded(file=False)

    async def ask_sources(self) -> None:
        """Counts."""
        self.asked += 1

    async def chat_moved(self, old: int, new: int) -> None:
        """Notes the move."""
        self.moves.append((old, new))

    async def enter(self, code: str, chat: Chat, by: str) -> bool:
        """No code opens."""
        return False

    async def invite(self, by: str) -> str | None:
        """A code."""
        return "an-invitation-code-of-32-letters"

    async def leave(self, chat: Chat, by: str) -> bool | None:
        """No link let this chat in."""
        return None

    async def board(self, chat: Chat) -> BoardStatus:
        """Notes where."""
        self.boards.append(chat)
        return BoardStatus(pinned=False)

    async def remove_board(self, chat: Chat) -> bool:
        """There is none."""
        return False

    async def mute(self, key: str | None, span: timedelta, by: str, *, everywhere: bool = False) -> Silence:
        """Notes the wish."""
        until = NOW + span
        self.mutes.append((key, until, by, everywhere))
        return Silence(SilenceKind.ALL, until=until, by=by, chat=None if everywhere else CHAT, id=9)

    async def unmute(self, key: str | None) -> list[Acted]:
        """Notes the wish."""
        self.unmutes.append(key)
        return [ACTED]

    async def silences(self, _: Sequence[Watched] | None = None) -> list[Acted]:
        """One mute."""
        return self.acts

    async def pause(self, key: str | None, span: timedelta, by: str) -> Pause:
        """Notes the wish, and whom it holds for."""
        until = NOW + span
        held = Pause(key or "", NOW, until, by, NOW)
        names = (next(one.account.name for one in self.accounts if one.account.key == key),) if key else ()
        self.pausing.append((key, until, by))
        self.paused.append(PausedAct(held, names))
        return held

    async def resume(self, key: str | None, by: str) -> bool:
        """Ends all pauses."""
        self.resumed.append((key, by))
        was, self.paused = bool(self.paused), []
        return was

    async def pauses(self, _: Sequence[Watched] | None = None) -> list[PausedAct]:
        """What was wished for."""
        return self.paused

    async def resume_act(self, act: int, by: str) -> bool:
        """Ends one."""
        found = [one for one in self.paused if act_of(one.pause) == act]
        self.paused = [one for one in self.paused if one not in found]
        return bool(found)

    async def undo(self, number: int) -> Acted | None:
        """Ends it."""
        found = next((one for one in self.acts if one.silence.id == number), None)
        self.acts = [one for one in self.acts if one is not found]
        return found

    async def told_by(self, lead_id: int, chat_id: int) -> list[Delivery]:
        """Message 1 of the private chat told of one account; so did message 1 of the group."""
        if lead_id != 1 or chat_id not in (CHAT.chat_id, -100222):
            return []
        return [Delivery(1, CHAT, notification("a"), NOW)]

    async def silence(self, told: Sequence[Delivery], by: str, span: timedelta | None) -> list[Silence]:
        """Notes the wish."""
        until = NOW + span if span else None
        if self.over:
            return []
        self.silenced.append(([one.notification.subject for one in told], by, until))
        kind = SilenceKind.SNOOZE if until else SilenceKind.ACK
        return [Silence(kind, until=until, by=by, chat=CHAT, made_at=self.now(), id=8)]

    async def status(self) -> Status:
        """All is well."""
        return Status("1.2.3", timedelta(hours=1), timedelta(minutes=15), len(self.accounts), NOW)
