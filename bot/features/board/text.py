"""The board's text, and its way to Telegram.

No time on a board is relative: if the bot stopped, "5 min ago" and "tomorrow" would be false from then on; "read Mon 20
Jul, 14:03" stays true.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from telegram import Bot
from telegram.error import BadRequest, ChatMigrated, Forbidden, InvalidToken, RetryAfter, TelegramError

from bot.domain.accounts import Account
from bot.domain.alerts import Alert, AlertRule, Severity
from bot.domain.boards import (
    Board,
    BoardDelayed,
    BoardEdited,
    BoardLost,
    BoardMoved,
    BoardPosted,
    BoardRefused,
    BoardStatus,
    EditResult,
    PostResult,
)
from bot.domain.chats import Chat
from bot.domain.notifications import Watched
from bot.evaluation.blackout import blackout
from bot.evaluation.evaluate import with_allowances
from bot.telegram.calls import UnreadableAnswerError, answered
from bot.telegram.sender import NO_PREVIEW, OF_THE_TOPIC, entities_of, post, reason_of, seconds_of
from bot.telegram.text.account_card import (
    alert_reason,
    is_known,
    near_end,
    needs_you,
    plan_alert_text,
    plan_verb,
    reasons,
    sign_of,
    urgency,
    with_severity,
)
from bot.telegram.text.blackout import none_text
from bot.telegram.text.dates import MONTHS, WEEKDAYS, format_ago, format_clock, format_past, local, unmarked
from bot.telegram.text.forecast import to_hour
from bot.telegram.text.formatting import (
    SIGNS,
    capitalised,
    format_count,
    format_total,
    in_brackets,
    name_of,
    share_of,
    trouble_of,
)
from bot.telegram.text.layout import MOST_ENTITIES, Entity, Message, Text, bold
from bot.telegram.text.message_body import Spans
from bot.telegram.text.pool import lines_of
from bot.telegram.text.sanitize import plain, utf16_len

ROOM = 3900
"""The most units of the accounts' lines, so that the last line fits."""

NAME_LENGTH = 32


def board_message(watched: Sequence[Watched], now: datetime, zone: ZoneInfo) -> Message:
    """All accounts in one message, the most urgent first; the rest is counted."""
    if not watched:
        return Text().line("No account is watched yet; this board fills by itself.").message(silent=True)
    pools = lines_of(watched, now, lambda at: moment_text(at, zone), lambda early, late: days_text(early, late, zone))
    dark = blackout(one.account for one in watched)
    text = Text().lines([] if dark else pools).lines(headlines(watched, zone))
    left, bolds = ROOM - text.length, 1 + len(pools)
    ordered = sorted(watched, key=urgency)
    for number, one in enumerate(ordered):
        line = board_line(one, now, zone)
        left -= 1 + sum(utf16_len(piece if isinstance(piece, str) else piece.text) for piece in line)
        bolds += 1
        if left < 0 or bolds > MOST_ENTITIES:
            rest = ordered[number:]
            text.line(f"… and {len(rest):,} more, {need_text(sum(map(needs_you, rest)))}. /credits shows them.")
            break
        text.line(*line)
    return text.message(silent=True)


def headlines(watched: Sequence[Watched], zone: ZoneInfo) -> list[Spans]:
    """How many accounts there are and need somebody; when they were read."""
    paused = sum(one.account.pause is not None for one in watched)
    unknown = sum(not is_known(one.account) for one in watched) - paused
    counts = ((unknown, "unknown"), (paused, "paused"))
    unread = "".join(f" · {count:,} {what}" for count, what in counts if count)
    need = need_text(sum(map(needs_you, watched)))
    dark = blackout(one.account for one in watched)
    if dark:
        since = f" since {moment_text(dark.since, zone)}" if dark.since else ""
        said = f"{since}: {trouble_of(dark.kinds[0][0])}"
        return [(f"{SIGNS[Severity.CRITICAL]} ", bold(capitalised(none_text(dark))), said)]
    head: Spans = (bold(format_count(len(watched), "account")), f", {need}{unread}")
    moments = [one.account.reading.taken_at for one in watched if one.account.reading and is_known(one.account)]
    return [head, *([(f"Read {span_text(min(moments), max(moments), zone)}",)] if moments else [])]


def need_text(need: int) -> str:
    """How many of some accounts need somebody."""
    return f"{need:,} {'needs' if need == 1 else 'need'} you" if need else "none needs you"


def span_text(oldest: datetime, newest: datetime, zone: ZoneInfo) -> str:
    """From when to when, with the day: "Mon 20 Jul, 14:03", "Mon 20 Jul, 14:01 to 14:03"."""
    first, last = moment_text(oldest, zone), moment_text(newest, zone)
    if first == last:
        return last
    same_day = local(oldest, zone).date() == local(newest, zone).date()
    return f"{unmarked(first, zone)} to {format_clock(newest, zone) if same_day else last}"


