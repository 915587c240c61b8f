# ruff: noqa: ASYNC240 - a test may wait for the disk
"""A backup holds everything, as of one moment. A restored one goes on; any other is refused, and changes nothing."""

import json
import os
import shutil
import sqlite3
import stat
import subprocess
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.storage.backup import back_up
from bot.storage.backup_file import BackupReader
from bot.storage.database import Store, hold, inspect
from bot.storage.migrate import upgrade
from bot.storage.restore import SPARE_IDS, restore
from bot.storage.schema import REVISION, metadata
from bot.support.errors import BackupError, DatabaseUnusableError, StartError
from tests.support.fakes import NOW

OLD = Path(__file__).parents[2] / "system" / "end_to_end" / "old" / "0004.sql"
LATER = NOW + timedelta(hours=2)
NOBODY = 65534
Rows = dict[str, list[tuple[Any, ...]]]


def rows_of(database: Path, *, but: tuple[str, ...] = ()) -> Rows:
    """Every row of every table, as SQLite has it."""
    found = {}
    with closing(sqlite3.connect(database)) as connection:
        for table in metadata.sorted_tables:
            names = ", ".join(f'"{one.name}"' for one in table.columns if one.name not in but)
            found[table.name] = sorted(connection.execute(f"SELECT {names} FROM {table.name}").fetchall(), key=repr)
    return found


def execute(database: Path, *statements: str) -> None:
    """Changes a database as its owner would."""
    with closing(sqlite3.connect(database)) as connection, connection:
        for statement in statements:
            connection.execute(statement)


def fill(database: Path) -> None:
    """A row or more in every table, with each kind of value: none, letters, fractions, huge numbers."""
    values = {"BIGINT": 2**62, "INTEGER": 7, "TEXT": "Студия “ü” 🔴\n\\\"'", "FLOAT": 0.1, "BOOLEAN": True}
    with closing(sqlite3.connect(database)) as connection, connection:
        for table in metadata.sorted_tables:
            for number in range(3):
                row = {
                    column.name: None
                    if column.nullable and number == 1
                    else values[column.type.compile().split("(")[0]]
                    for column in table.columns
                }
                for key in table.primary_key.columns:
                    kind = key.type.compile()
                    row[key.name] = {"TEXT": f"{number}", "BOOLEAN": number == 1}.get(kind, number)
                if table.name == "outbox":
                    row |= {"key": f"k{number}", "state": ("pending", "sending", "delivered")[number]}
                    row["perhaps_sent"] = False
                marks = ", ".join(["?"] * len(row))
                names = ", ".join(f'"{name}"' for name in row)
                connection.execute(f"INSERT INTO {table.name} ({names}) VALUES ({marks})", tuple(row.values()))


@pytest.fixture
def filled(database: Path) -> Path:
    """A database with something in every table."""
    fill(database)
    return database


@pytest.fixture
def file(filled: Path, tmp_path: Path) -> Path:
    """A backup of it."""
    back_up(str(filled), tmp_path / "backup.zip", NOW)
    return tmp_path / "backup.zip"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A database's place in an empty folder."""
    (tmp_path / "new").mkdir()
    return tmp_path / "new" / "bot.db"


def test_everything_comes_back(filled: Path, file: Path, place: Path) -> None:
    """Each row of each table, and nothing beside the database but its lock; the file is its owner's alone."""
    restore(file, str(place), LATER, replace=False)
    assert rows_of(place, but=("perhaps_sent",)) == rows_of(filled, but=("perhaps_sent",))
    assert all(rows_of(place).values())
    assert {one.name for one in place.parent.iterdir()} == {"bot.db", "bot.db.lock"}
    assert stat.S_IMODE(place.stat().st_mode) == stat.S_IMODE(file.stat().st_mode) == 0o600
    assert inspect(str(place)) == REVISION


async def test_a_bot_opens_what_was_restored(file: Path, place: Path) -> None:
    """The restored file is a database like any other."""
    restore(file, str(place), LATER, replace=False)
    store = await Store.open(str(place))
    async with store.write() as connection:
        await connection.exec_driver_sql("INSERT INTO marks VALUES ('beat', 1)")
    await store.close()


