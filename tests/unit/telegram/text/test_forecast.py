"""What is foreseen, in words: exact texts, so that a reader sees them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.domain.accounts import Account, Credits, ForecastSummary, Reading
from bot.domain.alerts import AlertRule, NotifyReason, Severity
from bot.domain.chats import Chat
from bot.domain.notifications import Delivery, Facts, Notification, NotificationKind
from bot.outbox.batching import batches
from bot.telegram.text.forecast import forecast_sentence, sentence, short_forecast
from bot.telegram.text.messages import render

NOW = datetime(2026, 7, 20, 12, 3, tzinfo=UTC)
ZONE = ZoneInfo("Europe/Berlin")
REFILL = datetime(2026, 7, 23, 22, 48, tzinfo=UTC)
CREDITS = Credits(2900, 0, 0, 15000, 60, REFILL)
OUT = ForecastSummary(
    made_at=NOW,
    total=2900,
    useful=True,
    lasts=False,
    before=True,
    earliest=datetime(2026, 7, 22, 12, 7, tzinfo=UTC),
    median=datetime(2026, 7, 22, 14, 7, tzinfo=UTC),
    latest=datetime(2026, 7, 22, 16, 30, tzinfo=UTC),
    boundary=REFILL,
    per_day=1240.0,
)
PERHAPS = replace(OUT, before=None, latest=datetime(2026, 7, 24, 17, tzinfo=UTC))
LASTS = replace(OUT, lasts=True, before=False, earliest=None, latest=None, unused=934.0)
VAGUE = replace(OUT, useful=False)


@pytest.mark.parametrize(
    ("foretold", "words"),
    [
        (OUT, "At this pace it runs out Wed 14:00–19:00, before the refill on Fri 24 Jul, 00:48."),
        (
            PERHAPS,
            "At this pace it may run out Wed 14:00 to Fri 19:00; the refill on Fri 24 Jul, 00:48 may come first.",
        ),
        (LASTS, "At this pace it lasts past the refill on Fri 24 Jul, 00:48. About 930 will then be unused."),
        (
            replace(LASTS, lapses=True, unused=12.0),
            "At this pace it lasts to the plan's end on Fri 24 Jul, 00:48.",
        ),
        (replace(LASTS, boundary=None), "At this pace it lasts for weeks."),
        (replace(OUT, boundary=None, latest=None), "At this pace it runs out Wed 14:00 or later."),
    ],
)
def test_sentences(foretold: ForecastSummary, words: str) -> None:
    """A forecast says how sure it is, and whether it comes before the refill or the plan's end."""
    assert sentence(foretold, NOW, ZONE) == words


def test_what_is_old_is_not_told() -> None:
    """No word of a forecast that is hours old, was overtaken by a top-up, or is too wide to plan by."""
    account = Account("p:a", "p", "a@example.com", reading=Reading(NOW, CREDITS), foretold=OUT)
    assert short_forecast(account, NOW, ZONE) == "out Wed 14:00–19:00"
    assert forecast_sentence(account, NOW + timedelta(hours=7), ZONE) == ""
    richer = replace(account, reading=Reading(NOW, replace(CREDITS, package=500)))
    assert forecast_sentence(richer, NOW, ZONE) == ""
    assert forecast_sentence(replace(account, foretold=VAGUE), NOW, ZONE) == ""


def message(
    measure: AlertRule, reason: NotifyReason, foretold: ForecastSummary | None, value: float, name: str = "Studio"
) -> str:
    """The message of one alert."""
    facts = Facts(name=name, email="a@example.com", value=value, credits=CREDITS, credits_at=NOW, foretold=foretold)
    notification = Notification("k", NotificationKind.ALERT, Severity.WARNING, reason, name, measure, 1, facts)
    (batch,) = batches([Delivery(1, Chat(7), notification, NOW)])
    return render(batch, NOW, ZONE).message.text


def test_the_alerts() -> None:
    """A coming run-out says when, before what and at which pace; a wide range says only its early end."""
    assert message(AlertRule.RUNWAY, NotifyReason.FIRED, OUT, 1.7e5) == (
        "🟠 Studio: runs out Wed 14:00–19:00\n"
        "Warning: before the refill on Fri 24 Jul, 00:48; a usual day costs about 1,200.\n"
        "Top up, or slow down, to keep jobs running.\n"
        "2,900 monthly · 0 daily · 0 package · read 14:03"
    )
    assert message(AlertRule.RUNWAY, NotifyReason.FIRED, VAGUE, 1.7e5).startswith(
        "🟠 Studio: may run out as early as Wed 14:00 (in 2 days)\n"
    )
    assert message(AlertRule.RUNWAY, NotifyReason.RESOLVED, LASTS, 9e5).startswith(
        "🟢 Studio: credits last again (2,900 credits)\nAt this pace it lasts past the refill"
    )
    assert message(AlertRule.SPIKE, NotifyReason.FIRED, OUT, 6.2).startswith(
        "🟠 Studio: spends 6 × the usual pace\nWarning: "
    )
    assert message(AlertRule.SPIKE, NotifyReason.RESOLVED, OUT, 1.0).startswith("🟢 Studio: back to the usual pace\n")


def test_several_at_once_are_one_message() -> None:
    """Accounts that are to run out are told together, by when, the earliest first."""
    facts = [
        Facts(name=name, email=f"{name}@example.com", value=value, credits=CREDITS, foretold=foretold)
        for name, value, foretold in (("Ads", 2e5, PERHAPS), ("Studio", 1e5, OUT))
    ]
    pending = [
        Delivery(
            number,
            Chat(7),
            Notification(
                f"k{number}",
                NotificationKind.ALERT,
                Severity.WARNING,
                NotifyReason.FIRED,
                one.name,
                AlertRule.RUNWAY,
                1,
                one,
            ),
            NOW,
        )
        for number, one in enumerate(facts, 1)
    ]
    (batch,) = batches(pending)
    assert render(batch, NOW, ZONE).message.text == (
        "🟠 2 accounts may run out of credits\n"
        "🟠 Warning, Wed 14:00–19:00: Studio (2,900)\n"
        "🟠 Warning, Wed 14:00 to Fri 19:00: Ads (2,900)"
    )
