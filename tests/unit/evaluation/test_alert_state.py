"""One sample against one alert's memory: every reason, and what of it is said or withheld."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest

from bot.domain.alerts import Alert, AlertRule, Notified, NotifyReason, Severity, Silence, SilenceKind
from bot.domain.chats import Chat
from bot.domain.notifications import Facts
from bot.evaluation.alert_state import (
    ack_until,
    covers,
    due_notification,
    has_lapsed,
    is_muted,
    is_over,
    is_silenced,
    transition,
)
from bot.evaluation.evaluate import AlertUpdate, update
from bot.evaluation.measurements import Measurement
from tests.support.builders import (
    DAY,
    HERE,
    HOUR,
    KEY,
    MINUTE,
    NOW,
    SECOND,
    THERE,
    Listeners,
    firing,
    notices_to,
    quiet,
    stand,
    told,
)

ALL = Silence(SilenceKind.ALL, until=NOW + HOUR)


@dataclass(frozen=True)
class Case:
    name: str
    alert: Alert
    standing: Measurement | None
    reason: NotifyReason
    level: int
    severity: Severity | None = None
    after: timedelta = MINUTE
    remind_every: timedelta | None = DAY


CASES = [
    Case("quiet stays quiet", quiet(), stand(0), NotifyReason.NONE, 0),
    Case("quiet and unknown", quiet(), None, NotifyReason.NONE, 0),
    Case("the first rung is info", quiet(), stand(1), NotifyReason.FIRED, 1, Severity.INFO),
    Case("the next to last is a warning", quiet(), stand(2), NotifyReason.FIRED, 2, Severity.WARNING),
    Case("three rungs at once are one firing", quiet(), stand(3), NotifyReason.FIRED, 3, Severity.CRITICAL),
    Case("inside the margin nothing fires", quiet(), stand(0, clear_level=2), NotifyReason.NONE, 0),
    Case("the same rung again", firing(2), stand(2), NotifyReason.NONE, 2, Severity.WARNING),
    Case("unknown keeps the rung", firing(2), None, NotifyReason.NONE, 2, Severity.WARNING),
    Case("unknown never reminds", firing(3), None, NotifyReason.NONE, 3, Severity.CRITICAL, after=9 * DAY),
    Case("one rung deeper", firing(1), stand(2), NotifyReason.WORSENED, 2, Severity.WARNING),
    Case("two rungs deeper are one worsening", firing(1), stand(3), NotifyReason.WORSENED, 3, Severity.CRITICAL),
    Case(
        "above a rung but inside its margin",
        firing(3),
        stand(2, clear_level=3),
        NotifyReason.NONE,
        3,
        Severity.CRITICAL,
    ),
    Case("shallower, still on the ladder", firing(3), stand(1), NotifyReason.NONE, 1, Severity.INFO),
    Case(
        "above the ladder but inside its margin",
        firing(1),
        stand(0, clear_level=1),
        NotifyReason.NONE,
        1,
        Severity.INFO,
    ),
    Case(
        "shallower by two, held by the first", firing(3), stand(0, clear_level=1), NotifyReason.NONE, 1, Severity.INFO
    ),
    Case("off the ladder", firing(3), stand(0), NotifyReason.RESOLVED, 0),
    Case("off the ladder from the first rung", firing(1), stand(0), NotifyReason.RESOLVED, 0),
    Case("critical a day long", firing(3), stand(3), NotifyReason.REMINDED, 3, Severity.CRITICAL, after=DAY),
    Case("a second early", firing(3), stand(3), NotifyReason.NONE, 3, Severity.CRITICAL, after=DAY - SECOND),
    Case("a warning is not repeated", firing(2), stand(2), NotifyReason.NONE, 2, Severity.WARNING, after=9 * DAY),
    Case("worsened rather than reminded", firing(2), stand(3), NotifyReason.WORSENED, 3, Severity.CRITICAL, after=DAY),
    Case("resolved rather than reminded", firing(3), stand(0), NotifyReason.RESOLVED, 0, after=DAY),
    Case(
        "held by its margin, it is still critical",
        firing(3),
        stand(2, clear_level=3),
        NotifyReason.REMINDED,
        3,
        after=DAY,
    ),
    Case("never to be reminded", firing(3), stand(3), NotifyReason.NONE, 3, after=99 * DAY, remind_every=None),
    Case("no longer critical when due", firing(3), stand(2), NotifyReason.NONE, 2, Severity.WARNING, after=DAY),
    Case("a shorter ladder than before", firing(3), stand(1, ladder=1), NotifyReason.NONE, 1, Severity.CRITICAL),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_reason(case: Case) -> None:
    """Level, margin, severity and reminder lead to exactly the reason of the design's table."""
    decision = transition(case.alert, case.standing, case.remind_every, NOW + case.after)
    assert (decision.reason, decision.alert.level) == (case.reason, case.level)
    if case.severity is not None or case.level == 0:
        assert decision.alert.severity is case.severity


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_same_again_changes_nothing(case: Case) -> None:
    """A replayed sample changes nothing, whatever it did the first time."""
    now = NOW + case.after
    once = transition(case.alert, case.standing, case.remind_every, now)
    again = transition(once.alert, case.standing, case.remind_every, now)
    assert again.alert == once.alert
    assert again.reason is NotifyReason.NONE


