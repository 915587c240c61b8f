"""The oracle itself: what it accepts, and what it calls a miss, on a history that anyone can follow."""

from dataclasses import replace
from math import inf

import pytest

from verification.oracle import Answer, Asked, Hurdle, Message, Plan, Rules, Told, Truth, Wish, judge
from verification.oracle.silences import acks

EVERY, DAY = 600.0, 86400.0
LOW = "🔵 Ada: 1,500 credits left (15 %)\nInfo: below your 20 % line."
OUT = "🔴 Ada: out of credits\nCritical: nothing left of 10,000."
STILL = "🔴 Ada: still out of credits\nCritical: low since 12:00."
WELL = "🟢 Ada: 9,000 credits again (90 %)\nTopped up."
LATE = WELL + "\nNot told in time: 1,500 credits left (15 %) at 12:00."


def world(*credits: int) -> Truth:
    """One account, looked at each ten minutes, with so many credits."""
    truth = Truth(
        {"ada": "Ada"}, ("1",), EVERY, [(0, Rules(("20%", "5%", "0"), remind_every=DAY))], [(0, float("inf"))]
    )
    truth.answers = [
        Answer(1 + look * EVERY, "ada", monthly=left, allowance=10_000) for look, left in enumerate(credits)
    ]
    truth.ended_at = len(credits) * EVERY
    return truth


def low() -> Truth:
    """Low from the second look on, well again at the fifth."""
    return world(9000, 1500, 1500, 1500, 9000, 9000)


def told(*messages: tuple[float, str], chat: str = "1") -> Told:
    """What the chat shows."""
    return Told([Message(chat, at, text, id=number) for number, (at, text) in enumerate(messages)])


def test_what_is_told_once_and_in_time_is_no_miss() -> None:
    """An episode that is told, and its recovery, are all that is asked for."""
    assert judge(low(), told((603, LOW), (2403, WELL))) == []


@pytest.mark.parametrize(
    ("messages", "what"),
    [
        ([], "due since 601"),
        ([(603, LOW)], "due since 2401"),
        ([(2403, WELL)], "due since 601"),
        ([(603, LOW), (605, LOW), (2403, WELL)], "told without a reason"),
        ([(603, LOW), (2403, WELL), (2405, WELL)], "told without a reason"),
        ([(2, LOW), (2403, WELL)], "told without a reason"),
        ([(603, OUT), (2403, WELL)], "told without a reason"),
        ([(603, LOW.replace("1,500", "0")), (2403, WELL)], "told without a reason"),
        ([(603, LOW), (1800, STILL), (2403, WELL)], "told without a reason"),
        ([(603, LOW), (2403, LATE)], "told without a reason"),
        ([(603, LOW), (700, LOW.replace("Ada", "Bob")), (2403, WELL)], "nobody is called"),
        ([(603, LOW), (700, "Hello"), (2403, WELL)], "nobody can make sense"),
    ],
)
def test_what_is_not_as_it_was_is_a_miss(messages: list[tuple[float, str]], what: str) -> None:
    """Lost, told twice, told too early, with another rung or number, reminded too early, or of nobody: each is seen."""
    misses = judge(low(), told(*messages))
    assert misses
    assert misses[0].what.startswith(what)


def test_a_lost_answer_excuses_one_repeat_and_no_second() -> None:
    """At most one repeat for each send that may not have arrived."""
    lost = Message("1", 603, LOW, id=1, lost=True)
    rest = told((2403, WELL)).messages
    assert judge(low(), Told([lost, Message("1", 605, LOW, id=2), *rest])) == []
    third = [Message("1", 605, LOW, id=2), Message("1", 607, LOW, id=3)]
    assert judge(low(), Told([lost, *third, *rest]))


def test_what_telegram_did_not_take_may_be_told_late_and_in_one() -> None:
    """Fired and resolved while Telegram is away is told as one message that tells both, and not without cause."""
    truth = low()
    truth.hurdles.append(Hurdle((500, 2500)))
    assert judge(truth, told((2510, LATE))) == []
    assert judge(low(), told((2510, LATE)))


def test_a_silence_withholds_and_its_end_tells() -> None:
    """What a mute withheld is told when it ends, and nothing before."""
    truth = low()
    truth.wishes.append(Wish(100, "mute", until=1500))
    assert judge(truth, told((1504, LOW), (2403, WELL))) == []
    assert judge(truth, told((603, LOW), (2403, WELL)))


