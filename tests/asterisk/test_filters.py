# SPDX-License-Identifier: GPL-3.0-or-later
"""What is asked of the PBX, what is dropped on our side, and that both agree."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from itgrix_module.asterisk.connection import LinkFault, NotAllowed, Rejected
from itgrix_module.asterisk.filters import (
    NEEDED,
    NOISE,
    Narrowed,
    Sieve,
    Wanted,
    expressions,
    narrow,
    variable_name,
)
from itgrix_module.asterisk.message import Message, event_name
from itgrix_module.asterisk.transcript_file import TranscriptFile
from itgrix_module.domain.failures import Failure, Temporary
from tests.asterisk.support import TRACES
from tests.fakes.ami_server import block

_PROMISED = """
    Newchannel Newstate NewCallerid DialBegin DialEnd BridgeEnter BridgeLeave BridgeMerge BridgeDestroy BlindTransfer
    AttendedTransfer Hangup Cdr Hold Unhold Rename Pickup ParkedCall ParkedCallTimeOut ParkedCallGiveUp UnParkedCall
    QueueCallerJoin QueueCallerLeave QueueCallerAbandon AgentCalled AgentConnect AgentComplete AgentRingNoAnswer
    LocalBridge LocalOptimizationBegin LocalOptimizationEnd ConfbridgeJoin ConfbridgeLeave ChanSpyStart ChanSpyStop
    MixMonitorStart MixMonitorStop OriginateResponse FullyBooted Shutdown Reload UserEvent
"""
PROMISED = _PROMISED.split()
LISTS = ["CoreShowChannel", "Status", "BridgeListItem", "BridgeInfoChannel", "QueueEntry", "QueueMember"]


def passes_asterisk(text: str, filters: list[str]) -> bool:
    """The rule of Asterisk's match_filter: white lines admit, black lines exclude; ``.`` matches line ends too."""
    white = [line for line in filters if not line.startswith("!")]
    black = [line[1:] for line in filters if line.startswith("!")]
    admitted = not white or any(re.search(line, text, re.DOTALL) for line in white)
    return admitted and not any(re.search(line, text, re.DOTALL) for line in black)


def event(name: str, **headers: str) -> bytes:
    return block("Event", name, [("Privilege", "call,all"), *headers.items()]).removesuffix(b"\r\n\r\n")


@pytest.mark.parametrize("name", [*PROMISED, *LISTS])
@pytest.mark.parametrize("wanted", [Wanted(), Wanted(dialplan=False), Wanted(device_states=True)])
def test_needed_event_passes_both_sieves(name: str, wanted: Wanted) -> None:
    text = event(name, Channel="PJSIP/101-00000001")
    assert not Sieve(wanted.noise, wanted.variables).drops(text)
    assert passes_asterisk(text.decode(), expressions(wanted))


def test_every_promised_event_counts_as_needed() -> None:
    assert set(PROMISED) <= NEEDED
    assert not {name.encode() for name in PROMISED} & NOISE


@pytest.mark.parametrize("name", sorted(NOISE - {b"VarSet"}))
def test_noise_is_dropped_by_both(name: bytes) -> None:
    text = event(name.decode(), Channel="PJSIP/101-00000001")
    assert Sieve().drops(text)
    assert not passes_asterisk(text.decode(), expressions(Wanted()))


@pytest.mark.parametrize(
    ("variable", "wanted"),
    [
        ("MIXMONITOR_FILENAME", True),
        ("CRM_CALL_ID", True),
        ("QUEUESTATUS", True),
        ("CALLFILENAME", True),
        ("__CALLFILENAME", True),
        ("_FROM_DID", True),
        ("__FROM_DID", True),
        ("FROM_DID_2", False),
        ("XFROM_DID", False),
        ("DIALSTATUS", False),
        ("MIXMONITOR_FILENAME_OLD", False),
    ],
)
def test_only_the_wanted_variables_pass_and_both_sieves_agree(variable: str, wanted: bool) -> None:
    text = event("VarSet", Channel="PJSIP/101-00000001", Variable=variable, Value="FROM_DID\n")
    assert Sieve().drops(text) is not wanted
    assert passes_asterisk(text.decode() + "\r\n", expressions(Wanted())) is wanted


