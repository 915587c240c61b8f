"""The design's invariants of deciding, on random histories.

Three bots live through the same looks: one hears every silence, one none, one all but those of one chat alone. A small
oracle keeps its own count of levels, rows of failures and the time that truly passed, and compares after every look.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from bot.domain.accounts import Account, CheckFailure, CheckResult, Credits, FailureKind, Health, Number, Plan, Reading
from bot.domain.alerts import Alert, AlertRule, NotifyReason, Severity, Silence, SilenceKind
from bot.domain.chats import Chat
from bot.domain.notifications import Notification
from bot.domain.rules import Rules, Thresholds
from bot.evaluation.alert_state import transition
from bot.evaluation.evaluate import AlertUpdate, apply_result, changes_since, decide_account, validate
from bot.evaluation.measurements import Measurement, credits_standing, ladder_severities
from tests.support.builders import (
    DAY,
    HERE,
    HOUR,
    KEY,
    MINUTE,
    NOW,
    PRO,
    SECOND,
    THERE,
    Listeners,
    account_with,
    credit_of,
    days,
    notices_to,
    read,
    rungs,
)

MEASURES = (AlertRule.CREDITS, AlertRule.PLAN, AlertRule.FAILURES)
ROW = 3
NEVER = timedelta(days=-9999)
ZERO = timedelta(0)
EDGES = [-5, 0, 1, 59, 60, 61, 300, 301, 360, 361, 1_200, 1_201, 1_320, 1_321, 3_000, 3_001, 3_300, 3_301, 9_000]
"""Values at and beside the rungs and margins of the ladders below."""


@dataclass
class Told:
    """What a chat believes of one alert, and what its messages were."""

    believes: int = 0
    last_turn: NotifyReason = NotifyReason.RESOLVED
    at: timedelta = NEVER
    out: bool = False


@dataclass
class Wish:
    """A silence as the oracle keeps it: over once its time is, its alert is, or its alert is worse or has eased."""

    silence: Silence
    over: bool = False

    def look(self, alert: Alert, *, eased: bool) -> None:
        """Ends it if its alert has moved on."""
        mine = (self.silence.measure, KEY) == (alert.measure, alert.subject)
        if mine and eased:
            self.over = True
        if mine and not (alert.episode == self.silence.episode and 1 <= alert.level <= self.silence.level):
            self.over = True

    def withholds(self, alert: Alert, chat: Chat, wall: datetime) -> bool:
        """Whether it keeps a chat from being told of an alert."""
        timeless = self.silence.until is None or self.silence.kind is SilenceKind.ACK
        lasts = not self.over and (timeless or wall < (self.silence.until or wall))
        return lasts and self.silence.chat in (None, chat) and self.silence.measure in (None, alert.measure)


class Universe:
    """One bot's memory of one account's alerts, and all it ever said."""

    def __init__(self, *chats: Chat) -> None:
        self.alerts: dict[AlertRule, Alert] = {measure: Alert(KEY, measure) for measure in MEASURES}
        self.told = {(chat, measure): Told() for chat in chats for measure in MEASURES}
        self.listeners = Listeners(chats)
        self.keys: set[tuple[Chat, str]] = set()

    def keep(self, updates: list[AlertUpdate]) -> None:
        """Remembers a look's outcomes and what the chats now believe."""
        self.listeners.keep(updates)
        for one in updates:
            self.alerts[one.alert.measure] = one.alert
            for chat in self.listeners.chats:
                for notification in notices_to([one], chat):
                    self.hear(chat, notification)

    def hear(self, chat: Chat, notification: Notification) -> None:
        """A chat is told something."""
        assert notification.measure
        assert (chat, notification.key) not in self.keys, "a chat gets a notice's key twice"
        self.keys.add((chat, notification.key))
        told = self.told[chat, notification.measure]
        if notification.reason is not NotifyReason.FIRED:
            assert told.believes, f"{notification.reason} of an alert that the chat never heard of"
        told.believes = 0 if notification.reason is NotifyReason.RESOLVED else notification.facts.level


