"""The demo's Kling account: lots of credits, one of which lapses, and jobs that use them evenly."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.simulator.life import a_month_after
from bot.simulator.services import SimulatedSister, kling

NAME, EMAIL = "Film", "film@example.com"
BY_HOUR = 2
"""Credits spent an hour."""

PLAN, PLAN_LEFT, BOUGHT, BOUGHT_LEFT = 660, 560, 200, 150
LAPSES_AFTER = timedelta(days=2, hours=9)
HOUR = timedelta(hours=1)


@dataclass
class Lot:
    """Credits of one kind; None ends never."""

    kind: str
    amount: int
    left: int
    ends_at: datetime | None


@dataclass
class Film:
    """The account as the simulated useapi.net has it (``sister``), and what can happen to it.

    Credits are taken from the lot that ends first.
    """

    at: datetime
    """The moment that it has reached."""
    name: str = NAME
    email: str = EMAIL
    service: str = "Kling"
    allowance: int = PLAN
    lots: list[Lot] = field(default_factory=list)
    sister: SimulatedSister = field(init=False)
    _spent_until: datetime = field(init=False)

    def __post_init__(self) -> None:
        """A plan's lot that lapses soon, and a bought one."""
        self.lots = [
            Lot("plan", PLAN, PLAN_LEFT, self.at + LAPSES_AFTER),
            Lot("topup", BOUGHT, BOUGHT_LEFT, None),
        ]
        self._spent_until = self.at
        self.sister = kling(self.email, ())
        self._show()

    @property
    def credits(self) -> int:
        return sum(lot.left for lot in self.lots)

    @property
    def words(self) -> str:
        """The lots with anything left, in a few words: "560 lapse Wed 22 Jul, 150 bought"."""
        said = [
            f"{lot.left:,} lapse {lot.ends_at:%a} {lot.ends_at.day} {lot.ends_at:%b}"
            if lot.ends_at
            else f"{lot.left:,} bought"
            for lot in self.lots
            if lot.left
        ]
        return ", ".join(said) or "nothing is left"

    def advance(self, now: datetime) -> None:
        """Brings it to ``now``: jobs ran, and a lot may have ended."""
        while self._spent_until + HOUR <= now:
            self._spent_until += HOUR
            self._take(BY_HOUR)
            self._end_lots(self._spent_until)
        self._end_lots(now)
        self.at = max(self.at, now)
        self._show()

    def spend(self, credits: int) -> None:
        """Jobs spend credits at once."""
        self._take(credits)
        self._show()

    def top_up(self, credits: int) -> None:
        """Somebody buys credits, which do not end."""
        self.lots.append(Lot("topup", credits, credits, None))
        self._show()

    def refill(self) -> None:
        """The plan goes on: a new lot of it for a month."""
        self.lots.insert(0, Lot("plan", PLAN, PLAN, a_month_after(self.at)))
        self._show()

    def _end_lots(self, now: datetime) -> None:
        self.lots = [lot for lot in self.lots if lot.ends_at is None or lot.ends_at > now]

    def _take(self, credits: int) -> None:
        for lot in sorted(self.lots, key=lambda one: (one.ends_at is None, one.ends_at or self.at)):
            taken = min(lot.left, credits)
            lot.left -= taken
            credits -= taken

    def _show(self) -> None:
        lots = [(lot.kind, lot.amount, lot.left, lot.ends_at) for lot in self.lots]
        self.sister.page = kling(self.email, lots).page
