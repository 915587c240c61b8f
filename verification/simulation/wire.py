"""Answers byte for byte as they were seen in the field, and what the bot's own code makes of them on their way in.

The world knows what each must be taken for: the catalogue says so. The bot gets nothing but the bytes.
"""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any, cast

from aiohttp import ClientSession
from multidict import CIMultiDict
from telegram import Bot
from telegram.request import RequestData

from bot.domain.accounts import CheckFailure, CheckResult
from bot.sources.conditional import ConditionalSource
from bot.sources.useapi.client import Client
from bot.sources.useapi.failures import Answer
from bot.sources.useapi.pixverse import PIXVERSE
from bot.telegram.client import AiohttpRequest, checked
from tests.field.catalogue import TELEGRAM, USEAPI, FieldAnswer

TOKEN, USEAPI_TOKEN = "7654321098:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw-x", "user:1234-topsecretTOKEN5678"
OUTAGES = {
    "unavailable": ("unavailable", "between"),
    "unauthorized": ("unauthorized",),
    "lapsed": ("lapsed",),
    "missing": ("missing",),
    "throttled": ("throttled",),
    "broken": ("broken",),
    "unrefreshed": ("counted",),
    "garbled": ("garbled",),
}
"""The answers of the catalogue, by what they mean, that each trouble of an account may be."""

SENDS = {
    "away": ("network",),
    "peace": ("wait",),
    "gone": ("refused",),
    "refused": ("refused",),
    "plain": ("plain",),
    "topic": ("no_thread",),
}
"""The same of what may become of a message."""


def of_account(kind: str) -> list[FieldAnswer]:
    """The answers that a trouble of an account may be."""
    return [one for one in USEAPI if one.expect in OUTAGES.get(kind, ()) and one.to in ("any", "features")]


def of_send(kind: str) -> list[FieldAnswer]:
    """The answers that a trouble of Telegram's may be."""
    return [one for one in TELEGRAM if one.expect in SENDS.get(kind, ()) and one.to == "sendMessage"]


MOVED = next(one for one in TELEGRAM if one.expect == "moved")


def moved_to(chat_id: int) -> FieldAnswer:
    """That a group has become another chat."""
    return replace(MOVED, body=MOVED.body.replace(str(MOVED.chat).encode(), str(chat_id).encode()), chat=chat_id)


def pausing(answer: FieldAnswer, seconds: float) -> FieldAnswer:
    """A wish to be left in peace, for another time."""
    body, wished = f"{answer.seconds:.0f}".encode(), f"{seconds:.0f}".encode()
    headers = {name: f"{seconds:.0f}" if name == "Retry-After" else text for name, text in answer.headers.items()}
    return replace(answer, body=answer.body.replace(body, wished), headers=headers, seconds=seconds)


def peace_of(answer: FieldAnswer) -> float:
    """For how many seconds an answer of useapi.net, or of what stands before it, asks to be left alone."""
    if answer.seconds is not None:
        return answer.seconds
    wished = answer.headers.get("Retry-After", "") if answer.status in (429, 503) else ""
    return float(wished) if wished.isdigit() else 0.0


@dataclass(frozen=True, slots=True)
class FieldClient(Client):
    """Useapi.net's client, to which everything is answered alike."""

    answer: FieldAnswer | None = None

    async def _exchange(self, path: str, params: object, limit: int) -> Answer:
        assert self.answer
        return Answer(self.answer.status, CIMultiDict(self.answer.headers), self.answer.body)


async def understood(answer: FieldAnswer, email: str, clock: Callable[[], Any]) -> CheckResult:
    """What the bot's own code makes of an answer about an account."""
    session = cast(ClientSession, None)
    client = FieldClient(session, "https://useapi.test/v2", USEAPI_TOKEN, answer=answer)
    sample = await ConditionalSource(PIXVERSE, client, clock).read(email)
    assert isinstance(sample, CheckFailure), f"{answer} is taken for a reading"
    return sample


NO_TEXT = ("chat_id", "message_thread_id", "disable_notification", "reply_markup", "entities")
"""The parameters of a call that are not text."""

Call = Callable[[str, dict[str, Any]], Awaitable[FieldAnswer | dict[str, Any]]]


class FieldRequest(AiohttpRequest):
    """Telegram's side of a call: an answer of the field, or a result. The bot's own checks see each."""

    def __init__(self, call: Call) -> None:
        """``call`` is asked with each method and its parameters. It may raise Telegram's errors: no answer came."""
        super().__init__(1, 20.0)
        self._call = call

    async def do_request(
        self, url: str, method: str, request_data: RequestData | None = None, *_: Any, **__: Any
    ) -> tuple[int, bytes]:
        """One call, answered without a network."""
        raw = request_data.json_parameters if request_data else {}
        given = {name: json.loads(text) if name in NO_TEXT else text for name, text in raw.items()}
        answer = await self._call(url.rpartition("/")[2], given)
        if isinstance(answer, FieldAnswer):
            return checked(answer.status, CIMultiDict(answer.headers), answer.body)
        return 200, json.dumps({"ok": True, "result": answer}).encode()


def field_bot(call: Call) -> Bot:
    """Telegram's client as the bot has it, over such calls."""
    return Bot(
        TOKEN, base_url="https://telegram.test/bot", request=FieldRequest(call), get_updates_request=FieldRequest(call)
    )
