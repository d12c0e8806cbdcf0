"""What docs/from-flask.md shows and says of Flask, Quart, stops and event loops is so."""

import asyncio
import contextlib
import inspect
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import flask
import pytest
import quart
from flask_sqlalchemy import SQLAlchemy
from jinja2 import DictLoader
from markupsafe import escape
from sqlalchemy import create_engine, func, select, text
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker, create_async_engine
from sqlalchemy.orm import sessionmaker

from app import create_app
from app.db.engine import Database
from app.lifespan import resources
from app.models import Event, Tweet, User
from app.services.posts.users import add_user, find_user
from tests.conftest import MakeConfig
from tests.installation import TIMEOUT_S
from tests.ports import free_port
from tests.server import rest
from tests.waiting import DEADLINE_S

from .snippets import GUIDES, ROOT, snippets, written_for

Names = dict[str, Any]
SESSIONS: Final = {
    each.__name__: each
    for each in (create_engine, sessionmaker, create_async_engine, async_sessionmaker)
}
TEMPLATES: Final = DictLoader({"hello.html": "안녕하세요, {{ name }}!"})


@dataclass(frozen=True)
class Asked:
    """A request, and what both frameworks answer."""

    path: str
    body: str
    status: int = 200
    method: str = "GET"
    content: dict[str, Any] = field(default_factory=dict)


PAIRS: Final = {
    2: [Asked("/user/김철수", "사용자 이름: 김철수"), Asked("/user/<b>", "사용자 이름: &lt;b&gt;")],
    4: [Asked("/user", "adds jack", method="POST", content={"user_name": "jack"})],
    5: [Asked("/hello/<b>", "안녕하세요, &lt;b&gt;!")],
    6: [Asked("/chosen", "ko")],
    11: [Asked("/database", "42")],
}
"""By section."""


def built(app: Any, url: str, section: int) -> Any:
    """Run a section's code; return its app, with views that show what has no view there."""
    framework = quart if isinstance(app, quart.Quart) else flask
    names: Names = vars(framework) | SESSIONS | {"app": app, "escape": escape, "URL": url}
    names["__name__"] = "guide"
    code = written_for(framework.__name__, section)
    exec(code, names)  # noqa: S102 - our own document.
    if "create_app" in code:
        app = names["create_app"]()
    app.jinja_env.loader = TEMPLATES
    app.add_url_rule("/chosen", view_func=lambda: names["g"].locale, endpoint="chosen")
    app.add_url_rule("/database", view_func=database_view(app), endpoint="database")
    return app


def database_view(app: Any) -> Callable[[], Any]:
    query = text("SELECT 42")

    def synchronous() -> str:
        with app.extensions["sessions"]() as session:
            return str(session.scalar(query))

    async def asynchronous() -> str:
        async with app.extensions["sessions"]() as session:
            return str(await session.scalar(query))

    return asynchronous if isinstance(app, quart.Quart) else synchronous


async def answers(app: Any, asked: list[Asked]) -> list[tuple[Any, ...]]:
    """Return status, body and headers of each answer, one visitor's requests one after another."""
    client, answers = app.test_client(), []
    for each in asked:
        name = "data" if isinstance(app, flask.Flask) else "form"
        content = {name: each.content} if each.content else {}
        answer = client.open(
            each.path, method=each.method, headers={"Accept-Language": "ko"}, **content
        )
        answer = await answer if inspect.isawaitable(answer) else answer
        body = answer.get_data(as_text=True)
        body = await body if inspect.isawaitable(body) else body
        answers.append(
            (answer.status_code, body, answer.content_type, answer.headers.get("Location"))
        )
    return answers


@pytest.mark.parametrize("section", PAIRS)
async def test_both_answer_alike(section: int, tmp_path: Path) -> None:
    original = built(flask.Flask("guide"), f"sqlite:///{tmp_path}/flask.db", section)
    flask_answers = await answers(original, PAIRS[section])
    if "sessions" in original.extensions:
        original.extensions["sessions"].kw["bind"].dispose()
    app = built(quart.Quart("guide"), f"sqlite+aiosqlite:///{tmp_path}/quart.db", section)
    async with app.test_app():
        quart_answers = await answers(app, PAIRS[section])
    assert quart_answers == flask_answers
    for asked, (status, body, *_) in zip(PAIRS[section], flask_answers, strict=True):
        assert status == asked.status
        assert not asked.body or body == asked.body


async def test_tests_pass_and_fail_alike() -> None:
    for framework, application in (("flask", flask.Flask), ("quart", quart.Quart)):
        for greeting, passes in (("안녕하세요, Flask!", True), ("Hello!", False)):
            app = application("guide")
            app.add_url_rule("/", view_func=lambda greeting=greeting: greeting)
            names: Names = {"app": app}
            exec(written_for(framework, 16), names)  # noqa: S102 - our own document.
            try:
                done = names["test_hello"]()
                await done if inspect.isawaitable(done) else None
            except AssertionError:
                assert not passes, framework
            else:
                assert passes, framework


