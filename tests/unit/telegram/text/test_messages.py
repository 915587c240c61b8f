"""What every notification must say, and must not; their exact words are in the golden files."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.domain.accounts import FailureKind, ForecastSummary
from bot.domain.alerts import AlertRule, NotifyReason, Severity
from bot.domain.notifications import Facts, Notification, NotificationKind
from bot.domain.quiet_hours import QuietHours
from bot.outbox.batching import Batch, PendingAlert
from bot.telegram.text.layout import Message
from bot.telegram.text.messages import render
from tests.support import given
from tests.support.given import NOW, ago, batch, low, note, plan, sent, source, unreadable

CRITICAL, WARNING, INFO = Severity.CRITICAL, Severity.WARNING, Severity.INFO
WEEKEND = {"since": ago(days=2, hours=3)}
WAIT = "Top up, or wait for the refill on Fri 24 Jul, 00:48 (in 4 days)."
BUCKETS = "2,900 monthly · 0 daily · 0 package"


def said(told: Batch, zone: ZoneInfo = given.UTC_ZONE) -> Message:
    """The parcel's message."""
    return render(told, NOW, zone).message


def check(told: Notification, *lines: str) -> None:
    """One story, word for word."""
    assert said(batch(told)).text.split("\n") == list(lines)


def test_low_credits_with_a_daily_refill() -> None:
    """The daily refill is told with its amount."""
    daily = replace(given.LOW, daily_allowance=60, daily_refresh_at=datetime(2026, 7, 21, tzinfo=UTC))
    told = said(batch(low(credits=daily, plan=given.PREMIUM)))
    assert "Top up, or wait for 60 daily credits tomorrow 00:00 and the refill on Fri 24 Jul, 00:48" in told.text


def test_below_zero() -> None:
    """A negative total is said, without an allowance too."""
    negative = replace(given.NONE_LEFT, monthly=-50, monthly_allowance=None, refresh_at=None)
    check(
        low(severity=CRITICAL, credits=negative, rung="0"),
        "🔴 Studio: out of credits (50 below zero)",
        "Critical: nothing left.",
        "Top up to run jobs again.",
        "-50 monthly · 0 daily · 0 package · read 14:03",
    )


def test_unknown_buckets_are_said() -> None:
    """A sum with an unknown part is a lower bound, and never "out of credits"."""
    text = said(batch(low(credits=replace(given.LOW, package=None)))).text
    assert text.startswith("🟠 Studio: at least 2,900 credits left (19 %)\n")
    assert "package unknown" in text
    assert "out of credits" not in said(batch(low(credits=replace(given.NONE_LEFT, daily=None)))).text


def test_without_an_allowance_there_is_no_percent() -> None:
    """A share of nothing is not said; the line is the absolute number."""
    text = said(batch(low(credits=replace(given.LOW, monthly_allowance=None), rung="3,000"))).text
    assert text.startswith("🟠 Studio: 2,900 credits left\nWarning: below your 3,000 line.\n")


@pytest.mark.parametrize(("monthly", "side"), [(2999, "below"), (3000, "at"), (3001, "not yet clear of")])
def test_the_line_is_told_truly(monthly: int, side: str) -> None:
    """At the line, or a little above one that was crossed, is not "below" it."""
    assert f"Warning: {side} your 20 % line." in said(batch(low(credits=replace(given.LOW, monthly=monthly)))).text


@pytest.mark.parametrize(
    ("kind", "trouble", "mend"),
    [
        (
            FailureKind.MISSING,
            "unknown account",
            "Add the account at useapi.net, or, if the settings name it, take it out there.",
        ),
        (FailureKind.THROTTLED, "asked too often", "The bot keeps trying. If this stays, make CHECK_EVERY longer."),
        (FailureKind.UNAVAILABLE, "unavailable", "The bot keeps trying; nothing to do unless it lasts."),
        (
            FailureKind.GARBLED,
            "answer unusable",
            "The bot keeps trying. If this stays, the service has changed: update the bot.",
        ),
    ],
)
def test_each_outage_has_its_mend(kind: FailureKind, trouble: str, mend: str) -> None:
    """What to do differs by what is wrong."""
    lines = said(batch(unreadable(outage=kind, said=None))).text.split("\n")
    assert lines[1:3] == [f"Warning: {trouble}.", mend]


