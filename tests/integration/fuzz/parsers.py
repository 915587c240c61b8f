"""Every function of the bot that reads text, bytes or values from outside, with what it is fed and may answer.

``test_parsers.py`` holds that none is missing: whoever adds one puts it here, or says why it is none.
"""

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, cast

from aiohttp import ClientSession
from hypothesis import strategies as st
from telegram.error import TelegramError

from bot.cli import health, main
from bot.cli.doctor import clock
from bot.commands import history_arguments, log_arguments, names, silence_arguments
from bot.commands.callbacks import CallbackData
from bot.commands.choices import Choice
from bot.config import fallback_urls, parsers, settings
from bot.config.accounts_file import tables
from bot.config.accounts_file.faults import Faults
from bot.config.accounts_file.read import parsed
from bot.config.env_file import EnvFile
from bot.domain import durations, quiet_hours
from bot.domain.accounts import Account
from bot.domain.notifications import Watched
from bot.features.pairing import rules
from bot.sources.useapi import (
    dreamina,
    entries,
    error_text,
    failures,
    fields,
    flow_music,
    google_flow,
    google_vids,
    kling,
    minimax,
    mureka,
    muse,
    pages,
    pixverse,
    runway,
    statistics,
    subscription,
)
from bot.sources.useapi.client import Client
from bot.storage import backup_file, values
from bot.support import proxies, redaction
from bot.support.errors import SettingsError, SourceError
from bot.support.subprocesses import Finished
from bot.telegram import parsing, webhook
from bot.telegram.client import AiohttpRequest
from bot.telegram.text import formatting, layout, sanitize
from tests.integration.fuzz.shapes import JSON, PAGES, PLAIN, TEXTS, bodies
from tests.support.fakes import NOW

Errors = tuple[type[Exception], ...]
NAMED = tuple(
    Watched(Account(f"pixverse:{email}", "pixverse", email, label))
    for email, label in (("alice@example.com", "Studio"), ("7d@example.com", "7d"), ("bob@example.com", None))
)
"""Accounts that somebody may name."""

STATUSES = st.sampled_from([200, 204, 302, 400, 401, 402, 403, 404, 407, 429, 500, 502, 503, 511, 522, 596, 599])
HEADERS = st.dictionaries(
    st.sampled_from(["Server", "Location", "Retry-After", "Date", "X-Squid-Error", "x-amzn-ErrorType"]), TEXTS
)


@dataclass(frozen=True)
class Parser:
    """A function, what it is fed, and the errors that it may raise: ours, or a ValueError that its caller words.

    ``call`` is how it is called, where that takes more than what it is fed.
    """

    reads: Callable[..., Any]
    feed: st.SearchStrategy[tuple[Any, ...]]
    errors: Errors = ()
    call: Callable[..., Any] | None = None

    @property
    def name(self) -> str:
        """The full name of what reads."""
        return f"{self.reads.__module__}.{self.reads.__qualname__}"

    def run(self, *fed: Any) -> None:
        """Feeds it; an error that it may not raise gets through."""
        with suppress(*self.errors):
            (self.call or self.reads)(*fed)


