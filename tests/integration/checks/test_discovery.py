"""Discovery: who is watched, from the settings or from the list, and what is said of comings and goings."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.checks.discovery import AccountDiscovery
from bot.domain.accounts import Account, CheckFailure, FailureKind, Listed, Listing
from bot.domain.alerts import AlertRule, NotifyReason, Silence, SilenceKind
from bot.domain.chats import Chat
from bot.domain.notifications import NotificationKind
from bot.evaluation.listing import taken_away
from bot.storage import accounts, alerts
from tests.support.fakes import ALICE, BOB, CAROL, CHAT, GROUP, NOW, QUARTER, SOURCE, World, key_of, world_in

HOUR = timedelta(hours=1)


async def watched(world: World) -> list[str]:
    """The emails of the watched accounts."""
    async with world.store.read() as connection:
        return [account.email for account in await accounts.watched(connection)]


def away(kind: FailureKind = FailureKind.UNAVAILABLE) -> CheckFailure:
    """A list that cannot be read."""
    return CheckFailure(NOW, kind, "no answer")


async def test_everyone_listed_is_watched_and_due_at_once(world: World) -> None:
    """Without accounts in the settings, all that the source lists are watched, each due at once."""
    world.source.lists(ALICE, BOB)
    discovery = world.discovery()
    await discovery.resume()
    assert await discovery.tick()
    assert await watched(world) == [ALICE, BOB]
    async with world.store.read() as connection:
        assert len(await accounts.due(connection, NOW, 9)) == 2
    assert world.checks.rounds.watched.keys() == {key_of(ALICE), key_of(BOB)}


async def test_the_list_is_asked_for_every_hour(world: World) -> None:
    """A good list is asked for again after an hour, and not before."""
    world.source.lists(ALICE)
    discovery = world.discovery()
    await discovery.tick()
    world.clock.forward(minutes=59)
    assert not await discovery.tick()
    world.clock.forward(minutes=1)
    assert await discovery.tick()
    assert world.source.asked == 2


async def test_a_list_that_fails_or_is_empty_is_asked_for_each_interval(world: World) -> None:
    """While there is no list, or nobody on it, it is asked for at each interval."""
    discovery = world.discovery()
    for listing in (away(), Listing(NOW, ())):
        world.source.listing = listing
        await discovery.ask(SOURCE)
        asked = world.source.asked
        assert not await discovery.tick()
        world.clock.now += QUARTER
        world.source.listing = None
        assert await discovery.tick()
        assert world.source.asked == asked + 1
        world.clock.now = NOW


async def test_a_clock_set_back_does_not_stop_the_asking(world: World) -> None:
    """A list that seems to come from the future is asked for again."""
    world.source.lists(ALICE)
    discovery = world.discovery()
    await discovery.tick()
    world.clock.forward(days=-1)
    assert await discovery.tick()


async def test_newcomers_are_watched_without_a_word(world: World) -> None:
    """An account that appears in the list is watched; nothing needs to be said of it."""
    world.source.lists(ALICE)
    discovery = world.discovery()
    await discovery.ask(SOURCE)
    world.source.lists(ALICE, BOB)
    await discovery.ask(SOURCE)
    assert await watched(world) == [ALICE, BOB]
    assert await world.notifications() == []


async def test_who_is_gone_is_said_once_and_watched_no_more(world: World) -> None:
    """An account that is no longer listed is said once; its alerts end, and it may come back with its memory."""
    world.source.lists(ALICE, BOB)
    discovery = world.discovery()
    await discovery.ask(SOURCE)
    world.source.credits[BOB] = 100
    await world.look(ALICE, BOB)
    world.source.lists(ALICE)
    await discovery.ask(SOURCE)
    assert await watched(world) == [ALICE, BOB], "one look is not believed"
    assert await world.notifications(NotificationKind.GONE) == []
    for _ in range(3):
        world.clock.forward(hours=1)
        await discovery.ask(SOURCE)
    assert await watched(world) == [ALICE]
    (gone,) = await world.notifications(NotificationKind.GONE)
    assert (gone.notification.subject, gone.notification.facts.name) == (key_of(BOB), BOB)
    async with world.store.read() as connection:
        assert await alerts.firing(connection) == []
    world.source.lists(ALICE, BOB)
    await discovery.ask(SOURCE)
    async with world.store.read() as connection:
        back = (await accounts.load(connection, [key_of(BOB)]))[key_of(BOB)]
    assert back.reading is not None


async def test_a_muted_account_goes_silently(database: Path) -> None:
    """A mute covers the message that an account is gone: in its own chat, or in all; others hear it."""
    async with world_in(database, chats=(CHAT, GROUP)) as world:
        world.source.lists(ALICE, BOB, CAROL)
        discovery = world.discovery()
        await discovery.ask(SOURCE)
        async with world.store.write() as connection:
            await alerts.add_silence(connection, Silence(SilenceKind.ACCOUNT, key_of(BOB), until=NOW + HOUR))
            mute = Silence(SilenceKind.ACCOUNT, key_of(CAROL), until=NOW + HOUR, chat=GROUP)
            await alerts.add_silence(connection, mute)
        world.source.lists(ALICE)
        for _ in range(2):
            await discovery.ask(SOURCE)
        assert [one.notification.subject for one in await world.notifications(NotificationKind.GONE)] == [key_of(CAROL)]
        assert await world.notifications(NotificationKind.GONE, GROUP) == []


async def test_an_email_in_another_spelling_is_the_same_account(world: World) -> None:
    """Letters' case makes no account new and none gone."""
    world.source.lists(ALICE)
    discovery = world.discovery()
    await discovery.ask(SOURCE)
    world.source.lists(ALICE.upper())
    await discovery.ask(SOURCE)
    assert await watched(world) == [ALICE]
    assert await world.notifications(NotificationKind.GONE) == []


