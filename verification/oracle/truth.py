"""What the world really was, written down by whoever simulates it: answers, wishes, settings, what was in the way.

Moments are true seconds since 1970, of a clock that never jumps. What the bot's own clock showed follows from
``jumps``.
"""

from dataclasses import dataclass, field, replace
from math import inf

Span = tuple[float, float]
"""From a moment until another; ``inf`` where it never ended."""

BY_STATUS = {
    400: "missing",
    401: "unauthorized",
    402: "lapsed",
    403: "unauthorized",
    404: "missing",
    429: "throttled",
}


def outage_by(status: int | None, body: object = None) -> str:
    """The kind of outage by an answer's status and JSON, as design.md lists them; None where no answer came.

    Only useapi.net's own error is a verdict, and the status 596. A 200 that is no reading (a lie about types, credits
    missing, no JSON) is ``garbled``: whoever lies says so.
    """
    error = body.get("error") if isinstance(body, dict) else None
    said = str(error or "").lower()
    if status == 596:
        return "unrefreshed" if said.startswith("failed to refresh session: 5") else "broken"
    if status == 500 and said.startswith("login failed"):
        return "broken"
    return BY_STATUS.get(status or 0, "unavailable") if error else "unavailable"


@dataclass(frozen=True, slots=True)
class Plan:
    """The plan as the page showed it. ``ends_at`` is a moment of the world's calendar, ``renews`` whether by itself.

    ``renews`` is None where the page left that out, and whether it was ``cancelled`` with it.
    """

    ends_at: float | None = None
    renews: bool | None = True
    free: bool = False
    cancelled: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer that the simulated service gave to one question about an account, at the moment it was given.

    Without an answer (a connection cut, a question that hung until it was given up) ``at`` is when that became plain.
    ``outage`` is one of design.md's kinds; None means that the numbers below were to be seen. A bucket of None was
    left out; so was a plan of None. ``peace`` is how many seconds the server asked to be left alone.
    ``stored_by``: when it was surely stored,
    where that is known; ``maybe``: it may never have been. ``begun``: when the question was put, where that is known.
    """

    at: float
    account: str
    outage: str | None = None
    monthly: float = 0
    daily: float | None = 0
    package: float | None = 0
    allowance: float | None = None
    daily_allowance: float | None = None
    plan: Plan | None = Plan()
    peace: float = 0
    stored_by: float | None = None
    maybe: bool = False
    begun: float | None = None

    @property
    def credits(self) -> float:
        """All that can be spent."""
        return self.monthly + (self.daily or 0) + (self.package or 0)


@dataclass(frozen=True, slots=True)
class Rules:
    """The settings that decide what is told.

    A rung of credits is text, ``"20%"`` or ``"300"``; one of the plan, seconds. ``remind_every`` None means never.
    """

    low_credits: tuple[str, ...] = ()
    plan_ends_within: tuple[float, ...] = ()
    unreadable_after: int = 3
    remind_every: float | None = None


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person wished, once the bot had said that it holds.

    ``kind``: ``mute`` (``account`` None: everything), ``unmute`` (likewise; ends snoozes too), ``snooze``, ``ack`` or
    ``unack`` (of one ``measure`` of ``account``); ``pause`` (``account`` None: everyone) and ``resume``. ``until`` is
    when it ends; for an ack, when it lapses. ``chat`` is where it holds; None: in every chat. ``made_in`` is where it
    was wished.
    """

    at: float
    kind: str
    account: str | None = None
    measure: str | None = None
    until: float = inf
    chat: str | None = None
    made_in: str | None = None


@dataclass(frozen=True, slots=True)
class Hurdle:
    """A time in which a delivery may fail or wait: Telegram away, asking for peace, or refusing.

    ``chat`` None: for all chats. None of them ends a delivery: what is due then is told after its end. ``refuses``: the
    chat refuses, and is tried again by the schedule of refusals. ``sign``: it gives a sign of life at its end.
    """

    span: Span
    chat: str | None = None
    refuses: bool = False
    sign: bool = False


REFUSED_LONG = 3600.0 + 70.0
"""Seconds for which a chat may refuse until it is tried more rarely: the first three tries, and an hour."""


@dataclass(frozen=True, slots=True)
class Well:
    """A chat that refused takes messages again: since when it had refused, when that is over, and told by when."""

    since: float
    at: float
    by: float


