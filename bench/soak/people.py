"""Those who ask the bot now and then: Kim alone and in the team's topic, and a stranger. All from one seed."""

import asyncio
from random import Random

from bot.demo.chats import KIM, PLACES
from bot.simulator.telegram.service import SimulatedChat, SimulatedMessage, SimulatedTelegram

STRANGER = 666
QUESTIONS = {
    "/credits": 3,
    "/credits {}": 3,
    "/alerts": 3,
    "/history": 1,
    "/history {} 7d": 2,
    "/status": 2,
    "/check {}": 2,
    "/help": 1,
    "/board": 0.5,
    "/check": 0.3,
    "what?": 1,
}
SILENCES = {"/mute {} 12h": 4, "/unmute {}": 2, "/mute all 2h": 1, "/unmute": 1}
SHARES = {"asks": 12, "taps": 4, "stranger": 1}


class People:
    """They write and tap; what the bot answers they only read."""

    def __init__(self, telegram: SimulatedTelegram, emails: list[str], rng: Random) -> None:
        self._telegram = telegram
        self._emails = emails
        self._rng = rng
        self.asked = self.silenced = 0
        telegram.add_chat(SimulatedChat(STRANGER))

    async def ask(self, every: float) -> None:
        """Somebody asks something, so many seconds after the last on the average, until cancelled."""
        acts = {"asks": lambda: self._say(QUESTIONS), "taps": self._tap, "stranger": self._stranger}
        while True:
            await asyncio.sleep(self._rng.expovariate(1 / every))
            acts[self._chosen(SHARES)]()
            self.asked += 1

    async def silence(self, every: float) -> None:
        """Kim changes what is silent."""
        while True:
            await asyncio.sleep(self._rng.expovariate(1 / every))
            self._say(SILENCES)
            self.silenced += 1

    def _chosen(self, weights: dict[str, float] | dict[str, int]) -> str:
        return self._rng.choices(list(weights), list(weights.values()))[0]

    def _say(self, weights: dict[str, float] | dict[str, int]) -> None:
        place = self._rng.choice(PLACES)
        text = self._chosen(weights).format(self._rng.choice(self._emails))
        self._telegram.say(place.chat_id, text, KIM, place.thread_id)

    def _stranger(self) -> None:
        self._telegram.say(STRANGER, "/credits")

    def _tap(self) -> None:
        """A button of one of the last messages that have some."""
        recent = [one for one in self._telegram.messages[-100:] if one.buttons and not one.deleted]
        if recent:
            message = self._rng.choice(recent)
            self._telegram.tap(message, self._rng.choice(data_of(message)), KIM)


def data_of(message: SimulatedMessage) -> list[str]:
    """What the buttons of a message say to the bot."""
    return [data for row in message.buttons for _, data in row if "://" not in data] or ["x"]