def test_never_read() -> None:
    """Without a last number, none is told."""
    assert said(batch(unreadable(credits=None, credits_at=None))).text.endswith("\nIts credits were never read yet.")


COST = (
    "Each check can log an account's owner out of the website: "
    "give the API a separate account, set a longer check_every, or /pause."
)


def test_greeting_says_what_a_watch_costs() -> None:
    """In one line, with how often and what spares it."""
    greeting = note(NotificationKind.GREETING, Facts(total=12, check_every=timedelta(minutes=15)))
    assert COST.replace("check can", "check (every 15 min) can") in said(batch(greeting)).text.split("\n")


def test_greeting_names_no_account() -> None:
    """A new chat learns how many are watched and how to ask."""
    check(
        note(NotificationKind.GREETING, Facts(name="Studio", total=12)),
        "⚪ credit-bot watches 12 accounts for this chat",
        "It writes when credits run low, a plan is about to end, or an account cannot be read. No news is good news.",
        "/credits shows the numbers, /help what else you can ask.",
        COST,
    )


PAIRED = Facts(total=1, by="Kim")


def joined(told: Notification, by: str | None = None) -> Notification:
    """An alert that fires when a chat joins."""
    return replace(told, reason=NotifyReason.JOINED, facts=replace(told.facts, by=by))


def test_a_greeting_names_what_fires() -> None:
    """One line an alert, of accounts and of the source, with who is at it; the buttons are those of an alert."""
    out = low(severity=CRITICAL, credits=given.NONE_LEFT)
    message = said(
        batch(
            note(NotificationKind.GREETING, Facts(total=3)),
            joined(out),
            joined(source(NotifyReason.FIRED, AlertRule.FAILURES, outage=FailureKind.UNAUTHORIZED)),
            joined(plan(plan=given.CANCELLED, name="Ads"), by="Kim"),
        )
    )
    assert message.text.split("\n") == [
        "🔴 credit-bot watches 3 accounts for this chat · 3 alerts now",
        "🔴 Studio: out of credits",
        "🔴 useapi.net refuses the API token",
        "🟠 Ads: plan ends in 3 days, acknowledged by Kim",
        "It writes when credits run low, a plan is about to end, or an account cannot be read.",
        "/credits shows the numbers, /help what else you can ask.",
        COST,
    ]
    assert not message.silent
    assert [button.label for row in message.buttons for button in row][:2] == ["Ack", "Snooze 1 h"]
    assert said(batch(note(NotificationKind.GREETING, Facts(total=3)), joined(low()))).silent, "a warning does not ring"


def test_the_greeting_of_a_paired_chat() -> None:
    """It says that the link has worked, what fires, and how to let others in; silent where nothing fires."""
    check(
        note(NotificationKind.GREETING, PAIRED),
        "⚪ This chat is paired with credit-bot, which watches 1 account",
        "It writes when credits run low, a plan is about to end, or an account cannot be read. No news is good news.",
        "/credits shows the numbers, /help what else you can ask.",
        COST,
        "/invite lets another chat in, /leave ends it for this one.",
    )
    message = said(
        batch(note(NotificationKind.GREETING, PAIRED), joined(low(severity=CRITICAL, credits=given.NONE_LEFT)))
    )
    assert message.text.split("\n")[:2] == [
        "🔴 This chat is paired with credit-bot, which watches 1 account · 1 alert now",
        "🔴 Studio: out of credits",
    ]
    assert "which watches" not in said(batch(note(NotificationKind.GREETING, replace(PAIRED, total=0)))).text


def test_a_greeting_groups_what_is_much() -> None:
    """Hundreds of alerts are grouped as in an alert about many, and go on in the next message; none is left out."""
    many = [joined(low(name=f"account-{number:03}", email=f"{number}@example.com")) for number in range(300)]
    broken = joined(unreadable(name="Loop", email="loop@example.com"))
    told = batch(note(NotificationKind.GREETING, Facts(total=400)), broken, *many)
    texts = []
    while told.stories:
        rendered = render(told, NOW, given.UTC_ZONE)
        texts.append(rendered.message.text)
        told = Batch(told.stories[rendered.told :])
    assert len(texts) > 1
    assert texts[0].startswith("🟠 credit-bot watches 400 accounts for this chat · 301 alerts now, ")
    assert texts[-1].startswith("🟠 Also firing now · ")
    assert "1 account cannot be read:" in texts[0]
    assert sum(text.count("account-") for text in texts) == 300


