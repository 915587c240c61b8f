"""Short replies, word for word."""

from dataclasses import replace
from datetime import timedelta

from bot.domain.alerts import AlertRule, Silence, SilenceKind
from bot.domain.chats import Chat
from bot.domain.clock_step import ClockStep
from bot.domain.health import RefusedChat
from bot.telegram.text import replies
from bot.telegram.text.alert_list import Acted, format_silence
from bot.telegram.text.layout import LONGEST_MESSAGE, Button
from bot.telegram.text.replies import Status
from bot.telegram.text.sanitize import utf16_len
from tests.support.given import NOW, UTC_ZONE, ago

WELL = Status(
    version="0.1.0",
    uptime=timedelta(days=3, hours=4),
    check_every=timedelta(minutes=15),
    watched=12,
    last_round_at=ago(minutes=2),
    last_delivery_at=ago(minutes=15),
)


def test_status_of_a_bot_that_is_well() -> None:
    """Last round, accounts, outbox, polling, uptime, version."""
    assert replies.status_message(WELL, NOW, UTC_ZONE).text.split("\n") == [
        "🟢 The bot is well · up 3 d 4 h",
        "Last round: 14:01, 2 min ago (one every 15 min)",
        "Accounts: 12 watched, all readable",
        "Messages: none waiting, last delivered 13:48",
        "Telegram polling: working",
        "Version 0.1.0",
    ]


def test_status_of_a_bot_that_is_not() -> None:
    """What is wrong comes first, in words."""
    ill = Status(
        version="0.1.0",
        uptime=timedelta(minutes=1),
        check_every=timedelta(minutes=15),
        watched=12,
        failing=("Studio", "Loop"),
        waiting=3,
        oldest_waiting=timedelta(minutes=5),
        refused=(
            RefusedChat(
                Chat(123), "Forbidden: bot was blocked by the user", NOW - timedelta(minutes=43), NOW.replace(minute=35)
            ),
        ),
        polling="another bot polls with the same token",
        problems=("No round ended for 45 min.",),
    )
    assert replies.status_message(ill, NOW, UTC_ZONE).text.split("\n") == [
        "🔴 2 problems · up 1 min",
        "Problem: No round ended for 45 min.",
        "Cannot write to chat 123: Forbidden: bot was blocked by the user, since 13:20, next try 14:35",
        "Last round: none yet, one every 15 min",
        "Accounts: 12 watched, 2 cannot be read: Studio, Loop",
        "Messages: 3 waiting, the oldest for 5 min",
        "Telegram polling: another bot polls with the same token",
        "Version 0.1.0",
    ]


def test_status_while_a_chat_that_refused_is_still_owed_something() -> None:
    """It takes messages again, and has not been told everything: that is no bot that is well, and no 503."""
    catching_up = Status(
        version="0.1.0",
        uptime=timedelta(hours=1),
        check_every=timedelta(minutes=15),
        watched=12,
        waiting=2,
        backlog=timedelta(minutes=25),
    )
    assert replies.status_message(catching_up, NOW, UTC_ZONE).text.split("\n")[:2] == [
        "🟠 1 problem · up 1 h",
        "A message has waited 25 min for a chat that takes messages again. It follows.",
    ]


def test_status_while_the_database_cannot_be_read() -> None:
    """What is not known is said to be so: no 0, no "none yet"."""
    blind = Status(
        version="0.1.0",
        uptime=timedelta(minutes=1),
        check_every=timedelta(minutes=15),
        watched=None,
        waiting=None,
        problems=("the database is damaged: stop the bot",),
    )
    assert replies.status_message(blind, NOW, UTC_ZONE).text.split("\n") == [
        "🔴 1 problem · up 1 min",
        "Problem: the database is damaged: stop the bot",
        "Rounds, accounts and messages are not known while the database cannot be read.",
        "Telegram polling: working",
        "Version 0.1.0",
    ]


def test_status_names_a_step_of_the_clock() -> None:
    """By how much and when, in one line; nothing is wrong for that."""
    back = ClockStep(timedelta(hours=-2), ago(minutes=10))
    off = ClockStep(timedelta(days=3), ago(minutes=10), while_off=True)
    lines = [replies.status_message(replace(WELL, clock_step=step), NOW, UTC_ZONE).text for step in (back, off)]
    assert "\nThe clock was set back by 2 h at 13:53\n" in lines[0]
    assert "\nThe clock was set forward by 3 d while the bot was off\n" in lines[1]
    assert all(text.startswith("🟢 The bot is well") for text in lines)


def test_status_is_red_while_an_alert_has_reached_nobody() -> None:
    """Colour and words say that nobody can be told."""
    blind = replace(WELL, nobody_told=True, problems=("an alert has reached nobody for 5 min",))
    assert replies.status_message(blind, NOW, UTC_ZONE).text.startswith("🔴 1 problem")


def test_help() -> None:
    """Every command of the table with its line, and how accounts are named."""
    assert replies.help_message([("/credits [account]", "every account"), ("/check", "a round now")]).text.split(
        "\n"
    ) == [
        "Ask me",
        "/credits [account] – every account",
        "/check – a round now",
        "An account goes by its label or email, or any part of one that fits no other.",
    ]


MUTE = Silence(SilenceKind.ACCOUNT, "pixverse:a@b.c", until=NOW + timedelta(hours=2), by="Bob", chat=Chat(7), id=9)
ALL = Silence(SilenceKind.ALL, until=NOW + timedelta(hours=2), by="Bob", id=10)


