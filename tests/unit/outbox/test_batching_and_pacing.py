"""When to send, and what one message may tell."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.alerts import AlertRule, NotifyReason, Severity
from bot.domain.notifications import Delivery, NotificationKind
from bot.domain.pending import UNTOLD_LASTS, Waiting, of_no_use
from bot.outbox.batching import Batch, GroupKey, PendingAlert, batches, pending_alerts, worst
from bot.outbox.pacing import LONGEST_GROUP_WAIT_S, SentMessage, group_wait_until, lateness, next_send_at
from bot.outbox.results import REFUSALS
from tests.support.builders import DAY, MINUTE, NOW, SECOND, delivery

INFO, WARNING, CRITICAL = Severity.INFO, Severity.WARNING, Severity.CRITICAL
FIRED, WORSENED, REMINDED, RESOLVED = (
    NotifyReason.FIRED,
    NotifyReason.WORSENED,
    NotifyReason.REMINDED,
    NotifyReason.RESOLVED,
)


def only(pending: Sequence[Delivery]) -> PendingAlert:
    """The one story of the one parcel."""
    (batch,) = batches(pending)
    (story,) = batch.stories
    return story


def test_fired_and_worsened_are_one_message_for_the_worst() -> None:
    """What was overtaken is merged: the message tells what holds now, and all parts are told with it."""
    pending = [delivery(1, FIRED, severity=INFO), delivery(2, WORSENED, severity=CRITICAL)]
    story = only(pending)
    assert (story.last, story.overtaken, story.rings) == (pending[1], None, True)
    assert worst(Batch((story,))) is CRITICAL
    assert Batch((story,)).deliveries == tuple(pending)


def test_fired_and_resolved_are_one_message_that_tells_both() -> None:
    """Fired + resolved while Telegram was down: one message, with the worst that was overtaken; it rings for it."""
    pending = [
        delivery(1, FIRED, severity=INFO),
        delivery(2, WORSENED, severity=CRITICAL),
        delivery(3, REMINDED, severity=WARNING),
        delivery(4, RESOLVED),
    ]
    story = only(pending)
    assert (story.last, story.overtaken, story.rings) == (pending[3], pending[1], True)


def test_a_recovery_alone_is_silent_and_overtook_nothing() -> None:
    """A recovery whose firing was told comes alone and without sound."""
    story = only([delivery(1, RESOLVED)])
    assert (story.overtaken, story.rings) == (None, False)
    assert not replace(story.last.notification, severity=CRITICAL).rings


def test_a_reminder_that_a_recovery_overtook_is_no_news() -> None:
    """The chat knew of the trouble: nothing was kept from it, and the recovery is neither late for it nor first."""
    reminder = delivery(1, REMINDED, severity=CRITICAL, at=NOW)
    other = delivery(2, FIRED, who="bob", severity=CRITICAL, at=NOW + 5 * MINUTE)
    recovery = delivery(3, RESOLVED, at=NOW + 10 * MINUTE)
    first, second = batches([reminder, other, recovery])
    assert first.deliveries == (other,)
    (story,) = second.stories
    assert (story.last, story.overtaken, story.rings) == (recovery, None, False)
    assert second.deliveries == (reminder, recovery), "all of it is told once the recovery is"
    assert lateness(second, NOW + 15 * MINUTE) == 5 * MINUTE


def test_a_reminder_that_waits_alone_is_as_late_as_it_is() -> None:
    """Nothing else waits, so it is the news."""
    reminders = [delivery(1, REMINDED, at=NOW), delivery(2, REMINDED, at=NOW + DAY)]
    (batch,) = batches(reminders)
    assert lateness(batch, NOW + DAY) == DAY


def test_recovered_and_fired_again_tells_that_it_fires() -> None:
    """The last part tells how things stand, whatever came before."""
    pending = [delivery(1, RESOLVED), delivery(2, FIRED)]
    story = only(pending)
    assert (story.last, story.overtaken) == (pending[1], None)


@pytest.mark.parametrize(("severity", "rings"), [(INFO, False), (WARNING, True), (CRITICAL, True)])
@pytest.mark.parametrize("reason", [FIRED, WORSENED, REMINDED])
def test_what_rings(reason: NotifyReason, severity: Severity, rings: bool) -> None:
    """Info comes without sound, warnings and critical alerts ring; one part that rings makes its message ring."""
    story = only([delivery(1, reason, severity=severity)])
    assert story.rings is rings
    quiet = delivery(2, FIRED, "bob", severity=INFO)
    (batch,) = batches([quiet, delivery(1, reason, severity=severity)])
    assert batch.rings is rings


def test_many_accounts_with_one_cause_are_one_message() -> None:
    """One cause, one message, whichever account and rung; it shows the worst that holds now."""
    pending = [
        delivery(1, FIRED, "alice", severity=INFO),
        delivery(2, REMINDED, "bob", severity=CRITICAL),
        delivery(3, WORSENED, "carol"),
    ]
    (batch,) = batches(pending)
    assert batch.subjects == {"alice", "bob", "carol"}
    assert [story.last for story in batch.stories] == pending
    assert worst(batch) is CRITICAL
    assert batch.cause == GroupKey(NotificationKind.ALERT, AlertRule.CREDITS, resolved=False)
    assert batch.first(2).deliveries == tuple(pending[:2])


def test_different_causes_are_different_messages_oldest_first() -> None:
    """Recoveries apart from firings, credits apart from plans and failures; in order of each one's oldest part."""
    pending = [
        delivery(1, FIRED, "bob", measure=AlertRule.PLAN),
        delivery(2, FIRED, "alice"),
        delivery(3, RESOLVED, "carol"),
        delivery(4, FIRED, "dave", measure=AlertRule.FAILURES),
        delivery(5, FIRED, "erin", measure=AlertRule.PLAN),
        delivery(6, FIRED, "alice", measure=AlertRule.PLAN),
        delivery(7, RESOLVED, "alice"),
        delivery(8, FIRED, "frank"),
    ]
    told = [[part.id for part in batch.deliveries] for batch in batches(pending)]
    assert told == [[1, 5, 6], [2, 7, 3], [4], [8]]


