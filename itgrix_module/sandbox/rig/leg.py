# SPDX-License-Identifier: GPL-3.0-or-later
"""One call as one phone has it: what happened to it, when, and what its owner can do."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol
from urllib.parse import quote

from itgrix_module.sandbox.rig.media import Media, MediaClock
from itgrix_module.sandbox.rig.sip import ADDRESS, USER, Dialog, SipMessage, first, new_branch, respond

PATIENCE = 15.0  # seconds that anything may take before a situation counts as failed
OUTCOME = re.compile(rb"SIP/2.0 (\d+)")


class NothingHappened(AssertionError):
    """What was waited for did not come in time."""


class Moment:
    """Something that happens once: ``at`` (epoch seconds, None before), and a way to wait for it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.at: float | None = None
        self._event = asyncio.Event()

    def __bool__(self) -> bool:
        return self.at is not None

    def now(self) -> None:
        if self.at is None:
            self.at = time.time()
            self._event.set()

    async def wait(self, within: float = PATIENCE) -> float:
        """Time at which it happened. Raises NothingHappened after ``within`` seconds."""
        try:
            await asyncio.wait_for(self._event.wait(), within)
        except TimeoutError:
            raise NothingHappened(f"{self.name}: not within {within} s") from None
        return self.time

    @property
    def time(self) -> float:
        """``at`` of something that has happened. Raises NothingHappened."""
        if self.at is None:
            raise NothingHappened(f"{self.name}: not yet")
        return self.at


class Owner(Protocol):
    """The phone, as far as a leg needs it."""

    clock: MediaClock

    def send(self, datagram: bytes) -> None: ...

    def forget(self, leg: Leg) -> None: ...


