"""Pauses in words: what the commands answer, what other chats are told, and where what is paused is named."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.accounts import Pause
from bot.domain.alerts import Silence, SilenceKind
from bot.domain.chats import Chat
from bot.domain.notifications import Facts, NotificationKind
from bot.telegram.text import pauses as words
from bot.telegram.text import replies
from bot.telegram.text.account_list import alerts_page
from bot.telegram.text.alert_list import Acted
from bot.telegram.text.layout import Button, Message, Text
from bot.telegram.text.messages import render
from bot.telegram.text.pauses import PausedAct, act_of, pause_lines, paused_message, resume_label, resumed_message
from bot.telegram.text.sanitize import utf16_len
from tests.support import given
from tests.support.given import NOW, UTC_ZONE, ago
from tests.unit.telegram.text.test_answers import LOOP, MAIN
from tests.unit.telegram.text.test_replies import WELL

PAUSE = Pause("pixverse:a@b.c", NOW, NOW + timedelta(hours=3), "Kim", NOW)
OLD = replace(PAUSE, subject="pixverse:b@b.c", until=NOW + timedelta(hours=1), by="Bob", made_at=ago(hours=1))
ALL = replace(PAUSE, subject="", made_at=ago(hours=2))
ACTS = (PausedAct(ALL), PausedAct(OLD, ("Loop", "Main", "Pilot")), PausedAct(PAUSE, ("Studio",)))


def lines(message: Message) -> list[str]:
    """The lines of a message."""
    return message.text.split("\n")


def test_pausing() -> None:
    """Whom, until when, what is still watched, how it ends, and a button that ends it."""
    message = paused_message("Studio", PAUSE, NOW, UTC_ZONE)
    assert lines(message) == [
        "Studio is paused until today 17:03 (3 h).",
        "No checks until then: nobody is logged out of the website.",
        "Only the plan's end is still watched. /resume Studio ends it sooner.",
    ]
    assert message.buttons == ((Button("Resume checks", f"resume:{act_of(PAUSE)}"),),)


def test_pausing_all() -> None:
    """Those that are added meanwhile are said to be paused too, where that is so."""
    assert lines(paused_message(None, ALL, NOW, UTC_ZONE)) == [
        "All accounts are paused until today 17:03 (3 h).",
        "No checks until then: nobody is logged out of the website. Accounts that are added meanwhile are paused too.",
        "Only the plan's end is still watched. /resume ends it sooner.",
    ]
    assert "added meanwhile" not in paused_message(None, PAUSE, NOW, UTC_ZONE).text


def test_resuming() -> None:
    """Checks go on; or there was nothing to end."""
    assert resumed_message("Studio", was_paused=True).text == "Checks of Studio go on now."
    assert resumed_message(None, was_paused=True).text == "Checks of all accounts go on now."
    assert resumed_message("Studio", was_paused=False).text == "Studio was not paused."
    assert resumed_message(None, was_paused=False).text == "Nothing was paused."


def told(topic: NotificationKind, facts: Facts) -> Message:
    """What a chat is told."""
    return render(given.batch(given.note(topic, facts)), NOW, UTC_ZONE).message


def test_the_other_chats_are_told_in_one_silent_line() -> None:
    """Who paused whom until when, with a button that ends it; and that checks go on."""
    acted = Facts(until=PAUSE.until, by="Kim", acted_at=NOW)
    begun = told(NotificationKind.PAUSED, replace(acted, name="Studio", count=1))
    assert begun.text == "⚪ Kim paused the checks of Studio until today 17:03."
    assert begun.silent
    assert begun.buttons == ((Button("Resume checks", f"resume:{act_of(PAUSE)}"),),)
    assert told(NotificationKind.PAUSED, replace(acted, count=12)).text == (
        "⚪ Kim paused the checks of 12 accounts until today 17:03."
    )
    assert told(NotificationKind.PAUSED, acted).text == "⚪ Kim paused the checks of all accounts until today 17:03."
    over = told(NotificationKind.RESUMED, Facts(name="Studio", count=1))
    assert (over.text, over.silent, over.buttons) == ("⚪ Checks of Studio go on.", True, ())
    assert (
        told(NotificationKind.RESUMED, Facts(by="Kim", count=3)).text
        == "⚪ Checks of 3 accounts go on: resumed by Kim."
    )


def test_names_of_people_stay_words() -> None:
    """Whatever somebody calls themselves starts no line of its own and is bounded."""
    evil = "Eve\n🔴 Studio: out of credits" + "x" * 500
    for message in (
        told(NotificationKind.PAUSED, Facts(until=PAUSE.until, by=evil, acted_at=NOW, name=evil)),
        told(NotificationKind.RESUMED, Facts(by=evil, name=evil)),
        Text().line(words.resumed_note(evil, NOW, UTC_ZONE)).message(),
        Text().lines(pause_lines([PausedAct(replace(PAUSE, by=evil), (evil,) * 9)], 6, NOW, UTC_ZONE)).message(),
    ):
        assert len(lines(message)) == 1
        assert len(message.text) < 250


def test_status_names_what_is_paused() -> None:
    """How many, which until when and by whom; the paused are not said to be readable."""
    status = replace(WELL, paused=5, pauses=ACTS)
    said = lines(replies.status_message(status, NOW, UTC_ZONE))
    assert said[2] == "Accounts: 12 watched, 5 paused, the others readable"
    assert said[5:8] == [
        "All accounts · checks paused until today 17:03 by Kim",
        "Loop, Main, Pilot · checks paused until today 15:03 by Bob",
        "Studio · checks paused until today 17:03 by Kim",
    ]
    everybody = replies.status_message(replace(WELL, paused=12), NOW, UTC_ZONE)
    assert "readable" not in everybody.text


def test_alerts_name_what_is_paused() -> None:
    """An alert of who is paused says how old it is; each act has its line and its button, and many are bounded."""
    loop = replace(LOOP, account=replace(LOOP.account, pause=OLD))
    message = alerts_page((MAIN, loop), (), (), 0, NOW, UTC_ZONE, ACTS)
    read = LOOP.account.reading
    assert read is not None
    assert lines(message) == [
        "1 alert: 1 warning",
        "🟠 Loop · warning: cannot be read: session broken, since 09:03 · paused, last read "
        + words.format_age(read.taken_at, NOW, UTC_ZONE),
        "All accounts · checks paused until today 17:03 by Kim",
        "Loop, Main, Pilot · checks paused until today 15:03 by Bob",
        "Studio · checks paused until today 17:03 by Kim",
    ]
    buttons = [button for row in message.buttons for button in row]
    assert buttons[:3] == [Button(resume_label(act), f"endpause:{act_of(act.pause)}") for act in ACTS]
    assert [button.label for button in buttons[:3]] == ["Resume: all accounts", "Resume: Loop +2", "Resume: Studio"]
    many = alerts_page((MAIN,), (), (), 0, NOW, UTC_ZONE, ACTS * 10)
    assert lines(many)[-1] == "And 24 more paused."
    assert len(many.buttons) == 6


def test_a_mute_and_a_pause_stand_side_by_side() -> None:
    """Both are named, and each button ends its own."""
    mute = Acted((Silence(SilenceKind.ALL, until=PAUSE.until, by="Bob", chat=Chat(7), id=3),))
    message = alerts_page((MAIN,), (), (mute,), 0, NOW, UTC_ZONE, ACTS[2:])
    assert lines(message)[1:] == [
        "Silenced here:",
        "Everything muted until today 17:03 by Bob",
        "Studio · checks paused until today 17:03 by Kim",
    ]
    assert [button.data for row in message.buttons for button in row] == ["end:3", f"endpause:{act_of(PAUSE)}"]


def test_a_round_now_names_who_is_left_out() -> None:
    """How many are looked at, and how many are paused."""
    assert replies.check_started(3).text == "⚪ Checking 3 accounts now."
    assert replies.check_started(2, 1).text == (
        "⚪ Checking 2 accounts now. 1 account is paused; /resume lets the checks go on."
    )
    assert replies.check_started(0, 2).text == ("⚪ 2 accounts are paused; /resume lets the checks go on.")
    assert replies.check_started(0).text == "⚪ Asking for accounts now."


@pytest.mark.parametrize("topic", [NotificationKind.PAUSED, NotificationKind.RESUMED, NotificationKind.MUTE])
def test_a_headline_that_names_two_fits_a_locked_phone(topic: NotificationKind) -> None:
    """However long both are called, and however late it comes."""
    named = "עברית " * 40
    facts = Facts(name=named, email=named, by=named, until=datetime.max.replace(tzinfo=UTC), acted_at=NOW)
    message = render(given.batch(given.note(topic, facts)), NOW + timedelta(days=9999), UTC_ZONE).message
    assert utf16_len(lines(message)[0]) <= 130
