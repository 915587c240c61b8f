"""Escalation: what is due when, who gets it, that it comes once, and its end."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.alerts import Alert, AlertRule, Notified, NotifyReason, Severity, Silence, SilenceKind
from bot.domain.chats import SECOND_CHANNEL, Chat
from bot.domain.events import EventType
from bot.domain.notifications import Facts, Notification
from bot.evaluation.alert_state import transition
from bot.evaluation.escalation import escalate, is_due
from bot.evaluation.evaluate import Audience, update
from tests.support.builders import DAY, HERE, HOUR, KEY, MINUTE, NOW, THERE, firing, quiet, stand

AFTER = 30 * MINUTE
FAR = Chat(-333)
"""A chat that gets escalated alerts, and nothing else."""

FACTS = Facts(name="Studio", email="alice@example.com", source="pixverse")
ESCALATED, RESOLVED = NotifyReason.ESCALATED, NotifyReason.RESOLVED


def critical(measure: AlertRule = AlertRule.CREDITS, since: datetime = NOW) -> Alert:
    """An alert that is critical since a moment."""
    return replace(firing(3, measure=measure), unattended_since=since)


def ack(level: int = 3, episode: int = 1) -> Silence:
    """An ack of the alert down to a level."""
    return Silence(SilenceKind.ACK, KEY, AlertRule.CREDITS, episode=episode, level=level, by="Kim")


@pytest.mark.parametrize(
    ("silence", "withheld"),
    [
        (ack(), True),
        (ack(level=2), False),
        (ack(episode=7), False),
        (Silence(SilenceKind.ACCOUNT, KEY, until=NOW + DAY), True),
        (Silence(SilenceKind.ALL, until=NOW + DAY), True),
        (Silence(SilenceKind.ALL, until=NOW + MINUTE), False),
        (Silence(SilenceKind.ACCOUNT, KEY, until=NOW + DAY, chat=HERE), False),
        (Silence(SilenceKind.ALL, until=NOW + DAY, chat=HERE), False),
        (Silence(SilenceKind.SNOOZE, KEY, AlertRule.CREDITS, NOW + DAY, 1, 3, chat=HERE), False),
    ],
)
def test_only_what_holds_in_every_chat_withholds_it(silence: Silence, withheld: bool) -> None:
    """An ack of this alert as it stands, and a mute of every chat; a chat's own silence is its own."""
    alert = critical()
    assert is_due(alert, {AlertRule.CREDITS: alert}, [silence], AFTER, NOW + HOUR) is not withheld


@pytest.mark.parametrize(
    ("alert", "later", "due"),
    [
        (critical(), AFTER, True),
        (critical(), AFTER - timedelta(seconds=1), False),
        (replace(critical(), escalated=True), DAY, False),
        (replace(firing(2), unattended_since=NOW), DAY, False),
        (quiet(), DAY, False),
    ],
)
def test_it_is_due_once_after_so_long(alert: Alert, later: timedelta, due: bool) -> None:
    """Critical alone counts, and only what was not escalated."""
    assert is_due(alert, {}, [], AFTER, NOW + later) is due


def test_refused_jobs_are_a_line_of_critical_credits() -> None:
    """One ring, not two: the credits are escalated, and refused jobs alone only where credits are not critical."""
    jobs = replace(critical(AlertRule.JOBS), level=1)
    both = {AlertRule.JOBS: jobs, AlertRule.CREDITS: critical()}
    assert not is_due(jobs, both, [], AFTER, NOW + HOUR)
    assert is_due(both[AlertRule.CREDITS], both, [], AFTER, NOW + HOUR)
    assert is_due(jobs, {AlertRule.JOBS: jobs, AlertRule.CREDITS: firing(2)}, [], AFTER, NOW + HOUR)


def test_refused_jobs_that_made_no_sound_make_none_elsewhere() -> None:
    """They ring once in REMIND_EVERY."""
    silent = replace(critical(AlertRule.JOBS), reminded_at=NOW - HOUR)
    for alert, rings in ((critical(AlertRule.JOBS), True), (silent, False)):
        ((note, _),) = escalate(alert, FACTS, Audience((HERE,), escalation=(FAR,))).notifications
        assert note.rings is rings


def test_every_chat_of_the_setting_gets_it_and_no_other() -> None:
    """One that is told of the account anyway has all buttons, the others the ack alone; all share one key."""
    audience = Audience((HERE, THERE), {}, (), frozenset(), (THERE, FAR, SECOND_CHANNEL))
    found = escalate(critical(), FACTS, audience)
    (inside, told), (outside, others) = found.notifications
    assert (told, others) == ((THERE,), (FAR, SECOND_CHANNEL))
    assert (inside.facts.outside, outside.facts.outside) == (False, True)
    assert inside.key == outside.key
    assert {inside.reason, outside.reason} == {ESCALATED}
    assert inside.rings
    assert inside.facts.unattended_since == NOW
    assert (found.alert.escalated, found.alert.unattended_since) == (True, None)
    assert found.event
    assert found.event.type is EventType.NOTICE
    assert set(found.notified) == {THERE, FAR, SECOND_CHANNEL}


def test_a_chat_outside_gets_the_end_and_nothing_between() -> None:
    """No reminder, no worse threshold; and no end of what it never got."""
    alert = escalate(critical(), FACTS, Audience((HERE,), escalation=(FAR,))).alert
    known = {AlertRule.CREDITS: {FAR: Notified(1, 3), HERE: Notified(1, 3)}}
    audience = Audience((HERE,), known, escalation=(FAR,))
    again = update(alert, NotifyReason.REMINDED, FACTS, audience, NOW)
    assert [chats for _, chats in again.notifications] == [(HERE,)]
    assert again.notified[FAR] == Notified(1, 3)
    over = transition(alert, stand(0), None, NOW + HOUR)
    ended = update(over.alert, over.reason, FACTS, audience, NOW + HOUR)
    assert [(one.reason, chats) for one, chats in ended.notifications] == [(RESOLVED, (HERE, FAR))]
    assert not ended.notified
    unaware = replace(audience, notified={AlertRule.CREDITS: {HERE: Notified(1, 3)}})
    assert [chats for _, chats in update(over.alert, over.reason, FACTS, unaware, NOW).notifications] == [(HERE,)]


