"""The watch of the subscription: when it asks, what it fires, and what it keeps."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.checks.processor import AlertWriter, CheckProcessor
from bot.checks.results import FinishedCheck
from bot.checks.subscriptions import SubscriptionWatch
from bot.domain.accounts import CheckFailure, FailureKind
from bot.domain.alerts import AlertRule, NotifyReason, Severity
from bot.domain.subscription import ListedService, SubscriptionPage
from bot.features.webhook.payload import body_of
from bot.sources.useapi.subscription import parse_subscription
from bot.storage import events
from tests.integration.sources.helpers import sample
from tests.support.fakes import ALICE, BOB, QUARTER, SOURCE, World, key_of, reading

ACTIVE, OVER = SubscriptionPage(active=True), SubscriptionPage(active=False)
FIRED, RESOLVED = NotifyReason.FIRED, NotifyReason.RESOLVED


def broken(count: int) -> SubscriptionPage:
    """An active subscription with so many broken accounts."""
    return replace(ACTIVE, services=(ListedService("PixVerse API", 2, count),))


def everything_in(folder: Path) -> bytes:
    """The bytes of every file."""
    return b"".join(file.read_bytes() for file in folder.rglob("*") if file.is_file())


async def watch(world: World, *emails: str) -> SubscriptionWatch:
    """A watch over accounts that were checked once."""
    await world.watch(*(emails or (ALICE, BOB)))
    await world.look(*(emails or (ALICE, BOB)))
    watch = SubscriptionWatch(world.context, world.processor)
    world.processor.on_lapsed = watch.refused
    return watch


async def said(world: World, rule: AlertRule = AlertRule.FAILURES) -> list[NotifyReason]:
    """What was told of the source, in order."""
    told = [one.notification for one in await world.notifications()]
    return [one.reason for one in told if (one.subject, one.measure) == (SOURCE, rule)]


async def test_it_asks_at_the_start_and_every_hour(world: World) -> None:
    """Not before; and a clock that is set back does not stop it."""
    watched = await watch(world)
    world.source.page = ACTIVE
    await watched.tick()
    world.clock.forward(minutes=59)
    await watched.tick()
    assert world.source.asked_subscription == 1
    world.clock.forward(minutes=1)
    await watched.tick()
    assert world.source.asked_subscription == 2
    world.clock.forward(days=-1)
    await watched.tick()
    assert world.source.asked_subscription == 3


async def test_an_inactive_subscription_is_critical_at_the_first_answer(world: World) -> None:
    """Though checks are answered; it is asked each round meanwhile, and over with the next ``true``."""
    watched = await watch(world)
    world.source.page = OVER
    await watched.tick()
    (fired,) = await world.notifications()
    told = fired.notification
    assert (told.reason, told.severity, told.measure) == (FIRED, Severity.CRITICAL, AlertRule.FAILURES)
    assert (told.facts.outage, told.facts.subscription, told.facts.count) == (FailureKind.LAPSED, True, 0)
    world.clock.forward(minutes=10)
    await world.look(ALICE)
    assert await said(world) == [FIRED], "a check that is answered ends nothing: useapi.net's word holds"
    world.source.page = ACTIVE
    world.clock.forward(minutes=5)
    await watched.tick()
    assert world.source.asked_subscription == 2
    assert await said(world) == [FIRED, RESOLVED]
    assert (await world.notifications())[-1].notification.facts.subscription


async def test_an_alert_that_began_as_a_refused_token_ends_under_that_name(world: World) -> None:
    """The database keeps what it fired for."""
    await watch(world, ALICE)
    context = replace(world.context, webhook=True)
    processor = CheckProcessor(context, AlertWriter(context))
    for kind in (FailureKind.UNAUTHORIZED, FailureKind.LAPSED, None):
        world.clock.forward(minutes=15)
        result = CheckFailure(world.clock(), kind, "refused") if kind else reading(at=world.clock())
        await processor.save([FinishedCheck(key_of(ALICE), result)])
    async with world.store.read() as connection:
        told = [json.loads(body_of(one, ZoneInfo("UTC"))) for one in await events.waiting(connection)]
    assert [(one["type"], one["data"]["rule"]) for one in told] == [
        ("alert.firing", "unreadable"),
        ("alert.resolved", "unreadable"),
    ]
    assert told[1]["data"]["alert"] == told[0]["data"]["alert"]
    assert "It had lapsed" in told[1]["data"]["text"], "the words are those of what it was about"


@pytest.mark.parametrize("kind", [FailureKind.UNAUTHORIZED, FailureKind.LAPSED, FailureKind.UNAVAILABLE])
async def test_a_page_that_is_refused_is_no_verdict(world: World, kind: FailureKind) -> None:
    """Neither 401 nor 402 nor 5xx nor a page without the field says anything, and no check has failed."""
    watched = await watch(world)
    world.source.page = world.source.page_failing(kind)
    await watched.tick()
    world.source.page = SubscriptionPage()
    world.clock.forward(hours=1)
    await watched.tick()
    assert await world.notifications() == []
    assert await world.query("SELECT failures FROM accounts") == [(0,), (0,)]
    assert await world.query("SELECT failures FROM sources") == [(0,)]


async def test_a_402_asks_at_once_and_both_are_one_alert(world: World) -> None:
    """The check fires, the page confirms; nothing is said twice, and further 402s ask once a round."""
    watched = await watch(world)
    world.source.page = ACTIVE
    await watched.tick()
    for email in (ALICE, BOB):
        world.source.fail(email, FailureKind.LAPSED)
    world.source.page = OVER
    world.clock.forward(minutes=15)
    await world.look(ALICE, BOB)
    assert await said(world) == [FIRED]
    await watched.tick()
    assert world.source.asked_subscription == 2
    await world.look(ALICE, BOB)
    await watched.tick()
    assert world.source.asked_subscription == 2
    assert await said(world) == [FIRED]
    world.clock.now += QUARTER
    await watched.tick()
    assert world.source.asked_subscription == 3


async def test_an_active_subscription_has_the_refused_accounts_checked(world: World) -> None:
    """It ends with the ``true``; who was refused is due at once, and a refusal from before does not fire again."""
    watched = await watch(world)
    for email in (ALICE, BOB):
        world.source.fail(email, FailureKind.LAPSED)
    world.source.page = OVER
    world.clock.forward(minutes=1)
    await world.look(ALICE, BOB)
    await watched.tick()
    world.source.page = ACTIVE
    world.clock.forward(minutes=15)
    await watched.tick()
    due = await world.query(f"SELECT count(*) FROM accounts WHERE next_check_at <= {world.clock.now.timestamp():.0f}e6")
    assert due == [(2,)]
    world.source.answers.clear()
    world.clock.forward(seconds=5)
    await world.look(ALICE, BOB)
    assert await said(world) == [FIRED, RESOLVED]


async def test_no_account_need_be_checked_for_the_end(world: World) -> None:
    """With accounts that are checked once a day, the ``true`` is believed after the few minutes of any recovery."""
    watched = await watch(world)
    for email in (ALICE, BOB):
        world.source.fail(email, FailureKind.LAPSED)
    world.clock.forward(minutes=1)
    await world.look(ALICE, BOB)
    world.source.page = ACTIVE
    for _ in range(2):
        world.clock.now += QUARTER
        await watched.tick()
    assert await said(world) == [FIRED, RESOLVED]


async def test_without_a_verdict_the_next_answered_check_ends_it(world: World) -> None:
    """A page that cannot be read leaves the alert to the checks: one answered since is the end."""
    watched = await watch(world)
    world.source.page = OVER
    await watched.tick()
    world.source.page = None
    world.clock.forward(minutes=15)
    await watched.tick()
    assert await said(world) == [FIRED]
    world.clock.forward(seconds=30)
    await world.look(ALICE)
    assert await said(world) == [FIRED, RESOLVED]


async def test_broken_accounts_that_the_bot_does_not_know(world: World) -> None:
    """A count above what is known warns once a second answer repeats it, and ends when it is no longer above."""
    watched = await watch(world)
    world.source.page = broken(1)
    await watched.tick()
    assert await said(world, AlertRule.BROKEN) == [], "nobody was checked since the answer"
    world.clock.forward(seconds=1)
    await world.look(ALICE, BOB)
    await watched.tick()
    await watched.tick()
    assert world.source.asked_subscription == 2
    world.clock.forward(seconds=1)
    await world.look(ALICE, BOB)
    await watched.tick()
    (warned,) = await world.notifications()
    told = warned.notification
    assert (told.measure, told.severity, told.reason) == (AlertRule.BROKEN, Severity.WARNING, FIRED)
    assert (told.facts.count, told.facts.total) == (1, 0)
    world.source.fail(ALICE, FailureKind.BROKEN)
    await world.look(ALICE)
    world.clock.now += QUARTER
    await watched.tick()
    world.clock.forward(seconds=1)
    await world.look(ALICE, BOB)
    await watched.tick()
    assert await said(world, AlertRule.BROKEN) == [FIRED, RESOLVED]


async def test_a_broken_account_that_the_bot_knows_warns_nobody(world: World) -> None:
    """By check or by list, or perhaps paused: none of them is news."""
    watched = await watch(world)
    world.source.fail(ALICE, FailureKind.BROKEN)
    world.source.page = broken(1)
    for _ in range(3):
        world.clock.forward(hours=1)
        await watched.tick()
        world.clock.forward(seconds=1)
        await world.look(ALICE, BOB)
        await watched.tick()
    assert await said(world, AlertRule.BROKEN) == []


async def test_a_count_that_is_only_late_warns_nobody(world: World) -> None:
    """The account was mended between the answer and its check: the second answer says so."""
    watched = await watch(world)
    world.source.page = broken(1)
    await watched.tick()
    world.clock.forward(seconds=1)
    await world.look(ALICE, BOB)
    await watched.tick()
    world.source.page = broken(0)
    await watched.tick()
    world.clock.forward(hours=1)
    await watched.tick()
    assert await world.notifications() == []


async def test_nothing_of_the_owner_is_stored(world: World, tmp_path: Path) -> None:
    """The database holds the verdict, the day and the counts, and neither a name nor an address of the owner."""
    watched = await watch(world)
    page = sample("account.json") | {"name": "Kim Ownersen", "email": "kim@owner.example", "replyUrl": "https://hook"}
    world.source.page = parse_subscription(page)
    await watched.tick()
    ((stored,),) = await world.query("SELECT subscription FROM sources")
    assert "2025-04-05" in str(stored)
    held = everything_in(tmp_path)
    assert b"Midjourney" in held
    assert not any(word in held for word in (b"Ownersen", b"owner.example", b"https://hook", b"12345"))


async def test_a_later_failure_keeps_what_was_known(world: World) -> None:
    """The day and the counts stay, with their age."""
    watched = await watch(world)
    world.source.page = broken(0)
    await watched.tick()
    before = await world.query("SELECT subscription, subscription_answered_at FROM sources")
    world.source.page = None
    world.clock.forward(hours=1)
    await watched.tick()
    assert await world.query("SELECT subscription, subscription_answered_at FROM sources") == before
    assert await world.query("SELECT subscription_active FROM sources") == [(None,)]


async def test_rounds_shorter_than_an_hour_do_not_ask_more_often(world: World) -> None:
    """Only an alert does."""
    watched = await watch(world)
    world.source.page = ACTIVE
    for _ in range(12):
        await watched.tick()
        world.clock.now += timedelta(minutes=4)
    assert world.source.asked_subscription == 1


async def test_a_count_is_compared_though_accounts_are_checked_more_rarely_than_it_is_asked_for(world: World) -> None:
    """An answer each hour, each account every two hours, one after the other: the surplus is told all the same."""
    watched = await watch(world)
    world.source.page = broken(1)
    for step in range(16):
        world.clock.forward(minutes=30)
        await watched.tick()
        if step % 2 == 0:
            await world.look(ALICE if step % 4 else BOB)
        await watched.tick()
    assert await said(world, AlertRule.BROKEN) == [FIRED]
