"""Every setting: its name, default, check and meaning. ``settings.example.env`` shows them to people.

Values come from the environment, then from the env file; the environment wins. Secrets never print.
"""

import os
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import unquote
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, PrivateAttr, SecretStr, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from bot.config.env_file import DEFAULT_ENV_FILE, EnvFile, from_environment, nearly_named, quoted
from bot.config.fallback_urls import parse_addresses
from bot.config.listen import DEFAULT_LISTEN, LISTEN_EXAMPLE
from bot.config.parsers import (
    ALL_SERVICES,
    PLACEHOLDERS,
    WHSEC,
    in_quotes,
    is_open_to_all,
    misplaced_account,
    parse_accounts,
    parse_bot_token,
    parse_credit_ladder,
    parse_database,
    parse_endpoint,
    parse_services,
    parse_time_ladder,
    parse_url,
    parse_useapi_token,
    parse_webhook_secret,
    userinfo_of,
)
from bot.config.setting_types import (
    Accounts,
    Chats,
    ClockTime,
    Cost,
    CreditLadder,
    DatabaseFile,
    Ids,
    Interval,
    Listen,
    Quiet,
    RefusedJobs,
    Services,
    TelegramUrl,
    TimeLadder,
    UseapiUrl,
    Wait,
    Zone,
)
from bot.domain.chats import SECOND_CHANNEL, Chat
from bot.domain.rules import Rules
from bot.support.errors import SettingsError
from bot.support.proxies import DIRECT, Proxy, parse_proxy, proxy_for
from bot.support.redaction import HIDDEN, redact

_NO_LINE = re.compile("[\0-\x1f\x7f-\x9f\u2028\u2029]")
SHORTEST_PASSWORD = 4
LONGEST_SECRET = 10_000
"""The most characters of a secret's file: an endless one, such as /dev/zero, must not fill the memory."""

DEFAULT_SERVICES = ("pixverse",)
UNPRICED = "has thresholds in jobs, and nothing says what a job costs: set JOB_COST, or job_cost in the accounts file"
SECRETS = (
    "USEAPI_TOKEN",
    "TELEGRAM_BOT_TOKEN",
    "HEARTBEAT_URL",
    "FALLBACK_URLS",
    "WEBHOOK_URL",
    "WEBHOOK_SECRET",
    "TELEGRAM_PROXY",
    "USEAPI_PROXY",
)
OFF_WHEN_EMPTY = (
    "LOW_CREDITS",
    "PLAN_ENDS_WITHIN",
    "RUNS_OUT_WITHIN",
    "REFUSED_JOBS",
    "QUIET_HOURS",
    "DIGEST_AT",
    "FALLBACK_URLS",
    "HTTP_LISTEN",
)
EXAMPLES = {
    **PLACEHOLDERS,
    "TELEGRAM_CHAT_IDS": "123456789,-1001234567890/45",
    "TELEGRAM_ADMIN_IDS": "123456789,987654321",
    "SERVICES": "pixverse,kling",
    "ACCOUNTS": "Studio <alice@example.com>, bob@example.com",
    "ACCOUNTS_FILE": "accounts.toml",
    "CHECK_EVERY": "15m",
    "LOW_CREDITS": "20%,5%,0",
    "JOB_COST": "5 s at 720p = 35",
    "PLAN_ENDS_WITHIN": "7d,3d,1d",
    "RUNS_OUT_WITHIN": "2d",
    "REFUSED_JOBS": "1",
    "UNREADABLE_AFTER": "3",
    "REMIND_EVERY": "24h",
    "QUIET_HOURS": "22:00-08:00",
    "DIGEST_AT": "09:00",
    "TIMEZONE": "Europe/Berlin",
    "DATABASE_URL": "sqlite:///credit-bot.db",
    "FALLBACK_URLS": "mailto://user:password@example.com, ntfy://your-topic",
    "FALLBACK_AFTER": "15m",
    "ESCALATE_AFTER": "30m",
    "ESCALATE_CHAT_IDS": "123456789,-1001234567890/45",
    "HTTP_LISTEN": LISTEN_EXAMPLE,
    "HEARTBEAT_URL": "https://hc-ping.com/your-check",
    "WEBHOOK_URL": "https://hooks.example.com/credits",
    "WEBHOOK_SECRET": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    "HISTORY_DAYS": "400",
    "LOG_LEVEL": "INFO",
    "LOG_FORMAT": "text",
    "USEAPI_URL": "https://api.useapi.net/v2",
    "TELEGRAM_API_URL": "https://api.telegram.org",
    "TELEGRAM_PROXY": "socks5://user:password@proxy.example.com:1080",
    "USEAPI_PROXY": "http://proxy.example.com:3128",
}


