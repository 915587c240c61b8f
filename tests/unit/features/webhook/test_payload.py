"""The body of an event: by the schema in docs/, with what each rule knows, and the same at each attempt."""

import json
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.config.parsers import parse_credit_ladder, parse_time_ladder
from bot.domain.accounts import Account, FailureKind, Health, Plan, SourceState
from bot.domain.alerts import Alert, AlertRule, NotifyReason, Severity
from bot.domain.events import TYPES, Event, EventType, WaitingEvent
from bot.domain.health import Vitals
from bot.domain.jobs import RefusedJobs
from bot.domain.notifications import Facts, Notification, NotificationKind
from bot.domain.rules import Rules
from bot.domain.subscription import SubscriptionPage, asked
from bot.evaluation.evaluate import AlertUpdate, Audience, closed_event, decide_account, decide_source, event_of
from bot.evaluation.forecast.runway import NO_FEAR
from bot.evaluation.jobs import decide_jobs
from bot.features.webhook.payload import RULES as NAMES
from bot.features.webhook.payload import body_of, doctor_body
from tests.support.builders import DAY, HOUR, KEY, NOW, account_with, credit_of, failed, read

SCHEMA = json.loads((Path(__file__).parents[4] / "docs" / "webhook.schema.json").read_text(encoding="utf-8"))
ZONE = ZoneInfo("UTC")
RULES = Rules(
    low_credits=parse_credit_ladder("20%,5%,0"),
    plan_ends_within=parse_time_ladder("7d, 36h"),
    runs_out_within=parse_time_ladder("2d"),
    unreadable_after=3,
    remind_every=DAY,
)
KINDS = {"object": dict, "string": str, "number": (int, float), "null": type(None)}


def check(value: Any, schema: dict[str, Any], where: str = "event") -> None:
    """Fails unless a value fits the part of JSON Schema that ours uses."""
    assert schema.keys() <= {
        *("$schema", "title", "description", "format", "type", "enum", "const", "required", "properties"),
        "additionalProperties",
    }, f"{where}: this test knows less than the schema"
    if "enum" in schema:
        assert value in schema["enum"], f"{where}: {value!r}"
    if "const" in schema:
        assert value == schema["const"], where
    if kinds := schema.get("type"):
        allowed = tuple(KINDS[kind] for kind in ([kinds] if isinstance(kinds, str) else kinds))
        assert isinstance(value, allowed), f"{where}: {value!r}"  # type: ignore[arg-type]
    if schema.get("format") == "date-time" and value is not None:
        assert value.endswith("Z"), where
        assert datetime.fromisoformat(value).utcoffset() == timedelta(0), where
    for name in schema.get("required", ()):
        assert name in value, f"{where}: {name} is missing"
    for name, part in schema.get("properties", {}).items():
        check(value[name], part, f"{where}.{name}")
    if "properties" in schema:
        assert value.keys() <= schema["properties"].keys(), f"{where}: the schema lacks a field"


def written(event: Event | None, at: datetime = NOW) -> dict[str, Any]:
    """An event as the receiver reads it, by the schema."""
    assert event is not None
    body: dict[str, Any] = json.loads(body_of(WaitingEvent(1, "msg_1", event, at), ZONE))
    check(body, SCHEMA)
    return body


def events(updates: list[AlertUpdate]) -> dict[AlertRule, Event]:
    """The events of some updates, by rule."""
    return {one.alert.measure: one.event for one in updates if one.event}


def decided(
    before: Account, after: Account, alerts: dict[AlertRule, Alert] | None = None, at: datetime = NOW
) -> tuple[dict[AlertRule, Event], dict[AlertRule, Alert]]:
    """What one check of an account that no chat gets brings, and its alerts then."""
    updates = decide_account(before, after, alerts or {}, RULES, Health(), Audience(), at)
    return events(updates), {one.alert.measure: one.alert for one in updates}


