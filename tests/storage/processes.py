# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests let other processes do: ``python -m tests.storage.processes TASK URL ARGUMENTS…``.

Each prints a line when it has begun, so that the test knows when to go on or to kill it.
"""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from itgrix_module.app.ports import TimelineEntry
from itgrix_module.storage.calls import SqlCallStore
from itgrix_module.storage.engine import open_database
from itgrix_module.storage.limits import SqlLimitStore
from itgrix_module.storage.outbox import SqlOutbox
from itgrix_module.storage.tokens import SqlTokenStore
from itgrix_module.storage.vault import open_vault
from tests.storage.samples import NODE, NOW, call, done, step


def say(text: str) -> None:
    print(text, flush=True)


def deliver_all(url: str, name: str, threads: str) -> None:
    """Several threads claim and settle until nothing is left; prints the steps that each lane brought."""
    seen: list[list[int]] = []
    with closing(open_database(url, patience=30)) as database:
        outbox = SqlOutbox(database)
        say("begun")
        sys.stdin.readline()
        workers = [
            threading.Thread(target=_deliver, args=(outbox, f"{name}-{number}", seen)) for number in range(int(threads))
        ]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    say(json.dumps(seen))


def _deliver(outbox: SqlOutbox, owner: str, seen: list[list[int]]) -> None:
    while lanes := outbox.claim(owner, NOW, 600, 7):
        for lane in lanes:
            settled = [done(each.id) for each in lane.steps]
            if outbox.settle(owner, lane.call.node, lane.call.linkedid, settled, None, (), NOW):
                seen.append([each.id for each in lane.steps])


def hold_lane(url: str, name: str) -> None:
    """Claims one call and waits to be killed."""
    database = open_database(url)
    lanes = SqlOutbox(database).claim(name, NOW, 30, 1)
    say(lanes[0].call.linkedid)
    sys.stdin.readline()


def track(url: str, first: str) -> None:
    """Stores works of many calls until it is killed; prints the number of each that is committed."""
    store = SqlCallStore(open_database(url))
    number = int(first)
    say("begun")
    while True:
        number += 1
        with store.work() as work:
            for part in range(10):
                linkedid = f"{number}.{part}"
                work.save_call(call(linkedid, state={"work": number}))
                work.add_steps(NODE, linkedid, [step(), step("finish")])
                work.add_timeline(NODE, linkedid, [TimelineEntry(NOW, "fact", "ring")] * 3)
        say(str(number))


def count_up(url: str, times: str) -> None:
    """Adds 1 to the level of the portal's account so many times."""
    with closing(open_database(url, patience=30)) as database:
        store = SqlLimitStore(database)
        say("begun")
        sys.stdin.readline()
        for _ in range(int(times)):
            with store.locked():
                state = store.load()
                store.save(type(state)(level=state.level + 1, at=NOW))


def hold_limits(url: str) -> None:
    """Locks the portal's account and waits to be killed."""
    store = SqlLimitStore(open_database(url))
    with store.locked():
        store.save(type(store.load())(level=99.0, at=NOW))
        say("held")
        sys.stdin.readline()


def hold_tokens(url: str, key_file: str) -> None:
    """Takes the turn to refresh the tokens and waits to be killed."""
    store = SqlTokenStore(open_database(url), open_vault(Path(key_file)))
    with store.exclusive():
        say("held")
        sys.stdin.readline()


def make_key(key_file: str, secret: str) -> None:
    """Opens or makes the vault, seals, and prints what came of it."""
    say("begun")
    sys.stdin.readline()
    say(open_vault(Path(key_file)).seal(secret))


TASKS: dict[str, Callable[..., None]] = {
    "deliver_all": deliver_all,
    "hold_lane": hold_lane,
    "track": track,
    "count_up": count_up,
    "hold_limits": hold_limits,
    "hold_tokens": hold_tokens,
    "make_key": make_key,
}

if __name__ == "__main__":
    TASKS[sys.argv[1]](*sys.argv[2:])
