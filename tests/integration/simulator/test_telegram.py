"""The simulated Telegram, used through the real python-telegram-bot."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import aiohttp
import httpx
import pytest
from telegram import (
    Bot,
    BotCommand,
    BotCommandScopeChat,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputMediaPhoto,
    LinkPreviewOptions,
    MessageEntity,
    ReplyParameters,
    Update,
)
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TimedOut,
)
from telegram.ext import Application, CallbackQueryHandler, CommandHandler, ContextTypes
from telegram.request import HTTPXRequest

from bot.simulator.telegram.service import (
    BOT_BLOCKED,
    CHAT_NOT_FOUND,
    SimulatedChat,
    SimulatedMessage,
    SimulatedTelegram,
    server_error,
    too_many_requests,
)

TOKEN = "4242:secret"
OWNER, GROUP, FORUM = 7, -100, -1001
BOSS, ADMIN, MEMBER = 70, 71, 72
PNG = b"\x89PNG\r\n\x1a\n and what a picture has"
KEYBOARD = InlineKeyboardMarkup([[InlineKeyboardButton("Ack", callback_data="ack:1")]])


def make_bot(simulator: SimulatedTelegram, token: str = TOKEN, read_timeout: float = 60) -> Bot:
    """Make a real bot whose Telegram is the simulator."""
    requests = [HTTPXRequest(read_timeout=read_timeout) for _ in range(2)]
    return Bot(token, f"{simulator.url}/bot", request=requests[0], get_updates_request=requests[1])


@pytest.fixture(autouse=True)
def _waits_are_timedeltas(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without this, python-telegram-bot 22 warns in the middle of raising RetryAfter."""
    monkeypatch.setenv("PTB_TIMEDELTA", "true")


@pytest.fixture
async def telegram() -> AsyncIterator[SimulatedTelegram]:
    """A running simulator with a private chat, a group and a forum."""
    async with SimulatedTelegram(TOKEN) as simulator:
        add_chats(simulator)
        yield simulator


def add_chats(simulator: SimulatedTelegram) -> None:
    """Add the chats the tests know."""
    members, admins = {MEMBER}, {ADMIN}
    simulator.add_chat(SimulatedChat(OWNER))
    simulator.add_chat(SimulatedChat(GROUP, "group", "Team", members, admins, creator=BOSS))
    simulator.add_chat(SimulatedChat(FORUM, "supergroup", "Forum", members, admins, is_forum=True, topics={45}))


@pytest.fixture
async def bot(telegram: SimulatedTelegram) -> AsyncIterator[Bot]:
    """A real bot, initialized at the simulator."""
    async with make_bot(telegram) as made:
        yield made


