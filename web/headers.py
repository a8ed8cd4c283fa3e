# SPDX-License-Identifier: GPL-3.0-or-later
"""What every answer carries: nothing from elsewhere runs, nobody else frames us, nothing private is kept."""

from __future__ import annotations

from flask import Flask, Response, request

# The PBX's GUI shows the panel in a frame of its own origin, so 'self' and not 'none'.
POLICY = "; ".join(
    (
        "default-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'self'",
        "object-src 'none'",
    )
)
ALWAYS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
YEAR = 31_536_000  # seconds


def install(app: Flask) -> None:
    app.after_request(_add)


def _add(response: Response) -> Response:
    for name, value in ALWAYS.items():
        response.headers.setdefault(name, value)
    response.headers["Cache-Control"] = _cache_rule(response)
    return response


def _cache_rule(response: Response) -> str:
    if request.endpoint == "static" and response.status_code in (200, 206, 304):
        # The address holds a digest of the content, see assets: the same address is always the same file.
        return f"public, max-age={YEAR}, immutable" if "v" in request.args else "no-cache"
    return "no-store"
