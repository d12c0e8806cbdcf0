"""A site without each part: it starts and answers, and nothing of the part is there."""

import json
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest
from click.testing import CliRunner

from app.cli import saywho
from app.config import Config, ConfigError
from app.errors import StartError
from app.part_list import PARTS, load_all, names
from app.views.page import check_cards
from tests.browsing import Browser, signed_in
from tests.conftest import Client, app_of, client_with
from tests.installation import Installation


class Left(NamedTuple):
    """What shows of a part, where a site has it."""

    page: str = ""
    operation: str = ""
    command: str = ""
    option: str = ""
    """Of the commands that it adds to."""


LEFT: Final[Mapping[str, Left]] = {
    "dashboard": Left(page="/dashboard/"),
    "games": Left(page="/games", operation="/api/v1/games/{game_id}/results.csv"),
    "pictures": Left(page="/room/1/portrait/picture"),
    "portraits": Left(operation="/api/v1/rooms/{room_id}/portrait"),
    "mcp": Left(page="/llms.txt", command="mcp"),
    "publish": Left(command="publish"),
    "quiz": Left(page="/quiz"),
    "report": Left(page="/room/1/report", command="report"),
    "tables": Left(page="/compare/table"),
    "sources": Left(page="/sources", operation="/api/v1/sources", command="follow"),
    "spark": Left(command="spark"),
    "years": Left(page="/user/ann/2024", operation="/api/v1/users/{username}/years/{year}"),
}
CORE: Final = (
    *("/", "/authors", "/user/ann", "/rooms", "/room/1", "/room/1?view=newest", "/tweet/1"),
    *("/compare", "/compare?text=ferry&username=ann&username=ben", "/about", "/search?q=ferry"),
    *("/posts", "/login", "/settings", "/imports", "/api/v1/docs", "/api/v1/users/ann"),
    *("/users", "/settings/rooms/1/delete", "/compare/card", "/feed.atom", "/compare/example"),
)
QUICK: Final = ("games",)
"""Parts of which `make test` leaves out each; `make test-full` does of all."""
EACH: Final = [
    pytest.param(part.name, marks=() if part.name in QUICK else pytest.mark.full) for part in PARTS
]


def without(name: str) -> frozenset[str]:
    """Return a part with those that need it."""
    return frozenset({name, *(part.name for part in PARTS if name in part.needs)})


async def fill(writer: Client) -> None:
    """Store a chat of two people and posts of two authors, enough for a quiz and a comparison."""
    posts: list[dict[str, Any]] = [
        {
            "username": name,
            "text": f"{word} number {number} is on the way, they say",
            "created_at": f"2024-0{month}-{number + 1:02}T1{month}:00:00Z",
            **({"room": {"name": "Crew"}} if name in {"mina", "jun"} else {}),
        }
        for name, word, month in (
            *(("ann", "The ferry", 2), ("ben", "Bread", 3), ("mina", "A storm", 4)),
            ("jun", "Dinner", 5),
        )
        for number in range(25)
    ]
    await writer.add_posts(*posts)


@pytest.mark.parametrize("name", EACH)
async def test_a_site_without_a_part_answers_what_is_not_of_it(name: str, tmp_path: Path) -> None:
    left = LEFT[name]
    folder: dict[str, Any] = {"env": "testing", "data_dir": tmp_path, "access_log": False}
    async with app_of(Config(**folder, without=without(name))) as app:
        await fill(await client_with(app, "write"))
        operator = await signed_in(app, "kim")
        for page in CORE:
            answer = await operator.get(page)
            text = await answer.get_data(as_text=True)
            assert answer.status_code in {200, 302, 303}, (page, text)
            assert not left.page or f'"{left.page.partition("<")[0]}' not in text, page
        assert left.operation not in await documented(operator)
        if left.page:
            assert (await operator.get(left.page)).status_code == 404
    async with app_of(Config(**folder)) as again:
        operator = await signed_in(again, "kim", is_new=False)
        for page in (*CORE, left.page or "/"):
            assert (await operator.get(page)).status_code in {200, 302, 303}, page
        assert not left.operation or left.operation in await documented(operator)


