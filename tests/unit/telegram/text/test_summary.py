"""The daily summary, word for word."""

import json
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.alerts import AlertRule, Severity
from bot.domain.notifications import Facts
from bot.domain.summary import MOST_SHOWN, ComingDay, ComingKind, Listed, Summary, SummaryEvent
from bot.storage.values import dump_facts, load_facts
from bot.telegram.text.layout import Message, Text
from bot.telegram.text.sanitize import utf16_len
from bot.telegram.text.summary import TITLE, counted, tell_digest
from tests.support.given import NOW, UTC_ZONE, ago

C, W, I = Severity.CRITICAL, Severity.WARNING, Severity.INFO  # noqa: E741 - three letters for three severities
DAY = timedelta(days=1)
FULL = Summary(
    since=ago(days=1, hours=5, minutes=3),
    accounts=12,
    need=2,
    unknown=1,
    credits=31_200,
    spent_total=4_340.5,
    spent=Listed.of([("Studio", 2_900.0), ("Loop", 1_240.5), ("Ads", 200.0)]),
    refilled=Listed.of([("Main", 9_900.0)]),
    topped_up=Listed.of([("Loop", 500.0)]),
    lapsed=Listed.of([("Old", 300.0)]),
    plans=Listed.of([("Studio", "Premium", "Basic")]),
    begun_alerts=Listed.of(
        [
            SummaryEvent("Studio", AlertRule.CREDITS, C, over=False),
            SummaryEvent(None, AlertRule.FAILURES, C, over=False),
        ]
    ),
    over_alerts=Listed.of([SummaryEvent("Main", AlertRule.CREDITS, I, over=True)]),
    coming=(
        ComingDay(NOW + timedelta(hours=3), ComingKind.RUNS_OUT, Listed.of(["Loop"])),
        ComingDay(NOW + DAY, ComingKind.ENDS, Listed.of(["Studio"])),
        ComingDay(NOW + DAY, ComingKind.REFILL, Listed.of(["Ads", "Main"])),
        ComingDay(NOW + 3 * DAY, ComingKind.RENEWS, Listed.of(["Pilot"])),
    ),
)


def digest_message(digest: Summary, now: datetime, zone: ZoneInfo) -> Message:
    """The summary as it is sent, at once."""
    telling = tell_digest(Facts(summary=digest, taken_at=now), now, zone)
    return Text().line(*telling.head).lines(telling.body).message()


def test_a_summary() -> None:
    """What was spent, how it stands, what changed, what comes."""
    assert digest_message(FULL, NOW, UTC_ZONE).text.split("\n") == [
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
    one = Summary(since=ago(days=1), accounts=1, spent_total=10, spent=Listed.of([("Studio", 10.0)]))
    assert "Spent 10 since yesterday 14:03." in digest_message(one, NOW, UTC_ZONE).text


def test_days_are_those_of_the_reader() -> None:
    """Late in the evening of UTC it is the next day in Berlin."""
    late = replace(FULL, coming=(ComingDay(NOW.replace(hour=22, minute=30), ComingKind.REFILL, Listed.of(["Ads"])),))
    assert digest_message(late, NOW, ZoneInfo("Europe/Berlin")).text.split("\n")[-1] == "Tomorrow · refill: Ads"


def test_thousands_of_accounts_fit_on_a_screen() -> None:
    """One line of names for each sort and day, however many there are and whatever they are called."""
    names = [(f"a very long name of an account 🐈 {number}", float(number)) for number in range(1, 10_000)]
    many = Summary(
        since=ago(days=1),
        accounts=10_000,
        spent_total=1,
        spent=Listed.of(names),
        refilled=Listed.of(names),
        topped_up=Listed.of(names),
        lapsed=Listed.of(names),
        plans=Listed.of([(name, "old " * 30, "new " * 30) for name, _ in names]),
        begun_alerts=Listed.of([SummaryEvent(name, AlertRule.CREDITS, W, over=False) for name, _ in names]),
        over_alerts=Listed.of([SummaryEvent(name, AlertRule.CREDITS, W, over=True) for name, _ in names]),
        coming=tuple(
            ComingDay(NOW + day * DAY, kind, Listed.of(["x" * 99] * 300)) for day in range(7) for kind in ComingKind
        ),
    )
    message = digest_message(many, NOW, UTC_ZONE)
    assert utf16_len(message.text) < 4096
    assert len(message.text.split("\n")) <= 17
    assert "more" in message.text


def test_counted() -> None:
    """As many as there is room for; at least one; how many more."""
    assert counted(Listed[str](), str) == ""
    assert counted(Listed.of(["a", "b"]), str) == "a, b"
    assert counted(Listed.of(["a" * 90, "b"]), str) == "a" * 90 + " and 1 more"
    assert counted(Listed.of(["abc"] * 100), str, 20) == "abc, abc, abc, abc and 96 more"


@given(st.lists(st.text("ab", min_size=1, max_size=40), max_size=60))
def test_what_is_kept_of_a_list_is_all_that_fits(names: list[str]) -> None:
    """The words are those of the whole list, also where each name is one letter; no more are put into words."""
    asked: list[str] = []

    def words(name: str) -> str:
        asked.append(name)
        return name

    told = counted(Listed.of(names), words)
    assert told == counted(Listed(tuple(names), len(names)), str)
    assert len(asked) <= min(told.count(",") + 2, MOST_SHOWN)


def test_ten_thousand_names_are_kept_as_a_few() -> None:
    """What waits in the outbox is small, and comes out of it as it went in."""
    many = Listed.of([(f"user{number}@example.com", 1.0) for number in range(10_000)])
    facts = Facts(summary=replace(FULL, spent=many, refilled=many, topped_up=many), taken_at=NOW)
    assert len(dump_facts(facts)) < 8_000
    assert load_facts(dump_facts(facts)) == facts


def test_days_are_told_as_seen_when_it_is_sent() -> None:
    """A summary that was put off over midnight names its own day, and what comes from where the reader stands."""
    facts = Facts(summary=FULL, taken_at=NOW)
    telling = tell_digest(facts, NOW + DAY, UTC_ZONE)
    text = Text().line(*telling.head).lines(telling.body).message().text
    assert text.split("\n")[0] == "⚪ Daily summary · Mon 20 Jul"
    assert "Today · plan ends: Studio · refill: Ads, Main" in text
    assert "on Sun 19 Jul 09:00" in text or "since Sun 19 Jul" in text


def test_one_that_an_older_version_stored_is_told_in_its_words() -> None:
    """The outbox kept the words then; what is sent from them is the same message, title in bold."""
    message = digest_message(FULL, NOW, UTC_ZONE)
    told = load_facts(json.dumps({"said": message.text}))
    assert told
    telling = tell_digest(told, NOW, UTC_ZONE)
    again = Text().line(*telling.head).lines(telling.body).message()
    assert again.text == message.text
    assert again.entities[0] == message.entities[0]
    assert TITLE in Text().line(*tell_digest(Facts(), NOW, UTC_ZONE).head).message().text


def test_paused_accounts_are_neither_known_nor_idle() -> None:
    """What nobody looked at is counted as paused, and not said to have spent nothing."""
    held = Summary(since=ago(days=1), accounts=2, paused=1, credits=500)
    assert digest_message(held, NOW, UTC_ZONE).text.split("\n")[1:3] == [
        "No spending was seen since yesterday 14:03.",
        "500 left in 1 of 2 accounts · none needs you · 1 paused",
    ]
