# SPDX-License-Identifier: GPL-3.0-or-later
"""telephony.externalCall.attachRecord: by address, in base64, or by an upload of its own."""

from __future__ import annotations

import base64
import binascii
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import requests

from itgrix_module.sandbox.portal.errors import RestError, core, not_in_batch
from itgrix_module.sandbox.portal.exchange import Exchange, Method
from itgrix_module.sandbox.portal.model import Call
from itgrix_module.sandbox.portal.params import Params

EXTENSIONS = (".wav", ".mp3")
MAX_RECORD = 256 * 1024 * 1024
FETCH_TIMEOUT = 10.0
FIELD = "file"


def attach(exchange: Exchange, params: Params) -> dict[str, Any]:
    """Three ways in; a repeat replaces the record. Fetches happen outside the state's lock."""
    url, filename = params.text("RECORD_URL"), params.text("FILENAME")
    if not url and "FILENAME" not in params:
        raise core("Required parameters are not set. Request should contain either URL or FILENAME parameter")
    with exchange.state.lock:
        call = finished_call(exchange, params)
    if url:
        return {"FILE_ID": _from_address(exchange, call, url, filename)}
    checked_name(filename)
    if "FILE_CONTENT" in params:
        return {"FILE_ID": store(exchange, call, filename, _decoded(params), "content")}
    return _offer(exchange, call, filename)


def receive(exchange: Exchange, token: str, content: bytes | None) -> dict[str, Any]:
    """The upload itself. The token is good for one file."""
    with exchange.state.lock:
        if content is None:
            raise core("File is not found in the request")
        found = exchange.state.calls.take_upload(token.partition("|")[2], exchange.now)
    if found is None:
        raise core("Upload token is not found or has been used already")
    call, filename = found
    return {"FILE_ID": store(exchange, call, filename, content, "upload")}


def finished_call(exchange: Exchange, params: Params) -> Call:
    """The call in the statistics."""
    call = exchange.call_of(params)
    if call is None or call.finish is None:
        raise core("Call is not found in the statistic table. It looks like it is not finished yet.")
    return call


def checked_name(filename: str) -> None:
    if not filename:
        raise core("File name is empty")
    if not filename.casefold().endswith(EXTENSIONS):
        raise core("Wrong file extension. Only wav and mp3 are allowed")


def store(exchange: Exchange, call: Call, filename: str, content: bytes, way: str) -> int:
    """Attach the bytes to the call, its statistics and its activity; returns the id of the file."""
    if not content:
        raise core("File content is empty.")
    state = exchange.state
    with state.lock:
        record = state.calls.attach(call, state.next_id(), filename, content, exchange.now, way)
        seconds = None if record.seconds is None else str(round(record.seconds))
        link = f"{state.url}/sandbox/records/{record.file_id}/{quote(filename)}"
        call.statistic |= {"RECORD_FILE_ID": record.file_id, "RECORD_DURATION": seconds, "CALL_RECORD_URL": link}
        activity = state.activities.get(call.finish.activity_id or 0) if call.finish else None
        if activity is not None:
            activity["FILES"] = [{"id": record.file_id, "url": link}]
    return record.file_id


def fetch_silently(exchange: Exchange, call: Call, url: str) -> None:
    """RECORD_URL of finish: two tries, and nobody is told when they fail."""
    for _ in range(2 if url else 0):
        try:
            _from_address(exchange, call, url, "")
        except RestError:
            continue
        return


def _from_address(exchange: Exchange, call: Call, url: str, filename: str) -> int:
    name = filename or PurePosixPath(unquote(urlsplit(url).path)).name
    checked_name(name)
    return store(exchange, call, name, _fetched(url), "url")


def _fetched(url: str) -> bytes:
    if urlsplit(url).scheme not in ("http", "https"):
        raise core("Server returns HTTP error code 0")
    try:
        with requests.Session() as session:
            session.trust_env = False
            answer = session.get(url, timeout=FETCH_TIMEOUT, stream=True)
            if answer.status_code != 200:
                raise core(f"Server returns HTTP error code {answer.status_code}")
            return _limited(answer)
    except requests.RequestException:
        raise core("Server returns HTTP error code 0") from None


def _limited(answer: requests.Response) -> bytes:
    parts, size = [], 0
    for part in answer.iter_content(65536):
        size += len(part)
        if size > MAX_RECORD:
            raise core("File is too big")
        parts.append(part)
    return b"".join(parts)


def _decoded(params: Params) -> bytes:
    try:
        return base64.b64decode(params.text("FILE_CONTENT"), validate=True)
    except (binascii.Error, ValueError):
        raise core("File content is not properly encoded. Base64 encoding is expected.") from None


def _offer(exchange: Exchange, call: Call, filename: str) -> dict[str, Any]:
    if exchange.in_batch:
        raise not_in_batch()
    state, caller = exchange.state, exchange.caller
    with state.lock:
        token = "telephony|" + state.calls.offer_upload(call, filename, exchange.now)
    auth = f"auth={caller.auth}&" if caller.auth else ""
    return {"uploadUrl": f"{state.url}/rest{caller.path}/upload.json?{auth}token={quote(token)}", "fieldName": FIELD}


METHODS = (Method("telephony.externalCall.attachRecord", attach, ("telephony",), locked=False),)
