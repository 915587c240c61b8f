"""The pages: /healthz, /accounts and /metrics, and nothing else."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families

from bot.domain.accounts import Account, CheckFailure, Credits, FailureKind, ForecastSummary, Pause, Plan, Reading
from bot.domain.alerts import Alert, AlertRule, Severity
from bot.domain.chats import Chat
from bot.domain.health import RefusedChat, Vitals
from bot.evaluation.account_row import account_row
from bot.support.errors import DatabaseBusyError, StartError
from bot.support.metrics import Metrics
from bot.web.pages import Pages, mask, shown_names
from tests.support.fakes import ALICE, BOB, NOW, QUARTER, SOURCE, Clock, key_of

WELL = Vitals(NOW, NOW, NOW, 0, None, 0, 1.0, None)
BLOCKED = RefusedChat(Chat(5), "Forbidden: bot was blocked by the user", NOW)
SEEN = Account(
    key_of(ALICE),
    SOURCE,
    ALICE,
    reading=Reading(NOW, Credits(100.5, daily=None, package=0), Plan(ends_at=NOW + timedelta(days=1))),
    allowance=15_000,
)
FAILING = Account(key_of(BOB), SOURCE, BOB, "Studio", outage=CheckFailure(NOW, FailureKind.BROKEN))
FIRING = Alert(key_of(ALICE), AlertRule.CREDITS, level=2, severity=Severity.WARNING)

Get = Callable[[str], Any]


@asynccontextmanager
async def pages(
    vitals: Vitals = WELL,
    *accounts: Account,
    alerts: tuple[Alert, ...] = (),
    masked: bool = False,
    error: Exception | None = None,
    fleet_error: Exception | None = None,
) -> AsyncIterator[Get]:
    """Serves the pages of a bot of which this is known; gives what fetches one."""

    async def vitals_now() -> Vitals:
        if error:
            raise error
        return vitals

    async def fleet() -> tuple[tuple[Account, ...], tuple[Alert, ...]]:
        if fleet_error:
            raise fleet_error
        return accounts, alerts

    served = Pages(vitals_now, fleet, Metrics(), QUARTER, Clock(), masked=masked)
    await served.start("127.0.0.1", 0)
    async with aiohttp.ClientSession(f"http://127.0.0.1:{served.port}") as session:

        async def get(path: str) -> tuple[int, str]:
            async with session.get(path) as response:
                return response.status, await response.text()

        yield get
    await served.stop()


async def samples(get: Get) -> dict[tuple[str, ...], float]:
    """Every line of /metrics: its name and labels, and its number."""
    status, text = await get("/metrics")
    assert status == 200
    found = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found[(sample.name, *sample.labels.values())] = sample.value
    return found


async def health(vitals: Vitals) -> tuple[int, dict[str, Any]]:
    """What /healthz says."""
    async with pages(vitals) as get:
        status, text = await get("/healthz")
    return status, json.loads(text)


async def test_a_bot_that_is_well() -> None:
    """200, with everything the contract names."""
    status, page = await health(WELL)
    assert status == 200
    assert page == {
        "status": "ok",
        "last_round_at": NOW.isoformat(),
        "last_delivery_at": NOW.isoformat(),
        "outbox": 0,
        "database": "ok",
        "polling": "ok",
        "problems": [],
        "notes": [],
    }


EDGE = 2 * QUARTER + timedelta(minutes=1)
MOMENT = timedelta(seconds=1)
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("vitals", "well"),
    [
        (replace(WELL, last_round_at=NOW - EDGE), True),
        (replace(WELL, last_round_at=NOW - EDGE - MOMENT), False),
        (replace(WELL, last_round_at=None), False),
        (replace(WELL, readable_until=NOW - MOMENT), False),
        (replace(WELL, readable_until=None), False),
        (replace(WELL, last_round_at=NOW - 5 * EDGE, round_every=timedelta(hours=2)), True),
        (replace(WELL, last_round_at=NOW - 5 * EDGE, round_every=timedelta(hours=1)), False),
        (replace(WELL, last_round_at=None, readable_until=None, all_paused=True), True),
        (replace(WELL, last_round_at=NOW - DAY, more_often_since=NOW - EDGE), True),
        (replace(WELL, last_round_at=NOW - DAY, more_often_since=NOW - EDGE - MOMENT), False),
        (replace(WELL, readable_until=NOW - DAY, more_often_since=NOW, read_by=NOW), True),
        (replace(WELL, readable_until=NOW - DAY, more_often_since=NOW, read_by=NOW - MOMENT), False),
        (replace(WELL, all_paused=True, polling_silent=121.0), False),
        (replace(WELL, waiting=5, waiting_since=NOW - timedelta(minutes=2)), True),
        (replace(WELL, waiting=5, waiting_since=NOW - timedelta(minutes=2) - MOMENT), False),
        (replace(WELL, waiting=500), True),
        (replace(WELL, polling_silent=120.0), True),
        (replace(WELL, polling_silent=121.0), False),
        (replace(WELL, last_delivery_at=None), True),
        (replace(WELL, failed=3, refused=(BLOCKED,)), True),
        (replace(WELL, refused=(BLOCKED,), unreached_since=NOW - timedelta(minutes=2)), True),
        (replace(WELL, refused=(BLOCKED,), unreached_since=NOW - timedelta(minutes=2) - MOMENT), False),
    ],
)
async def test_well_or_not(vitals: Vitals, well: bool) -> None:
    """503 exactly where the contract says so, each with a reason in words; and 200 else."""
    status, page = await health(vitals)
    assert status == (200 if well else 503)
    assert page["status"] == ("ok" if well else "failing")
    assert bool(page["problems"]) is not well


async def test_what_is_worth_knowing_is_a_note() -> None:
    """Chats that are gone and messages given up are said, and are no reason for 503."""
    _, page = await health(replace(WELL, failed=3, refused=(BLOCKED,), polling_trouble="409"))
    assert page["notes"] == [
        "chat 5: Forbidden: bot was blocked by the user, since 23 Nov 12:00 UTC",
        "409",
        "3 messages were given up: overtaken, or for a chat that is no longer told",
    ]


BLIND = Vitals(None, None, None, None, None, None, 1.0, None, database="the database is damaged", readable=False)
FULL = replace(WELL, database="the disk of the database is full")


@pytest.mark.parametrize("vitals", [BLIND, FULL])
async def test_a_database_that_cannot_be_used_is_a_problem_at_once(vitals: Vitals) -> None:
    """503 with JSON; what is not known is null, and nothing else is blamed."""
    status, page = await health(vitals)
    assert status == 503
    assert page["problems"] == [vitals.database]
    assert (page["status"], page["database"]) == ("failing", "failing")
    assert page["outbox"] == vitals.waiting
    assert page["last_round_at"] == (NOW.isoformat() if vitals is FULL else None)


async def test_metrics_of_a_database_that_cannot_be_read() -> None:
    """That much, and no number of what is not known."""
    async with pages(BLIND, fleet_error=DatabaseBusyError("damaged")) as get:
        found = await samples(get)
    assert found[("credit_bot_database_usable",)] == 0
    assert not any(
        name.startswith(("credit_bot_outbox_depth", "credit_bot_credits", "credit_bot_alerts")) for name, *_ in found
    )
    async with pages(WELL) as get:
        assert (await samples(get))[("credit_bot_database_usable",)] == 1


async def test_a_page_that_needs_the_database_says_so_in_json() -> None:
    """Whatever fails on the way: no traceback, no plain text."""
    async with pages(error=DatabaseBusyError("The database cannot be used just now")) as get:
        status, text = await get("/healthz")
    assert status == 503
    assert json.loads(text) == {"status": "failing", "problems": ["The database cannot be used just now"]}


async def test_polling_that_is_silent_is_failing() -> None:
    """The polling's trouble is in the page, in words."""
    _, page = await health(replace(WELL, polling_silent=300.0, polling_trouble="Telegram refuses the bot token"))
    assert (page["polling"], page["problems"]) == ("failing", ["Telegram refuses the bot token"])


