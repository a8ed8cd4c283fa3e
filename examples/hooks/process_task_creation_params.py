# SPDX-License-Identifier: GPL-3.0-or-later
"""A missed call of a known client is urgent: an hour to call back, and the head of sales watches. For those who hung up
within five seconds there is no task."""

import json
import sys
from datetime import datetime, timedelta

params = json.load(sys.stdin)

HEAD = 9  # portal user

call = params["call_full"]
waited = call["channel"]["extra"]["wait_seconds"]
data = params["params"]
if waited is not None and waited < 5:
    data = {}
elif call["entity"] is not None:
    data["TITLE"] = "Urgent: " + data["TITLE"]
    data["DEADLINE"] = (datetime.now().astimezone() + timedelta(hours=1)).isoformat(timespec="seconds")
    data["AUDITORS"] = [HEAD]

json.dump({"state": "success", "data": data}, sys.stdout)
