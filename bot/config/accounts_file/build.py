"""From the accounts file's tables to sources: the nearest setting wins, tokens are read, duplicates are errors."""

from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from bot.config.accounts_file.faults import EXAMPLES, Faults, Place, path_of
from bot.config.accounts_file.tables import AccountTable, FileTable, SourceTable, WatchTable
from bot.config.parsers import NamedAccount, misplaced_account, parse_useapi_token, short
from bot.config.settings import Settings, of_service
from bot.config.targets import TargetAccount, TargetSource
from bot.domain.rules import Rules
from bot.sources.registry import DEFAULT

UNUSABLE = SecretStr("")
"""In place of a token that cannot be read: its error is recorded, and nothing is built."""


class Builder:
    """Makes sources of the tables of one file."""

    def __init__(self, settings: Settings, environ: Mapping[str, str], faults: Faults) -> None:
        """``settings`` apply where the file says nothing."""
        self._settings = settings
        self._environ = environ
        self._faults = faults
        self._names: dict[str, Place] = {}
        self._labels: dict[str, Place] = {}

    def sources(self, file: FileTable) -> list[TargetSource]:
        if not file.source:
            self._faults.add((), "names no source", '[[source]] with accounts = "all" below it')
        return [self._source(table, ("source", number)) for number, table in enumerate(file.source)]

    def _source(self, table: SourceTable, place: Place) -> TargetSource:
        """One source. Without ``accounts`` it has those with a table of their own, or else all that it lists."""
        another = f"“{short(table.name)}” is another source's" if table.name else "is missing, as of another source"
        service = table.service or DEFAULT
        self._only(self._names, f"{service}/{(table.name or '').lower()}", (*place, "name"), another)
        rules = nearest(table, of_service(self._settings.rules, service))
        accounts = self._accounts(table, place, rules)
        everyone = table.accounts is None and ("accounts" in table.model_fields_set or not table.account)
        if not everyone and not accounts:
            self._faults.add((*place, "accounts"), "names nobody", EXAMPLES["accounts"])
        return TargetSource(
            token=self._token(table, place),
            url=self._settings.useapi_url,
            rules=rules,
            chats=self._settings.telegram_chat_ids if table.chats is None else tuple(dict.fromkeys(table.chats)),
            at_home=table.chats is None,
            name=table.name,
            token_from=token_from(table),
            accounts=accounts,
            everyone=everyone,
            check_every=table.check_every,
            service=service,
        )

    def _accounts(self, table: SourceTable, place: Place, rules: Rules) -> dict[str, TargetAccount]:
        """The accounts that a source names, in its list or by a table, by email."""
        listed: dict[str, Place] = {}
        tables: dict[str, Place] = {}
        found = {}
        for number, one in enumerate(table.accounts or ()):
            self._fits(table, one, (*place, "accounts", number))
            self._only(listed, one.email.lower(), (*place, "accounts", number), f"has {short(one.email)} twice")
            found[one.email.lower()] = TargetAccount(one.email, one.label)
        for number, own in enumerate(table.account):
            email, here = own.email.lower(), (*place, "account", number, "email")
            self._fits(table, NamedAccount(own.email), here)
            self._only(tables, email, here, f"{short(own.email)} has a table already")
            found[email] = account_of(own, found.get(email), rules)
        for email, account in found.items():
            if account.label:
                here = (*tables[email][:-1], "label") if email in tables else listed[email]
                another = f"“{short(account.label)}” is another account's label"
                self._only(self._labels, account.label.lower(), here, another)
        return found

    def _fits(self, table: SourceTable, one: NamedAccount, place: Place) -> None:
        """Records an account of another service than the source's."""
        service = table.service or DEFAULT
        if one.service not in (None, service):
            self._faults.add(place, f'is of {one.service}: make a source of its own with service = "{one.service}"')
        elif one.service is None and (wrong := misplaced_account([one], service)):
            self._faults.add(place, wrong, EXAMPLES["email"])

    def _only(self, known: dict[str, Place], value: str, place: Place, words: str) -> None:
        """Records a duplicate, with the place of the first."""
        first = known.setdefault(value, place)
        if first != place:
            self._faults.add(place, f"{words} ({path_of(first)})")

    def _token(self, table: SourceTable, place: Place) -> SecretStr:
        """The source's own token, or that of the settings."""
        if table.token_file is not None and table.token_env is not None:
            self._faults.add((*place, "token_env"), "is given beside token_file; leave one of them out")
            return UNUSABLE
        key = "token_file" if table.token_file is not None else "token_env"
        try:
            token = self._own_token(table)
        except ValueError as error:
            self._faults.add((*place, key), str(error), EXAMPLES[key])
            return UNUSABLE
        if not token:
            self._faults.add(place, "has no token, and USEAPI_TOKEN is not set", EXAMPLES["token_file"])
        return token

    def _own_token(self, table: SourceTable) -> SecretStr:
        """The token that a source names. Raises ValueError without the text, which can be the token itself."""
        if table.token_file is not None:
            return SecretStr(read_token(table.token_file))
        if table.token_env is not None:
            return SecretStr(token_in(self._environ, table.token_env))
        return self._settings.useapi_token

    def tokens_named(self, file: Mapping[str, Any]) -> list[str]:
        """Unchecked tokens in the tables, so that no error shows one that stands in the wrong place."""
        tables = file.get("source")
        found = []
        for table in tables if isinstance(tables, list) else ():
            for key, read in (("token_file", read_token), ("token_env", partial(token_in, self._environ))):
                name = table.get(key) if isinstance(table, dict) else None
                with suppress(ValueError):
                    found += [read(name)] if isinstance(name, str) else []
        return found


