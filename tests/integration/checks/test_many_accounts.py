"""Work on thousands of accounts: other tasks run in between, and what needs no database is done in a thread."""

import asyncio
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from types import FrameType
from typing import Any, cast

import pytest

from bot.domain.accounts import Account, Listed, Listing
from bot.domain.chats import Chat
from bot.domain.notifications import Watched
from bot.features.board.publisher import BoardPublisher
from bot.features.pauses.service import Pauses
from bot.storage import accounts
from bot.storage.connection import AT_ONCE
from bot.support.metrics import Metrics
from bot.web.pages import Pages
from tests.support.fakes import CHAT, NOW, World, key_of, world_in
from tests.unit.features.board.test_text import LOW

MANY = 8 * AT_ONCE

STATEMENT, COMMAND = 18_000, 40_000
"""Calls of functions in one go, at most: in one go for all accounts it would be more."""


EMAILS = [f"user{number}@example.com" for number in range(MANY)]


@pytest.fixture
async def world(database: Path) -> AsyncIterator[World]:
    """A world that lists many accounts, all of them watched."""
    async with world_in(database) as made:
        made.source.listing = Listing(NOW, tuple(Listed(email) for email in EMAILS))
        await made.discovery().ask_all()
        yield made


async def longest_stretch(work: Awaitable[Any]) -> int:
    """The most calls of functions on the loop's thread before another task had its turn again."""
    calls, longest, done = 0, 0, asyncio.Event()

    def called(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    async def take_turns() -> None:
        nonlocal calls, longest
        while not done.is_set():
            calls = 0
            await asyncio.sleep(0)
            longest = max(longest, calls)

    others = asyncio.create_task(take_turns())
    await asyncio.sleep(0)
    sys.setprofile(called)
    try:
        await work
    finally:
        sys.setprofile(None)
        done.set()
        await others
    return longest


class Seen(Sequence[Any]):
    """Many items, which remember the threads that went through them."""

    def __init__(self, items: Sequence[Any]) -> None:
        self._items = items
        self.threads: set[int] = set()

    def __len__(self) -> int:
        return len(self._items)

    def __getitem__(self, at: Any) -> Any:
        self.threads.add(threading.get_ident())
        return self._items[at]

    def __iter__(self) -> Iterator[Any]:
        self.threads.add(threading.get_ident())
        return iter(self._items)


async def test_many_accounts_are_read_and_written_in_parts(world: World) -> None:
    """Each statement about all of them leaves the loop free after some hundred rows."""
    keys = [key_of(email) for email in EMAILS]
    async with world.store.write() as connection:
        for work in (
            accounts.known(connection),
            accounts.watched(connection),
            accounts.whom(connection, keys),
            accounts.load(connection, keys),
            accounts.plan_looks(connection, dict.fromkeys(keys, NOW)),
            accounts.note_listed(connection, dict.fromkeys(keys)),
        ):
            assert await longest_stretch(work) < STATEMENT
    assert await longest_stretch(world.discovery().ask_all()) < COMMAND


async def test_all_rows_of_a_long_list_are_written(world: World) -> None:
    """Not only those of its first or last part."""
    keys = [key_of(email) for email in EMAILS]
    async with world.store.write() as connection:
        await accounts.note_listed(connection, dict.fromkeys(keys, "locked"))
        await accounts.plan_looks(connection, dict.fromkeys(keys, NOW + timedelta(days=1)))
    async with world.store.read() as connection:
        assert {one.listed_error for one in await accounts.watched(connection)} == {"locked"}
        assert set(await accounts.load(connection, keys)) == set(keys)
        assert len(await accounts.whom(connection, keys)) == MANY
        assert await accounts.due(connection, NOW + timedelta(hours=1), 10) == []


async def test_a_pause_of_everybody_begins_and_ends_in_parts(world: World) -> None:
    """The end makes each account due, and stores the gap of each."""
    pauses = Pauses(world.context, world.writer, world.processor, world.checks)
    assert await longest_stretch(pauses.pause([None], timedelta(hours=1), "Ann", CHAT)) < COMMAND
    world.clock.forward(minutes=10)
    assert await longest_stretch(pauses.resume_all("Ann", CHAT)) < COMMAND
    assert await world.query("SELECT count(*) FROM outages WHERE kind = 'paused'") == [(MANY,)]


async def test_metrics_and_accounts_are_written_in_a_thread() -> None:
    """The pages of many accounts."""

    async def vitals() -> Any:
        return None

    seen = Seen([Account(key_of(email), "pixverse", email) for email in EMAILS])
    fleet = (cast(Sequence[Account], seen), ())

    async def everything() -> Any:
        return fleet

    pages = Pages(vitals, everything, Metrics(), timedelta(minutes=15), lambda: NOW, masked=True)
    assert (await pages.accounts(cast(Any, None))).status == 200
    assert seen.threads
    assert threading.get_ident() not in seen.threads


async def test_a_board_of_many_accounts_is_written_in_a_thread(world: World) -> None:
    """Ordering and wording thousands takes a while."""
    threads = set[int]()

    class Messenger:
        def write(self, watched: Sequence[Watched]) -> Any:
            threads.add(threading.get_ident())
            raise InterruptedError

    async def watched(chat: Chat) -> Sequence[Watched]:
        return [LOW] * MANY

    async def move(*_: object) -> None: ...

    boards = BoardPublisher(world.store, cast(Any, Messenger()), watched, lambda _: True, move, world.clock)
    with pytest.raises(InterruptedError):
        await boards.show(CHAT)
    assert threads
    assert threading.get_ident() not in threads
