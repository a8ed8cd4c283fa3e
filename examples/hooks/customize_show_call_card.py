# SPDX-License-Identifier: GPL-3.0-or-later
"""The head of sales (portal user 9) sees the cards of important clients too, and the trainees (40 and 41) see none."""

import json
import sys

params = json.load(sys.stdin)

HEAD, TRAINEES = 9, {40, 41}
IMPORTANT = {"+79161234567"}

users = [user for user in params["users"] if user not in TRAINEES]
if params["call_full"]["channel"]["from"]["number"] in IMPORTANT and HEAD not in users:
    users.append(HEAD)
data = {"users": users}

json.dump({"state": "success", "data": data}, sys.stdout)
