# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of a finished archive, as FreePBX and an administrator will meet it."""

from __future__ import annotations

import re
import shutil
import subprocess
import tarfile
import tempfile
import xml.etree.ElementTree as ElementTree
from pathlib import Path, PurePosixPath

from tools.release_contents import FILES, OPTIONAL, ROOT, TOP, content_of, program_of
from tools.release_wheels import fits_everywhere

SMALL_LIMIT = 2_000_000  # bytes; PHP's usual upload limit is 2 MiB
NEEDED = (
    *FILES,
    "gate/index.php",
    "gate/.htaccess",
    "gate/.user.ini",
    "php/Gate.php",
    "sbom.json",
    "itgrix_module/cli.py",
)
FORBIDDEN_PARTS = {
    "tests",
    "benchmarks",
    ".git",
    ".venv",
    "__pycache__",
    "var",
    "node_modules",
    "node",
    "libraries",
    "helpers",
}
FORBIDDEN_SUFFIXES = {".pem", ".key", ".db", ".sqlite", ".log", ".pyc", ".env", ".gpg"}
PRIVATE = re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY-----\r?\n[A-Za-z0-9+/=\r\n]{40}")
# These the web server hands to everybody: only what is meant for browsers, or is no secret at all.
PUBLIC = re.compile(r"\.(gif|jpg|jpeg|png|css|js|swf|txt|ico|ttf|svg|eot|woff|woff2|wav|mp3|aac|ogg|webm|gz)$")
PUBLIC_FOLDERS = ("assets/",)
RAWNAME = re.compile(r"[a-z0-9_]+")


def problems(path: Path, *, is_full: bool) -> list[str]:
    """What is wrong with an archive; empty when nothing is."""
    with tarfile.open(path) as tar:
        entries = tar.getmembers()
        contents = {entry.name.removeprefix(f"{TOP}/"): content_of(tar, entry) for entry in entries if entry.isfile()}
    whole = contents | program_of(contents)
    found = [*_layout(entries), *_public(contents), *_names(whole), *_secrets(whole), *_module(contents), *_php(whole)]
    if not is_full and path.stat().st_size >= SMALL_LIMIT:
        found.append(f"{path.name} has {path.stat().st_size} bytes, the limit is {SMALL_LIMIT}")
    return [*found, *(_wheels(contents) if is_full else [])]


def _layout(entries: list[tarfile.TarInfo]) -> list[str]:
    found = [f"{entry.name}: neither file nor folder" for entry in entries if not (entry.isfile() or entry.isdir())]
    found += [f"{entry.name}: not below {TOP}/" for entry in entries if PurePosixPath(entry.name).parts[0] != TOP]
    found += [f"{entry.name}: unsafe path" for entry in entries if ".." in PurePosixPath(entry.name).parts]
    tops = {PurePosixPath(entry.name).parts[1] for entry in entries if entry.name.count("/") >= 1}
    # FreePBX leaves these out when it copies, and links or copies those out of the module.
    found += [f"{name}: a dotfile at the top is lost" for name in tops if name.startswith(".")]
    return found + [
        f"{name}/: taken over by FreePBX" for name in tops & {"bin", "etc", "sounds", "images", "agi-bin", "hooks"}
    ]


def _names(contents: dict[str, bytes]) -> list[str]:
    found = [f"{name} is missing" for name in NEEDED if name not in contents and name not in OPTIONAL]
    for name in contents:
        path = PurePosixPath(name)
        if FORBIDDEN_PARTS & set(path.parts) or path.suffix in FORBIDDEN_SUFFIXES:
            found.append(f"{name} does not belong into a release")
    return found


def _public(contents: dict[str, bytes]) -> list[str]:
    served = (name for name in contents if PUBLIC.search(name) and not name.startswith(PUBLIC_FOLDERS))
    return [f"{name} would be served to everybody" for name in served]


def _secrets(contents: dict[str, bytes]) -> list[str]:
    return [f"{name} holds a private key" for name, content in contents.items() if PRIVATE.search(content)]


def _module(contents: dict[str, bytes]) -> list[str]:
    try:
        module = ElementTree.fromstring(contents.get("module.xml", b""))
    except ElementTree.ParseError as error:
        return [f"module.xml: {error}"]
    text = {child.tag: (child.text or "").strip() for child in module}
    found = [
        f"module.xml: no {tag}"
        for tag in ("rawname", "name", "version", "publisher", "license", "category")
        if not text.get(tag)
    ]
    if text.get("rawname") != TOP or not RAWNAME.fullmatch(text.get("rawname", "")):
        found.append("module.xml: rawname is not the folder's name")
    if text.get("version") != _version(contents):
        found.append(f"module.xml has version {text.get('version')}, pyproject.toml {_version(contents)}")
    if "updateurl" in text and not text["updateurl"].startswith("https://"):
        found.append("module.xml: updateurl must be https")
    pages = {item.get("display", item.tag) for item in module.iterfind("menuitems/*") if item.get("hidden") != "true"}
    found += [f"module.xml: page.{page}.php is missing" for page in pages if f"page.{page}.php" not in contents]
    commands = [name.text or "" for name in module.iterfind("console/command/name")]
    found += [
        f"Console/{name.capitalize()}.class.php is missing"
        for name in commands
        if f"Console/{name.capitalize()}.class.php" not in contents
    ]
    return found


def _version(contents: dict[str, bytes]) -> str:
    said = re.search(rb'^version = "([^"]+)"', contents.get("pyproject.toml", b""), re.MULTILINE)
    return said[1].decode() if said else ""


def _php(contents: dict[str, bytes]) -> list[str]:
    php = shutil.which("php")
    if php is None:
        return []
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for name in (name for name in contents if name.endswith(".php")):
            file = Path(folder) / "x.php"
            file.write_bytes(contents[name])
            done = subprocess.run([php, "-n", "-l", str(file)], capture_output=True, text=True, check=False)
            if done.returncode:
                found.append(f"{name}: {done.stdout.strip()}")
    return found


def _wheels(contents: dict[str, bytes]) -> list[str]:
    with tempfile.TemporaryDirectory() as folder:
        for name, content in contents.items():
            if name.startswith("wheels/"):
                (Path(folder) / PurePosixPath(name).name).write_bytes(content)
        return fits_everywhere(Path(folder))


def same_version_everywhere() -> list[str]:
    """The places in the source that name the version."""
    service = (ROOT / "itgrix_module" / "service.py").read_text(encoding="utf-8")
    wanted = _version({"pyproject.toml": (ROOT / "pyproject.toml").read_bytes()})
    said = re.search(r'^VERSION = "([^"]+)"', service, re.MULTILINE)
    return [] if said is None or said[1] == wanted else [f"service.py has version {said[1]}, pyproject.toml {wanted}"]
