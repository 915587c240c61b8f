"""The statistics of jobs: what is read of them, and what says nothing."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.domain.jobs import Slots
from bot.sources.useapi.statistics import MOST, parse_slots, parse_statistics
from bot.support.errors import SourceError
from tests.integration.sources.helpers import sample

NOW = datetime(2026, 11, 24, 0, 10, tzinfo=UTC)
ALICE = "alice@example.com"


def row(code: object = 412, minutes: float = 10, config: object = ALICE, **more: object) -> dict[str, object]:
    """One request, some minutes ago."""
    at = (NOW - timedelta(minutes=minutes)).isoformat().replace("+00:00", "Z")
    return {"timestamp": at, "config": config, "endpoint": "post-videos", "status": "?", "code": code, **more}


def of(*rows: object) -> Any:
    """The refused jobs of the one account; None if it has none."""
    return parse_statistics({"bot": "pixverse", "data": list(rows)}, NOW).jobs.get(ALICE)


def test_refusals_by_kind() -> None:
    """Too few credits, too many jobs, a broken session; what was accepted or went wrong otherwise does not count."""
    found = of(row(412), row("412", 70), row(429), row("596"), row(200), row(500), row(422))
    assert (found.refused(NOW), found.busy, found.broken) == (1, 1, 1)


def test_the_order_of_the_rows_does_not_matter() -> None:
    """An accepted request ends it only if it is the later one, and to the same endpoint."""
    refused, accepted = row(412, 20), row(201, 10)
    for rows in ((refused, accepted), (accepted, refused)):
        assert of(*rows).open_at is None
        assert of(*rows).accepted_at == NOW - timedelta(minutes=10)
    assert of(row(412, 10), row(201, 20)).open_at == NOW - timedelta(minutes=10)
    assert of(refused, row(200, 10, endpoint="post-images")).is_open(NOW)
    assert of(refused, row(200, 10, "bob@example.com")).is_open(NOW)


def test_a_read_of_our_own_is_no_job() -> None:
    """The bot's own reads stand there, too."""
    found = parse_statistics({"data": [row(596, endpoint="get-features"), row(429, endpoint="accounts")]}, NOW)
    assert found.jobs == {}


@pytest.mark.parametrize("page", [None, [], {}, {"summary": {}}, {"data": None}, {"data": {}}, {"error": "x"}])
def test_a_page_without_rows(page: Any) -> None:
    """It is no zero."""
    with pytest.raises(SourceError):
        parse_statistics(page, NOW)


def test_no_rows_are_a_zero() -> None:
    """Nobody asked anything."""
    found = parse_statistics({"data": []}, NOW)
    assert (found.requests, found.oldest, found.jobs, found.as_of(NOW)) == (0, None, {}, NOW)


@pytest.mark.parametrize(
    "strange",
    [
        None,
        7,
        "412",
        [],
        {},
        row(None),
        row("many"),
        row(True),
        row([412]),
        row(config=None),
        row(config=" "),
        row(config=5),
        {**row(), "timestamp": None},
        {**row(), "timestamp": "soon"},
        {**row(), "timestamp": "0001-01-01T00:00:00Z"},
        row(minutes=-60),
        row(minutes=24 * 60),
    ],
)
def test_a_strange_row_says_nothing(strange: object) -> None:
    """Nor does one of another day, or of the future; those beside it count."""
    assert of(strange) is None or not of(strange).refused_at
    assert of(strange, row(412)).refused(NOW) == 1


def test_a_row_without_an_endpoint() -> None:
    """It is an endpoint of its own."""
    assert of(row(412, 20, endpoint=None), row(200, 10, endpoint=7)).open_at is None


def test_the_most_rows_there_can_be() -> None:
    """50,000 rows are read within seconds, and keep no more than they need."""
    rows = [row(412 if number % 2 else 200, number / 1_000) for number in range(MOST)]
    began = time.monotonic()
    found = of(*rows)
    assert time.monotonic() - began < 20
    assert 0 < len(found.refused_at) <= 500


def test_the_documented_statistics() -> None:
    """One accepted request, of another day: known rows, and nothing refused."""
    at = datetime(2026, 1, 31, 10, 30, tzinfo=UTC)
    found = parse_statistics(sample("statistics.json"), NOW)
    assert (found.requests, found.oldest, found.newest, found.jobs) == (1, at, at, {})


def test_the_documented_running_jobs() -> None:
    """The slots of the account; the jobs themselves are not read."""
    assert parse_slots(sample("slots.json")) == {"a@example.com": Slots(0, 5)}


def test_running_jobs() -> None:
    """By account; what is missing is unknown, what is none says nothing."""
    page = {"executing": [], "available": [{"email": "A@example.com", "maxJobs": 5, "executing": 3}, {"email": 7}, 8]}
    assert parse_slots(page) == {"a@example.com": Slots(3, 5)}
    assert parse_slots({"available": [{"email": ALICE, "executing": "x"}]}) == {ALICE: Slots(None, None)}


@pytest.mark.parametrize("page", [None, [], {}, {"available": {}}])
def test_a_page_without_running_jobs(page: Any) -> None:
    """It says nothing."""
    with pytest.raises(SourceError):
        parse_slots(page)
