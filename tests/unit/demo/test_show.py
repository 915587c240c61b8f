"""The demo: its time, its story, its looks and its keyboard; test_process.py starts the whole of it."""

import asyncio
import io
import logging
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

import pytest

from bot.demo import keyboard
from bot.demo.chats import KIM, NORA, Said, settle
from bot.demo.clock import SPEEDS, USUAL, LeapingClock
from bot.demo.film import LAPSES_AFTER, Film
from bot.demo.run import log_shown
from bot.demo.script import SCRIPT, afterlife, cast
from bot.demo.terminal import KEYS, Terminal
from bot.demo.terminal_text import BOLD, PLAIN, WIDTH, bot_bubble, button_lines, columns, kim_bubble, lines_of
from bot.demo.world import ESCALATE_AFTER, Stage, UnknownName
from bot.domain.durations import parse_duration
from bot.simulator.telegram.model import Edit, SimulatedMessage

NINE = datetime(2026, 7, 20, 9, 0, tzinfo=UTC)


def test_time_runs_as_the_real_one_and_leaps_when_told() -> None:
    """Between leaps a second is a second, so nothing that is under way looks late."""
    real = 100.0
    clock = LeapingClock(NINE, lambda: real)
    real += 2
    assert clock() == NINE + timedelta(seconds=2)
    clock.leap(0.5)
    assert clock() == NINE + timedelta(seconds=2, minutes=clock.minutes_a_second * 0.5)


class Lines:
    """A front that keeps the lines of the bot's log."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def warned(self, level: str, text: str) -> None:
        """Keeps one."""
        self.lines.append(text)


def test_what_a_library_hands_to_the_bot_is_not_shown_too() -> None:
    """A stop ends work under way, which the scheduler's own log calls an exception of the job."""
    front = Lines()
    with log_shown(front):  # type: ignore[arg-type]
        logging.getLogger("apscheduler.executors.default").error("Job raised an exception")
        logging.getLogger("bot.outbox.dispatcher").warning("Chat 111 takes no messages")
    assert front.lines == ["Chat 111 takes no messages"]


def test_time_goes_faster_and_slower_within_bounds() -> None:
    """No gear leaps so far that the bot would take it for a pause in its watch: three intervals of 15 minutes."""
    clock = LeapingClock(NINE)
    assert [clock.shift(1) for _ in range(9)][-1] == SPEEDS[-1]
    assert [clock.shift(-1) for _ in range(9)][-1] == SPEEDS[0]
    assert max(SPEEDS) * 0.5 * 2 < 45
    clock.choose(SPEEDS[0])
    assert clock.minutes_a_second == SPEEDS[0]
    with pytest.raises(ValueError, match="not in tuple"):
        clock.choose(7)


def test_the_script_shows_everything_within_a_minute() -> None:
    """Low credits within ten seconds, then a plan about to end, /credits, an unreadable account and a recovery."""
    done: list[tuple[float, str, tuple[object, ...]]] = []

    class Noted:
        at = 0.0

        def __getattr__(self, verb: str) -> Any:
            return lambda *words: done.append((self.at, verb, words))

    world: Any = Noted()
    for scene in SCRIPT:
        world.at = scene.at
        scene.act(world)
    at = {(verb, *words[:1]): moment for moment, verb, words in reversed(done)}
    assert at["spend", "Studio"] < 6
    wanted = [("cancel", "Ads"), ("say", "/credits"), ("break_session", "Loop"), ("mend_session", "Loop")]
    assert all(at[what] < 50 for what in wanted)
    assert [scene.at for scene in SCRIPT] == sorted(scene.at for scene in SCRIPT)


def test_the_script_leaves_time_for_what_nobody_acknowledges() -> None:
    """Kim acknowledges what happens to Studio in time; of Main nobody does until Nora is told, and then it recovers."""
    at = {scene.words: scene.at for scene in SCRIPT}
    waits = parse_duration(ESCALATE_AFTER) / timedelta(minutes=SPEEDS[USUAL])
    out, acked = at["The next batch uses up what Studio had left."], at["Kim has seen it, and wants no reminders."]
    assert out < acked < out + waits
    out, told = (
        at["… and a second one takes the rest."],
        at["After two hours the bot has told Nora too, who is on call."],
    )
    over = at["Main gets its monthly credits: the good news answers each alert."]
    assert out + waits + 2 < told < over
    main = next(one for one in cast(NINE) if one.name == "Main")
    assert main.account.monthly < 10_500 + 9_999


def test_the_cast_begins_calm() -> None:
    """Only what the script does is told: nobody is low from the beginning, and names and emails differ."""
    members = cast(NINE)
    assert all(one.account.monthly > 0.25 * one.plan.allowance for one in members)
    assert len({one.account.email for one in members}) == len({one.name for one in members}) == len(members)


