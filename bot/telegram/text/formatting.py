"""Numbers, severities and causes as text, for messages and answers."""

import math
from collections.abc import Sequence

from bot.domain.accounts import Credits, FailureKind, Number, Plan, Unit
from bot.domain.alerts import Severity
from bot.sources.registry import SERVICES
from bot.telegram.text.sanitize import clean, plain, utf16_len

SIGNS = {Severity.CRITICAL: "🔴", Severity.WARNING: "🟠", Severity.INFO: "🔵"}
RECOVERED, NOTE = "🟢", "⚪"
SERVICE = "useapi.net"
NAME_LENGTH, HEADLINE_NAME = 64, 48
CONCERNED_LENGTH, DOER_LENGTH = 28, 24
"""Lengths of an account's and a person's name in a headline with both."""

MOST = 10**15
"""Above this a number is only said to be larger."""

TROUBLES = {
    FailureKind.UNAUTHORIZED: "API token refused",
    FailureKind.LAPSED: "useapi.net subscription lapsed",
    FailureKind.MISSING: "unknown account",
    FailureKind.BROKEN: "session broken",
    FailureKind.UNREFRESHED: "session not refreshed",
    FailureKind.THROTTLED: "asked too often",
    FailureKind.UNAVAILABLE: "unavailable",
    FailureKind.GARBLED: "answer unusable",
}
"""Each kind of failure in two or three words."""

MENDS = {
    FailureKind.UNAUTHORIZED: "Put a valid token into USEAPI_TOKEN and restart the bot.",
    FailureKind.LAPSED: "Renew the subscription at useapi.net; the bot goes on by itself.",
    FailureKind.MISSING: "Add the account at useapi.net, or, if the settings name it, take it out there.",
    FailureKind.BROKEN: "At useapi.net, remove the account and add it again.",
    FailureKind.UNREFRESHED: "This may pass. If it lasts, remove the account at useapi.net and add it again.",
    FailureKind.THROTTLED: "The bot keeps trying. If this stays, make CHECK_EVERY longer.",
    FailureKind.UNAVAILABLE: "The bot keeps trying; nothing to do unless it lasts.",
    FailureKind.GARBLED: "The bot keeps trying. If this stays, the service has changed: update the bot.",
}
"""The remedy for each kind of failure."""


TITLES = frozenset(service.title for service in SERVICES.values())
SHORTEST_HEAD = 8
"""Characters of a name that stay beside its service."""

SHORT_UNITS = {Unit.CREDITS: "", Unit.SECONDS: " s", Unit.PERCENT: " %"}
OUT = {Unit.CREDITS: "out of credits", Unit.SECONDS: "out of seconds", Unit.PERCENT: "quota used up"}
LOW = {Unit.CREDITS: "low credits", Unit.SECONDS: "few seconds left", Unit.PERCENT: "low quota"}

LARGEST_SHARE = 10.0
"""Above this a share is shown in multiples of the allowance."""


def name_of(name: str, limit: int = NAME_LENGTH) -> str:
    """An account's name in messages; shorter in a first line.

    A long one keeps its service or source: "ann@exam… (Google Vids)".
    """
    head, tail = parted_name(name)
    room = limit - utf16_len(tail)
    if not tail or utf16_len(name) <= limit or room < SHORTEST_HEAD:
        return clean(name, limit)
    return f"{clean(head, room)} {clean(tail)}"


def parted_name(name: str) -> tuple[str, str]:
    """A name, and the brackets at its end with the blank before them; these can be empty."""
    head, blank, inner = name.rpartition(" (")
    return (head, blank + inner) if head and inner.endswith(")") else (name, "")


def name_with(name: str, words: str) -> str:
    """A name with words in brackets; one pair is enough for those and its service: "ann@example.com (Kling, 560)"."""
    _, tail = parted_name(name)
    if not words or tail[2:-1].rpartition(", ")[2] not in TITLES:
        return f"{name}{in_brackets(words)}"
    return f"{name[:-1]}, {words})"


def service_name(origin: str | None) -> str:
    """The service, with the source's name if there are several."""
    return f"{SERVICE} ({clean(origin, 32)})" if origin else SERVICE


def severity_word(severity: Severity) -> str:
    return severity.word.capitalize()


def format_number(number: Number | None) -> str:
    """Thousands separated, at most two decimals; "unknown" for what is no number."""
    if number is None:
        return "unknown"
    if abs(number) >= MOST:
        return f"over {MOST:,}" if number > 0 else f"under -{MOST:,}"
    if not math.isfinite(number):
        return "unknown"
    said = f"{number:,.2f}".rstrip("0").rstrip(".")
    return "0" if said == "-0" else said