def days_text(earliest: datetime, latest: datetime | None, zone: ZoneInfo) -> str:
    """A range in days, in hours only within one: "Sun 26 Jul to Tue 4 Aug", "Thu 23 Jul, 14:00 to 19:00"."""
    early = to_hour(earliest)
    if latest is None:
        return f"{day_text(early, zone)} or later"
    late = to_hour(latest + timedelta(minutes=59))
    if day_text(early, zone) == day_text(late, zone):
        return span_text(early, late, zone)
    return f"{day_text(early, zone)} to {day_text(late, zone)}"


def day_text(when: datetime, zone: ZoneInfo) -> str:
    return moment_text(when, zone).partition(",")[0]


def moment_text(when: datetime, zone: ZoneInfo) -> str:
    """A moment that stays true, except for its year."""
    there = local(when, zone)
    return f"{WEEKDAYS[there.weekday()]} {there.day} {MONTHS[there.month - 1]}, {format_clock(when, zone)}"


def board_line(one: Watched, now: datetime, zone: ZoneInfo) -> Spans:
    """One account: its number, why its sign has its colour, and its near dates."""
    account = one.account
    why = [] if account.outage else reasons(one, lambda alert: board_reason(alert, account, now, zone))
    rest = [amount_text(account, zone), *with_severity(one, why)]
    if is_known(account) or account.pause:
        rest += [words for words in near_text(one, now, zone) if words not in why]
    return (f"{sign_of(one)} ", bold(name_of(account.name, NAME_LENGTH)), " · ", " · ".join(rest))


def board_reason(alert: Alert, account: Account, now: datetime, zone: ZoneInfo) -> str:
    """One alert in two or three words that stay true, without relative times."""
    match alert.measure:
        case AlertRule.PLAN:
            return plan_alert_text(account, now, lambda when: moment_text(when, zone))
        case AlertRule.RUNWAY:
            foretold = account.foretold
            early = foretold.earliest if foretold else None
            return f"may run out from {moment_text(to_hour(early), zone)} on" if early else "may run out"
        case _:
            return alert_reason(alert, account, now, zone)


def near_text(one: Watched, now: datetime, zone: ZoneInfo) -> list[str]:
    """When the refill comes, while credits are low; what the plan does soon, or has done."""
    reading = one.account.reading
    if reading is None:
        return []
    plan, refill = reading.plan, reading.credits.refresh_at
    low = any(alert.measure is AlertRule.CREDITS for alert in one.alerts)
    comes = low and refill is not None and refill > now and plan.renews is not False
    words = [f"refill {moment_text(refill, zone)}"] if comes and refill else []
    end = near_end(one.account, now)
    return [*words, f"plan {plan_verb(plan, now)} {moment_text(end, zone)}"] if end else words


def amount_text(account: Account, zone: ZoneInfo) -> str:
    """Its credits; if they are not fresh, the last ones with their moment, and why."""
    credits, reading = with_allowances(account), account.reading
    if account.pause:
        until = f"paused until {moment_text(account.pause.until, zone)}"
        why = f": {trouble_of(account.outage.kind)}" if account.outage else ""
        if credits is None or reading is None:
            return f"{until} · {'unknown' + why if why else 'not read yet'}"
        return f"{until} · last {format_total(credits)} {moment_text(reading.taken_at, zone)}{why}"
    if account.outage is None:
        return f"{format_total(credits)}{in_brackets(share_of(credits))}" if credits else "not read yet"
    why = trouble_of(account.outage.kind)
    if credits is None or reading is None:
        return f"unknown: {why}"
    return f"unknown · last {format_total(credits)} {moment_text(reading.taken_at, zone)}: {why}"


def board_answer(shown: BoardStatus, now: datetime, zone: ZoneInfo) -> Message | None:
    """The answer to a request for a board, beside the board; None if the board is enough."""
    text = Text()
    if shown.refused:
        text.line(
            "The board cannot be posted just now: ", plain(shown.refused, 200), ". It is tried again until it can."
        )
    if shown.before:
        since = f"{format_past(shown.before.since, now, zone)}, {format_ago(shown.before.since, now)}"
        text.line(f"The board before was last current {since}: ", plain(shown.before.why, 200), ".")
        text.line("This one takes its place.")
    if not shown.pinned:
        text.line("The board is kept current, but I may not pin it here.")
        text.line("Pin it yourself, or let me pin messages: I try again from time to time.")
    return text.message(silent=True) if text.length else None


def board_removed_message(*, removed: bool) -> Message:
    """The answer to /board off."""
    done = "The board is gone. /board posts a new one." if removed else "There is no board here. /board posts one."
    return Text().line(done).message(silent=True)


