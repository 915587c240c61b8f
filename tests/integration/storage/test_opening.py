# ruff: noqa: ASYNC240, ASYNC221 - a test may wait for the disk
"""Opening: which database is taken, which is refused, and that a refused one is left as it was."""

import asyncio
import errno
import os
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from shutil import rmtree

import pytest

from bot.storage import database as opening
from bot.storage.connection import Connection
from bot.storage.database import FIRST_TABLES, Store
from bot.storage.migrate import upgrade
from bot.storage.schema import APPLICATION, REVISION
from bot.support.backoff import Backoff
from bot.support.errors import DatabaseUnusableError

NOBODY = 65534


@pytest.fixture
def common() -> Iterator[Path]:
    """A folder that every user may enter; pytest's own is closed to others."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    rmtree(folder)


@pytest.fixture
def as_nobody() -> Iterator[Callable[[], None]]:
    """Lets a test go on without the rights of root, whom no file's mode stops."""
    before = os.geteuid()

    def become() -> None:
        if before == 0:
            os.seteuid(NOBODY)

    yield become
    os.seteuid(before)


def filled(path: Path) -> Path:
    """Fills a database with several pages of rows."""
    with closing(sqlite3.connect(path)) as connection, connection:
        rows = ((f"mark {number}" * 20, number) for number in range(2000))
        connection.executemany("INSERT INTO marks (name, at) VALUES (?, ?)", rows)
    return path


def cut_header(path: Path) -> None:
    """Destroys the first bytes."""
    path.write_bytes(b"not a database" + path.read_bytes()[14:])


def cut_middle(path: Path) -> None:
    """Overwrites a page in the middle."""
    content = bytearray(path.read_bytes())
    middle = len(content) // 2 // 4096 * 4096
    content[middle : middle + 4096] = b"\xa5" * 4096
    path.write_bytes(content)


def cut_end(path: Path) -> None:
    """Loses the second half, as after a full disk."""
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


def set_revision(path: Path, revision: str) -> None:
    """Pretends that another version made the database."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", (revision,))


def drop_revision(path: Path) -> None:
    """Leaves tables that say nothing of a version, as another program's."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DROP TABLE alembic_version")


async def refusal(path: Path | str) -> str:
    """Why a database is refused, in words."""
    with pytest.raises(DatabaseUnusableError) as caught:
        await Store.open(str(path))
    assert caught.value.exit_code == 69
    words = str(caught.value)
    assert "\n" not in words
    assert words.endswith(".")
    return words


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (cut_header, "cannot be read as a database"),
        (cut_middle, "cannot be read as a database"),
        (cut_end, "cannot be read as a database"),
        (lambda path: set_revision(path, "9999"), "was made by a newer credit-bot"),
        (drop_revision, "was made by another program"),
    ],
    ids=["header", "middle page", "truncated", "newer", "foreign"],
)
async def test_unusable_database_is_refused_and_left_alone(
    database: Path, spoil: Callable[[Path], None], words: str
) -> None:
    """A corrupt, newer or foreign database is refused in words that name it, and not one byte of it changes."""
    spoil(filled(database))
    before = database.read_bytes()
    said = await refusal(database)
    assert words in said
    assert str(database) in said
    assert "left as it is" in said
    assert database.read_bytes() == before


async def test_a_text_file_is_refused_and_left_alone(tmp_path: Path) -> None:
    """A file that never was a database is refused and left as it was."""
    file = tmp_path / "notes.txt"
    file.write_text("buy milk\n" * 1000)
    assert "cannot be read as a database" in await refusal(file)
    assert file.read_text() == "buy milk\n" * 1000


