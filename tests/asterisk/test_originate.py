# SPDX-License-Identifier: GPL-3.0-or-later
"""Originate: nothing that comes from a portal, a script or a setting means more to the PBX than it says."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from itgrix_module.app.dial_orders import DialRules, caller_id, changed, problem
from itgrix_module.app.dial_ports import Originate
from itgrix_module.app.numbering import Numbering, Rule
from itgrix_module.asterisk import faults
from itgrix_module.asterisk.message import Message
from itgrix_module.asterisk.originate import Originator, headers
from itgrix_module.asterisk.wire import Headers
from itgrix_module.domain.failures import Permanent, Temporary

ORDER = Originate("itgrix-1795000000.0000001", "PJSIP/101", "89161234567", "from-internal", "<+79161234567>")
HOSTILE = st.text(alphabet=st.sampled_from("0123456789+*#,;|&$`{}[]()<>\"'\\\r\n\t\0 =:@/_.-abcЖ٣"), max_size=40)
SAFE = {
    "Channel": re.compile(r"[A-Za-z0-9_/.+*#@:-]+"),
    "Exten": re.compile(r"[A-Za-z0-9_.+*#-]+"),
    "Context": re.compile(r"[A-Za-z0-9_.-]+"),
    "CallerID": re.compile(r'("[^"\\<>,;&|$`{}\[\]()=\x00-\x1f]*" )?<[0-9+*#]*>'),
    "Variable": re.compile(r"[A-Za-z0-9_()-]+=[A-Za-z0-9 _.+:=/@*#-]*"),
}
RULES = DialRules(
    Numbering(dial_rules=[Rule(r"^\+7", "8")], country="RU").dial, Numbering(country="RU").client, prefix="9"
)


class Wire:
    """Keeps what would be sent."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, list[tuple[str, object]]]] = []

    def action(self, name: str, headers: Headers = (), timeout: float = 5.0) -> Message:
        assert not isinstance(headers, Mapping)
        self.sent.append((name, list(headers)))
        return Message({}, 0.0)


def assert_safe(order: Originate) -> None:
    wire = Wire()
    if wrong := problem(order):
        with pytest.raises(Permanent) as refused:
            Originator(lambda: wire).originate(order)
        assert (refused.value.code, wire.sent) == ("bad_order", [])
        assert wrong.isascii()
        assert wrong.isprintable()
        return
    Originator(lambda: wire).originate(order)
    ((name, sent),) = wire.sent
    assert name == "Originate"
    for key, value in sent:
        assert isinstance(value, str)
        assert value.isprintable()
        if key in SAFE:
            assert SAFE[key].fullmatch(value), (key, value)


@given(HOSTILE, HOSTILE, HOSTILE)
@example("+79161234567", "101", "101@evil\r\nAction: Command\r\nCommand: core stop now")
@example("8916&PJSIP/102", "101&102", "")
@example("${SHELL(id)}", "101,1", "x")
def test_no_number_extension_or_name_smuggles_anything(number: str, extension: str, name: str) -> None:
    dialled = RULES.dialled(number, name)
    assert_safe(RULES.order(ORDER.id, extension, dialled or number, number))
    assert_safe(replace(ORDER, caller_id=caller_id(f"{name}<{number}>")))
    assert_safe(replace(RULES, devices={extension: name}).order(ORDER.id, extension, dialled, number))


@given(st.dictionaries(st.sampled_from(["channel", "extension", "context", "caller_id"]), HOSTILE), HOSTILE, HOSTILE)
def test_no_customization_smuggles_anything(fields: dict[str, str], timeout: str, value: str) -> None:
    assert_safe(changed(ORDER, {**fields, "timeout": timeout, "priority": value}))
    assert_safe(replace(ORDER, variables=((value, timeout), ("A", value))))


@given(HOSTILE)
def test_dialled_number_is_digits_and_signs_of_a_dial_pad(number: str) -> None:
    assert re.fullmatch(r"[0-9+*#]*", RULES.dialled(number, ""))


def test_order_is_written_as_asterisk_wants_it() -> None:
    found = dict(headers(replace(ORDER, channel="Local/101@from-internal/n", variables=(("__A", "1"),))))
    assert found == {
        "ActionID": "itgrix-dial-itgrix-1795000000.0000001",
        "Channel": "Local/101@from-internal/n",
        "Context": "from-internal",
        "Exten": "89161234567",
        "Priority": "1",
        "Timeout": "30000",
        "Async": "true",
        "ChannelId": ORDER.id,
        "OtherChannelId": f"{ORDER.id}-2",
        "CallerID": "<+79161234567>",
        "Variable": "__A=1",
    }


def test_held_order_lets_whoever_answers_wait_as_long_as_it_rings() -> None:
    found = dict(headers(replace(ORDER, channel="Local/700@from-internal/n", timeout=40.0, held=True)))
    assert (found["Application"], found["Data"], found["Timeout"]) == ("Wait", "40", "40000")
    assert not {"Exten", "Context", "Priority"} & set(found)


def test_released_order_sends_its_channel_to_the_client() -> None:
    wire = Wire()
    Originator(lambda: wire).release(replace(ORDER, held=True))
    target = {"Context": "from-internal", "Exten": "89161234567", "Priority": "1"}
    assert [(name, dict(sent)) for name, sent in wire.sent] == [("Redirect", {"Channel": ORDER.id, **target})]


