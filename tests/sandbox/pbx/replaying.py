# SPDX-License-Identifier: GPL-3.0-or-later
"""A stream read back by the product: translate, board, summary; and what it must come to."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any

from itgrix_module.asterisk.message import Framer, parse
from itgrix_module.asterisk.translate import Translator
from itgrix_module.domain import summary
from itgrix_module.domain.board import Board
from itgrix_module.domain.call import Call
from itgrix_module.sandbox.pbx import Click, JumpClock, PbxConfig, Truth
from itgrix_module.sandbox.pbx.plots.click import Order
from itgrix_module.sandbox.pbx.stage import Stage


def calls_of(data: bytes) -> list[Call]:
    """Every call in the stream as it was in the end."""
    translator, board, calls = Translator(), Board(), dict[str, Call]()
    for block in Framer().feed(data):
        for fact in translator.facts(parse(block)):
            for change in board.apply(fact):
                if change.after:
                    calls[change.after.id] = change.after
                elif change.before:
                    calls.pop(change.before.id, None)
    return list(calls.values())


def as_read(call: Call) -> dict[str, Any]:
    """What the product makes of a call."""
    end = call.ended or 0.0
    return {
        "linkedid": call.id,
        "direction": call.direction.value,
        "client": call.number,
        "line": call.line,
        "queue": call.queue,
        "outcome": summary.outcome(call).value,
        "answered_by": summary.answered_by(call),
        "last_talker": summary.last_talker(call),
        "rang": list(call.rang),
        "transfers": [{"kind": item.kind, "from": item.by, "to": item.to} for item in call.transfers],
        "recordings": [item.path for item in summary.recordings(call)],
        "wait": _rounded(summary.wait_seconds(call, end)),
        "talk": _rounded(summary.talk_seconds(call, end)),
        "ended": call.ended is not None,
    }


def as_played(truth: Truth) -> dict[str, Any]:
    """The same of what was played."""
    data = truth.as_dict()
    names = [
        "linkedid",
        "direction",
        "client",
        "line",
        "queue",
        "outcome",
        "answered_by",
        "last_talker",
        "rang",
        "transfers",
        "recordings",
    ]
    times = {"wait": _rounded(truth.wait), "talk": _rounded(truth.talk), "ended": truth.ended is not None}
    return {**{name: data[name] for name in names}, **times}


def originated(order: Order, click: Click, config: PbxConfig, rights: Collection[str]) -> tuple[bytes, Truth]:
    """The stream of a click-to-call and its truth."""
    stage = Stage(replace(config, timestamps=True), JumpClock())
    heard = bytearray()
    stage.listeners.append(lambda event: heard.extend(event.text) if event.right in rights else None)
    played = stage.originate(order, click)
    stage.timeline.open()
    try:
        truth = played.wait(20)
    finally:
        stage.timeline.close()
    return bytes(heard), truth


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 2)
