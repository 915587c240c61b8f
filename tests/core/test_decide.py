"""One sample against one alert's memory: every reason, and what of it is said or withheld."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest

from bot.core.decide import announce, covers, decide, is_silenced
from bot.core.measures import Standing
from bot.core.model import Alert, Measure, Reason, Severity, Silence, SilenceKind
from tests.core.builders import DAY, HOUR, KEY, MINUTE, NOW, SECOND, firing, quiet, stand

ALL = Silence(SilenceKind.ALL, until=NOW + HOUR)


@dataclass(frozen=True)
class Case:
    name: str
    alert: Alert
    standing: Standing | None
    reason: Reason
    level: int
    severity: Severity | None = None
    after: timedelta = MINUTE
    remind_every: timedelta | None = DAY


CASES = [
    Case("quiet stays quiet", quiet(), stand(0), Reason.NONE, 0),
    Case("quiet and unknown", quiet(), None, Reason.NONE, 0),
    Case("the first rung is info", quiet(), stand(1), Reason.FIRED, 1, Severity.INFO),
    Case("the next to last is a warning", quiet(), stand(2), Reason.FIRED, 2, Severity.WARNING),
    Case("three rungs at once are one firing", quiet(), stand(3), Reason.FIRED, 3, Severity.CRITICAL),
    Case("inside the margin nothing fires", quiet(), stand(0, hold=2), Reason.NONE, 0),
    Case("the same rung again", firing(2), stand(2), Reason.NONE, 2, Severity.WARNING),
    Case("unknown keeps the rung", firing(2), None, Reason.NONE, 2, Severity.WARNING),
    Case("unknown never reminds", firing(3), None, Reason.NONE, 3, Severity.CRITICAL, after=9 * DAY),
    Case("one rung deeper", firing(1), stand(2), Reason.WORSENED, 2, Severity.WARNING),
    Case("two rungs deeper are one worsening", firing(1), stand(3), Reason.WORSENED, 3, Severity.CRITICAL),
    Case("above a rung but inside its margin", firing(3), stand(2, hold=3), Reason.NONE, 3, Severity.CRITICAL),
    Case("shallower, still on the ladder", firing(3), stand(1), Reason.NONE, 1, Severity.INFO),
    Case("above the ladder but inside its margin", firing(1), stand(0, hold=1), Reason.NONE, 1, Severity.INFO),
    Case("shallower by two, held by the first", firing(3), stand(0, hold=1), Reason.NONE, 1, Severity.INFO),
    Case("off the ladder", firing(3), stand(0), Reason.RESOLVED, 0),
    Case("off the ladder from the first rung", firing(1), stand(0), Reason.RESOLVED, 0),
    Case("critical a day long", firing(3), stand(3), Reason.REMINDED, 3, Severity.CRITICAL, after=DAY),
    Case("a second early", firing(3), stand(3), Reason.NONE, 3, Severity.CRITICAL, after=DAY - SECOND),
    Case("a warning is not repeated", firing(2), stand(2), Reason.NONE, 2, Severity.WARNING, after=9 * DAY),
    Case("worsened rather than reminded", firing(2), stand(3), Reason.WORSENED, 3, Severity.CRITICAL, after=DAY),
    Case("resolved rather than reminded", firing(3), stand(0), Reason.RESOLVED, 0, after=DAY),
    Case("held by its margin, it is still critical", firing(3), stand(2, hold=3), Reason.REMINDED, 3, after=DAY),
    Case("never to be reminded", firing(3), stand(3), Reason.NONE, 3, after=99 * DAY, remind_every=None),
    Case("no longer critical when due", firing(3), stand(2), Reason.NONE, 2, Severity.WARNING, after=DAY),
    Case("a shorter ladder than before", firing(3), stand(1, ladder=1), Reason.NONE, 1, Severity.CRITICAL),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_reason(case: Case) -> None:
    """Level, margin, severity and reminder lead to exactly the reason of the design's table."""
    decision = decide(case.alert, case.standing, case.remind_every, NOW + case.after)
    assert (decision.reason, decision.alert.level) == (case.reason, case.level)
    if case.severity is not None or case.level == 0:
        assert decision.alert.severity is case.severity


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_same_again_changes_nothing(case: Case) -> None:
    """A replayed sample changes nothing, whatever it did the first time."""
    now = NOW + case.after
    once = decide(case.alert, case.standing, case.remind_every, now)
    again = decide(once.alert, case.standing, case.remind_every, now)
    assert again.alert == once.alert
    assert again.reason is Reason.NONE