def test_low_credits_from_firing_to_its_end_with_the_worst_severity() -> None:
    """Firing at 20%, worsened at 0, and resolved: the worst severity, the new value, no threshold."""
    full, low, gone = account_with(read(9_000)), account_with(read(1_500), label="Studio"), account_with(read(0))
    told, alerts = decided(full, low)
    fired = written(told[AlertRule.CREDITS])
    assert fired["type"] == "alert.firing"
    assert fired["timestamp"] == "2026-11-23T12:00:00Z"
    assert fired["data"] == fired["data"] | {
        "version": 1,
        "account": KEY,
        "label": "Studio",
        "service": "pixverse",
        "rule": "low_credits",
        "severity": "info",
        "value": 1500,
        "threshold": "20%",
        "since": "2026-11-23T12:00:00Z",
        "alert": f"{KEY}|credits|1",
    }
    assert fired["data"]["text"].startswith("🔵 Studio: at least 1,500 credits left")
    told, alerts = decided(low, gone, alerts, NOW + HOUR)
    worse = written(told[AlertRule.CREDITS], NOW + HOUR)
    assert worse["type"] == "alert.worsened"
    assert worse["data"]["label"] is None
    assert (worse["data"]["severity"], worse["data"]["threshold"], worse["data"]["value"]) == ("critical", "0", 0)
    _, alerts = decided(gone, account_with(read(1_500)), alerts, NOW + 2 * HOUR)
    assert alerts[AlertRule.CREDITS].severity is Severity.INFO
    told, _ = decided(low, full, alerts, NOW + 3 * HOUR)
    over = written(told[AlertRule.CREDITS], NOW + 3 * HOUR)
    assert over["type"] == "alert.resolved"
    assert (over["data"]["severity"], over["data"]["threshold"], over["data"]["value"]) == ("critical", None, 9000)
    assert over["data"]["since"] == "2026-11-23T12:00:00Z"
    assert "🟢" in over["data"]["text"]


def test_jobs_that_run_again_are_a_notice_about_an_alert_that_still_fires() -> None:
    """Eased is no end: a notice with the rule, and the alert's present severity."""
    gone, some = account_with(read(0)), account_with(read(1_500))
    _, alerts = decided(account_with(read(9_000)), gone)
    told, _ = decided(gone, some, alerts, NOW + HOUR)
    eased = written(told[AlertRule.CREDITS])
    assert (eased["type"], eased["data"]["rule"], eased["data"]["severity"]) == ("notice", "low_credits", "info")


def test_a_reminder_comes_whoever_is_silent() -> None:
    """A day later, still critical, no chat in sight: a reminder."""
    gone = account_with(read(0))
    _, alerts = decided(account_with(read(9_000)), gone)
    told, _ = decided(gone, gone, alerts, NOW + DAY)
    assert written(told[AlertRule.CREDITS])["type"] == "alert.reminder"


@pytest.mark.parametrize(("left", "threshold"), [(6 * DAY, "7d"), (HOUR, "36h"), (-HOUR, None)])
def test_a_plan_that_ends_has_its_threshold_as_it_was_written(left: timedelta, threshold: str | None) -> None:
    """Seconds left, and the text of the setting; one that has ended is beyond all of them."""
    plan = Plan(name="Pro", ends_at=NOW + left, cancelled_at=NOW - DAY, free=False)
    told, _ = decided(account_with(read(9_000)), account_with(read(9_000, plan=plan)))
    data = written(told[AlertRule.PLAN])["data"]
    assert (data["rule"], data["threshold"], data["value"]) == ("plan_ends", threshold, left.total_seconds())


def test_a_plan_that_is_gone_ends_for_the_receiver_too() -> None:
    """Nobody is told of its end in a chat, and a receiver would wait for it without end."""
    plan = Plan(name="Pro", ends_at=NOW + DAY, cancelled_at=NOW - DAY, free=False)
    paid, free = account_with(read(9_000, plan=plan)), account_with(read(0, plan=Plan(name="Basic", free=True)))
    _, alerts = decided(account_with(read(9_000)), paid)
    told, alerts = decided(paid, free, alerts)
    assert written(told[AlertRule.PLAN])["type"] == "alert.worsened"
    told, alerts = decided(free, free, alerts, NOW + HOUR)
    over = written(told[AlertRule.PLAN])
    assert (over["type"], over["data"]["severity"], over["data"]["threshold"]) == ("alert.resolved", "critical", None)
    assert "plan is gone" in over["data"]["text"]
    assert alerts[AlertRule.PLAN].level == 0


@pytest.mark.parametrize(
    ("kind", "failures", "threshold"), [(FailureKind.UNAVAILABLE, 3, "3"), (FailureKind.BROKEN, 1, None)]
)
def test_an_unreadable_account_counts_its_checks(kind: FailureKind, failures: int, threshold: str | None) -> None:
    """Failed checks in a row; what is certain at once has no threshold."""
    account = account_with(read(9_000), failed(kind), failures)
    told, _ = decided(account_with(read(9_000)), account)
    data = written(told[AlertRule.FAILURES])["data"]
    assert (data["rule"], data["value"], data["threshold"]) == ("unreadable", failures, threshold)