def test_strangers_and_other_chats_hear_nothing() -> None:
    """A chat that is not allowed, or not told of an account, hears nothing of it."""
    right = told((603, LOW), (2403, WELL)).messages
    stranger = Message("666", 604, LOW, id=9)
    assert "stranger" in judge(low(), Told([*right, stranger]))[0].what
    truth = low()
    truth.chats, truth.told_of = ("1", "2"), {"ada": ("1",)}
    assert judge(truth, Told([*right, replace(stranger, chat="2")]))


def test_an_account_that_is_not_looked_at_is_a_miss() -> None:
    """A bot that looks at nobody has nothing to tell, and is no good."""
    truth = low()
    del truth.answers[2:4]
    assert any("not looked at" in miss.what for miss in judge(truth, told((603, LOW), (2403, WELL))))


GO_ON = "⚪ Checks of Ada go on."
PAUSED = "⚪ Ann paused the checks of Ada until today 12:00."


def paused() -> Truth:
    """Low from the second look on; from the third on nobody looks for half an hour, and then it is well."""
    truth = low()
    truth.wishes.append(Wish(1210, "pause", "ada", until=3010, made_in="2"))
    rest = [replace(one, at=one.at - 600 * 3 + 1809, begun=one.at - 600 * 3 + 1808) for one in truth.answers[4:5]]
    truth.answers = [*truth.answers[:3], *[replace(one, at=3012, begun=3011) for one in rest]]
    truth.answers.append(replace(truth.answers[-1], at=3602, begun=3601))
    truth.ended_at = 3700
    return truth


def test_nobody_looks_at_who_is_paused_and_both_ends_are_told() -> None:
    """A pause is told in the other chat, and its end in both; nothing is told of the account meanwhile."""
    right = [(603, LOW), (1212, PAUSED), (3013, GO_ON), (3015, WELL)]
    quiet = [replace(one, silent="⚪" in one.text) for one in told(*right).messages]
    assert judge(paused(), Told(quiet)) == []
    for left_out in (1, 2):
        rest = [one for number, one in enumerate(quiet) if number != left_out]
        assert any("that was not told" in miss.what for miss in judge(paused(), Told(rest)))
    rings = [replace(one, silent=False) for one in quiet]
    assert any("rings" in miss.what for miss in judge(paused(), Told(rings)))
    twice = [*quiet, replace(quiet[1], at=2000, id=9)]
    assert any("and it is not" in miss.what for miss in judge(paused(), Told(twice)))


def test_a_look_in_a_pause_is_a_miss_and_so_is_one_that_is_missing_after_it() -> None:
    """Whoever works there is logged out; and when the pause is over, the account is looked at at once."""
    truth = paused()
    truth.answers.append(replace(truth.answers[2], at=2000, begun=1999))
    assert any("looked at while it is paused" in miss.what for miss in judge(truth, told()))
    truth = paused()
    del truth.answers[3]
    assert any("when its pause was over" in miss.what for miss in judge(truth, told()))


def test_with_everyone_paused_nobody_is_missed() -> None:
    """A start after hours in which all were paused tells of no time in which nobody was watching."""
    truth = paused()
    truth.wishes = [replace(truth.wishes[0], account=None, until=9000)]
    truth.answers, truth.ended_at = truth.answers[:3], 9000
    truth.up = [(0, 2000), (8000, float("inf"))]
    missed = "⚪ Nobody was watching from 00:20 to 02:13\nNo checks ran."
    assert any("there was not" in miss.what for miss in judge(truth, told((8010, missed))))


@pytest.mark.parametrize("renews", [False, True])
def test_the_end_of_a_plan_is_told_in_a_pause(renews: bool) -> None:
    """It is known: each line of the ladder is due at its time; that one which renews by itself has, is not known."""
    truth = paused()
    truth.rules = [(0, Rules(plan_ends_within=(1200.0,)))]
    truth.answers = [replace(one, plan=Plan(3000, renews=renews)) for one in truth.answers]
    heard = told((1802, "🔴 Ada: plan ends in 20 min\nSo."), (3005, "🔴 Ada: plan ended today\nSo.")).messages
    if renews:
        truth.answers[3:] = [replace(one, plan=Plan(3000 + DAY * 30)) for one in truth.answers[3:]]
        heard = told((1802, "🔵 Ada: plan renews in 20 min\nSo."), (3015, "🟢 Ada: plan renewed until then")).messages
    notes = [Message("1", at, text, True, 50 + at) for at, text in ((1212, PAUSED), (3013, GO_ON))]
    assert judge(truth, Told([*heard, *notes])) == []
    assert judge(truth, Told([*heard[1:], *notes]))


