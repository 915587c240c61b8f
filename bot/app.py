"""Wires the parts, starts them, and stops them in reverse order; nothing else.

One reading's way through them: ``Scheduler`` ticks, ``CheckRunner`` finds due accounts and asks their source,
``CheckProcessor`` evaluates and saves the results, ``Dispatcher`` sends through ``TelegramNotifier``.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import datetime, timedelta

from bot.checks.catch_up import CatchUp
from bot.checks.clock_watch import ClockWatch
from bot.checks.context import Context
from bot.checks.discovery import AccountDiscovery
from bot.checks.forecaster import Forecaster
from bot.checks.jobs import JobsWatch
from bot.checks.processor import AlertWriter, CheckProcessor
from bot.checks.rounds import Round
from bot.checks.runner import CheckRunner
from bot.checks.scheduler import CHECK_JOB, WATCHDOG_EVERY, Scheduler, tick_of
from bot.checks.subscriptions import SubscriptionWatch
from bot.commands.scope import ChatScope
from bot.commands.service import BotService
from bot.commands.updates import TelegramService
from bot.config.accounts_file.read import targets_of, watchlist_for
from bot.config.settings import Settings
from bot.domain.accounts import CheckFailure
from bot.domain.chats import Chat
from bot.domain.clock_step import ClockStep
from bot.domain.notifications import Watched
from bot.domain.retention import USUAL, RetentionPolicy
from bot.evaluation.account_row import outage_text
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
from bot.features.pauses.service import Pauses
from bot.features.reload.service import AccountsReload
from bot.features.silences.service import Silences
from bot.features.summary.service import SummarySender
from bot.features.webhook.payload import body_of
from bot.features.webhook.receiver import Receiver
from bot.features.webhook.sender import EventSender
from bot.outbox.dispatcher import Dispatcher
from bot.outbox.results import REFUSALS, RefusalSchedule
from bot.sources.base import IN_FLIGHT
from bot.sources.useapi.client import open_session
from bot.storage.database import Store
from bot.storage.retention import Retention
from bot.support import systemd
from bot.support.background import Background, first_error
from bot.support.clock import SteadyClock, boot_id, utc_now
from bot.support.errors import DatabaseBusyError, DatabaseUnusableError
from bot.support.heartbeat import Heartbeat
from bot.support.metrics import Metrics
from bot.targets.active import ActiveTargets, source_of
from bot.targets.known_services import last_known
from bot.targets.recipients import Recipients
from bot.targets.services import ask as ask_services
from bot.targets.services import shown, titles_of, watches_all
from bot.telegram.client import make_bot
from bot.telegram.sender import TelegramNotifier
from bot.telegram.text.services import watched_note
from bot.web.pages import Pages

log = logging.getLogger(__name__)

FORECAST_TICKS, SUMMARY_TICKS = 4, 12
RETENTION_TICKS, RETENTION_SHARE = 4, 3
"""Old rows can be deleted every so many ticks, for so many of them."""

LAST_CHECKS_S, LAST_MESSAGES_S = 3.0, 3.0
"""Seconds that a stop leaves to running work; together with the rest well under ten."""


class App:
    """The bot. ``async with`` opens what must be closed again; ``run`` works until it is stopped."""

    def __init__(
        self,
        settings: Settings,
        clock: Callable[[], datetime] | None = None,
        tick: timedelta | None = None,
        retention: RetentionPolicy = USUAL,
        refusals: RefusalSchedule = REFUSALS,
    ) -> None:
        """Tests replace everything except the settings; ``tick`` is the time between two looks, in real time.

        Without a ``clock`` it is this machine's; the steps of a SteadyClock are applied. Raises SettingsError if the
        accounts file is wrong. ``secrets`` never appear in the log, and can grow.
        """
        self._settings = settings
        self._targets = watchlist_for(settings)
        self.secrets = [*settings.secrets, *self._targets.secrets]
        self._clock = clock or SteadyClock(utc_now)
        self._own_tick = tick
        self._policy = replace(retention, keep_history=timedelta(days=settings.history_days))
        self._refusals = refusals
        self._metrics = Metrics()
        self._background = Background()
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> "App":
        """Opens the database and the port, and builds the parts. Raises StartError."""
        async with AsyncExitStack() as stack:
            self._store = await Store.open(self._settings.database_url)
            stack.push_async_callback(self._store.close)
            self._session = await stack.enter_async_context(open_session(IN_FLIGHT, self._settings.way_to_useapi))
            self._charts = ChartRenderer()
            stack.callback(self._charts.close)
            self._build_checks()
            self._build_telegram()
            self._build_service()
            if listen := self._settings.http_listen:
                await self.pages.start(listen.host, listen.port)
                stack.push_async_callback(self.pages.stop)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Closes everything."""
        await self._stack.aclose()

    @property
    def _tick(self) -> timedelta:
        """The time between two ticks, short enough for the shortest interval."""
        return self._own_tick or tick_of(min({self._settings.check_every, *self._active.targets.own_intervals}))

    def _build_checks(self) -> None:
        """Builds the checks, their evaluation, and the retention."""
        settings, store, clock = self._settings, self._store, self._clock
        self._active = ActiveTargets(self._targets, lambda target: source_of(target, self._session, clock))
        self._recipients = Recipients(self._active, settings.escalation)
        self._context = Context(
            store=store,
            active_targets=self._active,
            recipients=self._recipients,
            every=settings.check_every,
            clock=clock,
            metrics=self._metrics,
            on_notifications=self._notifications_waiting,
            on_round=self._round_ended,
            webhook=settings.webhook_url is not None,
            escalate_after=settings.escalate_after,
        )
        self._writer = AlertWriter(self._context)
        self._catch_up = CatchUp(self._context, self._writer)
        self._processor = CheckProcessor(self._context, self._writer)
        self._checks = CheckRunner(self._context, self._processor, self._catch_up)
        self._discovery = AccountDiscovery(
            self._context, self._writer, self._catch_up, self._processor, self._checks.rounds
        )
        self._forecaster = Forecaster(self._context, self._writer)
        self._subscriptions = SubscriptionWatch(self._context, self._processor)
        self._subscriptions.eager = watches_all(settings)
        self._processor.on_lapsed = self._subscriptions.refused
        self._jobs = JobsWatch(self._context, self._processor)
        self._pauses = Pauses(self._context, self._writer, self._processor, self._checks)
        steady = clock if isinstance(clock, SteadyClock) else None
        self._clock_watch = ClockWatch(steady, store, self._clock_stepped, boot_id()) if steady else None
        self._scheduler = Scheduler(self._metrics, utc_now)

    def _build_telegram(self) -> None:
        """Builds what sends messages, edits them, and answers."""
        settings, store, clock = self._settings, self._store, self._clock
        token, zone = settings.telegram_bot_token.get_secret_value(), settings.timezone
        bot = make_bot(token, settings.telegram_api_url, settings.way_to_telegram)
        fallback = Apprise(settings.fallback_addresses) if settings.fallback_urls is not None else None
        notifier = TelegramNotifier(bot, clock, zone, settings.quiet_hours)
        self._outbox = Dispatcher(
            store, notifier, self._recipients, clock, time.monotonic, self._metrics, fallback is not None
        )
        self._outbox.refusals = self._refusals
        admins, boards = settings.telegram_admin_ids, TelegramBoards(bot, clock, zone)
        self._telegram = TelegramService(bot, self._scope_of, self._chats, admins, zone, self._metrics)
        self._telegram.escalated_to = self._recipients.escalated_to
        self._boards = BoardPublisher(
            store, boards, self._watched, self._telegram.allows, self._recipients.move, clock, self._refusals
        )
        endings = TelegramEndings(bot, clock, zone)
        self._endings = EndingEditor(
            store, endings, lambda: self._recipients.reached, clock, time.monotonic, self._refusals
        )
        words = Words(trouble_message, restored_message, usable_message)
        ways = Ways(lambda: self._recipients.home or self._chats(), notifier.send, fallback)
        self._database_watch = DatabaseWatch(store, words, ways, clock)
        self._fallback: FallbackSender | None = None
        if fallback:  # a short wait, or the second channel would get what only waits for the others
            after = settings.fallback_after
            self._outbox.group_wait = min(self._outbox.group_wait, after.total_seconds() / 2)
            self._fallback = FallbackSender(
                store, fallback, lambda batch: write_letter(batch, clock(), zone), clock, time.monotonic, after
            )
        self._events: EventSender | None = None
        if settings.webhook_url:
            receiver = Receiver(settings.webhook_url, settings.webhook_secret, settings.way_to_webhook, clock)
            self._events = EventSender(
                store, receiver.connected, lambda one: body_of(one, zone), clock, time.monotonic, self._metrics
            )
        self._checks.on_sweep, self._checks.on_swept = self._outbox.hold_back, self._outbox.let_go
        self._telegram.on_life, self._boards.on_life = self._chat_lives, self._outbox.alive
        self._outbox.on_life, self._outbox.on_told = self._boards.alive, self._endings.wake

    def _build_service(self) -> None:
        """Builds the answers for chats and machines, and the scheduled jobs beside the checks."""
        settings, store, clock = self._settings, self._store, self._clock
        self._pairing = Pairing(store, clock)
        self.accounts_file = AccountsReload(
            settings, self.secrets, self._discovery, self._checks, self._outbox, self._background, self._reloaded
        )
        self.service = BotService(
            self._context,
            self._checks,
            self._discovery,
            self._outbox,
            self._pairing,
            Silences(self._context, self._writer, self._catch_up),
            self._pauses,
            self._boards,
            self._charts,
            self._telegram.polling,
            self.accounts_file.reload,
            self._events.state if self._events else None,
            watches_all(settings),
        )
        masked = bool(settings.http_listen and not settings.http_listen.loopback)
        self.pages = Pages(
            self.service.vitals, self.service.everything, self._metrics, settings.check_every, clock, masked=masked
        )
        url, proxy = settings.heartbeat_url, settings.way_to_heartbeat
        self._heartbeat = Heartbeat(url, proxy, self.service.vitals, clock) if url else None
        zone, at, wake = settings.timezone, settings.digest_at, self._outbox.wake
        self._summaries: SummarySender | None = None
        if at is not None:
            self._summaries = SummarySender(store, self._chats, self._watched, clock, zone, at, wake)
        work_for = RETENTION_SHARE * self._tick
        self._retention = Retention(store, clock, time.monotonic, self._policy, work_for, self._outbox.tidy)

    def _chats(self) -> tuple[Chat, ...]:
        """Every chat that gets messages or can ask."""
        return self._recipients.present

    def _scope_of(self, chat: Chat) -> ChatScope:
        return ChatScope(self.service, chat)

    async def _watched(self, chat: Chat) -> Sequence[Watched]:
        return await self._scope_of(chat).watched()

    def _notifications_waiting(self) -> None:
        """Wakes the parts that send notifications and edit ended messages."""
        for part in (self._outbox, self._endings, self._events):
            if part:
                part.wake()

    def _chat_lives(self, chat_id: int) -> None:
        """Retries what a chat refused, once it gives a sign of life."""
        for part in (self._outbox, self._endings, self._boards):
            part.alive(chat_id)

    def _round_ended(self, ended: Round) -> None:
        """Pings the heartbeat's address after a round in which every account was read."""
        if ended.whole and self._heartbeat:
            self._background.start(self._heartbeat.ping())

    def _clock_stepped(self, step: ClockStep) -> None:
        """Moves moments outside the database along with the clock."""
        self._checks.clock_stepped(step.by)
        self.service.clock_stepped(step)
        self._retention.clock_was_set()

    async def _find_services(self) -> None:
        """Watches the services that useapi.net showed last, where these are all; asks, where it never answered."""
        if not watches_all(self._settings):
            return
        async with self._store.read() as connection:
            names = await last_known(connection)
        if names is None:
            names = await self._ask_services()
        if names:
            self._active.replace(targets_of(self._settings, names))

    async def _ask_services(self) -> list[str]:
        """The services that useapi.net shows; none, and a line in the log, where it does not say."""
        answer = await ask_services(next(iter(self._active.sources.values())), self._clock)
        if isinstance(answer, CheckFailure):
            titles = titles_of(self._active.targets.services)
            log.warning("%s: %s", watched_note(titles, remembered=False), outage_text(answer))
            return []
        return shown(answer)

    async def _ask_subscription(self) -> None:
        """Asks for subscriptions, and watches the services that came, where these are all."""
        await self._subscriptions.tick()
        if not watches_all(self._settings):
            return
        async with self._store.read() as connection:
            names = await last_known(connection)
        targets = targets_of(self._settings, names or ())
        if names is not None and targets.services != self._active.targets.services:
            log.info("Services at useapi.net: %s", ", ".join(titles_of(targets.services)))
            await self._discovery.take(targets)
            await self._discovery.ask_all()
            await self._checks.start_due()

    def _reloaded(self) -> None:
        """Applies the shortest interval, and sets the menu in new chats."""
        self._scheduler.every(self._tick, CHECK_JOB, self.service.check_due)
        self._telegram.show_menus()

    async def run(self, stop: asyncio.Event) -> None:
        """Runs until ``stop`` is set or a part fails, and then ends running work within ten seconds."""
        for note in self._settings.notes:
            log.warning("%s", note)
        for name in self._settings.plain_urls:
            log.warning("%s is plain http: whoever is on the way can read the token; use https", name)
        await self._restore()
        workers = [asyncio.create_task(self._checks.run()), asyncio.create_task(self._outbox.run())]
        parts = (
            self._telegram,
            self._boards,
            self._endings,
            self._database_watch,
            self._fallback,
            self._events,
            self._clock_watch,
        )
        fronts = [asyncio.create_task(part.run()) for part in parts if part]
        for task in (*workers, *fronts):
            task.add_done_callback(lambda _: stop.set())
        try:
            self._start_schedule()
            systemd.notify("READY=1")
            await stop.wait()
            systemd.notify("STOPPING=1")
            log.info("Stopping")
            self._scheduler.stop()
        finally:
            failed = first_error((*workers, *fronts))
            await self._shut_down(workers, fronts)
        if failed:
            raise failed

    async def _restore(self) -> None:
        """Continues where the last run ended. Raises DatabaseUnusableError."""
        try:
            if self._clock_watch:
                await self._clock_watch.resume()
            await self._find_services()
            async with self._store.write() as connection:
                await self._recipients.refresh(connection)
            for part in (self._outbox, self._discovery, self._checks, self._summaries):
                if part:
                    await part.resume()
        except DatabaseBusyError as error:
            raise DatabaseUnusableError(str(error)) from error

    def _start_schedule(self) -> None:
        """Starts the scheduled jobs, and the first round."""
        every, tick = self._scheduler.every, self._tick
        every(tick, CHECK_JOB, self.service.check_due)
        every(tick, "list", self.service.list_due)
        every(tick, "subscription", self._ask_subscription)
        every(tick, "jobs", self._jobs.tick)
        every(tick, "link", self._log_pairing_link)
        every(FORECAST_TICKS * tick, "foresee", self._forecaster.look)
        if self._summaries:
            every(SUMMARY_TICKS * tick, "digest", self._summaries.look)
        every(RETENTION_TICKS * tick, "retention", self._retention.tick)
        every(WATCHDOG_EVERY, "watchdog", self._scheduler.feed_watchdog)
        self._scheduler.start()
        self._background.start(self.service.first_round())
        self._background.start(self._ask_subscription())
        self._background.start(self._jobs.tick())
        if self._settings.fallback_addresses:
            self._background.start(log_unusable(Apprise(self._settings.fallback_addresses)))

    async def _log_pairing_link(self) -> None:
        """Logs a link for the first chat while there is none."""
        await self._pairing.log_link(self._telegram.username, self._recipients.home, self._active.targets)

    async def _shut_down(self, workers: Sequence[asyncio.Task[None]], fronts: Sequence[asyncio.Task[None]]) -> None:
        """Gives running checks, messages and answers a moment, then stops everything.

        ``fronts`` are parts whose work can be lost: they stop at once.
        """
        for front in fronts:
            front.cancel()
        last = (self._background.cancel(), self._checks.drain(), self._telegram.stop())
        await asyncio.wait([asyncio.create_task(work) for work in last], timeout=LAST_CHECKS_S)
        await self._checks.cancel()
        checks, messages = workers
        checks.cancel()
        await asyncio.wait([asyncio.create_task(self._outbox.drain())], timeout=LAST_MESSAGES_S)
        await self._outbox.cancel()
        messages.cancel()
        await asyncio.gather(*workers, *fronts, return_exceptions=True)
        await self._telegram.close()
