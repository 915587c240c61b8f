"""Deliberate defects, each put into the bot for a while in place of one of its functions.

They show that the oracle can see: each must be caught within few histories. To replace a function is otherwise not our
way to test; here it is the purpose.
"""

import asyncio
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import sqlalchemy as sa

from bot.checks import catch_up, processor
from bot.checks.runner import CheckRunner
from bot.commands import scope as scope_room
from bot.commands import service as service_room
from bot.domain import health
from bot.domain.accounts import Account, Plan
from bot.domain.alerts import Alert, AlertRule, Notified, NotifyReason, Severity, Silence, SilenceKind
from bot.domain.boards import BoardRefused
from bot.domain.chats import Chat
from bot.domain.lapses import Lapse, ToldLapse
from bot.domain.notifications import Facts, Notification
from bot.domain.pauses import PausedAccounts
from bot.domain.retention import HOURLY_AFTER
from bot.domain.rules import CANCELLED
from bot.evaluation import alert_state, escalation, evaluate, lapses, measurements
from bot.features.board.publisher import BoardPublisher
from bot.features.pairing.service import Pairing, is_to_be_noted
from bot.features.pauses.service import PausedPlans
from bot.features.webhook import payload
from bot.features.webhook.sender import EventSender
from bot.outbox import batching, pacing, results
from bot.outbox import dispatcher as outbox_room
from bot.outbox.dispatcher import Dispatcher, ids_of
from bot.sources.useapi import failures
from bot.storage import accounts as account_rows
from bot.storage import alerts as alert_rows
from bot.storage import chats as chat_rows
from bot.storage import events as event_rows
from bot.storage import moments as moment_rows
from bot.storage import outbox as outbox_rows
from bot.storage import retention_statements as retention_rows
from bot.storage.retention import Retention
from bot.storage.schema import alerts as alerts_table
from bot.storage.schema import outbox as outbox_table
from bot.storage.schema import pauses as pauses_table
from bot.storage.schema import silences as silences_table
from bot.storage.schema import to_microseconds
from bot.storage.standing import DatabaseState
from bot.targets.recipients import Recipients
from bot.telegram import sender
from bot.telegram.text import source_alert as source_words
from verification.simulation.run import live_through

Part = tuple[Any, str, Any]
"""What is replaced: where, its name, and by what."""


@dataclass(frozen=True, slots=True)
class Defect:
    """Something wrong, in words, and what it replaces. ``seed`` is a short history in which it is caught, once found.

    Where histories have changed, another has to be found: ``python -m verification.simulation --defects``.
    """

    name: str
    parts: Callable[[], tuple[Part, ...]]
    seed: int | None = None


@contextmanager
def put_in(defect: Defect) -> Iterator[None]:
    """The bot with the defect, until the end of the block."""
    parts = defect.parts()
    kept = [(room, name, getattr(room, name)) for room, name, _ in parts]
    try:
        for room, name, wrong in parts:
            setattr(room, name, wrong)
        yield
    finally:
        for room, name, right in kept:
            setattr(room, name, right)


def caught(defect: Defect, seeds: Sequence[int], enough: int | None = None) -> list[int]:
    """The seeds of the histories in which the defect was caught; no more than ``enough`` are looked for."""
    found = list[int]()
    with put_in(defect):
        for seed in seeds:
            if live_through(seed).misses:
                found.append(seed)
            if enough and len(found) >= enough:
                break
    return found


def lost_resolve() -> tuple[Part, ...]:
    """Recoveries are not said."""
    right = alert_state.due_notification

    def wrong(alert: Any, notified: Any, reason: NotifyReason, *, silenced: bool) -> tuple[Any, NotifyReason]:
        known, said = right(alert, notified, reason, silenced=silenced)
        return known, NotifyReason.NONE if said is NotifyReason.RESOLVED else said

    return ((evaluate, "due_notification", wrong),)


def rearmed_rung() -> tuple[Part, ...]:
    """A rung counts as left as soon as the credits are above it, so what wavers is told again and again."""
    right = measurements.credits_standing

    def wrong(*arguments: Any) -> Any:
        standing = right(*arguments)
        return standing and replace(standing, clear_level=standing.fire_level)

    return ((evaluate, "credits_standing", wrong),)


def dropped_retry() -> tuple[Part, ...]:
    """What Telegram did not take is given up at once."""
    return ((Dispatcher, "_put_off", give_up),)


