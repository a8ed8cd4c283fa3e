# SPDX-License-Identifier: GPL-3.0-or-later
"""Pages of the panel over a full database: how long each takes, with every filter, on SQLite.

``ITGRIX_PAGES_CALLS``: how many calls, 100 000 by default; such as ``100000,1000000``. ``ITGRIX_PAGES_FOLDER``: where
the databases are kept for the next time; without it they are made in a temporary folder.
"""

from __future__ import annotations

import os
import random
import statistics
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from zoneinfo import ZoneInfo

from flask.testing import FlaskClient

from benchmarks.figures import Figure
from itgrix_module.app.health import Check, Health, Level
from itgrix_module.storage.engine import Database, open_database
from itgrix_module.storage.migrate import upgrade
from itgrix_module.storage.models import Call, Client, Party, SeenLine, Step
from itgrix_module.storage.reports import SqlReports
from itgrix_module.storage.writing import table_of
from web import PanelDeps, create_app
from web.reading import key

NOW = 1_795_260_000.0  # 2026-11-21 11:20:00 UTC
YEAR = 365 * 86_400  # seconds
BUDGET = 200  # ms, with 100 000 calls
LINES, EMPLOYEES, CLIENTS = 12, 40, 20_000
_AT_ONCE = 5000  # rows
_STATE = '{"legs": [' + ", ".join(f'{{"channel": "PJSIP/101-{n:08}", "joined": []}}' for n in range(20)) + "]}"
_PAGES = {
    "status": "/",
    "calls": "/calls/",
    "calls, half a year back by paging": f"/calls/?after={key(NOW - YEAR / 2, 0)}",
    "calls, by employee, half a year back": f"/calls/?employee=107&after={key(NOW - YEAR / 2, 0)}",
    "calls, by time": "/calls/?period=month",
    "calls, by own dates": "/calls/?period=own&since=2026-01-10&until=2026-03-01",
    "calls, by number": "/calls/?number=1234567",
    "calls, by part of a number": "/calls/?number=45",
    "calls, by employee": "/calls/?employee=107",
    "calls, by line": "/calls/?line=74950000003",
    "calls, by direction": "/calls/?direction=outgoing",
    "calls, by outcome": "/calls/?outcome=busy",
    "calls, not delivered": "/calls/?undelivered=y",
    "calls, line, outcome and employee": "/calls/?line=74950000003&outcome=missed&employee=107",
    "calls, direction and outcome that never meet": "/calls/?direction=outgoing&outcome=missed",
    "calls, oldest first": "/calls/?sort=oldest",
    "deliveries": "/deliveries/",
    "reports, last 30 days": "/reports/?period=month",
    "reports by hour, last 30 days": "/reports/hours?period=month",
    "reports by line, last 30 days": "/reports/lines?period=month",
    "reports by employee, last 30 days": "/reports/employees?period=month",
    "reports, a year": "/reports/?period=year",
    "reports by hour, a year": "/reports/hours?period=year",
    "reports by line, a year": "/reports/lines?period=year",
    "reports by employee, a year": "/reports/employees?period=year",
    "reports by employee as CSV, a year": "/reports/employees.csv?period=year",
}


def pages() -> Iterable[Figure]:
    """Each page five times, the median; the first one of all is not counted."""
    for size in os.environ.get("ITGRIX_PAGES_CALLS", "100000").split(","):
        with closing(_filled(int(size))) as database:
            yield from _timed(int(size), _visitor(database))


def _timed(size: int, visitor: FlaskClient) -> Iterator[Figure]:
    visitor.get("/")
    for name, address in _PAGES.items():
        times = []
        for _ in range(5):
            began = time.perf_counter()
            answer = visitor.get(address)
            times.append((time.perf_counter() - began) * 1000)
            assert answer.status_code == 200, (address, answer.status_code)
        budget = f"{BUDGET} ms" if size <= 100_000 else "-"
        yield Figure(f"page with {size:,} calls: {name}", f"{statistics.median(times):.0f} ms", budget, "-")


