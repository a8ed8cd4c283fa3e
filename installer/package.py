# SPDX-License-Identifier: GPL-3.0-or-later
"""The product's own code: copied into the home, because every upgrade of a PBX module deletes the module's folder."""

from __future__ import annotations

import compileall
import hashlib
import os
import re
import shutil
import tarfile
from collections.abc import Iterator
from contextlib import suppress
from importlib.util import cache_from_source
from lzma import LZMAError
from pathlib import Path, PurePosixPath

from installer.home import Home, point_at, write_private
from installer.words import Refused

FOLDERS = ("itgrix_module", "web", "migrations", "installer", "examples", "docs/en", "docs/ru")
PROGRAM = "program.tar.xz"  # in a release archive instead of these folders, but for the installer's own
READY = "itgrix-ready"
_TOPS = {(name,) for name in FOLDERS}
_COMPILED = ("itgrix_module", "web", "migrations")
_SELDOM = re.compile(r"/itgrix_module/sandbox/")  # for the demo only
_VERSION = re.compile(r'^version = "([^"]+)"$', re.MULTILINE)
_LEFT_OUT = shutil.ignore_patterns("__pycache__", "*.pyc")

COMMAND = """\
#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Made by install.py. The command itgrix of the version in use, as the user of the service.
home=$(dirname "$(dirname "$(readlink -f "$0")")")
exec "$home/current/venv/bin/python" -s -E "$home/current/installer/launch.py" "$@"
"""
CONTROL = """\
#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Made by install.py. Start, stop and watch the service: itgrix-service start|stop|restart|status|watch
home=$(dirname "$(dirname "$(readlink -f "$0")")")
exec "$home/current/venv/bin/python" -B -s -E "$home/current/installer/control.py" "$@"
"""


def version_of(root: Path) -> str:
    """The version of the code in ``root``. Raises Refused when it is not ours."""
    try:
        found = _VERSION.search((root / "pyproject.toml").read_text(encoding="utf-8"))
    except OSError:
        found = None
    if found is None:
        raise Refused("The folder {folder} does not hold the product.", folder=root)
    return found[1]


def ensure(root: Path, home: Home, venv: Path) -> Path:
    """A complete copy of the code with a link to its environment; the one that is there when nothing changed."""
    folder = home.packages / f"{version_of(root)}-{_digest(root, venv)}"
    if (folder / READY).exists():
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o750)
    for name in FOLDERS:
        if (root / name).is_dir():
            shutil.copytree(root / name, folder / name, ignore=_LEFT_OUT)
    _unpack(root / PROGRAM, folder)
    _describe(folder, version_of(root))
    _compile(folder, home.current)
    point_at(folder / "venv", venv)
    (folder / READY).touch()
    return folder


def _unpack(program: Path, folder: Path) -> None:
    """Files only, and only below the folder. Raises Refused for an archive that is damaged."""
    if not program.exists():
        return
    try:
        with tarfile.open(program) as tar:
            for entry in tar:
                parts = PurePosixPath(entry.name).parts
                content = tar.extractfile(entry) if entry.isfile() else None
                if content is None or parts[:1] not in _TOPS or ".." in parts:
                    raise Refused("The file {file} is damaged: unpack the archive once more.", file=program)
                file = folder.joinpath(*parts)
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(content.read())
    except (EOFError, LZMAError, tarfile.TarError):
        raise Refused("The file {file} is damaged: unpack the archive once more.", file=program) from None


def _digest(root: Path, venv: Path) -> str:
    total = hashlib.sha256(venv.name.encode())
    packed = [root / PROGRAM] if (root / PROGRAM).exists() else []
    for path in (*_files(root), *packed):
        total.update(f"{path.relative_to(root)}\0".encode())
        total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()[:12]


def _files(root: Path) -> Iterator[Path]:
    for name in FOLDERS:
        for path in sorted((root / name).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                yield path


def _compile(folder: Path, former: Path) -> None:
    """Now, while the version before still runs: the first start of this one is quick, and so the stop short."""
    for name in _COMPILED:
        for file in (folder / name).rglob("*.py"):
            with suppress(OSError):  # not there, or no hard links here: it is compiled
                _take_over(file, former / file.relative_to(folder))
        compileall.compile_dir(folder / name, quiet=2, rx=_SELDOM)


def _take_over(file: Path, former: Path) -> None:
    """What is compiled of a file that did not change fits while the date of the file does. Raises OSError."""
    if file.read_bytes() != former.read_bytes():
        return
    compiled = Path(cache_from_source(str(file)))
    compiled.parent.mkdir(exist_ok=True)
    os.link(cache_from_source(str(former)), compiled)
    dates = former.stat()
    os.utime(file, ns=(dates.st_atime_ns, dates.st_mtime_ns))


def _describe(folder: Path, version: str) -> None:
    """Metadata by which ``itgrix --version`` finds its version."""
    about = folder / f"itgrix-{version}.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: itgrix\nVersion: {version}\n", encoding="utf-8")


def switch(home: Home, package: Path) -> None:
    """Make a package the one in use."""
    point_at(home.current, package)
    write_private(home.command, COMMAND, 0o755)
    write_private(home.control, CONTROL, 0o755)


def copy_examples(home: Home) -> None:
    """Examples of customizations beside the folder of the active ones, fresh with each version."""
    source, target = home.current / "examples" / "hooks", home.folder / "examples"
    if source.is_dir():
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(source, target, ignore=_LEFT_OUT)


def clean(home: Home, keep: set[Path]) -> None:
    """Remove packages and environments that nobody needs; ``keep``: packages to stay."""
    for package in home.packages.iterdir():
        if package not in keep:
            shutil.rmtree(package, ignore_errors=True)
    used = {(package / "venv").resolve() for package in keep if package.exists()}
    for venv in home.venvs.iterdir():
        if venv.resolve() not in used:
            shutil.rmtree(venv, ignore_errors=True)