def test_a_firing_starts_an_episode() -> None:
    """Fired: a new episode with its own start, count and worst value."""
    before = replace(quiet(), episode=4, sequence=7, since=NOW - 9 * DAY, worst=-99.0, reminded_at=NOW - 9 * DAY)
    alert = transition(before, stand(2), DAY, NOW).alert
    assert (alert.episode, alert.sequence, alert.since) == (5, 0, NOW)
    assert (alert.worst, alert.reminded_at) == (-2.0, NOW)


def test_an_episode_keeps_its_start_and_its_worst() -> None:
    """Worsened and shallower stay in the episode: since when it fires, and the lowest value so far, are kept."""
    alert = transition(firing(1), stand(3), DAY, NOW + HOUR).alert
    alert = transition(alert, stand(1), DAY, NOW + 2 * HOUR).alert
    assert (alert.episode, alert.since, alert.worst) == (1, NOW, -3.0)


def test_a_recovery_keeps_what_its_message_tells() -> None:
    """Resolved: the episode, its start and its worst value remain for the message; severity and period do not."""
    alert = transition(replace(firing(2), period=NOW), stand(0), DAY, NOW + HOUR).alert
    assert (alert.episode, alert.since, alert.worst) == (1, NOW, -2.0)
    assert (alert.severity, alert.period) == (None, None)


def test_worsening_starts_the_wait_for_a_reminder_anew() -> None:
    """A reminder never comes early: a day after the worsening was said, not after the firing."""
    alert = transition(firing(2), stand(3), DAY, NOW + 20 * HOUR).alert
    assert transition(alert, stand(3), DAY, NOW + DAY).reason is NotifyReason.NONE
    assert transition(alert, stand(3), DAY, NOW + 44 * HOUR).reason is NotifyReason.REMINDED


def test_reminders_repeat() -> None:
    """While critical, one reminder per REMIND_EVERY, however often the account is looked at."""
    alert, reminded = firing(3), 0
    for hour in range(1, 24 * 5 + 1):
        decision = transition(alert, stand(3), DAY, NOW + hour * HOUR)
        alert, reminded = decision.alert, reminded + (decision.reason is NotifyReason.REMINDED)
    assert reminded == 5


def test_a_clock_set_back_neither_reminds_nor_delays_for_long() -> None:
    """A clock set back a year restarts the wait: a reminder a day later, not a year later."""
    back = NOW - 365 * DAY
    decision = transition(firing(3), stand(3), DAY, back)
    assert decision.reason is NotifyReason.NONE
    assert transition(decision.alert, stand(3), DAY, back + DAY - SECOND).reason is NotifyReason.NONE
    assert transition(decision.alert, stand(3), DAY, back + DAY).reason is NotifyReason.REMINDED


def renewing(end: datetime, fire_level: int = 0, clear_level: int | None = None, *, renews: bool = True) -> Measurement:
    """Where a plan with such an end stands."""
    return replace(stand(fire_level, clear_level), period=end, renews=renews)


def test_a_new_period_ends_what_was_said_of_the_old_one() -> None:
    """A renewed plan is resolved even where its new end is already within reach, and then told of anew."""
    alert = replace(firing(1, measure=AlertRule.PLAN), period=NOW)
    resolved = transition(alert, renewing(NOW + 5 * DAY, fire_level=1), DAY, NOW)
    assert (resolved.reason, resolved.alert.level) == (NotifyReason.RESOLVED, 0)
    assert (
        transition(resolved.alert, renewing(NOW + 5 * DAY, fire_level=1), DAY, NOW + HOUR).reason is NotifyReason.FIRED
    )


