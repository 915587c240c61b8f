"""One look's way from sample to what has to be said."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.accounts import (
    Account,
    CheckFailure,
    CheckResult,
    Credits,
    FailureKind,
    Health,
    Listed,
    Listing,
    Plan,
    PlanChange,
    Reading,
    SourceState,
)
from bot.domain.alerts import Alert, AlertRule, NotifyReason, Severity, Silence, SilenceKind
from bot.domain.notifications import Facts, Notification, NotificationKind
from bot.evaluation.evaluate import (
    AlertUpdate,
    account_facts,
    apply_result,
    credit_change,
    decide_account,
    decide_source,
    gone_notification,
    is_changed,
    newly_listed,
    plan_change,
    validate,
)
from bot.evaluation.listing import listing_noted
from tests.support.builders import (
    DAY,
    EMAIL,
    HOUR,
    KEY,
    MINUTE,
    NOW,
    PRO,
    RULES,
    SECOND,
    SOURCE,
    Listeners,
    account_with,
    credit_of,
    failed,
    firing,
    notices_to,
    read,
)

CREDITS, PLAN, FAILURES, LISTING = AlertRule.CREDITS, AlertRule.PLAN, AlertRule.FAILURES, AlertRule.LISTING
LATER = NOW + HOUR
BROKEN, MISSING, UNAVAILABLE = FailureKind.BROKEN, FailureKind.MISSING, FailureKind.UNAVAILABLE
UNAUTHORIZED, LAPSED, GARBLED = FailureKind.UNAUTHORIZED, FailureKind.LAPSED, FailureKind.GARBLED


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (credit_of(1, daily=5), credit_of(1), "credit_daily is missing"),
        (credit_of(1, daily=0), credit_of(1), "credit_daily is missing"),
        (credit_of(1, package=5), credit_of(1), "credit_package is missing"),
        (credit_of(1, daily=5, package=5), credit_of(1, daily=5), "credit_package is missing"),
    ],
)
def test_a_lost_bucket_is_garbled(before: Credits, after: Credits, said: str) -> None:
    """A bucket that the last reading had and this one lacks is no loss of credits: the body is garbled."""
    judged = validate(read(after, LATER), account_with(read(before)))
    assert judged == CheckFailure(LATER, GARBLED, said)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (None, credit_of(1)),
        (credit_of(1), credit_of(1)),
        (credit_of(1), credit_of(1, daily=5, package=5)),
        (credit_of(1, daily=5), credit_of(1, daily=0)),
        (credit_of(1, daily_allowance=60), credit_of(1, allowance=None)),
    ],
)
def test_what_is_no_lost_bucket(before: Credits | None, after: Credits) -> None:
    """Buckets that come, stay, fall to zero or were never told are no fault; nor is an allowance left out."""
    sample = read(after, LATER)
    assert validate(sample, account_with(read(before) if before else None)) is sample


@pytest.mark.parametrize("kind", [UNAVAILABLE, FailureKind.THROTTLED, GARBLED, BROKEN])
def test_a_listed_error_makes_a_failed_look_broken(kind: FailureKind) -> None:
    """A failed look at an account listed with an error is broken, in the listing's words."""
    account = account_with(read(), listed_error="session expired")
    assert validate(failed(kind), account) == failed(BROKEN, said="session expired")
    assert validate(failed(kind), account_with(read())) == failed(kind)


@pytest.mark.parametrize("kind", [UNAUTHORIZED, LAPSED, MISSING])
def test_a_listed_error_never_hides_what_is_surer(kind: FailureKind) -> None:
    """A refused token and a missing account stay what they are."""
    assert validate(failed(kind), account_with(read(), listed_error="session expired")) == failed(kind)


def test_a_reading_outdoes_a_listed_error() -> None:
    """An account that can be read is read, whatever the listing says."""
    sample = read(5, LATER)
    assert validate(sample, account_with(read(), listed_error="session expired")) is sample


def test_outages_are_counted_and_keep_the_last_reading() -> None:
    """Failed looks add up, since the first of them; the last known reading stays, and a reading ends the row."""
    account = account_with(read(credit_of(5, 10_000, daily_allowance=60)))
    for minute in range(1, 4):
        account = apply_result(account, failed(at=NOW + minute * MINUTE))
    assert (account.failures, account.failing_since) == (3, NOW + MINUTE)
    assert account.reading is not None
    assert account.reading.taken_at == NOW
    account = apply_result(account, read(credit_of(4, None), LATER))
    assert (account.failures, account.failing_since, account.outage) == (0, None, None)
    assert (account.allowance, account.daily_allowance, account.looked_at) == (10_000, 60, LATER)


