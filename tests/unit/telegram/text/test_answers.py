"""Answers to questions, word for word where they are short."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from bot.domain.accounts import Account, CheckFailure, Credits, FailureKind, Pause, Plan, Reading
from bot.domain.alerts import Alert, AlertRule, Severity, Silence, SilenceKind
from bot.domain.chats import Chat
from bot.domain.notifications import Watched
from bot.telegram.text.account_card import account_tag, amount_text
from bot.telegram.text.account_list import SourceAlert, account_card, alerts_page, credits_page
from bot.telegram.text.alert_list import Acted
from bot.telegram.text.layout import LONGEST_MESSAGE, Message
from bot.telegram.text.sanitize import utf16_len
from tests.support import given
from tests.support.given import NOW, UNHURRIED, UTC_ZONE, ago

CRITICAL, WARNING, INFO = Severity.CRITICAL, Severity.WARNING, Severity.INFO
FAR = replace(given.PREMIUM, ends_at=NOW + timedelta(days=20))
BROKEN = CheckFailure(ago(hours=5), FailureKind.BROKEN, "The linked account is broken")
DETAILS = {
    "jobs_at_once": 5,
    "qualities": ["360p", "2160p", "1080p"],
    "fast_mode": True,
    "veo_sora": True,
    "off_peak_discount": "0.7",
    "image_models": ["a"] * 11,
}


def watched(
    label: str | None,
    credits: Credits | None = given.FULL,
    plan: Plan = FAR,
    outage: CheckFailure | None = None,
    alerts: tuple[tuple[AlertRule, Severity], ...] = (),
    silences: tuple[Silence, ...] = (),
    at: datetime = NOW,
) -> Watched:
    """An account as a question finds it."""
    email = f"{(label or 'alice').lower()}@example.com"
    reading = Reading(at, credits, plan, DETAILS) if credits else None
    account = Account(
        f"pixverse:{email}",
        "pixverse",
        email,
        label,
        reading,
        outage,
        failures=3 if outage else 0,
        failing_since=outage.taken_at if outage else None,
        allowance=credits.monthly_allowance if credits else None,
        daily_allowance=60,
    )
    firing = (Alert(account.key, measure, 1, 1, since=ago(minutes=15), severity=bad) for measure, bad in alerts)
    return Watched(account, tuple(firing), tuple(replace(silence, subject=account.key) for silence in silences))


ACK = Silence(SilenceKind.ACK, measure=AlertRule.CREDITS, episode=1, level=1, by="Ann")
MUTE = Silence(SilenceKind.ACCOUNT, until=NOW + timedelta(hours=2), by="Bob", chat=Chat(7))
ADS = watched("Ads", given.NONE_LEFT, alerts=((AlertRule.CREDITS, CRITICAL),), silences=(ACK,))
STUDIO = watched(
    "Studio", replace(given.LOW, daily_refresh_at=datetime(2026, 7, 21, tzinfo=UTC)), given.PREMIUM,
    alerts=((AlertRule.CREDITS, WARNING), (AlertRule.PLAN, INFO)), silences=(MUTE,),
)  # fmt: skip
LOOP = watched(
    "Loop", replace(given.LOW, monthly=310), outage=BROKEN, alerts=((AlertRule.FAILURES, WARNING),), at=ago(hours=5)
)
MAIN = watched("Main", replace(given.FULL, monthly=12450))
NEW = watched("New", None)
ZOO = watched("Zoo")
FLEET = (MAIN, NEW, LOOP, STUDIO, ADS, watched("Pilot"), ZOO)


def lines(message: Message) -> list[str]:
    """The message by lines."""
    return message.text.split("\n")


def data(message: Message) -> list[str]:
    """What its buttons send."""
    return [button.data for row in message.buttons for button in row]


def test_credits_of_many() -> None:
    """The most urgent first, one line each; what could not be read says so, with the last number, its age and why."""
    message = credits_page(FLEET, 0, NOW, UTC_ZONE)
    assert lines(message) == [
        "45,350 credits in 5 of 7 accounts · next refill Fri 00:48 with 30,000",
        "7 accounts, 3 need you · 2 unknown · read 14:03",
        "🔴 Ads · 0 · critical: out of credits · refill Fri 00:48",
        "🟠 Studio · 2,900 (19 %) · warning: low credits · plan renews Thu 00:48 · refill Fri 00:48 · muted",
        "🟠 Loop · unknown · last 310 at 09:03, 5 h ago: session broken",
        "⚪ New · not read yet",
        "🟢 Main · 12,450 (83 %)",
        "🟢 Pilot · 15,000 (100 %)",
        "🟢 Zoo · 15,000 (100 %)",
    ]
    assert data(message) == ["refresh:0"]


def test_credits_of_few() -> None:
    """Where there is room, each account tells its kinds of credits and its plan."""
    assert lines(credits_page((MAIN, STUDIO, LOOP), 0, NOW, UTC_ZONE)) == [
        "15,350 credits in 2 of 3 accounts · next refill Fri 00:48 with 15,000",
        "3 accounts, 2 need you · 1 unknown · read 14:03",
        "🟠 Studio · 2,900 (19 %) · warning: low credits · refill Fri 00:48 · muted",
        "2,900 monthly · 0 daily · 0 package · Premium - Monthly renews Thu 23 Jul for 60",
        "🟠 Loop · unknown · last 310 at 09:03, 5 h ago: session broken",
        "🟢 Main · 12,450 (83 %)",
        "12,450 monthly · 0 daily · 0 package · Premium - Monthly renews Sun 9 Aug for 60",
    ]


def test_header_is_honest_about_age() -> None:
    """Numbers read at different times are not all as fresh as the newest; old ones say how old."""
    old = watched("Old", at=ago(minutes=40))
    assert lines(credits_page((MAIN, old), 0, NOW, UTC_ZONE))[1] == "2 accounts, none needs you · read 13:23 to 14:03"
    older = watched("Older", at=ago(minutes=41))
    assert (
        lines(credits_page((old, older), 0, NOW, UTC_ZONE))[1] == "2 accounts, none needs you · read 13:22, 41 min ago"
    )


def test_no_account_and_one_account() -> None:
    """None is said in words; one is its card."""
    assert lines(credits_page((), 0, NOW, UTC_ZONE))[0] == "No account is watched yet."
    assert credits_page((STUDIO,), 3, NOW, UTC_ZONE) == account_card(STUDIO, NOW, UTC_ZONE)


def test_pages() -> None:
    """Twenty accounts a page, each account on one page, with ways back and on; a page that is gone is the last one."""
    many = [watched(f"acc-{number:02}") for number in range(45)]
    pages = [credits_page(many, number, NOW, UTC_ZONE) for number in range(3)]
    assert [len(lines(page)) for page in pages] == [2 + 20, 1 + 20, 1 + 5]  # the fleet's line begins the first
    assert [data(page) for page in pages] == [
        ["page:1", "refresh:0"],
        ["page:0", "page:2", "refresh:1"],
        ["page:1", "refresh:2"],
    ]
    assert lines(pages[1])[0].endswith(" · page 2 of 3")
    text = "".join(page.text for page in pages)
    assert all(text.count(one.account.name) == 1 for one in many)
    assert credits_page(many, 99, NOW, UTC_ZONE) == pages[2]
    assert credits_page(many, -1, NOW, UTC_ZONE) == pages[0]


def test_card() -> None:
    """Everything about one account."""
    message = account_card(STUDIO, NOW, UTC_ZONE)
    assert lines(message) == [
        "🟠 Studio (studio@example.com)",
        "2,900 credits of 15,000 (19 %) · read 14:03",
        "monthly 2,900 · daily 0 of 60 · package 0",
        "Refill Fri 24 Jul, 00:48, in 4 days · daily refill tomorrow 00:00",
        "Premium - Monthly renews Thu 23 Jul for 60",
        "5 jobs at once · 2160p · off-peak price × 0.7 · 11 image models",
        "Fast mode, Veo and Sora",
        "Warning: low credits (19 %), since 13:48",
        "Info: plan renews Thu 23 Jul, since 13:48",
        "Muted until today 16:03 by Bob.",
    ]
    assert data(message) == [f"refresh:{account_tag(STUDIO.account.key)}"]
    assert len(account_tag(STUDIO.account.key)) == 12


def test_card_of_an_unreadable_account() -> None:
    """Why, since when, and the last known numbers as such."""
    assert lines(account_card(LOOP, NOW, UTC_ZONE))[:4] == [
        "🟠 Loop (loop@example.com)",
        "Cannot be read since 09:03, 3 failed checks in a row.",
        "Session broken. The linked account is broken.",
        "Last known: 310 credits of 15,000 (2 %) · read 09:03, 5 h ago",
    ]


def test_card_of_an_account_never_read() -> None:
    """What is not known is left out."""
    assert lines(account_card(NEW, NOW, UTC_ZONE)) == ["⚪ New (new@example.com)", "Never read yet.", "No alerts."]


def test_alerts() -> None:
    """What fires, the worst first, since when, and whether it is silenced and by whom."""
    refused = SourceAlert(
        Alert("pixverse", AlertRule.FAILURES, 2, since=ago(hours=1), severity=CRITICAL), outage=FailureKind.UNAUTHORIZED
    )
    message = alerts_page((MAIN, LOOP, STUDIO, ADS), (refused,), (), 0, NOW, UTC_ZONE)
    assert lines(message) == [
        "5 alerts: 2 critical, 2 warning, 1 info",
        "🔴 useapi.net · critical: cannot be read: API token refused, since 13:03",
        "🔴 Ads · critical: out of credits, low since 13:48 · acknowledged by Ann",
        "🟠 Loop · warning: cannot be read: session broken, since 09:03",
        "🟠 Studio · warning: low credits (19 %), since 13:48 · muted until today 16:03 by Bob",
        "🔵 Studio · info: plan renews Thu 23 Jul, since 13:48 · muted until today 16:03 by Bob",
    ]
    assert data(message) == ["alerts:0"]


def test_no_alerts() -> None:
    """Quiet is an answer too."""
    assert (
        alerts_page((MAIN,), (), (), 0, NOW, UTC_ZONE).text
        == "No alerts: nothing is firing. /credits shows the numbers."
    )


def test_silences_of_what_does_not_fire() -> None:
    """Each silence of the chat is named, who and until when, with a button that ends it; none of them twice."""
    everything = Silence(SilenceKind.ALL, until=NOW + timedelta(hours=3), by="Cleo", chat=Chat(7), id=3)
    everywhere = replace(MUTE, subject=ZOO.account.key, chat=None, id=4)
    ack = replace(ACK, subject=ADS.account.key, id=2)
    silences = (Acted((ack,), ("Ads",)), Acted((everything,)), Acted((everywhere,), ("Zoo", "Main", "Pilot")))
    message = alerts_page((ADS, ZOO), (), silences, 0, NOW, UTC_ZONE)
    assert lines(message) == [
        "1 alert: 1 critical",
        "🔴 Ads · critical: out of credits, low since 13:48 · acknowledged by Ann",
        "Silenced here:",
        "Everything muted until today 17:03 by Cleo",
        "Zoo, Main, Pilot · muted in every chat until today 16:03 by Bob",
    ]
    assert data(message) == ["end:2", "end:3", "end:4", "alerts:0"]
    labels = [button.label for row in message.buttons for button in row]
    assert labels[:3] == ["Undo ack: Ads", "Unmute: everything", "Unmute: Zoo +2"]
    quiet = alerts_page((ZOO,), (), silences[1:2], 0, NOW, UTC_ZONE)
    assert lines(quiet)[1:] == ["Silenced here:", "Everything muted until today 17:03 by Cleo"]
    assert data(quiet) == ["end:3"]


@pytest.mark.parametrize(
    ("plan", "words"),
    [
        (given.CANCELLED, "plan ends Thu 23 Jul, since 13:48"),
        (given.CHANGING, "plan becomes Basic Thu 23 Jul, since 13:48"),
        (replace(given.PREMIUM, ends_at=ago(hours=2)), "plan was not renewed, due 12:03"),
        (replace(given.CANCELLED, ends_at=ago(hours=2)), "plan ended 12:03"),
        (given.FREE, "plan is gone, since 13:48"),
        (replace(given.CANCELLED, cancelled_at=ago(minutes=5)), "plan ends Thu 23 Jul, cancelled 13:58"),
    ],
)
def test_plan_alerts_by_what_happens(plan: Plan, words: str) -> None:
    """The list says what the plan does, and since when: an alert is older than what was cancelled, or ended, later."""
    one = watched("Main", plan=plan, alerts=((AlertRule.PLAN, WARNING),))
    assert lines(alerts_page((one,), (), (), 0, NOW, UTC_ZONE))[1] == f"🟠 Main · warning: {words}"


wild = st.text(st.characters(), max_size=100) | st.just("😀" * 3000) | st.just("עברית\n" * 50)
numbers = st.integers(-(10**15), 10**15) | st.floats(-1e15, 1e15)
moments = st.none() | st.datetimes(timezones=st.just(UTC)) | st.just(datetime.max.replace(tzinfo=UTC))
fleets = st.lists(
    st.builds(
        Watched,
        st.builds(
            Account,
            key=wild,
            source=wild | st.just("pixverse"),
            email=wild,
            label=st.none() | wild,
            reading=st.none()
            | st.builds(
                Reading,
                st.datetimes(timezones=st.just(UTC)),
                st.builds(
                    Credits, numbers, st.none() | numbers, st.none() | numbers, st.none() | numbers, st.none() | numbers
                ),
                st.builds(
                    Plan, st.none() | wild, st.none() | wild, st.booleans(), moments, moments, moments, st.none() | wild
                ),
                st.fixed_dictionaries({"jobs_at_once": st.integers(), "qualities": st.lists(wild, max_size=3)}),
            ),
            outage=st.none()
            | st.builds(CheckFailure, st.datetimes(timezones=st.just(UTC)), st.sampled_from(FailureKind), wild),
            allowance=st.none() | numbers,
            failing_since=moments,
        ),
        st.lists(
            st.builds(
                Alert, wild, st.sampled_from(AlertRule), severity=st.none() | st.sampled_from(Severity), since=moments
            ),
            max_size=3,
        ).map(tuple),
        st.lists(st.builds(Silence, st.sampled_from(SilenceKind), until=moments, by=wild), max_size=2).map(tuple),
    ),
    max_size=30,
)


@UNHURRIED
@for_all(fleets, st.integers(-1, 4))
def test_any_account_can_be_shown(fleet: list[Watched], page: int) -> None:
    """No name, number or moment makes an answer that Telegram refuses, or none at all."""
    messages = [credits_page(fleet, page, NOW, UTC_ZONE), alerts_page(fleet, (), (), page, NOW, UTC_ZONE)]
    messages += [account_card(one, NOW, UTC_ZONE) for one in fleet]
    for message in messages:
        size = utf16_len(message.text)
        assert 0 < size <= LONGEST_MESSAGE
        assert all(0 <= one.offset < one.end <= size for one in message.entities)
        assert all(len(sent.encode()) <= 64 for sent in data(message))


PAUSE = Pause("", ago(hours=1), NOW + timedelta(hours=1, minutes=57), "Kim")


def paused(one: Watched, read: float = 1) -> Watched:
    """The account while it is paused, read so many hours ago."""
    reading = one.account.reading and replace(one.account.reading, taken_at=ago(hours=read))
    return replace(one, account=replace(one.account, pause=PAUSE, reading=reading))


def test_what_is_paused_never_passes_for_fresh() -> None:
    """It says until when, and its last number with its age: no green, and no moment for all that has gone by."""
    plan, last = "plan renews Thu 00:48", "last 2,900 (19 %) at 13:03, 1 h ago"
    fleet = (paused(MAIN), paused(STUDIO), paused(LOOP, 5), paused(NEW), watched("Pilot"))
    assert lines(credits_page(fleet, 0, NOW, UTC_ZONE)) == [
        "15,000 credits in 1 of 5 accounts · next refill 23 Aug with 15,000",
        "5 accounts, 2 need you · 4 paused · read 14:03",
        f"🟠 Studio · paused until today 16:00 · {last} · warning: low credits · {plan} · muted",
        "🟠 Loop · paused until today 16:00 · unknown · last 310 (2 %) at 09:03, 5 h ago: session broken · warning",
        "⚪ New · paused until today 16:00 · not read yet",
        "⚪ Main · paused until today 16:00 · last 12,450 (83 %) at 13:03, 1 h ago",
        "🟢 Pilot · 15,000 (100 %)",
        "15,000 monthly · 0 daily · 0 package · Premium - Monthly renews Sun 9 Aug for 60",
    ]
    only = lines(credits_page((paused(MAIN), paused(NEW)), 0, NOW, UTC_ZONE))
    assert only[0] == "2 accounts, none needs you · 2 paused"
    assert "just now" not in amount_text(paused(MAIN, 0).account, NOW, UTC_ZONE)


def test_card_of_a_paused_account() -> None:
    """Until when, by whom, how it ends, and the last known numbers as such; a button ends it."""
    card = account_card(paused(MAIN), NOW, UTC_ZONE)
    assert lines(card)[:4] == [
        "⚪ Main (main@example.com)",
        "Paused until today 16:00 by Kim.",
        "No checks until then. /resume Main ends that sooner.",
        "Last known: 12,450 credits of 15,000 (83 %) · read 13:03, 1 h ago",
    ]
    assert data(card)[1] == f"unpause:{account_tag(MAIN.account.key)}"
    assert (
        lines(account_card(paused(LOOP, 5), NOW, UTC_ZONE))[3]
        == "Cannot be read since 09:03, 3 failed checks in a row."
    )


def test_a_renewal_that_nobody_sees_is_not_said_to_be_missing() -> None:
    """The plan was to renew during the pause: whether it did is not known."""
    due = watched("Main", plan=replace(given.PREMIUM, ends_at=ago(minutes=30)))
    assert "plan was due" in credits_page((due, MAIN), 0, NOW, UTC_ZONE).text.replace("Premium - Monthly", "plan")
    assert "was due" not in credits_page((paused(due), MAIN), 0, NOW, UTC_ZONE).text
