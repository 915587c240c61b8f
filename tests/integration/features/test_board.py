"""Boards at the simulated Telegram, on a real database, by a moved clock."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from bot.domain.boards import BoardStatus, BoardTrouble, PostResult
from bot.domain.chats import Chat
from bot.domain.notifications import Watched
from bot.features.board.publisher import BoardPublisher
from bot.features.board.text import OVER, TelegramBoards
from bot.simulator.telegram.service import (
    BOT_BLOCKED,
    CHAT_NOT_FOUND,
    Refusal,
    SimulatedChat,
    SimulatedMessage,
    SimulatedTelegram,
    bad_request,
    server_error,
    too_many_requests,
)
from bot.storage import boards, chats
from bot.storage.connection import Connection
from bot.storage.database import Store
from bot.telegram.client import make_bot
from bot.telegram.text.layout import Message
from tests.support.given import NOW, UTC_ZONE
from tests.unit.features.board.test_text import LOW, watched

TOKEN = "4242:secret"
OWNER, FORUM = Chat(7), Chat(-1001, 45)
NO_RIGHTS = bad_request("not enough rights to manage pinned messages in the chat")
WRITES = ("sendMessage", "editMessageText")
REFUSALS = [
    BOT_BLOCKED,
    CHAT_NOT_FOUND,
    Refusal(403, "Forbidden: bot was kicked from the supergroup chat"),
    Refusal(401, "Unauthorized"),
    bad_request("not enough rights to send text messages to the chat"),
    bad_request("CHAT_WRITE_FORBIDDEN"),
    bad_request("something that nobody has heard of"),
    Refusal(400, "Logged out"),
    Refusal(403, "Forbidden", page="<html>The firewall forbids this</html>"),
    server_error(),
]
CANNOT_BE_EDITED = [
    bad_request("message can't be edited"),
    bad_request("message to edit not found"),
    bad_request("MESSAGE_ID_INVALID"),
    bad_request("MESSAGE_EDIT_TIME_EXPIRED"),
]


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

    def started(self) -> BoardPublisher:
        """The boards as after a start of the bot."""
        publisher = TelegramBoards(self.bot, self.clock, UTC_ZONE)
        return BoardPublisher(self.store, publisher, self.watched, self.allowed.__contains__, self.move, self.clock)

    def clock(self) -> datetime:
        return self.now

    async def watched(self, chat: Chat) -> Sequence[Watched]:
        return self.fleet if chat == OWNER else self.fleet[:1]

    async def move(self, connection: Connection, old: int, new: int) -> None:
        """Follows a group, as the recipients do."""
        await chats.move(connection, old, new)
        self.allowed.add(Chat(new))

    async def look(self, seconds: float = 60) -> None:
        """Lets time pass and looks at the boards."""
        self.now += timedelta(seconds=seconds)
        await self.boards.look()

    async def wait(self, seconds: float) -> None:
        """Lets time pass, with looks as often as the bot has them."""
        for _ in range(int(seconds / 5)):
            await self.look(5)

    def read_again(self, credits: int) -> None:
        """The account was read, with these credits."""
        reading = LOW.account.reading
        assert reading
        fresh = replace(reading, taken_at=self.now, credits=replace(reading.credits, monthly=credits))
        self.fleet[0] = replace(LOW, account=replace(LOW.account, reading=fresh))

    def refuse(self, refusal: Refusal, *methods: str, chat: Chat = OWNER) -> None:
        """From now on these calls are refused in a chat."""
        self.telegram.fail(refusal, methods or WRITES, chat.chat_id, times=None)

    async def known(self) -> list[Chat]:
        async with self.store.read() as connection:
            return [board.chat for board in await boards.every(connection)]

    def calls(self, method: str) -> int:
        return len([name for name, _ in self.telegram.calls if name == method])

    def standing(self, chat: Chat = OWNER) -> list[SimulatedMessage]:
        """The messages that stand in a chat."""
        return [one for one in self.telegram.messages if one.chat_id == chat.chat_id and not one.deleted]


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
    assert await scene.boards.show(FORUM) == BoardStatus()
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


async def test_a_deleted_board_is_posted_again(scene: Scene) -> None:
    """Silently and pinned; /board off is how one gets rid of it. The others stay."""
    for chat in (OWNER, FORUM):
        await scene.boards.show(chat)
    scene.telegram.delete(scene.telegram.messages[0])
    scene.read_again(1200)
    await scene.look()
    (new,) = scene.standing()
    assert "1,200" in new.text
    assert (new.silent, new.pinned) == (True, True)
    assert "1,200" in scene.telegram.messages[1].text
    scene.read_again(1100)
    await scene.look()
    assert "1,100" in new.text
    assert len(scene.telegram.messages) == 3


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


async def test_an_old_board_that_cannot_be_deleted_says_that_it_is_over(scene: Scene) -> None:
    """Telegram lets bots delete for two days only: what stays must not look like what holds now, and is not pinned."""
    scene.telegram.fail(bad_request("message can't be deleted"), {"deleteMessage"})
    await scene.boards.show(OWNER)
    await scene.boards.show(OWNER)
    old, new = scene.telegram.messages
    assert (old.pinned, new.pinned) == (False, True)
    assert old.text == OVER
    scene.telegram.fail(NO_RIGHTS, {"deleteMessage", "unpinChatMessage"}, times=2)
    assert await scene.boards.show(OWNER) == BoardStatus()


async def test_an_old_board_is_removed_as_soon_as_telegram_can_be_reached(scene: Scene) -> None:
    """Over a restart too: two boards, of which one is old, are worse than none."""
    await scene.boards.show(OWNER)
    scene.telegram.fail(server_error(), {"deleteMessage"}, times=2)
    await scene.boards.show(OWNER)
    assert len(scene.standing()) == 2
    await scene.look()
    scene.boards = scene.started()
    await scene.look()
    assert scene.standing() == scene.telegram.messages[1:]


async def test_a_board_that_may_not_be_pinned_is_pinned_later(scene: Scene) -> None:
    """Meanwhile it is kept current all the same; who asked is told."""
    scene.refuse(NO_RIGHTS, "pinChatMessage", chat=FORUM)
    assert await scene.boards.show(FORUM) == BoardStatus(pinned=False)
    for credits in range(2000, 2010):
        scene.read_again(credits)
        await scene.look()
        assert f"{credits:,}" in scene.telegram.messages[0].text
    scene.telegram.heal()
    await scene.wait(120)
    assert scene.telegram.messages[0].pinned
    pins = scene.calls("pinChatMessage")
    await scene.wait(1200)
    assert scene.calls("pinChatMessage") == pins


async def test_a_pin_that_is_refused_for_long_is_tried_rarely(scene: Scene) -> None:
    """Every quarter of an hour in the end; at a sign of life, and after a restart, at once."""
    scene.refuse(NO_RIGHTS, "pinChatMessage")
    await scene.boards.show(OWNER)
    await scene.wait(3700)
    before = scene.calls("pinChatMessage")
    await scene.wait(3600)
    assert 3 <= scene.calls("pinChatMessage") - before <= 5
    scene.telegram.heal()
    scene.boards.alive(OWNER.chat_id)
    await scene.look(10)
    assert scene.telegram.messages[0].pinned


async def test_each_chat_sees_its_own_accounts(scene: Scene) -> None:
    """A board tells no chat more than that chat may know."""
    scene.fleet = [LOW, watched("Secret")]
    for chat in (OWNER, FORUM):
        await scene.boards.show(chat)
    private, forum = scene.telegram.messages
    assert "Secret" in private.text
    assert "Secret" not in forum.text


async def test_the_board_of_a_chat_that_is_no_longer_allowed_is_taken_down(scene: Scene) -> None:
    """It learns nothing more, and what it has would say for ever what is true today. Telegram away is waited for."""
    await scene.boards.show(OWNER)
    scene.allowed.clear()
    scene.read_again(1200)
    scene.telegram.away = True
    await scene.look()
    assert await scene.known() == [OWNER]
    scene.telegram.away = False
    await scene.look()
    assert scene.standing() == []
    assert await scene.known() == []


async def test_a_board_that_nobody_can_take_down_is_forgotten(scene: Scene) -> None:
    """Where the chat refuses everything there is nothing left to do."""
    await scene.boards.show(OWNER)
    scene.allowed.clear()
    scene.telegram.block(OWNER.chat_id)
    await scene.look()
    assert await scene.known() == []


async def test_a_board_can_be_ended(scene: Scene) -> None:
    """It is removed, and none is posted again."""
    await scene.boards.show(OWNER)
    assert await scene.boards.remove(OWNER)
    assert not await scene.boards.remove(OWNER)
    scene.read_again(1200)
    await scene.wait(120)
    assert scene.standing() == []
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


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda refusal: refusal.description)
@pytest.mark.parametrize("minutes", [0.5, 5, 300])
async def test_no_refusal_ends_a_board(scene: Scene, refusal: Refusal, minutes: float) -> None:
    """Whatever Telegram, or something in between, says and for how long: the board is current soon after it passed."""
    await scene.boards.show(OWNER)
    scene.refuse(refusal)
    scene.read_again(1200)
    await scene.look()
    long = max(0, int(minutes - 60)) // 5  # by then it is tried every quarter of an hour, so that time may pass faster
    for seconds in [30] * int(min(minutes, 60) * 2) + [300] * long:
        await scene.look(seconds)
    assert "1,200" not in scene.telegram.messages[0].text
    ((chat, trouble),) = (await scene.boards.troubled()).items()
    assert chat == OWNER
    assert trouble.since <= NOW + timedelta(seconds=60)
    assert trouble.why
    scene.telegram.heal()
    await scene.wait(60 if minutes < 60 else 15 * 60)
    (board,) = scene.standing()
    assert "1,200" in board.text
    assert board.pinned
    assert await scene.boards.troubled() == {}


async def test_a_refusal_is_tried_again_as_an_alert_is(scene: Scene) -> None:
    """After 10, 20 and 40 s, every minute for an hour, then every quarter of an hour."""
    await scene.boards.show(OWNER)
    scene.refuse(BOT_BLOCKED)
    scene.read_again(1200)
    await scene.look()
    tried = []
    for second in range(5, 3 * 3600, 5):
        before = scene.calls("editMessageText")
        await scene.look(5)
        tried += [second] if scene.calls("editMessageText") > before else []
    assert tried[:5] == [10, 30, 70, 130, 190]
    later = [second for second in tried if second > 4000]
    assert [after - before for before, after in pairwise(later)] == [900] * (len(later) - 1)


async def test_a_sign_of_life_is_answered_at_once(scene: Scene) -> None:
    """A board that was refused for hours is current the moment its chat lets the bot write; many signs are one."""
    await scene.boards.show(OWNER)
    scene.refuse(BOT_BLOCKED)
    scene.read_again(1200)
    await scene.wait(3 * 3600)
    scene.telegram.heal()
    scene.boards.alive(FORUM.chat_id)
    await scene.look(1)
    assert "1,200" not in scene.telegram.messages[0].text
    scene.boards.alive(OWNER.chat_id)
    await scene.look(1)
    assert "1,200" in scene.standing()[0].text


async def test_a_chat_that_gives_signs_and_refuses_is_tried_seldom(scene: Scene) -> None:
    """No more than every ten seconds."""
    await scene.boards.show(OWNER)
    scene.refuse(BOT_BLOCKED)
    scene.read_again(1200)
    await scene.look()
    before = scene.calls("editMessageText")
    for _ in range(60):
        scene.boards.alive(OWNER.chat_id)
        await scene.look(1)
    assert scene.calls("editMessageText") - before <= 2 * 6


@pytest.mark.parametrize("refusal", CANNOT_BE_EDITED, ids=lambda refusal: refusal.description)
async def test_a_new_message_takes_the_place_of_one_that_cannot_be_edited(scene: Scene, refusal: Refusal) -> None:
    """At once; the old one is removed, the new one pinned and kept current."""
    await scene.boards.show(OWNER)
    scene.telegram.fail(refusal, {"editMessageText"})
    scene.read_again(1200)
    await scene.look()
    (board,) = scene.standing()
    assert board is scene.telegram.messages[1]
    assert board.pinned
    assert "1,200" in board.text
    scene.read_again(1100)
    await scene.look()
    assert "1,100" in board.text


async def test_an_edit_that_is_refused_for_a_minute_is_replaced(scene: Scene) -> None:
    """Whatever the words: where a new message is taken, the board is current."""
    await scene.boards.show(OWNER)
    scene.refuse(bad_request("something that nobody has heard of"), "editMessageText")
    scene.read_again(1200)
    await scene.look()
    await scene.wait(90)
    (board,) = scene.standing()
    assert "1,200" in board.text


async def test_where_no_message_can_be_edited_the_chat_is_not_flooded(scene: Scene) -> None:
    """A new message comes every quarter of an hour at most, silently, and the old one goes."""
    await scene.boards.show(OWNER)
    scene.refuse(bad_request("message can't be edited"), "editMessageText")
    for number in range(120):
        scene.read_again(2000 + number)
        await scene.look()
    assert 6 <= len(scene.telegram.messages) <= 10
    assert len(scene.standing()) == 1
    assert all(message.silent for message in scene.telegram.messages)


async def test_a_board_that_telegram_finds_wrong_goes_plainer(scene: Scene) -> None:
    """Its words matter most: without what makes them bold they are taken."""
    scene.telegram.fail(bad_request("can't parse entities: sorry"), {"sendMessage"})
    assert await scene.boards.show(OWNER) == BoardStatus()
    (board,) = scene.standing()
    assert board.entities == []
    scene.telegram.fail(bad_request("can't parse entities: sorry"), {"editMessageText"})
    scene.read_again(1200)
    await scene.look()
    assert "1,200" in board.text


async def test_a_board_of_a_topic_that_is_gone_stands_in_the_group(scene: Scene) -> None:
    """Where its alerts go, too."""
    await scene.boards.show(FORUM)
    scene.telegram.chats[FORUM.chat_id].topics = set()
    scene.telegram.delete(scene.telegram.messages[0])
    scene.read_again(1200)
    await scene.look()
    (board,) = scene.standing(FORUM)
    assert board.thread_id is None
    assert "1,200" in board.text


async def test_a_board_that_was_refused_says_so_when_it_is_asked_for(scene: Scene) -> None:
    """Since when it was not current, and why; and what stands there now is."""
    await scene.boards.show(OWNER)
    scene.refuse(BOT_BLOCKED)
    scene.read_again(1200)
    await scene.look()
    await scene.wait(3600)
    scene.boards = scene.started()
    scene.telegram.heal()
    shown = await scene.boards.show(OWNER)
    assert shown.before == BoardTrouble("Forbidden: bot was blocked by the user", NOW + timedelta(minutes=1))
    assert "1,200" in scene.standing()[0].text
    assert await scene.boards.troubled() == {}
    assert await scene.boards.show(OWNER) == BoardStatus()


async def test_a_restart_keeps_what_is_wrong_and_tries_at_once(scene: Scene) -> None:
    """Since when, and why."""
    await scene.boards.show(OWNER)
    scene.refuse(BOT_BLOCKED)
    scene.read_again(1200)
    await scene.look()
    before = await scene.boards.troubled()
    scene.boards = scene.started()
    await scene.look(1)
    assert await scene.boards.troubled() == before
    scene.telegram.heal()
    scene.boards = scene.started()
    await scene.look(1)
    assert "1,200" in scene.telegram.messages[0].text


@pytest.mark.parametrize("announced", [False, True])
async def test_a_board_follows_a_group_that_moved(scene: Scene, announced: bool) -> None:
    """Its messages stayed behind with the old id: it is posted anew, whether an edit or an update tells of the move."""
    scene.telegram.add_chat(SimulatedChat(-100, "group", "Team", {72}))
    scene.allowed.add(Chat(-100))
    await scene.boards.show(Chat(-100))
    scene.telegram.migrate(-100, -1009)
    if announced:
        async with scene.store.write() as connection:
            await scene.move(connection, -100, -1009)
        scene.allowed.discard(Chat(-100))
    scene.read_again(1200)
    await scene.look()
    await scene.look(5)
    (board,) = scene.standing(Chat(-1009))
    assert "1,200" in board.text
    assert board.pinned
    assert await scene.known() == [Chat(-1009)]


@pytest.mark.parametrize("refused", [True, False])
async def test_a_board_that_is_asked_for_while_its_group_moves_comes_in_the_new_one(
    scene: Scene, refused: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A message learned of the move while Telegram was asked to post the board at the old id."""
    for number in (-100, -1009):
        scene.telegram.add_chat(SimulatedChat(number, "supergroup", "Team", {72}))
    scene.allowed.add(Chat(-100))
    if refused:
        scene.refuse(server_error(), "sendMessage", chat=Chat(-100))
    post = TelegramBoards.post

    async def post_and_move(publisher: TelegramBoards, message: Message, chat: Chat) -> PostResult:
        result = await post(publisher, message, chat)
        if chat == Chat(-100):
            async with scene.store.write() as connection:
                await scene.move(connection, -100, -1009)
            scene.allowed.discard(Chat(-100))
        return result

    monkeypatch.setattr(TelegramBoards, "post", post_and_move)
    await scene.boards.show(Chat(-100))
    await scene.wait(120)
    (board,) = scene.standing(Chat(-1009))
    assert board.pinned
    assert await scene.known() == [Chat(-1009)]