def format_share(share: float | None) -> str | None:
    """A share as percent, rounded down so that it never promises more than there is; None without a share.

    From ten times on in multiples: four digits of percent mean nothing to a person.
    """
    if share is None or not math.isfinite(share) or share < 0:
        return None
    if share >= LARGEST_SHARE:
        return f"over {min(math.floor(share), 1_000):,} × the allowance"
    tenths = math.floor(round(share * 1000, 6))
    if tenths == 0:
        return "0 %" if share == 0 else "under 0.1 %"
    percent = tenths / 10 if tenths < 100 else tenths // 10
    return f"{percent:,.10g} %"


def capitalised(words: str) -> str:
    """The text with a capital first letter, the others unchanged."""
    return words[:1].upper() + words[1:]


def in_brackets(words: str | None) -> str:
    """The text in brackets after a space; empty for an empty text."""
    return f" ({words})" if words else ""


def is_out(credits: Credits) -> bool:
    """True if surely nothing can be spent: nothing is left, or less than one job costs."""
    return (credits.total <= 0 or credits.jobs == 0) and not credits.partial


def format_total(credits: Credits) -> str:
    """The spendable amount, honest about unknown buckets: "2,900", "at least 2,900", "310 s", "40 %"."""
    return ("at least " if credits.partial else "") + format_amount(credits.total, credits.unit)


def format_amount(amount: Number | None, unit: Unit) -> str:
    """An amount in the few letters of a list: credits are a number alone."""
    return f"{format_number(amount)}{SHORT_UNITS[unit] if amount is not None else ''}"


def share_of(credits: Credits) -> str | None:
    """The total as percent of the monthly allowance, and in jobs where they have a cost: "19 %, about 82 jobs".

    None if both are unknown, or nothing is left and no cost is set.

    An amount that is a percentage itself needs none.
    """
    share = format_share(credits.share) if credits.total > 0 and credits.unit is not Unit.PERCENT else None
    return ", ".join(filter(None, (share, jobs_of(credits)))) or None


def jobs_of(credits: Credits) -> str | None:
    """How many jobs it still pays for: "about 82 jobs"; None where no cost is set."""
    return None if credits.jobs is None else format_jobs(credits.jobs)


def format_jobs(jobs: int) -> str:
    """For how many jobs something is enough: "about 82 jobs"."""
    return f"about {format_count(jobs, 'job')}" if jobs else "no job"


def format_credits(credits: Credits) -> str:
    """The total with its noun: "1 credit", "at least 2,900 credits", "310 seconds", "40 %"."""
    if credits.unit is Unit.PERCENT:
        return format_total(credits)
    number = ("at least " if credits.partial else "") + format_number(credits.total)
    return f"{number} {credits.unit.removesuffix('s') if credits.total == 1 else credits.unit}"


def format_bucket(kind: str, amount: Number | None) -> str:
    """One bucket: "2,900 monthly", "package unknown"."""
    return f"{kind} unknown" if amount is None else f"{format_number(amount)} {kind}"


def format_single(credits: Credits) -> str:
    """An amount without buckets, of what it is: "20 of 660 credits", "3 % of the quota", "40 credits"."""
    if credits.unit is Unit.PERCENT:
        return f"{format_total(credits)} of the quota"
    whole = credits.monthly_allowance
    if not whole or credits.total >= whole:
        return format_credits(credits)
    return f"{format_number(credits.total)} of {format_number(whole)} {credits.unit}"


def format_buckets(credits: Credits) -> str:
    """Every bucket by name: "2,900 monthly · 0 daily · package unknown"; the total where there are none."""
    if credits.single:
        return format_single(credits)
    buckets = (credits.monthly, "monthly"), (credits.daily, "daily"), (credits.package, "package")
    return " · ".join(format_bucket(kind, amount) for amount, kind in buckets)


def format_plan(plan: Plan | None) -> str:
    """The plan's name, or "The plan" without one."""
    return plain(plan.name, 40) if plan and plan.name else "The plan"


def format_count(count: int, one: str, many: str | None = None) -> str:
    """A number with its noun: "1 account", "12 accounts"."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def trouble_of(kind: FailureKind | None) -> str:
    """Why a check failed, in two or three words."""
    return TROUBLES[kind or FailureKind.UNAVAILABLE]


def format_trouble(kind: FailureKind | None, said: str | None) -> str:
    """Why a check failed, with the server's own words if it had some: "session broken. Add the account again"."""
    words = plain(said or "", 160, empty="").rstrip(".")
    return f"{trouble_of(kind)}. {capitalised(words)}" if words else trouble_of(kind)


def joined(names: Sequence[str], limit: int) -> str:
    """As many names, with commas, as fit into ``limit`` characters, then "…"."""
    said = ""
    for name in names:
        longer = f"{said}, {name}" if said else name
        if len(longer) > limit:
            return f"{said}, …" if said else "…"
        said = longer
    return said
