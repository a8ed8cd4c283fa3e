# SPDX-License-Identifier: GPL-3.0-or-later
"""Who says that he is our portal, and whether he is (contract §6.3 to §6.7).

An installation comes from the internet and names the hosts itself. It is believed when the portal of the settings,
asked at its own address with the token that came, calls the token one of our application.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlencode

from itgrix_module.app.rest_ports import Tokens
from itgrix_module.bitrix24.address import host_of, is_loopback, redirected, split_checked
from itgrix_module.bitrix24.crm import read_profile
from itgrix_module.bitrix24.envelope import opened
from itgrix_module.bitrix24.errors import fault
from itgrix_module.bitrix24.oauth import OAuthServer
from itgrix_module.bitrix24.shapes import mapping, text
from itgrix_module.bitrix24.wire import Wire
from itgrix_module.domain.failures import Failure, NeedsOwner

VENDORS = frozenset({"oauth.bitrix.info", "oauth.bitrix24.tech"})
READ = 15.0  # seconds for the portal's answer about a token
_LONGEST = 4096  # characters of a token
_LOOK = "Compare the domain, client id and secret on the portal page with the local application in the portal."


@dataclass(frozen=True)
class OurApplication:
    """What the settings say. ``domain``: host of the portal, with a port where it has one. ``verify``: see Wire."""

    is_app: bool
    client_id: str
    client_secret: str = field(repr=False)
    domain: str
    oauth_host: str = ""
    verify: bool | str = True

    @property
    def is_complete(self) -> bool:
        """Can it be joined?"""
        return self.is_app and bool(self.client_id and self.client_secret and self.domain)


class BitrixApplication:
    """Fulfils ``app.application.Proof``. ``ours``: what the settings say now."""

    def __init__(self, ours: Callable[[], OurApplication]) -> None:
        self._ours = ours

    def check(self, claim: Tokens, known: Tokens | None) -> None:
        """See the port. The domain must be ours, or that of a portal we know that may have been renamed."""
        ours = self._complete()
        if not _is_token(claim.access_token) or not claim.member_id or len(claim.member_id) > 100:
            raise _refused("it holds no token or does not say which portal it is")
        host = _host(claim.client_endpoint)
        if not host or host != domain_of(claim.domain or host):
            raise _refused("its addresses are not those of one portal")
        if host != _home(ours) and not _may_have_moved(claim, known):
            raise _refused(f"it is of {host}, not of {ours.domain}")
        if not _is_server(claim.server_endpoint, ours):
            raise _refused(f"its authorisation server {host_of(claim.server_endpoint)} is not known")

    def prove(self, claim: Tokens, known: Tokens | None) -> Tokens:
        """See the port. ``user_id`` of the pair is whom the portal names."""
        self.check(claim, known)
        ours = self._complete()
        wire = Wire(pool=1, verify=ours.verify)
        try:
            host = _host(claim.client_endpoint)
            if host != _home(ours):
                _prove_moved(wire, ours, host)
            info = mapping(_asked(wire, claim, "app.info"))
            code = text(info.get("CODE"))
            if not hmac.compare_digest(code.encode("utf-8", "replace"), ours.client_id.encode("utf-8", "replace")):
                raise _refused("the portal says that its token is for another application")
            person = read_profile(_asked(wire, claim, "profile"))
        finally:
            wire.close()
        endpoint = claim.client_endpoint if claim.client_endpoint.endswith("/") else f"{claim.client_endpoint}/"
        return replace(claim, domain=host, client_endpoint=endpoint, user_id=person.user_id if person else None)

    def page(self, state: str) -> str:
        """See the port."""
        ours = self._complete()
        query = urlencode({"client_id": ours.client_id, "state": state})
        return f"{_site(ours.domain)}/oauth/authorize/?{query}"

    def exchange(self, code: str, server: str, known: Tokens | None) -> Tokens:
        """See the port. The secret goes to a server that the settings, the known pair or the vendor vouch for."""
        ours = self._complete()
        if not _is_token(code):
            raise _refused("it holds no code")
        named = known.server_endpoint if known is not None and known.server_endpoint else f"https://{server}/rest/"
        if not ours.oauth_host and not _is_server(named, ours):
            raise _refused(f"the authorisation server {host_of(named) or 'named'} is not known")
        endpoint = f"{_site(ours.domain)}/rest/"
        client = OAuthServer(
            ours.client_id,
            ours.client_secret,
            ours.oauth_host or None,
            wire=Wire(pool=1, verify=ours.verify if ours.oauth_host else True),
        )
        try:
            pair = client.exchange(code, named, domain_of(ours.domain))
        finally:
            client.close()
        return replace(pair, client_endpoint=pair.client_endpoint or endpoint)

    def _complete(self) -> OurApplication:
        ours = self._ours()
        if not ours.is_complete:
            raise NeedsOwner(
                "application_incomplete",
                "The settings of the portal's application are not complete.",
                "Choose the mode app and enter the portal's domain, client id and client secret.",
            )
        return ours


def domain_of(entered: str) -> str:
    """Host, with a port where there is one, of a domain as people enter it: with https:// or a slash behind it."""
    plain = entered.strip().lower()
    return host_of(plain if "://" in plain else f"//{plain}")