@pytest.mark.parametrize("exten", ["1\r\nAction: Logoff", "1,1", "${X}", ""])
def test_nothing_hostile_is_released(exten: str) -> None:
    wire = Wire()
    with pytest.raises(Permanent):
        Originator(lambda: wire).release(replace(ORDER, exten=exten, held=True))
    assert wire.sent == []


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("+79161234567", "<+79161234567>"),
        ("Завод «Прогресс» <8495>", '"Завод «Прогресс»" <8495>'),
        ("", ""),
        ('"x"<1>', '"x" <1>'),
    ],
)
def test_caller_id_keeps_what_a_phone_can_show(text: str, shown: str) -> None:
    assert caller_id(text) == shown
    assert not problem(replace(ORDER, caller_id=shown))


@pytest.mark.parametrize(
    ("device", "channel"),
    [
        ("", "Local/101@from-internal/n"),
        ("extension", "Local/101@from-internal/n"),
        ("device", "PJSIP/101"),
        ("SIP/101-home", "SIP/101-home"),
        ("+79161112233", "Local/89161112233@from-internal/n"),
    ],
)
def test_each_employee_has_his_phone(device: str, channel: str) -> None:
    assert replace(RULES, devices={"101": device} if device else {}).channel("101") == channel


class Link(Wire):
    """Comes up after some looks, or never."""

    def __init__(self, looks: int, code: str = "down") -> None:
        super().__init__()
        self.looks, self.code = looks, code

    def action(self, name: str, headers: Headers = (), timeout: float = 5.0) -> Message:
        self.looks -= 1
        if self.looks >= 0:
            raise Temporary(self.code, "the AMI link is down")
        return super().action(name, headers, timeout)


def test_link_that_is_being_made_is_waited_for() -> None:
    link, waited = Link(5), list[float]()
    Originator(lambda: link, waited.append).originate(ORDER)
    assert len(link.sent) == 1
    assert len(waited) == 5


@pytest.mark.parametrize(("code", "most"), [("down", 5.0), ("refused", 0.0)])
def test_link_that_stays_down_is_told(code: str, most: float) -> None:
    link, waited = Link(1000, code), list[float]()
    with pytest.raises(Temporary):
        Originator(lambda: link, waited.append).originate(ORDER)
    assert link.sent == []
    assert sum(waited) <= most


class Routes(Wire):
    """A dialplan that has numbers of this shape only."""

    def __init__(self, shape: str) -> None:
        super().__init__()
        self._shape = shape

    def action(self, name: str, headers: Headers = (), timeout: float = 5.0) -> Message:
        answer = super().action(name, headers, timeout)
        if not re.fullmatch(self._shape, self.tried[-1]):
            raise faults.answer(name, "Extension does not exist.")
        return answer

    @property
    def tried(self) -> list[str]:
        return [str(value) for _, sent in self.sent for key, value in sent if key == "Exten"]


@pytest.mark.parametrize(
    ("shape", "prefix", "tried"),
    [
        (r"\+.*", "", ["+79161234567"]),
        (r"8\d{10}", "", ["+79161234567", "89161234567"]),
        (r"7\d{10}", "", ["+79161234567", "89161234567", "79161234567"]),
        (r"97\d{10}", "9", ["9+79161234567", "989161234567", "979161234567"]),
    ],
)
def test_number_goes_out_in_the_spelling_that_has_a_route(shape: str, prefix: str, tried: list[str]) -> None:
    numbering, wire = Numbering(country="RU"), Routes(shape)
    rules = DialRules(numbering.dial, numbering.client, prefix=prefix, by_hand=numbering.by_hand)
    order = rules.order(ORDER.id, "101", rules.dialled("+79161234567", ""), "+79161234567")
    Originator(lambda: wire).originate(Originate.of(json.loads(json.dumps(asdict(order)))))
    assert wire.tried == tried


@pytest.mark.parametrize("otherwise", [(), ("9161234567",)])
def test_number_without_any_route_is_refused(otherwise: tuple[str, ...]) -> None:
    wire = Routes(r"0\d+")
    with pytest.raises(Permanent) as refused:
        Originator(lambda: wire).originate(replace(ORDER, otherwise=otherwise))
    assert refused.value.code == "no_route"
    assert wire.tried == [ORDER.exten, *otherwise]


def test_another_refusal_is_not_tried_in_other_spellings() -> None:
    class Refusing(Wire):
        def action(self, name: str, headers: Headers = (), timeout: float = 5.0) -> Message:
            super().action(name, headers, timeout)
            raise faults.answer(name, "Originate failed")

    wire = Refusing()
    with pytest.raises(Permanent):
        Originator(lambda: wire).originate(replace(ORDER, otherwise=("1",)))
    assert len(wire.sent) == 1


def test_what_a_script_has_changed_is_dialled_so_and_not_otherwise() -> None:
    assert changed(replace(ORDER, otherwise=("1",)), {"extension": "+2"}).otherwise == ()


def test_no_other_spelling_smuggles_anything() -> None:
    assert problem(replace(ORDER, otherwise=("8916&PJSIP/102",)))
