"""The accounts file in the running bot: who is told and may ask, reading it again, and the commands."""

import json
import signal
from itertools import pairwise
from pathlib import Path

import pytest

from bot.cli.main import main
from bot.simulator.pixverse import Fault
from tests.support.world import ANN, BOB, EVERY, GROUP, USEAPI_TOKEN, World, until

ALICE_AND_BOB = f"""
[[source]]
name = "studio"
chats = [{ANN}]
[[source.account]]
email = "alice@example.com"
label = "Ads"
low_credits = "95%,0"
[[source.account]]
email = "bob@example.com"
chats = [{BOB}]
"""
CAROL = '[[source.account]]\nemail = "carol@example.com"\n'


def written(world: World, text: str) -> Path:
    """The accounts file with this text."""
    file = world.folder / "accounts.toml"
    file.write_text(text)
    return file


async def test_each_chat_is_told_of_its_own_and_sees_no_other(world: World) -> None:
    """A chat that only the file names may ask, and learns nothing of the accounts of others."""
    alice, bob = world.accounts("alice", "bob")
    bot = await world.host(ACCOUNTS_FILE=written(world, ALICE_AND_BOB), USEAPI_TOKEN_FILE="")
    bob.monthly = bob.daily = bob.package = 0
    await bot.round()
    await world.told("bob@example.com: out of credits", BOB)
    assert world.count("bob@example.com", ANN) == 0
    assert "Ads" in await bot.asked("/credits", ANN)
    for question in ("/credits", "/credits ads", "/alerts", "/status", "/mute ads 2h"):
        answer = await bot.asked(question, BOB)
        assert "Ads" not in answer
        assert "alice@" not in answer
    assert alice.monthly


async def test_all_means_all_that_the_chat_sees(world: World) -> None:
    """A chat of one account mutes everything: the others still hear of theirs."""
    alice, bob = world.accounts("alice", "bob")
    bot = await world.host(ACCOUNTS_FILE=written(world, ALICE_AND_BOB))
    await bot.asked("/mute all 1d", BOB)
    alice.monthly = bob.monthly = alice.daily = bob.daily = alice.package = bob.package = 0
    await bot.round()
    await world.told("Ads: out of credits", ANN)
    await bot.quiet()
    assert world.count("out of credits", BOB) == 0
    await bot.asked("/unmute", BOB)
    await world.told("bob@example.com: out of credits", BOB)


async def test_reload_takes_what_is_new(world: World) -> None:
    """A newcomer is watched at once, in the chat it is said what changed, and rules hold from the next look on."""
    world.accounts("alice", "bob", "carol")
    bot = await world.host(ACCOUNTS_FILE=written(world, '[[source]]\naccounts = ["alice@example.com"]'), HTTP_LISTEN="")
    assert "12,450" in await bot.asked("/credits alice")  # the first look is over
    written(world, ALICE_AND_BOB + CAROL)
    told = await bot.asked("/reload")
    assert "Accounts file read again: 1 source, 3 accounts, 2 new." in told
    await world.pixverse.wait_for_looks("carol@example.com")
    await world.told("Ads: 12,450 credits left")
    written(world, ALICE_AND_BOB)
    assert "2 accounts, 1 no longer watched" in await bot.asked("/reload")


async def test_a_wrong_file_changes_nothing(world: World) -> None:
    """The old one goes on; the chat and the log say why, a stranger's chat only that."""
    world.accounts("alice", "bob")
    bot = await world.host(ACCOUNTS_FILE=written(world, ALICE_AND_BOB))
    await world.told("Ads: 12,450 credits left")  # the first look is over, and nothing else comes between
    written(world, ALICE_AND_BOB + CAROL + "low_credits = 'few'\n")
    told = await bot.asked("/reload")
    assert "The accounts file is wrong: the old one goes on." in told
    assert "source[1].account[3].low_credits: has “few”" in told
    assert "source[1].account[3].low_credits: has “few”" in bot.log
    assert "few" not in await bot.asked("/reload", BOB)
    await bot.round()
    assert (await bot.asked("/status")).count("1 watched")


