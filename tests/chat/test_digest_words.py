"""The daily summary, word for word."""

from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

from bot.domain.alerts import AlertRule, Severity
from bot.domain.notifications import Facts
from bot.domain.summary import ComingDate, ComingKind, Summary, SummaryEvent
from bot.telegram.text.layout import Text
from bot.telegram.text.sanitize import utf16_len
from bot.telegram.text.summary import TITLE, counted, digest_message, tell_digest
from tests.chat.given import NOW, UTC_ZONE, ago

C, W, I = Severity.CRITICAL, Severity.WARNING, Severity.INFO  # noqa: E741 - three letters for three severities
DAY = timedelta(days=1)
FULL = Summary(
    since=ago(days=1, hours=5, minutes=3),
    accounts=12,
    need=2,
    unknown=1,
    credits=31_200,
    spent=(("Studio", 2_900.0), ("Loop", 1_240.5), ("Ads", 200.0)),
    refilled=(("Main", 9_900.0),),
    topped_up=(("Loop", 500.0),),
    lapsed=(("Old", 300.0),),
    plans=(("Studio", "Premium", "Basic"),),
    events=(
        SummaryEvent("Studio", AlertRule.CREDITS, C, over=False),
        SummaryEvent(None, AlertRule.FAILURES, C, over=False),
        SummaryEvent("Main", AlertRule.CREDITS, I, over=True),
    ),
    coming=(
        ComingDate(NOW + timedelta(hours=3), ComingKind.RUNS_OUT, "Loop"),
        ComingDate(NOW + DAY, ComingKind.REFILL, "Ads"),
        ComingDate(NOW + DAY, ComingKind.REFILL, "Main"),
        ComingDate(NOW + DAY, ComingKind.ENDS, "Studio"),
        ComingDate(NOW + 3 * DAY, ComingKind.RENEWS, "Pilot"),
    ),
)


def test_a_summary() -> None:
    """What was spent, how it stands, what changed, what comes; silent."""
    message = digest_message(FULL, NOW, UTC_ZONE)
    assert message.text.split("\n") == [
        "⚪ Daily summary · Mon 20 Jul",
        "Spent 4,340.5 since yesterday 09:00: Studio 2,900, Loop 1,240.5, Ads 200.",
        "31,200 left in 11 of 12 accounts · 2 need you · 1 unknown",
        "New alerts: Studio (low credits), useapi.net (unreadable)",
        "Over: Main (low credits)",
        "Refilled: Main +9,900",
        "Topped up: Loop +500",
        "Lapsed with the plan: Old 300",
        "New plan: Studio (Premium to Basic)",
        "Today · may run out: Loop",
        "Tomorrow · plan ends: Studio · refill: Ads, Main",
        "Thu 23 Jul · plan renews: Pilot",
    ]
    assert message.silent
    assert not message.buttons


def test_a_quiet_day() -> None:
    """It says so in four lines."""
    quiet = Summary(since=ago(days=1), accounts=1, credits=500)
    assert digest_message(quiet, NOW, UTC_ZONE).text.split("\n")[1:] == [
        "Nothing was spent since yesterday 14:03.",
        "500 left in 1 account · none needs you",
        "Nothing else changed.",
        "Nothing is due within a week.",
    ]


def test_one_account_needs_no_name() -> None:
    """Who spent it is plain."""
    one = Summary(since=ago(days=1), accounts=1, spent=(("Studio", 10.0),))
    assert "Spent 10 since yesterday 14:03." in digest_message(one, NOW, UTC_ZONE).text


def test_days_are_those_of_the_reader() -> None:
    """Late in the evening of UTC it is the next day in Berlin."""
    late = replace(FULL, coming=(ComingDate(NOW.replace(hour=22, minute=30), ComingKind.REFILL, "Ads"),))
    assert digest_message(late, NOW, ZoneInfo("Europe/Berlin")).text.split("\n")[-1] == "Tomorrow · refill: Ads"


def test_thousands_of_accounts_fit_on_a_screen() -> None:
    """One line of names for each sort and day, however many there are and whatever they are called."""
    names = [(f"a very long name of an account 🐈 {number}", float(number)) for number in range(1, 10_000)]
    many = Summary(
        since=ago(days=1),
        accounts=10_000,
        spent=tuple(names),
        refilled=tuple(names),
        topped_up=tuple(names),
        lapsed=tuple(names),
        plans=tuple((name, "old " * 30, "new " * 30) for name, _ in names),
        events=tuple(SummaryEvent(name, AlertRule.CREDITS, W, over=bool(amount % 2)) for name, amount in names),
        coming=tuple(
            ComingDate(NOW + number % 7 * DAY, list(ComingKind)[number % 5], "x" * 99) for number in range(9_999)
        ),
    )
    message = digest_message(replace(many, coming=tuple(sorted(many.coming, key=lambda one: one.at))), NOW, UTC_ZONE)
    assert utf16_len(message.text) < 4096
    assert len(message.text.split("\n")) <= 17
    assert "more" in message.text


def test_counted() -> None:
    """As many as there is room for; at least one; how many more."""
    assert counted(["a", "b"]) == "a, b"
    assert counted(["a" * 90, "b"]) == "a" * 90 + " and 1 more"
    assert counted(["abc"] * 100, 20) == "abc, abc, abc, abc and 96 more"


def test_it_is_told_again_from_its_words() -> None:
    """The outbox keeps the words; what is sent from them is the same message, title in bold."""
    message = digest_message(FULL, NOW, UTC_ZONE)
    telling = tell_digest(Facts(said=message.text))
    again = Text().line(*telling.head).lines(telling.body).message(silent=True)
    assert again.text == message.text
    assert again.entities[0] == message.entities[0]
    assert TITLE in Text().line(*tell_digest(Facts()).head).message().text


def test_paused_accounts_are_neither_known_nor_idle() -> None:
    """What nobody looked at is counted as paused, and not said to have spent nothing."""
    held = Summary(since=ago(days=1), accounts=2, paused=1, credits=500)
    assert digest_message(held, NOW, UTC_ZONE).text.split("\n")[1:3] == [
        "No spending was seen since yesterday 14:03.",
        "500 left in 1 of 2 accounts · none needs you · 1 paused",
    ]