class TestSending:
    async def test_a_message_is_accepted_whole(self, telegram: SimulatedTelegram, bot: Bot) -> None:
        """Text, entities, buttons, topic, silence, reply and preview all arrive, and come back in the answer."""
        asked = telegram.say(FORUM, "/credits", thread_id=45)
        sent = await bot.send_message(
            FORUM,
            "🔴 Studio",
            entities=[MessageEntity(MessageEntity.BOLD, 3, 6)],
            reply_markup=KEYBOARD,
            disable_notification=True,
            message_thread_id=45,
            reply_parameters=ReplyParameters(asked),
            link_preview_options=LinkPreviewOptions(is_disabled=True),
        )
        (message,) = telegram.messages
        assert (message.text, message.thread_id, message.silent, message.reply_to) == ("🔴 Studio", 45, True, asked)
        assert message.entities == [{"type": "bold", "offset": 3, "length": 6}]
        assert message.buttons == [[("Ack", "ack:1")]]
        assert message.link_preview == {"is_disabled": True}
        assert (sent.message_id, sent.text, sent.message_thread_id) == (message.message_id, "🔴 Studio", 45)
        assert sent.parse_entities() == {sent.entities[0]: "Studio"}
        assert sent.reply_markup == KEYBOARD

    async def test_texts_shows_a_chat_as_it_stands(self, telegram: SimulatedTelegram, bot: Bot) -> None:
        """Other chats' and deleted messages are not in it; edits are."""
        first, second = [await bot.send_message(OWNER, text) for text in ("one", "two")]
        await bot.send_message(GROUP, "elsewhere")
        await bot.edit_message_text("uno", OWNER, first.message_id)
        await bot.delete_message(OWNER, second.message_id)
        assert telegram.texts(OWNER) == ["uno"]
        assert telegram.messages[1].deleted

    @pytest.mark.parametrize(
        ("text", "refusal"),
        [("🔴" * 2049, "Message is too long"), (" \n", "Message text is empty")],
    )
    async def test_texts_have_limits(self, bot: Bot, text: str, refusal: str) -> None:
        """4,096 UTF-16 units go through, one more does not, nor does nothing."""
        await bot.send_message(OWNER, "🔴" * 2048)
        with pytest.raises(BadRequest, match=refusal):
            await bot.send_message(OWNER, text)

    @pytest.mark.parametrize(("offset", "length"), [(0, 1), (1, 2), (2, 9), (-1, 1), (0, 0)])
    async def test_entities_must_fit_the_text(self, bot: Bot, offset: int, length: int) -> None:
        """An entity that splits a surrogate pair, leaves the text or is empty is refused."""
        with pytest.raises(BadRequest):
            await bot.send_message(OWNER, "🔴 a", entities=[MessageEntity(MessageEntity.BOLD, offset, length)])

    async def test_callback_data_has_a_limit(self, bot: Bot) -> None:
        """64 bytes of UTF-8, not characters."""
        button = InlineKeyboardButton("Ack", callback_data="ä" * 33)
        with pytest.raises(BadRequest, match="Button_data_invalid"):
            await bot.send_message(OWNER, "a", reply_markup=InlineKeyboardMarkup([[button]]))

    async def test_an_unknown_chat_or_topic_is_refused(self, bot: Bot) -> None:
        """The bot reaches only chats and topics that exist."""
        with pytest.raises(BadRequest, match="Chat not found"):
            await bot.send_message(999, "a")
        with pytest.raises(BadRequest, match="Message thread not found"):
            await bot.send_message(FORUM, "a", message_thread_id=46)

    async def test_a_button_may_open_a_link(self, telegram: SimulatedTelegram, bot: Bot) -> None:
        """Links and data are told apart on the way back; a button that does nothing is refused."""
        link = InlineKeyboardMarkup([[InlineKeyboardButton("Page", url="https://example.com/")]])
        sent = await bot.send_message(OWNER, "a", reply_markup=link)
        assert sent.reply_markup == link
        for button in (InlineKeyboardButton("Nothing"), InlineKeyboardButton("", callback_data="a")):
            with pytest.raises(BadRequest):
                await bot.send_message(OWNER, "a", reply_markup=InlineKeyboardMarkup([[button]]))

    async def test_a_reply_needs_its_message(self, telegram: SimulatedTelegram, bot: Bot) -> None:
        """Answering nothing is refused, unless that was allowed for."""
        with pytest.raises(BadRequest, match="Message to be replied not found"):
            await bot.send_message(OWNER, "a", reply_parameters=ReplyParameters(99))
        await bot.send_message(OWNER, "b", reply_parameters=ReplyParameters(99, allow_sending_without_reply=True))
        assert telegram.texts(OWNER) == ["b"]

    async def test_markup_is_refused(self, bot: Bot) -> None:
        """Nobody here would read it."""
        with pytest.raises(BadRequest, match="Parse_mode is not simulated"):
            await bot.send_message(OWNER, "<b>a</b>", parse_mode="HTML")

    async def test_pictures(self, telegram: SimulatedTelegram, bot: Bot) -> None:
        """A picture arrives byte for byte, can be sent again by its id, and replaced."""
        sent = await bot.send_photo(OWNER, PNG, caption="history")
        await bot.send_photo(OWNER, sent.photo[0].file_id)
        edited = await bot.edit_message_media(InputMediaPhoto(PNG + b"2", "newer"), OWNER, sent.message_id)
        assert [message.photo for message in telegram.messages] == [PNG + b"2", PNG]
        assert telegram.messages[0].text == "newer"
        assert not isinstance(edited, bool)
        assert edited.caption == "newer"

    async def test_a_picture_is_checked(self, bot: Bot) -> None:
        """No caption over 1,024 units, and nothing that is no picture."""
        with pytest.raises(BadRequest, match="caption is too long"):
            await bot.send_photo(OWNER, PNG, caption="a" * 1025)
        with pytest.raises(BadRequest, match="Image_process_failed"):
            await bot.send_photo(OWNER, b"text")