def test_the_wait_begins_when_it_becomes_critical() -> None:
    """Not when it fired as a warning; a deeper threshold goes on with it, a milder one ends it."""
    warning = transition(quiet(), stand(2), None, NOW).alert
    assert warning.unattended_since is None
    worse = transition(warning, stand(3), None, NOW + HOUR).alert
    assert worse.unattended_since == NOW + HOUR
    assert transition(worse, stand(3), None, NOW + DAY).alert.unattended_since == NOW + HOUR
    milder = transition(worse, stand(2, 2), None, NOW + DAY).alert
    assert milder.unattended_since is None
    assert transition(milder, stand(3), None, NOW + 2 * DAY).alert.unattended_since == NOW + 2 * DAY


def test_once_an_episode() -> None:
    """It can leave the critical threshold and come back: nobody is told twice. The next episode is another one."""
    told = escalate(critical(), FACTS, Audience((HERE,), escalation=(FAR,))).alert
    back = transition(transition(told, stand(2, 2), None, NOW).alert, stand(3), None, NOW + DAY).alert
    assert (back.severity, back.escalated, back.unattended_since) == (Severity.CRITICAL, True, None)
    next_one = transition(transition(back, stand(0), None, NOW).alert, stand(3), None, NOW + DAY).alert
    assert (next_one.escalated, next_one.unattended_since) == (False, NOW + DAY)


@dataclass
class Life:
    """One alert through time, and beside it a plain count of what should be escalated when."""

    now: datetime = NOW
    alert: Alert = field(default_factory=quiet)
    silences: list[Silence] = field(default_factory=list)
    notified: dict[AlertRule, dict[Chat, Notified]] = field(default_factory=dict)
    escalated: list[tuple[int, datetime]] = field(default_factory=list)
    waits_since: datetime | None = None
    done: set[int] = field(default_factory=set)
    heard: list[NotifyReason] = field(default_factory=list)

    @property
    def audience(self) -> Audience:
        return Audience((HERE,), dict(self.notified), tuple(self.silences), frozenset(), (FAR,))

    @property
    def acked(self) -> bool:
        return any(one.episode == self.alert.episode and 0 < self.alert.level <= one.level for one in self.silences)

    def look(self, level: int) -> None:
        """A check finds a level; what an alert ends of its acks starts the wait anew, as the store does."""
        was_critical = self.alert.severity is Severity.CRITICAL
        decided = transition(self.alert, stand(level), None, self.now)
        found = update(decided.alert, decided.reason, FACTS, self.audience, self.now)
        self.keep(found.alert, found.notified, found.notifications)
        if len(self.silences) != len(left := [one for one in self.silences if self.holds(one)]):
            self.silences = left
            self.restart()
        if self.alert.severity is not Severity.CRITICAL:
            self.waits_since = None
        elif not was_critical:
            self.waits_since = self.now

    def holds(self, one: Silence) -> bool:
        return one.episode == self.alert.episode and 0 < self.alert.level <= one.level

    def keep(
        self, alert: Alert, notified: object, notifications: tuple[tuple[Notification, tuple[Chat, ...]], ...]
    ) -> None:
        self.alert, self.notified = alert, {AlertRule.CREDITS: dict(notified)}  # type: ignore[call-overload]
        self.heard += [note.reason for note, chats in notifications if FAR in chats]

    def restart(self) -> None:
        """As the store does where a silence of all ends."""
        if self.alert.unattended_since is not None:
            self.alert = replace(self.alert, unattended_since=self.now)
        if self.waits_since is not None:
            self.waits_since = self.now

    def ack(self) -> None:
        if self.alert.level:
            self.silences = [ack(self.alert.level, self.alert.episode)]

    def end_ack(self) -> None:
        if self.silences:
            self.silences = []
            self.restart()

    def tick(self) -> None:
        """The bot escalates what is due; the count beside it says whether that was right."""
        due = is_due(self.alert, {AlertRule.CREDITS: self.alert}, self.silences, AFTER, self.now)
        waited = self.waits_since is not None and self.now - self.waits_since >= AFTER
        assert due == (waited and not self.acked and self.alert.episode not in self.done)
        if due:
            self.done.add(self.alert.episode)
            found = escalate(self.alert, FACTS, self.audience)
            self.keep(found.alert, found.notified, found.notifications)


DEEDS = st.one_of(
    st.integers(0, 3).map(lambda level: ("look", level)),
    st.sampled_from([("ack", 0), ("end_ack", 0)]),
    st.integers(1, 60).map(lambda minutes: ("wait", minutes)),
)


@settings(max_examples=300)
@given(st.lists(DEEDS, max_size=40))
def test_on_any_history_it_comes_when_due_once_and_never_while_acknowledged(deeds: list[tuple[str, int]]) -> None:
    """And the chat outside hears alternately that it is escalated and that it is over."""
    life = Life()
    for deed, number in deeds:
        if deed == "look":
            life.look(number)
        elif deed == "wait":
            life.now += number * MINUTE
        else:
            getattr(life, deed)()
        life.tick()
    assert life.heard == [ESCALATED if place % 2 == 0 else RESOLVED for place in range(len(life.heard))]