def test_every_rule_and_every_change_has_its_name() -> None:
    """A rule or a reason that is added must be decided upon here, too."""
    assert set(NAMES) == set(AlertRule)
    assert set(TYPES) == set(NotifyReason) - {NotifyReason.NONE, NotifyReason.JOINED}
    assert set(NAMES.values()) <= {*SCHEMA["properties"]["data"]["properties"]["rule"]["enum"]}
    assert [one.value for one in EventType] == SCHEMA["properties"]["type"]["enum"]


@pytest.mark.parametrize("measure", list(AlertRule))
@pytest.mark.parametrize("reason", list(TYPES))
def test_every_event_of_a_source_or_an_account_fits_the_schema(measure: AlertRule, reason: NotifyReason) -> None:
    """Each rule with each change, about an account and about a source."""
    level = 0 if reason is NotifyReason.RESOLVED else 1
    for subject, facts in (
        (KEY, Facts(name="alice@example.com", email="alice@example.com", value=12.5, threshold="20%")),
        ("pixverse/studio", Facts(name="pixverse/studio", source="pixverse/studio", origin="studio")),
    ):
        severity = Severity.WARNING if level else None
        alert = Alert(subject, measure, level, 1, 1, NOW, severity=severity, peak=Severity.CRITICAL)
        data = written(event_of(alert, reason, facts))["data"]
        assert data["service"] == "pixverse"
        assert (data["account"], data["label"]) == ((KEY, None) if subject == KEY else (None, "studio"))
        assert data["severity"] == ("warning" if level else "critical")


@pytest.mark.parametrize("topic", [kind for kind in NotificationKind if kind is not NotificationKind.ALERT])
def test_every_notice_fits_the_schema(topic: NotificationKind) -> None:
    """Of a note that concerns nobody in particular, all is null but its text."""
    if topic is NotificationKind.DIGEST or topic is NotificationKind.GREETING:
        return  # they are about what one chat sees
    body = written(Event(EventType.NOTICE, Notification("k", topic, Severity.INFO)))
    unknown = {name for name, value in body["data"].items() if value is None}
    assert unknown == set(body["data"]) - {"version", "text"}


def test_a_runway_beyond_the_horizon_and_a_pace_are_no_seconds() -> None:
    """Both would be numbers that mean something else."""
    for measure, value in ((AlertRule.RUNWAY, NO_FEAR), (AlertRule.SPIKE, 6.2)):
        alert = Alert(KEY, measure, 1, 1, 1, NOW, severity=Severity.WARNING)
        facts = Facts(name="a@example.com", email="a@example.com", value=value)
        assert written(event_of(alert, NotifyReason.FIRED, facts))["data"]["value"] is None


def test_the_test_of_doctor_fits_the_schema() -> None:
    """A notice about nobody."""
    body = json.loads(doctor_body(NOW))
    check(body, SCHEMA)
    assert body["type"] == "notice"


def test_each_attempt_has_the_same_body() -> None:
    """The text is that of its own moment, however late it goes out."""
    told, _ = decided(account_with(read(9_000)), account_with(read(credit_of(1_500))))
    waiting = WaitingEvent(1, "msg_1", told[AlertRule.CREDITS], NOW)
    assert body_of(waiting, ZONE) == body_of(replace(waiting), ZONE)
    assert "delayed" not in body_of(waiting, ZONE)


@pytest.mark.parametrize(("label", "origin"), [(None, None), (None, "Kling"), ("Studio", None), ("Studio", "Kling")])
def test_a_label_is_what_a_person_gave(label: str | None, origin: str | None) -> None:
    """An email with its service behind it is none."""
    before, after = (
        replace(account_with(read(one), label=label), origin=origin) for one in (credit_of(9_000), credit_of(1_500))
    )
    told, _ = decided(before, after)
    assert written(told[AlertRule.CREDITS])["data"]["label"] == label


def test_health_knows_nothing_of_the_webhook() -> None:
    """A receiver that is away is no reason for 503: what /healthz decides by has no place for it."""
    assert not [name for name in Vitals.__slots__ if "webhook" in name or "receiver" in name]


