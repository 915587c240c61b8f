"""Which accounts are watched, by which rules, for which chats: the settings and the accounts file as one value.

Keys: a source without a name has its service's name as key, one with a name ``SERVICE/studio``. An account's key is
``SERVICE:alice@example.com`` whatever its source is called, so that a database survives naming, renaming or splitting a
source. Only if two sources hold one email, the second account has its source in its key:
``SERVICE/studio:alice@example.com``. A key stays for good: ``bot/targets/account_keys.py`` asks the database first.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cached_property

from pydantic import SecretStr

from bot.domain.chats import Chat
from bot.domain.rules import Rules
from bot.sources.registry import DEFAULT, title_of


@dataclass(frozen=True, slots=True)
class TargetAccount:
    """Settings of one account. None: as for its source."""

    email: str
    label: str | None = None
    rules: Rules | None = None
    chats: tuple[Chat, ...] | None = None
    check_every: timedelta | None = None


@dataclass(frozen=True)
class TargetSource:
    """One subscription. ``everyone``: also the accounts that it lists and nobody configured.

    ``accounts`` are the configured ones, by their emails in lower case. ``token_from`` says where a new token belongs.
    ``at_home``: it has no chats of its own, so that ``chats`` are those of the settings. ``check_every`` is its
    interval, if that differs from the setting.
    """

    token: SecretStr
    url: str
    rules: Rules
    chats: tuple[Chat, ...]
    name: str | None = None
    token_from: str = "USEAPI_TOKEN"  # noqa: S105 - a setting's name
    accounts: Mapping[str, TargetAccount] = field(default_factory=dict)
    everyone: bool = True
    service: str = DEFAULT
    at_home: bool = True
    check_every: timedelta | None = None

    @property
    def key(self) -> str:
        """Its key: ``SERVICE``, or ``SERVICE/studio``."""
        return f"{self.service}/{self.name}" if self.name else self.service

    @cached_property
    def told(self) -> tuple[Chat, ...]:
        """Every chat of any of its accounts, and so of the source itself."""
        own = (chat for account in self.accounts.values() for chat in account.chats or ())
        return tuple(dict.fromkeys((*self.chats, *own)))

    @property
    def counts_jobs(self) -> bool:
        """True if refused jobs alert for any of its accounts."""
        own = (one.rules for one in self.accounts.values() if one.rules)
        return any(rules.refused_jobs for rules in (self.rules, *own))

    def account(self, email: str) -> TargetAccount | None:
        """The settings of an account, by its email in any case; None without any."""
        return self.accounts.get(email.lower())


@dataclass(frozen=True)
class Targets:
    """Every source by its key, in the configured order. ``home`` are the chats of TELEGRAM_CHAT_IDS."""

    sources: Mapping[str, TargetSource]
    home: tuple[Chat, ...] = ()
    rules: Rules = field(default_factory=Rules)

    @classmethod
    def of(cls, sources: Iterable[TargetSource], home: tuple[Chat, ...], rules: Rules) -> "Targets":
        """Targets of these sources, whose keys differ."""
        return cls({source.key: source for source in sources}, home, rules)

    def with_paired(self, paired: tuple[Chat, ...]) -> "Targets":
        """The same with paired chats, which count like those of the settings."""
        told = {
            key: replace(one, chats=tuple(dict.fromkeys((*one.chats, *paired)))) if one.at_home else one
            for key, one in self.sources.items()
        }
        return replace(self, sources=told, home=tuple(dict.fromkeys((*self.home, *paired))))

    @cached_property
    def chats(self) -> tuple[Chat, ...]:
        """Every chat that gets messages or can ask."""
        told = (chat for source in self.sources.values() for chat in source.told)
        return tuple(dict.fromkeys((*self.home, *told)))

    @property
    def several(self) -> bool:
        """True if there are several sources, so that messages have to name theirs."""
        return len(self.sources) > 1

    @cached_property
    def _by_token(self) -> Mapping[str, tuple[str, ...]]:
        """The sources that share each source's token, in the configured order."""
        found: dict[tuple[str, str], list[str]] = {}
        for key, source in self.sources.items():
            found.setdefault((source.url, source.token.get_secret_value()), []).append(key)
        return {key: tuple(keys) for keys in found.values() for key in keys}

    def sharing(self, source: str) -> tuple[str, ...]:
        """The sources with the token of this one, itself among them; none if there is no such source."""
        return self._by_token.get(source, ())

    def token_of(self, source: str) -> str:
        """The first source with the token of this one: alerts about the token are its alerts."""
        return next(iter(self.sharing(source)), source)

    @property
    def secrets(self) -> list[str]:
        """Every token's text, for the log's redaction."""
        return [source.token.get_secret_value() for source in self.sources.values()]

    @cached_property
    def _together(self) -> Mapping[str, tuple[str, ...]]:
        found: dict[object, list[str]] = {}
        for key, source in self.sources.items():
            rules = source.rules.unreadable_after, source.rules.remind_every
            alike = (self.token_of(key), source.at_home, frozenset(source.told), rules)
            found.setdefault(alike, []).append(key)
        apart = [keys for keys in found.values() if len({self.sources[key].service for key in keys}) == len(keys)]
        return {key: tuple(keys) for keys in apart for key in keys}

    def together(self, source: str) -> tuple[str, ...]:
        """The sources with the token, chats and rules of this one: a trouble of all is one alert, of the first.

        Other chats get an alert of their own, and so does each of several sources of one service.
        """
        return self._together.get(source, (source,))

    def rules_for(self, source: str, email: str | None = None) -> Rules:
        """The rules of an account, the nearest of account, source and setting; without an email a source's."""
        found = self.sources.get(source)
        if found is None:
            return self.rules
        account = found.account(email) if email else None
        return account.rules if account and account.rules else found.rules

    def own_check_every(self, source: str, email: str) -> timedelta | None:
        """The interval of an account, the nearest of account and source; None if the setting applies."""
        found = self.sources.get(source)
        account = found.account(email) if found else None
        return account.check_every if account and account.check_every else found.check_every if found else None

    @cached_property
    def own_intervals(self) -> frozenset[timedelta]:
        """Every interval that a source or an account has of its own."""
        sources = {source.check_every for source in self.sources.values()}
        accounts = {one.check_every for source in self.sources.values() for one in source.accounts.values()}
        return frozenset(every for every in sources | accounts if every)

    def chats_for(self, source: str, email: str | None = None) -> tuple[Chat, ...]:
        """The chats of an account, or, without an email, of the source as a whole."""
        found = self.sources.get(source)
        if found is None:
            return ()
        if email is None:
            return found.told
        account = found.account(email)
        return found.chats if account is None or account.chats is None else account.chats

    def at_home(self, source: str, email: str | None = None) -> bool:
        """True if an account or a source has no chats of its own, so that the chats of everything get its messages."""
        found = self.sources.get(source)
        account = found.account(email) if found and email else None
        return found is not None and found.at_home and (account is None or account.chats is None)

    def label_for(self, source: str, email: str) -> str | None:
        """The label of an account; None without one."""
        account = self.sources[source].account(email) if source in self.sources else None
        return account.label if account else None

    @cached_property
    def services(self) -> frozenset[str]:
        """The services of all sources."""
        return frozenset(source.service for source in self.sources.values())

    def called(self, source: str) -> str | None:
        """A source in a message about itself: its name, or its service where there are several; None if it is alone."""
        return self.origin_of(source) or (title_of(source) if len(self.services) > 1 else None)

    def called_by_token(self, source: str) -> str | None:
        """A source in a message about its token: None if there is one token, else the names of all that share it."""
        alike = self.sharing(source)
        return None if len(alike) == len(self.sources) else ", ".join(filter(None, map(self.called, alike))) or None

    def origin_of(self, source: str) -> str | None:
        """The source's name for messages; None unless there are several sources, and this one has a name."""
        return self.sources[source].name if self.several and source in self.sources else None
