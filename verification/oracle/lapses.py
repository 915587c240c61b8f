"""Credits that a plan's certain end takes: told in silence, once an end, within three days of it, only if it is so."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from math import inf

from verification.oracle.follow import may_repeat
from verification.oracle.pauses import Paused
from verification.oracle.silences import quiet_spans
from verification.oracle.told import Message, Read, Telling
from verification.oracle.truth import Answer, Span, Truth

DAY = 86_400.0
BEFORE = 3 * DAY
TENTH = 0.1
ROUNDED = 0.06
"""The share by which a number with two digits may be off."""

FORECAST = 1_800.0 + 120.0
"""Seconds within which a forecast follows on a reading."""

SURELY = 8 * DAY
"""Of an account that spent nothing for so long nobody doubts what will be left."""

SAME_END = DAY
"""Ends nearer to each other than this are one."""


def wrong_lapses(truth: Truth, chat: str, reads: list[Read], paused: Paused) -> Iterator[tuple[float, str, str]]:
    """What was told of lapses and was not so, or too often, or too loud: when, what, of whom."""
    for account, name in truth.accounts.items():
        about = [(one.message, told) for one in reads for told in one.tellings if told.measure == "lapse"]
        heard = [(message, told) for message, told in about if told.who == name]
        ends: list[float] = []
        for message, telling in heard:
            if not message.silent:
                yield message.at, "credits that lapse ring", account
            found = list(causes(truth, chat, account, message, telling, paused))
            fresh = [end for end in found if all(abs(end - known) >= SAME_END for known in ends)]
            if not found:
                yield message.at, "told that credits lapse, and they do not", account
            elif not fresh and not may_repeat(truth, message):
                yield message.at, "told more than once that credits lapse", account
            ends += fresh[:1]
        for at in untold(truth, chat, account, [message.at for message, _ in heard], paused):
            yield at, "credits lapse, and that was not told", account


def untold(truth: Truth, chat: str, account: str, heard: list[float], paused: Paused) -> Iterator[float]:
    """When it should have been told by now, where no forecast can doubt it: nothing was spent for over a week."""
    if truth.jumps or truth.joined_at(chat):
        return
    hurdles, quiet = truth.in_the_way(chat), quiet_spans(truth, chat, account)
    seen, known = remembered(truth.seen_as(account)), list[float]()
    for index, answer in enumerate(seen):
        end = answer.plan.ends_at if answer.plan else None
        if end is None or not 0 < end - answer.at <= BEFORE or any(abs(end - one) < SAME_END for one in known):
            continue
        known.append(end)
        by = truth.in_time(answer.at + truth.slack.save, FORECAST + truth.slack.tell, hurdles)
        lately = [one for one in seen if answer.at - SURELY <= one.at <= by]
        calm = all(one.outage is None and one.credits == answer.credits for one in lately)
        long = seen[0].at <= answer.at - SURELY and all(b.at - a.at < DAY for a, b in pairwise(lately))
        ends_so = all(one.plan == answer.plan for one in seen[index:] if one.at <= by)
        off = paused.maybe(account, answer.at - SURELY, by) or any(a < by and answer.at - 60 < b for a, b in quiet)
        worth = is_taken(answer) and answer.monthly >= TENTH * (answer.allowance or inf) * (1 + ROUNDED)
        due = calm and long and ends_so and worth and not off and by < min(end, truth.ended_at)
        if due and not any(answer.at <= at <= by for at in heard):
            yield by


def causes(
    truth: Truth, chat: str, account: str, message: Message, telling: Telling, paused: Paused
) -> Iterator[float]:
    """The ends that a message may be about, as they were to be seen when it was decided on."""
    hurdles, quiet = truth.in_the_way(chat), quiet_spans(truth, chat, account)
    seen, earliest = remembered(truth.seen_as(account)), decided_from(message.at, truth.slack.tell, hurdles)
    for index, answer in enumerate(seen):
        end = answer.plan.ends_at if answer.plan else None
        if answer.outage or end is None or not takes(answer, telling):
            continue
        offset = truth.offset(answer.at)
        until = seen[index + 1].at + truth.slack.save if index + 1 < len(seen) else truth.ended_at
        since = max(answer.at, end - offset - BEFORE - truth.slack.save, earliest)
        last = min(until, end - offset, message.at)
        held = any(within((since, last), span) for span in (*paused.spans[account], *quiet))
        if since <= last and not held:
            yield end


def decided_from(told_at: float, takes: float, hurdles: list[Span]) -> float:
    """The earliest moment at which what was told then may have been decided, with all that was in its way."""
    earliest = told_at - takes
    for since, until in sorted(hurdles, reverse=True):
        if since < told_at and until > earliest:
            earliest = min(earliest, since - takes)
    return earliest


def remembered(seen: list[Answer]) -> list[Answer]:
    """The answers with the plan and the allowance that they leave out as they were told last."""
    found, plan, allowance = list[Answer](), None, None
    for answer in seen:
        told = answer.plan is not None and answer.plan.renews is not None
        plan = answer.plan if told and answer.outage is None else plan
        allowance = allowance if answer.allowance is None or answer.outage else answer.allowance
        found.append(replace(answer, plan=plan, allowance=allowance))
    return found


def takes(answer: Answer, telling: Telling) -> bool:
    """Whether the plan that an answer shows surely ends, and may take so many credits."""
    number = telling.number
    if number is None or not is_taken(answer):
        return False
    most = answer.monthly * (1 + ROUNDED) + 1
    least = TENTH * (answer.allowance or 0) * (1 - ROUNDED)
    return least <= number <= most


def is_taken(answer: Answer) -> bool:
    """Whether the plan that an answer shows surely ends."""
    return answer.plan is not None and answer.plan.cancelled and not answer.plan.free


def within(inner: Span, outer: Span) -> bool:
    """Whether a span lies in another."""
    return outer[0] < inner[0] and inner[1] < outer[1]
