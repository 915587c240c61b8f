"""Pauses: nobody is looked at meanwhile, by whatever way; they end in time, over a restart too, and say so."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from bot.checks.clock_watch import ClockWatch
from bot.commands.service import BotService
from bot.config.parsers import parse_time_ladder
from bot.domain.accounts import Credits, FailureKind, KnownAccount, Pause, Plan, Reading
from bot.domain.alerts import Alert, AlertRule, NotifyReason, Severity, Silence, SilenceKind
from bot.domain.chats import Chat
from bot.domain.history import PAUSED
from bot.domain.notifications import Notification, NotificationKind
from bot.domain.pauses import EVERYONE
from bot.features.pauses.service import Pauses
from bot.outbox.dispatcher import Dispatcher
from bot.storage import accounts, alerts
from bot.telegram.polling import Polling
from tests.support.fakes import ALICE, BOB, CAROL, CHAT, NOW, QUARTER, SOURCE, SetClock, World, key_of, until, world_in

OTHER = Chat(222)
HOURS = timedelta(hours=1)
ALICES, BOBS = key_of(ALICE), key_of(BOB)


@pytest.fixture
async def world(database: Path) -> AsyncIterator[World]:
    """A world that two chats are told of."""
    async with world_in(database, (CHAT, OTHER)) as made:
        yield made


def pauses_of(world: World) -> Pauses:
    """The part that pauses."""
    return Pauses(world.context, world.writer, world.processor, world.checks)


def service_of(world: World) -> BotService:
    """What the bot can answer, as far as it is asked here: how it fares."""
    polling = cast(Polling, SimpleNamespace(silent_for=0.0, trouble=None, notes=()))
    outbox = cast(Dispatcher, SimpleNamespace(backlogs={}))
    others: dict[str, Any] = dict.fromkeys(("discovery", "pairing", "silences", "pauses", "boards", "charts", "reload"))
    return BotService(world.context, world.checks, outbox=outbox, polling=polling, **others)


async def more_often(service: BotService) -> tuple[datetime | None, datetime | None]:
    """When anybody was resumed, or got a shorter interval; and by when to expect a reading of them."""
    vitals = await service.vitals()
    return vitals.more_often_since, vitals.read_by


async def tick(world: World, pauses: Pauses) -> None:
    """One tick, as the app does it, to the end of the looks that it began."""
    await pauses.tick()
    await world.checks.tick()
    await asyncio.wait_for(world.checks.drain(), 60)
    world.checks._draining = False


async def pass_time(world: World, pauses: Pauses, length: timedelta, step: timedelta = timedelta(minutes=5)) -> None:
    """Lets time pass, with a tick at each step."""
    end = world.clock() + length
    while world.clock() < end:
        world.clock.now += step
        await tick(world, pauses)


async def look(world: World, *emails: str) -> None:
    """A minute later, a look at each."""
    world.clock.forward(minutes=1)
    await world.look(*emails)


async def told(world: World, topic: NotificationKind, chat: Chat = CHAT) -> list[Notification]:
    """What a chat is told of one topic."""
    return [one.notification for one in await world.notifications(topic, chat)]


async def test_nobody_looks_at_who_is_paused(world: World) -> None:
    """Neither the clock nor a question does; the others are looked at as ever, and the pause ends in its time."""
    await world.watch(ALICE, BOB)
    pauses = pauses_of(world)
    await tick(world, pauses)
    await pauses.pause([ALICES], 3 * HOURS, "Kim", CHAT)
    await world.checks.look_now([ALICES, BOBS])
    await pass_time(world, pauses, 3 * HOURS - timedelta(minutes=5))
    assert world.source.reads.count(ALICE) == 1
    assert world.source.reads.count(BOB) >= 12
    await pass_time(world, pauses, timedelta(minutes=5))
    assert world.source.reads.count(ALICE) == 2, "it is looked at at once"
    await pass_time(world, pauses, 3 * QUARTER)
    assert world.source.reads.count(ALICE) >= 4
    assert await world.notifications(NotificationKind.DOWNTIME) == []


async def test_the_other_chats_are_told_once_and_all_of_the_end(world: World) -> None:
    """One silent line says who and until when; when it is over, every chat is told."""
    await world.watch(ALICE, BOB)
    pauses = pauses_of(world)
    await pauses.pause([ALICES], HOURS, "Kim", CHAT)
    assert await told(world, NotificationKind.PAUSED) == []
    (line,) = await told(world, NotificationKind.PAUSED, OTHER)
    assert (line.facts.by, line.facts.until, line.facts.name) == ("Kim", NOW + HOURS, ALICE)
    assert not line.rings
    await pass_time(world, pauses, HOURS)
    for chat in (CHAT, OTHER):
        (line,) = await told(world, NotificationKind.RESUMED, chat)
        assert (line.facts.name, line.facts.by) == (ALICE, None)
        assert not line.rings


async def test_a_pause_that_is_ended_by_hand_tells_the_others(world: World) -> None:
    """Who works there is told that checks go on, and the account is looked at at once."""
    await world.watch(ALICE, BOB)
    pauses = pauses_of(world)
    await tick(world, pauses)
    await pauses.pause([ALICES], 9 * HOURS, "Kim", CHAT)
    world.clock.forward(minutes=10)
    assert await pauses.resume([ALICES], "Ann", OTHER)
    await until(lambda: world.source.reads.count(ALICE) == 2)
    (line,) = await told(world, NotificationKind.RESUMED)
    assert (line.facts.by, line.facts.name) == ("Ann", ALICE)
    assert await told(world, NotificationKind.RESUMED, OTHER) == []
    assert not await pauses.resume([ALICES], "Ann", OTHER)
    assert not await pauses.resume_all("Ann", OTHER)


async def test_everyone_is_paused_with_those_that_appear_later(world: World) -> None:
    """A pause of all holds for newcomers too; one can be let go, and a new pause of all holds for that one again."""
    discovery, pauses = world.discovery(), pauses_of(world)
    world.source.lists(ALICE, BOB)
    await discovery.ask_all()
    await tick(world, pauses)
    await pauses.pause([None], 3 * HOURS, "Kim", CHAT)
    world.source.lists(ALICE, BOB, CAROL)
    world.source.reads.clear()
    await discovery.ask_all()
    await pass_time(world, pauses, HOURS)
    await world.checks.look_now([ALICES, BOBS, key_of(CAROL)])
    assert world.source.reads == []
    await pauses.resume([BOBS], "Kim", CHAT)
    await pass_time(world, pauses, HOURS)
    assert set(world.source.reads) == {BOB}
    await pauses.pause([None], HOURS, "Kim", CHAT)
    world.source.reads.clear()
    await pass_time(world, pauses, HOURS - timedelta(minutes=5))
    assert world.source.reads == []
    await pass_time(world, pauses, timedelta(minutes=5))
    assert set(world.source.reads) == {ALICE, BOB, CAROL}
    assert len(await told(world, NotificationKind.RESUMED)) == 1
    assert (await pauses.current()).resumed == frozenset()


async def test_the_longer_of_two_pauses_holds(world: World) -> None:
    """An account's own pause and that of everyone stand side by side: it is checked when both are over."""
    await world.watch(ALICE, BOB)
    pauses = pauses_of(world)
    await tick(world, pauses)
    await pauses.pause([ALICES], 2 * HOURS, "Kim", CHAT)
    await pauses.pause([None], HOURS, "Ann", OTHER)
    await pass_time(world, pauses, HOURS + QUARTER)
    assert world.source.reads.count(ALICE) == 1
    assert world.source.reads.count(BOB) > 1
    held = (await pauses.current()).of(ALICES)
    assert held
    assert (held.by, held.until, held.since) == ("Kim", NOW + 2 * HOURS, NOW)
    await pauses.pause([ALICES], 9 * HOURS, "Kim", CHAT)
    assert await pauses.resume_all("Kim", CHAT)
    assert not await pauses.current()


