"""How the files beside this one were made: five days of commit e1edbd7's bot (schema 0004), at its own simulators.

It is run once, by that version's code, in a work tree of that commit (``git worktree add --detach OLD e1edbd7``)::

    PYTHONPATH=OLD python tests/system/end_to_end/old/make.py FOLDER

It leaves ``0004.sql``, the database's dump, and ``0004.json``: what its chats showed, and how the accounts were. All
names, ids and tokens are made up. Four days and a half are lived through by the moved clock, inside this program;
the last minutes are a real process by the real clock. It is not meant for a later version, which says other things.
"""

import asyncio
import json
import os
import re
import sqlite3
import sys
import tempfile
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import bot.core.delivery
from aiohttp import web
from bot.demo.accounts import SimulatedAccount
from bot.demo.life import Life
from bot.demo.pixverse import Fault
from bot.demo.telegram import SimulatedChat, SimulatedMessage
from bot.store.migrate import upgrade
from tests.end_to_end.world import ANN, BOB, GROUP, PATIENCE, HostedBot, World, until

DORA, EVE = 9, 10
"""One who blocks the bot, and one with whom nobody has paired yet."""
HOURS = 110
EVERY = timedelta(hours=1)
SESSION = {"error": "Failed to refresh session: login required", "code": 596}
CODE = re.compile(r"\?start=([\w-]+)")
SETTINGS: dict[str, Any] = {
    "TELEGRAM_CHAT_IDS": f"{ANN},{GROUP},{DORA}",
    "TELEGRAM_ADMIN_IDS": f"{ANN},{BOB}",
    "DIGEST_AT": "09:00",
    "FALLBACK_AFTER": "10m",
}


async def live(world: World, fallback: str) -> None:
    """Four days and a half by the moved clock, then the last minutes."""
    now = datetime.now(UTC)
    begin = now - HOURS * EVERY - timedelta(minutes=20)
    world.clock.advance(begin - now)
    for chat, name in ((DORA, "Dora"), (EVE, "Eve")):
        world.telegram.add_chat(SimulatedChat(chat, title=name))
        world.telegram.name(chat, name)
    enlist(world, begin, plan_ends=now + timedelta(days=2, hours=12))
    settings = SETTINGS | {"CHECK_EVERY": "1h", "FALLBACK_URLS": fallback}
    bot = await world.host(**settings)
    for hour in range(1, HOURS):
        await round_of(world, bot)
        happen(world, hour)
        if hour == 104:
            await bot.asked("/mute mara 3d")
            world.pixverse.accounts["mara@example.com"].monthly = 0
    world.telegram.away = True
    world.pixverse.accounts["late@example.com"].monthly = 600
    await round_of(world, bot)
    world.clock.advance(timedelta(minutes=20))
    await bot.logged("went out by")
    world.telegram.away = False
    await world.told("late@example.com")
    await bot.quiet()
    await bot.stop()
    await last_minutes(world, settings)


def enlist(world: World, begin: datetime, plan_ends: datetime) -> None:
    """Configure the accounts; each name says what becomes of it, but for Mara, who is muted, and Rita, who works."""
    world.accounts("mara", "out", "film", "late", "healed", "gone", "broken", "left")
    world.accounts("gift", ends_at=plan_ends, next_plan_name="")
    world.accounts("free", monthly=0, monthly_allowance=0, daily=60, plan_name="Basic", plan_type=0, ends_at=None)
    rita = SimulatedAccount("rita@example.com", monthly=12_000)
    world.pixverse.add(rita, Life(rita, begin, burn_per_hour=90))


def happen(world: World, hour: int) -> None:
    """What happens to the accounts, and to a chat, in an hour."""
    accounts, at = world.pixverse.accounts, world.clock()
    basic = {"monthly": 0, "monthly_allowance": 0, "daily": 60, "plan_name": "Basic", "plan_type": 0}
    changes: dict[int, tuple[str, dict[str, Any]]] = {
        10: ("gift", {"cancelled_at": at}),
        14: ("healed", {"monthly": 500}),
        20: ("out", {"monthly": 0}),
        26: ("healed", {"monthly": 15_000}),
        30: ("free", {"daily": 0, "daily_refresh_at": at + 2 * EVERY}),
        32: ("free", {"daily": 60, "daily_refresh_at": None}),
        60: ("gone", basic | {"ends_at": None, "refresh_at": None}),
        100: ("film", {"monthly": 700}),
    }
    name, values = changes.get(hour, ("mara", {}))
    for field, value in values.items():
        setattr(accounts[f"{name}@example.com"], field, value)
    if hour == 50:
        world.pixverse.remove("left@example.com")
    if hour == 70:
        world.pixverse.fail(Fault(596, SESSION), "broken@example.com")
    if hour == 100:
        world.telegram.block(DORA)


