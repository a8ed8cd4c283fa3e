# SPDX-License-Identifier: GPL-3.0-or-later
"""im.message.add, im.chat.*, im.notify*."""

from __future__ import annotations

import json
from typing import Any

from itgrix_module.sandbox.portal.errors import RestError
from itgrix_module.sandbox.portal.exchange import Exchange, Method
from itgrix_module.sandbox.portal.model import Chat, Message, Notification
from itgrix_module.sandbox.portal.params import Params, as_int

MAX_ATTACH = 60_000


def message_add(exchange: Exchange, params: Params) -> int:
    """Author is the caller's user, or the system; he must be a member of the chat."""
    dialog, text = params.text("DIALOG_ID").strip(), params.text("MESSAGE")
    if not dialog:
        raise RestError(400, "USER_ID_EMPTY", "User ID can't be empty")
    if not text and not params.get("ATTACH"):
        raise RestError(400, "MESSAGE_EMPTY", "Message can't be empty")
    _check_attach(params)
    _check_dialog(exchange, dialog)
    author = 0 if params.flag("SYSTEM") else exchange.user.id
    return exchange.state.say(dialog, author, text or "[attach]")


def chat_add(exchange: Exchange, params: Params) -> int:
    members = {number for number in map(as_int, params.items("USERS")) if number is not None} | {exchange.user.id}
    chat = Chat(
        exchange.state.next_id(),
        params.text("TITLE") or "Чат",
        members,
        params.text("ENTITY_TYPE"),
        params.text("ENTITY_ID"),
    )
    exchange.state.chats[chat.id] = chat
    if text := params.text("MESSAGE"):
        exchange.state.say(f"chat{chat.id}", exchange.user.id, text)
    return chat.id


def chat_get(exchange: Exchange, params: Params) -> dict[str, Any] | None:
    wanted = params.text("ENTITY_TYPE"), params.text("ENTITY_ID")
    if not all(wanted):
        raise RestError(400, "PARAMS_ERROR", "Wrong parameters")
    chats = exchange.state.chats.values()
    return next(({"ID": chat.id} for chat in chats if (chat.entity_type, chat.entity_id) == wanted), None)


def chat_user_add(exchange: Exchange, params: Params) -> bool:
    chat = exchange.state.chats.get(params.integer("CHAT_ID"))
    if chat is None:
        raise RestError(400, "CHAT_ID_EMPTY", "Chat ID can't be empty")
    chat.users |= {number for number in map(as_int, params.items("USERS")) if number is not None}
    return True


def messages_get(exchange: Exchange, params: Params) -> dict[str, Any]:
    """im.dialog.messages.get: the newest messages of a dialog, newest first; members of the chat only."""
    dialog = params.text("DIALOG_ID").strip()
    if not dialog:
        raise RestError(400, "DIALOG_ID_EMPTY", "Dialog ID can't be empty")
    _check_dialog(exchange, dialog)
    limit, last = min(max(params.integer("LIMIT", 20), 1), 50), params.integer("LAST_ID")
    found = [message for message in exchange.state.messages.values() if message.dialog == dialog]
    older = [message for message in reversed(found) if not last or message.id < last]
    return {
        "chat_id": as_int(dialog.removeprefix("chat")) or 0,
        "messages": [_message(exchange, message) for message in older[:limit]],
        "users": [],
        "files": [],
    }


def _message(exchange: Exchange, message: Message) -> dict[str, Any]:
    return {
        "id": message.id,
        "chat_id": as_int(message.dialog.removeprefix("chat")) or 0,
        "author_id": message.author,
        "date": exchange.state.iso(message.at),
        "text": message.text,
        "unread": False,
        "params": [],
    }


def recent(exchange: Exchange, _params: Params) -> list[dict[str, Any]]:
    """im.recent.get: the chats of the caller's user."""
    chats = [chat for chat in exchange.state.chats.values() if exchange.user.id in chat.users]
    return [{"id": f"chat{chat.id}", "chat_id": chat.id, "type": "chat", "title": chat.title} for chat in chats]


def notify(exchange: Exchange, params: Params) -> int:
    """A TAG replaces the earlier notification with the same one."""
    user = exchange.state.users.get(params.integer("USER_ID"))
    if user is None:
        raise RestError(400, "USER_ID_EMPTY", "User ID can't be empty")
    text = params.text("MESSAGE")
    if not text and not params.get("ATTACH"):
        raise RestError(400, "MESSAGE_EMPTY", "Message can't be empty")
    _check_attach(params)
    tag = params.text("TAG")
    _replace_tag(exchange, user.id, tag)
    number = exchange.state.next_id()
    kind = params.text("TYPE", "USER").upper()
    exchange.state.notifications[number] = Notification(number, user.id, text, exchange.now, kind, tag)
    return number


def notify_system(exchange: Exchange, params: Params) -> int:
    return notify(exchange, Params({**params.values, "TYPE": "SYSTEM"}))


def _check_attach(params: Params) -> None:
    attach = params.get("ATTACH")
    if attach is not None and len(json.dumps(attach)) > MAX_ATTACH:
        raise RestError(400, "ATTACH_OVERSIZE", "You have exceeded the maximum allowable size of attach")


def _check_dialog(exchange: Exchange, dialog: str) -> None:
    if not dialog.startswith("chat"):
        if (as_int(dialog) or 0) not in exchange.state.users:
            raise RestError(400, "USER_NOT_FOUND", "User not found")
        return
    chat = exchange.state.chats.get(as_int(dialog.removeprefix("chat")) or 0)
    if chat is None or exchange.user.id not in chat.users:
        raise RestError(403, "ACCESS_ERROR", "Action unavailable")


def _replace_tag(exchange: Exchange, user_id: int, tag: str) -> None:
    notifications = exchange.state.notifications
    old = [number for number, told in notifications.items() if tag and (told.user_id, told.tag) == (user_id, tag)]
    for number in old:
        del notifications[number]


METHODS = (
    Method("im.message.add", message_add, ("im",)),
    Method("im.chat.add", chat_add, ("im",)),
    Method("im.chat.get", chat_get, ("im",)),
    Method("im.chat.user.add", chat_user_add, ("im",)),
    Method("im.dialog.messages.get", messages_get, ("im",)),
    Method("im.recent.get", recent, ("im",)),
    Method("im.notify", notify, ("im",)),
    Method("im.notify.personal.add", notify, ("im",)),
    Method("im.notify.system.add", notify_system, ("im",)),
)
