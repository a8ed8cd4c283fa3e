# SPDX-License-Identifier: GPL-3.0-or-later
"""What the PBX answers to the actions of AMI. Pure but for the stage: an action comes in, messages go out."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from itgrix_module.sandbox.pbx import lists
from itgrix_module.sandbox.pbx.channel import Channel
from itgrix_module.sandbox.pbx.config import AmiUser, Click, PbxConfig
from itgrix_module.sandbox.pbx.devices import hint
from itgrix_module.sandbox.pbx.exchange import Exchange
from itgrix_module.sandbox.pbx.filters import BadFilter, Hearing
from itgrix_module.sandbox.pbx.plots.click import Order
from itgrix_module.sandbox.pbx.stage import Stage

Action = Mapping[str, str]


@dataclass(frozen=True)
class Answer:
    """``messages``: whole messages, the first of them the response. ``ends``: the session is over after them."""

    messages: Iterator[str]
    ends: bool = False


@dataclass
class Desk:
    """What actions work on, for one session. ``hearing`` is changed by ``Events`` and ``Filter``."""

    stage: Stage
    user: AmiUser
    hearing: Hearing
    behaviour: Callable[[Order], Click]
    variables: tuple[str, ...] = ()

    @property
    def config(self) -> PbxConfig:
        return self.stage.config

    @property
    def exchange(self) -> Exchange:
        return self.stage.exchange

    def answer(self, action: Action, variables: tuple[str, ...] = ()) -> Answer:
        """``action``: headers with lower-case names; ``variables``: values of all headers ``Variable``."""
        name, self.variables = action.get("action", ""), variables
        mark = f"ActionID: {action['actionid']}\r\n" if action.get("actionid") else ""
        if not name:
            return _one(_error(mark, "Missing action in request"))
        known = _ACTIONS.get(name.casefold())
        if known is None:
            hint_text = "Use Action: ListCommands to show available commands."
            return _one(_error(mark, f"Invalid/unknown command: {name}. {hint_text}"))
        rights, execute = known
        if rights and not rights & set(self.user.write) and "all" not in self.user.write:
            return _one(_error(mark, "Permission denied"))
        return execute(self, action, mark)

    def _ping(self, _: Action, mark: str) -> Answer:
        return _one(_success(mark, {"Ping": "Pong", "Timestamp": f"{self.exchange.now:.6f}"}))

    def _logoff(self, _: Action, mark: str) -> Answer:
        return Answer(iter([f"Response: Goodbye\r\n{mark}Message: Thanks for all the fish.\r\n\r\n"]), ends=True)

    def _events(self, action: Action, mark: str) -> Answer:
        on = self.hearing.mask(action.get("eventmask", ""))
        if on is None:
            return _one(_error(mark, "Invalid event mask"))
        return _one(_success(mark, {"Events": "On" if on else "Off"}))

    def _filter(self, action: Action, mark: str) -> Answer:
        if action.get("operation", "").casefold() != "add":
            return _one(_error(mark, "Unknown operation"))
        try:
            self.hearing.add(action.get("filter", ""))
        except BadFilter:
            return _one(_error(mark, "Filter did not compile.  Check the syntax of the filter given."))
        return _one(_success(mark, {"Message": "Filter added successfully"}))

    def _core_status(self, _: Action, mark: str) -> Answer:
        started = time.localtime(self.exchange.started)
        day, hour = time.strftime("%Y-%m-%d", started), time.strftime("%H:%M:%S", started)
        calls = len(self.stage.running)
        counts = {"CoreCurrentCalls": calls, "CoreProcessedCalls": self.exchange.finished}
        dates = {"CoreStartupDate": day, "CoreStartupTime": hour, "CoreReloadDate": day, "CoreReloadTime": hour}
        return _one(_success(mark, {**dates, **counts}))

    def _core_settings(self, _: Action, mark: str) -> Answer:
        versions = {"AMIversion": self.config.ami_version, "AsteriskVersion": self.config.asterisk_version}
        limits = {"CoreMaxCalls": 0, "CoreMaxLoadAvg": "0.000000", "CoreRunUser": "asterisk", "CoreRunGroup": ""}
        flags = {"CoreMaxFilehandles": 0, "CoreRealTimeEnabled": "No", "CoreCDRenabled": "Yes", "CoreHTTPenabled": "No"}
        return _one(_success(mark, {**versions, "SystemName": "", **limits, **flags}))

    def _extension_state(self, action: Action, mark: str) -> Answer:
        number = action.get("exten", "")
        if not self.config.has_extension(number):
            missing = {"Exten": number, "Context": action.get("context", ""), "Hint": "", "Status": -1}
            return _one(_success(mark, {"Message": "Extension Status", **missing, "StatusText": "Unknown"}))
        state = hint(self.config.extension(number), self.exchange.devices.state(f"PJSIP/{number}"))
        return _one(_success(mark, {"Message": "Extension Status", "Exten": number, **state}))

    def _getvar(self, action: Action, mark: str) -> Answer:
        name = action.get("variable", "")
        if not name:
            return _one(_error(mark, "No variable specified"))
        channel = self.exchange.channels.get(action.get("channel", ""))
        if action.get("channel") and channel is None:
            return _one(_error(mark, "No such channel"))
        value = channel.variable(name) if channel else ""
        return _one(_success(mark, {"Variable": name, "Value": value}))

    def _setvar(self, action: Action, mark: str) -> Answer:
        name = action.get("variable", "")
        channel = self.exchange.channels.get(action.get("channel", ""))
        if not name:
            return _one(_error(mark, "No variable specified"))
        if channel is None:
            return _one(_error(mark, "No such channel"))
        self.exchange.set_variable(channel, name, action.get("value", ""))
        return _one(_success(mark, {"Message": "Variable Set"}))

    def _hangup(self, action: Action, mark: str) -> Answer:
        found = _matching(self.exchange.channels, action.get("channel", ""))
        if not found:
            return _one(_error(mark, "No such channel"))
        for channel in found:
            self.stage.hang_up(channel)
        return _one(_success(mark, {"Message": "Channel Hungup"}))

    def _originate(self, action: Action, mark: str) -> Answer:
        channel = action.get("channel", "")
        fault = "" if "/" in channel else ("Invalid channel" if channel else "Channel not specified")
        if not fault and not action.get("timeout", "0").isdecimal():
            fault = "Invalid timeout"
        if not fault and not (action.get("application") or (action.get("exten") and action.get("context"))):
            fault = "Extension does not exist."
        if fault:
            return _one(_error(mark, fault))
        order = self._order(action, channel)
        self.stage.originate(order, self.behaviour(order))
        return _one(_success(mark, {"Message": "Originate successfully queued"}))

    def _redirect(self, action: Action, mark: str) -> Answer:
        done = self.stage.redirect(action.get("channel", ""), action.get("exten", ""))
        return _one(_success(mark, {"Message": "Redirect successful"}) if done else _error(mark, "No such channel"))

    def _order(self, action: Action, channel: str) -> Order:
        shown = re.fullmatch(r'\s*(?:"?([^"<]*?)"?\s*)?(?:<([^>]*)>)?\s*', action.get("callerid", ""))
        label, number = (shown.group(1) or "", shown.group(2) or "") if shown else ("", "")
        if label and not number and label.strip("+").isdecimal():
            label, number = "", label
        pairs = (item.partition("=") for value in self.variables for item in _split(value))
        return Order(
            channel,
            action.get("exten", ""),
            action.get("context", ""),
            number,
            label,
            float(action.get("timeout", "30000")) / 1000,
            action.get("actionid", ""),
            action.get("channelid", ""),
            action.get("otherchannelid", ""),
            tuple((name, value) for name, _, value in pairs if name),
            float(action.get("data") or 0) if action.get("application", "").casefold() == "wait" else 0.0,
        )

    def _command(self, action: Action, mark: str) -> Answer:
        return _one(_command_output(self, action.get("command", ""), mark))

    def _bridge_info(self, action: Action, mark: str) -> Answer:
        bridge = self.exchange.bridges.get(action.get("bridgeuniqueid", ""))
        if bridge is None:
            return _one(_error(mark, "Specified BridgeUniqueid not found"))
        return _listing(
            "Bridge channel listing will follow", "BridgeInfoComplete", lists.bridge_members, bridge.headers()
        )(self, action, mark)

    def _list_commands(self, _: Action, mark: str) -> Answer:
        own = set(self.user.write)
        allowed = [
            f"{_NAMES[name]}:   (Priv: {','.join(sorted(rights)) or '<none>'})\r\n"
            for name, (rights, _) in sorted(_ACTIONS.items())
            if not rights or rights & own or "all" in own
        ]
        return _one(f"Response: Success\r\n{mark}{''.join(allowed)}\r\n")


Execute = Callable[[Desk, Action, str], Answer]


def _listing(
    intro: str,
    end: str,
    items: Callable[[Desk, Action, str], Iterator[str]],
    closing: str = "",
    extra: str = "ListItems",
) -> Execute:
    """An action that lists something. ``closing``: more headers of the end; ``extra``: one that repeats the count."""

    def execute(desk: Desk, action: Action, mark: str) -> Answer:
        found = list(items(desk, action, mark))
        again = "" if extra == "ListItems" else f"{extra}: {len(found)}\r\n"
        head = f"Response: Success\r\n{mark}EventList: start\r\nMessage: {intro}\r\n\r\n"
        tail = f"Event: {end}\r\n{mark}EventList: Complete\r\nListItems: {len(found)}\r\n{again}{closing}\r\n"
        return Answer(iter([head, *found, tail]))

    return execute


def _one(message: str) -> Answer:
    return Answer(iter([message]))


def _success(mark: str, headers: Mapping[str, object]) -> str:
    return f"Response: Success\r\n{mark}" + "".join(f"{name}: {value}\r\n" for name, value in headers.items()) + "\r\n"


def _error(mark: str, message: str) -> str:
    return f"Response: Error\r\n{mark}Message: {message}\r\n\r\n"


def _split(value: str) -> list[str]:
    """``A=1,B=2`` and ``A=1|B=2`` are several variables."""
    return re.split(r"[,|](?=\w+=)", value)


def _matching(channels: Mapping[str, Channel], name: str) -> list[Channel]:
    """Asterisk takes a name or a ``/regular expression/``."""
    if not (len(name) > 2 and name.startswith("/") and name.endswith("/")):
        return [channels[name]] if name in channels else []
    try:
        pattern = re.compile(name[1:-1])
    except re.error:
        return []
    return [channel for channel in channels.values() if pattern.search(channel.name)]


def _command_output(desk: Desk, command: str, mark: str) -> str:
    count = len(desk.exchange.channels)
    known = {
        "core show version": f"Asterisk {desk.config.asterisk_version} built by root @ sandbox on a x86_64",
        "core show uptime": f"System uptime: {int(desk.exchange.now - desk.exchange.started)} seconds",
        "core show channels count": f"{count} active channels\n{len(desk.stage.running)} active calls",
        "manager reload": "",
        "module show like cdr": "0 modules loaded",
    }
    output = known.get(command.strip().casefold())
    if output is None:
        line = f"No such command '{command}' (type 'core show help {command}' for other possible commands)"
        return f"Response: Error\r\n{mark}Message: Command output follows\r\nOutput: {line}\r\n\r\n"
    lines = "".join(f"Output: {line}\r\n" for line in output.split("\n") if line)
    return f"Response: Success\r\n{mark}Message: Command output follows\r\n{lines}\r\n"


_NONE = frozenset[str]()
_LOOK = frozenset({"system", "reporting"})
_TABLE: dict[str, tuple[frozenset[str], Execute]] = {
    "Ping": (_NONE, Desk._ping),
    "Logoff": (_NONE, Desk._logoff),
    "Events": (_NONE, Desk._events),
    "ListCommands": (_NONE, Desk._list_commands),
    "Filter": (frozenset({"system"}), Desk._filter),
    "CoreStatus": (_LOOK, Desk._core_status),
    "CoreSettings": (_LOOK, Desk._core_settings),
    "CoreShowChannels": (_LOOK, _listing("Channels will follow", "CoreShowChannelsComplete", lists.channels)),
    "Status": (
        _LOOK | {"call"},
        _listing("Channel status will follow", "StatusComplete", lists.status, extra="Items"),
    ),
    "ExtensionState": (frozenset({"call", "reporting"}), Desk._extension_state),
    "ExtensionStateList": (
        frozenset({"call", "reporting"}),
        _listing("Extension Statuses will follow", "ExtensionStateListComplete", lists.extension_states),
    ),
    "BridgeList": (_NONE, _listing("Bridge listing will follow", "BridgeListComplete", lists.bridges)),
    "BridgeInfo": (_NONE, Desk._bridge_info),
    "QueueStatus": (_NONE, _listing("Queue status will follow", "QueueStatusComplete", lists.queue_status)),
    "QueueSummary": (_NONE, _listing("Queue summary will follow", "QueueSummaryComplete", lists.queue_summary)),
    "ParkedCalls": (_NONE, _listing("Parked calls will follow", "ParkedCallsComplete", lists.parked, extra="Total")),
    "PJSIPShowEndpoints": (
        frozenset({"system"}),
        _listing(
            "A listing of Endpoints follows, presented as EndpointList events", "EndpointListComplete", lists.endpoints
        ),
    ),
    "Getvar": (frozenset({"call", "reporting"}), Desk._getvar),
    "Setvar": (frozenset({"call"}), Desk._setvar),
    "Hangup": (frozenset({"system", "call"}), Desk._hangup),
    "Originate": (frozenset({"originate"}), Desk._originate),
    "Redirect": (frozenset({"call"}), Desk._redirect),
    "Command": (frozenset({"command"}), Desk._command),
}
_ACTIONS = {name.casefold(): entry for name, entry in _TABLE.items()}
_NAMES = {name.casefold(): name for name in _TABLE}
