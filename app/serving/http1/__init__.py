"""HTTP/1.1 for hypercorn: twice as fast from the cache, and with a time limit for heads.

The site serves without this folder as well: hypercorn then reads requests itself.
"""

from importlib.metadata import version
from typing import Final

KNOWN_VERSIONS: Final = {"hypercorn": "0.18", "httptools": "0.9"}
"""The minor versions that the tests know."""


def install() -> None:
    """Replace two names of hypercorn. Raises ImportError where another version is installed."""
    for name, known in KNOWN_VERSIONS.items():
        if not (found := version(name)).startswith(f"{known}."):
            raise ImportError(f"{name} is {found}, not {known}")
    from hypercorn import protocol
    from hypercorn.asyncio import run

    from app.serving.http1.connection import Connection
    from app.serving.http1.exchange import Http1

    vars(run)["TCPServer"] = Connection
    vars(protocol)["H11Protocol"] = Http1
