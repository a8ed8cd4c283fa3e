# SPDX-License-Identifier: GPL-3.0-or-later
"""Whom the gate of the PBX's GUI has handed over, as the request's environment holds it behind ``web.gateway``."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Request

VISITOR = "itgrix.visitor"  # no header of a request can have this name


@dataclass(frozen=True)
class Visitor:
    """Whom the gate let in; without rights: somebody who fetches what is open to the portal.

    ``prefix``: path of the gate; ``scheme``, ``host``, ``address``: of his own request.
    """

    name: str
    rights: frozenset[str]
    prefix: str
    scheme: str
    host: str
    address: str


def is_handed_over(request: Request) -> bool:
    """Did the gate vouch for this request, its host included?"""
    return isinstance(request.environ.get(VISITOR), Visitor)
