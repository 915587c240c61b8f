"""What must be found when a database is opened again after a cut, whatever the cut was."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from bot.outbox.dispatcher import Dispatcher
from bot.storage.schema import from_microseconds
from bot.storage.values import load_reading
from tests.support.fakes import CHAT, GROUP, NOW, FakePost, Timer, World, key_of, world_in
from verification.power_loss import past
from verification.power_loss.ledger import Key, Ledger
from verification.power_loss.past import POLICY

CHATS = (CHAT, GROUP)


@dataclass
class Found:
    """The rows of a database that was opened again, before anybody goes on with it."""

    states: dict[Key, str] = field(default_factory=dict)
    sequences: dict[tuple[str, str, int, int], list[int]] = field(default_factory=lambda: defaultdict(list))
    alerts: dict[tuple[str, str], tuple[int, int]] = field(default_factory=dict)
    last: dict[tuple[str, str, int], tuple[int, str]] = field(default_factory=dict)
    notified: dict[tuple[str, str, int], int] = field(default_factory=dict)
    credits: dict[str, float] = field(default_factory=dict)
    newest: dict[str, float] = field(default_factory=dict)
    muted: set[str] = field(default_factory=set)
    paused: set[str] = field(default_factory=set)
    past: set[datetime] = field(default_factory=set)

    @classmethod
    async def in_world(cls, world: World) -> "Found":
        """Reads them."""
        found = cls()
        for key, chat, state in await world.query("SELECT key, chat_id, state FROM outbox"):
            found.states[str(key), int(str(chat))] = str(state)
        told = "SELECT subject, measure, episode, chat_id, key FROM outbox WHERE topic = 'alert'"
        for subject, measure, episode, chat, key in await world.query(told):
            place = (str(subject), str(measure), int(str(episode)), int(str(chat)))
            found.sequences[place].append(int(str(key).rpartition("|")[2]))
        lasts = "SELECT subject, measure, chat_id, episode, reason FROM outbox WHERE topic = 'alert' ORDER BY id"
        for subject, measure, chat, episode, reason in await world.query(lasts):
            found.last[str(subject), str(measure), int(str(chat))] = (int(str(episode)), str(reason))
        told = "SELECT subject, measure, chat_id, episode FROM notified"
        for subject, measure, chat, episode in await world.query(told):
            found.notified[str(subject), str(measure), int(str(chat))] = int(str(episode))
        for subject, measure, episode, sequence in await world.query(
            "SELECT subject, measure, episode, sequence FROM alerts"
        ):
            found.alerts[str(subject), str(measure)] = (int(str(episode)), int(str(sequence)))
        for account, text in await world.query("SELECT key, reading FROM accounts WHERE reading IS NOT NULL"):
            reading = load_reading(str(text))
            found.credits[str(account)] = reading.credits.monthly if reading else -1
        rows = await world.query("SELECT account, monthly, taken_at FROM readings ORDER BY taken_at")
        for account, monthly, taken_at in rows:
            if account == key_of(past.EMAIL):
                found.past.add(from_microseconds(int(str(taken_at))) or NOW)
            else:
                found.newest[str(account)] = float(str(monthly))
        muted = await world.query("SELECT subject FROM silences WHERE kind IN ('all', 'account')")
        found.muted = {str(subject) for (subject,) in muted}
        paused = await world.query("SELECT subject FROM pauses WHERE NOT resumed")
        found.paused = {str(subject) for (subject,) in paused}
        return found


def kept(ledger: Ledger, found: Found) -> Iterator[str]:
    """What was held for true and is lost."""
    yield from kept_of_outbox(ledger, found)
    for account, credits in sorted(found.credits.items()):
        if credits not in ledger.credits.get(account, ()):
            yield f"{account} has {credits}, and what was seen is {ledger.credits.get(account)}"
    if not ledger.muted - ledger.muting <= found.muted <= ledger.muted | ledger.muting:
        yield f"muted are {found.muted} and not {ledger.muted}; under way was {ledger.muting}"
    if not ledger.paused - ledger.pausing <= found.paused <= ledger.paused | ledger.pausing:
        yield f"paused are {found.paused} and not {ledger.paused}; under way was {ledger.pausing}"
    yield from (f"of the past is lost: {moment}" for moment in sorted(past.STAYS - found.past))
    yield from (f"of the past never was: {moment}" for moment in sorted(found.past - past.EVERY))
    for sql in ledger.unsynced:
        yield f"was written without waiting for the disk: {sql}"


def kept_of_outbox(ledger: Ledger, found: Found) -> Iterator[str]:
    """What was due or told and is lost."""
    for one in sorted(ledger.due - found.states.keys()):
        yield f"was due and is not in the outbox: {one}"
    for one in sorted(ledger.told & found.states.keys()):
        if found.states[one] != "delivered":
            yield f"was recorded as told and is {found.states[one]}: {one}"
    for one, state in sorted(found.states.items()):
        if state == "delivered" and one not in ledger.sent:
            yield f"is recorded as told and never was sent: {one}"
        if state == "failed":
            yield f"was given up: {one}"


def whole(found: Found) -> Iterator[str]:
    """What was done by halves: an alert without its notifications, one of these without its alert, a lone reading."""
    for (subject, measure), (episode, sequence) in sorted(found.alerts.items()):
        told = [found.sequences.get((subject, measure, episode, chat.chat_id), []) for chat in CHATS]
        if {number for numbers in told for number in numbers} != set(range(1, sequence + 1)):
            yield f"alert {subject} {measure} {episode} has told {sequence}, the chats were to be told {told}"
    for subject, measure, episode, chat_id in sorted(found.sequences):
        if found.alerts.get((subject, measure), (0, 0))[0] < episode:
            yield f"chat {chat_id} was to be told of episode {episode} of {subject} {measure}, which never was"
    open_ = {place: episode for place, (episode, reason) in found.last.items() if reason != "resolved"}
    if open_ != found.notified:
        yield f"the outbox has told of the episodes {open_}, what the chats were told is {found.notified}"
    if found.credits != found.newest:
        yield f"the newest readings are {found.newest}, the accounts say {found.credits}"


async def goes_on(world: World, ledger: Ledger) -> list[str]:
    """What is wrong once the bot has gone on: all that was due is told, and nothing that was told is told again."""
    timer = Timer()
    post = FakePost(timer)
    outbox = Dispatcher(world.store, post, world.recipients, world.clock, timer, world.metrics)
    await outbox.resume()
    for _ in range(200):
        await outbox.drain()
        timer.forward(300)
        if not await world.query("SELECT 1 FROM outbox WHERE state != 'delivered' LIMIT 1"):
            break
    await keep_past_short(world)
    again = {(key, told.chat.chat_id) for told in post.told for key in told.keys}
    found = await Found.in_world(world)
    after = found.states
    faults = [f"was told and is told again: {one}" for one in sorted(again & ledger.told)]
    faults += [f"was due and is never told: {one}" for one in sorted(ledger.due) if after.get(one) != "delivered"]
    if found.past != past.STAYS:
        faults.append(f"upkeep leaves {sorted(found.past)} of the past, and not {sorted(past.STAYS)}")
    return faults


async def keep_past_short(world: World) -> None:
    """Goes on with upkeep until a pass is complete that began after the cut at the earliest."""
    world.clock.forward(seconds=POLICY.every.total_seconds())
    upkeep = past.upkeep(world)
    await upkeep.tick()
    while not await past.is_complete(world):
        await upkeep.tick()


async def faults_of(path: Path, ledger: Ledger) -> list[str]:
    """Opens a database as the bot does and says what is wrong with it."""
    async with world_in(path, chats=CHATS) as world:
        faults = [f"integrity: {row[0]}" for row in await world.query("PRAGMA integrity_check") if row[0] != "ok"]
        faults += [f"foreign key: {row}" for row in await world.query("PRAGMA foreign_key_check")]
        if faults:
            return faults
        found = await Found.in_world(world)
        return [*kept(ledger, found), *whole(found), *await goes_on(world, ledger)]


def examine(path: Path, ledger: Ledger) -> list[str]:
    """The same, by itself; what cannot even be opened is a fault like any other."""
    try:
        return asyncio.run(faults_of(path, ledger))
    except Exception as error:  # noqa: BLE001 - whatever it is, it belongs to the report
        return [f"{type(error).__name__}: {error}"]
