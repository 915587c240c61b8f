"""The tables of the accounts file and the values of their keys; ``faults.py`` writes the errors."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from bot.config.parsers import (
    ALL_SERVICES,
    NamedAccount,
    parse_account,
    parse_chat,
    parse_credit_ladder,
    parse_interval,
    parse_job_cost,
    parse_refused_jobs,
    parse_services,
    parse_time_ladder,
    parse_wait,
    split_list,
)
from bot.domain.accounts import JobCost
from bot.domain.chats import Chat
from bot.domain.rules import Thresholds

T = TypeVar("T")
LONGEST_LABEL, LONGEST_NAME = 64, 32
LARGEST = 10**18


def as_text(value: object) -> str:
    """A text, or a number that was written without quotes."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        if not abs(value) < LARGEST:
            raise ValueError("is not a number that can be used")
        return str(value)
    if not isinstance(value, str):
        raise ValueError("is not text: put it in quotes")
    return value


def in_text(parse: Callable[[str], T]) -> BeforeValidator:
    """Reads a text like the setting of the same name."""
    return BeforeValidator(lambda value: parse(as_text(value)))


def parse_label(text: str, longest: int = LONGEST_LABEL) -> str | None:
    """A label for people; None for an empty one."""
    label = " ".join(text.split())
    if len(label) > longest:
        raise ValueError(f"is longer than {longest} characters")
    if not label.isprintable():
        raise ValueError("holds characters that cannot be shown")
    return label or None


def parse_name(text: str) -> str | None:
    """A source's name, which becomes part of keys; None for an empty one."""
    name = parse_label(text, LONGEST_NAME)
    if name and any(mark in name for mark in ":/|"):
        raise ValueError("holds a colon, a slash or a bar, which part the names in a key")
    return name


def parse_email(text: str) -> str:
    """An email, or another key of the source's service, without a label."""
    account = parse_account(text.strip())
    if account.service or account.email != text.strip():
        raise ValueError("is an email with a label: the label has a line of its own, label = …")
    return account.email


def parse_service(text: str) -> str | None:
    """The name of a service; None for an empty one."""
    names = parse_services(text)
    if ALL_SERVICES in names or len(names) > 1:
        raise ValueError("names several services: each has a source of its own")
    return names[0] if names else None


def listed(value: object) -> list[Any]:
    """A list, or a text with commas."""
    return value if isinstance(value, list) else split_list(as_text(value))


def all_or_listed(value: object) -> list[Any] | None:
    """None for "all", else the list."""
    if isinstance(value, str) and value.strip().lower() in ("all", ""):
        return None
    return listed(value)


def tables(name: str) -> BeforeValidator:
    """An array of tables; a single table is an error with its remedy."""

    def check(value: object) -> Sequence[object]:
        if isinstance(value, list) and all(isinstance(item, dict) for item in value):
            return value
        raise ValueError(f"is not a list of tables: write [[{name}]] in two brackets above each")

    return BeforeValidator(check)


CreditLadder = Annotated[Thresholds, in_text(parse_credit_ladder)]
TimeLadder = Annotated[Thresholds, in_text(parse_time_ladder)]
Chats = Annotated[tuple[Annotated[Chat, in_text(parse_chat)], ...], BeforeValidator(listed)]
Text = Annotated[str, BeforeValidator(as_text)]


class Table(BaseModel):
    """A table that knows its keys."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True, hide_input_in_errors=True)


class WatchTable(Table):
    """Keys of a source and of an account: rules, chats, interval. None: not set."""

    low_credits: CreditLadder | None = None
    job_cost: Annotated[JobCost, in_text(parse_job_cost)] | None = None
    plan_ends_within: TimeLadder | None = None
    runs_out_within: TimeLadder | None = None
    refused_jobs: Annotated[int, in_text(parse_refused_jobs)] | None = None
    unreadable_after: Annotated[int, Field(ge=1, le=1000), BeforeValidator(as_text)] | None = None
    remind_every: Annotated[timedelta, in_text(parse_wait)] | None = None
    chats: Chats | None = None
    check_every: Annotated[timedelta, in_text(parse_interval)] | None = None


class AccountTable(WatchTable):
    """``[[source.account]]``."""

    email: Annotated[str, in_text(parse_email)]
    label: Annotated[str | None, in_text(parse_label)] = None


class SourceTable(WatchTable):
    """``[[source]]``. ``accounts`` None is "all" if the key is present."""

    name: Annotated[str | None, in_text(parse_name)] = None
    service: Annotated[str | None, in_text(parse_service)] = None
    token_file: Text | None = None
    token_env: Text | None = None
    accounts: Annotated[
        tuple[Annotated[NamedAccount, in_text(parse_account)], ...] | None, BeforeValidator(all_or_listed)
    ] = None
    account: Annotated[tuple[AccountTable, ...], tables("source.account")] = ()


class FileTable(Table):
    source: Annotated[tuple[SourceTable, ...], tables("source")] = ()
