# SPDX-License-Identifier: GPL-3.0-or-later
"""What the table of lines says of a line's twin in the portal: only what the portal has told."""

from __future__ import annotations

import pytest
from flask import Flask

from itgrix_module.app.desk_ports import LineBoard
from itgrix_module.app.line_sync import LineState
from itgrix_module.domain.failures import NeedsOwner, Permanent
from web.pages.lines.views import _state

ROW = {"match": "74950000001", "line": "74950000001"}
UNREAD = NeedsOwner("not_application", "The portal lets only its application make external lines, not a webhook.")
REFUSED = Permanent("limit", "The portal has no room for another line.")


@pytest.mark.parametrize(
    ("board", "words", "tone"),
    [
        (LineBoard(state=LineState(there={"74950000001": "Main"})), "in the portal as “Main”", "ok"),
        (LineBoard(made={"74950000001": "Ours"}), "in the portal as “Ours”", "ok"),
        (LineBoard(), "not in the portal yet", "warning"),
        (LineBoard(state=LineState(failures={"": UNREAD})), "", "quiet"),
        (LineBoard(state=LineState(failures={"": UNREAD}), made={"74950000001": "Ours"}), "as “Ours”", "ok"),
        (LineBoard(state=LineState(failures={"74950000001": REFUSED})), "no room for another line", "error"),
    ],
)
def test_state_is_what_the_portal_has_told(app: Flask, board: LineBoard, words: str, tone: str) -> None:
    with app.test_request_context(headers={"Accept-Language": "en"}):
        found = _state(board, ROW)
    assert words in found[0]
    assert bool(found[0]) == bool(words)
    assert found[1] == tone
