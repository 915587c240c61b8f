"""``credit-bot check`` over every service of useapi.net: each number, its unit, and all that is unknown."""

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.simulator import services
from bot.simulator.pixverse import Fault, is_of_account
from bot.simulator.services import SECRET, SimulatedSister
from tests.support.world import ANN, HostedBot, World, until

EVERY = "pixverse,kling,runway,mureka,minimax,dreamina,google-flow,flow-music,google-vids,muse"
END = datetime(2099, 7, 23, tzinfo=UTC)
NOTHING = dict.fromkeys(
    (
        "label",
        "credits_daily",
        "credits_monthly",
        "credits_package",
        "credits_monthly_allowance",
        "percent_left",
        "plan",
        "plan_ends_at",
        "renews",
        "runs_out_at",
        "error",
    )
)
"""What most services do not say."""

SISTERS = (
    services.kling("ann@example.com", [("plan", 660, 560, END), ("topup", 100, 20.5, None)]),
    services.runway("ann@example.com"),
    services.mureka("123456789", ends_at=END),
    services.minimax("123456", lapsing={END: 2}),
    services.dreamina("US:ann@example.com"),
    services.google_flow("ann@example.com"),
    services.flow_music("ann@example.com"),
    services.google_vids("ann@example.com"),
    services.muse("ann@example.com", used=97),
)
EXPECTED: dict[str, dict[str, Any]] = {
    "kling:ann@example.com": {"credits": 580.5, "percent_left": 58050 / 660, "credits_monthly_allowance": 660},
    "runway:ann@example.com": {"credits": 935, "percent_left": 93500 / 2250, "credits_monthly_allowance": 2250},
    "mureka:123456789": {"credits": 500, "plan": "Monthly Pro", "plan_ends_at": "2099-07-23T00:00:00Z"},
    "minimax:123456": {"credits": 2278, "plan": "Free"},
    "dreamina:US:ann@example.com": {"credits": 24065},
    "google-flow:ann@example.com": {"credits": 1250},
    "flow-music:ann@example.com": {"credits": 5000, "plan": "plus-monthly"},
    "google-vids:ann@example.com": {
        "credits": 310,
        "unit": "seconds",
        "percent_left": 3.1,
        "credits_monthly_allowance": 10000,
        "severity": "warning",
    },
    "muse:ann@example.com": {
        "credits": 3,
        "unit": "percent",
        "percent_left": 3,
        "plan": "HATCH_FREE",
        "severity": "warning",
    },
}


def configured(world: World) -> None:
    """One account of each service."""
    for account in SISTERS:
        world.pixverse.add_sister(SimulatedSister(account.service, account.key, account.page, dict(account.entry)))


async def rows(world: World, **settings: object) -> dict[str, dict[str, Any]]:
    """What the command prints, by account."""
    ended = await world.run("check", "--json", **settings)
    assert ended.err == ""
    assert SECRET not in ended.out
    return {one["account"]: one for one in json.loads(ended.out)["accounts"]}


async def test_check_tells_each_service_in_its_own_unit(world: World) -> None:
    """Ten services; a value that is not known, or that a service does not have, is null."""
    world.accounts("alice")
    configured(world)
    found = await rows(world, SERVICES=EVERY)
    assert found.pop("pixverse:alice@example.com")["credits"] == 12450
    assert found.keys() == EXPECTED.keys()
    for key, said in EXPECTED.items():
        row = found[key]
        assert datetime.now(UTC) - datetime.fromisoformat(row.pop("taken_at")) < timedelta(minutes=1)
        expected: dict[str, Any] = {
            "account": key,
            "service": key.partition(":")[0],
            "unit": "credits",
            "severity": "ok",
        }
        expected |= NOTHING | said
        ignored = {"jobs", "jobs_refused"} - expected.keys()
        assert {name: value for name, value in row.items() if name not in ignored} == {
            name: pytest.approx(value) if isinstance(value, float) else value for name, value in expected.items()
        }, key