def _visitor(database: Database) -> FlaskClient:
    well = Health("1.0.0", "bench", NOW - YEAR, NOW, (Check("pbx", Level.OK, "ami_up", "connected"),))
    deps = PanelDeps(database, lambda: well, "bench", clock=lambda: NOW, zone=lambda: "Europe/Moscow")
    return create_app(deps).test_client()


def _filled(size: int) -> Database:
    folder = Path(os.environ.get("ITGRIX_PAGES_FOLDER") or tempfile.mkdtemp(prefix="itgrix-bench-"))
    file = folder / f"pages-{size}.db"
    is_there = file.exists()
    upgrade(f"sqlite:///{file}")
    database = open_database(f"sqlite:///{file}")
    if not is_there:
        _fill(database, size)
    # As the service does by the clock.
    SqlReports(database, ZoneInfo("Europe/Moscow")).keep(NOW, rest=lambda _: None)
    return database


def _fill(database: Database, size: int) -> None:
    """A year of a company: most calls answered, a busy day, some lines and employees busier than others."""
    chance = random.Random(20261121)
    for first in range(1, size + 1, _AT_ONCE):
        rows = [_call(number, size, chance) for number in range(first, min(first + _AT_ONCE, size + 1))]
        with database.begin(durable=False) as connection:
            connection.execute(table_of(Call).insert(), rows)
            connection.execute(table_of(Party).insert(), [part for row in rows for part in _parties(row)])
            if steps := [_step(row) for row in rows if row["undelivered"]]:
                connection.execute(table_of(Step).insert(), steps)
    with database.begin(durable=False) as connection:
        seen = [
            {"line": _line(n), "trunk": "", "first_at": NOW - YEAR, "last_at": NOW, "times": 9} for n in range(LINES)
        ]
        connection.execute(table_of(SeenLine).insert(), seen)
        numbers = [{"number": _client(n), "seen": NOW} for n in range(CLIENTS)]
        connection.execute(table_of(Client).insert(), numbers)


def _call(number: int, size: int, chance: random.Random) -> dict[str, object]:
    started = NOW - YEAR + number * YEAR / size
    incoming = chance.random() < 0.6
    outcome = chance.choices(("answered", "missed" if incoming else "no_answer", "busy"), (75, 20, 5))[0]
    who = str(101 + min(chance.randrange(EMPLOYEES), chance.randrange(EMPLOYEES)))
    talked = outcome == "answered"
    wait, talk = chance.uniform(1, 60), chance.uniform(5, 600) if talked else 0.0
    return {
        "id": number,
        "node": "bench",
        "linkedid": f"{started:.0f}.{number}",
        "direction": "incoming" if incoming else "outgoing",
        "phase": "ended",
        "client": _client(chance.randrange(CLIENTS)),
        "line": _line(min(chance.randrange(LINES), chance.randrange(LINES))),
        "source": f"SOURCE_{number % 5}" if number % 3 else "",
        "trunk": "provider",
        "caller": "" if incoming else who,
        "started": started,
        "answered": started + wait if talked else None,
        "ended": started + wait + talk,
        "outcome": outcome,
        "wait": wait,
        "talk": talk,
        "answered_by": who if talked and incoming else "",
        "last_talker": who if talked else "",
        "rang": f'["{who}"]',
        "state": _STATE,
        "portal_call_id": f"externalCall.{number}",
        "finished": True,
        "delivery": "waiting" if number % 5000 == 0 else "done",
        "undelivered": number % 5000 == 0,
    }


def _parties(row: dict[str, object]) -> Iterator[dict[str, object]]:
    number = int(str(row["id"]))
    rang = {str(row["last_talker"] or row["caller"] or 101 + number % EMPLOYEES)}
    if row["direction"] == "incoming":
        rang.add(str(101 + (number * 7) % EMPLOYEES))
    return ({"call_id": number, "extension": who, "started": row["started"]} for who in rang)


def _step(row: dict[str, object]) -> dict[str, object]:
    return {"call_id": row["id"], "n": 1, "state": "waiting", "kind": "register", "decided_at": row["started"]}


def _line(number: int) -> str:
    return f"7495000{number:04}"


def _client(number: int) -> str:
    return f"+7916{number * 337 % 10_000_000:07}"


ALL = {"pages": pages}
