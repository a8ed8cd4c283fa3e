# SPDX-License-Identifier: GPL-3.0-or-later
"""``asteriskcdrdb`` as FreePBX 16 and 17 make it in MariaDB: the columns and, above all, the indexes of cdr and cel.

Neither table has an index on the time of CEL or on the Linkedid of CDR.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pymysql

from itgrix_module.sandbox.pbx import SandboxPbx
from tests.fakes.mariadb import MariaDb

NAME = "asteriskcdrdb"
_CDR = {
    "datetime": ("calldate",),
    "varchar(80)": (
        *("clid", "src", "dst", "dcontext", "channel", "dstchannel", "lastapp", "lastdata"),
        *("outbound_cnum", "outbound_cnam", "dst_cnam", "cnum", "cnam", "peeraccount"),
    ),
    "varchar(45)": ("disposition",),
    "varchar(20)": ("accountcode",),
    "varchar(32)": ("uniqueid", "linkedid"),
    "varchar(255)": ("userfield", "recordingfile"),
    "varchar(50)": ("did",),
    "int": ("duration", "billsec", "amaflags", "sequence"),
}
_CEL = {
    "datetime": ("eventtime",),
    "varchar(30)": ("eventtype",),
    "varchar(80)": (
        *("cid_name", "cid_num", "cid_ani", "cid_rdnis", "cid_dnid", "exten", "context", "channame", "appname", "peer"),
    ),
    "varchar(255)": ("appdata", "userdeftype"),
    "varchar(32)": ("uniqueid", "linkedid"),
    "varchar(20)": ("accountcode",),
    "varchar(512)": ("extra",),
    "int": ("amaflags",),
}
_EMPTY = {"datetime": "'0000-00-00 00:00:00'", "int": "0"}
_CDR_KEYS = ("calldate", "dst", "accountcode", "uniqueid", "did", "recordingfile")
_CEL_KEYS = ("uniqueid", "linkedid", "context")


def _columns(kinds: Mapping[str, Sequence[str]]) -> str:
    empty = {kind: _EMPTY.get(kind, "''") for kind in kinds}
    return ", ".join(f"{name} {kind} NOT NULL DEFAULT {empty[kind]}" for kind in kinds for name in kinds[kind])


class FreePbxRecords:
    """``url``: for ``cdr.url``, of a user who may only read."""

    def __init__(self, server: MariaDb) -> None:
        self._server = server
        keys = {"cdr": _CDR_KEYS, "cel": _CEL_KEYS}
        indexed = {name: ", ".join(f"KEY {key}_index ({key})" for key in found) for name, found in keys.items()}
        server.execute(
            f"DROP DATABASE IF EXISTS {NAME}",
            f"CREATE DATABASE {NAME} CHARACTER SET utf8mb4",
            f"USE {NAME}",
            "SET SESSION sql_mode=''",
            f"CREATE TABLE cdr ({_columns(_CDR)}, {indexed['cdr']})",
            f"CREATE TABLE cel (id int AUTO_INCREMENT PRIMARY KEY, {_columns(_CEL)}, {indexed['cel']})",
            "CREATE OR REPLACE USER reader@'%' IDENTIFIED BY 'secret'",
            f"GRANT SELECT ON {NAME}.* TO reader@'%'",
        )
        self.url = server.url(NAME, "reader", "secret")
        self._done = {"cdr": 0, "cel": 0}

    def write(self, pbx: SandboxPbx, *kinds: str) -> None:
        """What the PBX wrote since the last time. ``kinds``: ``cdr``, ``cel``; both by default."""
        for kind in kinds or ("cdr", "cel"):
            rows = getattr(pbx, kind)
            self.add(kind, rows[self._done[kind] :])
            self._done[kind] = len(rows)

    def add(self, table: str, rows: Sequence[Mapping[str, object]]) -> None:
        """Insert rows as they are."""
        with (
            pymysql.connect(host="127.0.0.1", port=self._server.port, user="root", database=NAME) as connection,
            connection.cursor() as cursor,
        ):
            cursor.execute("SET SESSION sql_mode=''")
            for row in rows:
                names, marks = ", ".join(row), ", ".join(["%s"] * len(row))
                cursor.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", list(row.values()))
            connection.commit()

    def fill(self, calls: int, first: int, every: int, shift: int, *, events: int) -> None:
        """Calls of one phone, ``every`` so many seconds from epoch second ``first`` on; the last ``events`` with CEL.

        ``shift``: seconds by which the PBX's wall clock is ahead of UTC. Each is answered after 5 s, and lasts 30 s.
        """
        # seq is a table of MariaDB's Sequence engine; n counts from 0.
        born = f"({first} + n * {every})"
        call = f"CONCAT({born}, '.', 2 * n)"
        phone = f"CONCAT({born}, '.', 2 * n + 1)"
        caller = "CONCAT('7916', LPAD(n, 7, '0'))"

        def shown(seconds: int) -> str:
            return f"DATE_ADD('1970-01-01', INTERVAL {born} + {seconds + shift} SECOND)"

        numbers = f"(SELECT seq - 1 AS n FROM seq_1_to_{calls}) AS numbers"
        self._server.execute(
            f"USE {NAME}",
            "SET SESSION sql_mode=''",
            "INSERT INTO cdr (calldate, src, cnum, dst, dcontext, channel, dstchannel, lastapp, duration, billsec,"
            " disposition, uniqueid, linkedid, did, recordingfile, sequence)"
            f" SELECT {shown(0)}, {caller}, {caller}, '101', 'from-did-direct', CONCAT('PJSIP/mts-', n),"
            f" CONCAT('PJSIP/101-', n), 'Dial', 30, 25, 'ANSWERED', {call}, {call}, '74950000001',"
            f" CONCAT('in-', n, '.wav'), n FROM {numbers} ORDER BY n",
            "INSERT INTO cel (eventtype, eventtime, cid_num, exten, context, channame, uniqueid, linkedid, extra)"
            f" SELECT kind, CASE at WHEN 0 THEN {shown(0)} WHEN 5 THEN {shown(5)} ELSE {shown(30)} END,"
            f" IF(side = 'c', {caller}, '101'), IF(side = 'c', '74950000001', ''),"
            " IF(side = 'c', 'from-pstn', 'from-internal'),"
            f" IF(side = 'c', CONCAT('PJSIP/mts-', n), CONCAT('PJSIP/101-', n)), IF(side = 'c', {call}, {phone}),"
            f" {call}, IF(kind = 'BRIDGE_ENTER', CONCAT('{{\"bridge_id\":\"b', n, '\"}}'), '')"
            f" FROM {numbers} JOIN (SELECT 1 AS place, 'CHAN_START' AS kind, 'c' AS side, 0 AS at"
            "  UNION SELECT 2, 'CHAN_START', 'e', 0 UNION SELECT 3, 'ANSWER', 'e', 5"
            "  UNION SELECT 4, 'BRIDGE_ENTER', 'c', 5 UNION SELECT 5, 'BRIDGE_ENTER', 'e', 5"
            "  UNION SELECT 6, 'HANGUP', 'e', 30 UNION SELECT 7, 'CHAN_END', 'e', 30"
            "  UNION SELECT 8, 'HANGUP', 'c', 30 UNION SELECT 9, 'CHAN_END', 'c', 30"
            "  UNION SELECT 10, 'LINKEDID_END', 'c', 30) AS kinds"
            f" WHERE n >= {calls - events} ORDER BY n, place",
            "ANALYZE TABLE cdr, cel",
        )
