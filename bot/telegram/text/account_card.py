"""One account: its line in the list of all, and its card."""

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.domain.accounts import Account, Balance, Credits, Plan, Reading, Unit
from bot.domain.alerts import Alert, AlertRule, Severity
from bot.domain.jobs import WITHIN, Slots
from bot.domain.notifications import Watched
from bot.evaluation.alert_state import MUTES
from bot.evaluation.evaluate import with_allowances
from bot.evaluation.left_out import trusted_end
from bot.sources.registry import DEFAULT, service_of
from bot.telegram.text.alert_list import format_alert, format_mute, format_silences
from bot.telegram.text.dates import (
    format_ago,
    format_day,
    format_in,
    format_moment,
    format_past,
    format_read,
    format_short,
)
from bot.telegram.text.forecast import forecast_with_record, short_forecast
from bot.telegram.text.formatting import (
    LOW,
    NOTE,
    OUT,
    RECOVERED,
    SERVICE,
    SIGNS,
    capitalised,
    format_buckets,
    format_credits,
    format_number,
    format_plan,
    format_share,
    format_total,
    format_trouble,
    in_brackets,
    is_out,
    name_of,
    share_of,
    trouble_of,
)
from bot.telegram.text.layout import Piece, bold
from bot.telegram.text.left_out import end_text, left_out_lines
from bot.telegram.text.message_body import Spans
from bot.telegram.text.pauses import format_age, format_pause
from bot.telegram.text.sanitize import clean, plain

NEAR = timedelta(days=7)
RANKS = {Severity.CRITICAL: 0, Severity.WARNING: 1}
UNREADABLE, CALM = 2, 3


def account_tag(key: str) -> str:
    """Twelve letters for an account in a button, because a button's data is too short for a key."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:12]


def is_known(account: Account) -> bool:
    """True if the last check had numbers, and the next one is not late."""
    return account.reading is not None and account.outage is None and account.pause is None


def needs_you(one: Watched) -> bool:
    """True if any of its alerts is a warning or worse."""
    return (one.severity or Severity.INFO) >= Severity.WARNING


def urgency(one: Watched) -> tuple[int, float, float, str]:
    """Sorts accounts: critical, warning, unreadable, then by share and number."""
    severities = (alert.severity for alert in one.alerts if alert.measure is not AlertRule.FAILURES)
    rank = min((RANKS.get(severity, CALM) for severity in severities if severity), default=CALM)
    readable = one.account.reading is not None and one.account.outage is None
    credits = with_allowances(one.account)
    share = credits.share if credits else None
    return (
        rank if readable else min(rank, UNREADABLE),
        float("inf") if share is None else share,
        float(credits.total) if credits else float("inf"),
        one.account.name.casefold(),
    )


def sign_of(one: Watched) -> str:
    """The coloured sign before its name."""
    if one.severity:
        return SIGNS[one.severity]
    return RECOVERED if is_known(one.account) else NOTE


def account_line(one: Watched, now: datetime, zone: ZoneInfo, *, detailed: bool = False) -> Spans:
    """Its line in the list of all accounts; a plan that goes on is omitted where a line with details follows."""

    def tell(alert: Alert) -> str:
        renews = alert.measure is AlertRule.PLAN and alert.severity is Severity.INFO
        return "" if detailed and renews else alert_reason(alert, account, now, zone)

    account, more = one.account, list[str]()
    why = [] if account.outage else reasons(one, tell)
    rest = [amount_text(account, now, zone), *with_severity(one, why)]
    if is_known(account):
        more = [short_forecast(account, now, zone), *refill_text(one, now, zone)]
        more += [] if detailed else plan_end_text(account, now, zone)
    elif account.pause:
        more = plan_end_text(account, now, zone)
    rest += [words for words in more if words and words not in why]
    if format_mute(account, one.silences, now, zone):
        rest.append("muted")
    return (f"{sign_of(one)} ", bold(name_of(account.name)), " · ", " · ".join(rest))


def with_severity(one: Watched, why: list[str]) -> list[str]:
    """The reasons of a sign, the first after its severity: "warning: low credits"."""
    if not needs_you(one) or one.severity is None or not (why or is_known(one.account) or one.account.pause):
        return why
    return [": ".join([one.severity.word, *why[:1]]), *why[1:]]


def reasons(one: Watched, tell: Callable[[Alert], str]) -> list[str]:
    """Why its sign has its colour, the worst first and each once; ``tell`` returns the text of one alert."""
    firing = sorted(one.alerts, key=lambda alert: -(alert.severity or 0))
    return list(dict.fromkeys(filter(None, map(tell, firing))))


def alert_reason(alert: Alert, account: Account, now: datetime, zone: ZoneInfo) -> str:
    """An account's alert in two or three words."""
    match alert.measure:
        case AlertRule.CREDITS:
            return low_text(account)
        case AlertRule.PLAN:
            return plan_alert_text(account, now, lambda when: format_short(when, now, zone))
        case AlertRule.RUNWAY:
            return short_forecast(account, now, zone) or "may run out soon"
        case AlertRule.SPIKE:
            return "unusual pace"
        case AlertRule.JOBS:
            return "jobs refused"
        case _:
            return ""


