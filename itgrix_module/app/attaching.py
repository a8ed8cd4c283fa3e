# SPDX-License-Identifier: GPL-3.0-or-later
"""What is done with the recording of one call: found, prepared, and given to the portal as the rules say."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from itgrix_module.app import hook_inputs
from itgrix_module.app.activity_links import put_link
from itgrix_module.app.errand_ports import ErrandPortal
from itgrix_module.app.hook_answers import Decision, asked
from itgrix_module.app.hook_inputs import Scene
from itgrix_module.app.hooking import Hooks, NoHooks
from itgrix_module.app.ports import CallRow, Lane, PortalSide, StoredStep
from itgrix_module.app.recording_ports import Archive, LinkPortal, Preparer, Recording, RecordingPortal
from itgrix_module.app.recording_rules import Decided, Mode, RecordingRules
from itgrix_module.domain.failures import NeedsOwner, Permanent

FILE_HOOK, ATTACH_HOOK = "process_record_file_path", "customize_attach_record_url"
NOT_FINISHED = Permanent(
    "not_finished",
    "The portal has not closed the call, so nothing can be attached to it.",
    "Retry what failed before it in the same call first.",
)
_NO_LINKS = NeedsOwner(
    "links_unavailable", "Links to recordings are not available here.", "Choose upload for recordings."
)


def _no_scene(call: CallRow, portal: PortalSide, record: str) -> Scene:  # noqa: ARG001
    raise AssertionError("customizations need to know the call")


@dataclass(frozen=True)
class Customs:
    """``scene``: what a customization is told of a call; its last argument is the link to the recording or empty."""

    hooks: Hooks = field(default_factory=NoHooks)
    scene: Callable[[CallRow, PortalSide, str], Scene] = _no_scene


@dataclass(frozen=True)
class Linking:
    """All that recordings need besides their upload. ``label``: what stands before a link in an activity."""

    archive: Archive
    portal: LinkPortal
    activities: ErrandPortal
    label: Callable[[], str] = lambda: "Recording"


@dataclass(frozen=True)
class Outcome:
    """What became of a recording. ``text``: why nothing was attached, or what was done instead; else empty.

    ``file_id``: the portal's, empty when it has none of it. ``request``: what was asked, for the timeline.
    ``is_linked``: the portal has, or has used, a link to our copy.
    """

    text: str = ""
    file_id: str = ""
    left_out: tuple[str, ...] = ()
    request: Mapping[str, Any] = field(default_factory=dict)
    is_linked: bool = False


@dataclass
class _Job:
    """One recording on its way. ``notes``: what the timeline shall tell besides; ``given``: a customization's file.

    ``sent``: what earlier attempts have stored, and this one.
    """

    lane: Lane
    step: StoredStep
    deadline: float
    notes: list[str]
    given: str = ""
    sent: dict[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        self.sent = dict(self.step.sent or {})

    @property
    def call(self) -> CallRow:
        return self.lane.call

    @property
    def paths(self) -> list[str]:
        return list(self.step.payload["paths"])

    @property
    def name(self) -> str:
        return f"{self.call.node}-{self.call.linkedid}"


@dataclass(frozen=True)
class Reports:
    """What the one who works on the outbox wants to hear, and says.

    ``remember``: stores what a customization decided, so that a repeat is the same, and that the portal was asked.
    ``made``: a file could be prepared. ``may_link``: raises a Failure while the portal is known not to reach us.
    """

    remember: Callable[[int, Mapping[str, Any]], None]
    made: Callable[[], None]
    may_link: Callable[[], None]


class Attacher:
    """Attaches recordings, one after the other."""

    def __init__(
        self,
        portal: RecordingPortal,
        recordings: Preparer,
        rules: Callable[[], RecordingRules],
        linking: Linking | None,
        customs: Customs,
        reports: Reports,
    ) -> None:
        self._portal, self._recordings, self._rules = portal, recordings, rules
        self._linking, self._customs, self._reports = linking, customs, reports

    def attach(self, lane: Lane, step: StoredStep, deadline: float, notes: list[str]) -> Outcome:
        """``deadline``: epoch second after which nothing is waited for; ``notes``: gets lines for the timeline.

        Raises Failure; the notes count then as well.
        """
        job = _Job(lane, step, deadline, notes)
        if lane.portal.left_out:
            return Outcome("the portal is not told of this call")
        if not lane.portal.finished:
            raise NOT_FINISHED.with_traceback(None)
        rules = self._rules()
        decided = _by_hand(rules.decide(lane.call), step)
        if decided.mode is Mode.OFF:
            return Outcome(decided.why)
        if decided.mode is Mode.LINK and rules.to_activity:
            return self._into_activity(job)
        return self._to_player(job, linked=decided.mode is Mode.LINK)

    # -- the portal's player

    def _to_player(self, job: _Job, *, linked: bool) -> Outcome:
        url = self._archive.portal_link(job.call) if linked else ""
        if linked:
            self._reports.may_link()
        if there := self._is_there(job):
            return Outcome(file_id=there)
        made = self._made(job)
        if made is None:
            return Outcome(job.notes.pop())
        wanted = self._wanted_fields(job, made, url)
        if wanted.cancelled:
            return Outcome(job.notes.pop())
        self._remember(job, asked=True)
        file_id = self._sent(job, made, wanted.value, url)
        if self._linking is not None:
            self._linking.archive.done(job.call, made, job.paths, job.given)
        shown = {key: value for key, value in wanted.value.items() if key != "RECORD_URL"}
        return Outcome("", file_id, made.left_out, shown, "RECORD_URL" in wanted.value)

    def _is_there(self, job: _Job) -> str:
        """What an attempt whose answer was lost has attached; a recording sent again by hand replaces the old one."""
        is_open = job.step.unsure or job.sent.get("asked")
        found = self._portal.record_of(job.lane.portal.call_id) if is_open else ""
        return found if found != job.lane.portal.record_file_id else ""

    def _remember(self, job: _Job, **decided: object) -> None:
        """Stored before it is acted upon: a service that is killed in between must know of it."""
        job.sent |= decided
        self._reports.remember(job.step.id, job.sent)

    def _wanted_fields(self, job: _Job, made: Recording, url: str) -> Decision:
        fields = hook_inputs.attach_fields(job.lane.portal.call_id, made.filename, url)
        decision = self._asked(
            job, ATTACH_HOOK, lambda scene: hook_inputs.customize_attach_record_url(scene, fields), fields, url
        )
        problem = "" if decision.cancelled else _problem(decision.value)
        if not problem:
            return decision
        told = f"customization {ATTACH_HOOK}: its answer cannot be used: {problem}; the default goes ahead"
        job.notes[-1:] = [told]  # in place of what it changed
        return Decision(fields)

    def _sent(self, job: _Job, made: Recording, fields: Mapping[str, Any], url: str) -> str:
        if "RECORD_URL" not in fields:
            return self._portal.attach(job.lane.portal.call_id, made.path, fields["FILENAME"])
        if self._linking is None:
            raise _NO_LINKS.with_traceback(None)
        if fields["RECORD_URL"] == url:
            self._linking.archive.keep(job.call, made, job.paths, job.given)
        return self._linking.portal.attach_fields(fields)

    # -- a link in the activity

    def _into_activity(self, job: _Job) -> Outcome:
        url = self._archive.people_link(job.call)
        activity = job.lane.portal.activity_id
        if not activity:
            return Outcome("the call has no activity in the CRM that could hold the link")
        made = self._made(job)
        if made is None:
            return Outcome(job.notes.pop())
        assert self._linking is not None
        archive = self._linking.archive
        archive.keep(job.call, made, job.paths, job.given)
        put_link(
            self._linking.activities,
            activity,
            url,
            self._linking.label(),
            lambda token: archive.leads_to(token, job.call),
        )
        archive.linked(made)
        return Outcome("the link to the recording is in the call's activity", left_out=made.left_out, is_linked=True)

    # -- the file

    @property
    def _archive(self) -> Archive:
        if self._linking is None:
            raise _NO_LINKS.with_traceback(None)
        return self._linking.archive

    def _made(self, job: _Job) -> Recording | None:
        """The mp3; None when a customization keeps it here, for the reason that the last note tells."""
        if self._linking is not None and not self._ask_for_file(job, self._linking.archive):
            return None
        made = self._prepared(job)
        self._reports.made()
        return made

    def _prepared(self, job: _Job) -> Recording:
        if job.given and self._linking is not None:
            return self._linking.archive.prepare_given(job.given, job.name, job.deadline)
        return self._recordings.prepare(job.paths, job.name, job.call.started, job.deadline)

    def _ask_for_file(self, job: _Job, archive: Archive) -> bool:
        """False when a customization keeps the recording here. It is asked once, when all files are complete."""
        known = job.sent.get("given")
        if known or not self._customs.hooks.is_on(FILE_HOOK):
            job.given = str(known or "")
            return True
        found = archive.complete(job.paths, job.call.started, job.deadline)
        decision = self._asked(
            job, FILE_HOOK, lambda scene: hook_inputs.process_record_file_path(scene, found), tuple(found)
        )
        if decision.cancelled:
            return False
        if decision.value != tuple(found):
            job.given = decision.value[0]
            self._remember(job, given=job.given)
        return True

    def _asked(
        self, job: _Job, name: str, given: Callable[[Scene], Mapping[str, Any]], default: Any, record: str = ""
    ) -> Decision:
        scene = self._customs.scene
        decision = asked(self._customs.hooks, name, lambda: given(scene(job.call, job.lane.portal, record)), default)
        if decision.told:
            job.notes.append(decision.told)
        return decision


def _by_hand(decided: Decided, step: StoredStep) -> Decided:
    """A person who sends a recording wants it sent, whatever the rules say of others."""
    if decided.mode is Mode.OFF and step.payload.get("by_hand"):
        return Decided(Mode.UPLOAD, "sent by hand")
    return decided


def _problem(fields: Mapping[str, Any]) -> str:
    """What a customization must not do to attachRecord, besides what is checked of all requests."""
    name, url = fields.get("FILENAME"), fields.get("RECORD_URL")
    if url is None and name is None:
        return "FILENAME is missing"
    if url is not None and not (isinstance(url, str) and url.isprintable() and url.startswith(("http://", "https://"))):
        return "RECORD_URL must be an address"
    if name is not None and not _is_name(name):
        return "FILENAME must be a name that ends with .mp3 or .wav"
    return ""


def _is_name(name: Any) -> bool:
    if not isinstance(name, str) or len(name) > 200 or not name.isprintable() or "/" in name:
        return False
    return name.casefold().endswith((".mp3", ".wav"))
