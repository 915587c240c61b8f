"""Polling: no answer of Telegram ends it, and how it fares is known."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from telegram import Bot, Update
from telegram.error import BadRequest, InvalidToken, NetworkError, RetryAfter, TelegramError, TimedOut

from bot.simulator.telegram.service import Refusal, SimulatedTelegram, server_error
from bot.support.backoff import Backoff
from bot.support.metrics import Metrics
from bot.telegram import polling as polls
from bot.telegram.polling import Polling, words_of
from bot.telegram.webhook import host_of
from tests.support.desk import TOKEN
from tests.support.fakes import WITHOUT_JITTER, until

OWNER = {"id": 111, "type": "private", "first_name": "Owner"}
PERSON = {"id": 111, "is_bot": False, "first_name": "Owner"}
SAID = {"message_id": 1, "date": 1, "chat": OWNER, "from": PERSON, "text": "/PRIVATE"}
NULL_CHAT = {"message": SAID | {"chat": None}}
NEW_SHAPE = {"message": SAID | {"entities": {"PRIVATE": 1}}}
BAD_DATE = {"message": SAID | {"date": 10**30}}
NUMBER_FOR_TEXT = {"message": SAID | {"text": 5}}
HUGE_CHAT = {"message": SAID | {"chat": OWNER | {"id": 2**70}}}
NULL_TAPPER = {"callback_query": {"id": "1", "from": None, "chat_instance": "1", "data": "PRIVATE", "message": SAID}}
NOT_AN_OBJECT = {"message": "PRIVATE"}


class Heard:
    """What the polling handed on, and the polling itself."""

    def __init__(self, bot: Bot) -> None:
        self.texts: list[str] = []
        self.metrics = Metrics()
        self.polling = Polling(bot, self._take, self.metrics)
        self.polling.backoff = Backoff(0.001, 0.001)

    async def _take(self, update: Update) -> None:
        """Writes an update down, unless it meets a defect."""
        assert update.message
        if update.message.text == "/defect":
            raise RuntimeError("a defect")
        self.texts.append(update.message.text or "")

    def answers(self, result: str) -> float:
        """How many answers of a kind were counted."""
        return self.metrics.registry.get_sample_value("credit_bot_polls_total", {"result": result}) or 0


@asynccontextmanager
async def heard(bot: Bot) -> AsyncIterator[Heard]:
    """Polls in the background."""
    found = Heard(bot)
    task = asyncio.create_task(found.polling.run())
    yield found
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_updates_are_handed_on_in_order_and_once(bot: Bot, telegram: SimulatedTelegram) -> None:
    """Every update arrives once, in order, and is confirmed with the next poll."""
    async with heard(bot) as found:
        for number in range(5):
            telegram.say(111, f"/n{number}")
        await until(lambda: len(found.texts) == 5)
        await until(lambda: not telegram.pending_updates)
        assert found.texts == [f"/n{number}" for number in range(5)]


async def test_only_what_is_used_is_asked_for(bot: Bot, telegram: SimulatedTelegram) -> None:
    """Telegram is asked for messages, taps and whether the bot is let in, and for nothing else."""
    async with heard(bot):
        params = await telegram.wait_for_call("getUpdates")
    assert params["allowed_updates"] == ["message", "callback_query", "my_chat_member"]


@pytest.mark.parametrize("status", [401, 404, 409, 429, 500, 502])
async def test_no_status_ends_the_polling(
    bot: Bot, telegram: SimulatedTelegram, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    """After any refusal, also the 401 and 404 that end the library's own polling, updates arrive again."""
    async with heard(bot) as found:
        await telegram.wait_for_call("getUpdates")
        telegram.kill_polling(status, times=3)
        await until(lambda: "Polling: " in caplog.text)
        assert found.polling.trouble
        telegram.heal()
        telegram.say(111, "/still")
        await until(lambda: found.texts == ["/still"])
        assert found.polling.trouble is None


async def test_a_telegram_that_goes_away_and_comes_back(bot: Bot, telegram: SimulatedTelegram) -> None:
    """Closed connections are trouble while they last, and forgotten after the first answer."""
    async with heard(bot) as found:
        await telegram.wait_for_call("getUpdates")
        telegram.away = True
        await until(lambda: found.polling.trouble)
        assert str(found.polling.trouble).startswith("Telegram cannot be reached: ")
        assert TOKEN not in str(found.polling.trouble)
        telegram.away = False
        telegram.say(111, "/back")
        await until(lambda: found.texts == ["/back"])
        assert found.polling.trouble is None
        assert found.answers("NetworkError") >= 1


