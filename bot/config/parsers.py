"""From a setting's text to its value. Each raises ValueError with the end of "NAME …"."""

import re
from base64 import b64decode
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import time, timedelta
from difflib import get_close_matches
from ipaddress import ip_address
from itertools import pairwise
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from bot.domain.accounts import JobCost
from bot.domain.chats import GENERAL, Chat
from bot.domain.durations import parse_duration
from bot.domain.quiet_hours import QuietHours, parse_clock_time, parse_quiet_hours
from bot.domain.rules import Threshold, Thresholds
from bot.support.redaction import redact

_NUMBER = re.compile(r"\d{1,12}(\.\d{1,6})?", re.ASCII)
_JOBS = re.compile(r"(\d{1,12}(?:\.\d{1,6})?)\s*jobs?", re.ASCII | re.IGNORECASE)
LONGEST_JOB = 40
_CHAT = re.compile(r"(-?\d{1,18})(?:/(\d{1,18}))?", re.ASCII)
_LACKS_MINUS = re.compile(r"100\d{10}", re.ASCII)
"""A supergroup's or channel's id without its sign; no person's id is that long."""

_PRIVATE_LINK = re.compile(r"(?:https?://)?t\.me/c/(\d{1,15})(?:/\d+)*/?", re.ASCII)
_BOT_TOKEN = re.compile(r"\d+:[A-Za-z0-9_-]{30,}", re.ASCII)
_HOST = re.compile(r"[A-Za-z0-9._:*%-]+", re.ASCII)
_ACCOUNT = re.compile(r"(?P<label>[^<>]*?)\s*<\s*(?P<email>[^<>\s]+)\s*>")
_EMAIL = re.compile(r"[^@\s<>,]+@[^@\s<>,]+")
_KEY = re.compile(r"(?:[A-Za-z]{2}:[^@\s<>,:/]+@[^@\s<>,:/]+|[A-Za-z0-9_-]*\d[A-Za-z0-9_-]*)")
"""A key that is no email: a region and an email, or an id, which has a digit."""

