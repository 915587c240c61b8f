"""The parameters of one Bot API call, however they came: in the address, as a form, multipart or JSON."""

import json
from typing import Any

from aiohttp import web

from bot.simulator.telegram.model import Json, RefusedError, bad_request

JSON_FIELDS = frozenset(
    {
        "allowed_updates",
        "caption_entities",
        "commands",
        "entities",
        "link_preview_options",
        "media",
        "reply_markup",
        "reply_parameters",
        "scope",
    }
)
"""Parameters that are JSON even where the others are plain form values."""


class Params:
    """Typed access to the parameters of a call. A value of the wrong type is a refusal, as at Telegram."""

    def __init__(self, values: Json) -> None:
        self.values = values

    def text(self, name: str) -> str:
        """Return a text; empty if it was not given."""
        return str(self.values.get(name, ""))

    def number(self, name: str) -> int | None:
        """Return a whole number; None if it was not given."""
        value = self.values.get(name)
        if value in (None, ""):
            return None
        try:
            return int(str(value))
        except ValueError:
            raise RefusedError(bad_request(f"parameter {name} is not a number")) from None

    def flag(self, name: str) -> bool:
        """Return whether something was asked for."""
        return str(self.values.get(name, "")).lower() in ("true", "1")

    def objects(self, name: str) -> list[Json]:
        """Return a list of objects; empty if it was not given."""
        return list(self.values.get(name) or [])

    def object(self, name: str) -> Json | None:
        """Return one object; None if it was not given."""
        value = self.values.get(name)
        return dict(value) if value else None

    def file(self, name: str) -> bytes | str:
        """Return the content of an uploaded file, or what was sent in its place: the id of one sent before."""
        value = self.values.get(name, "")
        if isinstance(value, str) and value.startswith("attach://"):
            value = self.values.get(value.removeprefix("attach://"), "")
        return value if isinstance(value, bytes) else str(value)


async def read_params(request: web.Request) -> Params:
    """Read the parameters of a request, from its address and its body."""
    values: Json = dict(request.query)
    if request.content_type == "application/json":
        values |= await _read_json(request)
    elif request.can_read_body:
        for name, value in (await request.post()).items():
            values[name] = value.file.read() if isinstance(value, web.FileField) else value
    return Params({name: _decoded(name, value) for name, value in values.items()})


async def _read_json(request: web.Request) -> Json:
    try:
        return dict(await request.json())
    except (TypeError, ValueError):
        raise RefusedError(bad_request("can't parse the body as a JSON object")) from None


def _decoded(name: str, value: Any) -> Any:
    if name not in JSON_FIELDS or not isinstance(value, str):
        return value
    try:
        return json.loads(value) if value else None
    except ValueError:
        raise RefusedError(bad_request(f"can't parse {name} JSON object")) from None
