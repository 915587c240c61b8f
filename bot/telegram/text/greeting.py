"""The first message to a chat: what the bot does, and what fires."""

from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.domain.alerts import AlertRule
from bot.domain.durations import format_duration
from bot.domain.notifications import Facts, NotificationKind
from bot.outbox.batching import Batch, PendingAlert, worst
from bot.telegram.text.formatting import NOTE, SERVICE, SIGNS, format_count
from bot.telegram.text.grouped_alerts import group_lines, grouping, headline, spoken
from bot.telegram.text.layout import bold
from bot.telegram.text.message_body import MessageBody, Spans
from bot.telegram.text.sanitize import plain

SINGLY = 12
"""The most alerts with a line each; more are grouped."""

WRITES = "It writes when credits run low, a plan is about to end, or an account cannot be read."


def tell_greeting(
    batch: Batch, more: int, tell: Callable[[PendingAlert], MessageBody], now: datetime, zone: ZoneInfo
) -> MessageBody:
    """A greeting with the alerts that fire; ``more`` of them follow in the next message.

    A message without the greeting continues the one before. ``tell`` returns the text of one alert alone.
    """
    greetings = [
        story.last.notification.facts
        for story in batch.stories
        if story.last.notification.topic is NotificationKind.GREETING
    ]
    alerts = Batch(tuple(story for story in batch.stories if story.last.notification.topic is NotificationKind.ALERT))
    sign = SIGNS[worst(alerts)] if alerts.stories else NOTE
    fires = f" · {format_count(len(alerts.stories) + more, 'alert')} now" if alerts.stories else ""
    head = opening(greetings[0]) if greetings else (bold("Also firing now"),)
    follow = f", {more:,} more follow" if more else ""
    closing = closing_lines(greetings[0], quiet=not alerts.stories) if greetings else ()
    return MessageBody((f"{sign} ", *head, fires, follow), (*firing_lines(alerts, tell, now, zone), *closing))


def opening(facts: Facts) -> Spans:
    """Who writes, and for how many accounts."""
    watched = facts.total or 0
    if facts.by is not None:
        what = f", which watches {format_count(watched, 'account')}" if watched else ""
        return (bold("This chat is paired"), f" with credit-bot{what}")
    if watched:
        return (bold("credit-bot"), " watches ", bold(format_count(watched, "account")), " for this chat")
    return (bold("credit-bot"), " is here")


def closing_lines(facts: Facts, *, quiet: bool) -> tuple[Spans, ...]:
    """The bot's subjects, and its commands."""
    empty = f"{SERVICE} lists no account yet; the bot finds the first one by itself." if facts.total == 0 else ""
    ask = "/credits shows the numbers, /help what else you can ask."
    lines = [empty, WRITES + (" No news is good news." if quiet else ""), ask]
    lines.append(cost_line(facts.check_every))
    lines += ["/invite lets another chat in, /leave ends it for this one."] if facts.by is not None else []
    return tuple((line,) for line in lines if line)


def cost_line(check_every: timedelta | None) -> str:
    """The price of checks for people who use the website, and how to avoid it."""
    how_often = f" (every {format_duration(check_every)})" if check_every else ""
    return (
        f"Each check{how_often} can log an account's owner out of the website: "
        "give the API a separate account, set a longer check_every, or /pause."
    )


def firing_lines(
    alerts: Batch, tell: Callable[[PendingAlert], MessageBody], now: datetime, zone: ZoneInfo
) -> tuple[Spans, ...]:
    """Firing alerts: one line for each alert, or, if there are many, for each group."""
    if len(alerts.stories) <= SINGLY:
        return tuple((*tell(story).head, at_it(story)) for story in alerts.stories)
    lines = list[Spans]()
    of_accounts: dict[AlertRule | None, list[PendingAlert]] = {}
    for story in alerts.stories:
        notification = story.last.notification
        if notification.facts.email is None:
            lines.append((*tell(story).head, at_it(story)))
        else:
            of_accounts.setdefault(notification.measure, []).append(story)
    for stories in of_accounts.values():
        notification = stories[0].last.notification
        lines.append((bold(headline(Batch(tuple(stories)), now)), ":"))
        lines.extend(group_lines(stories, grouping(notification, now, zone), spoken(notification)))
    return tuple(lines)


def at_it(story: PendingAlert) -> str:
    """Who acknowledged it before this chat joined."""
    by = story.last.notification.facts.by
    return f", acknowledged by {plain(by, 32)}" if by else ""
