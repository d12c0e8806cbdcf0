"""The databases and servers of a site, asked of PostgreSQL itself."""

import asyncio
from typing import Any, Final

import asyncpg

from app.db.cluster import BEGINNING, Cluster, DatabaseNode, ServerLabel, site_servers
from app.db.postgresql.connection import connect, each_host
from app.errors import AppError

_SERVERS: Final = """
    SELECT application_name FROM pg_stat_activity
    WHERE datname = current_database() AND starts_with(application_name, $1)
"""
_NODE: Final = """
    SELECT current_setting('server_version') AS version, pg_is_in_recovery() AS is_standby,
        CASE WHEN pg_is_in_recovery() THEN (SELECT timeline_id FROM pg_control_checkpoint())
        ELSE ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::int END AS timeline
"""
_NEWEST: Final = 'SELECT coalesce(max(id), 0) FROM "Event"'


async def look_at_cluster(*urls: str) -> Cluster:
    """Ask each database that the URLs name, and the primary for the servers of the site."""
    labels: list[ServerLabel] = []
    places: dict[str, str] = {}
    for url in urls:
        for host, alone in each_host(url, target_session_attrs="any"):
            places.setdefault(host, alone)
    found = await asyncio.gather(*(_node(each, labels) for each in places.items()))
    newest = max((node.newest_event or 0 for node in found if node.role == "primary"), default=None)
    nodes = [
        DatabaseNode(
            node.host,
            node.role,
            node.version,
            node.timeline,
            node.newest_event,
            None if newest is None or node.newest_event is None else newest - node.newest_event,
        )
        for node in found
    ]
    return Cluster(nodes, site_servers(labels))


async def servers(connection: "asyncpg.Connection[Any]") -> list[ServerLabel]:
    """Return the label of each worker of the site."""
    rows = await connection.fetch(_SERVERS, BEGINNING)
    return [ServerLabel.parsed(name) for (name,) in rows]


async def _node(place: tuple[str, str], labels: list[ServerLabel]) -> DatabaseNode:
    """Ask one database; add the labels of the site's workers if it is the primary."""
    host, url = place
    try:
        connection = await connect(url)
    except (AppError, OSError, asyncpg.PostgresError):
        return DatabaseNode(host, "unreachable")
    try:
        row = await connection.fetchrow(_NODE)
        assert row is not None  # noqa: S101 - a query without a table has a row
        try:
            newest = await connection.fetchval(_NEWEST)
        except asyncpg.UndefinedTableError:
            newest = None
        if not row["is_standby"]:
            labels += await servers(connection)
        role = "standby" if row["is_standby"] else "primary"
        return DatabaseNode(host, role, row["version"], row["timeline"], newest)
    finally:
        await connection.close()
