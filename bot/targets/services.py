"""``SERVICES=all``: every service of which useapi.net shows an account on the page of the subscription."""

from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from aiohttp import ClientSession

from bot.config.accounts_file.read import targets_of, watchlist_for
from bot.config.parsers import ALL_SERVICES
from bot.config.settings import Settings
from bot.config.targets import Targets
from bot.domain.accounts import CheckFailure, FailureKind
from bot.domain.subscription import ListedService, service_key
from bot.sources.base import Source
from bot.sources.registry import SERVICES
from bot.sources.useapi.client import TIMEOUT_S
from bot.targets.active import source_of


@dataclass(frozen=True, slots=True)
class Choice:
    """The targets of a command that runs once, and what is to be said of their services.

    ``unsaid`` is why useapi.net did not say which services ``all`` are: ``targets`` has those in their place, which the
    bot knew last (``remembered``) or the default. ``left_out`` are services that are shown and that a setting has to
    name, because a check changes something there.
    """

    targets: Targets
    unsaid: CheckFailure | None = None
    remembered: bool = False
    left_out: tuple[str, ...] = ()

    @property
    def titles(self) -> list[str]:
        return titles_of(self.targets.services)


def titles_of(names: Collection[str]) -> list[str]:
    """The services' names for people, in the order of the registry."""
    return [service.title for name, service in SERVICES.items() if name in names]


def watches_all(settings: Settings) -> bool:
    """True if useapi.net decides which services are watched."""
    return ALL_SERVICES in settings.services and not settings.accounts and not settings.accounts_file


def shown(listed: Iterable[ListedService]) -> list[str]:
    """The services with an account, but those of which a check changes something; unknown ones are ignored."""
    return [name for name in with_accounts(listed) if not SERVICES[name].acts]


def with_accounts(listed: Iterable[ListedService]) -> list[str]:
    keys = {service_key(one.name) for one in listed if one.total != 0}
    return [one.name for one in SERVICES.values() if service_key(one.account_name) in keys]


async def ask(source: Source, clock: Callable[[], datetime]) -> tuple[ListedService, ...] | CheckFailure:
    """The services that useapi.net shows, or why it does not say."""
    answer = await source.subscription()
    if isinstance(answer, CheckFailure):
        return answer
    if answer.services is None:
        return CheckFailure(clock(), FailureKind.GARBLED, "the answer has no accounts")
    return answer.services


async def targets_now(
    settings: Settings,
    session: ClientSession,
    clock: Callable[[], datetime],
    remembered: Callable[[], Awaitable[Sequence[str] | None]],
    timeout: float = TIMEOUT_S,  # noqa: ASYNC109 - of the one question
) -> Choice:
    """The targets of a command that runs once; ``remembered`` are the services that the bot knew last, if any.

    Raises SettingsError.
    """
    targets = watchlist_for(settings)
    if not watches_all(settings):
        return Choice(targets)
    listed = await ask(source_of(next(iter(targets.sources.values())), session, clock, timeout), clock)
    if isinstance(listed, CheckFailure):
        known = await remembered()
        return Choice(targets_of(settings, known or ()), listed, bool(known))
    chosen = targets_of(settings, shown(listed))
    return Choice(chosen, left_out=tuple(name for name in with_accounts(listed) if name not in chosen.services))
