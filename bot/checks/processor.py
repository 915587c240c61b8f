"""From check results to stored alerts and deliveries: each batch in one transaction."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeVar

from bot.checks.context import Context
from bot.checks.results import Change, FinishedCheck, Saved, log_unreadable, seen
from bot.checks.spread import next_look
from bot.checks.token_health import token_health
from bot.domain.accounts import Account, CheckFailure, FailureKind, Health, NotModified, SourceState
from bot.domain.alerts import Alert, AlertRule, Notified, Severity, Silence
from bot.domain.chats import Chat
from bot.domain.events import Event, EventType
from bot.domain.jobs import Statistics
from bot.domain.notifications import Facts, Notification, NotificationKind
from bot.domain.subscription import KnownBroken, counted
from bot.evaluation.alert_state import is_muted
from bot.evaluation.evaluate import (
    Alerts,
    AlertUpdate,
    Audience,
    account_facts,
    apply_result,
    broken_facts,
    closed_event,
    decide_account,
    decide_broken,
    decide_plan,
    decide_source,
    is_critical,
    source_facts,
    standing_of,
    validate,
)
from bot.evaluation.jobs import decide_jobs, jobs_facts
from bot.evaluation.steady import plan_steady_until, steady_until
from bot.evaluation.sweep import called_for
from bot.sources.registry import SERVICES
from bot.storage import accounts, alerts, chats, events, history, jobs, outbox, past_alerts, readings, subscriptions
from bot.storage.alerts import Memory
from bot.storage.connection import Connection

log = logging.getLogger(__name__)
T = TypeVar("T")

AT_ONCE = 200
"""Alerts evaluated in one go without a check; other tasks run in between."""

LOOKED_AT_AGAIN = 100
"""Accounts of a source that answers again which are checked early."""


@dataclass(frozen=True, slots=True)
class Remembered:
    """Stored state of some subjects before a decision: their alerts, what each chat got, and silences."""

    alerts: Mapping[str, Alerts]
    notified: Memory
    silences: Mapping[str, Sequence[Silence]]
    undelivered: Collection[str] = ()
    """Subjects whose plan alert has a delivery that waits."""

    escalation: tuple[Chat, ...] = ()
    """The chats that get alerts nobody acknowledged."""

    def audience(self, subject: str, chats: Sequence[Chat]) -> Audience:
        silences = [*self.silences.get("", ()), *self.silences.get(subject, ())]
        undelivered = frozenset({AlertRule.PLAN} if subject in self.undelivered else ())
        return Audience(tuple(chats), self.notified.get(subject) or {}, silences, undelivered, self.escalation)

    def told(self, alert: Alert) -> Mapping[Chat, Notified]:
        """The last notification of an alert in each chat."""
        return (self.notified.get(alert.subject) or {}).get(alert.measure) or {}

    def is_no_longer_critical(self, one: AlertUpdate) -> bool:
        """True if credits were critical, and are not any longer."""
        before = (self.alerts.get(one.alert.subject) or {}).get(AlertRule.CREDITS)
        return one.alert.measure is AlertRule.CREDITS and is_critical(before) and not is_critical(one.alert)

    def is_changed_by(self, one: AlertUpdate) -> bool:
        """True if an update changes anything stored."""
        before = (self.alerts.get(one.alert.subject) or {}).get(one.alert.measure)
        is_new = one.alert != before and one.alert.episode > 0  # an alert that never fired is not stored
        return is_new or bool(one.ended) or one.notified != self.told(one.alert)


class AlertWriter:
    """Loads what decisions need, and stores what they bring, inside the caller's transaction."""

    def __init__(self, context: Context) -> None:
        self._active_targets = context.active_targets
        self._recipients = context.recipients
        self._webhook = context.webhook

    async def remembered(self, connection: Connection, subjects: Iterable[str], now: datetime) -> Remembered:
        """Loads what is stored about subjects before a decision."""
        known = await alerts.load(connection, subjects)
        told = await alerts.load_notified(connection, known) if known else {}
        silences: dict[str, list[Silence]] = defaultdict(list)
        for one in await alerts.active_silences(connection, now):
            silences[one.subject].append(one)
        plans = [subject for subject, some in known.items() if AlertRule.PLAN in some and some[AlertRule.PLAN].level]
        undelivered = await outbox.undelivered(connection, plans, AlertRule.PLAN) if plans else ()
        return Remembered(known, told, silences, undelivered, self._recipients.escalation)

    async def facts_of(
        self, connection: Connection, alert: Alert, account: Account | None, now: datetime
    ) -> tuple[Facts, tuple[Chat, ...]]:
        """The present facts of an alert, and its chats.

        Without an ``account`` it is a source's.
        """
        if account is None and alert.measure is AlertRule.BROKEN:
            state, count, known = await self.broken(connection, alert.subject)
            return broken_facts(state, count, known, alert), self._recipients.told_of(alert.subject)
        if account is None:
            return await self.source_facts(connection, alert), self._recipients.told_of(alert.subject)
        named = self._active_targets.named(account)
        rules, told = self._active_targets.rules_of(named), self._recipients.told_of(account.source, account.email)
        if alert.measure is AlertRule.JOBS:
            others = (await alerts.load(connection, [alert.subject]))[alert.subject]
            return jobs_facts(named, alert, others, rules, now), told
        return account_facts(named, alert, standing_of(alert.measure, named, rules, now)), told

    async def source(self, connection: Connection, source: str) -> SourceState:
        """A source's state, with its name."""
        return self._active_targets.named_source(await accounts.source(connection, source))

    async def source_facts(self, connection: Connection, alert: Alert) -> Facts:
        """The present facts of a source's alert; those of one about the token name no service."""
        state = await self.source(connection, alert.subject)
        if alert.measure is not AlertRule.FAILURES:
            return source_facts(state, await accounts.health(connection, alert.subject), alert)
        health = await token_health(connection, self._active_targets.targets, state, alert)
        return source_facts(self.of_token(state) if health.of_token else state, health.failures, alert)

    def of_token(self, state: SourceState) -> SourceState:
        """A source's state in a message about its token."""
        return replace(state, origin=self._active_targets.targets.called_by_token(state.key))

    async def broken(self, connection: Connection, source: str) -> tuple[SourceState, int | None, KnownBroken]:
        """A source's state, its service's broken accounts by useapi.net's count, and those that the bot knows."""
        targets, state = self._active_targets.targets, await self.source(connection, source)
        service = targets.sources[source].service if source in targets.sources else ""
        alike = [one for one in targets.sharing(source) if targets.sources[one].service == service]
        name = SERVICES[service].account_name if service in SERVICES else ""
        return state, counted(state.subscription, name), await subscriptions.known_broken(connection, alike)

    async def say(
        self, connection: Connection, updates: Iterable[AlertUpdate], remembered: Remembered, now: datetime
    ) -> list[Notification]:
        """Stores alerts, their events, and what each chat gets of them, and puts the deliveries into the outbox."""
        changed = [one for one in updates if remembered.is_changed_by(one)]
        stirred = [one.alert for one in changed if one.alert.episode]
        await alerts.save(connection, stirred)
        await past_alerts.note(connection, stirred, now)
        await alerts.save_notified(
            connection, [(one.alert, remembered.told(one.alert), one.notified) for one in changed]
        )
        ended = [number for one in changed for number in one.ended]
        if ended:
            await alerts.end_silences(connection, ended, now)
        if self._webhook:
            await events.put(connection, [one.event for one in changed if one.event], now)
        addressed = [said for one in changed for said in one.notifications]
        await self._address(connection, addressed, now)
        return [notification for notification, _ in addressed]

    async def put(self, connection: Connection, notifications: Sequence[Notification], now: datetime) -> None:
        """Puts notes beside alerts into the outbox, for the chats of their account that did not mute it.

        A note can come again, for the chats that do not have it yet; one that only changed its id has it.
        """
        if not notifications:
            return
        await self.announce(connection, notifications, now)
        await self._recipients.refresh(connection)
        silences = await alerts.active_silences(connection, now)
        known = await chats.got_before_moving(connection, [one.key for one in notifications])
        addressed = []
        for notification in notifications:
            told = (
                one
                for one in self._recipients.of(notification)
                if not is_muted(notification.subject, one, silences, now) and (notification.key, one) not in known
            )
            addressed.append((notification, tuple(told)))
        await self._address(connection, addressed, now)

    async def tell_closed(self, connection: Connection, before: Iterable[Alert], now: datetime) -> None:
        """Ends for the webhook those alerts of ``before`` that were closed since, without a recovery."""
        if not self._webhook:
            return
        firing = {(one.subject, one.measure) for one in await alerts.firing(connection)}
        closed = [one for one in before if (one.subject, one.measure) not in firing]
        known = {one.key: one for one in await accounts.known(connection)} if closed else {}
        over = []
        for alert in closed:
            one = known.get(alert.subject)
            targets = self._active_targets.targets
            left = alert.subject not in targets.sources  # before this start
            origin = alert.subject.partition("/")[2] or None if left else targets.called(alert.subject)
            facts = Facts(name=alert.subject, source=alert.subject, origin=origin)
            if one:
                facts = Facts(name=one.label or one.email, email=one.email, source=one.source)
            over.append(closed_event(alert, facts))
        await events.put(connection, over, now)

    async def announce(self, connection: Connection, notes: Sequence[Notification], now: datetime) -> None:
        """Stores notes beside alerts as events: each once, whatever chats get it."""
        if self._webhook:
            await events.put(connection, [Event(EventType.NOTICE, one) for one in notes], now)

    async def _address(
        self, connection: Connection, addressed: Iterable[tuple[Notification, tuple[Chat, ...]]], now: datetime
    ) -> None:
        """Puts notifications into the outbox, each for its chats."""
        by_chats: dict[tuple[Chat, ...], list[Notification]] = {}
        for notification, told in addressed:
            by_chats.setdefault(told, []).append(notification)
        for told, some in by_chats.items():
            await outbox.put(connection, some, told, now)


