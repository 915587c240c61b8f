"""What nobody acknowledged: told to further chats, once an episode, when it is due, and not while somebody is at it.

Such a chat hears of nothing else: the end of what it heard of, and who acknowledged that. A ``Way`` is one way in which
an alert may have come to stand so far; a message that no way explains is a miss, and so is a moment by which every way
had something still to tell.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from math import inf

from verification.oracle.follow import may_repeat, switched_off
from verification.oracle.looks import SOURCE, Look
from verification.oracle.pauses import LAST_LOOK, Paused
from verification.oracle.silences import Key, spans_of, within
from verification.oracle.story import Mind, Story
from verification.oracle.told import Read, Telling
from verification.oracle.truth import Span, Truth

ESCALATED, RESOLVED = "escalated", "resolved"
MOST_WAYS = 2_000
Wrong = tuple[float, str, str, str]
"""When, what, in which chat, about whom."""


@dataclass(frozen=True, slots=True)
class Owed:
    """Something that the chat is to hear: from when on it may, and by when it has to, unless it is ``lossy``."""

    state: str
    at: float
    told_by: float
    lossy: bool = False


@dataclass(frozen=True, slots=True)
class Way:
    """Where an alert is, and since when it waits for somebody, at the earliest and at the latest; ``inf``: it does not.

    ``escalated``: in this episode. ``again``: what a message told whose answer was lost.
    """

    mind: Mind = field(default_factory=Mind)
    early: float = inf
    late: float = inf
    escalated: bool = False
    owed: tuple[Owed, ...] = ()
    again: str = ""

    @property
    def is_critical(self) -> bool:
        """Whether it is critical now."""
        return self.mind.level > 0 and self.mind.severity == "critical"

    @property
    def is_acked(self) -> bool:
        """Whether somebody is at it."""
        return 0 < self.mind.level <= self.mind.acked

    def waiting(self, early: float, late: float) -> "Way":
        """The same from now on waiting for somebody, if it is critical and was not escalated."""
        waits = self.is_critical and not self.escalated
        return replace(self, early=early if waits else inf, late=late if waits else inf)


class Waiting:
    """Follows one alert in the chat of escalated alerts."""

    def __init__(self, truth: Truth, subject: str, measure: str, looks: list[Look], paused: Paused) -> None:
        """Begins with nothing critical."""
        assert truth.escalate_after is not None
        self.truth, self.subject, self.measure, self.after = truth, subject, measure, truth.escalate_after
        self.chat = truth.escalates_to
        self.story = Story(truth, self.chat, subject, measure)
        self.ways = {Way()}
        self.looks = looks
        self.unsure_until = 0.0
        keys: list[Key] = [("mute", account, None, None) for account in {None, subject}]
        self.mutes = sorted({span for key in keys for span in spans_of(truth, key)})
        self.in_the_way = truth.in_the_way(self.chat)
        self.held = sorted([*truth.troubles(), *unsure(truth, subject, measure, paused)])

    def events(self) -> Iterator[tuple[float, int, Callable[[], object]]]:
        """What happens to the alert, in no order; of one moment the lower number first."""
        for look in self.looks:
            yield look.at, 2, partial(self.look, look)
        for at, lapses in self.story.acks:
            yield at, 3, partial(self.ack, at, lapses)
            if lapses < inf:
                yield lapses, 0, partial(self.lapse, lapses)
        for at in self.story.unacks:
            yield at, 3, partial(self.restart, at, unacked=True)
        begins = {since for since, _ in self.mutes}
        for _, until in self.mutes:
            if until < inf and until not in begins:  # else a newer one took its place
                yield until, 0, partial(self.restart, until)
        for at in switched_off(self.truth, self.measure):
            yield at, 1, self.switched_off

    def follow(self, heard: list[tuple[Read, Telling]]) -> tuple[float, str] | None:
        """Follows to the end; gives when something went wrong, and what."""
        events = [*self.events(), (self.truth.ended_at, 5, lambda: None)]
        events += [(one.message.at, 4, partial(self.hear, one, telling)) for one, telling in heard]
        for at, _, happens in sorted(events, key=lambda one: one[:2]):
            if at > self.truth.ended_at:
                break
            self.ways = {after for way in self.ways for after in self.decided(way, at)}
            if len(self.ways) > MOST_WAYS:  # the truth leaves too much open
                return None
            late = self.late(at)
            if late:
                return late.told_by, f"{late.state} at {late.at:.0f}, and whoever is on call was not told"
            wrong = happens()
            if wrong:
                return at, str(wrong)
        return None

    def decided(self, way: Way, now: float) -> Iterator[Way]:
        """The ways until now: it was escalated meanwhile, or not yet."""
        due = way.early + self.after - 1
        if due > now or way.is_acked or not way.is_critical or way.escalated:
            yield way
            return
        soon = self.truth.slack.tick + self.truth.slack.save
        surely = self.truth.in_time(way.late + self.after, soon, self.held)
        muted = within(self.mutes, due) and within(self.mutes, now)
        if not muted:
            told_by = self.truth.in_time(surely, self.truth.slack.tell, self.in_the_way)
            owed = (*way.owed, Owed(ESCALATED, due, max(told_by, self.told_by(now) if surely > now else 0.0)))
            yield replace(way, escalated=True, early=inf, late=inf, owed=owed)
        if surely > now or any(since <= now and due <= until + soon for since, until in self.mutes):
            yield way

    def told_by(self, at: float) -> float:
        """By when the chat has to hear what was stored by a moment."""
        return self.truth.in_time(at, self.truth.slack.tell, self.in_the_way)

    def look(self, look: Look) -> None:
        """A look changes the state."""
        found = set[Way]()
        for way in self.ways:
            for standing in look.ways:
                if standing is None:
                    found.add(way)
                elif standing.settled:  # told once, then over without a word
                    found |= {way, over(way)}
                else:
                    found.add(self.moved(way, self.story.moved(way.mind, standing, look.at), look))
        self.ways, self.unsure_until = found, look.stored_by

    def moved(self, way: Way, mind: Mind, look: Look) -> Way:
        """The way after a look: over, critical from now on, or as before."""
        plain = replace(mind, told=0, fresh=False, number=None, rung=None, since=0.0, reminders=0, told_out=False)
        after = replace(way, mind=plain)
        if mind.level == 0:
            after = replace(after, mind=Mind(), escalated=False, early=inf, late=inf)
            if not way.escalated:
                return after
            muted = any(since - 1 <= look.stored_by and look.at <= until + 10 for since, until in self.mutes)
            end = Owed(RESOLVED, look.at, inf if muted else self.told_by(look.stored_by), lossy=muted)
            return replace(after, owed=(*way.owed, end))
        lapsed = after.is_critical and after.is_acked and mind.lapses <= look.at
        if lapsed:
            after = replace(after, mind=replace(plain, acked=0, lapses=inf))
        if not (after.is_critical and way.is_critical) or lapsed or (way.is_acked and not after.is_acked):
            return after.waiting(look.at, self.noticed(look.stored_by) if lapsed else look.stored_by)
        return after

    def noticed(self, at: float) -> float:
        """By when a tick has seen what was so at a moment."""
        return self.truth.in_time(at, self.truth.slack.tick + self.truth.slack.save, self.truth.troubles())

    def ack(self, at: float, lapses: float) -> None:
        """Somebody is at it; a look that was stored only then may have ended that at once."""
        held = {replace(way, mind=replace(way.mind, acked=way.mind.level, lapses=lapses)) for way in self.ways}
        unsure = {way for way in self.ways if way.mind.level} if at <= self.unsure_until else set()
        self.ways = held | unsure

    def lapse(self, at: float) -> None:
        """An ack has held for its time: what is critical waits again."""
        found = set[Way]()
        for way in self.ways:
            ends = way.is_critical and way.is_acked and way.mind.lapses <= at
            free = replace(way, mind=replace(way.mind, acked=0, lapses=inf))
            found.add(free.waiting(at, self.noticed(at)) if ends else way)
        self.ways = found

    def restart(self, at: float, *, unacked: bool = False) -> None:
        """Nobody is at it any more, or a mute of every chat is over: it waits from now on."""
        found = set[Way]()
        for way in self.ways:
            free = replace(way, mind=replace(way.mind, acked=0, lapses=inf)) if unacked else way
            waits = way.early < inf
            found.add(free.waiting(at, self.noticed(at)) if waits else free)
            if at <= self.unsure_until:
                found.add(free)
        self.ways = found

    def switched_off(self) -> None:
        """The rule is no more: its alert is over without a word."""
        self.ways = {over(way) for way in self.ways}

    def hear(self, one: Read, telling: Telling) -> str | None:
        """A message; what is wrong with it, or None."""
        state = ESCALATED if one.escalated else telling.state
        repeats = may_repeat(self.truth, one.message)
        found = {after for way in self.ways for after in after_message(way, state, telling, one, repeats=repeats)}
        if not found:
            return f"whoever is on call was told without a reason: {state}, {one.message.text.splitlines()[0]!r}"
        self.ways = found
        return None

    def late(self, now: float) -> Owed | None:
        """Something that should have been told by now, in every way."""
        in_time = {way for way in self.ways if all(one.told_by >= now or one.lossy for one in way.owed)}
        if in_time:
            self.ways = in_time
            return None
        return min((one for way in self.ways for one in way.owed if not one.lossy), key=lambda one: one.told_by)


def after_message(way: Way, state: str, telling: Telling, one: Read, *, repeats: bool) -> Iterator[Way]:
    """The ways in which one message may be meant: all that is owed up to it, or once more what was told in vain."""
    for count in range(1, len(way.owed) + 1):
        block = way.owed[:count]
        overtaken = state == RESOLVED and any(part.state == ESCALATED for part in block)
        fits = telling.untold == overtaken or bool(way.again)
        if block[-1].state == state and block[-1].at <= one.message.at and fits:
            yield replace(way, owed=way.owed[count:], again=state if repeats else "")
    if way.again == state:
        yield replace(way, again=state if repeats else "")


def over(way: Way) -> Way:
    """The way once its alert is over without a word; what is on its way may still be told."""
    owed = tuple(replace(one, lossy=True) for one in way.owed)
    return replace(way, mind=Mind(), early=inf, late=inf, escalated=False, owed=owed)


def unsure(truth: Truth, subject: str, measure: str, paused: Paused) -> Iterator[Span]:
    """When the bot may rightly wait: for a check that runs, for the first one after a start, or for a pause's end."""
    mine = [subject] if subject in truth.accounts else list(truth.accounts)
    slack = truth.slack.save
    for account in mine:
        answers = sorted((one.at, one.begun or one.at) for one in truth.answers if one.account == account)
        for begin, end in truth.up:
            first = min((at for at, _ in answers if begin <= at <= end), default=end)
            yield begin, first + slack + truth.slack.look
        if subject in truth.accounts:
            yield from ((begun - 1, at + slack) for at, begun in answers)
            if measure != "plan":
                yield from ((since, until + truth.slack.look + LAST_LOOK) for since, until in paused.spans[account])
    if subject not in truth.accounts:
        yield from ((since, until + truth.slack.look + LAST_LOOK) for since, until in paused.everyone)
    yield from ((at, at + truth.slack.tick) for at, _ in truth.jumps)
    yield from truth.stopped


