# SPDX-License-Identifier: GPL-3.0-or-later
"""The three kinds of failure, and what each asks for.

Temporary: try again later. Permanent: stop and show it. NeedsOwner: pause the portal and tell its owner once
(authorisation, licence, scope). One table per vendor maps answers to these; nothing else is decided from error text.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(eq=False)
class Failure(Exception):
    """Why a request did not succeed, in words for the administrator.

    ``code``: the vendor's error code or ours (``timeout``, ``tls``, ``dns`` ...), stable, for tables and tests.
    ``text``: what happened. ``hint``: what to do, empty when nothing can be done.
    ``executed``: False when the request surely did nothing, True when it may have been executed and only its answer
    was lost; then a repeat must be one that does no harm.
    """

    code: str
    text: str
    hint: str = ""
    method: str = ""
    executed: bool = False

    def __str__(self) -> str:
        return f"{self.method}: {self.text}" if self.method else self.text


@dataclass(eq=False)
class Temporary(Failure):
    """Again later. ``retry_after``: seconds to wait if the peer said so, else None.

    ``scope``: what has to wait: this ``request``, all calls of the ``method``, or the whole ``portal``.
    """

    retry_after: float | None = None
    scope: str = "request"


@dataclass(eq=False)
class Permanent(Failure):
    """The same request will never succeed."""


@dataclass(eq=False)
class NeedsOwner(Failure):
    """Nothing will succeed before a person acts: authorisation, licence, scope, certificate, address."""
