# SPDX-License-Identifier: GPL-3.0-or-later
"""What was said to the portal, as lines that a person can write: one for each command, in order.

``register 101 +79161234567 in create`` and so on; ``&`` before a command that shares the request of the one above.
Users of the portal are told by their extensions: 101 is user 1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from itgrix_module.sandbox.portal.log import RequestView

Params = Mapping[str, Any]
_DIRECTION = {1: "out", 2: "in"}
_HIDDEN = ("user.", "department.", "app.info", "method.get", "profile", "scope", "events", "server.time")


def who(user: Any) -> str:
    """Extension of a user."""
    number = int(user or 0)
    return "admin" if number == 900 else str(number + 100) if number else "nobody"


def _people(users: Any) -> str:
    return ",".join(map(who, users if isinstance(users, list) else [users]))


def _register(params: Params) -> Iterator[str]:
    yield f"register {who(params['USER_ID'])} {params['PHONE_NUMBER']} {_DIRECTION[int(params['TYPE'])]}"
    if int(params["CRM_CREATE"]):
        yield "create"
    if "CRM_SOURCE" in params:
        yield f"source={params['CRM_SOURCE']}"
    if "LINE_NUMBER" in params:
        yield f"line={params['LINE_NUMBER']}"
    if "CRM_ENTITY_TYPE" in params:
        yield f"for={params['CRM_ENTITY_TYPE']}:{params['CRM_ENTITY_ID']}"
    if int(params["SHOW"]):
        yield "SHOW"


def _finish(params: Params) -> Iterator[str]:
    yield f"finish {who(params['USER_ID'])} {params['STATUS_CODE']} {params['DURATION']}s"
    if "VOTE" in params:
        yield f"vote={params['VOTE']}"


def _attach(params: Params) -> Iterator[str]:
    yield "attach"
    yield "link" if "RECORD_URL" in params else "file"


def _fields(params: Params) -> Iterator[str]:
    for name, value in sorted(params.get("fields", {}).items()):
        yield f"{name}={value}"


def _update(kind: str) -> Callable[[Params], Iterator[str]]:
    def told(params: Params) -> Iterator[str]:
        yield f"{kind}.update"
        yield from _fields(params)

    return told


def _task(params: Params) -> Iterator[str]:
    fields = params["fields"]
    yield f"task for {who(fields['RESPONSIBLE_ID'])}: {fields['TITLE']}"


_TOLD: Mapping[str, Callable[[Params], Iterator[str]]] = {
    "telephony.externalcall.register": _register,
    "telephony.externalcall.show": lambda params: iter([f"show {_people(params['USER_ID'])}"]),
    "telephony.externalcall.hide": lambda params: iter([f"hide {_people(params['USER_ID'])}"]),
    "telephony.externalcall.finish": _finish,
    "telephony.externalcall.attachrecord": _attach,
    "telephony.externalcall.searchcrmentities": lambda params: iter([f"search {params['PHONE_NUMBER']}"]),
    "telephony.externalline.add": lambda params: iter([f"line.add {params['NUMBER']} {params['NAME']}"]),
    "crm.duplicate.findbycomm": lambda params: iter([f"duplicates {','.join(params['values'])}"]),
    "crm.activity.update": _update("activity"),
    "crm.lead.update": _update("lead"),
    "crm.contact.update": _update("contact"),
    "crm.deal.update": _update("deal"),
    "im.message.add": lambda params: iter([f"say {params['DIALOG_ID']}: {params['MESSAGE']}"]),
    "tasks.task.add": _task,
    "tasks.task.complete": lambda _: iter(["task done"]),
}


class Talk:
    """Requests of some time."""

    def __init__(self, requests: Sequence[RequestView]) -> None:
        self.requests = [entry for entry in requests if entry.method != "batch" and not _is_hidden(entry.method)]

    @property
    def lines(self) -> list[str]:
        """A line for each."""
        last, lines = 0, []
        for entry in self.requests:
            tell = _TOLD.get(entry.method)
            text = " ".join(tell(entry.params)) if tell else entry.method
            lines.append(f"{'& ' if entry.via_batch and entry.http == last else ''}{text}")
            last = entry.http
        return lines

    def __str__(self) -> str:
        return "\n".join(self.lines)

    def params(self, method: str) -> list[Params]:
        """Of each request with this method."""
        return [entry.params for entry in self.requests if entry.method == method.casefold()]


def _is_hidden(method: str) -> bool:
    return method.startswith(_HIDDEN)


def said(talk: Talk, expected: str) -> None:
    """The conversation is this one, line by line; nothing besides."""
    wanted = [line.strip() for line in expected.strip().splitlines()]
    assert talk.lines == wanted, "\n".join(["", *talk.lines])