async def test_after_the_script_every_trouble_is_followed_by_its_mend() -> None:
    """The demo lives on for as long as one likes, calmly, the same each time, and nothing stays broken."""
    stage = Stage(NINE)
    stage.members = {member.name: member for member in cast(NINE)}
    for member in stage.members.values():
        stage.pixverse.add(member.account, member.life)
    scenes = list(islice(afterlife(list(stage.members)), 200))
    assert [scene.words for scene in scenes] == [scene.words for scene in islice(afterlife(list(stage.members)), 200)]
    assert min(scene.at for scene in scenes) > 10
    for scene in scenes:
        scene.act(stage)
    assert all(member.account.cancelled_at is None for member in stage.members.values())
    assert not stage.pixverse._faults


def message(text: str, **content: Any) -> SimulatedMessage:
    """A message of the bot."""
    return SimulatedMessage(KIM, 1, text, NINE, 0.0, **content)


@pytest.mark.parametrize(
    "text", ["word " * 60, "x" * 200, "🟠 " * 80, "Ünï 日本語 " * 30, "", "a\n\n\nb", "\x1b[2J\x07evil", "é" * 99]
)
def test_no_line_is_wider_than_a_phone(text: str) -> None:
    """Whatever a name holds: wrapped at 60 columns, wide characters counted as two, and no control of the terminal."""
    lines = bot_bubble(message(text), colour=False).splitlines()
    assert all(columns(line) <= 60 for line in lines)
    assert "\x1b" not in "".join(lines)
    kept = "".join("".join(lines[1:]).replace("│", "").split())
    assert kept == "".join(text.replace("\x1b", "").replace("\x07", "").split())


def test_bold_is_bold_on_a_terminal_only() -> None:
    """Entities count in UTF-16 units, so an emoji before them counts twice; without a terminal there are no codes."""
    bold = [{"type": "bold", "offset": 3, "length": 6}]
    assert lines_of("🔴 Studio: low", bold, colour=True) == [f"🔴 {BOLD}Studio{PLAIN}: low"]
    assert lines_of("🔴 Studio: low", bold, colour=False) == ["🔴 Studio: low"]


def test_a_bubble_says_when_how_and_with_which_buttons() -> None:
    """Ringing, silent, edited and deleted messages can be told apart, and buttons have numbers."""
    buttons = [[("Ack", "ack:1"), ("Snooze 1 h", "snooze1h:1")], [("Credits", "credits:1")]]
    rings = bot_bubble(message("Hello", buttons=buttons), colour=False)
    assert rings.splitlines()[0] == "09:00  Credit bot  🔔 rings"
    assert rings.splitlines()[-2:] == ["│ [1 Ack] [2 Snooze 1 h]", "│ [3 Credits]"]
    assert "🔕" in bot_bubble(message("Hello", silent=True), colour=False)
    edited = message("Hello", edits=[Edit("Hello", [], NINE + timedelta(minutes=5))])
    assert bot_bubble(edited, colour=False).startswith("09:05  Credit bot  ✎ edited")
    assert "Hello" not in bot_bubble(message("Hello", deleted=True), colour=False)
    answers = bot_bubble(message("Well again"), message("Out of credits\nof many"), colour=False)
    assert answers.splitlines()[1:] == ["│ ↩ Out of credits", "│ Well again"]
    elsewhere = bot_bubble(message("Hello", buttons=buttons), colour=False, to="Nora")
    assert elsewhere.splitlines() == ["09:00  Credit bot, to Nora  🔔 rings", "│ Hello"]
    assert all(len(line) <= WIDTH for line in button_lines([[("A long label of a button", "x")] * 5]))
    assert kim_bubble("/credits", "09:00", colour=False).endswith("│ /credits")


def test_the_line_under_way() -> None:
    """Letters, rubbing out and clearing work as everywhere; keys that only move are left out."""
    line = keyboard.Line()
    assert line.feed("/crex\x7fdits\r\nbreak lo") == ["/credits"]
    assert line.feed("\x1b[A\x1b[3~\x17") == []
    assert line.text == "break"
    assert line.feed("\x15away\nback\n") == ["away", "back"]


@dataclass
class Told:
    """A view that only remembers."""

    words: list[str] = field(default_factory=list)

    def bot_said(self, message: SimulatedMessage) -> None:
        self.words.append(message.text)

    def person_said(self, said: Said) -> None:
        self.words.append(said.text)

    def noticed(self, text: str) -> None:
        self.words.append(text)

    def narrated(self, words: str) -> None:
        self.words.append(words)


@pytest.fixture
def terminal() -> Terminal:
    """A terminal that writes into memory, over a stage whose services do not run."""
    stage = Stage(NINE)
    stage.members = {member.name: member for member in cast(NINE)}
    for member in stage.members.values():
        stage.pixverse.add(member.account, member.life)
    settle(stage.telegram)
    terminal = Terminal(stage, asyncio.Event(), io.StringIO())
    stage.views.append(terminal)
    return terminal