def final_refusal() -> tuple[Part, ...]:
    """A chat that refuses once is given up, though it may take messages a minute later."""
    return ((Dispatcher, "_refused", give_up),)


async def give_up(self: Dispatcher, result: Any, part: Any, chat: Chat, queue: Any) -> None:
    """What was not delivered never is."""
    now = self._clock()
    await self._store.write_patiently(
        lambda connection: outbox_rows.failed(connection, ids_of(part), result.failure, now)
    )


def forgotten_silence() -> tuple[Part, ...]:
    """Mutes, snoozes and acks are stored, and then not looked at."""

    async def wrong(connection: Any, now: datetime) -> list[Silence]:
        return []

    return ((alert_rows, "active_silences", wrong),)


def unknown_as_zero() -> tuple[Part, ...]:
    """A bucket that the page leaves out counts as empty, where the whole answer should be found unusable."""
    return ((evaluate, "lost_bucket", lambda reading, before: None),)


def left_out_as_opposite() -> tuple[Part, ...]:
    """A cancellation that the page does not tell for a while counts as withdrawn."""
    return ((evaluate, "completed", lambda reading, before: reading),)


def claim_not_recorded() -> tuple[Part, ...]:
    """A delivery is not written down, so the message is sent again after the next start."""

    async def wrong(connection: Any, ids: Sequence[int], message_id: int, now: datetime) -> None:
        return

    return ((outbox_rows, "delivered", wrong),)


def broken_order() -> tuple[Part, ...]:
    """The youngest is told first."""
    right = batching.batches
    return ((outbox_room, "batches", lambda pending: right(pending)[::-1]),)


def stranger_told() -> tuple[Part, ...]:
    """Somebody else is told too."""
    right = Recipients.told_of
    return ((Recipients, "told_of", lambda self, *whom: (*right(self, *whom), Chat(666))),)


def one_blinds_all() -> tuple[Part, ...]:
    """A snooze of one chat silences all."""
    right = alert_state.is_silenced

    def wrong(alert: Any, chat: Chat, silences: Any, now: datetime) -> bool:
        return right(alert, chat, [replace(one, chat=None) for one in silences], now)

    return ((evaluate, "is_silenced", wrong),)


def snooze_outlives_worse() -> tuple[Part, ...]:
    """A snooze holds for its whole time, however bad its alert gets, and over the next episodes."""
    right = alert_state.covers

    def wrong(silence: Silence, alert: Any, now: datetime) -> bool:
        if silence.kind is not SilenceKind.SNOOZE:
            return right(silence, alert, now)
        mine = (silence.subject, silence.measure) == (alert.subject, alert.measure)
        return mine and not alert_state.is_past(silence, now)

    return ((alert_state, "covers", wrong), (evaluate, "ended_by", lambda alert, silences: ()))


def early_reminder() -> tuple[Part, ...]:
    """Reminders come at two thirds of their time."""
    right = alert_state.reminded

    def wrong(alert: Any, every: timedelta | None, now: datetime) -> Any:
        return right(alert, every and every * 2 / 3, now)

    return ((alert_state, "reminded", wrong),)


def marked_before_sent() -> tuple[Part, ...]:
    """A message counts as delivered before it is sent: a crash, or a Telegram that is away, loses it."""

    async def claim(connection: Any, ids: Sequence[int]) -> bool:
        statement = sa.update(outbox_table).where(outbox_table.c.id.in_(ids), outbox_table.c.state == "pending")
        return bool((await connection.execute(statement.values(state="delivered", lead_id=ids[0]))).rowcount)

    return ((outbox_rows, "claim", claim),)


def clock_stretches_spans() -> tuple[Part, ...]:
    """A clock that is set moves nothing along: what is stored lies hours ahead, or hours ago."""

    async def wrong(connection: Any, by: timedelta) -> None:
        return

    return ((moment_rows, "shift", wrong),)


def ended_board() -> tuple[Part, ...]:
    """One refused edit or pin ends a board."""
    right = BoardPublisher._keep_trying

    async def wrong(self: BoardPublisher, board: Any, result: Any, *rest: Any) -> None:
        if isinstance(result, BoardRefused):
            await self._forget(board)
        else:
            await right(self, board, result, *rest)

    return ((BoardPublisher, "_keep_trying", wrong),)


