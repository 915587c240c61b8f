"""Every setting: its name, default, check and meaning. ``settings.example.env`` shows them to people.

Values come from the environment, then from the env file; the environment wins. Secrets never print.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Annotated, Literal
from urllib.parse import unquote
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, PrivateAttr, SecretStr
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from bot.config.fallback_urls import parse_addresses
from bot.config.listen import DEFAULT_LISTEN, LISTEN_EXAMPLE
from bot.config.parsers import (
    ALL_SERVICES,
    PLACEHOLDERS,
    WHSEC,
    is_open_to_all,
    parse_bot_token,
    parse_credit_ladder,
    parse_endpoint,
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
from bot.support.proxies import DIRECT, Proxy, parse_proxy, proxy_for

SHORTEST_PASSWORD = 4

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


def unpriced(rules: Iterable[Rules]) -> bool:
    """True if any thresholds are jobs, and no job has a cost anywhere."""
    known = list(rules)
    return any(rung.jobs for one in known for rung in one.low_credits) and not any(one.job_cost for one in known)


def of_service(rules: Rules, service: str) -> Rules:
    """The rules of the settings for a service: what a job costs is said of PixVerse alone."""
    return rules if service == DEFAULT_SERVICES[0] else replace(rules, job_cost=None)


def first_service(services: Sequence[str]) -> str:
    """The service of accounts before which none stands."""
    return DEFAULT_SERVICES[0] if services[0] == ALL_SERVICES else services[0]