def how_to_board() -> Message:
    """The command was wrong."""
    return Text().line("Say /board for one message that is kept current, or /board off to end it.").message()


OVER = "⚪ This board is no longer kept current."
LOST = (
    "message to edit not found",
    "message can't be edited",
    "message_id_invalid",
    "message_edit_time_expired",
    "message_author_required",
    "there is no text in the message",
    "message identifier is not specified",
)
"""Parts of Telegram's refusals, in lower case, after which this message can no longer be edited."""


class TelegramBoards:
    """Implements ``bot.features.board.publisher.BoardMessenger``."""

    def __init__(self, bot: Bot, clock: Callable[[], datetime], zone: ZoneInfo) -> None:
        """``zone`` is that of the times on the board."""
        self._bot = bot
        self._clock = clock
        self._zone = zone

    def write(self, watched: Sequence[Watched]) -> Message:
        """The present message of a board of these accounts."""
        return board_message(watched, self._clock(), self._zone)

    async def post(self, message: Message, chat: Chat) -> PostResult:
        """Posts a board, in a plainer form if Telegram rejects it, because the words matter most."""
        result = await self._post(message, chat)
        if isinstance(result, BoardRefused) and chat.thread_id is not None and is_of_topic(result.why):
            result = await self._post(message, Chat(chat.chat_id))
        if isinstance(result, BoardRefused) and message.entities:
            result = await self._post(replace(message, entities=()), chat)
        return result

    async def _post(self, message: Message, chat: Chat) -> PostResult:
        try:
            return BoardPosted(await post(self._bot, message, chat))
        except TelegramError as error:
            result = result_of(error)
            return BoardRefused(reason_of(error)) if isinstance(result, BoardEdited | BoardLost) else result

    async def edit(self, message: Message, board: Board) -> EditResult:
        if not board.message_id:
            return BoardLost(board.trouble.why if board.trouble else "it is not posted yet")
        result = await self._edit(message.text, message.entities, board.chat, board.message_id)
        if isinstance(result, BoardRefused) and message.entities:
            return await self._edit(message.text, (), board.chat, board.message_id)
        return result

    async def _edit(self, text: str, entities: Iterable[Entity], chat: Chat, message_id: int) -> EditResult:
        try:
            await answered(
                self._bot.edit_message_text(
                    text,
                    chat_id=chat.chat_id,
                    message_id=message_id,
                    entities=entities_of(entities),
                    link_preview_options=NO_PREVIEW,
                )
            )
        except TelegramError as error:
            return result_of(error)
        return BoardEdited()

    async def pin(self, chat: Chat, message_id: int) -> str | None:
        """Pins a message silently; returns why not, None if it worked."""
        try:
            await self._bot.pin_chat_message(chat.chat_id, message_id, disable_notification=True)
        except TelegramError as error:
            return reason_of(error)
        return None

    async def take_down(self, chat: Chat, message_id: int) -> bool:
        """Deletes a message. One that is too old for that says that it is over, and loses its pin.

        False if Telegram was not reached; a refusal counts as done.
        """
        try:
            await self._bot.delete_message(chat.chat_id, message_id)
        except TelegramError as error:
            if isinstance(result_of(error), BoardDelayed):
                return False
            marked = await self._edit(OVER, (), chat, message_id)
            return await self._unpin(chat, message_id) and not isinstance(marked, BoardDelayed)
        return True

    async def _unpin(self, chat: Chat, message_id: int) -> bool:
        """Unpins a message, if the bot has the right."""
        try:
            await self._bot.unpin_chat_message(chat.chat_id, message_id)
        except TelegramError as error:
            return not isinstance(result_of(error), BoardDelayed)
        return True


def is_of_topic(why: str) -> bool:
    """True if a refusal concerns the topic: then the board goes to the group, outside any topic."""
    return any(part in why.lower() for part in OF_THE_TOPIC)


def result_of(error: TelegramError) -> BoardEdited | BoardLost | BoardRefused | BoardDelayed | BoardMoved:
    """The meaning of a Telegram error for a board. BadRequest is a network error too, so it comes first."""
    why = reason_of(error)
    match error:
        case RetryAfter():
            return BoardDelayed("Telegram asks for a pause", seconds_of(error))
        case ChatMigrated():
            return BoardMoved(error.new_chat_id)
        case BadRequest() if "not modified" in why.lower():
            return BoardEdited()
        case BadRequest() if any(words in why.lower() for words in LOST):
            return BoardLost(why)
        case BadRequest() | Forbidden() | InvalidToken():
            return BoardRefused(why)
        case UnreadableAnswerError():  # Telegram took it
            return BoardEdited()
        case _:
            return BoardDelayed(f"Telegram cannot be reached: {why}")