async def test_any_other_path_is_404() -> None:
    """There are two pages and no third."""
    async with pages() as get:
        for path in ("/", "/health", "/healthz/", "/metrics/x", "/../etc/passwd"):
            assert (await get(path))[0] == 404


async def test_metrics_of_accounts() -> None:
    """Credits by bucket, allowance, plan end, age; what is not known has no line and is never a 0."""
    async with pages(WELL, SEEN, FAILING, alerts=(FIRING, FIRING)) as get:
        found = await samples(get)
    assert found["credit_bot_credits", ALICE, "monthly"] == 100.5
    assert found["credit_bot_credits", ALICE, "package"] == 0
    assert ("credit_bot_credits", ALICE, "daily") not in found
    assert not any(key[0] == "credit_bot_credits" and "Studio" in key for key in found)
    assert found["credit_bot_credits_monthly_allowance", ALICE] == 15_000
    assert found["credit_bot_plan_end_timestamp_seconds", ALICE] == (NOW + timedelta(days=1)).timestamp()
    assert found["credit_bot_read_timestamp_seconds", ALICE] == NOW.timestamp()
    assert (found["credit_bot_account_readable", ALICE], found["credit_bot_account_readable", "Studio"]) == (1, 0)
    assert found["credit_bot_alerts", "credits", "warning"] == 2


