# SPDX-License-Identifier: GPL-3.0-or-later
"""What the PBX told us, in words for a person: a table from fact to the function that tells it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import PurePosixPath
from typing import Any

from itgrix_module.app.ports import TimelineEntry
from itgrix_module.domain.facts import Room, Side
from itgrix_module.domain.numbers import is_dialled_number
from web.formatting import is_number, phone
from web.i18n import mark
from web.preferences import text
from web.story import orders
from web.story.line import Line
from web.story.scene import Scene

Data = Mapping[str, Any]
# icon, text, is it technical?, tone
Told = tuple[str, str, bool, str]

_CAUSES = {
    1: mark("no such number"),
    3: mark("no route to the number"),
    16: mark("normal hang-up"),
    17: mark("busy"),
    18: mark("no answer"),
    19: mark("no answer"),
    20: mark("not reachable"),
    21: mark("declined"),
    26: mark("answered elsewhere"),
    27: mark("out of order"),
    28: mark("wrong number format"),
    31: mark("normal hang-up"),
    34: mark("no free channel"),
    38: mark("network out of order"),
    41: mark("temporary failure"),
    42: mark("overload"),
    127: mark("no reason given"),
}
_DIAL_ENDS = {
    "ANSWER": ("answer", mark("{who} answers"), "ok"),
    "BUSY": ("hold", mark("{who} is busy"), ""),
    "NOANSWER": ("missed", mark("{who} does not answer"), ""),
    "CANCEL": ("missed", mark("{who}: the phone stops ringing"), ""),
    "CONGESTION": ("missed", mark("{who} cannot be reached"), "warning"),
    "CHANUNAVAIL": ("missed", mark("{who} cannot be reached"), "warning"),
}


def tell(scene: Scene, entry: TimelineEntry) -> Line:
    """One fact as a line; the scene moves on with it."""
    teller = _TABLE.get(entry.text, _unknown)
    icon, words, technical, tone = teller(scene, entry.data)
    return Line(
        entry.at, "fact", icon, words, tone=tone, technical=technical, name=entry.text or "Fact", data=entry.data
    )


def _leg(data: Data) -> str:
    return str(data.get("leg", ""))


def _technical(words: str, icon: str = "dot") -> Told:
    return icon, words, True, ""


def _unknown(scene: Scene, data: Data) -> Told:
    return _technical(text("The PBX reports something about {who}", who=scene.who(_leg(data))))


def _added(scene: Scene, data: Data) -> Told:
    leg = scene.add(data)
    if not leg.calling or not scene.is_party(leg):
        return _technical(text("A channel is made: {who}", who=scene.who(leg.id)))
    dialled = str(data.get("dialled", ""))
    shown = phone(dialled) if is_dialled_number(dialled) else ""
    if leg.side == Side.OUTSIDE:
        number = phone(leg.number) if is_number(leg.number) else text("a hidden number")
        if shown:
            return "in", text("Call from {number} to {line}", number=number, line=shown), False, ""
        return "in", text("Call from {number}", number=number), False, ""
    if shown:
        return "out", text("{who} dials {number}", who=scene.who(leg.id), number=shown), False, ""
    return "out", text("{who} picks up the phone", who=scene.who(leg.id)), False, ""


def _numbered(scene: Scene, data: Data) -> Told:
    leg, number = scene.leg(_leg(data)), str(data.get("number", ""))
    who = scene.who(leg.id)
    if leg.side == Side.OUTSIDE and leg.calling:
        leg.number = number or leg.number
    return _technical(text("{who}: the number shown is {number}", who=who, number=phone(number)))


def _dialled(scene: Scene, data: Data) -> Told:
    leg, number = scene.leg(_leg(data)), str(data.get("number", ""))
    if leg.side == Side.OUTSIDE:
        leg.number = number or leg.number
        shown = scene.party(leg.number)
        return "out", text("{number} is dialled through {trunk}", number=shown, trunk=leg.party), False, ""
    if leg.side == Side.EMPLOYEE:
        return "ring", text("{who}: the phone rings", who=scene.who(leg.id)), False, ""
    return _technical(text("The PBX dials inside"))


def _dial_ended(scene: Scene, data: Data) -> Told:
    leg = scene.leg(_leg(data))
    forward, who = str(data.get("forward", "")), scene.who(leg.id)
    if forward:
        return "transfer", text("{who} forwards the call to {to}", who=who, to=scene.party(forward)), False, ""
    icon, words, tone = _DIAL_ENDS.get(str(data.get("status", "")), ("dot", mark("{who}: the ringing ends"), ""))
    return icon, text(words, who=who), not scene.is_party(leg), tone


def _joined(scene: Scene, data: Data) -> Told:
    leg = scene.leg(_leg(data))
    leg.bridge = str(data.get("bridge", ""))
    who, room = scene.who(leg.id), data.get("room", Room.TALK)
    if room == Room.PARK:
        return "park", text("{who} is parked", who=who), not scene.is_party(leg), ""
    if room == Room.HOLD:
        return "hold", text("{who} waits with music", who=who), not scene.is_party(leg), ""
    company = scene.company(leg)
    names = frozenset(one.id for one in company)
    if len(company) < 2 or names in scene.told:
        return _technical(text("{who} enters a bridge", who=who))
    scene.told.add(names)
    for one in company:
        one.talked = True
    return "talk", text("Connected: {people}", people=_and(scene, names)), False, "ok"


def _and(scene: Scene, legs: frozenset[str]) -> str:
    ordered = [leg for leg in scene.legs if leg in legs]
    return " + ".join(scene.who(leg) for leg in ordered)


def _parted(scene: Scene, data: Data) -> Told:
    leg = scene.leg(_leg(data))
    leg.bridge = ""
    # Whoever comes back into the same company is told again.
    scene.told = {names for names in scene.told if leg.id not in names}
    return _technical(text("{who} leaves a bridge", who=scene.who(leg.id)))


def _transferred(scene: Scene, data: Data) -> Told:
    who, to, target = scene.who(_leg(data)), str(data.get("to", "")), str(data.get("target", ""))
    if data.get("attended"):
        shown = scene.who(target) if target in scene.legs else scene.party(to)
        if not shown:
            return "transfer", text("Transfer after consultation: {who}", who=who), False, ""
        return "transfer", text("Transfer after consultation: {who} → {to}", who=who, to=shown), False, ""
    return "transfer", text("Transfer without consultation: {who} → {to}", who=who, to=scene.party(to)), False, ""


def _held(scene: Scene, data: Data) -> Told:
    leg, on = scene.leg(_leg(data)), bool(data.get("on"))
    # The PBX also says "off" of a leg that never was on hold.
    matters, leg.held = on != leg.held, on
    words = mark("{who} puts the call on hold") if on else mark("{who} takes the call back from hold")
    return "hold", text(words, who=scene.who(leg.id)), not matters, ""


def _queued(scene: Scene, data: Data) -> Told:
    queue = str(data.get("queue", ""))
    return "queue", text("{who} enters the queue {queue}", who=scene.who(_leg(data)), queue=queue), False, ""


def _recording(scene: Scene, data: Data) -> Told:
    path = str(data.get("path", ""))
    if not path:
        return "record", text("The recording stops"), False, ""
    # The PBX names a file again when the leg ends.
    known = path in scene.recordings
    scene.recordings.add(path)
    return "record", text("The recording starts: {file}", file=PurePosixPath(path).name), known, ""


def _ended(scene: Scene, data: Data) -> Told:
    leg = scene.leg(_leg(data))
    given = data.get("cause")
    cause = given if isinstance(given, int) else 0
    who = scene.who(leg.id)
    matters = scene.is_party(leg) and (leg.talked or leg.calling)
    leg.bridge = ""
    if not cause:
        return "hangup", text("{who} has left", who=who), not matters, ""
    reason = text(_CAUSES[cause]) if cause in _CAUSES else text("code {code}", code=cause)
    return "hangup", text("{who} has left: {reason}", who=who, reason=reason), not matters, ""


def _seen(_scene: Scene, _data: Data) -> Told:
    return "gap", text("The link to the PBX was interrupted; the running calls were compared"), False, "warning"


_TABLE: dict[str, Callable[[Scene, Data], Told]] = {
    "LegAdded": _added,
    "LegNumbered": _numbered,
    "LegDialled": _dialled,
    "DialEnded": _dial_ended,
    "LegJoined": _joined,
    "LegParted": _parted,
    "LegTransferred": _transferred,
    "LegHeld": _held,
    "LegQueued": _queued,
    "RecordingNamed": _recording,
    "LegEnded": _ended,
    "ChannelsSeen": _seen,
    "CallOrdered": orders.ordered,
    "OrderFailed": orders.failed,
}
