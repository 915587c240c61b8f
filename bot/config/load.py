"""Reads every setting from the environment and the env file; reports all errors together, each with a form that works.

A secret can stand in a file of its own, ``NAME_FILE``. No error shows a secret.
"""

import os
import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from bot.config.env_file import DEFAULT_ENV_FILE, EnvFile, from_environment, nearly_named, quoted
from bot.config.parsers import (
    ALL_SERVICES,
    PLACEHOLDERS,
    in_quotes,
    misplaced_account,
    parse_accounts,
    parse_database,
    parse_services,
    userinfo_of,
)
from bot.config.settings import (
    DEFAULT_DATABASE,
    DEFAULT_SERVICES,
    EXAMPLES,
    FILE_NAMES,
    NAMES,
    OFF_WHEN_EMPTY,
    SECRETS,
    UNPRICED,
    Settings,
    first_service,
    unpriced,
)
from bot.support.errors import SettingsError
from bot.support.redaction import HIDDEN, redact

_NO_LINE = re.compile("[\0-\x1f\x7f-\x9f\u2028\u2029]")
LONGEST_SECRET = 10_000
"""The most characters of a secret's file: an endless one, such as /dev/zero, must not fill the memory."""


def load_settings(env_file: str | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """Every setting, from the environment and the env file (``settings.env`` in the working folder, if present).

    Raises SettingsError with all errors together.
    """
    faults: list[str] = []
    environ = os.environ if environ is None else environ
    given = read_env_file(env_file, faults)
    override(given, environ)
    told: set[str] = set()
    values = dict(resolved(given, faults, told))
    faults += [*at_odds(values, told), *half_escalated(values, told), *bots_own(values)]
    settings = validated(values, faults, told)
    if settings and not settings.accounts_file and unpriced([settings.rules]):
        faults.append(f"LOW_CREDITS: {UNPRICED}. Example: JOB_COST={EXAMPLES['JOB_COST']}")
    if faults or settings is None:
        secrets = [*hidden(given), *hidden(values)]
        raise SettingsError([without(fault, secrets) for fault in dict.fromkeys(faults)])
    settings._environ = {name: text for name, text in environ.items() if name.lower().endswith("_proxy")}
    unusable = list(dict.fromkeys(unusable_ways(settings)))
    if unusable:
        raise SettingsError(unusable)
    settings._notes = (*completed(values, settings), *unused(settings), *nearly_named(environ, (*NAMES, *FILE_NAMES)))
    return settings


def load_database(env_file: str | None = None, environ: Mapping[str, str] | None = None) -> str:
    """The path of the database, for commands that use no secret: none has to be given, or readable.

    Raises SettingsError with all errors of the other settings.
    """
    faults: list[str] = []
    given = read_env_file(env_file, faults)
    override(given, os.environ if environ is None else environ)
    secrets = hidden(given)
    for name in SECRETS:
        given.pop(name, None)
        given.pop(f"{name}_FILE", None)
    values = dict(resolved(given, faults, set()))
    faults += at_odds(values, SECRETS)
    validated(values, faults, SECRETS)
    if faults:
        raise SettingsError([without(fault, secrets) for fault in dict.fromkeys(faults)])
    return parse_database(values["DATABASE_URL"]) if "DATABASE_URL" in values else DEFAULT_DATABASE


def unusable_ways(settings: Settings) -> Iterator[str]:
    """Errors of the environment's proxies for the services in use."""
    for way in ("way_to_telegram", "way_to_useapi", "way_to_heartbeat", "way_to_webhook"):
        try:
            getattr(settings, way)
        except ValueError as error:
            yield f"{error}. Example: HTTPS_PROXY={EXAMPLES['USEAPI_PROXY']}"


def completed(values: Mapping[str, Any], settings: Settings) -> Iterator[str]:
    """Addresses that are used in another form than they were written in."""
    for name, used in (("USEAPI_URL", settings.useapi_url), ("TELEGRAM_API_URL", settings.telegram_api_url)):
        if name in values and values[name].strip().rstrip("/") != used:
            yield f"{name}: read as {without_userinfo(used)}"


def unused(settings: Settings) -> Iterator[str]:
    """Settings that do nothing without another one."""
    if settings.webhook_secret and not settings.webhook_url:
        yield "WEBHOOK_SECRET: signs nothing without WEBHOOK_URL"
    if settings.job_cost and not settings.accounts_file and not watches_pixverse(settings):
        yield "JOB_COST: is of PixVerse, which is not watched; for other services set job_cost in the accounts file"


def watches_pixverse(settings: Settings) -> bool:
    """True if PixVerse is, or can be, among the watched services. ACCOUNTS is the whole list where it is given."""
    first, pixverse = first_service(settings.services), DEFAULT_SERVICES[0]
    if settings.accounts:
        return any((one.service or first) == pixverse for one in settings.accounts)
    return bool({pixverse, ALL_SERVICES} & set(settings.services))


def without_userinfo(url: str) -> str:
    """An address without its user and password."""
    userinfo = userinfo_of(url)
    return url.replace(f"{userinfo}@", "", 1) if userinfo else url


def hidden(values: Mapping[str, str]) -> list[str]:
    """The secrets, as given or read from their files: one can stand in the wrong setting, too."""
    return [values[name] for name in SECRETS if values.get(name) and values[name] not in PLACEHOLDERS.values()]


def without(fault: str, secrets: list[str]) -> str:
    """An error on one line, without any secret, also where it was cut to fit."""
    text = redact(_NO_LINE.sub("\ufffd", fault), secrets)
    for secret in secrets:
        for length in range(len(secret) - 1, 2, -1):
            text = text.replace(f"{secret[:length]}…", f"{HIDDEN}…")
    return text


def override(given: dict[str, str], environment: Mapping[str, str]) -> None:
    """Sets what the environment names; a secret given there in either form replaces both forms in the file."""
    for name in (*NAMES, *FILE_NAMES):
        if name not in environment:
            continue
        secret = name.removesuffix("_FILE")
        other = secret if name.endswith("_FILE") else f"{secret}_FILE"
        if environment[name] and secret in SECRETS and other not in environment:
            given.pop(other, None)
        given[name] = from_environment(environment, name, secret=name in SECRETS)


def read_env_file(path: str | None, faults: list[str]) -> dict[str, str]:
    """The names and values of an env file; a missing default file has none."""
    return EnvFile((*NAMES, *FILE_NAMES), SECRETS, faults).read(Path(path or DEFAULT_ENV_FILE), required=bool(path))


def resolved(given: Mapping[str, str], faults: list[str], told: set[str]) -> Iterator[tuple[str, Any]]:
    """The values to validate: secrets read from their files, empty values as the settings define them.

    ``told`` gets the names whose error is recorded already: "missing" would only confuse.
    """
    for name in NAMES:
        value: Any = given.get(name)
        path = given.get(f"{name}_FILE") if name in SECRETS else None
        if path and value:
            faults.append(f"{name}: given twice, as {name} and as {name}_FILE; leave one of them out")
        elif path:
            value = read_secret(name, path, faults)
            told |= {name} if value is None else set()
        elif value and name in SECRETS and in_quotes(value):
            faults.append(quoted(name))
            value = value[1:-1]
        if value is not None and not value.strip():
            value = "" if name in OFF_WHEN_EMPTY else None
        if value is not None:
            yield name, value


def at_odds(values: Mapping[str, Any], told: Collection[str]) -> list[str]:
    """Errors of settings in combination: an accounts file names the accounts, and can bring the tokens."""
    if "ACCOUNTS_FILE" not in values:
        faults = [] if "USEAPI_TOKEN" in {*values, *told} else [needed("USEAPI_TOKEN")]
        return [*faults, *misplaced(values)]
    beside = {
        "ACCOUNTS": "which names the accounts; leave one of them out",
        "SERVICES": "where each source has a line service = …; leave SERVICES out",
    }
    return [f"{name}: is given beside ACCOUNTS_FILE, {why}" for name, why in beside.items() if name in values]


def half_escalated(values: Mapping[str, Any], told: Collection[str]) -> list[str]:
    """The error of a time without anybody to tell, or of chats without a time."""
    after, chats = "ESCALATE_AFTER" in values, bool(values.get("ESCALATE_CHAT_IDS", "").strip(", "))
    second = bool(values.get("FALLBACK_URLS")) or "FALLBACK_URLS" in told
    if chats and not after:
        return [f"ESCALATE_CHAT_IDS: gets nothing without a time. Example: ESCALATE_AFTER={EXAMPLES['ESCALATE_AFTER']}"]
    if after and not chats and not second:
        example = f"Example: ESCALATE_CHAT_IDS={EXAMPLES['ESCALATE_CHAT_IDS']}"
        return [f"ESCALATE_AFTER: tells nobody without ESCALATE_CHAT_IDS or FALLBACK_URLS. {example}"]
    return []


def bots_own(values: Mapping[str, Any]) -> list[str]:
    """The errors of chats that are the bot itself: Telegram lets no bot write to itself."""
    own = values.get("TELEGRAM_BOT_TOKEN", "").strip().partition(":")[0]
    return [
        f"{name}: has {own}, which is the bot itself. Example: {name}={EXAMPLES[name]}"
        for name in ("TELEGRAM_CHAT_IDS", "ESCALATE_CHAT_IDS")
        if own and own in (item.strip() for item in values.get(name, "").split(","))
    ]


def misplaced(values: Mapping[str, Any]) -> list[str]:
    """The error of an account without a service that cannot be one of the first service."""
    if "ACCOUNTS" not in values:
        return []
    try:
        services = parse_services(values.get("SERVICES", "")) or DEFAULT_SERVICES
        wrong = misplaced_account(parse_accounts(values["ACCOUNTS"]), first_service(services))
    except ValueError:  # that is an error of the setting itself
        return []
    return [f"ACCOUNTS: {wrong}. Example: ACCOUNTS={EXAMPLES['ACCOUNTS']}"] if wrong else []


def read_secret(name: str, path: str, faults: list[str]) -> str | None:
    """A secret from its file, without white space around it; None, with a recorded error, if it cannot be read."""
    try:
        with Path(path).open(encoding="utf-8-sig") as file:
            secret = file.read(LONGEST_SECRET + 1).strip()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "is not UTF-8 text"
        wrong = f"cannot be read: {reason}"
    else:
        if len(secret) > LONGEST_SECRET:
            wrong = "cannot be read: is too large to be a secret"
        elif not secret:
            wrong = "is empty; put the secret into it"
        elif in_quotes(secret):
            wrong = "holds the secret in quotes; leave them out"
        else:
            return secret
    faults.append(f"{name}_FILE: {path} {wrong}")
    return None


def validated(values: dict[str, Any], faults: list[str], told: Collection[str]) -> Settings | None:
    """The settings; None, with every error recorded that is not in ``told``."""
    try:
        return Settings(**values)
    except ValidationError as error:
        details = error.errors(include_url=False)
        faults.extend(dict.fromkeys(fault_line(one) for one in details if str(one["loc"][0]).upper() not in told))
        return None


def fault_line(detail: ErrorDetails) -> str:
    """One error: the setting, the cause, an example that works. Never a secret's value."""
    name = str(detail["loc"][0]).upper()
    if detail["type"] == "missing":
        return needed(name)
    return f"{name}: {wrong(detail)}. Example: {name}={EXAMPLES[name]}"


def needed(name: str) -> str:
    """The error of a missing secret."""
    return f"{name}: is required. Example: {name}={EXAMPLES[name]} (or {name}_FILE=/path/to/it)"


def wrong(detail: ErrorDetails) -> str:
    """The error of a value, as the end of "NAME …"."""
    context = detail.get("ctx", {})
    match detail["type"]:
        case "value_error":
            return str(context["error"])
        case "int_parsing" | "int_from_float" | "int_parsing_size":
            return "is not a whole number"
        case "greater_than_equal":
            return f"must be at least {context['ge']}"
        case "less_than_equal":
            return f"must be at most {context['le']}"
        case "literal_error":
            return f"must be {context['expected'].replace(chr(39), '')}"
        case _:
            return detail["msg"].replace("Input should be", "must be")
