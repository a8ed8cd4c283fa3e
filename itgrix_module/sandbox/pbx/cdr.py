# SPDX-License-Identifier: GPL-3.0-or-later
"""Call detail records as Asterisk keeps them: a row per attempt of a channel, not a row per call."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from itgrix_module.sandbox.pbx.channel import Channel

_DISPOSITIONS = {"BUSY": "BUSY", "CONGESTION": "CONGESTION"}


@dataclass(eq=False)
class Attempt:
    """A channel tried to reach another one (``to`` is None: it was busy with an application of the dialplan).

    ``ledger``: destination, context, application and data. Times in epoch seconds.
    """

    by: Channel
    to: Channel | None
    ledger: tuple[str, str, str, str]
    started: float
    answered: float | None = None
    ended: float | None = None
    disposition: str = "NO ANSWER"

    def end(self, now: float, status: str) -> None:
        """``status``: of the dial."""
        if self.ended is not None:
            return
        self.ended, self.answered = now, self.by.answered
        self.disposition = "ANSWERED" if status == "ANSWER" else _DISPOSITIONS.get(status, "NO ANSWER")


class Ledger:
    """Attempts of one call, and the rows they come to. ``say`` sends an event."""

    def __init__(self, say: Callable[..., None], rows: deque[dict[str, str]], events: bool) -> None:
        self._say, self._rows, self._events = say, rows, events
        self._open: list[Attempt] = []

    def begin(self, by: Channel, to: Channel | None, now: float) -> Attempt:
        """The first attempts of a channel count from its birth."""
        later = any(item.by is by and item.ended is not None for item in self._open)
        attempt = Attempt(by, to, by.ledger, now if later else by.created)
        self._open.append(attempt)
        return attempt

    def find(self, by: Channel | None, to: Channel) -> Attempt | None:
        for attempt in self._open:
            if attempt.by is by and attempt.to is to:
                return attempt
        return None

    def close(self, channel: Channel, now: float) -> None:
        """The channel hangs up: its rows are written."""
        mine = [item for item in self._open if item.by is channel]
        if not mine and channel.runs_dialplan:
            mine = [Attempt(channel, None, channel.ledger, channel.created)]
        for attempt in mine if channel.has_cdr else ():
            self._write(attempt, now)
        self._open = [item for item in self._open if item.by is not channel]

    def _write(self, attempt: Attempt, now: float) -> None:
        if attempt.ended is None:
            attempt.ended, attempt.answered = now, attempt.by.answered
            answered = attempt.to is None or attempt.to.answered is not None
            attempt.disposition = "ANSWERED" if answered and attempt.answered else attempt.disposition
        if self._events:
            self._say("Cdr", _headers(attempt))
        self._rows.append(_row(attempt))


def _times(attempt: Attempt) -> tuple[float, float | None, float]:
    ended = attempt.ended or attempt.started
    answered = attempt.answered
    return attempt.started, None if answered is None else max(answered, attempt.started), ended


def _local(at: float | None) -> str:
    return "" if at is None else time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(at))


def _headers(attempt: Attempt) -> dict[str, object]:
    by, (started, answered, ended) = attempt.by, _times(attempt)
    destination, context, application, data = attempt.ledger
    return {
        "AccountCode": "",
        "Source": by.number,
        "Destination": destination,
        "DestinationContext": context,
        "CallerID": f'"{by.label}" <{by.number}>',
        "Channel": by.name,
        "DestinationChannel": attempt.to.name if attempt.to else "",
        "LastApplication": application,
        "LastData": data,
        "StartTime": _local(started),
        "AnswerTime": _local(answered),
        "EndTime": _local(ended),
        "Duration": int(ended - started),
        "BillableSeconds": 0 if answered is None else int(ended - answered),
        "Disposition": attempt.disposition,
        "AMAFlags": "DOCUMENTATION",
        "UniqueID": by.uniqueid,
        "UserField": "",
    }


def _row(attempt: Attempt) -> dict[str, str]:
    """The row as FreePBX stores it in ``asteriskcdrdb.cdr``; all values are text."""
    shown, by = _headers(attempt), attempt.by
    file = by.variable("CALLFILENAME") if by.variable("MIXMONITOR_FILENAME") else ""
    row = {
        "calldate": shown["StartTime"], "clid": shown["CallerID"], "src": by.number, "dst": shown["Destination"],
        "dcontext": shown["DestinationContext"], "channel": by.name, "dstchannel": shown["DestinationChannel"],
        "lastapp": shown["LastApplication"], "lastdata": shown["LastData"], "duration": shown["Duration"],
        "billsec": shown["BillableSeconds"], "disposition": attempt.disposition, "amaflags": 3, "accountcode": "",
        "uniqueid": by.uniqueid, "userfield": "", "did": by.dnid,
        "recordingfile": f"{file}.wav" if file else "", "cnum": by.variable("CDR(cnum)") or by.number,
        "cnam": by.label, "outbound_cnum": by.variable("CDR(outbound_cnum)"), "outbound_cnam": "", "dst_cnam": "",
        "linkedid": by.linkedid, "peeraccount": "", "sequence": by.uniqueid.rpartition(".")[2],
    }  # fmt: skip
    return {name: str(value) for name, value in row.items()}