def each_by_itself() -> tuple[Part, ...]:
    """Accounts that change together are each told when their own place in the interval comes."""

    async def wrong(self: CheckRunner, *whom: object) -> None:
        return

    return ((CheckRunner, "_sweep", wrong),)


def swept_without_end() -> tuple[Part, ...]:
    """What follows on a change waits for the others, and goes on waiting when they were checked."""

    def wrong(self: Dispatcher, source: str, after: int) -> None:
        self._group_waits[source] = pacing.GroupWait(after, self._timer() + 400)

    return ((Dispatcher, "hold_back", wrong), (Dispatcher, "let_go", lambda self, source: None))


def looked_at_when_asked() -> tuple[Part, ...]:
    """Whoever asks for the credits of a paused account has it looked at."""

    async def wrong(self: CheckRunner, keys: Iterable[str]) -> None:
        wanted = set(keys)
        async with self._store.read() as connection:
            known = await account_rows.known(connection)
        held, self.paused = self.paused, PausedAccounts()
        for account in known:
            if account.key in wanted:
                self._begin(account)
        await asyncio.sleep(0.01)
        self.paused = held

    return ((CheckRunner, "look_now", wrong),)


def pause_forgotten() -> tuple[Part, ...]:
    """A restart ends every pause."""
    right = CheckRunner.resume

    async def wrong(self: CheckRunner) -> None:
        async with self._store.write() as connection:
            await connection.execute(sa.delete(pauses_table))
        await right(self)

    return ((CheckRunner, "resume", wrong),)


def plan_left_alone() -> tuple[Part, ...]:
    """Nobody watches the plan of who is paused."""

    async def wrong(self: PausedPlans) -> None:
        return

    return ((PausedPlans, "tick", wrong),)


def page_as_verdict() -> tuple[Part, ...]:
    """Whatever page comes under a status counts as useapi.net's own word."""
    return ((failures, "own_words", lambda text, value: text[:40] or "said so"),)


def login_as_outage() -> tuple[Part, ...]:
    """An account whose login failed counts as trouble of the service."""
    return ((failures, "_LOGIN_FAILED", re.compile("(?!)")),)


def sign_ignored() -> tuple[Part, ...]:
    """A chat that takes the bot back waits for its place in the schedule all the same."""
    return ((Dispatcher, "alive", lambda self, chat_id: None),)


def wrong_form_given_up() -> tuple[Part, ...]:
    """A message that Telegram finds wrong is not sent in a plainer form."""
    return ((sender, "forms_of", lambda message: iter([(message,)])),)


def full_disk_silent() -> tuple[Part, ...]:
    """A disk that is full is one line in the log, and nobody's problem."""
    return ((DatabaseState, "problem", property(lambda self: None)),)


def dead_and_green() -> tuple[Part, ...]:
    """That nothing can be read shows only where the last reading is old."""
    return ((service_room, "blackout", lambda accounts: None), (scope_room, "blackout", lambda accounts: None))


def nobody_told_and_green() -> tuple[Part, ...]:
    """Whether anybody was told is no matter of the bot's health."""
    return ((service_room, "unreached_since", lambda untold: None),)


def waits_and_green() -> tuple[Part, ...]:
    """A message that Telegram does not take for long is no matter of the bot's health."""
    return ((health, "DELIVERY_WAIT", timedelta(days=1000)),)


def newcomer_not_told() -> tuple[Part, ...]:
    """Who joins while something fires is greeted as if all were well."""
    right = catch_up.welcomed
    return ((catch_up, "welcomed", lambda *what: [replace(one, notifications=()) for one in right(*what)]),)


def flood_keeps_out() -> tuple[Part, ...]:
    """After some wrong codes the right one is not taken for a while either."""
    right = Pairing.open

    async def wrong(self: Pairing, code: str, chat: Chat, by: str) -> Any:
        async with self._store.read() as connection:
            if not await is_to_be_noted(connection, chat, self._clock()):
                return None
        return await right(self, code, chat, by)

    return ((Pairing, "open", wrong),)


def thread_not_given_up() -> tuple[Part, ...]:
    """A topic that is refused is a chat that refuses: nothing goes out without the topic."""

    def wrong(reason: str, *, in_topic: bool) -> results.Rejected:
        return results.Rejected(reason)

    return ((sender, "bad_request", wrong),)


