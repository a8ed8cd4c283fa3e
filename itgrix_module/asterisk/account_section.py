# SPDX-License-Identifier: GPL-3.0-or-later
"""The lines of our user of the manager interface, and telling Asterisk that they are there."""

from __future__ import annotations

import secrets
import subprocess
from dataclasses import dataclass

READ = "system,call,agent,user,cdr,dialplan,reporting"
WRITE = "system,call,originate,reporting"  # system: only with it the PBX filters events for us
BEGIN, END = "; >>> itgrix {name}, made by install.py", "; <<< itgrix {name}"
_SECTION = """\
[{name}]
secret = {secret}
deny = 0.0.0.0/0.0.0.0
permit = {permit}
read = {read}
write = {write}
writetimeout = 5000
"""
_TIMEOUT = 15  # seconds


@dataclass(frozen=True)
class Section:
    """A user with its password. ``permit``: from where it may log in."""

    name: str
    secret: str
    permit: str = "127.0.0.1/255.255.255.255"

    def text(self) -> str:
        """The lines for manager.conf."""
        return _SECTION.format(name=self.name, secret=self.secret, permit=self.permit, read=READ, write=WRITE)


def new_secret() -> str:
    """Thirty-two hexadecimal digits."""
    return secrets.token_hex(16)


def reload() -> bool:
    """Tell Asterisk; False when that is not possible from here."""
    command = ["asterisk", "-rx", "manager reload"]
    try:
        done = subprocess.run(command, capture_output=True, timeout=_TIMEOUT, check=False, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0
