# SPDX-License-Identifier: GPL-3.0-or-later
"""The PBX wants 8 and ten digits, the CRM holds +7 (916) 123-45-67. Numbers abroad are not dialled from the CRM."""

import json
import sys

params = json.load(sys.stdin)

data = params["params"]
number = params["params"]["request_data"]["PHONE_NUMBER"]
digits = "".join(char for char in number if char.isdigit())
if number.startswith("+") and not number.startswith("+7"):
    data = {}
elif len(digits) >= 10:
    data["extension"] = "8" + digits[-10:]

json.dump({"state": "success", "data": data}, sys.stdout)
