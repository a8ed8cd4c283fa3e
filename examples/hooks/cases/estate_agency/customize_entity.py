# SPDX-License-Identifier: GPL-3.0-or-later
"""The second half: a lead that was thrown away or converted long ago starts anew with whoever talked now."""

import json
import sys

params = json.load(sys.stdin)

call = params["call_full"]
talk = call["conversations"].get(call["active_conversation_id"])
lead = params["entity"]
data = {}
if lead["type"] == "lead" and lead["status_group"] in ("failure", "success") and talk and talk["user"]:
    data = {"STATUS_ID": "NEW", "ASSIGNED_BY_ID": talk["user"]["id"]}

json.dump({"state": "success", "data": data}, sys.stdout)
