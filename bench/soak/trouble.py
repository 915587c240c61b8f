"""What goes wrong now and then, at useapi.net and at Telegram: one after the other, all from one seed."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from random import Random

from bot.simulator.pixverse import ACCOUNTS, Fault, SimulatedPixVerse
from bot.simulator.telegram.faults import SENDING
from bot.simulator.telegram.service import SimulatedTelegram, server_error, too_many_requests

PAGE = "<html><h1>502 Bad Gateway</h1></html>"
GONE = Fault(596, {"error": "PixVerse session expired, please add the account again", "code": 596})


@dataclass
class Services:
    """Both services, and the dice."""

    pixverse: SimulatedPixVerse
    telegram: SimulatedTelegram
    rng: Random
    happened: dict[str, int] = field(default_factory=dict)
    """How often what went wrong."""

    def some(self, count: int) -> list[str]:
        """The emails of so many accounts."""
        emails = list(self.pixverse.accounts)
        return self.rng.sample(emails, min(count, len(emails)))


async def all_fail(services: Services) -> None:
    """Everything that useapi.net is asked fails, in one way."""
    ways = (Fault(502, PAGE), Fault(cut=True), Fault(429, headers={"Retry-After": "900"}), Fault(body='{"credit'))
    services.pixverse.fail(services.rng.choice(ways))
    await asyncio.sleep(services.rng.uniform(1, 5))
    services.pixverse.heal()


async def all_slow(services: Services) -> None:
    """useapi.net takes its time."""
    services.pixverse.fail(Fault(delay=services.rng.uniform(0.1, 0.4)))
    await asyncio.sleep(services.rng.uniform(1, 5))
    services.pixverse.heal()


async def some_fail(services: Services) -> None:
    """Some accounts cannot be read for hours."""
    ways = (GONE, Fault(500), Fault(body={"credit_monthly": None}), Fault(404))
    emails = services.some(services.rng.randint(1, 20))
    for email in emails:
        services.pixverse.fail(services.rng.choice(ways), email)
    await asyncio.sleep(services.rng.uniform(5, 15))
    for email in emails:
        services.pixverse.heal(email)


async def some_hang(services: Services) -> None:
    """Some questions are never answered."""
    for email in services.some(5):
        services.pixverse.fail(Fault(hang=True, times=1), email)


async def listing_fails(services: Services) -> None:
    """The list of accounts cannot be had."""
    services.pixverse.fail(Fault(503), accounts_page=True)
    await asyncio.sleep(20)
    services.pixverse.heal(ACCOUNTS)


async def some_leave(services: Services) -> None:
    """Some accounts are taken out of the list, and come back."""
    left = {email: services.pixverse.accounts[email] for email in services.some(5)}
    lives = {email: services.pixverse.lives[email] for email in left}
    for email in left:
        services.pixverse.remove(email)
    await asyncio.sleep(20)
    for email, account in left.items():
        services.pixverse.add(account, lives[email])


async def telegram_away(services: Services) -> None:
    """Telegram answers nobody."""
    services.telegram.away = True
    await asyncio.sleep(services.rng.uniform(2, 10))
    services.telegram.away = False


async def telegram_refuses(services: Services) -> None:
    """Telegram wants peace, or has trouble of its own."""
    refusal = services.rng.choice((too_many_requests(3), server_error(), server_error(page=PAGE)))
    services.telegram.fail(refusal, SENDING, times=3)


async def answers_lost(services: Services) -> None:
    """Messages arrive, and nobody says so."""
    services.telegram.lose_answers(times=2)


async def telegram_hangs(services: Services) -> None:
    """A message is never answered."""
    services.telegram.hang()


async def polling_refused(services: Services) -> None:
    """Another program polls with the token, or the polling is refused."""
    services.telegram.kill_polling(services.rng.choice((401, 409, 502)))


TROUBLES: tuple[Callable[[Services], Awaitable[None]], ...] = (
    all_fail,
    all_slow,
    some_fail,
    some_hang,
    listing_fails,
    some_leave,
    telegram_away,
    telegram_refuses,
    answers_lost,
    telegram_hangs,
    polling_refused,
)


async def go_wrong(services: Services, every: float) -> None:
    """Lets something go wrong, so many seconds after the last on the average, until cancelled."""
    while True:
        await asyncio.sleep(services.rng.expovariate(1 / every))
        trouble = services.rng.choice(TROUBLES)
        services.happened[trouble.__name__] = services.happened.get(trouble.__name__, 0) + 1
        await trouble(services)
