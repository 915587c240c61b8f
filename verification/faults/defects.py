"""Deliberate defects, put into the bot by the launcher to show that the harness sees them."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from telegram import Bot

Read = Callable[..., Awaitable[Any]]


@dataclass(frozen=True)
class Defect:
    """One defect: what it does to the bot, and what must happen for it to show."""

    put_in: Callable[[], None]
    says: str


def replaced(room: type, name: str, work: Any) -> None:
    """Puts something else in a method's or a property's place."""
    setattr(room, name, work)


def around_reads(wrap: Callable[[Read], Read]) -> None:
    """Puts something around the check of an account."""
    from bot.sources.conditional import ConditionalSource

    replaced(ConditionalSource, "check", wrap(ConditionalSource.check))


def forgotten_retry() -> None:
    """What Telegram did not take counts as delivered."""
    from bot.outbox.dispatcher import Dispatcher
    from bot.outbox.results import Sent

    async def put_off(self: Any, _result: Any, part: Any, chat: Any, queue: Any) -> None:
        await self._delivered(Sent(0), part, chat, queue)

    replaced(Dispatcher, "_put_off", put_off)


def blames_the_chat() -> None:
    """Whatever keeps a message from a chat counts as the chat's refusal."""
    from bot.outbox.dispatcher import Dispatcher
    from bot.outbox.results import Rejected

    async def put_off(self: Any, result: Any, part: Any, chat: Any, queue: Any) -> None:
        await self._refused(Rejected(result.failure), part, chat, queue)

    replaced(Dispatcher, "_put_off", put_off)


def lost_after_a_crash() -> None:
    """What was claimed when the bot was killed stays claimed for ever."""
    from bot.outbox.dispatcher import Dispatcher

    async def resume(_self: Any) -> None:
        return

    replaced(Dispatcher, "resume", resume)


def lost_recovery() -> None:
    """Recoveries are forgotten on their way into the outbox."""
    from bot.checks.processor import AlertWriter
    from bot.domain.alerts import NotifyReason

    put = AlertWriter.put

    async def without(self: Any, connection: Any, notifications: Any, now: Any) -> None:
        await put(self, connection, [one for one in notifications if one.reason is not NotifyReason.RESOLVED], now)

    replaced(AlertWriter, "put", without)


def twice() -> None:
    """Each message goes out twice."""
    from bot.telegram.sender import TelegramNotifier

    send = TelegramNotifier.send

    async def again(self: Any, message: Any, chat: Any) -> Any:
        await send(self, message, chat)
        return await send(self, message, chat)

    replaced(TelegramNotifier, "send", again)


def nothing_is_zero() -> None:
    """An answer that is no reading reads as the last one with nothing left."""
    from bot.domain.accounts import CheckFailure, FailureKind, Reading

    lasts: dict[str, Reading] = {}

    def guessed(read: Read) -> Read:
        async def guess(self: Any, email: str, *page: Any) -> Any:
            sample = await read(self, email, *page)
            if isinstance(sample, Reading):
                lasts[email] = sample
            elif isinstance(sample, CheckFailure) and sample.kind is FailureKind.GARBLED and email in lasts:
                last = lasts[email]
                nothing = replace(last.credits, monthly=0, daily=0, package=0)
                return replace(last, taken_at=sample.taken_at, credits=nothing)
            return sample

        return guess

    around_reads(guessed)


def one_blinds_all() -> None:
    """A silence of one chat holds in every chat."""
    from bot.storage import alerts

    right = alerts.silence_of

    def wrong(row: Any) -> Any:
        return replace(right(row), chat=None)

    alerts.silence_of = wrong


def talks_to_strangers() -> None:
    """Everybody is answered."""
    from bot.commands.permissions import Access

    def allowed(_self: Any, _chat_id: int, _thread_id: int | None) -> bool:
        return True

    replaced(Access, "allowed", allowed)


def taken_for_useapi() -> None:
    """Whatever page comes under a status counts as useapi.net's own word."""
    from bot.sources.useapi import failures

    vars(failures)["own_words"] = lambda text, _value: text[:40] or "said so"


