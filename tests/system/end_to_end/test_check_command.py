"""``credit-bot check``: one look at each account, as monitoring plugins do it."""

import asyncio
import json
from datetime import timedelta
from typing import Any

import pytest

from bot.cli.check import check_accounts
from bot.config.load import load_settings
from bot.simulator.pixverse import PRIVATE_LINK, STATISTICS, Fault, sample_body
from bot.support.errors import UsageError
from tests.support.world import TELEGRAM_TOKEN, USEAPI_TOKEN, World

FAR = "2099-07-23T00:48:50Z"
TIMES = ("expired_date", "billing_renewal_date", "credits_refresh_time", "daily_credits_refresh_time")

BAD: dict[str, object] = {
    "TELEGRAM_CHAT_IDS": "me",
    "CHECK_EVERY": "soon",
    "LOW_CREDITS": "5%,20%",
    "TIMEZONE": "Mars/Olympus",
    "UNREADABLE_AFTER": "0",
    "USEAPI_URL": f"ftp://{USEAPI_TOKEN}@nowhere",
    "HEARTBEAT_URL": "MARKEDHEARTBEAT",
}
"""Settings that are all wrong."""


def seed(**changes: Any) -> Fault:
    """The sample of useapi.net's page, as an answer."""
    return Fault(body=sample_body() | changes)