def test_a_firing_starts_an_episode() -> None:
    """Fired: a new episode with its own start, count and worst value; nothing of it told yet."""
    before = replace(quiet(), episode=4, sequence=7, since=NOW - 9 * DAY, worst=-99.0, reminded_at=NOW - 9 * DAY)
    alert = decide(before, stand(2), DAY, NOW).alert
    assert (alert.episode, alert.sequence, alert.since, alert.told_level) == (5, 0, NOW, 0)
    assert (alert.worst, alert.reminded_at) == (-2.0, NOW)


def test_an_episode_keeps_its_start_and_its_worst() -> None:
    """Worsened and shallower stay in the episode: since when it fires, and the lowest value so far, are kept."""
    alert = decide(firing(1), stand(3), DAY, NOW + HOUR).alert
    alert = decide(alert, stand(1), DAY, NOW + 2 * HOUR).alert
    assert (alert.episode, alert.since, alert.worst) == (1, NOW, -3.0)


def test_a_recovery_keeps_what_its_message_tells() -> None:
    """Resolved: the episode, its start and its worst value remain for the message; severity and period do not."""
    alert = decide(replace(firing(2), period=NOW), stand(0), DAY, NOW + HOUR).alert
    assert (alert.episode, alert.since, alert.worst) == (1, NOW, -2.0)
    assert (alert.severity, alert.period) == (None, None)


def test_worsening_starts_the_wait_for_a_reminder_anew() -> None:
    """A reminder never comes early: a day after the worsening was said, not after the firing."""
    alert = decide(firing(2), stand(3), DAY, NOW + 20 * HOUR).alert
    assert decide(alert, stand(3), DAY, NOW + DAY).reason is Reason.NONE
    assert decide(alert, stand(3), DAY, NOW + 44 * HOUR).reason is Reason.REMINDED


def test_reminders_repeat() -> None:
    """While critical, one reminder per REMIND_EVERY, however often the account is looked at."""
    alert, reminded = firing(3), 0
    for hour in range(1, 24 * 5 + 1):
        decision = decide(alert, stand(3), DAY, NOW + hour * HOUR)
        alert, reminded = decision.alert, reminded + (decision.reason is Reason.REMINDED)
    assert reminded == 5


def test_a_clock_set_back_neither_reminds_nor_delays_for_long() -> None:
    """A clock set back a year restarts the wait: a reminder a day later, not a year later."""
    back = NOW - 365 * DAY
    decision = decide(firing(3), stand(3), DAY, back)
    assert decision.reason is Reason.NONE
    assert decide(decision.alert, stand(3), DAY, back + DAY - SECOND).reason is Reason.NONE
    assert decide(decision.alert, stand(3), DAY, back + DAY).reason is Reason.REMINDED


def renewing(end: datetime, reach: int = 0, hold: int | None = None, *, renews: bool = True) -> Standing:
    """Where a plan with such an end stands."""
    return replace(stand(reach, hold), period=end, renews=renews)


def test_a_new_period_ends_what_was_said_of_the_old_one() -> None:
    """A renewed plan is resolved even where its new end is already within reach, and then told of anew."""
    alert = replace(firing(1, measure=Measure.PLAN), period=NOW)
    resolved = decide(alert, renewing(NOW + 5 * DAY, reach=1), DAY, NOW)
    assert (resolved.reason, resolved.alert.level) == (Reason.RESOLVED, 0)
    assert decide(resolved.alert, renewing(NOW + 5 * DAY, reach=1), DAY, NOW + HOUR).reason is Reason.FIRED


@pytest.mark.parametrize(
    ("period", "standing"),
    [
        (NOW, renewing(NOW + DAY, reach=1)),
        (NOW, renewing(NOW + 5 * DAY, reach=1, renews=False)),
        (None, renewing(NOW + 5 * DAY, reach=1)),
        (NOW, replace(renewing(NOW, reach=1), period=None)),
        (NOW + 5 * DAY, renewing(NOW, reach=1)),
    ],
    ids=["end moved by a day", "does not renew", "old period unknown", "new period unknown", "end moved back"],
)
def test_what_is_no_new_period(period: datetime | None, standing: Standing) -> None:
    """Only an end that moves ahead by more than a day, of a plan that renews, is a new period."""
    alert = replace(firing(1, measure=Measure.PLAN), period=period)
    decision = decide(alert, standing, DAY, NOW)
    assert (decision.reason, decision.alert.level) == (Reason.NONE, 1)


