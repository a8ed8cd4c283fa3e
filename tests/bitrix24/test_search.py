# SPDX-License-Identifier: GPL-3.0-or-later
"""Who in the CRM has a number, asked from a portal."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import pytest

from itgrix_module.app.clients import Clients, Question
from itgrix_module.bitrix24.auth import WebhookAuth
from itgrix_module.bitrix24.client import PortalClient
from itgrix_module.bitrix24.search import BitrixSearch
from itgrix_module.domain.failures import Permanent
from itgrix_module.domain.responsible import COMPANY, CONTACT, LEAD, Record
from itgrix_module.sandbox.portal import PortalConfig, SandboxPortal

NUMBER = "+79161234567"
SEARCH = "telephony.externalcall.searchcrmentities"


@pytest.fixture
def portal() -> Iterator[SandboxPortal]:
    with SandboxPortal(PortalConfig(webhook_telephony="lenient")) as made:
        yield made


@pytest.fixture
def client(portal: SandboxPortal, connect: Callable[[WebhookAuth], PortalClient]) -> PortalClient:
    return connect(WebhookAuth(portal.webhook_url()))


def asked(portal: SandboxPortal) -> list[str]:
    """Methods of the HTTP requests, a batch as one."""
    return [request.method for request in portal.requests if not request.via_batch]


def add(client: PortalClient, kind: str, phone: str, **fields: object) -> int:
    phones = [{"VALUE": phone, "VALUE_TYPE": "WORK"}]
    return int(client.call(f"crm.{kind}.add", {"fields": {"PHONE": phones, **fields}}))


def test_client_is_found_with_his_responsible_in_one_request(portal: SandboxPortal, client: PortalClient) -> None:
    contact = add(client, "contact", NUMBER, NAME="Анна", ASSIGNED_BY_ID=1)
    before = len(asked(portal))
    (records,) = BitrixSearch(client).search([Question(NUMBER)], 5)
    assert [(one.kind, one.id, one.responsible) for one in records] == [(CONTACT, str(contact), 1)]
    assert asked(portal)[before:] == [SEARCH]


def test_several_numbers_share_a_request_and_keep_their_order(portal: SandboxPortal, client: PortalClient) -> None:
    company = add(client, "company", "+74951112233", TITLE="Ромашка")
    lead = add(client, "lead", NUMBER, TITLE="L")
    before = len(asked(portal))
    found = BitrixSearch(client).search([Question(NUMBER), Question("+70000000000"), Question("+74951112233")], 5)
    assert [[(one.kind, one.id) for one in records] for records in found] == [
        [(LEAD, str(lead))],
        [],
        [(COMPANY, str(company))],
    ]
    assert asked(portal)[before:] == ["batch"]


def test_dates_and_state_are_asked_when_there_is_a_choice(client: PortalClient) -> None:
    add(client, "contact", NUMBER, NAME="Анна")
    closed = add(client, "lead", NUMBER, TITLE="L", STATUS_ID="JUNK")
    (records,) = BitrixSearch(client).search([Question(NUMBER, with_dates=True)], 5)
    assert {one.kind: one.is_closed for one in records} == {CONTACT: False, LEAD: True}
    assert all(one.created > 0 for one in records)
    assert str(closed) in [one.id for one in records]


def test_open_deals_and_state_of_leads_are_told_to_whom_asks(client: PortalClient) -> None:
    contact = add(client, "contact", NUMBER, NAME="Анна")
    lead = add(client, "lead", NUMBER, TITLE="L", STATUS_ID="IN_PROCESS")
    deal = {"TITLE": "D", "CONTACT_ID": contact, "STAGE_ID": "NEW"}
    first = int(client.call("crm.deal.add", {"fields": deal}))
    client.call("crm.deal.add", {"fields": {**deal, "STAGE_ID": "WON"}})
    (records,) = BitrixSearch(client).search([Question(NUMBER, with_deals=True)], 5)
    found = {one.kind: one for one in records}
    assert [(one.id, one.name, one.stage) for one in found[CONTACT].deals] == [(str(first), "D", "NEW")]
    assert (found[LEAD].id, found[LEAD].status, found[LEAD].outcome) == (str(lead), "IN_PROCESS", "P")


def test_record_with_an_old_spelling_is_found_by_it(client: PortalClient) -> None:
    # Seven digits are no spelling of the number to the portal: only we know what the administrator's town means.
    contact = add(client, "contact", "1234567", NAME="Старый", ASSIGNED_BY_ID=1)
    assert BitrixSearch(client).search([Question(NUMBER)], 5) == [()]
    (records,) = BitrixSearch(client).search([Question(NUMBER, spellings=("1234567",))], 5)
    assert [(one.kind, one.id, one.name, one.responsible) for one in records] == [(CONTACT, str(contact), "Старый", 1)]


def test_answers_are_remembered_until_they_are_old(portal: SandboxPortal, client: PortalClient) -> None:
    now = [1000.0]
    clients = Clients(BitrixSearch(client), lambda: now[0])
    contact = add(client, "contact", NUMBER)
    for _ in range(3):
        assert [one.id for one in clients.find([Question(NUMBER)], 5)[NUMBER]] == [str(contact)]
    assert asked(portal).count(SEARCH) == 1
    now[0] += 3600
    clients.find([Question(NUMBER)], 5)
    clients.forget(NUMBER)
    clients.find([Question(NUMBER)], 5)
    assert asked(portal).count(SEARCH) == 3


class Closed:
    """A portal whose CRM is closed to us."""

    def search(self, questions: Sequence[Question], priority: int) -> list[tuple[Record, ...]]:
        raise Permanent("ACCESS_DENIED", "Access denied")


def test_portal_that_does_not_let_us_search_knows_nobody() -> None:
    assert Clients(Closed(), lambda: 0.0).find([Question(NUMBER)], 5) == {NUMBER: ()}