class CheckProcessor:
    """Stores check results, evaluates them, and puts deliveries into the outbox."""

    def __init__(self, context: Context, writer: AlertWriter) -> None:
        self._store = context.store
        self._active_targets = context.active_targets
        self._every_of = context.every_of
        self._recipients = context.recipients
        self._clock = context.clock
        self._on_notifications = context.on_notifications
        self._writer = writer
        self._steady_under = context.active_targets.targets
        self.on_lapsed: Callable[[str], None] = lambda _: None
        """Called with a source of which a check was refused for want of a subscription; returns at once."""
        self.clock_moved = timedelta(0)
        """By how much the clock was set since the start, all steps together."""

    def clock_stepped(self, by: timedelta) -> None:
        """The clock was set by ``by``: results that wait for the database have their moments by the old one."""
        self.clock_moved += by

    async def save(self, batch: Sequence[FinishedCheck], *, ends_round: bool = False) -> Saved:
        """One transaction for checks that finished together. It skips accounts that are no longer watched.

        It waits for a database that cannot be written, so no result is lost. A round that ends with these checks is
        marked in the same transaction, because another one would delay the message.
        """
        timer = asyncio.get_running_loop().time
        ended = timer()

        async def work(connection: Connection) -> tuple[Saved, list[Notification]]:
            now = self._clock()
            checks = [self._by_present_clock(check) for check in batch]
            unchanged = await self._note_unchanged(connection, checks, now)
            rest = [check for check in checks if check.key not in unchanged]
            changes = await self._note(connection, rest, now)
            if ends_round:
                await chats.mark(connection, chats.ROUND, now)
            updates, remembered = await self._decide(connection, changes, now)
            # A timer that no setting of the clock changes measures how late the checks are that waited for the
            # database.
            waited = timedelta(seconds=int(timer() - ended))
            notifications = await self._writer.say(connection, updates, remembered, now - waited)
            return Saved(changes, list(unchanged), called_for(notifications)), notifications

        saved, notifications = await self._store.write_patiently(work)
        if notifications:
            self._on_notifications()
        lapsed = (one.after for one in saved.changes if one.after.outage)
        for source in {one.source for one in lapsed if one.outage and one.outage.kind is FailureKind.LAPSED}:
            self.on_lapsed(source)
        return saved

    def _by_present_clock(self, check: FinishedCheck) -> FinishedCheck:
        """The check with its moment by the clock as it is set now; stored moments have moved along already."""
        moved = self.clock_moved - check.clock_moved
        return replace(check, sample=replace(check.sample, taken_at=check.sample.taken_at + moved)) if moved else check

    async def _note_unchanged(self, connection: Connection, batch: Sequence[FinishedCheck], now: datetime) -> set[str]:
        """Stores checks that can decide nothing new, and returns their keys."""
        if self._steady_under is not self._active_targets.targets:  # other rules can apply
            await accounts.forget_steady(connection)
            self._steady_under = self._active_targets.targets
        unchanged = {check.key: check.sample for check in batch if isinstance(check.sample, NotModified)}
        return await accounts.note_unchanged(connection, unchanged, now) if unchanged else set()

    async def say_downtime(self, since: datetime, until: datetime) -> None:
        """Reports, once, a period without checks to every chat without a mute of everything."""
        log.warning("Nobody was watching from %s to %s", since.isoformat(), until.isoformat())
        clock_moved = self.clock_moved
        async with self._store.write() as connection:
            moved = self.clock_moved - clock_moved  # while this waited for the database
            since, until = since + moved, until + moved
            notification = Notification(
                f"pause|{since.isoformat()}",
                NotificationKind.DOWNTIME,
                Severity.INFO,
                facts=Facts(since=since, until=until),
            )
            await history.note_downtime(connection, since, until)
            await chats.mark(connection, chats.DOWNTIME, until)  # it moves with the clock; the history stays
            await self._writer.put(connection, [notification], until)
        self._on_notifications()

    async def _note(self, connection: Connection, batch: Sequence[FinishedCheck], now: datetime) -> list[Change]:
        """Stores results, and when a server that asked for a pause is asked again.

        A page that is no longer that of the stored reading says nothing: another checker can have stored a newer one,
        or the reading is unreadable. The account is checked again.
        """
        if not batch:
            return []
        known = await accounts.load(connection, [look.key for look in batch])
        changes, waits, outdated = [], {}, list[str]()
        for look in batch:
            if look.key not in known:
                continue
            before = self._active_targets.named(known[look.key])
            result = seen(look.sample, before.reading)
            if result is None:
                outdated.append(look.key)
                continue
            sample = validate(result, before)
            if before.pause and isinstance(sample, CheckFailure):
                continue  # it began before the pause: the person on the website can be why it failed
            # a check that began before the pause found whether the plan was renewed
            changes.append(Change(before, apply_result(replace(before, pause=None), sample)))
            if isinstance(sample, CheckFailure) and sample.retry_after:
                every = self._every_of(before.source, before.email)
                waits[before.key] = next_look(before.key, every, now, sample.retry_after)
        log_unreadable(changes)
        new = [change.after for change in changes if change.tells_new]
        await accounts.save(connection, new, [change.after for change in changes if not change.tells_new])
        await readings.append(connection, new)
        await accounts.forget_forecasts(connection, [one.after.key for one in changes if one.overtakes_forecast])
        await history.note_outages(connection, [(change.before, change.after) for change in changes])
        await accounts.plan_looks(connection, waits)
        await accounts.check_again(connection, outdated, now)
        return changes

    async def _decide(
        self, connection: Connection, changes: Sequence[Change], now: datetime
    ) -> tuple[list[AlertUpdate], Remembered]:
        """Evaluates the accounts of a batch and their sources, and stores which accounts are steady."""
        if not changes:
            return [], Remembered({}, {}, {})
        await self._recipients.refresh(connection)
        by_source: dict[str, list[Change]] = {}
        for change in changes:
            by_source.setdefault(change.after.source, []).append(change)
        for source in list(by_source):  # a trouble of several is that of the first
            by_source.setdefault(self._active_targets.targets.together(source)[0], [])
        remembered = await self._writer.remembered(connection, [*by_source, *(one.after.key for one in changes)], now)
        updates: list[AlertUpdate] = []
        steady: dict[str, datetime | None] = {}
        for source, looked in by_source.items():
            health, together = Health(), self._active_targets.targets.together(source)
            with_it = [one for each in together if source == together[0] for one in by_source.get(each, ())]
            if needs_health(with_it or looked, remembered, source):
                health, decided = await self._of_source(connection, source, remembered, now)
                updates += decided
                if answers_again((remembered.alerts.get(source) or {}).get(AlertRule.FAILURES), decided):
                    for each in together if source == together[0] else (source,):
                        await self._look_again(connection, each, now)
            for one in looked:
                decided = self._of_account(one, health, remembered, now)
                left = {
                    **(remembered.alerts.get(one.after.key) or {}),
                    **{each.alert.measure: each.alert for each in decided},
                }
                owed = any(each.owed for each in decided)
                steady[one.after.key] = steady_until(
                    one.after, left, self._active_targets.rules_of(one.after), now, owed=owed
                )
                updates += decided
        await accounts.save_steady(connection, steady)
        eased = [one.alert.subject for one in updates if remembered.is_no_longer_critical(one)]
        if eased:
            await jobs.settle(connection, eased, now)
        return updates, remembered

    def _of_account(self, one: Change, health: Health, remembered: Remembered, now: datetime) -> list[AlertUpdate]:
        account = one.after
        audience = remembered.audience(account.key, self._recipients.told_of(account.source, account.email))
        known = remembered.alerts.get(account.key) or {}
        return decide_account(one.before, account, known, self._active_targets.rules_of(account), health, audience, now)

    async def _of_source(
        self, connection: Connection, source: str, remembered: Remembered, now: datetime
    ) -> tuple[Health, list[AlertUpdate]]:
        """The health by which its accounts are evaluated, and the updates of its own alerts."""
        state, known = await self._writer.source(connection, source), remembered.alerts.get(source) or {}
        health = await token_health(connection, self._active_targets.targets, state, known.get(AlertRule.FAILURES))
        audience = remembered.audience(source, self._recipients.told_of(source))
        rules = self._active_targets.targets.rules_for(source)
        updates = decide_source(state, known, rules, health.own, audience, now)
        if health.of_token or health.left_to_first:
            updates = [one for one in updates if one.alert.measure is not AlertRule.FAILURES]
        if health.of_token:
            found = decide_source(self._writer.of_token(state), known, rules, health.failures, audience, now)
            updates = [*(one for one in found if one.alert.measure is AlertRule.FAILURES), *updates]
        return health.of_accounts, updates

    async def _look_again(self, connection: Connection, source: str, now: datetime) -> None:
        """Makes failed accounts of a source that answers again due now, so that its recovery is soon true.

        Not those with their own interval: a person works there.
        """
        failing = await accounts.failing(connection, source, LOOKED_AT_AGAIN)
        own = self._active_targets.targets.own_check_every
        await accounts.plan_looks(connection, {one.key: now for one in failing if not own(one.source, one.email)})

    async def decide_plans(self, keys: Sequence[str]) -> dict[str, datetime]:
        """Evaluates the plan alerts of paused accounts; returns until when time alone changes nothing.

        An account whose pause ended while this waited for the database is left to its next check: nobody has seen
        whether its plan was renewed.
        """
        until = {}
        async with self._store.write() as connection:
            now = self._clock()
            await self._recipients.refresh(connection)
            loaded = await accounts.load(connection, keys)
            known = {key: account for key, account in loaded.items() if account.pause}
            remembered = await self._writer.remembered(connection, known, now)
            updates = []
            for key, account in known.items():
                rules = self._active_targets.rules_of(account)
                audience = remembered.audience(key, self._recipients.told_of(account.source, account.email))
                known_alerts = remembered.alerts.get(key) or {}
                one = decide_plan(self._active_targets.named(account), known_alerts, rules, audience, now)
                until[key] = plan_steady_until(account, one.alert, rules, now)
                updates.append(one)
            notifications = await self._writer.say(connection, updates, remembered, now)
        if notifications:
            self._on_notifications()
        return until

    async def decide_source(self, connection: Connection, source: str, now: datetime) -> list[Notification]:
        """Evaluates a source alone, after a check of its list."""
        await self._recipients.refresh(connection)
        both = dict.fromkeys((self._active_targets.targets.together(source)[0], source))
        remembered = await self._writer.remembered(connection, both, now)
        updates = [one for each in both for one in (await self._of_source(connection, each, remembered, now))[1]]
        return await self._writer.say(connection, updates, remembered, now)

    async def decide_broken(self, connection: Connection, source: str, now: datetime) -> list[Notification]:
        """Evaluates how many accounts of a source's service useapi.net calls broken."""
        await self._recipients.refresh(connection)
        remembered = await self._writer.remembered(connection, [source], now)
        state, count, known = await self._writer.broken(connection, source)
        rules = self._active_targets.targets.rules_for(source)
        audience = remembered.audience(source, self._recipients.told_of(source))
        one = decide_broken(state, remembered.alerts.get(source) or {}, rules, count, known, audience, now)
        return await self._writer.say(connection, [one], remembered, now)

    async def check_refused(self, connection: Connection, source: str, now: datetime) -> None:
        """Makes the accounts due that were refused for want of a subscription, now that it is active."""
        for each in self._active_targets.targets.sharing(source):
            health = await accounts.health(connection, each)
            if health.refused and health.outage and health.outage.kind is FailureKind.LAPSED:
                await self._look_again(connection, each, now)

    async def save_jobs(self, source: str, found: Statistics | None) -> None:
        """Stores the refused jobs of a source's accounts, and evaluates them.

        None: the statistics cannot be read, and only time passes.
        """

        async def work(connection: Connection) -> list[Notification]:
            now = self._clock()
            if found is None:
                concerned = set(await jobs.with_jobs(connection, source))
            else:
                concerned = await jobs.save(connection, source, found.jobs, now)
            notifications = []
            for part in parted(sorted(concerned)):
                notifications += await self._decide_jobs(connection, part, now)
            return notifications

        if await self._store.write_patiently(work):
            self._on_notifications()

    async def _decide_jobs(self, connection: Connection, keys: Sequence[str], now: datetime) -> list[Notification]:
        await self._recipients.refresh(connection)
        known = await accounts.load(connection, keys)
        remembered = await self._writer.remembered(connection, known, now)
        updates = []
        for key, account in known.items():
            audience = remembered.audience(key, self._recipients.told_of(account.source, account.email))
            rules, alerts_of_it = self._active_targets.rules_of(account), remembered.alerts.get(key) or {}
            updates.append(decide_jobs(self._active_targets.named(account), alerts_of_it, rules, audience, now))
        return await self._writer.say(connection, updates, remembered, now)


def answers_again(before: Alert | None, decided: Iterable[AlertUpdate]) -> bool:
    """True if a source that refused has just begun to answer again."""
    after = next((one.alert for one in decided if one.alert.measure is AlertRule.FAILURES), None)
    return after is not None and after.period is not None and (before is None or before.period is None)


def needs_health(changes: Iterable[Change], remembered: Remembered, source: str) -> bool:
    """True if the state of the whole source matters: a check failed, or the source's own alert is open."""
    failed = any(change.after.outage for change in changes)
    firing = any(alert.level for alert in (remembered.alerts.get(source) or {}).values())
    return failed or firing or bool(remembered.notified.get(source))


def parted(many: Sequence[T]) -> Iterator[Sequence[T]]:
    """Parts that are short enough for one go."""
    return (many[start : start + AT_ONCE] for start in range(0, len(many), AT_ONCE))
