"""Lives one history: what was drawn happens, everything is mended, the bot catches up, and the chat is judged."""

import asyncio
import pickle
import signal
import sqlite3
import time
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import Executor
from contextlib import closing, nullcontext
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.simulator.accounts import SimulatedAccount, utc_now
from verification.faults import boards
from verification.faults.answers import wrong_answers
from verification.faults.downtimes import HEAD, wrong_downtimes
from verification.faults.evidence import EPOCH, told_of, truth_of
from verification.faults.launch import ANSWERED
from verification.faults.plot import Plot, Question, Turn
from verification.faults.storage import HEADS, wrong_of_the_database
from verification.faults.troubles import ROOMS, TELEGRAM, Act
from verification.faults.world import PATIENCE, STRANGER, World
from verification.oracle.judge import LEFT_OPEN, judge
from verification.oracle.told import Asked
from verification.oracle.truth import Wish

FULL = 14000
PROBE_EVERY = 0.3
LONGEST = 240.0
"""Seconds after which a history that does not end counts as a miss."""
SURE_LOOKS = 3
"""A look begins only after the one before is saved; so after this many, two of the mended world are."""
_UNITS = {"d": "days", "h": "hours"}


@dataclass
class Outcome:
    """What became of a history."""

    plot: Plot
    misses: list[str] = field(default_factory=list)
    left_open: list[str] = field(default_factory=list)
    """The alerts of which nobody can say what was to be told: the sources' mostly, whose accounts failed by turns."""
    messages: int = 0
    looks: int = 0
    lives: int = 0
    seconds: float = 0
    record: str = ""
    evidence: bytes = b""


async def live(
    plot: Plot, template: Path, court: Executor, defect: str | None = None, patience: float = PATIENCE
) -> Outcome:
    """Lives a history through, and has it judged in another process, of ``court``.

    ``patience`` is how long a mended world may take to be noticed.
    """
    begun = time.monotonic()
    update = Outcome(plot)
    with TemporaryDirectory(prefix="faults-") as folder:
        world = World(Path(folder), plot.chats, plot.settings, defect)
        for email in plot.emails:
            world.pixverse.add(SimulatedAccount(email, monthly=FULL))
        await world.open(template)
        try:
            async with asyncio.timeout(LONGEST):
                await play(world, plot)
                await catch_up(world, patience)
                if plot.muted and plot.unmuted:
                    await wish(world, plot.muted, "unmute", "/unmute", "Nothing is muted")
                    await until(partial(is_quiet, world), lambda: "what a mute withheld is told")
                await end(world)
        except Exception as error:  # noqa: BLE001 - whatever it is, the other histories go on
            world.complaints.append(f"{type(error).__name__}: {error}")
        finally:
            await world.close()
        update.misses = [*world.complaints, *talked_to_strangers(world), *wrong_answers(world)]
        if not world.complaints:
            await judged(world, court, update)
        update.messages = len(world.telegram.messages)
        update.looks = len(world.pixverse.answers)
        update.lives = len(world.lives)
        update.record = told(world)
    update.seconds = time.monotonic() - begun
    return update


async def play(world: World, plot: Plot) -> None:
    """What was drawn happens."""
    await world.start()
    begun = all_seen if plot.begins_well else is_up
    await until(lambda: begun(world), lambda: f"the bot begins; its log ends {world.life.lines[-5:]}")
    if plot.board:
        await boards.ask(world)
    if plot.muted:
        await wish(world, plot.muted, "mute", "/mute all 1d", "Everything is muted until")
    keeper, prober = asyncio.create_task(world.keep()), asyncio.create_task(probe(world))
    try:
        async with asyncio.TaskGroup() as actors:
            for turns in plot.turns:
                actors.create_task(live_account(world, turns))
            for room, acts in plot.acts.items():
                actors.create_task(suffer(world, room, acts))
            actors.create_task(ask(world, plot.questions))
    finally:
        keeper.cancel()
        prober.cancel()
        await asyncio.wait([keeper, prober])


async def probe(world: World) -> None:
    """Asks the bot's page how it is, again and again, until cancelled."""
    while True:
        since = time.monotonic()
        code, body = await world.life.page()
        if code:
            world.healths.append(Asked(EPOCH + time.monotonic(), body, code=code, since=EPOCH + since))
        await asyncio.sleep(PROBE_EVERY)


async def judged(world: World, court: Executor, update: Outcome) -> None:
    """What is wrong with the chats. The oracle works elsewhere, or the services here would answer late meanwhile."""
    truth, told = truth_of(world), told_of(world)
    update.evidence = pickle.dumps((truth, told))
    update.misses += [*wrong_downtimes(world, told.messages), *wrong_of_the_database(world, told.messages)]
    told.messages = [one for one in told.messages if not one.text.startswith((HEAD, *HEADS))]
    for miss in await asyncio.get_running_loop().run_in_executor(court, partial(judge, leaving_open=True), truth, told):
        (update.left_open if miss.what == LEFT_OPEN else update.misses).append(str(miss))


def talked_to_strangers(world: World) -> list[str]:
    """Whatever was to be said in a chat that is not allowed, taken or not."""
    return [f"a stranger was told {one.text!r}" for one in world.telegram.attempts if one.chat_id == STRANGER]


async def all_seen(world: World) -> bool:
    """Whether every account was looked at."""
    return all(world.looks_since(0, email) for email in world.pixverse.accounts)


async def is_up(world: World) -> bool:
    """Whether the bot has come so far that it would look."""
    return world.life.port is not None


async def live_account(world: World, turns: list[Turn]) -> None:
    """One account lives through its turns."""
    for turn in turns:
        await asyncio.sleep(turn.wait)
        account = world.pixverse.accounts[turn.email]
        if turn.monthly is not None:
            account.monthly = turn.monthly
        if turn.plan is not None:
            set_plan(account, turn.plan)


