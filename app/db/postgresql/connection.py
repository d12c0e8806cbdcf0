"""PostgreSQL's connections: how they are opened, and what their errors mean to a caller."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit
from weakref import WeakSet

import asyncpg
from sqlalchemy import event, exc, make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from app.errors import AppError, StorageFullError, UnavailableError

WRITING: Final = 0x5341_5957_484F
"""Keys of advisory locks: the name of the program, and the number after it."""
MIGRATING: Final = WRITING + 1
POOL_SIZE: Final = 8
POOL_TIMEOUT_S: Final = 30
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
INSTEAD_OF_NUL: Final = "\x02"
Connections = WeakSet["asyncpg.Connection[Any]"]
FAILURES: Final = (
    OSError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
)
"""Errors of a lost connection; the last one where the server ends in the middle of an answer, or
where no host is the primary."""


def _unreachable() -> AppError:
    return UnavailableError("The database cannot be reached at the moment; try again soon")


def _busy() -> AppError:
    return UnavailableError("The database is busy; try again soon")


def _full() -> AppError:
    return StorageFullError("The disk is full; nothing was stored")


_ERRORS: Final[Mapping[str, Callable[[], AppError]]] = {
    "08": _unreachable,  # connection exceptions
    "25006": _unreachable,  # a primary that has become a standby
    "25P03": _busy,  # idle in a transaction for too long
    "40": _busy,  # serialization failure, deadlock
    "53100": _full,
    "53": _busy,  # out of memory, too many connections
    "55P03": _busy,  # lock not available
    "57014": _busy,  # the statement's time is over
    "57": _unreachable,  # shut down, crashed, or starting
    "58": _unreachable,  # its disk fails
}
"""Errors by SQLSTATE or by its class."""


def data_source(url: str) -> str:
    """Return the URL as libpq and asyncpg write it."""
    parts = urlsplit(url)
    query = [("sslmode" if key == "ssl" else key, value) for key, value in parse_qsl(parts.query)]
    return urlunsplit(parts._replace(scheme="postgresql", query=urlencode(query)))


def without_password(url: str) -> str:
    """Return the URL as libpq writes it, with all options but passwords."""
    parts = urlsplit(data_source(url))
    user, at, hosts = parts.netloc.rpartition("@")
    query = [(key, value) for key, value in parse_qsl(parts.query) if key != "password"]
    netloc = user.partition(":")[0] + at + hosts
    return urlunsplit(parts._replace(netloc=netloc, query=urlencode(query, safe="/")))


def shown_name(url: str) -> str:
    """Return how messages call the database: without user, password and options."""
    parsed = make_url(url)
    host = parsed.host or parsed.query.get("host") or "localhost"
    port = f":{parsed.port}" if parsed.port else ""
    return f"the database {parsed.database or ''} at {host}{port}"


_AT_LEAST_ON: Final = """
    SELECT set_config('synchronous_commit', 'on', false)
    WHERE current_setting('synchronous_commit') = ANY ($1)
"""
_TOO_WEAK: Final = {"full": ["off"], "replicated": ["off", "local"]}
"""Values of `synchronous_commit`; a stronger one, which the server sets, stays."""


async def connect(url: str, /, **settings: str) -> "asyncpg.Connection[Any]":
    """Open a connection. Raises UnavailableError, or the error of a bad address.

    Of several hosts the first is used that takes writes. They are tried one by one: the driver
    itself would spend all its time on a host that answers nothing, as when its power is gone.
    """
    failure: BaseException = OSError()
    for address in _addresses(url):
        try:
            return await asyncpg.connect(
                address,
                timeout=CONNECT_TIMEOUT_S,
                command_timeout=COMMAND_TIMEOUT_S,
                server_settings=KEEPALIVES | settings,
            )
        except FAILURES as error:
            failure = error
    # Too many connections, or a server that is starting, mend by themselves; so may the rest.
    raise as_app_error(failure) or _unreachable() from failure


def _addresses(url: str) -> Iterator[str]:
    """Yield the URL for the driver, once for each host that it names."""
    parsed = make_url(url)
    hosts = str(parsed.query.get("host", "")).split(",")
    if len(hosts) == 1:
        yield data_source(url)
        return
    for host, port in zip(hosts, str(parsed.query["port"]).split(","), strict=True):
        one = parsed.update_query_dict({"host": host, "port": port})
        yield data_source(one.render_as_string(hide_password=False))


def make_engine(url: str, *, durability: str, opened: Connections) -> AsyncEngine:
    """Return an engine whose sessions have the limits of `SETTINGS`.

    Its connections are in `opened` too: a pool loses those whose opening task was cancelled.
    """
    settings = SETTINGS | ({"synchronous_commit": "off"} if durability == "normal" else {})

    async def open_connection() -> "asyncpg.Connection[Any]":
        connection = await connect(url, **settings)
        opened.add(connection)
        if too_weak := _TOO_WEAK.get(durability):
            await connection.execute(_AT_LEAST_ON, too_weak)
        return connection

    engine = create_async_engine(
        url,
        async_creator=open_connection,
        pool_size=POOL_SIZE,
        max_overflow=0,
        pool_timeout=POOL_TIMEOUT_S,
        hide_parameters=True,  # They hold posts and hashes, which no log may get.
    )
    event.listen(engine.sync_engine, "before_cursor_execute", _without_nul, retval=True)
    event.listen(engine.sync_engine, "checkout", _refuse_closed)
    return engine


def _refuse_closed(connection: Any, *_: object) -> None:
    """Make the pool replace a connection that the server closed, before it is used."""
    if connection.driver_connection.is_closed():
        raise exc.DisconnectionError


def _without_nul(
    _connection: object,
    _cursor: object,
    statement: str,
    parameters: Any,
    _context: object,
    is_many: bool,
) -> tuple[str, Any]:
    """Replace NUL, which PostgreSQL refuses, by another character that no stored text has."""
    # Rows of one statement come in one tuple, though they are many.
    if is_many and all(isinstance(row, tuple) for row in parameters):
        return statement, [tuple(map(_clean, row)) for row in parameters]
    return statement, tuple(map(_clean, parameters))


def _clean(value: Any) -> Any:
    return value.replace("\0", INSTEAD_OF_NUL) if type(value) is str else value


def as_app_error(error: BaseException) -> AppError | None:
    """Return the app's error for a driver's error that a caller can act on."""
    origin = error.orig if isinstance(error, exc.DBAPIError) else error
    state = getattr(origin, "sqlstate", None) or ""
    for known in (state, state[:2]):
        if known in _ERRORS:
            return _ERRORS[known]()
    is_lost = isinstance(error, exc.DBAPIError) and (
        error.connection_invalidated
        or isinstance(error, exc.InterfaceError)
        # The driver lost its place, as it does where a server dies within an answer.
        or (isinstance(error, exc.InternalError) and not state)
    )
    if is_lost or isinstance(error, OSError | asyncpg.InterfaceError | asyncpg.InternalClientError):
        return _unreachable()
    return None
