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
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, get_args

from itgrix_module.sandbox.rig.debian import Download, Recipe, RootfsError, find_mirror, run, unpack_packages

Version = Literal["16", "22"]
Say = Callable[[str], None]

VERSIONS: tuple[Version, ...] = get_args(Version)
REVISION = "1"  # of what is inside; another number makes old folders and tarballs unused
SHIPPED = "usr/sbin/asterisk"
SOUNDS = "usr/share/asterisk/sounds"
STAMP = ".itgrix-rootfs"
NODES = {"null": 3, "zero": 5, "random": 8, "urandom": 9}  # minor numbers of the memory devices (major 1)
COMMON = ("asterisk", "asterisk-modules", "asterisk-core-sounds-en-gsm", "dash", "libc-bin", "tzdata")

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