async def documented(browser: Browser) -> set[str]:
    """Return the addresses of the API's document."""
    return {*json.loads(await browser.page("/api/v1/openapi.json"))["paths"]}


def test_each_part_is_tested_here() -> None:
    assert LEFT.keys() == {*names()}, "say in LEFT what shows of each part"


@pytest.mark.full
@pytest.mark.parametrize("name", EACH)
def test_no_module_of_a_part_that_is_left_out_is_loaded(name: str, tmp_path: Path) -> None:
    program = (
        "import sys; from app import create_app; create_app();"
        f"print([each for each in sys.modules if each.startswith('app.parts.{name}.')])"
    )
    names = ",".join(sorted(without(name)))
    environment = Installation(tmp_path, {"SAYWHO_WITHOUT": names}).environment()
    printed = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
    )
    assert printed.stdout == "[]\n"


def test_a_command_of_a_part_is_gone_with_it(installation: Installation) -> None:
    for part in PARTS:
        for command, _ in part.commands:
            lacking = Installation(installation.data_dir, {"SAYWHO_WITHOUT": part.name})
            assert f"\n  {command} " not in lacking.done("--help")
            refused = lacking.run(command, "--help")
            assert (refused.exit_code, refused.stderr.count("\n")) == (2, 1)


BAD: Final = {"quizz": "quizz", "spark,nothing": "nothing", "spark;": "spark;"}


@pytest.mark.parametrize("value", BAD)
def test_an_unknown_part_stops_the_start_with_one_line(value: str) -> None:
    with pytest.raises(
        ConfigError, match=r"^SAYWHO_WITHOUT has no part .*; the parts are "
    ) as caught:
        Config.from_env({"SAYWHO_WITHOUT": value})
    assert BAD[value] in str(caught.value)
    told = CliRunner().invoke(saywho, ["users"], env={"SAYWHO_WITHOUT": value})
    assert (told.exit_code, told.stderr.count("\n")) == (2, 1)


def test_a_part_that_another_one_needs_cannot_be_left_out_alone() -> None:
    for part in PARTS:
        for needed in part.needs:
            with pytest.raises(
                ConfigError, match=f"{needed}, which {part.name} needs; leave out both"
            ):
                Config.from_env({"SAYWHO_WITHOUT": needed})
            Config.from_env({"SAYWHO_WITHOUT": f"{needed}, {part.name}"})


def test_a_withdrawn_name_leaves_out_what_is_still_there_of_it() -> None:
    config = Config.from_env({"SAYWHO_WITHOUT": "evidence, cases,years"})
    assert config.without & {*names()} == {"tables", "years"}
    assert Config.from_env(config.to_env()).without == config.without


OUTSIDE: Final = """
from app.part_list import Part
from app.views.blueprints import PageBlueprint
from app.views.page import WebPage, render

blueprint = PageBlueprint("birthdays", policy="read")


class BirthdaysPage(WebPage, frozen=True, kw_only=True):
    template = "birthdays/birthdays.html"

    names: list[str]


@blueprint.get("/birthdays", policy="open")
async def show_birthdays() -> str:
    return await render(BirthdaysPage(names=["ann"]))


PART = Part(pages=(blueprint,))
"""
UNDECLARED: Final = "saywho_birthdays.part.show_birthdays has no policy; give policy=…"
OUTSIDE_API: Final = """
from app.views.blueprints import ApiBlueprint

api = ApiBlueprint("birthdays", tag="users")


@api.get("/birthdays", answers="The names")
async def show_birthdays() -> list[str]:
    return ["ann"]
"""
ASKING: Final = """
import asyncio
from app import create_app
async def ask():
    app = create_app()
    async with app.test_app():
        answer = await app.test_client().get("/birthdays")
        print(answer.status_code, "Birthdays of ann" in await answer.get_data(as_text=True))
asyncio.run(ask())
"""


