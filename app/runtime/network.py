"""The addresses of this machine in its networks."""

import contextlib
import socket
from ipaddress import ip_address
from typing import Final

PROBES: Final = ("10.0.0.1", "172.16.0.1", "192.168.0.1", "192.0.2.1")
"""An address of each kind of private network, and outside: routes begin at an own address."""


def own_addresses() -> list[str]:
    """Return this machine's IPv4 addresses; no packet is sent."""
    found: dict[str, None] = {}
    for probe in PROBES:
        with (
            contextlib.suppress(OSError),
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as unsent,
        ):
            unsent.connect((probe, 9))
            found[unsent.getsockname()[0]] = None
    return list(found)


def is_of_network(host: str) -> bool:
    """Return whether a host is an IPv4 address of a private network, not of this machine alone."""
    with contextlib.suppress(ValueError):
        address = ip_address(host)
        return address.version == 4 and address.is_private and not address.is_loopback
    return False


def network_addresses() -> list[str]:
    """Return this machine's addresses in private networks."""
    return list(filter(is_of_network, own_addresses()))
