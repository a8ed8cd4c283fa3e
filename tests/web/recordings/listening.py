# SPDX-License-Identifier: GPL-3.0-or-later
"""Links to recordings, and who opens them from where."""

from __future__ import annotations

from urllib.parse import urlsplit

from itgrix_module.app.links import Audience, Ready
from itgrix_module.app.ports import CallRow
from tests.fakes.recorded import Recorded

LAN = {"REMOTE_ADDR": "192.168.1.5"}
WORLD = {"REMOTE_ADDR": "8.8.8.8"}


def path_of(here: Recorded, call: CallRow, audience: Audience = Audience.PEOPLE) -> str:
    return urlsplit(here.library.link(call, audience)).path


def file_of(here: Recorded, call: CallRow) -> bytes:
    found = here.library.file(call)
    assert isinstance(found, Ready)
    return found.path.read_bytes()
