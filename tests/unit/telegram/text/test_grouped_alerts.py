"""Many accounts with one cause, and whatever values there may be."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from bot.domain.accounts import Credits, FailureKind, Plan
from bot.domain.alerts import AlertRule, NotifyReason, Severity
from bot.domain.notifications import Facts, Notification, NotificationKind
from bot.outbox.batching import Batch, PendingAlert
from bot.telegram.text.layout import LONGEST_MESSAGE, Message
from bot.telegram.text.messages import render
from bot.telegram.text.sanitize import utf16_len
from tests.support import given
from tests.support.given import NOW, UNHURRIED, UTC_ZONE, ago, batch, low, note, plan, sent, source, unreadable

CRITICAL, WARNING, INFO = Severity.CRITICAL, Severity.WARNING, Severity.INFO
NAMES = ("Ads", "Demo", "Loop", "Main", "North", "Ostsee", "Pilot", "Studio")


def lines_of(*notifications: Notification) -> list[str]:
    """The lines of one message about many."""
    return render(batch(*notifications), NOW, UTC_ZONE).message.text.split("\n")


def named(name: str) -> dict[str, Any]:
    """An account of that name."""
    return {"name": name, "email": f"{name.lower()}@example.com"}


def test_many_low() -> None:
    """One line a rung, the worst first, whatever the order of the looks."""
    very_low = {"severity": CRITICAL, "credits": given.VERY_LOW, "rung": "5 %"}
    out = {"severity": CRITICAL, "credits": given.NONE_LEFT, "rung": "0"}
    kinds: list[dict[str, Any]] = [{}, {}, very_low, out, out, very_low, {}, out]
    assert lines_of(*(low(**named(name), **kind) for name, kind in zip(NAMES, kinds, strict=True))) == [
        "🔴 8 accounts are low on credits",
        "🔴 Critical, out of credits: Main, North, Studio",
        "🔴 Critical, below 5 %: Loop (180), Ostsee (180)",
        "🟠 Warning, below 20 %: Ads (2,900), Demo (2,900), Pilot (2,900)",
        "Read 14:03. /credits shows every number.",
    ]


def test_many_plans() -> None:
    """By urgency, by what happens, and by the day."""
    ended = replace(given.CANCELLED, ends_at=ago(hours=2))
    plans = [(INFO, given.PREMIUM), (WARNING, given.CANCELLED), (WARNING, given.CHANGING), (CRITICAL, ended)]
    assert lines_of(
        *(plan(severity=bad, plan=of, **named(name)) for name, (bad, of) in zip(NAMES, plans, strict=False))
    ) == [
        "🔴 4 plans need attention",
        "🔴 Critical, ended today: Main",
        "🟠 Warning, becomes Basic Thu 23 Jul: Loop",
        "🟠 Warning, ends Thu 23 Jul: Demo",
        "🔵 Info, renews Thu 23 Jul: Ads",
    ]
    assert lines_of(*(plan(severity=INFO, plan=given.PREMIUM, **named(name)) for name in NAMES[:2])) == [
        "🔵 2 plans renew soon",
        "🔵 Info, renews Thu 23 Jul: Ads, Demo",
    ]


def test_many_unreadable() -> None:
    """By kind, each with its mend."""
    kinds = [FailureKind.UNAVAILABLE, FailureKind.BROKEN, FailureKind.BROKEN]
    assert lines_of(*(unreadable(outage=kind, **named(name)) for name, kind in zip(NAMES, kinds, strict=False))) == [
        "🟠 3 accounts cannot be read",
        "🟠 Warning, session broken: Demo, Loop. At useapi.net, remove the account and add it again.",
        "🟠 Warning, unavailable: Ads. The bot keeps trying; nothing to do unless it lasts.",
    ]


def test_many_recoveries() -> None:
    """By how, those that were never told as low apart."""
    full = {"credits": given.FULL, "credits_at": NOW}
    stories = [
        PendingAlert((sent(low(NotifyReason.RESOLVED, INFO, growth="refill", **full, **named("Ads"))),)),
        PendingAlert((sent(low(NotifyReason.RESOLVED, INFO, **full, **named("Demo"))),)),
        PendingAlert(
            (
                sent(low(**named("Loop"))),
                sent(low(NotifyReason.RESOLVED, INFO, growth="refill", **full, **named("Loop"))),
            )
        ),
    ]
    message = render(Batch(tuple(stories)), NOW, UTC_ZONE).message
    assert message.text.split("\n") == [
        "🟢 3 accounts have enough credits again",
        "Refilled: Ads (15,000)",
        "Well again: Demo (15,000)",
        "Well again, not told in time: Loop (15,000)",
        "Read 14:03. /credits shows every number.",
    ]
    assert not message.silent


def test_many_gone_and_many_readable_again() -> None:
    """Accounts that vanish or come back together are told together."""
    assert lines_of(*(note(NotificationKind.GONE, given.facts(name, name)) for name in NAMES[:3])) == [
        "⚪ 3 accounts are no longer listed at useapi.net",
        "No longer watched: Ads, Demo, Loop",
    ]
    assert lines_of(*(unreadable(NotifyReason.RESOLVED, INFO, **named(name)) for name in NAMES[:2])) == [
        "🟢 2 accounts can be read again",
        "Well again: Ads, Demo",
    ]


@pytest.mark.parametrize("pattern", ["account-{:03}", "a-rather-long-name-number-{:03}@subdomain.example.com"])
def test_a_storm_names_every_account_once(pattern: str) -> None:
    """Five hundred accounts falling at once are all told over a few messages: none lost, none twice."""
    names = [pattern.format(number) for number in range(500)]
    left = batch(*(low(name=name, email=name) for name in names))
    texts = []
    while left.stories:
        rendered = render(left, NOW, UTC_ZONE)
        assert 1 <= rendered.told <= len(left.stories)
        assert utf16_len(rendered.message.text) <= LONGEST_MESSAGE
        texts.append(rendered.message.text)
        left = Batch(left.stories[rendered.told :])
    assert len(texts) <= 12
    assert all(sum(text.count(name) for text in texts) == 1 for name in names)
    assert "more follow" in texts[0].split("\n")[0]
    assert "more follow" not in texts[-1]


wild = st.one_of(st.text(st.characters(), max_size=80), st.just("😀" * 3000), st.just("עברית\n" * 50))
moments = st.one_of(st.none(), st.datetimes(timezones=st.just(UTC)), st.just(datetime.max.replace(tzinfo=UTC)))
numbers = st.one_of(st.integers(-(10**15), 10**15), st.floats(-1e15, 1e15, allow_nan=False))
some = st.one_of(st.none(), numbers)
credits_of_any_kind = st.builds(Credits, numbers, some, some, some, some, moments, moments)
plans_of_any_kind = st.builds(
    Plan,
    name=st.none() | wild,
    next_name=st.none() | wild,
    free=st.booleans(),
    ends_at=moments,
    cancelled_at=moments,
    renewal_at=moments,
    price=st.none() | wild,
    renewal_price=st.none() | wild,
)
facts_of_any_kind = st.builds(
    Facts,
    name=wild,
    email=st.none() | wild,
    taken_at=moments,
    value=st.none() | st.floats(-1e15, 1e15),
    rung=st.sampled_from([None, "20 %", "1,000", "0"]),
    since=moments,
    worst=st.none() | st.floats(-1e15, 1e15),
    credits=st.none() | credits_of_any_kind,
    credits_at=moments,
    plan=st.none() | plans_of_any_kind,
    growth=st.sampled_from([None, "refill", "top-up", "daily refill"]),
    outage=st.none() | st.sampled_from(FailureKind),
    said=st.none() | wild,
    count=st.none() | st.integers(0, 1000),
    total=st.none() | st.integers(0, 1000),
    until=moments,
)
notices_of_any_kind = st.builds(
    Notification,
    key=st.uuids().map(str),
    topic=st.sampled_from(NotificationKind),
    severity=st.sampled_from(Severity),
    reason=st.sampled_from(NotifyReason),
    measure=st.none() | st.sampled_from(AlertRule),
    facts=facts_of_any_kind,
)
stories_of_any_kind = st.lists(notices_of_any_kind, min_size=1, max_size=3).map(
    lambda notifications: PendingAlert(tuple(sent(told, ago(minutes=5), ago(minutes=4)) for told in notifications))
)


def is_sendable(message: Message) -> bool:
    """Whether Telegram takes it: within the limits, entities inside and on whole characters, no empty line first."""
    units = message.text.encode("utf-16-le")
    covered = [units[2 * one.offset : 2 * one.end].decode("utf-16-le") for one in message.entities]
    fits = 0 < utf16_len(message.text) <= LONGEST_MESSAGE and bool(message.text.split("\n")[0].strip())
    inside = all(one.offset >= 0 and 2 * one.end <= len(units) for one in message.entities)
    return fits and inside and all(covered) and len(message.entities) <= 100


@UNHURRIED
@for_all(st.lists(stories_of_any_kind, min_size=1, max_size=5), st.datetimes(timezones=st.just(UTC)) | st.just(NOW))
def test_anything_can_be_told(stories: list[PendingAlert], now: datetime) -> None:
    """No name, number or moment makes a message that Telegram refuses, or none at all."""
    rendered = render(Batch(tuple(stories)), now, UTC_ZONE)
    assert is_sendable(rendered.message)
    assert 1 <= rendered.told <= len(stories)
    assert utf16_len(rendered.message.text.split("\n")[0]) <= 130
    assert all(len(button.data.encode()) <= 64 for row in rendered.message.buttons for button in row)


def test_first_lines_fit_a_locked_phone() -> None:
    """Even the longest name leaves room for what is wrong."""
    long: dict[str, Any] = {"name": "x" * 200, "email": "x"}
    notifications = [
        low(**long),
        plan(**long),
        unreadable(**long),
        plan(**long, plan=replace(given.CHANGING, next_name="y" * 99)),
    ]
    for told in (*notifications, source(outage=FailureKind.LAPSED)):
        assert utf16_len(lines_of(told)[0]) <= 120
