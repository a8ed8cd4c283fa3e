# SPDX-License-Identifier: GPL-3.0-or-later
"""Flask-SQLAlchemy over the plain models and the engine that the service has opened.

The panel's ``db.session`` reads through the same pool, with the same settings of the connections, as everything else.
Writing is left to the stores: they know which rows to lock first and what has to survive a power cut.
"""

from __future__ import annotations

from typing import Any

from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy.session import Session
from sqlalchemy import URL, Engine

from itgrix_module.storage.engine import Database
from itgrix_module.storage.models import Base


def bind_flask(app: Flask, database: Database) -> SQLAlchemy:
    """``db`` for this app: ``db.session.execute(select(models.Call))`` inside a request or an app context."""

    class PanelSession(Session):
        """Every statement goes to the service's engine."""

        def get_bind(self, *_args: Any, **_options: Any) -> Engine:
            return database.engine

    # The extension wants an address to make an engine of its own, which never connects. Without the password, so
    # that nothing that prints the configuration shows it.
    url = database.engine.url
    app.config["SQLALCHEMY_DATABASE_URI"] = URL.create(url.drivername, host=url.host, database=url.database)
    db = SQLAlchemy(metadata=Base.metadata, session_options={"class_": PanelSession})
    db.init_app(app)
    return db
