"""Past alerts, as people ask for them."""

from dataclasses import dataclass
from datetime import datetime

from bot.domain.alerts import AlertRule, Severity


@dataclass(frozen=True, slots=True)
class PastAlert:
    """One episode of an alert: it fired at ``since`` and ended at ``until``, None while it fires.

    ``severity`` is the worst of the episode and ``worst`` the lowest value, in the rule's own unit. ``acked_by`` are
    those who acknowledged it, each once, the first one first.
    """

    subject: str
    measure: AlertRule
    episode: int
    since: datetime
    until: datetime | None
    severity: Severity
    worst: float | None = None
    acked_by: tuple[str, ...] = ()
