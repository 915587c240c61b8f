"""What watches the database: it mends what it can, and tells the owner once, past the outbox."""

import asyncio
import logging
import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from bot.domain.chats import Chat
from bot.domain.database_trouble import CALM_S, DatabaseTrouble, Failing
from bot.features.database.watch import AGAIN_AFTER_S, TRY_EVERY_S, DatabaseWatch, Ways, Words
from bot.features.fallback.sender import PlainMessage
from bot.outbox.results import Migrated, Retry, SendResult, Sent
from bot.storage import chats
from bot.storage import database as opening
from bot.storage.database import Store
from bot.storage.standing import DatabaseState
from bot.support.backoff import Backoff
from bot.support.errors import DatabaseBusyError, DatabaseUnusableError
from tests.support.fakes import CHAT, GROUP, NOW, Clock, Timer, until


@dataclass(frozen=True)
class Said:
    """A message."""

    text: str


@dataclass
class Owner:
    """The chats and the second channel, and all that they were told."""

    told: list[tuple[Chat, str]] = field(default_factory=list)
    letters: list[PlainMessage] = field(default_factory=list)
    answers: dict[Chat, list[SendResult]] = field(default_factory=dict)

    async def send(self, message: Said, chat: Chat) -> SendResult:
        """Takes a message, or answers as told."""
        result = self.answers[chat].pop(0) if self.answers.get(chat) else Sent(1)
        if isinstance(result, Sent):
            self.told.append((chat, message.text))
        return result

    async def carry(self, letter: PlainMessage) -> list[tuple[str, int]]:
        """The second channel."""
        self.letters.append(letter)
        return []

    @property
    def texts(self) -> list[str]:
        """What the first chat was told."""
        return [text for chat, text in self.told if chat == CHAT]


class Scene:
    """A watch on a real store, turned by hand."""

    def __init__(self, store: Store, owner: Owner, to: tuple[Chat, ...] = (CHAT,)) -> None:
        self.store, self.owner, self.timer = store, owner, Timer()
        store.standing = DatabaseState(store.standing.path, self.timer)
        words = Words(lambda failing: Said(f"{failing.trouble.name}\nbody"), lambda: Said("RESTORED"), usable)
        ways = Ways(lambda: to, owner.send, owner)
        self.watch = DatabaseWatch(store, words, ways, Clock(), self.timer)

    async def look(self, seconds: float = 0.0) -> None:
        """Lets seconds pass, looks, and lets what is said be said."""
        self.timer.forward(seconds)
        await self.watch.look()
        for _ in range(5):
            await asyncio.sleep(0)


def usable(lasted: timedelta) -> Said:
    """It can be used again."""
    return Said(f"USABLE {lasted.total_seconds():.0f}")


@pytest.fixture
def scene(store: Store) -> Scene:
    """The owner's one chat."""
    return Scene(store, Owner())


def delete(file: Path) -> None:
    """Takes a file away."""
    file.unlink()


def mode_of(file: Path) -> int | None:
    """Who may do what with a file; None where there is none."""
    return file.stat().st_mode & 0o777 if file.exists() else None


def fail(scene: Scene, trouble: DatabaseTrouble = DatabaseTrouble.FULL) -> Failing:
    """Something could not be done."""
    return scene.store.standing.failed(trouble, "said")


async def test_a_trouble_is_told_once_and_its_end_too(scene: Scene) -> None:
    """By the chat and the second channel; the end only where the beginning was."""
    await scene.look()
    fail(scene)
    for _ in range(10):
        await scene.look()
        fail(scene)
    assert scene.owner.told == [(CHAT, "FULL\nbody")]
    assert scene.owner.letters == [PlainMessage("FULL", "body")]
    await scene.look(CALM_S)
    assert scene.owner.texts == ["FULL\nbody", "USABLE 20"]
    await scene.look(1)
    assert len(scene.owner.told) == 2


