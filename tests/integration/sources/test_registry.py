import re
from urllib.parse import quote

import pytest
from aioresponses import aioresponses

from bot.domain.accounts import Listing, Reading
from bot.sources.base import Service
from bot.sources.conditional import ConditionalSource
from bot.sources.registry import SERVICES
from tests.integration.sources.helpers import BASE, client, clock, sample


def base_of(service: Service) -> str:
    """The base address of a service's pages."""
    return f"{BASE.removesuffix('/v2')}/{service.version}"


def pattern_of(service: Service, key: str) -> re.Pattern[str]:
    """The address of an account, whatever its encoding."""
    path = service.account_path.partition("{")[0]
    return re.compile(f"{re.escape(base_of(service) + path)}.*({re.escape(key)}|{re.escape(quote(key, safe=''))})")


@pytest.mark.parametrize("service", SERVICES)
async def test_every_service_reads_its_recorded_samples(service: str) -> None:
    """No service is half added: each reads ``<service>_account.json`` and lists ``<service>_accounts.json``."""
    with aioresponses() as server:
        async with client() as asked:
            source = ConditionalSource(SERVICES[service], asked, clock)
            server.get(
                f"{base_of(SERVICES[service])}{SERVICES[service].list_path}", payload=sample(f"{service}_accounts.json")
            )
            listing = await source.list_accounts()
            assert isinstance(listing, Listing)
            email = listing.accounts[0].email
            server.get(pattern_of(SERVICES[service], email), payload=sample(f"{service}_account.json"))
            assert isinstance(await source.read(email), Reading)
