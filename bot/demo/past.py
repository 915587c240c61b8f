"""The past that the bot remembers of two accounts: without a week of it no forecast says what will be left."""

from datetime import datetime, timedelta

from bot.demo.film import BY_HOUR, Film
from bot.demo.script import Member
from bot.domain.accounts import Account, Credits, Reading
from bot.simulator.accounts import next_midnight
from bot.storage import readings
from bot.storage.database import Store

KNOWN_FOR = timedelta(days=8)
HOUR = timedelta(hours=1)


async def lay_down_film(store: Store, film: Film, now: datetime) -> None:
    """Stores a reading for each hour of the Kling account, so that the forecast can say what lapses with its lot."""
    moments = [(now - ago * HOUR, film.credits + BY_HOUR * ago) for ago in range(KNOWN_FOR // HOUR, 0, -1)]
    past = [Reading(at, Credits.of(credits, film.allowance)) for at, credits in moments]
    async with store.write() as connection:
        key = f"kling:{film.email}"
        await readings.append(connection, [Account(key, "kling", film.email, reading=one) for one in past])


async def lay_down_past(store: Store, member: Member, now: datetime) -> None:
    """Stores a reading for each hour of even spending, as if the bot had run since."""
    account, hours = member.account, KNOWN_FOR // HOUR
    by_hour = member.life.burn_per_hour - account.daily_allowance / 24
    moments = [(now - ago * HOUR, account.monthly + round(by_hour * ago)) for ago in range(hours, 0, -1)]
    past = [
        Reading(at, Credits(monthly, 0, 0, account.monthly_allowance, account.daily_allowance, None, next_midnight(at)))
        for at, monthly in moments
    ]
    async with store.write() as connection:
        key = f"pixverse:{account.email}"
        await readings.append(connection, [Account(key, "pixverse", account.email, reading=one) for one in past])
