"""What stands at the right of docs/from-flask.md's tables is typed here, and does what it says."""

import asyncio
import contextlib
import importlib
import os
import re
import shlex
import signal
import sys
import threading
from collections import defaultdict
from pathlib import Path
from typing import Any, Final, NamedTuple

import dash
import numpy as np
import pytest
import quart
from hypercorn import Config as HypercornConfig
from quart import Quart
from sqlalchemy import delete, func, select
from sqlalchemy.orm import DeclarativeBase

from app import create_app
from app.lifespan import resources
from app.models import LoginSession, User
from app.services.posts.users import add_user, find_user
from app.views.policies import policy
from tests.browsing import SAME_ORIGIN, Browser, parts_of, signed_in
from tests.conftest import Client, MakeConfig
from tests.installation import ROOT, TIMEOUT_S, Checkout, Installation
from tests.listening import Listener
from tests.ports import free_port
from tests.server import Server, serving, started
from tests.waiting import eventually

from .snippets import GUIDES

Names = dict[str, Any]
TOML: Final = ROOT / "hypercorn.toml"
INDEX, VIEWS, MIGRATIONS, EXTENSIONS, SERVER = 0, 2, 13, 14, 17
"""Steps with a table from the one to the other; the index stands before the first."""


class Row(NamedTuple):
    """A row of a table."""

    left: str
    right: str

    @property
    def codes(self) -> tuple[list[str], list[str]]:
        """The code in it, of the left and of the right."""
        return re.findall("`([^`]+)`", self.left), re.findall("`([^`]+)`", self.right)


def rows(guide: str) -> dict[int, list[Row]]:
    """Return the rows of the guide's tables by step, without their heads; the right is `here`."""
    step, before, found = 0, "", defaultdict[int, list[Row]](list)
    for line in (ROOT / guide).read_text().splitlines():
        if heading := re.match(r"## ([0-9]+)\.", line):
            step = int(heading[1])
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("|") and before.startswith("|") and not line.startswith("|--"):
            here = cells[2 if step == EXTENSIONS else 1]
            found[step].append(Row(cells[0], here))
        before = line
    return found


ROWS: Final = rows(GUIDES[0])
FRAMES: Final[dict[str, str]] = {
    "`def` views": '@app.get("/typed")\n{0} show():\n    return "yes"',
    "`@app.route`, converters": '{left}("/<any(typed):word>")\nasync def show(word):'
    '\n    return "yes" * (word == "typed")',
    "`render_template(…)`": 'pages = Blueprint("pages", "pages", template_folder=FOLDER)'
    '\n@pages.get("/typed")\nasync def show():\n    return {0}\napp.register_blueprint(pages)',
    "`db.Model`, `User.query`": '@app.get("/typed")\nasync def show():'
    "\n    async with resources().db.read() as session:"
    "\n        users = (await session.scalars({1})).all()"
    '\n    return "yes" * (users == [] and issubclass(User, {0}))',
    "`db.session`": '@app.get("/typed")\nasync def show():\n    db = resources().db'
    '\n    async with {1} as session:\n        await add_user(session, "mina")'
    '\n    {0} as session:\n        return "yes" * (await find_user(session, "mina")).id',
    "`Blueprint`": 'users = {left}("users", "users")\n@users.get("/typed")\nasync def index():'
    '\n    return "yes" * (url_for("users.index") == "/typed")\napp.register_blueprint(users)',
    "a generator that holds a thread": '@app.get("/typed")\nasync def show():'
    '\n    async def events():\n        yield "y"\n        await asyncio.sleep(0)'
    '\n        yield "es"\n    return events()',
    "`request.files`": '@app.post("/typed")\n@policy("open")\nasync def show():\n    size = 0'
    '\n    {0}:\n        size += len(piece)\n    return "yes" * (size == 100_000)',
    "`request.form`, `request.json`": '@app.post("/typed")\n@policy("open")\nasync def show():'
    '\n    return ({0} or {1})["name"]',
    "`g`, `current_app`": '@app.get("/typed")\nasync def show():\n    g.name = request.args["name"]'
    "\n    await asyncio.sleep(0)\n    return g.name + {left2}.name",
    "WSGI, a thread for each request": '@app.get("/typed")\nasync def show():'
    "\n    met.append(threading.get_ident())\n    if len(met) < 2:\n        await second.wait()"
    '\n    second.set()\n    return "yes" * (len({{*met}}) == 1)',
    "`session[…]`": '@app.get("/typed")\nasync def show():\n    {left} = "yes"\n    return {left}',
}
"""Code with a view at /typed, by the row whose code it takes in: the first and second of the right,
or of the left."""
SENT: Final[dict[str, list[dict[str, Any]]]] = {
    "`request.files`": [{"data": bytes(100_000)}],
    "`request.form`, `request.json`": [{"form": {"name": "yes"}}, {"json": {"name": "yes"}}],
}
"""What is posted, where the view takes something."""


