"""The episodes of alerts, which stay after their end."""

from dataclasses import replace
from datetime import timedelta

from bot.domain.alerts import Alert, AlertRule, Severity, Silence, SilenceKind
from bot.domain.past_alerts import PastAlert
from bot.storage import alerts, past_alerts
from bot.storage.database import Store
from tests.support.fakes import ALICE, NOW, key_of

HOUR = timedelta(hours=1)
CREDITS, WARNING, CRITICAL = AlertRule.CREDITS, Severity.WARNING, Severity.CRITICAL
FIRED = Alert(key_of(ALICE), CREDITS, 1, 3, since=NOW, worst=900.0, severity=WARNING, peak=WARNING)
WORSE = replace(FIRED, level=2, worst=0.0, severity=CRITICAL, peak=CRITICAL)
OVER = replace(WORSE, level=0, severity=None)


def ack(by: str) -> Silence:
    """An ack of the episode."""
    return Silence(SilenceKind.ACK, key_of(ALICE), CREDITS, None, 3, 2, by, made_at=NOW)


async def test_an_episode_keeps_its_worst_its_end_and_who_acknowledged_it(store: Store) -> None:
    """A person who acknowledges twice is named once; a later episode is another."""
    async with store.write() as connection:
        await past_alerts.note(connection, [FIRED], NOW)
        assert await past_alerts.since(connection, NOW + HOUR) == [
            PastAlert(key_of(ALICE), CREDITS, 3, NOW, None, WARNING, 900.0)
        ]
        await past_alerts.note(connection, [WORSE], NOW + HOUR)
        for by in ("Kim", "Ann", "Kim"):
            await past_alerts.acknowledged(connection, ack(by))
        await past_alerts.note(connection, [OVER], NOW + 2 * HOUR)
        await past_alerts.note(connection, [OVER], NOW + 5 * HOUR)
        again = replace(FIRED, episode=4, since=NOW + 6 * HOUR)
        await past_alerts.note(connection, [again], NOW + 6 * HOUR)
        ended = PastAlert(key_of(ALICE), CREDITS, 3, NOW, NOW + 2 * HOUR, CRITICAL, 0.0, ("Kim", "Ann"))
        assert (await past_alerts.since(connection, NOW))[1:] == [ended]
        assert [one.episode for one in await past_alerts.since(connection, NOW + 3 * HOUR)] == [4]
        assert await past_alerts.since(connection, NOW, ["nobody"]) == []


async def test_an_alert_that_ends_without_a_message_is_over_in_the_log(store: Store) -> None:
    """Its rule was switched off, or its account is no longer watched."""
    plan = replace(FIRED, measure=AlertRule.PLAN)
    async with store.write() as connection:
        await alerts.save(connection, [FIRED, plan])
        await past_alerts.note(connection, [FIRED, plan], NOW)
        await alerts.quiet_rule(connection, CREDITS, [key_of(ALICE)], NOW + HOUR)
        logged = {one.measure: one.until for one in await past_alerts.since(connection, NOW)}
        assert logged == {CREDITS: NOW + HOUR, AlertRule.PLAN: None}
        await alerts.close(connection, [key_of(ALICE)], NOW + 2 * HOUR)
        logged = {one.measure: one.until for one in await past_alerts.since(connection, NOW)}
    assert logged == {CREDITS: NOW + HOUR, AlertRule.PLAN: NOW + 2 * HOUR}
