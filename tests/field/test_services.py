"""Each answer that another service of useapi.net gives, or may give: what its source makes of it."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.domain.accounts import Balance, CheckFailure, CheckResult, Listing, Reading, Unit
from bot.sources.conditional import ConditionalSource
from bot.sources.registry import SERVICES as REGISTRY
from bot.sources.useapi.client import Client, open_session
from tests.field.catalogue import SERVICES, ServiceAnswer
from tests.field.test_useapi import BLAME, KINDS
from tests.field.wire import answering

NOW = datetime(2026, 6, 24, 14, 3, tzinfo=UTC)
KEYS = {"mureka": "123456789", "minimax": "123456", "dreamina": "US:a@example.com"}
SECRET = "hunter2-SECRET-9f8e7d6c5b4a"


async def seen_of(answer: ServiceAnswer) -> CheckResult | Listing:
    """What comes of it, over a real socket."""
    async with answering(answer) as url, open_session() as session:
        client = Client(session, f"{url}/v2", "user:1234-topsecretTOKEN5678", timeout=20)
        source = ConditionalSource(REGISTRY[answer.service], client, lambda: NOW)
        if answer.to == "list":
            return await source.list_accounts()
        return await source.read(KEYS.get(answer.service, "a@example.com"))


@pytest.mark.parametrize("answer", SERVICES, ids=str)
async def test_an_answer_of_a_service_is_what_it_is(answer: ServiceAnswer) -> None:
    """Every number with its unit and nothing beside them; each account and its trouble; the reason of the rest."""
    seen = await seen_of(answer)
    assert SECRET not in repr(seen)
    if answer.expect == "reading":
        assert isinstance(seen, Reading)
        assert said_of(seen) == answer.reading
    elif answer.expect in ("list", "none"):
        assert isinstance(seen, Listing)
        assert {one.email: one.error or "" for one in seen.accounts} == answer.lists
    elif answer.expect == "many":
        assert isinstance(seen, Listing)
        assert len(seen.accounts) == answer.times
        assert {one.error for one in seen.accounts} == {None}
    else:
        assert isinstance(seen, CheckFailure)
        assert seen.kind is KINDS[answer.expect], seen.said
        assert (answer.says or "") in seen.said
        assert answer.expect != "between" or not BLAME.search(seen.said)
        assert answer.seconds is None or seen.retry_after == timedelta(seconds=answer.seconds)


def said_of(reading: Reading) -> dict[str, Any]:
    """All that is known, in the words of the catalogue."""
    credits, plan = reading.credits, reading.plan
    assert credits.single
    assert not any((plan.renews, plan.cancelled_at, plan.price, plan.renewal_at, plan.next_name))
    percent = credits.percent
    said: Mapping[str, Any] = {
        "credits": credits.total,
        "unit": None if credits.unit is Unit.CREDITS else credits.unit.value,
        "percent": None if percent is None else round(percent, 1),
        "plan": plan.name,
        "free": plan.free or None,
        "ends": iso(plan.ends_at),
        "refill": iso(credits.refresh_at),
        "parts": [part_text(part) for part in reading.parts] or None,
    }
    return {name: value for name, value in said.items() if value is not None}


def part_text(part: Balance) -> str:
    """One balance beside the main one: "plan 560 of 660 until 2026-07-23T00:48:00Z"."""
    words = [part.name, "unknown" if part.amount is None else f"{part.amount:g}"]
    words += [f"of {part.allowance:g}"] if part.allowance is not None else []
    words += [f"until {iso(part.lapses_at)}"] if part.lapses_at else []
    return " ".join(words) + (f", refill {iso(part.refill_at)}" if part.refill_at else "")


def iso(moment: datetime | None) -> str | None:
    """A moment in UTC."""
    return moment.isoformat().replace("+00:00", "Z") if moment else None
