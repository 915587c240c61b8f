"""The ten faults, once for all contenders: what happens, and what a good watcher does then."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bench.peers.judge import News
from bench.peers.scene import PATIENCE, USEAPI_TOKEN, Scene
from bench.peers.watching import GROUP
from bot.simulator.pixverse import Fault as Answer
from bot.simulator.telegram.service import server_error

ALICE, BOB = "alice@example.com", "bob@example.com"
FLEET = tuple(f"account-{number:02}@example.com" for number in range(1, 25))
SUPERGROUP = -1009
PROXY_PAGE = "<html><body><h1>Welcome to this network</h1></body></html>"
AROUND = (2_990, 3_010, 2_970, 3_040, 2_995)
"""Credits just below and just above the threshold of 3,000; below at the end, so that the recovery is news to all."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that happens to everybody who watches."""

    name: str
    happens: str
    good: str
    """What a good watcher does."""
    play: Callable[[Scene], Awaitable[None]]
    """Lets it happen; from the beginning, with all accounts full and looked at, to the end, with all full again."""
    news: News = News.LOW
    at_most: int = 1
    """How often a good watcher may tell the same."""
    accounts: tuple[str, ...] = (ALICE, BOB)


async def away(scene: Scene) -> None:
    """Telegram answers 502 to everything for six intervals, from the moment at which the alert is due."""
    scene.telegram.fail(server_error(502), TELEGRAM, times=None)
    scene.low(ALICE)
    await scene.intervals(6)
    scene.telegram.heal()
    await end(scene)


async def over_before_it_is_told(scene: Scene) -> None:
    """The same, and the account is full again before Telegram is back."""
    scene.telegram.fail(server_error(502), TELEGRAM, times=None)
    scene.low(ALICE)
    await scene.intervals(4)
    scene.recover(ALICE)
    await scene.intervals(2)
    scene.telegram.heal()
    await scene.told()


async def storm(scene: Scene) -> None:
    """A whole fleet falls at once, more than a group may get messages in a minute."""
    scene.low(*FLEET)
    await scene.told(2 * PATIENCE)
    scene.recover(*FLEET)
    await scene.told(2 * PATIENCE)


async def lost_answer(scene: Scene) -> None:
    """Telegram takes the alert, and the connection breaks before it says so."""
    scene.telegram.lose_answers(1)
    scene.low(ALICE)
    await end(scene)


async def bad_answers(scene: Scene) -> None:
    """Three looks at the account fail, each in another way, just when it gets low."""
    scene.low(ALICE)
    for answer in (Answer(500, times=1), Answer(body=PROXY_PAGE, times=1), Answer(hang=True, times=1)):
        scene.pixverse.fail(answer, ALICE)
        await scene.looked(ALICE)
    await end(scene)


async def no_number(scene: Scene) -> None:
    """The monthly credits are null in one answer and missing in another; later the account does get low."""
    account = scene.pixverse.accounts[ALICE]
    for overrides, omit in (({"credit_monthly": None}, set[str]()), ({}, {"credit_monthly"})):
        account.overrides, account.omit = dict(overrides), omit
        await scene.looked(ALICE)
        account.overrides, account.omit = {}, set()
        await scene.looked(ALICE)
    await scene.intervals(2)
    scene.low(ALICE)
    await end(scene)


async def refused(scene: Scene) -> None:
    """useapi.net refuses the token for a while, so that nothing is watched."""
    scene.pixverse.token = "another"
    scene.happened(News.BLIND)
    await scene.told(PATIENCE / 2)
    scene.pixverse.token = USEAPI_TOKEN
    scene.happened(News.SEEING)
    await scene.told(PATIENCE / 2)


async def killed(scene: Scene) -> None:
    """Kill -9 while it is telling, before Telegram has taken the message; and once more after it was told."""
    scene.telegram.hang(1)
    scene.low(ALICE)
    await scene.sending()
    scene.kill()
    await scene.intervals(2)
    await scene.start()
    await scene.told()
    scene.kill()
    await scene.intervals(2)
    await scene.start()
    await scene.looked(ALICE)
    await scene.intervals(2)
    await end(scene)


async def migrated(scene: Scene) -> None:
    """The group becomes a supergroup, which has another id; Telegram says so in its answer to the alert."""
    scene.telegram.migrate(GROUP, SUPERGROUP, announce=True)
    scene.low(ALICE)
    await end(scene)


async def hovering(scene: Scene) -> None:
    """The credits go to and fro around the threshold."""
    scene.low(ALICE, credits=AROUND[0])
    for credits in AROUND[1:]:
        await scene.looked(ALICE)
        scene.pixverse.accounts[ALICE].monthly = credits
    await scene.looked(ALICE)
    await end(scene)


async def end(scene: Scene) -> None:
    """Time for what was not told yet, then the recovery, and time for that."""
    await scene.told()
    scene.recover(ALICE)
    await scene.told()


TELEGRAM = frozenset({"sendMessage", "getUpdates", "getMe", "editMessageText"})
"""What is refused where Telegram is away: everything that a watcher may ask there."""

FAULTS = (
    Fault("away", "Telegram answers 502 for 30 s when the alert is due", "tells it when Telegram is back", away),
    Fault(
        "over",
        "the account is low and full again while Telegram is away",
        "tells both afterwards",
        over_before_it_is_told,
    ),
    Fault(
        "storm",
        "24 accounts fall at once; a group gets 20 messages a minute (429)",
        "names each once",
        storm,
        accounts=FLEET,
    ),
    Fault(
        "lost",
        "Telegram takes the alert, its answer is lost",
        "tells it again, once, for it cannot know",
        lost_answer,
        at_most=2,
    ),
    Fault(
        "answers",
        "useapi.net answers 500, then a proxy's page, then not at all; then that it is low",
        "tells it",
        bad_answers,
    ),
    Fault("unknown", "the credits are `null`, then missing; later truly low", "calls no unknown a zero", no_number),
    Fault(
        "token",
        "useapi.net refuses the token (401)",
        "tells that nobody is watched",
        refused,
        news=News.BLIND,
    ),
    Fault("killed", "kill -9 before Telegram took the alert, and again after that", "tells it once", killed),
    Fault("moved", "the group becomes a supergroup, with another id", "tells it there", migrated),
    Fault("hovering", "the credits waver around the threshold", "tells it once", hovering),
)
