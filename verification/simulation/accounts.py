"""Simulated accounts: how they are spent, refilled, topped up, renewed, cancelled, and what their page shows."""

import random
from dataclasses import dataclass, field

DAY = 86400.0


@dataclass
class Deed:
    """Something that happens to an account at a moment."""

    at: float
    what: str
    amount: float = 0


@dataclass
class SimulatedAccount:
    """One account, moved on to a moment before it is looked at. Amounts are whole credits."""

    email: str
    name: str
    monthly: float
    daily: float
    package: float
    allowance: float
    daily_allowance: float
    pace: float
    refills_at: float
    ends_at: float | None
    now: float
    late_by: float = 6.0
    renews: bool = True
    free: bool = False
    becomes: str | None = None
    gift: bool = False
    """One that does not renew was given: no plan follows, and nobody cancelled anything."""
    check_every: float | None = None
    deeds: list[Deed] = field(default_factory=list)
    spent: float = 0.0

    @classmethod
    def of(cls, chance: random.Random, index: int, begin: float, length: float) -> "SimulatedAccount":
        """An account whose credits will move along the ladder while the history lasts."""
        name = ("Ada", "Bob", "Cleo", "Dan", "Eve", "Finn", "Gus", "Hal")[index]
        allowance = chance.choice([1000, 6000, 15000])
        daily = chance.choice([0, 0, 30, 60])
        left = chance.uniform(0.1, 1.0) * allowance
        ends = begin + chance.uniform(-0.2, 1.3) * min(length, 30 * DAY)
        made = cls(
            email=f"{name.lower()}@example.com",
            name=name,
            monthly=round(left),
            daily=daily,
            package=chance.choice([0, 0, 0, 500]),
            allowance=allowance,
            daily_allowance=daily,
            pace=allowance / length * chance.choice([0, 0.5, 1, 2, 4]),
            refills_at=begin + chance.uniform(0.2, 1.5) * min(length, 30 * DAY),
            ends_at=None if chance.random() < 0.2 else ends,
            now=begin,
            late_by=chance.choice([6, 6, 200, 600, 20000]),
            renews=chance.random() < 0.7,
        )
        made.deeds = [made.deed(chance, begin + chance.random() * length) for _ in range(chance.randrange(6))]
        if chance.random() < 0.3:
            made.waver(chance, begin, length)
        made.deeds.sort(key=lambda deed: deed.at)
        return made

    def waver(self, chance: random.Random, begin: float, length: float) -> None:
        """Lets the credits go to and fro around a rung."""
        rung = self.allowance * chance.choice([0.2, 0.05, 0.1])
        self.monthly, self.daily, self.package, self.pace = round(rung), 0, 0, 0
        for step in range(8):
            what = "burst" if step % 2 else "refund"
            self.deeds.append(
                Deed(begin + (step + 1) * length / 10, what, round(rung * chance.uniform(0.02, 0.09)) + 1)
            )

    def deed(self, chance: random.Random, at: float) -> Deed:
        """What may happen to it."""
        what = chance.choice(["top-up", "burst", "cancel", "resume", "change", "free", "pace", "allowance", "refund"])
        return Deed(at, what, round(self.allowance * chance.choice([0.02, 0.1, 0.5, 1])))

    def move_to(self, now: float) -> None:
        """Lives on until a moment."""
        while self.deeds and self.deeds[0].at <= now:
            deed = self.deeds.pop(0)
            self._spend_until(deed.at)
            self._do(deed)
        self._spend_until(now)

    def _spend_until(self, now: float) -> None:
        """Spends, refills and renews in the order of time."""
        while True:
            midnight = (self.now // DAY + 1) * DAY
            renewal = self.ends_at + self.late_by if self.ends_at and self.renews and not self.free else now + 1
            step = min(now, midnight, self.refills_at, max(renewal, self.now))
            self._spend((step - self.now) * self.pace)
            self.now = step
            if step == midnight:
                self.daily = self.daily_allowance
            if step == self.refills_at:
                self.monthly, self.refills_at = self.allowance, step + 30 * DAY
            if self.ends_at and self.renews and not self.free and step >= self.ends_at + self.late_by:
                self.ends_at += 30 * DAY
            if step >= now:
                return

    def _spend(self, amount: float) -> None:
        """Daily credits first, then the month's, then packages; what is not there is not spent."""
        self.spent += amount
        whole, self.spent = divmod(self.spent, 1)
        for bucket in ("daily", "monthly", "package"):
            used = min(max(getattr(self, bucket), 0), whole)
            setattr(self, bucket, getattr(self, bucket) - used)
            whole -= used

    def _do(self, deed: Deed) -> None:
        """Lets one thing happen."""
        match deed.what:
            case "top-up":
                self.package += deed.amount
            case "refund":
                self.monthly += deed.amount
            case "burst":
                self._spend(deed.amount)
            case "pace":
                self.pace *= 0.3 if deed.amount > self.allowance * 0.2 else 3
            case "allowance" if not self.free:
                self.allowance = max(100, deed.amount)
            case _:
                self._change_plan(deed)

    def _change_plan(self, deed: Deed) -> None:
        """Lets one thing happen to the plan."""
        match deed.what:
            case "cancel":
                self.renews = False
            case "resume":
                self.renews, self.becomes = True, None
            case "change":
                self.renews, self.becomes = False, "Basic"
            case "free":
                self.free, self.ends_at, self.allowance, self.monthly = True, None, 0, 0
            case "subscribe":
                self.free, self.renews, self.becomes, self.ends_at = False, True, None, deed.at + 20 * DAY
                self.allowance = self.monthly = max(100, deed.amount)
