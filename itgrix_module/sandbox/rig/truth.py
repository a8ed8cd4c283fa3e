# SPDX-License-Identifier: GPL-3.0-or-later
"""What really happened in one call, by the clocks of the phones that made it, and the words for it."""

from __future__ import annotations

import wave
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from itgrix_module.sandbox.rig import plan
from itgrix_module.sandbox.rig.leg import Leg

Direction = Literal["incoming", "outgoing", "internal"]
Outcome = Literal["answered", "missed", "busy", "cancelled", "declined", "failed", "no_answer"]


@dataclass(frozen=True)
class Transfer:
    """``source`` handed the client over to ``target``."""

    kind: Literal["blind", "attended"]
    source: str
    target: str


@dataclass(frozen=True)
class Recording:
    """A file that Asterisk wrote for the call, complete. ``seconds`` of sound; 0 when nobody talked."""

    path: Path
    seconds: float


@dataclass(frozen=True)
class Truth:
    """One call that happened. Times in seconds, ``started`` since the epoch.

    ``client``: outside number as the trunk showed or was given it, None for an internal call. ``dialled``: what the
    caller dialled: the DID of an incoming call. ``caller``: extension, of an outgoing or internal call. ``wait``:
    start to the first human answer, or to the end. ``talk``: first human answer until the client is released, parked
    time excluded. ``last_talker``: last employee who talked with the client; an extension or an employee's mobile.
    ``rang``: extensions whose phones rang, sorted. ``code``: SIP status that the caller got when nobody answered
    (200: a machine did). ``sound``: seconds that the recordings last together, None where pauses make that depend on
    the PBX. ``own``: how the names of the client's own recordings begin, where the PBX recorded others beside them.
    ``on_ami``: False when it was wholly in a cut of the product's AMI link, so that only the call records
    know it.

    Filled in when it is over: ``linkedid`` and ``recordings`` (of all its channels, those without sound as well).
    """

    direction: Direction
    client: str | None
    dialled: str
    outcome: Outcome
    started: float
    wait: float
    talk: float = 0.0
    trunk: str | None = None
    caller: str | None = None
    answered_by: str | None = None
    last_talker: str | None = None
    rang: tuple[str, ...] = ()
    transfers: tuple[Transfer, ...] = ()
    code: int = 0
    sound: float | None = 0.0
    own: str | tuple[str, ...] = ""
    on_ami: bool = True
    linkedid: str = ""
    recordings: tuple[Recording, ...] = ()

    @property
    def did(self) -> str | None:
        return self.dialled if self.direction == "incoming" else None


def incoming(call: Leg, answered: Leg | None = None, **more: Any) -> Truth:
    """A client's ``call`` to a DID; ``answered``: the leg of the employee who talked first. ``more``: other fields."""
    human = answered.dialog.end.user if answered else None
    told = Truth(
        direction="incoming",
        client=call.shown,
        dialled=call.dialled,
        trunk=call.dialog.end.user,
        outcome="answered" if answered else "missed",
        answered_by=human,
        last_talker=human,
        rang=(human,) if human else (),
        **times(call, answered, call),
    )
    return replace(told, **more)


def outgoing(call: Leg, peer: Leg | None, outcome: Outcome = "answered", **more: Any) -> Truth:
    """An employee's ``call`` to the outside; ``peer``: the outside party's leg if it answered."""
    caller = call.dialog.end.user
    talked = caller if peer else None
    told = Truth(
        direction="outgoing",
        client=call.dialled,
        dialled=call.dialled,
        trunk=plan.FIRST_TRUNK,
        caller=caller,
        outcome=outcome,
        answered_by=talked,
        last_talker=talked,
        **times(call, peer, peer or call),
    )
    return replace(told, **more)


def internal(call: Leg, answered: Leg | None, **more: Any) -> Truth:
    """An employee's ``call`` to another."""
    callee = answered.dialog.end.user if answered else None
    told = Truth(
        direction="internal",
        client=None,
        dialled=call.dialled,
        caller=call.dialog.end.user,
        outcome="answered" if answered else "no_answer",
        answered_by=callee,
        last_talker=callee,
        rang=(call.dialled,),
        **times(call, answered, call),
    )
    return replace(told, **more)


def times(call: Leg, answered: Leg | None, released: Leg) -> dict[str, Any]:
    """The fields that follow from clocks: the call's start, the human's answer, the client's release."""
    if answered is None:
        return {"started": call.started, "wait": call.ended.time - call.started, "code": call.code}
    first = answered.answered.time
    talk = released.ended.time - first
    return {"started": call.started, "wait": first - call.started, "talk": talk, "sound": talk}


def read_recording(path: Path) -> Recording | None:
    """The recording, or None while Asterisk still writes it."""
    try:
        with wave.open(str(path)) as sound:
            frames, rate, width = sound.getnframes(), sound.getframerate(), sound.getsampwidth()
    except (wave.Error, EOFError, FileNotFoundError):
        return None
    header = 44
    if path.stat().st_size != header + frames * width:
        return None
    return Recording(path, frames / rate)


def whose_names_begin(recordings: Iterable[Recording], own: str | tuple[str, ...]) -> tuple[Recording, ...]:
    return tuple(one for one in recordings if one.path.name.startswith(own))
