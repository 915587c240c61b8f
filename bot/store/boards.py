"""The boards: which message of which chat shows the fleet, and what it says."""

from hashlib import sha256

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from bot.core.board import Board
from bot.core.model import Chat
from bot.store.chats import is_chat
from bot.store.connection import Connection
from bot.store.schema import boards


def hash_of(text: str) -> str:
    """What is kept of a board's text: enough to see that it is another."""
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


async def every(connection: Connection) -> list[Board]:
    """All boards."""
    return [
        Board(Chat(row.chat_id, row.thread_id or None), row.message_id, row.text_hash, row.edited_at)
        for row in await connection.execute(sa.select(boards))
    ]


async def put(connection: Connection, board: Board) -> int | None:
    """Remembers a board in place of the one that its chat had; gives that one's message."""
    before = sa.select(boards.c.message_id).where(is_chat(boards, board.chat))
    old: int | None = await connection.scalar(before)
    values = {
        "chat_id": board.chat.chat_id,
        "thread_id": board.chat.thread_id or 0,
        "message_id": board.message_id,
        "text_hash": board.text,
        "edited_at": board.edited_at,
    }
    statement = insert(boards).values(values)
    await connection.execute(statement.on_conflict_do_update(index_elements=["chat_id", "thread_id"], set_=values))
    return old


async def edited(connection: Connection, board: Board) -> None:
    """Notes what a board says now, unless another message has taken its place meanwhile."""
    values = {"text_hash": board.text, "edited_at": board.edited_at}
    await connection.execute(sa.update(boards).where(is_same(board)).values(values))


async def forget(connection: Connection, board: Board) -> None:
    """Forgets a board, unless another message has taken its place meanwhile."""
    await connection.execute(sa.delete(boards).where(is_same(board)))


def is_same(board: Board) -> sa.ColumnElement[bool]:
    """This very board."""
    return sa.and_(is_chat(boards, board.chat), boards.c.message_id == board.message_id)
