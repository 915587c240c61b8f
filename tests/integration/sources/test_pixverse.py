import logging
from datetime import datetime, timedelta
from typing import Any

import pytest
from aioresponses import aioresponses

from bot.domain.accounts import CheckFailure, FailureKind, Listed, Listing, NotModified, Reading
from bot.simulator.pixverse import SimulatedAccount, SimulatedPixVerse
from bot.sources.conditional import ConditionalSource
from bot.sources.useapi.pixverse import PIXVERSE, parse_accounts
from tests.integration.sources.helpers import BASE, NOW, SAMPLES, TOKEN, client, clock, sample

FEATURES = f"{BASE}/pixverse/features/?email=alice@example.com"
ACCOUNTS = f"{BASE}/pixverse/accounts"


async def read(email: str = "alice@example.com") -> Reading | CheckFailure:
    """Check one account."""
    async with client() as asked:
        return await ConditionalSource(PIXVERSE, asked, clock).read(email)


async def list_accounts() -> Listing | CheckFailure:
    """Ask which accounts there are."""
    async with client() as asked:
        return await ConditionalSource(PIXVERSE, asked, clock).list_accounts()


async def test_a_look_is_a_reading() -> None:
    """The documented page, asked for at the documented address, is a reading of 12,450 credits of 15,000."""
    with aioresponses() as server:
        server.get(FEATURES, payload=sample("pixverse_account.json"))
        reading = await read()
    assert isinstance(reading, Reading)
    assert (reading.taken_at, reading.credits.total, reading.credits.monthly_allowance) == (NOW, 12450, 15000)


async def test_emails_reach_the_server_unharmed() -> None:
    """Plus, ampersand and the like in an email are encoded."""
    with aioresponses() as server:
        server.get(f"{BASE}/pixverse/features/?email=a%2Bb%26c@example.com", payload=sample("pixverse_sparse.json"))
        assert isinstance(await read("a+b&c@example.com"), Reading)


async def test_the_time_is_taken_after_the_answer() -> None:
    """The number's age counts from when the whole answer has come."""
    moments: list[datetime] = []

    def clock_while_asking() -> datetime:
        assert server.requests
        moments.append(NOW)
        return NOW

    with aioresponses() as server:
        server.get(FEATURES, payload=sample("pixverse_account.json"))
        async with client() as asked:
            await ConditionalSource(PIXVERSE, asked, clock_while_asking).read("alice@example.com")
    assert moments == [NOW]


@pytest.mark.parametrize(
    ("status", "body", "outage"),
    [
        (401, sample("error_code.json"), CheckFailure(NOW, FailureKind.UNAUTHORIZED, "Unauthorized")),
        (404, sample("error_text.json"), CheckFailure(NOW, FailureKind.MISSING, "Account alice@example.com not found")),
        (
            429,
            {"error": "Too many requests", "retryAfter": 12},
            CheckFailure(NOW, FailureKind.THROTTLED, "Too many requests", timedelta(seconds=12)),
        ),
        (
            596,
            sample("error_object.json"),
            CheckFailure(NOW, FailureKind.BROKEN, "The session of the linked account is broken"),
        ),
        (200, sample("error_code.json"), CheckFailure(NOW, FailureKind.GARBLED, "Unauthorized")),
        (200, [], CheckFailure(NOW, FailureKind.GARBLED, "The answer is JSON of another shape")),
        (200, {}, CheckFailure(NOW, FailureKind.GARBLED, "credit_monthly is missing")),
    ],
)
async def test_a_failed_look_is_an_outage(status: int, body: Any, outage: CheckFailure) -> None:
    """A failed look is never raised: it comes back with its kind, words and wish."""
    with aioresponses() as server:
        server.get(FEATURES, status=status, payload=body)
        assert await read() == outage


async def test_a_listing() -> None:
    """The documented list names its accounts, in order, with nothing wrong."""
    with aioresponses() as server:
        server.get(ACCOUNTS, payload=sample("pixverse_accounts.json"))
        assert await list_accounts() == Listing(NOW, (Listed("alice@example.com"), Listed("bob+studio@example.com")))


async def test_a_listing_tells_of_broken_accounts() -> None:
    """A pending error of an account is told in one line; an empty one is none."""
    with aioresponses() as server:
        server.get(ACCOUNTS, payload=sample("pixverse_accounts_broken.json"))
        listing = await list_accounts()
    assert listing == Listing(
        NOW,
        (
            Listed("alice@example.com"),
            Listed("bob@example.com", "Login failed: wrong password"),
            Listed("carol@example.com", "Session expired please add the account again"),
        ),
    )