class TestEditing:
    async def test_an_edit_replaces_text_and_buttons(self, telegram: SimulatedTelegram, bot: Bot) -> None:
        """The message stands with its new content, and remembers each edit."""
        sent = await bot.send_message(OWNER, "low", reply_markup=KEYBOARD)
        await bot.edit_message_reply_markup(OWNER, sent.message_id, reply_markup=None)
        await bot.edit_message_text("acked", OWNER, sent.message_id)
        (message,) = telegram.messages
        assert (message.text, message.buttons) == ("acked", [])
        assert [edit.text for edit in message.edits] == ["low", "acked"]

    async def test_an_edit_must_change_something(self, bot: Bot) -> None:
        """The same text and buttons are refused as not modified."""
        sent = await bot.send_message(OWNER, "low", reply_markup=KEYBOARD)
        with pytest.raises(BadRequest, match="Message is not modified"):
            await bot.edit_message_text("low", OWNER, sent.message_id, reply_markup=KEYBOARD)

    async def test_what_is_gone_cannot_be_edited(self, bot: Bot) -> None:
        """A deleted message is not found, neither to edit nor to delete."""
        sent = await bot.send_message(OWNER, "low")
        await bot.delete_message(OWNER, sent.message_id)
        with pytest.raises(BadRequest, match="Message to edit not found"):
            await bot.edit_message_text("high", OWNER, sent.message_id)
        with pytest.raises(BadRequest, match="Message to delete not found"):
            await bot.delete_message(OWNER, sent.message_id)

    async def test_a_caption_can_be_edited(self, telegram: SimulatedTelegram, bot: Bot) -> None:
        """A picture's words change without the picture, and a text has no caption, nor a picture a text."""
        picture, text = await bot.send_photo(OWNER, PNG, caption="old"), await bot.send_message(OWNER, "text")
        await bot.edit_message_caption(OWNER, picture.message_id, caption="new")
        assert (telegram.messages[0].text, telegram.messages[0].photo) == ("new", PNG)
        with pytest.raises(BadRequest, match="no caption in the message"):
            await bot.edit_message_caption(OWNER, text.message_id, caption="new")
        with pytest.raises(BadRequest, match="no text in the message"):
            await bot.edit_message_text("new", OWNER, picture.message_id)

    async def test_pinning(self, telegram: SimulatedTelegram, bot: Bot) -> None:
        """A message can be pinned and unpinned."""
        sent = await bot.send_message(OWNER, "low")
        await bot.pin_chat_message(OWNER, sent.message_id)
        assert telegram.messages[0].pinned
        await bot.unpin_chat_message(OWNER, sent.message_id)
        assert not telegram.messages[0].pinned


class TestChats:
    async def test_the_bot_knows_itself(self, bot: Bot) -> None:
        """GetMe shows the user of the token."""
        assert ((await bot.get_me()).id, bot.username) == (4242, "credit_demo_bot")

    async def test_members_have_their_status(self, bot: Bot) -> None:
        """Creator, administrator, member and stranger are told apart."""
        users = (BOSS, ADMIN, MEMBER, 999)
        found = [(await bot.get_chat_member(GROUP, user)).status for user in users]
        assert found == ["creator", "administrator", "member", "left"]
        assert {admin.user.id for admin in await bot.get_chat_administrators(GROUP)} == {BOSS, ADMIN}

    async def test_a_private_chat_has_no_administrators(self, bot: Bot) -> None:
        """Asking for them is refused, as at Telegram."""
        with pytest.raises(BadRequest, match="no administrators in the private chat"):
            await bot.get_chat_administrators(OWNER)

    async def test_somebody_must_be_there_to_speak(self, telegram: SimulatedTelegram) -> None:
        """In an empty group the test has to say who speaks."""
        telegram.add_chat(SimulatedChat(-5, "group"))
        with pytest.raises(LookupError, match="nobody is in chat -5"):
            telegram.say(-5, "hello")

    async def test_chats_describe_themselves(self, bot: Bot) -> None:
        """GetChat gives python-telegram-bot all it needs."""
        assert [(await bot.get_chat(chat)).type for chat in (OWNER, GROUP, FORUM)] == ["private", "group", "supergroup"]
        assert (await bot.get_chat(FORUM)).is_forum

    async def test_command_menus_are_kept_by_scope(self, bot: Bot) -> None:
        """A chat's menu is another than everybody's."""
        scope = BotCommandScopeChat(GROUP)
        await bot.set_my_commands([BotCommand("credits", "what is left")])
        await bot.set_my_commands([BotCommand("mute", "no messages")], scope=scope)
        assert [command.command for command in await bot.get_my_commands()] == ["credits"]
        assert [command.command for command in await bot.get_my_commands(scope=scope)] == ["mute"]
        await bot.delete_my_commands(scope=scope)
        assert await bot.get_my_commands(scope=scope) == ()

    async def test_a_chat_that_was_left_is_closed(self, bot: Bot) -> None:
        """After leaveChat the bot cannot write there."""
        await bot.send_chat_action(GROUP, "typing")
        await bot.leave_chat(GROUP)
        with pytest.raises(Forbidden):
            await bot.send_message(GROUP, "a")

    async def test_the_rest_of_a_bots_life(self, telegram: SimulatedTelegram, bot: Bot) -> None:
        """Webhook, log-out and close are understood; dropping pending updates drops them."""
        telegram.say(OWNER, "hello")
        await bot.delete_webhook(drop_pending_updates=True)
        assert telegram.pending_updates == []
        assert await bot.log_out()
        assert await bot.close()


