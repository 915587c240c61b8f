"""`credit-bot doctor` against the simulated services: what is well, and each kind of trouble with its mend."""

import asyncio
import errno
import os
import re
import socket
import sqlite3
import sys
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from bot.cli.doctor import accounts, chats
from bot.cli.doctor.clock import date_of
from bot.cli.doctor.examine import examine
from bot.cli.doctor.findings import Finding
from bot.config.settings import Settings
from bot.domain.chats import Chat
from bot.simulator.accounts import SimulatedAccount
from bot.simulator.pixverse import Fault, SimulatedPixVerse
from bot.simulator.telegram.service import (
    Refusal,
    SimulatedChat,
    SimulatedTelegram,
    bad_request,
    server_error,
    too_many_requests,
)
from bot.storage import chats as chat_rows
from bot.storage import pairing
from bot.storage.database import Store
from tests.support.middlemen import standing_between

TOKEN, BOT_TOKEN = "user:1234-useapi-secret", "123456789:AAF-telegram-secret-of-thirty-letters"
ANN, GROUP, FORUM = 7, -100123, -1001
STUDIO, ADS = "studio@example.com", "ads@example.com"


def now() -> datetime:
    """Tell the real time."""
    return datetime.now(UTC)


@dataclass
class World:
    """The simulated services and the settings that fit them."""

    folder: Path
    pixverse: SimulatedPixVerse = field(default_factory=lambda: SimulatedPixVerse(TOKEN))
    telegram: SimulatedTelegram = field(default_factory=lambda: SimulatedTelegram(BOT_TOKEN))
    lines: list[str] = field(default_factory=list)

    def settings(self, **changes: object) -> Settings:
        """Settings under which nothing fails, but for the changes."""
        values: dict[str, Any] = {
            "USEAPI_TOKEN": TOKEN,
            "USEAPI_URL": self.pixverse.url,
            "TELEGRAM_BOT_TOKEN": BOT_TOKEN,
            "TELEGRAM_API_URL": self.telegram.url,
            "TELEGRAM_CHAT_IDS": f"{ANN},{GROUP}",
            "DATABASE_URL": f"sqlite:///{self.folder / 'bot.db'}",
            "HTTP_LISTEN": "127.0.0.1:0",
            "TIMEZONE": "Europe/Berlin",
        }
        return Settings(**values | changes)

    async def examined(self, ahead: timedelta = timedelta(0), **changes: object) -> int:
        """Let the doctor look, with this machine's clock so far ahead; its lines are in `lines`."""
        self.lines.clear()
        return await examine(self.settings(**changes), self.lines.append, lambda: now() + ahead)

    def line(self, what: str) -> str:
        """Find the one line about something."""
        (line,) = (line for line in self.lines if line[6:].startswith(what))
        return line


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """Services where everything is as it should be."""
    world = World(tmp_path)
    for email in (STUDIO, ADS):
        world.pixverse.add(SimulatedAccount(email))
    world.telegram.add_chat(SimulatedChat(ANN, title="Ann"))
    world.telegram.add_chat(SimulatedChat(GROUP, "supergroup", "Team", admins={70}))
    world.telegram.add_chat(SimulatedChat(FORUM, "supergroup", "Forum", is_forum=True, topics={45}))
    async with world.pixverse, world.telegram:
        yield world


async def test_where_all_is_well_every_setting_has_its_line_and_the_exit_code_is_0(world: World) -> None:
    """A line for the token, each account, each chat, the database, the clock and this machine, in a stable order."""
    assert await world.examined() == 0
    what = ["way to Telegram", "way to useapi.net"]
    what += [
        "useapi.net token",
        f"account {STUDIO}",
        f"account {ADS}",
        "Telegram token",
        f"chat {ANN}",
        f"chat {GROUP}",
    ]
    what += ["database", "clock", "HTTP_LISTEN", "HEARTBEAT_URL", "files", "TIMEZONE"]
    assert [line[:4] for line in world.lines[:-1]] == ["ok  "] * len(what)
    assert [line[6:].split("  ")[0] for line in world.lines[:-1]] == what
    assert "2 accounts listed" in world.line("useapi.net token")
    assert "12,450 credits" in world.line(f"account {STUDIO}").replace("(83 %) ", "")
    assert "Premium - Monthly renews" in world.line(f"account {STUDIO}")
    assert "@credit_demo_bot" in world.line("Telegram token")
    assert "Team" in world.line(f"chat {GROUP}")
    assert "Europe/Berlin: it is" in world.line("TIMEZONE")
    assert world.lines[-1] == "Nothing failed."