def test_a_fresh_allowance_replaces_the_last() -> None:
    """Allowances follow the readings, down to a zero that is told."""
    account = account_with(read(credit_of(5, 10_000, daily_allowance=60)))
    account = apply_result(account, read(credit_of(4, 0, daily_allowance=0), LATER))
    assert (account.allowance, account.daily_allowance) == (0, 0)


@pytest.mark.parametrize("sample", [read(5), failed()])
def test_noted_twice_is_noted_once(sample: CheckResult) -> None:
    """The same sample again changes nothing, and so counts no failure twice."""
    once = apply_result(account_with(), sample)
    assert apply_result(once, sample) == once


def test_what_counts_as_changed() -> None:
    """A reading is kept when it tells anything but its own moment that the one before did not."""
    assert is_changed(None, read())
    assert not is_changed(read(), read(at=LATER))
    assert is_changed(read(), read(8_999))
    assert is_changed(read(), read(plan=Plan(PRO)))


REFILL_AT = NOW + MINUTE


@pytest.mark.parametrize(
    ("before", "after", "why"),
    [
        (credit_of(5), credit_of(5), None),
        (credit_of(5), credit_of(4), None),
        (credit_of(5, package=1), credit_of(5, package=900), "top-up"),
        (credit_of(5), credit_of(900), "top-up"),
        (credit_of(5, refresh_at=NOW + DAY), credit_of(900, refresh_at=NOW + DAY), "top-up"),
        (credit_of(5, refresh_at=NOW + DAY), credit_of(900), "top-up"),
        (credit_of(5), credit_of(900, refresh_at=NOW + DAY), "top-up"),
        (credit_of(820, refresh_at=NOW + DAY), credit_of(830, refresh_at=NOW + DAY), "refund"),
        (credit_of(820, refresh_at=NOW + DAY), credit_of(830, refresh_at=NOW + DAY + MINUTE), "refund"),
        (credit_of(5, refresh_at=NOW + DAY), credit_of(9, refresh_at=NOW + 30 * DAY), "refill"),
        (credit_of(5, refresh_at=REFILL_AT), credit_of(9, refresh_at=REFILL_AT), "refill"),
        (credit_of(5, refresh_at=REFILL_AT), credit_of(9), "refill"),
        (credit_of(5, daily=0), credit_of(5, daily=60), "daily refill"),
        (credit_of(5, daily=0), credit_of(4, daily=60), "daily refill"),
        (credit_of(5, daily=0, refresh_at=REFILL_AT), credit_of(9, daily=60, refresh_at=REFILL_AT), "refill"),
        (credit_of(5, package=1, refresh_at=REFILL_AT), credit_of(9, package=2_000, refresh_at=REFILL_AT), "top-up"),
        (credit_of(5, daily=60), credit_of(5, daily=0), None),
    ],
)
def test_why_credits_grew(before: Credits, after: Credits, why: str | None) -> None:
    """A renewal, a top-up and the daily refill are told apart by the bucket that grew and the refresh times."""
    assert credit_change(read(before), read(after, LATER)) == why
    assert credit_change(None, read(after, LATER)) is None


class Life:
    """An account as the checks keep it, look after look; what is said is collected by measure."""

    def __init__(self, account: Account | None = None) -> None:
        self.account = account or account_with()
        self.alerts: dict[AlertRule, Alert] = {}
        self.listeners = Listeners()
        self.now = NOW
        self.health = Health(total=1)

    def look(
        self, sample: CheckResult, *silences: Silence, after: timedelta = 15 * MINUTE
    ) -> dict[AlertRule, Notification]:
        """One look, so long after the one before."""
        self.now += after
        sample = replace(sample, taken_at=self.now)
        before = self.account
        self.account = apply_result(before, validate(sample, before))
        self.listeners.silences = list(silences)
        audience = self.listeners.audience
        return self.keep(decide_account(before, self.account, self.alerts, RULES, self.health, audience, self.now))

    def keep(self, updates: Sequence[AlertUpdate]) -> dict[AlertRule, Notification]:
        """Remembers the alerts and gives what is said of them."""
        self.alerts |= {update.alert.measure: update.alert for update in updates}
        self.listeners.keep(updates)
        return {notification.measure: notification for notification in notices_to(updates) if notification.measure}

    def reasons(
        self, sample: CheckResult, *silences: Silence, after: timedelta = 15 * MINUTE
    ) -> dict[AlertRule, NotifyReason]:
        """One look, and why something is said."""
        return {
            measure: notification.reason for measure, notification in self.look(sample, *silences, after=after).items()
        }


