"""`X-Forwarded-*`: what the trusted proxies in front say of the client, and nothing beyond them."""

import ipaddress
from collections.abc import Iterable
from typing import Any


def forwarded(scope: Any, hops: int) -> Any:
    """Return the ASGI scope as the client's request was, seen through so many proxies.

    Each proxy adds itself at the end of a list, so the entry that counts is the `hops`-th from
    the end; those before it are whatever the client wrote. A value that is missing or malformed
    changes nothing.
    """
    changed: dict[str, Any] = {}
    address = _entry(scope["headers"], b"x-forwarded-for", hops)
    if address and (plain := _address(address)):
        changed["client"] = (plain, 0)
    scheme = _entry(scope["headers"], b"x-forwarded-proto", hops)
    if scheme in {"http", "https"}:
        changed["scheme"] = scheme
    host = _entry(scope["headers"], b"x-forwarded-host", hops)
    if host:
        others = [pair for pair in scope["headers"] if pair[0] != b"host"]
        changed["headers"] = [(b"host", host.encode("latin-1")), *others]
    return scope | changed


def _entry(headers: Iterable[tuple[bytes, bytes]], name: bytes, hops: int) -> str | None:
    values = [value for key, value in headers if key == name]
    entries = [entry.strip() for entry in b",".join(values).decode("latin-1").split(",")]
    return entries[-hops] if values and len(entries) >= hops else None


def _address(entry: str) -> str | None:
    """Return the address of an entry, which some proxies write with a port or in brackets."""
    host = entry[1:].partition("]")[0] if entry.startswith("[") else entry
    if host.count(":") == 1:
        host = host.partition(":")[0]
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        return None
