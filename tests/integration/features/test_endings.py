"""Messages whose alerts are over: which are edited, when, and what becomes of an edit that Telegram refuses."""

import logging
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from bot.domain.alerts import Alert, AlertRule, NotifyReason, Severity, Silence, SilenceKind
from bot.domain.boards import BoardDelayed, BoardEdited, BoardLost, BoardMoved, BoardRefused, EditResult
from bot.domain.chats import Chat
from bot.domain.notifications import Notification
from bot.domain.told_messages import EndedMessage
from bot.features.endings.service import LOOK_EVERY, EndingEditor
from bot.storage import alerts, endings, outbox, retention_statements
from bot.storage.database import Store
from tests.support.fakes import ALICE, BOB, CHAT, GROUP, NOW, Clock, key_of, notification

HOUR = timedelta(hours=1)


@dataclass
class Editor:
    """Remembers what it was to edit; answers as a test says."""

    result: EditResult = field(default_factory=BoardEdited)
    edited: list[tuple[int, tuple[str, ...], bool, Silence | None]] = field(default_factory=list)

    def write(self, message: EndedMessage, held: Silence | None) -> tuple[EndedMessage, Silence | None]:
        """Both, for edit."""
        return message, held

    async def edit(self, message: tuple[EndedMessage, Silence | None], chat: Chat, message_id: int) -> EditResult:
        """Notes it."""
        told, held = message
        assert told.chat == chat
        self.edited.append((message_id, tuple(one.notification.subject for one in told.over), told.all_over, held))
        return self.result


class Scene:
    """A store in which alerts are told, and the part that marks them."""

    def __init__(self, store: Store) -> None:
        self.store, self.editor, self.clock, self.seconds = store, Editor(), Clock(), 0.0
        self.present = [CHAT, GROUP]
        self.endings = EndingEditor(store, self.editor, lambda: self.present, self.clock, lambda: self.seconds)

    async def told(self, *emails: str, chat: Chat = CHAT, message_id: int | None = 5, episode: int = 1) -> list[int]:
        """One message tells that these fire."""
        notifications = [fired(email, episode) for email in emails]
        async with self.store.write() as connection:
            await alerts.save(connection, [firing(email, episode) for email in emails])
            await outbox.put(connection, notifications, [chat], NOW)
            ids = [one.id for one in await outbox.pending(connection, chat.chat_id)]
            await outbox.claim(connection, ids)
            await outbox.delivered(connection, ids, message_id, NOW)
            if message_id is not None:
                await endings.await_end(connection, ids)
        return ids

    async def over(self, *emails: str, at: timedelta = HOUR) -> None:
        """These recover; who is told of it has it already."""
        async with self.store.write() as connection:
            await alerts.save(connection, [replace(firing(email), level=0, severity=None) for email in emails])
            notifications = [
                replace(fired(email), key=f"over {email}", reason=NotifyReason.RESOLVED) for email in emails
            ]
            await outbox.put(connection, notifications, [Chat(99)], NOW + at)
            ids = [one.id for one in await outbox.pending(connection, 99)]
            await outbox.delivered(connection, ids, 1, NOW + at)

    async def awaiting(self) -> int:
        """How many messages are still to say something."""
        async with self.store.read() as connection:
            return len(await endings.due(connection))


def fired(email: str, episode: int = 1) -> Notification:
    """What tells that an account fires."""
    return replace(
        notification(f"{email} {episode}"), subject=key_of(email), measure=AlertRule.CREDITS, episode=episode
    )


def firing(email: str, episode: int = 1) -> Alert:
    """An alert that fires."""
    return Alert(key_of(email), AlertRule.CREDITS, 1, episode, since=NOW, severity=Severity.WARNING)


@pytest.fixture
def scene(store: Store) -> Scene:
    """A scene of a test's own."""
    return Scene(store)


async def test_only_what_is_over_is_marked_once_and_the_newest_first(scene: Scene) -> None:
    """Three messages of one alert, and one that fires: the three are edited, three seconds apart, and then no more."""
    for number in (5, 6, 7):
        await scene.told(ALICE, message_id=number)
        async with scene.store.write() as connection:
            await connection.exec_driver_sql("UPDATE outbox SET key = key || id")
    await scene.told(BOB, message_id=8)
    assert await scene.endings.look() == LOOK_EVERY
    assert scene.editor.edited == []
    await scene.over(ALICE)
    for _ in range(6):
        await scene.endings.look()
        scene.seconds += 1.5
    assert [one[0] for one in scene.editor.edited] == [7, 6, 5]
    assert await scene.awaiting() == 0
    scene.seconds += 1_000
    await scene.endings.look()
    assert len(scene.editor.edited) == 3


