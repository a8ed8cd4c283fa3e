# SPDX-License-Identifier: GPL-3.0-or-later
"""Conversations that dice make up, on a real Asterisk with scripted phones: compositions that nobody has named.

``python -m tests.live.made_up play 22 FOLDER 1 50`` plays, records and judges them (see ``__main__``). A seed decides
who does what; ``conversation.Conversation`` knows what really happened as it goes, by the clocks of the phones.
"""