def test_credits_run_out_and_are_refilled() -> None:
    """20 %, 5 %, nothing, the refill: one message each, none between, and the recovery tells its story."""
    life, end = Life(), NOW + 20 * DAY
    known = [credit_of(value, 10_000, refresh_at=NOW + HOUR) for value in (2_001, 2_000, 1_900, 500, 400, 0, 0)]
    said = [life.reasons(read(credits_)) for credits_ in known]
    fired, worsened = {CREDITS: NotifyReason.FIRED}, {CREDITS: NotifyReason.WORSENED}
    assert said == [{}, fired, {}, worsened, {}, worsened, {}]
    notification = life.look(read(credit_of(10_000, 10_000, refresh_at=end)))[CREDITS]
    assert (notification.reason, notification.severity, notification.rings) == (
        NotifyReason.RESOLVED,
        Severity.INFO,
        False,
    )
    facts = notification.facts
    assert (facts.value, facts.growth, facts.worst, facts.since) == (10_000, "refill", 0, NOW + 30 * MINUTE)
    assert (facts.level, facts.rung) == (0, None)


def test_a_first_reading_that_is_low_fires() -> None:
    """A first reading that is already low fires, once, for the worst of the rungs, with all its facts."""
    life = Life(account_with(label="Studio"))
    notification = life.look(read(credit_of(180, 15_000, daily=0, package=None)))[CREDITS]
    assert (notification.topic, notification.reason, notification.severity) == (
        NotificationKind.ALERT,
        NotifyReason.FIRED,
        Severity.WARNING,
    )
    assert (notification.subject, notification.measure, notification.episode) == (KEY, CREDITS, 1)
    assert notification.facts == Facts(
        name="Studio",
        email=EMAIL,
        taken_at=life.now,
        value=180,
        rung="5 %",
        level=2,
        since=life.now,
        worst=180,
        credits=credit_of(180, 15_000, daily=0),
        credits_at=life.now,
        plan=Plan(),
        source=SOURCE,
    )


def test_the_daily_refill_is_never_announced() -> None:
    """Day after day the daily refill crosses the rung and back: one message in all."""
    life, said = Life(), list[dict[AlertRule, NotifyReason]]()
    for _ in range(5):
        for daily in (60, 0):
            spent = credit_of(1_990, 10_000, daily=daily, daily_allowance=60)
            said.append(life.reasons(read(spent), after=12 * HOUR))
    assert [reasons for reasons in said if reasons] == [{CREDITS: NotifyReason.FIRED}]


def test_an_allowance_left_out_neither_fires_nor_resolves() -> None:
    """The allowance left out of one reading: nothing said, and the last known one still shown."""
    life = Life()
    assert life.reasons(read(credit_of(1_500, 10_000))) == {CREDITS: NotifyReason.FIRED}
    assert life.reasons(read(credit_of(1_500, None))) == {}
    notification = life.look(read(credit_of(400, None)))[CREDITS]
    assert notification.facts.credits == credit_of(400, 10_000)


def test_a_missing_field_never_reads_as_low() -> None:
    """A bucket that goes missing is an unreadable look: no credits alert, and after three of them the account's."""
    life = Life()
    life.look(read(credit_of(100, 10_000, package=9_000)))
    said = [life.reasons(read(credit_of(100, 10_000))) for _ in range(3)]
    assert said == [{}, {}, {FAILURES: NotifyReason.FIRED}]
    assert life.account.outage is not None
    assert life.account.outage.kind is GARBLED


def test_an_account_that_cannot_be_read_and_comes_back() -> None:
    """Three failed looks are told once, with the cause, since when, and the last known number; then the recovery."""
    life = Life(account_with(label="Studio"))
    life.look(read(9_000))
    assert [life.reasons(failed()) for _ in range(2)] == [{}, {}]
    notification = life.look(failed(said="no answer in 20 s"))[FAILURES]
    facts = notification.facts
    assert (notification.reason, notification.severity) == (NotifyReason.FIRED, Severity.WARNING)
    assert (facts.outage, facts.said, facts.value) == (UNAVAILABLE, "no answer in 20 s", 3)
    assert (facts.since, facts.credits, facts.credits_at) == (NOW + 30 * MINUTE, credit_of(9_000), NOW + 15 * MINUTE)
    assert [life.reasons(failed(), after=DAY) for _ in range(3)] == [{}, {}, {}]
    assert life.reasons(failed(BROKEN)) == {FAILURES: NotifyReason.WORSENED}
    fired_at = life.alerts[FAILURES].since
    notification = life.look(read(8_000))[FAILURES]
    assert (notification.reason, notification.facts.since, notification.facts.outage) == (
        NotifyReason.RESOLVED,
        fired_at,
        None,
    )