async def check(world: World, *names: str, **settings: object) -> tuple[list[dict[str, Any]], int]:
    """The command without its process: what it prints as JSON, and its exit code."""
    loaded = load_settings(environ=world.environment(settings))
    text, code = await check_accounts(loaded, names, as_json=True)
    found: list[dict[str, Any]] = json.loads(text)["accounts"]
    return found, code


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "utf-8"])
async def test_json_loses_no_letter_on_any_terminal(
    world: World, encoding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a terminal does not have is escaped."""
    world.accounts("alice")
    monkeypatch.setenv("PYTHONIOENCODING", encoding)
    ended = await world.run("check", "--json", ACCOUNTS="Студия ü <alice@example.com>")
    (found,) = json.loads(ended.out)["accounts"]
    assert found["label"] == "Студия ü"


async def test_the_seed_pages_sample_reads_as_it_says(world: World) -> None:
    """The sample body with its plan's end far off: 12450 credits of 15000, renewing, ok, exit code 0."""
    world.accounts("alice")
    world.pixverse.fail(seed(**dict.fromkeys(TIMES, FAR)), "alice@example.com")
    ended = await world.run("check", "--json", ACCOUNTS="Studio <alice@example.com>")
    assert (ended.code, ended.err) == (0, "")
    (found,) = json.loads(ended.out)["accounts"]
    assert found.pop("taken_at").endswith("Z")
    assert found == {
        "account": "pixverse:alice@example.com",
        "label": "Studio",
        "service": "pixverse",
        "unit": "credits",
        "percent_left": 83,
        "jobs": None,
        "jobs_refused": 0,
        "credits": 12450,
        "credits_daily": 0,
        "credits_monthly": 12450,
        "credits_package": 0,
        "credits_monthly_allowance": 15000,
        "plan": "Premium - Monthly",
        "plan_ends_at": FAR,
        "renews": True,
        "runs_out_at": None,
        "severity": "ok",
        "error": None,
    }
    assert not world.telegram.calls, "it sends nothing"
    assert sorted(path.name for path in world.folder.iterdir()) == ["credit-bot.db"]


async def test_refused_jobs_are_critical_and_counted(world: World) -> None:
    """By useapi.net's statistics; without any the number is unknown, and the check has not failed."""
    world.accounts("alice", "bob")
    for code in (412, 429):
        world.pixverse.job("alice@example.com", code)
    found, code = await check(world)
    assert [(one["jobs_refused"], one["severity"]) for one in found] == [(1, "critical"), (0, "ok")]
    assert code == 2
    world.pixverse.job("alice@example.com", 201)
    assert [(one["jobs_refused"], one["severity"]) for one in (await check(world))[0]] == [(1, "ok"), (0, "ok")]
    world.pixverse.fail(Fault(503), page=STATISTICS)
    found, code = await check(world)
    assert [(one["jobs_refused"], one["severity"]) for one in found] == [(None, "ok"), (None, "ok")]
    assert code == 0


async def test_severity_is_that_of_the_alerts_that_the_bot_remembers(world: World) -> None:
    """Where the bot's database is there, it decides as the bot does: within the margin an alert goes on firing."""
    (alice,) = world.accounts("alice", monthly=2_900)
    bot = await world.host()
    await world.first_round(bot)
    alice.monthly = 3_100
    assert [one["severity"] for one in (await check(world))[0]] == ["info"]
    await bot.stop()
    assert [one["severity"] for one in (await check(world))[0]] == ["info"]
    alice.monthly = 3_400
    assert [one["severity"] for one in (await check(world))[0]] == ["ok"]
    (world.folder / "credit-bot.db").unlink()
    alice.monthly = 3_100
    assert [one["severity"] for one in (await check(world))[0]] == ["ok"], "a first look fires nothing there"


async def test_the_sample_as_it_stands_is_a_plan_that_has_ended(world: World) -> None:
    """The sample's plan end lies in the past: critical, exit code 2; what cannot be read beside it is told too."""
    world.accounts("alice", "bob")
    world.pixverse.fail(seed(), "alice@example.com")
    world.pixverse.fail(Fault(596), "bob@example.com")
    ended = await world.run("check")
    assert ended.code == 2
    assert ended.out.splitlines()[0].startswith("critical  🔴 alice@example.com · 12,450 (83 %)")
    assert "unknown" in ended.out
    assert "remove the account at useapi.net and add it again" in ended.out
    assert PRIVATE_LINK not in ended.out + ended.err


@pytest.mark.parametrize(
    ("changes", "severity", "code"),
    [
        ({}, "ok", 0),
        ({"monthly": 2900}, "info", 0),
        ({"monthly": 180}, "warning", 1),
        ({"monthly": 0}, "critical", 2),
        ({"omit": {"credit_monthly"}}, "unknown", 3),
    ],
)
async def test_exit_codes_are_those_of_monitoring_plugins(
    world: World, changes: dict[str, Any], severity: str, code: int
) -> None:
    """2 for critical, else 3 for unreadable, else 1 for a warning, else 0: information is no reason to ring."""
    world.accounts("alice", **changes)
    found, ended = await check(world)
    assert (found[0]["severity"], ended) == (severity, code)
    if severity == "unknown":
        assert (found[0]["credits"], found[0]["credits_daily"]) == (None, None)
        assert "credit_monthly" in found[0]["error"]


async def test_critical_goes_before_unreadable_and_that_before_a_warning(world: World) -> None:
    """One exit code for many accounts; named accounts are looked at alone, by any part that fits no other."""
    world.accounts("critical", monthly=0)
    world.accounts("unknown", overrides={"credit_monthly": "many"})
    world.accounts("warning", monthly=180)
    world.accounts("fine", ends_at=world.clock() + timedelta(days=40))
    assert (await check(world))[1] == 2
    assert (await check(world, "unknown@", "warn", "fine"))[1] == 3
    assert (await check(world, "WARN", "fine"))[1] == 1
    found, code = await check(world, "fine")
    assert (len(found), code) == (1, 0)


@pytest.mark.parametrize("fault", [Fault(401), Fault(402), Fault(500), Fault(cut=True), Fault(body="<html>")])
async def test_a_list_that_cannot_be_read_is_unknown(world: World, fault: Fault) -> None:
    """Whatever useapi.net answers: exit code 3 with a reason, and no number."""
    world.accounts("alice")
    world.pixverse.fail(fault)
    loaded = load_settings(environ=world.environment({}))
    text, code = await check_accounts(loaded, (), as_json=True)
    assert code == 3
    assert json.loads(text)["accounts"] == []
    assert "The list of accounts cannot be read" in json.loads(text)["error"]
    world.pixverse.accounts.clear()
    world.pixverse.heal()
    text, code = await check_accounts(loaded, (), as_json=False)
    assert (text, code) == ("useapi.net lists no PixVerse account: add one there.", 3)


async def test_an_unknown_account_is_wrong_use(world: World) -> None:
    """A name that fits none, or several: exit code 64 and the names that there are."""
    world.accounts("alice", "alfred")
    for name, said in (("zoe", "“zoe” fits no account"), ("al", "“al” fits several accounts")):
        with pytest.raises(UsageError, match=said) as caught:
            await check(world, name)
        assert "alice@example.com" in str(caught.value)
        assert "alfred@example.com" in str(caught.value)


async def test_wrong_words_and_bad_settings_have_their_exit_codes(world: World) -> None:
    """64 with the names for an unknown account; 78 with every fault at once, a line each, and no secret's value."""
    world.accounts("alice")
    wrong, bad = await asyncio.gather(
        world.run("check", "zoe"),
        world.run("check", **BAD),
    )
    assert (wrong.code, wrong.out) == (64, "")
    assert "alice@example.com" in wrong.err
    assert bad.code == 78
    lines = bad.err.splitlines()
    named = [line.split(":")[0].strip() for line in lines[1:]]
    assert sorted(named) == sorted(BAD)
    assert all("Example: " in line for line in lines[1:])
    for secret in (USEAPI_TOKEN, TELEGRAM_TOKEN, "MARKEDHEARTBEAT", "Traceback"):
        assert secret not in bad.err