def test_each_pair_is_run() -> None:
    shown = {snippet.section for snippet in snippets(GUIDES[0]) if snippet.framework == "quart"}
    assert shown == {*PAIRS, 16}


def test_the_models_of_the_course_s_app_answer(tmp_path: Path) -> None:
    app = flask.Flask("guide")
    app.config["SQLALCHEMY_DATABASE_URI"] = f"sqlite:///{tmp_path / 'course.db'}"
    db = SQLAlchemy(app)
    names: Names = {"app": app, "db": db, "request": flask.request}
    exec(written_for("flask", 7), names)  # noqa: S102 - our own document.
    columns = {
        "id": db.Column(db.Integer, primary_key=True),
        "user_id": db.Column(db.Integer, db.ForeignKey("user.id")),
        "user": db.relationship("User", back_populates="tweets"),
    }
    type("Tweet", (db.Model,), columns)
    exec(written_for("flask", 8), names)  # noqa: S102 - our own document.
    with app.app_context():
        db.create_all()
        db.session.add(names["User"](username="jack"))
        db.session.commit()
        answers = [app.test_client().get(f"/get_user?username={name}") for name in ("jack", "x")]
        db.session.remove()
        db.engine.dispose()
    assert [(answer.status_code, answer.text) for answer in answers] == [
        (200, "1"),
        (404, "no such user"),
    ]


@pytest.mark.databases("sqlite")
async def test_tasks_with_a_session_each_count(db: Database) -> None:
    (code,) = (
        snippet.code
        for snippet in snippets(GUIDES[0])
        if snippet.section == 8 and "totals" in snippet.code
    )
    names: Names = {"db": db, "asyncio": asyncio, "select": select, "func": func}
    names |= {"User": User, "Tweet": Tweet}
    async with db.write() as session:
        await add_user(session, "jack")
    exec(code, names)  # noqa: S102 - our own document.
    assert await names["totals"]() == (1, 0)


async def test_rows_are_added_with_and_without_a_word_to_readers(app: quart.Quart) -> None:
    (code,) = (
        snippet.code
        for snippet in snippets(GUIDES[0])
        if snippet.section == 8 and "add_tweet" in snippet.code
    )
    names: Names = {"resources": resources, "add_user": add_user}
    exec(f"async def add():\n{code}", names)  # noqa: S102 - our own document.
    async with app.app_context():
        await names["add"]()
        async with resources().db.write() as session:
            session.add(User(username="Mina"))
        async with resources().db.read() as session:
            assert [
                user and (user.username, user.tweet_count)
                for user in [await find_user(session, name) for name in ("jack", "mina")]
            ] == [("jack", 1), ("Mina", 0)]
            kinds = await session.scalars(select(Event.kind).order_by(Event.id))
            assert [*kinds] == ["user.created", "tweet.created"]
    assert (await app.test_client().get("/user/Mina")).status_code == 200


def test_both_configure_an_app_for_tests() -> None:
    names: Names = {"app": flask.Flask("guide")}
    exec(written_for("flask", 12), names)  # noqa: S102 - our own document.
    assert names["app"].testing
    (code,) = (
        snippet.code
        for snippet in snippets(GUIDES[0])
        if snippet.section == 12 and not snippet.framework
    )
    ours: Names = {"create_app": create_app}
    exec(code, ours)  # noqa: S102 - our own document.
    assert isinstance(ours["app"], quart.Quart)
    assert ours["app"].testing
    assert ours["app"].instance_path == "/tmp/trial"  # noqa: S108 - nothing is written there.


ECHO = """
from quart import Quart, request

app = Quart("echo")


@app.post("/")
async def answer():
    return await request.get_data()


@app.get("/live")
async def live():
    async def events():
        yield b"open"
        await app.shutdown_event.wait()
        yield b"bye"

    return events()
"""
Connected = tuple[subprocess.Popen[bytes], socket.socket]


@contextlib.contextmanager
def connected(loop: str, folder: Path) -> Iterator[Connected]:
    """Give a hypercorn with this loop, and a connection to it."""
    (folder / "echo.py").write_text(ECHO)
    port = free_port()
    place = ("--bind", f"127.0.0.1:{port}", "--graceful-timeout", "1")
    command = (sys.executable, "-m", "hypercorn", "-k", loop, *place, "echo:app")
    with subprocess.Popen(command, cwd=folder, stderr=subprocess.DEVNULL) as process:
        try:
            wire = None
            while wire is None:
                assert process.poll() is None
                with contextlib.suppress(ConnectionRefusedError):
                    wire = socket.create_connection(("127.0.0.1", port), timeout=DEADLINE_S)
            with wire:
                yield process, wire
        finally:
            process.kill()


