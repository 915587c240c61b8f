"""Limits of Telegram: lengths, entities, buttons, pictures, and how many messages in which time."""

import math
from collections import defaultdict, deque
from collections.abc import Callable

from bot.simulator.telegram.model import Json, RefusedError, bad_request, too_many_requests

LONGEST_TEXT = 4096
LONGEST_CAPTION = 1024
LONGEST_CALLBACK_DATA = 64
"""The first two in UTF-16 units, this one in bytes of UTF-8."""

PICTURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")


def utf16_length(text: str) -> int:
    """Count as Telegram does: one unit a character, two for those beyond U+FFFF, such as most emoji."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def check_text(text: str) -> None:
    """Refuse a text that is empty or too long."""
    if not text.strip():
        raise RefusedError(bad_request("message text is empty"))
    if utf16_length(text) > LONGEST_TEXT:
        raise RefusedError(bad_request("message is too long"))


def check_caption(caption: str) -> None:
    """Refuse a caption that is too long; it can be empty."""
    if utf16_length(caption) > LONGEST_CAPTION:
        raise RefusedError(bad_request("message caption is too long"))


def check_entities(text: str, entities: list[Json]) -> None:
    """Refuse an entity that leaves the text or cuts a character in two."""
    units = text.encode("utf-16-le", "surrogatepass")
    for entity in entities:
        start, length = int(entity.get("offset", -1)), int(entity.get("length", -1))
        begins = f"entity beginning at UTF-16 offset {start}"
        if start < 0 or length <= 0:
            raise RefusedError(bad_request("receive an entity with incorrect offset or length"))
        if (start + length) * 2 > len(units):
            end_of_text = f"the end of the text at UTF-16 offset {len(units) // 2}"
            raise RefusedError(bad_request(f"{begins} ends after {end_of_text}"))
        if _cuts_a_character(units, start):
            raise RefusedError(bad_request(f"{begins} starts in a middle of a UTF-16 symbol"))
        if _cuts_a_character(units, start + length):
            raise RefusedError(bad_request(f"{begins} ends in a middle of a UTF-16 symbol"))


def _cuts_a_character(units: bytes, offset: int) -> bool:
    """Say whether the unit there is the second half of a surrogate pair."""
    return 0xDC <= units[offset * 2 + 1] <= 0xDF if offset * 2 < len(units) else False


def read_buttons(markup: Json | None) -> list[list[tuple[str, str]]]:
    """Read the rows of an inline keyboard as (label, data or link); refuses buttons Telegram would not take."""
    rows: list[list[Json]] = (markup or {}).get("inline_keyboard", [])
    return [[_read_button(button) for button in row] for row in rows if row]


def _read_button(button: Json) -> tuple[str, str]:
    label, data, link = button.get("text", ""), button.get("callback_data"), button.get("url")
    if not label:
        raise RefusedError(bad_request("inline keyboard button text must be non-empty"))
    if data is not None and not 0 < len(str(data).encode()) <= LONGEST_CALLBACK_DATA:
        raise RefusedError(bad_request("BUTTON_DATA_INVALID"))
    if data is None and link is None:
        raise RefusedError(bad_request("text buttons are unallowed in the inline keyboard"))
    return str(label), str(link if data is None else data)


def check_picture(content: bytes) -> None:
    """Refuse what is neither PNG nor JPEG."""
    if not content.startswith(PICTURES):
        raise RefusedError(bad_request("IMAGE_PROCESS_FAILED"))


class Pace:
    """Telegram's limits as users meet them: about one message a second in a chat, twenty a minute in a group.

    A few at once are let through. The timer counts seconds and never goes back.
    """

    BURST = 3
    A_MINUTE = 20

    def __init__(self, timer: Callable[[], float]) -> None:
        self._timer = timer
        self._tokens: dict[int, tuple[float, float]] = {}
        self._recent: dict[int, deque[float]] = defaultdict(deque)

    def admit(self, chat_id: int, is_group: bool) -> None:
        """Count one message, or refuse it with the seconds to wait. A refused one does not count."""
        now = self._timer()
        tokens = self._tokens_at(chat_id, now)
        wait = max(1 - tokens, self._wait_of_group(chat_id, now) if is_group else 0)
        if wait > 0:
            raise RefusedError(too_many_requests(max(1, math.ceil(wait))))
        self._tokens[chat_id] = (now, tokens - 1)
        self._recent[chat_id].append(now)

    def _tokens_at(self, chat_id: int, now: float) -> float:
        then, tokens = self._tokens.get(chat_id, (now, float(self.BURST)))
        return min(self.BURST, tokens + now - then)

    def _wait_of_group(self, chat_id: int, now: float) -> float:
        recent = self._recent[chat_id]
        while recent and recent[0] <= now - 60:
            recent.popleft()
        return recent[0] + 60 - now if len(recent) >= self.A_MINUTE else 0
