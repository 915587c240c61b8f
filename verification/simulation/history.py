"""What a history will be, made from its seed alone: its length, its accounts, what goes wrong, what people do."""

import random
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from bot.domain.chats import Chat
from tests.field.catalogue import FieldAnswer
from verification.oracle import Rules
from verification.simulation.accounts import DAY, Deed, SimulatedAccount
from verification.simulation.wire import of_account, of_send, pausing

HOUR, MINUTE = 3600.0, 60.0
BEGIN = datetime(2026, 11, 23, tzinfo=UTC).timestamp()
GROUP = "-100222"
CHATS = ("111", GROUP, "333")
ON_CALL = "555"
"""The chat that gets only what nobody acknowledged."""

SHAPES = ((20 * DAY, 12 * HOUR), (6 * DAY, 8 * HOUR), (3 * DAY, 4 * HOUR), (0.7 * DAY, HOUR), (0.2 * DAY, 15 * MINUTE))
"""How long a history is, and how often its accounts are looked at."""

OUTAGES = (
    *("unavailable", "hang", "unauthorized", "lapsed", "missing", "throttled", "broken", "unrefreshed", "garbled"),
    *("bucket", "left out", "half told"),
)
POST_FAULTS = ("away", "lost", "lost", "peace", "gone", "refused", "slow")
FORM_FAULTS = ("plain", "topic")
"""Telegram finds the message wrong, or its topic: the same words are taken in a plainer form, or without the topic."""

REFUSALS = ("gone", "refused")
STORE_FAULTS = ("locked", "full")
HOOK_FAULTS = ("hook away", "hook lost")
"""The webhook's receiver takes nothing, or its answer is lost."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that goes wrong from a moment until another, for one account or chat, or (None) for all.

    ``answer`` is what is answered meanwhile, as it was seen in the field; None: nothing, or what the kind alone says.
    """

    kind: str
    since: float
    until: float
    who: str | None = None
    seconds: float = 0.0
    answer: FieldAnswer | None = None

    def holds(self, at: float, who: str) -> bool:
        """Whether it concerns someone at a moment."""
        return self.since <= at < self.until and self.who in (None, who)


@dataclass(frozen=True, slots=True)
class Visit:
    """Somebody works on the website with an account, or (None) with all: pauses it for so long, resumes it, or asks."""

    at: float
    kind: str
    account: str | None = None
    length: float = 0.0


