# SPDX-License-Identifier: GPL-3.0-or-later
"""Click-to-call over the wire."""

from __future__ import annotations

import pytest

from itgrix_module.sandbox.pbx import Click, JumpClock, SandboxPbx
from tests.sandbox.pbx.ami import Ami, Headers
from tests.sandbox.pbx.conftest import Connect, MakePbx

CLICK = {
    "Channel": "Local/101@from-internal/n",
    "Exten": "79161234567",
    "Context": "from-internal",
    "Priority": "1",
    "CallerID": '"CRM 79161234567" <79161234567>',
    "Timeout": "20000",
    "Async": "true",
}


@pytest.fixture
def fast(make_pbx: MakePbx) -> SandboxPbx:
    return make_pbx(JumpClock())


@pytest.fixture
def client(fast: SandboxPbx, connect: Connect) -> Ami:
    client = connect(fast)
    client.login()
    return client


def click(client: Ami, mark: str = "crm-1", **changes: object) -> Headers:
    client.send("Originate", mark, **{**CLICK, **changes})
    return client.until(lambda message: message.get("ActionID") == mark and "Event" not in message)


def result(client: Ami, mark: str = "crm-1") -> Headers:
    return client.until(lambda message: message.get("Event") == "OriginateResponse" and message["ActionID"] == mark)


def test_click_to_call_is_queued_then_answered_then_talked(fast: SandboxPbx, client: Ami) -> None:
    assert click(client)["Message"] == "Originate successfully queued"
    answer = result(client)
    assert (answer["Response"], answer["Reason"]) == ("Success", "4")
    assert answer["Channel"] == "Local/101@from-internal-00000000;1"
    client.event("Hangup", Uniqueid=answer["Uniqueid"])
    (truth,) = fast.truths
    assert truth.linkedid == answer["Uniqueid"]
    assert (truth.client, truth.answered_by, truth.outcome) == ("79161234567", "101", "answered")


@pytest.mark.parametrize(
    ("channel", "behaviour", "reason"),
    [
        ("Local/101@from-internal/n", Click(agent="busy"), "5"),
        ("PJSIP/101", Click(agent="busy"), "5"),
        ("Local/101@from-internal/n", Click(agent="no_answer"), "3"),
        ("PJSIP/101", Click(agent_ring=30), "3"),
        ("PJSIP/999", Click(), "0"),
        ("Local/999@from-internal/n", Click(), "8"),
    ],
)
def test_employee_who_cannot_be_reached_is_reported(
    fast: SandboxPbx, client: Ami, channel: str, behaviour: Click, reason: str
) -> None:
    fast.behaviour = lambda order: behaviour
    click(client, Channel=channel)
    answer = result(client)
    assert (answer["Response"], answer["Reason"]) == ("Failure", reason)
    assert (answer["Channel"], answer["Uniqueid"]) == (channel, "<unknown>")
    assert fast.idle()
    assert [truth.outcome for truth in fast.truths] == ([] if "999" in channel else ["cancelled"])


def test_channel_id_becomes_unique_id_and_linkedid(client: Ami) -> None:
    click(client, Channel="PJSIP/102", ChannelId="crm-c2c-42", Variable=["__CRM_CALL_ID=c2c-42", "A=1,B=2"])
    assert result(client)["Uniqueid"] == "crm-c2c-42"
    first = client.event("Newchannel")
    assert (first["Uniqueid"], first["Linkedid"]) == ("crm-c2c-42", "crm-c2c-42")
    assert client.event("VarSet", Variable="__CRM_CALL_ID")["Value"] == "c2c-42"
    assert client.event("VarSet", Variable="B")["Value"] == "2"
    assert client.event("Newchannel", Context="from-pstn")["Linkedid"] == "crm-c2c-42"


def test_behaviour_may_depend_on_the_number(fast: SandboxPbx, client: Ami) -> None:
    fast.behaviour = lambda order: Click(client="busy" if order.exten.endswith("0") else "answer")
    click(client, "crm-1", Exten="79160000000")
    click(client, "crm-2", Exten="79161234567", Channel="Local/102@from-internal/n")
    assert fast.idle()
    assert [truth.outcome for truth in fast.truths] == ["busy", "answered"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"Channel": ""}, "Channel not specified"),
        ({"Channel": "nonsense"}, "Invalid channel"),
        ({"Timeout": "soon"}, "Invalid timeout"),
        ({"Exten": ""}, "Extension does not exist."),
    ],
)
def test_senseless_orders_are_refused(client: Ami, changes: dict[str, str], message: str) -> None:
    answer = click(client, **changes)
    assert (answer["Response"], answer["Message"]) == ("Error", message)


def test_hangup_by_action_while_the_employee_is_rung_cancels(pbx: SandboxPbx, ami: Ami) -> None:
    click(ami)
    pbx.advance(0.5)
    ami.act("Hangup", Channel="Local/101@from-internal-00000000;1")
    pbx.advance(0)
    assert ami.listed("CoreShowChannels") == []
    assert [truth.outcome for truth in pbx.truths] == ["cancelled"]
