# SPDX-License-Identifier: GPL-3.0-or-later
"""What the product is made of: a CycloneDX list, and the licences of all that travels with it."""

from __future__ import annotations

import email
import hashlib
import io
import json
import uuid
import zipfile
from collections.abc import Mapping
from datetime import UTC, datetime
from email.message import Message
from pathlib import PurePosixPath

_LICENCE_WORDS = ("licen", "copying", "notice", "authors")
# Where a package's own metadata says it in a way that is no SPDX expression.
_KNOWN = {"BSD 3-Clause": "BSD-3-Clause", "MIT License": "MIT", "Apache 2.0": "Apache-2.0", "BSD": "BSD-3-Clause"}


def sbom(version: str, wheels: Mapping[str, bytes], date: int) -> bytes:
    """CycloneDX 1.5 as JSON; one component for each package, with the digests of its wheels."""
    packages: dict[tuple[str, str], dict[str, object]] = {}
    for name, content in sorted(wheels.items()):
        about = metadata(content)
        key = (str(about["Name"]).lower(), str(about["Version"]))
        component = packages.setdefault(key, _component(about))
        digests = component["externalReferences"]
        assert isinstance(digests, list)
        digest = {"alg": "SHA-256", "content": hashlib.sha256(content).hexdigest()}
        digests.append({"type": "distribution", "url": name, "hashes": [digest]})
    body = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {
            "timestamp": datetime.fromtimestamp(date, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "component": _ours(version),
        },
        "components": [packages[key] for key in sorted(packages)],
    }
    body["serialNumber"] = f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(body, sort_keys=True))}"
    return json.dumps(body, indent=1, sort_keys=True).encode() + b"\n"


def _ours(version: str) -> dict[str, object]:
    licence = [{"license": {"id": "GPL-3.0-or-later"}}]
    return {"type": "application", "name": "itgrix", "version": version, "licenses": licence, "bom-ref": "itgrix"}


def _component(about: Message) -> dict[str, object]:
    name, version = str(about["Name"]), str(about["Version"])
    purl = f"pkg:pypi/{name.lower()}@{version}"
    return {
        "type": "library",
        "name": name,
        "version": version,
        "purl": purl,
        "bom-ref": purl,
        "licenses": _licence(about),
        "externalReferences": [],
    }


def _licence(about: Message) -> list[dict[str, object]]:
    if about["License-Expression"]:
        return [{"expression": str(about["License-Expression"])}]
    said = str(about["License"] or "").strip().splitlines()
    if said and len(said[0]) < 60:
        known = _KNOWN.get(said[0])
        return [{"license": {"id": known}}] if known else [{"license": {"name": said[0]}}]
    classified = [line.rpartition(" :: ")[2] for line in about.get_all("Classifier", []) if line.startswith("License")]
    return [{"license": {"name": name}} for name in classified] or [{"license": {"name": "see licences/"}}]


def metadata(wheel: bytes) -> Message:
    """Name, version, licence and the rest, as the wheel says."""
    with zipfile.ZipFile(io.BytesIO(wheel)) as packed:
        name = next(name for name in packed.namelist() if name.endswith(".dist-info/METADATA") and name.count("/") == 1)
        return email.message_from_bytes(packed.read(name))


def licences(wheels: Mapping[str, bytes]) -> dict[str, bytes]:
    """Path below licences/ -> text; at least the metadata where a wheel brings no text of its own."""
    found: dict[str, bytes] = {}
    for content in wheels.values():
        package = str(metadata(content)["Name"]).lower()
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            texts = [name for name in packed.namelist() if _is_licence(name)]
            for name in texts or [name for name in packed.namelist() if name.endswith(".dist-info/METADATA")]:
                # A name without a dot would be served to the world by the PBX's web server.
                found[f"{package}/{PurePosixPath(name).name.replace('.', '_')}.txt.md"] = packed.read(name)
    return found


def _is_licence(name: str) -> bool:
    path = PurePosixPath(name)
    is_about = ".dist-info" in name or "_vendor" in name
    return is_about and any(word in path.name.lower() for word in _LICENCE_WORDS) and path.suffix not in (".py", ".pyc")
