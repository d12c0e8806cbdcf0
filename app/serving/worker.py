"""A worker: hypercorn on the supervisor's sockets, which beats while its event loop runs.

The app's compiled templates are stored between starts next to Python's own compiled modules.
"""

import asyncio
import gc
import logging
import os
import pkgutil
import resource
import signal
import socket
import sys
import traceback
from collections.abc import AsyncGenerator, Sequence
from hashlib import sha256
from importlib.metadata import version
from multiprocessing.connection import Connection
from pathlib import Path
from ssl import SSLError
from types import CodeType
from typing import Any, Final

import uvloop
from hypercorn import protocol
from hypercorn.asyncio import run as hypercorn_run, serve
from hypercorn.events import Closed, Event
from jinja2 import BytecodeCache, Environment
from jinja2.bccache import Bucket
from quart import Quart

from app.config import Config
from app.language.i18n import LOCALES, catalog
from app.lifespan import begin_stop, note_hosts, running
from app.runtime.compiled import Compiled
from app.runtime.logs import one_line, take_over, write_out
from app.runtime.processes import WORKER_SCORE, collect_seldom
from app.serving.settings import APPLICATION, Settings
from app.serving.supervisor import ALIVE, FAILED, HANDLED, READY, RENEWAL, STOP_SIGNALS
from saywho.processes import be_expendable

PROGRAM: Final = Path(__file__).parents[1]


