"""The daily summary from stored readings into the outbox, by a moved clock, on a real database."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.domain.accounts import Account, Credits, ForecastSummary, Plan, Reading
from bot.domain.alerts import Silence, SilenceKind
from bot.domain.chats import Chat
from bot.domain.notifications import Watched
from bot.features.summary.service import SummarySender, pasts_since
from bot.outbox.batching import batches
from bot.storage import accounts, alerts, outbox, readings, summary
from bot.storage.database import Store
from bot.telegram.text.messages import render
from tests.support.builders import DAY, HOUR, MINUTE, delivery
from tests.support.plans import plans, statements_of

BERLIN, NEW_YORK = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York")
ALICE, BOB = Chat(7), Chat(-100, 45)
STUDIO, LOOP = (Account(f"pixverse:{name}", "pixverse", f"{name}@example.com", name) for name in ("Studio", "Loop"))
MONDAY = datetime(2026, 7, 20, 6, 0, tzinfo=UTC)
"""08:00 in Berlin."""


class Scene:
    """A bot of two chats: one sees both accounts, the other only one."""

    def __init__(self, store: Store, zone: ZoneInfo = BERLIN, at: time = time(9)) -> None:
        self.store = store
        self.now = MONDAY
        self.zone = zone
        self.woken = 0
        self.sees: dict[Chat, list[Account]] = {ALICE: [STUDIO, LOOP], BOB: [LOOP]}
        self.digests = SummarySender(
            store, lambda: tuple(self.sees), self.watched, lambda: self.now, zone, at, self.wake
        )

    async def watched(self, chat: Chat) -> Sequence[Watched]:
        """Loop runs out within the hour."""
        ends = ForecastSummary(self.now, 900, useful=True, lasts=False, earliest=self.now + HOUR)
        loop = replace(LOOP, reading=Reading(self.now, Credits(900, 0, 0)), foretold=ends)
        return [Watched(loop if account == LOOP else account) for account in self.sees[chat]]

    def wake(self) -> None:
        self.woken += 1

    async def read(self, account: Account, at: datetime, monthly: float) -> None:
        """Stores a reading."""
        reading = Reading(at, Credits(monthly, 0, 0), Plan("Pro"))
        async with self.store.write() as connection:
            await accounts.watch(connection, [(account, at)])
            known = Account(account.key, account.source, account.email, account.label, reading)
            await readings.append(connection, [known])

    async def look(self, at: datetime) -> None:
        """Looks at a moment."""
        self.now = at
        await self.digests.look()

    async def sent(self, chat: Chat) -> list[str]:
        """The summaries in the outbox."""
        async with self.store.read() as connection:
            found = await outbox.pending(connection, chat.chat_id)
        rendered = [render(batch, batch.deliveries[0].created_at, self.zone).message for batch in batches(found)]
        told = [message for message in rendered if "Daily summary" in message.text]
        assert all(message.silent and not message.buttons for message in told)
        return [message.text for message in told]


@pytest.fixture
async def scene(store: Store) -> Scene:
    """A bot that was started at 08:00 of a Monday."""
    made = Scene(store)
    await made.digests.resume()
    return made


async def test_a_summary_goes_out_once_a_day(scene: Scene) -> None:
    """At its time, and not again before the next day's."""
    await scene.look(MONDAY + 59 * MINUTE)
    assert await scene.sent(ALICE) == []
    for minutes in range(60, 24 * 60, 20):
        await scene.look(MONDAY + minutes * MINUTE)
    assert len(await scene.sent(ALICE)) == 1
    await scene.look(MONDAY + 25 * HOUR)
    assert len(await scene.sent(ALICE)) == 2
    assert scene.woken == 2


async def test_each_chat_gets_what_it_may_see(scene: Scene) -> None:
    """What was spent since the last summary, of its own accounts; what it was told; what comes."""
    await scene.read(STUDIO, MONDAY - 2 * DAY, 900)
    await scene.read(STUDIO, MONDAY - HOUR, 500)
    await scene.read(LOOP, MONDAY - 2 * DAY, 90)
    await scene.read(LOOP, MONDAY - 30 * HOUR, 80)
    await scene.read(LOOP, MONDAY - HOUR, 73)
    async with scene.store.write() as connection:
        await outbox.put(connection, [delivery(1, who="Studio").notification], [ALICE], MONDAY - HOUR)
    await scene.look(MONDAY + HOUR)
    (alice,), (bob,) = await scene.sent(ALICE), await scene.sent(BOB)
    assert "Spent 407 since yesterday 09:00: Studio 400, Loop 7." in alice
    assert "New alerts: Studio (low credits)" in alice
    assert "Spent 7 since yesterday 09:00." in bob
    assert "Studio" not in bob
    assert "may run out: Loop" in bob


async def test_late_up_to_six_hours(scene: Scene) -> None:
    """Off from before nine until three it comes late; a minute longer, not at all."""
    await scene.look(MONDAY + 7 * HOUR)
    assert len(await scene.sent(ALICE)) == 1
    await scene.look(MONDAY + DAY + 7 * HOUR + MINUTE)
    assert len(await scene.sent(ALICE)) == 1


