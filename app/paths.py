"""Addresses that several layers know; routes are made of them too."""

import re
from typing import Final

STATIC: Final = "/static"
ATOM_NAME: Final = "/feed.atom"
"""End of the addresses of Atom feeds, which contain their host."""
PICTURE_NAME: Final = "/picture.png"
IMPORTS: Final = "/imports"
MEDIA: Final = "/media"
"""Beginning of the addresses of stored pictures, videos and sounds."""

HEALTHZ: Final = "/healthz"
READYZ: Final = "/readyz"
METRICS: Final = "/metrics"

EVERY_API: Final = "/api/"
API: Final = EVERY_API + "v1"
# These are below `API`.
TWEETS: Final = "/tweets"
LIVE: Final = "/live"
EXPORT: Final = "/export"
API_DOCS: Final = "/docs"

NOWHERE: Final = " "
LONGEST_ADDRESS: Final = 3_000
"""Characters of an address that saywho leads to.

A Korean letter takes nine. nginx accepts 4 KB of headers from a server unless told otherwise, in
which a redirect has other headers, too; Apache and Varnish accept lines of 8 KB.
"""


def below_root(path: str, root: str) -> str:
    """Return a decoded path as Quart routes it: below `root_path`, with one slash, or `NOWHERE`."""
    path, root = "/" + path.lstrip("/"), root.rstrip("/")
    if not path.startswith(root + "/"):
        return NOWHERE
    return "/" + path[len(root) :].lstrip("/")


_ENDLESS: Final = re.compile(rf"{API}(/\w+/\d+)?{LIVE}", re.ASCII)


def is_endless(path: str) -> bool:
    """Return whether an address is a live stream, endless and never cached."""
    return path.endswith(LIVE) and _ENDLESS.fullmatch(path) is not None


UPLOADS: Final = frozenset({API + TWEETS, API + IMPORTS, IMPORTS})
"""Addresses of large bodies, read in pieces with back-pressure."""
FOR_PROGRAMS: Final = (EVERY_API, HEALTHZ, READYZ, METRICS)
"""Beginnings of the addresses whose errors are problem details, not pages."""
