# SPDX-License-Identifier: GPL-3.0-or-later
"""One call whose recording waits, with copies, a portal that fetches and scripts in the test's hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from itgrix_module.app.attaching import Customs, Linking
from itgrix_module.app.call_full import Known
from itgrix_module.app.errand_ports import Record, SetFields
from itgrix_module.app.hook_inputs import Scene
from itgrix_module.app.hook_trial import Roster
from itgrix_module.app.hooking import Said
from itgrix_module.app.ports import CallRow, PortalSide
from itgrix_module.app.recording_ports import Recording
from itgrix_module.app.recording_rules import RecordingRules
from itgrix_module.app.upload import Uploader
from itgrix_module.domain.failures import Failure, NeedsOwner, Temporary
from tests.app.desk import Desk, Portal, Shelf, attach

SIDE = PortalSide(call_id="C", finished=True, activity_id="7")
UPLOAD, OFF = RecordingRules(), RecordingRules("off")
PLAYER, ACTIVITY = RecordingRules("link"), RecordingRules("link", to_activity=True)
FILE, URL = "process_record_file_path", "customize_attach_record_url"
LINK = "https://pbx/recordings/OURS"
NO_ADDRESS = NeedsOwner("public_address_missing", "links need an address", "Set portal.public_url.")
UNREACHED = Temporary("record_url_failed", "it could not fetch", "check the address", retry_after=300.0)
MISSING = Temporary("recording_missing", "not there", retry_after=5.0)


@dataclass
class Copies:
    """``wrong``: what keeps links from being made."""

    wrong: Failure | None = None
    incomplete: list[Failure] = field(default_factory=list)
    given: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    over: list[str] = field(default_factory=list)

    def complete(self, paths: Sequence[str], started: float, deadline: float) -> tuple[str, ...]:
        if self.incomplete:
            raise self.incomplete.pop(0)
        return tuple(f"/real{path}" for path in paths)

    def prepare_given(self, path: str, name: str, deadline: float) -> Recording:
        self.given.append(path)
        return Recording("/copies/given.mp3", "given.mp3", 2.0)

    def keep(self, call: CallRow, made: Recording, paths: Sequence[str], given: str) -> None:
        self.kept.append(made.path)

    def done(self, call: CallRow, made: Recording, paths: Sequence[str], given: str) -> None:
        self.over.append(made.path)

    def linked(self, made: Recording) -> None:
        self.over.append(made.path)

    def portal_link(self, call: CallRow) -> str:
        if self.wrong is not None:
            raise self.wrong
        return LINK

    people_link = portal_link

    def leads_to(self, token: str, call: CallRow) -> bool:
        return token.startswith("OURS")


@dataclass
class Fetching:
    """The portal that fetches recordings, and its activities."""

    answers: list[Failure] = field(default_factory=list)
    fields: list[dict[str, Any]] = field(default_factory=list)
    activity: dict[str, Any] = field(default_factory=dict)
    writes: int = 0

    def attach_fields(self, fields: Mapping[str, Any]) -> str:
        self.fields.append(dict(fields))
        if self.answers:
            raise self.answers.pop(0)
        return "99"

    def ask(self, asked: Sequence[Any]) -> list[Any]:
        (one,) = asked
        if self.answers:
            return [self.answers.pop(0)]
        if isinstance(one, Record):
            assert (one.kind, one.id) == ("ACTIVITY", "7")
            return [dict(self.activity)]
        assert isinstance(one, SetFields)
        self.activity |= one.fields
        self.writes += 1
        return [True]


@dataclass
class Scripts:
    """Customizations that are on, with their answers."""

    says: dict[str, Said] = field(default_factory=dict)
    asked: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)

    def is_on(self, name: str) -> bool:
        return name in self.says

    def ask(self, name: str, params: Mapping[str, Any]) -> Said:
        self.asked.append((name, params))
        return self.says[name]


class House:
    def __init__(
        self,
        rules: RecordingRules,
        says: Mapping[str, Said] | None = None,
        *,
        side: PortalSide = SIDE,
        portal: Portal | None = None,
        shelf: Shelf | None = None,
        by_hand: bool = False,
    ) -> None:
        self.rules, self.copies, self.fetching, self.scripts = rules, Copies(), Fetching(), Scripts(dict(says or {}))
        self.desk = Desk(portal or Portal(), shelf=shelf or Shelf())
        desk = self.desk
        desk.uploader = Uploader(
            desk.stores.outbox,
            desk.portal,
            desk.shelf,
            desk.standing,
            desk.clock,
            lambda: 0.5,
            "me:up",
            rules=lambda: self.rules,
            linking=Linking(self.copies, self.fetching, self.fetching),
            customs=Customs(self.scripts, scene),
        )
        step = attach()
        payload = {**step.payload, "by_hand": True} if by_hand else step.payload
        desk.call("1.1", type(step)(step.kind, payload, step.priority, step.due_at, step.decided_at), side=side)

    def run(self, seconds: float = 1) -> None:
        until = self.desk.clock.now + seconds
        while self.desk.clock.now < until:
            self.desk.uploader.upload_due()
            self.desk.clock.now += 1.0

    @property
    def state(self) -> str:
        return self.desk.states()["attach"]

    @property
    def uploaded(self) -> list[tuple[str, str]]:
        return self.desk.portal.attached

    def told(self) -> list[str]:
        return self.desk.told()


def scene(call: CallRow, side: PortalSide, record: str) -> Scene:
    return Scene({"record": record}, "call_ended", {}, Known(Roster(())))


def said(data: object) -> Said:
    return Said(data=data)


CANCEL, BROKEN = Said(cancelled=True), Said(failure="customization x (x.php): ended with status 1")
