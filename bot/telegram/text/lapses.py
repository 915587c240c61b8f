"""Credits that lapse at an end as text."""

from datetime import datetime
from zoneinfo import ZoneInfo

from bot.domain.alerts import Severity
from bot.domain.lapses import PLAN, Left
from bot.domain.notifications import Facts
from bot.telegram.text.dates import format_day_on, format_in, format_on, format_read
from bot.telegram.text.forecast import SURE, round_amount
from bot.telegram.text.formatting import SIGNS, format_buckets, format_number
from bot.telegram.text.layout import bold
from bot.telegram.text.message_body import MessageBody, about, telling
from bot.telegram.text.sanitize import plain


def tell_lapse(facts: Facts, now: datetime, zone: ZoneInfo) -> MessageBody:
    """Credits that a certain end takes, if they are spent as fast as lately."""
    lapse = facts.lapse
    if lapse is None or lapse.left is None:  # stored by another version
        return telling(about(SIGNS[Severity.INFO], facts.name, bold("credits lapse soon")))
    when = f"{format_on(lapse.at, now, zone)}, {format_in(lapse.at, now, zone)}"
    title = plain(lapse.title, 40) if lapse.title else "The plan"
    of_plan = f"{title} ends {when}. Use them before, or renew."
    numbers = ""
    if facts.credits and facts.credits_at:
        numbers = f"{format_buckets(facts.credits)} · {format_read(facts.credits_at, now, zone)}"
    return telling(
        about(
            SIGNS[Severity.INFO],
            facts.name,
            bold(f"about {amount_of(lapse.left)} credits lapse {format_day_on(lapse.at, now, zone)}"),
            " at this pace",
        ),
        of_plan if lapse.lot == PLAN else f"They end {when}. Use them before.",
        range_text(lapse.left),
        numbers,
    )


def range_text(left: Left) -> str:
    """How many it may be, and how sure that is."""
    least, most = format_number(round_amount(left.least)), format_number(round_amount(left.most))
    return f"Between {least} and {most} will be left ({SURE})." if least != most else ""


def amount_of(left: Left) -> str:
    return format_number(round_amount(left.likely))
