"""Where requests to sources may go: to public addresses, and to ports where the web is served."""

from collections.abc import Callable
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Final

import httpx

from app.config import Config

_WEB_PORTS: Final = frozenset((80, 443))
_FIRST_OPEN_PORT: Final = 1024
"""Below it are the ports of mail, shells and files."""
_LAST_PORT: Final = 65_535
_GLOBAL_IPV6: Final = ip_network("2000::/3")
_SPECIAL: Final = tuple(map(ip_network, ("192.0.0.0/24", "192.88.99.0/24", "3fff::/20")))
"""Networks that some versions of Python take for global: of protocols, relays and examples."""


def allowed(config: Config) -> Callable[[str], bool]:
    """Return which IP addresses may be asked."""
    return (lambda _: True) if config.follow_private else is_public


def is_public(address: str) -> bool:
    """Return whether an IP address is in no private, local or reserved network.

    Of IPv6 only 2000::/3 is given out; other blocks hold an IPv4 address, or nobody's.
    """
    ip = ip_address(address.partition("%")[0])
    inner = ip.sixtofour if isinstance(ip, IPv6Address) else None
    if any(ip in network for network in _SPECIAL) or (inner and not is_public(str(inner))):
        return False
    return ip.is_global and not ip.is_multicast and (ip.version == 4 or ip in _GLOBAL_IPV6)


def has_web_port(url: httpx.URL) -> bool:
    """Return whether the port of an address is one where a web server may be."""
    port = url.port
    return port is None or port in _WEB_PORTS or _FIRST_OPEN_PORT <= port <= _LAST_PORT
