"""Data of buttons and codes of links: what is forged, foreign, old or used gets nothing, through the whole bot."""

import re
import sqlite3
from contextlib import closing

import pytest

from bot.simulator.telegram.service import SimulatedMessage
from tests.support.world import ADMIN, ANN, BOB, CREATOR, GROUP, MEMBER, HostedBot, World, until

GONE = "This button no longer works. /alerts shows what is firing."
ADMINS_ONLY = "Only administrators of this group can acknowledge alerts."
TOPICS = f"""
[[source]]
name = "studio"
chats = ["{GROUP}/45"]
[[source.account]]
email = "alice@example.com"
[[source.account]]
email = "bob@example.com"
chats = ["{GROUP}/46"]
"""


def ack_of(message: SimulatedMessage) -> str:
    """The data of a message's first button."""
    return message.buttons[0][0][1]


async def tapped(world: World, message: SimulatedMessage, data: str, user: int | None = None) -> str:
    """Taps, with any data, as a forged client can; gives the notice that the person sees."""
    message.buttons = [*message.buttons, [("forged", data)]]
    query = world.telegram.tap(message, data, user)
    message.buttons = message.buttons[:-1]

    def answered() -> bool:
        return any(answer.query_id == query for answer in world.telegram.callback_answers)

    await until(answered, "the tap is answered")
    return next(answer.text for answer in world.telegram.callback_answers if answer.query_id == query)


async def is_silenced(bot: HostedBot, chat_id: int = ANN, **who: int) -> bool:
    """Whether anything is acknowledged or snoozed, as /alerts tells it."""
    said = await bot.asked("/alerts", chat_id, **who)
    assert "out of credits" in said, said
    return "acknowledged" in said.lower() or "snoozed" in said.lower()


async def alarmed(world: World, chats: str, where: int = ANN) -> tuple[HostedBot, SimulatedMessage]:
    """A bot that has told of one empty account."""
    world.accounts("alice", monthly=0)
    bot = await world.host(TELEGRAM_CHAT_IDS=chats)
    return bot, await world.told("out of credits", where)


@pytest.mark.parametrize(
    "data",
    ["ack:999999", "ack:0", "ack:-1", "ack:1 OR 1=1", "ack:1;DROP TABLE outbox", "ack:\u0661", "snooze9d:1", "", ":"],
)
async def test_forged_numbers_and_words_get_nothing(world: World, data: str) -> None:
    """Numbers that no message has, and texts of any other kind, are answered in words alone."""
    await gets_nothing(world, data)


@pytest.mark.parametrize(
    "data", ["silence:1", f"ack:{10**18 - 1}", f"ack:{10**59}", "leave:1", "mute:all", "refresh:../../etc", "page:-1"]
)
async def test_forged_verbs_and_places_get_nothing(world: World, data: str) -> None:
    """Verbs that no button has, and numbers and places beyond all bounds, are answered in words alone."""
    await gets_nothing(world, data)


async def gets_nothing(world: World, data: str) -> None:
    """Sends the data below an alert that fires; nothing comes of it."""
    bot, alert = await alarmed(world, f"{ANN}")
    assert await tapped(world, alert, data) == GONE
    assert not alert.edits
    assert not await is_silenced(bot)


async def test_another_chats_number_gets_nothing(world: World) -> None:
    """The data of Ann's alert, sent from a message in Bob's chat or in a group, silences nothing, and the other way."""
    bot, alert = await alarmed(world, f"{ANN},{BOB},{GROUP}")
    bobs, groups = await world.told("out of credits", BOB), await world.told("out of credits", GROUP)
    assert len({ack_of(one) for one in (alert, bobs, groups)}) == 3
    for message, data, who in (
        (bobs, ack_of(alert), BOB),
        (groups, ack_of(alert), ADMIN),
        (alert, ack_of(groups), ANN),
    ):
        assert await tapped(world, message, data, who) == GONE
    assert not await is_silenced(bot)


OVER = "This silence is over. /alerts shows what is firing."


PAUSE_OVER = "This pause is over. /alerts shows what is paused."