def low_text(account: Account) -> str:
    credits = with_allowances(account)
    if credits is None:
        return LOW[Unit.CREDITS]
    return OUT[credits.unit] if is_out(credits) else LOW[credits.unit]


def plan_alert_text(account: Account, now: datetime, say: Callable[[datetime], str]) -> str:
    """The plan's next or last change, at any distance; ``say`` formats a moment."""
    plan = account.reading.plan if account.reading else None
    if plan is None or plan.free or plan.ends_at is None:
        return "plan is gone"
    return f"plan {plan_verb(plan, now)} {say(plan.ends_at)}"


def amount_text(account: Account, now: datetime, zone: ZoneInfo) -> str:
    credits, reading = with_allowances(account), account.reading
    if account.pause:
        return f"{format_pause(account.pause, now, zone)} · {last_text(account, now, zone)}"
    if account.outage is None:
        return f"{format_total(credits)}{in_brackets(share_of(credits))}" if credits else "not read yet"
    why = trouble_of(account.outage.kind)
    if credits is None or reading is None:
        return f"unknown: {why}"
    at = reading.taken_at
    return f"unknown · last {format_total(credits)} at {format_past(at, now, zone)}, {format_ago(at, now)}: {why}"


def last_text(account: Account, now: datetime, zone: ZoneInfo) -> str:
    """The last number of a paused account, with its age and the trouble at that time."""
    credits, reading = with_allowances(account), account.reading
    why = f": {trouble_of(account.outage.kind)}" if account.outage else ""
    if credits is None or reading is None:
        return f"unknown{why}" if why else "not read yet"
    amount = f"last {format_total(credits)}{in_brackets(share_of(credits))} {format_age(reading.taken_at, now, zone)}"
    return f"unknown · {amount}{why}" if why else amount


def refill_text(one: Watched, now: datetime, zone: ZoneInfo) -> list[str]:
    """When the refill comes, while its credits are low."""
    reading = one.account.reading
    at = reading.credits.refresh_at if reading and reading.plan.renews is not False else None
    low = any(alert.measure is AlertRule.CREDITS for alert in one.alerts)
    return [f"refill {format_short(at, now, zone)}"] if low and at and at > now else []


def plan_end_text(account: Account, now: datetime, zone: ZoneInfo) -> list[str]:
    """The plan's change, if it is near or past."""
    reading = account.reading
    if reading is None or reading.plan.free:
        return []
    if any(one.name == "ends_at" and one.unreadable for one in reading.left_out):
        return ["end of plan: unreadable"]
    end = near_end(account, now)
    return [f"plan {plan_verb(reading.plan, now)} {format_short(end, now, zone)}"] if end else []


def near_end(account: Account, now: datetime) -> datetime | None:
    """The plan's end, if it is near or past; None while nobody checks whether the plan was renewed."""
    reading = account.reading
    end = trusted_end(reading, now) if reading else None
    if reading is None or reading.plan.free or end is None or end - now > NEAR:
        return None
    return None if account.pause and reading.plan.renews and end <= now else end


def plan_verb(plan: Plan, now: datetime) -> str:
    """A verb for the plan's end."""
    if plan.ends_at and plan.ends_at <= now:
        return "was due" if plan.renews or plan.renewal_unknown else "ended"
    if plan.renewal_unknown:
        return "ends or renews"
    return "renews" if plan.renews else f"becomes {plain(plan.becomes, 32)}" if plan.becomes else "ends"


