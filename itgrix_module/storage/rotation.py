# SPDX-License-Identifier: GPL-3.0-or-later
"""Changing the key of the vault: every sealed value is sealed anew."""

from __future__ import annotations

from sqlalchemy import Connection, select, update

from itgrix_module.storage.engine import Database
from itgrix_module.storage.models import Setting
from itgrix_module.storage.models_portal import PortalToken
from itgrix_module.storage.vault import Vault
from itgrix_module.storage.writing import table_of

settings = table_of(Setting)
tokens = table_of(PortalToken)


def rotate(database: Database, vault: Vault) -> int:
    """Makes a new key and seals everything with it, while the service runs; returns how many values there were.

    Raises NeedsOwner ``key_wrong`` when a value cannot be opened; then nothing is changed but that one more key opens.
    """
    with vault.rotation():
        return database.run(lambda connection: _settings(connection, vault) + _tokens(connection, vault))


def _settings(connection: Connection, vault: Vault) -> int:
    query = select(settings.c.name, settings.c.value).where(settings.c.secret).with_for_update()
    rows = connection.execute(query).all()
    for name, value in rows:
        anew = update(settings).where(settings.c.name == name).values(value=vault.seal(vault.open(value)))
        connection.execute(anew)
    return len(rows)


def _tokens(connection: Connection, vault: Vault) -> int:
    rows = connection.execute(select(tokens.c.portal, tokens.c.sealed).with_for_update()).all()
    for portal, sealed in rows:
        anew = update(tokens).where(tokens.c.portal == portal).values(sealed=vault.seal(vault.open(sealed)))
        connection.execute(anew)
    return len(rows)
