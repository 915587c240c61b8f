"""What stands between the bot and Telegram: its pages are no words of Telegram's, whatever was asked."""

import asyncio
from dataclasses import replace

import pytest
from telegram import Bot
from telegram.error import BadRequest, Conflict, Forbidden, InvalidToken, NetworkError, TelegramError

from bot.commands.updates import TelegramService
from bot.outbox.results import Retry
from bot.simulator.telegram.service import FIREWALL, PORTAL, Refusal, SimulatedTelegram
from bot.support.backoff import Backoff
from bot.support.metrics import Metrics
from bot.telegram.client import checked, is_telegrams, make_bot
from bot.telegram.sender import TelegramNotifier
from bot.telegram.text.layout import Message
from tests.field.catalogue import TELEGRAM, FieldAnswer
from tests.support.desk import TOKEN, ZONE, FakeScope
from tests.support.fakes import CHAT, Clock, until

PAGES = [
    *(replace(PORTAL, code=code) for code in (200, 401, 403, 404, 409, 400, 429, 500, 511)),
    FIREWALL,
    Refusal(302, "", page="", headers={"Location": "http://login.example.net/"}),
    Refusal(401, "", page='{"error": "log in first"}'),
    Refusal(404, "", page='{"ok": false, "error_code": 401, "description": "Unauthorized"}'),
    Refusal(200, "", page='{"ok": false, "error_code": 200, "description": "Unauthorized"}'),
    Refusal(200, "", page='{"ok": true}'),
    Refusal(403, "", page="[" * 5000),
    Refusal(200, "", page=b"\xff\xfe\x00"),
]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: f"{page.code}-{str(page.page)[:16]}")
async def test_a_page_in_between_is_a_trouble_of_the_network(
    telegram: SimulatedTelegram, bot: Bot, page: Refusal
) -> None:
    """Sends, edits, questions and the polling: each finds that Telegram cannot be reached, and blames nobody else."""
    telegram.between = page
    result = await TelegramNotifier(bot, Clock(), ZONE).send(Message("words"), CHAT)
    assert isinstance(result, Retry)
    assert result.failure.startswith(f"Telegram cannot be reached: something in between answers: {page.code}, a ")
    for call in (bot.get_me(), bot.get_updates(timeout=0), bot.edit_message_text("x", 111, 1), bot.get_chat(111)):
        with pytest.raises(NetworkError) as caught:
            await call
        assert not isinstance(caught.value, BadRequest | Forbidden | InvalidToken | Conflict)


async def test_what_stands_between_is_named(telegram: SimulatedTelegram, bot: Bot) -> None:
    """The page's own server is said where it names itself, on one short line."""
    telegram.between = replace(PORTAL, code=403, headers={"Server": "nginx/1.24.0"})
    with pytest.raises(NetworkError, match=r"^something in between answers: 403, a page of nginx/1.24.0$"):
        await bot.get_me()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: f"{page.code}-{str(page.page)[:16]}")
async def test_a_page_at_the_start_is_waited_for(telegram: SimulatedTelegram, page: Refusal) -> None:
    """A guest network's login page is no refused token: the bot waits until Telegram itself answers."""
    telegram.between = page
    made = make_bot(TOKEN, telegram.url)
    service = TelegramService(made, lambda _: FakeScope(), lambda: (CHAT,), frozenset(), ZONE, Metrics())
    service.polling.backoff = Backoff(0.01, 0.01)
    running = asyncio.create_task(service.run())
    try:
        await until(lambda: running.done() or service.polling.trouble)
        assert "something in between answers" in str(service.polling.trouble)
        telegram.between = None
        await until(lambda: running.done() or service.username)
        assert service.username == telegram.username
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await service.stop()
        await service.close()


@pytest.mark.parametrize("code", [401, 404])
async def test_telegrams_own_refusal_of_the_token_is_one(telegram: SimulatedTelegram, code: int) -> None:
    """Only Telegram's JSON says that a token is wrong."""
    telegram.fail(Refusal(code, "Unauthorized"), {"getMe"})
    made = make_bot(TOKEN, telegram.url)
    with pytest.raises(InvalidToken):
        await made.initialize()
    await made.shutdown()


@pytest.mark.parametrize("answer", TELEGRAM, ids=str)
def test_the_catalogue_tells_telegram_from_what_is_not(answer: FieldAnswer) -> None:
    """Of all answers seen in the real world, those of Telegram's own JSON pass, and no page does."""
    own = answer.body.startswith(b'{"ok":') and answer.body.endswith(b"}")
    assert is_telegrams(answer.status, answer.body) == own
    if not own:
        assert answer.expect == "network"
        with pytest.raises(TelegramError):
            checked(answer.status, answer.headers, answer.body)