@dataclass
class History:
    """A history that has not happened yet. ``tail`` is when nothing goes wrong any more."""

    seed: int
    chance: random.Random
    length: float
    every: float
    tail: float
    accounts: list[SimulatedAccount]
    chats: tuple[str, ...]
    rules: list[tuple[float, Rules]]
    faults: list[Fault] = field(default_factory=list)
    jumps: list[tuple[float, float]] = field(default_factory=list)
    stops: list[tuple[float, float]] = field(default_factory=list)
    kills: list[tuple[float, int, float]] = field(default_factory=list)
    wishes: list[float] = field(default_factory=list)
    moves_at: float | None = None
    visits: list[Visit] = field(default_factory=list)
    asks: list[float] = field(default_factory=list)
    """When somebody asks the bot how it is."""
    joins: list[tuple[float, str]] = field(default_factory=list)
    """When which chat is told of everything too."""
    by_link: bool = False
    """Whether it joins by a link, after a flood of wrong codes; else by the settings."""
    topic: int | None = None
    """The topic of the group that is told."""
    has_receiver: bool = False
    """Whether other programs get events, too."""
    has_past: bool = False
    """Whether the database holds readings of a time before, which upkeep thins."""
    escalate_after: float | None = None
    """Seconds after which somebody on call is told of what nobody acknowledged; None: never."""

    @classmethod
    def of(cls, seed: int) -> "History":
        """The history of a seed."""
        chance = random.Random(seed)
        length, every = chance.choice(SHAPES)
        tail = BEGIN + length
        count = chance.choice([1, 2, 2, 3, 4, 8])
        length /= max(1, count / 2)
        tail = BEGIN + length
        accounts = [SimulatedAccount.of(chance, index, BEGIN, length) for index in range(count)]
        chats = CHATS[: chance.choice([1, 1, 2, 3])]
        made = cls(seed, chance, length, every, tail, accounts, chats, rules_of(chance, length, every))
        made.go_wrong()
        made.subscribe(random.Random(f"plans of {seed}"))
        made.be_visited(random.Random(f"visits of {seed}"))
        made.be_answered(random.Random(f"answers of {seed}"))
        made.be_elsewhere(random.Random(f"elsewhere of {seed}"))
        made.be_asked(random.Random(f"asks of {seed}"))
        made.be_received(random.Random(f"receiver of {seed}"))
        made.be_escalated(random.Random(f"escalations of {seed}"))
        return made

    @property
    def ends_at(self) -> float:
        """When everything must have been told."""
        return self.tail + 3 * self.every + 2 * HOUR

    def moment(self) -> float:
        """Some moment before the tail."""
        return BEGIN + self.chance.random() * self.length

    def go_wrong(self) -> None:
        """Decides what goes wrong, and when people do something."""
        chance, calm = self.chance, self.chance.choice([0, 1, 1, 2])
        for _ in range(calm * chance.randrange(4)):
            self.add(chance.choice(OUTAGES), self.every * chance.choice([0.5, 1.5, 3, 5]), self.some_account())
        for _ in range(calm * chance.randrange(4)):
            kind = chance.choice(POST_FAULTS)
            seconds = chance.choice([3, 60, 900])
            longest = {"gone": 3 * self.every, "peace": 4 * seconds}.get(kind, HOUR)
            self.add(kind, longest * chance.random(), self.some_chat(), seconds)
        for _ in range(calm * chance.randrange(3)):
            self.add(chance.choice(STORE_FAULTS), chance.choice([5, 60, 600]))
        for _ in range(calm * chance.randrange(2)):
            self.jumps.append((self.moment(), chance.choice([-1, 1]) * chance.choice([60, HOUR, 5 * HOUR])))
        for _ in range(calm * chance.randrange(2)):
            self.stops.append((self.moment(), chance.choice([30, HOUR, 4 * self.every])))
        for _ in range(calm * chance.randrange(4)):
            asleep = chance.choice([1, 1, 60, HOUR, 4 * self.every])
            self.kills.append((self.moment(), chance.randrange(1, 80), asleep))
        self.wishes = sorted(self.moment() for _ in range(chance.randrange(8)))
        if "-100222" in self.chats and chance.random() < 0.3:
            self.moves_at = self.moment()
        self.jumps.sort()
        self.stops.sort()
        self.kills.sort()

    def subscribe(self, chance: random.Random) -> None:
        """Decides whose plan is gone or cancelled, who tops up, and whose session breaks; drawn apart from the rest."""
        for account in self.accounts:
            if chance.random() < 0.2:
                gone, again = sorted(BEGIN + chance.random() * self.length for _ in range(2))
                account.deeds += [Deed(gone, "free"), Deed(again, "subscribe", 1000)]
            if chance.random() < 0.3:  # all is spent, then some of it comes back
                spent = BEGIN + chance.random() * 0.8 * self.length
                back = spent + chance.random() * 0.2 * self.length
                amount = round(account.allowance * chance.choice([0.02, 0.1, 0.15]))
                account.deeds += [Deed(spent, "burst", 10**6), Deed(back, "top-up", amount)]
            if account.ends_at and chance.random() < 0.3:
                cancelled, resumed = sorted(BEGIN + chance.random() * self.length for _ in range(2))
                account.deeds += [Deed(cancelled, "cancel"), Deed(resumed, "resume")]
            account.deeds.sort(key=lambda deed: deed.at)
            if chance.random() < 0.1:  # a session stays broken until somebody mends it
                broken, mended = sorted(BEGIN + chance.random() * self.length for _ in range(2))
                self.faults.append(Fault("broken", broken, mended, account.email))

    def be_visited(self, chance: random.Random) -> None:
        """Decides who works on the website, with which account, from when on and how long; drawn apart from the rest.

        In some histories an account is looked at more rarely for that, or more often.
        """
        if chance.random() < 0.3:
            chance.choice(self.accounts).check_every = self.every * chance.choice([0.5, 3, 3, 10])
        for _ in range(chance.choice([0, 0, 1, 2, 4])):
            account = chance.choice([None, *self.accounts])
            length = chance.choice([600, 2.5 * self.every, 6 * self.every, 0.3 * self.length])
            begin = BEGIN + chance.random() * self.length
            if account and account.ends_at and chance.random() < 0.5:  # so that the plan's ladder is walked meanwhile
                begin = max(BEGIN + self.every, account.ends_at - chance.random() * length)
            email = account.email if account else None
            length = min(length, self.tail - begin)
            self.visits.append(Visit(begin, "pause", email, length))
            kind, who = chance.choice(["ask", "ask", "resume"]), chance.choice([None, email])
            self.visits.append(Visit(begin + chance.random() * length, kind, who))
        self.visits = sorted((one for one in self.visits if one.at < self.tail), key=lambda one: one.at)

    def be_answered(self, chance: random.Random) -> None:
        """Draws from the catalogue what is answered in each trouble, and who finds what wrong with a message."""
        for kind in FORM_FAULTS:
            if chance.random() < 0.3:
                since = BEGIN + chance.random() * self.length
                until = min(since + 3 * self.every * chance.random(), self.tail)
                self.faults.append(Fault(kind, since, until, chance.choice([None, *self.chats])))
        self.faults = [replace(fault, answer=answer_in(fault, chance)) for fault in self.faults]

    def be_elsewhere(self, chance: random.Random) -> None:
        """Decides who joins on the way, which topic is told, whether the database has a past, and whose plan is a gift.

        Where somebody joins, nobody silences anything: what a newcomer hears of that is proved by itself.
        """
        others = [chat for chat in CHATS if chat not in self.chats]
        if others and chance.random() < 0.3:
            self.joins, self.wishes = [(BEGIN + chance.random() * self.length, chance.choice(others))], []
        if GROUP in self.chats and self.moves_at is None and chance.random() < 0.4:
            self.topic = 45
        self.has_past = chance.random() < 0.2
        for account in self.accounts:
            account.gift = chance.random() < 0.4
        self.by_link = chance.random() < 0.5

    def be_escalated(self, chance: random.Random) -> None:
        """Decides whether somebody on call is told of what nobody acknowledged, and after how long."""
        if chance.random() < 0.4:
            self.escalate_after = self.every * chance.choice([0.02, 0.5, 2, 5])

    def bots_chat(self, name: str) -> Chat:
        """A chat as the settings name it."""
        return Chat(int(name), self.topic if name == GROUP else None)

    def be_asked(self, chance: random.Random) -> None:
        """Decides when somebody asks the bot how it is: at any moment, and in troubles and soon after them."""
        self.asks = [BEGIN + chance.random() * (self.ends_at - BEGIN) for _ in range(8)]
        for fault in self.faults:
            self.asks += [chance.uniform(fault.since, fault.until), fault.until + chance.uniform(0, self.every)]
            if fault.kind in STORE_FAULTS:
                self.asks += [fault.until - 1.0, chance.uniform(fault.since, fault.until)]
        self.asks.sort()

    def be_received(self, chance: random.Random) -> None:
        """Decides whether there is a receiver of events, and when it is away; drawn apart from the rest.

        It is away for less than the seven days after which events are dropped.
        """
        self.has_receiver = chance.random() < 0.3
        for _ in range(chance.randrange(4) if self.has_receiver else 0):
            since = BEGIN + chance.random() * self.length
            length = chance.choice([60.0, HOUR, min(0.3 * self.length, 2 * DAY)])
            self.faults.append(Fault(chance.choice(HOOK_FAULTS), since, min(since + length, self.tail)))

    def add(self, kind: str, length: float, who: str | None = None, seconds: float = 0.0) -> None:
        """One more fault, over before the tail."""
        since = self.moment() if kind in OUTAGES else self.fateful_moment()
        self.faults.append(Fault(kind, since, min(since + length, self.tail), who, seconds))

    def fateful_moment(self) -> float:
        """Any moment, or one shortly before something is to be told: the first looks, a plan's end, a refill."""
        ends = [one.ends_at for one in self.accounts if one.ends_at] + [one.refills_at for one in self.accounts]
        near = [at for at in ends if BEGIN < at < self.tail] or [BEGIN]
        return self.chance.choice([self.moment(), BEGIN, self.chance.choice(near)])

    def some_account(self) -> str | None:
        """One account, or all of them."""
        return self.chance.choice([None, self.chance.choice(self.accounts).email])

    def some_chat(self) -> str | None:
        """One chat, or all of them."""
        return self.chance.choice([None, self.chance.choice(self.chats)])

    def fault(self, kinds: tuple[str, ...], at: float, who: str = "") -> Fault | None:
        """What goes wrong now for someone, the newest first."""
        found = [one for one in self.faults if one.kind in kinds and one.holds(at, who)]
        return found[-1] if found else None


