"""A backup of a bot at work, restored somewhere else, goes on where that one stood."""

from pathlib import Path

import pytest

from tests.support.world import ANN, PATIENCE, World, until


async def looked(world: World, email: str, more: int = 2) -> None:
    """Wait for checks of an account after this moment."""
    await world.pixverse.wait_for_looks(email, world.pixverse.looks(email) + more, PATIENCE)


async def test_a_restored_bot_repeats_nothing_and_forgets_nothing(world: World, tmp_path: Path) -> None:
    """Alice was told before the backup, Bob waited, Carol was acknowledged; all of that holds on the new machine.

    Bob's alert arrives after the backup, so the restored bot says that it was perhaps sent before.
    """
    alice, bob, carol = world.accounts("alice", "bob", "carol")
    bot = await world.start()
    await world.pixverse.wait_for_looks(carol.email, timeout=PATIENCE)
    alice.monthly = 180
    await world.told("alice@example.com: 180 credits left")
    carol.monthly = 0
    alert = await world.told("carol@example.com: out of credits")
    world.telegram.tap(alert, "Ack")
    await until(lambda: "cknowledged by" in alert.text, "the ack")
    world.telegram.away = True
    bob.monthly = 0
    await bot.logged("was not told")

    done = await world.run("backup", "moved.zip", USEAPI_TOKEN="", TELEGRAM_BOT_TOKEN="")
    assert (done.code, done.err) == (0, "")
    assert "3 accounts" in done.out
    assert "3 alerts that fire, 1 message that waits and 3 chats" in done.out
    refused = await world.run("restore", "moved.zip", "--replace")
    assert refused.code == 69
    assert "already in use by another bot. Stop it first" in refused.err

    world.telegram.away = False
    await world.told("bob@example.com: out of credits")
    assert await bot.stop() == 0
    told = len(world.telegram.texts(ANN))

    (tmp_path / "elsewhere").mkdir()
    elsewhere = f"sqlite:///{tmp_path / 'elsewhere' / 'credit-bot.db'}"
    restored = await world.run("restore", "moved.zip", DATABASE_URL=elsewhere, USEAPI_TOKEN="", TELEGRAM_BOT_TOKEN="")
    assert (restored.code, restored.err) == (0, "")
    assert "marked “perhaps sent before”" in restored.out
    bot = await world.start(DATABASE_URL=elsewhere)
    again = await world.told("bob@example.com: out of credits", after=told)
    assert again.text.splitlines()[0].endswith("· perhaps sent before")
    for one in (alice, bob, carol):
        await looked(world, one.email)
    said = [text for text in world.telegram.texts(ANN)[told:] if "Nobody was watching" not in text]
    assert said == [again.text]

    carol.monthly = 15000
    await world.told("carol@example.com: 15,000 credits again", after=told)
    alice.monthly = 0
    worse = await world.told("alice@example.com: out of credits", after=told)
    assert "perhaps sent before" not in worse.text
    assert await bot.stop() == 0


async def test_content_is_replaced_only_when_asked(world: World) -> None:
    """The bot's own database has content; what was there is kept, and the bot goes on from the backup."""
    world.accounts("alice", monthly=0)
    bot = await world.start()
    await world.told("out of credits")
    await bot.stop()
    assert (await world.run("backup", "a.zip")).code == 0
    assert (await world.run("backup", "a.zip")).code == 69
    refused = await world.run("restore", "a.zip")
    assert refused.code == 69
    assert "Add --replace" in refused.err
    done = await world.run("restore", "a.zip", "--replace")
    assert done.code == 0
    (kept,) = world.folder.glob("credit-bot.db.before-*.zip")
    assert str(kept) in done.out
    bot = await world.start()
    await looked(world, "alice@example.com")
    assert world.count("out of credits") == 1
    assert await bot.stop() == 0


@pytest.mark.parametrize("text", [b"", b"PK\x03\x04", b"Dear Ann"])
async def test_no_backup_is_restored_from_what_is_none(world: World, text: bytes) -> None:
    """One line, exit code 69, no traceback, and the database as it was."""
    before = world.database.read_bytes()
    (world.folder / "letter").write_bytes(text)
    refused = await world.run("restore", "letter", "--replace")
    assert refused.code == 69
    assert refused.err.startswith("credit-bot: letter ")
    assert len(refused.err.splitlines()) == 1
    assert world.database.read_bytes() == before
