# SPDX-License-Identifier: GPL-3.0-or-later
"""Which AMI messages we want: event mask, server-side filter, and what is dropped on our side before parsing.

A FreePBX call makes 470 to 3500 events of which we need about thirty (measured on Asterisk 16 and 22). Three sieves,
each optional, the next one closes what the one before left open: the classes asked for at login (no right needed),
the action ``Filter`` (right ``system``; POSIX extended expressions over the whole event text, Asterisk 13 to 22), and
``Sieve`` here, on bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from itgrix_module.asterisk.message import Message, event_name
from itgrix_module.domain.failures import Failure

_NEEDED_NAMES = """
    Newchannel Newstate NewCallerid DialBegin DialEnd BridgeEnter BridgeLeave BridgeMerge BridgeDestroy
    BlindTransfer AttendedTransfer Hangup Cdr Hold Unhold Rename Pickup ParkedCall ParkedCallTimeOut
    ParkedCallGiveUp UnParkedCall QueueCallerJoin QueueCallerLeave QueueCallerAbandon AgentCalled AgentConnect
    AgentComplete AgentRingNoAnswer LocalBridge LocalOptimizationBegin LocalOptimizationEnd ConfbridgeJoin
    ConfbridgeLeave ChanSpyStart ChanSpyStop MixMonitorStart MixMonitorStop OriginateResponse FullyBooted Shutdown
    Reload UserEvent VarSet
"""

NEEDED: frozenset[str] = frozenset(_NEEDED_NAMES.split())

DEVICE_STATE = "DeviceStateChange"

# Names that say nothing about who talked with whom. Sent to the PBX as a blacklist.
_NOISE_NAMES = """
    CEL TestEvent DeviceStateChange ExtensionStatus QueueMemberStatus QueueMemberPause QueueMemberPenalty
    QueueMemberRinginuse RTCPSent RTCPReceived SoftHangupRequest HangupRequest BridgeCreate BridgeVideoSourceUpdate
    MusicOnHoldStart MusicOnHoldStop NewConnectedLine NewAccountCode Newexten DialState DTMFBegin DTMFEnd
    MessageWaiting PeerStatus ContactStatus PresenceStateChange PresenceStatus Registry JitterBufStats
    ChannelTalkingStart ChannelTalkingStop ConfbridgeTalking AGIExecStart AGIExecEnd AsyncAGIExec MixMonitorMute
    SuccessfulAuth ChallengeSent ChallengeResponseFailed InvalidPassword InvalidAccountID FailedACL
    AuthMethodNotAllowed RequestBadFormat RequestNotAllowed RequestNotSupported UnexpectedAddress InvalidTransport
    SessionLimit LoadAverageLimit MemoryLimit FAXStatus FAXSession ReceiveFAX SendFAX ChannelReload Load Unload
    AOC-D AOC-E AOC-S MCID
"""

# ``VarSet`` here means: all but the wanted variables.
NOISE: frozenset[bytes] = frozenset(name.encode() for name in [*_NOISE_NAMES.split(), "VarSet"])

VARIABLES: frozenset[str] = frozenset({"MIXMONITOR_FILENAME", "CRM_CALL_ID", "QUEUESTATUS", "CALLFILENAME", "FROM_DID"})

CLASSES = ("call", "cdr", "agent", "system", "user")
_LINE_LIMIT = 900  # bytes of one Filter header; Asterisk cuts a line at 1024
_VARIABLE = b"\r\nVariable: "


@dataclass(frozen=True)
class Wanted:
    """What the tracker asks for beyond the basics.

    ``dialplan``: the class with VarSet, taken only when the PBX lets us filter it. ``variables``: names of the channel
    variables of interest, without leading underscores. ``device_states``: DeviceStateChange as well.
    """

    dialplan: bool = True
    variables: frozenset[str] = VARIABLES
    device_states: bool = False

    @property
    def noise(self) -> frozenset[bytes]:
        """Names to drop on our side."""
        return NOISE - {DEVICE_STATE.encode()} if self.device_states else NOISE

    @property
    def needed(self) -> frozenset[str]:
        """Names whose loss asks for a new snapshot."""
        return NEEDED | {DEVICE_STATE} if self.device_states else NEEDED

    def mask(self, *, dialplan: bool = False) -> str:
        """Value for ``Events`` and ``EventMask``."""
        return ",".join([*CLASSES, "dialplan"] if dialplan else CLASSES)


class Sieve:
    """Decides on bytes which blocks are worth parsing."""

    def __init__(
        self, skip: frozenset[bytes] = NOISE, variables: frozenset[str] | frozenset[bytes] = VARIABLES
    ) -> None:
        self._skip = skip
        self._variables = frozenset(v.encode() if isinstance(v, str) else v for v in variables)

    def drops(self, block: bytes) -> bool:
        """True for a framed block that nobody needs; a response is never dropped."""
        name = event_name(block)
        if name not in self._skip:
            return False
        return name != b"VarSet" or variable_name(block) not in self._variables


def variable_name(block: bytes) -> bytes:
    """Name of the variable in a VarSet block, without the underscores that mark inheritance; empty without one."""
    start = block.find(_VARIABLE)
    if start < 0:
        return b""
    start += len(_VARIABLE)
    end = block.find(b"\r\n", start)
    return (block[start:end] if end > 0 else block[start:]).lstrip(b"_")


def expressions(wanted: Wanted) -> list[str]:
    """Values of the header ``Filter``, in the legacy form that Asterisk 13 to 22 understand.

    A name ends at the first character that is not a letter, so ``Hangup`` never means ``HangupRequest``.
    """
    names = sorted(name.decode() for name in wanted.noise - {b"VarSet"})
    black = [f"!^Event: ({'|'.join(part)})[^A-Za-z]" for part in _portions(names)]
    if not (wanted.dialplan and wanted.variables):
        return [*black, "!^Event: VarSet[^A-Za-z]"]
    # An expression cannot say "VarSet but not these", so a white list passes all that is no VarSet. ChanVariable
    # headers name the same variables in every VarSet, hence the character before.
    variables = "|".join(sorted(wanted.variables))
    return ["^Event: [^V]", f"[^A-Za-z]Variable: _*({variables})[^A-Za-z0-9_]", *black]


def _portions(names: list[str]) -> list[list[str]]:
    portions: list[list[str]] = [[]]
    for name in names:
        if sum(len(n) + 1 for n in portions[-1]) + len(name) > _LINE_LIMIT:
            portions.append([])
        portions[-1].append(name)
    return portions


class Actions(Protocol):
    """The part of a connection that is needed to set the filter."""

    def action(self, name: str, headers: Mapping[str, str], timeout: float = 5.0) -> Message: ...


@dataclass(frozen=True)
class Narrowed:
    """What the PBX agreed to: ``filtered`` on its side, with VarSet of the wanted variables (``dialplan``)."""

    filtered: bool
    dialplan: bool


def narrow(connection: Actions, wanted: Wanted, timeout: float = 5.0) -> Narrowed:
    """Ask the PBX to filter this session; without the right ``system`` everything works as before, only louder.

    Raises domain.failures.Temporary when the connection is lost meanwhile.
    """
    try:
        for expression in expressions(wanted):
            connection.action("Filter", {"Operation": "Add", "Filter": expression}, timeout)
    except Failure as failure:
        if failure.code in {"permission", "rejected"}:
            return Narrowed(filtered=False, dialplan=False)
        raise
    if not wanted.dialplan:
        return Narrowed(filtered=True, dialplan=False)
    connection.action("Events", {"EventMask": wanted.mask(dialplan=True)}, timeout)
    return Narrowed(filtered=True, dialplan=True)
