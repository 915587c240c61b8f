"""The named operations: each does to the rows what its name says, and nothing to the others."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.domain.accounts import Account, CheckFailure, FailureKind, LeftOut, SourceState
from bot.domain.alerts import Alert, AlertRule, Notified, Severity, Silence, SilenceKind
from bot.domain.chats import Chat
from bot.domain.notifications import Delivery
from bot.storage import accounts, alerts, chats, outbox, retention_statements
from bot.storage.connection import Connection
from bot.storage.database import Store
from tests.support.fakes import ALICE, BOB, CAROL, CHAT, GROUP, NOW, SOURCE, key_of, notification, reading

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


def account(email: str = ALICE, label: str | None = None) -> Account:
    """An account that nobody has looked at."""
    return Account(key_of(email), SOURCE, email, label)


async def watch(connection: Connection, *emails: str, at: datetime = NOW) -> None:
    """Watches accounts from a moment on."""
    await accounts.watch(connection, [(account(email), at) for email in emails])


async def test_due_gives_the_longest_waiting_first(store: Store) -> None:
    """Accounts are due at their moment and not before, the oldest first, and never more than asked for."""
    async with store.write() as connection:
        await watch(connection, ALICE, at=NOW)
        await watch(connection, BOB, at=NOW - HOUR)
        await watch(connection, CAROL, at=NOW + timedelta(microseconds=1))
        assert [one.email for one in await accounts.due(connection, NOW, 10)] == [BOB, ALICE]
        assert [one.email for one in await accounts.due(connection, NOW, 1)] == [BOB]
        await accounts.plan_looks(connection, {key_of(BOB): NOW + HOUR})
        assert [one.email for one in await accounts.due(connection, NOW, 10)] == [ALICE]
        await accounts.all_due(connection, NOW - MINUTE)
        assert len(await accounts.due(connection, NOW, 10)) == 3
        await accounts.unwatch(connection, [key_of(BOB)])
        assert {one.email for one in await accounts.due(connection, NOW, 10)} == {ALICE, CAROL}
        await accounts.plan_looks(connection, {})


async def test_nobody_waits_for_longer_than_an_interval(store: Store) -> None:
    """``due_by`` brings back only what lies too far ahead."""
    async with store.write() as connection:
        await watch(connection, ALICE, at=NOW + 9 * HOUR)
        await watch(connection, BOB, at=NOW + MINUTE)
        await accounts.due_by(connection, dict.fromkeys((key_of(ALICE), key_of(BOB)), NOW + HOUR))
        assert [one.email for one in await accounts.due(connection, NOW + MINUTE, 9)] == [BOB]
        assert [one.email for one in await accounts.due(connection, NOW + HOUR, 9)] == [BOB, ALICE]


async def test_a_look_is_remembered_whole(store: Store) -> None:
    """A saved look is loaded as it was: reading, outage, the row of failures, and the allowances."""
    known = replace(reading(123.5), left_out=(LeftOut("ends_at", "expired_date is “soon”", NOW - HOUR),))
    seen = replace(account(), reading=known, looked_at=NOW, allowance=10_000, daily_allowance=60.5, failures=0)
    failing = replace(
        account(BOB),
        reading=reading(7, NOW - HOUR),
        outage=CheckFailure(NOW, FailureKind.BROKEN, "add it again"),
        failures=3,
        failing_since=NOW - 2 * MINUTE,
        looked_at=NOW,
    )
    async with store.write() as connection:
        await watch(connection, ALICE, BOB)
        await accounts.save(connection, [seen, failing], [])
        assert await accounts.load(connection, [seen.key, failing.key]) == {seen.key: seen, failing.key: failing}
        assert await accounts.last_look(connection) == NOW


async def test_an_unchanged_reading_only_moves_its_moment(store: Store) -> None:
    """A look that tells nothing new is not written again, and the number's age is still that of the last look."""
    first = replace(account(), reading=reading(100), looked_at=NOW)
    later = replace(first, reading=reading(100, NOW + HOUR), looked_at=NOW + HOUR)
    async with store.write() as connection:
        await watch(connection, ALICE)
        await accounts.save(connection, [first], [])
        before = (await connection.exec_driver_sql("SELECT reading FROM accounts")).scalar()
        await accounts.save(connection, [], [later])
        assert (await connection.exec_driver_sql("SELECT reading FROM accounts")).scalar() == before
        assert (await accounts.load(connection, [first.key]))[first.key] == later