def checked_useapi_token(secret: SecretStr) -> SecretStr:
    """The token without white space around it. Raises ValueError unless it has the form of one of useapi.net."""
    return SecretStr(parse_useapi_token(secret.get_secret_value()))


def checked_bot_token(secret: SecretStr) -> SecretStr:
    """The token without white space around it. Raises ValueError unless it has the form of a Telegram bot's."""
    return SecretStr(parse_bot_token(secret.get_secret_value()))


def checked_secret_url(secret: SecretStr) -> SecretStr:
    """The address, kept secret, because its path is its password. Raises ValueError."""
    return SecretStr(parse_url(secret.get_secret_value()))


def checked_endpoint(secret: SecretStr) -> SecretStr:
    """The address as it was written, kept secret. Raises ValueError."""
    return SecretStr(parse_endpoint(secret.get_secret_value()))


def checked_webhook_secret(secret: SecretStr) -> SecretStr:
    """The secret without white space around it. Raises ValueError unless it has the form of Standard Webhooks."""
    return SecretStr(parse_webhook_secret(secret.get_secret_value()))


def checked_addresses(secret: SecretStr) -> SecretStr | None:
    """The addresses; None without any, which switches the second channel off. Raises ValueError."""
    return secret if parse_addresses(secret.get_secret_value()) else None


def checked_proxy(secret: SecretStr) -> SecretStr:
    """The proxy's address or ``direct``, kept secret, because it can hold a password. Raises ValueError."""
    text = secret.get_secret_value().strip()
    if text != DIRECT:
        parse_proxy(text, "")
    return SecretStr(text)


UseapiToken = Annotated[SecretStr, AfterValidator(checked_useapi_token)]
BotToken = Annotated[SecretStr, AfterValidator(checked_bot_token)]


DEFAULT_DATABASE = "credit-bot.db"


