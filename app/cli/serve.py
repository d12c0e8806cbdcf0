"""`saywho serve`, which migrates the database and serves with hypercorn."""

import asyncio
import errno
import gc
import os
import re
import signal
import socket
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from io import StringIO
from pathlib import Path
from tempfile import gettempdir
from typing import Final

import click
from hypercorn.config import Config as ServerConfig

from app.cli import own_config
from app.cli.outputs import BAD_INPUT, FAILED, fail, say
from app.config import Config, shown_path
from app.runtime.network import own_address

MEMORY: Final = "/dev/shm"  # noqa: S108 - the folder in it is made for this process alone
THIS_MACHINE: Final = "127.0.0.1"
IP: Final = frozenset({socket.AF_INET, socket.AF_INET6})
_BIND = re.compile(r"(?:[^\s:\[\]]+|\[[0-9A-Fa-f:.]+\]):(\d{1,5})|unix:.+|fd://\d+", re.ASCII)


def _checked(_context: click.Context, _option: click.Parameter, bind: str | None) -> str | None:
    # hypercorn would read some other strings as an address, and an empty host as all hosts.
    match = _BIND.fullmatch(bind) if bind is not None else None
    if bind is not None and (match is None or int(match[1] or 0) > 65_535):
        raise click.BadParameter(f"{bind!r} is not HOST:PORT, such as 127.0.0.1:8000")
    return bind


@click.command("serve", epilog="Example: saywho serve --bind 0.0.0.0:8000 --workers 4")
@click.option(
    "--bind",
    metavar="HOST:PORT",
    callback=_checked,
    help="Address to listen on (default: bind in hypercorn.toml).",
)
@click.option(
    "--workers",
    type=click.IntRange(1, 64),
    help="Number of worker processes (default: workers in hypercorn.toml).",
)
@click.option("--sample", is_flag=True, help="Load the sample posts if the database is new.")
@click.option(
    "--no-browser", is_flag=True, help="Do not open a browser at the link for the first account."
)
def serve_command(bind: str | None, workers: int | None, sample: bool, no_browser: bool) -> None:
    """Migrate the database and start the server.

    hypercorn.toml configures the server; docs/settings.md lists the settings of saywho.
    """
    # A terminal that closes ends the server. Elsewhere SIGHUP asks for the new certificate, and
    # waits until the server can load it.
    if not os.isatty(0):
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP})
    gc.disable()  # The imports leave no garbage; collecting it takes a sixth of their time.
    from app.db.lock import temporary_folder
    from saywho.processes import python_path

    # In memory if possible, since a full disk would end a worker that adds a counter.
    parent = MEMORY if os.access(MEMORY, os.W_OK) else gettempdir()
    with temporary_folder(Path(parent), "saywho-metrics-") as folder:
        # prometheus_client reads the folder of the workers' figures when it is imported.
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)
        os.environ |= python_path()  # For workers that are not forked.
        sys.exit(_serve(bind, workers, sample=sample, may_open=not no_browser))


def _serve(bind: str | None, workers: int | None, *, sample: bool, may_open: bool) -> int:
    """Serve until a stop; return the exit status.

    may_open: whether a browser may be opened at the link for the first account.
    """
    from app.db.migrate import SchemaState, prepare
    from app.runtime.logs import configure
    from app.runtime.processes import share_heap
    from app.security import load_secret_keys, remove_link_page
    from app.serving.browser import is_at_desktop
    from app.serving.phones import PhoneSockets, may_let_phones_in
    from app.serving.settings import load_server_config
    from app.serving.supervisor import START_METHOD, Supervisor, open_sockets
    from app.serving.worker import prepare_app, run

    share_heap()
    server = load_server_config(bind=bind, workers=workers)
    if server.file:
        say(f"Server settings are read from {shown_path(server.file)}")
    if server.unused:
        say(f"saywho serve does not use these of them: {', '.join(server.unused)}")
    config = own_config()
    count = server.workers
    with ExitStack() as stack:
        with _fails_on(server.bind):
            sockets = [stack.enter_context(closing(sock)) for sock in open_sockets(server)]
        state = prepare(config, upgrade_old=True)
        load_secret_keys(config)  # Errors end the start here, instead of each worker in turn.
        origin = config.url or _origin(sockets[0], server)
        with_samples = sample and state is SchemaState.FRESH
        outside = config.url or _origin(sockets[0], server, own_address() or THIS_MACHINE)
        link = asyncio.run(_prepare_site(config, origin, outside, with_samples=with_samples))
        remove_link_page(config.data_dir)  # A killed server has left it.
        stack.callback(remove_link_page, config.data_dir)
        is_own_address = not config.url and sockets[0].family in IP
        opens = may_open and is_own_address and is_at_desktop(os.environ)
        configure(config)
        app = prepare_app(config) if START_METHOD == "fork" else config
        with _fails_on(server.bind):
            for sock in sockets:
                sock.listen(server.backlog)
        server.may_let_phones_in = may_let_phones_in(config, sockets, os.environ)
        phones = None
        if server.may_let_phones_in:
            phones = PhoneSockets(config.data_dir, sockets, server.backlog)
            stack.callback(phones.close)
        work = partial(run, app, server)
        on_ready = partial(
            _announce, config, sockets[0], server, count, opened=link if opens else None
        )
        renew = None if os.isatty(0) else server.renew_certificate
        changed = phones.changed if phones else None
        site = Supervisor(work, sockets, count, on_ready=on_ready, renew=renew, changed=changed)
        return site.run()


