"""The simulated useapi.net, asked over real HTTP."""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest

from bot.simulator.pixverse import PRIVATE_LINK, Fault, Life, SimulatedAccount, SimulatedPixVerse, sample_body

TOKEN = "user:1-secret"
ALICE, BOB = "alice@example.com", "bob@example.com"


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = datetime(2026, 7, 1, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


class Client:
    """Asks the simulator as the bot would."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self._session = session
        self._url = url

    async def get(self, path: str, token: str = TOKEN, **query: str) -> tuple[int, Any]:
        """Return status and JSON of a page."""
        headers = {"Authorization": f"Bearer {token}"}
        async with self._session.get(self._url + path, params=query, headers=headers) as response:
            return response.status, await response.json(content_type=None)

    async def features(self, email: str) -> tuple[int, Any]:
        """Return status and JSON of an account's features."""
        return await self.get("/pixverse/features/", email=email)


@pytest.fixture
def clock() -> Clock:
    """The simulator's clock."""
    return Clock()


@pytest.fixture
async def pixverse(clock: Clock) -> AsyncIterator[SimulatedPixVerse]:
    """A running simulator with Alice and Bob."""
    async with SimulatedPixVerse(TOKEN, clock) as simulator:
        simulator.add(SimulatedAccount(ALICE, monthly=180))
        simulator.add(SimulatedAccount(BOB))
        yield simulator


@pytest.fixture
async def client(pixverse: SimulatedPixVerse) -> AsyncIterator[Client]:
    """A client of that simulator."""
    async with aiohttp.ClientSession() as session:
        yield Client(session, pixverse.url)


async def test_an_account_shows_every_field_of_the_page(client: Client) -> None:
    """The body has the sample's fields, the account's numbers, and private links that tests can look for."""
    status, body = await client.features(ALICE)
    assert status == 200
    assert body.keys() == sample_body().keys()
    assert (body["credit_monthly"], body["credit_monthly_gift"]) == (180, 15000)
    assert body["invoice_url"].startswith(PRIVATE_LINK)
    assert body["stripe_bill_url"].startswith(PRIVATE_LINK)


async def test_fields_can_be_replaced_and_left_out(pixverse: SimulatedPixVerse, client: Client) -> None:
    """An account can say what the real API never would, and hold back what it should."""
    pixverse.add(SimulatedAccount(ALICE, overrides={"credit_monthly": None}, omit={"credit_daily"}))
    _, body = await client.features(ALICE)
    assert body["credit_monthly"] is None
    assert "credit_daily" not in body


async def test_the_sample_can_be_served_verbatim(pixverse: SimulatedPixVerse, client: Client) -> None:
    """With the sample as overrides, the page's example comes out field for field."""
    pixverse.add(SimulatedAccount(ALICE, overrides=sample_body()))
    assert await client.features(ALICE) == (200, sample_body())


async def test_the_email_may_be_left_out_for_a_single_account(pixverse: SimulatedPixVerse, client: Client) -> None:
    """With one account no email is needed, with two it is."""
    assert (await client.get("/pixverse/features"))[0] == 400
    pixverse.remove(BOB)
    assert (await client.get("/pixverse/features"))[1]["credit_monthly"] == 180


async def test_who_is_not_configured_is_not_found(client: Client) -> None:
    """An unknown email answers 404 with an error body."""
    status, body = await client.features("carol@example.com")
    assert (status, body["code"]) == (404, 404)


async def test_a_wrong_token_is_unauthorized(client: Client) -> None:
    """Both pages refuse a foreign token as the seed page documents."""
    refusal = (401, {"error": "Unauthorized", "code": 401})
    assert await client.get("/pixverse/features/", token="wrong", email=ALICE) == refusal
    assert await client.get("/pixverse/accounts", token="wrong") == refusal


async def test_the_accounts_page_lists_by_email(pixverse: SimulatedPixVerse, client: Client) -> None:
    """Entries are keyed by email, with masked secrets, and an error only where there is one."""
    pixverse.accounts[BOB].listed_error = "Session expired"
    status, listing = await client.get("/pixverse/accounts")
    assert status == 200
    assert listing.keys() == {ALICE, BOB}
    assert listing[ALICE].keys() == {"email", "maxJobs", "password", "jwt"}
    assert listing[ALICE]["jwt"].keys() == {"AccountId", "ExpireTime", "ExpireTimeUTC", "Username", "token"}
    assert listing[BOB]["error"] == "Session expired"


async def test_no_accounts_is_404(pixverse: SimulatedPixVerse, client: Client) -> None:
    """An empty configuration is 404, not an empty object."""
    pixverse.remove(ALICE)
    pixverse.remove(BOB)
    assert (await client.get("/pixverse/accounts"))[0] == 404


async def test_a_fault_keeps_to_its_place(pixverse: SimulatedPixVerse, client: Client) -> None:
    """A fault of one account spares the other and the accounts page, and ends when healed."""
    pixverse.fail(Fault(status=596), email=ALICE)
    assert await client.features(ALICE) == (596, {"error": "Error 596", "code": 596})
    assert (await client.features(BOB))[0] == (await client.get("/pixverse/accounts"))[0] == 200
    pixverse.heal(ALICE)
    assert (await client.features(ALICE))[0] == 200


async def test_a_fault_of_everything_meets_everything(pixverse: SimulatedPixVerse, client: Client) -> None:
    """Without a place a fault meets every page, with the body it was given."""
    pixverse.fail(Fault(status=401, body={"error": {"message": "no"}}))
    for path in ("/pixverse/features/", "/pixverse/accounts"):
        assert await client.get(path, email=ALICE) == (401, {"error": {"message": "no"}})


async def test_a_fault_of_the_accounts_page_spares_accounts(pixverse: SimulatedPixVerse, client: Client) -> None:
    """Discovery can fail while accounts are readable."""
    pixverse.fail(Fault(status=500), accounts_page=True)
    assert (await client.get("/pixverse/accounts"))[0] == 500
    assert (await client.features(ALICE))[0] == 200


async def test_a_fault_ends_after_its_times(pixverse: SimulatedPixVerse, client: Client) -> None:
    """A counted fault happens exactly so often."""
    pixverse.fail(Fault(status=503, times=2))
    assert [(await client.features(ALICE))[0] for _ in range(3)] == [503, 503, 200]


async def test_a_cut_answer_is_shorter_than_announced(pixverse: SimulatedPixVerse, client: Client) -> None:
    """The client sees a connection that ends inside the body."""
    pixverse.fail(Fault(cut=True))
    with pytest.raises(aiohttp.ClientPayloadError):
        await client.features(ALICE)


async def test_headers_and_delay_are_added(pixverse: SimulatedPixVerse) -> None:
    """A fault without status and body gives the true answer, late and with its headers."""
    pixverse.fail(Fault(delay=0.02, headers={"Retry-After": "7"}))
    began, page, headers = time.monotonic(), f"{pixverse.url}/pixverse/accounts", {"Authorization": f"Bearer {TOKEN}"}
    async with aiohttp.ClientSession(headers=headers) as session, session.get(page) as response:
        assert (response.status, response.headers["Retry-After"]) == (200, "7")
    assert time.monotonic() - began >= 0.02


async def test_a_hanging_request_ends_with_the_server(pixverse: SimulatedPixVerse, client: Client) -> None:
    """Stopping does not wait for what hangs, and the client learns of it."""
    pixverse.fail(Fault(hang=True))
    hanging = asyncio.create_task(client.features(ALICE))
    await pixverse.wait_for_looks(ALICE)
    await asyncio.wait_for(pixverse.stop(), timeout=60)
    with pytest.raises(aiohttp.ClientError):
        await asyncio.wait_for(hanging, timeout=60)


async def test_a_stopped_server_comes_back_at_its_port(pixverse: SimulatedPixVerse, client: Client) -> None:
    """An outage of the whole site can be played with stop and start."""
    await pixverse.stop()
    with pytest.raises(aiohttp.ClientError):
        await client.features(ALICE)
    await pixverse.start(pixverse.port)
    assert (await client.features(ALICE))[0] == 200


async def test_looks_are_counted_and_waited_for(pixverse: SimulatedPixVerse, client: Client) -> None:
    """Every request is on record, also those that hang, with the most that were open together."""
    pixverse.fail(Fault(hang=True, times=3))
    hanging = [asyncio.create_task(client.features(ALICE)) for _ in range(3)]
    await pixverse.wait_for_looks(ALICE, 3)
    await client.get("/pixverse/accounts")
    assert (pixverse.looks(ALICE), pixverse.looks(BOB), pixverse.looks()) == (3, 0, 3)
    assert pixverse.most_in_flight == 4
    for request in hanging:
        request.cancel()
    await asyncio.gather(*hanging, return_exceptions=True)


async def test_waiting_for_looks_says_what_was_missing(pixverse: SimulatedPixVerse) -> None:
    """A wait that fails tells how many looks there were."""
    with pytest.raises(TimeoutError, match=f"0 looks at {ALICE}"):
        await pixverse.wait_for_looks(ALICE, timeout=0.01)


async def test_an_account_lives_by_the_clock(pixverse: SimulatedPixVerse, client: Client, clock: Clock) -> None:
    """Credits burn with the clock of the simulator, between two requests."""
    carol = SimulatedAccount("carol@example.com", monthly=500, ends_at=clock.now + timedelta(days=9))
    pixverse.add(carol, Life(carol, clock.now, burn_per_hour=100))
    clock.now += timedelta(hours=3)
    assert (await client.features(carol.email))[1]["credit_monthly"] == 200
