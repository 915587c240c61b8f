"""The commands: one table that makes the handlers, /help and Telegram's command menu."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from difflib import get_close_matches
from functools import partial
from zoneinfo import ZoneInfo

from bot.commands.choices import Choice, which_of
from bot.commands.history_arguments import SPANS, HistoryRequest, parse_history
from bot.commands.log_arguments import LogRequest, list_of, parse_log, span_of
from bot.commands.names import find_accounts
from bot.commands.scope import ChatScope
from bot.commands.silence_arguments import SilenceRequest, parse_silence, silence_of_rest
from bot.domain.chats import Chat
from bot.domain.notifications import Watched
from bot.features.board.text import board_answer, board_removed_message, how_to_board
from bot.features.history.text import choose, draw_history, past_of, slots_for
from bot.features.pairing.text import (
    already_paired_message,
    invitation_message,
    left_message,
    may_not_invite_message,
    not_paired_message,
)
from bot.support.aside import aside
from bot.telegram.text.account_card import account_tag
from bot.telegram.text.account_list import account_card, alerts_page, by_urgency, credits_page, ordered_page, paged
from bot.telegram.text.alert_log import log_page
from bot.telegram.text.layout import Message
from bot.telegram.text.pauses import paused_message, resumed_message
from bot.telegram.text.replies import (
    check_started,
    help_message,
    muted_message,
    reloaded_message,
    status_message,
    unknown_command,
    unmuted_message,
    which_account,
)

FRESH_FOR = timedelta(minutes=1)
REFRESH_WAIT = 8.0
ROUND_WAIT = 60.0


Say = Callable[[Message], Awaitable[None]]
Drawn = tuple[bytes | None, Message]
"""A picture and its caption; without a picture, a message that stands alone."""

Show = Callable[[Callable[[], Awaitable[Drawn]]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class CommandContext:
    """A command with its arguments, person and place. ``bot`` is the bot's username.

    ``say`` and ``show`` (for a picture) answer there.
    """

    words: str
    by: str
    chat: Chat
    bot: str
    scope: ChatScope
    zone: ZoneInfo
    say: Say
    show: Show


Handler = Callable[[CommandContext], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Command:
    """A row of the table. ``changes`` says, as a verb, what needs the right to change things; None for the others."""

    name: str
    usage: str
    line: str
    handler: Handler
    changes: str = ""


async def credits(asked: CommandContext) -> None:
    """Every account, or everything about one; checks again if a number is over a minute old."""
    one = await named_account(asked, "credits") if asked.words else None
    if one:
        await show_card(asked, one)
    elif not asked.words:
        await asked.say(await fresh_page(asked.scope, asked.zone, 0))


async def show_card(asked: CommandContext, one: Watched) -> None:
    """Everything about one account."""
    await asked.say(await fresh_card(asked, one.account.key))


async def fresh_card(asked: CommandContext, key: str) -> Message:
    """Everything about one account, as of now."""
    found = [one for one in await asked.scope.watched() if one.account.key == key]
    running, _ = await asyncio.gather(asked.scope.slots(key), refresh(asked.scope, found, by_name=True))
    watched = await asked.scope.watched()
    found = [one for one in watched if one.account.key == key]
    alone = len(watched) == 1
    return account_card(found[0], asked.scope.now(), asked.zone, running, alone=alone) if found else which_account([])


async def fresh_page(scope: ChatScope, zone: ZoneInfo, page: int) -> Message:
    """One page of all accounts; old numbers on it are checked again."""
    watched = await scope.watched()
    watched = await aside(len(watched), by_urgency, watched)
    shown, _ = paged(watched, page)
    if await refresh(scope, shown):
        return await page_of_all(scope, zone, page)
    lists = () if watched else (await scope.status()).lists
    return await aside(len(watched), ordered_page, watched, page, scope.now(), zone, lists)


async def page_of_all(scope: ChatScope, zone: ZoneInfo, page: int) -> Message:
    """One page of all accounts as stored; without any, why."""
    watched = await scope.watched()
    lists = () if watched else (await scope.status()).lists
    return await aside(len(watched), credits_page, watched, page, scope.now(), zone, lists)


async def refresh(scope: ChatScope, shown: Sequence[Watched], *, by_name: bool = False) -> bool:
    """Checks accounts whose number is over a minute old, for some seconds; one that hangs shows its last number.

    Accounts with a longer interval of their own are checked early only if they are named.
    """
    now = scope.now()
    checked = [one for one in shown if one.account.pause is None]
    stale = [one.account.key for one in checked if not (is_fresh(one, now) or (is_rare(one, now) and not by_name))]
    if not stale:
        return False
    looking = asyncio.ensure_future(scope.service.checks.look_now(stale))
    await asyncio.wait([looking], timeout=REFRESH_WAIT)
    return True


def is_fresh(one: Watched, now: datetime) -> bool:
    """True if the last check was a reading within the last minute."""
    reading = one.account.reading
    return one.account.outage is None and reading is not None and timedelta(0) <= now - reading.taken_at <= FRESH_FOR


def is_rare(one: Watched, now: datetime) -> bool:
    """True if it has an interval of its own, and was checked within that."""
    looked = one.account.looked_at
    return one.check_every is not None and looked is not None and timedelta(0) <= now - looked <= one.check_every


async def named_account(asked: CommandContext, command: str) -> Watched | None:
    """The account that the arguments name; if they match none or several, asks which."""
    watched = await asked.scope.watched()
    found = await aside(len(watched), find_accounts, asked.words, watched)
    if len(found) == 1:
        return found[0]
    await asked.say(await aside(len(watched), which_of, found, watched, asked.words, command, f"/{command} {{}}"))
    return None


async def history(asked: CommandContext) -> None:
    """Credits over time as a picture, and in words below it."""
    watched = await asked.scope.watched()
    request = await aside(len(watched), parse_history, asked.words, watched)
    if isinstance(request, HistoryRequest):
        await show_history(asked, request)
    else:
        await asked.say(request)


async def show_history(asked: CommandContext, request: HistoryRequest) -> None:
    await asked.show(partial(drawn, asked.scope, asked.zone, request))


async def drawn(scope: ChatScope, zone: ZoneInfo, request: HistoryRequest) -> Drawn:
    now, (chosen, left_out) = scope.now(), choose(request.watched)
    keys = [one.account.key for one in chosen]
    recorded = await scope.past(keys, now - request.span, slots_for(len(keys)))
    pasts = [past_of(one, recorded[one.account.key], now, zone) for one in chosen if one.account.key in recorded]
    if not pasts:
        return None, which_account([])
    return await draw_history(scope.service.charts, pasts, left_out, request.span, now, zone)


async def alerts(asked: CommandContext) -> None:
    await asked.say(await firing_page(asked.scope, asked.zone, 0))


async def firing_page(scope: ChatScope, zone: ZoneInfo, page: int) -> Message:
    """One page of the firing alerts, with the silences in this chat."""
    watched, sources = await scope.watched(), await scope.firing_sources()
    silences, pauses = await scope.silences(watched), await scope.pauses(watched)
    return await aside(len(watched), alerts_page, watched, sources, silences, page, scope.now(), zone, pauses)


async def log(asked: CommandContext) -> None:
    """Past alerts: when, how long, how bad, and who acknowledged them."""
    watched = await asked.scope.watched()
    request = await aside(len(watched), parse_log, asked.words, watched)
    await (show_log(asked, request) if isinstance(request, LogRequest) else asked.say(request))


async def show_log(asked: CommandContext, request: LogRequest) -> None:
    await asked.say(await logged_page(asked.scope, asked.zone, request, 0))


async def logged_page(scope: ChatScope, zone: ZoneInfo, request: LogRequest, page: int) -> Message:
    """One page of past alerts."""
    account = request.watched.account if request.watched else None
    told = await scope.log(account.key if account else None, request.span)
    whose = account.name if account else None
    return log_page(told, whose, request.span, page, scope.now(), zone, list_of(request))


async def check(asked: CommandContext) -> None:
    """A round now: reads the lists, checks every account that is not paused, and shows the results."""
    await asked.scope.service.discovery.ask_all()
    watched = await asked.scope.watched()
    keys = [one.account.key for one in watched if one.account.pause is None]
    await asked.say(check_started(len(keys), len(watched) - len(keys)))
    looking = asyncio.ensure_future(asked.scope.service.checks.look_now(keys))
    await asyncio.wait([looking], timeout=ROUND_WAIT)
    await asked.say(await page_of_all(asked.scope, asked.zone, 0))


async def mute(asked: CommandContext) -> None:
    watched = await asked.scope.watched()
    request = await aside(len(watched), parse_silence, "mute", asked.words, watched, everywhere=True)
    await (mute_for(asked, request) if isinstance(request, SilenceRequest) else asked.say(request))


async def mute_for(asked: CommandContext, request: SilenceRequest) -> None:
    one, span = request.watched, request.span
    made = await asked.scope.mute(one.account.key if one else None, span, asked.by, everywhere=request.everywhere)
    await asked.say(muted_message(one.account.name if one else None, made, asked.scope.now(), asked.zone))


async def unmute(asked: CommandContext) -> None:
    """Ends the mutes and snoozes of one account or of all."""
    everything = asked.words.casefold() in ("", "all")
    one = None if everything else await named_account(asked, "unmute")
    if one or everything:
        await unmute_one(asked, one)


async def unmute_one(asked: CommandContext, one: Watched | None) -> None:
    ended = await asked.scope.unmute(one.account.key if one else None)
    left = [act for act in await asked.scope.silences() if not act.names]
    now, name = asked.scope.now(), one.account.name if one else None
    await asked.say(unmuted_message(name, ended, left, now, asked.zone))


async def pause(asked: CommandContext) -> None:
    """Stops the checks of an account, or of all, while a person works on the website."""
    watched = await asked.scope.watched()
    request = await aside(len(watched), parse_silence, "pause", asked.words, watched) if watched else which_account([])
    await (pause_for(asked, request) if isinstance(request, SilenceRequest) else asked.say(request))


async def pause_for(asked: CommandContext, request: SilenceRequest) -> None:
    one = request.watched
    held = await asked.scope.pause(one.account.key if one else None, request.span, asked.by)
    await asked.say(paused_message(one.account.name if one else None, held, asked.scope.now(), asked.zone))


async def resume(asked: CommandContext) -> None:
    """Resumes the checks of one account or of all."""
    everything = asked.words.casefold() in ("", "all")
    one = None if everything else await named_account(asked, "resume")
    if one or everything:
        await resume_one(asked, one)


async def resume_one(asked: CommandContext, one: Watched | None) -> None:
    was_paused = await asked.scope.resume(one.account.key if one else None, asked.by)
    await asked.say(resumed_message(one.account.name if one else None, was_paused=was_paused))


async def board(asked: CommandContext) -> None:
    """Posts one message with all accounts, kept current; or ends it."""
    match asked.words.casefold():
        case "":
            answer = board_answer(await asked.scope.service.boards.show(asked.chat), asked.scope.now(), asked.zone)
            if answer:
                await asked.say(answer)
        case "off":
            await asked.say(board_removed_message(removed=await asked.scope.service.boards.remove(asked.chat)))
        case _:
            await asked.say(how_to_board())


async def invite(asked: CommandContext) -> None:
    """A link that lets another chat in."""
    code = await asked.scope.invite(asked.by)
    if code is None:
        await asked.say(may_not_invite_message())
        return
    now = asked.scope.now()
    await asked.say(invitation_message(asked.bot, code, now, asked.zone, in_group=asked.chat.group))


async def leave(asked: CommandContext) -> None:
    """Ends the messages for this chat."""
    anybody_left = await asked.scope.service.leave(asked.chat, asked.by)
    done = not_paired_message() if anybody_left is None else left_message(anybody_left=anybody_left)
    await asked.say(done)


async def start(asked: CommandContext) -> None:
    """The help; a link that is opened in an allowed chat stays valid for another."""
    await (asked.say(already_paired_message()) if asked.words else help_(asked))


async def reload(asked: CommandContext) -> None:
    """Reads the accounts file again."""
    await asked.say(reloaded_message(await asked.scope.reload()))


async def status(asked: CommandContext) -> None:
    status = await asked.scope.status()
    await asked.say(await aside(len(status.failing), status_message, status, asked.scope.now(), asked.zone))


async def help_(asked: CommandContext) -> None:
    await asked.say(help_message([(command.usage, command.line) for command in COMMANDS if command.line]))


MUTE_LINE = "no messages about it here for a while; all for everything, everywhere for every chat"

PAUSE_LINE = "no checks of it while you work on the website; /pause all 3h for all"

COMMANDS = (
    Command("credits", "/credits [account]", "credits, plan and refill of every account, or all about one", credits),
    Command("history", "/history [account] [7d]", "credits over 7d, 30d or 90d as a picture", history),
    Command("alerts", "/alerts", "what is firing, and since when", alerts),
    Command("log", "/log [account] [7d]", "past alerts: when, how long, how bad, who acknowledged", log),
    Command("check", "/check", "check every account now, except paused ones", check),
    Command("mute", "/mute account 2h", MUTE_LINE, mute, "mute"),
    Command("unmute", "/unmute [account]", "messages again", unmute, "unmute"),
    Command("pause", "/pause account 3h", PAUSE_LINE, pause, "pause checks"),
    Command("resume", "/resume [account]", "checks go on at once", resume, "resume checks"),
    Command("board", "/board [off]", "all accounts in one message that is kept current", board, "put up a board"),
    Command("invite", "/invite", "a link that lets another chat in", invite, "invite another chat"),
    Command("leave", "/leave", "stop the messages for this chat", leave, "end the messages here"),
    Command("reload", "/reload", "read the accounts file again", reload, "have the accounts file read again"),
    Command("status", "/status", "whether the bot itself is well", status),
    Command("help", "/help", "this list", help_),
    Command("start", "/start", "", start),
)

BY_NAME = {command.name: command for command in COMMANDS}

PICKED: Mapping[str, Callable[[CommandContext, Watched], Awaitable[None]]] = {
    "credits": show_card,
    "unmute": unmute_one,
    "resume": resume_one,
}
"""Actions of an account's button for commands that need nothing but the account."""

