"""The composition root: builds the parts, starts them, supervises them, and stops them in reverse order.

One reading's way through them: ``schedule`` ticks, ``checks`` finds who is due and asks a source of ``sources``,
``processor`` decides with ``core`` and saves with ``store``, ``outbox`` delivers through ``chat``.
"""

import asyncio
import gc
import logging
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import ClientError, ClientSession, ClientTimeout

from bot.checks.clock_watch import ClockWatch
from bot.checks.context import Context
from bot.checks.discovery import AccountDiscovery
from bot.checks.forecaster import Forecaster
from bot.checks.processor import CheckProcessor
from bot.checks.rounds import Round
from bot.checks.runner import IN_FLIGHT, CheckRunner
from bot.checks.scheduler import Scheduler, tick_of
from bot.commands.scope import ChatScope
from bot.commands.service import BotService
from bot.commands.updates import TelegramService, make_bot
from bot.config.accounts_file.read import watchlist_for
from bot.config.parsers import is_open_to_all
from bot.config.settings import Settings
from bot.config.targets import TargetSource
from bot.domain.chats import Chat
from bot.domain.clock_step import ClockStep
from bot.domain.health import unreached_for
from bot.domain.notifications import NotificationKind, Watched
from bot.domain.retention import USUAL, RetentionPolicy
from bot.evaluation.forecast.foresee import foretold_ends
from bot.features.board.publisher import BoardPublisher
from bot.features.board.text import TelegramBoards
from bot.features.database.text import restored_message, trouble_message, usable_message
from bot.features.database.watch import DatabaseWatch, Ways, Words
from bot.features.endings.service import EndingEditor
from bot.features.endings.text import TelegramEndings
from bot.features.fallback.sender import Apprise, FallbackSender, log_unusable
from bot.features.fallback.text import write_letter
from bot.features.history.drawing import ChartRenderer
from bot.features.pairing.service import Pairing
from bot.features.pairing.text import log_line
from bot.features.pauses.service import Pauses
from bot.features.silences.service import Silences
from bot.features.summary.service import SummaryContext, SummarySender
from bot.outbox.dispatcher import Dispatcher
from bot.outbox.results import REFUSALS, RefusalSchedule
from bot.sources.base import Source
from bot.sources.registry import SERVICES
from bot.sources.useapi.client import Client, open_session
from bot.storage.database import Store
from bot.storage.retention import Retention
from bot.support import systemd
from bot.support.clock import SteadyClock, boot_id
from bot.support.errors import BotError, DatabaseBusyError, DatabaseUnusableError, SettingsError
from bot.support.metrics import Metrics
from bot.support.proxies import ProxyError, open_client
from bot.support.tls import tls_reason
from bot.targets.active import ActiveTargets
from bot.targets.recipients import Recipients
from bot.telegram.sender import TelegramNotifier
from bot.telegram.text.replies import Reloaded
from bot.telegram.text.summary import digest_message
from bot.web.pages import Pages

log = logging.getLogger(__name__)

FORESEE_TICKS = 4
RETENTION_TICKS, RETENTION_SHARE = 4, 3
"""Every so many ticks upkeep may work, for so many of them."""

DIGEST_TICKS = 12
WATCHDOG_EVERY = timedelta(seconds=30)
YOUNG_OBJECTS = 10_000
"""New objects after which garbage is looked for among them; Python's 700 are fewer than one page of a list takes."""

LAST_LOOKS, LAST_MESSAGES = 3.0, 3.0
"""Seconds that a stop leaves to what is under way; together with the rest well under ten."""


def utc_now() -> datetime:
    """The wall clock; the only place that reads it."""
    return datetime.now(UTC)


def spare_garbage_collection() -> None:
    """Lets the search for garbage pass over what the libraries made at their import, which stays.

    Else a full search stops everything for tens of milliseconds, a few times in each large answer.
    """
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS)


def source_of(watched: TargetSource, session: ClientSession, clock: Callable[[], datetime]) -> Source:
    """What asks a source that the watchlist names."""
    return SERVICES[watched.service](Client(session, watched.url, watched.token.get_secret_value()), clock)