async def test_what_the_list_takes_away_once_is_not_believed(database: Path) -> None:
    """One passing empty or shorter list ends no watch and no ack; the list is asked for again after an interval.

    What it took away is remembered over a restart, and forgotten as soon as the list names it again.
    """
    async with world_in(database) as world:
        world.source.lists(ALICE, BOB)
        discovery = world.discovery()
        await discovery.ask(SOURCE)
        world.source.credits[BOB] = 0
        await world.look(BOB)
        async with world.store.write() as connection:
            (fired,) = await alerts.firing(connection)
            ack = Silence(SilenceKind.ACK, fired.subject, fired.measure, None, fired.episode, fired.level, "Ann")
            await alerts.add_silence(connection, ack)
        for listing in (Listing(NOW, ()), away(), Listing(NOW, (Listed(ALICE), Listed(BOB))), Listing(NOW, ())):
            world.source.listing = listing
            await discovery.ask(SOURCE)
            assert await watched(world) == [ALICE, BOB]
        assert [one.notification.measure for one in await world.notifications()] == [AlertRule.CREDITS]
        assert await world.notifications(NotificationKind.GONE) == []
    async with world_in(database) as again:
        again.source.lists(ALICE)
        discovery = again.discovery()
        await discovery.resume()
        assert not await discovery.tick(), "asked for just now"
        again.clock.forward(minutes=15)
        assert await discovery.tick(), "an hour would be long for a doubt"
        assert await watched(again) == [ALICE]
        async with again.store.read() as connection:
            assert [one.unlisted_at for one in await accounts.watched(connection)] == [None]
            assert await alerts.firing(connection) == []
        assert not await discovery.tick()


async def test_a_list_that_stays_empty_is_said(world: World) -> None:
    """Nobody listed, twice in a row: everyone is gone, and the empty source is said once, until someone is listed."""
    world.source.lists(ALICE)
    discovery = world.discovery()
    await discovery.ask(SOURCE)
    world.source.lists()
    await discovery.ask(SOURCE)
    assert await watched(world) == [ALICE]
    assert await world.notifications() == []
    for _ in range(2):
        await discovery.ask(SOURCE)
    assert await watched(world) == []
    assert len(await world.notifications(NotificationKind.GONE)) == 1
    (empty,) = await world.notifications()
    assert (empty.notification.subject, empty.notification.measure) == (SOURCE, AlertRule.LISTING)
    world.source.lists(ALICE)
    await discovery.ask(SOURCE)
    assert [one.notification.reason for one in await world.notifications()] == [
        NotifyReason.FIRED,
        NotifyReason.RESOLVED,
    ]


