"""Vectors on PostgreSQL: pgvector searches them, by an index (HNSW) for each set of them.

The index is made once a set is complete. Until then, for small sets, and where an index gives
fewer posts than were asked for, all vectors are compared.
"""

import json
import logging
from typing import Final

from pgvector.sqlalchemy import HALFVEC
from sqlalchemy import Float, String, bindparam, cast, func, literal_column, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.backend import Sessions
from app.db.indexes import (
    NearestPosts,
    OtherLengthError,
    VectorIndex,
    VectorQuery,
    as_of,
    readable_set,
)
from app.db.postgresql.connection import UNLIMITED_S, connect
from app.models import Embedding, VectorSet

PREFIX: Final = "ix_Embedding_nearest_"
"""Prefix of the names of the indexes, which the models leave out."""
LEAST_INDEXED: Final = 10_000
"""Fewer vectors are compared in some milliseconds."""
LONGEST_INDEXED: Final = 4_000
"""Most dimensions of a half-precision vector that pgvector can index."""
LEAST_LOOKED_AT: Final = 400
"""Candidates of a search by the index; more candidates improve recall and take longer."""
MOST_LOOKED_AT: Final = 1_000
BUILD_MEMORY_MB: Final = 1_024
"""Memory for building the graph, which is many times slower if it does not fit."""
CHOSEN_FROM: Final = 128
"""Candidates for the neighbours of a vector in the graph."""
GRAPH_BYTES: Final = 400
"""Size of a vector's node in the graph, without its numbers."""
SETTINGS: Final = {
    "application_name": "saywho index",
    # Ends the build of a process that died, for which the next one would wait.
    "client_connection_check_interval": "5s",
    # More than one process would need shared memory, and keep cores from requests.
    "max_parallel_maintenance_workers": "0",
}

_STATE: Final = text(
    "SELECT coalesce((SELECT indisvalid FROM pg_index"
    " WHERE indexrelid = to_regclass(CAST(:name AS text))), false) AS is_built,"
    " (SELECT extversion FROM pg_extension WHERE extname = 'vector') AS version"
)
_LOOK: Final = text("SELECT set_config('hnsw.ef_search', :kept, true)")
_LOOK_ON: Final = text(
    "SELECT set_config('hnsw.ef_search', :kept, true),"
    " set_config('hnsw.iterative_scan', 'relaxed_order', true)"
)
_OURS: Final = (
    "SELECT c.relname, i.indisvalid FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid"
    " WHERE i.indrelid = to_regclass('\"Embedding\"') AND starts_with(c.relname, $1)"
)
_MEMORY: Final = """
    SELECT set_config('maintenance_work_mem', greatest(
        $1::bigint, pg_size_bytes(current_setting('maintenance_work_mem')) / 1048576
    ) || 'MB', false)
"""

logger = logging.getLogger(__name__)