async def test_a_group_that_moved_to_one_with_a_board_keeps_that(scene: Scene) -> None:
    """There is one board in a chat."""
    for number in (-100, -1009):
        scene.telegram.add_chat(SimulatedChat(number, "supergroup", "Team", {72}))
        scene.allowed.add(Chat(number))
        await scene.boards.show(Chat(number))
    async with scene.store.write() as connection:
        await scene.move(connection, -100, -1009)
    scene.read_again(1200)
    await scene.look()
    assert await scene.known() == [Chat(-1009)]
    assert len(scene.standing(Chat(-1009))) == 1


async def test_a_defect_at_one_board_holds_up_no_other(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    """It is logged."""
    for chat in (OWNER, FORUM):
        await scene.boards.show(chat)

    async def watched_or_not(chat: Chat) -> Sequence[Watched]:
        if chat == OWNER:
            raise RuntimeError("a defect")
        return scene.fleet

    scene.boards._watched = watched_or_not
    scene.read_again(1200)
    await scene.look()
    assert "1,200" in scene.telegram.messages[1].text
    assert "The board of chat 7 could not be brought up to date" in caplog.text


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


async def test_a_board_that_cannot_be_posted_comes_later(scene: Scene) -> None:
    """Who asked wanted one: it comes as soon as the chat takes it."""
    scene.refuse(bad_request("CHAT_WRITE_FORBIDDEN"))
    assert await scene.boards.show(OWNER) == BoardStatus(refused="Chat_write_forbidden")
    await scene.wait(30)
    scene.telegram.heal()
    await scene.wait(60)
    (board,) = scene.standing()
    assert board.pinned


async def test_a_second_board_that_cannot_be_posted_leaves_the_first(scene: Scene) -> None:
    """It goes on."""
    await scene.boards.show(OWNER)
    scene.telegram.fail(bad_request("CHAT_WRITE_FORBIDDEN"), {"sendMessage"}, times=2)
    shown = await scene.boards.show(OWNER)
    assert shown.refused == "Chat_write_forbidden"
    scene.read_again(1200)
    await scene.wait(60)
    (board,) = scene.standing()
    assert "1,200" in board.text


async def test_a_clock_set_back_stops_no_board(scene: Scene) -> None:
    """It is edited at the next look."""
    await scene.boards.show(OWNER)
    await scene.look(0)
    scene.read_again(1200)
    await scene.look(-86400)
    assert "1,200" in scene.telegram.messages[0].text
