"""When a person wished that nobody looks at an account, and what the bot owes the chats and the account then."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from math import inf

from verification.oracle.silences import joined, over_at, within
from verification.oracle.truth import Span, Truth, Wish

LAST_LOOK = 40.0
"""Seconds for which a look may go on that had begun before the pause."""


@dataclass(frozen=True, slots=True)
class Held:
    """A pause of one account or (None) of everyone, while it was held: to its time, or until a person ended it.

    ``noticed`` is when a bot that is up has seen that it is over.
    """

    since: float
    until: float
    noticed: float
    by_itself: bool = False


def wished(truth: Truth, account: str | None) -> Iterator[Held]:
    """The pauses that were wished of an account or (None) of everyone; a newer one stands in the older one's place."""
    since: float | None = None
    until = inf
    for wish in sorted(truth.wishes, key=lambda one: one.at):
        if since is not None and over_at(truth, until) <= wish.at:
            yield Held(since, until, over_at(truth, until), by_itself=True)
            since = None
        if since is not None and ends(wish, account):
            yield Held(since, min(until, wish.at), wish.at)
            since = None
        if (wish.kind, wish.account) == ("pause", account):
            if since is not None:
                yield Held(since, min(until, wish.at), wish.at)
            since, until = wish.at, wish.until
    if since is not None:
        yield Held(since, until, over_at(truth, until), by_itself=True)


def ends(wish: Wish, account: str | None) -> bool:
    """Whether a wish ends a pause: of everything, or of the account that it is about."""
    return wish.kind == "resume" and wish.account in (None, account)


def pause_spans(truth: Truth, account: str, *, meant: bool = False) -> list[Span]:
    """The times in which nobody may look at an account: its own pauses, and those of everyone until it is resumed.

    They last until a bot notices that they are over; ``meant``: until their time.
    """
    found = [(one.since, one.until if meant else one.noticed) for one in wished(truth, account)]
    resumed = [one.at for one in truth.wishes if one.kind == "resume" and one.account == account]
    for one in wished(truth, None):
        until = one.until if meant else one.noticed
        found.append((one.since, min([until, *(at for at in resumed if one.since <= at < until)])))
    return joined(found)


@dataclass(frozen=True)
class Paused:
    """The pauses of a history: of each account, and of everyone at once."""

    truth: Truth
    spans: dict[str, list[Span]]
    everyone: list[Span]

    @classmethod
    def of(cls, truth: Truth) -> "Paused":
        """Those of a history."""
        spans = {account: pause_spans(truth, account) for account in truth.accounts}
        meant = [pause_spans(truth, account, meant=True) for account in truth.accounts]
        edges = sorted({edge for some in meant for span in some for edge in span})
        held = [(begin, end) for begin, end in pairwise(edges) if all(within(some, begin) for some in meant)]
        return cls(truth, spans, joined(held))

    def maybe(self, account: str, since: float, until: float) -> bool:
        """Whether an account may have been paused at any moment between two."""
        return any(begin - LAST_LOOK <= until and since <= end for begin, end in self.spans[account])

    def watched_since(self, since: float, until: float) -> float | None:
        """From when on, between two moments, anybody was to be looked at until the second; None for nobody ever."""
        for begin, end in self.everyone:
            if begin - LAST_LOOK <= since and until < end:
                return None
            if since < end <= until:
                since = end
        return since

    def anybody(self, since: float, until: float) -> bool:
        """Whether anybody may have been paused between two moments: how often anyone is looked at is then unsure."""
        return any(self.maybe(account, since - LAST_LOOK, until) for account in self.spans)

    def looked_at(self) -> Iterator[tuple[float, str]]:
        """The looks that began while their account was paused: each may end the session of who works there."""
        for answer in self.truth.answers:
            begun = answer.begun
            if begun is not None and any(since < begun < end - 0.01 for since, end in self.spans[answer.account]):
                yield begun, answer.account


@dataclass(frozen=True, slots=True)
class Line:
    """A silent line about a pause of an account or (None) of everyone, and from when to when a chat is owed it.

    ``must`` unless it may be left out.
    """

    account: str | None
    since: float
    until: float
    must: bool = True


def lines_of_pauses(truth: Truth, chat: str) -> Iterator[Line]:
    """The lines that somebody paused; who wished it has its answer instead."""
    for wish in truth.wishes:
        if wish.kind == "pause" and not is_made_in(truth, wish, chat):
            yield from owed(truth, chat, wish.account, wish.at - LAST_LOOK, wish.at)


def lines_of_ends(truth: Truth, chat: str, paused: Paused) -> Iterator[Line]:
    """The lines that checks go on: where no other pause goes on, by its time; by hand perhaps."""
    for account in (None, *truth.accounts):
        for one in wished(truth, account):
            if one.by_itself and one.noticed < truth.ended_at:
                free = account is None or not within(paused.spans[account], one.noticed)
                soon = truth.in_time(one.noticed, truth.slack.tick + truth.slack.save, truth.troubles())
                wishes = [one.at for one in truth.wishes if one.kind in ("pause", "resume")]
                must = free and not any(one.noticed - LAST_LOOK <= at <= soon for at in wishes)
                yield from owed(truth, chat, account, one.noticed - 1, one.noticed, must=must)
    for wish in truth.wishes:
        if wish.kind == "resume" and not is_made_in(truth, wish, chat):
            yield from owed(truth, chat, wish.account, wish.at - 1, wish.at + LAST_LOOK, must=False)


def owed(truth: Truth, chat: str, account: str | None, since: float, at: float, *, must: bool = True) -> Iterator[Line]:
    """The line that a chat is told that is due at a moment, if it is told of that account."""
    if account is None or chat in truth.chats_of(account):
        stored = truth.in_time(at, truth.slack.tick + truth.slack.save, truth.troubles())
        yield Line(account, since, truth.in_time(stored, truth.slack.tell, truth.in_the_way(chat)), must)


def is_made_in(truth: Truth, wish: Wish, chat: str) -> bool:
    """Whether a wish was made in a chat."""
    return wish.made_in is not None and truth.now_called(wish.made_in) == chat
