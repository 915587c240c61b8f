"""One alert's story in one chat: every way in which it may rightly have been told so far, and none that is wrong.

A ``Mind`` is one such way. A look, a wish and a message each turn every mind into the minds that may follow from it; a
message that no mind can explain is a miss, and so is a moment by which every mind had something still to say.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from math import inf

from verification.oracle.looks import Look
from verification.oracle.rungs import NEW_PERIOD, Standing
from verification.oracle.silences import acks, quiet_spans, snoozes, within
from verification.oracle.told import Message, Telling
from verification.oracle.truth import MOST_UNGATHERED, Span, Truth

MOST_MINDS = 20_000


class TooOpenError(Exception):
    """The truth leaves open more ways than can be followed: too much was unsure for too long."""


@dataclass(frozen=True, slots=True)
class Due:
    """Something to tell, since when, and until when it has to be told; ``lossy`` if it may have been left out.

    ``well_at``: the chat refused until then, and has to be told soon after that.
    """

    at: float
    stored_by: float
    told_by: float
    state: str
    number: float | None = None
    rung: str | None = None
    reminds: bool = False
    lossy: bool = False
    well_at: float | None = None

    @property
    def fires(self) -> bool:
        """Whether it tells of trouble."""
        return self.state not in ("resolved", "eased")


@dataclass(frozen=True, slots=True)
class Mind:
    """Where the alert is (``level``), what was told of it, and what is still due.

    ``fresh``: nothing was told of this episode. ``acked``: the deepest level that somebody acknowledged, ``lapses``
    when that is asked for again. ``snoozed``: the deepest level that is snoozed, until ``wakes``. ``since``: when the
    present rung was reached, from which reminders count, ``reminders`` of which were told, the last thing at ``spoke``.
    ``again``: what a message told whose answer was lost, and so may be told once more. ``out``: the account is out of
    credits, ``told_out``: that was told, and not that jobs run again. ``nags``: it is reminded of. ``over``: it is over
    but for what a mute still withholds.
    """

    level: int = 0
    told: int = 0
    fresh: bool = False
    acked: int = 0
    lapses: float = inf
    snoozed: int = 0
    wakes: float = 0.0
    severity: str = ""
    period: float | None = None
    number: float | None = None
    rung: str | None = None
    since: float = 0.0
    reminders: int = 0
    due: tuple[Due, ...] = ()
    again: tuple[Due, ...] = ()
    out: bool = False
    told_out: bool = False
    nags: bool = False
    spoke: float = 0.0
    over: bool = False


class Story:
    """Follows one alert in one chat."""

    def __init__(self, truth: Truth, chat: str, subject: str, measure: str) -> None:
        """Begins with nothing told."""
        self.truth = truth
        self.chat = truth.now_called(chat)
        self.subject = subject
        self.measure = measure
        self.joined_at = truth.joined_at(chat)
        self.quiet = quiet_spans(truth, chat, subject)
        self.snoozes = snoozes(truth, chat, subject, measure)
        self.acks = acks(truth, subject, measure)
        self.unacks = [
            one.at for one in truth.wishes if (one.kind, one.account, one.measure) == ("unack", subject, measure)
        ]
        self.turns = sorted([*(at for at, _ in (*self.acks, *self.snoozes)), *self.unacks])
        self.minds = {Mind()}
        self.unsure_until = 0.0
        self.before: Look | None = None
        self.in_the_way = truth.in_the_way(chat)
        self.well_again = truth.well_again(chat)
        self.troubles = truth.troubles()

    def look(self, look: Look) -> None:
        """A look changes the state, and what differs from what was told is to be said."""
        self.minds = self.bounded(after for mind in self.minds for after in self.after_look(mind, look))
        self.unsure_until = look.stored_by
        self.before = look

    def after_look(self, mind: Mind, look: Look) -> Iterator[Mind]:
        """The ways in which one look may be taken, silenced or not."""
        for way in look.ways:
            if way is None:
                yield mind
                continue
            if way.settled:
                for one in self.unheard(mind, look.at):
                    yield from self.settled(one, look)
                continue
            before = ended(mind) if mind.over else mind
            for one in self.before_it(before, way, look.at):
                moved = self.moved(one, way, look.at)
                if len(look.ways) == 1 and self.surely_reminded(one, moved, look.at):
                    yield self.to_be_reminded(moved, look)
                    continue
                for silenced in self.silenced(moved, look.at, look.stored_by):
                    yield from self.announced(moved, look.at, look.stored_by, silenced=silenced)
                if moved.lapses <= look.at:  # what was acknowledged long ago has become critical again
                    yield from self.lapsed(moved, look.at)

    def told_by(self, stored_by: float) -> tuple[float, float | None]:
        """Until when something has to be told; and, where that follows from it, when the chat was well again.

        What became due only a minute before may wait for more of its cause.
        """
        told_by = self.truth.in_time(stored_by, self.truth.slack.tell, self.in_the_way)
        for well in self.well_again:
            if stored_by <= well.at - self.truth.slack.refused and well.by < told_by:
                return well.by, well.at
        return told_by, None

    def settled(self, mind: Mind, look: Look) -> Iterator[Mind]:
        """That a plan is gone is told once, then over without a word; what a mute withholds of it is still owed.

        What somebody acknowledged or snoozed is known, and over. What waits for Telegram meanwhile, here or in another
        chat, may still be overtaken by a recovery, which is then told to all. A chat that joins afterwards is told of
        it only if another chat has not got it until then.
        """
        owed = mind.level and (mind.fresh or mind.level > mind.told)
        known = self.is_known(mind, look.at)
        if mind.due or not mind.level or (not mind.over and self.waits_elsewhere(mind, look, owed=bool(owed))):
            yield mind
        if owed and not known:
            yield replace(mind, over=True)
        if mind.level and (known or not (owed and look.at >= self.joined_at)):
            yield ended(mind)

    def waits_elsewhere(self, mind: Mind, look: Look, *, owed: bool) -> bool:
        """Whether a chat that has joined by then may still have to get the alert, as surely where this one has not."""
        others = self.truth.chats_of(self.subject) - {self.chat}
        present = [one for one in others if self.truth.joined_at(one) <= look.stored_by]
        return any(owed or self.may_wait(mind, one, look) for one in present)

    def may_wait(self, mind: Mind, chat: str, look: Look) -> bool:
        """Whether another chat may still have to get the last that was told of the alert, to all or to it alone."""
        counted = self.before and any(way and not way.settled for way in self.before.ways)
        alone = [turn for turn in self.turns_in(chat) if turn <= look.stored_by]
        last = max(mind.since, mind.spoke, self.before.stored_by if self.before and counted else 0.0, *alone)
        return self.truth.in_time(last, self.truth.slack.tell, self.truth.in_the_way(chat)) >= look.at

    def turns_in(self, chat: str) -> Iterator[float]:
        """The moments from which another chat may be told what this one knows: it joined, or a silence is over."""
        quiet = quiet_spans(self.truth, chat, self.subject)
        snoozed = snoozes(self.truth, chat, self.subject, self.measure)
        yield from (until for _, until in (*quiet, *snoozed, *self.acks))
        yield from self.unacks

    def surely_reminded(self, before: Mind, mind: Mind, at: float) -> bool:
        """Whether a look must lead to a reminder: nothing else was told, in the way, or in doubt since the last one."""
        last = max(mind.since, mind.spoke)
        every = self.truth.rules_at(at).remind_every
        if not (mind.nags and every and last and before.level == mind.level) or mind.due or mind.acked or mind.snoozed:
            return False
        if mind.fresh or mind.level > mind.told or self.has_eased(mind) or self.truth.jumps:
            return False
        calm = self.truth.rules_at(last) == self.truth.rules_at(at) and not any(
            last <= turn <= at for turn in self.turns
        )
        quiet = any(since <= at and until >= last for since, until in (*self.quiet, *self.in_the_way))
        return calm and not quiet and at - last > every + self.truth.slack.tick + self.truth.slack.save

    def to_be_reminded(self, mind: Mind, look: Look) -> Mind:
        """The mind with a reminder that is due."""
        told_by, _ = self.told_by(look.stored_by)
        due = Due(look.at, look.stored_by, told_by, mind.severity, mind.number, mind.rung, reminds=True)
        return replace(mind, due=(due,), since=look.at, reminders=0, told_out=mind.out)

    def has_eased(self, mind: Mind) -> bool:
        """Whether the worst is over since it was told: jobs run again, or the plan is to renew after all."""
        if self.measure == "plan":
            return mind.level == 1 < mind.told
        return mind.level > 0 and mind.told_out and not mind.out

    def perhaps_reminded(self, mind: Mind, at: float) -> Iterator[Mind]:
        """What is about to be less bad may have left a reminder that is still to be told."""
        yield mind
        if mind.nags and self.reminds(mind, at) and not (mind.due and mind.due[-1].reminds):
            told_by, _ = self.told_by(at)
            since = self.reminds_from(mind, at)
            due = Due(since, at, told_by, mind.severity, mind.number, mind.rung, reminds=True, lossy=True)
            yield replace(mind, due=(*mind.due, due), reminders=mind.reminders + 1, told_out=mind.out)

    def before_it(self, mind: Mind, way: Standing, at: float) -> Iterator[Mind]:
        """What a look may find still to be told: a reminder, where it makes less of that, or more."""
        if is_milder(mind, way):
            yield from self.perhaps_reminded(mind, at)
        elif way.reached > mind.level:
            yield from self.unheard(mind, at)
        else:
            yield mind

    def unheard(self, mind: Mind, at: float) -> Iterator[Mind]:
        """The look before may have led to a reminder that Telegram has not taken yet, of what was so until then."""
        before = self.before
        counted = before and any(way and not way.settled for way in before.ways)
        if before and counted and self.told_by(before.stored_by)[0] >= at:
            yield from self.perhaps_reminded(mind, before.at)
        else:
            yield mind

    def moved(self, mind: Mind, way: Standing, at: float) -> Mind:
        """The state after a look: as deep as is reached, or as deep as was and is not yet left."""
        level = max(
            way.reached,
            min(mind.level, min(way.held, 1) if way.renews and mind.level < len(way.severities) else way.held),
        )
        off = way.renews or way.reached == 2
        if mind.level and off and None not in (mind.period, way.period) and is_later(mind.period, way.period):
            level = 0
        number = way.number
        if level == 0:
            over = replace(mind, level=0, acked=0, lapses=inf, snoozed=0, severity="", period=None)
            return replace(over, number=number, rung=None, out=False, told_out=False, nags=False)
        deeper = level > mind.level
        out = mind.out if way.out is None else way.out
        eased = level == 1 < mind.level if self.measure == "plan" else bool(mind.level) and mind.out and not out
        acked, snoozed = (0 if level > held or eased else held for held in (mind.acked, mind.snoozed))
        told = mind.told if self.has_eased(replace(mind, level=level, out=out)) else min(mind.told, level)
        severity = way.severity(level)
        return replace(
            mind,
            out=out,
            nags=severity == "critical" or level >= way.nags_from,
            acked=acked,
            lapses=mind.lapses if acked else inf,
            snoozed=snoozed,
            level=level,
            told=told,
            fresh=mind.fresh or mind.level == 0,
            severity=severity,
            period=way.period,
            number=number,
            rung=way.rung(level),
            since=at if deeper else mind.since,
            reminders=0 if deeper else mind.reminders,
        )

    def silenced(self, mind: Mind, since: float, until: float) -> set[bool]:
        """Whether the alert's messages are withheld, for a decision made somewhere between two moments."""
        found = {self.is_silenced(mind, since), self.is_silenced(mind, until)}
        if any(since <= turn <= until for turn in self.turns):
            found |= {True, False}
        return found

    def is_silenced(self, mind: Mind, at: float) -> bool:
        """Whether they are withheld at a moment."""
        return within(self.quiet, at) or self.is_known(mind, at)

    def is_known(self, mind: Mind, at: float) -> bool:
        """Whether somebody has acknowledged or snoozed the alert as it stands."""
        snoozed = 0 < mind.level <= mind.snoozed and at < mind.wakes
        return 0 < mind.level <= mind.acked or snoozed

    def announced(self, mind: Mind, at: float, stored_by: float, *, silenced: bool) -> Iterator[Mind]:
        """What is to be said now: a rung or a recovery that was not, unless it is withheld."""
        worse = mind.fresh or mind.level > mind.told
        eased = not worse and self.has_eased(mind)
        if silenced or not (mind.told if mind.level == 0 else worse or eased):
            yield mind
            return
        told_by, well_at = self.told_by(stored_by)
        good = "eased" if eased and self.measure == "credits" else "resolved"
        state = good if eased else mind.severity or "resolved"
        due = Due(at, stored_by, told_by, state, mind.number, mind.rung, well_at=well_at)
        told = replace(mind, told=mind.level, told_out=mind.out, fresh=False, due=(*mind.due, due))
        yield ended(told) if told.over else told

    def ack(self, at: float, lapses: float) -> None:
        """Somebody is at it: no more of it until it is worse, or over, or has been critical for a day since."""
        held = {replace(mind, acked=mind.level, lapses=lapses if mind.level else inf) for mind in self.minds}
        self.minds = self.bounded((*held, *self.unless_worse(at)))

    def snooze(self, at: float, wakes: float) -> None:
        """Somebody wants quiet here: no more of it until then, or until it is worse, or over."""
        held = {replace(mind, snoozed=mind.level, wakes=wakes) for mind in self.minds}
        self.minds = self.bounded((*held, *self.unless_worse(at)))

    def unless_worse(self, at: float) -> set[Mind]:
        """The minds in which a look that was stored only after a silence has ended it at once."""
        return {mind for mind in self.minds if mind.level} if at <= self.unsure_until else set()

    def unack(self, at: float) -> None:
        """Nobody is at it any more: what the ack withheld is said."""
        self.minds = {replace(mind, acked=0, lapses=inf) for mind in self.minds}
        self.silence_over(at, surely=True)

    def lapse(self, at: float, *, surely: bool) -> None:
        """An ack has held for its time: what is critical is reminded of, soon, and then surely."""
        after = set(self.minds) if not surely else set()
        for mind in self.minds:
            after.update(self.lapsed(mind, at) if mind.lapses <= at else (mind,))
        self.minds = self.bounded(after)

    def lapsed(self, mind: Mind, at: float) -> Iterator[Mind]:
        """The ways in which a mind goes on whose ack has lapsed; one that is not critical keeps it."""
        if not mind.nags or not 0 < mind.level <= mind.acked:
            yield mind
            return
        free = replace(mind, acked=0, lapses=inf, since=at, reminders=0)
        stored_by = self.truth.in_time(at, self.truth.slack.tick + self.truth.slack.save, self.troubles)
        for silenced in self.silenced(free, at, stored_by):
            if silenced or free.fresh or free.level > free.told:
                yield from self.announced(free, at, stored_by, silenced=silenced)
                continue
            told_by, _ = self.told_by(stored_by)
            held_up = told_by > stored_by + self.truth.slack.tell  # a later reminder may take its place
            due = Due(at, stored_by, told_by, free.severity, free.number, free.rung, reminds=True, lossy=held_up)
            yield replace(free, due=(*free.due, due), told_out=free.out)

    def silence_over(self, at: float, *, surely: bool) -> None:
        """A silence is over: what it withheld is said, soon (maybe after the next look), and then surely."""
        after = set(self.minds) if not surely else set()
        slack = self.truth.slack
        stored_by = self.truth.in_time(at, slack.tick + slack.save, self.troubles)
        for mind in self.minds:
            for silenced in self.silenced(mind, at, stored_by):
                after.update(self.announced(mind, at, stored_by, silenced=silenced))
        self.minds = self.bounded(after)

    def switched_off(self, at: float) -> None:
        """The rule is no more: its alert is over without a word."""
        self.minds = {ended(one) for mind in self.minds for one in self.perhaps_reminded(mind, at)}

    def late(self, now: float) -> Due | None:
        """Something that should have been told by now, in every way that things may have gone."""
        in_time = {
            replace(mind, due=self.kept(mind.due, now))
            for mind in self.minds
            if all(due.told_by >= now or due.lossy for due in mind.due)
        }
        if in_time:
            self.minds = in_time
            return None
        return min((due for mind in self.minds for due in mind.due if not due.lossy), key=lambda due: due.told_by)

    def waits(self, now: float, longest: float) -> tuple[bool, bool]:
        """Whether something surely waits for longer than that; and whether it is what a firing alert has come to."""
        if len(self.truth.accounts) > MOST_UNGATHERED:
            return False, False
        needs = longest + self.truth.slack.save

        def waiting(mind: Mind) -> list[Due]:
            return [
                due
                for due in mind.due
                if not due.lossy and self.truth.in_time(due.stored_by, needs, self.troubles) < now
            ]

        found = [(mind, waiting(mind)) for mind in self.minds]
        news = [mind.level and due and due[-1].fires and not due[-1].reminds for mind, due in found]
        return all(due for _, due in found), all(news)

    def kept(self, due: tuple[Due, ...], now: float) -> tuple[Due, ...]:
        """What may still be told: what was left out is not."""
        return due if not due or due[0].told_by >= now else tuple(one for one in due if one.told_by >= now)

    def hear(self, message: Message, telling: Telling, *, may_repeat: bool) -> tuple[float, float] | None:
        """A message; gives the earliest and the latest moment since which it may have been due, or None if never."""
        ways = {way for one in self.minds for way in self.after_message(one, message, telling, may_repeat=may_repeat)}
        if not ways:
            return None
        self.minds = self.bounded(mind for mind, _ in ways)
        return min(since for _, (since, _) in ways), max(since for _, (_, since) in ways)

    def after_message(
        self, mind: Mind, message: Message, telling: Telling, *, may_repeat: bool
    ) -> Iterator[tuple[Mind, Span]]:
        """The ways in which one message may be meant: what was due, what was told in vain, a reminder."""
        for count in range(len(mind.due) + 1):
            if count and mind.due[count - 1].at > message.at:
                break
            if count < len(mind.due) and not self.may_leave_out(mind.due[count], message.at):
                continue
            for again in {mind.again, ()}:
                for block in blocks(again, mind.due[:count]):
                    yield from self.with_block(mind, block, count, message, telling, may_repeat=may_repeat)

    def with_block(
        self, mind: Mind, block: tuple[Due, ...], count: int, message: Message, telling: Telling, *, may_repeat: bool
    ) -> Iterator[tuple[Mind, Span]]:
        """The same, for what a message told in one."""
        reminds, rest = self.reminds(mind, message.at), replace(mind, due=mind.due[count:])
        if block and tells(telling, block, reminded=reminds):
            heard = replace(rest, spoke=message.at, again=block if may_repeat else ())
            yield heard, (block[0].at, block[0].stored_by)
        if mind.nags and telling.state == mind.severity and telling.still is not False and reminds and not rest.due:
            since = self.reminds_from(mind, message.at)
            last = Due(since, message.at, message.at, mind.severity, telling.number, telling.rung, True)
            told = replace(rest, reminders=mind.reminders + 1, spoke=message.at, told_out=mind.out)
            told = replace(told, again=(*block, last) if may_repeat else ())
            yield told, (block[0].at, block[0].stored_by) if block else (since, message.at)

    def may_leave_out(self, due: Due, at: float) -> bool:
        """Whether a message of this moment may have been written before something became due."""
        return due.stored_by + self.truth.slack.send >= at

    def reminds(self, mind: Mind, at: float) -> bool:
        """Whether one more reminder may be told by now: each needs REMIND_EVERY from what was told before it."""
        every = self.shortest_wait(mind.since, at) if mind.since else None
        if every is None:
            return False
        return at - mind.since + self.truth.slack.tick >= every * (mind.reminders + 1)

    def reminds_from(self, mind: Mind, at: float) -> float:
        """The earliest moment until then at which the next reminder may have become due."""
        return min(at, mind.since + (self.shortest_wait(mind.since, at) or 0.0) * (mind.reminders + 1))

    def shortest_wait(self, since: float, until: float) -> float | None:
        """REMIND_EVERY; where it was changed meanwhile, the shortest of what it was."""
        later = [rules for at, rules in self.truth.rules if since < at <= until]
        return min((one.remind_every for one in (self.truth.rules_at(since), *later) if one.remind_every), default=None)

    def bounded(self, minds: Iterable[Mind]) -> set[Mind]:
        """The minds, which must never be too many to follow."""
        found = set(minds)
        if len(found) > MOST_MINDS:
            raise TooOpenError("the history leaves too much open")
        return found