class PostgresqlVectors(VectorIndex):
    """Searches the vectors of one model in the database."""

    def __init__(self, db: Sessions, url: str, model: str) -> None:
        self._db = db
        self._url = url
        self._model = model

    async def nearest(self, ask: VectorQuery) -> NearestPosts:
        async with self._db.read() as session:
            current = await readable_set(session, self._model)
            as_of_event, newest = await as_of(session, current.embedded_to if current else 0)
            posts: list[tuple[float, int]] = []
            if current is not None and current.dimension is not None and ask.vector.any():
                if current.dimension != len(ask.vector):
                    raise OtherLengthError
                posts = await _by_index(session, current, ask)
                if len(posts) < ask.count:
                    posts = await _found(session, current, ask, HALFVEC())
        return NearestPosts(posts, as_of_event, as_of_event == newest)

    async def is_due(self, session: AsyncSession) -> bool:
        current = await readable_set(session, self._model)
        if current is None or not current.is_complete or current.embedded_to < LEAST_INDEXED:
            return False
        if not 0 < (current.dimension or 0) <= LONGEST_INDEXED:
            return False
        if (await session.execute(_STATE, {"name": _quoted(current)})).one().is_built:
            return False
        some = select(Embedding.tweet_id).where(Embedding.set_id == current.id)
        counted = select(func.count()).select_from(some.limit(LEAST_INDEXED).subquery())
        return (await session.scalar(counted) or 0) == LEAST_INDEXED

    async def build(self) -> None:
        """Make the index of the set that answers, while others read and write."""
        async with self._db.read() as session:
            current = await readable_set(session, self._model)
            if current is None or current.dimension is None:
                return
            of_set = select(func.count()).where(Embedding.set_id == current.id)
            count = await session.scalar(of_set) or 0
        needed_mb = count * (2 * current.dimension + GRAPH_BYTES) // 2**20 + 64
        connection = await connect(self._url, **SETTINGS)
        try:
            # Indexes of other sets, and those of interrupted builds.
            for row in await connection.fetch(_OURS, PREFIX):
                if row["relname"] != _name(current) or not row["indisvalid"]:
                    dropped = f'DROP INDEX CONCURRENTLY IF EXISTS "{row["relname"]}"'
                    await connection.execute(dropped, timeout=UNLIMITED_S)
            await connection.execute(_MEMORY, min(needed_mb, BUILD_MEMORY_MB))
            logger.info("an index of %d vectors is built", count)
            await connection.execute(
                f'CREATE INDEX CONCURRENTLY IF NOT EXISTS {_quoted(current)} ON "Embedding"'
                f" USING hnsw ((vector::halfvec({current.dimension})) halfvec_ip_ops)"
                f" WITH (ef_construction = {CHOSEN_FROM})"
                f" WHERE set_id = {current.id}",
                timeout=UNLIMITED_S,
            )
        finally:
            await connection.close()


async def _by_index(
    session: AsyncSession, current: VectorSet, ask: VectorQuery
) -> list[tuple[float, int]]:
    """Return the nearest posts that the index finds; none where there is no index yet."""
    state = (await session.execute(_STATE, {"name": _quoted(current)})).one()
    if not state.is_built:
        return []
    goes_on = _numbers(state.version) >= (0, 8)
    if not goes_on and (ask.among is not None or ask.count > MOST_LOOKED_AT):
        return []
    kept = min(max(2 * ask.count, LEAST_LOOKED_AT), MOST_LOOKED_AT)
    await session.execute(_LOOK_ON if goes_on else _LOOK, {"kept": str(kept)})
    # The same type as in the index, or the index would not be used.
    return await _found(session, current, ask, HALFVEC(current.dimension))


async def _found(
    session: AsyncSession, current: VectorSet, ask: VectorQuery, halves: HALFVEC
) -> list[tuple[float, int]]:
    vector = json.dumps(ask.vector.tolist())
    wanted = cast(bindparam("vector", vector, String), halves)
    distance = cast(Embedding.vector, halves).op("<#>", return_type=Float())(wanted)
    # Literals in place of parameters: a generic plan cannot use an index.
    query = (
        select(Embedding.tweet_id, distance.label("distance"))
        .where(Embedding.set_id == literal_column(str(current.id)))
        .order_by(text("distance"))
        .limit(literal_column(str(ask.count)))
    )
    if ask.among is not None:
        allowed = ask.among.subquery()
        query = query.join(allowed, allowed.c.id == Embedding.tweet_id)
    rows = await session.execute(query)
    return sorted(((-row.distance, row.tweet_id) for row in rows), reverse=True)


def _name(current: VectorSet) -> str:
    return f"{PREFIX}{current.id}"


def _quoted(current: VectorSet) -> str:
    return f'"{_name(current)}"'


def _numbers(version: str | None) -> tuple[int, ...]:
    """Return a version's numbers, such as (0, 8, 1)."""
    return tuple(int(part) for part in (version or "0").split(".") if part.isdigit())
