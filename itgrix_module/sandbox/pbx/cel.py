# SPDX-License-Identifier: GPL-3.0-or-later
"""Channel event logging as FreePBX keeps it in ``asteriskcdrdb.cel``: written from what the sandbox says on AMI."""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from itgrix_module.sandbox.pbx.exchange import Event

Headers = Mapping[str, str]
Rows = Iterator[tuple[str, "_Channel", Mapping[str, object]]]
_UNKNOWN = "<unknown>"


@dataclass(eq=False)
class _Channel:
    name: str
    uniqueid: str
    linkedid: str
    number: str = ""
    label: str = ""
    context: str = ""
    exten: str = ""
    app: str = ""
    data: str = ""
    file: str = ""
    status: str = ""


class CelBook:
    """Listens to all events; ``rows``: what it writes, all values are text. ``now``: epoch seconds."""

    def __init__(self, rows: deque[dict[str, str]], now: Callable[[], float]) -> None:
        self._rows, self._now = rows, now
        self._channels: dict[str, _Channel] = {}
        self._number = 0

    def __call__(self, event: Event) -> None:
        tell = _TABLE.get(event.name)
        if tell is None:
            return
        headers = _headers(event.text)
        self._notice(headers)
        for kind, channel, extra in tell(self, headers):
            self._write(kind, channel, extra)

    def _notice(self, headers: Headers) -> None:
        for prefix in ("", "Dest"):
            channel = self._channels.get(headers.get(f"{prefix}Uniqueid", ""))
            if channel is not None:
                channel.number = _known(headers, f"{prefix}CallerIDNum")
                channel.label = _known(headers, f"{prefix}CallerIDName")
                channel.context = headers.get(f"{prefix}Context", channel.context)
                channel.exten = headers.get(f"{prefix}Exten", channel.exten)
                channel.linkedid = headers.get(f"{prefix}Linkedid", channel.linkedid)

    def _write(self, kind: str, channel: _Channel, extra: Mapping[str, object]) -> None:
        self._number += 1
        moment = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(self._now()))
        self._rows.append(
            {
                "id": str(self._number), "eventtype": kind, "eventtime": moment, "cid_name": channel.label,
                "cid_num": channel.number, "cid_ani": channel.number, "cid_rdnis": "", "cid_dnid": "",
                "exten": channel.exten, "context": channel.context, "channame": channel.name,
                "appname": channel.app, "appdata": channel.data[:80], "amaflags": "3", "accountcode": "",
                "uniqueid": channel.uniqueid, "linkedid": channel.linkedid, "peer": "", "userdeftype": "",
                "extra": json.dumps(extra, separators=(",", ":")) if extra else "",
            }
        )  # fmt: skip

    def _new(self, headers: Headers) -> Rows:
        uniqueid = headers["Uniqueid"]
        channel = self._channels[uniqueid] = _Channel(headers["Channel"], uniqueid, headers["Linkedid"])
        self._notice(headers)
        yield "CHAN_START", channel, {}

    def _dial(self, headers: Headers) -> Rows:
        by, to = self._channels.get(headers.get("Uniqueid", "")), self._channels.get(headers["DestUniqueid"])
        if to is not None:
            to.app, to.data = "AppDial" if by else "AppDial2", "(Outgoing Line)"
            if by is not None:
                technology = to.name.partition("/")[0]
                by.app, by.data = "Dial", f"{technology}/{headers.get('DialString', '')},,HhtrIb"
        yield from ()

    def _dialled(self, headers: Headers) -> Rows:
        by = self._channels.get(headers.get("Uniqueid", ""))
        if by is not None:
            by.status = headers.get("DialStatus", "")
        yield from ()

    def _state(self, headers: Headers) -> Rows:
        channel = self._of(headers)
        if channel is not None and headers.get("ChannelStateDesc") == "Up":
            yield "ANSWER", channel, {}

    def _enter(self, headers: Headers) -> Rows:
        gone = self._channels.get(headers.get("SwapUniqueid", ""))
        bridge = _bridge(headers)
        if gone is not None:
            yield "BRIDGE_EXIT", gone, bridge
        if (channel := self._of(headers)) is not None:
            if headers.get("BridgeType") == "parking":
                yield "PARK_START", channel, {"parking_lot": "default"}
            yield "BRIDGE_ENTER", channel, bridge

    def _leave(self, headers: Headers) -> Rows:
        if (channel := self._of(headers)) is not None:
            if headers.get("BridgeType") == "parking":
                yield "PARK_END", channel, {"reason": "ParkedCallUnparked"}
            yield "BRIDGE_EXIT", channel, _bridge(headers)

    def _blind(self, headers: Headers) -> Rows:
        channel = self._channels.get(headers.get("TransfererUniqueid", ""))
        if channel is not None:
            yield (
                "BLINDTRANSFER",
                channel,
                {
                    "extension": headers.get("Extension", ""),
                    "transferee_channel_uniqueid": headers.get("TransfereeUniqueid", ""),
                },
            )

    def _attended(self, headers: Headers) -> Rows:
        channel = self._channels.get(headers.get("OrigTransfererUniqueid", ""))
        if channel is not None:
            yield (
                "ATTENDEDTRANSFER",
                channel,
                {
                    "channel2_uniqueid": headers.get("SecondTransfererUniqueid", ""),
                    "bridge2_id": headers.get("DestBridgeUniqueid", ""),
                    "transferee_channel_uniqueid": headers.get("TransfereeUniqueid", ""),
                    "transfer_target_channel_uniqueid": headers.get("TransferTargetUniqueid", ""),
                },
            )

    def _pickup(self, headers: Headers) -> Rows:
        channel = self._channels.get(headers.get("TargetUniqueid", ""))
        if channel is not None:
            yield "PICKUP", channel, {"pickup_channel_uniqueid": headers.get("Uniqueid", "")}

    def _variable(self, headers: Headers) -> Rows:
        channel = self._of(headers)
        if channel is not None and headers.get("Variable") == "MIXMONITOR_FILENAME":
            channel.file = headers.get("Value", "")
        yield from ()

    def _recorded(self, headers: Headers) -> Rows:
        channel = self._of(headers)
        if channel is not None:
            before, channel.app, channel.data = (channel.app, channel.data), "MixMonitor", channel.file
            yield "APP_START", channel, {}
            channel.app, channel.data = before

    def _hangup(self, headers: Headers) -> Rows:
        channel = self._of(headers)
        if channel is None:
            return
        yield "HANGUP", channel, {"hangupcause": int(headers.get("Cause", 0)), "dialstatus": channel.status}
        yield "CHAN_END", channel, {}
        del self._channels[channel.uniqueid]
        if not any(other.linkedid == channel.linkedid for other in self._channels.values()):
            yield "LINKEDID_END", channel, {}

    def _of(self, headers: Headers) -> _Channel | None:
        return self._channels.get(headers.get("Uniqueid", ""))


def _headers(text: bytes) -> dict[str, str]:
    lines = (line.partition(": ") for line in text.decode().split("\r\n"))
    return {name: value for name, _, value in lines if name}


def _known(headers: Headers, name: str) -> str:
    value = headers.get(name, "")
    return "" if value == _UNKNOWN else value


def _bridge(headers: Headers) -> dict[str, object]:
    return {"bridge_id": headers["BridgeUniqueid"], "bridge_technology": headers.get("BridgeTechnology", "")}


_TABLE: dict[str, Callable[[CelBook, Headers], Rows]] = {
    "Newchannel": CelBook._new,
    "DialBegin": CelBook._dial,
    "DialEnd": CelBook._dialled,
    "Newstate": CelBook._state,
    "BridgeEnter": CelBook._enter,
    "BridgeLeave": CelBook._leave,
    "BlindTransfer": CelBook._blind,
    "AttendedTransfer": CelBook._attended,
    "Pickup": CelBook._pickup,
    "VarSet": CelBook._variable,
    "MixMonitorStart": CelBook._recorded,
    "Hangup": CelBook._hangup,
}
