"""Verdicts: what a look makes to be said, once, to every chat, in the same transaction in which it is remembered."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from bot.checks.results import FinishedCheck
from bot.config.targets import Targets
from bot.domain.accounts import Credits, FailureKind, Reading
from bot.domain.alerts import AlertRule, NotifyReason, Severity, Silence, SilenceKind
from bot.domain.chats import Chat
from bot.domain.notifications import Delivery, NotificationKind
from bot.storage import accounts, alerts, chats
from tests.support.fakes import ALICE, BOB, CAROL, CHAT, GROUP, NOW, SOURCE, World, key_of, reading, until, world_in

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


def reasons(waiting: Sequence[Delivery]) -> list[tuple[str, NotifyReason]]:
    """Whom notifications concern, and why."""
    return [(one.notification.subject, one.notification.reason) for one in waiting]


async def silence(world: World, *wishes: Silence) -> None:
    """Puts silences."""
    async with world.store.write() as connection:
        for wish in wishes:
            await alerts.add_silence(connection, wish)


async def step(world: World, *emails: str) -> None:
    """A moment later, another look at each."""
    world.clock.forward(minutes=1)
    await world.look(*emails)


async def test_a_low_reading_is_said_once_to_every_chat(database: Path) -> None:
    """The first low reading fires, at once and once, in each chat; the same again says nothing more."""
    async with world_in(database, chats=(CHAT, GROUP)) as world:
        await world.watch(ALICE)
        world.source.credits[ALICE] = 400
        for _ in range(3):
            await step(world, ALICE)
        for chat in (CHAT, GROUP):
            assert reasons(await world.notifications(chat=chat)) == [(key_of(ALICE), NotifyReason.FIRED)]
        assert len(world.wakes) == 2


async def test_a_refill_resolves_and_the_next_fall_fires_anew(world: World) -> None:
    """Fired, resolved, fired: three notifications of two episodes, none of which is taken for another."""
    await world.watch(ALICE)
    for credits in (400, 9_000, 400, 9_000, 400):
        world.source.credits[ALICE] = credits
        await step(world, ALICE)
    told = await world.notifications()
    assert [one.notification.reason for one in told] == [NotifyReason.FIRED, NotifyReason.RESOLVED] * 2 + [
        NotifyReason.FIRED
    ]
    assert len({one.notification.key for one in told}) == 5


async def test_readings_are_kept_only_when_something_changed(world: World) -> None:
    """Ten looks at the same number keep one reading; a change keeps another; the age is of the last look."""
    await world.watch(ALICE)
    for _ in range(10):
        await step(world, ALICE)
    world.source.credits[ALICE] = 8_000
    await step(world, ALICE)
    assert await world.query("SELECT monthly FROM readings ORDER BY taken_at") == [(9_000.0,), (8_000.0,)]
    await step(world, ALICE)
    async with world.store.read() as connection:
        (seen,) = await accounts.watched(connection)
    assert seen.reading is not None
    assert seen.reading.taken_at == world.clock.now


async def test_after_an_outage_the_same_reading_is_no_new_one(world: World) -> None:
    """An outage in between does not make an unchanged number new."""
    await world.watch(ALICE)
    await step(world, ALICE)
    world.source.fail(ALICE)
    await step(world, ALICE)
    world.source.answers.clear()
    await step(world, ALICE)
    assert await world.query("SELECT count(*) FROM readings") == [(1,)]


async def test_a_lost_bucket_is_garbled_and_never_low(world: World) -> None:
    """A body that lacks a bucket which was there before is an outage, and the last known number stays."""
    await world.watch(ALICE)
    await step(world, ALICE)
    world.source.answers[ALICE] = Reading(NOW + HOUR, Credits(0, monthly_allowance=10_000))
    await step(world, ALICE)
    async with world.store.read() as connection:
        (seen,) = await accounts.watched(connection)
    assert seen.outage is not None
    assert seen.outage.kind is FailureKind.GARBLED
    assert seen.reading is not None
    assert seen.reading.credits.monthly == 9_000
    assert await world.notifications() == []


async def test_an_account_that_cannot_be_read_is_said_after_three(world: World) -> None:
    """One account's outage fires after three looks in a row, and a reading resolves it."""
    await world.watch(ALICE, BOB)
    await step(world, ALICE, BOB)
    world.source.fail(ALICE)
    for looks in range(1, 5):
        await step(world, ALICE, BOB)
        assert len(await world.notifications()) == (1 if looks >= 3 else 0)
    world.source.answers.clear()
    await step(world, ALICE)
    assert reasons(await world.notifications()) == [
        (key_of(ALICE), NotifyReason.FIRED),
        (key_of(ALICE), NotifyReason.RESOLVED),
    ]


