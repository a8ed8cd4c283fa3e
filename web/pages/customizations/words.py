# SPDX-License-Identifier: GPL-3.0-or-later
"""What each customization is for."""

from __future__ import annotations

from collections.abc import Mapping

from web.i18n import mark

PURPOSES: Mapping[str, str] = {
    "need_registration": mark("Decides whether the portal hears of a call at all."),
    "process_client_phone": mark("Rewrites the client's number before the CRM is asked."),
    "process_user_phone": mark("Rewrites the employee's number before the user is looked for."),
    "process_registration_params": mark(
        "Changes what a call is registered with: user, line, source, creation of a client."
    ),
    "post_registration": mark("Hears that a call was registered, with the ids of the portal."),
    "customize_show_call_card": mark("Decides whose screen shows the card of a call."),
    "process_final_params": mark("Changes how a call is finished: user, duration, status, cost."),
    "process_record_file_path": mark("Chooses or makes the file of the recording."),
    "customize_attach_record_url": mark("Changes how the recording is attached to the call."),
    "process_task_creation_params": mark("Changes the task for a missed call."),
    "customize_entity": mark("Writes fields of the client's record when a call ends."),
    "customize_activity": mark("Writes fields of the activity when a call ends."),
    "process_originate_params": mark("Changes how a click on a number is dialled."),
    "customize_autodistribution": mark("Chooses the employee in smart routing."),
}
CASES: Mapping[str, str] = {
    "estate_agency": mark("Estate agency"),
    "holding": mark("Holding"),
    "spread_missed": mark("Missed calls shared out"),
    "waiting_time": mark("Waiting time in the activity"),
}
LANGUAGES: Mapping[str, str] = {"php": "PHP", "py": "Python", "sh": "Shell"}
