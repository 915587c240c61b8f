"""Who may ask, and who may change things."""

from bot.simulator.telegram.service import SimulatedChat
from tests.support.world import ADMIN, ANN, BOB, CREATOR, GROUP, MEMBER, World, until

STRANGER = 99


async def handled(world: World) -> None:
    """Wait until the bot has taken everything that people did, and answered what came last."""
    await until(lambda: not world.telegram.pending_updates, "all updates are taken")


async def test_a_stranger_gets_nothing_but_their_own_chat_id_from_start(world: World) -> None:
    """Nobody outside the allowed chats learns anything or changes anything, by words or by forged taps."""
    world.telegram.add_chat(SimulatedChat(STRANGER, title="Mallory"))
    world.accounts("alice", monthly=0)
    bot = await world.host()
    alert = await world.told("out of credits")
    assert (await bot.asked("/start", STRANGER)).startswith(f"This chat's id is {STRANGER}.\n")
    for text in ("/credits", "/mute all 1d", "/status", "/check", "hello", "/help", "/start@somebody_else_bot", "/"):
        world.telegram.say(STRANGER, text)
    own = world.telegram.messages[-1]
    stolen = [data for row in alert.buttons for _, data in row]
    own.buttons = [[(data, data) for data in (*stolen, "refresh:0", "page:0", "alerts:0", "ack:1 or 1=1", "nonsense")]]
    for _, data in own.buttons[0]:
        world.telegram.tap(own, data)
    await handled(world)
    assert "none needs you" not in await bot.asked("/credits", ANN)
    assert "muted" not in await bot.asked("/alerts", ANN)
    assert len(world.telegram.texts(STRANGER)) == 1
    assert not own.edits
    assert all(not answer.text or "no longer works" in answer.text for answer in world.telegram.callback_answers)


async def test_in_a_group_only_administrators_may_change_things(world: World) -> None:
    """A member may ask and is told politely that muting is not theirs; an administrator, also an anonymous one, may."""
    world.accounts("alice")
    bot = await world.host(TELEGRAM_CHAT_IDS=GROUP)
    assert "12,450" in await bot.asked("/credits", GROUP, user_id=MEMBER)
    refused = await bot.asked("/mute alice 2h", GROUP, user_id=MEMBER)
    assert refused == "Only administrators of this group can mute. /alerts shows what is firing."
    assert "No longer" not in await bot.asked("/unmute", GROUP, user_id=MEMBER)
    for who in ({"user_id": ADMIN}, {"user_id": CREATOR}, {"anonymous": True}):
        assert "alice@example.com is muted until" in await bot.asked("/mute alice 2h", GROUP, **who)
    assert "muted by Cleo" not in await bot.asked("/alerts", GROUP, user_id=MEMBER)


async def test_named_administrators_take_the_place_of_the_groups(world: World) -> None:
    """With TELEGRAM_ADMIN_IDS only those may change things from a group; the owner of a private chat always may."""
    world.accounts("alice")
    bot = await world.host(TELEGRAM_CHAT_IDS=f"{GROUP},{ANN}", TELEGRAM_ADMIN_IDS=MEMBER)
    assert "is muted until" in await bot.asked("/mute alice 2h", GROUP, user_id=MEMBER)
    for who in ({"user_id": ADMIN}, {"user_id": CREATOR}, {"anonymous": True}):
        assert "Only administrators" in await bot.asked("/mute alice 2h", GROUP, **who)
    assert "is muted until" in await bot.asked("/mute alice 2h", ANN)


async def test_a_members_tap_changes_nothing_and_an_administrators_does(world: World) -> None:
    """The buttons below an alert are for those who may change things; the credits button is for everybody."""
    world.accounts("alice", monthly=0)
    bot = await world.host(TELEGRAM_CHAT_IDS=GROUP)
    alert = await world.told("out of credits", GROUP)
    world.telegram.tap(alert, "Ack", MEMBER)
    await until(lambda: bool(world.telegram.callback_answers), "the tap is answered")
    assert "Only administrators" in world.telegram.callback_answers[-1].text
    assert not alert.edits
    world.telegram.tap(alert, "Credits", MEMBER)
    await world.told("0 credits of 15,000", GROUP)
    world.telegram.tap(alert, "Snooze 1 h", ADMIN)
    await until(lambda: bool(alert.edits), "the message says who did it")
    assert "Snoozed by Ada until" in alert.text
    assert "snoozed until" in await bot.asked("/alerts", GROUP, user_id=MEMBER)


async def test_a_topic_is_told_and_asks_and_the_other_topics_do_not(world: World) -> None:
    """``-100…/45`` names one topic: alerts go there, questions are answered there, and nowhere else in the group."""
    world.accounts("alice", monthly=180)
    bot = await world.host(TELEGRAM_CHAT_IDS=f"{GROUP}/45")
    alert = await world.told("180 credits left", GROUP)
    assert alert.thread_id == 45
    before = len(world.telegram.messages)
    for topic in (46, None):
        world.telegram.say(GROUP, "/credits", MEMBER, topic)
        world.telegram.say(GROUP, "/mute all 1d", ADMIN, topic)
    await handled(world)
    answer = await bot.answer("/credits", GROUP, user_id=MEMBER, thread_id=45)
    assert answer.thread_id == 45
    assert "180 credits" in answer.text
    assert len(world.telegram.messages) == before + 1
    world.telegram.tap(alert, "Ack", ADMIN)
    await until(lambda: bool(alert.edits), "the tap works in the topic")


async def test_nobody_is_told_while_no_chat_is_named_and_start_tells_the_id(world: World) -> None:
    """An empty TELEGRAM_CHAT_IDS is allowed, said loudly with a link, and /start answers what belongs into it."""
    world.accounts("alice", monthly=0)
    bot = await world.host(TELEGRAM_CHAT_IDS="")
    await bot.logged("No chat is paired yet: alerts go nowhere. Open https://t.me/credit_demo_bot?start=")
    assert f"This chat's id is {BOB}." in await bot.asked("/start", BOB)
    world.telegram.say(BOB, "/credits")
    await handled(world)
    await bot.round()
    assert len(world.telegram.messages) == 1
