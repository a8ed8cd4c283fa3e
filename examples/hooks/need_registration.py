# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls of some phones do not go to the CRM: the guard's post, the fax, the meeting room."""

import json
import sys

params = json.load(sys.stdin)

HIDDEN = {"190", "199"}

call = params["call_full"]
conversations = call["conversations"].values()
parties = {side["number"] for each in conversations for side in (each["channel"]["from"], each["channel"]["to"])}
data = {"result": not parties & HIDDEN}

json.dump({"state": "success", "data": data}, sys.stdout)
