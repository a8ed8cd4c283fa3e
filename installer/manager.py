# SPDX-License-Identifier: GPL-3.0-or-later
"""The manager user of the PBX, where no FreePBX module makes one: a section of ours in a file of Asterisk.

Only the lines between our marks are ever touched, and the file is replaced as a whole.
"""

from __future__ import annotations

import os
import re
import secrets
import subprocess
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

from installer.owner import as_root, is_root
from installer.words import Refused

READ = "system,call,agent,user,cdr,dialplan,reporting"
WRITE = "system,call,originate,reporting"  # system: only with it the PBX filters events for us
BEGIN, END = "; >>> itgrix {name}, made by install.py", "; <<< itgrix {name}"
SECTION = """\
{begin}
[{name}]
secret = {secret}
deny = 0.0.0.0/0.0.0.0
permit = 127.0.0.1/255.255.255.255
read = {read}
write = {write}
writetimeout = 5000
{end}
"""
_NAME = re.compile(r"[a-z][a-z0-9_-]{1,30}")


def new_secret() -> str:
    return secrets.token_hex(16)


def file_for(etc: Path) -> Path:
    """Where a section of ours belongs. Raises Refused when there is no Asterisk."""
    main = etc / "manager.conf"
    try:
        text = main.read_text(encoding="utf-8", errors="replace")
    except OSError:
        raise Refused("There is no {file} to read: is Asterisk on this machine?", file=main) from None
    if re.search(r'^\s*#(try)?include\s+"?manager_custom\.conf', text, re.MULTILINE):
        return etc / "manager_custom.conf"
    if re.search(r'^\s*#(try)?include\s+"?manager\.d/\*', text, re.MULTILINE):
        return etc / "manager.d" / "itgrix.conf"
    return main


def write(file: Path, name: str, secret: str) -> None:
    """Put our section into the file, in place of an older one of the same name. Raises Refused."""
    if not _NAME.fullmatch(name):
        raise Refused("{name} is no name for a manager user.", name=name)
    marks = {"begin": BEGIN.format(name=name), "end": END.format(name=name)}
    section = SECTION.format(name=name, secret=secret, read=READ, write=WRITE, **marks)
    with _rights(file):
        rest = _without(_text(file), name)
        if re.search(rf"^\s*\[{re.escape(name)}\]", rest, re.MULTILINE):
            raise Refused(
                "{file} has a manager user [{name}] that is not ours. Rename it, then repeat.", file=file, name=name
            )
        _replace(file, f"{rest.rstrip()}\n\n{section}" if rest.strip() else section)


def remove(file: Path, name: str) -> bool:
    """Take our section out; True when it was there. A file that held nothing else goes too."""
    with _rights(file):
        text = _text(file)
        rest = _without(text, name)
        if rest == text:
            return False
        if rest.strip() or file.name != "itgrix.conf":
            _replace(file, rest.rstrip() + "\n" if rest.strip() else "")
        else:
            file.unlink()
    return True


def known_secret(file: Path, name: str) -> str:
    """The password of our section; empty when there is none."""
    with _rights(file):
        text = _text(file)
    inside = text.partition(BEGIN.format(name=name))[2].partition(END.format(name=name))[0]
    found = re.search(r"^secret = (\S+)$", inside, re.MULTILINE)
    return found[1] if found else ""


def reload() -> bool:
    """Tell Asterisk; False when it does not run."""
    with _as_root_if_possible():
        try:
            done = subprocess.run(
                ["asterisk", "-rx", "manager reload"],
                capture_output=True,
                timeout=15,
                check=False,
                stdin=subprocess.DEVNULL,
            )
        except (OSError, subprocess.TimeoutExpired):
            return False
    return done.returncode == 0


def _as_root_if_possible() -> AbstractContextManager[None]:
    return as_root() if is_root() else nullcontext()


@contextmanager
def _rights(file: Path) -> Iterator[None]:
    try:
        with _as_root_if_possible():
            yield
    except OSError as error:
        raise Refused("The file {file} cannot be changed ({reason}).", file=file, reason=error.strerror) from None


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="surrogateescape")
    except FileNotFoundError:
        return ""


def _without(text: str, name: str) -> str:
    ours = rf"\n*^{re.escape(BEGIN.format(name=name))}$.*?^{re.escape(END.format(name=name))}$\n?"
    return re.sub(ours, "\n", text, flags=re.MULTILINE | re.DOTALL) if BEGIN.format(name=name) in text else text


def _replace(file: Path, text: str) -> None:
    """Mode and owner stay those of the file, or become those of its folder."""
    known = file.stat() if file.exists() else file.parent.stat()
    draft = file.with_name(f".{file.name}.itgrix")
    draft.touch(mode=0o600)
    draft.write_text(text, encoding="utf-8", errors="surrogateescape")
    draft.chmod(known.st_mode & 0o640 if file.exists() else 0o640)
    if os.geteuid() == 0:
        os.chown(draft, known.st_uid, known.st_gid)
    draft.replace(file)
