# SPDX-License-Identifier: GPL-3.0-or-later
"""Every failure is one clear line with what to do."""

from __future__ import annotations

import string
from typing import Any

import pytest

from itgrix_module.domain.failures import Permanent, Temporary
from itgrix_module.media import faults

NOTHING_TO_DO = {"recording_empty", "stopped"}


@pytest.mark.parametrize("code", sorted(faults._TABLE))
def test_every_code_has_a_text_and_says_what_to_do(code: str) -> None:
    row = faults._TABLE[code]
    fields = [name for _, name, _, _ in string.Formatter().parse(row.text) if name]
    words: dict[str, Any] = dict.fromkeys(fields, "x\ny")
    failure = faults.fault(code, **words)
    assert "\n" not in failure.text
    assert "x?y" in failure.text or not fields
    assert isinstance(failure, Temporary if row.wait is not None else Permanent)
    assert bool(failure.hint) == (code not in NOTHING_TO_DO)
    assert isinstance(faults.fault(code, final=True, **words), Permanent)
