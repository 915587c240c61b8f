"""Telegram's side of the bot: who is answered what, and where."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from bot.commands import updates as serving
from bot.commands.registry import COMMANDS, Command
from bot.commands.updates import TelegramService
from bot.config.parsers import parse_chats
from bot.domain.accounts import Pause
from bot.domain.alerts import Silence, SilenceKind
from bot.domain.chats import Chat
from bot.simulator.telegram.service import (
    SimulatedMessage,
    SimulatedTelegram,
    bad_request,
    server_error,
    too_many_requests,
)
from bot.support.backoff import Backoff
from bot.support.errors import DatabaseBusyError, StartError
from bot.support.metrics import Metrics
from bot.telegram.client import make_bot
from bot.telegram.sender import TelegramNotifier, seconds_of
from bot.telegram.text.alert_list import Acted
from bot.telegram.text.layout import Button, Message
from bot.telegram.text.pauses import PausedAct, act_of
from tests.support.desk import TOKEN, ZONE, FakeScope
from tests.support.fakes import ALICE, BOB, CHAT, NOW, Clock, key_of, until

GROUP, FORUM, STRANGE = -100222, -100333, 999


@dataclass
class Talk:
    """People, the bot and the scope behind it."""

    telegram: SimulatedTelegram
    scope: FakeScope
    service: TelegramService
    post: TelegramNotifier
    alive: list[int] = field(default_factory=list)
    """The chats that gave a sign of life."""

    async def ask(self, chat_id: int, text: str, user_id: int | None = None, thread_id: int | None = None) -> str:
        """Says something; gives the text of the answer."""
        before = len(self.telegram.messages)
        self.telegram.say(chat_id, text, user_id, thread_id)
        await until(lambda: len(self.telegram.messages) > before)
        return self.telegram.messages[before].text

    async def ignored(self, chat_id: int, text: str, user_id: int | None = None, thread_id: int | None = None) -> bool:
        """Says something; whether it was handled and nobody answered."""
        before = len(self.telegram.messages)
        self.telegram.say(chat_id, text, user_id, thread_id)
        await self.handled()
        return len(self.telegram.messages) == before

    async def handled(self) -> None:
        """Waits until all that people did has been dealt with."""
        await until(lambda: not self.telegram.pending_updates and not self.service._tasks)

    async def alert(self, chat_id: int = 111) -> SimulatedMessage:
        """A message with the buttons of an alert."""
        buttons = tuple((Button(verb, f"{verb}:1"),) for verb in ("ack", "snooze1h", "snooze1d", "credits"))
        before = len(self.telegram.messages)
        await self.post.send(Message("🔴 Studio: low\nmore", (), buttons), Chat(chat_id))
        return await self.telegram.wait_for("🔴 Studio: low", 20.0, chat_id, before)

    async def tap(self, message: SimulatedMessage, button: str, user_id: int | None = None) -> str:
        """Taps a button; gives the little notice."""
        query = self.telegram.tap(message, button, user_id)
        await until(lambda: any(answer.query_id == query for answer in self.telegram.callback_answers))
        return next(answer.text for answer in self.telegram.callback_answers if answer.query_id == query)


@pytest.fixture
async def talk(telegram: SimulatedTelegram) -> AsyncIterator[Talk]:
    """The service, polling; a private chat, a group, and topic 45 of a forum are allowed."""
    telegram.add_chat(telegram.chats[111].__class__(STRANGE))
    telegram.name(111, "Owner")
    bot, scope = make_bot(TOKEN, telegram.url), FakeScope()
    chats = (CHAT, Chat(GROUP), Chat(FORUM, 45))
    service = TelegramService(bot, lambda _: scope, lambda: chats, frozenset(), ZONE, Metrics())
    alive = list[int]()
    service.on_life = alive.append
    task = asyncio.create_task(service.run())
    await telegram.wait_for_call("getUpdates")
    yield Talk(telegram, scope, service, TelegramNotifier(bot, Clock(), ZONE), alive)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await service.stop()
    await service.close()


ANSWERS = {
    "/credits": "Studio",
    "/history": "last 7 days",
    "/log": "1 alert in the last 7 d",
    "/alerts": "Studio",
    "/status": "Version 1.2.3",
    "/help": "/credits",
    "/board": "I may not pin it here",
    "/invite": "?start=an-invitation-code",
    "/leave": "it stands in TELEGRAM_CHAT_IDS",
    "/start": "/credits",
    "/mute Studio 2h": "is muted until",
    "/unmute": "is muted now",
    "/pause Studio 3h": "is paused until",
    "/resume": "Nothing was paused.",
    "/check": "Checking 3 accounts now",
    "/reload": "There is no accounts file",
}


@pytest.mark.parametrize("command", ANSWERS)
@pytest.mark.parametrize(("chat_id", "thread_id"), [(111, None), (GROUP, None), (FORUM, 45)])
async def test_every_command_is_answered_where_it_was_asked(
    talk: Talk, command: str, chat_id: int, thread_id: int | None
) -> None:
    """In a private chat, a group and a topic, each command is answered in that very place."""
    assert ANSWERS[command] in await talk.ask(chat_id, command, thread_id=thread_id)
    sent = talk.telegram.messages[0]
    assert (sent.chat_id, sent.thread_id) == (chat_id, thread_id)


def test_every_command_has_its_test() -> None:
    """The table of commands and the answers above name the same."""
    assert {command.split()[0][1:] for command in ANSWERS} == {command.name for command in COMMANDS}


@pytest.mark.parametrize(("topic", "named"), [(46, f"{FORUM}/46"), (1, str(FORUM)), (None, str(FORUM))])
async def test_a_topic_that_is_not_allowed_learns_its_own_id(talk: Talk, topic: int | None, named: str) -> None:
    """What /start says in a topic goes into the settings as it is; General, whose id Telegram refuses, is the group."""
    assert f"This chat's id is {named}.\n" in await talk.ask(FORUM, "/start", user_id=6, thread_id=topic)
    assert parse_chats(named) == (place_of_text(named),)
    assert talk.telegram.messages[-1].thread_id == (46 if topic == 46 else None)


def place_of_text(named: str) -> Chat:
    """A chat as it was named."""
    chat_id, _, topic = named.partition("/")
    return Chat(int(chat_id), int(topic) if topic else None)


async def test_whatever_comes_from_a_chat_is_a_sign_of_life(talk: Talk) -> None:
    """Words, commands of those who may not, taps, and the bot being let in; not its being thrown out."""
    message = await talk.alert()
    talk.telegram.block(111)
    await talk.handled()
    assert talk.alive == []
    talk.telegram.unblock(111)
    await talk.handled()
    assert talk.alive == [111]
    await talk.tap(message, "credits")
    await talk.ignored(GROUP, "hello", user_id=5)
    await talk.ignored(STRANGE, "/credits")
    await talk.ignored(FORUM, "hello", user_id=6, thread_id=9)
    assert talk.alive == [111, 111, GROUP, STRANGE, FORUM]


async def test_the_menu_is_shown_in_the_allowed_chats_only(talk: Talk) -> None:
    """Telegram's menu lists the commands, in each allowed chat and in no other."""
    menus = talk.telegram.commands
    await talk.telegram.wait_for_call("setMyCommands", count=3)
    await until(lambda: len(menus) == 3)
    assert sorted(scope for scope, _ in menus) == sorted(
        f'{{"chat_id": {chat_id}, "type": "chat"}}' for chat_id in (111, GROUP, FORUM)
    )
    for menu in menus.values():
        assert [one["command"] for one in menu] == [command.name for command in COMMANDS if command.line]