async def test_a_chat_of_some_accounts_cannot_invite_and_a_paired_one_sees_the_others(world: World) -> None:
    """A link lets in where everything is told that has no chats of its own; whoever sees a part gives none."""
    world.accounts("alice", "bob")
    one, other = (f'[[source.account]]\nemail = "{name}@example.com"\n' for name in ("alice", "bob"))
    text = f"[[source]]\n{one}{other}chats = [{BOB}]\n"
    bot = await world.host(ACCOUNTS_FILE=written(world, text))
    assert "Only a chat that sees every account" in await bot.asked("/invite", BOB)
    code = (await bot.asked("/invite")).partition("startgroup=")[2].split()[0]
    await bot.asked(f"/start@credit_demo_bot {code}", GROUP)
    seen = await bot.asked("/credits@credit_demo_bot", GROUP)
    assert "alice@example.com" in seen
    assert "bob@example.com" not in seen


async def test_reload_without_a_file_says_so(world: World) -> None:
    """Nothing is read, nothing changes."""
    world.accounts("alice")
    bot = await world.host()
    assert "There is no accounts file" in await bot.asked("/reload")


async def test_a_hangup_reads_the_file_again(world: World) -> None:
    """SIGHUP: what is wrong stands in the log and ends nothing; what is right is in force. No token is ever shown."""
    world.accounts("alice", "bob")
    token = world.folder / "token"
    token.write_text(USEAPI_TOKEN)
    own = f'token_file = "{token}"'
    file = written(world, f'[[source]]\n{own}\naccounts = ["alice@example.com"]')
    bot = await world.start(ACCOUNTS_FILE=file, USEAPI_TOKEN="")
    file.write_text("[[source]]\nnonsense")
    bot.process.send_signal(signal.SIGHUP)
    await bot.logged("The accounts file is wrong, and the old one goes on: accounts.toml, line 2")
    file.write_text(f'[[source]]\n{own}\naccounts = ["bob@example.com"]')
    bot.process.send_signal(signal.SIGHUP)
    await bot.logged("Accounts file read again: 1 watched, 1 new, 1 no longer watched")
    await world.pixverse.wait_for_looks("bob@example.com")
    assert await bot.stop() == 0
    assert USEAPI_TOKEN not in bot.log


async def test_a_token_that_is_mended_is_taken_by_reload(world: World) -> None:
    """The message says which source, and where its token belongs."""
    world.accounts("alice", "bob")
    token = world.folder / "token"
    token.write_text("user:1-refused")
    text = f'[[source]]\nname = "film"\ntoken_file = "{token}"\naccounts = ["alice@example.com"]\n'
    text += '[[source]]\naccounts = ["bob@example.com"]'
    bot = await world.host(ACCOUNTS_FILE=written(world, text))
    said = await world.told("useapi.net (film) refuses the API token")
    assert "Put a valid token into its token_file, then /reload." in said.text
    assert "useapi.net (film)" in await bot.asked("/alerts")
    token.write_text(USEAPI_TOKEN)
    await bot.asked("/reload")
    world.clock.advance(EVERY)
    await world.told("useapi.net (film) can be read again")


