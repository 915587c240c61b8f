"""The sister services: each documented sample, and what each can and cannot say."""

from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import pytest
from aioresponses import aioresponses
from pydantic import SecretStr
from yarl import URL

from bot.config.targets import TargetSource
from bot.domain.accounts import Balance, CheckFailure, FailureKind, Listing, Number, Reading, Unit
from bot.sources.registry import SERVICES
from bot.sources.useapi.client import open_session
from bot.sources.useapi.google_vids import next_month
from bot.support.errors import SourceError
from bot.targets.active import source_of
from tests.integration.sources.helpers import BASE, NOW, TOKEN, clock, sample
from tests.support.fakes import RULES

V1 = BASE.replace("/v2", "/v1")
ANN = "a@example.com"


class Said(NamedTuple):
    """What a sample says; everything else is unknown."""

    service: str
    sample: str
    credits: Number
    percent: float | None = None
    unit: Unit = Unit.CREDITS
    plan: str | None = None
    ends_at: datetime | None = None
    free: bool | None = False
    refill_at: datetime | None = None
    parts: tuple[Balance, ...] = ()


VIDS = {"email": ANN, "video": {"left": 310}, "limits": {"video": 10000, "image": 1000}, "image": {"left": 7}}
MONTH = datetime(2026, 7, 1, 7, tzinfo=UTC)
TABLE = (
    Said("kling", "kling_account", 560, 56000 / 660, parts=(Balance("plan", 560, allowance=660),)),
    Said("runway", "runway_account", 935, 93500 / 2250),
    Said(
        "mureka",
        "mureka_account",
        500,
        plan="Monthly Pro",
        ends_at=datetime(2026, 2, 21, 0, 6, 52, tzinfo=UTC),
        parts=(Balance("silver", 4),),
    ),
    Said(
        "mureka", "mureka_account_2024", 15879, plan="Pro Plan", ends_at=datetime(2024, 11, 27, 22, 23, 15, tzinfo=UTC)
    ),
    Said("minimax", "minimax_account", 2278, plan="Free", free=True),
    Said("minimax", "minimax_account_paid", 1100, plan="Standard"),
    Said(
        "dreamina",
        "dreamina_account",
        24065,
        parts=(Balance("vip", 12000), Balance("gift", 10065), Balance("purchase", 2000)),
    ),
    Said("google-flow", "google-flow_account", 1250),
    Said("flow-music", "flow-music_account", 5000, plan="plus-monthly", parts=(Balance("tokens", 60000, ""),)),
)


@pytest.mark.parametrize("said", TABLE, ids=lambda said: said.sample)
def test_each_documented_sample_says_what_it_can(said: Said) -> None:
    """Every number with its unit, and no percentage, plan or end that is not there."""
    reading = SERVICES[said.service].read_account(sample(f"{said.sample}.json"), NOW)
    check(reading, said)


def check(reading: Reading, said: Said) -> None:
    """Compares all that a reading says."""
    assert reading.credits.single
    assert (reading.credits.total, reading.credits.unit) == (said.credits, said.unit)
    assert reading.credits.percent == (None if said.percent is None else pytest.approx(said.percent))
    assert (reading.plan.name, reading.plan.ends_at, reading.plan.free) == (said.plan, said.ends_at, said.free)
    assert reading.plan.renews is None
    assert reading.credits.refresh_at == said.refill_at
    assert reading.parts == said.parts


def test_muse_knows_a_percentage_alone() -> None:
    """No amount, no allowance; the quota's reset is its refill."""
    reading = SERVICES["muse"].read_account(sample("muse_account.json"), NOW)
    reset = datetime(2026, 10, 19, 1, 13, 5, tzinfo=UTC)
    check(reading, Said("muse", "", 100, 100, Unit.PERCENT, "HATCH_FREE", None, None, reset))
    assert reading.credits.monthly_allowance is None


def test_google_vids_counts_seconds_to_the_end_of_the_month() -> None:
    """The month ends in Pacific time; other balances stand apart."""
    reading = SERVICES["google-vids"].read_account(VIDS, NOW)
    images = Balance("images", 7, "", 1000, MONTH)
    check(reading, Said("google-vids", "", 310, 3.1, Unit.SECONDS, refill_at=MONTH, parts=(images,)))


