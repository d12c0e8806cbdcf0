"""PostgreSQL's connections, and translation of their errors."""

import asyncio
import contextlib
from collections.abc import Iterator, Mapping
from itertools import cycle
from typing import Any, Final, TypeAlias
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit
from weakref import WeakKeyDictionary

import asyncpg
from sqlalchemy import event, exc
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from app.db.one_chat import views
from app.errors import AppError, NotFoundError, UnavailableError, database_busy, storage_full

DIALECT: Final = "postgresql+asyncpg://"
"""URL for SQLAlchemy, which needs no more since this module opens the connections."""
WRITING: Final = 0x5341_5957_484F
"""Key of the writers' advisory lock: the program's name in ASCII."""
OF_CHATS: Final = "saywho chats"
"""Name of the connections with views, which keep columns from being changed."""
END_VIEWS: Final = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE application_name = 'saywho chats' AND datname = current_database()"
)
"""Statement that ends them."""
CONNECT_TIMEOUT_S: Final = 3
"""Time limit for each host; a busy server may take a second."""
COMMAND_TIMEOUT_S: Final = 60
"""Seconds without an answer until a statement has lost its server."""
UNLIMITED_S: Final = 30.0 * 24 * 3600
"""Timeout of long statements, since asyncpg's None is the connection's limit."""
SETTINGS: Final = {
    "application_name": "saywho",
    "timezone": "UTC",
    "statement_timeout": "30s",
    "lock_timeout": "30s",
    # A worker that hangs must not keep all others from writing.
    "idle_in_transaction_session_timeout": "60s",
}
"""Settings of requests' connections; migrations have no limits."""
KEEPALIVES: Final = {
    "tcp_keepalives_idle": "15",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
}
"""Settings of all connections: the server releases a lost machine's locks within a minute."""
Connection: TypeAlias = "asyncpg.Connection[Any]"
Connections = WeakKeyDictionary[Connection, float]
"""Open connections, with the loop's times of opening."""
FAILURES: Final = (
    OSError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
)
"""Errors of a lost connection; InternalClientError if the server ends, or no host is primary."""


def _unreachable() -> AppError:
    return UnavailableError("The database cannot be reached at the moment; try again soon")


def connection_string(url: str, *, has_password: bool = True) -> str:
    """Return the URL for libpq and asyncpg, with or without passwords."""
    parts = urlsplit(url)
    login, at, hosts = parts.netloc.rpartition("@")
    query = {"sslmode" if key == "ssl" else key: value for key, value in parse_qsl(parts.query)}
    if "," in (hosts or query.get("host", "")):
        # Several hosts are a primary and its standbys.
        query.setdefault("target_session_attrs", "primary")
    if not has_password:
        login = login.partition(":")[0]
        query.pop("password", None)
    options = "?" + urlencode(query, safe="/") if query else ""
    return f"postgresql://{login}{at}{hosts}{parts.path}{options}"


def shown_name(url: str) -> str:
    """Return the database's name for messages, without user, password and options."""
    parts = urlsplit(url)
    hosts = parts.netloc.rpartition("@")[2] or dict(parse_qsl(parts.query)).get("host")
    return f"the database {unquote(parts.path[1:])} at {hosts or 'localhost'}"


async def connect(url: str, /, **settings: str) -> Connection:
    """Open a connection to the first host that accepts writes. Raises UnavailableError."""
    # Hosts are tried one by one: the driver itself would spend its whole time limit on a host that
    # does not answer, for example without power.
    failure: BaseException = OSError()
    for address in addresses(url):
        try:
            connection: Connection = await asyncpg.connect(
                address, timeout=CONNECT_TIMEOUT_S, command_timeout=COMMAND_TIMEOUT_S
            )
            await _set(connection, KEEPALIVES | settings)
            return connection
        except FAILURES as error:
            failure = error
    # Most failures pass by themselves, such as too many connections or a server that is starting.
    raise as_app_error(failure) or _unreachable() from failure


async def _set(connection: Connection, settings: Mapping[str, str]) -> None:
    # PgBouncer would refuse these parameters at the start of a session.
    statements = "; ".join(f"SET {name} = '{value}'" for name, value in settings.items())
    try:
        await connection.execute(statements, timeout=CONNECT_TIMEOUT_S)
    except BaseException:
        connection.terminate()
        raise