async def test_metrics_of_delivery() -> None:
    """How much waits and since when, and the last round."""
    waiting = replace(WELL, waiting=7, waiting_since=NOW - timedelta(seconds=90), failed=2)
    async with pages(waiting) as get:
        found = await samples(get)
    assert found["credit_bot_outbox_depth",] == 7
    assert found["credit_bot_outbox_age_seconds",] == 90
    assert found["credit_bot_outbox_failed",] == 2
    assert found["credit_bot_last_round_timestamp_seconds",] == NOW.timestamp()


async def test_all_metrics_are_ours() -> None:
    """Every name begins with credit_bot_."""
    async with pages(WELL, SEEN, alerts=(FIRING,)) as get:
        assert all(key[0].startswith("credit_bot_") for key in await samples(get))


async def test_emails_are_masked_for_strangers() -> None:
    """Where others can read the page, an email without a label is hidden; such as look alike stay apart."""
    other = replace(SEEN, key=key_of("anna@example.com"), email="anna@example.com")
    async with pages(WELL, SEEN, other, FAILING, masked=True) as get:
        found = await samples(get)
        _, text = await get("/metrics")
    assert found["credit_bot_account_readable", "a…@example.com"] == 1
    assert found["credit_bot_account_readable", "a…@example.com #2"] == 1
    assert found["credit_bot_account_readable", "Studio"] == 0
    assert ALICE not in text
    assert "anna@" not in text


def test_each_account_has_a_line_of_its_own() -> None:
    """However many look alike, and whatever a label says, no account takes another's place on the page."""
    alike = [Account(f"{number}", SOURCE, f"a{number}@example.com") for number in range(4)]
    labelled = [Account("5", SOURCE, "b@example.com", "a…@example.com #2"), Account("6", SOURCE, "c@example.com", "C")]
    for accounts in ([*alike, *labelled], [*labelled, *alike]):
        shown = shown_names(accounts, masked=True)
        assert [account.key for account in shown.values()] == [account.key for account in accounts]
        assert {"a…@example.com", "a…@example.com #3", "C"} <= set(shown)


def test_masks() -> None:
    """The first letter and the place, whatever the address."""
    assert [mask(email) for email in (ALICE, "@y", '"a@b"@c.d')] == ["a…@example.com", "…@y", '"…@c.d']


async def test_strange_names_do_not_break_the_page() -> None:
    """A label may hold quotes, backslashes and line breaks: the page can still be read by machines."""
    strange = replace(SEEN, label='a"b\\c\nd {} 🎬')
    async with pages(WELL, strange) as get:
        assert (await samples(get))["credit_bot_credits", 'a"b\\c\nd {} 🎬', "monthly"] == 100.5


async def test_a_port_in_use_is_said_with_what_to_do() -> None:
    """A port that is taken ends the start in words."""
    async with pages() as get:
        assert (await get("/healthz"))[0] == 200
        first = Pages(None, None, Metrics(), QUARTER, Clock(), masked=False)  # type: ignore[arg-type]
        await first.start("127.0.0.1", 0)
        second = Pages(None, None, Metrics(), QUARTER, Clock(), masked=False)  # type: ignore[arg-type]
        with pytest.raises(StartError, match=r"HTTP_LISTEN: 127.0.0.1:\d+ cannot be listened on .*Free the port"):
            await second.start("127.0.0.1", first.port or 0)
        await first.stop()


async def test_a_host_that_is_none_is_said() -> None:
    """A name that is no address of this machine ends the start in words too."""
    page = Pages(None, None, Metrics(), QUARTER, Clock(), masked=False)  # type: ignore[arg-type]
    with pytest.raises(StartError, match="HTTP_LISTEN"):
        await page.start("192.0.2.1", 8080)