async def test_watching_again_keeps_what_is_remembered(store: Store) -> None:
    """An account that comes back has its last reading; its label, moment and listed error are the new ones."""
    seen = replace(account(), reading=reading(42), looked_at=NOW)
    async with store.write() as connection:
        await watch(connection, ALICE)
        await accounts.save(connection, [seen], [])
        await accounts.unwatch(connection, [seen.key])
        assert await accounts.load(connection, [seen.key]) == {}
        assert await accounts.watched(connection) == []
        await accounts.watch(connection, [(replace(account(label="Studio"), listed_error="expired"), NOW + HOUR)])
        (again,) = await accounts.watched(connection)
        assert again == replace(seen, label="Studio", listed_error="expired")
        assert await accounts.due(connection, NOW, 9) == []


async def test_the_watched_come_by_name(store: Store) -> None:
    """Accounts are ordered by what people read, in any case."""
    async with store.write() as connection:
        named = [account(ALICE, "zebra"), account(BOB), account(CAROL, "Apple")]
        await accounts.watch(connection, [(one, NOW) for one in named])
        assert [one.name for one in await accounts.watched(connection)] == ["Apple", BOB, "zebra"]


async def test_a_listed_error_is_noted_and_cleared(store: Store) -> None:
    """What the listing says of one account is written to that one, and None clears it."""
    async with store.write() as connection:
        await watch(connection, ALICE, BOB)
        await accounts.note_listed(connection, {key_of(ALICE): "session expired"})
        assert [one.listed_error for one in await accounts.watched(connection)] == ["session expired", None]
        await accounts.note_listed(connection, {key_of(ALICE): None})
        await accounts.note_listed(connection, {})
        assert [one.listed_error for one in await accounts.watched(connection)] == [None, None]


def outage(kind: FailureKind, at: datetime = NOW, said: str = "no") -> CheckFailure:
    """A failed look."""
    return CheckFailure(at, kind, said)


def failing(email: str, kind: FailureKind, failures: int, at: datetime = NOW, since: datetime = NOW) -> Account:
    """An account that cannot be read."""
    return replace(
        account(email), outage=outage(kind, at), failures=failures, failing_since=since, looked_at=at, reading=None
    )


async def test_health_of_nobody_and_of_the_well(store: Store) -> None:
    """No accounts and well accounts share no outage."""
    async with store.write() as connection:
        assert (await accounts.health(connection, SOURCE)).total == 0
        await watch(connection, ALICE, BOB)
        await accounts.save(connection, [replace(account(), reading=reading(), looked_at=NOW)], [])
        health = await accounts.health(connection, SOURCE)
    assert (health.total, health.failing, health.refused, health.shared, health.outage) == (2, 0, 0, False, None)
    assert health.read_at == NOW


async def test_health_of_a_shared_outage(store: Store) -> None:
    """One same outage of all, of at least two, is shared; the shortest row of failures counts, and the first moment."""
    async with store.write() as connection:
        await watch(connection, ALICE, BOB)
        unavailable = FailureKind.UNAVAILABLE
        both = [failing(ALICE, unavailable, 5, since=NOW - HOUR), failing(BOB, unavailable, 2)]
        await accounts.save(connection, [], both)
        health = await accounts.health(connection, SOURCE)
        assert health.shared
        assert (health.total, health.failing, health.fewest_failures, health.since) == (2, 2, 2, NOW - HOUR)
        assert health.outage == outage(unavailable)
        await accounts.unwatch(connection, [key_of(BOB)])
        assert not (await accounts.health(connection, SOURCE)).shared


