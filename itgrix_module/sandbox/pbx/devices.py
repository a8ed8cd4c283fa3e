# SPDX-License-Identifier: GPL-3.0-or-later
"""States of phones and trunks as presence and queues see them, said when they have changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from itgrix_module.sandbox.pbx.channel import Channel
from itgrix_module.sandbox.pbx.config import Extension, PbxConfig

# device state → Status and StatusText of the hint, Status of a queue member
_HINTS = {
    "NOT_INUSE": (0, "Idle", 1),
    "INUSE": (1, "InUse", 2),
    "BUSY": (2, "Busy", 3),
    "RINGING": (8, "Ringing", 6),
    "RINGINUSE": (9, "InUse&Ringing", 7),
}


class Devices:
    """``say`` sends an event. Only touched devices are looked at."""

    def __init__(self, config: PbxConfig, say: Callable[..., None]) -> None:
        self._config, self._say = config, say
        self._states: dict[str, str] = {}
        self._touched: dict[str, None] = {}
        self._by_device = {f"PJSIP/{item.number}": item for item in config.extensions}
        self.calls_taken: dict[str, int] = {}
        self.last_call: dict[str, int] = {}
        self._since = 0

    def reset(self, now: int) -> None:
        """Nobody is on the phone; queue members logged in at this epoch second."""
        self._since = now
        self._states.clear()
        self._touched.clear()
        self.calls_taken.clear()
        self.last_call.clear()

    def touch(self, device: str) -> None:
        """A channel of this device came, changed or went."""
        self._touched[device] = None

    def state(self, device: str) -> str:
        """As last said."""
        return self._states.get(device, "NOT_INUSE")

    def settle(self, channels: Mapping[str, Iterable[Channel]]) -> None:
        """Say what has changed since the last time. ``channels``: by device."""
        touched, self._touched = self._touched, {}
        for device in touched if self._config.device_states else ():
            self._change(device, _combined({channel.state for channel in channels.get(device, ())}))

    def _change(self, device: str, state: str) -> None:
        if self.state(device) == state:
            return
        self._states[device] = state
        self._say("DeviceStateChange", {"Device": device, "State": state})
        extension = self._by_device.get(device)
        if extension is None:
            return
        self._say("ExtensionStatus", {"Exten": extension.number, **hint(extension, state)})
        if extension.number in self._config.queue.members:
            self._say("QueueMemberStatus", self._queue_member(extension))

    def _queue_member(self, extension: Extension) -> dict[str, object]:
        number = self._config.queue.number
        shown = self.member(extension)
        del shown["Name"], shown["Location"], shown["Wrapuptime"]
        name = {"MemberName": extension.name, "Interface": f"Local/{extension.number}@from-queue/n"}
        return {"Queue": number, **name, **shown, "Ringinuse": 1, "Wrapuptime": 0}

    def member(self, extension: Extension) -> dict[str, object]:
        """Headers of a queue's member, as in QueueStatus."""
        number = extension.number
        return {
            "Name": extension.name,
            "Location": f"Local/{number}@from-queue/n",
            "StateInterface": f"hint:{number}@ext-local",
            "Membership": "static",
            "Penalty": 0,
            "CallsTaken": self.calls_taken.get(number, 0),
            "LastCall": self.last_call.get(number, 0),
            "LastPause": 0,
            "LoginTime": self._since,
            "InCall": 0,
            "Status": _HINTS[self.state(f"PJSIP/{number}")][2],
            "Paused": 0,
            "PausedReason": "",
            "Wrapuptime": 0,
        }


def hint(extension: Extension, state: str) -> Mapping[str, Any]:
    """Headers of a hint's state."""
    status, text, _ = _HINTS[state]
    shown = f"PJSIP/{extension.number},CustomPresence:{extension.number}"
    return {"Context": "ext-local", "Hint": shown, "Status": status, "StatusText": text}


def _combined(states: set[str]) -> str:
    busy = bool(states & {"Up", "Ring"})
    if "Ringing" in states:
        return "RINGINUSE" if busy else "RINGING"
    if "Busy" in states:
        return "BUSY"
    return "INUSE" if busy else "NOT_INUSE"
