# SPDX-License-Identifier: GPL-3.0-or-later
"""Tests on a real Asterisk 22 and 16 with scripted SIP phones.

``pbx.RealPbx`` is the PBX, ``rig.Rig`` the phones and providers around it, ``situations.ALL`` what can happen,
``truth.Truth`` what did. ``conftest`` has them as fixtures. A test of the product attaches it to ``pbx.ami``, lets
the rig play, and compares what the portal got with the truths:

    for played in rig.play(*situations.ALL).values():
        for truth in played.calls():
            ...
"""