async def test_it_says_by_which_way_each_service_is_reached(world: World) -> None:
    """The proxy without its password, and the setting or variable that names it; one in the way is blamed itself."""
    async with standing_between("socks", login="ann:hush-hush") as middleman:
        proxy = f"socks5h://ann:hush-hush@127.0.0.1:{middleman.port}"
        assert await world.examined(TELEGRAM_PROXY=proxy, HEARTBEAT_URL="https://hc-ping.com/abc") == 0
    assert f"through socks5://127.0.0.1:{middleman.port}, by TELEGRAM_PROXY" in world.line("way to Telegram")
    assert "direct" in world.line("way to useapi.net")
    assert "direct" in world.line("way to the heartbeat")
    assert middleman.asked
    assert await world.examined(USEAPI_PROXY=proxy) == 1
    assert "(USEAPI_PROXY) cannot be reached: Connection refused" in world.line("useapi.net token")
    assert "hush" not in str(world.lines)


async def test_lines_stand_in_columns(world: World) -> None:
    """Aligned for a terminal: the mark, what was tested, and the words each begin in their column."""
    await world.examined()
    assert all(re.fullmatch(r"(ok  |warn|FAIL)  \S.{27}  \S.*", line) for line in world.lines[:-1])


async def test_each_chat_gets_one_silent_message_that_is_deleted(world: World) -> None:
    """The doctor disturbs nobody and leaves nothing behind, in a topic neither."""
    await world.examined(TELEGRAM_CHAT_IDS=f"{ANN},{FORUM}/45")
    seen = {(one.chat_id, one.thread_id, one.silent, one.deleted) for one in world.telegram.messages}
    assert seen == {(ANN, None, True, True), (FORUM, 45, True, True)}
    assert len(world.telegram.messages) == 2


async def test_accounts_of_the_settings_are_looked_at_by_label(world: World) -> None:
    """With ACCOUNTS the list is not asked for; the looks themselves try the token."""
    assert await world.examined(ACCOUNTS=f"Film <{STUDIO}>") == 0
    assert "accepted; 1 account in ACCOUNTS" in world.line("useapi.net token")
    assert "12,450" in world.line("account Film")
    assert {look.email for look in world.pixverse.requests} == {STUDIO}


@pytest.mark.parametrize("named", ["", STUDIO])
@pytest.mark.parametrize(
    ("status", "mend"),
    [
        (401, "put a valid token into USEAPI_TOKEN"),
        (402, "renew the useapi.net subscription"),
        (503, "check the network"),
    ],
)
async def test_a_token_that_opens_nothing(world: World, status: int, mend: str, named: str) -> None:
    """Whether by the list or by a look: refused, lapsed and unavailable are told apart, and fail."""
    world.pixverse.fail(Fault(status))
    assert await world.examined(ACCOUNTS=named) == 1
    assert world.line("useapi.net token").startswith("FAIL")
    assert mend in world.line("useapi.net token")
    assert world.line("Telegram token").startswith("ok")
    assert "failed; each line says what to mend" in world.lines[-1]


@pytest.mark.parametrize(
    ("fault", "mark", "mend"),
    [
        (Fault(596), "FAIL", "remove the account at useapi.net and add it again"),
        (Fault(404), "FAIL", "check the email, or add the account at useapi.net"),
        (Fault(500), "FAIL", "wait for useapi.net"),
        (Fault(429), "warn", "try again later"),
        (Fault(body="<html>Hello</html>"), "FAIL", "not useapi.net's: check the network and USEAPI_URL"),
        (Fault(body="{"), "FAIL", "check USEAPI_URL; if that is right, update credit-bot"),
    ],
)
async def test_an_account_that_cannot_be_read(world: World, fault: Fault, mark: str, mend: str) -> None:
    """Each kind of outage of one account has its mend, and does not touch the token or the other account."""
    world.pixverse.fail(fault, STUDIO)
    assert await world.examined() == int(mark == "FAIL")
    assert world.line(f"account {STUDIO}").startswith(mark)
    assert mend in world.line(f"account {STUDIO}")
    assert world.line(f"account {ADS}").startswith("ok")
    assert world.line("useapi.net token").startswith("ok")


