"""When a person wished to hear nothing of an alert."""

from collections.abc import Iterable
from math import inf

from verification.oracle.truth import Span, Truth, Wish

DAY = 86_400.0

Key = tuple[str, str | None, str | None, str | None]
"""A kind, an account, a measure, and the chat in which it holds (None: in all)."""


def quiet_spans(truth: Truth, chat: str, subject: str) -> list[Span]:
    """The times in which a mute withholds from a chat what there is to say of a subject, joined where they touch.

    A chat that joins is told then of what fires, as one whose mute ends.
    """
    keys = [("mute", account, None, where) for account in {None, subject} for where in (None, chat)]
    spans = [span for key in keys for span in spans_of(truth, key)]
    return joined([*spans, *[(0.0, since) for name, since in truth.joined.items() if truth.now_called(name) == chat]])


def snoozes(truth: Truth, chat: str, subject: str, measure: str) -> list[Span]:
    """The times for which a chat's snoozes of one alert were meant; each holds until then at the longest."""
    return sorted(spans_of(truth, ("snooze", subject, measure, chat)))


def acks(truth: Truth, subject: str, measure: str) -> list[Span]:
    """When an alert was acknowledged, and when each ack lapses if its alert is critical then."""
    made = [one for one in truth.wishes if (one.kind, one.account, one.measure) == ("ack", subject, measure)]
    return sorted((one.at, over_at(truth, lapse_of(truth, one))) for one in made)


def lapse_of(truth: Truth, ack: Wish) -> float:
    """When an ack lapses; one that was made without reminders begins its time at the first start that has some."""
    if ack.until != inf:
        return ack.until
    starts = ((over_at(truth, since), rules.remind_every) for since, rules in truth.rules if since > ack.at)
    return next((start + max(DAY, every) for start, every in starts if every), inf)


def spans_of(truth: Truth, key: Key) -> Iterable[Span]:
    """The times of one silence; a newer one of its kind stands in the older one's place."""
    since: float | None = None
    until = inf
    for wish in sorted(truth.wishes, key=lambda one: one.at):
        if since is not None and over_at(truth, until) <= wish.at:
            yield since, over_at(truth, until)
            since = None
        if ends(truth, wish, key) and since is not None:
            yield since, wish.at
            since = None
        if (wish.kind, wish.account, wish.measure, called(truth, wish.chat)) == key:
            if since is not None:
                yield since, wish.at
            since, until = wish.at, wish.until
    if since is not None:
        yield since, over_at(truth, until)


def ends(truth: Truth, wish: Wish, key: Key) -> bool:
    """Whether a wish ends a silence: an unmute where it holds, of everything, or of the account that it is about."""
    there = key[3] is None or key[3] == called(truth, wish.chat)
    return wish.kind == "unmute" and there and (wish.account is None or wish.account == key[1])


def called(truth: Truth, chat: str | None) -> str | None:
    """A chat as it is called in the end."""
    return None if chat is None else truth.now_called(chat)


def over_at(truth: Truth, until: float) -> float:
    """The first moment from ``until`` on at which the bot is up, if only for the last thing that it does.

    A clock that is set changes nothing.
    """
    return min((max(until, since) for since, down in truth.up if until <= down), default=inf)


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
