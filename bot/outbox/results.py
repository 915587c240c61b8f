"""The results of a send, and when a refused send is tried again. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sent:
    """The chat has the message. Its id is None where Telegram's answer was unreadable."""

    message_id: int | None


@dataclass(frozen=True, slots=True)
class Retry:
    """Not sent, or unknown: the network failed, or Telegram asks for ``retry_after`` seconds."""

    failure: str
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class Migrated:
    """The group has become another chat, which gets everything from now on."""

    chat_id: int


@dataclass(frozen=True, slots=True)
class Rejected:
    """Telegram refuses to write to the chat, for now: each refusal can pass, so none ends a delivery."""

    failure: str


SendResult = Sent | Retry | Migrated | Rejected


@dataclass(frozen=True, slots=True)
class RefusalSchedule:
    """When a chat that refuses is tried again, in seconds: soon, then steadily for an hour, then rarely, without end.

    The time since the first refusal decides alone, so a restart keeps the place. ``sign_pause`` is the shortest time
    between two tries that signs of life cause.
    """

    first: tuple[float, ...] = (10.0, 20.0, 40.0)
    steady: float = 60.0
    steady_for: float = 3600.0
    rare: float = 900.0
    sign_pause: float = 10.0

    def wait(self, refused_for: float) -> float:
        """Seconds until the next try after a refusal, by the seconds since the first refusal."""
        due = 0.0
        for wait in self.first:
            due += wait
            if refused_for < due:
                return wait
        return self.steady if refused_for < due + self.steady_for else self.rare

    def woken_at(self, last: float | None, now: float) -> float:
        """When a sign of life makes a try due: at once, except for a chat that gives many signs and still refuses.

        ``last`` is when the sign before made one due; that can still lie ahead.
        """
        if last is None or last > now:
            return now if last is None else last
        return max(now, last + self.sign_pause)


REFUSALS = RefusalSchedule()