async def test_a_list_that_cannot_be_read_parts_with_nobody(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """An outage of the list leaves everyone watched, is logged, and is told where it concerns the source."""
    world.source.lists(ALICE)
    discovery = world.discovery()
    await discovery.ask(SOURCE)
    world.source.listing = away(FailureKind.UNAUTHORIZED)
    await discovery.ask(SOURCE)
    assert await watched(world) == [ALICE]
    assert "the list of accounts cannot be read: unauthorized: no answer" in caplog.text
    assert [(one.notification.subject, one.notification.measure) for one in await world.notifications()] == [
        (SOURCE, AlertRule.FAILURES)
    ]


async def test_a_404_of_something_in_between_is_no_empty_list(world: World) -> None:
    """However often it comes, nobody's watch ends; after an hour without a reading "perhaps no account" is said."""
    world.source.lists(ALICE)
    discovery = world.discovery()
    await discovery.ask(SOURCE)
    absent = CheckFailure(
        NOW, FailureKind.UNAVAILABLE, "Something between the bot and useapi.net answers: 404", status=404
    )
    world.source.fail(ALICE)
    for _ in range(6):
        world.source.listing = replace(absent, taken_at=world.clock())
        await discovery.ask(SOURCE)
        await world.look(ALICE)
        world.clock.now += QUARTER
    assert await watched(world) == [ALICE]
    assert await world.notifications(NotificationKind.GONE) == []
    perhaps = [one.notification for one in await world.notifications() if one.notification.measure is AlertRule.LISTING]
    assert [(one.reason, one.facts.outage) for one in perhaps] == [(NotifyReason.FIRED, FailureKind.UNAVAILABLE)]
    assert perhaps[0].facts.since == NOW
    del world.source.answers[ALICE]
    await world.look(ALICE)
    over = {
        one.notification.measure
        for one in await world.notifications()
        if one.notification.reason is NotifyReason.RESOLVED
    }
    assert AlertRule.LISTING in over, "there is one: it could be read"


async def test_a_doubt_ends_where_the_accounts_are_named(world: World) -> None:
    """Whom the settings name no list can take away, also where one did before."""
    world.source.lists(ALICE)
    discovery = world.discovery()
    await discovery.ask(SOURCE)
    world.source.lists()
    await discovery.ask(SOURCE)
    await world.discovery((ALICE, None)).resume()
    async with world.store.read() as connection:
        assert [one.unlisted_at for one in await accounts.watched(connection)] == [None]


LISTS = st.lists(st.one_of(st.none(), st.sets(st.sampled_from([ALICE, BOB, CAROL]))), max_size=8)


@given(LISTS)
def test_only_the_second_list_that_says_the_same_is_believed(lists: list[set[str] | None]) -> None:
    """Of any lists (None: a failed look), an account goes exactly when two lists in a row did not name it."""
    known = {email: Account(key_of(email), SOURCE, email) for email in (ALICE, BOB, CAROL)}
    row = dict.fromkeys(known, 0)
    for emails in lists:
        if emails is None:
            continue
        taken = taken_away(Listing(NOW, tuple(map(Listed, emails))), known.values())
        row = {email: 0 if email in emails else row[email] + 1 for email in known}
        assert {one.email for one in taken.gone} == {email for email, times in row.items() if times == 2}
        assert {one.email for one in taken.doubted} == {email for email, times in row.items() if times == 1}
        for account in (*taken.doubted, *taken.back):
            known[account.email] = replace(account, unlisted_at=None if account in taken.back else NOW)
        for account in taken.gone:
            del known[account.email]


async def test_what_the_list_says_is_wrong_breaks_a_failed_look(world: World) -> None:
    """An account that is listed with an error is broken when it cannot be read, in the list's words."""
    world.source.lists(ALICE, BOB, errors={ALICE: "session expired", BOB: "odd"})
    discovery = world.discovery()
    await discovery.ask(SOURCE)
    world.source.fail(ALICE)
    await world.look(ALICE, BOB)
    (told,) = await world.notifications()
    assert (told.notification.subject, told.notification.facts.outage) == (key_of(ALICE), FailureKind.BROKEN)
    assert told.notification.facts.said == "session expired"
    world.source.lists(ALICE, BOB)
    await discovery.ask(SOURCE)
    async with world.store.read() as connection:
        assert [one.listed_error for one in await accounts.watched(connection)] == [None, None]


async def test_the_settings_accounts_are_watched_and_no_list_is_asked_for(world: World) -> None:
    """Accounts in the settings are watched under their labels, and the source's list is never asked for."""
    discovery = world.discovery((ALICE, "Studio"), (BOB, None))
    await discovery.resume()
    await discovery.ask_all()
    assert not await discovery.tick()
    assert world.source.asked == 0
    async with world.store.read() as connection:
        assert [one.name for one in await accounts.watched(connection)] == [BOB, "Studio"]


async def test_an_account_taken_out_of_the_settings_goes_without_a_word(world: World) -> None:
    """What the user takes away is the user's wish: watched no more, its alerts ended, nothing said."""
    await world.discovery((ALICE, None), (BOB, None)).resume()
    world.source.credits[BOB] = 0
    await world.look(BOB)
    before = await world.notifications(None)
    await world.discovery((ALICE, None)).resume()
    assert await watched(world) == [ALICE]
    assert await world.notifications(None) == before
    async with world.store.read() as connection:
        assert await alerts.firing(connection) == []


async def test_the_listed_are_known_at_once_after_a_restart(database: Path) -> None:
    """A start watches those that were listed last, before the source has answered anything."""
    async with world_in(database) as world:
        world.source.lists(ALICE, BOB)
        await world.discovery().ask(SOURCE)
    async with world_in(database) as again:
        await again.discovery().resume()
        assert again.checks.rounds.watched.keys() == {key_of(ALICE), key_of(BOB)}
        assert again.source.asked == 0


async def test_each_chat_is_greeted_once(database: Path) -> None:
    """The first time a chat is used it gets one silent greeting that says how many are watched, and never again."""
    topic = Chat(GROUP.chat_id, 45)
    for chats in ((CHAT,), (CHAT,), (CHAT, topic)):
        async with world_in(database, chats=chats) as world:
            await world.discovery((ALICE, None), (BOB, None)).resume()
            for chat in chats:
                (greeting,) = await world.notifications(NotificationKind.GREETING, chat)
                assert greeting.notification.facts.total == 2
                assert greeting.notification.facts.email is None
                assert not greeting.notification.rings


async def test_a_greeting_says_how_often_accounts_are_checked(database: Path) -> None:
    """The setting, or the most frequent of their own intervals; to a chat that joins later too."""
    async with world_in(database, chats=(CHAT,)) as world:
        await world.discovery((ALICE, None), (BOB, None)).resume()
        (greeting,) = await world.notifications(NotificationKind.GREETING)
        assert greeting.notification.facts.check_every == QUARTER
    async with world_in(database, chats=(CHAT, GROUP)) as world:
        world.discovery((ALICE, None), (BOB, None))
        source, hours = world.context.active_targets.targets.sources[SOURCE], {ALICE: 2, BOB: 3}
        own = {one: replace(kept, check_every=timedelta(hours=hours[one])) for one, kept in source.accounts.items()}
        world.put_in_force(replace(source, accounts=own))
        await AccountDiscovery(
            world.context, world.writer, world.catch_up, world.processor, world.checks.rounds
        ).resume()
        (greeting,) = await world.notifications(NotificationKind.GREETING, GROUP)
        assert greeting.notification.facts.check_every == timedelta(hours=2)


async def test_nobody_is_greeted_while_nobody_is_watched(world: World) -> None:
    """A greeting waits until there is something to say."""
    discovery = world.discovery()
    await discovery.resume()
    await discovery.ask(SOURCE)
    assert await world.notifications(NotificationKind.GREETING) == []
    world.source.lists(ALICE)
    await discovery.ask(SOURCE)
    assert len(await world.notifications(NotificationKind.GREETING)) == 1


async def test_a_long_list_with_doubles(world: World) -> None:
    """A list of a thousand accounts, some of them twice, is taken over in one go."""
    emails = [f"user{number}@example.com" for number in range(1000)]
    world.source.lists(*emails, emails[0], emails[0].upper())
    await world.discovery().ask(SOURCE)
    assert len(await watched(world)) == 1000
