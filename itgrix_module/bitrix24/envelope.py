# SPDX-License-Identifier: GPL-3.0-or-later
"""The portal's answer to a request: opened, or turned into the failure it stands for (contract §2)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from itgrix_module.bitrix24.errors import fault, refusal
from itgrix_module.bitrix24.shapes import whole
from itgrix_module.bitrix24.wire import Reply
from itgrix_module.domain.failures import Failure


@dataclass(frozen=True)
class Envelope:
    """``result`` of any shape; ``total`` and ``next`` of lists; ``time`` as it came, of any shape."""

    result: Any
    total: int | None = None
    next: int | None = None
    time: Any = None


def opened(reply: Reply, method: str, host: str) -> Envelope:
    """What is in the answer. Raises Failure for an error, a web page, a torn or a senseless answer."""
    answer = _parsed(reply, method, host)
    if not isinstance(answer, dict):
        raise _senseless(reply, method, host, f"a {type(answer).__name__} instead of an object")
    # the key counts, not its value: an error may be called "" or 0
    if "error" in answer or reply.status >= 400:
        raise refusal(
            reply.status, answer.get("error"), answer.get("error_description"), method, host=host, wait=reply.wait
        )
    if "result" not in answer:
        raise fault("bad_answer", method, host=host, said="no result in it")
    return Envelope(answer["result"], whole(answer.get("total")), whole(answer.get("next")), answer.get("time"))


def _parsed(reply: Reply, method: str, host: str) -> Any:
    try:
        return json.loads(reply.body)
    except (ValueError, RecursionError):
        pass
    raise _unreadable(reply, method, host)


def _unreadable(reply: Reply, method: str, host: str) -> Failure:
    start = reply.body[:200].lstrip().lower()
    if reply.status == 413:
        return refusal(413, "", "", method, host=host)
    if 400 <= reply.status < 500:
        return fault("html_refused", method, host=host, status=reply.status, wait=reply.wait)
    if start.startswith(b"<") or "html" in reply.content_type.lower() or reply.status >= 500:
        return fault("html", method, host=host, status=reply.status, wait=reply.wait)
    return fault("truncated", method, host=host)


def _senseless(reply: Reply, method: str, host: str, said: str) -> Failure:
    if reply.status >= 400:
        return refusal(reply.status, "", "", method, host=host, wait=reply.wait)
    return fault("bad_answer", method, host=host, said=said)