def token_in(environ: Mapping[str, str], name: str) -> str:
    """A token from the environment. Raises ValueError."""
    token = parse_useapi_token(environ.get(name, ""))
    if not token:
        raise ValueError("names a variable that the environment does not have, or that is empty there")
    return token


def read_token(path: str) -> str:
    """A token from its file. Raises ValueError."""
    try:
        with Path(path).open(encoding="utf-8-sig") as file:
            token = parse_useapi_token(file.read(10_000))
    except OSError as error:
        raise ValueError(f"names a file that cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ValueError("names a file that is not UTF-8 text") from None
    if not token:
        raise ValueError("names an empty file: put the token into it")
    return token


def token_from(table: SourceTable) -> str:
    """Which setting holds the source's token, in words."""
    if table.token_file is not None:
        return "its token_file"
    return "its token_env" if table.token_env is not None else "USEAPI_TOKEN"


def account_of(table: AccountTable, listed: TargetAccount | None, rules: Rules) -> TargetAccount:
    """An account from its table; ``rules`` are its source's."""
    own = nearest(table, rules)
    return TargetAccount(
        table.email,
        table.label or (listed.label if listed else None),
        None if own == rules else own,
        None if table.chats is None else tuple(dict.fromkeys(table.chats)),
        table.check_every,
    )


def nearest(table: WatchTable, outer: Rules) -> Rules:
    """The rules of a table, with those outside of it where it says nothing."""
    wait = table.remind_every
    return Rules(
        low_credits=outer.low_credits if table.low_credits is None else table.low_credits,
        plan_ends_within=outer.plan_ends_within if table.plan_ends_within is None else table.plan_ends_within,
        runs_out_within=outer.runs_out_within if table.runs_out_within is None else table.runs_out_within,
        refused_jobs=outer.refused_jobs if table.refused_jobs is None else table.refused_jobs,
        unreadable_after=outer.unreadable_after if table.unreadable_after is None else table.unreadable_after,
        remind_every=outer.remind_every if wait is None else wait or None,
        job_cost=outer.job_cost if table.job_cost is None else table.job_cost,
    )
