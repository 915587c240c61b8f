"""Real balances from CSV files (``ts,balance``): a fall is spending, a rise a top-up."""

import csv
from bisect import bisect_left
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from math import isfinite
from pathlib import Path

from bench.backtest import WITHIN, Ask, Case, last_of_each_day, looked_at, spent_until
from bot.domain.accounts import Account, Credits, Reading
from bot.domain.credit_changes import Point
from bot.evaluation.forecast.foresee import HISTORY

FRESH = 0.5
"""A rise of more than this begins a new episode of the alerts."""

GONE = 1.0
"""A balance that falls to this or less, from above it, has run out."""

UNTRIED = timedelta(days=14)
"""Run-outs of the first two weeks are nobody's fault."""

GAP = timedelta(hours=1)
"""Every row is a reading, and nobody looks between them: what was spent in a longer gap was spent at any time in it."""


class WrongFileError(Exception):
    """A file that is no balance: its name, the row and what is wrong."""


def read_folder(folder: Path) -> list[Case]:
    """Every series of a folder as a life. Raises WrongFileError."""
    return [case_of(name, points) for name, points in read_series(folder).items()]


def read_series(folder: Path) -> dict[str, list[Point]]:
    """The readings of every CSV file of a folder, by name. Raises WrongFileError."""
    if not folder.is_dir():
        raise WrongFileError(f"{folder}: not a folder. Name one that holds CSV files with the columns ts,balance")
    files = sorted(folder.glob("*.csv"))
    if not files:
        raise WrongFileError(f"{folder}: holds no CSV file. It takes files with the columns ts,balance")
    return {file.stem: read_file(file) for file in files}


def read_file(file: Path) -> list[Point]:
    """The readings of a file, in order of time; of two at the same moment the later row counts."""
    found: dict[datetime, Point] = {}
    try:
        with file.open(encoding="utf-8-sig", newline="") as text:
            for row, (at, balance) in enumerate(rows_of(csv.reader(text, strict=True), file.name), 2):
                point = point_of(at, balance, f"{file.name}, row {row}")
                found[point.taken_at] = point
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        said = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise WrongFileError(f"{file.name}: cannot be read as CSV in UTF-8: {said}") from None
    if not found:
        raise WrongFileError(f"{file.name}: holds no row below the columns ts,balance")
    return [found[at] for at in sorted(found)]


def rows_of(rows: Iterator[list[str]], name: str) -> Iterator[tuple[str, str]]:
    """The two columns of each row below the first, which names them."""
    head = [column.strip().lower() for column in next(rows, [])]
    if "ts" not in head or "balance" not in head:
        raise WrongFileError(f"{name}, row 1: has {','.join(head)[:60]!r} in place of the columns ts,balance")
    for number, row in enumerate(rows, 2):
        if len(row) != len(head):
            raise WrongFileError(f"{name}, row {number}: has {len(row)} columns and not {len(head)}")
        yield row[head.index("ts")], row[head.index("balance")]


def point_of(at: str, balance: str, where: str) -> Point:
    """One row as a reading. A moment without a zone is UTC."""
    try:
        moment = datetime.fromisoformat(at.strip())
        moment = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise WrongFileError(f"{where}: ts {at[:40]!r} is not a moment such as 2026-01-31T12:00:00") from None
    try:
        amount = float(balance)
    except ValueError:
        amount = float("nan")
    if not isfinite(amount) or abs(amount) > 1e15:
        raise WrongFileError(f"{where}: balance {balance[:40]!r} is not a number such as 120.5")
    return Point(moment, 0, 0, amount)


def case_of(name: str, points: list[Point]) -> Case:
    """A series as a life: its balance is a package that was bought, without an allowance or a refill."""
    spent, end = spent_until(points), points[-1].taken_at
    gaps = [
        (before.taken_at, after.taken_at)
        for before, after in pairwise(points)
        if after.taken_at - before.taken_at > GAP
    ]
    asks, last = [], 0
    for place in last_of_each_day(points):
        now, out = points[place].taken_at, runs_out_at(points, spent, place)
        rises = (points[at].total - points[at - 1].total for at in range(max(last, 0) + 1, place + 1))
        since, until = (bisect_left(gaps, moment, key=lambda gap: gap[1]) for moment in (now - HISTORY, now))
        reading = Reading(now, Credits(0, 0, points[place].package))
        asks.append(
            Ask(
                now=now,
                account=Account(name, "balance", name, reading=reading, looked_at=now),
                points=looked_at(points, place),
                unseen=[gap for gap in gaps[since : until + 1] if gap[1] <= now],
                out=out,
                fresh=any(rise > FRESH for rise in rises),
                right=is_right(now, out, end),
            )
        )
        last = place
    run_outs = [
        after.taken_at
        for before, after in pairwise(points)
        if before.total > GONE >= after.total and after.taken_at - points[0].taken_at > UNTRIED
    ]
    return Case(name, asks, end, run_outs)


def is_right(now: datetime, out: datetime | None, end: datetime) -> bool | None:
    """Whether it runs out within twice the alert's time; None where the data end earlier."""
    if out is None:
        return False if end >= now + 2 * WITHIN else None
    return out <= now + 2 * WITHIN


def runs_out_at(points: list[Point], spent: list[float], place: int) -> datetime | None:
    """When the balance at a place is spent, rises cut out; between two readings in a straight line."""
    needed = spent[place] + max(float(points[place].total), 0.0)
    at = bisect_left(spent, needed - 1e-9, lo=place)
    if at >= len(points):
        return None
    if at == place:
        return points[place].taken_at
    way = (needed - spent[at - 1]) / (spent[at] - spent[at - 1])
    before, after = points[at - 1].taken_at, points[at].taken_at
    return before + (after - before) * min(way, 1.0)
