"""Credits that lapse at an end as text."""

from datetime import datetime
from zoneinfo import ZoneInfo

from bot.domain.alerts import Severity
from bot.domain.lapses import PLAN, Lapse, Left
from bot.domain.notifications import Facts
from bot.telegram.text.dates import format_day_on, format_in, format_on, format_read
from bot.telegram.text.forecast import SURE, round_amount
from bot.telegram.text.formatting import SIGNS, format_buckets, format_number
from bot.telegram.text.layout import bold
from bot.telegram.text.message_body import MessageBody, about, telling
from bot.telegram.text.sanitize import plain

NO_PACE = "The pace is not known yet: it may be all of them."


def tell_lapse(facts: Facts, now: datetime, zone: ZoneInfo) -> MessageBody:
    """Credits that a certain end takes: those that are left if they are spent as fast as lately, or all of a lot."""
    lapse = facts.lapse
    if lapse is None or (lapse.left is None and lapse.lot == PLAN):  # stored by another version
        return telling(about(SIGNS[Severity.INFO], facts.name, bold("credits lapse soon")))
    when = f"{format_on(lapse.at, now, zone)}, {format_in(lapse.at, now, zone)}"
    title = plain(lapse.title, 40) if lapse.title else "The plan"
    of_plan = f"{title} ends {when}. Use them before, or renew."
    of_lot = f"It ends {when}. Use it before." if is_one(lapse) else f"They end {when}. Use them before."
    numbers = ""
    if facts.credits and facts.credits_at:
        numbers = f"{format_buckets(facts.credits)} · {format_read(facts.credits_at, now, zone)}"
    return telling(
        about(
            SIGNS[Severity.INFO],
            facts.name,
            bold(f"{amount_text(lapse)} {format_day_on(lapse.at, now, zone)}"),
            " at this pace" if lapse.left else " unless used",
        ),
        of_plan if lapse.lot == PLAN else of_lot,
        range_text(lapse.left) if lapse.left else NO_PACE,
        numbers,
    )


def amount_text(lapse: Lapse) -> str:
    """How many there are, and the verb: "about 4,000 credits lapse", "1 credit lapses"."""
    return f"{short_amount(lapse)} {'credit lapses' if is_one(lapse) else 'credits lapse'}"


def is_one(lapse: Lapse) -> bool:
    return short_amount(lapse).removeprefix("about ") == "1"


def short_amount(lapse: Lapse) -> str:
    """The credits that are most likely left, or all of a lot: "about 4,000", "560"."""
    return f"about {amount_of(lapse.left)}" if lapse.left else format_number(lapse.amount)


def range_text(left: Left) -> str:
    """How many it may be, and how sure that is."""
    least, most = format_number(round_amount(left.least)), format_number(round_amount(left.most))
    return f"Between {least} and {most} will be left ({SURE})." if least != most else ""


def amount_of(left: Left) -> str:
    return format_number(round_amount(left.likely))
