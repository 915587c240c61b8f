"""The board, word for word."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bot.domain.accounts import Account, CheckFailure, Credits, FailureKind, ForecastSummary, Pause, Plan, Reading
from bot.domain.alerts import Alert, AlertRule, Severity
from bot.domain.boards import BoardStatus, BoardTrouble
from bot.domain.notifications import Watched
from bot.features.board.text import board_answer, board_message, board_removed_message, how_to_board
from bot.telegram.text.sanitize import utf16_len
from tests.support import given
from tests.support.given import NOW, UTC_ZONE, ago


def watched(name: str = "Main", credits: Credits = given.FULL, at: datetime = NOW, **more: Any) -> Watched:
    """An account read a moment ago, well unless said otherwise."""
    reading = Reading(at, credits, more.pop("plan", Plan()))
    account = Account(
        f"pixverse:{name}", "pixverse", f"{name}@example.com", name, reading, allowance=15000, looked_at=at
    )
    return Watched(replace(account, **more))


def with_alert(one: Watched, severity: Severity, measure: AlertRule = AlertRule.CREDITS) -> Watched:
    """The account while an alert fires."""
    return replace(one, alerts=(Alert(one.account.key, measure, level=1, severity=severity),))


LOW = with_alert(watched("Studio", given.LOW, ago(minutes=2)), Severity.WARNING)
LOST = watched("Loop", Credits(310, 0, 0), ago(hours=5), outage=CheckFailure(NOW, FailureKind.BROKEN))


def test_a_board() -> None:
    """Who needs somebody first; every moment with its day, for nobody knows when it is read."""
    ends = watched("Ads", plan=given.CANCELLED)
    message = board_message([watched(), LOST, LOW, ends], NOW, UTC_ZONE)
    assert message.text.split("\n") == [
        "32,900 credits in 3 of 4 accounts · next refill Fri 24 Jul, 00:48 with 15,000",
        "4 accounts, 1 needs you · 1 unknown",
        "Read Mon 20 Jul, 14:01 to 14:03",
        "🟠 Studio · 2,900 (19 %) · warning: low credits · refill Fri 24 Jul, 00:48",
        "⚪ Loop · unknown · last 310 Mon 20 Jul, 09:03: session broken",
        "🟢 Ads · 15,000 (100 %) · plan ends Thu 23 Jul, 00:48",
        "🟢 Main · 15,000 (100 %)",
    ]
    assert message.silent
    assert not message.buttons


def test_a_board_that_nobody_edits_any_more_stays_true() -> None:
    """Nothing on it is counted from now: the same readings make the same board an hour later."""
    pace = ForecastSummary(NOW, 15_000, useful=True, lasts=True, per_day=900, per_day_lately=900)
    fleet = [watched(foretold=pace), LOST, watched("Ads", foretold=pace)]
    assert board_message(fleet, NOW, UTC_ZONE) == board_message(fleet, NOW + timedelta(hours=1), UTC_ZONE)
    fleet_line, text = board_message(fleet, NOW, UTC_ZONE).text.split(" accounts · ", 1)
    assert fleet_line == "30,000 credits in 2 of 3"
    assert text.startswith("without refills gone Thu 30 Jul to ")
    assert not any(word in text for word in ("ago", "today", "tomorrow", " in "))


def test_an_empty_board() -> None:
    """It waits for accounts."""
    assert board_message([], NOW, UTC_ZONE).text == "No account is watched yet; this board fills by itself."


def test_a_fleet_that_was_never_read() -> None:
    """There is no moment to tell."""
    new = Watched(Account("pixverse:new", "pixverse", "new@example.com"))
    assert board_message([new], NOW, UTC_ZONE).text.split("\n") == [
        "1 account, none needs you · 1 unknown",
        "⚪ new@example.com · not read yet",
    ]


def test_readings_of_two_days() -> None:
    """Both days are told, in the reader's zone."""
    fleet = [watched("a", at=ago(hours=20)), watched("b")]
    assert "Read Sun 19 Jul, 20:03 to Mon 20 Jul, 16:03" in board_message(fleet, NOW, ZoneInfo("Europe/Berlin")).text


def test_a_large_fleet_fits() -> None:
    """The most urgent are shown, the others counted; within Telegram's limits, with every name in bold."""
    fleet = [with_alert(watched(f"{'🐈' * 40}{number}"), Severity.CRITICAL) for number in range(300)]
    fleet += [watched(f"account {number:05}") for number in range(9_700)]
    message = board_message(fleet, NOW, UTC_ZONE)
    lines = message.text.split("\n")
    assert utf16_len(message.text) <= 4096
    assert lines[1] == "10,000 accounts, 300 need you"
    assert all("critical" in line for line in lines[3:-1])
    shown = len(lines) - 4
    assert lines[-1] == f"… and {10_000 - shown:,} more, {300 - shown} need you. /credits shows them."
    assert len(message.entities) == shown + 2


def test_a_fleet_of_short_names_keeps_its_entities() -> None:
    """Telegram shows a hundred; whoever comes after them is counted."""
    message = board_message([watched(f"{number}") for number in range(400)], NOW, UTC_ZONE)
    assert len(message.entities) <= 100
    assert len(message.entities) == len(message.text.split("\n")) - 2


def test_a_board_with_a_paused_account() -> None:
    """It says until when and its last number, with their days; it is neither green nor unknown nor of this moment."""
    held = Pause("", ago(hours=1), NOW + timedelta(hours=3), "Kim")
    main, until = watched(pause=held), "paused until Mon 20 Jul, 17:03"
    low = with_alert(watched("Studio", given.LOW, ago(hours=2), pause=held), Severity.WARNING)
    assert board_message([main, low], NOW, UTC_ZONE).text.split("\n") == [
        "2 accounts, 1 needs you · 2 paused",
        f"🟠 Studio · {until} · last 2,900 Mon 20 Jul, 12:03 · warning: low credits · refill Fri 24 Jul, 00:48",
        f"⚪ Main · {until} · last 15,000 Mon 20 Jul, 14:03",
    ]


def test_what_is_said_beside_a_board() -> None:
    """Nothing where the board says it all; else what is wrong, and what becomes of it."""
    assert board_answer(BoardStatus(), NOW, UTC_ZONE) is None
    refused = board_answer(BoardStatus(refused="CHAT_WRITE_FORBIDDEN"), NOW, UTC_ZONE)
    assert refused
    assert refused.text == "The board cannot be posted just now: CHAT_WRITE_FORBIDDEN. It is tried again until it can."
    before = BoardTrouble("message can't be edited", NOW - timedelta(hours=5))
    answer = board_answer(BoardStatus(pinned=False, before=before), NOW, UTC_ZONE)
    assert answer
    assert answer.silent
    assert answer.text.split("\n") == [
        "The board before was last current 09:03, 5 h ago: message can't be edited.",
        "This one takes its place.",
        "The board is kept current, but I may not pin it here.",
        "Pin it yourself, or let me pin messages: I try again from time to time.",
    ]


def test_a_board_is_ended_in_words() -> None:
    """Also where there is none; any other word gets an example that works."""
    assert board_removed_message(removed=True).text == "The board is gone. /board posts a new one."
    assert board_removed_message(removed=False).text == "There is no board here. /board posts one."
    assert how_to_board().text == "Say /board for one message that is kept current, or /board off to end it."