def test_what_waited_was_perhaps_sent_and_nothing_else_was(file: Path, place: Path) -> None:
    """Of what was on its way at that moment nobody knows whether it arrived."""
    restore(file, str(place), LATER, replace=False)
    with closing(sqlite3.connect(place)) as connection:
        marked = connection.execute("SELECT state, perhaps_sent FROM outbox ORDER BY id").fetchall()
    assert marked == [("pending", 1), ("sending", 1), ("delivered", 0)]


def test_no_number_of_a_message_comes_to_mean_another(filled: Path, place: Path, tmp_path: Path) -> None:
    """Buttons name rows by number; those given after the backup are never given again, not by a second restore."""
    execute(filled, "DELETE FROM outbox", "DELETE FROM silences", "UPDATE sqlite_sequence SET seq = 40")
    back_up(str(filled), tmp_path / "empty.zip", NOW)
    restore(tmp_path / "empty.zip", str(place), LATER, replace=False)
    insert = (
        "INSERT INTO outbox SELECT {}, 1, 0, 'k', 't', 's', NULL, 1, 'r', 1, '{{}}', 'pending', 1, 0, "
        + ", ".join(["NULL"] * 5 + ["0", "NULL", "0"])
    )
    execute(place, insert.format("NULL"))
    first = rows_of(place)["outbox"][0][0]
    assert first == 40 + SPARE_IDS + 7200 + 1
    execute(place, "UPDATE sqlite_sequence SET seq = 9000000 WHERE name = 'outbox'")
    restore(tmp_path / "empty.zip", str(place), LATER, replace=True)
    execute(place, insert.format("NULL"))
    assert rows_of(place)["outbox"][0][0] > 9_000_000


async def test_it_is_one_moment_while_the_bot_writes(store: Store, database: Path, tmp_path: Path) -> None:
    """A change that is not committed is not in it, one that is, is; and the bot goes on writing meanwhile."""
    async with store.write() as connection:
        await connection.exec_driver_sql("INSERT INTO marks VALUES ('committed', 1)")
    async with store.write() as connection:
        await connection.exec_driver_sql("INSERT INTO marks VALUES ('open', 1)")
        back_up(str(database), tmp_path / "backup.zip", NOW)
    with closing(BackupReader(tmp_path / "backup.zip")) as reader:
        (marks,) = (entry for entry in reader.manifest.tables if entry.name == "marks")
        assert [row[0] for row in reader.rows(marks)] == ["committed"]
    async with store.write() as connection:
        await connection.exec_driver_sql("INSERT INTO marks VALUES ('later', 1)")


def test_an_older_versions_backup_is_migrated(tmp_path: Path, place: Path) -> None:
    """What an older schema holds comes back at the present one, as an upgrade of that database would bring it."""
    old, upgraded = tmp_path / "old.db", tmp_path / "upgraded.db"
    with closing(sqlite3.connect(old)) as connection:
        connection.executescript(OLD.read_text(encoding="utf-8"))
    shutil.copy(old, upgraded)
    manifest = back_up(str(old), tmp_path / "old.zip", NOW)
    assert manifest.schema_revision == "0004"
    restore(tmp_path / "old.zip", str(place), NOW, replace=False)
    upgrade(str(upgraded))
    assert rows_of(place, but=("perhaps_sent",)) == rows_of(upgraded, but=("perhaps_sent",))
    assert sum(map(len, rows_of(place).values())) > 50


