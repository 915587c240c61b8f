"""Faults of the simulated Telegram, as ordered."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, auto

from bot.simulator.server import DropError, HangError
from bot.simulator.telegram.model import Refusal, RefusedError

SENDING = frozenset({"sendMessage", "sendPhoto"})
"""The methods that bring a new message into a chat."""


class Silence(Enum):
    """The ways not to answer."""

    HANGS = auto()
    """Nothing is done, and the connection stays open."""
    ANSWER_LOST = auto()
    """The call is carried out, then the connection is closed."""


@dataclass
class Fault:
    """Something that happens to calls of these methods, in one chat or in all, so many times or, with None, always."""

    what: Refusal | Silence
    methods: frozenset[str]
    chat_id: int | None = None
    times: int | None = 1

    def meets(self, method: str, chat_id: int | None) -> bool:
        """Say whether it happens to this call."""
        return method in self.methods and self.times != 0 and self.chat_id in (None, chat_id)


class Faults:
    """All faults on order. The oldest that fits happens first."""

    def __init__(self) -> None:
        self._ordered: list[Fault] = []

    def order(
        self, what: Refusal | Silence, methods: Iterable[str], chat_id: int | None = None, times: int | None = 1
    ) -> None:
        """Order a fault from the next matching call on."""
        self._ordered.append(Fault(what, frozenset(methods), chat_id, times))

    def clear(self, chat_id: int | None = None) -> None:
        """Forget what was ordered for that chat; without one, everything."""
        self._ordered = [fault for fault in self._ordered if chat_id is not None and fault.chat_id != chat_id]

    def meet(self, method: str, chat_id: int | None) -> bool:
        """Apply a call's fault: raise RefusedError or HangError, or return whether its answer gets lost."""
        fault = next((fault for fault in self._ordered if fault.meets(method, chat_id)), None)
        if fault is None:
            return False
        if fault.times is not None:
            fault.times -= 1
        if isinstance(fault.what, Refusal):
            raise RefusedError(fault.what)
        if fault.what is Silence.HANGS:
            raise HangError
        return True


def drop_if(lost: bool) -> None:
    """Close the connection without an answer if that is what is to happen."""
    if lost:
        raise DropError
