"""Upkeep: what it keeps, and that it works in slices which read little, delay nobody and can be cut anywhere."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.domain.accounts import Account
from bot.domain.alerts import Alert, AlertRule, Silence, SilenceKind
from bot.domain.retention import EPOCH, SLICE_S, Pass, RetentionPolicy
from bot.storage import alerts, fallback, outbox, past_alerts, readings, retention_statements, schema
from bot.storage.connection import Connection
from bot.storage.database import Store
from bot.storage.fallback import FallbackDelivery
from bot.storage.retention import Retention, Work
from bot.storage.schema import to_microseconds
from bot.support.errors import DatabaseBusyError
from tests.support.fakes import ALICE, BOB, CAROL, CHAT, NOW, SOURCE, key_of, notification, reading
from tests.support.plans import plans, statements_of

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
POLICY = RetentionPolicy(settle=timedelta(0))
ALL_AT_ONCE, ONE_SLICE = timedelta(hours=1), timedelta(0)


@dataclass
class Ticking:
    """A timer on which each look takes as long as it is told, so that a slice ends after so many steps."""

    step: float = 0.0
    seconds: float = 0.0
    looks: int = 0

    def __call__(self) -> float:
        """The seconds until now."""
        self.looks += 1
        self.seconds += self.step
        return self.seconds


@dataclass
class Upkeep:
    """Upkeep on a store, by a clock and a timer that the test moves."""

    store: Store
    now: datetime = NOW
    timer: Ticking = field(default_factory=Ticking)
    policy: RetentionPolicy = POLICY
    begun: list[datetime] = field(default_factory=list)

    def started(self, work_for: timedelta = ALL_AT_ONCE) -> Retention:
        """Upkeep as it begins with the bot's start."""
        return Retention(self.store, lambda: self.now, self.timer, self.policy, work_for, self.note_begin)

    async def note_begin(self) -> None:
        """Notes when a pass begins."""
        self.begun.append(self.now)

    async def steps(self, rows: int, most: int = 1_000_000) -> Pass | None:
        """Works on what is due in transactions of one step, each of so few rows; ends after so many as if killed."""
        work = Work(next_pass(await self.last(), self.now), self.policy)
        for _ in range(most):
            if work.is_complete:
                break
            async with self.store.write(synced=False) as connection:
                await work.step(connection, rows)
                await retention_statements.save(connection, work.state)
        return await self.last()

    async def last(self) -> Pass | None:
        """What is remembered of the last pass."""
        async with self.store.read() as connection:
            return await retention_statements.last_pass(connection)


def next_pass(last: Pass | None, now: datetime) -> Pass:
    """The pass that is worked on; a new one each time the last is complete."""
    if last is None or last.reached is None:
        return Pass(now, last.began_at if last else None)
    return last


@pytest.fixture
def upkeep(store: Store) -> Upkeep:
    """Upkeep on an empty database."""
    return Upkeep(store)


async def keep(store: Store, email: str, moments: Iterable[datetime]) -> None:
    """Keeps a reading of each moment."""
    known = [Account(key_of(email), SOURCE, email, reading=reading(at=moment)) for moment in moments]
    async with store.write(synced=False) as connection:
        await readings.append(connection, known)


async def kept(store: Store, email: str = ALICE) -> list[datetime]:
    """The moments of which a reading is kept."""
    async with store.read() as connection:
        rows = await connection.exec_driver_sql(
            "SELECT taken_at FROM readings WHERE account = ? ORDER BY taken_at", (key_of(email),)
        )
        return [EPOCH + timedelta(microseconds=row.taken_at) for row in rows]