SILENCING: Mapping[str, Callable[[CommandContext, SilenceRequest], Awaitable[None]]] = {
    "mute": mute_for,
    "pause": pause_for,
}


def tagged(tag: str, watched: Sequence[Watched]) -> list[Watched]:
    """The accounts of a button's tag: one, or none."""
    return [one for one in watched if account_tag(one.account.key) == tag]


async def pick(asked: CommandContext, choice: Choice) -> bool:
    """Runs a command for the account of a tapped button; False for one that is no longer watched, or for none.

    The data comes with a tap, so it can be forged, or old.
    """
    watched = await asked.scope.watched()
    found = await aside(len(watched), tagged, choice.tag, watched)
    silence = silence_of_rest(found[0], choice.rest) if found else None
    if not found:
        return False
    if choice.command in PICKED:
        await PICKED[choice.command](asked, found[0])
    elif choice.command in SILENCING and silence:
        await SILENCING[choice.command](asked, silence)
    elif choice.command == "history" and choice.rest in SPANS:
        await show_history(asked, HistoryRequest((found[0],), SPANS[choice.rest]))
    elif choice.command == "log" and (span := span_of(f"{choice.rest}s")):
        await show_log(asked, LogRequest(found[0], span))
    else:
        return False
    return True


def unknown(name: str) -> Message:
    """The answer to an unknown command, with a similar one."""
    near = get_close_matches(name.lower(), BY_NAME, n=1, cutoff=0.5)
    return unknown_command(name, BY_NAME[near[0]].usage if near else None)