async def test_accounts_with_a_service_before_them_are_the_whole_list(world: World) -> None:
    """A service of which the list names nobody is not watched, whatever SERVICES says."""
    world.accounts("alice")
    configured(world)
    wanted = "Film <kling:ann@example.com>, alice@example.com, dreamina:US:ann@example.com"
    found = await rows(world, SERVICES="pixverse,muse", ACCOUNTS=wanted)
    assert {key: one["label"] for key, one in found.items()} == {
        "kling:ann@example.com": "Film",
        "pixverse:alice@example.com": None,
        "dreamina:US:ann@example.com": None,
    }


async def test_an_account_of_two_services_is_told_by_its_service(world: World) -> None:
    """Its name fits both; the service before it chooses one."""
    world.accounts("ann")
    configured(world)
    ended = await world.run("check", SERVICES="pixverse,kling")
    assert "ann@example.com (Kling)" in ended.out
    assert "ann@example.com (PixVerse)" in ended.out
    ended = await world.run("check", "--json", "kling:ann", SERVICES="pixverse,kling")
    assert [one["account"] for one in json.loads(ended.out)["accounts"]] == ["kling:ann@example.com"]
    ended = await world.run("check", "ann", SERVICES="pixverse,kling")
    assert "fits several accounts" in ended.err


async def test_the_sources_of_the_accounts_file_name_their_service(world: World) -> None:
    """One token, two services, each with rules of its own."""
    configured(world)
    world.accounts("alice")
    path = world.folder / "accounts.toml"
    path.write_text(
        '[[source]]\naccounts = "all"\n[[source]]\nservice = "minimax"\naccounts = ["123456"]\nlow_credits = "3000,0"\n'
    )
    found = await rows(world, ACCOUNTS_FILE=str(path))
    assert {key: one["severity"] for key, one in found.items()} == {
        "pixverse:alice@example.com": "ok",
        "minimax:123456": "warning",
    }


@pytest.mark.parametrize(
    ("fault", "severity", "words"),
    [
        (Fault(body={"health": "Cookies expired"}), "unknown", "broken: Cookies expired"),
        (Fault(body={"health": "OK"}), "unknown", "garbled: credits.credits is missing"),
        (Fault(status=596), "unknown", "broken: "),
        (Fault(status=402, body={"error": "insufficient credits"}), "unknown", "unavailable: "),
    ],
    ids=["health", "no numbers", "596", "402"],
)
async def test_an_account_without_numbers_is_unknown(world: World, fault: Fault, severity: str, words: str) -> None:
    """Never 0, and the reason beside it."""
    configured(world)
    world.pixverse.fail(fault, "ann@example.com")
    found = await rows(world, SERVICES="google-flow")
    row = found["google-flow:ann@example.com"]
    assert (row["credits"], row["severity"]) == (None, severity)
    assert row["error"].startswith(words)


async def test_a_service_without_accounts_is_told(world: World) -> None:
    """404 and an empty object say the same."""
    for name, title in (("kling", "Kling"), ("muse", "Muse")):
        ended = await world.run("check", SERVICES=name)
        assert f"useapi.net lists no {title} account" in ended.out


async def test_all_are_the_services_that_the_subscription_shows(world: World) -> None:
    """In useapi.net's spelling, old names too; Dreamina has to be named, and unknown services are ignored."""
    world.accounts("alice")
    configured(world)
    world.pixverse.subscription.others = {"Midjourney API": {"total": 3}, "Muse API": {"total": 0}}
    services_of = {key.partition(":")[0] for key in await rows(world, SERVICES="all")}
    assert services_of == set(EVERY.split(",")) - {"dreamina", "muse"}
    assert "dreamina:US:ann@example.com" in await rows(world, SERVICES="all,dreamina")


