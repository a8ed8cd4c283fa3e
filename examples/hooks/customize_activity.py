# SPDX-License-Identifier: GPL-3.0-or-later
"""A missed call stands out in the client's history, and a handed over call says who gave it to whom."""

import json
import sys

params = json.load(sys.stdin)

call = params["call_full"]
transfers = call["channel"]["extra"]["transfers"]
data = {}
if not call["channel"]["was_answered"]:
    data = {"SUBJECT": "Missed call from " + call["channel"]["from"]["number"], "PRIORITY": 3}
elif transfers:
    data = {"DESCRIPTION": "\n".join(f"{each['from']} handed the call to {each['to']}" for each in transfers)}

json.dump({"state": "success", "data": data}, sys.stdout)
