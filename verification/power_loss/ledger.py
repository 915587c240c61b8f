"""What a process said before it was cut, and so what must be found again."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

Key = tuple[str, int]
"""A notification: its key, and the chat it goes to."""


@dataclass(slots=True)
class Ledger:
    """What was held for true at one moment, and what was under way then: that may be there, or not."""

    due: set[Key] = field(default_factory=set)
    sent: set[Key] = field(default_factory=set)
    told: set[Key] = field(default_factory=set)
    credits: dict[str, set[float]] = field(default_factory=dict)
    muted: set[str] = field(default_factory=set)
    muting: set[str] = field(default_factory=set)
    paused: set[str] = field(default_factory=set)
    pausing: set[str] = field(default_factory=set)
    unsynced: list[str] = field(default_factory=list)
    steps: int = 0
    transactions: int = 0
    said: int = 0

    def note(self, words: Sequence[Any]) -> None:
        """Takes one announcement."""
        match words:
            case ["due" | "sent" | "told" as word, key, chat]:
                getattr(self, word).add((key, chat))
            case ["looks", account, credits]:
                self.credits.setdefault(account, set()).add(credits)
            case ["read", account, credits]:
                self.credits[account] = {credits}
            case ["mutes" | "unmutes" | "muted" | "unmuted" as word, *subjects]:
                note_held(self.muted, self.muting, word, subjects)
            case ["pauses" | "unpauses" | "paused" | "unpaused" as word, *subjects]:
                note_held(self.paused, self.pausing, word, subjects)
            case ["unsynced", sql]:
                self.unsynced.append(sql)
            case ["lived", steps, transactions]:
                self.steps, self.transactions = steps, transactions
            case _:
                raise ValueError(words)

    def meant(self, words: Sequence[Any]) -> None:
        """Takes an announcement of after the moment that must be found again: it may be there."""
        match words:
            case ["looks", account, credits]:
                self.credits.setdefault(account, set()).add(credits)
            case ["sent", key, chat]:
                self.sent.add((key, chat))
            case ["mutes" | "pauses" as word, subject]:
                (self.muting if word == "mutes" else self.pausing).add(subject)
            case ["unmutes"]:
                self.muting |= self.muted
            case ["unpauses"]:
                self.pausing |= self.paused


def note_held(held: set[str], changing: set[str], word: str, subjects: Sequence[str]) -> None:
    """Takes an announcement of mutes or pauses: that one begins or has begun, or that all end or have ended."""
    changing.clear()
    if word.endswith("s"):
        changing |= set(subjects) or held
    elif subjects:
        held |= set(subjects)
    else:
        held.clear()


def ledger_of(said: Sequence[Sequence[Any]], upto: int | None = None) -> Ledger:
    """What must hold of all that was said, or of what was said up to one announcement."""
    ledger = Ledger(said=len(said))
    certain = len(said) if upto is None else upto
    for words in said[:certain]:
        ledger.note(words)
    for words in said[certain:]:
        ledger.meant(words)
    return ledger
