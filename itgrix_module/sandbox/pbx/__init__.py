# SPDX-License-Identifier: GPL-3.0-or-later
"""A PBX to try the product against: speaks AMI like Asterisk under FreePBX and plays calls."""

from itgrix_module.sandbox.pbx.clock import HandClock, JumpClock, WallClock
from itgrix_module.sandbox.pbx.config import AmiUser, Click, Client, Extension, Group, PbxConfig, Trunk
from itgrix_module.sandbox.pbx.pbx import SandboxPbx
from itgrix_module.sandbox.pbx.player import Pace, Player
from itgrix_module.sandbox.pbx.plots import KINDS
from itgrix_module.sandbox.pbx.situation import Situation, Truth
from itgrix_module.sandbox.pbx.tape import record

__all__ = [
    "KINDS",
    "AmiUser",
    "Click",
    "Client",
    "Extension",
    "Group",
    "HandClock",
    "JumpClock",
    "Pace",
    "PbxConfig",
    "Player",
    "SandboxPbx",
    "Situation",
    "Trunk",
    "Truth",
    "WallClock",
    "record",
]