class App:
    """The bot. ``async with`` opens what must be closed again; ``run`` then watches until it is told to stop."""

    def __init__(
        self,
        settings: Settings,
        clock: Callable[[], datetime] | None = None,
        tick: timedelta | None = None,
        retention: RetentionPolicy = USUAL,
        refusals: RefusalSchedule = REFUSALS,
    ) -> None:
        """All but the settings differ where time runs fast; ``tick`` is how often to look what is due, in real time.

        Without a ``clock`` it is this machine's; the steps of a SteadyClock are taken.
        Raises SettingsError where the accounts file is wrong. ``secrets`` are what no log may show, and may grow.
        """
        self._settings = settings
        self._targets = watchlist_for(settings)
        self.secrets = [*settings.secrets, *self._targets.secrets]
        self._clock = clock or SteadyClock(utc_now)
        self._own_tick = tick
        self._policy = retention
        self._refusals = refusals
        self._metrics = Metrics()
        self._reloading = asyncio.Lock()
        self._stack = AsyncExitStack()
        self._errands: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> "App":
        """Opens the database and the port, and builds the parts. Raises StartError."""
        async with AsyncExitStack() as stack:
            self._store = await Store.open(self._settings.database_url)
            stack.push_async_callback(self._store.close)
            self._session = await stack.enter_async_context(open_session(IN_FLIGHT, self._settings.way_to_useapi))
            self._drawing = ChartRenderer()
            stack.callback(self._drawing.close)
            self._build()
            if self._settings.http_listen:
                listen = self._settings.http_listen
                await self.pages.start(listen.host, listen.port)
                stack.push_async_callback(self.pages.stop)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Closes everything."""
        await self._stack.aclose()

    @property
    def _tick(self) -> timedelta:
        """How often to look what is due: often enough for the shortest interval."""
        return self._own_tick or tick_of(min({self._settings.check_every, *self._active_targets.targets.own_intervals}))

    def _build(self) -> None:
        """Hands each part what it needs."""
        settings, clock = self._settings, self._clock
        bot = make_bot(
            settings.telegram_bot_token.get_secret_value(), settings.telegram_api_url, settings.way_to_telegram
        )
        post = TelegramNotifier(bot, clock, settings.timezone, settings.quiet_hours)
        self._active_targets = ActiveTargets(self._targets, lambda source: source_of(source, self._session, clock))
        self._recipients = Recipients(self._active_targets)
        spare = settings.fallback_urls is not None
        self._outbox = Dispatcher(self._store, post, self._recipients, clock, time.monotonic, self._metrics, spare)
        self._outbox.refusals = self._refusals
        context = Context(
            store=self._store,
            active_targets=self._active_targets,
            recipients=self._recipients,
            every=settings.check_every,
            clock=clock,
            metrics=self._metrics,
            on_notifications=self._something_to_tell,
            on_round=self._round_ended,
        )
        self._processor = CheckProcessor(context)
        self._checks = CheckRunner(context, self._processor)
        self._checks.on_sweep, self._checks.on_swept = self._outbox.hold_back, self._outbox.let_go
        if spare:  # or the second channel would get what only waits for the others
            self._outbox.group_wait = min(self._outbox.group_wait, settings.fallback_after.total_seconds() / 2)
        self._foresight = Forecaster(context, self._processor)
        policy = replace(self._policy, keep_history=timedelta(days=settings.history_days))
        self._retention = Retention(
            self._store, clock, time.monotonic, policy, RETENTION_SHARE * self._tick, self._outbox.tidy
        )
        self._discovery = AccountDiscovery(context, self._processor, self._checks.rounds)
        self._pairing = Pairing(self._store, clock)
        self._pauses = Pauses(context, self._processor, self._checks)
        self._telegram = TelegramService(
            bot,
            self._scope_of,
            lambda: self._recipients.present,
            settings.telegram_admin_ids,
            settings.timezone,
            self._metrics,
        )
        publisher = TelegramBoards(bot, clock, settings.timezone)
        self._boards = BoardPublisher(
            self._store, publisher, self._watched, self._telegram.allows, self._recipients.move, clock, self._refusals
        )
        editor = TelegramEndings(bot, clock, settings.timezone)
        self._endings = EndingEditor(
            self._store, editor, lambda: self._recipients.present, clock, time.monotonic, self._refusals
        )
        self._telegram.on_life = self._chat_lives
        self._boards.on_life = self._outbox.alive
        self._outbox.on_life = self._boards.alive
        self._outbox.on_told = self._endings.wake
        self._fallback = self._make_fallback()
        self._digests = self._make_digests()
        self._clock_watch = self._make_clock_watch()
        self._database_watch = self._make_database_watch(post)
        self.service = BotService(
            context,
            self._checks,
            self._discovery,
            self._outbox,
            self._pairing,
            Silences(context, self._processor),
            self._pauses,
            self._boards,
            self._drawing,
            self._telegram.polling,
            self.reload,
        )
        self._schedule = Scheduler(self._metrics, utc_now)
        masked = bool(settings.http_listen and not settings.http_listen.loopback)
        self.pages = Pages(
            self.service.vitals, self.service.everything, self._metrics, settings.check_every, clock, masked=masked
        )

    def _scope_of(self, chat: Chat) -> ChatScope:
        """The bot as one chat may see it."""
        return ChatScope(self.service, chat)

    def _something_to_tell(self) -> None:
        """Something was put into the outbox; what fired may be over."""
        self._outbox.wake()
        self._endings.wake()

    def _chat_lives(self, chat_id: int) -> None:
        """A chat gave a sign of life: what it is owed is due."""
        self._outbox.alive(chat_id)
        self._endings.alive(chat_id)
        self._boards.alive(chat_id)

    async def _watched(self, chat: Chat) -> Sequence[Watched]:
        """What a chat may see."""
        return await self._scope_of(chat).watched()

    def _make_fallback(self) -> FallbackSender | None:
        """The second channel, if there is to be one."""
        settings, clock = self._settings, self._clock
        if settings.fallback_urls is None:
            return None
        return FallbackSender(
            self._store,
            Apprise(settings.fallback_addresses),
            lambda batch: write_letter(batch, clock(), settings.timezone),
            clock,
            time.monotonic,
            settings.fallback_after,
        )

    def _make_database_watch(self, post: TelegramNotifier) -> DatabaseWatch:
        """What tells of the database past the outbox."""
        settings = self._settings
        courier = Apprise(settings.fallback_addresses) if settings.fallback_urls is not None else None
        ways = Ways(lambda: self._recipients.home or self._recipients.present, post.send, courier)
        words = Words(trouble_message, restored_message, usable_message)
        return DatabaseWatch(self._store, words, ways, self._clock)

    def _make_digests(self) -> SummarySender | None:
        """The daily summaries, if there are to be some."""
        settings = self._settings
        if settings.digest_at is None:
            return None

        async def runs_out(watched: Sequence[Watched]) -> Mapping[str, datetime]:
            return foretold_ends((one.account for one in watched), self._clock())

        context = SummaryContext(
            store=self._store,
            chats=lambda: self._recipients.present,
            watched=self._watched,
            runs_out=runs_out,
            write=lambda digest, now: digest_message(digest, now, settings.timezone),
            clock=self._clock,
            zone=settings.timezone,
            at=settings.digest_at,
            topic=NotificationKind.DIGEST,
            on_notifications=self._outbox.wake,
        )
        return SummarySender(context)

    def _make_clock_watch(self) -> ClockWatch | None:
        """What takes the steps of a clock that can be set."""
        if not isinstance(self._clock, SteadyClock):
            return None

        def stepped(step: ClockStep) -> None:
            self._checks.clock_stepped(step.by)
            self.service.clock_stepped(step)
            self._retention.clock_was_set()

        return ClockWatch(self._clock, self._store, stepped, boot_id())

    def _warn_of_settings(self) -> None:
        """Says what was read in another way than it was written, and where a token would go unencrypted."""
        for note in self._settings.notes:
            log.warning("%s", note)
        urls = {"USEAPI_URL": self._settings.useapi_url, "TELEGRAM_API_URL": self._settings.telegram_api_url}
        for name in (name for name, url in urls.items() if is_open_to_all(url)):
            log.warning("%s is plain http: whoever is on the way can read the token; use https", name)

    async def run(self, stop: asyncio.Event) -> None:
        """Watches until ``stop`` is set or a part fails, and then ends what is under way within ten seconds."""
        self._warn_of_settings()
        try:
            await self._resume()
        except DatabaseBusyError as error:
            raise DatabaseUnusableError(str(error)) from error
        async with self._supervised(stop):
            self._schedule_checks()
            self._schedule.every(self._tick, "list", self._list)
            self._schedule.every(self._tick, "link", self._log_pairing_link)
            self._schedule.every(FORESEE_TICKS * self._tick, "foresee", self._foresight.look)
            if self._digests:
                self._schedule.every(DIGEST_TICKS * self._tick, "digest", self._digests.look)
            self._schedule.every(RETENTION_TICKS * self._tick, "retention", self._retention.tick)
            self._schedule.every(WATCHDOG_EVERY, "watchdog", self._report_alive)
            self._schedule.start()
            spare_garbage_collection()
            self._spawn(self._first_round())
            if self._settings.fallback_addresses:
                self._spawn(log_unusable(Apprise(self._settings.fallback_addresses)))
            systemd.notify("READY=1")
            await stop.wait()
            systemd.notify("STOPPING=1")
            log.info("Stopping")
            self._schedule.stop()

    def _schedule_checks(self) -> None:
        """Looks for what is due, as often as the shortest interval needs."""
        self._schedule.every(self._tick, "look", self._look)

    async def _look(self) -> None:
        """Ends the pauses whose time is over, and begins the looks that are due."""
        await self._pauses.tick()
        await self._checks.tick()

    @asynccontextmanager
    async def _supervised(self, stop: asyncio.Event) -> AsyncIterator[None]:
        """Runs the parts for as long as the body does; the first that fails ends the whole, with its error."""
        looks, messages = asyncio.create_task(self._checks.run()), asyncio.create_task(self._outbox.run())
        always = (self._telegram, self._boards, self._endings, self._database_watch)
        perhaps = (self._fallback, self._clock_watch)
        parts = [*always, *(part for part in perhaps if part)]
        fronts = [asyncio.create_task(part.run()) for part in parts]
        tasks = [looks, messages, *fronts]
        for task in tasks:
            task.add_done_callback(lambda _: stop.set())
        try:
            yield
        finally:
            failed = [task for task in tasks if task.done() and not task.cancelled() and task.exception()]
            await self._shutdown(looks, messages, fronts)
        for task in failed:
            error = task.exception()
            if error and not isinstance(error, BotError):
                log.critical("A part of the bot has failed; the bot ends", exc_info=error)
            if error:
                raise error

    async def _shutdown(
        self, looks: asyncio.Task[None], messages: asyncio.Task[None], fronts: list[asyncio.Task[None]]
    ) -> None:
        """Lets looks, messages and answers under way end for a moment, then ends everything.

        ``fronts`` take in or put out what nothing is lost of: they end at once.
        """
        for front in (*fronts, *self._errands):
            front.cancel()
        await asyncio.wait(
            [asyncio.create_task(self._checks.drain()), asyncio.create_task(self._telegram.stop())], timeout=LAST_LOOKS
        )
        await self._checks.cancel()
        looks.cancel()
        await asyncio.wait([asyncio.create_task(self._outbox.drain())], timeout=LAST_MESSAGES)
        await self._outbox.cancel()
        messages.cancel()
        await asyncio.gather(looks, messages, *fronts, *self._errands, return_exceptions=True)
        await self._telegram.close()

    async def _resume(self) -> None:
        """Takes up where the last run left off."""
        if self._clock_watch:
            await self._clock_watch.resume()
        async with self._store.write() as connection:
            await self._recipients.refresh(connection)
        await self._outbox.resume()
        await self._discovery.resume()
        await self._checks.resume()
        if self._digests:
            await self._digests.resume()

    async def reload(self) -> Reloaded:
        """Reads the accounts file again and puts it in force; one that is wrong changes nothing, and the log says why.

        Newcomers are looked at soon, whom it no longer names is watched no more, and changed rules hold from the next
        look on.
        """
        if not self._settings.accounts_file:
            log.info("There is no ACCOUNTS_FILE to read again")
            return Reloaded(file=False)
        try:
            async with self._reloading:
                targets = await asyncio.to_thread(watchlist_for, self._settings)
                self.secrets += [secret for secret in targets.secrets if secret not in self.secrets]
                done = await self._discovery.take(targets)
                self._schedule_checks()
        except SettingsError as error:
            log.error("The accounts file is wrong, and the old one goes on: %s", "; ".join(error.faults))
            return Reloaded(faults=tuple(error.faults))
        log.info(
            "Accounts file read again: %d watched, %d new, %d no longer watched", done.watched, done.new, done.left
        )
        self._spawn(self._after_reload())
        return Reloaded(sources=len(targets.sources), watched=done.watched, new=done.new, left=done.left)

    def reload_soon(self) -> None:
        """The same on the side, as a signal wants it."""
        self._spawn(self._reload_aside())

    async def _reload_aside(self) -> None:
        """What became of it is in the log."""
        await self.reload()

    async def _after_reload(self) -> None:
        """Asks the sources for their lists, with their new tokens, looks at newcomers, and shows new chats the menu."""
        await self._outbox.review()
        await self._discovery.ask_all()
        await self._checks.start_due()
        self._telegram.show_menus()

    async def _first_round(self) -> None:
        """Looks at everyone known at once, and asks the sources who else there is."""
        await self._look()
        await self._discovery.ask_all()
        await self._checks.start_due()

    async def _list(self) -> None:
        """Asks the sources for their lists where due, and looks at newcomers at once."""
        if await self._discovery.tick():
            await self._checks.start_due()

    async def _log_pairing_link(self) -> None:
        """Puts a link into the log that lets the first chat in, while nobody is told of everything."""
        username, targets = self._telegram.username, self._active_targets.targets
        named = all(not source.at_home for source in targets.sources.values())
        if username is None or self._recipients.home or named:
            return
        code = await self._pairing.first_code(self._settings.telegram_chat_ids)
        if code:
            log.warning("%s", log_line(username, code))

    async def _report_alive(self) -> None:
        """Tells systemd that the event loop turns, the scheduler works, and the checks tick."""
        if self._schedule.has_run("look", within=2 * WATCHDOG_EVERY):
            systemd.notify("WATCHDOG=1")

    def _round_ended(self, ended: Round) -> None:
        """After a round in which everyone could be read, tells the heartbeat's address."""
        if ended.whole and self._settings.heartbeat_url:
            self._spawn(self._ping_heartbeat(self._settings.heartbeat_url.get_secret_value()))

    async def _ping_heartbeat(self, url: str) -> None:
        """Asks the heartbeat's address, which is a secret; not while an alert that fires has reached nobody."""
        if unreached_for(await self.service.vitals(), self._clock()) is not None:
            log.warning("No heartbeat: an alert has reached nobody")
            return
        try:
            async with (
                open_client(self._settings.way_to_heartbeat, 1) as client,
                client.get(url, timeout=ClientTimeout(total=10)) as response,
            ):
                if response.status >= 400:
                    log.warning("HEARTBEAT_URL answers %d, so no beat was counted: check the address", response.status)
        except ProxyError as error:
            log.warning("HEARTBEAT_URL cannot be reached: %s", error)
        except (ClientError, TimeoutError) as error:
            log.warning("HEARTBEAT_URL cannot be reached: %s", tls_reason(error) or type(error).__name__)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Does something on the side; what goes wrong with it is logged."""
        task = asyncio.create_task(work)
        self._errands.add(task)
        task.add_done_callback(self._spawned_done)

    def _spawned_done(self, task: asyncio.Task[None]) -> None:
        """An errand has ended."""
        self._errands.discard(task)
        error = None if task.cancelled() else task.exception()
        if isinstance(error, DatabaseBusyError):
            log.debug("Work on the side failed: %s", error)  # the log has it already
        elif isinstance(error, BotError):
            log.error("%s", error)
        elif error:
            log.error("A background task failed", exc_info=error)