async def test_health_tells_one_accounts_fault_from_the_sources(store: Store) -> None:
    """Different outages, or such as concern an account by nature, are not shared; a refusal by the gate is counted."""
    async with store.write() as connection:
        await watch(connection, ALICE, BOB, CAROL)
        broken = [failing(email, FailureKind.BROKEN, 5) for email in (ALICE, BOB, CAROL)]
        await accounts.save(connection, [], broken)
        assert not (await accounts.health(connection, SOURCE)).shared
        await accounts.save(connection, [], [failing(ALICE, FailureKind.UNAUTHORIZED, 1, NOW + MINUTE)])
        health = await accounts.health(connection, SOURCE)
        assert (health.refused, health.shared, health.failing) == (1, False, 3)
        assert health.outage is not None
        assert health.outage.kind is FailureKind.UNAUTHORIZED
        assert (await accounts.health(connection, "another")).total == 0


async def test_a_source_is_remembered_whole(store: Store) -> None:
    """What is known of a listing is loaded as it was saved, each time anew; an unknown source is blank."""
    failed = SourceState(SOURCE, NOW - HOUR, 4, outage(FailureKind.GARBLED), 2, NOW - MINUTE)
    well = SourceState(SOURCE, NOW, 0)
    async with store.write() as connection:
        assert await accounts.source(connection, SOURCE) == SourceState(SOURCE)
        await accounts.save_source(connection, failed)
        assert await accounts.source(connection, SOURCE) == failed
        await accounts.save_source(connection, well)
        assert await accounts.source(connection, SOURCE) == well


FIRING = Alert(key_of(ALICE), AlertRule.CREDITS, 2, 3, 4, NOW, NOW + MINUTE, 12.5, Severity.WARNING, NOW + HOUR)
QUIET = Alert(key_of(ALICE), AlertRule.PLAN, episode=1)


async def test_an_alert_is_remembered_whole(store: Store) -> None:
    """Alerts are loaded as they were saved, by subject and measure; saving again replaces."""
    async with store.write() as connection:
        await alerts.save(connection, [FIRING, QUIET])
        await alerts.save(connection, [])
        found = await alerts.load(connection, [key_of(ALICE), key_of(BOB)])
        assert found[key_of(ALICE)] == {AlertRule.CREDITS: FIRING, AlertRule.PLAN: QUIET}
        assert found[key_of(BOB)] == {}
        deeper = replace(FIRING, level=3, severity=Severity.CRITICAL)
        await alerts.save(connection, [deeper])
        assert (await alerts.load(connection, [key_of(ALICE)]))[key_of(ALICE)][AlertRule.CREDITS] == deeper


Changes = tuple[Alert, Mapping[Chat, Notified], Mapping[Chat, Notified]]
TOLD = Notified(3, 2)
TOPIC = Chat(GROUP.chat_id, 45)


async def test_what_each_chat_was_told_is_remembered_by_chat_and_topic(store: Store) -> None:
    """What was told is loaded as it was saved, moves on, and is forgotten chat by chat."""
    first: Changes = (FIRING, {}, {CHAT: TOLD, GROUP: TOLD, TOPIC: Notified(2, 1)})
    then: Changes = (FIRING, first[2], {CHAT: Notified(3, 3), TOPIC: Notified(2, 1)})
    async with store.write() as connection:
        await alerts.save_notified(connection, [first, (QUIET, {}, {CHAT: TOLD})])
        known = await alerts.load_notified(connection, [key_of(ALICE), key_of(BOB)])
        assert known[key_of(ALICE)] == {AlertRule.CREDITS: first[2], AlertRule.PLAN: {CHAT: TOLD}}
        assert key_of(BOB) not in known
        await alerts.save_notified(connection, [then, (QUIET, {CHAT: TOLD}, {})])
        assert await alerts.load_notified(connection, [key_of(ALICE)]) == {key_of(ALICE): {AlertRule.CREDITS: then[2]}}