def test_a_cut_backup_is_refused_wherever_it_was_cut(file: Path, place: Path) -> None:
    """In words, and nothing is made."""
    whole = file.read_bytes()
    for length in (0, 1, 4, 30, len(whole) // 2, len(whole) - 30, len(whole) - 1):
        file.write_bytes(whole[:length])
        with pytest.raises(BackupError, match=r"is empty|is cut or damaged|is not a backup"):
            restore(file, str(place), LATER, replace=False)
    assert not list(place.parent.iterdir())


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_changed_byte_is_found_or_changes_nothing(file: Path, data: st.DataObject) -> None:
    """Whatever was changed: an error of ours, or the very rows that were backed up."""
    whole = file.read_bytes()
    with closing(BackupReader(file)) as reader:
        rows = {entry.name: list(reader.rows(entry)) for entry in reader.manifest.tables}
    changed = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 3))):
        changed[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    other = file.with_name("changed.zip")
    other.write_bytes(changed)
    try:
        with closing(BackupReader(other)) as reader:
            assert {entry.name: list(reader.rows(entry)) for entry in reader.manifest.tables} == rows
    except StartError:
        pass


def rewritten(file: Path, change: Callable[[dict[str, Any]], None]) -> Path:
    """The same backup with another manifest."""
    other = file.with_name("other.zip")
    with zipfile.ZipFile(file) as old, zipfile.ZipFile(other, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "manifest.json":
                manifest = json.loads(content)
                change(manifest)
                content = json.dumps(manifest).encode()
            new.writestr(name, content)
    return other


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda one: one.update(schema_revision="9999", program="9.1"), "made by a newer credit-bot 9.1"),
        (lambda one: one.update(version=2, tables="of another form"), "made by a newer credit-bot"),
        (lambda one: one.update(format="another"), "is not a backup of credit-bot"),
        (lambda one: one.pop("tables"), "is cut or damaged"),
        (lambda one: one["tables"].pop(), None),
        (lambda one: one["tables"][0].update(rows=2), "is cut or damaged"),
        (lambda one: one["tables"][0].update(columns=["a"]), "is cut or damaged|not one of schema"),
        (lambda one: one.update(schema_revision="0001"), "not one of schema 0001"),
    ],
    ids=["newer schema", "newer form", "foreign", "no tables", "fewer tables", "rows", "columns", "wrong schema"],
)
def test_a_manifest_that_does_not_fit_is_refused(
    file: Path, place: Path, change: Callable[[dict[str, Any]], None], words: str | None
) -> None:
    """A newer version's, another program's, one that was changed; a table that an archive lacks stays empty."""
    other = rewritten(file, change)
    if words is None:
        restore(other, str(place), LATER, replace=False)
        return
    with pytest.raises(BackupError, match=words):
        restore(other, str(place), LATER, replace=False)
    assert not place.exists()
    assert not Path(f"{place}.restored").exists()


def test_what_is_no_backup_is_named(filled: Path, tmp_path: Path, place: Path) -> None:
    """A text, another zip, a folder, nothing, and a database, of which a backup can be made."""
    text, other = tmp_path / "letter.txt", tmp_path / "other.zip"
    text.write_text("buy milk")
    with zipfile.ZipFile(other, "w") as made:
        made.writestr("letter.txt", "buy milk")
    for given_file, words in (
        (text, "is not a backup of credit-bot"),
        (other, "is not a backup of credit-bot"),
        (tmp_path, "Is a directory"),
        (tmp_path / "none.zip", "No such file"),
        (filled, f"DATABASE_URL=sqlite:///{filled} credit-bot backup"),
    ):
        with pytest.raises(BackupError, match=words):
            restore(given_file, str(place), LATER, replace=True)
    assert not place.exists()


async def test_a_running_bot_is_left_alone(file: Path, template: Path, place: Path) -> None:
    """Not even ``--replace`` restores beside it."""
    shutil.copy(template, place)
    store = await Store.open(str(place))
    before = place.read_bytes()
    with pytest.raises(DatabaseUnusableError, match="already in use by another bot"):
        restore(file, str(place), LATER, replace=True)
    assert place.read_bytes() == before
    await store.close()


def test_content_is_replaced_only_when_told_and_kept(file: Path, template: Path, place: Path, tmp_path: Path) -> None:
    """Without ``--replace`` nothing changes; with it what was there is a backup that can itself be restored."""
    shutil.copy(template, place)
    execute(place, "INSERT INTO marks VALUES ('precious', 1)")
    before = rows_of(place)
    with pytest.raises(BackupError, match=r"has content\. Nothing was changed\. Add --replace"):
        restore(file, str(place), LATER, replace=False)
    assert rows_of(place) == before
    kept = restore(file, str(place), LATER, replace=True).kept
    assert rows_of(place) != before
    assert kept
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    (tmp_path / "again").mkdir()
    restore(kept, str(tmp_path / "again" / "bot.db"), LATER, replace=False)
    assert rows_of(tmp_path / "again" / "bot.db") == before


