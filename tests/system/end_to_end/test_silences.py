"""Silences among several chats, through the whole bot: one person's wish for quiet blinds nobody else."""

from datetime import timedelta

from bot.simulator.telegram.service import SimulatedMessage
from tests.support.world import ADMIN, ANN, BOB, GROUP, MEMBER, HostedBot, World, until

DAY = timedelta(days=1)
BOTH = f"{ANN},{BOB}"


async def tapped(world: World, message: SimulatedMessage, label: str, user: int | None = None) -> str:
    """Taps a button; gives the little notice."""
    query = world.telegram.tap(message, label, user)
    shown = world.telegram.callback_answers
    await until(lambda: any(answer.query_id == query for answer in shown), f"the tap on {label} is answered")
    return next(answer.text for answer in shown if answer.query_id == query)


async def silenced_in(bot: HostedBot, chat_id: int) -> bool:
    """Whether a chat has any silence, as /status tells it there."""
    return "Silenced here" in await bot.asked("/status", chat_id)


async def test_a_snooze_of_one_chat_blinds_no_other(world: World) -> None:
    """Bob snoozes a silent info for a day: Ann hears of the last credit, the refill and the next fall, and he too.

    Nobody else is told of the snooze.
    """
    (alice,) = world.accounts("alice", monthly=2_400)
    bot = await world.host(TELEGRAM_CHAT_IDS=BOTH)
    info = await world.told("2,400 credits left", BOB)
    await world.told("2,400 credits left", ANN)
    assert (await tapped(world, info, "Snooze 1 day")).startswith("Snoozed by Bob until tomorrow")
    assert not await silenced_in(bot, ANN)
    assert "snoozed until tomorrow" in await bot.asked("/alerts", BOB)
    for credits, said in ((2_300, ""), (0, "out of credits"), (15_000, "15,000 credits again"), (0, "out of credits")):
        before = len(world.telegram.messages)
        alice.monthly = credits
        await bot.round()
        await bot.quiet()
        for chat in (ANN, BOB):
            if said:
                await world.told(said, chat, after=before)
            else:
                assert len(world.telegram.messages) == before, "nothing has got worse"
    assert world.count("nooze", ANN) == 0
    assert not await silenced_in(bot, BOB), "it has ended at the worse rung"


async def test_a_mute_of_one_chat_changes_nothing_in_another(world: World) -> None:
    """Bob mutes everything: Ann gets all as ever; Bob hears at the end what still holds, and who muted is named."""
    alice, bob = world.accounts("alice", "bob")
    bot = await world.host(TELEGRAM_CHAT_IDS=BOTH)
    answer = await bot.answer("/mute all 1d", BOB)
    assert "In this chat only" in answer.text
    assert not await silenced_in(bot, ANN)
    assert "Everything muted until tomorrow" in await bot.asked("/status", BOB)
    alice.monthly = bob.monthly = 0
    await bot.round()
    await world.told("2 accounts are low on credits")
    bob.monthly = 15_000
    await bot.round()
    await world.told("bob@example.com: 15,000 credits again")
    await bot.quiet()
    assert (world.count("credits", ANN), world.count("low on credits", BOB), world.count("again", BOB)) == (2, 0, 0)
    assert "no messages" not in " ".join(world.telegram.texts(ANN))
    before = len(world.telegram.messages)
    assert await tapped(world, answer, "Unmute") == answer.text.splitlines()[-1]
    await world.told("alice@example.com: out of credits", BOB, after=before)
    await bot.quiet()
    assert world.count("bob@example.com", BOB) == 0, "what came and went in the mute is not told"
    assert not answer.buttons
    assert not await silenced_in(bot, BOB)


async def test_an_ack_holds_in_every_chat_and_the_others_are_told_by_whom(world: World) -> None:
    """One silent line elsewhere; no reminder anywhere; a worse rung ends it; the other chat may undo it."""
    (alice,) = world.accounts("alice", monthly=700)
    bot = await world.host(TELEGRAM_CHAT_IDS=f"{ANN},{BOB},{GROUP}", REMIND_EVERY="30m")
    alert = await world.told("700 credits left", BOB)
    for chat in (ANN, GROUP):
        await world.told("700 credits left", chat)
    await bot.asked("/mute all 1d", ANN)
    assert (await tapped(world, alert, "Ack")).startswith("Acknowledged by Bob")
    await tapped(world, alert, "Ack")
    line = await world.told("acknowledged by Bob", GROUP)
    assert line.text == "⚪ alice@example.com: acknowledged by Bob (credits)"
    assert line.silent
    await bot.quiet()
    assert (world.count("acknowledged by", ANN), world.count("acknowledged by Bob", GROUP)) == (0, 1)
    alice.monthly = 0
    await bot.round()
    worse = await world.told("out of credits", BOB)
    await world.told("out of credits", GROUP)
    await tapped(world, worse, "Ack")
    for _ in range(4):
        await bot.round()
    await bot.quiet()
    assert world.count("still out of credits", BOB) + world.count("still out of credits", GROUP) == 0
    page = await bot.answer("/alerts", GROUP, user_id=ADMIN)
    assert "acknowledged by Bob until " in page.text
    assert "Only administrators" in await tapped(world, page, "Undo ack: alice@example.com", MEMBER)
    assert (await tapped(world, page, "Undo ack: alice@example.com", ADMIN)).startswith("Undone by Ada")
    assert "acknowledged" not in page.text
    await bot.round()
    await bot.round()
    await world.told("still out of credits", BOB)
    await world.told("still out of credits", GROUP)