def ends_with_a_404() -> None:
    """Any 404 of the list says that there are no accounts, and the first list that lacks one is believed."""
    from bot.checks import discovery
    from bot.domain.accounts import Listing
    from bot.evaluation.listing import TakenAway
    from bot.sources.conditional import ConditionalSource

    ask = ConditionalSource.list_accounts

    async def list_accounts(self: Any) -> Any:
        listing = await ask(self)
        absent = getattr(listing, "status", None) == 404
        return Listing(listing.taken_at, ()) if absent else listing

    def at_once(listing: Any, watched: Any) -> TakenAway:
        listed = {one.email for one in listing.accounts}
        return TakenAway(gone=tuple(one for one in watched if one.email not in listed))

    replaced(ConditionalSource, "list_accounts", list_accounts)
    vars(discovery)["taken_away"] = at_once


def ended_board() -> None:
    """One refused edit or pin ends a board."""
    from bot.domain.boards import BoardRefused
    from bot.features.board.publisher import BoardPublisher

    keep_trying = BoardPublisher._keep_trying

    async def ended(self: Any, board: Any, result: Any, *rest: Any) -> None:
        if isinstance(result, BoardRefused):
            await self._forget(board)
        else:
            await keep_trying(self, board, result, *rest)

    replaced(BoardPublisher, "_keep_trying", ended)


def deaf_for_a_webhook() -> None:
    """A webhook that another program sets is another program that polls."""
    from bot.telegram.webhook import OTHER_POLLER, Webhook

    async def explain(_self: Any, _conflict: Any) -> str:
        return OTHER_POLLER

    async def take_away(_self: Any) -> None:
        return

    replaced(Webhook, "explain", explain)
    replaced(Webhook, "take_away", take_away)


def unreadable_again_and_again() -> None:
    """All updates of an answer are read, or none: one that cannot be hides those behind it, and comes again."""
    from bot.telegram import polling
    from bot.telegram.parsing import numbered, read_update

    def all_or_none(answer: Any) -> Any:
        for raw in answer:
            read_update(raw, cast("Bot", None))
        return numbered(answer)

    vars(polling)["numbered"] = all_or_none


def clock_stops_checks() -> None:
    """What is due next stands on the wall clock alone: one that is set back lets nothing be due for hours."""
    from bot.checks.scheduler import SteadyScheduler

    replaced(SteadyScheduler, "follow_clock", lambda _self: None)


def unwritable_and_silent() -> None:
    """A database that cannot be written is one line in the log, and nobody's problem."""
    from bot.storage.standing import DatabaseState

    replaced(DatabaseState, "problem", property(lambda _self: None))


def unreadable_and_silent() -> None:
    """What a page says in a way that is not understood counts as left out."""
    from bot.domain.accounts import LeftOut
    from bot.sources.useapi import pixverse

    vars(pixverse)["LeftOut"] = lambda name, _said=None: LeftOut(name)


DEFECTS = {
    "unreadable-and-silent": Defect(unreadable_and_silent, "the end of a plan cannot be read"),
    "deaf-for-a-webhook": Defect(deaf_for_a_webhook, "another program sets a webhook"),
    "unreadable-again": Defect(unreadable_again_and_again, "an update comes that cannot be read"),
    "clock-stops-checks": Defect(clock_stops_checks, "the clock is set back"),
    "unwritable-and-silent": Defect(unwritable_and_silent, "the disk is full, or the database read-only"),
    "forgotten-retry": Defect(forgotten_retry, "Telegram refuses a message once"),
    "blames-the-chat": Defect(blames_the_chat, "a page of something in between answers for Telegram"),
    "lost-after-a-crash": Defect(lost_after_a_crash, "the bot is killed while it sends"),
    "lost-recovery": Defect(lost_recovery, "credits come back"),
    "twice": Defect(twice, "an alert is told"),
    "nothing-is-zero": Defect(nothing_is_zero, "a body lies about types"),
    "ends-with-a-404": Defect(ends_with_a_404, "a proxy answers 404 for the list"),
    "taken-for-useapi": Defect(taken_for_useapi, "a page of Cloudflare comes under 403"),
    "ended-board": Defect(ended_board, "a chat refuses the edit of its board"),
    "one-blinds-all": Defect(one_blinds_all, "one chat of two is muted"),
    "talks-to-strangers": Defect(talks_to_strangers, "a stranger asks"),
}
