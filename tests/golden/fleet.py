"""The accounts that questions are asked about, and what a chat that sees them is answered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.domain.accounts import (
    Account,
    CheckFailure,
    Credits,
    FailureKind,
    JobCost,
    LeftOut,
    Pause,
    Plan,
    Reading,
)
from bot.domain.alerts import Alert, AlertRule, Severity, Silence, SilenceKind
from bot.domain.boards import BoardStatus
from bot.domain.chats import Chat
from bot.domain.credit_changes import Point
from bot.domain.history import Gap
from bot.domain.jobs import Slots
from bot.domain.notifications import Delivery, Watched
from bot.domain.rules import Threshold
from bot.features.history.chart import Downsampler, Recorded
from bot.telegram.text.account_list import SourceAlert
from bot.telegram.text.alert_list import Acted
from bot.telegram.text.alert_log import NamedAlert
from bot.telegram.text.pauses import PausedAct
from bot.telegram.text.replies import Reloaded, Status
from tests.golden import alerts
from tests.support import given
from tests.support.desk import FakeScope
from tests.support.given import NOW, ago

CRITICAL, WARNING, INFO = Severity.CRITICAL, Severity.WARNING, Severity.INFO
HERE = Chat(111)
LATELY = ago(minutes=15)
FAR = replace(given.PREMIUM, ends_at=NOW + timedelta(days=20))
LADDER = (Threshold(20, percent=True), Threshold(5, percent=True), Threshold(0))
DETAILS = {
    "jobs_at_once": 5,
    "qualities": ["360p", "2160p", "1080p"],
    "fast_mode": True,
    "veo_sora": True,
    "off_peak_discount": "0.7",
    "image_models": ["a"] * 11,
}
OUT = alerts.OUT
LASTS = replace(
    OUT,
    total=12_450,
    lasts=True,
    before=False,
    earliest=None,
    median=None,
    latest=None,
    boundary=given.FULL.refresh_at,
    unused=6_300.0,
)


def key_of(name: str) -> str:
    """The key of an account of this name."""
    return f"pixverse:{name.lower()}@example.com"


def account(
    name: str,
    credits: Credits | None = given.FULL,
    plan: Plan = FAR,
    *firing: tuple[AlertRule, Severity],
    outage: FailureKind | None = None,
    said: str = "",
    at: datetime = NOW,
    silences: tuple[Silence, ...] = (),
    left_out: tuple[LeftOut, ...] = (),
    since: datetime = LATELY,
    **more: Any,
) -> Watched:
    """An account, read at a moment; of one that cannot be read that is when it last could."""
    key = key_of(name)
    reading = Reading(at, credits, plan, DETAILS, left_out=left_out) if credits else None
    known = Account(
        key,
        "pixverse",
        f"{name.lower()}@example.com",
        name,
        reading,
        CheckFailure(NOW, outage, said) if outage else None,
        failures=3 if outage else 0,
        failing_since=ago(minutes=48) if outage else None,
        allowance=credits.monthly_allowance if credits else None,
        daily_allowance=credits.daily_allowance if credits else None,
    )
    alerts = tuple(Alert(key, measure, 1, 1, since=since, severity=bad) for measure, bad in firing)
    return Watched(replace(known, **more), alerts, tuple(replace(one, subject=key) for one in silences))


ACK = Silence(SilenceKind.ACK, measure=AlertRule.CREDITS, episode=1, level=1, by="Ann", id=3)
SNOOZE = replace(ACK, kind=SilenceKind.SNOOZE, until=NOW + timedelta(hours=1), chat=HERE, id=4)
MUTE = Silence(SilenceKind.ACCOUNT, until=NOW + timedelta(hours=2), by="Bob", chat=HERE, id=5)
ALL = Silence(SilenceKind.ALL, until=NOW + timedelta(hours=2), by="Bob", id=6)
PAUSE = Pause(key_of("Film"), ago(hours=1), NOW + timedelta(hours=2), "Kim", ago(hours=1))
DAILY = replace(given.LOW, daily_allowance=60, daily_refresh_at=datetime(2026, 7, 21, tzinfo=UTC))
LOW, OVER = (AlertRule.CREDITS, WARNING), (AlertRule.CREDITS, CRITICAL)

ADS = account("Ads", given.NONE_LEFT, FAR, OVER, silences=(ACK,))


def with_cost(one: Watched) -> Watched:
    """An account whose jobs have a cost."""
    return replace(one, account=replace(one.account, job_cost=JobCost(35, "5 s at 720p")))


STUDIO = account("Studio", DAILY, given.PREMIUM, LOW, (AlertRule.PLAN, INFO), foretold=OUT)
MAIN = account("Main", replace(given.FULL, monthly=12_450), foretold=LASTS)
REST = account("Rest", replace(given.VERY_LOW, monthly=30), FAR, (AlertRule.CREDITS, CRITICAL))
COSTLY = [with_cost(one) for one in (MAIN, STUDIO, REST)]
LOOP = account(
    "Loop",
    replace(given.LOW, monthly=310),
    FAR,
    (AlertRule.FAILURES, WARNING),
    outage=FailureKind.BROKEN,
    said="The linked account is broken until it is added to useapi.net again",
    at=ago(hours=5),
)
NEW = account("New", None)
FILM = account("Film", replace(given.FULL, monthly=7_000), at=ago(hours=1), pause=PAUSE)
FREE = account(
    "Free",
    replace(DAILY, monthly=0, daily=60, monthly_allowance=None, refresh_at=None),
    given.FREE,
)
ENDS = account("Ends", given.FULL, given.CANCELLED, (AlertRule.PLAN, WARNING))


def paced(name: str, credits: Credits, per_day: float) -> Watched:
    """An account that is known to spend so much a day."""
    told = replace(LASTS, total=credits.total, per_day=per_day, per_day_lately=per_day)
    return account(name, credits, foretold=told)


PACED = (paced("Studio", DAILY, 700), paced("Main", replace(given.FULL, monthly=12_450), 450))
FLEET = (MAIN, NEW, LOOP, STUDIO, ADS, FILM, FREE, ENDS)

SPENT = (
    (ago(days=8), 900.0),
    (ago(days=5), 180.0),
    (ago(days=3, hours=13, minutes=15), 15_000.0),
    (ago(hours=2), 2900.0),
)
"""720 spent, refilled on Friday 00:48, 12,100 spent."""


def recorded(*steps: tuple[datetime, float], gaps: tuple[Gap, ...] = (), package: float = 0) -> Recorded:
    """What is kept of an account: its monthly credits at each moment, at the last one perhaps bought ones too."""
    tracer = Downsampler(ago(days=7).timestamp(), NOW.timestamp())
    for at, monthly in steps:
        tracer.add(Point(at, monthly, 0, 0, 15_000, refresh_at=ago(days=3, hours=13, minutes=15)))
    if package and steps:
        tracer.add(Point(NOW, steps[-1][1], 0, package, 15_000))
    return Recorded(tracer.trace(), gaps, LADDER)


@dataclass
class Scope(FakeScope):
    """A chat's scope at the moment of the golden files; each field is what it answers."""

    moment: datetime = NOW
    accounts: list[Watched] = field(default_factory=lambda: list(FLEET))
    acts: list[Acted] = field(default_factory=list)
    sources: Sequence[SourceAlert] = ()
    kept: Recorded = field(default_factory=lambda: recorded(*SPENT))
    logged: Sequence[NamedAlert] = ()
    how: Status | None = None
    running: Slots | None = None
    shown: BoardStatus = field(default_factory=BoardStatus)
    has_board: bool = True
    may_invite: bool = True
    left: bool | None = True
    reloaded: Reloaded = field(default_factory=lambda: Reloaded(file=False))

    async def slots(self, key: str) -> Slots | None:
        """Those that were given, of every account."""
        return self.running

    async def firing_sources(self) -> Sequence[SourceAlert]:
        """Those that were given."""
        return self.sources

    async def past(self, keys: Sequence[str], since: datetime, slots: int) -> Mapping[str, Recorded]:
        """The same of each."""
        return dict.fromkeys(keys, self.kept)

    async def log(self, key: str | None, span: timedelta) -> list[NamedAlert]:
        """What was given, of one account or of all."""
        return [one for one in self.logged if key in (None, one.alert.subject)]

    async def mute(self, key: str | None, span: timedelta, by: str, *, everywhere: bool = False) -> Silence:
        """A mute as it was asked for."""
        kind = SilenceKind.ACCOUNT if key else SilenceKind.ALL
        return Silence(kind, key or "", until=NOW + span, by=by, chat=None if everywhere else HERE, id=9)

    async def silence(self, told: Sequence[Delivery], by: str, span: timedelta | None) -> list[Silence]:
        """A snooze or an ack as it was asked for."""
        made = await super().silence(told, by, span)
        return [replace(one, until=NOW + span if span else None) for one in made]

    async def unmute(self, key: str | None) -> list[Acted]:
        """Ends what concerns the account, or all."""
        ended = [act for act in self.acts if key is None or key in act.subjects]
        self.acts = [act for act in self.acts if act not in ended]
        return ended

    async def pause(self, key: str | None, span: timedelta, by: str) -> Pause:
        """A pause as it was asked for."""
        return Pause(key or "", NOW, NOW + span, by, NOW)

    async def resume(self, key: str | None, by: str) -> bool:
        """Whether there was anything to resume."""
        was, self.paused = bool(self.paused), []
        return was

    async def invite(self, by: str) -> str | None:
        """A code, where that is allowed."""
        return "an-invitation-code-of-32-letters" if self.may_invite else None

    async def leave(self, chat: Chat, by: str) -> bool | None:
        """Whether anybody is left."""
        return self.left

    async def board(self, chat: Chat) -> BoardStatus:
        """What became of it."""
        return self.shown

    async def remove_board(self, chat: Chat) -> bool:
        """Whether there was one."""
        return self.has_board

    async def reload(self) -> Reloaded:
        """What became of it."""
        return self.reloaded

    async def status(self) -> Status:
        """As it was given, or well."""
        return self.how or Status(
            "1.2.3", timedelta(days=3, hours=4), timedelta(minutes=15), len(self.accounts), ago(minutes=2)
        )


def paused_act(*names: str, pause: Pause = PAUSE) -> PausedAct:
    """One act that paused these accounts; all, without a name."""
    return PausedAct(pause, names)


def acted(silence: Silence, *names: str) -> Acted:
    """One act that silenced these accounts; everything, without a name."""
    return Acted(tuple(replace(silence, subject=key_of(name)) for name in names) or (silence,), names)