async def test_409_is_said_in_words_and_once(
    bot: Bot, telegram: SimulatedTelegram, caplog: pytest.LogCaptureFixture
) -> None:
    """A second poller is named as what it is, in the log once and not at each try."""
    telegram.conflict(times=None)
    async with heard(bot) as found:
        await until(lambda: found.answers("Conflict") >= 3)
        assert str(found.polling.trouble).startswith("another program polls with the same bot token (409)")
    assert caplog.text.count("another program polls") == 1


async def test_a_hanging_poll_is_given_up(
    bot: Bot, telegram: SimulatedTelegram, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A poll that is never answered ends after its time, and another one is begun."""
    monkeypatch.setattr(polls, "POLL_SECONDS", 0)
    monkeypatch.setattr(polls, "SPARE_SECONDS", 0.05)
    hang = asyncio.Event()
    calls: list[int] = []

    class Hanging:
        """A client whose first poll hangs."""

        async def _post(self, *_: object, **__: object) -> list[Any]:
            calls.append(1)
            if len(calls) == 1:
                await hang.wait()
            await asyncio.sleep(0.001)
            return []

    async with heard(Hanging()) as found:  # type: ignore[arg-type]
        await until(lambda: found.answers("ok"))
    assert found.answers("TimeoutError") == 1


async def test_an_answer_that_cannot_be_read_is_survived(caplog: pytest.LogCaptureFixture) -> None:
    """An error that nobody foresaw is logged, and the polling goes on."""
    calls: list[int] = []

    class Odd:
        """A client with a defect."""

        async def _post(self, *_: object, **__: object) -> list[Any]:
            calls.append(1)
            if len(calls) < 3:
                raise KeyError("update_id")
            await asyncio.sleep(0.001)
            return []

    async with heard(Odd()) as found:  # type: ignore[arg-type]
        await until(lambda: found.answers("ok"))
    assert "cannot be polled" in caplog.text


@pytest.mark.parametrize("answer", [None, 5, "updates", {}, {"update_id": 1}, [None], [{"message": {}}], [[], 7, "x"]])
async def test_what_is_no_list_of_updates_is_trouble(answer: Any, caplog: pytest.LogCaptureFixture) -> None:
    """Nothing of it could be confirmed, so it is waited after like a network that is down; no traceback."""
    answers = [answer]

    class Odd:
        """A client that hears nonsense once."""

        async def _post(self, *_: object, **__: object) -> Any:
            await asyncio.sleep(0.001)
            return answers.pop() if answers else []

    async with heard(Odd()) as found:  # type: ignore[arg-type]
        await until(lambda: found.answers("ok"))
    assert found.texts == []
    assert found.answers("NetworkError") == 1
    assert "Telegram cannot be reached: the answer" in caplog.text
    assert "Traceback" not in caplog.text


@pytest.mark.parametrize(
    "odd", [NULL_CHAT, NEW_SHAPE, BAD_DATE, NUMBER_FOR_TEXT, HUGE_CHAT, NULL_TAPPER, NOT_AN_OBJECT]
)
async def test_an_update_that_cannot_be_understood_is_skipped(
    bot: Bot, telegram: SimulatedTelegram, odd: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    """Those before and behind it are handed on, it is confirmed and counted, and its text is not logged."""
    telegram.say(111, "/before")
    number = telegram.push(odd)
    telegram.say(111, "/behind")
    async with heard(bot) as found:
        await until(lambda: found.texts == ["/before", "/behind"])
        await until(lambda: not telegram.pending_updates)
    assert found.metrics.registry.get_sample_value("credit_bot_updates_skipped_total") == 1
    assert found.polling.notes == ("1 update was skipped: this version cannot read what Telegram sent",)
    assert f"Update {number} cannot be understood" in caplog.text
    assert "PRIVATE" not in caplog.text
    assert "Traceback" not in caplog.text


async def test_an_update_whose_handling_fails_keeps_no_other_waiting(
    bot: Bot, telegram: SimulatedTelegram, caplog: pytest.LogCaptureFixture
) -> None:
    """A defect of ours meets one update, once."""
    telegram.say(111, "/defect")
    telegram.say(111, "/behind")
    async with heard(bot) as found:
        await until(lambda: found.texts == ["/behind"])
        await until(lambda: not telegram.pending_updates)
    assert caplog.text.count("could not be handled") == 1


async def test_a_webhook_is_named_and_taken_away_once(
    bot: Bot, telegram: SimulatedTelegram, caplog: pytest.LogCaptureFixture
) -> None:
    """Only its host is said, in the log and for /status; one that comes back is left, and is the polling's trouble."""
    async with heard(bot) as found:
        await telegram.wait_for_call("getUpdates")
        telegram.set_webhook("https://hooks.example.com:8443/SECRET?key=SECRET")
        telegram.say(111, "/asked")
        await until(lambda: found.texts == ["/asked"])
        assert telegram.webhook == ""
        assert found.polling.trouble is None
        (note,) = found.polling.notes
        assert note.startswith("another program set a webhook at hooks.example.com for this bot; it was taken away ")
        telegram.set_webhook("https://hooks.example.com/SECRET")
        await until(lambda: "hooks.example.com again" in (found.polling.trouble or ""))
        failed = found.answers("Conflict")
        await until(lambda: found.answers("Conflict") > failed + 3)
        assert telegram.webhook
        assert "no command is answered" in str(found.polling.trouble)
        telegram.set_webhook("")
        telegram.say(111, "/again")
        await until(lambda: found.texts[1:] == ["/again"])
        assert found.polling.trouble is None
    assert [method for method, _ in telegram.calls].count("deleteWebhook") == 1
    assert caplog.text.count("hooks.example.com again") == 1
    assert "SECRET" not in caplog.text
    assert "another program polls" not in caplog.text


async def test_a_webhook_that_returns_at_once_begins_no_war(bot: Bot, telegram: SimulatedTelegram) -> None:
    """The other program wins, and is named."""
    telegram.set_webhook("https://hooks.example.com/x", returns=True)
    async with heard(bot) as found:
        await until(lambda: found.answers("Conflict") >= 5)
        assert "hooks.example.com again" in str(found.polling.trouble)
    assert [method for method, _ in telegram.calls].count("deleteWebhook") == 1


@pytest.mark.parametrize("refusal", [server_error(), Refusal(200, "", page="<html>Log in</html>")])
@pytest.mark.parametrize("method", ["getWebhookInfo", "deleteWebhook"])
async def test_a_webhook_that_cannot_be_asked_for_is_told_by_telegrams_words(
    bot: Bot, telegram: SimulatedTelegram, method: str, refusal: Refusal
) -> None:
    """And it is taken away as soon as it can be."""
    telegram.fail(refusal, {method}, times=2)
    telegram.set_webhook("https://hooks.example.com/x")
    troubles = []
    async with heard(bot) as found:
        await until(lambda: found.polling.trouble)
        troubles.append(str(found.polling.trouble))
        await until(lambda: not telegram.webhook)
        telegram.say(111, "/back")
        await until(lambda: found.texts == ["/back"])
    assert troubles[0].startswith("another program set a webhook ")


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://user:secret@Hooks.Example.com:8443/secret?a=secret#secret", "hooks.example.com"),
        ("https://192.0.2.7/x", "192.0.2.7"),
        ("https://[2001:db8::1]/x", "2001:db8::1"),
        ("https://[secret", "an unknown address"),
        ("secret", "an unknown address"),
        (7, "an unknown address"),
    ],
)
def test_only_the_host_of_a_webhook_is_shown(url: object, host: str) -> None:
    """Everything else of it may be a secret."""
    assert host_of(url) == host


