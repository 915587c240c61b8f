"""The shared parts of the checks: time, network and storage come from outside."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.checks.rounds import Round
from bot.storage.database import Store
from bot.support.metrics import Metrics
from bot.targets.active import ActiveTargets
from bot.targets.recipients import Recipients


@dataclass(frozen=True, slots=True)
class Context:
    """The shared parts.

    ``clock`` returns aware UTC; ``every`` is the setting's interval between two checks. ``on_notifications`` is called
    after something was put into the outbox, ``on_round`` at the end of a round; both return at once. With ``webhook``
    each change of an alert is also stored as an event. ``escalate_after`` is how long a critical alert waits for
    somebody; None: it waits without end.
    """

    store: Store
    active_targets: ActiveTargets
    recipients: Recipients
    every: timedelta
    clock: Callable[[], datetime]
    metrics: Metrics
    on_notifications: Callable[[], None]
    on_round: Callable[[Round], None]
    webhook: bool = False
    escalate_after: timedelta | None = None

    def every_of(self, source: str, email: str) -> timedelta:
        """The interval between two checks of one account: its own, its source's, or the setting's."""
        return self.active_targets.targets.own_check_every(source, email) or self.every
