"""Judges what was told by what was true."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from math import inf

from verification.oracle.blame import wrongly_blamed
from verification.oracle.boards import behind
from verification.oracle.escalations import wrongly_escalated
from verification.oracle.events import wrong_events
from verification.oracle.follow import Following, may_repeat
from verification.oracle.lapses import wrong_lapses
from verification.oracle.looks import SOURCE, Fleet, Look, looks_at
from verification.oracle.pages import Waiting, wrong_of_itself
from verification.oracle.pauses import LAST_LOOK, Line, Paused, lines_of_ends, lines_of_pauses
from verification.oracle.silences import joined, quiet_spans
from verification.oracle.story import Story, TooOpenError
from verification.oracle.sweeps import Change, not_swept
from verification.oracle.told import Message, Read, Told, Unreadable, read
from verification.oracle.truth import Span, Truth

Looks = dict[tuple[str, str], list[Look]]

JUDGED = ("credits", "plan", "failures")
"""The measures whose every telling is foretold. A forecast (runway, spike) is only held to its order and its chats."""


STORM = 1200.0
"""Seconds in which a storm's messages count together, and the longest that one of them waits."""


LONGEST_WAIT = 960.0
"""Seconds after a hurdle's end in which a chat may still wait for its next try."""

LEFT_OPEN = "this history leaves too much open to be judged"


@dataclass(frozen=True, slots=True)
class Miss:
    """Something told that was not so, or so and not told."""

    at: float
    what: str
    chat: str = ""
    about: str = ""

    def __str__(self) -> str:
        """One line."""
        return f"{self.what} ({self.about or 'nobody'} in {self.chat or 'no chat'})"


def judge(truth: Truth, told: Told, *, leaving_open: bool = False) -> list[Miss]:
    """Everything that is wrong, in order of time; nothing if all is well.

    Raises TooOpenError; ``leaving_open`` has such an alert named, as ``LEFT_OPEN``, and the others judged all the same.
    """
    every, misses = understood(told)
    reads = [one for one in every if one.message.chat != truth.escalates_to]
    misses += strangers(truth, reads)
    fleet = Fleet.of(truth)
    about = [*((account, measure) for account in truth.accounts for measure in JUDGED), (SOURCE, "failures")]
    looks = {(subject, measure): looks_at(fleet, subject, measure) for subject, measure in about}
    asked, waiting = sorted({one.at for one in (*told.statuses, *told.healths)}), Waiting()
    changes = list[Change]()
    for chat in sorted(truth.chats_of(None)):
        here = [one for one in reads if truth.now_called(one.message.chat) == chat]
        misses += stories(truth, chat, here, looks, Asking(asked, waiting, changes), leaving_open=leaving_open)
        misses += notes(truth, chat, here, fleet.paused)
    if truth.escalate_after is not None:
        beyond = [one for one in every if one.message.chat == truth.escalates_to]
        misses += [Miss(*one) for one in wrongly_escalated(truth, beyond, looks, fleet.paused)]
        for one in beyond:
            waiting.hear(truth, one)
    misses += [Miss(*one) for one in wrong_of_itself(fleet, told, waiting)]
    misses += [Miss(*one) for one in wrongly_blamed(truth, reads)]
    misses += [Miss(*one) for one in wrong_events(truth, told, reads)]
    misses += held_up(truth)
    misses += [Miss(*one) for one in behind(truth, told.boards)]
    misses += [*not_looked_at(truth, fleet.paused), *looked_at(fleet.paused)]
    misses += [Miss(*one) for one in not_swept(truth, fleet.paused, changes)]
    return sorted(misses, key=lambda miss: miss.at)


@dataclass(frozen=True, slots=True)
class Asking:
    """The moments at which the bot said how it is, what waited then, and what was told of accounts."""

    moments: list[float]
    waiting: Waiting
    changes: list[Change]


def held_up(truth: Truth) -> Iterator[Miss]:
    """Upkeep that let everything else wait for longer than anybody would notice."""
    for at, seconds in truth.holds:
        if seconds > truth.slack.hold:
            yield Miss(at, f"upkeep let everything else wait for {seconds:.2f} s")


def understood(told: Told) -> tuple[list[Read], list[Miss]]:
    """Every message as it was read, and those that nobody can make sense of."""
    reads, misses = [], []
    for message in sorted(told.messages, key=lambda one: one.at):
        try:
            reads.append(read(message))
        except Unreadable as error:
            misses.append(Miss(message.at, f"nobody can make sense of this: {error}", message.chat))
    return reads, misses


