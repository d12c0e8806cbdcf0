"""The course's programs and their rewrites answer the same requests alike."""

import contextlib
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import httpx
import pytest
from alembic import command

from tests.ports import free_port

EXAMPLES: Final = Path(__file__).parents[2] / "examples"
NAMES: Final = ("01_hello", "02_first_route_wins", "03_blueprint", "04_factory")
START_TIMEOUT_S: Final = 40
STOP_TIMEOUT_S: Final = 30
POLL_S: Final = 0.05

Form = dict[str, str]

PATHS: Final = (
    "/",
    "/?username=jack",
    "/unknown",
    "/%EC%97%86%EB%8A%94%20%EA%B3%B3",
    "/user",
    "/user?next=%2F",
    "/user/",
    "/user/jack",
    "/user/김철수",
    "/user/%EA%B9%80%EC%B2%A0%EC%88%98",
    "/user/<script>alert(1)</script>",
    "/user/%3Cscript%3Ealert(1)%3C%2Fscript%3E",
    "/user/%3Cscript%3E",
    "/user/%26amp%3B%22O'Neill%22",
    "/user/a%20b+c",
    "/user/a%3Fb%23c%25d",
    "/user/%FF",
    "/user//jack",
    "/user/jack/",
    "/user/jack/tweets",
    "/get_user",
    "/get_user?username=",
    "/get_user?username=jack",
    "/get_user?username=jack&username=nobody",
    "/get_user?username=Jack",
    "/get_user?username=nobody",
    "/get_user?username=%EA%B9%80%EC%B2%A0%EC%88%98",
    "/get_user?username=%EB%88%84%EA%B5%AC",
    "/get_user?username=<script>alert(1)</script>",
    "/get_user?username=%3Cscript%3E%26'%22",
    "/get_user?username=%FF",
    "/get_user?username=a+b%20c",
    "/get_user?USERNAME=jack",
    "/get_user/",
)
METHODS: Final = ("GET", "HEAD", "POST", "OPTIONS", "PUT", "DELETE", "PATCH")
FORMS: Final[tuple[Form, ...]] = (
    {},
    {"user_name": "jack"},
    {"user_name": "새사람"},
    {"user_name": "새사람"},
    {"user_name": "<script>"},
    {"user_name": ""},
    {"username": "jack"},
)


@dataclass(frozen=True)
class Answer:
    """What of an answer must be equal."""

    status: int
    body: bytes
    content_type: str | None
    location: str | None
    allow: frozenset[str]
    """The methods of Allow; neither framework keeps them in an order."""


def answer(status: int, body: bytes, headers: Any) -> Answer:
    allow = headers.get("Allow")
    return Answer(
        status,
        body,
        headers.get("Content-Type"),
        headers.get("Location"),
        frozenset(allow.split(", ")) if allow else frozenset(),
    )


# In one process, by the frameworks' own test clients.


@dataclass(frozen=True)
class Pair:
    """An example's two apps."""

    flask: Any
    quart: Any

    async def send(self, method: str, path: str, form: Form | None = None) -> tuple[Answer, Answer]:
        """Return how both answer."""
        theirs = self.flask.test_client().open(path, method=method, data=form)
        ours = await self.quart.test_client().open(path, method=method, form=form)
        body = await ours.get_data()
        if method == "HEAD":
            # The server leaves the body out; Quart's test client has none in between.
            body = b""
        return (
            answer(theirs.status_code, theirs.data, theirs.headers),
            answer(ours.status_code, body, ours.headers),
        )


@contextlib.contextmanager
def importing_from(folder: Path) -> Iterator[None]:
    """Find modules as a program does that is started in the folder."""
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))