@pytest.mark.parametrize(
    ("now", "then"),
    [
        (datetime(2026, 12, 31, 23, tzinfo=UTC), datetime(2027, 1, 1, 8, tzinfo=UTC)),
        (datetime(2027, 1, 1, 7, 59, tzinfo=UTC), datetime(2027, 1, 1, 8, tzinfo=UTC)),
        (datetime(2027, 1, 1, 8, tzinfo=UTC), datetime(2027, 2, 1, 8, tzinfo=UTC)),
        (datetime(2026, 10, 31, 12, tzinfo=UTC), datetime(2026, 11, 1, 7, tzinfo=UTC)),
        (datetime(2026, 11, 2, 12, tzinfo=UTC), datetime(2026, 12, 1, 8, tzinfo=UTC)),
    ],
)
def test_the_month_begins_at_midnight_pacific_time(now: datetime, then: datetime) -> None:
    """In winter and in summer time."""
    assert next_month(now) == then


@pytest.mark.parametrize("unit", [1, 1000], ids=["seconds", "milliseconds"])
def test_the_lots_of_kling_lapse_one_by_one(unit: int) -> None:
    """The allowance is that of the newest plan lot; a lot that is empty is not shown."""
    at = int(NOW.timestamp())
    page = sample("kling_account.json")
    page["balance"] = {
        "total": 96050,
        "points": [
            {"type": "plan", "amount": 66000, "balance": 0, "startTime": (at - 900) * unit, "endTime": (at + 9) * unit},
            {"type": "topup", "amount": 50000, "balance": 30050, "endTime": (at + 2_000) * unit},
            {"type": "plan", "amount": 66000, "balance": 66000, "startTime": at * unit, "endTime": (at + 1_000) * unit},
        ],
    }
    reading = SERVICES["kling"].read_account(page, NOW)
    assert (reading.credits.total, reading.credits.monthly_allowance) == (960.5, 660)
    assert reading.parts == (
        Balance("plan", 660, allowance=660, lapses_at=NOW + timedelta(seconds=1_000)),
        Balance("topup", 300.5, allowance=500, lapses_at=NOW + timedelta(seconds=2_000)),
    )
    assert reading.plan.ends_at is None


def test_the_credits_of_minimax_that_lapse_are_known() -> None:
    """Their moment is in the page, in milliseconds."""
    page = sample("minimax_account.json") | {"creditExpireText": [{"credit": 2, "endTime": 1782345599999}]}
    (lapsing,) = SERVICES["minimax"].read_account(page, NOW).parts
    assert (lapsing.amount, lapsing.lapses_at) == (2, datetime(2026, 6, 24, 23, 59, 59, 999000, tzinfo=UTC))


WITHOUT_NUMBERS: tuple[tuple[str, dict[str, Any], FailureKind], ...] = (
    ("kling", {"email": ANN}, FailureKind.GARBLED),
    ("runway", {"permitted": {"numPlanCredits": 2250}}, FailureKind.GARBLED),
    ("mureka", {"user": {}}, FailureKind.GARBLED),
    ("minimax", {"memberName": "Free"}, FailureKind.GARBLED),
    ("dreamina", {"account": "US:a@example.com", "region": "US"}, FailureKind.UNAVAILABLE),
    ("google-flow", {"health": "Session expired"}, FailureKind.BROKEN),
    ("google-flow", {"health": "OK"}, FailureKind.GARBLED),
    ("flow-music", {"error": "must be connected anew"}, FailureKind.BROKEN),
    ("google-vids", {"health": "OK", "video": {}}, FailureKind.GARBLED),
    ("muse", {"health": "paused: sign in again", "quota": {"percentUsed": 3}}, FailureKind.BROKEN),
    ("muse", {"health": "OK", "quota": {}}, FailureKind.GARBLED),
)


@pytest.mark.parametrize(("service", "page", "kind"), WITHOUT_NUMBERS, ids=lambda value: str(value)[:20])
def test_a_page_without_numbers_is_unknown(service: str, page: Any, kind: FailureKind) -> None:
    """A 200 can lack them: that is never zero credits."""
    with pytest.raises(SourceError) as raised:
        SERVICES[service].read_account(page, NOW)
    assert raised.value.kind is kind


