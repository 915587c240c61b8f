"""What a job costs, through the whole bot."""

import json
from datetime import timedelta
from typing import Any

from tests.support.world import World


async def test_numbers_in_jobs_and_out_of_credits_below_one(world: World) -> None:
    """In the alert, in the answers, in ``check``; a threshold in jobs fires, and 30 credits pay for nothing."""
    alice, _ = world.accounts("alice", "bob", monthly=12_450)
    cost: dict[str, Any] = {"JOB_COST": "5 s at 720p = 35", "LOW_CREDITS": "20 jobs,10 jobs,1 job"}
    bot = await world.host(**cost)
    assert "about 355 jobs" in await bot.asked("/credits bob")
    assert "about 355 jobs" in await bot.asked("/credits")
    alice.monthly = 350
    await bot.round()
    fired = await world.told("350 credits left")
    assert "about 10 jobs" in fired.text
    assert "your 10 jobs line" in fired.text
    alice.monthly = 30
    await bot.round()
    assert "30 credits left, less than one job costs (5 s at 720p: 35)" in (await world.told("out of credits")).text
    ended = await world.check(as_json=True, **cost)
    rows = {row["account"].partition(":")[2]: row for row in json.loads(ended.out)["accounts"]}
    found = {name.partition("@")[0]: (row["jobs"], row["severity"]) for name, row in rows.items()}
    assert found == {"alice": (0, "critical"), "bob": (355, "ok")}
    ended = await world.check(**cost)
    alice_line, bob_line = sorted(line for line in ended.out.splitlines() if "example.com" in line)
    assert ("no job" in alice_line, "about 355 jobs" in bob_line, ended.code) == (True, True, 2)
    assert "12,480 credits (about 355 jobs)" in await bot.asked("/credits")


async def test_the_summary_and_the_board_say_it_too(world: World) -> None:
    """Each number that people plan with."""
    world.accounts("alice", "bob", monthly=12_450)
    bot = await world.host(JOB_COST="35", DIGEST_AT="09:00")
    now = world.clock()
    world.clock.advance(now.replace(hour=9, minute=1) + timedelta(days=1) - now)
    summary = await world.told("Daily summary")
    assert "24,900 (about 710 jobs) left in 2 accounts" in summary.text
    await bot.asked("/board")
    board = await world.told("24,900 credits (about 710 jobs)")
    assert board.text.count("about 355 jobs") == 2