def test_a_database_without_a_row_is_no_content(file: Path, template: Path, place: Path) -> None:
    """As one that was only created; nothing has to be kept of it."""
    shutil.copy(template, place)
    assert restore(file, str(place), LATER, replace=False).kept is None


def test_a_damaged_database_is_put_aside_whole(file: Path, filled: Path) -> None:
    """It cannot be backed up, so it stays beside the restored one, with its log, for whoever can save more of it."""
    content = bytearray(filled.read_bytes())
    content[4096 : 4096 * 20] = b"\xa5" * 4096 * 19
    filled.write_bytes(content)
    Path(f"{filled}-wal").write_bytes(b"log")
    with pytest.raises(BackupError, match=r"is damaged\. Nothing was changed\. Add --replace"):
        restore(file, str(filled), LATER, replace=False)
    before = filled.read_bytes()
    kept = restore(file, str(filled), LATER, replace=True).kept
    assert kept
    assert kept.read_bytes() == before
    assert inspect(str(filled)) == REVISION


def test_a_newer_versions_database_is_kept_when_one_goes_back(file: Path, filled: Path, tmp_path: Path) -> None:
    """To go back to an older version, its backup replaces the newer database, which is kept as a backup of its own."""
    execute(filled, "UPDATE alembic_version SET version_num = '9999'", "CREATE TABLE novel (id INTEGER, said TEXT)")
    execute(filled, "INSERT INTO novel VALUES (1, 'kept')")
    kept = restore(file, str(filled), LATER, replace=True).kept
    assert kept
    with closing(BackupReader(kept)) as reader:
        assert reader.manifest.schema_revision == "9999"
        (novel,) = (entry for entry in reader.manifest.tables if entry.name == "novel")
        assert list(reader.rows(novel)) == [[1, "kept"]]


def test_another_programs_database_is_never_replaced(file: Path, place: Path) -> None:
    """Nor backed up as ours."""
    execute(place, "CREATE TABLE users (name TEXT)", "INSERT INTO users VALUES ('kim')")
    before = place.read_bytes()
    with pytest.raises(DatabaseUnusableError, match="was made by another program"):
        restore(file, str(place), LATER, replace=True)
    with pytest.raises(BackupError, match="another program's database"):
        back_up(str(place), place.with_name("backup.zip"), NOW)
    assert place.read_bytes() == before
    assert not place.with_name("backup.zip").exists()


def test_a_file_that_is_there_is_never_written(filled: Path, tmp_path: Path) -> None:
    """Nor one behind a link, and a failed backup leaves no file."""
    taken, link = tmp_path / "taken.zip", tmp_path / "link.zip"
    taken.write_text("precious")
    link.symlink_to(taken)
    for one in (taken, link):
        with pytest.raises(BackupError, match="is there already, and stays as it is"):
            back_up(str(filled), one, NOW)
    assert taken.read_text() == "precious"
    with pytest.raises(BackupError, match="There is no database at"):
        back_up(str(tmp_path / "none.db"), tmp_path / "none.zip", NOW)
    with pytest.raises(BackupError, match=r"the folder .* does not exist"):
        back_up(str(filled), tmp_path / "missing" / "backup.zip", NOW)
    assert not (tmp_path / "none.zip").exists()


def test_a_damaged_database_leaves_no_half_backup(filled: Path, tmp_path: Path) -> None:
    """The damage is named."""
    content = bytearray(filled.read_bytes())
    content[4096 : 4096 * 20] = b"\xa5" * 4096 * 19
    filled.write_bytes(content)
    with pytest.raises(BackupError, match="the database is damaged"):
        back_up(str(filled), tmp_path / "backup.zip", NOW)
    assert not (tmp_path / "backup.zip").exists()


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A disk that is nearly full."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", place], check=False, capture_output=True)
    if mount.returncode:
        pytest.skip("only root may mount a small disk")
    yield place
    subprocess.run(["umount", place], check=True)


