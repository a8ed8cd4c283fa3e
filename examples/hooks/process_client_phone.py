# SPDX-License-Identifier: GPL-3.0-or-later
"""The provider shows local numbers with seven digits: put the code of the city before them."""

import json
import sys

params = json.load(sys.stdin)

CITY = "+7495"

phone = params["phone"]
digits = "".join(char for char in phone if char.isdigit())
data = {"phone": CITY + digits if len(digits) == 7 else phone}

json.dump({"state": "success", "data": data}, sys.stdout)