def detail_line(one: Watched, now: datetime, zone: ZoneInfo) -> str:
    """Its kinds of credits and its plan, for a second line."""
    credits, reading = with_allowances(one.account), one.account.reading
    if credits is None or reading is None or not is_known(one.account):
        return ""
    return " · ".join(filter(None, (format_buckets(credits), plan_text(reading, now, zone))))


def plan_text(reading: Reading, now: datetime, zone: ZoneInfo) -> str:
    """The plan, and its next date; an unknown end is said to be unknown."""
    plan, unknown = reading.plan, end_text(reading.left_out)
    if plan.free:
        return plain(plan.name or "free account", 40)
    if plan.ends_at is None:
        if reading.credits.single and not plan.name:
            return ""  # its service reports no plan
        return f"{plain(plan.name, 40)}{unknown}" if plan.name else f"plan unknown{unknown}"
    if unknown and plan.ends_at <= now:
        return f"{format_plan(plan)}, last known to end {format_day(plan.ends_at, now, zone)}{unknown}"
    price = plain(plan.renewal_price or plan.price or "", 20, empty="") if plan.renews else ""
    cost = f" for {price}" if price else ""
    return f"{format_plan(plan)} {plan_verb(plan, now)} {format_day(plan.ends_at, now, zone)}{cost}{unknown}"


def identity(account: Account) -> list[str]:
    """The email of a labelled account, and a service that its name does not tell; PixVerse goes without saying."""
    email = [clean(account.email, 80)] if account.label else []
    service = service_of(account.source)
    if service is None or service.name == DEFAULT or account.name.endswith(f"{service.title})"):
        return email
    return [*email, service.title]


def card_lines(
    one: Watched, now: datetime, zone: ZoneInfo, slots: Slots | None = None, *, dark: bool = False
) -> list[tuple[Piece, ...]]:
    """Everything known about one account; ``dark``: no account can be read. ``slots`` are its running jobs."""
    account = one.account
    email = in_brackets(", ".join(identity(account)))
    sign = SIGNS[Severity.CRITICAL] if dark else sign_of(one)
    lines: list[tuple[Piece, ...]] = [(f"{sign} ", bold(name_of(account.name)), email)]
    if account.pause:
        lines.append((bold("Paused"), f"{format_pause(account.pause, now, zone, who=True).removeprefix('paused')}."))
        lines.append((f"No checks until then. /resume {name_of(account.name)} ends that sooner.",))
    if account.outage is not None:
        lines.append((bold("Cannot be read"), f" since {failing_text(account, now, zone)}."))
        lines.append((f"{capitalised(format_trouble(account.outage.kind, account.outage.said))}.",))
    if account.unlisted_at is not None:
        since = format_past(account.unlisted_at, now, zone)
        lines.append((f"Not listed at {SERVICE} since {since}; the next answer of the list decides.",))
    lines.extend(reading_lines(account, now, zone))
    lines.extend((line,) for line in jobs_lines(account, slots, now, zone))
    lines.extend((line,) for line in alert_lines(one, now, zone))
    return lines


def jobs_lines(account: Account, slots: Slots | None, now: datetime, zone: ZoneInfo) -> list[str]:
    """The jobs that run through the API, and those that were refused within the hour, by cause.

    Jobs of the website and off-peak jobs are in neither.
    """
    lines, jobs = list[str](), account.jobs
    if slots and slots.running is not None:
        of = f" of {slots.at_once:,}" if slots.at_once is not None else ""
        noun = "job" if slots.running == 1 and slots.at_once is None else "jobs"
        lines.append(f"{slots.running:,}{of} {noun} running by the API")
    if jobs is None or now - jobs.as_of > WITHIN:
        return lines
    counts = (
        (jobs.refused(now), "for want of credits"),
        (jobs.busy, "too many at once"),
        (jobs.broken, "session broken"),
    )
    said = [f"{count:,} {why}" for count, why in counts if count]
    if said:
        at = f"as of {format_past(jobs.as_of, now, zone)}, {format_ago(jobs.as_of, now)}"
        lines.append(f"Jobs refused within an hour: {', '.join(said)} ({at})")
    return lines


