"""``/log``, through the whole bot: what happened is told, also after a restart."""

from datetime import timedelta

from tests.support.world import ANN, World, until


async def test_a_past_alert_with_its_length_and_who_acknowledged_it(world: World) -> None:
    """It fires, is acknowledged, ends; each time the log says so."""
    (alice,) = world.accounts("alice", monthly=0)
    bot = await world.host()
    fired = await world.told("out of credits")
    assert "critical: out of credits · since" in await bot.asked("/log")
    query = world.telegram.tap(fired, "Ack")
    await until(lambda: any(one.query_id == query for one in world.telegram.callback_answers), "the ack is answered")
    assert "so far · acknowledged by Ann" in await bot.asked("/log alice")
    world.clock.advance(timedelta(hours=2))
    alice.monthly = 15_000
    await bot.round()
    recovery = await world.told("credits again")
    assert recovery.reply_to == fired.message_id, "a recovery answers its alert"
    said = await bot.asked("/log 3h", ANN)
    assert "1 alert in the last 3 h, 1 critical" in said
    assert ", for 2 h" in said
    assert "acknowledged by Ann" in said