async def test_a_broken_account_is_said_at_once(world: World) -> None:
    """What one look proves is not waited for."""
    await world.watch(ALICE, BOB)
    await step(world, BOB)
    world.source.fail(ALICE, FailureKind.BROKEN)
    await step(world, ALICE)
    (told,) = await world.notifications()
    assert (told.notification.subject, told.notification.measure) == (key_of(ALICE), AlertRule.FAILURES)


async def test_a_refused_token_is_one_message_for_the_source(world: World) -> None:
    """401 for all accounts is one critical alert of the source, and none of its accounts; its end is one too."""
    emails = [ALICE, BOB, CAROL]
    await world.watch(*emails)
    for email in emails:
        world.source.fail(email, FailureKind.UNAUTHORIZED)
    for _ in range(4):
        await step(world, *emails)
    (told,) = await world.notifications()
    assert (told.notification.subject, told.notification.severity) == (SOURCE, Severity.CRITICAL)
    world.source.answers.clear()
    for email in emails:
        await step(world, email)
    assert reasons(await world.notifications()) == [(SOURCE, NotifyReason.FIRED), (SOURCE, NotifyReason.RESOLVED)]


async def test_a_shared_outage_is_one_message_after_three(world: World) -> None:
    """useapi.net away for all accounts: one message for the source once each has failed three times, none before."""
    await world.watch(ALICE, BOB)
    await step(world, ALICE, BOB)
    for email in (ALICE, BOB):
        world.source.fail(email)
    for _ in range(5):
        await step(world, ALICE)
        await step(world, BOB)
    assert reasons(await world.notifications()) == [(SOURCE, NotifyReason.FIRED)]


async def test_a_mute_withholds_and_its_end_catches_up(world: World) -> None:
    """What fired while muted is said when the mute is over, once; what was over by then is not said at all."""
    await world.watch(ALICE, BOB)
    await silence(world, Silence(SilenceKind.ALL, until=NOW + HOUR))
    world.source.credits.update({ALICE: 400, BOB: 400})
    await step(world, ALICE, BOB)
    world.source.credits[BOB] = 9_000
    await step(world, BOB)
    assert await world.notifications() == []
    await world.catch_up.look()
    assert await world.notifications() == []
    world.clock.now = NOW + HOUR
    for _ in range(2):
        await world.catch_up.look()
    assert reasons(await world.notifications()) == [(key_of(ALICE), NotifyReason.FIRED)]
    assert len(world.wakes) == 2
    assert await world.query("SELECT count(*) FROM silences") == [(0,)]


async def test_the_tick_catches_up(world: World) -> None:
    """The clockwork itself notices that a mute is over, without a new look."""
    await world.watch(ALICE)
    await silence(world, Silence(SilenceKind.ACCOUNT, key_of(ALICE), until=NOW + HOUR))
    world.source.credits[ALICE] = 0
    await step(world, ALICE)
    world.clock.now = NOW + HOUR
    world.source.hang(ALICE)
    await world.checks.tick()
    (told,) = await world.notifications()
    assert told.notification.severity is Severity.CRITICAL


