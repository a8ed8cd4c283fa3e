# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings of the comparison with the PBX's records."""

from __future__ import annotations

from itgrix_module.settings_checks import Setting, between, no_line_break, time_zone

RECONCILE = (
    Setting(
        "cdr.csv",
        str,
        "",
        "Call records without a database: the folder of cdr_csv, or its file; it needs loguniqueid=yes",
        no_line_break,
    ),
    Setting(
        "cel.csv",
        str,
        "",
        "Channel events without a database: the folder of cel_custom, or its file",
        no_line_break,
    ),
    Setting(
        "pbx.time_zone",
        str,
        "",
        "Time zone of the PBX's records, such as Europe/Moscow; empty: the server's",
        time_zone,
    ),
    Setting(
        "reconcile.enabled",
        bool,
        True,
        "Compare calls with the PBX's records after a start, after each gap and regularly",
    ),
    Setting("reconcile.minutes", int, 60, "Minutes between two comparisons with the PBX's records", between(5, 1440)),
    Setting(
        "reconcile.window_hours",
        int,
        72,
        "Hours of the past in which missed calls are still looked for by themselves",
        between(1, 24 * 60),
    ),
    Setting(
        "reconcile.grace_seconds",
        int,
        30,
        "Seconds after its end for which the PBX may still write of a call",
        between(0, 3600),
    ),
    Setting(
        "reconcile.task_hours",
        int,
        24,
        "A missed call that is found later than so many hours makes no task and no message",
        between(0, 24 * 60),
    ),
)
