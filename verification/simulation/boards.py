"""Boards at the simulated Telegram: posted once in each chat, refused, lost and deleted like messages."""

import asyncio
import random
from collections.abc import Sequence
from contextlib import suppress
from math import inf

from bot.domain.boards import (
    Board,
    BoardDelayed,
    BoardEdited,
    BoardLost,
    BoardMoved,
    BoardPosted,
    BoardRefused,
    EditResult,
    PostResult,
)
from bot.domain.chats import Chat
from bot.domain.notifications import Watched
from bot.features.board.publisher import BoardPublisher
from bot.features.board.text import board_message
from bot.support.errors import DatabaseBusyError
from verification.oracle.told import Board as SeenBoard
from verification.simulation.database import SimulatedStore
from verification.simulation.history import BEGIN, POST_FAULTS
from verification.simulation.services import NEW_ID, UTC_ZONE, World, board_step


class SimulatedBoards:
    """Implements ``bot.features.board.publisher.BoardPublisher``."""

    def __init__(self, world: World) -> None:
        """Publishes to the world."""
        self.world = world
        self.chance = random.Random(f"{world.history.seed} {world.now()} boards")

    def write(self, watched: Sequence[Watched]) -> object:
        """As the bot's own."""
        return board_message(watched, self.world.clock(), UTC_ZONE)

    async def post(self, message: object, chat: Chat) -> PostResult:
        """A new message, whose answer may be lost."""
        trouble, lost = await self._trouble(chat)
        if trouble:
            return trouble
        world = self.world
        number = 1_000_000 + len(world.told.boards)
        world.told.boards.append(SeenBoard(str(chat.chat_id), number, [(world.now(), text_of(message))]))
        await asyncio.sleep(self.chance.uniform(0.0, 0.1))
        return BoardDelayed("no answer") if lost else BoardPosted(number)

    async def edit(self, message: object, board: Board) -> EditResult:
        """A message that is there says something else."""
        trouble, lost = await self._trouble(board.chat)
        if trouble:
            return trouble
        seen = self._seen(board.message_id)
        if seen is None:
            return BoardLost("message to edit not found")
        seen.texts.append((self.world.now(), text_of(message)))
        return BoardDelayed("no answer") if lost else BoardEdited()

    async def pin(self, chat: Chat, message_id: int) -> str | None:
        """A message that is there is pinned."""
        trouble, _ = await self._trouble(chat)
        seen = self._seen(message_id)
        if trouble or seen is None:
            return "not enough rights"
        seen.pinned_at = min(seen.pinned_at, self.world.now())
        return None

    async def take_down(self, chat: Chat, message_id: int) -> bool:
        """A message that is there goes."""
        trouble, _ = await self._trouble(chat)
        if isinstance(trouble, BoardDelayed):
            return False
        seen = self._seen(message_id)
        if seen:
            seen.gone_at = self.world.now()
        return True

    def _seen(self, message_id: int) -> SeenBoard | None:
        """A message, if nobody has deleted it."""
        delete_some(self.world)
        return next((one for one in self.world.told.boards if one.id == message_id and one.gone_at == inf), None)

    async def _trouble(self, chat: Chat) -> tuple[BoardRefused | BoardDelayed | BoardMoved | None, bool]:
        """What is in the way, and whether the answer gets lost."""
        world, begun = self.world, self.world.now()
        fault = world.history.fault(POST_FAULTS, begun, "-100222" if chat.chat_id == NEW_ID else str(chat.chat_id))
        await asyncio.sleep(25.0 if fault and fault.kind == "slow" else self.chance.uniform(0.02, 0.3))
        if str(chat.chat_id) == "-100222" and world.history.moves_at is not None and begun >= world.history.moves_at:
            return BoardMoved(NEW_ID), False
        match fault.kind if fault else "":
            case "away":
                return BoardDelayed("away"), False
            case "peace":
                return BoardDelayed("peace", fault.seconds if fault else 0), False
            case "refused" | "gone":
                world.count("boards refused")
                return BoardRefused("bot was blocked by the user"), False
        return None, bool(fault and fault.kind == "lost" and self.chance.random() < 0.6)


def text_of(message: object) -> str:
    """The words of a message."""
    return str(getattr(message, "text", ""))


def delete_some(world: World) -> None:
    """People delete boards, at their moments."""
    chance = random.Random(f"{world.history.seed} deleted")
    moments = [BEGIN + chance.random() * world.history.length for _ in range(chance.randrange(3))]
    for at in moments:
        for one in world.told.boards:
            if one.pinned_at < at <= world.now() and one.gone_at > at:
                one.gone_at = at
                world.count("boards deleted")


async def keep_boards(world: World, store: SimulatedStore, boards: BoardPublisher) -> None:
    """Each chat wishes for a board once; then they are looked at whenever something may have changed."""
    step, seen, looks = board_step(world.history.every), None, 0
    while True:
        with suppress(DatabaseBusyError):
            for chat in world.history.chats:
                if chat not in world.truth.boards:
                    with world.grants() as granted:
                        if granted:
                            await boards.show(world.history.bots_chat(chat))
                            world.truth.boards[chat] = world.now()
            saved = store.look("SELECT sum(looked_at) FROM accounts")
            looks = 2 if saved != seen else looks - 1  # twice, for a board that was edited lately waits for its minute
            if looks > 0 or boards._waits:
                await boards.look()
            seen = saved
        await asyncio.sleep(step)