async def test_a_pause_outlives_a_restart(database: Path) -> None:
    """A start looks at everyone at once, but at nobody who is paused; a pause that ran out meanwhile is told then."""
    async with world_in(database) as world:
        await world.watch(ALICE, BOB)
        await tick(world, pauses_of(world))
        await pauses_of(world).pause([ALICES], 3 * HOURS, "Kim", OTHER)
    for hours, reads, lines in ((1, [BOB], 0), (4, [ALICE, BOB], 1)):
        async with world_in(database) as again:
            again.clock.forward(hours=hours)
            await again.discovery((ALICE, None), (BOB, None)).resume()
            await again.checks.resume()
            await tick(again, pauses_of(again))
            assert sorted(again.source.reads) == reads
            assert len(await told(again, NotificationKind.RESUMED)) == lines


async def test_with_all_paused_nobody_misses_the_watch(database: Path) -> None:
    """Hours without a check that a pause wished for are none in which nobody was watching; those after it are."""
    async with world_in(database) as world:
        await world.watch(ALICE)
        await tick(world, pauses_of(world))
        await pauses_of(world).pause([None], 10 * HOURS, "Kim", OTHER)
        await pass_time(world, pauses_of(world), 2 * HOURS)
    for hours, since in ((5, None), (10.5, None), (15, NOW + 10 * HOURS)):
        async with world_in(database) as again:
            again.clock.forward(hours=hours)
            await again.discovery((ALICE, None)).resume()
            await again.checks.resume()
            await pauses_of(again).tick()
            await again.checks._note_downtime()
            assert [one.facts.since for one in await told(again, NotificationKind.DOWNTIME)] == (
                [since] if since else []
            )