def said(alert: Alert, reason: Reason = Reason.NONE, *, silenced: bool = False) -> Reason:
    """What is said of an alert."""
    return announce(alert, reason, silenced=silenced).reason


@pytest.mark.parametrize(
    ("alert", "reason", "expected"),
    [
        (firing(2, told=0), Reason.FIRED, Reason.FIRED),
        (firing(3, told=2), Reason.WORSENED, Reason.WORSENED),
        (firing(3), Reason.REMINDED, Reason.REMINDED),
        (replace(firing(1), level=0, severity=None), Reason.RESOLVED, Reason.RESOLVED),
        (replace(firing(1, told=0), level=0, severity=None), Reason.RESOLVED, Reason.NONE),
        (firing(3), Reason.NONE, Reason.NONE),
        (quiet(), Reason.NONE, Reason.NONE),
        (firing(3, told=0), Reason.NONE, Reason.FIRED),
        (firing(3, told=0), Reason.REMINDED, Reason.FIRED),
        (firing(3, told=1), Reason.REMINDED, Reason.WORSENED),
        (replace(firing(1), level=0, severity=None), Reason.NONE, Reason.RESOLVED),
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
        "a worse rung is no reminder",
        "catching up on a recovery",
    ],
)
def test_what_is_said(alert: Alert, reason: Reason, expected: Reason) -> None:
    """What differs from what was told last is said, once, and noted; under a silence nothing is."""
    assert said(alert, reason) is expected
    assert announce(alert, reason, silenced=True).alert == alert
    assert said(alert, reason, silenced=True) is Reason.NONE
    told = announce(alert, reason, silenced=False).alert
    assert told.told_level == (alert.level if expected is not Reason.NONE else alert.told_level)
    assert told.sequence == alert.sequence + (expected is not Reason.NONE)
    assert said(told) is Reason.NONE


def step(alert: Alert, standing: Standing | None, now: datetime, *silences: Silence) -> tuple[Alert, Reason]:
    """One look as the checks do it: decided, then said or withheld."""
    decision = decide(alert, standing, DAY, now)
    decision = announce(decision.alert, decision.reason, silenced=is_silenced(decision.alert, silences, now))
    return decision.alert, decision.reason


def test_after_a_mute_an_untold_rung_is_said_at_once() -> None:
    """A mute that ends while an alert fires: said at once if its present rung was never told."""
    alert, reason = step(quiet(), stand(2), NOW, ALL)
    assert reason is Reason.NONE
    alert, reason = step(alert, stand(2), NOW + HOUR - SECOND, ALL)
    assert reason is Reason.NONE
    alert, reason = step(alert, stand(2), NOW + HOUR, ALL)
    assert reason is Reason.FIRED
    assert step(alert, stand(2), NOW + 2 * HOUR)[1] is Reason.NONE


def test_after_a_mute_a_told_rung_waits_for_its_reminder() -> None:
    """A mute that ends while an alert fires at a rung that was told: nothing until the next reminder."""
    mute = Silence(SilenceKind.ALL, until=NOW + 30 * HOUR)
    alert, _ = step(quiet(), stand(3), NOW)
    alert, reason = step(alert, stand(3), NOW + 25 * HOUR, mute)
    assert reason is Reason.NONE
    alert, reason = step(alert, stand(3), NOW + 30 * HOUR, mute)
    assert reason is Reason.NONE
    assert step(alert, stand(3), NOW + 49 * HOUR)[1] is Reason.REMINDED


def test_after_a_mute_a_withheld_recovery_is_told() -> None:
    """A recovery withheld by a mute is told afterwards, even when the look that ends it knows nothing."""
    alert, _ = step(quiet(), stand(2), NOW)
    alert, reason = step(alert, stand(0), NOW + MINUTE, ALL)
    assert (alert.level, reason) == (0, Reason.NONE)
    assert step(alert, None, NOW + HOUR, ALL)[1] is Reason.RESOLVED


def test_an_episode_inside_a_mute_ends_without_a_word() -> None:
    """An episode of which nothing was told ends without a word."""
    alert, _ = step(quiet(), stand(2), NOW, ALL)
    alert, _ = step(alert, stand(0), NOW + MINUTE, ALL)
    assert step(alert, stand(0), NOW + HOUR, ALL)[1] is Reason.NONE


