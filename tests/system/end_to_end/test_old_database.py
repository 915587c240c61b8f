"""The present bot on the database of an older one, as after an upgrade: it goes on as if nothing had happened.

``old/make.py`` says how that database was made. No time in it is altered: the clocks of the bot and of the simulators
are moved to five minutes after its last entry instead.
"""

import json
import re
import sqlite3
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.simulator.accounts import SimulatedAccount
from bot.simulator.pixverse import Fault
from bot.simulator.telegram.service import SimulatedChat, SimulatedMessage
from bot.storage.schema import APPLICATION, REVISION
from tests.support.moved_clock import MISSING, MovedClock, may_skip
from tests.support.world import ANN, BOB, GROUP, Bot, World, until

OLD = Path(__file__).parent / "old"
LATER = timedelta(minutes=5)

# As old/make.py has them, which no present version can import: it is the older one's.
DORA, EVE = 9, 10
SESSION = {"error": "Failed to refresh session: login required", "code": 596}
SETTINGS: dict[str, Any] = {
    "TELEGRAM_CHAT_IDS": f"{ANN},{GROUP},{DORA}",
    "TELEGRAM_ADMIN_IDS": f"{ANN},{BOB}",
    "DIGEST_AT": "09:00",
    "FALLBACK_AFTER": "10m",
}


def code_in(text: str) -> str:
    """The code of an invitation."""
    found = re.search(r"\?start=([\w-]+)", text)
    assert found, text
    return found[1]


@pytest.fixture
def clock(tmp_path: Path) -> MovedClock:
    """The clock of the processes that a test starts."""
    return MovedClock.in_folder(tmp_path)


@pytest.fixture
def old_world(new_world: World, clock: MovedClock) -> World:
    """The old database in its place, five minutes after its last entry, and all else as the old bot left it."""
    world = new_world
    world.database.unlink()
    with closing(sqlite3.connect(world.database)) as connection:
        connection.executescript((OLD / "0004.sql").read_text(encoding="utf-8"))
        (last,) = connection.execute("SELECT max(at) FROM marks WHERE name = 'round'").fetchone()
    now = datetime.fromtimestamp(last / 1e6, UTC) + LATER
    ahead = now - datetime.now(UTC)
    clock.set(ahead.total_seconds())
    world.clock.speed = 1.0
    world.clock.advance(now - world.clock())
    content = json.loads((OLD / "0004.json").read_text(encoding="utf-8"))
    for values in content["accounts"]:
        world.pixverse.add(account_of(values))
    world.pixverse.fail(Fault(596, SESSION), "broken@example.com")
    world.telegram.add_chat(SimulatedChat(DORA, title="Dora", blocked=True))
    world.telegram.add_chat(SimulatedChat(EVE, title="Eve"))
    transcript = world.telegram._world.transcript
    for values in content["messages"]:
        while transcript.next_id(values["chat_id"]) < values["message_id"]:
            pass
        buttons = [[(label, data) for label, data in row] for row in values["buttons"]]
        at = datetime.fromisoformat(values["at"])
        transcript.add(SimulatedMessage(**values | {"buttons": buttons, "at": at, "accepted": 0.0}))
    return world


def account_of(values: dict[str, Any]) -> SimulatedAccount:
    """An account as it was."""
    times = {name: datetime.fromisoformat(values[name]) for name in values if name.endswith("_at") and values[name]}
    return SimulatedAccount(**values | times | {"omit": set(values["omit"])})


TOLD = ("late@example.com: out of credits", "free@example.com: 60 credits again", "broken@example.com: still cannot")
"""All that is new to the chats that were told all along: what waited; a free account that lives by its daily credits is
well; a session that has been broken for more than a day is told again.
"""

SHOWN = (
    "mara@example.com · critical: out of credits, low since yesterday 20:04 UTC · muted in every chat until Mon 30 Nov",
    "film@example.com · warning: low credits (4.6 %), since yesterday 16:04 UTC · snoozed in every chat until tomorrow",
    "out@example.com · critical: out of credits, low since Tue 24 Nov, 08:04 UTC · acknowledged by Ann until tomorrow",
    "gift@example.com · warning: plan ends Mon 30 Nov, cancelled Mon 23 Nov, 21:04 UTC",
    "broken@example.com · warning: cannot be read: session broken, since Thu 26 Nov, 10:04 UTC",
)
"""What /alerts shows of the alerts and silences that there were, each since it began."""