def wrongly_escalated(
    truth: Truth, reads: list[Read], looks: dict[tuple[str, str], list[Look]], paused: Paused
) -> Iterator[Wrong]:
    """What is wrong with what the chat of escalated alerts heard."""
    chat = truth.escalates_to
    names = {name: key for key, name in truth.accounts.items()}
    yield from of_something_else(chat, reads)
    for (subject, measure), mine in looks.items():
        who = None if subject == SOURCE else truth.accounts[subject]
        heard = [
            (one, telling)
            for one in reads
            for telling in one.tellings
            if (telling.who, telling.measure) == (who, measure)
        ]
        wrong = Waiting(truth, subject, measure, mine, paused).follow(heard)
        if wrong:
            yield wrong[0], wrong[1], chat, f"{subject} {measure}"
    for one in reads:
        for telling in one.tellings:
            if telling.who is not None and telling.who not in names:
                yield one.message.at, f"nobody is called {telling.who!r}", chat, ""


def of_something_else(chat: str, reads: Iterable[Read]) -> Iterator[Wrong]:
    """What such a chat must not hear, or not in silence: anything but escalated alerts, their ends, and their acks."""
    known = set[str | None]()
    for one in sorted(reads, key=lambda read: read.message.at):
        whom = {telling.who for telling in one.tellings}
        if one.escalated:
            known |= whom
            if one.message.silent:
                yield one.message.at, "what nobody acknowledged comes without a sound", chat, ""
        elif not all(telling.measure == "ack" or telling.state == "resolved" for telling in one.tellings):
            yield one.message.at, f"told of what was not escalated: {one.message.text!r}", chat, ""
        elif any(telling.measure == "ack" for telling in one.tellings) and not whom <= known:
            yield one.message.at, "told of an ack of what it did not get", chat, ""