def test_muting() -> None:
    """Whom, until when, where, and a button that ends it."""
    message = replies.muted_message("Studio", MUTE, NOW, UTC_ZONE)
    assert message.text == (
        "Studio is muted until today 16:03 (2 h).\n"
        "In this chat only; the others still get messages. Checks go on. Open problems are reported when the mute ends."
    )
    assert message.buttons == ((Button("Unmute", "undo:9"),),)
    assert replies.muted_message(None, ALL, NOW, UTC_ZONE).text == (
        "Everything is muted until today 16:03 (2 h).\n"
        "In every chat; the others got a message. Checks go on. Open problems are reported when the mute ends."
    )


def test_unmuting() -> None:
    """Messages come again; or there was nothing to end, and what still holds is named."""

    def said(name: str | None, *ended: Acted, left: tuple[Acted, ...] = ()) -> str:
        return replies.unmuted_message(name, ended, left, NOW, UTC_ZONE).text

    studio = Acted((MUTE,), ("Studio",))
    assert said("Studio", studio) == "Studio is no longer muted. /alerts shows what is firing."
    assert said(None, studio) == "Nothing is muted now. /alerts shows what is firing."
    assert said(None) == "Nothing was muted."
    assert said("Studio", left=(Acted((ALL,)),)) == (
        "Studio has no mute of its own:\nEverything muted in every chat until today 16:03 by Bob"
    )


def test_status_names_the_silences_of_its_chat() -> None:
    """Who and until when, and many are bounded."""
    status = replies.Status("1", timedelta(hours=1), timedelta(minutes=15), 1, silences=(Acted((MUTE,), ("Studio",)),))
    assert replies.status_message(status, NOW, UTC_ZONE).text.split("\n")[-3:-1] == [
        "Silenced here:",
        "Studio · muted until today 16:03 by Bob",
    ]
    many = replace(status, silences=status.silences * 50)
    assert "And 30 more." in replies.status_message(many, NOW, UTC_ZONE).text


def test_wrong_words_get_an_example_that_works() -> None:
    """What was wrong, and what is right."""
    assert replies.which_account(["Ads", "Loop"]).text == "Which account? Say /credits Ads, or one of: Ads, Loop."
    assert replies.which_account(["Ads", "Loop"], "xy", "/mute {} 2h").text == (
        "No single account is called “xy”. Say /mute Ads 2h, or one of: Ads, Loop."
    )
    assert replies.which_account([]).text == "No account is watched yet. /check asks for accounts now."


def test_many_names_are_bounded() -> None:
    """A fleet's names do not fill the screen; whatever was typed is echoed safely."""
    text = replies.which_account([f"account-{number}" for number in range(500)], "\u202e*x*\n" * 999).text
    assert text.endswith(", ….")
    assert utf16_len(text) < 900 < LONGEST_MESSAGE
    assert "\u202e" not in text
    assert "\n" not in text


def test_strangers_learn_their_own_id_only() -> None:
    """Nothing about accounts, the bot or its people."""
    assert replies.stranger_start(Chat(-100123)).text == (
        "This chat's id is -100123.\nIf the bot is yours, put it into TELEGRAM_CHAT_IDS and restart the bot."
    )
    assert [one.kind for one in replies.stranger_start(Chat(-100123)).entities] == ["code"]
    assert replies.stranger_start(Chat(-100123, 45)).text.startswith("This chat's id is -100123/45.\n")


def test_access() -> None:
    """Who may, and what one may still ask."""
    assert replies.not_allowed("mute").text == (
        "Only administrators of this group can mute. /alerts shows what is firing."
    )


def test_taps_are_noted() -> None:
    """Who did what, and until when it holds."""
    assert replies.acked_note("Ann", NOW, NOW, UTC_ZONE) == (
        "Acknowledged by Ann, 14:03: quiet in every chat until it recovers or gets worse."
    )
    assert replies.snoozed_note("Ann", NOW + timedelta(hours=1), NOW, UTC_ZONE) == (
        "Snoozed by Ann until today 15:03: quiet in this chat unless it gets worse."
    )


def test_what_an_older_version_silenced_is_noted_as_it_holds() -> None:
    """Its snoozes hold in every chat, and when its acks were made is not known: no other moment stands for that."""
    about = ("a", AlertRule.CREDITS)
    snooze = Silence(SilenceKind.SNOOZE, *about, until=NOW + timedelta(hours=1), by="Ann")
    assert replies.silence_note(snooze, NOW, UTC_ZONE) == (
        "Snoozed by Ann until today 15:03: quiet in every chat unless it gets worse."
    )
    assert format_silence(snooze, NOW, UTC_ZONE) == "snoozed in every chat until today 15:03 by Ann"
    ack = Silence(SilenceKind.ACK, *about, by="Ann")
    assert replies.silence_note(ack, NOW, UTC_ZONE) == (
        "Acknowledged by Ann: quiet in every chat until it recovers or gets worse."
    )


def test_undoing_is_noted() -> None:
    """Who ended a silence; and a tap on what is over."""
    assert replies.undone_note(Acted((MUTE,)), "Ann", NOW, UTC_ZONE) == "Undone by Ann, 14:03: the mute is over."
    assert replies.over_note() == "This alert is over; there is nothing to silence."


def test_check() -> None:
    """A round that begins says how many it looks at."""
    assert replies.check_started(3).text == "⚪ Checking 3 accounts now."
    assert replies.check_started(0).text == "⚪ Asking for accounts now."
