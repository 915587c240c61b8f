"""Holds what people were answered, who asked about one account, against what its page could not tell."""

from collections.abc import Iterator

from verification.faults.evidence import EPOCH, answers
from verification.faults.launch import ANSWERED
from verification.faults.world import World

UNREADABLE = "unreadable"


def wrong_answers(world: World) -> Iterator[str]:
    """The answers that keep quiet about an end of a plan which nobody can read."""
    for at, chat, text in world.asked:
        email = text.removeprefix("/credits ")
        found = [one for one in world.telegram.messages if one.chat_id == chat and one.accepted > at]
        reply = next((one for one in found if ANSWERED in one.text and email in one.text), None)
        if email not in world.pixverse.accounts or reply is None or UNREADABLE in reply.text:
            continue
        if is_unreadable(world, email, at, reply.accepted):
            yield f"{text} does not say that the end of the plan is unreadable: {reply.text!r}"


def is_unreadable(world: World, email: str, since: float, until: float) -> bool:
    """Whether no answer about an account that may have counted between two moments told when its plan ends."""
    mine = [one for one in answers(world) if one.account == email and one.at <= EPOCH + until]
    kept = [one for one in mine if not one.maybe and (one.stored_by or 0) <= EPOCH + since]
    later = [one for one in mine if kept and one.at >= kept[-1].at]
    return bool(later) and all(one.outage is None and one.plan is None for one in later)
