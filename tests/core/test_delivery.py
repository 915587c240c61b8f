"""When to send, and what one message may tell."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.alerts import Measure, Reason, Severity
from bot.domain.notifications import Notification, Topic
from bot.domain.pending import UNTOLD_LASTS, Waiting, of_no_use
from bot.outbox.batching import Cause, Parcel, Story, parcels, stories, worst
from bot.outbox.pacing import LONGEST_GATHER, Sent, gather_until, lateness, pace, wait_after
from bot.outbox.results import REFUSALS
from tests.core.builders import DAY, MINUTE, NOW, SECOND, notification

INFO, WARNING, CRITICAL = Severity.INFO, Severity.WARNING, Severity.CRITICAL
FIRED, WORSENED, REMINDED, RESOLVED = Reason.FIRED, Reason.WORSENED, Reason.REMINDED, Reason.RESOLVED


def only(pending: Sequence[Notification]) -> Story:
    """The one story of the one parcel."""
    (parcel,) = parcels(pending)
    (story,) = parcel.stories
    return story


def test_fired_and_worsened_are_one_message_for_the_worst() -> None:
    """What was overtaken is merged: the message tells what holds now, and all parts are told with it."""
    pending = [notification(1, FIRED, severity=INFO), notification(2, WORSENED, severity=CRITICAL)]
    story = only(pending)
    assert (story.last, story.overtaken, story.rings) == (pending[1], None, True)
    assert worst(Parcel((story,))) is CRITICAL
    assert Parcel((story,)).notifications == tuple(pending)


def test_fired_and_resolved_are_one_message_that_tells_both() -> None:
    """Fired + resolved while Telegram was down: one message, with the worst that was overtaken; it rings for it."""
    pending = [
        notification(1, FIRED, severity=INFO),
        notification(2, WORSENED, severity=CRITICAL),
        notification(3, REMINDED, severity=WARNING),
        notification(4, RESOLVED),
    ]
    story = only(pending)
    assert (story.last, story.overtaken, story.rings) == (pending[3], pending[1], True)


def test_a_recovery_alone_is_silent_and_overtook_nothing() -> None:
    """A recovery whose firing was told comes alone and without sound."""
    story = only([notification(1, RESOLVED)])
    assert (story.overtaken, story.rings) == (None, False)
    assert not replace(story.last.notice, severity=CRITICAL).rings


def test_a_reminder_that_a_recovery_overtook_is_no_news() -> None:
    """The chat knew of the trouble: nothing was kept from it, and the recovery is neither late for it nor first."""
    reminder = notification(1, REMINDED, severity=CRITICAL, at=NOW)
    other = notification(2, FIRED, who="bob", severity=CRITICAL, at=NOW + 5 * MINUTE)
    recovery = notification(3, RESOLVED, at=NOW + 10 * MINUTE)
    first, second = parcels([reminder, other, recovery])
    assert first.notifications == (other,)
    (story,) = second.stories
    assert (story.last, story.overtaken, story.rings) == (recovery, None, False)
    assert second.notifications == (reminder, recovery), "all of it is told once the recovery is"
    assert lateness(second, NOW + 15 * MINUTE) == 5 * MINUTE


def test_a_reminder_that_waits_alone_is_as_late_as_it_is() -> None:
    """Nothing else waits, so it is the news."""
    reminders = [notification(1, REMINDED, at=NOW), notification(2, REMINDED, at=NOW + DAY)]
    (parcel,) = parcels(reminders)
    assert lateness(parcel, NOW + DAY) == DAY


def test_recovered_and_fired_again_tells_that_it_fires() -> None:
    """The last part tells how things stand, whatever came before."""
    pending = [notification(1, RESOLVED), notification(2, FIRED)]
    story = only(pending)
    assert (story.last, story.overtaken) == (pending[1], None)


@pytest.mark.parametrize(("severity", "rings"), [(INFO, False), (WARNING, True), (CRITICAL, True)])
@pytest.mark.parametrize("reason", [FIRED, WORSENED, REMINDED])
def test_what_rings(reason: Reason, severity: Severity, rings: bool) -> None:
    """Info comes without sound, warnings and critical alerts ring; one part that rings makes its message ring."""
    story = only([notification(1, reason, severity=severity)])
    assert story.rings is rings
    quiet = notification(2, FIRED, "bob", severity=INFO)
    (parcel,) = parcels([quiet, notification(1, reason, severity=severity)])
    assert parcel.rings is rings


def test_many_accounts_with_one_cause_are_one_message() -> None:
    """One cause, one message, whichever account and rung; it shows the worst that holds now."""
    pending = [
        notification(1, FIRED, "alice", severity=INFO),
        notification(2, REMINDED, "bob", severity=CRITICAL),
        notification(3, WORSENED, "carol"),
    ]
    (parcel,) = parcels(pending)
    assert parcel.subjects == {"alice", "bob", "carol"}
    assert [story.last for story in parcel.stories] == pending
    assert worst(parcel) is CRITICAL
    assert parcel.cause == Cause(Topic.ALERT, Measure.CREDITS, resolved=False)
    assert parcel.first(2).notifications == tuple(pending[:2])


def test_different_causes_are_different_messages_oldest_first() -> None:
    """Recoveries apart from firings, credits apart from plans and failures; in order of each one's oldest part."""
    pending = [
        notification(1, FIRED, "bob", measure=Measure.PLAN),
        notification(2, FIRED, "alice"),
        notification(3, RESOLVED, "carol"),
        notification(4, FIRED, "dave", measure=Measure.FAILURES),
        notification(5, FIRED, "erin", measure=Measure.PLAN),
        notification(6, FIRED, "alice", measure=Measure.PLAN),
        notification(7, RESOLVED, "alice"),
        notification(8, FIRED, "frank"),
    ]
    told = [[part.id for part in parcel.notifications] for parcel in parcels(pending)]
    assert told == [[1, 5, 6], [2, 7, 3], [4], [8]]


