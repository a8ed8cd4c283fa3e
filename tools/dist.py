#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make the two release archives in dist/, check them, list their digests, and sign them when a key is given.

    make dist                          both archives
    tools/dist.py --release            the same; refuses a working tree that is not what is committed
    tools/dist.py --key FILE           with detached Ed25519 signatures, see docs/en/install.md
    tools/dist.py --update-url URL     where installed modules look for the next version (module.xml, https)

The same commit gives the same bytes: all dates are those of the last commit, or SOURCE_DATE_EPOCH.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from installer.package import version_of  # noqa: E402
from tools.release import sign_file  # noqa: E402
from tools.release_check import problems, same_version_everywhere  # noqa: E402
from tools.release_contents import ROOT, archive, epoch, is_clean, sources, with_program_packed  # noqa: E402
from tools.release_sbom import licences, metadata, sbom  # noqa: E402
from tools.release_wheels import packed_pip, pip_wheel, wheels  # noqa: E402

DIST = ROOT / "dist"


def say(text: str) -> None:
    print(f"==> {text}", flush=True)


def with_update_url(contents: dict[str, bytes], url: str) -> None:
    """The address of the release feed is known only to whoever releases."""
    if url:
        module = contents["module.xml"]
        line = f"\t<updateurl>{url}</updateurl>\n</module>".encode()
        contents["module.xml"] = module.replace(b"</module>", line)
        # The product itself looks at the same place.
        contents["itgrix_module/release.url"] = f"{url}\n".encode()


def with_release_key(contents: dict[str, bytes]) -> None:
    """What the product believes lists and archives by."""
    if "packaging/release.pub" in contents:
        contents["itgrix_module/release.pub"] = contents["packaging/release.pub"]


def build(update_url: str) -> list[Path]:
    """Write both archives and the list of what they are made of."""
    date, name = epoch(), version_of(ROOT)
    common = sources()
    with_update_url(common, update_url)
    with_release_key(common)
    all_wheels, (pip_name, pip) = wheels(), pip_wheel()
    common["sbom.json"] = sbom(name, all_wheels | {pip_name: pip}, date)
    common[f"wheels/{pip_name}.xz"] = packed_pip(pip)
    common = with_program_packed(common, date)
    small = common | _licences({pip_name: pip})
    full = common | _licences(all_wheels | {pip_name: pip})
    full |= {f"wheels/{wheel}": content for wheel, content in all_wheels.items()}
    made = {f"itgrix-{name}.tgz": small, f"itgrix-{name}-full.tgz": full}
    shutil.rmtree(DIST, ignore_errors=True)
    DIST.mkdir()
    for file, contents in made.items():
        (DIST / file).write_bytes(archive(contents, date))
    (DIST / f"itgrix-{name}.sbom.json").write_bytes(common["sbom.json"])
    return sorted(DIST.iterdir())


def _licences(carried: dict[str, bytes]) -> dict[str, bytes]:
    names = {str(metadata(content)["Name"]).lower() for content in carried.values()}
    texts = licences(carried)
    assert names <= {text.partition("/")[0] for text in texts}, "a bundled package without a licence"
    return {f"licences/{path}": text for path, text in texts.items()}


def write_digests(files: list[Path]) -> Path:
    lines = [f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n" for file in files]
    listed = DIST / "SHA256SUMS"
    listed.write_text("".join(lines))
    return listed


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--key", default=os.environ.get("ITGRIX_SIGNING_KEY", ""), help="file with the private key")
    options.add_argument("--release", action="store_true", help="refuse a tree that differs from the last commit")
    options.add_argument("--update-url", default=os.environ.get("ITGRIX_UPDATE_URL", ""))
    chosen = options.parse_args()
    if chosen.release and not is_clean():
        sys.exit("The working tree is not what is committed: commit or remove the changes first.")
    say("Archives")
    files = build(chosen.update_url)
    say("Checks")
    found = same_version_everywhere()
    for file in files:
        if file.suffix == ".tgz":
            found += [f"{file.name}: {text}" for text in problems(file, is_full=file.stem.endswith("-full"))]
    if found:
        sys.exit("\n".join(found))
    listed = write_digests(files)
    if chosen.key:
        say("Signatures")
        for file in (*files, listed):
            sign_file(Path(chosen.key), file)
    for file in sorted(DIST.iterdir()):
        say(f"dist/{file.name}  {file.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
