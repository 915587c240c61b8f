"""Requests of a page over the socket: to write, to tap, to change the world, its speed and its script."""

import json
from collections.abc import Callable
from typing import Any

from bot.demo.actions import DEEDS, do
from bot.demo.chats import SHOWN, Place
from bot.demo.page_state import Feed
from bot.demo.player import Teller
from bot.demo.world import Stage, UnknownName
from bot.simulator.telegram.model import Json
from bot.simulator.telegram.rules import LONGEST_TEXT, utf16_length


class Refused(Exception):
    """A request that cannot be done; the text says why."""


def read_wish(text: str) -> Json:
    """The request in a message of the socket."""
    try:
        wish = json.loads(text)
    except ValueError:
        raise Refused("That is no JSON.") from None
    if not isinstance(wish, dict):
        raise Refused("A wish is an object.")
    return wish


class Wisher:
    """Does what a page requests. A change of the world stops the script, so that the two do not interfere."""

    def __init__(self, stage: Stage, teller: Teller, feed: Feed) -> None:
        self._stage = stage
        self._teller = teller
        self._feed = feed
        self._kinds: dict[str, Callable[[Json], None]] = {
            "say": self._say,
            "tap": self._tap,
            "do": self._do,
            "speed": self._speed,
            "story": self._story,
        }

    def fulfil(self, wish: Json) -> None:
        """Does a request, or raises Refused."""
        kind = wish.get("kind")
        act = self._kinds.get(kind) if isinstance(kind, str) else None
        if act is None:
            raise Refused("There is no such wish.")
        act(wish)

    def _say(self, wish: Json) -> None:
        place, text = self._place(wish), field(wish, "text", str).strip()
        if not text or utf16_length(text) > LONGEST_TEXT:
            raise Refused("A message has between 1 and 4,096 characters.")
        self._stage.say(text, place, self._person(wish, place))

    def _tap(self, wish: Json) -> None:
        message, data = self._feed.message(field(wish, "key", str)), field(wish, "data", str)
        place = next((place for place in SHOWN if message and place.holds(message)), None)
        if message is None or place is None or data not in [one for row in message.buttons for _, one in row]:
            raise Refused("That button is no longer there.")
        self._stage.tap(message, data, self._person(wish, place))

    def _do(self, wish: Json) -> None:
        name, words = field(wish, "name", str), field(wish, "words", list)
        if name not in DEEDS:
            raise Refused("There is no such deed.")
        try:
            do(self._stage, name, [str(word) for word in words])
        except UnknownName as error:
            raise Refused(str(error)) from None
        except ValueError:
            raise Refused("How many credits? A whole number, such as 3,600.") from None
        self._teller.pause()

    def _speed(self, wish: Json) -> None:
        try:
            self._stage.clock.choose(field(wish, "minutes", int))
        except ValueError:
            raise Refused("Time cannot run at that speed.") from None

    def _story(self, wish: Json) -> None:
        if field(wish, "playing", bool):
            self._teller.resume()
        else:
            self._teller.pause()

    def _place(self, wish: Json) -> Place:
        key = field(wish, "place", str)
        place = next((place for place in SHOWN if place.key == key), None)
        if place is None:
            raise Refused("There is no such chat.")
        return place

    def _person(self, wish: Json, place: Place) -> int:
        user: int = field(wish, "user", int)
        if user not in place.people:
            raise Refused("That person is not in this chat.")
        return user


def field(wish: Json, name: str, kind: type) -> Any:
    """A field of a request, of the type that it must have."""
    value = wish.get(name)
    if not isinstance(value, kind):
        raise Refused(f"The wish lacks its {name}.")
    return value