def mutes(world: World) -> list[int]:
    """The numbers of the silences there are."""
    with closing(sqlite3.connect(world.database)) as connection:
        return [number for (number,) in connection.execute("SELECT id FROM silences ORDER BY id")]


async def test_another_chats_silence_is_not_undone(world: World) -> None:
    """The number of a mute or a snooze of another chat, of none, or of one that is over, ends nothing."""
    bot, alert = await alarmed(world, f"{ANN},{BOB}")
    bobs = await world.told("out of credits", BOB)
    await bot.asked("/mute alice 1h", BOB)
    assert (await tapped(world, bobs, ack_of(bobs).replace("ack", "snooze1d"))).startswith("Snoozed by Bob")
    there = mutes(world)
    assert len(there) == 2
    for number in (*there, 0, 999, 10**17):
        for verb in ("undo", "end"):
            assert await tapped(world, alert, f"{verb}:{number}") == OVER
    for data in ("undo:", "undo:-1", f"undo:{10**18}", "undo:1 OR 1=1", "end:all"):
        assert await tapped(world, alert, data) == GONE
    assert mutes(world) == there
    assert (await tapped(world, bobs, f"undo:{there[0]}")).startswith("Undone by Bob")
    assert await tapped(world, bobs, f"undo:{there[0]}") == OVER
    assert mutes(world) == there[1:]


async def test_a_silence_of_every_chat_is_undone_by_who_sees_it_alone(world: World) -> None:
    """A mute of every chat and an ack may be ended where its account is told, and in no other topic of the group."""
    (world.folder / "accounts.toml").write_text(TOPICS)
    world.accounts("alice", "bob", monthly=0)
    bot = await world.host(ACCOUNTS_FILE=world.folder / "accounts.toml", TELEGRAM_CHAT_IDS="")
    alices = await world.told("alice@example.com: out of credits", GROUP)
    bobs = await world.told("bob@example.com: out of credits", GROUP)
    await bot.asked("/mute@credit_demo_bot alice 1h everywhere", GROUP, user_id=ADMIN, thread_id=45)
    assert (await tapped(world, alices, ack_of(alices), ADMIN)).startswith("Acknowledged")
    there = mutes(world)
    for number in there:
        assert await tapped(world, bobs, f"undo:{number}", ADMIN) == OVER
    assert (await tapped(world, alices, f"undo:{there[0]}", MEMBER)).startswith("Only administrators of this group")
    assert mutes(world) == there
    for number in there:
        assert (await tapped(world, alices, f"undo:{number}", ADMIN)).startswith("Undone by Ada")
    assert mutes(world) == []


async def test_a_pause_is_ended_by_who_sees_its_account_alone(world: World) -> None:
    """Its number, tapped in a topic that is told of other accounts, by a member, or made up, ends nothing."""
    (world.folder / "accounts.toml").write_text(TOPICS)
    world.accounts("alice", "bob", monthly=0)
    bot = await world.host(ACCOUNTS_FILE=world.folder / "accounts.toml", TELEGRAM_CHAT_IDS="")
    alices = await world.told("alice@example.com: out of credits", GROUP)
    bobs = await world.told("bob@example.com: out of credits", GROUP)
    answer = await bot.answer("/pause@credit_demo_bot alice 1h", GROUP, user_id=ADMIN, thread_id=45)
    assert "is paused until" in answer.text
    resume = ack_of(answer)
    number = resume.partition(":")[2]
    for verb in ("resume", "endpause"):
        assert await tapped(world, bobs, f"{verb}:{number}", ADMIN) == PAUSE_OVER
        assert (await tapped(world, alices, f"{verb}:{number}", MEMBER)).startswith("Only administrators of this group")
        for made_up in (0, 999, 10**17):
            assert await tapped(world, alices, f"{verb}:{made_up}", ADMIN) == PAUSE_OVER
        for data in (f"{verb}:", f"{verb}:-1", f"{verb}:{10**18}", f"{verb}:1 OR 1=1", f"{verb}:all"):
            assert await tapped(world, alices, data, ADMIN) == GONE
    card = await bot.answer("/credits@credit_demo_bot alice", GROUP, user_id=ADMIN, thread_id=45)
    ((_, unpause),) = [one for row in card.buttons for one in row if one[1].startswith("unpause")]
    assert await tapped(world, bobs, unpause, ADMIN) == GONE
    assert (await tapped(world, card, unpause, MEMBER)).startswith("Only administrators of this group")
    for line in (bobs, card):
        assert await tapped(world, line, "unpause:0123456789ab", ADMIN) == GONE
    assert world.pixverse.looks("alice@example.com") == 1
    assert (await tapped(world, answer, resume, ADMIN)).startswith("Resumed by Ada")
    await until(lambda: world.pixverse.looks("alice@example.com") == 2, "it is looked at again")