class TestHttp:
    async def test_a_wrong_token_is_unauthorized(self, telegram: SimulatedTelegram) -> None:
        """A bot of another token does not get through."""
        with pytest.raises(InvalidToken):
            await make_bot(telegram, "4242:wrong").__aenter__()
        assert telegram.calls == []

    async def test_an_unknown_method_is_not_found(self, telegram: SimulatedTelegram) -> None:
        """What is not simulated says so, as Telegram would."""
        unknown = f"{telegram.url}/bot{TOKEN}/sendDice"
        async with aiohttp.ClientSession() as session, session.post(unknown) as response:
            refusal = {"ok": False, "error_code": 404, "description": "Not Found"}
            assert (response.status, await response.json()) == (404, refusal)

    @pytest.mark.parametrize("how", ["params", "data", "json"])
    async def test_parameters_come_in_every_way(self, telegram: SimulatedTelegram, how: str) -> None:
        """Address, form and JSON are read alike; text that looks like JSON stays text."""
        method, parameters = f"{telegram.url}/bot{TOKEN}/sendMessage", {how: {"chat_id": OWNER, "text": "[1]"}}
        async with aiohttp.ClientSession() as session, session.post(method, **parameters) as response:  # type: ignore[arg-type]
            assert response.status == 200
        assert telegram.texts(OWNER) == ["[1]"]

    @pytest.mark.parametrize(
        "body",
        [
            {"json": ["no object"]},
            {"data": b"{", "headers": {"Content-Type": "application/json"}},
            {"data": {"chat_id": "seven", "text": "a"}},
            {"data": {"chat_id": "7", "text": "a", "entities": "[{"}},
        ],
    )
    async def test_nonsense_is_a_bad_request(self, telegram: SimulatedTelegram, body: dict[str, Any]) -> None:
        """What cannot be read is refused, and nothing is sent."""
        method = f"{telegram.url}/bot{TOKEN}/sendMessage"
        async with aiohttp.ClientSession() as session, session.post(method, **body) as response:
            assert (response.status, (await response.json())["error_code"]) == (400, 400)
        assert telegram.messages == []

    async def test_a_port_in_use_is_an_error(self, telegram: SimulatedTelegram) -> None:
        """A second simulator on the same port does not start, and can start elsewhere."""
        second = SimulatedTelegram(TOKEN)
        with pytest.raises(OSError, match="address already in use"):
            await second.start(telegram.port)
        await second.start()
        await second.stop()
        await second.stop()


