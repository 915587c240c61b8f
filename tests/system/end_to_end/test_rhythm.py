"""Quiet hours and the daily summary through the real bot, by a moved clock."""

from datetime import timedelta

from tests.support.world import World

HOUR = timedelta(hours=1)
LADDER = "9000,6000,1000"


def around(world: World) -> str:
    """Quiet hours that the clock stands in the middle of."""
    now = world.clock()
    return f"{now - 2 * HOUR:%H:%M}-{now + 3 * HOUR:%H:%M}"


async def test_in_quiet_hours_a_warning_is_silent_and_a_critical_alert_rings(world: World) -> None:
    """What gets critical is worth waking somebody; a warning is not, and rings again once the night is over."""
    alice, bob = world.accounts("alice", "bob")
    world.greeted(7)
    bot = await world.host(QUIET_HOURS=around(world), LOW_CREDITS=LADDER, RUNS_OUT_WITHIN="")
    alice.monthly = 5_000
    await bot.round()
    warning = await world.told("alice@example.com")
    assert warning.silent
    alice.monthly = 0
    await bot.round()
    critical = await world.told("out of credits")
    assert not critical.silent
    world.clock.advance(3 * HOUR)
    bob.monthly = 5_000
    await bot.round()
    assert not (await world.told("bob@example.com")).silent


async def test_a_summary_comes_once_and_silently(world: World) -> None:
    """At its time, after a restart not again, and it is no alert: it has no buttons."""
    (alice,) = world.accounts("alice", daily_allowance=0)  # at midnight a daily refill would count as spent
    world.greeted(7)
    at = f"{world.clock() + HOUR:%H:%M}"
    bot = await world.host(DIGEST_AT=at, PLAN_ENDS_WITHIN="", LOW_CREDITS="")
    alice.monthly -= 400
    await bot.round()
    assert world.count("Daily summary") == 0
    world.clock.advance(HOUR)
    summary = await world.told("Daily summary")
    assert summary.silent
    assert not summary.buttons
    assert "Spent 400" in summary.text
    assert "left in 1 account" in summary.text
    await bot.quiet()
    await bot.stop()
    bot = await world.host(DIGEST_AT=at, PLAN_ENDS_WITHIN="", LOW_CREDITS="")
    await bot.round()
    await bot.quiet()
    assert world.count("Daily summary") == 1