def test_a_greeting_takes_along_what_fires_when_a_chat_joins() -> None:
    """One message has the greeting and every alert that fires, of accounts and sources; what got worse since is apart.

    What is over by then is told with what it was.
    """
    pending = [
        delivery(1, NotifyReason.NONE, topic=NotificationKind.GREETING, measure=None),
        delivery(2, NotifyReason.JOINED, "alice"),
        delivery(3, NotifyReason.JOINED, "bob", measure=AlertRule.PLAN),
        delivery(4, NotifyReason.JOINED, "pixverse", measure=AlertRule.FAILURES, source=True),
        delivery(5, FIRED, "carol"),
        delivery(6, NotifyReason.JOINED, "dave"),
        delivery(7, NotifyReason.WORSENED, "dave"),
        delivery(8, NotifyReason.JOINED, "erin"),
        delivery(9, RESOLVED, "erin"),
    ]
    told = batches(pending)
    assert [[part.id for part in batch.deliveries] for batch in told] == [[1, 2, 3, 4], [5, 6, 7], [8, 9]]
    assert told[-1].stories[0].overtaken


@pytest.mark.parametrize(
    ("severity", "by", "expected"),
    [(Severity.CRITICAL, None, True), (Severity.CRITICAL, "Kim", False), (Severity.WARNING, None, False)],
)
def test_a_greeting_rings_if_anything_is_critical(severity: Severity, by: str | None, expected: bool) -> None:
    """Not for a warning, and not for what somebody is at already."""
    greeting = delivery(1, NotifyReason.NONE, topic=NotificationKind.GREETING, measure=None, severity=Severity.INFO)
    fires = delivery(2, NotifyReason.JOINED, severity=severity)
    facts = replace(fires.notification.facts, by=by)
    (batch,) = batches([greeting, replace(fires, notification=replace(fires.notification, facts=facts))])
    assert batch.rings is expected
    (quiet,) = batches([greeting])
    assert not quiet.rings


@pytest.mark.parametrize("topic", [NotificationKind.ACK, NotificationKind.MUTE])
def test_what_one_act_silenced_is_one_message(topic: NotificationKind) -> None:
    """Of one tap on a message about many accounts the other chats get one line, and of another person's another."""
    lines = [
        replace(one, notification=replace(one.notification, facts=replace(one.notification.facts, by=by, acted_at=NOW)))
        for number, (who, by) in enumerate((("alice", "Kim"), ("bob", "Jo"), ("carol", "Kim")), 1)
        for one in [delivery(number, NotifyReason.NONE, who, topic=topic)]
    ]
    assert [[part.id for part in batch.deliveries] for batch in batches(lines)] == [[1, 3], [2]]


