"""The notes beside alerts: a greeting, an account that is gone, a time when nobody was watching, a daily summary."""

from datetime import datetime
from zoneinfo import ZoneInfo

from bot.chat.digest import tell_digest
from bot.chat.pauses import tell_pause
from bot.chat.telling import Telling, telling
from bot.chat.text import bold
from bot.chat.times import days_ahead, say_ago, say_at, say_clock, say_moment
from bot.chat.words import HEADLINE_NAME, NOTE, SERVICE, in_brackets, name_of, say_count, say_credits, share_of
from bot.core.delivery import Story
from bot.core.durations import say_duration
from bot.core.model import Facts, Topic


def tell_note(story: Story, now: datetime, zone: ZoneInfo) -> Telling:
    """The words for one note."""
    facts = story.last.notice.facts
    match story.last.notice.topic:
        case Topic.GREETING:
            return greeting(facts)
        case Topic.GONE:
            return gone(facts, now, zone)
        case Topic.PAUSED | Topic.RESUMED:
            return tell_pause(story.last.notice, now, zone)
        case Topic.DIGEST:
            return tell_digest(facts)
        case _:
            return pause(facts, now, zone)


def greeting(facts: Facts) -> Telling:
    """Said once to a chat; it names no account."""
    watched = facts.total or 0
    what = (" watches ", bold(say_count(watched, "account")), " for this chat") if watched else (" is here",)
    return telling(
        (f"{NOTE} ", bold("credit-bot"), *what),
        f"{SERVICE} lists no account yet; the first one will be watched by itself." if facts.total == 0 else "",
        "It writes when credits run low, a plan is about to end, or an account cannot be read. No news is good news.",
        "/credits shows the numbers, /help what else you can ask.",
    )


def gone(facts: Facts, now: datetime, zone: ZoneInfo) -> Telling:
    """An account that its source no longer lists."""
    return telling(
        (f"{NOTE} ", bold(name_of(facts.name, HEADLINE_NAME)), f": no longer listed at {SERVICE}"),
        "It is no longer watched. If that was not meant, add it there again.",
        last_known(facts, now, zone),
    )


def last_known(facts: Facts, now: datetime, zone: ZoneInfo) -> str:
    """The last number with its age; "" where there never was one."""
    if facts.credits is None or facts.credits_at is None:
        return ""
    amount = f"{say_credits(facts.credits)}{in_brackets(share_of(facts.credits))}"
    return f"Last known: {amount} {say_at(facts.credits_at, now, zone)}, {say_ago(facts.credits_at, now)}."


def pause(facts: Facts, now: datetime, zone: ZoneInfo) -> Telling:
    """From when to when nobody was watching."""
    if facts.since is None or facts.until is None:
        return telling((f"{NOTE} ", bold("Nobody was watching"), " for a while"), MEANWHILE)
    span = say_span(facts.since, facts.until, now, zone)
    return telling(
        (f"{NOTE} ", bold("Nobody was watching"), f" {span}"),
        f"No checks ran for {say_duration(facts.until - facts.since)}. {MEANWHILE}",
    )


MEANWHILE = "Every account is read again now; what is wrong is told next."


def say_span(since: datetime, until: datetime, now: datetime, zone: ZoneInfo) -> str:
    """From when to when: only clock times if both were today."""
    if days_ahead(since, now, zone) == days_ahead(until, now, zone) == 0:
        return f"from {say_clock(since, zone)} to {say_clock(until, zone)}"
    return f"from {say_moment(since, now, zone)} to {say_moment(until, now, zone)}"