class TestUpdates:
    async def test_updates_stay_until_they_are_confirmed(self, telegram: SimulatedTelegram, bot: Bot) -> None:
        """An update comes again until an offset beyond it was asked for."""
        telegram.say(OWNER, "one")
        telegram.say(OWNER, "two")
        first = await bot.get_updates()
        assert first == await bot.get_updates()
        (second,) = await bot.get_updates(offset=first[0].update_id + 1)
        assert second.message is not None
        assert second.message.text == "two"
        assert await bot.get_updates(offset=second.update_id + 1) == ()

    async def test_a_long_poll_ends_with_the_first_update(self, telegram: SimulatedTelegram, bot: Bot) -> None:
        """A waiting poll answers as soon as somebody writes."""
        poll = asyncio.create_task(bot.get_updates(timeout=30))
        await telegram.wait_for_call("getUpdates")
        telegram.say(OWNER, "/start now")
        (update,) = await asyncio.wait_for(poll, timeout=60)
        assert update.message is not None
        assert update.message.from_user == update.effective_user
        assert (update.message.chat.id, update.message.from_user and update.message.from_user.id) == (OWNER, OWNER)
        assert update.message.parse_entities(["bot_command"]) == {update.message.entities[0]: "/start"}

    async def test_only_allowed_updates_come(self, telegram: SimulatedTelegram, bot: Bot) -> None:
        """What was not asked for is not kept."""
        await bot.get_updates(allowed_updates=["callback_query"])
        telegram.say(OWNER, "hello")
        assert await bot.get_updates() == ()

    async def test_a_poll_without_news_ends_in_time(self, bot: Bot) -> None:
        """An empty answer comes when the time is up."""
        assert await asyncio.wait_for(bot.get_updates(timeout=1), timeout=60) == ()

    async def test_a_negative_offset_keeps_the_last(self, telegram: SimulatedTelegram, bot: Bot) -> None:
        """Only so many of the newest updates are left."""
        for text in ("one", "two", "three"):
            telegram.say(OWNER, text)
        (last,) = await bot.get_updates(offset=-1)
        assert last.message is not None
        assert last.message.text == "three"

    async def test_the_later_poll_wins(self, telegram: SimulatedTelegram, bot: Bot) -> None:
        """A second getUpdates ends the first with a conflict, and goes on itself."""
        first = asyncio.create_task(bot.get_updates(timeout=30))
        await telegram.wait_for_call("getUpdates")
        async with make_bot(telegram) as other:
            second = asyncio.create_task(other.get_updates(timeout=30))
            with pytest.raises(Conflict, match="terminated by other getUpdates request"):
                await asyncio.wait_for(first, timeout=60)
            telegram.say(OWNER, "hello")
            assert len(await asyncio.wait_for(second, timeout=60)) == 1

    async def test_a_webhook_keeps_the_updates(self, telegram: SimulatedTelegram, bot: Bot) -> None:
        """It ends a waiting poll and refuses the next, until it is deleted; what people did waits for it."""
        poll = asyncio.create_task(bot.get_updates(timeout=30))
        await telegram.wait_for_call("getUpdates")
        telegram.set_webhook("https://hooks.example.com/x")
        with pytest.raises(Conflict, match="terminated by setWebhook request"):
            await asyncio.wait_for(poll, timeout=60)
        telegram.say(OWNER, "hello")
        with pytest.raises(Conflict, match="can't use getUpdates method while webhook is active"):
            await bot.get_updates()
        info = await bot.get_webhook_info()
        assert (info.url, info.pending_update_count) == ("https://hooks.example.com/x", 1)
        await bot.delete_webhook()
        assert telegram.webhook == ""
        assert len(await bot.get_updates()) == 1

    async def test_a_webhook_may_return(self, telegram: SimulatedTelegram, bot: Bot) -> None:
        """A program that sets its webhook again and again wins over who deletes it."""
        telegram.set_webhook("https://hooks.example.com/x", returns=True)
        await bot.delete_webhook()
        with pytest.raises(Conflict):
            await bot.get_updates()
        telegram.set_webhook("")
        await bot.set_webhook("https://hooks.example.com/y")
        assert telegram.webhook == "https://hooks.example.com/y"

    async def test_an_update_may_hold_anything(self, telegram: SimulatedTelegram, bot: Bot) -> None:
        """It has a number, and is confirmed like any other."""
        number = telegram.push({"message": None, "update_id": "none"})
        (update,) = await bot.get_updates()
        assert update.update_id == number
        assert await bot.get_updates(offset=number + 1) == ()

    async def test_people_in_groups(self, telegram: SimulatedTelegram, bot: Bot) -> None:
        """A member, a topic, a command to this bot and an anonymous administrator look as at Telegram."""
        telegram.name(MEMBER, "Mia")
        telegram.say(FORUM, "/check@credit_demo_bot", MEMBER, thread_id=45)
        telegram.say(GROUP, "/mute all 2h", anonymous=True)
        by_member, anonymous = [update.message for update in await bot.get_updates()]
        assert by_member is not None
        assert by_member.from_user is not None
        assert (by_member.from_user.id, by_member.from_user.first_name) == (MEMBER, "Mia")
        assert (by_member.message_thread_id, by_member.is_topic_message) == (45, True)
        assert by_member.entities[0].length == len("/check@credit_demo_bot")
        assert anonymous is not None
        assert anonymous.from_user is not None
        assert anonymous.from_user.id == 1087968824
        assert anonymous.sender_chat == anonymous.chat