async def test_firing_untold_closed_and_quieted(store: Store) -> None:
    """What fires comes the worst first, then the oldest; what a chat may not know is found.

    What is closed or quieted keeps its episode, and nobody was told of it.
    """
    worse = replace(FIRING, subject=key_of(BOB), level=3, severity=Severity.CRITICAL)
    older = replace(FIRING, subject=key_of(CAROL), since=NOW - HOUR)
    ended = Alert(key_of(CAROL), AlertRule.PLAN, level=0, episode=1)
    told: list[Changes] = [
        (FIRING, {}, {CHAT: replace(TOLD, level=1), GROUP: TOLD}),
        (worse, {}, dict.fromkeys((CHAT, GROUP), replace(TOLD, level=3))),
        (older, {}, {CHAT: TOLD, TOPIC: TOLD}),
        (ended, {}, {GROUP: Notified(1, 2)}),
    ]
    carols = {(key_of(CAROL), AlertRule.CREDITS), (key_of(CAROL), AlertRule.PLAN)}
    async with store.write() as connection:
        await alerts.save(connection, [FIRING, worse, older, QUIET, ended])
        await alerts.save_notified(connection, told)
        assert [one.subject for one in await alerts.firing(connection)] == [key_of(BOB), key_of(CAROL), key_of(ALICE)]
        untold = await alerts.perhaps_untold(connection, [CHAT, GROUP])
        assert set(untold) == {(key_of(ALICE), AlertRule.CREDITS), *carols}
        assert set(await alerts.perhaps_untold(connection, [CHAT, TOPIC])) >= {(key_of(BOB), AlertRule.CREDITS)}
        assert set(await alerts.unfinished(connection)) == {*untold, (key_of(BOB), AlertRule.CREDITS)}
        await alerts.add_silence(connection, ACK)
        await alerts.add_silence(connection, ACCOUNT)
        await alerts.close(connection, [key_of(BOB)], NOW)
        closed = (await alerts.load(connection, [key_of(BOB)]))[key_of(BOB)][AlertRule.CREDITS]
        assert (closed.level, closed.severity, closed.episode) == (0, None, 3)
        assert await alerts.load_notified(connection, [key_of(BOB)]) == {}
        assert len(await alerts.every_silence(connection)) == 2, "a mute goes on"
        await alerts.quiet_rule(connection, AlertRule.CREDITS, [key_of(ALICE), key_of(CAROL)], NOW)
        assert await alerts.firing(connection) == []
        assert [one.kind for one in await alerts.every_silence(connection)] == [SilenceKind.ACCOUNT]
        left = (await alerts.load(connection, [key_of(ALICE)]))[key_of(ALICE)]
        assert left[AlertRule.PLAN] == QUIET
        assert (left[AlertRule.CREDITS].level, left[AlertRule.CREDITS].episode) == (0, 3)
        assert set(await alerts.unfinished(connection)) == {(key_of(CAROL), AlertRule.PLAN)}


MUTE = Silence(SilenceKind.ALL, until=NOW + HOUR, by="Ann", chat=CHAT, made_at=NOW)
ACK = Silence(SilenceKind.ACK, key_of(ALICE), AlertRule.CREDITS, None, episode=3, level=2, by="Ann", made_at=NOW)
SNOOZE = Silence(SilenceKind.SNOOZE, key_of(ALICE), AlertRule.CREDITS, NOW + HOUR, 3, 2, "Bob", TOPIC, NOW)
ACCOUNT = Silence(SilenceKind.ACCOUNT, key_of(BOB), until=NOW + 2 * HOUR, by="Bob")


async def active(connection: Connection, at: datetime = NOW) -> set[Silence]:
    """The silences that may hold, without their numbers."""
    return {replace(one, id=0) for one in await alerts.active_silences(connection, at)}


async def test_a_silence_is_remembered_whole_and_runs_out(store: Store) -> None:
    """Silences are loaded as they were put, one of a kind on a thing in a chat, and hold up to their very moment."""
    longer = replace(MUTE, until=NOW + 3 * HOUR)
    others = (replace(MUTE, chat=GROUP), replace(MUTE, chat=TOPIC), replace(MUTE, chat=None))
    async with store.write() as connection:
        for silence in (MUTE, ACK, SNOOZE, ACCOUNT, *others, longer):
            await alerts.add_silence(connection, silence)
        assert await active(connection) == {longer, ACK, SNOOZE, ACCOUNT, *others}
        assert len(await alerts.active_silences(connection, NOW)) == 7
        assert SNOOZE in await active(connection, NOW + HOUR - timedelta(microseconds=1))
        assert SNOOZE not in await active(connection, NOW + HOUR)
        assert not await alerts.silences_are_over(connection, NOW)
        assert await alerts.silences_are_over(connection, NOW + HOUR)