def apart_from_telling(alerts: dict[AlertRule, Alert]) -> dict[AlertRule, Alert]:
    """The states that no silence may change."""
    return {measure: replace(alert, sequence=0) for measure, alert in alerts.items()}


def credits_oracle(level: int, reading: Credits, allowance: Number | None, daily: Number, ladder: Thresholds) -> int:
    """The level by plain climbing: down to the deepest rung reached, else up while no rung from here on holds."""
    held = [False]
    for place, rung in enumerate(ladder, 1):
        if rung.percent and not allowance:
            held.append(False)
            continue
        limit = rung.value * (allowance or 0) / 100 if rung.percent else rung.value
        held.append(reading.total <= limit + max(limit / 10, daily))
        if reading.total <= limit:
            level = max(level, place)
    while level and not any(held[level:]):
        level -= 1
    return level


@st.composite
def credit_values(draw: st.DrawFn) -> Credits:
    """Credits of every kind, also unknown, with allowances that come, go and change."""
    return Credits(
        monthly=draw(st.sampled_from(EDGES) | st.integers(0, 4_000) | st.floats(0, 4_000)),
        daily=draw(st.sampled_from([0, 0, 0, 60, 60, 60, 30, 30, None])),
        package=draw(st.sampled_from([0] * 7 + [500, None])),
        monthly_allowance=draw(st.sampled_from([15_000, 15_000, 6_000, 0, None])),
        daily_allowance=draw(st.sampled_from([60, 60, 0, None])),
    )


