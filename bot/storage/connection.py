"""One transaction's connection, for the operations of the storage.

SQLite answers our statements in microseconds, less than a hand-over to another thread costs. Statements therefore run
in the event loop; what can wait for the disk or for another process (a commit, a lock) does not. The operations are
coroutines all the same: over a network, as with PostgreSQL, each of these calls would wait.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from functools import cache
from typing import Any, TypeVar, TypeVarTuple, overload

import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.sql.selectable import TypedReturnsRows

T = TypeVar("T")
Ts = TypeVarTuple("Ts")
Parameters = Mapping[str, Any] | Sequence[Mapping[str, Any]]

AT_ONCE = 500
"""Rows that are read or written in one go."""


@cache
def plain_sql(statement: sa.UpdateBase, dialect: Dialect) -> str:
    """The SQL of a constant statement, as the driver takes it."""
    return str(statement.compile(dialect=dialect))


async def in_parts(many: Sequence[T]) -> AsyncIterator[Sequence[T]]:
    """A long list in parts, each for one go; other tasks run in between."""
    for start in range(0, len(many), AT_ONCE):
        if start:
            await asyncio.sleep(0)
        yield many[start : start + AT_ONCE]


class Connection:
    """Everything through it belongs to one transaction; ``Store.read`` and ``Store.write`` begin and end it."""

    def __init__(self, inner: sa.Connection) -> None:
        """``inner`` is inside its transaction."""
        self._inner = inner

    @overload
    async def execute(self, statement: TypedReturnsRows[*Ts]) -> sa.CursorResult[*Ts]: ...

    @overload
    async def execute(
        self, statement: sa.Executable, parameters: Parameters | None = None
    ) -> sa.CursorResult[*tuple[Any, ...]]: ...

    async def execute(self, statement: sa.Executable, parameters: Parameters | None = None) -> sa.CursorResult[Any]:
        """The result of a statement, once or for each item of a list of parameters. Raises SQLAlchemy's errors.

        That of a long list is the result of its last part.
        """
        if isinstance(parameters, Sequence):
            while len(parameters) > AT_ONCE:
                self._inner.execute(statement, parameters[:AT_ONCE])
                parameters = parameters[AT_ONCE:]
                await asyncio.sleep(0)
        return self._inner.execute(statement, parameters)

    async def execute_many(self, statement: sa.UpdateBase, rows: Sequence[tuple[Any, ...]]) -> int:
        """The same statement for many rows of plain values, by position; returns how many it changed.

        For thousands of rows: SQLAlchemy's processing of each parameter costs more than the statement.
        """
        changed = 0
        async for part in in_parts(rows):
            changed += self._inner.exec_driver_sql(plain_sql(statement, self._inner.dialect), list(part)).rowcount
        return changed

    async def scalar(self, statement: TypedReturnsRows[T]) -> T | None:
        """The first column of the first row, or None."""
        found: T | None = self._inner.scalar(statement)
        return found

    async def exec_driver_sql(self, sql: str, parameters: tuple[Any, ...] = ()) -> sa.CursorResult[Any]:
        """The result of SQL in the database's own form."""
        return self._inner.exec_driver_sql(sql, parameters)

    async def parts(self, query: sa.Select[*Ts], size: int) -> AsyncIterator[Sequence[sa.Row[*Ts]]]:
        """The rows of a long result, ``size`` at a time; other tasks run in between."""
        with self._inner.execution_options(yield_per=size).execute(query) as result:
            for rows in result.partitions():
                yield rows
                await asyncio.sleep(0)