ALL_SERVICES = "all"


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server listens."""

    host: str
    port: int

    @property
    def loopback(self) -> bool:
        """True if only this machine can reach it."""
        return self.host in ("localhost", "::1") or self.host.startswith("127.")


@dataclass(frozen=True, slots=True)
class NamedAccount:
    """An account by its key at the service, such as its email. ``service`` is None where none stands before it."""

    email: str
    label: str | None = None
    service: str | None = None


def split_list(text: str) -> list[str]:
    """The items of a list with commas, without empty ones."""
    return [item.strip() for item in text.split(",") if item.strip()]


def parse_credit_ladder(text: str) -> Thresholds:
    """Reads ``20%,10 jobs,0``: numbers, percent of the monthly allowance or jobs, mildest first."""
    return descending(tuple(parse_threshold(item) for item in split_list(text)))


def parse_job_cost(text: str) -> JobCost:
    """Reads ``35``, or with a name for the job, ``5 s at 720p = 35``."""
    name, _, number = text.rpartition("=")
    number, name = number.strip(), " ".join(name.split())
    if not _NUMBER.fullmatch(number):
        below = " below 0" if number.startswith("-") else ", which is not a number"
        raise ValueError(f"has the cost “{short(number)}”{below}; write what one job costs, such as 35")
    if float(number) == 0:
        raise ValueError("has the cost 0; leave it empty where the cost is unknown")
    if len(name) > LONGEST_JOB or not name.isprintable():
        raise ValueError(f"has a name for the job that is longer than {LONGEST_JOB} characters, or cannot be shown")
    return JobCost(float(number), name or None)


def parse_threshold(text: str) -> Threshold:
    jobs = _JOBS.fullmatch(text)
    if jobs and float(jobs[1]) > 0:
        return Threshold(0.0, written=text, jobs=float(jobs[1]))
    if jobs:
        raise ValueError(f"has “{short(text)}”; write 0 for out of credits")
    percent = text.endswith("%")
    number = text.removesuffix("%").strip()
    if not _NUMBER.fullmatch(number):
        raise ValueError(f"has “{short(text)}”, which is not a number or a percentage, such as 500 or 20%")
    if re.match("0[0-9]", number):
        raise ValueError(f"has “{short(text)}” behind a comma, which separates thresholds; write 1000, not 1,000")
    if percent and float(number) > 100:
        raise ValueError(f"has “{short(text)}”, which is above 100 %")
    return Threshold(float(number), percent, text)


def parse_time_ladder(text: str) -> Thresholds:
    """Reads ``7d,3d,1d``, mildest first; the thresholds are seconds."""
    return descending(tuple(Threshold(parse_wait(item).total_seconds(), written=item) for item in split_list(text)))


def parse_wait(text: str) -> timedelta:
    """Reads one duration; the error quotes it."""
    try:
        return parse_duration(text)
    except ValueError as error:
        raise ValueError(f"has “{short(text)}”, which {error}") from None


def parse_refused_jobs(text: str) -> int:
    """A number of refused jobs; 0, which is off, for an empty text. Raises ValueError."""
    if not text.strip():
        return 0
    if not re.fullmatch(r"[1-9][0-9]{0,3}", text.strip(), re.ASCII):
        raise ValueError("must be a whole number from 1 to 9999, or empty")
    return int(text)


def parse_interval(text: str) -> timedelta:
    """Reads the time between two checks, at least a second."""
    wait = parse_wait(text)
    if wait < timedelta(seconds=1):
        raise ValueError("is shorter than a second")
    return wait


def descending(ladder: Thresholds) -> Thresholds:
    """The thresholds, if each is below the one before it of the same unit."""
    kinds = ([rung for rung in ladder if rung.percent], [rung for rung in ladder if rung.jobs])
    others = [rung for rung in ladder if not (rung.percent or rung.jobs)]
    for some in (*kinds, others):
        values = [rung.jobs or rung.value for rung in some]
        if any(later >= earlier for earlier, later in pairwise(values)):
            raise ValueError("is not in order: the mildest threshold comes first, each later one is lower")
    return ladder


def parse_chats(text: str) -> tuple[Chat, ...]:
    """Reads ``12345, -1001234567890/45``: chat ids, with a topic after the slash."""
    return tuple(dict.fromkeys(parse_chat(item) for item in split_list(text)))


def parse_chat(text: str) -> Chat:
    """Reads ``12345`` or ``-1001234567890/45``.

    A forum's topic General is the group itself: Telegram refuses its id, 1, and messages there name no topic.
    """
    match = _CHAT.fullmatch(text)
    if not match or int(match[1]) == 0:
        raise ValueError(f"has “{short(text)}”, which is {not_a_chat(text)}")
    if _LACKS_MINUS.fullmatch(match[1]):
        raise ValueError(f"has “{short(text)}”, which lacks the minus of a group or channel: -{text}")
    topic = int(match[2]) if match[2] else None
    return Chat(int(match[1]), None if topic == GENERAL else topic)


def not_a_chat(text: str) -> str:
    """The error of an invalid chat id, and how to get a valid one: a channel cannot send /start."""
    private = _PRIVATE_LINK.fullmatch(text)
    if private:
        return f"a link; its chat id is -100{private[1]}"
    if text.startswith("@") or "t.me/" in text:
        return (
            "a name; a chat goes by its number. Send /start to the bot there, and it answers with it; of a channel it "
            "stands in the address of web.telegram.org/a, such as -1001234567890"
        )
    return "not a chat id: send /start to the bot, it answers with it"


def parse_ids(text: str) -> frozenset[int]:
    """Reads user ids."""
    items = split_list(text)
    for item in items:
        if not re.fullmatch(r"\d{1,18}", item, re.ASCII):
            raise ValueError(f"has “{short(item)}”, which is not a user id (a number)")
    return frozenset(int(item) for item in items)


def parse_accounts(text: str) -> tuple[NamedAccount, ...]:
    """Reads ``Studio <alice@example.com>, bob@example.com``."""
    accounts = tuple(parse_account(item) for item in split_list(text))
    for what, names in (
        (
            "the account" if any(one.service for one in accounts) else "the email",
            [":".join(filter(None, (one.service, one.email.lower()))) for one in accounts],
        ),
        ("the label", [account.label.lower() for account in accounts if account.label]),
    ):
        twice = next((name for name, times in Counter(names).items() if times > 1), None)
        if twice:
            raise ValueError(f"has {what} “{short(twice)}” twice")
    return accounts


def parse_account(text: str) -> NamedAccount:
    """Reads one account, bare or in angle brackets after a label: an email, or a service, a colon and its list's key.

    Without a service also a key that is no email, for a service that has such; the caller knows the service.
    """
    match = _ACCOUNT.fullmatch(text)
    label = (match["label"].strip() or None) if match else None
    whole = match["email"] if match else text
    before, _, key = whole.partition(":")
    service = named_service(before) if key else None
    if not service:
        key = whole
    elif key and is_email_of(service, key):
        return NamedAccount(key, label, service)
    if service or not (is_email(key) or _KEY.fullmatch(key)):
        raise ValueError(not_an_account(text, whole))
    return NamedAccount(key, label)


def not_an_account(text: str, whole: str) -> str:
    """The error of an invalid account, with the nearest service if there is a colon."""
    before, _, key = whole.partition(":")
    near = nearest_service(before) if "@" in key else None
    hint = f"; did you mean {near}:…?" if near and near != before else ", bare or behind a label"
    return f"has “{short(text)}”, which is not an email{hint}"


def named_service(text: str) -> str | None:
    """The service with this name; None if there is none."""
    from bot.sources.registry import SERVICES  # noqa: PLC0415 - `health` reads no account

    return text if text in SERVICES else None


def is_email(text: str) -> bool:
    """True if a text can be an email; the only colons are those before it."""
    return _EMAIL.fullmatch(text) is not None and text.isprintable() and ":" not in text


def is_email_of(service: str, key: str) -> bool:
    """True if a service can have an account with this key."""
    from bot.sources.registry import SERVICES  # noqa: PLC0415 - `health` reads no account

    return is_email(key) if SERVICES[service].by_email else _KEY.fullmatch(key) is not None


def parse_services(text: str) -> tuple[str, ...]:
    """Reads ``pixverse,kling``, or ``all``: names of services, each once."""
    from bot.sources.registry import SERVICES  # noqa: PLC0415 - `health` reads no service

    names = [item.lower() for item in split_list(text)]
    for name in names:
        if name not in (*SERVICES, ALL_SERVICES):
            near = get_close_matches(name, [*SERVICES, ALL_SERVICES], n=1, cutoff=0.6)
            hint = f"; did you mean {near[0]}?" if near else f"; there are {', '.join(SERVICES)} and {ALL_SERVICES}"
            raise ValueError(f"has “{short(name)}”, which is not a service{hint}")
    return tuple(dict.fromkeys(names))


def misplaced_account(accounts: Iterable[NamedAccount], service: str) -> str | None:
    """The error of the first account that names no service, and cannot be one of this one; None without any."""
    for one in accounts:
        if one.service is None and not is_email_of(service, one.email):
            return not_an_account(one.email, one.email)
    return None


def nearest_service(text: str) -> str | None:
    from bot.sources.registry import SERVICES  # noqa: PLC0415 - `health` reads no service

    return next(iter(get_close_matches(text.lower(), SERVICES, n=1, cutoff=0.5)), None)


def parse_address(text: str) -> Address | None:
    """Reads ``127.0.0.1:8080`` or ``[::1]:8080``; None for an empty text, which switches the server off."""
    if not text.strip():
        return None
    host, _, port = text.strip().rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if "//" in text:
        raise ValueError(f"is “{short(text)}”, which is the address of a page; leave out all but its host and its port")
    if not _HOST.fullmatch(host) or not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise ValueError(f"is “{short(text)}”, which is not a host with a port")
    return Address(host, int(port))


def parse_zone(text: str) -> ZoneInfo:
    """Reads an IANA name such as ``Europe/Berlin``."""
    try:
        return ZoneInfo(text.strip())
    except (ValueError, OSError, KeyError):  # not found, a folder of the zone database, a path outside it
        raise ValueError(f"is “{short(text)}”, which is not a time zone of the IANA list") from None


def parse_url(text: str) -> str:
    """Reads an http or https address; the error never quotes it, because it can hold a secret."""
    url = text.strip()
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and parts.hostname and (parts.port is None or parts.port > 0)
    except ValueError:
        usable = False
    if not usable or not url.isprintable() or " " in url:
        raise ValueError("is not an http:// or https:// address")
    return url.rstrip("/")


def parse_endpoint(text: str) -> str:
    """The same for the address of one page: a slash at its end stays, because it can name another page."""
    parse_url(text)
    return text.strip()


def parse_webhook_secret(text: str) -> str:
    """Reads ``whsec_…`` as Standard Webhooks has it; the error never quotes it."""
    secret = text.strip()
    try:
        key = b64decode(padded(secret.removeprefix(WHSEC)), validate=True)
    except ValueError:
        key = b""
    if not secret.startswith(WHSEC) or not key:
        raise ValueError(f"is not a secret of Standard Webhooks: {WHSEC} and base64; {NEW_KEY}")
    if not SHORTEST_KEY <= len(key) <= LONGEST_KEY:
        raise ValueError(
            f"holds {len(key)} bytes, and Standard Webhooks asks for {SHORTEST_KEY} to {LONGEST_KEY}; {NEW_KEY}"
        )
    return secret


def padded(text: str) -> str:
    """Base64 with the signs at its end that some programs leave out."""
    return text + "=" * (-len(text) % 4)


WHSEC = "whsec_"
SHORTEST_KEY, LONGEST_KEY = 24, 64
NEW_KEY = 'make one with: echo "whsec_$(openssl rand -base64 32)"'


def parse_useapi_url(text: str) -> str:
    """The same, with ``/v2`` added if missing; a request holds either a user and a password or the token."""
    url = parse_url(text)
    if userinfo_of(url):
        raise ValueError("holds a user or a password, which cannot go beside the token; leave them out")
    parts = urlsplit(url)
    if parts.query or parts.fragment:
        raise ValueError("holds a “?” or “#”, which a base address cannot have; leave it out")
    last = parts.path.rpartition("/")[2]
    if last == "v1":
        raise ValueError("ends with /v1, which does not have PixVerse's accounts; write /v2")
    return url if last == "v2" else f"{url}/v2"


def parse_telegram_url(text: str) -> str:
    """Reads the address of a Bot API server, without a ``/bot`` at its end, which each request adds."""
    url = parse_url(text)
    if re.search(r"/bot\d+:", url):
        raise ValueError("holds a bot token; leave it out, with the /bot before it")
    parts = urlsplit(url)
    if parts.query or parts.fragment:
        raise ValueError("holds a “?” or “#”, which a base address cannot have; leave it out")
    return url.removesuffix("/bot")


def userinfo_of(url: str) -> str:
    """The user and the password in an address, as written; empty without them."""
    try:
        return urlsplit(url).netloc.rpartition("@")[0]
    except ValueError:
        return ""


def is_open_to_all(url: str) -> bool:
    """True if others can read what goes to an address: plain http to a place outside the home network."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    try:
        near = not ip_address(host).is_global
    except ValueError:
        near = "." not in host or host.endswith((".local", ".internal", ".localhost"))
    return parts.scheme == "http" and not near