async def test_a_process_that_slept_through_a_pause_was_missed_from_its_end_on(world: World) -> None:
    """Asleep from within a pause of all until long after it: nobody was watching since the pause was over."""
    await world.watch(ALICE)
    pauses = pauses_of(world)
    await tick(world, pauses)
    await pauses.pause([None], HOURS, "Kim", CHAT)
    await pass_time(world, pauses, timedelta(minutes=30))
    world.clock.forward(hours=4)
    await tick(world, pauses)
    (line,) = await told(world, NotificationKind.DOWNTIME)
    assert (line.facts.since, line.facts.until) == (NOW + HOURS, NOW + 4.5 * HOURS)


async def test_a_process_that_slept_within_a_pause_was_not_missed(world: World) -> None:
    """Asleep for hours while everyone was paused anyway: nobody missed the watch."""
    await world.watch(ALICE)
    pauses = pauses_of(world)
    await tick(world, pauses)
    await pauses.pause([None], 9 * HOURS, "Kim", CHAT)
    await tick(world, pauses)
    world.clock.forward(hours=4)
    await tick(world, pauses)
    assert await told(world, NotificationKind.DOWNTIME) == []


async def test_a_look_that_waits_its_turn_is_given_up(world: World) -> None:
    """What is in line when the pause begins is not begun; what is under way is waited for, and answered then."""
    await world.watch(ALICE, BOB)
    gate = world.source.hang(ALICE)
    pauses = pauses_of(world)
    await world.checks.tick()
    await until(lambda: ALICE in world.source.reads)
    pausing = asyncio.create_task(pauses.pause([ALICES], HOURS, "Kim", CHAT))
    await until(lambda: bool(world.checks.paused))
    assert not pausing.done()
    gate.set()
    await asyncio.wait_for(pausing, 60)
    assert world.source.in_flight == 0
    world.checks._begin((await known(world))[BOB])
    world.checks.paused = replace(world.checks.paused, own={**world.checks.paused.own, BOBS: await pause_of(pauses)})
    await asyncio.wait_for(world.checks.drain(), 60)
    assert world.source.reads.count(BOB) == 1


async def known(world: World) -> dict[str, KnownAccount]:
    """The accounts by email."""
    async with world.store.read() as connection:
        return {one.email: one for one in await accounts.known(connection)}


async def pause_of(pauses: Pauses) -> Pause:
    """The pause of Alice's account."""
    return (await pauses.current()).own[ALICES]


async def test_a_failure_in_a_pause_does_not_count(world: World) -> None:
    """A look that had begun, and failed because a person signed in there, is as if it had not been."""
    await world.watch(ALICE, BOB)
    pauses = pauses_of(world)
    await tick(world, pauses)
    world.source.fail(ALICE, FailureKind.BROKEN)
    gate = world.source.hang(ALICE)
    looking = asyncio.create_task(world.checks.look_now([ALICES]))
    await until(lambda: world.source.in_flight == 1)
    pausing = asyncio.create_task(pauses.pause([ALICES], HOURS, "Kim", CHAT))
    await until(lambda: bool(world.checks.paused))
    gate.set()
    await asyncio.wait_for(asyncio.gather(looking, pausing), 60)
    assert await world.query("SELECT failures, outage_kind FROM accounts ORDER BY key") == [(0, None)] * 2
    assert await world.notifications() == []


