# SPDX-License-Identifier: GPL-3.0-or-later
"""One table from what the portal (or the way to it) said to what follows for us.

A row is chosen by HTTP status, error code, method and the beginning of the description; the first row that fits
counts. Codes come in any case, ``error`` may be empty, a number or a whole sentence, the description may lack, be
localised or end with ``<br>`` (contract §2, §4). Nothing else in the product decides by error text.

``Failure.code`` is stable: the panel translates by it.
"""

from __future__ import annotations

import re
from typing import Any

from itgrix_module.bitrix24.errorrow import CALL_NOT_FOUND, OAUTH, UPLOAD, Row
from itgrix_module.bitrix24.errortable import ANSWERS
from itgrix_module.bitrix24.faulttable import FAULTS
from itgrix_module.bitrix24.masking import mask_text
from itgrix_module.bitrix24.shapes import text as as_text
from itgrix_module.domain.failures import Failure, Temporary

__all__ = ["CALL_NOT_FOUND", "OAUTH", "RENEWABLE", "TABLE", "UPLOAD", "fault", "normalised", "refusal"]

TABLE: tuple[Row, ...] = (*FAULTS, *ANSWERS)
RENEWABLE = frozenset({"expired_token", "invalid_token", "NO_AUTH_FOUND"})  # codes that new tokens may mend

_TAG = re.compile(r"<[^<>]*>")


def refusal(
    status: int,
    error: Any,
    description: Any = "",
    method: str = "",
    *,
    host: str = "",
    wait: float | None = None,
) -> Failure:
    """Failure for an answer with an error in it. ``wait``: seconds that a ``Retry-After`` header named."""
    code, words = _word(error), _word(description)
    said = (normalised(words), normalised(code))
    row = _row(status, code.lower(), method.lower(), said)
    failure = _made(row, method, said=words or code or "no reason given", host=host, status=status)
    if wait is not None and isinstance(failure, Temporary):
        failure.retry_after = wait
    return failure


def fault(
    code: str, method: str = "", *, host: str = "", status: int = 0, said: str = "", wait: float | None = None
) -> Failure:
    """Failure for a fault of the way to the portal (``dns``, ``tls_untrusted``, ``truncated`` ...) or of our side."""
    failure = _made(_row(0, code, method.lower(), ()), method, said=said, host=host, status=status)
    if wait is not None and isinstance(failure, Temporary):
        failure.retry_after = wait
    return failure


def normalised(description: str) -> str:
    """Lower-case, without tags, trailing dots and surplus space: what ``says`` is compared with."""
    return " ".join(_TAG.sub(" ", description).split()).lower().rstrip(". ")


def _row(status: int, error: str, method: str, said: tuple[str, ...]) -> Row:
    return next(row for row in TABLE if row.fits(status, error, method, said))


def _made(row: Row, method: str, *, said: str, host: str, status: int) -> Failure:
    words = mask_text(" ".join(_TAG.sub(" ", said).split()))
    text = row.text
    for name, value in (("{host}", host or "the portal"), ("{status}", str(status)), ("{said}", words)):
        text = text.replace(name, value)
    if not host:
        text = text[:1].upper() + text[1:]
    common = (row.code, text, row.hint, method, row.executed)
    if issubclass(row.kind, Temporary):
        return row.kind(*common, retry_after=row.retry_after, scope=row.scope)
    return row.kind(*common)


def _word(value: Any) -> str:
    return as_text(value)[:2000].strip()
