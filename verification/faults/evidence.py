"""What the world really was and what the chats were told, in the oracle's words.

An account is asked again only after what was seen of it is stored: so the next question of the same process proves
that the answer before was kept, and by when. The last answer before a process ended may have been kept, or not.
"""

import re
import time
from dataclasses import replace
from datetime import UTC, datetime
from math import inf
from typing import Any

from verification.faults.boards import is_board
from verification.faults.launch import ANSWERED
from verification.faults.process import NO_ANSWER, Life
from verification.faults.services import Answer, Attempt
from verification.faults.world import World
from verification.oracle import told, truth
from verification.oracle.truth import Rules, Slack, Truth

RULES = ("20%", "5%", "0"), (7 * 86400.0, 3 * 86400.0, 86400.0)
"""The bot's defaults, as the README names them."""
SLACK = Slack(save=1, tick=2, tell=15, send=4, look=inf, refused=0, refused_long=0, sign=0, well=inf)
"""In a world that is 1 s from look to look, with the waits of the launcher, on a machine that is slow at times.

A refusal's span lasts until the chat was surely tried again.
"""
BEGINS_IN = 2.5
"""Seconds from the first start to the first look, on a machine that does little else."""
EPOCH = time.time() - time.monotonic()
LONG_AFTER = 1e6
"""Seconds after the end, when all that was due has surely been told: the bot itself said that nothing waits."""
DOWNTIMES_ELSEWHERE = 1e9
"""Seconds from look to look, so long that the oracle expects no downtime: ``downtimes.py`` knows what was one."""
_NO_TIME = "0001-01-01"
NO_TIME = "at the end of time"
"""Stands for an end of a plan that nobody can read."""
_FAILED = re.compile(rf"^{NO_ANSWER} (\S+) (\S+) (\S+)$")


def truth_of(world: World) -> Truth:
    """All that happened."""
    return Truth(
        accounts={email: email for email in world.pixverse.accounts},
        chats=tuple(map(str, world.chats)),
        every=DOWNTIMES_ELSEWHERE,
        rules=[(0, Rules(*RULES, int(world.settings["UNREADABLE_AFTER"]), 86400))],
        up=[up_in(world, life) for life in world.lives if life.up_at],
        answers=sorted([*answers(world), *refused(world)], key=lambda one: one.at),
        hurdles=[truth.Hurdle(shifted(span), chat, refuses) for span, chat, refuses in world.hurdles],
        trouble=[shifted(span) for span in (*world.troubles, *world.freezes)],
        stopped=[shifted(span) for span in world.freezes],
        wishes=world.wishes,
        unwritable=[shifted(span) for span in world.unwritable],
        jumps=[(EPOCH + at, by) for at, by in world.jumps],
        moved={str(old): str(new) for old, new in world.moved.items()},
        slack=slack_of(world),
        ended_at=EPOCH + time.monotonic() + LONG_AFTER,
    )


def up_in(world: World, life: Life) -> tuple[float, float]:
    """When a process worked. The last one ended only because all was said."""
    ended = life.ended if life is not world.life else None
    return EPOCH + (life.up_at or life.began), EPOCH + ended if ended else inf


def slack_of(world: World) -> Slack:
    """How long things may take: longer on a machine that took long to start the bot."""
    first = min((one.asked for one in world.pixverse.answers), default=world.began)
    slow = max(1.0, (first - world.began) / BEGINS_IN)
    return replace(
        SLACK, save=SLACK.save * slow, tick=SLACK.tick * slow, tell=SLACK.tell * slow, send=SLACK.send * slow
    )


def shifted(span: tuple[float, float]) -> tuple[float, float]:
    """A span of the monotonic clock, in seconds since 1970."""
    return EPOCH + span[0], EPOCH + span[1]


def answers(world: World) -> list[truth.Answer]:
    """What the service answered, or failed to."""
    asked = [one for one in world.pixverse.answers if one.email in world.pixverse.accounts]
    found = []
    for one in asked:
        stored_by = min((next.asked for next in asked if is_next(one, next)), default=None)
        life = world.lives[one.life - 1]
        kept = EPOCH + (stored_by or life.ended or inf)
        at = EPOCH + (one.answered or one.ended or one.asked)
        found.append(truth.Answer(at, one.email or "", stored_by=kept, maybe=stored_by is None, **meaning(one)))
    return found


def is_next(one: Answer, other: Answer) -> bool:
    """Whether a question is a later one of the same process about the same account."""
    return other.email == one.email and other.life == one.life and other.asked > one.asked


