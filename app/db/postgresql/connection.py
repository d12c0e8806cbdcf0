"""PostgreSQL's connections: how they are opened, and what their errors mean to a caller."""

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

from app.errors import AppError, NotFoundError, UnavailableError, database_busy, storage_full

DIALECT: Final = "postgresql+asyncpg://"
"""SQLAlchemy learns no more of the URL: connections are opened here."""
WRITING: Final = 0x5341_5957_484F
"""Keys of advisory locks: the name of the program, and the number after it."""
MIGRATING: Final = WRITING + 1
POOL_SIZE: Final = 8
CONNECT_TIMEOUT_S: Final = 3
"""For each host; the first connection to a server that is busy may take a second."""
COMMAND_TIMEOUT_S: Final = 60
"""Seconds until a statement without an answer is taken to have lost its server."""
UNLIMITED_S: Final = 30.0 * 24 * 3600
"""Timeout of long statements; asyncpg takes None for the connection's own limit."""
SETTINGS: Final = {
    "application_name": "saywho",
    "timezone": "UTC",
    "statement_timeout": "30s",
    "lock_timeout": "30s",
    # A worker that hangs must not keep all others from writing.
    "idle_in_transaction_session_timeout": "60s",
}
"""Limits of connections that serve requests; migrations have none."""
KEEPALIVES: Final = {
    "tcp_keepalives_idle": "15",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
}
"""How soon the server releases the locks of a machine that is gone; by default after two hours."""
Connection: TypeAlias = "asyncpg.Connection[Any]"
Connections = WeakKeyDictionary[Connection, float]
"""Open connections, and the times of the event loop at which they were opened."""
FAILURES: Final = (
    OSError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
)
"""Errors of a lost connection; the last one where the server ends in the middle of an answer, or
where no host is the primary."""

_NUL: Final = "22021"
"""State of a text with NUL, which nothing stored has."""
_FULL: Final = "53100"
_BUSY: Final = ("40", "53", "55", "57014")
"""Deadlocks, too many connections, locks that are not available, a statement's time that is over.

States and their classes, by which they begin."""
_AWAY: Final = ("08", "25", "57", "58")
"""Lost connections, a primary that became a standby, a server that stops or whose disk fails."""


def _unreachable() -> AppError:
    return UnavailableError("The database cannot be reached at the moment; try again soon")


def connection_string(url: str, *, has_password: bool = True) -> str:
    """Return the URL as libpq and asyncpg write it, with all options or with all but passwords."""
    parts = urlsplit(url)
    login, at, hosts = parts.netloc.rpartition("@")
    query = {"sslmode" if key == "ssl" else key: value for key, value in parse_qsl(parts.query)}
    if "," in (hosts or query.get("host", "")):
        # They are a primary and its standbys.
        query.setdefault("target_session_attrs", "primary")
    if not has_password:
        login = login.partition(":")[0]
        query.pop("password", None)
    options = "?" + urlencode(query, safe="/") if query else ""
    return f"postgresql://{login}{at}{hosts}{parts.path}{options}"


def shown_name(url: str) -> str:
    """Return how messages call the database: without user, password and options."""
    parts = urlsplit(url)
    hosts = parts.netloc.rpartition("@")[2] or dict(parse_qsl(parts.query)).get("host")
    return f"the database {unquote(parts.path[1:])} at {hosts or 'localhost'}"


async def connect(url: str, /, **settings: str) -> Connection:
    """Open a connection. Raises UnavailableError, or the error of a bad address.

    Of several hosts the first is used that takes writes. They are tried one by one: the driver
    itself would spend all its time on a host that answers nothing, as when its power is gone.
    """
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
    # Too many connections, or a server that is starting, mend by themselves; so may the rest.
    raise as_app_error(failure) or _unreachable() from failure


