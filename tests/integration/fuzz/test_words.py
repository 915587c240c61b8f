"""Whatever is known of an account, and whatever it is called, its messages are fit to send."""

from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.accounts import Account, CheckFailure, FailureKind, ForecastRecord, ForecastSummary
from bot.domain.alerts import Alert, AlertRule, NotifyReason, Severity
from bot.domain.chats import Chat
from bot.domain.notifications import Delivery, Notification, NotificationKind, Watched
from bot.features.board.text import board_message
from bot.outbox.batching import Batch, PendingAlert
from bot.telegram.text.account_list import account_card, alerts_page, credits_page
from bot.telegram.text.layout import LONGEST_MESSAGE, MOST_ENTITIES, Message, with_note
from bot.telegram.text.messages import render
from bot.telegram.text.sanitize import utf16_len
from tests.integration.fuzz.shapes import PLAIN
from tests.integration.storage.test_values import credits_, facts, maybe, moments, numbers, plans, readings

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
ZONES = st.sampled_from(
    [ZoneInfo(name) for name in ("UTC", "Pacific/Kiritimati", "America/St_Johns", "Asia/Kathmandu")]
)
NAMES = PLAIN | st.text(st.characters(exclude_categories=["Cs"]), max_size=300)

foretold = st.builds(
    ForecastSummary,
    made_at=moments,
    total=numbers,
    useful=st.booleans(),
    lasts=st.booleans(),
    before=maybe(st.booleans()),
    earliest=maybe(moments),
    median=maybe(moments),
    latest=maybe(moments),
    boundary=maybe(moments),
    lapses=st.booleans(),
    unused=maybe(st.floats(0, 1e12)),
    per_day=st.floats(0, 1e12),
    record=maybe(st.builds(ForecastRecord, moments, st.integers(0, 10), st.integers(0, 10))),
)
told = st.builds(
    lambda base, name, said, credits, plan, fore: replace(
        base, name=name, said=said, credits=credits, plan=plan, foretold=fore
    ),
    facts, NAMES, maybe(NAMES), maybe(credits_), maybe(plans), maybe(foretold),
)  # fmt: skip
notifications = st.builds(
    Notification,
    key=st.uuids().map(str),
    topic=st.sampled_from([topic for topic in NotificationKind if topic is not NotificationKind.DIGEST]),
    severity=st.sampled_from(list(Severity)),
    reason=st.sampled_from([reason for reason in NotifyReason if reason is not NotifyReason.NONE]),
    subject=NAMES,
    measure=st.sampled_from(list(AlertRule)),
    episode=st.integers(1, 9),
    facts=told,
)
deliveries = st.builds(
    Delivery,
    id=st.integers(1, 2**63 - 1),
    chat=st.just(Chat(1)),
    notification=notifications,
    created_at=moments,
    attempts=st.integers(0, 9),
    first_failed_at=maybe(moments),
    sent_ways=maybe(st.tuples(moments, NAMES)),
)
batches = st.lists(
    st.lists(deliveries, min_size=1, max_size=3).map(tuple).map(PendingAlert), min_size=1, max_size=8
).map(lambda stories: Batch(tuple(stories)))
accounts = st.builds(
    Account,
    key=NAMES,
    source=st.just("pixverse"),
    email=NAMES,
    label=maybe(NAMES),
    reading=maybe(readings),
    outage=maybe(st.builds(CheckFailure, moments, st.sampled_from(list(FailureKind)), NAMES)),
    failures=st.integers(0, 1000),
    failing_since=maybe(moments),
    looked_at=maybe(moments),
    listed_error=maybe(NAMES),
    allowance=maybe(numbers),
    foretold=maybe(foretold),
    origin=maybe(NAMES),
)
alerts = st.builds(
    Alert,
    subject=NAMES,
    measure=st.sampled_from(list(AlertRule)),
    level=st.integers(1, 9),
    episode=st.integers(1, 9),
    since=maybe(moments),
    worst=maybe(st.floats(-1e12, 1e12)),
    severity=maybe(st.sampled_from(list(Severity))),
)
watched = st.lists(st.builds(Watched, accounts, st.lists(alerts, max_size=3).map(tuple)), min_size=1, max_size=8)


def is_fit(message: Message) -> None:
    """Holds that Telegram takes a message: not empty, not too long, entities inside, buttons that come back."""
    units = message.text.encode("utf-16-le")
    assert message.text.strip()
    assert utf16_len(message.text) == len(units) // 2 <= LONGEST_MESSAGE
    assert len(message.entities) <= MOST_ENTITIES
    for entity in message.entities:
        assert 0 <= entity.offset < entity.end <= len(units) // 2
        units[entity.offset * 2 : entity.end * 2].decode("utf-16-le")
    for button in (button for row in message.buttons for button in row):
        assert 1 <= len(button.data.encode()) <= 64
        assert button.label.strip()


@given(batches, ZONES, NAMES)
def test_any_notification_is_fit_to_send(batch: Batch, zone: ZoneInfo, note: str) -> None:
    """Whatever an alert or a note tells, of one account or of many, and whatever is added to it later."""
    rendered = render(batch, NOW, zone)
    assert 1 <= rendered.told <= len(batch.stories)
    is_fit(rendered.message)
    is_fit(with_note(rendered.message, note))


@given(watched, ZONES)
def test_any_answer_is_fit_to_send(many: list[Watched], zone: ZoneInfo) -> None:
    """Whatever is known of accounts: their card, their pages, their board."""
    is_fit(account_card(many[0], NOW, zone))
    is_fit(credits_page(many, 0, NOW, zone))
    is_fit(alerts_page(many, [], [], 0, NOW, zone))
    is_fit(board_message(many, NOW, zone))