def load(name: str, file: str) -> ModuleType:
    """Import a file of an example; several have the same name."""
    path = EXAMPLES / name / file
    spec = importlib.util.spec_from_file_location(f"example_{name}_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    with importing_from(path.parent):
        spec.loader.exec_module(module)
    return module


def factory_app(framework: str, **settings: object) -> Any:
    with importing_from(EXAMPLES / "04_factory"):
        package = importlib.import_module(f"{framework}_twitoff")
        return package.create_app("testing", **settings)


def make_pair(name: str, folder: Path) -> Pair:
    if name != "04_factory":
        return Pair(load(name, "flask_app.py").app, load(name, "quart_app.py").app)
    return Pair(
        factory_app("flask", DATABASE=folder / "flask.db"),
        factory_app("quart", DATABASE=folder / "quart.db"),
    )


@contextlib.asynccontextmanager
async def serving(name: str, folder: Path) -> AsyncIterator[Pair]:
    pair = make_pair(name, folder)
    async with pair.quart.test_app():
        yield pair
    if name == "04_factory":
        pair.flask.extensions["sessions"].kw["bind"].dispose()


@pytest.fixture(params=NAMES)
async def pair(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Pair]:
    async with serving(request.param, tmp_path) as pair:
        yield pair


@pytest.fixture
async def factory(tmp_path: Path) -> AsyncIterator[Pair]:
    async with serving("04_factory", tmp_path) as pair:
        yield pair


async def test_both_answer_alike(pair: Pair) -> None:
    await pair.send("POST", "/user", {"user_name": "jack"})
    await pair.send("POST", "/user", {"user_name": "김철수"})
    for path in PATHS:
        for method in METHODS:
            flask, quart = await pair.send(method, path)
            assert flask == quart, f"{method} {path}"


async def test_both_take_forms_alike(pair: Pair) -> None:
    for path in ("/", "/user", "/user/jack", "/get_user"):
        for form in FORMS:
            flask, quart = await pair.send("POST", path, form)
            assert flask == quart, f"POST {path} {form}"


# That both answer alike says nothing if both are wrong.
@pytest.mark.parametrize(
    ("name", "path", "status", "body"),
    [
        ("01_hello", "/", 200, "안녕하세요, Flask!"),
        ("01_hello", "/user/김철수", 200, "사용자 이름: 김철수"),
        ("01_hello", "/user/%3Cscript%3E", 200, "사용자 이름: &lt;script&gt;"),
        ("02_first_route_wins", "/", 200, "spongebob"),
        ("03_blueprint", "/", 200, "안녕하세요, Flask!"),
        ("03_blueprint", "/user/", 200, "사용자"),
        ("03_blueprint", "/user/jack", 200, "사용자 이름: jack"),
        ("04_factory", "/get_user", 400, "No username given"),
        ("04_factory", "/get_user?username=", 404, "User '' doesn't exist"),
        ("04_factory", "/get_user?username=<b>'", 404, "User '&lt;b&gt;&#39;' doesn't exist"),
    ],
)
async def test_answers_are_the_course_s(
    name: str, path: str, status: int, body: str, tmp_path: Path
) -> None:
    async with serving(name, tmp_path) as pair:
        expected = Answer(status, body.encode(), "text/html; charset=utf-8", None, frozenset())
        assert await pair.send("GET", path) == (expected, expected)


async def test_an_added_user_is_found(factory: Pair) -> None:
    for user_id, name in enumerate(("jack", "김철수"), 1):
        for _ in range(2):
            for added in await factory.send("POST", "/user", {"user_name": name}):
                assert added.status == 303
                found, same = await factory.send("GET", added.location or "")
                assert found == same
                assert (found.status, found.body) == (200, str(user_id).encode())


async def test_migrations_agree_with_the_models(factory: Pair, tmp_path: Path) -> None:
    with importing_from(EXAMPLES / "04_factory"):
        database = importlib.import_module("flask_twitoff.database")
        for framework in ("flask", "quart"):
            config = database.alembic_config(f"sqlite:///{tmp_path / framework}.db")
            command.check(config)


async def test_tweets_belong_to_their_user(factory: Pair) -> None:
    models = importlib.import_module("quart_twitoff.models")
    async with factory.quart.extensions["sessions"]() as session:
        tweet = models.Tweet(text="안녕", embedding=[0.5, -1.0])
        session.add(models.User(username="jack", tweets=[tweet]))
        await session.commit()
    async with factory.quart.extensions["sessions"]() as session:
        stored = await session.get(models.Tweet, tweet.id)
        assert (stored.text, stored.embedding, stored.user_id) == ("안녕", [0.5, -1.0], 1)


@pytest.mark.parametrize("framework", ["flask", "quart"])
def test_each_environment_has_its_configuration(framework: str) -> None:
    with importing_from(EXAMPLES / "04_factory"):
        configs = importlib.import_module(f"{framework}_twitoff.config").CONFIGS
    switches = {name: (config.DEBUG, config.TESTING) for name, config in configs.items()}
    assert switches == {
        "development": (True, False),
        "testing": (False, True),
        "production": (False, False),
    }
    assert len({config.DATABASE for config in configs.values()}) == len(configs)


# Started as their readers start them.


@dataclass(frozen=True)
class Server:
    """A started program."""

    process: subprocess.Popen[bytes]
    client: httpx.Client
    log: Path

    def wait_for(self, body: bytes | None = None) -> None:
        """Wait until it answers, with that body if one is given."""
        deadline = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline:
            assert self.process.poll() is None, self.log.read_text()
            with contextlib.suppress(httpx.TransportError):
                if self.client.get("/").content == body or body is None:
                    return
            time.sleep(POLL_S)
        pytest.fail(f"{self.process.args!r} does not answer:\n{self.log.read_text()}")

    def send(self, method: str, path: str, form: Form | None = None) -> Answer:
        """Return the answer, with the server's own address left out."""
        got = self.client.request(method, path, data=form)
        origin = str(self.client.base_url).rstrip("/")
        if location := got.headers.get("Location"):
            got.headers["Location"] = location.removeprefix(origin)
        return answer(got.status_code, got.content.replace(origin.encode(), b""), got.headers)


@contextlib.contextmanager
def started(file: Path) -> Iterator[Server]:
    """Start a program with plain `python`; end it and what it started."""
    port, log = free_port(), file.with_suffix(".log")
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, file],
            env=os.environ | {"PORT": str(port)},
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
            yield Server(process, client, log)
    finally:
        # Flask's reloader runs the app in a process of its own, in the same group.
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@contextlib.contextmanager
def both_started(name: str, folder: Path) -> Iterator[tuple[Server, Server]]:
    """Start an example's programs in a copy, where they may make files."""
    copy = folder / name
    shutil.copytree(EXAMPLES / name, copy, ignore=shutil.ignore_patterns("instance"))
    with started(copy / "flask_app.py") as flask, started(copy / "quart_app.py") as quart:
        flask.wait_for()
        quart.wait_for()
        yield flask, quart


@pytest.mark.parametrize("name", NAMES)
def test_started_programs_answer_alike(name: str, tmp_path: Path) -> None:
    requests: list[tuple[str, str, Form | None]] = [
        ("POST", "/user", {"user_name": "jack"}),
        *(("GET", path, None) for path in PATHS),
        *((method, path, None) for method in METHODS[1:] for path in ("/", "/user/jack", "/no")),
        *((method, "/get_user?username=jack", None) for method in METHODS[1:]),
    ]
    with both_started(name, tmp_path) as (flask, quart):
        for request in requests:
            assert flask.send(*request) == quart.send(*request), request


def test_hello_reloads_when_its_file_changes(tmp_path: Path) -> None:
    with both_started("01_hello", tmp_path) as servers:
        for file in (tmp_path / "01_hello").glob("*_app.py"):
            file.write_text(file.read_text().replace("안녕하세요, Flask!", "또 만나요!"))
        for server in servers:
            server.wait_for("또 만나요!".encode())