async def test_a_wrong_file_is_a_bad_setting_for_every_command(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 78, every fault with its key, no traceback; in the real process too."""
    file = written(world, '[[source]]\nlow_credits = "few"\nchats = "x"')
    for name, value in world.environment({"ACCOUNTS_FILE": file}).items():
        monkeypatch.setenv(name, value)
    told = await world.run("run", ACCOUNTS_FILE=file)
    answers = [(main([command]), capsys.readouterr().err) for command in ("check", "doctor")]
    for code, said in [(told.code, told.err), *answers]:
        assert code == 78
        assert "accounts.toml: source[1].low_credits: has “few”" in said
        assert "accounts.toml: source[1].chats[1]: has “x”" in said
        assert "Traceback" not in said
    monkeypatch.setenv("ACCOUNTS", "a@b.c")
    assert main(["check"]) == 78
    assert "ACCOUNTS: is given beside ACCOUNTS_FILE" in capsys.readouterr().err


async def test_check_judges_each_by_its_rules(world: World) -> None:
    """The keys are as ever; the label, the severity and the names are those of the file."""
    for one in world.accounts("alice", "bob"):
        one.monthly = one.monthly_allowance * 9 // 10
        one.daily = one.package = 0
    ended = await world.run("check", "--json", ACCOUNTS_FILE=written(world, ALICE_AND_BOB))
    found = {one["account"]: (one["label"], one["severity"]) for one in json.loads(ended.out)["accounts"]}
    assert found == {"pixverse:alice@example.com": ("Ads", "warning"), "pixverse:bob@example.com": (None, "ok")}
    assert ended.code == 1


async def test_check_goes_on_where_one_source_is_shut(world: World) -> None:
    """Its trouble is told with its name, and the other's accounts are looked at."""
    world.accounts("alice")
    world.pixverse.fail(Fault(402), accounts_page=True)
    text = '[[source]]\nname = "film"\n[[source]]\nname = "ads"\naccounts = ["alice@example.com"]'
    ended = await world.check(ACCOUNTS_FILE=written(world, text))
    assert ended.code == 3
    assert "film: The list of accounts cannot be read" in ended.out
    assert "alice@example.com (ads)" in ended.out


async def test_the_doctor_tells_the_rules_that_result(world: World) -> None:
    """For each account: every rule by its key, and who is told."""
    world.accounts("alice", "bob")
    ended = await world.run("doctor", ACCOUNTS_FILE=written(world, ALICE_AND_BOB), HTTP_LISTEN="")
    (ads,) = [line for line in ended.out.splitlines() if "rules Ads" in line]
    assert "low_credits 95 %, 0 · plan_ends_within 7 d, 3 d, 1 d" in ads
    assert f"chats {ANN}" in ads
    (bob,) = [line for line in ended.out.splitlines() if "rules bob@example.com" in line]
    assert "low_credits 20 %, 5 %, 0" in bob
    assert f"chats {BOB}" in bob
    assert f"chat {BOB}" in ended.out


async def test_an_interval_of_its_own_holds_from_the_reload_on_and_ends_with_the_next(world: World) -> None:
    """check_every = "1s" beside a CHECK_EVERY of days: looked at each second, ticks included; taken away, no longer."""
    world.accounts("alice", "bob", "carol")
    alice, bob = ('[[source]]\n[[source.account]]\nemail = "alice@example.com"\n', CAROL.replace("carol", "bob"))
    often = 'check_every = "1s"\n'
    file = written(world, alice + bob)
    process = await world.start(ACCOUNTS_FILE=file, CHECK_EVERY="300d")
    looks = world.pixverse.looks
    await until(lambda: looks("alice@example.com") == looks("bob@example.com") == 1, "the first looks")
    written(world, alice + bob + often + CAROL + often)
    process.process.send_signal(signal.SIGHUP)
    await until(lambda: looks("bob@example.com") >= 5, "a look each second")
    moments = [look.at for look in world.pixverse.requests if look.email == "bob@example.com"]
    assert min(b - a for a, b in pairwise(moments[1:])) < 4, "the ticks are as quick as the interval needs"
    written(world, alice + bob + CAROL + often)
    process.process.send_signal(signal.SIGHUP)
    await until(lambda: process.log.count("Accounts file read again") == 2, "it is read again")
    before, others = looks("bob@example.com"), looks("carol@example.com")
    await until(lambda: looks("carol@example.com") >= others + 3, "three seconds for the others")
    assert looks("bob@example.com") <= before + 1
    assert looks("alice@example.com") == 1
