# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes secrets out of a raw AMI message before it is written to a file that people pass on."""

from __future__ import annotations

import re

MASK = b"***"

_WORDS = rb"secret|passw|passwd|pwd|token|credential|api_?key|private_?key|auth_?key|auth_?code|cookie|md5"
_NAME = re.compile(rb"(?i)" + _WORDS + rb"|^key$|_key$|^pin$|_pin$|challenge|hash$|^expectedresponse$")
_HARMLESS = frozenset({b"UsingPassword", b"Cause-txt", b"AuthType"})
_SUSPECT = re.compile(rb"(?i)" + _WORDS + rb"|key|pin\b|challenge|hash|authorization|digest|://[^/\s]*@|bearer|basic ")
_INLINE = re.compile(rb"(?i)\b([\w.-]*(?:" + _WORDS + rb")[\w.-]*\"?\s*[=:]\s*\"?)([^\s,;&|\"')]+)")
_LOGIN_IN_URL = re.compile(rb"(://)[^/\s@]+@")
_AUTHORIZATION = re.compile(rb"(?i)(authorization\s*[:=]\s*|\b(?:digest|bearer|basic)\s+)(?=\S)[^\r\n]*")


def redact(block: bytes) -> bytes:
    """The block with the values of secrets replaced by ``***``; unchanged when nothing looks like one."""
    if not _SUSPECT.search(block):
        return block
    lines = block.split(b"\r\n")
    hide_value = False
    for number, line in enumerate(lines):
        name, colon, value = line.partition(b": ")
        if name == b"Variable" and b"=" not in value:
            hide_value = _is_secret(value)
        if _is_secret(name) or (name == b"Value" and hide_value):
            lines[number] = name + b": " + MASK
        elif name.endswith(b"Variable") or b"Variable(" in name:
            lines[number] = name + b": " + _assignment(value)
        else:
            lines[number] = name + colon + _inline(value) if colon else _inline(line)
    return b"\r\n".join(lines)


def _is_secret(name: bytes) -> bool:
    bare = name.strip().lstrip(b"_")
    return bare not in _HARMLESS and bool(_NAME.search(bare))


def _assignment(value: bytes) -> bytes:
    name, equals, _ = value.partition(b"=")
    if equals and _is_secret(name):
        return name + b"=" + MASK
    return _inline(value)


def _inline(text: bytes) -> bytes:
    text = _AUTHORIZATION.sub(rb"\1" + MASK, text)
    text = _LOGIN_IN_URL.sub(rb"\1" + MASK + b"@", text)
    return _INLINE.sub(rb"\1" + MASK, text)