async def test_a_restart_repeats_nothing(scene: Scene) -> None:
    """The day is remembered in the transaction that puts the summaries into the outbox."""
    await scene.look(MONDAY + HOUR)
    again = Scene(scene.store)
    again.now = MONDAY + 2 * HOUR
    await again.digests.resume()
    await again.look(MONDAY + 2 * HOUR)
    assert len(await scene.sent(ALICE)) == 1


async def test_a_new_bot_has_missed_nothing(store: Store) -> None:
    """Installed at noon, its first summary comes the next morning."""
    made = Scene(store)
    made.now = MONDAY + 4 * HOUR
    await made.digests.resume()
    await made.look(made.now)
    assert await made.sent(ALICE) == []
    await made.look(MONDAY + 25 * HOUR)
    assert len(await made.sent(ALICE)) == 1


async def test_everything_muted(scene: Scene) -> None:
    """A mute of everything withholds the summary too; the day is done."""
    async with scene.store.write() as connection:
        await alerts.add_silence(connection, Silence(SilenceKind.ALL, until=MONDAY + 2 * HOUR))
    await scene.look(MONDAY + HOUR)
    await scene.look(MONDAY + 3 * HOUR)
    assert await scene.sent(ALICE) == []


async def test_a_chat_that_has_muted_everything_gets_none_and_the_other_does(scene: Scene) -> None:
    """A mute of one chat withholds its own summary alone."""
    async with scene.store.write() as connection:
        await alerts.add_silence(connection, Silence(SilenceKind.ALL, until=MONDAY + 2 * HOUR, chat=ALICE))
    await scene.look(MONDAY + HOUR)
    assert (len(await scene.sent(ALICE)), len(await scene.sent(BOB))) == (0, 1)


async def test_a_chat_that_sees_no_account_gets_none(scene: Scene) -> None:
    """There is nothing to sum up."""
    scene.sees[BOB] = []
    await scene.look(MONDAY + HOUR)
    assert await scene.sent(BOB) == []
    assert len(await scene.sent(ALICE)) == 1


async def test_accounts_no_longer_watched_are_left_out(scene: Scene) -> None:
    """What they once spent is nobody's any more."""
    await scene.read(STUDIO, MONDAY - 2 * DAY, 900)
    await scene.read(STUDIO, MONDAY - HOUR, 500)
    async with scene.store.write() as connection:
        await accounts.unwatch(connection, [STUDIO.key])
        assert await pasts_since(connection, MONDAY - DAY) == {}


@pytest.mark.parametrize(
    ("zone", "change"),
    [
        (BERLIN, datetime(2026, 3, 29, 1, 0, tzinfo=UTC)),
        (BERLIN, datetime(2026, 10, 25, 1, 0, tzinfo=UTC)),
        (NEW_YORK, datetime(2026, 3, 8, 7, 0, tzinfo=UTC)),
        (NEW_YORK, datetime(2026, 11, 1, 6, 0, tzinfo=UTC)),
    ],
)
@pytest.mark.parametrize("at", [time(2, 30), time(9)])
async def test_once_a_day_over_a_clock_change(store: Store, zone: ZoneInfo, change: datetime, at: time) -> None:
    """Stored and asked again at each look: one summary a local day, also where its time comes twice or not at all."""
    made = Scene(store, zone, at)
    made.now = change - 2 * DAY
    await made.digests.resume()
    for minutes in range(0, 4 * 24 * 60, 30):
        await made.look(change - 2 * DAY + minutes * MINUTE)
    async with store.read() as connection:
        keys = [one.notification.key for one in await outbox.pending(connection, ALICE.chat_id)]
    first = datetime.fromisoformat(keys[0].removeprefix("digest|"))
    assert keys == [f"digest|{(first + timedelta(days=number)).date()}" for number in range(len(keys))]
    assert len(keys) in (3, 4, 5)


async def test_the_past_of_many_accounts_comes_in_parts(scene: Scene) -> None:
    """A few accounts at a time, each by its key: all their readings sorted first would stop everything for a while."""
    many = [Account(f"pixverse:user{number:02}", "pixverse", f"user{number:02}@example.com") for number in range(25)]
    for account in many:
        await scene.read(account, MONDAY - HOUR, 500)
        await scene.read(account, MONDAY, 400 - int(account.key[-2:]))
    with statements_of(scene.store) as seen:
        async with scene.store.read() as connection:
            pasts = await pasts_since(connection, MONDAY - DAY)
            await summary.told(connection, ALICE, MONDAY - DAY)
    assert {key: past.spent for key, past in pasts.items()} == {one.key: 100 + int(one.key[-2:]) for one in many}
    for plan, sql in await plans(scene.store, {sql: given for sql, given in seen.items() if "JOIN" in sql}):
        assert "TEMP B-TREE" not in plan, sql
    for plan, sql in await plans(scene.store, {sql: given for sql, given in seen.items() if "outbox" in sql}):
        assert "INDEX outbox_age" in plan, (plan, sql)
