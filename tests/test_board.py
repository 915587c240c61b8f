"""Boards at the simulated Telegram, on a real database, by a moved clock."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from telegram.error import TelegramError

from bot.board import Boards
from bot.chat.board import TelegramWall
from bot.chat.service import make_bot
from bot.core.model import Chat, Watched
from bot.demo.telegram import (
    BOT_BLOCKED,
    Refusal,
    SimulatedChat,
    SimulatedTelegram,
    bad_request,
    server_error,
    too_many_requests,
)
from bot.store import boards
from bot.store.database import Store
from tests.chat.given import NOW, UTC_ZONE
from tests.chat.test_board_words import LOW, watched

TOKEN = "4242:secret"
OWNER, FORUM = Chat(7), Chat(-1001, 45)
NO_RIGHTS = bad_request("not enough rights to manage pinned messages in the chat")


class Scene:
    """The boards of a bot that watches one account, at a Telegram with a private chat and a forum."""

    def __init__(self, store: Store, telegram: SimulatedTelegram) -> None:
        self.store = store
        self.telegram = telegram
        self.now = NOW
        self.fleet: list[Watched] = [LOW]
        self.allowed = {OWNER, FORUM}
        self.bot = make_bot(TOKEN, telegram.url)
        self.boards = self.started()

    def started(self) -> Boards:
        """The boards as after a start of the bot."""
        wall = TelegramWall(self.bot, self.clock, UTC_ZONE)
        return Boards(self.store, wall, self.watched, self.allowed.__contains__, self.clock)

    def clock(self) -> datetime:
        return self.now

    async def watched(self, chat: Chat) -> Sequence[Watched]:
        return self.fleet if chat == OWNER else self.fleet[:1]

    async def look(self, seconds: float = 60) -> None:
        """Lets time pass and looks at the boards."""
        self.now += timedelta(seconds=seconds)
        await self.boards.look()

    def read_again(self, credits: int) -> None:
        """The account was read, with these credits."""
        reading = LOW.account.reading
        assert reading
        fresh = replace(reading, taken_at=self.now, credits=replace(reading.credits, monthly=credits))
        self.fleet[0] = replace(LOW, account=replace(LOW.account, reading=fresh))

    async def known(self) -> list[Chat]:
        async with self.store.read() as connection:
            return [board.chat for board in await boards.every(connection)]

    def calls(self, method: str) -> int:
        return len([name for name, _ in self.telegram.calls if name == method])


@pytest.fixture
async def scene(store: Store) -> AsyncIterator[Scene]:
    """A bot and its Telegram."""
    async with SimulatedTelegram(TOKEN) as telegram:
        telegram.add_chat(SimulatedChat(OWNER.chat_id))
        telegram.add_chat(SimulatedChat(FORUM.chat_id, "supergroup", "Forum", {72}, is_forum=True, topics={45}))
        made = Scene(store, telegram)
        await made.bot.initialize()
        yield made
        await made.bot.shutdown()


async def test_a_board_is_posted_and_pinned(scene: Scene) -> None:
    """Silently, in the topic where it was asked for."""
    assert await scene.boards.show(FORUM)
    (message,) = scene.telegram.messages
    assert (message.thread_id, message.silent, message.pinned) == (45, True, True)
    assert "2,900" in message.text
    pins = [params for name, params in scene.telegram.calls if name == "pinChatMessage"]
    assert [str(params["disable_notification"]).lower() for params in pins] == ["true"]


async def test_a_board_is_kept_current_by_editing(scene: Scene) -> None:
    """The same message says the new number; no other message comes."""
    await scene.boards.show(OWNER)
    scene.read_again(1200)
    await scene.look()
    (message,) = scene.telegram.messages
    assert "1,200" in message.text
    assert message.pinned


async def test_a_board_changes_at_most_once_a_minute(scene: Scene) -> None:
    """However often it is looked at, and however much happens."""
    await scene.boards.show(OWNER)
    for second in range(600):
        scene.read_again(second)
        await scene.look(1)
    assert 8 <= scene.calls("editMessageText") <= 10
    assert len(scene.telegram.messages) == 1


async def test_a_board_that_says_the_same_is_left(scene: Scene) -> None:
    """Nothing is asked of Telegram."""
    await scene.boards.show(OWNER)
    for _ in range(5):
        await scene.look()
    assert scene.calls("editMessageText") == 0


async def test_a_board_survives_a_restart(scene: Scene) -> None:
    """Where it stands and what it says is in the database: it is edited on, and not for nothing."""
    await scene.boards.show(OWNER)
    scene.boards = scene.started()
    await scene.look()
    assert scene.calls("editMessageText") == 0
    scene.read_again(1200)
    scene.boards = scene.started()
    await scene.look()
    assert "1,200" in scene.telegram.messages[0].text


async def test_a_deleted_board_is_forgotten(scene: Scene) -> None:
    """Whoever deletes it wants none; the others stay."""
    for chat in (OWNER, FORUM):
        await scene.boards.show(chat)
    await scene.bot.delete_message(OWNER.chat_id, scene.telegram.messages[0].message_id)
    scene.read_again(1200)
    await scene.look()
    assert await scene.known() == [FORUM]
    assert len(scene.telegram.messages) == 2
    assert "1,200" in scene.telegram.messages[1].text


async def test_another_board_takes_the_place_of_the_first(scene: Scene) -> None:
    """The old one is removed, so that there is one message; only the new one is edited."""
    await scene.boards.show(OWNER)
    await scene.boards.show(OWNER)
    old, new = scene.telegram.messages
    assert (old.deleted, new.deleted, new.pinned) == (True, False, True)
    scene.read_again(1200)
    await scene.look()
    assert "1,200" in new.text
    assert "1,200" not in old.text


async def test_an_old_board_that_cannot_be_deleted_loses_its_pin(scene: Scene) -> None:
    """Telegram lets bots delete for two days only."""
    scene.telegram.fail(bad_request("message can't be deleted"), {"deleteMessage"})
    await scene.boards.show(OWNER)
    await scene.boards.show(OWNER)
    old, new = scene.telegram.messages
    assert (old.pinned, new.pinned) == (False, True)
    scene.telegram.fail(NO_RIGHTS, {"deleteMessage", "unpinChatMessage"}, times=2)
    assert await scene.boards.show(OWNER)


async def test_a_board_that_may_not_be_pinned_stands_all_the_same(scene: Scene) -> None:
    """And is kept current; who asked is told."""
    scene.telegram.fail(NO_RIGHTS, {"pinChatMessage"})
    assert not await scene.boards.show(FORUM)
    scene.read_again(1200)
    await scene.look()
    assert "1,200" in scene.telegram.messages[0].text


async def test_each_chat_sees_its_own_accounts(scene: Scene) -> None:
    """A board tells no chat more than that chat may know."""
    scene.fleet = [LOW, watched("Secret")]
    for chat in (OWNER, FORUM):
        await scene.boards.show(chat)
    private, forum = scene.telegram.messages
    assert "Secret" in private.text
    assert "Secret" not in forum.text


async def test_a_chat_that_is_no_longer_allowed_learns_nothing_more(scene: Scene) -> None:
    """Its board says from then on what it said last."""
    await scene.boards.show(OWNER)
    scene.allowed.clear()
    scene.read_again(1200)
    await scene.look()
    assert "1,200" not in scene.telegram.messages[0].text
    assert await scene.known() == []


async def test_telegram_away_is_waited_for(scene: Scene) -> None:
    """The board is not forgotten, and catches up."""
    await scene.boards.show(OWNER)
    scene.read_again(1200)
    scene.telegram.away = True
    await scene.look()
    scene.telegram.away = False
    await scene.look()
    assert "1,200" in scene.telegram.messages[0].text


async def test_telegram_in_trouble_is_waited_for(scene: Scene) -> None:
    """A trouble of its own says nothing about the message."""
    await scene.boards.show(OWNER)
    scene.read_again(1200)
    scene.telegram.fail(server_error(), {"editMessageText"})
    await scene.look()
    assert await scene.known() == [OWNER]
    await scene.look()
    assert "1,200" in scene.telegram.messages[0].text


async def test_telegram_is_left_in_peace_when_it_asks(scene: Scene) -> None:
    """As long as it asks for, in that chat alone; a clock set back does not make it longer."""
    for chat in (OWNER, FORUM):
        await scene.boards.show(chat)
    scene.telegram.fail(too_many_requests(200), {"editMessageText"}, OWNER.chat_id)
    scene.read_again(1200)
    await scene.look()
    before = scene.calls("editMessageText")
    await scene.look()
    await scene.look()
    assert scene.calls("editMessageText") == before
    assert "1,200" in scene.telegram.messages[1].text
    await scene.look(90)
    assert "1,200" in scene.telegram.messages[0].text


@pytest.mark.parametrize(
    "refusal",
    [
        BOT_BLOCKED,
        bad_request("message can't be edited"),
        bad_request("MESSAGE_ID_INVALID"),
    ],
)
async def test_a_board_out_of_reach_is_forgotten(scene: Scene, refusal: Refusal) -> None:
    """No edit is tried for ever in vain."""
    await scene.boards.show(OWNER)
    scene.telegram.fail(refusal, {"editMessageText"})
    scene.read_again(1200)
    await scene.look()
    assert await scene.known() == []


async def test_a_board_of_a_group_that_moved_is_forgotten(scene: Scene) -> None:
    """Its messages stayed behind with the old id."""
    scene.telegram.add_chat(SimulatedChat(-100, "group", "Team", {72}))
    scene.allowed.add(Chat(-100))
    await scene.boards.show(Chat(-100))
    scene.telegram.migrate(-100, -1009)
    scene.read_again(1200)
    await scene.look()
    assert await scene.known() == []


async def test_an_edit_that_came_through_is_no_trouble(scene: Scene) -> None:
    """Its answer was lost; the next one changes nothing, and the board is current."""
    await scene.boards.show(OWNER)
    scene.read_again(1200)
    scene.telegram.lose_answers(methods={"editMessageText"})
    await scene.look()
    await scene.look()
    await scene.look()
    assert scene.calls("editMessageText") == 2
    assert await scene.known() == [OWNER]


async def test_where_the_bot_may_not_post_nothing_is_remembered(scene: Scene) -> None:
    """Who asked gets no answer there anyway."""
    scene.telegram.block(OWNER.chat_id)
    with pytest.raises(TelegramError):
        await scene.boards.show(OWNER)
    assert await scene.known() == []


async def test_a_clock_set_back_stops_no_board(scene: Scene) -> None:
    """It is edited at the next look."""
    await scene.boards.show(OWNER)
    await scene.look(0)
    scene.read_again(1200)
    await scene.look(-86400)
    assert "1,200" in scene.telegram.messages[0].text
