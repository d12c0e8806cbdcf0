"""The course's programs and their rewrites answer the same requests alike."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import httpx
import pytest

from tests.installation import Installation
from tests.ports import free_port

pytestmark = pytest.mark.full

EXAMPLES: Final = Path(__file__).parents[2] / "examples"
NAMES: Final = ("01_hello", "02_first_route_wins", "03_blueprint", "04_factory")
STOP_TIMEOUT_S: Final = 30

Form = dict[str, str]

PATHS: Final = (
    "/ /unknown /%EC%97%86%EB%8A%94%20%EA%B3%B3 /user /user/ /user/jack /user/김철수 "
    "/user/%EA%B9%80%EC%B2%A0%EC%88%98 /user/%3Cscript%3Ealert(1)%3C%2Fscript%3E "
    "/user/%26amp%3B%22O'Neill%22 /user/a%3Fb%23c%25d /user/%FF /user//jack /user/jack/ "
    "/user/jack/tweets /get_user /get_user?username= /get_user?username=jack "
    "/get_user?username=jack&username=nobody /get_user?username=nobody "
    "/get_user?username=%EA%B9%80%EC%B2%A0%EC%88%98 "
    "/get_user?username=%3Cscript%3E%26'%22 /get_user?username=%FF "
    "/get_user?USERNAME=jack /get_user/"
)
METHODS: Final = ("HEAD", "OPTIONS", "PUT", "DELETE", "PATCH")
FORMS: Final[tuple[Form, ...]] = (
    {},
    {"user_name": "jack"},
    {"user_name": "새사람"},
    {"user_name": "새사람"},
    {"user_name": "<script>"},
    {"username": "jack"},
)


@dataclass(frozen=True)
class Answer:
    """What of an answer must be equal."""

    status: int
    body: bytes
    content_type: str | None
    location: str
    allow: frozenset[str]
    """The methods of Allow; neither framework keeps them in an order."""


@dataclass(frozen=True)
class Server:
    """A started program."""

    process: subprocess.Popen[bytes]
    client: httpx.Client
    log: Path

    def wait_for(self, body: bytes | None = None) -> None:
        """Wait until it answers, with that body if one is given."""

        def answers() -> bool:
            assert self.process.poll() is None, self.log.read_text()
            with contextlib.suppress(httpx.TransportError):
                return body in {None, self.client.get("/").content}
            return False

        Installation.wait_until(answers)

    def send(self, method: str, path: str, form: Form | None = None, json: object = None) -> Answer:
        """Return the answer, with the server's own address left out."""
        got = self.client.request(method, path, data=form, json=json)
        origin = str(self.client.base_url).rstrip("/")
        return Answer(
            got.status_code,
            got.content.replace(origin.encode(), b""),
            got.headers.get("Content-Type"),
            got.headers.get("Location", "").removeprefix(origin),
            frozenset(got.headers.get("Allow", "").split(", ")),
        )


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
        # A connection whose answer came before its body is closed without a word.
        limits = httpx.Limits(max_keepalive_connections=0)
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", limits=limits) as client:
            yield Server(process, client, log)
    finally:
        # Flask's reloader runs the app in a process of its own, in the same group.
        with contextlib.suppress(ProcessLookupError):  # It may have ended by itself.
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


@pytest.fixture(scope="module", params=NAMES)
def programs(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Server, Server]]:
    """Give an example's name and its two programs, for tests that add nobody but jack."""
    name: str = request.param
    with both_started(name, tmp_path_factory.mktemp(name)) as both:
        for server in both:
            server.send("POST", "/user", {"user_name": "jack"})
            server.send("POST", "/user", {"user_name": "김철수"})
        yield name, *both


def test_both_answer_alike(programs: tuple[str, Server, Server]) -> None:
    _, flask, quart = programs
    others = ("/", "/user", "/user/jack", "/get_user?username=jack", "/no")
    requests = [("GET", path) for path in PATHS.split()]
    requests += [(method, path) for method in METHODS for path in others]
    for method, path in requests:
        assert flask.send(method, path) == quart.send(method, path), f"{method} {path}"


def test_both_take_forms_alike(programs: tuple[str, Server, Server]) -> None:
    _, flask, quart = programs
    for path in ("/", "/user", "/user/jack", "/get_user"):
        for form in FORMS:
            theirs, ours = (each.send("POST", path, form) for each in (flask, quart))
            if {theirs.status, ours.status} <= {400, 500}:
                # Where a field is missing, each shows a page for developers.
                theirs, ours = replace(theirs, body=b""), replace(ours, body=b"")
            assert theirs == ours, f"POST {path} {form}"
            if theirs.status == 303:
                # Who was added is found.
                answers = [each.send("GET", theirs.location) for each in (flask, quart)]
                assert answers[0] == answers[1]
                assert answers[0].body.isdigit()


# That both answer alike says nothing if both are wrong.
ANSWERS: Final[tuple[tuple[str, str, int, str], ...]] = (
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
)


def test_answers_are_the_course_s(programs: tuple[str, Server, Server]) -> None:
    name, *both = programs
    for path, status, body in (answer[1:] for answer in ANSWERS if answer[0] == name):
        expected = Answer(status, body.encode(), "text/html; charset=utf-8", "", frozenset([""]))
        assert [each.send("GET", path) for each in both] == [expected, expected]


def test_hello_reloads_when_its_file_changes(tmp_path: Path) -> None:
    with both_started("01_hello", tmp_path) as servers:
        for file in (tmp_path / "01_hello").glob("*_app.py"):
            file.write_text(file.read_text().replace("안녕하세요, Flask!", "또 만나요!"))
        for server in servers:
            server.wait_for("또 만나요!".encode())
