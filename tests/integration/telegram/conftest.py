"""What the tests of Telegram's side share: a simulated Telegram over real HTTP, and the bot's client for it."""

from collections.abc import AsyncIterator

import pytest
from telegram import Bot

from bot.simulator.telegram.service import SimulatedChat, SimulatedTelegram
from bot.telegram.client import make_bot
from tests.support.desk import TOKEN


@pytest.fixture
async def telegram() -> AsyncIterator[SimulatedTelegram]:
    """Telegram with a private chat, a group and a forum."""
    simulated = SimulatedTelegram(TOKEN)
    simulated.add_chat(SimulatedChat(111))
    simulated.add_chat(SimulatedChat(-100222, "supergroup", members={5}, admins={7}, creator=6))
    simulated.add_chat(SimulatedChat(-100333, "supergroup", members={5}, creator=6, is_forum=True))
    async with simulated:
        yield simulated


@pytest.fixture
async def bot(telegram: SimulatedTelegram) -> AsyncIterator[Bot]:
    """The bot's client, which has introduced itself."""
    made = make_bot(TOKEN, telegram.url)
    await made.initialize()
    yield made
    await made.shutdown()