@dataclass(frozen=True, slots=True)
class Slack:
    """How many seconds things may take while nothing is in the way.

    ``save``: from an answer to what it means being stored. ``tick``: how often the bot looks what is due. ``tell``:
    from there to the chat, with everything that gathers and paces (at most 240 s of gathering, 60 s of a group's
    pace, 30 s of backoff). ``send``: how old what a message does not tell yet may be, for it was written before it
    was sent. ``look``: how much later than ``CHECK_EVERY`` an account may be looked at again.
    ``board``: from something that a board shows to its being there, after whatever was in the way.
    ``refused``, ``refused_long``: from one try of a chat that refuses to the next, within the first hour and later;
    ``sign``: from its sign of life to the next try; ``well``: from a try that succeeds to all that was owed.
    ``hold``: for how long upkeep may let everything else wait.
    ``others``: how long what follows on a change may be held back, so that the others of its source are told with it:
    a minute, and what the pace may add.
    """

    save: float = 2.0
    tick: float = 5.0
    tell: float = 600.0
    send: float = 45.0
    look: float = 60.0
    board: float = 120.0
    others: float = 60.0 + 5.0
    mixed: float = 2.0
    refused: float = 60.0
    refused_long: float = 900.0
    sign: float = 10.0
    well: float = 15.0
    hold: float = 0.05