async def test_an_ack_holds_until_the_next_rung(world: World) -> None:
    """An acknowledged alert is quiet on its rung; the next worse one is said, and ends the ack."""
    await world.watch(ALICE)
    world.source.credits[ALICE] = 1_500
    await step(world, ALICE)
    (told,) = await world.notifications()
    async with world.store.read() as connection:
        (alert,) = await alerts.firing(connection)
    await silence(world, Silence(SilenceKind.ACK, alert.subject, alert.measure, None, alert.episode, alert.level))
    await step(world, ALICE)
    assert await world.notifications() == [told]
    world.source.credits[ALICE] = 300
    await step(world, ALICE)
    assert reasons(await world.notifications())[1:] == [(key_of(ALICE), NotifyReason.WORSENED)]


async def test_a_snooze_of_one_chat_is_over_where_it_gets_worse(database: Path) -> None:
    """In the look that finds it worse both chats are told, the snooze is no more, and what follows is told too."""
    async with world_in(database, chats=(CHAT, GROUP)) as world:
        await world.watch(ALICE)
        world.source.credits[ALICE] = 1_500
        await step(world, ALICE)
        async with world.store.read() as connection:
            (alert,) = await alerts.firing(connection)
        about = (alert.subject, alert.measure, NOW + 24 * HOUR, alert.episode, alert.level)
        await silence(world, Silence(SilenceKind.SNOOZE, *about, chat=GROUP))
        for credits in (1_400, 300, 9_000, 300):
            world.source.credits[ALICE] = credits
            await step(world, ALICE)
        said = [NotifyReason.FIRED, NotifyReason.WORSENED, NotifyReason.RESOLVED, NotifyReason.FIRED]
        for chat in (CHAT, GROUP):
            assert [one.notification.reason for one in await world.notifications(chat=chat)] == said
        assert await world.query("SELECT count(*) FROM silences") == [(0,)]


async def test_an_ack_of_what_stays_critical_lapses(database: Path) -> None:
    """When its time is over each chat is reminded, with who was at it; the wait for the next reminder begins anew."""
    async with world_in(database, chats=(CHAT, GROUP)) as world:
        await world.watch(ALICE, BOB)
        world.source.credits.update({ALICE: 0, BOB: 300})
        await step(world, ALICE, BOB)
        async with world.store.read() as connection:
            firing = await alerts.firing(connection)
        for alert in firing:
            about = (alert.subject, alert.measure, NOW + 24 * HOUR, alert.episode, alert.level)
            await silence(world, Silence(SilenceKind.ACK, *about, by="Kim", made_at=NOW))
        world.clock.now = NOW + 23 * HOUR
        await world.catch_up.look()
        await step(world, ALICE, BOB)
        assert len(await world.notifications()) == 2
        world.clock.now = NOW + 24 * HOUR
        for _ in range(2):
            await step(world, ALICE, BOB)
            await world.catch_up.look()
        for chat in (CHAT, GROUP):
            *_, told = await world.notifications(chat=chat)
            assert (told.notification.subject, told.notification.reason) == (key_of(ALICE), NotifyReason.REMINDED)
            assert (told.notification.facts.by, told.notification.facts.acted_at) == ("Kim", NOW)
            assert len(await world.notifications(chat=chat)) == 3
        assert await world.query("SELECT subject FROM silences") == [(key_of(BOB),)], "a warning is asked for by nobody"
        world.clock.forward(hours=23)
        await step(world, ALICE)
        assert len(await world.notifications()) == 3
        world.clock.forward(hours=1)
        await step(world, ALICE)
        *_, told = await world.notifications()
        assert (told.notification.reason, told.notification.facts.by) == (NotifyReason.REMINDED, None)


