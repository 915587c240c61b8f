"""Lets one alert's story happen in one chat, in the order of time, until something is wrong."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from math import inf

from verification.oracle.looks import Look
from verification.oracle.pages import LONGEST_WAIT
from verification.oracle.silences import Key, spans_of, within
from verification.oracle.story import Story
from verification.oracle.told import Message, Telling
from verification.oracle.truth import Truth

Heard = list[tuple[Message, Telling]]
Happens = Callable[[], object]
OVER, OFF, LOOK, ACK, SURELY_OVER, HEARD, ASKED, END = range(8)
"""The order of what happens in the same moment."""


class Following:
    """One alert in one chat.

    ``due_since`` says of each message since when what it told was due, at the earliest and at the latest. ``waits``
    says at which of the moments ``asked`` something surely waited for too long, and whether it was what a firing alert
    has come to.
    """

    def __init__(self, truth: Truth, chat: str, measure: str, story: Story, asked: Sequence[float] = ()) -> None:
        """Begins at the beginning. ``asked`` are the moments at which the bot said how it is."""
        self.truth = truth
        self.chat = chat
        self.measure = measure
        self.story = story
        self.asked = asked
        self.due_since: dict[int, tuple[float, float]] = {}
        self.waits: dict[float, bool] = {}

    def through(self, looks: list[Look], heard: Heard) -> tuple[float, str] | None:
        """Follows to the end; gives when something went wrong, and what."""
        events = [*self.seen(looks), *self.silences(), *self.told(heard), (self.truth.ended_at, END, lambda: None)]
        events += [(at, ASKED, partial(self.wait, at)) for at in self.asked]
        for at, _, happens in sorted(events, key=lambda one: one[:2]):
            if at > self.truth.ended_at:
                break
            late = self.story.late(at)
            if late:
                what = f"due since {late.at:.0f}, and not told: {late.state} {late.number}"
                if silenced_elsewhere(self.truth, self.chat, self.story.subject, self.measure, late.at):
                    what = f"a silence of another chat holds here: {what}"
                if late.well_at is not None:
                    what = f"the chat is well since {late.well_at:.0f}: {what}"
                return late.told_by, what
            wrong = happens()
            if wrong:
                return at, str(wrong)
        return None

    def wait(self, at: float) -> None:
        """Notes what waits at a moment."""
        waits, news = self.story.waits(at, LONGEST_WAIT)
        if waits:
            self.waits[at] = news

    def seen(self, looks: list[Look]) -> Iterator[tuple[float, int, Happens]]:
        """What was seen, and the rule being switched off."""
        for look in looks:
            yield look.at, LOOK, partial(self.story.look, look)
        for at in switched_off(self.truth, self.measure):
            yield at, OFF, partial(self.story.switched_off, at)

    def silences(self) -> Iterator[tuple[float, int, Happens]]:
        """What was acknowledged and snoozed, and silences that ended."""
        story = self.story
        for at, lapses in story.acks:
            yield at, ACK, partial(story.ack, at, lapses)
            yield from self.in_time(lapses, story.lapse)
        for at in story.unacks:
            yield at, ACK, partial(story.unack, at)
        for at, wakes in story.snoozes:
            yield at, ACK, partial(story.snooze, at, wakes)
        for _, until in (*story.quiet, *story.snoozes):
            yield from self.in_time(until, story.silence_over)

    def in_time(self, at: float, happens: Callable[..., object]) -> Iterator[tuple[float, int, Happens]]:
        """Something that the bot notices from a moment on, and surely some time later."""
        if at == inf:
            return
        yield at, OVER, partial(happens, at, surely=False)
        soon = self.truth.slack.tick + self.truth.slack.save
        surely = self.truth.in_time(at, soon, self.truth.troubles())
        yield surely, SURELY_OVER, partial(happens, at, surely=True)

    def told(self, heard: Heard) -> Iterator[tuple[float, int, Happens]]:
        """What was told."""
        for message, telling in heard:
            yield message.at, HEARD, partial(self.hear, message, telling)

    def hear(self, message: Message, telling: Telling) -> str | None:
        """One telling; what is wrong with it, or None."""
        since = self.story.hear(message, telling, may_repeat=may_repeat(self.truth, message))
        if since is None:
            return f"told without a reason: {telling.state}, {message.text.splitlines()[0]!r}"
        self.due_since[message.id] = since
        return None


def silenced_elsewhere(truth: Truth, chat: str, subject: str, measure: str, at: float) -> bool:
    """Whether another chat has silenced for itself alone what this one was to be told."""
    others = truth.chats_of(None) - {chat}
    keys: list[Key] = [("mute", account, None, other) for account in (None, subject) for other in others]
    keys += [("snooze", subject, measure, other) for other in others]
    return any(within(spans_of(truth, key), at) for key in keys)


def may_repeat(truth: Truth, message: Message) -> bool:
    """Whether the bot may not know that a message was taken: its answer was lost, or so was the bot soon after."""
    noted_by = truth.in_time(message.at, truth.slack.save, sorted(truth.trouble))
    return message.lost or any(message.at <= end <= noted_by for _, end in truth.up)


def switched_off(truth: Truth, measure: str) -> Iterator[float]:
    """When a rule was switched off, which ends its alerts without a word."""
    for at, rules in truth.rules:
        if (measure == "credits" and not rules.low_credits) or (measure == "plan" and not rules.plan_ends_within):
            yield at
