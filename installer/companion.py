# SPDX-License-Identifier: GPL-3.0-or-later
"""A process of the product's own Python that obeys one order after the other, see ``installer.inside``.

To start it and to import the packages takes a second each time, so that a run has one and keeps it.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Any

from installer.owner import Owner, clean_environment, lowered, tail
from installer.words import Refused

SECONDS = 60.0  # for an order that names no other limit
_GOODBYE = 10.0  # seconds to end by itself when there are no more orders
_PORTION = 65536
_INSIDE = Path(__file__).with_name("inside.py")


class Companion:
    """Started with the first order; one that died is started anew with the next.

    ``package``: whose code it uses, once that is there. ``program``: a copy of ``inside.py`` that the owner may read.
    """

    def __init__(self, venv: Path, owner: Owner, *, package: Path | None = None, program: Path = _INSIDE) -> None:
        self.venv, self.package = venv, package
        self._owner, self._program = owner, program
        # -P: the folder of the program is no place for modules.
        self._command = [str(venv / "bin" / "python"), "-P", "-s", "-E", str(program)]
        self._process: subprocess.Popen[bytes] | None = None
        self._said: Any = None

    def of_root(self) -> Companion:
        """One that may do what only root may, see ``as_root``."""
        found = Companion(self.venv, Owner.named("root"), package=self.package, program=self._program)
        # What root compiles, the owner could never remove: an upgrade or a removal from the GUI would fail at it.
        found._command.insert(1, "-B")
        return found

    def __enter__(self) -> Companion:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def ask(self, order: str, seconds: float = SECONDS, **data: Any) -> dict[str, Any]:
        """``{"ok": True, …}``, or ``{"ok": False, "reason": …}``, also of one that dies. Raises Refused."""
        process = self._process if self._process and self._process.poll() is None else self._start()
        feed = json.dumps({"order": order, "package": str(self.package or ""), **data})
        assert process.stdin is not None
        try:
            process.stdin.write(f"{feed}\n".encode())
            process.stdin.flush()
            answer = self._answer(process, seconds)
            found = json.loads(answer)
        except (BrokenPipeError, ValueError):
            return {"ok": False, "reason": self._last_words()}
        return found if isinstance(found, dict) else {"ok": False, "reason": "no answer"}

    def close(self) -> None:
        """Let it end; nothing when it never began."""
        process, self._process = self._process, None
        if process is None:
            return
        try:
            process.communicate(timeout=_GOODBYE)
        except (subprocess.TimeoutExpired, BrokenPipeError):
            process.kill()
            process.communicate()
        self._said.close()

    def _start(self) -> subprocess.Popen[bytes]:
        self.close()
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 - open as long as the process is
        try:
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._said,
                cwd="/",
                env=clean_environment(),
                **lowered(self._owner),
            )
        except OSError as error:
            self._said.close()
            raise Refused("{program} cannot be run: {reason}", program=self._command[0], reason=error) from None
        return self._process

    def _answer(self, process: subprocess.Popen[bytes], seconds: float) -> bytes:
        """Up to the end of its line; what is there when the process ends before."""
        assert process.stdout is not None
        deadline, found = time.monotonic() + seconds, b""
        while not found.endswith(b"\n"):
            if not select.select([process.stdout], [], [], max(0.0, deadline - time.monotonic()))[0]:
                process.kill()
                reason = f"no answer within {seconds:.0f} seconds"
                raise Refused("{program} cannot be run: {reason}", program=self._command[0], reason=reason)
            part = os.read(process.stdout.fileno(), _PORTION)
            if not part:
                break
            found += part
        return found

    def _last_words(self) -> str:
        assert self._process is not None
        status = self._process.wait()
        self._said.seek(0)
        return tail(self._said.read().decode(errors="replace")) or f"ended with {status}"