class Histories(RuleBasedStateMachine):
    """One account through looks, outages, refills, plans, silences and clocks."""

    def __init__(self) -> None:
        super().__init__()
        self.wall, self.passed, self.set_back_at = NOW, ZERO, NEVER
        self.account: Account = account_with()
        self.plan = Plan()
        self.real, self.open, self.without = Universe(HERE, THERE), Universe(HERE), Universe(HERE, THERE)
        self.wishes: list[Wish] = []
        self.watching = Rules()
        self.credits_level, self.failures_level, self.row = 0, 0, 0
        self.is_out, self.jobs_run_again = False, False
        self.allowance: Number | None = None
        self.daily_allowance: Number = 0

    @initialize(
        ladder=st.sampled_from([rungs("20%", "5%", "0"), rungs("1200", "300", "0"), rungs("20%", "300"), rungs("5%")]),
        remind=st.sampled_from([DAY, 6 * HOUR, None]),
    )
    def begin(self, ladder: Thresholds, remind: timedelta | None) -> None:
        """With any ladder and any reminder."""
        self.watching = Rules(ladder, days(7, 3, 1), ROW, remind)

    @rule(known=credit_values())
    def reading(self, known: Credits) -> None:
        """A look that gives a reading, unless a bucket is lost."""
        self.look(Reading(self.tick(), known, self.plan))

    @precondition(lambda self: self.account.reading is not None)
    @rule(spent=st.sampled_from([0, 1, 5, 50, 100, 1_000]), refilled=st.booleans())
    def next_reading(self, spent: int, refilled: bool) -> None:
        """Some credits spent, perhaps after the daily refill."""
        assert self.account.reading is not None
        last = self.account.reading.credits
        daily = last.daily_allowance if refilled else last.daily
        self.look(
            Reading(self.tick(), replace(last, monthly=last.monthly - spent, daily=daily or last.daily), self.plan)
        )

    @rule(
        kind=st.sampled_from(FailureKind),
        times=st.sampled_from([1, 1, 2, ROW]),
        shared=st.sampled_from([False, False, True]),
    )
    def outage(self, kind: FailureKind, times: int, shared: bool) -> None:
        """Looks that fail, perhaps for all accounts of the source."""
        for _ in range(times):
            self.look(CheckFailure(self.tick(), kind, "no answer"), shared=shared)

    @rule(passing=st.sampled_from([MINUTE, HOUR, 6 * HOUR, 6 * HOUR - SECOND, DAY, 3 * DAY, 20 * DAY]))
    def wait(self, passing: timedelta) -> None:
        """Time passes."""
        self.pass_by(passing)
        self.look_again()

    @rule(jump=st.sampled_from([MINUTE, HOUR, 2 * DAY, 400 * DAY]))
    def set_clock_back(self, jump: timedelta) -> None:
        """The wall clock goes backwards; no time passes."""
        self.wall -= jump
        self.set_back_at = self.passed
        self.look_again()

    @rule(left=st.sampled_from([-DAY, ZERO, HOUR, 12 * HOUR, 2 * DAY, 5 * DAY, 8 * DAY, 30 * DAY]))
    def new_end(self, left: timedelta) -> None:
        """The plan is renewed, extended or shortened."""
        self.plan = replace(self.plan, name=PRO, free=False, ends_at=self.wall + left)
        self.look_again()

    @rule(
        change=st.sampled_from(
            [
                {"cancelled_at": NOW},
                {"cancelled_at": None, "next_name": PRO},
                {"cancelled_at": None, "next_name": PRO},
                {"cancelled_at": None, "next_name": None},
                {"next_name": "Basic"},
                {"free": True},
                {"ends_at": None},
            ]
        )
    )
    def change_plan(self, change: dict[str, object]) -> None:
        """The plan is cancelled, goes on, changes, becomes free, or its end is left out."""
        self.plan = replace(self.plan, **change)  # type: ignore[arg-type]
        self.look_again()

    @rule(
        kind=st.sampled_from([SilenceKind.ALL, SilenceKind.ACCOUNT]),
        chat=st.sampled_from([None, HERE, HERE, THERE]),
        lasting=st.sampled_from([HOUR, DAY, 4 * DAY, None]),
    )
    def mute(self, kind: SilenceKind, chat: Chat | None, lasting: timedelta | None) -> None:
        """Somebody mutes, in one chat or in all."""
        self.wish(Silence(kind, KEY, until=None if lasting is None else self.wall + lasting, chat=chat))

    @rule(
        chat=st.sampled_from([HERE, HERE, THERE]),
        measure=st.sampled_from(MEASURES),
        lasting=st.sampled_from([HOUR, DAY, 4 * DAY]),
    )
    def snooze(self, chat: Chat, measure: AlertRule, lasting: timedelta) -> None:
        """Somebody snoozes what fires, in one chat."""
        alert = self.real.alerts[measure]
        if alert.level:
            about = (KEY, measure, self.wall + lasting, alert.episode, alert.level)
            self.wish(Silence(SilenceKind.SNOOZE, *about, chat=chat))

    @rule(measure=st.sampled_from(MEASURES))
    def ack(self, measure: AlertRule) -> None:
        """Somebody acks what fires."""
        alert = self.real.alerts[measure]
        if alert.level:
            self.wish(Silence(SilenceKind.ACK, KEY, measure, self.wall + DAY, alert.episode, alert.level))

    def wish(self, silence: Silence) -> None:
        """A silence holds from now on; where nobody heeds the one chat's own, only if it is none of these."""
        numbered = replace(silence, id=len(self.wishes) + 1)
        self.wishes.append(Wish(numbered))
        self.real.listeners.silences.append(numbered)
        if silence.chat != HERE:
            self.without.listeners.silences.append(numbered)

    @precondition(lambda self: bool(self.wishes))
    @rule()
    def unmute(self) -> None:
        """Every silence is taken back."""
        for one in self.wishes:
            one.over = True
        self.real.listeners.silences.clear()
        self.without.listeners.silences.clear()
        self.look_again()

    def tick(self) -> datetime:
        """The moment of the next look."""
        self.pass_by(SECOND)
        return self.wall

    def pass_by(self, passing: timedelta) -> None:
        """Time passes, for the bot's clock and in truth."""
        self.wall += passing
        self.passed += passing

    def look_again(self) -> None:
        """A look that finds the credits where they were."""
        known = self.account.reading.credits if self.account.reading else credit_of(9_000, 15_000)
        self.look(Reading(self.tick(), known, self.plan))

    def look(self, sample: CheckResult, *, shared: bool = False) -> None:
        """One look through both universes, and all that must hold after it."""
        before, after = self.account, apply_result(self.account, validate(sample, self.account))
        self.account = after
        self.expect(before, after, shared=shared)
        row = Health(total=2, failing=2, shared=True, fewest_failures=after.failures)
        health = row if shared and after.outage else Health(total=2, failing=int(after.outage is not None))
        opened, heard, apart = (self.decided(one, before, health) for one in (self.open, self.real, self.without))
        levels = dict(self.open.alerts)
        for one in opened:
            self.check_turn(self.open.alerts[one.alert.measure], one)
        self.open.keep(opened)
        for universe, updates in ((self.real, heard), (self.without, apart)):
            universe.keep(updates)
            assert apart_from_telling(universe.alerts) == apart_from_telling(self.open.alerts), (
                "a silence moved a state"
            )
        for one in heard:
            eased = self.is_eased(levels[one.alert.measure], one.alert)
            for wish in self.wishes:
                wish.look(one.alert, eased=eased)
            for chat in (HERE, THERE):
                self.check_told(one, chat)
        there = [(notification.measure, notification.reason) for notification in notices_to(heard, THERE)]
        same = [(notification.measure, notification.reason) for notification in notices_to(apart, THERE)]
        assert there == same, "a silence of one chat changed what another is told"
        self.check_levels()
        self.check_replay(health)

    def decided(self, universe: Universe, before: Account, health: Health) -> list[AlertUpdate]:
        """What one look does in a universe."""
        audience = universe.listeners.audience
        return decide_account(before, self.account, universe.alerts, self.watching, health, audience, self.wall)

    def expect(self, before: Account, after: Account, *, shared: bool) -> None:
        """Moves the oracle."""
        self.jobs_run_again = False
        if after.outage:
            kind = after.outage.kind
            self.row += 1
            if kind is FailureKind.BROKEN:
                self.failures_level = 3
            elif kind is FailureKind.MISSING:
                self.failures_level = max(self.failures_level, 2)
            elif kind not in (FailureKind.UNAUTHORIZED, FailureKind.LAPSED) and not shared and self.row >= ROW:
                self.failures_level = max(self.failures_level, 1)
            return
        assert after.reading is not None
        known = after.reading.credits
        self.row = self.failures_level = 0
        paid = before.reading is not None and before.reading.plan.free is False
        if known.monthly_allowance is not None or (after.reading.plan.free and paid):
            self.allowance = known.monthly_allowance
        if known.daily_allowance is not None:
            self.daily_allowance = known.daily_allowance
        free = after.reading.plan.free is True
        by_the_day = self.allowance == 0 or (free and self.allowance is None)  # such an account has no other refill
        daily = 0 if by_the_day else self.daily_allowance
        self.credits_level = credits_oracle(self.credits_level, known, self.allowance, daily, self.watching.low_credits)
        some = changes_since(before.reading, after.reading)
        grown = some.topped_up + some.refilled + some.by_plan + some.refunded + (0 if daily else some.daily_refilled)
        came = grown > 0 and known.total > daily
        out = self.credits_level > 0 and (known.total <= 0 or (self.is_out and not came))
        self.jobs_run_again, self.is_out = self.is_out and not out and self.credits_level > 0, out

    def check_turn(self, before: Alert, one: AlertUpdate) -> None:
        """Without silences every turn of an alert is said at once, by its reason, and nothing else is."""
        told, after = self.open.told[HERE, before.measure], one.alert
        reason = next((notification.reason for notification in notices_to([one])), NotifyReason.NONE)
        gone = before.measure is AlertRule.PLAN and bool(self.plan.free)
        if after.level == 0:
            assert reason is (NotifyReason.RESOLVED if before.level and not gone else NotifyReason.NONE)
            told.last_turn = NotifyReason.RESOLVED if gone else told.last_turn
        elif before.level == 0:
            assert (reason, after.episode) == (NotifyReason.FIRED, before.episode + 1)
        elif after.level > before.level:
            assert reason is NotifyReason.WORSENED
        elif self.is_eased(before, after):
            is_known = told.out or after.measure is AlertRule.PLAN
            if is_known:
                assert reason is NotifyReason.EASED
            else:
                self.check_reminder(before, one, reason)
        else:
            self.check_reminder(before, one, reason)
        if reason in (NotifyReason.FIRED, NotifyReason.RESOLVED):
            assert reason is not told.last_turn, "fired and resolved alternate"
            told.last_turn = reason
        if reason is not NotifyReason.NONE:
            assert after.sequence == (1 if reason is NotifyReason.FIRED else before.sequence + 1)
            every = self.watching.remind_every  # good news takes the place of a reminder that was due
            was_due = every is not None and self.passed - told.at >= every
            told.at = told.at if reason is NotifyReason.EASED and not was_due else self.passed
            told.out = self.is_out

    def is_eased(self, before: Alert, after: Alert) -> bool:
        """Whether the worst is over: jobs run again, or the plan is to renew after all."""
        if after.measure is AlertRule.PLAN:
            return after.level == 1 < before.level
        return after.measure is AlertRule.CREDITS and self.jobs_run_again

    def check_reminder(self, before: Alert, one: AlertUpdate, reason: NotifyReason) -> None:
        """A reminder comes while critical, or a session is broken; never early, and it is never forgotten."""
        assert reason in (NotifyReason.NONE, NotifyReason.REMINDED)
        every = self.watching.remind_every
        since = self.open.told[HERE, before.measure].at
        reminds = one.alert.severity is Severity.CRITICAL or (
            before.measure is AlertRule.FAILURES and one.alert.level == 3
        )
        if reason is NotifyReason.REMINDED:
            assert reminds
            assert every is not None
            assert self.passed - since >= every, "a reminder came early"
        elif every and reminds and since > self.set_back_at:
            unknown = before.measure is AlertRule.PLAN and (self.plan.free or self.plan.ends_at is None)
            unknown |= before.measure is AlertRule.FAILURES  # while the trouble is the source's, it says nothing
            assert unknown or self.passed - since < every, "a reminder was forgotten"

    def check_told(self, one: AlertUpdate, chat: Chat) -> None:
        """Under a silence nothing is said; without one the chat knows whether it fires, and of nothing less bad."""
        told, level = self.real.told[chat, one.alert.measure], one.alert.level
        if one.alert.measure is AlertRule.PLAN and self.plan.free and not level:
            told.believes = 0  # that a plan is gone is told once, and then over
        if any(wish.withholds(one.alert, chat, self.wall) for wish in self.wishes):
            assert not notices_to([one], chat), "said in spite of a silence"
        else:
            assert bool(level) == bool(told.believes), "the chat does not know whether it fires"
            assert level <= told.believes, "something worse was left unsaid"
            told.believes = level

    def check_levels(self) -> None:
        """The oracle's levels, and a plan's by what people would say of it."""
        alerts = self.real.alerts
        assert alerts[AlertRule.CREDITS].level == self.credits_level
        assert alerts[AlertRule.FAILURES].level == self.failures_level
        assert alerts[AlertRule.FAILURES].severity in (None, Severity.WARNING)
        for alert in alerts.values():
            assert bool(alert.level) == bool(alert.severity)
        if self.account.outage is None and self.plan.ends_at and not self.plan.free:
            self.check_plan(self.plan.ends_at - self.wall, alerts[AlertRule.PLAN].severity)

    def check_plan(self, left: timedelta, severity: Severity | None) -> None:
        """A plan's severity by its remaining time."""
        if left > 7.7 * DAY:
            known = (None, Severity.INFO) if self.plan.cancelled_at else (None,)
            assert severity in known, "a plan with a long time to go fires"
        elif not self.plan.renews and left <= DAY:
            assert severity is Severity.CRITICAL, "a plan about to end for good is not critical"
        elif self.plan.renews and HOUR < left <= 7 * DAY:
            assert severity in (None, Severity.INFO), "a plan that renews is more than info"

    def check_replay(self, health: Health) -> None:
        """The same sample again changes nothing and says nothing."""
        for universe in (self.open, self.real, self.without):
            for one in self.decided(universe, self.account, health):
                known = universe.alerts[one.alert.measure]
                news = self.plan.renews or self.plan.cancelled_at
                if one.alert.measure is AlertRule.PLAN and not known.level and news:
                    continue  # a new period within reach: the old one is resolved, and the next look tells of the new
                if one.alert.measure is AlertRule.PLAN and self.plan.free:
                    continue  # that a plan is gone is told once, and over at the next look
                assert (one.alert, one.notifications) == (known, ()), "a replayed sample changed something"


