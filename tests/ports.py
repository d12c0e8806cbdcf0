"""Ports for servers that a test starts."""

import random
import socket
from typing import Final

PORTS: Final = range(20_000, 32_000)
"""Below the ones of clients: the kernel could give one of those away before its server listens."""
_TAKEN: Final[list[socket.socket]] = []
"""A UDP socket on each port that was given away, so that other test processes pass it over."""


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody else is given while this process runs."""
    for port in random.sample(PORTS, len(PORTS)):
        mark = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            mark.bind(("127.0.0.1", port))
            socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            mark.close()
        else:
            _TAKEN.append(mark)
            return port
    raise OSError(f"no port of {PORTS} is free")
