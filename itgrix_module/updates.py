# SPDX-License-Identifier: GPL-3.0-or-later
"""Updates of an installation: looks for new versions, starts an update that a person ordered, tells of both.

The update itself runs in a process of its own (``updating``), since the service is stopped and replaced by it.
"""

from __future__ import annotations

import logging
import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from itgrix_module import feed as releases
from itgrix_module.app import update_run
from itgrix_module.app.health import Check, Level
from itgrix_module.app.update_run import Run
from itgrix_module.app.update_words import version_check
from itgrix_module.app.updates import Checked, Feed, Outlook, Release, UpdateState, feed_of, outlook
from itgrix_module.domain.failures import Failure, NeedsOwner, Permanent
from itgrix_module.domain.versions import is_newer, rank
from itgrix_module.update_files import UpdateFiles
from itgrix_module.update_hands import hand_of
from itgrix_module.update_process import spawn

log = logging.getLogger("itgrix.operations")

DAY, AGAIN = 86_400.0, 4 * 3600.0  # seconds until the next look, after a good one and after one that failed
JITTER = 0.25  # of that time: not everybody asks at the same moment
FIRST = 900.0  # seconds after the first start within which the first look is


class Updates:
    """Thread-safe. ``settings``: asked each time; ``key``: of those who publish, None where this is no release."""

    def __init__(
        self,
        home: Path,
        settings: Callable[[], Mapping[str, Any]],
        installed: str,
        *,
        key: Callable[[], Ed25519PublicKey | None] = releases.shipped_key,
        shipped_url: Callable[[], str] = releases.shipped_url,
        clock: Callable[[], float] = time.time,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.files, self.installed = UpdateFiles(home), installed
        self._settings, self._key, self._shipped_url = settings, key, shipped_url
        self._clock, self._chance = clock, chance
        self._one = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._known: tuple[object, Feed | None] = (None, None)

    # -- the look

    @property
    def shipped_url(self) -> str:
        """What FreePBX knows as well."""
        return self._shipped_url()

    @property
    def url(self) -> str:
        """Where the list is; empty where nobody said."""
        return str(self._settings()["updates.url"]) or self._shipped_url()

    def look(self) -> None:
        """The job: looks when it is due. Never raises Failure; what failed is kept for those who ask."""
        if self._child is not None and self._child.poll() is not None:
            self._child = None
        if not self._settings()["updates.check"] or not self.url:
            return
        now, checked = self._clock(), self.files.checked()
        # A clock that was set back must not put the next look off for years.
        if not checked.next_at or checked.next_at - now > DAY * (1 + JITTER):
            self._keep(replace(checked, next_at=now + FIRST * self._chance()))
        elif now >= checked.next_at:
            self._checked_quietly()

    def _checked_quietly(self) -> None:
        before = self.files.checked().code
        try:
            self.check()
        except Failure as failure:
            log.log(logging.DEBUG if failure.code == before else logging.WARNING, "new versions: %s", failure)

    def check(self) -> UpdateState:
        """Look now. Raises Failure, which is kept as well."""
        with self._one:
            try:
                self._check()
            except Failure as failure:
                before, now = self.files.checked(), self._clock()
                after = now + AGAIN * (1 + JITTER * self._chance())
                self._keep(Checked(now, before.good_at, after, failure.code, failure.text, failure.hint))
                raise
        return self.state()

    def _check(self) -> None:
        key, url = releases.needed(self._key()), self.url
        if not url:
            raise NeedsOwner(
                "updates_no_url", "nobody has said where the list of releases is", "Enter its address: updates.url."
            )
        text = releases.fetch_list(url)
        found = feed_of(releases.believed(text, key))
        known = self._feed()
        if known is not None and found.issued < known.issued:
            raise Permanent(
                "updates_replayed",
                "the list of releases is older than one that was seen before",
                "Nothing was taken from it. If this stays so, ask support: somebody may be holding updates back.",
            )
        self.files.write(self.files.list.name, text)
        now = self._clock()
        self._keep(Checked(now, now, now + DAY * (1 + JITTER * self._chance())))

    def _keep(self, checked: Checked) -> None:
        try:
            self.files.note_check(checked)
        except Failure as failure:
            # The check of the disk tells of it.
            log.debug("when the next look for new versions is could not be kept: %s", failure)

    def _feed(self) -> Feed | None:
        """The newest list that was good, its signature checked again; None when there is none."""
        try:
            stat = self.files.list.stat()
            seen = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
        except OSError:
            return None
        if self._known[0] != seen:
            self._known = seen, self._read()
        return self._known[1]

    def _read(self) -> Feed | None:
        try:
            key = self._key()
            return None if key is None else feed_of(releases.believed(self.files.list.read_bytes(), key))
        except (Failure, OSError) as error:
            log.warning("the list of releases that was kept is not usable: %s", error)
            return None

    # -- what is shown

    def outlook(self) -> Outlook | None:
        """What the newest good list means for this version; None when there is none."""
        feed = self._feed()
        return outlook(self.installed, feed, self._clock()) if feed is not None else None

    def state(self) -> UpdateState:
        """Everything for the panel and the command."""
        is_running = self.files.is_running()
        return UpdateState(
            self.installed,
            bool(self._settings()["updates.check"]),
            self.url,
            self.files.checked(),
            self.outlook(),
            self.files.run().as_data(),
            is_running,
            self._obstacle(),
        )

    def _obstacle(self) -> str:
        """Why no update can be started here; empty when one can."""
        try:
            hand_of(self.files.home).check()
        except Failure as failure:
            return failure.text
        return ""

    def said(self) -> str:
        """What the last update said."""
        return self.files.said()

    def checks(self) -> tuple[Check, ...]:
        """The part ``version`` of the health; nothing where nobody looks for versions."""
        checked = self.files.checked()
        if checked.is_suspicious:
            return (Check("version", Level.WARNING, checked.code, checked.text, checked.hint, checked.at),)
        found = self.outlook()
        return () if found is None else (version_check(found),)

    # -- an update

    def start(self, who: str, version: str = "") -> Run:
        """Begin the update to a version, the newest by default; it goes on by itself. Raises Failure."""
        release = self._wanted(version)
        hand_of(self.files.home).check()
        handle = self.files.lock()
        if handle is None:
            raise NeedsOwner("updates_under_way", "an update is under way", "Wait for its end.")
        try:
            now = self._clock()
            run = Run(self.installed, release.version, who, now, step=update_run.DOWNLOAD)
            self.files.note_run(run)
            self._child = spawn(self.files, handle, "forward")
        finally:
            os.close(handle)
        log.warning("update from %s to %s started by %s", run.source, run.target, who)
        return run

    def _wanted(self, version: str) -> Release:
        found = self.outlook()
        if found is None:
            raise NeedsOwner("updates_unknown", "no list of releases was read yet", "Look for new versions first.")
        if version and not _is_newer(version, self.installed):
            raise NeedsOwner(
                "updates_downgrade",
                f"version {self.installed} is installed; {version} is not newer",
                "An older version cannot read the data of a newer one; restore a backup in it instead.",
            )
        release = next((each for each in found.newer if version in ("", each.version)), None)
        if release is None:
            raise NeedsOwner(
                "updates_nothing", "there is no newer version to install", "Look for new versions once more."
            )
        if release.python and sys.version_info[:2] < rank(release.python)[0]:
            raise NeedsOwner(
                "updates_python", f"version {release.version} needs Python {release.python}", "Install that first."
            )
        return release

    def begin(self) -> None:
        """At the start of the service: tell the update that waits for it; end one that was cut off."""
        about = {"version": self.installed, "pid": os.getpid(), "at": self._clock()}
        try:
            self.files.write(self.files.running_version.name, about)
            self._end_what_was_cut_off()
        except Failure as failure:
            log.error("%s", failure)

    def _end_what_was_cut_off(self) -> None:
        run = self.files.run()
        if run.is_over:
            return
        handle = self.files.lock()
        if handle is None:
            return
        try:
            if run.may_have_changed:
                log.warning("the update to %s was cut off: it is brought to an end", run.target)
                self._child = spawn(self.files, handle, "resume")
            else:
                text, hint = "the update was cut off before anything was changed", "Start it again."
                self.files.note_run(run.over(self._clock(), update_run.FAILED, "updates_cut_off", text, hint))
        finally:
            os.close(handle)

    def close(self) -> None:
        """An update goes on without us."""
        if self._child is not None and self._child.poll() is None:
            self._child.returncode = 0  # Popen would complain that its child still runs, which is the purpose


def _is_newer(version: str, than: str) -> bool:
    try:
        return is_newer(version, than)
    except ValueError:
        raise NeedsOwner("updates_no_version", f"{version[:60]!r} is no version", "Such as 1.2.3.") from None
