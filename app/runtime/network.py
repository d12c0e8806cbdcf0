"""The addresses of this machine in its networks, and whether phones come in by them."""

import contextlib
import socket
from ipaddress import ip_address
from pathlib import Path
from typing import Final

from app.security import sync_folder, write_durably

OUTSIDE: Final = "192.0.2.1"
"""An address reserved for documentation (RFC 5737), so that no host has it."""
PROBES: Final = ("10.0.0.1", "172.16.0.1", "192.168.0.1", OUTSIDE)
"""An address of each kind of private network, and outside: routes begin at an own address."""


def own_address(towards: str = OUTSIDE) -> str | None:
    """Return this machine's IPv4 address on the way to another, or none; no packet is sent."""
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as unsent:
        unsent.connect((towards, 9))
        return str(unsent.getsockname()[0])
    return None


def own_addresses() -> list[str]:
    return list(dict.fromkeys(filter(None, map(own_address, PROBES))))


def is_of_network(host: str) -> bool:
    """Return whether a host is an IPv4 address of a private network, not of this machine alone."""
    with contextlib.suppress(ValueError):
        address = ip_address(host)
        return address.version == 4 and address.is_private and not address.is_loopback
    return False


def network_addresses() -> list[str]:
    """Return this machine's addresses in private networks."""
    return list(filter(is_of_network, own_addresses()))


# --- The switch that lets phones in: a file in the data folder, of this machine alone ---

SWITCH: Final = "phones"
"""File in the data folder that lets phones in."""


def lets_phones_in(data_dir: Path) -> bool:
    return (data_dir / SWITCH).exists()


def switch_phones(data_dir: Path, *, is_on: bool) -> None:
    """Let phones in from now on, or no more."""
    path = data_dir / SWITCH
    if is_on:
        write_durably(path, b"")
    else:
        path.unlink(missing_ok=True)
        sync_folder(data_dir)