def strangers(truth: Truth, reads: Iterable[Read]) -> Iterator[Miss]:
    """What was told to a chat that it does not concern, or of an account that there is not."""
    keys = keys_by_name(truth)
    for one in reads:
        chat = truth.now_called(one.message.chat)
        if chat not in truth.chats_of(None) or one.message.at < truth.joined.get(one.message.chat, 0):
            yield Miss(one.message.at, "a stranger was told something", one.message.chat)
            continue
        for telling in one.tellings:
            key = keys.get(telling.who or "")
            if telling.who is not None and key is None:
                yield Miss(one.message.at, f"nobody is called {telling.who!r}", one.message.chat)
            elif key and chat not in truth.chats_of(key):
                yield Miss(one.message.at, "told to a chat that it does not concern", one.message.chat, key)


def keys_by_name(truth: Truth) -> dict[str, str]:
    """Whom a name means."""
    return {name: key for key, name in truth.accounts.items()}


def stories(
    truth: Truth, chat: str, reads: list[Read], looks: Looks, asking: Asking, *, leaving_open: bool = False
) -> Iterator[Miss]:
    """What is wrong with the stories that one chat was told, each for itself and in their order."""
    due_since = defaultdict[int, list[tuple[float, float]]](list)
    for subject, measure in looks:
        if subject != SOURCE and chat not in truth.chats_of(subject):
            continue
        who = None if subject == SOURCE else truth.accounts[subject]
        heard = [
            (one.message, telling)
            for one in reads
            for telling in one.tellings
            if telling.who == who and telling.measure == measure
        ]
        following = Following(truth, chat, measure, Story(truth, chat, subject, measure), asking.moments)
        try:
            wrong = following.through(looks[subject, measure], heard)
        except TooOpenError:
            if not leaving_open:
                raise
            yield Miss(truth.ended_at, LEFT_OPEN, chat, f"{subject} {measure}")
            continue
        if wrong:
            yield Miss(wrong[0], wrong[1], chat, f"{subject} {measure}")
        for at, news in following.waits.items():
            asking.waiting.note(at, chat, (subject, measure), news=news)
        for message, since in following.due_since.items():
            due_since[message].append(since)
        if subject != SOURCE:
            due = following.due_since
            told = (Change(subject, *due[one.id], telling, one) for one, telling in heard if one.id in due)
            asking.changes.extend(told)
    yield from out_of_order(truth, reads, due_since)
    yield from held_too_long(truth, chat, reads, due_since)


def held_too_long(
    truth: Truth, chat: str, reads: list[Read], due_since: dict[int, list[tuple[float, float]]]
) -> Iterator[Miss]:
    """What waited for more than a minute, with nothing in the way and no storm: for the others of its source."""
    hurdles = [(since, until + LONGEST_WAIT) for since, until in truth.in_the_way(chat)]
    for one in reads:
        for _, since in due_since.get(one.message.id, ()):
            disturbed = any(overlap(span, (since - 1, one.message.at)) for span in hurdles)
            if one.message.at > since + truth.slack.others and not disturbed and not is_gathered(one, reads):
                yield Miss(one.message.at, f"held back since {since:.0f}: {one.message.text!r}", chat)


def out_of_order(truth: Truth, reads: list[Read], due_since: dict[int, list[tuple[float, float]]]) -> Iterator[Miss]:
    """What was told after something younger, though it waited already. What a storm gathers may wait for longer."""
    oldest = [
        (one, min(since for since, _ in due_since[one.message.id]), min(last for _, last in due_since[one.message.id]))
        for one in reads
        if due_since.get(one.message.id)
    ]
    for index, (late, _, late_since) in enumerate(oldest):
        for early, early_since, _ in oldest[max(0, index - 5) : index]:
            waited = late_since + truth.slack.save < early_since and late_since + truth.slack.send < early.message.at
            if waited and not is_gathered(late, reads):
                yield Miss(late.message.at, f"told after something younger: {early.message.text!r}", late.message.chat)


def is_gathered(one: Read, reads: list[Read]) -> bool:
    """Whether a storm of one cause was going on: three messages of it or more within a quarter of an hour."""
    alike = [other for other in reads if cause(other) == cause(one) and 0 < one.message.at - other.message.at <= STORM]
    return len(alike) >= 3