TestHistories = Histories.TestCase
TestHistories.settings = settings(max_examples=100, stateful_step_count=50, deadline=None)


LEVELS = st.integers(0, 4)


@st.composite
def standings(draw: st.DrawFn) -> Measurement | None:
    """Any standing on a ladder of four, or none."""
    fire_level = draw(LEVELS)
    clear_level = draw(st.integers(fire_level, 4))
    return draw(st.sampled_from([Measurement(-float(fire_level), fire_level, clear_level, ladder_severities(4)), None]))


@given(history=st.lists(st.tuples(standings(), st.integers(-50, 50)), max_size=20))
def test_fired_and_resolved_alternate(history: list[tuple[Measurement | None, int]]) -> None:
    """On any history and any clock: fired and resolved alternate, episodes count up, unknown changes nothing."""
    alert, now, turns = Alert(KEY, AlertRule.CREDITS), NOW, list[NotifyReason]()
    for standing, hours in history:
        now += hours * HOUR
        decision = transition(alert, standing, DAY, now)
        if standing is None:
            assert decision.alert is alert
            assert decision.reason is NotifyReason.NONE
            continue
        if decision.reason in (NotifyReason.FIRED, NotifyReason.RESOLVED):
            turns.append(decision.reason)
        assert standing.fire_level <= decision.alert.level <= max(alert.level, standing.fire_level)
        assert transition(decision.alert, standing, DAY, now).alert == decision.alert
        alert = decision.alert
    assert turns == [(NotifyReason.FIRED, NotifyReason.RESOLVED)[place % 2] for place in range(len(turns))]
    assert alert.episode == turns.count(NotifyReason.FIRED)


@given(data=st.data(), rung=st.integers(2, 5_000), daily=st.integers(0, 500))
def test_a_value_inside_the_margin_never_flaps(data: st.DataObject, rung: int, daily: int) -> None:
    """Once at a rung, any history between the next rung and the margin's end says nothing more."""
    ladder = rungs(str(rung), str(rung // 2))
    top = int(rung + max(rung / 10, daily))
    values = data.draw(st.lists(st.integers(rung // 2 + 1, top), max_size=15))
    alert, said = Alert(KEY, AlertRule.CREDITS), list[NotifyReason]()
    for value in [rung, *values]:
        account = account_with(read(credit_of(value, None, daily_allowance=daily)))
        decision = transition(alert, credits_standing(account, ladder), DAY, NOW)
        alert = decision.alert
        said.append(decision.reason)
    assert said == [NotifyReason.FIRED] + [NotifyReason.NONE] * len(values)