def parse_database(text: str) -> str:
    """Reads ``sqlite:///relative`` or ``sqlite:////absolute`` and returns the path of the file."""
    url = text.strip()
    if url.startswith(("postgres://", "postgresql://")):
        raise ValueError("names PostgreSQL, which comes with several machines; one machine uses SQLite")
    path = url.removeprefix("sqlite:///")
    if path in (url, "", ":memory:") or "\0" in path or path.endswith("/"):
        raise ValueError("is not the address of an SQLite file")
    if "?" in path or re.search(r"\s#", path):
        raise ValueError("has a “?” or a comment behind the file's name, which would become a part of it; leave it out")
    return path


PLACEHOLDERS = {"USEAPI_TOKEN": "user:1234-from-useapi.net", "TELEGRAM_BOT_TOKEN": "123456789:AAF-from-BotFather"}
"""Placeholders for tokens in examples: the only examples that do not work."""

_PLACEHOLDER = "is the placeholder of the example; put your own token there"
_SWAPPED = "the two tokens stand in each other's place"


def parse_useapi_token(text: str) -> str:
    """A token of useapi.net: printable text without white space. The error never quotes it."""
    token = text.strip()
    if not token.isprintable() or " " in token:
        raise ValueError("holds white space or characters that a token cannot have")
    if token in PLACEHOLDERS.values():
        raise ValueError(_PLACEHOLDER)
    if _BOT_TOKEN.fullmatch(token):
        raise ValueError(f"is a Telegram bot's token: {_SWAPPED}")
    return token


