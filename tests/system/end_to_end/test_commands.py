"""What people ask in a chat, and what the buttons do."""

from datetime import timedelta

from bot.simulator.pixverse import Fault
from bot.telegram.text.account_list import BACK, ON
from tests.support.world import ANN, BOB, EVERY, World, until


async def answer_to(world: World, query: str, label: str) -> str:
    """What a person sees after a tap."""
    shown = world.telegram.callback_answers
    await until(lambda: any(answer.query_id == query for answer in shown), f"the tap on {label} is answered")
    return next(answer.text for answer in shown if answer.query_id == query)


async def test_every_command_is_answered(world: World) -> None:
    """/credits, /alerts, /status, /help, /start and /check answer what the contract says."""
    world.accounts("alice", daily=10, package=500)
    world.accounts("bob", monthly=180)
    bot = await world.host(ACCOUNTS="Studio <alice@example.com>, bob@example.com")
    await world.told("180 credits left")
    page = await bot.asked("/credits")
    assert page.splitlines()[0].startswith("13,140 credits · next refill ")
    assert page.splitlines()[1].startswith("2 accounts, 1 needs you")
    assert page.index("bob@example.com") < page.index("Studio"), "the most urgent first"
    card = await bot.asked("/credits studio")
    for words in (
        "Studio (alice@example.com)",
        "12,960 credits of 15,000 (86 %)",
        "monthly 12,450 · daily 10 of 60 · package 500",
        "Premium - Monthly renews",
        "5 jobs at once · 2160p · off-peak price × 0.7",
        "No alerts.",
    ):
        assert words in card
    assert "bob@example.com" in await bot.asked("/credits BO")
    alerts = await bot.asked("/alerts")
    assert "1 alert: 1 warning" in alerts
    assert "low credits (1.2 %), since" in alerts
    status = await bot.asked("/status")
    assert "The bot is well" in status
    assert "2 watched, all readable" in status
    help_text = await bot.asked("/help")
    assert all(f"/{name}" in help_text for name in ("credits", "alerts", "check", "mute", "unmute", "status", "help"))
    assert await bot.asked("/start") == help_text
    looks, messages = world.pixverse.looks(), len(world.telegram.messages)
    assert "Checking 2 accounts now" in await bot.asked("/check")
    await world.told("2 accounts, 1 needs you", after=messages)
    assert world.pixverse.looks() == looks + 2
    (menu,) = world.telegram.commands.values()
    shown = "credits history alerts log check mute unmute pause resume board invite leave reload status help"
    assert " ".join(row["command"] for row in menu) == shown


async def test_wrong_words_get_an_example_that_works(world: World) -> None:
    """A command that is wrong in any way gets an example that works, never silence and never a defect."""
    world.accounts("alice", "alfred")
    bot = await world.host()
    for said, answered in {
        "/credits nobody": "No single account is called “nobody”. Say /credits al",
        "/credits al": "“al” fits 2 accounts. Which one?",
        "/mute": "Say /mute alfred@example.com 2h, or /mute all 30m",
        "/mute alice": "Mute what, and for how long?",
        "/mute alice 2 hourz": "“2 hourz” is not a length of time. Try /mute alice@example.com 2h",
        "/mute alice 2 hours": "“2 hours” is not a length of time. Try /mute alice@example.com 2h",
        "/mute 3h alice": "Try /mute alice@example.com 3h",
        "/mute alice 0s": "“0s” is not a length of time",
        "/mute alice 99999999999999999999d": "is not a length of time",
        "/mute zoe 2h": "No single account is called “zoe”. Say /mute ",
        "/unmute zoe": "No single account is called “zoe”. Say /unmute ",
        "/unmute": "Nothing was muted.",
        "/unmute alice": "alice@example.com was not muted.",
        "/credit": "Did you mean /credits [account]?",
        "/xyzzy": "There is no /xyzzy. /help lists what there is.",
        "/credits \u202e\u0000<b>*_[" + "x" * 3000: "No single account is called",
        "how are you?": "I only know commands.",
        "/": "I only know commands.",
    }.items():
        assert answered in await bot.asked(said), said


async def test_a_mute_withholds_and_its_end_tells_what_was_withheld(world: World) -> None:
    """No messages while muted, state goes on; the end of the mute, by time or by hand, tells what was never told."""
    alice, bob = world.accounts("alice", "bob")
    bot = await world.host()
    assert "alice@example.com is muted until" in await bot.asked("/mute alice 40m")
    alice.monthly = bob.monthly = 180
    await bot.round()
    await world.told("bob@example.com: 180 credits left")
    await bot.quiet()
    assert not world.count("alice@example.com: 180")
    assert "muted" in await bot.asked("/credits")
    assert "muted until" in await bot.asked("/alerts")
    for _ in range(2):
        await bot.round()
    await world.told("alice@example.com: 180 credits left")
    assert "Everything is muted until" in await bot.asked("/mute all 1d")
    alice.monthly, bob.monthly = 15000, 0
    await bot.round()
    await bot.quiet()
    said = len(world.telegram.texts(ANN))
    await bot.asked("/unmute")
    await world.told("bob@example.com: out of credits", after=said)
    await world.told("alice@example.com: 15,000 credits again", after=said)


