"""Every function of the bot that reads text, bytes or values from outside, with what it is fed and may answer.

``test_parsers.py`` holds that none is missing: whoever adds one puts it here, or says why it is none.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, cast

from aiohttp import ClientSession
from hypothesis import strategies as st
from telegram.error import TelegramError

from bot import accounts_tables, cli, probe, proxies, redaction, setting_types, settings, toml_lines
from bot.accounts_faults import Faults
from bot.accounts_file import parsed
from bot.chat import clean, history_arguments, names, silence_arguments, text, updates, webhook
from bot.chat import words as chat_words
from bot.chat.buttons import Tap
from bot.chat.choices import Choice
from bot.chat.request import AiohttpRequest
from bot.core import durations, fallback, pairing, rhythm
from bot.core.model import Account, Watched
from bot.doctor import clock
from bot.drawing import last_line
from bot.env_file import EnvFile
from bot.errors import LookError, SettingsError
from bot.sources import failures, fields, pixverse, words
from bot.sources.http import Client
from bot.store import values
from tests.fuzz.shapes import JSON, PAGES, PLAIN, TEXTS, bodies

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
    return parsed(content, Faults("accounts.toml", content, []))


def of_stored(*functions: Callable[..., Any]) -> list[Parser]:
    """Functions that read what a column of the database holds."""
    return [Parser(function, one(bodies().map(lambda body: body.decode(errors="replace")))) for function in functions]


def decoded(body: bytes, status: int, headers: dict[str, str]) -> Any:
    """An answer, which may echo the token."""
    client = Client(cast("ClientSession", None), "https://api.useapi.test/v2", "user:1-token")
    return client.decoded(failures.Answer(status, headers, body))


SETTING_TYPES = of_texts(
    setting_types.split_list,
    setting_types.parse_credit_ladder,
    setting_types.parse_threshold,
    setting_types.parse_time_ladder,
    setting_types.parse_wait,
    setting_types.parse_chats,
    setting_types.parse_chat,
    setting_types.parse_ids,
    setting_types.parse_accounts,
    setting_types.parse_account,
    setting_types.parse_address,
    setting_types.parse_interval,
    setting_types.parse_zone,
    setting_types.parse_url,
    setting_types.parse_useapi_url,
    setting_types.parse_database,
    setting_types.parse_useapi_token,
    setting_types.parse_bot_token,
    setting_types.parse_telegram_url,
    setting_types.in_quotes,
    setting_types.not_a_chat,
    setting_types.parse_quiet,
    setting_types.parse_clock,
    setting_types.short,
    durations.parse_duration,
    fallback.parse_addresses,
    rhythm.parse_quiet_hours,
    rhythm.parse_clock_time,
    rhythm.clock_of,
    rhythm.short,
    accounts_tables.parse_label,
    accounts_tables.parse_name,
    accounts_tables.parse_email,
    errors=(ValueError,),
)

TABLES = of_values(accounts_tables.as_text, accounts_tables.listed, accounts_tables.all_or_listed, errors=(ValueError,))

FIELDS = [
    *of_values(
        fields.number,
        fields.allowance,
        fields.whole,
        fields.identifier,
        fields.state,
        fields.flag,
        fields.text,
        fields.names,
        fields.moment,
        errors=(fields.Unreadable,),
    ),
    *of_values(fields.moment_or_none, fields.shown, words.of_error, Tap.parse, clean.clean, clean.plain),
]

CHAT = [
    *of_texts(clean.normal, clean.utf16_len, names.folded, pairing.is_code, words.one_line, words.of_text),
    *of_texts(text.bold, chat_words.capitalised, silence_arguments.is_span, silence_arguments.spoken, Choice.parse),
    Parser(history_arguments.wrong_span, st.tuples(TEXTS, st.just(NAMED))),
    Parser(clean.shorten, st.tuples(TEXTS, st.integers(1, 100))),
    Parser(names.find_accounts, st.tuples(TEXTS, st.just(NAMED))),
    *of_texts(*(getattr(names.Names(NAMED), name) for name in ("find", "find_whole", "find_only"))),
    Parser(history_arguments.parse_history, st.tuples(TEXTS, st.just(NAMED))),
    Parser(silence_arguments.parse_silence, st.tuples(st.just("mute"), TEXTS, st.just(NAMED))),
]

PARSERS = [
    *SETTING_TYPES,
    *TABLES,
    *FIELDS,
    *CHAT,
    *of_values(fields.bucket, fields.needed_bucket, errors=(ValueError,)),
    *of_values(pixverse.parse_accounts, pixverse.Features.parse, errors=(LookError,)),
    *of_texts(cli.port, errors=(ValueError,)),
    *of_values(updates.is_id, updates.number_of, webhook.host_of),
    Parser(
        updates.read_update,
        one(JSON),
        (updates.UnreadableUpdate,),
        call=lambda raw: updates.read_update(raw, cast(Any, None)),
    ),
    Parser(proxies.parse_proxy, one(TEXTS), (ValueError,), call=lambda text: proxies.parse_proxy(text, "X")),
    Parser(clock.date_of, st.tuples(TEXTS, TEXTS)),
    Parser(probe.words_of, one(bodies())),
    Parser(last_line, one(bodies())),
    Parser(redaction.in_base64, one(TEXTS), call=lambda text: list(redaction.in_base64(text))),
    Parser(Client.decoded, st.tuples(bodies(), STATUSES, HEADERS), (LookError,), call=decoded),
    Parser(failures.own_words, st.tuples(TEXTS, JSON | PAGES)),
    Parser(failures.own_kind, st.tuples(STATUSES, TEXTS)),
    Parser(AiohttpRequest.parse_json_payload, one(bodies()), (TelegramError,)),
    Parser(redaction.redact, st.tuples(TEXTS, st.lists(PLAIN, max_size=3))),
    Parser(EnvFile.values, one(TEXTS), call=env_lines),
    Parser(parsed, one(TEXTS), (SettingsError,), call=toml),
    Parser(toml_lines.lines_of, one(TEXTS)),
    *of_stored(values.load_reading, values.load_facts, values.load_foretold),
]
