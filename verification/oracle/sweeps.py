"""Accounts that change together are told together: the others of a source are checked once one's change is told.

What the bot owes: the others at once, but for who is paused, has an interval of its own, or was checked within a
minute; once in a quarter of the interval at most, and not while a server asks for peace. What they bring waits for
all of them, a minute at most.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from verification.oracle.pauses import Paused
from verification.oracle.told import Message, Telling
from verification.oracle.truth import Answer, Truth

LATELY, MOST, SHARE = 60.0, 100, 4
CHECKED_WITHIN = 45.0
"""Seconds from the answer that brought the change to the others' answers; one that hangs is given up after 30."""


@dataclass(frozen=True, slots=True)
class Change:
    """A telling about an account: since when it was due, at the earliest and at the latest, and when it was told."""

    account: str
    since: float
    surely: float
    telling: Telling
    message: Message


def not_swept(truth: Truth, paused: Paused, changes: list[Change]) -> Iterator[tuple[float, str, str, str]]:
    """The accounts that were not checked with one whose change was told: when, what, nowhere, and whom."""
    if truth.every <= LATELY or len(truth.accounts) > MOST:
        return
    answers = sorted(truth.answers, key=lambda one: one.at)
    for change in sorted(changes, key=lambda one: one.since):
        at = change.since
        if not (comes_of_a_check(change, answers, truth) and is_first(change, changes, truth)):
            continue
        if is_disturbed(truth, at) or "throttled" in last_outages(truth, answers, at):
            continue
        for other in truth.accounts:
            spared = other in truth.own_every or paused.maybe(other, at - LATELY, at + LATELY)
            lately = at - LATELY - truth.slack.save
            checked = any(one.account == other and lately <= one.at <= at + CHECKED_WITHIN for one in answers)
            if other != change.account and not spared and not checked:
                yield at, f"not checked with {change.account}, whose change was told", "", other


def comes_of_a_check(change: Change, answers: Iterable[Answer], truth: Truth) -> bool:
    """Whether it is a change, and not a reminder, that an answer brought and nothing held up."""
    soon = change.surely - change.since <= truth.slack.save + 0.01
    mine = (one.at for one in answers if one.account == change.account and not one.maybe)
    return change.telling.still is False and soon and any(abs(at - change.since) < 0.001 for at in mine)


def is_first(change: Change, changes: Iterable[Change], truth: Truth) -> bool:
    """Whether nothing that was told can have had the others checked shortly before."""
    quarter = truth.every / SHARE + truth.slack.save
    return not any(one.since < change.since and one.message.at >= change.since - quarter for one in changes)


def is_disturbed(truth: Truth, at: float) -> bool:
    """Whether the bot may have had no chance: it was not up all the time, could not store, or its clock was set."""
    begin, end = at - 5, at + CHECKED_WITHIN
    spans = [*truth.troubles(), *truth.stopped, *((moment, moment) for moment, _ in truth.jumps)]
    first = min((since for since, _ in truth.up), default=at)
    return begin < first or any(since <= end and begin <= until for since, until in spans)


def last_outages(truth: Truth, answers: Iterable[Answer], at: float) -> set[str | None]:
    """The last outage of each account, also while it was being stored."""
    last: dict[str, str | None] = {}
    found = set[str | None]()
    for one in answers:
        if one.at > at + truth.slack.save:
            break
        last[one.account] = one.outage
        if one.at >= at - truth.slack.save:
            found.add(one.outage)
    return found | set(last.values())
