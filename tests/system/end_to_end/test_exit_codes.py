"""How ``run`` ends: in words, with the right code, in time, and without harm to any file."""

import asyncio
import re
import signal
import socket
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from bot.simulator.pixverse import Fault
from bot.support.errors import DatabaseUnusableError, StartError
from tests.support.world import PATIENCE, World


def corrupt(path: Path) -> None:
    """Tear the middle out of the database."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2 : len(content) // 2 + 5000] = b"\x5a" * 5000
    path.write_bytes(content)


def text(path: Path) -> None:
    """A file that is no database."""
    path.write_text("these are my notes\n" * 100)


def newer(path: Path) -> None:
    """A database of a credit-bot that is yet to come."""
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()


def foreign(path: Path) -> None:
    """A database of another program."""
    path.unlink()
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE bookmarks (url TEXT)")
    connection.close()


def files(folder: Path) -> dict[str, bytes]:
    """Every file with its bytes, but for the lock, which is always empty."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if not path.name.endswith((".lock", ".log"))}


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (corrupt, "cannot be read as a database"),
        (text, "cannot be read as a database"),
        (newer, "a newer credit-bot"),
        (foreign, "another program"),
    ],
)
async def test_a_database_that_is_not_ours_to_use_stays_as_it_is(
    world: World, spoil: Callable[[Path], None], words: str
) -> None:
    """Corrupt, newer or another program's: said in words with the way out, and every byte of it stays as it was."""
    spoil(world.database)
    before = files(world.folder)
    with pytest.raises(DatabaseUnusableError, match=words) as caught:
        await world.host()
    assert caught.value.exit_code == 69
    assert str(world.database) in str(caught.value)
    assert "It was left as it is" in str(caught.value)
    assert files(world.folder) == before


async def test_a_corrupt_database_ends_run_with_69(world: World) -> None:
    """The program as it is: exit code 69, one line of words, no traceback, the file untouched byte for byte."""
    corrupt(world.database)
    before = files(world.folder)
    ended = await world.run("run")
    assert (ended.code, ended.out) == (69, "")
    assert re.fullmatch(r"credit-bot: .*cannot be read as a database.*\n", ended.err)
    assert files(world.folder) == before


async def test_a_folder_that_is_not_there_is_named(world: World) -> None:
    """A missing folder is said, not made."""
    with pytest.raises(StartError, match="nowhere does not exist"):
        await world.host(DATABASE_URL=f"sqlite:///{world.folder}/nowhere/bot.db")
    assert not (world.folder / "nowhere").exists()


async def test_a_port_that_is_taken_is_named(world: World) -> None:
    """Another program listens there: said with the address, and the database is free again afterwards."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        address = f"127.0.0.1:{listener.getsockname()[1]}"
        with pytest.raises(StartError, match=f"HTTP_LISTEN: {address} cannot be listened on"):
            await world.host(HTTP_LISTEN=address)
    await world.host()


async def test_a_second_bot_on_the_same_database_is_refused_and_sigint_ends_the_first(world: World) -> None:
    """The second ends with 69 and harms nothing; the first watches on, and ends with 0 at Ctrl-C."""
    (alice,) = world.accounts("alice")
    first = await world.start()
    second = await world.run("run")
    assert second.code == 69
    assert "is already in use by another bot" in second.err
    alice.monthly = 0
    await world.told("out of credits")
    await first.quiet()
    assert await first.stop(signal.SIGINT) == 0
    assert "Traceback" not in first.log


async def test_sigterm_ends_the_bot_in_ten_seconds_whatever_hangs(world: World) -> None:
    """A look, a message and the polling hang: 0 within ten seconds, and the alert comes after a restart."""
    alice, bob = world.accounts("alice", "bob")
    bot = await world.start()
    await world.pixverse.wait_for_looks(alice.email, timeout=PATIENCE)
    world.pixverse.fail(Fault(hang=True), alice.email)
    looks = world.pixverse.looks(alice.email)
    world.telegram.hang(times=None, methods={"sendMessage", "getUpdates"})
    bob.monthly = 0
    await world.telegram.wait_for_call("sendMessage", PATIENCE)
    await world.pixverse.wait_for_looks(alice.email, looks + 1, PATIENCE)
    started = time.monotonic()
    assert await bot.stop() == 0
    assert time.monotonic() - started < 20, "its own limits leave six seconds; a busy machine takes some more"
    assert "Traceback" not in bot.log
    world.telegram.heal()
    world.pixverse.heal()
    await world.start()
    await world.told("bob@example.com: out of credits")


async def test_a_stop_lets_what_is_under_way_end(world: World) -> None:
    """A look and a message that take a moment longer than the stop are saved and recorded: nothing is told twice."""
    (alice,) = world.accounts("alice")
    bot = await world.host()
    world.pixverse.fail(Fault(delay=0.5), alice.email)
    alice.monthly = 0
    looks = world.pixverse.looks()
    round_ends = asyncio.create_task(bot.round())
    await world.pixverse.wait_for_looks(count=looks + 1, timeout=PATIENCE)
    await bot.stop()
    round_ends.cancel()
    assert world.count("out of credits") == 1
    await world.host()
    assert world.count("out of credits") == 1


async def test_a_database_is_made_where_there_is_none(new_world: World) -> None:
    """The very first start makes its database by itself, in a folder that is otherwise empty."""
    new_world.database.unlink()
    new_world.accounts("alice")
    bot = await new_world.host()
    await new_world.told("credit-bot watches 1 account")
    await bot.stop()
    with closing(sqlite3.connect(new_world.database)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
