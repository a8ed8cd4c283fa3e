# SPDX-License-Identifier: GPL-3.0-or-later
"""The Bitrix24 side: REST client, authorisation, budget, telephony and CRM methods, events."""
