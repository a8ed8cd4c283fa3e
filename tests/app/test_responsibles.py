# SPDX-License-Identifier: GPL-3.0-or-later
"""For whom calls are registered and finished when rules ask the CRM first."""

from __future__ import annotations

from typing import Any

from itgrix_module.app.orders import Options
from itgrix_module.app.ports import NewStep, PortalSide
from itgrix_module.app.telephony_ports import FinishOrder, RegisterOrder
from itgrix_module.domain.failures import Permanent, Temporary
from itgrix_module.domain.responsible import Record
from itgrix_module.domain.steps import Priority
from tests.app.desk import Desk, finish, new, register

NUMBER = "79161234567"
CONTACT = Record("CONTACT", "7", "Анна", 3)
LEAD = Record("LEAD", "5", "Заявка", 4, created=9.0)


def desk(*records: Record, **options: Any) -> Desk:
    made = Desk(options=Options(**options))
    made.portal.clients[NUMBER] = records
    return made


def missed(employee: str = "101") -> NewStep:
    return finish(employee, 0.0, "304")


def registered(made: Desk) -> RegisterOrder:
    return next(order.register for orders in made.portal.orders for order in orders if order.register)


def finished(made: Desk) -> FinishOrder:
    return next(order.finish for orders in made.portal.orders for order in orders if order.finish)


def test_usual_rules_ask_the_crm_nothing_for_a_call_that_is_answered() -> None:
    made = desk(CONTACT)
    made.call("1.1", register("101"))
    made.run()
    made.add("1.1", finish("101"))
    made.run()
    assert made.portal.searches == []
    assert finished(made).user_id == 1


def test_incoming_call_is_registered_for_the_clients_responsible() -> None:
    made = desk(CONTACT, first_responsible="client")
    made.call("1.1", register("101", "102"))
    made.run()
    assert registered(made).user_id == 3
    assert registered(made).entity is None
    assert made.portal.orders[0][0].show == (1, 2)
    assert "register: accepted for user 3, the client's responsible" in made.told()


def test_new_client_is_registered_for_whose_phone_rings() -> None:
    made = desk(first_responsible="client")
    made.call("1.1", register("102"))
    made.run()
    assert registered(made).user_id == 2


def test_missed_call_of_a_known_client_is_his_responsibles() -> None:
    made = desk(CONTACT)
    made.call("1.1", missed("102"), side=PortalSide(call_id="X", entity_type="CONTACT", entity_id="7"))
    made.run()
    assert finished(made).user_id == 3
    assert "finish: accepted for user 3, the client's responsible" in made.told()


def test_missed_call_of_several_records_goes_to_the_one_that_the_portal_chose() -> None:
    made = desk(CONTACT, LEAD)
    made.call("1.1", missed("102"), side=PortalSide(call_id="X", entity_type="LEAD", entity_id="5"))
    made.run()
    assert finished(made).user_id == 4


def test_missed_call_of_a_client_who_was_just_created_goes_to_whose_phone_rang_last() -> None:
    made = desk(Record("LEAD", "5", responsible=1))
    side = PortalSide(call_id="X", entity_type="LEAD", entity_id="5", created=(("LEAD", "5"),))
    made.call("1.1", missed("102"), side=side)
    made.run()
    assert made.portal.searches == []
    assert finished(made).user_id == 2
    assert "finish: accepted for user 2, whose phone rang last" in made.told()


def test_missed_call_that_rang_nobody_asks_for_the_client_before_it_is_registered() -> None:
    made = desk(CONTACT)
    made.call("1.1", new("register", Priority.RECORD, employees=[]), missed(""))
    made.run()
    assert [question.number for question in made.portal.searches] == [NUMBER]
    assert finished(made).user_id == 3


def test_missed_call_goes_to_whose_phone_rang_last_by_policy() -> None:
    made = desk(CONTACT, missed_responsible="last_rung")
    made.call("1.1", missed("102"), side=PortalSide(call_id="X", entity_type="CONTACT", entity_id="7"))
    made.run()
    assert made.portal.searches == []
    assert finished(made).user_id == 2


def test_newest_record_is_named_to_the_portal() -> None:
    made = desk(CONTACT, LEAD, entity="newest")
    made.call("1.1", register("101"))
    made.run()
    assert registered(made).entity == ("LEAD", "5")
    assert made.portal.searches[0].with_dates


def test_record_of_the_employee_who_rings_is_named_to_the_portal() -> None:
    made = desk(CONTACT, LEAD, entity="talker")
    made.call("1.1", register("104"))
    made.run()
    assert registered(made).entity == ("LEAD", "5")


def test_repeat_of_a_register_asks_nothing_and_says_the_same() -> None:
    made = desk(CONTACT, LEAD, entity="newest", first_responsible="client")
    made.portal.script = [Temporary("lost", "the answer was lost", executed=True)]
    made.call("1.1", register("101"))
    made.run()
    made.portal.clients[NUMBER] = ()
    made.clients.forget_all()
    made.run(60)
    first, second = (orders[0].register for orders in made.portal.orders)
    assert first == second
    assert len(made.portal.searches) == 1


def test_call_waits_when_the_crm_cannot_answer_now() -> None:
    made = desk(CONTACT, first_responsible="client")
    made.portal.search_fault = Temporary("portal_down", "the portal is away", scope="portal")
    made.call("1.1", register("101"))
    made.run()
    assert made.portal.orders == []
    made.portal.search_fault = None
    made.run(120)
    assert registered(made).user_id == 3


def test_call_goes_on_without_the_crm_when_it_is_closed_to_us() -> None:
    made = desk(CONTACT, first_responsible="client")
    made.portal.search_fault = Permanent("ACCESS_DENIED", "no")
    made.call("1.1", register("101"))
    made.run()
    assert registered(made).user_id == 1