def test_a_greeting_takes_along_what_fires_when_a_chat_joins() -> None:
    """One message has the greeting and every alert that fires, of accounts and sources; what got worse since is apart.

    What is over by then is told with what it was.
    """
    pending = [
        notification(1, Reason.NONE, topic=Topic.GREETING, measure=None),
        notification(2, Reason.JOINED, "alice"),
        notification(3, Reason.JOINED, "bob", measure=Measure.PLAN),
        notification(4, Reason.JOINED, "pixverse", measure=Measure.FAILURES, source=True),
        notification(5, FIRED, "carol"),
        notification(6, Reason.JOINED, "dave"),
        notification(7, Reason.WORSENED, "dave"),
        notification(8, Reason.JOINED, "erin"),
        notification(9, RESOLVED, "erin"),
    ]
    told = parcels(pending)
    assert [[part.id for part in parcel.notifications] for parcel in told] == [[1, 2, 3, 4], [5, 6, 7], [8, 9]]
    assert told[-1].stories[0].overtaken


@pytest.mark.parametrize(
    ("severity", "by", "expected"),
    [(Severity.CRITICAL, None, True), (Severity.CRITICAL, "Kim", False), (Severity.WARNING, None, False)],
)
def test_a_greeting_rings_if_anything_is_critical(severity: Severity, by: str | None, expected: bool) -> None:
    """Not for a warning, and not for what somebody is at already."""
    greeting = notification(1, Reason.NONE, topic=Topic.GREETING, measure=None, severity=Severity.INFO)
    fires = notification(2, Reason.JOINED, severity=severity)
    facts = replace(fires.notice.facts, by=by)
    (parcel,) = parcels([greeting, replace(fires, notice=replace(fires.notice, facts=facts))])
    assert parcel.rings is expected
    (quiet,) = parcels([greeting])
    assert not quiet.rings


@pytest.mark.parametrize("topic", [Topic.ACK, Topic.MUTE])
def test_what_one_act_silenced_is_one_message(topic: Topic) -> None:
    """Of one tap on a message about many accounts the other chats get one line, and of another person's another."""
    lines = [
        replace(one, notice=replace(one.notice, facts=replace(one.notice.facts, by=by, acted_at=NOW)))
        for number, (who, by) in enumerate((("alice", "Kim"), ("bob", "Jo"), ("carol", "Kim")), 1)
        for one in [notification(number, Reason.NONE, who, topic=topic)]
    ]
    assert [[part.id for part in parcel.notifications] for parcel in parcels(lines)] == [[1, 3], [2]]


