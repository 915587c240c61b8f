"""The file of a backup: a zip archive with a manifest and, for each table, its rows as lines of JSON.

Nothing in it is of one kind of database. The manifest names the schema that the tables have, and for each table its
columns, its rows and their SHA-256.
"""

import hashlib
import json
import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from pydantic import BaseModel, ValidationError

from bot.support.errors import BackupError

FORMAT = "credit-bot-backup"
VERSION = 1
"""A program reads archives up to its own version."""

MANIFEST = "manifest.json"
LONGEST_MANIFEST = 2**20
LONGEST_ROW = 16 * 2**20
"""Bytes; no row of ours comes near. A longer line would only fill the memory."""

SQLITE = b"SQLite format 3\0"
BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    LookupError,
    NotImplementedError,
    OverflowError,
    RuntimeError,
    ValueError,
)
"""Everything that the reading of a damaged archive raises."""


class TableEntry(BaseModel):
    """One table. ``last_id`` is the highest number that it ever gave to a row; None where it gives none."""

    name: str
    columns: tuple[str, ...]
    rows: int
    sha256: str
    last_id: int | None = None

    @property
    def file(self) -> str:
        return f"tables/{self.name}.jsonl"


class Holds(BaseModel):
    """The content of a backup, for people."""

    accounts: int = 0
    readings: int = 0
    firing: int = 0
    waiting: int = 0
    chats: int = 0


class Manifest(BaseModel):
    """The description of an archive, in itself. ``schema_revision`` is the newest migration of its tables."""

    format: str
    version: int
    program: str
    schema_revision: str
    taken_at: datetime
    holds: Holds
    tables: tuple[TableEntry, ...]


class BackupWriter:
    """Writes an archive: each table once, the manifest at the end."""

    def __init__(self, file: IO[bytes]) -> None:
        self._zip = zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=6)
        self._tables: list[TableEntry] = []

    def table(self, name: str, columns: Sequence[str], rows: Iterable[Sequence[Any]], last_id: int | None) -> None:
        """Writes the rows of a table. Raises TypeError for a value that JSON does not know."""
        count, digest = 0, hashlib.sha256()
        entry = TableEntry(name=name, columns=tuple(columns), rows=0, sha256="", last_id=last_id)
        with self._zip.open(entry.file, "w", force_zip64=True) as out:
            for row in rows:
                line = json.dumps(list(row), separators=(",", ":")).encode() + b"\n"
                digest.update(line)
                out.write(line)
                count += 1
        self._tables.append(entry.model_copy(update={"rows": count, "sha256": digest.hexdigest()}))

    def abort(self) -> None:
        """Ends an archive that cannot be finished. The file is of no use."""
        with suppress(OSError, ValueError):
            self._zip.close()

    def finish(self, program: str, schema_revision: str, taken_at: datetime, holds: Holds) -> Manifest:
        """Writes the manifest and the archive's directory."""
        manifest = Manifest(
            format=FORMAT,
            version=VERSION,
            program=program,
            schema_revision=schema_revision,
            taken_at=taken_at,
            holds=holds,
            tables=tuple(self._tables),
        )
        self._zip.writestr(MANIFEST, manifest.model_dump_json(indent=2))
        self._zip.close()
        return manifest


class BackupReader:
    """An archive that was read whole: every row is there and as it was written."""

    def __init__(self, path: Path) -> None:
        """Reads every byte. Raises BackupError, in words, for anything but a whole backup of ours."""
        self._path = path
        try:
            with path.open("rb") as file:
                begin = file.read(len(SQLITE))
        except OSError as error:
            raise BackupError(f"{path} cannot be read ({error.strerror}).") from error
        if not begin.startswith(b"PK"):
            raise BackupError(f"{path} {strange(begin, path)} Nothing was changed.")
        with self._in_words():
            self._zip = zipfile.ZipFile(path)
        try:
            self.manifest = self._manifest()
            for entry in self.manifest.tables:
                self._verify(entry)
        except BaseException:
            self._zip.close()
            raise

    def close(self) -> None:
        self._zip.close()

    def rows(self, entry: TableEntry) -> Iterator[list[Any]]:
        """The rows of a table, each as long as the table has columns. Raises BackupError."""
        with self._in_words(), self._open(entry.file) as lines:
            for line in iter(lambda: lines.readline(LONGEST_ROW), b""):
                row = json.loads(line)
                if not isinstance(row, list) or len(row) != len(entry.columns) or not all(map(is_plain, row)):
                    raise ValueError("a row that is none")
                yield row

    def _manifest(self) -> Manifest:
        with self._in_words():
            if MANIFEST not in self._zip.namelist():
                raise BackupError(f"{self._path} is not a backup of credit-bot. Nothing was changed.")
            with self._open(MANIFEST) as file:
                given = json.loads(file.read(LONGEST_MANIFEST))
        if not isinstance(given, dict) or given.get("format") != FORMAT:
            raise BackupError(f"{self._path} is not a backup of credit-bot. Nothing was changed.")
        if isinstance(given.get("version"), int) and given["version"] > VERSION:
            raise BackupError(newer(self._path, given.get("program")))
        try:
            return Manifest.model_validate(given)
        except ValidationError as error:
            raise self._damaged() from error

    def _verify(self, entry: TableEntry) -> None:
        digest, count = hashlib.sha256(), 0
        with self._in_words(), self._open(entry.file) as lines:
            for line in iter(lambda: lines.readline(LONGEST_ROW), b""):
                digest.update(line)
                count += 1
        if count != entry.rows or digest.hexdigest() != entry.sha256:
            raise self._damaged()

    def _open(self, name: str) -> IO[bytes]:
        """An entry; only what we write is read, and no password is asked for."""
        info = self._zip.getinfo(name)
        if info.flag_bits & 1 or info.compress_type != zipfile.ZIP_DEFLATED:
            raise zipfile.BadZipFile("not written by us")
        return self._zip.open(info)

    def _damaged(self) -> BackupError:
        return BackupError(f"{self._path} is cut or damaged. Nothing was changed: copy it again, or take another one.")

    @contextmanager
    def _in_words(self) -> Iterator[None]:
        """Translates what damage raises."""
        try:
            yield
        except BROKEN as error:
            raise self._damaged() from error
        except OSError as error:
            raise BackupError(f"{self._path} cannot be read ({error.strerror or error}).") from error


def is_plain(value: object) -> bool:
    """True for what a column can hold."""
    return value is None or isinstance(value, str | int | float)


def newer(path: Path, program: object) -> str:
    """A newer program made the archive."""
    which = f" {program}" if isinstance(program, str) and len(program) <= 40 and program.isprintable() else ""
    return f"{path} was made by a newer credit-bot{which}. Nothing was changed: install that version or a later one."


def strange(begin: bytes, path: Path) -> str:
    """The kind of a file that is no archive."""
    if not begin:
        return "is empty."
    if begin == SQLITE:
        return (
            "is a database, not a backup. To make one of it: "
            f"DATABASE_URL=sqlite:///{path} credit-bot backup {path.with_suffix('.zip')}."
        )
    return "is not a backup of credit-bot."