def test_a_full_disk_is_told_and_leaves_nothing(filled: Path, file: Path, small: Path) -> None:
    """Neither half a backup nor half a database."""
    with closing(sqlite3.connect(filled)) as connection, connection:
        noise = ((os.urandom(400).hex(), number) for number in range(2000))
        connection.executemany("INSERT INTO marks VALUES (?, ?)", noise)
    with pytest.raises(BackupError, match="its disk is full"):
        back_up(str(filled), small / "backup.zip", NOW)
    assert not list(small.iterdir())
    with pytest.raises(BackupError, match="the disk of the database is full"):
        restore(file, str(small / "bot.db"), NOW, replace=False)
    assert [one.name for one in small.iterdir()] == ["bot.db.lock"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_what_root_restores_belongs_to_the_bots_user(file: Path, place: Path) -> None:
    """The service's user has to open the database and its lock: both go to the owner of the folder."""
    os.chown(place.parent, NOBODY, NOBODY)
    restore(file, str(place), LATER, replace=False)
    assert {(one.name, one.stat().st_uid) for one in place.parent.iterdir()} == {
        ("bot.db", NOBODY),
        ("bot.db.lock", NOBODY),
    }


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_root_gives_away_only_what_it_made(tmp_path: Path) -> None:
    """A link that the bot's user laid out leads to no file of root's."""
    secret, folder = tmp_path / "secret", tmp_path / "folder"
    secret.touch(0o600)
    folder.mkdir()
    os.chown(folder, NOBODY, NOBODY)
    (folder / "bot.db.lock").symlink_to(secret)
    hold(str(folder / "bot.db")).close()
    assert secret.stat().st_uid == 0


@pytest.fixture
def common() -> Iterator[Path]:
    """A folder that every user may enter; pytest's own is closed to others."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def as_nobody() -> Iterator[Callable[[], None]]:
    """Lets a test go on without the rights of root, whom no file's mode stops."""
    before = os.geteuid()
    yield lambda: os.seteuid(NOBODY) if before == 0 else None
    os.seteuid(before)


@pytest.mark.skipif(os.geteuid() != 0, reason="changes the owner's rights meanwhile")
def test_without_rights_nothing_is_made_or_changed(
    filled: Path, file: Path, common: Path, as_nobody: Callable[[], None]
) -> None:
    """Each is told what it may not: to write the backup, to read one, to read the database, to put one in its place."""
    database, backup = common / "bot.db", common / "backup.zip"
    shutil.copy(filled, database)
    shutil.copy(file, backup)
    database.chmod(0o600)
    backup.chmod(0o600)
    content = {one.name: one.read_bytes() for one in common.iterdir()}
    as_nobody()
    with pytest.raises(BackupError, match=r"new\.zip cannot be written \(Permission denied\)"):
        back_up(str(database), common / "new.zip", NOW)
    with tempfile.TemporaryDirectory() as own, pytest.raises(BackupError, match="cannot be read"):
        back_up(str(database), Path(own) / "new.zip", NOW)
    with pytest.raises(BackupError, match=r"backup\.zip cannot be read \(Permission denied\)"):
        restore(backup, str(common / "other.db"), NOW, replace=False)
    os.seteuid(0)
    backup.chmod(0o644)
    os.seteuid(NOBODY)
    with pytest.raises(DatabaseUnusableError, match=r"cannot be written \(Permission denied\)"):
        restore(backup, str(database), NOW, replace=True)
    os.seteuid(0)
    assert {one.name: one.read_bytes() for one in common.iterdir()} == content


def test_who_may_only_read_can_back_up(filled: Path, common: Path, as_nobody: Callable[[], None]) -> None:
    """A database that is at rest is copied without a file beside it."""
    database = common / "bot.db"
    shutil.copy(filled, database)
    database.chmod(0o444)
    as_nobody()
    with tempfile.TemporaryDirectory() as own:
        assert back_up(str(database), Path(own) / "new.zip", NOW).holds.readings == 3
    assert [one.name for one in common.iterdir()] == ["bot.db"]
