# SPDX-License-Identifier: GPL-3.0-or-later
"""From a click in the CRM to a ringing phone. The portal's call is always finished, and the employee learns why.

The order is stored with its call before the PBX hears of it, so nothing is ordered twice and nothing is forgotten; what
became of it is told by the PBX's events. An order of which nothing was heard is ended by ``watch``.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import asdict, replace

from itgrix_module.app import dial_orders, hook_inputs, shapes
from itgrix_module.app.call_full import Known
from itgrix_module.app.dial_orders import Click, DialRules
from itgrix_module.app.dial_ports import NO_ROUTE, Dial, DialStore, OpenDial, Originate, Pbx, People, Tell
from itgrix_module.app.happenings import Happening
from itgrix_module.app.hook_answers import asked
from itgrix_module.app.hooking import Hooks
from itgrix_module.app.ports import CallRow, PortalSide
from itgrix_module.domain import ordered
from itgrix_module.domain.call import Call
from itgrix_module.domain.facts import CallOrdered, OrderFailed
from itgrix_module.domain.failures import Failure, NeedsOwner, Temporary

log = logging.getLogger("itgrix.dialling")

HOOK = "process_originate_params"
GRACE = 15.0  # seconds after the employee's phone has rung for its time, in which the PBX must have told something
PATIENCE = 600.0  # the same while the PBX is not heard
AGAIN = 30.0  # seconds after which an order is told to have failed once more
FORGOTTEN = 86400.0  # seconds after which an order whose call nobody follows any more is over


class Desk:
    """Orders calls and sees to it that each comes to an end. Thread-safe.

    ``rules``: read for each order. ``tell``: to the tracker. ``annotate``: a call with what the rules of the house say.
    ``known``: what scripts are shown. ``run``: where slow work goes. ``heard``: epoch seconds since when the PBX is
    heard without a gap, None while it is not.
    """

    def __init__(
        self,
        node: str,
        store: DialStore,
        pbx: Pbx,
        people: People,
        rules: Callable[[], DialRules],
        hooks: Hooks,
        known: Callable[[], Known],
        tell: Tell,
        annotate: Callable[[CallRow], CallRow],
        clock: Callable[[], float],
        heard: Callable[[], float | None],
        run: Executor,
    ) -> None:
        self._node, self._store, self._pbx, self._people, self._rules = node, store, pbx, people, rules
        self._hooks, self._known, self._tell, self._annotate = hooks, known, tell, annotate
        self._clock, self._heard, self._run = clock, heard, run
        self._started = clock()
        self._told: dict[int, float] = {}
        self._busy = True  # there may be orders of an earlier life
        self.lacks_right = False

    @property
    def store(self) -> DialStore:
        """Where orders are kept."""
        return self._store

    @property
    def rules(self) -> DialRules:
        """What counts at this moment."""
        return self._rules()

    def phone_for(self, happening: Happening) -> str:
        """Extension or mobile that a click is for; empty when it is for nobody."""
        click = Click.of(happening)
        return self._phone(click, self._rules()) if click else ""

    def _phone(self, click: Click, rules: DialRules) -> str:
        return self._people.phone_of(click.user, mobile=click.mobile and rules.own_mobile) if click.user else ""

    def heard(self, happening: Happening) -> None:
        """A click. Quick: the PBX is asked in another thread.

        Raises Failure of the database, and Temporary as long as nobody knows who has clicked.
        """
        click = Click.of(happening)
        if click is None:
            log.warning("a click without a call of the portal cannot be acted on")
            return
        rules = self._rules()
        extension = self._phone(click, rules)
        dialled = rules.dialled(click.number, click.line)
        dial = self._dial(ordered.CLICK, f"click:{click.call_id}"[:191], click.number, extension, click.line)
        dial = replace(dial, call_id=click.call_id, user=click.user, timeout=float(rules.timeout))
        side = PortalSide(
            click.call_id, click.entity_type, click.entity_id, registered_user=click.user, registered_at=dial.created
        )
        late = self._clock() - (happening.at or happening.received)
        if click.user and not extension and late <= rules.oldest and not self._people.are_known:
            raise Temporary("employees_unknown", "The portal has not told its employees yet.", retry_after=1.0)
        refused = _refusal(rules, late, extension, dialled)
        order = None if refused else rules.order(dial.linkedid, extension, dialled, _shown(rules, click.number))
        self.order(dial, side, order, refused, dict(happening.data), f"{late:.0f} s late" if refused == "stale" else "")

    def order(
        self,
        dial: Dial,
        side: PortalSide,
        order: Originate | None,
        refused: str,
        event: dict[str, object],
        text: str = "",
        *,
        quiet: bool = False,
    ) -> bool:
        """Keep it, then ask the PBX for it, unless it is ``refused``. False when the event was acted on before."""
        number = self._rules().normal(dial.number) or dial.number
        fact = CallOrdered(dial.created, dial.linkedid, dial.kind, number, dial.extension, quiet, dial.line)
        call = ordered.ordered(Call(dial.linkedid, dial.linkedid, dial.created, changed=dial.created), fact)
        dial = replace(dial, number=number, request=asdict(order) if order else {})
        row = self._annotate(shapes.row(self._node, call))
        try:
            is_new = self._store.order(dial, row, side, ordered.TOLD[dial.kind])
        finally:
            self._busy = True  # only now: who looked in between saw nothing of it
        if not is_new:
            log.info("%s was ordered before, the repeated event counts for nothing", dial.event)
            return False
        log.info("call %s: %s: %s to %s", dial.linkedid, dial.kind, dial.extension or "nobody", number)
        self._tell(fact)
        if order is None:
            self._failed(dial.linkedid, refused, text)
        else:
            self._run.submit(self._place, dial, order, event)
        return True

    def release(self, linkedid: str) -> bool:
        """Somebody has picked up for a held order: let the PBX dial the client. True when there is no more to do.

        Raises Failure of the database.
        """
        data = self._store.request(self._node, linkedid)
        if not data.get("held"):
            return True
        try:
            self._pbx.release(Originate.of(data))
        except Failure as failure:
            log.warning("call %s: the client is not dialled yet: %s. %s", linkedid, failure, failure.hint)
            return not isinstance(failure, Temporary)  # else he is let go when his time is over
        log.info("call %s: somebody picked up, the client is dialled", linkedid)
        return True

    def _dial(self, kind: str, event: str, number: str, extension: str, line: str) -> Dial:
        now = self._clock()
        return Dial(self._node, new_id(now), kind, event, number, extension, now, 0.0, line)

    # -- the PBX

    def _place(self, dial: Dial, order: Originate, event: dict[str, object]) -> None:
        try:
            self._ask(dial, order, event)
        except Exception as error:
            # Nobody else would hear of it: this runs for itself.
            log.exception("call %s could not be ordered", dial.linkedid)
            self._failed(dial.linkedid, "refused", repr(error))

    def _ask(self, dial: Dial, order: Originate, event: dict[str, object]) -> None:
        fields = hook_inputs.originate_fields(
            caller_id=_bare(order.caller_id),
            channel=order.channel,
            context=order.context,
            extension=order.exten,
            timeout=round(order.timeout),
            request_data=event,
        )
        decision = asked(
            self._hooks,
            HOOK,
            lambda: hook_inputs.process_originate_params(hook_inputs.no_call(self._known()), fields),
            fields,
        )
        if decision.told:
            log.info("call %s: %s", dial.linkedid, decision.told)
        if decision.cancelled:
            self._failed(dial.linkedid, "forbidden", decision.told)
            return
        if decision.value != fields:
            order = dial_orders.changed(order, decision.value)
            self._store.revise(dial.node, dial.linkedid, asdict(order))
        self._originate(dial, order)

    def _originate(self, dial: Dial, order: Originate) -> None:
        try:
            self._pbx.originate(order)
        except Failure as failure:
            code = refusal_of(failure)
            self.lacks_right = self.lacks_right or code == "no_right"
            if not code:
                log.warning("call %s: %s; what became of it will show", dial.linkedid, failure)
                return
            log.warning("call %s: %s. %s", dial.linkedid, failure, failure.hint)
            self._failed(dial.linkedid, code, f"{failure} {failure.hint}".strip())
        else:
            self.lacks_right = False

    def _failed(self, linkedid: str, code: str, text: str = "", *, unless_heard: bool = False) -> None:
        self._tell(OrderFailed(self._clock(), linkedid, code, text, unless_heard))

    # -- the end of each

    def watch(self) -> int:
        """Note orders that are over, and end those of which the PBX says nothing. Returns how many go on."""
        if not self._busy:
            return 0
        self._busy = False
        going = 0
        for each in self._store.open(self._node):
            going += not self._settled(each)
        self._busy = self._busy or going > 0
        if not going:
            self._told.clear()
        return going

    def _settled(self, each: OpenDial) -> bool:
        dial, now = each.dial, self._clock()
        if each.ended or now - dial.created > FORGOTTEN:
            self._store.over(dial.id, each.outcome if each.ended else "lost")
            return True
        silent = self._silence(dial, now)
        if silent and now - self._told.get(dial.id, 0.0) > AGAIN:
            self._told[dial.id] = now
            self._failed(dial.linkedid, silent, unless_heard=True)
        return False

    def _silence(self, dial: Dial, now: float) -> str:
        """Why nothing will come of an order, should the PBX not have told anything; empty as long as it may."""
        age, since = now - dial.created, self._heard()
        if since is None:
            return "pbx_down" if age > dial.timeout + PATIENCE else ""
        if dial.created < self._started:
            return "interrupted"
        return "silent" if age > dial.timeout + GRACE else ""


def _refusal(rules: DialRules, late: float, extension: str, dialled: str) -> str:
    """Why a click is not acted on; empty when it is."""
    if not rules.enabled:
        return "off"
    if late > rules.oldest:
        return "stale"
    if not extension:
        return "no_extension"
    if not dialled:
        return "bad_number"
    return "" if rules.channel(extension) else "bad_order"


def _bare(caller_id: str) -> str:
    """Without brackets, where there is no name before them."""
    return caller_id.strip("<>") if caller_id.startswith("<") else caller_id


def _shown(rules: DialRules, number: str) -> str:
    return rules.normal(number) or number


def new_id(now: float) -> str:
    """Of a channel and so of its call: at most 32 characters, as call records of FreePBX hold. It ends as the PBX's own
    ids do, with its time and a number.
    """
    return f"itgrix-{now:.0f}.{random.SystemRandom().randrange(10**7):07d}"


def refusal_of(failure: Failure) -> str:
    """What a failed action means for the order; empty when the PBX may be calling all the same."""
    if failure.code == "permission":
        return "no_right"
    if failure.code in ("bad_order", "bad_header"):
        return "bad_order"
    if failure.code == NO_ROUTE:
        return NO_ROUTE
    if isinstance(failure, Temporary):
        return "" if failure.executed else "pbx_down"
    return "pbx_down" if isinstance(failure, NeedsOwner) else "refused"