async def test_silence_is_measured_from_the_last_answer(bot: Bot, telegram: SimulatedTelegram) -> None:
    """``silent_for`` is the time since Telegram last answered, whether or not it was asked since."""
    found = Heard(bot)
    found.polling._answered_at -= 500
    assert 500 <= found.polling.silent_for < 510
    task = asyncio.create_task(found.polling.run())
    telegram.say(111, "x")
    await until(lambda: found.answers("ok"))
    assert found.polling.silent_for < 10
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_the_last_updates_are_confirmed_at_the_stop(bot: Bot, telegram: SimulatedTelegram) -> None:
    """What was handled is told to Telegram, so that the next start does not answer it again; a failure is no error."""
    found = Heard(bot)
    await found.polling.confirm()
    assert [method for method, _ in telegram.calls].count("getUpdates") == 0
    telegram.say(111, "/one")
    task = asyncio.create_task(found.polling.run())
    await until(lambda: found.texts)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await found.polling.confirm()
    assert telegram.pending_updates == []
    telegram.away = True
    await found.polling.confirm()


async def test_the_wait_grows() -> None:
    """Failed tries come 1, 2, 4 … seconds apart, at most half a minute, or when Telegram says."""
    polling = Heard(None).polling  # type: ignore[arg-type]
    polling.backoff = WITHOUT_JITTER
    waits = [await polling._note_failure(NetworkError("no"), failures) for failures in range(1, 9)]
    assert waits == [1, 2, 4, 8, 16, 30, 30, 30]
    assert await polling._note_failure(RetryAfter(77), 1) == 77


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (InvalidToken(), "put a valid one into TELEGRAM_BOT_TOKEN"),
        (TimedOut(), "does not answer in time"),
        (TimeoutError(), "does not answer in time"),
        (BadRequest("odd"), "cannot be reached: odd"),
        (TelegramError("new"), "cannot be reached: new"),
    ],
)
def test_trouble_is_words(error: TelegramError | TimeoutError, words: str) -> None:
    """Each trouble says what is wrong, and what to do where something can be done."""
    assert words in words_of(error)
