# SPDX-License-Identifier: GPL-3.0-or-later
"""The advertising source of a new lead depends on the line, and a call on the suppliers' line makes no lead at all.
Sources are the codes of the portal's directory of sources."""

import json
import sys

params = json.load(sys.stdin)

SOURCES = {"74951234567": "ADVERTISING", "74957654321": "RECOMMENDATION"}
SUPPLIERS = "74950000000"

data = params["params"]
line = data.get("LINE_NUMBER", "")
if line in SOURCES:
    data["CRM_SOURCE"] = SOURCES[line]
if line == SUPPLIERS:
    data["CRM_CREATE"] = 0

json.dump({"state": "success", "data": data}, sys.stdout)
