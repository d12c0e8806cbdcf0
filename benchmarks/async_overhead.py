"""What asynchronous code costs, and what it gains: `python -m benchmarks.async_overhead`.

The same route, a user looked up by name in SQLite and answered as JSON, once as Flask with
SQLAlchemy's Session and once as Quart with its AsyncSession on uvloop; then requests that only
wait. Both apps run in this process and are called as a server would call them (WSGI, ASGI), in
turns. There is no server, no network and no second process: what HTTP costs is not measured, nor
how far more processes go, and a disk that is slow to read would shift the figures.
"""

import argparse
import asyncio
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final, Protocol

import uvloop
from flask import Flask, jsonify as flask_jsonify
from quart import Quart, jsonify as quart_jsonify
from quart.typing import ResponseReturnValue
from sqlalchemy import create_engine, select
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from werkzeug.test import create_environ

USERS: Final = 1_000
AT_ONCE: Final = 8
"""Threads of the one and tasks of the other where requests come together."""
WAITING: Final = 50
"""Requests that wait."""
WAIT_S: Final = 0.05


class Base(DeclarativeBase):
    pass


class User(Base):
    __tablename__ = "Users"

    id: Mapped[int] = mapped_column(primary_key=True)
    username: Mapped[str] = mapped_column(unique=True)


def make_database(path: Path) -> None:
    """Write the users into a new file."""
    engine = create_engine(f"sqlite:///{path}")
    Base.metadata.create_all(engine)
    with Session(engine) as session, session.begin():
        session.add_all(User(username=f"user{number}") for number in range(USERS))
    engine.dispose()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.close()


def make_flask_app(path: Path) -> Flask:
    app = Flask("flask_app")
    engine = create_engine(f"sqlite:///{path}", pool_size=AT_ONCE, max_overflow=0)
    app.extensions["engine"] = engine

    @app.get("/hello")
    def hello() -> Any:
        return flask_jsonify(hello="world")

    @app.get("/user/<username>")
    def show_user(username: str) -> Any:
        with Session(engine) as session:
            user = session.scalar(select(User).where(User.username == username))
            assert user is not None
            return flask_jsonify(id=user.id, username=user.username)

    @app.get("/wait")
    def wait() -> Any:
        time.sleep(WAIT_S)
        return flask_jsonify(waited=True)

    return app


def make_quart_app(path: Path) -> Quart:
    app = Quart("quart_app")
    engine = create_async_engine(f"sqlite+aiosqlite:///{path}", pool_size=AT_ONCE, max_overflow=0)
    sessions = async_sessionmaker(engine, expire_on_commit=False)
    app.extensions["engine"] = engine

    @app.get("/hello")
    async def hello() -> ResponseReturnValue:
        return quart_jsonify(hello="world")

    @app.get("/user/<username>")
    async def show_user(username: str) -> ResponseReturnValue:
        async with sessions() as session:
            user = await session.scalar(select(User).where(User.username == username))
            assert user is not None
            return quart_jsonify(id=user.id, username=user.username)

    @app.get("/wait")
    async def wait() -> ResponseReturnValue:
        await asyncio.sleep(WAIT_S)
        return quart_jsonify(waited=True)

    @app.get("/wait-in-a-thread")
    async def wait_in_a_thread() -> ResponseReturnValue:
        await asyncio.to_thread(time.sleep, WAIT_S)
        return quart_jsonify(waited=True)

    @app.get("/wait-and-block")
    async def wait_and_block() -> ResponseReturnValue:
        time.sleep(WAIT_S)  # noqa: ASYNC251 # The mistake whose price is to be seen.
        return quart_jsonify(waited=True)

    return app


class Contender(Protocol):
    """Answers requests, so many at once."""

    def run(self, paths: Sequence[str], at_once: int) -> None: ...


