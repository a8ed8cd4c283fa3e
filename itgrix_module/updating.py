# SPDX-License-Identifier: GPL-3.0-or-later
"""The process of one update: fetch, check, save, install, look whether it works; back if it does not.

Started by ``updates`` with the home, the handle of the lock, and ``forward`` or ``resume`` (after a cut). It runs on
the code of the former version, which stays in the home until the next update. Everything is imported at the begin:
what ``current`` leads to changes meanwhile.
"""

from __future__ import annotations

import os
import shutil
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from installer.control import Control
from installer.words import Refused
from itgrix_module import feed as releases
from itgrix_module.app import update_run as steps
from itgrix_module.app.backups import BEFORE_UPDATE
from itgrix_module.app.update_run import Run
from itgrix_module.app.updates import Release, feed_of
from itgrix_module.core import open_core
from itgrix_module.domain.failures import Failure, NeedsOwner, Permanent
from itgrix_module.domain.versions import is_newer
from itgrix_module.operations import Operations
from itgrix_module.place import Place
from itgrix_module.unpacking import check, unpack
from itgrix_module.update_files import UpdateFiles, read_json
from itgrix_module.update_former import Former, say
from itgrix_module.update_hands import Hand, hand_of

HEALTH_SECONDS = 60.0  # until the new version answers
ROOM = 6  # times the archive's size that must be free
_LOOK = 0.2
_NOTE_EVERY = 2_000_000  # bytes between two notes of the progress