def test_a_broken_account_is_told_at_once_and_its_credits_rest() -> None:
    """Broken fires on the first look; while it lasts, credits and plan neither fire, resolve nor remind."""
    life = Life()
    assert life.reasons(read(0)) == {CREDITS: NotifyReason.FIRED}
    assert life.reasons(failed(BROKEN)) == {FAILURES: NotifyReason.FIRED}
    before = life.alerts[CREDITS]
    assert life.reasons(failed(BROKEN), after=DAY - SECOND) == {}
    assert life.reasons(failed(BROKEN), after=SECOND) == {FAILURES: NotifyReason.REMINDED}
    assert life.reasons(failed(UNAVAILABLE), after=DAY) == {FAILURES: NotifyReason.REMINDED}, (
        "it is not known to be mended"
    )
    assert life.alerts[CREDITS] == before
    assert life.reasons(read(0)) == {FAILURES: NotifyReason.RESOLVED, CREDITS: NotifyReason.REMINDED}


def test_an_account_that_useapi_does_not_know_is_told_once() -> None:
    """Only what is critical, and a broken session, is reminded of."""
    life = Life()
    assert life.reasons(failed(MISSING)) == {FAILURES: NotifyReason.FIRED}
    assert life.reasons(failed(MISSING), after=9 * DAY) == {}


def test_the_sources_trouble_is_not_told_for_its_accounts() -> None:
    """Refused and shared outages change no alert of the account; one that fired before goes on firing."""
    life = Life()
    life.health = Health(total=3, failing=3, shared=True, fewest_failures=9)
    assert [life.reasons(failed()) for _ in range(5)] == [{}] * 5
    assert [life.reasons(failed(UNAUTHORIZED)) for _ in range(5)] == [{}] * 5
    life.health = Health(total=3, failing=2)
    assert life.reasons(failed()) == {FAILURES: NotifyReason.FIRED}
    life.health = Health(total=3, failing=3, shared=True, fewest_failures=9)
    assert life.reasons(failed()) == {}
    assert life.alerts[FAILURES].level == 1


def test_a_plan_that_renews_and_then_is_cancelled() -> None:
    """Told once a period as info, resolved by the renewal; cancelled, the whole ladder, then the end."""
    life, end = Life(), NOW + 8 * DAY
    going = Plan(PRO, PRO, ends_at=end)
    assert [life.reasons(read(plan=going), after=DAY) for _ in range(8)] == [{PLAN: NotifyReason.FIRED}] + [{}] * 7
    assert life.alerts[PLAN].severity is Severity.INFO
    going = replace(going, ends_at=end + 30 * DAY)
    assert life.reasons(read(plan=going)) == {PLAN: NotifyReason.RESOLVED}
    assert life.reasons(read(plan=going), after=23 * DAY) == {PLAN: NotifyReason.FIRED}
    gone = replace(going, cancelled_at=life.now)
    said = [life.look(read(plan=gone), after=DAY).get(PLAN) for _ in range(7)]
    told = [(notification.reason, notification.severity) for notification in said if notification]
    assert told == [
        (NotifyReason.WORSENED, Severity.INFO),
        (NotifyReason.WORSENED, Severity.WARNING),
        (NotifyReason.WORSENED, Severity.CRITICAL),
        (NotifyReason.WORSENED, Severity.CRITICAL),
    ]
    assert life.reasons(read(plan=gone), after=DAY) == {PLAN: NotifyReason.REMINDED}
    assert life.reasons(read(plan=replace(going, ends_at=life.now + 30 * DAY))) == {PLAN: NotifyReason.RESOLVED}


def test_a_paid_plan_that_became_free_is_told_once() -> None:
    """The first free reading after a paid one tells that the plan is gone; then it is over without a word."""
    life = Life()
    life.look(read(plan=Plan(PRO, ends_at=NOW + 20 * DAY)))
    life.look(failed())
    notification = life.look(read(plan=Plan("Free", free=True)))[PLAN]
    assert (notification.reason, notification.severity) == (NotifyReason.FIRED, Severity.CRITICAL)
    assert life.alerts[PLAN].level > 0
    assert [life.reasons(read(plan=Plan("Free", free=True)), after=DAY) for _ in range(3)] == [{}] * 3
    assert (life.alerts[PLAN].level, life.listeners.notified[PLAN]) == (0, {})
    assert life.reasons(read(plan=Plan(PRO, PRO, ends_at=life.now + 30 * DAY))) == {}


FREE = Plan("Free", free=True)


