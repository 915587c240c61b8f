"""Everything that can go wrong, by name: each comes over a world for some seconds, and goes again."""

import asyncio
import signal
import sqlite3
import time
from collections.abc import Awaitable, Callable
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from typing import Any

from bot.simulator.pixverse import Fault
from bot.simulator.telegram.service import Refusal, server_error, too_many_requests
from tests.field.catalogue import TELEGRAM as TELEGRAM_ANSWERS
from tests.field.catalogue import USEAPI, FieldAnswer
from verification.faults.evidence import NO_TIME
from verification.faults.launch import FULL, READ_ONLY
from verification.faults.world import GROUP, NEW_GROUP, PATIENCE, World

PIXVERSE, TELEGRAM, DATABASE, PROCESS, CLOCK = "useapi.net", "Telegram", "database", "process", "clock"
FIRST_TRY = 0.05


@dataclass(frozen=True)
class Act:
    """One thing that goes wrong: after how long, what, for how long, and its details."""

    wait: float
    name: str
    length: float
    email: str | None = None
    """The account that it is about; None: all of them."""
    number: float = 0
    """How often, how many seconds ahead, which variant: what the trouble makes of it."""

    def __str__(self) -> str:
        whom = f" at {self.email}" if self.email else ""
        return f"+{self.wait:.1f} s {self.name}{whom} ({self.number:g}) for {self.length:.1f} s"


Trouble = Callable[[World, Act], Awaitable[None]]


@dataclass(frozen=True)
class Room:
    """Where things go wrong: one at a time in each."""

    troubles: dict[str, Trouble] = field(default_factory=dict)

    def trouble(self, name: str) -> Callable[[Trouble], Trouble]:
        """Put a trouble into the table."""

        def put(trouble: Trouble) -> Trouble:
            self.troubles[name] = trouble
            return trouble

        return put


ROOMS = {name: Room() for name in (PIXVERSE, TELEGRAM, DATABASE, PROCESS, CLOCK)}


def seen(answer: FieldAnswer) -> Fault:
    """An answer that was seen in the real world."""
    return Fault(answer.status, answer.body, dict(answer.headers))


ANSWERS: dict[str, Fault] = {
    "hang": Fault(hang=True),
    "cut": Fault(cut=True),
    "html": Fault(body="<html><title>Just a moment</title>0 credits</html>"),
    "half": Fault(body='{"credit_daily": 0, "credit_monthly": 0, "credit_pack'),
    "list": Fault(body="[0]"),
    "empty": Fault(body=""),
    "429": Fault(429, headers={"Retry-After": "2"}),
    **{str(status): Fault(status) for status in (401, 402, 404, 500, 502, 503, 504, 596)},
    **{
        one.name: seen(one) for one in USEAPI if one.expect in ("between", "broken", "counted") and one.to != "accounts"
    },
}
LIES: tuple[dict[str, Any], ...] = (
    {"credit_monthly": "0"},
    {"credit_monthly": None},
    {"credit_monthly": True},
    {"credit_monthly": [0]},
    {"credit_monthly": {}, "credit_daily": "none"},
)


def answering(fault: Fault) -> Trouble:
    """useapi.net answers so."""

    async def trouble(world: World, act: Act) -> None:
        world.pixverse.fail(fault, act.email)
        await asyncio.sleep(act.length)
        world.pixverse.heal(act.email)
        world.list_truly()

    return trouble


for _name, _fault in ANSWERS.items():
    ROOMS[PIXVERSE].troubles[_name] = answering(_fault)


def listing(fault: Fault) -> Trouble:
    """The list of accounts is answered so; the accounts' own pages are not."""

    async def trouble(world: World, act: Act) -> None:
        world.pixverse.fail(replace(fault), accounts_page=True)
        await asyncio.sleep(act.length)
        world.list_truly()

    return trouble


LISTS = {
    "list: a page of Traefik": Fault(404, "404 page not found\n", {"Content-Type": "text/plain; charset=utf-8"}),
    "list: a page of nginx": Fault(404, "<html><title>404 Not Found</title><center>nginx</center></html>"),
    "list: empty once": Fault(body={}, times=1),
    "list: configuration not found once": Fault(404, {"error": "Configuration not found"}, times=1),
}
"""None of these takes an account away: only the second list that says the same does."""

for _name, _fault in LISTS.items():
    ROOMS[PIXVERSE].troubles[_name] = listing(_fault)


@ROOMS[PIXVERSE].trouble("slow")
async def slow(world: World, act: Act) -> None:
    """The truth, but late."""
    await answering(Fault(delay=0.2 + act.number))(world, act)


@ROOMS[PIXVERSE].trouble("lies")
async def lies(world: World, act: Act) -> None:
    """A body of other types than it should have."""
    account = world.pixverse.accounts[act.email or next(iter(world.pixverse.accounts))]
    account.overrides = dict(LIES[int(act.number) % len(LIES)])
    await asyncio.sleep(act.length)
    account.overrides = {}