def failing_text(account: Account, now: datetime, zone: ZoneInfo) -> str:
    """Since when it cannot be read, and after how many attempts."""
    since = format_past(account.failing_since, now, zone) if account.failing_since else "a while ago"
    return f"{since}, {account.failures:,} {'failed check' if account.failures == 1 else 'failed checks'} in a row"


def reading_lines(account: Account, now: datetime, zone: ZoneInfo) -> list[tuple[Piece, ...]]:
    """The numbers of its last reading, with their age."""
    credits, reading = with_allowances(account), account.reading
    if credits is None or reading is None:
        return [("Never read yet.",)]
    last = "Last known: " if account.outage or account.pause else ""
    of = f" of {format_number(credits.monthly_allowance)}" if credits.monthly_allowance else ""
    share = in_brackets(share_of(credits))
    amount = format_credits(credits) if last else capitalised(format_credits(credits))
    lines: list[tuple[Piece, ...]] = [
        (
            last,
            bold(amount),
            f"{of}{share} · {format_read(reading.taken_at, now, zone)}",
        ),
    ]
    words = (
        "" if credits.single else card_buckets(credits),
        *(format_balance(part, now, zone) for part in reading.parts),
        card_refills(credits, reading.plan, now, zone),
        forecast_with_record(account, now, zone),
        capitalised(plan_text(reading, now, zone)),
        *left_out_lines(reading.left_out, now, zone),
        *details_lines(account, reading),
    )
    return [*lines, *((line,) for line in words if line)]


def card_buckets(credits: Credits) -> str:
    """Every bucket, the daily one with its allowance."""
    of = f" of {format_number(credits.daily_allowance)}" if credits.daily_allowance else ""
    buckets = ("monthly", credits.monthly, ""), ("daily", credits.daily, of), ("package", credits.package, "")
    return " · ".join(
        f"{kind} {format_number(amount)}{rest if amount is not None else ''}" for kind, amount, rest in buckets
    )


def format_balance(part: Balance, now: datetime, zone: ZoneInfo) -> str:
    """One balance of several: "Plan 560 of 660 credits (84 %) · lapses Fri 24 Jul, 00:48, in 3 d"."""
    unit = plain(part.unit, 24, empty="")
    of = f" of {format_number(part.allowance)}" if part.allowance else ""
    share = format_share(part.amount / part.allowance) if part.amount and part.allowance else None
    amount = "unknown" if part.amount is None else f"{format_number(part.amount)}{of}{' ' if unit else ''}{unit}"
    said = [f"{capitalised(plain(part.name, 40))} {amount}{in_brackets(share)}"]
    for at, verb in ((part.refill_at, "refill"), (part.lapses_at, "lapses")):
        if at and at > now:
            said.append(f"{verb} {format_moment(at, now, zone)}, {format_in(at, now, zone)}")
    return " · ".join(said)


def card_refills(credits: Credits, plan: Plan, now: datetime, zone: ZoneInfo) -> str:
    """When the next credits come by themselves."""
    said = []
    if credits.refresh_at and credits.refresh_at > now and plan.renews is not False:
        said.append(
            f"refill {format_moment(credits.refresh_at, now, zone)}, {format_in(credits.refresh_at, now, zone)}"
        )
    if credits.daily_allowance and credits.daily_refresh_at and credits.daily_refresh_at > now:
        said.append(f"daily refill {format_short(credits.daily_refresh_at, now, zone)}")
    return capitalised(" · ".join(said))


def details_lines(account: Account, reading: Reading) -> list[str]:
    """Its service's details of the plan."""
    service = service_of(account.source)
    lines = service.details(reading.details) if service else ()
    return [capitalised(" · ".join(plain(words, 80) for words in line if words)) for line in lines]


def alert_lines(one: Watched, now: datetime, zone: ZoneInfo) -> list[str]:
    """Its alerts, the worst first, and its mutes."""
    lines = []
    for alert in sorted(one.alerts, key=lambda alert: -(alert.severity or 0)):
        silences = (silence for silence in one.silences if silence.kind not in MUTES)
        silenced = format_silences(alert, silences, now, zone)
        word = alert.severity.word.capitalize() if alert.severity else "Alert"
        lines.append(f"{word}: {format_alert(alert, one.account, now, zone)}{in_brackets(silenced)}")
    muted = format_mute(one.account, one.silences, now, zone)
    return [*(lines or ["No alerts."]), *([f"{capitalised(muted)}."] if muted else [])]