def refusing(until: float, *, sign: bool = False) -> Truth:
    """Low from the second look on, in a chat that refuses from before that until a moment."""
    truth = world(9000, *[1500] * 40)
    truth.hurdles.append(Hurdle((500, until), "1", refuses=True, sign=sign))
    return truth


@pytest.mark.parametrize(
    ("until", "sign", "last"),
    [(2000, False, 75), (3600, False, 75), (9000, True, 25), (9000, False, 915)],
    ids=["for less than an hour", "for almost an hour", "for long, and a sign", "for long, without a sign"],
)
def test_a_chat_that_refused_is_told_soon_after_it_is_well(until: float, sign: bool, last: float) -> None:
    """Within a minute where it refused for less than an hour; later within a minute of its sign of life."""
    assert judge(refusing(until, sign=sign), told((until + last - 1, LOW))) == []
    late = judge(refusing(until, sign=sign), told((until + last + 1, LOW)))
    assert late[0].what.startswith(f"the chat is well since {until:.0f}")


def test_refusals_that_follow_on_each_other_count_as_one() -> None:
    """Three quarters of an hour, and as much again a few seconds later: the bot tries rarely by then."""
    truth = refusing(3000)
    truth.hurdles.append(Hurdle((3030, 6000), "1", refuses=True))
    assert judge(truth, told((6900, LOW))) == []
    truth.hurdles[-1] = Hurdle((3100, 6000), "1", refuses=True)
    assert judge(truth, told((6900, LOW)))


@pytest.mark.parametrize(
    ("text", "fine", "guilty"),
    [
        (
            "🔴 useapi.net refuses the API token\nCritical: its one account is not watched.",
            "unavailable",
            "unauthorized",
        ),
        ("🔴 useapi.net subscription has lapsed\nCritical: its one account is not watched.", "unavailable", "lapsed"),
        ("🟠 Ada: cannot be read\nWarning: unknown account.", "unavailable", "missing"),
        ("🟠 Ada: cannot be read\nWarning: session broken.", "missing", "broken"),
    ],
)
def test_no_message_blames_what_is_not_at_fault(text: str, fine: str, guilty: str) -> None:
    """A token, a subscription, an account, a session: each is named only after an answer that meant it."""
    for outage, blamed in ((fine, True), (guilty, False)):
        truth = low()
        truth.rules = [(0, Rules(unreadable_after=1))]
        truth.answers = [*truth.answers[:1], *[replace(one, outage=outage) for one in truth.answers[1:]]]
        misses = judge(truth, told((603, text)))
        assert any("is blamed, and was fine" in miss.what for miss in misses) is blamed, misses


def test_an_answer_about_any_account_bears_out_what_all_of_them_share() -> None:
    """A greeting names the subscription and some accounts; it had lapsed in the answer about another one."""
    truth = low()
    truth.accounts["bob"] = "Bob"
    truth.answers.append(replace(truth.answers[1], account="bob", outage="lapsed"))
    head = "🔴 credit-bot watches 2 accounts for this chat · 2 alerts now"
    greeting = f"{head}\n🔴 useapi.net subscription has lapsed\n🔴 Ada: out of credits"
    assert not [miss for miss in judge(truth, told((1203, greeting))) if "is blamed" in miss.what]


def test_a_plan_is_not_blamed_that_goes_on() -> None:
    """A plan is over only where an answer said so, and one that renews is never trouble."""
    truth = low()
    truth.answers = [replace(one, plan=Plan(DAY * 20)) for one in truth.answers]
    for text in ("🔴 Ada: plan is gone, now a free account", "🔴 Ada: plan renews in 20 days\nCritical: so."):
        assert any("plan" in miss.what for miss in judge(truth, told((603, text))) if "reason" not in miss.what)
    shut = "🔴 useapi.net refuses the API token\nCritical: 1 of 3 accounts not watched."
    assert any("shuts all" in miss.what for miss in judge(truth, told((603, shut))))


