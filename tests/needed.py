# SPDX-License-Identifier: GPL-3.0-or-later
"""What a test cannot do without: where it lacks, the test fails and says how to get it."""

from __future__ import annotations

import os

import pytest


def need(there: bool, what: str) -> None:
    """``what``: a noun in the singular."""
    if not there:
        pytest.fail(f"{what} is not installed; the tests need it: python3 tools/setup.py --system test", pytrace=False)


def need_root() -> None:
    """For files that belong to somebody else."""
    if os.geteuid() != 0:
        pytest.fail("this test gives files to another user: run the tests as root", pytrace=False)
