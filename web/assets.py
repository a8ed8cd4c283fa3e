# SPDX-License-Identifier: GPL-3.0-or-later
"""Addresses of our own static files with a digest of their content, so that browsers keep them for ever."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from pathlib import Path

from flask import Flask, g, url_for

STATIC = Path(__file__).parent / "static"


def install(app: Flask) -> None:
    app.jinja_env.globals["asset"] = asset
    app.jinja_env.globals["icon_file"] = lambda: asset("icons.svg")


def asset(name: str) -> str:
    """Address of a file in ``static``, made once a page: a list of calls names its icons a hundred times."""
    known: dict[str, str] = g.setdefault("itgrix_assets", {})
    if name not in known:
        known[name] = url_for("static", filename=name, v=_digest(name))
    return known[name]


@cache
def _digest(name: str) -> str:
    return sha256((STATIC / name).read_bytes()).hexdigest()[:12]
