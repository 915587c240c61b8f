"""Rows that another version wrote, or a hand: one that cannot be read stops neither looks nor deliveries."""

import pytest

from bot.domain.alerts import NotifyReason
from tests.support.fakes import ALICE, CHAT, Postroom, World, key_of, notification

NONSENSE = ["", "{", "[]", '{"credits": {"monthly": "many"}}', '{"outage": "on strike"}', "[" * 100_000]


@pytest.mark.parametrize("text", NONSENSE)
async def test_a_reading_that_cannot_be_read_is_put_right_by_the_next_look(world: World, text: str) -> None:
    """Such a reading, and such a forecast, are not known; the account is looked at, and a fall is told."""
    await world.watch(ALICE)
    await world.look(ALICE)
    async with world.store.write() as connection:
        await connection.exec_driver_sql("UPDATE accounts SET reading = ?, foretold = ?", (text, text))
    world.clock.forward(minutes=15)
    world.source.credits[ALICE] = 400
    await world.look(ALICE)
    assert [(one.notification.subject, one.notification.reason) for one in await world.notifications()] == [
        (key_of(ALICE), NotifyReason.FIRED)
    ]
    assert '"monthly":400' in str(await world.query("SELECT reading FROM accounts"))


@pytest.mark.parametrize("text", NONSENSE)
async def test_facts_that_cannot_be_read_hold_no_chat_up(
    postroom: Postroom, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    """What is left to tell is told, so is what comes after it, and the log says what is wrong."""
    await postroom.put(notification("torn"), notification("whole"))
    async with postroom.store.write() as connection:
        await connection.exec_driver_sql("UPDATE outbox SET facts = ? WHERE key = 'torn'", (text,))
    await postroom.deliver()
    assert sorted(postroom.post.keys(CHAT)) == ["torn", "whole"]
    facts = postroom.post.told[0].batch.deliveries[0].notification.facts
    assert (facts.name, facts.email) == (ALICE, ALICE)
    assert "cannot be read" in caplog.text
