"""The resulting rules of an account: the nearest of account, source and setting wins."""

from datetime import timedelta

from bot.cli.doctor.findings import Finding, ok, warn
from bot.domain.accounts import Credits, JobCost
from bot.domain.chats import Chat
from bot.domain.durations import format_duration
from bot.domain.rules import Rules, Thresholds, priced
from bot.telegram.text.formatting import format_amount
from bot.telegram.text.sanitize import clean


def rules_finding(name: str, rules: Rules, every: timedelta, chats: tuple[Chat, ...]) -> Finding:
    """One line with every rule by its key, the interval, and the chats."""
    words = " · ".join(f"{key} {value}" for key, value in rule_text(rules))
    words = f"{words} · check_every {format_duration(every)}"
    what = f"rules {clean(name, 40)}"
    if not chats:
        return warn(what, f"{words} · chats none: NO CHAT GETS ITS ALERTS")
    return ok(what, f"{words} · chats {', '.join(map(str, chats))}")


def rule_text(rules: Rules) -> list[tuple[str, str]]:
    return [
        ("low_credits", ", ".join(map(str, priced(rules.low_credits, rules.job_cost))) or "off"),
        *([("job_cost", job_text(rules.job_cost))] if rules.job_cost else []),
        ("plan_ends_within", times(rules.plan_ends_within)),
        ("runs_out_within", times(rules.runs_out_within)),
        ("refused_jobs", str(rules.refused_jobs) if rules.refused_jobs else "off"),
        ("unreadable_after", str(rules.unreadable_after)),
        ("remind_every", format_duration(rules.remind_every) if rules.remind_every else "never"),
    ]


def job_text(cost: JobCost) -> str:
    return f"{cost.amount:,.10g}{f' ({clean(cost.name, 40)})' if cost.name else ''}"


def unpriced_finding(name: str, rules: Rules) -> list[Finding]:
    """Thresholds in jobs of an account whose jobs have no cost: they are left out."""
    lost = [str(rung) for rung in rules.low_credits if rung.jobs] if rules.job_cost is None else []
    words = f"{', '.join(lost)} left out of LOW_CREDITS: no cost is set; set JOB_COST or job_cost"
    return [warn(f"rules {clean(name, 40)}", words)] if lost else []


def cost_finding(name: str, cost: JobCost | None, credits: Credits) -> list[Finding]:
    """A cost that neither a month's credits nor those that are left pay: the account never has enough for a job."""
    allowance = credits.monthly_allowance or 0
    most = max(allowance + (credits.daily_allowance or 0), credits.total)
    if cost is None or allowance <= 0 or cost.amount <= most:
        return []
    month = format_amount(allowance, credits.unit)
    words = (
        f"job_cost {job_text(cost)} is more than its {month} a month: it is always out of credits. "
        "Write what one job costs"
    )
    return [warn(f"rules {clean(name, 40)}", words)]


def times(ladder: Thresholds) -> str:
    return ", ".join(format_duration(timedelta(seconds=rung.value)) for rung in ladder) or "off"