async def test_a_stranger_who_sends_our_data_gets_nothing(world: World) -> None:
    """From a chat that is not allowed even the right number is answered without a word."""
    bot, alert = await alarmed(world, f"{ANN}")
    world.telegram.say(BOB, "/start")
    own = await world.told("This chat's id is", BOB)
    for verb in ("ack", "credits", "snooze1h", "undo", "end", "resume", "endpause", "unpause"):
        assert await tapped(world, own, f"{verb}:{ack_of(alert).partition(':')[2]}", BOB) == ""
    assert world.telegram.texts(BOB) == [own.text]
    assert not await is_silenced(bot)


async def test_a_member_with_the_right_number_may_look_and_not_silence(world: World) -> None:
    """Who is no administrator may see the credits that the group was told of, and acknowledge nothing."""
    bot, alert = await alarmed(world, f"{GROUP}", GROUP)
    assert (await tapped(world, alert, ack_of(alert), MEMBER)).startswith(ADMINS_ONLY)
    assert not await is_silenced(bot, GROUP, user_id=MEMBER)
    assert (await tapped(world, alert, ack_of(alert), CREATOR)).startswith("Acknowledged by Cleo")


async def test_a_number_of_another_topic_gets_nothing(world: World) -> None:
    """A group's topics may be told of different accounts: one's data from another shows and silences nothing there."""
    (world.folder / "accounts.toml").write_text(TOPICS)
    world.accounts("alice", "bob", monthly=0)
    bot = await world.host(ACCOUNTS_FILE=world.folder / "accounts.toml", TELEGRAM_CHAT_IDS="")
    alices = await world.told("alice@example.com: out of credits", GROUP)
    bobs = await world.told("bob@example.com: out of credits", GROUP)
    assert (alices.thread_id, bobs.thread_id) == (45, 46)
    for data in (ack_of(alices), ack_of(alices).replace("ack", "credits"), ack_of(alices).replace("ack", "snooze1d")):
        assert await tapped(world, bobs, data, ADMIN) == GONE
    assert not await is_silenced(bot, GROUP, user_id=ADMIN, thread_id=45)
    assert "alice" not in " ".join(one.text for one in world.telegram.messages if one.thread_id == 46)
    assert (await tapped(world, alices, ack_of(alices), ADMIN)).startswith("Acknowledged")


async def test_a_chat_that_is_no_longer_told_cannot_silence(world: World) -> None:
    """After a reload gave an account to other chats, the old message's buttons there get nothing."""
    file = world.folder / "accounts.toml"
    file.write_text(
        f'[[source]]\nname = "s"\nchats = [{ANN}, {BOB}]\n[[source.account]]\nemail = "alice@example.com"\n'
    )
    world.accounts("alice", monthly=0)
    bot = await world.host(ACCOUNTS_FILE=file, TELEGRAM_CHAT_IDS=f"{ANN},{BOB}")
    old = await world.told("out of credits", BOB)
    file.write_text(f'[[source]]\nname = "s"\nchats = [{ANN}]\n[[source.account]]\nemail = "alice@example.com"\n')
    await bot.asked("/reload", ANN)
    assert await tapped(world, old, ack_of(old), BOB) == GONE
    assert not await is_silenced(bot)


