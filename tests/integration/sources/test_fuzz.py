"""Whatever comes, a parser gives its result or a ``SourceError``: on random bodies and random pages."""

import json
from typing import Any

from aioresponses import aioresponses
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.accounts import CheckFailure, FailureKind, Listing, Reading
from bot.sources.conditional import ConditionalSource
from bot.sources.useapi.pixverse import PIXVERSE, parse_accounts, parse_features
from bot.support.errors import SourceError
from tests.integration.sources.helpers import BASE, NOW, client, clock, sample

PAGE = sample("pixverse_account.json")
BUCKETS = ("credit_monthly", "credit_daily", "credit_package")

TEXTS = st.text() | st.sampled_from(["\ud800", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59-23:59", "12450", "a@b.c"])
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.just(10**400) | TEXTS
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4), max_leaves=12
)
PAGES = st.dictionaries(st.sampled_from([*PAGE, "error"]), JSON)
LISTS = st.dictionaries(TEXTS, JSON | st.fixed_dictionaries({}, optional={"email": TEXTS, "error": JSON}))


def garbled(error: SourceError) -> None:
    """Hold that a parser's refusal is of the one kind that it may have, in words that can be stored."""
    assert error.kind is FailureKind.GARBLED
    assert error.said.encode()


def reading_of(page: Any) -> Reading | None:
    """Parse a page: a reading, or none where it is garbled; anything else is a fault."""
    try:
        return parse_features(page, NOW)
    except SourceError as error:
        garbled(error)
        return None


@given(JSON | PAGES)
def test_any_page_is_a_reading_or_garbled(page: Any) -> None:
    """No JSON whatsoever gives another exception, and every text of a reading can be stored."""
    reading = reading_of(page)
    repr(reading).encode()
    if reading:
        json.dumps(reading.plan.name).encode()
        assert isinstance(reading.credits.total, int | float)


@given(st.dictionaries(st.sampled_from(list(PAGE)), JSON), st.sets(st.sampled_from(list(PAGE))))
def test_a_damaged_page_never_reads_as_low(replaced: dict[str, Any], removed: set[str]) -> None:
    """Of the sample with any fields replaced or removed, credits are what the fields say, or there is no reading."""
    page = {name: value for name, value in {**PAGE, **replaced}.items() if name not in removed}
    reading = reading_of(page)
    told = [page.get(name) for name in BUCKETS]
    if reading:
        assert told[0] is not None
        assert not any(isinstance(value, bool) for value in told)
        assert reading.credits.total == told[0] + (told[1] or 0) + (told[2] or 0)
    else:
        assert told[0] is None or any(name in replaced for name in BUCKETS)


@given(JSON | LISTS)
def test_any_list_of_accounts_is_read_or_garbled(page: Any) -> None:
    """No JSON whatsoever breaks the listing; its emails can be stored and come once each."""
    try:
        listed = parse_accounts(page)
    except SourceError as error:
        garbled(error)
        return
    emails = [entry.email.lower() for entry in listed]
    assert len(emails) == len(set(emails))
    assert all("@" in email and email.isprintable() and email.encode() for email in emails)


@settings(max_examples=60)
@given(
    st.sampled_from([200, 400, 401, 404, 429, 500, 596]),
    st.binary()
    | JSON.map(lambda page: json.dumps(page).encode())
    | st.text().map(lambda text: text.encode(errors="replace")),
    st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=126)),
)
async def test_any_answer_is_a_sample(status: int, body: bytes, header: str) -> None:
    """Whatever bytes and headers a server sends, a look and a listing come back as what they promise."""
    with aioresponses() as server:
        headers = {"Retry-After": header, "Date": header}
        server.get(f"{BASE}/pixverse/features/?email=a@b.c", status=status, body=body, headers=headers)
        server.get(f"{BASE}/pixverse/accounts", status=status, body=body, headers=headers)
        async with client() as asked:
            source = ConditionalSource(PIXVERSE, asked, clock)
            assert isinstance(await source.read("a@b.c"), Reading | CheckFailure)
            assert isinstance(await source.list_accounts(), Listing | CheckFailure)