async def test_an_ack_holds_until_recovery_or_the_next_worse_rung(world: World) -> None:
    """Ack: the message says who did what, reminders stop, a worse rung is told, and so is the recovery."""
    (alice,) = world.accounts("alice", monthly=180)
    bot = await world.host(TELEGRAM_CHAT_IDS=f"{ANN},{BOB}", REMIND_EVERY="30m")
    alert = await world.told("180 credits left")
    world.telegram.tap(alert, "Ack")
    await until(lambda: bool(alert.edits), "the message says who did it")
    assert alert.text.splitlines()[-1].startswith("Acknowledged by Ann, ")
    assert "Undo ack" in alert.labels
    await until(lambda: bool(world.telegram.callback_answers), "the tap is answered")
    assert world.telegram.callback_answers[-1].text.startswith("Acknowledged by Ann")
    assert "acknowledged by Ann" in await bot.asked("/alerts", BOB)
    alice.monthly = 0
    await bot.round()
    worse = await world.told("out of credits")
    world.telegram.tap(worse, "Ack")
    await until(lambda: bool(worse.edits), "the second is acknowledged too")
    for _ in range(4):
        await bot.round()
    await bot.quiet()
    assert (world.count("out of credits"), world.count("out of credits", BOB)) == (1, 1)
    alice.monthly = 15000
    await bot.round()
    await world.told("15,000 credits again")
    world.telegram.tap(worse, "Snooze 1 h")
    await until(lambda: "This alert is over" in world.telegram.callback_answers[-1].text, "an old button says so")


async def test_a_snooze_ends_and_the_reminders_go_on(world: World) -> None:
    """A snoozed critical alert is not reminded of before its hour is over, and is afterwards."""
    world.accounts("alice", monthly=0)
    bot = await world.host(REMIND_EVERY="30m")
    alert = await world.told("out of credits")
    world.telegram.tap(alert, "Snooze 1 h")
    await until(lambda: bool(alert.edits), "the message says who did it")
    assert "Snoozed by Ann until" in alert.text
    for _ in range(3):
        await bot.round()
    await bot.quiet()
    assert world.count("still out of credits") == 0
    for _ in range(3):
        await bot.round()
    await world.told("still out of credits")


async def test_a_tap_on_another_chats_alert_gets_nothing(world: World) -> None:
    """A lead id of another chat, or of none, silences nothing and shows nothing."""
    world.accounts("alice", monthly=0)
    bot = await world.host()
    alert = await world.told("out of credits")
    assert "This chat's id" in await bot.asked("/start", BOB)
    await bot.stop()
    bot = await world.host(TELEGRAM_CHAT_IDS=f"{ANN},{BOB}")
    await world.told("out of credits", BOB)
    bobs = await bot.answer("/help", BOB)
    forged = [f"ack:{lead}" for lead in ("1", "0", "999999999999999999", "-1", "1;2", "٣", "")]
    bobs.buttons = [[(data, data) for data in (*forged, alert.data_of("Ack"), alert.data_of("Credits"), "ack")]]
    for label, data in bobs.buttons[0]:
        query = world.telegram.tap(bobs, data)
        assert "no longer works" in await answer_to(world, query, label)
    assert not bobs.edits
    assert "acknowledged" not in await bot.asked("/alerts")


async def test_the_credits_button_and_the_pages_of_many(world: World) -> None:
    """Below an alert: the accounts it named. A long list turns its pages and is refreshed in place."""
    accounts = world.accounts(*(f"account{number:02}" for number in range(45)))
    accounts[7].monthly = 0
    bot = await world.host()
    alert = await world.told("account07@example.com: out of credits")
    before = len(world.telegram.messages)
    world.telegram.tap(alert, "Credits")
    card = await world.told("account07@example.com", after=before)
    assert "0 credits of 15,000" in card.text
    page = await bot.answer("/credits")
    assert "page 1 of 3" in page.text
    assert page.text.splitlines()[2].startswith("🔴 account07@example.com · 0")
    world.telegram.tap(page, f"2/3 {ON}")
    await until(lambda: "page 2 of 3" in page.text, "the page is turned")
    world.telegram.tap(page, f"3/3 {ON}")
    await until(lambda: "page 3 of 3" in page.text, "the page is turned again")
    assert f"{BACK} 2/3" in page.labels
    accounts[44].monthly = 13000
    world.clock.advance(timedelta(minutes=2))
    world.telegram.tap(page, "Refresh")
    await until(lambda: "13,000" in page.text, "the numbers are read afresh")
    assert len(world.telegram.messages) == before + 2


async def test_credits_looks_afresh_only_where_a_number_is_old(world: World) -> None:
    """/credits looks again when a number is over a minute old; what then fails is shown as last known, with its age."""
    (alice, bob) = world.accounts("alice", "bob")
    bot = await world.host()
    alice.monthly = 9000
    assert "12,450" in await bot.asked("/credits alice")
    world.clock.advance(timedelta(minutes=2))
    assert "9,000" in await bot.asked("/credits alice")
    assert "12,450" in await bot.asked("/credits bob"), "read, and saved, whether its place in the interval came or not"
    world.pixverse.fail(Fault(503, {"error": "PixVerse is away"}), bob.email)
    world.clock.advance(timedelta(minutes=5))
    text = await bot.asked("/credits")
    assert "unknown · last 12,450 at" in text
    assert "5 min ago: unavailable" in text
    assert "PixVerse is away" in await bot.asked("/credits bob")
    world.clock.advance(EVERY)