async def test_an_old_alerts_button_silences_no_new_episode(world: World) -> None:
    """Replayed after its episode has ended, and after another one began, the data of an alert does nothing."""
    (alice,) = world.accounts("alice", monthly=0)
    bot = await world.host()
    old = await world.told("out of credits")
    alice.monthly = 15_000
    await bot.round()
    recovered = await world.told("credits again")
    assert await tapped(world, old, ack_of(old)) == "This alert is over; there is nothing to silence."
    alice.monthly = 0
    await bot.round()
    await world.told("out of credits", after=world.telegram.messages.index(recovered))
    assert await tapped(world, old, ack_of(old)) == "This alert is over; there is nothing to silence."
    assert not await is_silenced(bot)
    assert not any("Acknowledged" in edit.text for edit in old.edits)  # that it is over may stand there by now


async def test_a_tap_twice_is_one_silence(world: World) -> None:
    """Two taps on one button, one after the other or at once, leave one ack, and one line below the message."""
    bot, alert = await alarmed(world, f"{ANN}")
    for _ in range(2):
        world.telegram.tap(alert, ack_of(alert))
    await until(lambda: len(world.telegram.callback_answers) == 2, "both are answered")
    assert await is_silenced(bot)
    assert alert.text.count("Acknowledged by") == 1
    with closing(sqlite3.connect(world.database)) as connection:
        assert connection.execute("SELECT count(*) FROM silences").fetchone() == (1,)


async def test_a_button_below_another_bots_message_is_none_of_ours(world: World) -> None:
    """The data of our alert, copied below a message that another bot wrote into the same chat, does nothing."""
    bot, alert = await alarmed(world, f"{GROUP}", GROUP)
    telegram = world.telegram._world
    copy = telegram.message_json(alert) | {"from": {"id": 67, "is_bot": True, "first_name": "Evil"}}
    query = telegram.open_query()
    person = telegram.user(ADMIN)
    content = {"id": query, "from": person, "chat_instance": "x", "message": copy, "data": ack_of(alert)}
    telegram.updates.push("callback_query", content)
    await until(lambda: bool(world.telegram.callback_answers), "the tap is answered")
    assert world.telegram.callback_answers[-1].text == GONE
    assert not await is_silenced(bot, GROUP, user_id=ADMIN)


async def test_a_topic_of_some_accounts_may_not_invite(world: World) -> None:
    """Only where all accounts are told may an invitation be had: not in another topic of the same group."""
    (world.folder / "accounts.toml").write_text(TOPICS)
    world.accounts("alice", "bob")
    bot = await world.host(ACCOUNTS_FILE=world.folder / "accounts.toml", TELEGRAM_CHAT_IDS=f"{GROUP}/44")
    await world.telegram.wait_for(lambda _: world.count("credit-bot watches", GROUP) == 2)  # and no answer is that
    refused = await bot.asked("/invite", GROUP, user_id=ADMIN, thread_id=46)
    assert refused == "Only a chat that sees every account can invite another one."
    assert "?start=" in await bot.asked("/invite", GROUP, user_id=ADMIN, thread_id=44)


async def test_a_code_is_worth_nothing_once_used_or_shown_in_part(new_world: World) -> None:
    """A code replayed by another chat, by the same after it left, cut, longer or in other letters lets nobody in."""
    world = new_world
    world.accounts("alice")
    bot = await world.host(TELEGRAM_CHAT_IDS="")
    await bot.logged("?start=")
    code = re.findall(r"\?start=([\w-]+)", bot.log)[0]
    for wrong in (code[:-1], f"{code}A", code.swapcase(), code[::-1]):
        world.telegram.say(BOB, f"/start {wrong}")
    await bot.asked(f"/start {code}", ANN)
    world.telegram.say(BOB, f"/start {code}")
    assert "no longer paired" in await bot.asked("/leave", ANN)
    world.telegram.say(ANN, f"/start {code}")
    await until(lambda: not world.telegram.pending_updates, "all is taken")
    assert f"This chat's id is {ANN}" in await bot.asked("/start", ANN)
    assert world.telegram.texts(BOB) == []
