# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes into a lead made by the call which line it came by; records that were there before stay as they are."""

import json
import sys

params = json.load(sys.stdin)

channel = params["call_full"]["channel"]
data = {}
if params["entity"]["is_new"]:
    data = {"SOURCE_DESCRIPTION": f"Call to {channel['trunk']['number']} at {channel['start_time']}"}

json.dump({"state": "success", "data": data}, sys.stdout)
