"""What the bot said of itself when it was asked: ``/status`` in a chat, ``/healthz`` to machines.

``/status`` is never green while something due waits, nothing can be read, or nothing can be stored. ``/healthz`` is 200
only while all holds that the contract names, and 503 for nothing else. Between the two stands what cannot be known for
sure from outside; there either answer is right.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from verification.oracle.looks import SOURCE, Fleet, Seen
from verification.oracle.told import Asked, Read, Told
from verification.oracle.truth import Span, Truth

LONGEST_WAIT = 120.0
"""Seconds for which something due may wait before that is a problem."""

CALM = 1000.0
"""Seconds after a trouble of delivery within which something may still wait for it."""

Subject = tuple[str, str]


@dataclass
class Waiting:
    """What surely waits for over two minutes, by the moment at which the bot was asked.

    ``news``: the chats that wait for what an alert has come to that still fires, by alert. ``on_call``: when whoever is
    on call was told of an alert, or (False) of its end; a chat that refuses is then not the only one.
    """

    chats: dict[float, set[str]] = field(default_factory=dict)
    news: dict[float, dict[Subject, set[str]]] = field(default_factory=dict)
    on_call: dict[Subject, list[tuple[float, bool]]] = field(default_factory=dict)

    def note(self, at: float, chat: str, about: Subject, *, news: bool) -> None:
        """Something waits for a chat."""
        self.chats.setdefault(at, set()).add(chat)
        if news:
            self.news.setdefault(at, {}).setdefault(about, set()).add(chat)

    def hear(self, truth: Truth, one: Read) -> None:
        """Whoever is on call was told something."""
        keys = {name: key for key, name in truth.accounts.items()}
        for telling in one.tellings:
            about = keys.get(telling.who, "") if telling.who else SOURCE, telling.measure
            self.on_call.setdefault(about, []).append((one.message.at, telling.state != "resolved"))

    def reaches_somebody(self, about: Subject, at: float) -> bool:
        """Whether whoever is on call has an alert."""
        heard = [fires for when, fires in sorted(self.on_call.get(about, ())) if when <= at]
        return bool(heard) and heard[-1]


def wrong_of_itself(fleet: Fleet, told: Told, waiting: Waiting) -> Iterator[tuple[float, str, str]]:
    """Each answer about itself that was not so: when, what, and in which chat."""
    truth = fleet.truth
    for one in told.statuses:
        why = not_well(fleet, one, waiting)
        if one.text.startswith("🟢") and why:
            yield one.at, f"/status is green, and {why}", one.chat
        yield from chats_blamed(truth, one)
    for one in told.healths:
        why = must_fail(fleet, one, waiting)
        if one.code == 200 and why:
            yield one.at, f"/healthz is 200, and {why}", ""
        if one.code != 200 and must_be_well(fleet, one.at):
            yield one.at, f"/healthz is {one.code}, and all is well: {one.text}", ""


def not_well(fleet: Fleet, asked: Asked, waiting: Waiting) -> str:
    """Why ``/status`` must not be green; "" where nothing is known that forbids it."""
    at, since = asked.at, asked.at if asked.since is None else asked.since
    if waiting.chats.get(at):
        return f"something due waits for {', '.join(sorted(waiting.chats[at]))}"
    if nothing_readable(fleet, since) and nothing_readable(fleet, at):
        return "nothing can be read"
    return "the database cannot be written" if is_unwritable(fleet.truth, since, at) else ""


def chats_blamed(truth: Truth, status: Asked) -> Iterator[tuple[float, str, str]]:
    """The chats that are said to take no messages, and do."""
    for name in re.findall(r"^Cannot write to chat (-?\d+)", status.text, re.MULTILINE):
        if not any(one.refuses and one.span[0] <= status.at for one in truth.hurdles_of(name)):
            yield status.at, f"chat {name} is blamed, which refused nothing", status.chat


def nothing_readable(fleet: Fleet, at: float) -> bool:
    """Whether the last look at every account failed for sure; who is paused is looked at by nobody."""
    accounts = fleet.truth.accounts
    since = paused_since(fleet.truth, at)
    if all(fleet.paused.maybe(account, since, at) for account in accounts):
        return False
    return all(fails(fleet.seen[account], at) for account in accounts)


def paused_since(truth: Truth, at: float) -> float:
    """The moment at which a pause may have ended whose end is not noticed yet: a tick ago, or before a trouble."""
    takes = truth.slack.tick + truth.slack.save
    return min([at, *(begin for begin, end in truth.troubles() if begin <= at <= end + takes)]) - takes


def fails(seen: list[Seen], at: float) -> bool:
    """Whether the last look at an account failed, whichever of the last was stored by now."""
    for one in reversed([one for one in seen if one.answer.at <= at]):
        if one.answer.outage is None:
            return False
        if one.sure and one.stored_by < at:
            return True
    return False


def is_unwritable(truth: Truth, begun: float, at: float) -> bool:
    """Whether this life of the bot could not store something, and cannot still, between two moments."""
    met = [since for since, until in truth.unwritable if since <= begun and at < until]
    return any(not truth.is_young(at, at - since) for since in met)


def must_fail(fleet: Fleet, asked: Asked, waiting: Waiting) -> str:
    """Why ``/healthz`` must be 503; "" where nothing is known that demands it."""
    truth, at = fleet.truth, asked.at
    steady = [
        chat
        for chat in sorted(waiting.chats.get(at, ()))
        if not any(one.refuses and one.span[0] < at for one in truth.hurdles_of(chat))
    ]
    if steady:
        return f"something due waits for {steady[0]}, which refuses nothing"
    for (subject, measure), chats in waiting.news.get(at, {}).items():
        if waiting.reaches_somebody((subject, measure), at):
            continue
        if chats >= truth.chats_of(subject if subject in truth.accounts else None):
            return f"an alert has reached nobody: {subject} {measure}"
    if is_dark(fleet, at):
        return "no account could be read for so long"
    begun = at if asked.since is None else asked.since
    return "the database cannot be written" if is_unwritable(truth, begun, at) else ""


def window(truth: Truth, account: str) -> float:
    """For how many seconds a reading of an account counts."""
    return 2 * truth.every_of(account) + 60


def is_dark(fleet: Fleet, at: float) -> bool:
    """Whether no account could be read for longer than the contract grants; not near a pause's ends, nor just awake."""
    truth = fleet.truth
    if any(since <= at <= until + truth.slack.look for since, until in truth.stopped):
        return False
    for account in truth.accounts:
        since = at - window(truth, account) - truth.slack.save
        mine = [one for one in truth.answers if one.account == account and since <= one.at <= at]
        if any(one.outage is None for one in mine):
            return False
        stood = [begin for begin, end in truth.stopped if begin < at and end > since]  # what ended then ends after it
        if fleet.paused.maybe(account, min([since, *stood]), at):
            return False
    return True


