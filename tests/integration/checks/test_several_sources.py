"""Several sources, and rules and chats by account: from the watchlist to what is put into the outbox."""

import json
from collections.abc import Sequence
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest
from pydantic import SecretStr

from bot.checks.catch_up import CatchUp
from bot.checks.discovery import AccountDiscovery
from bot.checks.processor import AlertWriter, CheckProcessor
from bot.checks.results import FinishedCheck
from bot.checks.subscriptions import SubscriptionWatch
from bot.config.targets import TargetAccount, Targets, TargetSource
from bot.domain.accounts import CheckFailure, FailureKind, KnownAccount, Listed, Listing
from bot.domain.alerts import AlertRule
from bot.domain.chats import Chat
from bot.domain.notifications import Delivery, NotificationKind
from bot.domain.rules import Rules, Threshold
from bot.domain.subscription import SubscriptionPage
from bot.features.webhook.payload import body_of
from bot.storage import events
from bot.targets.account_keys import AccountKeys
from tests.support.fakes import ALICE, BOB, CAROL, CHAT, GROUP, NOW, RULES, SOURCE, World, key_of

EARLY = replace(RULES, low_credits=(Threshold(95, percent=True), Threshold(0)))
STUDIO = "pixverse/studio"


def source(
    name: str | None = None, *accounts: TargetAccount, rules: Rules = RULES, chats: Sequence[Chat] = (CHAT,)
) -> TargetSource:
    """A source of these accounts, or of all that it lists."""
    named = {one.email.lower(): one for one in accounts}
    token = SecretStr("user:1-token")
    return TargetSource(token, "", rules, tuple(chats), name=name, accounts=named, everyone=not named)


def account(email: str, label: str | None = None, rules: Rules | None = None, *chats: Chat) -> TargetAccount:
    """What is said of one account."""
    return TargetAccount(email, label, rules, chats or None)


async def put_in_force(world: World, *sources: TargetSource) -> AccountDiscovery:
    """Puts a watchlist in force as a reload does."""
    discovery = AccountDiscovery(world.context, world.writer, world.catch_up, world.processor, world.checks.rounds)
    await discovery.take(Targets.of(sources, (CHAT,), RULES))
    return discovery


async def keys(world: World) -> set[str]:
    """The accounts that are watched."""
    return {str(key) for (key,) in await world.query("SELECT key FROM accounts WHERE watched")}


async def look_at_all(world: World) -> None:
    """One look at everybody."""
    await world.checks.look_now(await keys(world))


def subjects(waiting: Sequence[Delivery]) -> list[str]:
    """Whom notices are about."""
    return [one.notification.subject for one in waiting]


async def test_each_account_is_judged_by_its_own_rules(world: World) -> None:
    """The same number is low for one, and nothing to speak of for another."""
    await put_in_force(world, source(None, account(ALICE, None, EARLY), account(BOB)))
    await look_at_all(world)
    assert subjects(await world.notifications()) == [key_of(ALICE)]


async def test_each_account_is_told_to_its_own_chats(world: World) -> None:
    """And what concerns the whole source to all of them."""
    world.source.credits.update({ALICE: 0, BOB: 0})
    await put_in_force(world, source(None, account(ALICE, None, None, GROUP), account(BOB)))
    await look_at_all(world)
    assert subjects(await world.notifications()) == [key_of(BOB)]
    assert subjects(await world.notifications(chat=GROUP)) == [key_of(ALICE)]
    for email in (ALICE, BOB):
        world.source.fail(email, FailureKind.UNAUTHORIZED)
    world.clock.forward(minutes=15)
    await look_at_all(world)
    for chat in (CHAT, GROUP):
        assert SOURCE in subjects(await world.notifications(chat=chat))


async def test_each_chat_is_greeted_with_the_number_of_its_accounts(world: World) -> None:
    """One that is told of nobody is not greeted: it would be a lie."""
    await put_in_force(world, source(None, account(ALICE, None, None, GROUP), account(BOB, None, None, GROUP)))
    assert await world.notifications(NotificationKind.GREETING) == []
    (greeting,) = await world.notifications(NotificationKind.GREETING, GROUP)
    assert greeting.notification.facts.total == 2


async def test_a_pause_is_told_to_every_chat(world: World) -> None:
    """Whoever is told of any account was not watched for either."""
    await put_in_force(world, source(None, account(ALICE, None, None, GROUP)))
    await world.processor.say_downtime(NOW, world.clock.forward(hours=3))
    assert (
        len(await world.notifications(NotificationKind.DOWNTIME))
        == len(await world.notifications(NotificationKind.DOWNTIME, GROUP))
        == 1
    )