@dataclass
class Truth:
    """The whole history of one source.

    ``accounts``: the name that people read of each account, by its key (any text, such as its email). ``own_every``
    is how often an account is looked at that has an interval of its own. ``chats`` are the allowed ones, as text;
    ``told_of`` narrows them for an account. ``moved`` says which chat became which; ``boards``, since when which
    chat has one. ``up`` are the times in which the bot ran; ``trouble`` are times in which the database could not
    be written, and those in which the process stood still, which are ``stopped`` too. ``joined`` says since when a
    chat is told that was not from the first; ``inf``: never. ``unwritable`` are the times from when something could
    not be stored (a full disk) until it could again. ``receiver``: the webhook has one. ``holds`` are moments at
    which upkeep let everything else wait, and for how many seconds. ``jumps`` are moments at which the bot's clock
    was set on or back by so many seconds. ``rules`` are those in force from a moment on. ``escalates_to`` is the
    chat, none of ``chats``, that gets what was critical for ``escalate_after`` seconds and nobody acknowledged.
    """

    accounts: dict[str, str]
    chats: tuple[str, ...]
    every: float
    rules: list[tuple[float, Rules]]
    up: list[Span] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    wishes: list[Wish] = field(default_factory=list)
    hurdles: list[Hurdle] = field(default_factory=list)
    trouble: list[Span] = field(default_factory=list)
    stopped: list[Span] = field(default_factory=list)
    jumps: list[tuple[float, float]] = field(default_factory=list)
    moved: dict[str, str] = field(default_factory=dict)
    told_of: dict[str, tuple[str, ...]] = field(default_factory=dict)
    boards: dict[str, float] = field(default_factory=dict)
    own_every: dict[str, float] = field(default_factory=dict)
    slack: Slack = field(default_factory=Slack)
    unwritable: list[Span] = field(default_factory=list)
    holds: list[tuple[float, float]] = field(default_factory=list)
    receiver: bool = False
    joined: dict[str, float] = field(default_factory=dict)
    escalate_after: float | None = None
    escalates_to: str = ""
    ended_at: float = inf

    def every_of(self, account: str) -> float:
        """How often an account is looked at."""
        return self.own_every.get(account, self.every)

    @property
    def shortest(self) -> float:
        """How often the account is looked at that is looked at the most."""
        return min(self.every_of(account) for account in self.accounts)

    def rules_at(self, at: float) -> Rules:
        """The settings in force at a moment."""
        return [rules for since, rules in self.rules if since <= at][-1]

    def offset(self, at: float) -> float:
        """By how much the bot's clock was wrong at a moment."""
        return sum(by for since, by in self.jumps if since <= at)

    def is_young(self, at: float, seconds: float) -> bool:
        """Whether the bot was not up all the time in so many seconds before a moment."""
        return not any(since <= at - seconds and at <= until for since, until in self.up)

    def clock(self, at: float) -> float:
        """What the bot's clock showed."""
        return at + self.offset(at)

    def clocks(self, at: float) -> list[float]:
        """What the bot may take the time to be: a clock that is set is followed soon, once that can be stored."""
        known, found = 0.0, [0.0]
        for since, by in sorted(self.jumps):
            if since > at:
                break
            known += by
            late = self.in_time(since, self.slack.tick, self.troubles()) >= at
            found = [*found, known] if late else [known]
        return [at + offset for offset in dict.fromkeys(found)]

    def in_time(self, at: float, needs: float, hurdles: list[Span]) -> float:
        """The latest moment for what takes so many seconds in which nothing is in the way, counted from ``at``."""
        start = at
        for since, until in sorted(hurdles):
            if until > start and since < start + needs:
                start = until
        return start + needs

    def troubles(self) -> list[Span]:
        """When nothing could be stored: trouble of the database, and the times in which the bot was not up."""
        ups = sorted(self.up)
        downs = [(end, begin) for (_, end), (begin, _) in zip(ups, [*ups[1:], (inf, inf)], strict=True) if end != inf]
        return sorted([*self.trouble, *downs])

    def in_the_way(self, chat: str) -> list[Span]:
        """When something may have kept a message from a chat."""
        refusals = [(since, until) for since, _, until in self.refusals(chat)]
        return sorted([*self.troubles(), *(one.span for one in self.hurdles_of(chat) if not one.refuses), *refusals])

    def hurdles_of(self, chat: str) -> list[Hurdle]:
        """What concerns a chat, wherever it moved."""
        now = self.now_called(chat)
        return [one for one in self.hurdles if one.chat is None or self.now_called(one.chat) == now]

    def refusals(self, chat: str) -> list[tuple[float, float, float]]:
        """The times in which a chat refuses: from when, until when, and by when it is surely tried again.

        The bot counts from the first refusal on, and through whatever keeps it from a try that succeeds. Only such a
        try, or a sign of life, lets it begin anew.
        """
        found, refused_since, believed = [], 0.0, -inf
        troubles = [Hurdle(span) for span in self.troubles()]
        for one in sorted([*self.hurdles_of(chat), *troubles], key=lambda one: one.span):
            since, until = one.span
            if not one.refuses:
                believed = max(believed, until + self.slack.refused_long) if since <= believed else believed
                continue
            refused_since = since if since > believed else refused_since
            if one.sign:
                again = until + self.slack.sign
                found.append((since, until, again))
                refused_since, believed = until, max(believed, again)
                continue
            long = until - refused_since > REFUSED_LONG
            again = until + (self.slack.refused_long if long else self.slack.refused)
            found.append((since, until, again))
            believed = max(believed, again)
        return found

    def well_again(self, chat: str) -> list[Well]:
        """When a chat took messages again that had refused, and nothing else was in the way until all was told.

        Not where so many accounts are watched that what is owed may be gathered.
        """
        if len(self.accounts) > MOST_UNGATHERED:
            return []
        refusals, found = self.refusals(chat), list[Well]()
        others = [*self.troubles(), *(one.span for one in self.hurdles_of(chat) if not one.refuses)]
        others += [(since, until) for since, until, _ in refusals]
        for since, until, again in refusals:
            by = again + self.slack.well
            if not any(begin < by and end > until for begin, end in others):
                found.append(Well(since, until, by))
        return found

    def now_called(self, chat: str) -> str:
        """The chat as it is called in the end."""
        seen = set[str]()
        while chat in self.moved and chat not in seen:
            seen.add(chat)
            chat = self.moved[chat]
        return chat

    def joined_at(self, chat: str) -> float:
        """Since when a chat is told, whatever it was called then; 0.0: from the first."""
        return max((at for name, at in self.joined.items() if self.now_called(name) == chat), default=0.0)

    def chats_of(self, account: str | None) -> set[str]:
        """The chats that may read of an account, or, with None, of anything."""
        named = self.told_of.get(account, self.chats) if account else self.chats
        return {self.now_called(chat) for chat in named}

    def seen_as(self, account: str) -> list[Answer]:
        """An account's answers in order, a lost bucket read as design.md says: garbled if the reading before had it."""
        found, before = list[Answer](), None
        for answer in sorted((one for one in self.answers if one.account == account), key=lambda one: one.at):
            seen = answer
            if before and answer.outage is None and lost_bucket(before, answer):
                seen = replace(answer, outage="garbled")
            found.append(seen)
            before = seen if seen.outage is None else before
        return found


MOST_UNGATHERED = 5
"""Of so many accounts no storm is made: five others than those of a message must have been told of."""


def lost_bucket(before: Answer, after: Answer) -> bool:
    """Whether a bucket that was shown before is not any more."""
    return (before.daily is not None and after.daily is None) or (before.package is not None and after.package is None)