@ROOMS[PIXVERSE].trouble("end of plan unreadable")
async def unreadable_end(world: World, act: Act) -> None:
    """The page says in a new way when the plan ends."""
    account = world.pixverse.accounts[act.email or next(iter(world.pixverse.accounts))]
    account.overrides = {"expired_date": NO_TIME}
    await asyncio.sleep(act.length)
    account.overrides = {}


@ROOMS[PIXVERSE].trouble("port closed")
async def useapi_closed(world: World, act: Act) -> None:
    """Nobody listens."""
    await world.pixverse_door.close()
    await asyncio.sleep(act.length)
    await world.pixverse_door.reopen()


@ROOMS[TELEGRAM].trouble("port closed")
async def telegram_closed(world: World, act: Act) -> None:
    """Nobody listens."""
    await world.telegram_door.close()
    await asyncio.sleep(act.length)
    await world.telegram_door.reopen()


@ROOMS[TELEGRAM].trouble("away")
async def away(world: World, act: Act) -> None:
    """Connections are accepted and dropped."""
    world.telegram.away = True
    await asyncio.sleep(act.length)
    world.telegram.away = False


@ROOMS[TELEGRAM].trouble("429")
async def throttled(world: World, act: Act) -> None:
    """The next messages are refused for a second or two."""
    world.telegram.fail_send(None, too_many_requests(1 + int(act.number) % 2), times=1 + int(act.number) % 2)
    await asyncio.sleep(act.length)


@ROOMS[TELEGRAM].trouble("5xx")
async def broken(world: World, act: Act) -> None:
    """The next messages meet a server that is broken, or the page of a proxy."""
    page = "<html><h1>502 Bad Gateway</h1></html>" if int(act.number) % 2 else None
    world.telegram.fail_send(None, server_error(page=page), times=1 + int(act.number) % 3)
    await asyncio.sleep(act.length)


@ROOMS[TELEGRAM].trouble("lost answers")
async def lost_answers(world: World, act: Act) -> None:
    """The next messages arrive, and the connection ends before the answer."""
    world.telegram.lose_answers(times=1 + int(act.number) % 2)
    await asyncio.sleep(act.length)


@ROOMS[TELEGRAM].trouble("hang")
async def telegram_hangs(world: World, act: Act) -> None:
    """The next message neither arrives nor is answered."""
    world.telegram.hang(times=1)
    await asyncio.sleep(act.length)


@ROOMS[TELEGRAM].trouble("403 blocked")
async def blocked(world: World, act: Act) -> None:
    """A chat blocks the bot for a while: what is due then is told when it takes the bot back."""
    chat = world.chats[int(act.number) % len(world.chats)]
    if chat in world.moved:
        return
    with world.hurdle(chat, refuses=True):
        world.telegram.block(chat)
        await asyncio.sleep(act.length)
        world.telegram.unblock(chat)


def as_refusal(answer: FieldAnswer) -> Refusal:
    """An answer that was seen in the real world, as Telegram's."""
    return Refusal(answer.status, "", page=answer.body, headers={"Content-Type": "application/json", **answer.headers})


SENT = [one for one in TELEGRAM_ANSWERS if one.to == "sendMessage"]
REFUSALS = [as_refusal(one) for one in SENT if one.expect == "refused"]
BETWEEN = [as_refusal(one) for one in SENT if one.expect == "network"]


def answered_by(refusals: list[Refusal], *, refuses: bool) -> Trouble:
    """Every message to a chat, edit and pin there is answered so for a while; which one, the length says.

    ``refuses``: these are Telegram's own words, by which the chat refuses.
    """

    async def trouble(world: World, act: Act) -> None:
        chat = world.chats[int(act.number) % len(world.chats)]
        chat = world.moved.get(chat, chat)
        with world.hurdle(chat, refuses=refuses):
            refusal = refusals[int(act.length * 1000) % len(refusals)]
            world.telegram.fail_send(chat, refusal, times=None)
            world.telegram.fail(refusal, ["editMessageText", "pinChatMessage", "deleteMessage"], chat, times=None)
            await asyncio.sleep(act.length)
            world.telegram.heal(chat)

    return trouble


ROOMS[TELEGRAM].troubles["refused"] = answered_by(REFUSALS, refuses=True)
ROOMS[TELEGRAM].troubles["something in between"] = answered_by(BETWEEN, refuses=False)


@ROOMS[TELEGRAM].trouble("webhook")
async def webhook(world: World, act: Act) -> None:
    """Another program sets a webhook, once in a life: the bot takes it away, and hears again."""
    if world.life.number in world.webhooks:
        return
    world.webhooks.add(world.life.number)
    world.telegram.set_webhook("https://hooks.example.net/another-program")
    await asyncio.sleep(act.length)