@pytest.mark.parametrize("topic", [Topic.DOWNTIME, Topic.DIGEST])
def test_notes_stand_alone(topic: Topic) -> None:
    """Pauses and summaries are never merged, not even with their like about the same."""
    note = notification(1, Reason.NONE, topic=topic, measure=None)
    again = replace(note, id=2, notice=replace(note.notice, key="other"))
    assert [parcel.notifications for parcel in parcels([note, again])] == [(note,), (again,)]


def test_a_sources_alert_stands_alone() -> None:
    """A source's alert is not mixed with accounts', nor with another source's."""
    pending = [
        notification(1, FIRED, "pixverse", measure=Measure.FAILURES, source=True),
        notification(2, FIRED, "alice", measure=Measure.FAILURES),
        notification(3, FIRED, "runway", measure=Measure.FAILURES, source=True),
    ]
    assert [[part.id for part in parcel.notifications] for parcel in parcels(pending)] == [[1], [2], [3]]


def test_a_sources_own_parts_are_merged() -> None:
    """A source that failed and came back while Telegram was away is one message that tells both."""
    parts = [
        notification(1, FIRED, "pixverse", measure=Measure.FAILURES, source=True, severity=CRITICAL),
        notification(2, RESOLVED, "pixverse", measure=Measure.FAILURES, source=True),
    ]
    assert only(parts).overtaken == parts[0]


def test_accounts_no_longer_listed_are_one_message() -> None:
    """Several accounts gone at once have one cause."""
    pending = [notification(n, Reason.NONE, who, topic=Topic.GONE, measure=None) for n, who in enumerate("ab")]
    (parcel,) = parcels(pending)
    assert len(parcel.stories) == 2


@st.composite
def histories(draw: st.DrawFn) -> list[Notification]:
    """Whatever may wait for one chat: alerts of a few accounts and sources, and notes, in any order."""
    waiting = []
    for number in range(draw(st.integers(0, 25))):
        topic = draw(st.sampled_from([Topic.ALERT] * 6 + [Topic.GONE, Topic.GREETING, Topic.DOWNTIME]))
        waiting.append(
            notification(
                number,
                draw(st.sampled_from([FIRED, WORSENED, REMINDED, RESOLVED])) if topic is Topic.ALERT else Reason.NONE,
                draw(st.sampled_from("abcd")),
                measure=draw(st.sampled_from(Measure)) if topic is Topic.ALERT else None,
                severity=draw(st.sampled_from(Severity)),
                topic=topic,
                source=draw(st.booleans()),
            )
        )
    return waiting


@given(histories())
def test_nothing_is_lost_and_nothing_told_twice(pending: list[Notification]) -> None:
    """Every notification is in exactly one parcel, each alert's in order, oldest news first, one cause a parcel."""
    packed = parcels(pending)
    assert sorted(part.id for parcel in packed for part in parcel.notifications) == [part.id for part in pending]
    for parcel in packed:
        assert all(replace(parcel, stories=(story,)).cause == parcel.cause for story in parcel.stories)
        for story in parcel.stories:
            ids = [part.id for part in story.parts]
            assert ids == sorted(ids)
            assert len({(part.notice.subject, part.notice.measure) for part in story.parts}) == 1
            assert story.rings == any(part.notice.rings for part in story.news)
    oldest = [min(part.id for story in parcel.stories for part in story.news) for parcel in packed]
    assert oldest == sorted(oldest)
    assert len({parcel.cause for parcel in packed}) == len(packed)
    alerts = {(n.notice.subject, n.notice.measure) for n in pending if n.notice.topic is Topic.ALERT}
    notes = [n for n in pending if n.notice.topic is not Topic.ALERT]
    assert len(stories(pending)) == len(alerts) + len(notes)


@given(histories(), st.integers(1, 4))
def test_told_bit_by_bit_nothing_is_lost(pending: list[Notification], fits: int) -> None:
    """Where a message holds only so many stories, the rest follows; the same alert's parts never change places."""
    told: list[Notification] = []
    left = list(pending)
    while left:
        message = parcels(left)[0].first(fits)
        told += message.notifications
        left = [part for part in left if part not in message.notifications]
    assert sorted(part.id for part in told) == [part.id for part in pending]
    for alert in {(n.notice.subject, n.notice.measure) for n in told if n.notice.topic is Topic.ALERT}:
        ids = [n.id for n in told if (n.notice.subject, n.notice.measure) == alert]
        assert ids == sorted(ids)


