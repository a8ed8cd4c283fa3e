# SPDX-License-Identifier: GPL-3.0-or-later
"""Several companies of a holding share one portal, and one client may be known to each of them. The call goes to the
record that the employee of this call is responsible for; when he has none, the portal chooses as usual."""

import json
import sys

params = json.load(sys.stdin)

data = params["params"]
own = [each for each in params["candidates"] if each["responsible_id"] == data.get("USER_ID")]
order = {"contact": 0, "company": 1, "lead": 2}
chosen = min(own, key=lambda each: (order[each["type"]], each["id"]), default=None)
if chosen:
    data["CRM_ENTITY_TYPE"] = chosen["type"].upper()
    data["CRM_ENTITY_ID"] = chosen["id"]

json.dump({"state": "success", "data": data}, sys.stdout)
