"""Simulated accounts: how people and machines spend credits, and what the bot would have read of it.

Nothing here knows the forecast. The same pattern and seed always give the same account. Time is counted in looks (half
an hour each); what an account *wants* to spend is made first, whole, so that the moment at which the credits would
have run out, left alone, is known exactly even where a refill or a top-up came first.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from math import exp
from random import Random

from bot.domain.accounts import Account, Credits, Plan, Reading
from bot.domain.credit_changes import Point, point_of

LOOK = timedelta(minutes=30)
LOOKS_A_DAY = 48
WATCHED_DAYS = 45
"""So long the bot looks."""

DAYS = 85
"""So long the account goes on wanting, so that every run-out foretold has its true moment."""

PERIOD = 30
START = datetime(2026, 3, 2, tzinfo=UTC)
"""A Monday."""

DRIFT, RETURN = 0.25, 0.7
"""By how much a week's pace differs from what the last one lets expect, and how much of that the next one keeps."""

AWAY_EVERY, HOLIDAY = 40, 0.02
"""Days between two absences of some days, and the chance that a day is a holiday."""

LOW, RATIONED = 0.1, 0.75
"""Below this share of the allowance people spend only so much of what they want to."""

FAILED = 0.02
"""Jobs that fail; they are refunded half an hour later."""

Demand = list[int]
Pattern = Callable[[Random], list[float]]


def steady(random: Random) -> list[float]:
    """Around the clock, as a pipeline would."""
    return [random.gammavariate(4, 0.25) for _ in range(DAYS * LOOKS_A_DAY)]


def nine_to_five(random: Random) -> list[float]:
    """Working hours of some zone, little at weekends; days differ."""
    offset, weekend = random.randrange(LOOKS_A_DAY), random.choice([0, 0, 0.2])
    moods = [random.lognormvariate(0, 0.35) * (weekend if day % 7 >= 5 else 1) for day in range(DAYS + 1)]
    wanted = []
    for look in range(DAYS * LOOKS_A_DAY):
        day, half_hour = divmod(look + offset, LOOKS_A_DAY)
        working = 18 <= half_hour < 34
        wanted.append((random.gammavariate(1.5, 0.67) if working else 0.01) * moods[day])
    return wanted


def bursts(random: Random) -> list[float]:
    """Nothing, and then for some hours a lot; nobody knows when."""
    wanted = [0.0] * (DAYS * LOOKS_A_DAY)
    look, pause = 0, random.uniform(0.5, 1.5) * LOOKS_A_DAY
    while (look := look + 1 + int(random.expovariate(1 / pause))) < len(wanted):
        rate = random.lognormvariate(0, 0.5)
        for at in range(look, min(look + random.randint(2, 10), len(wanted))):
            wanted[at] += rate * random.gammavariate(3, 0.33)
    return wanted


def batch_days(random: Random) -> list[float]:
    """One or two weekdays of batches, the rest of the week a trickle."""
    weekdays = random.sample(range(7), random.choice([1, 1, 2]))
    start, hours = random.randrange(0, 24), random.randint(8, 24)
    wanted = []
    for look in range(DAYS * LOOKS_A_DAY):
        day, hour = divmod(look, LOOKS_A_DAY)
        busy = day % 7 in weekdays and start <= hour < start + hours
        wanted.append(random.gammavariate(2, 0.5) * (12 if busy else 0.08))
    return wanted


def idle_then_heavy(random: Random) -> list[float]:
    """Weeks of trying things out, then a project that eats many times as much."""
    change = random.uniform(8, 30) * LOOKS_A_DAY
    heavy = random.uniform(4, 10)
    office = nine_to_five(random)
    return [want * (heavy if look > change else 1) for look, want in enumerate(office)]


def plan_change(random: Random) -> list[float]:
    """Office hours that grow slowly; the account's plan changes and credits are bought meanwhile (see ``Life``)."""
    growth = random.uniform(0, 0.03)
    return [want * (1 + growth * look / LOOKS_A_DAY) for look, want in enumerate(nine_to_five(random))]