async def test_a_silence_that_waited_while_its_group_moved_holds_in_the_new_group(store: Store) -> None:
    """It was answered as done."""
    async with store.write() as connection:
        await chats.move(connection, GROUP.chat_id, -1009)
        made = await alerts.add_silence(connection, replace(MUTE, chat=GROUP))
        assert made.chat == Chat(-1009)
        assert await active(connection) == {replace(MUTE, chat=Chat(-1009))}


async def test_the_number_of_a_silence_is_never_used_again(store: Store) -> None:
    """A button in an old message names its silence for ever: ended, its number means nothing."""
    async with store.write() as connection:
        numbers = []
        for _ in range(3):
            made = await alerts.add_silence(connection, ACK)
            assert made in await alerts.active_silences(connection, NOW)
            numbers.append(made.id)
            await alerts.end_silences(connection, [made.id], NOW)
        assert await alerts.every_silence(connection) == []
        assert numbers == sorted(set(numbers))


ANN = Chat(7)


@pytest.mark.parametrize(
    ("silence", "restarts"),
    [
        (ACK, True),
        (replace(ACK, episode=7), False),
        (replace(ACK, measure=AlertRule.PLAN), False),
        (Silence(SilenceKind.ALL, until=NOW + HOUR), True),
        (Silence(SilenceKind.ACCOUNT, ACK.subject, until=NOW + HOUR), True),
        (Silence(SilenceKind.ACCOUNT, "pixverse:other", until=NOW + HOUR), False),
        (Silence(SilenceKind.ALL, until=NOW + HOUR, chat=ANN), False),
        (Silence(SilenceKind.SNOOZE, ACK.subject, ACK.measure, NOW + HOUR, ACK.episode, 3, chat=ANN), False),
    ],
)
async def test_the_end_of_what_held_everywhere_restarts_the_wait(
    store: Store, silence: Silence, restarts: bool
) -> None:
    """A critical alert that it covered waits for somebody from then on; one that was escalated does not wait."""
    assert ACK.measure
    alert = Alert(ACK.subject, ACK.measure, 3, ACK.episode, 1, NOW, severity=Severity.CRITICAL)
    waits = replace(alert, unattended_since=NOW)
    told = replace(alert, subject="pixverse:bob", escalated=True)
    async with store.write() as connection:
        await alerts.save(connection, [waits, told])
        made = await alerts.add_silence(connection, silence)
        await alerts.end_silences(connection, [made.id], NOW + HOUR)
        found = await alerts.load(connection, [waits.subject, told.subject])
        assert await alerts.unattended(connection, NOW) == ([] if restarts else [(waits.subject, waits.measure)])
    assert found[told.subject] == {ACK.measure: told}
    assert found[waits.subject][ACK.measure].unattended_since == (NOW + HOUR if restarts else NOW)


async def test_who_is_acknowledged_does_not_wait(store: Store) -> None:
    """An ack of the alert as it stands; an older one, or one of a milder threshold, says nothing."""
    assert ACK.measure
    alert = Alert(ACK.subject, ACK.measure, 3, ACK.episode, 1, NOW, severity=Severity.CRITICAL, unattended_since=NOW)
    waits = [(alert.subject, alert.measure)]
    async with store.write() as connection:
        await alerts.save(connection, [alert])
        for ack, found in (
            (replace(ACK, level=3), []),
            (replace(ACK, level=2), waits),
            (replace(ACK, episode=9), waits),
        ):
            await alerts.add_silence(connection, ack)
            assert await alerts.unattended(connection, NOW) == found
        assert await alerts.unattended(connection, NOW - HOUR) == []