def set_plan(account: SimulatedAccount, plan: str) -> None:
    """Puts an account on a plan that is told in words: "ends in 6 d"."""
    what, _, length = plan.partition(" in ")
    number, unit = length.split()
    now = utc_now().replace(microsecond=0)
    account.ends_at = now + timedelta(**{_UNITS[unit]: int(number)})
    account.refresh_at = account.ends_at + timedelta(seconds=6)
    account.cancelled_at = now - timedelta(days=1) if what == "ends" else None


async def suffer(world: World, room: str, acts: list[Act]) -> None:
    """The troubles of one room, one after the other."""
    for act in acts:
        await asyncio.sleep(act.wait)
        with world.hurdle() if room == TELEGRAM else nullcontext():
            await ROOMS[room].troubles[act.name](world, act)


async def ask(world: World, questions: list[Question]) -> None:
    """People ask."""
    for question in questions:
        await asyncio.sleep(question.wait)
        world.ask(question.chat_id, question.text)


async def wish(world: World, chat: int, kind: str, text: str, answer: str) -> None:
    """Somebody wishes for quiet in a chat, or for the end of it, while nothing else happens, and is answered.

    A mute holds once that is said, and is over as soon as that is asked for.
    """
    asked, before = time.monotonic(), len(world.telegram.messages)
    world.telegram.say(chat, text)

    async def answered() -> bool:
        return any(one.chat_id == chat and answer in one.text for one in world.telegram.messages[before:])

    await until(answered, lambda: f"{text} is answered")
    at = EPOCH + (time.monotonic() if kind == "mute" else asked)
    world.wishes.append(Wish(at, kind, chat=str(chat), made_in=str(chat)))


async def is_quiet(world: World) -> bool:
    """Whether the bot has nothing left to say."""
    return (await world.life.health()).get("outbox") == 0


async def until(true: Callable[[], Awaitable[bool]], what: Callable[[], str], patience: float = PATIENCE) -> None:
    """Wait for something; TimeoutError says what did not happen."""
    deadline = time.monotonic() + patience
    while not await true():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {patience:g} s: {what()}")
        await asyncio.sleep(0.05)


async def catch_up(world: World, patience: float) -> None:
    """Waits until the bot has seen the mended world and has nothing left to say."""
    world.telegram.heal()
    world.pixverse.heal()
    world.list_truly()
    if not world.life.runs:
        await world.life.end(PATIENCE)
        await world.start()
    mended = time.monotonic()

    async def caught_up() -> bool:
        if not world.life.runs:
            raise TimeoutError(f"the bot ended by itself: {world.life.lines[-3:]}")
        seen = all(world.looks_since(mended, email) >= SURE_LOOKS for email in world.pixverse.accounts)
        return seen and await is_quiet(world)

    await until(caught_up, lambda: f"the bot catches up; its log ends {world.life.lines[-5:]}", patience)
    await is_answered(world, patience)

    async def boards_current() -> bool:
        return not list(boards.wrong_boards(world))

    await until(boards_current, lambda: f"the boards are current: {list(boards.wrong_boards(world))}", PATIENCE / 2)


async def is_answered(world: World, patience: float) -> None:
    """Whoever asks how the bot is has an answer, whatever came before."""
    chat, before = world.chats[0], len(world.telegram.messages)
    world.ask(chat, "/status")

    async def answered() -> bool:
        return any(ANSWERED in one.text for one in world.telegram.messages[before:] if one.chat_id != STRANGER)

    await until(answered, lambda: f"somebody is answered; its log ends {world.life.lines[-5:]}", patience)


async def end(world: World) -> None:
    """Stops the bot, and looks at what it leaves."""
    world.life.signal(signal.SIGTERM)
    code = await world.life.end(PATIENCE)
    if code:
        world.complaints.append(f"the last life ended with {code}")
    with closing(sqlite3.connect(world.database)) as connection:
        (verdict,) = connection.execute("PRAGMA integrity_check").fetchone()
    if verdict != "ok":
        world.complaints.append(f"the database is torn: {verdict}")


def told(world: World) -> str:
    """All that happened, in words, for whoever looks into a miss."""
    lines = [*lives_of(world), *looks_of(world), *sends_of(world)]
    logs = [f"  {life.number}: {line}" for life in world.lives for line in life.lines]
    return "\n".join([*(f"{at - world.began:7.2f} {text}" for at, text in sorted(lines)), *logs])


def lives_of(world: World) -> Iterator[tuple[float, str]]:
    """When the bot's processes began and ended, and when its clock was set."""
    for life in world.lives:
        yield life.began, f"life {life.number} begins"
        if life.ended:
            yield life.ended, f"life {life.number} ends: {life.code}"
    for at, by in world.jumps:
        yield at, f"the clock is set on by {by:g} s"


def looks_of(world: World) -> Iterator[tuple[float, str]]:
    """What was answered to each look."""
    for answer in world.pixverse.answers:
        body = answer.body if isinstance(answer.body, dict) else {}
        plan = f"ends {body.get('expired_date')} cancelled {body.get('cancel_updated_at')}"
        what = f"{answer.status} {body.get('credit_monthly')} {plan}" if answer.answered else "no answer"
        yield answer.asked, f"look {answer.email} life {answer.life}: {what}"


def sends_of(world: World) -> Iterator[tuple[float, str]]:
    """What became of each message."""
    for attempt in world.telegram.attempts:
        became = f"{attempt.status}" if attempt.answered else "no answer"
        arrived = "arrives" if attempt.message else "does not arrive"
        yield attempt.at, f"send {attempt.chat_id} life {attempt.life} {became}, {arrived}: {attempt.text!r}"