@pytest.mark.parametrize("topic", [NotificationKind.DOWNTIME, NotificationKind.DIGEST])
def test_notes_stand_alone(topic: NotificationKind) -> None:
    """Pauses and summaries are never merged, not even with their like about the same."""
    note = delivery(1, NotifyReason.NONE, topic=topic, measure=None)
    again = replace(note, id=2, notification=replace(note.notification, key="other"))
    assert [batch.deliveries for batch in batches([note, again])] == [(note,), (again,)]


def test_a_sources_alert_stands_alone() -> None:
    """A source's alert is not mixed with accounts', nor with another source's."""
    pending = [
        delivery(1, FIRED, "pixverse", measure=AlertRule.FAILURES, source=True),
        delivery(2, FIRED, "alice", measure=AlertRule.FAILURES),
        delivery(3, FIRED, "runway", measure=AlertRule.FAILURES, source=True),
    ]
    assert [[part.id for part in batch.deliveries] for batch in batches(pending)] == [[1], [2], [3]]


def test_a_sources_own_parts_are_merged() -> None:
    """A source that failed and came back while Telegram was away is one message that tells both."""
    parts = [
        delivery(1, FIRED, "pixverse", measure=AlertRule.FAILURES, source=True, severity=CRITICAL),
        delivery(2, RESOLVED, "pixverse", measure=AlertRule.FAILURES, source=True),
    ]
    assert only(parts).overtaken == parts[0]


def test_accounts_no_longer_listed_are_one_message() -> None:
    """Several accounts gone at once have one cause."""
    pending = [
        delivery(n, NotifyReason.NONE, who, topic=NotificationKind.GONE, measure=None) for n, who in enumerate("ab")
    ]
    (batch,) = batches(pending)
    assert len(batch.stories) == 2


@st.composite
def histories(draw: st.DrawFn) -> list[Delivery]:
    """Whatever may wait for one chat: alerts of a few accounts and sources, and notes, in any order."""
    waiting = []
    for number in range(draw(st.integers(0, 25))):
        topic = draw(
            st.sampled_from(
                [NotificationKind.ALERT] * 6
                + [NotificationKind.GONE, NotificationKind.GREETING, NotificationKind.DOWNTIME]
            )
        )
        waiting.append(
            delivery(
                number,
                draw(st.sampled_from([FIRED, WORSENED, REMINDED, RESOLVED]))
                if topic is NotificationKind.ALERT
                else NotifyReason.NONE,
                draw(st.sampled_from("abcd")),
                measure=draw(st.sampled_from(AlertRule)) if topic is NotificationKind.ALERT else None,
                severity=draw(st.sampled_from(Severity)),
                topic=topic,
                source=draw(st.booleans()),
            )
        )
    return waiting


@given(histories())
def test_nothing_is_lost_and_nothing_told_twice(pending: list[Delivery]) -> None:
    """Every notification is in exactly one parcel, each alert's in order, oldest news first, one cause a parcel."""
    packed = batches(pending)
    assert sorted(part.id for batch in packed for part in batch.deliveries) == [part.id for part in pending]
    for batch in packed:
        assert all(replace(batch, stories=(story,)).cause == batch.cause for story in batch.stories)
        for story in batch.stories:
            ids = [part.id for part in story.parts]
            assert ids == sorted(ids)
            assert len({(part.notification.subject, part.notification.measure) for part in story.parts}) == 1
            assert story.rings == any(part.notification.rings for part in story.news)
    oldest = [min(part.id for story in batch.stories for part in story.news) for batch in packed]
    assert oldest == sorted(oldest)
    assert len({batch.cause for batch in packed}) == len(packed)
    alerts = {
        (n.notification.subject, n.notification.measure)
        for n in pending
        if n.notification.topic is NotificationKind.ALERT
    }
    notes = [n for n in pending if n.notification.topic is not NotificationKind.ALERT]
    assert len(pending_alerts(pending)) == len(alerts) + len(notes)