class Updating:
    """One run. ``sleep``, ``clock``: of time."""

    def __init__(
        self,
        place: Place,
        *,
        key: Callable[[], Ed25519PublicKey | None] = releases.shipped_key,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
        health_seconds: float = HEALTH_SECONDS,
    ) -> None:
        self._place, self._key, self._clock, self._sleep = place, key, clock, sleep
        self._health_seconds = health_seconds
        self._files = UpdateFiles(place.home)
        self._hand: Hand = hand_of(place.home)
        self._control = Control(place.home)
        self._former = Former(place, self._control)
        self._run = self._files.run()

    @property
    def result(self) -> Run:
        """How it stands."""
        return self._run

    @property
    def _work(self) -> Path:
        return self._files.work

    def forward(self) -> None:
        """From the begin. Never raises: how it ended is in the files."""
        try:
            self._prepare()
            self._change()
        except Exception as error:
            self._failed(error)
        finally:
            shutil.rmtree(self._work, ignore_errors=True)

    def resume(self) -> None:
        """After a cut while things were changed: on if the new version is there, else back. Never raises."""
        try:
            self._need_target("the update was cut off")
            self._step(steps.INSTALL)
            self._hand.install_former()
            self._wait_for(self._run.target)
            self._over(steps.DONE)
        except Exception as error:
            self._failed(error)

    # -- forward

    def _prepare(self) -> None:
        release = self._release()
        shutil.rmtree(self._work, ignore_errors=True)
        self._work.mkdir(mode=0o750, parents=True)
        archive = self._work / "archive.tgz"
        self._step(steps.DOWNLOAD)
        self._check_room(release)
        releases.fetch_archive(release.archive, archive, self._progress(release.archive.size))
        self._step(steps.CHECK)
        releases.check_archive(archive, release.archive, self._need_key())
        check(unpack(archive, self._work), release.version)
        archive.unlink()
        self._step(steps.BACKUP)
        self._backup()
        self._step(steps.SNAPSHOT)
        self._former.save(self._hand)

    def _release(self) -> Release:
        """Out of the list that was checked, once more."""
        installed = str(read_json(self._place.home / "installed.json").get("version") or self._run.source)
        if not is_newer(self._run.target, installed):
            raise NeedsOwner(
                "updates_downgrade",
                f"version {installed} is installed; {self._run.target} is not newer",
                "An older version cannot read the data of a newer one; restore a backup in it instead.",
            )
        found = feed_of(releases.believed(self._files.list.read_bytes(), self._need_key())).find(self._run.target)
        if found is None:
            raise NeedsOwner("updates_nothing", "there is no newer version to install", "Look for new versions.")
        return found

    def _need_key(self) -> Ed25519PublicKey:
        return releases.needed(self._key())

    def _check_room(self, release: Release) -> None:
        if shutil.disk_usage(self._work).free < ROOM * release.archive.size:
            raise NeedsOwner(
                "updates_disk", "there is too little room on the disk for an update", "Free some space on the disk."
            )

    def _progress(self, size: int) -> Callable[[int], None]:
        noted = 0

        def told(count: int) -> None:
            nonlocal noted
            if count - noted >= _NOTE_EVERY:
                noted = count
                self._note(self._run.at(steps.DOWNLOAD, round(count / size, 3)))

        return told

    def _backup(self) -> None:
        with open_core(self._place) as core:
            say(f"backup: {Operations(core, self._run.source).store.make(BEFORE_UPDATE)}")

    def _change(self) -> None:
        self._step(steps.INSTALL)
        self._hand.install(self._work / "itgrix")
        self._need_target("the new version was not installed")
        self._wait_for(self._run.target)
        self._over(steps.DONE)

    def _need_target(self, otherwise: str) -> None:
        if read_json(self._place.home / "installed.json").get("version") != self._run.target:
            raise Permanent("updates_program", otherwise, "Look into the log of the update.")

    def _wait_for(self, version: str) -> None:
        """Until the service of that version answers. Raises Permanent when it does not."""
        self._step(steps.HEALTH if self._run.step != steps.BACK else steps.BACK)
        if not self._former.is_wanted:
            return  # somebody had stopped it on purpose
        deadline = time.monotonic() + self._health_seconds
        while not self._answers(version):
            if time.monotonic() > deadline:
                said = self._control.last_words()
                say(said)
                raise Permanent(
                    "updates_silent", f"version {version} does not start", "Look into the log of the update."
                )
            self._sleep(_LOOK)

    def _answers(self, version: str) -> bool:
        running = read_json(self._files.running_version).get("version")
        return running == version and self._control.is_running() and self._control.is_healthy()

    # -- back

    def _failed(self, error: Exception) -> None:
        failure = as_failure(error)
        say(f"failed: {failure}")
        if not self._run.may_have_changed:
            self._over(steps.FAILED, failure)
            return
        try:
            self._back()
        except Exception as worse:
            say(f"going back failed: {as_failure(worse)}")
            self._over(steps.BROKEN, failure)
        else:
            self._over(steps.ROLLED_BACK, failure)

    def _back(self) -> None:
        self._step(steps.BACK)
        self._hand.put_back(self._files.before)
        self._former.put_back()
        self._install_former()
        if self._former.is_wanted:
            if not self._answers(self._run.source):
                self._control.stop(for_good=False)
                self._control.start()
            self._wait_for(self._run.source)

    def _install_former(self) -> None:
        """FreePBX may refuse; what counts is that the former version works."""
        try:
            self._hand.install_former()
        except Failure as failure:
            say(f"FreePBX does not take the former version over: {failure}. fwconsole ma install itgrix")

    # -- telling

    def _step(self, name: str) -> None:
        if self._run.step != name or not self._run.part:
            say(f"== {name}")
        self._note(self._run.at(name))

    def _note(self, run: Run) -> None:
        self._run = run
        self._files.note_run(run)

    def _over(self, result: str, failure: Failure | None = None) -> None:
        words = (failure.code, failure.text, failure.hint) if failure else ()
        self._run = self._run.over(self._clock(), result, *words)
        say(f"== {result}")
        # A disk that is full now may have room in a moment.
        for attempt in range(5):
            with suppress(NeedsOwner):
                return self._files.note_run(self._run)
            self._sleep(attempt)
        return None


def as_failure(error: Exception) -> Failure:
    """Whatever it is, in words for the administrator."""
    if isinstance(error, Failure):
        return error
    if isinstance(error, Refused):
        return NeedsOwner("updates_installer", str(error))
    traceback.print_exception(error)
    reason = error.strerror if isinstance(error, OSError) and error.strerror else f"{type(error).__name__}: {error}"
    return Permanent("updates_fault", f"the update failed: {reason}"[:300], "Look into the log of the update.")


def main(arguments: list[str]) -> int:
    """``HOME HANDLE forward|resume``: the handle stays open, and with it the lock, until this process ends."""
    home, handle, way = Path(arguments[0]), int(arguments[1]), arguments[2]
    os.set_inheritable(handle, False)
    os.umask(0o027)
    updating = Updating(Place.of({**os.environ, "ITGRIX_HOME": str(home)}))
    updating.forward() if way == "forward" else updating.resume()
    return 0 if updating.result.result == steps.DONE else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