GONE = "🔴 Ada: plan is gone, now a free account\nCritical: no more monthly credits come."
GOES_ON = "🟢 Ada: plan goes on until Mon 20 Apr, 12:00 UTC"


def gone() -> Truth:
    """A plan that is gone from the second look on, of which a mute withholds it; a new one at the fifth."""
    truth = world(9000, 9000, 9000, 9000, 9000, 9000, 9000)
    truth.rules = [(0, Rules(plan_ends_within=(DAY,)))]
    plans = [Plan(DAY * 20), *[Plan(renews=False, free=True)] * 3, *[Plan(DAY * 50)] * 3]
    truth.answers = [replace(one, plan=plan) for one, plan in zip(truth.answers, plans, strict=True)]
    truth.wishes = [Wish(300, "mute", until=1900, chat="1", made_in="1")]
    return truth


def test_a_plan_that_is_gone_is_told_after_a_mute_and_has_no_recovery() -> None:
    """It was over when it was told; the new plan is no news of it."""
    assert judge(gone(), told((1903, GONE))) == []
    assert [miss.what for miss in judge(gone(), told())] == ["due since 1900, and not told: critical None"]
    assert judge(gone(), told((1903, GONE), (2403, GOES_ON)))[0].what.startswith("told without a reason")


def test_a_plan_that_is_gone_is_not_told_once_it_was_acknowledged() -> None:
    """Somebody is at it, and it was over when the mute was."""
    truth = gone()
    truth.wishes.append(Wish(700, "ack", "ada", "plan", until=700 + DAY, made_in="1"))
    assert judge(truth, told()) == []
    assert judge(truth, told((1903, GONE)))[0].what.startswith("told without a reason")


@pytest.mark.parametrize("away", [True, False])
def test_a_plan_that_is_gone_has_a_recovery_while_another_chat_waits_to_be_told(away: bool) -> None:
    """Until each chat has got it the alert fires, and its end is told to all."""
    truth = gone()
    truth.chats, truth.wishes = ("1", "2"), []
    truth.hurdles = [Hurdle((500, 2300), "2")] if away else []
    here, there = told((603, GONE), (2403, GOES_ON)), told((2302 if away else 603, GONE), (2403, GOES_ON), chat="2")
    misses = judge(truth, Told([*here.messages, *[replace(one, id=one.id + 10) for one in there.messages]]))
    assert [miss.what.partition(":")[0] for miss in misses] == ([] if away else ["told without a reason"] * 2)


def gone_for_long() -> Truth:
    """The same, looked at each half an hour and by nobody withheld: gone from 1801 on, a new plan at 5401."""
    truth = gone()
    truth.every, truth.ended_at, truth.wishes = 1800.0, 6100.0, []
    looks = [truth.answers[0], *truth.answers[2:5]]
    truth.answers = [replace(one, at=1 + look * 1800) for look, one in enumerate(looks)]
    return truth


@pytest.mark.parametrize("away", [True, False])
@pytest.mark.parametrize(
    ("joined", "wishes"),
    [
        ({"2": 2600.0}, []),
        ({}, [Wish(300, "mute", until=2600, chat="2", made_in="2")]),
        (
            {},
            [
                Wish(300, "mute", until=1840, chat="2", made_in="2"),
                Wish(1830, "ack", "ada", "plan", made_in="1"),
                Wish(2600, "unack", "ada", "plan", made_in="1"),
            ],
        ),
    ],
    ids=["it joined", "its mute is over", "an ack is taken back"],
)
def test_a_plan_that_is_gone_has_a_recovery_while_a_chat_waits_that_is_told_alone(
    joined: dict[str, float], wishes: list[Wish], away: bool
) -> None:
    """What a chat is told later than the others keeps the alert until Telegram has taken it."""
    truth = gone_for_long()
    truth.chats, truth.joined, truth.wishes = ("1", "2"), joined, wishes
    truth.hurdles = [Hurdle((2590, 3700), "2")] if away else []
    here, there = told((1803, GONE), (5403, GOES_ON)), told((3702 if away else 2602, GONE), (5403, GOES_ON), chat="2")
    misses = judge(truth, Told([*here.messages, *[replace(one, id=one.id + 10) for one in there.messages]]))
    assert [miss.what.partition(":")[0] for miss in misses] == ([] if away else ["told without a reason"] * 2)