async def has_sessions(*connections: Connection) -> bool:
    """Return whether connections keep their session; in transaction mode, poolers give each
    transaction the last released one.
    """
    seen: set[tuple[Connection, int]] = set()
    try:
        for order in (connections, connections[::-1], connections):
            async with contextlib.AsyncExitStack() as stack:
                for connection in order:
                    await stack.enter_async_context(connection.transaction())
                    seen.add((connection, await connection.fetchval("SELECT pg_backend_pid()")))
    except (asyncpg.DuplicatePreparedStatementError, asyncpg.InvalidSQLStatementNameError):
        return False  # A prepared statement of another client exists, or this client's is missing.
    return len(seen) == len(connections)


def addresses(url: str) -> Iterator[str]:
    """Yield the driver's URL for each host."""
    parts = urlsplit(connection_string(url))
    login, at, netloc = parts.netloc.rpartition("@")
    query = dict(parse_qsl(parts.query))
    hosts = (unquote(netloc) or query.get("host", "")).split(",")
    ports = query.pop("port", "").split(",")
    for host, port in zip(hosts, cycle(ports), strict=False):
        if netloc.lower().startswith("%2f"):  # asyncpg accepts no port after a socket's folder.
            host, _, stated_port = host.partition(":")
            port = stated_port or port
        options = urlencode(query | {"host": host, "port": port}, safe="/:[]")
        yield f"postgresql://{login}{at}{parts.path}?{options}"


async def _show_chats_only(connection: Connection) -> None:
    schema = await connection.fetchval("SELECT quote_ident(current_schema())")
    room = "CAST(nullif(current_setting('saywho.chat', true), '') AS bigint)"
    unix = "CAST(extract(epoch FROM created_at) AS bigint)"
    shown = views(base=f"{schema}.", room=room, unix=unix, is_post_here=f"room_id = {room}")
    await connection.execute(";".join(shown))


def make_engine(
    url: str, *, durability: str, opened: Connections, of_chats: bool = False
) -> AsyncEngine:
    """Return an engine whose sessions have the limits of `SETTINGS`.

    `opened` gets its connections, since a pool loses those whose opening is cancelled. of_chats:
    its transactions read of one chat at a time (`app/db/one_chat.py`).
    """
    settings = SETTINGS | {"synchronous_commit": "off" if durability == "normal" else "on"}

    if of_chats:
        settings["application_name"] = OF_CHATS

    async def open_connection() -> Connection:
        connection = await connect(url, **settings)
        opened[connection] = asyncio.get_running_loop().time()
        if of_chats:
            await _show_chats_only(connection)
        return connection

    engine = create_async_engine(
        DIALECT,
        async_creator=open_connection,
        pool_size=3 if of_chats else 8,
        max_overflow=0,
        hide_parameters=True,  # Posts and hashes must not reach the log.
    )
    event.listen(engine.sync_engine, "checkout", _refuse_closed)
    event.listen(engine.sync_engine, "handle_error", _explain_closed)
    return engine


def _refuse_closed(connection: Any, *_: object) -> None:
    if connection.driver_connection.is_closed():
        raise exc.DisconnectionError


def _explain_closed(context: ExceptionContext) -> AppError | None:
    """Return a lost connection's error for an exception that is not the driver's."""
    # asyncpg 0.32 raises AttributeError if a connection is terminated between the arrival of an
    # answer and the task that waits for it, as after a failover.
    connection = context.connection
    if (
        connection is None
        or connection.closed
        or connection.invalidated
        or context.sqlalchemy_exception is not None
        or not isinstance(context.original_exception, Exception)
    ):
        return None
    driver = connection.connection.driver_connection
    return _unreachable() if driver is None or driver.is_closed() else None


def as_app_error(error: BaseException) -> AppError | None:
    origin = error.orig if isinstance(error, exc.DBAPIError) else error
    state = getattr(origin, "sqlstate", None) or ""
    if state == "22021":  # A text with NUL, which no stored text contains.
        return NotFoundError("There is nothing here")
    if state == "53100":  # The disk is full.
        return storage_full()
    # Deadlocks, too many connections, unavailable locks, and the time limit of statements.
    if state.startswith(("40", "53", "55", "57014")):
        return database_busy()
    is_lost = isinstance(error, exc.DBAPIError) and (
        error.connection_invalidated
        or isinstance(error, exc.InterfaceError)
        # The driver has lost its place, since the server died within an answer.
        or (isinstance(error, exc.InternalError) and not state)
    )
    is_lost = is_lost or isinstance(
        error, OSError | asyncpg.InterfaceError | asyncpg.InternalClientError
    )
    # Lost connections, primaries that became standbys, servers that stop or whose disk fails.
    is_lost = is_lost or state.startswith(("08", "25", "57", "58"))
    return _unreachable() if is_lost else None
