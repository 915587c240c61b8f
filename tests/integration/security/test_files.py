"""Files: who may read what the bot writes, and who is told that others can read what it reads."""

import stat
from pathlib import Path

import pytest

from bot.cli.doctor.findings import Mark
from bot.cli.doctor.privacy import examine_addresses, examine_files, private_files
from bot.config.load import load_settings
from bot.domain.chats import Chat
from bot.domain.invitations import Invitation
from bot.storage import pairing
from bot.storage.database import Store
from tests.support.fakes import NOW

NEEDED = {"USEAPI_TOKEN": "user:1-abcdef", "TELEGRAM_BOT_TOKEN": "123456789:AAFabcdefghijklmnopqrstuvwxyz0123456"}


def rights(path: Path) -> int:
    """What the file's mode allows."""
    return stat.S_IMODE(path.stat().st_mode)


def files_in(folder: Path) -> dict[str, int]:
    """Every file's rights, by its name."""
    return {one.name: rights(one) for one in folder.iterdir()}


async def test_a_new_database_is_for_its_owner_only(tmp_path: Path) -> None:
    """The database, its -wal and -shm and the lock beside it cannot be read by others, whatever the umask."""
    path = tmp_path / "new.db"
    store = await Store.open(str(path))
    async with store.write() as connection:
        await pairing.invite(connection, "a code", Invitation(NOW))
    assert files_in(tmp_path) == dict.fromkeys(["new.db", "new.db-shm", "new.db-wal", "new.db.lock"], 0o600)
    await store.close()


async def test_a_database_keeps_the_rights_that_it_was_given(tmp_path: Path) -> None:
    """Whoever opened it to a group, for a backup, is not overruled."""
    path = tmp_path / "old.db"
    await (await Store.open(str(path))).close()
    path.chmod(0o640)
    await (await Store.open(str(path))).close()
    assert rights(path) == 0o640


async def test_doctor_tells_of_files_that_everybody_can_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The env file, files of secrets and the database, each with the command that mends it; a group is no stranger."""
    monkeypatch.chdir(tmp_path)
    for name, mode in (("settings.env", 0o644), ("token", 0o604), ("credit-bot.db", 0o640)):
        (tmp_path / name).write_text(f"USEAPI_TOKEN_FILE={tmp_path}/token\n" if name == "settings.env" else "x")
        (tmp_path / name).chmod(mode)
    files = [*private_files(None), "credit-bot.db", "not-there"]
    found = await examine_files(files)
    assert [finding.mark for finding in found] == [Mark.WARN, Mark.WARN]
    assert found[0].words == "every user of this machine can read settings.env: chmod 600 settings.env"
    assert f"chmod 600 {tmp_path}/token" in found[1].words
    for name in ("settings.env", "token"):
        (tmp_path / name).chmod(0o600)
    assert [finding.mark for finding in await examine_files(files)] == [Mark.OK]


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("http://useapi.example.com", True),
        ("http://8.8.8.8:8081", True),
        ("https://useapi.example.com", False),
        ("http://127.0.0.1:8081", False),
        ("http://[::1]:8081", False),
        ("http://192.168.1.7:8081", False),
        ("http://telegram-bot-api:8081", False),
        ("http://nas.local:8081", False),
    ],
)
async def test_a_token_in_the_clear_is_warned_of(url: str, told: bool) -> None:
    """``doctor`` says where a token would go over the internet unencrypted; at home and with TLS it may go."""
    settings = load_settings(environ={**NEEDED, "USEAPI_URL": url, "TELEGRAM_API_URL": url, "HEARTBEAT_URL": url})
    found = await examine_addresses(settings)
    assert [finding.what for finding in found] == ["USEAPI_URL", "TELEGRAM_API_URL", "HEARTBEAT_URL"] * told
    assert not any(url in finding.words for finding in found)


async def test_a_stolen_database_opens_no_door(store: Store, database: Path) -> None:
    """Of an invitation only a hash is kept: who reads the file cannot use the link."""
    code = "AbCdEfGhIjKlMnOpQrStUvWxYz-_0123"
    async with store.write() as connection:
        await pairing.invite(connection, code, Invitation(NOW, "Ann"))
        assert await pairing.take_invitation(connection, pairing.hash_of(code), NOW) is None
        await pairing.pair(connection, Chat(7), "Ann", NOW)
    for file in database.parent.glob(f"{database.name}*"):
        assert code.encode() not in file.read_bytes()
