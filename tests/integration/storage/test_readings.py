"""The past: what is kept of each reading."""

from dataclasses import replace
from datetime import timedelta

from bot.domain.accounts import Account, Credits
from bot.storage import readings
from bot.storage.database import Store
from tests.support.fakes import ALICE, BOB, NOW, SOURCE, key_of, reading

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


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