async def test_one_missing_account_of_the_settings_is_no_bad_token(world: World) -> None:
    """404 means that useapi.net has accepted the token and knows no such account."""
    assert await world.examined(ACCOUNTS="nobody@example.com") == 1
    assert world.line("useapi.net token").startswith("ok")
    assert world.line("account nobody@example.com").startswith("FAIL")


async def test_an_account_listed_with_an_error_is_told(world: World) -> None:
    """What the list says of an account is shown even while it can be read."""
    world.pixverse.accounts[STUDIO].listed_error = "Password changed"
    assert await world.examined() == 0
    assert world.line(f"account {STUDIO}").startswith("warn")
    assert "Password changed" in world.line(f"account {STUDIO}")


async def test_no_account_at_all(world: World) -> None:
    """A token without accounts is valid, and there is nothing to watch: that fails, with the mend."""
    for email in (STUDIO, ADS):
        world.pixverse.remove(email)
    assert await world.examined() == 1
    assert world.line("useapi.net token").startswith("ok")
    assert "add one there" in world.line("accounts")


async def test_services_that_hang_fail_their_own_lines_in_time(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hanging service costs its patience once, not a wait without end, and keeps no other line from its truth."""
    for module in (accounts, chats):
        monkeypatch.setattr(module, "PATIENCE", 0.3)
    world.pixverse.fail(Fault(hang=True), accounts_page=True)
    world.telegram.hang(times=None, chat_id=ANN)
    async with asyncio.timeout(10):
        assert await world.examined() == 1
    assert "No answer within 0.3 s" in world.line("useapi.net token")
    assert "Telegram does not answer" in world.line(f"chat {ANN}")
    assert world.line(f"chat {GROUP}").startswith("ok")


async def test_a_refused_telegram_token(world: World) -> None:
    """@BotFather has the right one; without it no chat is tried."""
    assert await world.examined(TELEGRAM_BOT_TOKEN="123456789:AAF-another-one-that-is-not-right-at-all") == 1
    assert "ask @BotFather" in world.line("Telegram token")
    assert not [line for line in world.lines if "  chat " in line]


async def test_telegram_away(world: World) -> None:
    """A Telegram that cannot be reached is said to be that, not a bad token."""
    world.telegram.away = True
    assert await world.examined() == 1
    assert "check the network and TELEGRAM_API_URL" in world.line("Telegram token")


@pytest.mark.parametrize(
    ("refusal", "mend"),
    [
        (Refusal(403, "Forbidden: bot was blocked by the user"), "unblock it"),
        (Refusal(403, "Forbidden: bot was kicked from the supergroup chat"), "removed from the group: add it again"),
        (Refusal(403, "Forbidden: bot is not a member of the channel chat"), "not in the group: add it"),
        (Refusal(403, "Forbidden: bot can't initiate conversation with a user"), "never wrote to the bot"),
        (Refusal(403, "Forbidden: user is deactivated"), "take the id out"),
        (bad_request("chat not found"), "is the id right"),
        (bad_request("not enough rights to send text messages to the chat"), "may not write there"),
        (bad_request("CHAT_WRITE_FORBIDDEN"), "may not write there"),
        (bad_request("TOPIC_CLOSED"), "the topic is closed"),
        (bad_request("something nobody knows yet"), "Telegram says: Something nobody knows yet"),
        (server_error(), "Telegram cannot be reached: "),
    ],
)
async def test_a_chat_that_cannot_be_written_to(world: World, refusal: Refusal, mend: str) -> None:
    """Each of Telegram's refusals has its mend, and the other chat still has its line."""
    world.telegram.fail_send(GROUP, refusal, times=None)
    assert await world.examined() == 1
    assert world.line(f"chat {GROUP}").startswith("FAIL")
    assert mend in world.line(f"chat {GROUP}")
    assert world.line(f"chat {ANN}").startswith("ok")


async def test_a_chat_and_a_topic_that_are_not_there(world: World) -> None:
    """The simulator itself refuses them, as Telegram does."""
    assert await world.examined(TELEGRAM_CHAT_IDS=f"-999,{FORUM}/46") == 1
    assert "is the id right" in world.line("chat -999")
    assert "no such topic" in world.line(f"chat {FORUM}/46")


async def test_the_chats_of_escalated_alerts_are_examined(world: World) -> None:
    """Each but those that are tested anyway; the mend names their own setting."""
    escalation: dict[str, Any] = {"ESCALATE_AFTER": "30m", "ESCALATE_CHAT_IDS": f"{ANN},{FORUM}/45,-1001234567890/999"}
    assert await world.examined(**escalation) == 1
    assert world.line(f"escalation {FORUM}/45").startswith("ok")
    assert "not found" in world.line("escalation -1001234567890/999")
    assert world.line(f"chat {ANN}").startswith("ok")
    assert not any(line[6:].startswith(f"escalation {ANN}") for line in world.lines)
    world.telegram.fail_send(FORUM, Refusal(403, "Forbidden: the group chat was deactivated"), times=None)
    await world.examined(**escalation)
    assert "take its id out of ESCALATE_CHAT_IDS" in world.line(f"escalation {FORUM}/45")


async def test_a_job_that_no_month_pays_for_is_a_warning(world: World) -> None:
    """Somebody wrote a package, or a month, in place of a job."""
    assert await world.examined(JOB_COST="15500") == 0
    assert world.line(f"rules {STUDIO}").startswith("warn")
    assert "job_cost 15,500 is more than its 15,000 a month" in world.line(f"rules {STUDIO}")
    await world.examined(JOB_COST="35")
    assert not any(line[6:].startswith("rules ") for line in world.lines)


async def test_a_chat_that_must_be_left_in_peace(world: World) -> None:
    """A limit is no fault of the settings."""
    world.telegram.fail_send(GROUP, too_many_requests(30))
    assert await world.examined() == 0
    assert "a pause of 30 s" in world.line(f"chat {GROUP}")


async def test_a_group_that_moved_is_followed_and_its_new_id_named(world: World) -> None:
    """The bot follows by itself, so that is a warning; where the new chat cannot be written to, it fails."""
    world.telegram.migrate(GROUP, -100999)
    assert await world.examined() == 0
    assert world.line(f"chat {GROUP}").startswith("warn")
    assert "-100999: put that into TELEGRAM_CHAT_IDS" in world.line(f"chat {GROUP}")
    world.telegram.block(-100999)
    assert await world.examined() == 1
    assert "add it again" in world.line(f"chat {GROUP}")


async def test_a_message_that_cannot_be_deleted_is_a_warning(world: World) -> None:
    """The chat can be written to, and the person learns why a message stays."""
    world.telegram.fail(bad_request("message can't be deleted for everyone"), {"deleteMessage"}, GROUP)
    assert await world.examined() == 0
    assert "could not be deleted" in world.line(f"chat {GROUP}")


async def test_no_chat_is_said_loudly(world: World) -> None:
    """Allowed, but nobody hears anything: that must not be overlooked."""
    assert await world.examined(TELEGRAM_CHAT_IDS="") == 0
    assert world.line("TELEGRAM_CHAT_IDS").startswith("warn")
    assert "ALERTS GO NOWHERE" in world.line("TELEGRAM_CHAT_IDS")


async def test_paired_chats_are_examined(world: World, database: Path) -> None:
    """With TELEGRAM_CHAT_IDS empty, the chats that a link let in are tried, where they are now; nothing is changed."""
    store = await Store.open(str(database))
    async with store.write() as connection:
        await pairing.pair(connection, Chat(ANN), "Ann", now())
        await pairing.pair(connection, Chat(-100999), "Ann", now() + timedelta(seconds=1))
        await chat_rows.move(connection, -100999, GROUP)
    await store.close()
    assert await world.examined(TELEGRAM_CHAT_IDS="") == 0
    assert world.line(f"chat {ANN}").startswith("ok")
    assert world.line(f"chat {GROUP}").startswith("ok")
    assert "NOBODY" not in "".join(world.lines)


async def test_each_address_of_the_second_channel_is_tried(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A test message by each; the line holds no address."""
    code = "import json, sys; sys.exit(0 if 'good' in json.load(sys.stdin)['address'] else 1)"
    monkeypatch.setattr("bot.features.fallback.sender.try_addresses.__defaults__", ((sys.executable, "-c", code),))
    assert await world.examined(FALLBACK_URLS="ntfy://good-hunter2, mailto://bad:hunter2@example.com") == 1
    good, bad = (line for line in world.lines if "FALLBACK_URLS" in line)
    assert good.startswith("ok")
    assert "address 1 (ntfy): a test message was taken" in good
    assert bad.startswith("FAIL")
    assert "address 2 (mail): " in bad
    assert "hunter2" not in good + bad


async def used_database(path: Path) -> None:
    """Make a database that a bot has written to."""
    store = await Store.open(str(path))
    async with store.write() as connection:
        await chat_rows.note(connection, Chat(ANN), gone="for the test")
    await store.close()


async def test_the_database_is_not_touched(world: World) -> None:
    """None is made where there is none, and one that is there stays byte for byte, with nothing new beside it."""
    await world.examined()
    assert "none yet" in world.line("database")
    assert not list(world.folder.iterdir())
    await used_database(world.folder / "bot.db")
    before = {path.name: path.read_bytes() for path in world.folder.iterdir()}
    assert await world.examined() == 0
    assert "whole, schema" in world.line("database")
    assert "in use" not in world.line("database")
    assert {path.name: path.read_bytes() for path in world.folder.iterdir()} == before


async def test_a_database_in_use_by_the_running_bot_is_well(world: World, database: Path) -> None:
    """The doctor is for the time while the bot runs, too."""
    assert database.parent == world.folder
    store = await Store.open(str(database))
    assert await world.examined() == 0
    await store.close()
    assert "in use by the running bot" in world.line("database")


async def test_a_disk_that_takes_no_locks(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a network share: the bot could not start there, whoever else may use it."""

    def refuse(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("bot.storage.database.fcntl.flock", refuse)
    assert await world.examined() == 1
    assert "takes no locks (No locks available). Keep the database on a local disk" in world.line("database")


def corrupt(path: Path) -> None:
    """Write what is no database."""
    path.write_bytes(b"SQLite format 3\0 but no more" * 99)


def of_another_program(path: Path) -> None:
    """Make somebody else's database."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE cats (name TEXT)")
        connection.commit()


@pytest.mark.parametrize(
    ("make", "words"),
    [(corrupt, "put a backup in its place"), (of_another_program, "another program"), (Path.mkdir, "is a folder")],
)
async def test_a_database_that_is_not_ours_to_use(world: World, make: Any, words: str) -> None:
    """What would stop `run` fails here, in the same words, with the file as it was."""
    path = world.folder / "bot.db"
    make(path)
    assert await world.examined() == 1
    assert world.line("database").startswith("FAIL")
    assert words in world.line("database")


async def test_a_folder_that_is_missing_or_cannot_be_written(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The commonest mistakes with a volume or a unit file, with their mends."""
    assert await world.examined(DATABASE_URL=f"sqlite:///{world.folder}/nowhere/bot.db") == 1
    assert "does not exist: make it" in world.line("database")
    monkeypatch.setattr(os, "access", lambda path, mode: not mode & os.W_OK)
    assert await world.examined() == 1
    assert "cannot be written: let the bot's user write there" in world.line("database")


@pytest.mark.parametrize("ending", [".lock", "-wal", "-shm"])
async def test_a_file_beside_the_database_that_is_somebody_elses(
    world: World, ending: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As it is left by a command of root's: the bot could not start."""
    beside = world.folder / f"bot.db{ending}"
    beside.write_text("")
    monkeypatch.setattr(os, "access", lambda path, mode: path != beside)
    assert await world.examined() == 1
    assert f"{beside} cannot be written: give it to the bot's user" in world.line("database")


@pytest.mark.parametrize(("minutes", "words"), [(5.3, r"5 min( \d+ s)? ahead"), (-90.3, r"1 h 30 min( \d+ s)? behind")])
async def test_a_clock_that_is_wrong_fails_with_by_how_much(world: World, minutes: float, words: str) -> None:
    """Ages, refills and plan ends hang on it."""
    assert await world.examined(ahead=timedelta(minutes=minutes)) == 1
    assert re.search(words, world.line("clock"))
    assert "turn on time synchronisation" in world.line("clock")


async def test_a_clock_that_nobody_can_compare_is_said_to_be_untested(world: World) -> None:
    """Without an answer there is no date, and no verdict."""
    await world.pixverse.stop()
    await world.telegram.stop()
    assert await world.examined() == 1
    assert world.line("clock").startswith("warn")
    assert "not tested" in world.line("clock")


def test_the_date_of_an_answer() -> None:
    """An answer from a cache is older by its age; nonsense is no date."""
    date = "Mon, 23 Nov 2026 12:00:00 GMT"
    assert date_of(date, "") == datetime(2026, 11, 23, 12, tzinfo=UTC)
    assert date_of(date, "90") == datetime(2026, 11, 23, 12, 1, 30, tzinfo=UTC)
    assert date_of(date, "soon") == datetime(2026, 11, 23, 12, tzinfo=UTC)
    assert date_of("yesterday", "") is None
    assert date_of("", "5") is None
    assert date_of("Fri, 31 Dec 9999 23:59:59 GMT", "90") is None


async def test_a_port_that_another_program_has(world: World) -> None:
    """`run` could not start: the doctor says so before."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        host, port = taken.getsockname()
        server = await asyncio.start_server(lambda _, writer: writer.close(), sock=taken.dup())
        async with server:
            assert await world.examined(HTTP_LISTEN=f"{host}:{port}") == 1
    assert "another program listens" in world.line("HTTP_LISTEN")


@pytest.mark.parametrize(("status", "mark"), [(200, "ok"), (503, "warn")])
async def test_a_port_that_the_running_bot_has(world: World, status: int, mark: str) -> None:
    """The bot's own page answers there; that it is unwell is told, and is no fault of the setting."""
    page = {"status": "ok" if status == 200 else "failing", "problems": [] if status == 200 else ["no round ended"]}

    async def healthz(_: web.Request) -> web.Response:
        return web.json_response(page, status=status)

    app = web.Application()
    app.router.add_get("/healthz", healthz)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    assert await world.examined(HTTP_LISTEN=f"{host}:{port}") == 0
    await runner.cleanup()
    assert world.line("HTTP_LISTEN").startswith(mark)
    assert "the running bot answers" in world.line("HTTP_LISTEN")


async def test_an_address_that_is_not_this_machines(world: World) -> None:
    """An address of documentation (RFC 5737) cannot be listened on here; none at all is fine."""
    assert await world.examined(HTTP_LISTEN="192.0.2.1:8080") == 1
    assert "name another address" in world.line("HTTP_LISTEN")
    assert await world.examined(HTTP_LISTEN="") == 0
    assert "is empty" in world.line("HTTP_LISTEN")


async def test_the_heartbeats_address_is_not_asked(world: World) -> None:
    """That would count as a beat of a bot that may be dead."""
    beats: list[object] = []
    server = await asyncio.start_server(lambda *who: beats.append(who), "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        assert await world.examined(HEARTBEAT_URL=f"http://127.0.0.1:{port}/secret-path") == 0
    assert not beats
    assert "not asked" in world.line("HEARTBEAT_URL")
    assert "secret-path" not in "\n".join(world.lines)


async def test_no_line_holds_a_secret(world: World) -> None:
    """Not even where a service echoes the token in its refusal."""
    world.pixverse.fail(Fault(401, {"error": f"Bad token {TOKEN}"}))
    world.telegram.fail_send(ANN, bad_request(f"no access with {BOT_TOKEN}"), times=None)
    assert await world.examined() == 1
    text = "\n".join(world.lines)
    assert TOKEN not in text
    assert BOT_TOKEN not in text


async def test_a_defect_in_one_test_is_a_line_and_no_traceback(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever goes wrong inside the doctor, every other line is still told."""

    async def broken(*_: object) -> list[Finding]:
        raise RuntimeError("a defect")

    monkeypatch.setattr("bot.cli.doctor.examine.examine_zone", broken)
    assert await world.examined() == 1
    assert (
        world.line("TIMEZONE") == f"FAIL  {'TIMEZONE':<28}  cannot be tested: RuntimeError. LOG_LEVEL=DEBUG shows more"
    )
    assert len(world.lines) == 15