def answer_in(fault: Fault, chance: random.Random) -> FieldAnswer | None:
    """What is answered in a trouble: one of all that mean the same; of a Telegram that is away often nothing."""
    found = of_account(fault.kind) or of_send(fault.kind)
    if not found or (fault.kind in ("away", "unavailable") and chance.random() < 0.3):
        return None
    answer = chance.choice(found)
    return pausing(answer, fault.seconds) if fault.kind == "peace" else answer


def rules_of(chance: random.Random, length: float, every: float) -> list[tuple[float, Rules]]:
    """The settings, and in some histories a change of them on the way."""
    found = [(BEGIN, some_rules(chance, every))]
    if chance.random() < 0.3:
        found.append((BEGIN + chance.random() * length, some_rules(chance, every)))
    return found


def some_rules(chance: random.Random, every: float) -> Rules:
    """Some settings that a person might choose."""
    return Rules(
        low_credits=chance.choice([("20%", "5%", "0"), ("20%", "5%", "0"), ("3000", "50%", "10%", "50"), ("10%",), ()]),
        plan_ends_within=chance.choice([(7 * DAY, 3 * DAY, DAY), (5 * DAY, DAY), (2 * DAY,), ()]),
        unreadable_after=chance.choice([1, 2, 3]),
        remind_every=chance.choice([None, 2 * every, 3.5 * every, DAY]),
    )