class CompiledTemplates(BytecodeCache):
    """Compiled templates, discarded when any module has changed: their code depends on filters."""

    def __init__(self, program: Path) -> None:
        self._stored = Compiled(program / "templates.py", _state_of(program))
        self._codes: dict[str, CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = (self._stored.value or {}).get(bucket.key + bucket.checksum)
        self.dump_bytecode(bucket)

    def dump_bytecode(self, bucket: Bucket) -> None:
        if bucket.code:
            self._codes[bucket.key + bucket.checksum] = bucket.code

    def save(self) -> None:
        if self._codes.keys() != (self._stored.value or {}).keys():
            self._stored.store(self._codes)


def _state_of(program: Path) -> str:
    digest = sha256(version("jinja2").encode())
    for path in sorted(program.rglob("*.py")):
        stat = path.stat()
        digest.update(repr((str(path), stat.st_mtime_ns, stat.st_size)).encode())
    return digest.hexdigest()


def load_templates(environment: Environment, program: Path = PROGRAM) -> None:
    environment.bytecode_cache = kept = CompiledTemplates(program)
    for name in environment.list_templates():
        environment.get_template(name)
    environment.bytecode_cache = None
    kept.save()


logger = logging.getLogger(__name__)


class NoHttp2:
    """Stand-in for hypercorn's HTTP/2, which closes the connection: with one HTTP/2 connection a
    client can hold up a worker.
    """

    def __init__(self, *arguments: Any) -> None:
        *_, self._send = arguments

    async def initiate(self, *_settings: Any) -> None:
        await self._send(Closed())

    async def handle(self, _event: Event) -> None:
        """Ignore the client's data."""


def prepare_app(config: Config) -> Quart:
    # Some templates take 100 ms to compile, and a catalogue 80 ms, which would block the loop of a
    # worker that serves.
    app: Quart = pkgutil.resolve_name(APPLICATION.removesuffix("()"))(config)
    load_templates(app.jinja_env)
    for locale in LOCALES:
        catalog(locale)
    vars(protocol)["H2Protocol"] = NoHttp2
    use_own_http1()
    return app


def use_own_http1() -> None:
    """Make hypercorn use `app/serving/http1/`, if that folder exists and supports its version."""
    try:
        from app.serving.http1 import KNOWN_VERSIONS

        for name, supported in KNOWN_VERSIONS.items():
            if not (installed := version(name)).startswith(f"{supported}."):
                raise ImportError(f"{name} is {installed}, not {supported}")
        from app.serving.http1.connection import TimedConnection
        from app.serving.http1.exchange import Http1
    except ImportError as error:
        logger.warning(
            "hypercorn reads requests itself, at half the speed and without a time limit for the"
            " head of a request: %s",
            error,
        )
    else:
        vars(hypercorn_run)["TCPServer"] = TimedConnection
        vars(protocol)["H11Protocol"] = Http1


def run(
    app: Quart | Config, server: Settings, beats: Connection, sockets: Sequence[socket.socket]
) -> None:
    """Run a worker in this process, with a prepared or a new app."""
    # Ctrl+C reaches the workers too, but only the supervisor may stop them.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if signal.getsignal(RENEWAL) is not signal.SIG_DFL:
        signal.signal(RENEWAL, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, HANDLED)
    be_expendable(WORKER_SCORE)
    # Each live stream needs an open file.
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    if isinstance(app, Config):
        app = prepare_app(app)
    of_network = {socket.AF_INET, socket.AF_INET6}
    hosts = [str(sock.getsockname()[0]) if sock.family in of_network else "" for sock in sockets]
    note_hosts(app, hosts, may_let_phones_in=server.may_let_phones_in)
    server.bind = [f"fd://{sock.fileno()}" for sock in sockets]
    try:
        uvloop.run(work(app, server, beats.fileno()))
    finally:
        write_out()


async def work(app: Quart, server: Settings, beat_fd: int) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in STOP_SIGNALS:
        loop.add_signal_handler(number, stop.set)
    server.insecure_bind = []
    server.workers = 1
    server.loglevel = "WARNING"  # The command has printed the address.
    take_over()
    if server.errorlog == "-":
        server.errorlog = logging.getLogger("hypercorn.error")
    loop.set_exception_handler(_ignore_lost_clients)
    supervisor = os.getppid()

    @app.while_serving
    async def begin() -> AsyncGenerator[None, None]:
        # Objects made by the start are never collected, and others seldom: a request makes
        # thousands of objects that are freed by their reference counts. Collecting took a sixth of
        # the processor time of a list of posts that is not in the cache.
        gc.collect()
        gc.freeze()
        collect_seldom()
        # An answer takes some fifty turns with the threads of the database, and waits in each for
        # a thread that counts, by default for 5 ms.
        sys.setswitchinterval(0.001)
        async with running(_beat(beat_fd, supervisor, stop)):
            yield

    is_ready = False

    async def stopped() -> None:
        # hypercorn waits for a stop as soon as it accepts connections.
        nonlocal is_ready
        is_ready = True
        os.write(beat_fd, READY)
        await stop.wait()
        begin_stop(app)

    try:
        await serve(app, server, shutdown_trigger=stopped)
    except (Exception, SystemExit) as error:
        if is_ready:
            raise
        # A pipe takes so many bytes in one piece.
        os.write(beat_fd, FAILED + _reason(error, server).encode()[:4_000])
        # An orderly end would report everything that hypercorn leaves open.
        os._exit(1)


def _reason(error: BaseException, server: Settings) -> str:
    if isinstance(error, SystemExit):  # As `app/lifespan.py` raises it, for a server that shows it.
        return one_line(str(error).removeprefix("saywho: "))
    place = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{Path(place.filename).name}:{place.lineno}"
    settings = f"; the server settings are in {server.file}" if server.file else ""
    return one_line(f"a worker cannot start: {type(error).__name__}: {error} ({where}){settings}")


def _ignore_lost_clients(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    lost = ConnectionError | TimeoutError | SSLError | asyncio.CancelledError
    if not isinstance(context.get("exception"), lost):
        loop.default_exception_handler(context)


async def _beat(beat_fd: int, supervisor: int, stop: asyncio.Event) -> None:
    while os.getppid() == supervisor:
        try:
            os.write(beat_fd, ALIVE)
        except BrokenPipeError:
            break
        await asyncio.sleep(1.0)
    stop.set()
    await asyncio.Event().wait()  # The end of this task would be reported as a fault.
