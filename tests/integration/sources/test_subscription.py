"""The page of the subscription: what is read of it, what is unknown, and what never reaches the bot."""

from typing import Any

import pytest

from bot.domain.accounts import CheckFailure, FailureKind
from bot.domain.subscription import ListedService, SubscriptionPage, asked, counted
from bot.sources.conditional import ConditionalSource
from bot.sources.useapi.pixverse import PIXVERSE
from bot.sources.useapi.subscription import parse_subscription
from bot.support.errors import SourceError
from tests.integration.sources.helpers import NOW, client, clock, sample


def test_the_documented_page() -> None:
    """The verdict, the day of the renewal, and each service with its broken accounts; nothing of the owner."""
    page = parse_subscription(sample("account.json"))
    assert page.active is True
    assert str(page.renewed_on) == "2025-04-05"
    assert page.services is not None
    assert page.services[0] == ListedService("Midjourney API", 3, 1)
    assert page.services[2] == ListedService("Runway AP", 1, 0)
    assert not {"owner", "12345", "Your Name"} & set(repr(page).replace("'", " ").split())
    assert "example.com" not in repr(page)


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        ({}, SubscriptionPage()),
        ({"subscriptionIsActive": None}, SubscriptionPage()),
        ({"subscriptionIsActive": "false"}, SubscriptionPage()),
        ({"subscriptionIsActive": 0}, SubscriptionPage()),
        ({"subscriptionIsActive": False}, SubscriptionPage(active=False)),
        ({"sub": "259999"}, SubscriptionPage()),
        ({"sub": "soon"}, SubscriptionPage()),
        ({"sub": True}, SubscriptionPage()),
        ({"accounts": []}, SubscriptionPage()),
        ({"accounts": {"PixVerse API": 3}}, SubscriptionPage(services=())),
        (
            {"accounts": {"PixVerse API": {"total": "3", "error": "2"}}},
            SubscriptionPage(services=(ListedService("PixVerse API", 3, 2),)),
        ),
        (
            {"accounts": {"PixVerse API": {"total": "many", "error": -1}}},
            SubscriptionPage(services=(ListedService("PixVerse API", None, 0),)),
        ),
    ],
)
def test_what_is_missing_or_strange_is_unknown(page: Any, expected: SubscriptionPage) -> None:
    """Only a JSON false is a verdict against the subscription."""
    assert parse_subscription(page) == expected


@pytest.mark.parametrize("page", [None, [], "active", 7, {"error": "Unauthorized", "code": 401}])
def test_a_page_that_is_none(page: Any) -> None:
    """It cannot be read, and says nothing."""
    with pytest.raises(SourceError):
        parse_subscription(page)


async def test_an_answer_that_is_no_page_is_a_failure() -> None:
    """No connection is a failure like any other, and never raises."""
    async with client("http://127.0.0.1:9/v2", timeout=5) as asked_of:
        answer = await ConditionalSource(PIXVERSE, asked_of, clock).subscription()
    assert isinstance(answer, CheckFailure)
    assert answer.kind is FailureKind.UNAVAILABLE


@pytest.mark.parametrize("name", ["PixVerse API", "pixverse api", "Pix Verse AP", "PIXVERSE"])
def test_a_service_is_found_however_it_is_spelt(name: str) -> None:
    """Case, blanks and a trailing API or AP do not matter."""
    known = asked(SubscriptionPage(services=(ListedService(name, 3, 2), ListedService("Kling API", 3, 1))), NOW)
    assert counted(known, PIXVERSE.account_name) == 2
    assert counted(known, "Flow Music API") == 0


def test_riffusion_is_flow_music() -> None:
    """Its old name is still shown."""
    assert counted(asked(SubscriptionPage(services=(ListedService("Riffusion API", 3, 1),)), NOW), "Flow Music") == 1


def test_without_the_counts_nothing_is_known() -> None:
    """A page that cannot be read, or has no counts, is no zero."""
    assert counted(None, "PixVerse") is None
    assert counted(asked(None, NOW), "PixVerse") is None