async def test_an_account_in_trouble_stays_so_and_no_outage_ends(world: World) -> None:
    """Paused while it is low and cannot be read: both stay as they are, and nothing is told of them meanwhile."""
    await world.watch(ALICE, BOB)
    pauses = pauses_of(world)
    world.source.credits[ALICE] = 400
    await tick(world, pauses)
    world.source.fail(ALICE, FailureKind.BROKEN)
    await look(world, ALICE)
    before = [(one.subject, one.measure) for one in await firing(world)]
    assert before == [(ALICES, AlertRule.FAILURES), (ALICES, AlertRule.CREDITS)]
    count = len(await world.notifications())
    await pauses.pause([ALICES], 50 * HOURS, "Kim", CHAT)
    await pass_time(world, pauses, 49 * HOURS, HOURS)
    assert [(one.subject, one.measure) for one in await firing(world)] == before
    assert len(await world.notifications()) == count


async def firing(world: World) -> list[Alert]:
    """What fires."""
    async with world.store.read() as connection:
        return sorted(await alerts.firing(connection), key=lambda one: one.measure != AlertRule.FAILURES)


async def test_a_pause_makes_no_shared_outage_and_ends_none(world: World) -> None:
    """Of two that cannot be read one is paused: the source's trouble goes on, and is not told as one account's."""
    await world.watch(ALICE, BOB)
    pauses = pauses_of(world)
    await tick(world, pauses)
    world.source.fail(ALICE)
    world.source.fail(BOB)
    for _ in range(3):
        await look(world, ALICE, BOB)
    assert [(one.notification.subject, one.notification.reason) for one in await world.notifications()] == [
        (SOURCE, NotifyReason.FIRED)
    ]
    await pauses.pause([ALICES], 9 * HOURS, "Kim", CHAT)
    await look(world, BOB)
    assert len(await world.notifications()) == 1
    world.source.answers.clear()
    await look(world, BOB)
    assert [one.notification.reason for one in await world.notifications()] == [
        NotifyReason.FIRED,
        NotifyReason.RESOLVED,
    ]


async def test_one_that_fails_alone_beside_a_paused_one_is_not_the_sources_trouble(world: World) -> None:
    """The paused one was well: that the only other cannot be read is told of that one."""
    await world.watch(ALICE, BOB)
    pauses = pauses_of(world)
    await tick(world, pauses)
    await pauses.pause([ALICES], 9 * HOURS, "Kim", CHAT)
    world.source.fail(BOB)
    for _ in range(3):
        await look(world, BOB)
    assert [one.notification.subject for one in await world.notifications()] == [BOBS]


async def test_all_of_a_refused_source_paused_is_not_told_as_mended(world: World) -> None:
    """Its token was refused when everyone was paused: a look at the list alone does not end that."""
    world.source.lists(ALICE, BOB)
    discovery, pauses = world.discovery(), pauses_of(world)
    await discovery.ask_all()
    for email in (ALICE, BOB):
        world.source.fail(email, FailureKind.UNAUTHORIZED)
    await tick(world, pauses)
    assert [one.notification.reason for one in await world.notifications()] == [NotifyReason.FIRED]
    await pauses.pause([None], 9 * HOURS, "Kim", CHAT)
    await discovery.ask_all()
    assert [one.notification.reason for one in await world.notifications()] == [NotifyReason.FIRED]


def ending(moment: datetime, *, renews: bool = False) -> Reading:
    """A reading of a plan that ends."""
    return Reading(
        NOW, Credits(9_000, 0, 0, 10_000), Plan("Pro", "Pro", ends_at=moment, cancelled_at=None if renews else NOW)
    )


async def planned(world: World, reading: Reading) -> Pauses:
    """Alice's account, read once with this plan, under a ladder of 3 days and 1."""
    (source,) = world.context.active_targets.targets.sources.values()
    world.put_in_force(replace(source, rules=replace(source.rules, plan_ends_within=parse_time_ladder("3d,1d"))))
    await world.discovery((ALICE, None), (BOB, None)).resume()
    world.source.answers[ALICE] = reading
    await world.look(ALICE)
    del world.source.answers[ALICE]
    return pauses_of(world)


async def test_the_plans_end_is_watched_in_a_pause(world: World) -> None:
    """A plan that was cancelled is told at once, at each line and at its end, though nobody looks; so are reminders."""
    pauses = await planned(world, ending(NOW + timedelta(days=4)))
    reads = world.source.reads.count(ALICE)
    await pauses.pause([ALICES], timedelta(days=9), "Kim", CHAT)
    await pass_time(world, pauses, timedelta(days=5, hours=2), HOURS)
    assert world.source.reads.count(ALICE) == reads
    plan = [one.notification for one in await world.notifications() if one.notification.measure is AlertRule.PLAN]
    assert [(one.reason, one.severity) for one in plan] == [
        (NotifyReason.FIRED, Severity.INFO),
        (NotifyReason.WORSENED, Severity.WARNING),
        (NotifyReason.WORSENED, Severity.CRITICAL),
        (NotifyReason.WORSENED, Severity.CRITICAL),
        (NotifyReason.REMINDED, Severity.CRITICAL),
    ]
    assert [one.facts.credits_at for one in plan] == [NOW] * 5