class TestApplication:
    async def test_a_whole_application_runs(self, telegram: SimulatedTelegram) -> None:
        """A real Application polls, answers a command, and a tap is answered and edits the message."""

        async def credits(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
            assert update.message is not None
            await update.message.reply_text("12,450 credits", reply_markup=KEYBOARD)

        async def tapped(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
            assert update.callback_query is not None
            await update.callback_query.answer("Acked", show_alert=True)
            await update.callback_query.edit_message_text("Acked by somebody")

        builder = Application.builder().token(TOKEN).base_url(f"{telegram.url}/bot").job_queue(None)
        application = builder.build()
        application.add_handlers([CommandHandler("credits", credits), CallbackQueryHandler(tapped)])
        async with application:
            await application.start()
            assert application.updater is not None
            await application.updater.start_polling()
            telegram.say(GROUP, "/credits@credit_demo_bot", MEMBER)
            message = await telegram.wait_for("12,450", chat_id=GROUP)
            telegram.tap(message, "Ack", ADMIN)
            await telegram.wait_for(lambda message: message.text == "Acked by somebody")
            await application.updater.stop()
            await application.stop()
        assert [(answer.text, answer.show_alert) for answer in telegram.callback_answers] == [("Acked", True)]
        assert telegram.pending_updates == []

    async def test_a_query_is_answered_once(self, telegram: SimulatedTelegram, bot: Bot) -> None:
        """A second answer, or one to nothing, is refused."""
        await bot.send_message(OWNER, "low", reply_markup=KEYBOARD)
        query = telegram.tap(telegram.messages[0], "ack:1")
        await bot.answer_callback_query(query)
        with pytest.raises(BadRequest, match="Query is too old"):
            await bot.answer_callback_query(query)

    async def test_a_tap_needs_a_button(self, telegram: SimulatedTelegram, bot: Bot) -> None:
        """Tapping what is not there tells what is."""
        await bot.send_message(OWNER, "low", reply_markup=KEYBOARD)
        with pytest.raises(LookupError, match="Ack"):
            telegram.tap(telegram.messages[0], "Snooze")


class TestFaults:
    async def test_too_many_requests(self, telegram: SimulatedTelegram, bot: Bot) -> None:
        """429 says how long to wait, and concerns only its chat."""
        telegram.fail_send(GROUP, too_many_requests(7))
        with pytest.raises(RetryAfter) as caught:
            await bot.send_message(GROUP, "a")
        assert caught.value.retry_after == timedelta(seconds=7)
        await bot.send_message(OWNER, "a")
        await bot.send_message(GROUP, "a")

    async def test_the_wait_stands_in_the_header_too(self, telegram: SimulatedTelegram) -> None:
        """Whoever reads no JSON finds the seconds in Retry-After, as at Telegram."""
        telegram.fail_send(GROUP, too_many_requests(7))
        method = f"{telegram.url}/bot{TOKEN}/sendMessage"
        async with aiohttp.ClientSession() as session:
            async with session.post(method, json={"chat_id": GROUP, "text": "a"}) as refused:
                assert refused.headers["Retry-After"] == "7"
            async with session.post(method, json={"chat_id": GROUP, "text": "a"}) as taken:
                assert "Retry-After" not in taken.headers

    async def test_too_many_requests_without_parameters(self, telegram: SimulatedTelegram, bot: Bot) -> None:
        """A 429 whose wait stands only in the text is a NetworkError to the library."""
        telegram.fail_send(None, too_many_requests(7, with_parameters=False))
        with pytest.raises(NetworkError, match="retry after 7"):
            await bot.send_message(GROUP, "a")

    @pytest.mark.parametrize("page", [None, "<html>Bad Gateway</html>"])
    async def test_trouble_at_telegram(self, telegram: SimulatedTelegram, bot: Bot, page: str | None) -> None:
        """A 5xx comes as JSON or as a proxy's page; nothing is recorded."""
        telegram.fail_send(OWNER, server_error(502, page=page))
        with pytest.raises(NetworkError):
            await bot.send_message(OWNER, "a")
        assert telegram.messages == []

    async def test_permanent_refusals(self, telegram: SimulatedTelegram, bot: Bot) -> None:
        """A blocked bot and a chat that is gone look as at Telegram, once or for good."""
        telegram.fail_send(OWNER, BOT_BLOCKED)
        with pytest.raises(Forbidden, match="blocked by the user"):
            await bot.send_message(OWNER, "a")
        telegram.fail_send(OWNER, CHAT_NOT_FOUND, times=None)
        for _ in range(3):
            with pytest.raises(BadRequest, match="Chat not found"):
                await bot.send_message(OWNER, "a")
        telegram.heal()
        telegram.block(GROUP)
        with pytest.raises(Forbidden, match="kicked"):
            await bot.send_message(GROUP, "a")
        telegram.unblock(GROUP)
        await bot.send_message(GROUP, "a")

    async def test_healing_one_chat_leaves_the_others(self, telegram: SimulatedTelegram, bot: Bot) -> None:
        """Faults end chat by chat, or all together."""
        for chat in (OWNER, GROUP):
            telegram.fail_send(chat, server_error(), times=None)
        telegram.heal(OWNER)
        await bot.send_message(OWNER, "a")
        with pytest.raises(NetworkError):
            await bot.send_message(GROUP, "a")

    async def test_a_lost_answer_is_a_message_all_the_same(self, telegram: SimulatedTelegram, bot: Bot) -> None:
        """The message is there, the bot sees only a broken connection."""
        telegram.lose_answers(1)
        with pytest.raises(NetworkError) as caught:
            await bot.send_message(OWNER, "a")
        assert isinstance(caught.value.__cause__, httpx.RemoteProtocolError)
        assert telegram.texts(OWNER) == ["a"]
        await bot.send_message(OWNER, "b")

    async def test_a_hanging_send_times_out(self, telegram: SimulatedTelegram) -> None:
        """Nothing was done, but the bot cannot know."""
        telegram.hang(1)
        async with make_bot(telegram, read_timeout=0.05) as bot:
            with pytest.raises(TimedOut):
                await bot.send_message(OWNER, "a")
        assert telegram.messages == []

    async def test_stopping_ends_what_hangs(self, telegram: SimulatedTelegram, bot: Bot) -> None:
        """A hanging send and a long poll do not hold the server up."""
        telegram.hang(1)
        waiting = [asyncio.create_task(bot.send_message(OWNER, "a")), asyncio.create_task(bot.get_updates(timeout=60))]
        await telegram.wait_for_call("sendMessage")
        await telegram.wait_for_call("getUpdates")
        await asyncio.wait_for(telegram.stop(), timeout=60)
        ends = await asyncio.wait_for(asyncio.gather(*waiting, return_exceptions=True), timeout=60)
        assert all(isinstance(end, NetworkError) for end in ends)

    async def test_a_migrated_group_has_another_id(self, telegram: SimulatedTelegram, bot: Bot) -> None:
        """The old id is refused for ever after with the new one, which works."""
        telegram.migrate(GROUP, -100100, announce=True)
        with pytest.raises(ChatMigrated) as caught:
            await bot.send_message(GROUP, "a")
        with pytest.raises(ChatMigrated):
            await bot.send_message(GROUP, "b")
        await bot.send_message(caught.value.new_chat_id, "a")
        assert (telegram.texts(-100100), telegram.chats[-100100].status_of(BOSS)) == (["a"], "creator")
        told, told_again = [update.message for update in await bot.get_updates()]
        assert told is not None
        assert told_again is not None
        assert (told.migrate_to_chat_id, told_again.migrate_from_chat_id) == (-100100, GROUP)

    async def test_away_closes_every_connection(self, telegram: SimulatedTelegram, bot: Bot) -> None:
        """While away nothing is answered, not even an open poll; afterwards everything is."""
        poll = asyncio.create_task(bot.get_updates(timeout=30))
        await telegram.wait_for_call("getUpdates")
        telegram.away = True
        with pytest.raises(NetworkError):
            await asyncio.wait_for(poll, timeout=60)
        with pytest.raises(NetworkError):
            await bot.send_message(OWNER, "a")
        telegram.heal()
        await bot.send_message(OWNER, "b")
        assert telegram.texts(OWNER) == ["b"]

    @pytest.mark.parametrize(("status", "error"), [(401, InvalidToken), (404, InvalidToken), (502, NetworkError)])
    async def test_polling_can_be_killed(
        self, telegram: SimulatedTelegram, bot: Bot, status: int, error: type[Exception]
    ) -> None:
        """The poll under way ends with the status; sending goes on."""
        poll = asyncio.create_task(bot.get_updates(timeout=30))
        await telegram.wait_for_call("getUpdates")
        telegram.kill_polling(status)
        with pytest.raises(error):
            await asyncio.wait_for(poll, timeout=60)
        await bot.send_message(OWNER, "a")
        await bot.get_updates()

    async def test_a_conflict_can_be_ordered(self, telegram: SimulatedTelegram, bot: Bot) -> None:
        """409 comes as often as ordered, without a second poller."""
        telegram.conflict(2)
        for _ in range(2):
            with pytest.raises(Conflict):
                await bot.get_updates()
        await bot.get_updates()

    async def test_the_pace_of_chats_and_groups(self) -> None:
        """A chat takes a burst and then one a second; a group no more than twenty a minute."""
        now = [1000.0]
        async with SimulatedTelegram(TOKEN, limits=True, timer=lambda: now[0]) as telegram, make_bot(telegram) as bot:
            add_chats(telegram)
            for _ in range(3):
                await bot.send_message(GROUP, "a")
            with pytest.raises(RetryAfter):
                await bot.send_message(GROUP, "a")
            await bot.send_message(OWNER, "a")
            for _ in range(17):
                now[0] += 1
                await bot.send_message(GROUP, "a")
            now[0] += 1
            with pytest.raises(RetryAfter) as caught:
                await bot.send_message(GROUP, "a")
            assert caught.value.retry_after == timedelta(seconds=42)
            now[0] += 42
            await bot.send_message(GROUP, "a")


class TestWaiting:
    async def test_a_wait_is_woken_by_an_edit(self, telegram: SimulatedTelegram, bot: Bot) -> None:
        """Waiting for what a message becomes works as well as for a new one."""
        sent = await bot.send_message(OWNER, "low")
        waiting = asyncio.create_task(telegram.wait_for(lambda message: message.text == "acked"))
        await bot.edit_message_text("acked", OWNER, sent.message_id)
        assert await waiting is telegram.messages[0]

    async def test_a_wait_in_vain_shows_the_transcript(self, telegram: SimulatedTelegram, bot: Bot) -> None:
        """The error says what the bot said instead, with buttons and marks."""
        await bot.send_message(OWNER, "something else", reply_markup=KEYBOARD, disable_notification=True)
        with pytest.raises(TimeoutError, match=r"\[7#1\] \(silent\) something else\n +\[Ack\]"):
            await telegram.wait_for("low", timeout=0.01)
        with pytest.raises(TimeoutError, match="sendMessage"):
            await telegram.wait_for_call("sendPhoto", timeout=0.01)

    async def test_what_was_said_before_can_be_left_out(self, telegram: SimulatedTelegram, bot: Bot) -> None:
        """A wait for the next message does not find an older one."""
        await bot.send_message(OWNER, "low, the first")
        seen = len(telegram.messages)
        await bot.send_message(OWNER, "low, the second")
        assert (await telegram.wait_for("low", after=seen)).text == "low, the second"

    async def test_watchers_see_changes_at_once(self, telegram: SimulatedTelegram, bot: Bot) -> None:
        """A terminal is told of new, edited and deleted messages, until it stops watching."""
        seen: list[str] = []

        def watch(message: SimulatedMessage) -> None:
            seen.append("gone" if message.deleted else message.text)

        stop_watching = telegram.on_change(watch)
        sent = await bot.send_message(OWNER, "low")
        await bot.edit_message_text("acked", OWNER, sent.message_id)
        await bot.delete_message(OWNER, sent.message_id)
        stop_watching()
        await bot.send_message(OWNER, "unseen")
        assert seen == ["low", "acked", "gone"]