def cause(one: Read) -> tuple[str, bool]:
    """What messages of one storm have in common."""
    first = one.tellings[0]
    return first.measure, first.state == "resolved"


def notes(truth: Truth, chat: str, reads: list[Read], paused: Paused) -> Iterator[Miss]:
    """A chat is greeted once, told once of each time in which nobody watched, and of what others silenced or paused."""
    greetings = [one.message for one in reads if any(told.measure == "greeting" for told in one.tellings)]
    allowed = 1
    for message in greetings:
        if allowed <= 0:
            yield Miss(message.at, "greeted twice", chat)
        allowed += may_repeat(truth, message) - 1
    for kind in ("ack", "mute"):
        yield from silences_told(truth, chat, reads, kind)
    yield from lines_told(truth, chat, "paused", notes_of(reads, "paused"), list(lines_of_pauses(truth, chat)))
    yield from lines_told(truth, chat, "resumed", notes_of(reads, "resumed"), list(lines_of_ends(truth, chat, paused)))
    yield from downtimes_told(truth, chat, notes_of(reads, "downtime"), paused)
    for at, what, account in wrong_lapses(truth, chat, reads, paused):
        yield Miss(at, what, chat, account)


def silences_told(truth: Truth, chat: str, reads: Iterable[Read], kind: str) -> Iterator[Miss]:
    """An ack, and a mute of every chat, are told in silence to the other chats, once, and nowhere without cause."""
    names = keys_by_name(truth)
    elsewhere = [one for one in truth.wishes if one.kind == kind and truth.now_called(one.made_in or "") != chat]
    left = [one for one in elsewhere if one.chat is None]
    for one in reads:
        for telling in (telling for telling in one.tellings if telling.measure == kind):
            subject = names.get(telling.who or "", SOURCE if kind == "ack" else None)
            meant = next((wish for wish in left if wish.account == subject and wish.at <= one.message.at), None)
            if meant is None:
                yield Miss(one.message.at, f"told of a silence that there was not: {kind}", chat, subject or "")
            elif not may_repeat(truth, one.message):
                left.remove(meant)
            if not one.message.silent:
                yield Miss(one.message.at, "what somebody silenced rings", chat, subject or "")


def notes_of(reads: Iterable[Read], measure: str) -> list[Message]:
    """The notes of one sort."""
    return [one.message for one in reads if any(told.measure == measure for told in one.tellings)]


def lines_told(truth: Truth, chat: str, what: str, heard: list[Message], owed: list[Line]) -> Iterator[Miss]:
    """Each silent line about a pause is told in its time, and none without cause; a mute may withhold it."""
    for line in owed:
        told = any(line.since <= one.at <= line.until for one in heard)
        quiet = excused(truth, chat, line.since, line.until, line.account or SOURCE)
        if line.must and not told and line.until <= truth.ended_at and not quiet:
            yield Miss(line.until, f"{what} at {line.since:.0f}, and that was not told", chat, line.account or "")
    for message in heard:
        if not any(line.since <= message.at <= line.until for line in owed):
            yield Miss(message.at, f"told that something is {what}, and it is not", chat)
        if not message.silent:
            yield Miss(message.at, "a line about a pause rings", chat)
    if len(heard) > len(owed) + sum(may_repeat(truth, message) for message in heard):
        yield Miss(heard[-1].at, f"told too often that something is {what}", chat)


def looked_at(paused: Paused) -> Iterator[Miss]:
    """Looks at who is paused."""
    for at, account in paused.looked_at():
        yield Miss(at, "looked at while it is paused", "", account)


def downtimes_told(truth: Truth, chat: str, heard: list[Message], paused: Paused) -> Iterator[Miss]:
    """Each time in which nobody watched is told, and none that there was not."""
    windows = list[Span]()
    early = truth.slack.tick + truth.slack.save
    for time in downtimes(truth, paused):
        told_by = truth.in_time(time.seen_by, truth.slack.tell, truth.in_the_way(chat))
        windows.append((time.over - early, told_by))
        found = [one for one in heard if time.since < one.at <= told_by]  # or by a life that was too short for a look
        if time.sure and not found and told_by <= truth.ended_at and not excused(truth, chat, time.over, told_by):
            what = f"nobody watched from {time.since:.0f} to {time.over:.0f}, and that was not told"
            yield Miss(told_by, what, chat)
    repeats = sum(may_repeat(truth, message) for message in heard)
    for message in heard:
        if not any(since <= message.at <= until for since, until in windows):
            yield Miss(message.at, "told of a downtime that there was not", chat)
    if len(heard) > len(windows) + repeats:
        yield Miss(heard[-1].at, "told of a downtime more than once", chat)