async def test_a_short_lock_is_told_to_nobody(scene: Scene) -> None:
    """Another program may hold the database for a minute."""
    fail(scene, DatabaseTrouble.LOCKED)
    with closing(sqlite3.connect(scene.store.standing.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        scene.watch._next_try = float("inf")
        await scene.look(59)
        assert scene.owner.told == []
        await scene.look(1)
        assert scene.owner.texts == ["LOCKED\nbody"]
        scene.watch._next_try = 0.0
    await scene.look()
    assert scene.owner.texts == ["LOCKED\nbody", "USABLE 60"]


async def test_what_comes_and_goes_is_told_at_most_every_ten_minutes(scene: Scene) -> None:
    """But a worse trouble at once."""
    fail(scene)
    await scene.look()
    await scene.look(CALM_S)
    assert scene.owner.texts == ["FULL\nbody", "USABLE 20"]
    fail(scene)
    await scene.look()
    assert len(scene.owner.texts) == 2
    scene.watch._next_try = float("inf")
    await scene.look(AGAIN_AFTER_S)
    assert scene.owner.texts[2:] == ["FULL\nbody"]
    fail(scene, DatabaseTrouble.DAMAGED)
    await scene.look()
    assert scene.owner.texts[3:] == ["DAMAGED\nbody"]


async def test_a_chat_that_cannot_be_reached_is_tried_until_it_has_it(store: Store) -> None:
    """Wherever it has moved; a chat that never learned of the beginning is not told of the end."""
    owner = Owner(answers={CHAT: [Retry("away"), Retry("away"), Migrated(7)], GROUP: [Retry("away")] * 10_000})
    scene = Scene(store, owner, (CHAT, GROUP))
    scene.watch.backoff = Backoff(0.0)
    fail(scene)
    await scene.look()
    await until(lambda: owner.told == [(Chat(7), "FULL\nbody")])
    await scene.look(CALM_S)
    await until(lambda: len(owner.told) == 2)
    assert owner.told[1] == (Chat(7), "USABLE 20")


async def test_a_deleted_file_is_put_back_and_told_in_one_message(scene: Scene, database: Path) -> None:
    """With all that was in it, for its owner only."""
    async with scene.store.write() as connection:
        await chats.mark(connection, "kept", NOW)
    delete(database)
    await scene.look()
    assert scene.owner.texts == ["RESTORED"]
    assert mode_of(database) == 0o600
    with closing(sqlite3.connect(database)) as other:
        assert other.execute("SELECT count(*) FROM marks WHERE name = 'kept'").fetchone() == (1,)
    async with scene.store.write() as connection:
        await chats.mark(connection, "after", NOW)
    await scene.look(1)
    assert scene.owner.texts == ["RESTORED"]
    assert scene.store.standing.failing is None


async def test_while_the_folder_is_gone_that_is_told_and_tried_again(scene: Scene, database: Path) -> None:
    """The bot goes on with the file that it has open, and puts it back as soon as it can."""
    away = database.parent.with_name("away")
    database.parent.rename(away)
    try:
        await scene.look()
        assert scene.owner.texts == ["DELETED\nbody"]
        async with scene.store.write() as connection:
            await chats.mark(connection, "meanwhile", NOW)
        await scene.look(TRY_EVERY_S)
        assert len(scene.owner.texts) == 1
        database.parent.mkdir()
        await scene.look(TRY_EVERY_S)
        assert scene.owner.texts[1:] == ["USABLE 10"]
        with closing(sqlite3.connect(database)) as other:
            assert other.execute("SELECT count(*) FROM marks WHERE name = 'meanwhile'").fetchone() == (1,)
    finally:
        shutil.rmtree(away)


async def test_a_file_is_put_back_once_nobody_reads(
    scene: Scene, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A long answer is not torn; meanwhile it is tried again."""
    monkeypatch.setattr(opening, "ALONE_WITHIN", 0.01)
    async with scene.store.read() as connection:
        delete(database)
        await scene.look()
        assert mode_of(database) is None
        assert (await connection.exec_driver_sql("SELECT count(*) FROM marks")).scalar() == 0
    await scene.look(TRY_EVERY_S)
    assert mode_of(database) == 0o600


async def test_another_file_in_its_place_is_told_and_ends_the_bot(scene: Scene, database: Path, template: Path) -> None:
    """Nothing is written any more: what was in the log beside the file must not come into the other one."""
    async with scene.store.write() as connection:
        await chats.mark(connection, "ours", NOW)
    other = database.with_name("other.db")
    shutil.copy(template, other)
    other.replace(database)
    with pytest.raises(DatabaseUnusableError, match="another file has taken the database's place"):
        await scene.watch.look()
    assert scene.owner.texts == ["REPLACED\nbody"]
    with pytest.raises(DatabaseBusyError):
        async with scene.store.write():
            raise AssertionError("not reached")
    await scene.store.close()
    with closing(sqlite3.connect(database)) as left:
        assert left.execute("SELECT count(*) FROM marks").fetchone() == (0,)
        assert left.execute("PRAGMA integrity_check").fetchone() == ("ok",)


async def test_an_owner_who_cannot_be_told_holds_up_no_end(
    scene: Scene, database: Path, template: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Telegram is away as well: the bot ends all the same."""
    monkeypatch.setattr("bot.features.database.watch.LAST_WORDS_S", 0.01)
    scene.owner.answers[CHAT] = [Retry("away")] * 100
    other = database.with_name("other.db")
    shutil.copy(template, other)
    other.replace(database)
    with pytest.raises(DatabaseUnusableError):
        await scene.watch.look()


async def test_it_runs_until_it_is_cancelled(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    """And leaves nothing under way."""
    caplog.set_level(logging.INFO)
    scene.owner.answers[CHAT] = [Retry("away")] * 100
    fail(scene)
    running = asyncio.create_task(scene.watch.run())
    await until(lambda: scene.watch._sending)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    await until(lambda: scene.watch._sending and scene.watch._sending.done())
