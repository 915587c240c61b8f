"""Credits that lapse with a plan, from stored readings to messages and their edits, with a real database."""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.checks.forecaster import Forecaster
from bot.domain.accounts import Account, Balance, Credits, FailureKind, Plan, Reading
from bot.domain.alerts import Silence, SilenceKind
from bot.domain.chats import Chat
from bot.domain.lapses import Lapse
from bot.domain.notifications import Delivery, NotificationKind
from bot.storage import alerts, chats, endings, lapses, outbox, readings
from tests.support.fakes import ALICE, CHAT, GROUP, World, key_of, reading, world_in

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
BY_HOUR = 10


class Scene:
    """An account that spends evenly, with a plan that is cancelled."""

    def __init__(self, world: World) -> None:
        self.world, self.left = world, 9_000.0
        self.ends_at = world.clock.now + 17 * DAY
        self.plan = Plan("Pro", ends_at=self.ends_at, cancelled_at=world.clock.now)
        world.source.answers[ALICE] = self.reading

    def reading(self) -> Reading:
        """What the account shows now."""
        return replace(reading(self.left, self.world.clock(), plan=self.plan), fingerprint=f"{self.left} {self.plan}")

    async def lived(self, length: timedelta) -> None:
        """Has spent for a while, and each hour was read."""
        past = []
        for _ in range(length // HOUR):
            self.world.clock.now += HOUR
            self.left -= BY_HOUR
            past.append(Account(key_of(ALICE), "pixverse", ALICE, reading=self.reading()))
        async with self.world.store.write() as connection:
            await readings.append(connection, past)

    async def live(self, length: timedelta, step: timedelta = HOUR) -> None:
        """Spends for a while and is looked at; forecasts are made as they fall due, by a bot that just started."""
        for _ in range(length // step):
            self.world.clock.now += step
            self.left -= BY_HOUR * (step / HOUR)
            await self.world.look(ALICE)
            await Forecaster(self.world.context, self.world.writer).look()

    async def told(self, chat: Chat = CHAT) -> list[Delivery]:
        """What waits for a chat of lapses."""
        return await self.world.notifications(NotificationKind.LAPSE, chat)

    async def sent(self) -> None:
        """Telegram takes all that waits."""
        async with self.world.store.write() as connection:
            for chat in (CHAT, GROUP):
                for one in await outbox.pending(connection, chat.chat_id):
                    await outbox.claim(connection, [one.id])
                    await outbox.delivered(connection, [one.id], one.id, self.world.clock.now)
                    await endings.await_end(connection, [one.id])

    async def due_edits(self) -> int:
        """How many messages about lapses are to say that they are over."""
        async with self.world.store.read() as connection:
            found = [
                await endings.message(connection, one, self.world.clock.now) for one in await endings.due(connection)
            ]
        return sum(
            message is not None and message.told[0].notification.topic is NotificationKind.LAPSE for message in found
        )


@pytest.fixture
async def scene(database: Path) -> AsyncIterator[Scene]:
    """Two weeks and a little less of that life: the end is just over three days ahead."""
    async with world_in(database, chats=(CHAT, GROUP)) as world:
        found = Scene(world)
        await found.lived(14 * DAY - 3 * HOUR)
        await world.watch(ALICE)
        await found.live(HOUR)
        assert await found.told() == []
        yield found


async def test_it_is_told_once_three_days_before_over_restarts(scene: Scene) -> None:
    """Each chat gets it silently, with what is then left: no more is said of that end, to its last hour."""
    await scene.live(3 * HOUR)
    left = scene.left - BY_HOUR * (scene.ends_at - scene.world.clock.now) / HOUR
    for chat in (CHAT, GROUP):
        (one,) = await scene.told(chat)
        told = one.notification.facts.lapse
        assert told
        assert told.left
        assert told.at == scene.ends_at
        assert told.left.least <= left <= told.left.most
        assert told.left.likely == pytest.approx(left, rel=0.05)
        assert not one.notification.rings
    await scene.sent()
    await scene.live(2 * DAY + 20 * HOUR, 4 * HOUR)
    assert await scene.told() == []
    assert await scene.due_edits() == 0


async def test_a_group_that_becomes_a_supergroup_is_not_told_again(scene: Scene) -> None:
    """It has the message under its earlier id, also after a second move."""
    await scene.live(3 * HOUR)
    await scene.sent()
    new, newest = Chat(-1009), Chat(-10099)
    async with scene.world.store.write() as connection:
        await chats.move(connection, GROUP.chat_id, new.chat_id)
    await scene.live(2 * HOUR)
    assert await scene.told(new) == []
    async with scene.world.store.write() as connection:
        await chats.move(connection, new.chat_id, newest.chat_id)
    await scene.live(2 * HOUR)
    assert await scene.told(newest) == []
    assert await scene.told() == []


async def test_one_that_waits_goes_when_the_plan_renews(scene: Scene) -> None:
    """Telegram was away; nobody is told of what is not so."""
    await scene.live(3 * HOUR)
    assert await scene.told()
    scene.plan = replace(scene.plan, next_name="Pro", cancelled_at=None)
    await scene.live(HOUR)
    assert await scene.told() == []
    scene.plan = replace(scene.plan, cancelled_at=scene.world.clock.now)
    await scene.live(5 * HOUR)
    assert await scene.told() == [], "an end is told once"


Change = Callable[[Scene], None]


def renews(scene: Scene) -> None:
    """The cancellation is taken back."""
    scene.plan = replace(scene.plan, next_name="Pro", cancelled_at=None)


def is_longer(scene: Scene) -> None:
    """Somebody bought another month."""
    scene.plan = replace(scene.plan, ends_at=scene.ends_at + 30 * DAY)


def is_spent(scene: Scene) -> None:
    """A batch took the rest."""
    scene.left = 300


@pytest.mark.parametrize("change", [renews, is_longer, is_spent])
async def test_a_message_says_when_it_is_over(scene: Scene, change: Change) -> None:
    """In each chat, at the next forecast, which is made at once."""
    await scene.live(3 * HOUR)
    await scene.sent()
    assert await scene.due_edits() == 0
    change(scene)
    await scene.live(HOUR)
    assert await scene.due_edits() == 2
    async with scene.world.store.write() as connection:
        for one in await endings.due(connection):
            message = await endings.message(connection, one, scene.world.clock.now)
            assert message
            assert message.over[0].over_at == scene.world.clock.now
            await endings.said(connection, message)
    await scene.live(5 * HOUR)
    assert await scene.due_edits() == 0


async def test_a_mute_withholds_it_and_it_follows(scene: Scene) -> None:
    """In the chat that muted; the other one has it."""
    until = scene.world.clock.now + 9 * HOUR
    async with scene.world.store.write() as connection:
        await alerts.add_silence(connection, Silence(SilenceKind.ACCOUNT, key_of(ALICE), until=until, chat=CHAT))
    await scene.live(3 * HOUR)
    assert await scene.told() == []
    assert len(await scene.told(GROUP)) == 1
    await scene.live(8 * HOUR)
    assert len(await scene.told()) == 1


async def test_an_account_that_cannot_be_read_is_not_told_of(scene: Scene) -> None:
    """Its numbers are old."""
    scene.world.source.fail(ALICE, FailureKind.BROKEN)
    await scene.live(5 * HOUR)
    assert await scene.told() == []
    scene.world.source.answers[ALICE] = scene.reading
    await scene.live(HOUR)
    assert len(await scene.told()) == 1


async def test_after_the_end_nothing_waits(scene: Scene) -> None:
    """What no chat took by then is dropped; what was sent stays as it was."""
    await scene.live(3 * HOUR)
    (waiting,), (other,) = await scene.told(), await scene.told(GROUP)
    async with scene.world.store.write() as connection:
        await outbox.claim(connection, [other.id])
        await outbox.delivered(connection, [other.id], 7, scene.world.clock.now)
        await endings.await_end(connection, [other.id])
    await scene.live(3 * DAY + 4 * HOUR, 4 * HOUR)
    assert await scene.told() == []
    async with scene.world.store.read() as connection:
        (told,) = await lapses.told(connection, key_of(ALICE))
    assert (told.key, told.over, told.waits) == (waiting.notification.key, False, False)
    assert await scene.due_edits() == 0


async def test_a_lot_of_a_new_account_is_told_before_a_pace_is_known(database: Path) -> None:
    """Two readings are no week: all of the lot may lapse, and each chat is told once, over the storage too."""
    async with world_in(database, chats=(CHAT, GROUP)) as world:
        end = world.clock.now + 2 * DAY

        def lot() -> Reading:
            left = Balance("plan", 560, allowance=660, lapses_at=end)
            return Reading(world.clock(), Credits.of(560, 660), parts=(left,), fingerprint=f"{world.clock()}")

        world.source.answers[ALICE] = lot
        await world.watch(ALICE)
        for _ in range(3):
            world.clock.now += HOUR
            await world.look(ALICE)
            await Forecaster(world.context, world.writer).look()
        for chat in (CHAT, GROUP):
            (one,) = await world.notifications(NotificationKind.LAPSE, chat)
            assert not one.notification.rings
            assert one.notification.facts.lapse == Lapse("lots", end, 560, 660)
        async with world.store.read() as connection:
            (told,) = await lapses.told(connection, key_of(ALICE))
        assert (told.over, told.waits) == (False, True)
