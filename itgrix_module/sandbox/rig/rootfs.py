#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Put a real Asterisk 22 and 16 (Debian packages, nothing compiled) into folders of their own.

    python -m itgrix_module.sandbox.rig.rootfs              both versions into the cache
    python -m itgrix_module.sandbox.rig.rootfs 22           one of them
    python -m itgrix_module.sandbox.rig.rootfs --cache DIR  elsewhere; default $ITGRIX_RIG_CACHE or ~/.cache/itgrix-rig

Standard library only, as root, on a Debian of any age. The packages come from the mirror that this machine's own
apt uses ($ITGRIX_RIG_MIRROR overrides it), with apt's own checks of signatures and sums, and are unpacked without
their installation scripts: nothing is started, nothing outside the cache changes. A tarball stays beside the folder,
so the second time needs no network; keep the `*.tar.*` files between CI runs.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import shutil
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args
from urllib.parse import urlsplit

Version = Literal["16", "22"]
Say = Callable[[str], None]

VERSIONS: tuple[Version, ...] = get_args(Version)
REVISION = "1"  # of what is inside; another number makes old folders and tarballs unused
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
SHIPPED = "usr/sbin/asterisk"
SOUNDS = "usr/share/asterisk/sounds"
STAMP = ".itgrix-rootfs"
LEFT_OUT = ("doc", "man", "locale", "info", "lintian", "bash-completion", "bug")
NODES = {"null": 3, "zero": 5, "random": 8, "urandom": 9}  # minor numbers of the memory devices (major 1)
COMMON = ("asterisk", "asterisk-modules", "asterisk-core-sounds-en-gsm", "dash", "libc-bin", "tzdata")


class RootfsError(RuntimeError):
    """The root file system can't be made; the text says what is missing and what to do about it."""


@dataclass(frozen=True)
class Recipe:
    """Debian suite that carries the version, and the packages to take (their dependencies follow)."""

    suite: str
    packages: tuple[str, ...]


RECIPES: dict[Version, Recipe] = {
    "22": Recipe("forky", COMMON),
    "16": Recipe("bullseye", (*COMMON, "asterisk-voicemail")),
}


def ensure(version: Version, cache: Path | None = None, say: Say | None = None) -> Path:
    """Root file system with that Asterisk, made or unpacked when it is not there yet.

    ``say`` gets the progress lines (default: standard error). The folder is shared: run Asterisk in it with
    ``chroot FOLDER /usr/sbin/asterisk -f -C CONFIG`` and let CONFIG name folders of your own inside it. A path
    below the folder means the same file inside and outside (see ``link_to_itself``).

    Raises RootfsError.
    """
    require_root()
    home = (cache or default_cache()).expanduser().resolve()
    home.mkdir(parents=True, exist_ok=True)
    with one_at_a_time(home / f"asterisk-{version}.lock"):
        return Builder(version, home, say or to_stderr).ensure()


def default_cache() -> Path:
    """``$ITGRIX_RIG_CACHE`` or ``~/.cache/itgrix-rig``."""
    named = os.environ.get("ITGRIX_RIG_CACHE")
    return Path(named) if named else Path.home() / ".cache" / "itgrix-rig"


def to_stderr(text: str) -> None:
    print(f"==> {text}", file=sys.stderr, flush=True)


def require_root() -> None:
    if os.geteuid() != 0:
        raise RootfsError("A real Asterisk runs in a chroot here, that needs root: repeat as root.")


@contextmanager
def one_at_a_time(lock: Path) -> Iterator[None]:
    with lock.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