def _site(domain: str) -> str:
    host = domain_of(domain)
    name = host.rpartition(":")[0] if ":" in host.rpartition("]")[2] else host
    scheme = "http" if is_loopback(name.strip("[]")) else "https"
    return split_checked(f"{scheme}://{host}").geturl()


def _home(ours: OurApplication) -> str:
    return host_of(_site(ours.domain))


def _host(endpoint: str) -> str:
    """Host of an address that we may send to and that is a portal's REST; empty for anything else."""
    try:
        parts = split_checked(endpoint)
    except Failure:
        return ""
    is_rest = parts.path.rstrip("/").endswith("/rest") and not set(endpoint) & set("?#")
    return parts.netloc.lower() if is_rest else ""


def _may_have_moved(claim: Tokens, known: Tokens | None) -> bool:
    return (
        known is not None
        and bool(known.member_id)
        and hmac.compare_digest(claim.member_id.encode("utf-8", "replace"), known.member_id.encode("utf-8", "replace"))
    )


def _prove_moved(wire: Wire, ours: OurApplication, host: str) -> None:
    """Anybody can know the member id; only the old address can say where the portal has gone."""
    url = f"{_site(ours.domain)}/rest/app.info"
    reply = wire.post(url, b"{}", "application/json", read=READ, method="app.info")
    if not 300 <= reply.status < 400 or host_of(redirected(url, reply.location, "app.info")) != host:
        raise _refused(f"{_home(ours)} does not say that it has moved to {host}")


def _is_server(endpoint: str, ours: OurApplication) -> bool:
    try:
        host = split_checked(endpoint).netloc.lower()
    except Failure:
        return False
    return host in VENDORS or (bool(ours.oauth_host) and host == domain_of(ours.oauth_host))


def _asked(wire: Wire, claim: Tokens, method: str) -> Any:
    """One method at the claim's own address, which is not followed elsewhere."""
    base = claim.client_endpoint if claim.client_endpoint.endswith("/") else f"{claim.client_endpoint}/"
    body = json.dumps({"auth": claim.access_token}).encode()
    reply = wire.post(f"{base}{method}", body, "application/json", read=READ, method=method)
    if 300 <= reply.status < 400:
        raise fault("redirect_elsewhere", method, host=host_of(base), said=host_of(reply.location) or "nowhere")
    return opened(reply, method, host_of(base)).result


def _is_token(value: str) -> bool:
    return 0 < len(value) <= _LONGEST and value.isascii() and value.isprintable() and " " not in value


def _refused(why: str) -> NeedsOwner:
    return NeedsOwner("claim_refused", f"This is not our portal: {why}.", _LOOK)
