"""What a message says is at fault, held against what was: nothing that is fine is ever named.

The token, the subscription, an account, its session, its plan: each may be blamed only after an answer that meant it.
A page of something in between means none of them.
"""

import re
from collections.abc import Iterable, Iterator

from verification.oracle.told import Read
from verification.oracle.truth import Answer, Truth

BLAMES = (
    ("the API token", r"refuses the API token|API token refused|USEAPI_TOKEN|into its token_file", ("unauthorized",)),
    ("the subscription", r"subscription (has|is still) lapsed|subscription lapsed|Renew the subscription", ("lapsed",)),
    ("an account's name", r"unknown account|take it out there", ("missing",)),
    (
        "an account's session",
        r"session broken|remove the account at|remove the account and add",
        ("broken", "unrefreshed"),
    ),
    ("an account's session", r"session not refreshed", ("unrefreshed",)),
    ("CHECK_EVERY", r"asked too often|make CHECK_EVERY longer", ("throttled",)),
    ("the service's answers", r"answer unusable|the service has changed", ("garbled",)),
)
"""Whom a message blames, by which words, and which answers bear that out."""

OF_THE_SOURCE = {"the API token", "the subscription"}
"""What all accounts share: an answer about any of them bears it out, whoever else stands in the message."""

PLAN_OVER = r": plan (?:still )?(?:ended|has ended|was not renewed|not renewed|is gone)|without a paid plan"
PLAN_FREE = r"now a free account|without a paid plan|plan is gone"


def wrongly_blamed(truth: Truth, reads: Iterable[Read]) -> Iterator[tuple[float, str, str, str]]:
    """Each message that blames what is not at fault: when, what, in which chat, about whom."""
    keys = {name: key for key, name in truth.accounts.items()}
    for one in reads:
        message = one.message
        for line in message.text.splitlines():
            about = {keys[told.who] for told in one.tellings if told.who in keys}
            for what in blamed_in(truth, line, about, message.at):
                yield message.at, f"{what} is blamed, and was fine: {line!r}", message.chat, ", ".join(sorted(about))
        for what in contradicted(one):
            yield message.at, what, message.chat, ""


def blamed_in(truth: Truth, text: str, about: set[str], at: float) -> Iterator[str]:
    """What is named in a text as at fault, though no answer until then meant that. ``about`` no account: any."""
    before = [one for one in truth.answers if one.at <= at]
    answers = [one for one in before if not about or one.account in about]
    for what, words, kinds in BLAMES:
        heard = before if what in OF_THE_SOURCE else answers
        if re.search(words, text) and not any(outage_of(truth, one) & set(kinds) for one in heard):
            yield what
    plans = [one.plan for one in answers if one.plan is not None and one.outage is None]
    if re.search(PLAN_FREE, text) and not any(plan.free for plan in plans):
        yield "the plan"
    latest = max([*truth.clocks(at), *(since + truth.offset(since) - by for since, by in truth.jumps if since <= at)])
    over = [plan.free or (plan.ends_at is not None and plan.ends_at <= latest) for plan in plans]
    if re.search(PLAN_OVER, text) and not any(over):
        yield "the plan"


def outage_of(truth: Truth, answer: Answer) -> set[str]:
    """What an answer may have been taken for: one that lost a bucket cannot be understood."""
    left_out = answer.outage is None and None in (answer.daily, answer.package)
    return {answer.outage or "", *(["garbled"] if left_out else [])}


def contradicted(one: Read) -> Iterator[str]:
    """What a message says against itself: a plan that renews is never more than news."""
    head = one.message.text.partition("\n")[0]
    if not one.many and re.match(r"(🔴|🟠) .*: plan (still )?renews", head):
        yield f"a plan that renews is told as trouble: {head!r}"
    refused = re.search(r"refuses the API token|subscription (has|is still) lapsed", head)
    counted = re.search(r"([\d,]+) of ([\d,]+) accounts? not watched", one.message.text)
    if refused and counted and counted[1] != counted[2]:
        yield f"a token that is refused shuts all of its accounts: {counted[0]!r}"
