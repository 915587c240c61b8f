"""A page over a stage whose services do not run: for what the page itself does."""

from datetime import UTC, datetime
from io import StringIO
from typing import Any

from bot.demo.browser import Browser
from bot.demo.chats import KIM, settle
from bot.demo.player import Teller
from bot.demo.script import cast
from bot.demo.world import Stage
from bot.simulator.telegram.model import SimulatedMessage

NINE = datetime(2026, 7, 20, 9, 0, tzinfo=UTC)


class World:
    """A page over a stage whose services do not run."""

    def __init__(self) -> None:
        self.stage = Stage(NINE)
        self.stage.members = {member.name: member for member in cast(NINE)}
        for member in self.stage.members.values():
            self.stage.pixverse.add(member.account, member.life)
        settle(self.stage.telegram)
        self.teller = Teller(self.stage)
        self.out = StringIO()
        self.page = Browser(self.stage, self.teller, out=self.out)
        self.stage.views.append(self.page)

    @property
    def address(self) -> str:
        return self.page.address

    def message(self, text: str, chat_id: int = KIM, number: int = 1, **content: Any) -> SimulatedMessage:
        """The bot says something."""
        message = SimulatedMessage(chat_id, number, text, NINE, 0.0, **content)
        self.stage.telegram.messages.append(message)
        self.page.bot_said(message)
        return message
