"""The comparison's judge, on chats made up for it; and that its tables leave nothing out."""

import pytest

from bench.peers.contenders import CONTENDERS
from bench.peers.cost import Cost
from bench.peers.faults import FAULTS
from bench.peers.judge import Event, News, Said, Told, Verdict, judge
from bench.peers.report import cost_table, faults_table
from bench.peers.watching import Memory

ALICE, BOB = "alice@example.com", "bob@example.com"
LOW, ENOUGH = Event(News.LOW, 100, ALICE), Event(News.ENOUGH, 200, ALICE)
SCRIPT = [Said(105, f"⚠️ {ALICE}: only 180 credits left"), Said(202, f"✅ {ALICE}: 15000 credits again")]
BOT = [
    Said(90, "⚪ credit-bot watches 2 accounts for this chat"),
    Said(105, f"🔴 {ALICE}: 180 credits left (1.2 %)\nCritical: below your 3,000 line."),
    Said(202, f"🟢 {ALICE}: 15,000 credits again (100 %)\nTopped up. It was low for 2 min, at worst 180."),
]


@pytest.mark.parametrize("said", [SCRIPT, BOT])
def test_both_ways_to_say_it_are_judged_alike(said: list[Said]) -> None:
    """The judge hears news in the scripts' words and in the bot's, and counts a greeting as none."""
    verdict = judge(News.LOW, [LOW, ENOUGH], said)
    assert verdict.trouble == Told(of=1, told=1, after=5, times=1)
    assert verdict.end == Told(of=1, told=1, after=2, times=1)
    assert (verdict.false_alarms, verdict.late, verdict.messages) == (0, False, len(said))
    assert verdict.well()


def test_nothing_said_is_nothing_told() -> None:
    """A silent chat is no good watcher's, and has no time."""
    verdict = judge(News.LOW, [LOW, ENOUGH], [])
    assert verdict.trouble == verdict.end == Told(of=1, told=0, after=None, times=0)
    assert not verdict.well()


def test_what_is_told_again_counts() -> None:
    """The first message gives the time, all together the times; as often as is allowed is well, more is not."""
    verdict = judge(News.LOW, [LOW, ENOUGH], [SCRIPT[0], Said(110, SCRIPT[0].text), SCRIPT[1]])
    assert verdict.trouble == Told(of=1, told=1, after=5, times=2)
    assert not verdict.well()
    assert verdict.well(at_most=2)


def test_an_alarm_before_anything_is_low_or_about_another_account_is_false() -> None:
    """Unknown is not zero: what says low before it is, or of whom it never is, is counted, and is never news."""
    false = [Said(95, SCRIPT[0].text), Said(150, f"⚠️ {BOB}: only 0 credits left")]
    verdict = judge(News.LOW, [LOW, ENOUGH], [*false, *SCRIPT])
    assert verdict.false_alarms == 2
    assert verdict.trouble == Told(of=1, told=1, after=5, times=1)
    assert not verdict.well()


def test_one_message_may_tell_of_many() -> None:
    """Accounts that share a message are each told by it; the one that is left out is missed."""
    carol = "carol@example.com"
    events = [LOW, Event(News.LOW, 101, BOB), Event(News.LOW, 102, carol)]
    said = [Said(106, f"🔴 2 accounts are low on credits\nbelow 3,000: {ALICE} (180), {BOB} (180)")]
    assert judge(News.LOW, events, said).trouble == Told(of=3, told=2, after=6, times=1)
    said.append(Said(160, f"⚠️ {carol}: only 180 credits left"))
    assert judge(News.LOW, events, said).trouble == Told(of=3, told=3, after=58, times=1)


def test_one_message_may_tell_both_that_it_was_low_and_that_it_is_over() -> None:
    """What a recovery overtook is told by the recovery's message, if that says so, and it says that it is late."""
    text = f"🟢 {ALICE}: 15,000 credits again (100 %) · delayed 2 min\nNot told in time: 180 credits left (1.2 %)."
    verdict = judge(News.LOW, [LOW, ENOUGH], [Said(230, text)])
    assert (verdict.trouble.after, verdict.end.after, verdict.late) == (130, 30, True)
    assert verdict.well()
    assert not judge(News.LOW, [LOW, ENOUGH], SCRIPT[1:]).well(), "a recovery alone does not tell that it was low"


def test_a_refused_token_is_told_of_everybody() -> None:
    """Blindness concerns no account; its end is heard apart from it."""
    events = [Event(News.BLIND, 10), Event(News.SEEING, 50)]
    said = [
        Said(12, "🔴 useapi.net refuses the API token\nCritical: none of the 2 accounts is watched."),
        Said(55, "🟢 useapi.net can be read again\nIt could not be read for 40 s."),
    ]
    verdict = judge(News.BLIND, events, said)
    assert (verdict.trouble, verdict.end) == (Told(1, 1, 2, 1), Told(1, 1, 5, 1))
    assert verdict.well()


def test_there_are_ten_faults_and_each_is_in_the_table_for_everybody() -> None:
    """Neither a fault nor a contender is left out, and what went well is added up."""
    assert len({fault.name for fault in FAULTS}) == 10
    well = Verdict(Told(1, 1, 5, 1), Told(1, 1, 2, 1), 0, late=False, messages=2)
    missed = Verdict(Told(1, 0, None, 0), Told(1, 0, None, 0), 1, late=False, messages=1)
    processor = {(fault.name, kind.name): well for fault in FAULTS for kind in CONTENDERS}
    processor[FAULTS[0].name, CONTENDERS[0].name] = missed
    lines = faults_table(FAULTS, CONTENDERS, processor).splitlines()
    assert lines[0].count("|") == 3 + len(CONTENDERS)
    assert [fault.happens in line for fault, line in zip(FAULTS, lines[2:], strict=False)] == [True] * 10
    assert "✗ never told, 1 false alarm, recovery never |" in lines[2]
    assert "✓ told after 5 s, recovery after 2 s |" in lines[3]
    assert lines[-1].endswith("| **9 of 10** | **10 of 10** | **10 of 10** |")


def test_costs_are_shown_beside_the_floor() -> None:
    """Each is a multiple of the floor; a program that runs for a moment holds nothing between its runs."""
    costs = {"floor": Cost(2.0, Memory(30, 30), 400), "cron": Cost(50.0, Memory(0, 12), 400)}
    lines = cost_table(CONTENDERS[:1], costs).splitlines()
    assert lines[2].endswith("| 2.00 s | 30 MiB | 30 MiB |  |")
    assert "| 50.00 s (×25) | 0 MiB | 12 MiB, for a moment |" in lines[3]
