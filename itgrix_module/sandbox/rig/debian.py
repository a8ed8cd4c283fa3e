# SPDX-License-Identifier: GPL-3.0-or-later
"""Debian's packages from the mirror of this machine's own apt: found, fetched, unpacked without their scripts."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
LEFT_OUT = ("doc", "man", "locale", "info", "lintian", "bash-completion", "bug")


class RootfsError(RuntimeError):
    """The root file system can't be made; the text says what is missing and what to do about it."""


@dataclass(frozen=True)
class Recipe:
    """Debian suite that carries the version, and the packages to take (their dependencies follow)."""

    suite: str
    packages: tuple[str, ...]


class Download:
    """Fetches packages with this machine's apt, from another suite and with a package database of its own."""

    def __init__(self, mirror: str, recipe: Recipe, folder: Path) -> None:
        self.mirror, self.recipe, self.folder = mirror, recipe, folder

    def fetch(self) -> list[Path]:
        """Downloaded ``.deb`` files: the packages of the recipe with all that they depend on."""
        self.lay_out()
        self.apt("update", explain="read the package lists (is the network there?)")
        wanted = ["install", "--download-only", "-y", *self.recipe.packages]
        self.apt(*wanted, explain="download the packages (is the network there?)")
        return sorted((self.folder / "cache" / "archives").glob("*.deb"))

    def lay_out(self) -> None:
        if not KEYRING.exists():
            raise RootfsError(f"{KEYRING} is missing: install the package debian-archive-keyring.")
        for name in ("state/lists/partial", "cache/archives/partial"):
            (self.folder / name).mkdir(parents=True)
        (self.folder / "status").touch()
        line = f"deb [signed-by={KEYRING}] {self.mirror} {self.recipe.suite} main\n"
        (self.folder / "sources.list").write_text(line)

    def apt(self, *words: str, explain: str) -> None:
        options = [f"-o{name}={value}" for name, value in self.options().items()]
        host = urlsplit(self.mirror).netloc
        run(["apt-get", "-qq", *options, *words], explain, hide=(self.mirror, host))

    def options(self) -> dict[str, str]:
        here = str(self.folder)
        return {
            "Dir::Etc::sourcelist": f"{here}/sources.list",
            "Dir::Etc::sourceparts": "/dev/null",
            "Dir::Etc::preferences": "/dev/null",
            "Dir::Etc::preferencesparts": "/dev/null",
            "Dir::State": f"{here}/state",
            "Dir::State::status": f"{here}/status",
            "Dir::Cache": f"{here}/cache",
            "APT::Sandbox::User": "root",
            "APT::Install-Recommends": "false",
            "APT::Update::Error-Mode": "any",
            "Acquire::Languages": "none",
            "Acquire::Retries": "3",
            # A suite that is frozen in time, on a mirror or by its age, is what we want here.
            "Acquire::Check-Valid-Until": "false",
        }


def find_mirror() -> str:
    """Address of the Debian mirror from this machine's apt sources, or ``$ITGRIX_RIG_MIRROR``.

    Raises RootfsError when there is none.
    """
    named = os.environ.get("ITGRIX_RIG_MIRROR")
    if named:
        return named
    codename = os_release().get("VERSION_CODENAME", "")
    for addresses, suites in apt_sources(Path("/etc/apt")):
        if codename in suites and addresses:
            return addresses[0]
    raise RootfsError("No Debian mirror in /etc/apt/sources.list(.d): set ITGRIX_RIG_MIRROR to the address of one.")


def os_release() -> dict[str, str]:
    lines = Path("/etc/os-release").read_text().splitlines()
    pairs = (line.partition("=") for line in lines)
    return {name: value.strip('"') for name, _, value in pairs}


def apt_sources(folder: Path) -> Iterator[tuple[list[str], list[str]]]:
    """(addresses, suites) of each entry, from both formats that apt reads."""
    for path in sorted(folder.glob("sources.list.d/*.sources")):
        for stanza in path.read_text().split("\n\n"):
            fields = deb822(stanza)
            yield fields.get("uris", "").split(), fields.get("suites", "").split()
    for path in [folder / "sources.list", *sorted(folder.glob("sources.list.d/*.list"))]:
        for line in path.read_text().splitlines() if path.exists() else []:
            words = one_line(line)
            if words:
                yield words[:1], words[1:2]


def deb822(stanza: str) -> dict[str, str]:
    lines = [line for line in stanza.splitlines() if not line.startswith("#")]
    pairs = (line.partition(":") for line in lines)
    return {name.strip().lower(): value.strip() for name, colon, value in pairs if colon}


def one_line(line: str) -> list[str]:
    """``deb [options] ADDRESS SUITE component...`` → the words from ADDRESS on; nothing for other lines."""
    kind, _, rest = line.strip().partition(" ")
    if kind != "deb":
        return []
    rest = rest.strip()
    return (rest.partition("]")[2] if rest.startswith("[") else rest).split()


def unpack_packages(packages: Sequence[Path], root: Path) -> None:
    for name in ("bin", "sbin", "lib", "lib64"):  # before the first package: Debian's merged /usr
        (root / "usr" / name).mkdir(parents=True)
        (root / name).symlink_to(f"usr/{name}")
    excludes = [f"--exclude=./usr/share/{name}" for name in LEFT_OUT]
    into = ["tar", "-C", str(root), "--keep-directory-symlink", *excludes, "-xf", "-"]
    for package in packages:
        with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", str(package)], stdout=subprocess.PIPE) as source:
            copied = subprocess.run(into, stdin=source.stdout, check=False)
        if source.returncode or copied.returncode:
            raise RootfsError(f"{package.name} can't be unpacked: is the disk full?")


def run(command: Sequence[str], explain: str, hide: Sequence[str] = ()) -> str:
    """Standard output of a program. Raises RootfsError with the end of its complaints, without the words to hide."""
    quiet = {**os.environ, "LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"}
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=quiet)
    except FileNotFoundError as missing:
        raise RootfsError(f"Can't {explain}: {command[0]} is not installed.") from missing
    if done.returncode == 0:
        return done.stdout
    said = (done.stderr or done.stdout).strip()[-2000:]
    for word in hide:
        said = said.replace(word, "<mirror>")
    raise RootfsError(f"Can't {explain}: {command[0]} ended with {done.returncode}:\n{said}")