def written(terminal: Terminal) -> str:
    """What stands on the terminal."""
    out: Any = terminal._out
    return str(out.getvalue())


def is_away(stage: Stage) -> bool:
    """Whether Telegram answers nobody."""
    return stage.telegram.away


async def test_keys_change_the_world(terminal: Terminal) -> None:
    """Each key does what help says, to an account by the beginning of its name."""
    stage = terminal.stage
    for line in ("spend stu 1,000", "buy Ads 500", "break loop", "cancel north", "away", "slower"):
        terminal.obey(line)
    assert stage.account("Studio").monthly == 3_150
    assert stage.account("Ads").package == 500
    assert stage.account("North").cancelled_at
    assert is_away(stage)
    assert "A second is now 5 minutes." in written(terminal)
    for line in ("back", "mend loop", "renew north", "refill stu", "faster", "quit"):
        terminal.obey(line)
    assert not is_away(stage)
    assert stage.account("North").cancelled_at is None
    assert stage.account("Studio").monthly == 15_000
    assert terminal.stop.is_set()


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("spend", "Like this: spend NAME 3000"),
        ("spend studio many", "Like this: spend NAME 3000"),
        ("break nobody", "One of: Studio, Ads, Main, Loop, North"),
        ("break", "Like this: break NAME"),
        ("tap x", "Like this: tap 1"),
        ("7", "There is no button yet."),
        ("help", "away"),
        ("?", "spend NAME 3000"),
    ],
)
async def test_wrong_keys_get_an_example_that_works(terminal: Terminal, line: str, words: str) -> None:
    """Nothing that is typed ends the demo, or goes unanswered."""
    terminal.obey(line)
    assert words in written(terminal)
    assert not terminal.stop.is_set()


async def test_what_goes_to_whoever_is_on_call_is_shown_once(terminal: Terminal) -> None:
    """As it comes, with whom it went to; its buttons are not Kim's, and an edit of it is not shown."""
    there = SimulatedMessage(NORA, 5, "Escalated", NINE, 0.0, buttons=[[("Ack", "ack:1")]])
    terminal.bot_said(there)
    terminal.bot_said(replace(there, text="Over", edits=[Edit("Escalated", [], NINE)]))
    assert written(terminal).count("to Nora") == 1
    assert "Over" not in written(terminal)
    terminal.obey("1")
    assert "There is no button yet." in written(terminal)


async def test_a_number_taps_and_the_rest_is_said(terminal: Terminal) -> None:
    """A number is a button of the last message that has some; what is no key goes into the chat."""
    terminal.bot_said(message("Hello", buttons=[[("Ack", "ack:1"), ("Credits", "credits:1")]]))
    terminal.obey("2")
    terminal.obey("9")
    terminal.obey("/credits studio")
    terminal.obey("")
    updates = terminal.stage.telegram.pending_updates
    assert updates[0]["callback_query"]["data"] == "credits:1"
    assert updates[1]["message"]["text"] == "/credits studio"
    assert len(updates) == 2
    assert "There is no button 9." in written(terminal)


async def test_an_output_that_nobody_reads_ends_the_demo(terminal: Terminal) -> None:
    """`credit-bot demo | head` must not go on for ever."""
    out: Any = terminal._out
    out.close()
    terminal.remark("Hello")
    assert terminal.stop.is_set()


def test_every_key_has_an_example_of_itself() -> None:
    """The example of a key begins with the key."""
    assert all(key.usage.split()[0] == name for name, key in KEYS.items())


async def test_unknown_names_are_answered_with_the_known() -> None:
    """Two that fit are as wrong as none."""
    stage = Stage(NINE)
    stage.members = {member.name: member for member in cast(NINE)}
    with pytest.raises(UnknownName, match="Studio, Ads"):
        stage.account("")


async def test_a_notice_after_a_tap_is_shown_once() -> None:
    """What Telegram would pop up must not get lost, nor come twice."""
    from bot.simulator.telegram.world import CallbackAnswer

    stage, told = Stage(NINE), Told()
    stage.views.append(told)
    stage.telegram.callback_answers.append(CallbackAnswer("1", "This alert is over", show_alert=False))
    stage._show_notices()
    stage._show_notices()
    assert told.words == ["This alert is over"]


def test_the_lot_of_kling_lapses_and_the_bought_one_stays() -> None:
    """Two credits an hour go, from the lot that ends first; useapi.net's page shows hundredths of them."""
    film = Film(NINE)
    film.advance(NINE + timedelta(hours=10))
    assert film.words == "540 lapse Wed 22 Jul, 150 bought"
    assert film.sister.page["balance"]["total"] == 69_000
    film.advance(NINE + LAPSES_AFTER)
    assert film.words == "150 bought"
    film.advance(NINE)
    assert film.credits == 150
    film.spend(9_999)
    assert (film.credits, film.words) == (0, "nothing is left")
