"""Tests the Telegram token, and each chat, with a silent message that is deleted at once."""

import asyncio

from telegram import Bot
from telegram.error import BadRequest, ChatMigrated, InvalidToken, NetworkError, RetryAfter, TelegramError, TimedOut

from bot.cli.doctor.findings import PATIENCE, Finding, fail, ok, warn
from bot.config.settings import Settings
from bot.domain.chats import Chat
from bot.telegram.calls import answered
from bot.telegram.client import make_bot
from bot.telegram.sender import post, reason_of, seconds_of
from bot.telegram.text.layout import Message
from bot.telegram.text.sanitize import clean
from bot.telegram.webhook import Webhook

TOKEN = "Telegram token"  # noqa: S105 - what the line is about
AT_ONCE = 8
HOME, ESCALATION = "TELEGRAM_CHAT_IDS", "ESCALATE_CHAT_IDS"
GREETING = Message("credit-bot doctor: this chat can be reached. This message deletes itself.", silent=True)
NOBODY = (
    "is empty, and no chat is paired: ALERTS GO NOWHERE. Run the bot, and open the link in its log; "
    "or put the id that it answers to /start into TELEGRAM_CHAT_IDS"
)
MENDS = (
    ("bot was blocked", "the bot was blocked: unblock it in Telegram and send it /start"),
    ("bot was kicked", "the bot was removed from the group: add it again"),
    ("bot is not a member", "the bot is not in the group: add it"),
    ("initiate conversation", "this person never wrote to the bot: let them send it /start"),
    ("user is deactivated", "this person's Telegram account is gone: take the id out of TELEGRAM_CHAT_IDS"),
    ("group chat was deactivated", "the group is gone: take its id out of TELEGRAM_CHAT_IDS"),
    ("thread not found", "there is no such topic: /start in the right one answers with its chat's id"),
    ("topic_deleted", "the topic was deleted: name another one"),
    ("topic_closed", "the topic is closed: open it again, or name another one"),
    ("topic_id_invalid", "there is no such topic: name another one"),
    ("chat not found", "not found: is the id right, and is the bot in the chat? /start there answers with the id"),
    ("user not found", "not found: is the id right? /start answers with it"),
    ("peer_id_invalid", "not found: is the id right? /start answers with it"),
    ("rights", "the bot may not write there: let members write, or make it an administrator"),
    ("chat_write_forbidden", "the bot may not write there: let members write, or make it an administrator"),
    ("chat_restricted", "the bot may not write there: let members write, or make it an administrator"),
)
"""Parts of Telegram's refusals in lower case, and the remedy of each."""


async def examine_telegram(
    settings: Settings, chats: tuple[Chat, ...], escalation: tuple[Chat, ...] = ()
) -> list[Finding]:
    """The token first, then each chat, and those of escalated alerts. Without a valid token no chat can be tested."""
    bot = make_bot(settings.telegram_bot_token.get_secret_value(), settings.telegram_api_url, settings.way_to_telegram)
    try:
        token = await token_finding(bot)
        if token.mark == "FAIL":
            return [token]
        beyond = tuple(one for one in escalation if one not in chats)
        found = [token, *await examine_chats(bot, chats)]
        return [*found, *(await examine_chats(bot, beyond, ESCALATION) if beyond else ())]
    finally:
        await bot.shutdown()


async def token_finding(bot: Bot) -> Finding:
    """Asks Telegram whose token it is."""
    try:
        async with asyncio.timeout(PATIENCE):
            await answered(bot.initialize())
            webhook = await Webhook(bot).host()
    except InvalidToken:
        return fail(TOKEN, "Telegram refuses it: ask @BotFather for it (/token), put it into TELEGRAM_BOT_TOKEN")
    except (TelegramError, TimeoutError) as error:
        return fail(TOKEN, f"{away_text(error)}: check the network and TELEGRAM_API_URL")
    if webhook:
        return warn(
            TOKEN, f"@{bot.username}: another program set a webhook at {webhook}; this bot removes it at its start"
        )
    return ok(TOKEN, f"@{bot.username}")


async def examine_chats(bot: Bot, chats: tuple[Chat, ...], setting: str = HOME) -> list[Finding]:
    """Each chat of a setting, several at once."""
    if not chats:
        return [warn(HOME, NOBODY)]
    room = asyncio.Semaphore(AT_ONCE)

    async def one(chat: Chat) -> Finding:
        async with room:
            return await chat_finding(bot, chat, setting)

    return list(await asyncio.gather(*map(one, chats)))


async def chat_finding(bot: Bot, chat: Chat, setting: str = HOME) -> Finding:
    """One chat, in bounded time."""
    what = f"chat {chat}" if setting == HOME else f"escalation {chat}"
    try:
        async with asyncio.timeout(PATIENCE):
            return await try_chat(bot, chat, what)
    except ChatMigrated as error:
        return await moved_finding(bot, chat, error.new_chat_id, setting, what)
    except RetryAfter as error:
        return warn(what, f"not tested: Telegram asks for a pause of {seconds_of(error):.0f} s; try again then")
    except (TelegramError, TimeoutError) as error:
        return fail(what, refusal_text(error).replace(HOME, setting))


async def try_chat(bot: Bot, chat: Chat, what: str) -> Finding:
    """Asks for the chat's name, writes there and deletes it. Raises Telegram's errors."""
    known = await answered(bot.get_chat(chat.chat_id))
    title = clean(known.title or known.full_name or "", 48, empty="no title")
    message_id = await post(bot, GREETING, chat)
    try:
        await bot.delete_message(chat.chat_id, message_id)
    except TelegramError as error:
        return warn(what, f"{title}: can be written to; the test message could not be deleted: {reason_of(error)}")
    return ok(what, f"{title}: can be written to")


async def moved_finding(bot: Bot, chat: Chat, new_id: int, setting: str, what: str) -> Finding:
    """A group that became a supergroup: the bot follows, and the setting should."""
    mend = f"has become {new_id}: put that into {setting}"
    try:
        async with asyncio.timeout(PATIENCE):
            there = await try_chat(bot, Chat(new_id, chat.thread_id), what)
    except (TelegramError, TimeoutError) as error:
        return fail(what, f"{mend}. There: {refusal_text(error)}")
    return warn(what, f"{mend}. {there.words}")


def refusal_text(error: TelegramError | TimeoutError) -> str:
    """Why a chat cannot be written to, and its remedy."""
    said = reason_of(error) if isinstance(error, TelegramError) else ""
    mend = next((mend for part, mend in MENDS if part in said.lower()), None)
    return mend or away_text(error)


def away_text(error: TelegramError | TimeoutError) -> str:
    """That Telegram is unreachable, or its own words."""
    if isinstance(error, TimeoutError | TimedOut):
        return f"Telegram does not answer within {PATIENCE:.0f} s"
    reached = isinstance(error, BadRequest) or not isinstance(error, NetworkError)
    return f"Telegram {'says' if reached else 'cannot be reached'}: {clean(reason_of(error), 160)}"
