"""The demo's script: its accounts, the first hundred seconds, and the calm life after them."""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from bot.simulator.accounts import SimulatedAccount, next_midnight
from bot.simulator.life import Life

PAUSE = (14.0, 30.0)
"""Real seconds between two incidents after the script: at least, at most."""


class World(Protocol):
    """Actions of a script; ``bot.demo.world.Stage`` implements it."""

    def say(self, text: str) -> None:
        """Kim writes."""

    def tap_last(self, label: str) -> None:
        """Kim taps that button of the last message that has one."""

    def leave(self) -> None:
        """Telegram goes away."""

    def come_back(self) -> None:
        """Telegram is back."""

    def spend(self, name: str, credits: int) -> None:
        """Jobs spend credits at once."""

    def refill(self, name: str) -> None:
        """The monthly credits refill."""

    def top_up(self, name: str, credits: int) -> None:
        """Somebody buys credits."""

    def break_session(self, name: str) -> None:
        """useapi.net can no longer read the account."""

    def mend_session(self, name: str) -> None:
        """The account was added again."""

    def run_job(self, name: str, code: int) -> None:
        """A job was asked for; the statistics have its answer."""

    def cancel(self, name: str) -> None:
        """Somebody cancels the plan."""

    def subscribe(self, name: str) -> None:
        """Somebody subscribes again."""


@dataclass(frozen=True)
class PlanOf:
    """An account's plan, to return to after a cancellation."""

    name: str
    allowance: int
    price: str


@dataclass(frozen=True)
class Member:
    """An account of the demo, by its label."""

    name: str
    plan: PlanOf
    account: SimulatedAccount
    life: Life
    service: str = "PixVerse"

    @property
    def email(self) -> str:
        return self.account.email


PREMIUM, STANDARD = PlanOf("Premium - Monthly", 15_000, "60"), PlanOf("Standard - Monthly", 6_000, "30")


def cast(now: datetime) -> list[Member]:
    """The accounts at the beginning."""
    return [
        member("Studio", PREMIUM, (4_150, 40), now, timedelta(days=20, hours=5)),
        member("Ads", PREMIUM, (9_820, 25), now, timedelta(days=2, hours=21)),
        member("Main", PREMIUM, (12_450, 50), now, timedelta(days=16, hours=9)),
        member("Loop", STANDARD, (2_310, 12), now, timedelta(days=12, hours=2)),
        member("North", STANDARD, (5_600, 15), now, timedelta(days=25, hours=11)),
    ]


def member(name: str, plan: PlanOf, credits: tuple[int, int], now: datetime, left: timedelta) -> Member:
    """One account: what it has, what it burns an hour, and how long its plan runs."""
    account = SimulatedAccount(
        f"{name.lower()}@example.com",
        monthly=credits[0],
        monthly_allowance=plan.allowance,
        plan_name=plan.name,
        price=plan.price,
        ends_at=now + left,
        daily_refresh_at=next_midnight(now),
    )
    return Member(name, plan, account, Life(account, now, credits[1]))


@dataclass(frozen=True)
class Scene:
    """An event ``at`` real seconds after the start. Without words no view shows it."""

    at: float
    words: str
    act: Callable[[World], None]


SCRIPT = (
    Scene(2.5, "A big batch of jobs runs on Studio.", lambda world: world.spend("Studio", 3_600)),
    Scene(10, "Somebody cancels the plan of Ads.", lambda world: world.cancel("Ads")),
    Scene(17, "Kim asks how things stand.", lambda world: world.say("/credits")),
    Scene(25, "The session of Loop breaks: useapi.net can no longer read it.", lambda w: w.break_session("Loop")),
    Scene(32, "The next batch uses up what Studio had left.", lambda world: world.spend("Studio", 9_999)),
    Scene(37, "Kim has seen it, and wants no reminders.", lambda world: world.tap_last("Ack")),
    Scene(43, "Loop was added again at useapi.net.", lambda world: world.mend_session("Loop")),
    Scene(49, "Somebody buys 5,000 credits for Studio.", lambda world: world.top_up("Studio", 5_000)),
    Scene(51, "A job on North asks for more credits than it has, and is refused.", lambda w: w.run_job("North", 412)),
    Scene(53, "A smaller job on North is accepted.", lambda world: world.run_job("North", 201)),
    Scene(56, "Kim wants to know more about Ads.", lambda world: world.say("/credits ads")),
    Scene(64, "Telegram goes away. The bot goes on watching.", lambda world: world.leave()),
    Scene(66, "Meanwhile a batch runs on Main …", lambda world: world.spend("Main", 10_500)),
    Scene(70, "… and a second one takes the rest.", lambda world: world.spend("Main", 9_999)),
    Scene(75, "Telegram is back: what is worst is told once, and said to be late.", lambda world: world.come_back()),
    Scene(77, "Kim sleeps, and nobody taps Ack.", lambda _: None),
    Scene(84, "After two hours the bot has told Nora too, who is on call.", lambda _: None),
    Scene(90, "Main gets its monthly credits: the good news answers each alert.", lambda world: world.refill("Main")),
    Scene(97, "That was the script. From here on the accounts just live; help says what you can do.", lambda _: None),
)


def afterlife(names: Sequence[str], seed: int = 7) -> Iterator[Scene]:
    """Endless incidents, calm and in turn: each trouble is followed by its end. ``at`` is the pause before it."""
    dice = random.Random(seed)
    waiting: Scene | None = None
    while True:
        pause = dice.uniform(*PAUSE)
        if waiting:
            yield Scene(pause, waiting.words, waiting.act)
            waiting = None
        else:
            trouble, waiting = incident(dice, dice.choice(names))
            yield Scene(pause, trouble.words, trouble.act)


def incident(dice: random.Random, name: str) -> tuple[Scene, Scene]:
    """A trouble and its end."""
    credits = dice.choice((6_000, 11_000, 20_000))
    kinds = (
        (
            Scene(0, f"A batch of jobs runs on {name}.", lambda world: world.spend(name, credits)),
            Scene(0, f"{name} gets its monthly credits.", lambda world: world.refill(name)),
        ),
        (
            Scene(0, f"The session of {name} breaks.", lambda world: world.break_session(name)),
            Scene(0, f"{name} was added again at useapi.net.", lambda world: world.mend_session(name)),
        ),
        (
            Scene(0, f"Somebody cancels the plan of {name}.", lambda world: world.cancel(name)),
            Scene(0, f"{name} is subscribed again.", lambda world: world.subscribe(name)),
        ),
    )
    return dice.choices(kinds, weights=(5, 2, 1))[0]