def test_a_cancellation_withdrawn_in_the_last_hour_is_no_trouble() -> None:
    """Only that a plan has ended is held by a margin: one that renews is never critical before its end."""
    life, paid = Life(), Plan(PRO, PRO, ends_at=NOW + HOUR)
    assert life.look(read(plan=replace(paid, cancelled_at=NOW)))[PLAN].severity is Severity.CRITICAL
    assert life.look(read(plan=paid))[PLAN].reason is NotifyReason.EASED
    assert life.alerts[PLAN].severity is Severity.INFO


def test_a_plan_that_is_gone_is_not_over_before_a_chat_has_it() -> None:
    """While Telegram has not taken it, it fires: health and the second channel know of it."""
    life = Life()
    life.look(read(plan=Plan(PRO, PRO, ends_at=NOW + 20 * DAY)))
    life.look(read(plan=FREE))
    waits = replace(life.listeners.audience, undelivered=frozenset({PLAN}))
    before = life.account
    one = next(
        one
        for one in decide_account(before, before, life.alerts, RULES, life.health, waits, life.now + HOUR)
        if one.alert.measure is PLAN
    )
    assert one.alert == life.alerts[PLAN]


def test_a_mute_withholds_that_a_plan_is_gone_and_it_is_told_afterwards() -> None:
    """The state does not wait for the mute; the message does, and is as bad as it was."""
    life, mute = Life(), Silence(SilenceKind.ALL, until=NOW + DAY)
    life.look(read(plan=Plan(PRO, PRO, ends_at=NOW + 20 * DAY)))
    assert life.reasons(read(plan=FREE), mute) == {}
    assert life.reasons(read(plan=FREE), mute) == {}
    assert life.alerts[PLAN].level == 0
    notification = life.look(read(plan=FREE), after=DAY)[PLAN]
    assert (notification.reason, notification.severity, notification.rings) == (
        NotifyReason.FIRED,
        Severity.CRITICAL,
        True,
    )
    assert life.reasons(read(plan=FREE)) == {}


@pytest.mark.parametrize("kind", [SilenceKind.ACK, SilenceKind.SNOOZE])
def test_that_a_plan_is_gone_is_not_told_any_more_once_somebody_has_acknowledged_it(kind: SilenceKind) -> None:
    """Over it is at the next look, and its ack with it. Who is at it knows, and rings nobody by that."""
    life, mute = Life(), Silence(SilenceKind.ALL, until=NOW + DAY)
    life.look(read(plan=Plan(PRO, PRO, ends_at=NOW + 20 * DAY)))
    assert life.reasons(read(plan=FREE), mute) == {}
    gone = life.alerts[PLAN]
    silence = Silence(kind, KEY, PLAN, NOW + 9 * DAY, gone.episode, gone.level, id=7)
    assert life.reasons(read(plan=FREE), mute, silence) == {}
    assert life.alerts[PLAN].level == 0
    assert life.reasons(read(plan=FREE), after=DAY) == {}


def test_what_no_longer_holds_when_a_mute_ends_is_not_told() -> None:
    """Who subscribed again meanwhile has no plan that is gone."""
    life, mute = Life(), Silence(SilenceKind.ALL, until=NOW + DAY)
    paid = Plan(PRO, PRO, ends_at=NOW + 50 * DAY)
    life.look(read(plan=paid))
    life.look(read(plan=FREE), mute)
    life.look(read(plan=FREE), mute)
    assert life.reasons(read(plan=paid), mute) == {}
    assert life.reasons(read(plan=paid), after=DAY) == {}


def test_a_free_account_is_well_again_by_its_daily_credits() -> None:
    """They are all that comes: nothing is left to wait for, nor to remind of, whatever plan it had before."""
    life = Life()
    life.look(read(credit_of(9_000, 15_000, daily=60, daily_allowance=60), plan=Plan(PRO, PRO, ends_at=NOW + 9 * DAY)))
    free = credit_of(0, None, daily=0, daily_allowance=60)
    assert life.look(read(free, plan=FREE))[CREDITS].reason is NotifyReason.FIRED
    notification = life.look(read(replace(free, daily=60), plan=FREE))[CREDITS]
    assert (notification.reason, notification.facts.growth) == (NotifyReason.RESOLVED, "daily refill")
    assert life.reasons(read(replace(free, daily=60), plan=FREE), after=2 * DAY) == {}


PAID_OUT = credit_of(0, 15_000, daily=0, package=0, daily_allowance=60)