def _announce(
    config: Config,
    listening: socket.socket,
    server: ServerConfig,
    count: int,
    *,
    opened: str | None,
) -> None:
    from app.serving.browser import open_browser

    url = config.url
    origin = url or _origin(listening, server)
    s = "s" if count > 1 else ""
    say(f"Serving on {origin} with {count} worker{s}; Ctrl+C stops.")
    outside = url or _origin(listening, server, own_address() or THIS_MACHINE)
    if outside != origin:
        say(f"Others on this machine's network reach it at {outside}")
    if opened:
        say("The browser opens at the link above; --no-browser turns this off.")
        open_browser(config.data_dir, opened)


@contextmanager
def _fails_on(addresses: Sequence[str]) -> Iterator[None]:
    try:
        yield
    # TypeError and OverflowError: a host that cannot be encoded, or a port over 65535 in the file.
    except (OSError, TypeError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or error
        if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
            reason = f"{reason}; choose another port: --bind 127.0.0.1:8001, or make run PORT=8001"
        status = FAILED if isinstance(error, OSError) else BAD_INPUT
        fail(f"cannot listen on {', '.join(addresses)}: {reason}", status)


def _origin(listening: socket.socket, server: ServerConfig, here: str = THIS_MACHINE) -> str:
    scheme = "https" if server.ssl_enabled else "http"
    if listening.family not in IP:
        return f"{scheme}://localhost"
    host, port = listening.getsockname()[:2]
    if host in {"0.0.0.0", "::"}:  # noqa: S104 - compared with, not listened on
        host = here
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


async def _prepare_site(
    config: Config, origin: str, outside: str, *, with_samples: bool
) -> str | None:
    """Load the sample posts, and what workers share for them; print and return a link for the
    operator's account, if there is none.

    outside: the origin that phones reach, if the site listens for more than this machine.
    """
    from app.db.engine import Database
    from app.services.access.accounts import add_setup_link, has_operator
    from app.services.imports.storing import load_samples
    from app.services.posts.users import sample_ids
    from app.serving.supervisor import START_METHOD
    from saywho.population import shipped_authors

    async with Database(config) as db:
        if with_samples:
            await load_samples(db)
        async with db.read() as session:
            if START_METHOD == "fork" and await sample_ids(session):
                # The front page asks who wrote their posts: each worker would read 10 MiB.
                shipped_authors(is_wanted=config.population)
        async with db.write() as session:
            if await has_operator(session):
                return None
            secret = await add_setup_link(session)
    link = f"{origin}/setup?token={secret}"
    say("Make your saywho on this computer. Open this link, which works once:")
    say(f"  {link}")
    if sys.stdout.isatty() and THIS_MACHINE not in outside:
        say("Or scan it with a phone:")
        _print_code(link.replace(origin, outside, 1))
    return link


def _print_code(link: str) -> None:
    """Print a link as a QR code, in half as many rows as it has."""
    import segno

    drawn = StringIO()
    segno.make_qr(link).terminal(drawn, border=2, compact=True)
    click.echo(drawn.getvalue())