def test_a_plan_that_is_gone_does_not_wait_for_a_chat_that_has_not_joined() -> None:
    """A mute withholds it from the only chat that there is, and so it is over."""
    truth = gone_for_long()
    truth.chats, truth.joined = ("1", "2"), {"2": inf}
    truth.wishes = [Wish(300, "mute", until=3700, chat="1", made_in="1")]
    assert judge(truth, told((3703, GONE))) == []
    assert judge(truth, told((3703, GONE), (5403, GOES_ON)))[0].what.startswith("told without a reason")


@pytest.mark.parametrize("away", [True, False])
def test_a_reminder_that_waited_may_be_told_before_something_worse(away: bool) -> None:
    """It is as old as the look that led to it, and so in order; without anything in its way it is told too often."""
    truth = world(9000, 9000, 9000)
    truth.every, truth.ended_at = 1200.0, 3000.0
    truth.rules = [(0, Rules(plan_ends_within=(DAY * 30,), remind_every=1200.0))]
    plans = [*[Plan(DAY * 20, renews=False, cancelled=True)] * 2, Plan(renews=False, free=True)]
    looks = zip(truth.answers, plans, strict=True)
    truth.answers = [replace(one, at=1 + look * 1200, plan=plan) for look, (one, plan) in enumerate(looks)]
    ends = "🔴 Ada: plan ends in 20 days\nCritical: so."
    truth.hurdles = [Hurdle((1100, 2400))] if away else []
    assert bool(judge(truth, told((3, ends), (2402, ends), (2404, GONE)))) is not away


LAPSE = "🔵 Ada: about 6,000 credits lapse on Thu 1 Jan at this pace\nPro ends on Thu 1 Jan. Use them before, or renew."


def cancelled() -> Truth:
    """A plan that ends three and a half days after the first of many looks, each six hours after the last."""
    truth = world(*[9_000] * 20)
    truth.every, truth.ended_at = DAY / 4, DAY * 5
    plan = Plan(DAY * 3.5, renews=False, cancelled=True)
    looks = enumerate(truth.answers)
    truth.answers = [replace(one, at=1 + look * DAY / 4, plan=plan) for look, one in looks]
    return truth


def said_silently(*moments: float, text: str = LAPSE) -> Told:
    """The same at some moments."""
    return Told([Message("1", at, text, silent=True, id=number) for number, at in enumerate(moments)])


def test_credits_that_lapse_may_be_told_within_three_days() -> None:
    """Once, and nobody has to: the oracle cannot know the pace."""
    assert judge(cancelled(), Told()) == []
    assert judge(cancelled(), said_silently(DAY * 0.75 + 5)) == []
    assert judge(cancelled(), said_silently(DAY * 3.2)) == []


def test_credits_that_nobody_spends_have_to_be_told() -> None:
    """For eight days nothing was spent: each chat is told at the first look within three days of the end."""
    truth = world(*[9_000] * 60)
    truth.every, truth.ended_at = DAY / 4, DAY * 15
    plan = Plan(DAY * 13, renews=False, cancelled=True)
    truth.answers = [replace(one, at=1 + look * DAY / 4, plan=plan) for look, one in enumerate(truth.answers)]
    assert [miss.what for miss in judge(truth, Told())] == ["credits lapse, and that was not told"]
    assert judge(truth, said_silently(DAY * 10 + 1_000)) == []
    truth.answers[30] = replace(truth.answers[30], monthly=9_500)
    assert judge(truth, Told()) == []


@pytest.mark.parametrize(
    ("heard", "what"),
    [
        (said_silently(DAY * 0.4), "told that credits lapse, and they do not"),
        (said_silently(DAY * 3.9), "told that credits lapse, and they do not"),
        (said_silently(DAY, DAY * 2), "told more than once that credits lapse"),
        (said_silently(DAY, text=LAPSE.replace("6,000", "600")), "told that credits lapse, and they do not"),
        (said_silently(DAY, text=LAPSE.replace("6,000", "9,900")), "told that credits lapse, and they do not"),
        (told((DAY, LAPSE)), "credits that lapse ring"),
    ],
)
def test_lapses_that_are_not_so_are_misses(heard: Told, what: str) -> None:
    """Too early, after the end, twice, too few to matter, more than there are, or with a sound."""
    assert [miss.what for miss in judge(cancelled(), heard)] == [what]


