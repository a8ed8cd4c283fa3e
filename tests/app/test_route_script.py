# SPDX-License-Identifier: GPL-3.0-or-later
"""``customize_autodistribution``: what the script is told and what its answer means."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from itgrix_module.app.call_full import Known
from itgrix_module.app.hook_inputs import no_call
from itgrix_module.app.hook_trial import Roster
from itgrix_module.app.hooking import Said
from itgrix_module.app.people_ports import Employee
from itgrix_module.app.route_ports import Asked, Routed
from itgrix_module.app.route_script import HOOK, customization
from itgrix_module.domain.routing import Decision
from tests.app.route_desk import CLIENT, NUMBER

CHOSEN = Decision("101", "responsible", "Иван")
ROUTED = Routed(Asked("89161234567", "7495", linkedid="1.2"), CHOSEN, NUMBER, records=(CLIENT,))


class Script:
    """Fulfils ``Hooks``."""

    def __init__(self, said: Said, *, on: bool = True) -> None:
        self.said, self.on = said, on
        self.given: Mapping[str, Any] = {}

    def is_on(self, name: str) -> bool:
        return self.on and name == HOOK

    def ask(self, name: str, params: Mapping[str, Any]) -> Said:
        self.given = params
        return self.said


def asked(script: Script, routed: Routed = ROUTED) -> tuple[Decision, str]:
    names = Roster([Employee("101", 1, "Anna")], {})
    customize = customization(script, lambda linkedid: no_call(Known(names)))()
    assert customize is not None
    return customize(routed)


def test_script_that_is_off_is_not_asked() -> None:
    assert customization(Script(Said(), on=False), lambda _: no_call(Known(Roster([], {}))))() is None


def test_script_is_told_who_calls_and_who_was_chosen() -> None:
    script = Script(Said())
    assert asked(script) == (CHOSEN, "")
    given = script.given
    assert (given["extension"], given["phone"], given["line"], given["user"]["name"]) == ("101", NUMBER, "7495", "Anna")
    assert [(each["type"], each["responsible_id"]) for each in given["candidates"]] == [("contact", 1)]


@pytest.mark.parametrize("data", ["205", {"extension": "205"}, 205])
def test_script_chooses_another_extension(data: object) -> None:
    decision, told = asked(Script(Said(data)))
    assert decision == Decision("205", "customized", "Иван")
    assert told == "customization customize_autodistribution decided"


def test_script_finds_somebody_where_nobody_was() -> None:
    nobody = Routed(Asked(NUMBER), Decision("", "unknown"), NUMBER)
    decision, _ = asked(Script(Said("205")), nobody)
    assert (decision.extension, decision.reason) == ("205", "customized")


@pytest.mark.parametrize("said", [Said(cancelled=True), Said({"extension": ""})])
def test_script_wants_the_usual_way(said: Said) -> None:
    decision, told = asked(Script(said))
    assert (decision.extension, decision.reason) == ("", "cancelled")
    assert told


@pytest.mark.parametrize("said", [Said(failure="it broke"), Said({"extension": "101,1)\n"}), Said(["101"])])
def test_script_that_fails_changes_nothing(said: Said) -> None:
    decision, told = asked(Script(said))
    assert decision == CHOSEN
    assert "the default goes ahead" in told