def lay_out_part(folder: Path, program: str, *, entry: str = "birthdays") -> None:
    """Lay a package with a part into a folder, as pip would."""
    package = folder / "saywho_birthdays"
    templates = package / "templates" / "birthdays"
    templates.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "part.py").write_text(program)
    heading = "{% block main %}<h1>Birthdays of {{ names[0] }}</h1>{% endblock %}"
    (templates / "birthdays.html").write_text('{% extends "base.html" %}' + heading)
    about = folder / "saywho_birthdays-1.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: saywho-birthdays\nVersion: 1\n")
    pointing = f"[saywho.parts]\n{entry} = saywho_birthdays.part:PART\n"
    (about / "entry_points.txt").write_text(pointing)


def ask_site(data: Path, packages: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    environment = Installation(data, {"PYTHONPATH": str(packages), **settings}).environment()
    return subprocess.run(
        [sys.executable, "-c", ASKING], env=environment, capture_output=True, text=True
    )


def test_another_package_adds_a_page(tmp_path: Path) -> None:
    lay_out_part(tmp_path / "packages", OUTSIDE)
    asked = ask_site(tmp_path, tmp_path / "packages")
    assert (asked.stdout, asked.returncode) == ("200 True\n", 0), asked.stderr
    lacking = ask_site(tmp_path, tmp_path / "packages", SAYWHO_WITHOUT="birthdays")
    assert lacking.stdout == "404 False\n"


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("PART = 1", "of the type int"),
        (OUTSIDE.replace(', policy="open"', "").replace(', policy="read"', ""), UNDECLARED),
        (OUTSIDE.replace('policy="open"', 'policy="opne"'), "there is no policy 'opne'"),
        (OUTSIDE_API, UNDECLARED),
    ],
    ids=["error", "no part", "no policy", "unknown policy", "no policy in the API"],
)
def test_a_part_that_cannot_be_loaded_stops_the_start(
    program: str, reason: str, tmp_path: Path
) -> None:
    lay_out_part(tmp_path / "packages", program)
    asked = ask_site(tmp_path, tmp_path / "packages")
    (line,) = asked.stderr.splitlines()
    assert line.startswith(
        "saywho: the part birthdays (saywho_birthdays.part:PART) cannot be loaded"
    )
    assert reason in line
    assert line.endswith("SAYWHO_WITHOUT=birthdays leaves it out")


def test_a_package_takes_no_name_of_saywhos_parts(tmp_path: Path) -> None:
    lay_out_part(tmp_path / "packages", "1 / 0", entry="quiz")
    asked = ask_site(tmp_path, tmp_path / "packages")
    assert (asked.stdout, asked.returncode) == ("404 False\n", 0), asked.stderr


@pytest.mark.parametrize("part", PARTS, ids=names())
def test_a_part_has_a_readme_and_cards_that_its_template_has(part: Any) -> None:
    readme = (part.folder / "README.md").read_text()
    assert re.search(rf"SAYWHO_WITHOUT=([a-z]+,)*{part.name}\b", readme)
    for card in load_all()[part].cards:
        text = (part.folder / "templates" / part.name / "_cards.html").read_text()
        assert f"{{% macro {card}(" in text


def test_a_card_without_its_macro_stops_the_start_with_one_line(tmp_path: Path) -> None:
    (tmp_path / "garden").mkdir()
    (tmp_path / "garden" / "_cards.html").write_text("{% macro room_tabs(room) %}{% endmacro %}")
    check_cards("garden", tmp_path, ("room_tabs",))
    check_cards("shed", tmp_path, ())
    with pytest.raises(StartError, match=r"the part garden lacks macros in .*: home_side"):
        check_cards("garden", tmp_path, ("room_tabs", "home_side"))
    with pytest.raises(StartError, match="the part shed lacks macros"):
        check_cards("shed", tmp_path, ("room_tabs",))