async def test_a_mute_that_ends_as_a_reminder_is_due_is_followed_by_one_message(database: Path) -> None:
    """The muted chat gets what it did not get, the other one its reminder, and the next check adds nothing."""
    async with world_in(database, chats=(CHAT, GROUP)) as world:
        await world.watch(ALICE)
        await silence(world, Silence(SilenceKind.ALL, until=NOW + 24 * HOUR + MINUTE, chat=GROUP))
        world.source.credits[ALICE] = 0
        await step(world, ALICE)
        world.clock.now = NOW + 24 * HOUR + MINUTE
        await world.catch_up.look()
        for _ in range(2):
            await step(world, ALICE)
        assert reasons(await world.notifications(chat=GROUP)) == [(key_of(ALICE), NotifyReason.FIRED)]
        said = [(key_of(ALICE), reason) for reason in (NotifyReason.FIRED, NotifyReason.REMINDED)]
        assert reasons(await world.notifications()) == said
        world.clock.forward(hours=24)
        await step(world, ALICE)
        assert len(await world.notifications(chat=GROUP)) == 2


async def test_a_mutes_end_reminds_of_nothing_that_no_check_can_see(database: Path) -> None:
    """While an account cannot be read its last credits are old: what a mute withheld is said, and nobody reminded."""
    async with world_in(database, chats=(CHAT, GROUP)) as world:
        await world.watch(ALICE)
        await silence(world, Silence(SilenceKind.ALL, until=NOW + 25 * HOUR, chat=GROUP))
        world.source.credits[ALICE] = 0
        await step(world, ALICE)
        world.source.fail(ALICE)
        await step(world, ALICE)
        world.clock.now = NOW + 25 * HOUR
        await world.catch_up.look()
        for chat in (CHAT, GROUP):
            assert reasons(await world.notifications(chat=chat)) == [(key_of(ALICE), NotifyReason.FIRED)]


async def test_a_pause_is_not_said_where_all_is_muted(database: Path) -> None:
    """Muting everything covers the notes beside alerts too, in the chat that asked or in all."""
    async with world_in(database, chats=(CHAT, GROUP)) as world:
        await silence(world, Silence(SilenceKind.ALL, until=NOW + HOUR))
        await world.processor.say_downtime(NOW - HOUR, NOW)
        assert await world.notifications(NotificationKind.DOWNTIME) == []
        await silence(
            world, Silence(SilenceKind.ALL, until=NOW), Silence(SilenceKind.ALL, until=NOW + HOUR, chat=GROUP)
        )
        await world.processor.say_downtime(NOW - HOUR, NOW)
        assert len(await world.notifications(NotificationKind.DOWNTIME)) == 1
        assert await world.notifications(NotificationKind.DOWNTIME, GROUP) == []


async def test_a_chat_that_joins_is_told_what_fires(database: Path) -> None:
    """In one transaction: the greeting, and each alert that it is told of; what is muted everywhere comes later.

    The others hear nothing again, and the recovery reaches all who know of it.
    """
    new = Chat(333)
    async with world_in(database, chats=(CHAT,)) as world:
        await world.watch(ALICE, BOB, CAROL)
        world.source.credits.update({ALICE: 0, BOB: 0})
        world.source.fail(CAROL, FailureKind.BROKEN)
        await step(world, ALICE, BOB, CAROL)
        await silence(world, Silence(SilenceKind.ACCOUNT, key_of(BOB), until=NOW + HOUR))
        old = world.context.active_targets.targets.sources[SOURCE]
        world.context.active_targets.replace(Targets.of([replace(old, chats=(CHAT, new))], (CHAT, new), old.rules))
        before = len(await world.notifications())
        for _ in range(2):
            await world.discovery(*((email, None) for email in (ALICE, BOB, CAROL))).resume()
        waiting = await world.notifications(None, new)
        assert [(one.notification.topic, one.notification.reason) for one in waiting] == [
            (NotificationKind.GREETING, NotifyReason.NONE),
            (NotificationKind.ALERT, NotifyReason.JOINED),
            (NotificationKind.ALERT, NotifyReason.JOINED),
        ]
        assert {one.notification.subject for one in waiting} == {"", key_of(ALICE), key_of(CAROL)}
        assert waiting[1].notification.facts.rung == "0"
        assert len(await world.notifications()) == before
        world.source.answers.clear()
        world.source.credits.update({ALICE: 9_000, BOB: 9_000})
        await step(world, ALICE, BOB, CAROL)
        reasons_there = {
            (one.notification.subject, one.notification.reason) for one in (await world.notifications(chat=new))[2:]
        }
        assert reasons_there == {(key_of(ALICE), NotifyReason.RESOLVED), (key_of(CAROL), NotifyReason.RESOLVED)}
        assert await world.query("SELECT count(*) FROM notified") == [(1,)], "the muted recovery is owed"