def test_waits_grow_to_half_a_minute_without_end() -> None:
    """Everything that is not permanent is tried again: a growing wait, at most half a minute, forever."""
    assert [wait_after(attempts) for attempts in (1, 2, 3, 4, 5, 6, 7, 10_000)] == [1, 2, 4, 8, 16, 30, 30, 30]


@given(st.integers(1, 10**9), st.floats(0, 10**6))
def test_retry_after_is_obeyed(attempts: int, seconds: float) -> None:
    """What the server asks for is what is waited, neither less nor more."""
    assert wait_after(attempts, seconds) == seconds
    assert 1 <= wait_after(attempts) <= 30


CREDITS_LOW = Cause(Topic.ALERT, Measure.CREDITS, resolved=False)


def sent_at(*moments: float, who: str | None = None, cause: Cause = CREDITS_LOW) -> list[Sent]:
    """Messages of one cause, each about an account of its own unless all are about one."""
    return [Sent(at, cause, frozenset([who or f"old{number}"])) for number, at in enumerate(moments)]


def test_pace_of_a_chat() -> None:
    """At most one message a second; nothing waits where nothing was sent or a second has passed."""
    assert pace([], group=True, now=5.0) == 5.0
    assert pace(sent_at(5.0), group=False, now=5.2) == 6.0
    assert pace(sent_at(5.0), group=False, now=9.0) == 9.0


def test_pace_of_a_group() -> None:
    """A group takes twenty a minute: the twenty-first waits until the first is a minute old, in no other chat."""
    twenty = sent_at(*map(float, range(20)))
    assert pace(twenty[:19], group=True, now=18.5) == 19.0
    assert pace(twenty, group=True, now=20.5) == 60.0
    assert pace(twenty, group=False, now=20.5) == 20.5
    assert pace(twenty, group=True, now=61.0) == 61.0
    assert pace(sent_at(*map(float, range(-9, 20))), group=True, now=20.5) == 60.0


@given(gaps=st.lists(st.floats(0, 5), max_size=60), group=st.booleans())
def test_pace_holds_on_any_history(gaps: list[float], group: bool) -> None:
    """However fast messages come up, any second holds one of them, and in a group any minute twenty."""
    now, moments = 0.0, list[float]()
    for gap in gaps:
        now = max(pace(sent_at(*moments), group, now + gap), now)
        moments.append(now)
    assert all(later - earlier >= 0.999 for earlier, later in pairwise(moments))
    if group:
        assert all(later - earlier >= 59.999 for earlier, later in zip(moments, moments[20:], strict=False))


def lone(who: str, number: int = 1, measure: Measure = Measure.CREDITS) -> Parcel:
    """A message about one account."""
    return parcels([notification(number, who=who, measure=measure)])[0]


def test_nothing_waits_without_a_storm() -> None:
    """No storm: no history, few messages, few accounts, another cause, or all of it long ago."""
    five = sent_at(0.0, 1.0, 2.0, 3.0, 4.0)
    assert gather_until([], lone("new"), 4.5) == 4.5
    assert gather_until(five[:4], lone("new"), 4.5) == 4.5
    assert gather_until(sent_at(*[float(n) for n in range(9)], who="bob"), lone("new"), 9.5) == 9.5
    assert gather_until(five, lone("old3"), 4.5) == 4.5
    assert gather_until(five, lone("new", measure=Measure.PLAN), 4.5) == 4.5
    assert gather_until(five, lone("new"), 904.0) == 904.0
    two_big = [Sent(float(at), CREDITS_LOW, frozenset(f"{at}-{n}" for n in range(50))) for at in range(2)]
    assert gather_until(two_big, lone("new"), 1.5) == 1.5


def test_in_a_storm_each_message_waits_twice_as_long() -> None:
    """From the storm on, waits double after the last message, up to four minutes."""
    many = sent_at(*map(float, range(30)))
    waits = [gather_until(many[:count], lone("new"), count - 0.5) - (count - 1) for count in range(5, 14)]
    assert waits == [8, 16, 32, 64, 128, 240, 240, 240, 240]
    three = [Sent(float(at), CREDITS_LOW, frozenset([f"{at}-1", f"{at}-2"])) for at in range(3)]
    assert gather_until(three, lone("new"), 2.5) == 4.0


