"""Who may ask, and who may change things."""

import pytest
from telegram import Bot

from bot.commands import permissions as accessing
from bot.commands.permissions import Access
from bot.domain.chats import Chat
from bot.simulator.telegram.service import SimulatedTelegram, server_error
from bot.telegram.authors import User
from tests.support.fakes import CHAT, GROUP

ADMIN, CREATOR, MEMBER = User(7, "Ann"), User(6, "Cid"), User(5, "Mel")


def access(bot: Bot, *chats: Chat, admins: frozenset[int] = frozenset()) -> Access:
    """Access to these chats."""
    return Access(bot, lambda: chats, admins)


@pytest.mark.parametrize(
    ("chat_id", "thread_id", "allowed"),
    [
        (111, None, True),
        (112, None, False),
        (-100222, None, True),
        (-100222, 9, True),
        (-100333, 45, True),
        (-100333, 46, False),
        (-100333, None, False),
        (-111, None, False),
    ],
)
async def test_only_the_allowed_chats_may_ask(bot: Bot, chat_id: int, thread_id: int | None, allowed: bool) -> None:
    """A chat of the settings may ask, from any topic; where a topic is named, from that one only."""
    assert access(bot, CHAT, GROUP, Chat(-100333, 45)).allowed(chat_id, thread_id) is allowed


async def test_nobody_may_ask_while_no_chat_is_set(bot: Bot) -> None:
    """Without chats in the settings nobody is allowed."""
    assert not access(bot).allowed(111, None)


async def test_a_private_chats_owner_may_change(bot: Bot) -> None:
    """In a private chat its owner may, also where admins are named for groups."""
    assert await access(bot, CHAT).may_change("private", 111, MEMBER)
    assert await access(bot, CHAT, admins=frozenset({1})).may_change("private", 111, MEMBER)


async def test_a_groups_administrators_may_change(bot: Bot) -> None:
    """Without TELEGRAM_ADMIN_IDS it is the group's creator and administrators, also anonymous ones, and no member."""
    group = access(bot, GROUP)
    found = [await group.may_change("supergroup", -100222, one) for one in (ADMIN, CREATOR, MEMBER)]
    assert found == [True, True, False]
    assert await group.may_change("supergroup", -100222, User(None, "Group", anonymous=True))
    assert not await group.may_change("supergroup", -100222, User(None, "A channel"))


async def test_named_admins_are_the_only_ones(bot: Bot, telegram: SimulatedTelegram) -> None:
    """With TELEGRAM_ADMIN_IDS the group's own administrators may not, nor whoever is anonymous; nobody is asked."""
    group = access(bot, GROUP, admins=frozenset({5}))
    found = [await group.may_change("supergroup", -100222, one) for one in (ADMIN, CREATOR, MEMBER)]
    assert found == [False, False, True]
    assert not await group.may_change("supergroup", -100222, User(None, "Group", anonymous=True))
    assert "getChatAdministrators" not in [method for method, _ in telegram.calls]


async def test_administrators_are_remembered_for_a_while(
    bot: Bot, telegram: SimulatedTelegram, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Telegram is asked once in five minutes; who becomes an administrator may change things after that."""
    group = access(bot, GROUP)
    for _ in range(3):
        assert not await group.may_change("supergroup", -100222, MEMBER)
    assert [method for method, _ in telegram.calls].count("getChatAdministrators") == 1
    telegram.chats[-100222].admins.add(5)
    monkeypatch.setattr(accessing, "REMEMBERED_FOR", 0.0)
    assert await group.may_change("supergroup", -100222, MEMBER)


async def test_where_telegram_does_not_tell_the_last_answer_holds(
    bot: Bot, telegram: SimulatedTelegram, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While Telegram does not say who the administrators are, those it named last are; before that, nobody is."""
    group = access(bot, GROUP)
    telegram.fail(server_error(), {"getChatAdministrators"}, times=1)
    assert not await group.may_change("supergroup", -100222, ADMIN)
    assert await group.may_change("supergroup", -100222, ADMIN)
    monkeypatch.setattr(accessing, "REMEMBERED_FOR", 0.0)
    telegram.fail(server_error(), {"getChatAdministrators"}, times=1)
    assert await group.may_change("supergroup", -100222, ADMIN)
