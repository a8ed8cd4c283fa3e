# SPDX-License-Identifier: GPL-3.0-or-later
"""From the CRM to the phones, put together: clicks, forms, the PBX that is asked; the settings of this moment count."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import TYPE_CHECKING

import phonenumbers

from itgrix_module.app.call_full import Known
from itgrix_module.app.callback import Callbacks, FormRules
from itgrix_module.app.dial import Desk
from itgrix_module.app.dial_orders import DialRules
from itgrix_module.app.dial_ports import FAILED, Callback
from itgrix_module.app.directory import Directory, DirectoryRules, Names
from itgrix_module.app.happenings import Happening
from itgrix_module.app.health import Check, Level
from itgrix_module.app.hooking import Hooks
from itgrix_module.app.ports import CallRow
from itgrix_module.app.workers import Worker
from itgrix_module.asterisk.originate import Originator
from itgrix_module.bitrix24.events import CALL_START, CALLBACK_START
from itgrix_module.core import Core
from itgrix_module.dial_nodes import ALONE, LATE, LOOK, Elsewhere
from itgrix_module.domain.failures import Failure
from itgrix_module.domain.numbers import digits
from itgrix_module.house_rules import HouseRules
from itgrix_module.pbx_door import PbxDoor
from itgrix_module.storage.dials import SqlDials

if TYPE_CHECKING:
    from itgrix_module.service import Service

SIDE_BY_SIDE = 8  # orders on their way to the PBX at once: a slow script must not hold up the others
RIGHT_AGAIN = 60.0  # seconds between looks whether the PBX lets us make calls
KEPT_DAYS = 90
_DAY = 86400.0
_HINT = "Give the manager user the right originate in manager.conf (write = originate,call,reporting), then reload it."


class Dialling:
    """``heard`` and ``callback`` are for the portal's events, ``watch`` and ``callbacks`` for workers."""

    def __init__(
        self,
        core: Core,
        pbx: PbxDoor,
        directory: Directory,
        hooks: Hooks,
        annotate: Callable[[CallRow], CallRow],
        clock: Callable[[], float],
    ) -> None:
        self._core, self._pbx, self._clock = core, pbx, clock
        self.store = SqlDials(core.database)
        self.woken = threading.Event()
        self.elsewhere = Elsewhere(core, str(core.settings.current["pbx.node"]))
        self._askers = ThreadPoolExecutor(SIDE_BY_SIDE, "dial")
        self._right: bool | None = None
        self._asked_right = 0.0
        node = str(core.settings.current["pbx.node"])
        people = Phones(directory, core.settings.directory)
        self.desk = Desk(
            node,
            self.store,
            Originator(lambda: pbx.link),
            people,
            self.rules,
            hooks,
            lambda: Known(Names(directory), core.settings.zone()),
            pbx.tell,
            annotate,
            clock,
            self._heard,
            self._askers,
        )
        self.forms = Callbacks(
            node,
            self.desk,
            people,
            self.form_rules,
            lambda linkedid: _call(core, node, linkedid),
            clock,
            self.woken.set,
        )
        self._rules: tuple[HouseRules, DialRules, FormRules] | None = None

    def heard(self, happening: Happening) -> None:
        """Somebody clicked a number. Raises Failure of the database."""
        if not self.elsewhere.gives(happening, self.desk.phone_for(happening)):
            self.desk.heard(happening)

    def callback(self, happening: Happening) -> None:
        """Somebody asked to be called back. Raises Failure of the database."""
        if not self.elsewhere.gives(happening, self.forms.phone_for(happening)):
            self.forms.heard(happening)

    def rules(self) -> DialRules:
        """What follows from the settings of this moment for clicks."""
        return self._of_house()[1]

    def form_rules(self) -> FormRules:
        """The same for forms."""
        return self._of_house()[2]

    def callbacks(self, states: tuple[str, ...], limit: int = 100) -> list[Callback]:
        """Forms in these states, of all PBXs."""
        return list(self.store.callbacks("", states, limit))

    def prune(self) -> None:
        """Forget what is long over."""
        self.store.forget(self._clock() - KEPT_DAYS * _DAY)

    def look(self) -> None:
        """End orders of which nothing was heard; see whether the PBX lets us make calls. Raises Failure of the
        database.
        """
        self.desk.watch()
        now = self._clock()
        self.elsewhere.take_back(now - self.rules().oldest - LATE)
        if self._heard() is not None and abs(now - self._asked_right) > RIGHT_AGAIN:
            self._asked_right = now
            self._right = self._may_originate()

    def check(self) -> Check:
        """For the health."""
        if self._right is False or self.desk.lacks_right:
            text = "the manager user may not make calls: a click on a number in the CRM rings no phone"
            return Check("dialling", Level.ERROR, "originate_right", text, _HINT)
        if not self.rules().enabled:
            return Check("dialling", Level.OK, "dial_off", "calls from the CRM are switched off")
        return Check("dialling", Level.OK, "dial_ok", "calls can be made from the CRM")

    def idle(self, otherwise: float) -> float:
        """Seconds until somebody must look for what another PBX gave to this one. Raises Failure of the database."""
        return min(otherwise, LOOK if self.elsewhere.is_shared else ALONE)

    def close(self) -> None:
        """Ask the PBX nothing more."""
        self._askers.shutdown(wait=False, cancel_futures=True)

    def _may_originate(self) -> bool | None:
        """By an action that the PBX refuses for want of a channel, if it lets us try at all."""
        try:
            self._pbx.link.action("Originate")
        except Failure as failure:
            if failure.code == "permission":
                return False
            return True if failure.code == "rejected" else self._right
        return True

    def _heard(self) -> float | None:
        state = self._pbx.state
        return state.since if state.phase == "up" else None

    def _of_house(self) -> tuple[HouseRules, DialRules, FormRules]:
        house, seen = self._core.settings.house, self._rules
        if seen is None or seen[0] is not house:
            numbering, settings = house.numbering, house.settings
            dial = DialRules.of(settings, numbering)
            may_call = at_home(numbering.client, settings["numbers.country"])
            seen = (house, dial, FormRules.of(settings, house.hours.next_open, may_call))
            self._rules = seen
        return seen