def typed(app: Quart, row: Row, **names: Any) -> Names:
    """Run the frame of a row with its code."""
    left, right = row.codes
    left, right = (
        [
            code.replace("(…)", '("typed.html", name="yes")').replace("[…]", '["name"]')
            for code in side
        ]
        for side in (left, right)
    )
    code = FRAMES[row.left].format(*right, left=(left or [""])[0], left2=left[-1] if left else "")
    names |= vars(quart) | {"app": app, "policy": policy, "resources": resources, "User": User}
    names |= {"DeclarativeBase": DeclarativeBase, "select": select, "asyncio": asyncio}
    names |= {"add_user": add_user, "find_user": find_user, "threading": threading}
    exec(code, names)  # noqa: S102 - our own document.
    return names


def of_index(left: str) -> Row:
    (row,) = (row for row in ROWS[INDEX] if row.left == left)
    return row


@pytest.fixture
def site(make_config: MakeConfig) -> Quart:
    """An app that has not started, for further views."""
    return create_app(make_config())


@pytest.mark.parametrize("left", sorted(FRAMES.keys() - {"`g`, `current_app`"}))
async def test_views_are_typed_as_the_index_says(left: str, site: Quart, tmp_path: Path) -> None:
    (tmp_path / "typed.html").write_text("{{ name }}")
    typed(site, of_index(left), FOLDER=tmp_path, met=[], second=asyncio.Event())
    method = "POST" if left in SENT else "GET"
    # Two that meet, to show that one thread runs both.
    sent = SENT.get(left, [{}] * (2 if left.startswith("WSGI") else 1))
    async with site.test_app():
        client = Client(site, SAME_ORIGIN)
        answers = await asyncio.gather(*(client.send(method, "/typed", **each) for each in sent))
        assert [await answer.get_data() for answer in answers] == [b"yes"] * len(sent)


async def test_g_is_of_each_task(site: Quart) -> None:
    typed(site, of_index("`g`, `current_app`"))
    async with site.test_app():
        asked = (Client(site, {}).get(f"/typed?name={name}") for name in "abc")
        texts = [await answer.get_data(as_text=True) for answer in await asyncio.gather(*asked)]
    assert texts == [name + site.name for name in "abc"]


async def test_a_signed_in_browser_has_a_cookie_and_a_row(app: Quart) -> None:
    browser: Browser = await signed_in(app)
    assert browser.cookies
    async with parts_of(app).db.write() as session:
        assert await session.scalar(select(func.count()).select_from(LoginSession)) == 1
        await session.execute(delete(LoginSession))
    assert not await browser.is_signed_in()


