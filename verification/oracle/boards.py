"""The boards: in each chat that wished for one, a pinned message that shows what was last seen of every account."""

import re
from collections.abc import Iterator, Sequence

from verification.oracle.told import NUMBER, Board
from verification.oracle.truth import Answer, Truth


def behind(truth: Truth, boards: Sequence[Board]) -> Iterator[tuple[float, str, str, str]]:
    """Each number that a board did not show in time, and each board too many: when, what, in which chat, about whom."""
    for wished, since in truth.boards.items():
        chat = truth.now_called(wished)
        here = [one for one in boards if truth.now_called(one.chat) == chat]
        for account, name in truth.accounts.items():
            if chat in truth.chats_of(account):
                for at, what in late(truth, chat, here, name, changes(truth, account, since)):
                    yield at, what, chat, account
        if len([one for one in here if one.chat == chat and one.is_shown(truth.ended_at)]) > 1:
            yield truth.ended_at, "two boards are pinned", chat, ""


def changes(truth: Truth, account: str, since: float) -> Iterator[tuple[Answer, float]]:
    """The readings after a moment that changed an account's number, each with when the next answer came."""
    seen, before = truth.seen_as(account), None
    for index, answer in enumerate(seen):
        if answer.outage is None:
            until = seen[index + 1].at if index + 1 < len(seen) else truth.ended_at
            if answer.at > since and answer.credits != before:
                yield answer, until
            before = answer.credits


def late(
    truth: Truth, chat: str, boards: Sequence[Board], name: str, found: Iterator[tuple[Answer, float]]
) -> Iterator[tuple[float, str]]:
    """The numbers that were not shown in time, though nothing was in the way."""
    for answer, until in found:
        due = truth.in_time(answer.at + truth.slack.save, truth.slack.board, truth.in_the_way(chat))
        if due >= until or answer.maybe or not surely_stored(truth, answer.at):
            continue
        shown = [one.text(due) for one in boards if one.is_shown(due)][-1:]
        shown += [
            one.text(one.gone_at) for one in boards if one.pinned_at < one.gone_at and answer.at <= one.gone_at < due
        ]
        numbers = [number_of(name, text) for text in shown]
        if not any(number is not None and abs(number - answer.credits) <= 1 for number in numbers):
            yield due, f"the board shows {numbers}, not {answer.credits:g}"


def surely_stored(truth: Truth, at: float) -> bool:
    """Whether the bot lived long enough after an answer to store it."""
    by = truth.in_time(at, truth.slack.save, sorted(truth.trouble))
    return not any(at <= end <= by for _, end in truth.up)


def number_of(name: str, text: str) -> float | None:
    """The credits that a board shows of an account."""
    paused = r"paused until [^·]* · last "
    found = re.search(rf"^\S+ {re.escape(name)} · (?:{paused})?(?:at least )?({NUMBER})(?: |$)", text, re.MULTILINE)
    return float(found[1].replace(",", "")) if found else None
