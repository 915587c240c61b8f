"""Judges what the webhook's receiver got: everything, once it is back, in order, whatever any chat was told."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from verification.oracle.told import Posted, Read, Told
from verification.oracle.truth import Truth

Found = tuple[float, str, str, str]
"""When, what is wrong, in which chat (none), and about whom."""

Key = tuple[str | None, str]
"""An account's key, or None for the source, and the rule as events name it."""

RULES = {
    "credits": ("low_credits",),
    "plan": ("plan_ends",),
    "failures": ("unreadable", "subscription"),
    "listing": ("unreadable",),
}
"""The rules behind what a chat was told; the subscription's has a name of its own."""
FIRES, OVER = ("alert.firing", "alert.worsened", "alert.reminder"), "alert.resolved"
SLACK = 60.0


@dataclass(frozen=True, slots=True)
class Change:
    """One event that the receiver took."""

    at: float
    type: str
    mark: str
    key: Key
    happened: float


@dataclass
class Received:
    """What the receiver has so far."""

    said: dict[str, tuple[str, ...]] = field(default_factory=dict)
    taken: list[str] = field(default_factory=list)
    owed: str | None = None

    def attempt(self, one: Posted) -> str | None:
        """One more attempt; gives what is wrong with it."""
        if self.said.setdefault(one.id, content(one)) != content(one):
            return "an event was sent again, and says something else"
        if self.owed not in (None, one.id):
            return "an event was sent past one that was not taken yet"
        if one.id in self.taken[:-1]:
            return "an event was sent again, after later ones"
        self.owed = None if one.taken else one.id
        if one.taken and one.id not in self.taken:
            self.taken.append(one.id)
        return None


def wrong_events(truth: Truth, told: Told, reads: Iterable[Read]) -> Iterator[Found]:
    """What is wrong with what the receiver got; nothing where there is none."""
    if not truth.receiver:
        return
    received = Received()
    for one in told.posted:
        if wrong := received.attempt(one):
            yield one.at, wrong, "", one.id
    is_stopped = any(since <= truth.ended_at <= until for since, until in truth.stopped)  # it can send nothing any more
    if told.events_left and not is_stopped:
        yield truth.ended_at, f"the receiver is back, and {told.events_left} events still wait", "", ""
    first = {one.id: one for one in reversed(told.posted) if one.taken}
    changes = [change_of(first[number]) for number in received.taken]
    by_mark: dict[str, list[Change]] = {}
    for change in changes:
        if change.type != "notice":
            by_mark.setdefault(change.mark, []).append(change)
    for some in by_mark.values():
        yield from of_one_alert(some)
    if not is_stopped:
        yield from at_the_end(truth, told, by_mark)
        yield from beside_chats(truth, reads, changes)


def content(one: Posted) -> tuple[str, ...]:
    """What an event says, but for its moments: they move along with a clock that is set."""
    event = json.loads(one.body)
    said = ("alert", "account", "label", "rule", "severity", "value", "threshold")
    return (event["type"], *(str(event["data"][name]) for name in said))


def change_of(one: Posted) -> Change:
    """An event by its JSON."""
    event = json.loads(one.body)
    data, happened = event["data"], datetime.fromisoformat(event["timestamp"]).timestamp()
    return Change(one.at, event["type"], data["alert"] or "", (data["account"], data["rule"] or ""), happened)


def of_one_alert(changes: list[Change]) -> Iterator[Found]:
    """An alert fires once, gets worse or is repeated, and ends once: each time about the same, under the same name."""
    fires, first = False, changes[0]
    for number, change in enumerate(changes):
        about = str(change.key)
        if change.type == FIRES[0] and number:
            yield change.at, "an alert fires twice", "", about
        elif change.type != FIRES[0] and not fires:
            yield change.at, f"{change.type} of an alert that does not fire", "", about
        if change.key != first.key:
            yield change.at, f"an alert that fired as {first.key} goes on under another name", "", about
        fires = change.type != OVER


def at_the_end(truth: Truth, told: Told, by_mark: dict[str, list[Change]]) -> Iterator[Found]:
    """What fires at the end fires for the receiver, too, and nothing else does."""
    fires = {mark for mark, some in by_mark.items() if some[-1].type != OVER}
    for mark in sorted(fires ^ told.firing):
        how = "never ends for the receiver" if mark in fires else "was never told the receiver"
        yield truth.ended_at, f"an alert {how}", "", mark


def beside_chats(truth: Truth, reads: Iterable[Read], changes: list[Change]) -> Iterator[Found]:
    """What a chat was told has happened for the receiver, too, and not later."""
    keys = {name: f"pixverse:{key}" for key, name in truth.accounts.items()}
    slack = SLACK + sum(abs(by) for _, by in truth.jumps)
    for one in reads:
        for telling in one.tellings:
            rules = RULES.get(telling.measure)
            if rules is None or telling.state in ("note", "eased") or telling.still is not False:
                continue
            who = keys.get(telling.who or "")
            known = [change for change in changes if change.key[0] == who and change.key[1] in rules]
            wanted = OVER if telling.state == "resolved" else FIRES[0]
            until = truth.clock(one.message.at) + slack
            if not any(change.type == wanted and change.happened <= until for change in known):
                what = f"a chat was told what the receiver was not: {wanted}"
                yield one.message.at, what, one.message.chat, f"{who} {rules[0]}"