@pytest.mark.skipif(may_skip(), reason=MISSING)
async def test_the_new_version_goes_on_as_if_nothing_had_happened(old_world: World, clock: MovedClock) -> None:
    """A real process: what waited is told once and nothing else again; silences, boards, pairings and the past hold."""
    world = old_world
    before = len(world.telegram.messages)
    boards = [one for one in world.telegram.messages if one.pinned]
    invitation = next(one.text for one in reversed(world.telegram.messages) if "An invitation" in one.text)
    settings: dict[str, Any] = {**SETTINGS, "CHECK_EVERY": "15m", **clock.environment}
    bot = await world.start(**settings)
    await settled(world, bot)
    await told_once(world, ANN, GROUP, after=before)
    await edited(world, boards)
    await asked_for(bot)
    greeting = await bot.answer(f"/start {code_in(invitation)}", EVE)
    assert "This chat is paired with credit-bot, which watches 10 accounts" in greeting.text
    await unblocked(world, before)
    await recovered(world)
    await bot.recorded()
    assert "gone@" not in await bot.asked("/alerts"), "each chat was told of it, so it is over"
    await tapped_below_an_old_message(world)
    assert "ERROR" not in bot.log
    assert "Traceback" not in bot.log
    assert await bot.stop() == 0

    after = len(world.telegram.messages)
    bot = await world.start(**settings)
    await settled(world, bot)
    assert not [line for chat in (ANN, BOB, GROUP, DORA, EVE) for line in heads(world, chat, after)], "told again"
    assert await bot.stop() == 0
    with closing(sqlite3.connect(world.database)) as connection:
        assert connection.execute("PRAGMA application_id").fetchone() == (APPLICATION,)
        assert connection.execute("SELECT version_num FROM alembic_version").fetchone() == (REVISION,)


def heads(world: World, chat_id: int, after: int) -> list[str]:
    """The first lines of what a chat got since."""
    return [one.text.splitlines()[0] for one in world.telegram.messages[after:] if one.chat_id == chat_id]


def waits(world: World, email: str) -> bool:
    """Whether an alert of an account waits for a chat."""
    with closing(sqlite3.connect(world.database)) as connection:
        query = "SELECT 1 FROM outbox WHERE subject LIKE '%' || ? AND state = 'pending'"
        return connection.execute(query, (email,)).fetchone() is not None


async def settled(world: World, bot: Bot) -> None:
    """Wait until everybody was looked at, and what that brought is delivered and recorded."""
    await bot.saved(len(world.pixverse.accounts))
    await bot.recorded()


async def told_once(world: World, *chats: int, after: int) -> None:
    """Each chat has got what is new to it, once, and nothing else."""
    for chat in chats:
        for text in TOLD:
            await world.told(text, chat, after)
        got = heads(world, chat, after)
        assert len(got) == len(TOLD), got


async def edited(world: World, boards: list[SimulatedMessage]) -> None:
    """Both boards are the messages that they were, still pinned, and say what is so."""
    assert {one.chat_id for one in boards} == {ANN, GROUP}
    await until(lambda: all("late@example.com · 0 · critical" in one.text for one in boards), "the boards are edited")
    assert all(one.pinned and not one.deleted for one in boards)
    assert not [method for method, _ in world.telegram.calls if method == "pinChatMessage"]


async def asked_for(bot: Bot) -> None:
    """The silences are shown, the past is there, and the chat that was paired may ask."""
    page = await bot.asked("/alerts")
    assert not [line for line in SHOWN if line not in page], page
    assert "film@example.com (credits) · snoozed in every chat until tomorrow" in await bot.asked("/status")
    picture = await bot.answer("/history rita 7d")
    assert "Lowest 2,369 today 01:24" in picture.text
    assert "Spent 9,9" in picture.text, picture.text
    assert picture.photo
    assert "10 accounts" in await bot.asked("/credits", BOB)
    assert SHOWN[0] in await bot.asked("/alerts", BOB)


async def unblocked(world: World, after: int) -> None:
    """Who had blocked the bot, and lets it in again, gets what the old version gave up, and nothing that she had."""
    world.telegram.unblock(DORA)
    world.telegram.say(DORA, "/help")
    for text in ("late@example.com", "film@example.com", "broken@example.com"):
        await world.told(text, DORA, after)
    got = "\n".join(one.text for one in world.telegram.messages[after:] if one.chat_id == DORA and one.buttons)
    assert not any(name in got for name in ("out@", "mara@", "gift@", "gone@")), got


