# SPDX-License-Identifier: GPL-3.0-or-later
"""The root file systems with Asterisk: where the packages come from, and what is said when they can't come."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from itgrix_module.sandbox.rig import rootfs as asterisk_rootfs
from itgrix_module.sandbox.rig.debian import RootfsError, apt_sources
from itgrix_module.sandbox.rig.rootfs import ensure, link_to_itself


def test_mirror_is_found_in_both_formats_of_apt(tmp_path: Path) -> None:
    parts = tmp_path / "sources.list.d"
    parts.mkdir()
    (parts / "debian.sources").write_text(
        "# kept by hand\nTypes: deb\nURIs: http://one.example/debian\nSuites: bookworm bookworm-updates\n\n"
        "Types: deb\nURIs: http://two.example/security\nSuites: bookworm-security\n"
    )
    (parts / "other.list").write_text("deb [arch=amd64 signed-by=/k] http://three.example/apt stable main\n# deb no\n")
    (tmp_path / "sources.list").write_text("deb-src http://four.example/ bookworm main\n")
    found = [entry for entry in apt_sources(tmp_path) if entry[0]]
    assert found == [
        (["http://one.example/debian"], ["bookworm", "bookworm-updates"]),
        (["http://two.example/security"], ["bookworm-security"]),
        (["http://three.example/apt"], ["stable"]),
    ]


def test_a_path_below_the_root_means_the_same_inside(tmp_path: Path) -> None:
    root = tmp_path / "cache" / "asterisk"
    root.mkdir(parents=True)
    (root / "spool").mkdir()
    link_to_itself(root)
    inside = root / root.relative_to("/") / "spool"
    assert inside.resolve() == root / "spool"
    link_to_itself(root)


def test_without_root_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(RootfsError, match="as root"):
        ensure("22", tmp_path)


@pytest.mark.live
def test_without_network_it_says_so_and_keeps_the_mirror_to_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ITGRIX_RIG_MIRROR", "http://127.0.0.1:9/debian")
    said: list[str] = []
    with pytest.raises(RootfsError, match="network") as problem:
        ensure("16", tmp_path, said.append)
    assert "127.0.0.1:9" not in f"{problem.value}{said}"
    assert not (tmp_path / "asterisk-16").exists()


@pytest.mark.live
def test_a_broken_tarball_is_named(tmp_path: Path) -> None:
    builder = asterisk_rootfs.Builder("22", tmp_path, print)
    builder.tarball.write_bytes(b"not a tarball")
    with pytest.raises(RootfsError, match=builder.tarball.name):
        ensure("22", tmp_path)