def test_an_ack_is_told_elsewhere() -> None:
    """One line: who is at what."""
    acked: dict[str, Any] = {"by": "Kim", "acted_at": NOW}
    check(
        replace(note(NotificationKind.ACK, given.facts(**acked)), measure=AlertRule.CREDITS),
        "⚪ Studio: acknowledged by Kim (credits)",
    )
    shut = Facts(name="pixverse", source="pixverse", **acked)
    check(
        replace(note(NotificationKind.ACK, shut), measure=AlertRule.FAILURES),
        "⚪ useapi.net: acknowledged by Kim (not readable)",
    )
    many = [
        replace(note(NotificationKind.ACK, given.facts(name, f"{name}@example.com", **acked)), severity=severity)
        for name, severity in (("Ads", CRITICAL), ("Loop", WARNING), ("Main", CRITICAL))
    ]
    assert said(batch(*many)).text.split("\n") == [
        "⚪ 3 alerts acknowledged by Kim",
        "🔴 Critical: Ads, Main",
        "🟠 Warning: Loop",
    ]
    assert said(batch(*many)).silent


def test_a_mute_of_every_chat_is_told_elsewhere() -> None:
    """One line: whom, by whom, until when; with a button that ends it."""
    muted: dict[str, Any] = {"by": "Kim", "acted_at": NOW, "until": NOW + timedelta(hours=2), "silence": 5}
    check(note(NotificationKind.MUTE, Facts(**muted)), "⚪ Everything: muted in every chat by Kim until today 16:03")
    one = note(NotificationKind.MUTE, given.facts(**muted))
    check(one, "⚪ Studio: muted in every chat by Kim until today 16:03")
    assert [(button.label, button.data) for row in said(batch(one)).buttons for button in row] == [("Unmute", "undo:5")]
    other = note(NotificationKind.MUTE, given.facts("Ads", "ads@example.com", **muted))
    assert said(batch(one, other)).text.split("\n") == [
        "⚪ 2 accounts muted in every chat by Kim",
        "Until today 16:03: Studio, Ads",
    ]


def test_a_reminder_after_an_ack_says_who_was_at_it() -> None:
    """The first line says who acknowledged it, and on which day."""
    acked = {"by": "Kim", "acted_at": ago(days=1)}
    out = low(NotifyReason.REMINDED, CRITICAL, credits=given.NONE_LEFT, **acked)
    assert said(batch(out)).text.startswith("🔴 Studio: acknowledged by Kim yesterday, still out of credits\n")
    shut = source(NotifyReason.REMINDED, AlertRule.FAILURES, outage=FailureKind.UNAUTHORIZED, **acked)
    assert said(batch(shut)).text.startswith(
        "🔴 useapi.net: acknowledged by Kim yesterday, still refuses the API token\n"
    )
    ended = plan(NotifyReason.REMINDED, CRITICAL, plan=replace(given.CANCELLED, ends_at=ago(days=2)), **acked)
    assert said(batch(ended)).text.startswith("🔴 Studio: acknowledged by Kim yesterday, plan still not renewed\n")
    both = said(batch(out, low(NotifyReason.REMINDED, CRITICAL, credits=given.NONE_LEFT, name="Ads"))).text.split("\n")
    assert both[1:3] == [
        "🔴 Critical, out of credits: Ads",
        "🔴 Critical, out of credits, acknowledged by Kim yesterday: Studio",
    ]


def test_pause() -> None:
    """From when to when nobody was watching."""
    check(
        note(
            NotificationKind.DOWNTIME, Facts(since=NOW.replace(hour=2, minute=10), until=NOW.replace(hour=7, minute=45))
        ),
        "⚪ Nobody was watching from 02:10 to 07:45",
        "No checks ran for 5 h 35 min. Every account is checked again now. Open problems follow.",
    )
    yesterday = said(batch(note(NotificationKind.DOWNTIME, Facts(since=ago(days=1), until=NOW)))).text
    assert yesterday.startswith("⚪ Nobody was watching from yesterday 14:03 to today 14:03\n")


