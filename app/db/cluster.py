"""Several servers over one database: what each says of itself, and what a look at all finds."""

import socket
from collections import Counter
from collections.abc import Collection
from typing import Final, NamedTuple

import msgspec

LONGEST_LABEL: Final = 63
"""Characters of a connection's name that PostgreSQL keeps."""
BEGINNING: Final = "saywho feed "


class ServerLabel(NamedTuple):
    """What the connection of a worker's feed is called, so that all servers of a site are known."""

    version: str
    revision: str
    key: str
    """The fingerprint of the key that signs its cookies."""
    host: str

    @classmethod
    def own(cls, version: str, revision: str, key: str) -> "ServerLabel":
        """Return the label of this machine."""
        return cls(version, revision, key, socket.gethostname().replace(" ", "-"))

    @classmethod
    def parsed(cls, name: str) -> "ServerLabel":
        """Return the label that a connection's name holds."""
        return cls(*name.removeprefix(BEGINNING).split(" ", 3))

    def __str__(self) -> str:
        return f"{BEGINNING}{' '.join(self)}"[:LONGEST_LABEL]


class DatabaseNode(msgspec.Struct, frozen=True):
    """A database server of the site, as it answers for itself."""

    host: str
    role: str
    """`primary`, `standby` or `unreachable`."""
    version: str | None = None
    timeline: int | None = None
    newest_event: int | None = None
    lag_events: int | None = None
    """Events of the primary that it does not show yet."""


class SiteServer(msgspec.Struct, frozen=True):
    """A machine that serves the site."""

    host: str
    version: str
    revision: str
    key: str
    workers: int


class Cluster(msgspec.Struct, frozen=True):
    """The databases and servers of a site."""

    databases: list[DatabaseNode]
    servers: list[SiteServer]

    @property
    def faults(self) -> list[str]:
        """A sentence for each state that needs somebody."""
        roles = Counter(node.role for node in self.databases)
        faults = [f"{n.host} cannot be reached" for n in self.databases if n.role == "unreachable"]
        if roles["primary"] != 1:
            faults.append(f"{roles['primary']} databases take writes; it should be one")
        if len({server.key for server in self.servers}) > 1:
            faults.append("servers sign with different keys: set SAYWHO_SECRET_KEY alike")
        return faults


def site_servers(labels: Collection[ServerLabel]) -> list[SiteServer]:
    """Return the machines whose workers have these labels."""
    return [
        SiteServer(label.host, label.version, label.revision, label.key, workers)
        for label, workers in sorted(Counter(labels).items())
    ]
