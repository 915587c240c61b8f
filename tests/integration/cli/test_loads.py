"""What a command loads: no more than it needs, for a probe runs every half minute, and a check in every cron job."""

import json
import subprocess
import sys
from pathlib import Path

SETTINGS = {
    "USEAPI_TOKEN": "user:1234-token",
    "TELEGRAM_BOT_TOKEN": f"123456789:{'x' * 35}",
    "TELEGRAM_CHAT_IDS": "1",
    "ACCOUNTS": "alice@example.com",
    "USEAPI_URL": "http://127.0.0.1:9/v2",
    "TELEGRAM_API_URL": "http://127.0.0.1:9",
    "HTTP_LISTEN": "127.0.0.1:9",
    "DATABASE_URL": "sqlite:///missing.db",
}
RUN = """
import json, sys
before = set(sys.modules)
from bot.cli.main import main
main(sys.argv[1:])
print()
print(json.dumps(sorted(set(sys.modules) - before)))
"""

WATCH = {"apscheduler", "bot.app", "bot.checks", "bot.commands.registry", "matplotlib", "numpy", "prometheus_client"}
"""What only ``run`` needs."""

HEALTH, CHECK = 160, 520
"""The most modules that may be loaded, Python's own among them: 139 and some 480 when this was written."""


def loaded(command: str, folder: Path) -> set[str]:
    """Every module that a command has loaded by its end, where nothing answers."""
    asked = [sys.executable, "-c", RUN, command]
    done = subprocess.run(asked, cwd=folder, env=SETTINGS, capture_output=True, text=True, check=True, timeout=60)
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_health_loads_next_to_nothing(tmp_path: Path) -> None:
    """A few modules of ours, Python's HTTP client, and the reader of env files."""
    found = loaded("health", tmp_path)
    assert not found & {*WATCH, "aiohttp", "asyncio", "pydantic", "sqlalchemy", "telegram"}
    assert len(found) <= HEALTH


def test_check_loads_sources_evaluation_and_settings(tmp_path: Path) -> None:
    """Neither Telegram's library nor the scheduler, and the database's only where there is one."""
    found = loaded("check", tmp_path)
    assert "bot.sources.useapi.client" in found
    assert not found & {*WATCH, "sqlalchemy", "telegram", "bot.telegram.client", "bot.outbox.dispatcher"}
    assert len(found) <= CHECK
    (tmp_path / "missing.db").touch()
    with_database = loaded("check", tmp_path)
    assert "bot.storage.accounts" in with_database
    assert not with_database & {*WATCH, "telegram"}


def test_doctor_loads_what_it_tests(tmp_path: Path) -> None:
    """Telegram's library and the database, but nothing that watches, answers or draws."""
    found = loaded("doctor", tmp_path)
    assert {"telegram", "bot.storage.database"} <= found
    assert not found & WATCH