def parse_bot_token(text: str) -> str:
    """A Telegram bot's token: digits, a colon, and at least 30 more characters. The error never quotes it."""
    token = text.strip()
    if token in PLACEHOLDERS.values():
        raise ValueError(_PLACEHOLDER)
    if token.startswith("user:"):
        raise ValueError(f"is a token of useapi.net: {_SWAPPED}")
    if not _BOT_TOKEN.fullmatch(token):
        raise ValueError("is not a bot token: digits, a colon, and at least 30 letters, digits, _ or -; copy it whole")
    return token


def in_quotes(text: str) -> bool:
    """True if a text stands in one pair of quotes."""
    return len(text) > 1 and text[0] == text[-1] and text[0] in "'\"" and text[0] not in text[1:-1]


def parse_quiet(text: str) -> QuietHours | None:
    """Reads ``22:00-08:00``; the error hides what looks like a secret."""
    return parse_quiet_hours(redact(text, ()))


def parse_clock(text: str) -> time | None:
    """Reads ``09:00``; the error hides what looks like a secret."""
    return parse_clock_time(redact(text, ()))


def short(text: str) -> str:
    """At most 40 characters of a text, for an error, without what looks like a secret."""
    line = redact(" ".join(text.split()), ())
    return line if len(line) <= 40 else line[:39] + "…"
