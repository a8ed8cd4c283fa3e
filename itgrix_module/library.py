# SPDX-License-Identifier: GPL-3.0-or-later
"""Recordings as the uploader, the pages behind links and the commands need them, by the settings of this moment."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from itgrix_module.app.links import (
    DAY,
    PORTAL_LIFE,
    Access,
    Audience,
    BadLink,
    Gone,
    Link,
    Preparing,
    Ready,
    Signer,
    link_address,
)
from itgrix_module.app.ports import CallRow
from itgrix_module.app.recording_ports import Recording
from itgrix_module.domain.failures import Failure, NeedsOwner
from itgrix_module.keeping import Keeping, Note
from itgrix_module.media import prepare as media
from itgrix_module.media.cache import plain_name
from itgrix_module.media.find import locate_all
from itgrix_module.place import Place
from itgrix_module.remaking import Remaking
from itgrix_module.storage.queries import CallStory

log = logging.getLogger("itgrix.recordings")

WORK_KEPT = DAY  # seconds that a file under preparation may lie unused
_NAMED = "RecordingNamed"  # the fact that tells of a recording


class Library:
    """Fulfils ``app.recording_ports.Preparer`` and ``Archive``, and ``app.links.LinkedRecordings``. Thread-safe.

    ``settings``: asked each time. ``story``: all about a call. ``stop``: set when the service stops.
    """

    def __init__(
        self,
        place: Place,
        settings: Callable[[], Mapping[str, Any]],
        story: Callable[[str, str], CallStory | None],
        stop: threading.Event | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._place, self._settings, self._story, self._clock = place, settings, story, clock
        self._stop = stop or threading.Event()
        self._signer = Signer(lambda: keys_of(place.key_file))
        self._remaking = Remaking(self._remake, self._stop, clock)
        self.copies = Keeping(place.home / "recordings")

    def close(self) -> None:
        """End what runs in the background."""
        self._remaking.close()

    # -- app.recording_ports.Preparer and Archive

    def prepare(self, paths: Sequence[str], name: str, started: float, deadline: float) -> Recording:
        """See the port."""
        return self._prepared(paths, self._settings()["recordings.directory"], name, started, deadline)

    def prepare_given(self, path: str, name: str, deadline: float) -> Recording:
        """See the port. The administrator's script chose the file, so it may lie anywhere."""
        return self._prepared([path], str(Path(path).parent), name, None, deadline)

    def _prepared(
        self, paths: Sequence[str], directory: str, name: str, started: float | None, deadline: float
    ) -> Recording:
        made = media.prepare(
            paths,
            directory=directory,
            work_dir=self._place.work,
            bitrate=self._settings()["recordings.bitrate"],
            name=name,
            started=started,
            deadline=deadline,
            stop=self._stop,
        )
        return Recording(str(made.path), made.filename, made.seconds, made.left_out)

    def complete(self, paths: Sequence[str], started: float, deadline: float) -> tuple[str, ...]:
        """See the port."""
        directory = self._settings()["recordings.directory"]
        found = media.complete(paths, directory=directory, started=started, deadline=deadline, stop=self._stop)
        return tuple(map(str, found))

    def keep(self, call: CallRow, made: Recording, paths: Sequence[str], given: str) -> None:
        """See the port."""
        settings = self._settings()
        linked = self._expiry(call, Audience.PEOPLE) if settings["recordings.link_to"] == "activity" else 0.0
        note = Note(call.node, call.linkedid, call.started, tuple(paths), given, linked, self._clock())
        self.copies.keep(call, Path(made.path), note, ours=self._is_ours(made))

    def _is_ours(self, made: Recording) -> bool:
        return Path(made.path).parent == self._place.work.absolute()

    def done(self, call: CallRow, made: Recording, paths: Sequence[str], given: str) -> None:
        """See the port. An mp3 that the PBX itself made is kept by the PBX."""
        if self._settings()["recordings.keep_days"] == 0:
            self.copies.remove(call)
        elif self._is_ours(made):
            self._keep_if_possible(call, made, paths, given)
        self._clear_work(made)

    def linked(self, made: Recording) -> None:
        """See the port."""
        self._clear_work(made)

    def _keep_if_possible(self, call: CallRow, made: Recording, paths: Sequence[str], given: str) -> None:
        try:
            self.keep(call, made, paths, given)
        except Failure as failure:
            # The portal has the recording; a copy is only a convenience.
            log.info("no copy of the recording of call %s is kept: %s", call.linkedid, failure)

    def _clear_work(self, made: Recording) -> None:
        if self._is_ours(made):
            for path in (Path(made.path), Path(made.path).with_suffix(".json")):
                with suppress(OSError):
                    path.unlink(missing_ok=True)

    # -- links

    def portal_link(self, call: CallRow) -> str:
        """See the port."""
        return self.link(call, Audience.PORTAL)

    def people_link(self, call: CallRow) -> str:
        """See the port."""
        return self.link(call, Audience.PEOPLE)

    def link(self, call: CallRow, audience: Audience) -> str:
        """Address of a call's recording. Raises NeedsOwner ``public_address_missing``, ``public_address_wrong``."""
        address = self._settings()["portal.public_url"]
        if not address:
            raise NeedsOwner(
                "public_address_missing",
                "links to recordings need the address under which this service is reached from outside",
                "Set portal.public_url, or choose upload for recordings. Until then recordings wait, calls go on.",
            )
        token = self._signer.sign(Link(call.node, call.linkedid, audience, self._expiry(call, audience)))
        try:
            return link_address(address, token)
        except ValueError as error:
            raise NeedsOwner(
                "public_address_wrong",
                f"portal.public_url cannot be used for links to recordings: {error}",
                "Enter it as https://pbx.example.com, with a port and a path where they are needed.",
            ) from None

    def _expiry(self, call: CallRow, audience: Audience) -> float:
        """The same each time for people's links, so that a link written again is the same."""
        if audience is Audience.PORTAL:
            return self._clock() + PORTAL_LIFE
        return (call.ended or call.started) + float(self._settings()["recordings.link_days"]) * DAY

    def leads_to(self, token: str, call: CallRow) -> bool:
        """See the port."""
        found = self._signer.read(token, 0.0)
        return isinstance(found, Link) and (found.node, found.linkedid) == (call.node, call.linkedid)

    def read(self, token: str) -> Link | BadLink:
        """See the port."""
        return self._signer.read(token, self._clock())

    def access(self) -> Access:
        """See the port."""
        return Access.of(self._settings())

    # -- what a link leads to

    def file(self, call: CallRow) -> Ready | Preparing | Gone:
        """See the port."""
        copy = self.copies.find(call)
        if copy is not None:
            self.copies.use(copy, self._clock())
            return Ready(copy)
        under_way = self._remaking.state(call)
        if under_way is not None:
            return under_way
        return self._remaking.begin(call) if self.sources(call) else Gone()

    def sources(self, call: CallRow) -> list[Path]:
        """The files that a copy can be made of now: the one that a customization made, else the PBX's own."""
        paths, given = self.named(call)
        if given and Path(given).is_file():
            return [Path(given)]
        return self.located(paths, call.started)

    def located(self, paths: Iterable[str], started: float) -> list[Path]:
        """Those of the PBX's recordings that are there, in order. What cannot be read counts as not there."""
        directory: str = self._settings()["recordings.directory"]
        found: list[Path] = []
        for path in paths:
            with suppress(Failure):
                found += locate_all(path, directory, started)
        return list(dict.fromkeys(found))

    def named(self, call: CallRow) -> tuple[list[str], str]:
        """A call's recordings as the PBX named them, and the file that a customization made of them (or empty).

        From the last decision to attach them, else from what the PBX said while the call went on.
        """
        story = self._story(call.node, call.linkedid)
        if story is None:
            return [], ""
        steps = [step for step in story.steps if step.kind == "attach"]
        if steps:
            sent = steps[-1].sent
            given = sent.get("given", "") if isinstance(sent, Mapping) else ""
            return list(steps[-1].payload.get("paths", ())), str(given or "")
        told = (entry.data.get("path") for entry in story.timeline if entry.text == _NAMED)
        return list(dict.fromkeys(path for path in told if isinstance(path, str) and path)), ""

    def _remake(self, call: CallRow) -> None:
        """Make a copy anew of what is there. Raises Failure."""
        paths, given = self.named(call)
        name, now = f"{plain_name(f'{call.node}-{call.linkedid}')}-again", self._clock()
        given = given if given and Path(given).is_file() else ""
        made = self.prepare_given(given, name, now) if given else self.prepare(paths, name, call.started, now)
        try:
            self.keep(call, made, paths, given)
        finally:
            self._clear_work(made)

    # -- the timetable

    def prune(self, now: float | None = None) -> int:
        """Remove copies and leftovers whose time has come; returns how many copies."""
        at = self._clock() if now is None else now
        removed = self.copies.prune(at, self._settings()["recordings.keep_days"], self._can_be_made)
        media.cleanup(self._place.work, WORK_KEPT, clock=lambda: at)
        if removed:
            log.info("%d copies of recordings removed", removed)
        return removed

    def _can_be_made(self, note: Note) -> bool:
        if note.given and Path(note.given).is_file():
            return True
        parts = [self.located([path], note.started) for path in note.paths]
        return bool(parts) and all(parts)


def keys_of(file: Path) -> tuple[bytes, ...]:
    """The installation's keys, the newest first. Raises NeedsOwner."""
    try:
        keys = tuple(file.read_bytes().split())
    except OSError as error:
        raise NeedsOwner(
            "key_unreadable",
            f"the key file {file} cannot be read ({error.strerror})",
            "Give it to the user of the service.",
        ) from None
    if not keys:
        raise NeedsOwner("key_damaged", f"the key file {file} holds no key", "Put the one of the backup back.")
    return keys