class Leg:
    """An incoming call when made with an ``invite``, else an outgoing one.

    ``started``: epoch seconds of the INVITE. ``code``: SIP status that ended or answered it, 0 while there is none.
    ``transferred``: the REFER we sent has ended, with ``transfer_code``.
    """

    def __init__(self, owner: Owner, dialog: Dialog, media: Media, invite: SipMessage | None = None) -> None:
        self.owner = owner
        self.dialog = dialog
        self.media = media
        self.started = time.time()
        self.code = self.transfer_code = 0
        user = dialog.end.user
        self.rang = Moment(f"{user} rings")
        self.answered = Moment(f"{user} is answered")
        self.ended = Moment(f"{user}'s call ends")
        self.transferred = Moment(f"{user}'s transfer ends")
        self._invite = invite
        self._peer = dialog.remote
        self._branch = new_branch()
        self._invite_number = 0
        self._said: dict[tuple[int, str], bytes] = {}  # responses, for requests that come again

    @property
    def shown(self) -> str:
        """Number that the caller shows, of an incoming and of an outgoing call."""
        return first(USER, self.dialog.remote if self._invite else self.dialog.local)

    @property
    def dialled(self) -> str:
        """Number that the caller dialled; of an incoming call, as far as it is known here."""
        return self._invite.dialled if self._invite else first(USER, self._peer)

    @property
    def outgoing(self) -> bool:
        return self._invite is None

    @property
    def caller_name(self) -> str:
        return self.dialog.remote.partition("<")[0].strip().strip('"')

    # ---- what the owner of a ringing phone does

    def ring(self) -> None:
        self._respond(self.invite, 180)
        self.rang.now()

    def answer(self) -> None:
        if self.ended:
            raise NothingHappened(f"{self.dialog.end.user} answers a call that has ended")
        self.media.accept(self.invite.body)
        self._respond(self.invite, 200, self.media.offer())
        self._talk()

    def reject(self, code: int = 486) -> None:
        self.code = code
        self._respond(self.invite, code)
        self._end()

    def redirect(self, number: str) -> None:
        """302: let the PBX try another extension."""
        self.code = 302
        self._respond(self.invite, 302, contact=f"<{self.dialog.end.uri(number)}>")
        self._end()

    # ---- what a caller does

    def invite_peer(self) -> None:
        self._invite_number = self.dialog.number + 1
        allow = ("Allow: INVITE, ACK, BYE, CANCEL, UPDATE, REFER, NOTIFY",)
        self.owner.send(self.dialog.request("INVITE", self.media.offer(), allow, branch=self._branch))

    def cancel(self) -> None:
        """Give up before the answer; it has ended when the PBX confirms."""
        without_tag = replace(self.dialog, remote=self._peer)
        self.owner.send(without_tag.request("CANCEL", number=self._invite_number, branch=self._branch))

    # ---- what both do

    def hang_up(self) -> None:
        if self.ended:
            return
        self.owner.send(self.dialog.request("BYE"))
        self._end()

    def hold(self) -> None:
        self.owner.send(self.dialog.request("INVITE", self.media.offer("sendonly")))

    def resume(self) -> None:
        self.owner.send(self.dialog.request("INVITE", self.media.offer()))

    def press(self, digits: str) -> None:
        self.media.press(digits)

    def refer(self, number: str) -> None:
        """Blind transfer of the other side."""
        self._refer(self.dialog.end.uri(number))

    def refer_to(self, other: Leg) -> None:
        """Attended transfer: the other side of this call and the other side of that one meet."""
        theirs = other.dialog
        replaces = f"{theirs.call_id};to-tag={theirs.remote_tag};from-tag={theirs.local_tag}"
        self._refer(f"{first(ADDRESS, theirs.remote)}?Replaces={quote(replaces, safe='')}")

    def drop(self) -> None:
        """Forget the call without a word, as when the PBX has died."""
        self._end()

    def _refer(self, uri: str) -> None:
        referred_by = f"Referred-By: <sip:{self.dialog.end.user}@{self.dialog.end.server[0]}>"
        self.owner.send(self.dialog.request("REFER", extra=(f"Refer-To: <{uri}>", referred_by)))

    # ---- what comes in

    def take_request(self, request: SipMessage) -> None:
        said = self._said.get((request.number, request.method))
        if said is not None:
            self.owner.send(said)
        elif request.method != "ACK":
            REQUESTS.get(request.method, Leg._acknowledge)(self, request)

    def take_response(self, response: SipMessage) -> None:
        if response.method == "REFER" and response.code >= 300:
            self._transfer_ends(response.code)
        if response.method != "INVITE" or response.code == 100:
            return
        if response.code < 200:
            self._progress(response)
        elif response.code < 300:
            self._accepted(response)
        else:
            self._refused(response)

    def _progress(self, response: SipMessage) -> None:
        self.dialog.remote = response.get("to")
        self.media.accept(response.body)
        if response.body:
            self.owner.clock.add(self.media)
        self.rang.now()

    def _accepted(self, response: SipMessage) -> None:
        self.dialog.remote = response.get("to")
        self.dialog.target = first(ADDRESS, response.get("contact")) or self.dialog.target
        self.media.accept(response.body)
        self.owner.send(self.dialog.request("ACK", number=response.number))
        if response.number == self._invite_number and not self.ended:
            self.code = response.code
            self._talk()

    def _refused(self, response: SipMessage) -> None:
        first_invite = response.number == self._invite_number
        remote, self.dialog.remote = self.dialog.remote, response.get("to")
        branch = self._branch if first_invite else None
        self.owner.send(self.dialog.request("ACK", number=response.number, branch=branch))
        if first_invite:
            self.code = response.code
            self._end()
        else:
            self.dialog.remote = remote

    def _cancelled(self, request: SipMessage) -> None:
        self._respond(request, 200)
        if not self.answered and not self.ended:
            self.code = 487
            self._respond(self.invite, 487)
            self._end()

    def _hung_up(self, request: SipMessage) -> None:
        self._respond(request, 200)
        self._end()

    def _renegotiated(self, request: SipMessage) -> None:
        self.media.accept(request.body)
        self._respond(request, 200, self.media.offer())

    def _notified(self, request: SipMessage) -> None:
        self._respond(request, 200)
        found = OUTCOME.search(request.body)
        if found and int(found[1]) >= 200:
            self._transfer_ends(int(found[1]))

    def _acknowledge(self, request: SipMessage) -> None:
        self._respond(request, 200)

    # ---- inside

    @property
    def invite(self) -> SipMessage:
        if self._invite is None:
            raise TypeError("an outgoing call is not answered by its caller")
        return self._invite

    def _respond(self, request: SipMessage, code: int, body: bytes = b"", contact: str = "") -> None:
        end = self.dialog.end
        said = respond(request, code, end, self.dialog.local_tag, body, contact)
        self._said[(request.number, request.method)] = said
        self.owner.send(said)

    def _transfer_ends(self, code: int) -> None:
        self.transfer_code = code
        self.transferred.now()

    def _talk(self) -> None:
        self.answered.now()
        self.owner.clock.add(self.media)

    def _end(self) -> None:
        self.ended.now()
        self.owner.clock.remove(self.media)
        self.media.close()
        self.owner.forget(self)


REQUESTS: dict[str, Callable[[Leg, SipMessage], None]] = {
    "CANCEL": Leg._cancelled,
    "BYE": Leg._hung_up,
    "INVITE": Leg._renegotiated,
    "UPDATE": Leg._renegotiated,
    "NOTIFY": Leg._notified,
}
