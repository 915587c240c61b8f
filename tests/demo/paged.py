"""A page over a stage whose services do not run: for what the page itself does."""

from datetime import UTC, datetime
from io import StringIO
from typing import Any

from bot.demo.browser import Browser
from bot.demo.places import KIM, settle
from bot.demo.stage import Stage
from bot.demo.story import cast
from bot.demo.telegram_model import SimulatedMessage
from bot.demo.telling import Teller

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
