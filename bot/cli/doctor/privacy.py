"""Tests what others could read: files with secrets or emails, and unencrypted connections."""

import os
import stat
from collections.abc import Iterable
from pathlib import Path

from bot.cli.doctor.findings import Finding, ok, warn
from bot.config.env_file import DEFAULT_ENV_FILE
from bot.config.load import override, read_env_file
from bot.config.parsers import is_open_to_all
from bot.config.settings import FILE_NAMES, Settings

GIVEN_BY_THE_SYSTEM = "/run/"
"""Where Docker and systemd put secrets: they decide who reads there."""


def private_files(env_file: str | None) -> list[str]:
    """The env file, and the files of secrets that the settings name."""
    given = read_env_file(env_file, [])
    override(given, os.environ)
    return [env_file or DEFAULT_ENV_FILE, *(given[name] for name in FILE_NAMES if given.get(name))]


async def examine_files(paths: Iterable[str]) -> list[Finding]:
    """That only the owner and the group can read them; missing files are fine."""
    readable = [path for path in dict.fromkeys(paths) if is_readable_by_all(path)]
    if not readable:
        return [ok("files", "secrets and database cannot be read by every user of this machine")]
    return [warn("files", f"every user of this machine can read {path}: chmod 600 {path}") for path in readable]


def is_readable_by_all(path: str) -> bool:
    """True if every user of the machine can read a file, by the file's own mode."""
    file = Path(path).absolute()
    try:
        return not str(file).startswith(GIVEN_BY_THE_SYSTEM) and bool(file.stat().st_mode & stat.S_IROTH)
    except OSError:
        return False


async def examine_addresses(settings: Settings) -> list[Finding]:
    """A line for each address that would get a secret unencrypted; the address itself can be one."""
    beat = settings.heartbeat_url.get_secret_value() if settings.heartbeat_url else ""
    urls = {
        "USEAPI_URL": settings.useapi_url,
        "TELEGRAM_API_URL": settings.telegram_api_url,
        "HEARTBEAT_URL": beat,
    }
    found = [warn(name, CLEAR) for name, url in urls.items() if is_open_to_all(url)]
    webhook = settings.webhook_url.get_secret_value() if settings.webhook_url else ""
    return [*found, warn("WEBHOOK_URL", READABLE)] if is_open_to_all(webhook) else found


READABLE = "is plain http: whoever is on the way reads the emails and numbers in it; use https"
CLEAR = "is plain http: whoever is on the way reads the secret in it and can answer in its place; use https"