@pytest.mark.parametrize(
    ("after", "said"),
    [
        (replace(PAID_OUT, package=2_000), NotifyReason.EASED),
        (replace(PAID_OUT, monthly=2_000), NotifyReason.EASED),
        (replace(PAID_OUT, monthly=61), NotifyReason.EASED),
        (replace(PAID_OUT, daily=60), None),
        (replace(PAID_OUT, daily=60, package=0), None),
        (replace(PAID_OUT, monthly=60), None),
        (replace(PAID_OUT, package=14_000), NotifyReason.RESOLVED),
    ],
    ids=["bought", "topped up", "a job's refund", "daily refill", "again", "within the margin", "off the ladder"],
)
def test_jobs_run_again(after: Credits, said: NotifyReason | None) -> None:
    """Who was told that nothing is left is told, silently, when jobs run again; not of a daily refill."""
    life = Life()
    assert life.reasons(read(PAID_OUT)) == {CREDITS: NotifyReason.FIRED}
    notification = life.look(read(after)).get(CREDITS)
    assert (notification.reason if notification else None) is said
    assert notification is None or not notification.rings
    assert life.reasons(read(after)) == {}


def test_jobs_run_again_once_and_stop_anew() -> None:
    """A step to a milder threshold is silent; after "jobs run again" the next time that nothing is left rings."""
    life = Life()
    low, bought = replace(PAID_OUT, monthly=180), replace(PAID_OUT, package=2_000)
    assert life.reasons(read(low)) == {CREDITS: NotifyReason.FIRED}
    assert life.reasons(read(bought)) == {}, "it was not out of credits"
    assert life.reasons(read(PAID_OUT)) == {CREDITS: NotifyReason.WORSENED}
    assert life.reasons(read(replace(PAID_OUT, daily=60)), after=HOUR) == {}
    assert life.reasons(read(replace(PAID_OUT, daily=60, package=2_000))) == {CREDITS: NotifyReason.EASED}
    assert life.reasons(read(PAID_OUT)) == {CREDITS: NotifyReason.WORSENED}


@pytest.mark.parametrize("kind", [SilenceKind.ACK, SilenceKind.SNOOZE])
def test_an_ack_and_a_snooze_end_when_jobs_run_again(kind: SilenceKind) -> None:
    """As at recovery: they withhold neither that it is better, nor that it is bad again."""
    life = Life()
    life.look(read(PAID_OUT))
    out = life.alerts[CREDITS]
    silence = Silence(kind, KEY, CREDITS, NOW + 9 * DAY, out.episode, out.level, id=7)
    assert life.reasons(read(replace(PAID_OUT, package=2_000)), silence) == {CREDITS: NotifyReason.EASED}
    assert 7 not in {one.id for one in life.listeners.silences}


def test_a_mute_withholds_that_jobs_run_again() -> None:
    """It is told when the mute ends, if it still holds."""
    life, mute = Life(), Silence(SilenceKind.ALL, until=NOW + DAY)
    life.look(read(PAID_OUT))
    assert life.reasons(read(replace(PAID_OUT, package=2_000)), mute) == {}
    assert life.reasons(read(replace(PAID_OUT, package=1_900)), after=DAY) == {CREDITS: NotifyReason.EASED}


def test_a_cancellation_is_told_at_once_and_its_withdrawal_too() -> None:
    """Once, silently, weeks before the end; withdrawn, that it goes on, wherever it was on the ladder."""
    life, paid = Life(), Plan(PRO, PRO, ends_at=NOW + 20 * DAY)
    gone = replace(paid, cancelled_at=NOW)
    assert life.reasons(read(plan=paid)) == {}
    notification = life.look(read(plan=gone))[PLAN]
    assert (notification.reason, notification.severity, notification.rings) == (
        NotifyReason.FIRED,
        Severity.INFO,
        False,
    )
    assert life.reasons(read(plan=gone), after=DAY) == {}
    withdrawn = life.look(read(plan=paid))[PLAN]
    assert (withdrawn.reason, withdrawn.facts.plan_change) == (NotifyReason.RESOLVED, PlanChange.KEPT)
    assert life.reasons(read(plan=gone)) == {PLAN: NotifyReason.FIRED}
    assert life.reasons(read(plan=gone), after=17 * DAY) == {PLAN: NotifyReason.WORSENED}
    withdrawn = life.look(read(plan=paid))[PLAN]
    assert (withdrawn.reason, withdrawn.rings) == (NotifyReason.EASED, False)
    assert withdrawn.facts.plan_change is PlanChange.KEPT
    assert life.reasons(read(plan=paid)) == {}