def ended(mind: Mind) -> Mind:
    """The mind once its alert is over without a word."""
    over = replace(mind, level=0, told=0, fresh=False, acked=0, lapses=inf, snoozed=0, severity="", period=None)
    return replace(over, number=None, rung=None, out=False, told_out=False, nags=False, over=False)


def is_milder(mind: Mind, way: Standing) -> bool:
    """Whether a look may make less of what was to be reminded of."""
    return way.reached < mind.level or (mind.out and way.out is False)


def blocks(again: tuple[Due, ...], due: tuple[Due, ...]) -> Iterator[tuple[Due, ...]]:
    """What one message may tell: all that is due, or what is left of it if its older part was left out."""
    yield (*again, *due)
    for left_out in range(1, len(due) + 1):
        if not due[left_out - 1].lossy:
            return
        yield due[left_out:]


def is_later(before: float | None, after: float | None) -> bool:
    """Whether a plan's end belongs to a new period."""
    return before is not None and after is not None and after - before > NEW_PERIOD


def tells(telling: Telling, block: tuple[Due, ...], *, reminded: bool) -> bool:
    """Whether the words fit what was due: the last of it, and that some of it was overtaken if it was."""
    last = block[-1]
    if telling.state != last.state:
        return False
    if telling.still and not any(due.reminds for due in block[-1:]):
        return False
    if None not in (telling.number, last.number) and abs((telling.number or 0) - (last.number or 0)) > 0.01:
        return False
    if last.fires and None not in (telling.rung, last.rung) and telling.rung != last.rung:
        return False
    overtaken = not last.fires and any(due.fires and not due.reminds for due in block)  # a reminder is no news
    return telling.untold == overtaken or (telling.untold and reminded)