async def _set(connection: Connection, settings: Mapping[str, str]) -> None:
    """Set a new session's parameters; with its start PgBouncer would refuse them."""
    statements = "; ".join(f"SET {name} = '{value}'" for name, value in settings.items())
    try:
        await connection.execute(statements, timeout=CONNECT_TIMEOUT_S)
    except BaseException:
        connection.terminate()
        raise


async def has_sessions(*connections: Connection) -> bool:
    """Return whether each connection keeps a session of the server, from one look to the next.

    A pooler in transaction mode gives a transaction the session that was released last.
    """
    seen: set[tuple[Connection, int]] = set()
    try:
        for order in (connections, connections[::-1], connections):
            async with contextlib.AsyncExitStack() as stack:
                for connection in order:
                    await stack.enter_async_context(connection.transaction())
                    seen.add((connection, await connection.fetchval("SELECT pg_backend_pid()")))
    except (asyncpg.DuplicatePreparedStatementError, asyncpg.InvalidSQLStatementNameError):
        return False  # What another client prepared is there, or what this one did is not.
    return len(seen) == len(connections)


def addresses(url: str) -> Iterator[str]:
    """Yield the URL for the driver, once for each host that it names."""
    parts = urlsplit(connection_string(url))
    login, at, netloc = parts.netloc.rpartition("@")
    query = dict(parse_qsl(parts.query))
    hosts = (unquote(netloc) or query.get("host", "")).split(",")
    ports = query.pop("port", "").split(",")
    for host, port in zip(hosts, cycle(ports), strict=False):
        if netloc.lower().startswith("%2f"):  # asyncpg takes no port behind the folder of a socket.
            host, _, stated_port = host.partition(":")
            port = stated_port or port
        options = urlencode(query | {"host": host, "port": port}, safe="/:[]")
        yield f"postgresql://{login}{at}{parts.path}?{options}"


def make_engine(url: str, *, durability: str, opened: Connections) -> AsyncEngine:
    """Return an engine whose sessions have the limits of `SETTINGS`.

    Its connections are in `opened` too: a pool loses those whose opening task was cancelled.
    """
    settings = SETTINGS | {"synchronous_commit": "off" if durability == "normal" else "on"}

    async def open_connection() -> Connection:
        connection = await connect(url, **settings)
        opened[connection] = asyncio.get_running_loop().time()
        return connection

    engine = create_async_engine(
        DIALECT,
        async_creator=open_connection,
        pool_size=POOL_SIZE,
        max_overflow=0,
        hide_parameters=True,  # They hold posts and hashes, which no log may get.
    )
    event.listen(engine.sync_engine, "checkout", _refuse_closed)
    event.listen(engine.sync_engine, "handle_error", _explain_closed)
    return engine


def _refuse_closed(connection: Any, *_: object) -> None:
    """Make the pool replace a connection that the server closed, before it is used."""
    if connection.driver_connection.is_closed():
        raise exc.DisconnectionError


def _explain_closed(context: ExceptionContext) -> AppError | None:
    """Return the error of a lost connection for an exception that is none of the driver's.

    asyncpg (0.32) raises AttributeError where a connection is terminated after an answer has come
    and before the task that waits for it runs, as after a failover.
    """
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
    """Return the app's error for a driver's error that a caller can act on."""
    origin = error.orig if isinstance(error, exc.DBAPIError) else error
    state = getattr(origin, "sqlstate", None) or ""
    if state == _NUL:
        return NotFoundError("There is nothing here")
    if state == _FULL:
        return storage_full()
    if state.startswith(_BUSY):
        return database_busy()
    is_lost = isinstance(error, exc.DBAPIError) and (
        error.connection_invalidated
        or isinstance(error, exc.InterfaceError)
        # The driver lost its place, as it does where a server dies within an answer.
        or (isinstance(error, exc.InternalError) and not state)
    )
    is_lost = is_lost or isinstance(
        error, OSError | asyncpg.InterfaceError | asyncpg.InternalClientError
    )
    return _unreachable() if is_lost or state.startswith(_AWAY) else None
