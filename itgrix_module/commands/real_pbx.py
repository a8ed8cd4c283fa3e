# SPDX-License-Identifier: GPL-3.0-or-later
"""The demo's real Asterisk: Debian's packages in a folder of their own, with phones that call for ever."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from itgrix_module.domain.failures import NeedsOwner
from itgrix_module.sandbox.pbx.config import CLIENTS
from itgrix_module.sandbox.rig.debian import RootfsError
from itgrix_module.sandbox.rig.endless import Endless
from itgrix_module.sandbox.rig.pbx import PbxError, RealPbx
from itgrix_module.sandbox.rig.rootfs import Version, ensure

VERSION: Version = "22"
SIGNALS = (signal.SIGTERM, signal.SIGINT)


@contextmanager
def real_pbx(folder: Path) -> Iterator[tuple[str, dict[str, Any], Callable[[ExitStack], None]]]:
    """Words for the spectator, the settings to connect with, and what begins the calls, which end with its argument.

    ``folder`` gets Asterisk's log at the end.

    The first time it fetches the packages: a minute, with lines on standard error. Raises NeedsOwner when that cannot
    be done (not root, no network), KeyboardInterrupt when a signal comes meanwhile.
    """
    with ExitStack() as stack:
        pbx = _started(stack, folder)
        settings = {
            "ami.host": pbx.ami.host,
            "ami.port": pbx.ami.port,
            "ami.username": pbx.ami.username,
            "ami.secret": pbx.ami.secret,
            "cdr.url": pbx.cdr_url,
            "recordings.directory": str(pbx.monitor_dir),
        }
        words = f"Asterisk {VERSION}:      AMI on {pbx.ami.host}:{pbx.ami.port}, user {pbx.ami.username}"
        yield words, settings, lambda calls: _call(pbx, calls)


def _started(stack: ExitStack, folder: Path) -> RealPbx:
    with _explained():
        with signals_interrupt():
            ensure(VERSION)
        return stack.enter_context(DetachedPbx(VERSION, folder / "asterisk"))


def _call(pbx: RealPbx, stack: ExitStack) -> None:
    with _explained():
        stack.enter_context(Endless(pbx, [client.number for client in CLIENTS]))


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except (RootfsError, PbxError, TimeoutError) as problem:
        hint = "Without --asterisk the demo needs neither root nor packages: it has a PBX of its own."
        raise NeedsOwner("no_asterisk", str(problem), hint) from problem


@contextmanager
def signals_interrupt() -> Iterator[None]:
    """The first signal that asks to end raises KeyboardInterrupt at once; further ones are ignored."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        for number in SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        raise KeyboardInterrupt

    old = {number: signal.signal(number, interrupt) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in old.items():
            signal.signal(number, handler)


class DetachedPbx(RealPbx):
    """A Ctrl+C in the terminal reaches us alone: Asterisk would end before we have told it to."""

    def _chrooted(self) -> list[str]:
        return ["setsid", *super()._chrooted()]