async def test_a_command_may_name_the_bot(talk: Talk) -> None:
    """``/credits@our_bot`` is ours in any case; another bot's command is none of our business."""
    assert "Studio" in await talk.ask(GROUP, "/credits@Credit_Demo_BOT")
    assert await talk.ignored(GROUP, "/credits@other_bot")
    assert "Studio" in await talk.ask(GROUP, "/CREDITS")


@pytest.mark.parametrize("space", [" ", "\n", "\t", "\u00a0", " \n "])
async def test_a_command_ends_at_any_white_space(talk: Talk, space: str) -> None:
    """A line break behind a command parts it from its words as a blank does, with the bot's name in it too."""
    assert "alice@example.com" in await talk.ask(111, f"/credits{space}studio")
    assert "is muted until" in await talk.ask(GROUP, f"/mute@Credit_Demo_BOT{space}studio{space}12s", user_id=7)


async def test_strangers_learn_their_own_id_and_nothing_else(talk: Talk) -> None:
    """A chat that is not allowed gets its id from /start, and no answer to anything else; nor does another topic."""
    said = await talk.ask(STRANGE, "/start")
    assert str(STRANGE) in said
    assert "Studio" not in said
    for text in ("/credits", "/help", "/mute all 1h", "hello", "/nonsense"):
        assert await talk.ignored(STRANGE, text)
    assert await talk.ignored(FORUM, "/credits", thread_id=46)
    assert talk.scope.mutes == []


