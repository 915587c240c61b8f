"""The targets in force, with their sources. A reload replaces them whole."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from aiohttp import ClientSession

from bot.config.targets import Targets, TargetSource
from bot.domain.accounts import Account, KnownAccount, SourceState
from bot.domain.rules import Rules
from bot.sources.base import Clock, Source
from bot.sources.conditional import ConditionalSource
from bot.sources.registry import SERVICES, service_of, title_of
from bot.sources.useapi.client import TIMEOUT_S, Client


def source_of(target: TargetSource, session: ClientSession, clock: Clock, timeout: float = TIMEOUT_S) -> Source:
    """The source of a target; each check ends within ``timeout`` seconds."""
    client = Client(session, target.url, target.token.get_secret_value(), timeout)
    return ConditionalSource(SERVICES[target.service], client, clock)


def name_in_words(one: KnownAccount | Account) -> str:
    """An account's name without its source, in any case."""
    return (one.label or one.email).casefold()


class ActiveTargets:
    """Shared by all parts, which read it each time."""

    def __init__(self, targets: Targets, make: Callable[[TargetSource], Source]) -> None:
        """``make`` returns the source of a target."""
        self._make = make
        self._shared: frozenset[str] = frozenset()
        self.targets = targets
        self.sources: Mapping[str, Source] = {}
        self.replace(targets)

    def replace(self, targets: Targets) -> None:
        """Puts other targets in force."""
        self.sources = {key: self._make(source) for key, source in targets.sources.items()}
        self.targets = targets

    def know(self, watched: Iterable[KnownAccount | Account]) -> None:
        """Finds the names that fit accounts of several services; ``watched`` are all accounts."""
        services: dict[str, set[str]] = {}
        for one in watched if len(self.targets.services) > 1 else ():
            services.setdefault(name_in_words(one), set()).add(one.source.partition("/")[0])
        self._shared = frozenset(name for name, some in services.items() if len(some) > 1)

    def named(self, account: Account) -> Account:
        """The account with its source's name, if there are several, and its service, if its name needs that.

        It also gets what its jobs cost.
        """
        origin = self.targets.origin_of(account.source)
        if self._needs_service(account):
            origin = ", ".join(filter(None, (origin, title_of(account.source))))
        cost = self.rules_of(account).job_cost
        return (
            account
            if (account.origin, account.job_cost) == (origin, cost)
            else replace(account, origin=origin, job_cost=cost)
        )

    def _needs_service(self, account: Account) -> bool:
        """True if its name fits accounts of other services too, or is an id that tells nobody anything."""
        if self._shared and name_in_words(account) in self._shared:
            return True
        service = service_of(account.source) if account.label is None and len(self.targets.services) > 1 else None
        return service is not None and not service.by_email

    def named_source(self, state: SourceState) -> SourceState:
        """The source's state with its name, if there are several, and the setting that holds its token."""
        source = self.targets.sources.get(state.key)
        origin, token_from = self.targets.called(state.key), source.token_from if source else None
        return replace(state, origin=origin, token_from=token_from)

    def rules_of(self, account: Account) -> Rules:
        return self.targets.rules_for(account.source, account.email)
