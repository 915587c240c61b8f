"""The content of a page, as JSON: the chats, the events, and the state of the world, sent to every open page."""

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator
from datetime import datetime

from bot.demo.chats import NAMES, SHOWN, Place, Said
from bot.demo.clock import SPEEDS
from bot.demo.film import Film
from bot.demo.player import Teller
from bot.demo.script import Member
from bot.demo.world import Stage
from bot.simulator.telegram.model import Json
from bot.simulator.telegram.service import SimulatedMessage

MOST_MESSAGES, MOST_HAPPENINGS, MOST_WAITING = 500, 100, 1000
BEAT = 0.5
"""Seconds between two reports of the world's state."""


class Feed:
    """A view that remembers, so that a page that opens later shows the same."""

    def __init__(self, stage: Stage, teller: Teller) -> None:
        self._stage = stage
        self._teller = teller
        self._messages: dict[str, Json] = {}
        self._pictures: dict[str, bytes] = {}
        self._happened: deque[Json] = deque(maxlen=MOST_HAPPENINGS)
        self._pages: set[asyncio.Queue[Json]] = set()

    def bot_said(self, message: SimulatedMessage) -> None:
        place = next((place for place in SHOWN if place.holds(message)), None)
        if place is not None:
            shown = bot_message(place, message, self._stage.answered_by(message))
            self._keep(shown, message.photo)

    def person_said(self, said: Said) -> None:
        """Records what was written; a tap leaves nothing in the chat."""
        if said.message_id is not None:
            self._keep(person_message(said, said.message_id), None)

    def noticed(self, text: str) -> None:
        """A short notice after a tap."""
        self._tell({"kind": "notice", "text": text})

    def narrated(self, words: str) -> None:
        self._happens(words, "story")

    def warned(self, level: str, text: str) -> None:
        """A line of the bot's log."""
        self._happens(f"Bot’s log, {level}: {text}", "log")

    def picture(self, key: str) -> bytes | None:
        """The picture of a message, if it has one."""
        return self._pictures.get(key)

    def message(self, key: str) -> SimulatedMessage | None:
        """The bot's message of that key, if it still exists."""
        found = (one for one in reversed(self._stage.telegram.messages) if key_of(one.chat_id, one.message_id) == key)
        return next((one for one in found if not one.deleted), None)

    async def events(self) -> AsyncIterator[Json]:
        """Everything so far, then each change; ends for a page that is too slow."""
        queue: asyncio.Queue[Json] = asyncio.Queue(MOST_WAITING)
        self._pages.add(queue)
        try:
            world = self.world()
            yield self._everything() | {"world": world}
            while queue in self._pages:
                event = await _next(queue)
                if event is not None:
                    yield event
                if (fresh := self.world()) != world:
                    world = fresh
                    yield {"kind": "world", "world": world}
        finally:
            self._pages.discard(queue)

    def world(self) -> Json:
        now, clock = self._stage.clock(), self._stage.clock
        return {
            "time": f"{now:%H:%M}",
            "day": day_of(now),
            "speed": clock.minutes_a_second,
            "speeds": SPEEDS,
            "away": self._stage.telegram.away,
            "playing": self._teller.playing,
            "accounts": [self._account(name) for name in self._stage.names],
            "menus": {place.key: self._menu(place) for place in SHOWN},
        }

    def _account(self, name: str) -> Json:
        found = self._stage.find(name)
        shown = lots_shown(found) if isinstance(found, Film) else plan_shown(found)
        return {"name": name, "service": found.service, "broken": self._stage.is_broken(name)} | shown

    def _menu(self, place: Place) -> list[Json]:
        """The command menu of a chat, as the bot has set it."""
        menus = self._stage.telegram.commands
        scope = json.dumps({"chat_id": place.chat_id, "type": "chat"}, sort_keys=True)
        return menus.get((scope, ""), menus.get(('{"type": "default"}', ""), []))

    def _everything(self) -> Json:
        """Everything for a page that just opened."""
        places = [
            {"key": place.key, "title": place.title, "about": place.about, "people": people_of(place)}
            for place in SHOWN
        ]
        messages, happened = list(self._messages.values()), list(self._happened)
        return {"kind": "everything", "places": places, "messages": messages, "happened": happened}

    def _keep(self, message: Json, picture: bytes | None) -> None:
        """Stores a message, drops the oldest of too many, and sends it to the pages."""
        key = message["key"]
        self._messages[key] = message
        if picture is not None:
            self._pictures[key] = picture
        while len(self._messages) > MOST_MESSAGES:
            oldest = next(iter(self._messages))
            del self._messages[oldest]
            self._pictures.pop(oldest, None)
        self._tell({"kind": "message", "message": message})

    def _happens(self, text: str, sort: str) -> None:
        """Stores an event, and sends it to the pages."""
        line = {"at": f"{self._stage.clock():%H:%M}", "text": text, "sort": sort}
        self._happened.append(line)
        self._tell({"kind": "happened", "line": line})

    def _tell(self, event: Json) -> None:
        """Sends to every page; one that does not keep up is dropped, and reconnects by itself."""
        for queue in list(self._pages):
            if queue.full():
                self._pages.discard(queue)
            else:
                queue.put_nowait(event)