async def test_an_ack_is_asked_for_again_after_a_day(world: World) -> None:
    """Still critical a day later: every chat hears who was at it, and the ack is over."""
    world.accounts("alice", monthly=0)
    bot = await world.host(TELEGRAM_CHAT_IDS=BOTH, REMIND_EVERY="6h")
    alert = await world.told("out of credits", BOB)
    await tapped(world, alert, "Ack")
    for _ in range(3):
        world.clock.advance(timedelta(hours=7, minutes=30))
        await bot.round(1)
    await bot.quiet()
    assert world.count("still") == 0
    world.clock.advance(timedelta(hours=1))
    for chat in (ANN, BOB):
        await world.told("alice@example.com: acknowledged by Bob yesterday, still out of credits", chat)
    assert "acknowledged" not in await bot.asked("/alerts")
    await bot.round(1)
    await bot.quiet()
    assert world.count("still out of credits") == 1, "the wait for the next reminder has begun anew"


async def test_without_reminders_an_ack_never_lapses(world: World) -> None:
    """REMIND_EVERY 0: whoever acknowledged is asked no more."""
    world.accounts("alice", monthly=0)
    bot = await world.host(TELEGRAM_CHAT_IDS=BOTH, REMIND_EVERY="0")
    await tapped(world, await world.told("out of credits", BOB), "Ack")
    for _ in range(3):
        world.clock.advance(DAY)
        await bot.round(1)
    await bot.quiet()
    assert world.count("still") == 0
    assert "acknowledged by Bob" in await bot.asked("/alerts")


async def test_an_ack_made_without_reminders_lapses_once_there_are_some(world: World) -> None:
    """REMIND_EVERY was 0 and is a day now: the ack begins its day at the start with that setting."""
    world.accounts("alice", monthly=0)
    bot = await world.host(REMIND_EVERY="0")
    await tapped(world, await world.told("out of credits"), "Ack")
    world.clock.advance(2 * DAY)
    await bot.stop()
    before = len(world.telegram.messages)
    bot = await world.host()
    await bot.recorded()
    assert not [one for one in world.telegram.messages[before:] if "out of credits" in one.text]
    world.clock.advance(DAY + timedelta(minutes=1))
    await world.told("acknowledged by Ann", after=before)


async def test_a_mute_of_every_chat_is_told_and_undone_anywhere(world: World) -> None:
    """Who asks for everywhere mutes all chats; the others get one silent line whose button ends it for all."""
    (alice,) = world.accounts("alice")
    bot = await world.host(TELEGRAM_CHAT_IDS=f"{ANN},{GROUP}")
    assert "In every chat" in await bot.asked("/mute alice 2d everywhere")
    line = await world.told("muted in every chat", GROUP)
    assert line.text.startswith("⚪ alice@example.com: muted in every chat by Ann until ")
    assert line.silent
    assert world.count("muted in every chat by", ANN) == 0
    alice.monthly = 0
    await bot.round()
    await bot.quiet()
    assert world.count("out of credits") + world.count("out of credits", GROUP) == 0
    assert "muted in every chat until" in await bot.asked("/status", GROUP)
    assert "Only administrators" in await tapped(world, line, "Unmute", MEMBER)
    assert (await tapped(world, line, "Unmute", ADMIN)).startswith("Undone by Ada")
    for chat in (ANN, GROUP):
        await world.told("out of credits", chat)
    assert await tapped(world, line, "Unmute", ADMIN) if line.buttons else True
    assert "was not muted" in await bot.asked("/unmute alice")


async def test_everything_muted_everywhere_and_unmuted_by_another(world: World) -> None:
    """/unmute ends what holds in its chat, also where another chat asked for it."""
    (alice,) = world.accounts("alice")
    bot = await world.host(TELEGRAM_CHAT_IDS=BOTH)
    await bot.asked("/mute all 2d everywhere", BOB)
    await world.told("Everything: muted in every chat by Bob", ANN)
    alice.monthly = 0
    await bot.round()
    await bot.quiet()
    assert "Nothing is muted now" in await bot.asked("/unmute")
    for chat in (ANN, BOB):
        await world.told("out of credits", chat)


async def test_silences_outlive_a_restart(world: World) -> None:
    """What each chat was told, and its silences, are remembered: nothing is told twice, and the mute still holds."""
    alice, bob = world.accounts("alice", "bob", monthly=700)
    bot = await world.host(TELEGRAM_CHAT_IDS=BOTH)
    for chat in (ANN, BOB):
        await world.told("2 accounts are low on credits", chat)
    await bot.asked("/mute alice 2d", BOB)
    await bot.stop()
    bot = await world.host(TELEGRAM_CHAT_IDS=BOTH)
    alice.monthly = bob.monthly = 0
    before = len(world.telegram.messages)
    await bot.round()
    await world.told("2 accounts are low on credits", after=before)
    await world.told("bob@example.com: out of credits", BOB)
    await bot.quiet()
    assert world.count("alice@example.com: out", BOB) == 0
    assert world.count("2 accounts are low") == 2


async def test_a_topic_that_nobody_named_belongs_to_its_group(world: World) -> None:
    """A mute said in any topic of a group that is told as a whole is the group's."""
    (alice,) = world.accounts("alice")
    bot = await world.host(TELEGRAM_CHAT_IDS=f"{ANN},{GROUP}")
    await bot.asked("/mute@credit_demo_bot all 1d", GROUP, user_id=ADMIN, thread_id=45)
    alice.monthly = 0
    await bot.round()
    await world.told("out of credits")
    await bot.quiet()
    assert world.count("out of credits", GROUP) == 0