@contextlib.contextmanager
def under_way(loop: str, folder: Path) -> Iterator[Connected]:
    """Give a hypercorn with this loop, and a request to it that lacks the rest of its body."""
    with connected(loop, folder) as (process, wire):
        lines = ["POST / HTTP/1.1", "Host: localhost", "Connection: close"]
        lines += ["Content-Length: 4", "Expect: 100-continue", "", ""]
        wire.sendall("\r\n".join(lines).encode())
        assert b" 100 " in wire.recv(4096)
        yield process, wire


@pytest.mark.full
def test_graceful_timeout_bounds_a_stop_with_uvloop_and_on_asyncio_before_python_3_12(
    tmp_path: Path,
) -> None:
    with under_way("asyncio", tmp_path) as (slow, slow_wire):
        with under_way("uvloop", tmp_path) as (quick, quick_wire):
            for process in (slow, quick):
                process.send_signal(signal.SIGTERM)
            assert b" 200 " not in rest(quick_wire)
            assert quick.wait(DEADLINE_S) == 0
        if sys.version_info >= (3, 12):
            slow_wire.sendall(b"late")
            assert rest(slow_wire).endswith(b"late")
        else:
            assert b" 200 " not in rest(slow_wire)
        assert slow.wait(DEADLINE_S) == 0


@pytest.mark.full
def test_the_event_of_a_stop_comes_after_the_wait_for_streams(tmp_path: Path) -> None:
    with connected("uvloop", tmp_path) as (process, wire):
        wire.sendall(b"GET /live HTTP/1.1\r\nHost: localhost\r\n\r\n")
        answer = b""
        while b"open" not in answer:
            answer += wire.recv(4096)
        process.send_signal(signal.SIGTERM)
        assert rest(wire) == b""
        assert process.wait(DEADLINE_S) == 0


SETTINGS: Final = tuple(
    f'asyncio_default_{kind}_loop_scope = "session"' for kind in ("fixture", "test")
)
TESTS: Final = """
import asyncio

import pytest

KEPT = []


@pytest.fixture(scope="module")
async def queue():
    return asyncio.Queue()


async def note():
    KEPT.append(asyncio.get_running_loop())
    KEPT.append(asyncio.create_task(asyncio.Event().wait()))


async def test_first():
    await note()


async def test_loops_are_one():
    assert KEPT[0] is asyncio.get_running_loop()


async def test_a_forgotten_task_goes_on():
    assert not KEPT[1].done()


async def wait(queue):
    asyncio.get_running_loop().call_soon(queue.put_nowait, 1)
    await queue.get()


async def test_a_queue_is_waited_for(queue):
    await wait(queue)


async def test_a_queue_is_waited_for_again(queue):
    await wait(queue)
"""


def outcome(folder: Path, *settings: str) -> tuple[set[str], str]:
    """Return which of the tests fail with these settings, and what is printed."""
    lines = ("[tool.pytest.ini_options]", 'asyncio_mode = "auto"', *settings, "")
    (folder / "pyproject.toml").write_text("\n".join(lines))
    (folder / "test_loops.py").write_text(TESTS)
    plugins = ("no:cacheprovider", "no:dash", "no:schemathesis", "no:xdist")
    options = [part for plugin in plugins for part in ("-p", plugin)]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, folder],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=TIMEOUT_S,
    )
    return set(re.findall(r"^FAILED \S+::(\w+)", done.stdout, re.MULTILINE)), done.stdout


@pytest.mark.full
def test_each_test_has_a_loop_unless_both_settings_say_otherwise(tmp_path: Path) -> None:
    own = {"test_loops_are_one", "test_a_forgotten_task_goes_on"}
    for settings in ((), SETTINGS[:1]):
        failed, printed = outcome(tmp_path, *settings)
        assert failed == own | {"test_a_queue_is_waited_for_again"}
        assert "is bound to a different event loop" in printed
    assert outcome(tmp_path, *SETTINGS)[0] == set()


@pytest.mark.parametrize("guide", GUIDES)
def test_the_settings_that_the_guide_shows_are_ours(guide: str) -> None:
    (shown,) = re.findall(r"^```toml\n(.*?)^```$", (ROOT / guide).read_text(), re.M | re.S)
    assert shown in (ROOT / "pyproject.toml").read_text()
    assert all(setting in shown for setting in SETTINGS)


async def _ask(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        await connection.execute(text("SELECT 1"))


@pytest.mark.full
@pytest.mark.databases("postgresql")
async def test_a_connection_of_asyncpg_belongs_to_its_loop(make_config: MakeConfig) -> None:
    engine = create_async_engine(make_config().database_url)
    await _ask(engine)
    with pytest.raises(RuntimeError, match="attached to a different loop"):
        await asyncio.to_thread(asyncio.run, _ask(engine))
    await engine.dispose()
