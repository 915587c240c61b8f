"""What a messenger answered to a send, and when a refused one is tried again. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sent:
    """The chat has the message. Its id is None where Telegram's answer could not be read."""

    message_id: int | None


@dataclass(frozen=True, slots=True)
class Retry:
    """Not delivered, or not known to be: the network, or a pause of ``retry_after`` seconds that Telegram asks for."""

    failure: str
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class Migrated:
    """The group has become another chat, to which everything goes from now on."""

    chat_id: int


@dataclass(frozen=True, slots=True)
class Rejected:
    """Telegram refuses to write to the chat, for now: each refusal may pass, so none ends a delivery."""

    failure: str


SendResult = Sent | Retry | Migrated | Rejected


@dataclass(frozen=True, slots=True)
class RefusalSchedule:
    """When a chat that refuses is tried again, in seconds: soon, then steadily for an hour, then rarely, without end.

    The place in it follows from the time since the first refusal alone, so a restart keeps it. ``sign_pause`` is the
    shortest time between two tries that a chat's signs of life bring about.
    """

    first: tuple[float, ...] = (10.0, 20.0, 40.0)
    steady: float = 60.0
    steady_for: float = 3600.0
    rare: float = 900.0
    sign_pause: float = 10.0

    def wait(self, refused_for: float) -> float:
        """Seconds until the next try after one that was refused so many seconds after the first."""
        due = 0.0
        for wait in self.first:
            due += wait
            if refused_for < due:
                return wait
        return self.steady if refused_for < due + self.steady_for else self.rare

    def woken_at(self, last: float | None, now: float) -> float:
        """When a sign of life makes a try due: at once, but for a chat that gives many signs and goes on refusing.

        ``last`` is when the sign before made one due; that may still lie ahead.
        """
        if last is None or last > now:
            return now if last is None else last
        return max(now, last + self.sign_pause)


REFUSALS = RefusalSchedule()
