# SPDX-License-Identifier: GPL-3.0-or-later
"""Smart routing put together: its memory, its sources and its doors; the settings of this moment count."""

from __future__ import annotations

import ipaddress
import threading
import time
from collections.abc import Callable
from dataclasses import replace

from itgrix_module.app import hook_inputs
from itgrix_module.app.call_full import Known
from itgrix_module.app.clients import Clients, Question
from itgrix_module.app.crm_records import Names
from itgrix_module.app.directory import Directory
from itgrix_module.app.health import Check, Level
from itgrix_module.app.hook_inputs import Scene
from itgrix_module.app.hooking import Hooks
from itgrix_module.app.ports import CallRow
from itgrix_module.app.rest_ports import Rest
from itgrix_module.app.route import Router
from itgrix_module.app.route_memory import Listening, RouteMemory
from itgrix_module.app.route_notes import RouteNotes
from itgrix_module.app.route_people import RoutePeople
from itgrix_module.app.route_ports import Asked, Routed, Sources
from itgrix_module.app.route_rules import RouteSettings
from itgrix_module.app.route_script import customization
from itgrix_module.app.route_warmth import Warmth
from itgrix_module.asterisk.device_states import Actions, DeviceStates
from itgrix_module.asterisk.fastagi import AgiAnswer, AgiCall, FastAgiServer
from itgrix_module.bitrix24.worktime import BitrixWorktime, OverheardSearch
from itgrix_module.core import Core
from itgrix_module.domain.failures import Failure, NeedsOwner
from itgrix_module.domain.routing import DEAL
from itgrix_module.house_rules import HouseRules
from itgrix_module.settings import Settings
from itgrix_module.storage.routing import SqlTalks, SqlTimeline


class RouteSight:
    """What passes by of the portal's answers. ``source``: for ``Clients``, so that every search is remembered."""

    def __init__(self, rest: Callable[[], Rest]) -> None:
        """``rest``: the portal for what a person waits for."""
        self.rest = rest
        self.memory = RouteMemory(time.monotonic)
        self.source = Listening(OverheardSearch(rest, self.memory.statuses.put), self.memory)


class Routing:
    """Decides for the dialplan, whichever way it asks.

    ``link``: to the PBX. ``names``, ``known``: what scripts are shown. ``wake``: tells the worker of ``notes``.
    """

    def __init__(
        self,
        core: Core,
        sight: RouteSight,
        clients: Clients,
        directory: Directory,
        link: Callable[[], Actions],
        hooks: Hooks,
        names: Names,
        known: Callable[[CallRow], Known],
        wake: Callable[[], None],
    ) -> None:
        self._core, self._names, self._known = core, names, known
        settings = core.settings
        self.devices = DeviceStates(link, lambda: str(settings.current["routing.hint_context"]))
        sources = Sources(
            clients,
            BitrixWorktime(sight.rest),
            RoutePeople(directory, lambda: settings.directory().overrides),
            self.devices,
            SqlTalks(core.database),
            customization(hooks, self._scene),
        )
        self.router = Router(sight.memory, sources, self.rules)
        node = settings.current["pbx.node"]
        self.notes = RouteNotes(SqlTimeline(core.database), node, time.time, wake)
        self.warmth = Warmth(sight.memory, clients, self._question)
        self._memory = sight.memory
        self._rules: tuple[HouseRules, RouteSettings] | None = None

    def rules(self) -> RouteSettings:
        """What follows from the settings of this moment."""
        house, seen = self._core.settings.house, self._rules
        if seen is not None and seen[0] is house:
            return seen[1]
        made = RouteSettings.of(house.settings, house.hours, house.numbering.client, house.options.spellings)
        self._rules = (house, made)
        return made

    def route(self, asked: Asked) -> Routed:
        """Decide, and note it in the call's timeline."""
        routed = self.router.route(asked)
        self.notes.note(routed)
        return routed

    def answer(self, call: AgiCall) -> AgiAnswer:
        """For the FastAGI server."""
        asked = Asked.of(call.number, call.line, call.destination, call.linkedid)
        routed = self.route(replace(asked, limit=call.limit))
        decision = routed.decision
        shown = decision.name if routed.caller_name else ""
        return AgiAnswer(decision.extension, decision.reason, decision.name, shown)

    def forget_portal(self) -> None:
        """It is another portal."""
        self._memory.forget_all()

    def close(self) -> None:
        """Ask nothing more."""
        self.router.close()

    def _question(self, number: str) -> Question:
        rules = self.rules()
        all_rules = (rules.usual, *rules.named.values())
        return Question(number, rules.spellings(number), with_deals=any(DEAL in each.choices for each in all_rules))

    def _scene(self, linkedid: str) -> Scene:
        """The call as scripts see it; there is none yet where the dialplan was quicker than its events."""
        core = self._core
        story = core.calls.story(core.settings.current["pbx.node"], linkedid) if linkedid else None
        if story is None:
            return hook_inputs.no_call(Known(self._names, core.settings.zone()))
        return hook_inputs.scene(story.item.call, story.item.portal, self._known(story.item.call))


class RouteDoor:
    """The FastAGI server as the settings want it; opened anew when they change, tried again when its port was taken."""

    def __init__(self, answer: Callable[[AgiCall], AgiAnswer], limit: Callable[[], float]) -> None:
        self._answer, self._limit = answer, limit
        self._lock = threading.Lock()
        self._server: FastAgiServer | None = None
        self._wanted = ""
        self._networks: tuple[str, ...] = ()
        self._failure: Failure | None = None

    def configure(self, settings: Settings) -> None:
        """Use these settings from now on. Never raises: calls go their usual way without smart routing."""
        with self._lock:
            self._networks = tuple(settings["routing.networks"])
            wanted = settings["routing.listen"]
            if wanted == self._wanted:
                return
            self._wanted = wanted
            self._reopen()

    def retry(self) -> None:
        """Open what could not be opened."""
        with self._lock:
            if self._failure is not None:
                self._reopen()

    @property
    def port(self) -> int:
        """Where it listens; 0 for nowhere."""
        server = self._server
        return server.port if server else 0

    def check(self) -> Check:
        """For the health."""
        failure = self._failure
        if failure is not None:
            return Check("routing", Level.WARNING, failure.code, failure.text, failure.hint)
        return Check("routing", Level.OK, "routing_ok", "smart routing can be asked", params={"port": self.port})

    def close(self) -> None:
        """No more questions."""
        with self._lock:
            self._shut()

    def _reopen(self) -> None:
        self._shut()
        self._failure = None
        if not self._wanted:
            return
        host, _, port = self._wanted.rpartition(":")
        try:
            server = FastAgiServer(host, int(port), self._answer, self._limit, self._admits)
        except NeedsOwner as failure:
            self._failure = failure  # the watch of the service's health tells of it
            return
        self._server = server.__enter__()

    def _shut(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None

    def _admits(self, address: str) -> bool:
        return is_among(address, self._networks)


def is_among(address: str, networks: tuple[str, ...]) -> bool:
    """Does an address belong to one of the networks?"""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return any((mapped or found) in ipaddress.ip_network(network, strict=False) for network in networks)


__all__ = ["RouteDoor", "RouteSight", "Routing", "is_among"]
