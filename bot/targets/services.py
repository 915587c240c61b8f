"""``SERVICES=all``: every service of which useapi.net shows an account on the page of the subscription."""

from collections.abc import Callable, Iterable
from datetime import datetime

from aiohttp import ClientSession

from bot.config.accounts_file.read import targets_of, watchlist_for
from bot.config.parsers import ALL_SERVICES
from bot.config.settings import Settings
from bot.config.targets import Targets
from bot.domain.accounts import CheckFailure
from bot.domain.subscription import ListedService, service_key
from bot.sources.base import Source
from bot.sources.registry import SERVICES
from bot.targets.active import source_of


def watches_all(settings: Settings) -> bool:
    """True if useapi.net decides which services are watched."""
    return ALL_SERVICES in settings.services and not settings.accounts and not settings.accounts_file


def shown(listed: Iterable[ListedService]) -> list[str]:
    """The services with an account, but those of which a check changes something; unknown ones are ignored."""
    keys = {service_key(one.name) for one in listed if one.total != 0}
    return [one.name for one in SERVICES.values() if service_key(one.account_name) in keys and not one.acts]


async def ask(source: Source) -> tuple[ListedService, ...] | None:
    """The services that useapi.net shows; None if it does not say."""
    answer = await source.subscription()
    return None if isinstance(answer, CheckFailure) else answer.services


async def targets_now(settings: Settings, session: ClientSession, clock: Callable[[], datetime]) -> Targets:
    """The targets of a command that runs once. Raises SettingsError."""
    targets = watchlist_for(settings)
    if not watches_all(settings):
        return targets
    listed = await ask(source_of(next(iter(targets.sources.values())), session, clock))
    return targets if listed is None else targets_of(settings, shown(listed))
