# SPDX-License-Identifier: GPL-3.0-or-later
"""Starts, stops and watches the service of a home: ``itgrix-service start|stop|restart|status|watch``.

Whether it runs is asked of the lock that the service holds, never of a process list. Where root installed a systemd
unit, systemd starts it, also after an end that somebody without root asked for; else it is detached from whoever asked.
``stopped`` in the home says that somebody wants it down: then neither the unit nor the watch brings it back. The same
holds after ``systemctl stop``, but for the stops that we order ourselves for a moment: ``paused`` tells them apart.
"""

from __future__ import annotations

import fcntl
import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

if __package__ in (None, ""):
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from installer.home import Home, held, read_json, write_private
from installer.owner import Owner, clean_environment
from installer.request import USUAL_BIND
from installer.systemd import State, state_of

LOG_BYTES = 10_000_000  # a log longer than this is put aside; one old one is kept
START_SECONDS = 30.0  # until the panel answers; migrations of a large database are done before
STOP_SECONDS = 10.0  # the service itself takes five at most
PATIENCE = 3  # checks in a row that the service may fail to answer before it is restarted
_STEP = 0.1
_NOISE = 2.0  # seconds that a health request may take
SYSTEMD = Path("/run/systemd/system")  # there where systemd runs


class Control:
    """The service of one home. Files are made as the owner of the home, whoever asks."""

    def __init__(self, folder: Path) -> None:
        self.home = Home(folder)
        self.owner = Owner.of_folder(folder)
        self._stopped, self._paused, self._pid_file = folder / "stopped", folder / "paused", folder / "itgrix.pid"
        self._log = folder / "log" / "itgrix.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._is_refused = False  # by systemd, which then does not try either

    @property
    def bind(self) -> str:
        return str(read_json(self.home.service_file).get("bind") or USUAL_BIND)

    @property
    def unit(self) -> str:
        """Name of the systemd unit; empty when there is none or we may not use it."""
        return self._known_unit if os.geteuid() == 0 else ""

    @property
    def _known_unit(self) -> str:
        name = str(read_json(self.home.service_file).get("unit") or "")
        return name if SYSTEMD.is_dir() else ""

    def is_running(self) -> bool:
        """Does a service hold the lock of this home?"""
        try:
            handle = os.open(self.home.folder / "itgrix.lock", os.O_RDWR)
        except OSError:
            return False
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
        finally:
            os.close(handle)
        return False

    def is_healthy(self) -> bool:
        """Does the panel answer?"""
        host, _, port = self.bind.rpartition(":")
        host = {"0.0.0.0": "127.0.0.1", "[::]": "::1"}.get(host, host.strip("[]"))  # noqa: S104
        connection = http.client.HTTPConnection(host, int(port), timeout=_NOISE)
        try:
            connection.request("GET", "/healthz", headers={"Host": "localhost"})
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def wants_to_run(self) -> bool:
        return not self._stopped.exists() and (self.is_running() or not self._is_put_down())

    def is_masked(self) -> bool:
        """Has an administrator forbidden systemd to start it?"""
        return self._state().is_masked

    def _is_put_down(self) -> bool:
        # One that ran without systemd is the watch's, whatever systemd knows of the unit.
        if self._pid_file.exists():
            return False
        state = self._state()
        return state.is_masked or (not self._paused.exists() and state.is_put_down)

    def _state(self) -> State:
        return state_of(self._known_unit) if self._known_unit else State()

    def start(self) -> bool:
        """Up and answering when this returns True."""
        self._stopped.unlink(missing_ok=True)
        if not self.is_running():
            self._launch()
        answers = _until(self.is_healthy, START_SECONDS, alive=self._may_still_start)
        if self.is_running():
            self._paused.unlink(missing_ok=True)
        if self._process is not None:
            self._process.returncode = 0  # Popen would complain that its child still runs, which is the purpose
        return answers

    def _may_still_start(self) -> bool:
        return not self._is_refused and (self._process is None or self._process.poll() is None)

    def _launch(self) -> None:
        if self.unit:
            # At boot its job may wait for that of whoever asks; whether it came up is seen by its answer.
            done = subprocess.run(["systemctl", "--no-block", "start", self.unit], check=False)
            self._is_refused = done.returncode != 0
            return
        if self._state().is_coming:  # a second one of ours would make it try in vain for ever
            return
        self.rotate()
        lowered = {"user": self.owner.uid, "group": self.owner.gid, "extra_groups": self.owner.groups}
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [str(self.home.command), "serve", "--bind", self.bind],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.home.folder,
                env=clean_environment(),
                start_new_session=True,  # a web server or a shell that ends must not take it along
                **(lowered if os.geteuid() == 0 else {}),  # type: ignore[call-overload]
            )
        write_private(self._pid_file, f"{self._process.pid}\n", 0o640)
        self._give_away(self._log, self._pid_file)

    def _give_away(self, *files: Path) -> None:
        if os.geteuid() == 0:
            for file in files:
                os.chown(file, self.owner.uid, self.owner.gid)

    def stop(self, *, for_good: bool = True) -> bool:
        """Down when this returns True. ``for_good``: until somebody starts it."""
        if for_good:
            self._stopped.touch()
            self._give_away(self._stopped)
        if self.unit:
            if not for_good:
                self._paused.touch()
                self._give_away(self._paused)
            # It may be gone after a removal; whether the service is down is asked below.
            subprocess.run(["systemctl", "-q", "stop", self.unit], check=False, stderr=subprocess.DEVNULL)
        for number, seconds in ((signal.SIGTERM, STOP_SECONDS), (signal.SIGKILL, 2.0)):
            self._signal(number)
            if _until(lambda: not self.is_running(), seconds):
                self._pid_file.unlink(missing_ok=True)
                return True
        return False

    def _signal(self, number: signal.Signals) -> None:
        for pid in self._pids():
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, number)

    def _pids(self) -> Iterator[int]:
        """Processes that are our service: of this home's code, whoever started them."""
        for entry in Path("/proc").glob("[0-9]*"):
            if self._is_service(int(entry.name)):
                yield int(entry.name)

    def _is_service(self, pid: int) -> bool:
        try:
            words = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
        except OSError:
            return False
        places = {f"{self.home.folder}/", f"{self.home.folder.resolve()}/"}
        return "serve" in words and any(word.startswith(tuple(places)) for word in words)

    def restart(self) -> bool:
        return self.stop(for_good=False) and self.start()

    def watch(self) -> str:
        """What the job of each minute does: nothing while all is well. Returns what it did."""
        with held(self.home.folder / "watch.lock") as mine:
            if not mine or not self.wants_to_run() or self._is_somebody_at_work():
                return "nothing"
            self.rotate()
            if not self.is_running():
                self._launch()
                return "started"
            return self._nurse()

    def _is_somebody_at_work(self) -> bool:
        """An installer that holds the home, or systemd that is about to start the service."""
        with held(self.home.folder, os.O_RDONLY | os.O_DIRECTORY) as free:
            if not free:
                return True
        return not self.is_running() and self._state().is_coming

    @contextmanager
    def kept_down(self) -> Iterator[None]:
        """While the program is changed: a service that is stopped now is not brought back by systemd until the end."""
        handle = os.open(self.home.packages, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(handle, fcntl.LOCK_SH)  # several may change it, one inside the other; the unit looks for none
            yield
        finally:
            os.close(handle)

    def _nurse(self) -> str:
        count = self.home.folder / "work" / "unanswered"
        if self.is_healthy():
            count.unlink(missing_ok=True)
            return "nothing"
        failed = len(count.read_bytes()) + 1 if count.exists() else 1
        count.write_bytes(b"." * failed)
        self._give_away(count)
        if failed < PATIENCE:
            return "waits"
        count.unlink(missing_ok=True)
        self.stop(for_good=False)
        self._launch()
        return "restarted"

    def rotate(self) -> None:
        """Copied and cut: the service goes on writing to the same file."""
        with suppress(OSError):
            if self._log.stat().st_size > LOG_BYTES:
                self._log.with_suffix(".log.1").write_bytes(self._log.read_bytes())
                os.truncate(self._log, 0)
                self._give_away(self._log.with_suffix(".log.1"))

    def status(self) -> dict[str, object]:
        return {
            "running": self.is_running(),
            "answers": self.is_healthy(),
            "wanted": self.wants_to_run(),
            "address": self.bind,
            "log": str(self._log),
        }

    def last_words(self, lines: int = 12) -> str:
        """The end of the log, for a message."""
        with suppress(OSError):
            return "\n".join(self._log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])
        return ""


def _until(true: Callable[[], bool], seconds: float, alive: Callable[[], bool] = lambda: True) -> bool:
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline or not alive():
            return true()
        time.sleep(_STEP)
    return True


def main(arguments: list[str]) -> int:
    """0 when it is as asked; ``status``: 0 running, 3 not."""
    control = Control(Path(__file__).resolve().parents[3])
    if os.geteuid() not in (0, control.owner.uid):
        sys.stderr.write(f"Run this as root or as {control.owner.name}.\n")
        return 1
    order = arguments[0] if arguments else ""
    if order == "status":
        sys.stdout.write(json.dumps(control.status(), indent=2) + "\n")
        return 0 if control.is_running() else 3
    if order == "watch":
        sys.stdout.write(control.watch() + "\n")
        return 0
    orders = {"start": control.start, "stop": control.stop, "restart": control.restart}
    if order not in orders:
        sys.stderr.write("itgrix-service start|stop|restart|status|watch\n")
        return 2
    if orders[order]():
        return 0
    sys.stderr.write(control.last_words() + "\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
