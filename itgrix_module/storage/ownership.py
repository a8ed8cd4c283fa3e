# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose the files are."""

from __future__ import annotations

import os
from pathlib import Path


def give_to_folder_owner(handle: int, folder: Path) -> None:
    """A command run by root must not leave a file that the service cannot open."""
    if os.geteuid() == 0:
        owner = folder.stat()
        os.fchown(handle, owner.st_uid, owner.st_gid)