@pytest.mark.parametrize(
    ("tables", "application"),
    [(("users",), 0), (("accounts", "outbox"), 0), (tuple(FIRST_TABLES), 4711), ((), 4711)],
)
async def test_another_programs_database_with_an_alembic_revision_is_left_alone(
    tmp_path: Path, tables: tuple[str, ...], application: int
) -> None:
    """Alembic is used by many: a revision of ours proves nothing; a file that another program signed is not ours."""
    path = tmp_path / "bot.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        for table in (*tables, *(["alembic_version"] if tables else [])):
            connection.execute(f"CREATE TABLE {table} (version_num TEXT)")
        if tables:
            connection.execute("INSERT INTO alembic_version VALUES ('0001')")
        connection.execute(f"PRAGMA application_id = {application}")
    before = path.read_bytes()
    assert "another program" in await refusal(path)
    assert path.read_bytes() == before


async def test_a_database_of_ours_is_signed(tmp_path: Path) -> None:
    """One that was made before it was signed goes on, and is signed when its schema is moved on."""
    path = tmp_path / "bot.db"
    upgrade(str(path), "0009")
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA application_id = 0")
        connection.execute("PRAGMA journal_mode = DELETE")
    store = await Store.open(str(path))
    await store.close()
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA application_id").fetchone() == (APPLICATION,)


async def test_an_unsigned_database_of_this_schema_goes_on(database: Path) -> None:
    """As every one was before."""
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA application_id = 0")
    store = await Store.open(str(database))
    await store.close()


def test_a_place_is_tried_as_a_start_would(tmp_path: Path) -> None:
    """The lock is taken and something written, and nothing is left of it."""
    opening.try_place(str(tmp_path / "bot.db"))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (sqlite3.SQLITE_FULL, "the disk of the database is full"),
        (sqlite3.SQLITE_IOERR, "not on a network share"),
        (sqlite3.SQLITE_READONLY, "let the bot's user write its file"),
    ],
)
def test_a_place_where_nothing_can_be_written_is_told_with_its_cause(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, words: str
) -> None:
    """What SQLite calls a disk I/O error on a share, or a full disk; nothing is left of the try."""

    def fail(_: sqlite3.Connection) -> sqlite3.Connection:
        error = sqlite3.OperationalError("SQLite's words")
        error.sqlite_errorcode = code
        raise error

    monkeypatch.setattr(opening, "prepared", fail)
    with pytest.raises(DatabaseUnusableError, match=words):
        opening.try_place(str(tmp_path / "bot.db"))
    assert not list(tmp_path.iterdir())


async def test_a_revision_table_without_a_row_is_foreign(database: Path) -> None:
    """A table of Alembic's without a version is another program's, not a database to be filled."""
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("DELETE FROM alembic_version")
    assert "another program" in await refusal(database)


async def test_a_first_write_that_was_cut_is_undone(database: Path, tmp_path: Path) -> None:
    """Where a -journal lies beside a half-written file, its beginning is taken back before the file is judged."""
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
        connection.execute("PRAGMA cache_size=1")
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("INSERT INTO marks VALUES ('half', 1)")
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        for number in range(40):
            connection.execute("INSERT INTO marks VALUES (?, ?)", (f"{number}" * 500, number))
        cut = tmp_path / "cut.db"
        for name in ("", "-journal"):
            Path(f"{cut}{name}").write_bytes(Path(f"{database}{name}").read_bytes())
    assert cut.read_bytes() != database.read_bytes()
    store = await Store.open(str(cut))
    async with store.read() as connection:
        assert (await connection.exec_driver_sql("SELECT count(*) FROM marks")).scalar() == 0
    await store.close()


async def test_a_folder_in_place_of_the_file_is_refused(tmp_path: Path) -> None:
    """A folder of the database's name is refused in words."""
    folder = tmp_path / "bot.db"
    folder.mkdir()
    assert "is a folder. Name a file in it." in await refusal(folder)
    assert not (tmp_path / "bot.db.lock").exists()


async def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    """A folder that does not exist is named, with what to do, and is not made."""
    said = await refusal(tmp_path / "missing" / "bot.db")
    assert f"the folder {tmp_path / 'missing'} does not exist" in said
    assert not (tmp_path / "missing").exists()


