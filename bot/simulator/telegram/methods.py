"""The methods of the Bot API a bot like ours uses, as https://core.telegram.org/bots/api describes them."""

import json
from collections.abc import Callable
from typing import Any

from bot.simulator.telegram.model import Edit, Json, RefusedError, SimulatedChat, SimulatedMessage, bad_request
from bot.simulator.telegram.params import Params
from bot.simulator.telegram.rules import check_caption, check_entities, check_picture, check_text, read_buttons
from bot.simulator.telegram.world import CallbackAnswer, World

ADMINISTRATOR_RIGHTS = (
    "can_manage_chat",
    "can_delete_messages",
    "can_manage_video_chats",
    "can_restrict_members",
    "can_promote_members",
    "can_change_info",
    "can_invite_users",
    "can_post_stories",
    "can_edit_stories",
    "can_delete_stories",
    "can_pin_messages",
    "can_manage_topics",
)

NOT_MODIFIED = bad_request(
    "message is not modified: specified new message content and reply markup are exactly the same as a current "
    "content and reply markup of the message"
)
QUERY_TOO_OLD = bad_request("query is too old and response timeout expired or query ID is invalid")


class BotMethods:
    """Every method but getUpdates, which waits. Each takes the call's parameters and returns its result, or refuses."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.table: dict[str, Callable[[Params], Any]] = {
            "getMe": lambda _: world.me,
            "logOut": _done,
            "close": _done,
            "getWebhookInfo": self._get_webhook_info,
            "setWebhook": self._set_webhook,
            "deleteWebhook": self._delete_webhook,
            "sendMessage": self._send_message,
            "sendPhoto": self._send_photo,
            "sendChatAction": self._send_chat_action,
            "editMessageText": self._edit_text,
            "editMessageCaption": self._edit_caption,
            "editMessageMedia": self._edit_media,
            "editMessageReplyMarkup": self._edit_markup,
            "deleteMessage": self._delete_message,
            "pinChatMessage": self._pin,
            "unpinChatMessage": self._unpin,
            "answerCallbackQuery": self._answer_callback_query,
            "setMyCommands": self._set_commands,
            "getMyCommands": self._get_commands,
            "deleteMyCommands": self._delete_commands,
            "getChat": self._get_chat,
            "getChatMember": self._get_chat_member,
            "getChatAdministrators": self._get_chat_administrators,
            "leaveChat": self._leave_chat,
        }

    def _get_webhook_info(self, _: Params) -> Json:
        pending = len(self._world.updates.pending)
        return {"url": self._world.webhook, "has_custom_certificate": False, "pending_update_count": pending}

    def _set_webhook(self, params: Params) -> bool:
        self._world.webhook = params.text("url")
        return True

    def _delete_webhook(self, params: Params) -> bool:
        if not self._world.webhook_returns:
            self._world.webhook = ""
        if params.flag("drop_pending_updates"):
            self._world.updates.clear()
        return True

    def _send_message(self, params: Params) -> Json:
        chat, text = self._destination(params), params.text("text")
        check_text(text)
        return self._accept(chat, text, params, params.objects("entities"), None)

    def _send_photo(self, params: Params) -> Json:
        chat, caption = self._destination(params), params.text("caption")
        check_caption(caption)
        photo = self._picture(params.file("photo"))
        return self._accept(chat, caption, params, params.objects("caption_entities"), photo)

    def _destination(self, params: Params) -> SimulatedChat:
        """Return the chat a new message goes to, after everything that does not hang on its content is checked."""
        refuse_markup(params)
        chat = self._world.open_chat(params.number("chat_id"))
        thread_id, reply = params.number("message_thread_id"), params.object("reply_parameters") or {}
        if thread_id is not None and not chat.has_topic(thread_id):
            raise RefusedError(bad_request("message thread not found"))
        is_there = self._world.transcript.has(chat.id, int(reply.get("message_id", 0)))
        if reply and not is_there and not reply.get("allow_sending_without_reply"):
            raise RefusedError(bad_request("message to be replied not found"))
        return chat

    def _accept(
        self, chat: SimulatedChat, text: str, params: Params, entities: list[Json], photo: bytes | None
    ) -> Json:
        check_entities(text, entities)
        buttons = read_buttons(params.object("reply_markup"))
        if self._world.pace is not None:
            self._world.pace.admit(chat.id, is_group=chat.type != "private")
        reply_to = (params.object("reply_parameters") or {}).get("message_id")
        message = self._world.new_message(
            chat,
            text,
            entities=entities,
            buttons=buttons,
            photo=photo,
            thread_id=params.number("message_thread_id"),
            silent=params.flag("disable_notification"),
            reply_to=reply_to if reply_to and self._world.transcript.has(chat.id, int(reply_to)) else None,
            link_preview=params.object("link_preview_options"),
        )
        return self._world.message_json(message)

    def _picture(self, given: bytes | str) -> bytes:
        """Keep an uploaded picture, or find the one that was sent before under that file id."""
        if isinstance(given, str):
            if given not in self._world.pictures:
                raise RefusedError(bad_request("wrong file identifier/HTTP URL specified"))
            return self._world.pictures[given]
        check_picture(given)
        if given not in self._world.pictures.values():
            self._world.pictures[f"picture-{len(self._world.pictures) + 1}"] = given
        return given

    def _send_chat_action(self, params: Params) -> bool:
        self._world.open_chat(params.number("chat_id"))
        return True

    def _edit_text(self, params: Params) -> Json:
        message, text = self._message(params, "edit"), params.text("text")
        if message.photo is not None:
            raise RefusedError(bad_request("there is no text in the message to edit"))
        check_text(text)
        return self._edit(message, text, params, params.objects("entities"), message.photo)

    def _edit_caption(self, params: Params) -> Json:
        message, caption = self._message(params, "edit"), params.text("caption")
        if message.photo is None:
            raise RefusedError(bad_request("there is no caption in the message to edit"))
        check_caption(caption)
        return self._edit(message, caption, params, params.objects("caption_entities"), message.photo)

    def _edit_media(self, params: Params) -> Json:
        message, media = self._message(params, "edit"), params.object("media") or {}
        if media.get("type") != "photo":
            raise RefusedError(bad_request("only photos are simulated"))
        caption = str(media.get("caption", ""))
        check_caption(caption)
        source = Params(params.values | {"photo": media.get("media", "")})
        photo = self._picture(source.file("photo"))
        return self._edit(message, caption, params, list(media.get("caption_entities") or []), photo)

    def _edit_markup(self, params: Params) -> Json:
        message = self._message(params, "edit")
        return self._edit(message, message.text, params, message.entities, message.photo)

    def _edit(
        self, message: SimulatedMessage, text: str, params: Params, entities: list[Json], photo: bytes | None
    ) -> Json:
        """Give a message its new content. As at Telegram, buttons that are not sent again are gone."""
        check_entities(text, entities)
        buttons = read_buttons(params.object("reply_markup"))
        now = (message.text, message.entities, message.buttons, message.photo)
        if now == (text, entities, buttons, photo):
            raise RefusedError(NOT_MODIFIED)
        message.text, message.entities, message.buttons, message.photo = text, entities, buttons, photo
        message.edits.append(Edit(text, buttons, self._world.clock()))
        self._world.transcript.changed(message)
        return self._world.message_json(message)

    def _message(self, params: Params, purpose: str) -> SimulatedMessage:
        refuse_markup(params)
        chat = self._world.open_chat(params.number("chat_id"))
        return self._world.transcript.find(chat.id, params.number("message_id"), purpose)

    def _delete_message(self, params: Params) -> bool:
        message = self._message(params, "delete")
        message.deleted = True
        self._world.transcript.changed(message)
        return True

    def _pin(self, params: Params) -> bool:
        message = self._message(params, "pin")
        message.pinned = True
        self._world.transcript.changed(message)
        return True

    def _unpin(self, params: Params) -> bool:
        message = self._message(params, "unpin")
        message.pinned = False
        self._world.transcript.changed(message)
        return True

    def _answer_callback_query(self, params: Params) -> bool:
        query_id = params.text("callback_query_id")
        if query_id not in self._world.open_queries:
            raise RefusedError(QUERY_TOO_OLD)
        self._world.open_queries.discard(query_id)
        answer = CallbackAnswer(query_id, params.text("text"), params.flag("show_alert"))
        self._world.callback_answers.append(answer)
        return True

    def _set_commands(self, params: Params) -> bool:
        scope = params.object("scope") or {}
        if "chat_id" in scope:
            self._world.chat(int(scope["chat_id"]))
        self._world.commands[menu_of(params)] = params.objects("commands")
        return True

    def _get_commands(self, params: Params) -> list[Json]:
        return self._world.commands.get(menu_of(params), [])

    def _delete_commands(self, params: Params) -> bool:
        self._world.commands.pop(menu_of(params), None)
        return True

    def _get_chat(self, params: Params) -> Json:
        gifts = ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels")
        needed = {
            "accent_color_id": 0,
            "max_reaction_count": 11,
            "accepted_gift_types": dict.fromkeys(gifts, False),
        }
        return self._world.chat(params.number("chat_id")).to_json() | needed

    def _get_chat_member(self, params: Params) -> Json:
        chat = self._world.open_chat(params.number("chat_id"))
        return self._member(chat, params.number("user_id") or 0)

    def _get_chat_administrators(self, params: Params) -> list[Json]:
        chat = self._world.open_chat(params.number("chat_id"))
        if chat.type == "private":
            raise RefusedError(bad_request("there are no administrators in the private chat"))
        creator = set() if chat.creator is None else {chat.creator}
        return [self._member(chat, user_id) for user_id in sorted(chat.admins | creator)]

    def _member(self, chat: SimulatedChat, user_id: int) -> Json:
        status = "member" if user_id == self._world.me["id"] else chat.status_of(user_id)
        member: Json = {"status": status, "user": self._world.user(user_id)}
        if status == "creator":
            return member | {"is_anonymous": False}
        if status == "administrator":
            return member | {"is_anonymous": False, "can_be_edited": False} | dict.fromkeys(ADMINISTRATOR_RIGHTS, True)
        return member

    def _leave_chat(self, params: Params) -> bool:
        self._world.open_chat(params.number("chat_id")).blocked = True
        return True


def _done(_: Params) -> bool:
    return True


def menu_of(params: Params) -> tuple[str, str]:
    """Name the command menu a call is about: its scope and its language."""
    scope = params.object("scope") or {"type": "default"}
    return json.dumps(scope, sort_keys=True), params.text("language_code")


def refuse_markup(params: Params) -> None:
    """Refuse texts with markup: nobody here reads it, and a bot that sends entities has nothing to escape."""
    if params.text("parse_mode"):
        raise RefusedError(bad_request("parse_mode is not simulated"))
