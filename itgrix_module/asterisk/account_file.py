# SPDX-License-Identifier: GPL-3.0-or-later
"""Our user of the manager interface as a section of Asterisk's configuration.

Written only into a file that ``manager.conf`` includes for such sections, between marks of ours, and as a whole; the
installer writes and removes the same section.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from itgrix_module.asterisk.account_section import BEGIN, END, Section
from itgrix_module.domain.failures import NeedsOwner

_NAME = re.compile(r"[a-z][a-z0-9_-]{1,30}")
_INCLUDES = (
    (re.compile(r'^\s*#(?:try)?include\s+"?manager_custom\.conf', re.MULTILINE), Path("manager_custom.conf")),
    (
        re.compile(r'^\s*#(?:try)?include\s+"?(?:/etc/asterisk/)?manager\.d/\*', re.MULTILINE),
        Path("manager.d/itgrix.conf"),
    ),
)
_PASTE = "Add the lines shown to manager.conf by hand, then `manager reload`."


def file_for(folder: Path) -> Path:
    """Where a section of ours may be written. Raises NeedsOwner when nowhere, with what to do."""
    main = folder / "manager.conf"
    try:
        text = main.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise NeedsOwner("manager_conf", f"{main} cannot be read: {error.strerror}", _PASTE) from None
    for pattern, name in _INCLUDES:
        if pattern.search(text):
            return _writable(folder / name)
    raise NeedsOwner("manager_include", f"{main} includes no file for own users", _PASTE)


def _writable(file: Path) -> Path:
    target = file if file.exists() else file.parent
    if not (target.exists() and os.access(target, os.W_OK) and os.access(file.parent, os.W_OK | os.X_OK)):
        raise NeedsOwner("manager_denied", f"{file} may not be written by this user", _PASTE)
    if file.is_symlink():
        raise NeedsOwner("manager_denied", f"{file} is a link to elsewhere", _PASTE)
    return file


def write(file: Path, section: Section) -> None:
    """Put the section in, in place of an older one of ours. Raises NeedsOwner."""
    if not _NAME.fullmatch(section.name):
        raise NeedsOwner("manager_name", f"{section.name!r} is no name for a manager user", "Use small letters.")
    begin, end = BEGIN.format(name=section.name), END.format(name=section.name)
    try:
        rest = _without(_text(file), begin, end)
        if re.search(rf"^\s*\[{re.escape(section.name)}\]", rest, re.MULTILINE):
            words = f"{file} has a manager user {section.name} that is not ours"
            raise NeedsOwner("manager_taken", words, "Enter that user's password above, or rename it and try again.")
        ours = f"{begin}\n{section.text()}{end}\n"
        _replace(file, f"{rest.rstrip()}\n\n{ours}" if rest.strip() else ours)
    except OSError as error:
        raise NeedsOwner("manager_denied", f"{file} cannot be written: {error.strerror}", _PASTE) from None


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="surrogateescape")
    except FileNotFoundError:
        return ""


def _without(text: str, begin: str, end: str) -> str:
    ours = rf"\n*^{re.escape(begin)}$.*?^{re.escape(end)}$\n?"
    return re.sub(ours, "\n", text, flags=re.MULTILINE | re.DOTALL)


def _replace(file: Path, text: str) -> None:
    """The mode stays that of the file; a new one is for its owner and group only."""
    mode = file.stat().st_mode & 0o777 if file.exists() else 0o640
    draft = file.with_name(f".{file.name}.itgrix")
    draft.touch(mode=0o600)
    try:
        draft.write_text(text, encoding="utf-8", errors="surrogateescape")
        draft.chmod(mode)
        draft.replace(file)
    finally:
        draft.unlink(missing_ok=True)