async def test_a_name_too_long_is_refused_in_words(tmp_path: Path) -> None:
    """Names that no file system takes are words, not tracebacks."""
    assert "DATABASE_URL" in await refusal(tmp_path / ("x" * 300) / "bot.db")
    assert "DATABASE_URL" in await refusal(tmp_path / ("x" * 300))


async def test_a_read_only_folder_is_refused(common: Path, as_nobody: Callable[[], None]) -> None:
    """A folder that the bot's user may not write is refused in words."""
    common.chmod(0o555)
    as_nobody()
    said = await refusal(common / "bot.db")
    assert "cannot be written" in said
    assert list(common.iterdir()) == []


async def test_a_folder_behind_closed_doors_is_refused(common: Path, as_nobody: Callable[[], None]) -> None:
    """A folder that the bot's user may not even see is refused in words."""
    inner = common / "closed" / "inner"
    inner.mkdir(parents=True)
    inner.parent.chmod(0o700)
    as_nobody()
    assert "DATABASE_URL" in await refusal(inner / "bot.db")


async def test_a_lock_file_of_another_user_is_named(common: Path, as_nobody: Callable[[], None]) -> None:
    """As a command of root's leaves it: not the folder is to blame."""
    lock = common / "bot.db.lock"
    lock.touch(0o600)
    common.chmod(0o777)
    as_nobody()
    assert f"{lock} cannot be written" in await refusal(common / "bot.db")


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (BlockingIOError(errno.EWOULDBLOCK, "busy"), "already in use by another bot"),
        (OSError(errno.ENOLCK, "No locks available"), "takes no locks (No locks available)"),
        (OSError(errno.EOPNOTSUPP, "Operation not supported"), "Keep the database on a local disk"),
    ],
)
async def test_only_a_lock_that_is_held_is_another_bot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: OSError, words: str
) -> None:
    """A network share that knows no locks is told as that."""

    def refuse(*_: object) -> None:
        raise error

    monkeypatch.setattr("bot.storage.database.fcntl.flock", refuse)
    said = await refusal(tmp_path / "bot.db")
    assert words in said
    assert ("another bot" in said) is isinstance(error, BlockingIOError)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (errno.ENOSPC, "is full (No space left on device). Free some space on it."),
        (errno.EROFS, "is read-only. Make it writable"),
        (errno.EACCES, "cannot be written (Permission denied)"),
    ],
)
def test_why_a_file_cannot_be_made(tmp_path: Path, code: int, words: str) -> None:
    """The disk, or the rights."""
    assert words in opening.unwritable_text(tmp_path / "bot.db.lock", OSError(code, os.strerror(code)))


async def test_a_read_only_file_is_refused(template: Path, common: Path, as_nobody: Callable[[], None]) -> None:
    """A database that cannot be written is refused at the start, and not only when the first look is to be saved."""
    file = common / "bot.db"
    file.write_bytes(template.read_bytes())
    file.chmod(0o444)
    common.chmod(0o777)
    before = file.read_bytes()
    as_nobody()
    assert "cannot be written" in await refusal(file)
    assert file.read_bytes() == before


async def test_an_unreadable_file_is_refused(template: Path, common: Path, as_nobody: Callable[[], None]) -> None:
    """A database that the bot's user may not read is refused in words."""
    file = common / "bot.db"
    file.write_bytes(template.read_bytes())
    file.chmod(0o000)
    common.chmod(0o777)
    as_nobody()
    await refusal(file)


async def test_an_empty_file_becomes_a_database(tmp_path: Path) -> None:
    """An empty file, such as a mounted one, is taken as no database yet, and made into one."""
    file = tmp_path / "bot.db"
    file.touch()
    store = await Store.open(str(file))
    async with store.read() as connection:
        tables = {row[0] for row in await connection.exec_driver_sql("SELECT name FROM sqlite_master")}
    await store.close()
    assert {"accounts", "outbox", "alembic_version"} <= tables


