"""Where the bot listens, by one setting alone: ``health`` runs every half minute, and loads nothing else."""

import os
from collections.abc import Mapping
from pathlib import Path

from bot.config.env_file import DEFAULT_ENV_FILE, EnvFile, from_environment
from bot.config.parsers import Address, parse_address
from bot.support.errors import SettingsError

NAME = "HTTP_LISTEN"
LISTEN_EXAMPLE = "127.0.0.1:8080"
DEFAULT_LISTEN = Address("127.0.0.1", 8080)


def load_listen(env_file: str | None = None, environ: Mapping[str, str] | None = None) -> Address | None:
    """Where the bot listens, whatever else is wrong with the settings. Raises SettingsError."""
    environ = os.environ if environ is None else environ
    given = EnvFile([NAME], [], []).read(Path(env_file or DEFAULT_ENV_FILE), required=False)
    if NAME in environ:
        given[NAME] = from_environment(environ, NAME, secret=False)
    if NAME not in given:
        return DEFAULT_LISTEN
    try:
        return parse_address(given[NAME])
    except ValueError as error:
        raise SettingsError([f"{NAME}: {error}. Example: {NAME}={LISTEN_EXAMPLE}"]) from None
