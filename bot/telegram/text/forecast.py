"""What is foreseen, in words: when credits run out, whether before the refill, and a pace out of the ordinary."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.domain.accounts import Account, Foretold
from bot.domain.alerts import Measure, Reason
from bot.domain.durations import say_duration
from bot.domain.notifications import Facts, Notice
from bot.evaluation.forecast.foresee import told_now
from bot.outbox.batching import Story
from bot.telegram.text.dates import say_clock, say_in, say_on, say_read, say_short, unmarked
from bot.telegram.text.formatting import RECOVERED, SIGNS, say_buckets, say_credits, say_number, severity_word
from bot.telegram.text.layout import bold
from bot.telegram.text.message_body import Telling, about, telling

LASTS = "At this pace it lasts for weeks."
PRECISE = timedelta(hours=12)
WORTH_SAYING = 0.1
"""Unused credits are told from this share of the credits on."""


def say_range(foretold: Foretold, now: datetime, zone: ZoneInfo) -> str:
    """The range of the run-out: "Thu 14:00–19:00", "Thu 23:00 to Sat 02:00", "Thu 14:00 or later"."""
    if foretold.earliest is None:
        return "later than can be foretold"
    early = to_hour(foretold.earliest)
    if foretold.latest is None:
        return f"{say_short(early, now, zone)} or later"
    late = to_hour(foretold.latest + timedelta(minutes=59))
    if late - early <= PRECISE and say_day_of(early, zone) == say_day_of(late, zone):
        return f"{unmarked(say_short(early, now, zone), zone)}–{say_clock(late, zone)}"
    return f"{unmarked(say_short(early, now, zone), zone)} to {say_short(late, now, zone)}"


def say_day_of(when: datetime, zone: ZoneInfo) -> object:
    """The zone's day of a moment."""
    return when.astimezone(zone).date()


def to_hour(when: datetime) -> datetime:
    """A moment without its minutes: a forecast that told them would pretend."""
    return when.replace(minute=0, second=0, microsecond=0)


def boundary_words(foretold: Foretold, now: datetime, zone: ZoneInfo) -> str:
    """The refill or the plan's end, by its moment."""
    if foretold.boundary is None:
        return ""
    what = "the plan's end" if foretold.lapses else "the refill"
    return f"{what} {say_on(foretold.boundary, now, zone)}"


def forecast_sentence(account: Account, now: datetime, zone: ZoneInfo) -> str:
    """What comes, as one sentence; nothing where there is nothing sure enough to say."""
    foretold = told_now(account, now)
    return sentence(foretold, now, zone) if foretold else ""


def sentence(foretold: Foretold, now: datetime, zone: ZoneInfo) -> str:
    """A forecast as a sentence: "At this pace it runs out Thu 14:00–19:00, before the refill on Fri 24 Jul, 00:48."."""
    boundary = boundary_words(foretold, now, zone)
    if foretold.lasts:
        lasts = f"At this pace it lasts {'to' if foretold.lapses else 'past'} {boundary}." if boundary else LASTS
        return f"{lasts}{unused_words(foretold)}"
    if foretold.before:
        return f"At this pace it runs out {say_range(foretold, now, zone)}{', before ' + boundary if boundary else ''}."
    comes = f"; {boundary} may come first" if boundary else ""
    return f"At this pace it may run out {say_range(foretold, now, zone)}{comes}."


def unused_words(foretold: Foretold) -> str:
    """How much the next refill, or the plan's end, will find unspent."""
    unused = foretold.unused or 0
    if foretold.boundary is None or unused < WORTH_SAYING * float(foretold.total) or unused < 1:
        return ""
    return f" About {say_number(round_amount(unused))} will then be unused."


def round_amount(amount: float) -> int:
    """An amount as roughly as it is known: two digits."""
    size = 10 ** max(len(str(int(amount))) - 2, 0)
    return int(round(amount / size) * size)


