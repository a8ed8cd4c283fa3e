# SPDX-License-Identifier: GPL-3.0-or-later
"""Names the recording so that people find it again: day, time and number of the client."""

import json
import sys

params = json.load(sys.stdin)

channel = params["call_full"]["channel"]
client = channel["to" if channel["type"] == "outgoing" else "from"]["number"].lstrip("+")
when = channel["start_time"].replace(":", "-").replace(" ", "_")
data = params["params"]
data["FILENAME"] = f"{when}_{client}.mp3"

json.dump({"state": "success", "data": data}, sys.stdout)
