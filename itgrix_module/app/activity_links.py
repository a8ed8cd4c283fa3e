# SPDX-License-Identifier: GPL-3.0-or-later
"""The link to a recording in the description of its call's activity."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from itgrix_module.app.errand_ports import ErrandPortal, Record, SetFields
from itgrix_module.app.links import with_link
from itgrix_module.domain.failures import Failure


def put_link(portal: ErrandPortal, activity: str, url: str, label: str, is_ours: Callable[[str], bool]) -> None:
    """Write the link behind what stands there, in place of an older one. Raises Failure.

    ``label``: what stands before it; ``is_ours``: whether a token is that of a link to the same recording.
    """
    fields = _result(portal.ask([Record("ACTIVITY", activity)]))
    before = str(fields.get("DESCRIPTION") or "")
    kind = str(fields.get("DESCRIPTION_TYPE") or "")
    after = with_link(before, url, label, is_ours, kind)
    if after != before:
        _result(portal.ask([SetFields("ACTIVITY", activity, {"DESCRIPTION": after})]))


def _result(answers: Sequence[Any]) -> Any:
    """The only answer; raises the failure that it is."""
    found = answers[0]
    return _raise(found) if isinstance(found, Failure) else found


def _raise(failure: Failure) -> NoReturn:
    raise failure
