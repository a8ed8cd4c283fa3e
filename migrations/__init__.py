# SPDX-License-Identifier: GPL-3.0-or-later
"""Alembic's scripts. They are run from Python (itgrix_module.storage.migrate); there is no alembic.ini."""