@given(histories(), st.integers(1, 4))
def test_told_bit_by_bit_nothing_is_lost(pending: list[Delivery], fits: int) -> None:
    """Where a message holds only so many stories, the rest follows; the same alert's parts never change places."""
    told: list[Delivery] = []
    left = list(pending)
    while left:
        message = batches(left)[0].first(fits)
        told += message.deliveries
        left = [part for part in left if part not in message.deliveries]
    assert sorted(part.id for part in told) == [part.id for part in pending]
    for alert in {
        (n.notification.subject, n.notification.measure) for n in told if n.notification.topic is NotificationKind.ALERT
    }:
        ids = [n.id for n in told if (n.notification.subject, n.notification.measure) == alert]
        assert ids == sorted(ids)


CREDITS_LOW = GroupKey(NotificationKind.ALERT, AlertRule.CREDITS, resolved=False)


def sent_at(*moments: float, who: str | None = None, cause: GroupKey = CREDITS_LOW) -> list[SentMessage]:
    """Messages of one cause, each about an account of its own unless all are about one."""
    return [SentMessage(at, cause, frozenset([who or f"old{number}"])) for number, at in enumerate(moments)]


def test_pace_of_a_chat() -> None:
    """At most one message a second; nothing waits where nothing was sent or a second has passed."""
    assert next_send_at([], group=True, now=5.0) == 5.0
    assert next_send_at(sent_at(5.0), group=False, now=5.2) == 6.0
    assert next_send_at(sent_at(5.0), group=False, now=9.0) == 9.0


def test_pace_of_a_group() -> None:
    """A group takes twenty a minute: the twenty-first waits until the first is a minute old, in no other chat."""
    twenty = sent_at(*map(float, range(20)))
    assert next_send_at(twenty[:19], group=True, now=18.5) == 19.0
    assert next_send_at(twenty, group=True, now=20.5) == 60.0
    assert next_send_at(twenty, group=False, now=20.5) == 20.5
    assert next_send_at(twenty, group=True, now=61.0) == 61.0
    assert next_send_at(sent_at(*map(float, range(-9, 20))), group=True, now=20.5) == 60.0


@given(gaps=st.lists(st.floats(0, 5), max_size=60), group=st.booleans())
def test_pace_holds_on_any_history(gaps: list[float], group: bool) -> None:
    """However fast messages come up, any second holds one of them, and in a group any minute twenty."""
    now, moments = 0.0, list[float]()
    for gap in gaps:
        now = max(next_send_at(sent_at(*moments), group, now + gap), now)
        moments.append(now)
    assert all(later - earlier >= 0.999 for earlier, later in pairwise(moments))
    if group:
        assert all(later - earlier >= 59.999 for earlier, later in zip(moments, moments[20:], strict=False))


def lone(who: str, number: int = 1, measure: AlertRule = AlertRule.CREDITS) -> Batch:
    """A message about one account."""
    return batches([delivery(number, who=who, measure=measure)])[0]


def test_nothing_waits_without_a_storm() -> None:
    """No storm: no history, few messages, few accounts, another cause, or all of it long ago."""
    five = sent_at(0.0, 1.0, 2.0, 3.0, 4.0)
    assert group_wait_until([], lone("new"), 4.5) == 4.5
    assert group_wait_until(five[:4], lone("new"), 4.5) == 4.5
    assert group_wait_until(sent_at(*[float(n) for n in range(9)], who="bob"), lone("new"), 9.5) == 9.5
    assert group_wait_until(five, lone("old3"), 4.5) == 4.5
    assert group_wait_until(five, lone("new", measure=AlertRule.PLAN), 4.5) == 4.5
    assert group_wait_until(five, lone("new"), 904.0) == 904.0
    two_big = [SentMessage(float(at), CREDITS_LOW, frozenset(f"{at}-{n}" for n in range(50))) for at in range(2)]
    assert group_wait_until(two_big, lone("new"), 1.5) == 1.5


def test_in_a_storm_each_message_waits_twice_as_long() -> None:
    """From the storm on, waits double after the last message, up to four minutes."""
    many = sent_at(*map(float, range(30)))
    waits = [group_wait_until(many[:count], lone("new"), count - 0.5) - (count - 1) for count in range(5, 14)]
    assert waits == [8, 16, 32, 64, 128, 240, 240, 240, 240]
    three = [SentMessage(float(at), CREDITS_LOW, frozenset([f"{at}-1", f"{at}-2"])) for at in range(3)]
    assert group_wait_until(three, lone("new"), 2.5) == 4.0