def upkeep_in_one_go() -> tuple[Part, ...]:
    """Old readings are thinned by one statement that compares what goes with all that stays."""
    statement = (
        "DELETE FROM readings WHERE taken_at < ? AND (account, taken_at) NOT IN "
        "(SELECT account, max(taken_at) FROM readings GROUP BY account, taken_at / 3600000000)"
    )

    async def wrong(self: Retention, work: Any) -> None:
        async with self._store.write(synced=False) as connection:
            await connection.exec_driver_sql(statement, (to_microseconds(work.state.began_at - HOURLY_AFTER),))
            work.state = replace(work.state, reached=None)
            await retention_rows.save(connection, work.state)

    return ((Retention, "_slice", wrong),)


def refused_by_one() -> tuple[Part, ...]:
    """A token that is refused shuts only the accounts that have met it."""
    return ((source_words, "unwatched", lambda facts: f"1 of {facts.total or 0} accounts not watched"),)


def renews_unless_told() -> tuple[Part, ...]:
    """A plan of which nobody said that it renews is said to renew."""

    def wrong(plan: Plan) -> bool | None:
        if plan.free or plan.ends_at is None:
            return None
        return plan.cancelled_at is None and plan.next_name in (None, plan.name)

    return ((Plan, "renews", property(wrong)),)


def free_for_ever_critical() -> tuple[Part, ...]:
    """A free account leaves no rung by its daily credits, though it gets no others."""
    return ((measurements, "lives_by_the_day", lambda account: False),)


def gone_for_ever() -> tuple[Part, ...]:
    """That a plan is gone fires for as long as the account is a free one, and is over when somebody subscribes."""
    right = measurements.plan_standing

    def wrong(*arguments: Any) -> Any:
        standing = right(*arguments)
        return None if standing and standing.settled else standing

    return ((evaluate, "plan_standing", wrong),)


def not_eased(measure: AlertRule) -> tuple[Part, ...]:
    """That the worst is over is not said while an alert still fires."""
    right = alert_state.has_eased

    def wrong(alert: Alert, level: int, *, out: bool) -> bool:
        return alert.measure is not measure and right(alert, level, out=out)

    return ((alert_state, "has_eased", wrong),)


def daily_as_top_up() -> tuple[Part, ...]:
    """Jobs are said to run again when the daily credits come."""
    right = measurements.is_out
    return ((measurements, "is_out", lambda value, daily, changes: right(value, 0, changes)),)


def late_cancellation() -> tuple[Part, ...]:
    """A cancellation is told only when the plan's end is on the ladder."""
    right = measurements.plan_level

    def wrong(*arguments: Any, **named: Any) -> int:
        level = right(*arguments, **named)
        return 0 if level == CANCELLED else level

    return ((measurements, "plan_level", wrong),)


def overdue_though_ahead() -> tuple[Part, ...]:
    """A plan that renews stays overdue for an hour though a clock set back has its end lie ahead."""
    right = measurements.over_at

    def wrong(plan: Plan, *, margin: bool) -> float:
        return measurements.ENDED_MARGIN.total_seconds() if margin else right(plan, margin=margin)

    return ((measurements, "over_at", wrong),)


def broken_told_once() -> tuple[Part, ...]:
    """A broken session is told once and never again."""
    return ((Alert, "reminds", property(lambda alert: alert.severity is Severity.CRITICAL)),)


def steady_for_ever() -> tuple[Part, ...]:
    """An unchanged page is never evaluated again, whatever becomes due meanwhile."""

    def steady(account: Account, *_: Any, **__: Any) -> datetime | None:
        return None if account.outage else datetime(9000, 1, 1, tzinfo=UTC)

    return ((processor, "steady_until", steady),)


def lapses_each_time() -> tuple[Part, ...]:
    """Credits that lapse are told with each forecast."""
    right = lapses.notification_of

    def wrong(account: Account, lapse: Lapse, told: ToldLapse | None, now: datetime) -> Notification:
        return replace(right(account, lapse, told, now), key=f"{account.key}|{now}")

    return ((lapses, "notification_of", wrong),)


def lapses_early() -> tuple[Part, ...]:
    """Credits that lapse are told two weeks before."""
    return ((lapses, "BEFORE", timedelta(days=14)),)


