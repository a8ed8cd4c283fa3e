# SPDX-License-Identifier: GPL-3.0-or-later
"""Scripts of the administrator between a call and the portal."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

from itgrix_module.app.hooking import Said
from itgrix_module.app.orders import Options
from itgrix_module.app.ports import PortalSide
from itgrix_module.app.settling import all_failed
from itgrix_module.app.telephony_ports import CallOrder
from itgrix_module.domain.failures import Permanent, Temporary
from itgrix_module.domain.responsible import Record
from tests.app.desk import Desk, attach, finish, register

Script = Callable[[dict[str, Any]], Any]
EMPTY: dict[str, Any] = {}


class Scripts:
    """Each a function of its input; an exception is a failure, empty data cancels."""

    def __init__(self, **scripts: Script) -> None:
        self.scripts, self.seen = scripts, list[str]()
        self.done = threading.Event()

    def is_on(self, name: str) -> bool:
        return name in self.scripts

    def ask(self, name: str, params: Mapping[str, Any]) -> Said:
        self.seen.append(name)
        try:
            data = self.scripts[name](json.loads(json.dumps(params)))
        except RuntimeError as error:
            return Said(failure=f"customization {name}: {error}")
        finally:
            if name == "post_registration":
                self.done.set()
        return Said(cancelled=True) if data in ({}, [], None) else Said(data)


def desk(**scripts: Script) -> tuple[Desk, Scripts]:
    hooks = Scripts(**scripts)
    return Desk(hooks=hooks), hooks


def orders(made: Desk) -> list[CallOrder]:
    return [order for sent in made.portal.orders for order in sent]


def fails(_: dict[str, Any]) -> NoReturn:
    raise RuntimeError("took too long")


def test_call_that_need_no_registration_is_not_told_at_all() -> None:
    made, _ = desk(need_registration=lambda given: {"result": False})
    made.call("1.1", register("101"))
    made.run()
    made.add("1.1", finish("101"), attach())
    made.run()
    assert orders(made) == []
    assert set(made.states().values()) == {"done"}
    assert made.side.left_out == "customization need_registration: the portal is not told of the call"
    assert made.side.left_out in made.told()


def test_call_goes_on_when_the_script_says_yes_or_fails() -> None:
    for script in (lambda given: {"result": True}, fails):
        made, _ = desk(need_registration=script)
        made.call("1.1", register("101"))
        made.run()
        assert orders(made)[0].register is not None


def test_failure_of_a_script_is_told_in_the_timeline() -> None:
    made, _ = desk(process_registration_params=fails)
    made.call("1.1", register("101"))
    made.run()
    told = "customization process_registration_params: took too long; the default goes ahead"
    assert told in made.told()


def test_number_of_the_client_is_rewritten_before_the_crm_is_asked_for_it() -> None:
    made, _ = desk(process_client_phone=lambda given: {"phone": "+7000" + given["phone"]})
    made.options = Options(first_responsible="client")
    made.portal.clients["+700079161234567"] = (Record("CONTACT", "7", responsible=4),)
    made.call("1.1", register("101"))
    made.run()
    found = orders(made)[0].register
    assert found is not None
    assert (found.phone, found.user_id) == ("+700079161234567", 4)


def test_number_of_an_employee_is_rewritten_once_for_each_call() -> None:
    made, hooks = desk(process_user_phone=lambda given: {"phone": given["phone"].removeprefix("9")})
    made.call("1.1", register("9101", "9102"))
    made.run()
    made.add("1.1", finish("9102"))
    made.run()
    first, last = orders(made)[0], orders(made)[-1]
    assert first.register is not None
    assert first.register.user_id == 1
    assert first.show == (1, 2)
    assert last.finish is not None
    assert last.finish.user_id == 2
    assert hooks.seen.count("process_user_phone") == 2


def test_registration_is_changed_and_repeated_as_it_was_changed() -> None:
    made, hooks = desk(
        process_registration_params=lambda given: {**given["params"], "CRM_SOURCE": "RADIO", "USER_ID": 9}
    )
    made.portal.script = [Temporary("lost", "the answer was lost", executed=True)]
    made.call("1.1", register("101"))
    made.run()
    made.run(60)
    first, second = (order.register for order in orders(made))
    assert first == second
    assert first is not None
    assert first.params is not None
    assert (first.params["CRM_SOURCE"], first.params["USER_ID"], first.user_id) == ("RADIO", 9, 9)
    assert hooks.seen.count("process_registration_params") == 1
    assert made.side.registered_user == 9


def test_script_chooses_among_the_records_of_the_client() -> None:
    def choose(given: dict[str, Any]) -> dict[str, Any]:
        lead = next(one for one in given["candidates"] if one["type"] == "lead")
        return {**given["params"], "CRM_ENTITY_TYPE": "LEAD", "CRM_ENTITY_ID": lead["id"]}

    made, _ = desk(process_registration_params=choose)
    made.portal.clients["79161234567"] = (Record("CONTACT", "7"), Record("LEAD", "5"))
    made.call("1.1", register("101"))
    made.run()
    found = orders(made)[0].register
    assert found is not None
    assert found.params is not None
    assert found.params["CRM_ENTITY_ID"] == 5


def test_registration_that_is_cancelled_takes_the_whole_call_with_it() -> None:
    made, _ = desk(process_registration_params=lambda given: EMPTY)
    made.call("1.1", register("101"))
    made.run()
    made.add("1.1", finish("101"), attach())
    made.run()
    assert orders(made) == []
    assert set(made.states().values()) == {"done"}


def test_user_whom_a_script_named_and_the_portal_refuses_is_replaced() -> None:
    made, _ = desk(process_registration_params=lambda given: {**given["params"], "USER_ID": 77})
    refused = Permanent("user_not_found", "not active")
    made.portal.script = [lambda sent: [all_failed(order, refused) for order in sent]]
    made.call("1.1", register("101"))
    made.run()
    found = orders(made)[-1].register
    assert found is not None
    assert found.params is not None
    assert found.user_id == found.params["USER_ID"] == 900


def test_cards_open_for_whom_the_script_names_or_for_nobody() -> None:
    made, _ = desk(customize_show_call_card=lambda given: {"users": [*given["users"], 8]})
    made.call("1.1", register("101"))
    made.run()
    assert orders(made)[0].show == (1, 8)
    made, _ = desk(customize_show_call_card=lambda given: [])
    made.call("1.1", register("101"))
    made.run()
    assert orders(made)[0].show == ()
    assert orders(made)[0].register is not None


def test_end_is_changed_and_cannot_name_another_call() -> None:
    made, _ = desk(process_final_params=lambda given: {**given["params"], "USER_ID": 5})
    made.call("1.1", finish("101"), side=PortalSide(call_id="X"))
    made.run()
    end = orders(made)[0].finish
    assert end is not None
    assert end.params is not None
    assert (end.user_id, end.params["USER_ID"], end.params["CALL_ID"]) == (5, 5, "X")
    made, _ = desk(process_final_params=lambda given: {**given["params"], "CALL_ID": "Y"})
    made.call("1.1", finish("101"), side=PortalSide(call_id="X"))
    made.run()
    end = orders(made)[0].finish
    assert end is not None
    assert end.params is None


def test_script_after_the_registration_hears_what_the_portal_answered() -> None:
    heard: list[Any] = []
    made, hooks = desk(post_registration=lambda given: heard.append(given["registration"]))
    made.call("1.1", register("101"))
    made.run()
    assert hooks.done.wait(10)
    assert heard[0]["CALL_ID"] == "id-1.1"