@pytest.mark.parametrize("name", ["50% off?.db", "a?mode=ro", "with#hash.db", "smörgås 🥪.db", "it's.db"])
async def test_a_strange_name_is_only_a_name(template: Path, tmp_path: Path, name: str) -> None:
    """Signs that mean something in an address mean nothing in the database's name: that very file is used."""
    file = tmp_path / name
    file.write_bytes(template.read_bytes())
    store = await Store.open(str(file))
    async with store.write() as connection:
        await connection.exec_driver_sql("INSERT INTO marks VALUES ('round', 1)")
    await store.close()
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("SELECT count(*) FROM marks").fetchone() == (1,)


async def test_a_strange_name_can_be_made(tmp_path: Path) -> None:
    """Such a file can also be made new, by the migrations' own process."""
    file = tmp_path / "50% of?.db"
    await (await Store.open(str(file))).close()
    assert file.stat().st_size > 0


async def test_a_second_bot_is_refused_until_the_first_has_closed(database: Path) -> None:
    """One database serves one bot: a second is told so, and may have it once the first has closed it."""
    first = await Store.open(str(database))
    assert "already in use by another bot" in await refusal(database)
    await first.close()
    second = await Store.open(str(database))
    await second.close()


async def test_a_killed_bot_holds_nothing(database: Path) -> None:
    """After kill -9 nothing is locked: the system takes it back, and what was committed is there."""
    code = (
        "import asyncio, os, signal, sys\n"
        "from bot.storage.database import Store\n"
        "async def main():\n"
        "    store = await Store.open(sys.argv[1])\n"
        "    async with store.write() as connection:\n"
        "        await connection.exec_driver_sql(\"INSERT INTO marks VALUES ('round', 7)\")\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
        "asyncio.run(main())\n"
    )
    root = Path(__file__).parents[3]
    ended = subprocess.run([sys.executable, "-c", code, str(database)], cwd=root, check=False, timeout=60)
    assert ended.returncode == -9
    store = await Store.open(str(database))
    async with store.read() as connection:
        assert (await connection.exec_driver_sql("SELECT at FROM marks")).scalar() == 7
    await store.close()


async def test_a_refused_database_is_not_held(database: Path) -> None:
    """After a refusal nothing is held, so that a mended database can be opened without a restart of anything."""
    set_revision(database, "9999")
    await refusal(database)
    set_revision(database, REVISION)
    await (await Store.open(str(database))).close()


async def test_a_failed_migration_is_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What stops the migrations' own process is said on one line, and the database is not held after it."""
    file = tmp_path / "bot.db"
    monkeypatch.setattr(sys, "executable", "/bin/false")
    assert "cannot be brought to the present schema: no reason given" in await refusal(file)
    monkeypatch.undo()
    await (await Store.open(str(file))).close()


async def test_every_commit_is_synced_and_readers_delay_nobody(store: Store) -> None:
    """WAL and FULL are in force on each connection, and none stops the loop to wait for another process."""
    async with store.read() as connection:
        assert (await connection.exec_driver_sql("PRAGMA journal_mode")).scalar() == "wal"
        assert (await connection.exec_driver_sql("PRAGMA synchronous")).scalar() == 2
        assert (await connection.exec_driver_sql("PRAGMA busy_timeout")).scalar() == 0
    async with store.write() as connection:
        assert (await connection.exec_driver_sql("PRAGMA synchronous")).scalar() == 2
        async with store.read() as other:
            assert (await other.exec_driver_sql("SELECT count(*) FROM marks")).scalar() == 0