def test_several_rules_speak_for_themselves() -> None:
    """Low credits and an ended plan in one look are two alerts, each with its own notice and key."""
    said = Life().look(read(0, plan=Plan(PRO, ends_at=NOW - DAY, cancelled_at=NOW - 2 * DAY)))
    assert {measure: notification.reason for measure, notification in said.items()} == {
        CREDITS: NotifyReason.FIRED,
        PLAN: NotifyReason.FIRED,
    }
    assert len({notification.key for notification in said.values()}) == 2


def test_a_mute_withholds_and_the_next_look_catches_up() -> None:
    """Muted, nothing is said and the state goes on; after the mute, the rung that was never told."""
    life = Life()
    mute = Silence(SilenceKind.ALL, until=NOW + HOUR)
    assert life.reasons(read(1_000), mute) == {}
    assert life.alerts[CREDITS].level == 1
    assert life.reasons(read(400), mute) == {}
    assert life.reasons(read(400), mute, after=30 * MINUTE) == {CREDITS: NotifyReason.FIRED}
    assert life.reasons(read(400), mute) == {}


def test_a_replayed_look_says_nothing() -> None:
    """The same look decided again, from what was saved: no alert moves, nothing is said."""
    life = Life()
    life.look(read(0, plan=Plan(PRO, ends_at=NOW + DAY)))
    audience = life.listeners.audience
    again = decide_account(life.account, life.account, life.alerts, RULES, life.health, audience, life.now)
    assert [(one.alert, one.notifications) for one in again] == [(life.alerts[one.alert.measure], ()) for one in again]


HEALTHY = SourceState(SOURCE, listed_at=NOW, listed=3)


def look_at(
    life: Life, source: SourceState, health: Health, after: timedelta = 15 * MINUTE
) -> dict[AlertRule, Notification]:
    """One round of a source."""
    life.now += after
    return life.keep(decide_source(source, life.alerts, RULES, health, life.listeners.audience, life.now))


def test_a_refused_token_is_one_critical_alert_that_is_repeated() -> None:
    """401 for all accounts: one alert for the source with its facts, a reminder a day, and the recovery."""
    life = Life()
    refused = Health(
        total=12, failing=12, refused=12, shared=True, fewest_failures=1, outage=failed(UNAUTHORIZED), since=NOW
    )
    notification = look_at(life, HEALTHY, refused)[FAILURES]
    assert (notification.reason, notification.severity, notification.subject) == (
        NotifyReason.FIRED,
        Severity.CRITICAL,
        SOURCE,
    )
    facts = notification.facts
    assert (facts.email, facts.count, facts.total, facts.outage) == (None, 12, 12, UNAUTHORIZED)
    assert (facts.since, facts.said) == (NOW, "no answer")
    assert look_at(life, HEALTHY, refused) == {}
    assert look_at(life, HEALTHY, refused, DAY)[FAILURES].reason is NotifyReason.REMINDED
    notification = look_at(life, HEALTHY, Health(total=12, read_at=life.now))[FAILURES]
    assert (notification.reason, notification.facts.outage, notification.facts.said) == (
        NotifyReason.RESOLVED,
        None,
        None,
    )


def test_a_shared_outage_holds_until_one_account_is_read() -> None:
    """Shared by all after three looks each: one alert; a shorter row later, as after a restart, does not resolve it."""
    life = Life()
    away = Health(total=3, failing=3, shared=True, fewest_failures=2, outage=failed(), since=NOW)
    assert look_at(life, HEALTHY, away) == {}
    assert look_at(life, HEALTHY, replace(away, fewest_failures=3))[FAILURES].reason is NotifyReason.FIRED
    assert look_at(life, HEALTHY, replace(away, fewest_failures=1)) == {}
    notification = look_at(life, HEALTHY, Health(total=3, failing=2, outage=failed()))[FAILURES]
    assert (notification.reason, notification.facts.outage, notification.facts.said) == (
        NotifyReason.RESOLVED,
        None,
        None,
    )


def test_an_empty_listing_is_said_once() -> None:
    """A source that lists none is a warning, said once; an unreadable listing meanwhile changes nothing."""
    life = Life()
    empty = listing_noted(SourceState(SOURCE), Listing(NOW, ()))
    notification = look_at(life, empty, Health())[LISTING]
    assert (notification.reason, notification.severity, notification.facts.total) == (
        NotifyReason.FIRED,
        Severity.WARNING,
        0,
    )
    assert [look_at(life, empty, Health(), DAY) for _ in range(3)] == [{}] * 3
    assert LISTING not in look_at(life, listing_noted(empty, failed()), Health())
    full = listing_noted(empty, Listing(life.now, (Listed(EMAIL),)))
    assert look_at(life, full, Health(total=1))[LISTING].reason is NotifyReason.RESOLVED


