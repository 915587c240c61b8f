"""How a simulated account lives: it burns credits, is refilled, renews, changes its plan or expires.

No clock and no chance: the same calls of `advance` always lead to the same account.
"""

import calendar
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.simulator.accounts import SimulatedAccount, next_midnight

FREE_PLAN = "Basic"
"""The plan of an account whose paid one has ended."""

HOUR = timedelta(hours=1)

Event = tuple[datetime, Callable[[datetime], None]]


@dataclass
class Life:
    """The life of one account. Only `advance` lets anything happen, and then everything up to that moment in order."""

    account: SimulatedAccount
    at: datetime
    """The moment the account has reached, aware UTC."""
    burn_per_hour: float = 0.0
    """Credits spent an hour, evenly; from the daily credits first, then the monthly, then the package."""
    burst: int = 0
    """Credits spent at once, every `burst_every`, for the first time so long after the life began."""
    burst_every: timedelta = timedelta(hours=6)
    _next_burst: datetime = field(init=False, repr=False)
    _owed: float = field(default=0.0, init=False, repr=False)

    def __post_init__(self) -> None:
        self._next_burst = self.at + self.burst_every

    def advance(self, now: datetime) -> None:
        """Bring the account to `now`; a `now` in its past changes nothing."""
        while (event := self._next_event(now)) is not None:
            moment, happen = event
            self._burn_until(moment)
            happen(moment)
        self._burn_until(now)

    def _next_event(self, now: datetime) -> Event | None:
        due = [event for event in self._coming() if event[0] <= now]
        return min(due, key=lambda event: event[0], default=None)

    def _coming(self) -> list[Event]:
        account = self.account
        coming: list[Event] = [
            (account.daily_refresh_at or next_midnight(self.at), self._refill_daily),
            (self._next_burst, self._burst),
        ]
        if account.ends_at is not None and account.plan_type != 0:
            coming.append((account.ends_at, self._end_period))
        if account.refresh_at is not None:
            coming.append((account.refresh_at, self._refill_monthly))
        return coming

    def _burn_until(self, moment: datetime) -> None:
        if moment <= self.at:
            return
        self._owed += self.burn_per_hour * ((moment - self.at) / HOUR)
        whole = int(self._owed + 1e-6)  # a sum of thirds is a whole credit, too
        self._owed -= whole
        spend(self.account, whole)
        self.at = moment

    def _burst(self, moment: datetime) -> None:
        self._next_burst = moment + self.burst_every
        spend(self.account, self.burst)

    def _refill_daily(self, moment: datetime) -> None:
        self.account.daily = self.account.daily_allowance
        self.account.daily_refresh_at = next_midnight(moment)

    def _refill_monthly(self, moment: datetime) -> None:
        self.account.monthly = self.account.monthly_allowance
        self.account.refresh_at = a_month_after(moment)

    def _end_period(self, moment: datetime) -> None:
        if self.account.cancelled_at is not None:
            expire(self.account)
        else:
            renew(self.account, moment)


def spend(account: SimulatedAccount, credits: int) -> None:
    """Take credits from the daily, then the monthly, then the package bucket, until all three are empty."""
    for bucket in ("daily", "monthly", "package"):
        left: int = getattr(account, bucket)
        taken = min(max(left, 0), credits)
        setattr(account, bucket, left - taken)
        credits -= taken


def renew(account: SimulatedAccount, ended_at: datetime) -> None:
    """Begin the next paid period, of the next plan if that is another; its credits follow at `refresh_at`."""
    account.ends_at = a_month_after(ended_at)
    if account.next_plan_name is not None:
        account.plan_name, account.next_plan_name = account.next_plan_name, None


def expire(account: SimulatedAccount) -> None:
    """End the paid plan: the monthly credits lapse and no more come; the package stays."""
    account.monthly = account.monthly_allowance = 0
    account.plan_name, account.next_plan_name, account.plan_type = FREE_PLAN, None, 0
    account.refresh_at = None


def a_month_after(moment: datetime) -> datetime:
    """Find the same time of the same day of the next month, or of that month's last day."""
    year, month = moment.year + moment.month // 12, moment.month % 12 + 1
    day = min(moment.day, calendar.monthrange(year, month)[1])
    return moment.replace(year=year, month=month, day=day)
