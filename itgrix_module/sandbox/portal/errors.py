# SPDX-License-Identifier: GPL-3.0-or-later
"""What the portal answers when it refuses, with the statuses and texts of the real one."""

from __future__ import annotations

from typing import Any


class RestError(Exception):
    """A refusal: HTTP ``status``, ``error`` (may be an empty string) and ``error_description``."""

    def __init__(self, status: int, code: str, text: str = "", **extra: Any) -> None:
        super().__init__(f"{status} {code or '(empty)'}: {text}")
        self.status = status
        self.code = code
        self.text = text
        self.extra = extra

    def body(self) -> dict[str, Any]:
        """JSON of the answer."""
        return {"error": self.code, "error_description": self.text, **self.extra}


def core(text: str) -> RestError:
    """400 ERROR_CORE, the usual refusal of telephony."""
    return RestError(400, "ERROR_CORE", text)


def blank(text: str) -> RestError:
    """400 with an empty code, the usual refusal of classic CRM."""
    return RestError(400, "", text)


def denied(text: str = "Access denied!") -> RestError:
    """403 ACCESS_DENIED."""
    return RestError(403, "ACCESS_DENIED", text)


def wrong_auth_type(tail: str = "") -> RestError:
    """403 for a method that refuses webhooks."""
    return RestError(403, "WRONG_AUTH_TYPE", "Current authorization type is denied for this method" + tail)


def unknown_method() -> RestError:
    """404 for a method that this portal has not got."""
    return RestError(404, "ERROR_METHOD_NOT_FOUND", "Method not found!")


def not_in_batch() -> RestError:
    """405 for uploads and nested batches."""
    return RestError(405, "ERROR_BATCH_METHOD_NOT_ALLOWED", "Method is not allowed for batch usage")


def no_auth() -> RestError:
    """401 for absent or unknown credentials."""
    return RestError(401, "NO_AUTH_FOUND", "Wrong authorization data")


def missing_parameter(name: str, tail: str = "") -> RestError:
    """400 ``100`` of the engine that binds parameters by name."""
    return RestError(400, "100", f"Could not find value for parameter {{{name}}}{tail}")
