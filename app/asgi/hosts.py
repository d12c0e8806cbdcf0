"""The client as trusted proxies report it, and the hosts that a site answers for.

A page of another site can point its own name at a machine that only its visitor reaches (DNS
rebinding), and would then read the whole site. `localhost` and IP addresses cannot be pointed
elsewhere.
"""

import re
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any
from urllib.parse import urlsplit

from app.errors import AppError, MalformedError, MisdirectedError
from app.paths import HEALTHZ, READYZ

_HOST = re.compile(
    rb"|(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*\.?)(:(?P<port>\d{1,5}))?"
)


def _is_host(value: bytes) -> bool:
    # A name has at most 253 bytes (RFC 1035), and then comes a port.
    host = _HOST.fullmatch(value) if len(value) <= 260 else None
    return host is not None and 0 < int(host["port"] or 1) <= 65_535


def _entry(scope: Any, name: bytes, hops: int) -> str:
    """Return the `hops`-th entry from the end of a header; empty if it has fewer."""
    values = [value for key, value in scope["headers"] if key == name]
    entries = b",".join(values).decode("latin-1").split(",")
    return entries[-hops].strip() if len(entries) >= hops else ""


def forwarded(scope: Any, hops: int) -> Any:
    """Return the ASGI scope of the client's request, seen through `hops` trusted proxies.

    Each proxy appends itself to a list, so the `hops`-th entry from the end counts; earlier entries
    are whatever the client wrote. A missing or malformed value changes nothing.
    """
    changed: dict[str, Any] = {}
    client = _entry(scope, b"x-forwarded-for", hops).removeprefix("[").partition("]")[0]
    if client.count(":") == 1:  # Some proxies write a port, too.
        client = client.partition(":")[0]
    if (address := _address(client)) is not None:
        changed["client"] = (str(address), 0)
    if (scheme := _entry(scope, b"x-forwarded-proto", hops)) in {"http", "https"}:
        changed["scheme"] = scheme
    if host := _entry(scope, b"x-forwarded-host", hops):
        headers = [pair for pair in scope["headers"] if pair[0] != b"host"]
        changed["headers"] = [(b"host", host.encode("latin-1")), *headers]
    return scope | changed


class OwnHosts:
    """The hosts of a site: local hosts, and the host of its public address."""

    def __init__(self, url: str, trusted_proxies: int) -> None:
        self._public = urlsplit(url).hostname
        # Without a public address it is the proxy that says which hosts lead here.
        self._is_open = trusted_proxies > 0 and not url

    def error(self, value: bytes, scope: Any) -> AppError | None:
        """Return the error of a malformed or foreign Host header.

        With a public address, every other name is foreign; without one, any name if the request
        arrived at a private address. A server without a known address is public.
        """
        if not _is_host(value):
            return MalformedError("The Host header is not a host name", loc="Host")
        if self._is_open or scope["path"] in {HEALTHZ, READYZ}:
            return None
        server, _ = scope.get("server") or ("", None)
        if _is_foreign(value, server, self._public):
            return MisdirectedError(
                "{host} is not an address of this site. The operator sets the address in"
                " SAYWHO_URL.",
                host=_host(value),
            )
        return None


@lru_cache(maxsize=100)
def _is_foreign(value: bytes, server: str, public: str | None) -> bool:
    """Return whether a Host header names none of the hosts of a site at that address."""
    host, ip = _host(value), _address(server)
    is_familiar = not value or host in {public, "localhost"} or _address(host) is not None
    is_reserved = public is not None or (ip is not None and ip.is_private)
    return is_reserved and not is_familiar


def _host(value: bytes) -> str:
    """Return the host of a Host header in lower case, without a port."""
    try:
        return (urlsplit(b"//" + value).hostname or b"").decode("ascii").rstrip(".")
    except ValueError:
        return ""


@lru_cache(maxsize=100)
def _address(host: str) -> IPv4Address | IPv6Address | None:
    try:
        ip = ip_address(host)
    except ValueError:
        return None
    # A socket for both families gives IPv4 clients mapped addresses.
    return getattr(ip, "ipv4_mapped", None) or ip


def is_loopback(host: str | None) -> bool:
    address = _address(host or "")
    return address is not None and address.is_loopback


def is_loopback_host(value: str) -> bool:
    host = _host(value.encode("latin-1", "replace"))
    return host == "localhost" or is_loopback(host)
