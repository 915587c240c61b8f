"""Members of a group who are no administrators, and strangers: what their words and taps can do."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.commands.permissions import RINGS_OF_ALL, RINGS_OF_ONE, Doorbell
from bot.commands.updates import TelegramService
from bot.domain.chats import Chat
from bot.features.pairing.text import invitation_message
from bot.simulator.telegram.service import SimulatedChat, SimulatedTelegram
from bot.support.metrics import Metrics
from bot.telegram.client import make_bot
from bot.telegram.sender import TelegramNotifier
from tests.integration.telegram.test_service import FORUM, GROUP, STRANGE, Talk
from tests.support.desk import TOKEN, ZONE, FakeScope
from tests.support.fakes import CHAT, NOW, Clock, Timer

OWNER, MEMBER, ADMIN, CREATOR = 111, 5, 7, 6
CHANNEL = {"id": -100999, "type": "channel", "title": "Someone's channel"}
SOMEBODY = {"id": 66, "is_bot": False, "first_name": "Mallory"}
FORWARDED = {"forward_origin": {"type": "user", "date": 1, "sender_user": SOMEBODY}}
FROM_CHANNEL = {"forward_origin": {"type": "channel", "date": 1, "chat": CHANNEL, "message_id": 3}}
BY_A_BOT = {"via_bot": {"id": 67, "is_bot": True, "first_name": "Kitten", "username": "kitten_bot"}}


@pytest.fixture
async def telegram() -> AsyncIterator[SimulatedTelegram]:
    """Telegram with a private chat, a group, a forum and a stranger."""
    simulated = SimulatedTelegram(TOKEN)
    simulated.add_chat(SimulatedChat(OWNER))
    simulated.add_chat(SimulatedChat(STRANGE))
    simulated.add_chat(SimulatedChat(GROUP, "supergroup", members={MEMBER}, admins={ADMIN}, creator=CREATOR))
    simulated.add_chat(SimulatedChat(FORUM, "supergroup", members={MEMBER}, creator=CREATOR, is_forum=True))
    async with simulated:
        yield simulated


@pytest.fixture
async def talk(telegram: SimulatedTelegram) -> AsyncIterator[Talk]:
    """The service, polling; the private chat, the group, and topic 45 of the forum are allowed."""
    bot, scope = make_bot(TOKEN, telegram.url), FakeScope()
    chats = (CHAT, Chat(GROUP), Chat(FORUM, 45))
    service = TelegramService(bot, lambda _: scope, lambda: chats, frozenset(), ZONE, Metrics())
    task = asyncio.create_task(service.run())
    await telegram.wait_for_call("getUpdates")
    yield Talk(telegram, scope, service, TelegramNotifier(bot, Clock(), ZONE))
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await service.stop()
    await service.close()


def push(talk: Talk, kind: str, **content: Any) -> None:
    """Hands the bot an update as it is given here."""
    talk.telegram._world.updates.allow([])
    talk.telegram._world.updates.push(kind, content)


def said(chat_id: int, text: str, user: int = ADMIN, **more: Any) -> dict[str, Any]:
    """A message that Telegram hands to the bot."""
    person = {"id": user, "is_bot": False, "first_name": "Somebody"}
    chat = {"id": chat_id, "type": "supergroup" if chat_id < 0 else "private", "title": "x"}
    return {"message_id": 900, "date": 1, "chat": chat, "from": person, "text": text, **more}


@pytest.mark.parametrize("origin", [FORWARDED, FROM_CHANNEL, BY_A_BOT], ids=["person", "channel", "bot"])
@pytest.mark.parametrize("chat_id", [GROUP, OWNER])
async def test_words_that_somebody_else_wrote_are_no_command(talk: Talk, origin: dict[str, Any], chat_id: int) -> None:
    """What an administrator or the owner only passes on, or lets a bot write, mutes nothing and lets nobody in."""
    for text in ("/mute all 7d", "/unmute", "/leave", "/invite", "/board"):
        push(talk, "message", **said(chat_id, text, ADMIN if chat_id == GROUP else OWNER, **origin))
    await talk.handled()
    assert (talk.scope.mutes, talk.scope.unmutes, talk.scope.boards) == ([], [], [])
    assert not any("?start=" in message.text for message in talk.telegram.messages)
    push(talk, "message", **said(chat_id, "/mute all 7d", ADMIN if chat_id == GROUP else OWNER))
    await talk.handled()
    assert len(talk.scope.mutes) == 1, "in their own words they may"


@pytest.mark.parametrize(
    "sender",
    [
        {"sender_chat": CHANNEL},
        {"sender_chat": CHANNEL, "is_automatic_forward": True, **FROM_CHANNEL},
        {"sender_chat": {"id": FORUM, "type": "supergroup", "title": "another group"}},
    ],
    ids=["as a channel", "the linked channel", "as another group"],
)
async def test_only_the_groups_own_mask_is_an_administrators(talk: Talk, sender: dict[str, Any]) -> None:
    """Who speaks as a channel or as another group is nobody here, whatever user Telegram puts beside it."""
    push(talk, "message", **said(GROUP, "/mute all 7d", 777000, **sender))
    await talk.handled()
    assert talk.scope.mutes == []
    own = {"id": GROUP, "type": "supergroup", "title": "x"}
    push(talk, "message", **said(GROUP, "/mute all 7d", 1087968824, sender_chat=own))
    await talk.handled()
    assert len(talk.scope.mutes) == 1, "an administrator who hides behind the group may"


@pytest.mark.parametrize("kind", ["edited_message", "channel_post", "edited_channel_post", "business_message"])
async def test_edited_and_foreign_posts_change_nothing(talk: Talk, kind: str) -> None:
    """An old message that is edited into a command, and posts of other kinds, are not read."""
    push(talk, kind, **said(GROUP, "/mute all 7d"))
    await talk.handled()
    assert talk.scope.mutes == []
    assert talk.telegram.messages == []


async def test_an_inline_question_and_its_button_get_nothing(talk: Talk) -> None:
    """The bot has no inline mode: what is asked or tapped from another chat that way learns and changes nothing."""
    person = {"id": ADMIN, "is_bot": False, "first_name": "Ann"}
    push(talk, "inline_query", id="1", query="credits", offset="", **{"from": person})
    talk.telegram._world.open_queries.add("query-77")
    push(
        talk,
        "callback_query",
        id="query-77",
        inline_message_id="x",
        chat_instance="1",
        data="ack:1",
        **{"from": person},
    )
    await talk.handled()
    assert talk.scope.silenced == []
    assert talk.telegram.messages == []
    assert [answer.text for answer in talk.telegram.callback_answers][-1].startswith("This button no longer works")


async def test_a_strangers_start_is_answered_a_few_times_only(talk: Talk) -> None:
    """Nobody who finds the bot's name keeps it busy: after a few answers a minute there are none."""
    for _ in range(10):
        talk.telegram.say(STRANGE, "/start")
    await talk.handled()
    assert len(talk.telegram.messages) == RINGS_OF_ONE


def test_the_doorbell_is_bounded_for_one_and_for_all() -> None:
    """Each chat a few times, all together not without end, anew the next minute; nobody is remembered for longer."""
    timer = Timer()
    bell = Doorbell(timer)
    assert [bell.is_answered(1) for _ in range(5)] == [True] * RINGS_OF_ONE + [False] * (5 - RINGS_OF_ONE)
    assert sum(bell.is_answered(chat) for chat in range(2, 1000)) == RINGS_OF_ALL - RINGS_OF_ONE
    assert len(bell._rung) <= RINGS_OF_ALL
    timer.forward(60)
    assert bell.is_answered(1)


def test_an_invitation_in_a_group_says_who_can_use_it() -> None:
    """Whoever reads the link may open it, so a group is told that this is everybody in it."""
    code = "an-invitation-code-of-32-letters"
    assert "Everybody in this group can use it" in invitation_message("a_bot", code, NOW, ZONE, in_group=True).text
    assert "Everybody" not in invitation_message("a_bot", code, NOW, ZONE).text