@dataclass
class Message:
    at: float
    parcel: Parcel


def simulate(drops: Sequence[tuple[float, Notification]], *, fits: int = 10_000, group: bool = True) -> list[Message]:
    """One chat's messages as the outbox sends them: whatever is due is told as soon as pace and gathering allow."""
    now, sent, messages = 0.0, list[Sent](), list[Message]()
    coming, waiting = list(drops), list[Notification]()
    while coming or waiting:
        while coming and coming[0][0] <= now:
            waiting.append(coming.pop(0)[1])
        due = []
        for parcel in parcels(waiting):
            until = gather_until(sent, parcel, now)
            if until <= now and pace(sent, group, now) <= now:
                told = parcel.first(fits)
                sent.append(Sent(now, told.cause, told.subjects))
                messages.append(Message(now, told))
                waiting = [part for part in waiting if part not in told.notifications]
                due.append(now)
                break
            due.append(max(until, pace(sent, group, now)))
        now = min([*due, *(moment for moment, _ in coming[:1])], default=now)
    return messages


@pytest.mark.parametrize("spread", [0.0, 15.0, 60.0, 300.0, 900.0])
@pytest.mark.parametrize("fits", [80, 500])
def test_a_storm_of_five_hundred(spread: float, fits: int) -> None:
    """500 accounts that drop together, however spread their looks: all named in a group in at most 15 messages."""
    drops = [(number * spread / 500, notification(number, who=f"a{number}")) for number in range(500)]
    messages = simulate(drops, fits=fits)
    told = [part.id for message in messages for part in message.parcel.notifications]
    assert sorted(told) == list(range(500))
    assert len(messages) <= 15
    assert messages[0].at == 0.0
    if fits == 500:
        for message in messages:
            assert all(message.at - drops[part.id][0] <= LONGEST_GATHER for part in message.parcel.notifications)


def test_five_lone_alerts_never_wait() -> None:
    """Five accounts within a quarter of an hour are no storm: each is told in the second it dropped."""
    drops = [(number * 2.0, notification(number, who=f"a{number}")) for number in range(5)]
    assert [message.at for message in simulate(drops)] == [0.0, 2.0, 4.0, 6.0, 8.0]


def test_one_account_that_flaps_is_no_storm() -> None:
    """A storm takes several accounts: the many messages of one never wait for more of their cause."""
    drops = [(number * 30.0, notification(number, who="a")) for number in range(20)]
    assert [message.at for message in simulate(drops)] == [moment for moment, _ in drops]


@pytest.mark.parametrize(
    ("age", "attempts", "late"),
    [
        (4 * SECOND, 1, None),
        (5 * SECOND, 1, 5 * SECOND),
        (59 * SECOND, 0, None),
        (60 * SECOND, 0, 60 * SECOND),
        (43 * MINUTE, 0, 43 * MINUTE),
        (-DAY, 3, None),
    ],
)
def test_late_is_said(age: timedelta, attempts: int, late: timedelta | None) -> None:
    """Over a minute late, or a few seconds after a failed try, is said; a clock set back never is."""
    (parcel,) = parcels([notification(1, attempts=attempts)])
    assert lateness(parcel, NOW + age) == late


def test_the_oldest_part_counts() -> None:
    """A merged message is as late as the oldest of its parts."""
    (parcel,) = parcels([notification(1, at=NOW - DAY), notification(2, who="bob"), notification(3, WORSENED)])
    assert lateness(parcel, NOW + MINUTE) == DAY + MINUTE


def tries(refused_for: float, begun: float = 0.0) -> list[float]:
    """When a chat is tried that refuses for so many seconds, from its first refusal until it takes a message."""
    at = [begun]
    while at[-1] < refused_for:
        at.append(at[-1] + REFUSALS.wait(at[-1] - begun))
    return at


def test_a_refusing_chat_is_tried_soon_then_each_minute_then_each_quarter_of_an_hour() -> None:
    """After 10, 20 and 40 s, then every minute for an hour, then every 15 minutes, without end."""
    waits = [later - earlier for earlier, later in pairwise(tries(5 * 3600))]
    assert waits[:3] == [10, 20, 40]
    assert set(waits[3:63]) == {60}
    assert set(waits[63:]) == {900}


