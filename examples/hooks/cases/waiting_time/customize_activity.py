# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes into the activity how long the client waited and how long he talked. A missed call says so in its subject."""

import json
import sys

params = json.load(sys.stdin)

channel = params["call_full"]["channel"]
facts = channel["extra"]
waited = facts["wait_seconds"] or 0
if channel["was_answered"]:
    data = {"DESCRIPTION": f"Waited {waited} s, talked {facts['talk_seconds']} s"}
else:
    data = {"SUBJECT": "Missed call from " + channel["from"]["number"], "DESCRIPTION": f"Waited {waited} s in vain"}

json.dump({"state": "success", "data": data}, sys.stdout)