@pytest.mark.parametrize(
    ("alert", "over"),
    [
        (replace(FIRING, level=3, severity=Severity.CRITICAL), True),
        (FIRING, False),
        (replace(FIRING, severity=Severity.CRITICAL, episode=4), False),
        (replace(FIRING, level=0, severity=None), False),
    ],
)
async def test_an_ack_is_over_only_while_its_alert_is_critical(store: Store, alert: Alert, over: bool) -> None:
    """An ack whose time has come is asked for while its very alert is critical, and not before its time."""
    async with store.write() as connection:
        await alerts.save(connection, [alert])
        await alerts.add_silence(connection, replace(ACK, until=NOW + HOUR))
        assert not await alerts.silences_are_over(connection, NOW + HOUR - timedelta(microseconds=1))
        assert await alerts.silences_are_over(connection, NOW + HOUR) is over
        assert len(await alerts.active_silences(connection, NOW + 9 * HOUR)) == 1


async def test_a_moved_chat_takes_along_what_it_was_told_and_its_silences(store: Store) -> None:
    """A group that becomes another chat is told nothing twice, and what it muted stays muted there."""
    new = Chat(-1009)
    told = {GROUP: TOLD, CHAT: TOLD}
    async with store.write() as connection:
        await alerts.save_notified(connection, [(FIRING, {}, told), (QUIET, {}, {GROUP: TOLD, new: Notified(3, 3)})])
        await alerts.add_silence(connection, replace(MUTE, chat=GROUP))
        await chats.move(connection, GROUP.chat_id, new.chat_id)
        known = (await alerts.load_notified(connection, [key_of(ALICE)]))[key_of(ALICE)]
        assert known == {AlertRule.CREDITS: {new: TOLD, CHAT: TOLD}, AlertRule.PLAN: {new: Notified(3, 3)}}
        assert [one.chat for one in await alerts.every_silence(connection)] == [new]


async def test_moves_are_followed_to_the_end(store: Store) -> None:
    """A group that moved twice is found where it is now; what waits goes along, as does that it was greeted."""
    first, second, third = -1, -1002, -1003
    async with store.write() as connection:
        await chats.greet(connection, [Chat(first)], NOW)
        await outbox.put(connection, [notification("one")], [Chat(first)], NOW)
        await chats.move(connection, first, second)
        await chats.move(connection, second, third)
        assert await chats.moved(connection) == {first: third, second: third}
        assert await chats.not_greeted(connection, [Chat(third), CHAT]) == [CHAT]
        assert await outbox.waiting_chats(connection) == [third]


def test_a_ring_of_moves_ends() -> None:
    """Moves that lead in a ring, which Telegram never makes, do not hang the bot."""
    assert chats.follow(1, {1: 2, 2: 3, 3: 1}) in (1, 2, 3)
    assert chats.follow(9, {1: 2}) == 9


async def test_what_is_noted_of_a_chat(store: Store) -> None:
    """Greetings, peace and refusals are kept by chat and topic; a delivery forgets the trouble, not the greeting."""
    topic = Chat(GROUP.chat_id, 45)
    async with store.write() as connection:
        assert await chats.not_greeted(connection, [CHAT, GROUP, topic]) == [CHAT, GROUP, topic]
        await chats.greet(connection, [CHAT, topic], NOW)
        assert await chats.not_greeted(connection, [CHAT, GROUP, topic]) == [GROUP]
        await chats.refuses(connection, CHAT, "blocked", NOW)
        await chats.refuses(connection, CHAT, "kicked", NOW + MINUTE)
        await chats.note(connection, topic, not_before=NOW + MINUTE)
        assert await chats.refused(connection) == {CHAT: chats.Refusal("kicked", NOW)}
        assert await chats.waits(connection) == {topic: NOW + MINUTE}
        await chats.reached(connection, [CHAT.chat_id])
        await chats.reached(connection, [topic.chat_id])
        assert await chats.refused(connection) == {}
        assert await chats.waits(connection) == {}
        assert await chats.not_greeted(connection, [CHAT, topic]) == []


async def test_marks_are_moved_on(store: Store) -> None:
    """A mark is unknown until it is set, and then the last one."""
    async with store.write() as connection:
        assert await chats.marked(connection, chats.ROUND) is None
        await chats.mark(connection, chats.ROUND, NOW)
        await chats.mark(connection, chats.ROUND, NOW + MINUTE)
        assert await chats.marked(connection, chats.ROUND) == NOW + MINUTE


