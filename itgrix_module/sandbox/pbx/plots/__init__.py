# SPDX-License-Identifier: GPL-3.0-or-later
"""Every kind of call that the PBX can play."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from itgrix_module.sandbox.pbx.call import Call
from itgrix_module.sandbox.pbx.config import PbxConfig
from itgrix_module.sandbox.pbx.plots import followme, groups, incoming, outgoing, queues, transfers
from itgrix_module.sandbox.pbx.situation import Situation
from itgrix_module.sandbox.pbx.timeline import Process


@dataclass(frozen=True)
class Kind:
    """``outcome``: of a call that nobody answers. ``cast``: who fills the empty fields ``extension`` and ``target``.

    ``did``: which DID the client dials, a key of ``PbxConfig.dids``; empty when it is not the client who calls.
    """

    plot: Callable[[Call], Process]
    outcome: str = "missed"
    cast: str = "pair"
    did: str = "direct"


KINDS: dict[str, Kind] = {
    "incoming": Kind(incoming.answered),
    "missed": Kind(incoming.missed),
    "busy": Kind(incoming.busy),
    "hold": Kind(incoming.hold),
    "menu": Kind(incoming.menu, did="menu"),
    "menu_left": Kind(incoming.menu_left, did="menu"),
    "voicemail": Kind(incoming.voicemail, cast="voicemail", did="voicemail"),
    "group": Kind(groups.answered, cast="group", did="group"),
    "group_missed": Kind(groups.missed, cast="group", did="group"),
    "queue": Kind(queues.answered, cast="queue", did="queue"),
    "queue_abandoned": Kind(queues.abandoned, cast="queue", did="queue"),
    "blind_transfer": Kind(transfers.blind),
    "attended_transfer": Kind(transfers.attended),
    "pickup": Kind(transfers.pickup),
    "park": Kind(transfers.park),
    "follow_me": Kind(followme.answered, cast="mobile", did="follow_me"),
    "follow_me_missed": Kind(followme.missed, cast="mobile", did="follow_me"),
    "outgoing": Kind(outgoing.answered, "cancelled", "caller", ""),
    "outgoing_busy": Kind(outgoing.busy, "cancelled", "caller", ""),
    "outgoing_no_answer": Kind(outgoing.no_answer, "cancelled", "caller", ""),
    "outgoing_cancelled": Kind(outgoing.cancelled, "cancelled", "caller", ""),
    "outgoing_wrong_number": Kind(outgoing.wrong_number, "cancelled", "caller", ""),
    "outgoing_transfer": Kind(outgoing.transfer, "cancelled", did=""),
    "failover": Kind(outgoing.failover, "cancelled", "caller", ""),
    "internal": Kind(outgoing.internal, "no_answer", did=""),
}


def complete(situation: Situation, config: PbxConfig) -> Situation:
    """Fill the empty fields. Raises ValueError for a kind, extension or trunk that does not exist."""
    kind = KINDS.get(situation.kind)
    if kind is None:
        raise ValueError(f"unknown situation {situation.kind!r}; known: {', '.join(sorted(KINDS))}")
    extension, target = _cast(kind.cast, config)
    client = situation.client or ("" if situation.kind == "internal" else config.clients[0].number)
    whole = replace(
        situation, client=client, extension=situation.extension or extension, target=situation.target or target
    )
    for number in (whole.extension, *whole.members, *([whole.target] if kind.cast == "pair" else [])):
        config.extension(number)
    config.trunk(whole.trunk)
    return whole


def _cast(cast: str, config: PbxConfig) -> tuple[str, str]:
    people = config.extensions
    if cast == "group":
        return config.group.members[-1], ""
    if cast == "queue":
        return config.queue.members[-1], ""
    if cast == "mobile":
        return next(item.number for item in people if item.mobile), ""
    if cast == "voicemail":
        return next(item.number for item in people if item.voicemail), ""
    return people[0].number, people[1].number if cast == "pair" else ""
