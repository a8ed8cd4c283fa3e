# SPDX-License-Identifier: GPL-3.0-or-later
"""One real Asterisk: starts, restarts, dies and stops when told to, in a chroot, on free loopback ports."""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import Self

from itgrix_module.sandbox.rig import configuration
from itgrix_module.sandbox.rig.configuration import Folders
from itgrix_module.sandbox.rig.links import CuttableLink
from itgrix_module.sandbox.rig.manager import AmiError, AmiLogin, Manager
from itgrix_module.sandbox.rig.rootfs import Version, ensure

INSTANCES = "instances"  # folder in the root file system; below it one folder per running Asterisk
BOOT_SECONDS = 30.0
STOP_SECONDS = 10.0


class PbxError(RuntimeError):
    """Asterisk did not do what it was told; the text ends with the end of its log."""


class RealPbx:
    """Asterisk 16 or 22 with the company of ``plan`` on it. Use it in a ``with``, or ``start`` and ``close`` it.

    ``ami``: login with the product's least rights, through a link that ``cut_ami`` cuts and ``heal_ami`` heals.
    ``ami_everything``: login with all rights, never cut. ``monitor_dir``: where recordings appear; the path that
    Asterisk tells for a recording is valid outside the chroot. ``cdr_url``: SQLAlchemy address of a database with
    FreePBX's tables ``cdr`` and ``cel``. ``ports``: where the phones and providers are expected.

    Raises RootfsError (no network, not root) and PbxError.
    """

    def __init__(self, version: Version, work_dir: Path, cache: Path | None = None) -> None:
        """``work_dir``: gets Asterisk's log and configuration when it closes."""
        self.version = version
        self.work_dir = work_dir
        self.root = ensure(version, cache)
        remove_orphans(self.root)
        name = secrets.token_hex(4)
        self.folders = Folders(self.root / INSTANCES / name, Path("/") / INSTANCES / name)
        self.folders.make()
        self._claim = claim(self.folders.outer)
        self.ports = configuration.free_ports()
        self._secret = secrets.token_hex(8)
        self._process: subprocess.Popen[bytes] | None = None
        configuration.write(version, self.root, self.folders, self.ports, self._secret)
        self._link = CuttableLink(self.ports.ami)
        self.ami = AmiLogin("127.0.0.1", self._link.port, "crm", self._secret)
        self.ami_everything = self.login("everything")
        self.monitor_dir = self.folders.outer / "spool" / "monitor"
        self.cdr_url = f"sqlite:///{self.folders.outer / 'log' / 'master.db'}"

    def login(self, username: str) -> AmiLogin:
        """AMI login past the cuttable link, for a user of ``etc/manager.conf``."""
        return AmiLogin("127.0.0.1", self.ports.ami, username, self._secret)

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # ---- life and death

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start Asterisk and wait until it has booted."""
        if self.running:
            return
        with (self.folders.outer / "log" / "console").open("ab") as console:
            self._process = subprocess.Popen(
                [*self._chrooted(), "-f"], stdin=subprocess.DEVNULL, stdout=console, stderr=console
            )
        (self.folders.outer / "run" / "pid").write_text(str(self._process.pid))
        self._wait_until_booted()

    def restart(self) -> None:
        """``core restart now``, as an administrator would in mid-call; returns when it has booted again."""
        with Manager(self.ami_everything, BOOT_SECONDS) as link:
            self.command("core restart now")
            link.until_closed()
        self._wait_until_booted()

    def stop(self) -> None:
        """End Asterisk in order: calls are hung up and recorded."""
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """End Asterisk as a power cut would. ``start`` brings it back."""
        self._signal(signal.SIGKILL)

    def close(self) -> None:
        """Stop, keep the log in ``work_dir`` and remove the instance."""
        self.stop()
        self._link.close()
        kept = self.work_dir / f"asterisk-{self.version}"
        for name in ("log", "etc"):
            shutil.copytree(self.folders.outer / name, kept / name, dirs_exist_ok=True)
        shutil.rmtree(self.folders.outer)
        os.close(self._claim)

    def _signal(self, number: signal.Signals) -> None:
        if self._process is None:
            return
        if self._process.poll() is None:
            self._process.send_signal(number)
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def _wait_until_booted(self) -> None:
        deadline = time.monotonic() + BOOT_SECONDS
        while self.running and time.monotonic() < deadline:
            with suppress(OSError, AmiError), Manager(self.ami_everything) as link:
                link.until("FullyBooted")
                return
            time.sleep(0.05)
        raise PbxError(f"Asterisk {self.version} has not booted:\n{self.log_tail()}")

    # ---- the AMI link of the product

    def cut_ami(self) -> None:
        """Drop every connection to ``ami`` and refuse new ones."""
        self._link.cut()

    def heal_ami(self) -> None:
        """Let connections to ``ami`` through again."""
        self._link.heal()

    @property
    def ami_users(self) -> int:
        """Connections to ``ami`` now."""
        return self._link.users

    # ---- questions

    def command(self, text: str) -> str:
        """Output of a command of Asterisk's console."""
        done = subprocess.run(
            [*self._chrooted(), "-rx", text], capture_output=True, text=True, check=False, timeout=STOP_SECONDS
        )
        if done.returncode:
            raise PbxError(f"{text}: {done.stdout}{done.stderr}")
        return done.stdout

    def log_tail(self, lines: int = 20) -> str:
        texts = (self.folders.outer / "log" / name for name in ("full", "console"))
        return "\n".join(
            line for path in texts if path.exists() for line in path.read_text(errors="replace").splitlines()[-lines:]
        )

    def _chrooted(self) -> list[str]:
        config = self.folders.inner / "etc" / "asterisk.conf"
        return ["chroot", str(self.root), "/usr/sbin/asterisk", "-C", str(config)]


def claim(folder: Path) -> int:
    """Mark the instance as owned for as long as this process lives; raises BlockingIOError when it is already."""
    handle = os.open(folder / "claim", os.O_CREAT | os.O_RDWR)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        raise
    return handle


def remove_orphans(root: Path) -> None:
    """End and remove instances whose test session died without closing them."""
    for folder in (root / INSTANCES).glob("*/"):
        try:
            handle = claim(folder)
        except OSError:
            continue
        with suppress(OSError, ValueError):
            end_orphan(int((folder / "run" / "pid").read_text()), root)
        shutil.rmtree(folder, ignore_errors=True)
        os.close(handle)


def end_orphan(pid: int, root: Path) -> None:
    """Kill the process, if it is still the one that ran in ``root``, and wait until it is gone."""
    if Path(f"/proc/{pid}/root").resolve() != root:
        return
    os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + STOP_SECONDS
    while runs(pid) and time.monotonic() < deadline:
        time.sleep(0.02)


def runs(pid: int) -> bool:
    """The process has not ended; one that waits to be collected by its parent has."""
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False