async def test_a_renewal_that_nobody_can_see_is_not_told_as_missing(world: World) -> None:
    """A plan that renews by itself is told once as coming; whether it came is not known before the next look."""
    pauses = await planned(world, ending(NOW + timedelta(days=2), renews=True))
    await pauses.pause([ALICES], timedelta(days=5), "Kim", CHAT)
    await pass_time(world, pauses, timedelta(days=4), HOURS)
    plan = [one.notification for one in await world.notifications() if one.notification.measure is AlertRule.PLAN]
    assert [(one.reason, one.severity) for one in plan] == [(NotifyReason.FIRED, Severity.INFO)]


async def test_a_plan_is_not_overdue_before_it_is_looked_at_after_a_pause(world: World) -> None:
    """The database was busy as a tick began; the pause was ended before the tick could decide."""
    pauses = await planned(world, ending(NOW + timedelta(days=2), renews=True))
    await pauses.pause([ALICES], timedelta(days=5), "Kim", CHAT)
    await pass_time(world, pauses, timedelta(days=3), HOURS)
    await pauses.resume([ALICES], "Kim", CHAT)
    assert await world.processor.decide_plans([ALICES]) == {}
    plan = [one.notification for one in await world.notifications() if one.notification.measure is AlertRule.PLAN]
    assert [(one.reason, one.severity) for one in plan] == [(NotifyReason.FIRED, Severity.INFO)]


async def test_a_renewal_that_a_check_did_not_see_as_the_pause_began_is_told_as_missing(world: World) -> None:
    """The check had begun before the pause, and showed that the plan is overdue: that waits for no end of the pause."""
    overdue = ending(NOW + timedelta(days=2), renews=True)
    pauses = await planned(world, overdue)
    world.clock.forward(hours=50)
    world.source.answers[ALICE] = replace(overdue, taken_at=world.clock())
    gate = world.source.hang(ALICE)
    looking = asyncio.create_task(world.checks.look_now([ALICES]))
    await until(lambda: world.source.in_flight == 1)
    pausing = asyncio.create_task(pauses.pause([ALICES], HOURS, "Kim", CHAT))
    await until(lambda: bool(world.checks.paused))
    gate.set()
    await asyncio.wait_for(asyncio.gather(looking, pausing), 60)
    await tick(world, pauses)
    plan = [one.notification for one in await world.notifications() if one.notification.measure is AlertRule.PLAN]
    assert [(one.reason, one.severity) for one in plan] == [
        (NotifyReason.FIRED, Severity.INFO),
        (NotifyReason.WORSENED, Severity.CRITICAL),
    ]


async def test_the_time_of_a_pause_is_a_gap_of_its_own(world: World) -> None:
    """In the past, a pause stands as a pause, whichever way it ended and whoever else was paused."""
    await world.watch(ALICE, BOB)
    pauses = pauses_of(world)
    await tick(world, pauses)
    await pauses.pause([ALICES], 9 * HOURS, "Kim", CHAT)
    await pass_time(world, pauses, HOURS)
    await pauses.pause([None], HOURS, "Kim", CHAT)
    await pass_time(world, pauses, 2 * HOURS)
    await pauses.resume([ALICES], "Kim", CHAT)
    rows = await world.query("SELECT account, kind, (until - since) / 3600000000 FROM outages ORDER BY account, since")
    assert rows == [(ALICES, PAUSED, 3), (ALICES, PAUSED, 1), (BOBS, PAUSED, 1)]


async def test_rounds_go_on_without_who_is_paused_and_beat_while_all_are(world: World) -> None:
    """A round does not wait for who is paused; while all are, a round of nobody ends each interval."""
    await world.watch(ALICE, BOB)
    pauses = pauses_of(world)
    await pauses.pause([ALICES], 9 * HOURS, "Kim", CHAT)
    await tick(world, pauses)
    assert [one.any_read for one in world.rounds] == [True]
    await pauses.pause([None], 2 * HOURS, "Kim", CHAT)
    world.rounds.clear()
    await pass_time(world, pauses, HOURS)
    assert len(world.rounds) in (4, 5)
    assert all(one.whole and not one.any_read for one in world.rounds)