def test_the_subscription_is_a_rule_of_its_own() -> None:
    """Both when it fires and when it is over; the service's list and its failures stay unreadable."""
    page = SubscriptionPage(active=False)
    source = SourceState("pixverse", listed_at=NOW, listed=1, subscription=asked(page, NOW))
    health = Health(total=1, read_at=NOW)
    (fired, *_) = decide_source(source, {}, RULES, health, Audience(), NOW)
    data = written(fired.event)["data"]
    assert (data["rule"], data["severity"], data["account"]) == ("subscription", "critical", None)
    well = replace(source, subscription=asked(replace(page, active=True), NOW))
    (over, *_) = decide_source(well, {AlertRule.FAILURES: fired.alert}, RULES, health, Audience(), NOW)
    body = written(over.event)
    assert (body["type"], body["data"]["rule"]) == ("alert.resolved", "subscription")


REFUSALS = (FailureKind.UNAUTHORIZED, FailureKind.LAPSED)
UNAUTHORIZED, LAPSED = (Health(total=1, failing=1, refused=1, outage=failed(kind)) for kind in REFUSALS)


@pytest.mark.parametrize(
    ("before", "after", "name"),
    [(UNAUTHORIZED, LAPSED, "unreadable"), (LAPSED, UNAUTHORIZED, "subscription")],
)
def test_an_alert_keeps_its_name_from_firing_to_its_end(before: Health, after: Health, name: str) -> None:
    """A refused token turns into a lapsed subscription, or back: the receiver finds the alert again by its fields."""
    source = SourceState("pixverse", listed_at=NOW, listed=1)
    (fired, *_) = decide_source(source, {}, RULES, before, Audience(), NOW)
    alerts = {AlertRule.FAILURES: fired.alert}
    (changed, *_) = decide_source(source, alerts, RULES, after, Audience(), NOW + HOUR)
    alerts = {AlertRule.FAILURES: changed.alert}
    well = Health(total=1, read_at=NOW + 3 * HOUR)
    (reminded, *_) = decide_source(source, alerts, RULES, after, Audience(), NOW + 2 * DAY)
    (over, *_) = decide_source(source, alerts, RULES, well, Audience(), NOW + 3 * HOUR)
    closed = closed_event(changed.alert, Facts(name="pixverse", source="pixverse"))
    said = [written(one) for one in (fired.event, reminded.event, over.event, closed)]
    assert [one["type"] for one in said] == ["alert.firing", "alert.reminder", "alert.resolved", "alert.resolved"]
    assert {one["data"]["rule"] for one in said} == {name}
    assert len({one["data"]["alert"] for one in said}) == 1


def test_each_alert_and_each_episode_has_its_own_mark() -> None:
    """Three rules of a source have one name, and can fire at once: the mark tells them apart, and episodes too."""
    some = [
        Alert("pixverse", rule, 1, episode, 1, NOW, severity=Severity.WARNING)
        for rule in (AlertRule.FAILURES, AlertRule.LISTING, AlertRule.BROKEN)
        for episode in (1, 2)
    ]
    facts = Facts(name="pixverse", source="pixverse")
    marks = {written(event_of(one, NotifyReason.FIRED, facts))["data"]["alert"] for one in some}
    assert len(marks) == len(some)


def test_an_event_of_an_older_version_keeps_its_name() -> None:
    """One that waits over an update lacks how its alert fired."""
    alert = Alert("pixverse", AlertRule.FAILURES, 2, 1, 1, NOW, severity=Severity.CRITICAL)
    old = event_of(alert, NotifyReason.FIRED, Facts(name="pixverse", source="pixverse", subscription=True))
    assert written(old)["data"]["rule"] == "subscription"


def test_refused_jobs_with_their_number_and_their_end() -> None:
    """The threshold is the setting's; an end without a message in the chat is an event all the same."""
    rules = replace(RULES, refused_jobs=2)
    jobs = RefusedJobs(NOW, (NOW, NOW), NOW)
    fired = decide_jobs(replace(account_with(read(9_000)), jobs=jobs), {}, rules, Audience(), NOW)
    data = written(fired.event)["data"]
    assert (data["rule"], data["value"], data["threshold"]) == ("refused_jobs", 2, "2")
    later = NOW + timedelta(hours=2)
    over = decide_jobs(account_with(read(9_000)), {AlertRule.JOBS: fired.alert}, rules, Audience(), later)
    assert over.notifications == ()
    assert written(over.event)["type"] == "alert.resolved"