async def test_each_account_of_a_message_has_its_own_end(scene: Scene) -> None:
    """With the ack that holds for the rest; the end of the first is kept when the second one comes."""
    await scene.told(ALICE, BOB)
    async with scene.store.write() as connection:
        about = (key_of(BOB), AlertRule.CREDITS, None, 1, 1)
        await alerts.add_silence(connection, Silence(SilenceKind.ACK, *about, by="Kim", made_at=NOW))
        elsewhere = (key_of(BOB), AlertRule.CREDITS, NOW + HOUR, 1, 1)
        await alerts.add_silence(connection, Silence(SilenceKind.SNOOZE, *elsewhere, by="Jo", chat=GROUP))
    await scene.over(ALICE)
    await scene.endings.look()
    ((number, over, all_over, held),) = scene.editor.edited
    assert (number, over, all_over) == (5, (key_of(ALICE),), False)
    assert held is not None
    assert held.by == "Kim", "a snooze of another chat holds nothing here"
    scene.seconds += 10
    await scene.over(BOB, at=2 * HOUR)
    await scene.endings.look()
    assert scene.editor.edited[1:] == [(5, (key_of(ALICE), key_of(BOB)), True, None)]
    async with scene.store.read() as connection:
        rows = (await connection.exec_driver_sql("SELECT over_at FROM outbox WHERE chat_id = 111 ORDER BY id")).all()
    assert rows[1][0] - rows[0][0] == 3_600_000_000


async def test_a_new_episode_leaves_the_message_of_the_old_one_over(scene: Scene) -> None:
    """What fires again is told anew; the message of the time before stays one that is over."""
    await scene.told(ALICE)
    await scene.told(ALICE, message_id=6, episode=2)
    await scene.endings.look()
    assert [(number, all_over) for number, _, all_over, _ in scene.editor.edited] == [(5, True)]


@pytest.mark.parametrize(
    ("result", "left", "again"),
    [
        (BoardLost("message to edit not found"), 0, None),
        (BoardMoved(-1009), 0, None),
        (BoardRefused("bot was blocked by the user"), 1, 10.0),
        (BoardDelayed("away"), 1, 30.0),
        (BoardDelayed("Telegram asks for a pause", 77.0), 1, 77.0),
    ],
)
async def test_what_telegram_refuses_is_let_go_or_tried_rarely_and_is_no_error(
    scene: Scene, result: EditResult, left: int, again: float | None, caplog: pytest.LogCaptureFixture
) -> None:
    """A message that cannot be edited is let go; a chat that refuses, or is not reached, is tried as with messages."""
    caplog.set_level(logging.INFO)
    scene.editor.result = result
    await scene.told(ALICE)
    await scene.over(ALICE)
    await scene.endings.look()
    assert await scene.awaiting() == left
    if again:
        scene.seconds += again - 0.1
        await scene.endings.look()
        assert len(scene.editor.edited) == 1
        scene.seconds += 0.2
        scene.editor.result = BoardEdited()
        await scene.endings.look()
        assert len(scene.editor.edited) == 2
        assert await scene.awaiting() == 0
    assert caplog.records == []


async def test_alerts_go_first_and_chats_that_are_no_longer_told_are_left_alone(scene: Scene) -> None:
    """While a chat is owed a message nothing is edited there; in one that left nothing is edited at all."""
    await scene.told(ALICE)
    await scene.told(BOB, chat=GROUP)
    await scene.over(ALICE, BOB)
    async with scene.store.write() as connection:
        await outbox.put(connection, [notification("owed")], [CHAT], NOW)
    scene.present = [CHAT]
    await scene.endings.look()
    assert scene.editor.edited == []
    async with scene.store.write() as connection:
        (owed,) = await outbox.pending(connection, CHAT.chat_id)
        await outbox.delivered(connection, [owed.id], 9, NOW)
    await scene.endings.look()
    assert [one[0] for one in scene.editor.edited] == [5]
    assert await scene.awaiting() == 0


async def test_upkeep_keeps_the_messages_of_alerts_that_fire(scene: Scene) -> None:
    """An alert that fires for months is marked when it ends; its buttons work as long."""
    await scene.told(ALICE)
    await scene.told(BOB, message_id=6)
    await scene.over(BOB)
    async with scene.store.write() as connection:
        await retention_statements.trim_outbox(connection, 100, NOW + 400 * 24 * HOUR)
        left = (await connection.exec_driver_sql("SELECT message_id FROM outbox")).all()
    assert [number for (number,) in left] == [5]