@ROOMS[TELEGRAM].trouble("unreadable update")
async def unreadable_update(world: World, act: Act) -> None:
    """An update comes that nobody can make sense of; those behind it are answered."""
    world.telegram.push({"message": {"message_id": "seven", "chat": {"id": [], "type": 5}, "date": None}})
    await asyncio.sleep(act.length)


@ROOMS[TELEGRAM].trouble("migration")
async def migration(world: World, act: Act) -> None:
    """The group becomes a supergroup of another id."""
    if GROUP not in world.chats or GROUP in world.moved or world.telegram.chats[GROUP].blocked:
        return
    world.telegram.migrate(GROUP, NEW_GROUP, announce=bool(int(act.number) % 2))
    world.moved[GROUP] = NEW_GROUP


def dead_polling(status: int) -> Trouble:
    """The updates are refused, once or for a while."""

    async def trouble(world: World, act: Act) -> None:
        world.telegram.kill_polling(status, times=1 + int(act.number) % 2)
        await asyncio.sleep(act.length)

    return trouble


for _status in (401, 404, 409):
    ROOMS[TELEGRAM].troubles[f"{_status} to getUpdates"] = dead_polling(_status)


@ROOMS[DATABASE].trouble("locked")
async def locked(world: World, act: Act) -> None:
    """Another process writes, and does not come to an end."""
    with closing(sqlite3.connect(world.database, timeout=0, isolation_level=None)) as connection:
        for _ in range(int(act.length / FIRST_TRY)):
            with suppress(sqlite3.OperationalError):
                connection.execute("BEGIN IMMEDIATE")
                break
            await asyncio.sleep(FIRST_TRY)
        with world.noted(world.troubles):
            await asyncio.sleep(act.length)
            connection.close()


def spoilt(state: str) -> Trouble:
    """SQLite finds its disk full, or its database read-only."""

    async def trouble(world: World, act: Act) -> None:
        begun = time.monotonic()
        with world.noted(world.troubles):
            world.spoil_database(state)
            await asyncio.sleep(act.length)
            ended = time.monotonic()
            world.spoil_database("")
        met = [at for life in world.lives for at in life.unwritable_at if begun <= at < ended]
        world.unwritable += [(at, ended) for at in met]

    return trouble


ROOMS[DATABASE].troubles.update({"disk full": spoilt(FULL), "read-only": spoilt(READ_ONLY)})


@ROOMS[DATABASE].trouble("file limit")
async def file_limit(world: World, act: Act) -> None:
    """No file may grow, or be written at all: commits break off in the middle."""
    life = world.life
    if life.runs:
        wal = world.database.with_name(f"{world.database.name}-wal")
        size = wal.stat().st_size if wal.exists() else 0
        life.limit_files(0 if int(act.number) % 2 else size + 2048)
    with world.noted(world.troubles):
        await asyncio.sleep(act.length)
        if life.runs:
            life.limit_files(None)


@ROOMS[PROCESS].trouble("kill -9")
async def killed(world: World, act: Act) -> None:
    """The process ends at any moment, and is started again after a while."""
    async with world.absence():
        world.life.kill_now()
        await world.life.end(PATIENCE)
        await asyncio.sleep(act.length)
        await world.start()


@ROOMS[PROCESS].trouble("kill -9 while sending")
async def killed_while_sending(world: World, act: Act) -> None:
    """The process ends when a message has just been accepted, before it learns of that."""
    async with world.absence():
        life = world.life
        forget = world.telegram.on_change(lambda _: life.kill_now())
        with suppress(TimeoutError):
            await life.end(5)
        forget()
        life.kill_now()
        await life.end(PATIENCE)
        await asyncio.sleep(act.length / 2)
        await world.start()


@ROOMS[PROCESS].trouble("kill -9 at start")
async def killed_at_start(world: World, act: Act) -> None:
    """The process is started anew, and killed while it starts."""
    await killed(world, Act(0, "kill -9", 0.1))
    await asyncio.sleep(0.5 + act.length / 2)
    await killed(world, Act(0, "kill -9", 0.1))


@ROOMS[PROCESS].trouble("SIGTERM")
async def stopped(world: World, act: Act) -> None:
    """The process is told to stop, and started again after a while."""
    async with world.absence():
        world.life.signal(signal.SIGTERM)
        code = await world.life.end(PATIENCE)
        if code and not (world.life.is_young or world.life.gave_up):
            world.complaints.append(f"SIGTERM ended life {world.life.number} with {code}")
        await asyncio.sleep(act.length)
        await world.start()


@ROOMS[PROCESS].trouble("SIGSTOP")
async def frozen(world: World, act: Act) -> None:
    """The process is suspended, and goes on later."""
    with world.noted(world.freezes):
        world.life.signal(signal.SIGSTOP)
        await asyncio.sleep(act.length)
        world.life.signal(signal.SIGCONT)


@ROOMS[CLOCK].trouble("jump")
async def jump(world: World, act: Act) -> None:
    """The clock is set forward or back, and stays so."""
    world.set_clock(act.number)
    await asyncio.sleep(act.length)
