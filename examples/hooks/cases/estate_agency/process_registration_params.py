# SPDX-License-Identifier: GPL-3.0-or-later
"""An estate agency with hundreds of calls a day. All leads, contacts and deals of the number decide:

- a deal in work: the call goes to its client
- a lead in work: the call goes to the oldest such lead
- only old ones: the call goes to the newest lead, which customize_entity.py then opens again
- nobody: a new lead is made
"""

import json
import sys

params = json.load(sys.stdin)

data = params["params"]
found = sorted(params["candidates"], key=lambda each: each["id"])
with_deal = [each for each in found if each["open_deals"]]
leads = [each for each in found if each["type"] == "lead"]
in_work = [lead for lead in leads if lead["status_group"] == "process"]
others = [each for each in found if each["type"] != "lead"]

chosen = next(iter([*with_deal, *in_work, *reversed(leads), *others]), None)
data["CRM_CREATE"] = 0 if chosen else 1
if chosen:
    data["CRM_ENTITY_TYPE"] = chosen["type"].upper()
    data["CRM_ENTITY_ID"] = chosen["id"]

json.dump({"state": "success", "data": data}, sys.stdout)
