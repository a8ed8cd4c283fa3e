# SPDX-License-Identifier: GPL-3.0-or-later
"""What a person can do about a file that cannot be read or written: by what the system answered."""

from __future__ import annotations

import errno
import os
import pwd

_NO_RIGHT = frozenset({errno.EACCES, errno.EPERM})
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_NO_FOLDER = frozenset({errno.ENOENT, errno.ENOTDIR})


def what(error: OSError) -> str:
    """In the words of the system, without its numbers."""
    return error.strerror or str(error)


def hint_to_read(error: OSError) -> str:
    """For one who named a file that is to be read."""
    if error.errno in _NO_RIGHT:
        return f"It is read as the user {who()}: copy it into a folder that this user may read."
    if error.errno == errno.EISDIR:
        return "This is a folder: name the file in it."
    if error.errno in (errno.ENOTDIR, errno.ENAMETOOLONG, errno.ELOOP):
        return "Look at its name."
    return "Check the disk."


def hint_to_write(error: OSError) -> str:
    """For one who named where something is to be written."""
    if error.errno in _NO_RIGHT:
        return f"It is written as the user {who()}: name a folder that this user may write, or give this one to it."
    if error.errno in _NO_ROOM:
        return "Free some space there, or name another folder."
    if error.errno in _NO_FOLDER:
        return "There is no such folder: make it first, or name another one."
    if error.errno == errno.EROFS:
        return "This file system is mounted read-only: name another folder."
    if error.errno == errno.ENAMETOOLONG:
        return "Choose a shorter name."
    return "Check the disk."


def hint_at_home(error: OSError) -> str:
    """For a file that the product itself has to read or write."""
    if error.errno in _NO_RIGHT:
        return f"Give the home folder and all in it to the user of the service, {who()}."
    if error.errno in _NO_ROOM:
        return "Free some space."
    return "Check the disk."


def who() -> str:
    """Name of the user as whom this program runs: root becomes the user of the service."""
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return str(os.geteuid())
