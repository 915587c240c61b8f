"""The past: what is kept of it, and what is thinned and dropped as it ages."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.core.model import Account, Credits
from bot.store import readings
from bot.store.database import Store
from tests.fakes import ALICE, BOB, NOW, SOURCE, key_of, reading

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
KEEP = 400 * DAY
EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


async def keep(store: Store, email: str, moments: Iterable[datetime]) -> None:
    """Keeps a reading of each moment."""
    known = [Account(key_of(email), SOURCE, email, reading=reading(at=moment)) for moment in moments]
    async with store.write() as connection:
        await readings.append(connection, known)


async def kept(store: Store, email: str = ALICE) -> list[datetime]:
    """The moments of which a reading is kept."""
    async with store.read() as connection:
        rows = await connection.exec_driver_sql(
            "SELECT taken_at FROM readings WHERE account = ? ORDER BY taken_at", (key_of(email),)
        )
        return [EPOCH + timedelta(microseconds=row.taken_at) for row in rows]


async def prune(store: Store, now: datetime = NOW, keep_for: timedelta = KEEP) -> None:
    """Lets the past age."""
    async with store.write() as connection:
        await readings.prune(connection, now, keep_for)


def expected(moments: Iterable[datetime], now: datetime, keep_for: timedelta) -> list[datetime]:
    """What a plain reading of the promise would keep: all of a week, then the last of an hour, then of a day."""
    last: dict[object, datetime] = {}
    for moment in sorted(set(moments)):
        if moment < now - keep_for:
            continue
        span = DAY if moment < now - 60 * DAY else HOUR if moment < now - 7 * DAY else None
        last[(span, (moment - EPOCH) // span) if span else moment] = moment
    return sorted(last.values())


async def test_all_that_a_reading_says_of_credits_is_kept(store: Store) -> None:
    """Every bucket, allowance and moment goes into the row; the same look twice is one row."""
    full = Credits(1, 2, 3, 4, 5, NOW + HOUR, NOW + DAY)
    account = Account(key_of(ALICE), SOURCE, ALICE, reading=replace(reading(), credits=full))
    nothing = Account(key_of(BOB), SOURCE, BOB)
    async with store.write() as connection:
        await readings.append(connection, [account, nothing])
        await readings.append(connection, [account])
        await readings.append(connection, [])
        rows = (await connection.exec_driver_sql("SELECT * FROM readings")).mappings().all()
    assert len(rows) == 1
    assert [rows[0][name] for name in ("monthly", "daily", "package", "monthly_allowance", "daily_allowance")] == [
        1,
        2,
        3,
        4,
        5,
    ]
    assert rows[0]["daily_refresh_at"] - rows[0]["refresh_at"] == 23 * 3600 * 1_000_000


async def test_the_last_of_each_hour_then_of_each_day(store: Store) -> None:
    """After a week one an hour is left, after sixty days one a day: always the last."""
    week, quarter = NOW - 8 * DAY, NOW - 90 * DAY
    fresh = [NOW - timedelta(minutes=number) for number in range(5)]
    hourly = [week.replace(minute=minute) for minute in (0, 20, 59)]
    daily = [quarter.replace(hour=hour) for hour in (0, 11, 23)]
    await keep(store, ALICE, [*fresh, *hourly, *daily])
    await prune(store)
    assert await kept(store) == [daily[-1], hourly[-1], *sorted(fresh)]


async def test_what_is_older_than_the_setting_is_dropped(store: Store) -> None:
    """HISTORY_DAYS is the end of the past, to the microsecond."""
    edge = NOW - 30 * DAY
    await keep(store, ALICE, [edge - timedelta(microseconds=1), edge])
    await prune(store, keep_for=30 * DAY)
    assert await kept(store) == [edge]


async def test_accounts_are_thinned_apart(store: Store) -> None:
    """One account's readings never take the place of another's."""
    at = NOW - 8 * DAY
    await keep(store, ALICE, [at, at + timedelta(minutes=5)])
    await keep(store, BOB, [at + timedelta(minutes=1)])
    await prune(store)
    assert await kept(store) == [at + timedelta(minutes=5)]
    assert await kept(store, BOB) == [at + timedelta(minutes=1)]


ages = st.lists(st.integers(0, 120 * 24 * 60), max_size=40)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(minutes=ages, later=st.integers(0, 40 * 24 * 60), days=st.integers(1, 110))
async def test_thinning_keeps_what_was_promised(store: Store, minutes: list[int], later: int, days: int) -> None:
    """Whatever was kept, thinning leaves exactly what is promised; again, or later, it leaves no gap of its own."""
    async with store.write() as connection:
        await connection.exec_driver_sql("DELETE FROM readings")
    moments = [NOW - timedelta(minutes=minute, seconds=minute % 60) for minute in minutes]
    await keep(store, ALICE, moments)
    await prune(store, NOW, days * DAY)
    once = await kept(store)
    assert once == expected(moments, NOW, days * DAY)
    await prune(store, NOW, days * DAY)
    assert await kept(store) == once
    then = NOW + timedelta(minutes=later)
    await prune(store, then, days * DAY)
    assert await kept(store) == expected(moments, then, days * DAY)
