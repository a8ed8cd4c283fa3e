# SPDX-License-Identifier: GPL-3.0-or-later
"""A private Apache with mod_php from Debian's packages, set up as FreePBX has it: AllowOverride All, no mod_proxy."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.fakes.ports import free_port
from tests.gate.stage import wait_for_port
from tests.module.interpreter import web_php
from tests.needed import need

PROGRAM = Path("/usr/sbin/apache2")
MODULES = Path("/usr/lib/apache2/modules")
LOADED = ("mpm_prefork", "authz_core", "authz_host", "dir", "mime", "env", "rewrite", "filter", "deflate")

SETTINGS = """
ServerRoot "{root}"
ServerName localhost
PidFile "{root}/httpd.pid"
Listen 127.0.0.1:{port}
{modules}
LoadModule php_module {php}
StartServers 4
MaxRequestWorkers 16
ErrorLog "{root}/error.log"
User {user}
Group {group}
SetEnv ITGRIX_HOME "{place}"
SetEnv ITGRIX_STAND_INS "{stand_ins}"
TypesConfig /etc/mime.types
DocumentRoot "{html}"
AddOutputFilterByType DEFLATE text/html text/css application/json
<FilesMatch "\\.php$">
  SetHandler application/x-httpd-php
</FilesMatch>
php_admin_value session.save_path "{sessions}"
php_admin_value upload_max_filesize 1M
php_admin_value post_max_size 1M
<Directory "{html}">
  AllowOverride All
  Require all granted
  DirectoryIndex index.php
</Directory>
"""


def _php_module() -> Path | None:
    return next(iter(sorted(MODULES.glob("libphp*.so"))), None)


@contextmanager
def apache_server(html: Path, place: Path, sessions: Path) -> Iterator[str]:
    """Runs until the block is left; yields its address."""
    need(PROGRAM.exists(), "Apache")
    need(_php_module() is not None, "Apache's module for PHP")
    web_php()  # the extension curl serves both
    root, port = html.parent, free_port()
    modules = "\n".join(f"LoadModule {name}_module {MODULES}/mod_{name}.so" for name in LOADED)
    user, group = ("www-data", "www-data") if os.geteuid() == 0 else (os.environ.get("USER", "nobody"), "nogroup")
    text = SETTINGS.format(
        root=root,
        port=port,
        modules=modules,
        php=_php_module(),
        user=user,
        group=group,
        place=place,
        html=html,
        sessions=sessions,
        stand_ins=os.environ.get("ITGRIX_STAND_INS", ""),
    )
    (root / "httpd.conf").write_text(text)
    if os.geteuid() == 0:
        _open_to(root, user)
    # Apache ends its whole process group with itself, which must not be ours.
    process = subprocess.Popen([PROGRAM, "-f", root / "httpd.conf", "-DFOREGROUND"], start_new_session=True)
    try:
        wait_for_port(port)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(20)


def _open_to(root: Path, user: str) -> None:
    """pytest's folders are for root alone; Apache's children are not root."""
    for folder in (root, *root.parents):
        if str(folder).startswith(("/tmp/", "/var/tmp/")) and folder.stat().st_mode & 0o011 != 0o011:
            folder.chmod(folder.stat().st_mode | 0o011)
    for path in (root / "sessions", root / "home", root / "home" / "gate.key", root / "home" / "service.json"):
        shutil.chown(path, user)
