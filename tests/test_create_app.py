"""What a developer gives to `create_app`, and finds on the app, with the habits of Flask."""

import gc
import logging
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import click
import pytest
from quart import Quart, current_app, session
from werkzeug.test import create_environ, run_wsgi_app

from app import __version__, create_app
from app.config import Config, ConfigError
from app.db.result_cache import cacheable
from app.views.blueprints import PageBlueprint
from tests.conftest import MakeConfig
from tests.installation import ROOT, TIMEOUT_S, Installation
from tests.waiting import eventually


def add_views(app: Quart) -> None:
    @app.get("/fails")
    async def fails() -> str:
        raise ZeroDivisionError("the reason")

    @app.get("/visits")
    async def visits() -> str:
        session["visits"] = session.get("visits", 0) + 1
        return str(session["visits"])

    @app.get("/visited")
    async def visited() -> str:
        cacheable()
        return str(session["visits"])


def test_a_mapping_has_the_names_of_the_settings(tmp_path: Path) -> None:
    folder = {"DATA_DIR": tmp_path}
    app = create_app({**folder, "SAYWHO_MAX_BODY_MB": 3, "public": 1, "WITHOUT": ["quiz", "games"]})
    assert app.config["SAYWHO_MAX_BODY_MB"] == 3
    assert app.config["SAYWHO_PUBLIC"] is True
    assert app.config["SAYWHO_WITHOUT"] == {"quiz", "games"}
    assert (app.testing, app.debug) == (False, False)
    assert app.instance_path == str(tmp_path)
    debugged = create_app({**folder, "DEBUG": True, "ENV": "production"})
    assert (debugged.testing, debugged.debug) == (False, True)


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"TESTNG": True}, "TESTNG is not a setting"),
        ({"SAYWHO_DATABSE_URL": "x"}, "DATABSE_URL is not a setting"),
        ({"ENV_FILE": "x"}, "ENV_FILE is not a setting"),
        ({"MAX_BODY_MB": "much"}, "SAYWHO_MAX_BODY_MB must be a whole number"),
        ({"TESTING": True, "ENV": "production"}, "TESTING is SAYWHO_ENV=testing"),
        ("testing", "'testing': create_app takes a mapping"),
    ],
)
def test_another_argument_is_refused_by_name(given: Any, named: str) -> None:
    with pytest.raises(ConfigError, match=named):
        create_app(given)


def test_keywords_are_refused_with_an_example() -> None:
    with pytest.raises(ConfigError, match=r"testing: .* create_app\(\{\"TESTING\": True, "):
        create_app(testing=True)


@pytest.mark.parametrize(
    ("late", "is_refused"),
    [
        ({"TESTING": True}, True),
        ({"SAYWHO_DATA_DIR": "elsewhere"}, True),
        ({"SAYWHO_SECRET_KEY": "k" * 20}, True),
        ({"GREETING": "hi", "TESTING": False}, False),
    ],
    ids=lambda value: value and "_".join(value) if isinstance(value, dict) else None,
)
async def test_a_setting_that_comes_too_late_stops_the_start(
    late: dict[str, Any], is_refused: bool, tmp_path: Path
) -> None:
    """A test of Flask's pattern would have used the database of its developer."""
    app = create_app({"DATA_DIR": tmp_path})
    app.config.update(late)
    if is_refused:
        with pytest.raises(SystemExit, match=f"{next(iter(late))}.* was set after create_app"):
            await app.startup()
        assert not os.listdir(tmp_path)
    else:
        await app.startup()
        await app.shutdown()


def test_a_command_that_a_project_adds_is_listed_and_runs(tmp_path: Path) -> None:
    app = create_app({"DATA_DIR": tmp_path})

    @app.cli.command("greet", with_appcontext=True)
    @click.argument("name")
    def greet(name: str) -> None:
        """Say hello."""
        click.echo(f"hello {name}, {current_app.name}")

    runner = app.test_cli_runner()
    assert runner.invoke(args=["greet", "ann"]).output == "hello ann, app\n"
    listed = runner.invoke(args=["--help"]).output
    assert re.search(r"greet +Say hello\.", listed)
    assert re.search(r"import +\w", listed)


def test_the_configuration_shows_no_secret(tmp_path: Path) -> None:
    secrets = {
        "DATABASE_URL": "postgresql+asyncpg://ann:hidden@db:5432/saywho?password=hidden",
        "SECRET_KEY": "hidden" * 4,
        "EMBEDDER": "http:https://ann:hidden@models.example/embed?key=hidden",
        "EMBEDDER_KEY": "hidden",
    }
    config = create_app({"DATA_DIR": tmp_path, **secrets}).config
    assert "hidden" not in repr(config)
    assert config["SAYWHO_DATABASE_URL"] == "postgresql+asyncpg://db:5432/saywho"


