# SPDX-License-Identifier: GPL-3.0-or-later
"""The database: SQLite in the home by default, MariaDB where several nodes share one."""