def excused(truth: Truth, chat: str, since: float, until: float, subject: str = SOURCE) -> bool:
    """Whether a note may be missing: everything was muted, or what it is about."""
    return any(overlap(span, (since - 60, until)) for span in quiet_spans(truth, chat, subject))


def overlap(one: Span, other: Span) -> bool:
    """Whether two spans share a moment."""
    return one[0] < other[1] and other[0] < one[1]


@dataclass(frozen=True, slots=True)
class Downtime:
    """A time in which nobody watched: since when, when it was over for the bot, and by when it has seen that."""

    since: float
    over: float
    seen_by: float
    sure: bool


def downtimes(truth: Truth, paused: Paused) -> list[Downtime]:
    """The times of over three intervals without looks; not sure where a life was too short. A clock set is no time.

    While everyone is paused there is nobody to watch; where anybody was paused meanwhile, the shortest interval that
    counts is not sure.
    """
    long, slack = 3 * truth.shortest, truth.slack.tick + truth.slack.save
    stopped = joined((since, until + slack) for since, until in truth.stopped)
    first = min((one.at for one in truth.answers), default=inf)
    found = [(since, end, end, first < since) for since, end in stopped]
    found += starts(truth, paused, long - slack)
    told = []
    for begin, over, by, sure in found:
        since = paused.watched_since(begin, over)
        if since is not None and over - since > long - slack:
            certain = sure and over - since > long + slack and not paused.anybody(begin, over)
            told.append(Downtime(since, over, by, certain))
    return told


def starts(truth: Truth, paused: Paused, shortest: float) -> Iterator[tuple[float, float, float, bool]]:
    """The times between a last look and the next start.

    Of starts without a look in between the first counts, and each that comes long after the one before.
    """
    answers = sorted(one.at for one in truth.answers)
    begun = defaultdict[float, list[float]](list)
    for begin, _ in sorted(truth.up):
        before = [at for at in answers if at < begin]
        unsure = [at for at in before[-len(truth.accounts) :] if not is_stored(truth, at)]
        for at in {*before[-1:], *unsure, *[at for at in before if at not in unsure][-1:]}:
            begun[at].append(begin)
    for at, all_begins in begun.items():
        begins = [begin for begin in all_begins if begin - (paused.watched_since(at, begin) or begin) > shortest]
        if not begins:
            continue
        newest = all(other <= at or other >= begins[0] for other in answers)
        sure = newest and is_stored(truth, at) and len(begins) == len(all_begins)
        yield at, begins[0], begins[-1], sure
        for one, later in pairwise(sorted(all_begins)):  # told at the one, if it lived for so long, and again since
            if later - one > shortest:
                yield one, later, later, False


def is_stored(truth: Truth, at: float) -> bool:
    """Whether an answer of this moment was surely stored before the bot ended."""
    by = truth.in_time(at, truth.slack.save, sorted(truth.trouble))
    return not any(at <= end <= by for _, end in truth.up)


def not_looked_at(truth: Truth, paused: Paused) -> Iterator[Miss]:
    """Accounts that the bot did not look at for longer than it should have, while it was up and they were not paused.

    When a pause is over, its account is looked at at once.
    """
    for account in truth.accounts:
        spans = [(since - LAST_LOOK, until) for since, until in paused.spans[account]]
        hurdles = sorted([*truth.trouble, *spans])
        answers = sorted((one.at, one.peace) for one in truth.answers if one.account == account)
        for begin, end in truth.up:
            mine = [(begin, 0.0), *(one for one in answers if begin < one[0] <= end), (min(end, truth.ended_at), 0.0)]
            for (before, peace), (after, _) in pairwise(mine):
                by = truth.in_time(before + peace, truth.every_of(account) + truth.slack.look, hurdles)
                if after > by:
                    yield Miss(by, f"not looked at from {before:.0f} to {after:.0f}", "", account)
        for _, over in spans:
            by = truth.in_time(over, truth.slack.look, sorted([*truth.troubles(), *spans]))
            if by < truth.ended_at and not any(over <= at <= by for at, _ in answers):
                yield Miss(by, f"not looked at when its pause was over, at {over:.0f}", "", account)
