"""The boards: the message of each chat, its text, and the trouble that keeps it out of date."""

from hashlib import sha256
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from bot.domain.boards import Board, BoardTrouble
from bot.domain.chats import Chat
from bot.storage.connection import Connection
from bot.storage.schema import boards


def hash_of(text: str) -> str:
    """A hash of a board's text, enough to see a change."""
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


async def every(connection: Connection) -> list[Board]:
    return [board_of(row) for row in await connection.execute(sa.select(boards))]


async def of(connection: Connection, chat: Chat) -> Board | None:
    row = (await connection.execute(sa.select(boards).where(is_in(chat)))).one_or_none()
    return board_of(row) if row else None


def board_of(row: Any) -> Board:
    trouble = BoardTrouble(row.trouble, row.troubled_since) if row.trouble and row.troubled_since else None
    chat = Chat(row.chat_id, row.thread_id or None)
    return Board(chat, row.message_id, row.text_hash, row.edited_at, row.pinned, trouble, row.leftover)


def values_of(board: Board) -> dict[str, Any]:
    return {
        "chat_id": board.chat.chat_id,
        "thread_id": board.chat.thread_id or 0,
        "message_id": board.message_id,
        "text_hash": board.text,
        "edited_at": board.edited_at,
        "pinned": board.pinned,
        "trouble": board.trouble.why if board.trouble else None,
        "troubled_since": board.trouble.since if board.trouble else None,
        "leftover": board.leftover,
    }


async def put(connection: Connection, board: Board) -> None:
    """Stores a board in place of its chat's last one."""
    values = values_of(board)
    statement = insert(boards).values(values)
    await connection.execute(statement.on_conflict_do_update(index_elements=["chat_id", "thread_id"], set_=values))


async def keep(connection: Connection, board: Board) -> None:
    """Updates a board, unless another message has replaced it meanwhile."""
    await connection.execute(sa.update(boards).where(is_same(board)).values(values_of(board)))


async def forget(connection: Connection, board: Board) -> None:
    """Deletes a board, unless another message has replaced it meanwhile."""
    await connection.execute(sa.delete(boards).where(is_same(board)))


async def move(connection: Connection, old: int, new: int) -> None:
    """Moves the board of a migrated group, to be posted there: its messages stayed behind."""
    here = sa.select(boards.c.chat_id).where(boards.c.chat_id == new)
    if (await connection.execute(here)).first() is None:
        one = sa.select(sa.func.min(boards.c.thread_id)).where(boards.c.chat_id == old).scalar_subquery()
        values = {"chat_id": new, "thread_id": 0, "message_id": 0, "text_hash": "", "leftover": None}
        await connection.execute(
            sa.update(boards).where(boards.c.chat_id == old, boards.c.thread_id == one).values(values)
        )
    await connection.execute(sa.delete(boards).where(boards.c.chat_id == old))


def is_in(chat: Chat) -> sa.ColumnElement[bool]:
    return sa.and_(boards.c.chat_id == chat.chat_id, boards.c.thread_id == (chat.thread_id or 0))


def is_same(board: Board) -> sa.ColumnElement[bool]:
    return sa.and_(is_in(board.chat), boards.c.message_id == board.message_id)