async def test_an_unknown_command_is_hinted_at_in_private_only(talk: Talk) -> None:
    """A slip gets the command that may be meant; chatter and other bots' commands in a group get nothing."""
    assert "Did you mean /credits" in await talk.ask(111, "/credit")
    assert "I only know commands" in await talk.ask(111, "how are you?")
    assert await talk.ignored(GROUP, "/credit")
    assert await talk.ignored(GROUP, "how are you?")


async def test_who_may_change_things(talk: Talk) -> None:
    """In a group its administrators may mute, a member is told why not; the owner of a private chat may."""
    assert "Only administrators" in await talk.ask(GROUP, "/mute all 1h", user_id=5)
    assert "Only administrators" in await talk.ask(GROUP, "/unmute", user_id=5)
    assert await talk.ignored(GROUP, "/mute all 1h", user_id=5), "told once is enough"
    assert talk.scope.mutes == []
    await talk.ask(GROUP, "/mute all 1h", user_id=7)
    await talk.ask(111, "/mute studio 30m")
    assert talk.scope.mutes == [
        (None, NOW + timedelta(hours=1), "User 7", False),
        (key_of(ALICE), NOW + timedelta(minutes=30), "Owner", False),
    ]
    assert "Studio" in await talk.ask(GROUP, "/credits", user_id=5)


async def test_a_wrong_mute_gets_an_example_that_works(talk: Talk) -> None:
    """Whatever is wrong with a mute, the answer shows a right one, and nothing is muted."""
    for text in ("/mute", "/mute Studio", "/mute Studio soon", "/mute Studio 0s", "/mute nobody 2h", "/mute o 2h"):
        said = await talk.ask(111, text)
        assert "Say /mute" in said or "Try /mute" in said or "say more of the name: /mute" in said
    assert talk.scope.mutes == []


@pytest.mark.parametrize("space", [" ", "\n", "\t\u00a0"])
async def test_who_may_pause(talk: Talk, space: str) -> None:
    """In a group its administrators may pause and resume, a member is told why not; any white space parts the words."""
    for text in ("/pause all 1h", "/resume all"):
        assert "Only administrators" in await talk.ask(GROUP, text, user_id=5)
    assert (talk.scope.pausing, talk.scope.resumed) == ([], [])
    await talk.ask(GROUP, f"/pause{space}all{space}1h", user_id=7)
    await talk.ask(111, f"/pause{space}studio{space}12s")
    assert talk.scope.pausing == [
        (None, NOW + timedelta(hours=1), "User 7"),
        (key_of(ALICE), NOW + timedelta(seconds=12), "Owner"),
    ]
    assert "go on now" in await talk.ask(111, f"/resume{space}studio")
    assert talk.scope.resumed == [(key_of(ALICE), "Owner")]


async def test_a_wrong_pause_gets_an_example_that_works(talk: Talk) -> None:
    """Whatever is wrong with it, the answer shows a right one, and nothing is paused or resumed."""
    for text in ("/pause", "/pause Studio", "/pause Studio soon", "/pause Studio 0s", "/pause nobody 2h", "/pause 2h"):
        assert "Say /pause" in (said := await talk.ask(111, text)) or "Try /pause" in said
    assert "Say /resume" in await talk.ask(111, "/resume nobody")
    assert (talk.scope.pausing, talk.scope.resumed) == ([], [])