async def waiting(connection: Connection, chat: Chat = CHAT) -> list[Delivery]:
    """What a chat has yet to be told."""
    return [one for one in await outbox.pending(connection, chat.chat_id) if one.chat == chat]


async def test_nothing_is_put_in_twice(store: Store) -> None:
    """A notification is unique by its key and chat: putting the same again changes nothing, in any state."""
    async with store.write() as connection:
        await outbox.put(
            connection, [notification("a"), notification("b")], [CHAT, GROUP, Chat(GROUP.chat_id, 45)], NOW
        )
        await outbox.put(connection, [notification("a"), notification("c")], [CHAT], NOW + HOUR)
        assert [one.notification.key for one in await waiting(connection)] == ["a", "b", "c"]
        assert [one.notification.key for one in await waiting(connection, GROUP)] == ["a", "b"]
        ids = [one.id for one in await waiting(connection)]
        await outbox.delivered(connection, ids, 5, NOW)
        await outbox.put(connection, [notification("a")], [CHAT], NOW)
        assert await waiting(connection) == []
        await outbox.put(connection, [], [CHAT], NOW)
        await outbox.put(connection, [notification("z")], [], NOW)
        assert await waiting(connection) == []


async def test_a_notification_is_remembered_whole(store: Store) -> None:
    """A notice comes back as it was put, with its chat, its topic and its moment."""
    topic = Chat(GROUP.chat_id, 45)
    async with store.write() as connection:
        await outbox.put(connection, [notification("a")], [topic], NOW)
        (back,) = await waiting(connection, topic)
        assert (back.chat, back.notification, back.created_at) == (topic, notification("a"), NOW)
        assert (back.attempts, back.first_failed_at) == (0, None)
        assert await outbox.waiting_chats(connection) == [topic.chat_id]


async def test_a_claim_is_whole_or_refused(store: Store) -> None:
    """What is claimed is claimed by one worker only, and a crash before its record gives all of it back."""
    async with store.write() as connection:
        await outbox.put(connection, [notification("a"), notification("b")], [CHAT], NOW)
        ids = [one.id for one in await waiting(connection)]
        assert await outbox.claim(connection, ids[:1])
        assert not await outbox.claim(connection, ids[:1])
        assert not await outbox.claim(connection, ids)
        assert [one.id for one in await waiting(connection)] == ids[1:], "what is refused is not claimed in part"
    async with store.write() as connection:
        await outbox.release(connection)
        assert [one.id for one in await waiting(connection)] == ids
        assert await outbox.claim(connection, ids)
        assert await waiting(connection) == []


async def test_a_failed_try_is_counted_and_dated(store: Store) -> None:
    """A postponed notification waits again, its tries are counted, and its first failure is the first."""
    async with store.write() as connection:
        await outbox.put(connection, [notification("a")], [CHAT], NOW)
        (one,) = await waiting(connection)
        await outbox.claim(connection, [one.id])
        await outbox.postponed(connection, [one.id], "away", NOW + MINUTE)
        await outbox.postponed(connection, [one.id], "away", NOW + HOUR)
        (again,) = await waiting(connection)
        assert (again.attempts, again.first_failed_at) == (2, NOW + MINUTE)
        await outbox.postponed(connection, [one.id], "away", NOW, counts=False)
        assert (await waiting(connection))[0].attempts == 2


async def test_depth_counts_what_waits_and_since_when(store: Store) -> None:
    """Waiting, failed and delivered are told apart; only what was tried in vain has waited."""
    async with store.write() as connection:
        assert await outbox.depth(connection, NOW + 2 * HOUR) == outbox.Depth()
        await outbox.put(connection, [notification("a")], [CHAT], NOW)
        await outbox.put(connection, [notification("b"), notification("c"), notification("d")], [CHAT], NOW + MINUTE)
        one, two, three, _ = [part.id for part in await waiting(connection)]
        assert (await outbox.depth(connection, NOW + 2 * HOUR)).tried_since is None
        await outbox.postponed(connection, [two], "away", NOW + HOUR)
        await outbox.delivered(connection, [one], 77, NOW + HOUR)
        await outbox.failed(connection, [three], "blocked", NOW + 2 * HOUR)
        assert await outbox.depth(connection, NOW + 2 * HOUR) == outbox.Depth(2, NOW + MINUTE, 1, NOW + HOUR)
        assert (await outbox.depth(connection, NOW)).delivered_at is None, "a clock that was set back: it lies ahead"