@given(st.floats(0, 3600))
def test_a_refusal_of_less_than_an_hour_is_over_within_a_minute(refused_for: float) -> None:
    """Whenever the chat is well again, it is tried within a minute of that."""
    assert tries(refused_for)[-1] - refused_for <= 60


@given(st.floats(0, 10**7), st.floats(0, 10**7))
def test_a_refusal_of_any_length_is_tried_ever_more_rarely_and_without_end(one: float, other: float) -> None:
    """A quarter of an hour after the chat is well it is tried at the latest, and no wait is shorter than an earlier."""
    earlier, later = sorted((one, other))
    assert 10 <= REFUSALS.wait(earlier) <= REFUSALS.wait(later) <= 900


@given(st.lists(st.floats(0, 100), min_size=1, max_size=20))
def test_signs_of_life_make_a_try_due_at_once_and_never_many(gaps: list[float]) -> None:
    """The first sign at once; a chat that goes on giving signs and refusing is tried every ten seconds at most."""
    now, due = 0.0, list[float]()
    for gap in gaps:
        now += gap
        due.append(REFUSALS.woken_at(due[-1] if due else None, now))
        assert now <= due[-1]
        assert due[-1] <= now + REFUSALS.sign_pause * len(due)
    assert due[0] == gaps[0]
    assert all(later - earlier >= REFUSALS.sign_pause - 1e-6 for earlier, later in pairwise(sorted(set(due))))


def waiting(
    number: int, reason: Reason = FIRED, episode: int = 1, topic: Topic = Topic.ALERT, age: timedelta = timedelta(0)
) -> Waiting:
    """Something that a refusing chat is owed."""
    return Waiting(number, topic, "pixverse:a", Measure.CREDITS, episode, reason, NOW - age)


LONG = UNTOLD_LASTS + MINUTE


def test_what_began_and_ended_long_ago_unheard_is_of_no_use() -> None:
    """An episode of which the chat was told nothing is dropped a week after its end, and not before."""
    whole = [waiting(1, FIRED, age=LONG + DAY), waiting(2, WORSENED, age=LONG), waiting(3, RESOLVED, age=LONG)]
    assert sorted(of_no_use(whole, NOW)) == [1, 2, 3]
    assert of_no_use([replace(part, created_at=NOW - UNTOLD_LASTS) for part in whole], NOW) == []


def test_the_end_of_what_the_chat_knows_stays() -> None:
    """Where the chat was told that it began, it is owed the end, however late; so is what fires."""
    assert of_no_use([waiting(1, RESOLVED, age=LONG), waiting(2, FIRED, 2, age=LONG)], NOW) == []


def test_old_notes_and_repeated_reminders_are_of_no_use() -> None:
    """A summary lasts a day, a pause a week, a reminder until the next one; a greeting waits for ever."""
    owed = [
        waiting(1, topic=Topic.DIGEST, age=DAY + MINUTE),
        waiting(2, topic=Topic.DIGEST, age=DAY),
        waiting(3, topic=Topic.DOWNTIME, age=LONG),
        waiting(4, topic=Topic.GREETING, age=10 * LONG),
        waiting(5, topic=Topic.GONE, age=10 * LONG),
        waiting(6, FIRED, age=LONG),
        waiting(7, REMINDED, age=LONG),
        waiting(8, REMINDED),
    ]
    assert sorted(of_no_use(owed, NOW)) == [1, 3, 7]


OWED = st.lists(
    st.tuples(st.sampled_from([FIRED, WORSENED, REMINDED, RESOLVED]), st.integers(0, 20)), min_size=1, max_size=12
)


@given(OWED)
def test_what_fires_is_never_dropped(steps: list[tuple[Reason, int]]) -> None:
    """Whatever waits, and however old: the news of an episode that has not ended stay, and the end of a known one."""
    owed, episode, age = list[Waiting](), 1, 400
    for number, (reason, days) in enumerate(steps):
        age -= days
        episode += reason is FIRED
        owed.append(waiting(number, reason, episode, age=age * DAY))
    dropped = set(of_no_use(owed, NOW))
    for one in owed:
        ended = any(other.episode == one.episode and other.reason is RESOLVED for other in owed)
        known = not any(other.episode == one.episode and other.reason is FIRED for other in owed)
        if one.reason is not REMINDED and (known or not ended):
            assert one.id not in dropped