PATTERNS: dict[str, Pattern] = {
    "steady": steady,
    "nine-to-five": nine_to_five,
    "bursts": bursts,
    "batch days": batch_days,
    "idle then heavy": idle_then_heavy,
    "plan change": plan_change,
}


@dataclass
class Simulated:
    """An account's whole life: what it wanted at each look, what was read, and when it ran out.

    ``readings`` has None where nobody was looking. ``kept`` are the places of those that the store keeps.
    """

    wanted: Demand
    readings: list[Reading | None] = field(default_factory=list)
    kept: list[int] = field(default_factory=list)
    run_outs: list[int] = field(default_factory=list)

    def points(self, until: int) -> list[Point]:
        """What the store holds at a look: changes only, and of those older than a week the last of each hour."""
        week = until - 7 * LOOKS_A_DAY
        old = {look // 2: look for look in self.kept if look <= week}
        places = [*old.values(), *(look for look in self.kept if week < look <= until)]
        return [point_of(reading) for look in places if (reading := self.readings[look]) is not None]

    def account(self, key: str, at: int) -> Account:
        """The account as the bot knows it at a look."""
        reading = next(reading for reading in reversed(self.readings[: at + 1]) if reading is not None)
        credits = reading.credits
        return Account(
            key, "pixverse", key, reading=reading, looked_at=reading.taken_at,
            allowance=credits.monthly_allowance, daily_allowance=credits.daily_allowance,
        )  # fmt: skip

    def runs_out_at(self, at: int, reading: Reading) -> int | None:
        """The look at which the credits of a reading would be gone if nothing but the daily refill came."""
        credits = reading.credits
        pool, daily = credits.monthly + (credits.package or 0), credits.daily or 0
        for look in range(at + 1, len(self.wanted)):
            if look % LOOKS_A_DAY == 0:
                daily = credits.daily_allowance or 0
            want = rationed(self.wanted[look], pool + daily, credits.monthly_allowance or 0)
            if want and want >= pool + daily:
                return look
            pool -= max(want - daily, 0)
            daily = max(daily - want, 0)
        return None


def moment(look: int) -> datetime:
    """When a look is taken."""
    return START + look * LOOK


def uneven(random: Random, wanted: list[float]) -> list[float]:
    """What is wanted by people: weeks drift, a day may be a holiday, and now and then nobody is there for days."""
    mood, found, away, holiday = 0.0, list[float](), 0, False
    for look, want in enumerate(wanted):
        if look % (7 * LOOKS_A_DAY) == 0:
            mood = RETURN * mood + random.gauss(0, DRIFT)
        if look % LOOKS_A_DAY == 0:
            away = max(away - 1, 0)
            if not away and random.random() < 1 / AWAY_EVERY:
                away = random.randint(1, 5)
            holiday = random.random() < HOLIDAY
        found.append(0.0 if away or holiday else want * exp(mood))
    return found


def rationed(want: int, left: float, allowance: float) -> int:
    """What people spend of what they want, with so much left."""
    return int(want * RATIONED) if left < LOW * allowance else want


def simulated(pattern: str, seed: int) -> Simulated:
    """The life of one account."""
    random = Random(f"{pattern} {seed}")
    wanted = uneven(random, PATTERNS[pattern](random))
    allowance = random.choice([3_000, 6_000, 15_000])
    # Over a whole period mostly between half and twice of what the plan brings: every second one runs out.
    mean = allowance * random.lognormvariate(0.1, 0.45) / PERIOD / LOOKS_A_DAY
    scale = mean * len(wanted) / sum(wanted)
    demand = in_jobs(random, [want * scale for want in wanted], random.sample([5, 20, 35, 45, 90], 3))
    return Life(random, demand, allowance, changes=pattern == "plan change").lived()


def in_jobs(random: Random, wanted: list[float], prices: list[int]) -> Demand:
    """Whole jobs of some prices: what is less than one is saved up for the next."""
    demand, owed, price = [], 0.0, prices[0]
    for want in wanted:
        owed += want
        spent = 0
        while owed - spent >= price:
            spent += price
            price = random.choice(prices)
        demand.append(spent)
        owed -= spent
    return demand


@dataclass
class Life:
    """Spends what is wanted, refills, renews, tops up, and looks at it all as the bot would."""

    random: Random
    wanted: Demand
    allowance: int
    changes: bool
    daily_allowance: int = 60
    daily: int = 60
    package: int = 0
    blind: int = 0
    refund: int = 0
    top_up: int | None = None
    filled: bool = True

    def __post_init__(self) -> None:
        random = self.random
        self.refill = random.randint(2, PERIOD) * LOOKS_A_DAY + random.randrange(LOOKS_A_DAY)
        self.ends = self.refill if random.random() < 0.1 and self.refill > 15 * LOOKS_A_DAY else None
        self.monthly = int(self.allowance * min(self.refill / PERIOD / LOOKS_A_DAY, 1) * random.uniform(0.7, 1.3))
        self.upgrade = random.randint(8, 35) * LOOKS_A_DAY if self.changes else None

    def lived(self) -> Simulated:
        """The whole life."""
        life, before = Simulated(self.wanted), None
        for look, want in enumerate(self.wanted[: WATCHED_DAYS * LOOKS_A_DAY]):
            self.fill(look)
            self.spend(want)
            if self.runs_out(look):
                life.run_outs.append(look)
            reading = self.read(look)
            life.readings.append(reading)
            if reading is not None and (before is None or replace(before, taken_at=reading.taken_at) != reading):
                before = reading
                life.kept.append(look)
        return life

    def fill(self, look: int) -> None:
        """What comes by itself, and what is bought."""
        if look % LOOKS_A_DAY == 0:
            self.daily = self.daily_allowance
        if look == self.upgrade:
            self.allowance, self.ends, self.refill = self.random.choice([6_000, 15_000, 30_000]), None, look
        if look == self.ends:
            self.monthly, self.allowance, self.filled = 0, 0, False
        elif look == self.refill and self.ends is None:
            self.monthly, self.refill = self.allowance, look + PERIOD * LOOKS_A_DAY
        if look == self.top_up or (self.changes and self.random.random() < 0.05 / LOOKS_A_DAY):
            self.package, self.top_up = self.package + self.random.choice([500, 1_000, 3_000]), None
        self.filled = self.filled or self.monthly + self.package > 0

    def spend(self, want: int) -> None:
        """Daily credits first, then the monthly, then the package; what is wanted beyond them is not had."""
        self.monthly, self.refund = self.monthly + self.refund, 0
        want = rationed(want, self.daily + self.monthly + self.package, self.allowance)
        if want and self.monthly >= want and self.random.random() < FAILED:
            self.refund = want
        for bucket in ("daily", "monthly", "package"):
            spent = min(want, getattr(self, bucket))
            setattr(self, bucket, getattr(self, bucket) - spent)
            want -= spent

    def runs_out(self, look: int) -> bool:
        """Whether nothing is left since this look; half of those whom that befalls buy more within a day or so."""
        if self.daily + self.monthly + self.package > 0:
            return False
        if self.top_up is None and self.random.random() < 0.5 / LOOKS_A_DAY:
            self.top_up = look + self.random.randint(1, LOOKS_A_DAY)
        fresh, self.filled = self.filled, False
        return fresh

    def read(self, look: int) -> Reading | None:
        """What useapi.net would say; None while nobody looks: about every ten days, for an hour to two days."""
        if self.blind == 0 and self.random.random() < 0.1 / LOOKS_A_DAY:
            self.blind = self.random.choice([2, 6, 12, 24, 60, 96])
        if self.blind:
            self.blind -= 1
            return None
        running = self.ends is None or look < self.ends
        refill, midnight = moment(self.refill), moment((look // LOOKS_A_DAY + 1) * LOOKS_A_DAY)
        credits = Credits(
            self.monthly, self.daily, self.package, self.allowance, self.daily_allowance,
            refill if running else None, midnight,
        )  # fmt: skip
        return Reading(moment(look), credits, Plan("Pro", "Pro", not running, refill, START if self.ends else None))