UNSAID = {
    "500": (Fault(status=500), "unavailable: Internal Server Error"),
    "401": (Fault(status=401), "unauthorized: Unauthorized (put a valid token into USEAPI_TOKEN)"),
    "no accounts": (Fault(body={"subscriptionIsActive": True}), "garbled: the answer has no accounts"),
}


@pytest.mark.parametrize("kind", UNSAID)
async def test_all_is_pixverse_where_the_subscription_cannot_be_read(world: World, kind: str) -> None:
    """Nobody is left out for want of that page alone; why, what is shown, and what to do are said."""
    world.accounts("alice")
    configured(world)
    fault, why = UNSAID[kind]
    world.pixverse.fail(fault, page="/v2/account")
    said = (
        f"SERVICES=all: useapi.net does not say which services you have: {why}. Checked: only PixVerse. "
        "Try again, or name them, such as SERVICES=pixverse,kling."
    )
    ended = await world.run("check", SERVICES="all")
    assert ended.out.startswith(f"{said}\n")
    assert ended.code == 0
    page = json.loads((await world.run("check", "--json", SERVICES="all")).out)
    assert [one["account"] for one in page["accounts"]] == ["pixverse:alice@example.com"]
    assert page["warning"] == said
    ended = await world.run("doctor", SERVICES="all")
    assert f"all: useapi.net does not say which services you have: {why}. Tested: only PixVerse." in ended.out


async def test_all_says_nothing_more_where_the_subscription_names_the_services(world: World) -> None:
    """But which they are, and that a setting has to name Dreamina, in the doctor's words."""
    world.accounts("alice")
    configured(world)
    assert "warning" not in json.loads((await world.run("check", "--json", SERVICES="all")).out)
    ended = await world.run("doctor", SERVICES="all")
    assert "all: PixVerse, Kling, Runway, Mureka, MiniMax, Google Flow, Flow Music, Google Vids, Muse" in ended.out
    assert "Dreamina is left out, because a check claims free credits there" in ended.out
    ended = await world.run("doctor", SERVICES="all,dreamina")
    assert "left out" not in ended.out
    assert "SERVICES " not in (await world.run("doctor", SERVICES="kling")).out


async def test_the_commands_know_the_services_that_the_bot_knew_last(world: World) -> None:
    """Beside a running bot too, while the page cannot be read."""
    world.accounts("alice")
    world.pixverse.add_sister(SISTERS[0])
    await world.host(SERVICES="all")
    await until(lambda: world.pixverse.looks("ann@example.com") > 0, "the account of Kling is checked")
    world.pixverse.fail(Fault(status=503), page="/v2/account")
    ended = await world.run("check", SERVICES="all")
    assert "Checked: those known last: PixVerse, Kling." in ended.out
    assert "ann@example.com" in ended.out
    ended = await world.run("doctor", SERVICES="all")
    assert "Tested: those known last: PixVerse, Kling." in ended.out


async def test_a_running_bot_says_what_it_watches_in_place_of_all(world: World) -> None:
    """In its log at once and in /status, until useapi.net names the services, for which it asks each round."""
    world.accounts("alice")
    world.pixverse.add_sister(SISTERS[0])
    world.pixverse.fail(Fault(body={"subscriptionIsActive": True}), page="/v2/account")
    bot = await world.host(SERVICES="all")
    unsaid = "SERVICES=all: useapi.net does not say which services you have. The bot watches"
    note = f"{unsaid} only PixVerse, and asks again each round"
    await bot.logged(f"{note}: garbled: the answer has no accounts")
    await world.first_round(bot)
    assert note in await bot.asked("/status")
    world.pixverse.heal("/v2/account")
    world.clock.advance(timedelta(minutes=15))
    await until(lambda: world.pixverse.looks("ann@example.com") > 0, "the account of Kling is checked")
    await bot.logged("Services at useapi.net: PixVerse, Kling")

    async def silent() -> bool:
        return not (await bot.status()).notes

    await until(silent, "the status says nothing of the services")
    world.pixverse.fail(Fault(status=502), page="/v2/account")
    world.clock.advance(timedelta(hours=1))
    known_last = f"{unsaid} those known last: PixVerse, Kling, and asks again each round"

    async def noted() -> bool:
        return (await bot.status()).notes == (known_last,)

    await until(noted, "the status says that it holds those known last")


