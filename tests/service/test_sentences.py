# SPDX-License-Identifier: GPL-3.0-or-later
"""What is said about faults on this machine is said in Russian as well."""

from __future__ import annotations

import re

import pytest

from itgrix_module.media import faults
from web.i18n import catalogue

SENTENCES = [text for row in faults._TABLE.values() for text in (row.text, row.hint) if text]


@pytest.mark.parametrize("sentence", SENTENCES)
def test_fault_of_a_recording_is_told_in_russian(sentence: str) -> None:
    filled = re.sub(r"\{\w+\}", "X1", sentence)
    assert catalogue("ru").said(filled) != filled