@pytest.mark.parametrize(
    ("period", "standing"),
    [
        (NOW, renewing(NOW + DAY, fire_level=1)),
        (NOW, renewing(NOW + 5 * DAY, fire_level=1, renews=False)),
        (None, renewing(NOW + 5 * DAY, fire_level=1)),
        (NOW, replace(renewing(NOW, fire_level=1), period=None)),
        (NOW + 5 * DAY, renewing(NOW, fire_level=1)),
    ],
    ids=["end moved by a day", "does not renew", "old period unknown", "new period unknown", "end moved back"],
)
def test_what_is_no_new_period(period: datetime | None, standing: Measurement) -> None:
    """Only an end that moves ahead by more than a day, of a plan that renews, is a new period."""
    alert = replace(firing(1, measure=AlertRule.PLAN), period=period)
    decision = transition(alert, standing, DAY, NOW)
    assert (decision.reason, decision.alert.level) == (NotifyReason.NONE, 1)


OVER = replace(firing(1), level=0, severity=None)


@pytest.mark.parametrize(
    ("alert", "notified", "reason", "expected"),
    [
        (firing(2), None, NotifyReason.FIRED, NotifyReason.FIRED),
        (firing(3), told(2), NotifyReason.WORSENED, NotifyReason.WORSENED),
        (firing(3), told(3), NotifyReason.REMINDED, NotifyReason.REMINDED),
        (OVER, told(1), NotifyReason.RESOLVED, NotifyReason.RESOLVED),
        (OVER, None, NotifyReason.RESOLVED, NotifyReason.NONE),
        (firing(3), told(3), NotifyReason.NONE, NotifyReason.NONE),
        (quiet(), None, NotifyReason.NONE, NotifyReason.NONE),
        (firing(3), None, NotifyReason.NONE, NotifyReason.FIRED),
        (firing(3), None, NotifyReason.REMINDED, NotifyReason.FIRED),
        (firing(3), None, NotifyReason.WORSENED, NotifyReason.FIRED),
        (firing(3), told(3, episode=0), NotifyReason.NONE, NotifyReason.FIRED),
        (firing(3), told(1), NotifyReason.REMINDED, NotifyReason.WORSENED),
        (OVER, told(1), NotifyReason.NONE, NotifyReason.RESOLVED),
        (OVER, told(3, episode=0), NotifyReason.NONE, NotifyReason.RESOLVED),
    ],
    ids=[
        "a firing",
        "a worsening",
        "a reminder",
        "a recovery",
        "nothing told, so no recovery",
        "told already",
        "quiet",
        "catching up on a firing",
        "a first word is no reminder",
        "a first word is no worsening",
        "another episode was told",
        "a worse rung is no reminder",
        "catching up on a recovery",
        "a recovery is owed for an earlier episode",
    ],
)
def test_what_is_said(alert: Alert, notified: Notified | None, reason: NotifyReason, expected: NotifyReason) -> None:
    """What differs from what the chat was told last is said, once, and noted; under a silence nothing is."""
    assert due_notification(alert, notified, reason, silenced=True) == (notified, NotifyReason.NONE)
    after, said = due_notification(alert, notified, reason, silenced=False)
    assert said is expected
    known = Notified(alert.episode, alert.level) if alert.level else None
    assert after == (known if expected is not NotifyReason.NONE else notified)
    assert due_notification(alert, after, NotifyReason.NONE, silenced=False) == (after, NotifyReason.NONE)


class Look:
    """One alert through looks, as the checks do it: decided, then said or withheld in each chat."""

    def __init__(self, *silences: Silence, chats: tuple[Chat, ...] = (HERE,)) -> None:
        self.alert = quiet()
        self.listeners = Listeners(chats, list(silences))

    def __call__(self, standing: Measurement | None, now: datetime, *silences: Silence) -> NotifyReason:
        """A look; gives what is said here."""
        return self.said(standing, now, *silences).get(HERE, NotifyReason.NONE)

    def said(self, standing: Measurement | None, now: datetime, *silences: Silence) -> dict[Chat, NotifyReason]:
        """A look; gives what is said in which chat."""
        self.listeners.silences += silences
        decision = transition(self.alert, standing, DAY, now)
        return self.keep(update(decision.alert, decision.reason, Facts(), self.listeners.audience, now))

    def keep(self, one: AlertUpdate) -> dict[Chat, NotifyReason]:
        """Remembers what was decided; gives what is said in which chat."""
        self.alert = one.alert
        self.listeners.keep([one])
        return {chat: notification.reason for chat in self.listeners.chats for notification in notices_to([one], chat)}