async def test_all_stops_reading_dreamina_once_no_setting_names_it(world: World) -> None:
    """A check acts there: that it was watched once is no leave to go on."""
    world.accounts("alice")
    world.pixverse.add_sister(SISTERS[4])
    key = SISTERS[4].key
    bot = await world.host(SERVICES="all,dreamina")
    await until(lambda: world.pixverse.looks(key) > 0, "the account of Dreamina is checked")
    await bot.stop()
    seen = world.pixverse.looks(key)
    bot = await world.host(SERVICES="all")
    for _ in range(2):
        world.clock.advance(timedelta(hours=2))
        await bot.round()
    assert world.pixverse.looks(key) == seen


async def test_a_running_bot_watches_all_services_and_those_that_come(world: World) -> None:
    """The services that it knew hold over a restart, also while the page cannot be read."""
    world.accounts("alice")
    world.pixverse.add_sister(SISTERS[0])
    bot = await world.host(SERVICES="all")
    await until(lambda: world.pixverse.looks("ann@example.com") > 0, "the account of Kling is checked")
    world.pixverse.add_sister(SISTERS[2])
    world.clock.advance(timedelta(hours=2))
    await until(lambda: world.pixverse.looks("123456789") > 0, "the account of Mureka is checked")
    await bot.stop()
    world.pixverse.fail(Fault(status=500), page="/v2/account")
    seen = world.pixverse.looks("123456789")
    world.clock.advance(timedelta(hours=2))
    await world.host(SERVICES="all")
    await until(lambda: world.pixverse.looks("123456789") > seen, "it is checked after a restart")


async def test_lots_that_end_within_three_days_are_told_by_a_new_bot(world: World) -> None:
    """What, when, silently and once an end; a lot that is small or ends later, and one without an end, are not."""
    now = world.clock()
    lots = [
        ("plan", 660, 560, now + timedelta(days=2)),
        ("topup", 500, 300, None),
        ("gift", 20, 20, now + timedelta(1)),
    ]
    world.pixverse.add_sister(services.kling("ann@example.com", lots))
    world.pixverse.add_sister(
        services.minimax("123456", 900, {now + timedelta(days=1): 80, now + timedelta(days=9): 90})
    )
    world.pixverse.add_sister(services.minimax("654321", 800, {now + timedelta(days=2): 80}))
    bot = await world.host(SERVICES="kling,minimax")
    kling = await world.told("ann@example.com: 560 credits lapse")
    assert "unless used" in kling.text.partition("\n")[0]
    assert "The pace is not known yet" in kling.text
    minimax = await world.told("654321 (MiniMax): 80 credits lapse")
    assert (kling.silent, minimax.silent) == (True, True)
    await bot.round(3)
    await bot.quiet()
    assert (world.count("credits lapse"), world.count("123456 (")) == (2, 0)


async def test_a_running_bot_keeps_nothing_of_the_lists(world: World) -> None:
    """Every service's list carries secrets: none is in the log at DEBUG, the database, the pages or a message."""
    world.accounts("alice")
    configured(world)
    world.pixverse.sisters["runway"]["ann@example.com"].entry["error"] = f"password: {SECRET} was refused"
    bot = await world.start(SERVICES=EVERY, LOG_LEVEL="DEBUG")
    await bot.saved(1 + len(SISTERS))
    texts = [await bot.asked(said) for said in ("/credits", "/credits runway:ann", "/status")]
    pages = [(await bot.page(path)).text for path in ("/accounts", "/metrics", "/healthz")]
    await bot.stop()
    written = [path.read_bytes() for path in world.folder.iterdir() if path.is_file()]
    assert any(b"ann@example.com" in one for one in written)
    for one in (*written, *(text.encode() for text in (*texts, *pages, world.telegram.transcript))):
        assert SECRET.encode() not in one