def test_late_is_said() -> None:
    """A message that Telegram did not take says how late it is, and its number how old."""
    told = low(severity=CRITICAL, credits=given.VERY_LOW, rung="5 %", credits_at=ago(minutes=43))
    message = said(Batch((PendingAlert((sent(told, ago(minutes=43), ago(minutes=43)),)),)))
    lines = message.text.split("\n")
    assert lines[0] == "🔴 Studio: 180 credits left (1.2 %) · delayed 43 min"
    assert lines[-2].endswith("read 13:20, 43 min ago")
    assert lines[-1] == "Telegram did not take messages from 13:20 to 14:03."


def test_late_without_telegram_to_blame() -> None:
    """A bot that was off is late too, but blames nobody."""
    message = said(Batch((PendingAlert((sent(low(), ago(minutes=43)),)),)))
    assert " · delayed 43 min\n" in message.text
    assert "Telegram" not in message.text


def test_recovery_that_overtook_its_alert_tells_both() -> None:
    """What fired and recovered while Telegram was away is one message, and it rings."""
    fired = sent(low(severity=CRITICAL, credits=given.VERY_LOW, rung="5 %"), ago(minutes=43), ago(minutes=43))
    over = sent(low(NotifyReason.RESOLVED, INFO, credits=given.FULL, growth="top-up", since=ago(minutes=43), worst=180))
    message = said(Batch((PendingAlert((fired, over)),)))
    assert message.text.split("\n") == [
        "🟢 Studio: 15,000 credits again (100 %) · delayed 43 min",
        "Not told in time: 180 credits left (1.2 %) at 13:20.",
        "Topped up. It was low for 43 min, at worst 180.",
        "15,000 monthly · 0 daily · 0 package · read 14:03",
        "Telegram did not take messages from 13:20 to 14:03.",
    ]
    assert not message.silent


def test_other_recoveries_tell_both_too() -> None:
    """Plans, unreadable accounts and sources say what a recovery overtook."""
    late = ago(minutes=20)
    pairs = [
        (plan(), plan(NotifyReason.RESOLVED, plan=given.PREMIUM), "it was to end on Thu 23 Jul, 00:48."),
        (unreadable(), unreadable(NotifyReason.RESOLVED, outage=None), "session broken."),
        (source(outage=FailureKind.LAPSED), source(NotifyReason.RESOLVED), "useapi.net subscription lapsed."),
    ]
    for fired, over, words in pairs:
        text = said(Batch((PendingAlert((sent(fired, late), sent(over))),))).text
        assert f"Not told in time: {words}" in text


def test_in_quiet_hours_only_what_cannot_wait_rings() -> None:
    """A warning waits, unless it foretells that credits run out before the quiet is over; a critical alert rings."""
    now, quiet = NOW, QuietHours(time(NOW.hour), time(NOW.hour + 3))

    def silent(notification: Notification) -> bool:
        return render(batch(notification), now, given.UTC_ZONE, quiet).message.silent

    warning = low(severity=WARNING)
    for hours, lasts, expected in ((2, False, False), (4, False, True), (2, True, True)):
        told = ForecastSummary(NOW, 100, useful=True, lasts=lasts, earliest=NOW + timedelta(hours=hours))
        assert silent(replace(warning, facts=replace(warning.facts, foretold=told))) is expected
    assert silent(warning)
    assert not silent(low(severity=CRITICAL))


def test_sound_and_buttons() -> None:
    """Alerts ring and can be acknowledged; recoveries, information and notes come silently, recoveries without."""
    alert = said(batch(low()))
    assert not alert.silent
    assert [(button.label, button.data) for row in alert.buttons for button in row] == [
        ("Ack", "ack:7"),
        ("Snooze 1 h", "snooze1h:7"),
        ("Snooze 1 day", "snooze1d:7"),
        ("Credits", "credits:7"),
        WEBSITE,
    ]
    assert said(batch(plan(severity=INFO, plan=given.PREMIUM))).silent
    for quiet in (low(NotifyReason.RESOLVED), note(NotificationKind.GREETING, Facts(total=1))):
        message = said(batch(quiet))
        assert message.silent
        assert message.buttons == ()