PATHS = {
    "kling": ("kling_account", ("balance", "total")),
    "runway": ("runway_account", ("used", "numPlanCredits")),
    "mureka": ("mureka_account", ("credits",)),
    "minimax": ("minimax_account", ("totalCredits",)),
    "dreamina": ("dreamina_account", ("credits", "total")),
    "google-flow": ("google-flow_account", ("credits", "credits")),
    "flow-music": ("flow-music_account", ("credits_remaining",)),
    "muse": ("muse_account", ("quota", "percentUsed")),
}


@pytest.mark.parametrize("value", ["560", "1,250", None, True, [], {}, float("nan"), 10**15], ids=str)
@pytest.mark.parametrize("service", PATHS)
def test_an_amount_that_is_no_number_is_unknown(service: str, value: object) -> None:
    """As text, missing, or out of bounds: an answer that cannot be used, never 0."""
    name, path = PATHS[service]
    page = sample(f"{name}.json")
    inner = page
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    with pytest.raises(SourceError) as raised:
        SERVICES[service].read_account(page, NOW)
    assert raised.value.kind is FailureKind.GARBLED


@pytest.mark.parametrize("page", [None, [], "text", 7, {}], ids=str)
@pytest.mark.parametrize("service", SERVICES)
def test_a_page_of_another_shape_is_no_reading(service: str, page: object) -> None:
    """Whatever JSON comes, the only error is ours."""
    with pytest.raises(SourceError):
        SERVICES[service].read_account(page, NOW)


@pytest.mark.parametrize("service", [name for name in SERVICES if name != "pixverse"])
def test_odd_values_beside_the_amount_stop_nothing(service: str) -> None:
    """Lots, limits, times and plans of any shape are unknown."""
    fields = ("points", "creditExpireText", "limits", "models", "tier", "user", "resetsAt", "vip", "subscription_plan")
    odd: dict[str, Any] = {field: [7, {}, "x"] for field in fields}
    page: dict[str, Any] = sample(f"{service}_account.json") | odd
    for name, inner in page.items():
        if isinstance(inner, dict):
            page[name] = inner | odd
    reading = SERVICES[service].read_account(page, NOW)
    assert reading.credits.total >= 0


LISTS = (
    ("kling", "kling_accounts", {ANN: None}),
    ("runway", "runway_accounts", {ANN: None}),
    (
        "mureka",
        "mureka_accounts",
        {
            "123456789": None,
            "987654321": "Session refresh failed … manual update required",
        },
    ),
    ("minimax", "minimax_accounts", {"123456": None}),
    ("dreamina", "dreamina_accounts", {"US:a@example.com": None}),
    ("google-flow", "google-flow_accounts", {ANN: None}),
    ("flow-music", "flow-music_accounts", {ANN: None}),
    ("google-vids", "google-vids_accounts", {ANN: None}),
    ("muse", "muse_accounts", {ANN: None}),
)


@pytest.mark.parametrize(("service", "name", "named"), LISTS, ids=lambda value: str(value)[:20])
def test_each_list_names_its_accounts_and_their_trouble(service: str, name: str, named: dict[str, Any]) -> None:
    """By the list's own key, which is what the account is asked for by."""
    assert {one.email: one.error for one in SERVICES[service].read_list(sample(f"{name}.json"))} == named


def test_a_list_names_health_other_than_ok() -> None:
    """Its words are the reason."""
    (listed,) = SERVICES["muse"].read_list({ANN: {"health": "refresh token rejected"}})
    assert listed.error == "refresh token rejected"


def test_nothing_of_a_list_is_kept_but_key_and_error() -> None:
    """Secrets stand in known and unknown fields, without a mask."""
    secret = "hunter2-SECRET-9f8e7d6c5b4a"
    entry = {"password": secret, "lastErrorToken": secret, "jwt": {"token": secret}, "cookies": [secret], "x": secret}
    for name, service in SERVICES.items():
        if name != "pixverse":
            assert secret not in repr(service.read_list({ANN: entry}))


