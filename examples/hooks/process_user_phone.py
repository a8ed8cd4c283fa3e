# SPDX-License-Identifier: GPL-3.0-or-later
"""The phones of the second office are 2101, 2102 ... on the PBX, and 101, 102 ... in the portal."""

import json
import sys

params = json.load(sys.stdin)

phone = params["phone"]
data = {"phone": phone[1:] if len(phone) == 4 and phone.startswith("2") else phone}

json.dump({"state": "success", "data": data}, sys.stdout)