def test_name_of_a_variable_in_the_value_does_not_admit_it() -> None:
    text = event("VarSet", Variable="ARG1", Value="Variable: FROM_DID")
    assert Sieve().drops(text)


def test_device_states_pass_only_when_asked() -> None:
    text = event("DeviceStateChange", Device="PJSIP/101")
    asked = Wanted(device_states=True)
    assert Sieve().drops(text)
    assert not Sieve(asked.noise).drops(text)
    assert passes_asterisk(text.decode(), expressions(asked))
    assert "DeviceStateChange" in asked.needed


def test_variables_can_be_added() -> None:
    wanted = Wanted(variables=frozenset({"RATING"}))
    text = event("VarSet", Variable="RATING", Value="5")
    assert not Sieve(wanted.noise, wanted.variables).drops(text)
    assert passes_asterisk(text.decode() + "\r\n", expressions(wanted))


def test_without_dialplan_no_varset_is_asked_for() -> None:
    text = event("VarSet", Variable="FROM_DID", Value="1").decode()
    assert not passes_asterisk(text, expressions(Wanted(dialplan=False)))
    assert not passes_asterisk(text, expressions(Wanted(variables=frozenset())))


def test_hangup_and_hangup_request_are_told_apart() -> None:
    assert passes_asterisk(event("Hangup").decode(), expressions(Wanted()))
    assert not passes_asterisk(event("HangupRequest").decode(), expressions(Wanted()))


def test_expressions_fit_into_a_line_of_the_protocol_and_use_nothing_beyond_posix() -> None:
    for expression in expressions(Wanted(device_states=True)):
        assert len(f"Filter: {expression}\r\n") < 1024
        assert not re.search(r"\(\?|\\|[*+?]\?", expression)


@pytest.mark.parametrize("path", sorted(TRACES.glob("*.ami.gz")), ids=lambda path: path.name)
def test_both_sieves_agree_on_recorded_sessions(path: Path) -> None:
    sieve, filters = Sieve(), expressions(Wanted())
    kept = 0
    for text in TranscriptFile(path, []):
        if event_name(text) and b"EventList" not in text:
            kept += not sieve.drops(text)
            assert sieve.drops(text) is not passes_asterisk(text.decode() + "\r\n\r\n", filters), text
    assert kept > 0


def test_response_is_never_noise() -> None:
    assert not Sieve().drops(b"Response: Success\r\nEvent: CEL")
    assert variable_name(b"Event: VarSet\r\nChannel: x") == b""


class Pbx:
    """Answers to Filter and Events, or a failure from the nth Filter on."""

    def __init__(self, failure: Failure | None = None, after: int = 0) -> None:
        self.asked: list[tuple[str, Mapping[str, str]]] = []
        self._failure = failure
        self._after = after

    def action(self, name: str, headers: Mapping[str, str], timeout: float = 5.0) -> Message:
        self.asked.append((name, headers))
        if self._failure and len(self.asked) > self._after:
            raise self._failure
        return Message({"Response": "Success"})


def test_narrowing_filters_first_and_widens_the_mask_last() -> None:
    pbx = Pbx()
    assert narrow(pbx, Wanted()) == Narrowed(filtered=True, dialplan=True)
    assert {name for name, _ in pbx.asked[:-1]} == {"Filter"}
    assert pbx.asked[-1] == ("Events", {"EventMask": "call,cdr,agent,system,user,dialplan"})


def test_narrowing_without_dialplan_leaves_the_mask() -> None:
    pbx = Pbx()
    assert narrow(pbx, Wanted(dialplan=False)) == Narrowed(filtered=True, dialplan=False)
    assert {name for name, _ in pbx.asked} == {"Filter"}


@pytest.mark.parametrize("failure", [NotAllowed("permission", "permission denied"), Rejected("rejected", "no")])
def test_refused_filter_is_no_fault(failure: Failure) -> None:
    pbx = Pbx(failure)
    assert narrow(pbx, Wanted()) == Narrowed(filtered=False, dialplan=False)
    assert len(pbx.asked) == 1


def test_loss_while_narrowing_is_raised() -> None:
    with pytest.raises(Temporary):
        narrow(Pbx(LinkFault("lost", "gone")), Wanted())
