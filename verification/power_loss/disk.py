"""What a disk may hold after a power cut, made of the files before a transaction and after it.

A disk whose fsync works can leave these states and no others. The bot commits with ``synchronous=FULL``, so one
transaction is, in this order: pages are appended to the log (``-wal``), or written over an old log whose pages the
database has and has synced; the log is synced; COMMIT returns; and now and then the pages of the log are written into
the database, which is synced before the log is used anew. So

- up to the sync of the log, the database is as before, and of the log everything that the transaction writes may be
  there, missing or rubbish, sector by sector, and the log may be of any length from the old to the new one;
- after it the log is whole, and what the transaction writes into the database may be there, missing or rubbish.

A transaction that does not wait for the disk (``synchronous=NORMAL``, for a claim that may be made again) is taken
together with the one after it; nothing else may be written so, which is watched too.

Not one byte outside of what was being written is damaged: SQLite takes this for granted too ("powersafe overwrite").
``-shm`` is an index of the log that is never synced: it may be missing, old, or rubbish.
"""

import random
from dataclasses import dataclass
from pathlib import Path

SECTOR = 512
NAMES = ("", "-wal", "-shm")


@dataclass(frozen=True, slots=True)
class Files:
    """A database's files, None where there is none."""

    database: bytes | None
    log: bytes | None
    index: bytes | None

    @classmethod
    def at(cls, path: Path) -> "Files":
        """The files as they are now."""
        there = (Path(f"{path}{name}") for name in NAMES)
        return cls(*(file.read_bytes() if file.exists() else None for file in there))

    def put(self, path: Path) -> None:
        """Lays the files down as those of another database."""
        for name, content in zip(NAMES, (self.database, self.log, self.index), strict=True):
            if content is not None:
                Path(f"{path}{name}").write_bytes(content)


def can_be(before: Files, after: Files) -> bool:
    """Whether both hold at any moment between the two; not so once the log was taken over and then begun anew."""
    begun_anew = before.log and after.log and before.log[:32] != after.log[:32]
    return before.database == after.database or not begun_anew


def logging(before: Files, after: Files, rng: random.Random) -> Files:
    """The power fails while the log is being written."""
    return Files(before.database, torn(before.log, after.log or before.log, rng), index(after, rng))


def checkpointing(before: Files, after: Files, rng: random.Random) -> Files:
    """The power fails while the database takes over the pages of its log."""
    return Files(torn(before.database, after.database, rng), after.log or before.log, index(after, rng))


def index(after: Files, rng: random.Random) -> bytes | None:
    """What is found of the index."""
    return rng.choice((None, after.index, rng.randbytes(rng.randrange(40_000))))


def torn(old: bytes | None, new: bytes | None, rng: random.Random) -> bytes | None:
    """A file of which one content was synced and another was being written."""
    if new is None or old == new:
        return old
    was = old or b""
    ends_at = rng.choice((len(new), rng.randint(min(len(was), len(new)), max(len(was), len(new)))))
    reached = rng.randint(0, len(new))
    how = rng.choice(("cut", "lots", "zeros", "rubbish"))
    made = [sector(was[at : at + SECTOR], new[at : at + SECTOR], fate(how, at, reached, rng), rng)
            for at in range(0, max(len(was), len(new)), SECTOR)]  # fmt: skip
    return b"".join(made)[:ends_at]


def fate(how: str, at: int, reached: int, rng: random.Random) -> str:
    """What becomes of the sector at a place."""
    if how == "lots":
        return rng.choice(("new", "old", "zeros", "rubbish"))
    if at + SECTOR <= reached:
        return "new"
    return "old" if how == "cut" else how


def sector(old: bytes, new: bytes, fate: str, rng: random.Random) -> bytes:
    """One sector; what was not being written of it is as it was."""
    if fate == "new" or old == new:
        return new.ljust(len(old), b"\0") if len(new) < len(old) else new
    length = max(len(old), len(new))
    was, will = old.ljust(length, b"\0"), new.ljust(length, b"\0")
    if fate == "old":
        return was
    changed = [place for place in range(length) if place >= len(old) or was[place] != will[place]]
    first, last = changed[0], changed[-1] + 1
    spoilt = bytes(last - first) if fate == "zeros" else rng.randbytes(last - first)
    return was[:first] + spoilt + was[last:]