async def test_two_sources_with_one_email_are_two_accounts(world: World) -> None:
    """Each with its own key, number and alert; where they are told, their source is too."""
    discovery = await put_in_force(world, source(), source("studio"))
    for key in (SOURCE, STUDIO):
        world.sources[key].lists(ALICE)
    await discovery.ask_all()
    studio = f"{STUDIO}:{ALICE}"
    assert await keys(world) == {key_of(ALICE), studio}
    world.sources[STUDIO].credits[ALICE] = 0
    await look_at_all(world)
    (told,) = await world.notifications()
    assert told.notification.subject == studio
    assert told.notification.facts.name == f"{ALICE} (studio)"


async def test_a_source_that_is_shut_says_which_it_is(world: World) -> None:
    """The other goes on, and nothing is said of it."""
    discovery = await put_in_force(world, source(), source("studio"))
    world.sources[SOURCE].lists(ALICE)
    world.sources[STUDIO].lists(BOB, CAROL)
    await discovery.ask_all()
    for email in (BOB, CAROL):
        world.sources[STUDIO].fail(email, FailureKind.UNAUTHORIZED)
    await look_at_all(world)
    (told,) = await world.notifications()
    assert (told.notification.subject, told.notification.facts.origin) == (STUDIO, "studio")


async def test_one_source_that_hangs_keeps_no_other_waiting(world: World) -> None:
    """Lists are asked for side by side; one that fails is asked again, and the others stay."""
    discovery = await put_in_force(world, source(), source("studio"))
    world.sources[STUDIO].lists(BOB)
    await discovery.ask_all()
    assert await keys(world) == {key_of(BOB)}
    assert (world.sources[SOURCE].asked, world.sources[STUDIO].asked) == (1, 1)


async def test_another_watchlist_is_put_in_force_without_a_word(world: World) -> None:
    """Newcomers are watched, the others no more, labels are the new ones, and nobody is told of any of it."""
    world.source.credits[BOB] = 0
    await put_in_force(world, source(None, account(ALICE, "Old"), account(BOB)))
    await look_at_all(world)
    before = await world.notifications(None)
    await put_in_force(world, source(None, account(ALICE, "New"), account(CAROL)))
    assert await keys(world) == {key_of(ALICE), key_of(CAROL)}
    assert await world.notifications(None) == before
    assert await world.query("SELECT label FROM accounts WHERE email = 'alice@example.com'") == [("New",)]
    assert await world.query("SELECT COUNT(*) FROM alerts WHERE level > 0") == [(0,)]
    due = await world.query(f"SELECT email FROM accounts WHERE watched AND next_check_at <= {micros(world)}")
    assert (CAROL,) in due


def micros(world: World) -> int:
    """The present moment as the database has it."""
    return int(world.clock().timestamp() * 1_000_000)


async def test_only_newcomers_are_due_after_a_reload(world: World) -> None:
    """Ten thousand old accounts are not all asked at once because one was added."""
    await put_in_force(world, source(None, account(ALICE)))
    await world.checks.start_due()
    await world.look(ALICE)
    await put_in_force(world, source(None, account(ALICE), account(BOB)))
    due = await world.query(f"SELECT email FROM accounts WHERE watched AND next_check_at <= {micros(world)}")
    assert due == [(BOB,)]


async def test_changed_rules_hold_from_the_next_look_on(world: World) -> None:
    """Nothing is said at the reload itself; one that is switched off ends in silence."""
    await put_in_force(world, source(None, account(ALICE)))
    await look_at_all(world)
    await put_in_force(world, source(None, account(ALICE, None, EARLY)))
    assert await world.notifications() == []
    await look_at_all(world)
    assert len(await world.notifications()) == 1
    await put_in_force(world, source(None, account(ALICE, None, replace(RULES, low_credits=()))))
    await look_at_all(world)
    assert len(await world.notifications()) == 1
    assert await world.query("SELECT level FROM alerts WHERE measure = 'credits'") == [(0,)]


@pytest.mark.parametrize("listing", [True, False])
async def test_a_source_that_is_named_keeps_its_accounts(world: World, listing: bool) -> None:
    """Keys, history and alerts go on when the file comes, when the source is named, and when it is renamed."""
    world.source.credits[ALICE] = 0
    one = () if listing else (account(ALICE),)
    discovery = await put_in_force(world, source(None, *one))
    if listing:
        world.source.lists(ALICE)
        await discovery.ask_all()
    await look_at_all(world)
    for name in ("studio", "Atelier", None):
        await put_in_force(world, source(name, *one))
        assert await keys(world) == {key_of(ALICE)}
        await world.look(ALICE)
    assert len(await world.notifications()) == 1