async def test_a_replayed_sample_changes_nothing(world: World) -> None:
    """The same look saved twice, as after a crash, says and keeps nothing twice."""
    await world.watch(ALICE)
    async with world.store.read() as connection:
        (account,) = await accounts.watched(connection)
    look = FinishedCheck(account.key, reading(100))
    for _ in range(3):
        await world.processor.save([look])
    assert reasons(await world.notifications()) == [(key_of(ALICE), NotifyReason.FIRED)]
    assert await world.query("SELECT count(*) FROM readings") == [(1,)]


async def test_an_account_gone_meanwhile_is_left_out(world: World) -> None:
    """A look that ends after its account is no longer watched changes nothing and is no error."""
    await world.watch(ALICE, BOB)
    async with world.store.write() as connection:
        known = await accounts.load(connection, [key_of(ALICE), key_of(BOB)])
        await accounts.unwatch(connection, [key_of(ALICE)])
    saved = await world.processor.save([FinishedCheck(key, reading(100)) for key in known])
    assert [change.after.email for change in saved.changes] == [BOB]
    assert reasons(await world.notifications()) == [(key_of(BOB), NotifyReason.FIRED)]


async def test_what_is_said_and_what_is_remembered_are_one(world: World) -> None:
    """If the messages cannot be put, the alerts are as before: the next look says them."""
    await world.watch(ALICE)
    async with world.store.write() as connection:
        await connection.exec_driver_sql(
            "CREATE TRIGGER full BEFORE INSERT ON outbox BEGIN SELECT RAISE(ABORT, 'no'); END"
        )
    world.source.credits[ALICE] = 100
    await step(world, ALICE)
    assert await world.query("SELECT count(*) FROM alerts") == [(0,)]
    assert await world.query("SELECT count(*) FROM readings") == [(0,)]
    async with world.store.write() as connection:
        await connection.exec_driver_sql("DROP TRIGGER full")
    await step(world, ALICE)
    assert reasons(await world.notifications()) == [(key_of(ALICE), NotifyReason.FIRED)]


async def test_notices_go_to_where_a_group_is_now(database: Path) -> None:
    """A group that moved gets what is new at its new place, and only there."""
    new = Chat(-1009)
    async with world_in(database, chats=(GROUP,)) as world:
        async with world.store.write() as connection:
            await chats.move(connection, GROUP.chat_id, new.chat_id)
        await world.watch(ALICE)
        world.source.credits[ALICE] = 100
        await step(world, ALICE)
        assert reasons(await world.notifications(chat=new)) == [(key_of(ALICE), NotifyReason.FIRED)]
        assert await world.notifications(chat=GROUP) == []


async def test_without_chats_nothing_waits(database: Path) -> None:
    """Without a chat to tell, looks and alerts go on and no message piles up."""
    async with world_in(database, chats=()) as world:
        await world.watch(ALICE)
        world.source.credits[ALICE] = 100
        await step(world, ALICE)
        assert await world.query("SELECT count(*) FROM outbox") == [(0,)]
        assert await world.query("SELECT level FROM alerts") == [(2,)]


async def test_500_accounts_falling_together_are_all_said(world: World) -> None:
    """A fleet that falls at once is looked at and decided at once, and each account has its one notification."""
    emails = [f"user{number}@example.com" for number in range(500)]
    await world.watch(*emails)
    for email in emails:
        world.source.credits[email] = 100
    await world.checks.tick()
    await until(lambda: world.rounds)
    told = [one.notification.subject for one in await world.notifications()]
    assert sorted(told) == sorted(map(key_of, emails))
