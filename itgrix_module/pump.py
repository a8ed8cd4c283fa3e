# SPDX-License-Identifier: GPL-3.0-or-later
"""From the AMI link's queue into the tracker: messages become facts, many facts become one transaction."""

from __future__ import annotations

import logging
import queue
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace

from itgrix_module.app.track import Tracker
from itgrix_module.asterisk.message import Message
from itgrix_module.asterisk.sides import Sides
from itgrix_module.asterisk.snapshot import Snapshot
from itgrix_module.asterisk.survey import channels_seen, recordings_seen
from itgrix_module.asterisk.translate import RECORDING_VARIABLE, Translator
from itgrix_module.domain.facts import AnyFact, CallOrdered, LegEnded, OrderFailed, RecordingNamed
from itgrix_module.domain.failures import Failure

log = logging.getLogger("itgrix.calls")

Item = Message | Snapshot | RecordingNamed | CallOrdered | OrderFailed | LegEnded
INBOX_SIZE = 50_000  # messages between the reader and the tracker
_TOGETHER = 500  # messages in one transaction
_WAIT = 0.5  # seconds


class Pump:
    """One thread's work.

    ``ask_recording``: path of the recording that runs on a channel, by the PBX; may be slow. ``heard``: when the PBX
    was last heard, in an earlier life of the service. ``ends``: when legs ended that began at these
    times, by the PBX's call records.
    """

    def __init__(
        self,
        inbox: queue.Queue[Item],
        tracker: Tracker,
        sides: Sides,
        ask_recording: Callable[[str], str],
        heard: Callable[[], float | None],
        ends: Callable[[Mapping[str, float]], Mapping[str, float]],
        beat: Callable[[], None] = lambda: None,
        vote: Callable[[], str] = lambda: "",
    ) -> None:
        self._inbox, self._tracker, self._sides = inbox, tracker, sides
        self._ask_recording, self._heard, self._ends, self._beat = ask_recording, heard, ends, beat
        self._translator = Translator(sides, vote)
        self._askers = ThreadPoolExecutor(max_workers=2, thread_name_prefix="recording-path")
        self._last: float | None = heard()
        self._unnamed = ""
        self._odd: set[str] = set()

    def pump(self) -> int:
        """Take what has come and track it; returns how many messages that were."""
        self._tracker.flush()  # what an earlier fault of the storage left behind, before anything new is taken
        items = self._take()
        facts = [fact for item in items for fact in self._facts(item)]
        if facts:
            self._tracker.track(facts)
        self._beat()
        return len(items)

    def drain(self, seconds: float = 1.0) -> None:
        """Track what came before the link was closed, after the thread that pumps has ended. Never raises.

        What cannot be stored now is found again by comparing with the PBX at the next start.
        """
        until = time.monotonic() + seconds
        try:
            while not self._inbox.empty() and time.monotonic() < until:
                self.pump()
            self._tracker.flush()
        except Failure as failure:
            log.warning("the last events of the PBX could not be stored: %s", failure)

    def close(self) -> None:
        """End the helpers; what they ask is given up."""
        self._askers.shutdown(wait=False, cancel_futures=True)

    def _take(self) -> list[Item]:
        try:
            items = [self._inbox.get(timeout=_WAIT)]
        except queue.Empty:
            return []
        while len(items) < _TOGETHER:
            try:
                items.append(self._inbox.get_nowait())
            except queue.Empty:
                break
        return items

    def _facts(self, item: Item) -> Iterator[AnyFact]:
        try:
            yield from list(self._translated(item))
        except Exception as error:
            # One message that nobody foresaw must not stop the calls of everybody else.
            kind = f"{_name(item)}: {error!r}"
            log.error("a PBX message is not understood: %s", kind, exc_info=None if kind in self._odd else error)
            self._odd.add(kind)

    def _translated(self, item: Item) -> Iterator[AnyFact]:
        if isinstance(item, RecordingNamed | CallOrdered | OrderFailed | LegEnded):
            yield item
        elif isinstance(item, Snapshot):
            yield from self._compared(item)
        else:
            self._last = item.at
            yield from self._translator.facts(item)
            if item.event == "MixMonitorStart":
                self._ask(item)

    def _compared(self, snapshot: Snapshot) -> Iterator[AnyFact]:
        if not snapshot.channels_known:
            return
        heard = max(self._last or 0.0, self._tracker.last_change)
        lost_at = snapshot.lost_at or heard or snapshot.at
        seen = channels_seen(snapshot, min(lost_at, snapshot.at), self._sides)
        alive = {fact.leg for fact in seen.added}
        gone = {leg: began for leg, began in self._tracker.live_legs.items() if leg not in alive}
        yield replace(seen, ended=self._ended(gone)) if gone else seen
        yield from recordings_seen(snapshot)

    def _ended(self, gone: Mapping[str, float]) -> Mapping[str, float]:
        try:
            return self._ends(gone)
        except Failure as failure:
            log.warning("when %d calls ended is not known exactly: %s", len(gone), failure)
            return {}

    def _ask(self, message: Message) -> None:
        leg, channel = message.get("Uniqueid"), message.get("Channel")
        if self._translator.knows_recording(leg):
            return
        self._askers.submit(self._answer, leg, channel, message.at)

    def _answer(self, leg: str, channel: str, at: float) -> None:
        try:
            path = self._ask_recording(channel)
        except Failure as failure:
            self._tell_unnamed(channel, failure)
            if failure.code != "permission":
                return
            path = leg  # FreePBX puts the channel's id into the name of the file
        else:
            self._unnamed = ""
        if path and path != "(null)":
            with suppress(queue.Full):  # then events are lost too, and the link asks for everything anew
                self._inbox.put_nowait(RecordingNamed(at, leg, path))

    def _tell_unnamed(self, channel: str, failure: Failure) -> None:
        """Once for each reason: a right that lacks meets every recording."""
        if failure.code == "rejected":
            log.debug("the channel %s ended before the PBX named its recording", channel)
        elif failure.code == "permission":
            log.debug("the PBX may not tell us of the recording on %s; the check of the rights says so", channel)
        elif failure.code != self._unnamed:
            log.warning("the PBX did not name the recording on %s: %s %s", channel, failure, failure.hint)
            self._unnamed = failure.code


def _name(item: Item) -> str:
    return item.event if isinstance(item, Message) else type(item).__name__


__all__ = ["INBOX_SIZE", "RECORDING_VARIABLE", "Item", "Pump"]
