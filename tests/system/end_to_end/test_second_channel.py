"""The second channel through the real bot: Telegram is away, and a process stands where Apprise's would."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.support.world import ANN, World, answering, until

ADDRESS = "ntfy://hunter2-topic"


def read(file: Path) -> list[dict[str, Any]]:
    """The letters so far."""
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


async def test_what_telegram_does_not_take_goes_out_once_and_is_said_afterwards(world: World, letters: Path) -> None:
    """After a quarter of an hour one letter, no second one, and Telegram's late message says so."""
    (alice,) = world.accounts("alice")
    bot = await world.host(FALLBACK_URLS=ADDRESS, FALLBACK_AFTER="15m")
    world.telegram.away = True
    alice.monthly = 0
    await bot.round()
    await bot.logged("was not told")
    assert read(letters) == []
    world.clock.advance(timedelta(minutes=16))
    await until(lambda: bool(read(letters)), "a letter")
    await bot.logged("1 went out by ntfy")
    await bot.round()
    world.telegram.away = False
    message = await world.told("out of credits")
    (letter,) = read(letters)
    assert letter["address"] == ADDRESS
    assert "alice@example.com: out of credits" in letter["title"]
    assert "Telegram did not take messages from" in message.text
    assert "Also sent by ntfy" in message.text
    assert "hunter2" not in bot.log


async def test_a_chat_that_refuses_is_stood_in_for_by_the_second_channel(world: World, letters: Path) -> None:
    """The only chat is blocked: the letter goes out, and from then on somebody has been told: 200."""
    (alice,) = world.accounts("alice")
    bot = await world.host(FALLBACK_URLS=ADDRESS, FALLBACK_AFTER="15m")
    world.telegram.block(ANN)
    alice.monthly = 0
    await bot.round()
    await bot.logged("refuses messages")
    world.clock.advance(timedelta(minutes=5))
    assert (await bot.page("/healthz")).status == 503
    assert read(letters) == []
    world.clock.advance(timedelta(minutes=11))
    await bot.logged("1 went out by ntfy")
    page = await answering(bot, 200)
    assert any(note.startswith(f"chat {ANN}: Forbidden") for note in page.json["notes"])


async def test_without_addresses_nothing_is_sent_or_said(world: World, letters: Path) -> None:
    """The second channel is off by default."""
    (alice,) = world.accounts("alice")
    bot = await world.host()
    world.telegram.away = True
    alice.monthly = 0
    await bot.round()
    world.clock.advance(timedelta(minutes=16))
    await bot.round()
    world.telegram.away = False
    assert "Also sent" not in (await world.told("out of credits")).text
    assert read(letters) == []


async def test_a_missing_library_is_told_at_the_start(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The log says at once what is missing and how to mend it, without the address; the bot runs."""
    (tmp_path / "library").mkdir()
    (tmp_path / "library/apprise.py").write_text("raise ImportError\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "library"))
    world.accounts("alice")
    bot = await world.start(FALLBACK_URLS=ADDRESS)
    await bot.logged("FALLBACK_URLS: Apprise is not installed, so the second channel sends nothing: install")
    assert "hunter2" not in bot.log
    assert await bot.stop() == 0