class Builder:
    """Makes one version below ``home``: folder, tarball, and the folder from the tarball."""

    def __init__(self, version: Version, home: Path, say: Say) -> None:
        self.version = version
        self.recipe = RECIPES[version]
        self.root = home / f"asterisk-{version}"
        self.work = home / f"asterisk-{version}.work"
        self.tarball = home / f"asterisk-{version}-r{REVISION}.tar.{'zst' if shutil.which('zstd') else 'gz'}"
        self.say = say

    def ensure(self) -> Path:
        if not self.ready(self.root):
            self.make()
        take_time_zone(self.root)
        link_to_itself(self.root)
        return self.root

    def make(self) -> None:
        shutil.rmtree(self.work, ignore_errors=True)
        fresh = self.work / "root"
        fresh.mkdir(parents=True)
        try:
            self.unpack(fresh) if self.tarball.exists() else self.build(fresh)
            shutil.rmtree(self.root, ignore_errors=True)
            fresh.rename(self.root)
        finally:
            shutil.rmtree(self.work, ignore_errors=True)

    def ready(self, root: Path) -> bool:
        stamp = root / STAMP
        return stamp.exists() and stamp.read_text().startswith(f"{REVISION}\n")

    def unpack(self, fresh: Path) -> None:
        started = time.monotonic()
        run(
            ["tar", "-C", str(fresh), "-xf", str(self.tarball)],
            f"unpack {self.tarball}; delete it and repeat",
        )
        if not self.ready(fresh):
            raise RootfsError(f"{self.tarball} is not a whole root file system: delete it and repeat.")
        self.say(f"Asterisk {self.version}: unpacked from {self.tarball.name} in {since(started)}")

    def build(self, fresh: Path) -> None:
        started = time.monotonic()
        mirror = find_mirror()
        self.say(f"Asterisk {self.version}: asking Debian {self.recipe.suite} for the packages")
        packages = Download(mirror, self.recipe, self.work / "apt").fetch()
        megabytes = sum(one.stat().st_size for one in packages) // 1_000_000
        self.say(f"Asterisk {self.version}: {len(packages)} packages, {megabytes} MB; unpacking them")
        unpack_packages(packages, fresh)
        furnish(fresh)
        found = run(["chroot", str(fresh), SHIPPED, "-V"], "start Asterisk in its chroot").strip()
        (fresh / STAMP).write_text(f"{REVISION}\n{found}\n")
        self.pack(fresh)
        self.say(f"Asterisk {self.version}: {found} ready in {since(started)}")

    def pack(self, fresh: Path) -> None:
        compress = "zstd -q -T0 -3" if self.tarball.suffix == ".zst" else "gzip -1"
        partial = self.tarball.with_name(f"{self.tarball.name}.partial")
        run(["tar", "-C", str(fresh), "-I", compress, "-cf", str(partial), "."], "write the tarball")
        partial.replace(self.tarball)


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


def furnish(root: Path) -> None:
    """Make what the installation scripts would have made, as far as Asterisk needs it."""
    (root / "tmp").mkdir(exist_ok=True)
    (root / "tmp").chmod(0o1777)
    (root / SOUNDS / "en").symlink_to("en_US_f_Allison")
    make_devices(root / "dev")
    run(["chroot", str(root), "/usr/sbin/ldconfig"], "make the table of libraries")


def make_devices(devices: Path) -> None:
    devices.mkdir(exist_ok=True)
    try:
        for name, minor in NODES.items():
            os.mknod(devices / name, stat.S_IFCHR, os.makedev(1, minor))
            (devices / name).chmod(0o666)
    except PermissionError as refused:
        raise RootfsError("Devices can't be made here (mknod): run with the capability CAP_MKNOD.") from refused


def take_time_zone(root: Path) -> None:
    """Call records are in local time: let it be this machine's, wherever the tarball was made."""
    ours, its = Path("/etc/localtime"), root / "etc" / "localtime"
    zone = ours.read_bytes() if ours.exists() else b""
    if zone and (its.is_symlink() or not its.exists() or its.read_bytes() != zone):
        its.unlink(missing_ok=True)
        its.write_bytes(zone)


def link_to_itself(root: Path) -> None:
    """Let the path of ``root`` mean the same inside the chroot as outside.

    Asterisk tells the absolute path of a recording; programs outside the chroot then find it under that very path.
    The link is relative, so that from outside it leads to ``root`` too and never out of it.
    """
    inner = root / root.relative_to("/")
    if inner.is_symlink() or inner == root:
        return
    inner.parent.mkdir(parents=True, exist_ok=True)
    inner.symlink_to("/".join([".."] * (len(root.parts) - 2)) or ".")


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


def since(started: float) -> str:
    return f"{time.monotonic() - started:.1f} s"


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("versions", nargs="*", metavar="16|22", help="default: both, one after the other")
    options.add_argument("--cache", type=Path, help="folder for the results")
    chosen = options.parse_args()
    unknown = set(chosen.versions) - set(VERSIONS)
    if unknown:
        options.error(f"no such version: {' '.join(sorted(unknown))} (16, 22)")
    try:
        for version in VERSIONS:
            if not chosen.versions or version in chosen.versions:
                print(ensure(version, chosen.cache))
    except RootfsError as problem:
        sys.exit(str(problem))


if __name__ == "__main__":
    main()