def test_a_recovery_is_owed_even_after_a_second_episode_inside_the_mute() -> None:
    """A told episode recovers, another comes and goes, all muted: the chat still hears that it is over."""
    alert, _ = step(quiet(), stand(2), NOW)
    for minute, level in enumerate((0, 1, 0), 1):
        alert, reason = step(alert, stand(level), NOW + minute * MINUTE, ALL)
        assert reason is Reason.NONE
    alert, reason = step(alert, stand(0), NOW + HOUR, ALL)
    assert reason is Reason.RESOLVED
    assert step(alert, stand(0), NOW + 2 * HOUR)[1] is Reason.NONE


def test_a_second_episode_is_a_firing_after_the_mute() -> None:
    """A told episode recovers muted and another begins, no deeper: after the mute it is said as fired."""
    alert, _ = step(quiet(), stand(2), NOW)
    alert, _ = step(alert, stand(0), NOW + MINUTE, ALL)
    alert, _ = step(alert, stand(1), NOW + 2 * MINUTE, ALL)
    alert, reason = step(alert, stand(1), NOW + HOUR, ALL)
    assert (reason, alert.episode, alert.sequence) == (Reason.FIRED, 2, 1)


def test_a_rung_left_rearms_even_while_muted() -> None:
    """Shallower re-arms the deeper rung: reached again, it is said again, although a mute hid the way up."""
    alert, _ = step(quiet(), stand(3), NOW)
    alert, _ = step(alert, stand(1), NOW + MINUTE, ALL)
    alert, reason = step(alert, stand(3), NOW + HOUR, ALL)
    assert reason is Reason.WORSENED


ACK = Silence(SilenceKind.ACK, KEY, Measure.CREDITS, episode=1, level=2)
SNOOZE = Silence(SilenceKind.SNOOZE, KEY, Measure.CREDITS, until=NOW + HOUR)
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
        (MUTE, firing(1, measure=Measure.PLAN), MINUTE, True),
        (MUTE, replace(firing(3), subject=OTHER), MINUTE, False),
        (MUTE, firing(3), HOUR, False),
        (SNOOZE, firing(3), MINUTE, True),
        (SNOOZE, replace(firing(1), episode=9), MINUTE, True),
        (SNOOZE, firing(3, measure=Measure.PLAN), MINUTE, False),
        (SNOOZE, replace(firing(3), subject=OTHER), MINUTE, False),
        (SNOOZE, firing(3), HOUR, False),
        (ACK, firing(2), 99 * DAY, True),
        (ACK, firing(1), MINUTE, True),
        (ACK, firing(3), MINUTE, False),
        (ACK, replace(firing(2), level=0), MINUTE, False),
        (ACK, replace(firing(2), episode=2), MINUTE, False),
        (ACK, firing(2, measure=Measure.PLAN), MINUTE, False),
        (ACK, replace(firing(2), subject=OTHER), MINUTE, False),
        (replace(ACK, until=NOW + HOUR), firing(2), HOUR, False),
    ],
)
def test_what_a_silence_covers(silence: Silence, alert: Alert, after: timedelta, held: bool) -> None:
    """Each kind of silence covers exactly its own alerts, until its own end."""
    assert covers(silence, alert, NOW + after) is held
    assert is_silenced(alert, [silence], NOW + after) is held
    assert is_silenced(alert, [replace(MUTE, subject="nobody"), silence], NOW + after) is held


def test_no_silence_silences_nothing() -> None:
    """Without a silence everything is said."""
    assert not is_silenced(firing(3), [], NOW)


def test_an_ack_holds_reminders_and_the_way_back_but_neither_worse_nor_recovery() -> None:
    """Ack: no reminder, nothing for the same rung again, but the next worse rung and the recovery are told."""
    ack = replace(ACK, level=3)
    alert, _ = step(quiet(), stand(3, ladder=4), NOW)
    assert step(alert, stand(3, ladder=4), NOW + 2 * DAY, ack)[1] is Reason.NONE
    alert, _ = step(alert, stand(1, ladder=4), NOW + HOUR, ack)
    alert, reason = step(alert, stand(3, ladder=4), NOW + 2 * HOUR, ack)
    assert reason is Reason.NONE
    assert step(alert, stand(4, ladder=4), NOW + 3 * HOUR, ack)[1] is Reason.WORSENED
    assert step(alert, stand(0, ladder=4), NOW + 3 * HOUR, ack)[1] is Reason.RESOLVED