def test_after_a_mute_an_untold_rung_is_said_at_once() -> None:
    """A mute that ends while an alert fires: said at once if its present rung was never told."""
    look = Look(ALL)
    assert look(stand(2), NOW) is NotifyReason.NONE
    assert look(stand(2), NOW + HOUR - SECOND) is NotifyReason.NONE
    assert look(stand(2), NOW + HOUR) is NotifyReason.FIRED
    assert look(stand(2), NOW + 2 * HOUR) is NotifyReason.NONE


def test_after_a_mute_a_told_rung_waits_for_its_reminder() -> None:
    """A mute that ends while an alert fires at a rung that was told: nothing until the next reminder."""
    look = Look()
    look(stand(3), NOW)
    assert look(stand(3), NOW + 25 * HOUR, Silence(SilenceKind.ALL, until=NOW + 30 * HOUR)) is NotifyReason.NONE
    assert look(stand(3), NOW + 30 * HOUR) is NotifyReason.NONE
    assert look(stand(3), NOW + 49 * HOUR) is NotifyReason.REMINDED


def test_after_a_mute_a_withheld_recovery_is_told() -> None:
    """A recovery withheld by a mute is told afterwards, even when the look that ends it knows nothing."""
    look = Look()
    look(stand(2), NOW)
    assert look(stand(0), NOW + MINUTE, ALL) is NotifyReason.NONE
    assert look.alert.level == 0
    assert look(None, NOW + HOUR) is NotifyReason.RESOLVED


def test_an_episode_inside_a_mute_ends_without_a_word() -> None:
    """An episode of which nothing was told ends without a word."""
    look = Look(ALL)
    look(stand(2), NOW)
    look(stand(0), NOW + MINUTE)
    assert look(stand(0), NOW + HOUR) is NotifyReason.NONE


def test_a_recovery_is_owed_even_after_a_second_episode_inside_the_mute() -> None:
    """A told episode recovers, another comes and goes, all muted: the chat still hears that it is over."""
    look = Look()
    look(stand(2), NOW)
    look.listeners.silences.append(ALL)
    for minute, level in enumerate((0, 1, 0), 1):
        assert look(stand(level), NOW + minute * MINUTE) is NotifyReason.NONE
    assert look(stand(0), NOW + HOUR) is NotifyReason.RESOLVED
    assert look(stand(0), NOW + 2 * HOUR) is NotifyReason.NONE


def test_a_second_episode_is_a_firing_after_the_mute() -> None:
    """A told episode recovers muted and another begins, no deeper: after the mute it is said as fired."""
    look = Look()
    look(stand(2), NOW)
    look(stand(0), NOW + MINUTE, ALL)
    look(stand(1), NOW + 2 * MINUTE)
    assert look(stand(1), NOW + HOUR) is NotifyReason.FIRED
    assert (look.alert.episode, look.alert.sequence) == (2, 1)


def test_a_rung_left_rearms_even_while_muted() -> None:
    """Shallower re-arms the deeper rung: reached again, it is said again, although a mute hid the way up."""
    look = Look()
    look(stand(3), NOW)
    look(stand(1), NOW + MINUTE, ALL)
    assert look(stand(3), NOW + HOUR) is NotifyReason.WORSENED


def test_a_silence_of_one_chat_changes_nothing_in_another() -> None:
    """Snoozed here at info: the other chat hears the worse rungs, the refill and the next fall, and so does this one.

    Muted here: nothing is said here, and there everything as if there was no mute.
    """
    snooze = Silence(SilenceKind.SNOOZE, KEY, AlertRule.CREDITS, NOW + DAY, 1, 1, "Jo", HERE, id=1)
    look = Look(chats=(HERE, THERE))
    look(stand(1), NOW)
    steps = [
        (1, {}),
        (3, NotifyReason.WORSENED),
        (0, NotifyReason.RESOLVED),
        (1, NotifyReason.FIRED),
        (3, NotifyReason.WORSENED),
    ]
    look.listeners.silences.append(snooze)
    for hour, (level, said) in enumerate(steps, 1):
        expected = dict.fromkeys((HERE, THERE), said) if isinstance(said, NotifyReason) else {}
        assert look.said(stand(level), NOW + hour * HOUR) == expected, level
    assert look.listeners.silences == []
    mute = Silence(SilenceKind.ALL, until=NOW + 9 * DAY, chat=HERE)
    assert look.said(stand(0), NOW + DAY, mute) == {THERE: NotifyReason.RESOLVED}
    assert look.said(stand(2), NOW + 25 * HOUR) == {THERE: NotifyReason.FIRED}
    assert look.said(stand(3), NOW + 26 * HOUR) == {THERE: NotifyReason.WORSENED}
    assert look.said(stand(3), NOW + 50 * HOUR) == {THERE: NotifyReason.REMINDED}
    assert look.said(stand(3), NOW + 9 * DAY) == {HERE: NotifyReason.FIRED, THERE: NotifyReason.REMINDED}
    assert look.said(stand(0), NOW + 10 * DAY) == dict.fromkeys((HERE, THERE), NotifyReason.RESOLVED)