def test_a_list_of_ten_thousand_accounts_is_read_whole() -> None:
    """Each of them once."""
    page = {f"user{number}@example.com": {"health": "OK"} for number in range(10_000)}
    assert len(SERVICES["google-flow"].read_list(page)) == 10_000


@pytest.mark.parametrize("key", ["", " ", "..", "a/../b", "a b", "<x>", "a,b", "x" * 300, "…"])
def test_a_key_that_cannot_be_asked_for_is_no_account(key: str) -> None:
    """It would lead to another page."""
    with pytest.raises(SourceError):
        SERVICES["kling"].read_list({key: {}})


NONE_CONFIGURED = [(name, 404) for name in ("kling", "runway", "mureka", "minimax")] + [
    (name, 200) for name in ("dreamina", "google-flow", "flow-music", "google-vids", "muse")
]


@pytest.mark.parametrize(("service", "status"), NONE_CONFIGURED)
async def test_none_configured_is_an_empty_list(service: str, status: int) -> None:
    """404 with useapi.net's words, or an empty object."""
    page: dict[str, Any] = {} if status == 200 else {"error": "Configuration not found", "code": 404}
    with aioresponses() as server:
        server.get(f"{V1}{SERVICES[service].list_path}", status=status, payload=page)
        async with open_session() as session:
            found = await source_of(target(service), session, clock).list_accounts()
    assert found == Listing(NOW, ())


ASKED = {
    "kling": "/kling/accounts/a%40example.com",
    "runway": "/runwayml/features/?email=a%40example.com",
    "mureka": "/mureka/profile/?account=123456789",
    "minimax": "/minimax/features/?account=123456",
    "dreamina": "/dreamina/accounts/US%3Aa%40example.com",
    "google-flow": "/google-flow/accounts/a%40example.com",
    "flow-music": "/flowmusic/accounts/a%40example.com",
    "google-vids": "/google-vids/accounts/a%40example.com",
    "muse": "/muse/accounts/a%40example.com",
}
KEYS = {"mureka": "123456789", "minimax": "123456", "dreamina": "US:a@example.com"}


def target(service: str) -> TargetSource:
    """A subscription with this service."""
    return TargetSource(SecretStr(TOKEN), BASE, RULES, (), service=service)


@pytest.mark.parametrize("service", ASKED)
async def test_each_account_is_asked_for_by_its_key_at_version_1(service: str) -> None:
    """In the path or behind it, and encoded."""
    with aioresponses() as server:
        server.get(
            URL(f"{V1}{ASKED[service]}", encoded=True),
            status=596,
            payload={"error": "refresh token rejected", "code": 596},
        )
        async with open_session() as session:
            found = await source_of(target(service), session, clock).read(KEYS.get(service, ANN))
    assert isinstance(found, CheckFailure)
    assert found.kind is FailureKind.BROKEN


async def test_the_seconds_of_a_month_come_from_the_list() -> None:
    """The account's own page need not have them; the list is asked once for all."""
    page = {"email": ANN, "health": "OK", "video": {"left": 310}}
    with aioresponses() as server:
        server.get(URL(f"{V1}{ASKED['google-vids']}", encoded=True), payload=page, repeat=True)
        server.get(f"{V1}/google-vids/accounts", payload=sample("google-vids_accounts.json"))
        async with open_session() as session:
            source = source_of(target("google-vids"), session, clock)
            found = [await source.read(ANN) for _ in range(2)]
    for one in found:
        assert isinstance(one, Reading)
        assert one.credits.percent == pytest.approx(3.1)


async def test_seconds_without_the_list_have_no_percentage() -> None:
    """A list that cannot be read is no failed check."""
    page = {"email": ANN, "health": "OK", "video": {"left": 310}}
    with aioresponses() as server:
        server.get(URL(f"{V1}{ASKED['google-vids']}", encoded=True), payload=page)
        server.get(f"{V1}/google-vids/accounts", status=503)
        async with open_session() as session:
            found = await source_of(target("google-vids"), session, clock).read(ANN)
    assert isinstance(found, Reading)
    assert (found.credits.total, found.credits.percent) == (310, None)