async def round_of(world: World, bot: HostedBot) -> None:
    """One hour, and everything that it brings is delivered."""
    before = await bot.looks()
    world.clock.advance(EVERY)
    await bot.saved(before + len(world.pixverse.accounts))
    if not world.telegram.away:
        await bot.quiet()
    print(".", end="", flush=True)


async def last_minutes(world: World, settings: dict[str, Any]) -> None:
    """A real process: what people do in it, then Telegram is away, and what happens meanwhile waits."""
    telegram = world.telegram
    world.clock.speed = 1.0
    world.clock.advance(datetime.now(UTC) - world.clock())
    bot = await world.start(**(settings | {"CHECK_EVERY": "3s", "FALLBACK_AFTER": "2s"}))
    for chat, who in ((ANN, None), (GROUP, ANN)):
        telegram.say(chat, "/board", who)
        await telegram.wait_for(lambda one: one.pinned, PATIENCE, chat)
    for label, text in (("Ack", "out@example.com: still"), ("Snooze 1 day", "film@example.com: 700")):
        ours = (one for one in reversed(telegram.messages) if one.chat_id == ANN and label in one.labels)
        message = next(one for one in ours if text in one.text)
        answered = len(telegram.callback_answers)
        telegram.tap(message, label)
        await until(partial(has_grown, telegram.callback_answers, answered), f"the tap on {label} is answered")
    code = code_in(await bot.asked("/invite"))
    await bot.asked(f"/start {code}", BOB)
    telegram.say(EVE, "/start abcdefghijklmnopqrstuvwxyzabcdef")
    code_in(await bot.asked("/invite"))
    await bot.asked("/alerts")
    await bot.asked("/history rita 7d")
    await until(lambda: not telegram.pending_updates, "all updates are taken")
    await bot.quiet()
    telegram.away = True
    world.pixverse.accounts["late@example.com"].monthly = 0
    await bot.logged("went out by")
    await bot.stop()
    print("\n".join(line for line in bot.log.splitlines() if "GET /pix" not in line))


def has_grown(things: Sequence[object], before: int) -> bool:
    """Whether there are more than before."""
    return len(things) > before


def code_in(text: str) -> str:
    """The code of an invitation."""
    found = CODE.search(text)
    assert found, text
    return found[1]


def shown(message: SimulatedMessage) -> dict[str, Any]:
    """A message as it stands in its chat."""
    fields = ("chat_id", "message_id", "text", "entities", "buttons", "silent", "reply_to", "pinned", "at")
    return {name: getattr(message, name) for name in fields}


async def main(folder: Path) -> None:
    """Makes both files."""
    # Days pass in seconds here, but the pace of messages is kept by a clock that does not jump.
    bot.core.delivery.CHAT_PAUSE, bot.core.delivery.GROUP_WINDOW, bot.core.delivery.STORM_WINDOW = 0.05, 0.5, 0.5
    letters: list[Any] = []

    async def take(request: web.Request) -> web.Response:
        letters.append(await request.json())
        return web.json_response({})

    with tempfile.TemporaryDirectory() as name:
        os.chdir(name)
        template = Path(name) / "template.db"
        upgrade(str(template))
        world = World(Path(name), template)
        app = web.Application()
        app.router.add_post("/", take)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = runner.addresses[0][1]
        async with world.pixverse, world.telegram:
            try:
                await live(world, f"json://127.0.0.1:{port}/")
            finally:
                print(world.telegram.transcript)
                print(letters)
                await world.end()
        await runner.cleanup()
        with closing(sqlite3.connect(world.database)) as connection:
            connection.execute("VACUUM")
            dump = "\n".join(connection.iterdump()) + "\n"
        (folder / "0004.sql").write_text(dump)
        accounts = lines(asdict(account) for account in world.pixverse.accounts.values())
        messages = lines(shown(one) for one in world.telegram.messages if not one.photo and not one.deleted)
        (folder / "0004.json").write_text(f'{{"accounts": [{accounts}],\n"messages": [{messages}]}}\n')


def lines(rows: Iterable[dict[str, Any]]) -> str:
    """JSON that a comparison of two versions can show, row by row."""
    return ",\n".join(json.dumps(row, default=written, ensure_ascii=False) for row in rows)


def written(value: object) -> object:
    """What JSON has no form for."""
    return value.isoformat() if isinstance(value, datetime) else sorted(value)  # type: ignore[call-overload]


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]).absolute()))