class Phones:
    """Fulfils ``app.dial_ports.People``. ``rules``: the administrator's part of who is who."""

    def __init__(self, directory: Directory, rules: Callable[[], DirectoryRules]) -> None:
        self._directory, self._rules = directory, rules

    def phone_of(self, user: int, *, mobile: bool) -> str:
        """The administrator's word counts before the portal's."""
        known = self._directory.person(user)
        own = next((extension for extension, owner in self._rules().overrides.items() if owner == user), "")
        extension = own or (known.extension if known else "")
        phone = next(iter(known.phones), "") if known else ""
        return (phone or extension) if mobile else (extension or phone)

    @property
    def are_known(self) -> bool:
        """See the port."""
        return self._directory.was_read

    def is_employee(self, party: str) -> bool:
        """See the port."""
        return bool(party) and self._directory.employee(party) is not None

    def missed_user(self, line: str) -> int:
        """See the port."""
        return self._directory.missed_user(line)


def at_home(normal: Callable[[str], str], country: str) -> Callable[[str], bool]:
    """Is a number one of the country? Strangers could make us call dear numbers abroad. Without a country: all."""
    if not country:
        return bool
    code = country_code(country)
    return lambda number: len(digits(number)) > 6 and normal(number).startswith(f"+{code}")


def country_code(country: str) -> int:
    """Of a country by its two letters; 0 for none."""
    return phonenumbers.country_code_for_region(country)


def _call(core: Core, node: str, linkedid: str) -> CallRow | None:
    story = core.calls.story(node, linkedid)
    return story.item.call if story is not None else None


def dialling_of(service: Service) -> Dialling:
    """Of a service; hears of the portal's events."""
    made = Dialling(
        service.core,
        service.pbx,
        service.directory,
        service.hooks,
        lambda row: service.core.settings.annotated(row),
        service.clock,
    )
    service.way_in.inbox.on(CALL_START, made.heard)
    service.way_in.inbox.on(CALLBACK_START, made.callback)
    return made


def start(stack: ExitStack, service: Service) -> None:
    """Its worker, until the stack is left."""
    dialling = service.dialling
    stack.callback(dialling.close)
    forms = dialling.forms
    stack.enter_context(
        Worker("callbacks", forms.run_due, dialling.woken, forms.idle, service.troubles, service.ending)
    )


__all__ = ["FAILED", "Dialling", "Phones", "at_home", "dialling_of", "start"]
