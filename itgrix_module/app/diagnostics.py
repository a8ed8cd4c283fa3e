# SPDX-License-Identifier: GPL-3.0-or-later
"""The diagnostics bundle: all that support needs to see, nothing that is secret, nobody's number or name."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from collections.abc import Iterable, Mapping
from typing import Any

from itgrix_module.telemetry.masking import Mask

LOG_LINES = 5000
DELIVERIES = 50
CALLS = 50
README = """Diagnostics of Itgrix for FreePBX.

Secrets are replaced by a sign, telephone numbers keep their last two digits, names of people are gone.
Please look through the files before you send them: what a script or a template of your own wrote may look
like anything.
"""


def packed(documents: Mapping[str, Any], log: Iterable[str], mask: Mask, at: float) -> bytes:
    """The bundle as ``.tar.gz``. ``documents``: name to JSON data; ``at``: epoch seconds, the time of its files."""
    files = {"README.txt": README}
    files |= {f"{name}.json": _json(mask.data(data)) for name, data in documents.items()}
    files["log.txt"] = "\n".join(mask.text(line) for line in log) + "\n"
    out = io.BytesIO()
    with gzip.GzipFile(fileobj=out, mode="wb", mtime=at) as pressed, tarfile.open(fileobj=pressed, mode="w") as archive:
        for name, text in files.items():
            content = text.encode(errors="replace")
            entry = tarfile.TarInfo(f"itgrix-diagnostics/{name}")
            entry.size, entry.mode, entry.mtime = len(content), 0o600, at
            archive.addfile(entry, io.BytesIO(content))
    return out.getvalue()


def _json(data: Any) -> str:
    return json.dumps(data, ensure_ascii=False, indent=1, default=str) + "\n"


def secret_texts(values: Iterable[Any]) -> list[str]:
    """Secrets as they may stand in a text: whole, and the parts of an address that are secret by themselves."""
    found: list[str] = []
    for value in values:
        text = str(value or "")
        parts = text.replace("?", "/").replace("&", "/").replace("@", "/").replace("=", "/").split("/")
        found += [text, *(piece for part in parts for piece in part.split(":") if len(piece) >= 8 and "." not in piece)]
    return [text for text in found if len(text) >= 4]
