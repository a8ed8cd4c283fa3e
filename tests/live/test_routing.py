# SPDX-License-Identifier: GPL-3.0-or-later
"""Smart routing asked by a real Asterisk: by AGI and by CURL, in time or not, and with nobody there to ask."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count

import pytest

from itgrix_module.commands.serving import Address, panel
from itgrix_module.sandbox.rig.manager import Fields, Manager
from itgrix_module.sandbox.rig.pbx import RealPbx
from itgrix_module.sandbox.rig.rig import Rig, Situation
from itgrix_module.sandbox.rig.stage import Stage
from itgrix_module.sandbox.rig.truth import Truth, incoming
from tests.live.installation import Installation, installation, until, user_of

pytestmark = pytest.mark.live

RESPONSIBLE = "102"
KNOWN = "79150000001"
CLIENTS = ("79150000101", "79150000102")  # who really call; numbers that have only asked would be taken for them
_NUMBERS = count(79150000002)
SEARCH = "telephony.externalcall.searchcrmentities"

# Extensions 950 to 953 ask and say what they were told; 954 connects, as an administrator would write it.
DIALPLAN = """
[itgrix-route-test]
exten => 950,1,Set(ITGRIX_EXTENSION=)
 same => n,AGI(agi://127.0.0.1:{agi}/responsible)
 same => n,Goto(told,1)
exten => 951,1,Set(ITGRIX_EXTENSION=)
 same => n,AGI(agi://127.0.0.1:{closed}/responsible)
 same => n,Goto(told,1)
exten => 952,1,Set(ANSWER=${{CURL(http://127.0.0.1:{http}/route?number=${{CALLERID(num)}}&full=1)}})
 same => n,Set(ITGRIX_EXTENSION=${{CUT(ANSWER,|,1)}})
 same => n,Set(ITGRIX_REASON=${{CUT(ANSWER,|,2)}})
 same => n,Set(CALLERID(name)=${{CUT(ANSWER,|,3)}})
 same => n,Goto(told,1)
exten => 953,1,Set(ITGRIX_EXTENSION=${{CURL(http://127.0.0.1:{http}/route?number=${{CALLERID(num)}})}})
 same => n,Goto(told,1)
exten => told,1,Set(TOLD=Reason: ${{ITGRIX_REASON}},Status: ${{AGISTATUS}},Asked: ${{CALLERID(num)}})
 same => n,UserEvent(Routed,Extension: ${{ITGRIX_EXTENSION}},Name: ${{CALLERID(name)}},${{TOLD}})
 same => n,Hangup()

[itgrix-route-real]
exten => 954,1,Set(ITGRIX_EXTENSION=)
 same => n,AGI(agi://127.0.0.1:{agi}/responsible)
 same => n,GotoIf($["${{ITGRIX_EXTENSION}}" = ""]?fallback)
 same => n,Goto(from-internal,${{ITGRIX_EXTENSION}},1)
 same => n(fallback),Goto(from-internal,103,1)

[from-did-direct](+)
include => itgrix-route-real
"""


@dataclass
class Office:
    """A PBX whose dialplan asks the product beside it."""

    pbx: RealPbx
    installed: Installation

    def ask(self, extension: str, caller: str) -> Fields:
        """Let a channel through the dialplan; what it was told."""
        with Manager(self.pbx.ami_everything, 20.0) as link:
            link.ask(
                "Originate",
                Channel=f"Local/{extension}@itgrix-route-test/n",
                Application="Wait",
                Data="5",
                CallerID=f'"before" <{caller}>',
                Async="true",
            )
            while (told := link.until("UserEvent")).get("Asked") != caller:
                pass
            return told

    def settings(self, **changes: object) -> None:
        self.installed.service.core.settings.save({f"routing.{name}": value for name, value in changes.items()})

    def contact(self, number: str, extension: str, name: str) -> None:
        fields = {"NAME": name, "PHONE": [{"VALUE": f"+{number}"}], "ASSIGNED_BY_ID": user_of(extension)}
        self.installed.service.portal.client.call("crm.contact.add", {"fields": fields})


@pytest.fixture(scope="module")
def office(pbx: RealPbx, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    home = tmp_path_factory.mktemp("routing")
    with (
        installation(pbx, home, f"sqlite:///{home / 'itgrix.db'}") as installed,
        panel(installed.service, Address("127.0.0.1", 0)) as url,
        socket.socket() as nobody,
    ):
        nobody.bind(("127.0.0.1", 0))  # nobody listens there
        made = Office(pbx, installed)
        made.settings(listen="127.0.0.1:0", limit_ms=5000)
        ports = {
            "agi": installed.service.route_door.port,
            "closed": nobody.getsockname()[1],
            "http": int(url.rpartition(":")[2]),
        }
        with added(pbx, DIALPLAN.format(**ports)):
            made.contact(KNOWN, RESPONSIBLE, 'Иван "Ромашка" ${X}')
            yield made


@contextmanager
def added(pbx: RealPbx, text: str) -> Iterator[None]:
    """More dialplan for a while."""
    file = pbx.folders.outer / "etc" / "extensions.conf"
    before = file.read_text()
    file.write_text(before + text)
    pbx.command("dialplan reload")
    try:
        yield
    finally:
        file.write_text(before)
        pbx.command("dialplan reload")


def test_dialplan_is_told_extension_reason_and_name(office: Office) -> None:
    told = office.ask("950", KNOWN)
    assert (told["Extension"], told["Reason"], told["Status"]) == (RESPONSIBLE, "responsible", "SUCCESS")
    assert told["Name"] == "Иван Ромашка X"


def test_unknown_caller_keeps_his_name(office: Office) -> None:
    told = office.ask("950", str(next(_NUMBERS)))
    assert (told.get("Extension", ""), told["Reason"], told["Status"]) == ("", "unknown", "SUCCESS")
    assert told["Name"] == "before"


def test_curl_is_told_the_same(office: Office) -> None:
    told = office.ask("952", KNOWN)
    assert (told["Extension"], told["Reason"], told["Name"]) == (RESPONSIBLE, "responsible", "Иван Ромашка X")
    assert office.ask("953", KNOWN)["Extension"] == RESPONSIBLE


def test_portal_that_does_not_answer_does_not_hold_the_call(office: Office) -> None:
    caller = str(next(_NUMBERS))
    office.installed.portal.faults.add(SEARCH, "timeout_before", seconds=8.0)
    office.settings(limit_ms=300)
    try:
        told = office.ask("950", caller)
        assert (told.get("Extension", ""), told["Reason"], told["Status"]) == ("", "slow", "SUCCESS")
    finally:
        office.settings(limit_ms=5000)


def test_nobody_there_to_ask_does_not_hold_the_call(office: Office) -> None:
    told = office.ask("951", KNOWN)
    assert told.get("Extension", "") == ""
    assert told["Status"] in ("FAILURE", "NOTFOUND")


async def to_the_responsible(stage: Stage) -> list[Truth]:
    """A client calls the number of smart routing and reaches his responsible; a second one finds him busy."""
    boris, vera = stage.phones
    call = stage.dial_in("74950000954", CLIENTS[0])
    leg = await stage.answers(boris)
    await stage.joined(CLIENTS[0], boris.number)
    second = stage.dial_in("74950000954", CLIENTS[1])
    other = await stage.answers(vera)
    await stage.pass_time()
    for one, party in ((call, leg), (second, other)):
        one.hang_up()
        await party.ended.wait()
    return [incoming(call, leg), incoming(second, other)]


def test_client_reaches_his_responsible_and_the_next_one_goes_on_when_he_is_busy(office: Office, rig: Rig) -> None:
    for number in CLIENTS:
        office.contact(number, RESPONSIBLE, "Пётр")
    played = rig.play(Situation(to_the_responsible, (RESPONSIBLE, "103")))
    first, second = played["to_the_responsible"].calls()
    service = office.installed.service

    def told(truth: Truth) -> list[str]:
        story = service.core.calls.story(service.node, truth.linkedid)
        return [entry.text for entry in story.timeline if entry.kind == "note"] if story else []

    assert until(lambda: "smart routing: to 102, the client's responsible" in told(first), 40), told(first)
    assert until(lambda: "smart routing: the usual way, 102 is busy" in told(second), 40), told(second)