async def test_a_test_without_a_folder_gets_one_that_goes_with_the_app() -> None:
    first, second = create_app({"TESTING": True}), create_app({"TESTING": True})
    folders = [Path(app.instance_path) for app in (first, second)]
    assert folders[0] != folders[1]
    for app in (first, second):
        assert app.secret_key is None
        async with app.test_app():
            assert app.secret_key
            assert (await app.test_client().post("/get_user?username=ghost")).status_code == 405
    assert first.secret_key != second.secret_key
    assert (folders[0] / "testing.db").exists()
    del first, second, app

    async def left() -> list[Path]:
        gc.collect()
        return [folder for folder in folders if folder.exists()]

    await eventually(left, until=lambda folders: not folders)


async def test_errors_of_plain_views_propagate_in_tests(make_config: MakeConfig) -> None:
    app = create_app(make_config())
    add_views(app)
    async with app.test_app():
        client = app.test_client()
        with pytest.raises(ZeroDivisionError, match="the reason"):
            await client.get("/fails")
        app.config["PROPAGATE_EXCEPTIONS"] = False
        assert (await client.get("/fails")).status_code == 500
        assert (await client.get("/user/ghost")).status_code == 404


own_views: Final = PageBlueprint("own", policy="read")


@own_views.get("/own-fails")
async def own_fails() -> str:
    raise ZeroDivisionError("the reason")


@pytest.mark.parametrize("address", ["/fails", "/own-fails"])
async def test_debug_mode_alone_shows_tracebacks(tmp_path: Path, address: str) -> None:
    given = {"DATA_DIR": tmp_path, "ENV": "production"}
    for debug, propagates, is_shown in (
        (True, None, True),
        (True, False, False),
        (False, None, False),
    ):
        app = create_app(given | {"DEBUG": debug})
        app.config["PROPAGATE_EXCEPTIONS"] = propagates
        add_views(app)
        app.register_blueprint(own_views)
        async with app.test_app():
            client = app.test_client()
            answer = await client.get(address)
            page = await answer.get_data(as_text=True)
            assert answer.status_code == 500
            assert ("the reason" in page, "Something went wrong" in page) == (
                is_shown,
                not is_shown,
            )
            assert (Path(__file__).name in page) is is_shown
            assert ("sandbox" in answer.headers["Content-Security-Policy"]) is is_shown
            # What the program says by itself stays as it is.
            missing = await client.get("/user/ghost")
            assert missing.status_code == 404
            assert "Traceback" not in await missing.get_data(as_text=True)


async def test_a_session_of_quart_is_of_its_visitor(make_config: MakeConfig) -> None:
    app = create_app(make_config())
    add_views(app)
    async with app.test_app():
        clients = [app.test_client() for _ in range(2)]
        for client in clients:
            for number in ("1", "2"):
                answer = await client.get("/visits")
                assert await answer.get_data(as_text=True) == number
            with pytest.warns(UserWarning, match="session"):
                answer = await client.get("/visited")
            assert await answer.get_data(as_text=True) == "2"
        # Other answers are the same for a visitor with such a cookie, and are kept.
        for told in ("fwd=miss", "hit"):
            answer = await clients[0].get("/favicon.ico")
            assert answer.headers["Cache-Status"] == f"saywho; {told}"
            assert "Set-Cookie" not in answer.headers


async def test_the_start_says_how_the_first_account_is_made(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    app = create_app(Config(data_dir=tmp_path))
    logger = logging.getLogger("app")
    logger.addHandler(caplog.handler)
    try:
        async with app.test_app():
            pass
    finally:
        logger.removeHandler(caplog.handler)
    (line,) = [line for line in caplog.messages if "account" in line]
    assert line.endswith("operator add NAME")


def test_a_wsgi_server_is_told_to_use_asgi(tmp_path: Path) -> None:
    app: Any = create_app({"DATA_DIR": tmp_path})
    pieces, status, _ = run_wsgi_app(app, create_environ("/get_user"))
    assert status.startswith("500")
    assert b"gunicorn -k asgi" in b"".join(pieces)


REFUSING = """
import importlib.metadata as metadata
found = metadata.version
def version(name):
    if name == "saywho":
        raise metadata.PackageNotFoundError(name)
    return found(name)
metadata.version = version
"""


def test_a_checkout_that_is_not_installed_runs(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(REFUSING)
    environment = Installation(tmp_path / "data").environment()
    environment["PYTHONPATH"] = os.pathsep.join([str(tmp_path), str(ROOT)])

    def said(*words: str) -> str:
        done = subprocess.run(
            [sys.executable, *words],
            env=environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert said("-m", "app", "--version") == f"saywho, version {__version__}\n"
    assert said("-m", "app", "users", "--json") == '{"items":[],"next":null}\n'
    assert "/get_user" in said("-m", "quart", "--app", "app", "routes")
