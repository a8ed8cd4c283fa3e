# SPDX-License-Identifier: GPL-3.0-or-later
"""A call that never was, as every customization would be told of it: for the documentation and for trials by hand.

A known client calls the line of the billboards; the queue rings 101 and 102, Olga (101) answers and hands the call to
Ivan (102). Times are UTC.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC
from typing import Any

from itgrix_module.app.call_full import Known
from itgrix_module.app.crm_records import CrmRecord
from itgrix_module.app.hook_inputs import Fields
from itgrix_module.app.hook_samples import of_call
from itgrix_module.app.hook_trial import Roster
from itgrix_module.app.people_ports import Employee
from itgrix_module.app.ports import CallRow, PortalSide, TimelineEntry

_START = 1_795_260_000.0  # 2026-11-21 11:20:00 UTC
_CLIENT, _OLGA, _IVAN, _LATE = "1795260000.41", "1795260003.42", "1795260003.43", "1795260030.44"

PATHS = ("/var/spool/asterisk/monitor/2026/11/21/q-600-79161234567-20261121-112000-1795260000.41.wav",)
EMPLOYEES = (
    Employee("101", 7, "Olga Novikova", ("+79161000101",)),
    Employee("102", 8, "Ivan Kuznetsov"),
    Employee("103", 9, "Pyotr Lebedev"),
)
ROW = CallRow(
    node="pbx1",
    linkedid=_CLIENT,
    direction="incoming",
    phase="ended",
    client="89161234567",
    number="+79161234567",
    client_name="Anna Smirnova",
    line="74951234567",
    trunk="provider",
    source="ADVERTISING",
    queue="600",
    started=_START,
    answered=_START + 12,
    ended=_START + 95,
    outcome="answered",
    status="200",
    wait=12.0,
    talk=83.0,
    answered_by="101",
    last_talker="102",
    rang=("101", "102"),
    live=False,
    vote=5,
)
PORTAL = PortalSide(
    call_id="externalCall.716f1cb73def9700a23842adf9c4c568.1795260003",
    entity_type="CONTACT",
    entity_id="797",
    activity_id="7943",
    registered_user=7,
    registered_at=_START + 3,
    finished=True,
)
_DEAL = CrmRecord(
    "deal",
    15,
    "Three-room flat, Lesnaya 5",
    8,
    status="PREPARATION",
    status_group="process",
    created=_START - 86400 * 3,
)
RECORDS = (
    CrmRecord(
        "contact",
        797,
        "Anna Smirnova",
        8,
        phones=("+79161234567",),
        created=_START - 86400 * 40,
        open_deals=(_DEAL,),
    ),
    CrmRecord(
        "lead",
        512,
        "Call from +79161234567",
        7,
        phones=("+79161234567",),
        status="CONVERTED",
        status_group="success",
        created=_START - 86400 * 41,
    ),
)


def _fact(seconds: float, name: str, leg: str, **data: Any) -> TimelineEntry:
    return TimelineEntry(_START + seconds, "fact", name, {"leg": leg, **data})


TIMELINE = (
    _fact(0, "LegAdded", _CLIENT, call=_CLIENT, channel="PJSIP/provider-0000002a", side="outside", calling=True),
    _fact(3, "LegAdded", _OLGA, call=_CLIENT, channel="PJSIP/101-0000002b", side="employee", party="101"),
    _fact(3, "LegDialled", _OLGA, by=_CLIENT),
    _fact(3, "LegAdded", _IVAN, call=_CLIENT, channel="PJSIP/102-0000002c", side="employee", party="102"),
    _fact(3, "LegDialled", _IVAN, by=_CLIENT),
    TimelineEntry(_START + 3, "step", "101, 102 rings", {"step": "register", "employees": ["101", "102"]}),
    _fact(12, "DialEnded", _OLGA, by=_CLIENT, status="ANSWER"),
    _fact(12, "LegEnded", _IVAN, cause=26),
    _fact(30, "LegAdded", _LATE, call=_CLIENT, channel="PJSIP/102-0000002d", side="employee", party="102"),
    _fact(30, "LegDialled", _LATE, by=_OLGA),
    _fact(36, "DialEnded", _LATE, by=_OLGA, status="ANSWER"),
    _fact(40, "LegTransferred", _OLGA, attended=True, target=_LATE, client=_CLIENT),
    _fact(40, "LegEnded", _OLGA, cause=16),
    _fact(95, "LegEnded", _LATE, cause=16),
    _fact(95, "LegEnded", _CLIENT, cause=16),
)


_MISSED = (
    *TIMELINE[:6],
    *(_fact(45, "LegEnded", leg, cause=16) for leg in (_OLGA, _IVAN, _CLIENT)),
)


def known() -> Known:
    """What the made-up call is seen with."""
    return Known(Roster(EMPLOYEES), UTC, TIMELINE, RECORDS)


def missed() -> tuple[CallRow, Known]:
    """The same call if nobody had answered."""
    row = replace(
        ROW,
        answered=None,
        ended=_START + 45,
        outcome="missed",
        status="304",
        wait=45.0,
        talk=0.0,
        answered_by="",
        last_talker="",
        vote=None,
    )
    return row, replace(known(), timeline=_MISSED)


def made_up(name: str) -> tuple[Fields, Any]:
    """Input and default of a customization for the made-up call; for the one about tasks it is the missed one."""
    row, seen = missed() if name == "process_task_creation_params" else (ROW, known())
    return of_call(name, row, PORTAL, seen, PATHS)


def sample(name: str) -> Fields:
    """The input of a customization for the made-up call."""
    return made_up(name)[0]