async def test_the_factory_reads_the_environment_and_has_one_lifespan(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in Installation(tmp_path).environment().items():
        monkeypatch.setenv(name, value)
    (factory,) = of_index("`create_app()`, `db.init_app(app)`").codes[1]
    names: Names = {"create_app": create_app}
    exec(f"app = {factory}", names)  # noqa: S102 - our own document.
    (config,) = of_index("`app.config`").codes[0]
    assert eval(config, names)["SAYWHO_DATA_DIR"] == tmp_path  # noqa: S307
    assert len(names["app"].while_serving_gens) == 1
    async with names["app"].test_app():
        names["client"] = names["app"].test_client()
        (asked,) = of_index("`client.get(…)`").codes[1]
        code = f"async def ask():\n    return {asked.replace('…', repr('/healthz'))}"
        exec(code, names)  # noqa: S102 - our own document.
        assert (await names["ask"]()).status_code == 200


async def test_dash_runs_on_quart() -> None:
    made, connected = of_index("`Dash(server=app)`").codes[1]
    made = made.replace("Dash(", 'Dash("typed", server=False, url_base_pathname="/typed/", ')
    names: Names = {"Dash": dash.Dash, "app": Quart("typed")}
    exec(f"dashboard = {made}", names)  # noqa: S102 - our own document.
    names["dashboard"].layout = dash.html.P("yes")
    exec(f"dashboard.{connected}", names)  # noqa: S102 - our own document.
    assert (await names["app"].test_client().get("/typed/")).status_code == 200


async def test_a_websocket_is_a_route_of_quart() -> None:
    app = Quart("typed")
    (route,) = of_index("Flask-Sock").codes[1]
    names: Names = vars(quart) | {"app": app}
    code = f'{route}("/typed")\nasync def talk():\n    await websocket.send("yes")'
    exec(code, names)  # noqa: S102 - our own document.
    async with app.test_client().websocket("/typed") as connection:
        assert await connection.receive() == "yes"


async def test_listeners_share_a_stream(app: Quart, writer: Client) -> None:
    assert of_index("a page that polls").right == "a stream that all share"
    listeners = [Listener(app) for _ in range(2)]
    for listener in listeners:
        await eventually(lambda: answered(listener), until=bool)  # noqa: B023 - awaited at once.
    await writer.add_user("mina", "the same for all")
    for listener in listeners:
        await eventually(lambda: heard(listener), until=bool)  # noqa: B023
        listener.leave()
        await listener.answer


async def answered(listener: Listener) -> bool:
    return bool(listener.messages)


async def heard(listener: Listener) -> bool:
    return any("the same for all" in block.get("data", "") for block in listener.blocks)


def test_what_answers_in_place_of_predict_py_is_in_its_file() -> None:
    (path,) = of_index("`predict.py`").codes[1]
    module = importlib.import_module(path.removesuffix(".py").replace("/", "."))
    assert module.probabilities_of(np.array([0.0, 0.0]), 1.0).tolist() == [0.5, 0.5]


def test_what_has_await_and_what_has_not_is_so() -> None:
    functions, of_request = (row.codes for row in ROWS[VIEWS])
    for names, is_awaited in zip(functions, (True, False), strict=True):
        assert {asyncio.iscoroutinefunction(getattr(quart, name)) for name in names} == {is_awaited}
    for names, is_awaited in zip(of_request, (True, False), strict=True):
        for name in [name.removeprefix("request").strip(".()") for name in names]:
            found = getattr(quart.Request, name, None)  # `session` is no part of a request.
            found = getattr(found, "fget", found)
            assert asyncio.iscoroutinefunction(found) == is_awaited, name


def test_what_stands_for_an_extension_is_here() -> None:
    for row in ROWS[EXTENSIONS]:
        for code in row.codes[1]:
            if code.endswith(".py"):
                importlib.import_module(code.removesuffix(".py").replace("/", "."))


def test_the_commands_of_migrations_do_what_those_of_flask_do(tmp_path: Path) -> None:
    checkout = Checkout(tmp_path)
    checkout.done("db", "upgrade")
    said = {}
    for row in ROWS[MIGRATIONS]:
        (name, *_), codes = row.codes
        if name == "flask db init":
            assert (checkout.folder / codes[0] / "env.py").exists()
            continue
        group = codes[0].split()[:2]
        for code in codes:
            words = shlex.split(code.replace("…", "typed"))
            words = words if words[0] in {"saywho", "make"} else [*group, *words]
            if words[1] == "serve" or words[0] == "make":
                continue  # tests/serving starts them.
            words += ["head"] if words[-1] in {"show", "stamp"} else []
            said[code] = checkout.done(*words[1:])
    head = said["saywho db upgrade"].strip()
    assert int(said["saywho db downgrade"]) == int(head) - 1
    assert said["saywho db current"] == said["saywho db downgrade"]
    assert said["history"].splitlines()[0].endswith("typed")
    assert said["heads"].split()[0] == head
    assert "typed" in said["saywho db show"]
    assert said["stamp"].strip() == head
    assert "No new upgrade operations" in said["check"]


def test_the_shell_can_await(installation: Installation) -> None:
    (awaits, command) = sorted(of_index("`flask shell`").codes[1])
    asked = installation.process(
        sys.executable,
        *("-m", command.replace("saywho", "app").split()[0], *command.split()[1:]),
        stdin=None,
        input=f'(42, {awaits} find_user(session, "mina"))\n',
    )
    assert asked.returncode == 0, asked.stderr
    assert "(42, None)" in asked.stdout


DEBUGGED: Final = """
from app import create_app

app = create_app()


@app.get("/typed")
async def show():
    {0}
    return "yes"
"""


def test_a_breakpoint_stops_a_server_of_one_process(tmp_path: Path) -> None:
    (code,) = of_index("`breakpoint()`").codes[0]
    (tmp_path / "debugged.py").write_text(DEBUGGED.format(code))
    typed = tmp_path / "typed"
    typed.write_text("p 6 * 7\nc\n")
    port, log_file = free_port(), tmp_path / "log"
    words = ("hypercorn", "-w", "0", "debugged:app", "--bind", f"127.0.0.1:{port}")
    command = (sys.executable, "-m", *words)
    installation = Installation(tmp_path / "instance", {"PYTHONPATH": str(ROOT)})
    with (
        log_file.open("wb") as log,
        typed.open() as stdin,
        started(installation, command, log, stdin) as process,
        contextlib.closing(Server(installation, process, log_file, port)) as server,
    ):
        server.wait_until_ready()
        assert server.send("GET", "/typed")[2] == b"yes"
        assert "(Pdb) 42" in server.log()


def test_hypercorn_is_started_by_the_lines_of_the_table(tmp_path: Path) -> None:
    lines = {row.left: row for row in ROWS[SERVER]}
    (line,) = lines["`gunicorn -w 4 'app:create_app()'`"].codes[1]
    _, settings = lines["`gunicorn.conf.py`"].codes[1]
    words = [*shlex.split(line), *shlex.split(settings.replace("hypercorn.toml", str(TOML)))]
    with serving(Installation(tmp_path / "instance"), sys.executable, "-m", *words) as server:

        def workers() -> list[int]:
            return [pid for pid in server.workers() if b"spawn_main" in command_of(pid)]

        server.installation.wait_until(lambda: len(workers()) == 4)
        # "only a worker that ended well; otherwise the server ends"
        os.kill(workers()[0], signal.SIGKILL)
        server.process.wait(TIMEOUT_S)
    (name, loop) = lines["`--graceful-timeout`"].codes[1]
    assert hasattr(HypercornConfig(), name)
    assert HypercornConfig.from_mapping(worker_class=loop.split()[1]).worker_class == "uvloop"


def command_of(pid: int) -> bytes:
    return Path(f"/proc/{pid}/cmdline").read_bytes()


def test_each_row_is_typed() -> None:
    """A further row needs a test of its own here."""
    assert {row.left for row in ROWS[INDEX]} == FRAMES.keys() | {
        "`create_app()`, `db.init_app(app)`",
        "`app.config`",
        "`client.get(…)`",
        "`Dash(server=app)`",
        "Flask-Sock",
        "a page that polls",
        "`predict.py`",
        "`flask shell`",
        "`breakpoint()`",
        "`flask db upgrade`",  # The table of step 13 has it, too.
        "Flask-Login, Flask-WTF, …",  # The table of step 14.
        "gunicorn",  # The table of step 17.
    }


def test_both_languages_have_the_same_rows() -> None:
    english, korean = map(rows, GUIDES)
    for step in (INDEX, VIEWS, MIGRATIONS, EXTENSIONS, SERVER):
        codes = [[[*map(sorted, row.codes)] for row in of[step]] for of in (english, korean)]
        assert codes[0] == codes[1], step
