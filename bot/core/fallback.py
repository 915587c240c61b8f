"""What goes out by a second channel while Telegram takes nothing: which alerts, when, and the addresses' kinds."""

import re
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from bot.core.delivery import Story, stories
from bot.core.model import GOOD_NEWS, Notification, Reason, Topic

FIRST_WAIT, LONGEST_WAIT = 60.0, 1800.0
"""Seconds between tries while no address takes anything."""

OVER_LONG_AGO = timedelta(days=1)
"""Nobody is mailed what began and ended before that, however long a chat has refused it."""

_BETWEEN = re.compile(r"[\s,]+(?=[A-Za-z][A-Za-z0-9+.-]*://)")
_ADDRESS = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://\S+")

WAYS = {
    "discord": "Discord",
    "gotify": "Gotify",
    "json": "a webhook",
    "mailto": "mail",
    "matrix": "Matrix",
    "msteams": "Teams",
    "ntfy": "ntfy",
    "pbul": "Pushbullet",
    "pover": "Pushover",
    "signal": "Signal",
    "slack": "Slack",
    "sns": "SMS",
    "twilio": "SMS",
}
"""What people call the services behind the beginnings of Apprise's addresses."""


def parse_addresses(text: str) -> tuple[str, ...]:
    """Reads ``mailto://…, ntfy://…``; commas inside an address stay. The text of the error never holds one."""
    addresses = [address.strip(" ,\n\t") for address in _BETWEEN.split(text.strip(" ,\n\t")) if address.strip(" ,\n\t")]
    for number, address in enumerate(addresses, 1):
        if not _ADDRESS.fullmatch(address) or not address.isprintable():
            raise ValueError(f"has a {ordinal(number)} address that is not one of Apprise's: they begin like mailto://")
    return tuple(dict.fromkeys(addresses))


def ordinal(number: int) -> str:
    """A place in a list: "1st", "2nd", "11th"."""
    last = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th") if number % 100 not in (11, 12, 13) else "th"
    return f"{number}{last}"


def way_of(address: str) -> str:
    """What an address leads to, in a word that gives nothing of it away: "mail", "ntfy"."""
    scheme = address.partition("://")[0].lower()
    return WAYS.get(scheme) or WAYS.get(scheme.removesuffix("s")) or scheme


def due_for_fallback(
    pending: Iterable[Notification], now: datetime, after: timedelta, told: Collection[str] = ()
) -> list[Notification]:
    """Of what Telegram has not taken, what goes to the second channel now; a notice for many chats counts once.

    ``told`` are the keys of what went there before. With an alert that has waited long enough goes all that waits of
    it, so that the message says what holds now. What would not ring is not worth it, but for good news of an alert
    that was told there, or is now.
    """
    once = {part.notice.key: part for part in sorted(pending, key=lambda part: -part.id)}
    alerts = [part for part in sorted(once.values(), key=lambda part: part.id) if part.notice.topic is Topic.ALERT]
    due = [story for story in stories(alerts) if is_due(story, now, after, told)]
    return [part for story in due for part in story.parts if part.notice.key not in told]


def is_due(story: Story, now: datetime, after: timedelta, told: Collection[str]) -> bool:
    """Whether anything of an alert that is not told yet has waited long enough, and is worth a second channel."""
    if (
        story.overtaken
        and story.last.notice.reason is Reason.RESOLVED
        and now - story.last.created_at > OVER_LONG_AGO
        and not any(part.notice.key in told for part in story.parts)
    ):
        return False
    worth = any(part.notice.rings or part.notice.key in told for part in story.parts)
    return worth and any(
        now - part.created_at >= after
        for part in story.parts
        if part.notice.key not in told and (part.notice.rings or part.notice.reason in GOOD_NEWS)
    )


def wait_after(failures: int) -> float:
    """Seconds until the next try after so many in vain."""
    return float(min(FIRST_WAIT * 2 ** min(failures - 1, 10), LONGEST_WAIT))