def renamed_event() -> tuple[Part, ...]:
    """An event has the name of what its alert is about now, and not of what it fired for."""

    def wrong(facts: Facts, rule: AlertRule | None) -> str | None:
        return "subscription" if facts.subscription else payload.RULES[rule] if rule else None

    return ((payload, "rule_of", wrong),)


def events_of_chats() -> tuple[Part, ...]:
    """The webhook's receiver gets what some chat gets, and nothing of what is silenced."""
    right = evaluate.update

    def wrong(*arguments: Any, **more: Any) -> Any:
        one = right(*arguments, **more)
        return one if one.notifications else replace(one, event=None)

    return ((evaluate, "update", wrong),)


def events_given_up() -> tuple[Part, ...]:
    """What the webhook's receiver does not take at once is given up."""

    async def wrong(self: EventSender) -> float | None:
        async with self._store.read() as connection:
            waiting = await event_rows.waiting(connection)
        async with self._connected() as post:
            for one in waiting:
                await post.take(one.webhook_id, self._write(one))
                await self._taken(one)
        return None

    return ((EventSender, "_send", wrong),)


def lapses_for_each_id() -> tuple[Part, ...]:
    """A group that becomes a supergroup is told again which credits lapse."""

    async def wrong(connection: Any, keys: Sequence[str]) -> set[tuple[str, Chat]]:
        return set()

    return ((chat_rows, "got_before_moving", wrong),)


def nobody_acts() -> tuple[Part, ...]:
    """What nobody acknowledged stays where it is."""
    return ((catch_up, "is_due", lambda *_: False),)


def escalated_each_time() -> tuple[Part, ...]:
    """It is forgotten that an alert was escalated, so it is again, after the same time."""
    right = escalation.escalate

    def wrong(alert: Alert, facts: Any, audience: Any) -> Any:
        found = right(alert, facts, audience)
        return replace(found, alert=replace(found.alert, escalated=False))

    return ((catch_up, "escalate", wrong),)


def escalated_though_acked() -> tuple[Part, ...]:
    """Whoever is on call is woken although somebody is at it."""
    right = escalation.is_due

    def wrong(alert: Any, alerts: Any, silences: Iterable[Silence], *rest: Any) -> bool:
        return right(alert, alerts, [one for one in silences if one.kind is not SilenceKind.ACK], *rest)

    async def unattended(connection: Any, since: datetime) -> Any:
        query = sa.select(alerts_table.c.subject, alerts_table.c.measure).where(
            alerts_table.c.unattended_since <= since
        )
        return [(row.subject, AlertRule(row.measure)) for row in await connection.execute(query)]

    return ((catch_up, "is_due", wrong), (alert_rows, "unattended", unattended))


def escalated_early() -> tuple[Part, ...]:
    """The wait counts from when an alert fired, and not from when it became critical."""
    right = alert_state.waits_since

    def wrong(alert: Alert, severity: Severity | None, now: datetime) -> datetime | None:
        return right(alert, severity, now) and (alert.since if alert.level else now)

    return ((alert_state, "waits_since", wrong),)


def wait_not_restarted() -> tuple[Part, ...]:
    """After an ack that ended, the wait counts from before it."""

    async def wrong(connection: Any, ids: Iterable[int], now: datetime) -> None:
        await connection.execute(sa.delete(silences_table).where(silences_table.c.id.in_(list(ids))))

    return ((alert_rows, "end_silences", wrong),)


def end_not_told_on_call() -> tuple[Part, ...]:
    """Whoever was woken never hears that it is over."""
    return ((evaluate.Audience, "outside", property(lambda self: ())), (catch_up, "escalate", escalated_anyway))


def escalated_anyway(alert: Alert, facts: Any, audience: Any) -> Any:
    """The right update, where an audience no longer says who is outside."""
    told = replace(alert, sequence=alert.sequence + 1, escalated=True, unattended_since=None)
    facts = replace(facts, unattended_since=alert.unattended_since, outside=True)
    said = evaluate.notification_of(told, NotifyReason.ESCALATED, facts)
    known = dict.fromkeys(audience.escalation, Notified(alert.episode, alert.level))
    before = audience.notified.get(alert.measure) or {}
    return evaluate.AlertUpdate(told, {**before, **known}, ((said, audience.escalation),))


def on_call_reminded() -> tuple[Part, ...]:
    """Whoever was woken gets all that follows, as any chat does."""
    return ((Recipients, "told_of", told_with_on_call(Recipients.told_of)),)


