# SPDX-License-Identifier: GPL-3.0-or-later
"""Who calls in and who is rung: each channel technology tells it in its own way."""

from __future__ import annotations

import pytest

from itgrix_module.asterisk.message import Message
from itgrix_module.asterisk.sides import Sides
from itgrix_module.asterisk.translate import Translator
from itgrix_module.domain.facts import Fact, LegAdded, LegDialled, LegRated, Side


def facts(name: str, **headers: str) -> list[Fact]:
    known = {"Uniqueid": "1.1", "Linkedid": "1.1", "Context": "from-pstn", **headers}
    return list(Translator().facts(Message({"Event": name, **known}, 1.0)))


@pytest.mark.parametrize(
    ("state", "dialled", "calls"),
    [("Ring", "74950000001", True), ("Down", "74950000001", True), ("Down", "s", False), ("Down", "", False)],
)
def test_channel_of_a_caller_shows_that_it_rings_or_what_was_dialled(state: str, dialled: str, calls: bool) -> None:
    (fact,) = facts("Newchannel", Channel="SIP/beeline-00000001", ChannelStateDesc=state, Exten=dialled)
    assert isinstance(fact, LegAdded)
    assert fact.calling is calls


def test_channel_that_the_pbx_makes_within_a_call_does_not_call() -> None:
    (fact,) = facts(
        "Newchannel", Channel="SIP/101-00000002", Uniqueid="1.2", ChannelStateDesc="Down", Exten="74950000001"
    )
    assert isinstance(fact, LegAdded)
    assert not fact.calling


def test_chan_sip_says_of_a_caller_later_that_he_calls() -> None:
    (fact,) = facts("Newstate", Channel="SIP/beeline-00000001", ChannelStateDesc="Ring", Exten="s")
    assert isinstance(fact, LegAdded)
    assert fact.calling


def test_ringing_phone_does_not_call() -> None:
    assert facts("Newstate", Channel="SIP/101-00000001", ChannelStateDesc="Ringing", Exten="s") == []


@pytest.mark.parametrize(
    "channel", ["DAHDI/101-1", "DAHDI/i1/79161234567-2", "IAX2/beeline-123", "SIP/beeline-msk-0001"]
)
def test_line_is_no_extension_whatever_its_number(channel: str) -> None:
    sides = Sides(extensions=frozenset({"101"}))
    assert sides.of_channel(channel, "from-digital", "79161234567").side is Side.OUTSIDE
    assert sides.of_channel("PJSIP/101-00000001", "from-internal", "101").side is Side.EMPLOYEE


@pytest.mark.parametrize("context", ["trunk-dial-with-exten", "macro-dialout-trunk", "from-trunk-sip-beeline"])
def test_phone_met_on_its_way_through_contexts_of_trunks_is_still_an_employee(context: str) -> None:
    sides = Sides()
    met = sides.of_channel_met("PJSIP/101-00000007", context, "101")
    assert (met.side, met.name) == (Side.EMPLOYEE, "101")
    assert sides.of_channel("PJSIP/101-00000009", "from-internal", "101").side is Side.EMPLOYEE
    assert sides.of_channel_met("PJSIP/beeline-00000008", "from-trunk", "79161234567").side is Side.OUTSIDE


def mobiles() -> Sides:
    return Sides(is_own=lambda number: number.endswith("9031110105"))


def test_who_calls_from_his_mobile_is_an_employee() -> None:
    headers = {
        "Event": "Newchannel",
        "Uniqueid": "1.1",
        "Linkedid": "1.1",
        "Context": "from-trunk",
        "ChannelStateDesc": "Ring",
    }
    message = Message({**headers, "Channel": "PJSIP/beeline-00000001", "CallerIDNum": "79031110105"}, 1.0)
    (added,) = Translator(mobiles()).facts(message)
    assert isinstance(added, LegAdded)
    assert (added.side, added.party, added.calling) == (Side.EMPLOYEE, "79031110105", True)
    stranger = Message({**headers, "Channel": "PJSIP/beeline-00000002", "CallerIDNum": "79161234567"}, 1.0)
    (added,) = Translator(mobiles()).facts(stranger)
    assert isinstance(added, LegAdded)
    assert added.side is Side.OUTSIDE


def test_mobile_of_an_employee_that_is_dialled_is_known_as_such() -> None:
    headers = {"Event": "DialBegin", "Uniqueid": "1.1", "DestUniqueid": "1.2", "DialString": "89031110105@beeline"}
    dialled = [fact for fact in Translator(mobiles()).facts(Message(headers, 1.0)) if isinstance(fact, LegDialled)]
    assert [(fact.number, fact.own) for fact in dialled] == [("89031110105", True)]


@pytest.mark.parametrize(
    ("headers", "votes"),
    [
        ({"Event": "VarSet", "Variable": "ITGRIX_VOTE", "Value": "4"}, [4]),
        ({"Event": "VarSet", "Variable": "__ITGRIX_VOTE", "Value": "5"}, [5]),
        ({"Event": "VarSet", "Variable": "ITGRIX_VOTE", "Value": "9"}, []),
        ({"Event": "VarSet", "Variable": "ITGRIX_VOTE", "Value": ""}, []),
        ({"Event": "VarSet", "Variable": "OTHER", "Value": "4"}, []),
        ({"Event": "NewCallerid", "ChanVariable": "ITGRIX_VOTE=3"}, [3]),
    ],
)
def test_rating_of_the_caller_is_told_once(headers: dict[str, str], votes: list[int]) -> None:
    translator = Translator(vote=lambda: "ITGRIX_VOTE")
    message = Message({"Uniqueid": "1.1", **headers}, 1.0)
    found = [fact for _ in range(2) for fact in translator.facts(message) if isinstance(fact, LegRated)]
    assert [fact.vote for fact in found] == votes


@pytest.mark.parametrize("context", ["users", "sip-phones", "default", "sotrudniki"])
def test_phone_with_a_name_is_known_by_the_extension_that_it_shows(context: str) -> None:
    sides = Sides()
    for channel in ("PJSIP/anna-00000001", "SIP/boris-desk-00000002"):
        party = sides.of_channel(channel, context, "201")
        assert (party.side, party.name) == (Side.EMPLOYEE, "201")
        assert sides.of_channel_met(channel, "ring-all", "74950000000") == party, "also when met later"


def test_provider_whose_service_calls_from_a_short_number_is_no_phone() -> None:
    sides = Sides()
    assert sides.of_channel("PJSIP/mango-00000001", "ivr-main", "79161234567").side is Side.OUTSIDE
    assert sides.of_channel("PJSIP/mango-00000002", "ivr-main", "0890").side is Side.OUTSIDE


def test_short_number_of_an_unknown_provider_does_not_make_him_a_phone_for_ever() -> None:
    sides = Sides()
    sides.of_channel("PJSIP/mango-00000001", "ivr-main", "0890")
    assert sides.of_channel("PJSIP/mango-00000002", "ivr-main", "79161234567").side is Side.OUTSIDE


def test_trunk_met_in_the_middle_of_a_call_is_not_taken_for_the_extension_it_shows() -> None:
    sides = Sides()
    assert sides.of_channel_met("PJSIP/mango-00000001", "ring-all", "102").side is Side.OUTSIDE
    assert sides.of_channel("PJSIP/mango-00000002", "", "102").side is Side.OUTSIDE
