"""Alerts about a whole source in words: its token, its subscription, its listing, or an outage all accounts share."""

from datetime import datetime
from zoneinfo import ZoneInfo

from bot.domain.accounts import OutageKind
from bot.domain.alerts import Measure, Reason
from bot.domain.durations import say_duration
from bot.domain.notifications import Facts, Notice
from bot.outbox.batching import Story
from bot.telegram.text.dates import say_ago, say_past
from bot.telegram.text.formatting import (
    MENDS,
    RECOVERED,
    SIGNS,
    say_count,
    say_trouble,
    service_name,
    severity_word,
    trouble_of,
)
from bot.telegram.text.layout import bold
from bot.telegram.text.message_body import Telling, acked, telling
from bot.telegram.text.sanitize import plain

OWN_FILE = "its token_file"
"""What ``bot/config/accounts_file/build.py`` says of a token that has a file of its own."""


def tell_source(story: Story, now: datetime, zone: ZoneInfo) -> Telling:
    """The words for one alert about a source."""
    notice = story.last.notice
    if notice.measure is Measure.LISTING:
        return listed_again(story) if notice.reason is Reason.RESOLVED else lists_none(notice, now, zone)
    if notice.reason is Reason.RESOLVED:
        return readable_again(story, now, zone)
    return shut(notice, now, zone)


def shut(notice: Notice, now: datetime, zone: ZoneInfo) -> Telling:
    """The source as a whole cannot be read."""
    facts, kind = notice.facts, notice.facts.outage
    since = f" since {say_past(facts.since, now, zone)}" if facts.since else ""
    still = "still " if notice.reason is Reason.REMINDED else ""
    head = {
        OutageKind.UNAUTHORIZED: f"{still}refuses the API token",
        OutageKind.LAPSED: f"subscription {'is still' if still else 'has'} lapsed",
    }.get(kind or OutageKind.UNAVAILABLE, f"{still}cannot be read{since}")
    age = f", {say_ago(facts.since, now)}" if facts.since and still else ""
    said = since if still or not head.endswith(since) else ""
    return telling(
        (f"{SIGNS[notice.severity]} ", bold(service_of(facts)), f"{colon_acked(notice, now, zone)} {head}"),
        f"{severity_word(notice.severity)}: {unwatched(facts)}{said}{age}.",
        f"Reason: {reason_words(facts)}.",
        mend_of(kind, facts),
    )


def colon_acked(notice: Notice, now: datetime, zone: ZoneInfo) -> str:
    """The ack that a reminder follows on, behind a colon: ": acknowledged by Kim yesterday,"; else nothing."""
    said = acked(notice, now, zone).rstrip()
    return f": {said}" if said else ""


def service_of(facts: Facts) -> str:
    """The service, with the source's name where several are watched."""
    return service_name(facts.origin)


def mend_of(kind: OutageKind | None, facts: Facts) -> str:
    """What to do. A token that has a file of its own is read again without a restart."""
    if kind is OutageKind.UNAUTHORIZED and facts.token_from == OWN_FILE:
        return "Put a valid token into its token_file, then /reload."
    if kind is OutageKind.UNAUTHORIZED and facts.token_from:
        return MENDS[kind].replace("USEAPI_TOKEN", facts.token_from)
    return MENDS[kind] if kind in SHARED_MENDS else MENDS[OutageKind.UNAVAILABLE]


def reason_words(facts: Facts) -> str:
    """Why, in the server's words where it had some."""
    return plain(facts.said or "", 160, empty="").rstrip(".") or trouble_of(facts.outage)


SHARED_MENDS = (OutageKind.UNAUTHORIZED, OutageKind.LAPSED, OutageKind.THROTTLED, OutageKind.GARBLED)
"""The outages of a whole source that something can be done about; of the others one can only wait."""


def unwatched(facts: Facts) -> str:
    """How many accounts nobody watches."""
    total, failing = facts.total or 0, facts.count or 0
    if total and 0 < failing < total:
        return f"{failing:,} of {say_count(total, 'account')} not watched"
    if total == 1:
        return "its one account is not watched"
    return f"none of the {total:,} accounts is watched" if total else "no account is watched"


def readable_again(story: Story, now: datetime, zone: ZoneInfo) -> Telling:
    """The source can be read again."""
    facts = story.last.notice.facts
    total, failing = facts.total or 0, facts.count or 0
    return telling(
        (f"{RECOVERED} ", bold(service_of(facts)), " can be read again"),
        watched_now(total, failing),
        out_for(story, now, zone),
        untold(story),
    )


def watched_now(total: int, failing: int) -> str:
    """How many accounts are watched again; what stays of the others is told for each by itself."""
    if failing and total:
        others = f"{failing:,} still {'fails' if failing == 1 else 'fail'}, told for each if it lasts"
        return f"{total - failing:,} of {say_count(total, 'account')} watched again; {others}."
    return f"{say_count(total, 'account')} watched again." if total else ""


def out_for(story: Story, now: datetime, zone: ZoneInfo) -> str:
    """Since when and for how long it was away."""
    since, told = story.last.notice.facts.since, story.last.created_at
    if since is None or told <= since:
        return ""
    return f"It could not be read for {say_duration(told - since)}, since {say_past(since, now, zone)}."


def untold(story: Story) -> str:
    """What a recovery overtook before it could be told."""
    overtaken = story.overtaken
    if overtaken is None or overtaken.notice.measure is Measure.LISTING:
        return ""
    return f"Not told in time: {say_trouble(overtaken.notice.facts.outage, overtaken.notice.facts.said)}."


def lists_none(notice: Notice, now: datetime, zone: ZoneInfo) -> Telling:
    """The source has no account to watch, or perhaps none: its list answers 404, and not in its own words."""
    facts, word = notice.facts, severity_word(notice.severity)
    head = (f"{SIGNS[notice.severity]} ", bold(service_of(facts)), colon_acked(notice, now, zone))
    if facts.outage is None:
        return telling(
            (*head, " lists no PixVerse account: add one"),
            f"{word}: nothing is watched. The bot finds a new account by itself.",
        )
    since = f" since {say_past(facts.since, now, zone)}, {say_ago(facts.since, now)}" if facts.since else ""
    return telling(
        (*head, " perhaps lists no PixVerse account"),
        f"{word}: its list has answered 404{since}, and not in its own words.",
        f"Reason: {reason_words(facts)}.",
        "Add an account there, and the bot finds it by itself. If there is one, look at what stands in between.",
    )


def listed_again(story: Story) -> Telling:
    """The source has accounts again; of one whose list still cannot be read, an account could be."""
    facts = story.last.notice.facts
    total = facts.total or 0
    name = service_of(facts)
    if facts.outage is not None:
        return telling(
            (f"{RECOVERED} ", bold(name), " has accounts: one could be read"),
            f"Its list still cannot be: {reason_words(facts)}.",
        )
    count = say_count(total, "account") if total else "accounts again"
    overtaken = "For a while it listed none; that was not told in time." if story.overtaken else ""
    return telling((f"{RECOVERED} ", bold(name), f" lists {count}, now watched"), overtaken)
