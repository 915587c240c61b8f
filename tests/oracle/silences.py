"""When a person wished to hear nothing of an alert."""

from collections.abc import Iterable
from math import inf

from tests.oracle.truth import Span, Truth, Wish

Key = tuple[str, str | None, str | None]


def keys_of(subject: str, measure: str) -> tuple[Key, ...]:
    """What may silence an alert until a moment: everything muted, its account muted, itself snoozed."""
    return (("mute", None, None), ("mute", subject, None), ("snooze", subject, measure))


def quiet_spans(truth: Truth, subject: str, measure: str) -> list[Span]:
    """The times in which a mute or a snooze withholds an alert's messages, joined where they touch."""
    spans = [span for key in keys_of(subject, measure) for span in spans_of(truth, key)]
    return joined(spans)


def spans_of(truth: Truth, key: Key) -> Iterable[Span]:
    """The times of one silence; a newer one of its kind stands in the older one's place."""
    since: float | None = None
    until = inf
    for wish in sorted(truth.wishes, key=lambda one: one.at):
        if since is not None and over_at(truth, until) <= wish.at:
            yield since, over_at(truth, until)
            since = None
        if ends(wish, key) and since is not None:
            yield since, wish.at
            since = None
        if (wish.kind, wish.account, wish.measure) == key:
            if since is not None:
                yield since, wish.at
            since, until = wish.at, wish.until
    if since is not None:
        yield since, over_at(truth, until)


def ends(wish: Wish, key: Key) -> bool:
    """Whether a wish ends a silence: an unmute of everything, or of the account that it is about."""
    return wish.kind == "unmute" and (wish.account is None or wish.account == key[1])


def over_at(truth: Truth, until: float) -> float:
    """The first moment from ``until`` on at which the bot is up; a clock that is set changes nothing."""
    return min((max(until, since) for since, down in truth.up if until < down), default=inf)


def joined(spans: Iterable[Span]) -> list[Span]:
    """Spans in order, those that touch as one."""
    found = list[Span]()
    for since, until in sorted(spans):
        if found and since <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], until))
        else:
            found.append((since, until))
    return found


def within(spans: Iterable[Span], at: float) -> bool:
    """Whether a moment lies in any of the spans."""
    return any(since <= at < until for since, until in spans)