def one(feed: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    """A single argument."""
    return st.tuples(feed)


def of_texts(*functions: Callable[..., Any], errors: Errors = ()) -> list[Parser]:
    """Functions that read any text."""
    return [Parser(function, one(TEXTS), errors) for function in functions]


def of_values(*functions: Callable[..., Any], errors: Errors = ()) -> list[Parser]:
    """Functions that read any value of JSON."""
    return [Parser(function, one(JSON | PAGES), errors) for function in functions]


def env_lines(content: str) -> dict[str, str]:
    """An env file's text, all of it."""
    return EnvFile(settings.NAMES, settings.SECRETS, []).values(content, "settings.env")


def toml(content: str) -> dict[str, Any]:
    """An accounts file's text."""
    return parsed(content, Faults("accounts.toml", []))


def of_stored(*functions: Callable[..., Any]) -> list[Parser]:
    """Functions that read what a column of the database holds."""
    return [Parser(function, one(bodies().map(lambda body: body.decode(errors="replace")))) for function in functions]


def decoded(body: bytes, status: int, headers: dict[str, str]) -> Any:
    """An answer, which may echo the token."""
    client = Client(cast("ClientSession", None), "https://api.useapi.test/v2", "user:1-token")
    return client.decoded(failures.Answer(status, headers, body))


SETTING_TYPES = of_texts(
    parsers.split_list,
    parsers.parse_credit_ladder,
    parsers.parse_threshold,
    parsers.parse_time_ladder,
    parsers.parse_wait,
    parsers.parse_chats,
    parsers.parse_chat,
    parsers.parse_ids,
    parsers.parse_accounts,
    parsers.parse_account,
    parsers.parse_address,
    parsers.parse_interval,
    parsers.parse_zone,
    parsers.parse_url,
    parsers.parse_useapi_url,
    parsers.parse_database,
    parsers.parse_useapi_token,
    parsers.parse_bot_token,
    parsers.parse_telegram_url,
    parsers.in_quotes,
    parsers.not_a_chat,
    parsers.parse_quiet,
    parsers.parse_clock,
    parsers.short,
    parsers.is_email,
    parsers.named_service,
    parsers.nearest_service,
    parsers.padded,
    parsers.parse_endpoint,
    parsers.parse_job_cost,
    parsers.parse_refused_jobs,
    parsers.parse_services,
    parsers.parse_webhook_secret,
    durations.parse_duration,
    fallback_urls.parse_addresses,
    quiet_hours.parse_quiet_hours,
    quiet_hours.parse_clock_time,
    quiet_hours.clock_of,
    quiet_hours.short,
    tables.parse_label,
    tables.parse_name,
    tables.parse_email,
    tables.parse_service,
    errors=(ValueError,),
)

TABLES = of_values(tables.as_text, tables.listed, tables.all_or_listed, errors=(ValueError,))

FIELDS = [
    *of_values(
        fields.number,
        fields.allowance,
        fields.whole,
        fields.state,
        fields.flag,
        fields.text,
        fields.names,
        fields.moment,
        errors=(fields.UnreadableFieldError,),
    ),
    *of_values(
        fields.moment_or_none, fields.shown, error_text.of_error, CallbackData.parse, sanitize.clean, sanitize.plain
    ),
]

CHAT = [
    *of_texts(
        sanitize.normal, sanitize.utf16_len, names.folded, rules.is_code, error_text.one_line, error_text.of_text
    ),
    *of_texts(layout.bold, formatting.capitalised, silence_arguments.is_span, silence_arguments.spoken, Choice.parse),
    *of_texts(names.parted, log_arguments.LogTap.parse),
    Parser(log_arguments.wrong_span, st.tuples(TEXTS, st.just(NAMED))),
    Parser(log_arguments.parse_log, st.tuples(TEXTS, st.just(NAMED))),
    Parser(history_arguments.wrong_span, st.tuples(TEXTS, st.just(NAMED))),
    Parser(sanitize.shorten, st.tuples(TEXTS, st.integers(1, 100))),
    Parser(names.find_accounts, st.tuples(TEXTS, st.just(NAMED))),
    *of_texts(*(getattr(names.Names(NAMED), name) for name in ("find", "find_whole", "find_only"))),
    Parser(history_arguments.parse_history, st.tuples(TEXTS, st.just(NAMED))),
    Parser(silence_arguments.parse_silence, st.tuples(st.just("mute"), TEXTS, st.just(NAMED))),
]

SISTERS = (dreamina, flow_music, google_flow, google_vids, kling, minimax, mureka, muse, runway)

SERVICES = [
    *(Parser(service.read_account, st.tuples(JSON | PAGES, st.just(NOW)), (SourceError,)) for service in SISTERS),
    *of_values(google_vids.read_allowances, pages.object_of, pages.read_list, errors=(SourceError,)),
    *of_values(pages.key_of, pages.signs_of, backup_file.is_plain),
    *of_values(statistics.parse_slots, subscription.parse_subscription, errors=(SourceError,)),
    Parser(statistics.parse_statistics, st.tuples(JSON | PAGES, st.just(NOW)), (SourceError,)),
    Parser(
        entries.entries_of,
        st.tuples(TEXTS | (JSON | PAGES).map(json.dumps), st.just("data")),
        (ValueError, RecursionError),
        lambda text, name: list(entries.entries_of(text, name)),
    ),
]

PARSERS = [
    *SETTING_TYPES,
    *SERVICES,
    *TABLES,
    *FIELDS,
    *CHAT,
    *of_values(fields.bucket, fields.needed_bucket, errors=(ValueError,)),
    *of_values(pixverse.parse_accounts, errors=(SourceError,)),
    Parser(pixverse.parse_features, st.tuples(JSON | PAGES, st.just(NOW)), (SourceError,)),
    *of_texts(main.port, errors=(ValueError,)),
    *of_values(parsing.is_id, parsing.number_of, webhook.host_of),
    Parser(
        parsing.read_update,
        one(JSON),
        (parsing.UnreadableUpdateError,),
        call=lambda raw: parsing.read_update(raw, cast(Any, None)),
    ),
    Parser(proxies.parse_proxy, one(TEXTS), (ValueError,), call=lambda text: proxies.parse_proxy(text, "X")),
    Parser(parsers.not_an_account, st.tuples(TEXTS, TEXTS)),
    Parser(clock.date_of, st.tuples(TEXTS, TEXTS)),
    Parser(health.words_of, one(bodies())),
    Parser(lambda errors: Finished(1, b"", errors).last_line, one(bodies())),
    Parser(redaction.in_base64, one(TEXTS), call=lambda text: list(redaction.in_base64(text))),
    Parser(Client.decoded, st.tuples(bodies(), STATUSES, HEADERS), (SourceError,), call=decoded),
    Parser(failures.own_words, st.tuples(TEXTS, JSON | PAGES)),
    Parser(failures.own_kind, st.tuples(STATUSES, TEXTS)),
    Parser(AiohttpRequest.parse_json_payload, one(bodies()), (TelegramError,)),
    Parser(redaction.redact, st.tuples(TEXTS, st.lists(PLAIN, max_size=3))),
    Parser(EnvFile.values, one(TEXTS), call=env_lines),
    Parser(parsed, one(TEXTS), (SettingsError,), call=toml),
    *of_stored(
        values.load_reading, values.load_facts, values.load_foretold, values.load_jobs, values.load_subscription
    ),
]