def test_two_chats_that_are_told_at_once_are_told_under_one_key() -> None:
    """What one chat hears as fired another hears as worsened: the same moment, one key, which no other moment has."""
    look = Look(chats=(HERE, THERE))
    mute = Silence(SilenceKind.ALL, until=NOW + HOUR, chat=HERE)
    look.said(stand(1), NOW, mute)
    decision = transition(look.alert, stand(2), DAY, NOW + HOUR)
    one = update(decision.alert, decision.reason, Facts(), look.listeners.audience, NOW + HOUR)
    assert {notification.reason for notification, _ in one.notifications} == {NotifyReason.FIRED, NotifyReason.WORSENED}
    (key,) = {notification.key for notification, _ in one.notifications}
    assert look.keep(one) == {HERE: NotifyReason.FIRED, THERE: NotifyReason.WORSENED}
    decision = transition(look.alert, stand(3), DAY, NOW + 2 * HOUR)
    one = update(decision.alert, decision.reason, Facts(), look.listeners.audience, NOW + 2 * HOUR)
    assert key not in {notification.key for notification, _ in one.notifications}


def test_a_chat_that_is_told_no_more_hears_no_recovery_and_is_forgotten() -> None:
    """Whom an alert no longer concerns is told nothing of it, and what was told there is no more once it is over."""
    look = Look(chats=(HERE, THERE))
    look.said(stand(2), NOW)
    look.listeners.chats = (HERE,)
    assert look.said(stand(3), NOW + HOUR) == {HERE: NotifyReason.WORSENED}
    assert look.said(stand(0), NOW + 2 * HOUR) == {HERE: NotifyReason.RESOLVED}
    assert look.listeners.notified[AlertRule.CREDITS] == {}


ACK = Silence(SilenceKind.ACK, KEY, AlertRule.CREDITS, episode=1, level=2)
SNOOZE = Silence(SilenceKind.SNOOZE, KEY, AlertRule.CREDITS, until=NOW + HOUR, episode=1, level=2)
MUTE = Silence(SilenceKind.ACCOUNT, KEY, until=NOW + HOUR)
OTHER = "pixverse:bob@example.com"


@pytest.mark.parametrize(
    ("silence", "alert", "after", "held"),
    [
        (ALL, firing(3), MINUTE, True),
        (ALL, replace(firing(3), subject=OTHER), MINUTE, True),
        (ALL, quiet(), MINUTE, True),
        (ALL, firing(3), HOUR, False),
        (replace(ALL, until=None), firing(3), 99 * DAY, True),
        (MUTE, firing(3), MINUTE, True),
        (MUTE, firing(1, measure=AlertRule.PLAN), MINUTE, True),
        (MUTE, replace(firing(3), subject=OTHER), MINUTE, False),
        (MUTE, firing(3), HOUR, False),
        (SNOOZE, firing(2), MINUTE, True),
        (SNOOZE, firing(1), MINUTE, True),
        (SNOOZE, firing(3), MINUTE, False),
        (SNOOZE, replace(firing(2), level=0), MINUTE, False),
        (SNOOZE, replace(firing(1), episode=9), MINUTE, False),
        (SNOOZE, firing(2, measure=AlertRule.PLAN), MINUTE, False),
        (SNOOZE, replace(firing(2), subject=OTHER), MINUTE, False),
        (SNOOZE, firing(2), HOUR, False),
        (ACK, firing(2), 99 * DAY, True),
        (ACK, firing(1), MINUTE, True),
        (ACK, firing(3), MINUTE, False),
        (ACK, replace(firing(2), level=0), MINUTE, False),
        (ACK, replace(firing(2), episode=2), MINUTE, False),
        (ACK, firing(2, measure=AlertRule.PLAN), MINUTE, False),
        (ACK, replace(firing(2), subject=OTHER), MINUTE, False),
        (replace(ACK, until=NOW + HOUR), firing(2), HOUR, True),
    ],
)
def test_what_a_silence_covers(silence: Silence, alert: Alert, after: timedelta, held: bool) -> None:
    """Each kind of silence covers exactly its own alerts, until its own end, in every chat or in its own."""
    now = NOW + after
    assert covers(silence, alert, now) is held
    assert is_silenced(alert, HERE, [silence], now) is held
    assert is_silenced(alert, HERE, [replace(MUTE, subject="nobody"), silence], now) is held
    assert is_silenced(alert, HERE, [replace(silence, chat=HERE)], now) is held
    assert not is_silenced(alert, HERE, [replace(silence, chat=THERE)], now)


