# SPDX-License-Identifier: GPL-3.0-or-later
"""The customization ``customize_autodistribution``: a script may choose another extension, or the usual way."""

from __future__ import annotations

from collections.abc import Callable

from itgrix_module.app import hook_inputs
from itgrix_module.app.crm_records import candidate
from itgrix_module.app.hook_answers import asked
from itgrix_module.app.hook_inputs import Scene
from itgrix_module.app.hooking import Hooks
from itgrix_module.app.route_ports import Customize, Routed
from itgrix_module.domain.routing import CANCELLED, CUSTOMIZED, Decision

HOOK = "customize_autodistribution"


def customization(hooks: Hooks, scene: Callable[[str], Scene]) -> Callable[[], Customize | None]:
    """For ``Sources.customize``. ``scene``: the call of a linkedid as scripts see it, also when there is none."""

    def customize(routed: Routed) -> tuple[Decision, str]:
        return _asked(hooks, scene, routed)

    return lambda: customize if hooks.is_on(HOOK) else None


def _asked(hooks: Hooks, scene: Callable[[str], Scene], routed: Routed) -> tuple[Decision, str]:
    decision = routed.decision
    said = asked(
        hooks,
        HOOK,
        lambda: hook_inputs.customize_autodistribution(
            scene(routed.asked.linkedid),
            decision.extension,
            routed.number or routed.asked.number,
            routed.asked.line,
            [candidate(record) for record in routed.records],
        ),
        decision.extension,
    )
    if said.cancelled:
        return Decision("", CANCELLED, decision.name, decision.tried), said.told
    if said.value == decision.extension:
        return decision, said.told
    reason = CUSTOMIZED if said.value else CANCELLED
    return Decision(said.value, reason, decision.name, decision.tried), said.told