def test_discovery_that_fails() -> None:
    """A listing that cannot be read while nothing is watched fires after three in a row, and a listing resolves it."""
    life, source = Life(), SourceState(SOURCE)
    said = []
    for _ in range(4):
        source = listing_noted(source, failed(at=life.now))
        said.append({measure: notification.reason for measure, notification in look_at(life, source, Health()).items()})
    assert said == [{}, {}, {FAILURES: NotifyReason.FIRED}, {}]
    source = listing_noted(source, Listing(life.now, (Listed(EMAIL),)))
    assert look_at(life, source, Health())[FAILURES].reason is NotifyReason.RESOLVED


def test_a_listing_is_noted() -> None:
    """A failed listing leaves what was listed as it was and counts; a good one ends the row."""
    once = listing_noted(HEALTHY, failed(at=NOW + SECOND))
    twice = listing_noted(once, failed(at=NOW + MINUTE))
    assert (twice.listed, twice.listed_at, twice.failures, twice.failing_since) == (3, NOW, 2, NOW + SECOND)
    assert twice.outage == failed(at=NOW + MINUTE)
    good = listing_noted(twice, Listing(LATER, (Listed("a@b"), Listed("c@d"))))
    assert good == SourceState(SOURCE, listed_at=LATER, listed=2)


def test_gone_is_said_once_with_the_last_number() -> None:
    """An account that is no longer listed: one silent note, with its last known credits and their moment."""
    account = replace(account_with(read(credit_of(5, None)), label="Studio"), allowance=10_000)
    notification = gone_notification(account, LATER)
    assert (notification.topic, notification.subject, notification.rings) == (NotificationKind.GONE, KEY, False)
    facts = notification.facts
    assert (facts.name, facts.email, facts.taken_at) == ("Studio", EMAIL, LATER)
    assert (facts.credits, facts.credits_at) == (credit_of(5, 10_000), NOW)
    assert gone_notification(account, LATER + SECOND).key != notification.key
    assert gone_notification(account_with(), LATER).facts.credits is None


def test_who_is_new_in_a_listing() -> None:
    """Who is listed and not watched yet, in the listing's order, in any case of letters."""
    listing = Listing(NOW, (Listed("Bob@x"), Listed("carol@x", "session expired"), Listed("ALICE@x")))
    assert newly_listed(listing, ["alice@X", "bob@x"]) == [Listed("carol@x", "session expired")]
    assert newly_listed(listing, []) == list(listing.accounts)


def test_facts_of_an_account_never_read() -> None:
    """An account that could not be read from the start has no number to tell, and says so with None."""
    account = account_with(outage=failed(MISSING, said="not configured"))
    facts = account_facts(account, firing(2, measure=FAILURES), None)
    assert (facts.credits, facts.credits_at, facts.plan, facts.value, facts.rung) == (None, None, None, None, None)
    assert (facts.name, facts.outage, facts.said, facts.since) == (EMAIL, MISSING, "not configured", NOW)


def test_a_reading_is_never_told_as_older_or_newer_than_it_is() -> None:
    """The look's own moment and the number's moment are told apart while the account cannot be read."""
    life = Life()
    life.look(read(5_000))
    notification = life.look(failed(BROKEN), after=5 * HOUR)[FAILURES]
    assert (notification.facts.taken_at, notification.facts.credits_at) == (life.now, life.now - 5 * HOUR)
    assert isinstance(life.account.reading, Reading)


@pytest.mark.parametrize(
    ("before", "after", "what"),
    [
        (Plan(PRO, PRO, ends_at=NOW), Plan(PRO, PRO, ends_at=NOW + 30 * DAY), PlanChange.RENEWED),
        (Plan(PRO, "Basic", ends_at=NOW), Plan("Basic", "Basic", ends_at=NOW + 30 * DAY), PlanChange.CHANGED),
        (Plan(PRO, PRO, ends_at=NOW, cancelled_at=NOW - DAY), Plan(PRO, PRO, ends_at=NOW), PlanChange.KEPT),
        (Plan(PRO, PRO, ends_at=NOW), Plan(PRO, PRO, ends_at=NOW + MINUTE), None),
        (Plan(PRO, ends_at=NOW), Plan(None, ends_at=NOW), None),
    ],
)
def test_what_became_of_a_plan(before: Plan, after: Plan, what: PlanChange | None) -> None:
    """A later end is a renewal; another name, a withdrawn cancellation, or another rule of the owner's are not."""
    assert plan_change(read(plan=before), read(plan=after)) is what
    assert plan_change(None, read(plan=after)) is None
