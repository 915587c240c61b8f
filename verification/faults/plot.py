"""What is to happen in one history, all of it drawn from its seed beforehand."""

from dataclasses import dataclass, field
from random import Random

from verification.faults.troubles import CLOCK, DATABASE, PIXVERSE, PROCESS, ROOMS, TELEGRAM, Act
from verification.faults.world import ANN, GROUP

HOUR = 3600
CREDITS = (14000, 6000, 2900, 2000, 700, 400, 180, 0)
PLANS = ("renews in 20 d", "renews in 6 d", "ends in 20 d", "ends in 6 d", "ends in 2 d", "ends in 12 h")
JUMPS = (-8 * HOUR, -5 * HOUR, -HOUR, -600, 0, 600, HOUR, 5 * HOUR, 8 * HOUR)
QUESTIONS = ("/credits", "/alerts", "/status", "/check", "/help", "hello", "/credits alice@example.com")
MOST = {PIXVERSE: 3, TELEGRAM: 3, DATABASE: 2, PROCESS: 2, CLOCK: 2}
"""How often at most each room has trouble in one history."""


@dataclass(frozen=True)
class Turn:
    """A change in an account's life."""

    wait: float
    email: str
    monthly: int | None = None
    plan: str | None = None

    def __str__(self) -> str:
        what = f"{self.monthly} credits" if self.plan is None else self.plan
        return f"+{self.wait:.1f} s {self.email}: {what}"


@dataclass(frozen=True)
class Question:
    """Somebody asks the bot something."""

    wait: float
    chat_id: int
    text: str

    def __str__(self) -> str:
        return f"+{self.wait:.1f} s {self.chat_id} asks {self.text}"


@dataclass
class Plot:
    """One history, before it is lived."""

    seed: int
    chats: tuple[int, ...]
    settings: dict[str, str]
    emails: tuple[str, ...]
    begins_well: bool = True
    """Whether all is well until everyone was looked at once; else only until the bot is up."""
    turns: list[list[Turn]] = field(default_factory=list)
    """What each account lives through."""
    acts: dict[str, list[Act]] = field(default_factory=dict)
    """What goes wrong, by room; one after the other in each."""
    questions: list[Question] = field(default_factory=list)
    board: bool = False
    """Whether somebody asks for a board at the beginning."""
    muted: int | None = None
    """The chat that mutes everything before anything happens."""
    unmuted: bool = True
    """Whether it ends the mute once all is mended."""

    def __str__(self) -> str:
        quiet = f", {self.muted} muted" if self.muted else ""
        lines = [f"seed {self.seed}, chats {self.chats}{quiet}, {self.settings}"]
        for turns in self.turns:
            lines += map(str, turns)
        for room, acts in self.acts.items():
            lines += [f"{room}: {act}" for act in acts]
        lines += ["a board is asked for"] if self.board else []
        return "\n  ".join([*lines, *map(str, self.questions)])

    @property
    def faults(self) -> list[str]:
        """The names of what goes wrong."""
        return [f"{room} {act.name}" for room, acts in self.acts.items() for act in acts]


def drawn(seed: int, strangers: tuple[int, ...]) -> Plot:
    """The history of a seed."""
    chance = Random(seed)
    names = ("alice", "bob", "carol", "dave")[: chance.randint(1, 4)]
    emails = tuple(f"{name}@example.com" for name in names)
    settings = {"UNREADABLE_AFTER": str(chance.randint(2, 3))}
    begins_well = chance.random() < 0.8
    if not begins_well or chance.random() < 0.5:  # whom nobody has listed yet is not there to be judged by
        settings["ACCOUNTS"] = ",".join(emails)
    plot = Plot(seed, chance.choice(((ANN,), (GROUP,), (ANN, GROUP))), settings, emails, begins_well)
    length = chance.uniform(6, 10)
    plot.turns = [turns_of(email, length, chance) for email in emails]
    for room, most in MOST.items():
        plot.acts[room] = acts_in(room, chance.randint(0, most), length, emails, chance)
    if not any(plot.acts.values()):
        plot.acts[TELEGRAM] = acts_in(TELEGRAM, 1, length, emails, chance)
    asked = ((chat, text) for chat in (*strangers, plot.chats[0]) for text in QUESTIONS)
    plot.questions = [
        Question(chance.uniform(0.3, 2), *one) for one in chance.sample(list(asked), chance.randint(1, 4))
    ]
    plot.board = chance.random() < 0.5
    if plot.begins_well and plot.chats == (ANN, GROUP) and chance.random() < 0.4:
        plot.muted = ANN
    return plot


def turns_of(email: str, length: float, chance: Random) -> list[Turn]:
    """An account's life: mostly credits that come and go, now and then its plan."""
    turns, left = [], length
    while left > 0:
        wait = chance.choice((0.4, 1.0, 2.5, 4.0)) * chance.uniform(0.7, 1.3)
        left -= wait
        if chance.random() < 0.2:
            turns.append(Turn(wait, email, plan=chance.choice(PLANS)))
        else:
            turns.append(Turn(wait, email, monthly=chance.choice(CREDITS)))
    return turns


def acts_in(room: str, count: int, length: float, emails: tuple[str, ...], chance: Random) -> list[Act]:
    """So many troubles of one room, spread over the history."""
    names = sorted(ROOMS[room].troubles)
    acts = []
    for _ in range(count):
        email = chance.choice((None, *emails)) if room == PIXVERSE else None
        number = (
            float(chance.choice(JUMPS))
            if room == CLOCK
            else float(chance.randint(0, 5)) / (5 if room == PIXVERSE else 1)
        )
        wait = chance.uniform(0, length / count / 2)
        acts.append(Act(wait, chance.choice(names), chance.uniform(0.5, 3.5), email, number))
    return acts
