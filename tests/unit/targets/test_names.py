"""When a name is told with its service."""

import pytest
from pydantic import SecretStr

from bot.config.targets import Targets, TargetSource
from bot.domain.accounts import Account
from bot.targets.active import ActiveTargets
from tests.support.fakes import CHAT, RULES, Clock, FakeSource


def named(*accounts: tuple[str, str, str | None], services: str = "pixverse kling mureka dreamina") -> list[str]:
    """The names of accounts of these services, each with its key and label."""
    sources = [
        TargetSource(SecretStr("user:1-token"), "https://useapi.test/v2", RULES, (CHAT,), service=service)
        for service in services.split()
    ]
    active = ActiveTargets(Targets.of(sources, (CHAT,), RULES), lambda _: FakeSource(Clock()))
    known = [Account(f"{service}:{key}", service, key, label) for service, key, label in accounts]
    active.know(known)
    return [active.named(one).name for one in known]


def test_a_name_that_fits_one_service_stands_alone() -> None:
    """An email or a label is enough."""
    assert named(("pixverse", "ann@example.com", None), ("kling", "bob@example.com", None)) == [
        "ann@example.com",
        "bob@example.com",
    ]


def test_a_name_that_fits_two_services_has_its_service() -> None:
    """In any case of letters."""
    assert named(("pixverse", "Ann@example.com", None), ("kling", "ann@example.com", None)) == [
        "Ann@example.com (PixVerse)",
        "ann@example.com (Kling)",
    ]


@pytest.mark.parametrize(
    ("service", "key", "name"),
    [
        ("mureka", "123456789", "123456789 (Mureka)"),
        ("dreamina", "US:ann@example.com", "US:ann@example.com (Dreamina)"),
    ],
)
def test_an_id_has_its_service(service: str, key: str, name: str) -> None:
    """A number alone tells nobody anything; a label does, and where there is one service alone nobody asks which."""
    assert named((service, key, None)) == [name]
    assert named((service, key, "Songs")) == ["Songs"]
    assert named((service, key, None), services=service) == [key]