@pytest.mark.parametrize("hours", [-5, 5])
async def test_a_clock_that_is_set_makes_no_pause_longer_or_shorter(database: Path, hours: int) -> None:
    """The clock is put right by five hours: an hour's pause is still an hour."""
    clock = SetClock()
    async with world_in(database, (CHAT, OTHER), clock=clock) as world:
        await world.watch(ALICE)
        pauses = pauses_of(world)
        watch = ClockWatch(clock.steady, world.store, lambda step: world.checks.clock_stepped(step.by), "boot")
        await tick(world, pauses)
        await pauses.pause([ALICES], HOURS, "Kim", CHAT)
        await tick(world, pauses)
        clock.set(hours=hours)
        await watch.look()
        await tick(world, pauses)
        assert (await pauses.current()).own[ALICES].until == NOW + (1 + hours) * HOURS
        for _ in range(11):
            clock.forward(minutes=5)
            await tick(world, pauses)
        assert world.source.reads == [ALICE]
        clock.forward(minutes=5)
        await tick(world, pauses)
        assert world.source.reads == [ALICE, ALICE]


async def test_a_mute_withholds_the_line(world: World) -> None:
    """Who wants quiet of an account hears nothing of its pause either."""
    await world.watch(ALICE, BOB)
    pauses = pauses_of(world)
    assert EVERYONE == ""
    async with world.store.write() as connection:
        await alerts.add_silence(connection, mute_of(ALICES))
    await pauses.pause([ALICES], HOURS, "Kim", CHAT)
    await pauses.pause([BOBS], HOURS, "Kim", CHAT)
    assert [one.facts.name for one in await told(world, NotificationKind.PAUSED, OTHER)] == [BOB]


def mute_of(key: str) -> Silence:
    """A mute of an account."""
    return Silence(SilenceKind.ACCOUNT, key, until=NOW + 9 * HOURS, by="Ann")


async def test_readings_count_by_their_own_interval_and_not_in_a_pause(world: World) -> None:
    """Health asks until when a reading counts: that of a rare account for long, that of a paused one for nothing."""
    await world.discovery((ALICE, None), (BOB, None)).resume()
    (source,) = world.context.active_targets.targets.sources.values()
    rare = {
        email: replace(one, check_every=2 * HOURS if email == BOB else None) for email, one in source.accounts.items()
    }
    service, pauses = service_of(world), pauses_of(world)
    assert (await service.vitals()).readable_until is None
    await tick(world, pauses)
    minute = timedelta(minutes=1)
    assert (await service.vitals()).readable_until == NOW + 2 * QUARTER + minute
    world.put_in_force(replace(source, accounts=rare))
    assert (await service.vitals()).readable_until == NOW + 4 * HOURS + minute
    await pauses.pause([BOBS], HOURS, "Kim", CHAT)
    assert (await service.vitals()).readable_until == NOW + 2 * QUARTER + minute
    await pauses.pause([None], 9 * HOURS, "Kim", CHAT)
    assert (await service.vitals()).readable_until is None
    assert world.checks.rounds.all_paused
    assert await more_often(service) == (None, None)
    world.clock.forward(hours=3)
    await pauses.resume_all("Kim", CHAT)
    assert await more_often(service) == (NOW + 3 * HOURS, NOW + 7 * HOURS + minute)


async def test_who_goes_on_is_to_be_read_by_the_interval_of_that_account(world: World) -> None:
    """The grace of a resumed account is its own: it hides for no longer that none of the others can be read."""
    await world.discovery((ALICE, None), (BOB, None)).resume()
    (source,) = world.context.active_targets.targets.sources.values()
    often = {
        email: replace(one, check_every=QUARTER / 3 if email == BOB else None) for email, one in source.accounts.items()
    }
    world.put_in_force(replace(source, accounts=often))
    service, pauses, minute = service_of(world), pauses_of(world), timedelta(minutes=1)
    await pauses.pause([BOBS], HOURS, "Kim", CHAT)
    world.clock.forward(minutes=30)
    await pauses.resume([BOBS], "Kim", CHAT)
    resumed = NOW + HOURS / 2
    assert await more_often(service) == (resumed, resumed + 2 * QUARTER / 3 + minute)
    await pauses.pause([ALICES, BOBS], HOURS, "Kim", CHAT)
    await pauses.resume([ALICES], "Kim", CHAT)
    await pauses.resume([BOBS], "Kim", CHAT)
    assert await more_often(service) == (resumed, resumed + 2 * QUARTER + minute), "the longer grace of another stays"