@pytest.mark.parametrize("plan", [Plan(DAY * 3.5), Plan(DAY * 3.5, renews=False), Plan(free=True, renews=False), None])
def test_only_a_cancelled_plan_takes_credits(plan: Plan | None) -> None:
    """One that renews, a gift's, a free account or an unknown plan takes none that anybody knows of."""
    truth = cancelled()
    truth.answers = [replace(one, plan=plan) for one in truth.answers]
    assert [miss.what for miss in judge(truth, said_silently(DAY))] == ["told that credits lapse, and they do not"]


@pytest.mark.parametrize("kind", ["pause", "mute", "outage"])
def test_lapses_are_not_told_of_who_is_paused_muted_or_unreadable(kind: str) -> None:
    """Whatever was known before."""
    truth, begin, end = cancelled(), DAY * 0.6, DAY * 2.6
    if kind == "outage":
        truth.answers = [replace(one, outage="unavailable") if one.at > begin else one for one in truth.answers]
    else:
        chat = None if kind == "pause" else "1"
        truth.wishes = [Wish(begin, kind, "ada", until=end, chat=chat, made_in="1")]
    misses = {miss.what for miss in judge(truth, said_silently(DAY * 2))}
    assert "told that credits lapse, and they do not" in misses


def test_a_reminder_whose_answer_was_lost_is_as_old_when_it_is_repeated() -> None:
    """What became due with it may follow on the repeat; what was due long before it may not."""
    truth = world(1500, 9000)
    truth.every, truth.ended_at = 1200.0, 2300.0
    truth.rules = [(0, Rules(("20%",), plan_ends_within=(DAY * 30,), remind_every=1200.0))]
    plan = Plan(DAY * 20, renews=False, cancelled=True)
    truth.answers = [replace(one, at=1 + look * 1200, plan=plan) for look, one in enumerate(truth.answers)]
    truth.hurdles = [Hurdle((1100, 2000))]
    ends = "🔴 Ada: plan ends in 20 days\nCritical: so."
    low = LOW.replace("🔵", "🔴").replace("Info", "Critical")
    heard = told((3, low), (4, ends), (2001, ends), (2060, ends), (2062, WELL)).messages
    heard[2] = replace(heard[2], lost=True)
    assert judge(truth, Told(heard)) == []


GREEN, RED = "🟢 The bot is well · up 1 h", "🔴 1 problem · up 1 h"


def asked(truth: Truth, at: float, text: str = RED, code: int = 503, *messages: tuple[float, str]) -> list[str]:
    """What is wrong with what the bot says of itself at a moment."""
    heard = told(*messages)
    heard.statuses, heard.healths = [Asked(at, text, "1")], [Asked(at, "", code=code)]
    return [miss.what for miss in judge(truth, heard) if miss.what.startswith("/")]


def test_status_is_not_green_while_something_due_waits_or_nothing_can_be_read() -> None:
    """Over two minutes, or at the first look at everyone that failed. Before that, either answer is right."""
    assert asked(refusing(5000), 700, GREEN) == []
    assert "/status is green, and something due waits for 1" in asked(refusing(5000), 730, GREEN)
    assert asked(refusing(5000), 730) == []
    truth = low()
    truth.answers[1] = replace(truth.answers[1], outage="unavailable")
    assert asked(truth, 590, GREEN, 200) == []
    assert asked(truth, 650, GREEN, 200) == ["/status is green, and nothing can be read"]
    assert asked(truth, 1250, GREEN, 200) == []


def test_status_may_be_green_until_a_bot_that_just_woke_up_has_noticed_the_end_of_a_pause() -> None:
    """Nobody looks at who is paused. A tick after it woke up, the last look counts again."""
    truth = low()
    truth.answers = [replace(one, outage="unavailable") for one in truth.answers[:2]]
    truth.wishes.append(Wish(700, "pause", "ada", until=1000, made_in="1"))
    truth.trouble, truth.stopped = [(900, 5000)], [(900, 5000)]
    assert "/status is green, and nothing can be read" in asked(truth, 650, GREEN)
    assert "/status is green, and nothing can be read" not in asked(truth, 5001, GREEN)
    assert "/status is green, and nothing can be read" in asked(truth, 5060, GREEN)