def must_be_well(fleet: Fleet, at: float) -> bool:
    """Whether everything was as it should be for long enough that nothing can be wrong with the bot."""
    truth = fleet.truth
    longest = 2 * truth.every + 60
    since = min(at - longest - 60, at - CALM)
    disturbed = [*truth.troubles(), *truth.stopped, *((moment, moment + 1) for moment, _ in truth.jumps)]
    if truth.own_every or truth.joined or truth.is_young(at, at - since):
        return False
    if any(touches(span, (since, at)) for span in disturbed):
        return False
    if any(fleet.paused.maybe(account, since, at) for account in truth.accounts):
        return False
    return all(reads(fleet.seen[account], since, at) for account in truth.accounts) and can_be_told(truth, since, at)


def reads(seen: list[Seen], since: float, at: float) -> bool:
    """Whether an account was read, again and again, and never in vain."""
    found = [one for one in seen if since <= one.answer.at <= at]
    return bool(found) and all(one.answer.outage is None and one.sure for one in found)


def can_be_told(truth: Truth, since: float, at: float) -> bool:
    """Whether nothing can wait for Telegram, and some chat is told of everything at once, whatever others refuse."""
    clear = [chat for chat in truth.chats_of(None) if not any(one.span[0] < at for one in truth.hurdles_of(chat))]
    silent = any(wish.at <= at for wish in truth.wishes)
    for chat in truth.chats_of(None) - set(clear):
        for one in truth.hurdles_of(chat):
            late = one.span[1] + truth.slack.refused_long if one.refuses else one.span[1]
            if touches((one.span[0], late + CALM), (since, at)) and (not one.refuses or silent or not clear):
                return False
    return True


def touches(one: Span, other: Span) -> bool:
    """Whether two spans share a moment."""
    return one[0] <= other[1] and other[0] <= one[1]