async def test_nobody_who_is_paused_is_looked_at(talk: Talk) -> None:
    """Neither the list, nor the card, nor a round now asks for a look at whom a person has paused."""
    now, pause = NOW + timedelta(hours=1), Pause("", NOW, NOW + timedelta(hours=3), "Kim")
    first, *others = talk.scope.accounts
    talk.scope.accounts = [replace(first, account=replace(first.account, pause=pause)), *others]
    talk.scope.moment = now
    assert "paused until today 15:00" in await talk.ask(111, "/credits")
    assert "Paused until today 15:00 by Kim." in await talk.ask(111, "/credits Studio")
    await talk.tap(talk.telegram.messages[-1], talk.telegram.messages[-1].buttons[0][0][1])
    assert "1 account is paused;" in await talk.ask(111, "/check")
    await talk.tap(await talk.alert(), "credits")
    await talk.handled()
    others_keys = {one.account.key for one in others}
    assert talk.scope.looks
    assert all(set(keys) == others_keys for keys in talk.scope.looks)


async def test_edited_and_foreign_updates_are_ignored(talk: Talk) -> None:
    """What people do besides messages and taps is no question: nothing is answered and nothing breaks."""
    push = talk.telegram._world.updates.push
    chat = talk.telegram.chats[111].to_json()
    message = {
        "message_id": 5,
        "date": 1,
        "chat": chat,
        "text": "/credits",
        "from": {"id": 1, "is_bot": False, "first_name": "A"},
    }
    talk.telegram._world.updates.allow([])
    for kind in ("edited_message", "channel_post"):
        push(kind, message)
    push("my_chat_member", {"chat": chat})
    push("message", {"message_id": 6, "date": 1, "chat": chat, "new_chat_title": "x"})
    await talk.handled()
    assert talk.telegram.messages == []
    assert "Studio" in await talk.ask(111, "/credits")


async def test_who_is_checked_rarely_is_not_checked_by_a_glance(talk: Talk) -> None:
    """The list leaves an account with a long interval of its own alone until it is due; its name asks for it."""
    rare = replace(talk.scope.accounts[0], check_every=timedelta(hours=2))
    talk.scope.accounts = [rare, talk.scope.accounts[1]]
    talk.scope.moment = NOW + timedelta(minutes=20)
    assert "20 min ago" in await talk.ask(111, "/credits")
    assert talk.scope.looks == [[key_of(BOB)]]
    await talk.ask(111, "/credits Studio")
    talk.scope.moment = NOW + timedelta(hours=3)
    await talk.ask(111, "/credits")
    assert talk.scope.looks[1:] == [[key_of(ALICE)], [key_of(ALICE), key_of(BOB)]]


async def test_credits_are_looked_at_afresh_where_old(talk: Talk) -> None:
    """Numbers of this minute are shown as they are; others are looked at first."""
    await talk.ask(111, "/credits")
    assert talk.scope.looks == []
    talk.scope.accounts = talk.scope.accounts[:1]
    talk.scope.moment = NOW + timedelta(minutes=2)
    await talk.ask(111, "/credits")
    assert talk.scope.looks == [[key_of(ALICE)]]


async def test_check_asks_who_there_is_and_looks_at_everyone(talk: Talk) -> None:
    """``/check`` asks the sources for their lists, looks at all, and shows what was seen."""
    await talk.ask(111, "/check")
    await talk.handled()
    assert talk.scope.asked == 1
    assert [sorted(keys) for keys in talk.scope.looks] == [sorted(one.account.key for one in talk.scope.accounts)]
    assert len(talk.telegram.messages) == 2


async def test_a_defect_is_confessed_and_the_next_question_answered(
    talk: Talk, caplog: pytest.LogCaptureFixture
) -> None:
    """A question that a defect of ours stops is answered with so much, logged with its cause, and ends nothing."""
    talk.scope.defect = RuntimeError("a defect")
    assert "went wrong inside the bot" in await talk.ask(111, "/credits")
    assert "RuntimeError: a defect" in caplog.text
    talk.scope.defect = DatabaseBusyError("The database cannot be used just now: its disk is full")
    assert "The database cannot be used just now: its disk is full" in await talk.ask(111, "/credits")
    talk.scope.defect = None
    assert "Studio" in await talk.ask(111, "/credits")


