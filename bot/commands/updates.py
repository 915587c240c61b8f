"""Takes updates from Telegram, checks permissions, and answers."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from functools import partial
from itertools import count
from zoneinfo import ZoneInfo

from telegram import Bot, CallbackQuery, Update
from telegram import Message as TelegramMessage
from telegram.constants import ChatAction
from telegram.error import BadRequest, InvalidToken, RetryAfter, TelegramError

from bot.commands import callbacks, registry
from bot.commands.permissions import Access, Doorbell
from bot.commands.registry import Say
from bot.commands.scope import ChatScope
from bot.domain.chats import Chat
from bot.features.database.text import answer_message
from bot.features.history.text import without_picture
from bot.support.errors import BotError, DatabaseBusyError, StartError
from bot.support.metrics import Metrics
from bot.telegram.authors import User, author_of, thread_of
from bot.telegram.calls import answered
from bot.telegram.menu import Menus
from bot.telegram.parsing import alive_chat
from bot.telegram.polling import Polling
from bot.telegram.sender import NO_PREVIEW, entities_of, markup_of, post, post_picture, reason_of, seconds_of, topic_of
from bot.telegram.text.layout import Button, Buttons, Entity, Message, with_note
from bot.telegram.text.replies import NOTES, not_allowed, only_commands, stranger_start, unknown_button, went_wrong

log = logging.getLogger(__name__)

AT_ONCE = 16
LONGEST_PEACE = 10.0
START_REFUSED = "TELEGRAM_BOT_TOKEN: Telegram refuses it. Ask @BotFather for the token (/token), and put it there."


class TelegramService:
    """Polls, and answers in the allowed chats."""

    def __init__(
        self,
        bot: Bot,
        scope_of: Callable[[Chat], ChatScope],
        chats: Callable[[], tuple[Chat, ...]],
        admins: frozenset[int],
        zone: ZoneInfo,
        metrics: Metrics,
    ) -> None:
        """``scope_of`` gives what a chat may ask, ``chats`` the allowed chats as they are now.

        ``on_life`` is called with each chat that gives a sign of life, allowed or not, and returns at once.
        ``escalated_to`` is the chat of escalated alerts at a place; there people can acknowledge what it got.
        """
        self._bot = bot
        self._scope_of = scope_of
        self._chats = chats
        self._zone = zone
        self._access = Access(bot, chats, admins)
        self._doorbell = Doorbell()
        self._tasks: set[asyncio.Task[None]] = set()
        self._room = asyncio.Semaphore(AT_ONCE)
        self._refused: set[tuple[int, int | None, str]] = set()
        self._menus = Menus(bot, chats, [(one.name, one.line) for one in registry.COMMANDS if one.line])
        self.on_life: Callable[[int], None] = lambda _: None
        self.escalated_to: Callable[[Chat], Chat | None] = lambda _: None
        self.username: str | None = None
        self.polling = Polling(bot, self._take, metrics)

    async def run(self) -> None:
        """Answers until cancelled. Raises StartError if Telegram refuses the bot token at the first contact."""
        await self._introduce()
        menus = asyncio.create_task(self._menus.run())
        try:
            await self.polling.run()
        finally:
            menus.cancel()

    def allows(self, chat: Chat) -> bool:
        return self._access.allowed(chat.chat_id, chat.thread_id)

    async def stop(self) -> None:
        """Gives running answers a moment, and confirms the handled updates."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=3)
        for task in self._tasks:
            task.cancel()
        await self.polling.confirm()

    async def close(self) -> None:
        """Closes the connections to Telegram, after the last send."""
        for request in self._bot._request:  # Bot.shutdown would close nothing if the introduction failed
            await request.shutdown()

    async def _introduce(self) -> None:
        """Asks Telegram for the bot's name; waits for a network that is down."""
        for failures in count(1):
            try:
                await answered(self._bot.initialize())
                await self.polling.webhook.take_away()
            except InvalidToken:
                raise StartError(START_REFUSED) from None
            except TelegramError as error:
                wait = self.polling.backoff.wait(failures)
                self.polling.trouble = f"Telegram cannot be reached: {reason_of(error)}"
                log.warning("%s; trying again in %.0f s", self.polling.trouble, wait)
                await asyncio.sleep(wait)
            else:
                self.polling.trouble = None
                self.username = self._bot.username
                log.info("Talking as @%s", self.username)
                return

    def show_menus(self) -> None:
        """Sets the menu in newly allowed chats."""
        self._menus.wake()

    async def _take(self, update: Update) -> None:
        """Starts to answer an update, and returns at once."""
        await self._room.acquire()
        task = asyncio.create_task(self._answer(update), name=f"update {update.update_id}")
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._room.release()

    async def _answer(self, update: Update) -> None:
        """Answers one update; logs any failure, and the bot goes on."""
        alive = alive_chat(update)
        if alive is not None:
            self.on_life(alive)
            self._menus.wake(alive)
        try:
            if update.message:
                await self._on_message(update.message)
            elif update.callback_query:
                await self._on_tap(update.callback_query)
        except TelegramError as error:
            log.warning("An answer could not be sent: %s", reason_of(error))
        except DatabaseBusyError as error:
            log.debug("An update could not be answered: %s", error)  # it is logged already
            await self._confess(update, answer_message(str(error)))
        except BotError as error:
            log.warning("An update could not be answered: %s", error)
            await self._confess(update, went_wrong())
        except Exception:
            log.exception("An update could not be answered")
            await self._confess(update, went_wrong())

    async def _refuse(self, say: Say, here: Chat, person: User, command: registry.Command) -> None:
        """Tells a member once that a command is for administrators; further attempts get no answer."""
        who = (here.chat_id, person.user_id, command.name)
        if who not in self._refused:
            self._refused.add(who)
            await say(not_allowed(command.changes))

    async def _confess(self, update: Update, words: Message) -> None:
        """Says why a question was not answered, or what a tap did not do."""
        query = update.callback_query
        message = update.message or (query.message if query else None)
        if not isinstance(message, TelegramMessage):
            return
        here = place_of(message)
        if not (self.allows(here) or (query and self.escalated_to(here))):
            return
        if query:
            await self._try(lambda: self._notification(query, words.text))
        else:
            await self._try(lambda: self._say(here, words))

    async def _on_message(self, message: TelegramMessage) -> None:
        name, words = self._command_in(message)
        here = place_of(message)
        if not self._access.allowed(here.chat_id, here.thread_id):
            if name == "start" and (words or self._doorbell.is_answered(here.chat_id)):
                await self._at_the_door(here, words, author_of(message).name)
            return
        if message.migrate_to_chat_id:
            await self._scope_of(here).service.chat_moved(message.chat_id, message.migrate_to_chat_id)
            return
        say, show = partial(self._say, here), partial(self._show, here)
        command = registry.BY_NAME.get(name or "")
        if command is None:
            if message.chat.type == message.chat.PRIVATE and message.text:
                await say(registry.unknown(name) if name else only_commands())
            return
        person = author_of(message)
        if command.changes and not await self._access.may_change(message.chat.type, message.chat_id, person):
            await self._refuse(say, here, person, command)
            return
        scope, name = self._scope_of(here), self.username or ""
        await command.handler(registry.CommandContext(words, person.name, here, name, scope, self._zone, say, show))
        if all(chat.chat_id != here.chat_id for chat in self._chats()):
            await self._try(lambda: self._menus.hide(here.chat_id))

    async def _at_the_door(self, here: Chat, code: str, by: str) -> None:
        """A stranger's /start: with an open code the chat is let in, with any other it gets nothing."""
        if not code:
            await self._say(here, stranger_start(here))
        elif await self._scope_of(here).service.enter(code, here, by):  # its greeting comes like any notification
            self.show_menus()

    def _command_in(self, message: TelegramMessage) -> tuple[str | None, str]:
        """The command at the beginning of a message, if it is for this bot, and its arguments.

        Forwarded messages, and those that another bot wrote, hold no commands of their sender.
        """
        text = message.text or ""
        if not text.startswith("/") or message.forward_origin or message.via_bot:
            return None, text
        first, *rest = text.split(maxsplit=1)
        name, _, addressee = first[1:].partition("@")
        if addressee and addressee.lower() != (self._bot.username or "").lower():
            return None, text
        return name.lower(), " ".join(" ".join(rest).split())

    async def _on_tap(self, query: CallbackQuery) -> None:
        """A tap on a button. A message too old for Telegram to show is answered in words only."""
        message = query.message
        tap = callbacks.CallbackData.parse(query.data)
        if not isinstance(message, TelegramMessage) or tap is None or self._is_foreign(message):
            await self._notification(query, unknown_button())
            return
        here = place_of(message)
        if not (self.allows(here) or (tap.verb in callbacks.ESCALATED and self.escalated_to(here))):
            await self._notification(query, None)
            return
        person = User(query.from_user.id, query.from_user.full_name)
        if tap.changes and not await self._access.may_change(message.chat.type, message.chat_id, person):
            await self._notification(query, not_allowed(tap.deed).text)
            return
        tapped = callbacks.CallbackContext(
            here,
            person.name,
            self._scope_of(here),
            self._zone,
            say=partial(self._say, here),
            edit=partial(self._edit, message),
            add=partial(self._add, message),
            show=partial(self._show, here),
        )
        await self._notification(query, await callbacks.answer(tap, tapped))

    def _is_foreign(self, message: TelegramMessage) -> bool:
        """True if another bot or person wrote a message; channels name nobody."""
        return message.from_user is not None and message.from_user.id != self._bot.id

    async def _say(self, chat: Chat, message: Message) -> None:
        await patiently(lambda: post(self._bot, message, chat))

    async def _show(self, chat: Chat, draw: Callable[[], Awaitable[registry.Drawn]]) -> None:
        """Draws a chart and posts it; without a chart, or if the chat refuses it, its text alone."""
        busy = ChatAction.UPLOAD_PHOTO
        await self._try(lambda: self._bot.send_chat_action(chat.chat_id, busy, message_thread_id=topic_of(chat)))
        picture, words = await draw()
        if picture is None:
            await self._say(chat, words)
            return
        try:
            await patiently(lambda: post_picture(self._bot, picture, words, chat))
        except BadRequest as error:
            trouble = f"Telegram did not take the picture: {reason_of(error)}."
            log.warning("%s", trouble)
            await self._say(chat, without_picture(words, trouble))

    async def _edit(self, message: TelegramMessage, new: Message) -> None:
        """Replaces a message; one that would stay the same is left."""
        try:
            await answered(
                self._bot.edit_message_text(
                    new.text,
                    chat_id=message.chat_id,
                    message_id=message.message_id,
                    entities=entities_of(new.entities),
                    reply_markup=markup_of(new.buttons),
                    link_preview_options=NO_PREVIEW,
                )
            )
        except BadRequest as error:
            if "not modified" not in error.message.lower():
                raise

    async def _add(self, message: TelegramMessage, note: str, undo: Button | None) -> None:
        """Adds a line below a message, and a button that undoes it, in place of earlier ones."""
        old = [entity for entity in message.entities if entity.type in ("bold", "italic", "code")]
        kept = tuple(Entity(entity.type, entity.offset, entity.length) for entity in old)
        rows = [row for row in rows_of(message) if not any(one.data.startswith(callbacks.UNDOING) for one in row)]
        shown = (*rows, *(((undo,),) if undo else ()))
        noted = with_note(Message(message.text or "", kept), note, shown, in_place_of=NOTES)
        try:
            await self._edit(message, noted)
        except BadRequest as error:  # the silence holds all the same, and the tap is answered
            log.warning("A tap could not be noted below its message: %s", reason_of(error))

    async def _notification(self, query: CallbackQuery, words: str | None) -> None:
        """Ends the tapped button's waiting, with a short notice if there is one."""
        await self._try(lambda: query.answer(words[:200] if words else None))

    async def _try(self, send: Callable[[], Awaitable[object]]) -> None:
        """Tries something optional: a tap can be too old to be answered."""
        try:
            await send()
        except TelegramError as error:
            log.debug("Not answered: %s", reason_of(error))


async def patiently(send: Callable[[], Awaitable[object]]) -> None:
    """Sends; waits if Telegram asks for a short pause."""
    try:
        await send()
    except RetryAfter as error:
        wait = seconds_of(error)
        if wait > LONGEST_PEACE:
            raise
        await asyncio.sleep(wait)
        await send()


def rows_of(message: TelegramMessage) -> Buttons:
    rows = message.reply_markup.inline_keyboard if message.reply_markup else ()
    return tuple(
        tuple(Button(one.text, data) for one in row if isinstance(data := one.callback_data or one.url, str))
        for row in rows
    )


def place_of(message: TelegramMessage) -> Chat:
    """The place of a message, which gets the answer."""
    return Chat(message.chat_id, thread_of(message))
