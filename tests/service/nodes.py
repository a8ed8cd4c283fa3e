# SPDX-License-Identifier: GPL-3.0-or-later
"""Several PBXs, each with a service of its own, on one database and one portal."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from itgrix_module.commands.serving import Address, panel
from itgrix_module.place import Place
from itgrix_module.sandbox.pbx import SandboxPbx
from itgrix_module.sandbox.portal import SandboxPortal
from itgrix_module.service import running
from tests.service.house import House, configure, settings_of


@contextmanager
def node(
    folder: Path, name: str, pbx: SandboxPbx, portal: SandboxPortal, settings: Mapping[str, Any] | None = None
) -> Iterator[House]:
    """The service of one PBX; all in ``folder`` have one database. The unnamed one is to be set up first."""
    home = folder / (name or "first")
    place = Place(home, f"sqlite:///{folder / 'shared.db'}", name)
    place.prepare()
    if name and not place.key_file.exists():
        shutil.copy(folder / "first/secret.key", place.key_file)
    configure(place, {**settings_of(pbx, portal), **(settings or {})})
    with running(place) as service, panel(service, Address("127.0.0.1", 0)) as url:
        yield House(pbx, portal, service, url)
