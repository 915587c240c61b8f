"""Files of any bytes, under any name: settings, secrets, the accounts file."""

import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from bot.config.accounts_file.read import read_accounts_file
from bot.config.load import load_settings
from bot.config.settings import NAMES, SECRETS, Settings
from bot.support.errors import SettingsError
from tests.integration.fuzz.shapes import ENCODINGS, NEAR, PLAIN, TEXTS

TOKENS = {"USEAPI_TOKEN": "user:1-abc", "TELEGRAM_BOT_TOKEN": "123456789:AAFabcdefghijklmnopqrstuvwxyz0123456"}
LINES = st.tuples(st.sampled_from([*NAMES, *(f"{name}_FILE" for name in SECRETS)]), TEXTS).map("=".join)
CONTENTS = st.one_of(
    st.binary(max_size=300),
    st.tuples(st.lists(LINES | NEAR, max_size=4).map("\n".join), st.sampled_from(ENCODINGS)).map(
        lambda given: given[0].encode(given[1], "replace")
    ),
)


def settings_or_faults(env_file: str, environ: dict[str, str]) -> Settings | list[str]:
    """The settings, or what is wrong: a line each, which can be written to any log."""
    try:
        return load_settings(env_file, environ)
    except SettingsError as error:
        return told(error)


def told(error: SettingsError) -> list[str]:
    """The faults, if people can read them."""
    assert error.faults
    assert all(len(fault.splitlines()) == 1 for fault in error.faults)
    str(error).encode()
    return error.faults


@given(CONTENTS)
def test_any_env_file_is_settings_or_faults(content: bytes) -> None:
    """Whatever bytes an env file holds, there are settings or faults of a line each."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(content)
        file.flush()
        assert settings_or_faults(file.name, {}) is not None
        assert settings_or_faults(file.name, TOKENS) is not None


@given(PLAIN.filter(bool))
def test_any_name_of_an_env_file_is_read_or_a_fault(name: str) -> None:
    """Whatever ``--env-file`` names, the file is read or what is wrong is said."""
    with tempfile.TemporaryDirectory() as folder:
        assert settings_or_faults(f"{folder}/{name}", TOKENS) is not None


@given(st.sampled_from(SECRETS), CONTENTS, PLAIN)
def test_any_secret_file_is_a_secret_or_a_fault(name: str, content: bytes, path: str) -> None:
    """Whatever a secret's file holds, and wherever it is said to be."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(content)
        file.flush()
        others = {other: value for other, value in TOKENS.items() if other != name}
        for where in (file.name, path):
            assert settings_or_faults("/dev/null", {**others, f"{name}_FILE": where}) is not None


@given(CONTENTS)
def test_any_accounts_file_is_a_watchlist_or_faults(content: bytes) -> None:
    """Whatever bytes an accounts file holds, there are sources or faults."""
    settings = load_settings("/dev/null", TOKENS)
    with tempfile.NamedTemporaryFile(suffix=".toml") as file:
        Path(file.name).write_bytes(content)
        try:
            assert read_accounts_file(file.name, settings, {}).sources
        except SettingsError as error:
            told(error)