def told_with_on_call(right: Callable[..., Any]) -> Callable[..., Any]:
    """The chats of an account, and those of escalated alerts."""
    return lambda self, *whom: tuple(dict.fromkeys((*right(self, *whom), *self.escalation)))


DEFECTS = (
    Defect("a lost resolve", lost_resolve, 6),
    Defect("a re-armed rung", rearmed_rung, 56),
    Defect("a dropped retry", dropped_retry, 194),
    Defect("a refusal that ends a delivery", final_refusal, 29),
    Defect("a forgotten silence", forgotten_silence, 9),
    Defect("unknown read as 0", unknown_as_zero, 197),
    Defect("what is left out read as its opposite", left_out_as_opposite, 64),
    Defect("an outbox claim not recorded", claim_not_recorded, 10),
    Defect("order broken", broken_order, 30),
    Defect("a stranger told", stranger_told, 6),
    Defect("a snooze of one chat silences all", one_blinds_all, 42),
    Defect("a snooze outlives what is worse", snooze_outlives_worse, 9),
    Defect("each account by itself", each_by_itself, 3),
    Defect("what follows on a change held back without end", swept_without_end, 1),
    Defect("a paused account looked at when asked for", looked_at_when_asked, 37),
    Defect("a pause forgotten over a restart", pause_forgotten, 252),
    Defect("a paused account's plan left alone", plan_left_alone, 37),
    Defect("a reminder too early", early_reminder, 4),
    Defect("delivered marked before sending", marked_before_sent, 141),
    Defect("spans stretched by a clock that is set", clock_stretches_spans, 56),
    Defect("a refused edit ends the board", ended_board, 1),
    Defect("a page of something in between is a verdict", page_as_verdict, 330),
    Defect("a failed login taken for an outage", login_as_outage, 194),
    Defect("a sign of life ignored", sign_ignored, 436),
    Defect("a message in a wrong form given up", wrong_form_given_up, 930),
    Defect("a full disk that nobody is told of", full_disk_silent, 525),
    Defect("green though nothing can be read", dead_and_green, 6),
    Defect("well though an alert has reached nobody", nobody_told_and_green, 932),
    Defect("well though a message waits", waits_and_green, 194),
    Defect("a newcomer not told what fires", newcomer_not_told, 6),
    Defect("a right code kept out by wrong ones", flood_keeps_out, 17),
    Defect("a topic that is refused given no way round", thread_not_given_up, 689),
    Defect("upkeep in one go", upkeep_in_one_go, 29),
    Defect("a refused token that shuts one of many", refused_by_one, 48),
    Defect("a plan renews unless the opposite is told", renews_unless_told, 37),
    Defect("a free account critical for ever", free_for_ever_critical, 14),
    Defect("a plan that is gone fires on", gone_for_ever, 8),
    Defect("that jobs run again not said", partial(not_eased, AlertRule.CREDITS), 19),
    Defect("jobs run again by the daily credits", daily_as_top_up, 14),
    Defect("a cancellation told late", late_cancellation, 19),
    Defect("a withdrawn cancellation not told", partial(not_eased, AlertRule.PLAN), 5),
    Defect("a broken session told once", broken_told_once, 20),
    Defect("overdue though its end lies ahead", overdue_though_ahead, 1337),
    Defect("an unchanged page never evaluated again", steady_for_ever, 3),
    Defect("what nobody acknowledged goes nowhere", nobody_acts, 3),
    Defect("what nobody acknowledged goes there each time", escalated_each_time, 9),
    Defect("what somebody is at escalated", escalated_though_acked, 910),
    Defect("a wait from before it was critical", escalated_early, 3),
    Defect("a wait from before an ack", wait_not_restarted, 196),
    Defect("the end not told to whoever was woken", end_not_told_on_call, 9),
    Defect("whoever was woken told all that follows", on_call_reminded, 3),
    Defect("credits that lapse told with each forecast", lapses_each_time, 7274),
    Defect("credits that lapse told two weeks before", lapses_early, 7274),
    Defect("credits that lapse told again to a supergroup", lapses_for_each_id, 66),
    Defect("an event with another name at the end", renamed_event, 59),
    Defect("events of what chats get alone", events_of_chats, 15),
    Defect("an event given up when it is not taken", events_given_up, 18),
)
