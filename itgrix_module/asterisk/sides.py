# SPDX-License-Identifier: GPL-3.0-or-later
"""On whose side of the PBX a channel is: an employee's phone, a trunk, a Local half or a service channel.

Contexts are believed only on a new channel, where they are a setting of the endpoint; later a channel's context is
wherever the dialplan happens to be.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from itgrix_module.domain.facts import Side

DEFAULT_PATTERN = r"\d{2,4}"
_SERVICE = frozenset(
    (
        "Announcer", "AsyncGoto", "Bridge", "CBAnn", "CBRec", "ConfBridgeRecorder", "DTMF", "MeetMe", "Message",
        "MulticastRTP", "Parked", "Phone", "Recorder", "Snoop", "Surrogate", "UnicastRTP",
    )
)  # fmt: skip
_LINE_CARDS = frozenset(("DAHDI", "Dongle", "Mobile", "Khomp", "GSM", "Quectel"))
_OUTSIDE_CONTEXT = re.compile(
    r"from-(pstn|trunk|did|digital|analog|zaptel|dahdi|sip-external|pjsip-external|gsm|dongle|provider|outside|extern)|"
    r"^(incoming|inbound|public|trunk|extern|pstn)",
    re.IGNORECASE,
)
_INSIDE_CONTEXT = re.compile(
    r"from-(internal|inside|local|users|phones|office)|"
    r"^(internal|local|phones|office|cos-|users|(sip|pjsip)[-_]?(phones|users|internal)|employees|staff|extensions)",
    re.IGNORECASE,
)
_SHORT = re.compile(r"\d{2,6}")


@dataclass(frozen=True, slots=True)
class Party:
    """``name``: extension of an employee, name of a trunk; for a Local half the name that both halves share."""

    side: Side
    name: str


def _nobodys(number: str) -> bool:  # noqa: ARG001
    return False


@dataclass
class Sides:
    """Tells sides apart from what is known of the PBX (lists) and of its numbering (pattern).

    ``is_own``: is this outside number an employee's mobile, which counts as an extension?
    """

    pattern: str = DEFAULT_PATTERN
    extensions: frozenset[str] = frozenset()
    trunks: frozenset[str] = frozenset()
    is_own: Callable[[str], bool] = _nobodys
    _learned: dict[str, Party] = field(default_factory=dict, init=False, repr=False)
    _shown: dict[str, Party] = field(default_factory=dict, init=False, repr=False)

    def know(self, extensions: Iterable[str], trunks: Iterable[str]) -> None:
        """Take over the PBX's own lists of extensions and trunks."""
        self.extensions, self.trunks = frozenset(extensions), frozenset(trunks)
        self._learned.clear()
        self._shown.clear()

    def of_channel(self, channel: str, context: str = "", number: str = "") -> Party:
        """Side and party of a new channel. ``number``: its own caller id, ``context``: where its endpoint starts."""
        return self._of(channel, context, number, is_new=True)

    def _of(self, channel: str, context: str, number: str, is_new: bool) -> Party:
        technology, _, rest = channel.partition("/")
        if technology == "Local":
            return Party(Side.LOCAL, rest.rsplit(";", 1)[0])
        if technology in _SERVICE:
            return Party(Side.SERVICE, technology)
        endpoint = endpoint_of(channel)
        key = f"{technology}/{endpoint}" if technology in _LINE_CARDS else endpoint
        known = self._learned.get(key) or self._judge(technology, endpoint, context, number)
        is_born = is_new and bool(context)
        if known is None and (not is_born or re.fullmatch(self.pattern, number)):
            return self._named(key, endpoint, number if is_born else "")
        known = known or Party(Side.OUTSIDE, endpoint)
        if is_born:
            self._learned[key] = known
        return known

    def _named(self, key: str, endpoint: str, number: str) -> Party:
        """Neither its name nor its context says what it is. If it shows an extension, it is a phone with a name.

        That is believed until it shows something else: a provider's service may call from a short number as well.
        """
        if number:
            self._shown[key] = Party(Side.EMPLOYEE, number)
        return self._shown.get(key) or Party(Side.OUTSIDE, endpoint)

    def of_caller(self, channel: str, context: str, number: str) -> Party:
        """The same of a channel that calls: who calls from his mobile is an employee."""
        party = self.of_channel(channel, context, number)
        return Party(Side.EMPLOYEE, number) if party.side is Side.OUTSIDE and self.is_own(number) else party

    def of_channel_met(self, channel: str, context: str, number: str) -> Party:
        """The same of a channel that is met in the middle of its life: its dialplan has gone on since it began.

        FreePBX leads an employee's own call through contexts of trunks, so what looks like an extension is one.
        """
        endpoint = endpoint_of(channel)
        looks_inside = endpoint in self.extensions or re.fullmatch(self.pattern, endpoint)
        return self._of(channel, "" if looks_inside else context, number, is_new=False)

    def _judge(self, technology: str, endpoint: str, context: str, number: str) -> Party | None:
        if technology in _LINE_CARDS and not _INSIDE_CONTEXT.search(context):
            return Party(Side.OUTSIDE, endpoint)
        if endpoint in self.extensions and technology not in _LINE_CARDS:
            return Party(Side.EMPLOYEE, endpoint)
        if endpoint in self.trunks:
            return Party(Side.OUTSIDE, endpoint)
        if _OUTSIDE_CONTEXT.search(context):
            return Party(Side.OUTSIDE, endpoint)
        if re.fullmatch(self.pattern, endpoint):
            return Party(Side.EMPLOYEE, endpoint)
        if _SHORT.fullmatch(endpoint) and (endpoint == number or _INSIDE_CONTEXT.search(context)):
            return Party(Side.EMPLOYEE, endpoint)
        if _INSIDE_CONTEXT.search(context) and (number in self.extensions or _SHORT.fullmatch(number)):
            return Party(Side.EMPLOYEE, number)
        return None


def endpoint_of(channel: str) -> str:
    """``PJSIP/mobile-gw-00000003`` -> ``mobile-gw``; an endpoint may hold hyphens, so the last one counts.

    Of a card's channel (``DAHDI/i1/79161234567-2``) the span or group is the endpoint.
    """
    technology, _, rest = channel.partition("/")
    name, hyphen, _ = rest.rpartition("-")
    name = name if hyphen else rest
    return name.partition("/")[0] if technology in _LINE_CARDS else name