def test_status_names_no_chat_that_refuses_nothing() -> None:
    """It names the one that refuses."""
    lies = f"{RED}\nCannot write to chat 1: bot was blocked by the user"
    truth = low()
    heard = told((603, LOW), (2403, WELL))
    heard.statuses = [Asked(100, lies, "1")]
    assert [miss.what for miss in judge(truth, heard)] == ["chat 1 is blamed, which refused nothing"]
    truth.hurdles.append(Hurdle((90, 95), "1", refuses=True))
    assert judge(truth, heard) == []


def test_healthz_is_503_while_an_alert_has_reached_nobody_and_200_where_another_chat_has_it() -> None:
    """What one chat refuses counts only where nobody else was told."""
    assert asked(refusing(5000), 730, code=200) == ["/healthz is 200, and an alert has reached nobody: ada credits"]
    truth = refusing(5000)
    truth.chats = ("1", "2")
    heard = Told([Message("2", 603, LOW, id=9)], healths=[Asked(4000, "", code=503)])
    assert any("/healthz is 503, and all is well" in miss.what for miss in judge(truth, heard))
    heard.healths = [Asked(4000, "", code=200)]
    assert not any("/healthz" in miss.what for miss in judge(truth, heard))


def test_healthz_is_503_while_something_waits_or_nothing_was_read_for_long_and_200_else() -> None:
    """Two intervals and a minute, as the contract says; a Telegram that is away, two minutes."""
    truth = world(9000, *[1500] * 40)
    truth.hurdles.append(Hurdle((500, 5000)))
    assert asked(truth, 730, code=200) == ["/healthz is 200, and something due waits for 1, which refuses nothing"]
    assert asked(truth, 700, code=200) == []
    truth = world(*[9000] * 12)
    assert asked(truth, 3000, GREEN, 503) == ["/healthz is 503, and all is well: "]
    assert asked(truth, 3000, GREEN, 200) == []
    truth.answers = [one if one.at < 3000 else replace(one, outage="unavailable") for one in truth.answers]
    assert "/healthz is 200, and no account could be read for so long" in asked(truth, 4000, RED, 200)
    assert asked(truth, 3600, RED, 200) == []


def test_a_database_that_cannot_be_written_is_known_as_soon_as_something_could_not_be_stored() -> None:
    """Neither page is green then."""
    truth = world(*[9000] * 6)
    truth.unwritable, truth.trouble = [(1201, 2000)], [(1100, 2000)]
    assert asked(truth, 1150, GREEN, 200) == []
    assert asked(truth, 1250, GREEN, 200) == [
        "/status is green, and the database cannot be written",
        "/healthz is 200, and the database cannot be written",
    ]


def test_a_silence_of_one_chat_changes_nothing_in_another() -> None:
    """What a mute or a snooze withholds there is told here; that it is not is named as what it is."""
    truth = low()
    truth.chats = ("1", "2")
    here = told((603, LOW), (2403, WELL)).messages
    truth.wishes.append(Wish(100, "mute", chat="2", made_in="2"))
    assert judge(truth, Told(here)) == []
    assert judge(truth, Told())[0].what.startswith("a silence of another chat holds here: due since 601")


def test_upkeep_that_delays_everything_is_a_miss() -> None:
    """Fifty milliseconds nobody notices."""
    truth = low()
    truth.holds = [(700, 0.04)]
    right = told((603, LOW), (2403, WELL))
    assert judge(truth, right) == []
    truth.holds.append((1900, 8.1))
    assert judge(truth, right)[0].what == "upkeep let everything else wait for 8.10 s"


@pytest.mark.parametrize(("every", "lapses"), [(None, inf), (1200.0, 3000 + DAY), (2 * DAY, 3000 + 2 * DAY)])
def test_an_ack_without_reminders_lapses_once_there_are_some(every: float | None, lapses: float) -> None:
    """Its time begins at the start that has them, however long ago it was made."""
    truth = world(0)
    truth.rules = [(0, Rules()), (3000, Rules(remind_every=every))]
    truth.wishes = [Wish(700, "ack", "ada", "credits")]
    assert acks(truth, "ada", "credits") == [(700, lapses)]
