"""The text of a message once its alerts are over, and its way to Telegram."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from telegram import Bot
from telegram.error import BadRequest, TelegramError

from bot.domain.alerts import Silence
from bot.domain.boards import BoardEdited, BoardLost, BoardRefused, EditResult
from bot.domain.chats import Chat
from bot.domain.notifications import NotificationKind
from bot.domain.told_messages import EndedMessage, ToldAlert
from bot.features.board.text import moment_text, result_of
from bot.outbox.batching import Batch, pending_alerts
from bot.telegram.calls import answered
from bot.telegram.sender import NO_PREVIEW, entities_of, is_of_chat, markup_of
from bot.telegram.text.alert_list import MEASURES
from bot.telegram.text.formatting import joined, name_of, service_name
from bot.telegram.text.layout import Message, Piece, bold, with_line, with_note
from bot.telegram.text.messages import alert_buttons, credits_row, lay_out
from bot.telegram.text.replies import NOTES, silence_note, undo_button

LIST_LENGTH = 600


def ended_message(message: EndedMessage, held: Silence | None, now: datetime, zone: ZoneInfo) -> Message:
    """The message with what is over of it, since when, and what is silenced of the rest.

    ``held`` is the last silence that covers its firing alerts. Once nothing fires, only the numbers have a button.
    """
    told = pending_alerts(message.deliveries)
    words = lay_out(Batch(tuple(told)), len(told), message.sent_at, zone).message()
    words = with_line(words, *over_text(message, zone))
    if told[0].last.notification.topic is NotificationKind.LAPSE:
        return words
    outside = all(one.notification.facts.outside for one in message.told)
    if message.all_over:
        return words if outside else replace(words, buttons=(credits_row(message.lead_id),))
    rows = alert_buttons(message.lead_id, [one.notification for one in message.told if one.alert], outside=outside)
    if held is None:
        return replace(words, buttons=rows)
    return with_note(words, silence_note(held, now, zone), (*rows, (undo_button(held),)), in_place_of=NOTES)


def over_text(message: EndedMessage, zone: ZoneInfo) -> tuple[Piece, ...]:
    """The ended alerts, and since when, in moments that stay true: "Over since Mon 20 Jul, 14:03."."""
    moments = [(one, one.over_at) for one in message.over if one.over_at]
    if message.all_over:
        last = moment_text(max(at for _, at in moments), zone)
        return (bold(f"{'All over' if len(moments) > 1 else 'Over'} since {last}"), ".")
    alike = len({one.notification.measure for one in message.told}) == 1
    names = [f"{whom(one)}{'' if alike else what(one)} since {moment_text(at, zone)}" for one, at in moments]
    return (bold("Over"), f": {joined(names, LIST_LENGTH)}.")


def whom(one: ToldAlert) -> str:
    """The account or the source of an alert."""
    facts = one.notification.facts
    return name_of(facts.name) if facts.email else service_name(facts.origin)


def what(one: ToldAlert) -> str:
    """The cause of an alert, for a message with several, such as a greeting."""
    measure = one.notification.measure
    return f" ({MEASURES[measure]})" if measure else ""


class TelegramEndings:
    """Implements ``bot.features.endings.service.Editor``."""

    def __init__(self, bot: Bot, clock: Callable[[], datetime], zone: ZoneInfo) -> None:
        """``zone`` is that of the times in messages."""
        self._bot = bot
        self._clock = clock
        self._zone = zone

    def write(self, message: EndedMessage, held: Silence | None) -> Message:
        return ended_message(message, held, self._clock(), self._zone)

    async def edit(self, message: Message, chat: Chat, message_id: int) -> EditResult:
        """Edits a message. One that Telegram rejects, or does not find, stays as it is."""
        try:
            await answered(
                self._bot.edit_message_text(
                    message.text,
                    chat_id=chat.chat_id,
                    message_id=message_id,
                    entities=entities_of(message.entities),
                    reply_markup=markup_of(message.buttons),
                    link_preview_options=NO_PREVIEW,
                )
            )
        except TelegramError as error:
            result = result_of(error)
            of_message = isinstance(error, BadRequest) and not is_of_chat(error.message)
            return BoardLost(result.why) if isinstance(result, BoardRefused) and of_message else result
        return BoardEdited()