async def test_an_account_that_changes_its_source_keeps_its_key(world: World) -> None:
    """It is the same account at the service, read through another subscription."""
    await put_in_force(world, source(None, account(ALICE), account(BOB)), source("studio", account(CAROL)))
    await put_in_force(world, source(None, account(BOB)), source("studio", account(CAROL), account(ALICE)))
    assert await keys(world) == {key_of(ALICE), key_of(BOB), key_of(CAROL)}
    world.sources[STUDIO].credits[ALICE] = 0
    await look_at_all(world)
    assert subjects(await world.notifications()) == [key_of(ALICE)]


async def test_a_source_that_is_gone_leaves_nothing_behind(world: World) -> None:
    """Its accounts are watched no more, and its own alert is over, without a word."""
    discovery = await put_in_force(world, source(), source("studio", chats=(GROUP,)))
    world.sources[SOURCE].lists(ALICE)
    world.sources[STUDIO].lists(BOB)
    await discovery.ask_all()
    world.sources[STUDIO].fail(BOB, FailureKind.UNAUTHORIZED)
    await look_at_all(world)
    before = await world.notifications(None, GROUP)
    await put_in_force(world, source())
    assert await keys(world) == {key_of(ALICE)}
    assert await world.notifications(None, GROUP) == before
    assert await world.query("SELECT subject FROM alerts WHERE level > 0") == []


async def test_a_list_that_comes_too_late_is_left(world: World) -> None:
    """The watchlist was read again while the source was thinking."""
    discovery = await put_in_force(world, source(), source("studio"))
    studio = world.sources[STUDIO]

    async def slow() -> Listing:
        await discovery.take(Targets.of([source()], (CHAT,), RULES))
        return Listing(world.clock(), (Listed(BOB),))

    studio.list_accounts = slow  # type: ignore[method-assign]
    await discovery.ask(STUDIO)
    assert await keys(world) == set()


def test_keys_are_given_once() -> None:
    """The plain one to the first; the first's again, in any case of letters; nobody's twice."""
    register = AccountKeys([KnownAccount("pixverse:Old@x.y", "pixverse/gone", "Old@x.y", watched=False)])
    plain, studio = source(), source("studio")
    assert register.key_of(studio, ALICE) == f"pixverse:{ALICE}"
    assert register.key_of(plain, ALICE) == f"pixverse/:{ALICE}"
    assert register.key_of(studio, ALICE.upper()) == f"pixverse:{ALICE}"
    assert register.key_of(plain, "old@x.y") == "pixverse:Old@x.y"
    assert register.key_of(studio, "old@x.y") == "pixverse/studio:old@x.y"


async def test_each_chat_of_a_token_hears_once_that_its_subscription_is_over(world: World) -> None:
    """Sources with chats of their own share the token; a third is for a chat that has the alert already."""
    sources = (
        source(None, account(ALICE)),
        source("studio", account(BOB), chats=(GROUP,)),
        source("ads", account(CAROL)),
    )
    await put_in_force(world, *sources)
    await look_at_all(world)
    for one in world.sources.values():
        one.page = SubscriptionPage(active=False)
    await SubscriptionWatch(world.context, world.processor).tick()
    for chat in (CHAT, GROUP):
        (alert,) = await world.notifications(chat=chat)
        assert alert.notification.measure is AlertRule.FAILURES
        assert alert.notification.facts.subscription


async def test_a_source_that_is_left_out_ends_for_the_webhook_under_its_name(world: World) -> None:
    """Also where it was one of two: the receiver read the name when the alert fired."""
    context = replace(world.context, webhook=True)
    writer = AlertWriter(context)
    processor = CheckProcessor(context, writer)
    discovery = AccountDiscovery(context, writer, CatchUp(context, writer), processor, world.checks.rounds)
    studio, main = source("studio", account(ALICE)), source(None, account(BOB))
    await discovery.take(Targets.of((studio, main), (CHAT,), RULES))
    refused = CheckFailure(world.clock(), FailureKind.UNAUTHORIZED, "refused")
    await processor.save([FinishedCheck(key_of(ALICE), refused)])
    await discovery.take(Targets.of((main,), (CHAT,), RULES))
    async with world.store.read() as connection:
        told = [json.loads(body_of(one, ZoneInfo("UTC"))) for one in await events.waiting(connection)]
    assert [one["type"] for one in told] == ["alert.firing", "alert.resolved"]
    for name in ("alert", "account", "label", "service", "rule", "since"):
        assert told[0]["data"][name] == told[1]["data"][name], name
    assert told[1]["data"]["label"] == "studio"