def test_what_a_mute_covers_beside_alerts() -> None:
    """A note about an account is withheld by a mute of it or of everything; one about nobody by the latter alone."""
    for subject, account, everything in ((KEY, True, True), (OTHER, False, True), ("", False, True)):
        assert is_muted(subject, HERE, [MUTE], NOW) is account
        assert is_muted(subject, HERE, [replace(ALL, chat=HERE)], NOW) is everything
        assert not is_muted(subject, HERE, [replace(ALL, chat=THERE), SNOOZE, ACK], NOW)
        assert not is_muted(subject, HERE, [ALL, MUTE], NOW + HOUR)


def test_no_silence_silences_nothing() -> None:
    """Without a silence everything is said."""
    assert not is_silenced(firing(3), HERE, [], NOW)


@pytest.mark.parametrize(
    ("silence", "alert", "after", "over", "lapsed"),
    [
        (MUTE, None, HOUR - SECOND, False, False),
        (MUTE, OVER, HOUR - SECOND, False, False),
        (ALL, None, HOUR, True, False),
        (SNOOZE, firing(2), HOUR - SECOND, False, False),
        (SNOOZE, firing(2), HOUR, True, False),
        (SNOOZE, firing(3), MINUTE, True, False),
        (SNOOZE, None, MINUTE, True, False),
        (ACK, firing(2), 99 * DAY, False, False),
        (ACK, OVER, MINUTE, True, False),
        (replace(ACK, until=NOW + DAY), firing(2), 9 * DAY, False, False),
        (replace(ACK, until=NOW + DAY, level=3), firing(3), DAY - SECOND, False, False),
        (replace(ACK, until=NOW + DAY, level=3), firing(3), DAY, True, True),
    ],
)
def test_when_a_silence_is_over(
    silence: Silence, alert: Alert | None, after: timedelta, over: bool, lapsed: bool
) -> None:
    """A mute ends with its time alone; a snooze and an ack with their alert, or at a worse rung.

    An ack of what is still critical lapses after its time.
    """
    assert is_over(silence, alert, NOW + after) is over
    assert (alert is not None and over and has_lapsed(silence, alert, NOW + after)) is lapsed


def test_how_long_an_ack_lasts() -> None:
    """A day, longer where reminders are rarer, for ever where there are none."""
    assert ack_until(6 * HOUR, NOW) == NOW + DAY
    assert ack_until(3 * DAY, NOW) == NOW + 3 * DAY
    assert ack_until(None, NOW) is None


def test_an_ack_holds_reminders_and_the_way_back_but_neither_worse_nor_recovery() -> None:
    """Ack: no reminder, nothing for the same rung again, but the next worse rung and the recovery are told."""
    look = Look(chats=(HERE, THERE))
    look(stand(3, ladder=4), NOW)
    look.listeners.silences.append(replace(ACK, level=3, id=1))
    assert look.said(stand(3, ladder=4), NOW + 2 * DAY) == {}
    assert look.said(stand(1, ladder=4), NOW + 49 * HOUR) == {}
    assert look.said(stand(3, ladder=4), NOW + 50 * HOUR) == {}
    assert look.said(stand(4, ladder=4), NOW + 51 * HOUR) == dict.fromkeys((HERE, THERE), NotifyReason.WORSENED)
    assert look.listeners.silences == [], "a worse rung ends it for good"
    assert look.said(stand(0, ladder=4), NOW + 52 * HOUR) == dict.fromkeys((HERE, THERE), NotifyReason.RESOLVED)
