# SPDX-License-Identifier: GPL-3.0-or-later
"""Flask-SQLAlchemy over the plain models."""

from __future__ import annotations

from flask import Flask
from sqlalchemy import QueuePool, select

from itgrix_module.storage.engine import Database, open_engine
from itgrix_module.storage.flask_db import bind_flask
from itgrix_module.storage.models import Call
from itgrix_module.storage.stores import Stores
from tests.known import of_kind
from tests.storage.samples import add_call


def panel(stores: Stores) -> Flask:
    app = Flask(__name__)
    db = bind_flask(app, stores.database)

    @app.get("/calls")
    def calls() -> list[str]:
        return [row.client for row in db.session.execute(select(Call).order_by(Call.started)).scalars()]

    return app


def test_page_reads_the_models_through_the_session(stores: Stores) -> None:
    add_call(stores.calls, "1.1", client="+7495")
    client = panel(stores).test_client()
    assert client.get("/calls").json == ["+7495"]
    add_call(stores.calls, "2.2", client="+7812", started=2e9)
    assert client.get("/calls").json == ["+7495", "+7812"]


def test_every_connection_goes_back_to_the_pool_of_the_service(stores: Stores) -> None:
    client = panel(stores).test_client()
    for _ in range(40):
        assert client.get("/calls").status_code == 200
    assert of_kind(stores.database.engine.pool, QueuePool).checkedout() == 0


def test_configuration_shows_no_password() -> None:
    app = Flask(__name__)
    bind_flask(app, Database(open_engine("mysql://ivan:hunter2@pbx.example/itgrix")))
    assert "hunter2" not in app.config["SQLALCHEMY_DATABASE_URI"].render_as_string(hide_password=False)


def test_two_apps_in_one_process_have_their_own_sessions(stores: Stores) -> None:
    first, second = panel(stores), panel(stores)
    add_call(stores.calls, "1.1", client="+7495")
    assert first.test_client().get("/calls").json == second.test_client().get("/calls").json == ["+7495"]