def meaning(answer: Answer) -> dict[str, Any]:
    """What an answer says: the numbers of a reading, or the kind of outage."""
    if answer.status is None:
        return {"outage": "garbled" if answer.cut else "unavailable"}
    if answer.status != 200:
        return {"outage": truth.outage_by(answer.status, answer.body)}
    if answer.page:
        return {"outage": "unavailable"}
    body = answer.body
    if not isinstance(body, dict) or not is_number(body.get("credit_monthly")):
        return {"outage": "garbled"}
    if not all(body.get(name) is None or is_number(body[name]) for name in ("credit_daily", "credit_package")):
        return {"outage": "garbled"}
    return {
        "monthly": body["credit_monthly"],
        "daily": body.get("credit_daily"),
        "package": body.get("credit_package"),
        "allowance": body.get("credit_monthly_gift"),
        "daily_allowance": body.get("credit_daily_gift"),
        "plan": plan_of(body),
    }


def is_number(value: object) -> bool:
    """Whether JSON brought a number."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def plan_of(body: dict[str, Any]) -> truth.Plan | None:
    """The plan that a body tells of; None where nobody can read when it ends."""
    if body["expired_date"] == NO_TIME:
        return None
    ends, cancelled = body["expired_date"], body["cancel_updated_at"]
    goes_on = cancelled.startswith(_NO_TIME) and body["next_plan_name"] == body["plan_name"]
    end = None if ends.startswith(_NO_TIME) else moment(ends)
    return truth.Plan(end, goes_on, body["current_plan_type"] == 0, not cancelled.startswith(_NO_TIME))


def moment(text: str) -> float:
    """An ISO time, in seconds since 1970."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp()


def refused(world: World) -> list[truth.Answer]:
    """The looks for which nobody was there to answer, as the launcher saw them end; nobody else can know of them."""
    found = []
    for life in world.lives:
        mine = [one for one in world.pixverse.answers if one.life == life.number]
        for email, begun, ended in failures_of(life):
            if not any(one.email == email and begun <= one.asked <= ended for one in mine):
                later = [one.asked for one in mine if one.email == email and one.asked > ended]
                stored_by = EPOCH + min(later, default=life.ended or inf)
                found.append(truth.Answer(EPOCH + ended, email, "unavailable", stored_by=stored_by, maybe=not later))
    return found


def failures_of(life: Life) -> list[tuple[str, float, float]]:
    """The looks of one life that found nothing: whose, and from when to when."""
    found = (_FAILED.match(line) for line in life.lines)
    return [(one[1], float(one[2]), float(one[3])) for one in found if one]


def surely_noted(world: World, attempt: Attempt) -> bool:
    """Whether the bot knows that a message was taken: it was answered, and lived to send the chat another, or long."""
    if attempt.answered is None or any(since <= attempt.at <= until for since, until in world.freezes):
        return False
    life = world.lives[attempt.life - 1]
    sent = [one for one in world.telegram.attempts if not is_board(one.text)]
    mine = [one for one in sent if (one.life, one.chat_id) == (attempt.life, attempt.chat_id)]
    return not life.killed or any(one.at > attempt.answered for one in mine)


def told_of(world: World) -> told.Told:
    """What the chats were told, without the answers to those who asked."""
    unheard = {
        (one.message.chat_id, one.message.message_id)
        for one in world.telegram.attempts
        if one.message and not surely_noted(world, one)
    }
    messages = [
        told.Message(
            chat=str(one.chat_id),
            at=EPOCH + one.accepted,
            text=one.sent_as,
            silent=one.silent,
            id=number,
            lost=(one.chat_id, one.message_id) in unheard,
        )
        for number, one in enumerate(world.telegram.messages)
        if ANSWERED not in one.sent_as and not is_board(one.sent_as)
    ]
    return told.Told(messages, statuses=statuses_of(world), healths=world.healths)


def statuses_of(world: World) -> list[told.Asked]:
    """What those were answered who asked how the bot is, each at some time before."""
    asked = [EPOCH + at for at, _, text in world.asked if text == "/status"]
    found = []
    for one in world.telegram.messages:
        at = EPOCH + one.accepted
        if ANSWERED in one.text and "Telegram polling:" in one.text:
            since = max((moment for moment in asked if moment <= at), default=at)
            found.append(told.Asked(at, one.text, str(one.chat_id), since=since))
    return found