@dataclass
class Message:
    at: float
    batch: Batch


def simulate(drops: Sequence[tuple[float, Delivery]], *, fits: int = 10_000, group: bool = True) -> list[Message]:
    """One chat's messages as the outbox sends them: whatever is due is told as soon as pace and gathering allow."""
    now, sent, messages = 0.0, list[SentMessage](), list[Message]()
    coming, waiting = list(drops), list[Delivery]()
    while coming or waiting:
        while coming and coming[0][0] <= now:
            waiting.append(coming.pop(0)[1])
        due = []
        for batch in batches(waiting):
            until = group_wait_until(sent, batch, now)
            if until <= now and next_send_at(sent, group, now) <= now:
                told = batch.first(fits)
                sent.append(SentMessage(now, told.cause, told.subjects))
                messages.append(Message(now, told))
                waiting = [part for part in waiting if part not in told.deliveries]
                due.append(now)
                break
            due.append(max(until, next_send_at(sent, group, now)))
        now = min([*due, *(moment for moment, _ in coming[:1])], default=now)
    return messages


@pytest.mark.parametrize("spread", [0.0, 15.0, 60.0, 300.0, 900.0])
@pytest.mark.parametrize("fits", [80, 500])
def test_a_storm_of_five_hundred(spread: float, fits: int) -> None:
    """500 accounts that drop together, however spread their looks: all named in a group in at most 15 messages."""
    drops = [(number * spread / 500, delivery(number, who=f"a{number}")) for number in range(500)]
    messages = simulate(drops, fits=fits)
    told = [part.id for message in messages for part in message.batch.deliveries]
    assert sorted(told) == list(range(500))
    assert len(messages) <= 15
    assert messages[0].at == 0.0
    if fits == 500:
        for message in messages:
            assert all(message.at - drops[part.id][0] <= LONGEST_GROUP_WAIT_S for part in message.batch.deliveries)


def test_five_lone_alerts_never_wait() -> None:
    """Five accounts within a quarter of an hour are no storm: each is told in the second it dropped."""
    drops = [(number * 2.0, delivery(number, who=f"a{number}")) for number in range(5)]
    assert [message.at for message in simulate(drops)] == [0.0, 2.0, 4.0, 6.0, 8.0]


def test_one_account_that_flaps_is_no_storm() -> None:
    """A storm takes several accounts: the many messages of one never wait for more of their cause."""
    drops = [(number * 30.0, delivery(number, who="a")) for number in range(20)]
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
    (batch,) = batches([delivery(1, attempts=attempts)])
    assert lateness(batch, NOW + age) == late


def test_the_oldest_part_counts() -> None:
    """A merged message is as late as the oldest of its parts."""
    (batch,) = batches([delivery(1, at=NOW - DAY), delivery(2, who="bob"), delivery(3, WORSENED)])
    assert lateness(batch, NOW + MINUTE) == DAY + MINUTE


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
    number: int,
    reason: NotifyReason = FIRED,
    episode: int = 1,
    topic: NotificationKind = NotificationKind.ALERT,
    age: timedelta = timedelta(0),
) -> Waiting:
    """Something that a refusing chat is owed."""
    return Waiting(number, topic, "pixverse:a", AlertRule.CREDITS, episode, reason, NOW - age)


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
        waiting(1, topic=NotificationKind.DIGEST, age=DAY + MINUTE),
        waiting(2, topic=NotificationKind.DIGEST, age=DAY),
        waiting(3, topic=NotificationKind.DOWNTIME, age=LONG),
        waiting(4, topic=NotificationKind.GREETING, age=10 * LONG),
        waiting(5, topic=NotificationKind.GONE, age=10 * LONG),
        waiting(6, FIRED, age=LONG),
        waiting(7, REMINDED, age=LONG),
        waiting(8, REMINDED),
    ]
    assert sorted(of_no_use(owed, NOW)) == [1, 3, 7]


OWED = st.lists(
    st.tuples(st.sampled_from([FIRED, WORSENED, REMINDED, RESOLVED]), st.integers(0, 20)), min_size=1, max_size=12
)


@given(OWED)
def test_what_fires_is_never_dropped(steps: list[tuple[NotifyReason, int]]) -> None:
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