def short_forecast(account: Account, now: datetime, zone: ZoneInfo) -> str:
    """What comes, in a list's few letters: "out Thu 14:00–19:00", "lasts past the refill"."""
    foretold = told_now(account, now)
    if foretold is None:
        return ""
    if foretold.lasts:
        return f"lasts {'to the plan end' if foretold.lapses else 'past the refill'}" if foretold.boundary else "lasts"
    return f"{'out' if foretold.before else 'may run out'} {say_range(foretold, now, zone)}"


def tell_outlook(story: Story, now: datetime, zone: ZoneInfo) -> Telling:
    """The words for an alert on the runway or on the pace."""
    notice = story.last.notice
    if notice.measure is Measure.SPIKE:
        return usual_again(notice, now, zone) if notice.reason is Reason.RESOLVED else spiking(notice, now, zone)
    return lasts_again(notice, now, zone) if notice.reason is Reason.RESOLVED else running_out(notice, now, zone)


def running_out(notice: Notice, now: datetime, zone: ZoneInfo) -> Telling:
    """Credits that will run out before they come again."""
    facts, foretold = notice.facts, notice.facts.foretold
    when = bold(f"may run out {early(facts, now, zone)}")
    why = "at this pace."
    if foretold and foretold.useful:
        when = bold(f"{'runs' if foretold.before else 'may run'} out {say_range(foretold, now, zone)}")
    if foretold:
        boundary = boundary_words(foretold, now, zone)
        pace = f"a usual day costs about {say_number(round_amount(foretold.per_day))}" if foretold.per_day >= 1 else ""
        sure = "" if foretold.before else "likely "
        why = "; ".join(filter(None, (f"{sure}before {boundary}" if boundary else "no refill is known", pace))) + "."
    return telling(
        about(SIGNS[notice.severity], facts.name, when),
        f"{severity_word(notice.severity)}: {why}",
        "Top up, or slow down, to keep jobs running.",
        numbers_of(facts, now, zone),
    )


def early(facts: Facts, now: datetime, zone: ZoneInfo) -> str:
    """The earliest moment, where the range is too wide to tell its end."""
    foretold = facts.foretold
    if foretold is None or foretold.earliest is None:
        return "soon"
    return f"as early as {say_short(to_hour(foretold.earliest), now, zone)} ({say_in(foretold.earliest, now, zone)})"


def numbers_of(facts: Facts, now: datetime, zone: ZoneInfo) -> str:
    """The buckets that are left, with their age."""
    if facts.credits is None or facts.credits_at is None:
        return ""
    return f"{say_buckets(facts.credits)} · {say_read(facts.credits_at, now, zone)}"


def lasts_again(notice: Notice, now: datetime, zone: ZoneInfo) -> Telling:
    """The risk is over."""
    facts, foretold = notice.facts, notice.facts.foretold
    amount = say_credits(facts.credits) if facts.credits else "credits"
    after = sentence(foretold, now, zone) if foretold and foretold.useful and foretold.lasts else ""
    return telling(about(RECOVERED, facts.name, bold("credits last again"), f" ({amount})"), after)


def spiking(notice: Notice, now: datetime, zone: ZoneInfo) -> Telling:
    """A pace out of the ordinary."""
    facts = notice.facts
    times = f"{facts.value:,.0f} ×" if facts.value else "far above"
    foretold = facts.foretold
    comes = sentence(foretold, now, zone) if foretold and foretold.useful and not foretold.lasts else ""
    return telling(
        about(SIGNS[notice.severity], facts.name, bold(f"spends {times} the usual pace")),
        f"{severity_word(notice.severity)}: in the last two hours. If no batch of yours runs, look what does.",
        comes,
        numbers_of(facts, now, zone),
    )


def usual_again(notice: Notice, now: datetime, zone: ZoneInfo) -> Telling:
    """The pace is the usual one again."""
    facts = notice.facts
    lasted = f"It was fast for {say_duration(now - facts.since)}." if facts.since else ""
    return telling(about(RECOVERED, facts.name, bold("back to the usual pace")), lasted, numbers_of(facts, now, zone))