async def test_a_short_pause_is_kept_and_an_answer_that_fails_ends_nothing(
    talk: Talk, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An answer waits where Telegram asks for a moment, is dropped where it asks for long; the next goes out."""
    monkeypatch.setattr(serving, "seconds_of", lambda error: seconds_of(error) / 1000)
    talk.telegram.fail_send(111, too_many_requests(1))
    assert "Studio" in await talk.ask(111, "/credits")
    talk.telegram.fail_send(111, too_many_requests(36_000))
    assert await talk.ignored(111, "/credits")
    talk.telegram.fail_send(111, server_error())
    assert await talk.ignored(111, "/credits")
    assert caplog.text.count("An answer could not be sent") == 2
    assert "Studio" in await talk.ask(111, "/credits")


async def test_an_ack_silences_and_says_who(talk: Talk) -> None:
    """A tap on ack silences what the message told, and writes below it who did; the buttons stay, one undoes it."""
    message = await talk.alert()
    said = await talk.tap(message, "ack")
    assert said.startswith("Acknowledged by Owner")
    assert talk.scope.silenced == [([key_of(ALICE)], "Owner", None)]
    assert message.text == f"🔴 Studio: low\nmore\n{said}"
    assert [row[0] for row in message.buttons][-1] == ("Undo ack", "undo:8")
    assert len(message.buttons) == 5


@pytest.mark.parametrize(("button", "length"), [("snooze1h", timedelta(hours=1)), ("snooze1d", timedelta(days=1))])
async def test_a_snooze_silences_for_its_time(talk: Talk, button: str, length: timedelta) -> None:
    """A snooze holds for as long as its button says."""
    message = await talk.alert()
    assert "Snoozed by Owner until" in await talk.tap(message, button)
    assert talk.scope.silenced == [([key_of(ALICE)], "Owner", NOW + length)]


async def test_the_newest_note_stands_in_place_of_the_others(talk: Talk) -> None:
    """However often a message's buttons are tapped, one line below it says what holds, and one button undoes it."""
    message = await talk.alert()
    said = [await talk.tap(message, button) for button in ("ack", "ack", "snooze1d", "snooze1h")]
    assert message.text == f"🔴 Studio: low\nmore\n{said[-1]}"
    assert [data for row in message.buttons for _, data in row if data.startswith("undo")] == ["undo:8"]


async def test_a_silence_is_undone_below_the_message_that_told_of_it(talk: Talk) -> None:
    """The line says who undid it, and its button goes; a tap on a number that means nothing changes nothing."""
    await talk.ask(111, "/mute bob 1h everywhere")
    assert talk.scope.mutes[-1][-1] is True
    answer = talk.telegram.messages[-1]
    assert [data for row in answer.buttons for _, data in row] == ["undo:9"]
    assert "This silence is over" in await talk.tap(answer, "undo:9")
    talk.scope.acts = [Acted((Silence(SilenceKind.ALL, until=NOW, by="Owner", id=9),))]
    assert await talk.tap(answer, "undo:9") == "Undone by Owner, 12:00: the mute is over."
    assert answer.text.endswith("\nUndone by Owner, 12:00: the mute is over.")
    assert not answer.buttons


async def test_a_silence_is_ended_in_the_list_of_alerts(talk: Talk) -> None:
    """The list is shown as it is then."""
    assert "Silenced here:" in await talk.ask(111, "/alerts")
    page = talk.telegram.messages[-1]
    assert await talk.tap(page, "end:7") == "Undone by Owner, 12:00: the mute is over."
    assert "Silenced here" not in page.text
    assert [data for row in page.buttons for _, data in row] == ["alerts:0"]


async def test_a_pause_is_ended_below_the_message_that_told_of_it(talk: Talk) -> None:
    """The line says who ended it, and its button goes; one that has ended is said to be over, and its button goes."""
    for text in ("/pause bob 1h", "/pause bob 1h"):
        await talk.ask(111, text)
        answer = talk.telegram.messages[-1]
        data = f"resume:{act_of(talk.scope.paused[0].pause)}"
        assert [one for row in answer.buttons for _, one in row] == [data]
        assert await talk.tap(answer, data) == "Resumed by Owner, 12:00: checks go on."
        assert answer.text.endswith("\nResumed by Owner, 12:00: checks go on.")
        assert not answer.buttons
        assert talk.scope.paused == []
    await talk.ask(111, "/pause bob 1h")
    answer, data = talk.telegram.messages[-1], f"resume:{act_of(talk.scope.paused[0].pause)}"
    talk.scope.paused = []
    assert await talk.tap(answer, data) == "This pause is over. /alerts shows what is paused."
    assert answer.text.endswith("\nThis pause is over. /alerts shows what is paused.")
    assert not answer.buttons


async def test_a_pause_is_ended_in_the_list_of_alerts(talk: Talk) -> None:
    """The list is shown as it is then."""
    talk.scope.acts = []
    await talk.ask(111, "/pause bob 1h")
    assert "bob@example.com · checks paused until today 13:00 by Owner" in await talk.ask(111, "/alerts")
    page = talk.telegram.messages[-1]
    ((_, data), *_) = [button for row in page.buttons for button in row if button[1].startswith("endpause")]
    assert await talk.tap(page, data) == "Resumed by Owner, 12:00: checks go on."
    assert "paused" not in page.text
    assert [one for row in page.buttons for _, one in row] == ["alerts:0"]


async def test_a_pause_is_ended_below_its_card(talk: Talk) -> None:
    """The button of the card ends the account's pause alone, has it looked at, and shows it as it is then."""
    pause = Pause(key_of(ALICE), NOW, NOW + timedelta(hours=3), "Kim", NOW)
    first = talk.scope.accounts[0]
    talk.scope.accounts[0] = replace(first, account=replace(first.account, pause=pause))
    talk.scope.paused = [PausedAct(pause, ("Studio",))]
    talk.scope.moment = NOW + timedelta(hours=1)
    await talk.ask(111, "/credits Studio")
    card = talk.telegram.messages[-1]
    ((_, data),) = [button for row in card.buttons for button in row if button[1].startswith("unpause")]
    talk.scope.accounts[0] = first
    assert await talk.tap(card, data) == "Resumed by Owner, 13:00: checks go on."
    assert talk.scope.resumed == [(key_of(ALICE), "Owner")]
    assert talk.scope.looks == [[key_of(ALICE)]]
    assert "Paused" not in card.text


async def test_credits_below_an_alert(talk: Talk) -> None:
    """The button shows the credits of the account that the alert named."""
    message = await talk.alert()
    await talk.tap(message, "credits")
    assert "Studio" in talk.telegram.messages[-1].text
    assert BOB not in talk.telegram.messages[-1].text


@pytest.mark.parametrize("command", [one for one in COMMANDS if one.changes], ids=lambda one: one.name)
async def test_a_member_is_told_what_is_for_administrators(talk: Talk, command: Command) -> None:
    """In a sentence that is true and can be read; said once."""
    answer = await talk.ask(GROUP, f"/{command.name}", user_id=5)
    assert answer == f"Only administrators of this group can {command.changes}. /alerts shows what is firing."
    assert await talk.ignored(GROUP, f"/{command.name}", user_id=5)


async def test_a_member_may_not_silence(talk: Talk) -> None:
    """In a group only its administrators may tap ack; a member may look at the credits."""
    message = await talk.alert(GROUP)
    assert "Only administrators" in await talk.tap(message, "ack", user_id=5)
    assert talk.scope.silenced == []
    await talk.post.send(Message("muted", (), ((Button("Unmute", "undo:7"),), (Button("x", "end:7"),))), Chat(GROUP))
    mute = talk.telegram.messages[-1]
    for data in ("undo:7", "end:7"):
        assert "Only administrators of this group can end a silence." in await talk.tap(mute, data, user_id=5)
    assert len(talk.scope.acts) == 1
    resumes = ("resume:7", "endpause:7", "unpause:0123456789ab")
    await talk.post.send(Message("paused", (), tuple((Button(data, data),) for data in resumes)), Chat(GROUP))
    pause = talk.telegram.messages[-1]
    for data in resumes:
        assert "Only administrators of this group can resume checks." in await talk.tap(pause, data, user_id=5)
    assert talk.scope.resumed == []
    await talk.tap(message, "credits", user_id=5)
    assert len(talk.telegram.messages) == 4
    await talk.tap(message, "ack", user_id=7)
    assert len(talk.scope.silenced) == 1


async def test_an_alert_that_is_over_says_so(talk: Talk) -> None:
    """A tap on an alert that has ended silences nothing, and the message stays as it is."""
    talk.scope.over = True
    message = await talk.alert()
    assert "is over" in await talk.tap(message, "ack")
    assert message.edits == []


@pytest.mark.parametrize(
    "data", ["ack:999", "ack:", "ack:x", "nonsense", "credits:1:2", "page:" + "9" * 12, "ack:٣", "undo:x", "resume:x"]
)
async def test_a_button_that_is_none_of_ours_says_so(talk: Talk, data: str) -> None:
    """Old, foreign and forged buttons are answered in words, and change nothing."""
    await talk.post.send(Message("old", (), ((Button("x", data),),)), CHAT)
    assert "no longer works" in await talk.tap(talk.telegram.messages[-1], data)
    assert talk.scope.silenced == []


async def test_a_tap_in_a_chat_that_is_not_allowed_does_nothing(talk: Talk) -> None:
    """A button in a chat that is no longer allowed ends its waiting without a word."""
    message = await talk.alert(STRANGE)
    assert await talk.tap(message, "ack") == ""
    assert talk.scope.silenced == []


async def test_lists_turn_in_place(talk: Talk) -> None:
    """Refreshing a list edits it; one that would stay the same is left, and neither is an error."""
    await talk.ask(111, "/credits")
    (page,) = talk.telegram.messages
    labels = [data for row in page.buttons for _, data in row]
    assert labels
    for data in labels:
        await talk.tap(page, data)
    assert len(talk.telegram.messages) == 1


async def test_a_message_that_cannot_be_edited_is_no_defect(talk: Talk, caplog: pytest.LogCaptureFixture) -> None:
    """A message too old to be edited loses the note, and nothing else; the silence holds."""
    message = await talk.alert()
    talk.telegram.fail(bad_request("message can't be edited"), {"editMessageText"})
    talk.telegram.tap(message, "ack")
    await talk.handled()
    assert len(talk.scope.silenced) == 1
    assert "can't be edited" in caplog.text.lower().replace("’", "'")


async def test_a_refused_token_ends_the_start(telegram: SimulatedTelegram) -> None:
    """Telegram refusing the bot token at the first contact is an end in words."""
    bot = make_bot("1:" + "x" * 35, telegram.url)
    service = TelegramService(bot, lambda _: FakeScope(), tuple, frozenset(), ZONE, Metrics())
    with pytest.raises(StartError, match="TELEGRAM_BOT_TOKEN: Telegram refuses it") as caught:
        await service.run()
    assert "xxx" not in str(caught.value)
    await service.stop()
    await service.close()


async def test_a_network_that_is_down_is_waited_for(telegram: SimulatedTelegram) -> None:
    """A start without Telegram goes on once it is there, and says meanwhile what is wrong."""
    telegram.away = True
    bot = make_bot(TOKEN, telegram.url)
    service = TelegramService(bot, lambda _: FakeScope(), tuple, frozenset(), ZONE, Metrics())
    service.polling.backoff = Backoff(0.001, 0.001)
    task = asyncio.create_task(service.run())
    await until(lambda: service.polling.trouble)
    telegram.away = False
    await telegram.wait_for_call("getUpdates")
    assert service.polling.trouble is None
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await service.stop()
    await service.close()


async def test_a_group_that_says_it_moved_is_followed(talk: Talk) -> None:
    """The service message by which a group tells of its new id is handed on at once."""
    talk.telegram.migrate(GROUP, -1009, announce=True)
    await talk.handled()
    assert talk.scope.moves == [(GROUP, -1009)]