@pytest.mark.parametrize(
    ("status", "body"),
    [(404, "Configuration not found."), (404, '{"error": "Configuration not found", "code": 404}'), (200, "{}")],
)
async def test_no_account_is_an_empty_listing(status: int, body: str) -> None:
    """useapi.net tells by a 404 of its own that there is no account; that is an answer, and no outage."""
    with aioresponses() as server:
        server.get(ACCOUNTS, status=status, body=body)
        assert await list_accounts() == Listing(NOW, ())


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, '{"error": "Bad request"}', FailureKind.UNAVAILABLE),
        (401, '{"error": "Unauthorized"}', FailureKind.UNAUTHORIZED),
        (402, '{"error": "Subscription required"}', FailureKind.LAPSED),
        (404, "", FailureKind.UNAVAILABLE),
        (404, "404 page not found", FailureKind.UNAVAILABLE),
        (404, '{"message": "no Route matched with those values"}', FailureKind.UNAVAILABLE),
        (500, "", FailureKind.UNAVAILABLE),
        (500, '{"error": "Login failed: invalid credentials"}', FailureKind.UNAVAILABLE),
        (596, '{"error": "Failed to refresh session: 500"}', FailureKind.UNAVAILABLE),
        (204, "", FailureKind.UNAVAILABLE),
        (200, "[]", FailureKind.GARBLED),
        (200, "null", FailureKind.GARBLED),
        (200, "<html>", FailureKind.UNAVAILABLE),
        (200, '{"error": "No session"}', FailureKind.GARBLED),
        (200, '{"accounts": 0}', FailureKind.GARBLED),
    ],
)
async def test_a_failed_listing_never_passes_for_an_empty_one(status: int, body: str, kind: FailureKind) -> None:
    """No account is forgotten because a list could not be read."""
    with aioresponses() as server:
        server.get(ACCOUNTS, status=status, body=body)
        outage = await list_accounts()
    assert isinstance(outage, CheckFailure)
    assert outage.kind is kind
    assert kind is FailureKind.GARBLED or outage.status == status


@pytest.mark.parametrize(
    ("page", "listed"),
    [
        ({"a@b.c": {}}, [("a@b.c", None)]),
        ({"a@b.c": None, "x": None, "d@e.f": "?", "": 5, "y": {}}, [("a@b.c", None), ("d@e.f", None)]),
        ({"1": {"email": "a@b.c"}, "d@e.f": {"email": 5}}, [("a@b.c", None), ("d@e.f", None)]),
        ({"1": {"email": "a@b.c"}, "2": {"email": "A@B.c"}, "a@b.c": {}}, [("a@b.c", None)]),
        ({" a@b.c ": {}, "a b@c.d": {}, "a\n@b.c": {}, "\ud800@b.c": {}, "x" * 300 + "@b.c": {}}, [("a@b.c", None)]),
        ({"a@b.c": {"error": {"code": 596}}}, [("a@b.c", "An error that useapi.net does not name")]),
        ({"a@b.c": {"error": True}}, [("a@b.c", "An error that useapi.net does not name")]),
        ({"a@b.c": {"pendingError": "Log in\nagain"}}, [("a@b.c", "Log in again")]),
        ({"a@b.c": {"error": None, "errors": [], "errorCode": 0}}, [("a@b.c", None)]),
        ({"a@b.c": {"health": "OK"}}, [("a@b.c", None)]),
        ({"a@b.c": {"health": "Sign in again"}}, [("a@b.c", "Sign in again")]),
        ({"a@b.c": {"error": "Failed to refresh session: 500 Internal Server Error"}}, [("a@b.c", None)]),
    ],
)
def test_entries_of_any_shape(page: Any, listed: list[tuple[str, str | None]]) -> None:
    """Entries of a wrong shape are left out or known by their key; the others stay, each email once."""
    assert [(entry.email, entry.error) for entry in parse_accounts(page)] == listed


async def test_a_look_logs_nothing_private(caplog: pytest.LogCaptureFixture) -> None:
    """At DEBUG no token, email, link or name from the page reaches the log, of good and bad looks."""
    caplog.set_level(logging.DEBUG)
    with aioresponses() as server:
        server.get(FEATURES, payload=sample("pixverse_account.json"))
        server.get(FEATURES, status=500, body=f"{TOKEN} Premium")
        server.get(ACCOUNTS, payload=sample("pixverse_accounts_broken.json"))
        await read()
        await read()
        await list_accounts()
    assert "/pixverse/features/" in caplog.text
    for private in (TOKEN, "alice", "stripe", "Premium", "secured", "12450"):
        assert private not in caplog.text


async def test_a_page_that_is_known_is_not_read_again() -> None:
    """The very same bytes are no news; one byte more is read anew, and a failed look is one as ever."""
    body, email = (SAMPLES / "pixverse_account.json").read_bytes(), "alice@example.com"
    with aioresponses() as server:
        for answer in (body, body, body + b" "):
            server.get(FEATURES, body=answer)
        server.get(FEATURES, status=596)
        async with client() as asked:
            source = ConditionalSource(PIXVERSE, asked, clock)
            first = await source.read(email)
            assert isinstance(first, Reading)
            assert first.fingerprint is not None
            assert await source.check(email, first.fingerprint) == NotModified(NOW, first.fingerprint)
            assert await source.check(email, first.fingerprint) == first
            broken = await source.check(email, first.fingerprint)
    assert isinstance(broken, CheckFailure)
    assert broken.kind is FailureKind.BROKEN


async def test_a_list_of_five_thousand_is_read_whole() -> None:
    """At the length at which useapi.net writes an entry, a large fleet's list is far longer than any other page."""
    async with SimulatedPixVerse(TOKEN) as server, client(server.url) as asked:
        for number in range(5_000):
            server.add(SimulatedAccount(f"user{number:05}@example.com"))
        listing = await ConditionalSource(PIXVERSE, asked, clock).list_accounts()
    assert isinstance(listing, Listing)
    assert len(listing.accounts) == 5_000
