"""What goes to the second channel: alerts that Telegram has not taken for so long, each once."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.config.fallback_urls import ordinal, parse_addresses, way_of
from bot.domain.alerts import AlertRule, NotifyReason, Severity
from bot.domain.notifications import Delivery, NotificationKind
from bot.features.fallback.rules import OVER_LONG_AGO, due_for_fallback
from tests.support.builders import MINUTE, NOW, SECOND, delivery

AFTER = 15 * MINUTE
OLD, YOUNG = NOW - AFTER, NOW - AFTER + SECOND
MAIL, NTFY = "mailto://bot:hunter2@example.com?to=a@example.org,b@example.org", "ntfys://my-secret-topic"


def ids(found: list[Delivery]) -> list[int]:
    """Which notifications were found."""
    return [part.id for part in found]


def test_an_alert_that_waits_long_enough_is_due() -> None:
    """Not a second before."""
    assert ids(due_for_fallback([delivery(1, at=OLD)], NOW, AFTER)) == [1]
    assert due_for_fallback([delivery(1, at=YOUNG)], NOW, AFTER) == []


def test_nothing_goes_twice() -> None:
    """What is recorded as told is not due again, however long Telegram stays away."""
    told = delivery(1, at=OLD)
    assert due_for_fallback([told], NOW + timedelta(days=1), AFTER, {told.notification.key}) == []


@pytest.mark.parametrize("topic", [NotificationKind.GREETING, NotificationKind.GONE, NotificationKind.DOWNTIME])
def test_notes_beside_alerts_wait_for_telegram(topic: NotificationKind) -> None:
    """A greeting is worth no mail."""
    note = delivery(1, NotifyReason.NONE, measure=None, topic=topic, severity=Severity.INFO, at=OLD)
    assert due_for_fallback([note], NOW, AFTER) == []


def test_information_waits_for_telegram() -> None:
    """That a plan renews in a week is worth no mail either; a warning, a critical alert and its reminder are."""
    renews = delivery(1, severity=Severity.INFO, measure=AlertRule.PLAN, at=OLD)
    warning = delivery(2, severity=Severity.WARNING, at=OLD)
    reminder = delivery(3, NotifyReason.REMINDED, "bob", severity=Severity.CRITICAL, at=OLD)
    assert ids(due_for_fallback([renews, warning, reminder], NOW, AFTER)) == [2, 3]


def test_a_recovery_goes_where_its_alert_went() -> None:
    """After an alert that went by mail; not after one that Telegram had taken."""
    fired, well = delivery(1, at=OLD - AFTER), delivery(2, NotifyReason.RESOLVED, at=OLD)
    assert ids(due_for_fallback([fired, well], NOW, AFTER, {fired.notification.key})) == [2]
    assert due_for_fallback([well], NOW, AFTER) == []


def test_all_that_waits_of_an_alert_goes_with_it() -> None:
    """The message says what holds now: a recovery of a minute ago is in it."""
    fired, well = delivery(1, at=OLD), delivery(2, NotifyReason.RESOLVED, at=NOW - MINUTE)
    assert ids(due_for_fallback([fired, well], NOW, AFTER)) == [1, 2]
    long_after = NOW + 2 * OVER_LONG_AGO
    assert due_for_fallback([fired, well], long_after, AFTER) == []
    assert ids(due_for_fallback([fired, well], long_after, AFTER, {fired.notification.key})) == [2]


def test_a_notice_for_many_chats_goes_once() -> None:
    """Five chats are one alert."""
    one = delivery(1, at=OLD)
    copies = [Delivery(number, one.chat, one.notification, one.created_at) for number in (5, 1, 3)]
    assert ids(due_for_fallback(copies, NOW, AFTER)) == [1]


reasons = st.sampled_from([NotifyReason.FIRED, NotifyReason.WORSENED, NotifyReason.REMINDED, NotifyReason.RESOLVED])


@given(
    st.lists(st.tuples(reasons, st.sampled_from(["a", "b"]), st.sampled_from(list(Severity)), st.integers(0, 90))),
    st.sets(st.integers(0, 20)),
)
@settings(deadline=None)
def test_what_is_due_is_worth_it(drawn: list[tuple[NotifyReason, str, Severity, int]], told_ids: set[int]) -> None:
    """On any outbox: nothing told goes again, nothing twice, and every ringing alert that is old enough goes."""
    pending = [
        delivery(number, reason, who, severity=severity, at=NOW - minutes * MINUTE)
        for number, (reason, who, severity, minutes) in enumerate(drawn)
    ]
    told = {part.notification.key for part in pending if part.id in told_ids}
    found = due_for_fallback(pending, NOW, AFTER, told)
    assert not {part.notification.key for part in found} & told
    assert len({part.id for part in found}) == len(found)
    must = {part.id for part in pending if part.notification.rings and NOW - part.created_at >= AFTER} - told_ids
    assert must <= set(ids(found))
    if not any(NOW - part.created_at >= AFTER for part in pending):
        assert not found


@pytest.mark.parametrize(
    ("text", "addresses"),
    [
        ("", ()),
        (" , ", ()),
        (MAIL, (MAIL,)),
        (f"{MAIL}, {NTFY}", (MAIL, NTFY)),
        (f"{NTFY},{MAIL}\n", (NTFY, MAIL)),
        (f"{NTFY} {NTFY},", (NTFY,)),
    ],
)
def test_addresses_are_read(text: str, addresses: tuple[str, ...]) -> None:
    """With commas or spaces between them; a comma inside an address is its own."""
    assert parse_addresses(text) == addresses


@pytest.mark.parametrize("wrong", ["hunter2", "mailto:hunter2@example.com", "://hunter2", "mailto://", "a\0://hunter2"])
def test_wrong_addresses_are_refused_without_naming_them(wrong: str) -> None:
    """They hold passwords: the error says which one by its place."""
    with pytest.raises(ValueError, match=r"has a (1st|2nd) address") as caught:
        parse_addresses(f"{NTFY} {wrong}" if wrong.startswith("mailto://") else f"{wrong}")
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("number", "said"), [(1, "1st"), (2, "2nd"), (3, "3rd"), (4, "4th"), (11, "11th"), (21, "21st")]
)
def test_ordinals(number: int, said: str) -> None:
    """As people write them."""
    assert ordinal(number) == said


@pytest.mark.parametrize(
    ("address", "way"),
    [(MAIL, "mail"), ("mailtos://x", "mail"), (NTFY, "ntfy"), ("pover://u@t", "Pushover"), ("slack://A/B/C", "Slack")],
)
def test_a_way_gives_nothing_of_the_address_away(address: str, way: str) -> None:
    """A word that people know; of a service without one, the beginning of its addresses."""
    assert way_of(address) == way
    assert way_of("Unheard://secret@of") == "unheard"