async def recovered(world: World) -> None:
    """The end of an old alert is told to whom it was told, as an answer to it; the old message says so, too."""
    telegram = world.telegram
    about = ("late@example.com: 600 credits left", "late@example.com: out of credits")
    late = [one for one in telegram.messages if one.chat_id == GROUP and one.text[2:].startswith(about)]
    assert len(late) == len(about)
    after = len(telegram.messages)
    for name in ("late", "out"):
        world.pixverse.accounts[f"{name}@example.com"].monthly = 15_000
        telegram.say(ANN, "/check")
        for chat in (ANN, GROUP):
            await world.told(f"{name}@example.com: 15,000 credits again", chat, after)
    recovery = await world.told("late@example.com: 15,000 credits again", GROUP, after)
    assert recovery.reply_to in [one.message_id for one in late]
    await until(lambda: all("Over" in one.text for one in late), "the old messages say that their alert is over")
    await world.told("late@example.com: 15,000 credits again", BOB, after)
    assert "out@" not in "\n".join(heads(world, BOB, after)), "Bob was never told of it"


async def tapped_below_an_old_message(world: World) -> None:
    """A button that the old version wrote does what it says."""
    old = next(one for one in world.telegram.messages if one.chat_id == GROUP and "gift@" in one.text and one.buttons)
    world.telegram.tap(old, "Ack", ANN)
    await until(lambda: "Acknowledged by Ann" in old.text, "it is acknowledged")


async def test_what_was_just_being_sent_is_told_once(old_world: World) -> None:
    """The old version was killed between sending and recording: what it had claimed waits again."""
    world = old_world
    with closing(sqlite3.connect(world.database)) as connection, connection:
        claimed = connection.execute("UPDATE outbox SET state = 'sending', lead_id = id WHERE state = 'pending'")
        assert claimed.rowcount == 4
    before = len(world.telegram.messages)
    bot = await world.host(**SETTINGS)
    await settled(world, bot)
    await told_once(world, ANN, GROUP, after=before)


async def test_the_second_channel_gets_nothing_that_it_had(
    old_world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Telegram is still away: what the old version sent there does not go again; what is new goes, and shows it."""
    world, file, before = old_world, tmp_path / "letters", len(old_world.telegram.messages)
    code = "import sys; given = sys.stdin.read(); 'title' in given and open(sys.argv[1], 'a').write(given + '\\n')"
    monkeypatch.setattr(
        "bot.features.fallback.sender.Apprise.__init__.__defaults__", ((sys.executable, "-c", code, str(file)), 20.0)
    )
    monkeypatch.setattr("bot.features.fallback.sender.LOOK_EVERY", 0.05)
    world.telegram.away = True
    world.pixverse.accounts["healed@example.com"].monthly = 0
    bot = await world.host(**SETTINGS, FALLBACK_URLS="ntfy://made-up")
    await until(lambda: waits(world, "healed@example.com"), "the new alert waits")
    await bot.logged("was not told")
    world.clock.advance(timedelta(minutes=11))
    await until(lambda: file.exists() and "healed@example.com: out of credits" in file.read_text(), "it went elsewhere")
    assert "late@example.com" not in file.read_text()
    world.telegram.away = False
    late = await world.told("late@example.com", after=before)
    assert late.text.startswith("🔴 2 accounts are low on credits")
    assert "Also sent by a webhook at 01:25 UTC" in late.text


async def test_old_silences_end_in_their_time(old_world: World) -> None:
    """The mute ends when it was to, and what it withheld is told; the snooze as well, and there is nothing new to tell.

    An ack, which the old version let hold for good, is asked for again after a day.
    """
    world = old_world
    for name in ("late", "rita"):
        world.pixverse.accounts[f"{name}@example.com"].monthly = 15_000
    world.pixverse.heal()
    before = len(world.telegram.messages)
    bot = await world.host(**SETTINGS)
    await bot.recorded()
    world.clock.advance(timedelta(hours=23))
    await bot.round()
    assert not [line for line in heads(world, GROUP, before) if "out@" in line or "film@" in line]
    world.clock.advance(timedelta(hours=2))
    for chat in (ANN, GROUP):
        await world.told("out@example.com: acknowledged by Ann, still out of credits", chat, before)
    world.pixverse.accounts["out@example.com"].monthly = 15_000
    await bot.round()
    assert not [line for line in heads(world, GROUP, before) if "mara@" in line]
    world.clock.advance(timedelta(days=2))
    for chat in (ANN, GROUP, BOB):
        assert "out of credits" in (await world.told("mara@example.com", chat, before)).text
    await bot.recorded()
    assert not [line for line in heads(world, GROUP, before) if "film@example.com: 700" in line]


async def test_other_commands_leave_an_old_database_as_it_is(old_world: World) -> None:
    """``check`` and ``doctor`` work beside a database that only ``run`` moves on."""
    world = old_world
    content = world.database.read_bytes()
    checked = await world.run("check", **SETTINGS)
    assert checked.code == 2
    assert "out@example.com" in checked.out
    told = await world.run("doctor", **SETTINGS)
    assert "Traceback" not in checked.err + told.err
    assert "database" in told.out
    assert world.database.read_bytes() == content