def left_by_rule(moments: Iterable[datetime], now: datetime, keep_for: timedelta) -> list[datetime]:
    """What the promise leaves, done plainly: drop what is too old, then the last of each day, then of each hour."""
    left = sorted(moment for moment in set(moments) if moment >= now - keep_for)
    for before, slot in ((now - 60 * DAY, DAY), (now - 7 * DAY, HOUR)):
        last = {(moment - EPOCH) // slot: moment for moment in left if moment < before}
        left = sorted({*last.values(), *(moment for moment in left if moment >= before)})
    return left


# What stays


async def test_the_last_of_each_hour_then_of_each_day(upkeep: Upkeep) -> None:
    """After a week one an hour is left, after sixty days one a day: always the last."""
    week, quarter = NOW - 8 * DAY, NOW - 90 * DAY
    fresh = [NOW - timedelta(minutes=number) for number in range(5)]
    hourly = [week.replace(minute=minute) for minute in (0, 20, 59)]
    daily = [quarter.replace(hour=hour) for hour in (0, 11, 23)]
    await keep(upkeep.store, ALICE, [*fresh, *hourly, *daily])
    await upkeep.started().tick()
    assert await kept(upkeep.store) == [daily[-1], hourly[-1], *sorted(fresh)]


async def test_what_is_older_than_the_setting_is_dropped(store: Store) -> None:
    """HISTORY_DAYS is the end of the past, to the microsecond."""
    upkeep, edge = Upkeep(store, policy=replace(POLICY, keep_history=30 * DAY)), NOW - 30 * DAY
    await keep(store, ALICE, [edge - timedelta(microseconds=1), edge])
    await upkeep.started().tick()
    assert await kept(store) == [edge]


async def test_accounts_are_thinned_apart(upkeep: Upkeep) -> None:
    """One account's readings never take the place of another's."""
    at = NOW - 8 * DAY
    await keep(upkeep.store, ALICE, [at, at + 5 * MINUTE])
    await keep(upkeep.store, BOB, [at + MINUTE])
    await upkeep.started().tick()
    assert await kept(upkeep.store) == [at + 5 * MINUTE]
    assert await kept(upkeep.store, BOB) == [at + MINUTE]


@pytest.mark.parametrize(("age", "apart"), [(7 * DAY, 2 * MINUTE), (60 * DAY, 3 * HOUR)])
async def test_only_what_is_old_enough_is_thinned(upkeep: Upkeep, age: timedelta, apart: timedelta) -> None:
    """The last old reading of an hour or a day stays beside a younger one, until that is old enough as well."""
    upkeep.now = NOW.replace(minute=30)
    older, old, young = (upkeep.now - age + apart * place for place in (-2, -1, 1))
    await keep(upkeep.store, ALICE, [older, old, young])
    await upkeep.started().tick()
    assert await kept(upkeep.store) == [old, young]
    upkeep.now += 6 * HOUR
    await upkeep.started().tick()
    assert await kept(upkeep.store) == [young]


@dataclass(frozen=True)
class Stretch:
    """Some time passes, in which an account is read at these shares of it; then upkeep works, cut so often."""

    length: timedelta
    shares: list[float]
    rows: int
    cuts: list[int]


lengths = st.one_of(
    st.integers(1, 90).map(lambda minutes: timedelta(minutes=minutes)),
    st.integers(1, 72).map(lambda hours: timedelta(hours=hours)),
    st.integers(1, 80).map(lambda days: timedelta(days=days)),
)
stretches = st.builds(
    Stretch,
    length=lengths,
    shares=st.lists(st.floats(0, 1), max_size=12),
    rows=st.integers(1, 9),
    cuts=st.lists(st.integers(1, 9), max_size=3),
)
ages = st.builds(
    lambda edge, minutes: edge * DAY + timedelta(minutes=minutes),
    edge=st.sampled_from([7, 60, 90]),
    minutes=st.one_of(st.integers(-100, 100), st.integers(-2000, 2000)),
)
"""How old a reading is before the first pass: near one of the ages at which something is done with it."""


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(old=st.lists(ages, max_size=40), lived=st.lists(stretches, min_size=1, max_size=4))
async def test_exactly_what_the_rule_keeps(store: Store, old: list[timedelta], lived: list[Stretch]) -> None:
    """Whenever upkeep works, however few rows a step reads and wherever it is cut, the rule's readings are left."""
    async with store.write() as connection:
        for table in ("readings", "retention"):
            await connection.exec_driver_sql(f"DELETE FROM {table}")
    upkeep = Upkeep(store, policy=replace(POLICY, keep_history=90 * DAY))
    expected: dict[str, list[datetime]] = {ALICE: [], BOB: []}
    taken = [NOW - age for age in old]
    for stretch in lived:
        for email, moments in ((ALICE, taken), (BOB, taken[::2])):
            await keep(store, email, moments)
            expected[email] += moments
        began_at = await lived_through(upkeep, stretch)
        for email, moments in expected.items():
            expected[email] = left_by_rule(moments, began_at, 90 * DAY)
            assert await kept(store, email) == expected[email]
        taken = [upkeep.now + stretch.length * share for share in stretch.shares]
        upkeep.now += stretch.length


async def lived_through(upkeep: Upkeep, stretch: Stretch) -> datetime:
    """A pass with all its cuts; gives the moment by which it judged age."""
    began_at, cuts = upkeep.now, [*stretch.cuts, 1_000_000]
    for cut in cuts:
        await upkeep.steps(stretch.rows, most=cut)
        last = await upkeep.last()
        if last is not None and last.began_at == began_at and last.reached is None:
            return began_at
        upkeep.now += MINUTE
    raise AssertionError("the pass does not end")


async def test_ends_and_outages_go_and_what_is_open_stays(upkeep: Upkeep) -> None:
    """Delivered messages after a month, outages with the history, acks with their alert; nothing that is not over."""
    store, long_ago = upkeep.store, NOW - 500 * DAY
    async with store.write() as connection:
        await outbox.put(connection, [notification("a"), notification("b"), notification("c")], [CHAT], long_ago)
        told, refused, _ = (one.id for one in await outbox.pending(connection, CHAT.chat_id))
        await outbox.delivered(connection, [told], 1, NOW - 31 * DAY)
        await outbox.failed(connection, [refused], "blocked", NOW - 29 * DAY)
        await fallback.note(connection, ["old"], FallbackDelivery(NOW - 31 * DAY, "mail"))
        await fallback.note(connection, ["new"], FallbackDelivery(NOW - 29 * DAY, "mail"))
        for email, until in ((ALICE, long_ago + HOUR), (BOB, None), (CAROL, NOW)):
            row = {"account": key_of(email), "since": long_ago, "until": until, "kind": "unavailable"}
            await connection.execute(sa.insert(schema.outages), [row])
            past = {"subject": key_of(email), "measure": "credits", "episode": 1, "since": long_ago, "until": until}
            await connection.execute(sa.insert(schema.past_alerts), [past | {"severity": 2}])
        await fill_with_acks(connection)
    await upkeep.started().tick()
    async with store.read() as connection:
        left = await connection.exec_driver_sql("SELECT state FROM outbox ORDER BY id")
        assert [row.state for row in left] == ["failed", "pending"]
        assert list(await fallback.sent(connection, ["old", "new"])) == ["new"]
        lasting = await connection.exec_driver_sql("SELECT account FROM outages")
        assert {row.account for row in lasting} == {key_of(BOB), key_of(CAROL)}
        logged = await past_alerts.since(connection, long_ago)
        assert {one.subject for one in logged} == {key_of(BOB), key_of(CAROL)}
        silences = await alerts.active_silences(connection, NOW - 2 * HOUR)
    assert {(one.kind, one.subject) for one in silences} == {
        (SilenceKind.ACK, key_of(ALICE)),
        (SilenceKind.ACCOUNT, key_of(CAROL)),
    }


async def fill_with_acks(connection: Connection) -> None:
    """An ack of an alert that fires, one of an episode that is over, and a mute that has just run out."""
    firing = Alert(key_of(ALICE), AlertRule.CREDITS, level=1, episode=2, since=NOW)
    over = Alert(key_of(BOB), AlertRule.CREDITS, level=0, episode=2)
    await alerts.save(connection, [firing, over])
    for alert in (firing, over):
        ack = Silence(SilenceKind.ACK, alert.subject, alert.measure, episode=alert.episode, level=1, by="Ann")
        await alerts.add_silence(connection, ack)
    mute = Silence(SilenceKind.ACCOUNT, key_of(CAROL), until=NOW - HOUR, by="Ann")
    await alerts.add_silence(connection, mute)  # its end is where what it withheld is said, and nowhere else


# How it works


async def years_of(store: Store, accounts: int, days: int = 200, each: timedelta = 3 * HOUR) -> None:
    """Accounts that were read so often for so long, and of which nothing was ever thinned."""
    rows = [
        {"account": f"pixverse:user{number:03}", "taken_at": NOW - each * place, "monthly": 1.0}
        for number in range(accounts)
        for place in range(days * DAY // each)
    ]
    async with store.write() as connection:
        await connection.exec_driver_sql("DELETE FROM readings")
        await connection.execute(sa.insert(schema.readings), rows)


LARGE = ("readings", "later", "outages", "outbox", "fallbacks", "silences", "alerts")


async def test_every_statement_finds_its_rows_by_an_index(upkeep: Upkeep) -> None:
    """None reads a table from end to end, or sorts it, before it comes to the rows that it is about."""
    await years_of(upkeep.store, 3, days=100)
    async with upkeep.store.write() as connection:
        await fill_with_acks(connection)
    with statements_of(upkeep.store) as seen:
        await upkeep.started().tick()
        upkeep.now += DAY
        await upkeep.started().tick()
    assert sum(sql.startswith("DELETE") for sql in seen) >= 6
    for plan, sql in await plans(upkeep.store, seen):
        assert not plan.startswith(tuple(f"SCAN {table}" for table in LARGE)), f"{plan}: {sql}"
        assert "TEMP B-TREE" not in plan, sql


@dataclass
class Counter:
    """Counts how much the database works: instructions of its machine, in hundreds."""

    hundreds: int = 0

    def __call__(self) -> int:
        """A hundred more."""
        self.hundreds += 1
        return 0


async def work_of_steps(upkeep: Upkeep, rows: int) -> list[int]:
    """How much each step of a whole pass works."""
    counter, found = Counter(), []
    work = Work(Pass(upkeep.now), upkeep.policy)
    while not work.is_complete:
        async with upkeep.store.write() as connection:
            driver: sqlite3.Connection = connection._inner.connection.driver_connection  # type: ignore[assignment]
            driver.set_progress_handler(counter, 100)
            before = counter.hundreds
            await work.step(connection, rows)
            found.append(counter.hundreds - before)
            driver.set_progress_handler(None, 100)
    return found


async def test_no_step_works_more_where_more_is_stored(upkeep: Upkeep) -> None:
    """A step is bounded by its rows alone: neither more accounts nor a longer past make it longer."""
    worst = []
    for accounts, days in ((2, 100), (2, 400), (20, 100)):
        await years_of(upkeep.store, accounts, days)
        worst.append(max(await work_of_steps(upkeep, 32)))
    assert max(worst) <= 32 * 2, worst  # two hundred instructions a row are plenty
    assert max(worst) <= 2 * min(worst), worst


async def test_one_statement_for_everything_works_ever_more(upkeep: Upkeep) -> None:
    """The measure can tell: what keeps a list of all that stays beside all that goes breaks the bound by far."""
    counter = Counter()
    await years_of(upkeep.store, 2, days=400)
    sql = (
        "DELETE FROM readings WHERE taken_at < :t AND (account, taken_at) NOT IN (SELECT account, max(taken_at) "
        "FROM readings WHERE taken_at < :t GROUP BY account, taken_at / 86400000000)"
    )
    async with upkeep.store.write() as connection:
        driver: sqlite3.Connection = connection._inner.connection.driver_connection  # type: ignore[assignment]
        driver.set_progress_handler(counter, 100)
        await connection.execute(sa.text(sql), {"t": to_microseconds(NOW - 60 * DAY)})
        driver.set_progress_handler(None, 100)
    assert counter.hundreds > 100 * 32 * 2


async def test_a_slice_ends_once_it_is_long_enough(upkeep: Upkeep) -> None:
    """On a slow machine after a single step, and with fewer rows the next time."""
    await years_of(upkeep.store, 1)
    upkeep.timer.step = 2 * SLICE_S
    with statements_of(upkeep.store) as seen:
        await upkeep.started(ONE_SLICE).tick()
    written = [sql for sql in seen if sql.startswith(("DELETE", "INSERT"))]
    assert len(written) == 2  # one table's rows, and how far that came
    last = await upkeep.last()
    assert last is not None
    assert last.reached == ""


async def test_a_write_gets_through_between_two_slices(upkeep: Upkeep) -> None:
    """A check that is to be saved, or a message, waits for a slice and never for the whole."""
    await years_of(upkeep.store, 12, days=20, each=6 * HOUR)
    upkeep.timer.step = SLICE_S / 4
    work = asyncio.create_task(upkeep.started().tick())
    under_way = []
    while not work.done():
        async with upkeep.store.write() as connection:
            last = await retention_statements.last_pass(connection)
            under_way.append(last.reached if last else "")
        await asyncio.sleep(0)
    await work
    assert len({account for account in under_way if account}) >= 3, under_way


async def test_it_goes_on_where_it_was(upkeep: Upkeep) -> None:
    """A restart after each slice ends with the same as no restart, in one pass, and goes to no account twice."""
    await years_of(upkeep.store, 6, days=10, each=20 * MINUTE)
    before = await kept(upkeep.store, "user000")
    upkeep.timer.step = SLICE_S / 12
    reached: list[str | None] = [""]
    while reached[-1] is not None:
        await upkeep.started(ONE_SLICE).tick()
        upkeep.now += MINUTE
        last = await upkeep.last()
        assert last is not None
        assert last.began_at == NOW
        if last.reached != reached[-1]:
            reached.append(last.reached)
    assert len(reached) > 3
    accounts = [account or "" for account in reached[:-1]]
    assert accounts == sorted(accounts)
    for number in range(6):
        assert await kept(upkeep.store, f"user{number:03}") == left_by_rule(before, NOW, 400 * DAY)


async def test_nothing_is_due_for_six_hours(upkeep: Upkeep) -> None:
    """Then a pass begins, also in a bot that never ran for so long at a time."""
    await upkeep.started().tick()
    await keep(upkeep.store, ALICE, [NOW - 8 * DAY, NOW - 8 * DAY + MINUTE])
    upkeep.now += 6 * HOUR - MINUTE
    await upkeep.started().tick()
    assert len(await kept(upkeep.store)) == 2
    assert await upkeep.last() == Pass(NOW, None, None)
    upkeep.now += MINUTE
    await upkeep.started().tick()
    assert await upkeep.last() == Pass(NOW + 6 * HOUR, NOW, None)
    assert upkeep.begun == [NOW, NOW + 6 * HOUR]


async def test_a_slice_that_fails_leaves_nothing_half_done(upkeep: Upkeep) -> None:
    """What was deleted and how far that came are one transaction; the next tick does it again."""
    await keep(upkeep.store, ALICE, [NOW - 8 * DAY, NOW - 8 * DAY + MINUTE])
    before = await kept(upkeep.store)
    async with upkeep.store.write() as connection:
        await connection.exec_driver_sql(
            "CREATE TRIGGER full BEFORE INSERT ON retention BEGIN SELECT RAISE(ABORT, 'disk is full'); END"
        )
    with pytest.raises(sa.exc.IntegrityError):
        await upkeep.started().tick()
    assert await kept(upkeep.store) == before
    assert await upkeep.last() is None
    async with upkeep.store.write() as connection:
        await connection.exec_driver_sql("DROP TRIGGER full")
    await upkeep.started().tick()
    assert await kept(upkeep.store) == before[1:]


class Failing(Store):
    """A store on a full disk: nothing can be written."""

    tries = 0

    @asynccontextmanager
    async def write(self, *, synced: bool = True) -> AsyncIterator[Connection]:
        """Fails where it would be committed."""
        self.tries += 1
        async with super().write(synced=synced) as connection:
            yield connection
            raise DatabaseBusyError("database or disk is full")


async def test_trouble_of_the_database_is_left_alone_for_a_while(database: Path) -> None:
    """A full disk stands in the log once in ten minutes, and not at every tick."""
    store = await Failing.open(str(database))
    assert isinstance(store, Failing)
    upkeep = Upkeep(store)
    retained = upkeep.started()
    for tries in (1, 2):
        with pytest.raises(DatabaseBusyError):
            await retained.tick()
        await retained.tick()
        assert store.tries == tries
        upkeep.timer.seconds += 600
    await store.close()


async def test_a_tick_that_does_a_single_step_gets_on(upkeep: Upkeep) -> None:
    """On the slowest of machines, too, each tick begins where the one before ended."""
    await years_of(upkeep.store, 2, days=20)
    upkeep.timer.step = SLICE_S
    crawling = upkeep.started(ONE_SLICE)
    for _ in range(200):
        await crawling.tick()
    last = await upkeep.last()
    assert last is not None
    assert last.reached is None


async def test_a_clock_just_set_begins_no_pass(store: Store) -> None:
    """A wrong year for some minutes, at a start or later, does not end the past; what is under way goes on."""
    upkeep = Upkeep(store, policy=replace(POLICY, settle=10 * MINUTE))
    await keep(store, ALICE, [NOW - DAY, NOW - 8 * DAY, NOW - 8 * DAY + MINUTE])
    right = upkeep.started()
    upkeep.now = NOW + 4_000 * DAY
    await right.tick()
    assert len(await kept(store)) == 3
    upkeep.now = NOW
    upkeep.timer.seconds += 10 * 60
    await right.tick()
    assert len(await kept(store)) == 2
    right.clock_was_set()
    upkeep.now = NOW + 4_000 * DAY
    await right.tick()
    assert len(await kept(store)) == 2