class Threaded:
    """Calls a WSGI app: in this thread, or in as many threads as requests may come at once."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._environ = create_environ()

    def run(self, paths: Sequence[str], at_once: int) -> None:
        if at_once == 1:
            for path in paths:
                self._request(path)
            return
        with ThreadPoolExecutor(at_once) as threads:
            list(threads.map(self._request, paths))

    def _request(self, path: str) -> None:
        statuses: list[str] = []

        def start_response(status: str, _headers: object, _error: object = None) -> Any:
            statuses.append(status)

        body: Any = self._app.wsgi_app(self._environ | {"PATH_INFO": path}, start_response)
        assert b"".join(body)
        body.close()
        assert statuses == ["200 OK"]


class Looped:
    """Calls an ASGI app on one event loop, in as many tasks as requests may come at once."""

    def __init__(self, app: Quart, runner: asyncio.Runner) -> None:
        self._app = app
        self._runner = runner

    def run(self, paths: Sequence[str], at_once: int) -> None:
        self._runner.run(self._all(iter(paths), at_once))

    async def _all(self, paths: Iterable[str], at_once: int) -> None:
        async with asyncio.TaskGroup() as tasks:
            for _ in range(at_once):
                tasks.create_task(self._some(paths))

    async def _some(self, paths: Iterable[str]) -> None:
        for path in paths:
            await get(self._app, path)


async def get(app: Any, path: str) -> None:
    """Send a GET, as from a server, and check that it is answered with a body."""
    scope: dict[str, Any] = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", b"localhost")],
        "client": ("127.0.0.1", 1),
        "server": ("localhost", 80),
        "extensions": {},
    }
    answered = asyncio.Event()
    coming = [{"type": "http.request", "body": b"", "more_body": False}]
    status, body = 0, b""

    async def receive() -> Any:
        if coming:
            return coming.pop()
        # As from a server: nothing more comes before the answer has gone.
        await answered.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        nonlocal status, body
        status = message.get("status", status)
        body += message.get("body", b"")

    await app(scope, receive, send)
    answered.set()
    assert status == 200
    assert body


def seconds(work: Callable[[], None]) -> float:
    """Return how long the work takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def compare(
    name: str,
    paths: Sequence[str],
    flask: Contender,
    quart: Contender,
    *,
    at_once: int,
    rounds: int,
) -> None:
    """Print medians, and the median and the range of the ratios of rounds run in turns."""
    for contender in (flask, quart):
        contender.run(paths[:50], at_once)
    times = [
        (seconds(lambda: flask.run(paths, at_once)), seconds(lambda: quart.run(paths, at_once)))
        for _ in range(rounds)
    ]
    theirs, ours = (statistics.median(column) for column in zip(*times, strict=True))
    ratios = sorted(flask_s / quart_s for flask_s, quart_s in times)
    print(
        f"  {name:<34} {len(paths) / theirs:>9,.0f} {len(paths) / ours:>9,.0f}"
        f"   {statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})"
    )


def measure_overhead(flask: Contender, quart: Contender, *, rounds: int, requests: int) -> None:
    hello = ["/hello"] * requests
    # 7 has no divisor in common with 1,000, so that every name comes, each time another one.
    users = [f"/user/user{7 * number % USERS}" for number in range(requests)]
    print(f"Requests a second, medians of {rounds} rounds of {requests:,} requests, in turns:")
    print(f"  {'':<34} {'Flask':>9} {'Quart':>9}   Quart : Flask (range)")
    for name, paths, at_once in (
        ("no database, one after another", hello, 1),
        ("user by name, one after another", users, 1),
        (f"user by name, {AT_ONCE} at a time", users, AT_ONCE),
    ):
        compare(name, paths, flask, quart, at_once=at_once, rounds=rounds)


def measure_waiting(flask: Contender, quart: Contender, *, rounds: int) -> None:
    print(f"\nSeconds for {WAITING} requests that each wait {1000 * WAIT_S:.0f} ms, medians:")
    for name, contender, path, at_once in (
        ("Flask, 1 thread", flask, "/wait", 1),
        ("Flask, 4 threads", flask, "/wait", 4),
        (f"Flask, {WAITING} threads", flask, "/wait", WAITING),
        ("Quart, 1 event loop", quart, "/wait", WAITING),
        ("Quart, asyncio.to_thread(time.sleep)", quart, "/wait-in-a-thread", WAITING),
        ("Quart, time.sleep by mistake", quart, "/wait-and-block", WAITING),
    ):
        paths = [path] * WAITING
        times = [seconds(lambda: contender.run(paths, at_once)) for _ in range(rounds)]  # noqa: B023 # called at once
        print(f"  {name:<38} {statistics.median(times):.2f}")


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="async_overhead", description=__doc__)
    parser.add_argument("--rounds", type=int, default=9, help="of each measurement (9)")
    parser.add_argument("--requests", type=int, default=1_000, help="of each round (1000)")
    arguments = parser.parse_args(argv)
    with (
        tempfile.TemporaryDirectory() as folder,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        path = Path(folder, "users.db")
        make_database(path)
        flask_app, quart_app = make_flask_app(path), make_quart_app(path)
        flask, quart = Threaded(flask_app), Looped(quart_app, runner)
        measure_overhead(flask, quart, rounds=arguments.rounds, requests=arguments.requests)
        measure_waiting(flask, quart, rounds=min(arguments.rounds, 3))
        flask_app.extensions["engine"].dispose()
        runner.run(quart_app.extensions["engine"].dispose())


if __name__ == "__main__":
    main()