async def test_a_message_is_found_by_its_lead_in_its_own_chat(store: Store) -> None:
    """A button finds all that its message told, and only from the chat that got the message."""
    async with store.write() as connection:
        await outbox.put(connection, [notification("a"), notification("b")], [CHAT, GROUP], NOW)
        ids = [one.id for one in await waiting(connection)]
        await outbox.claim(connection, ids)
        await outbox.delivered(connection, ids, 9, NOW)
        assert [one.notification.key for one in await outbox.told_by(connection, ids[0], CHAT.chat_id)] == ["a", "b"]
        assert await outbox.told_by(connection, ids[0], GROUP.chat_id) == []
        assert await outbox.told_by(connection, ids[1], CHAT.chat_id) == []


async def test_old_ends_are_forgotten_and_their_ids_never_used_again(store: Store) -> None:
    """Pruning drops what is over, never what waits; an old button can never name a newer message."""
    async with store.write() as connection:
        await outbox.put(connection, [notification("a"), notification("b"), notification("c")], [CHAT], NOW)
        one, two, three = [part.id for part in await waiting(connection)]
        await outbox.delivered(connection, [three], 1, NOW)
        await outbox.failed(connection, [two], "blocked", NOW + HOUR)
        assert await retention_statements.trim_outbox(connection, 9, NOW + MINUTE)
        assert await outbox.told_by(connection, three, CHAT.chat_id) == []
        assert (await outbox.depth(connection, NOW + 2 * HOUR)).failed == 1
        assert [part.id for part in await waiting(connection)] == [one]
        await outbox.put(connection, [notification("d")], [CHAT], NOW)
        assert (await waiting(connection))[-1].id > three


async def test_readdressing_takes_along_what_waits(store: Store) -> None:
    """What waits or is being sent goes to the new chat; what the old one was told stays there."""
    new = -1009
    async with store.write() as connection:
        await outbox.put(connection, [notification("a"), notification("b"), notification("c")], [GROUP], NOW)
        ids = [one.id for one in await waiting(connection, GROUP)]
        await outbox.delivered(connection, ids[:1], 1, NOW)
        await outbox.claim(connection, ids[1:2])
        await outbox.readdress(connection, GROUP.chat_id, new)
        assert [one.notification.key for one in await waiting(connection, Chat(new))] == ["b", "c"]
        assert await waiting(connection, GROUP) == []


async def test_readdressing_meets_what_the_new_chat_has_already(store: Store) -> None:
    """Where both the old and the new id are allowed, a move says nothing twice and does not fail."""
    new = Chat(-1009)
    async with store.write() as connection:
        await outbox.put(connection, [notification("a"), notification("b")], [GROUP], NOW)
        await outbox.put(connection, [notification("a")], [new], NOW)
        await chats.move(connection, GROUP.chat_id, new.chat_id)
        assert sorted(one.notification.key for one in await waiting(connection, new)) == ["a", "b"]
        assert await waiting(connection, GROUP) == []


@pytest.mark.parametrize("count", [2, 3000])
async def test_many_accounts_at_once(store: Store, count: int) -> None:
    """Thousands of accounts are watched, loaded and planned in one transaction; no list is too long for SQLite."""
    emails = [f"user{number}@example.com" for number in range(count)]
    async with store.write() as connection:
        await watch(connection, *emails)
        known = await accounts.load(connection, [key_of(email) for email in emails])
        assert len(known) == count
        await accounts.save(connection, [replace(one, reading=reading(), looked_at=NOW) for one in known.values()], [])
        assert len(await alerts.load(connection, known)) == 0
        await accounts.plan_looks(connection, dict.fromkeys(known, NOW + HOUR))
        assert await accounts.due(connection, NOW, count) == []
        await accounts.unwatch(connection, known)
        assert await accounts.watched(connection) == []