async def _next(queue: asyncio.Queue[Json]) -> Json | None:
    """The next event, or None after ``BEAT`` without one."""
    try:
        async with asyncio.timeout(BEAT):
            return await queue.get()
    except TimeoutError:
        return None


def bot_message(place: Place, message: SimulatedMessage, answered: SimulatedMessage | None = None) -> Json:
    """A message of the bot as it is now, with the first line of the one that it replies to."""
    key = key_of(message.chat_id, message.message_id)
    shown: Json = _head(place, key, message.at) | {"from": "bot", "deleted": message.deleted}
    if message.deleted:
        return shown
    picture = f"/pictures/{key}?edit={len(message.edits)}" if message.photo is not None else None
    return shown | {
        "text": message.text,
        "entities": message.entities,
        "buttons": message.buttons,
        "silent": message.silent,
        "edits": len(message.edits),
        "pinned": message.pinned,
        "picture": picture,
        "answers": {"key": key_of(answered.chat_id, answered.message_id), "text": first_line(answered)}
        if answered
        else None,
    }


def first_line(message: SimulatedMessage) -> str:
    return message.text.partition("\n")[0]


def person_message(said: Said, message_id: int) -> Json:
    key = key_of(said.place.chat_id, message_id)
    return _head(said.place, key, said.at) | {"from": said.user, "name": NAMES[said.user], "text": said.text}


def _head(place: Place, key: str, at: datetime) -> Json:
    return {"place": place.key, "key": key, "at": f"{at:%H:%M}", "day": day_of(at)}


def key_of(chat_id: int, message_id: int) -> str:
    return f"{chat_id}:{message_id}"


def day_of(moment: datetime) -> str:
    return f"{moment:%A} {moment.day} {moment:%B}"


def people_of(place: Place) -> list[Json]:
    return [{"id": user, "name": NAMES[user]} for user in place.people]


def plan_shown(member: Member) -> Json:
    """A PixVerse account: its credits, its plan, and whether that goes on."""
    account = member.account
    return {
        "credits": account.monthly + account.daily + account.package,
        "allowance": account.monthly_allowance or member.plan.allowance,
        "plan": plan_words(member),
        "cancelled": account.cancelled_at is not None or account.plan_type == 0,
    }


def lots_shown(film: Film) -> Json:
    """A Kling account: its credits by lot. Its plan cannot be cancelled here, for its page does not show that."""
    return {"credits": film.credits, "allowance": film.allowance, "plan": film.words, "cancelled": None}


def plan_words(member: Member) -> str:
    """The plan and its end, in a few words."""
    account = member.account
    if account.ends_at is None or account.plan_type == 0:
        return f"{account.plan_name}: the paid plan has ended"
    verb = "ends" if account.cancelled_at else "renews"
    return f"{account.plan_name}, {verb} {account.ends_at:%a} {account.ends_at.day} {account.ends_at:%b}"
