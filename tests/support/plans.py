"""How SQLite means to find the rows of the statements that a store is given."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from bot.storage.database import Store


@contextmanager
def statements_of(store: Store) -> Iterator[dict[str, Any]]:
    """Every statement that the store's connections are given meanwhile, with its parameters of the last time."""
    seen: dict[str, Any] = {}

    def note(_connection: Any, _cursor: Any, sql: str, parameters: Any, _context: Any, _many: Any) -> None:
        if sql.startswith(("SELECT", "DELETE", "UPDATE", "INSERT")):
            seen[sql] = parameters

    sa.event.listen(store._engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        sa.event.remove(store._engine, "before_cursor_execute", note)


async def plans(store: Store, seen: dict[str, Any]) -> list[tuple[str, str]]:
    """Each step of each statement's plan, with the statement."""
    found = []
    async with store.read() as connection:
        for sql, parameters in seen.items():
            rows = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", parameters)
            found += [(row.detail, sql) for row in rows]
    return found
