"""What useapi.net leaves out of an answer, or writes in another form: never silence, and never its opposite."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.simulator.pixverse import SimulatedAccount
from tests.support.world import ANN, World

DAY = timedelta(days=1)


def in_days(days: float) -> datetime:
    """A moment so many days from now, on a full second."""
    return (datetime.now(UTC) + days * DAY).replace(microsecond=0)


FORMS: dict[str, Callable[[datetime], Any]] = {
    "Unix seconds": lambda end: int(end.timestamp()),
    "Unix seconds as text": lambda end: str(int(end.timestamp())),
    "Unix milliseconds": lambda end: int(end.timestamp() * 1000),
    "as Go writes it": lambda end: end.strftime("%Y-%m-%d %H:%M:%S +0000 UTC"),
    "with UTC in words": lambda end: end.strftime("%Y-%m-%d %H:%M:%S UTC"),
    "another offset": lambda end: (end + 8 * DAY / 24).strftime("%Y-%m-%dT%H:%M:%S+0800"),
}


@pytest.mark.parametrize("form", FORMS)
async def test_a_plans_end_is_read_from_its_usual_forms(world: World, form: str) -> None:
    """A cancelled plan that ends in two and a half days is told, however its end is written."""
    end = in_days(2.5)
    world.accounts("alice", cancelled_at=in_days(-1), overrides={"expired_date": FORMS[form](end)})
    bot = await world.host()
    message = await world.told("alice@example.com: plan ends in")
    assert end.strftime("%H:%M") in message.text
    await bot.quiet()
    assert "unreadable" not in await bot.asked("/credits alice")


@pytest.mark.parametrize("value", ["soon", 30, {"at": 1}])
async def test_a_plans_end_that_cannot_be_read_is_no_silence(world: World, value: Any) -> None:
    """It is said once in the log, and stands in the card, the list, `check` and `doctor`; nothing is made up of it."""
    (alice,) = world.accounts("alice", ends_at=in_days(5))
    world.accounts("bob")
    bot = await world.host()
    await world.told("alice@example.com: plan renews")
    alice.overrides = {"expired_date": value}
    for _ in range(3):
        await bot.round()
    await bot.quiet()
    assert len(world.telegram.texts(ANN)) == 1
    assert bot.log.count("which cannot be understood") == 1
    assert "expired_date is" in bot.log
    card = await bot.asked("/credits alice")
    assert "end of plan: unreadable" in card
    assert "End of plan: unreadable (expired_date is" in card
    assert "; known as of" in card
    assert "45 min ago" in card
    assert "end of plan: unreadable" in await bot.asked("/credits")
    await bot.stop()
    again = await world.host()
    await again.round()
    assert "which cannot be understood" not in again.log
    await again.stop()
    checked = await world.check()
    assert "End of plan: unreadable (expired_date is" in checked.out
    assert '"unreadable": [' in (await world.check(as_json=True)).out
    examined = await world.doctor()
    line = next(line for line in examined.out.splitlines() if "account alice" in line)
    assert line.startswith("warn")
    assert "end of plan: unreadable" in line


CANCELLED: dict[str, Any] = {"cancelled_at": in_days(-2), "ends_at": in_days(2.5)}
CHANGING: dict[str, Any] = {"next_plan_name": "Basic - Monthly", "ends_at": in_days(2.5)}


@pytest.mark.parametrize(
    ("given", "omitted", "said"),
    [
        (CANCELLED, {"cancel_updated_at"}, "plan ends"),
        (CANCELLED, {"expired_date", "billing_renewal_date"}, "plan ends"),
        (CANCELLED, {"next_plan_name", "plan_name"}, "plan ends"),
        (CHANGING, {"next_plan_name"}, "plan becomes Basic"),
        (CHANGING, {"plan_name"}, "plan becomes Basic"),
        ({"monthly": 2_000}, {"credit_monthly_gift", "credit_daily_gift"}, "2,000 credits left (13 %)"),
    ],
)
async def test_a_value_left_out_is_not_its_opposite(
    world: World, given: dict[str, Any], omitted: set[str], said: str
) -> None:
    """An alert fires; answers without the fields that it rests on resolve nothing, and the card says since when."""
    (alice,) = world.accounts("alice", **given)
    bot = await world.host()
    await world.told(said)
    alice.omit = omitted
    for _ in range(2):
        await bot.round()
    await bot.quiet()
    assert len(world.telegram.texts(ANN)) == 1
    card = await bot.asked("/credits alice")
    assert "Not told since" in card
    assert "30 min ago" in card
    alice.omit = set()
    await bot.round()
    await bot.quiet()
    assert world.count("\U0001f7e2") == 0
    assert "Not told since" not in await bot.asked("/credits alice")


async def test_a_free_account_whose_plan_type_is_left_out_is_no_ended_plan(world: World) -> None:
    """A free account's old end lies in the past: without the type for a while, no plan "has ended"."""
    free = SimulatedAccount(
        "alice@example.com",
        monthly=0,
        daily=60,
        monthly_allowance=0,
        plan_name="Basic",
        plan_type=0,
        ends_at=in_days(-40),
    )
    alice = world.pixverse.add(free)
    bot = await world.host(LOW_CREDITS="10")
    alice.omit = {"current_plan_type"}
    for _ in range(2):
        await bot.round()
    await bot.quiet()
    assert world.telegram.texts(ANN) == []


async def test_the_first_summary_says_only_what_was_seen(world: World) -> None:
    """A summary a minute after the first reading ever does not speak of yesterday."""
    world.accounts("alice", "bob")
    now = world.clock()
    due = now + timedelta(minutes=1)
    bot = await world.host(DIGEST_AT=due.strftime("%H:%M"))
    world.clock.advance(timedelta(minutes=2))
    message = await world.told("Daily summary")
    assert "yesterday" not in message.text
    assert "the first reading" in message.text
    await bot.quiet()