def test_times_are_of_the_zone() -> None:
    """Everything people read is in their zone."""
    text = said(batch(low()), ZoneInfo("Europe/Berlin")).text
    assert "Fri 24 Jul, 02:48" in text
    assert "read 16:03" in text


def test_refill_that_has_passed_is_not_promised() -> None:
    """A message that comes after the refill it waited for does not announce it."""
    text = said(batch(low(credits=replace(given.LOW, refresh_at=NOW - timedelta(minutes=1))))).text
    assert "Top up in time.\n" in text


@pytest.mark.parametrize(
    ("total", "failing", "words"),
    [
        (12, 3, "3 of 12 accounts not watched"),
        (1, 1, "its one account is not watched"),
        (0, 0, "no account is watched"),
    ],
)
def test_how_many_are_not_watched(total: int, failing: int, words: str) -> None:
    """The source's alert does not claim more than it knows."""
    text = said(batch(source(outage=FailureKind.LAPSED, total=total, count=failing))).text
    assert f"Critical: {words} since 13:15." in text


def test_reminders_of_what_has_not_changed() -> None:
    """A reminder says "still", and since when."""
    still_broken = said(batch(source(NotifyReason.REMINDED, outage=FailureKind.UNAVAILABLE, since=ago(days=1)))).text
    assert still_broken.startswith("🔴 useapi.net still cannot be read since yesterday 14:03\n")
    assert "since yesterday 14:03, 1 d ago." in still_broken
    ended = replace(given.CANCELLED, ends_at=ago(days=2))
    over = said(batch(plan(NotifyReason.REMINDED, CRITICAL, plan=ended))).text
    assert over.startswith("🔴 Studio: plan still not renewed\n")
    assert "Premium - Monthly ended on Sat 18 Jul, 14:03, 2 d ago" in over


def test_an_overdue_plan_stays_so_in_a_message_that_a_clock_set_back_overtakes() -> None:
    """Critical and "renews in 7 min. Nothing to do" would contradict each other."""
    overdue = plan(severity=CRITICAL, plan=replace(given.PREMIUM, ends_at=NOW + timedelta(minutes=7)))
    assert said(batch(overdue)).text.split("\n")[:2] == [
        "🔴 Studio: plan was not renewed",
        "Critical: Premium - Monthly was due today 14:10. Check its payment at PixVerse.",
    ]
    assert "🔴 Critical, ended today: Studio" in said(batch(overdue, replace(overdue, subject="other"))).text


def test_plan_without_monthly_credits_left() -> None:
    """Nothing lapses where nothing is left."""
    assert said(batch(plan(credits=given.NONE_LEFT))).text.endswith("\nRenew it to go on.")


WEBSITE = ("Open PixVerse", "https://app.pixverse.ai")
LINKING = (
    "How to link a PixVerse account",
    "https://useapi.net/docs/api-pixverse-v2/post-pixverse-accounts-email",
)


@pytest.mark.parametrize(
    ("alert", "links"),
    [
        (low(), [WEBSITE]),
        (low(NotifyReason.RESOLVED), []),
        (unreadable(outage=FailureKind.BROKEN), [LINKING]),
        (unreadable(outage=FailureKind.UNAVAILABLE), []),
        (plan(), []),
    ],
    ids=["credits are short", "it is over", "the session is broken", "the service is away", "a plan ends"],
)
def test_a_button_opens_what_helps(alert: Notification, links: list[tuple[str, str]]) -> None:
    """The website where credits are short, how to link the account where its session is broken, and nothing else."""
    message = said(batch(alert))
    assert [(one.label, one.data) for row in message.buttons for one in row if one.opens] == links


def test_a_message_of_several_accounts_has_each_link_once() -> None:
    """A service that nobody knows any more has none."""
    message = said(
        batch(low(), low(email="bob@example.com"), replace(unreadable(outage=FailureKind.BROKEN), subject="gone:carol"))
    )
    assert [(one.label, one.data) for row in message.buttons for one in row if one.opens] == [WEBSITE]
