"""The accounts of the soak: each with a plan, a way of spending and a place in its month, all from one seed.

Everybody spends all the time, so that every look sees something new: that is the most that the bot has to store and to
thin. Some run out, and stay so until somebody buys.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random

from bot.simulator.accounts import SimulatedAccount
from bot.simulator.life import FREE_PLAN, Life, a_month_after
from bot.simulator.pixverse import SimulatedPixVerse

MONTH = timedelta(days=30)
PLANS = {"Standard - Monthly": 12_000, "Pro - Monthly": 60_000, "Premium - Monthly": 150_000}
"""Ten times what they have in life: enough to lose a credit in every quarter of an hour of a month."""

BUYS = 0.25
"""The share of the empty accounts whose owners buy in an hour."""

LEAST_SPENT, MOST_SPENT = 0.5, 1.4
"""What is spent in a month, as a share of the allowance."""

EVENLY = 0.4
CANCELLED = 0.1
"""The share of accounts whose plan does not go on."""


def account(rng: Random, email: str, now: datetime) -> tuple[SimulatedAccount, Life]:
    """One account somewhere in its month; some would spend more in it than they have."""
    name = rng.choice(list(PLANS))
    allowance, begun = PLANS[name], now - MONTH * rng.random()
    spent = allowance * rng.uniform(LEAST_SPENT, MOST_SPENT)
    made = SimulatedAccount(
        email,
        monthly=max(0, round(allowance - spent * ((now - begun) / MONTH))),
        daily=60,
        monthly_allowance=allowance,
        plan_name=name,
        ends_at=(begun + MONTH).replace(microsecond=0),
        cancelled_at=begun if rng.random() < CANCELLED else None,
    )
    return made, life(rng, made, spent, now)


def life(rng: Random, made: SimulatedAccount, spent: float, now: datetime) -> Life:
    """A life in which so much is spent in a month: evenly, or half of it at times."""
    by_hour = spent / (MONTH / timedelta(hours=1))
    if rng.random() < EVENLY:
        return Life(made, now, burn_per_hour=by_hour)
    every = timedelta(hours=rng.uniform(1, 12))
    return Life(made, now, burn_per_hour=by_hour / 2, burst=round(spent / 2 * (every / MONTH)), burst_every=every)


def settle(pixverse: SimulatedPixVerse, rng: Random, count: int) -> list[str]:
    """Brings so many accounts to the simulated service; gives their emails."""
    emails = [f"studio{number:04d}@example.com" for number in range(1, count + 1)]
    for email in emails:
        pixverse.add(*account(rng, email, pixverse.clock()))
    return emails


class Owners:
    """What the owners do beside spending, so that the fleet stays as it is on the whole: cancel, pay again, buy."""

    def __init__(self, pixverse: SimulatedPixVerse, rng: Random) -> None:
        self._pixverse = pixverse
        self._rng = rng
        self._deeds: tuple[Callable[[SimulatedAccount, datetime], None], ...] = (cancel, buy)

    def act(self) -> None:
        """Whose plan has ended pays again, who is out of credits buys within hours, somebody else cancels or buys."""
        now, accounts = self._pixverse.clock(), list(self._pixverse.accounts.values())
        for one in accounts:
            if one.plan_type == 0:
                pay_again(one, now)
            elif not (one.monthly or one.package) and self._rng.random() < BUYS:
                buy(one, now)
        if accounts:
            self._rng.choice(self._deeds)(self._rng.choice(accounts), now)


def cancel(one: SimulatedAccount, now: datetime) -> None:
    """The plan does not go on."""
    one.cancelled_at = one.cancelled_at or now


def buy(one: SimulatedAccount, _now: datetime) -> None:
    """A package of credits."""
    one.package = 2_000


def pay_again(one: SimulatedAccount, now: datetime) -> None:
    """The plan that comes next after the free one."""
    assert one.plan_name == FREE_PLAN
    one.plan_name, one.plan_type, one.cancelled_at = "Pro - Monthly", 2, None
    one.monthly = one.monthly_allowance = PLANS[one.plan_name]
    one.ends_at = one.refresh_at = a_month_after(now)
