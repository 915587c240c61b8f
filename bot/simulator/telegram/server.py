"""The server side of the simulated Telegram: calls come in over HTTP, are carried out, refused, or fail on demand."""

import hmac
import time
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from aiohttp import web

from bot.simulator.accounts import utc_now
from bot.simulator.server import Bell, DropError, HangError, LocalServer, drop, never
from bot.simulator.telegram.faults import SENDING, Faults, Silence, drop_if
from bot.simulator.telegram.methods import BotMethods
from bot.simulator.telegram.model import (
    CONFLICT,
    NOT_FOUND,
    TERMINATED_BY_WEBHOOK,
    UNAUTHORIZED,
    WEBHOOK_ACTIVE,
    Json,
    Refusal,
    RefusedError,
    SimulatedChat,
)
from bot.simulator.telegram.params import Params, read_params
from bot.simulator.telegram.rules import Pace
from bot.simulator.telegram.world import World


class TelegramServer(LocalServer):
    """The Bot API for one bot, with faults on demand.

    A fault stays until it has happened as often as ordered, or until `heal`.
    """

    def __init__(
        self,
        token: str,
        *,
        username: str = "credit_demo_bot",
        limits: bool = False,
        clock: Callable[[], datetime] = utc_now,
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        """`limits` holds the bot to Telegram's pace by `timer`, in seconds; `clock` dates messages, in aware UTC."""
        super().__init__()
        self.token = token
        self.username = username
        self.calls: list[tuple[str, Json]] = []
        """Every call with the right token, as it came in: the method and its parameters."""
        self._bell = Bell()
        self._faults = Faults()
        self._away = False
        self._between: Refusal | None = None
        pace = Pace(timer) if limits else None
        self._world = World(me=describe_bot(token, username), clock=clock, pace=pace, bell=self._bell)
        self._methods = BotMethods(self._world)

    @property
    def url(self) -> str:
        """The value of `TELEGRAM_API_URL`."""
        return self.address

    def routes(self) -> Iterable[web.AbstractRouteDef]:
        """Serve every method of the bot, by any HTTP verb."""
        yield web.route("*", "/bot{token}/{method}", self._serve)

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        try:
            result = await self._result(request)
        except RefusedError as error:
            return answer_refusal(error.refusal)
        except HangError:
            await never()
        except DropError:
            return drop(request)
        return web.json_response({"ok": True, "result": result})

    async def _result(self, request: web.Request) -> Any:
        self._let_through()
        if not hmac.compare_digest(request.match_info["token"].encode(), self.token.encode()):
            raise RefusedError(UNAUTHORIZED)
        method, params = request.match_info["method"], await read_params(request)
        self._record(method, params)
        if method == "getUpdates":
            return await self._get_updates(params)
        handler = self._methods.table.get(method)
        if handler is None:
            raise RefusedError(NOT_FOUND)
        answer_is_lost = self._faults.meet(method, params.number("chat_id"))
        result = handler(params)
        self._bell.ring()
        drop_if(answer_is_lost)
        return result

    def _record(self, method: str, params: Params) -> None:
        self.calls.append((method, params.values))
        self._bell.ring()

    async def _get_updates(self, params: Params) -> list[Json]:
        if "allowed_updates" in params.values:
            self._world.updates.allow(list(params.values["allowed_updates"] or []))
        if self._world.webhook:
            raise RefusedError(WEBHOOK_ACTIVE)
        offset = params.number("offset")
        if offset is not None:
            self._world.updates.confirm(offset)
        return await self._world.updates.poll(
            params.number("limit") or 100, params.number("timeout") or 0, self._interrupt_poll
        )

    def _let_through(self) -> None:
        drop_if(self._away)
        if self._between is not None:
            raise RefusedError(self._between)

    def _interrupt_poll(self) -> None:
        self._let_through()
        drop_if(self._faults.meet("getUpdates", None))
        if self._world.webhook:
            raise RefusedError(TERMINATED_BY_WEBHOOK)

    @property
    def me(self) -> Json:
        """The bot's own user, as getMe shows it."""
        return self._world.me

    @property
    def chats(self) -> dict[int, SimulatedChat]:
        """The chats the bot is in, by id."""
        return self._world.chats

    def add_chat(self, chat: SimulatedChat) -> SimulatedChat:
        """Bring the bot into a chat; every other is "chat not found"."""
        self._world.chats[chat.id] = chat
        return chat

    @property
    def away(self) -> bool:
        """While true, every connection is accepted and closed without an answer; open polls end so, too."""
        return self._away

    @away.setter
    def away(self, away: bool) -> None:
        self._away = away
        self._bell.ring()

    @property
    def between(self) -> Refusal | None:
        """The answer to every call in Telegram's place, such as a guest network's login page; open polls get it too."""
        return self._between

    @between.setter
    def between(self, answer: Refusal | None) -> None:
        self._between = answer
        self._bell.ring()

    def fail(self, refusal: Refusal, methods: Iterable[str], chat_id: int | None = None, times: int | None = 1) -> None:
        """Refuse the next calls of these methods, in one chat or in all; `times=None`: until healed."""
        self._faults.order(refusal, methods, chat_id, times)
        self._bell.ring()

    def fail_send(self, chat_id: int | None, refusal: Refusal, times: int | None = 1) -> None:
        """Refuse the next new messages to a chat, or, with None, to any."""
        self.fail(refusal, SENDING, chat_id, times)

    def lose_answers(self, times: int | None = 1, chat_id: int | None = None, methods: Iterable[str] = SENDING) -> None:
        """Accept and record the next new messages, but close the connection in place of an answer."""
        self._faults.order(Silence.ANSWER_LOST, methods, chat_id, times)

    def hang(self, times: int | None = 1, chat_id: int | None = None, methods: Iterable[str] = SENDING) -> None:
        """Leave the next new messages without an answer and without effect, with the connection open."""
        self._faults.order(Silence.HANGS, methods, chat_id, times)
        self._bell.ring()

    def kill_polling(self, status: int = 401, times: int | None = 1) -> None:
        """Refuse getUpdates, the one under way first; python-telegram-bot never polls again after a 401 or 404."""
        known = {401: UNAUTHORIZED, 404: NOT_FOUND, 409: CONFLICT}
        self.fail(known.get(status) or Refusal(status, f"Error {status}"), {"getUpdates"}, times=times)

    def conflict(self, times: int | None = 1) -> None:
        """Refuse getUpdates as if a second bot polled with the same token."""
        self.kill_polling(409, times)

    def set_webhook(self, url: str, *, returns: bool = False) -> None:
        """Set a webhook like another program: getUpdates is refused, and updates wait; an empty address deletes it.

        `returns`: that program sets it again at once, however often it is deleted.
        """
        self._world.webhook, self._world.webhook_returns = url, returns
        self._bell.ring()

    @property
    def webhook(self) -> str:
        """The address of the webhook; empty if there is none."""
        return self._world.webhook

    def push(self, update: Json) -> int:
        """Send an update as it is, whatever it holds; returns its number."""
        return self._world.updates.push_raw(update)

    def block(self, chat_id: int) -> None:
        """Block the bot as the user, or remove it as the group: 403 until `unblock`. Telegram notifies the bot."""
        self._world.chats[chat_id].blocked = True
        self._change_membership(chat_id, "member", "kicked")

    def unblock(self, chat_id: int, *, announce: bool = True) -> None:
        """Take the bot back; `announce` is whether Telegram tells it so."""
        self._world.chats[chat_id].blocked = False
        if announce:
            self._change_membership(chat_id, "kicked", "member")

    def _change_membership(self, chat_id: int, before: str, after: str) -> None:
        chat, me = self._world.chats[chat_id], self._world.user(self.me["id"])
        until = {"kicked": {"until_date": 0}}
        change = {
            "chat": chat.to_json(),
            "from": self._world.user(chat.somebody()),
            "date": int(self._world.clock().timestamp()),
            "old_chat_member": {"status": before, "user": me} | until.get(before, {}),
            "new_chat_member": {"status": after, "user": me} | until.get(after, {}),
        }
        self._world.updates.push("my_chat_member", change)

    def migrate(self, old_id: int, new_id: int, *, announce: bool = False) -> SimulatedChat:
        """Upgrade a group to a supergroup of another id; the old id is refused for ever after.

        `announce` also sends the two service messages by which Telegram tells a bot that is listening.
        """
        old = self._world.chats[old_id]
        new = self.add_chat(SimulatedChat(new_id, "supergroup", old.title, old.members, old.admins, old.creator))
        self._world.moved[old_id] = new_id
        if announce:
            self._announce(old, {"migrate_to_chat_id": new_id})
            self._announce(new, {"migrate_from_chat_id": old_id})
        return new

    def _announce(self, chat: SimulatedChat, content: Json) -> None:
        message = self._world.head(chat, self._world.transcript.next_id(chat.id), None) | content
        self._world.updates.push("message", message | {"from": self._world.user(chat.somebody())})

    def heal(self, chat_id: int | None = None) -> None:
        """End all ordered faults, or those of one chat. Blocked and moved chats stay what they are."""
        self._faults.clear(chat_id)
        if chat_id is None:
            self.away = False
            self.between = None


def describe_bot(token: str, username: str) -> Json:
    """Describe the bot of a token, whose part before the colon is the bot's user id."""
    number = token.partition(":")[0]
    return {
        "id": int(number) if number.isdecimal() else 1,
        "is_bot": True,
        "first_name": "Credit bot",
        "username": username,
        "can_join_groups": True,
        "can_read_all_group_messages": True,
        "supports_inline_queries": False,
    }


def answer_refusal(refusal: Refusal) -> web.Response:
    """Say no, in JSON or with the page a proxy would show. A wait stands in the header, too, as at Telegram."""
    if refusal.page is not None:
        body = refusal.page if isinstance(refusal.page, bytes) else refusal.page.encode()
        return web.Response(status=refusal.code, body=body, headers={"Content-Type": "text/html", **refusal.headers})
    wait = (refusal.parameters or {}).get("retry_after")
    headers = None if wait is None else {"Retry-After": str(wait)}
    return web.json_response(refusal.body(), status=refusal.code, headers=headers)