async def test_messages_of_an_account_of_two_services_name_the_service(world: World) -> None:
    """Both fire: each says which of them it is, and a command silences one alone."""
    (ann,) = world.accounts("ann")
    ann.monthly = ann.daily = ann.package = 0
    world.pixverse.add_sister(services.kling("ann@example.com", [("plan", 660, 0, None)]))
    bot = await world.host(SERVICES="pixverse,kling")
    both = [f"ann@example.com ({title})" for title in ("Kling", "PixVerse")]
    await until(lambda: all(one in world.telegram.transcript for one in both), "both are told")
    await bot.quiet()
    assert "fits 2 accounts" in await bot.asked("/mute ann 2h")
    assert "ann@example.com (Kling)" in await bot.asked("/mute kling:ann 2h")


def said_of_failures(world: World) -> list[str]:
    """The first lines of what was told of a token, a source, or an account that cannot be read."""
    lines = [message.text.partition("\n")[0] for message in world.telegram.messages if message.chat_id == ANN]
    return [line.partition(" · ")[0].partition(" since")[0] for line in lines if "refuses" in line or "read" in line]


def asked_for(world: World) -> Counter[tuple[str, str | None]]:
    """How often each account was asked for, by its page."""
    return Counter((one.path, one.email) for one in world.pixverse.requests if is_of_account(one.path))


async def rounds(bot: HostedBot, count: int, looks: int) -> None:
    """Several rounds, in each of which every account is asked for, after which all is told."""
    for _ in range(count):
        before = asked_for(bot.world)
        await bot.round(looks)
        await until(lambda: all(asked_for(bot.world)[one] > before[one] for one in before), "each is asked for")  # noqa: B023
    await bot.quiet()


async def three_services(world: World) -> HostedBot:
    """One token, three services, five accounts, all well."""
    world.accounts("alice", "bob")
    for account in (SISTERS[0], SISTERS[1], services.kling("dan@example.com", [("plan", 660, 600, None)])):
        world.pixverse.add_sister(SimulatedSister(account.service, account.key, account.page, dict(account.entry)))
    bot = await world.host(SERVICES="pixverse,kling,runway")
    await bot.saved(5)
    return bot


async def test_a_refused_token_is_one_alert_for_all_its_services(world: World) -> None:
    """It names no service and counts all accounts, and so does its end."""
    bot = await three_services(world)
    world.pixverse.fail(Fault(status=401))
    await rounds(bot, 2, 5)
    assert said_of_failures(world) == ["🔴 useapi.net refuses the API token"]
    assert "none of the 5 accounts is watched" in (await world.told("refuses the API token")).text
    assert "🔴 useapi.net · critical" in await bot.asked("/alerts")
    world.pixverse.heal()
    await rounds(bot, 2, 5)
    assert said_of_failures(world)[1:] == ["🟢 useapi.net can be read again"]
    assert "5 accounts watched again" in (await world.told("can be read again")).text


async def test_an_outage_of_all_services_is_one_alert_and_that_of_one_names_it(world: World) -> None:
    """The others stay well; a service with one account tells of that."""
    bot = await three_services(world)
    world.pixverse.fail(Fault(status=503))
    await rounds(bot, 4, 5)
    assert said_of_failures(world) == ["🔴 useapi.net cannot be read"]
    world.pixverse.heal()
    await rounds(bot, 2, 5)
    assert len(said_of_failures(world)) == 2
    for key in ("ann@example.com", "dan@example.com"):
        world.pixverse.fail(Fault(status=503), key)
    await rounds(bot, 4, 5)
    assert [one for one in said_of_failures(world)[2:] if "Kling" in one] == ["🔴 useapi.net (Kling) cannot be read"]
    assert "🔴 useapi.net (Kling) · critical" in await bot.asked("/alerts")