async def test_what_is_paused_is_not_said_to_be_readable() -> None:
    """Its credits keep the moment of the last reading; whether it can be read is not known, unless it could not be."""
    pause = Pause("", NOW, NOW + timedelta(hours=1), "Kim")
    async with pages(WELL, replace(SEEN, pause=pause), replace(FAILING, pause=pause)) as get:
        found = await samples(get)
    assert (found["credit_bot_account_paused", ALICE], found["credit_bot_account_paused", "Studio"]) == (1, 1)
    assert ("credit_bot_account_readable", ALICE) not in found
    assert found["credit_bot_account_readable", "Studio"] == 0
    assert found["credit_bot_read_timestamp_seconds", ALICE] == NOW.timestamp()


async def accounts_page(*accounts: Account, alerts: tuple[Alert, ...] = (), masked: bool = False) -> list[Any]:
    """The rows of /accounts."""
    async with pages(WELL, *accounts, alerts=alerts, masked=masked) as get:
        status, text = await get("/accounts")
    assert status == 200
    rows: list[Any] = json.loads(text)["accounts"]
    return rows


async def test_accounts_are_the_rows_of_check_from_the_last_readings() -> None:
    """The same keys; what is unknown is null, never 0; severity by the alerts that fire."""
    (row,) = await accounts_page(SEEN, alerts=(FIRING,))
    assert row == {
        "account": key_of(ALICE),
        "label": None,
        "service": "pixverse",
        "credits": 100.5,
        "unit": "credits",
        "percent_left": 0.67,
        "jobs": None,
        "jobs_refused": None,
        "credits_daily": None,
        "credits_monthly": 100.5,
        "credits_package": 0,
        "credits_monthly_allowance": 15_000,
        "plan": None,
        "plan_ends_at": "2026-11-24T12:00:00Z",
        "renews": False,
        "runs_out_at": None,
        "taken_at": "2026-11-23T12:00:00Z",
        "severity": "warning",
        "error": None,
    }
    assert row.keys() == account_row(SEEN, (), NOW).keys()
    assert (await accounts_page(SEEN))[0]["severity"] == "ok"
    assert await accounts_page() == []


async def test_an_account_whose_last_check_failed_has_its_last_numbers() -> None:
    """With their moment, severity unknown, and the reason; without any reading they are null."""
    failed = replace(SEEN, outage=CheckFailure(NOW + DAY, FailureKind.BROKEN, "refresh token rejected"), failures=3)
    seen, never = await accounts_page(failed, FAILING, alerts=(FIRING,))
    assert (seen["credits"], seen["taken_at"], seen["severity"]) == (100.5, "2026-11-23T12:00:00Z", "unknown")
    assert "refresh token rejected (remove the account at useapi.net and add it again)" in seen["error"]
    assert (never["label"], never["credits"], never["taken_at"], never["severity"]) == ("Studio", None, None, "unknown")


async def test_accounts_say_when_the_credits_run_out_while_that_is_foretold() -> None:
    """The likeliest moment of a forecast that holds."""
    foretold = ForecastSummary(
        made_at=NOW, total=100.5, useful=True, lasts=False, before=True, earliest=NOW + DAY / 2, median=NOW + DAY
    )
    (row,) = await accounts_page(replace(SEEN, foretold=foretold))
    assert row["runs_out_at"] == "2026-11-24T12:00:00Z"
    (row,) = await accounts_page(replace(SEEN, foretold=replace(foretold, made_at=NOW - DAY)))
    assert row["runs_out_at"] is None


async def test_beyond_this_machine_accounts_hold_no_email() -> None:
    """Masked in keys and in the service's own words; a label alone where there is one; two alike are numbered."""
    twins = [
        replace(SEEN, key=f"pixverse:{name}@example.com", email=f"{name}@example.com") for name in ("alice", "anna")
    ]
    other = replace(SEEN, key="kling:amy@example.com", email="amy@example.com")
    said = CheckFailure(NOW, FailureKind.BROKEN, "Account bob@example.com in error state")
    async with pages(WELL, *twins, other, replace(FAILING, outage=said), masked=True) as get:
        _, text = await get("/accounts")
    rows = json.loads(text)["accounts"]
    assert [row["account"] for row in rows] == [
        "pixverse:a…@example.com",
        "pixverse:a…@example.com #2",
        "kling:a…@example.com",
        "pixverse:Studio",
    ]
    assert "Account b…@example.com in error state" in rows[3]["error"]
    assert not [name for name in ("alice", "anna", "amy", "bob") if name in text]


async def test_accounts_that_cannot_be_read_are_no_empty_list() -> None:
    """503 with the reason, in JSON."""
    async with pages(fleet_error=DatabaseBusyError("the database is locked")) as get:
        status, text = await get("/accounts")
    assert status == 503
    assert json.loads(text)["problems"] == ["the database is locked"]
