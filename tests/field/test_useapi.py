"""Each answer that useapi.net, or what stands before it, was seen to give: what the source makes of it."""

import re
from datetime import timedelta

import pytest

from bot.domain.accounts import CheckFailure, FailureKind, Listing, Reading
from bot.domain.jobs import Slots, Statistics
from bot.domain.subscription import SubscriptionPage
from bot.sources.conditional import ConditionalSource
from bot.sources.useapi.client import Client, open_session
from bot.sources.useapi.pixverse import PIXVERSE
from tests.field.catalogue import USEAPI, FieldAnswer
from tests.field.wire import answering
from tests.support.fakes import Clock

KINDS = {
    "unauthorized": FailureKind.UNAUTHORIZED,
    "lapsed": FailureKind.LAPSED,
    "missing": FailureKind.MISSING,
    "broken": FailureKind.BROKEN,
    "counted": FailureKind.UNREFRESHED,
    "throttled": FailureKind.THROTTLED,
    "garbled": FailureKind.GARBLED,
    "unavailable": FailureKind.UNAVAILABLE,
    "between": FailureKind.UNAVAILABLE,
}
BLAME = re.compile(r"token|subscription|unauthori[sz]ed|account", re.IGNORECASE)
"""Words that would blame what is not at fault, where something in between answers."""


ASKED = [(answer, asked) for answer in USEAPI for asked in ("features", "accounts") if answer.to in ("any", asked)]


@pytest.mark.parametrize(("answer", "asked"), ASKED, ids=[f"{answer}, {asked}" for answer, asked in ASKED])
async def test_an_answer_is_what_it_is(answer: FieldAnswer, asked: str) -> None:
    """Over a real socket: the kind, the pause that is asked for, and the words, which blame nobody wrongly."""
    async with answering(answer) as url, open_session() as session:
        source = ConditionalSource(PIXVERSE, Client(session, url, "user:1234-topsecretTOKEN5678", timeout=20), Clock())
        seen = await (source.read("a@example.com") if asked == "features" else source.list_accounts())
    if answer.expect == "reading":
        assert isinstance(seen, Reading)
    elif answer.expect == "none":
        assert isinstance(seen, Listing)
        assert seen.accounts == ()
    else:
        assert isinstance(seen, CheckFailure)
        assert seen.kind is KINDS[answer.expect], seen.said
        assert seen.retry_after == (timedelta(seconds=answer.seconds) if answer.seconds is not None else None) or (
            answer.expect == "between"
        )
        assert "topsecret" not in seen.said
        if answer.expect == "between":
            assert not BLAME.search(seen.said), seen.said
            assert (answer.says or "answers") in seen.said


BESIDE = [answer for answer in USEAPI if answer.to in ("subscription", "statistics", "slots")]


@pytest.mark.parametrize("answer", BESIDE, ids=str)
async def test_an_answer_beside_the_checks(answer: FieldAnswer) -> None:
    """Over a real socket: the verdict, the refused jobs, the running ones; the rest is a failure, or unknown."""
    async with answering(answer) as url, open_session() as session:
        source = ConditionalSource(PIXVERSE, Client(session, url, "user:1234-topsecretTOKEN5678", timeout=20), Clock())
        asked = {"subscription": source.subscription, "slots": source.slots}.get(answer.to)
        seen = await (asked() if asked else source.statistics(500))
    match answer.expect:
        case "active" | "inactive":
            assert isinstance(seen, SubscriptionPage)
            assert seen.active is (answer.expect == "active")
        case "no_verdict":
            assert isinstance(seen, CheckFailure) or (isinstance(seen, SubscriptionPage) and seen.active is None)
        case "refused_job" | "no_job":
            assert isinstance(seen, Statistics)
            assert ("a@example.com" in seen.jobs) is (answer.expect == "refused_job")
        case "no_statistics":
            assert isinstance(seen, CheckFailure)
        case _:
            assert seen == {"a@example.com": Slots(1, 5)}
