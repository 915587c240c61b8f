"""The past for pictures, on a real database: readings in order, outages from beginning to end, and the migration."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from bot.domain.accounts import Account, CheckFailure, Credits, FailureKind, Reading
from bot.domain.credit_changes import Point
from bot.domain.history import Gap
from bot.evaluation.evaluate import apply_result
from bot.features.history.service import traced
from bot.storage import history, migrations, readings, retention_statements
from bot.storage.database import Store

NOW = datetime.fromisoformat("2026-11-23T12:00:00+00:00")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ALICE = Account("pixverse:alice@example.com", "pixverse", "alice@example.com")
BOB = Account("pixverse:bob@example.com", "pixverse", "bob@example.com")


def read(account: Account, at: datetime, monthly: float = 100) -> Account:
    """The account after a good look."""
    return apply_result(account, Reading(at, Credits(monthly, 1, 2, refresh_at=NOW + DAY)))


def failed(account: Account, at: datetime, kind: FailureKind = FailureKind.BROKEN) -> Account:
    """The account after a failed look."""
    return apply_result(account, CheckFailure(at, kind))


async def keep(store: Store, account: Account, *moments: datetime) -> None:
    """Stores a reading of each moment."""
    async with store.write() as connection:
        for number, moment in enumerate(moments):
            await readings.append(connection, [read(account, moment, number)])


async def look(store: Store, *looks: tuple[Account, Account]) -> None:
    """Notes looks that ended together."""
    async with store.write() as connection:
        await history.note_outages(connection, looks)


async def gaps(store: Store, *accounts: Account, since: datetime = NOW - 7 * DAY) -> dict[str, list[Gap]]:
    """The gaps of these accounts."""
    async with store.read() as connection:
        return await history.gaps(connection, [account.key for account in accounts], since)


async def test_points_come_in_order_begun_by_what_held_before(store: Store) -> None:
    """The number at the left edge is the last one stored before it, however old; nobody else's readings come along."""
    await keep(store, ALICE, NOW - 30 * DAY, NOW - 9 * DAY, NOW - 2 * DAY, NOW - DAY)
    await keep(store, BOB, NOW - 3 * DAY)
    async with store.read() as connection:
        found = [point async for point in history.points(connection, ALICE.key, NOW - 7 * DAY)]
        none = [point async for point in history.points(connection, "pixverse:nobody", NOW - 7 * DAY)]
    assert [(point.taken_at, point.monthly) for point in found] == [
        (NOW - 9 * DAY, 1),
        (NOW - 2 * DAY, 2),
        (NOW - DAY, 3),
    ]
    assert found[0] == Point(NOW - 9 * DAY, 1, 1, 2, refresh_at=NOW + DAY)
    assert none == []


async def test_a_trace_is_followed_through_many_pages(store: Store) -> None:
    """More readings than are fetched at a time make one trace, within its bound."""
    await keep(store, ALICE, *(NOW - DAY + timedelta(seconds=30 * number) for number in range(1200)))
    async with store.read() as connection:
        trace = await traced(connection, ALICE.key, NOW - 2 * DAY, NOW, slots=50)
    assert trace.places[-1] == ((NOW - DAY).timestamp() + 30 * 1199, 1202.0)
    assert len(trace.places) <= 204


async def test_an_outage_is_kept_from_its_first_failed_look_to_the_first_good_one(store: Store) -> None:
    """However many looks fail in between, and whatever kind they are, it is one gap."""
    good = read(ALICE, NOW - 5 * HOUR)
    first = failed(good, NOW - 4 * HOUR)
    second = failed(first, NOW - 3 * HOUR, FailureKind.UNAVAILABLE)
    await look(store, (good, first))
    await look(store, (first, second))
    assert await gaps(store, ALICE) == {ALICE.key: [Gap((NOW - 4 * HOUR).timestamp(), None, "broken")]}
    await look(store, (second, read(second, NOW - HOUR)), (BOB, failed(BOB, NOW)))
    assert await gaps(store, ALICE, BOB) == {
        ALICE.key: [Gap((NOW - 4 * HOUR).timestamp(), (NOW - HOUR).timestamp(), "broken")],
        BOB.key: [Gap(NOW.timestamp(), None, "broken")],
    }


async def test_the_same_look_twice_changes_nothing(store: Store) -> None:
    """A batch that is saved again after a locked database writes no second outage."""
    broken = failed(ALICE, NOW)
    await look(store, (ALICE, broken))
    await look(store, (ALICE, broken))
    await look(store, (broken, broken))
    assert len((await gaps(store, ALICE))[ALICE.key]) == 1


async def test_a_pause_is_a_gap_for_everyone(store: Store) -> None:
    """While the bot was off, nobody's number was known."""
    async with store.write() as connection:
        await history.note_downtime(connection, NOW - 5 * HOUR, NOW - 2 * HOUR)
    gap = Gap((NOW - 5 * HOUR).timestamp(), (NOW - 2 * HOUR).timestamp(), "not running")
    assert await gaps(store, ALICE, BOB) == {ALICE.key: [gap], BOB.key: [gap]}
    assert await gaps(store, ALICE, since=NOW - HOUR) == {ALICE.key: []}


async def test_old_outages_are_pruned_and_lasting_ones_stay(store: Store) -> None:
    """The table does not grow for ever."""
    long_ago = failed(ALICE, NOW - 500 * DAY)
    await look(store, (ALICE, long_ago), (BOB, failed(BOB, NOW - 500 * DAY)))
    await look(store, (long_ago, read(long_ago, NOW - 450 * DAY)))
    async with store.write() as connection:
        assert await retention_statements.trim_outages(connection, 9, NOW - 400 * DAY)
    found = await gaps(store, ALICE, BOB, since=NOW - 1000 * DAY)
    assert (found[ALICE.key], len(found[BOB.key])) == ([], 1)


def test_what_fails_at_the_update_is_an_outage_from_its_beginning(tmp_path: Path) -> None:
    """The migration takes over the outages that last, so their end is noted like any other's."""
    config = Config()
    config.set_main_option("script_location", str(Path(str(migrations.__file__)).parent))
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'bot.db'}")
    account = "INSERT INTO accounts (key, source, email, watched, next_check_at, failures, failing_since, outage_kind)"
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.execute(sa.text(f"{account} VALUES ('a', 's', 'e', 1, 0, 2, 77, 'broken')"))
        connection.execute(sa.text(f"{account} VALUES ('b', 's', 'f', 1, 0, 0, NULL, NULL)"))
        command.upgrade(config, "head")
        rows = connection.execute(sa.text("SELECT account, since, until, kind FROM outages")).all()
    engine.dispose()
    assert [tuple(row) for row in rows] == [("a", 77, None, "broken")]


async def test_an_account_that_was_never_read_fails_from_its_first_look(store: Store) -> None:
    """There is no number before it, and yet the gap is known."""
    await look(store, (ALICE, replace(failed(ALICE, NOW - HOUR), failing_since=None)))
    assert (await gaps(store, ALICE))[ALICE.key][0].since == (NOW - HOUR).timestamp()
