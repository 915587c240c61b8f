"""The menu: shown where the bot may be asked, again and again where that is refused."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise

from telegram import Bot

from bot.domain.chats import Chat
from bot.simulator.telegram.service import SimulatedChat, SimulatedTelegram, too_many_requests
from bot.telegram.menu import Menus
from tests.support.fakes import CHAT, Timer, until

LATE = Chat(222)
COMMANDS = [("credits", "every account")]


class Scene:
    """Menus of chats that a test changes, on a timer that it moves."""

    def __init__(self, bot: Bot, telegram: SimulatedTelegram) -> None:
        self.telegram = telegram
        self.timer = Timer()
        self.chats = [CHAT, LATE]
        self.menus = Menus(bot, lambda: tuple(self.chats), COMMANDS, self.timer)

    @property
    def shown(self) -> set[str]:
        """Where a menu is."""
        return {scope for scope, _ in self.telegram.commands}

    def tries(self) -> int:
        """How often Telegram was asked to show one."""
        return sum(name == "setMyCommands" for name, _ in self.telegram.calls)


def scope(chat: Chat) -> str:
    """A chat as Telegram names it for a menu."""
    return f'{{"chat_id": {chat.chat_id}, "type": "chat"}}'


async def test_a_chat_that_is_not_there_yet_is_tried_by_the_schedule(bot: Bot, telegram: SimulatedTelegram) -> None:
    """Soon, then each minute, then rarely; the others have theirs at once, and are asked once."""
    scene = Scene(bot, telegram)
    times = list[float]()
    for _ in range(6):
        nap = await scene.menus.show()
        times.append(scene.timer())
        assert nap is not None
        scene.timer.forward(nap)
    assert [later - earlier for earlier, later in pairwise(times)] == [10, 20, 40, 60, 60]
    assert scene.shown == {scope(CHAT)}
    telegram.add_chat(SimulatedChat(LATE.chat_id))
    assert await scene.menus.show() is None
    assert scene.shown == {scope(CHAT), scope(LATE)}
    assert scene.tries() == 1 + 6 + 1


async def test_a_sign_of_life_shows_the_menu_at_once(bot: Bot, telegram: SimulatedTelegram) -> None:
    """Who presses Start long after the bot began has the menu with the answer; many signs are no flood of tries."""
    scene = Scene(bot, telegram)
    await scene.menus.show()
    for _ in range(20):
        scene.menus.wake(LATE.chat_id)
        await scene.menus.show()
        scene.timer.forward(0.5)
    assert scene.tries() <= 4
    scene.timer.forward(10)
    telegram.add_chat(SimulatedChat(LATE.chat_id))
    scene.menus.wake(LATE.chat_id)
    await scene.menus.show()
    assert scope(LATE) in scene.shown


async def test_a_pause_that_telegram_asks_for_is_kept(bot: Bot, telegram: SimulatedTelegram) -> None:
    """A menu is no reason to hurry."""
    scene = Scene(bot, telegram)
    telegram.add_chat(SimulatedChat(LATE.chat_id))
    telegram.fail(too_many_requests(33), {"setMyCommands"})
    assert await scene.menus.show() == 33
    scene.timer.forward(33)
    assert await scene.menus.show() is None


async def test_a_chat_that_left_has_none_and_gets_it_again_when_it_is_back(
    bot: Bot, telegram: SimulatedTelegram
) -> None:
    """The menu goes with the right to ask."""
    scene = Scene(bot, telegram)
    scene.chats = [CHAT]
    await scene.menus.show()
    scene.chats = []
    await scene.menus.hide(CHAT.chat_id)
    assert scene.shown == set()
    scene.chats = [CHAT]
    await scene.menus.show()
    assert scene.shown == {scope(CHAT)}


@asynccontextmanager
async def running(menus: Menus) -> AsyncIterator[None]:
    """Menus that are shown in the background."""
    task = asyncio.create_task(menus.run())
    yield
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_new_chat_has_its_menu_as_soon_as_somebody_says_so(bot: Bot, telegram: SimulatedTelegram) -> None:
    """The loop sleeps while nothing is missing, and wakes for what is new."""
    scene = Scene(bot, telegram)
    scene.chats = [CHAT]
    async with running(scene.menus):
        await until(lambda: scene.shown == {scope(CHAT)})
        telegram.add_chat(SimulatedChat(LATE.chat_id))
        scene.chats = [CHAT, LATE]
        scene.menus.wake()
        await until(lambda: scene.shown == {scope(CHAT), scope(LATE)})