class Settings(BaseSettings):
    """All settings, checked. Attributes are the settings' names in lower case."""

    model_config = SettingsConfigDict(
        extra="forbid",
        case_sensitive=True,
        arbitrary_types_allowed=True,
        frozen=True,
        validate_default=False,  # the defaults below are values, not texts
        hide_input_in_errors=True,
        alias_generator=str.upper,
    )

    useapi_token: UseapiToken = SecretStr("")  # only if the accounts file brings a token for every source
    telegram_bot_token: BotToken
    telegram_chat_ids: Chats = ()
    telegram_admin_ids: Ids = frozenset()
    services: Services = DEFAULT_SERVICES
    accounts: Accounts = ()
    accounts_file: str = ""
    check_every: Interval = timedelta(minutes=15)
    low_credits: CreditLadder = parse_credit_ladder("20%,5%,0")
    job_cost: Cost = None
    plan_ends_within: TimeLadder = parse_time_ladder("7d,3d,1d")
    runs_out_within: TimeLadder = parse_time_ladder("2d")
    refused_jobs: RefusedJobs = 1
    unreadable_after: Annotated[int, Field(ge=1, le=1000)] = 3
    remind_every: Wait = timedelta(hours=24)
    quiet_hours: Quiet = None
    digest_at: ClockTime = None
    timezone: Zone = ZoneInfo("UTC")
    database_url: DatabaseFile = DEFAULT_DATABASE
    fallback_urls: Annotated[SecretStr, AfterValidator(checked_addresses)] | None = None
    fallback_after: Wait = timedelta(minutes=15)
    escalate_after: Interval | None = None
    escalate_chat_ids: Chats = ()
    http_listen: Listen = DEFAULT_LISTEN
    heartbeat_url: Annotated[SecretStr, AfterValidator(checked_secret_url)] | None = None
    webhook_url: Annotated[SecretStr, AfterValidator(checked_endpoint)] | None = None
    webhook_secret: Annotated[SecretStr, AfterValidator(checked_webhook_secret)] | None = None
    history_days: Annotated[int, Field(ge=1, le=36500)] = 400
    log_level: Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"], BeforeValidator(str.upper)] = "INFO"
    log_format: Annotated[Literal["text", "json"], BeforeValidator(str.lower)] = "text"
    useapi_url: UseapiUrl = "https://api.useapi.net/v2"
    telegram_api_url: TelegramUrl = "https://api.telegram.org"
    telegram_proxy: Annotated[SecretStr, AfterValidator(checked_proxy)] | None = None
    useapi_proxy: Annotated[SecretStr, AfterValidator(checked_proxy)] | None = None
    _environ: Mapping[str, str] = PrivateAttr(default_factory=dict)
    _notes: tuple[str, ...] = PrivateAttr(())

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what ``load_settings`` passes in: it joins the environment, the env file and the secrets' files."""
        return (init_settings,)

    @property
    def rules(self) -> Rules:
        """The rules that the evaluation needs."""
        return Rules(
            low_credits=self.low_credits,
            plan_ends_within=self.plan_ends_within,
            runs_out_within=self.runs_out_within,
            refused_jobs=self.refused_jobs,
            unreadable_after=self.unreadable_after,
            remind_every=self.remind_every or None,
            job_cost=self.job_cost,
        )

    @property
    def escalation(self) -> tuple[Chat, ...]:
        """The chats of escalated alerts, and the second channel if there is one; empty without ESCALATE_AFTER."""
        if self.escalate_after is None:
            return ()
        return (*self.escalate_chat_ids, *((SECOND_CHANNEL,) if self.fallback_urls else ()))

    @property
    def notes(self) -> tuple[str, ...]:
        """Settings that were understood differently than written, and names that are almost settings."""
        return self._notes

    @property
    def plain_urls(self) -> tuple[str, ...]:
        """The settings whose address lets others read a token."""
        urls = {"USEAPI_URL": self.useapi_url, "TELEGRAM_API_URL": self.telegram_api_url}
        return tuple(name for name, url in urls.items() if is_open_to_all(url))

    @property
    def way_to_telegram(self) -> Proxy | None:
        """The proxy to Telegram; None for a direct connection."""
        return self._way("TELEGRAM_PROXY", self.telegram_proxy, self.telegram_api_url)

    @property
    def way_to_useapi(self) -> Proxy | None:
        """The proxy to useapi.net; None for a direct connection."""
        return self._way("USEAPI_PROXY", self.useapi_proxy, self.useapi_url)

    @property
    def way_to_heartbeat(self) -> Proxy | None:
        """The proxy to the heartbeat's address; None for a direct connection."""
        return proxy_for(self.heartbeat_url.get_secret_value(), self._environ) if self.heartbeat_url else None

    @property
    def way_to_webhook(self) -> Proxy | None:
        """The proxy to the webhook's receiver; None for a direct connection."""
        return proxy_for(self.webhook_url.get_secret_value(), self._environ) if self.webhook_url else None

    def _way(self, name: str, setting: SecretStr | None, url: str) -> Proxy | None:
        """The proxy of a setting, else that of the environment for an address.

        Raises ValueError about the environment.
        """
        if setting is None:
            return proxy_for(url, self._environ)
        text = setting.get_secret_value()
        return None if text == DIRECT else parse_proxy(text, name)

    @property
    def secrets(self) -> list[str]:
        """Every secret's text, for the log's redaction."""
        own = (self.useapi_token, self.telegram_bot_token, self.heartbeat_url, self.fallback_urls)
        values = (*own, self.webhook_url, self.webhook_secret)
        texts = [value.get_secret_value() for value in values if value]
        named = [
            value.get_secret_value() for value in (self.telegram_proxy, self.useapi_proxy, self.webhook_url) if value
        ]
        addresses = [
            address for address in (self.telegram_api_url, *named, *proxies(self._environ)) if userinfo_of(address)
        ]
        key = self.webhook_secret.get_secret_value().removeprefix(WHSEC) if self.webhook_secret else ""
        texts += [key] if key else []
        return [*texts, *self.fallback_addresses, *addresses, *passwords_of(addresses)]

    @property
    def fallback_addresses(self) -> tuple[str, ...]:
        """Each address of the second channel; secrets, because they hold passwords."""
        return parse_addresses(self.fallback_urls.get_secret_value()) if self.fallback_urls else ()


def proxies(environ: Mapping[str, str]) -> list[str]:
    """The proxies of the environment; one can hold a password."""
    return [value for name, value in environ.items() if name.lower().endswith("_proxy")]


def passwords_of(addresses: Iterable[str]) -> Iterator[str]:
    """The passwords in addresses, as written and decoded, because an error can show them alone."""
    for address in addresses:
        password = userinfo_of(address).partition(":")[2]
        yield from (text for text in dict.fromkeys((password, unquote(password))) if len(text) >= SHORTEST_PASSWORD)


NAMES = tuple(name.upper() for name in Settings.model_fields)
FILE_NAMES = tuple(f"{name}_FILE" for name in SECRETS)


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


def unpriced(rules: Iterable[Rules]) -> bool:
    """True if any thresholds are jobs, and no job has a cost anywhere."""
    known = list(rules)
    return any(rung.jobs for one in known for rung in one.low_credits) and not any(one.job_cost for one in known)


def of_service(rules: Rules, service: str) -> Rules:
    """The rules of the settings for a service: what a job costs is said of PixVerse alone."""
    return rules if service == DEFAULT_SERVICES[0] else replace(rules, job_cost=None)


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


def first_service(services: Sequence[str]) -> str:
    """The service of accounts before which none stands."""
    return DEFAULT_SERVICES[0] if services[0] == ALL_SERVICES else services[0]


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