async def test_a_write_holds_the_lock_from_its_beginning(store: Store, database: Path) -> None:
    """A write transaction begins IMMEDIATE: before its first statement nobody else can write, and all can read."""
    with closing(sqlite3.connect(database, timeout=0, isolation_level=None)) as other:
        async with store.read():
            other.execute("BEGIN IMMEDIATE")
            other.execute("ROLLBACK")
        async with store.write():
            with pytest.raises(sqlite3.OperationalError, match="locked"):
                other.execute("BEGIN IMMEDIATE")
            assert other.execute("SELECT count(*) FROM marks").fetchone() == (0,)
        other.execute("BEGIN IMMEDIATE")
        other.execute("ROLLBACK")


async def test_400_concurrent_changes_all_succeed(store: Store, database: Path) -> None:
    """Four hundred concurrent read-modify-writes, half of them past the store's own queue, lose nothing."""
    second = Store(str(database), None)
    async with store.write() as connection:
        await connection.exec_driver_sql("INSERT INTO marks VALUES ('count', 0)")

    async def add_one(through: Store) -> None:
        async with through.write() as connection:
            now = (await connection.exec_driver_sql("SELECT at FROM marks")).scalar_one()
            await asyncio.sleep(0)
            await connection.exec_driver_sql("UPDATE marks SET at = ?", (now + 1,))

    await asyncio.gather(*(add_one(store if number % 2 else second) for number in range(400)))
    await second.close()
    async with store.read() as connection:
        assert (await connection.exec_driver_sql("SELECT at FROM marks")).scalar() == 400


async def test_a_failed_transaction_leaves_nothing(store: Store) -> None:
    """What fails in the middle is undone whole, and the store goes on."""

    async def fail() -> None:
        async with store.write() as connection:
            await connection.exec_driver_sql("INSERT INTO marks VALUES ('half', 1)")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail()
    async with store.write() as connection:
        assert (await connection.exec_driver_sql("SELECT count(*) FROM marks")).scalar() == 0


async def test_a_cancelled_transaction_leaves_nothing_and_blocks_nobody(store: Store) -> None:
    """A task that is cancelled in the middle of a transaction undoes it and lets the next one in."""
    inside = asyncio.Event()

    async def hang() -> None:
        async with store.write() as connection:
            await connection.exec_driver_sql("INSERT INTO marks VALUES ('half', 1)")
            inside.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(hang())
    await inside.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    async with store.write() as connection:
        assert (await connection.exec_driver_sql("SELECT count(*) FROM marks")).scalar() == 0


async def test_a_database_that_cannot_be_written_is_waited_for(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    """Work that meets a full disk is done again until it succeeds, all of it and once, and the log says why, once."""
    store.backoff = Backoff(0.0)
    tries = 0
    async with store.read() as connection:
        pages = int((await connection.exec_driver_sql("PRAGMA page_count")).scalar_one())

    async def work(connection: Connection) -> str:
        nonlocal tries
        tries += 1
        await connection.exec_driver_sql(f"PRAGMA max_page_count={pages if tries < 3 else 10_000}")
        for number in range(40):
            await connection.exec_driver_sql("INSERT INTO marks VALUES (?, ?)", (f"{number}" * 500, number))
        return "done"

    assert await store.write_patiently(work) == "done"
    assert tries == 3
    assert caplog.text.count("the disk of the database is full (database or disk is full)") == 1
    async with store.read() as connection:
        assert (await connection.exec_driver_sql("SELECT count(*) FROM marks")).scalar() == 40


async def test_a_large_database_is_opened_without_reading_every_page(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The whole check is for files below a size, so that years of history do not delay the start."""
    cut_middle(filled(database))
    monkeypatch.setattr(opening, "CHECK_WHOLE_BELOW", 1)
    await (await Store.open(str(database))).close()


async def test_a_write_says_itself_whether_it_waits_for_the_disk(store: Store) -> None:
    """A write survives a power cut unless it says that it need not; one that says so changes nothing for the next."""
    said = []
    for synced in (False, True, False, True):
        async with store.write(synced=synced) as connection:
            said.append((await connection.exec_driver_sql("PRAGMA synchronous")).scalar())
    assert said == [1, 2, 1, 2]
